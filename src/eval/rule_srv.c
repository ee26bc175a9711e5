/* SPDX-License-Identifier: ISC */
/*
 * SRV: "priority weight port target".  Microsoft asks for 100 1 5061 and 100 1 443.  Target and port decide whether it works;
 * another priority or weight of a single record changes nothing and is no finding, unless the two were swapped, which says
 * that somebody typed into the wrong fields.
 */
#include <stdio.h>
#include <string.h>

#include "judge.h"

struct srv {
	uint16_t prio, weight, port;
	struct dns_name target;
};

static bool
srv_read(const struct rdata *r, struct srv *ret)
{
	return rdata_srv(r, &ret->prio, &ret->weight, &ret->port, &ret->target);
}

static const char *
srv_show(struct judge *j, const struct srv *s)
{
	return arena_printf(j->a, "%u %u %u %s", s->prio, s->weight, s->port, match_name_text(j->a, &s->target));
}

/* Are these the wanted numbers in another order?  (Sorting three numbers: compare as multisets.) */
static bool
srv_is_permuted(const struct srv *a, const struct srv *b)
{
	uint32_t sum_a = (uint32_t)a->prio + a->weight + a->port, sum_b = (uint32_t)b->prio + b->weight + b->port;
	uint64_t product_a = (uint64_t)a->prio * a->weight * a->port, product_b = (uint64_t)b->prio * b->weight * b->port;
	uint64_t pairs_a = (uint64_t)a->prio * a->weight + (uint64_t)a->weight * a->port + (uint64_t)a->port * a->prio;
	uint64_t pairs_b = (uint64_t)b->prio * b->weight + (uint64_t)b->weight * b->port + (uint64_t)b->port * b->prio;

	/* equal elementary symmetric sums = equal multisets */
	return sum_a == sum_b && product_a == product_b && pairs_a == pairs_b;
}

/* "443 sipdir.online.lync.com" typed into the target: a label with a blank, or numbers as the first labels. */
static bool
srv_target_has_fields(struct judge *j, const struct srv *s, const struct srv *wanted)
{
	const char *text = match_name_text(j->a, &s->target), *host = match_name_text(j->a, &wanted->target);
	const char *at = strstr(text, "\\032");
	char port[16];

	if (at == NULL)
		at = strstr(text, "\\ ");
	if (at != NULL)
		return true;
	snprintf(port, sizeof(port), "%u.", wanted->port);
	return str_iprefix(text, port) && str_iprefix(text + strlen(port), host);
}

static enum verdict
srv_judge_wanted(struct judge *j, const struct srv *s, const struct srv *wanted, const char *found)
{
	const char *want = srv_show(j, wanted);

	if (!dns_name_equal(&s->target, &wanted->target)) {
		if (!srv_target_has_fields(j, s, wanted))
			return VERDICT_WRONG;
		judge_note(j, FINDING_SRV_FIELDS_SHIFTED, found, want, "numbers stand in the target: %s", found);
		return VERDICT_WRONG;
	}
	if (s->port == wanted->port) {
		if (s->prio == wanted->weight && s->weight == wanted->prio && s->prio != s->weight)
			judge_note_as(j, SEVERITY_WARNING, FINDING_SRV_FIELDS_SHIFTED, found, want,
			    "priority and weight are swapped: %s", found);
		return VERDICT_OK;
	}
	if (srv_is_permuted(s, wanted) || s->weight == wanted->port || s->prio == wanted->port || s->port == wanted->prio ||
	    s->port == wanted->weight)
		judge_note(j, FINDING_SRV_FIELDS_SHIFTED, found, want, "the port is %u instead of %u", s->port, wanted->port);
	return VERDICT_WRONG;
}

/* One value against all wanted ones. */
static enum verdict
srv_judge(struct judge *j, const struct rdata *value)
{
	struct srv s, wanted;
	size_t before = j->n_notes;
	const char *found;

	if (!srv_read(value, &s))
		return VERDICT_WRONG;
	found = srv_show(j, &s);
	if (s.target.len == 1) {	/* RFC 2782 */
		judge_note(j, FINDING_RECORD_WRONG, found, NULL, "the target \".\" says that the service is switched off");
		return VERDICT_WRONG;
	}
	/* Any host may serve it when nobody said which (autodiscover by SRV). */
	if (j->want.n_exact == 0 && j->want.n_family == 0)
		return VERDICT_OK;
	for (size_t i = 0; i < j->want.n_exact; i++)
		if (srv_read(&j->want.exact[i], &wanted) && srv_judge_wanted(j, &s, &wanted, found) == VERDICT_OK)
			return VERDICT_OK;
	if (j->n_notes > before)
		return VERDICT_WRONG;
	if (match_patterns(j->want.family, j->want.n_family, match_name_text(j->a, &s.target)))
		return VERDICT_OK;
	for (size_t i = 0; i < j->want.n_exact; i++)
		if (srv_read(&j->want.exact[i], &wanted) && dns_name_equal(&s.target, &wanted.target))
			return VERDICT_WRONG;
	match_explain_target(j, &s.target, found);
	return VERDICT_WRONG;
}

enum verdict
rule_srv(struct judge *j)
{
	enum verdict verdict = VERDICT_OK;

	if (j->an->n_values == 0)
		return VERDICT_MISSING;
	for (size_t i = 0; i < j->an->n_values; i++)
		if (srv_judge(j, &j->an->values[i]) != VERDICT_OK)
			verdict = VERDICT_WRONG;
	return verdict;
}
