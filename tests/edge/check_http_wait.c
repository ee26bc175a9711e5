/* SPDX-License-Identifier: ISC */
/* What takes time: long polls, replies made later, event streams, big bodies, slow clients, full houses and the end. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include <zlib.h>

#include <m365dnsd/http.h>

#include "tests/lib/webclient.h"

static struct web web;

/* Deadlines stretch where programs run slowly (valgrind, sanitizers). */
static unsigned
slow(unsigned n)
{
	const char *times = getenv("SLOW");

	return n * (times != NULL ? (unsigned)strtoul(times, NULL, 10) : 1);
}

static struct str trace;		/* what the routes saw */

static void
answer(struct http_request *r, const char *text)
{
	struct str s = STR_INIT;

	str_add(&s, text);
	http_reply(r, 200, "text/plain", &s, NULL);
}

/* ---- routes ---- */

static void
on_quick(void *ctx, struct http_request *r)
{
	((struct web *)ctx)->handled++;
	answer(r, "quick\n");
}

/* /wait/{key}?ms=N&times=N: parks again until it was asked so many times. */
static void
on_again(void *ctx, struct http_request *r, bool timed_out)
{
	const char *times = http_query(r, "times");
	static unsigned asked;

	str_addf(&trace, "%s:%s ", http_param(r), timed_out ? "late" : "woken");
	if (!timed_out && times != NULL && ++asked < strtoul(times, NULL, 10)) {
		http_park(r, http_param(r), 20000, on_again, ctx);
		return;
	}
	asked = 0;
	answer(r, timed_out ? "late\n" : "woken\n");
}

static void
on_wait(void *ctx, struct http_request *r)
{
	const char *ms = http_query(r, "ms");

	((struct web *)ctx)->handled++;
	http_park(r, strcmp(http_param(r), "any") == 0 ? NULL : http_param(r), ms != NULL ? atoi(ms) : 20000, on_again, ctx);
}

static void
on_wake(void *ctx, struct http_request *r)
{
	http_wake(((struct web *)ctx)->http, http_param(r));
	answer(r, "ok\n");
}

static struct http_request *kept;

static void
on_later(void *ctx, struct http_request *r)
{
	((struct web *)ctx)->handled++;
	kept = r;
}

static void
on_events(void *ctx, struct http_request *r)
{
	const char *last = http_header(r, "Last-Event-ID");

	((struct web *)ctx)->handled++;
	http_events(r, http_query(r, "key"));
	if (last != NULL)
		http_event_to(r, "8", "missed", last);
	if (last != NULL && strcmp(last, "end") == 0)
		http_events_end(r);
}

/* ---- a body of SIZE bytes in pieces ---- */

enum { PIECE = 200 * 22, PIECES = 2600 };		/* 10.4 MB */
static struct {
	unsigned pieces, this_turn, worst, done;
	int64_t cpu_us, worst_us;
} big;

static bool
more(void *ctx, struct str *out)
{
	(void)ctx;
	if (big.pieces == PIECES)
		return false;
	for (int i = 0; i < PIECE / 22; i++)
		str_addf(out, "line %08u of %03d.\n", big.pieces, i % 1000);
	big.pieces++;
	if (++big.this_turn > big.worst)
		big.worst = big.this_turn;
	return true;
}

static void
done(void *ctx)
{
	(void)ctx;
	big.done++;
}

static void
on_big(void *ctx, struct http_request *r)
{
	(void)ctx;
	http_stream(r, "text/plain", more, done, NULL);
}

/* The same in one go. */
static void
on_whole(void *ctx, struct http_request *r)
{
	struct str s = STR_INIT;

	(void)ctx;
	while (more(NULL, &s))
		;
	http_reply(r, 200, "text/plain", &s, "1");
}

#define M(m) (1u << HTTP_##m)
static const struct http_route routes[] = {
	{ M(GET),  "/quick",		false, on_quick },
	{ M(GET),  "/wait/{key}",	false, on_wait },
	{ M(POST), "/wake/{key}",	false, on_wake },
	{ M(GET),  "/later",		false, on_later },
	{ M(GET),  "/events",		false, on_events },
	{ M(GET),  "/big",		false, on_big },
	{ M(GET),  "/whole",		false, on_whole },
	{ 0, NULL, false, NULL },
};

static void
start(const struct http_config *cfg)
{
	memset(&big, 0, sizeof(big));
	kept = NULL;
	str_clear(&trace);
	web_start(&web, cfg, routes);
}

static void
setup(void)
{
	const struct http_config cfg = { .ping_ms = slow(150), .streams = 4 };

	start(&cfg);
}

static void
teardown(void)
{
	web_stop(&web);
	str_done(&trace);
}

static void
get(struct web_client *c, const char *path)
{
	struct str s = STR_INIT;

	str_addf(&s, "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n", path);
	web_send(c, str_c(&s), s.len);
	str_done(&s);
}

static void
connect_and_get(struct web_client *c, const char *path)
{
	web_connect(&web, c);
	get(c, path);
}

static bool
has_handled(void *n)
{
	return web.handled >= *(unsigned *)n;
}

static void
wait_handled(unsigned n)
{
	ck_assert_msg(web_until(&web, has_handled, &n), "%u of %u requests arrived", web.handled, n);
	web_run_ms(&web, 0);
}

static bool
has_streams(void *n)
{
	return http_get_stats(web.http)->streams == *(unsigned *)n;
}

static void
wait_streams(unsigned n)
{
	ck_assert_msg(web_until(&web, has_streams, &n), "%u streams, not %u", http_get_stats(web.http)->streams, n);
}

/* ---- long poll ---- */

START_TEST(poll_woken)
{
	struct web_client a, b, any;

	connect_and_get(&a, "/wait/a");
	connect_and_get(&b, "/wait/b");
	connect_and_get(&any, "/wait/any");
	wait_handled(3);
	ck_assert_uint_eq(http_get_stats(web.http)->streams, 3);
	http_wake(web.http, "a");
	http_wake(web.http, "a");		/* one turn, one question */
	ck_assert_str_eq(str_c(&trace), "");	/* and not from here */
	ck_assert(web_wait_text(&a, "woken\n"));
	ck_assert(web_wait_text(&any, "woken\n"));
	ck_assert_uint_eq(web_count(&trace, "a:woken "), 1);
	ck_assert_uint_eq(web_count(&trace, "any:woken "), 1);
	ck_assert_uint_eq(http_get_stats(web.http)->streams, 1);
	http_wake(web.http, NULL);
	ck_assert(web_wait_text(&b, "woken\n"));
	get(&a, "/quick");			/* the connection goes on */
	ck_assert(web_wait_text(&a, "quick\n"));
	web_close(&a);
	web_close(&b);
	web_close(&any);
}
END_TEST

START_TEST(poll_timed_out)
{
	struct web_client a;

	connect_and_get(&a, "/wait/a?ms=30");
	ck_assert(web_wait_text(&a, "late\n"));
	ck_assert_str_eq(str_c(&trace), "a:late ");
	ck_assert_uint_eq(http_get_stats(web.http)->streams, 0);
	get(&a, "/wait/a?ms=0");
	ck_assert(web_wait_replies(&a, 2));
	web_close(&a);
}
END_TEST

static bool
has_woken(void *n)
{
	return web_count(&trace, "a:woken ") == *(unsigned *)n;
}

START_TEST(poll_parked_again)
{
	struct web_client a;

	connect_and_get(&a, "/wait/a?times=3");
	wait_handled(1);
	for (unsigned i = 1; i <= 2; i++) {
		http_wake(web.http, "a");
		ck_assert(web_until(&web, has_woken, &i));
		ck_assert_uint_eq(a.in.len, 0);
		ck_assert_uint_eq(http_get_stats(web.http)->streams, 1);
	}
	http_wake(web.http, "a");
	ck_assert(web_wait_text(&a, "woken\n"));
	ck_assert_str_eq(str_c(&trace), "a:woken a:woken a:woken ");
	web_close(&a);
}
END_TEST

/* A handler wakes others from inside of the library. */
START_TEST(poll_woken_by_request)
{
	struct web_client a, b;

	connect_and_get(&a, "/wait/a");
	wait_handled(1);
	web_connect(&web, &b);
	web_say(&b, "POST /wake/a HTTP/1.1\r\nHost: localhost\r\n\r\n");
	ck_assert(web_wait_text(&a, "woken\n"));
	ck_assert(web_wait_text(&b, "ok\n"));
	web_close(&a);
	web_close(&b);
}
END_TEST

START_TEST(poll_client_gone)
{
	struct web_client a;

	connect_and_get(&a, "/wait/a");
	wait_handled(1);
	web_close(&a);
	wait_streams(0);
	http_wake(web.http, "a");
	web_run_ms(&web, 0);
	ck_assert_str_eq(str_c(&trace), "");
}
END_TEST

/* What comes behind a waiting request is answered after it. */
START_TEST(poll_pipelined)
{
	struct web_client a;

	web_connect(&web, &a);
	web_say(&a, "GET /wait/a HTTP/1.1\r\nHost: localhost\r\n\r\nGET /quick HTTP/1.1\r\nHost: localhost\r\n\r\n");
	wait_handled(1);
	web_run_ms(&web, 20);
	ck_assert_uint_eq(web.handled, 1);
	http_wake(web.http, "a");
	ck_assert(web_wait_text(&a, "quick\n"));
	ck_assert_ptr_nonnull(strstr(strstr(str_c(&a.in), "woken\n"), "quick\n"));
	web_close(&a);
}
END_TEST

START_TEST(too_many_wait)
{
	struct web_client c[5];

	for (int i = 0; i < 5; i++)
		connect_and_get(&c[i], i % 2 ? "/wait/a" : "/events");
	wait_handled(5);
	ck_assert(web_wait_text(&c[4], "HTTP/1.1 503 "));
	ck_assert_ptr_nonnull(strstr(str_c(&c[4].in), "Retry-After: "));
	for (int i = 0; i < 5; i++)
		web_close(&c[i]);
	wait_streams(0);
}
END_TEST

START_TEST(reply_later)
{
	struct web_client a;

	connect_and_get(&a, "/later");
	wait_handled(1);
	ck_assert_ptr_nonnull(kept);
	web_run_ms(&web, 10);
	ck_assert_uint_eq(a.in.len, 0);
	answer(kept, "at last\n");
	ck_assert(web_wait_text(&a, "at last\n"));
	web_close(&a);
}
END_TEST

/* ---- events ---- */

START_TEST(events)
{
	struct web_client all, a, b;

	connect_and_get(&all, "/events");
	connect_and_get(&a, "/events?key=a");
	connect_and_get(&b, "/events?key=b");
	ck_assert(web_wait_text(&all, "retry: "));
	ck_assert(web_wait_text(&a, "retry: "));
	ck_assert(web_wait_text(&b, "retry: "));
	ck_assert_str_eq(web_header(&all.in, "Content-Type"), "text/event-stream");
	ck_assert_str_eq(web_header(&all.in, "Cache-Control"), "no-store");
	http_event(web.http, "a", "41", "transition", "{\"n\":1}");
	http_event(web.http, "b", "42", NULL, "two\nlines");
	http_event(web.http, NULL, "7", NULL, "two\r\nlines");
	http_event(web.http, NULL, "43\nid: 99", "x\r\ny", "last");
	http_event(web.http, "a", NULL, NULL, "last");
	http_event(web.http, "b", NULL, NULL, "last");
	ck_assert(web_wait_text(&all, "data: last\n\n"));
	ck_assert(web_wait_text(&a, "data: last\n\n"));
	ck_assert(web_wait_text(&b, "data: last\n\n"));
	ck_assert_ptr_nonnull(strstr(str_c(&all.in), "id: 7\ndata: two\ndata: lines\n\nid: 43\nevent: x\ndata: last\n\n"));
	ck_assert_ptr_null(strstr(str_c(&all.in), "99"));
	ck_assert_ptr_null(strstr(str_c(&all.in), "id: 41"));
	ck_assert_ptr_nonnull(strstr(str_c(&a.in), "id: 41\nevent: transition\ndata: {\"n\":1}\n\n"));
	ck_assert_ptr_null(strstr(str_c(&a.in), "id: 42"));
	ck_assert_ptr_nonnull(strstr(str_c(&b.in), "id: 42\ndata: two\ndata: lines\n\n"));
	ck_assert_ptr_null(strstr(str_c(&b.in), "id: 41"));
	web_close(&all);
	web_close(&a);
	web_close(&b);
	wait_streams(0);
}
END_TEST

START_TEST(events_resume)
{
	struct web_client a;

	web_connect(&web, &a);
	web_say(&a, "GET /events HTTP/1.1\r\nHost: localhost\r\nLast-Event-ID: 7\r\n\r\n");
	ck_assert(web_wait_text(&a, "id: 8\nevent: missed\ndata: 7\n\n"));
	http_event(web.http, NULL, "9", NULL, "new");
	ck_assert(web_wait_text(&a, "id: 9\ndata: new\n\n"));
	web_close(&a);
}
END_TEST

START_TEST(events_end)
{
	struct web_client a;

	web_connect(&web, &a);
	web_say(&a, "GET /events HTTP/1.1\r\nHost: localhost\r\nLast-Event-ID: end\r\n\r\n");
	ck_assert(web_wait_text(&a, "event: missed\ndata: end\n\n"));
	ck_assert(web_wait_text(&a, "\r\n0\r\n\r\n"));
	web_close(&a);
	wait_streams(0);
}
END_TEST

START_TEST(events_ping)
{
	struct web_client a;

	connect_and_get(&a, "/events");
	ck_assert(web_wait_text(&a, "\r\n:\n\n"));
	web_close(&a);
}
END_TEST

START_TEST(events_head)
{
	struct web_client a;

	web_connect(&web, &a);
	web_say(&a, "HEAD /events HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
	ck_assert(web_wait_eof(&a));
	ck_assert_uint_eq(web_status(&a.in), 200);
	wait_streams(0);
	web_close(&a);
}
END_TEST

/* A client that takes nothing gets so much and no more; the memory is bounded and the stream ends. */
START_TEST(events_backlog)
{
	struct str data = STR_INIT;
	struct web_client a;

	connect_and_get(&a, "/events");
	ck_assert(web_wait_text(&a, "retry: "));
	loop_fd_set(a.watch, 0);
	while (data.len < 10000)
		str_addc(&data, 'x');
	for (int i = 0; i < 2000; i++) {		/* 20 MB */
		http_event(web.http, NULL, NULL, NULL, str_c(&data));
		if (i % 10 == 0)
			web_run_ms(&web, 0);
	}
	loop_fd_set(a.watch, LOOP_READ);
	ck_assert(web_wait_text(&a, "\r\n0\r\n\r\n"));
	ck_assert_uint_lt(a.in.len, 15000000);
	web_close(&a);
	wait_streams(0);
	str_done(&data);
}
END_TEST

/* ---- big bodies ---- */

static int64_t
cpu_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

/* Once a turn. */
static void
next_turn(void *ctx)
{
	int64_t now = cpu_us(), took = now - big.cpu_us;

	if (took > big.worst_us && big.cpu_us != 0)
		big.worst_us = took;
	big.cpu_us = now;
	big.this_turn = 0;
	loop_defer(web.loop, next_turn, ctx);
}

static void
check_big(const struct str *body)
{
	ck_assert_uint_eq(body->len, (size_t)PIECE * PIECES);
	ck_assert_int_eq(memcmp(body->p, "line 00000000 of 000.\n", 21), 0);
	ck_assert_ptr_nonnull(strstr(body->p + body->len - PIECE, "line 00002599 of 199.\n"));
}

/* A turn of the loop makes a chunk, not the body: counted, not timed. */
START_TEST(big_body)
{
	struct str body = STR_INIT;
	struct web_client a;

	loop_defer(web.loop, next_turn, &big);
	connect_and_get(&a, "/big");
	ck_assert(web_wait_text(&a, "\r\n0\r\n\r\n"));
	web_body(&a.in, &body);
	check_big(&body);
	ck_assert_uint_eq(big.done, 1);
	ck_assert_uint_le(big.worst, 16);
	web_close(&a);
	str_done(&body);
}
END_TEST

static void
inflate_all(const struct str *in, struct str *out)
{
	static unsigned char buf[65536];
	z_stream z = { 0 };
	int rc;

	str_clear(out);
	ck_assert_int_eq(inflateInit2(&z, 15 + 16), Z_OK);
	z.next_in = (unsigned char *)in->p;
	z.avail_in = (uInt)in->len;
	do {
		z.next_out = buf;
		z.avail_out = sizeof(buf);
		rc = inflate(&z, Z_NO_FLUSH);
		ck_assert_msg(rc == Z_OK || rc == Z_STREAM_END, "inflate: %d", rc);
		str_addn(out, buf, sizeof(buf) - z.avail_out);
	} while (rc != Z_STREAM_END);
	ck_assert_uint_eq(z.avail_in, 0);
	inflateEnd(&z);
}

START_TEST(big_body_gzip)
{
	static const char *const paths[] = { "/big", "/whole" };
	struct str request = STR_INIT, body = STR_INIT, plain = STR_INIT;
	struct web_client a;

	loop_defer(web.loop, next_turn, &big);
	str_addf(&request, "GET %s HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: gzip\r\n\r\n", paths[_i]);
	web_connect(&web, &a);
	web_send(&a, str_c(&request), request.len);
	ck_assert(web_wait_text(&a, "\r\n0\r\n\r\n"));
	ck_assert_str_eq(web_header(&a.in, "Content-Encoding"), "gzip");
	web_body(&a.in, &body);
	ck_assert_uint_lt(body.len, 2000000);
	inflate_all(&body, &plain);
	check_big(&plain);
	web_close(&a);
	str_done(&request);
	str_done(&body);
	str_done(&plain);
}
END_TEST

/* 5 ms of this thread's own time, which a busy machine does not take away; the client's reading is in it. */
START_TEST(no_long_turn)
{
	int64_t limit = slow(5000), best = INT64_MAX;

	loop_defer(web.loop, next_turn, &big);
	for (int i = 0; i < 3 && best > limit; i++) {
		struct web_client a;

		memset(&big, 0, sizeof(big));
		web_connect(&web, &a);
		web_say(&a, _i == 0 ? "GET /big HTTP/1.1\r\nHost: localhost\r\n\r\n" :
		    "GET /big HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: gzip\r\n\r\n");
		ck_assert(web_wait_text(&a, "\r\n0\r\n\r\n"));
		best = big.worst_us < best ? big.worst_us : best;
		web_close(&a);
	}
	ck_assert_int_le(best, limit);
}
END_TEST

static bool
is_done(void *ctx)
{
	(void)ctx;
	return big.done > 0;
}

START_TEST(big_body_client_gone)
{
	struct web_client a;

	connect_and_get(&a, "/big");
	ck_assert(web_wait_text(&a, "line 00000000"));
	web_close(&a);
	ck_assert(web_until(&web, is_done, NULL));
	ck_assert_uint_lt(big.pieces, PIECES);
}
END_TEST

START_TEST(big_body_head)
{
	struct web_client a;

	web_connect(&web, &a);
	web_say(&a, "HEAD /big HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
	ck_assert(web_wait_eof(&a));
	ck_assert_uint_eq(web_status(&a.in), 200);
	ck_assert_str_eq(strstr(str_c(&a.in), "\r\n\r\n"), "\r\n\r\n");
	ck_assert_uint_eq(big.pieces, 0);
	ck_assert_uint_eq(big.done, 1);
	web_close(&a);
}
END_TEST

/* ---- slow clients, full houses ---- */

enum { DRIPPERS = 200 };
static struct web_client drippers[DRIPPERS];

static bool
all_cut(void *ctx)
{
	unsigned cut = 0;

	(void)ctx;
	for (int i = 0; i < DRIPPERS; i++)
		cut += drippers[i].eof;
	return cut == DRIPPERS;
}

static void
drip(void *ctx)
{
	struct loop_timer **t = ctx;
	static const char bytes[] = "GET /quick HTTP/1.1\r\nX-Drip: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
	static unsigned at;		/* the test runs once */

	for (int i = 0; i < DRIPPERS; i++)
		if (!drippers[i].eof)
			web_send(&drippers[i], &bytes[at], 1);
	if (++at < sizeof(bytes) - 1)
		loop_timer_set(*t, slow(30));
}

/* Each byte comes well within any idle timeout; others are served all the while. */
START_TEST(slow_drip)
{
	const struct http_config cfg = { .header_deadline_ms = slow(600) };
	struct loop_timer *t;
	struct web_client a;

	start(&cfg);
	for (int i = 0; i < DRIPPERS; i++)
		web_connect(&web, &drippers[i]);
	t = loop_timer_new(web.loop, drip, &t);
	loop_timer_set(t, 0);
	web_connect(&web, &a);
	for (unsigned i = 1; i <= 10; i++) {
		get(&a, "/quick");
		ck_assert(web_wait_replies(&a, i));
	}
	ck_assert(web_until(&web, all_cut, NULL));
	loop_timer_free(t);
	for (int i = 0; i < DRIPPERS; i++) {
		ck_assert_uint_eq(web_status(&drippers[i].in), 408);
		web_close(&drippers[i]);
	}
	get(&a, "/quick");
	ck_assert(web_wait_replies(&a, 11));
	ck_assert_uint_eq(http_get_stats(web.http)->timed_out, DRIPPERS);
	web_close(&a);
	web_stop(&web);
}
END_TEST

static const struct {
	const char *name, *bytes;
	unsigned status;		/* of what comes before the end; 0 = nothing */
} late_rows[] = {
	{ "nothing",		"", 408 },
	{ "half a line",	"GET /qui", 408 },
	{ "half the headers",	"GET /quick HTTP/1.1\r\nHost: loc", 408 },
	{ "half a body",	"POST /wake/a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nabc", 408 },
	{ "TLS hello",		"\x16\x03\x01\x02\x01\x01\xfc\x03\x03", 408 },
	{ "second request",	"GET /quick HTTP/1.1\r\nHost: localhost\r\n\r\nGET /quick HTTP/1.1\r\nHos", 200 },
	{ "idle after one",	"GET /quick HTTP/1.1\r\nHost: localhost\r\n\r\n", 200 },
};

START_TEST(late)
{
	const struct http_config cfg = { .header_deadline_ms = slow(100), .idle_ms = slow(100) };
	struct web_client a;

	start(&cfg);
	web_connect(&web, &a);
	web_say(&a, late_rows[_i].bytes);
	ck_assert_msg(web_wait_eof(&a), "%s: not cut", late_rows[_i].name);
	ck_assert_msg(web_status(&a.in) == late_rows[_i].status, "%s: %s", late_rows[_i].name, str_c(&a.in));
	web_close(&a);
	web_stop(&web);
}
END_TEST

/* Who waits for an answer is not late. */
START_TEST(waiting_is_not_late)
{
	const struct http_config cfg = { .header_deadline_ms = slow(50), .idle_ms = slow(50) };
	struct web_client a;

	start(&cfg);
	connect_and_get(&a, getenv("SLOW") != NULL ? "/wait/a?ms=3000" : "/wait/a?ms=300");
	ck_assert(web_wait_text(&a, "late\n"));
	web_close(&a);
	web_stop(&web);
}
END_TEST

/* All places are taken by requests that wait. */
START_TEST(full_house)
{
	static const struct http_config rows[] = {
		{ .connections = 10 }, { .connections_per_ip = 10 },
	};
	struct web_client c[12];

	start(&rows[_i]);
	for (int i = 0; i < 12; i++) {
		connect_and_get(&c[i], "/wait/a");
		if (i < 10)
			wait_handled((unsigned)i + 1);
		else
			ck_assert(web_wait_text(&c[i], "HTTP/1.1 503 "));
	}
	ck_assert_uint_eq(http_get_stats(web.http)->connections, 10);
	ck_assert_uint_eq(http_get_stats(web.http)->refused, 2);
	http_wake(web.http, "a");
	for (int i = 0; i < 10; i++)
		ck_assert(web_wait_text(&c[i], "woken\n"));
	web_close(&c[0]);
	web_close(&c[11]);
	web_run_ms(&web, 20);
	connect_and_get(&c[0], "/quick");		/* there is room again */
	ck_assert(web_wait_text(&c[0], "quick\n"));
	for (int i = 0; i < 11; i++)
		web_close(&c[i]);
	web_stop(&web);
}
END_TEST

/* Idle connections give way to new ones, the oldest first. */
START_TEST(idle_gives_way)
{
	static const struct http_config cfg = { .connections = 4 };
	struct web_client c[8];

	start(&cfg);
	for (int i = 0; i < 8; i++) {
		connect_and_get(&c[i], "/quick");
		ck_assert(web_wait_text(&c[i], "quick\n"));
		web_run_ms(&web, 5);
	}
	for (int i = 0; i < 4; i++)
		ck_assert(web_wait_eof(&c[i]));
	for (int i = 4; i < 8; i++) {
		get(&c[i], "/quick");
		ck_assert(web_wait_replies(&c[i], 2));
	}
	ck_assert_uint_eq(http_get_stats(web.http)->refused, 0);
	for (int i = 0; i < 8; i++)
		web_close(&c[i]);
	web_stop(&web);
}
END_TEST

/* A second without a byte taken is too long; a second of waiting is not. */
START_TEST(stuck)
{
	static const struct http_config cfg = { .stuck_s = 1 };
	struct web_client reader, poll, stream;

	start(&cfg);
	connect_and_get(&reader, "/big");
	ck_assert(web_wait_text(&reader, "line 00000000"));
	loop_fd_set(reader.watch, 0);
	connect_and_get(&poll, "/wait/a?ms=2500");
	connect_and_get(&stream, "/events");
	ck_assert(web_wait_text(&poll, "late\n"));
	ck_assert(web_until(&web, is_done, NULL));
	ck_assert_uint_lt(big.pieces, PIECES);
	http_event(web.http, NULL, NULL, NULL, "alive");
	ck_assert(web_wait_text(&stream, "data: alive\n"));
	web_close(&reader);
	web_close(&poll);
	web_close(&stream);
	web_stop(&web);
}
END_TEST

/* What waits costs nothing: the loop sleeps. */
START_TEST(waiting_is_free)
{
	struct web_client poll, stream, idle, half;
	int64_t before;

	start(NULL);
	connect_and_get(&poll, "/wait/a");
	connect_and_get(&stream, "/events");
	connect_and_get(&idle, "/quick");
	web_connect(&web, &half);
	web_say(&half, "GET /qui");
	ck_assert(web_wait_text(&idle, "quick\n"));
	ck_assert(web_wait_text(&stream, "retry: "));
	web_run_ms(&web, 20);
	before = cpu_us();
	web_run_ms(&web, 400);
	ck_assert_int_lt(cpu_us() - before, slow(100000));
	web_close(&poll);
	web_close(&stream);
	web_close(&idle);
	web_close(&half);
	web_stop(&web);
}
END_TEST

/* "printf ... | nc": the client closes its half when it has asked.  It need not wait until idle connections are closed. */
START_TEST(half_closed)
{
	const struct http_config cfg = { .idle_ms = 600000 };
	struct web_client a;

	start(&cfg);
	connect_and_get(&a, _i == 0 ? "/quick" : "/big");
	shutdown(a.fd, SHUT_WR);
	ck_assert(web_wait_eof(&a));
	ck_assert_uint_eq(web_status(&a.in), 200);
	ck_assert_ptr_nonnull(memmem(a.in.p, a.in.len, _i == 0 ? "quick\n" : "\r\n0\r\n\r\n", _i == 0 ? 6 : 7));
	web_close(&a);
	web_stop(&web);
}
END_TEST

START_TEST(old_client)
{
	struct web_client a;

	start(NULL);
	web_connect(&web, &a);
	web_say(&a, "GET /big HTTP/1.0\r\n\r\n");
	ck_assert(web_wait_eof(&a));
	ck_assert_ptr_null(web_header(&a.in, "Transfer-Encoding"));
	ck_assert_uint_gt(a.in.len, (size_t)PIECE * PIECES);
	web_close(&a);
	web_stop(&web);
}
END_TEST

START_TEST(bad_socket)
{
	struct http_config cfg = { .fds = &(int){ -1 }, .n_fds = 1 };
	struct err err = { "" };
	struct loop *loop = loop_new(&err);

	ck_assert_ptr_null(http_new(loop, &cfg, routes, NULL, &err));
	ck_assert_ptr_nonnull(strstr(err.msg, "listening socket"));
	loop_free(loop);
}
END_TEST

/* ---- the end ---- */

START_TEST(stop_with_everything)
{
	struct web_client poll, stream, later, idle, half, body;

	start(NULL);
	connect_and_get(&poll, "/wait/a");
	connect_and_get(&stream, "/events");
	connect_and_get(&later, "/later");
	connect_and_get(&idle, "/quick");
	connect_and_get(&body, "/big");
	web_connect(&web, &half);
	web_say(&half, "GET /qui");
	ck_assert(web_wait_text(&stream, "retry: "));
	wait_handled(4);
	http_free(web.http);
	web.http = NULL;
	ck_assert(web_wait_eof(&poll) && web_wait_eof(&stream) && web_wait_eof(&later) && web_wait_eof(&idle) && web_wait_eof(&half) &&
	    web_wait_eof(&body));
	ck_assert_uint_eq(web_status(&poll.in), 503);
	ck_assert_uint_eq(web_status(&later.in), 503);
	ck_assert_ptr_nonnull(strstr(str_c(&stream.in), "\r\n0\r\n\r\n"));
	ck_assert_uint_eq(big.done, 1);
	web_close(&poll);
	web_close(&stream);
	web_close(&later);
	web_close(&idle);
	web_close(&half);
	web_close(&body);
	web_stop(&web);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("http, in time");
	TCase *t = tcase_create("waiting"), *u = tcase_create("limits");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, poll_woken);
	tcase_add_test(t, poll_timed_out);
	tcase_add_test(t, poll_parked_again);
	tcase_add_test(t, poll_woken_by_request);
	tcase_add_test(t, poll_client_gone);
	tcase_add_test(t, poll_pipelined);
	tcase_add_test(t, too_many_wait);
	tcase_add_test(t, reply_later);
	tcase_add_test(t, events);
	tcase_add_test(t, events_resume);
	tcase_add_test(t, events_end);
	tcase_add_test(t, events_ping);
	tcase_add_test(t, events_head);
	tcase_add_test(t, events_backlog);
	tcase_add_test(t, big_body);
	tcase_add_loop_test(t, big_body_gzip, 0, 2);
	tcase_add_loop_test(t, no_long_turn, 0, 2);
	tcase_add_test(t, big_body_client_gone);
	tcase_add_test(t, big_body_head);
	suite_add_tcase(s, t);
	tcase_add_test(u, slow_drip);
	tcase_add_loop_test(u, late, 0, ARRAY_LEN(late_rows));
	tcase_add_test(u, waiting_is_not_late);
	tcase_add_loop_test(u, full_house, 0, 2);
	tcase_add_test(u, idle_gives_way);
	tcase_add_test(u, stuck);
	tcase_add_test(u, waiting_is_free);
	tcase_add_loop_test(u, half_closed, 0, 2);
	tcase_add_test(u, old_client);
	tcase_add_test(u, bad_socket);
	tcase_add_test(u, stop_with_everything);
	suite_add_tcase(s, u);

	runner = srunner_create(s);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
