# SPDX-License-Identifier: ISC
"""
guestlib.py: what the tests inside the container of boot.sh share: cases, the service manager, the daemon, a name server.

A case is a function with the decorator @case; it fails by raising.  The cases build on each other and run in the order in which they
stand.  Nothing sleeps to be right: what takes time is looked for again and again until a deadline.
"""

import http.client
import json
import os
import subprocess
import sys
import time
import traceback

UNIT = "m365dnsd.service"
CONF = "/etc/m365dnsd/m365dnsd.conf"
PORT = 8365
HERE = os.path.dirname(os.path.abspath(__file__))

CONF_TEXT = """
listen = {"127.0.0.1:8365"}
authorities = none
resolvers = {}
resolver "lab" { address = {"127.0.0.1:5300"} }
interval_floor = 1
"""
DOMAIN_TEXT = """
domain "%s" {
    profile = verify-only
    verification = "MS=ms12345678"
}
"""
ZONE_TEXT = """
contoso.test. 300 IN SOA ns.contoso.test. hostmaster.contoso.test. 1 7200 900 1209600 5
contoso.test. 300 IN TXT "MS=ms12345678"
fabrikam.test. 300 IN SOA ns.fabrikam.test. hostmaster.fabrikam.test. 1 7200 900 1209600 5
fabrikam.test. 300 IN TXT "MS=ms12345678"
"""

CASES = []


class Skip(Exception):
    pass


def case(name):
    def add(f):
        CASES.append((name, f))
        return f
    return add


def check(what, *values):
    if not what:
        raise AssertionError(" ".join(repr(v) for v in values) or "not so")


def until(what, seconds=10.0):
    """The first true value of what(); fails after so many seconds."""
    deadline = time.monotonic() + seconds
    while True:
        value = what()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s; last: {value!r}")
        time.sleep(0.02)


# ---- the service manager ----

def run(*command, good=(0,)):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
    if good is not None and done.returncode not in good:
        raise AssertionError(f"{' '.join(command)}: exit {done.returncode}: {done.stdout}{done.stderr}")
    return done


def show(prop, unit=UNIT):
    return run("systemctl", "show", "--value", "-p", prop, unit).stdout.strip()


def main_pid():
    pid = int(show("MainPID"))
    check(pid > 1, "MainPID", pid)
    return pid


def restarts():
    return int(show("NRestarts"))


def journal(*matches):
    run("journalctl", "--sync")
    out = run("journalctl", "-q", "-o", "json", "--all", *matches, good=(0, 1)).stdout
    return [json.loads(line) for line in out.splitlines()]


def settled():
    """Forget earlier failures, so that no case trips over the start limit of another one."""
    run("systemctl", "reset-failed", UNIT, good=None)


# ---- the daemon ----

def request(path, method="GET", headers=None, timeout=20.0):
    """(status, body); raises OSError when nobody is there."""
    connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=timeout)
    try:
        connection.request(method, path, headers=headers or {})
        response = connection.getresponse()
        return response.status, response.read().decode()
    finally:
        connection.close()


def answers(path="/-/ready"):
    try:
        return request(path)[0] == 200
    except OSError:
        return False


def status(domain="contoso.test", query=""):
    code, body = request(f"/status/{domain}{query}")
    check(code == 200, code, body)
    return json.loads(body)


def complete(domain="contoso.test"):
    return status(domain, "?until=complete&wait=10")["state"] == "complete"


def write(path, text, mode=0o644):
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)
    os.chmod(path, mode)


def configure(*domains, more=""):
    write(CONF, CONF_TEXT + "".join(DOMAIN_TEXT % d for d in domains) + more)


def proc_status(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as f:
        return dict(line.rstrip("\n").split(":\t", 1) for line in f if ":\t" in line)


def name_server():
    """A server of the zones, at 127.0.0.1:5300."""
    write("/run/table.json", json.dumps([{"address": "127.0.0.1", "port": 5300, "resolver": True, "zone": ZONE_TEXT}]))
    server = subprocess.Popen([sys.executable, f"{HERE}/hostile.py", "--control", "/run/hostile", "--log", "/run/hostile.log",
                               "--table", "/run/table.json"])
    until(lambda: os.path.exists("/run/hostile"))
    return server


# ---- all of it ----

def play(directory, set_up):
    """Runs the cases; the directory gets tap and journal."""
    with open(f"{directory}/tap", "w", buffering=1, encoding="utf-8") as tap:
        server = set_up()
        for number, (name, f) in enumerate(CASES, 1):
            began = time.monotonic()
            try:
                f()
                tap.write(f"ok {number} - {name}\n")
            except Skip as why:
                tap.write(f"ok {number} - {name} # SKIP {why}\n")
            except Exception:
                tap.write(f"not ok {number} - {name}\n")
                for line in traceback.format_exc(limit=-2).splitlines():
                    tap.write(f"# {line}\n")
            print(f"{time.monotonic() - began:6.2f} s  {name}", file=sys.stderr)
        tap.write(f"1..{len(CASES)}\n")
        server.terminate()
    with open(f"{directory}/journal", "wb") as f:
        subprocess.run(["journalctl", "-o", "short-monotonic", "--no-pager"], stdout=f, check=False)
