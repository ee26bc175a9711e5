// SPDX-License-Identifier: ISC
// What is wrong, why we say so, and what to type to mend it.

import { copyButton, el } from "/page/dom.js";
import { getJSON, getText } from "/page/feed.js";
import { SEVERITIES, count, of } from "/page/words.js";

const FORMATS = {
	text: "What to type", zone: "Zone file", nsupdate: "nsupdate", route53: "AWS Route 53", terraform: "Terraform",
	azure: "Azure CLI", cloudflare: "Cloudflare API",
};

let formats = null;

/** The formats that this daemon has, from its own description. */
async function formatsOf() {
	if (formats === null) {
		const api = await getJSON("/openapi.json");

		formats = api.paths["/fix/{domain}"].get.parameters.find(p => p.name === "format").schema.enum;
	}
	return formats;
}

// "     Points to   mail.example."
const FIELD = /^ {5}(\S+(?: \S+)*) {2,}(.*)$/;

/** The text of a fix, change by change: [{ record, title, lines: [{ label, value } | { text }] }]. */
export function changesOf(text) {
	const out = [];

	for (const line of text.split("\n")) {
		const head = /^\d+\. (\S+) ((?:\S+, )*\S+)/.exec(line), field = FIELD.exec(line);

		if (head)
			out.push({ record: head[2], title: line.replace(/^\d+\. /, ""), lines: [] });
		else if (out.length && field)
			out[out.length - 1].lines.push({ label: field[1], value: field[2] });
		else if (out.length && line.trim())
			out[out.length - 1].lines.push({ text: line.trim() });
	}
	return out;
}

const COPIED = new Set(["Value", "Points to", "Target"]);

function change(c) {
	return el("dl", { class: "type" }, c.lines.map(l => {
		if (l.text !== undefined)
			return el("div", { class: "note" }, l.text);
		// "@   (complete: contoso.com; ...)"
		const [value, remark] = l.label === "Name" ? l.value.split(/ {3,}(?=\()/) : [l.value, null];

		return el("div", null, el("dt", null, l.label), el("dd", null, el("code", null, value),
			COPIED.has(l.label) || l.label === "Name" ? copyButton(l.label.toLowerCase() + " of " + c.record, () => value) : null,
			remark ? el("span", { class: "dim" }, " ", remark) : null));
	}));
}

/** The fix of a domain, in the format that was chosen. */
export class Fix {
	constructor(name, redraw) {
		this.name = name;
		this.redraw = redraw;
		this.format = "zone";		// the text is beside the findings, change by change
		this.text = this.plain = null;
		this.changes = [];
	}

	get(format) {
		return getText("/fix/" + encodeURIComponent(this.name) + "?format=" + encodeURIComponent(format));
	}

	async load() {
		try {
			await formatsOf();
			this.plain = await this.get("text");
			this.changes = changesOf(this.plain);
			this.text = this.format === "text" ? this.plain : await this.get(this.format);
		} catch (e) {
			this.text = null;
		}
		this.redraw();
	}

	section() {
		if (this.text === null || this.changes.length === 0)
			return null;
		return el("section", { key: "fix", class: "fix" },
			el("details", { open: true }, el("summary", null, el("h2", null, "The fix, all of it")),
				el("div", { class: "card" },
					el("div", { class: "bar" },
						el("label", null, "for ", el("select", { "aria-label": "Format of the fix", onchange: event => {
							this.format = event.target.value;
							this.load();
						} }, formats.map(f => el("option", { value: f, selected: f === this.format }, FORMATS[f] || f)))),
						copyButton("the fix", () => this.text)),
					el("pre", { tabindex: "0", "aria-label": "The fix" }, this.text.split("\n").map((l, i) => [i ? document.createTextNode("\n") : null, l])))));
	}
}

function finding(f, first, fix) {
	const { tone, sign } = of(SEVERITIES, f.severity);
	const changes = first ? fix.changes.filter(c => c.record.split(", ").some(r => f.records.includes(r))) : [];

	return el("li", { key: f.code + " " + f.record + " " + f.detail, class: "finding card " + tone },
		el("h3", null, el("span", { class: "sign " + tone, "aria-hidden": "true" }, sign), el("span", { class: "away" }, f.severity, ": "), f.title,
			" ", el("code", { class: "code" }, f.code),
			f.records.map(r => el("a", { class: "ref", href: "#record-" + r }, r))),
		el("p", null, f.detail),
		f.advice ? el("p", { class: "advice" }, f.advice) : null,
		changes.map(change),
		f.evidence.length ? el("details", null, el("summary", null, "Evidence (" + f.evidence.length + ")"),
			el("ul", { class: "evidence" }, f.evidence.map(e => el("li", null, el("code", null, e))))) : null);
}

export function findings(doc, fix) {
	const seen = new Set(), order = Object.keys(SEVERITIES);
	const list = doc.findings.slice().sort((a, b) => order.indexOf(a.severity) - order.indexOf(b.severity));
	const made = list.map(f => {
		const first = f.record !== null && f.severity !== "info" && !seen.has(f.record);

		f.records.forEach(r => seen.add(r));
		return { f, node: finding(f, first, fix) };
	});
	const loud = made.filter(x => x.f.severity !== "info"), notes = made.filter(x => x.f.severity === "info");

	if (!made.length)
		return null;
	return el("section", { key: "findings" },
		el("h2", null, loud.length ? count(loud.length, "thing") + " to look at" : "Good to know"),
		loud.length ? el("ul", { class: "findings" }, loud.map(x => x.node)) : null,
		notes.length ? el("details", { class: "notes", open: loud.length === 0 }, el("summary", null, count(notes.length, "note")),
			el("ul", { class: "findings" }, notes.map(x => x.node))) : null);
}
