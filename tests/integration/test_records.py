# SPDX-License-Identifier: ISC
"""test_records: what is right, and every record missing or wrong in turn."""

from records import ALL_SERVICES, CLOUDS, PROFILES, SERVICES, domain_key, profile_zone, right, rows, zone_text
from tap import case, check, equal, table
import bed as beds

ALL = ("--services", ALL_SERVICES, "--verification", "MS=ms12345678", "--tenant", "contoso")
IDS = [i for ids in SERVICES.values() for i in ids]
IDS = list(dict.fromkeys(IDS))


@case("a right domain with every service is complete, without a finding that is worse than info")
def all_right(lab):
    r = lab.once(*ALL, "right.test").exits(0)
    d = r.doc()
    equal(d["state"], "complete", "state", str(d))
    check(d["complete"] is True, "complete is true", str(d))
    check(not d.codes("error"), "no errors", str(d))
    for rid in IDS:
        equal(d.record(rid)["need"], "required", "need of " + rid, str(d))
        equal(d.record(rid)["state"], "visible", "state of " + rid, str(d))
        check(all(c["verdict"] == "ok" for c in d.cells(rid)), "every cell of %s is ok" % rid, str(d))
    check(all(c["confirmed"] >= 2 for c in d.cells("mx", "resolver")), "resolvers are confirmed twice", d.record("mx"))


@case("the default service is exchange: nothing else is required")
def default_services(lab):
    d = lab.once(lab.domain()).exits(0).doc()
    equal(sorted(d.required()), ["autodiscover", "mx", "spf"], "required rows", str(d))
    for rid in ("sipfederationtls", "dmarc", "dkim-selector1", "mta-sts", "tls-rpt", "enterpriseenrollment"):
        equal(d.record(rid)["state"], "not-configured", "state of " + rid, str(d))


@table("missing: %s", [(i,) for i in IDS])
def missing(lab, rid):
    d = lab.once(*ALL, lab.domain("all", drop=[rid])).exits(2).doc()
    equal(d["state"], "unpublished", "state", str(d))
    equal(d.record(rid)["state"], "unpublished", "state of " + rid, str(d))
    check(d.codes("error", rid), "an error names " + rid, str(d))
    special = {"dkim-selector2": "dkim-selector2-missing"}.get(rid, "record-missing")
    check(d.codes(record=rid) & {special, "record-missing"}, "%s or record-missing" % special, str(d))
    check(d.verdicts(rid, "authority") == {"missing"}, "missing at both authorities", str(d))
    others = [r for r in d.required() if r != rid and d.record(r)["state"] == "unpublished"]
    check(not others, "no other record suffers", others, str(d))
    f = [f for f in d["findings"] if f["record"] == rid and f["severity"] == "error"][0]
    check(f["title"] and f["advice"], "the finding says what to do", f)


WRONG = [   # record, what stands in its place, the code that must name it (None: record-wrong or any other of its own)
    ("verification", '@ IN TXT "MS=ms99999999"', None),
    ("mx", "@ IN MX 10 mail.old.example.", None),
    ("spf", '@ IN TXT "v=spf1 mx -all"', "spf-include-missing"),
    ("autodiscover", "autodiscover IN CNAME www.example.", None),
    ("sipfederationtls", "_sipfederationtls._tcp IN SRV 100 1 5061 edge.example.", None),
    ("sip-tls", "_sip._tls IN SRV 100 1 443 edge.example.", None),
    ("sip", "sip IN CNAME www.example.", None),
    ("lyncdiscover", "lyncdiscover IN CNAME www.example.", None),
    ("enterpriseregistration", "enterpriseregistration IN CNAME www.example.", None),
    ("enterpriseenrollment", "enterpriseenrollment IN CNAME www.example.", None),
    ("dkim-selector1", "selector1._domainkey IN CNAME www.example.", None),
    ("dkim-selector2", "selector2._domainkey IN CNAME www.example.", None),
    ("dmarc", '_dmarc IN TXT "v=DMARC1; p=sometimes"', "dmarc-syntax"),
    ("mta-sts", '_mta-sts IN TXT "v=STSv1; id=not-alphanumeric!;"', None),
    ("tls-rpt", '_smtp._tls IN TXT "v=TLSRPTv1; rua=nobody"', None),
]


@table("wrong: %s", WRONG)
def wrong(lab, rid, text, code):
    d = lab.once(*ALL, lab.domain("all", replace={rid: text})).exits(2).doc()
    equal(d["state"], "unpublished", "state", str(d))
    equal(d.record(rid)["state"], "unpublished", "state of " + rid, str(d))
    check(d.codes("error", rid), "an error names " + rid, str(d))
    if code:
        check(code in d.codes(record=rid), "finding " + code, str(d))
    check("ok" not in d.verdicts(rid, "authority"), "not ok at the authorities", str(d))
    if rid != "verification":
        check(d.verdicts(rid, "authority") == {"wrong"}, "wrong, not missing", str(d))


@case("every cloud and every profile: a right zone is complete without an error", slow=True)
def clouds_and_profiles(lab):
    zones, blocks, names = [], "", {}
    for cloud in CLOUDS:
        for profile in PROFILES:
            d = lab.name()
            text, conf = profile_zone(d, cloud, profile)
            zones.append(beds.Zone(d, text))
            blocks += 'domain "%s" {\n%s}\n' % (d, conf)
            names[d] = "%s, %s" % (cloud, profile)
    lab.bed.publish(*zones)
    r = lab.with_config(blocks, limit=120)
    check(r.out.strip(), "documents came out", str(r))
    bad = ["%s\n%s" % (names[d["domain"]], d) for d in r.docs() if d["state"] != "complete" or d.codes("error")]
    equal(len(r.docs()), len(names), "documents", r.err)
    check(not bad, "%d of %d are not complete" % (len(bad), len(names)), *bad)
    r.exits(0)


@table("every service of cloud %s", [(c,) for c in ("gcc-high", "dod", "21vianet")])
def every_service(lab, cloud):
    d = lab.name()
    ids = [i for i in rows(d, cloud) if not i.startswith("dkim")]
    services = ",".join(s for s in ALL_SERVICES.split(",") if s != "dkim")
    lab.bed.zone(d, "\n".join(rows(d, cloud)[i] for i in ids))
    doc = lab.once("--cloud", cloud, *ALL, "--services", services, d).exits(0).doc()
    check(not doc.codes("error"), "no errors", str(doc))
    for rid in ids:
        equal(doc.record(rid)["need"], "required", "need of " + rid, str(doc))


@table("the other form is as good: %s", [
    ("MX in mx.microsoft", "mx", "@ IN MX 0 {k}.o-v1.mx.microsoft."),
    ("verification by MX", "verification", None),
    ("DKIM of May 2025", None, None),
    ("SPF with ~all and in other order", "spf",
     '@ IN TXT "v=spf1 ip4:198.51.99.7 include:spf.protection.outlook.com ~all"'),
    ("SPF in several strings", "spf", '@ IN TXT "v=spf1 include:spf.prot" "ection.outlook.com -all"'),
    ("upper case targets", "autodiscover", "autodiscover IN CNAME AutoDiscover.Outlook.COM."),
    ("Intune without -s", "enterpriseenrollment",
     "enterpriseenrollment IN CNAME enterpriseenrollment.manage.microsoft.com."),
])
def other_form(lab, name, rid, text):
    d = lab.name()
    k = domain_key(d)
    replace = {rid: text.replace("{k}", k)} if text else {}
    if name.startswith("DKIM"):
        target = "selector%d-%s._domainkey.Contoso.n-v1.dkim.mail.microsoft."
        replace = {"dkim-selector%d" % i: "selector%d._domainkey IN CNAME " % i + target % (i, k) for i in (1, 2)}
    if name.startswith("verification"):
        replace = {"verification": "@ IN MX 32767 ms12345678.msv1.invalid."}
    lab.domain("all", replace=replace, name=d)
    doc = lab.once(*ALL, d).exits(0).doc()
    check(not doc.codes("error"), "no errors", str(doc))
    if name.startswith("verification"):
        check("verification-by-mx" in doc.codes("info"), "info verification-by-mx", str(doc))


@table("the key of a name with dashes: %s", [
    (d,) for d in ("mu-sigma.test", "a-b-c.test", "weber-wis.test", "xn--mnchen-3ya.test")])
def keys(lab, d):
    lab.domain("exchange,dkim", name=d)
    doc = lab.once("--services", "exchange,dkim", "--tenant", "contoso", d).exits(0).doc()
    check("mx-wrong-key" not in doc.codes(), "the key is the one expected", str(doc))
    expected = doc.record("mx")["expected"]
    check(domain_key(d) + ".mail.protection.outlook.com" in " ".join(expected), "expected", expected)


@case("an IDN is taken as typed and shown in both forms")
def idn(lab):
    lab.domain(name="xn--bcher-kva.test")
    d = lab.once("bücher.test").exits(0).doc()
    equal(d["domain"], "xn--bcher-kva.test", "domain")
    r = lab.run("--once", "bücher.test").exits(0)
    check("bücher.test" in r.out and "xn--bcher-kva.test" in r.out, "both forms in the text", str(r))


@case("a subdomain that is not delegated lies in its parent's zone")
def subdomain(lab):
    parent = lab.name()
    name = "sub." + parent
    text = zone_text(name).replace("@ IN", "sub IN").replace("autodiscover IN", "autodiscover.sub IN")
    lab.bed.zone(parent, text)
    d = lab.once(name).exits(0).doc()
    equal(d.record("autodiscover")["name"], "autodiscover." + name, "owner")
    equal({c["source"].split(".")[0] for c in d.cells("mx", "authority")}, {"ns1", "ns2"}, "authorities", str(d))


@case("a subdomain without a DMARC record has its parent's, which is said")
def inherited(lab):
    parent = lab.name()
    name = "sub." + parent
    text = zone_text(name).replace("@ IN", "sub IN").replace("autodiscover IN", "autodiscover.sub IN")
    lab.bed.zone(parent, text + '_dmarc IN TXT "v=DMARC1; p=reject; sp=quarantine"\n')
    d = lab.once(name).exits(0).doc()
    equal(d.codes("info", "dmarc"), {"dmarc-inherited"}, "said", str(d))
    equal(d.record("dmarc")["state"], "not-configured", "state", str(d))


@case("a subdomain that is delegated has servers of its own")
def delegated_subdomain(lab):
    parent = lab.name()
    name = "sub." + parent
    lab.bed.zone(parent, "sub IN NS ns3.hosting.test.", servers=("ns1", "ns2"))
    ns3 = lab.bed.knots["ns3"].address
    lab.bed.zone(name, right(name), servers=("ns3",), stubs=[ns3])
    d = lab.once(name).exits(0).doc()
    equal(d.addresses("mx", "authority"), {ns3}, "authorities", str(d))


@case("thirty-five other TXT values at the apex: the answer comes by TCP and ours is found")
def many_txt(lab):
    many = "\n".join('@ IN TXT "%s=%s"' % ("site-verification-%02d" % i, "x" * 60) for i in range(35))
    d = lab.once("--verification", "MS=ms12345678", lab.domain("verify,exchange", add=many)).exits(0).doc()
    check(len(d.cells("spf", "authority")[0]["values"]) >= 1, "values are shown", d.record("spf"))


@case("the admin's own record is judged like the others")
def own_record(lab):
    d1 = lab.domain(add="crm IN CNAME contoso.crm4.dynamics.example.")
    d2 = lab.domain(add="crm IN CNAME other.example.")
    block = 'domain "%s" { record "crm" { name = "crm" type = CNAME value = "contoso.crm4.dynamics.example" } }\n'
    r = lab.with_config(block % d1 + block % d2).exits(2)
    one, two = sorted(r.docs(), key=lambda d: d["domain"] != d1)
    equal(one.record("crm")["state"], "visible", "state", str(one))
    equal(two.record("crm")["state"], "unpublished", "state", str(two))


@case("an MX target without an address is an error")
def unresolvable(lab):
    r = lab.once(lab.domain(name="unresolvable.test"))
    r.doc().told("target-unresolvable", "error", "mx")
    r.exits(2)


def dkim_of(domain, tenant):
    return {"dkim-selector%d" % i: "selector%d._domainkey IN CNAME selector%d-%s._domainkey.%s.onmicrosoft.com." %
            (i, i, domain_key(domain), tenant) for i in (1, 2)}


@case("a DKIM target without a key is named")
def no_key(lab):
    d = lab.name()
    lab.domain("exchange,dkim", replace=dkim_of(d, "nokey"), name=d)
    r = lab.once("--services", "exchange,dkim", "--tenant", "nokey", d).exits(2)
    r.doc().told("dkim-no-key", "error", "dkim-selector1")


@case("one DKIM selector with a key is enough for today")
def one_key(lab):
    d = "half.test"
    lab.domain("exchange,dkim", replace=dkim_of(d, "half"), name=d)
    r = lab.once("--services", "exchange,dkim", "--tenant", "half", d).exits(0)
    r.doc().told("dkim-no-key", "warning", "dkim-selector2")
