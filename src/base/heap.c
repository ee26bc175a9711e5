/* SPDX-License-Identifier: ISC */
/* A binary heap of pointers; items[1] is the earliest and items[n]'s parent is items[n / 2]. */
#include <m365dnsd/base.h>

#include <stdlib.h>

static void
place(struct heap *h, size_t pos, struct heap_item *item)
{
	h->items[pos] = item;
	item->pos = (uint32_t)pos;
}

static size_t
sift_up(struct heap *h, size_t pos)
{
	struct heap_item *item = h->items[pos];

	for (; pos > 1 && item->key < h->items[pos / 2]->key; pos /= 2)
		place(h, pos, h->items[pos / 2]);
	place(h, pos, item);
	return pos;
}

static void
sift_down(struct heap *h, size_t pos)
{
	struct heap_item *item = h->items[pos];

	for (;;) {
		size_t child = pos * 2;

		if (child < h->n && h->items[child + 1]->key < h->items[child]->key)
			child++;
		if (child > h->n || item->key <= h->items[child]->key)
			break;
		place(h, pos, h->items[child]);
		pos = child;
	}
	place(h, pos, item);
}

void
heap_set(struct heap *h, struct heap_item *item, int64_t key)
{
	item->key = key;
	if (item->pos == 0) {
		if (h->n + 2 > h->cap) {
			h->cap = h->cap != 0 ? h->cap * 2 : 16;
			h->items = xreallocarray(h->items, h->cap, sizeof(struct heap_item *));
		}
		place(h, ++h->n, item);
	}
	sift_down(h, sift_up(h, item->pos));
}

void
heap_remove(struct heap *h, struct heap_item *item)
{
	size_t pos = item->pos;
	struct heap_item *last;

	if (pos == 0)
		return;
	item->pos = 0;
	last = h->items[h->n--];
	if (last == item)
		return;
	place(h, pos, last);
	sift_down(h, sift_up(h, pos));
}

struct heap_item *
heap_top(const struct heap *h)
{
	return h->n != 0 ? h->items[1] : NULL;
}

void
heap_done(struct heap *h)
{
	for (size_t i = 1; i <= h->n; i++)
		h->items[i]->pos = 0;
	free(h->items);
	*h = (struct heap) { NULL, 0, 0 };
}
