# SPDX-License-Identifier: ISC
"""test_daemon_life: start, reload, domains added by HTTP, stop, restart, kill -9."""

import contextlib
import http.client
import json
import os
import random
import re
import signal
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from daemon import LONG, PORTS, TOKEN, Daemon, request
from lab import SLOW
from records import domain_key, right, zone_text
from tap import Skip, case, check, equal, table
import bed as beds


# ---- start and stop ----

@case("daemon: SIGTERM and SIGINT end it with 0, under load, in less than 5 s", slow=True)
def sigterm(lab):
    for signo in (signal.SIGTERM, signal.SIGINT):
        with Daemon(lab, ["right.test"] + [lab.domain(drop=["mx"]) for _ in range(3)]) as d:
            stop = threading.Event()
            clients = [threading.Thread(target=load, args=(d, stop), daemon=True) for _ in range(3)]
            for c in clients:
                c.start()
            events = d.events()
            polls = threading.Thread(target=quietly, args=(d.get, "/status/right.test?wait=60&until=published&since=99999"),
                                     daemon=True)
            polls.start()
            started = time.monotonic()
            d.signal(signo)
            rc = d.ended()
            took = time.monotonic() - started
            stop.set()
            equal(rc, 0, "exit after %s" % signo.name, d.log())
            check(took < 5 * SLOW, "ended after %.1f s" % took)
            events.join(5)
            check(events.ended, "the event stream is ended")


def quietly(f, *args):
    try:
        return f(*args)
    except (OSError, http.client.HTTPException):
        return None


def load(d, stop, paths=("/status", "/status/right.test", "/metrics")):
    """A client that asks as fast as it can, until the daemon ends."""
    while not stop.is_set():
        for path in paths:
            r = quietly(d.get, path)
            if r is None:
                time.sleep(0.02)
            elif r.status != 200:
                stop.failed = r


@case("daemon: a second one on the same store is refused, with the first one's pid")
def second(lab):
    with Daemon(lab, ["right.test"]) as d, Daemon(lab, ["right.test"]) as e:
        e.stop()
        e.database = d.database
        e.write(e.blocks)
        e.start(ready=False)
        check(e.ended() != 0, "refused", e.log())
        check(str(d.p.pid) in e.log(), "the words name the pid %d" % d.p.pid, e.log())
        d.get("/-/ready").is_(200)


@table("daemon: it does not start, and says why: %s", [
    ("a mistake in the file", lambda t: t + 'domain "a.test" { servcies = {"exchange"} }\n', "servcies", 64),
    ("a syntax error", lambda t: t + 'domain "a.test" {\n', "m365dnsd.conf:", 64),
    ("an address for everybody without a token", lambda t: re.sub('(?m)^listen = {"[0-9.]+', 'listen = {"0.0.0.0', re.sub(
        "(?m)^token_file.*$", "", t)), "listen_public", None),
    ("a port that is taken", lambda t: t, "in use", None),
    ("a directory of the store that does not exist", lambda t: t.replace("/m365dnsd.db", "/none/m365dnsd.db"), "none", None),
    ("a token file that does not exist", lambda t: t.replace("/token", "/no-token"), "no-token", None),
])
def bad_start(lab, name, change, words, rc):
    d = Daemon(lab, ["right.test"])
    with open(d.conf) as f:
        text = f.read()
    d.replace(d.conf, change(text))
    with socket.create_server(d.place) if "taken" in name else contextlib.nullcontext():
        d.start(ready=False)
        got = d.ended()
    check(got == rc if rc else got != 0, "exit %d" % got, d.log())
    check(words in d.log(), "the words: " + words, d.log())


@case("daemon: it works without a store")
def no_store(lab):
    with Daemon(lab, ["right.test"], store=False) as d:
        d.becomes("right.test", "complete")
        d.get("/status").is_(200)
        d.get("/history/right.test").is_(200, 404, 503)
        check(d.stop() < 5 * SLOW, "ends")


# ---- reload ----

def until_gone(d, domain):
    """Wait for news of the domain, again and again, until it is not watched any more: how long the last wait was."""
    r, took = d.get("/status/" + domain), 0
    while r.status != 404:
        began = time.monotonic()
        r = d.get("/status/%s?wait=45&since=%d" % (domain, r.doc()["revision"]), timeout=60)
        took = time.monotonic() - began
    return took


@table("daemon: reload by %s: a good file holds, a bad one changes nothing", [("SIGHUP",), ("POST /-/reload",)], slow=True)
def reload(lab, how):
    a, b = lab.domain(), lab.domain()
    with Daemon(lab, [a]) as d:
        before = d.becomes(a, "complete")
        seen = len(lab.bed.seen(a))

        def again(good):
            if how == "SIGHUP":
                d.signal(signal.SIGHUP)
                return None
            r = d.send("POST", "/-/reload")
            if good:
                return r.is_(200, 202, 204)
            r.problem(400, 409, 422, 500)
            return r
        good = d.blocks
        d.write(good + 'domain "%s" {}\n' % b)
        again(True)
        beds.poll("the new domain", lambda: d.get("/status/" + b).status == 200)
        d.becomes(b, "complete")
        equal(d.metric("m365dnsd_config_last_reload_successful"), 1, "reload_successful")
        d.write(good + 'domain "%s" { services = {"exchnage"} }\n' % b)
        r = again(False)
        beds.poll("the metric", lambda: d.metric("m365dnsd_config_last_reload_successful") == 0)
        check("m365dnsd.conf:" in d.log() and "exchnage" in d.log(), "the log says where and why", d.log())
        check(r is None or "m365dnsd.conf:" in r.text, "and so does the reply", str(r))
        check("m365dnsd.conf:" in (d.get("/status").json()["daemon"]["config"]["problem"] or ""), "and /status")
        equal(d.status(b)["state"], "complete", "the old configuration stays")
        with ThreadPoolExecutor(1) as pool:
            waits = pool.submit(until_gone, d, b)
            d.write(good)
            again(True)
            beds.poll("the domain is gone", lambda: d.get("/status/" + b).status == 404)
            check(waits.result() < 20 * SLOW, "who waits for it learns that at once", waits.result())
        equal(d.metric("m365dnsd_config_last_reload_successful"), 1, "reload_successful")
        now = d.status(a)
        equal((now["state"], now["since"], now["milestones"]), (before["state"], before["since"], before["milestones"]),
              "what did not change keeps its state")
        equal(len(lab.bed.seen(a)), seen, "and its caches are not asked again")


@case("daemon: reload: another catalog for many domains: HTTP is served meanwhile, PUT waits, a second one comes after it", slow=True)
def reload_many(lab):
    many = "".join('domain "d%d.nowhere.test" { services = {"teams"} }\n' % i for i in range(1500))
    put = lab.domain()

    def catalog(word):
        with open("etc/catalog.conf", encoding="utf-8") as f, open(d.dir + "/catalog.new", "w", encoding="utf-8") as g:
            g.write(f.read().replace("sipdir.online.lync.com", "sipdir.%s.lync.com" % word))
        os.rename(d.dir + "/catalog.new", d.dir + "/catalog")

    def wants(name, word):
        return "sipdir.%s.lync.com" % word in d.get("/status/" + name).text
    with Daemon(lab, [lab.domain()]) as d:
        catalog("first")
        d.settings += 'catalog = "%s/catalog"\n' % d.dir
        d.write(d.blocks + many)
        d.send("POST", "/-/reload").is_(200)
        check(wants("d1499.nowhere.test", "first"), "the catalog of the file")
        with ThreadPoolExecutor(4) as pool:
            catalog("second")
            one = pool.submit(d.send, "POST", "/-/reload")
            added = pool.submit(d.send, "PUT", "/domains/" + put, body='services = {"teams"}')
            d.get("/-/ready").is_(200)
            catalog("third")
            d.signal(signal.SIGHUP)
            two = pool.submit(d.send, "POST", "/-/reload")
            while not two.done():
                d.get("/-/ready").is_(200)
            one.result().is_(200)
            added.result().is_(201)
            two.result().is_(200)
        for name in ("d0.nowhere.test", "d1499.nowhere.test", put):
            check(wants(name, "third"), "the last catalog holds for " + name)
        equal(d.get("/status?limit=1").json()["total"], 1502, "domains")
        d.write(d.blocks + many.replace("teams", "intune"))
        d.signal(signal.SIGHUP)
        d.get("/-/ready").is_(200)
        d.stop()


@case("daemon: reload: addresses, hosts, the token and history_days hold at once; the database at the next start", slow=True)
def reload_access(lab):
    with Daemon(lab, ["right.test"]) as d:
        first, second, settings = d.place, (lab.bed.address(19), next(PORTS)), d.settings
        was = d.events()

        def again(place, more, *status):
            d.place, d.settings = place, settings + more
            d.write(d.blocks)
            d.place = first
            return d.send("POST", "/-/reload").is_(*status)

        def token(word):
            with open(d.dir + "/token", "w") as f:
                f.write(word + "\n")
        d.get("/status", {"Host": "dns.example.net"}).problem(421)
        again(first, 'hosts = {"dns.example.net"}\nhistory_days = 7\n', 200)
        d.get("/status", {"Host": "dns.example.net"}).is_(200)
        token("another-word")
        again(first, "", 200)
        d.get("/status", {"Host": "dns.example.net"}).problem(421)
        d.send("POST", "/check/right.test").problem(401)
        d.send("POST", "/check/right.test", token="another-word").is_(202)
        token(TOKEN)
        d.send("POST", "/-/reload", token="another-word").is_(200)
        os.rename(d.dir + "/token", d.dir + "/kept")
        check("token" in again(first, "", 500).problem(500)["detail"], "without its token nothing changes")
        os.rename(d.dir + "/kept", d.dir + "/token")
        again(second, "", 200)
        d.place = second
        d.get("/-/ready").is_(200)
        check(not was.ended, "a connection to the old address goes on")
        try:
            request(first, "GET", "/-/ready")
            raise AssertionError("the old address still listens")
        except ConnectionRefusedError:
            pass
        with socket.create_server(second[:1] + (next(PORTS),)) as taken:
            d.place = taken.getsockname()
            d.write(d.blocks)
            d.place = second
            check("in use" in d.send("POST", "/-/reload").problem(500)["detail"], "an address that is taken")
        d.get("/-/ready").is_(200)
        d.database, was_database = d.database + ".other", d.database
        d.write(d.blocks)
        d.send("POST", "/-/reload").is_(200)
        check("database has changed" in d.log(), "the database is said to be for the next start", d.log())
        d.database = was_database
        was.stop()


@case("daemon: many reloads under load: descriptors and memory do not grow", slow=True)
def reloads(lab):
    rounds = 1000 if LONG else 120
    names = [lab.domain() for _ in range(5)]
    with Daemon(lab, names) as d:
        for n in names:
            d.becomes(n, "complete")
        seen, before = len(lab.bed.seen(names[0])), d.status(names[0])
        stop = threading.Event()
        stop.failed = None
        client = threading.Thread(target=load, args=(d, stop, ("/status", "/status/" + names[0], "/metrics")), daemon=True)
        client.start()
        fds = rss = 0
        for i in range(rounds + 40):
            if i == 40:
                fds, rss = d.fds(), d.rss()
            if i % 10 == 5:
                d.write(d.blocks + 'domain "%s" { }\n' % names[1])     # twice: an error
                d.send("POST", "/-/reload").is_(400, 409, 422, 500)
                d.write(d.blocks.rsplit("domain", 1)[0])
            elif i % 10 == 6:
                d.signal(signal.SIGHUP)
            else:
                d.send("POST", "/-/reload").is_(200, 202, 204)
        grown = d.rss() - rss
        stop.set()
        client.join()
        check(stop.failed is None, "the load was served all the while", str(stop.failed))
        check(d.fds() <= fds + 1, "descriptors: %d, then %d" % (fds, d.fds()))
        print("# %d reloads: RSS %.1f MB, grown by %d kB; %d descriptors" % (rounds, rss / 1e6, grown // 1024, d.fds()), flush=True)
        # A sanitizer keeps what was freed.
        check(SLOW > 1 or grown < max(rss // 100, 512 * 1024), "RSS %d, grown by %d" % (rss, grown))
        now = d.status(names[0])
        equal((now["since"], now["revision"]), (before["since"], before["revision"]), "the state is the same")
        equal(len(lab.bed.seen(names[0])), seen, "no cache was asked again")
        equal(d.metric("m365dnsd_config_last_reload_successful"), 1, "the last one was good")


# ---- domains by HTTP ----

def written(d):
    """Wait until the store has nothing left to write."""
    beds.poll("nothing waits for the disk", lambda: d.get("/status").json()["daemon"]["store"]["queued"] == 0)


@case("daemon: a PUT and a DELETE that were answered are kept, whatever comes next")
def put_kill(lab):
    with Daemon(lab, ["right.test"]) as d:
        d.becomes("right.test", "complete")
        for _ in range(5):
            name = lab.name()
            for method, body, status, then in ("PUT", "", 201, 200), ("PUT", 'services = {"none"}', 200, 200), \
                    ("DELETE", None, 204, 404):
                d.send(method, "/domains/" + name, body).is_(status)
                d.kill()
                d.start()
                equal(d.get("/status/" + name).status, then, "%s %s, then kill -9" % (method, body), d.log())
                if method == "PUT":
                    equal(d.status(name).required() == [], body != "", "with its block")


@case("daemon: PUT and DELETE /domains/{domain} persist over a restart; files win", slow=True)
def put_delete(lab):
    a, b, c = lab.domain(), lab.domain(), lab.domain(drop=["autodiscover"])
    with Daemon(lab, [a]) as d:
        d.send("PUT", "/domains/" + b, "").is_(200, 201, 204)
        d.send("PUT", "/domains/" + c, 'services = {"none"}\n').is_(200, 201, 204)
        d.becomes(b, "complete")
        equal(d.status(c).required(), [], "its own settings hold", str(d.status(c)))
        d.send("PUT", "/domains/" + c, 'services = {"exchange"}\n').is_(200, 201, 204)
        changed = d.follow(c, "not complete", lambda x: x["state"] in ("unpublished", "regressed"))
        bad = d.send("PUT", "/domains/" + c, 'services = {"exchnage"}\n').problem(400, 422)
        check("exchnage" in bad["detail"], "the words say what", bad)
        for body in ('}\ndomain "x.test" {', 'include("/etc/passwd")', "listen = {\"0.0.0.0:1\"}"):
            d.send("PUT", "/domains/" + c, body).problem(400, 422)
        d.send("PUT", "/domains/..", "").problem(400, 404)
        d.send("PUT", "/domains/" + a, "").problem(409)
        d.send("DELETE", "/domains/" + a).problem(409)
        d.send("DELETE", "/domains/nobody.test").problem(404)
        equal(d.send("POST", "/-/reload").status // 100, 2, "a reload")
        equal(d.status(b)["state"], "complete", "is kept by a reload")
        written(d)
        d.kill()
        d.start()
        check(d.get("/status/" + b).status == 200, "is kept over kill -9", d.log())
        equal(d.status(b)["state"], "complete", "with its state")
        d.stop()
        d.start()
        equal(d.status(c)["state"], changed["state"], "and over a restart")
        d.send("DELETE", "/domains/" + b).is_(200, 204)
        d.get("/status/" + b).problem(404)
        d.stop()
        d.write(d.blocks + 'domain "%s" { services = {"none"} }\n' % c)
        d.start()
        d.get("/status/" + b).problem(404)
        equal(d.status(c).required(), [], "the file wins")
        check(c in d.log() and "file" in d.log(), "and it is said", d.log())
        d.send("PUT", "/domains/" + c, "").problem(409)


# ---- restart ----

def kept(d, name, state):
    """The history, once that state of the domain is in it and nothing follows: the disk comes a moment after /status."""
    def there():
        rows = d.history(name)
        time.sleep(0.5)
        return rows if rows == d.history(name) and any(t["record"] is None and t["to"] == state for t in rows) else None
    return beds.poll("history of " + state, there)


@case("daemon: restart: state, revision and history go on, nobody is told or asked again", slow=True)
def restart(lab):
    h = lab.front()
    name = lab.beside(h, alone=True, drop=["mx"])
    with Daemon(lab, [name]) as d:
        d.becomes(name, "unpublished")
        lab.change(name)
        d.send("POST", "/check/" + name)
        d.becomes(name, "complete")
        for end in (d.stop, d.kill):
            if end == d.kill:
                time.sleep(2.5)         # cells that merely got younger are written within two seconds
            before, history = d.status(name), kept(d, name, "complete")
            end()
            asked = len(lab.bed.hostile_queries(h)), len(lab.bed.seen(name))
            d.start()
            check(d.seconds_to_ready < 2 * SLOW, "ready after %.2f s" % d.seconds_to_ready)
            now, events = d.status(name), d.events()
            for key in ("state", "since", "milestones", "complete"):
                equal(now[key], before[key], "%s after %s" % (key, end.__name__))
            check(now["revision"] >= before["revision"], "the revision does not fall", before["revision"], now["revision"])
            equal({(c["source"], r["id"]): c["values"] for r in now["records"] for c in r["cells"]},
                  {(c["source"], r["id"]): c["values"] for r in before["records"] for c in r["cells"]}, "the cells")
            time.sleep(1.5)
            equal(d.history(name), history, "nothing is announced again after " + end.__name__)
            equal(events.transitions(), [], "no events")
            equal(len(lab.bed.seen(name)), asked[1], "nobody asks caches what is fresh, after " + end.__name__)
            equal(len(lab.bed.hostile_queries(h)), asked[0], "nor the authority", lab.bed.hostile_queries(h)[asked[0]:])
            events.stop()
        d.integrity()


@case("daemon: a transition that happened while it was down is told once", slow=True)
def changed_while_down(lab):
    h = lab.front()
    name = lab.beside(h, alone=True)
    with Daemon(lab, [name], settings="guard_interval = 10\n") as d:
        d.becomes(name, "complete")
        d.stop()
        lab.change(name, drop=["mx"])
        d.start()
        d.send("POST", "/check/" + name)
        d.becomes(name, "regressed")
        kept(d, name, "regressed")
        d.kill()
        d.start()
        d.becomes(name, "regressed")
        d.send("POST", "/check/" + name)
        time.sleep(1)
        rows = [t for t in d.history(name) if t["record"] is None and t["event"] == "regressed"]
        equal(len(rows), 1, "told once", rows)


# ---- kill -9 ----

class Flapping:
    """Domains that turn from right to wrong and back as fast as the daemon looks: an authority and a cache, both of ours."""

    def __init__(self, lab, n):
        self.names = [lab.name() for _ in range(n)]
        a = self.authority = lab.bed.hostile()
        self.ns = lab.bed.host(a)
        a.change(zone=self.zone(True))
        self.cache = lab.bed.hostile(zone=self.zone(True), resolver=True)
        lab.bed.publish(*(beds.Zone(name, "", servers=(), delegation=(a,), ns=(a,), stubs=[]) for name in self.names))
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)

    def zone(self, is_right):
        out = "$TTL 1\n"
        for i, name in enumerate(self.names):
            out += "$ORIGIN %s.\n@ 1 IN SOA %s h 1 1 1 60 1\n@ IN NS %s\n" % (name, self.ns, self.ns)
            out += right(name) if is_right == bool(i % 2) else zone_text(name, drop=["mx"])
        return out + BESIDE % (self.ns.split(".")[0], self.authority.address) + "".join(
            "%s.mail.protection IN A 192.0.2.25\n" % domain_key(name) for name in self.names)

    def run(self):
        is_right = False
        while not self.over.wait(random.uniform(0.7, 1.6)):
            zone = self.zone(is_right)
            self.authority.change(zone=zone)
            self.cache.change(zone=zone)
            is_right = not is_right

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *args):
        self.over.set()
        self.thread.join()


# What else their cache must know: the name server, and where the records point to.
BESIDE = """$ORIGIN hosting.test.
@ IN SOA ns h 1 60 60 60 60
%s IN A %s
$ORIGIN outlook.com.
@ IN SOA ns h 1 60 60 60 60
spf.protection IN TXT "v=spf1 ip4:40.92.0.0/15 -all"
autodiscover IN A 192.0.2.40
"""


def identity(t):
    return tuple(t[k] for k in ("domain", "revision", "record", "source", "from", "to", "event"))


@table("daemon: kill -9 at random moments, %s: nothing told is lost, nothing is told twice", [
    ("first half", 1), ("second half", 2)], slow=True)
def kill_loop(lab, name, seed):
    kills, dice = 100 if LONG else max(10, 30 // SLOW), random.Random(seed)
    with Flapping(lab, 8) as zones:
        hook = "%s/hook%d" % (lab.bed.dir, next(lab.count))
        with open(hook, "w") as f:
            f.write('#!/bin/sh\nread line\nprintf "%%s\\n" "$line" >>%s.out\n' % hook)
        open(hook + ".out", "w").close()
        os.chmod(hook, 0o755)
        notify = 'notify "ops" { command = "%s" events = {"published", "complete", "regressed", "recovered"} }\n' % hook
        with Daemon(lab, zones.names, resolvers=(zones.cache,), extra=notify,
                    settings="interval_ceiling = 1\nguard_interval = 10\n") as d:
            told, shown, worst = {}, {n: {} for n in zones.names}, 0
            for one in zones.names:
                beds.poll("something is known of each", lambda: d.history(one))
            for i in range(kills):
                events, revisions = d.events(), dict.fromkeys(zones.names, 0)
                waiter = threading.Thread(target=quietly, args=(d.get, "/status/%s?wait=9&since=999999" % zones.names[0]))
                waiter.start()
                rest = i % 10 == 9       # long enough for all to be written once
                deadline = time.monotonic() + (3.5 if rest else dice.expovariate(1 / 0.45)) * SLOW
                while time.monotonic() < deadline:
                    one = dice.choice(zones.names)
                    quietly(d.send, "POST", "/check/" + one)
                    now = d.status(one)
                    check(now["revision"] >= revisions[one], "a revision falls", revisions[one], str(now))
                    revisions[one] = now["revision"]
                    shown[one][now["revision"]] = now["state"]
                    time.sleep(0.02)
                d.kill()
                events.join(5)
                waiter.join(5)
                for t in events.transitions():
                    check(told.setdefault(t["id"], t) == t, "one id, one transition", told[t["id"]], t)
                d.start()
                worst = max(worst, d.seconds_to_ready)
                check(d.seconds_to_ready < 2 * SLOW, "ready after %.2f s" % d.seconds_to_ready, d.log())
                for one, revision in revisions.items():
                    now = d.status(one)["revision"]
                    check(now >= revision, "the revision of %s was %d, and is %d after the restart" % (one, revision, now))
            d.integrity()
            d.kill()
            with open(hook + ".out") as f:
                lines = f.read().splitlines()
            d.start()
            history = {t["id"]: t for n in zones.names for t in d.history(n)}
            d.kill()
    for line in lines:
        try:
            t = json.loads(line)
        except ValueError:
            continue        # the hook's own end
        plain = {k: t[k] for k in history[t["id"]]} if t["id"] in history else t
        check(told.setdefault(t["id"], plain) == plain, "the hook is told the same", plain, told[t["id"]])
    lost = [t for i, t in sorted(told.items()) if history.get(i) != t]
    check(not lost, "%d of %d transitions told are not in the history" % (len(lost), len(told)), lost[:5])
    double = {}
    for t in history.values():
        double.setdefault(identity(t), []).append(t["id"])
    double = {k: v for k, v in double.items() if len(v) > 1}
    check(not double, "told under two ids", double)
    for n in zones.names:
        way = [t for _, t in sorted(history.items()) if t["domain"] == n and t["record"] is None and t["source"] is None]
        for a, b in zip(way, way[1:]):
            check(a["to"] == b["from"] and a["revision"] < b["revision"], "the states of %s follow from each other" % n, a, b)
        for revision, state in shown[n].items():
            before = [t["to"] for t in way if t["revision"] <= revision]
            equal(state, before[-1] if before else "pending", "%s: /status told of revision %d what was kept" % (n, revision), way)
    print("# %d kills: %d transitions told, %d in the history, %d told to the hook, ready again in at most %.2f s" % (
        kills, len(told), len(history), len(lines), worst), flush=True)
    check(len(told) > kills // 3, "there was something to lose: %d told" % len(told))
