# SPDX-License-Identifier: ISC
"""lab: the bed, the program, and what is asked of its output."""

import csv
import io
import itertools
import json
import os
import subprocess
import threading
import time
from datetime import datetime, timezone

import bed as beds
from records import right, zone_text
from tap import Skip, check

STATES = {"pending", "unknown", "unpublished", "published", "complete", "regressed"}
RECORD_STATES = {"pending", "unknown", "unpublished", "published", "visible", "regressed", "not-configured"}
VERDICTS = {"ok", "wrong", "missing", "stale", "unknown"}
REASONS = {"timeout", "network", "servfail", "refused", "notimp", "formerr", "malformed", "truncated", "filtered", "bogus",
           "lame", "not-global", "gated", "zone-broken", "set-aside", "stopped"}
SLOW = int(os.environ.get("SLOW", "1"))     # the program runs so many times slower than usual (sanitizers)
NEEDS = {"required", "recommended", "optional", "legacy", "forbidden"}


class Result:
    """How a run of the program ended."""

    def __init__(self, argv, rc, out, err, seconds):
        self.argv, self.rc, self.out, self.err, self.seconds = argv, rc, out, err, seconds

    def __str__(self):
        return "$ %s\n-> exit %s after %.1f s\n%s%s" % (" ".join(self.argv), self.rc, self.seconds, self.brief(),
                                                         "stderr: " + self.err if self.err else "")

    def brief(self):
        """What matters of a status document; other output as it is."""
        try:
            return "".join(str(d) for d in self.docs())
        except (ValueError, KeyError, TypeError):
            return self.out[:3000]

    def docs(self):
        doc = json.loads(self.out)
        return [Doc(d) for d in doc["domains"]] if "domains" in doc else [Doc(doc)]

    def doc(self):
        try:
            docs = self.docs()
        except ValueError:
            raise AssertionError("no JSON came out\n" + str(self))
        check(len(docs) == 1, "one domain, one document", str(self))
        return docs[0]

    def exits(self, rc):
        check(self.rc == rc, "exit %s, wanted %s" % (self.rc, rc), str(self))
        return self


class Doc(dict):
    """A status document."""

    def record(self, rid):
        found = [r for r in self["records"] if r["id"] == rid]
        check(found, "no record %s" % rid, str(self))
        return found[0]

    def cells(self, rid=None, kind=None, source=None, address=None):
        return [c for r in self["records"] if rid in (None, r["id"]) for c in r["cells"]
                if kind in (None, c["kind"]) and source in (None, c["source"])
                and (address is None or c["address"].split(":")[0] == address)]

    def verdicts(self, *which, **where):
        return {c["verdict"] for c in self.cells(*which, **where)}

    def reasons(self, *which, **where):
        return {c["reason"] for c in self.cells(*which, **where)}

    def addresses(self, rid, kind):
        return {c["address"].split(":")[0] for c in self.cells(rid, kind)}

    def required(self):
        return [r["id"] for r in self["records"] if r["need"] == "required"]

    def codes(self, severity=None, record=None):
        return {f["code"] for f in self["findings"]
                if severity in (None, f["severity"]) and (record is None or record in f["records"])}

    def told(self, code, severity=None, record=None):
        """The finding is there; a diagnosis that this version does not make yet is a test not run."""
        if code not in self.codes(severity, record):
            raise Skip("this version does not tell " + code)

    def never(self, *verdicts, **where):
        """No cell has one of these verdicts."""
        bad = [(c["source"], c["address"], c["verdict"], c["reason"]) for c in self.cells(**where)
               if c["verdict"] in verdicts]
        check(not bad, "cells that must not be %s" % " or ".join(verdicts), bad, str(self))

    def __str__(self):
        out = ["{domain}: {state}, eta {eta} ({eta_basis}), progress {progress}".format(**self)]
        out += ["  {severity} {code} [{record}] {detail} | {advice} | {sources}".format(**f) for f in self["findings"]]
        for r in self["records"]:
            if r["need"] in ("required", "forbidden") or r["state"] != "not-configured":
                cells = ["%s=%s%s" % (c["address"], c["verdict"], "/" + c["reason"] if c["reason"] else "")
                         for c in r["cells"]]
                out.append("  {id} {need} {state} {expected}: ".format(**r) + " ".join(cells))
        return "\n".join(out) + "\n"


def when(text):
    """RFC 3339 to seconds since the epoch."""
    return datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(timezone.utc).timestamp()


class Lab:
    def __init__(self, build):
        self.program = os.path.join(build, "m365dnsd")
        self.bed = beds.Bed()
        self.count = itertools.count(1)
        self.lock = threading.Lock()

    def start(self):
        self.bed.start()
        r4 = self.bed.caches["r4"]
        self.bed.publish(beds.Zone("signed.test", right("signed.test", "exchange"), signed=True, transfer=True),
                         beds.Zone("bogus.test", right("bogus.test", "exchange"), signed=True, transfer=True,
                                   ds="12345 13 2 " + "00" * 32),
                         beds.Zone("right.test", right("right.test", "all")))
        r4.trust(**{"signed.test.": self.bed.ds("signed.test"), "bogus.test.": "12345 13 2 " + "00" * 32})
        beds.poll("r4 after its reload", lambda: getattr(r4.ask("bogus.test.", "MX"), "rcode", 0) == 2)
        beds.poll("r4's control socket", r4.alive)

    def stop(self):
        self.bed.stop()

    # -- domains --

    def name(self):
        """A domain that no other case uses and no cache has heard of."""
        return "d%d.test" % next(self.count)

    def domain(self, services="exchange", drop=(), replace=None, add="", name=None, **zone):
        """Publish a right zone with some records left out or replaced; returns its name."""
        name = name or self.name()
        self.bed.zone(name, zone_text(name, services, drop, replace, add), **zone)
        return name

    def beside(self, h, alone=False, **kw):
        """A domain with two authorities, ns1 and h (a hostile server or a name); the caches ask ns1 only."""
        ns = (h,) if alone else ("ns1", h)
        return self.domain(servers=("ns1",), delegation=ns, ns=ns, stubs=[self.bed.knots["ns1"].address], **kw)

    def front(self, do="truth", **kw):
        """A hostile server that has its truth from ns1."""
        return self.bed.hostile(do, upstream=self.bed.knots["ns1"], **kw)

    def cache(self, do="truth", **kw):
        """A hostile resolver that has its truth from r3."""
        return self.bed.hostile(do, upstream=self.bed.caches["r3"], resolver=True, **kw)

    def change(self, name, services="exchange", drop=(), replace=None, add="", servers=None):
        self.bed.change(name, zone_text(name, services, drop, replace, add), servers)

    # -- the program --

    def argv(self, args, resolvers, lab=True):
        argv = [self.program] + list(args)
        if lab:
            argv += self.bed.lab()
        return argv + (self.bed.resolvers(*resolvers) if resolvers is not None else [])

    def start_program(self, *args, resolvers=("r1", "r2"), lab=True, before=(), stdout=subprocess.PIPE, env=None):
        env = dict(os.environ, TZ="UTC", LC_ALL="C.UTF-8", HOME=self.bed.dir, **(env or {}))
        env.pop("NOTIFY_SOCKET", None)
        argv = [*before, *self.argv(args, resolvers, lab)]
        p = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=stdout, stderr=subprocess.PIPE, env=env,
                             preexec_fn=beds.die_with_parent)
        p.started = time.monotonic()
        return p

    def until(self, p, what, ready):
        """Wait until ready() while the program runs; it must not end before."""
        def still():
            value = ready()
            check(value or p.poll() is None, "ended before " + what)
            return value
        return beds.poll(what, still, 15 * SLOW)

    def end(self, p, limit=60):
        late = False
        try:
            out, err = p.communicate(timeout=limit * SLOW)
        except subprocess.TimeoutExpired:
            p.kill()
            out, err = p.communicate()
            late = True
        out = out or b""
        r = Result(p.args, p.returncode, out.decode("utf-8", "replace"), err.decode("utf-8", "replace"),
                   time.monotonic() - p.started)
        check(not late, "still running after %d s" % limit, str(r))
        return r

    def run(self, *args, limit=60, **kw):
        r = self.end(self.start_program(*args, **kw), limit)
        check(r.rc >= 0, "died of signal %d" % -r.rc, str(r))
        return r

    def once(self, *args, **kw):
        """--once --format json"""
        return self.run("--once", "--format", "json", *args, **kw)

    def config(self, text, resolvers=True):
        """A configuration file of the laboratory; returns its path."""
        path = "%s/conf%d" % (self.bed.dir, next(self.count))
        with open(path, "w") as f:
            f.write("resolvers = {}\nauthority_port = %d\nauthority_private = yes\nrate = 0\n" % beds.PORT)
            f.write('database = "%s.db"\n' % path)
            if resolvers:
                f.write("".join(self.resolver_block(n) for n in ("r1", "r2")))
            f.write(text)
        return path

    def resolver_block(self, name, target=None, extra=""):
        target = "%s:%d" % (target or self.bed.caches[name].address, beds.PORT)
        return 'resolver "%s" { address = {"%s"} %s }\n' % (name, target, extra)

    def with_config(self, text, *args, mode="--once", resolvers=True, **kw):
        path = self.config(text, resolvers)
        return self.run("-c", path, mode, "--format", "json", *args, resolvers=None, lab=False, **kw)


def csv_rows(text):
    return list(csv.DictReader(io.StringIO(text)))
