/* SPDX-License-Identifier: ISC */
/*
 * What a message says about its own question.  The records of the answer section are taken as a set, in whatever order they
 * lie: from the name asked for along the CNAMEs to the set of the type asked for, or to where the message knows no more.
 * Records that lie beside this way say nothing about the question and are not looked at.
 *
 * Owners are compared by keyed hash first: 16 links over thousands of long, nearly equal owners would be slow otherwise.
 */
#include "wire.h"

#include <stdlib.h>

struct walk {
	struct arena *a;
	const struct dns_message *m;
	struct answer *an;
	uint64_t *hashes;		/* of the owners in the answer section */
	const struct dns_name *end;	/* the name reached so far */
	uint64_t end_hash;
	uint32_t ttl;			/* lowest on the way */
};

static void
owners_hash(struct walk *w)
{
	const struct rr *rr = w->m->answer;

	w->hashes = arena_alloc(w->a, w->m->n_answer * sizeof(*w->hashes));
	for (size_t i = 0; i < w->m->n_answer; i++)
		w->hashes[i] = i > 0 && rr[i].owner == rr[i - 1].owner ? w->hashes[i - 1] : dns_name_hash(rr[i].owner);
}

static void
walk_to(struct walk *w, const struct dns_name *name)
{
	w->end = name;
	w->end_hash = dns_name_hash(name);
}

/* The next record from i on of that type at the end of the way; n_answer when there is none. */
static size_t
next_at_end(const struct walk *w, size_t i, uint16_t type)
{
	const struct rr *rr = w->m->answer;

	for (; i < w->m->n_answer; i++)
		if (rr[i].type == type && rr[i].class == WIRE_CLASS_IN && w->hashes[i] == w->end_hash &&
		    dns_name_equal(rr[i].owner, w->end))
			break;
	return i;
}

static void
ttl_lower(struct walk *w, uint32_t ttl)
{
	if (ttl < w->ttl)
		w->ttl = ttl;
}

/*
 * The target of the CNAME at the end, in lower case.  Of several, which is against RFC 2181 §10.1, the least: so the variant
 * does not change with the order in which a server sends them.
 */
static bool
link_target(struct walk *w, struct dns_name *ret)
{
	size_t n = w->m->n_answer;
	bool found = false;

	for (size_t i = next_at_end(w, 0, DNS_TYPE_CNAME); i < n; i = next_at_end(w, i + 1, DNS_TYPE_CNAME)) {
		struct dns_name target;

		ttl_lower(w, w->m->answer[i].ttl);
		if (!rdata_name(&w->m->answer[i].data, &target))
			continue;
		dns_name_lower(&target);
		if (!found || memcmp(target.wire, ret->wire, target.len < ret->len ? target.len : ret->len) < 0)
			*ret = target;
		found = true;
	}
	return found;
}

static bool
was_here(const struct walk *w, const struct dns_name *name)
{
	if (dns_name_equal(name, &w->m->q.name))
		return true;
	for (size_t i = 0; i < w->an->n_chain; i++)
		if (dns_name_equal(name, &w->an->chain[i]))
			return true;
	return false;
}

/* False when the chain is a loop or too long. */
static bool
chain_follow(struct walk *w)
{
	struct answer *an = w->an;
	struct dns_name *chain = NULL, target;

	if (an->qtype == DNS_TYPE_CNAME)
		return true;
	while (next_at_end(w, 0, an->qtype) == w->m->n_answer && link_target(w, &target)) {
		bool loop = was_here(w, &target);

		if (an->n_chain == DNS_CHAIN_MAX)
			return false;
		if (!chain)
			an->chain = chain = arena_alloc(w->a, DNS_CHAIN_MAX * sizeof(*chain));
		chain[an->n_chain] = target;
		walk_to(w, &chain[an->n_chain++]);
		if (loop)
			return false;
	}
	return true;
}

static int
value_compare(const void *pa, const void *pb)
{
	const struct rdata *a = pa, *b = pb;
	int c = memcmp(a->bytes, b->bytes, a->len < b->len ? a->len : b->len);

	return c != 0 ? c : (a->len > b->len) - (a->len < b->len);
}

/* In lower case values of one type compare as bytes, which is what rdata_compare() says of them too. */
static struct rdata
value_lower(struct walk *w, const struct rdata *data)
{
	struct rdata r = *data;
	uint8_t *bytes;

	if (rdata_shape(data->type)->names == 0)
		return r;
	bytes = arena_dup(w->a, data->bytes, data->len);
	rdata_fold(data, bytes);
	r.bytes = bytes;
	return r;
}

/* The set at the end of the way, sorted, each value once. */
static void
values_take(struct walk *w)
{
	const struct rr *rr = w->m->answer;
	uint16_t type = w->an->qtype;
	size_t count = 0, n = 0;
	struct rdata *values;

	for (size_t i = next_at_end(w, 0, type); i < w->m->n_answer; i = next_at_end(w, i + 1, type))
		count++;
	if (count == 0)
		return;
	values = arena_alloc(w->a, count * sizeof(*values));
	for (size_t i = next_at_end(w, 0, type); i < w->m->n_answer; i = next_at_end(w, i + 1, type)) {
		values[n++] = value_lower(w, &rr[i].data);
		ttl_lower(w, rr[i].ttl);
	}
	qsort(values, count, sizeof(*values), value_compare);
	n = 1;
	for (size_t i = 1; i < count; i++)
		if (value_compare(&values[i], &values[n - 1]) != 0)
			values[n++] = values[i];
	w->an->values = values;
	w->an->n_values = n;
}

static void
soa_note(struct answer *an, const struct dns_name *owner, const struct rdata_soa *soa)
{
	an->has_soa = true;
	an->soa_owner = *owner;
	dns_name_lower(&an->soa_owner);
	an->soa_serial = soa->serial;
}

/* The SOA that vouches for the absence is that of the closest zone above the name (RFC 2308 §3). */
static void
negative_take(struct walk *w)
{
	const struct rr *rr = w->m->authority;
	struct answer *an = w->an;
	struct rdata_soa soa;
	uint32_t ttl = 0;

	for (size_t i = 0; i < w->m->n_authority; i++) {
		if (rr[i].type != DNS_TYPE_SOA || rr[i].class != WIRE_CLASS_IN || !dns_name_is_below(w->end, rr[i].owner) ||
		    (an->has_soa && rr[i].owner->len <= an->soa_owner.len) || !rdata_soa(&rr[i].data, &soa))
			continue;
		soa_note(an, rr[i].owner, &soa);
		ttl = rr[i].ttl < soa.minimum ? rr[i].ttl : soa.minimum;
	}
	if (an->has_soa)
		ttl_lower(w, ttl);
	if (an->has_soa || an->n_chain > 0)	/* an alias out of the zone: its own TTL is known */
		an->ttl = w->ttl;
}

static void
positive_take(struct walk *w)
{
	struct rdata_soa soa;

	w->an->ttl = w->ttl;
	if (rdata_soa(&w->an->values[0], &soa))
		soa_note(w->an, w->end, &soa);
}

/* Somebody who is not authoritative names the servers of a zone that holds the name. */
static bool
is_referral(const struct walk *w)
{
	const struct rr *rr = w->m->authority;
	bool ns = false;

	if (w->m->aa || w->an->n_chain > 0)
		return false;
	for (size_t i = 0; i < w->m->n_authority; i++) {
		if (rr[i].class != WIRE_CLASS_IN)
			continue;
		if (rr[i].type == DNS_TYPE_SOA)
			return false;
		ns = ns || (rr[i].type == DNS_TYPE_NS && dns_name_is_below(&w->m->q.name, rr[i].owner));
	}
	return ns;
}

static enum answer_kind
kind_find(struct walk *w)
{
	if (w->an->rcode != DNS_RCODE_NOERROR && w->an->rcode != DNS_RCODE_NXDOMAIN)
		return ANSWER_FAILURE;
	if (!chain_follow(w))
		return ANSWER_CNAME_LOOP;
	if (w->an->rcode == DNS_RCODE_NXDOMAIN)	/* of the last name of the chain, RFC 6604 §3 */
		return ANSWER_NXDOMAIN;
	values_take(w);
	if (w->an->n_values > 0)
		return ANSWER_POSITIVE;
	return is_referral(w) ? ANSWER_REFERRAL : ANSWER_NODATA;
}

struct answer *
answer_from_message(struct arena *a, const struct dns_message *m)
{
	struct answer *an = arena_alloc(a, sizeof(*an));
	struct walk w = { .a = a, .m = m, .an = an, .ttl = UINT32_MAX };

	an->qtype = m->q.type;
	an->rcode = m->rcode;
	an->aa = m->aa;
	an->ad = m->ad;
	an->ede = m->ede;
	an->n_ede = m->n_ede;
	owners_hash(&w);
	walk_to(&w, &m->q.name);
	an->kind = kind_find(&w);
	if (an->kind == ANSWER_POSITIVE)
		positive_take(&w);
	else if (an->kind == ANSWER_NODATA || an->kind == ANSWER_NXDOMAIN)
		negative_take(&w);
	return an;
}
