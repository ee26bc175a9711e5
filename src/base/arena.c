/* SPDX-License-Identifier: ISC */
/*
 * A list of blocks, filled from the front.  What does not fit into the current block gets a new one, at least as big as
 * asked; the rest of the old block is given up, which costs at most one block size for every big allocation.  A reset leaves
 * one block as large as all of them were, so that an arena used once for every reply or roll-up settles at no malloc at all.
 */
#include <m365dnsd/base.h>

#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_SIZE 4096		/* payload of an ordinary block */
#define KEEP_MAX   (1 << 18)	/* what a reset keeps: what was needed once may never be needed again */

struct block {
	struct block *next;	/* the older one */
	size_t used, cap;
	alignas(max_align_t) unsigned char data[];
};

struct arena {
	struct block *top;	/* the one being filled; NULL before the first use */
};

struct arena *
arena_new(void)
{
	return xcalloc(1, sizeof(struct arena));
}

static struct block *
block_new(size_t cap, struct block *next)
{
	struct block *b = xmalloc(sizeof(*b) + cap);

	b->next = next;
	b->used = 0;
	b->cap = cap;
	return b;
}

/* Room for n bytes, not yet zeroed. */
static void *
take(struct arena *a, size_t n)
{
	const size_t align = alignof(max_align_t);
	void *p;

	if (n > SIZE_MAX / 2)
		give_up("a size is out of all bounds");
	n = (n + align - 1) / align * align;
	if (a->top == NULL || a->top->cap - a->top->used < n)
		a->top = block_new(n > BLOCK_SIZE ? n : BLOCK_SIZE, a->top);
	p = a->top->data + a->top->used;
	a->top->used += n;
	return p;
}

void *
arena_alloc(struct arena *a, size_t n)
{
	return memset(take(a, n != 0 ? n : 1), 0, n);
}

void *
arena_dup(struct arena *a, const void *p, size_t n)
{
	void *copy = take(a, n != 0 ? n : 1);

	if (n != 0)
		memcpy(copy, p, n);
	return copy;
}

char *
arena_strdup(struct arena *a, const char *s)
{
	return arena_dup(a, s, strlen(s) + 1);
}

char *
arena_printf(struct arena *a, const char *fmt, ...)
{
	char small[256];	/* most texts fit, and a measured vsnprintf is dearer than a copy */
	va_list ap, again;
	char *text;
	int n;

	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(small, sizeof(small), fmt, ap);
	if (n < 0)
		give_up("a text cannot be formatted");	/* an encoding error of a wide format: we have none */
	if ((size_t)n < sizeof(small)) {
		text = arena_dup(a, small, (size_t)n + 1);
	} else {
		text = take(a, (size_t)n + 1);
		vsnprintf(text, (size_t)n + 1, fmt, again);
	}
	va_end(again);
	va_end(ap);
	return text;
}

static void
blocks_free(struct arena *a)
{
	struct block *b = a->top, *next;

	for (; b != NULL; b = next) {
		next = b->next;
		free(b);
	}
	a->top = NULL;
}

void
arena_reset(struct arena *a)
{
	size_t all = 0;

	if (a->top == NULL)
		return;
	a->top->used = 0;
	if (a->top->next == NULL && a->top->cap <= KEEP_MAX)
		return;
	for (const struct block *b = a->top; b != NULL; b = b->next)
		all += b->cap;
	blocks_free(a);
	a->top = block_new(all < KEEP_MAX ? all : KEEP_MAX, NULL);
}

void
arena_free(struct arena *a)
{
	if (a == NULL)
		return;
	blocks_free(a);
	free(a);
}
