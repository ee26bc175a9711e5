/* SPDX-License-Identifier: ISC */
/*
 * A variant: what of an answer two sources can agree on, as one block of bytes.
 *
 *   octet   form (VARIANT_FORM; these bytes are stored, so a change of the layout takes a new number)
 *   octet   kind
 *   16 bit  qtype, rcode
 *   octet   links of the chain        16 bit  values
 *   names of the chain, uncompressed, lower case
 *   values: 16 bit length and data, names in lower case; strictly ascending
 */
#include "wire.h"

#define VARIANT_FORM 1
#define VARIANT_HEAD 9

void
answer_pack(const struct answer *an, struct str *ret)
{
	uint8_t head[VARIANT_HEAD] = { VARIANT_FORM, (uint8_t)an->kind };

	put16(head + 2, an->qtype);
	put16(head + 4, an->rcode);
	head[6] = (uint8_t)an->n_chain;
	put16(head + 7, (uint16_t)an->n_values);
	str_addn(ret, head, sizeof(head));
	for (size_t i = 0; i < an->n_chain; i++) {
		uint8_t folded[DNS_NAME_MAX];

		fold_copy(folded, an->chain[i].wire, an->chain[i].len);
		str_addn(ret, folded, an->chain[i].len);
	}
	for (size_t i = 0; i < an->n_values; i++) {
		const struct rdata *r = &an->values[i];
		uint8_t len[2];

		put16(len, r->len);
		str_addn(ret, len, sizeof(len));
		str_addn(ret, r->bytes, r->len);
		if (r->len > 0)
			rdata_fold(r, (uint8_t *)ret->p + ret->len - r->len);
	}
}

static bool
is_lower(const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (fold(p[i]) != p[i])
			return false;
	return true;
}

static bool
chain_unpack(const uint8_t **p, size_t *left, struct dns_name *chain, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		size_t len = name_scan(*p, *left);

		if (len == 0 || !is_lower(*p, len))
			return false;
		chain[i].len = (uint8_t)len;
		memcpy(chain[i].wire, *p, len);
		*p += len;
		*left -= len;
	}
	return true;
}

/* Data whose names are in lower case: folded it is the same. */
static bool
is_canonical(const struct rdata *r)
{
	uint8_t folded[WIRE_RDATA_MAX];

	if (!rdata_is_sound(r))
		return false;
	if (r->len > sizeof(folded))
		return true;		/* nothing with names is that long */
	memcpy(folded, r->bytes, r->len);
	rdata_fold(r, folded);
	return memcmp(folded, r->bytes, r->len) == 0;
}

static bool
values_unpack(const uint8_t **p, size_t *left, uint16_t type, struct rdata *values, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (*left < 2 || *left - 2 < get16(*p))
			return false;
		values[i] = (struct rdata){ type, get16(*p), *p + 2 };
		if (!is_canonical(&values[i]) || (i > 0 && rdata_compare(&values[i - 1], &values[i]) >= 0))
			return false;
		*p += 2U + values[i].len;
		*left -= 2U + values[i].len;
	}
	return true;
}

/* What each kind may hold. */
static bool
is_consistent(const struct answer *an)
{
	static const struct { bool rcode_ok, rcode_nx, rcode_other, chain, needs_chain, values; } may[] = {
		[ANSWER_POSITIVE]   = { .rcode_ok = true, .chain = true, .values = true },
		[ANSWER_NODATA]     = { .rcode_ok = true, .chain = true },
		[ANSWER_NXDOMAIN]   = { .rcode_nx = true, .chain = true },
		[ANSWER_REFERRAL]   = { .rcode_ok = true },
		[ANSWER_CNAME_LOOP] = { .rcode_ok = true, .rcode_nx = true, .chain = true, .needs_chain = true },
		[ANSWER_FAILURE]    = { .rcode_other = true },
	};

	if ((size_t)an->kind >= ARRAY_LEN(may))
		return false;
	if (an->n_chain > DNS_CHAIN_MAX || (an->n_chain > 0 && (!may[an->kind].chain || an->qtype == DNS_TYPE_CNAME)))
		return false;
	if ((may[an->kind].needs_chain && an->n_chain == 0) || may[an->kind].values != (an->n_values > 0))
		return false;
	return an->rcode == DNS_RCODE_NOERROR    ? may[an->kind].rcode_ok
	     : an->rcode == DNS_RCODE_NXDOMAIN   ? may[an->kind].rcode_nx
	                                         : may[an->kind].rcode_other;
}

bool
answer_unpack(struct arena *a, const void *bytes, size_t n, struct answer *ret)
{
	const uint8_t *p = bytes;
	size_t left = n - VARIANT_HEAD;
	struct dns_name *chain;
	struct rdata *values;

	if (n < VARIANT_HEAD || p[0] != VARIANT_FORM)
		return false;
	memset(ret, 0, sizeof(*ret));
	ret->kind = p[1];
	ret->qtype = get16(p + 2);
	ret->rcode = get16(p + 4);
	ret->n_chain = p[6];
	ret->n_values = get16(p + 7);
	if (!is_consistent(ret) || ret->n_values > left / 2)
		return false;
	if (left == 0)		/* most answers: there is nothing */
		return ret->n_chain == 0 && ret->n_values == 0;
	p = (const uint8_t *)arena_dup(a, p, n) + VARIANT_HEAD;
	ret->chain = chain = arena_alloc(a, ret->n_chain * sizeof(*chain));
	ret->values = values = arena_alloc(a, ret->n_values * sizeof(*values));
	return chain_unpack(&p, &left, chain, ret->n_chain) &&
	    values_unpack(&p, &left, ret->qtype, values, ret->n_values) && left == 0;
}
