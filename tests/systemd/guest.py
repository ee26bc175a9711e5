# SPDX-License-Identifier: ISC
"""
guest.py DIRECTORY: runs inside the container of run.sh and tests the installed service there; DIRECTORY gets tap and journal.
"""

import glob
import http.client
import os
import shutil
import signal
import subprocess
import sys
import time

import guestlib
from guestlib import (PORT, UNIT, Skip, answers, case, check, complete, journal, main_pid, name_server, play, proc_status,
                      request, restarts, run, settled, show, status, until, write)

WATCHDOG_S = 3
TOKEN = "a-token-of-the-test"
HOOK_TEXT = """#!/bin/sh
echo "$M365DNSD_DOMAIN $M365DNSD_EVENT" >>/var/lib/m365dnsd/hooked
"""
DROP_IN = f"""
[Service]
WatchdogSec={WATCHDOG_S}s
LoadCredential=http-token:/etc/m365dnsd/http-token
"""


def configure(*domains, more=""):
    guestlib.configure(*domains, more=more + 'notify "hook" { command = "/usr/local/bin/m365dnsd-hook" }\n')


def hooked():
    try:
        with open("/var/lib/private/m365dnsd/hooked", encoding="ascii") as f:
            return f.read().splitlines()
    except FileNotFoundError:
        return []


# ---- cases ----

@case("the installed units are quiet under systemd-analyze verify")
def units_verify():
    out = run("systemd-analyze", "verify", "--man=no", f"/etc/systemd/system/{UNIT}", "/etc/systemd/system/m365dnsd.socket")
    check(out.stdout + out.stderr == "", out.stdout + out.stderr)


@case("the exposure of the installed service is 1.2 at most")
def security():
    run("systemd-analyze", "security", "--threshold=12", "--no-pager", UNIT)


@case("the socket listens before the service runs")
def socket_waits():
    run("systemctl", "start", "m365dnsd.socket")
    check(show("ActiveState") == "inactive", show("ActiveState"))


@case("the first request starts the service and is answered")
def socket_activation():
    code, body = request("/-/ready")
    check(code == 200, code, body)
    until(lambda: show("ActiveState") == "active")
    check(show("SubState") == "running", show("SubState"))
    check(request("/-/healthy")[0] == 200)


@case("systemctl status has a line of the daemon")
def status_text():
    until(lambda: show("StatusText") != "")


@case("it runs as a dynamic user, without privileges, in the sandbox")
def dynamic_user():
    pid = main_pid()
    info = proc_status(pid)
    uid = int(info["Uid"].split()[0])
    check(61184 <= uid <= 65519, uid)
    check(int(info["CapEff"], 16) == 0 and int(info["CapBnd"], 16) == 0, info["CapEff"], info["CapBnd"])
    check(info["NoNewPrivs"] == "1" and info["Seccomp"] == "2", info["NoNewPrivs"], info["Seccomp"])
    with open(f"/proc/{pid}/environ", "rb") as f:
        names = {v.split(b"=", 1)[0] for v in f.read().split(b"\0")}
    check(b"STATE_DIRECTORY" in names and b"NOTIFY_SOCKET" in names, names)


@case("the store lies in the state directory and belongs to that user")
def state_directory():
    until(lambda: glob.glob("/var/lib/private/m365dnsd/*.db"))
    uid = int(proc_status(main_pid())["Uid"].split()[0])
    for path in glob.glob("/var/lib/private/m365dnsd/*"):
        st = os.stat(path)
        check(st.st_uid == uid and st.st_mode & 0o077 == 0, path, st.st_uid, oct(st.st_mode))


@case("a change of state is an entry of the journal with its fields")
def journal_fields():
    until(complete)
    entries = until(lambda: journal("M365_DOMAIN=contoso.test", "M365_STATE=complete"))
    check(len(entries) == 1, entries)
    e = entries[0]
    check(e["MESSAGE_ID"] == "44fdc457dcf84bc2905bbd33efa02e04", e)
    check(e["PRIORITY"] == "5" and e["SYSLOG_IDENTIFIER"] == "m365dnsd" and e["_SYSTEMD_UNIT"] == UNIT, e)
    check(e["M365_EVENT"] == "complete" and e["M365_PREVIOUS"] != "complete" and "M365_RECORD" not in e, e)
    records = journal("M365_DOMAIN=contoso.test", "M365_RECORD=verification")
    check(records and all(r["PRIORITY"] in "46" for r in records), records)


@case("a hook runs in the sandbox, once for an event")
def hook():
    until(lambda: "contoso.test complete" in hooked())
    check(hooked().count("contoso.test complete") == 1, hooked())


@case("other lines have their priority, and none is an error")
def journal_priorities():
    lines = journal("-u", UNIT, "_COMM=m365dnsd")
    check(lines, "no line at all")
    bad = [e["MESSAGE"] for e in lines if int(e["PRIORITY"]) <= 4 and "M365_DOMAIN" not in e]
    check(not bad, bad)
    check(not [e for e in lines if str(e["MESSAGE"]).startswith("<")], lines)


@case("the credential is the token")
def credential():
    check(request("/check/contoso.test", "POST")[0] == 401)
    check(request("/check/contoso.test", "POST", {"Authorization": "Bearer wrong"})[0] in (401, 403))
    code, body = request("/check/contoso.test", "POST", {"Authorization": f"Bearer {TOKEN}"})
    check(200 <= code < 300, code, body)


@case("systemctl reload takes a good configuration over")
def reload_good():
    pid = main_pid()
    configure("contoso.test", "fabrikam.test")
    run("systemctl", "reload", UNIT)
    until(lambda: request("/status/fabrikam.test")[0] == 200, 5)
    until(lambda: show("ActiveState") == "active")
    check(main_pid() == pid, "restarted")
    until(lambda: complete("fabrikam.test"))
    check(status()["state"] == "complete")


@case("systemctl reload with a bad one keeps the old one and says why")
def reload_bad():
    pid = main_pid()
    configure("contoso.test", more='no_such_key = "1"\n')
    run("systemctl", "reload", UNIT)
    until(lambda: [e for e in journal("-u", UNIT, "_COMM=m365dnsd") if "m365dnsd.conf:" in str(e["MESSAGE"])], 5)
    until(lambda: show("ActiveState") == "active")
    check(main_pid() == pid, "restarted")
    check(status("fabrikam.test")["state"] == "complete")
    check("m365dnsd_config_last_reload_successful 0" in request("/metrics")[1])
    until(lambda: "reload" in show("StatusText").lower(), 12)
    configure("contoso.test")
    run("systemctl", "reload", UNIT)
    until(lambda: "m365dnsd_config_last_reload_successful 1" in request("/metrics")[1], 5)


@case("kill -9: restarted within two seconds, goes on from where it was and announces nothing again")
def kill_9():
    before, pid, n = status(), main_pid(), restarts()
    announced, told = len(journal("M365_DOMAIN=contoso.test")), hooked()
    os.kill(pid, signal.SIGKILL)
    began = time.monotonic()
    until(lambda: restarts() == n + 1 and show("ActiveState") == "active")
    took = time.monotonic() - began
    check(took < 1 + 2, took)			# RestartSec and what is allowed
    after = status()
    for key in ("state", "since", "milestones"):
        check(after[key] == before[key], key, before[key], after[key])
    check(after["revision"] >= before["revision"], before["revision"], after["revision"])
    check(len(journal("M365_DOMAIN=contoso.test")) == announced, journal("M365_DOMAIN=contoso.test"))
    check(hooked() == told, hooked(), told)


@case("no request is refused while it restarts: the socket keeps them")
def socket_bridges():
    n = restarts()
    os.kill(main_pid(), signal.SIGKILL)
    code, body = request("/-/ready")
    check(code == 200, code, body)
    until(lambda: restarts() == n + 1)


@case("a stopped process is restarted by the watchdog")
def watchdog():
    until(lambda: show("ActiveState") == "active")
    pid, n = main_pid(), restarts()
    os.kill(pid, signal.SIGSTOP)
    began = time.monotonic()
    until(lambda: restarts() == n + 1 and show("ActiveState") == "active", 3 * WATCHDOG_S)
    took = time.monotonic() - began
    check(took <= 1.5 * WATCHDOG_S + 1 + 2, took)
    check(main_pid() != pid)
    check(status()["state"] == "complete")
    check(any("watchdog" in str(e["MESSAGE"]).lower() for e in journal(f"UNIT={UNIT}")))


@case("fed, it is not restarted")
def watchdog_is_fed():
    n = restarts()
    deadline = time.monotonic() + WATCHDOG_S + 1
    until(lambda: time.monotonic() > deadline, WATCHDOG_S + 5)
    check(restarts() == n and show("ActiveState") == "active", restarts(), n)


@case("a disk that hangs ends in a restart by the watchdog")
def hanging_disk():
    if shutil.which("strace") is None:
        raise Skip("strace is not installed")
    pid, n = main_pid(), restarts()
    # Every sync takes a minute; asking for a check makes work for the store.
    strace = subprocess.Popen(["strace", "-qq", "-f", "-o", "/run/strace", "-e", "trace=fsync,fdatasync", "-e",
                               "inject=fsync,fdatasync:delay_enter=60000000", "-p", str(pid)], stderr=subprocess.DEVNULL)
    try:
        until(lambda: proc_status(pid)["TracerPid"] != "0")
        request("/check/contoso.test", "POST", {"Authorization": f"Bearer {TOKEN}"})
        until(lambda: os.path.getsize("/run/strace") > 0)
        began = time.monotonic()
        until(lambda: show("ActiveState") != "active", 3 * WATCHDOG_S)
        took = time.monotonic() - began
    finally:
        strace.kill()
        strace.wait()
    check(took <= 1.5 * WATCHDOG_S + 1, took)
    until(lambda: restarts() == n + 1 and show("ActiveState") == "active", 15)
    check(status()["state"] == "complete")


@case("stop: exit 0 within five seconds, also with a client that waits")
def stop():
    connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=10)
    connection.request("GET", "/events")
    check(connection.getresponse().status == 200)
    run("systemctl", "stop", "m365dnsd.socket")
    began = time.monotonic()
    run("systemctl", "stop", UNIT)
    took = time.monotonic() - began
    connection.close()
    check(took < 5, took)
    check(show("Result") == "success" and show("ExecMainStatus") == "0", show("Result"), show("ExecMainStatus"))
    check(glob.glob("/var/lib/private/m365dnsd/*.db"), "the store is gone")


@case("without the socket it listens by itself, and is ready when start returns")
def start_alone():
    settled()
    run("systemctl", "start", UNIT)
    check(answers(), "not ready")
    check(show("ActiveState") == "active", show("ActiveState"))
    check(status()["state"] == "complete", status())


@case("ends on SIGTERM from anybody with exit 0 and stays ended")
def sigterm():
    os.kill(main_pid(), signal.SIGTERM)
    until(lambda: show("ActiveState") == "inactive", 5)
    check(show("ExecMainStatus") == "0" and show("Result") == "success", show("ExecMainStatus"), show("Result"))


@case("does not start with a bad configuration, says why, and is not tried again")
def bad_configuration():
    settled()
    configure("contoso.test", more='no_such_key = "1"\n')
    check(run("systemctl", "start", UNIT, good=None).returncode != 0)
    check(show("ExecMainStatus") == "64" and show("NRestarts") == "0", show("ExecMainStatus"), show("NRestarts"))
    check(show("ActiveState") == "failed", show("ActiveState"))
    configure("contoso.test")


@case("a missing credential stops the start with a reason")
def missing_credential():
    settled()
    os.rename("/etc/m365dnsd/http-token", "/etc/m365dnsd/http-token.gone")
    check(run("systemctl", "start", UNIT, good=None).returncode != 0)
    os.rename("/etc/m365dnsd/http-token.gone", "/etc/m365dnsd/http-token")
    run("systemctl", "stop", UNIT)
    settled()
    run("systemctl", "start", UNIT)
    check(answers(), "not ready")


# ---- all of it ----

def set_up():
    configure("contoso.test")
    write("/usr/local/bin/m365dnsd-hook", HOOK_TEXT, 0o755)
    write("/etc/m365dnsd/http-token", TOKEN + "\n", 0o600)
    os.makedirs(f"/etc/systemd/system/{UNIT}.d", exist_ok=True)
    write(f"/etc/systemd/system/{UNIT}.d/test.conf", DROP_IN)
    run("systemctl", "daemon-reload")
    return name_server()


play(sys.argv[1], set_up)
