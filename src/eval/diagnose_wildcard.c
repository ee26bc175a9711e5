/* SPDX-License-Identifier: ISC */
/*
 * diagnose_wildcard: how it is put that a wildcard answers.  What one wildcard does to several records is one finding, that of the
 * first of them: it says of which, what to add at each, and shows what each of them answers.
 *
 * Told together is what is as bad, or less: a wildcard whose answer happens to be right stays apart from what it breaks.
 */
#include <string.h>

#include "judge.h"
#include "place.h"

enum outcome
place_wildcard_words(struct place *p, struct hit *hit, struct advice *ret)
{
	const char *name = place_wildcard_name(p, &hit->look);
	char type[16], wanted_type[16];

	if (name == NULL)
		return PLACE_WAIT;
	if (hit->look.an->n_chain > 0)	/* what stands in the zone is the alias, whatever was asked for and is behind it */
		ret->found = arena_printf(p->r->a, "%s CNAME %s", name, match_name_text(p->r->a, &hit->look.an->chain[0]));
	else
		ret->found = arena_printf(p->r->a, "%s %s %s", name, dns_type_text(hit->look.type, type),
		    judge_answer_text(p->r->a, hit->look.an));
	hit->wildcard = name;
	hit->detail = arena_printf(p->r->a, hit->elsewhere ? "%s is right, but a wildcard does not stand for %s" :
	    "%s answers in place of %s %s", ret->found, match_name_text(p->r->a, &p->owner),
	    dns_type_text(p->e->row->type, wanted_type));
	return PLACE_FOUND;
}

static struct wildcard_told *
told_find(struct place *p, const struct hit *hit, const struct finding *f, struct finding **ret)
{
	for (size_t k = 0; k < p->asked->n_told; k++) {
		struct wildcard_told *t = &p->asked->told[k];

		*ret = diagnose_find(p->r, FINDING_WILDCARD_ANSWER, t->expectation);
		if (*ret != NULL && *ret != f && t->right == hit->right && (*ret)->severity >= f->severity &&
		    strcmp(t->wildcard, hit->wildcard) == 0)
			return t;
	}
	return NULL;
}

/* One more record: what to add there, or that nothing may be there. */
static void
told_add(struct place *p, struct wildcard_told *t, const char *wanted)
{
	const char *owner = match_name_text(p->r->a, &p->owner);
	char type[16];

	if (p->e->rule == RULE_ABSENT)
		t->keep_off = judge_join(p->r->a, t->keep_off, owner);
	else
		t->adds = judge_join_by(p->r->a, t->adds, "; ", arena_printf(p->r->a, "%s %s %s", owner,
		    dns_type_text(p->e->row->type, type), wanted));
}

static const char *
told_advice(struct arena *a, const struct wildcard_told *t)
{
	if (t->adds == NULL)
		return arena_printf(a, "Delete the wildcard %s, or keep it away from %s by any other record there (a TXT): "
		    "a wildcard does not answer for a name that exists.", t->found, t->keep_off);
	if (t->keep_off == NULL)
		return arena_printf(a, "Add: %s (a wildcard does not answer for a name that exists), or delete the wildcard %s",
		    t->adds, t->found);
	return arena_printf(a, "Add: %s (a wildcard does not answer for a name that exists). At %s nothing may answer: delete the "
	    "wildcard %s, or keep it away from there by any other record (a TXT).", t->adds, t->keep_off, t->found);
}

/* The answer of the record itself stands behind that of the wildcard, and is the line that the others have not got. */
static void
evidence_move(struct place *p, struct finding *to, const struct finding *from)
{
	const char *owner = arena_printf(p->r->a, "%s. ", match_name_text(p->r->a, &p->owner));

	for (size_t k = 0; k < from->n_evidence; k++)
		if (strncmp(from->evidence[k], owner, strlen(owner)) == 0) {
			diagnose_evidence_text(p->r, to, from->evidence[k]);
			return;
		}
}

void
place_wildcard_tell(struct place *p, struct finding *f, const struct hit *hit, const struct advice *advice)
{
	struct finding *first = NULL;
	struct wildcard_told *t = hit->elsewhere ? NULL : told_find(p, hit, f, &first);

	if (t == NULL && (hit->elsewhere || p->asked->n_told == WILDCARDS_MAX))
		return;
	if (t == NULL) {
		t = &p->asked->told[p->asked->n_told++];
		*t = (struct wildcard_told){ .expectation = p->i, .right = hit->right, .wildcard = hit->wildcard,
			.found = advice->found };
		told_add(p, t, advice->wanted);
		f->advice = told_advice(p->r->a, t);
		return;
	}
	/* who did not ask for a record need not add it */
	if (judge_is_demanded(p->e) || f->severity == SEVERITY_ERROR)
		told_add(p, t, advice->wanted);
	first->also |= f->also | UINT64_C(1) << p->i;
	first->detail = arena_printf(p->r->a, "%s%s%s", first->detail, t->n++ == 0 ? ", and of " : ", ", p->e->id);
	first->advice = told_advice(p->r->a, t);
	evidence_move(p, first, f);
	diagnose_drop(p->r, f);
}
