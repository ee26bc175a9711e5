/* SPDX-License-Identifier: ISC */
/*
 * dmarc: the text of one DMARC record (RFC 9989) as what it says, and what is wrong with it in words.  A mistake makes
 * receivers leave the record or its policy aside; a remark is something that they ignore.
 */
#ifndef EVAL_DMARC_H
#define EVAL_DMARC_H

#include "judge.h"

enum dmarc_policy { DMARC_ABSENT, DMARC_NONE, DMARC_QUARANTINE, DMARC_REJECT };
extern const struct name_table dmarc_policy_names;

#define DMARC_REMARKS_MAX 8
struct dmarc_record {
	enum dmarc_policy p, sp, np;
	char psd;			/* 'y' a registry's, 'n' an organisation's, 'u' not said: what ends the tree walk */
	bool testing;			/* t=y */
	struct text rua, ruf;		/* empty = none */
	const char *mistake;		/* NULL = none */
	const char *remarks[DMARC_REMARKS_MAX];
	size_t n_remarks;
	const char *removed;		/* tags that RFC 9989 took away, "pct, ri"; NULL = none */
};

/* Does the value begin with v=DMARC1, and then end or go on with a semicolon? */
bool dmarc_is_record(struct text t);
/* Of a value for which dmarc_is_record holds; everything lives in a. */
void dmarc_parse(struct arena *a, struct text t, struct dmarc_record *ret);
/*
 * The host that the next URI of a list of mailto: URIs writes to, and on to the next.  False at the end; ret is empty for what
 * is no mailto: address.
 */
bool dmarc_next_host(struct text *list, struct text *ret);
/* A list of URIs with one of these schemes ("mailto:") and something behind it? */
bool uris_valid(struct text list, const char *const *schemes, size_t n_schemes);

#endif
