# SPDX-License-Identifier: ISC
"""test_fix: what --fix proposes is done to real zones, and then all is right; what --import reads is what is checked."""

import json
import re
import subprocess

from corpus import examples
from records import right
from tap import case, check, equal
import bed as beds


# ---- zones as sets of records: (owner, type) -> {data: TTL} ----

def canonical(rtype, data):
    """Names without case, the strings of a text joined: as the rules see them."""
    if rtype in ("TXT", "SPF"):
        return "".join(re.findall(r'"((?:[^"\\]|\\.)*)"', data))
    return data.lower()


def add(model, owner, ttl, rtype, data):
    model.setdefault((owner.lower(), rtype), {})[canonical(rtype, data)] = (int(ttl), data)


def zone_of(lab, server, zone):
    """What the server has, but SOA and the NS of the zone itself."""
    model = {}
    for line in lab.bed.knots[server].ctl("zone-read", zone + ".").splitlines():
        m = re.match(r"\[\S+\] (\S+) (\d+) (\S+) (.*)", line)
        if m and m.group(3) != "SOA" and not (m.group(3) == "NS" and m.group(1) == zone + "."):
            add(model, *m.groups())
    return model


def zone_text(model):
    return "".join("%s %d IN %s %s\n" % (owner, ttl, rtype, data)
                   for (owner, rtype), values in model.items() for ttl, data in values.values())


def drop(model, owner, rtype, data):
    values = model.get((owner.lower(), rtype), {})
    check(canonical(rtype, data) in values, "what is deleted is there: %s %s %s" % (owner, rtype, data), values)
    del values[canonical(rtype, data)]


RECORD = r"(\S+) (\d+) IN (\S+) (.*)"


def by_zone(model, text):
    model = {k: dict(v) for k, v in model.items()}
    for line in text.splitlines():
        m = re.match(r"; delete: " + RECORD, line)
        if m:
            drop(model, m.group(1), m.group(3), m.group(4))
        elif line and not line.startswith(";"):
            m = re.fullmatch(RECORD, line)
            check(m, "a record", line)
            add(model, *m.groups())
    return {k: v for k, v in model.items() if v}


# ---- Route 53: what its API asks of a batch, and what it does ----

def route53_value(rtype, value):
    """Checks the form of a value; returns it as zone text (decimal escapes)."""
    check(0 < len(value) <= 4000, "the length of a value", value)
    check(all(" " <= c <= "~" for c in value), "ASCII", value)
    if rtype == "TXT":
        check(re.fullmatch(r'"([^"\\]|\\["\\]|\\[0-3][0-7]{2})*"( "([^"\\]|\\["\\]|\\[0-3][0-7]{2})*")*', value), "strings", value)
        for s in re.findall(r'"((?:[^"\\]|\\.)*)"', value):
            check(len(re.sub(r"\\([0-3][0-7]{2}|.)", "x", s)) <= 255, "a string of 255 bytes at most", s)
    return re.sub(r"\\([0-3][0-7]{2})", lambda m: "\\%03d" % int(m.group(1), 8), value)


def by_route53(model, batch):
    model = {k: dict(v) for k, v in model.items()}
    check(set(batch) == {"Comment", "Changes"} and len(batch["Comment"]) <= 256, "a change batch", batch)
    seen = set()
    for change in batch["Changes"]:
        s = change["ResourceRecordSet"]
        check(set(change) == {"Action", "ResourceRecordSet"} and change["Action"] in ("UPSERT", "DELETE"), "a change", change)
        check(set(s) == {"Name", "Type", "TTL", "ResourceRecords"} and s["ResourceRecords"], "a set of records", s)
        key = (s["Name"].lower(), s["Type"])
        check(key not in seen, "one change a set", key)
        seen.add(key)
        new = {}
        for r in s["ResourceRecords"]:
            add(new, s["Name"], s["TTL"], s["Type"], route53_value(s["Type"], r["Value"]))
        check(len(new[key]) == len(s["ResourceRecords"]), "no value twice", s)
        if change["Action"] == "DELETE":
            old = model.get(key, {})
            equal({d: t for d, (t, _) in new[key].items()}, {d: t for d, (t, _) in old.items()}, "a DELETE repeats the set")
            model.pop(key)
        else:
            model.update(new)
    for owner, rtype in model:
        check(rtype != "CNAME" or len([k for k in model if k[0] == owner]) == 1, "a CNAME stands alone", owner)
    return {k: v for k, v in model.items() if v}


def by_json(model, doc):
    model = {k: dict(v) for k, v in model.items()}
    for c in doc["changes"]:
        owner, rtype = c["name"] + ".", c["type"]
        for v in c["delete"]:
            drop(model, owner, rtype, v["data"])
        equal({canonical(rtype, v["data"]) for v in c["keep"]}, set(model.get((owner, rtype), {})), "what stays: %s %s" % (owner, rtype))
        for v in c["add"]:
            add(model, owner, c["ttl"], rtype, v["data"])
    return {k: v for k, v in model.items() if v}


def sets(model):
    return {k: set(v) for k, v in model.items()}


# ---- the corpus ----

def broken(lab, prefix):
    """Every zone of the corpus that a change of records mends, under a name of its own."""
    group = [e for e in examples(lab, "wrong") if e.mendable and not e.alone and not e.get("domain") and not e.at]
    for e in group:
        e.domain = prefix + "-" + e.domain
    lab.bed.publish(*[e.zone() for e in group])
    return group


def fixes(lab, form, group):
    """The output for each domain."""
    path = lab.config("".join(e.block() for e in group))
    r = lab.run("-c", path, "--fix", form, resolvers=None, lab=False, limit=180).exits(0)
    if form in ("route53", "json"):
        return dict(zip((e.domain for e in group), map(json.loads, r.out.splitlines()))), path
    parts = re.split(r"^(?=; \S+\.test: )", r.out, flags=re.M)
    return {p[2:].split(":")[0]: p for p in parts if p.strip()}, path


def complete(lab, group, path, before):
    docs = {d["domain"]: d for d in lab.run("-c", path, "--once", "--format", "json", resolvers=None, lab=False,
                                            limit=180).docs()}
    bad = [e for e in group if docs[e.domain]["state"] != "complete"]
    check(not bad, "%d of %d are complete" % (len(group) - len(bad), len(group)),
          *["%s (%s):\n%s\n%s" % (e.name, e.title, before[e.domain], docs[e.domain]) for e in bad])


@case("--fix zone, route53 and json: the corpus of mistakes is complete afterwards", slow=True)
def mended_by_file(lab):
    group = broken(lab, "fz")
    texts, path = fixes(lab, "zone", group)
    batches, _ = fixes(lab, "route53", group)
    data, _ = fixes(lab, "json", group)
    for e in group:
        model = zone_of(lab, "ns1", e.domain)
        after = by_zone(model, texts[e.domain])
        equal(sets(by_route53(model, batches[e.domain])), sets(after), "Route 53 does the same: " + e.name)
        equal(sets(by_json(model, data[e.domain])), sets(after), "the data say the same: " + e.name)
        lab.bed.change(e.domain, zone_text(after))
    complete(lab, group, path, texts)
    texts, _ = fixes(lab, "zone", group)
    bad = [t for t in texts.values() if not re.match(r"; \S+: nothing to change\n", t)]
    check(not bad, "then there is nothing to change", *bad)


@case("--fix nsupdate: the corpus of mistakes is complete afterwards", slow=True)
def mended_by_update(lab):
    group = broken(lab, "fn")
    texts, path = fixes(lab, "nsupdate", group)
    for e in group:
        for server in ("ns1", "ns2"):
            k = lab.bed.knots[server]
            text = "server %s %d\n%s" % (k.address, beds.PORT, texts[e.domain])
            p = subprocess.run([lab.bed.tool("knsupdate")], input=text, capture_output=True, text=True)
            check(p.returncode == 0 and not p.stderr, "knsupdate takes it: " + e.name, text, p.stdout, p.stderr)
    complete(lab, group, path, texts)


# ---- import ----

@case("--import of what Graph gives, then --fix of an empty zone: complete")
def import_and_fix(lab):
    name = lab.name()
    key = name.replace(".", "-")
    lab.bed.zone(name, "www IN A 192.0.2.1\n@ IN TXT \"other\"")
    graph = {"value": [
        {"@odata.type": "#microsoft.graph.domainDnsTxtRecord", "label": name, "recordType": "Txt", "text": "MS=ms12345678"},
        {"label": name, "recordType": "Mx", "mailExchange": key + ".mail.protection.outlook.com", "preference": 0},
        {"label": name, "recordType": "Txt", "text": "v=spf1 include:spf.protection.outlook.com -all"},
        {"label": "autodiscover." + name, "recordType": "CName", "canonicalName": "autodiscover.outlook.com"},
        {"label": "_sipfederationtls._tcp." + name, "recordType": "Srv", "nameTarget": "sipfed.online.lync.com", "port": 5061,
         "priority": 100, "weight": 1, "service": "_sipfederationtls", "protocol": "_tcp"}]}
    file = "%s/graph-%s.json" % (lab.bed.dir, name)
    with open(file, "w") as f:
        json.dump(graph, f)
    block = lab.run("--import", file, "--domain", name, resolvers=None, lab=False).exits(0).out
    check("mx = {\"0 %s.mail.protection.outlook.com\"}" % key in block, "the MX is expected", block)
    path = lab.config(block)
    text = lab.run("-c", path, "--fix", "zone", resolvers=None, lab=False).exits(0).out
    after = by_zone(zone_of(lab, "ns1", name), text)
    check('other' in after[(name + ".", "TXT")], "what else stands there stays", text)
    lab.bed.change(name, zone_text(after))
    lab.run("-c", path, "--once", "--format", "json", resolvers=None, lab=False).exits(0)


@case("--fix of a right domain says so in every format, and exits 0")
def nothing(lab):
    name = lab.domain()
    for form in ("text", "zone", "nsupdate", "route53", "terraform", "azure", "cloudflare", "json"):
        r = lab.run("--fix", form, name).exits(0)
        check(name + ": nothing to change" in (r.err if form == "route53" else r.out), form, str(r))
        check(form != "route53" or r.out == "", "Route 53 takes no batch without changes", str(r))
    lab.run("--fix", "xml", name).exits(64)


@case("--fix where nobody answers proposes nothing")
def unasked(lab):
    name = lab.name()
    lab.bed.zone(name, right(name, "exchange"), servers=("gone",), delegation=("gone",), ns=("gone",), stubs=[])
    r = lab.run("--fix", "zone", name).exits(0)
    check("nothing can be proposed" in r.out, "no news is no good news", str(r))
    check(not [line for line in r.out.splitlines() if line and not line.startswith(";")], "comments only", str(r))
