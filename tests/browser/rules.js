// SPDX-License-Identifier: ISC
// What must be so of every page at every width, in light and dark.  These functions run in the page.

/** What nobody sees, and what no screen reader could say. */
export function mistakes() {
	const wrong = [];

	for (const e of document.querySelectorAll("button, a, input, select"))
		if (!(e.getAttribute("aria-label") || e.textContent || (e.labels && e.labels.length && e.labels[0].textContent) || "").trim())
			wrong.push("without a name: " + e.outerHTML.slice(0, 80));
	const ids = [...document.querySelectorAll("[id]")].map(e => e.id);
	wrong.push(...ids.filter((id, i) => ids.indexOf(id) !== i).map(id => "twice: #" + id));
	for (const t of document.querySelectorAll("table"))
		if (!t.querySelector("th") || !t.getAttribute("aria-label"))
			wrong.push("a table without heads or name");
	if (document.querySelectorAll("h1").length !== 1)
		wrong.push("not one h1");
	if (document.documentElement.scrollWidth > innerWidth)
		wrong.push("wider than the window: " + document.documentElement.scrollWidth + " > " + innerWidth);
	return wrong;
}

/** Text that is hard to read: WCAG 2.2, 1.4.3 wants 4.5 : 1 of text of this size. */
export function faint() {
	const parse = c => {
		const p = /rgba?\(([^)]*)\)/.exec(c)[1].split(/[ ,/]+/).map(Number);

		return p.length < 4 ? [...p, 1] : p;
	};
	const luminance = c => c.slice(0, 3).map(v => v / 255).map(v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
		.reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
	const behind = e => {
		for (; e; e = e.parentElement) {
			const b = parse(getComputedStyle(e).backgroundColor);

			if (b[3] === 1)
				return b;
		}
		return [255, 255, 255, 1];
	};
	const bad = new Set(), walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);

	for (let n; (n = walk.nextNode());) {
		const e = n.parentElement, color = parse(getComputedStyle(e).color);

		if (!n.data.trim() || !e.checkVisibility({ visibilityProperty: true }) || e.closest(".away") || color[3] === 0)
			continue;
		const [light, dark] = [luminance(color), luminance(behind(e))].sort((x, y) => y - x), ratio = (light + .05) / (dark + .05);
		if (ratio < 4.5)
			bad.add(e.className + " " + n.data.trim().slice(0, 20) + " " + ratio.toFixed(2));
	}
	return [...bad];
}
