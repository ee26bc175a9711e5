/* SPDX-License-Identifier: ISC */
/*
 * GET /events: transitions as they are committed, and before them what was missed since Last-Event-ID.
 *
 * The id says how much its reader knows, so that a browser that comes again loses nothing and hears nothing twice:
 *
 *   ?domain=    the revision; one look may find several transitions, and all of them but the last have "revision.id"
 *   all         the id of the transition: revisions are counted by each domain
 *
 * The missed is read on the store's thread.  What is told meanwhile is put by, for the stream begins with the old; what was read
 * and has not been told comes by itself.
 *
 *	request --> store_read_since --> history_came: stream, the missed, what was put by --> api_event()
 */
#include "api.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "api_internal.h"

#define MISSED_MAX  500		/* a stream of more ends, and its client comes again */
#define PUT_BY_MAX  500

struct put_by {
	STAILQ_ENTRY(put_by) link;
	uint64_t id;
	char *sse_id, *json;
};

struct api_replay {
	struct api_replay *next, **prev;
	struct api *api;
	struct http_request *r;
	char *domain;			/* NULL: all */
	uint64_t after_id, after_revision;
	STAILQ_HEAD(, put_by) put_by;
	size_t n_put_by;
	bool overflow;
};

/* ---- ids ---- */

#define ID_MAX 48

static void
id_make(char ret[ID_MAX], const char *domain, uint64_t id, const struct transition *t, bool last)
{
	if (domain == NULL)
		snprintf(ret, ID_MAX, "%llu", (unsigned long long)id);
	else if (last)
		snprintf(ret, ID_MAX, "%llu", (unsigned long long)t->revision);
	else
		snprintf(ret, ID_MAX, "%llu.%llu", (unsigned long long)t->revision, (unsigned long long)id);
}

/* At most 18 digits, so that it fits; the end in ret_end. */
static bool
number_parse(const char *text, uint64_t *ret, const char **ret_end)
{
	size_t n = strspn(text, "0123456789");

	*ret = 0;
	for (size_t i = 0; i < n && i < 18; i++)
		*ret = *ret * 10 + (uint64_t)(text[i] - '0');
	*ret_end = text + n;
	return n > 0 && n <= 18;
}

/* False: it is none of ours, and the stream begins with what comes next. */
static bool
id_parse(struct api_replay *x, const char *text)
{
	const char *end;

	if (text == NULL)
		return false;
	if (x->domain == NULL)
		return number_parse(text, &x->after_id, &end) && *end == '\0';
	if (!number_parse(text, &x->after_revision, &end))
		return false;
	if (*end == '.') {		/* the rest of that revision, too */
		x->after_revision = 0;
		return number_parse(end + 1, &x->after_id, &end) && *end == '\0';
	}
	return *end == '\0';
}

static char *
json_of(uint64_t id, const struct transition *t)
{
	struct str json = STR_INIT;
	struct json_writer j = { .out = &json };
	char *ret;

	jsonw_transition(&j, NULL, id, t);
	ret = xstrdup(str_c(&json));
	str_done(&json);
	return ret;
}

/* ---- what is told meanwhile ---- */

static void
put_by(struct api_replay *x, uint64_t id, const struct transition *t, bool last, const char *json)
{
	struct put_by *p;
	char sse_id[ID_MAX];

	if (x->domain != NULL && strcmp(x->domain, t->domain) != 0)
		return;
	if (x->n_put_by == PUT_BY_MAX) {
		x->overflow = true;
		return;
	}
	id_make(sse_id, x->domain, id, t, last);
	p = xcalloc(1, sizeof(*p));
	*p = (struct put_by){ .id = id, .sse_id = xstrdup(sse_id), .json = xstrdup(json) };
	STAILQ_INSERT_TAIL(&x->put_by, p, link);
	x->n_put_by++;
}

static void
put_by_free(struct api_replay *x)
{
	struct put_by *p;

	while ((p = STAILQ_FIRST(&x->put_by)) != NULL) {
		STAILQ_REMOVE_HEAD(&x->put_by, link);
		free(p->sse_id);
		free(p->json);
		free(p);
	}
}

void
api_event(struct api *a, uint64_t id, const struct transition *t, bool last)
{
	char *json = json_of(id, t), sse_id[ID_MAX];

	id_make(sse_id, t->domain, id, t, last);
	http_event(a->http, t->domain, sse_id, "transition", json);
	id_make(sse_id, NULL, id, t, last);
	http_event(a->http, NULL, sse_id, "transition", json);
	for (struct api_replay *x = a->replays; x != NULL; x = x->next)
		put_by(x, id, t, last, json);
	free(json);
	http_wake(a->http, t->domain);
}

/* ---- what was missed ---- */

static void
replay_unlink(struct api_replay *x)
{
	if (x->prev == NULL)
		return;
	*x->prev = x->next;
	if (x->next != NULL)
		x->next->prev = x->prev;
	x->prev = NULL;
}

static void
replay_end(void *ctx)
{
	struct api_replay *x = ctx;

	replay_unlink(x);
	store_forget(x->api->store, x);
	put_by_free(x);
	free(x->domain);
	free(x);
}

/* The id of the last one said. */
static uint64_t
say_missed(struct api_replay *x, const struct store_transition *rows, size_t n, size_t n_wanted)
{
	uint64_t told = store_told_id(x->api->store), said = x->after_id;

	for (size_t i = 0; i < n_wanted && rows[i].id <= told; i++) {
		bool last = i + 1 == n || rows[i + 1].t.revision != rows[i].t.revision;
		char *json = json_of(rows[i].id, &rows[i].t), sse_id[ID_MAX];

		id_make(sse_id, x->domain, rows[i].id, &rows[i].t, last);
		http_event_to(x->r, sse_id, "transition", json);
		free(json);
		said = rows[i].id;
	}
	return said;
}

/* One row more than wanted was asked for: it tells that there is more. */
static void
missed_came(void *ctx, const struct store_transition *rows, size_t n, const char *error)
{
	struct api_replay *x = ctx;
	size_t n_wanted = n > MISSED_MAX ? MISSED_MAX : n;
	const struct put_by *p;
	uint64_t said;

	replay_unlink(x);
	http_events(x->r, x->domain);
	said = say_missed(x, rows, n, n_wanted);
	/* A browser gives up on a status that is not 200, and comes again after a stream that ends. */
	if (error != NULL || n > n_wanted) {
		http_events_end(x->r);
		return;
	}
	STAILQ_FOREACH(p, &x->put_by, link)
		if (p->id > said)
			http_event_to(x->r, p->sse_id, "transition", p->json);
	if (x->overflow)
		http_events_end(x->r);
}

static void
replay(struct api_replay *x)
{
	struct api *a = x->api;
	uint64_t told = store_told_id(a->store);

	if (x->after_id > told)		/* an id of another database: what comes now is news */
		x->after_id = told;
	x->next = a->replays;
	x->prev = &a->replays;
	if (x->next != NULL)
		x->next->prev = &x->next;
	a->replays = x;
	http_on_end(x->r, replay_end, x);
	store_read_since(a->store, x->domain, x->after_id, x->after_revision, MISSED_MAX + 1, missed_came, x);
}

/* The domain of the query, NULL for all.  False: a problem was answered. */
static bool
wanted_domain(struct api *a, struct http_request *r, char text[DNS_NAME_TEXT_MAX], const char **ret)
{
	const char *domain = http_query(r, "domain");
	struct dns_name name;

	*ret = NULL;
	if (domain == NULL)
		return true;
	if (dns_name_from_user(&name, domain, NULL) == -1 ||
	    pipeline_find(a->pipeline, dns_name_text_lower(&name, text)) == NULL) {
		http_problem(r, 404, "This domain is not watched.");
		return false;
	}
	*ret = text;
	return true;
}

void
api_events(void *api, struct http_request *r)
{
	struct api *a = api;
	char text[DNS_NAME_TEXT_MAX];
	const char *domain;
	struct api_replay *x;

	if (!wanted_domain(a, r, text, &domain))
		return;
	x = xcalloc(1, sizeof(*x));
	*x = (struct api_replay){ .api = a, .r = r, .domain = domain != NULL ? xstrdup(domain) : NULL };
	STAILQ_INIT(&x->put_by);
	if (a->store != NULL && id_parse(x, http_header(r, "Last-Event-ID"))) {
		replay(x);
		return;
	}
	http_events(r, domain);
	free(x->domain);
	free(x);
}
