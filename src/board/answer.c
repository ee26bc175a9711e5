/* SPDX-License-Identifier: ISC */
/*
 * answer: a reply goes into its cell.
 *
 * The common case, an answer like the one before, costs a digest and a few stores.  A failure keeps what the cell knew until
 * all its tries have failed: "could not ask" is no news about the record.
 */
#include "board_internal.h"

#define CONFIRMED_MAX 15
#define FAILURES_MAX  15

/* Reasons that another try cannot mend. */
static bool
reason_is_final(enum reason reason)
{
	return reason == REASON_NOT_GLOBAL || reason == REASON_SET_ASIDE || reason == REASON_STOPPED;
}

static bool
cell_fail(struct cell *c, enum reason reason, unsigned max_tries)
{
	struct cell before = *c;
	bool last;

	c->asked = 1;
	if (c->failures < FAILURES_MAX)
		c->failures++;
	last = c->failures >= max_tries || reason_is_final(reason);
	/* A server set aside keeps the reason for which it was: that is what an administrator can act on. */
	if (reason == REASON_SET_ASIDE && before.asked && before.reason != REASON_NONE && before.reason != REASON_GATED)
		reason = (enum reason)before.reason;
	if (last || c->variant == 0)
		c->reason = reason & 31;
	if (last) {
		c->final = 1;
		c->good = 0;
		c->confirmed = 0;
	}
	return c->reason != before.reason || c->final != before.final;
}

/* An authority that answers without authority, or anybody who only refers elsewhere, has not answered the question. */
static bool
answer_is_lame(const struct source *s, const struct answer *an)
{
	if (an->kind == ANSWER_REFERRAL || an->kind == ANSWER_FAILURE)
		return true;
	return s->kind == SOURCE_AUTHORITY && !an->aa;
}

/* Does anything in this answer of an authority wait for the admin: something required not right, or something wrong? */
static bool
in_the_way(const struct board_domain *d, size_t row, const struct variant *v)
{
	uint8_t expectations[PLAN_SLOTS_MAX];
	size_t n = plan_question_expectations(d->plan, row, expectations);

	for (size_t slot = 0; slot < n; slot++) {
		const struct expectation *e = plan_expectation(d->plan, expectations[slot]);
		uint8_t verdict = v->verdict[VIEW_PUBLIC][slot];

		if ((e->views & (1u << VIEW_PUBLIC)) != 0 &&
		    (verdict == VERDICT_WRONG || (verdict != VERDICT_OK && e->need == NEED_REQUIRED)))
			return true;
	}
	return false;
}

bool
board_cell_good(struct board_domain *d, size_t row, size_t col)
{
	struct cell *c = board_cell(d, row, col);
	struct variant *v = &d->variants[c->variant];
	enum view view = d->columns->list[col].source->view;
	struct answer an;

	if (c->variant == 0 || c->reason != REASON_NONE)
		return false;
	if (row >= d->n_questions)
		return true;
	if (!variant_is_judged(d, v, view)) {
		arena_reset(d->board->scratch);
		if (answer_unpack(d->board->scratch, v->blob->bytes, v->blob->len, &an))
			variant_judge(d, v, &an, view);
	}
	if (d->columns->list[col].source->kind == SOURCE_AUTHORITY)
		return !in_the_way(d, row, v);
	return eval_row_good(d->plan, row, view, v->verdict[view]);
}

static bool
cell_answered(struct board_domain *d, size_t row, size_t col, uint16_t variant, uint32_t ttl, bool aa, uint32_t rtt_us)
{
	struct cell *c = board_cell(d, row, col), before = *c;

	c->variant = variant & CELL_VARIANTS_MAX;
	c->reason = REASON_NONE;
	c->failures = 0;
	c->asked = c->final = 1;
	c->aa = aa;
	cell_set_ttl(c, ttl);
	cell_set_rtt_us(c, rtt_us);
	c->good = board_cell_good(d, row, col);
	if (!c->good)
		c->confirmed = 0;
	else if (c->confirmed < CONFIRMED_MAX)
		c->confirmed++;
	return c->variant != before.variant || c->reason != before.reason || c->final != before.final ||
	    c->good != before.good || c->confirmed != before.confirmed;
}

/* Decode, and put the variant; false when the bytes are malformed or the server is lame (reason says which). */
static bool
reply_decode(struct board_domain *d, size_t row, size_t col, const struct reply *reply, uint64_t digest,
    uint16_t *ret_variant, uint32_t *ret_ttl, enum reason *ret_reason)
{
	struct arena *a = d->board->scratch;
	struct dns_message *m;
	struct answer *an;

	arena_reset(a);
	if (dns_message_decode(a, reply->wire, reply->len, &m, NULL) == -1) {
		*ret_reason = REASON_MALFORMED;
		return false;
	}
	an = answer_from_message(a, m);
	if (answer_is_lame(d->columns->list[col].source, an)) {
		*ret_reason = REASON_LAME;
		return false;
	}
	*ret_variant = variant_put(d, row, an, digest, d->columns->list[col].source->view);
	*ret_ttl = an->ttl;
	*ret_reason = REASON_MALFORMED;		/* thousands of different answers: nobody means that */
	return *ret_variant != 0;
}

#define DNS_FLAG_AA 0x04	/* in the third octet of the header, RFC 1035 §4.1.1 */

bool
board_answer(struct board_domain *d, size_t row, size_t col, const struct reply *reply, unsigned max_tries)
{
	struct cell *c = board_cell(d, row, col);
	const struct clock *clock = d->board->clock;
	enum reason reason = reply->reason;
	uint64_t digest = 0;
	uint32_t ttl = 0;
	uint16_t variant = 0;
	bool aa, changed;

	rollup_seen_before(d);
	c->checked = d->checked = board_ticks(d->board, clock->mono_ms(clock));
	if (reason == REASON_NONE) {
		aa = reply->len > 2 && (reply->wire[2] & DNS_FLAG_AA) != 0;
		if (answer_digest(reply->wire, reply->len, &digest, &ttl) &&
		    (aa || d->columns->list[col].source->kind == SOURCE_RESOLVER))
			variant = variant_by_digest(d, row, digest);
		if (variant != 0 || reply_decode(d, row, col, reply, digest, &variant, &ttl, &reason))
			changed = cell_answered(d, row, col, variant, ttl, aa, reply->rtt_us);
		else
			changed = cell_fail(c, reason, max_tries);
	} else {
		changed = cell_fail(c, reason, max_tries);
	}
	d->changed |= changed;
	return changed;
}
