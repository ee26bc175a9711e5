# SPDX-License-Identifier: ISC
"""
dnswire: just enough DNS for the test bed: messages to and from bytes, rdata from zone text, one question to a server.

It is for tests only and trusts what it reads more than a daemon may; it raises ValueError (or IndexError, struct.error)
on garbage and leaves the rest to the caller.
"""

import random
import re
import socket
import struct
import time

TYPES = {"A": 1, "NS": 2, "CNAME": 5, "SOA": 6, "PTR": 12, "MX": 15, "TXT": 16, "AAAA": 28, "SRV": 33, "OPT": 41,
         "DS": 43, "RRSIG": 46, "NSEC": 47, "DNSKEY": 48, "TLSA": 52, "SPF": 99, "ANY": 255, "CAA": 257}
TYPE_NAMES = {v: k for k, v in TYPES.items()}
RCODES = {"NOERROR": 0, "FORMERR": 1, "SERVFAIL": 2, "NXDOMAIN": 3, "NOTIMP": 4, "REFUSED": 5}
QR, AA, TC, RD, RA, AD, CD = 0x8000, 0x0400, 0x0200, 0x0100, 0x0080, 0x0020, 0x0010


def labels(name):
    """Labels of a name given as text or bytes; backslash escapes (\\. and \\DDD) are understood."""
    if isinstance(name, bytes):
        name = name.decode("latin-1")
    out, cur, i = [], bytearray(), 0
    while i < len(name):
        c = name[i]
        if c == "\\" and name[i + 1:i + 4].isdigit():
            cur.append(int(name[i + 1:i + 4]))
            i += 4
            continue
        if c == "\\":
            cur.append(ord(name[i + 1]))
            i += 2
            continue
        if c == ".":
            if cur:
                out.append(bytes(cur))
            cur = bytearray()
        else:
            cur += c.encode("latin-1")
        i += 1
    if cur:
        out.append(bytes(cur))
    return out


def name_wire(name):
    return b"".join(bytes([len(l)]) + l for l in labels(name)) + b"\0"


def name_key(name):
    """Lower-case text with a final dot: what tables are indexed by."""
    return ".".join(l.decode("latin-1") for l in labels(name)).lower() + "."


def name_read(wire, pos):
    """(text with a final dot, next position); dots inside labels are not escaped: tests use none."""
    out, end, hops = [], None, 0
    while True:
        n = wire[pos]
        if n >= 0xc0:
            end = pos + 2 if end is None else end
            pos = ((n & 0x3f) << 8) | wire[pos + 1]
            hops += 1
            if hops > 64:
                raise ValueError("compression loop")
        elif n == 0:
            return ".".join(out) + ".", pos + 1 if end is None else end
        else:
            out.append(wire[pos + 1:pos + 1 + n].decode("latin-1"))
            pos += 1 + n


def words(text):
    """Split one line of zone text: blanks separate, quotes hold together, ; begins a comment."""
    out = []
    for m in re.finditer(r';.*|"((?:[^"\\]|\\.)*)"|((?:[^\s;"\\]|\\.)+)', text):
        if m.group(0).startswith(";"):
            break
        out.append((m.group(1), True) if m.group(1) is not None else (m.group(2), False))
    return out


def unescape(text):
    return re.sub(rb"\\(\d\d\d|.)", lambda m: bytes([int(m.group(1))]) if m.group(1).isdigit() else m.group(1),
                  text.encode("latin-1") if text.isascii() else text.encode())


def rdata_wire(rtype, args, origin):
    """Rdata from the words behind the type, as words() gives them."""
    def fqdn(s):
        return name_wire(s if s.endswith(".") else (origin if s == "@" else s + "." + origin))
    w = [a for a, _ in args]
    if rtype == "A":
        return socket.inet_aton(w[0])
    if rtype == "AAAA":
        return socket.inet_pton(socket.AF_INET6, w[0])
    if rtype in ("NS", "CNAME", "PTR"):
        return fqdn(w[0])
    if rtype == "MX":
        return struct.pack("!H", int(w[0])) + fqdn(w[1])
    if rtype == "SRV":
        return struct.pack("!HHH", *map(int, w[:3])) + fqdn(w[3])
    if rtype == "SOA":
        return fqdn(w[0]) + fqdn(w[1]) + struct.pack("!IIIII", *map(int, w[2:7]))
    if rtype in ("TXT", "SPF"):
        return b"".join(bytes([len(s)]) + s for s in map(unescape, w))
    if rtype == "DS":
        return struct.pack("!HBB", *map(int, w[:3])) + bytes.fromhex("".join(w[3:]))
    raise ValueError("no rdata of type " + rtype)


class RR:
    __slots__ = ("name", "type", "ttl", "rdata")

    def __init__(self, name, rtype, ttl, rdata):
        self.name, self.type, self.ttl, self.rdata = name, rtype, ttl, rdata

    def wire(self):
        return name_wire(self.name) + struct.pack("!HHIH", self.type, 1, self.ttl, len(self.rdata)) + self.rdata


def zone_records(text, origin=".", ttl=300):
    """Records of zone text: one record a line, $ORIGIN and $TTL, owner left out = the one before."""
    out, owner = [], origin
    for line in text.splitlines():
        w = words(line)
        if not w:
            continue
        if w[0][0] == "$ORIGIN":
            origin = w[1][0]
            continue
        if w[0][0] == "$TTL":
            ttl = int(w[1][0])
            continue
        if not line[0].isspace():
            o = w.pop(0)[0]
            owner = origin if o == "@" else o if o.endswith(".") else o + ("." + origin if origin != "." else ".")
        this = ttl
        while w[0][0].isdigit() or w[0][0] == "IN":
            x = w.pop(0)[0]
            this = int(x) if x.isdigit() else this
        rtype = w.pop(0)[0].upper()
        out.append(RR(owner, TYPES[rtype], this, rdata_wire(rtype, w, origin)))
    return out


class Message:
    """A parsed message; records are (name, type, class, ttl, rdata bytes, position of rdata)."""

    def __init__(self, wire):
        self.wire = wire
        self.id, self.flags, qd, an, ns, ar = struct.unpack("!HHHHHH", wire[:12])
        self.rcode = self.flags & 15
        self.qname, self.qtype, self.ede, self.edns = None, None, None, None
        pos = 12
        for _ in range(qd):
            self.qname, pos = name_read(wire, pos)
            self.qtype, self.qclass = struct.unpack("!HH", wire[pos:pos + 4])
            pos += 4
        self.end_of_question = pos
        self.sections = []
        for n in (an, ns, ar):
            rrs = []
            for _ in range(n):
                name, pos = name_read(wire, pos)
                rtype, rclass, ttl, size = struct.unpack("!HHIH", wire[pos:pos + 10])
                pos += 10
                if rtype == TYPES["OPT"]:
                    self.edns = rclass
                    self._options(wire[pos:pos + size])
                rrs.append((name, rtype, rclass, ttl, wire[pos:pos + size], pos))
                pos += size
            self.sections.append(rrs)
        self.answer, self.authority, self.additional = self.sections

    def _options(self, data):
        while len(data) >= 4:
            code, size = struct.unpack("!HH", data[:4])
            if code == 15:
                self.ede = struct.unpack("!H", data[4:6])[0]
            data = data[4 + size:]

    def rdata_text(self, rr):
        _, rtype, _, _, rdata, pos = rr
        kind = TYPE_NAMES.get(rtype, str(rtype))
        if kind == "A":
            return socket.inet_ntoa(rdata)
        if kind in ("NS", "CNAME", "PTR"):
            return name_read(self.wire, pos)[0]
        if kind == "MX":
            return "%d %s" % (struct.unpack("!H", rdata[:2])[0], name_read(self.wire, pos + 2)[0])
        if kind == "SRV":
            return "%d %d %d %s" % (*struct.unpack("!HHH", rdata[:6]), name_read(self.wire, pos + 6)[0])
        if kind == "SOA":
            mname, p = name_read(self.wire, pos)
            rname, p = name_read(self.wire, p)
            return "%s %s %d %d %d %d %d" % (mname, rname, *struct.unpack("!IIIII", self.wire[p:p + 20]))
        if kind == "TXT":
            out, i = b"", 0
            while i < len(rdata):
                out += rdata[i + 1:i + 1 + rdata[i]]
                i += 1 + rdata[i]
            return out.decode("latin-1")
        return rdata.hex()

    def values(self, rtype):
        """Texts of the answer section's records of one type, sorted."""
        return sorted(self.rdata_text(rr) for rr in self.answer if rr[1] == TYPES[rtype])


def query_wire(name, rtype, rd=True, edns=1232, qid=None, qclass=1):
    qid = random.randrange(65536) if qid is None else qid
    out = struct.pack("!HHHHHH", qid, RD if rd else 0, 1, 0, 0, 1 if edns else 0)
    out += name_wire(name) + struct.pack("!HH", TYPES[rtype], qclass)
    return out + (b"\0" + struct.pack("!HHIH", TYPES["OPT"], edns, 0, 0) if edns else b"")


def ask(address, port, name, rtype, rd=True, timeout=1.0, tcp=False, edns=1232):
    """One question, one answer: a Message, or None when none came in time."""
    wire = query_wire(name, rtype, rd, edns)
    deadline = time.monotonic() + timeout
    try:
        if tcp:
            with socket.create_connection((address, port), timeout) as s:
                s.sendall(struct.pack("!H", len(wire)) + wire)
                f = s.makefile("rb")
                head = f.read(2)
                return Message(f.read(struct.unpack("!H", head)[0])) if len(head) == 2 else None
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.connect((address, port))
            s.send(wire)
            while True:
                s.settimeout(max(0.001, deadline - time.monotonic()))
                answer = s.recv(65535)
                if answer[:2] != wire[:2]:
                    continue
                m = Message(answer)
                return ask(address, port, name, rtype, rd, timeout, True, edns) if m.flags & TC else m
    except (OSError, ValueError, IndexError, struct.error):
        return None
