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
	void *item;		/* a struct entry, or the value itself where it knows its key; NULL = free */
};

struct map {
	struct slot *slots;
	size_t cap, count;
	map_key *key_of;	/* NULL: the keys are copied into entries */
};

struct map *
map_new_keyed(map_key *key_of)
{
	struct map *m = xcalloc(1, sizeof(*m));

	m->cap = MAP_MIN_SLOTS;
	m->slots = xcalloc(m->cap, sizeof(*m->slots));
	m->key_of = key_of;
	return m;
}

struct map *
map_new(void)
{
	return map_new_keyed(NULL);
}

static void *
value_of(const struct map *m, const struct slot *s)
{
	return m->key_of == NULL && s->item != NULL ? ((const struct entry *)s->item)->value : s->item;
}

static bool
has_key(const struct map *m, const struct slot *s, const void *key, size_t n)
{
	const void *own;
	size_t own_n = 0;

	if (m->key_of != NULL) {
		own = m->key_of(s->item, &own_n);
	} else {
		const struct entry *e = s->item;

		own = e->key;
		own_n = e->n;
	}
	return own_n == n && (n == 0 || memcmp(own, key, n) == 0);
}

/* The slot that holds the key, or the free one where it belongs. */
static size_t
find_slot(const struct map *m, uint64_t hash, const void *key, size_t n)
{
	size_t i = (size_t)hash & (m->cap - 1);

	for (; m->slots[i].item != NULL; i = (i + 1) & (m->cap - 1))
		if (m->slots[i].hash == hash && has_key(m, &m->slots[i], key, n))
			break;
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

		if (old[i].item == NULL)
			continue;
		while (m->slots[at].item != NULL)
			at = (at + 1) & (m->cap - 1);
		m->slots[at] = old[i];
	}
	free(old);
}

void *
map_get(const struct map *m, const void *key, size_t n)
{
	return value_of(m, &m->slots[find_slot(m, hash_bytes(key, n), key, n)]);
}

/* What a slot holds for this key and value. */
static void *
item_new(const struct map *m, const void *key, size_t n, void *value)
{
	struct entry *e;

	if (m->key_of != NULL)
		return value;
	e = xmalloc(sizeof(*e) + n);
	e->value = value;
	e->n = n;
	if (n != 0)
		memcpy(e->key, key, n);
	return e;
}

void *
map_put(struct map *m, const void *key, size_t n, void *value)
{
	uint64_t hash = hash_bytes(key, n);
	size_t at = find_slot(m, hash, key, n);
	void *old = value_of(m, &m->slots[at]);

	if (old != NULL) {
		if (m->key_of == NULL)
			((struct entry *)m->slots[at].item)->value = value;
		else
			m->slots[at].item = value;
		return old;
	}
	if ((m->count + 1) * 4 > m->cap * 3) {
		grow(m);
		at = find_slot(m, hash, key, n);
	}
	m->slots[at] = (struct slot) { hash, item_new(m, key, n, value) };
	m->count++;
	return NULL;
}

/* Fill the hole: a follower may move there unless its home lies (cyclically) after the hole. */
static void
close_hole(struct map *m, size_t hole)
{
	size_t mask = m->cap - 1;

	for (size_t i = (hole + 1) & mask; m->slots[i].item != NULL; i = (i + 1) & mask) {
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
	void *value = value_of(m, &m->slots[at]);

	if (value == NULL)
		return NULL;
	if (m->key_of == NULL)
		free(m->slots[at].item);
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
		if (m->slots[i].item != NULL)
			f(ctx, value_of(m, &m->slots[i]));
	}
}

void
map_each_while(const struct map *m, bool (*f)(void *ctx, void *value), void *ctx)
{
	for (size_t i = 0; i < m->cap; i++)
		if (m->slots[i].item != NULL && !f(ctx, value_of(m, &m->slots[i])))
			return;
}

void
map_free(struct map *m, void (*free_value)(void *value))
{
	if (m == NULL)
		return;
	for (size_t i = 0; i < m->cap; i++) {
		void *value = value_of(m, &m->slots[i]);

		if (value == NULL)
			continue;
		if (m->key_of == NULL)
			free(m->slots[i].item);
		if (free_value != NULL)
			free_value(value);
	}
	free(m->slots);
	free(m);
}
