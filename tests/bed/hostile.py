#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""
hostile: a name server that misbehaves on demand, as an authority or as a resolver.

    hostile.py --control SOCKET --log FILE [--table FILE]

The table is JSON, one object an address:

    [{"address": "127.1.2.21", "port": 5300,
      "do": "slow", "arg": 3.0,             what it does to every question ...
      "rules": [{"name": "*.contoso.test.", "type": "MX", "do": "refused"}],     ... or only to some: first match wins
      "zone": "text" | "upstream": "127.1.2.2",      where true answers come from: zone text, or a real server
      "resolver": false,                    a resolver sets RA and never AA, and has no referrals
      "only": "tcp"}]                       deaf by the other protocol

A first label of the form do-BEHAVIOUR (do-servfail.contoso.test) asks for that behaviour by itself.  The control socket
takes one JSON line a connection: {"op":"table","table":[...]} replaces the table, {"op":"ping"}, {"op":"quit"}.  Every
question is one line in the log: address, proto, name as sent, type, flags, EDNS size, separated by blanks.

BEHAVIOURS is the list; each is a coroutine that is given the question and gives the bytes to send, or None for silence.
"""

import argparse
import asyncio
import fnmatch
import json
import os
import random
import struct

from dnswire import (AA, QR, RA, RCODES, RD, RR, TC, TYPES, TYPE_NAMES, Message, name_key, name_wire, zone_records)


class Zones:
    """Records by (name, type), with the cuts and denials an authority makes of them."""

    def __init__(self, text):
        self.sets, self.names, self.apexes = {}, set(), set()
        for rr in zone_records(text):
            key = name_key(rr.name)
            self.sets.setdefault((key, rr.type), []).append(rr)
            if rr.type == TYPES["SOA"]:
                self.apexes.add(key)
            while key not in self.names:
                self.names.add(key)
                if key == ".":
                    break
                key = key.split(".", 1)[1] or "."

    @staticmethod
    def above(name):
        while True:
            yield name
            if name == ".":
                return
            name = name.split(".", 1)[1] or "."

    def find(self, name, rtype, resolver):
        """(rcode, answer, authority, authoritative)"""
        answer = []
        for _ in range(17):
            key = name_key(name)
            apex = next((a for a in self.above(key) if a in self.apexes), None)
            if apex is None:
                return (RCODES["NOERROR"] if answer else RCODES["REFUSED"]), answer, [], bool(answer)
            if not resolver:
                for cut in self.above(key):
                    if cut == apex:
                        break
                    if (cut, TYPES["NS"]) in self.sets and not (cut == key and rtype == TYPES["DS"]):
                        return 0, answer, self.sets[(cut, TYPES["NS"])], bool(answer)
            if (key, rtype) in self.sets:
                return 0, answer + self.sets[(key, rtype)], [], True
            if (key, TYPES["CNAME"]) in self.sets:
                rr = self.sets[(key, TYPES["CNAME"])][0]
                answer.append(rr)
                name = Message(b"\0" * 4 + b"\0\1" + b"\0" * 6 + rr.rdata + b"\0\1\0\1").qname
                continue
            soa = self.sets[(apex, TYPES["SOA"])]
            return 0 if key in self.names else RCODES["NXDOMAIN"], answer, soa, True
        return 0, answer, [], True


class Listener:
    def __init__(self, conf, server):
        self.server = server
        self.configure(conf)

    def configure(self, conf):
        self.conf = conf
        self.zones = Zones(conf["zone"]) if conf.get("zone") else None
        self.resolver = bool(conf.get("resolver"))
        self.turn, self.asked = 0, set()

    def behaviour(self, q):
        first = q.qname.split(".", 1)[0].lower()
        if first.startswith("do-") and first[3:] in BEHAVIOURS:
            return first[3:], None
        for rule in self.conf.get("rules", []):
            kind = TYPE_NAMES.get(q.qtype)
            if fnmatch.fnmatch(name_key(q.qname), rule.get("name", "*")) and rule.get("type", kind) == kind:
                return rule["do"], rule.get("arg")
        return self.conf.get("do", "truth"), self.conf.get("arg")

    async def answer(self, wire, tcp):
        try:
            q = Message(wire)
        except (ValueError, IndexError, struct.error):
            return None
        if q.flags & QR or q.qname is None:
            return None
        if self.conf.get("only", "udp" if not tcp else "tcp") != ("tcp" if tcp else "udp"):
            return None
        self.server.note(self, q, tcp)
        do, arg = self.behaviour(q)
        return await BEHAVIOURS[do](self, q, tcp, arg)

    async def truth(self, q, zones=None):
        """The right answer, whole, as if by TCP."""
        zones = zones or self.zones
        if zones is None and self.conf.get("upstream"):
            return await self.forward(q)
        if zones is None:
            return reply(q, rcode=RCODES["REFUSED"], flags=self.flags(False))
        rcode, answer, authority, aa = zones.find(q.qname, q.qtype, self.resolver)
        return reply(q, rcode, answer, authority, flags=self.flags(aa))

    def flags(self, aa):
        return RA if self.resolver else AA if aa else 0

    async def forward(self, q):
        """Ask a real server, by TCP so that nothing is cut short."""
        try:
            r, w = await asyncio.wait_for(asyncio.open_connection(self.conf["upstream"], self.conf["port"]), 2)
            w.write(struct.pack("!H", len(q.wire)) + q.wire)
            n = struct.unpack("!H", await asyncio.wait_for(r.readexactly(2), 4))[0]
            data = await asyncio.wait_for(r.readexactly(n), 4)
            w.close()
            return data
        except (OSError, asyncio.TimeoutError, asyncio.IncompleteReadError):
            return reply(q, rcode=RCODES["SERVFAIL"], flags=self.flags(False))


def reply(q, rcode=0, answer=(), authority=(), flags=0, ede=None, question=None, counts=None, additional=()):
    opt = b""
    if q.edns:
        data = struct.pack("!HHH", 15, 2, ede) if ede is not None else b""
        opt = b"\0" + struct.pack("!HHIH", TYPES["OPT"], 1232, 0, len(data)) + data
    n = counts or (1, len(answer), len(authority), len(additional) + (1 if opt else 0))
    head = struct.pack("!HHHHHH", q.id, QR | (q.flags & (RD | 0x0010)) | flags | rcode, *n)
    body = (q.wire[12:q.end_of_question] if question is None else question)
    return head + body + b"".join(rr.wire() for rr in [*answer, *authority, *additional]) + opt


def fit(q, wire, tcp):
    """Cut an answer for UDP as a server does."""
    if tcp or wire is None or len(wire) <= max(512, q.edns or 512):
        return wire
    return reply(q, flags=struct.unpack("!H", wire[2:4])[0] & (AA | RA) | TC)


# ---- behaviours: rows of the table below ----

async def truth(l, q, tcp, arg):
    return fit(q, await l.truth(q), tcp)


async def silent(l, q, tcp, arg):
    return None


def code(name, ede=None):
    async def f(l, q, tcp, arg):
        return reply(q, RCODES[name], flags=l.flags(False), ede=ede)
    return f


async def formerr_edns(l, q, tcp, arg):
    """An ancient server: EDNS is a format error, anything else is answered."""
    if q.edns:
        q.edns = None
        return reply(q, RCODES["FORMERR"], flags=l.flags(False))
    return await truth(l, q, tcp, arg)


async def truncate(l, q, tcp, arg):
    return await l.truth(q) if tcp else reply(q, flags=l.flags(True) | TC)


async def truncate_close(l, q, tcp, arg):
    return b"" if tcp else reply(q, flags=l.flags(True) | TC)


async def truncate_empty_tcp(l, q, tcp, arg):
    """TC even over TCP: an answer that can never be had whole."""
    return reply(q, flags=l.flags(True) | TC)


async def slow(l, q, tcp, arg):
    await asyncio.sleep(float(arg or 1.0))
    return await truth(l, q, tcp, arg)


async def flaky(l, q, tcp, arg):
    """Each question goes unanswered the first time."""
    key = (name_key(q.qname), q.qtype)
    if key in l.asked:
        return await truth(l, q, tcp, arg)
    l.asked.add(key)
    return None


async def random_bytes(l, q, tcp, arg):
    return struct.pack("!H", q.id) + random.randbytes(random.randrange(10, 80))


async def mutate(l, q, tcp, arg):
    """The truth with a few octets changed, cut off or added behind the question."""
    wire = bytearray(await l.truth(q))
    for _ in range(random.randrange(1, 6)):
        at = random.randrange(min(q.end_of_question, len(wire) - 1), len(wire))
        do = random.randrange(4)
        if do == 0:
            wire[at] = random.randrange(256)
        elif do == 1:
            wire[at] ^= 1 << random.randrange(8)
        elif do == 2:
            del wire[at + 1:]
        else:
            wire[at:at] = random.randbytes(random.randrange(1, 20))
    if random.randrange(3) == 0:
        struct.pack_into("!H", wire, random.randrange(4, 12, 2), random.choice((0, 1, 2, 255, 65535)))
    return fit(q, bytes(wire), tcp)


async def flood(l, q, tcp, arg):
    """Two hundred answers with a wrong id before the right one."""
    return await truth(l, q, tcp, arg)


async def short(l, q, tcp, arg):
    return struct.pack("!H", q.id) + b"\x80"


async def empty(l, q, tcp, arg):
    return b"\0" if tcp else b""


async def wrong_id(l, q, tcp, arg):
    q.id ^= 0x5555
    return reply(q, answer=[RR(q.qname, TYPES["A"], 60, b"\x7f\0\0\1")], flags=l.flags(True))


async def wrong_question(l, q, tcp, arg):
    other = name_wire("elsewhere.example.") + struct.pack("!HH", q.qtype, 1)
    rr = RR("elsewhere.example.", TYPES["A"], 60, b"\x7f\0\0\1")
    return reply(q, answer=[rr], question=other, flags=l.flags(True))


async def no_question(l, q, tcp, arg):
    return reply(q, question=b"", counts=(0, 0, 0, 1 if q.edns else 0), flags=l.flags(True))


async def pointer_loop(l, q, tcp, arg):
    """The owner of the first answer points at itself."""
    at = q.end_of_question
    rr = struct.pack("!HHHIH", 0xc000 | at, q.qtype, 1, 60, 4) + b"\x7f\0\0\1"
    return reply(q, question=q.wire[12:at] + rr, counts=(1, 1, 0, 1 if q.edns else 0), flags=l.flags(True))


async def counts_too_big(l, q, tcp, arg):
    return reply(q, counts=(1, 65535, 65535, 65535), flags=l.flags(True))


async def rdata_past_end(l, q, tcp, arg):
    q.edns = None
    rr = b"\xc0\x0c" + struct.pack("!HHIH", q.qtype, 1, 60, 500) + b"\x05abc"
    return reply(q, question=q.wire[12:q.end_of_question] + rr, counts=(1, 1, 0, 0), flags=l.flags(True))


async def txt_past_rdata(l, q, tcp, arg):
    """A character-string longer than its rdata; an address too short, a name that runs over."""
    q.edns = None
    rr = b"\xc0\x0c" + struct.pack("!HHIH", q.qtype, 1, 60, 3) + b"\xffab"
    return reply(q, question=q.wire[12:q.end_of_question] + rr, counts=(1, 1, 0, 0), flags=l.flags(True))


async def echo(l, q, tcp, arg):
    """The question itself, QR not set."""
    return q.wire


async def lowercase(l, q, tcp, arg):
    """Answers with the question in lower case: no random case (0x20) survives."""
    wire = bytearray(await l.truth(q))
    wire[12:q.end_of_question - 4] = bytes(wire[12:q.end_of_question - 4]).lower()
    return fit(q, bytes(wire), tcp)


async def lowercase_udp(l, q, tcp, arg):
    return await truth(l, q, tcp, arg) if tcp else await lowercase(l, q, tcp, arg)


async def lame(l, q, tcp, arg):
    """Not authoritative: an upward referral."""
    root = RR(".", TYPES["NS"], 3600, name_wire("a.root-servers.net."))
    return reply(q, authority=[root])


async def not_aa(l, q, tcp, arg):
    """The right records, but not as an authority."""
    wire = bytearray(await l.truth(q))
    wire[2] &= 0xff & ~(AA >> 8)
    return fit(q, bytes(wire), tcp)


async def lie_nxdomain(l, q, tcp, arg):
    soa = name_wire("lies.example.") + name_wire("liar.example.") + struct.pack("!IIIII", 1, 600, 600, 600, 600)
    return reply(q, RCODES["NXDOMAIN"], authority=[RR("test.", TYPES["SOA"], 600, soa)], flags=l.flags(True))


async def lie_address(l, q, tcp, arg):
    """A portal: the same address for whatever is asked, nothing else ever."""
    rr = [RR(q.qname, TYPES["A"], 60, b"\xc6\x12\x00\x01")] if q.qtype == TYPES["A"] else []
    return reply(q, answer=rr, flags=l.flags(True))


async def policy(l, q, tcp, arg):
    """A block that says nothing of it: "aa" as Unbound makes it, "soa" as BIND does, "sinkhole" for addresses."""
    soa = name_wire("ns.block.example.") + name_wire("h.block.example.") + struct.pack("!5I", 1, 60, 60, 60, 60)
    if arg == "soa":
        return reply(q, RCODES["NXDOMAIN"], flags=RA, additional=[RR("rpz.block.example.", TYPES["SOA"], 60, soa)])
    if arg == "sinkhole" and q.qtype == TYPES["A"]:
        return reply(q, answer=[RR(q.qname, TYPES["A"], 60, b"\0\0\0\0")], flags=RA)
    return reply(q, RCODES["NXDOMAIN"], flags=RA | AA)


async def lie_zone(l, q, tcp, arg):
    """Other zone text than the truth: arg."""
    return fit(q, await l.truth(q, Zones(arg)), tcp)


async def pool(l, q, tcp, arg):
    """Two caches behind one address: the truth and arg (zone text) take turns."""
    l.turn += 1
    return await (truth(l, q, tcp, arg) if l.turn % 2 else lie_zone(l, q, tcp, arg))


async def huge(l, q, tcp, arg):
    """As near to 65,535 octets as it goes: the truth and then TXT values of 255 octets each."""
    if not tcp:
        return reply(q, flags=l.flags(True) | TC)
    wire = await l.truth(q)
    q.edns = None
    m = Message(wire)
    out = b"".join(name_wire(r[0]) + struct.pack("!HHIH", r[1], r[2], r[3], len(r[4])) + r[4] for r in m.answer
                   if r[1] in (TYPES["TXT"], TYPES["A"]))
    n = sum(r[1] in (TYPES["TXT"], TYPES["A"]) for r in m.answer)
    filler = b"\xc0\x0c" + struct.pack("!HHIH", TYPES["TXT"], 1, 60, 256) + b"\xff" + b"x" * 255
    while q.end_of_question + len(out) + len(filler) <= 65535:
        out, n = out + filler, n + 1
    return reply(q, question=q.wire[12:q.end_of_question] + out, counts=(1, n, 0, 0), flags=l.flags(True))


async def drip(l, q, tcp, arg):
    """TCP only, byte by byte: see serve_tcp.  arg: seconds between two bytes."""
    return await l.truth(q) if tcp else reply(q, flags=l.flags(True) | TC)


async def cname_loop(l, q, tcp, arg):
    a, b = q.qname, "loop." + q.qname
    rr = [RR(a, TYPES["CNAME"], 60, name_wire(b)), RR(b, TYPES["CNAME"], 60, name_wire(a))]
    return reply(q, answer=rr, flags=l.flags(True))


async def filtered(l, q, tcp, arg):
    """Blocked by policy, as filtering resolvers say it: NXDOMAIN without SOA and EDE 17."""
    return reply(q, RCODES["NXDOMAIN"], flags=l.flags(False), ede=17)


BEHAVIOURS = {
    "truth": truth, "silent": silent, "refused": code("REFUSED"), "servfail": code("SERVFAIL"),
    "notimp": code("NOTIMP"), "formerr": code("FORMERR"), "formerr-edns": formerr_edns,
    "bogus": code("SERVFAIL", 6), "filtered": filtered, "refused-policy": code("REFUSED", 18),
    "truncate": truncate, "truncate-refuse": truncate_close, "truncate-close": truncate_close,
    "truncate-always": truncate_empty_tcp, "slow": slow, "flaky": flaky, "random": random_bytes,
    "mutate": mutate, "flood": flood, "short": short, "empty": empty, "wrong-id": wrong_id,
    "wrong-question": wrong_question, "no-question": no_question, "pointer-loop": pointer_loop,
    "counts": counts_too_big, "rdata-past-end": rdata_past_end, "txt-past-rdata": txt_past_rdata, "echo": echo,
    "lowercase": lowercase, "lowercase-udp": lowercase_udp, "lame": lame, "not-aa": not_aa,
    "lie-nxdomain": lie_nxdomain, "lie-address": lie_address, "lie-zone": lie_zone, "policy": policy, "pool": pool, "huge": huge,
    "drip": drip, "cname-loop": cname_loop,
}
NO_TCP = {"truncate-refuse"}    # from the start nothing listens there: connection refused


# ---- sockets ----

class Udp(asyncio.DatagramProtocol):
    def __init__(self, listener):
        self.listener = listener

    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, addr):
        asyncio.ensure_future(self.serve(data, addr))

    async def serve(self, data, addr):
        answer = await self.listener.answer(data, False)
        if self.listener.conf.get("do") == "flood" and answer:
            for i in range(1, 201):
                self.transport.sendto(struct.pack("!H", (answer[0] << 8 | answer[1]) ^ i) + answer[2:], addr)
        if answer is not None and not self.transport.is_closing():
            self.transport.sendto(answer, addr)


async def serve_tcp(listener, reader, writer):
    try:
        while True:
            n = struct.unpack("!H", await reader.readexactly(2))[0]
            answer = await listener.answer(await reader.readexactly(n), True)
            if answer is None:
                await asyncio.sleep(30)
                break
            if answer == b"":
                break
            data = struct.pack("!H", len(answer)) + answer
            if listener.conf.get("do") == "drip":
                for i in range(len(data)):
                    writer.write(data[i:i + 1])
                    await writer.drain()
                    await asyncio.sleep(float(listener.conf.get("arg") or 0))
            else:
                writer.write(data)
                await writer.drain()
    except (OSError, asyncio.IncompleteReadError):
        pass
    finally:
        writer.close()


class Server:
    def __init__(self, log):
        self.log = open(log, "a", buffering=1)
        self.open = {}      # (address, port) -> (Listener, udp transport, tcp server or None)

    def note(self, listener, q, tcp):
        self.log.write("%s %s %s %s %04x %s\n" % (listener.conf["address"], "tcp" if tcp else "udp", q.qname,
                       TYPE_NAMES.get(q.qtype, q.qtype), q.flags, q.edns or "-"))

    async def table(self, rows):
        wanted = {(r["address"], r["port"]): r for r in rows}
        for key, (listener, udp, tcp) in list(self.open.items()):
            if key not in wanted:
                udp.close()
                if tcp:
                    tcp.close()
                del self.open[key]
            elif wanted[key] != listener.conf:
                listener.configure(wanted[key])
        for key, conf in wanted.items():
            if key not in self.open:
                await self.listen(key, Listener(conf, self))

    async def listen(self, key, listener):
        loop = asyncio.get_running_loop()
        udp, _ = await loop.create_datagram_endpoint(lambda: Udp(listener), local_addr=key)
        tcp = None
        if listener.conf.get("do") not in NO_TCP:
            tcp = await asyncio.start_server(lambda r, w: serve_tcp(listener, r, w), *key)
        self.open[key] = (listener, udp, tcp)

    async def control(self, reader, writer):
        try:
            order = json.loads(await reader.readline())
            if order["op"] == "table":
                await self.table(order["table"])
            out = {"ok": True}
        except Exception as e:      # the test sees what it did wrong
            order, out = {"op": "none"}, {"ok": False, "error": repr(e)}
        writer.write(json.dumps(out).encode() + b"\n")
        await writer.drain()
        writer.close()
        if order["op"] == "quit":
            self.stop.set()

    async def run(self, control, table):
        self.stop = asyncio.Event()
        await self.table(table)
        server = await asyncio.start_unix_server(self.control, control, limit=1 << 24)
        parent = os.getppid()
        while not self.stop.is_set() and os.getppid() == parent:      # an orphan ends by itself
            try:
                await asyncio.wait_for(self.stop.wait(), 1)
            except asyncio.TimeoutError:
                pass
        server.close()


def main():
    p = argparse.ArgumentParser(description="a name server that misbehaves on demand")
    p.add_argument("--control", required=True)
    p.add_argument("--log", default="/dev/null")
    p.add_argument("--table")
    a = p.parse_args()
    table = json.load(open(a.table)) if a.table else []
    asyncio.run(Server(a.log).run(a.control, table))


if __name__ == "__main__":
    main()
