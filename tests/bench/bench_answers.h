/* SPDX-License-Identifier: ISC */
/*
 * What the resolvers of the yardsticks say, made by looking at the first label: every domain dNNNNN.test has all that Microsoft
 * 365 asks for, what these records point to (in com) has an address, everything else is NXDOMAIN.
 */
#ifndef BENCH_ANSWERS_H
#define BENCH_ANSWERS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define WIRE_MAX  1232
#define TTL       300

enum { TYPE_A = 1, TYPE_CNAME = 5, TYPE_MX = 15, TYPE_TXT = 16, TYPE_SRV = 33 };

struct name {
	const uint8_t *label[16];	/* the first ones, length octet first */
	unsigned n;
	uint16_t type;
	size_t end;			/* of the question */
};

static inline bool
name_read(struct name *ret, const uint8_t *q, size_t len)
{
	size_t at = 12;

	ret->n = 0;
	while (at < len && q[at] != 0) {
		if (ret->n < 16)
			ret->label[ret->n++] = q + at;
		at += q[at] + (size_t)1;
	}
	if (at + 5 > len || ret->n == 0)
		return false;
	ret->type = (uint16_t)(q[at + 1] << 8 | q[at + 2]);
	ret->end = at + 5;
	return true;
}

static inline bool
label_is(const struct name *n, unsigned i, const char *text)
{
	return i < n->n && n->label[i][0] == strlen(text) &&
	    strncasecmp((const char *)n->label[i] + 1, text, n->label[i][0]) == 0;
}

/* ---- writing ---- */

static inline uint8_t *
put16(uint8_t *p, unsigned v)
{
	*p++ = (uint8_t)(v >> 8);
	*p++ = (uint8_t)v;
	return p;
}

/* "autodiscover.outlook.com", uncompressed. */
static inline uint8_t *
put_name(uint8_t *p, const char *text)
{
	while (*text != '\0') {
		size_t n = strcspn(text, ".");

		*p++ = (uint8_t)n;
		memcpy(p, text, n);
		p += n;
		text += n + (text[n] == '.');
	}
	*p++ = 0;
	return p;
}

static inline uint8_t *
rr_begin(uint8_t *p, unsigned type)
{
	p = put16(p, 0xc00c);
	p = put16(p, type);
	p = put16(p, 1);
	p = put16(p, 0);
	p = put16(p, TTL);
	return p + 2;
}

static inline uint8_t *
rr_end(uint8_t *begin, uint8_t *p)
{
	put16(begin - 2, (unsigned)(p - begin));
	return p;
}

static inline uint8_t *
put_txt(uint8_t *p, const char *text)
{
	uint8_t *begin = rr_begin(p, TYPE_TXT);
	size_t n = strlen(text);

	*begin = (uint8_t)n;
	memcpy(begin + 1, text, n);
	return rr_end(begin, begin + 1 + n);
}

static inline uint8_t *
put_mx(uint8_t *p, const struct name *n)
{
	uint8_t *begin = rr_begin(p, TYPE_MX);
	char target[128];

	snprintf(target, sizeof(target), "%.*s-test.mail.protection.outlook.com", n->label[0][0], n->label[0] + 1);
	return rr_end(begin, put_name(put16(begin, 0), target));
}

static inline uint8_t *
put_a(uint8_t *p)
{
	uint8_t *begin = rr_begin(p, TYPE_A);

	memcpy(begin, "\53\0\11\11", 4);
	return rr_end(begin, begin + 4);
}

static inline uint8_t *
put_srv(uint8_t *p)
{
	uint8_t *begin = rr_begin(p, TYPE_SRV);

	return rr_end(begin, put_name(put16(put16(put16(begin, 100), 1), 5061), "sipfed.online.lync.com"));
}

static inline uint8_t *
put_cname(uint8_t *p, const char *target)
{
	uint8_t *begin = rr_begin(p, TYPE_CNAME);

	return rr_end(begin, put_name(begin, target));
}

/* The SOA of an answer without records. */
static inline uint8_t *
put_soa(uint8_t *p)
{
	uint8_t *begin = put_name(p, "test");

	begin = put16(begin, 6);
	begin = put16(put16(put16(begin, 1), 0), TTL) + 2;
	p = put_name(put_name(begin, "ns.test"), "hostmaster.test");
	for (int i = 0; i < 5; i++)
		p = put16(put16(p, 0), TTL);
	return rr_end(begin, p);
}

/* The records of the question; *ret_n of them. */
static inline uint8_t *
answer_records(uint8_t *p, const struct name *n, unsigned *ret_n)
{
	bool apex = n->n == 2, outside = label_is(n, n->n - 1, "com");

	*ret_n = 1;
	if (apex && n->type == TYPE_MX)
		return put_mx(p, n);
	if (apex && n->type == TYPE_TXT) {
		*ret_n = 2;
		return put_txt(put_txt(p, "v=spf1 include:spf.protection.outlook.com -all"), "MS=ms12345678");
	}
	if (outside && n->type == TYPE_A)
		return put_a(p);	/* where the records point to */
	if (!outside && label_is(n, 0, "autodiscover"))
		return put_cname(p, "autodiscover.outlook.com");
	if (label_is(n, 0, "_sipfederationtls") && n->type == TYPE_SRV)
		return put_srv(p);
	if (label_is(n, 0, "spf") && n->type == TYPE_TXT)
		return put_txt(p, "v=spf1 ip4:192.0.2.0/24 -all");
	*ret_n = 0;
	return p;
}

/* The answer to the query q into w (WIRE_MAX bytes); *n is its question.  0: it is no query. */
static inline size_t
answer_make(uint8_t *w, const uint8_t *q, size_t len, struct name *n)
{
	unsigned count;
	bool exists;
	uint8_t *p;

	if (len < 12 || !name_read(n, q, len))
		return 0;
	memcpy(w, q, n->end);
	memset(w + 6, 0, 6);
	w[2] = 0x81;
	w[3] = 0x80;
	p = answer_records(w + n->end, n, &count);
	exists = count > 0 || n->n == 2 || label_is(n, n->n - 1, "com");
	if (count == 0) {
		p = put_soa(p);
		put16(w + 8, 1);
		w[3] |= exists ? 0 : 3;
	}
	put16(w + 6, count);
	put16(w + 10, 1);
	memcpy(p, "\0\0\51\4\320\0\0\0\0\0\0", 11);	/* OPT, 1232 */
	return (size_t)(p + 11 - w);
}

#endif
