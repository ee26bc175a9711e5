/* SPDX-License-Identifier: ISC */
/*
 * Side questions at authoritative servers: those of the zone that the name lies in, and those that the administrator says to edit.
 *
 * A look-up that begins in a watched zone goes on where that ends: at another watched zone's servers, or at the resolvers.
 */
#include <string.h>

#include "pipeline_side.h"

static ask_done authority_replied, edited_replied;
static lookup_done edited_looked_up;

/* ---- at the authorities ---- */

/* Has the server of this column given an answer of the zone? */
static bool
column_serves(struct board_domain *b, size_t col)
{
	for (size_t row = 0; row < board_n_rows(b); row++) {
		const struct cell *c = board_cell(b, row, col);

		if (c->asked && c->aa && c->reason == REASON_NONE && c->variant != 0)
			return true;
	}
	return false;
}

struct source *
side_authority(struct board_domain *b, const struct side_job *j)
{
	for (size_t col = 0; col < board_n_columns(b) && (j == NULL || j->n_tried < SIDE_TRIES); col++) {
		struct source *s = board_column_source(b, col);

		if (s != NULL && s->kind == SOURCE_AUTHORITY && !s->blocked && !s->set_aside && (j == NULL || !job_has_tried(j, s)) &&
		    column_serves(b, col))
			return s;
	}
	return NULL;
}

static bool
in_own_zone(const struct domain *d, const struct dns_name *name)
{
	const struct zone *z = board_zone(d->b);
	struct dns_name domain;

	plan_domain_name(board_plan(d->b), &domain);
	return !d->no_authorities && dns_name_is_below(name, z != NULL && z->status == ZONE_FOUND ? &z->apex : &domain);
}

/*
 * The domain whose zone the name lies in, its own or another that is watched: a resolver that were asked for a name of either
 * would perhaps learn that it is not there yet.  NULL: a name of others.
 */
static struct board_domain *
home_of(const struct side_job *j, const struct dns_name *name)
{
	char text[DNS_NAME_TEXT_MAX];
	struct dns_name at;

	for (unsigned skip = 0; skip < dns_name_labels(name); skip++) {
		struct board_domain *b;
		const struct zone *z;

		dns_name_suffix(&at, name, skip);
		b = board_find(j->d->p->board, dns_name_text_lower(&at, text));
		z = b != NULL ? board_zone(b) : NULL;
		if (z != NULL && z->status == ZONE_FOUND && dns_name_is_below(name, &z->apex))
			return b;
	}
	return in_own_zone(j->d, name) ? j->d->b : NULL;
}

void
job_ask_authority(struct side_job *j)
{
	struct board_domain *home = j->want.at == SIDE_AUTHORITY ? j->d->b : home_of(j, &j->q.name);
	struct source *s = home != NULL ? side_authority(home, j) : NULL;

	if (s == NULL)
		job_fail(j, REASON_SET_ASIDE);
	else
		job_ask(j, s, 0, authority_replied);
}

static const char *
authority_where(const struct side_job *j, struct arena *a, const struct source *s)
{
	struct board_domain *home = home_of(j, &j->want.q.name);
	const struct zone *z = board_zone(home != NULL ? home : j->d->b);
	char text[DNS_NAME_TEXT_MAX];

	for (size_t i = 0; z != NULL && i < z->n_servers; i++)
		if (z->servers[i].source == s)
			return side_where(a, dns_name_text_lower(&z->servers[i].name, text), s);
	return side_where(a, "", s);
}

bool
job_is_asked_at_home(const struct side_job *j)
{
	struct board_domain *home = home_of(j, &j->q.name);
	const struct zone *z = home != NULL ? board_zone(home) : NULL;

	return home != NULL && (j->q.type != DNS_TYPE_DS || z == NULL || !dns_name_equal(&j->q.name, &z->apex));
}

/* A look-up goes on where the zone ends: in a zone below, or where an alias leads.  False when this is the answer. */
static bool
leads_out(struct side_job *j, const struct answer *an)
{
	if (j->want.at != SIDE_LOOKUP)
		return false;
	if (an->kind == ANSWER_REFERRAL)
		return true;
	if (an->n_chain == 0 || an->kind == ANSWER_CNAME_LOOP || j->chain != NULL ||
	    home_of(j, &an->chain[an->n_chain - 1]) == home_of(j, &j->q.name))
		return false;
	j->n_tried = 0;
	j->n_chain = an->n_chain;
	j->chain = xreallocarray(NULL, an->n_chain, sizeof(*j->chain));
	memcpy(j->chain, an->chain, an->n_chain * sizeof(*j->chain));
	j->chain_ttl = an->ttl > 0 ? an->ttl : TTL_MAX_S;
	j->q.name = j->chain[j->n_chain - 1];
	return true;
}

static void
authority_replied(void *ctx, uint64_t tag, struct source *src, const struct reply *reply)
{
	struct side_job *j = job_find(ctx, tag);
	struct arena *a = arena_new();
	enum reason reason;
	struct answer *an = side_answer_of(a, reply, true, &reason);

	if (j != NULL && an == NULL) {
		job_failed_once(j, reason);
		job_ask_authority(j);
	} else if (j != NULL && leads_out(j, an)) {
		if (an->kind == ANSWER_REFERRAL || !job_is_asked_at_home(j))
			job_look_up(j);
		else
			job_ask_authority(j);
	} else if (j != NULL) {
		job_done(j, an, authority_where(j, a, src), true, a);
	}
	arena_free(a);
}

/* ---- at the servers that the administrator edits ---- */

/* The name of the server that is asked, false when there are no more. */
static bool
edited_name(const struct side_job *j, struct dns_name *ret)
{
	const struct conf_domain *conf = plan_conf(board_plan(j->d->b));

	return j->edited < 2 * conf->n_nameservers && dns_name_parse(ret, conf->nameservers[j->edited / 2], NULL) == 0;
}

void
job_ask_edited(struct side_job *j)
{
	struct question q = { .type = j->edited % 2 == 0 ? DNS_TYPE_A : DNS_TYPE_AAAA };

	if (j->n_tried < SIDE_TRIES && edited_name(j, &q.name))
		lookup_ask(j->d->p->lookup, &q, edited_looked_up, j->d, j->want.id);
	else
		job_fail(j, REASON_NETWORK);
}

/* The first address only: the next name is as good as the next address. */
static void
edited_looked_up(void *ctx, uint64_t tag, enum reason reason, const struct answer *answer, const struct dns_message *m)
{
	struct side_job *j = job_find(ctx, tag);
	struct addr addr;
	struct source *s;

	(void)m;
	if (j == NULL)
		return;
	if (answer == NULL || answer->kind != ANSWER_POSITIVE || !rdata_addr(&answer->values[0], &addr)) {
		if (answer == NULL)
			job_failed_once(j, reason);
		j->edited++;
		job_ask_edited(j);
		return;
	}
	s = sources_authority(j->d->p->sources, &addr);
	job_ask(j, s, 0, edited_replied);
	source_unref(j->d->p->sources, s);	/* the ask holds it */
}

static void
edited_replied(void *ctx, uint64_t tag, struct source *src, const struct reply *reply)
{
	struct side_job *j = job_find(ctx, tag);
	struct arena *a = arena_new();
	enum reason reason;
	struct answer *an = side_answer_of(a, reply, true, &reason);
	struct dns_name name;
	char text[DNS_NAME_TEXT_MAX] = "";

	if (j != NULL && an == NULL) {
		job_failed_once(j, reason);
		j->edited += 2 - j->edited % 2;
		job_ask_edited(j);
	} else if (j != NULL) {
		if (edited_name(j, &name))
			dns_name_text_lower(&name, text);
		job_done(j, an, side_where(a, text, src), true, a);
	}
	arena_free(a);
}
