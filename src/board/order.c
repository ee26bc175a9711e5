/* SPDX-License-Identifier: ISC */
/*
 * order: the domains by name, so that lists and scrapes of many go on where they stopped, whatever came and went meanwhile.
 *
 * A sorted array with an unsorted tail: what is added waits in the tail until somebody looks.  A few newcomers are put in their
 * places one by one (a hundred thousand domains stay sorted while one is added), many are sorted together (the start).
 */
#include <stdlib.h>
#include <string.h>

#include "board_internal.h"

#define TAIL_SMALL 64

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

static void
sort_all(struct order *o)
{
	struct named *list = xcalloc(o->n, sizeof(*list));

	for (size_t i = 0; i < o->n; i++)
		list[i] = (struct named){ plan_domain(o->list[i]->plan), o->list[i] };
	qsort(list, o->n, sizeof(*list), by_name);
	for (size_t i = 0; i < o->n; i++)
		o->list[i] = list[i].d;
	o->n_sorted = o->n;
	free(list);
}

/* The first of the sorted ones whose name is not before name. */
static size_t
place_of(const struct order *o, const char *name)
{
	size_t low = 0, high = o->n_sorted;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (strcmp(plan_domain(o->list[mid]->plan), name) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static void
insert(struct order *o)
{
	struct board_domain *d = o->list[o->n_sorted];
	size_t at = place_of(o, plan_domain(d->plan));

	memmove(&o->list[at + 1], &o->list[at], (o->n_sorted - at) * sizeof(struct board_domain *));
	o->list[at] = d;
	o->n_sorted++;
}

static void
sort(struct order *o)
{
	if (o->n - o->n_sorted > TAIL_SMALL)
		sort_all(o);
	while (o->n_sorted < o->n)
		insert(o);
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
