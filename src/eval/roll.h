/* SPDX-License-Identifier: ISC */
/*
 * roll: what the files share that look at the matrix as a whole: which columns speak, what they say of each record, and the
 * findings that follow.
 */
#ifndef EVAL_ROLL_H
#define EVAL_ROLL_H

#include <m365dnsd/eval.h>

/* ---- the matrix (columns.c, cell.c) ---- */

/* Asked for every cell, so they are here. */
static inline enum view
column_view(const struct eval_column *c)
{
	return c->kind == SOURCE_RESOLVER && c->source != NULL ? c->source->view : VIEW_PUBLIC;
}
/* May the column's answers be used: neither set aside nor lame, and it has an address? */
static inline bool
column_alive(const struct eval_column *c)
{
	return c->source != NULL && !c->set_aside && !c->lame;
}
/* A resolver that takes part in the public milestones. */
static inline bool
column_votes(const struct eval_column *c)
{
	return c->kind == SOURCE_RESOLVER && (c->votes || c->required) && column_view(c) == VIEW_PUBLIC;
}
/* Does the column decide what is published: an authority that counts, or with authorities = none a voting resolver? */
static inline bool
column_decides(const struct matrix *m, const struct eval_column *c)
{
	if (m->policy.authorities == AUTHORITIES_NONE)
		return column_votes(c) && c->counts;
	return c->kind == SOURCE_AUTHORITY && c->counts;
}
/* "ns1.contoso.test 192.0.2.1". */
const char *column_text(const struct eval_column *c, struct arena *a);
/* Is the zone itself at fault: not delegated, or every server that answers is lame? */
bool matrix_broken(const struct matrix *m);
/* The zone is known, and none of its servers has given any answer. */
bool matrix_silent(const struct matrix *m);
/* Did any column of the kind answer anything? */
bool matrix_answered(const struct matrix *m, enum source_kind kind);
/* Judge what is unjudged; returns whether the MX set carries the proof of ownership. */
bool matrix_judge(struct matrix *m, struct arena *a);
/* The answer that the cell holds now; NULL when it has none that can be used. */
static inline const struct answer *
matrix_answer(const struct matrix *m, size_t row, size_t col)
{
	const struct eval_cell *c = MATRIX_CELL(m, row, col);
	const struct answer *an;

	/* a failure that is not final leaves the last answer standing: a lost packet is no news */
	if (c->variant == 0 || c->variant >= m->n_variants || (c->reason != REASON_NONE && (c->flags & EVAL_FINAL) != 0))
		return NULL;
	an = m->variants[c->variant].answer;
	if (an == NULL || an->kind == ANSWER_REFERRAL || an->kind == ANSWER_FAILURE)
		return NULL;
	return m->columns[col].kind == SOURCE_AUTHORITY && !c->aa ? NULL : an;
}

/* What a column says of an expectation; nothing of caches yet. */
enum say { SAY_OK, SAY_WRONG, SAY_MISSING, SAY_UNKNOWN, SAY_PENDING, SAY_NOTHING };
struct cell_say {
	enum say say;		/* NOTHING: the expectation does not hold in the column's view */
	enum reason reason;	/* UNKNOWN and PENDING */
};
/* By the verdicts so far. */
struct cell_say cell_judged(const struct matrix *m, size_t expectation, size_t col);
/* Nothing is judged any more: from now on cell_says() only looks it up.  In a. */
void matrix_says(struct matrix *m, struct arena *a);
/* Asked a dozen times for every cell. */
static inline struct cell_say
cell_says(const struct matrix *m, size_t expectation, size_t col)
{
	return m->says != NULL ? m->says[expectation * m->n_columns + col] : cell_judged(m, expectation, col);
}

/* ---- the roll-up (rollup.c) ---- */

struct tally {			/* of the columns that decide, for one expectation */
	unsigned n, ok, wrong, missing, unknown, pending;
};
struct roll {
	struct matrix *m;
	bool *waiting;			/* expectations with side questions that are not answered yet */
	bool *cut;			/* rows whose names lie in a zone below, or do perhaps */
	const struct plan *plan;
	const struct domain_prior *prior;
	struct arena *a;
	size_t n;			/* expectations */
	struct tally *tally;
	uint8_t *operators;		/* by operator_id: marks of votes_count */
	size_t n_operators;
	struct record_result *records;
	bool by_mx, broken, silent;
	struct finding *findings;
	size_t n_findings, cap_findings;
};
/* Required and nothing but required rows gate the domain. */
bool roll_applies(const struct roll *r, size_t i);
void eta_records(struct roll *r);
void eta_domain(const struct roll *r, struct domain_result *ret);

/* ---- findings (diagnose*.c) ---- */

struct advice {			/* what the templates may name; NULL = "" */
	const char *found, *wanted, *server, *n;
};
#define EVIDENCE_MAX 8		/* lines a finding */

/* A finding; expectation -1 = the domain.  The pointer is good until the next one is made. */
struct finding *diagnose_add(struct roll *r, enum finding_code code, enum severity severity, int expectation,
    const char *detail, const struct advice *advice);
/* The finding made already, NULL when there is none. */
struct finding *diagnose_find(struct roll *r, enum finding_code code, int expectation);
void diagnose_drop(struct roll *r, const struct finding *f);
/* What the column answered to row, as lines like those of dig. */
void diagnose_evidence(struct roll *r, struct finding *f, size_t row, size_t col);
void diagnose_evidence_text(struct roll *r, struct finding *f, const char *line);
void diagnose_source(struct roll *r, struct finding *f, size_t col);
/*
 * What is known aside of a question, for the sake of expectation (-1 = the domain).  While it is pending nothing can be said
 * and the caller returns; the record holds its state until then.
 */
enum side_state side_ask(struct roll *r, int expectation, enum side_at at, const struct dns_name *name, uint16_t type,
    struct side_fact *ret);
/* FAILED because nobody here can ask such things: there is nothing to say about it. */
bool side_is_unasked(const struct side_fact *fact);
/*
 * Does the answer say, so that it can be believed, that there is nothing?  name is the one that was asked for.  What the root or a
 * top-level domain denies is believed only in a network that knows Microsoft (aside.c).  What is neither denied nor POSITIVE
 * counts as what could not be asked.
 */
bool side_denied(struct roll *r, const struct dns_name *name, const struct side_fact *fact);
/* The answer as lines of evidence, like diagnose_evidence. */
void diagnose_evidence_side(struct roll *r, struct finding *f, const struct dns_name *name, uint16_t type,
    const struct side_fact *fact);
/* The answer of the first server that has expectation i right; NULL = there is none, or i is -1. */
const struct answer *record_answer(const struct roll *r, int i, size_t *ret_col);
/* Of what is wrong behind expectation i: an error where it is demanded. */
enum severity record_severity(const struct roll *r, int i);
/* All servers that answered say that expectation i is not there; false for i = -1. */
bool record_is_absent(const struct roll *r, int i);
/* The template with its names filled in; unknown names stay as they are. */
const char *advice_expand(const struct roll *r, const char *template, int expectation, const struct advice *v);

void diagnose_zone(struct roll *r);
void diagnose_apex_hides(struct roll *r);
void diagnose_cuts(struct roll *r);
void diagnose_failing(struct roll *r);
void diagnose_targets(struct roll *r);
void diagnose_dangling(struct roll *r);
void diagnose_records(struct roll *r);
void diagnose_required(struct roll *r);
void diagnose_agreement(struct roll *r);
void diagnose_dkim(struct roll *r);
void diagnose_dmarc(struct roll *r);
void diagnose_sts(struct roll *r);
void diagnose_dane(struct roll *r);
void diagnose_places(struct roll *r);
void diagnose_internal(struct roll *r);
void diagnose_split(struct roll *r);
void diagnose_resolvers(struct roll *r);
void diagnose_own(struct roll *r);
/* Is such a failure of the column this network's doing, and told as that? */
bool own_explains(const struct roll *r, size_t col, enum reason reason);
void diagnose_caches(struct roll *r);
void diagnose_answers(struct roll *r);
void diagnose_sort(struct roll *r);

#endif
