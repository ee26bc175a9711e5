/* SPDX-License-Identifier: ISC */
/*
 * What the daemon says of itself and of many domains: list, resolvers, history, pages and metrics.  The outputs are compared
 * with files of tests/golden; the metrics are read line by line as well.
 */
#include <check.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <m365dnsd/view.h>

#include "src/resolver/source.h"
#include "tests/lib/boardlab.h"
#include "tests/lib/golden.h"
#include "tests/lib/status_cases.h"

#define NOW INT64_C(1795256430000)	/* 2026-11-21T10:20:30Z */

/* ---- a daemon with three domains ---- */

static const char config[] = "resolvers = {}\nauthorities = none\n"
			     "resolver \"one\" { address = {\"11.0.9.1\", \"11.0.9.2:5300\"} }\n"
			     "resolver \"o\\\"two\" { address = {\"2001:db8::53\"} class = required }\n"
			     "domain \"fabrikam.test\" { }\ndomain \"contoso.test\" { services = {\"teams\"} }\n"
			     "domain \"xn--mnchen-3ya.test\" { profile = verify-only verification = \"MS=ms12345678\" }\n";

static const struct name_row health_rows[] = { { 0, "ok" }, { 1, "stuck" } };
static NAME_TABLE(healths, health_rows);
static const char *const libraries[] = { "c-ares", "1.18.1", "sqlite", "3.40.1" };
static const struct view_store store = {
	.healths = &healths, .health = 1, .writes = false, .problem = "disk \"/var\" is full", .commits = 12, .rows = 345,
	.failures = 6, .dropped = 7, .queued = 89, .size_bytes = 4096000, .wal_bytes = 123456, .oldest_queued_ms = 61500,
	.last_commit_us = 1234,
};
static const uint64_t requests[600] = { [200] = 1000, [404] = 3, [418] = 1 };
static const struct view_http http = { .requests = requests, .n_requests = 600, .accepted = 77, .refused = 1, .timed_out = 2,
	.connections = 5, .streams = 4 };
static const uint32_t turn_bounds_us[] = { 1000, 250000 };
static const uint64_t turns[] = { 4000, 20, 1 };
static const struct view_loop event_loop = { .bounds_us = turn_bounds_us, .n_bounds = 2, .turns = turns, .sum_us = 5123456,
	.worst_us = 300123 };
static const struct view_process process = { .cpu_seconds = 12.34, .start_unix_seconds = 1795256000.5,
	.resident_bytes = 30000000, .virtual_bytes = 90000000, .open_fds = 21, .max_fds = -1 };
static const struct view_receiver receivers[] = {
	{ .name = "ops", .delivered = 10, .attempts = 14, .failures = 4, .given_up = 1, .waiting = 2, .in_flight = 1, .failing = true,
	  .problem = "HTTP 500" },
};

struct bench {
	struct boardlab lab;
	struct view_daemon d;
};

static void
count_some(struct bench *b)
{
	struct source *s = sources_resolver(b->lab.sources, 0);

	s->stats = (struct source_stats){ .queries = 10, .answers = 8, .tcp = 1, .rtt_bucket = { [3] = 5, [15] = 3 },
		.rtt_sum_us = 9020000 };
	s->stats.failures[REASON_TIMEOUT] = 2;
	s->rtt_us = 4100;
	s->last_answer_ms = 4000;
	sources_resolver(b->lab.sources, 1)->set_aside = true;
	sources_resolver(b->lab.sources, 1)->retry_at_ms = 9000;
	sources_resolver(b->lab.sources, 2)->by_tcp = true;
	*sources_own_state(b->lab.sources) = (struct own_state){ .udp = { OWN_WORKS, OWN_BLOCKED }, .tcp = { OWN_UNKNOWN, OWN_WORKS } };
}

static void
bench_up(struct bench *b)
{
	memset(b, 0, sizeof(*b));
	boardlab_up(&b->lab, config, NOW, NULL, NULL);
	for (size_t i = 0; i < b->lab.conf->n_domains; i++)
		boardlab_add(&b->lab, i);
	count_some(b);
	b->d = (struct view_daemon){
		.version = "1.2.3", .libraries = libraries, .n_libraries = 2, .clock = &b->lab.clock, .started_unix_ms = NOW - 100000,
		.ready = true, .reload_problem = "m365dnsd.conf:3: no", .reload_ok_unix_ms = NOW - 50000,
		.transitions = { [EVENT_COMPLETE] = 2 }, .queries_in_flight = 3, .queries_waiting = 40, .due_lag_ms = 1500,
		.sources = b->lab.sources, .board = b->lab.board, .store = &store, .http = &http, .loop = &event_loop, .process = &process,
		.receivers = receivers, .n_receivers = ARRAY_LEN(receivers),
	};
}

static void
bench_down(struct bench *b)
{
	boardlab_down(&b->lab);
}

/* ---- documents ---- */

static void
list_of(struct bench *b, struct board_summary sums[3], struct view_list *ret)
{
	struct board_domain *d = NULL;
	size_t n = 0;

	while ((d = board_next(b->lab.board, n == 0 ? NULL : sums[n - 1].domain)) != NULL)
		board_summary(d, &sums[n++]);
	*ret = (struct view_list){ .domains = sums, .n_domains = n, .next = "xn--mnchen-3ya.test", .total = 17, .state = "pending",
		.q = "a&b", .daemon = &b->d };
}

START_TEST(list_json)
{
	struct board_summary sums[3];
	struct str out = STR_INIT;
	struct view_list l;
	struct bench b;

	bench_up(&b);
	list_of(&b, sums, &l);
	view_list_json(&l, &out);
	golden_check("daemon.list.json", &out);
	str_done(&out);
	bench_down(&b);
}
END_TEST

START_TEST(list_html)
{
	struct board_summary sums[3];
	struct str out = STR_INIT;
	struct view_list l;
	struct bench b;

	bench_up(&b);
	list_of(&b, sums, &l);
	view_list_html(&l, &out);
	golden_check("daemon.list.html", &out);
	str_done(&out);
	bench_down(&b);
}
END_TEST

START_TEST(resolvers_json)
{
	struct str out = STR_INIT;
	struct bench b;

	bench_up(&b);
	view_resolvers_json(&b.d, &out);
	golden_check("daemon.resolvers.json", &out);
	str_done(&out);
	bench_down(&b);
}
END_TEST

START_TEST(history_json)
{
	static const struct view_history_row rows[] = {
		{ 18, { 413, NOW, "contoso.test", NULL, NULL, "published", "complete", EVENT_COMPLETE, NULL } },
		{ 17, { 412, NOW - 9000, "contoso.test", "mx", "google", "stale", "ok", EVENT_VISIBLE, "a\"b" } },
	};
	static const struct view_spread_row spread[] = {
		{ "mx", "google", NOW - 12000, NOW - 9000 }, { "mx", "quad9", NOW - 12000, 0 },
	};
	struct view_history h = { .domain = "contoso.test", .rows = rows, .n_rows = 2, .next = 17, .spread = spread, .n_spread = 2 };
	struct str out = STR_INIT;

	view_history_json(&h, &out);
	h = (struct view_history){ .domain = "contoso.test" };
	view_history_json(&h, &out);
	golden_check("daemon.history.json", &out);
	str_done(&out);
}
END_TEST

/* Tags are ours, text is escaped: what lies between "<" and ">" is one of a few names. */
START_TEST(page_is_safe)
{
	static const char names[] = " !DOCTYPE html head meta title link body nav a h1 h2 p span strong pre table tr th td details "
				    "summary div code footer header main noscript script img ";
	const struct status_case *c = &status_cases[_i];
	struct str out = STR_INIT;

	view_page_format.render(c->list, 1, &(struct view_options){ .width = 0 }, &out);
	for (const char *p = strchr(str_c(&out), '<'); p != NULL; p = strchr(p + 1, '<')) {
		char name[32];
		size_t n;

		p += p[1] == '/';
		n = strcspn(p + 1, " >\n");
		ck_assert_msg(n > 0 && n < 20, "%s: %.40s", c->name, p);
		snprintf(name, sizeof(name), " %.*s ", (int)n, p + 1);
		ck_assert_msg(strstr(names, name) != NULL, "%s: tag %s", c->name, name);
	}
	for (const char *p = str_c(&out); *p != '\0'; p++)
		ck_assert_msg((uint8_t)*p >= ' ' || *p == '\n', "%s: a control byte", c->name);
	ck_assert_ptr_eq(strstr(str_c(&out), "style=\""), NULL);
	ck_assert_ptr_eq(strstr(strstr(str_c(&out), "<script ") + 1, "<script"), NULL);
	str_done(&out);
}
END_TEST

/* ---- metrics ---- */

static void
all_metrics(struct bench *b, enum metrics_detail detail, enum metrics_syntax syntax, struct str *ret)
{
	struct metrics *m = metrics_new(&b->d, detail, syntax);

	while (metrics_more(m, ret))
		continue;
	metrics_free(m);
}

static const struct {
	const char *name;
	enum metrics_detail detail;
	enum metrics_syntax syntax;
} outputs[] = {
	{ "daemon.prom", METRICS_RECORDS, METRICS_TEXT },
	{ "daemon.domains.prom", METRICS_DOMAINS, METRICS_TEXT },
	{ "daemon.cells.prom", METRICS_CELLS, METRICS_TEXT },
	{ "daemon.openmetrics", METRICS_RECORDS, METRICS_OPENMETRICS },
};

START_TEST(metrics_golden)
{
	struct str out = STR_INIT;
	struct bench b;

	bench_up(&b);
	all_metrics(&b, outputs[_i].detail, outputs[_i].syntax, &out);
	golden_check(outputs[_i].name, &out);
	str_done(&out);
	bench_down(&b);
}
END_TEST

/* Each sample belongs to the family announced last, families come once, and no sample comes twice. */
START_TEST(metrics_are_in_order)
{
	struct map *seen = map_new();
	struct str out = STR_INIT;
	char family[128] = "";
	struct bench b;

	bench_up(&b);
	all_metrics(&b, METRICS_CELLS, METRICS_TEXT, &out);
	ck_assert_int_eq(out.p[out.len - 1], '\n');
	for (char *line = strtok(out.p, "\n"); line != NULL; line = strtok(NULL, "\n")) {
		size_t key = strncmp(line, "# HELP ", 7) == 0 ? strcspn(line + 7, " ") + 7 : (size_t)(strrchr(line, ' ') - line);

		if (strncmp(line, "# HELP ", 7) == 0)
			snprintf(family, sizeof(family), "%.*s", (int)key - 7, line + 7);
		ck_assert_msg(map_put(seen, line, key, seen) == NULL || line[0] == '#', "twice: %s", line);
		if (line[0] != '#')
			ck_assert_msg(strncmp(line, family, strlen(family)) == 0, "%s within %s", line, family);
	}
	map_free(seen, NULL);
	str_done(&out);
	bench_down(&b);
}
END_TEST

/* Domains come and go between the pieces: those that stay are told once a family, and the end is the end. */
START_TEST(metrics_survive_changes)
{
	struct str piece = STR_INIT, out = STR_INIT;
	struct metrics *m;
	struct bench b;
	bool there = true;
	size_t n = 0;

	bench_up(&b);
	m = metrics_new(&b.d, METRICS_CELLS, METRICS_OPENMETRICS);
	for (size_t turn = 0; metrics_more(m, &piece); turn++) {
		ck_assert_uint_lt(piece.len, 65536);
		str_add(&out, str_c(&piece));
		str_clear(&piece);
		if (there)
			board_remove(b.lab.board, board_find(b.lab.board, "fabrikam.test"));
		else
			boardlab_add(&b.lab, 0);
		there = !there;
	}
	ck_assert(!metrics_more(m, &piece));
	metrics_free(m);
	for (const char *p = str_c(&out); (p = strstr(p, "m365dnsd_domain_records{domain=\"contoso.test\"}")) != NULL; p++)
		n++;
	ck_assert_uint_eq(n, 1);
	ck_assert_str_eq(str_c(&out) + out.len - 6, "# EOF\n");
	str_done(&piece);
	str_done(&out);
	bench_down(&b);
}
END_TEST

/* A board without domains, a daemon without store and HTTP. */
START_TEST(metrics_of_nothing)
{
	struct str out = STR_INIT;
	struct bench b;

	bench_up(&b);
	b.d.store = NULL;
	b.d.http = NULL;
	b.d.loop = NULL;
	b.d.process = NULL;
	b.d.n_receivers = 0;
	for (size_t i = 0; i < b.lab.conf->n_domains; i++)
		board_remove(b.lab.board, board_find(b.lab.board, b.lab.conf->domains[i].text));
	all_metrics(&b, METRICS_RECORDS, METRICS_TEXT, &out);
	ck_assert_ptr_nonnull(strstr(str_c(&out), "\nm365dnsd_domains{state=\"pending\"} 0\n"));
	ck_assert_ptr_eq(strstr(str_c(&out), "\nm365dnsd_store_up "), NULL);
	str_done(&out);
	bench_down(&b);
}
END_TEST

/* An authority that nobody needs any more takes nothing of the sums with it: a counter that falls is read as a restart. */
START_TEST(sums_never_shrink)
{
	struct source_stats operators[2], before, after;
	struct source *s;
	struct addr addr;
	struct bench b;

	bench_up(&b);
	ck_assert(addr_parse(&addr, "11.0.0.1", 53));
	s = sources_authority(b.lab.sources, &addr);
	s->stats = (struct source_stats){ .queries = 5, .answers = 4, .rtt_bucket = { [2] = 4 }, .rtt_sum_us = 7000 };
	s->stats.failures[REASON_SERVFAIL] = 1;
	sources_totals(b.lab.sources, operators, &before);
	source_unref(b.lab.sources, s);
	sources_totals(b.lab.sources, operators, &after);
	ck_assert_uint_eq(after.queries, 5);
	ck_assert_int_eq(memcmp(&before, &after, sizeof(after)), 0);
	ck_assert_uint_eq(operators[0].queries, 10);
	ck_assert_uint_eq(operators[1].queries, 0);
	bench_down(&b);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("view of the daemon");
	TCase *t = tcase_create("view");
	SRunner *sr = srunner_create(s);
	int failed;

	suite_add_tcase(s, t);
	tcase_add_test(t, list_json);
	tcase_add_test(t, list_html);
	tcase_add_test(t, resolvers_json);
	tcase_add_test(t, history_json);
	tcase_add_loop_test(t, page_is_safe, 0, (int)n_status_cases);
	tcase_add_loop_test(t, metrics_golden, 0, (int)ARRAY_LEN(outputs));
	tcase_add_test(t, metrics_are_in_order);
	tcase_add_test(t, metrics_survive_changes);
	tcase_add_test(t, metrics_of_nothing);
	tcase_add_test(t, sums_never_shrink);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed > 0;
}
