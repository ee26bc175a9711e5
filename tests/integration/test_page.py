# SPDX-License-Identifier: ISC
"""
The page in a real browser.  The cases are JavaScript, tests/browser/page.js: each runs in a process of its own, with a Chromium of
its own, and has us as its hands: a line of JSON asks for a domain, a change, the daemon, and one answers.
"""

import json
import os
import re
import subprocess
import tempfile

import bed as beds
import playwright
from daemon import Daemon
from tap import CASES, Case, Skip, check


class Hands:
    """What a case may ask for; it has one daemon."""

    def __init__(self, lab):
        self.lab, self.d = lab, None

    def domain(self, zone):
        return self.lab.domain(**zone)

    def change(self, name):
        self.lab.change(name)

    def ask(self, cache, name, kind):
        """So that a cache knows it."""
        self.lab.bed.caches[cache].ask(name, kind)

    def daemon(self, domains):
        self.d = Daemon(self.lab, domains).start()

    def origin(self):
        return "http://%s:%d" % self.d.place

    def start(self):
        self.d.start()

    def stop(self):
        self.d.stop()

    def becomes(self, name, state):
        return self.d.becomes(name, state)

    def get(self, path):
        return self.d.get(path).is_(200).json()

    def fix(self, name, form):
        return self.d.get("/fix/%s?format=%s" % (name, form)).is_(200).text

    def transitions(self, name):
        return len(self.d.history(name))

    def note(self, text):
        print("# " + text, flush=True)


def serve(p, hands):
    """Do what the case asks for, until it is over."""
    for line in p.stdout:
        question, answer = json.loads(line), {}
        try:
            answer["value"] = getattr(hands, question["what"])(*question["args"])
        except Exception as e:      # the case's own stack says what it was about
            answer["error"] = "%s: %s" % (type(e).__name__, e)
        p.stdin.write(json.dumps(answer) + "\n")
        p.stdin.flush()


def run(lab, name):
    build = os.path.dirname(lab.program)
    if playwright.lacking(build):
        raise Skip(playwright.lacking(build))
    hands = Hands(lab)
    with tempfile.TemporaryDirectory(dir=lab.bed.dir, ignore_cleanup_errors=True) as tmp, open(tmp + "/log", "w+") as log:
        p = subprocess.Popen(playwright.command("run.js", name), env=playwright.environment(build, tmp), stdin=subprocess.PIPE,
                             stdout=subprocess.PIPE, stderr=log, text=True, preexec_fn=beds.die_with_parent)
        try:
            serve(p, hands)
            check(p.wait() == 0, open(log.name).read())
        finally:
            p.kill()
            p.wait()
            if hands.d:
                hands.d.kill()


with open(os.path.join(playwright.HERE, "page.js")) as page:
    for found in re.findall(r'^test\("(.*?)", ', page.read(), re.M):
        CASES.append(Case(found, lambda lab, name=found: run(lab, name), slow=True))
