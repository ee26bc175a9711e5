/* SPDX-License-Identifier: ISC */
/*
 * Record data.  One table says what the data of each type is made of; checking, uncompressing, comparing, printing and
 * parsing all walk it.  To know another type is to add a row (and its number to DNS_TYPES).
 */
#include "wire.h"

static const struct rdata_shape shapes[] = {
	[0]              = { NULL,      "\\# LENGTH HEX", 0, 0, 0 },
	[DNS_TYPE_A]     = { "4",       "IPV4-ADDRESS", 0, 0, 0 },
	[DNS_TYPE_NS]    = { "n",       "HOST", 0, 1, 0 },
	[DNS_TYPE_CNAME] = { "n",       "HOST", 0, 1, 0 },
	[DNS_TYPE_SOA]   = { "nnlllll", "MNAME RNAME SERIAL REFRESH RETRY EXPIRE MINIMUM", 0, 2, 20 },
	[DNS_TYPE_PTR]   = { "n",       "HOST", 0, 1, 0 },
	[DNS_TYPE_MX]    = { "sn",      "PREFERENCE HOST", 2, 1, 0 },
	[DNS_TYPE_TXT]   = { "t",       "TEXT", 0, 0, 0 },
	[DNS_TYPE_AAAA]  = { "6",       "IPV6-ADDRESS", 0, 0, 0 },
	[DNS_TYPE_SRV]   = { "sssn",    "PRIORITY WEIGHT PORT HOST", 6, 1, 0 },
	[DNS_TYPE_DS]    = { "sbbx",    "TAG ALGORITHM DIGEST-TYPE DIGEST", 0, 0, 0 },
	[DNS_TYPE_TLSA]  = { "bbbx",    "USAGE SELECTOR MATCHING DATA", 0, 0, 0 },
	[DNS_TYPE_SPF]   = { "t",       "TEXT", 0, 0, 0 },
};

const struct rdata_shape *
rdata_shape(uint16_t type)
{
	return &shapes[type < ARRAY_LEN(shapes) && shapes[type].fields ? type : 0];
}

/* Character-strings from p to the very end: at least one (RFC 1035 §3.3.14). */
static size_t
strings_len(const uint8_t *p, size_t n)
{
	size_t pos = 0;

	while (pos < n)
		pos += 1U + p[pos];
	return pos == n ? n : 0;
}

size_t
rdata_field_scan(char f, const uint8_t *p, size_t n)
{
	return f == 'n' ? name_scan(p, n) : f == 't' ? strings_len(p, n) : n;
}

bool
rdata_is_sound(const struct rdata *r)
{
	const char *f = rdata_shape(r->type)->fields;
	size_t pos = 0, len;

	if (!f)
		return true;
	for (; *f; f++, pos += len) {
		len = rdata_field_len(*f, r->bytes + pos, r->len - pos);
		if (len == 0)
			return false;
	}
	return pos == r->len;
}

void
rdata_fold(const struct rdata *r, uint8_t *bytes)
{
	const char *f = rdata_shape(r->type)->fields;
	size_t pos = 0, len;

	for (; f && *f; f++, pos += len) {
		len = rdata_field_len(*f, r->bytes + pos, r->len - pos);
		if (*f == 'n')
			fold_copy(bytes + pos, r->bytes + pos, len);
	}
}

static void
name_take(struct dns_name *ret, const uint8_t **p)
{
	ret->len = (uint8_t)name_scan(*p, DNS_NAME_MAX);
	memcpy(ret->wire, *p, ret->len);
	*p += ret->len;
}

/* Only what is whole and of that type is taken apart. */
static const uint8_t *
bytes_of(const struct rdata *r, uint16_t type)
{
	return r->type == type && rdata_is_sound(r) ? r->bytes : NULL;
}

bool
rdata_name(const struct rdata *r, struct dns_name *ret)
{
	static const struct { uint16_t type; uint8_t before; } rows[] = {
		{ DNS_TYPE_NS, 0 }, { DNS_TYPE_CNAME, 0 }, { DNS_TYPE_PTR, 0 }, { DNS_TYPE_MX, 2 }, { DNS_TYPE_SRV, 6 },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const uint8_t *p;

		if (rows[i].type != r->type || !rdata_is_sound(r))
			continue;
		p = r->bytes + rows[i].before;
		name_take(ret, &p);
		return true;
	}
	return false;
}

bool
rdata_mx(const struct rdata *r, uint16_t *ret_pref, struct dns_name *ret_target)
{
	const uint8_t *p = bytes_of(r, DNS_TYPE_MX);

	if (!p)
		return false;
	*ret_pref = get16(p);
	return rdata_name(r, ret_target);
}

bool
rdata_srv(const struct rdata *r, uint16_t *prio, uint16_t *weight, uint16_t *port, struct dns_name *ret_target)
{
	const uint8_t *p = bytes_of(r, DNS_TYPE_SRV);

	if (!p)
		return false;
	*prio = get16(p);
	*weight = get16(p + 2);
	*port = get16(p + 4);
	return rdata_name(r, ret_target);
}

bool
rdata_soa(const struct rdata *r, struct rdata_soa *ret)
{
	const uint8_t *p = bytes_of(r, DNS_TYPE_SOA);

	if (!p)
		return false;
	name_take(&ret->mname, &p);
	name_take(&ret->rname, &p);
	ret->serial = get32(p);
	ret->refresh = get32(p + 4);
	ret->retry = get32(p + 8);
	ret->expire = get32(p + 12);
	ret->minimum = get32(p + 16);
	return true;
}

bool
rdata_addr(const struct rdata *r, struct addr *ret)
{
	if ((r->type != DNS_TYPE_A && r->type != DNS_TYPE_AAAA) || !rdata_is_sound(r))
		return false;
	memset(ret, 0, sizeof(*ret));
	ret->family = r->type == DNS_TYPE_A ? 4 : 6;
	memcpy(ret->ip, r->bytes, r->len);
	return true;
}

static bool
is_text(const struct rdata *r)
{
	return (r->type == DNS_TYPE_TXT || r->type == DNS_TYPE_SPF) && rdata_is_sound(r);
}

bool
rdata_txt(const struct rdata *r, struct str *s)
{
	if (!is_text(r))
		return false;
	for (size_t pos = 0; pos < r->len; pos += 1U + r->bytes[pos])
		str_addn(s, r->bytes + pos + 1, r->bytes[pos]);
	return true;
}

unsigned
rdata_txt_strings(const struct rdata *r)
{
	unsigned n = 0;

	if (is_text(r))
		for (size_t pos = 0; pos < r->len; pos += 1U + r->bytes[pos])
			n++;
	return n;
}

/* Data with names is folded into buf; what has none stays where it is, however long. */
static const uint8_t *
canonical(const struct rdata *r, uint8_t buf[WIRE_RDATA_MAX])
{
	if (rdata_shape(r->type)->names == 0 || r->len > WIRE_RDATA_MAX || !rdata_is_sound(r))
		return r->bytes;
	memcpy(buf, r->bytes, r->len);
	rdata_fold(r, buf);
	return buf;
}

/* By type, then in the canonical order of RFC 4034 §6.3. */
int
rdata_compare(const struct rdata *a, const struct rdata *b)
{
	uint8_t buf_a[WIRE_RDATA_MAX], buf_b[WIRE_RDATA_MAX];
	size_t n = a->len < b->len ? a->len : b->len;
	int c;

	if (a->type != b->type)
		return a->type < b->type ? -1 : 1;
	c = n > 0 ? memcmp(canonical(a, buf_a), canonical(b, buf_b), n) : 0;
	return c != 0 ? c : (a->len > b->len) - (a->len < b->len);
}
