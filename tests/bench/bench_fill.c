/* SPDX-License-Identifier: ISC */
/*
 * A store as the daemon leaves it behind, made without a network: every domain of a configuration goes over the board once
 * with the answers of bench_answers.h, and its snapshot into the store.
 *
 *   bench_fill CONF [AGE]     into the database that CONF names; AGE: seconds since the answers came (0)
 */
#include <stdlib.h>
#include <unistd.h>

#include <m365dnsd/store.h>

#include "bench_answers.h"

#define WAITING_MAX 5000	/* snapshots in the store's queue */
#define RTT_US      12000

static int64_t age_ms;

static int64_t
past_mono(const struct clock *c)
{
	(void)c;
	return clock_system.mono_ms(&clock_system) - age_ms;
}

static int64_t
past_unix(const struct clock *c)
{
	(void)c;
	return clock_system.unix_ms(&clock_system) - age_ms;
}

static const struct clock past = { .mono_ms = past_mono, .unix_ms = past_unix };

/* Every resolver gives the same answer to a row. */
static void
answer_row(struct board_domain *d, size_t row)
{
	uint8_t query[DNS_QUERY_MAX], wire[WIRE_MAX];
	struct reply reply = { .wire = wire, .rtt_us = RTT_US };
	struct question q;
	struct name name;

	board_row_question(d, row, &q);
	reply.len = answer_make(wire, query, dns_query_encode(query, &q, DNS_QUERY_RD), &name);
	for (size_t col = 0; col < board_n_columns(d); col++)
		if (board_column_applies(d, row, col))
			board_answer(d, row, col, &reply, 3);
}

static size_t
fill_domain(struct store *store, struct board *board, struct sources *sources, struct plan *plan)
{
	struct board_domain *d = board_add(board, plan);
	struct str bytes = STR_INIT;
	struct store_domain row = { .name = plan_domain(plan) };
	size_t n;

	board_set_columns(d, NULL, sources, false, NULL, NULL);
	for (size_t i = 0; i < plan_n_questions(plan); i++)
		answer_row(d, i);
	board_rollup(d);
	board_snapshot(d, true, &bytes);
	row.revision = board_revision(d);
	row.snapshot = bytes.p;
	row.snapshot_len = n = bytes.len;
	store_put_domain(store, &row);
	str_done(&bytes);
	board_remove(board, d);
	return n;
}

static void
wait_for(struct store *store, size_t waiting)
{
	struct store_stats st;

	store_get_stats(store, &st);
	while (st.queued > waiting) {
		usleep(10000);
		store_get_stats(store, &st);
	}
}

static int
fill(const struct conf *conf, const struct catalog *catalog, struct store *store, struct err *err)
{
	const struct eval_policy policy = { .authorities = conf->authorities, .quorum = conf->quorum,
		.quorum_percent = conf->quorum_percent, .confirm = conf->confirm, .until = UNTIL_COMPLETE };
	struct sources *sources = sources_new(conf);
	struct board *board = board_new(&past, &policy, NULL, NULL);
	size_t bytes = 0, questions = 0;
	int rc = 0;

	for (size_t i = 0; i < conf->n_domains && rc == 0; i++) {
		struct plan *plan = plan_build(catalog, conf, i, err);

		if (plan == NULL) {
			rc = -1;
			break;
		}
		questions = plan_n_questions(plan);
		bytes += fill_domain(store, board, sources, plan);
		plan_unref(plan);
		if (i % 1000 == 0)
			wait_for(store, WAITING_MAX);
	}
	wait_for(store, 0);
	printf("fill domains=%zu questions=%zu resolvers=%zu bytes_a_domain=%zu\n", conf->n_domains, questions,
	    sources_n_resolvers(sources), bytes / (conf->n_domains + 1));
	board_free(board);
	sources_free(sources);
	return rc;
}

int
main(int argc, char **argv)
{
	struct conf_problems problems = { NULL, 0 };
	struct conf *conf = argc > 1 ? conf_load(argv[1], NULL, &problems) : NULL;
	struct catalog *catalog = conf != NULL ? catalog_load(conf->catalog_file, &problems) : NULL;
	struct store_config cfg = { .history_days = 30, .queue_max = 100000 };
	struct err err = { "the configuration cannot be used" };
	struct store *store = NULL;
	int rc = -1;

	age_ms = argc > 2 ? strtoll(argv[2], NULL, 10) * 1000 : 0;
	if (catalog != NULL) {
		cfg.path = conf->database;
		store = store_open(&cfg, &err);
	}
	if (store != NULL) {
		rc = fill(conf, catalog, store, &err);
		store_close(store, 10000);
	}
	if (rc == -1)
		fprintf(stderr, "bench_fill: %s\n", err.msg);
	catalog_free(catalog);
	conf_free(conf);
	conf_problems_done(&problems);
	return rc == 0 ? 0 : 1;
}
