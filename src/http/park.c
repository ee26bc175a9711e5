/* SPDX-License-Identifier: ISC */
/*
 * Long polls.  A wake only marks; the marked are asked again from the loop, once, however often the key was woken in that
 * turn, and never from inside of the caller of http_wake().
 */
#include <stdlib.h>
#include <string.h>

#include "internal.h"

static struct http_request *
request_of(struct due *d)
{
	return (struct http_request *)((char *)d - offsetof(struct http_request, due));
}

/* Not parked any more; the request itself goes on. */
void
park_leave(struct http_request *r)
{
	if (!r->parked)
		return;
	r->parked = r->woken = false;
	due_clear(r->http, &r->due);
	r->http->stats.streams--;
	free(r->key);
	r->key = NULL;
}

static void
ask_again(struct http_request *r, bool timed_out)
{
	park_leave(r);
	r->again(r->again_ctx, r, timed_out);
}

static void
on_timeout(struct due *d)
{
	ask_again(request_of(d), true);
}

/* again() may park or answer others, so the list is looked through from its beginning each time. */
static void
park_run(void *http)
{
	struct http *h = http;
	struct http_request *r;

	h->park_scheduled = false;
	do {
		for (r = h->waiting; r != NULL && !r->woken; r = r->next)
			;
		if (r != NULL)
			ask_again(r, false);
	} while (r != NULL);
}

void
http_park(struct http_request *r, const char *key, int64_t wait_ms,
    void (*again)(void *ctx, struct http_request *r, bool timed_out), void *ctx)
{
	struct http *h = r->http;

	if (h->stopping || h->stats.streams >= h->cfg.streams) {
		http_reply_header(r, "Retry-After", "5");
		http_problem(r, 503, h->stopping ? "The server stops." : "Too many clients wait already.");
		return;
	}
	h->stats.streams++;
	r->parked = true;
	r->key = key != NULL ? xstrdup(key) : NULL;
	r->again = again;
	r->again_ctx = ctx;
	due_set(h, &r->due, on_timeout, wait_ms);
}

void
http_wake(struct http *h, const char *key)
{
	bool any = false;

	for (struct http_request *r = h->waiting; r != NULL; r = r->next)
		if (r->parked && (key == NULL || r->key == NULL || strcmp(r->key, key) == 0))
			any = r->woken = true;
	if (any && !h->park_scheduled) {
		h->park_scheduled = true;
		loop_defer(h->loop, park_run, h);
	}
}
