#!/usr/bin/env python3
"""Crawls of a site on loopback: complete, cheap the second time, and not hurt by `kill -9`.

    python3 Benchmarks/crawl.py [--pages 300] [--kills 10]

A site of N pages with ETags, links, a sitemap, redirects, missing pages, a trap of endless links and pages that
robots.txt forbids. One undisturbed crawl; a second one, which has to send no body twice; one that is killed at random
moments until it is done, and has to end with the same documents and a clean `docent fsck`; `docent serve` asked to
stop in the middle of one, which it has to do soon; what changed and what is gone with --sync.

Bars: every check.
"""

import hashlib, http.server, json, random, signal, subprocess, threading, time

import common
from server import Server


class Site:
    """Pages by path; counts requests and bodies."""

    def __init__(self, count):
        self.pages, self.requests, self.bodies, self.times = {}, [], 0, []
        chooser = random.Random(6)
        for i in range(count):
            links = [f"/page{2 * i + 1}", f"/page{2 * i + 2}"] + [f"/page{chooser.randrange(count)}" for _ in range(5)]
            words = " ".join(chooser.choice("tulip rose fern moss oak reed sedge lime beech yew".split()) for _ in range(60))
            self.pages[f"/page{i}"] = self.page(f"Page {i}", f"Bed {i} holds {words}.", links)
        self.pages["/"] = self.page("Start", "The garden's first page.", ["/page0", "/moved", "/missing", "/private/x", "/trap/"])
        listed = "".join(f"<url><loc>{{base}}/lonely{i}</loc></url>" for i in range(5))
        self.pages["/sitemap.xml"] = f"<urlset>{listed}</urlset>"
        for i in range(5):
            self.pages[f"/lonely{i}"] = self.page(f"Lonely {i}", f"Nobody links to page number {i} of these.", [])
        site = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.0"

            def do_GET(self):
                site.answer(self)

            def log_message(self, *_):
                pass

        class Listener(http.server.ThreadingHTTPServer):
            def handle_error(self, *_):
                """A client that is killed in the middle of an answer is what this is about."""

        self.server = Listener(("127.0.0.1", 0), Handler)
        self.base = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @staticmethod
    def page(title, text, links):
        anchors = " ".join(f'<a href="{link}">{link}</a>' for link in links)
        return f"<html><head><title>{title}</title></head><body><main><h1>{title}</h1><p>{text}</p></main>{anchors}</body></html>"

    def answer(self, handler):
        path = handler.path
        self.requests.append(path)
        status, headers, body = 404, {"Content-Type": "text/html"}, ""
        if path == "/robots.txt":
            status, body = 200, "User-agent: *\nDisallow: /private"
        elif path == "/moved":
            status, headers["Location"] = 301, "/page1"
        elif path.startswith("/trap/"):
            status, body = 200, self.page("Trap", "Every link leads deeper.", ["deeper/"])
        elif path in self.pages:
            status, body = 200, self.pages[path].replace("{base}", self.base)
            headers["ETag"] = '"' + hashlib.sha1(body.encode()).hexdigest() + '"'
            if handler.headers.get("If-None-Match") == headers["ETag"]:
                status, body = 304, ""
        if status == 200 and path not in ("/robots.txt", "/sitemap.xml") and not path.startswith("/trap"):
            self.bodies += 1
        data = body.encode()
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(data)))
        handler.end_headers()
        handler.wfile.write(data)

    def take(self):
        requests, bodies = self.requests, self.bodies
        self.requests, self.bodies = [], 0
        return requests, bodies


def command(arguments, data, *words):
    return [arguments.docent, *words, "--data", str(data), "--models", arguments.models]


def crawl(arguments, data, site, *more):
    words = ["ingest", site.base, "--collection", "site", "--allow-private", "--delay-ms", "0", "--json", "--quiet"]
    start = time.monotonic()
    done = subprocess.run(command(arguments, data, *words, *more), capture_output=True, text=True, timeout=300)
    if done.returncode != 0:
        raise RuntimeError(done.stderr[-300:])
    return json.loads(done.stdout), time.monotonic() - start


def documents(arguments, data):
    """Id, hash and chunk count of each indexed document."""
    with Server(arguments, data) as server:
        found, cursor = {}, None
        while True:
            path = "/v1/collections/site/documents?limit=1000&state=indexed" + (f"&cursor={cursor}" if cursor else "")
            page = server.request("GET", path).json
            found.update({row["id"]: (row["content_hash"], row["chunks"]) for row in page["documents"]})
            cursor = page.get("next_cursor")
            if not cursor:
                return found


def fsck(arguments, data):
    return subprocess.run(command(arguments, data, "fsck"), capture_output=True, text=True)


def undisturbed(arguments, work, site, checks):
    result, seconds = crawl(arguments, work / "whole", site)
    requests, bodies = site.take()
    expected = {f"{site.base}{path}" for path in site.pages if path != "/sitemap.xml"}
    expected |= {f"{site.base}/trap/" + "deeper/" * depth for depth in range(4)}
    found = documents(arguments, work / "whole")
    checks.check("every page is a document, and nothing else", set(found) == expected, f"{len(found)} of {len(expected)}")
    checks.check("no address is asked for twice", len(requests) == len(set(requests)), len(requests))
    checks.check("what robots.txt forbids isn't asked for", not any("private" in path for path in requests))
    states = {item["id"].removeprefix(site.base): (item["state"], item.get("error")) for item in result["job"]["items"]}
    for path, wanted in [("/private/x", "robots.txt"), ("/moved", "redirects to"), ("/missing", "404")]:
        checks.check(f"{path} is listed with its reason", wanted in (states[path][1] or ""), states[path])
    _, again = crawl(arguments, work / "whole", site)
    requests, resent = site.take()
    checks.check("a second crawl fetches no page again", resent == 0, f"{resent} of {bodies} bodies")
    return found, {"first_s": round(seconds, 2), "second_s": round(again, 2), "pages": len(found)}


def killed(arguments, work, site, checks, whole, kills):
    chooser, count = random.Random(9), 0
    words = ["ingest", site.base, "--collection", "site", "--allow-private", "--delay-ms", "0", "--json", "--quiet"]
    # Started again, docent goes on with the job it finds, and then crawls once more: the killed one is what counts.
    while count < kills:
        process = subprocess.Popen(
            command(arguments, work / "killed", *words), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            process.wait(chooser.uniform(0.15, 1.2))
            break
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
            count += 1
    crawl(arguments, work / "killed", site)
    site.take()
    found = documents(arguments, work / "killed")
    checks.check(f"after {count} kills the documents are those of the undisturbed crawl", found == whole, len(found))
    verdict = fsck(arguments, work / "killed")
    checks.check("docent fsck is clean", verdict.returncode == 0, verdict.stdout[-200:] + verdict.stderr[-200:])
    return count


def stopping(arguments, work, site, checks, whole):
    environment = {"DOCENT_CRAWL_ALLOW_PRIVATE": "true"}
    with Server(arguments, work / "served", environment) as server:
        server.request("POST", "/v1/collections", {"name": "site"})
        reply = server.request("POST", "/v1/collections/site/crawl", {"url": site.base, "delay_ms": 20})
        checks.check("POST …/crawl: 202", reply.status == 202, reply.json)
        time.sleep(1)
        upload = {"documents": [{"id": "a", "text": "An upload beside a crawl."}]}
        start = time.monotonic()
        server.request("POST", "/v1/collections/site/documents?wait=true", upload)
        waited = time.monotonic() - start
        job = server.request("GET", f"/v1/jobs/{reply.json['job']['id']}").json
        checks.check("an upload doesn't wait for a crawl", waited < 2 and job["state"] == "running", f"{waited:.2f} s")
        server.request("DELETE", "/v1/collections/site/documents/a")
    checks.check("SIGTERM in the middle of a crawl: ends soon", server.stopped_in < 5, f"{server.stopped_in:.2f} s")
    with Server(arguments, work / "served", environment) as server:
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            job = server.request("GET", "/v1/jobs/1").json
            if job["state"] not in ("queued", "running"):
                break
            time.sleep(0.1)
        checks.check("the next start goes on with it", job["state"] == "succeeded", job["progress"])
    site.take()
    found = documents(arguments, work / "served")
    checks.check("and ends with the same documents", found == whole, len(found))


def synced(arguments, work, site, checks):
    before = documents(arguments, work / "whole")
    del site.pages["/page7"]
    site.pages["/page8"] = site.page("Page 8", "Something new grows in bed 8.", [])
    result, _ = crawl(arguments, work / "whole", site, "--sync")
    _, bodies = site.take()
    after = documents(arguments, work / "whole")
    gone = set(before) - set(after)
    checks.check("with --sync the page that is gone is removed", gone == {f"{site.base}/page7"}, gone)
    checks.check("of the others, only the changed one was fetched", bodies == 1, bodies)
    checks.check("docent fsck is clean after it", fsck(arguments, work / "whole").returncode == 0)


def main():
    parser = common.parser(__doc__)
    parser.add_argument("--pages", type=int, default=300)
    parser.add_argument("--kills", type=int, default=10)
    arguments, checks = parser.parse_args(), common.Checks()
    site = Site(arguments.pages)
    with common.Work(arguments) as work:
        whole, times = undisturbed(arguments, work, site, checks)
        kills = killed(arguments, work, site, checks, whole, arguments.kills)
        stopping(arguments, work, site, checks, whole)
        synced(arguments, work, site, checks)
    print(f"times: {times}")
    common.save(arguments, "crawl", {**times, "kills": kills, "checks": len(checks.rows), "failed": checks.failed})
    checks.finish()


if __name__ == "__main__":
    main()
