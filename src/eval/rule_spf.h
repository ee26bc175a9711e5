/* SPDX-License-Identifier: ISC */
/* rule_spf: what the judging of the record (rule_spf.c) and of where it leads (rule_spf_follow.c) share. */
#ifndef EVAL_RULE_SPF_H
#define EVAL_RULE_SPF_H

#include "judge.h"
#include "spf_tree.h"

struct spf_look {
	struct judge *j;
	struct text text;
	const char *show;
	struct spf_record record;
	bool wrong;
	const char *slip;	/* a term that was meant to be Microsoft's include; NULL = there is none */
	/* rule_spf_follow.c; tree NULL: nothing beyond the record is known */
	struct spf_tree *tree;
	struct spf_asker asker;
};

/* A note, and the record is wrong. */
void spf_wrong(struct spf_look *s, enum finding_code code, const char *found, const char *wanted, const char *detail);

/* Follow the record as far as it is known; j->pending where it is not yet. */
void spf_follow(struct spf_look *s);
/* name is not included in the record itself: is it somewhere below, or are its addresses listed? */
void spf_follow_include(struct spf_look *s, const char *name);
/* May each of the addresses send, and of a network every one? */
void spf_follow_senders(struct spf_look *s, const char *kind, char *const *list, size_t n);
/* What is wrong with the tree itself. */
void spf_follow_troubles(struct spf_look *s);

#endif
