/* SPDX-License-Identifier: ISC */
/*
 * variant: the distinct answers of one domain.
 *
 * Many sources give the same answer; it is packed once (in a blob that all domains share), judged once, and cells hold its
 * index.  A reply whose digest is known is not even decoded.  Slots that no cell points to any more are used again.
 */
#include <stdlib.h>
#include <string.h>

#include "board_internal.h"

uint16_t
variant_by_digest(const struct board_domain *d, size_t row, uint64_t digest)
{
	for (uint16_t i = 1; i < d->n_variants; i++)
		if (d->variants[i].digest == (digest & DIGEST_MASK) && d->variants[i].row == row && d->variants[i].blob != NULL)
			return i;
	return 0;
}

static uint16_t
variant_by_bytes(const struct board_domain *d, size_t row, const void *bytes, size_t n)
{
	for (uint16_t i = 1; i < d->n_variants; i++) {
		const struct variant *v = &d->variants[i];

		if (v->blob != NULL && v->row == row && v->blob->len == n &&
		    memcmp(v->blob->bytes, bytes, n) == 0)
			return i;
	}
	return 0;
}

static bool
variant_used(const struct board_domain *d, uint16_t i)
{
	size_t n = board_n_cells(d);

	for (size_t c = 0; c < n; c++)
		if (d->cells[c].variant == i)
			return true;
	return false;
}

/* A free slot: one that no cell uses, or a new one at the end; 0 when there are too many. */
static uint16_t
variant_slot(struct board_domain *d)
{
	for (uint16_t i = 1; !d->restoring && d->n_variants > board_n_rows(d) && i < d->n_variants; i++) {
		if (variant_used(d, i))
			continue;
		blob_put(d->board->blobs, d->variants[i].blob);
		d->variants[i].blob = NULL;
		return i;
	}
	if (d->n_variants > CELL_VARIANTS_MAX)
		return 0;
	if (d->n_variants % VARIANTS_MORE == 0)
		d->variants = xreallocarray(d->variants, (size_t)d->n_variants + VARIANTS_MORE, sizeof(*d->variants));
	return d->n_variants++;
}

bool
variant_is_judged(const struct board_domain *d, const struct variant *v, enum view view)
{
	uint8_t expectations[PLAN_SLOTS_MAX];
	size_t n = plan_question_expectations(d->plan, v->row, expectations);

	for (size_t slot = 0; slot < n; slot++)
		if ((plan_expectation(d->plan, expectations[slot])->views & (1u << view)) != 0 &&
		    v->verdict[view][slot] == VERDICT_UNJUDGED)
			return false;
	return true;
}

void
variant_judge(struct board_domain *d, struct variant *v, const struct answer *an, enum view view)
{
	uint8_t expectations[PLAN_SLOTS_MAX];
	size_t n;

	if (v->row >= d->n_questions)
		return;
	n = plan_question_expectations(d->plan, v->row, expectations);
	for (size_t slot = 0; slot < n; slot++) {
		unsigned bit = (unsigned)view * PLAN_SLOTS_MAX + (unsigned)slot;
		struct eval_brief brief;
		enum verdict verdict;

		if ((plan_expectation(d->plan, expectations[slot])->views & (1u << view)) == 0 ||
		    v->verdict[view][slot] != VERDICT_UNJUDGED)
			continue;
		verdict = eval_verdict(d->plan, expectations[slot], view, an, d->verification_by_mx, d->sides, d->board->scratch,
		    &brief);
		if (brief.pending)	/* by itself for now; the roll-up will know */
			verdict = eval_verdict(d->plan, expectations[slot], view, an, d->verification_by_mx, NULL,
			    d->board->scratch, &brief);
		v->verdict[view][slot] = (uint8_t)verdict;
		v->plain &= ~(UINT64_C(1) << bit);
		v->plain |= (uint64_t)brief.plain << bit;
	}
}

/* A slot for a new answer, not judged yet. */
static uint16_t
variant_new(struct board_domain *d, size_t row, const void *bytes, size_t n)
{
	uint16_t i = variant_slot(d);
	struct variant *v = &d->variants[i];

	if (i == 0)
		return 0;
	*v = (struct variant){ .blob = blob_get(d->board->blobs, bytes, n), .row = row & 255 };
	memset(v->verdict, VERDICT_UNJUDGED, sizeof(v->verdict));
	return i;
}

uint16_t
variant_put(struct board_domain *d, size_t row, const struct answer *an, uint64_t digest, enum view view)
{
	struct str packed = STR_INIT;
	uint16_t i;

	answer_pack(an, &packed);
	i = variant_by_bytes(d, row, packed.p, packed.len);
	if (i == 0 && (i = variant_new(d, row, packed.p, packed.len)) != 0)
		variant_judge(d, &d->variants[i], an, view);
	if (i != 0)
		d->variants[i].digest = digest & DIGEST_MASK;
	str_done(&packed);
	return i;
}

uint16_t
variant_remember(struct board_domain *d, size_t row, const void *bytes, size_t n)
{
	uint16_t i = variant_by_bytes(d, row, bytes, n);

	return i != 0 ? i : variant_new(d, row, bytes, n);
}

void
variant_forget_verdicts(struct board_domain *d, size_t row)
{
	for (uint16_t i = 1; i < d->n_variants; i++)
		if (d->variants[i].row == row)
			memset(d->variants[i].verdict, VERDICT_UNJUDGED, sizeof(d->variants[i].verdict));
}

void
variants_free(struct board_domain *d)
{
	for (uint16_t i = 1; i < d->n_variants; i++)
		blob_put(d->board->blobs, d->variants[i].blob);
	free(d->variants);
	d->variants = NULL;
	d->n_variants = 0;
}
