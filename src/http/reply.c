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

const char *
reply_header_get(const struct http_request *r, const char *name)
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

void
reply_with(struct http_request *r, unsigned status, struct MHD_Response *response, const char *content_type)
{
	assert(r->response == NULL && !r->parked && status < ARRAY_LEN(r->http->stats.requests));
	if (response == NULL)
		give_up("out of memory");
	for (size_t i = 0; i < ARRAY_LEN(always); i++)
		if (reply_header_get(r, always[i].name) == NULL)
			add(response, always[i].name, always[i].value);
	for (const struct header *x = r->headers; x != NULL; x = x->next)
		add(response, x->name, x->value);
	if (content_type != NULL)
		add(response, "Content-Type", content_type);
	if (r->verdict.close || r->http->stopping || !r->method_known)
		add(response, "Connection", "close");
	r->response = response;
	r->status = status;
	request_resume(r);
}

void
reply_empty(struct http_request *r, unsigned status)
{
	static char nothing[] = "";

	reply_with(r, status, MHD_create_response_from_buffer(0, nothing, MHD_RESPMEM_PERSISTENT), NULL);
}

/* ---- bodies ---- */

struct http_body {
	unsigned refs;
	struct str plain, gzip;		/* gzip: empty until somebody wants it */
};

struct http_body *
http_body_new(struct str *bytes)
{
	struct http_body *b = xcalloc(1, sizeof(*b));

	b->refs = 1;
	b->plain = *bytes;
	*bytes = (struct str)STR_INIT;
	return b;
}

void
http_body_unref(struct http_body *b)
{
	if (b == NULL || --b->refs > 0)
		return;
	str_done(&b->plain);
	str_done(&b->gzip);
	free(b);
}

static void
body_release(void *body)
{
	http_body_unref(body);
}

static struct MHD_Response *
body_response(struct http_body *b, struct str *bytes)
{
	static char nothing[] = "";

	if (bytes->len == 0)
		return MHD_create_response_from_buffer(0, nothing, MHD_RESPMEM_PERSISTENT);
	b->refs++;
	return MHD_create_response_from_buffer_with_free_callback_cls(bytes->len, bytes->p, body_release, b);
}

/* ---- ETag ---- */

/* The etag of a compressed body is weak: it names the same content in other bytes (RFC 9110 8.8.1). */
static void
say_etag(struct http_request *r, const char *etag, bool weak)
{
	char *quoted = xasprintf("%s\"%s\"", weak ? "W/" : "", etag);

	http_reply_header(r, "ETag", quoted);
	if (reply_header_get(r, "Cache-Control") == NULL)
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

bool
reply_compressible(const char *content_type)
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
	struct gzip *g;

	http_reply_header(r, "Content-Encoding", "gzip");
	if (b->plain.len > GZIP_AT_ONCE) {
		struct str copy = STR_INIT;

		str_addn(&copy, b->plain.p, b->plain.len);
		return stream_for(r, stream_response(true, &copy, NULL, NULL, NULL));
	}
	if (b->gzip.len == 0) {
		g = gzip_new();
		gzip_add(g, str_c(&b->plain), b->plain.len, true, &b->gzip);
		gzip_free(g);
	}
	return body_response(b, &b->gzip);
}

void
http_reply_body(struct http_request *r, unsigned status, const char *content_type, struct http_body *b, const char *etag)
{
	bool big = b->plain.len > GZIP_MIN && reply_compressible(content_type);
	bool gzip = big && accept_gzip(http_header(r, "Accept-Encoding"));

	if (big)
		http_reply_header(r, "Vary", "Accept-Encoding");
	if (etag != NULL)
		say_etag(r, etag, gzip);
	if (not_modified(r, status, etag))
		reply_empty(r, 304);
	else
		reply_with(r, status, gzip ? gzip_response(r, b) : body_response(b, &b->plain), content_type);
}

void
http_reply(struct http_request *r, unsigned status, const char *content_type, struct str *body, const char *etag)
{
	struct str nothing = STR_INIT;
	struct http_body *b = http_body_new(body != NULL ? body : &nothing);

	http_reply_body(r, status, content_type, b, etag);
	http_body_unref(b);
}

void
http_stream(struct http_request *r, const char *content_type, bool (*more)(void *ctx, struct str *out),
    void (*done)(void *ctx), void *ctx)
{
	bool compressible = reply_compressible(content_type);
	bool gzip = compressible && accept_gzip(http_header(r, "Accept-Encoding"));

	if (compressible)
		http_reply_header(r, "Vary", "Accept-Encoding");
	if (gzip)
		http_reply_header(r, "Content-Encoding", "gzip");
	reply_with(r, 200, stream_for(r, stream_response(gzip, NULL, more, done, ctx)), content_type);
}
