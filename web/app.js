// SPDX-License-Identifier: ISC
// The page: which view is shown, the keyboard, and the banner when the daemon is away.  What the daemon rendered without us
// stands until the first document is here.

import { el, patchChildren, say, startTicking, ticking } from "/page/dom.js";
import { Domain } from "/page/domain.js";
import { getJSON, link } from "/page/feed.js";
import { List } from "/page/list.js";
import { wall } from "/page/time.js";

const page = document.getElementById("page"), banner = el("div", { class: "banner", role: "alert", hidden: true });
const help = el("dialog", { class: "help card", "aria-label": "Keys" });
const list = new List(page, name => go("/status/" + encodeURIComponent(name)));
let view = null, wentFromList = false;

// ---- which view ----

/** The domain of the address, or null: /status/NAME, or #/NAME at the list. */
function domainOf(url) {
	const path = /^\/status\/([^/]+)$/.exec(url.pathname), hash = /^#\/([^/]+)$/.exec(url.hash);
	const found = path || hash;

	try {
		return found ? decodeURIComponent(found[1]).toLowerCase() : null;
	} catch (e) {
		return null;
	}
}

function route() {
	const url = new URL(location.href), name = domainOf(url);

	if (name !== null && url.pathname === "/")
		history.replaceState(null, "", "/status/" + encodeURIComponent(name));
	if (view && view !== list && view.name === name)	// only another place on the same page
		return;
	if (view)
		view.hide();
	view = name === null ? list : new Domain(page, name, home);
	view.show(url.searchParams);
}

function go(path) {
	wentFromList = view === list;
	history.pushState(null, "", path);
	route();
	scrollTo(0, 0);
	page.focus({ preventScroll: true });
}

/** Back to the list as it was left. */
function home() {
	if (wentFromList) {
		wentFromList = false;
		history.back();
	} else
		go("/");
}

addEventListener("popstate", route);
addEventListener("hashchange", () => {
	if (/^#\//.test(location.hash))
		route();
});

// A window that nobody looks at gives its connections back.  Coming back it asks for everything anew.
document.addEventListener("visibilitychange", () => {
	if (!view)
		return;
	view.stop();
	if (view !== list)
		view.start();
	else if (!document.hidden) {
		list.start();
		list.load();
	}
});

// ---- away ----

let version = null;

/** A newer daemon has a newer page. */
async function checkVersion() {
	try {
		const { daemon } = await getJSON("/status?format=json&limit=1");

		if (version !== null && version !== daemon.version)
			location.reload();
		version = daemon.version;
	} catch (e) {
		// asked again when it is back
	}
}

function away() {
	document.body.classList.toggle("is-away", !link.here);
	banner.hidden = link.here;
	patchChildren(banner, link.here ? [] : [
		el("strong", null, "m365dnsd does not answer."),
		el("span", null, " What is shown is of " + wall(link.heardAt) + "; "),
		ticking("span", { "aria-live": "off" }, () => link.nextTry ? "trying again in " + link.nextTry + " s." : "trying again …"),
		el("button", { type: "button", onclick: () => link.tryNow() }, "Try now"),
	]);
	if (link.here) {
		say("m365dnsd answers again");
		checkVersion();
		view.stop();
		view.start();
		if (view === list)
			list.load();
	}
}

// ---- keys ----

const KEYS = [["j k ↓ ↑", "next, previous"], ["Enter", "open"], ["Esc", "back; in the list: clear the search"], ["/", "search"], ["?", "these keys"]];

function showHelp() {
	patchChildren(help, [
		el("h2", null, "Keys"), el("dl", null, KEYS.map(([k, what]) => el("div", null, el("dt", null, k.split(" ").map(x => el("kbd", null, x))), el("dd", null, what)))),
		el("button", { type: "button", onclick: () => help.close() }, "Close"),
	]);
	help.showModal();
}

addEventListener("keydown", event => {
	if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || help.open)
		return;
	const typing = event.target.closest("input, textarea, select");

	if (event.key === "?" && !typing)
		showHelp();
	else if (event.key === "/" && !typing && view !== list) {
		go("/");
		requestAnimationFrame(() => list.search && list.search.focus());
	} else if (!view.pressed(event))
		return;
	event.preventDefault();
});

document.querySelector("header.top").append(el("button", { type: "button", class: "keys", "aria-label": "Keys", onclick: showHelp }, "?"));
document.body.append(help);
page.before(banner);
page.tabIndex = -1;
document.body.classList.add("live");
link.watch(away);
startTicking();
route();
checkVersion();
