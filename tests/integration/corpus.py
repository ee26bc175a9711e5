# SPDX-License-Identifier: ISC
"""
corpus: the zones of tests/corpus, a file each, and what has to be said of them.

wrong/NAME.zone tells at least the finding that its head names, and no other error; right/NAME.zone looks odd and has no
error at all.  The zone is the right one for its services, without the records that "drop" names, and with the lines of the
file.  In lines and values {d} is the domain, {k} its key, {mx} the right MX host, {spf} the right include, {onms} the place
of contoso's DKIM names.  The head:

    ; what was done to the zone, for people
    ;; record: ID                      whose finding it is (not given: the domain's, or any)
    ;; tells: CODE SEVERITY            has to be told (CODE|CODE: one of them)
    ;; beside: CODE ...                errors that may come besides
    ;; state: STATE                    default: unpublished after an error, else complete
    ;; drop: ID ...                    records left out
    ;; services: LIST                  default: all
    ;; tenant: NAME                    default: contoso
    ;; verification: no                no proof of ownership is asked for
    ;; conf: LINE                      more for the domain block
    ;; zone: ARGUMENTS                 of bed.Zone
    ;; domain: NAME                    a zone that the laboratory has already
    ;; at SERVER: drop ID ...          what this server has not got
    ;; before: drop ID ... | LINE      what the cache r1 has heard before the zone became as it is
    ;; resolvers: NAME ...             the caches to ask (default: r1 r2)
    ;; resolver: JSON                  one more, hostile (tests/bed/hostile.py)
    ;; authority: JSON                 one more authority, hostile
    ;; only: LINE | ...                the only authority, one that serves what a real one refuses: these lines for the records dropped
    ;; internal: drop ID ...           an internal resolver, in whose zone these are missing
    ;; fix: no, WHY                    no change of a record mends it
"""

import json
import os
import re

import bed as beds
from records import domain_key, rows, service_ids, zone_text

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.join(HERE, "..", "corpus")
KEYS = {"record", "tells", "beside", "state", "drop", "services", "tenant", "verification", "conf", "zone", "domain", "before",
        "resolvers", "resolver", "authority", "only", "internal", "fix"}


# What differs from run to run: the bed's network, who was asked aside, hostile servers, random labels, serials, times and counted TTLs.
VOLATILE = [
    (r"\b127\.\d+\.\d+\.(\d)\b", r"127.0.0.\1"), (r"\([rx]\d 127\.[0-9.:]+\)", "(resolver)"),
    (r"\b127\.(?!0\.0\.)\d+\.\d+\.\d+\b", "127.0.0.X"), (r"\bh\d\d+\b", "hN"), (r"\bn[0-9a-f]{16}\b", "RANDOM"),
    (r"\b20\d{8}\b", "SERIAL"), (r"\b\d\d:\d\d:\d\dZ", "TIME"), (r" \d+ IN ", " TTL IN "),
]


class Example:
    """One file of the corpus."""

    def __init__(self, path):
        self.kind, self.name = os.path.basename(os.path.dirname(path)), os.path.basename(path)[:-len(".zone")]
        self.head, self.at, lines = {}, {}, []
        with open(path, encoding="ascii") as f:
            for number, line in enumerate(f, 1):
                m = re.match(r";; (at )?(\w+): *(.*)", line)
                if m and m.group(1):
                    self.at[m.group(2)] = m.group(3)
                elif m:
                    if m.group(2) not in KEYS:
                        raise ValueError("%s:%d: no such key: %s" % (path, number, m.group(2)))
                    self.head.setdefault(m.group(2), []).append(m.group(3))
                elif line.startswith("; ") and number == 1:
                    self.title = line[2:].strip()
                else:
                    lines.append(line)
        self.lines = "".join(lines)
        self.domain = self.get("domain") or "%s-%s.test" % (self.kind, self.name)
        self.wanted = [tuple(t.split()) for t in self.head.get("tells", [])]

    def get(self, key, default=""):
        return self.head.get(key, [default])[0]

    def fill(self, text):
        key = domain_key(self.domain)
        host = key + ".mail.protection.outlook.com."
        for word, value in (("d", self.domain), ("k", key), ("mx", host), ("MX", host.upper()),
                            ("spf", "include:spf.protection.outlook.com"), ("onms", "_domainkey.contoso.onmicrosoft.com.")):
            text = text.replace("{%s}" % word, value)
        return text

    @property
    def services(self):
        return self.get("services", "all")

    def records(self, drop=()):
        """The zone's records; the DKIM names are the tenant's."""
        base = zone_text(self.domain, ("" if self.get("verification") else "verify,") +
                         (self.services if self.services != "all" else "exchange,teams,skype,intune,dkim,dmarc,mta-sts,tls-rpt"),
                         drop=[*self.get("drop").split(), *drop])
        return base + self.fill(self.lines)

    def zone(self, records=None):
        conf = eval("dict(%s)" % self.get("zone"))      # of our own files
        if "stubs" in conf:
            conf["stubs"] = [self.lab.bed.host_address(n) for n in conf["stubs"]]
        per_server = {s: self.records(what.split()[1:]) for s, what in self.at.items()}
        return beds.Zone(self.domain, records or self.records(), per_server=per_server, **conf)

    def text_of(self, server, records):
        """A whole zone as text, for hostile servers."""
        return "$ORIGIN %s.\n$TTL 300\n@ 60 IN SOA ns1.hosting.test. h 1 60 60 60 60\n@ IN NS %s\n%s" % (
            self.domain, self.lab.bed.host(server), records)

    def before(self):
        """The zone as it was; None when it always was as it is."""
        what = self.get("before")
        if not what:
            return None
        if what.startswith("drop "):
            return self.records(what.split()[1:])
        return self.records([self.get("record")]) + self.fill(what) + "\n"

    def block(self):
        """The domain's block of the configuration."""
        services = self.services if self.services != "all" else "exchange,teams,skype,intune,dkim,dmarc,mta-sts,tls-rpt"
        return 'domain "%s" {%s tenant = "%s" services = {%s} %s }\n' % (
            self.domain, "" if self.get("verification") else ' verification = "MS=ms12345678"', self.get("tenant", "contoso"),
            ", ".join('"%s"' % s for s in services.split(",")), self.fill(" ".join(self.head.get("conf", []))))

    @property
    def alone(self):
        """Has servers of its own, so that it is asked in a run of its own."""
        return any(k in self.head for k in ("resolver", "authority", "only", "internal", "before", "resolvers"))

    @property
    def state(self):
        severities = {s for _, s in self.wanted}
        return self.get("state", "unpublished" if "error" in severities else "complete")

    def complaints(self, doc):
        """What is not as the file says."""
        out, errors = [], doc.codes("error")
        record = self.get("record") or None
        for code, severity in self.wanted:
            if not doc.codes(severity, record) & set(code.split("|")):
                out.append("%s %s [%s] is not told" % (severity, code, record))
        more = errors - {c for codes, _ in self.wanted for c in codes.split("|")} - set(self.get("beside").split())
        if more:
            out.append("other errors: " + " ".join(sorted(more)))
        if doc["state"] != self.state:
            out.append("state %s, wanted %s" % (doc["state"], self.state))
        return ["%s/%s (%s): %s" % (self.kind, self.name, self.title, "; ".join(out))] if out else []

    def golden(self, doc):
        """What is different from tests/golden/findings/NAME.txt: how the wanted findings are put.  UPDATE_GOLDEN=1 writes it."""
        codes = {c for codes, _ in self.wanted for c in codes.split("|")}
        record = self.get("record") or None
        text = "".join("%s %s%s: %s\n  %s\n%s  -> %s\n" % (
            f["severity"], f["code"], " [%s]" % ", ".join(f["records"]) if f["records"] else "", f["title"], f["detail"],
            "".join("  | %s\n" % e for e in f["evidence"]), f["advice"])
            for f in doc["findings"] if f["code"] in codes and (record is None or record in f["records"]))
        for pattern, word in VOLATILE:
            text = re.sub(pattern, word, text)
        path = os.path.join(ROOT, "..", "golden", "findings", self.name + ".txt")
        if os.environ.get("UPDATE_GOLDEN"):
            with open(path, "w", encoding="utf-8") as f:
                f.write(text)
        with open(path, encoding="utf-8") as f:
            wanted = f.read()
        return [] if text == wanted else ["%s/%s: %s says otherwise\ngot\n%swanted\n%s" % (
            self.kind, self.name, os.path.relpath(path, ROOT), text, wanted)]

    @property
    def mendable(self):
        return self.kind == "wrong" and self.state == "unpublished" and not self.get("fix").startswith("no")


def examples(lab, kind):
    out = []
    for name in sorted(os.listdir(os.path.join(ROOT, kind))):
        if name.endswith(".zone"):
            out.append(Example(os.path.join(ROOT, kind, name)))
            out[-1].lab = lab
    return out
