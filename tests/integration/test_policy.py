# SPDX-License-Identifier: ISC
"""test_policy: the MTA-STS policy, fetched from a real HTTPS server on loopback."""

import http.server
import os
import shutil
import ssl
import subprocess
import threading

from daemon import Daemon
from records import zone_text
from tap import Skip, case, check, equal, table

RIGHT = "version: STSv1\nmode: %s\nmx: *.mail.protection.outlook.com\nmax_age: 604800\n"
OLD = "version: STSv1\nmode: %s\nmx: mail.old.example\nmax_age: 604800\n"
PATH = "/.well-known/mta-sts.txt"

# name -> what the host answers: a policy, a status, or both with a header
HOSTS = {
    "right": RIGHT % "enforce",
    "crlf": (RIGHT % "enforce").replace("\n", "\r\n"),
    "old": OLD % "enforce",
    "testing": OLD % "testing",
    "none": "version: STSv1\nmode: none\nmax_age: 0\n",
    "broken": "version: STSv1\nmode: enforce\n",
    "long": RIGHT % "enforce" + "x: " + "y" * 70000 + "\n",
    "flood": "headers",
    "absent": 404,
    "moved": 301,
    "daemon": OLD % "enforce",
    "off": OLD % "enforce",
    "unasked": OLD % "enforce",
}


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        name = self.headers.get("Host", "").split(":")[0].split(".")[1][4:]
        self.server.seen.append((name, self.path))
        what = HOSTS.get(name, 404)
        if isinstance(what, int):
            self.send_response(what)
            self.send_header("Location", "https://mta-sts.sts-right.test:%d%s" % (self.server.server_port, PATH))
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        if what == "headers":
            return self.flood()
        body = what.encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        try:
            self.wfile.write(body)
        except OSError:
            pass

    def flood(self):
        """Header lines until the client has had enough."""
        self.server.flooded = 0
        self.wfile.write(b"HTTP/1.1 200 OK\r\n")
        try:
            while self.server.flooded < 100 << 20:
                self.server.flooded += self.wfile.write(b"X-Header: %s\r\n" % (b"x" * 1000) * 16)
        except OSError:
            pass

    def log_message(self, *args):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, address):
        pass


lock = threading.Lock()


def serve(lab):
    """The one server of all cases: (server, address, the file of who signed its certificate)."""
    with lock:
        if not hasattr(lab, "policies"):
            lab.policies = start(lab)
    return lab.policies


def start(lab):
    if shutil.which("openssl") is None:
        raise Skip("no openssl to make a certificate with")
    key, cert = lab.bed.dir + "/policy.key", lab.bed.dir + "/policy.crt"
    names = ",".join("DNS:mta-sts.sts-%s.test" % n for n in HOSTS)
    made = subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", cert, "-days", "2",
                           "-subj", "/CN=policies", "-addext", "subjectAltName=" + names], capture_output=True)
    check(made.returncode == 0, "a certificate", made.stderr)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    server = Server((lab.bed.address(251), 0), Handler)
    server.seen = []
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server, lab.bed.address(251), cert


def publish(lab, name, address=None, services="exchange,mta-sts", **kw):
    server, own, _ = serve(lab)
    d = "sts-%s.test" % name
    lab.bed.zone(d, zone_text(d, services, replace={"mta-sts-host": "mta-sts IN A " + (address or own)}, **kw))
    return d


def look(lab, d, extra="", services='"exchange", "mta-sts"', trust=True):
    server, _, cert = serve(lab)
    conf = 'policy_port = %d\n%sdomain "%s" { tenant = "contoso" services = {%s} }\n' % (server.server_port, extra, d, services)
    env = {"SSL_CERT_FILE": cert if trust else os.devnull}
    return lab.with_config(conf, env=env)


@table("the MTA-STS policy: %s", [
    ("right", 0, None, None),
    ("crlf", 0, None, None),
    ("none", 0, None, None),
    ("old", 2, "mta-sts-mx-mismatch", "error"),
    ("testing", 0, "mta-sts-mx-mismatch", "warning"),
    ("broken", 0, "mta-sts-policy", "warning"),
    ("long", 0, "mta-sts-policy", "warning"),
    ("flood", 0, "mta-sts-policy", "warning"),
    ("absent", 0, "mta-sts-policy", "warning"),
    ("moved", 0, "mta-sts-policy", "warning"),
])
def policy(lab, name, rc, code, severity):
    d = look(lab, publish(lab, name)).exits(rc).doc()
    seen = [p for n, p in serve(lab)[0].seen if n == name]
    equal(seen, [PATH], "fetched once", str(d))
    got = [(f["code"], f["severity"]) for f in d["findings"] if f["code"].startswith("mta-sts")]
    equal(got, [(code, severity)] if code else [], "findings", str(d))


@case("the MTA-STS policy: a host that sends headers without end is not listened to for long")
def flood(lab):
    doc = look(lab, publish(lab, "flood")).exits(0).doc()
    check("65536 bytes of headers" in str(doc), "said", str(doc))
    check(serve(lab)[0].flooded < 10 << 20, "left alone soon", serve(lab)[0].flooded)


@case("the MTA-STS policy: a certificate that nobody known has signed")
def untrusted(lab):
    d = publish(lab, "right")
    doc = look(lab, d, trust=False).exits(0).doc()
    check({"mta-sts-policy", "mta-sts-undetermined"} & doc.codes("warning", "mta-sts"), "said", str(doc))


@case("the MTA-STS policy: the certificate of another host")
def other_host(lab):
    server, address, _ = serve(lab)
    d = "sts-stranger.test"
    lab.bed.zone(d, zone_text(d, "exchange,mta-sts", replace={"mta-sts-host": "mta-sts IN A " + address}))
    doc = look(lab, d).exits(0).doc()
    equal(doc.codes("warning", "mta-sts"), {"mta-sts-policy"}, "said", str(doc))
    check(not [n for n, _ in server.seen if n == "stranger"], "nothing was asked behind it", server.seen)


@case("the MTA-STS policy: not fetched where it was not asked for")
def unasked(lab):
    d = publish(lab, "unasked")
    look(lab, d, services='"exchange"').exits(0)
    d = publish(lab, "off")
    doc = look(lab, d, extra="mta_sts_policy = no\n").exits(0).doc()
    check(not [n for n, _ in serve(lab)[0].seen if n in ("unasked", "off")], "nobody was asked", serve(lab)[0].seen)
    check(not [c for c in doc.codes() if c.startswith("mta-sts")], "and nothing said", str(doc))


@case("the MTA-STS policy: an address that is nobody's is never contacted")
def nobody(lab):
    d = "sts-inside.test"
    lab.bed.zone(d, zone_text(d, "exchange,mta-sts", replace={"mta-sts-host": "mta-sts IN A 169.254.169.254"}))
    r = look(lab, d).exits(0)
    equal({f["severity"] for f in r.doc()["findings"] if f["code"] == "mta-sts-undetermined"}, {"info"}, "said", str(r))
    check(r.seconds < 4, "and not waited for", str(r))


@case("the MTA-STS policy: nobody listens at its host")
def closed(lab):
    d = "sts-closed.test"
    lab.bed.zone(d, zone_text(d, "exchange,mta-sts", replace={"mta-sts-host": "mta-sts IN A " + lab.bed.closed}))
    doc = look(lab, d).exits(0).doc()
    equal(doc.codes("warning", "mta-sts"), {"mta-sts-undetermined"}, "said", str(doc))


@case("daemon: the MTA-STS policy is fetched, and fetched again when somebody has mended it", slow=True)
def mended(lab):
    server, _, cert = serve(lab)
    d = publish(lab, "daemon")
    block = 'domain "%s" { tenant = "contoso" services = {"exchange", "mta-sts"} }\n' % d
    with Daemon(lab, block, settings="policy_port = %d\n" % server.server_port, before=["env", "SSL_CERT_FILE=" + cert]) as m:
        doc = m.follow(d, "the policy is said to be wrong", lambda doc: "mta-sts-mx-mismatch" in doc.codes("error", "mta-sts"))
        check(doc["state"] in ("unpublished", "pending"), "not published", str(doc))
        equal(doc.record("mta-sts")["state"], "unpublished", "state of the record", str(doc))
        HOSTS["daemon"] = RIGHT % "enforce"
        m.send("POST", "/check/" + d).is_(202, 200, 204)
        doc = m.becomes(d, "complete")
        equal([c for c in doc.codes() if c.startswith("mta-sts")], [], "findings", str(doc))
