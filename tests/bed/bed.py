#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""
bed: a small Internet on loopback, for tests and for the demo.

    127.A.B.1        root: "." and "test." (the parent of every zone under test), and the world outside (world.py)
    127.A.B.2 - .4   ns1, ns2, ns3: real Knot servers for the zones under test; each has zone data of its own, so that
                     one can be put out of step
    127.A.B.11 ...   r1, r2 ...: real Unbound caches; the last one validates
    127.A.B.20 ...   hostile servers, one address a behaviour (hostile.py)
    127.A.B.250      nothing listens there

All of them on one port, unprivileged, in one temporary directory; A.B is chosen per bed, so any number of beds runs side
by side.  Nothing sleeps: readiness is polled with a deadline.  Everything ends with the process that started it, however
that ends.

Unbound asks port 53 wherever a referral sends it, so each delegated zone is a stub zone of every cache; TTLs, negative
TTLs, validation and the gate are real all the same.

By hand:  tests/bed/bed.py [--zone FILE]   starts a bed with contoso.test and says how to talk to it.
"""

import atexit
import ctypes
import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
from dnswire import ask     # noqa: E402,F401
from servers import PORT, BedError, Cache, Hostile, Knot, poll     # noqa: E402
from world import WORLD, ZONES      # noqa: E402

NEEDED = {"knotd": "knot", "knotc": "knot", "keymgr": "knot", "unbound": "unbound"}
def missing_tools():
    """Debian packages whose programs are not here."""
    path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin:/usr/local/sbin"
    return sorted({p for t, p in NEEDED.items() if not shutil.which(t, path=path)})


def die_with_parent():
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


class Zone:
    """What is published for one name, per server; see Bed.publish."""

    def __init__(self, name, records, servers=("ns1", "ns2"), ttl=300, negative=60, per_server=None,
                 delegation="same", ns=None, glue="", ds=None, signed=False, transfer=False, stubs=None):
        self.name = name if name.endswith(".") else name + "."
        self.records, self.servers, self.ttl, self.negative = records, tuple(servers), ttl, negative
        self.per_server = per_server or {}      # server -> records that it has instead
        # delegation: the names in the parent (None: not delegated); ns: those in the zone itself
        self.delegation = servers if delegation == "same" else delegation
        self.ns = ns or servers
        self.glue, self.ds = glue, ds           # more lines for the parent
        self.signed, self.transfer = signed, transfer      # transfer: the first server is the primary of the others
        self.stubs = stubs                      # whom the caches ask; default: the delegation

    def text(self, bed, server, serial):
        head = "$ORIGIN %s\n$TTL %d\n@ %d IN SOA %s hostmaster %d 900 300 86400 %d\n" % (
            self.name, self.ttl, self.negative, bed.host(self.servers[0]), serial, self.negative)
        head += "".join("@ IN NS %s\n" % bed.host(n) for n in self.ns)
        return head + self.per_server.get(server, self.records) + "\n"


class Bed:
    def __init__(self, servers=3, caches=4):
        self.dir = tempfile.mkdtemp(prefix="m365bed.")
        self.lock = threading.RLock()
        self.processes, self.serials, self.zones, self.hostiles = [], 0, {}, []
        self.stopped = False
        atexit.register(self.stop)
        self.net = self._network()
        self.knots, self.caches = {}, {}
        for i, name in enumerate(["root"] + ["ns%d" % (i + 1) for i in range(servers)]):
            self.knots[name] = Knot(self, name, self.address(1 + i))
        for i in range(caches):
            self.caches["r%d" % (i + 1)] = Cache(self, "r%d" % (i + 1), self.address(11 + i), i == caches - 1)
        self.closed = self.address(250)

    # -- plumbing --

    def _network(self):
        """A /24 of loopback that no other bed has: the lock is an abstract socket, gone with the process."""
        for _ in range(200):
            net = "127.%d.%d" % (random.randrange(16, 250), random.randrange(1, 250))
            lock = socket.socket(socket.AF_UNIX)
            probe = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            try:
                lock.bind("\0m365dnsd-bed-" + net)
                probe.bind((net + ".1", PORT))
                self.lock_socket = lock
                return net
            except OSError:
                lock.close()
            finally:
                probe.close()
        raise BedError("no free 127.x.y.0/24 with port %d" % PORT)

    def address(self, octet):
        return "%s.%d" % (self.net, octet)

    def host(self, name):
        """Name server's name: "ns1" and "h21" are hosts of the bed, anything with a dot is taken as it is."""
        name = getattr(name, "name", name)
        return name if "." in name else name + ".hosting.test."

    def host_address(self, name):
        name = getattr(name, "name", name)
        if name in self.knots:
            return self.knots[name].address
        if re.fullmatch(r"h\d+", name):
            return self.address(int(name[1:]))
        return None

    @staticmethod
    def tool(name):
        return shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin:/usr/local/sbin") or name

    def spawn(self, argv, out):
        with open(out, "ab") as f:
            p = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=f, stderr=f, preexec_fn=die_with_parent)
        self.processes.append(p)
        return p

    def start(self):
        """Everything up and answering, or BedError.  Call it from the main thread: the servers die with the thread that
        started them."""
        self.knots["root"].zones = {".": "", "test.": "", **dict.fromkeys(ZONES, "")}
        for name, text in {".": WORLD, **ZONES}.items():
            self.knots["root"].write(name, text)
        self._parent()
        for s in self.knots.values():
            s.start()
        for c in self.caches.values():
            c.start()
        self.spawn([sys.executable, "-B", HERE + "/hostile.py", "--control", self.dir + "/hostile.sock",
                    "--log", self.dir + "/hostile.log"], self.dir + "/hostile.out")
        poll("hostile server", lambda: self._hostile({"op": "ping"}))
        for s in self.knots.values():
            poll("knotd " + s.name, lambda: self._alive(s) and os.path.exists(s.dir + "/sock"))
        poll("the root server", lambda: self.knots["root"].serial("test."))
        for c in self.caches.values():
            poll("unbound " + c.name, lambda: self._alive(c) and os.path.exists(c.dir + "/sock"))
            poll("cache " + c.name, lambda: (c.ask("test.", "NS") or c).values("NS") if c.ask("test.", "NS") else None)
        return self

    def _alive(self, server):
        if server.process.poll() is not None:
            raise BedError("%s ended at once: %s" % (server.name, open(server.dir + "/out").read()[-2000:]))
        return True

    def stop(self):
        if self.stopped:
            return
        self.stopped = True
        for p in self.processes:
            if p.poll() is None:
                p.terminate()
        for p in self.processes:
            try:
                p.wait(5)
            except subprocess.TimeoutExpired:
                p.kill()
                p.wait()
        if os.environ.get("KEEP_BED"):
            print("# bed kept in " + self.dir, file=sys.stderr)
        else:
            shutil.rmtree(self.dir, ignore_errors=True)

    def __enter__(self):
        return self.start()

    def __exit__(self, *args):
        self.stop()

    # -- zones --

    def _serial(self):
        self.serials += 1
        return 2026112100 + self.serials

    def _parent(self):
        serial = self._serial()
        text = "$ORIGIN test.\n$TTL 3600\n@ 60 IN SOA a.nic hostmaster.nic %d 900 300 86400 60\n" % serial
        text += "@ IN NS a.nic\na.nic IN A %s\n" % self.address(1)
        for name, s in self.knots.items():
            text += "%s.hosting IN A %s\n" % (name, s.address)
        for octet in range(20, 250):
            text += "h%d.hosting IN A %s\n" % (octet, self.address(octet))
        text += "expired1.hosting IN A %s\n" % self.knots["ns1"].address
        text += "gone.hosting IN A %s\nsix.hosting IN AAAA ::1\n" % self.closed
        for z in self.zones.values():
            if z.delegation and z.name.count(".") == 2:
                text += "".join("%s 300 IN NS %s\n" % (z.name, self.host(n)) for n in z.delegation)
                text += "%s IN DS %s\n" % (z.name, z.ds) if z.ds else ""
                text += z.glue
        self.knots["root"].write("test.", text)
        return serial

    def _zone_conf(self, z, server):
        """Lines of knot.conf for a zone at a server."""
        out = "    dnssec-signing: on\n    dnssec-policy: bed\n" if z.signed and server == z.servers[0] else ""
        if z.transfer and server == z.servers[0]:
            out += "    notify: [%s]\n" % ", ".join(z.servers[1:])
        elif z.transfer:
            out += "    master: %s\n" % z.servers[0]
        return out

    def publish(self, *zones):
        """
        Publish zones (class Zone), new ones or in the place of old ones: at their servers, at the parent and as stub zones
        of the caches, which forget what they knew of zones that are new to them.  Returns when all servers serve them.
        """
        with self.lock:
            wait, touched, parent = [], {}, False
            for z in zones:
                serial, old = self._serial(), self.zones.get(z.name)
                parent |= old is None or (old.delegation, old.ds, old.glue) != (z.delegation, z.ds, z.glue)
                self.zones[z.name] = z
                for name in z.servers:
                    if name not in self.knots:
                        continue
                    s, conf = self.knots[name], self._zone_conf(z, name)
                    if not (z.transfer and name != z.servers[0]):
                        s.write(z.name, z.text(self, name, serial))
                    touched.setdefault(name, set())
                    if s.zones.get(z.name) != conf:
                        s.zones[z.name] = conf
                        touched[name].add("conf")
                    touched[name].add(z.name)
                    wait.append((s, z.name, serial, z.signed))
            for name, what in touched.items():
                s = self.knots[name]
                if "conf" in what:
                    s.configure()
                    s.ctl("reload")
                else:
                    s.ctl("-b", "zone-reload", *what)
            if parent:
                serial = self._parent()
                self.knots["root"].ctl("-b", "zone-reload", "test.")
                wait.append((self.knots["root"], "test.", serial, False))
            for s, zone, serial, signed in wait:
                z = self.zones.get(zone)
                if z and z.transfer and s.name != z.servers[0]:
                    s.ctl("-b", "zone-retransfer", zone)
                poll("%s at %s" % (zone, s.name), lambda: s.serial(zone) if signed else s.serial(zone) == serial)
            for z in zones:
                stubs = z.stubs if z.stubs is not None else [self.host_address(n) for n in z.delegation or ()]
                for c in self.caches.values():
                    c.stub(z.name, [a for a in stubs if a])

    def zone(self, name, records, **kw):
        z = Zone(name, records, **kw)
        self.publish(z)
        return z

    def change(self, name, records, servers=None):
        """New records for a zone that exists, at all its servers or at some; caches keep what they have."""
        with self.lock:
            z = self.zones[name if name.endswith(".") else name + "."]
            serial = self._serial()
            if servers is None:
                z.records, z.per_server = records, {}
            else:
                z.per_server.update({s: records for s in servers})
            for server in servers or z.servers:
                if server not in self.knots or z.transfer and server != z.servers[0]:
                    continue
                s = self.knots[server]
                s.write(z.name, z.text(self, server, serial))
                s.ctl("-b", "zone-reload", z.name)
                poll("%s at %s" % (z.name, server), lambda: s.serial(z.name) == serial)

    def ds(self, zone):
        """DS of a zone that Knot signs, as rdata text (SHA-256)."""
        z = self.zones[zone if zone.endswith(".") else zone + "."]
        s = self.knots[z.servers[0]]
        argv = [self.tool("keymgr"), "-c", s.dir + "/knot.conf", z.name, "ds"]
        out = subprocess.run(argv, capture_output=True, text=True)
        for line in out.stdout.splitlines():
            w = line.split()
            if len(w) >= 6 and w[1] == "DS" and w[4] == "2":
                return " ".join(w[2:])
        raise BedError("no DS for " + zone + ": " + out.stdout + out.stderr)

    # -- hostile servers --

    def _hostile(self, order):
        try:
            with socket.socket(socket.AF_UNIX) as s:
                s.settimeout(10)
                s.connect(self.dir + "/hostile.sock")
                s.sendall(json.dumps(order).encode() + b"\n")
                return json.loads(s.makefile().readline())
        except (OSError, ValueError):
            return None

    def _hostile_table(self):
        r = self._hostile({"op": "table", "table": [h.conf for h in self.hostiles]})
        if not r or not r["ok"]:
            raise BedError("hostile: %r" % (r,))

    def hostile(self, do="truth", **conf):
        """A server of that behaviour on an address of its own, ready when this returns."""
        with self.lock:
            if isinstance(conf.get("upstream"), (Knot, Cache)):
                conf["upstream"] = conf["upstream"].address
            h = Hostile(self, 20 + len(self.hostiles), dict(conf, do=do))
            if len(self.hostiles) >= 229:
                raise BedError("no more hostile addresses")
            self.hostiles.append(h)
            self._hostile_table()
            return h

    def hostile_queries(self, h):
        """(proto, name as sent, type, flags, EDNS size or '-') of every question to it."""
        out = []
        with open(self.dir + "/hostile.log", errors="replace") as f:
            for line in f:
                w = line.split(" ")
                if w[0] == h.address and len(w) == 6:
                    out.append((w[1], w[2], w[3], int(w[4], 16), w[5].strip()))
        return out

    # -- for command lines --

    def resolvers(self, *names):
        """--resolver options for these caches (all when none is named)."""
        out = []
        for n in names or self.caches:
            target = self.caches[n].address if n in self.caches else getattr(n, "address", n)
            out += ["--resolver", target if ":" in target else "%s:%d" % (target, PORT)]
        return out

    def lab(self):
        return ["--authority-port", str(PORT), "--authority-private"]

    def seen(self, suffix, caches=None):
        """Questions at the caches for names at or under suffix: [(cache, name, type)]"""
        suffix = suffix.rstrip(".").lower() + "."
        return [(c.name, n, t) for c in self.caches.values() if not caches or c.name in caches for n, t in c.queries()
                if n == suffix or n.endswith("." + suffix)]


def end_on_signals():
    """SIGTERM and SIGHUP end like Ctrl-C: what atexit registered runs."""
    for s in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(s, lambda *_: sys.exit(143))


CONTOSO = """@ IN MX 0 contoso-test.mail.protection.outlook.com.
@ IN TXT "MS=ms12345678"
@ IN TXT "v=spf1 include:spf.protection.outlook.com -all"
autodiscover IN CNAME autodiscover.outlook.com.
"""


def daemon_conf(bed):
    path = os.path.join(bed.dir, "m365dnsd.conf")
    with open(path, "w") as f:
        f.write('database = "%s/m365dnsd.db"\nresolvers = {}\n' % bed.dir)
        f.write("authority_port = %d\nauthority_private = yes\ninterval_floor = 1\n" % PORT)
        for c in bed.caches.values():
            f.write('resolver "%s" { address = {"%s:%d"} }\n' % (c.name, c.address, PORT))
        f.write('domain "contoso.test" { verification = "MS=ms12345678" }\n')
    return path


def main():
    import argparse
    p = argparse.ArgumentParser(description="a small Internet on loopback")
    p.add_argument("--zone", help="file with the records of contoso.test")
    a = p.parse_args()
    if missing_tools():
        sys.exit("bed: missing packages: " + " ".join(missing_tools()))
    end_on_signals()
    with Bed() as bed:
        bed.zone("contoso.test", open(a.zone).read() if a.zone else CONTOSO)
        servers = ", ".join(bed.knots[n].address for n in ("ns1", "ns2"))
        print("bed in %s on %s.0/24, contoso.test at %s\n" % (bed.dir, bed.net, servers))
        print("build/m365dnsd --once " + " \\\n    ".join([" ".join(bed.lab()), " ".join(bed.resolvers()), "contoso.test"]))
        print("build/m365dnsd -c %s     # the daemon; http://127.0.0.1:8365/" % daemon_conf(bed))
        print("\nCtrl-C ends it", flush=True)
        try:
            signal.pause()
        except KeyboardInterrupt:
            pass


if __name__ == "__main__":
    main()
