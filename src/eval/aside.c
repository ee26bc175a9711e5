/* SPDX-License-Identifier: ISC */
/*
 * aside: side questions of a roll-up, and whether what is denied may be believed.
 *
 * "There is no such name" is proved by the zone that the name would lie in.  A laboratory without an Internet, a captive network
 * or a fake root deny the whole world in the name of the root or of a top-level domain, and so does the real one for a domain that
 * is not registered.  The difference: the real world knows Microsoft.  So such a denial is believed only where a name that must
 * exist, Microsoft's SPF include of the domain's cloud, is known; it is asked beside the denial, and until it is known the denial
 * counts as not answered yet.
 */
#include <string.h>

#include "judge.h"
#include "roll.h"

/* How many labels of a name are somebody's own zone: "outlook.com", "outlook.cn", "microsoftonline-p.net.cn". */
static unsigned
registered_labels(const struct dns_name *name)
{
	static const char *const shared[] = { "com", "net", "org", "co" };
	struct dns_name two;
	unsigned n = dns_name_labels(name);

	if (n < 3)
		return n;
	dns_name_suffix(&two, name, n - 2);
	for (size_t i = 0; i < ARRAY_LEN(shared); i++)
		if (two.wire[0] == strlen(shared[i]) && memcmp(two.wire + 1, shared[i], two.wire[0]) == 0)
			return 3;
	return 2;
}

static bool
fact_denies(const struct side_fact *fact)
{
	const struct answer *an = fact->answer;

	return fact->state == SIDE_ANSWERED && an != NULL && (an->kind == ANSWER_NXDOMAIN || an->kind == ANSWER_NODATA) &&
	    (an->has_soa || an->aa);
}

bool
judge_denied_at_home(const struct plan *plan, struct arena *a, const struct dns_name *name, const struct answer *an)
{
	struct dns_name end = an->n_chain > 0 ? an->chain[an->n_chain - 1] : *name, zone;
	const struct catalog_suffix *suffix = match_suffix(plan, match_name_text(a, &end));

	if (!an->has_soa)
		return suffix == NULL;
	zone = end;
	if (suffix != NULL && dns_name_parse(&zone, suffix->suffix, NULL) == -1)
		return false;
	dns_name_lower(&zone);
	dns_name_suffix(&zone, &zone, dns_name_labels(&zone) - registered_labels(&zone));
	return dns_name_is_below(&an->soa_owner, &zone);
}

/* Is Microsoft known in this network? */
static enum side_state
world_known(struct roll *r, bool *ret)
{
	int spf = plan_find(r->plan, "spf");
	struct side_fact fact;
	struct dns_name name;
	struct wanted want;

	*ret = false;
	if (spf < 0)
		return SIDE_FAILED;
	plan_wanted(r->plan, (size_t)spf, VIEW_PUBLIC, r->a, &want);
	if (want.spf_include == NULL || dns_name_parse(&name, want.spf_include, NULL) == -1)
		return SIDE_FAILED;
	sides_ask(r->m->sides, SIDE_LOOKUP, &name, DNS_TYPE_TXT, r->a, &fact);
	*ret = fact.state == SIDE_ANSWERED && fact.answer != NULL && fact.answer->kind == ANSWER_POSITIVE;
	return fact.state;
}

enum side_state
side_ask(struct roll *r, int expectation, enum side_at at, const struct dns_name *name, uint16_t type, struct side_fact *ret)
{
	bool known;

	sides_ask(r->m->sides, at, name, type, r->a, ret);
	if (fact_denies(ret) && !judge_denied_at_home(r->plan, r->a, name, ret->answer) && world_known(r, &known) == SIDE_PENDING)
		*ret = (struct side_fact){ .state = SIDE_PENDING, .where = "" };
	if (ret->state == SIDE_PENDING && expectation >= 0)
		r->waiting[expectation] = true;
	return ret->state;
}

bool
side_is_unasked(const struct side_fact *fact)
{
	return fact->state == SIDE_FAILED && (fact->reason == REASON_STOPPED || fact->reason == REASON_GATED);
}

bool
side_denied(struct roll *r, const struct dns_name *name, const struct side_fact *fact)
{
	bool known;

	if (!fact_denies(fact))
		return false;
	if (judge_denied_at_home(r->plan, r->a, name, fact->answer))
		return true;
	world_known(r, &known);
	return known;
}
