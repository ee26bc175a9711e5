/* SPDX-License-Identifier: ISC */
/*
 * Bytes -> a status full of hostile strings -> every format.  What must hold of each output whatever stood in a record is
 * asserted here.
 */
#include <jansson.h>
#include <math.h>

#include <m365dnsd/view.h>

#include "fuzz_input.h"

/* ---- taking a status out of the bytes ---- */

static int64_t
take_time(struct input *in)
{
	/* Never, before, about now, after: times are ours, so their range is not hostile. */
	return take(in, 4) == 0 ? 0 : INT64_C(1795256430000) + (int64_t)take(in, 256) * 977000 - 125000000;
}

static double
take_ratio(struct input *in)
{
	static const double odd[] = { 0, 1, 0.5, 0.999, -1, 1e30, NAN, 2.0 / 3 };

	return odd[take(in, ARRAY_LEN(odd))];
}

static const char *
take_text(struct input *in)
{
	size_t n = take(in, 48);
	char *s;

	n = n < in->n ? n : in->n;
	s = (char *)take_bytes(in, n);
	for (size_t i = 0; i < n; i++)
		if (s[i] == '\0')
			s[i] = '\n';
	return s;
}

static const char *
take_maybe(struct input *in)
{
	return take(in, 3) == 0 ? NULL : take_text(in);
}

static const char *const *
take_list(struct input *in, size_t *ret_n)
{
	size_t n = take(in, 4);
	const char **list = arena_alloc(in->a, (n + 1) * sizeof(*list));

	for (size_t i = 0; i < n; i++)
		list[i] = take_text(in);
	*ret_n = n;
	return list;
}

static void
take_cell(struct input *in, struct status_cell *c)
{
	c->source = take_text(in);
	c->operator = take_maybe(in);
	c->address = take_text(in);
	c->kind = (enum source_kind)take(in, 2);
	c->class = (enum resolver_class)take(in, CLASS_MAX);
	c->view = (enum view)take(in, VIEW_MAX);
	c->verdict = (enum verdict)take(in, VERDICT_MAX);
	c->reason = (enum reason)take(in, REASON_MAX);
	c->rcode = (int)take(in, 30) - 1;
	c->values = take_list(in, &c->n_values);
	c->ttl = (int64_t)take(in, 256) - 1;
	c->checked_unix_ms = take_time(in);
	c->eta_unix_ms = take_time(in);
	c->rtt_ms = take_ratio(in);
	c->confirmed = take(in, 4);
}

static void
take_finding(struct input *in, struct status_finding *f)
{
	f->code = take_text(in);
	f->severity = (enum severity)take(in, 3);
	f->record = take_maybe(in);
	f->also = take_list(in, &f->n_also);
	f->title = take_text(in);
	f->detail = take_maybe(in);
	f->advice = take_maybe(in);
	f->evidence = take_list(in, &f->n_evidence);
	f->sources = take_list(in, &f->n_sources);
}

static void
take_record(struct input *in, const struct status *s, struct status_record *r)
{
	struct status_cell *cells;
	const struct status_finding **about = arena_alloc(in->a, sizeof(*about));

	r->id = take_text(in);
	r->name = take_text(in);
	r->name_unicode = take_maybe(in);
	r->type = take_text(in);
	r->need = (enum need)take(in, NEED_MAX);
	r->service = take_maybe(in);
	r->expected = take_list(in, &r->n_expected);
	if (take(in, 2) == 1)
		r->expected_internal = take_list(in, &r->n_expected_internal);
	r->state = (enum record_state)take(in, RECORD_NOT_CONFIGURED + 1);
	r->since_unix_ms = take_time(in);
	r->visible = take_ratio(in);
	r->eta_unix_ms = take_time(in);
	r->n_cells = take(in, 8);
	r->cells = cells = arena_alloc(in->a, (r->n_cells + 1) * sizeof(*cells));
	for (size_t i = 0; i < r->n_cells; i++)
		take_cell(in, &cells[i]);
	about[0] = s->findings;
	r->findings = about;
	r->n_findings = s->n_findings > 0 ? take(in, 2) : 0;
}

static struct status *
take_status(struct input *in)
{
	struct status *s = arena_alloc(in->a, sizeof(*s));
	struct status_finding *findings;
	struct status_record *records;

	s->domain = take_text(in);
	s->domain_unicode = take_maybe(in);
	s->revision = take(in, 256);
	s->state = (enum domain_state)take(in, DOMAIN_REGRESSED + 1);
	s->since_unix_ms = take_time(in);
	s->published_unix_ms = take_time(in);
	s->complete_unix_ms = take_time(in);
	s->progress_published = take_ratio(in);
	s->progress_visible = take_ratio(in);
	s->eta_unix_ms = take_time(in);
	s->eta_basis = (enum eta_basis)take(in, ETA_DELEGATION_TTL + 1);
	s->checked_unix_ms = take_time(in);
	s->next_check_unix_ms = take_time(in);
	s->confirm = take(in, 4);
	s->cloud = take_maybe(in);
	s->profile = take_maybe(in);
	s->zone = take_text(in);
	s->zone_parent = take_text(in);
	s->published = take(in, 2) == 1;
	s->visible = take(in, 2) == 1;
	s->complete = take(in, 2) == 1;
	s->n_required = take(in, 20);
	s->n_findings = take(in, 4);
	s->findings = findings = arena_alloc(in->a, (s->n_findings + 1) * sizeof(*findings));
	for (size_t i = 0; i < s->n_findings; i++)
		take_finding(in, &findings[i]);
	s->n_records = take(in, 6);
	s->records = records = arena_alloc(in->a, (s->n_records + 1) * sizeof(*records));
	for (size_t i = 0; i < s->n_records; i++)
		take_record(in, s, &records[i]);
	s->now_unix_ms = INT64_C(1795256430000);
	return s;
}

/* ---- what must hold ---- */

static void
check_utf8(const struct str *out)
{
	size_t len;

	for (size_t i = 0; i < out->len; i += len)
		DEMAND((len = utf8_decode((const uint8_t *)out->p + i, out->len - i, NULL)) > 0);
}

static void
check_controls(const struct str *out, const char *allowed)
{
	for (size_t i = 0; i < out->len; i++)
		DEMAND(((uint8_t)out->p[i] >= 0x20 && out->p[i] != 0x7f) ||
		    (out->p[i] != '\0' && strchr(allowed, out->p[i]) != NULL));
}

static void
check_text(const struct str *out, const struct view_options *o)
{
	check_utf8(out);
	check_controls(out, o->color ? "\n\033" : "\n");
	for (size_t i = 0; i < out->len && !o->unicode; i++)
		DEMAND((uint8_t)out->p[i] < 0x80);
	/* Every escape sequence is one of ours: ESC [ digits and ; m. */
	for (const char *p = str_c(out); (p = strchr(p, '\033')) != NULL; p++)
		DEMAND(p[1] == '[' && p[2 + strspn(p + 2, "0123456789;")] == 'm');
}

static void
check_json(const struct str *out, const struct view_options *o)
{
	json_t *j = json_loadb(str_c(out), out->len, JSON_REJECT_DUPLICATES, NULL);

	(void)o;
	DEMAND(j != NULL);
	json_decref(j);
	check_controls(out, "\n");
	DEMAND(strpbrk(str_c(out), "<>&") == NULL);
	DEMAND(strstr(str_c(out), "\u2028") == NULL && strstr(str_c(out), "\u2029") == NULL);
	DEMAND(strchr(str_c(out), '\n') == str_c(out) + out->len - 1);
}

static void
check_ndjson(const struct str *out, const struct view_options *o)
{
	const char *p = str_c(out), *end;

	(void)o;
	for (; (end = strchr(p, '\n')) != NULL; p = end + 1) {
		json_t *j = json_loadb(p, (size_t)(end - p), 0, NULL);

		DEMAND(j != NULL);
		json_decref(j);
	}
	DEMAND(*p == '\0');
}

/* Every field is plain or wholly quoted, every row has as many fields as the header, and none begins a formula. */
static void
check_csv(const struct str *out, const struct view_options *o)
{
	size_t fields = 0, want = 0;

	(void)o;
	check_utf8(out);
	check_controls(out, "\r\n");
	for (const char *p = str_c(out); *p != '\0';) {
		if (*p == '"') {
			DEMAND(strchr("=+-@", p[1]) == NULL);
			for (p++; *p != '"' || p[1] == '"'; p += *p == '"' ? 2 : 1)
				DEMAND(*p != '\0' && *p != '\n');
			p++;
		} else {
			DEMAND(*p == '\r' || strchr("=+-@", *p) == NULL);
			p += strcspn(p, ",\r\"");
		}
		fields++;
		DEMAND(*p == ',' || (p[0] == '\r' && p[1] == '\n'));
		if (*p++ == ',')
			continue;
		p++;
		want = want == 0 ? fields : want;
		DEMAND(fields == want);
		fields = 0;
	}
}

static void
check_nagios(const struct str *out, const struct view_options *o)
{
	const char *s = str_c(out), *end = strchr(s, '\n'), *bar = strchr(s, '|');

	(void)o;
	check_controls(out, "\n");
	for (size_t i = 0; i < out->len; i++)
		DEMAND((uint8_t)out->p[i] < 0x80);
	DEMAND(strncmp(s, "M365DNS ", 8) == 0 && bar != NULL && end != NULL && bar < end && strchr(bar + 1, '|') == NULL);
	DEMAND(out->len <= 4096);
}

/* name{label="value",...} number */
static void
check_prometheus(const struct str *out, const struct view_options *o)
{
	const char *p = str_c(out);

	(void)o;
	check_utf8(out);
	check_controls(out, "\n");
	for (; *p != '\0'; p++) {
		if (*p == '#') {
			p += strcspn(p, "\n");
			continue;
		}
		DEMAND(strncmp(p, "m365dnsd_", 9) == 0);
		p += strcspn(p, "{\n");
		do {
			DEMAND(*p == '{' || *p == ',');
			p += 1 + strcspn(p + 1, "\"\n");
			DEMAND(*p == '"');
			for (p++; *p != '"'; p++) {
				DEMAND(*p != '\n' && *p != '\0');
				if (*p == '\\')
					DEMAND(*++p == '\\' || *p == '"');
			}
			p++;
		} while (*p == ',');
		DEMAND(p[0] == '}' && p[1] == ' ');
		p += 2 + strspn(p + 2, "0123456789.-");
		DEMAND(*p == '\n');
	}
}

/* Every tag is one of ours, its attributes are quoted, and each "&" begins an entity of ours.  The only script is a file's. */
static void
check_html(const struct str *out, const struct view_options *o)
{
	static const char *const tags[] = { "!DOCTYPE", "html", "head", "meta", "title", "link", "body", "nav", "a", "h1", "h2", "p",
		"span", "strong", "pre", "table", "tr", "th", "td", "details", "summary", "div", "code", "header", "footer", "main", "img",
		"noscript", "script" };
	static const char script[] = "<script type=\"module\" src=\"/page/app.js\"></script>";
	static const char *const entities[] = { "&amp;", "&lt;", "&gt;", "&quot;", "&#39;" };
	size_t i;

	(void)o;
	check_utf8(out);
	check_controls(out, "\n");
	for (const char *p = str_c(out); (p = strpbrk(p, "<&")) != NULL; p++) {
		if (*p == '&') {
			for (i = 0; i < ARRAY_LEN(entities) && strncmp(p, entities[i], strlen(entities[i])) != 0; i++)
				continue;
			DEMAND(i < ARRAY_LEN(entities));
			continue;
		}
		DEMAND(strncmp(p, "<script", 7) != 0 || strncmp(p, script, strlen(script)) == 0);
		p += p[1] == '/' ? 2 : 1;
		for (i = 0; i < ARRAY_LEN(tags); i++)
			if (strncmp(p, tags[i], strlen(tags[i])) == 0 && strchr(" >", p[strlen(tags[i])]) != NULL)
				break;
		DEMAND(i < ARRAY_LEN(tags));
		for (p += strcspn(p, " >"); *p == ' ';) {
			p += strcspn(p, "\"<>");
			DEMAND(*p == '"' || (*p == '>' && i == 0));
			if (*p == '"')
				p = strchr(p + 1, '"') + 1;
		}
		DEMAND(*p == '>');
	}
}

static const struct {
	const char *format;
	void (*check)(const struct str *out, const struct view_options *o);
} checks[] = {
	{ "text", check_text }, { "json", check_json }, { "ndjson", check_ndjson }, { "csv", check_csv },
	{ "nagios", check_nagios }, { "prometheus", check_prometheus },
};

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size, arena_new() };
	unsigned bits = take(&in, 256);
	struct view_options o = { .color = bits & 1, .verbose = bits & 2, .quiet = bits & 4, .unicode = bits & 8,
		.timed_out = bits & 16, .width = take(&in, 200), .until = (enum until)take(&in, 3),
		.metrics = (enum metrics_detail)take(&in, 3) };
	const struct status *list[3];
	size_t n = 1 + take(&in, ARRAY_LEN(list));

	for (size_t i = 0; i < n; i++)
		list[i] = take_status(&in);
	DEMAND(view_n_formats == ARRAY_LEN(checks));
	for (size_t i = 0; i < ARRAY_LEN(checks); i++) {
		struct str out = STR_INIT;

		view_format_find(checks[i].format)->render(list, n, &o, &out);
		checks[i].check(&out, &o);
		str_done(&out);
	}
	for (size_t i = 0; i < n; i++) {
		struct str out = STR_INIT;

		view_page_format.render(&list[i], 1, &o, &out);
		check_html(&out, &o);
		str_done(&out);
	}
	arena_free(in.a);
	return 0;
}
