/* SPDX-License-Identifier: ISC */
/* PUT and DELETE /domains/{domain}: domains that no file names. */
#include "api.h"

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
		api_reply_domain(a, r, status_of[outcome], name);
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
		http_reply(r, 204, NULL, NULL, NULL);
		http_wake(a->http, name);	/* who waits for it learns that it is gone */
	} else
		http_problem(r, status_of[outcome], outcome == API_UNKNOWN ? "This domain is not watched." : err.msg);
}
