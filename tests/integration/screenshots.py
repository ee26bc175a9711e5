#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""
screenshots.py BUILDDIR OUTDIR: the pictures of the README, of a daemon that watches a small Internet of real servers on loopback.
`make screenshots` calls it.
"""

import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "bed"))
import bed as beds          # noqa: E402
import demo                 # noqa: E402
import playwright           # noqa: E402
import png                  # noqa: E402
import records              # noqa: E402

COMPLETE = ["adventure-works.test", "fourthcoffee.test", "litwareinc.test", "proseware.test", "wingtiptoys.test"]
WAITING, LOST = "fabrikam.test", "tailspintoys.test"
VIEWS = [
    {"name": "list", "path": "/", "selector": "table.domains tbody a", "count": 8},
    {"name": "mistake", "path": "/status/" + demo.DOMAIN, "selector": ".type", "count": 3},
    {"name": "waiting", "path": "/status/" + WAITING, "selector": ".lanes tbody tr", "count": 4, "open": "mx"},
]


class Daemon(demo.Daemon):
    """That of the demo, with more domains."""

    def config(self):
        path = super().config()
        with open(path, "a") as f:
            for name in [*COMPLETE, WAITING, LOST]:
                f.write('domain "%s" { services = {"exchange"} }\n' % name)
        return path

    def becomes(self, name, state):
        beds.poll("%s is %s" % (name, state), lambda: '"state":"%s"' % state in self.get("/status/%s?format=json" % name)[:200], 60)


def play(bed, build, out):
    old = "\n".join([demo.OLD_MX, demo.MX, demo.MS, demo.SPF, demo.SPF_SECOND, demo.DOUBLED])
    for name in [*COMPLETE, LOST]:
        bed.zone(name, records.right(name), ttl=3600, negative=30)
    bed.zone(WAITING, records.zone_text(WAITING, replace={"mx": demo.OLD_MX}), ttl=300, negative=300)
    bed.zone(demo.DOMAIN, old, ttl=3600, negative=30)
    for cache in ("r2", "r4"):
        bed.caches[cache].ask(WAITING, "MX")
    d = Daemon(os.path.join(build, "m365dnsd"), bed)
    for name in [*COMPLETE, LOST]:
        d.becomes(name, "complete")
    bed.change(WAITING, records.right(WAITING))
    bed.change(LOST, records.zone_text(LOST, drop=["autodiscover"]))
    d.becomes(WAITING, "published")
    d.becomes(LOST, "regressed")
    d.becomes(demo.DOMAIN, "unpublished")
    with open(os.path.join(bed.dir, "views"), "w") as f:
        json.dump(VIEWS, f)
    subprocess.run(playwright.command("screenshots.js", d.url(""), out, f.name), env=playwright.environment(build, bed.dir), check=True)
    d.stop()


def main():
    build, out = sys.argv[1], sys.argv[2]
    beds.end_on_signals()
    if playwright.lacking(build):
        sys.exit("screenshots: " + playwright.lacking(build))
    with beds.Bed() as bed:
        play(bed, build, out)
    for name in sorted(os.listdir(out)):
        if name.endswith(".png"):
            path = os.path.join(out, name)
            with open(path, "rb") as f:
                data = png.small(f.read())
            with open(path, "wb") as f:
                f.write(data)
            print("%s  %d kB" % (path, len(data) // 1000))


if __name__ == "__main__":
    main()
