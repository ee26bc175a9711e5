# SPDX-License-Identifier: ISC
"""
browser: a real Chromium without a window, spoken to over two pipes (the DevTools protocol: JSON texts that end with a zero byte).
No package is needed but the browser itself, and no port is opened.
"""

import base64
import itertools
import json
import os
import queue
import shutil
import subprocess
import tempfile
import threading
import time

SLOW = int(os.environ.get("SLOW", "1"))
# A browser for tests: what would talk to its maker, keep things or wait for a screen is off.
FLAGS = """--headless=new --remote-debugging-pipe --no-first-run --no-default-browser-check --disable-gpu --disable-extensions
--disable-background-networking --disable-component-update --disable-sync --disable-default-apps --disable-dev-shm-usage
--metrics-recording-only --no-pings --mute-audio --hide-scrollbars --force-color-profile=srgb --no-sandbox --no-proxy-server
--disable-features=Translate,OptimizationHints,MediaRouter,DialMediaRouteProvider,CertificateTransparencyComponentUpdater""".split()
# No name is ever resolved: the tests know addresses on loopback only.
FLAGS.append("--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.*")


def program():
    """Where it is, or None."""
    named = os.environ.get("CHROMIUM")
    return shutil.which(named) if named else shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


class BrowserError(Exception):
    pass


class Browser:
    """Use it with `with`; open() gives a page."""

    def __init__(self, log):
        self.dir = tempfile.mkdtemp(prefix="m365dnsd-browser.")
        to_read, self.out = os.pipe()
        self.into, to_write = os.pipe()
        self.log = open(log, "wb")

        def descriptors():      # the browser reads 3 and writes 4
            r, w = os.dup(to_read), os.dup(to_write)
            os.dup2(r, 3)
            os.dup2(w, 4)
        self.process = subprocess.Popen([program(), "--user-data-dir=" + self.dir, *FLAGS, "about:blank"], stdin=subprocess.DEVNULL,
                                        stdout=self.log, stderr=self.log, preexec_fn=descriptors, close_fds=False,
                                        env=dict(os.environ, HOME=self.dir, TZ="UTC"), start_new_session=True)
        os.close(to_read)
        os.close(to_write)
        self.ids, self.answers, self.pages = itertools.count(1), {}, {}
        self.lock = threading.Lock()
        threading.Thread(target=self._read, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *args):
        try:
            self.call("Browser.close", timeout=5)
        except (BrowserError, OSError):
            pass
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        os.close(self.out)
        self.log.close()
        shutil.rmtree(self.dir, ignore_errors=True)

    def _read(self):
        data = b""
        while chunk := os.read(self.into, 1 << 16):
            data += chunk
            *whole, data = data.split(b"\0")
            for text in whole:
                message = json.loads(text)
                if "id" in message:
                    waiting = self.answers.get(message["id"])
                    if waiting:             # else it came too late for who asked
                        waiting.put(message)
                elif message.get("sessionId") in self.pages:
                    self.pages[message["sessionId"]].event(message["method"], message["params"])
        for answer in list(self.answers.values()):
            answer.put({"error": {"message": "the browser is gone"}})

    def call(self, method, params=None, session=None, timeout=60):
        number = next(self.ids)
        message = {"id": number, "method": method, "params": params or {}}
        if session:
            message["sessionId"] = session
        answer = self.answers[number] = queue.Queue()
        data = json.dumps(message).encode() + b"\0"
        with self.lock:
            while data:
                data = data[os.write(self.out, data):]
        try:
            reply = answer.get(timeout=timeout * SLOW)
        except queue.Empty:
            raise BrowserError("%s: no answer" % method) from None
        finally:
            del self.answers[number]
        if "error" in reply:
            raise BrowserError("%s: %s" % (method, reply["error"]["message"]))
        return reply["result"]

    def open(self, url, **kw):
        context = self.call("Target.createBrowserContext")["browserContextId"]
        self.call("Browser.grantPermissions", {"permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"], "browserContextId": context})
        target = self.call("Target.createTarget", {"url": "about:blank", "browserContextId": context})["targetId"]
        session = self.call("Target.attachToTarget", {"targetId": target, "flatten": True})["sessionId"]
        page = self.pages[session] = Page(self, session, target)
        page.start(url, **kw)
        return page


KEYS = {"Enter": ("Enter", 13, "\r"), "Escape": ("Escape", 27, ""), "ArrowDown": ("ArrowDown", 40, ""), "ArrowUp": ("ArrowUp", 38, ""),
        "Tab": ("Tab", 9, ""), "End": ("End", 35, ""), "Home": ("Home", 36, ""), "/": ("Slash", 191, "/"), "?": ("Slash", 191, "?")}


class Page:
    """A window: what it shows, and all that it asked for and complained of."""

    def __init__(self, browser, session, target):
        self.browser, self.session, self.target = browser, session, target
        self.complaints, self.requests, self.paths, self.ended = [], [], {}, []

    def call(self, method, **params):
        return self.browser.call(method, params, self.session)

    def event(self, method, p):
        if method == "Runtime.exceptionThrown":
            d = p["exceptionDetails"]
            self.complaints.append(d.get("exception", {}).get("description") or d["text"])
        elif method == "Runtime.consoleAPICalled" and p["type"] in ("error", "warning", "assert"):
            self.complaints.append(" ".join(str(a.get("value", a.get("description"))) for a in p["args"]))
        elif method == "Log.entryAdded" and p["entry"]["level"] in ("error", "warning"):
            self.complaints.append("%s %s" % (p["entry"]["text"], p["entry"].get("url", "")))
        elif method == "Network.requestWillBeSent":
            self.requests.append(p["request"]["url"])
            self.paths[p["requestId"]] = p["request"]["url"]
        elif method == "Network.loadingFailed":
            self.ended.append(self.paths.get(p["requestId"]))
        elif method == "Fetch.requestPaused":
            self.paused.put(p)

    def start(self, url, width=1280, height=900, dark=False, scale=1, prepare=None):
        self.call("Emulation.setFocusEmulationEnabled", enabled=True)      # many windows at once, and each believes to be in front
        for domain in ("Page", "Runtime", "Log", "Network", "Accessibility"):
            self.call(domain + ".enable")
        self.size(width, height, scale)
        self.scheme(dark)
        if prepare:
            prepare(self)
        self.go(url)

    def size(self, width, height, scale=1):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=scale, mobile=False)

    def scheme(self, dark):
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])

    def script(self, on):
        self.call("Emulation.setScriptExecutionDisabled", value=not on)

    def instead(self, pattern, answer):
        """What answer(url) gives, as JSON, is the reply to every request whose URL fits the pattern (* and ? are wild)."""
        def play():
            while True:
                p = self.paused.get()
                body = base64.b64encode(json.dumps(answer(p["request"]["url"])).encode()).decode()
                headers = [{"name": "Content-Type", "value": "application/json"}]
                self.call("Fetch.fulfillRequest", requestId=p["requestId"], responseCode=200, responseHeaders=headers, body=body)
        self.paused = queue.Queue()
        self.call("Fetch.enable", patterns=[{"urlPattern": pattern}])
        threading.Thread(target=play, daemon=True).start()

    def go(self, url):
        self.call("Page.navigate", url=url)
        self.until("the page has loaded", "document.readyState === 'complete' && location.href !== 'about:blank'")

    def run(self, expression):
        """The value of an expression in the page; a promise is waited for."""
        r = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True, userGesture=True)
        if "exceptionDetails" in r:
            d = r["exceptionDetails"]
            raise BrowserError("%s\n%s" % (d.get("exception", {}).get("description") or d["text"], expression))
        return r["result"].get("value")

    def until(self, what, expression, seconds=15):
        """Until the expression is true; its value."""
        end = time.monotonic() + seconds * SLOW
        while True:
            try:
                value = self.run("(v => v instanceof Node || v)(%s)" % expression)
            except BrowserError:        # between two documents
                value = None
            if value:
                return value
            if time.monotonic() > end:
                raise BrowserError("not so: %s\n%s\nwhat is shown:\n%s" % (what, expression, self.text()))
            time.sleep(0.05)

    def text(self, selector="body"):
        return self.run("(document.querySelector(%s) || {}).innerText || ''" % json.dumps(selector))

    def key(self, *names):
        for name in names:
            code, number, text = KEYS.get(name) or ("Key" + name.upper(), ord(name.upper()), name)
            p = {"key": name, "code": code, "windowsVirtualKeyCode": number}
            self.call("Input.dispatchKeyEvent", type="keyDown", **p, **({"text": text} if text else {}))
            self.call("Input.dispatchKeyEvent", type="keyUp", **p)

    def type(self, text):
        self.call("Input.insertText", text=text)

    def click(self, selector):
        """With the mouse, so what lies on top of it gets the click."""
        x, y = self.run("""(() => {
            const e = document.querySelector(%s);
            e.scrollIntoView({ block: "center" });
            const r = e.getBoundingClientRect();
            return [r.x + r.width / 2, r.y + r.height / 2];
        })()""" % json.dumps(selector))
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def picture(self, path, full=False):
        clip = {}
        if full:
            size = self.call("Page.getLayoutMetrics")["cssContentSize"]
            clip = {"clip": {"x": 0, "y": 0, "width": size["width"], "height": min(size["height"], 6000), "scale": 1}, "captureBeyondViewport": True}
        data = self.call("Page.captureScreenshot", format="png", **clip)["data"]
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as f:
            f.write(base64.b64decode(data))

    def accessible(self):
        """[(role, name)] as a screen reader gets it."""
        nodes = self.call("Accessibility.getFullAXTree")["nodes"]
        return [(n["role"]["value"], n.get("name", {}).get("value", "")) for n in nodes if not n.get("ignored") and "role" in n]

    def close(self):
        self.browser.call("Target.closeTarget", {"targetId": self.target})
