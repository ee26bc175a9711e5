// SPDX-License-Identifier: ISC
// Elements, and making what is shown like what should be shown.  Text goes into text nodes only: a TXT record holds whatever
// a stranger wrote into it.  The policy of the page (trusted-types 'none') makes the browser refuse any other way.

const HANDLERS = ["onclick", "oninput", "onchange", "onkeydown", "ontoggle"];
const SVG = new Set(["svg", "path", "circle", "rect", "line"]);

// C0, C1, line separators and what turns the direction of text: shown, not done.
const HIDDEN = /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]/g;

/** Text as it may be shown: what would act or hide is written as \u{...}. */
export function visible(text) {
	return String(text).replace(HIDDEN, c => "\\u{" + c.codePointAt(0).toString(16) + "}");
}

/**
 * An element.  props: attributes, besides class, key (its name among its brothers, for patch()), tick (a function that gives its
 * text every second), style (an object) and handlers (onclick...).  Children: elements, texts, arrays of these; null is nothing.
 */
export function el(tag, props, ...children) {
	const node = SVG.has(tag) ? document.createElementNS("http://www.w3.org/2000/svg", tag) : document.createElement(tag);

	for (const [name, value] of Object.entries(props || {})) {
		if (value === null || value === undefined || value === false)
			continue;
		if (name === "key" || name === "tick" || HANDLERS.includes(name))
			node[name] = value;
		else if (name === "style")
			for (const [property, v] of Object.entries(value))
				node.style.setProperty(property, v);
		else
			node.setAttribute(name, value === true ? "" : value);
	}
	if (node.tick)
		node.append(node.tick());
	for (const child of children.flat(Infinity))
		if (child !== null && child !== undefined && child !== false)
			node.append(child instanceof Node ? child : visible(child));
	return node;
}

function alike(a, b) {
	return a.nodeType === b.nodeType && a.nodeName === b.nodeName && a.key === b.key;
}

function patchAttributes(old, fresh) {
	for (const { name } of [...old.attributes])
		// what the reader opened stays open; style goes by cssText, which the policy of the page allows
		if (name !== "style" && name !== "open" && !fresh.hasAttribute(name))
			old.removeAttribute(name);
	for (const { name, value } of fresh.attributes)
		if (name !== "style" && name !== "open" && old.getAttribute(name) !== value)
			old.setAttribute(name, value);
	if (old.style.cssText !== fresh.style.cssText)
		old.style.cssText = fresh.style.cssText;
	for (const name of HANDLERS)
		if (old[name] || fresh[name])
			old[name] = fresh[name];
	old.tick = fresh.tick;
}

/** Make the children of old like list, keeping every node that has a counterpart: focus, selection and scrolling stay. */
export function patchChildren(old, list) {
	const keyed = new Map(), used = new Set();
	let at = old.firstChild;

	for (const node of old.childNodes)
		if (node.key !== undefined)
			keyed.set(node.key, node);
	for (const fresh of list) {
		while (at && (used.has(at) || (at.key !== undefined && fresh.key === undefined)))
			at = at.nextSibling;
		let match = fresh.key !== undefined ? keyed.get(fresh.key) : at;

		if (match && !used.has(match) && alike(match, fresh)) {
			if (match === at)
				at = at.nextSibling;
			else
				old.insertBefore(match, at);
			patch(match, fresh);
		} else {
			match = fresh;
			old.insertBefore(fresh, at);
		}
		used.add(match);
	}
	for (const node of [...old.childNodes])
		if (!used.has(node))
			node.remove();
}

/** Make old, an element or a text, like fresh, which is used up, or is old itself. */
export function patch(old, fresh) {
	if (old === fresh || old.busy)		// busy: a button that says for a moment that it has done its work
		return;
	if (old.nodeType === Node.TEXT_NODE) {
		if (old.data !== fresh.data)
			old.data = fresh.data;
		return;
	}
	patchAttributes(old, fresh);
	patchChildren(old, [...fresh.childNodes]);
}

/** What counts the seconds does so; tick is an element's own function, whose text is all it holds. */
export function startTicking() {
	setInterval(() => {
		if (document.hidden)
			return;
		for (const node of document.querySelectorAll("[data-tick]")) {
			const text = node.tick && node.tick();

			if (text !== undefined && node.textContent !== text)
				node.textContent = text;
		}
	}, 1000);
}

/** An element whose text is what fn gives, now and every second. */
export function ticking(tag, props, fn) {
	return el(tag, { ...props, "data-tick": true, tick: fn });
}

// ---- telling a screen reader ----

let said = [];

/** Say something in the live region; what comes within a moment is said together. */
export function say(text) {
	if (said.push(text) > 1)
		return;
	setTimeout(() => {
		const all = said;

		said = [];
		document.getElementById("said").textContent =
			visible(all.length > 4 ? all.slice(0, 3).join(". ") + ". And " + (all.length - 3) + " more changes." : all.join(". "));
	}, 400);
}

// ---- copying ----

// Without the permission, or where the page does not come by HTTPS or from this machine, there is no clipboard to write to.
function copyBySelection(text) {
	const area = el("textarea", { class: "away", readonly: true, "aria-hidden": "true" });
	const focused = document.activeElement;

	area.value = text;
	document.body.append(area);
	area.select();
	const done = document.execCommand("copy");
	area.remove();
	if (focused)
		focused.focus();
	return done;
}

async function copy(text) {
	try {
		await navigator.clipboard.writeText(text);
		return true;
	} catch (e) {
		return copyBySelection(text);
	}
}

/** A button that copies what get() gives, and says that it did. */
export function copyButton(what, get, label = "Copy") {
	return el("button", {
		type: "button", class: "copy", "aria-label": label + " " + what,
		onclick: async event => {
			const button = event.currentTarget, done = await copy(get());

			button.busy = true;
			button.textContent = done ? "Copied" : "Not copied";
			button.classList.toggle("done", done);
			say(done ? what + " copied" : what + " could not be copied; select it and copy by hand");
			setTimeout(() => {
				button.busy = false;
				button.textContent = label;
				button.classList.remove("done");
			}, 2000);
		},
	}, label);
}
