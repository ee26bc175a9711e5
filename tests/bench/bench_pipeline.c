/* SPDX-License-Identifier: ISC */
/*
 * One pass of the whole machine without command line and output: zones, gates, questions, answers, judging, roll-up.
 *
 *   bench_pipeline CONF     also prints what a cell of the board costs, and the longest time the loop was held up
 */
#include <m365dnsd/conf.h>
#include <m365dnsd/transport.h>

#include "src/daemon/pipeline.h"

#include "bench_list.h"

static struct loop *loop;
static struct loop_timer *timer;
static struct pipeline *pipeline;
static bool woken;

static void
step(void *ctx)
{
	int64_t at;

	(void)ctx;
	woken = false;
	at = pipeline_run(pipeline);
	if (pipeline_settled(pipeline))
		loop_stop(loop);
	else if (at != INT64_MAX)
		loop_timer_set(timer, at - clock_system.mono_ms(&clock_system));
}

static void
wake(void *ctx)
{
	if (!woken)
		loop_defer(loop, step, ctx);
	woken = true;
}

static size_t
queries_of(struct sources *sources, size_t *ret_failures)
{
	size_t n = 0;

	for (size_t i = 0; i < sources_n_resolvers(sources); i++) {
		const struct source *s = sources_resolver(sources, i);

		n += s->stats.queries;
		for (int reason = 0; reason < REASON_MAX; reason++)
			*ret_failures += s->stats.failures[reason];
	}
	return n;
}

int
main(int argc, char **argv)
{
	const struct pipeline_config cfg = { .mode = SCHED_ONCE, .until = UNTIL_COMPLETE, .wake = wake };
	struct conf_problems problems = { 0 };
	struct conf *conf = argc > 1 ? conf_load(argv[1], NULL, &problems) : NULL;
	struct catalog *catalog = catalog_load(NULL, &problems);
	size_t cells, bytes, failures = 0, queries;
	struct transport *transport;
	double began;

	loop = loop_new(NULL);
	transport = transport_ares_new(loop, NULL, NULL);
	if (conf == NULL || catalog == NULL || transport == NULL)
		return 2;
	pipeline = pipeline_new(conf, catalog, NULL, 0, transport, &clock_system, &cfg, NULL);
	if (pipeline == NULL)
		return 2;
	timer = loop_timer_new(loop, step, NULL);
	loop_timer_set(timer, 0);
	began = bench_now();
	loop_run(loop);
	began = bench_now() - began;
	board_memory(pipeline_board(pipeline), &cells, &bytes);
	queries = queries_of(pipeline_sources(pipeline), &failures);
	printf("cells=%zu bytes_per_cell=%.1f worst_stall_us=%llu\n", cells, (double)bytes / (double)cells,
	    (unsigned long long)loop_get_stats(loop)->worst_us);
	bench_report("pipeline", queries, failures, began);
	pipeline_free(pipeline);
	loop_timer_free(timer);
	loop_free(loop);
	catalog_free(catalog);
	conf_free(conf);
	conf_problems_done(&problems);
	return 0;
}
