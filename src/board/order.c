/* SPDX-License-Identifier: ISC */
/*
 * order: the domains by name, so that lists and scrapes of many go on where they stopped, whatever came and went meanwhile.
 *
 * A sorted array with an unsorted tail: what is added waits in the tail until somebody looks.  The tail is sorted and merged from
 * the end in blocks, so a few newcomers among a hundred thousand cost one pass of memmove().
 */
#include <stdlib.h>
#include <string.h>

#include "board_internal.h"

/* The name beside the domain: to fetch it through the plan is most of what sorting costs. */
struct named {
	const char *name;
	struct board_domain *d;
};

static int
by_name(const void *a, const void *b)
{
	const struct named *x = a, *y = b;

	return strcmp(x->name, y->name);
}

/* The first of the n first ones, which are in order, whose name is not before name. */
static size_t
place_among(const struct order *o, size_t n, const char *name)
{
	size_t low = 0, high = n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (strcmp(plan_domain(o->list[mid]->plan), name) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static size_t
place_of(const struct order *o, const char *name)
{
	return place_among(o, o->n_sorted, name);
}

static struct named *
tail_sorted(const struct order *o)
{
	size_t n = o->n - o->n_sorted;
	struct named *tail = xcalloc(n, sizeof(*tail));

	for (size_t i = 0; i < n; i++) {
		struct board_domain *d = o->list[o->n_sorted + i];

		tail[i] = (struct named){ plan_domain(d->plan), d };
	}
	qsort(tail, n, sizeof(*tail), by_name);
	return tail;
}

/* What lies behind the last of the tail goes to the end of the array, and so on with those before. */
static void
sort(struct order *o)
{
	size_t rest = o->n_sorted, n = o->n - o->n_sorted;
	struct named *tail;

	if (n == 0)
		return;
	tail = tail_sorted(o);
	while (n > 0) {
		size_t at = place_among(o, rest, tail[--n].name);

		memmove(&o->list[at + n + 1], &o->list[at], (rest - at) * sizeof(struct board_domain *));
		o->list[at + n] = tail[n].d;
		rest = at;
	}
	o->n_sorted = o->n;
	free(tail);
}

void
order_add(struct order *o, struct board_domain *d)
{
	if (o->n == o->cap) {
		o->cap = o->cap == 0 ? 16 : o->cap * 2;
		o->list = xreallocarray(o->list, o->cap, sizeof(struct board_domain *));
	}
	o->list[o->n++] = d;
}

void
order_remove(struct order *o, const struct board_domain *d)
{
	size_t i = place_of(o, plan_domain(d->plan));

	if (i == o->n_sorted || o->list[i] != d)
		for (i = o->n_sorted; i < o->n && o->list[i] != d; i++)
			continue;
	if (i == o->n)
		return;
	memmove(&o->list[i], &o->list[i + 1], (o->n - i - 1) * sizeof(struct board_domain *));
	o->n--;
	if (i < o->n_sorted)
		o->n_sorted--;
}

struct board_domain *
board_next(struct board *b, const char *after)
{
	struct order *o = &b->order;
	size_t i;

	sort(o);
	if (after == NULL)
		i = 0;
	else if (o->last < o->n && strcmp(plan_domain(o->list[o->last]->plan), after) == 0)
		i = o->last + 1;		/* a walk: no search */
	else {
		i = place_of(o, after);
		i += i < o->n && strcmp(plan_domain(o->list[i]->plan), after) == 0;
	}
	if (i >= o->n)
		return NULL;
	o->last = i;
	return o->list[i];
}
