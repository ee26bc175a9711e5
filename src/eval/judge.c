/* SPDX-License-Identifier: ISC */
/* judge: one answer against one expectation; the table of match rules. */
#include <stdlib.h>
#include <string.h>

#include "judge.h"

#define NOTES_MAX 16	/* kept of one answer: a TCP message holds thousands of values, and each may be wrong in the same way */

static judge_rule *const rules[RULE_MAX] = {
	[RULE_TXT_VALUE] = rule_txt_value,
	[RULE_MX_VERIFICATION] = rule_mx_verification,
	[RULE_MX_SET] = rule_mx_set,
	[RULE_CNAME] = rule_cname,
	[RULE_HOST] = rule_host,
	[RULE_SRV] = rule_srv,
	[RULE_SPF] = rule_spf,
	[RULE_DKIM] = rule_dkim,
	[RULE_DMARC] = rule_dmarc,
	[RULE_MTA_STS] = rule_mta_sts,
	[RULE_TLS_RPT] = rule_tls_rpt,
	[RULE_ABSENT] = rule_absent,
	[RULE_EXACT] = rule_exact,
	[RULE_CONTAINS] = rule_contains,
};

const char *
judge_printable(struct arena *a, const void *bytes, size_t n)
{
	struct str s = STR_INIT;
	const char *text;

	str_add_printable(&s, bytes, n);
	text = arena_strdup(a, str_c(&s));
	str_done(&s);
	return text;
}

const char *
judge_rdata_text(struct arena *a, const struct rdata *r)
{
	struct str s = STR_INIT;
	const char *text;

	rdata_text(r, &s);
	text = r->type == DNS_TYPE_TXT || r->type == DNS_TYPE_SPF ? judge_printable(a, str_c(&s), s.len) :
	    arena_strdup(a, str_c(&s));
	str_done(&s);
	return text;
}

const char *
judge_join_by(struct arena *a, const char *text, const char *between, const char *more)
{
	static const char tail[] = " and more";
	size_t n;

	if (text == NULL || *text == '\0')
		return more;
	n = strlen(text);
	if (n < JUDGE_LIST_MAX)
		return arena_printf(a, "%s%s%s", text, between, more);
	return strcmp(text + n - strlen(tail), tail) == 0 ? text : arena_printf(a, "%s%s", text, tail);
}

const char *
judge_join(struct arena *a, const char *text, const char *more)
{
	return judge_join_by(a, text, ", ", more);
}

const char *
judge_answer_text(struct arena *a, const struct answer *an)
{
	size_t n = an->n_values > 0 ? an->n_values : an->n_chain, i;
	struct str s = STR_INIT;
	const char *text;

	for (i = 0; i < n && s.len < JUDGE_LIST_MAX; i++)
		str_addf(&s, "%s%s", i > 0 ? ", " : "", an->n_values > 0 ? judge_rdata_text(a, &an->values[i]) :
		    match_name_text(a, &an->chain[i]));
	if (i < n)
		str_addf(&s, " and %zu more", n - i);
	text = arena_strdup(a, str_c(&s));
	str_done(&s);
	return text;
}

const struct wanted *
judge_want(struct judge *j)
{
	if (j->want.text == NULL)
		plan_wanted_text(j->plan, j->i, j->a, &j->want);
	return &j->want;
}

/* The catalog knows no value, because the host is the administrator's own and the configuration does not name it. */
static bool
is_own_host(struct judge *j)
{
	return judge_want(j)->n_text == 0 && (j->e->rule == RULE_MX_SET || j->e->rule == RULE_CNAME || j->e->rule == RULE_HOST);
}

/* A set is named whole; of values that would each do, the first, which is what to type; patterns all. */
const char *
judge_wanted_text(struct judge *j)
{
	const struct wanted *w = judge_want(j);
	bool set = j->e->rule == RULE_EXACT || j->e->rule == RULE_CONTAINS || (j->e->rule == RULE_MX_SET && w->exact_known);
	const char *text = NULL;

	for (size_t i = 0; i < w->n_text; i++) {
		const char *one = judge_printable(j->a, w->text[i], strlen(w->text[i]));

		if (text != NULL && !set && (w->n_exact > 0 || w->n_family > 0))
			break;
		if (w->n_family > 0)
			one = plan_pattern_words(j->a, one);
		text = text == NULL ? one : arena_printf(j->a, "%s %s %s", text, set ? "and" : "or", one);
	}
	if (text == NULL)
		return is_own_host(j) ? "HOST" : "";
	return text;
}

/* Keys of a domain block that name such a host. */
static const char *
own_host_words(const struct judge *j)
{
	if (strcmp(j->e->id, "mx") == 0 || strcmp(j->e->id, "autodiscover") == 0)
		return arena_printf(j->a, "a host of your own; the key %s of the configuration says which", j->e->id);
	return "a host of your own";
}

/* What is right as well, or where the exact value is: in words, for nobody can type a pattern.  NULL = nothing to add. */
static const char *
judge_also_text(struct judge *j)
{
	const struct wanted *w = judge_want(j);

	if (is_own_host(j))
		return own_host_words(j);
	if (w->n_family == 0 || w->n_text == 0 || w->exact_known)
		return NULL;
	if (plan_pattern_words(j->a, w->text[0]) != w->text[0])
		return "the admin center shows the exact value";
	for (size_t i = 1; i < w->n_text; i++) {
		const char *words = plan_pattern_words(j->a, w->text[i]);

		if (words != w->text[i])
			return arena_printf(j->a, "a host of the form %s is right too", words);
	}
	return NULL;
}

const char *
judge_found_text(struct judge *j)
{
	return judge_answer_text(j->a, j->an);
}

static struct note *note_add(struct judge *j, enum severity severity, enum finding_code code, const char *found, const char *wanted,
    const char *fmt, va_list ap)
    PRINTF_LIKE(6, 0);

static struct note *
note_add(struct judge *j, enum severity severity, enum finding_code code, const char *found, const char *wanted,
    const char *fmt, va_list ap)
{
	bool full = j->n_notes == NOTES_MAX;
	struct note *note;
	char *detail;

	if (j->n_notes == j->cap_notes && !full) {
		size_t cap = j->cap_notes == 0 ? 4 : 2 * j->cap_notes;
		struct note *more = arena_alloc(j->a, cap * sizeof(*more));

		if (j->n_notes > 0)
			memcpy(more, j->notes, j->n_notes * sizeof(*more));
		j->notes = more;
		j->cap_notes = cap;
	}
	note = full ? arena_alloc(j->a, sizeof(*note)) : &j->notes[j->n_notes++];
	note->code = code;
	note->severity = severity;
	note->found = found;
	note->wanted = wanted;
	if (fmt != NULL) {
		detail = xvasprintf(fmt, ap);
		note->detail = arena_strdup(j->a, detail);
		free(detail);
	}
	return note;
}

struct note *
judge_note(struct judge *j, enum finding_code code, const char *found, const char *wanted, const char *fmt, ...)
{
	struct note *note;
	va_list ap;

	va_start(ap, fmt);
	note = note_add(j, finding_rows[code].severity, code, found, wanted, fmt, ap);
	va_end(ap);
	return note;
}

struct note *
judge_note_as(struct judge *j, enum severity severity, enum finding_code code, const char *found, const char *wanted,
    const char *fmt, ...)
{
	struct note *note;
	va_list ap;

	va_start(ap, fmt);
	note = note_add(j, severity, code, found, wanted, fmt, ap);
	va_end(ap);
	return note;
}

/* Info never takes the place of record-missing or record-wrong. */
static bool
judge_explained(const struct judge *j)
{
	for (size_t i = 0; i < j->n_notes; i++)
		if (j->notes[i].severity != SEVERITY_INFO)
			return true;
	return false;
}

bool
judge_is_demanded(const struct expectation *e)
{
	return e->need == NEED_REQUIRED || e->need == NEED_FORBIDDEN;
}

bool
judge_note_is_idle(const struct expectation *e, const struct note *note)
{
	return note->code == FINDING_RECORD_MISSING && !judge_is_demanded(e);
}

/*
 * Severity where the row is not demanded: a warning, unless the wrong value is known to break something; and nothing of
 * the internal view is ever more than a warning.
 */
static enum severity
judge_severity(const struct judge *j, enum severity severity)
{
	if (severity != SEVERITY_ERROR)
		return severity;
	if (j->view == VIEW_INTERNAL || (!judge_is_demanded(j->e) && !j->e->row->wrong_breaks))
		return SEVERITY_WARNING;
	return severity;
}

/* record-missing and record-wrong, where nothing else has explained it. */
static void
judge_note_plain(struct judge *j, enum verdict verdict)
{
	const char *owner = match_name_text(j->a, &j->owner), *found = judge_found_text(j);
	char buf[16];
	const char *type = dns_type_text(j->e->row->type, buf);

	if (verdict == VERDICT_WRONG)
		judge_note(j, FINDING_RECORD_WRONG, found, NULL, "%s %s is %s", owner, type, found);
	else if (j->an->kind == ANSWER_NXDOMAIN)
		judge_note(j, FINDING_RECORD_MISSING, found, NULL, "%s does not exist", owner);
	else if (j->an->n_values > 0)
		judge_note(j, FINDING_RECORD_MISSING, found, NULL, "none of the %s records of %s is %s", type, owner,
		    j->e->rule == RULE_SPF ? "an SPF record" : judge_wanted_text(j));
	else
		judge_note(j, FINDING_RECORD_MISSING, found, NULL, "%s has no %s record", owner,
		    j->e->rule == RULE_TXT_VALUE ? arena_printf(j->a, "%s %s", type, judge_wanted_text(j)) : type);
}

static enum verdict
judge_apply(struct judge *j)
{
	if (j->an->kind == ANSWER_CNAME_LOOP && j->e->rule != RULE_ABSENT) {
		judge_note(j, FINDING_CNAME_LOOP, judge_found_text(j), NULL, NULL);
		return VERDICT_WRONG;
	}
	return rules[j->e->rule](j);
}

void
eval_judge(const struct plan *plan, size_t i, enum view view, const struct answer *an, bool verification_by_mx,
    struct sides *sides, struct arena *a, struct judgement *ret)
{
	struct judge j = { .plan = plan, .i = i, .e = plan_expectation(plan, i), .view = view, .an = an,
		.verification_by_mx = verification_by_mx, .sides = sides, .a = a };
	enum verdict verdict;

	plan_wanted_values(plan, i, view, a, &j.want);
	plan_owner(plan, i, &j.owner);
	verdict = judge_apply(&j);
	if (verdict != VERDICT_OK && !judge_explained(&j))
		judge_note_plain(&j, verdict);
	for (size_t k = 0; k < j.n_notes; k++) {
		j.notes[k].severity = judge_severity(&j, j.notes[k].severity);
		if (j.notes[k].wanted == NULL) {
			j.notes[k].wanted = judge_wanted_text(&j);
			j.notes[k].also = judge_also_text(&j);
		}
	}
	ret->verdict = verdict;
	ret->notes = j.notes;
	ret->n_notes = j.n_notes;
	ret->pending = j.pending;
}

/* Nothing at all: no rule looks further, and of the proof by MX the rules for texts know. */
static bool
answer_is_bare(const struct answer *an)
{
	return an->n_values == 0 && an->n_chain == 0 && (an->kind == ANSWER_NODATA || an->kind == ANSWER_NXDOMAIN);
}

enum verdict
eval_verdict(const struct plan *plan, size_t i, enum view view, const struct answer *an, bool verification_by_mx,
    struct sides *sides, struct arena *a, struct eval_brief *ret)
{
	enum rule rule = plan_expectation(plan, i)->rule;
	struct judgement j;

	if (answer_is_bare(an) && !verification_by_mx) {
		ret->plain = rule == RULE_ABSENT || !judge_is_demanded(plan_expectation(plan, i));
		ret->pending = false;
		return rule == RULE_ABSENT ? VERDICT_OK : VERDICT_MISSING;
	}
	eval_judge(plan, i, view, an, verification_by_mx, sides, a, &j);
	ret->pending = j.pending;
	ret->plain = !j.pending;
	for (size_t k = 0; k < j.n_notes; k++)
		ret->plain = ret->plain && judge_note_is_idle(plan_expectation(plan, i), &j.notes[k]);
	return j.verdict;
}
