// SPDX-License-Identifier: ISC
// run.js NAME: the case of page.js with that name, in a browser of its own.  tests/integration/test_page.py starts it and holds the
// name servers and the daemon; asking it for something is a line of JSON on stdout, and its answer one on stdin.  What failed goes
// to stderr.

import { createInterface } from "node:readline";
import { SLOW, launch } from "./browser.js";
import { CASES } from "./page.js";

const answers = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

/** lab.domain({ drop: ["mx"] }) is Hands.domain(drop=["mx"]) of test_page.py. */
const lab = new Proxy({}, {
	get: (_, what) => async (...args) => {
		process.stdout.write(JSON.stringify({ what, args }) + "\n");
		const { value, error } = JSON.parse((await answers.next()).value);

		if (error)
			throw new Error(error);
		return value;
	},
});

/** The windows of a case; all that they asked for and complained of. */
class Windows {
	constructor(browser) {
		this.browser = browser;
		this.complaints = [];
		this.requests = [];
		this.ended = [];	// requests without an answer, or not to the end of it
	}

	/** A window that shows this path of the daemon.  options: of a context, and prepare(page), called before the page is loaded. */
	async open(path, { prepare, ...options } = {}) {
		const origin = await lab.origin();
		const context = await this.browser.newContext({ baseURL: origin, viewport: { width: 1280, height: 900 }, colorScheme: "light", ...options });

		await context.grantPermissions(["clipboard-read", "clipboard-write"], { origin });
		const page = await context.newPage();
		page.setDefaultTimeout(15000 * SLOW);
		page.on("console", m => ["error", "warning", "assert"].includes(m.type()) && this.complaints.push(m.text() + " " + m.location().url));
		page.on("pageerror", e => this.complaints.push(String(e.stack || e)));
		page.on("request", r => this.requests.push(r.url()));
		page.on("requestfailed", r => this.ended.push(r.url()));
		if (prepare)
			await prepare(page);
		await page.goto(path);
		return page;
	}

	/** Nothing to complain of, and nobody asked but the daemon. */
	async quiet() {
		const origin = await lab.origin(), strangers = this.requests.filter(url => !url.startsWith(origin + "/"));

		if (this.complaints.length || strangers.length)
			throw new Error(["The console is not empty, or somebody else was asked:", ...this.complaints, ...strangers].join("\n"));
	}
}

async function run(name) {
	const browser = await launch();

	try {
		const windows = new Windows(browser);

		await CASES.get(name)(lab, windows);
		await windows.quiet();
	} finally {
		await browser.close();
	}
}

setTimeout(() => {
	console.error("not over after three minutes");
	process.exit(1);
}, 180000 * SLOW);
try {
	await run(process.argv[2]);
	process.exit(0);
} catch (e) {
	console.error(e.stack || e);
	process.exit(1);
}
