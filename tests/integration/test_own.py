# SPDX-License-Identifier: ISC
"""test_own: what this machine, its network and somebody on the way do to the asking; no domain fails for it."""

from lab import SLOW
from records import zone_text
from tap import case, check, equal, table

HEAD = "$ORIGIN test.\n@ 60 IN SOA ns.nic.test. h.nic.test. 1 60 60 60 60\n"


def on_the_way(lab, servers, **conf):
    """A resolver for whom the servers of test. are these; what else it says is true."""
    delegation = HEAD + "".join("@ IN NS %s\n" % lab.bed.host(s) for s in servers)
    return lab.cache(rules=[{"name": "test.", "type": "NS", "do": "lie-zone", "arg": delegation}], **conf)


def named(d, code):
    found = [f for f in d["findings"] if f["code"] == code]
    equal(len(found), 1, "findings " + code, str(d))
    return found[0]


# ---- protocols ----

def by_tcp_only(lab):
    """Nobody of all that are asked hears UDP: two resolvers, the servers of test., those of a domain."""
    roots = [lab.bed.hostile(upstream=lab.bed.knots["root"], only="tcp") for _ in range(2)]
    h = lab.front(only="tcp")
    return lab.beside(h, alone=True), [on_the_way(lab, roots, only="tcp") for _ in range(2)], h


@case("a network that lets DNS out by TCP only: asked by TCP, one finding, complete", slow=True)
def tcp_only(lab):
    domain, resolvers, h = by_tcp_only(lab)
    r = lab.once(domain, resolvers=resolvers, limit=90).exits(0)
    d = r.doc()
    f = named(d, "udp-blocked-here")
    equal(f["severity"], "info", "severity", str(d))
    for x in (h, *resolvers):
        check(any(x.address in s for s in f["sources"]), "source " + x.address, f)
    check(not d.codes() & {"authority-unreachable", "resolver-unreachable", "resolver-failing"}, "one cause", str(d))
    check(r.seconds < 40 * SLOW, "in good time: %.1f s" % r.seconds)


@case("--once says what is wrong with the network in one line, and nothing when nothing is", slow=True)
def one_line(lab):
    domain, resolvers, _ = by_tcp_only(lab)
    r = lab.run("--once", domain, resolvers=resolvers, limit=90).exits(0)
    equal(r.err.splitlines(), ["m365dnsd: network: port 53 works by TCP only, not by UDP, with IPv4"], "lines", str(r))
    r = lab.run("--once", "right.test").exits(0)
    check("network: " not in r.out + r.err, "nothing is said", str(r))


@case("one authority without UDP is heard, and named", slow=True)
def one_without_udp(lab):
    h = lab.front(only="tcp")
    d = lab.once(lab.beside(h)).exits(0).doc()
    equal(d.verdicts("mx", address=h.address), {"ok"}, "its answers", str(d))
    f = named(d, "authority-unreachable")
    check("UDP" in f["detail"], "says how", f)
    check("udp-blocked-here" not in d.codes(), "it is not this machine", str(d))


@case("a network that lets DNS out by UDP only: what cannot be fetched is this network's doing", slow=True)
def udp_only(lab):
    roots = [lab.bed.hostile(upstream=lab.bed.knots["root"], only="udp") for _ in range(2)]
    h = lab.front(only="udp", rules=[{"type": "TXT", "do": "truncate"}])
    domain = lab.beside(h, alone=True)
    d = lab.once(domain, resolvers=[on_the_way(lab, roots, only="udp") for _ in range(2)], limit=90).exits(3).doc()
    equal(d.reasons("spf", kind="authority"), {"truncated"}, "SPF", str(d))
    f = named(d, "tcp-blocked-here")
    check(any(h.address in s for s in f["sources"]), "the source", f)
    check("answer-truncated" not in d.codes(), "one cause", str(d))


@case("a good pass costs one question by TCP and no time")
def costs_nothing(lab):
    h = lab.cache()
    lab.once("right.test", resolvers=("r1", h)).exits(0)
    seen = [(proto, n, t) for proto, n, t, _, _ in lab.bed.hostile_queries(h) if proto == "tcp"]
    check(len(seen) <= 1 and all(s == ("tcp", ".", "NS") for s in seen), "by TCP", seen)


# ---- interception ----

@case("somebody answers on port 53 for everybody: unknown, one finding, nothing held against the domain", slow=True)
def intercepted(lab):
    name = lab.name()
    zone = HEAD + "%s. IN NS ns1.hosting.test.\n$ORIGIN %s.\n" % (name, name) + zone_text(name)
    boxes = [lab.bed.hostile(zone=zone, resolver=True) for _ in range(2)]
    d = lab.once(name, resolvers=[on_the_way(lab, boxes) for _ in range(2)], limit=90).exits(3).doc()
    equal(d["state"], "unknown", "state", str(d))
    f = named(d, "resolver-intercepted")
    equal(f["severity"], "info", "severity", f)
    check("authorities = none" in f["advice"], "the advice", f)
    check(len(f["evidence"]) == 2 and all("RA without AA" in e for e in f["evidence"]), "evidence", f)
    equal(len(f["sources"]), 2, "the columns are marked", f)
    check(not d.codes("error"), "no error", str(d))
    check(not d.codes() & {"delegation-lame", "authority-unreachable", "delegation-missing"}, "one cause", str(d))
    d.never("missing", "wrong")


@case("name servers of one domain that are resolvers: lame, with the reason, and nobody else is suspected")
def caches_as_authorities(lab):
    name = lab.name()
    text = HEAD + "$ORIGIN %s.\n" % name + zone_text(name)
    boxes = [lab.bed.hostile(zone=text, resolver=True) for _ in range(2)]
    lab.bed.zone(name, zone_text(name), servers=("ns1",), delegation=boxes, ns=boxes, stubs=[])
    d = lab.once(name).exits(2).doc()
    f = named(d, "delegation-lame")
    check("a resolver, not an authority" in f["detail"], "the reason", f)
    check("resolver-intercepted" not in d.codes(), "not suspected", str(d))


@case("Knot and Unbound as they are: no false alarm")
def no_alarm(lab):
    name = lab.domain(servers=("ns1", "ns2"))
    d = lab.once(name, resolvers=("r1", "r2", "r3", "r4")).exits(0).doc()
    check(not d.codes() & {"resolver-intercepted", "resolver-filtered", "udp-blocked-here", "tcp-blocked-here", "no-ipv6-here"},
          "nothing", str(d))


# ---- filters ----

@table("a filter that does not say so, in the manner of %s", [("aa",), ("soa",)])
def policy(lab, manner):
    h = lab.cache(rules=[{"name": "*right.test.", "do": "policy", "arg": manner}])
    d = lab.once("right.test", resolvers=("r1", "r2", h)).exits(0).doc()
    f = named(d, "resolver-filtered")
    check(any(h.address in s for s in f["sources"]), "the source", f)
    d.never("missing", "stale", "ok", address=h.address)
    equal(d.reasons("mx", address=h.address), {"filtered"}, "reason", str(d))


@table("a name blocked in Unbound: local-zone %s", [("always_nxdomain",), ("always_nodata",), ("static",)])
def local_zone(lab, kind):
    name, r4 = lab.domain(), lab.bed.caches["r4"]
    r4.ctl("local_zone %s. %s" % (name, kind))
    try:
        d = lab.once(name, resolvers=("r1", "r2", "r4")).exits(0).doc()
    finally:
        r4.ctl("local_zone_remove %s." % name)
    check(any(r4.address in s for s in named(d, "resolver-filtered")["sources"]), "the source", str(d))
    d.never("missing", "stale", "ok", kind="resolver", address=r4.address)


@case("addresses that lead nowhere are a filter's")
def sinkhole(lab):
    h = lab.cache(rules=[{"name": "mta-sts.*", "type": "A", "do": "policy", "arg": "sinkhole"}])
    name = lab.domain("exchange,mta-sts", replace={"mta-sts-host": "mta-sts IN A 192.0.2.55"})
    d = lab.once("--services", "exchange,mta-sts", name, resolvers=("r1", "r2", h)).exits(0).doc()
    check(any(h.address in s for s in named(d, "resolver-filtered")["sources"]), "the source", str(d))


# ---- families ----

@case("no IPv6 on this machine is one finding, not one for each record")
def no_ipv6(lab):
    d = lab.once(lab.beside("six.hosting.test.")).exits(0).doc()
    check(len([f for f in d["findings"] if f["code"] in ("no-ipv6-here", "authority-unreachable")]) == 1, "one finding", str(d))
    for record in d["records"]:
        check(not record["findings"], "none at a record", record)
