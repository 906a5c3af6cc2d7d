#!/usr/bin/env python3
"""Every HTTP route of the first release against a real server, and the web page in headless Chromium.

    python3 Benchmarks/http_smoke.py [--screenshot PAGE.png] [--no-browser]

Starts `docent serve` on a free loopback port with a temporary data folder: collections; documents as JSON, multipart
and PUT, with and without wait; jobs and their events; search in all modes, with filters and explanations; answers whole
and streamed; feedback; deletion; errors in the contract's shape; a restart. Then the page: loads without console
errors, takes an upload, streams an answer, and opens a citation's passage in its document.

Needs for the page: chromium, websocket-client. Bars: every check.
"""

import json, sys, threading, time

import common
from server import Server, multipart

HTML = (
    b"<html><head><title>Lost parcels</title></head><body><nav>Home | Shop | Basket</nav><main><h1>Lost parcels</h1>"
    b"<p>If a parcel has not arrived after twelve days, we send a new one free of charge.</p>"
    b"<h2>How to report it</h2><p>Write to the parcel desk with your order number.</p></main></body></html>"
)
RETURNS = """# Returns

You can send anything back within 45 days.

## Refunds

The money comes back within five working days."""
MANY = [
    {
        "id": f"note{i}",
        "title": f"Note {i}",
        "text": f"Shelf {i} of the warehouse holds item number {i * 7}. " * 12,
        "metadata": {"shelf": i, "kind": "note"},
    }
    for i in range(60)
]


def collections(server, checks):
    made = server.request("POST", "/v1/collections", {"name": "smoke", "description": "for the check"})
    checks.check("POST /v1/collections: 201", made.status == 201 and made.json["name"] == "smoke", made.json)
    listed = server.request("GET", "/v1/collections")
    checks.check("GET /v1/collections lists it", [row["name"] for row in listed.json["collections"]] == ["smoke"])
    one = server.request("GET", "/v1/collections/smoke").json
    checks.check(
        "GET /v1/collections/{c}: counts, encoder, index",
        all(key in one for key in ("documents", "chunks", "encoder", "index")),
        sorted(one),
    )


def documents(server, checks):
    path = "/v1/collections/smoke/documents"
    waited = server.request(
        "POST",
        path + "?wait=true",
        {
            "documents": [
                {
                    "id": "returns",
                    "markdown": RETURNS,
                    "url": "https://shop.example/returns",
                    "metadata": {"lang": "en", "year": 2025},
                },
                {
                    "id": "old",
                    "text": "In 2019 the time to send things back was 14 days.",
                    "metadata": {"lang": "en", "year": 2019},
                },
            ]
        },
    )
    job = (waited.json or {}).get("job", {})
    checks.check(
        "POST …/documents?wait=true: 200 and the finished job",
        waited.status == 200
        and job.get("state") == "succeeded"
        and job["progress"]["done"] == 2
        and [item["id"] for item in job["items"]] == ["returns", "old"],
        waited.body[:200],
    )
    body, kind = multipart(
        [("lost.html", HTML, "text/html"), ("plain.txt", b"Gift wrapping costs three euros.", "text/plain")]
    )
    form = server.request("POST", path + "?wait=true", body, {"Content-Type": kind})
    checks.check("multipart files", form.status == 200 and form.json["job"]["progress"]["failed"] == 0, form.body[:200])
    put = lambda: server.request("PUT", path + "/lost.html?wait=true", HTML, {"Content-Type": "text/html"})
    first, second = put(), put()
    states = [reply.json["job"]["items"][0]["state"] for reply in (first, second) if reply.status == 200]
    checks.check(
        "PUT …/documents/{id} twice: the second changes nothing",
        len(states) == 2 and states[1] == "unchanged",
        states,
    )
    page = server.request("GET", path + "?limit=2").json
    rest = server.request("GET", path + f"?limit=100&cursor={page.get('next_cursor')}").json
    ids = [row["id"] for row in page["documents"] + rest["documents"]]
    checks.check("GET …/documents in pages", sorted(ids) == ["lost.html", "old", "plain.txt", "returns"], ids)
    one = server.request("GET", path + "/lost.html").json
    text = server.request("GET", path + "/lost.html/content").body.decode()
    chunks = one.get("chunks") if isinstance(one.get("chunks"), list) else one.get("chunk_list", [])
    checks.check(
        "GET …/documents/{id}: chunks lie in the content by their spans",
        chunks and all(0 <= chunk["span"]["start"] < chunk["span"]["end"] <= len(text.encode()) for chunk in chunks),
        f"{len(chunks)} chunks",
    )
    checks.check("…/content: the main text without navigation", "twelve days" in text and "Basket" not in text)
    server.request(
        "PUT",
        path + "/folder%2Fpage.html?wait=true",
        HTML.replace(b"twelve", b"thirteen"),
        {"Content-Type": "text/html"},
    )
    nested = server.request("GET", path + "/folder%2Fpage.html/content")
    checks.check(
        "an id with a slash, percent-encoded", nested.status == 200 and b"thirteen" in nested.body, nested.body[:100]
    )
    gone = server.request("DELETE", path + "/folder%2Fpage.html")
    after = server.request("GET", path + "/folder%2Fpage.html")
    checks.check(
        "DELETE …/documents/{id}: 204, then 404",
        gone.status == 204 and after.status == 404 and after.error,
        (gone.status, after.status),
    )


def jobs(server, checks):
    path = "/v1/collections/smoke/documents"
    reply = server.request("POST", path, {"documents": MANY})
    accepted = reply.status == 202 and "id" in reply.json["job"]
    checks.check("POST …/documents: 202 and a job", accepted, reply.body[:120])
    events = server.events("GET", f"/v1/jobs/{reply.json['job']['id']}/events")
    names = [event for _, event, _ in events]
    checks.check(
        "GET /v1/jobs/{id}/events: progress, then done",
        names
        and names[-1] == "done"
        and events[-1][2]["state"] == "succeeded"
        and events[-1][2]["progress"]["done"] == 60,
        names[-5:],
    )
    job = server.request("GET", f"/v1/jobs/{reply.json['job']['id']}").json
    checks.check("GET /v1/jobs/{id}", job["state"] == "succeeded" and len(job["items"]) == 60, job["progress"])
    again = [{**row, "text": row["text"] * 30} for row in MANY]
    started = server.request("POST", path, {"documents": again}).json["job"]
    cancelled = server.request("DELETE", f"/v1/jobs/{started['id']}")
    checks.check(
        "DELETE /v1/jobs/{id} cancels",
        cancelled.status == 200 and cancelled.json["state"] == "cancelled",
        cancelled.body[:120],
    )
    mixed = server.request(
        "POST", path + "?wait=true", {"documents": [{"id": "fine", "text": "Fine text."}, {"id": "void", "text": ""}]}
    )
    items = {item["id"]: item for item in mixed.json["job"]["items"]}
    checks.check(
        "a document that fails doesn't stop the others, and says why",
        items["fine"]["state"] == "succeeded" and items["void"]["state"] == "failed" and items["void"].get("error"),
        items["void"].get("error"),
    )


def search(server, checks):
    path, query = "/v1/collections/smoke/search", "how long can I send things back"
    for mode in ("dense", "lexical", "hybrid"):
        reply = server.request("POST", path, {"query": query, "mode": mode, "top_k": 3}).json
        hit = reply["hits"][0] if reply.get("hits") else {}
        keys = (
            "chunk_id",
            "document_id",
            "title",
            "url",
            "heading_path",
            "text",
            "span",
            "score",
            "scores",
            "metadata",
        )
        scores = [row["score"] for row in reply.get("hits", [])]
        checks.check(
            f"search, {mode}: the right document first, all fields, scores descending",
            hit.get("document_id") in ("returns", "old")
            and all(key in hit for key in keys)
            and scores == sorted(scores, reverse=True)
            and "timings_ms" in reply,
            (hit.get("document_id"), [key for key in keys if key not in hit]),
        )
    filtered = lambda condition: [
        hit["document_id"]
        for hit in server.request("POST", path, {"query": query, "top_k": 20, "filter": condition}).json["hits"]
    ]
    checks.check(
        "filter $gte", set(filtered({"year": {"$gte": 2024}})) == {"returns"}, filtered({"year": {"$gte": 2024}})
    )
    checks.check(
        "filter $or, $in",
        set(filtered({"$or": [{"year": 2019}, {"shelf": {"$in": [3, 4]}}]})) == {"old", "note3", "note4"},
    )
    checks.check("filter that nothing meets", filtered({"lang": "xx"}) == [])
    explained = server.request("POST", path, {"query": query, "explain": True}).json["hits"][0]
    checks.check(
        "explain", explained.get("explanation") or explained.get("explain"), str(explained.get("explanation"))[:150]
    )
    vector = server.request("POST", path, {"vector": [0.05] * 384, "top_k": 2})
    checks.check("search by vector", vector.status == 200 and len(vector.json["hits"]) == 2)


def answers(server, checks):
    path, question = "/v1/collections/smoke/answer", "Within how many days can I send something back?"
    whole = server.request("POST", path, {"question": question, "generator": "extractive"})
    answer = whole.json or {}
    checks.check(
        "answer, whole: cited and right",
        whole.status == 200
        and "45" in answer.get("answer", "")
        and answer["citations"]
        and answer["citations"][0]["document_id"] == "returns",
        answer.get("answer"),
    )
    text = server.request("GET", "/v1/collections/smoke/documents/returns/content").body
    span = answer["citations"][0]["span"] if answer.get("citations") else {"start": 0, "end": 0}
    checks.check(
        "a citation's quote stands at its span",
        answer.get("citations") and text[span["start"] : span["end"]].decode() == answer["citations"][0]["quote"],
        span,
    )
    for generator in ("extractive", "auto"):
        events = server.events("POST", path, {"question": question, "stream": True, "generator": generator})
        names = [event for _, event, _ in events]
        tokens = "".join(data["text"] for _, event, data in events if event == "token")
        done = events[-1][2]
        checks.check(
            f"answer, streamed ({generator}): passages, token, citation, done",
            names[0] == "passages" and names[-1] == "done" and ("token" in names or done["refused"]),
            f"{done['generator']}: {done['answer'][:100]!r}",
        )
        checks.check(
            f"answer, streamed ({generator}): the tokens make the answer",
            tokens.strip() == done["answer"].strip() or done["refused"],
            tokens[:100],
        )
    refusal = server.request(
        "POST", path, {"question": "Who won the chess world cup in 1987?", "generator": "extractive"}
    ).json
    checks.check("a question the documents don't answer is refused", refusal["refused"], refusal["answer"][:100])
    for body in ({"rating": "up"}, {"rating": "down", "comment": "wrong page", "correct_document_id": "old"}):
        rated = server.request("POST", f"/v1/answers/{answer.get('id')}/feedback", body)
        checks.check(f"feedback {body['rating']}: 201", rated.status == 201, rated.body[:100])
    refused = server.request("POST", f"/v1/answers/{answer.get('id')}/feedback", {"rating": "sideways"})
    checks.check("feedback of another kind: 400", refused.status == 400 and refused.error, refused.body[:120])


def rest(server, checks):
    for path, status in [
        ("/healthz", 200),
        ("/readyz", 200),
        ("/version", 200),
        ("/", 200),
        ("/docent.js", 200),
        ("/metrics", 200),
        ("/openapi.json", 200),
    ]:
        reply = server.request("GET", path)
        later = path in ("/metrics", "/openapi.json") and reply.status == 404
        if later:
            checks.skip(f"GET {path}", "not in this release")
        else:
            checks.check(f"GET {path}: {status}", reply.status == status, reply.body[:60])
    missing = server.request("GET", "/v1/collections/nowhere")
    checks.check(
        "an error has code, message, request_id",
        missing.status == 404 and missing.error and missing.error["code"] == "collection_not_found",
        missing.body[:200],
    )
    path, replies = "/v1/collections/smoke/search", []
    work = lambda number: replies.extend(
        server.request("POST", path, {"query": f"shelf {number * 10 + i}"}).status for i in range(10)
    )
    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    start = time.monotonic()
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    checks.check(
        "80 searches over 8 connections at once", replies.count(200) == 80, f"{80 / (time.monotonic() - start):.0f}/s"
    )


def page(server, checks, screenshot):
    from browser import Browser

    with Browser() as browser:
        browser.open(f"http://127.0.0.1:{server.port}/")
        browser.wait(
            "document.querySelectorAll('#collection option').length > 0"
            " && document.querySelector('#counts').textContent"
        )
        checks.check("the page loads, without console errors", not browser.problems, browser.problems or "")
        checks.check(
            "the page shows the collection",
            "documents" in browser.evaluate("document.querySelector('#counts').textContent"),
            browser.evaluate("document.querySelector('#counts').textContent"),
        )
        browser.evaluate("""(() => { const pick = new DataTransfer();
            const page = '<title>Opening hours</title><p>The shop in Lund opens at nine on weekdays.</p>';
            pick.items.add(new File([page], 'hours.html', {type: 'text/html'}));
            const input = document.querySelector('#files'); input.files = pick.files;
            input.dispatchEvent(new Event('change', {bubbles: true})); })()""")
        uploaded = browser.wait(
            "[...document.querySelectorAll('#documents tr')].some(row => row.textContent.includes('Opening hours'))"
            " || document.querySelector('.job-counts')?.textContent.startsWith('succeeded')"
        )
        checks.check(
            "an upload through the page is taken in",
            uploaded,
            browser.evaluate("document.querySelector('.job-counts')?.textContent"),
        )
        browser.evaluate(
            """(() => { window.lengths = []; const text = document.querySelector('#answer-text');
            new MutationObserver(() => window.lengths.push(text.textContent.length))
                .observe(text, {childList: true, subtree: true, characterData: true}); })()"""
        )
        browser.type("#question", "Within how many days can I send something back, and when does the money come?")
        browser.press_enter()
        browser.wait(
            "document.querySelector('#answer-facts').textContent.includes('confidence')"
            " || !document.querySelector('#ask-error').hidden",
            120,
        )
        answer = browser.evaluate("document.querySelector('#answer-text').textContent")
        checks.check("a typed question gets an answer", "45" in answer, answer)
        lengths = [length for length in browser.evaluate("window.lengths") if length]
        checks.check("it is streamed into the page", len(set(lengths)) >= 2, lengths[:20])
        if screenshot:
            browser.screenshot(screenshot)
        cites = browser.evaluate("document.querySelectorAll('#answer-text .cite').length")
        if checks.check("it has clickable citations", cites, cites):
            browser.click("#answer-text .cite")
            marked = browser.wait(
                "document.querySelector('#viewer').open && document.querySelector('#viewer mark')?.textContent", 20
            )
            checks.check("a click opens the document at the passage", marked, marked)
            if screenshot:
                browser.screenshot(str(screenshot).replace(".png", "-citation.png"))
        checks.check("no console errors on the way", not browser.problems, browser.problems or "")


def main():
    parser = common.parser(__doc__)
    parser.add_argument("--screenshot", help="saves the page as PNG, and PAGE-citation.png")
    parser.add_argument("--no-browser", action="store_true")
    arguments, checks = parser.parse_args(), common.Checks()
    with common.Work(arguments) as work:
        with Server(arguments, work / "data") as server:
            for group in (collections, documents, jobs, search, answers, rest):
                try:
                    group(server, checks)
                except Exception as error:
                    checks.check(f"{group.__name__}: runs to its end", False, repr(error)[:300])
            if arguments.no_browser:
                checks.skip("the page", "--no-browser")
            else:
                try:
                    page(server, checks, arguments.screenshot)
                except Exception as error:
                    checks.check("page: runs to its end", False, repr(error)[:300])
            checks.check("the server lives", server.is_alive, f"{server.resident_bytes / 1e6:.0f} MB at most")
            found = server.request("POST", "/v1/collections/smoke/search", {"query": "send things back"}).json
        checks.check(
            "SIGTERM: ends by itself, soon, with 0",
            server.code == 0 and server.stopped_in < 15,
            f"exit {server.code} in {server.stopped_in:.1f} s",
        )
        with Server(arguments, work / "data") as server:
            again = server.request("POST", "/v1/collections/smoke/search", {"query": "send things back"}).json
            checks.check(
                "after a restart the same results",
                [hit["chunk_id"] for hit in again["hits"]] == [hit["chunk_id"] for hit in found["hits"]],
            )
            gone = server.request("DELETE", "/v1/collections/smoke")
            after = server.request("GET", "/v1/collections/smoke")
            checks.check(
                "DELETE /v1/collections/{c}: 204, then 404",
                gone.status == 204 and after.status == 404,
                (gone.status, after.status),
            )
    common.save(arguments, "http_smoke", {"checks": len(checks.rows), "failed": checks.failed})
    checks.finish()


main()
