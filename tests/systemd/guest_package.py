# SPDX-License-Identifier: ISC
"""
guest_package.py DIRECTORY: runs inside the container of package.sh: the life of the Debian packages, from installing to purging.
"""

import os
import subprocess
import sys

from guestlib import (CONF, CONF_TEXT, DOMAIN_TEXT, UNIT, answers, case, check, complete, main_pid, name_server, play, proc_status,
                      request, run, show, status, until, write)

DOMAIN_CONF = "/etc/m365dnsd/conf.d/contoso.test.conf"
PLUGIN = "/usr/lib/nagios/plugins/check_m365dnsd"
KEPT = ("state", "since", "milestones")
SEEN = {}


def dpkg(*arguments):
    os.environ["DEBIAN_FRONTEND"] = "noninteractive"
    return run("dpkg", *arguments)


def traces():
    """Whatever has the name of the program in the places where packages and services leave something."""
    found = run("find", "/etc", "/usr", "/var", "/run", "/lib/systemd", "-xdev", "-name", "*m365dnsd*", "-not", "-path", "/usr/src/*",
                "-not", "-path", "/var/log/*", good=(0, 1)).stdout.splitlines()
    return {path for path in found if "m365dnsd-test" not in path}


def enabled(unit):
    return run("systemctl", "is-enabled", unit, good=None).stdout.strip()


@case("the package installs and starts the service")
def install():
    SEEN["traces"] = traces()
    dpkg("-i", "/packages/m365dnsd.deb")
    check(show("ActiveState") == "active", show("ActiveState"))
    check(answers(), "not ready")
    check(enabled(UNIT) == "enabled", enabled(UNIT))


@case("the socket is there for who wants it")
def socket():
    check(enabled("m365dnsd.socket") == "disabled", enabled("m365dnsd.socket"))
    check(show("ActiveState", "m365dnsd.socket") == "inactive", show("ActiveState", "m365dnsd.socket"))


@case("the service is that of the package, with a user of its own")
def user():
    uid = int(proc_status(main_pid())["Uid"].split()[0])
    check(61184 <= uid <= 65519, uid)
    check(os.readlink(f"/proc/{main_pid()}/exe") == "/usr/sbin/m365dnsd")
    run("systemd-analyze", "security", "--threshold=12", "--no-pager", UNIT)


@case("its configuration is the administrator's")
def conffiles():
    names = run("dpkg-query", "-W", "-f", "${Conffiles}", "m365dnsd").stdout
    check([line.split()[0] for line in names.splitlines() if line] == [CONF], names)
    check(os.path.isdir("/etc/m365dnsd/conf.d"))


@case("manual and completions are where they are looked for")
def places():
    for path in ("man/man8/m365dnsd.8.gz", "man/man5/m365dnsd.conf.5.gz", "man/man7/m365dnsd-findings.7.gz",
                 "bash-completion/completions/m365dnsd", "zsh/vendor-completions/_m365dnsd", "doc/m365dnsd/copyright"):
        check(os.path.exists("/usr/share/" + path), path)
    run("bash", "-c", ". /usr/share/bash-completion/completions/m365dnsd && complete -p m365dnsd")


@case("the plugin is a package of its own")
def plugin_installs():
    dpkg("-i", "/packages/plugin.deb")


@case("the tests that the package brings pass")
def autopkgtest():
    os.makedirs("/run/m365dnsd-test", exist_ok=True)
    os.chdir("/run/m365dnsd-test")
    run("/packages/command")
    run("/packages/service")
    os.chdir("/")


@case("a domain is added and comes to be complete")
def add_domain():
    write(CONF, CONF_TEXT)
    write(DOMAIN_CONF, DOMAIN_TEXT % "contoso.test")
    run("m365dnsd", "--check-config")
    run("systemctl", "reload", UNIT)
    until(lambda: request("/status/contoso.test")[0] == 200)
    check(complete())
    SEEN["status"] = status()


@case("the plugin asks the service")
def plugin():
    out = run(PLUGIN, "-D", "contoso.test").stdout
    check(out.startswith("M365DNS OK: contoso.test"), out)
    dpkg("-P", "monitoring-plugins-m365dnsd")
    check(not os.path.exists(PLUGIN))


@case("an upgrade keeps configuration and store, and runs the new program")
def upgrade():
    pid = main_pid()
    dpkg("-i", "/packages/next.deb")
    check(run("dpkg-query", "-W", "-f", "${Version}", "m365dnsd").stdout.endswith("+next"))
    check(show("ActiveState") == "active" and main_pid() != pid, show("ActiveState"), pid)
    with open(CONF, encoding="utf-8") as f:
        check(f.read() == CONF_TEXT, "the configuration was changed")
    goes_on()


def goes_on():
    now = status()
    for key in KEPT:
        check(now[key] == SEEN["status"][key], key, SEEN["status"][key], now[key])
    check(now["revision"] >= SEEN["status"]["revision"], SEEN["status"]["revision"], now["revision"])


@case("removed, it is gone, and leaves configuration and store")
def remove():
    run("systemctl", "stop", UNIT)
    run("systemctl", "start", "m365dnsd.socket")
    check(answers(), "not ready")
    dpkg("-r", "m365dnsd")
    check(show("ActiveState") == "inactive", show("ActiveState"))
    check(not answers(), "somebody answers")
    for path in (CONF, DOMAIN_CONF, "/var/lib/private/m365dnsd/m365dnsd.db"):
        check(os.path.exists(path), path)
    check(not os.path.exists("/usr/sbin/m365dnsd"))


@case("installed again, it goes on where it was")
def install_again():
    dpkg("-i", "/packages/m365dnsd.deb")
    check(answers(), "not ready")
    goes_on()


@case("purged, it leaves nothing")
def purge():
    dpkg("-P", "m365dnsd")
    left = traces() - SEEN["traces"]
    check(not left, left)
    check(subprocess.run(["pgrep", "-x", "m365dnsd"], check=False).returncode == 1, "it runs")


play(sys.argv[1], name_server)
