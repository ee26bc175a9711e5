# SPDX-License-Identifier: ISC
"""test_cli: options, exit codes, configuration mistakes."""

import csv
import io
import json
import os
import re
import shutil
import signal

from lab import SLOW
from tap import Skip, case, check, equal, table
import bed as beds


def plain(lab, *args):
    return lab.run(*args, resolvers=None, lab=False)


@table("%s exits 0 and prints", [("--help", "--once"), ("--version", "c-ares"), ("--list-records", "autodiscover"),
                                 ("--list-resolvers", "quad9"), ("--list-findings", "spf-multiple")])
def prints(lab, option, word):
    r = plain(lab, option).exits(0)
    check(word in r.out, "mentions " + word, str(r))
    equal(r.err, "", "stderr")


@table("--list-%s is for programs too", [("records", "id", "mx"), ("resolvers", "name", "google"), ("findings", "code", "mx-extra")])
def lists(lab, what, key, word):
    rows = json.loads(plain(lab, "--list-" + what, "--format", "json").exits(0).out)[what]
    check(word in [row[key] for row in rows], "has " + word, rows)
    table_of = list(csv.DictReader(io.StringIO(plain(lab, "--list-" + what, "--format", "csv").exits(0).out)))
    equal([row[key].lstrip("'") for row in table_of], [row[key] for row in rows], "the same rows")
    equal(set(table_of[0]), set(rows[0]), "the same columns")
    plain(lab, "--list-" + what, "--format", "prometheus").exits(64)


@table("usage: %s", [
    ("an unknown option", ["--once", "--nonsense", "right.test"]),
    ("a format that does not exist", ["--once", "--format", "xml", "right.test"]),
    ("a service that does not exist", ["--once", "--services", "telegraph", "right.test"]),
    ("a cloud that does not exist", ["--once", "--cloud", "cumulus", "right.test"]),
    ("a profile that does not exist", ["--once", "--profile", "high", "right.test"]),
    ("a milestone that does not exist", ["--once", "--until", "tomorrow", "right.test"]),
    ("a duration that is none", ["--wait=soon", "right.test"]),
    ("a resolver that is none", ["--once", "--resolver", "nobody", "right.test"]),
    ("a port that is none", ["--once", "--resolver", "127.0.0.1:99999", "right.test"]),
    ("a domain that is none", ["--once", "right..test"]),
    ("an address as domain", ["--once", "192.0.2.1"]),
    ("a wildcard as domain", ["--once", "*.right.test"]),
    ("a control character in the domain", ["--once", "ri\nght.test"]),
    ("a label of 64 octets", ["--once", "a" * 64 + ".test"]),
    ("--once without a domain", ["--once"]),
])
def usage(lab, name, args):
    r = plain(lab, *args).exits(64)
    check(r.err.strip() and not r.out.strip(), "words on stderr only", str(r))


@case("a usage error with --format nagios is 3")
def usage_nagios(lab):
    plain(lab, "--once", "--format", "nagios", "--services", "telegraph", "right.test").exits(3)


@case("no network at all: exit 3, in good time, and one clear line", slow=True)
def no_network(lab):
    r = lab.run("--once", "right.test", resolvers=(lab.bed.closed, lab.bed.address(251))).exits(3)
    check(r.seconds < 20 * SLOW, "after %.1f s" % r.seconds)
    check("missing" not in r.out.lower(), "nothing is called missing", str(r))
    d = lab.once("right.test", resolvers=(lab.bed.closed,)).exits(3).doc()
    check(len(d["findings"]) <= 2, "one cause is one finding", str(d))
    d.never("missing", "wrong", "ok")


MISTAKES = '''listen = {"127.0.0.1:8365"}
nonsense = 1
interval_floor = 0
quorum = "many"
resolver "a" { address = {"127.0.0.300"} }
domain "right.test" { cloud = cumulus }
domain "right.test" { profile = high }
domain "double..dot" { }
'''


@case("--check-config names every mistake at once, with file and line")
def check_config(lab):
    path = lab.bed.dir + "/mistakes.conf"
    with open(path, "w") as f:
        f.write(MISTAKES)
    r = plain(lab, "-c", path, "--check-config").exits(64)
    for line in (2, 3, 4, 5, 6, 7, 8):
        check("%s:%d: " % (path, line) in r.err + r.out, "line %d is named" % line, str(r))


@case("--check-config of a right file is 0")
def check_config_right(lab):
    plain(lab, "-c", lab.config('domain "right.test" {}\n'), "--check-config").exits(0)


@case("a configuration file with mistakes is 64 in every mode")
def bad_config(lab):
    path = lab.config("nonsense = 1\n")
    for mode in ("--once", "--wait=1s"):
        r = plain(lab, "-c", path, mode).exits(64)
        check(path + ":" in r.err, "file and line", str(r))


@case("a configuration in which nobody votes is an error, unless --until published")
def nobody_votes(lab):
    text = lab.resolver_block("r1", extra="class = info") + 'domain "right.test" {}\n'
    plain(lab, "-c", lab.config(text, resolvers=False), "--once").exits(64)
    plain(lab, "-c", lab.config(text, resolvers=False), "--once", "--until", "published").exits(0)


@case("the domains of the file, or the one named")
def domains_of_file(lab):
    a, b = lab.domain(), lab.domain(drop=["mx"])
    conf = 'domain "%s" {}\ndomain "%s" {}\n' % (a, b)
    equal({d["domain"] for d in lab.with_config(conf).exits(2).docs()}, {a, b}, "all of the file")
    equal(lab.with_config(conf, a).exits(0).doc()["domain"], a, "the one named")


@case("exit codes of several domains: 2 before 3 before 1", slow=True)
def worst(lab):
    right, broken = "right.test", lab.domain(drop=["mx"])
    dead = lab.beside("gone.hosting.test.", alone=True)
    stale = lab.domain(ttl=120, replace={"mx": "@ IN MX 10 mail.old.example."})
    lab.bed.caches["r1"].ask(stale, "MX")
    lab.change(stale)
    lab.once(right).exits(0)
    lab.once(right, stale).exits(1)
    lab.once(stale, dead).exits(3)
    lab.once(dead, stale, broken).exits(2)


@case("long options take = and blank, short ones too; -- ends them")
def option_forms(lab):
    servers = lab.bed.lab() + lab.bed.resolvers("r1")
    plain(lab, "--once", "--format=json", "--services=exchange", *servers, "--", "right.test").exits(0)
    plain(lab, "--once", "--format", "json", *servers, "-q", "right.test").exits(0)


@case("names are taken with a final dot and in upper case")
def name_forms(lab):
    equal(lab.once("RIGHT.test.").exits(0).doc()["domain"], "right.test", "domain")


SPF_ZONE = """@ IN TXT "v=spf1 mx:mail.{d} include:_spf.{d} exists:%{{i}}.list.{d} ~all exp=why.{d}"
_spf IN TXT "v=spf1 ip4:198.51.100.0/24 include:spf.protection.outlook.com ?all"
mail IN MX 10 host
host IN A 203.0.113.25
host IN AAAA 2001:db8::25
192.0.2.77.list IN A 127.0.0.2
hard IN TXT "v=spf1 ip4:203.0.113.1 -all exp=why.{d}"
why IN TXT "%{{i}} is not ours, %{{l}}"
two IN TXT "v=spf1 -all"
two IN TXT "v=spf1 +all"
open IN TXT "v=spf1 ?all"
many IN TXT "v=spf1 {many} -all"
void IN TXT "v=spf1 a:v1.{d} a:v2.{d} a:v3.{d} -all"
loop IN TXT "v=spf1 include:loop.{d} -all"
dead IN TXT "v=spf1 include:nobody.{d} -all"
helo IN TXT "v=spf1 exists:%{{h}}.%{{o}}.list.{d} -all"
mx.example.org.fabrikam.test.list IN A 127.0.0.2
"""
SPF_CASES = [   # address, name below the domain, more options, result, exit, look-ups, void look-ups, the last term
    ("203.0.113.25", "", (), "pass", 0, 1, 0, "mx:mail.{d}"),
    ("2001:db8::25", "", (), "pass", 0, 1, 0, "mx:mail.{d}"),
    ("198.51.100.9", "", (), "pass", 0, 2, 0, "ip4:198.51.100.0/24"),
    ("40.92.0.1", "", (), "pass", 0, 3, 0, "ip4:40.92.0.0/15"),
    ("192.0.2.77", "", (), "pass", 0, 4, 0, "exists:%{{i}}.list.{d}"),
    ("192.0.2.78", "", (), "softfail", 1, 4, 1, "~all"),
    ("192.0.2.78", "open.", (), "neutral", 1, 0, 0, "?all"),
    ("192.0.2.78", "hard.", (), "fail", 2, 0, 0, "-all"),
    ("192.0.2.78", "two.", (), "permerror", 2, 0, 0, None),
    ("192.0.2.78", "many.", (), "permerror", 2, 11, 0, "a:host.{d}"),
    ("192.0.2.78", "void.", (), "permerror", 2, 3, 3, "a:v3.{d}"),
    ("192.0.2.78", "loop.", (), "permerror", 2, 1, 0, "include:loop.{d}"),
    ("192.0.2.78", "dead.", (), "permerror", 2, 1, 1, "include:nobody.{d}"),
    ("192.0.2.78", "host.", (), "none", 3, 0, 0, None),
    ("192.0.2.78", "gone.", (), "none", 3, 0, 0, None),
    ("192.0.2.78", "helo.", ("--helo", "mx.example.org", "--sender", "joe@fabrikam.test"), "pass", 0, 1, 0,
     "exists:%{{h}}.%{{o}}.list.{d}"),
    ("192.0.2.78", "helo.", (), "fail", 2, 1, 1, "-all"),
    ("192.0.2.78", "hard.", ("--sender", "<>"), "fail", 2, 0, 0, "-all"),
    ("192.0.2.78", "hard.", ("--sender", "", "--helo", "open.{d}"), "neutral", 1, 0, 0, "?all"),
]


@case("--spf-check: the result, the way to it and what it cost")
def spf_check(lab):
    d = lab.name()
    lab.bed.zone(d, SPF_ZONE.format(d=d, many=" ".join(["a:host." + d] * 11)))
    for ip, name, more, result, rc, lookups, voids, term in SPF_CASES:
        args = ("--spf-check", ip, *[a.format(d=d) for a in more], name + d)
        r = lab.run(*args, "--format", "json", lab=False).exits(rc)
        doc = json.loads(r.out)
        have = (doc["result"], doc["lookups"], doc["void_lookups"], doc["mechanism"])
        equal(have, (result, lookups, voids, term and term.format(d=d)), " ".join(args), r.out)
        check((doc["reason"] is None) == (result in ("pass", "fail", "softfail", "neutral")), "a reason", r.out)
        r = lab.run(*args, lab=False).exits(rc)
        equal(r.out.split("\n")[0], result, "first line", str(r))
        check(doc["mechanism"] is None or doc["mechanism"] in r.out, "the term", str(r))
    doc = json.loads(lab.run("--spf-check=192.0.2.78", "--sender=joe@" + d, "--format=json", "hard." + d, lab=False).out)
    equal(doc["explanation"], "192.0.2.78 is not ours, joe", "explanation")
    doc = json.loads(lab.run("--spf-check=40.92.0.1", "--format=json", d, lab=False).out)
    equal([s["domain"] for s in doc["path"]], [d, "_spf." + d, "spf.protection.outlook.com"], "path")
    equal(lab.run("--spf-check=40.92.0.1", "-q", d, lab=False).out, "pass\n", "-q")
    doc = json.loads(lab.run("--spf-check=192.0.2.1", "--sender=<>", "--helo=hard." + d, "--format=json", d, lab=False).out)
    equal((doc["domain"], doc["sender"], doc["helo"]), ("hard." + d, "postmaster@hard." + d, "hard." + d), "no sender")


@case("--spf-check: a resolver that says nothing, or fails, is a temperror in time")
def spf_temperror(lab):
    for do in ("silent", "servfail"):
        h = lab.bed.hostile(do, resolver=True)
        r = lab.run("--spf-check", "192.0.2.1", "--resolver", "%s:%d" % (h.address, beds.PORT), "right.test", resolvers=None,
                    lab=False).exits(3)
        check(r.out.startswith("temperror\n") and r.seconds < 25 * SLOW, "temperror", str(r))


@table("--spf-check: %s is wrong", [
    ("an address", ("--spf-check", "192.0.2.256", "a.test"), "is no IPv4 or IPv6 address"),
    ("a prefix", ("--spf-check", "192.0.2.0/24", "a.test"), "is no IPv4 or IPv6 address"),
    ("a port", ("--spf-check", "192.0.2.1:25", "a.test"), "is no IPv4 or IPv6 address"),
    ("a sender without domain", ("--spf-check", "192.0.2.1", "--sender", "joe", "a.test"), "is no mail address"),
    ("a sender without user", ("--spf-check", "192.0.2.1", "--sender", "@a.test", "a.test"), "is no mail address"),
    ("a HELO", ("--spf-check", "192.0.2.1", "--helo", "no name", "a.test"), "is no name of a host"),
    ("no domain", ("--spf-check", "192.0.2.1"), "name the domain"),
    ("a domain", ("--spf-check", "192.0.2.1", "a..test"), "a..test"),
    ("two domains", ("--spf-check", "192.0.2.1", "a.test", "b.test"), "one domain at a time"),
    ("a format", ("--spf-check", "192.0.2.1", "--format", "csv", "a.test"), "text or json"),
    ("a sender for nothing", ("--once", "--sender", "a@a.test", "a.test"), "belongs to --spf-check"),
])
def spf_usage(lab, what, args, words):
    r = plain(lab, *args).exits(64)
    check(words in r.err and not r.out, words, str(r))


@case("--import of Graph JSON gives a domain block that --check-config takes")
def import_graph(lab):
    if "--import" not in plain(lab, "--help").out:
        raise Skip("--import is not in --help")
    path = lab.bed.dir + "/graph.json"
    with open(path, "w") as f:
        f.write('{"value":[{"@odata.type":"#microsoft.graph.domainDnsMxRecord","isOptional":false,"label":"right.test",'
                '"recordType":"Mx","supportedService":"Email","ttl":3600,'
                '"mailExchange":"right-test.mail.protection.outlook.com","preference":0}]}')
    r = plain(lab, "--import", path, "--domain", "right.test").exits(0)
    check("right-test.mail.protection.outlook.com" in r.out, "the value", str(r))
    plain(lab, "-c", lab.config(r.out), "--check-config").exits(0)


@case("the bed itself: serves, caches, validates and misbehaves")
def bed_itself(lab):
    r1, r4 = lab.bed.caches["r1"], lab.bed.caches["r4"]
    equal(r1.ask("right.test", "MX").values("MX"), ["0 right-test.mail.protection.outlook.com."], "through a cache")
    equal(r4.ask("bogus.test", "MX").rcode, 2, "rcode of a bogus zone")
    h = lab.bed.hostile("refused")
    equal(beds.ask(h.address, beds.PORT, "right.test", "MX").rcode, 5, "rcode of a refusing server")
    equal(lab.bed.hostile_queries(h)[0][1:3], ("right.test.", "MX"), "its log")


@case("output that cannot be written is not a success")
def full_disk(lab):
    with open("/dev/full", "w") as full:
        r = lab.run("--once", "right.test", stdout=full)
    check(r.rc != 0 and r.err, "an error in words", str(r))


@case("a reader that goes away does no harm")
def broken_pipe(lab):
    ours, theirs = os.pipe()
    p = lab.start_program("--once", "-v", "right.test", stdout=theirs)
    os.close(ours)
    os.close(theirs)
    r = lab.end(p)
    check(r.rc >= 0 or r.rc == -signal.SIGPIPE, "ends without a crash", str(r))


@table("the daemon says why it ends, also before it is ready: %s", [("SIGTERM",), ("SIGINT",), ("SIGHUP",)])
def early_end(lab, name):
    """The configuration is a pipe that says nothing: the start waits for it."""
    path = os.path.join(lab.bed.dir, "pipe-" + name)
    os.mkfifo(path)
    p = lab.start_program("--config", path, resolvers=None, lab=False)

    def reads():
        try:
            return os.open(path, os.O_WRONLY | os.O_NONBLOCK)
        except OSError:
            return None
    fd = beds.poll("it reads its configuration", reads)
    p.send_signal(getattr(signal, name))
    r = lab.end(p)
    os.close(fd)
    check(r.rc < 0 and "ended by " + name in r.err, "ends with words", str(r))


@table("with %s descriptors: no verdict is made up", [(n,) for n in (5, 7, 9)])
def few_descriptors(lab, n):
    if not shutil.which("prlimit") or SLOW > 1:
        raise Skip("no prlimit here, or sanitizers, which need descriptors")
    r = lab.run("--once", "right.test", before=["prlimit", "--nofile=%d" % n])
    # nine may be enough: what it says then is true
    check(r.rc in ((0, 3, 71) if n > 7 else (3, 71)) and "missing" not in r.out.lower(), "cannot tell", str(r))


@case("nobody but the resolvers and the authorities is contacted, and no resolver file is read")
def contacts(lab):
    if not shutil.which("strace") or SLOW > 1:
        raise Skip("no strace here, or sanitizers, which do not run under it")
    trace = lab.bed.dir + "/trace"
    argv = ["strace", "-f", "-qq", "-o", trace, "-e", "trace=openat,open,connect,sendto,sendmsg,sendmmsg,execve"]
    lab.run("--once", "right.test", before=argv, limit=120).exits(0)
    text = open(trace, errors="replace").read()
    peers = set(re.findall(r'inet_(?:addr|pton)\([^"]*"([^"]+)"', text))
    own = {c.address for c in lab.bed.caches.values()} | {k.address for k in lab.bed.knots.values()}
    check(peers and peers <= own, "addresses", sorted(peers - own))
    files = set(re.findall(r'open(?:at)?\([^"]*"([^"]+)"', text))
    check(not files & {"/etc/resolv.conf", "/etc/hosts", "/etc/nsswitch.conf", "/etc/host.conf"}, "files", files)
