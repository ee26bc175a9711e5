# SPDX-License-Identifier: ISC
"""test_daemon_time: the ETA coming true on real caches, how soon it is seen, and how few questions that takes."""

import threading
import time
from collections import Counter

from daemon import Daemon
from lab import SLOW, when
from tap import case, check, equal, table


class Turning(threading.Thread):
    """Asks a cache, close to the moment that is expected, when it turned; counts its questions."""

    def __init__(self, cache, name, rtype, start):
        super().__init__(daemon=True)
        self.cache, self.domain, self.rtype, self.begin = cache, name, rtype, start
        self.asked, self.at = 0, None
        m = cache.ask(name, rtype)
        self.asked, self.old = 1, m.values(rtype)
        self.start()

    def run(self):
        time.sleep(max(0, self.begin - time.time()))
        while self.at is None:
            m = self.cache.ask(self.domain, self.rtype)
            self.asked += 1
            if m and m.values(self.rtype) != self.old:
                self.at = time.time()
            time.sleep(0.05)


def questions(lab, authority, name, turning):
    """(source, name, type) -> how often the daemon asked so far."""
    out = Counter((authority.name, n.lower(), kind) for _, n, kind, _, _ in lab.bed.hostile_queries(authority))
    out.update(lab.bed.seen(name))
    for t in turning:
        out[(t.cache.name, t.domain + ".", t.rtype)] -= t.asked
    return out


@table("daemon: the ETA of %s comes true within 2 s, is seen within 2 s, with a tenth of the questions", [
    ("a stale MX, TTL 20", 20, 60, {"replace": {"mx": "@ IN MX 10 mail.old.example."}}, "ttl"),
    ("an absent MX, minimum 15", 300, 15, {"drop": ["mx"]}, "negative-ttl"),
], slow=True)
def eta(lab, what, ttl, negative, old, basis):
    lasts = ttl if basis == "ttl" else negative
    h = lab.front()
    name = lab.beside(h, alone=True, ttl=ttl, negative=negative, **old)
    caches = [lab.bed.caches[r] for r in ("r1", "r2")]
    with Daemon(lab, [name], settings="interval_floor = 5\n") as d:
        d.becomes(name, "unpublished")
        d.follow(name, "all but MX", lambda x: x.record("spf")["state"] == "visible")
        asked = [q for q in lab.bed.seen(name) if q[2] == "MX"]
        check(not asked, "no cache is asked for MX before the authorities are right", asked)
        turning = []
        for c in caches:        # two caches that learn it at two moments
            turning.append(Turning(c, name, "MX", time.time() + lasts - 2))
            time.sleep(1.5)
        before, started = questions(lab, h, name, turning), time.time()
        lab.change(name)
        doc = d.follow(name, "stale at both", lambda x: [c["verdict"] for c in x.cells("mx", "resolver")] == ["stale"] * 2, 9)
        equal(doc["eta_basis"], basis, "what rules", str(doc))
        predicted = when(doc["eta"])
        done = d.becomes(name, "complete", lasts + 15)
        seen_at = time.time()
        for t in turning:
            t.join(30)
            check(t.at, "the cache turned", t.name)
        last = max(t.at for t in turning)
        check(abs(predicted - last) <= 2, "ETA %+.2f s from the moment the last cache turned" % (predicted - last), str(done))
        detected = seen_at - last
        check(detected <= 2 * SLOW, "complete is told %.2f s after the last cache turned" % detected, str(done))
        # A poller asks for the three required records at the authority and at both caches, once a second.
        asked = questions(lab, h, name, turning) - before
        ours, poller = sum(asked.values()), 3 * 3 * (seen_at - started)
        print("# %s: ETA %+.2f s off, seen %.2f s after the last cache turned; %d questions in %.1f s, a poller's %d (%.1f %%)" % (
            what, predicted - last, detected, ours, seen_at - started, poller, 100 * ours / poller), flush=True)
        check(ours <= poller / 10, "%d questions, a poller's %d" % (ours, poller), asked)


@case("daemon: the predicted and the actual moment are both in the history's spread", slow=True)
def measured(lab):
    name = lab.domain(ttl=4, replace={"autodiscover": "autodiscover IN CNAME www.example."})
    lab.bed.caches["r1"].ask("autodiscover." + name, "CNAME")
    lab.change(name)
    with Daemon(lab, [name]) as d:
        d.becomes(name, "complete", 15)
        spread = {(s["record"], s["source"]): s for s in d.get("/history/" + name).is_(200).json()["spread"]}
        r1 = spread.get(("autodiscover", "r1"))
        check(r1 and r1["visible"], "autodiscover at r1", spread)
        check(0 <= r1["seconds"] <= 10 * SLOW, "seconds", r1)
        if d.p.poll() is None:
            rows = d.sql("SELECT name FROM sqlite_schema WHERE type = 'table'")
            check(any("predict" in r[0] for r in rows), "predictions are stored", rows)


@case("daemon: a published record that is lost is noticed within the guard interval", slow=True)
def guard(lab):
    name = lab.domain()
    with Daemon(lab, [name], settings="guard_interval = 10\n") as d:
        d.becomes(name, "complete")
        lab.change(name, drop=["mx"])
        lost = time.time()
        d.becomes(name, "regressed", 16)
        check(time.time() - lost < 13 * SLOW, "after %.1f s" % (time.time() - lost))
        lab.change(name)
        d.becomes(name, "complete", 60)
