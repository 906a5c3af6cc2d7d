#!/usr/bin/env python3
"""The web page in headless Chromium: everything it offers beside asking, against a real server.

    python3 Benchmarks/web_page.py [--screenshots FOLDER]

Starts `docent serve` and a small site on free loopback ports: a collection made and deleted by its buttons; a file
looked at before it is added; files of a folder dropped; a crawl with live counts and the reasons of what it passed
over; a document's text beside its chunks, marked by a click; a failed document's reason; deletion that asks first; the
keyboard; phone width, light and dark; no console error anywhere.

Needs: chromium, websocket-client. Bars: every check. What asking looks like is checked by http_smoke.py.
"""

import http.server, json, pathlib, threading

import common
from browser import Browser
from server import Server

PAGES = {
    "/": "<title>Garden</title><main><h1>Garden</h1><p>The garden opens at eight, and dogs are welcome on a lead.</p>"
    + "".join(f'<a href="/p{i}">{i}</a> ' for i in range(12))
    + '<a href="/gone">gone</a> <a href="/private/a">private</a></main>',
    "/robots.txt": "User-agent: *\nDisallow: /private\n",
    **{
        f"/p{i}": f"<title>Bed {i}</title><main><h1>Bed {i}</h1><p>In bed {i} grow tulips of kind {i}.</p></main>"
        for i in range(12)
    },
}
PREVIEW = (
    "<title>Tools — Garden</title><nav>Home Shop Basket</nav><main><h1>Tools</h1>"
    "<p>A spade and a rake are all that a small garden needs, whatever the shops say about it.</p>"
    "<h2>Care</h2><p>Clean them after use, oil them in autumn, and keep them dry in winter.</p></main>"
)


class Site(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = PAGES.get(self.path, "not here").encode()
        self.send_response(200 if self.path in PAGES else 404)
        self.send_header("Content-Type", "text/plain" if self.path.endswith(".txt") else "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


TEXT = "(document.querySelector('{}')?.textContent ?? '')"


def text(browser, selector):
    return browser.evaluate(TEXT.format(selector))


def give(browser, selector, name, content, kind="text/html"):
    """Puts a file into a file input, as choosing it does."""
    browser.evaluate(
        f"""(() => {{ const pick = new DataTransfer();
        pick.items.add(new File([{json.dumps(content)}], {json.dumps(name)}, {{type: {json.dumps(kind)}}}));
        const input = document.querySelector('{selector}'); input.files = pick.files;
        input.dispatchEvent(new Event('change', {{bubbles: true}})); }})()"""
    )


def finished(browser, seconds=60):
    """Waits until the newest job has ended; its counts."""
    return browser.wait(
        "(t => /^(succeeded|failed|cancelled)/.test(t) && t)(document.querySelector('.job-counts')?.textContent ?? '')",
        seconds,
    )


def collections(browser, checks):
    checks.check("an empty server says what to do", "create one" in text(browser, "#counts"), text(browser, "#counts"))
    browser.type("#new-name", "garden")
    browser.press_enter()
    made = browser.wait("document.querySelector('#counts').textContent.startsWith('0 documents')")
    checks.check("a collection is made by its form", made, text(browser, "#counts"))


def preview(browser, checks):
    give(browser, "#preview-file", "tools.html", PREVIEW)
    browser.wait("document.querySelector('#viewer').open", 20)
    shown = text(browser, "#viewer")
    checks.check("a preview shows text, chunks and type", "spade" in shown and "2 chunks" in shown and "text/html" in shown)
    checks.check("it says what was left out", "Home Shop" in text(browser, "#viewer-dropped-list"))
    checks.check("nothing is stored by it", text(browser, "#counts").startswith("0 documents"), text(browser, "#counts"))
    browser.click("#viewer-chunks li:nth-child(2) button")
    marked = text(browser, "#viewer-text mark")
    checks.check("a chunk is marked in the text by a click", "oil them" in marked, marked)
    browser.click("#viewer-add")
    counts = finished(browser)
    checks.check("from the preview it is added", counts and "1 of 1" in counts, counts)
    give(browser, "#preview-file", "empty.html", "<p> </p>")
    browser.wait("document.querySelector('#viewer').open", 20)
    warning = text(browser, "#viewer-warnings")
    checks.check("a file that can't be taken in says why", "can't be taken in" in warning, warning)
    browser.click("#viewer-close")


def dropping(browser, checks):
    browser.evaluate(
        """(() => { const transfer = new DataTransfer();
        for (const [name, text] of [['a.md', '# Roses\\n\\nRoses need sun.'], ['b.html', '<p></p>'],
            ['c.txt', 'Ferns need shade and water.']]) transfer.items.add(new File([text], name));
        document.querySelector('#drop').dispatchEvent(
            new DragEvent('drop', {bubbles: true, cancelable: true, dataTransfer: transfer})); })()"""
    )
    browser.wait("document.querySelectorAll('.job').length >= 2", 20)
    counts = finished(browser)
    checks.check("dropped files become a job with true counts", counts and "3 of 3, 1 failed" in counts, counts)
    reason = text(browser, ".job .job-items li.error")
    checks.check("the failed one is named first, with its reason", reason.startswith("b.html: failed ("), reason)
    browser.wait("[...document.querySelectorAll('#documents tr')].some(row => row.textContent.includes('Roses'))", 20)
    failed = browser.wait("document.querySelector('#documents td.error')?.textContent", 20)
    checks.check("the list of documents shows state and reason", failed and failed.startswith("failed: "), failed)
    browser.evaluate(
        """(() => { const s = document.querySelector('#state'); s.value = 'failed'; s.dispatchEvent(new Event('change')); })()"""
    )
    only = browser.wait("document.querySelectorAll('#documents tr').length === 1", 20)
    checks.check("failed ones can be shown alone", only)
    browser.evaluate(
        """(() => { const s = document.querySelector('#state'); s.value = ''; s.dispatchEvent(new Event('change')); })()"""
    )


def crawling(browser, checks, address):
    browser.evaluate(
        """(() => { window.seen = new Set(); new MutationObserver(() => window.seen.add(
        document.querySelector('.job-counts')?.textContent)).observe(
        document.querySelector('#jobs'), {childList: true, subtree: true, characterData: true}); })()"""
    )
    browser.evaluate("document.querySelector('#crawl-delay').value = '80'")
    browser.type("#crawl-url", address)
    browser.press_enter()
    browser.wait("[...document.querySelectorAll('.job strong')].some(e => e.textContent.startsWith('crawl'))", 20)
    counts = finished(browser, 90)
    checks.check("a site is crawled", counts and counts.startswith("succeeded: 15 of 15"), counts)
    seen = [entry for entry in browser.evaluate("[...window.seen]") if entry]
    checks.check("its counts go up while it runs", len(seen) >= 8, seen[:12])
    items = text(browser, ".job .job-items")
    checks.check("pages passed over have their reason", "robots.txt disallows it" in items and "gone (404)" in items)
    listed = browser.wait("[...document.querySelectorAll('#documents tr')].some(r => r.textContent.includes('Bed 3'))", 20)
    checks.check("its pages are documents", listed, text(browser, "#counts"))


def controlling(browser, checks, address):
    def press(label):
        browser.evaluate(
            f"[...document.querySelectorAll('.job:first-child button')].find(b => b.textContent === '{label}').click()"
        )

    def state(name):
        return browser.wait(f"document.querySelector('.job-counts').textContent.startsWith('{name}') "
            "&& document.querySelector('.job-counts').textContent", 20)

    press("Retry failed")
    retried = finished(browser)
    checks.check("what failed is tried again by its button", retried and "1 failed" in retried, retried)
    browser.evaluate("document.querySelector('#crawl-delay').value = '400'")
    browser.type("#crawl-url", address + "p1")
    browser.press_enter()
    browser.wait("document.querySelectorAll('.job').length === 4", 20)
    press("Pause")
    checks.check("a job is paused by its button", state("paused"), text(browser, ".job-counts"))
    press("Resume")
    checks.check("it goes on by another", state("running") or state("succeeded"), text(browser, ".job-counts"))
    browser.evaluate("document.querySelector('#crawl-delay').value = '2000'")
    browser.type("#crawl-url", address)
    browser.press_enter()
    browser.wait("document.querySelectorAll('.job').length === 5", 20)
    press("Cancel")
    checks.check("a job is cancelled by its button", state("cancelled"), text(browser, ".job-counts"))


def documents(browser, checks):
    browser.evaluate(
        "[...document.querySelectorAll('#documents button')].find(b => b.textContent === 'Roses').click()"
    )
    browser.wait("document.querySelector('#viewer').open", 20)
    checks.check("a stored document opens beside its chunks", "1 chunk" in text(browser, "#viewer-chunk-count"))
    browser.click("#viewer-chunks button")
    checks.check("its chunk is marked", "need sun" in text(browser, "#viewer-text mark"))
    browser.click("#viewer-close")
    before = text(browser, "#counts")
    browser.answer = False
    browser.click("#documents tr:first-child td:last-child button")
    checks.check("deletion asks first, and no is no", browser.questions and text(browser, "#counts") == before)
    browser.answer = True
    browser.click("#documents tr:first-child td:last-child button")
    gone = browser.wait(f"document.querySelector('#counts').textContent !== {json.dumps(before)}", 20)
    checks.check("yes is yes", gone, text(browser, "#counts"))


def reading(browser, checks, folder):
    for name, width, height, dark in [("wide", 1280, 900, False), ("dark", 1280, 900, True), ("phone", 380, 800, False)]:
        browser.resize(width, height, dark)
        fits = browser.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        checks.check(f"{name}: nothing sticks out of {width} pixels", fits)
        if folder:
            browser.screenshot(folder / f"{name}.png")
    paper = browser.evaluate("getComputedStyle(document.body).backgroundColor")
    browser.resize(1280, 900, True)
    night = browser.evaluate("getComputedStyle(document.body).backgroundColor")
    checks.check("dark differs from light", paper != night, f"{paper}, {night}")
    browser.resize(1280, 900)
    unlabelled = browser.evaluate(
        """[...document.querySelectorAll('input, select, button')].filter(e => !e.labels?.length && !e.ariaLabel
        && !e.textContent.trim() && !e.title).map(e => e.id || e.outerHTML.slice(0, 80))"""
    )
    checks.check("every control has a name", not unlabelled, unlabelled)
    browser.evaluate("document.querySelector('#collection').focus()")
    order = [browser.tab() for _ in range(12)]
    reached = {"new-name", "delete-collection", "question", "choose-files", "crawl-url"} & set(order)
    checks.check("the keyboard reaches what matters", len(reached) == 5, order)


def removal(browser, checks):
    browser.click("#delete-collection")
    empty = browser.wait("document.querySelector('#counts').textContent.includes('create one')", 20)
    checks.check("a collection is deleted by its button", empty, browser.questions[-1:])


def main():
    parser = common.parser(__doc__)
    parser.add_argument("--screenshots", type=pathlib.Path, help="a folder for pictures of the page")
    arguments, checks = parser.parse_args(), common.Checks()
    if arguments.screenshots:
        arguments.screenshots.mkdir(parents=True, exist_ok=True)
    site = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Site)
    threading.Thread(target=site.serve_forever, daemon=True).start()
    with common.Work(arguments) as work:
        environment = {"DOCENT_CRAWL_ALLOW_PRIVATE": "true"}
        with Server(arguments, work / "data", environment) as server, Browser() as browser:
            browser.open(f"http://127.0.0.1:{server.port}/")
            browser.wait("document.querySelector('#counts').textContent")
            address = f"http://127.0.0.1:{site.server_port}/"
            parts = [
                lambda: collections(browser, checks),
                lambda: preview(browser, checks),
                lambda: dropping(browser, checks),
                lambda: crawling(browser, checks, address),
                lambda: controlling(browser, checks, address),
                lambda: documents(browser, checks),
                lambda: reading(browser, checks, arguments.screenshots),
                lambda: removal(browser, checks),
            ]
            for part in parts:
                try:
                    part()
                except Exception as error:
                    checks.check("runs to its end", False, repr(error)[:300])
            # The reason of a failed request is shown; what is asked for wrongly is asked for by nobody here.
            checks.check("no console errors on the way", not browser.problems, browser.problems or "")
    site.shutdown()
    checks.finish()


if __name__ == "__main__":
    main()
