/* SPDX-License-Identifier: ISC */
/*
 * pipeline: the picture of ARCHITECTURE.md as code.  Plans go in; zones are found, authorities asked, gates opened,
 * resolvers asked, and the board is kept.  No I/O of its own: a transport and a clock are given, so that the scenario tests
 * run the whole of it on virtual time.
 */
#ifndef M365DNSD_DAEMON_PIPELINE_H
#define M365DNSD_DAEMON_PIPELINE_H

#include <m365dnsd/board.h>
#include <m365dnsd/resolver.h>
#include <m365dnsd/sched.h>

struct pipeline;

struct pipeline_config {
	enum sched_mode mode;		/* SCHED_ONCE: one pass; SCHED_WATCH: go on for ever (--wait, daemon) */
	enum until until;
	bool peek;			/* ask resolvers although the gate is shut */
	board_on_transition *on_transition;	/* may be NULL */
	void (*wake)(void *ctx);	/* something came in: call pipeline_run() soon; never NULL, called from the transport */
	void *ctx;
};

/*
 * Watches every domain of conf.  Keeps conf and catalog (the caller's, to be freed after the pipeline) and owns transport.
 * NULL with words when a domain cannot be planned.
 */
struct pipeline *pipeline_new(const struct conf *conf, const struct catalog *catalog, struct transport *transport,
    const struct clock *clock, const struct pipeline_config *cfg, struct err *err);
/* Do all that is due; returns the monotonic ms at which it wants to be called again (INT64_MAX: only an answer can change anything). */
int64_t pipeline_run(struct pipeline *p);
/* SCHED_ONCE: nothing in flight and nothing that could change without waiting for a TTL. */
bool pipeline_settled(const struct pipeline *p);
/* Every domain has reached cfg.until. */
bool pipeline_reached(const struct pipeline *p);
size_t pipeline_n_domains(const struct pipeline *p);
/* The i-th domain of conf; roll-up first, so that it is true now. */
struct status *pipeline_status(struct pipeline *p, size_t i, struct arena *a);
struct board *pipeline_board(struct pipeline *p);
struct sources *pipeline_sources(struct pipeline *p);
/* True when no source at all has ever answered and everything tried has failed: "no network". */
bool pipeline_no_network(const struct pipeline *p);
void pipeline_free(struct pipeline *p);

#endif
