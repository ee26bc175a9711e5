// SPDX-License-Identifier: ISC
// What is wrong, why we say so, and what to type to mend it.

import { copyButton, el } from "/page/dom.js";
import { getJSON, getText } from "/page/feed.js";
import { SEVERITIES, count, of } from "/page/words.js";

const FORMATS = {
	text: "What to type", zone: "Zone file", nsupdate: "nsupdate", route53: "AWS Route 53", terraform: "Terraform",
	azure: "Azure CLI", cloudflare: "Cloudflare", json: "JSON",
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

// ---- what to type, one set of records ----

function field(label, value, copied, remark) {
	return el("div", null, el("dt", null, label), el("dd", null, el("code", null, value),
		copied ? copyButton(copied, () => String(value)) : null, remark ? el("span", { class: "dim" }, " ", remark) : null));
}

function note(text) {
	return el("div", { class: "note" }, text);
}

/** A value as the fields of a form.  The dot at the end of a host says that its name is complete. */
function fields(v, of) {
	return [
		v.text !== undefined ? field("Value", v.text, "value of " + of,
			v.length > 255 ? "(" + v.length + " characters: where a field takes 255 at most, cut it into pieces and put each in quotation marks)" : null) : null,
		v.priority !== undefined ? field("Priority", v.priority) : null,
		v.weight !== undefined ? field("Weight", v.weight) : null,
		v.port !== undefined ? field("Port", v.port) : null,
		v.target !== undefined ? field(v.port === undefined ? "Points to" : "Target", v.target + ".", "host of " + of) : null,
		v.address !== undefined ? field("Address", v.address, "address of " + of) : null,
	];
}

function change(c) {
	const of = c.records.join(", "), [service, protocol] = c.label.split(".");

	return el("dl", { class: "type" },
		field("Type", c.type),
		field("Name", c.label, "name of " + of,
			"(complete: " + c.name + (c.label === "@" ? "; leave the field empty where @ is not taken)" : ")")),
		c.type === "SRV" && protocol ? note("Where a form asks for them: service " + service + ", protocol " + protocol) : null,
		c.delete.map(v => [c.action === "delete" ? null : note("Delete this value:"), fields(v, of)]),
		c.add.map(v => [c.action === "add" && c.add.length === 1 ? null : note("Add this value:"), fields(v, of)]),
		c.add.length ? field("TTL", c.ttl) : null,
		c.keep.length ? note(count(c.keep.length, "other value") + " of this name and type " + (c.keep.length === 1 ? "stays as it is." : "stay as they are.")) : null,
		c.notes.map(text => note("! " + text)));
}

/** Each change with the finding that it stands at: the first that it mends, or else the first that is about one of its records. */
function placed(changes, list) {
	return new Map(changes.map(c => {
		const about = list.filter(f => f.records.some(r => c.records.includes(r)));

		return [c, about.find(f => c.findings.includes(f.code)) || about[0]];
	}));
}

/** The fix of a domain, in the format that was chosen. */
export class Fix {
	constructor(name, redraw) {
		this.name = name;
		this.redraw = redraw;
		this.format = "zone";		// what to type stands at the findings
		this.text = null;
		this.changes = [];
	}

	path(format) {
		return "/fix/" + encodeURIComponent(this.name) + "?format=" + encodeURIComponent(format);
	}

	async load() {
		try {
			await formatsOf();
			this.changes = (await getJSON(this.path("json"))).changes;
			this.text = await getText(this.path(this.format));
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

// ---- findings ----

function finding(f, at) {
	const { tone, sign } = of(SEVERITIES, f.severity);
	const here = [...at].filter(([, first]) => first === f).map(([c]) => c);
	const above = [...at].some(([c, first]) => first !== f && c.findings.includes(f.code) && f.records.some(r => c.records.includes(r)));

	return el("li", { key: f.code + " " + f.record + " " + f.detail, class: "finding card " + tone },
		el("h3", null, el("span", { class: "sign " + tone, "aria-hidden": "true" }, sign), el("span", { class: "away" }, f.severity, ": "), f.title,
			" ", el("code", { class: "code" }, f.code),
			f.records.map(r => el("a", { class: "ref", href: "#record-" + r }, r))),
		el("p", null, f.detail),
		f.advice ? el("p", { class: "advice" }, f.advice) : null,
		here.map(change),
		above && !here.length ? el("p", { class: "dim" }, "What to type stands above: one change mends both.") : null,
		f.evidence.length ? el("details", null, el("summary", null, "Evidence (" + f.evidence.length + ")"),
			el("ul", { class: "evidence" }, f.evidence.map(e => el("li", null, el("code", null, e))))) : null);
}

export function findings(doc, fix) {
	const order = Object.keys(SEVERITIES), list = doc.findings.slice().sort((a, b) => order.indexOf(a.severity) - order.indexOf(b.severity));
	const loud = list.filter(f => f.severity !== "info"), notes = list.filter(f => f.severity === "info");
	const at = placed(fix.changes, loud);

	if (!list.length)
		return null;
	return el("section", { key: "findings" },
		el("h2", null, loud.length ? count(loud.length, "thing") + " to look at" : "Good to know"),
		loud.length ? el("ul", { class: "findings" }, loud.map(f => finding(f, at))) : null,
		notes.length ? el("details", { class: "notes", open: loud.length === 0 }, el("summary", null, count(notes.length, "note")),
			el("ul", { class: "findings" }, notes.map(f => finding(f, at)))) : null);
}
