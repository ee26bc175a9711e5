/* SPDX-License-Identifier: ISC */
/*
 * GET /status/{domain}: one domain in any format, at once or when it has changed.
 *
 * ?wait=SECONDS waits for another revision than ?since= (without it: than the one of now), or with ?until= for the milestone,
 * and answers with what is true then, or when the time is over.
 */
#include "api.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api_internal.h"

#define WAIT_MAX_S 3600

/* What may be asked for by Accept, the first of equals; the other formats by ?format= only. */
static const char *const media_types[] = { "application/json", "text/html", "text/plain", "text/csv", "application/x-ndjson" };
static const char *const media_formats[] = { "json", "html", "text", "csv", "ndjson" };

struct wish {
	const struct view_format *format;
	enum until until;
	bool has_until, has_since, fail;
	int64_t since, wait_s;
};
/* One that waits; as long as its request. */
struct waiter {
	struct api *api;
	struct wish wish;
	int64_t deadline_ms;
};

/* ---- the wish ---- */

static const struct view_format *
format_named(const char *name)
{
	return strcmp(name, view_page_format.name) == 0 ? &view_page_format : view_format_find(name);
}

static bool
parse_format(struct http_request *r, struct wish *w)
{
	const char *name = http_query(r, "format");
	int type;

	if (name == NULL) {
		http_reply_header(r, "Vary", "Accept");
		type = http_accept(r, media_types, ARRAY_LEN(media_types));
		if (type == -1) {
			http_problem(r, 406, "There are application/json, text/html, text/plain, text/csv and application/x-ndjson.");
			return false;
		}
		name = media_formats[type];
	}
	w->format = format_named(name);
	if (w->format == NULL)
		http_problem(r, 400, "format: json, text, html, nagios, csv, ndjson or prometheus is wanted.");
	return w->format != NULL;
}

static bool
parse_until(struct http_request *r, struct wish *w)
{
	const char *word = http_query(r, "until");
	int until = UNTIL_COMPLETE;

	if (word != NULL && !name_find(&until_names, word, &until)) {
		http_problem(r, 400, "until: published, visible or complete is wanted.");
		return false;
	}
	w->has_until = word != NULL;
	w->until = (enum until)until;
	return true;
}

static bool
parse_wait(struct http_request *r, struct wish *w)
{
	const char *wait = http_query(r, "wait");

	if (wait != NULL && !duration_parse(wait, &w->wait_s)) {
		http_problem(r, 400, "wait: a number of seconds, or 5m, is wanted.");
		return false;
	}
	if (w->wait_s > WAIT_MAX_S)
		w->wait_s = WAIT_MAX_S;
	w->has_since = http_query(r, "since") != NULL;
	return api_number(r, "since", 0, INT64_C(999999999999999999), &w->since);
}

static bool
parse_wish(struct http_request *r, struct wish *w)
{
	const char *fail = http_query(r, "fail");

	*w = (struct wish){ .wait_s = 0 };
	if (fail != NULL && strcmp(fail, "503") != 0) {
		http_problem(r, 400, "fail: only 503 can be had.");
		return false;
	}
	w->fail = fail != NULL;
	return parse_until(r, w) && parse_wait(r, w) && parse_format(r, w);
}

/* ---- the answer ---- */

/* The revision names the document; another format is another one. */
static void
etag_of(const struct status *s, const struct view_format *f, char *ret, size_t size)
{
	bool json = strcmp(f->name, "json") == 0;

	snprintf(ret, size, "%llu%s%s", (unsigned long long)s->revision, json ? "" : "-", json ? "" : f->name);
}

/*
 * What a document depends on; the domain's name is the board's.  Besides the revision that is how long ago each cell was asked and
 * what is left of TTLs, so one is good for no longer than the second it was made in.
 */
static void
document_key(const struct api *a, const struct wish *w, struct board_domain *d, bool verbose, struct api_document_key *ret)
{
	struct board_summary sum;

	board_summary(d, &sum);
	*ret = (struct api_document_key){
		.domain = sum.domain,
		.format = w->format,
		.until = (int)w->until,
		.verbose = verbose,
		.revision = sum.revision,
		.checked_unix_ms = sum.checked_unix_ms,
		.second = a->clock->unix_ms(a->clock) / 1000,
	};
}

static bool
keys_equal(const struct api_document_key *a, const struct api_document_key *b)
{
	return a->format == b->format && a->until == b->until && a->verbose == b->verbose && a->revision == b->revision &&
	    a->checked_unix_ms == b->checked_unix_ms && a->second == b->second && strcmp(a->domain, b->domain) == 0;
}

static void
document_clear(struct api_document *x)
{
	free(x->domain);
	free(x->etag);
	http_body_unref(x->body);
	*x = (struct api_document){ .body = NULL };
}

static struct api_document *
document_find(struct api *a, const struct api_document_key *key)
{
	for (size_t i = 0; i < API_DOCUMENTS; i++)
		if (a->documents[i].domain != NULL && keys_equal(&a->documents[i].key, key))
			return &a->documents[i];
	return NULL;
}

/* The oldest makes room. */
static struct api_document *
document_make(struct api *a, const struct wish *w, struct board_domain *d, bool verbose)
{
	struct api_document *x = &a->documents[a->next_document++ % API_DOCUMENTS];
	struct view_options o = { .until = w->until, .unicode = true, .metrics = METRICS_CELLS, .verbose = verbose };
	struct arena *arena = arena_new();
	const struct status *s = pipeline_status_of(a->pipeline, d, arena);
	struct str body = STR_INIT;
	char etag[64];

	document_clear(x);
	w->format->render(&s, 1, &o, &body);
	x->body = http_body_new(&body);
	etag_of(s, w->format, etag, sizeof(etag));
	x->etag = xstrdup(etag);
	x->reached = view_reached(s, w->until);
	document_key(a, w, d, verbose, &x->key);	/* the look at it may have raised the revision */
	x->key.domain = x->domain = xstrdup(x->key.domain);
	arena_free(arena);
	return x;
}

void
api_done(struct api *a)
{
	for (size_t i = 0; i < API_DOCUMENTS; i++)
		document_clear(&a->documents[i]);
}

static void
reply(struct api *a, struct http_request *r, const struct wish *w, struct board_domain *d)
{
	const char *verbose = http_query(r, "verbose");
	bool is_verbose = verbose != NULL && strcmp(verbose, "0") != 0;
	const struct api_document *x;
	struct api_document_key key;

	document_key(a, w, d, is_verbose, &key);
	x = document_find(a, &key);
	if (x == NULL)
		x = document_make(a, w, d, is_verbose);
	if (w->format == &view_page_format)
		api_page_headers(r);
	http_reply_body(r, w->fail && !x->reached ? 503 : 200, w->format->content_type, x->body, x->etag);
}

/* ---- waiting ---- */

static bool
fulfilled(const struct wish *w, const struct board_domain *d)
{
	if (w->has_until)
		return board_told_reached(d, w->until);
	return (uint64_t)w->since != board_told_revision(d);
}

static void
again(void *ctx, struct http_request *r, bool timed_out)
{
	struct waiter *w = ctx;
	struct api *a = w->api;
	char name[DNS_NAME_TEXT_MAX];
	struct board_domain *d = api_domain(a, r, name);
	int64_t left = w->deadline_ms - a->clock->mono_ms(a->clock);

	if (d == NULL)			/* removed meanwhile */
		return;
	if (timed_out || left <= 0 || fulfilled(&w->wish, d))
		reply(a, r, &w->wish, d);
	else
		http_park(r, name, left, again, w);
}

static void
wait_for(struct api *a, struct http_request *r, const struct wish *wish, const char *name)
{
	struct waiter *w = xcalloc(1, sizeof(*w));

	w->api = a;
	w->wish = *wish;
	w->deadline_ms = a->clock->mono_ms(a->clock) + wish->wait_s * 1000;
	http_on_end(r, free, w);
	http_park(r, name, wish->wait_s * 1000, again, w);
}

/* Where a page was asked for, one says it; an unheard-of format does not matter any more. */
static void
not_watched(struct http_request *r, const char *name)
{
	const char *format = http_query(r, "format");
	int type = format == NULL ? http_accept(r, media_types, ARRAY_LEN(media_types)) : -1;
	struct str body = STR_INIT;

	http_reply_header(r, "Vary", "Accept");
	if (strcmp(format != NULL ? format : type != -1 ? media_formats[type] : "json", view_page_format.name) != 0) {
		http_problem(r, 404, "This domain is not watched.");
		return;
	}
	view_not_watched_html(name, &body);
	api_page_headers(r);
	http_reply(r, 404, view_page_format.content_type, &body, NULL);
}

void
api_status(void *api, struct http_request *r)
{
	struct api *a = api;
	char name[DNS_NAME_TEXT_MAX];
	struct board_domain *d;
	struct wish w;

	if (!api_name(r, name))
		return;
	d = pipeline_find(a->pipeline, name);
	if (d == NULL) {
		not_watched(r, name);
		return;
	}
	if (!parse_wish(r, &w))
		return;
	if (!w.has_since)
		w.since = (int64_t)board_told_revision(d);
	if (w.wait_s == 0 || fulfilled(&w, d))
		reply(a, r, &w, d);
	else
		wait_for(a, r, &w, name);
}
