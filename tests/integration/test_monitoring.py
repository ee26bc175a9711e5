# SPDX-License-Identifier: ISC
"""test_monitoring: contrib/prometheus and contrib/grafana before a real Prometheus, which scrapes a real daemon."""

import contextlib
import shutil

import bed as beds
from daemon import KEEPER, PORTS, Daemon, Webhook
from lab import SLOW
from prometheus import Dashboard, Prometheus
from tap import Skip, case, check, equal

OLD = {"autodiscover": "autodiscover IN CNAME autodiscover.old.example."}
STATS = ("Complete", "Pending", "Published", "Unknown", "Unpublished", "Regressed")


class Scene:
    """A domain each that is complete, mistaken and on its way, a receiver, a resolver that is gone; and who looks at it."""

    def __init__(self, lab, hook):
        self.lab, self.prometheus = lab, None
        self.done, self.wrong, self.late = lab.domain(), lab.domain(drop=["mx"]), lab.domain(ttl=600, replace=OLD)
        lab.bed.caches["r1"].ask("autodiscover." + self.late, "CNAME")
        lab.change(self.late)
        self.daemon = Daemon(lab, [self.done, self.wrong, self.late], settings="interval_ceiling = 1\nguard_interval = 10\n",
                             extra='notify "ops" { url = "%s" }\n' % hook.url + lab.resolver_block("gone", lab.bed.closed))

    def look_on(self):
        place = (self.lab.bed.address(19), next(PORTS))
        self.prometheus = Prometheus(self.daemon.dir + "/prometheus", place, self.daemon.place)
        self.prometheus.start(lambda argv, log: KEEPER.submit(self.lab.bed.spawn, argv, log).result())
        self.board = Dashboard(self.prometheus)
        for domain, state in ((self.done, "complete"), (self.wrong, "unpublished"), (self.late, "published")):
            self.daemon.becomes(domain, state, 40)

    def change(self, domain, **how):
        """And the daemon looks at once."""
        self.lab.change(domain, **how)
        self.daemon.send("POST", "/check/" + domain).is_(200, 202)

    def stats(self):
        """What stands in the six boxes at the top."""
        return [sum(values[-1] for _, values in self.board.ask("Domains/" + s)) for s in STATS]

    def of(self, panel, ref="A"):
        """domain -> value now, or values of a graph."""
        return {labels["domain"]: v for labels, v in self.board.ask("Domains/" + panel, ref)}

    def mx(self, domain):
        """The line of its MX among the records."""
        return next(v for labels, v in self.board.ask("Records/Published")
                    if (labels["domain"], labels["record"]) == (domain, "mx"))

    def rules(self):
        return [r for g in self.prometheus.api("rules")["groups"] for r in g["rules"]]

    def alerts(self):
        """(alert, of whom, state)"""
        return {(a["labels"]["alertname"], a["labels"].get("domain") or a["labels"].get("operator"), a["state"])
                for a in self.prometheus.api("alerts")["alerts"]}


@contextlib.contextmanager
def scene(lab):
    if not shutil.which("prometheus"):
        raise Skip("prometheus is not installed")
    with Webhook(lab) as hook:
        s = Scene(lab, hook)
        with s.daemon:
            try:
                s.look_on()
                yield s
            finally:
                if s.prometheus:
                    s.prometheus.stop()


def soon(what, ready):
    """Its value, once it is true; a scrape comes every second."""
    return beds.poll(what, ready, 30 * SLOW, 0.2)


@case("prometheus: every panel of the dashboard has something to show, and moves with the zone", slow=True)
def dashboard(lab):
    with scene(lab) as s:
        soon("one domain each", lambda: s.stats() == [1, 0, 1, 0, 1, 0])
        equal([(t["health"], t["lastError"], t["labels"]["job"]) for t in s.prometheus.api("targets")["activeTargets"]],
              [("up", "", "m365dnsd")], "the scrape")
        for v in s.board.variables:
            check(s.board.choices(v), "the variable %s offers something" % v["name"])
        for title, panel in s.board.panels.items():
            for t in panel["targets"]:
                soon("something in %s, query %s: %s" % (title, t["refId"], s.board.put_in(t["expr"])),
                     lambda: s.board.ask(title, t["refId"]))

        equal(s.of("Overview"), {s.done: 0, s.late: 2, s.wrong: 4}, "the states of the overview")
        equal(set(s.of("Overview", "D")), {s.late}, "a time for whom there is one")
        equal(set(s.of("Overview", "G")), {s.done}, "complete since")
        equal(s.of("Overview", "E")[s.wrong], 1, "one error: no MX")
        check(0 < s.of("Time until everywhere")[s.late][-1] <= 600, "the countdown", s.of("Time until everywhere"))
        domain = next(v for v in s.board.variables if v["name"] == "domain")
        equal(s.board.choices(domain), sorted([s.done, s.wrong, s.late]), "domains to choose from")
        s.board.choose("domain", s.wrong, s.done)
        equal(set(s.of("Visible")), {s.done, s.wrong}, "two chosen by hand")
        s.board.choose("domain")

        s.change(s.wrong)
        soon("one more is complete", lambda: s.stats() == [2, 0, 1, 0, 0, 0])
        visible, mx, state = s.of("Visible")[s.wrong], s.mx(s.wrong), s.of("State")[s.wrong]
        check(min(visible) < 1 and visible[-1] == 1, "the graph goes up to 1", visible)
        check(min(mx) == 0 and mx[-1] == 1, "its MX is published", mx)
        check(4 in state and state[-1] == 0, "unpublished becomes complete", state)
        s.change(s.done, drop=["mx"])
        soon("one has regressed", lambda: s.stats() == [1, 0, 1, 0, 0, 1])
        equal((s.of("Overview")[s.done], s.mx(s.done)[-1]), (5, 0), "the overview, and the record")
        soon("a transition of that kind", lambda: [v for labels, v in s.board.ask("Domains/Transitions")
                                                  if labels["event"] == "regressed" and max(v) > 0])


@case("prometheus: every alert is evaluated, fires when it has to, and ends", slow=True)
def alerts(lab):
    with scene(lab) as s:
        soon("all are evaluated", lambda: all(r["health"] != "unknown" for r in s.rules()))
        equal([(r["name"], r["lastError"]) for r in s.rules() if r["health"] != "ok"], [], "rules that nobody can evaluate")
        check(len(s.rules()) > 15, "all of them", len(s.rules()))
        waiting = {("M365DnsUnpublished", s.wrong, "pending"), ("M365DnsSlow", s.late, "pending"),
                   ("M365DnsResolverDown", "gone", "pending")}
        soon("what waits for its time", lambda: s.alerts() >= waiting)
        equal({a for a in s.alerts() if a[2] == "firing"}, set(), "nothing fires")
        s.change(s.done, drop=["mx"])
        soon("the alert", lambda: ("M365DnsRegressed", s.done, "firing") in s.alerts())
        words = [a["annotations"]["description"] for a in s.prometheus.api("alerts")["alerts"] if a["state"] == "firing"]
        check(len(words) == 1 and s.done + " has regressed" in words[0], "its words", words)
        s.change(s.done)
        soon("it is over", lambda: "M365DnsRegressed" not in {a[0] for a in s.alerts()})
        s.daemon.kill()
        soon("a daemon that is gone", lambda: ("M365DnsDown", None, "pending") in s.alerts())
        equal([v for _, v in s.prometheus.now('up{job="m365dnsd"}')], [0], "up")
