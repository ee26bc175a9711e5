/* SPDX-License-Identifier: ISC */
/* board_internal: what the files of this room share. */
#ifndef M365DNSD_BOARD_INTERNAL_H
#define M365DNSD_BOARD_INTERNAL_H

#include <m365dnsd/board.h>

#define VARIANTS_MORE 2		/* slots at a time: a hundred thousand domains have a spare one each, and most answers come once */

/* One distinct answer to one row of one domain. */
struct variant {
	struct blob *blob;		/* the answer packed; NULL = free slot */
	/*
	 * Of the reply that gave it last: most replies need no decoding.  48 bits of a keyed hash tell the few answers to one
	 * question apart.
	 */
	uint64_t digest : 48;
	uint64_t row : 8;
	uint64_t plain : VIEW_MAX * PLAN_SLOTS_MAX;	/* as in struct eval_variant, one view after the other */
	uint8_t verdict[VIEW_MAX][PLAN_SLOTS_MAX];	/* likewise */
};
#define DIGEST_MASK ((UINT64_C(1) << 48) - 1)

struct record_track {			/* 12 bytes: there are two million of them */
	uint32_t seen;			/* by these operators: see struct record_result */
	uint32_t since_s;		/* see record_since(): seconds until 2106, and milliseconds */
	uint32_t since_ms : 10;
	uint32_t visible_percent : 7;	/* of the last roll-up */
	uint32_t state : 4;
	uint32_t was_published : 1;
};

static inline int64_t
record_since(const struct record_track *t)
{
	return (int64_t)t->since_s * 1000 + t->since_ms;
}

static inline void
record_set_since(struct record_track *t, int64_t unix_ms)
{
	t->since_s = unix_ms > 0 && unix_ms / 1000 <= UINT32_MAX ? (uint32_t)(unix_ms / 1000) : 0;
	t->since_ms = unix_ms > 0 ? (uint32_t)(unix_ms % 1000) & 1023 : 0;
}

/* order.c: by name */
struct order {
	struct board_domain **list;	/* list[n_sorted..n) is not in order yet */
	size_t n, n_sorted, cap;
	size_t last;			/* where the last board_next() was */
};
void order_add(struct order *o, struct board_domain *d);
void order_remove(struct order *o, const struct board_domain *d);

/* told.c: what may be said of a domain before its latest change is kept */
struct told {
	uint64_t revision;
	uint8_t state;
	bool published, visible, complete;	/* reached */
	int64_t since_unix_ms, published_unix_ms, visible_unix_ms, complete_unix_ms;
	struct {
		int64_t since_unix_ms;
		uint8_t state;
	} records[];
};
struct held;
struct held_lists;
#define REVISION_SLACK 1000	/* reserved by a snapshot: they may be told without another */

struct held_lists *told_lists_new(void);
/* NULL: the domain's own fields may be said. */
const struct told *told_of(const struct board_domain *d);
/* Before anything changes.  news: more than cells. */
void told_hold(struct board_domain *d, bool news);
void told_forget(struct board_domain *d);

struct board {
	const struct clock *clock;
	struct eval_policy policy;
	board_on_transition *on_transition;
	board_on_seen *on_seen;		/* NULL: nobody wants to know */
	void *ctx;
	int64_t epoch_ms;		/* monotonic; of tick 1 */
	struct map *domains;
	struct map *blobs;		/* packed answers: of all domains and sources that give them */
	struct order order;
	struct arena *scratch;
	size_t n_cells;
	size_t of_state[DOMAIN_REGRESSED + 1];	/* domains */
	bool careful;
	struct held_lists *held;
	struct cell no_cell;		/* what is nowhere: see board_cell() */
	struct columns *columns;	/* those made last: the next domain's are often the same.  Not counted */
};

/* Domains in a row that have the same columns share them: all of them, where no authority is asked. */
struct columns {
	unsigned refs, n;
	struct column {
		struct source *source;	/* NULL: a name server without address */
		int16_t server;		/* index into zone->servers, -1 = a configured resolver */
		bool is_twin;		/* another name for the address of an earlier column */
	} list[];
};

struct board_domain {
	struct board *board;
	struct plan *plan;
	void *user;
	struct zone *zone;
	void (*free_zone)(void *ctx, struct zone *zone);
	void *free_zone_ctx;
	bool finding, changed, verification_by_mx;
	bool seen_before;		/* restored: who sees what already is no news */
	bool restoring;			/* variants come before the cells that use them: no slot is free */
	uint8_t state;
	bool was_published, reached_published, reached_visible, reached_complete;
	uint16_t n_columns, n_variants;	/* variants[0] is unused */
	uint16_t n_authorities;		/* of the columns, the first ones */
	struct columns *columns;
	struct cell *cells;
	struct variant *variants;
	struct record_track *records;
	struct sides *sides;		/* NULL while nothing is asked aside */
	uint64_t revision;
	uint64_t reserved;		/* up to here revisions are in the store */
	struct held *held;		/* NULL: all is told */
	/* of the last roll-up, for summaries */
	float published_ratio, visible_ratio;
	uint8_t eta_basis;
	uint8_t n_questions;		/* of the plan: every look at a cell asks for it */
	uint16_t errors, warnings, infos, n_required;
	int64_t eta_ms;			/* monotonic */
	uint32_t checked;		/* ticks */
	int64_t since_unix_ms, published_unix_ms, visible_unix_ms, complete_unix_ms;
};

/* domain.c */

/*
 * All columns of the plan's questions, then the authorities' of the zone's own rows: nobody asks a resolver about these, and a
 * sixth of all cells would be theirs.
 */
static inline size_t
cell_index(const struct board_domain *d, size_t row, size_t col)
{
	size_t n = d->n_questions;

	return row < n ? row * d->n_columns + col : n * d->n_columns + (row - n) * d->n_authorities + col;
}

static inline bool
cell_exists(const struct board_domain *d, size_t row, size_t col)
{
	return row < d->n_questions || col < d->n_authorities;
}

void domain_set_state(struct board_domain *d, enum domain_state state);
/* The cells of further names of one address hold what those of the first hold. */
void domain_twins_take(struct board_domain *d);
void columns_unref(struct board *b, struct columns *c);
const struct cell *board_cell_const(const struct board_domain *d, size_t row, size_t col);
size_t board_n_cells(const struct board_domain *d);	/* in d->cells */

/* variant.c */

/* The variant of row with this digest, 0 when it is not known. */
uint16_t variant_by_digest(const struct board_domain *d, size_t row, uint64_t digest);
/* The variant of this answer, made and judged (for the view it was given in) when it is new. */
uint16_t variant_put(struct board_domain *d, size_t row, const struct answer *an, uint64_t digest, enum view view);
/* The same of an answer packed before, which the next roll-up judges. */
uint16_t variant_remember(struct board_domain *d, size_t row, const void *bytes, size_t n);
bool variant_is_judged(const struct board_domain *d, const struct variant *v, enum view view);
/* Judge v in this view where it is VERDICT_UNJUDGED. */
void variant_judge(struct board_domain *d, struct variant *v, const struct answer *an, enum view view);
/* Forget the verdicts of a row: what they depend on has changed. */
void variant_forget_verdicts(struct board_domain *d, size_t row);
void variants_free(struct board_domain *d);

/* matrix.c: the domain as eval wants to see it; everything lives in a. */
void matrix_build(const struct board_domain *d, struct arena *a, struct matrix *ret);
/* Keep the verdicts that eval filled in. */
void matrix_keep_verdicts(struct board_domain *d, const struct matrix *m);
/* A prior for eval_domain from what the board remembers. */
void matrix_prior(const struct board_domain *d, struct arena *a, struct domain_prior *ret);

/* summary.c: an ETA for people.  It is a bound: up to the full second, never cut down; 0 = none. */
int64_t board_eta_unix(int64_t mono_ms, int64_t unix_minus_mono_ms);

/* rollup.c: note who sees what, where that is not known since a restart, before an answer changes it. */
void rollup_seen_before(struct board_domain *d);

/* rollup.c: judge, roll up and tell; m and r stay the caller's, in a. */
void rollup_into(struct board_domain *d, struct arena *a, struct matrix *m, struct domain_result *r);

#endif
