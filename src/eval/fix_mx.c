/* SPDX-License-Identifier: ISC */
/*
 * The MX set of a fix.  An MX set is judged as a whole, so it is mended as one: where the administrator or Microsoft named the
 * exchangers, these and no others; where only the family is known, one of it stays; at another company's filter only what is
 * Microsoft's goes.  The proof of ownership, which is an MX too, is kept but never wins.  Two hosts of a move from the old form
 * to the new one (rule_mx.c) are left alone.
 */
#include <string.h>

#include "fix.h"

#define PROOF_PREFERENCE 32767	/* of the verification MX: behind every mail server */

static bool
mx_parts(const struct rdata *r, uint16_t *pref, struct dns_name *target)
{
	return rdata_mx(r, pref, target);
}

static struct rdata
mx_with(struct mend *m, uint16_t pref, const struct dns_name *target)
{
	uint8_t *p = arena_alloc(m->x->a, 2u + target->len);

	p[0] = (uint8_t)(pref >> 8);
	p[1] = (uint8_t)pref;
	memcpy(p + 2, target->wire, target->len);
	return (struct rdata){ DNS_TYPE_MX, (uint16_t)(2u + target->len), p };
}

/* The proof must lose against every mail server, whatever their numbers. */
static void
mx_lower_proofs(struct mend *m)
{
	uint16_t pref, worst = 0;
	struct dns_name target;

	for (size_t k = 0; k < m->set->n_now; k++)
		if (mx_class_of_value(&m->j, &m->set->now[k]) != MX_VERIFICATION && mx_parts(&m->set->now[k], &pref, &target) &&
		    pref > worst)
			worst = pref;
	for (size_t k = 0; k < m->set->n_now; k++)
		if (mx_class_of_value(&m->j, &m->set->now[k]) == MX_VERIFICATION && mx_parts(&m->set->now[k], &pref, &target) &&
		    pref <= worst)
			m->set->now[k] = mx_with(m, worst < PROOF_PREFERENCE ? PROOF_PREFERENCE : UINT16_MAX, &target);
}

static void
mx_drop(struct mend *m, unsigned classes)
{
	for (size_t k = 0; k < m->set->n_now;) {
		if ((classes & 1u << mx_class_of_value(&m->j, &m->set->now[k])) != 0)
			fix_set_remove(m->set, k);
		else
			k++;
	}
}

static size_t
mx_count(struct mend *m, enum mx_class class)
{
	size_t n = 0;

	for (size_t k = 0; k < m->set->n_now; k++)
		n += mx_class_of_value(&m->j, &m->set->now[k]) == class;
	return n;
}

/* Which of several hosts of Microsoft's is to stay: the one wanted by name, else the preferred one. */
static void
mx_keep_one(struct mend *m)
{
	size_t best = SIZE_MAX;
	uint32_t best_rank = UINT32_MAX;

	for (size_t k = 0; k < m->set->n_now; k++) {
		struct dns_name target;
		uint16_t pref;

		if (mx_class_of_value(&m->j, &m->set->now[k]) != MX_GOOD || !mx_parts(&m->set->now[k], &pref, &target))
			continue;
		if ((match_exact_target(&m->j.want, &target) ? pref : UINT32_C(65536) + pref) < best_rank) {
			best_rank = match_exact_target(&m->j.want, &target) ? pref : UINT32_C(65536) + pref;
			best = k;
		}
	}
	for (size_t k = m->set->n_now; k-- > 0;)
		if (k != best && mx_class_of_value(&m->j, &m->set->now[k]) == MX_GOOD)
			fix_set_remove(m->set, k);
}

/* The administrator's set, and the proof of ownership if it is there. */
static void
mx_put_exact(struct mend *m)
{
	mx_drop(m, ~(1u << MX_VERIFICATION));
	for (size_t k = 0; k < m->j.want.n_exact; k++)
		fix_set_add(m, m->set, &m->j.want.exact[k]);
}

static void
mx_put_families(struct mend *m)
{
	struct rdata r;

	if (mx_count(m, MX_GOOD) > 0) {
		mx_drop(m, 1u << MX_FOREIGN | 1u << MX_MICROSOFT | 1u << MX_NULL);
		if (mx_values_migrate(&m->j, m->set->now, m->set->n_now))
			return;
		mx_drop(m, 1u << MX_TOLERATED);
		mx_keep_one(m);
		return;
	}
	if (fix_without_zone(m, &r)) {
		mx_drop(m, ~(1u << MX_VERIFICATION));
		fix_set_add(m, m->set, &r);
	} else if (m->j.want.n_exact > 0) {
		mx_drop(m, ~(1u << MX_VERIFICATION));
		fix_set_add(m, m->set, &m->j.want.exact[0]);
		fix_note_derived(m, "the admin center");
	}
}

void
fix_mx(struct mend *m)
{
	if (m->j.want.exact_known)
		mx_put_exact(m);
	else if (!m->j.want.foreign_ok)
		mx_put_families(m);
	else if (mx_count(m, MX_FOREIGN) > 0)
		mx_drop(m, 1u << MX_GOOD | 1u << MX_TOLERATED | 1u << MX_MICROSOFT | 1u << MX_NULL);
	mx_lower_proofs(m);
}
