/* SPDX-License-Identifier: ISC */
/*
 * The API over real sockets: a pipeline on a net that is none, a store in a directory of its own, and what each route says.
 */
#include <check.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/daemon/api.h"
#include "tests/lib/fakenet.h"
#include "tests/lib/storelab.h"
#include "tests/lib/webclient.h"

#define START INT64_C(1795256430000)	/* 2026-11-21T10:20:30Z */

static const char config[] = "resolvers = {}\nauthorities = none\nconfirm = 1\n"
			     "resolver \"one\" { address = {\"11.0.9.1\"} }\n"
			     "domain \"contoso.test\" { profile = verify-only verification = \"MS=ms12345678\" }\n"
			     "domain \"fabrikam.test\" { }\n"
			     "domain \"m\303\274nchen.test\" { }\n";

static struct bench {
	struct web web;
	struct storelab lab;
	struct loop_fd *store_fd;
	struct clock clock;
	struct fakenet *net;
	struct conf *conf;
	struct catalog *catalog;
	struct api api;
	/* of the fake daemon */
	bool healthy;
	unsigned reloads;
	struct str block;
	enum api_outcome outcome;
	bool slow;
	void (*done)(void *ctx, bool kept);	/* who waits for the slow store */
	void *done_ctx;
	/* a reload is on its way: who waits for its end */
	bool changing;
	void (*settled)(void *ctx, bool ok, const char *words);
	void *settled_ctx;
	/* the last reply */
	struct str reply, body;
} b;

/* ---- what the daemon does ---- */

static bool
is_healthy(void *ctx, struct err *why)
{
	(void)ctx;
	err_set(why, "the store stands still");
	return b.healthy;
}

static void
on_reload(void *ctx, void (*done)(void *done_ctx, bool ok, const char *words), void *done_ctx)
{
	(void)ctx;
	done(done_ctx, b.reloads++ == 0, "m365dnsd.conf:3: no such key");
}

static void
on_when_settled(void *ctx, void (*done)(void *done_ctx, bool ok, const char *words), void *done_ctx)
{
	(void)ctx;
	if (!b.changing) {
		done(done_ctx, true, "");
		return;
	}
	b.settled = done;
	b.settled_ctx = done_ctx;
}

static enum api_outcome
on_put(void *ctx, const char *name, const char *block, struct err *err)
{
	(void)ctx;
	str_clear(&b.block);
	str_addf(&b.block, "%s: %s", name, block);
	err_set(err, "it stands in conf.d/x.conf:1");
	return b.outcome;
}

static enum api_outcome
on_del(void *ctx, const char *name, struct err *err)
{
	struct board_domain *d = pipeline_find(b.api.pipeline, name);

	(void)ctx;
	err_set(err, "it stands in conf.d/x.conf:1");
	if (d == NULL)
		return API_UNKNOWN;
	if (b.outcome == API_DONE)
		pipeline_remove(b.api.pipeline, d);
	return b.outcome;
}

/* The store of the test is quick, or does not say anything until it is told to. */
static void
on_when_kept(void *ctx, void (*done)(void *done_ctx, bool kept), void *done_ctx)
{
	(void)ctx;
	if (!b.slow) {
		done(done_ctx, true);
		return;
	}
	b.done = done;
	b.done_ctx = done_ctx;
}

static void
on_wake(void *ctx)
{
	(void)ctx;
}

static void
on_changed(void *ctx, struct board_domain *d)
{
	(void)ctx;
	if (b.api.http != NULL)
		http_wake(b.api.http, plan_domain(board_plan(d)));
}

static void
on_store(void *ctx, int fd, unsigned events)
{
	(void)ctx, (void)fd, (void)events;
	store_dispatch(b.lab.store);
}

/* ---- up and down ---- */

static void
net_up(void)
{
	struct err err;

	b.net = fakenet_new(&b.clock);
	fakenet_serve(b.net, "contoso.test", "11.0.1.1");
	ck_assert_int_eq(fakenet_add(b.net, "contoso.test", NULL, "@ 60 SOA ns1 h 1 7200 3600 1209600 60", &err), 0);
	fakenet_cache(b.net, "11.0.9.1", 1);
}

static void
publish(void)
{
	struct err err;

	ck_assert_msg(fakenet_add(b.net, "contoso.test", NULL, "@ 300 TXT MS=ms12345678", &err) == 0, "%s", err.msg);
}

static void
pipeline_up(void)
{
	const struct pipeline_config cfg = { .mode = SCHED_WATCH, .until = UNTIL_COMPLETE, .wake = on_wake, .on_changed = on_changed };
	struct conf_problems problems = { NULL, 0 };
	struct err err = { "" };

	b.conf = conf_parse("test", config, &problems);
	ck_assert_msg(b.conf != NULL, "%s", problems.n > 0 ? problems.list[0].text : "");
	b.catalog = catalog_load(NULL, &problems);
	b.api.pipeline = pipeline_new(b.conf, b.catalog, NULL, 0, fakenet_transport(b.net), &b.clock, &cfg, &err);
	ck_assert_msg(b.api.pipeline != NULL, "%s", err.msg);
}

static void
web_up(const char *token)
{
	struct http_config cfg = { .token = token, .fds = &b.web.listen_fd, .n_fds = 1 };
	struct err err;

	web_start(&b.web, NULL, api_routes);
	http_free(b.web.http);		/* the same socket, but the routes get the API */
	b.web.http = http_new(b.web.loop, &cfg, api_routes, &b.api, &err);
	ck_assert_ptr_nonnull(b.web.http);
	b.api.http = b.web.http;
}

static void
bench_up_with(const char *token)
{
	memset(&b, 0, sizeof(b));
	random_seed_for_tests(1);
	clock_fake_init(&b.clock, 100000, START);
	net_up();
	b.api = (struct api){
		.clock = &b.clock, .started_unix_ms = START - 60000, .ready = true, .reload_ok = true, .reload_ok_unix_ms = START,
		.healthy = is_healthy, .reload = on_reload, .when_settled = on_when_settled, .put_domain = on_put, .del_domain = on_del, .when_kept = on_when_kept,
	};
	pipeline_up();
	b.api.conf = b.conf;
	b.healthy = true;
	lab_init(&b.lab);
	lab_must_open(&b.lab);
	b.api.store = b.lab.store;
	web_up(token);
	b.store_fd = loop_fd_new(b.web.loop, store_fd(b.lab.store), on_store, NULL);
	loop_fd_set(b.store_fd, LOOP_READ);
}

static void
bench_up(void)
{
	bench_up_with("secret");
}

static void
bench_down(void)
{
	loop_fd_free(b.store_fd);
	web_stop(&b.web);		/* before what the waiting requests point to */
	api_done(&b.api);
	b.api.http = NULL;
	lab_done(&b.lab);
	pipeline_free(b.api.pipeline);
	fakenet_free(b.net);
	catalog_free(b.catalog);
	conf_free(b.conf);
	str_done(&b.block);
	str_done(&b.reply);
	str_done(&b.body);
}

/* Let the pipeline live for so long. */
static void
live(int64_t ms)
{
	int64_t end = b.clock.mono_ms(&b.clock) + ms;

	for (;;) {
		int64_t next = pipeline_run(b.api.pipeline), net = fakenet_run(b.net), now = b.clock.mono_ms(&b.clock);

		if (net <= now)
			continue;
		next = net < next ? net : next;
		if (next >= end)
			break;
		clock_fake_advance(&b.clock, next > now ? next - now : 1);
	}
	clock_fake_advance(&b.clock, end - b.clock.mono_ms(&b.clock));
}

/* ---- asking ---- */

static void
say(struct web_client *c, const char *request, const char *headers, const char *body)
{
	struct str s = STR_INIT;

	str_addf(&s, "%s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n%s", request, headers);
	if (body != NULL)
		str_addf(&s, "Content-Length: %zu\r\n", strlen(body));
	str_addf(&s, "\r\n%s", body != NULL ? body : "");
	web_say(c, str_c(&s));
	str_done(&s);
}

/* What came until the end of the connection. */
static unsigned
take(struct web_client *c)
{
	ck_assert(web_wait_eof(c));
	str_done(&b.reply);
	str_done(&b.body);
	b.reply = c->in;
	c->in = (struct str)STR_INIT;
	web_close(c);
	web_body(&b.reply, &b.body);
	return web_status(&b.reply);
}

static unsigned
ask_with(const char *request, const char *headers, const char *body)
{
	struct web_client c;

	web_connect(&b.web, &c);
	say(&c, request, headers, body);
	return take(&c);
}

static unsigned
ask(const char *request)
{
	return ask_with(request, "", NULL);
}

static json_t *
body_json(void)
{
	json_error_t e;
	json_t *j = json_loadb(str_c(&b.body), b.body.len, JSON_REJECT_DUPLICATES, &e);

	ck_assert_msg(j != NULL, "%s: %s", e.text, str_c(&b.body));
	return j;
}

/* ---- one request, one reply ---- */

#define TOKEN "Authorization: Bearer secret\r\n"

static const struct {
	const char *request, *headers;
	unsigned status;
	const char *type, *wants;	/* in the body */
} cases[] = {
	{ "GET /", "", 200, "text/html; charset=utf-8", "<h1>3 domains</h1>" },
	{ "GET /?state=complete", "", 200, "text/html; charset=utf-8", "<h1>0 domains</h1>" },
	{ "GET /style.css", "", 200, "text/css; charset=utf-8", "body {" },
	{ "GET /page/app.js", "", 200, "text/javascript; charset=utf-8", "from \"/page/list.js\"" },
	{ "GET /page/icon.svg", "", 200, "image/svg+xml", "<svg " },
	{ "GET /page/..%2Fapp.js", "", 404, "application/problem+json", "" },
	{ "GET /page/app", "", 404, "application/problem+json", "" },
	{ "GET /status", "", 200, "application/json", "\"total\":3,\"daemon\":{\"version\":" },
	{ "GET /status", "Accept: text/html\r\n", 200, "text/html; charset=utf-8", "<table>" },
	{ "GET /status", "Accept: image/png\r\n", 406, "application/problem+json", "json or html" },
	{ "GET /status?format=xml", "", 400, "application/problem+json", "json or html" },
	{ "GET /status?state=sad", "", 400, "application/problem+json", "regressed" },
	{ "GET /status?limit=0", "", 400, "application/problem+json", "limit" },
	{ "GET /status?limit=1001", "", 400, "application/problem+json", "from 1 to 1000" },
	{ "GET /status?limit=2x", "", 400, "application/problem+json", "limit" },
	{ "GET /status?q=RIK", "", 200, "application/json", "\"total\":1," },
	{ "GET /status?q=m%C3%BCn", "", 200, "application/json", "\"domain_unicode\":\"m\303\274nchen.test\"" },
	{ "GET /status?q=xn--", "", 200, "application/json", "\"total\":1," },
	{ "GET /status?state=pending&q=contoso", "", 200, "application/json", "\"total\":1," },
	{ "GET /status/contoso.test", "", 200, "application/json", "{\"domain\":\"contoso.test\",\"revision\":" },
	{ "GET /status/CONTOSO.test.", "", 200, "application/json", "{\"domain\":\"contoso.test\"," },
	{ "GET /status/m%C3%BCnchen.test", "", 200, "application/json", "{\"domain\":\"xn--mnchen-3ya.test\"," },
	{ "GET /status/contoso.test?format=text", "", 200, "text/plain; charset=utf-8", "contoso.test" },
	{ "GET /status/contoso.test", "Accept: text/plain\r\n", 200, "text/plain; charset=utf-8", "contoso.test" },
	{ "GET /status/contoso.test?format=html", "", 200, "text/html; charset=utf-8", "<h1>contoso.test</h1>" },
	{ "GET /status/contoso.test?format=nagios", "", 200, "text/plain; charset=us-ascii", "M365DNS UNKNOWN: " },
	{ "GET /status/contoso.test?format=csv", "", 200, "text/csv; charset=utf-8; header=present", "domain,state," },
	{ "GET /status/contoso.test?format=prometheus", "", 200, "text/plain; version=0.0.4; charset=utf-8", "# TYPE " },
	{ "GET /status/contoso.test?format=ndjson", "", 200, "application/x-ndjson", "{\"domain\":" },
	{ "GET /status/contoso.test?format=yaml", "", 400, "application/problem+json", "nagios" },
	{ "GET /status/contoso.test", "Accept: image/png\r\n", 406, "application/problem+json", "text/csv" },
	{ "GET /status/contoso.test?fail=503", "", 503, "application/json", "{\"domain\":\"contoso.test\"," },
	{ "GET /status/contoso.test?fail=500", "", 400, "application/problem+json", "503" },
	{ "GET /status/contoso.test?until=never", "", 400, "application/problem+json", "until" },
	{ "GET /status/contoso.test?wait=soon", "", 400, "application/problem+json", "wait" },
	{ "GET /status/contoso.test?since=-1", "", 400, "application/problem+json", "since" },
	{ "GET /status/contoso.test?wait=60&since=0", "", 200, "application/json", "{\"domain\":" },
	{ "GET /status/unknown.test", "", 404, "application/problem+json", "not watched" },
	{ "GET /status/unknown.test", "Accept: text/html,*/*;q=0.8\r\n", 404, "text/html; charset=utf-8", "not watched" },
	{ "GET /status/unknown.test?format=html", "", 404, "text/html; charset=utf-8", "<h1>unknown.test</h1>" },
	{ "GET /status/a..b", "", 400, "application/problem+json", "" },
	{ "GET /history/contoso.test", "", 200, "application/json", "\"transitions\":[],\"next\":null,\"spread\":[]" },
	{ "GET /history/unknown.test", "", 404, "application/problem+json", "no history" },
	{ "GET /history/contoso.test?cursor=-1", "", 400, "application/problem+json", "cursor" },
	{ "GET /history/contoso.test?cursor=0", "", 400, "application/problem+json", "cursor" },
	{ "GET /history/contoso.test?cursor=18446744073709551617", "", 400, "application/problem+json", "cursor" },
	{ "GET /history/contoso.test?cursor=999999999999999999", "", 200, "application/json", "\"transitions\":[],\"next\":null" },
	{ "GET /history/contoso.test?cursor=1%202", "", 400, "application/problem+json", "cursor" },
	{ "GET /status?cursor=%22%3B--", "", 200, "application/json", "\"total\":3" },
	{ "GET /status?cursor=zzzz", "", 200, "application/json", "\"domains\":[]" },
	{ "GET /status?limit=-1", "", 400, "application/problem+json", "limit" },
	{ "GET /status?limit=18446744073709551617", "", 400, "application/problem+json", "limit" },
	{ "GET /status/contoso.test?since=18446744073709551617", "", 400, "application/problem+json", "since" },
	{ "GET /status/contoso.test?wait=-1", "", 400, "application/problem+json", "wait" },
	{ "GET /status/contoso.test?wait=99999999999999999999", "", 400, "application/problem+json", "wait" },
	{ "GET /history/contoso.test?cursor=x", "", 400, "application/problem+json", "cursor" },
	{ "GET /fix/contoso.test?format=xml", "", 404, "application/problem+json", "text, zone, nsupdate" },
	{ "GET /fix/contoso.test?format=zone", "", 200, "text/dns; charset=us-ascii", "; contoso.test: " },
	{ "GET /fix/contoso.test?format=json", "", 200, "application/json", "\"changes\":[" },
	{ "GET /fix/contoso.test?format=route53", "", 204, "", "" },
	{ "GET /fix/contoso.test", "", 200, "text/plain; charset=us-ascii", "contoso.test: " },
	{ "GET /fix/unknown.test", "", 404, "application/problem+json", "not watched" },
	{ "GET /resolvers", "", 200, "application/json", "\"address\":\"11.0.9.1\"" },
	{ "GET /events?domain=unknown.test", "", 404, "application/problem+json", "not watched" },
	{ "GET /metrics", "", 200, "text/plain; version=0.0.4; charset=utf-8", "\nm365dnsd_domains{state=\"pending\"} 3\n" },
	{ "GET /metrics", "Accept: application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.1\r\n", 200,
	    "application/openmetrics-text; version=1.0.0; charset=utf-8", "\n# EOF\n" },
	{ "GET /metrics", "Accept: text/plain;version=0.0.4;q=0.5,application/openmetrics-text;q=0.3\r\n", 200,
	    "text/plain; version=0.0.4; charset=utf-8", "# TYPE m365dnsd_build_info gauge\n" },
	{ "GET /metrics", "Accept: image/png\r\n", 200, "text/plain; version=0.0.4; charset=utf-8", "process_open_fds " },
	{ "GET /-/healthy", "", 200, "text/plain; charset=utf-8", "healthy" },
	{ "GET /-/ready", "", 200, "text/plain; charset=utf-8", "ready" },
	{ "GET /openapi.json", "", 200, "application/json", "\"openapi\": \"3.1.0\"" },
	{ "POST /check/contoso.test", "", 401, "application/problem+json", "token" },
	{ "POST /check/contoso.test", TOKEN, 202, "application/json", "{\"domain\":\"contoso.test\",\"revision\":" },
	{ "POST /check/unknown.test", TOKEN, 404, "application/problem+json", "not watched" },
	{ "POST /-/reload", TOKEN, 200, "application/json", "true" },
	{ "DELETE /domains/unknown.test", TOKEN, 404, "application/problem+json", "not watched" },
	{ "DELETE /domains/contoso.test", "", 401, "application/problem+json", "" },
	{ "PUT /status", TOKEN, 405, "application/problem+json", "" },
};

START_TEST(one_reply)
{
	const char *type;
	unsigned status;

	bench_up();
	status = ask_with(cases[_i].request, cases[_i].headers, NULL);
	type = web_header(&b.reply, "Content-Type");
	ck_assert_msg(status == cases[_i].status, "%s: %u %s", cases[_i].request, status, str_c(&b.body));
	ck_assert_msg(strcmp(type != NULL ? type : "", cases[_i].type) == 0, "%s: %s", cases[_i].request, str_c(&b.reply));
	ck_assert_msg(strstr(str_c(&b.body), cases[_i].wants) != NULL, "%s: %s", cases[_i].request, str_c(&b.body));
	if (strstr(cases[_i].type, "json") != NULL && strstr(cases[_i].type, "ndjson") == NULL)
		json_decref(body_json());
	if (strstr(cases[_i].type, "html") != NULL)
		ck_assert_ptr_nonnull(strstr(web_header(&b.reply, "Content-Security-Policy"), "script-src 'self'; style-src 'self'; "));
	bench_down();
}
END_TEST

START_TEST(no_token)
{
	bench_up_with(NULL);
	ck_assert_uint_eq(ask("POST /-/reload"), 403);
	ck_assert_uint_eq(ask_with("PUT /domains/x.test", "", ""), 403);
	ck_assert_uint_eq(b.reloads, 0);
	bench_down();
}
END_TEST

START_TEST(revisions)
{
	char header[64], *etag;

	bench_up();
	ck_assert_uint_eq(ask("GET /status/contoso.test"), 200);
	etag = xstrdup(web_header(&b.reply, "ETag"));
	snprintf(header, sizeof(header), "\"%llu\"",
	    (unsigned long long)board_revision(pipeline_find(b.api.pipeline, "contoso.test")));
	ck_assert_str_eq(etag, header);
	snprintf(header, sizeof(header), "If-None-Match: %s\r\n", etag);
	ck_assert_uint_eq(ask_with("GET /status/contoso.test", header, NULL), 304);
	ck_assert_uint_eq(ask_with("GET /status/contoso.test?format=text", header, NULL), 200);
	ck_assert_uint_eq(ask_with("GET /status/contoso.test?fail=503", header, NULL), 503);
	ck_assert_uint_eq(ask_with("HEAD /status/contoso.test", "", NULL), 200);
	ck_assert_uint_eq(b.body.len, 0);
	free(etag);
	bench_down();
}
END_TEST

START_TEST(health)
{
	bench_up();
	b.healthy = b.api.ready = false;
	ck_assert_uint_eq(ask("GET /-/healthy"), 503);
	ck_assert_ptr_nonnull(strstr(str_c(&b.body), "stands still"));
	ck_assert_uint_eq(ask("GET /-/ready"), 503);
	ck_assert_uint_eq(ask_with("POST /-/reload", TOKEN, NULL), 200);
	ck_assert_uint_eq(ask_with("POST /-/reload", TOKEN, NULL), 500);
	ck_assert_ptr_nonnull(strstr(str_c(&b.body), "m365dnsd.conf:3: no such key"));
	bench_down();
}
END_TEST

/* ---- pages of the list ---- */

START_TEST(pages)
{
	static const char *const want[] = { "contoso.test", "fabrikam.test", "xn--mnchen-3ya.test" };
	static const char *const filters[] = { "", "&state=pending", "&q=test" };

	bench_up();
	for (size_t f = 0; f < ARRAY_LEN(filters); f++) {
		char cursor[300] = "", request[400];
		json_t *j;

		for (size_t i = 0; i < 3; i++) {
			const json_t *list, *next;

			snprintf(request, sizeof(request), "GET /status?limit=1%s%s", filters[f], cursor);
			ck_assert_uint_eq(ask(request), 200);
			j = body_json();
			list = json_object_get(j, "domains");
			next = json_object_get(j, "next");
			ck_assert_uint_eq(json_array_size(list), 1);
			ck_assert_str_eq(json_string_value(json_object_get(json_array_get(list, 0), "domain")), want[i]);
			ck_assert_int_eq(json_integer_value(json_object_get(j, "total")), 3);
			ck_assert_int_eq(json_is_null(next), i == 2);
			if (i < 2)
				snprintf(cursor, sizeof(cursor), "&cursor=%s", json_string_value(next));
			json_decref(j);
		}
	}
	bench_down();
}
END_TEST

/* ---- waiting ---- */

static bool
is_parked(void *ctx)
{
	(void)ctx;
	return http_get_stats(b.api.http)->streams > 0;
}

static void
wait_on(struct web_client *c, const char *request)
{
	web_connect(&b.web, c);
	say(c, request, "", NULL);
	ck_assert(web_until(&b.web, is_parked, NULL));
}

START_TEST(long_poll_change)
{
	struct web_client c;
	char request[128];

	bench_up();
	live(1000);
	snprintf(request, sizeof(request), "GET /status/contoso.test?wait=60&since=%llu",
	    (unsigned long long)board_revision(pipeline_find(b.api.pipeline, "contoso.test")));
	wait_on(&c, request);
	publish();
	live(700000);
	ck_assert_uint_eq(take(&c), 200);
	ck_assert_ptr_nonnull(strstr(str_c(&b.body), "\"state\":\"complete\""));
	bench_down();
}
END_TEST

/* A wake that changes nothing for this client parks it again. */
START_TEST(long_poll_until)
{
	struct web_client c;

	bench_up();
	live(1000);
	wait_on(&c, "GET /status/contoso.test?until=complete&wait=60m");
	http_wake(b.api.http, "contoso.test");
	web_run_ms(&b.web, 5);
	ck_assert_uint_eq(c.in.len, 0);
	ck_assert(is_parked(NULL));
	publish();
	live(700000);
	ck_assert_uint_eq(take(&c), 200);
	ck_assert_ptr_nonnull(strstr(str_c(&b.body), "\"complete\":true"));
	ck_assert_uint_eq(ask("GET /status/contoso.test?until=complete&wait=60&fail=503"), 200);
	bench_down();
}
END_TEST

START_TEST(long_poll_times_out)
{
	bench_up();
	live(1000);
	ck_assert_uint_eq(ask("GET /status/contoso.test?wait=1"), 200);
	ck_assert_uint_eq(ask("GET /status/contoso.test?wait=1&until=published&fail=503"), 503);
	bench_down();
}
END_TEST

START_TEST(long_poll_of_one_removed)
{
	struct web_client c;

	bench_up();
	live(1000);
	wait_on(&c, "GET /status/contoso.test?wait=60");
	ck_assert_uint_eq(ask_with("DELETE /domains/contoso.test", TOKEN, NULL), 204);
	ck_assert_uint_eq(take(&c), 404);
	bench_down();
}
END_TEST

/* The server ends, or the client goes, while others wait: nothing is left behind (the sanitizer looks). */
START_TEST(ends_while_waiting)
{
	struct web_client c, d;

	bench_up();
	live(1000);
	wait_on(&c, "GET /status/contoso.test?wait=60");
	web_connect(&b.web, &d);
	say(&d, "GET /history/contoso.test", "", NULL);
	web_close(&d);
	web_run_ms(&b.web, 5);
	web_close(&c);
	bench_down();
}
END_TEST

/* ---- history and events ---- */

START_TEST(history_pages)
{
	uint64_t id = 0;
	json_t *j;

	bench_up();
	for (unsigned i = 1; i <= 3; i++)
		id = lab_transition(&b.lab, "contoso.test", i);
	lab_committed(&b.lab, id);
	ck_assert_uint_eq(ask("GET /history/contoso.test?limit=2"), 200);
	j = body_json();
	ck_assert_uint_eq(json_array_size(json_object_get(j, "transitions")), 2);
	ck_assert_int_eq(json_integer_value(json_object_get(json_array_get(json_object_get(j, "transitions"), 0), "id")), (int)id);
	ck_assert_str_eq(json_string_value(json_object_get(j, "next")), "2");
	json_decref(j);
	ck_assert_uint_eq(ask("GET /history/contoso.test?limit=2&cursor=2"), 200);
	j = body_json();
	ck_assert_uint_eq(json_array_size(json_object_get(j, "transitions")), 1);
	ck_assert(json_is_null(json_object_get(j, "next")));
	json_decref(j);
	ck_assert_uint_eq(ask("GET /history/unknown.test"), 404);
	bench_down();
}
END_TEST

START_TEST(no_store)
{
	bench_up();
	b.api.store = NULL;
	ck_assert_uint_eq(ask("GET /history/contoso.test"), 503);
	ck_assert_uint_eq(ask("GET /status"), 200);
	ck_assert_ptr_nonnull(strstr(str_c(&b.body), "\"store\":null"));
	ck_assert_uint_eq(ask("GET /metrics"), 200);
	bench_down();
}
END_TEST

START_TEST(events)
{
	const struct transition t = { .revision = 7, .at_unix_ms = START, .domain = "contoso.test", .from = "published", .to = "complete",
		.event = EVENT_COMPLETE };
	const struct transition other = { .revision = 8, .at_unix_ms = START, .domain = "fabrikam.test", .from = "a", .to = "b" };
	struct web_client c;

	bench_up();
	web_connect(&b.web, &c);
	say(&c, "GET /events?domain=Contoso.test", "", NULL);
	ck_assert(web_wait_text(&c, "text/event-stream"));
	api_event(&b.api, 21, &other, true);
	api_event(&b.api, 22, &t, false);
	api_event(&b.api, 23, &t, true);
	ck_assert(web_wait_text(&c, "id: 7.22\nevent: transition\ndata: {\"id\":22,\"revision\":7,\"at\":\"2026-11-21T10:20:30Z\","
				    "\"domain\":\"contoso.test\",\"record\":null,"));
	ck_assert(web_wait_text(&c, "id: 7\nevent: transition\ndata: {\"id\":23,"));
	ck_assert_ptr_eq(strstr(str_c(&c.in), "fabrikam"), NULL);
	web_close(&c);
	web_connect(&b.web, &c);
	say(&c, "GET /events", "", NULL);
	ck_assert(web_wait_text(&c, "text/event-stream"));
	api_event(&b.api, 24, &other, true);
	ck_assert(web_wait_text(&c, "id: 24\nevent: transition\ndata: {\"id\":24,\"revision\":8,"));
	web_close(&c);
	bench_down();
}
END_TEST

/* History: 1 and 2 of revision 1, 3 of revision 2, 4 of another domain, 5 of revision 3.  6 is told while that is read. */
static const struct {
	const char *name, *request, *last_id;
	const char *wants;	/* the ids */
} resumes[] = {
	{ "its end", "GET /events?domain=contoso.test", "3", "4 " },
	{ "a revision", "GET /events?domain=contoso.test", "1", "2 3 4 " },
	{ "within a revision", "GET /events?domain=contoso.test", "1.1", "1 2 3 4 " },
	{ "from the start", "GET /events?domain=contoso.test", "0", "1.1 1 2 3 4 " },
	{ "nobody's revision", "GET /events?domain=contoso.test", "1000", "4 " },
	{ "no id of ours", "GET /events?domain=contoso.test", "x", "4 " },
	{ "nor that", "GET /events?domain=contoso.test", "1.", "4 " },
	{ "too long", "GET /events?domain=contoso.test", "1234567890123456789", "4 " },
	{ "all", "GET /events", "2", "3 4 5 6 " },
	{ "all from the start", "GET /events", "0", "1 2 3 4 5 6 " },
	{ "all and the end", "GET /events", "5", "6 " },
	{ "an id of the other kind", "GET /events", "1.1", "6 " },
	{ "an id of another database", "GET /events", "1000", "6 " },
	{ "negative", "GET /events", "-1", "6 " },
	{ "with a sign", "GET /events", "+1", "6 " },
	{ "hexadecimal", "GET /events", "0x1", "6 " },
	{ "with an exponent", "GET /events", "1e0", "6 " },
	{ "more than 64 bits", "GET /events", "18446744073709551617", "6 " },
	{ "more follows", "GET /events", "1 2", "6 " },
	{ "in other digits", "GET /events", "\357\274\221", "6 " },
	{ "three parts", "GET /events?domain=contoso.test", "1.1.1", "4 " },
	{ "no revision", "GET /events?domain=contoso.test", ".1", "4 " },
	{ "a negative part", "GET /events?domain=contoso.test", "1.-1", "4 " },
	{ "a part of more than 64 bits", "GET /events?domain=contoso.test", "1.18446744073709551617", "4 " },
	{ "empty", "GET /events", "", "6 " },
};

static const char *
ids_of(const char *stream)
{
	static char ret[256];

	ret[0] = '\0';
	for (const char *p = stream; (p = strstr(p, "id: ")) != NULL; p++)
		snprintf(ret + strlen(ret), sizeof(ret) - strlen(ret), "%.*s ", (int)strcspn(p + 4, "\n"), p + 4);
	return ret;
}

static bool
is_answered(void *ctx)
{
	return b.api.replays != NULL || strstr(str_c(&((struct web_client *)ctx)->in), "retry: ") != NULL;
}

static bool
is_told(void *ctx)
{
	return store_told_id(b.lab.store) == *(const uint64_t *)ctx;
}

START_TEST(events_resume)
{
	static const struct {
		const char *domain;
		uint64_t revision;
	} past[] = { { "contoso.test", 1 }, { "contoso.test", 1 }, { "contoso.test", 2 }, { "fabrikam.test", 9 }, { "contoso.test", 3 } };
	const struct transition t = { .revision = 4, .at_unix_ms = START, .domain = "contoso.test", .from = "a", .to = "b" };
	struct web_client c;
	char header[64];
	uint64_t id = 0;

	bench_up();
	for (size_t i = 0; i < ARRAY_LEN(past); i++)
		id = lab_transition(&b.lab, past[i].domain, past[i].revision);
	ck_assert(web_until(&b.web, is_told, &id));
	snprintf(header, sizeof(header), "Last-Event-ID: %s\r\n", resumes[_i].last_id);
	web_connect(&b.web, &c);
	say(&c, resumes[_i].request, header, NULL);
	loop_fd_set(b.store_fd, 0);
	ck_assert(web_until(&b.web, is_answered, &c));
	api_event(&b.api, id + 1, &t, true);
	loop_fd_set(b.store_fd, LOOP_READ);
	ck_assert(web_wait_text(&c, "\"to\":\"b\""));
	ck_assert_msg(strcmp(ids_of(str_c(&c.in)), resumes[_i].wants) == 0, "%s: %s", resumes[_i].name, ids_of(str_c(&c.in)));
	web_close(&c);
	bench_down();
}
END_TEST

/* What is too much for one go comes in several: the stream ends, and nothing is left out. */
START_TEST(events_resume_in_parts)
{
	struct web_client c;
	uint64_t id = 0;

	bench_up();
	for (uint64_t i = 0; i < 700; i++)
		id = lab_transition(&b.lab, "contoso.test", 1 + i);
	ck_assert(web_until(&b.web, is_told, &id));
	web_connect(&b.web, &c);
	say(&c, "GET /events", "Last-Event-ID: 0\r\n", NULL);
	ck_assert_uint_eq(take(&c), 200);
	ck_assert_ptr_nonnull(strstr(str_c(&b.body), "id: 1\n"));
	ck_assert_ptr_nonnull(strstr(str_c(&b.body), "id: 500\n"));
	ck_assert_ptr_null(strstr(str_c(&b.body), "id: 501\n"));
	web_connect(&b.web, &c);
	say(&c, "GET /events", "Last-Event-ID: 500\r\n", NULL);
	ck_assert(web_wait_text(&c, "id: 700\n"));
	ck_assert_ptr_nonnull(strstr(str_c(&c.in), "id: 501\n"));
	ck_assert_ptr_null(strstr(str_c(&c.in), "id: 500\n"));
	web_close(&c);
	bench_down();
}
END_TEST

/* ---- domains ---- */

static const struct {
	const char *name, *headers, *body;
	enum api_outcome outcome;
	unsigned status;
	const char *wants;	/* in the block that arrives, or in the problem */
} bodies[] = {
	{ "nothing is all defaults", "", "", API_CREATED, 201, "new.test: domain \"new.test\" {" },
	{ "text", "", "tenant = \"new\" # mine\nservices = {\"exchange\", \"dkim\"}", API_DONE, 200, "tenant = \"new\"" },
	{ "JSON by its label", "Content-Type: application/json\r\n", " {\"tenant\":\"new\"}", API_CREATED, 201, "tenant = \"new\"" },
	{ "JSON by its looks", "Content-Type: application/x-www-form-urlencoded\r\n",
	    "{\"services\":[\"exchange\",\"dmarc\"],\"spf\":{\"ip4\":[\"203.0.113.5\"]}}", API_CREATED, 201, "ip4 = {\"203.0.113.5\"}" },
	{ "JSON with titles", "", "{\"record\":{\"crm\":{\"type\":\"CNAME\",\"name\":\"crm\",\"value\":[\"a.example.com\"]}}}", API_CREATED,
	    201, "record \"crm\" {" },
	{ "a quote in a text", "", "{\"record\":{\"t\":{\"type\":\"TXT\",\"name\":\"t\",\"value\":[\"a\\\"b\\\\c$HOME${HOME}\"]}}}",
	    API_CREATED, 201, "a\\\"b\\\\c$HOME${HOME}" },
	{ "null is not given", "", "{\"tenant\":null}", API_CREATED, 201, "{\n}" },
	{ "unknown key", "", "colour = \"red\"", API_CREATED, 400, "colour" },
	{ "unknown key in JSON", "", "{\"colour\":\"red\"}", API_CREATED, 400, "colour" },
	{ "bad value, with its line", "", "tenant = \"new\"\nprofile = strange", API_CREATED, 400, "line 2: " },
	{ "JSON that is none", "", "{\"tenant\":", API_CREATED, 400, "line 1: " },
	{ "JSON that is no object", "Content-Type: application/json\r\n", "[]", API_CREATED, 400, "object" },
	{ "the same key twice", "", "{\"tenant\":\"a\",\"tenant\":\"b\"}", API_CREATED, 400, "duplicate" },
	{ "out of the block", "", "} listen = {\"0.0.0.0:80\"} domain \"evil.test\" {", API_CREATED, 400, "brace" },
	{ "out of the block behind a comment", "", "/* } */ }\ndomain \"evil.test\" { /*", API_CREATED, 400, "line 1: " },
	{ "an open block", "", "spf { ", API_CREATED, 400, "{ without its }" },
	{ "an open string", "", "tenant = \"x", API_CREATED, 400, "line 1: " },
	{ "key as code", "", "{\"tenant = 1 } domain x {\":\"a\"}", API_CREATED, 400, "key" },
	{ "title as code", "", "{\"record\":{\"x\\\" {} } domain \\\"evil.test\\\" { #\":{}}}", API_CREATED, 400, "" },
	{ "line end in a text", "", "{\"tenant\":\"a\\nb\"}", API_CREATED, 400, "control character" },
	{ "a number in the place of a text", "", "{\"tenant\":1e999}", API_CREATED, 400, "" },
	{ "a number longer than any", "", "{\"authorities\":123456789012345678901234567890}", API_CREATED, 400, "" },
	{ "NUL in a text", "", "{\"tenant\":\"a\\u0000b\"}", API_CREATED, 400, "" },
	{ "NUL in a key", "", "{\"ten\\u0000ant\":\"a\"}", API_CREATED, 400, "" },
	{ "half a surrogate", "", "{\"tenant\":\"\\ud800\"}", API_CREATED, 400, "" },
	{ "not UTF-8", "", "{\"tenant\":\"\377\"}", API_CREATED, 400, "" },
	{ "text that is not UTF-8", "", "tenant = \"a\377\"", API_CREATED, 400, "" },
	{ "text with a control character", "", "tenant = \"a\001\"", API_CREATED, 400, "" },
	{ "a list of lists", "", "{\"services\":[[\"exchange\"]]}", API_CREATED, 400, "" },
	{ "a list of objects", "", "{\"services\":[{}]}", API_CREATED, 400, "" },
	{ "an object in the place of a text", "", "{\"tenant\":{}}", API_CREATED, 400, "" },
	{ "an empty key", "", "{\"\":1}", API_CREATED, 400, "key" },
	{ "key twice in text", "", "tenant = a\ntenant = b", API_CREATED, 400, "twice" },
	{ "more behind the object", "", "{} {}", API_CREATED, 400, "" },
	{ "an include", "", "include(\"/etc/passwd\")", API_CREATED, 400, "" },
	{ "of the environment", "", "tenant = \"${HOME}\"", API_CREATED, 400, "" },
	{ "a key of the file", "", "listen = {\"0.0.0.0:80\"}", API_CREATED, 400, "listen" },
	{ "in a file", "", "", API_CONFLICT, 409, "conf.d/x.conf:1" },
	{ "not now", "", "", API_FAILED, 503, "" },
};

START_TEST(put)
{
	char headers[256];
	unsigned status;
	const char *text;

	bench_up();
	b.outcome = bodies[_i].outcome;
	snprintf(headers, sizeof(headers), "%s%s", TOKEN, bodies[_i].headers);
	status = ask_with("PUT /domains/New.test", headers, bodies[_i].body);
	text = status < 300 ? str_c(&b.block) : str_c(&b.body);
	ck_assert_msg(status == bodies[_i].status, "%s: %u %s", bodies[_i].name, status, str_c(&b.body));
	ck_assert_msg(strstr(text, bodies[_i].wants) != NULL, "%s: %s", bodies[_i].name, text);
	if (status == 400)
		ck_assert_msg(b.block.len == 0, "%s: %s", bodies[_i].name, str_c(&b.block));
	bench_down();
}
END_TEST

/* Brackets within brackets, as many as a body may hold. */
static const struct {
	const char *name, *open;
} deep[] = { { "lists", "[" }, { "objects", "{\"a\":" }, { "views", "{\"view\":{\"public\":" }, { "blocks of text", "view \"public\" {" } };

START_TEST(put_deep)
{
	struct str body = STR_INIT;
	unsigned status;

	bench_up();
	if (_i < 2)
		str_add(&body, "{\"tenant\":");
	while (body.len < 60000)
		str_add(&body, deep[_i].open);
	status = ask_with("PUT /domains/new.test", TOKEN, str_c(&body));
	ck_assert_msg(status == 400 && b.block.len == 0, "%s: %u %.200s", deep[_i].name, status, str_c(&b.body));
	str_done(&body);
	bench_down();
}
END_TEST

#define L50 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static const struct {
	const char *name;
	unsigned status;
	const char *is;		/* as it arrives; NULL = not at all */
} names[] = {
	{ "A.Test", 201, "a.test" },
	{ "a.test.", 201, "a.test" },
	{ "m%C3%BCnchen.test", 201, "xn--mnchen-3ya.test" },
	{ "M%C3%9CNCHEN.test", 201, "xn--mnchen-3ya.test" },
	{ "xn--mnchen-3ya.test", 201, "xn--mnchen-3ya.test" },
	{ "stra%C3%9Fe.test", 201, "xn--strae-oqa.test" },
	{ L50 "." L50 "." L50 "." L50 ".aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 201,
	    L50 "." L50 "." L50 "." L50 ".aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" },
	{ L50 "." L50 "." L50 "." L50 "." L50, 400, NULL },
	{ L50 "aaaaaaaaaaaaaa.test", 400, NULL },
	{ "xn--a.test", 201, "xn--a.test" },		/* no label of IDNA, but of DNS */
	{ "xn--.test", 201, "xn--.test" },
	{ "%C3%BC%CC%88%CC%88.%E2%80%AE.test", 400, NULL },
	{ "a%E2%80%8B.test", 201, "a.test" },		/* mapped to nothing */
	{ ".", 400, NULL },
	{ "a..test", 400, NULL },
	{ ".test", 400, NULL },
	{ "*.test", 400, NULL },
	{ "a%20b.test", 400, NULL },
	{ "a%22%7D.test", 400, NULL },
	{ "a%5C.test", 400, NULL },
	{ "a%2Fb.test", 400, NULL },
	{ "192.0.2.1", 400, NULL },
	{ "%5B::1%5D", 400, NULL },
};

START_TEST(put_names)
{
	char *request = xasprintf("PUT /domains/%s", names[_i].name), *wants = NULL;
	unsigned status;

	bench_up();
	b.outcome = API_CREATED;
	str_clear(&b.block);
	status = ask_with(request, TOKEN, "");
	ck_assert_msg(status == names[_i].status, "%s: %u %s", names[_i].name, status, str_c(&b.body));
	if (names[_i].is != NULL)
		wants = xasprintf("%s: domain \"%s\" {", names[_i].is, names[_i].is);
	ck_assert_msg(wants == NULL ? b.block.len == 0 : strncmp(str_c(&b.block), wants, strlen(wants)) == 0, "%s: %s", names[_i].name,
	    str_c(&b.block));
	free(wants);
	free(request);
	bench_down();
}
END_TEST

START_TEST(del)
{
	bench_up();
	b.outcome = API_CONFLICT;
	ck_assert_uint_eq(ask_with("DELETE /domains/contoso.test", TOKEN, NULL), 409);
	ck_assert_ptr_nonnull(strstr(str_c(&b.body), "conf.d/x.conf:1"));
	b.outcome = API_DONE;
	ck_assert_uint_eq(ask_with("DELETE /domains/M%C3%BCnchen.test", TOKEN, NULL), 204);
	ck_assert_uint_eq(ask("GET /status/m%C3%BCnchen.test"), 404);
	bench_down();
}
END_TEST

/* Nobody is told that it is done before it is durable; a disk that takes too long is no reason to say that it is not. */
static const struct {
	const char *name, *request;
	enum api_outcome outcome;
	bool kept;
	unsigned status;
	const char *wants;
} kept[] = {
	{ "new", "PUT /domains/fabrikam.test", API_CREATED, true, 201, "\"revision\":" },
	{ "changed", "PUT /domains/fabrikam.test", API_DONE, true, 200, "\"revision\":" },
	{ "not kept yet", "PUT /domains/fabrikam.test", API_CREATED, false, 202, "{\"domain\":\"fabrikam.test\",\"kept\":false}" },
	{ "removed", "DELETE /domains/fabrikam.test", API_DONE, true, 204, "" },
	{ "its removal not kept yet", "DELETE /domains/fabrikam.test", API_DONE, false, 202, "\"kept\":false" },
};

static bool
somebody_waits(void *ctx)
{
	(void)ctx;
	return b.done != NULL;
}

START_TEST(answered_when_kept)
{
	struct web_client c;

	bench_up();
	b.slow = true;
	b.outcome = kept[_i].outcome;
	web_connect(&b.web, &c);
	say(&c, kept[_i].request, TOKEN, "");
	ck_assert(web_until(&b.web, somebody_waits, NULL));
	web_run_ms(&b.web, 5);
	ck_assert_msg(c.in.len == 0, "%s: %s", kept[_i].name, str_c(&c.in));
	b.done(b.done_ctx, kept[_i].kept);
	ck_assert_msg(take(&c) == kept[_i].status, "%s: %s", kept[_i].name, str_c(&b.reply));
	ck_assert_msg(strstr(str_c(&b.body), kept[_i].wants) != NULL, "%s: %s", kept[_i].name, str_c(&b.body));
	bench_down();
}
END_TEST

/* The server ends first: the answer that comes too late finds nobody. */
START_TEST(kept_after_the_end)
{
	struct web_client c;

	bench_up();
	b.slow = true;
	b.outcome = API_CREATED;
	web_connect(&b.web, &c);
	say(&c, "PUT /domains/fabrikam.test", TOKEN, "");
	ck_assert(web_until(&b.web, somebody_waits, NULL));
	web_close(&c);
	bench_down();
	b.done(b.done_ctx, true);
}
END_TEST

/* A reload that is on its way is waited for, whatever comes of it; and what was asked for holds though who asked has gone away. */
static const struct {
	const char *name, *request;
	bool ok, gone;
	unsigned status;
} settling[] = {
	{ "then it is made", "PUT /domains/fabrikam.test", true, false, 201 },
	{ "then it is removed", "DELETE /domains/contoso.test", true, false, 204 },
	{ "the end comes", "PUT /domains/fabrikam.test", false, false, 503 },
	{ "the end comes before the removal", "DELETE /domains/contoso.test", false, false, 503 },
	{ "the client is gone", "PUT /domains/fabrikam.test", true, true, 0 },
	{ "client and daemon are gone", "DELETE /domains/contoso.test", false, true, 0 },
};

static bool
somebody_settles(void *ctx)
{
	(void)ctx;
	return b.settled != NULL;
}

START_TEST(waits_for_a_reload)
{
	struct web_client c;

	bench_up();
	b.changing = true;
	b.outcome = strncmp(settling[_i].request, "PUT", 3) == 0 ? API_CREATED : API_DONE;
	str_clear(&b.block);
	web_connect(&b.web, &c);
	say(&c, settling[_i].request, TOKEN, "");
	ck_assert(web_until(&b.web, somebody_settles, NULL));
	web_run_ms(&b.web, 5);
	ck_assert_msg(c.in.len == 0, "%s: %s", settling[_i].name, str_c(&c.in));
	if (settling[_i].gone) {
		web_close(&c);
		web_run_ms(&b.web, 20);
	}
	b.settled(b.settled_ctx, settling[_i].ok, "the daemon is ending");
	ck_assert_msg((b.block.len > 0) == (settling[_i].ok && b.outcome == API_CREATED), "%s: %s", settling[_i].name,
	    str_c(&b.block));
	if (!settling[_i].gone)
		ck_assert_msg(take(&c) == settling[_i].status, "%s: %s", settling[_i].name, str_c(&b.reply));
	ck_assert_msg((pipeline_find(b.api.pipeline, "contoso.test") == NULL) == (settling[_i].status == 204), "%s",
	    settling[_i].name);
	bench_down();
}
END_TEST

/* ---- the description ---- */

static const struct name_row methods[] = {
	{ HTTP_GET, "get" }, { HTTP_POST, "post" }, { HTTP_PUT, "put" }, { HTTP_DELETE, "delete" },
};

static const struct http_route *
route_of(const char *path, int method)
{
	for (const struct http_route *r = api_routes; r->path != NULL; r++)
		if (strcmp(r->path, path) == 0 && (r->methods & 1u << method) != 0)
			return r;
	return NULL;
}

/* Each route is described, and nothing else; what needs a token says so. */
START_TEST(description)
{
	size_t described = 0, routes = 0;
	json_t *j, *paths, *path, *operation;
	const char *key, *method;

	bench_up();
	ck_assert_uint_eq(ask("GET /openapi.json"), 200);
	j = body_json();
	paths = json_object_get(j, "paths");
	json_object_foreach(paths, key, path)
		json_object_foreach(path, method, operation) {
			static NAME_TABLE(table, methods);
			const struct http_route *r;
			int id;

			ck_assert_msg(name_find(&table, method, &id), "%s %s", method, key);
			r = route_of(key, id);
			ck_assert_msg(r != NULL, "%s %s is no route", method, key);
			ck_assert_msg(r->token == (json_object_get(operation, "security") != NULL), "%s %s: token", method, key);
			ck_assert_msg(json_object_size(json_object_get(operation, "responses")) > 0, "%s %s: responses", method, key);
			described++;
		}
	for (const struct http_route *r = api_routes; r->path != NULL; r++)
		routes += (size_t)__builtin_popcount(r->methods);
	ck_assert_uint_eq(described, routes);
	json_decref(j);
	bench_down();
}
END_TEST

/* Every "$ref" of the description leads somewhere. */
static void
follow(const json_t *root, const json_t *j)
{
	const char *key, *ref = json_string_value(json_object_get(j, "$ref"));
	const json_t *value;
	size_t i;

	if (ref != NULL) {
		char part[3][64] = { "", "", "" };

		ck_assert_msg(sscanf(ref, "#/%63[^/]/%63[^/]/%63[^/]", part[0], part[1], part[2]) == 3, "%s", ref);
		ck_assert_msg(json_object_get(json_object_get(json_object_get(root, part[0]), part[1]), part[2]) != NULL, "%s", ref);
	}
	json_object_foreach((json_t *)(uintptr_t)j, key, value)
		follow(root, value);
	json_array_foreach(j, i, value)
		follow(root, value);
}

/* The members of a document are those that its schema requires, or knows. */
static void
fits(const json_t *root, const char *schema, json_t *document)
{
	const json_t *s = json_object_get(json_object_get(json_object_get(root, "components"), "schemas"), schema), *required;
	const char *key;
	const json_t *value;
	size_t i;

	json_array_foreach(json_object_get(s, "required"), i, required)
		ck_assert_msg(json_object_get(document, json_string_value(required)) != NULL, "%s: no %s", schema,
		    json_string_value(required));
	json_object_foreach(document, key, value)
		ck_assert_msg(json_object_get(json_object_get(s, "properties"), key) != NULL, "%s: %s is not described", schema, key);
}

static json_t *
document(const char *request)
{
	ck_assert_uint_eq(ask(request), 200);
	return body_json();
}

static json_t *
first(const json_t *j, const char *list)
{
	return json_array_get(json_object_get(j, list), 0);
}

START_TEST(schemas)
{
	json_t *root, *list, *status, *resolvers, *history, *fix;

	bench_up();
	live(10000);
	fix = document("GET /fix/contoso.test?format=json");
	publish();
	live(10000);
	lab_committed(&b.lab, lab_transition(&b.lab, "contoso.test", 1));
	root = document("GET /openapi.json");
	follow(root, root);
	list = document("GET /status");
	fits(root, "List", list);
	fits(root, "Summary", first(list, "domains"));
	fits(root, "Daemon", json_object_get(list, "daemon"));
	status = document("GET /status/fabrikam.test");
	fits(root, "Status", status);
	fits(root, "Record", first(status, "records"));
	fits(root, "Cell", first(first(status, "records"), "cells"));
	fits(root, "Fix", fix);
	fits(root, "FixChange", first(fix, "changes"));
	fits(root, "FixValue", first(first(fix, "changes"), "add"));
	resolvers = document("GET /resolvers");
	fits(root, "Resolvers", resolvers);
	history = document("GET /history/contoso.test");
	fits(root, "History", history);
	fits(root, "Transition", first(history, "transitions"));
	json_decref(root);
	json_decref(list);
	json_decref(status);
	json_decref(resolvers);
	json_decref(history);
	json_decref(fix);
	bench_down();
}
END_TEST

START_TEST(process)
{
	struct view_process p;

	api_process(&p);
	ck_assert(p.cpu_seconds >= 0 && p.start_unix_seconds > 1e9);
	ck_assert_int_gt(p.resident_bytes, 100000);
	ck_assert_int_gt(p.virtual_bytes, p.resident_bytes);
	ck_assert_int_ge(p.open_fds, 3);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("api");
	TCase *t = tcase_create("api");
	SRunner *sr = srunner_create(s);
	int failed;

	suite_add_tcase(s, t);
	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, one_reply, 0, (int)ARRAY_LEN(cases));
	tcase_add_test(t, no_token);
	tcase_add_test(t, revisions);
	tcase_add_test(t, health);
	tcase_add_test(t, pages);
	tcase_add_test(t, long_poll_change);
	tcase_add_test(t, long_poll_until);
	tcase_add_test(t, long_poll_times_out);
	tcase_add_test(t, long_poll_of_one_removed);
	tcase_add_test(t, ends_while_waiting);
	tcase_add_test(t, history_pages);
	tcase_add_test(t, no_store);
	tcase_add_test(t, events);
	tcase_add_loop_test(t, events_resume, 0, (int)ARRAY_LEN(resumes));
	tcase_add_test(t, events_resume_in_parts);
	tcase_add_loop_test(t, put, 0, (int)ARRAY_LEN(bodies));
	tcase_add_loop_test(t, put_deep, 0, (int)ARRAY_LEN(deep));
	tcase_add_loop_test(t, put_names, 0, (int)ARRAY_LEN(names));
	tcase_add_test(t, del);
	tcase_add_loop_test(t, answered_when_kept, 0, (int)ARRAY_LEN(kept));
	tcase_add_test(t, kept_after_the_end);
	tcase_add_loop_test(t, waits_for_a_reload, 0, (int)ARRAY_LEN(settling));
	tcase_add_test(t, description);
	tcase_add_test(t, schemas);
	tcase_add_test(t, process);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed > 0;
}
