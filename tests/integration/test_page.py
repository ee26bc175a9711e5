# SPDX-License-Identifier: ISC
"""
The page, in a real browser: it loads and stays live, can be used by keyboard and heard, shows what strangers wrote as text, asks
nobody but the daemon and complains of nothing.  What it looked like is left in BUILD/pictures.
"""

import atexit
import json
import os
import re
import threading
import time

import bed as beds
import browser as browsers
from daemon import Daemon
from tap import Skip, case, check, equal

SHARED = threading.Lock()
EVIL = "<script>alert(1)</script><img src=x onerror=alert(2)>\\027[31m'\\\"&amp;{{7*7}}\\226\\128\\174"
RULES = """(() => {     // what nobody sees, and what no screen reader could say
    const wrong = [];
    for (const e of document.querySelectorAll("button, a, input, select"))
        if (!(e.getAttribute("aria-label") || e.textContent || e.labels && e.labels.length && e.labels[0].textContent || "").trim())
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
})()"""
CONTRAST = """(() => {  // WCAG 2.2, 1.4.3: text of this size wants 4.5 : 1
    const parse = c => { const p = /rgba?\\(([^)]*)\\)/.exec(c)[1].split(/[ ,\\/]+/).map(Number); return p.length < 4 ? [...p, 1] : p; };
    const lum = c => c.slice(0, 3).map(v => v / 255).map(v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
        .reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
    const behind = e => { for (; e; e = e.parentElement) { const b = parse(getComputedStyle(e).backgroundColor); if (b[3] === 1) return b; }
        return [255, 255, 255, 1]; };
    const bad = new Set(), walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let n; (n = walk.nextNode());) {
        const e = n.parentElement, s = getComputedStyle(e);
        if (!n.data.trim() || !e.checkVisibility({ visibilityProperty: true }) || e.closest(".away") || parse(s.color)[3] === 0) continue;
        const [a, b] = [lum(parse(s.color)), lum(behind(e))].sort((x, y) => y - x), ratio = (a + .05) / (b + .05);
        if (ratio < 4.5) bad.add(e.className + " " + n.data.trim().slice(0, 20) + " " + ratio.toFixed(2));
    }
    return [...bad];
})()"""


def browser(lab):
    """One for all cases; each has windows of its own."""
    if browsers.program() is None:
        raise Skip("Chromium is not installed (make check-browser installs it)")
    with SHARED:
        if not hasattr(lab, "browser"):
            pictures = os.path.join(os.path.dirname(lab.program), "pictures")
            os.makedirs(pictures, exist_ok=True)
            lab.browser, lab.pictures = browsers.Browser(pictures + "/chromium.log"), pictures
            atexit.register(lab.browser.__exit__)
        return lab.browser


def url(d, path="/"):
    return "http://%s:%d%s" % (*d.place, path)


def quiet(d, page):
    """Nothing to complain of, and nobody asked but the daemon."""
    equal(page.complaints, [], "the console is empty")
    strangers = [u for u in page.requests if not u.startswith(url(d))]
    equal(strangers, [], "asked only the daemon")


def state(name):
    return "[...document.querySelectorAll('table.domains tbody tr')].filter(r => r.innerText.includes(%s)).map(r => " \
           "r.querySelector('.pill').lastChild.data)[0]" % json.dumps(name)


@case("page: the list loads, and changes without a reload", slow=True)
def live_list(lab):
    b, name = browser(lab), lab.domain(drop=["mx"])
    with Daemon(lab, [name, "right.test"]) as d:
        d.becomes(name, "unpublished")
        d.becomes("right.test", "complete")
        p = b.open(url(d))
        p.until("both are listed", "%s === 'unpublished' && %s === 'complete'" % (state(name), state("right.test")))
        first = p.run("document.querySelector('table.domains tbody a').innerText")
        equal(first, name, "what needs a look comes first")
        p.run("window.mark = 1")
        p.picture(lab.pictures + "/list.png")
        lab.change(name)
        p.until("it becomes complete", state(name) + " === 'complete'", 30)
        p.until("it is said", "document.getElementById('said').textContent.includes('is now')")
        equal(p.run("window.mark"), 1, "the same document all the time")
        p.until("all is well", "document.querySelector('.headline').innerText.includes('All is well')")
        quiet(d, p)
        p.close()


@case("page: a domain fills in live, from a mistake over the waiting to complete", slow=True)
def live_domain(lab):
    b = browser(lab)
    name = lab.domain(replace={"mx": "@ IN MX 10 mail.old.example."}, ttl=8, negative=4)
    with Daemon(lab, [name]) as d:
        d.becomes(name, "unpublished")
        p = b.open(url(d, "/status/" + name))
        p.until("the mistake is named", "document.querySelector('.finding.bad .code')")
        check("No time can be told yet" in p.text(".eta"), "no time is invented", p.text(".eta"))
        p.until("the fix is there", "document.querySelector('.fix pre').innerText.includes('mail.protection.outlook.com')")
        lab.bed.caches["r1"].ask(name, "MX")
        p.picture(lab.pictures + "/mistake.png", full=True)
        lab.change(name)
        p.until("the wait has an end", "/^Everywhere in \\d+ s at the latest|^Expected|^Everybody/.test(document.querySelector('.eta').innerText)", 30)
        p.picture(lab.pictures + "/waiting.png", full=True)
        p.until("complete", "document.querySelector('.eta').innerText.startsWith('Everybody sees it')", 60)
        p.until("no finding is left", "!document.querySelector('.finding.bad')")
        p.until("the time line is there", "document.querySelectorAll('.lanes tbody tr').length >= 2")
        p.until("the history is there", "document.querySelector('.history').innerText.includes('complete')")
        p.until("the window says so", "document.title.startsWith('✓')")
        p.run("document.querySelector('#record-mx button').click(); location.hash = '#record-mx'")
        p.until("every answer", "document.querySelectorAll('tr.answers li').length >= 4")
        check(p.run("location.hash") == "#record-mx" and p.run("document.querySelectorAll('h1').length") == 1, "a place on the page, not another page")
        p.picture(lab.pictures + "/complete.png", full=True)
        equal(p.run("performance.getEntriesByType('navigation').length"), 1, "loaded once")
        quiet(d, p)
        p.close()


@case("page: a countdown that has passed says so, and one that is not known too")
def honest(lab):
    b = browser(lab)
    with Daemon(lab, ["right.test"]) as d:
        doc = dict(d.becomes("right.test", "complete"))
        eta = {}

        def answer(u):
            if "wait=" in u:
                time.sleep(0.2)
            return dict(doc, state="published", complete=False, revision=int(time.time() * 10), eta=eta["is"], eta_basis=eta.get("basis"))
        eta["is"] = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 100))
        eta["basis"] = "ttl"
        p = b.open(url(d, "/status/right.test"), prepare=lambda p: p.instead("*/status/right.test\\?*", answer))
        p.until("it counts", "/^Everywhere in 1 min \\d+ s at the latest/.test(document.querySelector('.eta').innerText)")
        was = p.text(".eta strong")
        p.until("the seconds go by", "document.querySelector('.eta strong').innerText !== %s" % json.dumps(was))
        eta["is"] = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 3700))
        p.until("it has passed", "/^Expected 1 h .* ago, and not everywhere yet/.test(document.querySelector('.eta').innerText)")
        eta["is"] = None
        p.until("not known", "document.querySelector('.eta').innerText.startsWith('The time is not known')")
        p.close()


@case("page: what to type is copied by a button, also without the clipboard's permission", slow=True)
def copying(lab):
    b, name = browser(lab), lab.domain(replace={"spf": '@ IN TXT "v=spf1 mx -all"'})
    with Daemon(lab, [name]) as d:
        d.becomes(name, "unpublished")
        p = b.open(url(d, "/status/" + name))
        p.until("what to type", "[...document.querySelectorAll('.type code')].some(c => c.innerText.startsWith('v=spf1 mx include:'))")
        p.run("""[...document.querySelectorAll('.type dd')].filter(d => d.querySelector('code').innerText.startsWith('v=spf1 mx include:'))[0]
                 .querySelector('button').id = 'copy-it'""")
        p.click("#copy-it")
        p.until("copied", "document.querySelector('#copy-it').innerText === 'Copied'")
        equal(p.run("navigator.clipboard.readText()"), "v=spf1 mx include:spf.protection.outlook.com -all", "the clipboard")
        p.until("said", "document.getElementById('said').textContent.includes('copied')")
        for how in ("", "navigator.clipboard.writeText = () => Promise.reject(new Error('no')); "):
            p.run(how + "document.querySelector('.fix select').value = 'zone'")
            p.until("the zone", "document.querySelector('.fix pre').innerText.includes(' IN TXT ')")
            p.click(".fix .bar button.copy")
            p.until("copied", "document.querySelector('.fix .bar button.copy').innerText === 'Copied'")
            text = p.run("navigator.clipboard.readText()")
            equal(text.replace("\r", ""), d.get("/fix/%s?format=zone" % name).text, "the whole fix")
            p.run("navigator.clipboard.writeText('')") if not how else None
            p.until("the button is itself again", "document.querySelector('.fix .bar button.copy').innerText === 'Copy'")
        # every format that there is
        for f in p.run("[...document.querySelectorAll('.fix option')].map(o => o.value)"):
            p.run("(s => { s.value = %s; s.dispatchEvent(new Event('change')); })(document.querySelector('.fix select'))" % json.dumps(f))
            want = d.get("/fix/%s?format=%s" % (name, f)).is_(200).text
            p.until("the fix as " + f, "document.querySelector('.fix pre').textContent === " + json.dumps(want))
        quiet(d, p)
        p.close()


@case("page: everything goes by keyboard", slow=True)
def keyboard(lab):
    b = browser(lab)
    with Daemon(lab, ["right.test", "signed.test", "bogus.test"]) as d:
        p = b.open(url(d))
        p.until("three", "document.querySelectorAll('table.domains tbody a').length === 3")
        names = p.run("[...document.querySelectorAll('table.domains tbody a')].map(a => a.innerText)")
        focus = "document.activeElement.innerText"
        p.key("j")
        equal(p.run(focus), names[0], "j: the first")
        p.key("ArrowDown", "j", "j")
        equal(p.run(focus), names[2], "down, and no further than the last")
        p.key("k")
        equal(p.run(focus), names[1], "k: up")
        p.key("/")
        equal(p.run("document.activeElement.id"), "q", "/: search")
        p.type("signed")
        p.until("found", "document.querySelectorAll('table.domains tbody a').length === 1")
        equal(p.run("location.search"), "?q=signed", "the address knows")
        p.key("Enter")
        p.until("opened", "location.pathname === '/status/signed.test' && document.querySelector('button.record')")
        p.key("j")
        equal(p.run("document.activeElement.className"), "record", "j: the first record")
        p.key("Enter")
        p.until("its answers", "document.querySelector('tr.answers')")
        p.key("j")
        check(p.run("document.activeElement.className") == "record", "the next one")
        p.key("Escape")
        p.until("back in the list as it was", "location.search === '?q=signed' && document.querySelector('#q').value === 'signed'")
        p.key("Escape")
        p.until("all again", "document.querySelectorAll('table.domains tbody a').length === 3 && location.search === ''")
        p.key("?")
        p.until("help", "document.querySelector('dialog').open")
        p.key("Escape")
        p.until("no help", "!document.querySelector('dialog').open")
        p.go(url(d, "/#/right.test"))
        p.until("a deep link", "location.pathname === '/status/right.test' && document.querySelector('h1').innerText === 'right.test'")
        quiet(d, p)
        p.close()


@case("page: what a stranger wrote into a record is text and does nothing")
def hostile(lab):
    b = browser(lab)
    name = lab.domain(replace={"spf": '@ IN TXT "v=spf1 %s -all"' % EVIL}, add='@ IN TXT "MS=%s"\n' % EVIL)
    with Daemon(lab, [name]) as d:
        d.becomes(name, "unpublished")
        p = b.open(url(d, "/status/" + name))
        p.until("findings", "document.querySelector('.finding.bad')")
        p.run("document.querySelectorAll('button.record').forEach(b => b.click()); document.querySelectorAll('details').forEach(d => d.open = true)")
        p.until("shown", "document.querySelector('#page').innerText.includes('<script>alert(1)</script><img src=x onerror=alert(2)>')")
        equal(p.run("document.querySelectorAll('#page script, #page img, #page iframe').length"), 0, "no elements of it")
        equal(p.run("[...document.querySelectorAll('#page *')].filter(e => [...e.attributes].some(a => a.name.startsWith('on'))).length"), 0,
              "no handlers of it")
        check(re.search("[\x00-\x08\x0b-\x1f\u202a-\u202e]", p.run("document.querySelector('#page').textContent")) is None,
              "nothing that turns or hides text", p.text())
        # whoever writes markup in the next version is stopped by the browser
        r = p.run("(() => { try { document.body.innerHTML = '<b>x</b>'; return 'done'; } catch (e) { return e.name; } })()")
        equal(r, "TypeError", "innerHTML is refused")
        p.complaints[:] = [c for c in p.complaints if "TrustedHTML" not in c and "Trusted Type" not in c]
        quiet(d, p)
        p.close()


@case("page: it says when the daemon is away, and goes on when it is back", slow=True)
def away(lab):
    b = browser(lab)
    with Daemon(lab, ["right.test"]) as d:
        d.becomes("right.test", "complete")
        for path, shown in (("/", "table.domains tbody a"), ("/status/right.test", "button.record")):
            p = b.open(url(d, path))
            p.until("loaded", "document.querySelector(%s)" % json.dumps(shown))
            d.stop()
            p.until("the banner", "!document.querySelector('.banner').hidden && document.querySelector('.banner').innerText"
                    ".startsWith('m365dnsd does not answer. What is shown is of ')", 20)
            check(p.run("document.querySelector(%s) !== null" % json.dumps(shown)), "what was known stays", p.text())
            p.picture(lab.pictures + "/away.png")
            d.start()
            p.until("back", "document.querySelector('.banner').hidden && document.querySelector(%s)" % json.dumps(shown), 30)
            p.close()


@case("page: 10,000 domains are found and scrolled without stutter", slow=True)
def many(lab):
    b = browser(lab)
    states = ["complete"] * 7 + ["published", "unpublished", "regressed"]
    rows = [{"domain": "d%05d.example" % i, "revision": 1, "state": states[i % 10], "since": "2026-11-21T10:00:00Z",
             "complete": i % 10 < 7, "progress": {"published": 1, "visible": i % 100 / 100}, "required": 4, "eta": None, "eta_basis": None,
             "checked_at": None, "findings": {"error": i % 3, "warning": i % 2, "info": 0}} for i in range(10000)]
    with Daemon(lab, ["right.test"]) as d:
        daemon = d.get("/status").json()["daemon"]

        def answer(u):
            m = re.search("cursor=([^&]*)", u)
            at = next((i for i, r in enumerate(rows) if r["domain"] > m.group(1)), len(rows)) if m else 0
            page = rows[at:at + 1000]
            return {"domains": page, "total": len(rows), "daemon": daemon, "next": page[-1]["domain"] if at + 1000 < len(rows) else None}
        p = b.open(url(d), prepare=lambda p: p.instead("*/status\\?*", answer))
        p.until("all are here", "document.querySelector('.chip .n') && document.querySelector('.chip .n').innerText === '10,000'", 30)
        check(p.run("document.querySelectorAll('table.domains tbody tr').length") < 80, "only what is on the screen exists")
        equal(p.run("+document.querySelector('table.domains').getAttribute('aria-rowcount')"), 10001, "all are counted for who hears the page")
        p.picture(lab.pictures + "/many.png")
        times = p.run("""new Promise(done => {      // a screen a frame; how long our part of it and the layout take
            const times = [];
            requestAnimationFrame(function step() {
                const from = performance.now();
                scrollBy(0, innerHeight);
                dispatchEvent(new Event("scroll"));
                document.body.offsetHeight;
                times.push(performance.now() - from);
                if (times.length < 40) requestAnimationFrame(step);
                else done(times.sort((a, b) => a - b));
            });
        })""")
        print("# page: 10,000 domains: a screen further takes %.0f ms, one in ten %.0f ms" % (times[20], times[36]), flush=True)
        check(times[20] < 200 * browsers.SLOW, "a screen further takes %.0f ms" % times[20])
        p.key("/")
        took = p.run("""new Promise(done => {
            const input = document.querySelector('#q'), from = performance.now();
            input.value = 'd0777'; input.dispatchEvent(new Event('input'));
            requestAnimationFrame(() => done(performance.now() - from));
        })""")
        check(took < 250 * browsers.SLOW, "a search takes %.0f ms" % took)
        equal(p.run("document.querySelectorAll('table.domains tbody a').length"), 10, "found")
        p.key("Escape", "End")
        p.until("the last", "document.querySelector('tr.at') && document.querySelector('tr.at').rowIndex > 0 && "
                "document.querySelector('tr.at').getAttribute('aria-rowindex') === '10001'")
        p.close()


@case("page: wide and narrow, light and dark, seen and heard", slow=True)
def everywhere(lab):
    b = browser(lab)
    name = lab.domain(drop=["mx"], replace={"spf": '@ IN TXT "v=spf1 mx -all"'})
    with Daemon(lab, [name, "right.test", "bogus.test"]) as d:
        d.becomes(name, "unpublished")
        d.becomes("right.test", "complete")
        for path, shown in (("/", "table.domains tbody a"), ("/status/" + name, ".type"), ("/status/right.test", ".history")):
            p = b.open(url(d, path))
            p.until("loaded", "document.querySelector(%s)" % json.dumps(shown))
            for width in (320, 768, 1280, 2560):
                for dark in (False, True):
                    p.size(width, 800)
                    p.scheme(dark)
                    time.sleep(0.1)
                    if width in (320, 1280):
                        p.picture("%s/%s-%d-%s.png" % (lab.pictures, path.strip("/").replace("/", "-") or "list", width, "dark" if dark else "light"))
                    equal(p.run(RULES), [], "%s at %d" % (path, width))
                    equal(p.run(CONTRAST), [], "contrast of %s, %s" % (path, "dark" if dark else "light"))
            p.size(1280, 800)
            heard = p.accessible()
            roles = {r for r, _ in heard}
            check({"main", "heading", "table", "row", "columnheader", "status"} <= roles, "roles", sorted(roles))
            quiet(d, p)
            p.close()


@case("page: the history goes back to the beginning, and a hidden window holds no connection", slow=True)
def history(lab):
    b = browser(lab)
    with Daemon(lab, 'domain "right.test" { services = {"exchange", "teams", "skype", "intune", "dmarc", "tls-rpt"} }\n') as d:
        d.becomes("right.test", "complete")
        p = b.open(url(d, "/status/right.test"))
        want = len(d.history("right.test"))
        lines = "document.querySelectorAll('.history li').length"
        p.until("one page of it", lines + " === 25 && document.querySelector('button.more')" if want > 25 else lines)
        if want > 25:
            p.click("button.more")
        p.until("all of it", "%s === %d && !document.querySelector('button.more')" % (lines, want))
        beds.poll("a stream and a long poll", lambda: all(any(x in u for u in p.requests) for x in ("/events?", "&wait=")), 10 * browsers.SLOW)
        hide = "Object.defineProperty(document, 'hidden', { value: %s, configurable: true }); document.dispatchEvent(new Event('visibilitychange'))"
        p.run(hide % "true")
        beds.poll("both end", lambda: all(any(x in (u or "") for u in p.ended) for x in ("/events?", "&wait=")), 10 * browsers.SLOW)
        asked = len(p.requests)
        p.run(hide % "false")
        beds.poll("it asks again", lambda: any("/events" in u for u in p.requests[asked:]), 10 * browsers.SLOW)
        quiet(d, p)
        p.close()


@case("page: without scripts there is all of it, only not live")
def without(lab):
    b = browser(lab)
    with Daemon(lab, ["right.test"]) as d:
        d.becomes("right.test", "complete")
        p = b.open(url(d), prepare=lambda p: p.script(False))
        check("right.test" in p.run("document.body.innerText") and "complete" in p.run("document.body.innerText"), "the list", p.text())
        equal(p.run("document.querySelector('meta[http-equiv=refresh]').content"), "30", "it asks again by itself")
        p.picture(lab.pictures + "/without.png")
        p.go(url(d, "/status/right.test?format=html"))
        check("autodiscover" in p.run("document.body.innerText"), "the domain", p.text())
        p.close()
