/* SPDX-License-Identifier: ISC */
#include "boardlab.h"

#include <check.h>

void
boardlab_up(struct boardlab *l, const char *config, int64_t unix_ms, board_on_transition *f, void *ctx)
{
	const struct eval_policy policy = { .authorities = AUTHORITIES_NONE, .quorum = 100, .quorum_percent = true, .confirm = 2 };
	struct conf_problems problems = { NULL, 0 };

	clock_fake_init(&l->clock, 5000, unix_ms);
	l->conf = conf_parse("test", config, &problems);
	ck_assert_msg(l->conf != NULL, "%s", problems.n > 0 ? problems.list[0].text : "");
	l->catalog = catalog_load(NULL, &problems);
	ck_assert_ptr_nonnull(l->catalog);
	l->sources = sources_new(l->conf);
	l->board = board_new(&l->clock, &policy, f, ctx);
}

void
boardlab_down(struct boardlab *l)
{
	board_free(l->board);
	sources_free(l->sources);
	catalog_free(l->catalog);
	conf_free(l->conf);
}

struct board_domain *
boardlab_add(struct boardlab *l, size_t i)
{
	struct err err = { "" };
	struct plan *plan = plan_build(l->catalog, l->conf, i, &err);
	struct board_domain *d;

	ck_assert_msg(plan != NULL, "%s", err.msg);
	d = board_add(l->board, plan);
	plan_unref(plan);
	board_set_columns(d, NULL, l->sources, false, NULL, NULL);
	return d;
}
