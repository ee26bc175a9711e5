# SPDX-License-Identifier: ISC
"""test_views: every format parses and says the same."""

import json
import re
import shutil
import subprocess

from lab import NEEDS, REASONS, RECORD_STATES, STATES, VERDICTS, csv_rows
from tap import Skip, case, check, equal, table

DOMAIN_KEYS = {"domain", "revision", "state", "since", "complete", "milestones", "progress", "eta", "eta_basis",
               "checked_at", "next_check", "records", "findings"}
RECORD_KEYS = {"id", "name", "type", "need", "service", "expected", "state", "since", "visible", "eta", "cells",
               "findings"}
CELL_KEYS = {"source", "operator", "address", "kind", "verdict", "reason", "rcode", "values", "ttl", "checked_at", "eta",
             "rtt_ms", "confirmed"}
FINDING_KEYS = {"code", "severity", "record", "title", "detail", "advice", "evidence", "sources"}
KINDS = ["right", "broken", "undelegated", "dead"]


def domains(lab):
    """One domain of each kind, made once."""
    with lab.lock:
        if not hasattr(lab, "kinds"):
            evil = '@ IN TXT "v=spf1 <b>\\027[31m|&\\"\\\\;,\\200 -all"'
            lab.kinds = {"right": "right.test", "undelegated": lab.name(),
                         "broken": lab.domain(drop=["mx"], replace={"spf": evil})}
            h = lab.bed.hostile("refused")
            lab.kinds["dead"] = lab.beside(h, alone=True)
        return lab.kinds


EXITS = {"right": 0, "broken": 2, "undelegated": 2}


@table("json: shape and closed lists, %s", [(k,) for k in KINDS], slow=True)
def json_shape(lab, kind):
    r = lab.once(domains(lab)[kind])
    d = r.doc()
    check(DOMAIN_KEYS <= set(d), "keys of the document", DOMAIN_KEYS - set(d))
    check(d["state"] in STATES, "state", str(d))
    check(d["eta_basis"] in (None, "ttl", "negative-ttl", "delegation-ttl"), "eta_basis", str(d))
    check({"published", "visible", "complete"} <= set(d["milestones"]), "milestones", d["milestones"])
    check({"published", "visible"} <= set(d["progress"]), "progress", d["progress"])
    for t in (d["since"], d["checked_at"], d["eta"], *d["milestones"].values()):
        check(t is None or re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", t), "RFC 3339 UTC", t)
    for rec in d["records"]:
        check(RECORD_KEYS <= set(rec), "keys of a record", RECORD_KEYS - set(rec), rec)
        check(rec["state"] in RECORD_STATES and rec["need"] in NEEDS, "closed lists", rec)
        check(rec["name"] == rec["name"].lower() and not rec["name"].endswith("."), "names", rec["name"])
        for c in rec["cells"]:
            check(CELL_KEYS <= set(c), "keys of a cell", CELL_KEYS - set(c), c)
            check(c["verdict"] in VERDICTS and c["kind"] in ("authority", "resolver"), "closed lists", c)
            check((c["reason"] in REASONS) == (c["verdict"] == "unknown"), "a reason with unknown, and only there", c)
    for f in d["findings"]:
        check(FINDING_KEYS <= set(f), "keys of a finding", FINDING_KEYS - set(f), f)
        check(f["severity"] in ("error", "warning", "info"), "severity", f)
        check(f["title"] and f["advice"] is not None, "words", f)
    per_record = [f["code"] for rec in d["records"] for f in rec["findings"]]
    about = [f["code"] for f in d["findings"] if f["record"] is not None]
    equal(sorted(per_record), sorted(about), "findings of records", str(d))
    sources = {c["address"] for c in d.cells()}
    for rec in d["records"]:
        check({c["address"] for c in rec["cells"]} == sources, "every source has a cell in " + rec["id"], rec["cells"])


@case("json of several domains: an array, the worst exit")
def several(lab):
    k = domains(lab)
    r = lab.once(k["right"], k["broken"]).exits(2)
    equal({d["domain"] for d in r.docs()}, {k["right"], k["broken"]}, "domains")
    doc = json.loads(r.out)
    equal(list(doc), ["domains"], "keys")


@case("ndjson: a document a line")
def ndjson(lab):
    k = domains(lab)
    r = lab.run("--once", "--format", "ndjson", k["right"], k["broken"]).exits(2)
    lines = [json.loads(line) for line in r.out.splitlines()]
    check({k["right"], k["broken"]} <= {x.get("domain") for x in lines}, "both domains", r.out[:500])


@case("csv: a header and rows that parse, formulas defused")
def csv(lab):
    k = domains(lab)
    r = lab.run("--once", "--format", "csv", k["right"], k["broken"]).exits(2)
    rows = csv_rows(r.out)
    check(len(rows) > 6 and None not in rows[0], "rows with a header", r.out[:500])
    check(not re.search(r'(^|,)"?[=+@]', r.out, re.M), "no cell begins like a formula", r.out[:2000])


@table("nagios: %s", [("right", 0, "OK"), ("broken", 2, "CRITICAL"), ("undelegated", 2, "CRITICAL")])
def nagios(lab, kind, rc, word):
    r = lab.run("--once", "--format", "nagios", domains(lab)[kind]).exits(rc)
    first = r.out.splitlines()[0]
    m = re.fullmatch(r"M365DNS (OK|WARNING|CRITICAL|UNKNOWN): ([^|]+?)( ?\| ?(.*))?", first)
    check(m and m.group(1) == word, "first line", first)
    for item in (m.group(4) or "").split():
        check(re.fullmatch(r"('[^'=]+'|[^\s'=]+)=-?[\d.]+(s|us|ms|%|B|c)?(;[^;\s]*){0,4}", item), "perfdata", item)
    check(r.out.isascii() and len(r.out) <= 8192, "plain and short", r.out)


@case("nagios: unknown is 3", slow=True)
def nagios_unknown(lab):
    r = lab.run("--once", "--format", "nagios", "right.test", resolvers=(lab.bed.closed,)).exits(3)
    check(r.out.startswith("M365DNS UNKNOWN: "), "first line", str(r))


@case("prometheus: parses, with the state of each domain")
def prometheus(lab):
    k = domains(lab)
    r = lab.run("--once", "--format", "prometheus", k["right"], k["broken"]).exits(2)
    seen, helped = {}, set()
    check(r.out.endswith("\n"), "ends with a newline")
    for line in r.out.splitlines():
        if line.startswith("# HELP "):
            helped.add(line.split()[2])
        if not line or line.startswith("#"):
            continue
        m = re.fullmatch(r'([a-zA-Z_:][\w:]*)(\{(\w+="(\\.|[^"\\\n])*",?)*\})? (-?[\d.eE+-]+|NaN|[+-]Inf)( \d+)?', line)
        check(m, "sample", line)
        check(m.group(1).startswith("m365dnsd_") or m.group(1).startswith("process_"), "prefix", line)
        base = re.sub(r"_(bucket|sum|count)$", "", m.group(1))
        check(m.group(1) in helped or base in helped, "HELP for all", line)
        check(line not in seen, "no sample twice", line)
        seen[line] = True
    state = [s for s in seen if s.startswith("m365dnsd_domain_state{") and k["right"] in s and 'state="complete"' in s]
    check(state and state[0].endswith(" 1"), "the state", state)
    if shutil.which("promtool"):
        p = subprocess.run(["promtool", "check", "metrics"], input=r.out, capture_output=True, text=True)
        equal(p.returncode, 0, "promtool check metrics", p.stdout + p.stderr)


@case("text: the records, the findings, the fix; no control characters of the zone's")
def text(lab):
    k = domains(lab)
    r = lab.run("--once", "--color", "never", k["broken"]).exits(2)
    check("\x1b" not in r.out, "no escape sequences", str(r))
    for word in (k["broken"], "mx", "%s.mail.protection.outlook.com" % k["broken"].replace(".", "-")):
        check(word in r.out, "mentions " + word, str(r))
    equal(r.err, "", "nothing on stderr")
    r = lab.run("--once", "--color", "always", k["right"]).exits(0)
    check("\x1b[" in r.out, "colours when told so", repr(r.out[:200]))


@case("-q says less, -v says more")
def volume(lab):
    q, n, v = (len(lab.run("--once", *o, "right.test").exits(0).out) for o in (["-q"], [], ["-v"]))
    check(q < n < v, "lengths", (q, n, v))


@table("--fix %s prints what is missing and nothing else", [(f,) for f in (
    "zone", "route53", "terraform", "nsupdate", "azure", "cloudflare", "text", "json")])
def fix(lab, form):
    if "--fix" not in lab.run("--help", resolvers=None, lab=False).out:
        raise Skip("--fix is not in --help")
    name = lab.domain(drop=["mx"])
    r = lab.run("--fix", form, name).exits(0)
    check("mail.protection.outlook.com" in r.out, "the MX", str(r))
    check("autodiscover.outlook.com" not in r.out, "not what is right already", str(r))
    if form in ("route53", "json"):
        json.loads(r.out)


@case("the fix applied to the zone makes it complete")
def fix_round_trip(lab):
    if "--fix" not in lab.run("--help", resolvers=None, lab=False).out:
        raise Skip("--fix is not in --help")
    name = lab.domain(drop=["mx", "autodiscover"], replace={"spf": '@ IN TXT "v=spf1 mx -all"'})
    r = lab.run("--fix", "zone", name).exits(0)
    keep = [line for line in r.out.splitlines() if line and not line.startswith(";")]
    lab.bed.change(name, "\n".join(keep) + "\n")
    lab.once(name).exits(0)
