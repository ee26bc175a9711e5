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

/* A resolver that held an old answer gives the right one: what was predicted, and what came true.  Monotonic ms. */
struct pipeline_turn {
	const char *domain, *record, *source;
	int64_t predicted_ms, eta_ms, actual_ms;
	enum eta_basis basis;
};

struct pipeline_memory {
	const void *bytes;		/* board_snapshot's; NULL = none */
	size_t n;
	uint64_t revision;		/* the highest that was told */
};

struct pipeline_config {
	enum sched_mode mode;		/* SCHED_ONCE: one pass; SCHED_WATCH: go on for ever (--wait, daemon) */
	enum until until;
	bool fixes;		/* ask aside for what a fix has to know */
	bool peek;			/* ask resolvers although the gate is shut */
	board_on_transition *on_transition;	/* may be NULL */
	void (*wake)(void *ctx);	/* something came in: call pipeline_run() soon; never NULL, called from the transport */
	/* A domain's document has changed (after its transitions were told); may be NULL. */
	void (*on_changed)(void *ctx, struct board_domain *b);
	void (*on_turn)(void *ctx, const struct pipeline_turn *t);	/* once a record; may be NULL */
	board_on_seen *on_seen;		/* may be NULL */
	/*
	 * Fetch https://mta-sts.NAME/.well-known/mta-sts.txt from one of these addresses; the answer comes by pipeline_policy()
	 * with this tag, later and never from inside.  Other than NONE: nothing comes, for that reason.  NULL: nobody here can.
	 */
	enum reason (*ask_policy)(void *ctx, uint64_t tag, const struct dns_name *name, const struct addr *addrs, size_t n_addrs);
	void *ctx;
};

struct pipeline_spec {			/* a domain of a configuration */
	const struct conf *conf;
	size_t index;
};

/*
 * Watches the domains of specs, with specs NULL every domain of conf.  Keeps conf and catalog (the caller's, to be freed
 * after the pipeline) and owns transport.
 * NULL with words when a domain cannot be planned.
 */
struct pipeline *pipeline_new(const struct conf *conf, const struct catalog *catalog, const struct pipeline_spec *specs,
    size_t n, struct transport *transport, const struct clock *clock, const struct pipeline_config *cfg, struct err *err);
/*
 * Do all that is due; returns the monotonic ms at which it wants to be called again (INT64_MAX: only an answer can change
 * anything).
 */
int64_t pipeline_run(struct pipeline *p);
/* How late the domain is that should have been looked at first: what is asked of us is more than may be asked of others. */
int64_t pipeline_lag_ms(const struct pipeline *p);
/* SCHED_ONCE: nothing in flight and nothing that could change without waiting for a TTL. */
bool pipeline_settled(struct pipeline *p);
/* Every domain has reached cfg.until. */
bool pipeline_reached(struct pipeline *p);
size_t pipeline_n_domains(const struct pipeline *p);
/* The i-th domain of conf; roll-up first, so that it is true now. */
struct status *pipeline_status(struct pipeline *p, size_t i, struct arena *a);
/* What to change in the zone of domain i, in a. */
struct fix *pipeline_fix(struct pipeline *p, size_t i, struct arena *a);
struct board *pipeline_board(struct pipeline *p);
struct prober *pipeline_prober(struct pipeline *p);
struct sources *pipeline_sources(struct pipeline *p);
/* True when no source at all has ever answered and everything tried has failed: "no network". */
bool pipeline_no_network(const struct pipeline *p);
void pipeline_free(struct pipeline *p);
/*
 * What came of ask_policy(): n bytes of text (copied), or with NULL the reason why not.  where: who said so, or why not in words.
 * Nothing happens when nobody waits for the tag any more.
 */
void pipeline_policy(struct pipeline *p, uint64_t tag, enum reason reason, const char *text, size_t n, const char *where);

/* ---- the daemon: domains come and go ---- */

/*
 * Another configuration, in portions that hold nobody up: conf for what is global, specs (taken over, to be freed by free()) for
 * the domains.  Plan until all is planned, which may fail, then apply, or end to leave everything as it was:
 *
 *   begin, plan while CHANGE_MORE; CHANGE_PLANNED: apply (or end), then pipeline_run() while pipeline_is_changing()
 *
 * After apply what is global holds at once, and the domains follow in the next turns, a bounded number in each; those that are
 * not wanted any more go last.  Both configurations and catalogs have to live until then; afterwards nothing refers to the ones
 * of before.  What did not change keeps its state; what changed keeps what still applies.  From begin to the end domains are
 * neither put nor removed.
 */
enum change_plan { CHANGE_MORE, CHANGE_PLANNED, CHANGE_FAILED };	/* FAILED: with words, and ended */
void pipeline_change_begin(struct pipeline *p, const struct conf *conf, const struct catalog *catalog,
    struct pipeline_spec *specs, size_t n);
enum change_plan pipeline_change_plan(struct pipeline *p, struct err *err);
void pipeline_change_apply(struct pipeline *p);
bool pipeline_is_changing(const struct pipeline *p);
void pipeline_change_end(struct pipeline *p);
/* Add or replace one. */
int pipeline_put(struct pipeline *p, const struct catalog *catalog, struct pipeline_spec spec, struct err *err);
/*
 * What is remembered of a domain just added: its cells are due when they would have been.  Bytes that cannot be read are told
 * to the log and forgotten.
 */
void pipeline_restore(struct pipeline *p, struct board_domain *b, const struct pipeline_memory *m);
/* NULL when it is not watched.  name: lower-case A-labels. */
struct board_domain *pipeline_find(const struct pipeline *p, const char *name);
void pipeline_remove(struct pipeline *p, struct board_domain *b);
/* Ask the authorities now, and be quick for two minutes. */
void pipeline_check(struct pipeline *p, struct board_domain *b);
struct status *pipeline_status_of(struct pipeline *p, struct board_domain *b, struct arena *a);

#endif
