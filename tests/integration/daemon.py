# SPDX-License-Identifier: ISC
"""
daemon: the program as a service: start it on a configuration of the laboratory, talk HTTP to it, listen to its events, be
its webhook, and end it in every way there is.
"""

import contextlib
import gzip
import http.client
import http.server
import itertools
import json
import os
import queue
import re
import signal
import socket
import sqlite3
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import bed as beds
from lab import SLOW, Doc
from tap import Skip, check

TOKEN = "a-token-of-the-laboratory"
LONG = int(os.environ.get("LONG", "0"))     # 1: as often as a release wants it, not as often as a change does
PORTS = itertools.count(8001)
# Processes die with the thread that started them; those of the cases end, this one does not.
KEEPER = ThreadPoolExecutor(1)


class Reply:
    """What came back for a request."""

    def __init__(self, status, headers, body, seconds):
        self.status, self.headers, self.body, self.seconds = status, headers, body, seconds

    def header(self, name):
        return self.headers.get(name.lower())

    @property
    def text(self):
        return self.body.decode("utf-8", "strict")

    def json(self):
        check((self.header("content-type") or "").split(";")[0] in ("application/json", "application/problem+json"),
              "JSON says so", str(self))
        return json.loads(self.text)

    def doc(self):
        return Doc(self.is_(200).json())

    def is_(self, *statuses):
        check(self.status in statuses, "status %s, wanted %s" % (self.status, " or ".join(map(str, statuses))), str(self))
        return self

    def problem(self, *statuses):
        """An error document of RFC 9457."""
        self.is_(*statuses)
        check(self.header("content-type").split(";")[0] == "application/problem+json", "a problem document", str(self))
        doc = self.json()
        check(doc["status"] == self.status and doc["title"], "it says its status and title", doc)
        return doc

    def __str__(self):
        return "HTTP %d %r\n%s" % (self.status, self.headers, self.body[:2000].decode("utf-8", "replace"))


def request(place, method, path, headers=None, body=None, timeout=15):
    c = http.client.HTTPConnection(*place, timeout=timeout * SLOW)
    started = time.monotonic()
    try:
        c.request(method, path, body, headers or {})
        r = c.getresponse()
        data = r.read()
        return Reply(r.status, {k.lower(): v for k, v in r.getheaders()}, data, time.monotonic() - started)
    finally:
        c.close()


def raw_request(place, data, timeout=10):
    """Bytes as they are; all that comes back until the other side closes or falls silent."""
    out = b""
    with socket.create_connection(place, timeout * SLOW) as s:
        s.sendall(data)
        s.settimeout(timeout * SLOW)
        try:
            while chunk := s.recv(65536):
                out += chunk
        except (socket.timeout, ConnectionError):
            pass
    return out


class Events(threading.Thread):
    """A client of /events: what it has seen, until the daemon or stop() ends it."""

    def __init__(self, place, path="/events", last_id=None):
        super().__init__(daemon=True)
        self.news = threading.Condition()
        self.seen, self.ended = [], False
        self.connection = http.client.HTTPConnection(*place, timeout=120)
        self.connection.request("GET", path, headers={"Last-Event-ID": str(last_id)} if last_id else {})
        self.reply = self.connection.getresponse()
        self.start()

    def run(self):
        event = {}
        try:
            for line in self.reply:
                line = line.decode().rstrip("\r\n")
                if line:
                    key, _, value = line.partition(":")
                    event[key] = value[1:] if value.startswith(" ") else value
                    continue
                with self.news:
                    if "data" in event:
                        self.seen.append(dict(event, at=time.time(), data=json.loads(event["data"])))
                    self.news.notify_all()
                event = {}
        except (OSError, ValueError, http.client.HTTPException, AttributeError):
            pass
        with self.news:
            self.ended = True
            self.news.notify_all()

    def wait(self, what, wanted, seconds=20):
        """The first event for which wanted(data) holds."""
        deadline = time.monotonic() + seconds * SLOW
        with self.news:
            while True:
                for e in self.seen:
                    if wanted(e["data"]):
                        return e
                left = deadline - time.monotonic()
                check(left > 0 and not self.ended, "no event: " + what, self.seen)
                self.news.wait(left)

    def transitions(self):
        with self.news:
            return [e["data"] for e in self.seen if e.get("event") == "transition"]

    def stop(self):
        try:
            self.connection.sock.shutdown(socket.SHUT_RDWR)
        except (OSError, AttributeError):
            pass


class Daemon:
    """One m365dnsd in a directory of its own; use it with `with`."""

    def __init__(self, lab, domains="", resolvers=("r1", "r2"), extra="", settings="", token=TOKEN, before=(), files=None,
                 store=True):
        """domains: blocks, or names with a plain block each; extra: more blocks; settings: keys instead of the usual ones."""
        self.lab, self.before = lab, list(before)
        self.dir = "%s/daemon%d" % (lab.bed.dir, next(lab.count))
        os.makedirs(self.dir + "/conf.d")
        self.conf, self.database = self.dir + "/m365dnsd.conf", self.dir + "/m365dnsd.db"
        self.place = (lab.bed.address(19), next(PORTS))
        self.token = token
        if token:
            with open(self.dir + "/token", "w") as f:
                f.write(token + "\n")
            os.chmod(self.dir + "/token", 0o600)
        self.settings = ("" if "interval_floor" in settings else "interval_floor = 1\n") + settings
        self.resolvers, self.store = resolvers, store
        if not isinstance(domains, str):
            domains = "".join('domain "%s" {}\n' % d for d in domains)
        self.write(domains + extra)
        for name, text in (files or {}).items():
            self.put_file(name, text)
        self.p, self.starts = None, 0

    def write(self, blocks):
        self.blocks = blocks
        text = "resolvers = {}\nauthority_port = %d\nauthority_private = yes\nrate = 0\n" % beds.PORT
        text += 'listen = {"%s:%d"}\ndatabase = "%s"\n' % (*self.place, self.database if self.store else "")
        text += 'token_file = "%s/token"\n' % self.dir if self.token else ""
        text += self.settings
        for r in self.resolvers:
            target = r if r in self.lab.bed.caches else r.address
            text += self.lab.resolver_block(r if r == target else r.name, None if r == target else target)
        self.replace(self.conf, text + blocks)

    def put_file(self, name, text):
        self.replace("%s/conf.d/%s" % (self.dir, name), text)

    @staticmethod
    def replace(path, text):
        with open(path + ".new", "w") as f:
            f.write(text)
        os.rename(path + ".new", path)

    # -- its life --

    def __enter__(self):
        return self.start()

    def __exit__(self, *args):
        self.kill()

    def start(self, ready=True, seconds=10):
        env = dict(os.environ, TZ="UTC", LC_ALL="C.UTF-8", HOME=self.dir)
        for name in ("NOTIFY_SOCKET", "STATE_DIRECTORY", "CREDENTIALS_DIRECTORY", "LISTEN_FDS"):
            env.pop(name, None)
        self.starts += 1
        argv = [*self.before, self.lab.program, "-c", self.conf]

        def spawn():
            with open(self.dir + "/log", "ab") as log:
                return subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=env,
                                        preexec_fn=beds.die_with_parent)
        self.started = time.monotonic()
        self.p = KEEPER.submit(spawn).result()
        if ready:
            self.wait_ready(seconds)
        return self

    def wait_ready(self, seconds=10):
        def ready():
            check(self.p.poll() is None, "the daemon ended with %s" % self.p.returncode, self.log())
            try:
                return self.get("/-/ready").status == 200
            except (OSError, http.client.HTTPException):
                return False
        try:
            beds.poll("the daemon", ready, seconds * SLOW, 0.005)
        except beds.BedError as e:
            raise AssertionError("%s\n%s" % (e, self.log()))
        self.seconds_to_ready = time.monotonic() - self.started

    def log(self, size=6000):
        with open(self.dir + "/log", errors="replace") as f:
            return f.read()[-size:]

    def signal(self, signo):
        self.p.send_signal(signo)

    def ended(self, seconds=10):
        """Its exit status, once it is over."""
        try:
            return self.p.wait(seconds * SLOW)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError("still running after %d s\n%s" % (seconds, self.log()))

    def stop(self):
        """As an administrator does; returns how long it took."""
        started = time.monotonic()
        self.signal(signal.SIGTERM)
        rc = self.ended()
        check(rc == 0, "SIGTERM: exit %s, wanted 0" % rc, self.log())
        return time.monotonic() - started

    def kill(self):
        if self.p is not None and self.p.poll() is None:
            self.p.kill()
            self.p.wait()

    def fds(self):
        return len(os.listdir("/proc/%d/fd" % self.p.pid))

    def rss(self):
        with open("/proc/%d/status" % self.p.pid) as f:
            return int(re.search(r"VmRSS:\s+(\d+)", f.read()).group(1)) * 1024

    # -- talking to it --

    def get(self, path, headers=None, **kw):
        return request(self.place, "GET", path, headers, **kw)

    def send(self, method, path, body=None, token=TOKEN, headers=None):
        h = dict(headers or {})
        if token:
            h["Authorization"] = "Bearer " + token
        return request(self.place, method, path, h, body)

    def status(self, domain, query=""):
        return self.get("/status/%s%s" % (domain, query)).doc()

    def follow(self, domain, what, wanted, seconds=20):
        """Long poll from revision to revision until wanted(document)."""
        deadline = time.monotonic() + seconds * SLOW
        d = self.status(domain)
        while not wanted(d):
            left = deadline - time.monotonic()
            check(left > 0, "%s did not become so in %d s: %s" % (domain, seconds, what), str(d), self.log())
            d = self.status(domain, "?wait=%d&since=%d" % (max(1, min(10, left)), d["revision"]))
        return d

    def becomes(self, domain, state, seconds=20):
        return self.follow(domain, state, lambda d: d["state"] == state, seconds)

    def history(self, domain, limit=200):
        """Every transition, newest first, page by page."""
        out, cursor = [], None
        while True:
            page = self.get("/history/%s?limit=%d%s" % (domain, limit, "&cursor=" + cursor if cursor else "")).is_(200).json()
            check(len(page["transitions"]) <= limit, "a page is no longer than asked for")
            out += page["transitions"]
            cursor = page["next"]
            if cursor is None:
                return out

    def events(self, path="/events", last_id=None):
        return Events(self.place, path, last_id)

    def metrics(self):
        """name{labels} -> value"""
        out = {}
        for line in self.get("/metrics").is_(200).text.splitlines():
            if line and not line.startswith("#"):
                name, value = line.rsplit(" ", 1)
                out[name] = float(value)
        return out

    def metric(self, name):
        m = self.metrics()
        check(name in m, "no metric " + name, sorted(m))
        return m[name]

    def sql(self, text):
        with contextlib.closing(sqlite3.connect("file:%s?mode=ro" % self.database, uri=True, timeout=10)) as db:
            return db.execute(text).fetchall()

    def integrity(self):
        check(self.sql("PRAGMA integrity_check") == [("ok",)], "integrity_check", self.sql("PRAGMA integrity_check"))


class Webhook:
    """A receiver of notify messages on loopback; answers with `status`, and remembers what came."""

    def __init__(self, lab, status=204):
        self.status, self.got = status, queue.Queue()
        hook = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                hook.got.put({"status": hook.status, "headers": {k.lower(): v for k, v in self.headers.items()},
                              "path": self.path, "data": json.loads(body), "at": time.time()})
                self.send_response(hook.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *args):
                pass
        self.server = http.server.ThreadingHTTPServer((lab.bed.address(19), next(PORTS)), Handler)
        self.url = "http://%s:%d/hook" % self.server.server_address
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *args):
        self.server.shutdown()
        self.server.server_close()

    def next(self, what, wanted=lambda m: True, seconds=20):
        deadline = time.monotonic() + seconds * SLOW
        while True:
            try:
                m = self.got.get(timeout=max(0.01, deadline - time.monotonic()))
            except queue.Empty:
                raise AssertionError("the webhook was not told: " + what)
            if wanted(m):
                return m


def unzip(reply):
    check(reply.header("content-encoding") == "gzip", "gzip was asked for", str(reply))
    return gzip.decompress(reply.body)


def lives(lab):
    """Skip when this program has no daemon mode."""
    with Daemon(lab, ["right.test"]) as d:
        if d.get("/status").status == 404:
            raise Skip("this version does not serve HTTP")
