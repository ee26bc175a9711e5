/* SPDX-License-Identifier: ISC */
/* dkim: the text of one DKIM key record (RFC 6376 section 3.6.1, RFC 8301, RFC 8463) as what it says. */
#ifndef EVAL_DKIM_H
#define EVAL_DKIM_H

#include "judge.h"

enum dkim_algorithm { DKIM_RSA, DKIM_ED25519, DKIM_UNKNOWN };
struct dkim_key {
	enum dkim_algorithm algorithm;
	bool revoked;			/* p= is empty */
	bool testing;			/* t=y: receivers treat a bad signature like none */
	unsigned bits;			/* RSA: of the modulus, 0 when the key cannot be read */
};

/* Is the value meant as a key: v=DKIM1 in front, or no v and a p? */
bool dkim_is_key(struct text t);
/* Of a value for which dkim_is_key holds.  -1 with words when no receiver can use it; ret is filled as far as it goes. */
int dkim_key_parse(struct arena *a, struct text t, struct dkim_key *ret, struct err *err);

#endif
