#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""
demo: the records of contoso.test are published one after another, with the usual mistakes, and the daemon watches.

Real Knot servers, real Unbound caches, real TTLs (30 to 45 s instead of an hour), and one m365dnsd beside them for the
whole story; what is shown here is what it answers by HTTP.  Ends by itself in about a minute, with 0 only if the mistakes
were named and the domain really became complete.  On a terminal it leaves time to read; in a log it does not.

With --watch a real Prometheus looks on with contrib/prometheus, the story begins when the reader is ready, and all stays until
Ctrl-C, so that a Grafana can be shown it.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from datetime import datetime

import bed as beds
from prometheus import Prometheus

DOMAIN = "contoso.test"
VISIBLE = "m365dnsd_domain_visible_ratio"
TTL, NEGATIVE = 45, 30
LIMIT = 110         # seconds for the whole demo
NOTICED = 15        # and for the daemon to notice a change; it takes about one
CITIES = {"r1": "amsterdam", "r2": "berlin", "r3": "chicago", "r4": "delhi"}

OLD_MX = "@ IN MX 10 mail.old.example."
MX = "@ IN MX 0 contoso-test.mail.protection.outlook.com."
MS = '@ IN TXT "MS=ms12345678"'
SPF = '@ IN TXT "v=spf1 include:spf.protection.outlook.com -all"'
SPF_SECOND = '@ IN TXT "v=spf1 mx -all"'
SPF_MERGED = '@ IN TXT "v=spf1 mx include:spf.protection.outlook.com -all"'
AUTODISCOVER = "autodiscover IN CNAME autodiscover.outlook.com."
DOUBLED = "autodiscover.contoso.test IN CNAME autodiscover.outlook.com."


def free_port(usual):
    """The usual one, unless somebody has it."""
    for port in (usual, 0):
        with socket.socket() as s:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                s.bind(("127.0.0.1", port))
                return s.getsockname()[1]
            except OSError:
                pass
    sys.exit("demo: no free port on 127.0.0.1")


def clock(rfc3339):
    """A time of the daemon, as a clock on the wall here shows it."""
    return datetime.fromisoformat(rfc3339.replace("Z", "+00:00")).astimezone()


class Daemon:
    """One m365dnsd, and what it answers."""

    def __init__(self, program, bed):
        self.bed, self.port = bed, free_port(8365)
        self.log = os.path.join(bed.dir, "m365dnsd.log")
        self.process = bed.spawn([program, "-c", self.config()], self.log)
        try:
            beds.poll("m365dnsd", self.ready)
        except beds.BedError:
            sys.exit("demo: the daemon does not start:\n" + open(self.log).read())

    def config(self):
        path = os.path.join(self.bed.dir, "demo.conf")
        with open(path, "w") as f:
            f.write('listen = {"127.0.0.1:%d"}\n' % self.port)
            f.write('database = "%s/demo.db"\n' % self.bed.dir)
            f.write("interval_floor = 1     # seconds; a demo is in a hurry\n")
            f.write("resolvers = {}\nauthority_port = %d\nauthority_private = yes\n" % beds.PORT)
            for r, city in CITIES.items():
                f.write('resolver "%s" { address = {"%s:%d"} }\n' % (city, self.bed.caches[r].address, beds.PORT))
            f.write('domain "%s" {\n    verification = "MS=ms12345678"\n    services = {"exchange"}\n}\n' % DOMAIN)
        return path

    def url(self, path):
        return "http://127.0.0.1:%d%s" % (self.port, path)

    def get(self, path, timeout=20):
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))   # a proxy of the environment knows no loopback
        with direct.open(self.url(path), timeout=timeout) as r:
            return r.read().decode()

    def ready(self):
        if self.process.poll() is not None:
            raise beds.BedError("ended")
        try:
            return self.get("/-/ready")
        except OSError:
            return None

    def status(self, args=""):
        return json.loads(self.get("/status/%s?format=json%s" % (DOMAIN, args)))

    def until(self, seconds, wanted):
        """Long polls until wanted(document); the last document, wanted or not."""
        end = time.monotonic() + seconds
        doc = self.status()
        while not wanted(doc) and time.monotonic() < end:
            wait = min(10, max(1, int(end - time.monotonic())))
            doc = self.status("&wait=%d&since=%d" % (wait, doc["revision"]))
        return doc

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(10)
        except subprocess.TimeoutExpired:
            sys.exit("demo: the daemon does not end")


class Demo:
    def __init__(self, build, watch):
        self.build, self.watch, self.prometheus = build, watch, None
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

    def left(self):
        return max(1, LIMIT - (time.monotonic() - self.start))

    def show(self, path="/status/%s?format=text" % DOMAIN):
        print("$ curl '%s'" % self.daemon.url(path), flush=True)
        print(self.daemon.get(path).rstrip(), flush=True)

    def expect(self, what, *codes):
        """The mistake that the demo shows must be named, or the demo would be a lie."""
        def named(doc):
            found = {f["code"] for f in doc["findings"]}
            return all(c in found for c in codes)
        doc = self.daemon.until(NOTICED, named)
        if not named(doc):
            sys.exit("demo: %s: expected %s, found %s" % (what, " ".join(codes),
                     " ".join(f["code"] for f in doc["findings"]) or "nothing"))
        if doc["complete"]:
            sys.exit("demo: %s: the domain cannot be complete yet" % what)

    def play(self, bed):
        bed.zone(DOMAIN, OLD_MX, ttl=TTL, negative=NEGATIVE)
        self.daemon = Daemon(self.program, bed)
        self.say("contoso.test is delegated to two servers; four caches (%s) serve the users. It has an old mail server "
                 "and nothing for Microsoft 365 yet. m365dnsd has begun to watch; look yourself, while this runs:"
                 % ", ".join(CITIES.values()))
        for path, what in (("/", "the overview"), ("/status/" + DOMAIN, "this domain, a page in a browser and JSON for curl"),
                           ("/history/" + DOMAIN, "what has changed"), ("/metrics", "for Prometheus")):
            print("    %-48s %s" % (self.daemon.url(path), what), flush=True)
        if self.watch:
            self.look_on(bed)
        self.expect("nothing for Microsoft 365", "record-missing")
        print()
        self.show()
        self.read(5)

        self.say("The admin adds MS=, MX and SPF - but leaves the old MX, and an SPF record that was there already.")
        bed.change(DOMAIN, "\n".join([OLD_MX, MX, MS, SPF, SPF_SECOND]))
        self.expect("two SPF records and an old MX", "spf-multiple", "mx-extra")
        self.show()
        self.read(5)

        self.say("The two SPF records become one, but the include gets lost.")
        bed.change(DOMAIN, "\n".join([OLD_MX, MX, MS, SPF_SECOND]))
        self.expect("SPF without the include", "spf-include-missing")
        self.findings("spf")
        self.read(4)

        self.say("SPF mended, old MX removed. Then autodiscover, with the whole name typed where the provider adds the "
                 "zone: it becomes autodiscover.contoso.test.contoso.test.")
        bed.caches["r1"].flush()
        bed.caches["r1"].ask(DOMAIN, "MX")
        bed.change(DOMAIN, "\n".join([MX, MS, SPF_MERGED, DOUBLED]))
        self.expect("the doubled name", "owner-doubled")
        self.findings("autodiscover")
        self.read(4)

        for r in ("r2", "r3"):
            bed.caches[r].ask("autodiscover." + DOMAIN, "CNAME")
        self.say("Meanwhile somebody asked too early: berlin and chicago now remember for %d s that autodiscover does not "
                 "exist, and amsterdam still has the old MX." % NEGATIVE)
        self.say("The admin mends the name. The servers are right at once, the caches are not: m365dnsd says until when.")
        bed.change(DOMAIN, "\n".join([MX, MS, SPF_MERGED, AUTODISCOVER]))
        self.spread()
        self.tell()

    def look_on(self, bed):
        """A Prometheus, and time to set up what reads it."""
        self.prometheus = Prometheus(os.path.join(bed.dir, "prometheus"), ("127.0.0.1", free_port(9090)),
                                     ("127.0.0.1", self.daemon.port), 2).start(bed.spawn)
        beds.poll("a first scrape", lambda: self.prometheus.now(VISIBLE), NOTICED)
        place = "http://" + self.prometheus.place
        self.say("A Prometheus looks on, with the files of contrib/prometheus and a scrape every 2 s:")
        print("    %-48s graph %s, see Alerts" % (place + "/", VISIBLE), flush=True)
        print("For Grafana: Connections, Data sources, Prometheus, %s; then Dashboards, New, Import,\n"
              "contrib/grafana/m365dnsd.json; there the last 5 minutes, with a refresh every 5 s." % place, flush=True)
        if self.tty:
            input("Enter begins the story. ")
            self.start = time.monotonic()

    def findings(self, record):
        for f in self.daemon.status()["findings"]:
            if f["record"] == record and f["severity"] == "error":
                print("    %s: %s\n        %s" % (f["code"], f["detail"], f["advice"]), flush=True)

    def table(self):
        """Only who sees what, of the text."""
        text = self.daemon.get("/status/%s?format=text" % DOMAIN)
        at = text.find("\nRECORD ")
        print(text[at + 1:text.find("\nnot configured", at)], flush=True)

    @staticmethod
    def settled(doc):
        """Every cache has answered for every required record, and nothing waits for a second look."""
        cells = [c for r in doc["records"] if r["need"] == "required" for c in r["cells"] if c["kind"] == "resolver"]
        return doc["complete"] or doc["state"] == "published" and all(
            c["verdict"] == "stale" or c["verdict"] == "ok" and c["confirmed"] >= 2 for c in cells)

    def spread(self):
        """From published to complete, cache by cache."""
        doc = self.daemon.until(NOTICED, self.settled)
        if not doc["eta"]:
            sys.exit("demo: no time is announced in state %s" % doc["state"])
        eta = clock(doc["eta"])
        self.show()
        visible = doc["progress"]["visible"]
        while not doc["complete"] and self.left() > 1:
            doc = self.daemon.until(min(10, self.left()), lambda d: d["complete"] or d["progress"]["visible"] != visible)
            if doc["progress"]["visible"] != visible:
                doc = self.daemon.until(3, self.settled)
            if not doc["complete"] and doc["progress"]["visible"] != visible:
                visible = doc["progress"]["visible"]
                self.say("%d %% visible, everywhere by %s at the latest" % (
                    int(100 * visible), clock(doc["eta"]).strftime("%H:%M:%S") if doc["eta"] else "an unknown time"))
                self.table()
        if not doc["complete"]:
            sys.exit("demo: not complete in %d s: %s" % (LIMIT, doc["state"]))
        self.say("Complete.")
        self.table()
        late = (clock(doc["milestones"]["complete"]) - eta).total_seconds()
        print("\nAnnounced for %s, confirmed %.1f s %s that." % (
            eta.strftime("%H:%M:%S"), abs(late), "after" if late >= 0 else "before"), flush=True)
        self.read(4)

    def history(self):
        """What is told is committed first, a moment later than it is seen."""
        deadline = time.monotonic() + NOTICED
        while time.monotonic() < deadline:
            doc = json.loads(self.daemon.get("/history/" + DOMAIN))
            mine = [t for t in reversed(doc["transitions"]) if t["record"] is None and t["source"] is None]
            if mine and mine[-1]["to"] == "complete":
                return mine
            time.sleep(0.1)
        sys.exit("demo: the history does not say that the domain became complete")

    def tell(self):
        """What others see of it: the history, a monitoring system, Prometheus."""
        self.say("What has become of the domain, from %s:" % self.daemon.url("/history/" + DOMAIN))
        for t in self.history():
            print("    %s  %-11s -> %s" % (clock(t["at"]).strftime("%H:%M:%S"), t["from"], t["to"]))
        plugin = os.path.join(self.build, "check_m365dnsd")
        self.say("What a monitoring system and Prometheus get:")
        if os.access(plugin, os.X_OK):
            print("$ check_m365dnsd -p %d -D %s" % (self.daemon.port, DOMAIN), flush=True)
            if subprocess.run([plugin, "-p", str(self.daemon.port), "-D", DOMAIN], timeout=self.left()).returncode:
                sys.exit("demo: was complete and is not any more")
        print("$ curl -s %s | grep domain_state.*1$" % self.daemon.url("/metrics"), flush=True)
        for line in self.daemon.get("/metrics").splitlines():
            if line.startswith("m365dnsd_domain_state{") and line.endswith(" 1"):
                print(line, flush=True)
        self.read(4)
        if self.prometheus:
            self.stay()
        code = self.daemon.stop()
        if code:
            sys.exit("demo: the daemon ended with %d" % code)

    def stay(self):
        """What Prometheus has seen of it; and all stays as it is until the reader has looked."""
        complete = 'm365dnsd_domain_state{state="complete"} == 1'
        beds.poll("complete in Prometheus", lambda: self.prometheus.now(complete), NOTICED)
        share = self.prometheus.since(VISIBLE)[0][1]
        self.say("What Prometheus has: visible went from %d %% to %d %%." % (100 * share[0], 100 * share[-1]))
        self.say("All stays until Ctrl-C: %s and http://%s" % (self.daemon.url("/"), self.prometheus.place))
        try:
            signal.pause()
        except KeyboardInterrupt:
            print()
        self.prometheus.stop()


def main():
    args = [a for a in sys.argv[1:] if a != "--watch"]
    demo = Demo(args[0] if args else "build", "--watch" in sys.argv)
    if not os.access(demo.program, os.X_OK):
        sys.exit("demo: %s is not built" % demo.program)
    if beds.missing_tools():
        sys.exit("demo: missing packages: apt-get install " + " ".join(beds.missing_tools()))
    beds.end_on_signals()
    try:
        with beds.Bed() as bed:
            demo.play(bed)
    except (OSError, beds.BedError) as e:
        sys.exit("demo: somebody does not answer: %s" % e)
    except KeyboardInterrupt:
        sys.exit(130)
    print("\nThe demo took %d s." % (time.monotonic() - demo.start))


if __name__ == "__main__":
    main()
