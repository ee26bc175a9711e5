/* SPDX-License-Identifier: ISC */
/*
 * pipeline: the picture as code.
 *
 *   plan --> due heap --> domain_turn --> prober --> transport
 *                             ^                         |
 *              sched_next  cells, gates  <-- board_answer
 *                             |
 *                        domain_settle --> board_rollup --> transitions
 *
 * One heap holds the domains by the time at which their next cell is due.  A turn asks all due cells of one domain; the
 * queues of the sources are kept short by not starting further domains while every resolver has enough to do, so that a
 * hundred thousand domains cost no memory in flight, and a slow server slows only what needs it.
 */
#include <stdlib.h>
#include <string.h>

#include "pipeline_internal.h"

#define BACKLOG_ENOUGH 128	/* asks waiting at a source: more would only age in its queue */
#define FINDING_MAX_AT_ONCE 256
#define DIRTY_AT_ONCE 64	/* roll-ups a turn */
#define TURN_MS 3		/* of work; who else uses the loop waits so long */

static struct eval_policy
policy_of(const struct conf *conf, const struct pipeline_config *cfg)
{
	return (struct eval_policy){
		.authorities = conf->authorities,
		.quorum = conf->quorum,
		.quorum_percent = conf->quorum_percent,
		.confirm = conf->confirm,
		.peek = cfg->peek,
		.until = cfg->until,
	};
}

static struct sched_config
sched_of(const struct conf *conf, const struct pipeline_config *cfg)
{
	return (struct sched_config){
		.mode = cfg->mode,
		.confirm = conf->confirm,
		.interval_floor = conf->interval_floor,
		.interval_ceiling = conf->interval_ceiling,
		.guard_interval = conf->guard_interval,
		.stale_recheck = conf->stale_recheck,
		.max_tries = 3,
		.confirm_gap_ms = 250,
	};
}

static void
wake(void *ctx)
{
	struct pipeline *p = ctx;

	p->cfg.wake(p->cfg.ctx);
}

/* A server is back, whichever question found that out: all that it owes is asked now.  (One pass has no second look.) */
static void
source_recovered(void *ctx, struct source *src)
{
	struct pipeline *p = ctx;
	int64_t now = p->clock->mono_ms(p->clock);

	for (size_t i = 0; i < p->n_domains && p->sched.mode == SCHED_WATCH; i++)
		domain_recovered(p->domains[i], src, now);
}

/* What is known of this machine and its network has changed, and with it what every domain may be blamed for. */
static void
own_changed(void *ctx)
{
	struct pipeline *p = ctx;
	struct str s = STR_INIT;
	bool wrong = own_words(sources_own(p->sources), &s);

	if (p->own_wrong != wrong && p->sched.mode == SCHED_WATCH)
		log_notice("network: %s", wrong ? str_c(&s) : "nothing is wrong any more");
	p->own_wrong = wrong;
	str_done(&s);
	for (size_t i = 0; i < p->n_domains; i++) {
		board_note_change(p->domains[i]->b);
		pipeline_mark_dirty(p->domains[i]);
	}
}

static struct prober_config
limits_of(struct pipeline *p, const struct conf *conf)
{
	return (struct prober_config){
		.timeout_ms = 2000,
		.set_aside_tries = 3,
		.set_aside_ms = p->cfg.mode == SCHED_ONCE ? 0 : 10000,
		.authority_private = conf->authority_private,
		.wake = p->cfg.wake != NULL ? wake : NULL,
		.recovered = source_recovered,
		.own = true,
		.own_changed = own_changed,
		.ctx = p,
	};
}

void
pipeline_configure(struct pipeline *p, const struct conf *conf)
{
	struct eval_policy policy = policy_of(conf, &p->cfg);
	struct prober_config limits = limits_of(p, conf);

	p->conf = conf;
	p->sched = sched_of(conf, &p->cfg);
	board_set_policy(p->board, &policy);
	prober_reconfigure(p->prober, &limits);
	sources_reconfigure(p->sources, conf);
}

void
pipeline_add(struct pipeline *p, struct plan *plan)
{
	struct domain *d = domain_new(p, board_add(p->board, plan));

	d->place = (uint32_t)p->n_domains;
	p->domains[p->n_domains++] = d;
}

static int
plan_all(struct pipeline *p, const struct catalog *catalog, const struct pipeline_spec *specs, size_t n, struct err *err)
{
	p->domains = xcalloc(n + 1, sizeof(struct domain *));
	for (size_t i = 0; i < n; i++) {
		struct plan *plan = plan_build(catalog, specs == NULL ? p->conf : specs[i].conf,
		    specs == NULL ? i : specs[i].index, err);

		if (plan == NULL)
			return -1;
		pipeline_add(p, plan);
		plan_unref(plan);
	}
	return 0;
}

struct pipeline *
pipeline_new(const struct conf *conf, const struct catalog *catalog, const struct pipeline_spec *specs, size_t n,
    struct transport *transport, const struct clock *clock, const struct pipeline_config *cfg, struct err *err)
{
	struct pipeline *p = xcalloc(1, sizeof(*p));
	struct eval_policy policy = policy_of(conf, cfg);
	struct prober_config limits;

	p->conf = conf;
	p->clock = clock;
	p->cfg = *cfg;
	p->sched = sched_of(conf, cfg);
	limits = limits_of(p, conf);
	p->sources = sources_new(conf);
	p->prober = prober_new(transport, clock, &limits);
	p->lookup = lookup_new(p->prober, p->sources, clock);
	p->finder = zone_finder_new(p->prober, p->lookup, p->sources, clock);
	p->board = board_new(clock, &policy, cfg->on_transition, cfg->ctx);
	board_set_on_seen(p->board, cfg->on_seen);
	if (plan_all(p, catalog, specs, specs == NULL ? conf->n_domains : n, err) == -1) {
		pipeline_free(p);
		return NULL;
	}
	return p;
}

void
pipeline_free(struct pipeline *p)
{
	if (p == NULL)
		return;
	pipeline_change_end(p);
	for (size_t i = 0; i < p->n_domains; i++)
		domain_forget(p->domains[i]);
	heap_done(&p->due);
	board_free(p->board);		/* gives its zones back to the finder */
	for (size_t i = 0; i < p->n_domains; i++)
		domain_free(p->domains[i]);
	zone_finder_free(p->finder);
	lookup_free(p->lookup);
	prober_free(p->prober);
	sources_free(p->sources);
	free(p->domains);
	free(p);
}

void
pipeline_mark_dirty(struct domain *d)
{
	if (d->is_dirty)
		return;
	d->is_dirty = true;
	LIST_INSERT_HEAD(&d->p->dirty, d, dirty_link);
}

/* Is any resolver short of work?  When none is alive the authorities' own queues are the limit. */
bool
pipeline_has_room(const struct pipeline *p)
{
	size_t n = sources_n_resolvers(p->sources);
	bool alive = false;

	if (p->n_finding >= FINDING_MAX_AT_ONCE)
		return false;
	for (size_t i = 0; i < n; i++) {
		const struct source *s = sources_resolver(p->sources, i);

		if (!s->set_aside && prober_backlog(p->prober, s) < BACKLOG_ENOUGH)
			return true;
		alive = alive || !s->set_aside;
	}
	return !alive;
}

/* Is this turn of the loop long enough? */
static bool
turn_is_over(const struct pipeline *p)
{
	return p->clock->mono_ms(p->clock) >= p->turn_ends_ms;
}

/* Start what is due while there is room for it.  True when anything was started. */
static bool
run_due(struct pipeline *p, int64_t now)
{
	struct heap_item *top;
	bool any = false;

	while ((top = heap_top(&p->due)) != NULL && top->key <= now && pipeline_has_room(p) &&
	    !turn_is_over(p)) {
		heap_remove(&p->due, top);
		domain_turn((struct domain *)top, now);
		any = true;
	}
	return any;
}

/*
 * Roll up the domains that something came in for, a few a turn: all of a large configuration at once (at the start, say) would
 * keep sockets and timers waiting.
 */
static void
run_dirty(struct pipeline *p, int64_t now, unsigned *budget)
{
	struct domain *d;

	while ((d = LIST_FIRST(&p->dirty)) != NULL && *budget > 0 && !turn_is_over(p)) {
		LIST_REMOVE(d, dirty_link);
		d->is_dirty = false;
		domain_settle(d, now);
		(*budget)--;
	}
}

/*
 * When to go on: at once when the end of the turn cut something short.  It may end between any two looks at the clock, so what
 * counts is what is left.  Due, but without room: an answer makes room.
 */
static int64_t
next_run(const struct pipeline *p, int64_t now, int64_t next)
{
	const struct heap_item *top = heap_top(&p->due);

	if (!LIST_EMPTY(&p->dirty) || pipeline_is_changing(p))
		return now;
	if (top == NULL || (top->key <= now && !pipeline_has_room(p)))
		return next;
	return top->key < next ? top->key : next;
}

int64_t
pipeline_run(struct pipeline *p)
{
	int64_t now = p->clock->mono_ms(p->clock);
	unsigned budget = DIRTY_AT_ONCE;

	p->turn_ends_ms = now + TURN_MS;
	pipeline_change_go_on(p, now);
	do {
		prober_run(p->prober);
		run_dirty(p, now, &budget);
	} while (!turn_is_over(p) && (run_due(p, now) || (!LIST_EMPTY(&p->dirty) && budget > 0)));
	return next_run(p, now, prober_run(p->prober));
}

/*
 * Both are asked after every turn, with ten thousand domains perhaps: go on from the first that was not there yet.  What is
 * settled stays settled; what was reached may be lost again, so success is only told after a look at all.
 */
bool
pipeline_settled(struct pipeline *p)
{
	while (p->n_settled < p->n_domains && domain_is_settled(p->domains[p->n_settled]))
		p->n_settled++;
	return p->n_settled == p->n_domains;
}

/* One pass also says what is known aside: what was asked last is waited for. */
static bool
domain_reached(const struct pipeline *p, const struct domain *d)
{
	return board_reached(d->b, p->cfg.until) &&
	    (p->sched.mode != SCHED_ONCE || (d->n_side_jobs == 0 && d->due.pos == 0 && !d->is_dirty));
}

bool
pipeline_reached(struct pipeline *p)
{
	for (int look = 0; look < 2; look++) {
		while (p->n_reached < p->n_domains && domain_reached(p, p->domains[p->n_reached]))
			p->n_reached++;
		if (p->n_reached < p->n_domains)
			return false;
		p->n_reached = 0;
	}
	return true;
}

size_t
pipeline_n_domains(const struct pipeline *p)
{
	return p->n_domains;
}

struct status *
pipeline_status(struct pipeline *p, size_t i, struct arena *a)
{
	return pipeline_status_of(p, p->domains[i]->b, a);
}

struct fix *
pipeline_fix(struct pipeline *p, size_t i, struct arena *a)
{
	return board_fix(p->domains[i]->b, p->cfg.fixes, a);
}

struct status *
pipeline_status_of(struct pipeline *p, struct board_domain *b, struct arena *a)
{
	const struct domain *d = board_user(b);

	(void)p;
	return board_status(b, d->due.pos != 0 ? d->due.key : 0, a);
}

int64_t
pipeline_lag_ms(const struct pipeline *p)
{
	const struct heap_item *top = heap_top(&p->due);
	int64_t now = p->clock->mono_ms(p->clock);

	return top != NULL && top->key < now ? now - top->key : 0;
}

struct board *
pipeline_board(struct pipeline *p)
{
	return p->board;
}

struct prober *
pipeline_prober(struct pipeline *p)
{
	return p->prober;
}

struct sources *
pipeline_sources(struct pipeline *p)
{
	return p->sources;
}

struct evidence {
	bool answered, failed;
};

static void
source_evidence(void *ctx, struct source *s)
{
	struct evidence *e = ctx;

	e->answered |= s->stats.answers > 0;
	e->failed |= s->stats.failures[REASON_TIMEOUT] + s->stats.failures[REASON_NETWORK] > 0;
}

bool
pipeline_no_network(const struct pipeline *p)
{
	struct evidence e = { false, false };

	sources_each(p->sources, source_evidence, &e);
	return e.failed && !e.answered;
}
