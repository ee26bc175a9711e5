/* SPDX-License-Identifier: ISC */
/*
 * spf: the text of one SPF record as terms (RFC 7208 section 12).  Nothing is asked and nothing is expanded here: whoever
 * follows includes or checks an address takes the terms from here and asks on its own.
 */
#ifndef EVAL_SPF_H
#define EVAL_SPF_H

#include <m365dnsd/base.h>

enum spf_kind {
	/* mechanisms */
	SPF_ALL, SPF_INCLUDE, SPF_A, SPF_MX, SPF_PTR, SPF_IP4, SPF_IP6, SPF_EXISTS,
	/* modifiers */
	SPF_REDIRECT, SPF_EXP, SPF_OTHER
};
extern const struct name_table spf_kind_names;

struct spf_term {
	enum spf_kind kind;
	char qualifier;		/* '+', '-', '~', '?'; '+' when none was written; '=' for modifiers */
	const char *text;	/* the whole term as written */
	const char *domain;	/* domain-spec or the modifier's value, macros unexpanded; NULL = none: the current domain */
	bool macro;		/* domain has macros */
	struct addr ip;		/* ip4, ip6; port 0 */
	uint8_t prefix4, prefix6;	/* ip4 and ip6: the one of the family; a and mx: both; 32 and 128 when not written */
};
struct spf_record {
	const struct spf_term *terms;
	size_t n_terms;
	int all;		/* index of the first `all`, -1 = none */
	int redirect;		/* index of redirect=, -1 = none */
};

/* One macro of a domain-spec or an explanation (section 7.1). */
struct spf_macro {
	char letter;			/* lower case; '%', '_' and '-' stand for themselves, a blank and "%20" */
	bool escape;			/* written in upper case: the value URL-escaped */
	size_t keep;			/* so many parts from the right; SIZE_MAX = all */
	bool reverse;
	const char *delimiters;		/* in the text given; none = the dot */
	size_t n_delimiters;
};
/* The macro that begins at p, where a '%' stands: its length, 0 = none.  explains: c, r and t are allowed too. */
size_t spf_macro_parse(const char *p, bool explains, struct spf_macro *ret);

/* Is this TXT value an SPF record: "v=spf1" and then a blank or the end (RFC 7208 section 4.5)? */
bool spf_is_record(const void *bytes, size_t n);
/*
 * Parse a value for which spf_is_record holds; everything lives in a.  -1 with words at the first mistake, which makes the
 * whole record a permerror.
 */
int spf_parse(struct arena *a, const void *bytes, size_t n, struct spf_record *ret, struct err *err);
/* Costs the term a DNS look-up (section 4.6.4)? */
bool spf_term_asks(const struct spf_term *t);
/* "192.0.2.0/24" -> first address and prefix length; without one the whole address. */
bool spf_network_parse(const char *text, struct addr *ret, unsigned *ret_prefix);

/* ---- spf_net.c ---- */

/* Do the first bits agree?  prefix fits the family. */
bool spf_same_network(const struct addr *a, const struct addr *b, unsigned prefix);
/* What shares so many first bits with ip lies in net/prefix, or not, as ip does; 0 where the families differ. */
unsigned spf_network_bits(const struct addr *net, unsigned prefix, const struct addr *ip);
/* Does ip4 or ip6 term t cover the network addr/prefix? */
bool spf_term_covers(const struct spf_term *t, const struct addr *addr, unsigned prefix);
/* Do those of the terms together that allow ip4 or ip6 networks? */
bool spf_terms_cover(const struct spf_term *terms, size_t n, const struct addr *addr, unsigned prefix);
/* To the first address behind the block at/bits; false when that was the last block of the network of prefix bits. */
bool spf_block_next(struct addr *at, unsigned bits, unsigned prefix);
/* To the last address of the network. */
void spf_network_last(struct addr *at, unsigned prefix);

/* ---- spf_near.c ---- */

/* Is host, of an include, a slip of the pen of wanted?  False when it is the same. */
bool spf_host_near(const char *host, const char *wanted);

#endif
