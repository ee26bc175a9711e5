# SPDX-License-Identifier: ISC
"""
tap: a list of cases, run by a few threads, told as TAP in the order in which they were written.

A case is a function with the decorator @case("what must be true"); it gets the lab (lab.py) and fails by raising.  check() and
equal() raise with the values in the message.  @table makes one case of every row.
"""

import queue
import sys
import threading
import time
import traceback

CASES = []


class Skip(Exception):
    pass


class Case:
    def __init__(self, name, f, slow):
        self.name, self.f, self.slow = name, f, slow
        self.result, self.done = None, threading.Event()


def case(name, slow=False):
    """slow: starts first, because it waits for TTLs or timeouts."""
    def add(f):
        CASES.append(Case(name, f, slow))
        return f
    return add


def table(name, rows, slow=False):
    """One case a row; the row's first column completes the name."""
    def add(f):
        for row in rows:
            CASES.append(Case(name % row[0], lambda lab, row=row: f(lab, *row), slow))
        return f
    return add


def check(condition, what, *seen):
    if not condition:
        raise AssertionError(what + "".join("\n" + (s if isinstance(s, str) else repr(s)) for s in seen))


def equal(got, wanted, what, *seen):
    check(got == wanted, "%s: %r, wanted %r" % (what, got, wanted), *seen)


def attempt(c, lab):
    started = time.monotonic()
    try:
        c.f(lab)
        c.result = ("ok", "")
    except Skip as e:
        c.result = ("skip", str(e))
    except AssertionError as e:
        c.result = ("not ok", str(e))
    except Exception:
        c.result = ("not ok", traceback.format_exc())
    c.seconds = time.monotonic() - started


def told(i, c):
    """Print the line of a case; 1 when it has failed."""
    word, text = c.result
    print("%s %d - %s" % (word, i, c.name), flush=True)
    if word != "not ok":
        return 0
    print("".join("# %s\n" % line for line in text[:6000].splitlines()), end="", flush=True)
    return 1


def run(lab, pattern, threads):
    """Runs all; returns how many failed."""
    cases = [c for c in CASES if pattern in c.name]
    todo = queue.Queue()
    for c in sorted(cases, key=lambda c: not c.slow):
        todo.put(c)

    def work():
        while True:
            try:
                c = todo.get_nowait()
            except queue.Empty:
                return
            attempt(c, lab)
            c.done.set()

    print("TAP version 13\n1..%d" % len(cases), flush=True)
    workers = [threading.Thread(target=work, daemon=True) for _ in range(threads)]
    for w in workers:
        w.start()
    failed, again = 0, []
    for i, c in enumerate(cases, 1):
        while not c.done.wait(1):
            if not any(w.is_alive() for w in workers):
                break
        word, text = c.result
        if word == "skip":
            print("ok %d - %s # SKIP %s" % (i, c.name, text), flush=True)
            continue
        if word == "not ok":
            again.append((i, c))
        else:
            failed += told(i, c)
    # Cases share two processors with five others: who failed there has to pass alone, and the first failure is shown.
    for i, c in again:
        first = c.result[1]
        attempt(c, lab)
        print("# %s: failed beside others, now alone: %s" % (c.name, (first.splitlines() or [""])[0][:300]), flush=True)
        failed += told(i, c)
    slowest = sorted(cases, key=lambda c: -c.seconds)[:3]
    print("# %d of %d passed; slowest: %s" % (len(cases) - failed, len(cases), ", ".join(
        "%.1f s %s" % (c.seconds, c.name) for c in slowest)), flush=True)
    sys.stdout.flush()
    return failed
