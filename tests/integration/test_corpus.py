# SPDX-License-Identifier: ISC
"""test_corpus: the zones of tests/corpus against real servers: what is wrong is named, what only looks odd is not."""

import json
import os
import re

from corpus import Example, ROOT, examples
from tap import case, check, table

SOURCE = os.path.join(ROOT, "..", "..")
# Told by the way of other cases, because no zone alone shows them: where to look.
ELSEWHERE = {
    "no-ipv6-here": "test_sources", "record-forbidden": "check_eval_judge",
    "resolver-intercepted": "test_own", "udp-blocked-here": "test_own", "tcp-blocked-here": "test_own",
    "mta-sts-mx-mismatch": "test_policy", "mta-sts-policy": "test_policy", "mta-sts-undetermined": "test_policy",
}


def together(lab, kind):
    """All that need no servers of their own, in one pass."""
    group = [e for e in examples(lab, kind) if not e.alone]
    lab.bed.publish(*[e.zone() for e in group if not e.get("domain")])
    r = lab.with_config("".join(e.block() for e in group), limit=180)
    check(r.out.strip(), "documents came out", str(r))
    docs = {d["domain"]: d for d in r.docs()}
    check(len(docs) == len(group), "a document each", r.err)
    bad = [(line, str(docs[e.domain])) for e in group for line in e.complaints(docs[e.domain])]
    bad += [(line, "") for e in group if kind == "wrong" for line in e.golden(docs[e.domain])]
    check(not bad, "%d of %d zones" % (len(bad), len(group)), *[line for line, _ in bad], *[doc for _, doc in bad])


@case("the corpus of mistakes: every one is named by its code, and nothing else is an error", slow=True)
def mistakes(lab):
    together(lab, "wrong")


@case("the corpus of what looks odd and is right: no error at all", slow=True)
def odd_but_right(lab):
    together(lab, "right")


def alone(lab, name):
    e = Example(os.path.join(ROOT, "wrong", name + ".zone"))
    e.lab = lab
    resolvers = [lab.bed.caches[r].address for r in e.get("resolvers", "r1 r2").split()]
    zone = e.zone(e.before())
    if e.get("authority"):
        h = lab.front(**json.loads(e.fill(e.get("authority"))))
        zone.servers, zone.delegation, zone.ns = ("ns1",), ("ns1", h), ("ns1", h)
        zone.stubs = [lab.bed.knots["ns1"].address]
    if e.get("only"):
        h = lab.bed.hostile()
        h.change(zone=e.text_of(h, e.records() + e.fill(e.get("only")).replace(" | ", "\n") + "\n"))
        zone.servers, zone.delegation, zone.ns = ("ns1",), (h,), (h,)
    if not e.get("domain"):
        lab.bed.publish(zone)
    if e.before():
        record = e.get("record")
        check(record == "autodiscover", "only autodiscover is asked before", e.name)
        check(lab.bed.caches["r1"].ask("autodiscover." + e.domain, "CNAME") is not None, "the cache answers")
        lab.bed.change(e.domain, e.records())
    if e.get("resolver"):
        resolvers.append(lab.cache(**json.loads(e.fill(e.get("resolver")))).address)
    conf = e.block() + "".join(lab.resolver_block("x%d" % i, a) for i, a in enumerate(resolvers))
    if e.get("internal"):
        h = lab.bed.hostile(resolver=True)
        h.change(zone=e.text_of(h, e.records(e.get("internal").split()[1:])))
        conf += lab.resolver_block("office", h.address, "view = internal class = info")
    doc = lab.with_config(conf, resolvers=False).doc()
    bad = e.complaints(doc) + e.golden(doc)
    check(not bad, "as the file says", *bad, str(doc))


ALONE = [(name[:-len(".zone")],) for name in sorted(os.listdir(os.path.join(ROOT, "wrong")))
         if name.endswith(".zone") and Example(os.path.join(ROOT, "wrong", name)).alone]


@table("the corpus, with servers of its own: %s", ALONE, slow=True)
def with_servers(lab, name):
    alone(lab, name)


@case("the corpus has a zone for every finding code, and twenty-five that are only odd")
def complete(lab):
    with open(os.path.join(SOURCE, "include", "m365dnsd", "findings.def"), encoding="utf-8") as f:
        codes = set(re.findall(r'^FINDING\(\w+, "([a-z0-9-]+)"', f.read(), re.M))
    told = {code for e in examples(lab, "wrong") for codes, _ in e.wanted for code in codes.split("|")}
    missing = codes - told - set(ELSEWHERE)
    check(codes, "the table was read")
    check(not missing, "codes without a zone", sorted(missing))
    check(len(examples(lab, "right")) >= 25, "odd zones", len(examples(lab, "right")))
