#!/usr/bin/env python3
"""browser.py PAGE - opens a file in headless Chromium, and does what stdin says.

Each line of stdin is an expression of JavaScript that the page evaluates, as a person's click or a
look at it would; its value is printed as JSON, one line each. A line that begins with a colon is
for the browser itself:

    :light, :dark           what the person prefers
    :size WIDTH HEIGHT      of the window
    :scripts on|off         for the next :open; while off, nothing may be asked of the page
    :open [#FRAGMENT]       loads the page (again)
    :shot FILE              a picture of the window, PNG
    :click SELECTOR         a real click in the middle of the first element
    :key KEY                a key that is pressed, as "Tab" or "Enter"
    :roles SELECTOR         the roles of the elements, as assistive technology is told, and how many
    :complaints             what the console and the browser said so far, and what was asked for
                            over a network or from another file
    :loaded                 milliseconds from the beginning to the end of loading

It speaks the DevTools protocol over two pipes, so that no port is opened.
"""

import base64
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

FLAGS = [
    "--headless",
    "--allow-pre-commit-input",
    "--remote-debugging-pipe",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-dev-shm-usage",
    "--disable-extensions",
    "--disable-sync",
    "--hide-scrollbars",
    "--no-first-run",
    "--no-default-browser-check",
    "--host-resolver-rules=MAP * ~NOTFOUND",
]
# Until what was done has been drawn.
FRAMES = "new Promise(r => requestAnimationFrame(() => requestAnimationFrame(() => r())))"
# Where an element is once it stands still; `hit` comes true when it is clicked.
CLICK = """new Promise(done => {
    const element = document.querySelector(%s);
    self.hit = new Promise(r => element.addEventListener('click', () => r(true), { once: true }));
    let last = '';
    const look = () => {
        element.scrollIntoView({ block: 'center' });
        const box = element.getBoundingClientRect();
        const point = [box.x + box.width / 2, box.y + box.height / 2];
        if (last === String(point))
            return done(point);
        last = String(point);
        requestAnimationFrame(look);
    };
    look();
})"""
KEYS = {"Enter": (13, "\r"), "Tab": (9, ""), " ": (32, " ")}


class Browser:
    """One Chromium with one page."""

    def __init__(self, path):
        self.url = "file://" + os.path.abspath(path)
        self.profile = tempfile.mkdtemp(prefix="autoresearch-browser-")
        to_browser, self.write_fd = os.pipe()
        self.read_fd, from_browser = os.pipe()
        self.process = subprocess.Popen(
            ["chromium", "--user-data-dir=" + self.profile] + FLAGS + ["about:blank"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            preexec_fn=lambda: self.take_pipes(to_browser, from_browser),
            close_fds=False,
            start_new_session=True,
            env=dict(os.environ, HOME=self.profile),
        )
        os.close(to_browser)
        os.close(from_browser)
        self.buffer = b""
        self.number = 0
        self.session = None
        self.events = []
        self.complaints = []
        self.loaded = set()
        self.scripts = True

    @staticmethod
    def take_pipes(read_fd, write_fd):
        # The browser reads descriptor 3 and writes 4.
        read_copy, write_copy = os.dup(read_fd), os.dup(write_fd)
        os.dup2(read_copy, 3)
        os.dup2(write_copy, 4)

    def next_message(self):
        while b"\0" not in self.buffer:
            block = os.read(self.read_fd, 1 << 20)
            if not block:
                sys.exit("browser.py: the browser has ended")
            self.buffer += block
        text, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(text)

    def take_event(self, message):
        method, params = message.get("method"), message.get("params", {})
        if method == "Page.lifecycleEvent" and params["name"] == "load":
            self.loaded.add(params["loaderId"])
        elif method == "Runtime.consoleAPICalled":
            words = [str(a.get("value", a.get("description"))) for a in params["args"]]
            self.complaints.append("console: " + " ".join(words))
        elif method == "Runtime.exceptionThrown":
            self.complaints.append("exception: " + json.dumps(params["exceptionDetails"])[:300])
        elif method == "Log.entryAdded":
            self.complaints.append("log: " + params["entry"]["text"])
        elif method == "Page.javascriptDialogOpening":
            self.complaints.append("dialog: " + params["message"])
            self.send("Page.handleJavaScriptDialog", {"accept": True})
        elif method == "Network.requestWillBeSent":
            url = params["request"]["url"].split("#")[0]
            if url != self.url:
                self.complaints.append("request: " + url)

    def send(self, method, params=None):
        self.number += 1
        message = {"id": self.number, "method": method, "params": params or {}}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.write_fd, json.dumps(message).encode() + b"\0")
        return self.number

    def call(self, method, **params):
        number = self.send(method, params)
        while True:
            message = self.next_message()
            if message.get("id") == number:
                if "error" in message:
                    sys.exit("browser.py: %s: %s" % (method, message["error"]))
                return message["result"]
            self.take_event(message)

    def attach(self):
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)[
            "sessionId"
        ]
        for domain in ("Page", "Runtime", "Log", "Network", "DOM", "Accessibility"):
            self.call(domain + ".enable")
        self.call("Page.setLifecycleEventsEnabled", enabled=True)
        self.call("Page.bringToFront")

    def navigate(self, url):
        loader = self.call("Page.navigate", url=url)["loaderId"]
        while loader not in self.loaded:
            self.take_event(self.next_message())

    def open(self, fragment=""):
        # By way of another page: else a fragment alone would load nothing.
        self.navigate("about:blank")
        self.navigate(self.url + fragment)
        if self.scripts:
            self.evaluate(FRAMES)

    def evaluate(self, expression):
        result = self.call(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True
        )
        if "exceptionDetails" in result:
            return "exception: " + result["exceptionDetails"].get("exception", {}).get(
                "description", "unknown"
            )
        return result["result"].get("value")

    def click(self, selector):
        # A browser drops what comes while it is about to draw a page for the first time, and
        # what it scrolls or sizes may still move: so the element says itself whether it was hit.
        for _ in range(20):
            point = self.evaluate(CLICK % json.dumps(selector))
            for kind in ("mouseMoved", "mousePressed", "mouseReleased"):
                self.call(
                    "Input.dispatchMouseEvent",
                    type=kind,
                    x=point[0],
                    y=point[1],
                    button="left",
                    clickCount=1,
                )
            if self.evaluate("Promise.race([hit, new Promise(r => setTimeout(r, 1000, false))])"):
                break
        else:
            sys.exit("browser.py: cannot click " + selector)
        self.evaluate(FRAMES)

    def key(self, key):
        code, text = KEYS[key]
        for kind in ("keyDown", "keyUp"):
            self.call(
                "Input.dispatchKeyEvent",
                type=kind,
                key=key,
                code=key,
                windowsVirtualKeyCode=code,
                **({"text": text} if text and kind == "keyDown" else {})
            )

    def roles(self, selector):
        root = self.call("DOM.getDocument")["root"]["nodeId"]
        node = self.call("DOM.querySelector", nodeId=root, selector=selector)["nodeId"]
        tree = self.call("Accessibility.queryAXTree", nodeId=node)["nodes"]
        counts = {}
        for item in tree:
            role = item.get("role", {}).get("value")
            counts[role] = counts.get(role, 0) + (not item.get("ignored"))
        return counts

    def command(self, line):
        verb, _, rest = line[1:].partition(" ")
        if verb in ("light", "dark"):
            feature = {"name": "prefers-color-scheme", "value": verb}
            self.call("Emulation.setEmulatedMedia", features=[feature])
        elif verb == "size":
            width, height = map(int, rest.split())
            self.call(
                "Emulation.setDeviceMetricsOverride",
                width=width,
                height=height,
                deviceScaleFactor=1,
                mobile=width < 700,
            )
        elif verb == "scripts":
            self.scripts = rest != "off"
            self.call("Emulation.setScriptExecutionDisabled", value=not self.scripts)
        elif verb == "open":
            self.open(rest)
        elif verb == "shot":
            with open(rest, "wb") as f:
                f.write(base64.b64decode(self.call("Page.captureScreenshot")["data"]))
        elif verb == "click":
            self.click(rest)
        elif verb == "key":
            self.key(rest or " ")
        elif verb == "roles":
            return self.roles(rest)
        elif verb == "complaints":
            return self.complaints
        elif verb == "loaded":
            return self.evaluate(
                "new Promise(r => setTimeout(() => r(Math.round("
                "performance.getEntriesByType('navigation')[0].loadEventEnd)), 0))"
            )
        else:
            sys.exit("browser.py: no such command: " + verb)
        return None

    def close(self):
        signal.alarm(0)
        os.close(self.write_fd)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            pass
        try:
            # Its renderers are in its group.
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()
        for _ in range(50):
            shutil.rmtree(self.profile, ignore_errors=True)
            if not os.path.exists(self.profile):
                break
            time.sleep(0.1)


def main():
    # Nobody is waited for without end, and a story that is ended takes the browser with it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("browser.py: ended"))
    signal.signal(signal.SIGALRM, lambda *_: sys.exit("browser.py: it takes too long"))
    signal.alarm(int(os.environ.get("BROWSER_SECONDS", "120")))
    browser = Browser(sys.argv[1])
    try:
        browser.attach()
        browser.open()
        for line in sys.stdin:
            line = line.rstrip("\n")
            if not line or line.startswith("//"):
                continue
            result = browser.command(line) if line[0] == ":" else browser.evaluate(line)
            if line[0] != ":" or result is not None:
                print(json.dumps(result, ensure_ascii=False), flush=True)
    finally:
        browser.close()


main()
