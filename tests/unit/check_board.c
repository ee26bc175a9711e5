/* SPDX-License-Identifier: ISC */
/* check_board: replies go in, cells, transitions and the status document come out. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/boardlab.h"
#include "tests/lib/fakewire.h"

#define MX_RIGHT "0 contoso-test.mail.protection.outlook.com"

struct bench {
	struct boardlab lab;
	struct board_domain *d;
	struct str transitions, seen;
};

static void
on_transition(void *ctx, const struct transition *t)
{
	struct bench *b = ctx;

	str_addf(&b->transitions, "%s:%s>%s ", t->record == NULL ? "-" : t->record, t->from, t->to);
}

static void
on_seen(void *ctx, const struct board_seen *s)
{
	struct bench *b = ctx;

	ck_assert_int_eq(s->at_unix_ms, b->lab.clock.unix_ms(&b->lab.clock));
	str_addf(&b->seen, "%s:", s->operator);
	for (size_t i = 0; i < s->n_records; i++)
		str_addf(&b->seen, "%s%s", i > 0 ? "," : "", s->records[i]);
	str_addc(&b->seen, ' ');
}

/* What was told since. */
static const char *
seen(struct bench *b)
{
	static char ret[256];

	snprintf(ret, sizeof(ret), "%s", str_c(&b->seen));
	str_clear(&b->seen);
	return ret;
}

static void
bench_up(struct bench *b)
{
	static const char text[] = "resolvers = {}\nauthorities = none\n"
				   "resolver \"r1\" { address = {\"11.0.9.1\"} }\n"
				   "resolver \"r2\" { address = {\"11.0.9.2\"} }\n"
				   "domain \"contoso.test\" { }\n";

	memset(b, 0, sizeof(*b));
	boardlab_up(&b->lab, text, BOARDLAB_UNIX_MS, on_transition, b);
	board_set_on_seen(b->lab.board, on_seen);
	b->d = boardlab_add(&b->lab, 0);
}

static void
bench_down(struct bench *b)
{
	boardlab_down(&b->lab);
	str_done(&b->transitions);
	str_done(&b->seen);
}

static size_t
row_of(const struct bench *b, const char *id)
{
	return plan_expectation(board_plan(b->d), (size_t)plan_find(board_plan(b->d), id))->question;
}

/* A reply to row with these values (NULL-terminated); none = NXDOMAIN. */
static bool
answer(struct bench *b, size_t row, size_t col, uint32_t ttl, const char *const *values)
{
	struct arena *a = arena_new();
	struct question q;
	uint8_t query[DNS_QUERY_MAX];
	struct str w = STR_INIT;
	struct reply reply = { .reason = REASON_NONE, .rtt_us = 12300 };
	size_t len;
	bool changed;

	board_row_question(b->d, row, &q);
	len = dns_query_encode(query, &q, DNS_QUERY_RD);
	fakewire_begin(&w, query, len, values == NULL ? DNS_RCODE_NXDOMAIN : 0, FAKE_RA);
	for (size_t i = 0; values != NULL && values[i] != NULL; i++) {
		struct fake_rr rr = { .owner = q.name, .type = q.type };
		struct rdata data;

		ck_assert_int_eq(rdata_parse(a, q.type, values[i], &data, NULL), 0);
		rr.len = data.len;
		rr.bytes = arena_dup(a, data.bytes, data.len);
		fakewire_rr(&w, FAKE_ANSWER, &rr, ttl);
	}
	reply.wire = (const uint8_t *)w.p;
	reply.len = w.len;
	changed = board_answer(b->d, row, col, &reply, 3);
	str_done(&w);
	arena_free(a);
	return changed;
}

static bool
unanswered(struct bench *b, size_t row, size_t col, enum reason reason)
{
	struct reply reply = { .reason = reason };

	return board_answer(b->d, row, col, &reply, 3);
}

static const char *const right[] = { MX_RIGHT, NULL };
static const char *const two[] = { MX_RIGHT, "10 mail.old.example", NULL };
static const char *const two_turned[] = { "10 mail.old.example", MX_RIGHT, NULL };

START_TEST(same_answer_is_one_variant)
{
	struct bench b;
	size_t row;
	uint16_t first;

	bench_up(&b);
	row = row_of(&b, "mx");
	ck_assert(answer(&b, row, 0, 300, two));
	first = board_cell(b.d, row, 0)->variant;
	ck_assert_uint_ne(first, 0);
	answer(&b, row, 1, 17, two);
	ck_assert_uint_eq(board_cell(b.d, row, 1)->variant, first);
	ck_assert_uint_eq(board_cell(b.d, row, 1)->ttl, 17);
	answer(&b, row, 1, 17, two_turned);
	ck_assert_msg(board_cell(b.d, row, 1)->variant == first, "the order of a set is no difference");
	answer(&b, row, 1, 17, right);
	ck_assert_uint_ne(board_cell(b.d, row, 1)->variant, first);
	bench_down(&b);
}
END_TEST

START_TEST(good_answers_are_counted_and_a_bad_one_resets)
{
	struct bench b;
	size_t row;

	bench_up(&b);
	row = row_of(&b, "mx");
	answer(&b, row, 0, 300, right);
	ck_assert_uint_eq(board_cell(b.d, row, 0)->confirmed, 1);
	ck_assert(answer(&b, row, 0, 299, right));
	ck_assert_uint_eq(board_cell(b.d, row, 0)->confirmed, 2);
	answer(&b, row, 0, 298, two);
	ck_assert_uint_eq(board_cell(b.d, row, 0)->confirmed, 0);
	answer(&b, row, 0, 298, NULL);
	ck_assert_uint_eq(board_cell(b.d, row, 0)->confirmed, 0);
	ck_assert(!board_cell_good(b.d, row, 0));
	bench_down(&b);
}
END_TEST

START_TEST(failure_is_no_news_until_the_last_try)
{
	struct bench b;
	size_t row;

	bench_up(&b);
	row = row_of(&b, "mx");
	answer(&b, row, 0, 300, right);
	unanswered(&b, row, 0, REASON_TIMEOUT);
	unanswered(&b, row, 0, REASON_SERVFAIL);
	ck_assert_uint_eq(board_cell(b.d, row, 0)->reason, REASON_NONE);
	ck_assert(board_cell_good(b.d, row, 0));
	ck_assert(unanswered(&b, row, 0, REASON_SERVFAIL));
	ck_assert_uint_eq(board_cell(b.d, row, 0)->reason, REASON_SERVFAIL);
	ck_assert(!board_cell_good(b.d, row, 0));
	answer(&b, row, 0, 300, right);
	ck_assert_uint_eq(board_cell(b.d, row, 0)->reason, REASON_NONE);
	bench_down(&b);
}
END_TEST

static void
all_right(struct bench *b, size_t col)
{
	static const struct {
		const char *id, *value;
	} values[] = {
		{ "mx", MX_RIGHT },
		{ "spf", "v=spf1 include:spf.protection.outlook.com -all" },
		{ "autodiscover", "autodiscover.outlook.com" },
	};

	for (size_t row = 0; row + BOARD_SYSTEM_ROWS < board_n_rows(b->d); row++)
		answer(b, row, col, 300, NULL);
	for (size_t i = 0; i < ARRAY_LEN(values); i++) {
		const char *const one[] = { values[i].value, NULL };

		answer(b, row_of(b, values[i].id), col, 300, one);
		answer(b, row_of(b, values[i].id), col, 300, one);
	}
}

START_TEST(transitions_and_status)
{
	struct bench b;
	struct arena *a = arena_new();
	const struct status *st;
	uint64_t revision;

	bench_up(&b);
	board_rollup(b.d);
	ck_assert_int_eq(board_state(b.d), DOMAIN_PENDING);
	all_right(&b, 0);
	all_right(&b, 1);
	revision = board_revision(b.d);
	board_rollup(b.d);
	ck_assert_uint_gt(board_revision(b.d), revision);
	ck_assert_msg(strstr(str_c(&b.transitions), "-:pending>complete") != NULL, "%s", str_c(&b.transitions));
	ck_assert_msg(strstr(str_c(&b.transitions), "pending>not-configured") == NULL, "%s", str_c(&b.transitions));
	revision = board_revision(b.d);
	str_clear(&b.transitions);
	board_rollup(b.d);
	ck_assert_uint_eq(board_revision(b.d), revision);
	ck_assert_str_eq(str_c(&b.transitions), "");
	ck_assert(board_reached(b.d, UNTIL_COMPLETE));
	clock_fake_advance(&b.lab.clock, 10000);
	st = board_status(b.d, 0, a);
	ck_assert_str_eq(st->domain, "contoso.test");
	ck_assert_int_eq(st->state, DOMAIN_COMPLETE);
	ck_assert_uint_eq(st->n_required, 3);
	ck_assert_uint_eq(st->n_required_visible, 3);
	ck_assert_int_ne(st->complete_unix_ms, 0);
	for (size_t i = 0; i < st->n_records; i++) {
		if (strcmp(st->records[i].id, "mx") != 0)
			continue;
		ck_assert_uint_eq(st->records[i].n_cells, 2);
		ck_assert_str_eq(st->records[i].cells[0].source, "r1");
		ck_assert_str_eq(st->records[i].cells[0].values[0], MX_RIGHT);
		ck_assert_int_eq(st->records[i].cells[0].ttl, 290);
		ck_assert_int_eq(st->records[i].cells[0].rcode, 0);
		ck_assert_uint_eq(st->records[i].cells[0].confirmed, 2);
	}
	arena_free(a);
	bench_down(&b);
}
END_TEST

/* The domain is put down as bytes and taken up again. */
static void
restart(struct bench *b)
{
	struct plan *plan = plan_ref(board_plan(b->d));
	struct str bytes = STR_INIT;
	bool zone;

	board_snapshot(b->d, false, &bytes);
	board_remove(b->lab.board, b->d);
	b->d = board_add(b->lab.board, plan);
	plan_unref(plan);
	ck_assert(board_restore(b->d, bytes.p, bytes.len, NULL, b->lab.sources, NULL, NULL, &zone));
	str_done(&bytes);
}

START_TEST(who_sees_it)
{
	struct bench b;
	size_t mx;

	bench_up(&b);
	mx = row_of(&b, "mx");
	all_right(&b, 0);
	board_rollup(b.d);
	ck_assert_str_eq(seen(&b), "r1:mx,spf,autodiscover ");
	board_rollup(b.d);
	ck_assert_str_eq(seen(&b), "");
	answer(&b, mx, 1, 300, right);
	board_rollup(b.d);
	ck_assert_msg(b.seen.len == 0, "once is no proof");
	answer(&b, mx, 1, 300, right);
	board_rollup(b.d);
	ck_assert_str_eq(seen(&b), "r2:mx ");
	restart(&b);
	answer(&b, row_of(&b, "spf"), 1, 300, NULL);
	board_rollup(b.d);
	ck_assert_msg(b.seen.len == 0, "known before the restart: %s", str_c(&b.seen));
	restart(&b);
	answer(&b, mx, 1, 300, NULL);
	board_rollup(b.d);
	answer(&b, mx, 1, 300, right);
	answer(&b, mx, 1, 300, right);
	board_rollup(b.d);
	ck_assert_str_eq(seen(&b), "r2:mx ");
	answer(&b, mx, 0, 300, NULL);
	answer(&b, mx, 1, 300, NULL);
	board_rollup(b.d);
	answer(&b, mx, 0, 300, right);
	answer(&b, mx, 0, 300, right);
	board_rollup(b.d);
	ck_assert_msg(strcmp(seen(&b), "r1:mx ") == 0, "published again: it counts anew");
	bench_down(&b);
}
END_TEST

/* ---- nothing is told before it is kept ---- */

static void
on_told(void *ctx, struct board_domain *d)
{
	struct bench *b = ctx;

	ck_assert_ptr_eq(d, b->d);
	str_add(&b->transitions, "told ");
}

/* What a reader of the status document is told: "state revision mx-state". */
static const char *
told(struct bench *b)
{
	static char ret[128];
	struct arena *a = arena_new();
	const struct status *st = board_status(b->d, 0, a);
	struct board_summary sum;
	struct board_record_summary record;
	size_t mx = (size_t)plan_find(board_plan(b->d), "mx");

	board_summary(b->d, &sum);
	board_record_summary(b->d, mx, &record);
	ck_assert_uint_eq(sum.revision, st->revision);
	ck_assert_uint_eq(board_told_revision(b->d), st->revision);
	ck_assert_int_eq(sum.state, st->state);
	ck_assert_int_eq(board_told_state(b->d), st->state);
	ck_assert_int_eq(sum.since_unix_ms, st->since_unix_ms);
	ck_assert_int_eq(sum.complete_unix_ms, st->complete_unix_ms);
	ck_assert_int_eq(st->complete, st->complete_unix_ms != 0);
	ck_assert_int_eq(st->complete, board_told_reached(b->d, UNTIL_COMPLETE));
	ck_assert_int_eq(record.state, st->records[mx].state);
	snprintf(ret, sizeof(ret), "%s %llu %s", name_of(&domain_state_names, (int)st->state), (unsigned long long)st->revision,
	    name_of(&record_state_names, (int)st->records[mx].state));
	arena_free(a);
	return ret;
}

START_TEST(told_when_kept)
{
	struct bench b;

	bench_up(&b);
	board_set_careful(b.lab.board, true);
	ck_assert_str_eq(told(&b), "pending 1 pending");
	all_right(&b, 0);
	all_right(&b, 1);
	board_rollup(b.d);
	ck_assert_str_eq(told(&b), "pending 1 pending");
	ck_assert(!board_is_told(b.d));
	ck_assert_ptr_eq(board_unkept(b.lab.board), b.d);
	board_keep(b.d, 7);
	ck_assert_ptr_null(board_unkept(b.lab.board));
	clock_fake_advance(&b.lab.clock, 1000);
	answer(&b, row_of(&b, "mx"), 0, 300, NULL);
	answer(&b, row_of(&b, "mx"), 1, 300, NULL);
	board_rollup(b.d);
	ck_assert_ptr_eq(board_unkept(b.lab.board), b.d);
	board_keep(b.d, 8);
	str_clear(&b.transitions);
	board_kept(b.lab.board, 6, on_told, &b);
	ck_assert_str_eq(told(&b), "pending 1 pending");
	board_kept(b.lab.board, 7, on_told, &b);
	ck_assert_str_eq(told(&b), "complete 3 visible");
	board_kept(b.lab.board, 8, on_told, &b);
	ck_assert_str_eq(told(&b), "regressed 4 regressed");
	ck_assert(board_is_told(b.d));
	ck_assert_str_eq(str_c(&b.transitions), "told told ");
	bench_down(&b);
}
END_TEST

/* A change of cells alone is told at once, as long as its revision is reserved: nothing told is taken back by any restart. */
START_TEST(revisions_never_fall)
{
	struct bench b;
	uint64_t most = 1;

	bench_up(&b);
	board_set_careful(b.lab.board, true);
	for (unsigned i = 0; i < 2500; i++) {
		answer(&b, row_of(&b, "spf"), 0, 300, i % 2 == 0 ? right : NULL);
		if (i % 2 == 0)
			unanswered(&b, row_of(&b, "mx"), 0, REASON_TIMEOUT);
		else
			answer(&b, row_of(&b, "mx"), 0, 300, two);
		board_note_change(b.d);
		board_rollup(b.d);
		ck_assert_uint_ge(board_told_revision(b.d), most);
		most = board_told_revision(b.d);
		if (i % 7 == 0 && board_unkept(b.lab.board) != NULL)
			board_keep(b.d, i);
		if (i % 7 == 3)
			board_kept(b.lab.board, i, on_told, &b);
		if (i % 500 == 499) {	/* killed before anything more was kept, as often as one likes */
			board_kept(b.lab.board, i, on_told, &b);
			most = board_told_revision(b.d);
			restart(&b);
			ck_assert_uint_ge(board_told_revision(b.d), most);
			most = board_told_revision(b.d);
			board_note_change(b.d);
			board_rollup(b.d);
			ck_assert_uint_eq(board_told_revision(b.d), most);
			ck_assert_ptr_eq(board_unkept(b.lab.board), b.d);
		}
	}
	ck_assert_uint_gt(most, 2000);
	bench_down(&b);
}
END_TEST

START_TEST(careless_again)
{
	struct bench b;

	bench_up(&b);
	board_set_careful(b.lab.board, true);
	all_right(&b, 0);
	board_rollup(b.d);
	board_keep(b.d, 1);
	all_right(&b, 1);
	board_rollup(b.d);
	ck_assert_str_eq(told(&b), "pending 1 pending");
	board_set_careful(b.lab.board, false);
	ck_assert_str_eq(told(&b), "complete 3 visible");
	ck_assert_ptr_null(board_unkept(b.lab.board));
	board_kept(b.lab.board, 1, on_told, &b);
	bench_down(&b);
}
END_TEST

START_TEST(columns_that_stay_keep_their_cells)
{
	struct bench b;
	struct zone *zone = xcalloc(1, sizeof(*zone) + sizeof(zone->servers[0]));
	size_t row;

	bench_up(&b);
	row = row_of(&b, "mx");
	answer(&b, row, 1, 300, right);
	zone->servers = (struct zone_server *)(zone + 1);
	zone->status = ZONE_FOUND;
	dns_name_parse(&zone->apex, "contoso.test", NULL);
	dns_name_parse(&zone->servers[0].name, "ns1.contoso.test", NULL);
	zone->n_servers = 1;
	board_set_columns(b.d, zone, b.lab.sources, false, NULL, NULL);
	ck_assert_uint_eq(board_n_columns(b.d), 3);
	ck_assert_ptr_null(board_column_source(b.d, 0));
	ck_assert_uint_ne(board_cell(b.d, row, 2)->variant, 0);
	ck_assert_uint_eq(board_cell(b.d, row, 1)->variant, 0);
	bench_down(&b);
	free(zone);
}
END_TEST

/* What the SOA and NS of the larger zone said is no answer to those of the domain's own, though the server is the same. */
START_TEST(another_apex_is_another_question)
{
	static const char *const apexes[] = { "test", "test", "contoso.test" };
	struct zone zones[ARRAY_LEN(apexes)] = { { .status = ZONE_FOUND } };
	struct zone_server server = { .reason = REASON_NONE };
	struct addr addr;
	struct bench b;
	size_t row;

	bench_up(&b);
	row = board_n_rows(b.d) - 1;
	ck_assert(addr_parse(&addr, "11.0.1.1", 53));
	server.source = sources_authority(b.lab.sources, &addr);
	dns_name_parse(&server.name, "ns1.contoso.test", NULL);
	for (size_t i = 0; i < ARRAY_LEN(apexes); i++) {
		dns_name_parse(&zones[i].apex, apexes[i], NULL);
		zones[i].servers = &server;
		zones[i].n_servers = 1;
		board_set_columns(b.d, &zones[i], b.lab.sources, false, NULL, NULL);
		ck_assert_msg(board_cell(b.d, row, 0)->final == (i == 1), "%zu", i);
		board_cell(b.d, row, 0)->final = 1;
	}
	board_set_columns(b.d, NULL, b.lab.sources, false, NULL, NULL);
	source_unref(b.lab.sources, server.source);
	bench_down(&b);
}
END_TEST

/* What is squeezed into a cell: exact where it matters, never more than it was, and in order. */
START_TEST(cells_keep_long_numbers_nearly)
{
	static const struct {
		uint32_t ttl, kept_ttl, rtt_us, kept_rtt_us;
	} cases[] = {
		{ 0, 0, 0, 0 },
		{ 1, 1, 99, 0 },
		{ 3600, 3600, 12345, 12300 },
		{ 604800, 604800, 25599, 25500 },
		{ 1048575, 1048575, 25600, 25600 },
		{ 1048577, 1048576, 25700, 25600 },
		{ 31536000, 31536000, 2000000, 1996800 },
		{ INT32_MAX, INT32_MAX, UINT32_MAX, 6528000 },
	};
	struct cell c = { .reason = REASON_MAX - 1, .confirmed = 15, .variant = CELL_VARIANTS_MAX, .failures = 15, .good = 1 };

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		cell_set_ttl(&c, cases[i].ttl);
		cell_set_rtt_us(&c, cases[i].rtt_us);
		ck_assert_uint_eq(cell_ttl(&c), cases[i].kept_ttl);
		ck_assert_uint_eq(cell_rtt_us(&c), cases[i].kept_rtt_us);
	}
	ck_assert(c.reason == REASON_MAX - 1 && c.confirmed == 15 && c.variant == CELL_VARIANTS_MAX && c.failures == 15 && c.good);
}
END_TEST

START_TEST(ticks_do_not_go_backwards)
{
	struct bench b;
	uint32_t last = 0;

	bench_up(&b);
	for (int i = 0; i < 200; i++) {
		int64_t now = b.lab.clock.mono_ms(&b.lab.clock);
		uint32_t ticks = board_ticks(b.lab.board, now);

		ck_assert_uint_ge(ticks, last);
		ck_assert_uint_gt(ticks, 0);
		ck_assert_int_le(board_ticks_ms(b.lab.board, ticks), now);
		ck_assert_int_gt(board_ticks_ms(b.lab.board, ticks + 1), now);
		ck_assert_uint_eq(board_ticks(b.lab.board, board_ticks_ms(b.lab.board, ticks + 1)), ticks + 1);
		last = ticks;
		clock_fake_advance(&b.lab.clock, 7);
	}
	bench_down(&b);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("board");
	TCase *t = tcase_create("board");
	SRunner *r;
	int failed;

	tcase_add_test(t, same_answer_is_one_variant);
	tcase_add_test(t, good_answers_are_counted_and_a_bad_one_resets);
	tcase_add_test(t, failure_is_no_news_until_the_last_try);
	tcase_add_test(t, transitions_and_status);
	tcase_add_test(t, who_sees_it);
	tcase_add_test(t, told_when_kept);
	tcase_add_test(t, revisions_never_fall);
	tcase_add_test(t, careless_again);
	tcase_add_test(t, columns_that_stay_keep_their_cells);
	tcase_add_test(t, another_apex_is_another_question);
	tcase_add_test(t, cells_keep_long_numbers_nearly);
	tcase_add_test(t, ticks_do_not_go_backwards);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
