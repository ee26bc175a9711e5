/* SPDX-License-Identifier: ISC */
/*
 * board: the set of domains, and the ticks in which cells keep their times.
 *
 * A tick is 1/16 s since a year before the board began, because what is restored is older than the program: 32 bits of it
 * last eight years, and tick 0 can mean "never".
 */
#include <stdlib.h>
#include <string.h>

#include "board_internal.h"

#define TICKS_PER_SECOND 16
#define PAST_MS          (365 * 24 * 3600 * INT64_C(1000))

static const void *
domain_key(const void *value, size_t *ret_n)
{
	const char *name = plan_domain(((const struct board_domain *)value)->plan);

	*ret_n = strlen(name);
	return name;
}

struct board *
board_new(const struct clock *clock, const struct eval_policy *policy, board_on_transition *f, void *ctx)
{
	struct board *b = xcalloc(1, sizeof(*b));

	b->clock = clock;
	b->policy = *policy;
	b->on_transition = f;
	b->ctx = ctx;
	b->epoch_ms = clock->mono_ms(clock) - PAST_MS;
	b->domains = map_new_keyed(domain_key);
	b->blobs = blobs_new();
	b->scratch = arena_new();
	b->held = told_lists_new();
	return b;
}

void
board_set_on_seen(struct board *b, board_on_seen *f)
{
	b->on_seen = f;
}

static void
domain_free(void *p)
{
	struct board_domain *d = p;

	if (d == NULL)
		return;
	told_forget(d);
	variants_free(d);
	if (d->zone != NULL && d->free_zone != NULL)
		d->free_zone(d->free_zone_ctx, d->zone);
	d->board->n_cells -= board_n_cells(d);
	d->board->of_state[d->state]--;
	sides_free(d->sides);
	columns_unref(d->board, d->columns);
	free(d->cells);
	free(d->records);
	plan_unref(d->plan);
	free(d);
}

void
board_free(struct board *b)
{
	if (b == NULL)
		return;
	map_free(b->domains, domain_free);
	map_free(b->blobs, NULL);
	arena_free(b->scratch);
	free(b->order.list);
	free(b->held);
	free(b);
}

void
board_set_policy(struct board *b, const struct eval_policy *policy)
{
	b->policy = *policy;
}

struct board_domain *
board_add(struct board *b, struct plan *plan)
{
	struct board_domain *d = xcalloc(1, sizeof(*d)), *old;
	const char *name = plan_domain(plan);
	int64_t now = b->clock->unix_ms(b->clock);

	d->board = b;
	d->plan = plan_ref(plan);
	d->n_questions = (uint8_t)plan_n_questions(plan);
	d->state = DOMAIN_PENDING;
	b->of_state[DOMAIN_PENDING]++;
	d->since_unix_ms = now;
	d->revision = d->reserved = 1;
	d->n_variants = 1;
	d->variants = xcalloc(VARIANTS_MORE, sizeof(*d->variants));
	d->records = xcalloc(plan_n_expectations(plan), sizeof(*d->records));
	for (size_t i = 0; i < plan_n_expectations(plan); i++) {
		d->records[i].state = RECORD_PENDING;
		record_set_since(&d->records[i], now);
	}
	old = map_put(b->domains, name, strlen(name), d);
	if (old != NULL)
		order_remove(&b->order, old);
	domain_free(old);
	order_add(&b->order, d);
	return d;
}

struct board_domain *
board_find(const struct board *b, const char *name)
{
	return map_get(b->domains, name, strlen(name));
}

void
board_remove(struct board *b, struct board_domain *d)
{
	const char *name = plan_domain(d->plan);

	map_del(b->domains, name, strlen(name));
	order_remove(&b->order, d);
	domain_free(d);
}

size_t
board_count(const struct board *b)
{
	return map_count(b->domains);
}

struct each {
	void (*f)(void *ctx, struct board_domain *d);
	void *ctx;
};

static void
each_domain(void *ctx, void *value)
{
	const struct each *e = ctx;

	e->f(e->ctx, value);
}

void
board_each(struct board *b, void (*f)(void *ctx, struct board_domain *d), void *ctx)
{
	struct each e = { f, ctx };

	map_each(b->domains, each_domain, &e);
}

uint32_t
board_ticks(const struct board *b, int64_t mono_ms)
{
	const int64_t last_ms = b->epoch_ms + (int64_t)(UINT32_MAX - 1) * 1000 / TICKS_PER_SECOND;

	if (mono_ms <= b->epoch_ms)
		return 1;
	return mono_ms >= last_ms ? UINT32_MAX : (uint32_t)((mono_ms - b->epoch_ms) * TICKS_PER_SECOND / 1000 + 1);
}

int64_t
board_ticks_ms(const struct board *b, uint32_t ticks)
{
	/* Rounded up, so that board_ticks() of it is the same tick again. */
	return b->epoch_ms + (((int64_t)ticks - 1) * 1000 + TICKS_PER_SECOND - 1) / TICKS_PER_SECOND;
}

void
board_memory(const struct board *b, size_t *ret_cells, size_t *ret_bytes)
{
	*ret_cells = b->n_cells;
	*ret_bytes = b->n_cells * sizeof(struct cell);
}
