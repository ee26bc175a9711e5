/* SPDX-License-Identifier: ISC */
/*
 * diagnose_dkim: what no single DKIM record shows: do the two selectors belong together, and is there a key behind each.
 *
 * Microsoft signs with either selector and nobody outside can tell with which, so one selector without a key is a warning: it
 * works until the next rotation.  No key behind either of them has one cause (signing is not switched on) and is one finding.
 * Keys change behind the same records: what they are is never compared.
 */
#include <stdio.h>
#include <string.h>

#include "dkim.h"
#include "judge.h"
#include "roll.h"

#define SELECTORS 2
/* RFC 8301 3.2: below 1024 bits receivers must not accept it; 2048 is advised, and Microsoft gives both. */
#define RSA_BITS_MIN     1024
#define RSA_BITS_ADVISED 2048

/* ---- the two records ---- */

/* The target of expectation i as the first server that has it right says it. */
static bool
selector_target(const struct roll *r, int i, struct dns_name *ret, size_t *ret_col)
{
	const struct answer *an = record_answer(r, i, ret_col);

	return an != NULL && an->n_values > 0 && rdata_name(&an->values[0], ret);
}

/* selector1 stands, selector2 does not: said in place of record-missing, and also where DKIM was not asked for. */
static void
second_missing(struct roll *r, int second, const struct dns_name *target)
{
	struct finding *f = diagnose_find(r, FINDING_RECORD_MISSING, second);
	const char *wanted = match_name_text(r->a, target), *digit = strstr(wanted, "selector1");
	const struct tally *t = &r->tally[second];
	struct advice advice;

	if (t->missing == 0 || t->ok + t->wrong > 0)
		return;
	if (digit != NULL)
		wanted = arena_printf(r->a, "%.*s2%s", (int)(digit - wanted) + 8, wanted, digit + 9);
	advice = (struct advice){ .wanted = wanted };
	if (f == NULL)
		f = diagnose_add(r, FINDING_DKIM_SELECTOR2_MISSING, record_severity(r, second), second, NULL, NULL);
	f->code = FINDING_DKIM_SELECTOR2_MISSING;
	f->detail = "selector1 is there, selector2 is not: the next key rotation fails";
	f->advice = advice_expand(r, finding_rows[f->code].advice, second, &advice);
	for (size_t col = 0; col < r->m->n_columns; col++)
		if (column_decides(r->m, &r->m->columns[col])) {
			diagnose_evidence(r, f, plan_expectation(r->plan, (size_t)second)->question, col);
			diagnose_source(r, f, col);
		}
}

/* What the authorities have there, right or wrong; "" = nothing. */
static const char *
selector_text(const struct roll *r, int i)
{
	struct dns_name target;

	for (size_t col = 0; i >= 0 && col < r->m->n_columns; col++) {
		const struct answer *an = matrix_answer(r->m, plan_expectation(r->plan, (size_t)i)->question, col);

		if (an != NULL && column_decides(r->m, &r->m->columns[col]) && an->n_values == 1 && rdata_name(&an->values[0], &target))
			return match_name_text(r->a, &target);
	}
	return "";
}

static const char *
selector_owner(const struct roll *r, int i)
{
	struct dns_name owner;

	plan_owner(r->plan, (size_t)i, &owner);
	return match_name_text(r->a, &owner);
}

/* Each has what belongs to the other: one slip, one finding. */
static void
tell_swapped(struct roll *r, int first, int second)
{
	struct finding *f = diagnose_find(r, FINDING_DKIM_TARGET_SHAPE, first);
	struct finding *g = diagnose_find(r, FINDING_DKIM_TARGET_SHAPE, second);
	const char *a = selector_text(r, first), *b = selector_text(r, second);

	if (f == NULL || g == NULL || !str_iprefix(a, "selector2-") || !str_iprefix(b, "selector1-"))
		return;
	f->also |= UINT64_C(1) << second;
	f->detail = "the targets of the two selectors were entered the wrong way round";
	f->advice = arena_printf(r->a, "Exchange the targets: %s CNAME %s, and %s CNAME %s", selector_owner(r, first), b,
	    selector_owner(r, second), a);
	for (size_t k = 0; k < g->n_evidence; k++)
		diagnose_evidence_text(r, f, g->evidence[k]);
	diagnose_drop(r, g);
}

/* Both targets of a domain share key, tenant and form. */
static void
compare_targets(struct roll *r, int second, const struct dns_name *target1, const struct dns_name *target2, size_t col)
{
	const char *first = match_name_text(r->a, target1), *other = match_name_text(r->a, target2);
	const char *a = strchr(first, '-'), *b = strchr(other, '-');
	struct finding *f;

	if (a == NULL || b == NULL || str_ieq(a, b))
		return;
	f = diagnose_add(r, FINDING_DKIM_MIXED_FORMATS, record_severity(r, second), second,
	    arena_printf(r->a, "%s and %s cannot both be right", first, other),
	    &(struct advice){ .found = other, .wanted = first });
	diagnose_evidence(r, f, plan_expectation(r->plan, (size_t)second)->question, col);
	diagnose_source(r, f, col);
}

/* ---- the keys behind them ---- */

enum key_state {
	KEY_UNASKED,		/* the record is not right, the answer is not in, or nobody could be asked */
	KEY_FAILED,		/* asked, and no answer: never "no key" */
	KEY_NONE, KEY_INVALID, KEY_REVOKED, KEY_GOOD
};
struct selector {
	int expectation;
	bool has_target;
	struct dns_name target;
	size_t col;
	enum key_state state;
	struct side_fact fact;
	struct dkim_key key;
	const char *why;	/* INVALID */
};

/* The one key among the texts of the answer. */
static void
key_judge(struct roll *r, struct selector *s)
{
	struct judge j = { .a = r->a, .an = s->fact.answer };
	struct text *values;
	size_t n = text_values(&j, &values), n_keys = 0, at = 0;
	struct err err;

	for (size_t i = 0; i < n; i++)
		if (dkim_is_key(values[i])) {
			at = i;
			n_keys++;
		}
	s->state = KEY_NONE;
	if (n_keys == 0)
		return;
	if (n_keys > 1) {
		s->state = KEY_INVALID;
		s->why = "several keys stand at one name";
		return;
	}
	if (dkim_key_parse(r->a, values[at], &s->key, &err) == -1) {
		s->state = KEY_INVALID;
		s->why = arena_strdup(r->a, err.msg);
		return;
	}
	s->state = s->key.revoked ? KEY_REVOKED : KEY_GOOD;
}

static void
key_ask(struct roll *r, struct selector *s)
{
	switch (side_ask(r, s->expectation, SIDE_LOOKUP, &s->target, DNS_TYPE_TXT, &s->fact)) {
	case SIDE_PENDING:
		return;
	case SIDE_FAILED:
		s->state = side_is_unasked(&s->fact) ? KEY_UNASKED : KEY_FAILED;
		return;
	default:
		if (s->fact.answer->kind == ANSWER_POSITIVE)
			key_judge(r, s);
		else if (side_denied(r, &s->target, &s->fact))
			s->state = KEY_NONE;
	}
}

static struct finding *
key_finding(struct roll *r, const struct selector *s, enum finding_code code, enum severity severity, const char *detail)
{
	char bits[16];
	struct advice advice = { .found = match_name_text(r->a, &s->target), .n = bits };
	struct finding *f;

	snprintf(bits, sizeof(bits), "%u", s->key.bits);
	f = diagnose_add(r, code, severity, s->expectation, detail, &advice);
	diagnose_evidence(r, f, plan_expectation(r->plan, (size_t)s->expectation)->question, s->col);
	diagnose_evidence_side(r, f, &s->target, DNS_TYPE_TXT, &s->fact);
	diagnose_source(r, f, s->col);
	return f;
}

static const char *
target_text(struct roll *r, const struct selector *s)
{
	return match_name_text(r->a, &s->target);
}

/* Nothing behind either selector: one cause, one finding. */
static void
tell_no_keys(struct roll *r, const struct selector s[SELECTORS])
{
	struct finding *f = key_finding(r, &s[0], FINDING_DKIM_NO_KEY, record_severity(r, s[0].expectation),
	    arena_printf(r->a, "neither %s nor %s has a key", target_text(r, &s[0]), target_text(r, &s[1])));

	diagnose_evidence(r, f, plan_expectation(r->plan, (size_t)s[1].expectation)->question, s[1].col);
	diagnose_evidence_side(r, f, &s[1].target, DNS_TYPE_TXT, &s[1].fact);
}

static void
tell_good(struct roll *r, const struct selector *s)
{
	if (s->key.algorithm != DKIM_RSA || s->key.bits >= RSA_BITS_ADVISED)
		return;
	key_finding(r, s, FINDING_DKIM_KEY_WEAK,
	    s->key.bits < RSA_BITS_MIN ? record_severity(r, s->expectation) : SEVERITY_INFO,
	    arena_printf(r->a, "the key at %s has %u bits%s", target_text(r, s), s->key.bits,
	    s->key.bits < RSA_BITS_MIN ? ": receivers must not accept it" : ", 2048 are advised"));
}

static void
tell_one(struct roll *r, const struct selector *s)
{
	switch (s->state) {
	case KEY_NONE:
		key_finding(r, s, FINDING_DKIM_NO_KEY, SEVERITY_WARNING, arena_printf(r->a, "%s has no key", target_text(r, s)));
		break;
	case KEY_INVALID:
		key_finding(r, s, FINDING_DKIM_KEY_INVALID, SEVERITY_WARNING,
		    arena_printf(r->a, "%s: %s", target_text(r, s), s->why));
		break;
	case KEY_REVOKED:
		key_finding(r, s, FINDING_DKIM_REVOKED, record_severity(r, s->expectation),
		    arena_printf(r->a, "the key at %s is empty (p=)", target_text(r, s)));
		break;
	case KEY_FAILED:
		key_finding(r, s, FINDING_DKIM_UNDETERMINED, SEVERITY_WARNING,
		    arena_printf(r->a, "%s: %s", target_text(r, s), name_of(&reason_names, (int)s->fact.reason)));
		break;
	case KEY_GOOD:
		tell_good(r, s);
		break;
	default:
		break;
	}
}

static void
diagnose_keys(struct roll *r, struct selector s[SELECTORS])
{
	for (size_t i = 0; i < SELECTORS; i++)
		if (s[i].has_target)
			key_ask(r, &s[i]);
	/* with the other answer still to come it is open which of the two findings it will be */
	if (r->waiting[s[0].expectation] || r->waiting[s[1].expectation])
		return;
	if (s[0].state == KEY_NONE && s[1].state == KEY_NONE) {
		tell_no_keys(r, s);
		return;
	}
	for (size_t i = 0; i < SELECTORS; i++)
		tell_one(r, &s[i]);
}

void
diagnose_dkim(struct roll *r)
{
	static const char *const ids[SELECTORS] = { "dkim-selector1", "dkim-selector2" };
	struct selector s[SELECTORS];

	memset(s, 0, sizeof(s));
	for (size_t i = 0; i < SELECTORS; i++) {
		s[i].expectation = plan_find(r->plan, ids[i]);
		s[i].has_target = selector_target(r, s[i].expectation, &s[i].target, &s[i].col);
		if (s[i].expectation < 0)
			return;
	}
	if (s[0].has_target && s[1].has_target)
		compare_targets(r, s[1].expectation, &s[0].target, &s[1].target, s[1].col);
	else if (s[0].has_target)
		second_missing(r, s[1].expectation, &s[0].target);
	else
		tell_swapped(r, s[0].expectation, s[1].expectation);
	diagnose_keys(r, s);
}
