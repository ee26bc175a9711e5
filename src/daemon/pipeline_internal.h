/* SPDX-License-Identifier: ISC */
/* pipeline_internal: what pipeline.c (all domains) and pipeline_domain.c (one domain) share. */
#ifndef M365DNSD_DAEMON_PIPELINE_INTERNAL_H
#define M365DNSD_DAEMON_PIPELINE_INTERNAL_H

#include <sys/queue.h>

#include "pipeline.h"

struct pipeline {
	const struct conf *conf;
	const struct clock *clock;
	struct pipeline_config cfg;
	struct sched_config sched;
	struct sources *sources;
	struct prober *prober;
	struct lookup *lookup;
	struct zone_finder *finder;
	struct board *board;
	struct domain **domains;
	size_t n_domains;
	struct heap due;		/* of struct domain */
	LIST_HEAD(, domain) dirty;	/* to be rolled up */
	int64_t turn_ends_ms;
	unsigned n_finding;
	struct side_job *policies;	/* being fetched */
	unsigned n_policies;
	uint64_t last_policy;
	size_t n_reached, n_settled;	/* so many of the first domains were, when last looked at */
	uint8_t generation;		/* of the configuration */
	struct change *change;		/* another configuration on its way */
	bool own_wrong;			/* own_words() had something to say, when last looked at */
	const struct str *replanned;	/* the domain just being taken up again, as bytes */
};

/*
 *   FIND_ZONE --zone_find--> FINDING --zone_done--> ASKING <--zone_due-- (again when the delegation's TTL is over)
 *   authorities = none starts in ASKING
 */
enum phase { PHASE_FIND_ZONE, PHASE_FINDING, PHASE_ASKING };

struct domain {
	struct heap_item due;		/* first: the heap's items are domains */
	struct pipeline *p;
	struct board_domain *b;
	LIST_ENTRY(domain) dirty_link;
	enum phase phase;
	bool is_dirty, gates_stale, internal_asked, no_authorities;
	bool child_done, child_finding;	/* the child's own NS set */
	bool sides_wait;		/* after a restart: nothing is asked aside before an authority has answered anew */
	bool sides_stale;		/* what is known aside is out of date */
	bool asking_sides;
	uint8_t n_side_jobs;
	uint8_t generation;		/* of the configuration that it follows */
	unsigned in_flight, failures;	/* failures: of the zone finder in a row */
	uint64_t gates;			/* rows whose gate is open */
	uint32_t soa_serial;
	uint32_t place;			/* in p->domains */
	int64_t zone_due_ms;
	struct side_job *side_jobs;
	int64_t sides_due_ms;		/* something asked aside failed: roll up again then; SCHED_NEVER = nothing */
	struct sched_domain sched;
	uint64_t revision;		/* as last told by on_changed */
};

/* A domain that begins: with what p->replanned remembers of it, else not asked yet; due at once. */
struct domain *domain_new(struct pipeline *p, struct board_domain *b);
/* A domain that has just begun goes on with what is remembered of it. */
void domain_restore(struct domain *d, const struct pipeline_memory *m);
/* Columns anew (the list of resolvers may have changed); what nobody has asked yet is asked. */
void domain_refresh(struct domain *d, int64_t now_ms);
/* As after a change by hand: everything at the authorities is asked now. */
void domain_check(struct domain *d, int64_t now_ms);
/* A server that was set aside answers again: what it failed to answer is due now. */
void domain_recovered(struct domain *d, const struct source *src, int64_t now_ms);
/* Off the heap and the lists, nothing in flight for it any more. */
void domain_forget(struct domain *d);
void domain_free(struct domain *d);
/* Ask all that is due now, and put the domain where it is due next. */
void domain_turn(struct domain *d, int64_t now_ms);
/* Roll up and open gates; called once for many answers. */
void domain_settle(struct domain *d, int64_t now_ms);
/* SCHED_ONCE: nothing more comes without waiting. */
bool domain_is_settled(const struct domain *d);

/* Be looked at no later than at (SCHED_NEVER: nothing to plan). */
void domain_due(struct domain *d, int64_t at_ms);
int64_t domain_now(const struct domain *d);

/* ---- pipeline_cell.c ---- */

/* Internal resolvers answer for their own view: the gate does not hold them back. */
enum columns { COLUMNS_AUTHORITIES, COLUMNS_PUBLIC, COLUMNS_INTERNAL };
/* The column of a source, perhaps the one at hint: columns move. */
bool cell_column(const struct domain *d, const struct source *src, size_t hint, size_t *ret);
/* Ask this cell at that time, or (SCHED_NEVER) not again by itself. */
void cell_plan(struct domain *d, struct cell *c, int64_t at_ms);
/* Everything of this kind of columns, in these rows, is asked now. */
void cells_ask(struct domain *d, enum columns which, uint64_t rows, int64_t now_ms);
/* What may be asked and nobody has asked yet is asked now. */
void cells_ask_unasked(struct domain *d, int64_t now_ms);
/* What this column failed to answer is asked now. */
void cells_ask_failed(struct domain *d, size_t col, int64_t now_ms);
/* Ask the due cells of a row; the earliest time at which another of them is due. */
int64_t cells_turn(struct domain *d, size_t row, int64_t now_ms);

/* ---- pipeline_zone.c ---- */

void domain_find_zone(struct domain *d);
/* When the delegation is looked at again: its TTL when it was found; soon, then less and less often when it was not. */
int64_t domain_zone_next(const struct domain *d, const struct zone *zone, int64_t now_ms);
/* Once all servers have said their NS set (or failed to), compare it with the parent's. */
void domain_find_child(struct domain *d);
/* For the board: ctx is the pipeline. */
void domain_give_back_zone(void *ctx, struct zone *zone);

/* ---- pipeline_side.c ---- */

/* Take what the last roll-up wants to know aside, as far as there is room. */
void domain_ask_sides(struct domain *d, int64_t now_ms);
void domain_forget_sides(struct domain *d);

/* pipeline.c: is any resolver short of work? */
bool pipeline_has_room(const struct pipeline *p);
/* pipeline.c: what of a configuration is global, to all rooms. */
void pipeline_configure(struct pipeline *p, const struct conf *conf);
/* pipeline_change.c: some of what a change that was applied has left to do. */
void pipeline_change_go_on(struct pipeline *p, int64_t now_ms);
/* pipeline_domain.c: those of the plan and of the configuration ask other servers than domain d does: it has to begin anew. */
bool domain_asks_others(const struct domain *d, const struct plan *plan);
/* pipeline.c: a domain more; there is room for it in p->domains. */
void pipeline_add(struct pipeline *p, struct plan *plan);
/* pipeline.c: put d on the list of those to be rolled up. */
void pipeline_mark_dirty(struct domain *d);

#endif
