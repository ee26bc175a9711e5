/* SPDX-License-Identifier: ISC */
/* The table of routes (etc/openapi.json describes each of them), and the handlers that need few lines. */
#include "api.h"

#include <stdlib.h>

#include <stdio.h>
#include <string.h>

#include "api_internal.h"
#include "build_info.h"
#include "openapi_json.h"

/* ---- what handlers share ---- */

bool
api_name(struct http_request *r, char ret[DNS_NAME_TEXT_MAX])
{
	struct dns_name name;
	struct err err;

	if (dns_name_from_user(&name, http_param(r), &err) == -1) {
		http_problem(r, 400, err.msg);
		return false;
	}
	dns_name_text_lower(&name, ret);
	return true;
}

struct board_domain *
api_domain(struct api *a, struct http_request *r, char ret_name[DNS_NAME_TEXT_MAX])
{
	struct board_domain *d;

	if (!api_name(r, ret_name))
		return NULL;
	d = pipeline_find(a->pipeline, ret_name);
	if (d == NULL)
		http_problem(r, 404, "This domain is not watched.");
	return d;
}

bool
api_number(struct http_request *r, const char *arg, int64_t lo, int64_t hi, int64_t *ret)
{
	const char *text = http_query(r, arg);
	char why[128];
	int64_t n = 0;
	size_t len;

	if (text == NULL)
		return true;
	len = strspn(text, "0123456789");
	for (size_t i = 0; i < len && i < 18; i++)
		n = n * 10 + (text[i] - '0');
	if (len == 0 || len > 18 || text[len] != '\0' || n < lo || n > hi) {
		snprintf(why, sizeof(why), "%s: a whole number from %lld to %lld is wanted.", arg, (long long)lo, (long long)hi);
		http_problem(r, 400, why);
		return false;
	}
	*ret = n;
	return true;
}

void
api_page_headers(struct http_request *r)
{
	http_reply_header(r, "Content-Security-Policy",
	    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; "
	    "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'");
}

void
api_reply_domain(struct api *a, struct http_request *r, unsigned status, const char *name)
{
	struct board_domain *d = pipeline_find(a->pipeline, name);
	struct str out = STR_INIT;
	struct json_writer j = { .out = &out };

	jsonw_open(&j, NULL, '{');
	jsonw_text(&j, "domain", name);
	if (d != NULL)
		jsonw_int(&j, "revision", (int64_t)board_told_revision(d));
	jsonw_close(&j, '}');
	str_addc(&out, '\n');
	http_reply(r, status, API_JSON, &out, NULL);
}

static void
reply_text(struct http_request *r, const char *type, const char *text, const char *etag)
{
	struct str out = STR_INIT;

	str_add(&out, text);
	http_reply(r, 200, type, &out, etag);
}

/* ---- handlers ---- */

/* The last part of the route is the name.  By content: a browser may keep a file, and asks each time whether it is another one. */
static void
page_file(void *api, struct http_request *r)
{
	const struct view_file *f = view_file_find(strrchr(http_route_path(r), '/') + 1);
	char etag[32];

	(void)api;
	snprintf(etag, sizeof(etag), "file-%016llx", (unsigned long long)hash_stable(f->text, strlen(f->text)));
	reply_text(r, f->content_type, f->text, etag);
}

static void
openapi(void *api, struct http_request *r)
{
	(void)api;
	reply_text(r, API_JSON, openapi_json, "openapi-" M365DNSD_VERSION);
}

static void
healthy(void *api, struct http_request *r)
{
	struct api *a = api;
	struct err why = { "" };

	if (a->healthy(a->ctx, &why))
		reply_text(r, "text/plain; charset=utf-8", "healthy\n", NULL);
	else
		http_problem(r, 503, why.msg);
}

static void
ready(void *api, struct http_request *r)
{
	const struct api *a = api;

	if (a->ready)
		reply_text(r, "text/plain; charset=utf-8", "ready\n", NULL);
	else
		http_problem(r, 503, "Configuration and store are still being read.");
}

static void
check(void *api, struct http_request *r)
{
	struct api *a = api;
	char name[DNS_NAME_TEXT_MAX];
	struct board_domain *d = api_domain(a, r, name);

	if (d == NULL)
		return;
	pipeline_check(a->pipeline, d);
	api_reply_domain(a, r, 202, name);
}

/* A reload that somebody waits for: it outlives a client that goes away, and the request outlives its own answer. */
struct reloading {
	struct http_request *r;		/* NULL: over */
	bool done;
};

static void
reload_request_end(void *ctx)
{
	struct reloading *w = ctx;

	w->r = NULL;
	if (w->done)
		free(w);
}

static void
reloaded(void *ctx, bool ok, const char *words)
{
	struct reloading *w = ctx;
	struct http_request *r = w->r;

	w->done = true;
	if (r == NULL)
		free(w);
	else if (ok)
		reply_text(r, API_JSON, "{\"reloaded\":true}\n", NULL);
	else
		http_problem(r, 500, words);
}

static void
reload(void *api, struct http_request *r)
{
	struct api *a = api;
	struct reloading *w = xcalloc(1, sizeof(*w));

	w->r = r;
	http_on_end(r, reload_request_end, w);
	a->reload(a->ctx, reloaded, w);
}

/* ---- the table ---- */

#define GET (1u << HTTP_GET)

const struct http_route api_routes[] = {
	{ GET,                "/",                 false, api_root },
	{ GET,                "/style.css",       false, page_file },
	{ GET,                "/page/app.js",     false, page_file },
	{ GET,                "/page/dom.js",     false, page_file },
	{ GET,                "/page/domain.js",  false, page_file },
	{ GET,                "/page/feed.js",    false, page_file },
	{ GET,                "/page/findings.js",false, page_file },
	{ GET,                "/page/icon.svg",   false, page_file },
	{ GET,                "/page/list.js",    false, page_file },
	{ GET,                "/page/matrix.js",  false, page_file },
	{ GET,                "/page/past.js",    false, page_file },
	{ GET,                "/page/time.js",    false, page_file },
	{ GET,                "/page/words.js",   false, page_file },
	{ GET,                "/status",           false, api_list },
	{ GET,                "/status/{domain}",  false, api_status },
	{ GET,                "/history/{domain}", false, api_history },
	{ GET,                "/fix/{domain}",     false, api_fix },
	{ GET,                "/resolvers",        false, api_resolvers },
	{ GET,                "/events",           false, api_events },
	{ GET,                "/metrics",          false, api_metrics },
	{ GET,                "/-/healthy",        false, healthy },
	{ GET,                "/-/ready",          false, ready },
	{ 1u << HTTP_POST,    "/-/reload",         true,  reload },
	{ 1u << HTTP_POST,    "/check/{domain}",   true,  check },
	{ 1u << HTTP_PUT,     "/domains/{domain}", true,  api_put },
	{ 1u << HTTP_DELETE,  "/domains/{domain}", true,  api_delete },
	{ GET,                "/openapi.json",     false, openapi },
	{ 0,                  NULL,                false, NULL },
};
