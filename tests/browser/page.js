// SPDX-License-Identifier: ISC
// The cases of the page: it loads and stays live, can be used by keyboard and heard, shows what strangers wrote as text, says when
// the daemon is away.  After each the console is empty and nobody was asked but the daemon (run.js).  What the page looked like is
// left in BUILD/pictures.

import assert from "node:assert/strict";
import { SLOW } from "./browser.js";
import { faint, mistakes } from "./rules.js";

export const CASES = new Map();

/** test_page.py reads the names out of this file: a line begins with test("NAME", */
function test(name, f) {
	CASES.set(name, f);
}

/** Until f(arg) holds in the page. */
async function until(page, what, f, arg, seconds = 15) {
	try {
		await page.waitForFunction(f, arg, { timeout: seconds * 1000 * SLOW });
	} catch (e) {
		throw new Error("not so: " + what + "\n" + e.stack + "\nwhat is shown:\n" + await page.evaluate(() => document.body.innerText));
	}
}

/** Until f() holds here. */
async function poll(what, f) {
	for (const end = Date.now() + 15000 * SLOW; !f(); await new Promise(resolve => setTimeout(resolve, 20)))
		assert(Date.now() < end, "not so: " + what);
}

/** Until the first element of this selector says this. */
function says(page, selector, text, seconds) {
	return until(page, selector + " says " + text, ([s, source, flags]) => {
		const e = document.querySelector(s);

		return e && new RegExp(source, flags).test(e.innerText);
	}, [selector, text.source, text.flags], seconds);
}

const count = (page, selector) => page.locator(selector).count();
const picture = (page, name, options) => page.screenshot({ path: process.env.BUILD + "/pictures/" + name + ".png", ...options });

/** Milliseconds of processor that the page's thread needs for f(): script, style, layout and paint, whatever else this machine does. */
async function work(page, f) {
	const cdp = await page.context().newCDPSession(page);
	const sofar = async () => (await cdp.send("Performance.getMetrics")).metrics.find(m => m.name === "TaskDuration").value;

	await cdp.send("Performance.enable", { timeDomain: "threadTicks" });
	const before = await sofar();
	await page.evaluate(f);
	const ms = (await sofar() - before) * 1000;
	await cdp.detach();
	return ms;
}

async function press(page, ...keys) {
	for (const key of keys)
		await page.keyboard.press(key);
}

const DOMAINS = "table.domains tbody a";

/** Until the list says that this domain is in this state. */
function listed(page, name, state, seconds) {
	return until(page, name + " is " + state, ([name, state]) => [...document.querySelectorAll("table.domains tbody tr")].some(row =>
		row.innerText.includes(name) && row.querySelector(".pill").lastChild.data === state), [name, state], seconds);
}

test("page: the list loads, and changes without a reload", async (lab, windows) => {
	const name = await lab.domain({ drop: ["mx"] });

	await lab.daemon([name, "right.test"]);
	await lab.becomes(name, "unpublished");
	await lab.becomes("right.test", "complete");
	const page = await windows.open("/");
	await listed(page, name, "unpublished");
	await listed(page, "right.test", "complete");
	assert.equal(await page.locator(DOMAINS).first().innerText(), name, "what needs a look comes first");
	await page.evaluate(() => { window.mark = 1; });
	await picture(page, "list");
	await lab.change(name);
	await listed(page, name, "complete", 30);
	await until(page, "it is said", () => document.getElementById("said").textContent.includes("is now"));
	assert.equal(await page.evaluate(() => window.mark), 1, "the same document all the time");
	await says(page, ".headline", /All is well/);
});

test("page: a domain fills in live, from a mistake over the waiting to complete", async (lab, windows) => {
	const name = await lab.domain({ replace: { mx: "@ IN MX 10 mail.old.example." }, ttl: 8, negative: 4 });

	await lab.daemon([name]);
	await lab.becomes(name, "unpublished");
	const page = await windows.open("/status/" + name);
	await page.locator(".finding.bad .code").first().waitFor();
	assert.match(await page.locator(".eta").innerText(), /No time can be told yet/, "no time is invented");
	await says(page, ".fix pre", /mail\.protection\.outlook\.com/);
	await lab.ask("r1", name, "MX");
	await picture(page, "mistake", { fullPage: true });
	await lab.change(name);
	await says(page, ".eta", /^Everywhere in \d+ s at the latest|^Expected|^Everybody/, 30);
	await picture(page, "waiting", { fullPage: true });
	await says(page, ".eta", /^Everybody sees it/, 60);
	await until(page, "no finding is left", () => !document.querySelector(".finding.bad"));
	await until(page, "the time line is there", () => document.querySelectorAll(".lanes tbody tr").length >= 2);
	await says(page, ".history", /complete/);
	await until(page, "the window says so", () => document.title.startsWith("✓"));
	await page.locator("#record-mx button").click();
	await page.evaluate(() => { location.hash = "#record-mx"; });
	await until(page, "every answer", () => document.querySelectorAll("tr.answers li").length >= 4);
	assert.equal(new URL(page.url()).hash, "#record-mx", "a place on the page");
	assert.equal(await count(page, "h1"), 1, "not another page");
	await picture(page, "complete", { fullPage: true });
	assert.equal(await page.evaluate(() => performance.getEntriesByType("navigation").length), 1, "loaded once");
});

test("page: a countdown that has passed says so, and one that is not known too", async (lab, windows) => {
	const after = seconds => new Date(Date.now() + seconds * 1000).toISOString().replace(/\.\d+/, "");
	let eta = after(100), basis = "ttl";

	await lab.daemon(["right.test"]);
	const doc = await lab.becomes("right.test", "complete");
	const page = await windows.open("/status/right.test", {
		prepare: page => page.route(url => url.pathname === "/status/right.test" && url.search, async route => {
			if (route.request().url().includes("wait="))
				await new Promise(resolve => setTimeout(resolve, 200));
			await route.fulfill({ json: { ...doc, state: "published", complete: false, revision: Math.floor(Date.now() / 100), eta, eta_basis: basis } });
		}),
	});
	await says(page, ".eta", /^Everywhere in 1 min \d+ s at the latest/);
	const was = await page.locator(".eta strong").innerText();
	await until(page, "the seconds go by", was => document.querySelector(".eta strong").innerText !== was, was);
	eta = after(-3700);
	await says(page, ".eta", /^Expected 1 h .* ago, and not everywhere yet/);
	eta = basis = null;
	await says(page, ".eta", /^The time is not known/);
	await page.unrouteAll({ behavior: "ignoreErrors" });
});

test("page: what to type is copied by a button, also without the clipboard's permission", async (lab, windows) => {
	const name = await lab.domain({ replace: { spf: "@ IN TXT \"v=spf1 mx -all\"" } });
	const clipboard = page => page.evaluate(() => navigator.clipboard.readText());

	await lab.daemon([name]);
	await lab.becomes(name, "unpublished");
	const page = await windows.open("/status/" + name);
	const value = page.locator(".type dd", { hasText: "v=spf1 mx include:" }).first(), button = value.getByRole("button", { name: /^Copy/ });
	await button.click();
	await button.and(page.getByText("Copied")).waitFor();
	assert.equal(await clipboard(page), "v=spf1 mx include:spf.protection.outlook.com -all");
	await until(page, "said", () => document.getElementById("said").textContent.includes("copied"));
	const all = page.locator(".fix .bar button.copy");
	for (const refused of [false, true]) {
		if (refused)
			await page.evaluate(() => { navigator.clipboard.writeText = () => Promise.reject(new Error("no")); });
		await page.locator(".fix select").selectOption("zone");
		await says(page, ".fix pre", / IN TXT /);
		await all.click();
		await all.and(page.getByText("Copied")).waitFor();
		assert.equal((await clipboard(page)).replaceAll("\r", ""), await lab.fix(name, "zone"), "the whole fix");
		if (!refused)
			await page.evaluate(() => navigator.clipboard.writeText(""));
		await until(page, "the button is itself again", () => document.querySelector(".fix .bar button.copy").innerText === "Copy");
	}
	// every format that there is
	for (const format of await page.locator(".fix option").evaluateAll(options => options.map(o => o.value))) {
		await page.locator(".fix select").selectOption(format);
		await until(page, "the fix as " + format, want => document.querySelector(".fix pre").textContent === want, await lab.fix(name, format));
	}
});

test("page: what to type stands once, at the finding that it mends, field by field", async (lab, windows) => {
	const spf = "v=spf1 " + Array.from({ length: 10 }, (_, i) => `ip4:192.0.2.${100 + i} ip4:198.51.100.${100 + i}`).join(" ");
	const name = await lab.domain({ services: "exchange,teams", drop: ["sipfederationtls"], replace: { spf: `@ IN TXT "${spf.slice(0, 200)}" "${spf.slice(200)} -all"` } });

	await lab.daemon(`domain "${name}" { verification = "MS=ms12345678" services = {"exchange", "teams"} }\n`);
	await lab.becomes(name, "unpublished");
	const page = await windows.open("/status/" + name);
	const box = type => page.locator(".type", { has: page.locator(`code:text-is("${type}")`) });
	const rows = async type => (await box(type).locator(":scope > div").allInnerTexts()).map(text => text.replace(/\s*\n\s*/g, " ").replace(/ ?Copy\b/, ""));

	await box("SRV").waitFor();
	assert.deepEqual((await rows("SRV")).slice(2), ["Where a form asks for them: service _sipfederationtls, protocol _tcp", "Priority 100", "Weight 1",
		"Port 5061", "Target sipfed.online.lync.com.", "TTL 3600"]);
	const txt = await rows("TXT");
	assert(txt.includes("Value MS=ms12345678"), txt.join("\n"));
	assert.match(txt.join("\n"), /Delete this value:\nValue v=spf1 ip4:.* -all \(\d+ characters: where a field takes 255 at most/);
	assert.equal(await count(page, ".type"), 2, "one for each set of records");
	assert.equal(await page.getByText("one change mends both").count(), 1, "both records of one set have a finding");
});

test("page: everything goes by keyboard", async (lab, windows) => {
	const focused = page => page.evaluate(() => document.activeElement.innerText);
	const focusedIs = (page, what) => page.evaluate(what => document.activeElement.matches(what), what);

	await lab.daemon(["right.test", "signed.test", "bogus.test"]);
	const page = await windows.open("/");
	await until(page, "three", links => document.querySelectorAll(links).length === 3, DOMAINS);
	const names = await page.locator(DOMAINS).allInnerTexts();
	await press(page, "j");
	assert.equal(await focused(page), names[0], "j: the first");
	await press(page, "ArrowDown", "j", "j");
	assert.equal(await focused(page), names[2], "down, and no further than the last");
	await press(page, "k");
	assert.equal(await focused(page), names[1], "k: up");
	await press(page, "/");
	assert(await focusedIs(page, "#q"), "/: search");
	await page.keyboard.type("signed");
	await until(page, "found", links => document.querySelectorAll(links).length === 1, DOMAINS);
	assert.equal(new URL(page.url()).search, "?q=signed", "the address knows");
	await press(page, "Enter");
	await until(page, "opened", () => location.pathname === "/status/signed.test" && document.querySelector("button.record"));
	await press(page, "j");
	assert(await focusedIs(page, "button.record"), "j: the first record");
	await press(page, "Enter");
	await page.locator("tr.answers").first().waitFor();
	await press(page, "j");
	assert(await focusedIs(page, "button.record"), "the next one");
	await press(page, "Escape");
	await until(page, "back in the list as it was", () => location.search === "?q=signed" && document.querySelector("#q").value === "signed");
	await press(page, "Escape");
	await until(page, "all again", links => document.querySelectorAll(links).length === 3 && location.search === "", DOMAINS);
	await press(page, "?");
	await until(page, "help", () => document.querySelector("dialog").open);
	await press(page, "Escape");
	await until(page, "no help", () => !document.querySelector("dialog").open);
	await page.goto("/#/right.test");
	await until(page, "a deep link", () => location.pathname === "/status/right.test" && document.querySelector("h1").innerText === "right.test");
	await page.goto("about:blank");
	await page.goto("/status/right.test#record-spf");
	await until(page, "a link to a record", () => {
		const row = document.querySelector("tr:target"), top = row && row.getBoundingClientRect().top;

		return row && row.id === "record-spf" && row.nextSibling.className === "answers" && top >= 0 && top < innerHeight;
	});
	await page.goto("/status/nobody.test");
	await until(page, "an old link", () => document.querySelector(".crumbs") && document.body.innerText.includes("This domain is not watched."));
	windows.complaints = windows.complaints.filter(c => !/status of 404 .*\/status\/nobody\.test/.test(c));	// of the browser, as it should
	await press(page, "Escape");
	await until(page, "the list", links => document.querySelectorAll(links).length === 3, DOMAINS);
});

test("page: what a stranger wrote into a record is text and does nothing", async (lab, windows) => {
	// as in a zone file: escapes of a terminal, and a character that turns the direction of text
	const evil = "<script>alert(1)</script><img src=x onerror=alert(2)>\\027[31m'\\\"&amp;{{7*7}}\\226\\128\\174";
	const name = await lab.domain({ replace: { spf: `@ IN TXT "v=spf1 ${evil} -all"` }, add: `@ IN TXT "MS=${evil}"\n` });

	await lab.daemon([name]);
	await lab.becomes(name, "unpublished");
	const page = await windows.open("/status/" + name);
	await page.locator(".finding.bad").first().waitFor();
	await page.evaluate(() => {
		document.querySelectorAll("button.record").forEach(b => b.click());
		document.querySelectorAll("details").forEach(d => { d.open = true; });
	});
	await until(page, "shown", () => document.querySelector("#page").innerText.includes("<script>alert(1)</script><img src=x onerror=alert(2)>"));
	assert.equal(await count(page, "#page script, #page img, #page iframe"), 0, "no elements of it");
	assert.equal(await page.locator("#page *").evaluateAll(all => all.filter(e => [...e.attributes].some(a => a.name.startsWith("on"))).length), 0,
		"no handlers of it");
	assert.doesNotMatch(await page.locator("#page").textContent(), /[\x00-\x08\x0b-\x1f\u202a-\u202e]/, "nothing that turns or hides text");
	// whoever writes markup in the next version is stopped by the browser, which says so
	assert.equal(await page.evaluate(() => {
		try {
			document.body.innerHTML = "<b>x</b>";
			return "done";
		} catch (e) {
			return e.name;
		}
	}), "TypeError", "innerHTML is refused");
	windows.complaints = windows.complaints.filter(c => !/TrustedHTML|Trusted Type/.test(c));
});

test("page: it says when the daemon is away, and goes on when it is back", async (lab, windows) => {
	await lab.daemon(["right.test"]);
	await lab.becomes("right.test", "complete");
	for (const [path, shown] of [["/", DOMAINS], ["/status/right.test", "button.record"]]) {
		const page = await windows.open(path);

		await page.locator(shown).first().waitFor();
		await lab.stop();
		await says(page, ".banner:not([hidden])", /^m365dnsd does not answer\. What is shown is of /, 20);
		assert(await count(page, shown) > 0, "what was known stays");
		await picture(page, "away");
		await lab.start();
		await until(page, "back", shown => document.querySelector(".banner").hidden && document.querySelector(shown), shown, 30);
		await page.close();
	}
	windows.complaints = windows.complaints.filter(c => !c.startsWith("Failed to load resource"));	// of the browser, as it should
});

test("page: 10,000 domains are found and scrolled without stutter", async (lab, windows) => {
	const states = [...Array(7).fill("complete"), "published", "unpublished", "regressed"];
	const rows = Array.from({ length: 10000 }, (_, i) => ({
		domain: "d" + String(i).padStart(5, "0") + ".example", revision: 1, state: states[i % 10], since: "2026-11-21T10:00:00Z", complete: i % 10 < 7,
		progress: { published: 1, visible: i % 100 / 100 }, required: 4, eta: null, eta_basis: null, checked_at: null,
		findings: { error: i % 3, warning: i % 2, info: 0 },
	}));

	await lab.daemon(["right.test"]);
	const { daemon } = await lab.get("/status");
	const page = await windows.open("/", {
		prepare: page => page.route(url => url.pathname === "/status", route => {
			const cursor = new URL(route.request().url()).searchParams.get("cursor"), at = cursor ? rows.findIndex(r => r.domain > cursor) : 0;
			const domains = rows.slice(at, at + 1000);

			return route.fulfill({ json: { domains, total: rows.length, daemon, next: at + 1000 < rows.length ? domains.at(-1).domain : null } });
		}),
	});
	await says(page, ".chip .n", /^10,000$/, 30);
	assert(await count(page, "table.domains tbody tr") < 80, "only what is on the screen exists");
	assert.equal(await page.locator("table.domains").getAttribute("aria-rowcount"), "10001", "all are counted for who hears the page");
	await picture(page, "many");
	// a screen a frame
	const scrolled = await work(page, () => new Promise(done => {
		let n = 0;

		requestAnimationFrame(function step() {
			scrollBy(0, innerHeight);
			if (++n < 40)
				requestAnimationFrame(step);
			else
				done();
		});
	})) / 40;
	await press(page, "/");
	const searched = await work(page, () => new Promise(done => {
		const input = document.querySelector("#q");

		input.value = "d0777";
		input.dispatchEvent(new Event("input"));
		requestAnimationFrame(() => requestAnimationFrame(done));
	}));
	await lab.note(`page: 10,000 domains: a screen further takes ${scrolled.toFixed(1)} ms, a search ${searched.toFixed(1)} ms`);
	assert(scrolled < 50 * SLOW, `a screen further takes ${scrolled} ms`);
	assert(searched < 150 * SLOW, `a search takes ${searched} ms`);
	assert.equal(await count(page, DOMAINS), 10, "found");
	await press(page, "Escape", "End");
	await until(page, "the last", () => {
		const at = document.querySelector("tr.at");

		return at && at.rowIndex > 0 && at.getAttribute("aria-rowindex") === "10001";
	});
});

test("page: wide and narrow, light and dark, seen and heard", async (lab, windows) => {
	const name = await lab.domain({ drop: ["mx"], replace: { spf: "@ IN TXT \"v=spf1 mx -all\"" } });

	await lab.daemon([name, "right.test", "bogus.test"]);
	await lab.becomes(name, "unpublished");
	await lab.becomes("right.test", "complete");
	for (const [path, shown] of [["/", DOMAINS], ["/status/" + name, ".type"], ["/status/right.test", ".history"]]) {
		const page = await windows.open(path);

		await page.locator(shown).first().waitFor();
		for (const width of [320, 768, 1280, 2560])
			for (const colorScheme of ["light", "dark"]) {
				await page.setViewportSize({ width, height: 800 });
				await page.emulateMedia({ colorScheme });
				await page.waitForTimeout(100);
				if ([320, 1280].includes(width))
					await picture(page, [path.slice(1).replaceAll("/", "-") || "list", width, colorScheme].join("-"));
				assert.deepEqual(await page.evaluate(mistakes), [], `${path} at ${width}`);
				assert.deepEqual(await page.evaluate(faint), [], `contrast of ${path}, ${colorScheme}`);
			}
		// the tree that the browser gives to a screen reader
		const { nodes } = await (await page.context().newCDPSession(page)).send("Accessibility.getFullAXTree");
		const roles = new Set(nodes.filter(n => !n.ignored && n.role).map(n => n.role.value));
		for (const role of ["main", "heading", "table", "row", "columnheader", "status"])
			assert(roles.has(role), role + " is heard");
		await page.close();
	}
});

test("page: the history goes back to the beginning, and a hidden window holds no connection", async (lab, windows) => {
	await lab.daemon("domain \"right.test\" { services = {\"exchange\", \"teams\", \"skype\", \"intune\", \"dmarc\", \"tls-rpt\"} }\n");
	await lab.becomes("right.test", "complete");
	const page = await windows.open("/status/right.test"), all = await lab.transitions("right.test");
	const lines = (what, n, more) => until(page, what, ([n, more]) => document.querySelectorAll(".history li").length === n
		&& Boolean(document.querySelector("button.more")) === more, [n, more]);
	const both = urls => ["/events?", "&wait="].every(part => urls.some(url => url.includes(part)));

	await lines("one page of it", Math.min(all, 25), all > 25);
	if (all > 25)
		await page.locator("button.more").click();
	await lines("all of it", all, false);
	await poll("a stream and a long poll", () => both(windows.requests));
	const hide = hidden => page.evaluate(hidden => {
		Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
		document.dispatchEvent(new Event("visibilitychange"));
	}, hidden);
	await hide(true);
	await poll("both end", () => both(windows.ended));
	const asked = windows.requests.length;
	await hide(false);
	await poll("it asks again", () => windows.requests.slice(asked).some(url => url.includes("/events")));
});

test("page: without scripts there is all of it, only not live", async (lab, windows) => {
	await lab.daemon(["right.test"]);
	await lab.becomes("right.test", "complete");
	const page = await windows.open("/", { javaScriptEnabled: false });
	assert.match(await page.locator("body").innerText(), /complete\s+right\.test/, "the list");
	assert.equal(await page.locator("meta[http-equiv=refresh]").getAttribute("content"), "30", "it asks again by itself");
	await picture(page, "without");
	await page.goto("/status/right.test?format=html");
	assert.match(await page.locator("body").innerText(), /autodiscover/, "the domain");
});
