/* SPDX-License-Identifier: ISC */
/*
 * diagnose_records: the notes of the match rules become findings.  What several servers say alike is one finding; a record
 * that some of the servers have right is the affair of authority-disagree and not of the values.
 */
#include <string.h>

#include "fix.h"
#include "judge.h"
#include "roll.h"

/* ---- one text that two records are written into ---- */

/* Another record has told of the same text: one cause, one finding. */
static struct finding *
joined_find(struct roll *r, size_t i, const struct note *note)
{
	for (size_t k = 0; note->code == FINDING_TXT_JOINED_VALUES && k < r->n_findings; k++) {
		struct finding *f = &r->findings[k];

		if (f->code == note->code && f->expectation != (int)i && f->severity >= note->severity &&
		    plan_expectation(r->plan, (size_t)f->expectation)->question == plan_expectation(r->plan, i)->question &&
		    strstr(f->detail, note->found) != NULL)
			return f;
	}
	return NULL;
}

/* The records that it has to become. */
static const char *
joined_parts(struct roll *r, const struct finding *f)
{
	const char *text = "";

	for (size_t i = 0; i < r->n; i++) {
		const struct expectation *e = plan_expectation(r->plan, i);
		const char *spf = NULL, *note;
		struct wanted w;

		if (!finding_is_about(f, i))
			continue;
		plan_wanted(r->plan, i, VIEW_PUBLIC, r->a, &w);
		for (size_t col = 0; e->rule == RULE_SPF && spf == NULL && col < r->m->n_columns; col++) {
			const struct answer *an = matrix_answer(r->m, e->question, col);

			if (an != NULL && column_decides(r->m, &r->m->columns[col]))
				spf = fix_record_text(r->m, i, an, r->a, &note);
		}
		for (size_t k = 0; k < (spf != NULL ? 1 : w.n_text); k++)
			text = judge_join_by(r->a, text, " and ", spf != NULL ? spf : judge_printable(r->a, w.text[k], strlen(w.text[k])));
	}
	return text;
}

static void
joined_add(struct roll *r, struct finding *f, size_t i)
{
	const char *owner = match_name_text(r->a, &r->m->rows[plan_expectation(r->plan, i)->question].name);

	f->also |= UINT64_C(1) << i;
	f->advice = arena_printf(r->a, "Make a TXT record at %s of each: %s", owner, joined_parts(r, f));
}

/* ---- notes ---- */

/* The same remark about the same value was made already? */
static struct finding *
find_same(struct roll *r, enum finding_code code, int expectation, const char *detail)
{
	for (size_t i = 0; i < r->n_findings; i++) {
		struct finding *f = &r->findings[i];

		if (f->code == code && f->expectation == expectation && strcmp(f->detail, detail) == 0)
			return f;
	}
	return NULL;
}

static const char *
note_detail(struct roll *r, size_t i, const struct note *note)
{
	const struct question *q = &r->m->rows[plan_expectation(r->plan, i)->question];
	char type[16];

	if (note->detail != NULL)
		return note->detail;
	if (note->found == NULL || *note->found == '\0')
		return finding_rows[note->code].title;
	return arena_printf(r->a, "%s %s is %s", match_name_text(r->a, &q->name), dns_type_text(q->type, type), note->found);
}

/* A remark in brackets, before the full stop if there is one. */
static const char *
advice_with(struct roll *r, const char *advice, const char *also)
{
	size_t n = strlen(advice);
	bool stop = n > 0 && advice[n - 1] == '.';

	return arena_printf(r->a, "%.*s (%s)%s", (int)(n - stop), advice, also, stop ? "." : "");
}

static void
note_add_finding(struct roll *r, size_t i, const struct note *note, size_t col)
{
	const char *detail = note_detail(r, i, note);
	struct finding *f = joined_find(r, i, note);

	if (f != NULL) {
		joined_add(r, f, i);
		return;
	}
	f = find_same(r, note->code, (int)i, detail);
	/* what is wrong outside as well is one cause; what is wrong inside only must say so */
	if (f == NULL && column_view(&r->m->columns[col]) == VIEW_INTERNAL) {
		detail = arena_printf(r->a, "inside: %s", detail);
		f = find_same(r, note->code, (int)i, detail);
	}
	if (f == NULL) {
		f = diagnose_add(r, note->code, note->severity, (int)i, detail,
		    &(struct advice){ .found = note->found, .wanted = note->wanted });
		if (note->also != NULL && strstr(finding_rows[note->code].advice, "{wanted}") != NULL)
			f->advice = advice_with(r, f->advice, note->also);
	}
	diagnose_evidence(r, f, plan_expectation(r->plan, i)->question, col);
	diagnose_source(r, f, col);
}

/* The judgement of the answer that a column holds; columns with the same variant in the same view share it. */
struct judged {
	uint16_t variant;
	enum view view;
	struct judgement j;
};
struct judged_list {
	struct judged *list;	/* one a column at most */
	size_t n;
};

static const struct judgement *
judged_get(struct roll *r, struct judged_list *known, size_t i, size_t col, const struct answer *an)
{
	uint16_t variant = MATRIX_CELL(r->m, plan_expectation(r->plan, i)->question, col)->variant;
	enum view view = column_view(&r->m->columns[col]);
	struct judged *new;

	for (size_t k = 0; k < known->n; k++)
		if (known->list[k].variant == variant && known->list[k].view == view)
			return &known->list[k].j;
	new = &known->list[known->n++];
	new->variant = variant;
	new->view = view;
	eval_judge(r->plan, i, view, an, r->by_mx, r->m->sides, r->a, &new->j);
	return &new->j;
}

/* What one column's answer gives to say about expectation i. */
static void
diagnose_cell(struct roll *r, struct judged_list *known, size_t i, size_t col)
{
	const struct expectation *e = plan_expectation(r->plan, i);
	const struct answer *an = matrix_answer(r->m, e->question, col);
	const struct judgement *j;

	if (an == NULL)
		return;
	j = judged_get(r, known, i, col, an);
	r->waiting[i] = r->waiting[i] || j->pending;
	for (size_t k = 0; k < j->n_notes; k++) {
		if (!judge_note_is_idle(e, &j->notes[k]))
			note_add_finding(r, i, &j->notes[k], col);
	}
}

/* Most answers are as they should be, and there is nothing to say. */
static bool
is_plain(const struct roll *r, const struct expectation *e, size_t col)
{
	const struct eval_variant *v = &r->m->variants[MATRIX_CELL(r->m, e->question, col)->variant];

	return (v->plain[column_view(&r->m->columns[col])] & 1u << e->slot) != 0;
}

/* Only the answers that decide the record's state speak for it. */
static bool
speaks(const struct roll *r, size_t i, size_t col)
{
	const struct tally *t = &r->tally[i];
	enum say say = cell_says(r->m, i, col).say;

	if (!column_decides(r->m, &r->m->columns[col]))
		return false;
	if (r->m->policy.authorities == AUTHORITIES_MAJORITY && t->ok * 2 <= t->n)
		return true;
	return t->ok == 0 || say == SAY_OK;
}

/* The internal view has findings of its own, of the resolvers that see it. */
static bool
speaks_inside(const struct roll *r, size_t i, size_t col)
{
	const struct eval_column *c = &r->m->columns[col];

	return c->kind == SOURCE_RESOLVER && column_view(c) == VIEW_INTERNAL && column_alive(c) &&
	    (plan_expectation(r->plan, i)->views & 1u << VIEW_INTERNAL) != 0;
}

static void
diagnose_speakers(struct roll *r, bool (*speak)(const struct roll *r, size_t i, size_t col))
{
	struct judged_list known = { arena_alloc(r->a, (r->m->n_columns + 1) * sizeof(*known.list)), 0 };

	for (size_t i = 0; i < r->n; i++) {
		const struct expectation *e = plan_expectation(r->plan, i);

		known.n = 0;
		for (size_t col = 0; col < r->m->n_columns; col++)
			if (!is_plain(r, e, col) && speak(r, i, col))
				diagnose_cell(r, &known, i, col);
	}
}

/* Findings whose advice is a change of a text, which is best shown whole. */
static const bool text_codes[FINDING_MAX] = {
	[FINDING_SPF_INCLUDE_MISSING] = true, [FINDING_SPF_ALL_MISSING] = true, [FINDING_SPF_ALL_PERMISSIVE] = true,
	[FINDING_SPF_IP_MISSING] = true, [FINDING_SPF_MULTIPLE] = true, [FINDING_SPF_AFTER_ALL] = true,
	[FINDING_SPF_SYNTAX] = true, [FINDING_SPF_FLATTENED] = true, [FINDING_SPF_INCLUDE_INVALID] = true,
	[FINDING_SPF_LOOP] = true, [FINDING_SPF_TOO_MANY_VOID_LOOKUPS] = true,
	[FINDING_DMARC_SYNTAX] = true, [FINDING_DMARC_NO_POLICY] = true,
};

/* What these say has to be taken out need not be said again. */
static bool
names_what_goes(enum finding_code code)
{
	return code == FINDING_SPF_INCLUDE_INVALID || code == FINDING_SPF_LOOP || code == FINDING_SPF_TOO_MANY_VOID_LOOKUPS;
}

static char
upper(char c)
{
	return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

/* With the dot at its end. */
static const char *
sentence(struct arena *a, const char *text)
{
	size_t n = strlen(text);

	return n > 0 && text[n - 1] == '.' ? text : arena_printf(a, "%s.", text);
}

static void
advise_text(struct roll *r, struct finding *f)
{
	size_t row = plan_expectation(r->plan, (size_t)f->expectation)->question;
	const struct answer *an = NULL;
	const char *text, *note;

	for (size_t col = 0; an == NULL && col < r->m->n_columns; col++)
		if (column_decides(r->m, &r->m->columns[col]))
			an = matrix_answer(r->m, row, col);
	if (an == NULL || (text = fix_record_text(r->m, (size_t)f->expectation, an, r->a, &note)) == NULL)
		return;
	if (f->code == FINDING_RECORD_WRONG) {	/* the administrator's own address rather than the catalog's */
		f->advice = arena_printf(r->a, "Correct the TXT record at %s, so that it reads: %s",
		    match_name_text(r->a, &r->m->rows[row].name), text);
		return;
	}
	if (names_what_goes(f->code))
		note = NULL;
	f->advice = sentence(r->a, f->advice);
	if (note != NULL)
		f->advice = sentence(r->a, arena_printf(r->a, "%s %c%s", f->advice, upper(*note), note + 1));
	f->advice = arena_printf(r->a, "%s The record then reads: %s", f->advice, text);
}

/* A text of tags that was mended, in place of the one that anybody could have. */
static bool
wants_text(const struct roll *r, const struct finding *f)
{
	enum rule rule = f->expectation >= 0 ? plan_expectation(r->plan, (size_t)f->expectation)->rule : RULE_MAX;

	return rule != RULE_MAX && (text_codes[f->code] ||
	    (f->code == FINDING_RECORD_WRONG && (rule == RULE_MTA_STS || rule == RULE_TLS_RPT)));
}

void
diagnose_records(struct roll *r)
{
	diagnose_speakers(r, speaks);
	for (size_t i = 0; i < r->n_findings; i++)
		if (wants_text(r, &r->findings[i]))
			advise_text(r, &r->findings[i]);
}

/* Nothing that could be missing: who only forgot to say what is wanted must not take that for good. */
void
diagnose_required(struct roll *r)
{
	struct finding *f;

	for (size_t i = 0; i < r->n; i++)
		if (roll_applies(r, i))
			return;
	f = diagnose_add(r, FINDING_NOTHING_REQUIRED, SEVERITY_INFO, -1, arena_printf(r->a,
	    "neither the services nor the profile (%s) require a record, and no verification value is given",
	    name_of(&profile_names, (int)plan_conf(r->plan)->profile)), NULL);
	diagnose_evidence_text(r, f, "(the configuration)");
}

void
diagnose_internal(struct roll *r)
{
	bool any = false;

	for (size_t col = 0; col < r->m->n_columns; col++)
		any = any || column_view(&r->m->columns[col]) == VIEW_INTERNAL;
	if (any)
		diagnose_speakers(r, speaks_inside);
}

/* ---- for the rules that look further ---- */

const struct answer *
record_answer(const struct roll *r, int i, size_t *ret_col)
{
	for (size_t col = 0; i >= 0 && col < r->m->n_columns; col++) {
		const struct answer *an;

		if (!column_decides(r->m, &r->m->columns[col]) || cell_says(r->m, (size_t)i, col).say != SAY_OK)
			continue;
		an = matrix_answer(r->m, plan_expectation(r->plan, (size_t)i)->question, col);
		if (an == NULL)
			continue;
		*ret_col = col;
		return an;
	}
	return NULL;
}

enum severity
record_severity(const struct roll *r, int i)
{
	return judge_is_demanded(plan_expectation(r->plan, (size_t)i)) ? SEVERITY_ERROR : SEVERITY_WARNING;
}

bool
record_is_absent(const struct roll *r, int i)
{
	const struct tally *t = i >= 0 ? &r->tally[i] : NULL;

	return t != NULL && t->missing > 0 && t->ok + t->wrong + t->pending == 0;
}
