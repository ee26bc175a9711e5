/* SPDX-License-Identifier: ISC */
/* From a request that may be made to the function that answers it. */
#include <string.h>

#include "internal.h"

static const struct name_row methods[] = {
	{ HTTP_GET, "GET" }, { HTTP_HEAD, "HEAD" }, { HTTP_POST, "POST" }, { HTTP_PUT, "PUT" }, { HTTP_DELETE, "DELETE" },
};

/* Case counts (RFC 9110 9.1), so name_find() would not do. */
enum http_method
route_method(const char *name, bool *ret_known)
{
	for (size_t i = 0; i < ARRAY_LEN(methods); i++)
		if (strcmp(methods[i].name, name) == 0) {
			*ret_known = true;
			return (enum http_method)methods[i].id;
		}
	*ret_known = false;
	return HTTP_GET;
}

/* GET brings HEAD. */
static unsigned
allowed_by(const struct http_route *route)
{
	return route->methods | (route->methods & 1u << HTTP_GET ? 1u << HTTP_HEAD : 0);
}

static void
say_allowed(struct http_request *r, unsigned allowed)
{
	struct str s = STR_INIT;

	for (size_t i = 0; i < ARRAY_LEN(methods); i++)
		if (allowed & 1u << methods[i].id)
			str_addf(&s, "%s, ", methods[i].name);
	str_add(&s, "OPTIONS");
	http_reply_header(r, "Allow", str_c(&s));
	str_done(&s);
}

/* Finds the row; ret_allowed has the methods of all rows of that path. */
static const struct http_route *
find(struct http_request *r, unsigned *ret_allowed)
{
	const struct http_route *found = NULL;
	const char *param;

	*ret_allowed = 0;
	for (const struct http_route *x = r->http->routes; x->path != NULL; x++) {
		if (!target_match(&r->target, x->path, &param))
			continue;
		*ret_allowed |= allowed_by(x);
		if (found == NULL && r->method_known && (allowed_by(x) & 1u << r->method)) {
			found = x;
			r->param = param;
		}
	}
	return found;
}

static bool
authorized(struct http_request *r)
{
	const char *token = r->http->token;

	if (token == NULL) {
		http_problem(r, 403, "This needs a bearer token, and none is configured.");
		return false;
	}
	switch (auth_check(http_header(r, "Authorization"), token)) {
	case AUTH_FINE:
		return true;
	case AUTH_MISSING:
		http_reply_header(r, "WWW-Authenticate", "Bearer realm=\"m365dnsd\"");
		http_problem(r, 401, "This needs a bearer token.");
		break;
	case AUTH_BAD:
		http_reply_header(r, "WWW-Authenticate", "Bearer realm=\"m365dnsd\", error=\"invalid_token\"");
		http_problem(r, 401, "The bearer token is not the right one.");
		break;
	}
	return false;
}

static void
no_route(struct http_request *r, unsigned allowed)
{
	bool options = strcmp(r->method_name, "OPTIONS") == 0;

	if (allowed == 0 && (r->method_known || options)) {
		http_problem(r, 404, "There is nothing at this path.");
	} else if (allowed == 0) {
		http_problem(r, 501, "This method is not known here.");
	} else {
		say_allowed(r, allowed);
		if (options)
			reply_empty(r, 204);
		else
			http_problem(r, 405, "This path does not take this method.");
	}
}

void
route_dispatch(struct http_request *r)
{
	const struct http_route *route;
	unsigned allowed;

	if (r->verdict.status != 0) {
		http_problem(r, r->verdict.status, r->verdict.detail);
	} else if (strcmp(r->conn->target, "*") == 0) {
		say_allowed(r, ~0u);
		reply_empty(r, 204);
	} else if (!target_parse(&r->target, r->conn->target)) {
		http_problem(r, 400, "The request target does not decode to clean UTF-8.");
	} else if ((route = find(r, &allowed)) == NULL) {
		no_route(r, allowed);
	} else if (!route->token || authorized(r)) {
		r->route = route;
		route->handle(r->http->ctx, r);
	}
}
