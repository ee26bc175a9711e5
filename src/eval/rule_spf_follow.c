/* SPDX-License-Identifier: ISC */
/*
 * rule_spf_follow: where an SPF record leads.  The tree says what holds for everybody (look-ups, loops, dead ends, whom it
 * includes); whether an address of the administrator's passes is a check_host() of its own.  Both ask by way of the domain's side
 * questions, so that equal questions are one.
 *
 * What could not be asked is spf-undetermined and blocks nothing; while a question is out nothing is said that its answer could
 * take back.
 */
#include <stdlib.h>
#include <string.h>

#include "rule_spf.h"

#define BLOCKS_MAX 256	/* of a network: more is a list of single hosts */

static void
look_ask(void *ctx, const struct dns_name *name, uint16_t type, struct side_fact *ret)
{
	struct judge *j = ctx;

	sides_ask(j->sides, SIDE_LOOKUP, name, type, j->a, ret);
	j->pending = j->pending || ret->state == SIDE_PENDING;
}

/*
 * A laboratory or a captive network denies the whole world, Microsoft's names with it: of those only Microsoft's zones are
 * believed.  A stranger's include that is denied breaks the record, whoever denies it.
 */
static bool
look_doubts(void *ctx, const struct dns_name *name, const struct answer *an)
{
	struct judge *j = ctx;
	const struct dns_name *end = an->n_chain > 0 ? &an->chain[an->n_chain - 1] : name;

	return match_suffix(j->plan, match_name_text(j->a, end)) != NULL && !judge_denied_at_home(j->plan, j->a, name, an);
}

void
spf_follow(struct spf_look *s)
{
	struct judge *j = s->j;

	s->asker = (struct spf_asker){ .ask = look_ask, .doubts = look_doubts, .ctx = j, .own = &j->owner,
	    .record = s->text.p, .n_record = s->text.n };
	s->tree = arena_alloc(j->a, sizeof(*s->tree));
	spf_tree_build(&s->asker, &j->owner, &s->record, j->a, s->tree);
}

/* ---- flattening: the addresses of an include instead of its name ---- */

struct flat {
	unsigned n, listed;		/* networks of the include, and how many of them the record allows */
	const char *terms;		/* with which; "" = none, not even in part */
	const char *missing;		/* the first that is not allowed */
	struct addr sample;		/* an address of the include's */
};

static bool
net_covers(const struct spf_net *wide, const struct spf_net *narrow)
{
	return wide->prefix <= narrow->prefix && spf_same_network(&wide->addr, &narrow->addr, wide->prefix);
}

static const char *
net_text(struct arena *a, const struct spf_net *net)
{
	char buf[ADDR_TEXT_MAX];

	return arena_printf(a, "%s/%u", addr_text(&net->addr, 0, buf), net->prefix);
}

/* Which terms of the tree allow this network, or a part of it? */
static void
flat_compare(struct spf_look *s, const struct spf_net *net, struct flat *ret)
{
	bool covered = false;

	for (size_t i = 0; i < s->tree->n_nets; i++) {
		const struct spf_net *mine = &s->tree->nets[i];

		covered = covered || net_covers(mine, net);
		if ((net_covers(mine, net) || net_covers(net, mine)) && strstr(ret->terms, mine->term) == NULL)
			ret->terms = arena_printf(s->j->a, "%s%s%s", ret->terms, *ret->terms != '\0' ? " " : "", mine->term);
	}
	ret->listed += covered;
	if (!covered && ret->missing == NULL)
		ret->missing = net_text(s->j->a, net);
}

/* The networks of the include beside those of the record. */
static void
flat_look(struct spf_look *s, const struct dns_name *name, struct flat *ret)
{
	struct spf_fetched f;
	struct spf_tree theirs;

	*ret = (struct flat){ .terms = "" };
	if (spf_fetch(&s->asker, name, s->j->a, &f) != SPF_FETCHED)
		return;
	spf_tree_build(&s->asker, name, &f.record, s->j->a, &theirs);
	ret->n = (unsigned)theirs.n_nets;
	for (size_t i = 0; i < theirs.n_nets; i++)
		flat_compare(s, &theirs.nets[i], ret);
	if (theirs.n_nets > 0)
		ret->sample = theirs.nets[0].addr;
}

/* Includes made of macros: does an address of the include pass by them? */
static bool
sample_passes(struct spf_look *s, const struct flat *flat)
{
	struct spf_client client = { .ip = flat->sample };
	struct spf_check check;

	return flat->n > 0 && spf_check_run(&s->asker, &s->j->owner, &client, s->j->a, &check) && check.result == SPF_PASS;
}

void
spf_follow_include(struct spf_look *s, const char *text)
{
	const char *wanted = arena_printf(s->j->a, "include:%s", text);
	struct dns_name name;
	struct flat flat;

	if (dns_name_parse(&name, text, NULL) == -1 || spf_tree_find(s->tree, &name) != -1 || s->tree->pending)
		return;
	/* it may stand in a record that could not be asked, or was not: that has a finding of its own */
	if (spf_tree_grants(s->tree, SPF_BRANCH_FAILED) || s->tree->cut)
		return;
	flat_look(s, &name, &flat);
	if (s->j->pending)
		return;
	if (spf_tree_grants(s->tree, SPF_BRANCH_DYNAMIC)) {
		if (!sample_passes(s, &flat) && !s->j->pending)
			judge_note(s->j, FINDING_SPF_UNDETERMINED, text, NULL, "whether %s is allowed cannot be told from the record",
			    text);
		return;
	}
	if (*flat.terms != '\0')
		judge_note(s->j, FINDING_SPF_FLATTENED, flat.terms, wanted, "%u of the %u networks of %s are listed one by one",
		    flat.listed, flat.n, text);
	if (flat.n == 0 || flat.listed < flat.n)
		spf_wrong(s, FINDING_SPF_INCLUDE_MISSING, s->show, wanted, *flat.terms != '\0' ?
		    arena_printf(s->j->a, "%s is not in it, and %s is not listed", wanted, flat.missing) :
		    arena_printf(s->j->a, "%s is not in it, nor in what it includes", wanted));
}

/* ---- the administrator's own senders ---- */

/* "contoso.test include:a.example > a.example -all" */
static const char *
path_text(struct arena *a, const struct spf_check *c)
{
	const char *text = "";

	for (size_t i = 0; i < c->n_path; i++)
		text = arena_printf(a, "%s%s%s %s", text, i > 0 ? " > " : "", c->path[i].domain,
		    c->path[i].term != NULL ? c->path[i].term : "(no term)");
	return text;
}

/* "192.0.2.5", or the part of the network to which that applies: "192.0.2.0/29". */
static const char *
block_text(struct spf_look *s, const struct addr *at, const struct spf_check *check, unsigned prefix)
{
	unsigned bits = check->same_bits > prefix ? check->same_bits : prefix;
	char buf[ADDR_TEXT_MAX];

	addr_text(at, 0, buf);
	return check->by_address || bits == (at->family == 4 ? 32u : 128u) ? arena_strdup(s->j->a, buf) :
	    arena_printf(s->j->a, "%s/%u", buf, bits);
}

/* False: it cannot be known, or may not send, and that was said. */
static bool
sender_block(struct spf_look *s, const struct addr *at, unsigned prefix, const char *wanted, struct spf_check *check)
{
	struct spf_client client = { .ip = *at };

	if (!spf_check_run(&s->asker, &s->j->owner, &client, s->j->a, check))
		return false;
	/* an error of the record has a finding of its own */
	if (check->result == SPF_PASS || check->result == SPF_TEMPERROR || check->result == SPF_PERMERROR)
		return check->result == SPF_PASS;
	spf_wrong(s, FINDING_SPF_IP_MISSING, s->show, wanted, arena_printf(s->j->a, "mail from %s gets %s: %s",
	    block_text(s, at, check, prefix), name_of(&spf_result_names, (int)check->result), path_text(s->j->a, check)));
	return false;
}

/*
 * A network of the administrator's, block by block of what the record treats alike; the first that may not send is told.  A record
 * that asks with the very address could treat each differently: of those the first and the last are tried.
 */
static void
sender_check(struct spf_look *s, struct addr at, unsigned prefix, const char *wanted)
{
	struct spf_check check;

	for (unsigned n = 0; sender_block(s, &at, prefix, wanted, &check); n++) {
		if (check.by_address || n == BLOCKS_MAX) {
			spf_network_last(&at, prefix);
			sender_block(s, &at, prefix, wanted, &check);
			return;
		}
		if (!spf_block_next(&at, check.same_bits, prefix))
			return;
	}
}

void
spf_follow_senders(struct spf_look *s, const char *kind, char *const *list, size_t n)
{
	struct addr addr;
	unsigned prefix;

	for (size_t i = 0; i < n; i++)
		if (spf_network_parse(list[i], &addr, &prefix))
			sender_check(s, addr, prefix, arena_printf(s->j->a, "%s:%s", kind, list[i]));
}

/* ---- troubles of the tree ---- */

static void
trouble_lookups(struct spf_look *s)
{
	const struct spf_tree *t = s->tree;
	int most = spf_tree_costliest(t);

	if (t->lookups <= SPF_LOOKUPS_MAX || most == -1)
		return;
	spf_wrong(s, FINDING_SPF_TOO_MANY_LOOKUPS, s->show, NULL, arena_printf(s->j->a,
	    "it needs %s%u look-ups, and only %d are allowed; %s alone takes %u", t->cut ? "at least " : "", t->lookups,
	    SPF_LOOKUPS_MAX, t->branches[most].term, t->branches[most].lookups));
}

static void
trouble_voids(struct spf_look *s)
{
	const struct spf_tree *t = s->tree;
	const char *terms = "", *words = "";

	if (t->voids <= SPF_VOIDS_MAX)
		return;
	for (size_t i = 0; i < t->n; i++)
		if (t->branches[i].state == SPF_BRANCH_VOID) {
			terms = judge_join(s->j->a, terms, spf_tree_way(t, (int)i, s->j->a));
			words = judge_join(s->j->a, words, t->branches[i].words);
		}
	spf_wrong(s, FINDING_SPF_TOO_MANY_VOID_LOOKUPS, terms, NULL, arena_printf(s->j->a,
	    "%u look-ups lead nowhere, and only %d may: %s", t->voids, SPF_VOIDS_MAX, words));
}

static void
trouble_branch(struct spf_look *s, int i)
{
	const struct spf_branch *b = &s->tree->branches[i];
	const char *way = spf_tree_way(s->tree, i, s->j->a);

	if (b->state == SPF_BRANCH_INVALID && b->parent == -1 && s->slip != NULL && strcmp(b->term, s->slip) == 0)
		return;			/* told already, as what it was meant to be */
	switch (b->state) {
	case SPF_BRANCH_LOOP:
		spf_wrong(s, FINDING_SPF_LOOP, way, NULL, b->words);
		break;
	case SPF_BRANCH_INVALID:
		spf_wrong(s, b->kind == SPF_MX ? FINDING_SPF_TOO_MANY_LOOKUPS : FINDING_SPF_INCLUDE_INVALID, way, NULL, b->words);
		break;
	case SPF_BRANCH_FAILED:
		judge_note(s->j, FINDING_SPF_UNDETERMINED, match_name_text(s->j->a, b->name), NULL, "%s", b->words);
		break;
	case SPF_BRANCH_GOOD:
	case SPF_BRANCH_VOID:
	case SPF_BRANCH_DYNAMIC:
	case SPF_BRANCH_PENDING:
		break;
	}
}

void
spf_follow_troubles(struct spf_look *s)
{
	if (s->tree->pending)
		return;
	trouble_lookups(s);
	trouble_voids(s);
	for (size_t i = 0; i < s->tree->n; i++)
		trouble_branch(s, (int)i);
}
