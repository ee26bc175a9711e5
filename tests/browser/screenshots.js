// SPDX-License-Identifier: ISC
// screenshots.js URL DIR FILE: pictures of the daemon at URL, light and dark, in DIR.  FILE is JSON: [{ name, path, selector, count,
// open }], a picture each, once there are so many elements of the selector; open is the id of a record whose answers are shown.

import { readFileSync } from "node:fs";
import { launch } from "./browser.js";

const [url, dir, file] = process.argv.slice(2);
const browser = await launch();

for (const { name, path, selector, count, open } of JSON.parse(readFileSync(file))) {
	const page = await browser.newPage({ baseURL: url, viewport: { width: 1120, height: 720 } });

	await page.goto(path);
	await page.waitForFunction(([selector, count]) => document.querySelectorAll(selector).length === count, [selector, count]);
	if (open) {
		await page.locator(`#record-${open} button`).click();
		await page.evaluate(() => {
			document.activeElement.blur();
			document.querySelector("#records").scrollIntoView();
		});
		await page.mouse.move(0, 0);
	}
	await page.waitForTimeout(1200);		// what changed has been shown, and no longer glows
	for (const colorScheme of ["light", "dark"]) {
		await page.emulateMedia({ colorScheme });
		await page.screenshot({ path: `${dir}/${name}${colorScheme === "dark" ? "-dark" : ""}.png` });
	}
	await page.close();
}
await browser.close();
