/* SPDX-License-Identifier: ISC */
/*
 * sched: when to ask again.
 *
 * Ask when the answer can change.  A resolver that holds an old value holds it until its TTL runs out, so it is asked then and
 * not before; an authority may change at any moment, so it is asked often while somebody is working on the zone and rarely
 * afterwards.
 *
 *                 failed                    wrong or missing           right, not confirmed    right
 *   authority     back-off                  floor, later doubling      -                       ceiling; guard when complete
 *   resolver      back-off                  expiry + jitter            confirm_gap             a day
 *
 * In --once only what needs no waiting is planned: the next try of a failure, and confirmation.
 */
#include <m365dnsd/sched.h>

#define EAGER_MS      (120 * 1000)		/* the floor holds so long after a start or a change */
#define DAY_MS        (24 * 3600 * (int64_t)1000)
#define RETRY_BASE_MS 2000			/* RFC 9520: failures are remembered, not hammered */
#define RETRY_CAP_MS  (300 * 1000)
#define ONCE_BASE_MS  50			/* between the tries of one pass; the time-out itself is the longer wait */
#define JITTER_MAX_MS 2000

int64_t
sched_backoff_ms(unsigned failures, int64_t base_ms, int64_t cap_ms)
{
	int64_t span = base_ms;

	while (failures-- > 0 && span < cap_ms)
		span *= 2;
	if (span > cap_ms)
		span = cap_ms;
	return random_below((uint32_t)span + 1);
}

static int64_t
clamp(int64_t v, int64_t low, int64_t high)
{
	if (v < low)
		return low;
	return v > high ? high : v;
}

static int64_t
after_failure(const struct sched_config *cfg, const struct cell *c, int64_t now_ms)
{
	bool last = c->final && c->reason != REASON_NONE;	/* a failed confirmation leaves the answer before it standing */

	if (cfg->mode == SCHED_ONCE) {
		if (last)
			return SCHED_NEVER;
		return now_ms + sched_backoff_ms(c->failures, ONCE_BASE_MS, 8 * ONCE_BASE_MS);
	}
	/* The first tries follow quickly: one lost packet is no trouble.  Later ones are far apart. */
	if (!last)
		return now_ms + RETRY_BASE_MS / 2 + sched_backoff_ms(0, RETRY_BASE_MS, RETRY_CAP_MS);
	return now_ms + cfg->interval_floor * (int64_t)1000 / 2 +
	    sched_backoff_ms(c->failures, RETRY_BASE_MS, RETRY_CAP_MS);
}

/*
 * An authority whose answer is not right yet: the floor while somebody is likely at work, then waits as long as the time
 * gone by since, which is what doubling each wait comes to.
 */
static int64_t
authority_interval_ms(const struct sched_config *cfg, const struct sched_domain *d, int64_t now_ms)
{
	int64_t floor_ms = cfg->interval_floor * (int64_t)1000, since = now_ms - d->eager_since_ms;

	if (since < EAGER_MS)
		return floor_ms;
	return clamp(since - EAGER_MS, floor_ms, cfg->interval_ceiling * (int64_t)1000);
}

static int64_t
next_authority(const struct sched_config *cfg, const struct sched_domain *d, bool good, int64_t now_ms)
{
	if (cfg->mode == SCHED_ONCE)
		return SCHED_NEVER;
	if (d->complete)
		return now_ms + cfg->guard_interval * (int64_t)1000;
	if (good)
		return now_ms + cfg->interval_ceiling * (int64_t)1000;
	return now_ms + authority_interval_ms(cfg, d, now_ms);
}

/*
 * Expiry + jitter: uniform, up to 2 s or 5 % of the wait, whichever is less; so that caches are met just after they turned.
 * A TTL is a whole number, rounded down: the cache turns up to a second later than it says.
 */
static int64_t
next_stale(const struct sched_config *cfg, const struct cell *c, int64_t now_ms)
{
	int64_t wait = (int64_t)cell_ttl(c) * 1000 + 1000, jitter = wait / 20;

	if (jitter > JITTER_MAX_MS)
		jitter = JITTER_MAX_MS;
	wait += random_below((uint32_t)jitter + 1);
	return now_ms + clamp(wait, cfg->interval_floor * (int64_t)1000, cfg->stale_recheck * (int64_t)1000);
}

static int64_t
next_resolver(const struct sched_config *cfg, const struct cell *c, bool good, int64_t now_ms)
{
	if (good && c->confirmed < cfg->confirm)
		return now_ms + cfg->confirm_gap_ms;
	if (cfg->mode == SCHED_ONCE)
		return SCHED_NEVER;
	return good ? now_ms + DAY_MS : next_stale(cfg, c, now_ms);
}

int64_t
sched_next(const struct sched_config *cfg, const struct sched_domain *d, const struct cell *c, enum source_kind kind,
    bool good, int64_t now_ms)
{
	if (c->failures > 0)
		return after_failure(cfg, c, now_ms);
	if (kind == SOURCE_AUTHORITY)
		return next_authority(cfg, d, good, now_ms);
	return next_resolver(cfg, c, good, now_ms);
}
