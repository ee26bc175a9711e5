/* SPDX-License-Identifier: ISC */
/* system: what the rows of the zone itself (SOA and NS of its apex) say. */
#include "board_internal.h"

/* The first authority's answer of that row, NULL when none has one. */
static struct answer *
system_answer(const struct board_domain *d, size_t row, struct arena *a)
{
	struct answer *an = arena_alloc(a, sizeof(*an));

	for (size_t col = 0; col < d->n_columns; col++) {
		const struct cell *c = board_cell_const(d, row, col);
		const struct blob *blob;

		if (d->columns->list[col].server < 0 || c->variant == 0 || c->reason != REASON_NONE)
			continue;
		blob = d->variants[c->variant].blob;
		if (blob != NULL && answer_unpack(a, blob->bytes, blob->len, an) && an->kind == ANSWER_POSITIVE)
			return an;
	}
	return NULL;
}

bool
board_cell_negative(const struct board_domain *d, size_t row, size_t col)
{
	const struct blob *blob = d->variants[board_cell_const(d, row, col)->variant].blob;
	struct answer an;

	arena_reset(d->board->scratch);
	return blob != NULL && answer_unpack(d->board->scratch, blob->bytes, blob->len, &an) &&
	    (an.kind == ANSWER_NODATA || an.kind == ANSWER_NXDOMAIN);
}

struct answer *
board_child_ns(const struct board_domain *d, struct arena *a)
{
	return system_answer(d, plan_n_questions(d->plan) + 1, a);
}

bool
board_soa_serial(const struct board_domain *d, uint32_t *ret)
{
	struct arena *a = d->board->scratch;
	struct answer *an;
	struct rdata_soa soa;

	arena_reset(a);
	an = system_answer(d, plan_n_questions(d->plan), a);
	if (an == NULL || an->n_values == 0 || !rdata_soa(&an->values[0], &soa))
		return false;
	*ret = soa.serial;
	return true;
}
