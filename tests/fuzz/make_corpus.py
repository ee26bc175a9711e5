#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Write the seeds of the DNS fuzzers, always the same ones.

    tests/fuzz/make_corpus.py            writes tests/fuzz/corpus/{message,name,rdata_text}/ and corpus/message.expect

Every message is a reply to one query: id 0x1234, "CoNtOsO.tEsT" MX IN.  message.expect says for each what
dns_reply_check() makes of it and then what the decoder and answer_from_message() say; check_dns_message holds them to it.
"""
import os
import struct

QNAME = b"\x07CoNtOsO\x04tEsT\x00"
A, NS, CNAME, SOA, PTR, MX, TXT, AAAA, SRV, OPT, DS, TLSA, SPF = 1, 2, 5, 6, 12, 15, 16, 28, 33, 41, 43, 52, 99
QR, AA, TC, RD, RA = 0x8000, 0x0400, 0x0200, 0x0100, 0x0080
OWNER = b"\xc0\x0c"             # pointer to the question
FIRST = 12 + len(QNAME) + 4     # where the first record begins
RDATA1 = FIRST + 12             # where its data begins, when its owner is OWNER


def name(text):
    return b"".join(bytes([len(l)]) + l.encode() for l in text.split(".") if l) + b"\0"


def ptr(offset):
    return struct.pack(">H", 0xC000 | offset)


def rr(rtype, data, ttl=300, owner=OWNER, rclass=1, rdlen=None):
    return owner + struct.pack(">HHIH", rtype, rclass, ttl, len(data) if rdlen is None else rdlen) + data


def mx(pref, host, **kw):
    return rr(MX, struct.pack(">H", pref) + (host if isinstance(host, bytes) else name(host)), **kw)


def strings(*parts):
    return b"".join(bytes([len(p)]) + p for p in parts)


def soa(minimum=60, serial=7):
    return name("ns1.test") + name("root.test") + struct.pack(">5I", serial, 3600, 600, 86400, minimum)


def opt(options=b"", ttl=0, owner=b"\0", **kw):
    return rr(OPT, options, ttl=ttl, owner=owner, rclass=1232, **kw)


def option(code, data, length=None):
    return struct.pack(">HH", code, len(data) if length is None else length) + data


def question(qname=QNAME, qtype=MX, qclass=1):
    return qname + struct.pack(">HH", qtype, qclass)


def message(an=(), ns=(), ar=(), flags=QR | RD | RA, rcode=0, qid=0x1234, q=None, qd=1, counts=None, tail=b""):
    counts = counts or (len(an), len(ns), len(ar))
    return (struct.pack(">6H", qid, flags | rcode, qd, *counts) + (question() if q is None else q)
            + b"".join(an) + b"".join(ns) + b"".join(ar) + tail)


CASES = []


def case(title, wire, outcome, reply="ok"):
    CASES.append((title, wire, reply, outcome))


def positive(values=1, chain=0, ttl=300):
    return f"positive values={values} chain={chain} ttl={ttl}"


def other(kind, chain=0, ttl=0):
    return f"{kind} values=0 chain={chain} ttl={ttl}"


GOOD = mx(0, "mail.test")
NODATA = other("nodata")
FORWARD = "refused: a compression pointer does not point backwards"
NAME_END = "refused: a name runs past the end"
LABEL_END = "refused: a label runs past the end"
MISFIT = "refused: record data does not fit its type"
FEWER = "refused: there are fewer records than the header says"
ONE_QUESTION = "refused: there is not exactly one question"
TRAILING = "refused: octets follow the last record"

# ---- sections ----
case("plain", message([GOOD]), positive())
case("empty", b"", "refused: the message is shorter than its header", "short")
case("one-octet", b"\x12", "refused: the message is shorter than its header", "short")
case("header-11-octets", message()[:11], "refused: the message is shorter than its header", "short")
case("header-only", message(q=b"", qd=0), ONE_QUESTION, "short")
case("header-only-formerr", message(q=b"", qd=0, rcode=1), ONE_QUESTION, "short")
case("header-only-one-question", message(q=b""), NAME_END, "short")
case("qdcount-0", message(qd=0), ONE_QUESTION, "short")
case("qdcount-2", message(q=question() * 2, qd=2), ONE_QUESTION, "foreign")
case("qdcount-65535", message(qd=65535), ONE_QUESTION, "foreign")
case("question-cut-in-name", message()[:18], LABEL_END, "short")
case("question-cut-before-root", message()[:FIRST - 5], NAME_END, "short")
case("question-cut-in-type", message()[:FIRST - 3], "refused: the question runs past the end", "short")
case("question-cut-in-class", message()[:FIRST - 1], "refused: the question runs past the end", "short")
case("ancount-1-none", message(counts=(1, 0, 0)), FEWER)
case("ancount-2-one", message([GOOD], counts=(2, 0, 0)), FEWER)
case("ancount-3-two", message([GOOD] * 2, counts=(3, 0, 0)), FEWER)
case("ancount-65535", message([GOOD], counts=(65535, 0, 0)), FEWER)
case("ancount-cut-later", message([rr(TXT, strings(b"x" * 40), owner=b"\0"), GOOD], counts=(4, 0, 0)),
     FEWER)
case("nscount-1-none", message([GOOD], counts=(1, 1, 0)), FEWER)
case("arcount-1-none", message([GOOD], counts=(1, 0, 1)), FEWER)
case("arcount-65535", message([GOOD], counts=(1, 0, 65535)), FEWER)
case("ancount-0-one", message([GOOD], counts=(0, 0, 0)), TRAILING)
case("trailing-octet", message([GOOD], tail=b"\0"), TRAILING)
case("trailing-garbage", message([GOOD], tail=b"garbage" * 9), TRAILING)
case("trailing-second-message", message([GOOD], tail=message([GOOD])), TRAILING)
case("record-cut-in-owner", message([b"\x3fcontoso"], counts=(1, 0, 0), tail=b"xxxx"), LABEL_END)
case("record-cut-in-fixed-part", message([GOOD[:11]], counts=(1, 0, 0)), "refused: a record runs past the end")
case("nothing", message(), NODATA)

# ---- reply checks ----
case("id-wrong", message([GOOD], qid=0x1235), positive(), "foreign")
case("qr-0", message([GOOD], flags=RD), positive(), "foreign")
case("opcode-notify", message([GOOD], flags=QR | 4 << 11), positive(), "foreign")
case("opcode-15", message([GOOD], flags=QR | 15 << 11), positive(), "foreign")
case("question-other-name", message([GOOD], q=question(name("contosO.example"))), positive(), "foreign")
case("question-shorter-name", message([GOOD], q=question(name("tEsT"))), positive(), "foreign")
case("question-longer-name", message([GOOD], q=question(b"\x01a" + QNAME)), positive(), "foreign")
case("question-other-type", message([GOOD], q=question(qtype=TXT)), NODATA, "foreign")
case("question-other-class", message([GOOD], q=question(qclass=3)), "refused: the question is not of class IN",
     "foreign")
case("question-case-only", message([GOOD], q=question(name("contoso.test"))), positive(), "case")
case("question-case-one-letter", message([GOOD], q=question(name("CoNtOsO.teST"))), positive(), "case")
case("question-compressed", message(q=b"\x07CoNtOsO" + ptr(12) + b"\0\x0f\0\x01"), FORWARD, "short")
case("question-label-type", message(q=b"\x47CoNtOsO\x04tEsT\0\0\x0f\0\x01"),
     "refused: a name has a label of an unknown kind", "foreign")
case("question-root", message(q=question(b"\0")), NODATA, "short")

# ---- names ----
HEAP = rr(65280, b"\1a" * 126 + b"\0", owner=b"\0")     # 126 labels of one octet
HEAP_AT = FIRST + 11
for title, target in (("self", FIRST), ("forward", FIRST + 40), ("past-the-end", 0x3FFF)):
    case(f"pointer-{title}", message([mx(0, "mail.test", owner=ptr(target))]), FORWARD)
case("pointer-self-in-rdata", message([mx(0, ptr(RDATA1 + 2))]), FORWARD)
case("pointer-into-own-label", message([mx(0, b"\x04mail" + ptr(RDATA1 + 4))]), FORWARD)
case("pointer-to-own-start", message([mx(0, b"\x04mail" + ptr(RDATA1 + 2))]), FORWARD)
case("pointer-loop-of-two", message([mx(0, ptr(RDATA1 + 2 + 14)), mx(0, ptr(RDATA1 + 2))]), FORWARD)
for at in (0, 2, 11):
    case(f"pointer-into-header-{at}", message([mx(0, ptr(at))]),
         "refused: a compression pointer points into the header")
case("pointer-cut", message([rr(CNAME, b"\xc0")]), "refused: a compression pointer runs past the end")
case("pointer-beyond-rdata", message([mx(0, b"\xc0"), GOOD]), FORWARD)
case("pointer-into-label", message([mx(0, ptr(13))]), "refused: a name has a label of an unknown kind")
case("pointer-to-root", message([mx(0, ptr(FIRST - 5))]), positive())
case("pointer-to-second-label", message([mx(0, b"\x04mail" + ptr(20))]), positive())
case("pointer-to-type-bytes", message([mx(0, ptr(FIRST - 4))]), positive())     # 00 0f: the root, by chance
for labels, octets, ok in ((126, 253, True), (127, 255, True), (128, 257, False)):
    wire = b"\1a" * labels + b"\0"
    case(f"name-{labels}-labels", message([mx(0, wire)]), positive() if ok else "refused: a name is over 255 octets")
for last, ok in ((61, True), (62, False)):
    wire = (b"\x3f" + b"x" * 63) * 3 + bytes([last]) + b"y" * last + b"\0"
    case(f"name-{len(wire)}-octets", message([mx(0, wire)]), positive() if ok else "refused: a name is over 255 octets")
case("name-255-octets-by-pointer", message([HEAP, mx(0, b"\1b" + ptr(HEAP_AT))]), positive())
case("name-257-octets-by-pointer", message([HEAP, mx(0, b"\1b\1c" + ptr(HEAP_AT))]),
     "refused: a name is over 255 octets")
case("name-256-octets-by-pointer", message([HEAP, mx(0, b"\2bb" + ptr(HEAP_AT))]), "refused: a name is over 255 octets")
for kind, octet in (("01", 0x40), ("10", 0x80), ("01-full", 0x7F), ("10-full", 0xBF)):
    case(f"label-type-{kind}-owner", message([mx(0, "mail.test", owner=bytes([octet]) + b"x" * 63 + b"\0")]),
         "refused: a name has a label of an unknown kind")
    case(f"label-type-{kind}-rdata", message([mx(0, bytes([octet]) + b"x" * 63 + b"\0")]),
         "refused: a name has a label of an unknown kind")
case("label-63", message([mx(0, b"\x3f" + b"x" * 63 + b"\0")]), positive())
case("name-ends-at-last-octet", message([rr(CNAME, b"\x04mail\x04test\0")]), other("nodata", 1, 300))
case("name-without-root-at-end", message([rr(CNAME, b"\x04mail\x04test")]), NAME_END)
case("name-label-over-end", message([rr(CNAME, b"\x04mail\x05test")]), LABEL_END)
case("name-binary-labels", message([mx(0, b"\x05\x00\x2e\x5c\xff\x0a\x04test\0")]), positive())


def chain_of_pointers(n):
    """Data that is n pointers, each to the one before, the first to the question; then an MX by the last of them."""
    data, at = b"", HEAP_AT
    for i in range(n - 1):
        data += ptr(12 if i == 0 else at + 2 * (i - 1))
    return message([rr(65280, data, owner=b"\0"), mx(0, ptr(at + 2 * (n - 2)))])


case("pointers-64", chain_of_pointers(64), positive())
case("pointers-65", chain_of_pointers(65), "refused: a name has too many compression pointers")
case("pointers-200", chain_of_pointers(200), "refused: a name has too many compression pointers")

# ---- record data ----
case("rdlength-past-the-end", message([rr(MX, b"\0\0\0", rdlen=4)]), "refused: record data runs past the end")
case("rdlength-65535", message([rr(TXT, strings(b"x"), rdlen=65535)]), "refused: record data runs past the end")
for title, rtype, data in (
        ("a-3", A, b"\x7f\0\0"), ("a-5", A, b"\x7f\0\0\1\1"), ("a-0", A, b""), ("aaaa-15", AAAA, b"\0" * 15),
        ("aaaa-17", AAAA, b"\0" * 17), ("aaaa-4", AAAA, b"\0" * 4), ("mx-0", MX, b""), ("mx-1", MX, b"\0"), ("mx-2-only", MX, b"\0\0"),
        ("mx-more", MX, b"\0\0" + name("a.test") + b"x"), ("cname-0", CNAME, b""), ("cname-more", CNAME, name("a.test") + b"\0"),
        ("ns-more", NS, name("a.test") + b"\0"), ("ptr-more", PTR, name("a.test") + b"\0"), ("srv-5", SRV, b"\0" * 5),
        ("srv-6-only", SRV, b"\0" * 6), ("srv-more", SRV, b"\0" * 6 + name("a.test") + b"\0"), ("soa-short", SOA, soa()[:-1]),
        ("soa-more", SOA, soa() + b"\0"), ("soa-one-name", SOA, name("a.test")), ("txt-0", TXT, b""), ("spf-0", SPF, b""),
        ("txt-string-over", TXT, b"\x05abcd"), ("txt-second-over", TXT, strings(b"abc") + b"\x01"),
        ("txt-255-over", TXT, b"\xff" + b"x" * 254), ("ds-4", DS, b"\0" * 4), ("ds-3", DS, b"\0" * 3), ("tlsa-3", TLSA, b"\0" * 3)):
    outcome = MISFIT
    # A name that is not there is read from what follows; the record after it makes that deterministic.
    case(f"rdata-{title}", message([rr(rtype, data)], ar=[rr(A, b"\xc0\0\2\1", owner=b"\0")]), outcome)
case("rdata-name-into-next-record", message([rr(CNAME, b"\x03abc", rdlen=4), GOOD]), MISFIT)
case("rdata-opaque-empty", message([rr(65280, b""), GOOD]), positive())
case("rdata-of-other-class", message([mx(0, "chaos.test", rclass=3)]), NODATA)
case("rdata-bad-in-additional", message([GOOD], ar=[rr(A, b"\1", owner=name("mail.test"))]), MISFIT)
case("rdata-bad-in-authority", message([GOOD], ns=[rr(NS, b"\1a")]), NAME_END)
case("rdata-compressed-soa", message(ns=[rr(SOA, ptr(12) + ptr(12) + struct.pack(">5I", 1, 2, 3, 4, 5))]),
     other("nodata", ttl=5))
SRVQ = question(qtype=SRV)
case("srv-compressed-target", message([rr(SRV, b"\0\1\0\2\x14\x95" + ptr(12))], q=SRVQ), positive(), "foreign")

# ---- texts: all of them well-formed, all of them nasty for whoever shows them ----
TXTQ = question(qtype=TXT)
for title, parts in (
        ("empty-string", [b""]), ("two-empty-strings", [b"", b""]), ("255-octets", [b"x" * 255]), ("300-strings", [b"x"] * 300),
        ("nul", [b"a\0b"]), ("crlf", [b"a\r\nSet-Cookie: x=1\r\n\r\n"]), ("esc-csi", [b"\x1b[2J\x1b[31mred"]),
        ("esc-osc", [b"\x1b]0;title\x07"]), ("c1-csi", [b"\xc2\x9b31m"]), ("quotes", [b'"v=spf1 -all"']),
        ("backslash", [b"\\\\x41\\"]), ("script", [b"</script><script>alert(1)</script>"]),
        ("comment", [b"<!--"]), ("img", [b"<img src=x onerror=alert(1)>"]), ("u2028", ["a\u2028b\u2029c".encode()]),
        ("bad-utf8", [b"\xff\xfe\xc3\x28"]), ("overlong", [b"\xc0\xaf\xe0\x80\xaf"]), ("surrogate", [b"\xed\xa0\x80\xed\xb0\x80"]),
        ("bom", [b"\xef\xbb\xbfMS=ms12345678"]), ("rtl", ["\u202egnp.exe\u202c".encode()]), ("pipe", [b"OK | time=0s;;;"]),
        ("formula", [b"=cmd|' /C calc'!A0"]), ("journal", [b"x\nPRIORITY=0\nMESSAGE=forged"]), ("percent", [b"%s%s%n%n"]),
        ("del", [b"\x7f\x08\x08"]), ("spf-split", [b"v=spf1 include:spf.protection.outl", b"ook.com -all"]),
        ("spf-over-512", [b"v=spf1 " + b"ip4:192.0.2.1 " * 17, b"ip4:192.0.2.2 " * 18, b"ip4:192.0.2.3 " * 5 + b"-all"]),
        ("utf8-cut-by-string", [b"M\xc3", b"\xbcnchen"])):
    case(f"txt-{title}", message([rr(TXT, strings(*parts))], q=TXTQ), positive(), "foreign")
case("txt-two-values", message([rr(TXT, strings(b"v=spf1 -all")), rr(TXT, strings(b"MS=ms1"))], q=TXTQ), positive(2), "foreign")
case("txt-case-is-a-difference", message([rr(TXT, strings(b"ms=ms1")), rr(TXT, strings(b"MS=ms1"))], q=TXTQ), positive(2),
     "foreign")
case("txt-cut-is-a-difference", message([rr(TXT, strings(b"ab", b"c")), rr(TXT, strings(b"abc"))], q=TXTQ), positive(2),
     "foreign")

# ---- sets ----
case("mx-root", message([mx(0, b"\0")]), positive())
case("mx-twice", message([GOOD, GOOD]), positive())
case("mx-twice-but-case", message([mx(0, "mail.test"), mx(0, "MAIL.test")]), positive())
case("mx-two-preferences", message([mx(0, "mail.test"), mx(10, "mail.test")]), positive(2))
case("mx-hundred", message([mx(i, "mail.test") for i in range(100)]), positive(100))
case("mx-beside-other-owner", message([GOOD, mx(5, "x.test", owner=name("other.test"))]), positive())
case("mx-of-other-owner-only", message([mx(5, "x.test", owner=name("other.test"))]), NODATA)
case("mx-owner-other-case", message([mx(5, "x.test", owner=name("contoso.TEST"))]), positive())
case("mx-type-not-asked", message([rr(TXT, strings(b"x"))]), NODATA)
case("ttl-0", message([mx(0, "mail.test", ttl=0)]), positive(ttl=0))
case("ttl-2-31", message([mx(0, "mail.test", ttl=1 << 31)]), positive(ttl=0))
case("ttl-max", message([mx(0, "mail.test", ttl=0x7FFFFFFF)]), positive(ttl=0x7FFFFFFF))
case("ttl-all-ones", message([mx(0, "mail.test", ttl=0xFFFFFFFF)]), positive(ttl=0))
case("ttl-differ", message([mx(0, "a.test", ttl=30), mx(0, "b.test", ttl=20)]), positive(2, ttl=20))

# ---- chains ----


def link(owner, target, ttl=300):
    return rr(CNAME, name(target), owner=OWNER if owner is None else name(owner), ttl=ttl)


def links(n):
    return [link(None if i == 0 else f"l{i}.test", f"l{i + 1}.test") for i in range(n)]


case("cname-only", message([link(None, "a.test")]), other("nodata", 1, 300))
case("cname-then-mx", message([link(None, "a.test", ttl=100), mx(0, "m.test", owner=name("a.test"))]), positive(1, 1, 100))
case("cname-after-mx", message([mx(0, "m.test", owner=name("A.test")), link(None, "a.test")]), positive(1, 1))
case("cname-backwards", message([mx(0, "m.test", owner=name("c.test")), link("b.test", "c.test"), link("a.test", "b.test"),
                                 link(None, "a.test")]), positive(1, 3))
case("cname-self", message([link(None, "contoso.test")]), other("cname-loop", 1))
case("cname-loop-of-two", message([link(None, "a.test"), link("a.test", "CONTOSO.test")]), other("cname-loop", 2))
case("cname-loop-later", message([link(None, "a.test"), link("a.test", "b.test"), link("b.test", "a.test")]),
     other("cname-loop", 3))
case("cname-16", message(links(16) + [mx(0, "m.test", owner=name("l16.test"))]), positive(1, 16))
case("cname-16-no-end", message(links(16)), other("nodata", 16, 300))
case("cname-17", message(links(17) + [mx(0, "m.test", owner=name("l17.test"))]), other("cname-loop", 16))
case("cname-20", message(links(20)), other("cname-loop", 16))
case("cname-and-mx", message([link(None, "a.test"), GOOD]), positive())
case("cname-two-targets", message([link(None, "b.test"), link(None, "a.test"), mx(0, "m.test", owner=name("a.test"))]),
     positive(1, 1))
case("cname-to-root", message([rr(CNAME, b"\0")]), other("nodata", 1, 300))
case("cname-asked", message([link(None, "a.test"), link("a.test", "b.test")], q=question(qtype=CNAME)), positive(), "foreign")
case("cname-asked-self", message([link(None, "contoso.test")], q=question(qtype=CNAME)), positive(), "foreign")
case("cname-nxdomain", message([link(None, "a.test", ttl=50)], ns=[rr(SOA, soa(70), owner=name("test"))], rcode=3),
     other("nxdomain", 1, 50))
case("cname-nodata", message([link(None, "a.test")], ns=[rr(SOA, soa(70), owner=name("test"))]), other("nodata", 1, 70))
case("dname-synthesized", message([rr(39, name("else.test"), owner=name("test")), link(None, "contoso.else.test")]),
     other("nodata", 1, 300))

# ---- negative answers, referrals, failures ----
case("nxdomain", message(rcode=3, ns=[rr(SOA, soa(60), owner=name("test"))]), other("nxdomain", ttl=60))
case("nxdomain-soa-ttl-lower", message(rcode=3, ns=[rr(SOA, soa(60), owner=name("test"), ttl=9)]), other("nxdomain", ttl=9))
case("nxdomain-without-soa", message(rcode=3), other("nxdomain"))
case("nxdomain-with-answers", message([GOOD], rcode=3), other("nxdomain"))
case("nxdomain-foreign-soa", message(rcode=3, ns=[rr(SOA, soa(60), owner=name("example"))]), other("nxdomain"))
case("nxdomain-soa-below", message(rcode=3, ns=[rr(SOA, soa(60), owner=name("a.contoso.test"))]), other("nxdomain"))
case("nxdomain-two-soas", message(rcode=3, ns=[rr(SOA, soa(60), owner=name("test")), rr(SOA, soa(30)),
                                               rr(SOA, soa(10), owner=b"\0")]), other("nxdomain", ttl=30))
case("nodata", message(ns=[rr(SOA, soa(60))]), other("nodata", ttl=60))
case("nodata-ns-authoritative", message(flags=QR | AA, ns=[rr(NS, name("ns1.test"))]), NODATA)
case("referral", message(flags=QR, ns=[rr(NS, name("ns1.test"))]), other("referral"))
case("referral-with-glue", message(flags=QR, ns=[rr(NS, name("ns1.contoso.test"))] * 2 + [rr(NS, name("ns2.test"))],
                                   ar=[rr(A, b"\x0b\0\0\1", owner=name("NS1.contoso.test")), rr(A, b"\x0b\0\0\2", owner=name("ns2.test")),
                                       rr(AAAA, bytes(range(32, 48)), owner=name("ns1.contoso.test"))]), other("referral"))
case("referral-of-many", message(flags=QR, ns=[rr(NS, name(f"ns{i}.test")) for i in range(20)]), other("referral"))
case("referral-of-parent", message(flags=QR, ns=[rr(NS, name("ns1.test"), owner=name("test"))]), other("referral"))
case("referral-upward-to-root", message(flags=QR, ns=[rr(NS, name("a.root-servers.test"), owner=b"\0")]), other("referral"))
case("referral-elsewhere", message(flags=QR, ns=[rr(NS, name("ns1.test"), owner=name("x.contoso.test"))]), NODATA)
case("referral-with-soa", message(flags=QR, ns=[rr(NS, name("ns1.test")), rr(SOA, soa(60))]), other("nodata", ttl=60))
case("referral-of-other-class", message(flags=QR, ns=[rr(NS, name("ns1.test"), rclass=3), rr(SOA, soa(60), rclass=3)]), NODATA)
case("referral-soa-of-other-class", message(flags=QR, ns=[rr(SOA, soa(60), rclass=3), rr(NS, name("ns1.test"))]),
     other("referral"))
for code, word in ((1, "formerr"), (2, "servfail"), (4, "notimp"), (5, "refused"), (6, "yxdomain"), (15, "rcode-15")):
    case(f"failure-{word}", message(rcode=code), other("failure"))
case("failure-with-answers", message([GOOD], rcode=2), other("failure"))
case("truncated-flag", message([GOOD], flags=QR | TC), positive())
case("truncated-flag-empty", message(flags=QR | TC), NODATA)

# ---- EDNS ----
case("opt", message([GOOD], ar=[opt()]), positive())
case("opt-unknown-option", message([GOOD], ar=[opt(option(10, b"cookies!") + option(65001, b""))]), positive())
case("opt-twice", message([GOOD], ar=[opt(), opt()]), "refused: there is more than one OPT record")
case("opt-owner", message([GOOD], ar=[opt(owner=OWNER)]), "refused: the owner of OPT is not the root")
case("opt-in-answer", message([opt()]), "refused: an OPT record lies outside the additional section")
case("opt-in-authority", message(ns=[opt()]), "refused: an OPT record lies outside the additional section")
for title, data in (("header", b"\0\x0f\0"), ("data", option(15, b"\0\x0f", 3)), ("past", option(10, b"", 65535)),
                    ("ede-without-code", option(15, b"")), ("ede-of-one", option(15, b"\0"))):
    case(f"opt-option-cut-{title}", message(ar=[opt(data)]), "refused: an EDNS option is cut short")
case("opt-badvers", message(ar=[opt(ttl=1 << 24)]), other("failure"))
case("opt-extended-rcode-on-noerror", message([GOOD], ar=[opt(ttl=0xFF << 24)]), other("failure"))
case("opt-version-9", message([GOOD], ar=[opt(ttl=9 << 16)]), positive())
case("opt-ede", message(rcode=2, ar=[opt(option(15, b"\0\x06" + b"bogus"))]), other("failure"))
case("opt-ede-text-binary", message([GOOD], ar=[opt(option(15, b"\0\x0f\x1b[2J\xff\0<b>"))]), positive())
case("opt-ede-hundred", message([GOOD], ar=[opt(option(15, b"\0\x03") * 100)]), positive())
case("opt-not-last", message([GOOD], ar=[opt(), rr(A, b"\xc0\0\2\1", owner=name("mail.test"))]), positive())
case("tsig-like", message([GOOD], ar=[rr(250, b"\0" * 20, owner=name("key"), rclass=255, ttl=0)]), positive())

NAMES = [
    b".", b"contoso.test", b"contoso.test.", b"CONTOSO.Test", b"_sip._tls.contoso.test", b"*.contoso.test", b"@", b"", b"..", b".a",
    b"a..b", b"a.b..", b"\\.", b"a\\.b.test", b"\\064.test", b"\\255\\000.x", b"\\256.x", b"\\1", b"\\12x", b"\\", b"a\\",
    b"x" * 63 + b".test", b"x" * 64 + b".test", (b"y" * 63 + b".") * 3 + b"z" * 61, (b"y" * 63 + b".") * 3 + b"z" * 62,
    b"a." * 127, b"a." * 128, b"\\097" * 63, "m\u00fcnchen.de".encode(), "stra\u00dfe.de".encode(), "B\u00fccher\u3002example".encode(),
    "\u65e5\u672c\u8a9e.jp".encode(), "xn--mnchen-3ya.de".encode(), b"xn--.x", b"xn--a.x", "_dmarc.m\u00fcnchen.de".encode(),
    "\u2603.x".encode(), b"\xff\xfe.x", b"a b.c", b"a\tb", b"a/b.c", b"\"a\".b", "\u202ea.b".encode(), "e\u0301.fr".encode(),
    "\u0130.tr".encode(), "a\u200db.x".encode(), b"-a-.b-", b"a_b.c", b"192.0.2.1", b"a" * 2000,
]
# The first octet picks the type, in the order of DNS_TYPES.
RDATA = [
    b"\0" b"192.0.2.1", b"\0" b"192.0.2.256", b"\0" b"1.2.3", b"\1" b"ns1.test", b"\1" b"ns1.test.", b"\2" b"a.test b.test", b"\2" b".",
    b"\3" b"ns1.test root.test 1 2 3 4 4294967295", b"\3" b"ns1.test root.test 1 2 3 4 4294967296", b"\3" b"a b 1 2 3", b"\4" b"host.test",
    b"\5" b"0 contoso-test.mail.protection.outlook.com", b"\5" b"  10\tmail.test  ", b"\5" b"65536 a", b"\5" b"-1 a", b"\5" b"mail.test", b"\5" b"0 .",
    b"\5" b"0 a\\.b\\032c.test", "\x050 m\u00fcnchen.de".encode(), b"\6" b"v=spf1 include:spf.protection.outlook.com -all", b"\6",
    b"\6" + b"x" * 255, b"\6" + b"x" * 256, b"\6" + b"x" * 511, b"\6" b"\"quoted\" \\", b"\x07" b"2001:db8::1", b"\x07" b"::ffff:192.0.2.1",
    b"\x07" b"[::1]", b"\x07" b"1::2::3", b"\x08" b"100 1 5061 sipfed.online.lync.com", b"\x08" b"100 1 sipfed.online.lync.com",
    b"\x08" b"1 2 3 4 5", b"\x0a" b"12345 13 2 ABCDEF", b"\x0a" b"12345 13 2 AB CD ef", b"\x0a" b"12345 13 2", b"\x0a" b"1 2 3 ABC", b"\x0e" b"3 1 1 00ff",
    b"\x10" b"\\# 0", b"\x10" b"\\# 2 ab cd", b"\x10" b"\\# 3 abcd", b"\x10" b"\\# x", b"\x10" b"plain", b"\x0f" b"spf", b"\x09" b"\\# 1 00",
]


def write(directory, files):
    os.makedirs(directory, exist_ok=True)
    for title, data in files:
        with open(os.path.join(directory, title), "wb") as f:
            f.write(data)


def main():
    corpus = os.path.join(os.path.dirname(os.path.abspath(__file__)), "corpus")
    titles = [title for title, *_ in CASES]
    assert len(titles) == len(set(titles))
    write(os.path.join(corpus, "message"), [(title + ".wire", wire) for title, wire, *_ in CASES])
    write(os.path.join(corpus, "name"), [(f"{i:02}.txt", data) for i, data in enumerate(NAMES)])
    write(os.path.join(corpus, "rdata_text"), [(f"{i:02}.txt", data) for i, data in enumerate(RDATA)])
    with open(os.path.join(corpus, "message.expect"), "w") as f:
        f.write("# Written by make_corpus.py: title, what dns_reply_check() says, what the decoder and the answer say.\n")
        for title, _, reply, outcome in CASES:
            f.write(f"{title}\t{reply}\t{outcome}\n")
    print(len(CASES), "messages,", len(NAMES), "names,", len(RDATA), "record data")


if __name__ == "__main__":
    main()
