// SPDX-License-Identifier: ISC
// One domain: how far it is, when it will be everywhere, what is wrong, who sees what, and how it came about.  Each section makes
// its elements afresh from the document, and patch() brings what is shown in line.

import { el, patchChildren, say, ticking } from "/page/dom.js";
import { Refused, follow, getJSON, link } from "/page/feed.js";
import { Fix, findings } from "/page/findings.js";
import { matrix } from "/page/matrix.js";
import { Past } from "/page/past.js";
import { ago, now, parse, span, wall } from "/page/time.js";
import { BASES, STATES, count, of, percent, pill } from "/page/words.js";

const WAIT_S = 25;		// a long poll, shorter than what proxies cut off
const PAUSE_MS = 400;		// between two documents: a burst of answers is shown at once
const HIDDEN_MS = 30000;	// the same while nobody looks: the title of the window goes on telling

export class Domain {
	constructor(page, name, home) {
		this.page = page;
		this.name = name;
		this.home = home;		// back to the list
		this.doc = null;
		this.opened = new Set();	// records whose answers are shown
		this.fix = new Fix(name, () => this.draw());
		this.past = new Past(name, () => this.draw());
	}

	// ---- coming and going ----

	show() {
		document.title = this.name + " · m365dnsd";
		this.alive = true;
		this.start();
	}

	hide() {
		this.alive = false;
		this.stop();
	}

	start() {
		this.stopper = new AbortController();
		this.poll(this.stopper.signal, document.hidden);
	}

	stop() {
		if (this.unfollow)
			this.unfollow();
		this.unfollow = null;
		this.stopper.abort();
	}

	/** The document, again whenever its revision is another one; of a hidden window now and then, so that it holds no connection. */
	async poll(signal, hidden) {
		let since = null;

		while (!signal.aborted) {
			const wait = since === null || hidden ? "" : "&wait=" + this.patience() + "&since=" + since;

			try {
				const doc = await getJSON("/status/" + encodeURIComponent(this.name) + "?format=json" + wait, { signal });

				since = doc.revision;
				this.take(doc);
				if (!hidden && !this.unfollow && !signal.aborted)
					this.unfollow = follow(this.name, t => this.news(t), () => {});
			} catch (e) {
				if (signal.aborted)
					return;
				if (e instanceof Refused && e.status < 500)
					return this.refused(e);
				since = null;
				// whoever sees the daemon come back starts this anew
				await new Promise(resolve => setTimeout(resolve, link.here ? 2000 : 30000));
			}
			await new Promise(resolve => setTimeout(resolve, hidden ? HIDDEN_MS : PAUSE_MS));
		}
	}

	/** Seconds to wait for a change: until shortly after the next look, which may find none and be news all the same. */
	patience() {
		const next = parse(this.doc.next_check), left = next ? (next - now()) / 1000 + 2 : WAIT_S;

		return Math.round(Math.min(WAIT_S, Math.max(3, left)));
	}

	take(doc) {
		const key = JSON.stringify([doc.state, doc.records.map(r => [r.id, r.state, r.visible])]);
		const found = JSON.stringify(doc.findings.map(f => [f.code, f.record, f.detail])), first = this.doc === null;

		if (this.doc && this.doc.state !== doc.state)
			document.title = of(STATES, doc.state).sign + " " + this.name + " · m365dnsd";
		this.doc = doc;
		if (key !== this.told)
			this.past.load();
		if (key + found !== this.told + this.found)
			this.fix.load();
		this.told = key;
		this.found = found;
		if (first)
			this.openLinked(doc);
		this.draw();
		if (first && location.hash)
			location.replace(location.hash);	// what it names is there only now
	}

	/** /status/NAME#record-mx is a link to that record and its answers. */
	openLinked(doc) {
		const linked = doc.records.find(r => "#record-" + r.id === location.hash);

		if (linked)
			this.opened.add(linked.id);
	}

	refused(e) {
		patchChildren(this.page, [
			this.crumbs(), el("h1", null, this.name), el("p", { class: "empty" }, e.message),
		]);
	}

	/** The long poll brings what is true; this says what happened. */
	news(t) {
		say((t.record === null ? this.name : "record " + t.record) + " is now " + t.to);
	}

	// ---- the page ----

	draw() {
		const doc = this.doc;

		if (!doc || !this.alive)
			return;
		patchChildren(this.page, [
			this.crumbs(), this.head(doc), this.way(doc), this.steps(doc), findings(doc, this.fix),
			this.fix.section(), matrix(doc, this.opened, () => this.draw()), this.past.section(doc),
		].filter(x => x));
	}

	crumbs() {
		return el("nav", { class: "crumbs", "aria-label": "Back", key: "crumbs" },
			el("a", { href: "/", onclick: event => {
				if (event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey) {
					event.preventDefault();
					this.home();
				}
			} }, "← All domains"));
	}

	head(doc) {
		return el("header", { class: "domain", key: "head" },
			el("h1", null, doc.domain_unicode || doc.domain),
			doc.domain_unicode ? el("span", { class: "dim ascii" }, doc.domain) : null,
			pill(STATES, doc.state),
			el("span", { class: "dim since" }, of(STATES, doc.state).text,
				doc.since ? [" · since ", el("time", { datetime: doc.since }, wall(parse(doc.since)))] : null));
	}

	/** The three milestones, and when the last one is reached. */
	way(doc) {
		const { records, published, visible } = doc.required, m = doc.milestones;
		const stage = [
			{ label: "Right at the name servers", at: m.published, now: count(published, "of " + records + " records", "of " + records + " records") },
			{ label: "Seen by the resolvers", at: m.visible, now: percent(doc.progress.visible) },
			{ label: "Complete", at: m.complete, now: "" },
		];
		const reached = [published >= records && records > 0, doc.progress.visible >= 1 && published >= records && records > 0, doc.complete];

		return el("section", { class: "way card", key: "way", "aria-label": "Progress" },
			el("ol", { class: "stages" }, stage.map((s, i) => {
				const done = reached[i], current = !done && (i === 0 || reached[i - 1]);

				return el("li", { class: done ? "done" : current ? "current" : null, "aria-current": current ? "step" : null },
					el("span", { class: "mark", "aria-hidden": "true" }, done ? "✓" : String(i + 1)),
					el("span", { class: "label" }, s.label),
					el("span", { class: "dim" }, done && s.at ? el("time", { datetime: s.at }, wall(parse(s.at))) : s.now || "\u00a0"));
			})),
			el("progress", { max: 100, value: Math.round(doc.progress.visible * 100), class: of(STATES, doc.state).tone,
				"aria-label": "Seen by the resolvers" }),
			this.eta(doc));
	}

	/** When?  Said as what it is: a bound, not known, or passed. */
	eta(doc) {
		const eta = parse(doc.eta), next = parse(doc.next_check);
		const again = next ? ticking("span", { class: "dim" }, () => next > now() ? "next look in " + span((next - now()) / 1000)
			: "looking now") : null;
		let big, why;

		if (doc.complete) {
			big = el("strong", { class: "ok" }, "Everybody sees it.");
			why = "It stays watched: what gets lost is noticed.";
		} else if (eta !== null) {
			big = ticking("strong", { class: "count" }, () => eta > now() ? "Everywhere in " + span((eta - now()) / 1000) + " at the latest"
				: "Expected " + span((now() - eta) / 1000) + " ago, and not everywhere yet");
			why = ticking("span", null, () => (eta > now() ? "By " + wall(eta) + ": " + (BASES[doc.eta_basis] || "as far as can be told") + "."
				: "It was announced for " + wall(eta) + ". Either the last answers are just being confirmed, or a cache keeps them longer than it should."));
		} else if (doc.state === "unpublished" || doc.state === "regressed") {
			big = el("strong", null, "No time can be told yet.");
			why = "The clock starts when everything required is right at the name servers.";
		} else if (doc.state === "published") {
			big = el("strong", null, "The time is not known.");
			why = "Nothing is left that would have to expire; answers are being confirmed, or some resolvers do not answer.";
		} else {
			big = el("strong", null, doc.state === "pending" ? "The first answers are on their way." : "Nobody who counts has answered.");
			why = doc.state === "pending" ? "" : "That says nothing about the records: they may be right.";
		}
		return el("div", { class: "eta", role: "timer", "aria-live": "off" }, big, el("p", null, why, " ", again,
			doc.checked_at ? [again ? " · " : "", ticking("span", { class: "dim" }, () => "last answer " + ago(parse(doc.checked_at)))] : null));
	}

	steps(doc) {
		if (!doc.next_steps.length)
			return null;
		return el("section", { key: "steps" }, el("h2", null, "What remains to be done"),
			el("ol", { class: "next card" }, doc.next_steps.map(s => el("li", { key: s.step }, s.text))));
	}

	// ---- keyboard ----

	pressed(event) {
		const steps = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1 };
		const editing = event.target.closest("select, input, textarea, pre");

		if (event.key === "Escape") {
			this.home();
			return true;
		}
		if (editing || !Object.hasOwn(steps, event.key))
			return false;
		const rows = [...this.page.querySelectorAll("button.record")];
		const at = rows.indexOf(document.activeElement), to = rows[at === -1 ? 0 : at + steps[event.key]];

		if (at === -1 && event.key.startsWith("Arrow"))		// the arrows scroll until a record is chosen
			return false;
		if (to)
			to.focus();
		return true;
	}
}
