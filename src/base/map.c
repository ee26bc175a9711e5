/* SPDX-License-Identifier: ISC */
/*
 * Open addressing with linear probing, at most three quarters full, a power of two slots.  Deleting shifts the followers
 * of the hole back, so there are no tombstones and a map that lives as long as the daemon does not silt up.
 */
#include <m365dnsd/base.h>

#include <stdlib.h>
#include <string.h>

#define MAP_MIN_SLOTS 16

struct entry {
	void *value;
	size_t n;
	uint8_t key[];
};

struct slot {
	uint64_t hash;
	struct entry *entry;	/* NULL = free */
};

struct map {
	struct slot *slots;
	size_t cap, count;
};

struct map *
map_new(void)
{
	struct map *m = xcalloc(1, sizeof(*m));

	m->cap = MAP_MIN_SLOTS;
	m->slots = xcalloc(m->cap, sizeof(*m->slots));
	return m;
}

/* The slot that holds the key, or the free one where it belongs. */
static size_t
find_slot(const struct map *m, uint64_t hash, const void *key, size_t n)
{
	size_t i = (size_t)hash & (m->cap - 1);

	for (; m->slots[i].entry != NULL; i = (i + 1) & (m->cap - 1)) {
		const struct entry *e = m->slots[i].entry;

		if (m->slots[i].hash == hash && e->n == n && (n == 0 || memcmp(e->key, key, n) == 0))
			break;
	}
	return i;
}

static void
grow(struct map *m)
{
	struct slot *old = m->slots;
	size_t old_cap = m->cap;

	m->cap *= 2;
	m->slots = xcalloc(m->cap, sizeof(*m->slots));
	for (size_t i = 0; i < old_cap; i++) {
		size_t at = (size_t)old[i].hash & (m->cap - 1);

		if (old[i].entry == NULL)
			continue;
		while (m->slots[at].entry != NULL)
			at = (at + 1) & (m->cap - 1);
		m->slots[at] = old[i];
	}
	free(old);
}

void *
map_get(const struct map *m, const void *key, size_t n)
{
	const struct entry *e = m->slots[find_slot(m, hash_bytes(key, n), key, n)].entry;

	return e != NULL ? e->value : NULL;
}

void *
map_put(struct map *m, const void *key, size_t n, void *value)
{
	uint64_t hash = hash_bytes(key, n);
	size_t at = find_slot(m, hash, key, n);
	struct entry *e = m->slots[at].entry;
	void *old = NULL;

	if (e != NULL) {
		old = e->value;
		e->value = value;
		return old;
	}
	if ((m->count + 1) * 4 > m->cap * 3) {
		grow(m);
		at = find_slot(m, hash, key, n);
	}
	e = xmalloc(sizeof(*e) + n);
	e->value = value;
	e->n = n;
	if (n != 0)
		memcpy(e->key, key, n);
	m->slots[at] = (struct slot) { hash, e };
	m->count++;
	return NULL;
}

/* Fill the hole: a follower may move there unless its home lies (cyclically) after the hole. */
static void
close_hole(struct map *m, size_t hole)
{
	size_t mask = m->cap - 1;

	for (size_t i = (hole + 1) & mask; m->slots[i].entry != NULL; i = (i + 1) & mask) {
		size_t home = (size_t)m->slots[i].hash & mask;

		if (((i - home) & mask) >= ((i - hole) & mask)) {
			m->slots[hole] = m->slots[i];
			hole = i;
		}
	}
	m->slots[hole] = (struct slot) { 0, NULL };
}

void *
map_del(struct map *m, const void *key, size_t n)
{
	size_t at = find_slot(m, hash_bytes(key, n), key, n);
	struct entry *e = m->slots[at].entry;
	void *value;

	if (e == NULL)
		return NULL;
	value = e->value;
	free(e);
	close_hole(m, at);
	m->count--;
	return value;
}

size_t
map_count(const struct map *m)
{
	return m->count;
}

void
map_each(const struct map *m, void (*f)(void *ctx, void *value), void *ctx)
{
	for (size_t i = 0; i < m->cap; i++) {
		if (m->slots[i].entry != NULL)
			f(ctx, m->slots[i].entry->value);
	}
}

void
map_free(struct map *m, void (*free_value)(void *value))
{
	if (m == NULL)
		return;
	for (size_t i = 0; i < m->cap; i++) {
		if (m->slots[i].entry == NULL)
			continue;
		if (free_value != NULL)
			free_value(m->slots[i].entry->value);
		free(m->slots[i].entry);
	}
	free(m->slots);
	free(m);
}
