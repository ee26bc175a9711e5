/* SPDX-License-Identifier: ISC */
/* announce: see the header.  Two queues: noted since the last flush, and those that wait for their commit. */
#include "announce.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

struct news {
	TAILQ_ENTRY(news) link;
	uint64_t id;
	int64_t queued_unix_ms;
	struct transition t;		/* its strings lie in words */
	char **receivers;
	size_t n_receivers;
	char words[];
};
TAILQ_HEAD(news_list, news);

struct announce {
	struct announce_config cfg;
	struct news_list noted, waiting;
	uint64_t last_id;		/* without a store */
};

static void on_committed(void *ctx, uint64_t up_to_id);

struct announce *
announce_new(const struct announce_config *cfg)
{
	struct announce *a = xcalloc(1, sizeof(*a));

	a->cfg = *cfg;
	TAILQ_INIT(&a->noted);
	TAILQ_INIT(&a->waiting);
	if (cfg->store != NULL)
		store_on_committed(cfg->store, on_committed, a);
	return a;
}

static size_t
length(const char *s)
{
	return s == NULL ? 0 : strlen(s) + 1;
}

static const char *
keep(char **at, const char *s)
{
	char *kept = *at;

	if (s == NULL)
		return NULL;
	memcpy(kept, s, strlen(s) + 1);
	*at += strlen(s) + 1;
	return kept;
}

void
announce_note(struct announce *a, const struct transition *t)
{
	size_t n = length(t->domain) + length(t->record) + length(t->source) + length(t->from) + length(t->to) +
	    length(t->detail);
	struct news *news = xcalloc(1, sizeof(*news) + n);
	char *at = news->words;

	news->t = *t;
	news->t.domain = keep(&at, t->domain);
	news->t.record = keep(&at, t->record);
	news->t.source = keep(&at, t->source);
	news->t.from = keep(&at, t->from);
	news->t.to = keep(&at, t->to);
	news->t.detail = keep(&at, t->detail);
	TAILQ_INSERT_TAIL(&a->noted, news, link);
}

static void
news_free(struct news *news)
{
	for (size_t i = 0; i < news->n_receivers; i++)
		free(news->receivers[i]);
	free(news->receivers);
	free(news);
}

/* Who wants to hear of it: kept by name, for a reload may change the list before the commit. */
static void
choose_receivers(struct announce *a, struct news *news)
{
	const char *const *names;
	size_t n = notify_wanting(a->cfg.notify, news->t.event, &names);

	if (a->cfg.baseline && strcmp(news->t.from, name_of(&domain_state_names, DOMAIN_PENDING)) == 0)
		return;
	news->receivers = xcalloc(n + 1, sizeof(char *));
	for (size_t i = 0; i < n; i++)
		news->receivers[news->n_receivers++] = xstrdup(names[i]);
}

/* What one look has found follows upon each other, here and in the store. */
static bool
is_last(const struct news *news, const struct news *next)
{
	return next == NULL || next->t.revision != news->t.revision || strcmp(next->t.domain, news->t.domain) != 0;
}

/* next: what comes after it. */
static void
news_tell(struct announce *a, struct news *news, const struct news *next)
{
	a->cfg.tell(a->cfg.ctx, news->id, &news->t, is_last(news, next));
	for (size_t i = 0; i < news->n_receivers; i++)
		if (!notify_tell(a->cfg.notify, news->receivers[i], news->id, news->queued_unix_ms, &news->t) &&
		    a->cfg.store != NULL)
			store_outbox_done(a->cfg.store, news->receivers[i], news->id);	/* gone by a reload */
	news_free(news);
}

static void
on_committed(void *ctx, uint64_t up_to_id)
{
	struct announce *a = ctx;
	struct news *news;

	while ((news = TAILQ_FIRST(&a->waiting)) != NULL && news->id <= up_to_id) {
		TAILQ_REMOVE(&a->waiting, news, link);
		news_tell(a, news, TAILQ_FIRST(&a->waiting));
	}
}

/* The transitions of one domain and the snapshot that knows of them: both or neither survive a crash. */
static void
write_out(struct announce *a, struct news *news)
{
	struct store *s = a->cfg.store;

	if (s == NULL) {
		news->id = ++a->last_id;
		news_tell(a, news, TAILQ_FIRST(&a->noted));
		return;
	}
	news->id = store_put_transition(s, &news->t, (const char *const *)news->receivers, news->n_receivers);
	TAILQ_INSERT_TAIL(&a->waiting, news, link);
}

void
announce_flush(struct announce *a)
{
	const char *saved = "";
	struct news *news;

	if (TAILQ_EMPTY(&a->noted))
		return;
	if (a->cfg.store != NULL)
		store_begin(a->cfg.store);
	while ((news = TAILQ_FIRST(&a->noted)) != NULL) {
		TAILQ_REMOVE(&a->noted, news, link);
		choose_receivers(a, news);
		news->queued_unix_ms = a->cfg.clock->unix_ms(a->cfg.clock);
		if (a->cfg.store != NULL && strcmp(saved, news->t.domain) != 0)
			a->cfg.save(a->cfg.ctx, news->t.domain);
		write_out(a, news);
		saved = a->cfg.store != NULL ? news->t.domain : "";
	}
	if (a->cfg.store != NULL)
		store_end(a->cfg.store);
}

static void
resume_row(void *ctx, const struct store_outbox_row *row)
{
	struct announce *a = ctx;

	if (!notify_tell(a->cfg.notify, row->notify, row->transition.id, row->queued_unix_ms, &row->transition.t))
		store_outbox_done(a->cfg.store, row->notify, row->transition.id);
}

int
announce_resume(struct announce *a, struct err *err)
{
	return a->cfg.store == NULL ? 0 : store_load_outbox(a->cfg.store, resume_row, a, err);
}

void
announce_free(struct announce *a)
{
	struct news *news;

	if (a == NULL)
		return;
	while ((news = TAILQ_FIRST(&a->noted)) != NULL || (news = TAILQ_FIRST(&a->waiting)) != NULL) {
		TAILQ_REMOVE(TAILQ_EMPTY(&a->noted) ? &a->waiting : &a->noted, news, link);
		news_free(news);
	}
	free(a);
}
