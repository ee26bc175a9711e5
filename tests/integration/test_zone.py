# SPDX-License-Identifier: ISC
"""test_zone: the delegation, the agreement of the authorities, the gate, DNSSEC."""

from records import right, zone_text
from tap import case, check, equal, table
import bed as beds


@case("a secondary out of step: authority-disagree, and nobody asks the caches")
def out_of_step(lab):
    name = lab.name()
    lab.bed.zone(name, right(name), per_server={"ns2": zone_text(name, drop=["autodiscover"])})
    d = lab.once(name).exits(2).doc()
    check("authority-disagree" in d.codes("error"), "authority-disagree", str(d))
    by = {c["address"].split(":")[0]: c["verdict"] for c in d.cells("autodiscover", "authority")}
    equal(by, {lab.bed.knots["ns1"].address: "ok", lab.bed.knots["ns2"].address: "missing"}, "verdicts", str(d))
    check(not lab.bed.seen("autodiscover." + name), "no cache was asked for it", lab.bed.seen(name))
    lab.change(name)
    lab.once(name).exits(0)


@case("a real secondary that has not transferred yet")
def transfer(lab):
    name = lab.name()
    lab.bed.zone(name, zone_text(name, drop=["mx"]), transfer=True)
    lab.bed.knots["ns2"].ctl("zone-freeze", name + ".")
    lab.change(name)
    d = lab.once(name).exits(2).doc()
    check("authority-disagree" in d.codes("error"), "authority-disagree", str(d))
    check(not [q for q in lab.bed.seen(name) if q[1:] == (name + ".", "MX")], "no cache was asked", lab.bed.seen(name))
    lab.bed.knots["ns2"].ctl("zone-thaw", name + ".")
    lab.bed.knots["ns2"].ctl("-b", "zone-retransfer", name + ".")
    lab.once(name).exits(0)


@case("the gate by packet count: what is absent at the authorities is not asked at caches, except with --peek")
def gate(lab):
    name = lab.domain(drop=["autodiscover"], replace={"mx": "@ IN MX 10 mail.old.example."})
    d = lab.once(name).exits(2).doc()
    equal(d.reasons("autodiscover", "resolver"), {"gated"}, "reasons at the caches", str(d))
    check(not lab.bed.seen("autodiscover." + name), "absent: not asked", lab.bed.seen(name))
    check((name + ".", "MX") not in {q[1:] for q in lab.bed.seen(name)}, "wrong: not asked", lab.bed.seen(name))
    check((name + ".", "TXT") in {q[1:] for q in lab.bed.seen(name)}, "right: asked", lab.bed.seen(name))
    lab.once("--peek", name).exits(2)
    check({c for c, n, _ in lab.bed.seen("autodiscover." + name)} == {"r1", "r2"}, "--peek asks", lab.bed.seen(name))


@case("optional and absent: not asked at caches")
def optional_absent(lab):
    name = lab.domain()
    lab.once(name).exits(0)
    asked = {n for _, n, _ in lab.bed.seen(name)}
    check(asked <= {name + ".", "autodiscover." + name + "."}, "only what exists was asked for", asked)


@case("no absence is planted: after publishing, the first look sees it at once")
def never_planted(lab):
    name = lab.domain(drop=["autodiscover"], negative=3600)
    lab.once(name).exits(2)
    lab.change(name)
    d = lab.once(name).exits(0).doc()
    equal(d["state"], "complete", "state", str(d))


@case("the domain is not delegated: delegation-missing, one finding, exit 2")
def not_delegated(lab):
    name = lab.name()
    d = lab.once(name).exits(2).doc()
    equal([f["code"] for f in d["findings"] if f["severity"] == "error"], ["delegation-missing"], "errors", str(d))
    for rid in d.required():
        check(d.reasons(rid) <= {"zone-broken", "gated"}, "cells of %s are zone-broken" % rid, str(d))
    d.never("missing", "wrong")
    check(not lab.bed.seen(name), "no cache learned that it does not exist", lab.bed.seen(name))


@case("parent and child name different servers: delegation-mismatch, a warning while they serve")
def mismatch(lab):
    name = lab.domain(servers=("ns1", "ns2", "ns3"), delegation=("ns1", "ns2"), ns=("ns1", "ns3"))
    d = lab.once(name).exits(0).doc()
    check("delegation-mismatch" in d.codes("warning"), "delegation-mismatch", str(d))


@case("a server that only the child names counts as well")
def child_only(lab):
    name = lab.name()
    lab.bed.zone(name, right(name), servers=("ns1", "ns2"), delegation=("ns1",), ns=("ns1", "ns2"),
                 per_server={"ns2": zone_text(name, drop=["mx"])})
    d = lab.once(name).doc()
    check(lab.bed.knots["ns2"].address in d.addresses("mx", "authority"), "it has a column", str(d))
    check("delegation-mismatch" in d.codes(), "delegation-mismatch", str(d))


@case("name servers inside the zone, found by glue")
def glue(lab):
    name = lab.name()
    own = "ns1.%s." % name
    address = lab.bed.knots["ns1"].address
    lab.bed.zone(name, right(name) + "ns1 IN A %s\n" % address, servers=("ns1",), delegation=(own,), ns=(own,),
                 glue="%s IN A %s\n" % (own, address), stubs=[address])
    d = lab.once(name).exits(0).doc()
    equal(d.addresses("mx", "authority"), {address}, "authorities", str(d))


@case("a name server's name that does not resolve is named and counts for nothing")
def no_address(lab):
    d = lab.once(lab.beside("nowhere.hosting.test.")).exits(0).doc()
    check(d.codes("warning") & {"authority-unreachable", "delegation-lame"}, "named", str(d))


@case("the zone the admin edits is not the delegated one")
def other_zone(lab):
    name = lab.domain()
    conf = 'domain "%s" { nameservers = {"ns3.hosting.test"} }\n' % name
    d = lab.with_config(conf).doc()
    check("delegation-mismatch" in d.codes(), "delegation-mismatch", str(d))


@case("a cut below the domain is named")
def cut(lab):
    name = lab.domain(drop=["autodiscover"], add="autodiscover IN NS gone.hosting.test.\n")
    r = lab.once(name)
    check(r.rc in (2, 3), "not complete", str(r))
    r.doc().never("missing", rid="autodiscover")
    r.doc().told("zone-cut-unexpected")


@case("a signed zone is complete at the validating cache too")
def signed(lab):
    lab.once("signed.test", resolvers=("r1", "r4")).exits(0)


@case("a bogus zone: unknown at the validating cache, never missing; dnssec-bogus", slow=True)
def bogus(lab):
    r = lab.once("bogus.test", resolvers=("r1", "r4"))
    d = r.doc()
    address = lab.bed.caches["r4"].address
    d.never("missing", "ok", "stale", address=address)
    check(d.reasons("mx", address=address) <= {"servfail", "bogus", "zone-broken", "set-aside"}, "reason", str(d))
    d.told("dnssec-bogus", "error")
    r.exits(2)


@case("an alias whose target does not exist is wrong, and no old answer")
def dangling(lab):
    name = lab.domain("mta-sts", replace={"mta-sts-host": "mta-sts IN CNAME nothere.example."})
    d = lab.once(name, "--services", "mta-sts").exits(2).doc()
    check("target-unresolvable" in d.codes("error", "mta-sts-host"), "named", str(d))
    d.never("stale", rid="mta-sts-host")


@case("a wildcard that answers for msoid")
def wildcard(lab):
    d = lab.once(lab.domain(add="* IN A 192.0.2.99\n")).exits(2).doc()
    equal(d.codes("error", "msoid"), {"wildcard-answer"}, "named", str(d))


@case("a wildcard in place of every record is one finding, which names them")
def wildcard_instead(lab):
    name = lab.domain(drop=["autodiscover"], add="* IN CNAME www.example.\n")
    d = lab.once(name).exits(2).doc()
    f = d["findings"][0]
    equal([f["code"] for f in d["findings"] if f["severity"] != "info"], ["wildcard-answer"], "findings", str(d))
    check(f["record"] == "autodiscover" and {"autodiscover", "msoid"} <= set(f["records"]), "the records", f)
    check([g["code"] for g in d.record("msoid")["findings"]] == ["wildcard-answer"], "each record has it", str(d))
    check("msoid.%s" % name in f["advice"] and len([e for e in f["evidence"] if e.startswith("msoid.")]) == 1, "msoid", f)
    check("autodiscover.%s CNAME autodiscover.outlook.com" % name in f["advice"], "what to add", f)
    check("*.%s CNAME www.example" % name in f["advice"], "the wildcard", f)


SPF = "v=spf1 include:spf.protection.outlook.com -all"
FED = "SRV 100 1 5061 sipfed.online.lync.com"


@table("the wrong place: %s", [     # where the record stands instead, its code, the name that the advice gives
    ("owner doubled", "autodiscover", "autodiscover.{d} IN CNAME autodiscover.outlook.com.", "owner-doubled",
     "autodiscover.{d} CNAME autodiscover.outlook.com"),
    ("selectors doubled", "dkim-selector1", "selector1._domainkey.{d} IN CNAME selector1-{k}._domainkey.contoso.onmicrosoft.com.",
     "owner-doubled", "selector1._domainkey.{d} CNAME selector1-{k}._domainkey.contoso.onmicrosoft.com"),
    ("MX doubled", "mx", "{d} IN MX 0 {k}.mail.protection.outlook.com.", "owner-doubled", "{d} MX 0 {k}.mail.protection"),
    ("literal @", "spf", '\\@ IN TXT "%s"' % SPF, "owner-literal-at", "{d} TXT " + SPF),
    ("www", "spf", 'www IN TXT "%s"' % SPF, "owner-wrong-place", "{d} TXT " + SPF),
    ("without ._domainkey", "dkim-selector2", "selector2 IN CNAME selector2-{k}._domainkey.contoso.onmicrosoft.com.",
     "owner-wrong-place", "selector2._domainkey.{d} CNAME selector2-{k}"),
    ("DMARC without the underscore", "dmarc", 'dmarc IN TXT "v=DMARC1; p=none"', "owner-wrong-place",
     "_dmarc.{d} TXT v=DMARC1; p=none"),
    ("SRV without underscores", "sipfederationtls", "sipfederationtls.tcp IN %s." % FED, "srv-owner-wrong",
     "_sipfederationtls._tcp.{d} " + FED),
    ("SRV of the other protocol", "sipfederationtls", "_sipfederationtls._tls IN %s." % FED, "srv-owner-wrong",
     "_sipfederationtls._tcp.{d} " + FED),
    ("TXT in place of the CNAME", "autodiscover", 'autodiscover IN TXT "autodiscover.outlook.com"', "type-wrong",
     "autodiscover.{d} by CNAME autodiscover.outlook.com"),
    ("an address in place of the CNAME", "autodiscover", "autodiscover IN AAAA 2001:db8::77", "cname-flattened",
     "CNAME autodiscover.outlook.com"),
])
def wrong_place(lab, name, rid, add, code, advice):
    d = lab.name()
    words = {"d": d, "k": d.replace(".", "-")}
    lab.domain("exchange,teams,dkim,dmarc", name=d, drop=[rid], add=add.format(**words))
    r = lab.once("--services", "exchange,teams,dkim,dmarc", "--tenant", "contoso", d)
    doc = r.exits(2).doc()
    equal(doc.codes("error"), {code}, "the only error", str(doc))
    f = [f for f in doc["findings"] if f["code"] == code][0]
    equal(f["record"], rid, "record", str(doc))
    check(advice.format(**words) in f["advice"], "the advice names the record", f)
    check(len(f["evidence"]) > 1, "evidence", f)


@case("a server that lets an address stand beside a CNAME")
def beside_cname(lab):
    name = lab.name()
    text = "$ORIGIN %s.\n@ 60 IN SOA ns1.hosting.test. h 1 60 60 60 60\n@ IN NS %s\nautodiscover IN A 192.0.2.77\n%s"
    h = lab.bed.hostile()
    h.change(zone=text % (name, lab.bed.host(h), right(name)))
    lab.bed.publish(beds.Zone(name, "", servers=("ns1",), delegation=(h,), ns=(h,)))
    d = lab.once(name).exits(2).doc()
    equal(d.codes("error", "autodiscover"), {"cname-and-other-data"}, "named", str(d))
    f = [f for f in d["findings"] if f["code"] == "cname-and-other-data"][0]
    check("autodiscover.%s: A 192.0.2.77" % name in f["advice"], "what to delete", f)
