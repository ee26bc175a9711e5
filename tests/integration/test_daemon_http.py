# SPDX-License-Identifier: ISC
"""test_daemon_http: what the running daemon says to whom, route by route."""

import http.client
import itertools
import json
import shutil
import socket
import subprocess
import threading
import time
from urllib.parse import quote

from daemon import TOKEN, Daemon, raw_request, unzip
from lab import RECORD_STATES, SLOW, STATES, VERDICTS, when
from tap import Skip, case, check, equal, table
import bed as beds

EVENTS = {"published", "visible", "complete", "regressed", "unknown", "recovered", "changed"}
OLD = {"autodiscover": "autodiscover IN CNAME www.example."}


class Shop:
    """One daemon that many cases look at: a domain in each state.  Nobody changes anything here."""
    lock, daemon = threading.Lock(), None

    @classmethod
    def open(cls, lab):
        with cls.lock:
            if cls.daemon is None:
                cls.complete, cls.unpublished = lab.domain(), lab.domain(drop=["mx"])
                cls.published = lab.domain(ttl=600, replace=OLD)
                lab.bed.caches["r1"].ask("autodiscover." + cls.published, "CNAME")
                lab.change(cls.published)
                cls.names = sorted([cls.complete, cls.unpublished, cls.published, "right.test", "m\u00fcnchen.right.test"])
                cls.daemon = Daemon(lab, cls.names).start()
        cls.daemon.becomes(cls.complete, "complete")
        cls.daemon.becomes(cls.unpublished, "unpublished")
        cls.daemon.becomes(cls.published, "published")
        return cls.daemon


# ---- /status ----

@case("daemon: GET /status lists all domains, a summary each")
def status_list(lab):
    d = Shop.open(lab)
    doc = d.get("/status").is_(200).json()
    got = {s["domain"]: s for s in doc["domains"]}
    equal(len(got), len(Shop.names), "domains", doc)
    for s in got.values():
        check(s["state"] in STATES and s["revision"] >= 0 and s["complete"] == (s["state"] == "complete"), "summary", s)
        check("records" not in s, "a summary has no records", s)
    equal(got[Shop.complete]["state"], "complete", "state", doc)
    equal(got[Shop.unpublished]["state"], "unpublished", "state", doc)
    equal(got[Shop.published]["state"], "published", "state", doc)
    check("xn--mnchen-3ya.right.test" in got, "names are A-labels", sorted(got))


@case("daemon: GET /status?state= and ?q= choose")
def status_filters(lab):
    d = Shop.open(lab)

    def names(query):
        return [s["domain"] for s in d.get("/status?" + query).is_(200).json()["domains"]]
    check(Shop.complete in names("state=complete") and Shop.unpublished not in names("state=complete"), "state=complete")
    equal(names("state=published"), [Shop.published], "state=published")
    equal(names("q=" + Shop.complete.split(".")[0] + "."), [Shop.complete], "q, a part of the name")
    equal(names("q=" + Shop.complete.split(".")[0].upper() + "."), [Shop.complete], "q without case")
    equal(names("q=no-such-domain"), [], "q that fits nothing")
    equal(names("q=%s&state=unpublished" % Shop.complete), [], "both hold")
    d.get("/status?state=nonsense").problem(400)


@case("daemon: GET /status?limit= and ?cursor= page through all domains, each once")
def status_pages(lab):
    d = Shop.open(lab)
    seen, cursor, pages = [], None, 0
    while True:
        doc = d.get("/status?limit=2" + ("&cursor=" + quote(cursor) if cursor else "")).is_(200).json()
        check(len(doc["domains"]) <= 2, "limit", doc)
        seen += [s["domain"] for s in doc["domains"]]
        cursor, pages = doc["next"], pages + 1
        if cursor is None:
            break
        check(pages < 10, "the pages end", seen)
    equal(len(seen), len(Shop.names), "all of them", seen)
    equal(len(set(seen)), len(seen), "each once", seen)
    for query in ("limit=0x", "limit=-1", "limit=two"):
        d.get("/status?" + query).problem(400)


@case("daemon: GET /status/{domain} is the status document")
def status_document(lab):
    d = Shop.open(lab)
    doc = d.status(Shop.published)
    equal(doc["domain"], Shop.published, "domain")
    for key in ("revision", "state", "since", "complete", "milestones", "progress", "eta", "eta_basis", "checked_at",
                "next_check", "records", "findings"):
        check(key in doc, "key " + key, sorted(doc))
    check(when(doc["milestones"]["published"]) <= time.time() and doc["milestones"]["complete"] is None, "milestones", doc)
    check(0 < when(doc["eta"]) - time.time() < 605, "ETA: when r1 forgets", str(doc))
    for r in doc["records"]:
        check(r["state"] in RECORD_STATES, "record state", r)
        check(all(c["verdict"] in VERDICTS for c in r["cells"]), "verdicts", r)
    equal(doc.verdicts("autodiscover", address=lab.bed.caches["r1"].address), {"stale"}, "the cell at r1", str(doc))
    equal(doc.verdicts("autodiscover", address=lab.bed.caches["r2"].address), {"ok"}, "the cell at r2", str(doc))
    check(all(c["confirmed"] >= 2 for c in doc.cells("mx", "resolver")), "MX is confirmed everywhere", doc.record("mx"))


@table("daemon: GET /status/{domain}?format=%s", [
    ("json", "application/json", lambda t: json.loads(t)["domain"]),
    ("text", "text/plain", lambda t: "autodiscover" in t and "\x1b" not in t),
    ("html", "text/html", lambda t: "<html" in t.lower() and "<script src=\"http" not in t),
    ("nagios", "text/plain", lambda t: t.startswith("M365DNS ") and " | " in t.splitlines()[0]),
])
def status_formats(lab, form, mime, right):
    d = Shop.open(lab)
    r = d.get("/status/%s?format=%s" % (Shop.published, form)).is_(200)
    equal(r.header("content-type").split(";")[0], mime, "Content-Type", str(r))
    check(right(r.text), "the body is of that kind", str(r))


@table("daemon: GET /status/{domain} by Accept: %s", [
    ("application/json", "application/json"),
    ("text/html,application/xhtml+xml,*/*;q=0.8", "text/html"),
    ("text/plain", "text/plain"),
    ("*/*", "application/json"),
    ("application/json;q=0.2, text/plain;q=0.7", "text/plain"),
])
def status_accept(lab, accept, mime):
    d = Shop.open(lab)
    r = d.get("/status/" + Shop.complete, {"Accept": accept}).is_(200)
    equal(r.header("content-type").split(";")[0], mime, "Content-Type", str(r))
    check("accept" in (r.header("vary") or "").lower(), "Vary tells caches so", str(r))


@case("daemon: a format that does not exist is a problem, and ?format= goes before Accept")
def status_format_unknown(lab):
    d = Shop.open(lab)
    d.get("/status/%s?format=yaml" % Shop.complete).problem(400, 404, 406)
    r = d.get("/status/%s?format=text" % Shop.complete, {"Accept": "application/json"}).is_(200)
    equal(r.header("content-type").split(";")[0], "text/plain", "Content-Type", str(r))


@case("daemon: names in the path are taken in any case, with a final dot and as U-labels")
def status_names(lab):
    d = Shop.open(lab)
    for name in (Shop.complete.upper(), Shop.complete + "."):
        equal(d.status(name)["domain"], Shop.complete, "domain for " + name)
    equal(d.status(quote("m\u00fcnchen.right.test"))["domain"], "xn--mnchen-3ya.right.test", "U-label")


@case("daemon: ETag is the revision, and If-None-Match of it is 304")
def status_etag(lab):
    d = Shop.open(lab)
    path = "/status/" + Shop.complete
    r = d.get(path).is_(200)
    etag = r.header("etag")
    check(etag and etag.startswith('"') and str(r.json()["revision"]) in etag, "ETag has the revision", str(r))
    for value in (etag, "W/" + etag, '"x", ' + etag, "*"):
        again = d.get(path, {"If-None-Match": value})
        if again.status == 200 and again.header("etag") != etag:
            continue        # it changed meanwhile: nothing to learn from this one
        equal((again.status, again.body), (304, b""), "If-None-Match: " + value, str(again))
        equal(again.header("etag"), etag, "ETag of the 304")
    d.get(path, {"If-None-Match": '"0-nonsense"'}).is_(200)
    text = d.get(path + "?format=text").header("etag")
    check(text != etag, "another representation, another ETag", text, etag)


@case("daemon: ?fail=503 turns not complete into 503, and nothing else")
def status_fail(lab):
    d = Shop.open(lab)
    r = d.get("/status/%s?fail=503" % Shop.unpublished).is_(503)
    equal(r.json()["state"], "unpublished", "the document comes all the same", str(r))
    d.get("/status/%s?fail=503" % Shop.published).is_(503)
    d.get("/status/%s?fail=503" % Shop.complete).is_(200)
    d.get("/status/%s?fail=503&format=text" % Shop.unpublished).is_(503)


@case("daemon: HEAD has the head of GET and no body")
def status_head(lab):
    d = Shop.open(lab)
    for path in ("/status", "/status/" + Shop.complete, "/metrics", "/-/healthy"):
        r = d.send("HEAD", path, token=None)
        equal((r.status, r.body), (200, b""), "HEAD " + path, str(r))


@table("daemon: a problem document for %s", [
    ("a domain not watched", "GET", "/status/nobody.test", 404),
    ("history of a domain not watched", "GET", "/history/nobody.test", 404),
    ("events of a domain not watched", "GET", "/events?domain=nobody.test", 404),
    ("a path that does not exist", "GET", "/nothing/here", 404),
    ("a name that is none", "GET", "/status/..", 404),
    ("a method that the path does not take", "POST", "/status", 405),
    ("a wait that is no number", "GET", "/status/right.test?wait=soon&since=1", 400),
    ("an until that does not exist", "GET", "/status/right.test?until=christmas&wait=1", 400),
])
def problems(lab, name, method, path, status):
    r = Shop.open(lab).send(method, path, token=None)
    r.problem(*((400, 404) if status == 404 else (status,)))
    if status == 405:
        check({"GET", "HEAD"} <= {m.strip() for m in (r.header("allow") or "").split(",")}, "Allow", str(r))


@case("daemon: headers that protect are on every answer")
def safe_headers(lab):
    d = Shop.open(lab)
    for path in ("/", "/status", "/status/" + Shop.complete, "/status/nobody.test", "/metrics", "/resolvers"):
        r = d.get(path)
        equal(r.header("x-content-type-options"), "nosniff", "nosniff on " + path, str(r))
        check("default-src" in (r.header("content-security-policy") or ""), "CSP on " + path, str(r))
        check(r.header("server") is None, "no Server header on " + path, str(r))
        check(r.header("access-control-allow-origin") is None, "no CORS on " + path, str(r))


# ---- long poll ----

@case("daemon: ?wait=&since= is woken by a change of the zone", slow=True)
def long_poll(lab):
    h = lab.front()
    name = lab.beside(h, alone=True, drop=["mx"])
    with Daemon(lab, [name], settings="interval_ceiling = 2\n") as d:
        doc = d.becomes(name, "unpublished")
        since = doc["revision"]
        old = d.get("/status/%s?wait=20&since=%d" % (name, since - 1)).is_(200)
        check(old.seconds < 2 * SLOW, "what is newer than since is told at once: %.1f s" % old.seconds)
        doc = d.follow(name, "at rest", lambda x: True)
        asked = time.monotonic()
        threading.Timer(0.5, lambda: lab.change(name)).start()
        published = d.follow(name, "published", lambda x: x["milestones"]["published"])
        took = time.monotonic() - asked
        check(0.4 < took < 6 * SLOW, "woken by the change, not by the deadline: %.1f s" % took)
        check(published["revision"] > since, "the revision has grown", published["revision"])
        done = d.get("/status/%s?until=complete&wait=20" % name).doc()
        equal(done["state"], "complete", "until=complete", str(done))
        again = d.get("/status/%s?until=complete&wait=20" % name)
        check(again.seconds < 2 * SLOW, "complete already: at once")


@case("daemon: a long poll that runs out answers with what is known", slow=True)
def long_poll_out(lab):
    d = Shop.open(lab)
    r = d.get("/status/%s?until=complete&wait=1" % Shop.published).is_(200, 304)
    check(0.9 < r.seconds < 3 * SLOW, "after the time asked for: %.2f s" % r.seconds)
    r = d.get("/status/%s?until=complete&wait=1&fail=503" % Shop.published).is_(503)
    revision = d.status(Shop.published)["revision"]
    r = d.get("/status/%s?wait=1&since=%d" % (Shop.published, revision)).is_(200, 304)
    check(r.seconds < 3 * SLOW, "answered: %.2f s" % r.seconds)


# ---- history and events ----

@case("daemon: /events tells transitions, /history keeps them, newest first and paged", slow=True)
def events_and_history(lab):
    h = lab.front()
    name, other = lab.beside(h, alone=True, drop=["mx"]), lab.domain(drop=["spf"])
    with Daemon(lab, [name, other], settings="interval_ceiling = 1\nguard_interval = 10\n") as d:
        d.becomes(name, "unpublished")
        d.becomes(other, "unpublished")
        all_events, its_events = d.events(), d.events("/events?domain=" + name)
        equal(all_events.reply.getheader("content-type").split(";")[0], "text/event-stream", "Content-Type")
        lab.change(name)
        d.send("POST", "/check/" + name).is_(200, 202, 204)
        complete = all_events.wait("complete", lambda t: t["domain"] == name and t["to"] == "complete")["data"]
        lab.change(name, drop=["mx"])
        d.send("POST", "/check/" + name)
        all_events.wait("regressed", lambda t: t["domain"] == name and t["record"] is None and t["event"] == "regressed")
        lab.change(other)
        d.send("POST", "/check/" + other)
        all_events.wait("the other domain", lambda t: t["domain"] == other and t["to"] == "complete")
        beside = its_events.transitions()
        check(beside and {t["domain"] for t in beside} == {name}, "?domain= keeps the others out", beside)
        for e in all_events.seen:
            equal(e.get("event"), "transition", "event", e)
            t = e["data"]
            check(e["id"] in (str(t["id"]), str(t["revision"])), "the event's id", e)
            check(set(t) >= {"id", "revision", "at", "domain", "record", "source", "from", "to", "event", "detail"}, "keys", t)
            check(t["event"] in EVENTS and t["from"] != t["to"], "event", t)
        ids = [t["id"] for t in all_events.transitions()]
        equal(sorted(ids), ids, "in order")
        history = d.history(name)
        by_id = {t["id"]: t for t in history}
        for t in all_events.transitions():
            if t["domain"] == name:
                equal(by_id.get(t["id"]), t, "what was told is kept as it was told")
        equal([t["id"] for t in history], sorted(by_id, reverse=True), "newest first, each once")
        equal([t["id"] for t in d.history(name, 1)], [t["id"] for t in history], "pages of one")
        states = [t["to"] for t in reversed(history) if t["record"] is None and t["source"] is None]
        check(states[-1] == "regressed" and "complete" in states, "the domain's own way", states)
        page = d.get("/history/%s?limit=1" % name).is_(200).json()
        equal(page["domain"], name, "domain", page)
        check(complete["id"] in by_id, "complete", history)
        d.get("/history/%s?limit=nonsense" % name).problem(400)
        for e in (all_events, its_events):
            e.stop()
        spread = {(s["record"], s["source"]): s for s in d.get("/history/" + other).json()["spread"]}
        check({(r, s) for r in ("spf", "mx", "autodiscover") for s in ("r1", "r2")} <= set(spread), "every operator", spread)
        for s in spread.values():
            check(s["visible"] is None or 0 <= s["seconds"] < 30, "seconds", s)


@table("daemon: /events%s with Last-Event-ID tells what was missed, also over kill -9", [("?domain=",), ("",)], slow=True)
def events_resume(lab, query):
    h = lab.front()
    name, other = lab.beside(h, alone=True, drop=["mx"]), lab.beside(h, alone=True, drop=["spf"])
    path = "/events" + (query + name if query else "")

    def of_it(rows):
        return [t["id"] for t in rows if not query or t["domain"] == name]
    with Daemon(lab, [name, other], settings="interval_ceiling = 1\nguard_interval = 10\n") as d:
        d.becomes(name, "unpublished")
        d.becomes(other, "unpublished")
        e = d.events(path)
        lab.change(name)
        lab.change(other)
        e.wait("complete", lambda t: t["to"] == "complete" and t["domain"] == name)
        beds.poll("the history is whole", lambda: [t for t in d.history(other) if t["to"] == "complete"])
        e.stop()
        e.join()
        seen = [x for x in e.seen if x.get("event") == "transition"]
        if query:
            for x in seen:
                equal(x["id"].split(".")[0], str(x["data"]["revision"]), "the id is the revision", x)
        known = sorted((t for n in (name, other) for t in d.history(n)), key=lambda t: t["id"])
        d.kill()
        d.start()
        for x in seen:          # wherever it was cut: also between two that were found by one look
            after = [i for i in of_it(known) if i > x["data"]["id"]]
            again = d.events(path, x["id"])
            if after:
                again.wait("the last one", lambda t: t["id"] == after[-1])
            equal([t["id"] for t in again.transitions()][:len(after)], after, "each once, in order, after " + x["id"])
            again.stop()
        again = d.events(path, seen[-1]["id"])
        lab.change(name, drop=["mx"])
        d.send("POST", "/check/" + name)
        again.wait("regressed", lambda t: t["record"] is None and t["event"] == "regressed" and t["domain"] == name)
        ids = [t["id"] for t in again.transitions()]
        equal(ids, sorted(set(ids)), "and then what is new, each once")
        again.stop()


# ---- /resolvers, /metrics, health ----

@case("daemon: GET /resolvers has health, RTT and counters")
def resolvers(lab):
    d = Shop.open(lab)
    doc = d.get("/resolvers").is_(200).json()
    equal({r["name"] for r in doc["resolvers"]}, {"r1", "r2"}, "resolvers", doc)
    for r in doc["resolvers"]:
        equal((r["health"], r["class"], r["view"]), ("up", "quorum", "public"), "r", r)
        check(r["rtt_ms"] is not None and r["rtt_ms"] >= 0 and r["answers"] > 0 and r["queries"] >= r["answers"], "numbers", r)
    equal({o["name"] for o in doc["operators"]}, {"r1", "r2"}, "operators", doc)
    network = doc["network"]
    equal((network["ipv4"]["udp"], network["ipv4"]["tcp"]), ("works", "works"), "IPv4", network)
    equal((network["offline"], network["intercepted"], network["problem"]), (False, False, None), "network", network)


@table("daemon: GET /metrics as %s", [
    ("Prometheus text", None, "text/plain", "version=0.0.4"),
    ("OpenMetrics", "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5",
     "application/openmetrics-text", "version=1.0.0"),
])
def metrics(lab, name, accept, mime, version):
    d = Shop.open(lab)
    r = d.get("/metrics", {"Accept": accept} if accept else {}).is_(200)
    kind = r.header("content-type").replace(" ", "")
    check(kind.startswith(mime) and version in kind, "Content-Type", kind)
    check(r.text.rstrip().endswith("# EOF") == (mime != "text/plain"), "the end of OpenMetrics", r.text[-200:])
    zipped = d.get("/metrics", {"Accept-Encoding": "gzip", **({"Accept": accept} if accept else {})})
    check(b"m365dnsd_build_info" in unzip(zipped) and len(zipped.body) < len(r.body), "gzip", len(zipped.body))
    plain = d.get("/metrics", {"Accept-Encoding": "gzip;q=0"})
    check(plain.header("content-encoding") is None, "gzip;q=0 is no gzip")


@case("daemon: the metrics say what is so, and promtool has nothing against them")
def metrics_values(lab):
    d = Shop.open(lab)
    m = d.metrics()
    for domain, state in ((Shop.complete, "complete"), (Shop.unpublished, "unpublished"), (Shop.published, "published")):
        rows = {s: m.get('m365dnsd_domain_state{domain="%s",state="%s"}' % (domain, s)) for s in STATES}
        equal([s for s in rows if rows[s]], [state], "domain_state of " + domain, rows)
    equal(m['m365dnsd_domain_visible_ratio{domain="%s"}' % Shop.complete], 1, "visible ratio")
    eta = 'm365dnsd_domain_eta_timestamp_seconds{domain="%s"}'
    check(0 < m[eta % Shop.published] - time.time() < 605, "ETA", m[eta % Shop.published])
    check(eta % Shop.unpublished not in m, "no ETA where none is known")
    equal(m['m365dnsd_record_published{domain="%s",record="mx",rrtype="MX"}' % Shop.unpublished], 0, "record_published")
    equal((m["m365dnsd_config_last_reload_successful"], m["m365dnsd_ready"]), (1, 1), "reload, ready")
    check(any(k.startswith("process_") for k in m), "process_*")
    if not shutil.which("promtool"):
        raise Skip("promtool is not installed (prometheus)")
    p = subprocess.run(["promtool", "check", "metrics"], input=d.get("/metrics").body, capture_output=True)
    equal((p.returncode, p.stdout + p.stderr), (0, b""), "promtool")


@case("daemon: promtool has nothing against the metrics of 0, 1 and 10,000 domains", slow=True)
def metrics_sizes(lab):
    if not shutil.which("promtool"):
        raise Skip("promtool is not installed (prometheus)")
    for n in (0, 1, 10000):
        domains = "".join('domain "d%05d.test" { services = {"exchange", "teams", "dkim"} }\n' % i for i in range(n))
        # whom to ask does not matter here: nobody at all is quickest
        with Daemon(lab, domains, resolvers=[lab.bed.hostile("silent")], settings="authorities = none\n", store=False) as d:
            for accept in (None, "application/openmetrics-text; version=1.0.0"):
                body = d.get("/metrics", {"Accept": accept} if accept else {}).is_(200).body
                equal(body.count(b'm365dnsd_domain_state{'), n * len(STATES), "series of %d domains" % n)
                if accept:
                    check(body.endswith(b"# EOF\n"), "OpenMetrics ends with EOF")
                    continue
                p = subprocess.run(["promtool", "check", "metrics"], input=body, capture_output=True)
                equal((p.returncode, p.stdout + p.stderr), (0, b""), "promtool on %d domains" % n)


@case("daemon: a scrape or a look at the status asks nobody anything")
def scrape_asks_nobody(lab):
    h = lab.front()
    name = lab.beside(h, alone=True)
    with Daemon(lab, [name]) as d:
        d.becomes(name, "complete")
        before = len(lab.bed.hostile_queries(h)), len(lab.bed.seen(name))
        for _ in range(50):
            for path in ("/metrics", "/status", "/status/" + name, "/resolvers", "/history/" + name):
                d.get(path).is_(200)
        equal((len(lab.bed.hostile_queries(h)), len(lab.bed.seen(name))), before, "questions at the authority and the caches")


@case("daemon: /-/healthy and /-/ready")
def health(lab):
    d = Shop.open(lab)
    d.get("/-/healthy").is_(200)
    d.get("/-/ready").is_(200)


# ---- who may ----

@table("daemon: Host: %s", [
    ("evil.example", 421), ("127.evil.example", 421), ("localhost.evil.example", 421), ("evil.example:{port}", 421),
    ("127.0.0.1.evil.example", 421), ("localhost", 200), ("localhost:{port}", 200), ("127.0.0.1:{port}", 200),
    ("[::1]:{port}", 200), ("LOCALHOST:{port}", 200), ("localhost:1", 421),
])
def host_check(lab, host, status):
    d = Shop.open(lab)
    host = host.format(port=d.place[1])
    answer = raw_request(d.place, b"GET /status HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n" % host.encode())
    equal(int(answer.split()[1]), status, "status for " + host, answer[:300].decode("utf-8", "replace"))


@case("daemon: hosts = adds names to the Host check")
def more_hosts(lab):
    with Daemon(lab, ["right.test"], settings='hosts = {"status.example.net"}\n') as d:
        d.get("/status", {"Host": "status.example.net"}).is_(200)
        d.get("/status", {"Host": "other.example.net"}).is_(421)


WRITES = [("POST", "/check/right.test"), ("POST", "/-/reload"), ("PUT", "/domains/new.test"), ("DELETE", "/domains/new.test")]


@table("daemon: %s only with the token", [("%s %s" % w, *w) for w in WRITES])
def token(lab, name, method, path):
    d = Shop.open(lab)
    r = d.send(method, path, token=None)
    r.problem(401)
    check("bearer" in (r.header("www-authenticate") or "").lower(), "WWW-Authenticate", str(r))
    for wrong in ("wrong", TOKEN + "x", TOKEN[:-1], TOKEN.upper()):
        d.send(method, path, token=wrong).problem(401, 403)
    for value in (TOKEN, "Basic " + TOKEN, "Bearer", "Bearer " + TOKEN + " x"):
        d.send(method, path, token=None, headers={"Authorization": value}).problem(400, 401, 403)
    d.send(method, path, headers={"Origin": "http://evil.example"}).problem(403, 421)


@case("daemon: without a token configured, what needs one is 403")
def no_token(lab):
    with Daemon(lab, ["right.test"], token=None) as d:
        for method, path in WRITES:
            d.send(method, path, token=None).problem(403)
            d.send(method, path, token="anything").problem(403)


@case("daemon: 30 clients that drip a byte at a time do not disturb the others, and are cut", slow=True)
def slow_clients(lab):
    with Daemon(lab, ["right.test"]) as d:
        d.becomes("right.test", "complete")
        usual = sorted(d.get("/status/right.test").seconds for _ in range(200))[197]
        drip = [socket.create_connection(d.place, 10) for _ in range(30)]
        data = itertools.cycle(b"GET /status HTTP/1.1\r\nHost: localhost\r\nX-Slow: " + b"x" * 400)
        started, cut, times = time.monotonic(), {}, []
        c = http.client.HTTPConnection(*d.place, timeout=10)
        while len(cut) < 30:
            now = time.monotonic()
            check(now - started < 9 * SLOW, "%d of 30 are still connected after 9 s" % (30 - len(cut)))
            byte = bytes([next(data)])
            for s in drip:
                if s in cut:
                    continue
                try:
                    s.setblocking(False)
                    s.send(byte)
                    s.recv(4096)        # a word about the deadline, or the end
                    cut[s] = time.monotonic() - started
                except BlockingIOError:
                    pass
                except OSError:
                    cut[s] = time.monotonic() - started
            for _ in range(10):
                asked = time.monotonic()
                c.request("GET", "/status/right.test")
                equal(c.getresponse().read()[:1], b"{", "a whole answer")
                times.append(time.monotonic() - asked)
            time.sleep(max(0, 0.2 - (time.monotonic() - now)))
        for s in drip:
            s.close()
        times.sort()
        p99 = times[len(times) * 99 // 100]
        check(p99 < max(0.05 * SLOW, 4 * usual), "p99 of the others %.1f ms" % (p99 * 1000))
        print("# 30 dripping clients: others' p99 %.1f ms (before: %.1f ms), cut after %.1f to %.1f s" % (
            p99 * 1000, usual * 1000, min(cut.values()), max(cut.values())), flush=True)
        equal(d.metric("m365dnsd_ready"), 1, "still there")


@case("daemon: /openapi.json describes every route, and what it describes is there")
def openapi(lab):
    d = Shop.open(lab)
    doc = d.get("/openapi.json").is_(200).json()
    if "paths" not in doc:
        raise Skip("this version's openapi.json is empty")
    for path in ("/status", "/status/{domain}", "/history/{domain}", "/resolvers", "/events", "/metrics", "/-/healthy", "/-/ready",
                 "/check/{domain}", "/-/reload", "/domains/{domain}"):
        check(path in doc["paths"], "described: " + path, sorted(doc["paths"]))
    for path, methods in doc["paths"].items():
        for method in methods:
            if method in ("get", "post", "put", "delete") and path != "/events":
                r = d.send(method.upper(), path.replace("{domain}", Shop.complete), token=None)
                check(r.status not in (404, 405, 501), "%s %s answers" % (method, path), str(r))


@case("daemon: GET / is one page without outside resources")
def dashboard(lab):
    r = Shop.open(lab).get("/")
    if r.status == 404:
        raise Skip("this version has no dashboard")
    equal(r.is_(200).header("content-type").split(";")[0], "text/html", "Content-Type", str(r))
    check("unsafe-inline" not in r.header("content-security-policy"), "strict CSP", str(r))
    check("src=\"http" not in r.text and "//cdn" not in r.text, "no outside resources", r.text[:2000])


@case("daemon: POST /check asks at once: a change is seen though the ceiling is long", slow=True)
def check_now(lab):
    h = lab.front()
    name = lab.beside(h, alone=True)
    with Daemon(lab, [name], settings="interval_ceiling = 3600\nguard_interval = 3600\n") as d:
        d.becomes(name, "complete")
        lab.change(name, drop=["mx"])
        time.sleep(1.5)     # guard 3600: nobody looks by himself
        equal(d.status(name)["state"], "complete", "not looked at yet")
        for state, change in (("regressed", None), ("complete", {})):
            if change is not None:
                lab.change(name, **change)
            asked = time.monotonic()
            r = d.send("POST", "/check/" + name).is_(200, 202, 204)
            d.becomes(name, state, 5)
            took = time.monotonic() - asked
            check(took < (2 if state == "regressed" else 3) * SLOW, "%s is seen after %.1f s" % (state, took), str(r))
        d.send("POST", "/check/nobody.test").problem(404)


# ---- /fix ----

FIX_TYPES = {"text": "text/plain", "zone": "text/dns", "nsupdate": "text/plain", "route53": "application/json",
             "terraform": "text/plain", "azure": "text/x-shellscript", "cloudflare": "text/dns", "json": "application/json"}


@case("daemon: GET /fix gives the changes in every format, with an ETag of its content")
def fix(lab):
    d = Shop.open(lab)
    for form, media in FIX_TYPES.items():
        path = "/fix/%s?format=%s" % (Shop.unpublished, form)
        r = d.get(path).is_(200)
        equal(r.header("content-type").split(";")[0], media, "media type of " + form, str(r))
        check("mail.protection.outlook.com" in r.text, "the MX is proposed: " + form, r.text)
        again = d.get(path, {"If-None-Match": r.header("etag")})
        equal((again.status, again.body), (304, b""), "If-None-Match: " + form, str(again))
    check("nothing to change" in d.get("/fix/" + Shop.complete).is_(200).text, "text is the default; nothing to mend")
    check(d.get("/fix/%s?format=route53" % Shop.complete).is_(204).text == "", "Route 53 takes no batch without changes")
    d.get("/fix/%s?format=xml" % Shop.complete).is_(404)
    d.get("/fix/unknown.test").is_(404)
