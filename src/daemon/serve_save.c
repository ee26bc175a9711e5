/* SPDX-License-Identifier: ISC */
/*
 * serve_save: what the store keeps of each domain.
 *
 * A transition takes its domain's snapshot along (announce.c).  Cells that merely got younger are written too, so that after a
 * restart nobody is asked what is still fresh, but without hurry and a few hundred at a time.
 */
#include <stdlib.h>
#include <string.h>

#include "serve_internal.h"

#define SAVE_AT_ONCE 50	/* snapshots a turn: about 1 ms of the loop's time */

/* ---- at the start ---- */

/* Straight from the store's row to the domain's cells: a hundred thousand snapshots side by side would be 400 MB. */
static void
load_domain(void *ctx, const struct store_domain *d)
{
	struct serve *s = ctx;
	struct board_domain *b;

	if (d->conf_text != NULL)
		serve_put_loaded(s, d->name, d->conf_text);
	b = pipeline_find(s->pipeline, d->name);
	if (b != NULL)
		pipeline_restore(s->pipeline, b, &(struct pipeline_memory){ d->snapshot, d->snapshot_len, d->revision });
}

int
serve_load(struct serve *s, struct err *err)
{
	return s->store == NULL ? 0 : store_load(s->store, load_domain, s, err);
}

/* ---- while running ---- */

static const char *
put_text(const struct serve *s, const char *domain)
{
	for (size_t i = 0; i < s->n_puts; i++)
		if (strcmp(s->puts[i].name, domain) == 0)
			return s->puts[i].text;
	return NULL;
}

void
serve_save_now(struct serve *s, const char *domain, enum save how)
{
	struct board_domain *b = pipeline_find(s->pipeline, domain);
	struct str bytes = STR_INIT;
	struct store_domain d = { .name = domain, .conf_text = put_text(s, domain), .urgent = how == SAVE_URGENT };

	if (s->store == NULL || b == NULL)
		return;
	board_snapshot(b, how == SAVE_EXACT, &bytes);
	d.revision = board_revision(b);
	d.snapshot = bytes.p;
	d.snapshot_len = bytes.len;
	store_put_domain(s->store, &d);
	if (how == SAVE_URGENT)
		board_keep(b, serve_keep_mark(s));
	str_done(&bytes);
	free(map_del(s->unsaved, domain, strlen(domain)));
}

void
serve_save_later(struct serve *s, const char *domain)
{
	if (s->store != NULL)
		free(map_put(s->unsaved, domain, strlen(domain), xstrdup(domain)));
}

struct picked {
	char *names[SAVE_AT_ONCE];
	size_t n;
};

static bool
pick(void *ctx, void *value)
{
	struct picked *p = ctx;

	p->names[p->n++] = xstrdup(value);
	return p->n < SAVE_AT_ONCE;
}

bool
serve_save_some(struct serve *s)
{
	struct picked p = { .n = 0 };

	if (s->store == NULL || map_count(s->unsaved) == 0)
		return false;
	map_each_while(s->unsaved, pick, &p);
	for (size_t i = 0; i < p.n; i++) {
		serve_save_now(s, p.names[i], SAVE_COMMON);
		free(map_del(s->unsaved, p.names[i], strlen(p.names[i])));
		free(p.names[i]);
	}
	return map_count(s->unsaved) > 0;
}

static void
save_exactly(void *ctx, struct board_domain *b)
{
	serve_save_now(ctx, plan_domain(board_plan(b)), SAVE_EXACT);
}

void
serve_save_all(struct serve *s)
{
	if (s->store != NULL && s->pipeline != NULL)
		board_each(pipeline_board(s->pipeline), save_exactly, s);
}
