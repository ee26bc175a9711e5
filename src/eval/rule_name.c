/* SPDX-License-Identifier: ISC */
/* Names that point elsewhere: CNAME, DKIM, and hosts that may be an alias or have addresses. */
#include <string.h>

#include "judge.h"

/* The one target of a CNAME answer; false (and the verdict) when there is none or more than one. */
static bool
cname_target(struct judge *j, struct dns_name *ret, enum verdict *ret_verdict)
{
	*ret_verdict = VERDICT_MISSING;
	if (j->an->n_values == 0)
		return false;
	*ret_verdict = VERDICT_WRONG;
	if (j->an->n_values > 1) {
		judge_note(j, FINDING_RECORD_WRONG, judge_found_text(j), NULL, "a name can have one CNAME only: %s",
		    judge_found_text(j));
		return false;
	}
	return rdata_name(&j->an->values[0], ret);
}

/* The profile allows any host that is not Microsoft's, and does not know which. */
static bool
target_is_accepted(struct judge *j, const struct dns_name *target, const char *text)
{
	if (!j->want.foreign_ok || j->want.exact_known || match_suffix(j->plan, text) != NULL)
		return false;
	if (dns_name_labels(target) < 2 || dns_name_equal(target, &j->owner))
		return false;
	judge_note(j, FINDING_TARGET_ACCEPTED, text, NULL, NULL);
	return true;
}

#define ALIASES_MAX 4	/* names between the record and Microsoft's */

static bool
target_is_wanted(const struct wanted *w, const struct dns_name *target, const char *text)
{
	return match_exact_target(w, target) || (!w->exact_known && match_patterns(w->family, w->n_family, text));
}

/*
 * An alias of one's own in between works as well (RFC 1034 3.6.2 only advises against it).  While it is being asked for,
 * nothing speaks against it.
 */
static bool
target_by_alias(struct judge *j, const struct dns_name *target, const char *text)
{
	struct dns_name at = *target;
	struct side_fact fact;
	const char *end;

	if (j->sides == NULL || j->view != VIEW_PUBLIC || match_suffix(j->plan, text) != NULL)
		return false;
	for (int i = 0; i < ALIASES_MAX && at.len > 1; i++) {
		sides_ask(j->sides, SIDE_LOOKUP, &at, DNS_TYPE_CNAME, j->a, &fact);
		j->pending = j->pending || fact.state == SIDE_PENDING;
		if (fact.state != SIDE_ANSWERED)
			return fact.state == SIDE_PENDING;
		if (fact.answer->kind != ANSWER_POSITIVE || fact.answer->n_values != 1 ||
		    !rdata_name(&fact.answer->values[0], &at))
			return false;
		end = match_name_text(j->a, &at);
		if (target_is_wanted(&j->want, &at, end)) {
			judge_note(j, FINDING_TARGET_BY_ALIAS, text, end, "%s leads on to %s", text, end);
			return true;
		}
	}
	return false;
}

enum verdict
rule_cname(struct judge *j)
{
	const struct wanted *w = &j->want;
	struct dns_name target;
	enum verdict verdict;
	const char *text;

	if (!cname_target(j, &target, &verdict))
		return verdict;
	text = match_name_text(j->a, &target);
	if (target_is_wanted(w, &target, text))
		return VERDICT_OK;
	if (match_patterns(w->tolerate, w->n_tolerate, text)) {
		judge_note_as(j, SEVERITY_WARNING, FINDING_RECORD_WRONG, text, NULL, "%s still works, but is old", text);
		return VERDICT_OK;
	}
	if (target_by_alias(j, &target, text) || target_is_accepted(j, &target, text))
		return VERDICT_OK;
	match_explain_target(j, &target, text);
	return VERDICT_WRONG;
}

/* ---- DKIM ---- */

/* "selector1" of selector1._domainkey.contoso.test, also of the target. */
static size_t
selector_length(const char *text)
{
	return strcspn(text, "-.");
}

/*
 * A target that has the form of one but is not ours: another selector's number, or another domain's key.  The key is certain
 * only where the domain has no hyphen (src/plan/key.c), and in clouds whose targets are documented.
 */
static const char *
dkim_misfit(struct judge *j, const char *text)
{
	const char *owner = match_name_text(j->a, &j->owner), *key = plan_key(j->plan);
	enum cloud cloud = plan_conf(j->plan)->cloud;
	size_t n = selector_length(owner), m;

	if (selector_length(text) != n || strncmp(text, owner, n) != 0)
		return "the target is that of another selector";
	if (text[n] != '-' || key == NULL || strchr(plan_domain(j->plan), '-') != NULL ||
	    (cloud != CLOUD_WORLDWIDE && cloud != CLOUD_GCC))
		return NULL;
	m = strcspn(text + n + 1, ".");
	if (strlen(key) != m || !str_iprefix(text + n + 1, key))
		return "the target was made for another domain";
	return NULL;
}

enum verdict
rule_dkim(struct judge *j)
{
	const struct wanted *w = &j->want;
	struct dns_name target;
	enum verdict verdict;
	const char *text, *misfit;

	if (!cname_target(j, &target, &verdict))
		return verdict;
	text = match_name_text(j->a, &target);
	if (match_exact_target(w, &target))
		return VERDICT_OK;
	misfit = dkim_misfit(j, text);
	if (!w->exact_known && match_patterns(w->family, w->n_family, text)) {
		if (misfit == NULL)
			return VERDICT_OK;
		judge_note(j, FINDING_DKIM_TARGET_SHAPE, text, NULL, "%s: %s", misfit, text);
		return VERDICT_WRONG;
	}
	if (match_explain_target(j, &target, text))
		return VERDICT_WRONG;
	if (misfit != NULL || !match_patterns(w->family, w->n_family, text))
		judge_note(j, FINDING_DKIM_TARGET_SHAPE, text, NULL, "%s: %s", misfit != NULL ? misfit :
		    "not the form of a DKIM target, or another tenant's", text);
	return VERDICT_WRONG;
}

/* ---- hosts: an alias or addresses ---- */

static bool
host_is_wanted(struct judge *j)
{
	const struct wanted *w = &j->want;

	for (size_t i = 0; i < w->n_exact; i++) {
		for (size_t k = 0; k < j->an->n_values; k++)
			if (match_rdata_equal(&w->exact[i], &j->an->values[k]))
				return true;
	}
	for (size_t k = 0; k < j->an->n_chain; k++)
		if (match_exact_target(w, &j->an->chain[k]) ||
		    match_patterns(w->family, w->n_family, match_name_text(j->a, &j->an->chain[k])))
			return true;
	return false;
}

/* Microsoft's host where the profile wants somebody else's. */
static bool
host_is_microsoft(struct judge *j)
{
	for (size_t k = 0; k < j->an->n_chain; k++) {
		const char *text = match_name_text(j->a, &j->an->chain[k]);

		if (match_suffix(j->plan, text) != NULL)
			return match_explain_target(j, &j->an->chain[k], text) || true;
	}
	return false;
}

static bool
is_own_name(const struct judge *j, const struct dns_name *name)
{
	struct dns_name own;

	return dns_name_parse(&own, plan_domain(j->plan), NULL) == 0 && dns_name_is_below(name, &own);
}

enum verdict
rule_host(struct judge *j)
{
	const struct answer *an = j->an;

	if (an->n_values == 0 && an->n_chain == 0)
		return VERDICT_MISSING;
	/*
	 * The server denied the end of the chain (RFC 6604 §2); with NODATA it may just not know that zone.  Of hosts elsewhere the
	 * record says no more than their name; whether they are there is asked aside (diagnose_target.c).
	 */
	if (an->kind == ANSWER_NXDOMAIN && (j->view != VIEW_PUBLIC || is_own_name(j, &an->chain[an->n_chain - 1]))) {
		const char *end = match_name_text(j->a, &an->chain[an->n_chain - 1]);

		if (!match_explain_target(j, &an->chain[0], end))
			judge_note(j, FINDING_TARGET_UNRESOLVABLE, end, NULL, "%s does not exist", end);
		return VERDICT_WRONG;
	}
	if (host_is_wanted(j))
		return VERDICT_OK;
	if (j->want.foreign_ok && host_is_microsoft(j))
		return VERDICT_WRONG;
	if (j->want.n_exact == 0 && j->want.n_family == 0) {
		if (j->want.foreign_ok)
			judge_note(j, FINDING_TARGET_ACCEPTED, judge_found_text(j), NULL, NULL);
		return VERDICT_OK;
	}
	/* Addresses of one's own where a name is wanted cannot be compared without asking for the name. */
	if (an->n_chain == 0 && (j->want.foreign_ok || j->want.exact_known)) {
		judge_note(j, FINDING_TARGET_ACCEPTED, judge_found_text(j), NULL, NULL);
		return VERDICT_OK;
	}
	if (an->n_chain > 0)
		match_explain_target(j, &an->chain[0], match_name_text(j->a, &an->chain[0]));
	return VERDICT_WRONG;
}
