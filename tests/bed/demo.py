#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""
demo: the records of contoso.test are published one after another, with the usual mistakes, and m365dnsd watches.

Real Knot servers, real Unbound caches, real TTLs (30 to 45 s instead of an hour).  Ends by itself in about a minute,
with 0 only if the domain really became complete.  On a terminal it leaves time to read; in a log it does not.
"""

import json
import os
import subprocess
import sys
import time
from datetime import datetime

import bed as beds

DOMAIN = "contoso.test"
TTL, NEGATIVE = 45, 30
LIMIT = 100         # seconds for the whole demo
CITIES = {"r1": "amsterdam", "r2": "berlin", "r3": "chicago", "r4": "delhi"}

OLD_MX = "@ IN MX 10 mail.old.example."
MX = "@ IN MX 0 contoso-test.mail.protection.outlook.com."
MS = '@ IN TXT "MS=ms12345678"'
SPF = '@ IN TXT "v=spf1 include:spf.protection.outlook.com -all"'
SPF_SECOND = '@ IN TXT "v=spf1 mx -all"'
SPF_MERGED = '@ IN TXT "v=spf1 mx include:spf.protection.outlook.com -all"'
AUTODISCOVER = "autodiscover IN CNAME autodiscover.outlook.com."
DOUBLED = "autodiscover.contoso.test IN CNAME autodiscover.outlook.com."


class Demo:
    def __init__(self, build):
        self.program = os.path.join(build, "m365dnsd")
        self.tty = sys.stdout.isatty()
        self.start = time.monotonic()

    def say(self, text):
        mark = "\033[1m%s\033[0m" if self.tty else "%s"
        print("\n" + mark % ("[%3d s] " % (time.monotonic() - self.start) + text), flush=True)

    def read(self, seconds):
        """Time to read; a log needs none."""
        if self.tty:
            time.sleep(seconds)

    def config(self, bed):
        path = os.path.join(bed.dir, "demo.conf")
        with open(path, "w") as f:
            f.write("resolvers = {}\nauthority_port = %d\nauthority_private = yes\n" % beds.PORT)
            f.write('database = "%s/demo.db"\n' % bed.dir)
            for r, city in CITIES.items():
                f.write('resolver "%s" { address = {"%s:%d"} }\n' % (city, bed.caches[r].address, beds.PORT))
            f.write('domain "%s" {\n    verification = "MS=ms12345678"\n    services = {"exchange"}\n}\n' % DOMAIN)
        return path

    def run(self, *args, capture=False):
        argv = [self.program, "-c", self.conf, *args, DOMAIN]
        if not capture:
            print("$ m365dnsd " + " ".join(args), flush=True)
        limit = LIMIT - (time.monotonic() - self.start)
        return subprocess.run(argv, stdin=subprocess.DEVNULL, text=True, timeout=max(limit, 1),
                              stdout=subprocess.PIPE if capture else None, stderr=subprocess.PIPE if capture else None)

    def expect(self, what, *codes):
        """The mistake that the demo shows must be named, or the demo would be a lie."""
        doc = json.loads(self.run("--once", "--format", "json", capture=True).stdout)
        found = {f["code"] for f in doc["findings"]}
        missing = [c for c in codes if c not in found]
        if missing:
            sys.exit("demo: %s: expected %s, found %s" % (what, " ".join(missing), " ".join(sorted(found)) or "nothing"))
        return doc

    def play(self, bed):
        self.conf = self.config(bed)
        bed.zone(DOMAIN, OLD_MX, ttl=TTL, negative=NEGATIVE)
        self.say("contoso.test is delegated to two servers; four caches (%s) serve the users. It has an old mail server "
                 "and nothing for Microsoft 365 yet." % ", ".join(CITIES.values()))
        self.run("--once")
        self.read(4)

        self.say("The admin adds MS=, MX and SPF - but leaves the old MX, and an SPF record that was there already.")
        bed.change(DOMAIN, "\n".join([OLD_MX, MX, MS, SPF, SPF_SECOND]))
        self.run("--once")
        self.expect("two SPF records and an old MX", "spf-multiple", "mx-extra")
        self.read(5)

        self.say("The two SPF records become one, but the include gets lost.")
        bed.change(DOMAIN, "\n".join([OLD_MX, MX, MS, SPF_SECOND]))
        self.run("--once", "-q")
        self.expect("SPF without the include", "spf-include-missing")
        self.read(4)

        self.say("SPF mended, old MX removed. Then autodiscover, with the whole name typed where the provider adds the "
                 "zone: it becomes autodiscover.contoso.test.contoso.test.")
        bed.caches["r1"].flush()
        bed.caches["r1"].ask(DOMAIN, "MX")
        bed.change(DOMAIN, "\n".join([MX, MS, SPF_MERGED, DOUBLED]))
        self.run("--once")
        self.expect_missing("autodiscover")
        self.read(4)

        for r in ("r2", "r3"):
            bed.caches[r].ask("autodiscover." + DOMAIN, "CNAME")
        self.say("Meanwhile somebody asked too early: berlin and chicago now remember for %d s that autodiscover does not "
                 "exist, and amsterdam still has the old MX." % NEGATIVE)
        self.say("The admin mends the name. The servers are right at once, the caches are not: m365dnsd says until when.")
        bed.change(DOMAIN, "\n".join([MX, MS, SPF_MERGED, AUTODISCOVER]))
        self.spread(bed)

    def expect_missing(self, record):
        doc = self.expect("the doubled name")
        if not [f for f in doc["findings"] if f["record"] == record and f["severity"] == "error"]:
            sys.exit("demo: %s is wrong and was not named" % record)
        if not doc["records"] or doc["complete"]:
            sys.exit("demo: the domain cannot be complete yet")

    def spread(self, bed):
        doc = json.loads(self.run("--once", "--format", "json", capture=True).stdout)
        eta = datetime.fromisoformat(doc["eta"].replace("Z", "+00:00")) if doc.get("eta") else None
        if eta:
            print("state %s, complete by %s at the latest" % (doc["state"], eta.strftime("%H:%M:%S")), flush=True)
        r = self.run("--wait=60s")
        if r.returncode:
            sys.exit("demo: not complete: m365dnsd ended with %d" % r.returncode)
        if eta:
            late = datetime.now(eta.tzinfo) - eta
            self.say("Complete. Announced for %s, seen %+.1f s from that." % (
                eta.strftime("%H:%M:%S"), late.total_seconds()))
        print("$ m365dnsd --once --format nagios", flush=True)
        last = self.run("--once", "--format", "nagios", capture=True)
        print(last.stdout.rstrip(), flush=True)
        if last.returncode:
            sys.exit("demo: was complete and is not any more")


def main():
    demo = Demo(sys.argv[1] if len(sys.argv) > 1 else "build")
    if not os.access(demo.program, os.X_OK):
        sys.exit("demo: %s is not built" % demo.program)
    if beds.missing_tools():
        sys.exit("demo: missing packages: apt-get install " + " ".join(beds.missing_tools()))
    beds.end_on_signals()
    try:
        with beds.Bed() as bed:
            demo.play(bed)
    except subprocess.TimeoutExpired:
        sys.exit("demo: not complete in %d s" % LIMIT)
    except KeyboardInterrupt:
        sys.exit(130)
    print("\nThe demo took %d s." % (time.monotonic() - demo.start))


if __name__ == "__main__":
    main()
