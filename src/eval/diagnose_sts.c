/* SPDX-License-Identifier: ISC */
/*
 * diagnose_sts: the policy behind the MTA-STS record.  It is fetched only where the service mta-sts is asked for and the record
 * stands: then a sender would fetch it too.  What is dangerous is a policy in force that does not name an MX: senders that
 * follow it stop delivering (RFC 8461 section 5).  A policy that cannot be used makes senders go on as if there were none.
 */
#include <string.h>

#include "judge.h"
#include "roll.h"
#include "sts.h"

static const char *
policy_url(struct roll *r)
{
	return arena_printf(r->a, "https://mta-sts.%s/.well-known/mta-sts.txt", plan_domain(r->plan));
}

/* The policy's lines are the evidence, as far as there is room. */
static void
evidence_policy(struct roll *r, struct finding *f, const struct side_fact *fact)
{
	const char *line = fact->text, *end = fact->text + fact->n_text;

	while (line != NULL && line < end) {
		const char *stop = memchr(line, '\n', (size_t)(end - line));
		size_t n = (size_t)((stop != NULL ? stop : end) - line);

		if (n > 0 && line[n - 1] == '\r')
			n--;
		if (n > 0)
			diagnose_evidence_text(r, f, arena_printf(r->a, "%s (%s)", judge_printable(r->a, line, n < 200 ? n : 200),
			    policy_url(r)));
		line = stop != NULL ? stop + 1 : end;
	}
}

static void
tell_unusable(struct roll *r, int i, enum finding_code code, const char *why, const struct side_fact *fact)
{
	const char *url = policy_url(r);
	/* a host inside is none of our business: a laboratory, or a mistake that its address shows */
	enum severity severity = fact->reason == REASON_NOT_GLOBAL ? SEVERITY_INFO : SEVERITY_WARNING;
	struct finding *f = diagnose_add(r, code, severity, i, arena_printf(r->a, "%s: %s", url, why),
	    &(struct advice){ .found = why, .wanted = url });

	if (fact->n_text > 0)
		evidence_policy(r, f, fact);
	else
		diagnose_evidence_text(r, f, arena_printf(r->a, "%s: %s", url, why));
}

/*
 * Not fetched.  The host itself said no (another status, a redirect) or showed a certificate that is not its own: so will it do
 * to every sender.  All else may be our own network.
 */
static void
tell_failed(struct roll *r, int i, const struct side_fact *fact)
{
	bool certain = fact->reason == REASON_REFUSED || fact->reason == REASON_BOGUS || fact->reason == REASON_TRUNCATED;
	const char *why = *fact->where != '\0' ? judge_printable(r->a, fact->where, strlen(fact->where)) :
	    name_of(&reason_names, (int)fact->reason);

	if (!side_is_unasked(fact))
		tell_unusable(r, i, certain ? FINDING_MTA_STS_POLICY : FINDING_MTA_STS_UNDETERMINED, why, fact);
}

static void
tell_mismatch(struct roll *r, int i, const struct sts_policy *policy, const char *hosts, const struct side_fact *fact)
{
	struct finding *f = diagnose_add(r, FINDING_MTA_STS_MX_MISMATCH,
	    policy->mode == STS_ENFORCE ? record_severity(r, i) : SEVERITY_WARNING, i,
	    arena_printf(r->a, "no mx: line of the policy (mode %s) covers %s; a * stands for one label only",
	    name_of(&sts_mode_names, (int)policy->mode), hosts), &(struct advice){ .wanted = hosts });

	evidence_policy(r, f, fact);
}

/* The MX hosts as the first server that counts names them; NULL = not known. */
static const struct answer *
mx_answer(const struct roll *r)
{
	static const char *const ids[] = { "mx", "verification-mx" };

	for (size_t k = 0; k < ARRAY_LEN(ids); k++) {
		int i = plan_find(r->plan, ids[k]);

		for (size_t col = 0; i >= 0 && col < r->m->n_columns; col++) {
			const struct answer *an = column_decides(r->m, &r->m->columns[col]) ?
			    matrix_answer(r->m, plan_expectation(r->plan, (size_t)i)->question, col) : NULL;

			if (an != NULL)
				return an;
		}
	}
	return NULL;
}

/* The proof of ownership in the form of an MX: nobody delivers there. */
static bool
is_proof(const struct roll *r, const char *host)
{
	const struct catalog_suffix *s = match_suffix(r->plan, host);

	return s != NULL && strcmp(s->what, "verification") == 0;
}

static void
policy_compare(struct roll *r, int i, const struct sts_policy *policy, const struct side_fact *fact)
{
	const struct answer *an = policy->mode != STS_NONE ? mx_answer(r) : NULL;
	const char *missing = "";

	for (size_t k = 0; an != NULL && k < an->n_values; k++) {
		struct dns_name target;
		const char *host;

		if (!rdata_name(&an->values[k], &target) || target.len <= 1)
			continue;	/* a null MX takes no mail */
		host = match_name_text(r->a, &target);
		if (!sts_policy_covers(policy, host) && !is_proof(r, host))
			missing = judge_join(r->a, missing, host);
	}
	if (*missing != '\0')
		tell_mismatch(r, i, policy, missing, fact);
}

/*
 * The addresses of the policy's host: whoever fetches it takes them from what is known aside, so that no look-up can hold it up.
 * ANSWERED when there is one.
 */
static enum side_state
host_ask(struct roll *r, int i, struct side_fact *ret)
{
	static const uint16_t types[] = { DNS_TYPE_A, DNS_TYPE_AAAA };
	struct dns_name prefix, domain, host;
	struct side_fact fact;
	bool pending = false, found = false;

	memset(ret, 0, sizeof(*ret));
	plan_domain_name(r->plan, &domain);
	if (dns_name_parse(&prefix, "mta-sts", NULL) == -1 || !dns_name_concat(&host, &prefix, &domain))
		return SIDE_PENDING;
	for (size_t k = 0; k < ARRAY_LEN(types); k++) {
		enum side_state state = side_ask(r, i, SIDE_LOOKUP, &host, types[k], &fact);

		pending = pending || state == SIDE_PENDING;
		found = found || (state == SIDE_ANSWERED && fact.answer->kind == ANSWER_POSITIVE);
		if (state == SIDE_FAILED)
			*ret = fact;
	}
	return pending ? SIDE_PENDING : found ? SIDE_ANSWERED : SIDE_FAILED;
}

/* False when there is nothing to fetch, or nothing to say yet. */
static bool
policy_ask(struct roll *r, int i, struct side_fact *ret)
{
	enum side_state state = host_ask(r, i, ret);
	struct dns_name domain;

	plan_domain_name(r->plan, &domain);
	if (state == SIDE_ANSWERED)
		state = side_ask(r, i, SIDE_POLICY, &domain, 0, ret);
	else if (ret->state != SIDE_FAILED)
		return false;		/* the host has no address: that is said of its own record */
	if (state == SIDE_FAILED)
		tell_failed(r, i, ret);
	return state == SIDE_ANSWERED;
}

void
diagnose_sts(struct roll *r)
{
	int i = plan_find(r->plan, "mta-sts");
	struct sts_policy policy;
	struct side_fact fact;
	struct err err;
	size_t col;

	if (i < 0 || !judge_is_demanded(plan_expectation(r->plan, (size_t)i)) || record_answer(r, i, &col) == NULL ||
	    !policy_ask(r, i, &fact))
		return;
	if (sts_policy_parse(r->a, fact.text, fact.n_text, &policy, &err) == -1)
		tell_unusable(r, i, FINDING_MTA_STS_POLICY, arena_strdup(r->a, err.msg), &fact);
	else
		policy_compare(r, i, &policy, &fact);
}
