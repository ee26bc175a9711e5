/* SPDX-License-Identifier: ISC */
/* spf_macro: macros filled in (RFC 7208 section 7), and the names that come out. */
#ifndef EVAL_SPF_MACRO_H
#define EVAL_SPF_MACRO_H

#include <m365dnsd/dns.h>

/* What the letters stand for; NULL = not known here.  Texts without a final dot. */
struct spf_values {
	const char *sender, *local, *sender_domain;	/* s, l, o */
	const char *domain;		/* d: the one whose record is looked at */
	const char *ip_dotted, *ip_text, *ip_arpa;	/* i, c, v */
	const char *validated;		/* p */
	const char *helo, *receiver;	/* h, r */
	const char *time;		/* t: seconds since 1970 */
};
#define SPF_VALUE_MAX 512		/* of a value, so many octets count */
#define SPF_SPEC_MAX  2048		/* a longer domain-spec is no name, whatever comes out */
#define SPF_EXPLAIN_MAX 4096		/* an explanation is cut here */

/* "192.0.2.3" or "2.0.0.1.0.d.b.8....": i; and what people read: c. */
void spf_ip_dotted(const struct addr *ip, struct str *ret);
/* Does text have this macro? */
bool spf_macro_uses(const char *text, char letter);
/*
 * text with its macros filled in; explains: it is an explanation, where c, r and t are allowed.  False when a macro is not
 * well-formed or its value is not known.
 */
bool spf_macro_expand(const char *text, const struct spf_values *v, bool explains, struct str *ret);
/*
 * The name that a domain-spec stands for, cut at the left to 253 characters (section 7.3); SPF_EXPAND_UNKNOWN when a value is
 * not known, SPF_EXPAND_BAD when what comes out is no name (an empty label or one over 63 octets).
 */
enum spf_expand { SPF_EXPAND_OK, SPF_EXPAND_BAD, SPF_EXPAND_UNKNOWN };
enum spf_expand spf_name_expand(const char *spec, const struct spf_values *v, struct dns_name *ret);
/* Labels as they are, dots between them: what d, o and p stand for.  False when a label has a byte that no host name has. */
bool spf_name_text(const struct dns_name *n, char buf[DNS_NAME_MAX + 1]);

#endif
