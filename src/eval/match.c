/* SPDX-License-Identifier: ISC */
/*
 * match: names against what is wanted, and why a target that is not wanted came to be.  The order of the explanations is
 * from the certain to the guess: typing mistakes first, then whose host it is, then what kind of record it stands in.
 */
#include <string.h>

#include "judge.h"

const char *
match_name_text(struct arena *a, const struct dns_name *n)
{
	char buf[DNS_NAME_TEXT_MAX];

	return arena_strdup(a, dns_name_text_lower(n, buf));
}

bool
match_exact_target(const struct wanted *w, const struct dns_name *target)
{
	struct dns_name name;

	for (size_t i = 0; i < w->n_exact; i++)
		if (rdata_name(&w->exact[i], &name) && dns_name_equal(&name, target))
			return true;
	return false;
}

bool
match_patterns(const char *const *patterns, size_t n, const char *target)
{
	for (size_t i = 0; i < n; i++)
		if (plan_pattern_match(patterns[i], target))
			return true;
	return false;
}

const struct catalog_suffix *
match_suffix(const struct plan *plan, const char *target)
{
	const struct catalog *c = plan_catalog(plan);
	const struct catalog_suffix *best = NULL;
	size_t n = strlen(target), best_n = 0;

	for (size_t i = 0; i < c->n_suffixes; i++) {
		const char *suffix = c->suffixes[i].suffix + (*c->suffixes[i].suffix == '.');
		size_t m = strlen(suffix);

		if (m > best_n && (n == m || (n > m && target[n - m - 1] == '.')) && str_ieq(target + n - m, suffix)) {
			best = &c->suffixes[i];
			best_n = m;
		}
	}
	return best;
}

/* "192.0.2.1" typed where a host belongs; the provider may have put the zone behind it. */
static bool
name_is_address(const struct dns_name *target, const struct dns_name *domain)
{
	struct dns_name bare = *target;
	char buf[DNS_NAME_TEXT_MAX];
	struct addr addr;
	unsigned labels = dns_name_labels(target);

	if (dns_name_is_below(target, domain) && labels == dns_name_labels(domain) + 4) {
		size_t keep = (size_t)target->len - domain->len;

		memcpy(bare.wire, target->wire, keep);
		bare.wire[keep] = 0;
		bare.len = (uint8_t)(keep + 1);
	}
	dns_name_text(&bare, buf);
	return addr_parse(&addr, buf, 0) || (strchr(buf, ':') != NULL && labels <= 1);
}

/* Take the domain off the end of target; false when it is not below it. */
static bool
name_strip(struct arena *a, const struct dns_name *target, const struct dns_name *domain, const char **ret)
{
	struct dns_name bare;
	size_t keep = (size_t)target->len - domain->len;

	if (target->len <= domain->len || !dns_name_is_below(target, domain))
		return false;
	memcpy(bare.wire, target->wire, keep);
	bare.wire[keep] = 0;
	bare.len = (uint8_t)(keep + 1);
	*ret = match_name_text(a, &bare);
	return true;
}

static bool
text_is_wanted(const struct judge *j, const char *text)
{
	struct dns_name name;

	if (dns_name_parse(&name, text, NULL) == 0 && match_exact_target(&j->want, &name))
		return true;
	return match_patterns(j->want.family, j->want.n_family, text) ||
	    match_patterns(j->want.tolerate, j->want.n_tolerate, text);
}

/* The first label of text equals the first label of a right value (patterns left aside). */
static bool
is_host_part(const struct judge *j, const char *text)
{
	struct dns_name name;
	char buf[DNS_NAME_TEXT_MAX];

	for (size_t i = 0; i < j->want.n_exact; i++) {
		size_t n;

		if (!rdata_name(&j->want.exact[i], &name))
			continue;
		dns_name_text_lower(&name, buf);
		n = strcspn(buf, ".");
		if (strlen(text) == n && strncmp(text, buf, n) == 0)
			return true;
	}
	return false;
}

/* Whose host is it, when it is Microsoft's but not the one wanted? */
static bool
explain_by_suffix(struct judge *j, const char *text, const char *found)
{
	const struct catalog_suffix *s = match_suffix(j->plan, text);
	enum cloud cloud = plan_conf(j->plan)->cloud;

	if (s == NULL || (s->clouds & 1u << cloud) != 0)
		return false;
	if (strcmp(s->what, "consumer") == 0) {
		judge_note(j, FINDING_CONSUMER_OUTLOOK, found, NULL, "%s is a host of personal Outlook.com", text);
		return true;
	}
	for (int c = 0; c < CLOUD_MAX; c++)
		if ((s->clouds & 1u << c) != 0) {
			judge_note(j, FINDING_CLOUD_MIXED, found, NULL, "%s belongs to the cloud %s, this domain to %s", text,
			    name_of(&cloud_names, c), name_of(&cloud_names, (int)cloud));
			return true;
		}
	judge_note(j, FINDING_CLOUD_MIXED, found, NULL, "%s belongs to a cloud that was closed", text);
	return true;
}

/* Records of Skype for Business and Teams: a target outside Microsoft 365 blocks the switch to Teams. */
static bool
explain_skype(struct judge *j, const char *text, const char *found)
{
	enum service s = j->e->row->service;

	if ((s != SERVICE_SKYPE && s != SERVICE_TEAMS) || match_suffix(j->plan, text) != NULL)
		return false;
	judge_note(j, FINDING_LEGACY_SKYPE_EXTERNAL, found, NULL, "%s is not a host of Microsoft 365", text);
	return true;
}

static bool
explain_autodiscover(struct judge *j, const struct dns_name *target, const char *text, const char *found)
{
	bool microsoft = match_suffix(j->plan, text) != NULL;
	struct dns_name domain;

	if (strcmp(j->e->id, "autodiscover") != 0)
		return false;
	plan_domain_name(j->plan, &domain);
	if (microsoft && (j->want.foreign_ok || j->want.n_family == 0) &&
	    (plan_conf(j->plan)->profile == PROFILE_HYBRID || plan_conf(j->plan)->profile == PROFILE_HYBRID_MX_ONPREM)) {
		judge_note(j, FINDING_AUTODISCOVER_WRONG_PROFILE, found,
		    judge_want(j)->n_text > 0 ? NULL : "your Exchange server's host",
		    "with mailboxes on premises, clients must find the server there first, not %s", text);
		return true;
	}
	if (!microsoft && !j->want.foreign_ok && dns_name_is_below(target, &domain)) {
		judge_note(j, FINDING_AUTODISCOVER_WRONG_PROFILE, found, NULL,
		    "%s is a host of your own, but the profile is %s", text,
		    name_of(&profile_names, (int)plan_conf(j->plan)->profile));
		return true;
	}
	return false;
}

/* A blank that came along when the value was pasted; U+00A0 is C2 A0. */
static bool
has_blank(const struct dns_name *n)
{
	for (size_t i = 0; i < n->len; i += 1u + n->wire[i])
		for (size_t k = i + 1; k <= i + n->wire[i]; k++)
			if (n->wire[k] == ' ' || n->wire[k] == '\t' || n->wire[k] == 0xa0)
				return true;
	return false;
}

bool
match_explain_target(struct judge *j, const struct dns_name *target, const char *found)
{
	const char *text = match_name_text(j->a, target), *bare;
	struct dns_name domain;

	plan_domain_name(j->plan, &domain);
	if (dns_name_equal(target, &j->owner)) {
		judge_note(j, FINDING_CNAME_LOOP, found, NULL, "%s points to itself", text);
		return true;
	}
	if (name_is_address(target, &domain)) {
		judge_note(j, FINDING_TARGET_IS_ADDRESS, found, NULL, NULL);
		return true;
	}
	if (has_blank(target)) {
		judge_note(j, FINDING_TARGET_BLANK, found, NULL, NULL);
		return true;
	}
	if (name_strip(j->a, target, &domain, &bare)) {
		if (text_is_wanted(j, bare)) {
			judge_note(j, FINDING_TARGET_ZONE_APPENDED, found, bare, "the target ends with .%s", plan_domain(j->plan));
			return true;
		}
		if (is_host_part(j, bare)) {
			judge_note(j, FINDING_TARGET_NOT_FQDN, found, NULL, "only \"%s\" was entered as the target", bare);
			return true;
		}
	}
	if (dns_name_labels(target) == 1) {
		judge_note(j, FINDING_TARGET_NOT_FQDN, found, NULL, "the target has one label only");
		return true;
	}
	return explain_by_suffix(j, text, found) || explain_skype(j, text, found) ||
	    explain_autodiscover(j, target, text, found);
}

/* The same text, however it is cut into strings. */
static bool
txt_equal(const struct rdata *a, const struct rdata *b)
{
	size_t i = 0, k = 0, left_a = 0, left_b = 0;

	for (;;) {
		while (left_a == 0 && i < a->len)
			left_a = a->bytes[i++];
		while (left_b == 0 && k < b->len)
			left_b = b->bytes[k++];
		if (left_a == 0 || left_b == 0)
			return left_a == left_b;
		if (a->bytes[i++] != b->bytes[k++])
			return false;
		left_a--;
		left_b--;
	}
}

bool
match_rdata_equal(const struct rdata *a, const struct rdata *b)
{
	struct dns_name x, y;

	if (a->type != b->type)
		return false;
	if (a->type == DNS_TYPE_TXT || a->type == DNS_TYPE_SPF)
		return txt_equal(a, b);
	if (rdata_name(a, &x) && rdata_name(b, &y)) {
		/* what stands before the name: preference, or priority, weight and port */
		size_t head = (size_t)a->len - x.len;

		return a->len == b->len && dns_name_equal(&x, &y) && memcmp(a->bytes, b->bytes, head) == 0;
	}
	return a->len == b->len && memcmp(a->bytes, b->bytes, a->len) == 0;
}
