// SPDX-License-Identifier: ISC
// How it came about: when each operator came round, and what changed when.

import { el, ticking } from "/page/dom.js";
import { getJSON } from "/page/feed.js";
import { ago, now, parse, span, wall } from "/page/time.js";
import { RECORD_STATES, of } from "/page/words.js";

const PAGE = 25;

export class Past {
	constructor(name, redraw) {
		this.name = name;
		this.redraw = redraw;
		this.rows = this.spread = null;
		this.next = null;
	}

	path(cursor) {
		return "/history/" + encodeURIComponent(this.name) + "?limit=" + PAGE + (cursor ? "&cursor=" + encodeURIComponent(cursor) : "");
	}

	/** The newest page.  What is told is committed first, a moment after it is seen. */
	load() {
		clearTimeout(this.timer);
		this.timer = setTimeout(() => this.read(), this.rows ? 700 : 0);
	}

	async read() {
		try {
			const doc = await getJSON(this.path(null)), older = (this.rows || []).filter(r => doc.transitions.length && r.id < doc.transitions[doc.transitions.length - 1].id);

			this.rows = doc.transitions.concat(older);
			this.spread = doc.spread;
			if (!older.length)
				this.next = doc.next;
		} catch (e) {
			// without a database there is none
		}
		this.redraw();
	}

	async more() {
		try {
			const doc = await getJSON(this.path(this.next));

			this.rows = this.rows.concat(doc.transitions);
			this.next = doc.next;
		} catch (e) {
			// the button stays
		}
		this.redraw();
	}

	/** Per operator outside: when it came to see each required record, and which of them it still has as they were. */
	lanes(doc) {
		const wanted = doc.records.filter(r => r.need === "required"), lanes = new Map(), outside = new Set();
		const lane = source => {
			if (!lanes.has(source))
				lanes.set(source, { source, from: Infinity, marks: [], open: new Set() });
			return lanes.get(source);
		};

		for (const r of wanted)
			for (const c of r.cells)
				if (c.kind === "resolver" && c.view === "public") {
					outside.add(c.operator || c.source);
					if (c.verdict === "stale")
						lane(c.operator || c.source).open.add(r.id);
				}
		for (const s of this.spread || []) {
			if (!s.published || !s.visible || !outside.has(s.source) || !wanted.some(r => r.id === s.record))
				continue;
			const l = lane(s.source);

			l.from = Math.min(l.from, parse(s.published));
			l.marks.push({ record: s.record, at: Math.max(parse(s.visible), parse(s.published)) });
		}
		for (const l of lanes.values())
			l.end = Math.max(...l.marks.map(m => m.at));		// -Infinity: none yet
		return [...lanes.values()].sort((a, b) => a.open.size - b.open.size || a.end - b.end || (a.source < b.source ? -1 : 1));
	}

	timeline(doc) {
		const lanes = this.lanes(doc), eta = parse(doc.eta);
		const from = Math.min(parse(doc.milestones.published) || Infinity, ...lanes.map(l => l.from));

		if (!lanes.length || from === Infinity)
			return null;
		const open = lanes.some(l => l.open.size);
		const last = Math.max(...lanes.flatMap(l => l.marks.map(m => m.at)), open ? now() : 0, eta || 0, from + 1000);
		const at = t => (100 * (t - from) / (last - from)).toFixed(2) + "%";

		return el("div", { class: "card" }, el("table", { class: "lanes", "aria-label": "When each operator came round" },
			el("thead", { class: "away" }, el("tr", null, el("th", { scope: "col" }, "Operator"), el("th", { scope: "col" }, "Time line"),
				el("th", { scope: "col" }, "Took"))),
			el("tbody", null, lanes.map(l => {
				const end = Math.max(from, l.end);

				return el("tr", { key: l.source }, el("th", { scope: "row" }, l.source),
					el("td", null, el("div", { class: "lane", "aria-hidden": "true" },
						el("span", { class: "bar ok", style: { left: "0%", width: at(end) } }),
						l.open.size ? el("span", { class: "bar wait", style: { left: at(end), width: "calc(100% - " + at(end) + ")" } }) : null,
						open ? el("span", { class: "now", title: "now", style: { left: at(Math.min(now(), last)) } }) : null,
						l.marks.map(m => el("span", { class: "dot", title: m.record + ": seen at " + wall(m.at), style: { left: at(m.at) } })))),
					el("td", { class: "took" }, l.open.size ? el("span", { class: "wait", title: [...l.open].join(", ") }, l.open.size + " to come") : span((end - from) / 1000)));
			}))),
			el("p", { class: "ends dim" }, el("span", null, wall(from), " published"), el("span", null, wall(last), last === eta ? " at the latest" : null)));
	}

	line(t) {
		const { tone, sign } = of(RECORD_STATES, t.to);

		return el("li", { key: t.id }, el("time", { datetime: t.at, title: ago(parse(t.at)) }, wall(parse(t.at))),
			el("span", { class: "sign " + tone, "aria-hidden": "true" }, sign),
			el("span", null, el("strong", null, t.record === null ? this.name : t.record), t.source ? " at " + t.source : null, ": ",
				el("span", { class: "dim" }, t.from, " → "), el("span", { class: tone }, t.to), t.detail ? el("span", { class: "dim" }, " · ", t.detail) : null));
	}

	section(doc) {
		if (this.rows === null || !this.rows.length)
			return null;
		return el("section", { key: "past" }, el("h2", null, "How it came about"), this.timeline(doc),
			el("ol", { class: "history card" }, this.rows.map(t => this.line(t))),
			this.next ? el("button", { type: "button", class: "more", onclick: () => this.more() }, "Older") : null);
	}
}
