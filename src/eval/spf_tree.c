/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "judge.h"
#include "spf_macro.h"
#include "spf_tree.h"

#define HOSTS_MAX 10			/* of an mx */

struct grow {
	const struct spf_asker *k;
	struct arena *a;
	struct spf_tree *tree;
	struct spf_values v;
};
struct record_at {			/* the record looked at, and how it was come to */
	const struct record_at *up;
	const struct dns_name *name;
	const struct spf_record *record;
	int branch;
	unsigned depth;
	bool grants;
};

static void grow_record(struct grow *g, const struct record_at *at);

/* ---- one branch ---- */

static struct spf_branch *
branch_add(struct grow *g, const struct record_at *at, const struct spf_term *t)
{
	struct spf_tree *tree = g->tree;
	struct spf_branch *b;

	if (tree->n == SPF_BRANCHES_MAX) {
		tree->cut = true;
		return NULL;
	}
	b = &tree->branches[tree->n++];
	b->parent = at->branch;
	b->kind = t->kind;
	b->term = t->text;
	b->grants = at->grants && ((t->kind == SPF_INCLUDE && t->qualifier == '+') || t->kind == SPF_REDIRECT);
	return b;
}

static void
branch_is(struct spf_branch *b, enum spf_branch_state state, const char *words)
{
	b->state = state;
	b->words = words;
}

/* Whom the term asks for.  False: nobody knows, or it is no name; the branch says which. */
static bool
branch_name(struct grow *g, struct spf_branch *b, const struct record_at *at, const struct spf_term *t)
{
	char buf[DNS_NAME_MAX + 1];
	struct dns_name name;

	if (t->domain == NULL) {
		b->name = at->name;
		return true;
	}
	g->v.domain = spf_name_text(at->name, buf) ? buf : NULL;
	switch (spf_name_expand(t->domain, &g->v, &name)) {
	case SPF_EXPAND_OK:
		b->name = arena_dup(g->a, &name, sizeof(name));
		return true;
	case SPF_EXPAND_UNKNOWN:
		branch_is(b, SPF_BRANCH_DYNAMIC, arena_printf(g->a, "%s depends on the mail", b->term));
		break;
	case SPF_EXPAND_BAD:
		branch_is(b, t->kind == SPF_INCLUDE || t->kind == SPF_REDIRECT ? SPF_BRANCH_INVALID : SPF_BRANCH_VOID,
		    arena_printf(g->a, "%s stands for no name", b->term));
		break;
	}
	return false;
}

/* Values, or the branch says why not. */
static const struct answer *
branch_ask(struct grow *g, struct spf_branch *b, uint16_t type)
{
	struct side_fact fact;
	const char *words = NULL, *name = match_name_text(g->a, b->name);
	char buf[16];

	switch (spf_ask(g->k, b->name, type, g->a, &fact, &words)) {
	case SPF_ASKED_VALUES:
		branch_is(b, SPF_BRANCH_GOOD, NULL);
		return fact.answer;
	case SPF_ASKED_VOID:
		branch_is(b, SPF_BRANCH_VOID, fact.answer->kind == ANSWER_NXDOMAIN ?
		    arena_printf(g->a, "%s does not exist", name) :
		    arena_printf(g->a, "%s has no %s record", name, dns_type_text(type, buf)));
		break;
	case SPF_ASKED_PENDING:
		branch_is(b, SPF_BRANCH_PENDING, NULL);
		g->tree->pending = true;
		break;
	case SPF_ASKED_FAILED:
		branch_is(b, SPF_BRANCH_FAILED, words);
		break;
	}
	return NULL;
}

/* ---- kinds of terms ---- */

static void
grow_hosts(struct grow *g, struct spf_branch *b)
{
	const struct answer *an;

	switch (b->kind) {
	case SPF_A:
		/* leads somewhere when it does for one of the families */
		if (branch_ask(g, b, DNS_TYPE_A) == NULL && b->state == SPF_BRANCH_VOID)
			branch_ask(g, b, DNS_TYPE_AAAA);
		break;
	case SPF_EXISTS:
		branch_ask(g, b, DNS_TYPE_A);
		break;
	case SPF_MX:
		an = branch_ask(g, b, DNS_TYPE_MX);
		if (an != NULL && an->n_values > HOSTS_MAX)
			branch_is(b, SPF_BRANCH_INVALID, arena_printf(g->a, "%s has %zu hosts, and only %d may be asked for", b->term,
			    an->n_values, HOSTS_MAX));
		break;
	default:
		break;		/* ptr: about the client */
	}
}

static bool
is_above(const struct record_at *at, const struct dns_name *name)
{
	for (; at != NULL; at = at->up)
		if (dns_name_equal(at->name, name))
			return true;
	return false;
}

/* include and redirect: the record there, and all below it. */
static void
grow_below(struct grow *g, struct spf_branch *b, const struct record_at *at)
{
	struct record_at below = { .up = at, .name = b->name, .branch = (int)(b - g->tree->branches),
		.depth = at->depth + 1, .grants = b->grants };
	struct spf_fetched f;

	if (is_above(at, b->name)) {
		branch_is(b, SPF_BRANCH_LOOP, arena_printf(g->a, "%s leads back to %s", b->term, match_name_text(g->a, b->name)));
		return;
	}
	if (below.depth > SPF_LOOKUPS_MAX) {		/* no check ever comes here */
		g->tree->cut = true;
		return;
	}
	switch (spf_fetch(g->k, b->name, g->a, &f)) {
	case SPF_FETCHED:
		below.record = &f.record;
		grow_record(g, &below);
		return;
	case SPF_FETCH_PENDING:
		g->tree->pending = true;
		branch_is(b, SPF_BRANCH_PENDING, NULL);
		return;
	case SPF_FETCH_FAILED:
		branch_is(b, SPF_BRANCH_FAILED, f.words);
		return;
	case SPF_FETCH_VOID:
		g->tree->voids++;
		break;
	case SPF_FETCH_NONE:
	case SPF_FETCH_MANY:
	case SPF_FETCH_BROKEN:
		break;
	}
	branch_is(b, SPF_BRANCH_INVALID, f.words);
}

static void
grow_term(struct grow *g, const struct record_at *at, const struct spf_term *t)
{
	struct spf_branch *b = branch_add(g, at, t);
	unsigned before = g->tree->lookups++;

	if (b == NULL)
		return;
	if (branch_name(g, b, at, t)) {
		if (t->kind == SPF_INCLUDE || t->kind == SPF_REDIRECT)
			grow_below(g, b, at);
		else
			grow_hosts(g, b);
		g->tree->voids += b->state == SPF_BRANCH_VOID;
	}
	b->lookups = g->tree->lookups - before;
}

/* ---- records ---- */

static void
net_add(struct grow *g, const struct record_at *at, const struct spf_term *t)
{
	struct spf_tree *tree = g->tree;

	if (!at->grants || t->qualifier != '+' || tree->n_nets == SPF_NETS_MAX)
		return;
	if ((tree->n_nets & (tree->n_nets - 1)) == 0) {		/* full: 0, 1, 2, 4 ... */
		struct spf_net *more = arena_alloc(g->a, (tree->n_nets * 2 + 1) * sizeof(*more));

		if (tree->n_nets > 0)
			memcpy(more, tree->nets, tree->n_nets * sizeof(*more));
		tree->nets = more;
	}
	tree->nets[tree->n_nets++] = (struct spf_net){ .addr = t->ip, .prefix = t->kind == SPF_IP4 ? t->prefix4 : t->prefix6,
		.term = t->text, .branch = at->branch };
}

static void
grow_record(struct grow *g, const struct record_at *at)
{
	const struct spf_record *r = at->record;

	for (size_t i = 0; i < r->n_terms && (r->all == -1 || (int)i < r->all); i++) {
		const struct spf_term *t = &r->terms[i];

		if (t->kind == SPF_IP4 || t->kind == SPF_IP6)
			net_add(g, at, t);
		else if (spf_term_asks(t) && t->kind != SPF_REDIRECT)
			grow_term(g, at, t);
	}
	/* redirect= comes last, and only where there is no all (section 6.1) */
	if (r->redirect != -1 && r->all == -1)
		grow_term(g, at, &r->terms[r->redirect]);
}

void
spf_tree_build(const struct spf_asker *k, const struct dns_name *domain, const struct spf_record *record, struct arena *a,
    struct spf_tree *ret)
{
	struct grow g = { .k = k, .a = a, .tree = ret };
	const struct record_at root = { .name = domain, .record = record, .branch = -1, .grants = true };
	char buf[DNS_NAME_MAX + 1];

	memset(ret, 0, sizeof(*ret));
	ret->branches = arena_alloc(a, SPF_BRANCHES_MAX * sizeof(*ret->branches));
	g.v.sender_domain = spf_name_text(domain, buf) ? buf : NULL;
	grow_record(&g, &root);
}

/* ---- questions to a tree ---- */

int
spf_tree_find(const struct spf_tree *t, const struct dns_name *name)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->branches[i].grants && t->branches[i].name != NULL && dns_name_equal(t->branches[i].name, name))
			return (int)i;
	return -1;
}

bool
spf_tree_grants(const struct spf_tree *t, enum spf_branch_state state)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->branches[i].grants && t->branches[i].state == state)
			return true;
	return false;
}

const char *
spf_tree_way(const struct spf_tree *t, int branch, struct arena *a)
{
	const char *way = "";

	for (; branch >= 0; branch = t->branches[branch].parent)
		way = arena_printf(a, "%s%s%s", t->branches[branch].term, *way != '\0' ? " > " : "", way);
	return way;
}

int
spf_tree_costliest(const struct spf_tree *t)
{
	int best = -1;

	for (size_t i = 0; i < t->n; i++)
		if (t->branches[i].parent == -1 && (best == -1 || t->branches[i].lookups > t->branches[best].lookups))
			best = (int)i;
	return best;
}
