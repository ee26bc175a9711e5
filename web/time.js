// SPDX-License-Identifier: ISC
// Times as people read them.  The clock is the daemon's: the one of this machine may be wrong.

let offset = 0;

/** What the daemon's clock said (RFC 3339, or the Date of a reply), just now. */
export function clockIs(text) {
	const t = Date.parse(text);

	// the Date of a reply has whole seconds
	if (!Number.isNaN(t) && Math.abs(t - now()) > 1500)
		offset = t - Date.now();
}

export function now() {
	return Date.now() + offset;
}

export function parse(text) {
	return text ? Date.parse(text) : null;
}

const UNITS = [["day", "d", 86400], ["hour", "h", 3600], ["minute", "min", 60], ["second", "s", 1]];

/** "3 min 12 s", the two largest units. */
export function span(seconds) {
	let left = Math.max(0, Math.round(seconds)), out = [];

	for (const [, short, size] of UNITS) {
		const n = Math.floor(left / size);

		left -= n * size;
		if (n > 0 || (size === 1 && out.length === 0))
			out.push(n + " " + short);
		else if (out.length)
			break;
		if (out.length === 2)
			break;
	}
	return out.join(" ");
}

/** "3 min", the largest unit only. */
export function coarse(seconds) {
	for (const [, short, size] of UNITS)
		if (seconds >= size)
			return Math.floor(seconds / size) + " " + short;
	return "0 s";
}

export function ago(ms) {
	const seconds = (now() - ms) / 1000;

	return seconds < 1 ? "now" : coarse(seconds) + " ago";
}

function two(n) {
	return String(n).padStart(2, "0");
}

/** A time of day here, with the date unless it is today; seconds unless it is long ago. */
export function wall(ms) {
	const t = new Date(ms), today = new Date(now());
	const day = t.getFullYear() + "-" + two(t.getMonth() + 1) + "-" + two(t.getDate());
	const time = two(t.getHours()) + ":" + two(t.getMinutes()) + ":" + two(t.getSeconds());

	return t.toDateString() === today.toDateString() ? time : day + " " + time.slice(0, 5);
}
