# SPDX-License-Identifier: ISC
"""test_sources: who answers badly, as a resolver and as an authority; one bad server does not spoil the whole."""

from lab import REASONS, SLOW, STATES
from records import right, zone_text
from tap import case, check, equal, table
import bed as beds

BAD = [     # behaviour, reasons that its cells may have
    ("silent", {"timeout"}),
    ("closed", {"network"}),
    ("refused", {"refused"}),
    ("servfail", {"servfail"}),
    ("notimp", {"notimp"}),
    ("formerr", {"formerr"}),
    ("truncate-refuse", {"truncated"}),
    ("truncate-close", {"truncated"}),
    ("truncate-always", {"truncated"}),
    ("random", {"malformed", "timeout"}),
    ("short", {"malformed", "timeout"}),
    ("empty", {"malformed", "timeout"}),
    ("wrong-id", {"timeout", "malformed"}),
    ("wrong-question", {"malformed", "timeout"}),
    ("no-question", {"malformed", "timeout"}),
    ("pointer-loop", {"malformed"}),
    ("counts", {"malformed"}),
    ("rdata-past-end", {"malformed"}),
    ("txt-past-rdata", {"malformed"}),
    ("echo", {"malformed", "timeout"}),
]


def cells_are_unknown(d, address, reasons):
    cells = [c for c in d.cells(address=address)]
    check(cells, "the source has cells", str(d))
    d.never("missing", "ok", "wrong", "stale", address=address)
    seen = {c["reason"] for c in cells}
    check(seen <= REASONS, "reasons of the closed list", seen)
    check(seen <= reasons | {"set-aside", "gated"}, "reasons are of %s" % sorted(reasons), seen, str(d))
    check(seen & reasons, "a cell says what happened: %s" % sorted(reasons), seen, str(d))


@table("a resolver: %s", BAD, slow=True)
def bad_resolver(lab, do, reasons):
    address = lab.bed.closed if do == "closed" else lab.cache(do).address
    r = lab.once("right.test", resolvers=("r1", "r2", address)).exits(0)
    d = r.doc()
    cells_are_unknown(d, address, reasons)
    named = {"resolver-unreachable", "resolver-failing", "answer-malformed", "answer-truncated"}
    check(d.codes("info") & named, "named, as info", str(d))
    check(not d.codes("error"), "no errors", str(d))
    check(r.seconds < 20 * SLOW, "in good time: %.1f s" % r.seconds)


@table("a network without Microsoft: its names get %s", [
    ("lie-nxdomain",), ("servfail",), ("refused",), ("silent",),
], slow=True)
def without_microsoft(lab, do):
    """A laboratory has the zone under test and no Internet: what is right is complete, and what could not be asked is told."""
    resolver = lab.cache(rules=[{"name": "*test.", "do": "truth"}, {"name": ".", "do": "truth"}, {"do": do}])
    services = "exchange,teams,intune,dkim,mta-sts"
    name = lab.domain(services, servers=("ns1",))
    d = lab.once("--services", services, "--tenant", "contoso", name, resolvers=[resolver]).exits(0).doc()
    equal(d["state"], "complete", "state", str(d))
    check("spf-undetermined" in d.codes("warning", "spf"), "the include is told", str(d))
    check(not any(d.verdicts(r) - {"ok"} for r in d.required()), "what is required is right everywhere", str(d))
    name = lab.domain("exchange", drop=("mx",), servers=("ns1",))
    d = lab.once(name, resolvers=[resolver]).exits(2).doc()
    equal(d.codes("error"), {"record-missing"}, "what is wrong is told all the same", str(d))


@table("a resolver that has trouble and still answers: %s", [
    ("formerr-edns", None), ("slow", 0.7), ("lowercase-udp", None), ("lowercase", None), ("truncate", None),
    ("flaky", None), ("drip", 0.0005), ("flood", None),
], slow=True)
def troubled_resolver(lab, do, arg):
    h = lab.cache(do, arg=arg)
    d = lab.once("right.test", resolvers=("r1", h)).exits(0).doc()
    check(d.verdicts("mx", address=h.address) == {"ok"}, "its answers count", str(d))


@table("answers with a few octets changed, at %s: no crash, nothing believed lightly", [
    ("an authority",), ("a resolver",)], slow=True)
def mutated(lab, where):
    for _ in range(3):
        if where == "a resolver":
            h = lab.cache("mutate")
            r = lab.once("right.test", resolvers=("r1", "r2", h), limit=90)
        else:
            h = lab.front("mutate")
            r = lab.once(lab.beside(h), limit=90)
        check(r.rc in (0, 1, 2, 3), "an exit code of the list", str(r))
        check(r.doc()["state"] in STATES, "a document comes out", str(r))


@case("a resolver with 64 kB at the apex TXT")
def huge_resolver(lab):
    h = lab.cache(rules=[{"name": "right.test.", "type": "TXT", "do": "huge"}])
    d = lab.once("right.test", resolvers=("r1", h)).exits(0).doc()
    equal(d.verdicts("spf", address=h.address), {"ok"}, "SPF there", str(d))


@table("a lying resolver is never believed: %s", [("lie-nxdomain",), ("lie-address",)])
def lying_resolver(lab, do):
    h = lab.bed.hostile(do, resolver=True)
    r = lab.once("right.test", resolvers=("r1", "r2", h))
    check(r.rc in (0, 1), "the authorities are right: at worst not visible everywhere", str(r))
    for rid in ("mx", "spf", "autodiscover"):
        check(r.doc().verdicts(rid, address=h.address) <= {"stale", "unknown"}, "neither ok nor missing", str(r))


@case("a resolver that filters is set aside for the domain")
def filtering_resolver(lab):
    h = lab.cache(rules=[{"name": "*right.test.", "do": "filtered"}])
    d = lab.once("right.test", resolvers=("r1", "r2", h)).exits(0).doc()
    check("resolver-filtered" in d.codes("info"), "resolver-filtered", str(d))
    d.never("missing", "stale", "ok", address=h.address)
    check("filtered" in d.reasons(address=h.address), "reason filtered", str(d))


@case("one address, two caches: one good answer is no proof", slow=True)
def pool(lab):
    old = "right.test. 600 IN SOA ns1.hosting.test. h.right.test. 1 60 60 60 60\n" + \
          "right.test. 600 IN MX 10 mail.old.example.\n"
    h = lab.cache(rules=[{"name": "right.test.", "type": "MX", "do": "pool", "arg": old}])
    d = lab.once("right.test", resolvers=("r1", h)).exits(1).doc()
    cells = d.cells("mx", address=h.address)
    check(all(c["confirmed"] < 2 for c in cells), "never confirmed", cells)
    equal(d.record("mx")["state"], "published", "state of mx", str(d))


# ---- authorities ----

@table("an authority that fails one question and answers the rest: %s", [("silent",), ("servfail",), ("refused",)], slow=True)
def fails_one_question(lab, do):
    h = lab.front(rules=[{"type": "MX", "do": do}])
    d = lab.once(lab.beside(h)).exits(3).doc()
    equal(d.verdicts("mx", address=h.address), {"unknown"}, "its MX", str(d))
    equal(d.verdicts("spf", address=h.address), {"ok"}, "its SPF", str(d))
    check("authority-failing" in d.codes("warning"), "named", str(d))



@table("an authority: %s", [b for b in BAD if b[0] != "empty"], slow=True)
def bad_authority(lab, do, reasons):
    if do == "closed":
        name, address = "gone.hosting.test.", lab.bed.closed
    else:
        name = lab.front(do)
        address = name.address
    domain = lab.beside(name)
    d = lab.once(domain).exits(0).doc()
    cells = [c for c in d.cells(kind="authority", address=address)]
    d.never("missing", "ok", "wrong", "stale", kind="authority", address=address)
    seen = {c["reason"] for c in cells}
    check(seen <= reasons | {"set-aside", "lame"} and seen, "reasons", seen, str(d))
    named = {"authority-unreachable", "delegation-lame", "answer-malformed", "answer-truncated"}
    check(d.codes("warning") & named, "named", str(d))
    check(not d.codes("error"), "no errors", str(d))


@table("a lame authority beside a good one: %s", [("lame",), ("not-aa",)])
def lame_authority(lab, do):
    h = lab.front(do)
    domain = lab.beside(h)
    d = lab.once(domain).exits(0).doc()
    check("delegation-lame" in d.codes("warning"), "delegation-lame", str(d))
    equal({(c["verdict"], c["reason"]) for c in d.cells(address=h.address)}, {("unknown", "lame")}, "its cells", str(d))


@table("an authority that has trouble and still answers: %s", [
    ("formerr-edns", None), ("slow", 0.7), ("lowercase", None), ("truncate", None), ("drip", 0.0005)], slow=True)
def troubled_authority(lab, do, arg):
    h = lab.front(do, arg=arg)
    domain = lab.beside(h)
    d = lab.once(domain).exits(0).doc()
    check(d.verdicts("mx", address=h.address) == {"ok"}, "its answers count", str(d))


@case("a single question that one authority fails holds that record, as unknown", slow=True)
def one_question(lab):
    h = lab.front(rules=[{"type": "MX", "do": "servfail"}])
    domain = lab.beside(h)
    r = lab.once(domain)
    d = r.doc()
    equal([(c["verdict"], c["reason"]) for c in d.cells("mx", address=h.address)], [("unknown", "servfail")], "cell",
          str(d))
    equal(d.record("mx")["state"], "unknown", "state of mx", str(d))
    equal(d.record("autodiscover")["state"], "visible", "state of autodiscover", str(d))
    r.exits(3)


@case("nobody at the authorities answers: unknown, exit 3", slow=True)
def all_silent(lab):
    hs = [lab.bed.hostile("silent"), lab.bed.hostile("silent")]
    d = lab.once(lab.domain(servers=("ns1",), delegation=hs, ns=hs, stubs=[])).exits(3).doc()
    equal(d["state"], "unknown", "state", str(d))
    d.never("missing", "wrong")
    f = [f for f in d["findings"] if f["code"] == "authority-unreachable"]
    check(f and "authorities" in f[0]["advice"], "the advice names the key authorities", str(d))


@case("all authorities are lame: the zone is broken, one finding, exit 2")
def all_lame(lab):
    hs = [lab.bed.hostile("lame"), lab.bed.hostile("refused")]
    d = lab.once(lab.domain(servers=("ns1",), delegation=hs[:1], ns=hs[:1], stubs=[])).exits(2).doc()
    equal([f["code"] for f in d["findings"] if f["severity"] == "error"], ["delegation-lame"], "errors", str(d))
    d.never("missing", "wrong")


@case("an authority that lies disagrees with the other one")
def lying_authority(lab):
    h = lab.front(rules=[{"type": "MX", "do": "lie-nxdomain"}])
    domain = lab.beside(h)
    d = lab.once(domain).exits(2).doc()
    check("authority-disagree" in d.codes("error"), "authority-disagree", str(d))


@case("garbage from the servers of one domain leaves the others alone", slow=True)
def garbage_next_door(lab):
    bad, good = lab.beside(lab.bed.hostile("random"), alone=True), lab.domain()
    docs = {d["domain"]: d for d in lab.once(bad, good).exits(3).docs()}
    equal(docs[good]["state"], "complete", "the neighbour", str(docs[good]))
    docs[bad].never("missing", "ok")


@case("an authority with an IPv6 address that cannot be reached does not hold the domain")
def no_ipv6(lab):
    d = lab.once(lab.beside("six.hosting.test.")).exits(0).doc()
    cells = d.cells("mx", address="[::1]") or [c for c in d.cells("mx", "authority") if "::1" in c["address"]]
    equal({c["verdict"] for c in cells}, {"unknown"}, "its cells", str(d))
    check({c["reason"] for c in cells} <= {"network", "timeout", "set-aside"}, "reasons", cells)


@case("a CNAME loop is named")
def cname_loop(lab):
    d = lab.once(lab.domain(replace={"autodiscover": "autodiscover IN CNAME autodiscover"})).exits(2).doc()
    check("cname-loop" in d.codes("error", "autodiscover"), "cname-loop", str(d))


@case("a CNAME at the apex is named")
def apex_cname(lab):
    name = lab.name()
    text = "$ORIGIN %s.\n@ 60 IN SOA ns1.hosting.test. h 1 60 60 60 60\n@ IN NS %s\n@ IN CNAME www.example.\n" \
        "autodiscover IN CNAME autodiscover.outlook.com.\n"
    h = lab.bed.hostile()
    h.change(zone=text % (name, lab.bed.host(h)))
    lab.bed.publish(beds.Zone(name, "", servers=("ns1",), delegation=(h,), ns=(h,)))
    d = lab.once(name).exits(2).doc()
    equal(d.codes("error"), {"cname-at-apex"}, "one cause, one finding", str(d))
    advice = next(f["advice"] for f in d["findings"] if f["code"] == "cname-at-apex")
    check(name + " MX 0 " in advice and name + " TXT v=spf1 include:" in advice, "what to enter then", advice)


# ---- classes, quorum, views ----

@case("a required resolver that is dead keeps the domain published", slow=True)
def required_dead(lab):
    h = lab.bed.hostile("silent")
    conf = lab.resolver_block("hq", h.address, "class = required") + 'domain "right.test" {}\n'
    r = lab.with_config(conf).exits(1)
    equal(r.doc()["state"], "published", "state", str(r))


@case("an info resolver is shown and gates nothing", slow=True)
def info_dead(lab):
    h = lab.bed.hostile("silent")
    conf = lab.resolver_block("lobby", h.address, "class = info") + 'domain "right.test" {}\n'
    r = lab.with_config(conf).exits(0)
    check(r.doc().cells("mx", source="lobby"), "it has cells", str(r))


@case("most resolvers set aside: the domain is unknown", slow=True)
def most_dead(lab):
    hs = [lab.bed.hostile("silent"), lab.bed.hostile("servfail")]
    d = lab.once("right.test", resolvers=("r1", *hs)).exits(3).doc()
    equal(d["state"], "unknown", "state", str(d))


@table("quorum %s of four with one stale", [("100%", 1), ("75%", 0), ("3", 0), ("4", 1)])
def quorum(lab, quorum, rc):
    h = lab.bed.hostile("lie-nxdomain", resolver=True)
    conf = 'quorum = "%s"\n' % quorum + lab.resolver_block("r3") + lab.resolver_block("liar", h.address)
    lab.with_config(conf + 'domain "right.test" {}\n', "right.test").exits(rc)


@case("two addresses of one resolver are one vote")
def one_operator(lab):
    a, b = lab.bed.caches["r1"].address, lab.bed.caches["r2"].address
    conf = 'resolver "both" { address = {"%s:5300", "%s:5300"} }\n' % (a, b)
    d = lab.with_config(conf + 'domain "right.test" {}\n', resolvers=False).exits(0).doc()
    equal({c["operator"] for c in d.cells("mx", "resolver")}, {"both"}, "operators", str(d))
    equal(len(d.cells("mx", "resolver")), 2, "cells", str(d))


@case("an internal resolver answers for its own view: no gate, no vote, at most a warning")
def internal(lab):
    domain = lab.domain(drop=["mx"])
    zone = "$ORIGIN %s.\n@ 60 IN SOA ns.%s. h 1 60 60 60 60\n" % (domain, domain)
    h = lab.bed.hostile(zone=zone + zone_text(domain, drop=["autodiscover"]), resolver=True)
    conf = lab.resolver_block("office", h.address, "view = internal class = info") + 'domain "%s" {}\n' % domain
    d = lab.with_config(conf).exits(2).doc()
    asked = {(n.lower(), t) for _, n, t, _, _ in lab.bed.hostile_queries(h)}
    check({(domain + ".", "MX"), ("autodiscover." + domain + ".", "CNAME")} <= asked, "asked though unpublished", asked)
    lab.change(domain)
    d = lab.with_config(conf).exits(0).doc()
    equal(d.verdicts("mx", source="office"), {"ok"}, "MX inside", str(d))
    check(d.verdicts("autodiscover", source="office") <= {"missing", "wrong"}, "autodiscover inside", str(d))
    check(d.codes("warning", "autodiscover"), "a warning of the internal view", str(d))
    skip = conf.replace("{}", '{ view "internal" { skip = {"autodiscover"} } }')
    d = lab.with_config(skip).exits(0).doc()
    check(not d.cells("autodiscover", source="office"), "skip leaves no cells", str(d))


@case("authorities = none: no authority is asked, no gate")
def authorities_none(lab):
    h = lab.front()
    domain = lab.beside(h, alone=True)
    d = lab.with_config('domain "%s" { authorities = none }\n' % domain).exits(0).doc()
    check(not lab.bed.hostile_queries(h), "nobody asked the authority", lab.bed.hostile_queries(h))
    check(not d.cells(kind="authority") or d.verdicts(kind="authority") == {"unknown"}, "no verdict there", str(d))


@table("three authorities, one without autodiscover: authorities = %s", [
    ("all-but-dead", 2), ("all", 2), ("majority", 0)])
def authorities_policy(lab, policy, rc):
    name = lab.name()
    lab.bed.zone(name, right(name), servers=("ns1", "ns2", "ns3"), stubs=[lab.bed.knots["ns1"].address],
                 per_server={"ns3": zone_text(name, drop=["autodiscover"])})
    d = lab.with_config('domain "%s" { authorities = %s }\n' % (name, policy)).exits(rc).doc()
    check("authority-disagree" in d.codes("error" if rc else "warning"), "authority-disagree", str(d))


@case("authorities = all: a dead one holds the domain", slow=True)
def authorities_all(lab):
    h = lab.bed.hostile("silent")
    domain = lab.beside(h)
    r = lab.with_config('domain "%s" { authorities = all }\n' % domain)
    check(r.rc != 0, "not complete", str(r))
    r.doc().never("missing", address=h.address)


@case("an authority with a private address is never asked, unless the laboratory says so")
def not_global(lab):
    h = lab.front()
    domain = lab.beside(h, alone=True)
    r = lab.once(domain, *lab.bed.resolvers("r1"), resolvers=None, lab=False)
    check(not lab.bed.hostile_queries(h), "no packet", lab.bed.hostile_queries(h))
    d = r.exits(3).doc()
    check(all(c["reason"] == "not-global" for c in d.cells("mx", "authority")), "reason", str(d))


@case("authorities are asked without recursion, in random case, from many ports, with 1232 octets")
def manners(lab):
    h = lab.front()
    domain = lab.beside(h, alone=True)
    lab.once(domain).exits(0)
    seen = lab.bed.hostile_queries(h)
    check(seen, "it was asked")
    check(all(not flags & 0x0100 for _, _, _, flags, _ in seen), "RD is not set", seen)
    check(all(size == "1232" for *_, size in seen), "EDNS size", seen)
    check(any(n != n.lower() for _, n, *_ in seen), "names in random case", seen)
    check(not [s for s in seen if s[2] == "ANY"], "never ANY", seen)
