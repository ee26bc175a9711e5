/* SPDX-License-Identifier: ISC */
/*
 * What the store remembers of a domain: taken whole or not at all.  What was taken can be rolled up and shown, and makes a
 * snapshot that is taken again.
 */
#include <stdlib.h>

#include <m365dnsd/view.h>

#include "tests/lib/script.h"

#define CONF "resolvers = {}\nauthority_private = yes\n" \
	"resolver \"r1\" { address = {\"11.0.9.1\"} }\nresolver \"r2\" { address = {\"11.0.9.2\"} }\ndomain \"contoso.test\" { }\n"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct clock now;
static struct conf *conf;
static struct board *board;
static struct sources *sources;
static struct plan *plan;
static struct zone_finder *finder;

static void
must(bool ok)
{
	if (!ok)
		abort();
}

static void
on_transition(void *ctx, const struct transition *t)
{
	(void)ctx;
	must(t->domain != NULL && t->from != NULL && t->to != NULL);
}

/* Made once, for the life of the program. */
static void
prepare(void)
{
	const struct eval_policy policy = { .authorities = AUTHORITIES_ALL, .quorum = 100, .quorum_percent = true, .confirm = 2 };
	const struct prober_config cfg = { .timeout_ms = 2000, .set_aside_tries = 3, .set_aside_ms = 10000 };
	struct conf_problems problems = { NULL, 0 };
	struct prober *prober;
	struct script *net;
	struct err err;

	if (finder != NULL)
		return;
	clock_fake_init(&now, 5000, INT64_C(1795600000000));
	conf = conf_parse("fuzz", CONF, &problems);
	must(conf != NULL);
	plan = plan_build(catalog_load(NULL, &problems), conf, 0, &err);
	must(plan != NULL);
	sources = sources_new(conf);
	board = board_new(&now, &policy, on_transition, NULL);
	net = script_new();
	prober = prober_new(script_transport(net), script_clock(net), &cfg);
	finder = zone_finder_new(prober, lookup_new(prober, sources, script_clock(net)), sources, script_clock(net));
}

static void
free_zone(void *ctx, struct zone *zone)
{
	(void)ctx;
	zone_free(finder, zone);
}

static bool
restore(struct board_domain *d, const void *bytes, size_t n)
{
	bool has_zone = false;

	if (!board_restore(d, bytes, n, finder, sources, free_zone, NULL, &has_zone))
		return false;
	must(has_zone == (board_zone(d) != NULL));
	return true;
}

/* Anew, as after a restart. */
static struct board_domain *
begin(struct board_domain *before)
{
	struct board_domain *d;

	if (before != NULL)
		board_remove(board, before);
	d = board_add(board, plan);
	board_set_columns(d, NULL, sources, true, free_zone, NULL);
	return d;
}

static void
show(struct board_domain *d)
{
	struct arena *a = arena_new();
	struct str out = STR_INIT;
	const struct status *list;

	board_rollup(d);
	list = board_status(d, 0, a);
	for (size_t i = 0; i < view_n_formats; i++) {
		str_clear(&out);
		view_formats[i].render(&list, 1, &(struct view_options){ 0 }, &out);
	}
	str_done(&out);
	arena_free(a);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str again = STR_INIT;
	struct board_domain *d;

	prepare();
	d = begin(NULL);
	if (restore(d, data, size)) {
		show(d);
		board_snapshot(d, false, &again);
		d = begin(d);
		must(restore(d, again.p, again.len));
	} else {
		must(board_zone(d) == NULL);
		for (size_t row = 0; row < board_n_rows(d); row++)
			for (size_t col = 0; col < board_n_columns(d); col++)
				must(!board_cell(d, row, col)->asked);
	}
	show(d);
	board_remove(board, d);
	str_done(&again);
	return 0;
}
