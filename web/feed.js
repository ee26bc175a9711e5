// SPDX-License-Identifier: ISC
// What the daemon says: documents, events, and whether it is there at all.

import { clockIs } from "/page/time.js";

/** A problem document of the daemon: it is there, and says no. */
export class Refused extends Error {
	constructor(status, problem) {
		super(problem.detail || problem.title || "HTTP " + status);
		this.status = status;
	}
}

// ---- is it there? ----

const RETRY_S = [1, 2, 4, 8, 15];
const watchers = [];
let here = true, tries = 0, timer = null, nextTry = 0, heardAt = Date.now();

export const link = {
	get here() { return here; },
	/** Seconds until the next try. */
	get nextTry() { return Math.max(0, Math.ceil((nextTry - Date.now()) / 1000)); },
	/** When the daemon was last heard of, by the clock of this machine. */
	get heardAt() { return heardAt; },
	/** fn() is called when the daemon goes away and when it is back. */
	watch(fn) { watchers.push(fn); },
	tryNow() {
		clearTimeout(timer);
		attempt();
	},
};

function heard() {
	heardAt = Date.now();
	if (here)
		return;
	here = true;
	tries = 0;
	clearTimeout(timer);
	watchers.forEach(fn => fn());
}

function tryLater() {
	const wait = RETRY_S[Math.min(tries++, RETRY_S.length - 1)] * 1000;

	nextTry = Date.now() + wait;
	clearTimeout(timer);
	timer = setTimeout(attempt, wait);
}

async function attempt() {
	try {
		const reply = await fetch("/-/ready", { cache: "no-store", signal: AbortSignal.timeout(5000) });

		if (reply.ok)
			heard();
		else
			tryLater();
	} catch (e) {
		tryLater();
	}
}

function gone() {
	if (here) {
		here = false;
		tries = 0;
		watchers.forEach(fn => fn());
		tryLater();
	}
}

// ---- documents ----

async function fetched(path, options, read) {
	let reply, body;

	try {
		// no-store: times of looks are newer than the revision that an ETag names
		reply = await fetch(path, { headers: { Accept: "application/json" }, cache: "no-store", ...options });
		body = await (reply.ok ? read(reply) : reply.json());
	} catch (e) {
		if (e.name !== "AbortError")
			gone();
		throw e;
	}
	clockIs(reply.headers.get("Date"));
	heard();
	if (!reply.ok)
		throw new Refused(reply.status, body);
	return body;
}

export function getJSON(path, options) {
	return fetched(path, options, reply => reply.json());
}

export function getText(path, options) {
	return fetched(path, { headers: { Accept: "*/*" }, ...options }, reply => reply.text());
}

// ---- events ----

/**
 * Transitions as they happen, of one domain or (null) of all.  The browser comes again by itself, and hears what it has missed;
 * opened() is called each time.  Returns what ends it.
 */
export function follow(domain, transition, opened) {
	let source = null, again = null;

	function open() {
		source = new EventSource("/events" + (domain === null ? "" : "?domain=" + encodeURIComponent(domain)));
		source.addEventListener("transition", event => transition(JSON.parse(event.data)));
		source.onopen = () => {
			heard();
			opened();
		};
		source.onerror = () => {
			// a stream may end and be asked for again; is the daemon there?
			if (here)
				attemptQuietly();
			if (source.readyState === EventSource.CLOSED) {
				clearTimeout(again);
				again = setTimeout(open, 5000);
			}
		};
	}
	open();
	return () => {
		clearTimeout(again);
		source.close();
	};
}

async function attemptQuietly() {
	try {
		await fetch("/-/ready", { cache: "no-store", signal: AbortSignal.timeout(5000) });
	} catch (e) {
		gone();
	}
}
