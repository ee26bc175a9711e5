// SPDX-License-Identifier: ISC
// The closed lists of the daemon in the words, signs and colours of the page.

import { el } from "/page/dom.js";

/** Domain states, what needs a person first. */
export const STATES = {
	regressed:   { tone: "bad",  sign: "!", text: "was right, and is not any more" },
	unpublished: { tone: "bad",  sign: "✕", text: "something required is missing or wrong" },
	unknown:     { tone: "warn", sign: "?", text: "cannot be told: nobody answered" },
	published:   { tone: "wait", sign: "◔", text: "right at the name servers, on its way to everybody" },
	pending:     { tone: "dim",  sign: "…", text: "not asked yet" },
	complete:    { tone: "ok",   sign: "✓", text: "everybody sees it" },
};

export const RECORD_STATES = {
	...STATES,
	visible:          { tone: "ok",  sign: "✓", text: "seen by all that count" },
	"not-configured": { tone: "dim", sign: "–", text: "optional, and not there" },
};

export const VERDICTS = {
	ok:      { tone: "ok",   sign: "✓", text: "right" },
	wrong:   { tone: "bad",  sign: "✕", text: "wrong" },
	missing: { tone: "bad",  sign: "○", text: "missing" },
	stale:   { tone: "wait", sign: "◔", text: "still the old answer" },
	unknown: { tone: "warn", sign: "?", text: "could not be told" },
};

export const REASONS = {
	timeout: "no answer in time", network: "the network failed", servfail: "it failed to find out (SERVFAIL)",
	refused: "it refuses (REFUSED)", notimp: "it cannot (NOTIMP)", formerr: "it did not understand (FORMERR)",
	malformed: "the answer is broken", truncated: "the answer was cut off", filtered: "it filters this name",
	bogus: "DNSSEC validation failed", lame: "not responsible for the zone", "not-global": "its address is not a public one",
	gated: "not asked yet: asking before the name servers are right would keep the absence in its cache",
	"zone-broken": "the zone is broken", "set-aside": "set aside for now: it does not answer", stopped: "the asking was stopped",
};

export const SEVERITIES = {
	error:   { tone: "bad",  sign: "✕", many: "errors" },
	warning: { tone: "warn", sign: "!", many: "warnings" },
	info:    { tone: "dim",  sign: "i", many: "notes" },
};

/** Why the ETA is what it is. */
export const BASES = {
	ttl: "the caches may keep old answers that long",
	"negative-ttl": "until then caches may remember that there was nothing",
	"delegation-ttl": "the old delegation may be remembered that long",
};

const NONE = { tone: "dim", sign: "·", text: "" };

export function of(table, word) {
	return Object.hasOwn(table, word) ? table[word] : NONE;
}

/** A state with its sign in its colour. */
export function pill(table, word) {
	const { tone, sign, text } = of(table, word);

	return el("span", { class: "pill " + tone, title: text || null },
		el("span", { "aria-hidden": "true", class: "sign" }, sign), word);
}

/** 12,345; much quicker than what the browser has for all languages. */
export function number(n) {
	return String(n).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** "1 error", "3 errors" */
export function count(n, one, many = one + "s") {
	return number(n) + " " + (n === 1 ? one : many);
}

export function percent(ratio) {
	// 99.6 % is not all
	return (ratio >= 1 ? 100 : Math.min(99, Math.floor(ratio * 100 + 0.5))) + " %";
}
