/* SPDX-License-Identifier: ISC */
/*
 * Records of a fix whose value is a name: CNAME, SRV, the host of MTA-STS, DKIM, and names that must not be there.
 *
 * At one name stands one alias and nothing else, so what is there makes room for what is wanted (drop_host).  Where the target
 * cannot be known, it is taken from what the zone shows: from the value that had the zone's name appended to it, or from the other
 * selector; else the finding's advice says where to look it up.
 */
#include <string.h>

#include "fix.h"

/* The record's data from its text form; false when it is none of the expectation's type. */
static bool
name_value(struct mend *m, const char *text, struct rdata *ret)
{
	return rdata_parse(m->x->a, m->j.e->row->type, text, ret, NULL) == 0;
}

bool
fix_without_zone(struct mend *m, struct rdata *ret)
{
	for (size_t k = 0; k < m->judged->n_notes; k++)
		if (m->judged->notes[k].code == FINDING_TARGET_ZONE_APPENDED && m->judged->notes[k].wanted != NULL)
			return name_value(m, m->j.e->row->type == DNS_TYPE_MX ?
			    arena_printf(m->x->a, "0 %s", m->judged->notes[k].wanted) : m->judged->notes[k].wanted, ret);
	return false;
}

void
fix_note_derived(struct mend *m, const char *where)
{
	fix_set_note(m, m->set, "%s was worked out, not given by Microsoft: compare it with %s", m->j.e->id, where);
}

static void
put_single(struct mend *m, const struct rdata *r)
{
	fix_set_clear(m->set);
	fix_set_add(m, m->set, r);
}

/* Nobody needs a record of Skype for Business any more, and one that points elsewhere blocks Teams: away with it. */
static bool
drop_legacy(struct mend *m)
{
	if (m->j.e->need != NEED_LEGACY || m->verdict != VERDICT_WRONG)
		return false;
	fix_set_clear(m->set);
	fix_set_note(m, m->set, "if Skype for Business is still in use, change it to %s instead", judge_wanted_text(&m->j));
	return true;
}

void
fix_cname(struct mend *m)
{
	struct rdata r;

	if (drop_legacy(m))
		return;
	if (fix_without_zone(m, &r))
		put_single(m, &r);
	else if (m->j.want.n_exact > 0)
		put_single(m, &m->j.want.exact[0]);
}

void
fix_srv(struct mend *m)
{
	if (drop_legacy(m))
		return;
	if (m->j.want.n_exact > 0)
		put_single(m, &m->j.want.exact[0]);
}

/* What stands at the name of a host: an alias, or addresses.  Takes it away. */
static void
drop_host(struct mend *m)
{
	const struct answer *an = m->j.an, *six;

	if (an->n_chain > 0) {
		fix_alias_gone(m);
		return;
	}
	if (an->n_values > 0)
		fix_set_clear(fix_set_of(m, an->qtype, an->values, an->n_values));
	six = fix_aside(m, DNS_TYPE_AAAA);
	if (six != NULL && six->n_chain == 0 && six->n_values > 0)
		fix_set_gone(m, DNS_TYPE_AAAA, six);
}

/* The set that the host's name has now, when it was made before what stands there was known. */
static void
forget_empty_set(struct mend *m)
{
	if (m->set->n_old == 0 && m->set->n_now == 0 && m->set == &m->x->sets[m->x->n_sets - 1])
		m->x->n_sets--;
}

void
fix_absent(struct mend *m)
{
	uint16_t type = m->j.e->row->type;

	forget_empty_set(m);
	drop_host(m);
	m->set = fix_set_of(m, type, NULL, 0);
}

void
fix_host(struct mend *m)
{
	if (m->j.want.n_exact == 0)
		return;
	forget_empty_set(m);
	if (m->verdict == VERDICT_WRONG)
		drop_host(m);
	m->set = fix_set_of(m, m->j.want.exact[0].type, NULL, 0);
	put_single(m, &m->j.want.exact[0]);
}

/* ---- DKIM ---- */

/* "selector1-..." out of the other selector's right target, which is of the same form, tenant and letter. */
static bool
from_other_selector(struct mend *m, struct rdata *ret)
{
	bool first = strcmp(m->j.e->id, "dkim-selector1") == 0;
	int other = plan_find(m->x->plan, first ? "dkim-selector2" : "dkim-selector1");
	const char *target;

	for (size_t col = 0; other >= 0 && col < m->x->m->n_columns; col++) {
		const struct answer *an = matrix_answer(m->x->m, plan_expectation(m->x->plan, (size_t)other)->question, col);
		struct dns_name name;

		if (!column_decides(m->x->m, &m->x->m->columns[col]) || an == NULL || an->n_values != 1 ||
		    cell_says(m->x->m, (size_t)other, col).say != SAY_OK || !rdata_name(&an->values[0], &name))
			continue;
		target = match_name_text(m->x->a, &name);
		if (!str_iprefix(target, first ? "selector2-" : "selector1-"))
			continue;
		return name_value(m, arena_printf(m->x->a, "selector%c%s", first ? '1' : '2', target + strlen("selectorN")), ret);
	}
	return false;
}

/* The two were entered the wrong way round: what stands at the other one is right here. */
static bool
from_swapped(struct mend *m, struct rdata *ret)
{
	bool first = strcmp(m->j.e->id, "dkim-selector1") == 0;
	int other = plan_find(m->x->plan, first ? "dkim-selector2" : "dkim-selector1");
	size_t row = other >= 0 ? plan_expectation(m->x->plan, (size_t)other)->question : 0;

	for (size_t col = 0; other >= 0 && col < m->x->m->n_columns; col++) {
		const struct answer *an = matrix_answer(m->x->m, row, col);
		struct judgement judged;

		if (!column_decides(m->x->m, &m->x->m->columns[col]) || an == NULL || an->n_values != 1)
			continue;
		eval_judge(m->x->plan, m->i, VIEW_PUBLIC, an, false, NULL, m->x->a, &judged);
		*ret = an->values[0];
		return judged.verdict == VERDICT_OK;
	}
	return false;
}

/* The first form that has nothing unknown in it: with the tenant given, that is the one of domains added before May 2025. */
static bool
from_family(struct mend *m, struct rdata *ret)
{
	const struct wanted *w = &m->j.want;

	for (size_t k = 0; k < w->n_family; k++)
		if (strpbrk(w->family[k], "*?") == NULL)
			return name_value(m, w->family[k], ret);
	return false;
}

void
fix_dkim(struct mend *m)
{
	struct rdata r;

	if (m->j.want.exact_known) {
		put_single(m, &m->j.want.exact[0]);
		return;
	}
	/* right by itself, but not beside the other one: that one is taken for the model */
	if (m->verdict == VERDICT_OK && !from_other_selector(m, &r))
		return;
	if (fix_without_zone(m, &r) || (m->verdict == VERDICT_WRONG && from_swapped(m, &r))) {
		put_single(m, &r);
	} else if (from_other_selector(m, &r) || from_family(m, &r)) {
		put_single(m, &r);
		fix_note_derived(m, "Get-DkimSigningConfig");
	}
}
