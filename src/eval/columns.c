/* SPDX-License-Identifier: ISC */
/*
 * columns: who may speak.
 *
 * A server is judged by all its cells of this domain together: one that fails everything is set aside, an authority that
 * answers everything without authority is lame.  While a question to it is still under way nothing of the kind is said.
 * The prober's own verdict (source->set_aside), which rests on all domains, counts as well.
 */
#include <stdlib.h>
#include <string.h>

#include "roll.h"

struct server_tally {
	unsigned answered, without_aa, failed, outstanding;
	unsigned reasons[REASON_MAX];
};

const char *
column_text(const struct eval_column *c, struct arena *a)
{
	char buf[ADDR_TEXT_MAX];
	const char *label = c->label != NULL ? c->label : "?", *addr;

	if (c->source == NULL)
		return arena_printf(a, "%s (no address)", label);
	addr = addr_text(&c->source->addr, 53, buf);
	return strcmp(label, addr) == 0 ? arena_strdup(a, addr) : arena_printf(a, "%s %s", label, addr);
}

static void
cell_tally(const struct eval_column *c, const struct eval_cell *cell, struct server_tally *t)
{
	if ((cell->flags & EVAL_ASKED) == 0 || cell->reason == REASON_GATED || cell->reason == REASON_STOPPED)
		return;
	if (cell->reason == REASON_NONE && cell->variant != 0) {
		t->answered++;
		t->without_aa += c->kind == SOURCE_AUTHORITY && !cell->aa;
		return;
	}
	if ((cell->flags & EVAL_FINAL) == 0 || cell->reason == REASON_NONE) {
		t->outstanding++;
		return;
	}
	t->failed++;
	t->reasons[cell->reason]++;
}

static void
column_tally(const struct matrix *m, size_t col, struct server_tally *ret)
{
	memset(ret, 0, sizeof(*ret));
	for (size_t row = 0; row < m->n_rows; row++)
		cell_tally(&m->columns[col], MATRIX_CELL(m, row, col), ret);
}

static enum reason
tally_commonest(const struct server_tally *t)
{
	enum reason best = REASON_NONE;

	for (int i = 1; i < REASON_MAX; i++)
		if (t->reasons[i] > t->reasons[best])
			best = (enum reason)i;
	return best;
}

/* Answers that say: I do not serve this zone. */
static unsigned
tally_lame(const struct server_tally *t)
{
	return t->without_aa + t->reasons[REASON_LAME] + t->reasons[REASON_REFUSED] + t->reasons[REASON_SERVFAIL] +
	    t->reasons[REASON_NOTIMP] + t->reasons[REASON_FORMERR];
}

static void
column_health(struct eval_column *c, const struct server_tally *t)
{
	enum reason commonest = tally_commonest(t);
	unsigned good = t->answered - t->without_aa;

	c->set_aside = c->lame = false;
	c->reason = REASON_NONE;
	if (c->source == NULL || c->source->blocked) {
		c->set_aside = true;
		c->reason = c->source == NULL ? c->no_source : REASON_NOT_GLOBAL;
		return;
	}
	if (c->kind == SOURCE_AUTHORITY && c->source->intercepted) {	/* whoever answered, it was not this server */
		c->set_aside = true;
		c->reason = REASON_LAME;
		return;
	}
	if (c->kind == SOURCE_AUTHORITY && good == 0 && t->outstanding == 0 && tally_lame(t) > 0) {
		c->lame = true;
		c->reason = t->without_aa > 0 ? REASON_LAME : commonest;
		return;
	}
	if (c->kind == SOURCE_RESOLVER && t->reasons[REASON_FILTERED] > 0) {
		c->set_aside = true;
		c->reason = REASON_FILTERED;
		return;
	}
	if (c->source->set_aside || c->family_missing || (t->failed > 0 && t->answered == 0 && t->outstanding == 0)) {
		c->set_aside = true;
		c->reason = commonest != REASON_NONE ? commonest : c->family_missing ? REASON_NETWORK : REASON_SET_ASIDE;
	}
}

/* What this machine found out about a family, whatever domain it was found out with. */
static bool
own_lacks(const struct own_state *own, unsigned family)
{
	return own != NULL && own->udp[!family] == OWN_WORKS &&
	    (own->udp[family] == OWN_MISSING || (own->udp[family] == OWN_BLOCKED && own->tcp[family] != OWN_WORKS));
}

/*
 * A machine without IPv6 sees every IPv6 address fail with "network" and nothing else, while IPv4 answers: that is this
 * machine's affair and no server's.
 */
static void
columns_families(struct matrix *m, const struct server_tally *tallies)
{
	struct { unsigned answered, network, other; } family[2] = { { 0, 0, 0 }, { 0, 0, 0 } };

	for (size_t i = 0; i < m->n_columns; i++) {
		const struct eval_column *c = &m->columns[i];
		unsigned f = c->source != NULL && c->source->addr.family == 6;

		if (c->source == NULL || c->source->blocked)
			continue;
		family[f].answered += tallies[i].answered;
		family[f].network += tallies[i].reasons[REASON_NETWORK];
		family[f].other += tallies[i].failed - tallies[i].reasons[REASON_NETWORK];
	}
	for (size_t i = 0; i < m->n_columns; i++) {
		struct eval_column *c = &m->columns[i];
		unsigned f = c->source != NULL && c->source->addr.family == 6;

		if (c->source == NULL || c->source->blocked || family[f].answered > 0)
			continue;
		if (own_lacks(m->own, f) || (family[f].other == 0 && family[f].network > 0 && family[!f].answered > 0))
			c->family_missing = true;
	}
}

static void
column_counts(const struct matrix *m, struct eval_column *c)
{
	if (c->kind == SOURCE_RESOLVER)
		c->counts = column_votes(c) && column_alive(c);
	else if (m->policy.authorities == AUTHORITIES_NONE)
		c->counts = false;
	else if (m->policy.authorities == AUTHORITIES_ALL)
		c->counts = !c->family_missing;
	else
		c->counts = column_alive(c);
}

void
eval_columns(struct matrix *m)
{
	struct server_tally *tallies = xcalloc(m->n_columns + 1, sizeof(*tallies));

	m->says = NULL;
	for (size_t i = 0; i < m->n_columns; i++)
		column_tally(m, i, &tallies[i]);
	columns_families(m, tallies);
	for (size_t i = 0; i < m->n_columns; i++) {
		column_health(&m->columns[i], &tallies[i]);
		column_counts(m, &m->columns[i]);
	}
	free(tallies);
}

bool
matrix_answered(const struct matrix *m, enum source_kind kind)
{
	for (size_t col = 0; col < m->n_columns; col++) {
		struct server_tally t;

		if (m->columns[col].kind != kind)
			continue;
		column_tally(m, col, &t);
		/* any packet is an answer here, also one that says no */
		if (t.answered > 0 || tally_lame(&t) > 0)
			return true;
	}
	return false;
}

bool
matrix_broken(const struct matrix *m)
{
	bool lame = false;

	if (m->zone.zone != NULL && m->zone.zone->status == ZONE_MISSING)
		return true;
	if (m->policy.authorities == AUTHORITIES_NONE)
		return false;
	for (size_t i = 0; i < m->n_columns; i++) {
		const struct eval_column *c = &m->columns[i];

		if (c->kind != SOURCE_AUTHORITY)
			continue;
		if (column_alive(c))
			return false;
		lame = lame || c->lame;
	}
	return lame;
}

bool
matrix_silent(const struct matrix *m)
{
	bool any = false;

	if (m->policy.authorities == AUTHORITIES_NONE)
		return false;
	if (m->zone.zone != NULL && m->zone.zone->status == ZONE_UNKNOWN)
		return true;
	for (size_t i = 0; i < m->n_columns; i++) {
		if (m->columns[i].kind != SOURCE_AUTHORITY)
			continue;
		if (!m->columns[i].set_aside)
			return false;
		any = true;
	}
	return any;
}
