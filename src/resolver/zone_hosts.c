/* SPDX-License-Identifier: ISC */
/*
 * The addresses of the name servers of one zone.  Where an address may come from, in this order:
 *
 *   inside the fence (names at or below the zone's own apex)
 *	glue of the referral; else the servers that gave the referral are asked; else those servers of the zone whose
 *	addresses are known.  Never a resolver: nothing may be planted in its cache below a domain that is being set up.
 *   outside
 *	the resolvers, A and AAAA at once; glue (siblings: names elsewhere below the parent) when that gives nothing, or
 *	at once for zones on the way, where any working server will do.
 *
 * Glue counts only at or below the zone whose server gave it.  A referral may name 13 servers whose names are all somewhere
 * else, which makes us ask 26 questions and no more (the NXNS attack): the answers are not followed any further.
 */
#include <stdlib.h>

#include "zone.h"

#define SERVERS_TRIED  2	/* for one name and type */
#define HOSTS_QUERIES  80	/* in all */

struct host {
	struct dns_name name;
	struct addr addrs[HOST_ADDRESSES_MAX];
	size_t n;
	struct addr glue[HOST_ADDRESSES_MAX];	/* of a sibling */
	size_t n_glue;
	bool inside;
	enum reason reason;		/* of the last failure; NONE: answered, nothing there */
};
struct hosts {
	TAILQ_ENTRY(hosts) link;
	struct zone_finder *f;
	struct cut *ask;
	hosts_done *done;
	void *ctx;
	bool more;
	bool child_asked;
	unsigned n_out, queries;
	struct prober_call turn;	/* nothing is out */
	size_t n;
	struct host host[];
};

static const uint16_t types[2] = { DNS_TYPE_A, DNS_TYPE_AAAA };

static void
host_add(struct host *ho, const struct addr *addrs, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		bool known = false;

		for (size_t j = 0; j < ho->n; j++)
			known |= addr_equal(&ho->addrs[j], &addrs[i]);
		if (!known && ho->n < HOST_ADDRESSES_MAX)
			ho->addrs[ho->n++] = addrs[i];
	}
}

static void
hosts_one_home(struct hosts *h)
{
	if (--h->n_out == 0)
		prober_call(h->f->p, &h->turn);
}

/* ---- outside: the resolvers ---- */

static void
host_looked_up(void *ctx, uint64_t tag, enum reason reason, const struct answer *an, const struct dns_message *m)
{
	struct query *qy = ctx;
	struct hosts *h = qy->owner;
	struct host *ho = &h->host[qy->index];
	struct addr addr;

	(void)tag;
	(void)m;
	if (reason != REASON_NONE)
		ho->reason = reason;
	else if (an->kind == ANSWER_POSITIVE) {
		for (size_t i = 0; i < an->n_values; i++) {
			if (rdata_addr(&an->values[i], &addr))
				host_add(ho, &addr, 1);
		}
	}
	hosts_one_home(h);
}

static void
host_look_up(struct hosts *h, unsigned index)
{
	struct query tmpl = { .looked_up = host_looked_up, .owner = h, .index = index };

	for (size_t t = 0; t < ARRAY_LEN(types); t++) {
		h->n_out++;
		query_lookup(h->f, &tmpl, &h->host[index].name, types[t]);
	}
}

/* ---- inside: authorities ---- */

static void host_ask_parent(struct hosts *h, unsigned index, uint16_t type, unsigned tries);

static bool
host_read(struct host *ho, const struct reply *reply)
{
	struct addr addrs[HOST_ADDRESSES_MAX];
	struct dns_message *m;
	struct arena *a;
	enum reason reason = query_decode(reply, &a, &m);

	if (reason == REASON_NONE)
		host_add(ho, addrs, message_addresses(m, &ho->name, addrs, ARRAY_LEN(addrs)));
	else
		ho->reason = reason;
	arena_free(a);
	return reason == REASON_NONE;
}

static void
parent_replied(struct query *qy, struct source *src, const struct reply *reply)
{
	struct hosts *h = qy->owner;

	(void)src;
	if (!host_read(&h->host[qy->index], reply))
		host_ask_parent(h, qy->index, qy->type, qy->tries + 1);
	hosts_one_home(h);
}

static void
child_replied(struct query *qy, struct source *src, const struct reply *reply)
{
	struct hosts *h = qy->owner;

	(void)src;
	host_read(&h->host[qy->index], reply);
	hosts_one_home(h);
}

static void
hosts_send(struct hosts *h, const struct query *tmpl, uint16_t type, struct source *src)
{
	if (h->queries >= HOSTS_QUERIES)
		return;
	h->queries++;
	h->n_out++;
	query_send(h->f, tmpl, &h->host[tmpl->index].name, type, src);
}

/* The tries-th of the servers that can be asked. */
static void
host_ask_parent(struct hosts *h, unsigned index, uint16_t type, unsigned tries)
{
	struct query tmpl = { .replied = parent_replied, .owner = h, .index = index, .tries = tries };
	unsigned k = 0;

	for (size_t i = 0; tries < SERVERS_TRIED && i < h->ask->n; i++) {
		struct source *src = h->ask->servers[i].source;

		if (src == NULL || src->blocked || src->set_aside || k++ < tries)
			continue;
		hosts_send(h, &tmpl, type, src);
		return;
	}
}

/* The zone's own servers, as far as their addresses are known, about those that are not. */
static void
hosts_ask_child(struct hosts *h)
{
	struct query tmpl = { .replied = child_replied, .owner = h };
	struct source *src[SERVERS_TRIED];
	size_t n = 0;

	for (size_t i = 0; i < h->n && n < SERVERS_TRIED; i++) {
		if (h->host[i].n > 0)
			src[n++] = sources_authority(h->f->s, &h->host[i].addrs[0]);
	}
	for (unsigned i = 0; i < h->n; i++) {
		if (!h->host[i].inside || h->host[i].n > 0)
			continue;
		tmpl.index = i;
		for (size_t t = 0; t < n * ARRAY_LEN(types); t++)
			hosts_send(h, &tmpl, types[t % 2], src[t / 2]);
	}
	for (size_t i = 0; i < n; i++)
		source_unref(h->f->s, src[i]);
}

/* ---- the course of it ---- */

static void
hosts_turn(void *ctx)
{
	struct hosts *h = ctx;

	if (!h->child_asked) {
		h->child_asked = true;
		hosts_ask_child(h);
		if (h->n_out > 0)
			return;
	}
	for (size_t i = 0; i < h->n; i++) {
		if (h->host[i].n == 0)
			host_add(&h->host[i], h->host[i].glue, h->host[i].n_glue);
	}
	h->done(h->ctx, h);
}

static void
host_start(struct hosts *h, unsigned index, const struct hosts_config *cfg)
{
	struct host *ho = &h->host[index];

	ho->name = cfg->names->names[index];
	ho->inside = cfg->fence != NULL && dns_name_is_below(&ho->name, cfg->fence);
	if (cfg->m != NULL && (cfg->bailiwick == NULL || dns_name_is_below(&ho->name, cfg->bailiwick)))
		ho->n_glue = message_addresses(cfg->m, &ho->name, ho->glue, HOST_ADDRESSES_MAX);
	if (ho->inside || cfg->trust_siblings)
		host_add(ho, ho->glue, ho->n_glue);
	if (ho->n > 0)
		return;
	if (!ho->inside) {
		host_look_up(h, index);
		return;
	}
	for (size_t t = 0; h->ask != NULL && t < ARRAY_LEN(types); t++)
		host_ask_parent(h, index, types[t], 0);
}

struct hosts *
hosts_new(struct zone_finder *f, const struct hosts_config *cfg)
{
	struct hosts *h = xcalloc(1, sizeof(*h) + cfg->names->n * sizeof(h->host[0]));

	h->f = f;
	h->ask = cfg->ask != NULL ? cut_ref(cfg->ask) : NULL;
	h->done = cfg->done;
	h->ctx = cfg->ctx;
	h->more = cfg->names->more;
	h->turn.f = hosts_turn;
	h->turn.ctx = h;
	h->n = cfg->names->n;
	TAILQ_INSERT_TAIL(&f->hosts, h, link);
	h->n_out = 1;		/* held until all are started */
	for (unsigned i = 0; i < h->n; i++)
		host_start(h, i, cfg);
	hosts_one_home(h);
	return h;
}

/* How many addresses of each name fit under the cap, taking turns. */
static bool
share_out(const struct hosts *h, size_t take[ZONE_NAMES_MAX])
{
	size_t left = ZONE_ADDRESSES_MAX;
	bool more = h->more, some = true;

	for (size_t i = 0; i < h->n; i++)
		take[i] = 0;
	for (size_t i = 0; i < h->n; i++)	/* a name without address takes a place too */
		left -= h->host[i].n == 0;
	for (size_t round = 0; some; round++) {
		some = false;
		for (size_t i = 0; i < h->n; i++) {
			if (h->host[i].n <= round)
				continue;
			some = true;
			if (left > 0) {
				take[i]++;
				left--;
			} else {
				more = true;
			}
		}
	}
	return more;
}

struct cut *
hosts_cut(struct hosts *h)
{
	struct cut *c = xcalloc(1, sizeof(*c) + ZONE_ADDRESSES_MAX * sizeof(c->servers[0]));
	size_t take[ZONE_NAMES_MAX];

	c->refs = 1;
	c->more = share_out(h, take);
	for (size_t i = 0; i < h->n; i++) {
		const struct host *ho = &h->host[i];

		if (ho->n == 0)
			c->servers[c->n++] = (struct zone_server){ .name = ho->name, .reason = ho->reason };
		for (size_t k = 0; k < take[i]; k++) {
			struct source *src = sources_authority(h->f->s, &ho->addrs[k]);

			c->servers[c->n++] = (struct zone_server){
				.name = ho->name, .source = src, .reason = src->blocked ? REASON_NOT_GLOBAL : REASON_NONE,
			};
		}
	}
	return xreallocarray(c, 1, sizeof(*c) + c->n * sizeof(c->servers[0]));
}

unsigned
hosts_queries(const struct hosts *h)
{
	return h->queries;
}

void
hosts_free(struct hosts *h)
{
	prober_uncall(h->f->p, &h->turn);
	TAILQ_REMOVE(&h->f->hosts, h, link);
	if (h->ask != NULL)
		cut_unref(h->f, h->ask);
	free(h);
}
