/* SPDX-License-Identifier: ISC */
/*
 * PUT and DELETE /domains/{domain}: domains that no file names.
 *
 * What was asked for holds at once, and is confirmed (200, 201, 204) when it is durable: no crash takes it back after that.  A disk
 * that has not taken it in time gives 202: it holds, and is written as soon as that can be done.
 */
#include "api.h"

#include <stdlib.h>
#include <string.h>

#include "api_internal.h"

static const unsigned status_of[] = {
	[API_DONE] = 200, [API_CREATED] = 201, [API_UNKNOWN] = 404, [API_INVALID] = 400, [API_CONFLICT] = 409, [API_FAILED] = 503,
};

/* By its label, and where that is missing by its first character, which no block of text has. */
static bool
is_json(const struct http_request *r, const char *body, size_t len)
{
	const char *type = http_header(r, "Content-Type");

	if (type != NULL && (str_iprefix(type, "application/json") || str_iprefix(type, "text/plain")))
		return ascii_lower(type[0]) == 'a';
	while (len > 0 && strchr(" \t\r\n", *body) != NULL) {
		body++;
		len--;
	}
	return len > 0 && *body == '{';
}

/* ---- a change and its answer ---- */

/* Outlives a client that goes away, and the request outlives its own answer. */
struct change {
	struct api *api;
	struct http_request *r;		/* NULL: over */
	unsigned status;
	bool done;			/* nobody calls back any more */
	char name[DNS_NAME_TEXT_MAX];
};

static void
change_request_end(void *ctx)
{
	struct change *c = ctx;

	c->r = NULL;
	if (c->done)
		free(c);
}

static struct change *
change_new(struct api *a, struct http_request *r, const char *name)
{
	struct change *c = xcalloc(1, sizeof(*c));

	c->api = a;
	c->r = r;
	memcpy(c->name, name, strlen(name) + 1);
	http_on_end(r, change_request_end, c);
	return c;
}

/* The last call back was this: the request that is still there, whose end frees c. */
static struct http_request *
change_done(struct change *c)
{
	struct http_request *r = c->r;

	c->done = true;
	if (r == NULL)
		free(c);
	return r;
}

static void
reply_accepted(struct http_request *r, const char *name)
{
	struct str out = STR_INIT;
	struct json_writer j = { .out = &out };

	jsonw_open(&j, NULL, '{');
	jsonw_text(&j, "domain", name);
	jsonw_bool(&j, "kept", false);
	jsonw_close(&j, '}');
	str_addc(&out, '\n');
	http_reply(r, 202, API_JSON, &out, NULL);
}

static void
change_kept(void *ctx, bool kept)
{
	struct change *c = ctx;
	struct http_request *r = change_done(c);

	if (r == NULL)
		return;
	if (!kept)
		reply_accepted(r, c->name);
	else if (c->status == 204)
		http_reply(r, 204, NULL, NULL, NULL);
	else
		api_reply_domain(c->api, r, c->status, c->name);
}

static void
change_made(struct change *c, unsigned status)
{
	c->status = status;
	c->api->when_kept(c->api->ctx, change_kept, c);
}

/* The end came while a reload was waited for. */
static bool
change_is_off(struct change *c, bool ok, const char *words)
{
	struct http_request *r;

	if (ok && c->r != NULL)
		return false;
	r = change_done(c);
	if (r != NULL)
		http_problem(r, 503, words);
	return true;
}

/* ---- the routes ---- */

static void
put_now(void *ctx, bool ok, const char *words)
{
	struct change *c = ctx;
	struct str block = STR_INIT;
	struct err err = { "" };
	enum api_outcome outcome = API_INVALID;
	const char *body;
	size_t len;

	if (change_is_off(c, ok, words))
		return;
	body = http_body(c->r, &len);
	if (conf_domain_block(c->name, body, len, is_json(c->r, body, len), &block, &err) == 0)
		outcome = c->api->put_domain(c->api->ctx, c->name, str_c(&block), &err);
	str_done(&block);
	if (outcome == API_DONE || outcome == API_CREATED)
		change_made(c, status_of[outcome]);
	else
		http_problem(change_done(c), status_of[outcome], err.msg);
}

void
api_put(void *api, struct http_request *r)
{
	struct api *a = api;
	char name[DNS_NAME_TEXT_MAX];

	if (api_name(r, name))
		a->when_settled(a->ctx, put_now, change_new(a, r, name));
}

static void
delete_now(void *ctx, bool ok, const char *words)
{
	struct change *c = ctx;
	struct err err = { "" };
	enum api_outcome outcome;

	if (change_is_off(c, ok, words))
		return;
	outcome = c->api->del_domain(c->api->ctx, c->name, &err);
	if (outcome == API_DONE) {
		http_wake(c->api->http, c->name);	/* who waits for it learns that it is gone */
		change_made(c, 204);
	} else
		http_problem(change_done(c), status_of[outcome],
		    outcome == API_UNKNOWN ? "This domain is not watched." : err.msg);
}

void
api_delete(void *api, struct http_request *r)
{
	struct api *a = api;
	char name[DNS_NAME_TEXT_MAX];

	if (api_name(r, name))
		a->when_settled(a->ctx, delete_now, change_new(a, r, name));
}
