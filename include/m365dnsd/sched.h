/* SPDX-License-Identifier: ISC */
/*
 * sched: when to ask again.  Pure: given what a cell knows, says when it is due; keeps no list of its own.
 */
#ifndef M365DNSD_SCHED_H
#define M365DNSD_SCHED_H

#include <m365dnsd/base.h>
#include <m365dnsd/board.h>

enum sched_mode { SCHED_ONCE, SCHED_WATCH };	/* --once; --wait and the daemon */

struct sched_config {
	enum sched_mode mode;
	unsigned confirm;
	unsigned interval_floor, interval_ceiling, guard_interval, stale_recheck;	/* seconds */
	unsigned max_tries;		/* 3 */
	unsigned confirm_gap_ms;	/* 250 */
};
/* The domain as the scheduler sees it. */
struct sched_domain {
	int64_t eager_since_ms;		/* start, reload, POST /check, or the last change: floor for two minutes after it */
	bool complete;
};
#define SCHED_NEVER INT64_MAX

/* When to ask the cell again after what just came back.  SCHED_NEVER: only another event (the gate, a change) makes it due. */
int64_t sched_next(const struct sched_config *cfg, const struct sched_domain *d, const struct cell *c, enum source_kind kind,
    bool good, int64_t now_ms);
/* Full jitter over [0, base * 2^failures], at most cap. */
int64_t sched_backoff_ms(unsigned failures, int64_t base_ms, int64_t cap_ms);

#endif
