/* SPDX-License-Identifier: ISC */
/*
 * pipeline_change: domains come and go, and configurations change, while everything else runs on.
 *
 * All plans of the new configuration are built first: after that nothing can fail.  A domain whose plan is equal only changes
 * the plan under its cells.  One that differs is put down as bytes, as for a restart, and taken up again under the new plan:
 * rows, columns and records that still exist find their places.
 */
#include <stdlib.h>
#include <string.h>

#include "pipeline_internal.h"

static void
plans_free(struct plan **plans, size_t n)
{
	for (size_t i = 0; i < n; i++)
		plan_unref(plans[i]);
	free(plans);
}

static struct plan **
plans_build(const struct catalog *catalog, const struct pipeline_spec *specs, size_t n, struct err *err)
{
	struct plan **plans = xcalloc(n + 1, sizeof(struct plan *));

	for (size_t i = 0; i < n; i++) {
		plans[i] = plan_build(catalog, specs[i].conf, specs[i].index, err);
		if (plans[i] == NULL) {
			plans_free(plans, i);
			return NULL;
		}
	}
	return plans;
}

static size_t
place_of(const struct pipeline *p, const struct domain *d)
{
	size_t i = 0;

	while (i < p->n_domains && p->domains[i] != d)
		i++;
	return i;
}

/* d's plan has changed: the same domain under the new one, at the same place in the list. */
static void
domain_replan(struct pipeline *p, struct domain *d, struct plan *plan)
{
	size_t place = place_of(p, d);
	struct str bytes = STR_INIT;

	board_snapshot(d->b, true, &bytes);
	domain_forget(d);
	board_remove(p->board, d->b);
	domain_free(d);
	p->replanned = &bytes;
	p->domains[place] = domain_new(p, board_add(p->board, plan));
	p->replanned = NULL;
	str_done(&bytes);
}

static void
take_plan(struct pipeline *p, struct plan *plan)
{
	struct board_domain *b = board_find(p->board, plan_domain(plan));

	if (b == NULL) {
		p->domains = xreallocarray(p->domains, p->n_domains + 1, sizeof(struct domain *));
		p->domains[p->n_domains++] = domain_new(p, board_add(p->board, plan));
	} else if (plan_equal(board_plan(b), plan)) {
		board_set_plan(b, plan);
		((struct domain *)board_user(b))->generation = p->generation;
	} else {
		domain_replan(p, board_user(b), plan);
	}
}

/* Take away the domains of an older generation. */
static void
drop_old(struct pipeline *p)
{
	size_t kept = 0;

	for (size_t i = 0; i < p->n_domains; i++) {
		struct domain *d = p->domains[i];

		if (d->generation == p->generation) {
			p->domains[kept++] = d;
			continue;
		}
		domain_forget(d);
		board_remove(p->board, d->b);
		domain_free(d);
	}
	p->n_domains = kept;
	p->n_reached = p->n_settled = 0;
}

int
pipeline_reload(struct pipeline *p, const struct conf *conf, const struct catalog *catalog,
    const struct pipeline_spec *specs, size_t n, struct err *err)
{
	struct plan **plans = plans_build(catalog, specs, n, err);

	if (plans == NULL)
		return -1;
	pipeline_configure(p, conf);
	p->generation++;
	for (size_t i = 0; i < n; i++)
		take_plan(p, plans[i]);
	drop_old(p);
	p->n_refresh = p->n_domains;
	plans_free(plans, n);
	return 0;
}

/* Resolvers that are not configured any more live on, so columns may wait for their turn. */
void
pipeline_refresh(struct pipeline *p, int64_t now)
{
	while (p->n_refresh > 0 && !pipeline_turn_is_over(p))
		domain_refresh(p->domains[--p->n_refresh], now);
}

int
pipeline_put(struct pipeline *p, const struct catalog *catalog, struct pipeline_spec spec, struct err *err)
{
	struct plan *plan = plan_build(catalog, spec.conf, spec.index, err);

	if (plan == NULL)
		return -1;
	take_plan(p, plan);
	plan_unref(plan);
	p->n_reached = p->n_settled = 0;
	return 0;
}

void
pipeline_restore(struct pipeline *p, struct board_domain *b, const struct pipeline_memory *m)
{
	(void)p;
	domain_restore(board_user(b), m);
}

struct board_domain *
pipeline_find(const struct pipeline *p, const char *name)
{
	return board_find(p->board, name);
}

void
pipeline_remove(struct pipeline *p, struct board_domain *b)
{
	struct domain *d = board_user(b);
	size_t place = place_of(p, d);

	domain_forget(d);
	board_remove(p->board, b);
	domain_free(d);
	memmove(&p->domains[place], &p->domains[place + 1], (p->n_domains - place - 1) * sizeof(struct domain *));
	p->n_domains--;
	p->n_refresh -= place < p->n_refresh;
	p->n_reached = p->n_settled = 0;
}

void
pipeline_check(struct pipeline *p, struct board_domain *b)
{
	domain_check(board_user(b), p->clock->mono_ms(p->clock));
	p->cfg.wake(p->cfg.ctx);
}
