/* SPDX-License-Identifier: ISC */
/* Servers that the child names and the parent does not: their addresses, added to a copy of the zone. */
#include <stdlib.h>

#include "zone.h"

struct child {
	TAILQ_ENTRY(child) link;
	struct zone_finder *f;
	struct zone *zone;		/* the copy */
	struct prober_call nothing_new;
	zone_done *done;		/* NULL: forgotten */
	void *ctx;
	uint64_t tag;
};

static void
child_free(struct child *ch)
{
	prober_uncall(ch->f->p, &ch->nothing_new);
	TAILQ_REMOVE(&ch->f->children, ch, link);
	zone_free(ch->f, ch->zone);
	free(ch);
}

static void
child_finish(void *ctx)
{
	struct child *ch = ctx;
	struct zone *z = ch->zone;

	if (ch->done != NULL) {
		ch->zone = NULL;
		ch->done(ch->ctx, ch->tag, z);
	}
	child_free(ch);
}

static void
child_served(void *ctx, struct hosts *h)
{
	struct child *ch = ctx;
	struct zone *z = ch->zone;
	struct cut *c = hosts_cut(h);

	z->more |= c->more || z->n_servers + c->n > ZONE_ADDRESSES_MAX;
	for (size_t i = 0; i < c->n && z->n_servers < ZONE_ADDRESSES_MAX; i++) {
		struct zone_server *server = &z->servers[z->n_servers++];

		*server = c->servers[i];
		server->at_child = true;
		if (server->source != NULL)
			server->source->refs++;
	}
	cut_unref(ch->f, c);
	hosts_free(h);
	child_finish(ch);
}

static struct cut *
cut_of_zone(const struct zone *z)
{
	struct cut *c = xcalloc(1, sizeof(*c) + z->n_servers * sizeof(c->servers[0]));

	c->refs = 1;
	c->apex = z->apex;
	c->parent = z->parent;
	c->ttl = z->ttl;
	c->parent_seen = z->parent_seen;
	c->more = z->more;
	c->n = z->n_servers;
	for (size_t i = 0; i < c->n; i++) {
		c->servers[i] = z->servers[i];
		if (c->servers[i].source != NULL)
			c->servers[i].source->refs++;
	}
	return c;
}

static bool
zone_names(const struct zone *z, const struct dns_name *name)
{
	for (size_t i = 0; i < z->n_servers; i++) {
		if (dns_name_equal(&z->servers[i].name, name))
			return true;
	}
	return false;
}

static void
mark_at_child(struct zone *z, const struct dns_name *name)
{
	for (size_t i = 0; i < z->n_servers; i++)
		z->servers[i].at_child |= dns_name_equal(&z->servers[i].name, name);
}

void
zone_add_child(struct zone_finder *f, const struct zone *zone, const struct answer *ns, zone_done *done, void *ctx, uint64_t tag)
{
	struct child *ch = xcalloc(1, sizeof(*ch));
	struct cut *cut = cut_of_zone(zone);
	struct hosts_config cfg = { .fence = &zone->apex, .ask = cut, .done = child_served, .ctx = ch };
	struct delegation all, fresh = { .owner = zone->apex };

	*ch = (struct child){ .f = f, .nothing_new = { .f = child_finish, .ctx = ch }, .done = done, .ctx = ctx, .tag = tag };
	TAILQ_INSERT_TAIL(&f->children, ch, link);
	delegation_from_answer(ns, &zone->apex, &all);
	fresh.more = all.more;
	for (size_t i = 0; i < all.n; i++) {
		if (!zone_names(zone, &all.names[i]))
			fresh.names[fresh.n++] = all.names[i];
	}
	ch->zone = zone_of_cut(cut, fresh.n > 0 ? ZONE_ADDRESSES_MAX - cut->n : 0);
	ch->zone->status = zone->status;
	ch->zone->reason = zone->reason;
	for (size_t i = 0; i < all.n; i++)
		mark_at_child(ch->zone, &all.names[i]);
	cfg.names = &fresh;
	if (fresh.n > 0)
		hosts_new(f, &cfg);
	else
		prober_call(f->p, &ch->nothing_new);
	cut_unref(f, cut);
}

void
child_forget(struct zone_finder *f, const void *ctx)
{
	struct child *ch;

	TAILQ_FOREACH(ch, &f->children, link) {
		if (ch->ctx == ctx)
			ch->done = NULL;
	}
}

void
child_free_all(struct zone_finder *f)
{
	struct child *ch;

	while ((ch = TAILQ_FIRST(&f->children)) != NULL)
		child_free(ch);
}
