/* SPDX-License-Identifier: ISC */
/* fix_spf: the terms of an SPF record under way from what it is to what it shall be. */
#ifndef EVAL_FIX_SPF_H
#define EVAL_FIX_SPF_H

#include "fix.h"
#include "spf.h"

#define FIX_SPF_TERMS_MAX 256

struct spf_terms {
	struct mend *m;
	const char *list[FIX_SPF_TERMS_MAX];	/* without the alls */
	size_t n;
	char all;			/* the strictest qualifier found; 0 = there is no all */
	const char *dropped;
	size_t n_records;
};

/* Takes out of the set what was meant to be an SPF record, and reads it; failing that the record of type SPF. */
void fix_spf_read(struct spf_terms *t);
/* The term by itself; false when it is none. */
bool fix_spf_parse(struct spf_terms *t, const char *text, struct spf_term *ret);
bool fix_spf_has(struct spf_terms *t, enum spf_kind kind);
/* One more, each once. */
void fix_spf_insert(struct spf_terms *t, size_t at, const char *text);
void fix_spf_drop(struct spf_terms *t, size_t at);
/* Modifiers stand behind all mechanisms; this is where the next mechanism goes. */
size_t fix_spf_end(struct spf_terms *t);
/* Of an end: the higher the stricter; -1 = there is none. */
int fix_spf_strictness(char qualifier);

#endif
