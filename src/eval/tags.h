/* SPDX-License-Identifier: ISC */
/*
 * tags: "name=value; name=value", the grammar that DKIM keys, DMARC, MTA-STS and TLS-RPT share (RFC 6376 section 3.2, RFC 9989,
 * RFC 8461 section 3.1, RFC 8460 section 3).
 */
#ifndef EVAL_TAGS_H
#define EVAL_TAGS_H

#include "judge.h"

#define TAGS_MAX 32

struct tag {
	struct text name, value;	/* without blanks around them; a name is never empty */
};
struct tags {
	struct tag list[TAGS_MAX];
	size_t n;
	bool broken;			/* something that is no tag=value, or more than TAGS_MAX of them */
	struct text at;			/* what */
};

/* Everything points into t.  An empty piece (behind the final semicolon) is none. */
void tags_parse(struct text t, struct tags *ret);
/* The value of the first tag of that name, in any case; NULL = there is none. */
const struct text *tags_find(const struct tags *t, const char *name);
/* The name of a tag that stands there twice; NULL = none. */
const struct text *tags_double(const struct tags *t);
/*
 * Cut the next item off a list with a separator ("a, b,c"), without blanks around it.  False at the end; an empty item is one
 * too, but not behind the last separator.
 */
bool text_next(struct text *list, char separator, struct text *ret);
struct text text_trim(struct text t);
/* The same word, in any case? */
bool text_is(struct text t, const char *word);

#endif
