#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""
screenshots.py BUILDDIR OUTDIR: the pictures of the README, of a daemon that watches a small Internet of real servers on loopback.
`make screenshots` calls it.
"""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "bed"))
import bed as beds          # noqa: E402
import browser as browsers  # noqa: E402
import demo                 # noqa: E402
import png                  # noqa: E402
import records              # noqa: E402

SIZE = {"width": 1120, "height": 720}
COMPLETE = ["adventure-works.test", "fourthcoffee.test", "litwareinc.test", "proseware.test", "wingtiptoys.test"]
WAITING, LOST = "fabrikam.test", "tailspintoys.test"


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


def play(bed, browser, program, out):
    old = "\n".join([demo.OLD_MX, demo.MX, demo.MS, demo.SPF, demo.SPF_SECOND, demo.DOUBLED])
    for name in [*COMPLETE, LOST]:
        bed.zone(name, records.right(name), ttl=3600, negative=30)
    bed.zone(WAITING, records.zone_text(WAITING, replace={"mx": demo.OLD_MX}), ttl=300, negative=300)
    bed.zone(demo.DOMAIN, old, ttl=3600, negative=30)
    for cache in ("r2", "r4"):
        bed.caches[cache].ask(WAITING, "MX")
    d = Daemon(program, bed)
    for name in [*COMPLETE, LOST]:
        d.becomes(name, "complete")
    bed.change(WAITING, records.right(WAITING))
    bed.change(LOST, records.zone_text(LOST, drop=["autodiscover"]))
    d.becomes(WAITING, "published")
    d.becomes(LOST, "regressed")
    d.becomes(demo.DOMAIN, "unpublished")
    views = [("list", "/", "document.querySelectorAll('table.domains tbody a').length === 8", ""),
             ("mistake", "/status/" + demo.DOMAIN, "document.querySelectorAll('.type').length === 3", ""),
             ("waiting", "/status/" + WAITING, "document.querySelectorAll('.lanes tbody tr').length === 4",
              "document.querySelector('#record-mx button').click(); document.querySelector('#records').scrollIntoView()")]
    for name, path, loaded, then in views:
        page = browser.open(d.url(path), **SIZE)
        page.until(name, loaded)
        page.run(then)
        page.run("new Promise(done => setTimeout(done, 1200))")
        for dark in (False, True):
            page.scheme(dark)
            path = "%s/%s%s.png" % (out, name, "-dark" if dark else "")
            page.picture(path)
            with open(path, "rb") as f:
                data = png.small(f.read())
            with open(path, "wb") as f:
                f.write(data)
        page.close()
    d.stop()


def main():
    build, out = sys.argv[1], sys.argv[2]
    beds.end_on_signals()
    with beds.Bed() as bed, browsers.Browser(os.path.join(build, "chromium.log")) as browser:
        play(bed, browser, os.path.join(build, "m365dnsd"), out)
    for name in sorted(os.listdir(out)):
        if name.endswith(".png"):
            print("%s/%s  %d kB" % (out, name, os.path.getsize(os.path.join(out, name)) // 1000))


if __name__ == "__main__":
    main()
