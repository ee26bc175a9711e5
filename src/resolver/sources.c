/* SPDX-License-Identifier: ISC */
/*
 * The set of all sources.  One address is one source however many domains use it, so that its limits and its health hold for
 * the program and not for a domain.
 *
 * Resolvers come from the configuration and are trusted: any address will do.  They are never freed before the set, because
 * everybody may point at them; one that a reload takes away only leaves the list.  Authorities are learned from DNS, so their
 * addresses pass the filter of addr_is_global() (a stranger's zone must not steer this program into the inside network) and
 * their port is the configuration's, never DNS data.
 */
#include <stdlib.h>
#include <string.h>

#include "source.h"

#define AUTHORITY_WINDOW_MAX 16

struct operator {
	const char *name;
	struct bucket bucket;
	bool seen;		/* by the configuration being applied */
};
struct sources {
	struct map *map;	/* key -> struct source */
	struct arena *arena;	/* names of resolvers and operators */
	struct source **resolvers;	/* the list of now */
	size_t n_resolvers;
	struct operator **operators;	/* an id is an index and is never used again */
	size_t n_operators;
	unsigned rate, window;	/* of authorities */
	uint16_t authority_port;
	bool authority_private;
	struct source_stats gone;	/* of authorities that are no more */
	struct own_state own;
};
struct authority {		/* a source with a bucket of its own */
	struct source source;
	struct bucket bucket;
};

#define KEY_LEN 20

static void
key_of(uint8_t key[KEY_LEN], enum source_kind kind, const struct addr *a)
{
	memset(key, 0, KEY_LEN);
	key[0] = (uint8_t)kind;
	key[1] = a->family;
	memcpy(key + 2, a->ip, a->family == 4 ? 4 : 16);
	key[18] = (uint8_t)(a->port >> 8);
	key[19] = (uint8_t)a->port;
}

/* ---- resolvers ---- */

static uint16_t
operator_id(struct sources *s, const char *name, unsigned rate)
{
	struct operator *o;
	size_t i;

	for (i = 0; i < s->n_operators && !str_ieq(s->operators[i]->name, name); i++)
		continue;
	if (i == s->n_operators) {
		s->operators = xreallocarray(s->operators, i + 1, sizeof(struct operator *));
		o = s->operators[s->n_operators++] = arena_alloc(s->arena, sizeof(*o));
		o->name = arena_strdup(s->arena, name);
		bucket_init(&o->bucket, rate, 0);
	}
	o = s->operators[i];
	/* several blocks of one operator share the more generous rate */
	if (!o->seen || rate == 0 || (o->bucket.rate != 0 && rate > o->bucket.rate))
		bucket_set_rate(&o->bucket, rate);
	o->seen = true;
	return (uint16_t)i;
}

static const char *
intern(struct sources *s, const char *old, const char *text)
{
	if (text == NULL || (old != NULL && strcmp(old, text) == 0))
		return old;
	return arena_strdup(s->arena, text);
}

static bool
is_listed(const struct sources *s, const struct source *src)
{
	for (size_t i = 0; i < s->n_resolvers; i++) {
		if (s->resolvers[i] == src)
			return true;
	}
	return false;
}

static void
add_resolver(struct sources *s, const struct conf_resolver *r, const struct addr *addr)
{
	uint8_t key[KEY_LEN];
	struct source *src;

	key_of(key, SOURCE_RESOLVER, addr);
	if ((src = map_get(s->map, key, KEY_LEN)) == NULL) {
		src = xcalloc(1, sizeof(*src));
		src->kind = SOURCE_RESOLVER;
		src->addr = *addr;
		src->home = s;
		src->refs = 1;		/* the set's own, to the end */
		map_put(s->map, key, KEY_LEN, src);
	}
	if (is_listed(s, src))		/* the same address in two blocks: the first one says what it is */
		return;
	src->name = intern(s, src->name, r->name);
	src->operator_id = operator_id(s, r->operator != NULL ? r->operator : r->name, r->rate);
	src->operator = s->operators[src->operator_id]->name;
	src->bucket = &s->operators[src->operator_id]->bucket;
	src->class = r->class;
	src->view = r->view;
	src->filters = r->filters;
	src->rate = r->rate;
	src->window = r->window > 0 ? r->window : 1;
	s->resolvers = xreallocarray(s->resolvers, s->n_resolvers + 1, sizeof(struct source *));
	s->resolvers[s->n_resolvers++] = src;
}

/* ---- authorities ---- */

static void
set_authority(const struct sources *s, struct source *src)
{
	src->rate = s->rate;
	src->window = s->window;
	bucket_set_rate(src->bucket, s->rate);
	src->blocked = !s->authority_private && !addr_is_global(&src->addr);
}

static void
update_authority(void *ctx, void *value)
{
	struct source *src = value;

	if (src->kind == SOURCE_AUTHORITY)
		set_authority(ctx, src);
}

struct source *
sources_authority(struct sources *s, const struct addr *addr)
{
	struct addr a = *addr;
	uint8_t key[KEY_LEN];
	struct authority *au;
	struct source *src;

	a.port = s->authority_port;
	key_of(key, SOURCE_AUTHORITY, &a);
	if ((src = map_get(s->map, key, KEY_LEN)) == NULL) {
		au = xcalloc(1, sizeof(*au));
		src = &au->source;
		src->kind = SOURCE_AUTHORITY;
		src->addr = a;
		src->home = s;
		src->bucket = &au->bucket;
		bucket_init(&au->bucket, s->rate, 0);
		set_authority(s, src);
		map_put(s->map, key, KEY_LEN, src);
	}
	src->refs++;
	return src;
}

static void
stats_add(struct source_stats *sum, const struct source_stats *x)
{
	sum->queries += x->queries;
	sum->answers += x->answers;
	sum->tcp += x->tcp;
	for (size_t i = 0; i < ARRAY_LEN(sum->failures); i++)
		sum->failures[i] += x->failures[i];
	for (size_t i = 0; i < ARRAY_LEN(sum->rtt_bucket); i++)
		sum->rtt_bucket[i] += x->rtt_bucket[i];
	sum->rtt_sum_us += x->rtt_sum_us;
}

static void
source_free(void *value)
{
	struct source *src = value;

	source_queue_free(src->queue);
	free(src);	/* of an authority: its first member */
}

void
source_unref(struct sources *s, struct source *src)
{
	uint8_t key[KEY_LEN];

	if (src == NULL || --src->refs > 0)
		return;
	if (src->kind == SOURCE_AUTHORITY)
		stats_add(&s->gone, &src->stats);
	key_of(key, src->kind, &src->addr);
	map_del(s->map, key, KEY_LEN);
	source_free(src);
}

/* ---- the set ---- */

void
sources_reconfigure(struct sources *s, const struct conf *conf)
{
	for (size_t i = 0; i < s->n_operators; i++)
		s->operators[i]->seen = false;
	s->n_resolvers = 0;
	for (size_t i = 0; i < conf->n_resolvers; i++) {
		for (size_t j = 0; j < conf->resolvers[i].n_addrs; j++)
			add_resolver(s, &conf->resolvers[i], &conf->resolvers[i].addrs[j]);
	}
	s->rate = conf->rate;
	s->window = conf->window > AUTHORITY_WINDOW_MAX ? AUTHORITY_WINDOW_MAX : conf->window > 0 ? conf->window : 1;
	s->authority_port = (uint16_t)conf->authority_port;
	s->authority_private = conf->authority_private;
	map_each(s->map, update_authority, s);
}

struct sources *
sources_new(const struct conf *conf)
{
	struct sources *s = xcalloc(1, sizeof(*s));

	s->map = map_new();
	s->arena = arena_new();
	sources_reconfigure(s, conf);
	return s;
}

const struct own_state *
sources_own(const struct sources *s)
{
	return &s->own;
}

struct own_state *
sources_own_state(struct sources *s)
{
	return &s->own;
}

size_t
sources_n_resolvers(const struct sources *s)
{
	return s->n_resolvers;
}

struct source *
sources_resolver(const struct sources *s, size_t i)
{
	return s->resolvers[i];
}

size_t
sources_n_operators(const struct sources *s)
{
	return s->n_operators;
}

const char *
sources_operator_name(const struct sources *s, uint16_t id)
{
	return id < s->n_operators ? s->operators[id]->name : "?";
}

struct visit {
	void (*f)(void *ctx, struct source *src);
	void *ctx;
};

static void
visit_authority(void *ctx, void *value)
{
	struct visit *v = ctx;
	struct source *src = value;

	if (src->kind == SOURCE_AUTHORITY)
		v->f(v->ctx, src);
}

/* Resolvers in the order of the configuration, then the authorities in any order. */
void
sources_each(struct sources *s, void (*f)(void *ctx, struct source *src), void *ctx)
{
	struct visit v = { f, ctx };

	for (size_t i = 0; i < s->n_resolvers; i++)
		f(ctx, s->resolvers[i]);
	map_each(s->map, visit_authority, &v);
}

struct totals {
	struct source_stats *operators, *authorities;
};

static void
add_to_totals(void *ctx, void *value)
{
	struct totals *t = ctx;
	const struct source *src = value;

	stats_add(src->kind == SOURCE_AUTHORITY ? t->authorities : &t->operators[src->operator_id], &src->stats);
}

void
sources_totals(const struct sources *s, struct source_stats *ret_operators, struct source_stats *ret_authorities)
{
	struct totals t = { ret_operators, ret_authorities };

	memset(ret_operators, 0, s->n_operators * sizeof(*ret_operators));
	*ret_authorities = s->gone;
	map_each(s->map, add_to_totals, &t);
}

void
sources_free(struct sources *s)
{
	if (s == NULL)
		return;
	map_free(s->map, source_free);
	free(s->resolvers);
	free(s->operators);
	arena_free(s->arena);
	free(s);
}
