/* SPDX-License-Identifier: ISC */
/*
 * Every question of the finder has a node of its own, so that a late reply finds either its owner or nothing at all: whoever
 * has questions out stays until they have come home.
 */
#include <stdlib.h>

#include "zone.h"

static struct query *
query_new(struct zone_finder *f, const struct query *tmpl, uint16_t type)
{
	struct query *qy = xmalloc(sizeof(*qy));

	*qy = *tmpl;
	qy->f = f;
	qy->type = type;
	TAILQ_INSERT_TAIL(&f->queries, qy, link);
	return qy;
}

static void
query_free(struct query *qy)
{
	TAILQ_REMOVE(&qy->f->queries, qy, link);
	free(qy);
}

static void
on_reply(void *ctx, uint64_t tag, struct source *src, const struct reply *reply)
{
	struct query *qy = (struct query *)(uintptr_t)tag;

	(void)ctx;
	qy->replied(qy, src, reply);
	query_free(qy);
}

static void
on_lookup(void *ctx, uint64_t tag, enum reason reason, const struct answer *an, const struct dns_message *m)
{
	struct query *qy = (struct query *)(uintptr_t)tag;

	(void)ctx;
	qy->looked_up(qy, 0, reason, an, m);
	query_free(qy);
}

void
query_send(struct zone_finder *f, const struct query *tmpl, const struct dns_name *name, uint16_t type, struct source *src)
{
	struct question q = { .name = *name, .type = type };
	struct ask a = { .source = src, .q = &q, .done = on_reply, .ctx = f };

	a.tag = (uint64_t)(uintptr_t)query_new(f, tmpl, type);
	prober_ask(f->p, &a);
}

void
query_lookup(struct zone_finder *f, const struct query *tmpl, const struct dns_name *name, uint16_t type)
{
	struct question q = { .name = *name, .type = type };

	lookup_ask(f->l, &q, on_lookup, f, (uint64_t)(uintptr_t)query_new(f, tmpl, type));
}

enum reason
query_decode(const struct reply *reply, struct arena **a, struct dns_message **m)
{
	*a = NULL;
	if (reply->reason != REASON_NONE)
		return reply->reason;
	*a = arena_new();
	return dns_message_decode(*a, reply->wire, reply->len, m, NULL) == -1 ? REASON_MALFORMED : REASON_NONE;
}

void
query_free_all(struct zone_finder *f)
{
	struct query *qy;

	prober_forget(f->p, f);
	lookup_forget(f->l, f);
	while ((qy = TAILQ_FIRST(&f->queries)) != NULL)
		query_free(qy);
}
