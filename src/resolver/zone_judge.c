/* SPDX-License-Identifier: ISC */
/*
 * What one reply to (qname, NS) says, when a server of the zone `apex` was asked without recursion.
 *
 *   NS at qname in the answer	the server has the child too (or is of the old kind that puts a referral there): a cut
 *   another answer, AA		a CNAME: the name lies in this zone
 *   NXDOMAIN, AA		there is no such name
 *   NS strictly below apex and at or above qname in the authority section: a referral, the normal cut
 *   empty, AA			the name exists without NS: no cut
 *   anything else		lame: a referral upwards, a resolver, a server that lost the zone
 */
#include "zone.h"

static void
delegation_add(struct delegation *d, const struct dns_name *name, uint32_t ttl)
{
	for (size_t i = 0; i < d->n; i++) {
		if (dns_name_equal(&d->names[i], name))
			return;
	}
	if (d->n == 0 || ttl < d->ttl)
		d->ttl = ttl;
	if (d->n < ZONE_NAMES_MAX)
		d->names[d->n++] = *name;
	else
		d->more = true;
}

/* The NS records of one owner: the first one that fits. */
static void
delegation_collect(struct delegation *d, const struct rr *rrs, size_t n, const struct dns_name *apex, const struct dns_name *qname)
{
	struct dns_name target;

	for (size_t i = 0; i < n; i++) {
		const struct rr *rr = &rrs[i];

		if (rr->type != DNS_TYPE_NS || rr->class != 1 || !rdata_name(&rr->data, &target))
			continue;
		if (d->n > 0 ? !dns_name_equal(rr->owner, &d->owner) :
			!dns_name_is_below(qname, rr->owner) || !dns_name_is_below(rr->owner, apex) ||
			    dns_name_equal(rr->owner, apex))
			continue;
		d->owner = *rr->owner;
		delegation_add(d, &target, rr->ttl);
	}
}

enum judgement
zone_judge(const struct dns_message *m, const struct dns_name *apex, const struct dns_name *qname, struct delegation *ret)
{
	struct arena *a;

	*ret = (struct delegation){ 0 };
	if (m->rcode != DNS_RCODE_NOERROR && m->rcode != DNS_RCODE_NXDOMAIN)
		return JUDGE_LAME;
	delegation_collect(ret, m->answer, m->n_answer, apex, qname);
	if (ret->n > 0)		/* not from the cache of a resolver */
		return dns_name_equal(&ret->owner, qname) && (m->aa || !m->ra) ? JUDGE_CUT : JUDGE_LAME;
	if (m->n_answer > 0)
		return m->aa ? JUDGE_NO_CUT : JUDGE_LAME;
	if (m->rcode == DNS_RCODE_NOERROR)
		delegation_collect(ret, m->authority, m->n_authority, apex, qname);
	if (ret->n > 0)
		return JUDGE_CUT;
	if (!m->aa)
		return JUDGE_LAME;
	a = arena_new();
	ret->negative_ttl = answer_from_message(a, m)->ttl;
	arena_free(a);
	return m->rcode == DNS_RCODE_NXDOMAIN ? JUDGE_NXDOMAIN : JUDGE_NO_CUT;
}

void
delegation_from_answer(const struct answer *an, const struct dns_name *owner, struct delegation *ret)
{
	struct dns_name target;

	*ret = (struct delegation){ .owner = *owner };
	for (size_t i = 0; i < an->n_values; i++) {
		if (rdata_name(&an->values[i], &target))
			delegation_add(ret, &target, an->ttl);
	}
}

size_t
message_addresses(const struct dns_message *m, const struct dns_name *name, struct addr *ret, size_t max)
{
	const struct {
		const struct rr *rrs;
		size_t n;
	} sections[] = { { m->answer, m->n_answer }, { m->additional, m->n_additional } };
	size_t n = 0;

	for (size_t s = 0; s < ARRAY_LEN(sections); s++) {
		for (size_t i = 0; i < sections[s].n && n < max; i++) {
			const struct rr *rr = &sections[s].rrs[i];

			if ((rr->type == DNS_TYPE_A || rr->type == DNS_TYPE_AAAA) && rr->class == 1 &&
			    dns_name_equal(rr->owner, name) && rdata_addr(&rr->data, &ret[n]))
				n++;
		}
	}
	return n;
}
