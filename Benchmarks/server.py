"""Starts `docent serve` on a free loopback port and speaks to it, for the HTTP scripts. Standard library alone."""

import http.client, json, os, re, signal, subprocess, threading, time


class Server:
    """A running server; use with `with`. It is asked to stop (SIGTERM) at the end, and killed if it doesn't."""

    def __init__(self, arguments, data, env=None, log=None):
        self.command = [arguments.docent, "serve", "--port", "0", "--data", str(data), "--models", arguments.models]
        self.env, self.log, self.lines, self.port = {**os.environ, **(env or {})}, log, [], None
        self.stopped_in = self.code = None

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=self.env)
        threading.Thread(target=self.listen, daemon=True).start()
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline and self.port is None and self.process.poll() is None:
            time.sleep(0.05)
        if self.port is None:
            self.stop()
            raise SystemExit("docent serve did not start: " + " | ".join(self.lines[-3:]))
        while time.monotonic() < deadline and self.request("GET", "/readyz").status != 200:
            time.sleep(0.1)
        return self

    def __exit__(self, *_):
        self.stop()

    def listen(self):
        for raw in self.process.stderr:
            line = raw.decode("utf-8", "replace").rstrip()
            self.lines.append(line)
            if match := re.search(r"listening on https?://[^:]+:(\d+)", line):
                self.port = int(match.group(1))

    def stop(self):
        start = time.monotonic()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.code, self.stopped_in = self.process.returncode, time.monotonic() - start

    @property
    def is_alive(self):
        return self.process.poll() is None

    @property
    def resident_bytes(self):
        with open(f"/proc/{self.process.pid}/status") as status:
            return int(next(line for line in status if line.startswith("VmHWM")).split()[1]) * 1024

    def request(self, method, path, body=None, headers=None, timeout=300):
        """One request. `body`: bytes, or anything else to be sent as JSON."""
        headers = dict(headers or {})
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
            headers.setdefault("Content-Type", "application/json")
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            return Reply(
                response.status, dict((name.lower(), value) for name, value in response.getheaders()), response.read()
            )
        finally:
            connection.close()

    def events(self, method, path, body=None, timeout=300):
        """Server-Sent Events as (seconds since the request, event, data), until the stream ends."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        start, result = time.monotonic(), []
        try:
            connection.request(
                method,
                path,
                None if body is None else json.dumps(body).encode(),
                {"Content-Type": "application/json", "Accept": "text/event-stream"},
            )
            response = connection.getresponse()
            if response.status != 200:
                raise RuntimeError(f"{path}: {response.status} {response.read()[:300]!r}")
            event, data = "message", []
            for raw in response:
                line = raw.decode("utf-8").rstrip("\n").rstrip("\r")
                if line.startswith("event:"):
                    event = line[6:].strip()
                elif line.startswith("data:"):
                    data.append(line[5:].lstrip())
                elif not line and data:
                    result.append((time.monotonic() - start, event, json.loads("\n".join(data))))
                    event, data = "message", []
        finally:
            connection.close()
        return result


class Reply:
    """Status, headers (lower-case names) and body of a response."""

    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def json(self):
        try:
            return json.loads(self.body)
        except ValueError:
            return None

    @property
    def error(self):
        """The error object of the contract's shape, or None."""
        error = (self.json or {}).get("error") if isinstance(self.json, dict) else None
        complete = isinstance(error, dict) and all(
            isinstance(error.get(key), str) and error[key] for key in ("code", "message", "request_id")
        )
        return error if complete else None


def multipart(files):
    """Body and content type of a form with `files`: (name, bytes, content type)."""
    boundary = "----docent-bench-boundary"
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
        f"Content-Type: {kind}\r\n\r\n".encode() + content + b"\r\n"
        for name, content, kind in files
    ]
    return b"".join(parts) + f"--{boundary}--\r\n".encode(), f"multipart/form-data; boundary={boundary}"
