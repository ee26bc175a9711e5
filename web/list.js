// SPDX-License-Identifier: ISC
// The list of domains.  All of them are held here (a summary has some 400 bytes), so that search, filter and order answer at once;
// of the rows only those on the screen exist.  Beyond LOAD_MAX the daemon does the searching.

import { el, patchChildren, say, ticking } from "/page/dom.js";
import { follow, getJSON } from "/page/feed.js";
import { ago, coarse, now, parse, span, wall } from "/page/time.js";
import { STATES, count, number, of, percent, pill } from "/page/words.js";

const LOAD_MAX = 20000, PAGE = 1000;
const MARGIN = 8;			// rows kept beyond each edge of the screen
const BURST = 25;			// changes within a moment: load all of it again
const RANK = Object.fromEntries(Object.keys(STATES).map((s, i) => [s, i]));

const COLUMNS = [
	{ id: "state",  label: "State",     less: (a, b) => RANK[a.state] - RANK[b.state] },
	{ id: "domain", label: "Domain",    less: () => 0 },
	{ id: "seen",   label: "Seen",      less: (a, b) => a.progress.visible - b.progress.visible },
	{ id: "eta",    label: "Everywhere in", less: (a, b) => (parse(a.eta) || Infinity) - (parse(b.eta) || Infinity) || 0 },
	{ id: "found",  label: "Findings",  less: (a, b) => b.findings.error - a.findings.error || b.findings.warning - a.findings.warning },
	{ id: "since",  label: "Since",     less: (a, b) => parse(b.since) - parse(a.since) },
];

/** What the daemon says of itself that a person should know. */
function problems(daemon) {
	const out = [];

	if (daemon && daemon.config && !daemon.config.last_reload_successful)
		out.push("The last reload failed, so the configuration before it holds: " + daemon.config.problem);
	if (daemon && daemon.store && daemon.store.problem)
		out.push("The database is " + daemon.store.health + ": " + daemon.store.problem);
	for (const r of daemon && daemon.notify || [])
		if (r.failing)
			out.push("Notifications do not reach " + r.name + ": " + r.problem);
	return out;
}

/** The last line of the page as the daemon rendered it, kept up to date. */
function footer(daemon) {
	const line = document.querySelector("body > footer");

	if (line && daemon && daemon.started_at)
		patchChildren(line, [
			ticking("span", null, () => "m365dnsd " + daemon.version + ", up " + span((now() - parse(daemon.started_at)) / 1000)),
			el("a", { href: "/resolvers" }, "resolvers"), el("a", { href: "/metrics" }, "metrics"), el("a", { href: "/openapi.json" }, "API"),
		]);
}

export class List {
	constructor(page, open) {
		this.page = page;
		this.open = open;
		this.rows = [];			// by name, as the daemon gives them
		this.shown = [];		// filtered and in order
		this.total = 0;
		this.big = false;		// there are more than are held here
		this.narrowed = false;		// rows holds only what the daemon found
		this.loaded = false;
		this.q = this.state = "";
		this.sort = { id: "state", down: false };
		this.at = -1;			// of shown: where the keyboard is
		this.rowHeight = 45;
		this.measured = 0;		// the width of the window when that was found
		this.made = new Map();		// name -> the row that stands there
		this.scrollTop = 0;
		this.changed = new Map();	// name -> until when its row is lit
		this.dirty = new Set();
	}

	// ---- coming and going ----

	show(params) {
		this.dirty.clear();
		this.q = params.get("q") || "";
		this.state = Object.hasOwn(STATES, params.get("state") || "") ? params.get("state") : "";
		document.title = "m365dnsd";
		this.alive = true;
		this.onScroll = () => this.draw();
		addEventListener("scroll", this.onScroll, { passive: true });
		addEventListener("resize", this.onScroll);
		if (this.loaded)
			this.build();
		this.load();
		this.start();
	}

	hide() {
		this.alive = false;
		this.scrollTop = scrollY;
		removeEventListener("scroll", this.onScroll);
		removeEventListener("resize", this.onScroll);
		this.stop();
		this.body = null;
	}

	/** Begin to hear news; stop() when nobody looks: a browser has six connections for all its windows. */
	start() {
		let first = true;

		this.unfollow = follow(null, t => this.news(t), () => {
			if (!first)
				this.load();
			first = false;
		});
		this.refresh = setInterval(() => this.later(), 5000);
	}

	stop() {
		if (this.unfollow)
			this.unfollow();
		this.unfollow = null;
		clearInterval(this.refresh);
	}

	/** What is not told as news (how many see it, the ETA) is looked up now and then; the more there is, the less often. */
	later() {
		const every = this.rows.length <= 200 ? 5000 : this.rows.length <= 2000 ? 30000 : 300000;

		if (Date.now() - this.loadedAt >= every && !this.loading)
			this.load();
	}

	// ---- loading ----

	query() {
		const p = new URLSearchParams({ limit: PAGE });

		this.narrowed = this.big && (this.q !== "" || this.state !== "");
		if (this.narrowed && this.q)
			p.set("q", this.q);
		if (this.narrowed && this.state)
			p.set("state", this.state);
		return p;
	}

	async load() {
		const p = this.query(), rows = [], mine = this.loading = Symbol("load");

		this.dirty.clear();
		try {
			for (let next = null; ;) {
				if (next !== null)
					p.set("cursor", next);
				const doc = await getJSON("/status?format=json&" + p);

				if (this.loading !== mine || !this.alive)
					return;
				rows.push(...doc.domains);
				next = doc.next;
				this.total = doc.total;
				this.daemon = doc.daemon;
				if (next === null || rows.length >= LOAD_MAX) {
					if (!this.narrowed)
						this.big = next !== null;
					break;
				}
				if (!this.loaded || rows.length > this.rows.length)
					this.take(rows);
			}
			this.take(rows);
		} catch (e) {
			// the banner says it, and we are asked again when the daemon is back
		} finally {
			if (this.loading === mine)
				this.loading = null;
			this.loadedAt = Date.now();
			if (this.dirty.size)
				this.updateSoon();
		}
	}

	take(rows) {
		this.rows = rows.slice();
		if (!this.loaded || !this.body) {
			this.loaded = true;
			this.build();
		} else
			this.arrange();
	}

	// ---- news ----

	news(t) {
		if (t.record !== null || t.source !== null)
			return;
		this.dirty.add(t.domain);
		say(t.domain + " is now " + t.to);
		this.updateSoon();
	}

	updateSoon() {
		if (!this.dirtyTimer)
			this.dirtyTimer = setTimeout(() => this.update(), this.rows.length > 2000 ? 2000 : 200);
	}

	async update() {
		const names = [...this.dirty];

		this.dirtyTimer = null;
		if (!this.alive || this.loading)		// what is on its way may be older than the news: when it is here
			return;
		this.dirty.clear();
		names.forEach(name => this.changed.set(name, Date.now() + 2500));
		if (names.length > BURST)
			return this.load();
		for (const name of names)
			await this.updateOne(name);
		this.arrange();
	}

	/** The page of one that begins behind its predecessor. */
	async updateOne(name) {
		const i = this.rows.findIndex(r => r.domain >= name);
		const p = new URLSearchParams({ format: "json", limit: 1 });

		if (i > 0)
			p.set("cursor", this.rows[i - 1].domain);
		else if (i === -1 && this.rows.length > 0)
			p.set("cursor", this.rows[this.rows.length - 1].domain);
		try {
			const [row] = (await getJSON("/status?" + p)).domains;

			if (row && row.domain === name) {
				const at = this.rows.findIndex(r => r.domain >= name);

				if (at !== -1 && this.rows[at].domain === name)
					this.rows[at] = row;
				else
					return this.load();
			} else
				return this.load();
		} catch (e) {
			// as above
		}
	}

	// ---- what is shown ----

	matches(r) {
		const q = this.q.toLowerCase();

		return r.domain.includes(q) || (r.domain_unicode || "").includes(q);
	}

	arrange() {
		if (!this.body)
			return;
		const found = this.rows.filter(r => this.matches(r));
		const column = COLUMNS.find(c => c.id === this.sort.id), sign = this.sort.down ? -1 : 1;
		const focused = this.at >= 0 && this.shown[this.at] && this.shown[this.at].domain;

		this.counts = {};
		for (const r of found)
			this.counts[r.state] = (this.counts[r.state] || 0) + 1;
		this.shown = found.filter(r => !this.state || r.state === this.state);
		// the order by name is that of the daemon, and sorting is stable
		if (this.sort.id === "domain") {
			if (this.sort.down)
				this.shown.reverse();
		} else
			this.shown.sort((a, b) => sign * column.less(a, b));
		if (focused)
			this.at = this.shown.findIndex(r => r.domain === focused);
		this.drawAround();
		this.draw();
	}

	build() {
		this.search = el("input", {
			type: "search", id: "q", placeholder: "Search domains", "aria-label": "Search domains", autocomplete: "off",
			spellcheck: "false", "aria-keyshortcuts": "/", oninput: () => {
				this.q = this.search.value.trim();
				this.filtered();
			},
		});
		this.search.value = this.q;
		this.headline = el("div", { class: "headline" });
		this.notices = el("div");
		this.chips = el("div", { class: "chips", role: "group", "aria-label": "Show domains that are" });
		this.head = el("tr");
		this.body = el("tbody");
		this.empty = el("p", { class: "empty", hidden: true });
		this.table = el("table", { class: "domains", "aria-label": "Domains" }, el("thead", null, this.head), this.body);
		this.made.clear();
		patchChildren(this.page, []);
		this.page.append(this.notices, this.headline,
			el("div", { class: "tools" }, el("label", { class: "search" }, this.search), this.chips), this.table, this.empty);
		this.arrange();
		if (this.scrollTop)
			scrollTo(0, this.scrollTop);
		if (this.at >= 0)
			this.move(0);
	}

	filtered() {
		const p = new URLSearchParams();

		if (this.q)
			p.set("q", this.q);
		if (this.state)
			p.set("state", this.state);
		history.replaceState(null, "", String(p) ? "/?" + p : "/");
		this.at = -1;
		this.arrange();
		if (this.big) {
			clearTimeout(this.searchTimer);
			this.searchTimer = setTimeout(() => this.load(), 250);
		}
	}

	chip(state) {
		const n = state ? this.counts[state] || 0 : Object.values(this.counts).reduce((a, b) => a + b, 0);

		if (state && n === 0 && this.state !== state)
			return null;
		return el("button", {
			key: state || "all", type: "button", class: "chip " + (state ? of(STATES, state).tone : ""),
			"aria-pressed": String(this.state === state), title: state ? of(STATES, state).text : null,
			onclick: () => {
				this.state = this.state === state ? "" : state;
				this.filtered();
			},
		}, state || "all", " ", el("span", { class: "n" }, number(n)));
	}

	columnHead(c) {
		const on = this.sort.id === c.id;

		return el("th", { key: c.id, scope: "col", class: "c-" + c.id, "aria-sort": on ? (this.sort.down ? "descending" : "ascending") : "none" },
			el("button", {
				type: "button", onclick: () => {
					this.sort = { id: c.id, down: on && !this.sort.down };
					this.arrange();
				},
			}, c.label, el("span", { class: "arrow", "aria-hidden": "true" }, on ? (this.sort.down ? "▾" : "▴") : "")));
	}

	/** All but the rows. */
	drawAround() {
		const chips = ["", ...Object.keys(STATES)].map(s => this.chip(s)).filter(x => x);
		const attention = (this.counts.regressed || 0) + (this.counts.unpublished || 0) + (this.counts.unknown || 0);
		const n = Object.values(this.counts).reduce((a, b) => a + b, 0);
		const sentence = attention ? number(attention) + (attention === 1 ? " needs" : " need") + " a look"
			: this.counts.published ? count(this.counts.published, "is", "are") + " on the way"
			: n && this.counts.complete === n ? "All is well" : "";

		patchChildren(this.notices, problems(this.daemon).map(text => el("p", { class: "notice", role: "status" }, text)));
		footer(this.daemon);
		patchChildren(this.headline, [
			el("h1", null, count(Math.max(this.total, this.rows.length), "domain")),
			el("p", { class: attention ? "bad" : "dim" }, sentence),
		]);
		patchChildren(this.chips, chips.length > 2 || this.state ? chips : []);
		patchChildren(this.head, COLUMNS.map(c => this.columnHead(c)));
		this.table.setAttribute("aria-rowcount", this.shown.length + 1);
		this.table.hidden = this.shown.length === 0;
		this.empty.hidden = this.shown.length > 0;
		this.empty.textContent = this.rows.length ? "No domain here matches. Escape clears the search."
			: this.q || this.state ? "No domain matches."
			: "No domain is watched yet. Add a domain block to m365dnsd.conf, and reload.";
		if (this.total > this.rows.length) {
			this.empty.hidden = false;
			this.empty.textContent = "Here are the first " + number(this.rows.length) + " of " +
				number(this.total) + ". Search to find any of the others.";
		}
	}

	// ---- rows ----

	eta(r) {
		const eta = parse(r.eta);

		if (r.state === "complete")
			return "";
		if (eta === null)
			return r.state === "published" ? "unknown" : "–";
		return eta > now() ? coarse((eta - now()) / 1000) : "overdue";
	}

	/** On a narrow window, what the columns say on a wide one. */
	brief(r) {
		const eta = this.eta(r), { error, warning } = r.findings;

		return ["seen " + percent(r.progress.visible), eta === "overdue" ? eta : r.eta ? "all in " + eta : null,
			error ? count(error, "error") : warning ? count(warning, "warning") : null].filter(x => x).join(", ");
	}

	/** The row of r, the i-th: as it stands there, unless something in it is new. */
	row(r, i) {
		const lit = (this.changed.get(r.domain) || 0) > Date.now(), kept = this.made.get(r.domain);
		const state = (i === this.at ? "at " : "") + (lit ? "lit" : "");

		if (kept && kept.r === r && kept.i === i && kept.state === state && kept.node.isConnected)
			return kept.node;
		return this.make(r, i, state);
	}

	make(r, i, state) {
		const { error, warning } = r.findings;

		return el("tr", { key: r.domain, "aria-rowindex": i + 2, class: state || null,
				onclick: event => { if (!event.target.closest("a")) this.open(r.domain); } },
			el("td", { class: "c-state" }, pill(STATES, r.state)),
			el("td", { class: "c-domain", title: r.domain },
				el("a", { href: "/status/" + encodeURIComponent(r.domain), onclick: event => {
					if (event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey) {
						event.preventDefault();
						this.open(r.domain);
					}
				} }, r.domain_unicode || r.domain),
				ticking("span", { class: "sub" }, () => this.brief(r))),
			el("td", { class: "c-seen" },
				el("span", { class: "meter " + of(STATES, r.state).tone, "aria-hidden": "true" },
					el("span", { style: { width: percent(r.progress.visible).replace(" ", "") } })),
				el("span", { class: "n" }, percent(r.progress.visible))),
			el("td", { class: "c-eta", title: r.eta ? "by " + wall(parse(r.eta)) : null }, ticking("span", null, () => this.eta(r))),
			el("td", { class: "c-found" },
				error ? el("span", { class: "bad" }, count(error, "error")) : null, error && warning ? ", " : null,
				warning ? el("span", { class: "warn" }, count(warning, "warning")) : null),
			el("td", { class: "c-since", title: r.since ? wall(parse(r.since)) : null },
				r.since ? ticking("span", null, () => ago(parse(r.since))) : null));
	}

	spacer(key, rows) {
		return el("tr", { key, class: "spacer", "aria-hidden": "true", style: { height: rows * this.rowHeight + "px" } }, el("td", { colspan: COLUMNS.length }));
	}

	/** The rows on the screen, between two spacers. */
	draw() {
		if (!this.body)
			return;
		const top = this.body.getBoundingClientRect().top, n = this.shown.length;
		const first = Math.max(0, Math.min(n, Math.floor(-top / this.rowHeight)) - MARGIN);
		const last = Math.min(n, Math.max(0, Math.ceil((innerHeight - top) / this.rowHeight)) + MARGIN);
		const rows = [];

		if (first > 0)
			rows.push(this.spacer(" before", first));
		for (let i = first; i < last; i++)
			rows.push(this.row(this.shown[i], i));
		if (last < n)
			rows.push(this.spacer(" after", n - last));
		patchChildren(this.body, rows);
		this.remember(first, last);
		this.measure(first > 0 ? 1 : 0);
	}

	remember(first, last) {
		const at = first > 0 ? 1 : 0;

		this.made.clear();
		for (let i = first; i < last; i++) {
			const node = this.body.children[at + i - first];

			this.made.set(this.shown[i].domain, { r: this.shown[i], i, state: node.className, node });
		}
	}

	/** All rows are as high as one; how high is known once for a width of the window. */
	measure(i) {
		const row = this.body.children[i];

		if (!row || this.measured === innerWidth)
			return;
		const height = row.offsetHeight;

		this.measured = innerWidth;
		if (height && Math.abs(height - this.rowHeight) > 0.5) {
			this.rowHeight = height;
			this.draw();
		}
	}

	// ---- keyboard ----

	move(by) {
		if (this.shown.length === 0)
			return;
		this.at = this.at === -1 && by < 0 ? 0 : Math.max(0, Math.min(this.shown.length - 1, this.at + by));
		const top = this.body.getBoundingClientRect().top + this.at * this.rowHeight;

		if (top < 120)
			scrollBy(0, top - 120);
		else if (top + this.rowHeight > innerHeight - 40)
			scrollBy(0, top + this.rowHeight - innerHeight + 40);
		this.draw();
		const link = this.body.querySelector("tr.at a");
		if (link)
			link.focus({ preventScroll: true });
	}

	/** True: the key was for us. */
	pressed(event) {
		const steps = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1, PageDown: 10, PageUp: -10 };
		const typing = event.target === this.search;

		if (event.key === "Escape") {
			this.q = this.search.value = "";
			this.state = "";
			this.search.blur();
			this.filtered();
			return true;
		}
		if (event.key === "/" && !typing) {
			this.search.focus();
			this.search.select();
			return true;
		}
		if (event.key === "Enter" && typing && this.shown.length > 0) {
			this.open(this.shown[0].domain);
			return true;
		}
		if (typing && event.key !== "ArrowDown")
			return false;
		if (event.key === "Enter" && this.at >= 0 && !event.target.closest("a, button")) {
			this.open(this.shown[this.at].domain);
			return true;
		}
		if (event.key === "Home" || event.key === "End") {
			this.move(event.key === "Home" ? -this.shown.length : this.shown.length);
			return true;
		}
		if (!Object.hasOwn(steps, event.key))
			return false;
		this.move(steps[event.key]);
		return true;
	}
}
