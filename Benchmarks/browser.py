"""Drives headless Chromium over the DevTools protocol; just what the web page's check needs.

Needs: chromium, and websocket-client in the Python that runs it.
"""

import base64, json, pathlib, shutil, subprocess, tempfile, time, urllib.request


class Browser:
    """One page of one browser; use with `with`. `problems` holds console errors, exceptions and failed requests."""

    def __enter__(self):
        import websocket

        program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
        if program is None:
            raise RuntimeError("no chromium is installed")
        self.profile = tempfile.TemporaryDirectory(prefix="docent-chromium-", ignore_cleanup_errors=True)
        self.process = subprocess.Popen(
            [
                program,
                "--headless=new",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--no-first-run",
                "--remote-debugging-port=0",
                "--window-size=1200,900",
                f"--user-data-dir={self.profile.name}",
                "about:blank",
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        port_file = pathlib.Path(self.profile.name) / "DevToolsActivePort"
        deadline = time.monotonic() + 60
        while not (port_file.exists() and port_file.read_text().strip()):
            if time.monotonic() > deadline or self.process.poll() is not None:
                self.__exit__()
                raise RuntimeError("chromium did not start")
            time.sleep(0.1)
        self.port = int(port_file.read_text().split()[0])
        while True:
            pages = json.load(urllib.request.urlopen(f"http://127.0.0.1:{self.port}/json/list", timeout=10))
            if found := [page for page in pages if page["type"] == "page"]:
                break
            time.sleep(0.1)
        self.socket = websocket.create_connection(found[0]["webSocketDebuggerUrl"], timeout=60, suppress_origin=True)
        self.number, self.problems = 0, []
        # What confirm() and the like are answered with, and what they have asked.
        self.answer, self.questions = True, []
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")
        return self

    def __exit__(self, *_):
        if getattr(self, "socket", None):
            try:
                self.call("Browser.close")
                self.socket.close()
            except Exception:
                pass
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.profile.cleanup()

    def call(self, method, **parameters):
        """Sends a command, waits for its result; events on the way are looked through for problems."""
        self.number += 1
        number = self.number
        self.socket.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while True:
            message = json.loads(self.socket.recv())
            if message.get("id") == number:
                if "error" in message:
                    raise RuntimeError(f"{method}: {message['error']}")
                return message["result"]
            self.note(message)

    def note(self, message):
        method, details = message.get("method"), message.get("params", {})
        if method == "Runtime.exceptionThrown":
            about = details["exceptionDetails"]
            self.problems.append("exception: " + about.get("exception", {}).get("description", about["text"]))
        elif method == "Runtime.consoleAPICalled" and details["type"] in ("error", "warning"):
            self.problems.append(
                "console: " + " ".join(str(item.get("value", item.get("description"))) for item in details["args"])
            )
        elif method == "Log.entryAdded" and details["entry"]["level"] in ("error", "warning"):
            self.problems.append(f"log: {details['entry']['text']} {details['entry'].get('url', '')}")
        elif method == "Page.javascriptDialogOpening":
            self.questions.append(details["message"])
            self.number += 1
            command = {"method": "Page.handleJavaScriptDialog", "params": {"accept": self.answer}}
            self.socket.send(json.dumps({"id": self.number, **command}))
        elif method == "Network.responseReceived" and details["response"]["status"] >= 400:
            self.problems.append(f"request: {details['response']['status']} {details['response']['url']}")

    def evaluate(self, script):
        """The value of a JavaScript expression; promises are awaited."""
        result = self.call(
            "Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True, userGesture=True
        )
        if "exceptionDetails" in result:
            raise RuntimeError(result["exceptionDetails"].get("exception", {}).get("description", script))
        return result["result"].get("value")

    def wait(self, script, seconds=60):
        """Waits until the expression is true; returns its last value."""
        deadline = time.monotonic() + seconds
        while not (value := self.evaluate(script)) and time.monotonic() < deadline:
            time.sleep(0.1)
        return value

    def open(self, address):
        self.call("Page.navigate", url=address)
        self.wait("document.readyState === 'complete' && location.href !== 'about:blank'")

    def type(self, selector, text):
        """Focuses an element and types as a keyboard would."""
        self.evaluate(f"document.querySelector({json.dumps(selector)}).focus()")
        self.call("Input.insertText", text=text)

    def press_enter(self):
        for kind in ("keyDown", "keyUp"):
            self.call(
                "Input.dispatchKeyEvent",
                type=kind,
                key="Enter",
                code="Enter",
                windowsVirtualKeyCode=13,
                text="\r" if kind == "keyDown" else "",
            )

    def click(self, selector):
        """Clicks in the middle of an element with the mouse."""
        box = self.evaluate(
            f"""(() => {{ const e = document.querySelector({json.dumps(selector)}); 
                e.scrollIntoView({{block: 'center'}});
            const r = e.getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2]; }})()"""
        )
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=box[0], y=box[1], button="left", clickCount=1)

    def resize(self, width, height, is_dark=False):
        """Sets the size of the page, and whether the reader prefers dark colours."""
        self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if is_dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[scheme])

    def tab(self):
        """Presses the tab key; returns what has the focus then."""
        for kind in ("keyDown", "keyUp"):
            self.call(
                "Input.dispatchKeyEvent", type=kind, key="Tab", code="Tab", windowsVirtualKeyCode=9
            )
        return self.evaluate("(e => e.id || e.textContent || e.tagName)(document.activeElement)")

    def screenshot(self, path):
        pathlib.Path(path).write_bytes(base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"]))
