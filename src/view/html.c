/* SPDX-License-Identifier: ISC */
/*
 * Pages that need no script: the list of domains and one domain.  Where scripts run, /page/app.js takes their place: it finds
 * in the address what to show, and puts it into #page, live.  Every text from outside goes through escape_html(), and all that a
 * page needs comes from here, so a strict content security policy fits.
 */
#include "formats.h"

#include <string.h>

/* ---- pieces ---- */

static void
text(struct str *ret, const char *before, const char *value, const char *after)
{
	str_add(ret, before);
	if (value != NULL)
		escape_html(ret, value);
	str_add(ret, after);
}

static void
time_cell(struct str *ret, const char *before, int64_t unix_ms, const char *after)
{
	char buf[32];

	text(ret, before, unix_ms != 0 ? time_rfc3339(unix_ms, buf) : "-", after);
}

static void
percent(struct str *ret, double ratio)
{
	number_int(ret, number_percent(ratio));
	str_add(ret, " %");
}

/* A word of one of the closed lists in the colour that its meaning has. */
static void
word(struct str *ret, const char *w)
{
	static const struct {
		const char *class, *words;
	} classes[] = {
		{ "ok", " complete visible ok up " },
		{ "bad", " unpublished regressed wrong missing error " },
		{ "wait", " published stale unknown warning pending " },
	};
	struct str needle = STR_INIT;
	const char *class = "dim";

	str_addf(&needle, " %s ", w);
	for (size_t i = 0; i < ARRAY_LEN(classes); i++)
		if (strstr(classes[i].words, str_c(&needle)) != NULL)
			class = classes[i].class;
	str_addf(ret, "<span class=\"%s\">", class);
	text(ret, "", w, "</span>");
	str_done(&needle);
}

static void
page_begin(struct str *ret, const char *title)
{
	str_add(ret, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
		     "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
		     "<noscript><meta http-equiv=\"refresh\" content=\"30\"></noscript>\n");
	text(ret, "<title>", title, "</title>\n");
	str_add(ret, "<link rel=\"stylesheet\" href=\"/style.css\">\n"
		     "<link rel=\"icon\" href=\"/page/icon.svg\" type=\"image/svg+xml\">\n"
		     "<script type=\"module\" src=\"/page/app.js\"></script>\n</head>\n<body>\n"
		     "<header class=\"top\"><a href=\"/\"><img src=\"/page/icon.svg\" alt=\"\" width=\"24\" height=\"24\">m365dnsd</a>"
		     "</header>\n<main id=\"page\">\n");
}

/* The live region is there from the start: what comes with a text in it is not read out. */
static void
page_end(struct str *ret)
{
	str_add(ret, "<div id=\"said\" class=\"away\" role=\"status\" aria-live=\"polite\"></div>\n</body>\n</html>\n");
}

/* ---- one domain ---- */

static void
cell_line(struct str *ret, const struct status_cell *c)
{
	text(ret, "<div>", c->source, " ");
	text(ret, "<span class=\"dim\">", c->address, "</span> ");
	word(ret, name_of(&verdict_names, (int)c->verdict));
	if (c->verdict == VERDICT_UNKNOWN && c->reason != REASON_NONE)
		text(ret, " <span class=\"dim\">", name_of(&reason_names, (int)c->reason), "</span>");
	for (size_t i = 0; i < c->n_values && c->verdict != VERDICT_OK; i++)
		text(ret, " <code>", c->values[i], "</code>");
	str_add(ret, "</div>\n");
}

static void
cells(struct str *ret, const struct status_record *r)
{
	size_t ok = 0;

	for (size_t i = 0; i < r->n_cells; i++)
		ok += r->cells[i].verdict == VERDICT_OK;
	str_addf(ret, "<details><summary>%zu of %zu ok</summary>\n", ok, r->n_cells);
	for (size_t i = 0; i < r->n_cells; i++)
		cell_line(ret, &r->cells[i]);
	str_add(ret, "</details>");
}

static void
record_row(struct str *ret, const struct status_record *r)
{
	str_add(ret, "<tr><td>");
	word(ret, name_of(&record_state_names, (int)r->state));
	text(ret, "</td><td>", r->id, "</td><td>");
	text(ret, "", r->name_unicode != NULL ? r->name_unicode : r->name, " ");
	text(ret, "", r->type, "</td><td>");
	text(ret, "", name_of(&need_names, (int)r->need), "</td><td>");
	for (size_t i = 0; i < r->n_expected; i++)
		text(ret, "<div><code>", r->expected[i], "</code></div>");
	str_add(ret, "</td><td class=\"n\">");
	percent(ret, r->visible);
	str_add(ret, "</td><td>");
	cells(ret, r);
	str_add(ret, "</td></tr>\n");
}

static void
finding_block(struct str *ret, const struct status_finding *f)
{
	str_add(ret, "<h2>");
	word(ret, name_of(&severity_names, (int)f->severity));
	text(ret, " ", f->title, "");
	text(ret, " <span class=\"dim\">", f->code, "");
	if (f->record != NULL)
		text(ret, ", ", f->record, "");
	for (size_t i = 0; i < f->n_also; i++)
		text(ret, ", ", f->also[i], "");
	text(ret, "</span></h2>\n<p>", f->detail, "</p>\n");
	if (f->advice != NULL && *f->advice != '\0')
		text(ret, "<p><strong>", f->advice, "</strong></p>\n");
	for (size_t i = 0; i < f->n_evidence; i++)
		text(ret, "<pre>", f->evidence[i], "</pre>\n");
}

static void
steps_list(struct str *ret, const struct status *s)
{
	struct str line = STR_INIT;
	const char *step;

	for (size_t i = 0; view_step_next(s, &i, &step, &line);)
		text(ret, "<p>Next: ", str_c(&line), "</p>\n");
	str_done(&line);
}

static void
status_page(struct str *ret, const struct status *s)
{
	page_begin(ret, s->domain);
	text(ret, "<nav><a href=\"/\">all domains</a></nav>\n<h1>", s->domain_unicode != NULL ? s->domain_unicode : s->domain, "");
	if (s->domain_unicode != NULL)
		text(ret, " <span class=\"dim\">", s->domain, "</span>");
	str_add(ret, "</h1>\n<p>");
	word(ret, name_of(&domain_state_names, (int)s->state));
	time_cell(ret, " since ", s->since_unix_ms, "; published ");
	str_addf(ret, "%zu of %zu, visible ", s->n_required_published, s->n_required);
	percent(ret, s->progress_visible);
	time_cell(ret, "; ETA ", s->eta_unix_ms, "</p>\n");
	time_cell(ret, "<p class=\"dim\">checked ", s->checked_unix_ms, ", ");
	time_cell(ret, "next look ", s->next_check_unix_ms, "</p>\n");
	for (size_t i = 0; i < s->n_findings; i++)
		finding_block(ret, &s->findings[i]);
	steps_list(ret, s);
	str_add(ret, "<h2>Records</h2>\n<table>\n<tr><th>state</th><th>record</th><th>name, type</th><th>need</th><th>expected</th>"
		     "<th>visible</th><th>answers</th></tr>\n");
	for (size_t i = 0; i < s->n_records; i++)
		record_row(ret, &s->records[i]);
	str_add(ret, "</table>\n</main>\n");
	page_end(ret);
}

void
view_not_watched_html(const char *domain, struct str *ret)
{
	page_begin(ret, domain);
	text(ret, "<nav><a href=\"/\">all domains</a></nav>\n<h1>", domain, "</h1>\n<p>This domain is not watched.</p>\n</main>\n");
	page_end(ret);
}

void
render_html(const struct status *const *list, size_t n, const struct view_options *o, struct str *ret)
{
	(void)o;
	for (size_t i = 0; i < n; i++)
		status_page(ret, list[i]);
}

/* ---- the list ---- */

static void
summary_row(struct str *ret, const struct board_summary *s)
{
	str_add(ret, "<tr><td>");
	word(ret, name_of(&domain_state_names, (int)s->state));
	str_add(ret, "</td><td><a href=\"/status/");
	escape_url(ret, s->domain);
	text(ret, "?format=html\">", s->domain, "</a></td><td class=\"n\">");
	percent(ret, s->published);
	str_add(ret, "</td><td class=\"n\">");
	percent(ret, s->visible);
	time_cell(ret, "</td><td>", s->eta_unix_ms, "</td><td class=\"n\">");
	str_addf(ret, "<span class=\"%s\">%u</span></td><td class=\"n\">%u</td>", s->errors > 0 ? "bad" : "dim", s->errors, s->warnings);
	time_cell(ret, "<td>", s->since_unix_ms, "</td></tr>\n");
}

static void
query_part(struct str *ret, const char *name, const char *value, const char **sep)
{
	if (value == NULL)
		return;
	str_add(ret, *sep);
	str_add(ret, name);
	str_addc(ret, '=');
	escape_url(ret, value);
	*sep = "&amp;";
}

static void
link_to(struct str *ret, const struct view_list *l, const char *state, const char *cursor, const char *label)
{
	const char *sep = "?";

	str_add(ret, "<a href=\"/");
	query_part(ret, "state", state, &sep);
	query_part(ret, "q", l->q, &sep);
	query_part(ret, "cursor", cursor, &sep);
	text(ret, "\">", label, "</a>\n");
}

static void
list_footer(struct str *ret, const struct view_daemon *d)
{
	char up[32];
	int64_t now = d->clock->unix_ms(d->clock);

	text(ret, "<footer>m365dnsd ", d->version, "");
	text(ret, ", up ", time_between(d->started_unix_ms, now, up), "");
	if (d->store != NULL) {
		text(ret, "; store ", name_of(d->store->healths, d->store->health), "");
		text(ret, *d->store->problem != '\0' ? ": " : "", d->store->problem, "");
	}
	if (!d->reload_ok)
		text(ret, "; <span class=\"bad\">the last reload failed</span>: ", d->reload_problem, "");
	str_add(ret, "; <a href=\"/resolvers\">resolvers</a> <a href=\"/metrics\">metrics</a> "
		     "<a href=\"/openapi.json\">API</a></footer>\n");
}

void
view_list_html(const struct view_list *l, struct str *ret)
{
	page_begin(ret, "m365dnsd");
	str_addf(ret, "<h1>%zu domain%s</h1>\n<nav>\n", l->total, l->total == 1 ? "" : "s");
	link_to(ret, l, NULL, NULL, "all");
	for (size_t i = 0; i < domain_state_names.n; i++)
		link_to(ret, l, domain_state_names.rows[i].name, NULL, domain_state_names.rows[i].name);
	str_add(ret, "</nav>\n<table>\n<tr><th>state</th><th>domain</th><th>published</th><th>visible</th><th>ETA</th><th>errors</th>"
		     "<th>warnings</th><th>since</th></tr>\n");
	for (size_t i = 0; i < l->n_domains; i++)
		summary_row(ret, &l->domains[i]);
	str_add(ret, "</table>\n");
	if (l->next != NULL)
		link_to(ret, l, l->state, l->next, "next page");
	str_add(ret, "</main>\n");
	list_footer(ret, l->daemon);
	page_end(ret);
}
