/* SPDX-License-Identifier: ISC */
/*
 * spf_tree: a record with everything that it leads to, whoever sends.  For each term that asks there is a branch; an include or
 * redirect has branches of its own below.  What depends on the mail (macros but d and o, ptr) is counted and not followed.
 */
#ifndef EVAL_SPF_TREE_H
#define EVAL_SPF_TREE_H

#include "spf_ask.h"

#define SPF_BRANCHES_MAX 64		/* what would be more is cut off: it is far too much anyway */
#define SPF_NETS_MAX     1024

enum spf_branch_state {
	SPF_BRANCH_GOOD,
	SPF_BRANCH_VOID,		/* a, mx, exists: leads nowhere */
	SPF_BRANCH_INVALID,		/* an include or redirect without one valid record; an mx with too many hosts */
	SPF_BRANCH_LOOP,
	SPF_BRANCH_DYNAMIC,		/* depends on the mail */
	SPF_BRANCH_FAILED,		/* could not be asked */
	SPF_BRANCH_PENDING
};
struct spf_branch {
	int parent;			/* index; -1 = stands in the domain's own record */
	enum spf_kind kind;
	const char *term;		/* as written */
	const struct dns_name *name;	/* whom it asks for; NULL when DYNAMIC or no name */
	enum spf_branch_state state;
	const char *words;		/* why not GOOD, for people; else NULL */
	bool grants;			/* an include, or redirect, whose pass is a pass of the domain */
	unsigned lookups;		/* it and all below it */
};
/* A network that the record allows, by a term of its own or of what it includes. */
struct spf_net {
	struct addr addr;
	unsigned prefix;
	const char *term;
	int branch;			/* in whose record it stands; -1 = the domain's own */
};
struct spf_tree {
	struct spf_branch *branches;
	size_t n;
	struct spf_net *nets;
	size_t n_nets;
	unsigned lookups, voids;
	bool pending;			/* a question is out; there will be more of it */
	bool cut;			/* too many or too deep: the numbers are at least these */
};

/* The tree of a record that parses. */
void spf_tree_build(const struct spf_asker *k, const struct dns_name *domain, const struct spf_record *record, struct arena *a,
    struct spf_tree *ret);
/* The include or redirect that leads to name, with a pass there being a pass here; -1 = there is none. */
int spf_tree_find(const struct spf_tree *t, const struct dns_name *name);
/* Is there a grant in that state?  Of one that FAILED, or is DYNAMIC, nobody knows whom it allows. */
bool spf_tree_grants(const struct spf_tree *t, enum spf_branch_state state);
/* "include:a.example > include:b.example": how the branch is come to. */
const char *spf_tree_way(const struct spf_tree *t, int branch, struct arena *a);
/* The branch at the top that costs most; -1 = none. */
int spf_tree_costliest(const struct spf_tree *t);

#endif
