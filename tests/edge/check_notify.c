/* SPDX-License-Identifier: ISC */
/* Receivers: what is sent, when, in which order, and what becomes of it when the configuration changes. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/notifylab.h"

/* ---- HTTP ---- */

START_TEST(post_is_exact)
{
	static const char *const lines[] = {
		"\r\nContent-Type: application/json\r\n", "\r\nIdempotency-Key: 17\r\n", "\r\nUser-Agent: m365dnsd/",
	};

	setenv("http_proxy", "http://127.0.0.1:1/", 1);
	begin((struct notify_config){ 0 });
	receive_by(url_of("/hook?a=b"), NULL);
	tell(17, "contoso.test", NULL, EVENT_COMPLETE);
	run_until_settled(1);
	unsetenv("http_proxy");
	ck_assert_str_eq(str_c(&settled), "ops+17");
	ck_assert(str_iprefix(server.requests[0].text, "POST /hook?a=b HTTP/1.1\r\n"));
	for (size_t i = 0; i < ARRAY_LEN(lines); i++)
		ck_assert_msg(strstr(server.requests[0].text, lines[i]) != NULL, "no %s in\n%s", lines[i], server.requests[0].text);
	ck_assert_ptr_null(strstr(server.requests[0].text, "Expect:"));
	ck_assert_str_eq(hook_server_body(0), BODY("17", "contoso.test", "null", "complete") "}");
	ck_assert_str_eq(str_c(&logged), "");
}
END_TEST

static const struct {
	const char *name, *script;
	size_t requests;		/* until it is delivered */
	const char *words;		/* of the log; NULL = none */
} outcomes[] = {
	{ "200", "200", 1, NULL },
	{ "204", "204", 1, NULL },
	{ "big body", "big", 1, NULL },
	{ "body that does not end", "part", 1, NULL },
	{ "500", "500 500 200", 3, "HTTP 500" },
	{ "404", "404 200", 2, "HTTP 404" },
	{ "close", "close 200", 2, "Empty reply from server" },
	{ "hang", "hang 200", 2, "timed out" },
	{ "garbage", "garbage 200", 2, "HTTP/0.9" },
	{ "redirect", "moved 200", 2, "HTTP 307, a redirect (not followed) to http://127.0.0.1:" },
	{ "redirect to a file", "file 200", 2, "HTTP 302, a redirect (not followed) to file:///etc/pass\\x1bwd" },
	{ "header without end", "interim 200", 2, "more than 65536 bytes of headers" },
	{ "asked to wait", "busy 200", 2, "HTTP 503" },
};

START_TEST(post_outcome)
{
	const char *name = outcomes[_i].name;

	bool hangs = strstr(outcomes[_i].script, "hang") != NULL || strcmp(outcomes[_i].script, "part") == 0;

	begin((struct notify_config){ .post_ms = hangs ? 1000 : 0 });
	server.script = outcomes[_i].script;
	receive_by(url_of("/hook"), NULL);
	tell(17, "contoso.test", NULL, EVENT_COMPLETE);
	run_until_settled(1);
	ck_assert_msg(strcmp(str_c(&settled), "ops+17") == 0, "%s: %s", name, str_c(&settled));
	ck_assert_msg(server.n_requests == outcomes[_i].requests, "%s: %zu requests", name, server.n_requests);
	for (size_t i = 0; i < server.n_requests; i++)
		ck_assert_msg(str_iprefix(server.requests[i].text, "POST /hook HTTP/1.1\r\n"), "%s: %s", name, server.requests[i].text);
	if (outcomes[_i].words == NULL)
		ck_assert_msg(logged.len == 0, "%s: %s", name, str_c(&logged));
	else {
		ck_assert_msg(strstr(str_c(&logged), outcomes[_i].words) != NULL, "%s: %s", name, str_c(&logged));
		ck_assert_msg(strstr(str_c(&logged), "works again") != NULL, "%s: %s", name, str_c(&logged));
	}
}
END_TEST

static const struct {
	const char *url, *words;
} unusable[] = {
	{ "http://127.0.0.1:1/refused", "connect" },
	{ "file:///etc/passwd", "rotocol" },
	{ "gopher://127.0.0.1/", "rotocol" },
	{ "http://[/", "URL" },
};

START_TEST(post_unusable)
{
	begin((struct notify_config){ .give_up_ms = 30 });
	receive_by(unusable[_i].url, NULL);
	tell(17, "contoso.test", NULL, EVENT_COMPLETE);
	run_until_settled(1);
	ck_assert_str_eq(str_c(&settled), "ops-17");
	ck_assert_msg(strstr(str_c(&logged), unusable[_i].words) != NULL, "%s: %s", unusable[_i].url, str_c(&logged));
}
END_TEST

/* ---- when ---- */

START_TEST(retry_times)
{
	static const int64_t least[] = { 40, 80, 100, 100 };

	begin((struct notify_config){ .retry_first_ms = 40, .retry_max_ms = 100 });
	server.script = "500 500 500 500 200";
	receive_by(url_of("/"), NULL);
	tell(17, "contoso.test", NULL, EVENT_COMPLETE);
	run_until_settled(1);
	ck_assert_uint_eq(server.n_requests, 5);
	for (size_t i = 0; i < ARRAY_LEN(least); i++) {
		int64_t gap = server.requests[i + 1].at_ms - server.requests[i].at_ms;

		ck_assert_msg(gap >= least[i] - 2, "wait %zu: %lld ms", i, (long long)gap);
	}
	ck_assert_uint_eq(stats().attempts, 5);
	ck_assert_uint_eq(stats().failures, 4);
	ck_assert_uint_eq(stats().delivered, 1);
	ck_assert(!stats().failing);
	ck_assert_str_eq(stats().problem, "");
}
END_TEST

START_TEST(given_up_after_one_try)
{
	struct transition t = transition_of("contoso.test", NULL, EVENT_COMPLETE);

	begin((struct notify_config){ .give_up_ms = 60000 });
	server.script = "500 200";
	receive_by(url_of("/"), NULL);
	ck_assert(notify_tell(notify, "ops", 17, clock_system.unix_ms(&clock_system) - 60001, &t));
	tell(18, "contoso.test", NULL, EVENT_REGRESSED);
	run_until_settled(2);
	ck_assert_str_eq(str_c(&settled), "ops-17 ops+18");
	ck_assert_uint_eq(stats().given_up, 1);
	ck_assert_ptr_nonnull(strstr(str_c(&logged), "gave up telling of contoso.test (\"complete\", id 17): HTTP 500"));
}
END_TEST

START_TEST(order_in_a_domain)
{
	begin((struct notify_config){ .in_flight = 4 });
	server.bad_domain = "bad.test";
	receive_by(url_of("/"), NULL);
	tell(1, "bad.test", NULL, EVENT_REGRESSED);
	tell(2, "bad.test", NULL, EVENT_COMPLETE);
	tell(3, "good.test", NULL, EVENT_REGRESSED);
	tell(4, "good.test", NULL, EVENT_COMPLETE);
	run_until_settled(2);
	ck_assert_str_eq(str_c(&settled), "ops+3 ops+4");
	server.bad_domain = NULL;
	run_until_settled(4);
	ck_assert_str_eq(str_c(&settled), "ops+3 ops+4 ops+1 ops+2");
}
END_TEST

static void
tell_next(uint64_t id)
{
	if (id < 4)
		tell(id + 1, id == 2 ? "fabrikam.test" : "contoso.test", NULL, EVENT_COMPLETE);
}

/* Who hears that something is settled may tell more at once, of the same domain too. */
START_TEST(telling_from_settled)
{
	begin((struct notify_config){ 0 });
	when_settled = tell_next;
	receive_by(url_of("/"), NULL);
	tell(1, "contoso.test", NULL, EVENT_COMPLETE);
	run_until_settled(4);
	ck_assert_str_eq(str_c(&settled), "ops+1 ops+2 ops+3 ops+4");
	ck_assert_uint_eq(stats().waiting + stats().in_flight, 0);
}
END_TEST

START_TEST(window)
{
	char domain[32];

	begin((struct notify_config){ .in_flight = 3, .post_ms = 100, .give_up_ms = 1 });
	server.script = "hang";
	receive_by(url_of("/"), NULL);
	for (unsigned i = 0; i < 10; i++) {
		snprintf(domain, sizeof(domain), "d%u.test", i);
		tell(i, domain, NULL, EVENT_COMPLETE);
	}
	run_until_requests(3);
	ck_assert_uint_eq(stats().in_flight, 3);
	ck_assert_uint_eq(stats().waiting, 7);
	run_until_settled(3);
	server.script = "200";
	run_until_settled(10);
	ck_assert_uint_eq(server.most_open, 3);
}
END_TEST

START_TEST(too_many_wait)
{
	begin((struct notify_config){ .waiting_max = 2 });
	receive_by(url_of("/"), NULL);
	tell(1, "a.test", NULL, EVENT_COMPLETE);
	tell(2, "b.test", NULL, EVENT_COMPLETE);
	tell(3, "c.test", NULL, EVENT_COMPLETE);
	ck_assert_uint_eq(n_settled, 1);
	ck_assert_uint_eq(stats().given_up, 1);
	run_until_settled(3);
	ck_assert_uint_eq(stats().delivered, 2);
}
END_TEST

/* ---- folding ---- */

#define TOLD_MAX 5
static const struct fold_case {
	const char *name;
	struct {
		const char *record;
		enum event event;
		int64_t revision;	/* more than REVISION */
	} told[TOLD_MAX];
	size_t n_told, n_messages;
	const char *last_body;		/* of the last message */
	const char *settled;
} folds[] = {
	{ "records, then the domain", { { "mx", EVENT_REGRESSED, 0 }, { "spf", EVENT_REGRESSED, 0 }, { NULL, EVENT_REGRESSED, 0 } }, 3, 1,
	    BODY("3", "contoso.test", "null", "regressed") ",\"records\":["
	    "{\"id\":1,\"record\":\"mx\",\"from\":\"published\",\"to\":\"regressed\",\"event\":\"regressed\"},"
	    "{\"id\":2,\"record\":\"spf\",\"from\":\"published\",\"to\":\"regressed\",\"event\":\"regressed\"}]}",
	    "ops+1 ops+2 ops+3" },
	{ "the domain, then a record", { { NULL, EVENT_COMPLETE, 0 }, { "mx", EVENT_VISIBLE, 0 } }, 2, 1,
	    BODY("1", "contoso.test", "null", "complete") ",\"records\":["
	    "{\"id\":2,\"record\":\"mx\",\"from\":\"published\",\"to\":\"regressed\",\"event\":\"visible\"}]}",
	    "ops+2 ops+1" },
	{ "the other way", { { "mx", EVENT_VISIBLE, 0 }, { "spf", EVENT_UNKNOWN, 0 }, { NULL, EVENT_REGRESSED, 0 } }, 3, 2,
	    BODY("3", "contoso.test", "null", "regressed") ",\"records\":["
	    "{\"id\":2,\"record\":\"spf\",\"from\":\"published\",\"to\":\"regressed\",\"event\":\"unknown\"}]}",
	    "ops+1 ops+2 ops+3" },
	{ "another revision", { { "mx", EVENT_REGRESSED, 0 }, { NULL, EVENT_REGRESSED, 1 } }, 2, 2,
	    "{\"id\":2,\"revision\":413,\"at\":\"2026-11-21T10:20:30Z\",\"domain\":\"contoso.test\",\"record\":null,\"source\":null,"
	    "\"from\":\"published\",\"to\":\"regressed\",\"event\":\"regressed\",\"detail\":null}", "ops+1 ops+2" },
	{ "no domain", { { "mx", EVENT_REGRESSED, 0 }, { "spf", EVENT_REGRESSED, 0 } }, 2, 2,
	    BODY("2", "contoso.test", "\"spf\"", "regressed") "}", "ops+1 ops+2" },
	{ "two of the domain", { { "mx", EVENT_VISIBLE, 0 }, { NULL, EVENT_VISIBLE, 0 }, { NULL, EVENT_RECOVERED, 0 },
	    { "spf", EVENT_VISIBLE, 0 } }, 4, 2,
	    BODY("3", "contoso.test", "null", "recovered") "}", "ops+1 ops+4 ops+2 ops+3" },
};

START_TEST(folding)
{
	const struct fold_case *c = &folds[_i];
	struct transition t;

	begin((struct notify_config){ .in_flight = 1 });
	receive_by(url_of("/"), NULL);
	for (size_t i = 0; i < c->n_told; i++) {
		t = transition_of("contoso.test", c->told[i].record, c->told[i].event);
		t.revision += (uint64_t)c->told[i].revision;
		ck_assert(notify_tell(notify, "ops", i + 1, clock_system.unix_ms(&clock_system), &t));
	}
	run_until_settled(c->n_told);
	ck_assert_msg(strcmp(str_c(&settled), c->settled) == 0, "%s: %s", c->name, str_c(&settled));
	ck_assert_msg(server.n_finished == c->n_messages, "%s: %zu messages", c->name, server.n_finished);
	ck_assert_msg(strcmp(hook_server_body(c->n_messages - 1), c->last_body) == 0, "%s: %s", c->name, hook_server_body(c->n_messages - 1));
	ck_assert_uint_eq(stats().delivered, c->n_told);
	ck_assert_uint_eq(stats().folded, c->n_told - c->n_messages);
	ck_assert_uint_eq(stats().waiting + stats().in_flight, 0);
}
END_TEST

/* What is on its way, or has failed, is what the receiver may have got: nothing is added to it. */
START_TEST(no_folding_into_what_was_tried)
{
	begin((struct notify_config){ 0 });
	server.script = "hang 200";
	receive_by(url_of("/"), NULL);
	tell(1, "contoso.test", NULL, EVENT_REGRESSED);
	run_until_requests(1);
	tell(2, "contoso.test", "mx", EVENT_REGRESSED);
	tell(3, "contoso.test", NULL, EVENT_REGRESSED);
	hook_server_drop(&server.connections[0]);
	run_until_settled(3);
	ck_assert_str_eq(str_c(&settled), "ops+1 ops+2 ops+3");
	ck_assert_uint_eq(server.n_finished, 3);
	ck_assert_str_eq(hook_server_body(1), BODY("1", "contoso.test", "null", "regressed") "}");
}
END_TEST

/* ---- reload and the end ---- */

START_TEST(wanting)
{
	char a[] = "a", b[] = "b", url[] = "http://127.0.0.1/", complete[] = "complete", unknown[] = "unknown";
	char *events[] = { complete, unknown };
	const struct conf_notify list[] = {
		{ .name = a, .url = url, .events = events, .n_events = 2 },
		{ .name = b, .url = url, .events = events, .n_events = 1 },
	};
	struct transition t = transition_of("contoso.test", NULL, EVENT_COMPLETE);
	const char *const *names;

	begin((struct notify_config){ 0 });
	notify_set_receivers(notify, list, 2);
	ck_assert_uint_eq(notify_wanting(notify, EVENT_COMPLETE, &names), 2);
	ck_assert_str_eq(names[0], "a");
	ck_assert_str_eq(names[1], "b");
	ck_assert_uint_eq(notify_wanting(notify, EVENT_UNKNOWN, &names), 1);
	ck_assert_str_eq(names[0], "a");
	ck_assert_uint_eq(notify_wanting(notify, EVENT_REGRESSED, &names), 0);
	ck_assert_uint_eq(notify_n_receivers(notify), 2);
	ck_assert(!notify_tell(notify, "c", 1, 0, &t));
}
END_TEST

START_TEST(reload_removes)
{
	begin((struct notify_config){ .in_flight = 1 });
	server.script = "hang";
	receive_by(url_of("/"), NULL);
	tell(1, "contoso.test", NULL, EVENT_COMPLETE);
	tell(2, "contoso.test", NULL, EVENT_REGRESSED);
	tell(3, "fabrikam.test", NULL, EVENT_COMPLETE);
	run_until_requests(1);
	notify_set_receivers(notify, NULL, 0);
	ck_assert_str_eq(str_c(&settled), "opsx3 opsx2");
	ck_assert_uint_eq(notify_n_receivers(notify), 0);
	hook_server_reply(&server.connections[0], "200");
	run_until_settled(3);
	ck_assert_str_eq(str_c(&settled), "opsx3 opsx2 ops+1");
}
END_TEST

START_TEST(reload_removes_what_fails)
{
	begin((struct notify_config){ 0 });
	server.script = "hang";
	receive_by(url_of("/"), NULL);
	tell(1, "contoso.test", NULL, EVENT_COMPLETE);
	run_until_requests(1);
	notify_set_receivers(notify, NULL, 0);
	hook_server_drop(&server.connections[0]);
	run_until_settled(1);
	ck_assert_str_eq(str_c(&settled), "opsx1");
}
END_TEST

/* The second try would come in an hour; the new address gets it at once. */
START_TEST(reload_mends)
{
	begin((struct notify_config){ .retry_first_ms = 3600000, .retry_max_ms = 3600000 });
	server.script = "404 200";
	receive_by(url_of("/wrong"), NULL);
	tell(1, "contoso.test", NULL, EVENT_COMPLETE);
	tell(2, "contoso.test", NULL, EVENT_REGRESSED);
	stop_at_log = true;
	loop_run(loop);
	ck_assert(stats().failing);
	receive_by(url_of("/right"), NULL);
	run_until_settled(2);
	ck_assert_str_eq(str_c(&settled), "ops+1 ops+2");
	ck_assert(str_iprefix(server.requests[1].text, "POST /right "));
}
END_TEST

START_TEST(free_in_flight)
{
	begin((struct notify_config){ 0 });
	server.script = "hang";
	receive_by(url_of("/"), NULL);
	tell(1, "a.test", NULL, EVENT_COMPLETE);
	tell(2, "b.test", NULL, EVENT_COMPLETE);
	tell(3, "b.test", NULL, EVENT_COMPLETE);
	run_until_requests(2);
	notify_free(notify);
	notify = NULL;
	ck_assert_str_eq(str_c(&settled), "");
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("notify");
	TCase *t = tcase_create("notify");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, post_is_exact);
	tcase_add_loop_test(t, post_outcome, 0, (int)ARRAY_LEN(outcomes));
	tcase_add_loop_test(t, post_unusable, 0, (int)ARRAY_LEN(unusable));
	tcase_add_test(t, retry_times);
	tcase_add_test(t, given_up_after_one_try);
	tcase_add_test(t, order_in_a_domain);
	tcase_add_test(t, telling_from_settled);
	tcase_add_test(t, window);
	tcase_add_test(t, too_many_wait);
	tcase_add_loop_test(t, folding, 0, (int)ARRAY_LEN(folds));
	tcase_add_test(t, no_folding_into_what_was_tried);
	tcase_add_test(t, wanting);
	tcase_add_test(t, reload_removes);
	tcase_add_test(t, reload_removes_what_fails);
	tcase_add_test(t, reload_mends);
	tcase_add_test(t, free_in_flight);
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	SRunner *r = srunner_create(suite());
	int failed;

	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
