/* SPDX-License-Identifier: ISC */
/*
 * Replies.  All say that nobody may guess their type, frame them or run anything from them; what a page needs beyond that
 * its handler says.  With an ETag a reply may be stored and has to be asked for again (cheap: 304), without one it may not be
 * stored: it is somebody's data.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

static const struct {
	const char *name, *value;
} always[] = {
	{ "X-Content-Type-Options",		"nosniff" },
	{ "Referrer-Policy",			"no-referrer" },
	{ "Cross-Origin-Resource-Policy",	"same-origin" },
	{ "Content-Security-Policy",		"default-src 'none'; frame-ancestors 'none'" },
	{ "Cache-Control",			"no-store" },
};

void
reply_always_text(struct str *s)
{
	for (size_t i = 0; i < ARRAY_LEN(always); i++)
		str_addf(s, "%s: %s\r\n", always[i].name, always[i].value);
}

static const char *
header_get(const struct http_request *r, const char *name)
{
	for (const struct header *x = r->headers; x != NULL; x = x->next)
		if (str_ieq(x->name, name))
			return x->value;
	return NULL;
}

void
http_reply_header(struct http_request *r, const char *name, const char *value)
{
	struct header *x;

	for (x = r->headers; x != NULL; x = x->next)
		if (str_ieq(x->name, name))
			break;
	if (x == NULL) {
		x = xcalloc(1, sizeof(*x));
		x->name = xstrdup(name);
		x->next = r->headers;
		r->headers = x;
	} else if (str_ieq(name, "Vary")) {
		char *both = xasprintf("%s, %s", x->value, value);

		free(x->value);
		x->value = both;
		return;
	}
	free(x->value);
	x->value = xstrdup(value);
}

/* A header with a line end in it (a mistake of a handler) is refused by libmicrohttpd. */
static void
add(struct MHD_Response *response, const char *name, const char *value)
{
	if (MHD_add_response_header(response, name, value) != MHD_YES)
		log_err("http: cannot send the header %s", name);
}

/* Is it the last one on its connection? */
static bool
reply_closes(const struct http_request *r)
{
	return r->verdict.close || r->http->stopping || !r->method_known;
}

static void
reply_headers(const struct http_request *r, struct MHD_Response *response, const char *content_type)
{
	if (response == NULL)
		give_up("out of memory");
	for (size_t i = 0; i < ARRAY_LEN(always); i++)
		if (header_get(r, always[i].name) == NULL)
			add(response, always[i].name, always[i].value);
	for (const struct header *x = r->headers; x != NULL; x = x->next)
		add(response, x->name, x->value);
	if (content_type != NULL)
		add(response, "Content-Type", content_type);
	if (reply_closes(r))
		add(response, "Connection", "close");
}

static void
reply_made(struct http_request *r, unsigned status, struct MHD_Response *response)
{
	assert(r->response == NULL && !r->parked && status < ARRAY_LEN(r->http->stats.requests));
	r->response = response;
	r->status = status;
	request_resume(r);
}

void
reply_with(struct http_request *r, unsigned status, struct MHD_Response *response, const char *content_type)
{
	reply_headers(r, response, content_type);
	reply_made(r, status, response);
}

void
reply_empty(struct http_request *r, unsigned status)
{
	static char nothing[] = "";

	reply_with(r, status, MHD_create_response_from_buffer(0, nothing, MHD_RESPMEM_PERSISTENT), NULL);
}

/* ---- bodies ---- */

/* Bytes of a body; also held by each response that is made of them, for as long as a client takes them. */
struct octets {
	unsigned refs;
	struct str s;
};

/* A response as it was sent last, for those who get the same: most of what a reply costs is its headers. */
struct ready {
	struct MHD_Response *response;	/* NULL: none */
	char *content_type, *etag;
	struct header *headers;		/* the handler's */
};

struct http_body {
	unsigned refs;
	struct octets *plain, *gzip;	/* gzip NULL: nobody has wanted it so far */
	struct ready ready[2];		/* plain, compressed */
};

static void
octets_unref(void *octets)
{
	struct octets *o = octets;

	if (o == NULL || --o->refs > 0)
		return;
	str_done(&o->s);
	free(o);
}

/* Takes the bytes over. */
static struct octets *
octets_new(struct str *bytes)
{
	struct octets *o = xcalloc(1, sizeof(*o));

	o->refs = 1;
	o->s = *bytes;
	*bytes = (struct str)STR_INIT;
	return o;
}

void
header_list_free(struct header *list)
{
	for (struct header *next; list != NULL; list = next) {
		next = list->next;
		free(list->name);
		free(list->value);
		free(list);
	}
}

static void
ready_done(struct ready *x)
{
	if (x->response != NULL)
		MHD_destroy_response(x->response);
	free(x->content_type);
	free(x->etag);
	header_list_free(x->headers);
	*x = (struct ready){ .response = NULL };
}

struct http_body *
http_body_new(struct str *bytes)
{
	struct http_body *b = xcalloc(1, sizeof(*b));

	b->refs = 1;
	b->plain = octets_new(bytes);
	return b;
}

void
http_body_unref(struct http_body *b)
{
	if (b == NULL || --b->refs > 0)
		return;
	for (size_t i = 0; i < ARRAY_LEN(b->ready); i++)
		ready_done(&b->ready[i]);
	octets_unref(b->plain);
	octets_unref(b->gzip);
	free(b);
}

static struct MHD_Response *
octets_response(struct octets *o)
{
	static char nothing[] = "";

	if (o->s.len == 0)
		return MHD_create_response_from_buffer(0, nothing, MHD_RESPMEM_PERSISTENT);
	o->refs++;
	return MHD_create_response_from_buffer_with_free_callback_cls(o->s.len, o->s.p, octets_unref, o);
}

void
reply_let_go(struct http_request *r)
{
	if (r->shared != NULL)
		http_body_unref(r->shared);
	else if (r->response != NULL)
		MHD_destroy_response(r->response);
	r->shared = NULL;
	r->response = NULL;
}

/* ---- ETag ---- */

/* The etag of a compressed body is weak: it names the same content in other bytes (RFC 9110 8.8.1). */
static void
say_etag(struct http_request *r, const char *etag, bool weak)
{
	char *quoted = xasprintf("%s\"%s\"", weak ? "W/" : "", etag);

	http_reply_header(r, "ETag", quoted);
	if (header_get(r, "Cache-Control") == NULL)
		http_reply_header(r, "Cache-Control", "no-cache");
	free(quoted);
}

static bool
not_modified(const struct http_request *r, unsigned status, const char *etag)
{
	return etag != NULL && status == 200 && (r->method == HTTP_GET || r->method == HTTP_HEAD) &&
	    accept_etag_matches(http_header(r, "If-None-Match"), etag);
}

/* ---- gzip ---- */

static bool
compressible_type(const char *content_type)
{
	static const char *const types[] = { "text/", "application/json", "application/problem+json", "application/openmetrics-text",
		"application/x-ndjson", "image/svg+xml" };

	if (content_type == NULL || str_iprefix(content_type, "text/event-stream"))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (str_iprefix(content_type, types[i]))
			return true;
	return false;
}

static struct MHD_Response *
gzip_response(struct http_request *r, struct http_body *b)
{
	struct str bytes = STR_INIT;
	struct gzip *g;

	if (b->plain->s.len > GZIP_AT_ONCE) {
		str_addn(&bytes, b->plain->s.p, b->plain->s.len);
		return stream_for(r, stream_response(true, &bytes, NULL, NULL, NULL));
	}
	if (b->gzip == NULL) {
		g = gzip_new();
		gzip_add(g, str_c(&b->plain->s), b->plain->s.len, true, &bytes);
		gzip_free(g);
		b->gzip = octets_new(&bytes);
	}
	return octets_response(b->gzip);
}

/* ---- the same reply again ---- */

static bool
same_text(const char *a, const char *b)
{
	return a == NULL ? b == NULL : b != NULL && strcmp(a, b) == 0;
}

static bool
is_ready(const struct ready *x, const struct http_request *r, const char *content_type, const char *etag)
{
	const struct header *a = x->headers, *b = r->headers;

	if (x->response == NULL || !same_text(x->content_type, content_type) || !same_text(x->etag, etag))
		return false;
	for (; a != NULL && b != NULL; a = a->next, b = b->next)
		if (strcmp(a->name, b->name) != 0 || strcmp(a->value, b->value) != 0)
			return false;
	return a == b;
}

static void
send_ready(struct http_request *r, unsigned status, struct http_body *b, const struct ready *x)
{
	b->refs++;
	r->shared = b;
	reply_made(r, status, x->response);
}

/* The response belongs to b now.  before: the headers that its handler gave it, taken over. */
static void
make_ready(struct http_request *r, unsigned status, struct http_body *b, bool gzip, struct header *before, const char *content_type,
    const char *etag)
{
	struct ready *x = &b->ready[gzip];

	ready_done(x);
	x->response = gzip ? gzip_response(r, b) : octets_response(b->plain);
	x->content_type = content_type != NULL ? xstrdup(content_type) : NULL;
	x->etag = etag != NULL ? xstrdup(etag) : NULL;
	x->headers = before;
	reply_headers(r, x->response, content_type);
	send_ready(r, status, b, x);
}

static struct header *
headers_copy(const struct http_request *r)
{
	struct header *list = NULL, **end = &list;

	for (const struct header *x = r->headers; x != NULL; x = x->next, end = &(*end)->next) {
		*end = xcalloc(1, sizeof(**end));
		(*end)->name = xstrdup(x->name);
		(*end)->value = xstrdup(x->value);
	}
	return list;
}

/* keep: others may want the same. */
static void
reply_body(struct http_request *r, unsigned status, const char *content_type, struct http_body *b, const char *etag, bool keep)
{
	bool big = b->plain->s.len > GZIP_MIN && compressible_type(content_type);
	bool gzip = big && accept_gzip(http_header(r, "Accept-Encoding"));
	bool unmodified = not_modified(r, status, etag), streamed = gzip && b->plain->s.len > GZIP_AT_ONCE;
	bool alike = keep && !unmodified && !streamed && !reply_closes(r);
	struct header *before;

	if (alike && is_ready(&b->ready[gzip], r, content_type, etag)) {
		send_ready(r, status, b, &b->ready[gzip]);
		return;
	}
	before = alike ? headers_copy(r) : NULL;
	if (big)
		http_reply_header(r, "Vary", "Accept-Encoding");
	if (etag != NULL)
		say_etag(r, etag, gzip);
	if (gzip && !unmodified)
		http_reply_header(r, "Content-Encoding", "gzip");
	if (unmodified)
		reply_empty(r, 304);
	else if (alike)
		make_ready(r, status, b, gzip, before, content_type, etag);
	else
		reply_with(r, status, gzip ? gzip_response(r, b) : octets_response(b->plain), content_type);
}

void
http_reply_body(struct http_request *r, unsigned status, const char *content_type, struct http_body *b, const char *etag)
{
	reply_body(r, status, content_type, b, etag, true);
}

void
http_reply(struct http_request *r, unsigned status, const char *content_type, struct str *body, const char *etag)
{
	struct str nothing = STR_INIT;
	struct http_body *b = http_body_new(body != NULL ? body : &nothing);

	reply_body(r, status, content_type, b, etag, false);
	http_body_unref(b);
}

void
http_stream(struct http_request *r, const char *content_type, bool (*more)(void *ctx, struct str *out),
    void (*done)(void *ctx), void *ctx)
{
	bool compressible = compressible_type(content_type);
	bool gzip = compressible && accept_gzip(http_header(r, "Accept-Encoding"));

	if (compressible)
		http_reply_header(r, "Vary", "Accept-Encoding");
	if (gzip)
		http_reply_header(r, "Content-Encoding", "gzip");
	reply_with(r, 200, stream_for(r, stream_response(gzip, NULL, more, done, ctx)), content_type);
}
