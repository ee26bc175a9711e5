# SPDX-License-Identifier: ISC
"""servers: one Knot, one Unbound, one hostile address of a bed, each with its configuration and its control socket."""

import os
import re
import socket
import subprocess
import time

from dnswire import ask

PORT = 5300


class BedError(Exception):
    pass


def poll(what, ready, seconds=15.0, every=0.01):
    """Wait until ready() is true; never longer than the deadline."""
    deadline = time.monotonic() + seconds
    while True:
        value = ready()
        if value:
            return value
        if time.monotonic() > deadline:
            raise BedError("not ready in %g s: %s" % (seconds, what))
        time.sleep(every)


class Knot:
    """One knotd."""

    def __init__(self, bed, name, address):
        self.bed, self.name, self.address = bed, name, address
        self.dir = os.path.join(bed.dir, name)
        self.zones = {}         # name -> extra configuration lines
        self.remotes = ""
        os.makedirs(self.dir + "/zones")
        os.makedirs(self.dir + "/db")

    def configure(self):
        zones = "".join('  - domain: "%s"\n%s' % (z, extra) for z, extra in sorted(self.zones.items()))
        text = """server:
    rundir: "%(dir)s"
    listen: %(address)s@%(port)d
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
    automatic-acl: on
log:
  - target: "%(dir)s/log"
    any: info
control:
    listen: "%(dir)s/sock"
database:
    storage: "%(dir)s/db"
    journal-db-max-size: 16M
    kasp-db-max-size: 16M
    timer-db-max-size: 4M
policy:
  - id: bed
    algorithm: ecdsap256sha256
    single-type-signing: on
acl:
  - id: update
    address: 127.0.0.0/8
    action: update
remote:
%(remotes)s
template:
  - id: default
    storage: "%(dir)s/zones"
    file: "%%s.zone"
    acl: update
    semantic-checks: off
    journal-content: none
    zonefile-load: whole
    zonefile-sync: -1
zone:
%(zones)s""" % {"dir": self.dir, "address": self.address, "port": PORT, "zones": zones, "remotes": "".join(
            "  - id: %s\n    address: %s@%d\n    via: %s\n" % (s.name, s.address, PORT, self.address)
            for s in self.bed.knots.values() if s is not self)}
        with open(self.dir + "/knot.conf", "w") as f:
            f.write(text)

    def start(self):
        self.configure()
        self.process = self.bed.spawn([self.bed.tool("knotd"), "-c", self.dir + "/knot.conf"], self.dir + "/out")

    def ctl(self, *args):
        r = subprocess.run([self.bed.tool("knotc"), "-s", self.dir + "/sock", *args], capture_output=True, text=True)
        if r.returncode:
            raise BedError("%s: knotc %s: %s" % (self.name, " ".join(args), (r.stdout + r.stderr).strip()))
        return r.stdout

    def write(self, zone, text):
        path = "%s/zones/%s.zone" % (self.dir, zone.rstrip(".") or "")
        with open(path, "w") as f:
            f.write(text)

    def serial(self, zone):
        m = ask(self.address, PORT, zone, "SOA", rd=False)
        soa = m.values("SOA") if m else []
        return int(soa[0].split()[2]) if soa else None


class Cache:
    """One unbound."""

    def __init__(self, bed, name, address, validates):
        self.bed, self.name, self.address, self.validates = bed, name, address, validates
        self.dir = os.path.join(bed.dir, name)
        self.stubs, self.anchors = {}, {}
        os.makedirs(self.dir)

    def configure(self):
        # "test." too: unbound would follow its delegation, as everybody's, to port 53
        root = [self.bed.knots["root"].address]
        stubs = dict({".": root, "test.": root}, **self.stubs)
        text = """server:
    directory: "%(dir)s"
    chroot: ""
    username: ""
    pidfile: ""
    use-syslog: no
    logfile: "%(dir)s/log"
    verbosity: 0
    log-queries: yes
    num-threads: 1
    interface: %(address)s@%(port)d
    access-control: 127.0.0.0/8 allow
    do-ip6: no
    do-not-query-localhost: no
    local-zone: "test." nodefault
    local-zone: "invalid." nodefault
    module-config: "%(modules)s"
    ede: yes
    outgoing-range: 256
    msg-cache-size: 1m
    rrset-cache-size: 1m
%(anchors)s
remote-control:
    control-enable: yes
    control-interface: "%(dir)s/sock"
    control-use-cert: no
""" % {"dir": self.dir, "address": self.address, "port": PORT,
            "modules": "validator iterator" if self.validates else "iterator",
            "anchors": "".join('    trust-anchor: "%s DS %s"\n' % a for a in self.anchors.items())}
        for zone, servers in stubs.items():
            text += 'stub-zone:\n    name: "%s"\n' % zone
            text += "".join("    stub-addr: %s@%d\n" % (a, PORT) for a in servers)
        with open(self.dir + "/unbound.conf", "w") as f:
            f.write(text)

    def start(self):
        self.configure()
        self.process = self.bed.spawn([self.bed.tool("unbound"), "-d", "-p", "-c", self.dir + "/unbound.conf"],
                                      self.dir + "/out")

    def ctl(self, order):
        with socket.socket(socket.AF_UNIX) as s:
            s.connect(self.dir + "/sock")
            s.sendall(b"UBCT1 " + order.encode() + b"\n")
            out = b"".join(iter(lambda: s.recv(65536), b"")).decode()
        if out.startswith("error"):
            raise BedError("%s: %s: %s" % (self.name, order, out))
        return out

    def alive(self):
        try:
            return self.ctl("status")
        except OSError:
            return None

    def stub(self, zone, addresses):
        if self.stubs.get(zone) == addresses:
            return
        self.stubs[zone] = addresses
        if not addresses:
            del self.stubs[zone]
            self.ctl("stub_remove " + zone)
        else:
            self.ctl("stub_add %s %s" % (zone, " ".join("%s@%d" % (a, PORT) for a in addresses)))
        self.flush(zone)

    def trust(self, **anchors):
        """Trust these DS (zone with final dot = rdata text).  The reload empties the cache and takes a moment."""
        self.anchors.update(anchors)
        self.configure()
        self.ctl("reload")

    def flush(self, zone="."):
        """Forget what lies at and below zone, absences included; other zones are other tests' business."""
        self.ctl("flush_zone " + zone)

    def queries(self):
        """Questions seen since the start: (name with final dot, type), lower-case."""
        out = []
        with open(self.dir + "/log", errors="replace") as f:
            for line in f:
                m = re.search(r"info: 127\.\S+ (\S+) (\S+) IN$", line.rstrip())
                if m:
                    out.append((m.group(1).lower(), m.group(2)))
        return out

    def ask(self, name, rtype, **kw):
        return ask(self.address, PORT, name, rtype, **kw)


class Hostile:
    """One address of hostile.py."""

    def __init__(self, bed, octet, conf):
        self.bed, self.conf = bed, conf
        self.address = bed.address(octet)
        self.name = "h%d" % octet       # a name server's name: h21.hosting.test
        conf.update(address=self.address, port=PORT)

    @property
    def target(self):
        return "%s:%d" % (self.address, PORT)

    def change(self, **conf):
        self.conf.update(conf)
        self.bed._hostile_table()
