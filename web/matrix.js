// SPDX-License-Identifier: ISC
// Who sees what: records down, name servers and operators across.  A column is an authority, or an operator with all its
// addresses: its cell is the worst of theirs.  A record opens into every single answer.

import { el, ticking } from "/page/dom.js";
import { ago, now, parse, span, wall } from "/page/time.js";
import { REASONS, RECORD_STATES, VERDICTS, of, percent, pill } from "/page/words.js";

// The worst of several addresses; one that does not answer says nothing beside one that does.
const WORST = ["wrong", "missing", "stale", "ok", "unknown"];
// What nobody asked for and nobody has to look at is folded away.
const ASIDE = new Set(["optional", "legacy", "forbidden"]), REST = new Set(["not-configured", "unknown", "pending"]);

/** [{ kind, name, view }], in the order of the document. */
function columns(doc) {
	const seen = new Map();

	for (const r of doc.records)
		for (const c of r.cells) {
			const name = c.kind === "authority" ? c.source : c.operator || c.source, key = c.kind + " " + name;

			if (!seen.has(key))
				seen.set(key, { key, kind: c.kind, name, view: c.view, class: c.class });
		}
	return [...seen.values()].sort((a, b) => group(a) - group(b));
}

const GROUPS = ["Name servers", "Resolvers", "Inside"];

function group(column) {
	return column.kind === "authority" ? 0 : column.view === "internal" ? 2 : 1;
}

function inColumn(r, column) {
	return r.cells.filter(c => c.kind === column.kind && (c.kind === "authority" ? c.source : c.operator || c.source) === column.name);
}

function worst(cells) {
	return cells.reduce((a, b) => WORST.indexOf(b.verdict) < WORST.indexOf(a.verdict) ? b : a);
}

function words(c) {
	return c.verdict === "unknown" && c.reason ? REASONS[c.reason] || c.reason : of(VERDICTS, c.verdict).text;
}

function looks(c) {
	if (c.verdict === "unknown" && (c.reason === "gated" || c.reason === null && !c.checked_at))
		return { tone: "dim", sign: "·" };
	return of(VERDICTS, c.verdict);
}

function cell(r, column) {
	const cells = inColumn(r, column);

	if (cells.length === 0)
		return el("td", { key: column.key, class: "x" });
	const c = worst(cells), { tone, sign } = looks(c), alike = cells.filter(x => x.verdict === c.verdict).length;
	const part = alike < cells.length ? alike + "/" + cells.length : null;
	const text = (part ? alike + " of " + cells.length + " addresses: " : "") + words(c);

	return el("td", { key: column.key, class: "x " + tone, title: column.name + ": " + text },
		el("span", { "aria-hidden": "true" }, sign, part ? el("sub", null, part) : null),
		el("span", { class: "away" }, text));
}

/** Every answer, one a line. */
function answers(r, span_) {
	return el("tr", { key: r.id + " answers", class: "answers" }, el("td", { colspan: span_ }, el("div", null,
		r.expected.length ? el("p", null, el("span", { class: "dim" }, r.need === "forbidden" ? "must not be there" : "wanted: "),
			r.expected.map((x, i) => [i ? el("span", { class: "dim" }, " or ") : null, el("code", null, x)])) : null,
		el("ul", null, r.cells.map(c => {
			const { tone, sign } = looks(c), eta = parse(c.eta), checked = parse(c.checked_at);

			return el("li", { key: c.source + c.address },
				el("span", { class: "sign " + tone, "aria-hidden": "true" }, sign),
				el("span", { class: "who" }, c.source, " ", el("span", { class: "dim" }, c.address)),
				el("span", { class: "what" },
					el("span", { class: tone }, words(c)),
					c.rcode && c.rcode !== "NOERROR" ? el("span", { class: "dim" }, " ", c.rcode) : null,
					c.values.map(v => [" ", el("code", null, v)])),
				el("span", { class: "when dim" },
					c.verdict === "stale" && eta ? ticking("span", null, () => eta > now() ? "until " + wall(eta) + ", " + span((eta - now()) / 1000)
						: "expired, asked again soon") : checked ? ticking("span", null, () => ago(checked)) : null,
					c.verdict === "ok" && c.kind === "resolver" && c.confirmed < 2 ? " · to be confirmed" : null,
					c.rtt_ms !== null ? " · " + c.rtt_ms + " ms" : null));
		})))));
}

function row(r, cols, opened, redraw) {
	const open = opened.has(r.id);

	return [el("tr", { key: r.id, id: "record-" + r.id },
		el("th", { scope: "row" },
			el("button", { type: "button", class: "record", "aria-expanded": String(open), onclick: () => {
				if (!opened.delete(r.id))
					opened.add(r.id);
				redraw();
			} }, el("span", { class: "id" }, r.id), el("span", { class: "name dim" }, r.name_unicode || r.name, " ", r.type))),
		el("td", { class: "c-rstate" }, pill(RECORD_STATES, r.state), el("span", { class: "dim n" }, r.state === "published" ? percent(r.visible) : "")),
		cols.map(c => cell(r, c))), open ? answers(r, cols.length + 2) : null];
}

function heads(cols) {
	const groups = GROUPS.map((label, i) => ({ label, n: cols.filter(c => group(c) === i).length })).filter(g => g.n);

	return [
		el("tr", { key: "groups" }, el("th", { colspan: 2 }),
			groups.map(g => el("th", { scope: "colgroup", colspan: g.n, class: "group" }, g.label))),
		el("tr", { key: "names" }, el("th", { scope: "col" }, "Record"), el("th", { scope: "col" }, "State"),
			cols.map(c => el("th", { key: c.key, scope: "col", class: "who", title: c.name },
				el("span", null, c.name)))),
	];
}

function table(rows, cols, opened, redraw, label) {
	return el("div", { class: "wide card", tabindex: "0", role: "region", "aria-label": label },
		el("table", { class: "matrix", "aria-label": label }, el("thead", null, heads(cols)),
			el("tbody", null, rows.map(r => row(r, cols, opened, redraw)))));
}

export function matrix(doc, opened, redraw) {
	const cols = columns(doc);
	const aside = doc.records.filter(r => ASIDE.has(r.need) && REST.has(r.state) && !r.findings.length);
	const main = doc.records.filter(r => !aside.includes(r));

	if (!doc.records.length)
		return null;
	return el("section", { key: "matrix", id: "records" }, el("h2", null, "Who sees what"),
		table(main, cols, opened, redraw, "Records and who sees them"),
		el("p", { class: "legend dim" }, ["ok", "wrong", "missing", "stale", "unknown"].map(v =>
			el("span", null, el("span", { class: of(VERDICTS, v).tone, "aria-hidden": "true" }, of(VERDICTS, v).sign), " ", of(VERDICTS, v).text)),
			el("span", null, el("span", { "aria-hidden": "true" }, "·"), " not asked yet")),
		aside.length ? el("details", null, el("summary", null, aside.length + " more that are optional" + (aside.every(r => r.state === "not-configured") ? ", and not there" : "")),
			table(aside, cols, opened, redraw, "Optional records")) : null);
}
