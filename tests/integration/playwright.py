# SPDX-License-Identifier: ISC
"""
playwright: what runs the JavaScript of tests/browser: node, Debian's Chromium, and playwright-core, which `make check` (or
check-browser) has put into BUILD/browser.
"""

import functools
import os
import re
import shutil
import subprocess

HERE = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "browser")


def chromium():
    """Where it is, or None."""
    names = [os.environ["CHROMIUM"]] if os.environ.get("CHROMIUM") else ["chromium", "chromium-browser", "google-chrome"]
    return next(filter(None, map(shutil.which, names)), None)


@functools.lru_cache(None)
def lacking(build):
    """Why nothing can be run, or None."""
    if chromium() is None:
        return "Chromium is not installed (make check-browser installs it)"
    if shutil.which("node") is None:
        return "node is not installed (make check-browser installs it)"
    version = subprocess.run(["node", "--version"], stdout=subprocess.PIPE, text=True).stdout.strip()
    if int((re.match(r"v(\d+)", version) or [0, 0])[1]) < 18:
        return "node %s is older than 18" % version
    if not os.path.exists(build + "/browser/node_modules/.package-lock.json"):
        return "playwright-core is not in %s/browser (make check-browser has npm put it there; npm.log says why it could not)" % build
    return None


def command(script, *args):
    return ["node", os.path.join(HERE, script), *args]


def environment(build, tmp):
    """For command(); what Chromium keeps goes to tmp."""
    return dict(os.environ, BUILD=os.path.abspath(build), CHROMIUM=chromium(), TMPDIR=tmp, HOME=tmp, TZ="UTC", LC_ALL="C.UTF-8")
