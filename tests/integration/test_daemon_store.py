# SPDX-License-Identifier: ISC
"""test_daemon_store: the disk in trouble: full, slow, read-only, damaged.  The daemon goes on."""

import glob
import http.client
import os
import shutil
import sqlite3
import subprocess
import time

from daemon import Daemon
from lab import SLOW
from tap import Skip, case, check, equal, table
import bed as beds


def store(d):
    return d.get("/status").is_(200).json()["daemon"]["store"]


def fill(disk):
    """Leave 64 kB."""
    s = os.statvfs(disk)
    size = s.f_bavail * s.f_frsize - (64 << 10)
    if size > 0:
        with open(disk + "/filler", "ab") as f:
            os.posix_fallocate(f.fileno(), f.tell(), size)


def latencies(d, path, n):
    """Seconds of n requests one after another on one connection, sorted."""
    c, out = http.client.HTTPConnection(*d.place, timeout=20), []
    for _ in range(n):
        started = time.monotonic()
        c.request("GET", path)
        c.getresponse().read()
        out.append(time.monotonic() - started)
    c.close()
    return sorted(out)


def goes_on(d, name):
    """Nobody waits for the disk; a busy machine may hold up one or two."""
    times = latencies(d, "/status/" + name, 100)
    check(times[50] < 0.05 * SLOW and times[-1] < 1 * SLOW, "HTTP goes on", times[-10:])


def p99(times):
    return times[len(times) * 99 // 100]


@case("daemon: a full disk: HTTP goes on, it is told, and is over without a restart", slow=True)
def disk_full(lab):
    if os.geteuid() != 0 or subprocess.run(["unshare", "-m", "true"]).returncode:
        raise Skip("mounting a small file system needs root")
    h = lab.front()
    name = lab.beside(h, alone=True, drop=["mx"])
    d = Daemon(lab, [name], settings="interval_ceiling = 1\nguard_interval = 10\n")
    os.makedirs(d.dir + "/disk")
    d.database = d.dir + "/disk/m365dnsd.db"
    d.write(d.blocks)
    # A file system of its own, in a name space of its own: it goes with the daemon.
    d.before = ["unshare", "-m", "sh", "-c", 'mount -t tmpfs -o size=160m tmpfs "$0" && exec "$@"', d.dir + "/disk"]
    with d:
        disk = "/proc/%d/root%s/disk" % (d.p.pid, d.dir)
        d.becomes(name, "unpublished")
        beds.poll("a healthy store", lambda: store(d)["health"] == "ok")
        fill(disk)
        lab.change(name)
        d.send("POST", "/check/" + name)
        d.becomes(name, "complete")
        beds.poll("it is told in /status", lambda: store(d)["health"] != "ok", 15)
        fill(disk)          # what the store had put by for this case
        full = beds.poll("nothing can be written", lambda: next((s for s in [store(d)] if s["health"] == "stuck"), None), 15)
        check(full["problem"] and not full["writes"], "with words", full)
        beds.poll("and in the metrics", lambda: d.metric("m365dnsd_store_up") == 0, 15)
        check("store" in d.log(), "and in the log", d.log())
        check("full" in d.get("/-/healthy").problem(503)["detail"], "it is not healthy")
        d.get("/-/ready").is_(200)
        goes_on(d, name)
        lab.change(name, drop=["mx"])
        d.send("POST", "/check/" + name)
        d.becomes(name, "regressed")
        events = d.events()
        os.remove(disk + "/filler")
        started = time.monotonic()
        beds.poll("it recovers", lambda: store(d)["health"] == "ok" and store(d)["queued"] == 0, 15 * SLOW)
        check(time.monotonic() - started < 11 * SLOW, "within 10 s: %.1f" % (time.monotonic() - started))
        d.get("/-/healthy").is_(200)
        to = [t["to"] for t in d.history(name) if t["record"] is None]
        check("regressed" in to and "complete" in to, "nothing is lost", to)
        events.stop()


@case("daemon: fsync takes 2 s more: HTTP and DNS do not notice, nothing is told before it is kept", slow=True)
def slow_fsync(lab):
    if not shutil.which("strace"):
        raise Skip("strace is not installed")
    h = lab.front()
    name = lab.beside(h, alone=True, drop=["mx"])
    with Daemon(lab, [name], settings="interval_ceiling = 1\n") as d:
        d.becomes(name, "unpublished")
        time.sleep(0.5)
        first = len(lab.bed.hostile_queries(h))
        time.sleep(4)
        usual = len(lab.bed.hostile_queries(h)) - first
        usual_http = p99(latencies(d, "/status/" + name, 300))
        d.stop()
        d.before = ["strace", "-D", "-f", "--seccomp-bpf", "-qq", "-e", "trace=fsync,fdatasync",
                    "-e", "inject=fsync,fdatasync:delay_exit=2000000", "-o", d.dir + "/strace"]
        d.start(ready=False)
        try:
            d.wait_ready(60)
        except AssertionError:
            if "ptrace" in d.log() or "Operation not permitted" in d.log():
                raise Skip("strace may not trace here")
            raise
        d.becomes(name, "unpublished")
        beds.poll("fsync is slow", lambda: os.path.getsize(d.dir + "/strace") > 0, 10)
        lab.change(name)
        events, changed = d.events(), time.time()
        d.send("POST", "/check/" + name)
        told = events.wait("published", lambda t: t["event"] == "published", 20)
        check(told["at"] - changed > 1.9, "told %.1f s after the change: not before it was kept" % (told["at"] - changed))
        lab.change(name, drop=["mx"])
        d.send("POST", "/check/" + name)
        d.becomes(name, "regressed")
        first, best = len(lab.bed.hostile_queries(h)), 9
        started = time.monotonic()
        for _ in range(4):
            times, until = [], time.monotonic() + 1
            while time.monotonic() < until:
                times += latencies(d, "/status/" + name, 100)
            best = min(best, p99(sorted(times)))
        seconds = time.monotonic() - started
        asked = (len(lab.bed.hostile_queries(h)) - first) * 4 / seconds
        print("# fsync + 2 s: p99 of GET /status %.2f ms (usually %.2f ms), %.0f questions in 4 s (usually %d)" % (
            best * 1000, usual_http * 1000, asked, usual), flush=True)
        check(best < max(0.02 * SLOW, 3 * usual_http), "p99 %.1f ms" % (best * 1000))
        check(asked >= usual * 0.6, "DNS goes on at its pace: %.1f questions, usually %d" % (asked, usual))
        events.stop()


@case("daemon: writes that fail for a while: it goes on, says so, and catches up", slow=True)
def write_errors(lab):
    if not shutil.which("strace"):
        raise Skip("strace is not installed")
    h = lab.front()
    name = lab.beside(h, alone=True, drop=["mx"])
    with Daemon(lab, [name], settings="interval_ceiling = 1\nguard_interval = 10\n") as d:
        d.becomes(name, "unpublished")
        beds.poll("all is written", lambda: store(d)["queued"] == 0)
        s = subprocess.Popen(["strace", "-f", "-qq", "-p", str(d.p.pid), "-e", "trace=pwrite64", "-e", "inject=pwrite64:error=EROFS",
                              "-o", d.dir + "/strace"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                             stderr=subprocess.PIPE, preexec_fn=beds.die_with_parent)
        try:
            try:
                beds.poll("strace", lambda: all("TracerPid:\t0" not in open(t).read()
                                                for t in glob.glob("/proc/%d/task/*/status" % d.p.pid)), 5)
            except beds.BedError:
                raise Skip("strace may not trace here")
            lab.change(name)
            d.send("POST", "/check/" + name)
            d.becomes(name, "complete")
            sick = beds.poll("it is told", lambda: next((x for x in [store(d)] if x["health"] == "stuck"), None), 15)
            check(sick["problem"] and not sick["writes"], "with words", sick)
            equal(d.metric("m365dnsd_store_up"), 0, "and in the metrics")
            lab.change(name, drop=["mx"])
            d.send("POST", "/check/" + name)
            d.becomes(name, "regressed")
        finally:
            s.terminate()
            s.wait()
        beds.poll("it catches up", lambda: store(d)["health"] == "ok" and store(d)["queued"] == 0, 15 * SLOW)
        to = [t["to"] for t in d.history(name) if t["record"] is None]
        check("regressed" in to and "complete" in to, "nothing is lost", to)
        equal(store(d)["dropped"], 0, "no row was dropped")
        d.integrity()


@table("daemon: a store that is damaged (%s) is moved aside, and first answers are a baseline", [
    ("garbage", lambda data: os.urandom(len(data))),
    ("the head cut off", lambda data: data[4096:]),
    ("zeroed pages", lambda data: data[:4096] + b"\0" * (len(data) - 4096)),
], slow=True)
def damaged(lab, what, damage):
    name = lab.domain()
    with Daemon(lab, [name]) as d:
        d.becomes(name, "complete")
        d.stop()
        with open(d.database, "rb") as f:
            bad = damage(f.read())
        with open(d.database, "wb") as f:
            f.write(bad)
        for extra in ("-wal", "-shm"):
            if os.path.exists(d.database + extra):
                os.remove(d.database + extra)
        d.start(ready=False)
        try:
            d.wait_ready()
        except AssertionError:
            # A file of somebody else is no store: refusing it is right as well, as long as it stays.
            check(d.p.poll() not in (None, 0), "it ended, with words", d.log())
            with open(d.database, "rb") as f:
                check(f.read() == bad, "the file is untouched", d.log())
            return
        d.becomes(name, "complete")
        aside = [p for p in glob.glob(d.dir + "/*") if "corrupt" in p]
        check(aside and any(open(p, "rb").read() == bad for p in aside), "the old bytes are still there", os.listdir(d.dir))
        check("corrupt" in d.log(), "it is said", d.log())
        d.integrity()


@case("daemon: a store of a newer version is left alone")
def newer(lab):
    with Daemon(lab, ["right.test"]) as d:
        d.becomes("right.test", "complete")
        d.stop()
        with sqlite3.connect(d.database) as db:
            db.execute("PRAGMA user_version = 9999")
        db.close()
        with open(d.database, "rb") as f:
            before = f.read()
        d.start(ready=False)
        check(d.ended() != 0, "refused", d.log())
        with open(d.database, "rb") as f:
            check(f.read() == before, "untouched")


@case("daemon: a store that somebody else locks for a while: it goes on and catches up", slow=True)
def locked(lab):
    name = lab.domain(drop=["mx"])
    with Daemon(lab, [name], settings="interval_ceiling = 1\n") as d:
        d.becomes(name, "unpublished")
        db = sqlite3.connect(d.database, isolation_level=None)
        db.execute("BEGIN IMMEDIATE")
        lab.change(name)
        d.send("POST", "/check/" + name)
        d.becomes(name, "complete")
        equal(store(d)["health"], "stuck", "what is not kept is told only once it is clear that it cannot be")
        goes_on(d, name)
        new = lab.name()
        check("locked" in d.send("PUT", "/domains/" + new, "").problem(503, 507)["detail"], "what cannot be kept is not done")
        d.get("/status/" + new).problem(404)
        db.execute("ROLLBACK")
        db.close()
        beds.poll("it catches up", lambda: store(d)["health"] == "ok" and store(d)["queued"] == 0, 15 * SLOW)
        check("complete" in [t["to"] for t in d.history(name)], "nothing is lost")
        d.send("PUT", "/domains/" + new, "").is_(201)


@case("daemon: --backup: copied while it writes, restored, and the daemon goes on from there", slow=True)
def backup(lab):
    names = [lab.domain() for _ in range(3)]
    with Daemon(lab, names, settings="interval_ceiling = 1\nguard_interval = 10\n") as d:
        copy = d.dir + "/copy.db"

        def run(target, *codes):
            r = subprocess.run([lab.program, "--backup", target, "-c", d.conf], capture_output=True, text=True, timeout=60 * SLOW)
            check(r.returncode in codes and (r.returncode == 0) == (r.stderr == "") and r.stdout == "", "exits %s" % (codes,), r)
            return r.stderr
        for n in names:
            d.becomes(n, "complete")
        d.send("PUT", "/domains/" + lab.domain(), body="").is_(200, 201)
        run(copy, 0)
        check("there already" in run(copy, 64), "nothing is written over")
        check("itself" in run(d.database, 64), "nor the database")
        run(d.dir + "/no/such/directory/x", 74)
        c = sqlite3.connect(copy)
        equal(c.execute("PRAGMA integrity_check").fetchone()[0], "ok", "the copy")
        equal(c.execute("SELECT count(*) FROM domain WHERE conf IS NOT NULL").fetchone()[0], 1, "what was put is in it")
        c.close()
        was = {n: d.status(n) for n in names}
        equal(store(d)["health"], "ok", "the daemon's store")
        d.stop()
        run(d.dir + "/stopped.db", 0)
        for f in glob.glob(d.database + "*"):
            os.unlink(f)
        shutil.copy(copy, d.database)
        d.start()
        for n in names:
            now = d.becomes(n, "complete")
            equal(now["milestones"], was[n]["milestones"], "its milestones")
            check(now["revision"] >= was[n]["revision"], "its revision")
