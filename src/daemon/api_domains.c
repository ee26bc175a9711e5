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

/* ---- the answer, when it is kept ---- */

/* Outlives a client that goes away, and the request outlives its own answer. */
struct change {
	struct api *api;
	struct http_request *r;		/* NULL: over */
	unsigned status;
	bool done;
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
	struct http_request *r = c->r;

	c->done = true;
	if (r == NULL)
		free(c);
	else if (!kept)
		reply_accepted(r, c->name);
	else if (c->status == 204)
		http_reply(r, 204, NULL, NULL, NULL);
	else
		api_reply_domain(c->api, r, c->status, c->name);
}

static void
answer_when_kept(struct api *a, struct http_request *r, unsigned status, const char *name)
{
	struct change *c = xcalloc(1, sizeof(*c));

	c->api = a;
	c->r = r;
	c->status = status;
	memcpy(c->name, name, strlen(name) + 1);
	http_on_end(r, change_request_end, c);
	a->when_kept(a->ctx, change_kept, c);
}

/* ---- the routes ---- */

void
api_put(void *api, struct http_request *r)
{
	struct api *a = api;
	struct str block = STR_INIT;
	struct err err = { "" };
	enum api_outcome outcome = API_INVALID;
	char name[DNS_NAME_TEXT_MAX];
	const char *body;
	size_t len;

	if (!api_name(r, name))
		return;
	body = http_body(r, &len);
	if (conf_domain_block(name, body, len, is_json(r, body, len), &block, &err) == 0)
		outcome = a->put_domain(a->ctx, name, str_c(&block), &err);
	str_done(&block);
	if (outcome == API_DONE || outcome == API_CREATED)
		answer_when_kept(a, r, status_of[outcome], name);
	else
		http_problem(r, status_of[outcome], err.msg);
}

void
api_delete(void *api, struct http_request *r)
{
	struct api *a = api;
	struct err err = { "" };
	enum api_outcome outcome;
	char name[DNS_NAME_TEXT_MAX];

	if (!api_name(r, name))
		return;
	outcome = a->del_domain(a->ctx, name, &err);
	if (outcome == API_DONE) {
		http_wake(a->http, name);	/* who waits for it learns that it is gone */
		answer_when_kept(a, r, 204, name);
	} else
		http_problem(r, status_of[outcome], outcome == API_UNKNOWN ? "This domain is not watched." : err.msg);
}
