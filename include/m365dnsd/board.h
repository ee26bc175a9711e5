/* SPDX-License-Identifier: ISC */
/*
 * board: what is true now, of every domain, in as few bytes as it takes (16 a cell); revisions and transitions.
 *
 * A reply goes in (board_answer), a roll-up comes out (board_rollup), and what changed is told by callback.  People and
 * formats read a struct status, a plain copy of everything about one domain (board_status); nobody else sees the cells.
 */
#ifndef M365DNSD_BOARD_H
#define M365DNSD_BOARD_H

#include <m365dnsd/eval.h>
#include <m365dnsd/plan.h>
#include <m365dnsd/resolver.h>

/* ---- what people and formats read ---- */

struct status_cell {
	const char *source, *operator;	/* operator NULL for authorities */
	const char *address;		/* port shown when it is not 53; "" when the server has none */
	enum source_kind kind;
	enum resolver_class class;	/* resolvers */
	enum view view;
	enum verdict verdict;
	enum reason reason;		/* NONE unless unknown */
	int rcode;			/* -1 = none seen */
	const char *const *values;	/* raw bytes of TXT, escaped by each format its own way: NUL-free (shown as \000) */
	size_t n_values;
	int64_t ttl;			/* remaining, seconds; -1 = none */
	int64_t ttl_told;		/* as it was answered; 0 = none */
	int64_t checked_unix_ms;	/* 0 = never */
	int64_t eta_unix_ms;		/* 0 = none */
	double rtt_ms;			/* < 0 = none */
	unsigned confirmed;
};
struct status_finding {
	const char *code;
	enum severity severity;
	const char *record;		/* id or NULL */
	const char *const *also;	/* ids of other records of which the same cause is told with it */
	size_t n_also;
	const char *title, *detail, *advice;
	const char *const *evidence, *const *sources;
	size_t n_evidence, n_sources;
};
struct status_record {
	const char *id, *name, *name_unicode;	/* name_unicode NULL when it is the same */
	const char *type;		/* "MX" */
	enum need need;
	const char *service;		/* "exchange", "" = none */
	const char *const *expected;
	size_t n_expected;
	const char *const *expected_internal;	/* NULL when the same */
	size_t n_expected_internal;
	enum record_state state;
	int64_t since_unix_ms;
	double visible;			/* 0..1 */
	int64_t eta_unix_ms;
	const struct status_cell *cells;
	size_t n_cells;
	const struct status_finding *const *findings;
	size_t n_findings;
};
struct status {
	const char *domain, *domain_unicode;	/* domain_unicode NULL when it is the same */
	uint64_t revision;
	enum domain_state state;
	int64_t since_unix_ms;
	int64_t published_unix_ms, visible_unix_ms, complete_unix_ms;	/* milestones, 0 = not */
	double progress_published, progress_visible;
	int64_t eta_unix_ms;
	enum eta_basis eta_basis;
	int64_t checked_unix_ms, next_check_unix_ms;			/* 0 = none */
	const char *cloud, *profile, *zone, *zone_parent;		/* "" when not known */
	bool published, visible, complete;
	size_t n_required, n_required_published, n_required_visible;
	unsigned confirm;		/* good answers in a row that make a resolver's cell confirmed; 0 = not known */
	const struct status_record *records;
	size_t n_records;
	const struct status_finding *findings;
	size_t n_findings;
	int64_t now_unix_ms;
};

/* ---- transitions ---- */

struct transition {
	uint64_t revision;		/* of the domain's document after it */
	int64_t at_unix_ms;
	const char *domain;
	const char *record;		/* id, NULL = the domain itself */
	const char *source;		/* NULL = not about one source */
	const char *from, *to;
	enum event event;
	const char *detail;		/* NULL = none */
};
typedef void board_on_transition(void *ctx, const struct transition *t);

/* An operator shows these records, all of its addresses do, which it did not since they were published. */
struct board_seen {
	const char *domain, *operator;
	int64_t at_unix_ms;
	const char *const *records;	/* ids */
	size_t n_records;
};
typedef void board_on_seen(void *ctx, const struct board_seen *s);

/* ---- the board ---- */

struct board;
struct board_domain;

struct board *board_new(const struct clock *clock, const struct eval_policy *policy, board_on_transition *f, void *ctx);
/* The same ctx as of transitions. */
void board_set_on_seen(struct board *b, board_on_seen *f);
void board_free(struct board *b);
void board_set_policy(struct board *b, const struct eval_policy *policy);

/* The domain's place on the board; takes a reference of plan. */
struct board_domain *board_add(struct board *b, struct plan *plan);
/* NULL when not watched.  name: text, lower case, no final dot. */
struct board_domain *board_find(const struct board *b, const char *name);
void board_remove(struct board *b, struct board_domain *d);
size_t board_count(const struct board *b);
/* Those in this state, as far as it may be told (board_told_state), without a look at all of them. */
size_t board_count_told(const struct board *b, enum domain_state state);
void board_each(struct board *b, void (*f)(void *ctx, struct board_domain *d), void *ctx);
/* The first domain by name after this one (which need not be there any more); NULL = from the start.  NULL at the end. */
struct board_domain *board_next(struct board *b, const char *after);
struct plan *board_plan(const struct board_domain *d);
/* An equal plan (plan_equal) in the place of the old one: a reload.  Takes a reference. */
void board_set_plan(struct board_domain *d, struct plan *plan);

/* Rows: the plan's questions first, then SOA and NS of the zone's apex. */
#define BOARD_SYSTEM_ROWS 2
size_t board_n_rows(const struct board_domain *d);
void board_row_question(const struct board_domain *d, size_t row, struct question *ret);

/*
 * The columns, authorities first: zone's servers (none while zone is NULL), then the resolvers of sources.  Cells of sources
 * that stay keep what they know.  The domain keeps zone until the next call or removal; free_zone gives it back.
 */
void board_set_columns(struct board_domain *d, struct zone *zone, struct sources *sources, bool finding,
    void (*free_zone)(void *ctx, struct zone *zone), void *ctx);
/* The same zone again, the resolvers of sources anew. */
void board_update_resolvers(struct board_domain *d, struct sources *sources);
size_t board_n_columns(const struct board_domain *d);
struct source *board_column_source(const struct board_domain *d, size_t col);	/* NULL: a server without address */
bool board_column_applies(const struct board_domain *d, size_t row, size_t col);	/* the question is asked in its view */
/*
 * Another name for the address of an earlier column: asked once for both, so its cells are never planned nor in flight.  Whoever
 * has an answer gives it to both.
 */
bool board_column_is_twin(const struct board_domain *d, size_t col);
const struct zone *board_zone(const struct board_domain *d);

/* One cell, for the scheduler. */
struct cell {			/* 16 bytes: there are ten million of them */
	uint32_t checked, due;	/* ticks of 1/16 s since the board began; due 0 = nothing planned */
	uint32_t ttl : 23;	/* see cell_ttl() */
	uint32_t reason : 5;	/* enum reason */
	uint32_t confirmed : 4;
	uint32_t variant : 12;	/* index into the domain's variants, 0 = none */
	uint32_t rtt : 11;	/* see cell_rtt_us() */
	uint32_t failures : 4;
	uint32_t in_flight : 1, aa : 1, final : 1, asked : 1, good : 1;
};
#define CELL_VARIANTS_MAX 4095

/*
 * A TTL up to twelve days, and the longest there is, is exact to the second, a round trip up to 25 ms to a tenth; others are
 * rounded down, by two millionths and by less than a hundredth.
 */
uint32_t cell_ttl(const struct cell *c);
void cell_set_ttl(struct cell *c, uint32_t seconds);
uint32_t cell_rtt_us(const struct cell *c);
void cell_set_rtt_us(struct cell *c, uint32_t us);
struct cell *board_cell(struct board_domain *d, size_t row, size_t col);
uint32_t board_ticks(const struct board *b, int64_t mono_ms);
int64_t board_ticks_ms(const struct board *b, uint32_t ticks);

/*
 * A reply to row at col: decoded unless its digest is one known already, its variant judged, the cell filled.  True when the
 * cell says something else than before (verdict or reason), so that a roll-up is due.
 */
bool board_answer(struct board_domain *d, size_t row, size_t col, const struct reply *reply, unsigned max_tries);
/*
 * After board_answer: does the cell hold a right answer (for every expectation of its row that applies)?  At an authority:
 * one that nobody has to change; what is optional may be absent.
 */
bool board_cell_good(struct board_domain *d, size_t row, size_t col);
/* Does the cell hold the absence of what was asked, and not another value? */
bool board_cell_negative(const struct board_domain *d, size_t row, size_t col);
/* Rows whose gate is open. */
uint64_t board_gates(struct board_domain *d);
/* The zone's own NS set as one of its servers says it, in a; NULL when none has. */
struct answer *board_child_ns(const struct board_domain *d, struct arena *a);
/* The serial of the first authority that has told its SOA. */
bool board_soa_serial(const struct board_domain *d, uint32_t *ret);
/* Roll up; tells transitions through the callback and raises the revision when anything changed. */
void board_rollup(struct board_domain *d);

/*
 * What the domain's diagnosis knows aside.  The next roll-up may ask aside, and notes what it wants to know; all: what is known
 * is out of date.  Until the first call nothing can be asked aside, and all of it counts as failed.
 */
void board_sides_round(struct board_domain *d, bool all);
struct sides *board_sides(struct board_domain *d);	/* NULL when there is none */
/* Something that findings rest on has changed: the next roll-up raises the revision. */
void board_note_change(struct board_domain *d);

uint64_t board_revision(const struct board_domain *d);
/* Go on from here, when that is higher: a revision was told that the snapshot does not know of. */
void board_raise_revision(struct board_domain *d, uint64_t revision);
enum domain_state board_state(const struct board_domain *d);
bool board_reached(const struct board_domain *d, enum until until);

/* ---- nothing is told before it is kept ---- */

/*
 * A careful board goes on saying what it said of a domain's revision, states and milestones (in status, summaries and the
 * questions with "told" in their name) when these change, until the change is kept.  Not careful, as it begins: all is said as it is.
 */
void board_set_careful(struct board *b, bool careful);
/* A domain with a change that nobody has begun to keep; NULL = none. */
struct board_domain *board_unkept(const struct board *b);
/* What is true of it now goes into the store, under this mark; marks grow. */
void board_keep(struct board_domain *d, uint64_t mark);
/* All up to this mark is kept, and told from now on; f is called for each domain of which it is something new. */
void board_kept(struct board *b, uint64_t up_to_mark, void (*f)(void *ctx, struct board_domain *d), void *ctx);
bool board_is_told(const struct board_domain *d);	/* all that there is to tell */
uint64_t board_told_revision(const struct board_domain *d);
enum domain_state board_told_state(const struct board_domain *d);
bool board_told_reached(const struct board_domain *d, enum until until);

/* Everything about a domain, in a; next_check is the scheduler's (monotonic ms, 0 = none). */
struct status *board_status(struct board_domain *d, int64_t next_check_ms, struct arena *a);
/* What to change so that it becomes right, in a; as fresh as the last answers.  ask: as for eval_fix(). */
struct fix *board_fix(struct board_domain *d, bool ask, struct arena *a);

/* ---- for lists and metrics: what the last roll-up said, without working anything out ---- */

struct board_summary {
	const char *domain;
	uint64_t revision;
	enum domain_state state;
	int64_t since_unix_ms, complete_unix_ms, checked_unix_ms, eta_unix_ms;	/* 0 = none */
	enum eta_basis eta_basis;
	double published, visible;	/* progress */
	unsigned n_records, n_required, errors, warnings, infos;
};
void board_summary(const struct board_domain *d, struct board_summary *ret);
/* The same without a look at the clock: a scrape of many knows how far UTC is from the monotonic clock. */
void board_summary_at(const struct board_domain *d, int64_t unix_minus_mono_ms, struct board_summary *ret);
struct board_record_summary {
	const char *id, *type;
	enum need need;
	enum record_state state;
	bool published;
	double visible;
};
void board_record_summary(const struct board_domain *d, size_t i, struct board_record_summary *ret);

/* ---- what survives a restart ---- */

/*
 * The domain's states, zone, answers and cells as bytes.  exact: the program ends here, the revision is the last one shown;
 * else the bytes reserve a thousand more.
 */
void board_snapshot(const struct board_domain *d, bool exact, struct str *ret);
/*
 * Take them over again, as far as plan and sources are still the same; the time since is gone by.  false on bytes that are
 * not ours (d is as after board_add); true with *ret_zone telling whether a zone came with them.
 */
bool board_restore(struct board_domain *d, const void *bytes, size_t n, struct zone_finder *finder, struct sources *sources,
    void (*free_zone)(void *ctx, struct zone *zone), void *ctx, bool *ret_zone);

/* The scheduler's handle on the domain; the board does not look at it. */
void board_set_user(struct board_domain *d, void *user);
void *board_user(const struct board_domain *d);
/* Bytes held by all cells, and their number: for bench and metrics. */
void board_memory(const struct board *b, size_t *ret_cells, size_t *ret_bytes);

#endif
