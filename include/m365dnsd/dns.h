/* SPDX-License-Identifier: ISC */
/*
 * dns: names, messages and record data as bytes and as words.  No I/O, no time.  Everything that comes in here is hostile
 * until it was checked here.
 */
#ifndef M365DNSD_DNS_H
#define M365DNSD_DNS_H

#include <m365dnsd/base.h>

/* ---- types and codes: one list each (RFC 1035, 2782, 3596, 4034, 6698, 7208 §3.1; rcodes RFC 6895) ---- */

#define DNS_TYPES(X)                                                                                                   \
	X(A, 1) X(NS, 2) X(CNAME, 5) X(SOA, 6) X(PTR, 12) X(MX, 15) X(TXT, 16) X(AAAA, 28) X(SRV, 33) X(OPT, 41) X(DS, 43) \
	X(RRSIG, 46) X(NSEC, 47) X(DNSKEY, 48) X(TLSA, 52) X(SPF, 99)
enum dns_type {
#define X(name, number) DNS_TYPE_##name = number,
	DNS_TYPES(X)
#undef X
};
extern const struct name_table dns_type_names;
/* "MX", or "TYPE65280" (RFC 3597); buf holds at least 16 bytes. */
const char *dns_type_text(uint16_t type, char *buf);

enum dns_rcode {
	DNS_RCODE_NOERROR = 0, DNS_RCODE_FORMERR = 1, DNS_RCODE_SERVFAIL = 2, DNS_RCODE_NXDOMAIN = 3, DNS_RCODE_NOTIMP = 4,
	DNS_RCODE_REFUSED = 5, DNS_RCODE_YXDOMAIN = 6, DNS_RCODE_YXRRSET = 7, DNS_RCODE_NXRRSET = 8, DNS_RCODE_NOTAUTH = 9,
	DNS_RCODE_NOTZONE = 10, DNS_RCODE_BADVERS = 16, DNS_RCODE_BADCOOKIE = 23,
};
extern const struct name_table dns_rcode_names;

/* Why a question has no usable answer: a closed list.  REASON_NONE = it was answered. */
#define REASONS(X)                                                                                                     \
	X(NONE, "none") X(TIMEOUT, "timeout") X(NETWORK, "network") X(SERVFAIL, "servfail") X(REFUSED, "refused")      \
	X(NOTIMP, "notimp") X(FORMERR, "formerr") X(MALFORMED, "malformed") X(TRUNCATED, "truncated")                  \
	X(FILTERED, "filtered") X(BOGUS, "bogus") X(LAME, "lame") X(NOT_GLOBAL, "not-global") X(GATED, "gated")        \
	X(ZONE_BROKEN, "zone-broken") X(SET_ASIDE, "set-aside") X(STOPPED, "stopped")
enum reason {
#define X(id, word) REASON_##id,
	REASONS(X)
#undef X
	REASON_MAX
};
extern const struct name_table reason_names;

/* ---- name.c: a domain name in uncompressed wire form ---- */

#define DNS_NAME_MAX      255	/* octets, with the root's zero (RFC 1035 §2.3.4) */
#define DNS_LABELS_MAX    127
#define DNS_NAME_TEXT_MAX 1010	/* every octet as \DDD, dots and NUL */

struct dns_name {
	uint8_t len;		/* 1 (root) to 255; 0 = unset */
	uint8_t wire[DNS_NAME_MAX];
};

/*
 * From presentation form (RFC 1035 §5.1: \. and \DDD), with or without the final dot; "." is the root.  Bytes are taken as
 * they are (no IDNA, case kept).  Fails with words on an empty label, a label over 63 or a name over 255 octets.
 */
int dns_name_parse(struct dns_name *ret, const char *text, struct err *err);
/* Without the final dot (the root is "."), special bytes escaped; case as it is. */
const char *dns_name_text(const struct dns_name *n, char buf[DNS_NAME_TEXT_MAX]);
/* Same, lower case: what JSON and people see. */
const char *dns_name_text_lower(const struct dns_name *n, char buf[DNS_NAME_TEXT_MAX]);
bool dns_name_equal(const struct dns_name *a, const struct dns_name *b);	/* ASCII case folded (RFC 4343) */
int dns_name_compare(const struct dns_name *a, const struct dns_name *b);	/* canonical order, RFC 4034 §6.1 */
bool dns_name_is_below(const struct dns_name *n, const struct dns_name *zone);	/* n is zone or lies below it */
unsigned dns_name_labels(const struct dns_name *n);				/* root = 0 */
/* Drop the first `skip` labels. */
void dns_name_suffix(struct dns_name *ret, const struct dns_name *n, unsigned skip);
/* prefix (its root removed) before suffix; false when it grows too long. */
bool dns_name_concat(struct dns_name *ret, const struct dns_name *prefix, const struct dns_name *suffix);
/*
 * Owner written relative to a domain: "@" or "" is the domain itself, "autodiscover" one label below, and so on; as in a zone
 * file a final dot makes it absolute.  False when it is no name or grows too long.
 */
bool dns_name_relative(struct dns_name *ret, const char *owner, const struct dns_name *domain);
void dns_name_lower(struct dns_name *n);
uint64_t dns_name_hash(const struct dns_name *n);				/* case folded, keyed */

/*
 * idna.c: what a person typed (U-labels allowed, IDNA 2008 by libidn2, non-transitional) -> lower-case A-labels.  Fails on
 * anything but letters, digits, "-" and "_" (and "*" for the first label).
 */
int dns_name_from_user(struct dns_name *ret, const char *text, struct err *err);
/* The U-label form when it differs from the A-label form, else false. */
bool dns_name_to_unicode(const struct dns_name *n, struct str *ret);
/* Of libidn2, at run time. */
const char *dns_idna_version(void);

struct question {
	struct dns_name name;
	uint16_t type;
};

/* ---- rdata.c: record data in uncompressed wire form ---- */

struct rdata {
	uint16_t type;
	uint16_t len;
	const uint8_t *bytes;
};
struct rdata_soa {
	struct dns_name mname, rname;
	uint32_t serial, refresh, retry, expire, minimum;
};

/* Each is false when the type or the bytes do not fit; outputs are written only on success. */
bool rdata_name(const struct rdata *r, struct dns_name *ret);	/* NS CNAME PTR: the name; MX SRV: the target */
bool rdata_mx(const struct rdata *r, uint16_t *ret_pref, struct dns_name *ret_target);
bool rdata_srv(const struct rdata *r, uint16_t *prio, uint16_t *weight, uint16_t *port, struct dns_name *ret_target);
bool rdata_soa(const struct rdata *r, struct rdata_soa *ret);
bool rdata_addr(const struct rdata *r, struct addr *ret);	/* port 0 */
/* TXT and SPF: the strings joined without anything between (RFC 7208 §3.3), raw bytes appended to s. */
bool rdata_txt(const struct rdata *r, struct str *s);
unsigned rdata_txt_strings(const struct rdata *r);
/*
 * Presentation form appended: MX "0 host", SRV "100 1 5061 host" (names lower case without the final dot).  TXT: for
 * rdata_text the joined strings as they are, raw bytes; for rdata_text_quoted RFC 1035 quoted strings with escapes.
 */
void rdata_text(const struct rdata *r, struct str *s);
void rdata_text_quoted(const struct rdata *r, struct str *s);
/*
 * The inverse for what people and the catalog write: "0 host", "100 1 5061 host", "host", text.  A TXT text over 255 bytes is
 * cut into strings of 255.  The bytes lie in a.
 */
int rdata_parse(struct arena *a, uint16_t type, const char *text, struct rdata *ret, struct err *err);
int rdata_compare(const struct rdata *a, const struct rdata *b);

/* ---- message.c ---- */

#define DNS_MESSAGE_MAX 65535
#define DNS_EDNS_SIZE   1232	/* RFC 9715, DNS flag day 2020 */
#define DNS_CHAIN_MAX   16	/* CNAME links followed inside one answer */
#define DNS_WORK_MAX    262144	/* labels and pointers walked for the names of one message: four for each of its octets */
#define DNS_EDE_MAX     16	/* extended errors kept of one message */

enum dns_query_flags {
	DNS_QUERY_RD = 1,	/* recursion desired */
	DNS_QUERY_CD = 2,	/* checking disabled: is it DNSSEC? */
	DNS_QUERY_DO = 4,	/* DNSSEC OK: signatures wanted */
	DNS_QUERY_NO_EDNS = 8,	/* the server answered FORMERR to EDNS */
};
#define DNS_QUERY_MAX (12 + DNS_NAME_MAX + 4 + 11)

/* Write a query with id 0 and the case of q->name; returns its length.  buf holds DNS_QUERY_MAX bytes. */
size_t dns_query_encode(uint8_t *buf, const struct question *q, unsigned flags);
/* Random case for every letter of the question name in place (0x20); no letter changes its meaning. */
void dns_query_mix_case(uint8_t *wire, size_t len);

/*
 * The checks that every reply must pass before anybody looks into it: QR set, opcode QUERY, one question, and the question
 * equal to the one sent byte for byte (0x20) in name, and in type and class; the id.
 * REPLY_CASE: only the letters' case differs (a server that does not keep it, or a forger).  REPLY_SHORT: less than a header
 * and the question; with a whole header, id, QR and opcode were right, which old servers do that answer FORMERR to EDNS.
 */
enum reply_check { REPLY_OK, REPLY_CASE, REPLY_FOREIGN, REPLY_SHORT };
enum reply_check dns_reply_check(const uint8_t *sent, size_t sent_len, const uint8_t *got, size_t got_len);

struct rr {
	const struct dns_name *owner;
	uint16_t type, class;
	uint32_t ttl;		/* a TTL with the top bit set counts as 0 (RFC 2181 §8) */
	struct rdata data;	/* uncompressed for NS CNAME SOA PTR MX SRV; else as it came */
};
struct dns_ede {		/* RFC 8914 */
	uint16_t code;
	uint16_t len;
	const char *text;	/* not checked to be UTF-8 */
};
struct dns_message {
	uint16_t id, rcode;	/* rcode with the extended bits of EDNS */
	bool aa, tc, rd, ra, ad, cd, edns;
	struct question q;
	const struct rr *answer, *authority, *additional;	/* OPT is taken out of additional */
	size_t n_answer, n_authority, n_additional;
	const struct dns_ede *ede;
	size_t n_ede;
	uint32_t work;		/* what its names cost, at most DNS_WORK_MAX */
};
/*
 * Decode a whole message into a; everything points into a and nothing into wire.  At most 5 ms of CPU for any input.
 * -1 with words when any byte of it is not well-formed: limits 255/127/63, pointers strictly backwards, RDLENGTH and
 * character-strings inside, one question, no bytes of a section missing, at most one OPT.  NULL err allowed.
 */
int dns_message_decode(struct arena *a, const uint8_t *wire, size_t len, struct dns_message **ret, struct err *err);

/* ---- answer.c: what an answer says about its question ---- */

enum answer_kind {
	ANSWER_POSITIVE,	/* the set is there (perhaps behind CNAMEs) */
	ANSWER_NODATA,		/* the name is, the type is not */
	ANSWER_NXDOMAIN,
	ANSWER_REFERRAL,	/* NS of a zone below, not authoritative: ask there */
	ANSWER_CNAME_LOOP,	/* the chain comes back to itself, or is longer than DNS_CHAIN_MAX */
	ANSWER_FAILURE,		/* rcode other than NOERROR and NXDOMAIN */
};
extern const struct name_table answer_kind_names;

struct answer {
	uint16_t qtype, rcode;
	enum answer_kind kind;
	bool aa, ad;
	uint32_t ttl;			/* positive: lowest of chain and set; negative: min(SOA TTL, MINIMUM), RFC 2308 §5;
					   that of the chain when there is no SOA; 0 for the others
					   and for a negative one with neither */
	const struct dns_name *chain;	/* CNAME targets in order, not for qtype CNAME */
	size_t n_chain;
	const struct rdata *values;	/* the set asked for at the end of the chain, sorted, doubles removed */
	size_t n_values;
	const struct dns_ede *ede;
	size_t n_ede;
	bool has_soa;			/* of the authority section (negative), or the SOA asked for */
	struct dns_name soa_owner;
	uint32_t soa_serial;
};
/* What m says about its own question; points into m and a. */
struct answer *answer_from_message(struct arena *a, const struct dns_message *m);
/*
 * The variant: everything of an answer that two sources can agree on (qtype, rcode, kind, chain, values; names folded to
 * lower case; neither TTL, flags nor EDE), packed into one block of bytes.  Equal bytes = same variant.
 */
void answer_pack(const struct answer *an, struct str *ret);
/* Back again, without TTL and flags.  false on bytes that answer_pack did not write. */
bool answer_unpack(struct arena *a, const void *bytes, size_t n, struct answer *ret);
/*
 * A cheap look at a checked reply without decoding it: a keyed hash over rcode, AA, AD, answer and (for negative ones) the
 * SOA's owner that leaves out id, TTLs, order and all case of names, and the TTL as in struct answer.  Two replies with the
 * same digest to the same question are the same variant; the reverse need not hold.  False: decode it (malformed, truncated,
 * over 4096 octets, a chain behind a CNAME, extended rcode or extended errors).
 */
bool answer_digest(const uint8_t *wire, size_t len, uint64_t *ret_digest, uint32_t *ret_ttl);

#endif
