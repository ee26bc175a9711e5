/* SPDX-License-Identifier: ISC */
/*
 * GET /history/{domain}.  The store reads on a thread of its own, so the answer is made later, in two steps:
 *
 *	request --> store_read_spread --> spread_came --> store_read_history --> history_came --> reply
 *
 * The job belongs to the request and ends with it; then the store forgets it too.
 */
#include "api.h"

#include <stdlib.h>

#include "api_internal.h"

#define PAGE_DEFAULT 100
#define PAGE_MAX     1000

struct job {
	struct api *api;
	struct http_request *r;
	char domain[DNS_NAME_TEXT_MAX];
	int64_t cursor, limit;
	struct arena *arena;		/* of the spread */
	struct view_spread_row *spread;
	size_t n_spread;
};

static void
job_end(void *ctx)
{
	struct job *j = ctx;

	if (j->api->store != NULL)
		store_forget(j->api->store, j);
	arena_free(j->arena);
	free(j);
}

static void
reply(struct job *j, const struct view_history *h)
{
	struct str out = STR_INIT;

	if (h->n_rows == 0 && pipeline_find(j->api->pipeline, j->domain) == NULL) {
		http_problem(j->r, 404, "This domain is not watched, and has no history.");
		return;
	}
	view_history_json(h, &out);
	http_reply(j->r, 200, API_JSON, &out, NULL);
}

/* One row more than wanted was asked for: it tells that there is more. */
static void
history_came(void *ctx, const struct store_transition *rows, size_t n, const char *error)
{
	struct job *j = ctx;
	struct view_history h = { .domain = j->domain, .spread = j->spread, .n_spread = j->n_spread };
	struct view_history_row *list;

	if (error != NULL) {
		http_problem(j->r, 503, error);
		return;
	}
	h.n_rows = n > (size_t)j->limit ? (size_t)j->limit : n;
	list = xcalloc(h.n_rows + 1, sizeof(*list));
	for (size_t i = 0; i < h.n_rows; i++)
		list[i] = (struct view_history_row){ rows[i].id, rows[i].t };
	h.rows = list;
	h.next = n > h.n_rows ? list[h.n_rows - 1].id : 0;
	reply(j, &h);
	free(list);
}

static const char *
keep(struct arena *a, const char *text)
{
	return text != NULL ? arena_strdup(a, text) : NULL;
}

static void
spread_came(void *ctx, const struct store_spread *rows, size_t n, const char *error)
{
	struct job *j = ctx;

	if (error != NULL) {
		http_problem(j->r, 503, error);
		return;
	}
	j->spread = arena_alloc(j->arena, (n + 1) * sizeof(*j->spread));
	j->n_spread = n;
	for (size_t i = 0; i < n; i++)
		j->spread[i] = (struct view_spread_row){ keep(j->arena, rows[i].record), keep(j->arena, rows[i].source),
			rows[i].published_unix_ms, rows[i].visible_unix_ms };
	store_read_history(j->api->store, j->domain, (uint64_t)j->cursor, (size_t)j->limit + 1, history_came, j);
}

void
api_history(void *api, struct http_request *r)
{
	struct api *a = api;
	char name[DNS_NAME_TEXT_MAX];
	int64_t cursor = 0, limit = PAGE_DEFAULT;
	struct job *j;

	if (!api_name(r, name) || !api_number(r, "limit", 1, PAGE_MAX, &limit) ||
	    !api_number(r, "cursor", 1, INT64_C(999999999999999999), &cursor))
		return;
	if (a->store == NULL) {
		http_problem(r, 503, "There is no store, so there is no history.");
		return;
	}
	j = xcalloc(1, sizeof(*j));
	*j = (struct job){ .api = a, .r = r, .cursor = cursor, .limit = limit, .arena = arena_new() };
	for (size_t i = 0; i < sizeof(j->domain); i++)
		j->domain[i] = name[i];
	http_on_end(r, job_end, j);
	store_read_spread(a->store, j->domain, spread_came, j);
}
