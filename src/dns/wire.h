/* SPDX-License-Identifier: ISC */
/* wire: bytes of the wire format, for the files of this room only. */
#ifndef M365DNSD_DNS_WIRE_H
#define M365DNSD_DNS_WIRE_H

#include <m365dnsd/dns.h>

#include <string.h>

#define WIRE_HEADER      12
#define WIRE_HOPS_MAX    64	/* compression pointers in one name; real servers need two or three */
#define WIRE_CLASS_IN    1
#define WIRE_RR_MIN      11	/* root owner, type, class, TTL, RDLENGTH */
#define WIRE_OPTION_EDE  15	/* RFC 8914 */

/* Header bits, of the third and fourth octet taken as one number (RFC 1035 §4.1.1, RFC 2535 §6.1 for AD and CD). */
enum wire_flags {
	WIRE_QR = 0x8000, WIRE_OPCODE = 0x7800, WIRE_AA = 0x0400, WIRE_TC = 0x0200, WIRE_RD = 0x0100, WIRE_RA = 0x0080,
	WIRE_AD = 0x0020, WIRE_CD = 0x0010, WIRE_RCODE = 0x000f,
};

static inline uint16_t
get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t
get32(const uint8_t *p)
{
	return (uint32_t)get16(p) << 16 | get16(p + 2);
}

static inline void
put16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static inline void
put32(uint8_t *p, uint32_t v)
{
	put16(p, (uint16_t)(v >> 16));
	put16(p + 2, (uint16_t)v);
}

/* A to Z and nothing else (RFC 4343).  Length octets are below 64, so that a whole name in wire form may be folded. */
static inline uint8_t
fold(uint8_t c)
{
	return (uint8_t)(c + ((uint8_t)(c - 'A') < 26 ? 'a' - 'A' : 0));
}

/* Eight octets at once; names are folded more often than anything else is done to them. */
static inline uint64_t
fold8(uint64_t v)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);
	uint64_t low = v & (0x7f * ones);
	uint64_t from_a = low + (0x80 - 'A') * ones, above_z = low + (0x7f - 'Z') * ones;	/* the top bit tells, no carry leaves */

	return v | ((from_a & ~above_z & ~v & (0x80 * ones)) >> 2);
}

static inline void
fold_copy8(uint8_t *to, const uint8_t *from)
{
	uint64_t v;

	memcpy(&v, from, 8);
	v = fold8(v);
	memcpy(to, &v, 8);
}

static inline bool
fold_equal8(const uint8_t *a, const uint8_t *b)
{
	uint64_t va, vb;

	memcpy(&va, a, 8);
	memcpy(&vb, b, 8);
	return va == vb || fold8(va) == fold8(vb);
}

/* What is left at the end is done with the octets before it, once more: folding twice is folding. */
static inline void
fold_copy(uint8_t *to, const uint8_t *from, size_t n)
{
	size_t i = 0;

	for (; n - i >= 8; i += 8)
		fold_copy8(to + i, from + i);
	if (i > 0 && i < n)
		fold_copy8(to + n - 8, from + n - 8);
	for (; n < 8 && i < n; i++)
		to[i] = fold(from[i]);
}

static inline bool
fold_equal(const uint8_t *a, const uint8_t *b, size_t n)
{
	size_t i = 0;

	for (; n - i >= 8; i += 8)
		if (!fold_equal8(a + i, b + i))
			return false;
	if (n >= 8)
		return i == n || fold_equal8(a + n - 8, b + n - 8);
	for (; i < n; i++)
		if (fold(a[i]) != fold(b[i]))
			return false;
	return true;
}

/*
 * A message being read.  Names cost more than their bytes when they are compressed, so the labels and pointers walked
 * are counted over the whole message: DNS_WORK_MAX of them is the end, whatever the message holds.
 */
struct wire {
	const uint8_t *p;
	size_t len;
	uint32_t work;		/* labels and pointers walked so far */
	unsigned hops;		/* pointers of the last name */
	const char *why;	/* what is wrong, a constant text */
};

/*
 * The name at *off, which moves behind it.  Returns its length uncompressed (1 to 255), 0 with w->why when it is not
 * well-formed.  out is NULL or holds DNS_NAME_MAX bytes; it may be written to even on failure.
 */
size_t wire_name(struct wire *w, size_t *off, uint8_t *out);

/* The fixed part of a record (RFC 1035 §4.1.3) whose owner ends at *off; *off moves to the end of its data. */
struct wire_rr {
	uint16_t type, class;
	uint32_t ttl_raw, ttl;	/* OPT keeps flags in it, hence raw; ttl: the top bit set means 0 (RFC 2181 §8) */
	size_t data, len;	/* where the data lies */
};
bool wire_rr(struct wire *w, size_t *off, struct wire_rr *ret);

/*
 * The data of rr, well-formed by its type and uncompressed, its names in lower case if so wished.  For types without names
 * *ret points into the message; else into buf, which holds WIRE_RDATA_MAX bytes.  With buf NULL the data is looked at only.
 */
#define WIRE_RDATA_MAX (2 * DNS_NAME_MAX + 20)	/* SOA, the longest with names */
bool wire_rdata(struct wire *w, const struct wire_rr *rr, bool lower, uint8_t *buf, struct rdata *ret);

/* ---- name.c ---- */

/* Length of the uncompressed name at p, 0 when none lies whole within n bytes. */
size_t name_scan(const uint8_t *p, size_t n);
/* Words about what a person typed: "text": what is wrong.  Returns -1. */
int name_error(struct err *err, const char *text, const char *what);

/* ---- rdata.c: what the data of a type is made of, a letter a field ----
 *
 *   b s l   number of 8, 16, 32 bits        4 6   address        n   name (compressible)
 *   t       character-strings to the end    x     bytes to the end
 */

struct rdata_shape {
	const char *fields;	/* NULL: opaque, any bytes */
	const char *form;	/* for people */
	uint8_t before, names, after;	/* where there are names they stand together: octets before and behind them */
};
const struct rdata_shape *rdata_shape(uint16_t type);
/* Octets of field f, which begins at p: 0 when it does not lie whole within n bytes. */
size_t rdata_field_scan(char f, const uint8_t *p, size_t n);
static inline size_t
rdata_field_len(char f, const uint8_t *p, size_t n)
{
	static const uint8_t fixed[] = { ['b'] = 1, ['s'] = 2, ['l'] = 4, ['4'] = 4, ['6'] = 16, ['x'] = 0 };
	size_t len = fixed[(uint8_t)f];

	return len > 0 ? (n >= len ? len : 0) : rdata_field_scan(f, p, n);
}
bool rdata_is_sound(const struct rdata *r);
/* Fold the names in it to lower case; bytes holds r->len bytes equal to r's. */
void rdata_fold(const struct rdata *r, uint8_t *bytes);

#endif
