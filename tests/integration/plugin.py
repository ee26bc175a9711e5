#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""
plugin.py BUILDDIR [PATTERN]: check_m365dnsd against a server that answers what a case wants.  TAP on stdout, 1 when a test failed.

The documents are those of tests/golden, or one of our own with something changed.  The server tells the time of the golden files
in its Date header, so nothing depends on the clock.
"""

import calendar
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time

from tap import Skip, check, equal, run, table, case

BUILD = sys.argv[1] if len(sys.argv) > 1 else "build"
PLUGIN = os.path.join(BUILD, "check_m365dnsd")
GOLDEN = os.path.join(os.path.dirname(__file__), "..", "golden")
NOW = "Sat, 21 Nov 2026 10:20:30 GMT"


def golden(name):
    with open(os.path.join(GOLDEN, name + ".json"), "rb") as f:
        return f.read()


def changed(name, **members):
    """A golden document with members of its top level changed; a member that is Ellipsis goes."""
    doc = json.loads(golden(name))
    doc.update(members)
    return json.dumps({k: v for k, v in doc.items() if v is not ...}).encode()


def reply(body, status="200 OK", date=NOW, length=None, kind="application/json"):
    lines = ["HTTP/1.1 " + status, "Content-Type: " + kind, "Connection: close",
             "Content-Length: %d" % (len(body) if length is None else length)]
    if date:
        lines.append("Date: " + date)
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body


class Server:
    """Answers every request with the same bytes; None: never answers.  Keeps the first request."""

    def __init__(self, answer, path=None):
        self.answer, self.request, self.held = answer, b"", []
        if path:
            self.listener = socket.socket(socket.AF_UNIX)
            self.listener.bind(path)
            self.where = path
        else:
            self.listener = socket.socket()
            self.listener.bind(("127.0.0.1", 0))
            self.where = "127.0.0.1:%d" % self.listener.getsockname()[1]
        self.listener.listen(4)
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        while True:
            try:
                s = self.listener.accept()[0]
            except OSError:
                return
            while b"\r\n\r\n" not in self.request:
                data = s.recv(65536)
                if not data:
                    break
                self.request += data
            if self.answer is None:
                self.held.append(s)
                continue
            s.sendall(self.answer)
            s.close()

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for s in self.held:
            s.close()
        self.thread.join()


class Result:
    def __init__(self, arguments, env=None):
        began = time.monotonic()
        p = subprocess.run([PLUGIN] + arguments, stdin=subprocess.DEVNULL, capture_output=True, timeout=60,
                           env=dict(os.environ, **(env or {})))
        self.seconds = time.monotonic() - began
        self.code, self.out, self.err = p.returncode, p.stdout.decode("ascii"), p.stderr.decode()
        self.first = self.out.split("\n")[0]

    def expect(self, code, pattern):
        word = ["OK", "WARNING", "CRITICAL", "UNKNOWN"][code]
        equal(self.code, code, "exit", self.out)
        check(self.first.startswith("M365DNS %s: " % word), "the first line begins with its status", self.first)
        check(re.search(pattern, self.out), "the output has /%s/" % pattern, self.out)
        equal(self.err, "", "standard error")
        return self


def ask(answer, arguments, env=None):
    server = Server(answer)
    try:
        return Result(["-H", server.where, "-D", "contoso.test"] + arguments, env), server.request.decode()
    finally:
        server.close()


# ---- every exit code ----

@table("state: %s", [
    ("complete", "complete-idn", 0, r"^M365DNS OK: xn--mnchen-3ya.test complete, 1/1 published, 100% visible \| "),
    ("published", "published", 1,
     r"^M365DNS WARNING: contoso.test published, 3/3 published, 79% visible, ETA 2026-11-21T10:25Z \| "),
    ("unpublished", "unpublished", 2, r"^M365DNS CRITICAL: contoso.test unpublished, 0/2 published, 0% visible, "),
    ("regressed", "hostile", 2, r"^M365DNS CRITICAL: contoso.test regressed, 0/1 published"),
    ("unknown", "unknown", 3, r"^M365DNS UNKNOWN: fabrikam.test unknown, 0/1 published"),
    ("pending", "pending", 3, r"^M365DNS UNKNOWN: contoso.test pending, 0/2 published"),
    ("no required records yet", "empty", 3, r"^M365DNS UNKNOWN: contoso.onmicrosoft.com pending, 0/0 published"),
])
def states(lab, name, document, code, pattern):
    result, request = ask(reply(golden(document)), [])
    result.expect(code, pattern)
    equal(result.out.count("\n"), 1, "lines without -v", result.out)
    check(request.startswith("GET /status/contoso.test?format=json HTTP/1.1\r\n"), "the request", request)


ERROR = {"code": "mx-extra", "severity": "error", "record": "mx", "title": "t", "detail": "d|d\n\u00e9", "advice": "a",
         "evidence": [], "sources": []}
WARN = dict(ERROR, code="ttl-long", severity="warning", record=None)


@table("option: %s", [
    ("--pending=ok", "published", ["--pending=ok"], 0, "OK: contoso.test published"),
    ("--pending=CRITICAL", "published", ["--pending=CRITICAL"], 2, "published"),
    ("deadline not yet", "published", ["--deadline=61", "--pending=ok"], 0, "published"),
    ("deadline over", "published", ["--deadline", "59s", "--pending=ok"], 2, "published"),
    ("deadline of what is complete", "complete-idn", ["-d1"], 0, "complete"),
    ("-w, inside", "published", ["-P", "ok", "-w", "79:"], 0, "visible=79%;79:; "),
    ("-w, outside", "published", ["-P", "ok", "-w", "80:"], 1, "visible=79%;80:; "),
    ("-c, outside", "published", ["-P", "ok", "-w", "80:", "-c", "~:50"], 2, "visible=79%;80:;~:50 "),
    ("-c of what is complete", "complete-idn", ["-c", "@100"], 2, "visible=100%;;@100 "),
    ("-c, plain number", "complete-idn", ["-c", "99"], 2, "visible=100%;;99 "),
    ("-c, no start", "complete-idn", ["-c", ":100"], 0, "visible=100%;;:100 "),
    ("-w does not mend", "unpublished", ["-w", "0:"], 2, "unpublished"),
    ("-w does not hide what is unknown", "unknown", ["-c", "100:"], 3, "unknown"),
])
def options(lab, name, document, arguments, code, pattern):
    ask(reply(golden(document)), arguments)[0].expect(code, pattern)


@table("document: %s", [
    ("an error finding decides", changed("complete-idn", findings=[WARN, ERROR]), 2, r"visible, mx-extra \(mx\) \| "),
    ("several of them", changed("complete-idn", findings=[ERROR, ERROR, ERROR]), 2, r"mx-extra \(mx\) and 2 more \| "),
    ("a warning finding does not", changed("complete-idn", findings=[WARN]), 0, r"visible \| .* warnings=1"),
    ("not quite everything", changed("published", progress={"published": 1, "visible": 0.999}), 1, "99% visible"),
    ("three intervals old", changed("complete-idn", checked_at="2026-11-21T07:19:29Z", next_check="2026-11-21T08:19:30Z"), 3,
     "data is 3h 1m old, "),
    ("not three intervals old", changed("complete-idn", checked_at="2026-11-21T07:20:29Z", next_check="2026-11-21T08:20:30Z"), 0,
     "age=10801s"),
    ("short intervals have a floor", changed("published", checked_at="2026-11-21T10:05:31Z", next_check="2026-11-21T10:05:36Z"), 1,
     "age=899s"),
    ("and an end", changed("published", checked_at="2026-11-21T10:05:29Z", next_check="2026-11-21T10:05:34Z"), 3, "data is 15m old"),
    ("no next check", changed("complete-idn", checked_at="2026-11-21T10:00:00Z", next_check=None), 3, "data is 20m old"),
    ("from the future", changed("complete-idn", checked_at="2026-11-21T11:00:00Z"), 0, "age=0s"),
    ("ETA that is over", changed("published", eta="2026-11-21T10:20:00Z"), 1, "eta=0s"),
    ("text that would break the line", changed("unpublished", domain="a|b\nc\u00fc.test", findings=[]), 2,
     r"^M365DNS CRITICAL: a/b\?c\?.test unpublished"),
])
def documents(lab, name, document, code, pattern):
    ask(reply(document), [])[0].expect(code, pattern)


@case("--max-age")
def max_age(lab):
    old = reply(changed("complete-idn", checked_at="2026-11-21T10:00:30Z"))
    ask(old, [])[0].expect(0, "age=1200s")
    ask(old, ["--max-age=20m"])[0].expect(0, "age=1200s")
    ask(old, ["--max-age=1199"])[0].expect(3, "data is 20m old, xn--mnchen-3ya.test complete")


@case("without a Date header our own clock counts")
def own_clock(lab):
    stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    ask(reply(changed("complete-idn", checked_at=stamp, next_check=None), date=None), [])[0].expect(0, r"age=\ds")
    ask(reply(changed("complete-idn", checked_at="2020-01-01T00:00:00Z", next_check=None), date=None), [])[0].expect(3, "data is ")


# ---- no document ----

PROBLEM = json.dumps({"type": "about:blank", "status": 404, "title": "Not Found", "detail": "contoso.test is not watched"}).encode()


@table("no document: %s", [
    ("not watched", reply(PROBLEM, "404 Not Found"), "HTTP 404: contoso.test is not watched"),
    ("no token", reply(b"no", "401 Unauthorized"), "HTTP 401$"),
    ("error", reply(b"", "500 Oops"), "HTTP 500$"),
    ("redirect", b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n", "HTTP 302$"),
    ("nothing", b"", "Empty reply"),
    ("another protocol", b"SSH-2.0-OpenSSH\r\n", "HTTP/0.9"),
    ("cut off", reply(golden("published"), length=100000), "(?i)transfer closed|end of response"),
    ("empty", reply(b""), "no status document"),
    ("no JSON", reply(b"<html>"), "no status document"),
    ("half of it", reply(golden("published")[:1000]), "no status document"),
    ("a list", reply(b"[]"), "no status document"),
    ("not UTF-8", reply(b'{"domain":"\xff"}'), "no status document"),
    ("other JSON", reply(b'{"hello":"world"}'), "no status document"),
    ("several domains", reply(golden("many")), "no status document"),
    ("no such state", reply(changed("complete-idn", state="perfect")), "no status document"),
    ("no findings", reply(changed("complete-idn", findings=...)), "no status document"),
    ("findings of a wrong type", reply(changed("complete-idn", findings={})), "no status document"),
    ("ratio of a wrong type", reply(changed("complete-idn", progress={"visible": "1"})), "no status document"),
    ("ratio out of range", reply(changed("complete-idn", progress={"visible": 1e300})), "no status document"),
    ("too deep", reply(b"[" * 100000), "no status document"),
])
def no_document(lab, name, answer, pattern):
    ask(answer, ["-vvv"])[0].expect(3, pattern)


@case("no document: endless")
def endless(lab):
    body = b'{"x":"' + b"x" * (17 << 20)
    server = Server(b"HTTP/1.1 200 OK\r\n\r\n")
    server.answer += body
    try:
        Result(["-H", server.where, "-D", "contoso.test"]).expect(3, ".")
    except BrokenPipeError:
        pass
    finally:
        server.close()


@case("refused: UNKNOWN")
def refused(lab):
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        Result(["-H", "127.0.0.1", "-p", str(s.getsockname()[1]), "-D", "contoso.test"]).expect(3, "connect")


@case("silence: UNKNOWN in the time of -t")
def silence(lab):
    result, _ = ask(None, ["-t", "1"])
    result.expect(3, "(no answer from 127.0.0.1:.* within 1 s|timed out)$")     # on a busy machine the alarm comes first
    check(result.seconds < 5, "soon", result.seconds)


@case("a reply that drips: UNKNOWN in the time of -t")
def drip(lab):
    result, _ = ask(reply(b"{", length=100).replace(b"Connection: close\r\n", b""), ["-t", "1"])
    result.expect(3, ".")
    check(result.seconds < 5, "soon", result.seconds)


# ---- where ----

@case("where: URL, port, socket, IPv6")
def where(lab):
    directory = tempfile.mkdtemp()
    server, local = Server(reply(golden("complete-idn"))), Server(reply(golden("complete-idn")), os.path.join(directory, "s"))
    host, port = server.where.split(":")
    try:
        for arguments in [["-H", "http://" + server.where], ["-H", "http://%s/" % server.where], ["-H", host, "-p", port],
                          ["--hostname=" + server.where, "--port=1"], ["-H", local.where]]:
            Result(arguments + ["-D", "contoso.test"]).expect(0, "complete")
        check(b"Host: localhost\r\n" in local.request, "Host over a socket", local.request)
    finally:
        server.close()
        local.close()
        shutil.rmtree(directory)
    for host, shown in [("::1", "::1 port 1"), ("[::1]", "::1 port 1"), ("[::1]:2", "::1 port 2")]:
        Result(["-H", host, "-p", "1", "-D", "contoso.test"]).expect(3, shown)


@case("the name is escaped, the token sent, no proxy asked")
def request(lab):
    server = Server(reply(golden("complete-idn")))
    with tempfile.NamedTemporaryFile("w") as f:
        f.write("s3cret\n")
        f.flush()
        try:
            Result(["-H", server.where, "-D", "a/../b?c d\u00fc", "-a", f.name],
                   {"http_proxy": "http://127.0.0.1:1/"}).expect(0, "complete")
        finally:
            server.close()
    text = server.request.decode()
    check(text.startswith("GET /status/a%2F..%2Fb%3Fc%20d%C3%BC?format=json HTTP/1.1\r\n"), "the request", text)
    check("\r\nAuthorization: Bearer s3cret\r\n" in text, "the token", text)
    Result(["-D", "x", "-a", "/does/not/exist"]).expect(3, "/does/not/exist: No such file")


# ---- arguments ----

@table("argument: %s", [(" ".join(a) or "none", a, p) for a, p in [
    ([], "which domain"), (["-D", ""], "which domain"), (["-D"], "-D needs a value"), (["-Q"], "-Q is no option"),
    (["-vQ", "-D", "x"], "-Q is no option"), (["--nonsense"], "--nonsense is no option"), (["--help=x"], "--help=x is no option"),
    (["-D", "x", "y"], '"y" is one argument too many'), (["-D", "x", "-w", "10:5"], "is no range"),
    (["-D", "x", "-w", ""], "is no range"), (["-D", "x", "-w", ":"], "is no range"), (["-D", "x", "-c", "1e5"], "is no range"),
    (["-D", "x", "-c", "nan"], "is no range"), (["-D", "x", "-c", "1,5"], "is no range"), (["-D", "x", "-t", "0"], "is no time"),
    (["-D", "x", "-t", "-1"], "is no time"), (["-D", "x", "-t", "ten"], "is no time"),
    (["-D", "x", "--pending=unknown"], "none of ok, warning, critical"), (["-D", "x", "-d", "soon"], "is no time"),
]])
def arguments(lab, name, arguments, pattern):
    Result(arguments).expect(3, pattern)


@table("%s ends with 3 and goes to stdout", [("--help", "Usage: check_m365dnsd"), ("-h", "--deadline=TIME"),
                                             ("--version", r"^check_m365dnsd \d+\.\d+"), ("-V", r"^check_m365dnsd \d+\.\d+")])
def talk(lab, option, pattern):
    result = Result([option])
    equal(result.code, 3, "exit")
    check(re.search(pattern, result.out), "says " + pattern, result.out)
    equal(result.err, "", "standard error")


# ---- how much ----

@case("-v names findings, -vv explains them, -vvv lists the records")
def verbose(lab):
    answer = reply(changed("published", findings=[WARN, ERROR, dict(ERROR, code="spf-syntax")]))
    result = ask(answer, ["-v"])[0].expect(2, r"visible, .*mx-extra \(mx\), spf-syntax \(mx\), ttl-long \| ")
    equal(result.out.count("\n"), 1, "lines", result.out)
    ask(answer, ["-vv"])[0].expect(2, r"\nwarning ttl-long: d/d\?\?\n  -> a\nerror mx-extra mx: d/d\?\?\n  -> a\n")
    result = ask(answer, ["-vvv"])[0].expect(2, r"\nspf TXT required: visible\n")
    check("\nasked: http://127.0.0.1:" in result.out, "the question", result.out)


# ---- performance data, by our own reading and by that of the Perl library ----

def perfdata(line):
    values = {}
    for item in line.split(" | ")[1].split(" "):
        m = re.fullmatch(r"([a-z_]{1,19})=(-?[0-9.]+)(s|%|)((;[-0-9.:~@]*){0,4})", item)
        check(m, "performance data: " + item)
        check(m.group(1) not in values, "a label stands once: " + item)
        values[m.group(1)] = m.group(2) + m.group(3)
    return values


DOCUMENTS = ["complete-idn", "published", "unpublished", "hostile", "unknown", "pending", "empty"]


@table("performance data: %s", [(d,) for d in DOCUMENTS])
def performance(lab, document):
    result = ask(reply(golden(document)), ["-w", "100:", "-c", "@~:50"], {"LC_ALL": "de_DE.UTF-8"})[0]
    values = perfdata(result.first)
    for label in ["published", "visible", "unknown", "errors", "warnings", "time"]:
        check(label in values, "has " + label, result.first)
    if document == "published":
        del values["time"]
        equal(values, {"published": "3", "visible": "79%", "unknown": "0", "errors": "0", "warnings": "1", "eta": "287s",
                       "age": "2s"}, "values")


PARSE = """
use Monitoring::Plugin::Performance;
for (Monitoring::Plugin::Performance->parse_perfstring($ARGV[0])) {
    printf "%s=%s%s;%s;%s;%s;%s\n", $_->label, $_->value, $_->uom // "", $_->warning // "", $_->critical // "", $_->min // "",
        $_->max // "";
}
"""


@table("performance data as Monitoring::Plugin reads it: %s", [(d,) for d in DOCUMENTS])
def performance_perl(lab, document):
    if not shutil.which("perl") or subprocess.run(["perl", "-MMonitoring::Plugin::Performance", "-e1"], capture_output=True).returncode:
        raise Skip("libmonitoring-plugin-perl is not installed")
    line = ask(reply(golden(document)), ["-w", "100:", "-c", "10:"])[0].first
    text = line.split(" | ")[1]
    out = subprocess.run(["perl", "-e", PARSE, text], capture_output=True, text=True, timeout=60).stdout
    # It drops zeros at the end of a fraction, and we may leave out semicolons at the end.
    wanted = [re.sub(r"(\.\d*?)0+s", lambda m: m.group(1).rstrip(".") + "s", item) + ";" * (4 - item.count(";"))
              for item in text.split(" ")]
    equal(out.split("\n")[:-1], wanted, "what the library reads")


def main():
    if not os.access(PLUGIN, os.X_OK):
        print("1..0 # SKIP %s is not built" % PLUGIN)
        return 1
    assert calendar.timegm(time.strptime(NOW, "%a, %d %b %Y %H:%M:%S GMT")) == 1795256430
    return 1 if run(None, sys.argv[2] if len(sys.argv) > 2 else "", 4) else 0


if __name__ == "__main__":
    sys.exit(main())
