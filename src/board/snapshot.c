/* SPDX-License-Identifier: ISC */
/*
 * snapshot: a domain as bytes, and back.
 *
 *   version, revision, states and milestones
 *   records: id, state, since
 *   zone (or none)
 *   rows: the question as a stable hash       columns: kind and address
 *   variants: row, packed answer              cells: only those that were asked
 *
 * Times are UTC.  A configuration may have changed in between: rows, columns and records are found again by what they are,
 * not by where they were, and what is no more is dropped.
 */
#include <stdlib.h>
#include <string.h>

#include "board_internal.h"

#define SNAPSHOT_VERSION 1

static int64_t
unix_minus_mono(const struct board *b)
{
	return b->clock->unix_ms(b->clock) - b->clock->mono_ms(b->clock);
}

static uint64_t
row_hash(const struct board_domain *d, size_t row)
{
	struct question q;
	uint8_t key[DNS_NAME_MAX + 3];
	size_t n;

	board_row_question(d, row, &q);
	dns_name_lower(&q.name);
	n = q.name.len;
	memcpy(key, q.name.wire, n);
	key[n++] = q.type & 255;
	key[n++] = q.type >> 8;
	key[n++] = row >= plan_n_questions(d->plan);
	return hash_stable(key, n);
}

/* ---- writing ---- */

static void
pack_domain(const struct board_domain *d, bool exact, struct str *s)
{
	pack_uint(s, SNAPSHOT_VERSION, 1);
	pack_uint(s, d->revision + (exact ? 0 : REVISION_SLACK), 8);
	pack_uint(s, d->state, 1);
	pack_uint(s, (d->was_published ? 1 : 0) | (d->reached_published ? 2 : 0) | (d->reached_visible ? 4 : 0) |
	    (d->reached_complete ? 8 : 0) | (d->verification_by_mx ? 16 : 0), 1);
	pack_uint(s, (uint64_t)d->since_unix_ms, 8);
	pack_uint(s, (uint64_t)d->published_unix_ms, 8);
	pack_uint(s, (uint64_t)d->visible_unix_ms, 8);
	pack_uint(s, (uint64_t)d->complete_unix_ms, 8);
}

static void
pack_records(const struct board_domain *d, struct str *s)
{
	size_t n = plan_n_expectations(d->plan);

	pack_uint(s, n, 2);
	for (size_t i = 0; i < n; i++) {
		pack_text(s, plan_expectation(d->plan, i)->id);
		pack_uint(s, d->records[i].state, 1);
		pack_uint(s, d->records[i].was_published, 1);
		pack_uint(s, (uint64_t)record_since(&d->records[i]), 8);
	}
}

static void
pack_columns(const struct board_domain *d, struct str *s)
{
	pack_uint(s, d->n_columns, 2);
	for (size_t col = 0; col < d->n_columns; col++) {
		const struct source *src = d->columns->list[col].source;

		pack_uint(s, src == NULL ? 0xff : (unsigned)src->kind, 1);
		if (src == NULL)
			continue;
		pack_uint(s, src->addr.family, 1);
		pack_uint(s, src->addr.port, 2);
		str_addn(s, src->addr.ip, sizeof(src->addr.ip));
	}
}

static void
pack_variants(const struct board_domain *d, struct str *s)
{
	pack_uint(s, d->n_variants, 2);
	for (size_t i = 1; i < d->n_variants; i++) {
		const struct variant *v = &d->variants[i];

		pack_uint(s, v->row, 2);
		pack_bytes(s, v->blob == NULL ? NULL : v->blob->bytes, v->blob == NULL ? 0 : v->blob->len);
	}
}

static void
pack_cells(const struct board_domain *d, struct str *s)
{
	size_t n = board_n_rows(d) * d->n_columns;
	int64_t to_unix = unix_minus_mono(d->board);

	for (size_t i = 0; i < n; i++) {
		const struct cell *c = board_cell_const(d, i / d->n_columns, i % d->n_columns);

		pack_uint(s, c->asked, 1);
		if (!c->asked)
			continue;
		pack_uint(s, (uint64_t)(board_ticks_ms(d->board, c->checked) + to_unix), 8);
		pack_uint(s, cell_ttl(c), 4);
		pack_uint(s, c->variant, 2);
		pack_uint(s, cell_rtt_us(c) / 100, 2);
		pack_uint(s, c->reason, 1);
		pack_uint(s, c->confirmed | c->failures << 4, 1);
		pack_uint(s, (c->aa ? 1 : 0) | (c->final ? 2 : 0) | (c->good ? 4 : 0), 1);
	}
}

void
board_snapshot(const struct board_domain *d, bool exact, struct str *ret)
{
	pack_domain(d, exact, ret);
	pack_records(d, ret);
	pack_uint(ret, d->zone != NULL, 1);
	if (d->zone != NULL)
		zone_pack(d->zone, ret);
	pack_uint(ret, board_n_rows(d), 2);
	for (size_t row = 0; row < board_n_rows(d); row++)
		pack_uint(ret, row_hash(d, row), 8);
	pack_columns(d, ret);
	pack_variants(d, ret);
	pack_cells(d, ret);
}

/* ---- reading ---- */

#define NOWHERE UINT16_MAX

struct restore {
	struct board_domain *d;
	struct unpack u;
	int64_t now_ms, unix_minus_mono;
	uint16_t *rows, *columns, *variants;	/* from indices then to indices now */
	size_t n_rows, n_columns, n_variants;
};

static void
unpack_domain(struct restore *r, struct board_domain *keep)
{
	unsigned flags;

	r->u.bad |= unpack_uint(&r->u, 1) != SNAPSHOT_VERSION;
	keep->revision = unpack_uint(&r->u, 8);
	keep->state = (uint8_t)unpack_uint(&r->u, 1);
	flags = (unsigned)unpack_uint(&r->u, 1);
	keep->was_published = flags & 1;
	keep->reached_published = flags & 2;
	keep->reached_visible = flags & 4;
	keep->reached_complete = flags & 8;
	keep->verification_by_mx = flags & 16;
	keep->since_unix_ms = (int64_t)unpack_uint(&r->u, 8);
	keep->published_unix_ms = (int64_t)unpack_uint(&r->u, 8);
	keep->visible_unix_ms = (int64_t)unpack_uint(&r->u, 8);
	keep->complete_unix_ms = (int64_t)unpack_uint(&r->u, 8);
	r->u.bad |= keep->state > DOMAIN_REGRESSED;
}

static void
unpack_records(struct restore *r)
{
	size_t n = (size_t)unpack_uint(&r->u, 2), n_now = plan_n_expectations(r->d->plan);
	char id[256];

	for (size_t k = 0; k < n && !r->u.bad; k++) {
		struct record_track track = { 0 };
		uint64_t state;
		int i = -1;

		unpack_text(&r->u, id, sizeof(id));
		state = unpack_uint(&r->u, 1);
		track.state = state & 15;
		track.was_published = unpack_uint(&r->u, 1) != 0;
		record_set_since(&track, (int64_t)unpack_uint(&r->u, 8));
		r->u.bad |= state > RECORD_NOT_CONFIGURED;
		if (k < n_now && strcmp(plan_expectation(r->d->plan, k)->id, id) == 0)
			i = (int)k;		/* nearly always where it was */
		else if (!r->u.bad)
			i = plan_find(r->d->plan, id);
		if (i >= 0 && !r->u.bad)
			r->d->records[i] = track;
	}
}

static void
unpack_rows(struct restore *r)
{
	size_t n = board_n_rows(r->d);
	uint64_t *hashes;

	r->n_rows = (size_t)unpack_uint(&r->u, 2);
	r->rows = xcalloc(r->n_rows + 1, sizeof(*r->rows));
	hashes = xcalloc(n, sizeof(*hashes));
	for (size_t row = 0; row < n; row++)
		hashes[row] = row_hash(r->d, row);
	for (size_t k = 0; k < r->n_rows; k++) {
		uint64_t hash = unpack_uint(&r->u, 8);

		r->rows[k] = NOWHERE;
		for (size_t i = 0; i < n; i++) {
			size_t row = (k + i) % n;	/* nearly always where it was */

			if (hashes[row] == hash) {
				r->rows[k] = (uint16_t)row;
				break;
			}
		}
	}
	free(hashes);
}

static uint16_t
column_by_address(const struct board_domain *d, unsigned kind, const struct addr *a)
{
	for (uint16_t col = 0; col < d->n_columns; col++) {
		const struct source *s = d->columns->list[col].source;

		if (s != NULL && (unsigned)s->kind == kind && addr_equal(&s->addr, a))
			return col;
	}
	return NOWHERE;
}

static void
unpack_columns(struct restore *r)
{
	r->n_columns = (size_t)unpack_uint(&r->u, 2);
	r->columns = xcalloc(r->n_columns + 1, sizeof(*r->columns));
	for (size_t k = 0; k < r->n_columns; k++) {
		unsigned kind = (unsigned)unpack_uint(&r->u, 1);
		struct addr a = { 0 };

		r->columns[k] = NOWHERE;
		if (kind == 0xff)
			continue;
		a.family = (uint8_t)unpack_uint(&r->u, 1);
		a.port = (uint16_t)unpack_uint(&r->u, 2);
		for (size_t i = 0; i < sizeof(a.ip); i++)
			a.ip[i] = (uint8_t)unpack_uint(&r->u, 1);
		r->columns[k] = column_by_address(r->d, kind, &a);
	}
}

static void
unpack_variants(struct restore *r)
{
	r->n_variants = (size_t)unpack_uint(&r->u, 2);
	r->variants = xcalloc(r->n_variants + 1, sizeof(*r->variants));
	for (size_t k = 1; k < r->n_variants; k++) {
		size_t row = (size_t)unpack_uint(&r->u, 2), n;
		const void *bytes = unpack_bytes(&r->u, &n);
		struct answer an;

		arena_reset(r->d->board->scratch);
		if (bytes == NULL || row >= r->n_rows || r->rows[row] == NOWHERE ||
		    !answer_unpack(r->d->board->scratch, bytes, n, &an))
			continue;
		r->variants[k] = variant_remember(r->d, r->rows[row], bytes, n);
	}
}

/* Not later than now, for the clock may have been set back; nonsense is long ago. */
static int64_t
mono_of(const struct restore *r, int64_t unix_ms)
{
	if (unix_ms < 0)
		return 0;
	return unix_ms < r->now_ms + r->unix_minus_mono ? unix_ms - r->unix_minus_mono : r->now_ms;
}

static void
unpack_cell(struct restore *r, struct cell *ret)
{
	struct board *b = r->d->board;
	int64_t checked = mono_of(r, (int64_t)unpack_uint(&r->u, 8));
	size_t variant;
	unsigned octet;

	ret->checked = board_ticks(b, checked);
	cell_set_ttl(ret, (uint32_t)unpack_uint(&r->u, 4));
	variant = (size_t)unpack_uint(&r->u, 2);
	cell_set_rtt_us(ret, (uint32_t)unpack_uint(&r->u, 2) * 100);
	ret->reason = (uint8_t)unpack_uint(&r->u, 1);
	octet = (unsigned)unpack_uint(&r->u, 1);
	ret->confirmed = octet & 15;
	ret->failures = octet >> 4 & 15;
	octet = (unsigned)unpack_uint(&r->u, 1);
	ret->aa = octet & 1;
	ret->final = octet >> 1 & 1;
	ret->good = octet >> 2 & 1;
	ret->asked = 1;
	r->u.bad |= ret->reason >= REASON_MAX;
	ret->variant = variant < r->n_variants ? r->variants[variant] : 0;
	if (ret->variant == 0 && ret->reason == REASON_NONE)
		memset(ret, 0, sizeof(*ret));	/* its answer is not known any more: as if it had not been asked */
}

static void
unpack_cells(struct restore *r)
{
	struct board_domain *d = r->d;
	size_t n_questions = plan_n_questions(d->plan);

	for (size_t row = 0; row < r->n_rows && !r->u.bad; row++) {
		size_t to_row = r->rows[row], n = to_row < n_questions ? d->n_columns : d->n_authorities;

		for (size_t col = 0; col < r->n_columns; col++) {
			struct cell c = { 0 };

			if (unpack_uint(&r->u, 1) == 0)
				continue;
			unpack_cell(r, &c);
			if (r->u.bad || !c.asked || to_row == NOWHERE || r->columns[col] >= n)
				continue;
			d->cells[cell_index(d, to_row, r->columns[col])] = c;
			if (c.checked > d->checked)
				d->checked = c.checked;
		}
	}
}

/* States are taken over last, when all of the bytes have turned out to be good. */
static void
keep_states(struct board_domain *d, const struct board_domain *keep)
{
	d->revision = keep->revision;
	domain_set_state(d, (enum domain_state)keep->state);
	d->was_published = keep->was_published;
	d->reached_published = keep->reached_published;
	d->reached_visible = keep->reached_visible;
	d->reached_complete = keep->reached_complete;
	d->since_unix_ms = keep->since_unix_ms;
	d->published_unix_ms = keep->published_unix_ms;
	d->visible_unix_ms = keep->visible_unix_ms;
	d->complete_unix_ms = keep->complete_unix_ms;
}

/* Nothing of bad bytes stays: no cell, no record state. */
static void
forget_all(struct board_domain *d, struct sources *sources)
{
	int64_t now = d->board->clock->unix_ms(d->board->clock);

	for (size_t i = 0; i < plan_n_expectations(d->plan); i++) {
		d->records[i] = (struct record_track){ .state = RECORD_PENDING };
		record_set_since(&d->records[i], now);
	}
	columns_unref(d->board, d->columns);
	d->columns = NULL;		/* so that no cell is carried over */
	board_set_columns(d, NULL, sources, true, NULL, NULL);
	d->checked = 0;
}

bool
board_restore(struct board_domain *d, const void *bytes, size_t n, struct zone_finder *finder, struct sources *sources,
    void (*free_zone)(void *ctx, struct zone *zone), void *ctx, bool *ret_zone)
{
	struct restore r = { .d = d, .u = { bytes, n, false }, .unix_minus_mono = unix_minus_mono(d->board),
		.now_ms = d->board->clock->mono_ms(d->board->clock) };
	struct board_domain keep = { 0 };
	struct zone *zone = NULL;

	unpack_domain(&r, &keep);
	d->verification_by_mx = keep.verification_by_mx;
	unpack_records(&r);
	if (unpack_uint(&r.u, 1) != 0 && !r.u.bad)
		zone = zone_unpack(finder, &r.u);
	board_set_columns(d, zone, sources, false, free_zone, ctx);
	unpack_rows(&r);
	unpack_columns(&r);
	d->restoring = true;
	unpack_variants(&r);
	unpack_cells(&r);
	domain_twins_take(d);
	d->restoring = false;
	free(r.rows);
	free(r.columns);
	free(r.variants);
	if (r.u.bad || r.u.left != 0) {
		forget_all(d, sources);
		return false;
	}
	keep_states(d, &keep);
	d->reserved = d->revision;
	d->changed = false;
	d->seen_before = true;
	*ret_zone = zone != NULL;
	return true;
}
