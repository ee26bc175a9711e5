# SPDX-License-Identifier: ISC
"""test_daemon_tell: notify blocks: a webhook and a command, once when all is well, at least once when it is not."""

import glob
import json
import os

from daemon import Daemon, Webhook
from lab import SLOW
from tap import case, check, equal
import bed as beds

# Keeps what it was given: its input and its environment, one file a run.
HOOK = """#!/bin/sh
# the hook of the test
cat >"$0.$$"
env | grep ^M365DNSD_ | sort >"$0.$$.env"
if [ -e "$0.fail" ]; then
	mv "$0.$$" "$0.$$.failed"
	exit 1
fi
mv "$0.$$" "$0.$$.done"
"""


class Hook:
    def __init__(self, lab):
        self.path = "%s/hook%d.sh" % (lab.bed.dir, next(lab.count))
        with open(self.path, "w") as f:
            f.write(HOOK)
        os.chmod(self.path, 0o755)

    def told(self, kind="done"):
        """[(transition, environment)] of the runs that went well, or (kind "failed") that failed."""
        out = []
        for path in sorted(glob.glob(self.path + ".*." + kind), key=os.path.getmtime):
            with open(path) as f, open(path.rsplit(".", 1)[0] + ".env") as e:
                out.append((json.load(f), dict(line.rstrip("\n").split("=", 1) for line in e)))
        return out


def block(name, key, value, events):
    return 'notify "%s" { %s = "%s" events = {%s} }\n' % (name, key, value, ", ".join('"%s"' % e for e in events))


@case("daemon: notify by webhook and by command: transitions only, one message a cause, never before it is kept", slow=True)
def notify(lab):
    name, hook = lab.domain(drop=["mx"]), Hook(lab)
    with Webhook(lab) as web:
        extra = block("web", "url", web.url, ["published", "complete", "regressed"]) + block("sh", "command", hook.path, ["complete"])
        with Daemon(lab, [name], extra=extra, settings="guard_interval = 10\n") as d:
            d.becomes(name, "unpublished")
            lab.change(name)
            d.send("POST", "/check/" + name)
            m = web.next("complete", lambda m: m["data"]["event"] == "complete" and m["data"]["record"] is None)
            kept = {t["id"]: t for t in d.history(name)}
            t = m["data"]
            check(t["id"] in kept, "what is told is in the history", t)
            equal({k: t[k] for k in kept[t["id"]]}, kept[t["id"]], "told as it is kept")
            equal(m["headers"]["content-type"].split(";")[0], "application/json", "Content-Type", m)
            ran = beds.poll("the hook", hook.told)
            equal([t["event"] for t, _ in ran], ["complete"], "only what it wants to hear")
            t, env = ran[0]
            equal(t["id"], m["data"]["id"], "the same transition for both")
            equal(env, {"M365DNSD_ID": str(t["id"]), "M365DNSD_DOMAIN": name, "M365DNSD_EVENT": "complete", "M365DNSD_RECORD": "",
                        "M365DNSD_FROM": t["from"], "M365DNSD_TO": t["to"]}, "its environment")
            records, messages = [], [0]

            def heard(m):
                records.extend([r["record"] for r in m["data"].get("records", [])] or [m["data"]["record"]])
                messages[0] += 1
                return m["data"]["event"] == "regressed"
            lab.change(name, drop=["mx", "spf", "autodiscover"])
            d.send("POST", "/check/" + name)
            web.next("regressed", lambda m: heard(m) and m["data"]["record"] is None)
            d.becomes(name, "regressed")
            beds.poll("all is delivered", lambda: d.metric('m365dnsd_notifications_waiting{receiver="web"}') == 0)
            while web.got.qsize():
                heard(web.got.get())
            equal(sorted(r for r in records if r), ["autodiscover", "mx", "spf"], "each record's loss is told, once")
            check(messages[0] <= 3, "%d messages: what was seen in one look is one message" % messages[0])
            delivered = sum(v for k, v in d.metrics().items() if k.startswith("m365dnsd_notifications_total"))
            check(delivered >= 2, "deliveries are counted", sorted(k for k in d.metrics() if "notif" in k))


@case("daemon: notify: a receiver that fails is told again, after kill -9 too, with the same id", slow=True)
def notify_retry(lab):
    name, hook = lab.domain(drop=["mx"]), Hook(lab)
    open(hook.path + ".fail", "w").close()
    with Webhook(lab, 500) as web:
        extra = block("web", "url", web.url, ["complete"]) + block("sh", "command", hook.path, ["complete"])
        with Daemon(lab, [name], extra=extra) as d:
            d.becomes(name, "unpublished")
            lab.change(name)
            d.send("POST", "/check/" + name)
            first = web.next("complete", lambda m: m["data"]["event"] == "complete")
            beds.poll("the hook", lambda: hook.told("failed"))
            problem = beds.poll("it is said", lambda: {n["name"] for n in d.get("/status").json()["daemon"]["notify"] if n["failing"]}
                                == {"web", "sh"})
            check(problem, "failing receivers are named")
            second = web.next("the second try", seconds=8)
            check(4 < second["at"] - first["at"] < 7.5 * SLOW, "after 5 s: %.1f" % (second["at"] - first["at"]))
            equal(second["data"], first["data"], "the same")
            d.kill()
            web.status = 200
            os.remove(hook.path + ".fail")
            d.start()
            again = web.next("after the restart")
            equal(again["data"], first["data"], "the same after kill -9")
            ran = beds.poll("the hook after the restart", hook.told)
            equal(ran[0][0]["id"], first["data"]["id"], "the hook's id")
            check(all(t["id"] == ran[0][0]["id"] for t, _ in hook.told("failed")), "and before", hook.told("failed"))
            # not only in memory: at least once is all that is promised of a delivery whose row has not left the store yet
            beds.poll("the outbox is empty", lambda: d.sql("SELECT count(*) FROM outbox") == [(0,)])
            d.kill()
            d.start()
            # The news of a domain are told in order: anything left over would come before this.
            for drop, state in (["mx"], "regressed"), ([], "complete"):
                lab.change(name, drop=drop)
                d.send("POST", "/check/" + name)
                d.becomes(name, state)
            new = d.history(name)[0]["id"]
            equal(web.next("it is complete again")["data"]["id"], new, "what was delivered is not told again")
            beds.poll("the hook, too", lambda: len(hook.told()) > 1)
            equal([t["id"] for t, _ in hook.told()], [first["data"]["id"], new], "each once")


@case("daemon: notify: what was to be told when it was killed is told after the restart", slow=True)
def notify_killed(lab):
    name = lab.domain(drop=["mx"])
    with Webhook(lab, 503) as web:
        with Daemon(lab, [name], extra=block("web", "url", web.url, ["complete"])) as d:
            d.becomes(name, "unpublished")
            lab.change(name)
            d.send("POST", "/check/" + name)
            events = d.events()
            try:
                t = events.wait("complete", lambda t: t["event"] == "complete" and t["record"] is None)["data"]
            except AssertionError:
                t = d.history(name)[0]
            d.kill()
            web.status = 200
            while web.got.qsize():
                web.got.get()
            d.start()
            m = web.next("the transition that was in the outbox")
            equal(m["data"]["id"], t["id"], "its id")


@case("daemon: notify: a receiver that hangs holds up nobody", slow=True)
def notify_hangs(lab):
    name = lab.domain(drop=["mx"])
    hang = "%s/hang%d.sh" % (lab.bed.dir, next(lab.count))
    with open(hang, "w") as f:
        f.write("#!/bin/sh\nexec sleep 1000\n")
    os.chmod(hang, 0o755)
    with Webhook(lab) as web:
        extra = block("hang", "command", hang, ["complete"]) + block("web", "url", web.url, ["complete"]) + \
            block("gone", "command", hang + ".none", ["complete"])
        with Daemon(lab, [name], extra=extra) as d:
            d.becomes(name, "unpublished")
            lab.change(name)
            d.send("POST", "/check/" + name)
            web.next("complete")
            check(d.get("/status/" + name).seconds < 1 * SLOW, "HTTP goes on")
            check(d.stop() < 5 * SLOW, "and it ends in time")
