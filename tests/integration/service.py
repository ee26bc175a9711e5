#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""
service.py BUILD: the daemon under a service manager that is played by this script, and under none.  TAP.

Neither systemd nor root nor a name server is needed: the one resolver of the configuration is a port where nobody answers.  The
same under a real systemd is tests/systemd.  Nothing sleeps to be right: what takes time is looked for until a deadline.
"""

import http.client
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import traceback

SLOW = int(os.environ.get("SLOW", "1"))
PROGRAM = os.path.join(sys.argv[1] if len(sys.argv) > 1 else "build", "m365dnsd")
CASES = []

CONF = """
listen = {%(listen)s}
%(database)s
authorities = none
resolvers = {}
resolver "nobody" { address = {"127.0.0.1:%(dead)d"} }
domain "contoso.test" { profile = verify-only verification = "MS=ms12345678" }
%(more)s
"""


def case(name):
    def add(f):
        CASES.append((name, f))
        return f
    return add


def check(what, *values):
    if not what:
        raise AssertionError(" ".join(repr(v) for v in values) or "not so")


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Service:
    """A daemon of its own for each case, with the manager's end of its notify socket."""

    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix="m365dnsd-service-")
        os.mkdir(f"{self.dir}/state")
        self.port, self.process, self.messages = free_port(), None, []
        self.manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.manager.bind(f"{self.dir}/notify")
        self.log = open(f"{self.dir}/log", "w+", encoding="utf-8")
        self.configure()

    def configure(self, more="", database=None):
        listen = f'"127.0.0.1:{self.port}"'
        database = f'database = "{self.dir}/state/m365dnsd.db"' if database is None else database
        with open(f"{self.dir}/m365dnsd.conf", "w", encoding="utf-8") as f:
            f.write(CONF % {"listen": listen, "database": database, "dead": 1, "more": more})

    def start(self, notify=True, fds=(), options=None, **env):
        """options: instead of the configuration's path; fds: sockets that become the descriptors from 3 on, as of a manager that activates us by them."""
        full = dict(os.environ, **env)
        if notify:
            full["NOTIFY_SOCKET"] = f"{self.dir}/notify"
        if options is None:
            options = f'-c "{self.dir}/m365dnsd.conf"'
        command = f'exec "$0" {options}'
        if fds:
            full["LISTEN_FDS"] = str(len(fds))
            moves = " ".join(f"{3 + i}<&{fd.fileno()}" for i, fd in enumerate(fds))
            command = f"LISTEN_PID=$$; export LISTEN_PID; {command} {moves}"
        self.process = subprocess.Popen(["sh", "-c", command, PROGRAM], env=full, stdin=subprocess.DEVNULL, stdout=self.log,
                                        stderr=self.log, pass_fds=[fd.fileno() for fd in fds])
        return self

    def next(self, seconds=10.0):
        """The fields of the next message to the manager."""
        deadline = time.monotonic() + seconds * SLOW
        while not select.select([self.manager], [], [], 0.05)[0]:
            check(self.process.poll() is None, "ended with", self.process.returncode, self.log_text())
            check(time.monotonic() < deadline, "no message; so far", self.messages)
        text = self.manager.recv(4096).decode()
        self.messages.append(text)
        return dict(line.split("=", 1) for line in text.splitlines())

    def drain(self):
        """What has come meanwhile."""
        messages = []
        while select.select([self.manager], [], [], 0)[0]:
            messages.append(self.manager.recv(4096).decode())
        return messages

    def until(self, field, value=None, seconds=10.0):
        """The next message that has the field (with that value)."""
        while True:
            fields = self.next(seconds)
            if field in fields and value in (None, fields[field]):
                return fields

    def request(self, path, method="GET", port=None, headers=None):
        connection = http.client.HTTPConnection("127.0.0.1", port or self.port, timeout=10 * SLOW)
        try:
            connection.request(method, path, headers=headers or {})
            response = connection.getresponse()
            return response.status, response.read().decode()
        finally:
            connection.close()

    def log_text(self):
        with open(f"{self.dir}/log", encoding="utf-8") as f:
            return f.read()

    def wait_for_log(self, text, seconds=10.0):
        deadline = time.monotonic() + seconds * SLOW
        while text not in self.log_text():
            check(time.monotonic() < deadline, text, "is not in the log", self.log_text())
            time.sleep(0.02)

    def end(self, signo=signal.SIGTERM):
        """(exit status, seconds)"""
        began = time.monotonic()
        self.process.send_signal(signo)
        return self.process.wait(20 * SLOW), time.monotonic() - began

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.manager.close()
        self.log.close()
        shutil.rmtree(self.dir)


@case("ready is told when the first request can be answered")
def ready(s):
    s.start().until("READY", "1")
    check(s.request("/-/ready")[0] == 200)
    check(any("EXTEND_TIMEOUT_USEC" in m for m in s.messages), "a store may need longer than the manager thinks", s.messages)


@case("a status line comes with it or soon after")
def has_status(s):
    s.start()
    fields = s.until("READY")
    if "STATUS" not in fields:
        fields = s.until("STATUS", seconds=12)
    check("\n" not in fields["STATUS"] and fields["STATUS"], fields)


@case("the watchdog is fed twice in each interval")
def watchdog(s):
    s.start(WATCHDOG_USEC=str(600000 * SLOW)).until("READY")
    s.until("WATCHDOG", "1", 0.6)
    s.until("WATCHDOG", "1", 0.6)


@case("a watchdog of another process is not ours")
def other_watchdog(s):
    s.start(WATCHDOG_USEC="200000", WATCHDOG_PID="1").until("READY")
    check(s.request("/-/healthy")[0] == 200)
    s.process.send_signal(signal.SIGHUP)
    s.until("RELOADING")
    check(not any("WATCHDOG" in m for m in s.messages), s.messages)


@case("a reload is told with its time, and its end")
def reload_good(s):
    s.start().until("READY")
    before = time.monotonic_ns() // 1000
    s.process.send_signal(signal.SIGHUP)
    fields = s.until("RELOADING", "1")
    check(before <= int(fields["MONOTONIC_USEC"]) <= time.monotonic_ns() // 1000, before, fields)
    s.until("READY", "1")


@case("a bad configuration ends the reload too, and the service goes on")
def reload_bad(s):
    s.start().until("READY")
    s.configure(more='no_such_key = "1"')
    s.process.send_signal(signal.SIGHUP)
    s.until("RELOADING", "1")
    s.until("READY", "1")
    s.wait_for_log("m365dnsd.conf:")
    check(s.request("/status/contoso.test")[0] == 200)
    check("m365dnsd_config_last_reload_successful 0" in s.request("/metrics")[1])


@case("stopping is told, and the exit status is 0 within five seconds")
def stop(s):
    s.start().until("READY")
    code, took = s.end()
    check(code == 0 and took < 5 * SLOW, code, took, s.log_text())
    messages = s.drain()
    check(any("STOPPING=1" in m for m in messages), messages)


@case("a configuration with a mistake: exit 64, and never ready")
def bad_start(s):
    s.configure(more='no_such_key = "1"')
    s.start()
    check(s.process.wait(10 * SLOW) == 64, s.process.returncode, s.log_text())
    check("m365dnsd.conf:" in s.log_text(), s.log_text())
    check(not any("READY" in m for m in s.drain()))


@case("sockets that are handed over are served, and no other")
def activation(s):
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as two:
        s.start(fds=(one, two)).until("READY")
        for port in (one.getsockname()[1], two.getsockname()[1]):
            check(s.request("/-/ready", port=port)[0] == 200)
        try:
            s.request("/-/ready")
            check(False, "it listens on its own, too")
        except ConnectionRefusedError:
            pass


@case("what waited in the socket before the start is answered")
def waiting_client(s):
    with socket.create_server(("127.0.0.1", 0)) as one:
        client = socket.create_connection(one.getsockname())
        client.sendall(f"GET /-/ready HTTP/1.1\r\nHost: 127.0.0.1:{one.getsockname()[1]}\r\n\r\n".encode())
        s.start(fds=(one,)).until("READY")
        client.settimeout(10 * SLOW)
        check(client.recv(4096).startswith(b"HTTP/1.1 200"))
        client.close()


@case("the credential is the token")
def credential(s):
    with open(f"{s.dir}/http-token", "w", encoding="ascii") as f:
        f.write(" a-token-of-the-test \n")
    s.start(CREDENTIALS_DIRECTORY=s.dir).until("READY")
    check(s.request("/check/contoso.test", "POST")[0] == 401)
    code, body = s.request("/check/contoso.test", "POST", headers={"Authorization": "Bearer a-token-of-the-test"})
    check(200 <= code < 300, code, body)


@case("configuration and store are in the directories of the service")
def directories(s):
    os.mkdir(f"{s.dir}/other")
    s.configure(database="")
    s.start(options="", CONFIGURATION_DIRECTORY=s.dir, STATE_DIRECTORY=f"{s.dir}/other:{s.dir}/state").until("READY")
    check(s.request("/status/contoso.test")[0] == 200)
    check(os.path.exists(f"{s.dir}/other/m365dnsd.db"), os.listdir(f"{s.dir}/other"))


@case("without a manager it runs as well, and ends as well")
def alone(s):
    s.start(notify=False)
    deadline = time.monotonic() + 10 * SLOW
    while True:
        try:
            check(s.request("/-/ready")[0] == 200)
            break
        except ConnectionRefusedError:
            check(time.monotonic() < deadline and s.process.poll() is None, s.log_text())
            time.sleep(0.02)
    code, took = s.end(signal.SIGINT)
    check(code == 0 and took < 5 * SLOW, code, took)
    check(not s.drain())


@case("a hook inherits nothing that is meant for the daemon")
def hook_environment(s):
    hook = f"{s.dir}/hook"
    with open(hook, "w", encoding="ascii") as f:
        f.write(f'#!/bin/sh\nenv >"{s.dir}/env.new" && mv "{s.dir}/env.new" "{s.dir}/env"\n')
    os.chmod(hook, 0o755)
    s.configure(more=f'notify "hook" {{ command = "{hook}" events = {{"unknown"}} }}')
    s.start(WATCHDOG_USEC="60000000").until("READY")
    deadline = time.monotonic() + 20 * SLOW
    while not os.path.exists(f"{s.dir}/env"):
        check(time.monotonic() < deadline, "the hook was not called", s.log_text())
        time.sleep(0.02)
    with open(f"{s.dir}/env", encoding="utf-8") as f:
        names = {line.split("=", 1)[0] for line in f}
    check("M365DNSD_EVENT" in names, names)
    check(not names & {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "LISTEN_FDS", "LISTEN_PID"}, names)


def main():
    if not os.access(PROGRAM, os.X_OK):
        print(f"1..0 # SKIP {PROGRAM} is not built")
        return 1
    failed = False
    for number, (name, f) in enumerate(CASES, 1):
        try:
            with Service() as s:
                f(s)
            print(f"ok {number} - {name}", flush=True)
        except Exception:
            failed = True
            print(f"not ok {number} - {name}", flush=True)
            for line in traceback.format_exc(limit=-2).splitlines():
                print(f"# {line}")
    print(f"1..{len(CASES)}")
    return failed


sys.exit(main())
