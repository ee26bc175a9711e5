#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""
lint-monitoring.py: what is wrong with contrib/prometheus and contrib/grafana, a line each; nothing when all is well.
lint-monitoring.py --rules: the expressions of the dashboard as a file of rules, for promtool to read.

A metric has to be one of those in tests/golden.  The dashboard keeps the rules of Grafana's dashboard-linter: no data source of its
own, every query by job and instance, rates by $__rate_interval, a title, a description and a unit for each panel, no overlap.
The dashboard is of schemaVersion 38 (Grafana 10.0).  It agrees with the types of @grafana/schema 10.4, 11.6 and 13.2 (dashboard,
panels, options, field configuration); that was checked by hand with tsc.
"""

import glob
import json
import re
import sys

DASHBOARD = "contrib/grafana/m365dnsd.json"
DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}
VARIABLES = ["datasource", "job", "instance", "domain", "record"]
METRIC = re.compile(r"\b(?:m365dnsd_[a-z0-9_]+|process_[a-z0-9_]+)\b")


def known():
    """Names of samples: of a histogram there are three."""
    names = set()
    for path in ("tests/golden/daemon.prom", "tests/golden/daemon.cells.prom"):
        with open(path, encoding="utf-8") as f:
            for line in f:
                word = line.split()
                if line.startswith("# TYPE"):
                    parts = ("_bucket", "_sum", "_count") if word[3] == "histogram" else ("",)
                    names.update(word[2] + part for part in parts)
    return names


def metrics_exist():
    names = known()
    for path in glob.glob("contrib/prometheus/*.yml") + glob.glob("contrib/grafana/*.json"):
        with open(path, encoding="utf-8") as f:
            for metric in sorted(set(METRIC.findall(f.read())) - names):
                yield f"{path}: there is no metric {metric}"


def alerts_are_tested():
    with open("contrib/prometheus/rules.yml", encoding="utf-8") as f:
        alerts = re.findall(r"^ *- alert: (\w+)", f.read(), re.M)
    with open("tests/prometheus/rules_test.yml", encoding="utf-8") as f:
        tested = set(re.findall(r"alertname: (\w+)", f.read()))
    for alert in alerts:
        if alert not in tested:
            yield f"contrib/prometheus/rules.yml: no test of {alert}"
        if not alert.startswith("M365Dns"):
            yield f"contrib/prometheus/rules.yml: {alert} does not begin with M365Dns"


def overlap(a, b):
    a, b = a["gridPos"], b["gridPos"]
    return a["x"] < b["x"] + b["w"] and b["x"] < a["x"] + a["w"] and a["y"] < b["y"] + b["h"] and b["y"] < a["y"] + a["h"]


def of_target(target):
    expr = target["expr"]
    if target["datasource"] != DATASOURCE:
        yield "a query with a data source of its own"
    for selector in re.findall(METRIC.pattern + r"(\{[^}]*\}|)", expr):
        if 'job=~"$job"' not in selector or 'instance=~"$instance"' not in selector:
            yield f"does not choose job and instance: {expr}"
    for span in re.findall(r"\[([^]]*)\]", expr):
        if span != "$__rate_interval":
            yield f"[{span}] instead of [$__rate_interval]"
    # That of scrape.yml; of the 15 s that a data source takes for granted a rate would be made of two samples, or of one.
    if "$__rate_interval" in expr and target.get("interval") != "30s":
        yield f"no interval of 30s: {expr}"
    if re.search(r"_(total|bucket)\{", expr) and not re.search(r"\b(rate|increase)\(", expr):
        yield f"a counter without rate(): {expr}"


def of_panel(panel):
    for member in ("title", "description"):
        if not panel.get(member):
            yield f"no {member}"
    if not panel["fieldConfig"]["defaults"].get("unit"):
        yield "no unit"
    if panel["datasource"] != DATASOURCE:
        yield "a data source of its own"
    if len({t["refId"] for t in panel["targets"]}) != len(panel["targets"]) or not panel["targets"]:
        yield "queries share a refId, or there is none"
    for target in panel["targets"]:
        yield from of_target(target)


def dashboard(board):
    if board.get("uid") or board.get("id"):
        yield "has an id of its own"
    if board["editable"]:
        yield "can be edited in place"
    names = [v["name"] for v in board["templating"]["list"]]
    if names != VARIABLES:
        yield f"variables are {names}"
    for v in board["templating"]["list"][1:]:
        if not (v["multi"] and v["includeAll"] and v["allValue"] == ".+" and v["refresh"] == 2 and v["datasource"] == DATASOURCE):
            yield f"variable {v['name']}: not as the others"
    panels = board["panels"]
    if len({p["id"] for p in panels}) != len(panels):
        yield "panels share an id"
    for i, panel in enumerate(panels):
        for other in panels[:i]:
            if overlap(panel, other):
                yield f"{panel['title']} lies over {other['title']}"
        if panel["type"] != "row":
            yield from (f"{panel['title']}: {complaint}" for complaint in of_panel(panel))


def rules(board):
    print("groups:\n  - name: dashboard\n    rules:")
    exprs = [t["expr"] for p in board["panels"] for t in p.get("targets", [])]
    for i, expr in enumerate(exprs):
        print(f"      - record: panel:{i}\n        expr: {json.dumps(expr.replace('$__rate_interval', '5m'))}")


def main():
    with open(DASHBOARD, encoding="utf-8") as f:
        board = json.load(f)
    if sys.argv[1:] == ["--rules"]:
        rules(board)
        return
    for complaint in dashboard(board):
        print(f"{DASHBOARD}: {complaint}")
    for complaint in [*metrics_exist(), *alerts_are_tested()]:
        print(complaint)


main()
