/* SPDX-License-Identifier: ISC */
/*
 * The screen an administrator reads from top to bottom: where the domain stands, the table, what is wrong and how to mend it,
 * when everybody will see it, and in the last line what to do next.
 */
#include "formats.h"
#include "paint.h"

#include <string.h>

#define WIDTH_DEFAULT 100
#define WIDTH_MIN     40

struct state_text {
	enum paint paint;
	const char *word, *meaning;
};
static const struct state_text state_texts[] = {
	[DOMAIN_PENDING] = { PAINT_DIM, "PENDING", "the first answers are on their way" },
	[DOMAIN_UNKNOWN] = { PAINT_UNKNOWN, "UNKNOWN", "too few servers answered to tell" },
	[DOMAIN_UNPUBLISHED] = { PAINT_BAD, "UNPUBLISHED", "something required is not right at the authoritative servers" },
	[DOMAIN_PUBLISHED] = { PAINT_WAIT, "PUBLISHED", "right at the authoritative servers, not seen everywhere yet" },
	[DOMAIN_COMPLETE] = { PAINT_OK, "COMPLETE", "every required record is right and seen everywhere" },
	[DOMAIN_REGRESSED] = { PAINT_BAD, "REGRESSED", "it was right before and no longer is" },
};

/* ---- headline ---- */

static void
domain_names(struct painter *p, const struct status *s)
{
	paint_outside(p, PAINT_BOLD, s->domain);
	if (s->domain_unicode != NULL && p->o->unicode) {
		paint(p, PAINT_PLAIN, " (");
		paint_outside(p, PAINT_PLAIN, s->domain_unicode);
		paint(p, PAINT_PLAIN, ")");
	}
}

static void
headline(struct painter *p, const struct status *s)
{
	const struct state_text *st = &state_texts[s->state];
	char since[TIME_SHORT_MAX], age[32];

	domain_names(p, s);
	paint(p, PAINT_PLAIN, ": ");
	paint(p, st->paint, st->word);
	if (s->since_unix_ms != 0) {
		paint(p, PAINT_PLAIN, " since ");
		paint(p, PAINT_PLAIN, time_short(s->since_unix_ms, s->now_unix_ms, since));
		if (s->now_unix_ms - s->since_unix_ms >= 1000) {
			paint(p, PAINT_PLAIN, " (");
			paint(p, PAINT_PLAIN, time_between(s->since_unix_ms, s->now_unix_ms, age));
			paint(p, PAINT_PLAIN, ")");
		}
	}
	paint_newline(p);
}

/* A record because of which the domain is not published. */
static bool
is_to_mend(const struct status *s, const struct status_record *r)
{
	if (r->state != RECORD_UNPUBLISHED && r->state != RECORD_REGRESSED)
		return false;
	for (size_t i = 0; i < r->n_findings; i++)
		if (r->findings[i]->severity == SEVERITY_ERROR)
			return true;
	return r->need == NEED_REQUIRED && s->n_required > 0;
}

/* The zone as a whole, or which records. */
static void
what_is_wrong(const struct status *s, struct str *ret)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n_findings; i++)
		if (s->findings[i].severity == SEVERITY_ERROR && s->findings[i].record == NULL) {
			str_add(ret, s->findings[i].title);
			return;
		}
	for (size_t i = 0; i < s->n_records; i++)
		if (is_to_mend(s, &s->records[i]))
			str_addf(ret, "%s%s", n++ > 0 ? ", " : ": ", s->records[i].id);
}

/* What the state means; of a domain that is not right, where it is not. */
static void
meaning(struct painter *p, const struct status *s)
{
	bool wrong = s->state == DOMAIN_UNPUBLISHED || s->state == DOMAIN_REGRESSED;
	struct str line = STR_INIT, where = STR_INIT;

	if (wrong)
		what_is_wrong(s, &where);
	if (*str_c(&where) != ':' && where.len > 0)
		str_add(&line, str_c(&where));
	else
		str_addf(&line, "%s%s", where.len > 0 && s->state == DOMAIN_UNPUBLISHED ? "not right at the authoritative servers" :
		    state_texts[s->state].meaning, str_c(&where));
	paint(p, PAINT_PLAIN, "  ");
	paint_folded(p, PAINT_PLAIN, 2, 2, str_c(&line));
	str_done(&line);
	str_done(&where);
}

/* "Published 3 of 3 required records, seen 78 %; checked 10:20:30Z, next look in 4m; worldwide, cloud-only". */
static void
facts(struct painter *p, const struct status *s)
{
	struct str line = STR_INIT;
	char when[TIME_SHORT_MAX], in[32];

	if (s->n_required > 0)
		str_addf(&line, "required records: %zu of %zu published, %zu visible (%u %%)", s->n_required_published,
		    s->n_required, s->n_required_visible, number_percent(s->progress_visible));
	else
		str_add(&line, "no record is required");
	if (s->checked_unix_ms != 0)
		str_addf(&line, "; checked %s", time_short(s->checked_unix_ms, s->now_unix_ms, when));
	if (s->next_check_unix_ms >= s->now_unix_ms + 1000)
		str_addf(&line, ", next look in %s", time_between(s->now_unix_ms, s->next_check_unix_ms, in));
	if (s->cloud != NULL && *s->cloud != '\0')
		str_addf(&line, "; %s", s->cloud);
	if (s->profile != NULL && *s->profile != '\0')
		str_addf(&line, ", %s", s->profile);
	paint(p, PAINT_PLAIN, "  ");
	paint_folded(p, PAINT_DIM, 2, 2, str_c(&line));
	str_done(&line);
}

/* ---- records that are not in the table ---- */

static const struct left_out {
	const char *label;
	bool forbidden;			/* the need that it takes */
	unsigned states;		/* bits of enum record_state */
} left_outs[] = {
	{ "not configured: ", false, 1u << RECORD_NOT_CONFIGURED },
	{ "optional, not known yet: ", false, 1u << RECORD_UNKNOWN | 1u << RECORD_PENDING },
	{ "absent, as it should be: ", true, 1u << RECORD_NOT_CONFIGURED | 1u << RECORD_PUBLISHED | 1u << RECORD_VISIBLE },
	{ "should be absent, not known yet: ", true, 1u << RECORD_UNKNOWN | 1u << RECORD_PENDING },
};

static void
left_out_line(struct painter *p, const struct status *s, const struct left_out *l)
{
	struct str ids = STR_INIT;

	for (size_t i = 0; i < s->n_records; i++) {
		const struct status_record *r = &s->records[i];

		if (matrix_shows(r, p->o) || (l->states & 1u << r->state) == 0 ||
		    (r->need == NEED_FORBIDDEN) != l->forbidden)
			continue;
		str_add(&ids, ids.len > 0 ? ", " : "");
		str_add(&ids, r->id);
	}
	if (ids.len > 0) {
		paint(p, PAINT_DIM, l->label);
		paint_folded(p, PAINT_DIM, strlen(l->label), 2, str_c(&ids));
	}
	str_done(&ids);
}

/* ---- verbose: what is expected and what is seen ---- */

static bool
value_seen_before(const struct status_record *r, size_t cell, size_t value)
{
	const char *v = r->cells[cell].values[value];

	for (size_t k = 0; k <= cell; k++)
		for (size_t i = 0; i < r->cells[k].n_values && (k < cell || i < value); i++)
			if (strcmp(r->cells[k].values[i], v) == 0)
				return true;
	return false;
}

static void
value_line(struct painter *p, const char *label, const char *value)
{
	paint(p, PAINT_DIM, "    ");
	paint_padded(p, PAINT_DIM, label, 9);
	paint_folded(p, PAINT_PLAIN, 13, 13, value);
}

/* A family of hosts is said in words: nobody shall type its wildcards. */
static void
expected_lines(struct painter *p, const struct status_record *r, const char *label, const char *const *list, size_t n)
{
	bool hosts = strcmp(r->type, "MX") == 0 || strcmp(r->type, "CNAME") == 0;
	struct arena *a = arena_new();

	for (size_t i = 0; i < n; i++) {
		const char *words = hosts ? plan_pattern_words(a, list[i]) : list[i];

		value_line(p, label, words == list[i] ? words :
		    arena_printf(a, "%s of the form %s", i > 0 ? "or a host" : "a host", words));
	}
	arena_free(a);
}

static void
record_values(struct painter *p, const struct status_record *r)
{
	paint(p, PAINT_PLAIN, "  ");
	paint_outside(p, PAINT_BOLD, r->id);
	paint(p, PAINT_PLAIN, "  ");
	paint_outside(p, PAINT_PLAIN, r->name);
	if (r->name_unicode != NULL && p->o->unicode) {
		paint(p, PAINT_PLAIN, " (");
		paint_outside(p, PAINT_PLAIN, r->name_unicode);
		paint(p, PAINT_PLAIN, ")");
	}
	paint(p, PAINT_PLAIN, " ");
	paint_outside(p, PAINT_PLAIN, r->type);
	paint(p, PAINT_DIM, ", ");
	paint(p, PAINT_DIM, name_of(&need_names, (int)r->need));
	paint_newline(p);
	expected_lines(p, r, "expected", r->expected, r->n_expected);
	expected_lines(p, r, "internal", r->expected_internal, r->n_expected_internal);
	for (size_t k = 0; k < r->n_cells; k++)
		for (size_t i = 0; i < r->cells[k].n_values; i++)
			if (!value_seen_before(r, k, i))
				value_line(p, "seen", r->cells[k].values[i]);
}

static void
records_verbose(struct painter *p, const struct status *s)
{
	if (s->n_records > 0)
		paint_newline(p);
	for (size_t i = 0; i < s->n_records; i++)
		record_values(p, &s->records[i]);
}

/* ---- findings ---- */

static void
finding_head(struct painter *p, const struct status_finding *f)
{
	static const struct state_text of_severity[] = {
		[SEVERITY_INFO] = { PAINT_DIM, "info", NULL }, [SEVERITY_WARNING] = { PAINT_WAIT, "warning", NULL },
		[SEVERITY_ERROR] = { PAINT_BAD, "ERROR", NULL },
	};
	const struct state_text *st = &of_severity[f->severity];
	struct str line = STR_INIT;

	paint(p, st->paint, st->word);
	paint(p, PAINT_PLAIN, " ");
	paint_outside(p, PAINT_BOLD, f->code);
	str_addf(&line, ": %s", f->title);
	if (f->record != NULL) {
		str_addf(&line, " (%s", f->record);
		for (size_t i = 0; i < f->n_also; i++)
			str_addf(&line, ", %s", f->also[i]);
		str_addc(&line, ')');
	}
	paint_folded(p, PAINT_PLAIN, strlen(st->word) + 1 + text_columns(f->code), 4, str_c(&line));
	str_done(&line);
}

static void
indented(struct painter *p, enum paint how, const char *mark, const char *text)
{
	size_t at = 4 + text_columns(mark);

	if (text == NULL || *text == '\0')
		return;
	paint(p, PAINT_PLAIN, "    ");
	paint(p, how, mark);
	paint_folded(p, how, at, at, text);
}

/* Up to the server that says it, at the end: "contoso.test. 300 IN MX 10 mail.old.example. (ns1.contoso.test 192.0.2.1)". */
static size_t
evidence_len(const char *line)
{
	size_t n = strlen(line);

	if (n == 0 || line[n - 1] != ')')
		return n;
	while (n > 1 && !(line[n] == '(' && line[n - 1] == ' '))
		n--;
	return n > 1 ? n - 1 : strlen(line);
}

static bool
evidence_same(const char *a, const char *b)
{
	size_t n = evidence_len(a);

	return n == evidence_len(b) && n < strlen(a) && n < strlen(b) && strncmp(a, b, n) == 0;
}

/* What several servers say alike is one line; the table tells who says what, and verbose each line. */
static void
evidence(struct painter *p, const struct status_finding *f)
{
	struct str line = STR_INIT;

	for (size_t i = 0; i < f->n_evidence; i++) {
		const char *one = f->evidence[i];
		bool before = false, more = false;

		for (size_t k = 0; k < f->n_evidence && !p->o->verbose; k++)
			if (k != i && evidence_same(f->evidence[k], one))
				*(k < i ? &before : &more) = true;
		if (before)
			continue;
		str_clear(&line);
		str_addn(&line, one, strlen(one) - more);
		str_add(&line, more ? ", and others)" : "");
		indented(p, PAINT_DIM, "| ", str_c(&line));
	}
	str_done(&line);
}

static void
finding(struct painter *p, const struct status_finding *f)
{
	bool brief = p->o->quiet || (f->severity == SEVERITY_INFO && !p->o->verbose);

	if (p->out->len > 0)
		paint_newline(p);
	finding_head(p, f);
	indented(p, PAINT_PLAIN, "", f->detail);
	if (!brief)
		evidence(p, f);
	for (size_t i = 0; i < f->n_sources && p->o->verbose; i++)
		indented(p, PAINT_DIM, "at ", f->sources[i]);
	indented(p, f->severity == SEVERITY_ERROR ? PAINT_BOLD : PAINT_PLAIN, p->o->unicode ? "\u2192 " : "-> ", f->advice);
}

/* Errors first; within a severity in the order of eval, root causes first. */
static void
findings(struct painter *p, const struct status *s)
{
	int least = p->o->quiet ? SEVERITY_WARNING : SEVERITY_INFO;

	for (int severity = SEVERITY_ERROR; severity >= least; severity--)
		for (size_t i = 0; i < s->n_findings; i++)
			if ((int)s->findings[i].severity == severity)
				finding(p, &s->findings[i]);
}

/* ---- the end ---- */

static void
eta_line(struct painter *p, const struct status *s)
{
	static const char *const because[] = {
		[ETA_NONE] = "", [ETA_TTL] = ", when the last cached answer expires",
		[ETA_NEGATIVE_TTL] = ", when the last cached \"no such record\" expires",
		[ETA_DELEGATION_TTL] = ", when the cached delegation expires",
	};
	char when[TIME_SHORT_MAX], in[32];
	struct str line = STR_INIT;

	if (s->eta_unix_ms == 0 || s->complete)
		return;
	str_addf(&line, "ETA %s", time_short(s->eta_unix_ms, s->now_unix_ms, when));
	if (s->eta_unix_ms > s->now_unix_ms)
		str_addf(&line, " (in %s)", time_left(s->now_unix_ms, s->eta_unix_ms, in));
	str_addf(&line, ": seen everywhere by then%s", (size_t)s->eta_basis < ARRAY_LEN(because) ? because[s->eta_basis] : "");
	paint_newline(p);
	paint_folded(p, PAINT_WAIT, 0, 4, str_c(&line));
	str_done(&line);
}

/* The zone as a whole is mended at the registrar or at its servers. */
static bool
has_error_of_record(const struct status *s)
{
	for (size_t i = 0; i < s->n_findings; i++)
		if (s->findings[i].severity == SEVERITY_ERROR && s->findings[i].record != NULL)
			return true;
	return false;
}

static void
next_step(const struct status *s, const struct view_options *o, struct str *ret)
{
	size_t errors = findings_count(s, SEVERITY_ERROR);

	if (errors > 0) {
		if (errors == 1)
			str_add(ret, "not right: mend the error above");
		else
			str_addf(ret, "not right: mend the %zu errors above, the first one first", errors);
		str_add(ret, has_error_of_record(s) ? " (what to type: --fix text), then check again." :
		    ", then check again.");
		return;
	}
	switch (s->state) {
	case DOMAIN_COMPLETE:
		str_add(ret, s->n_required == 0 ? "complete, but only because nothing is required; see above." :
		    findings_count(s, SEVERITY_WARNING) == 0 ? "complete. Nothing is left to do in DNS." :
		    "complete. Nothing has to be done in DNS at once; what is a warning above wants a look.");
		return;
	case DOMAIN_PUBLISHED:
		if (view_reached(s, o->until))
			str_add(ret, "right, as far as was asked; caches elsewhere may still hold old answers.");
		else if (s->eta_unix_ms == 0)
			str_add(ret, "right. Nothing to change in DNS: a resolver that has to agree does not answer; see above.");
		else
			str_add(ret, "right. Nothing to change: wait until the caches have let go of the old answers.");
		return;
	case DOMAIN_UNPUBLISHED:
	case DOMAIN_REGRESSED:
		str_add(ret, "not right: something required is missing or wrong at the authoritative servers; see the table.");
		return;
	case DOMAIN_PENDING:
		str_add(ret, "not checked yet: wait for the first answers.");
		return;
	case DOMAIN_UNKNOWN:
		if (s->n_required_published == 0 && findings_count(s, SEVERITY_WARNING) == 0)
			break;
		str_add(ret, s->n_required_published == 0 ? "cannot tell: nobody who should know the domain answers; see above." :
		    "cannot tell: some servers do not answer, others do; see above.");
		return;
	}
	str_add(ret, "cannot tell. See that this machine may ask DNS servers (port 53, UDP and TCP), then check again.");
}

static void
last_line(struct painter *p, const struct status *s)
{
	static const enum paint of_code[] = { PAINT_OK, PAINT_WAIT, PAINT_BAD, PAINT_UNKNOWN };
	struct str line = STR_INIT;

	if (p->o->timed_out && !view_reached(s, p->o->until))
		str_add(&line, "Gave up waiting. ");
	str_addf(&line, "%s: ", s->domain);
	next_step(s, p->o, &line);
	paint_folded(p, of_code[view_exit_code(s, p->o->until)], 0, 4, str_c(&line));
	str_done(&line);
}

/* What remains to be done outside DNS. */
static void
steps(struct painter *p, const struct status *s)
{
	struct str text = STR_INIT;
	const char *step;

	for (size_t i = 0; view_step_next(s, &i, &step, &text);)
		indented(p, PAINT_PLAIN, p->o->unicode ? "\u2192 " : "-> ", str_c(&text));
	str_done(&text);
}

static void
domain_text(struct painter *p, const struct status *s)
{
	if (!p->o->quiet) {
		headline(p, s);
		meaning(p, s);
		facts(p, s);
		paint_matrix(p, s);
		for (size_t i = 0; i < ARRAY_LEN(left_outs); i++)
			left_out_line(p, s, &left_outs[i]);
		if (p->o->verbose)
			records_verbose(p, s);
	}
	findings(p, s);
	if (!p->o->quiet) {
		eta_line(p, s);
		paint_newline(p);
	}
	last_line(p, s);
	if (!p->o->quiet)
		steps(p, s);
}

static void
totals(struct painter *p, const struct status *const *list, size_t n)
{
	size_t of_state[ARRAY_LEN(state_texts)] = { 0 };
	struct str line = STR_INIT;

	for (size_t i = 0; i < n; i++)
		of_state[list[i]->state]++;
	str_addf(&line, "%zu domains:", n);
	for (size_t i = 0, k = 0; i < ARRAY_LEN(of_state); i++)
		if (of_state[i] > 0)
			str_addf(&line, "%s %zu %s", k++ > 0 ? "," : "", of_state[i], name_of(&domain_state_names, (int)i));
	paint_newline(p);
	paint_folded(p, PAINT_BOLD, 0, 4, str_c(&line));
	str_done(&line);
}

void
render_text(const struct status *const *list, size_t n, const struct view_options *o, struct str *ret)
{
	struct painter p = { .out = ret, .o = o, .width = o->width == 0 ? WIDTH_DEFAULT : o->width };

	if (p.width < WIDTH_MIN)
		p.width = WIDTH_MIN;
	for (size_t i = 0; i < n; i++) {
		if (i > 0 && !o->quiet)
			paint_newline(&p);
		domain_text(&p, list[i]);
	}
	if (n > 1)
		totals(&p, list, n);
}
