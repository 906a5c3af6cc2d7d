#!/usr/bin/env python3
"""The remote generator against a real OpenAI-compatible server (llama-cpp-python) and against scripted ones that fail.

    python3 Benchmarks/remote_peer.py [--no-llama] [--no-slow]

Ingests corpus/shop-help into a temporary data folder and asks it through `docent ask --generator remote`:
a live llama.cpp server, streamed, given up in mid-stream, and behind a proxy that is slow or cuts the stream off; then
the same address with the server stopped; then scripted servers on loopback that stream word by word, answer 500, 401,
429 and then well, break off, send nonsense, or accept and stay silent (this one takes as long as docent's own time-outs:
minutes). `docent serve` is then asked until its circuit opens, is left alone, and tries again. Failures before the first token have to fall back to another generator and say
so in "notes"; nothing may hang, and the key may show up nowhere but in the request's header.

Needs for the first part: llama-cpp-python[server] in the Python that runs this (fastapi, uvicorn, sse-starlette,
starlette-context, pydantic-settings) and the SmolLM2 GGUF below --models. Bars: every check.
"""

import http.client, http.server, json, os, pathlib, socket, subprocess, sys, threading, time, urllib.request

import common
from server import Server

QUESTION = "How long do I have to send something back?"
KEY = "bench-key-0123456789"


class Scripted:
    """An OpenAI-compatible server that behaves as told; keeps the requests it saw."""

    def __init__(self, behave):
        seen = self.seen = []

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                self.body = json.loads(body)
                seen.append({"path": self.path, "key": self.headers.get("Authorization"), "body": self.body})
                self.close_connection = True
                try:
                    behave(self, len(seen))
                except OSError:
                    pass

            def log_message(self, *_):
                pass

            def refuse(self, status, headers=()):
                body = json.dumps({"error": {"message": f"scripted {status}"}}).encode()
                self.send_response(status)
                for name, value in [("Content-Type", "application/json"), ("Content-Length", str(len(body))), *headers]:
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def stream(self, words, delay=0.0, finish=True):
                self.send_response(200)
                self.send_header("Content-Type", "text/event-stream")
                self.send_header("Connection", "close")
                self.end_headers()
                chunk = lambda choice: {
                    "id": "1",
                    "object": "chat.completion.chunk",
                    "model": "scripted",
                    "choices": [choice],
                }
                for word in words:
                    self.event(json.dumps(chunk({"index": 0, "delta": {"content": word}, "finish_reason": None})))
                    time.sleep(delay)
                if finish:
                    self.event(json.dumps(chunk({"index": 0, "delta": {}, "finish_reason": "stop"})))
                    self.event("[DONE]")

            def relay(self, url, delay=0.0, cut=None):
                """Hands on what the server at `url` streams, slowly, or only its first `cut` lines."""
                request = urllib.request.Request(
                    url + "/chat/completions", json.dumps(self.body).encode(), {"Content-Type": "application/json"}
                )
                with urllib.request.urlopen(request, timeout=120) as response:
                    self.send_response(response.status)
                    self.send_header("Content-Type", "text/event-stream")
                    self.send_header("Connection", "close")
                    self.end_headers()
                    for count, line in enumerate(response):
                        if count == cut:
                            return
                        self.wfile.write(line)
                        self.wfile.flush()
                        time.sleep(delay)

            def event(self, data):
                self.wfile.write(f"data: {data}\n\n".encode())
                self.wfile.flush()

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/v1"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Asker:
    def __init__(self, arguments, data):
        self.arguments, self.data, self.checks = arguments, data, common.Checks()

    def command(self, generator, *more):
        return [
            self.arguments.docent,
            "ask",
            QUESTION,
            "--collection",
            "help",
            "--generator",
            generator,
            "--data",
            str(self.data),
            "--models",
            self.arguments.models,
            *more,
        ]

    def ask(self, url, generator="remote", timeout=300):
        environment = {"DOCENT_REMOTE_URL": url, "DOCENT_REMOTE_MODEL": "bench", "DOCENT_REMOTE_API_KEY": KEY}
        done = common.run(self.command(generator, "--json"), env=environment, timeout=timeout)
        if KEY.encode() in done.out + done.err:
            self.checks.check("the key stays out of stdout and stderr", False)
        return done

    def falls_back(self, name, url, within):
        """The remote fails: another generator has to answer, in time, and a note has to say so."""
        done = self.ask(url, timeout=within + 30)
        if done.code != 0:
            return self.checks.check(name, False, f"exit {done.code}: {' '.join(done.error_lines)[:200]}")
        answer = done.json
        right = answer["generator"] != "remote" and answer["notes"] and done.seconds <= within
        return self.checks.check(
            name, right, f"{answer['generator']}, {done.seconds:.1f} s: {' | '.join(answer['notes'])[:160]}"
        )

    def streamed(self, url):
        """Whether text shows up on stdout while the answer is being written: times of the pieces read."""
        environment = {"DOCENT_REMOTE_URL": url, "DOCENT_REMOTE_MODEL": "bench", "DOCENT_REMOTE_API_KEY": KEY}
        process = subprocess.Popen(
            self.command("remote"), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env={**os.environ, **environment}
        )
        watchdog = threading.Timer(120, process.kill)
        watchdog.start()
        times, text = [], b""
        while block := process.stdout.read1(65536):
            times.append(time.monotonic())
            text += block
        process.wait()
        watchdog.cancel()
        return times, text.decode("utf-8", "replace")


def live_server(asker, arguments, work):
    gguf = next(pathlib.Path(arguments.models).glob("smollm2*/*.gguf"), None)
    if gguf is None:
        return asker.checks.skip("a live llama.cpp server", "the model is not there")
    port = free_port()
    with open(work / "llama.log", "wb") as log:
        process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "llama_cpp.server",
                "--model",
                str(gguf),
                "--host",
                "127.0.0.1",
                "--port",
                str(port),
                "--n_ctx",
                "4096",
            ],
            stdout=log,
            stderr=log,
        )
        try:
            for _ in range(240):
                try:
                    urllib.request.urlopen(f"http://127.0.0.1:{port}/v1/models", timeout=2).read()
                    break
                except OSError:
                    if process.poll() is not None:
                        tail = (work / "llama.log").read_text(errors="replace").strip().splitlines()[-1:]
                        return asker.checks.skip("a live llama.cpp server", f"it does not start: {tail}")
                    time.sleep(0.5)
            done = asker.ask(f"http://127.0.0.1:{port}/v1")
            answer = done.json if done.code == 0 else {}
            notes = answer.get("notes", [])
            # A model this small often writes what no passage bears out; the extract then takes over, and says so.
            asker.checks.check(
                "a live llama.cpp server is asked and answers",
                done.code == 0 and not any("remote failed" in note for note in notes),
                f"{done.seconds:.1f} s, {answer.get('generator')}, notes {notes}, {answer.get('answer', '')[:120]!r}",
            )
            live_stream(asker, arguments, f"http://127.0.0.1:{port}/v1")
        finally:
            process.terminate()
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
    asker.falls_back("the same server, stopped: falls back and says so", f"http://127.0.0.1:{port}/v1", 60)


def live_stream(asker, arguments, url):
    """The live server streamed, given up, slow and cut off."""
    environment = {"DOCENT_REMOTE_URL": url, "DOCENT_REMOTE_MODEL": "bench"}
    question = {"question": QUESTION, "generator": "remote", "stream": True, "unsupported": "mark", "max_tokens": 200}
    path = "/v1/collections/help/answer"
    with Server(arguments, asker.data, env=environment) as server:
        events = server.events("POST", path, question)
        tokens = [event for event in events if event[1] == "token"]
        asker.checks.check(
            "the live server, streamed: pieces over time, then done",
            len(tokens) >= 5 and tokens[-1][0] > tokens[0][0] and events[-1][1] == "done",
            f"{len(tokens)} pieces from {tokens[0][0]:.2f} to {tokens[-1][0]:.2f} s" if tokens else events,
        )
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        connection.request("POST", path, json.dumps(question).encode(), {"Content-Type": "application/json"})
        response = connection.getresponse()
        while not (line := response.readline()).startswith(b"event: token") and line:
            pass
        response.close()
        connection.close()
        start = time.monotonic()
        again = server.request("POST", path, {**question, "stream": False, "max_tokens": 8})
        answer = again.json
        asker.checks.check(
            "given up in mid-stream: the live server answers the next one",
            again.status == 200 and not any("remote failed" in note for note in answer["notes"]),
            f"{time.monotonic() - start:.1f} s",
        )
    with Scripted(lambda handler, _: handler.relay(url, delay=0.05)) as proxy:
        done = asker.ask(proxy.url)
        asker.checks.check(
            "the live server behind a slow line: its answer all the same",
            done.code == 0 and not any("remote failed" in note for note in done.json["notes"]),
            f"{done.seconds:.1f} s",
        )
    with Scripted(lambda handler, _: handler.relay(url, cut=9)) as proxy:
        done = asker.ask(proxy.url)
        told = done.code == 1 and done.error_lines or done.code == 0 and done.json["notes"]
        asker.checks.check(
            "the live server cut off in mid-stream: an error or a fallback that says so",
            told,
            f"exit {done.code}: {' '.join(done.error_lines)[:160] or done.json['notes']}",
        )


def breaker(asker, arguments):
    """The circuit: opens after failures in a row, is left alone, tries again, closes."""
    state = {"well": False}
    behave = lambda handler, _: handler.stream(["Within ", "30 days."]) if state["well"] else handler.refuse(500)
    with Scripted(behave) as remote:
        environment = {
            "DOCENT_REMOTE_URL": remote.url,
            "DOCENT_REMOTE_MODEL": "bench",
            "DOCENT_REMOTE_BREAKER_FAILURES": "2",
            "DOCENT_REMOTE_BREAKER_SECONDS": "3",
        }
        with Server(arguments, asker.data, env=environment) as server:
            circuit = lambda: server.request("GET", "/readyz").json.get("remote_circuit")
            ask = lambda: server.request(
                "POST", "/v1/collections/help/answer", {"question": QUESTION, "generator": "remote"}
            )
            asker.checks.check("the circuit begins closed", circuit() == "closed", circuit())
            replies = [ask() for _ in range(2)]
            sent = len(remote.seen)
            asker.checks.check(
                "two failures open it, and the answers came from elsewhere",
                circuit() == "open" and all(reply.status == 200 and reply.json["notes"] for reply in replies),
                replies[-1].json["notes"],
            )
            start = time.monotonic()
            reply = ask()
            seconds = time.monotonic() - start
            asker.checks.check(
                "while it is open nothing is sent, and the answer says so",
                len(remote.seen) == sent and any("left alone" in note for note in reply.json["notes"]),
                f"{seconds:.2f} s: {reply.json['notes']}",
            )
            metrics = server.request("GET", "/metrics").body.decode()
            asker.checks.check(
                "the metrics show it",
                "docent_remote_circuit_state 2\n" in metrics and "docent_remote_rejected_total 1\n" in metrics,
            )
            time.sleep(3.2)
            half = circuit()
            state["well"] = True
            reply = ask()
            asker.checks.check(
                "after its time one request tries, and closes it",
                half == "half_open" and circuit() == "closed" and not any("failed" in n for n in reply.json["notes"]),
                f"{reply.json['generator']}, {reply.json['notes']}",
            )


def scripted_servers(asker, arguments):
    extract = common.run(asker.command("extractive", "--json")).json
    words = [word + " " for word in extract["answer"].split()]
    with Scripted(lambda handler, _: handler.stream(words, 0.1)) as server:
        answer = asker.ask(server.url).json
        request = server.seen[0]
        asker.checks.check(
            "a scripted server's words become the answer",
            answer["generator"] == "remote" and not answer["refused"] and answer["citations"],
            answer["answer"][:120],
        )
        asker.checks.check(
            "the request: path, key, streaming, model",
            request["path"] == "/v1/chat/completions"
            and request["key"] == f"Bearer {KEY}"
            and request["body"]["stream"] is True
            and request["body"]["model"] == "bench",
            {name: request["body"][name] for name in request["body"] if name != "messages"},
        )
        times, text = asker.streamed(server.url)
        spread = times[-1] - times[0] if times else 0
        asker.checks.check(
            "the answer is streamed to the terminal, a checked sentence at a time",
            len(times) >= 2 and spread >= 0.03 * len(words),
            f"{len(times)} pieces over {spread:.2f} s",
        )
    with Scripted(lambda handler, _: handler.refuse(500)) as server:
        asker.falls_back("status 500: retried, then falls back", server.url, 60)
        asker.checks.check("status 500: sent three times in all", len(server.seen) == 3, len(server.seen))
    with Scripted(lambda handler, _: handler.refuse(401)) as server:
        asker.falls_back("status 401: falls back without retries", server.url, 30)
        asker.checks.check("status 401: sent once", len(server.seen) == 1, len(server.seen))
    behave = lambda handler, count: handler.refuse(429, [("Retry-After", "1")]) if count == 1 else handler.stream(words)
    with Scripted(behave) as server:
        done = asker.ask(server.url)
        asker.checks.check(
            "status 429, then well: waits and asks again",
            done.code == 0 and done.json["generator"] == "remote" and len(server.seen) == 2,
            f"{done.seconds:.1f} s",
        )
    with Scripted(lambda handler, _: handler.event("no HTTP")) as server:
        asker.falls_back("a reply that is no HTTP: falls back", server.url, 60)

    def nonsense(handler, _):
        handler.send_response(200)
        handler.send_header("Content-Type", "text/event-stream")
        handler.send_header("Connection", "close")
        handler.end_headers()
        handler.event("{not json")

    with Scripted(nonsense) as server:
        asker.falls_back("a stream of nonsense: falls back", server.url, 60)
    with Scripted(lambda handler, _: handler.stream(words[:3], finish=False)) as server:
        done = asker.ask(server.url)
        told = done.code == 1 and len(done.error_lines) >= 1 or done.code == 0 and done.json["notes"]
        asker.checks.check(
            "a stream that breaks off: an error or a fallback that says so",
            told,
            f"exit {done.code}: {' '.join(done.error_lines)[:160] or done.json['notes']}",
        )
    if arguments.no_slow:
        return asker.checks.skip("a silent server", "--no-slow")
    with Scripted(lambda handler, _: time.sleep(600)) as server:
        asker.falls_back("a server that stays silent: times out and falls back", server.url, 240)


def main():
    parser = common.parser(__doc__)
    parser.add_argument("--no-llama", action="store_true", help="leaves the live server out")
    parser.add_argument("--no-slow", action="store_true", help="leaves the silent server out (minutes)")
    arguments = parser.parse_args()
    with common.Work(arguments) as work:
        asker = Asker(arguments, work / "data")
        made = common.run(
            [
                arguments.docent,
                "ingest",
                common.ROOT / "corpus/shop-help",
                "--recursive",
                "--collection",
                "help",
                "--data",
                work / "data",
                "--models",
                arguments.models,
            ]
        )
        if made.code != 0:
            sys.exit(f"the collection can't be made: {' '.join(made.error_lines)}")
        if arguments.no_llama:
            asker.checks.skip("a live llama.cpp server", "--no-llama")
        else:
            live_server(asker, arguments, work)
        scripted_servers(asker, arguments)
        breaker(asker, arguments)
    common.save(arguments, "remote_peer", {"checks": asker.checks.rows, "failed": asker.checks.failed})
    asker.checks.finish()


main()
