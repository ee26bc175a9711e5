# SPDX-License-Identifier: ISC
"""test_time: stale caches, the ETA coming true, --wait."""

import os
import pty
import signal
import time

from lab import SLOW, when
from tap import case, check, equal, table
import bed as beds

OLD = {"autodiscover": "autodiscover IN CNAME www.example."}


def stale(lab, ttl=7, caches=("r1",), **old):
    """A domain that is right, and caches that have the former answer for ttl seconds more."""
    name = lab.domain(ttl=ttl, negative=ttl, **old)
    for c in caches:
        m = lab.bed.caches[c].ask("autodiscover." + name, "CNAME")
        check(m is not None, "the cache answers")
    planted = time.time()
    lab.change(name)
    return name, planted


@table("a cache holds %s: stale, with an ETA", [
    ("the old value", {"replace": OLD}, "ttl", "NOERROR"),
    ("the absence", {"drop": ["autodiscover"]}, "negative-ttl", "NXDOMAIN"),
])
def stale_cell(lab, name, old, basis, rcode):
    domain, planted = stale(lab, 40, **old)
    d = lab.once(domain).exits(1).doc()
    equal(d["state"], "published", "state", str(d))
    r1 = d.cells("autodiscover", address=lab.bed.caches["r1"].address)[0]
    r2 = d.cells("autodiscover", address=lab.bed.caches["r2"].address)[0]
    equal((r1["verdict"], r1["rcode"], r2["verdict"]), ("stale", rcode, "ok"), "cells", str(d))
    check(r1["ttl"] <= 40, "TTL as the cache counts it", r1)
    check(abs(when(r1["eta"]) - planted - 40) < 3, "ETA of the cell: %+.1f s" % (when(r1["eta"]) - planted - 40), r1)
    equal(d["eta"], r1["eta"], "ETA of the domain", str(d))
    equal(d["eta_basis"], basis, "what rules", str(d))
    equal(d.record("autodiscover")["visible"], 0.5, "visible", str(d))
    check(not d.codes("error"), "a stale cache is no error", str(d))
    check(d.codes("info") & {"cache-stale", "negative-cache"}, "explained", str(d))


@table("--wait: the ETA comes true for %s", [
    ("an old value", {"replace": OLD}), ("an absence", {"drop": ["autodiscover"]})], slow=True)
def wait(lab, name, old):
    domain, planted = stale(lab, 9, caches=("r1", "r2"), **old)
    eta = when(lab.once(domain).exits(1).doc()["eta"])
    r = lab.run("--wait=30s", "--format", "json", domain).exits(0)
    end = time.time()
    d = r.doc()
    equal(d["state"], "complete", "state", str(d))
    check(d["milestones"]["complete"], "the moment is told", d["milestones"])
    check(-3 < end - eta < 3 * SLOW, "complete %+.1f s from the ETA" % (end - eta), str(d))
    check(len(lab.bed.seen("autodiscover." + domain, ["r1"])) <= 8, "not asked while it cannot change",
          lab.bed.seen("autodiscover." + domain))


@case("--wait sees the record being published", slow=True)
def wait_publish(lab):
    h = lab.front()
    domain = lab.beside(h, alone=True, drop=["mx"])
    p = lab.start_program("--wait=40s", "--format", "json", domain)
    lab.until(p, "the first question for MX", lambda: [q for q in lab.bed.hostile_queries(h) if q[2] == "MX"])
    lab.change(domain)
    r = lab.end(p).exits(0)
    check(r.seconds < 15 * SLOW, "within %.1f s" % r.seconds)


@case("--wait sees the domain being delegated", slow=True)
def wait_delegation(lab):
    name = lab.name()
    p = lab.start_program("--wait=60s", "--format", "json", name)
    beds.poll("it is told that the delegation is missing", lambda: b"delegation-missing" in os.read(p.stderr.fileno(), 4096))
    lab.domain(name=name)
    lab.end(p).exits(0)


@table("--wait goes on while %s is dead, and ends when it answers", [("the only resolver",), ("the only authority",)], slow=True)
def wait_dead(lab, who):
    if who == "the only resolver":
        h = lab.cache("silent")
        p = lab.start_program("--wait=60s", "--format", "json", "right.test", resolvers=(h,))
    else:
        h = lab.front("silent")
        p = lab.start_program("--wait=60s", "--format", "json", lab.beside(h, alone=True))
    lab.until(p, "it was asked", lambda: lab.bed.hostile_queries(h))
    beds.poll("it is called unknown", lambda: b"unknown" in os.read(p.stderr.fileno(), 4096), 30)
    h.change(do="truth")
    lab.end(p).exits(0)


@case("a record lost again while caches are waited for: regressed", slow=True)
def regressed(lab):
    domain, _ = stale(lab, 90, replace=OLD)
    p = lab.start_program("--wait=60s", "--format", "json", domain)
    lab.until(p, "the other cache was asked", lambda: [q for q in lab.bed.seen("autodiscover." + domain) if q[0] == "r2"])
    lab.change(domain, drop=["mx"])
    beds.poll("it is told", lambda: b"regressed" in os.read(p.stderr.fileno(), 4096), 50)
    p.send_signal(signal.SIGINT)
    r = lab.end(p).exits(2)
    equal(r.doc()["state"], "regressed", "state", str(r))
    equal(r.doc().record("mx")["state"], "regressed", "state of mx", str(r))


@case("one good answer of two caches behind one address does not end a wait", slow=True)
def wait_pool(lab):
    old = "right.test. 600 IN SOA ns1.hosting.test. h.right.test. 1 60 60 60 60\nright.test. 4 IN MX 10 mail.old.example.\n"
    h = lab.cache(rules=[{"name": "right.test.", "type": "MX", "do": "pool", "arg": old}])
    r = lab.run("--wait=12s", "--format", "json", "right.test", resolvers=("r1", h)).exits(4)
    equal(r.doc().record("mx")["state"], "published", "state of mx", str(r))


@table("a TTL at the edge: %s", [("0", 0), ("2^31-1", 2147483647), ("2^31", 2147483648), ("2^32-1", 4294967295)])
def edge_ttl(lab, name, ttl):
    old = "right.test. %d IN SOA ns1.hosting.test. h.right.test. 1 60 60 60 60\nright.test. %d IN MX 10 mail.old.example.\n"
    h = lab.cache(rules=[{"name": "right.test.", "type": "MX", "do": "lie-zone", "arg": old % (ttl, ttl)}])
    d = lab.once("right.test", resolvers=("r1", h)).exits(1).doc()
    c = d.cells("mx", address=h.address)[0]
    equal((c["verdict"], c["ttl"]), ("stale", ttl if ttl < 1 << 31 else 0), "RFC 2181 section 8", c)
    check(when(c["eta"]) - time.time() < ttl + 5, "ETA", c)


@case("--wait that runs out ends with 4 and says what is known")
def wait_out(lab):
    domain = lab.domain(drop=["mx"])
    r = lab.run("--wait=2s", "--format", "json", domain).exits(4)
    check(1.5 < r.seconds < 6 * SLOW, "after about two seconds: %.1f" % r.seconds)
    equal(r.doc()["state"], "unpublished", "state", str(r))


@table("--wait that runs out with --format nagios: %s", [("unpublished", {"drop": ["mx"]}, 2), ("published", None, 1)])
def wait_out_nagios(lab, name, old, rc):
    domain = lab.domain(**old) if old else stale(lab, 60, replace=OLD)[0]
    lab.run("--wait=2s", "--format", "nagios", domain).exits(rc)


@case("--until published does not wait for caches")
def until_published(lab):
    domain, _ = stale(lab, 60, replace=OLD)
    r = lab.run("--wait=20s", "--until", "published", domain).exits(0)
    check(r.seconds < 8 * SLOW, "at once: %.1f s" % r.seconds)
    lab.once("--until", "published", domain).exits(0)
    lab.once("--until", "complete", domain).exits(1)


@case("--wait ends at once when all is right")
def wait_right(lab):
    r = lab.run("--wait", "right.test").exits(0)
    check(r.seconds < 8 * SLOW, "at once: %.1f s" % r.seconds)


@table("%s ends a wait and prints what is known", [("SIGINT",), ("SIGTERM",)])
def interrupted(lab, name):
    domain = lab.domain(drop=["autodiscover"])
    p = lab.start_program("--wait=60s", "--format", "json", domain)
    lab.until(p, "a cache was asked", lambda: lab.bed.seen(domain))
    p.send_signal(getattr(signal, name))
    r = lab.end(p, 10)
    check(r.rc > 0, "no death by signal, and not 0: it is not complete", str(r))
    equal(r.doc()["domain"], domain, "document")


@case("--wait on a terminal draws, in a log it does not, and both end with the whole picture")
def terminal(lab):
    domain, _ = stale(lab, 6, replace=OLD)
    log = lab.start_program("--wait=30s", domain)
    ours, theirs = pty.openpty()
    p = lab.start_program("--wait=30s", domain, stdout=theirs)
    os.close(theirs)
    screen = b""
    while True:
        try:
            data = os.read(ours, 65536)
        except OSError:     # EIO: the other side is closed
            break
        if not data:
            break
        screen += data
    os.close(ours)
    lab.end(p).exits(0)
    r = lab.end(log).exits(0)
    check(b"\x1b[" in screen and b"autodiscover" in screen, "drawn", screen[-2000:].decode("utf-8", "replace"))
    check(b"\x1b[?1049h" not in screen or b"\x1b[?1049l" in screen, "the screen is given back", screen)
    check(b"\x1b[?25l" not in screen or b"\x1b[?25h" in screen, "the cursor is given back", screen)
    check("\x1b" not in r.out and "\r" not in r.out, "a log has plain lines", repr(r.out))
    check("complete" in r.out, "and says so", r.out)


@case("a value with a short TTL is complete though the TTL runs out meanwhile")
def short_ttl(lab):
    lab.once(lab.domain(ttl=1)).exits(0)


@case("one stale resolver does not move the ETA of the others' records")
def eta_per_record(lab):
    domain, _ = stale(lab, 60, replace=OLD)
    d = lab.once(domain).exits(1).doc()
    check(not d.record("mx")["eta"], "no ETA for what is visible", d.record("mx"))
    equal(d.record("mx")["state"], "visible", "state of mx", str(d))


@case("no ETA while something required is unpublished")
def no_eta(lab):
    name = lab.domain(ttl=60, replace=OLD)
    lab.bed.caches["r1"].ask("autodiscover." + name, "CNAME")
    lab.change(name, drop=["mx"])
    d = lab.once(name).exits(2).doc()
    equal(d["eta"], None, "ETA", str(d))
