/* SPDX-License-Identifier: ISC */
/*
 * pool: the memory of c-ares.
 *
 * It asks for five small pieces a query and gives them back with the answer.  With hundreds of queries in flight that goes past
 * every short cut of malloc, and cost a quarter of all instructions of this room.  Here pieces of a few sizes wait in lists for
 * the next query.  They are cut out of one stretch of addresses, a page for each size, so that a look at an address says whose it
 * is: what is too large, or came when the stretch was used up, or from before, belongs to malloc and goes back there.
 *
 * c-ares passes no context, so there is one pool; whoever calls c-ares does so on the thread of the loop.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "internal.h"

#define STRETCH_BYTES (4 << 20)	/* of addresses: memory only where it is used.  Some ten thousand queries in flight */
#define PAGE_BYTES    4096
#define STEP_BYTES    64	/* piece sizes are multiples of it */
#define SIZES         9		/* the largest piece: 512 octets */

struct piece {
	struct piece *next;
};

static struct {
	uint8_t *stretch;
	size_t n_pages;			/* cut up so far */
	uint8_t size_of[STRETCH_BYTES / PAGE_BYTES];
	struct piece *spare[SIZES];
} pool;

static bool
is_ours(const void *p)
{
	return pool.stretch != NULL && (uintptr_t)p - (uintptr_t)pool.stretch < STRETCH_BYTES;
}

static size_t
size_of(const void *p)
{
	return pool.size_of[((uintptr_t)p - (uintptr_t)pool.stretch) / PAGE_BYTES];
}

/* A page full of pieces; false when there is none left. */
static bool
pool_grow(size_t size)
{
	uint8_t *page;

	if (pool.stretch == NULL) {
		void *p = mmap(NULL, STRETCH_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

		if (p == MAP_FAILED)
			return false;
		pool.stretch = p;
	}
	if (pool.n_pages == ARRAY_LEN(pool.size_of))
		return false;
	pool.size_of[pool.n_pages] = (uint8_t)size;
	page = pool.stretch + PAGE_BYTES * pool.n_pages++;
	for (size_t at = 0; at + size * STEP_BYTES <= PAGE_BYTES; at += size * STEP_BYTES) {
		struct piece *piece = (struct piece *)(void *)(page + at);

		piece->next = pool.spare[size];
		pool.spare[size] = piece;
	}
	return true;
}

void *
pool_alloc(size_t n)
{
	size_t size = n == 0 ? 1 : (n + STEP_BYTES - 1) / STEP_BYTES;
	struct piece *piece;

	if (size >= SIZES || (pool.spare[size] == NULL && !pool_grow(size)))
		return malloc(n);
	piece = pool.spare[size];
	pool.spare[size] = piece->next;
	return piece;
}

void
pool_free(void *p)
{
	struct piece *piece = p;

	if (!is_ours(p)) {
		free(p);
		return;
	}
	piece->next = pool.spare[size_of(p)];
	pool.spare[size_of(p)] = piece;
}

void *
pool_realloc(void *p, size_t n)
{
	void *copy;

	if (!is_ours(p))
		return realloc(p, n);
	if (n <= size_of(p) * STEP_BYTES)
		return p;
	copy = pool_alloc(n);
	if (copy != NULL) {
		memcpy(copy, p, size_of(p) * STEP_BYTES);
		pool_free(p);
	}
	return copy;
}
