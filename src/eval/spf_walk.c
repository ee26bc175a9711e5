/* SPDX-License-Identifier: ISC */
/*
 * spf_walk: the check for whoever has no pipeline around it.  Questions and answers are kept by `sides`, as for a domain; after
 * each answer the check is run again from its beginning, which costs microseconds and needs no state of its own.
 */
#include <stdlib.h>
#include <string.h>

#include "spf_ask.h"

struct spf_walk {
	struct sides *sides;
	struct arena *a;		/* of the last run */
	struct spf_asker asker;
	struct dns_name domain;
	struct spf_client client;
	char *record;
	struct spf_check check;
	bool ended, stopped;
};

static void
walk_ask(void *ctx, const struct dns_name *name, uint16_t type, struct side_fact *ret)
{
	struct spf_walk *w = ctx;

	sides_ask(w->sides, SIDE_LOOKUP, name, type, w->a, ret);
	if (ret->state == SIDE_PENDING && w->stopped) {
		ret->state = SIDE_FAILED;
		ret->reason = REASON_TIMEOUT;
	}
}

struct spf_walk *
spf_walk_new(const struct dns_name *domain, const struct spf_client *client, const char *record, size_t n)
{
	struct spf_walk *w = xcalloc(1, sizeof(*w));

	w->sides = sides_new();
	w->a = arena_new();
	w->domain = *domain;
	w->client = *client;
	if (record != NULL)
		w->record = memcpy(xmalloc(n + 1), record, n);
	w->asker = (struct spf_asker){ .ask = walk_ask, .ctx = w, .own = &w->domain, .record = w->record, .n_record = n };
	return w;
}

bool
spf_walk_next(struct spf_walk *w, struct side_want *ret)
{
	if (!w->ended && (w->stopped || sides_pending(w->sides) == 0)) {
		arena_reset(w->a);
		w->ended = spf_check_run(&w->asker, &w->domain, &w->client, w->a, &w->check);
		w->check.questions = (unsigned)sides_count(w->sides);
	}
	return !w->ended && sides_next(w->sides, ret);
}

void
spf_walk_answer(struct spf_walk *w, unsigned id, enum reason reason, const struct answer *answer)
{
	sides_answer(w->sides, id, reason, answer, NULL, INT64_MAX);
}

void
spf_walk_stop(struct spf_walk *w)
{
	struct side_want none;

	w->stopped = true;
	spf_walk_next(w, &none);
}

const struct spf_check *
spf_walk_check(const struct spf_walk *w)
{
	return w->ended ? &w->check : NULL;
}

void
spf_walk_free(struct spf_walk *w)
{
	if (w == NULL)
		return;
	sides_free(w->sides);
	arena_free(w->a);
	free(w->record);
	free(w);
}
