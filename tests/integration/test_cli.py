# SPDX-License-Identifier: ISC
"""test_cli: options, exit codes, configuration mistakes."""

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


@case("--spf-check")
def spf_check(lab):
    if "--spf-check" not in plain(lab, "--help").out:
        raise Skip("--spf-check is not in --help")
    good = lab.run("--spf-check", "40.92.0.1", "right.test")
    bad = lab.run("--spf-check", "203.0.113.9", "right.test")
    check("pass" in good.out and "fail" in bad.out, "words", str(good), str(bad))


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


@table("with %s descriptors: no verdict is made up", [(n,) for n in (5, 7, 9)])
def few_descriptors(lab, n):
    if not shutil.which("prlimit") or SLOW > 1:
        raise Skip("no prlimit here, or sanitizers, which need descriptors")
    r = lab.run("--once", "right.test", before=["prlimit", "--nofile=%d" % n])
    check(r.rc in (3, 71) and "missing" not in r.out.lower(), "cannot tell", str(r))


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
