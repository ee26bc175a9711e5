// SPDX-License-Identifier: ISC
// Debian's Chromium without a window, driven by playwright-core.  tests/integration/playwright.py says in the environment where
// both are: BUILD (npm has put its package below it, where import does not look) and CHROMIUM.

import { createRequire } from "node:module";

const { chromium } = createRequire(process.env.BUILD + "/browser/")("playwright-core");

// What would talk to the maker of the browser is off, and no name is ever resolved: the tests know addresses on loopback only.
const FLAGS = [
	"--disable-gpu", "--disable-quic", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run",
	"--no-pings", "--no-proxy-server", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.*",
];

export const SLOW = Number(process.env.SLOW || 1);	// the daemon runs so many times slower than usual

/** A browser with a profile of its own, which is gone when it closes. */
export function launch() {
	return chromium.launch({ executablePath: process.env.CHROMIUM, args: FLAGS, env: { ...process.env, TZ: "UTC" }, timeout: 60000 * SLOW });
}
