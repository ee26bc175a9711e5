# SPDX-License-Identifier: ISC
"""
prometheus: a real Prometheus that reads contrib/prometheus as it is, but for the daemon's address and the intervals; and what
Grafana would ask it for contrib/grafana.
"""

import json
import os
import re
import time
import urllib.error
import urllib.parse
import urllib.request

from servers import BedError, poll

CONTRIB = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "contrib")
# A proxy of the environment knows no loopback.
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Prometheus:
    """One prometheus: its files are in `directory`, it listens at `place` and scrapes the daemon at `target`."""

    def __init__(self, directory, place, target, seconds=1):
        self.dir, self.place, self.log = directory, "%s:%d" % place, os.path.join(directory, "log")
        os.makedirs(directory, exist_ok=True)
        with open(CONTRIB + "/prometheus/scrape.yml") as f:
            text = f.read()
        for old, new in (("127.0.0.1:8365", "%s:%d" % target), ("scrape_interval: 30s", "scrape_interval: %ds" % seconds)):
            if old not in text:
                raise BedError("contrib/prometheus/scrape.yml has no " + old)
            text = text.replace(old, new)
        self.config = os.path.join(directory, "prometheus.yml")
        with open(self.config, "w") as f:
            f.write("global:\n  evaluation_interval: %ds\n%s" % (seconds, text))
        with open(CONTRIB + "/prometheus/rules.yml") as rules, open(directory + "/rules.yml", "w") as f:
            f.write(rules.read())
        self.rate_interval = "%ds" % (4 * seconds)      # as Grafana counts $__rate_interval

    def start(self, spawn):
        """spawn(argv, logfile) starts a process."""
        self.process = spawn(["prometheus", "--config.file=" + self.config, "--storage.tsdb.path=" + self.dir + "/data",
                              "--web.listen-address=" + self.place, "--log.level=warn"], self.log)
        self.started = time.time()
        try:
            poll("prometheus", self.ready, 60)
        except BedError as e:
            with open(self.log) as f:
                raise BedError("%s\n%s" % (e, f.read()[-2000:])) from None
        return self

    def ready(self):
        if self.process.poll() is not None:
            raise BedError("prometheus ended")
        try:
            return DIRECT.open("http://%s/-/ready" % self.place, timeout=10).status == 200
        except OSError:
            return False

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(30)

    def api(self, path, **args):
        """The data of its answer; what it does not take is an error with its words."""
        url = "http://%s/api/v1/%s?%s" % (self.place, path, urllib.parse.urlencode(args, doseq=True))
        try:
            with DIRECT.open(url, timeout=30) as r:
                return json.load(r)["data"]
        except urllib.error.HTTPError as e:
            raise AssertionError("%s: %s" % (urllib.parse.unquote_plus(url), e.read().decode("utf-8", "replace"))) from None

    def now(self, expr):
        """Labels and value of every series that the expression has now."""
        return [(s["metric"], float(s["value"][1])) for s in self.api("query", query=expr)["result"]]

    def since(self, expr):
        """The same over time, as a graph has it."""
        rows = self.api("query_range", query=expr, start=self.started, end=time.time(), step=1)["result"]
        return [(s["metric"], [float(v) for _, v in s["values"]]) for s in rows]


class Dashboard:
    """contrib/grafana/m365dnsd.json, asked as Grafana asks it."""

    def __init__(self, prometheus):
        self.prometheus = prometheus
        with open(CONTRIB + "/grafana/m365dnsd.json") as f:
            board = json.load(f)
        self.variables = [v for v in board["templating"]["list"] if v["type"] == "query"]
        self.chosen = {v["name"]: v["allValue"] for v in self.variables}
        self.panels, row = {}, ""        # "row/title": two rows have a panel of the same title
        for p in board["panels"]:
            row = p["title"] if p["type"] == "row" else row
            if p["type"] != "row":
                self.panels["%s/%s" % (row, p["title"])] = p

    def choose(self, name, *values):
        """As by hand; without values it is "All"."""
        all_value = next(v["allValue"] for v in self.variables if v["name"] == name)
        # Grafana escapes what a regular expression would read, and once more for the string that it stands in.
        words = [re.sub(r"[.*+?^${}()|\[\]\\]", r"\\\\\g<0>", v) for v in values]
        self.chosen[name] = "(%s)" % "|".join(words) if words else all_value

    def put_in(self, text):
        values = dict(self.chosen, __rate_interval=self.prometheus.rate_interval)
        return re.sub(r"\$(?:\{(\w+)\}|(\w+))", lambda m: values[m.group(1) or m.group(2)], text)

    def choices(self, variable):
        """What a variable offers: label_values(series, label)."""
        series, label = re.fullmatch(r"label_values\((.*), (\w+)\)", variable["query"]["query"]).groups()
        return self.prometheus.api("label/%s/values" % label, **{"match[]": self.put_in(series)})

    def ask(self, panel, ref="A"):
        """What a query of a panel shows: [(labels, value now)], of a graph [(labels, [values])]."""
        target = next(t for t in self.panels[panel]["targets"] if t["refId"] == ref)
        expr = self.put_in(target["expr"])
        return self.prometheus.now(expr) if target.get("instant") else self.prometheus.since(expr)
