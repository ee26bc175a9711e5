/* SPDX-License-Identifier: ISC */
/*
 * Server-sent events (the EventSource of browsers).  A stream is suspended while it has nothing to send.  What a slow client
 * does not take is kept up to a bound; then the stream ends, and the client comes again with Last-Event-ID.
 */
#include <stdlib.h>
#include <string.h>

#include "internal.h"

enum { BACKLOG_MAX = 262144, RETRY_MS = 3000, BLOCK = 4096 };

struct events {
	struct http *http;
	struct http_request *request;	/* NULL: over */
	struct events *next, **prev;
	char *key;			/* NULL: everything */
	struct str buf;
	size_t at;
	bool ended;
	struct due ping;
};

static struct events *
events_of(struct due *d)
{
	return (struct events *)((char *)d - offsetof(struct events, ping));
}

/* Out of the list: no more events for it. */
static void
detach(struct events *e)
{
	if (e->request == NULL)
		return;
	e->request->events = NULL;
	e->request = NULL;
	due_clear(e->http, &e->ping);
	e->http->stats.streams--;
	*e->prev = e->next;
	if (e->next != NULL)
		e->next->prev = e->prev;
}

void
events_leave(struct http_request *r)
{
	if (r->events != NULL)
		detach(r->events);
}

static ssize_t
on_read(void *cls, uint64_t pos, char *buf, size_t max)
{
	struct events *e = cls;
	size_t n = e->buf.len - e->at;

	(void)pos;
	if (e->request == NULL || e->request->gone)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	if (n == 0 && e->ended)
		return MHD_CONTENT_READER_END_OF_STREAM;
	if (n == 0) {
		request_suspend(e->request);
		return 0;
	}
	if (n > max)
		n = max;
	memcpy(buf, e->buf.p + e->at, n);
	e->at += n;
	if (e->at == e->buf.len) {
		str_clear(&e->buf);
		e->at = 0;
	}
	return (ssize_t)n;
}

static void
on_free(void *cls)
{
	struct events *e = cls;

	detach(e);
	str_done(&e->buf);
	free(e->key);
	free(e);
}

static void
say(struct events *e, const char *text, size_t n)
{
	if (e->ended)
		return;
	if (e->buf.len - e->at + n > BACKLOG_MAX)
		e->ended = true;
	else
		str_addn(&e->buf, text, n);
	request_resume(e->request);
}

static void
on_ping(struct due *d)
{
	struct events *e = events_of(d);

	say(e, ":\n\n", 3);
	due_set(e->http, &e->ping, on_ping, e->http->cfg.ping_ms);
}

static struct events *
events_new(struct http_request *r, const char *key)
{
	struct events *e = xcalloc(1, sizeof(*e));

	e->http = r->http;
	e->request = r;
	e->key = key != NULL ? xstrdup(key) : NULL;
	e->next = r->http->streams;
	e->prev = &r->http->streams;
	if (e->next != NULL)
		e->next->prev = &e->next;
	r->http->streams = e;
	r->http->stats.streams++;
	r->events = e;
	str_addf(&e->buf, "retry: %d\n\n", RETRY_MS);
	due_set(r->http, &e->ping, on_ping, r->http->cfg.ping_ms);
	return e;
}

void
http_events(struct http_request *r, const char *key)
{
	struct http *h = r->http;
	struct events *e;

	if (h->stopping || h->stats.streams >= h->cfg.streams) {
		http_reply_header(r, "Retry-After", "5");
		http_problem(r, 503, h->stopping ? "The server stops." : "Too many clients wait already.");
		return;
	}
	e = events_new(r, key);
	http_reply_header(r, "X-Accel-Buffering", "no");	/* nginx in front would keep events back */
	reply_with(r, 200, stream_for(r, MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK, on_read, e, on_free)),
	    "text/event-stream");
}

/* ---- one event ---- */

/* A line end in the data begins another data line; in id and event it may not stand, and ends them. */
static void
format(struct str *s, const char *id, const char *event, const char *data)
{
	if (id != NULL)
		str_addf(s, "id: %.*s\n", (int)strcspn(id, "\r\n"), id);
	if (event != NULL)
		str_addf(s, "event: %.*s\n", (int)strcspn(event, "\r\n"), event);
	do {
		size_t n = strcspn(data, "\r\n");

		str_add(s, "data: ");
		str_addn(s, data, n);
		str_addc(s, '\n');
		data += n;
		if (*data != '\0')
			data += data[0] == '\r' && data[1] == '\n' ? 2 : 1;
	} while (*data != '\0');
	str_addc(s, '\n');
}

void
http_event_to(struct http_request *r, const char *id, const char *event, const char *data)
{
	struct str s = STR_INIT;

	if (r->events == NULL)
		return;
	format(&s, id, event, data);
	say(r->events, str_c(&s), s.len);
	str_done(&s);
}

void
http_events_end(struct http_request *r)
{
	if (r->events == NULL)
		return;
	r->events->ended = true;
	request_resume(r);
}

void
http_event(struct http *h, const char *key, const char *id, const char *event, const char *data)
{
	struct str s = STR_INIT;

	if (h->streams == NULL)
		return;
	format(&s, id, event, data);
	for (struct events *e = h->streams; e != NULL; e = e->next)
		if (key == NULL || e->key == NULL ? key == e->key : strcmp(e->key, key) == 0)
			say(e, str_c(&s), s.len);
	str_done(&s);
}

void
events_close_all(struct http *h)
{
	for (struct events *e = h->streams; e != NULL; e = e->next) {
		e->ended = true;
		request_resume(e->request);
	}
}
