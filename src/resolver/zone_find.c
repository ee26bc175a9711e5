/* SPDX-License-Identifier: ISC */
/*
 * The delegation of one domain.
 *
 *	TLD (or the deepest zone above that is known) --label by label--> the domain     at the authorities, RD off
 *	     | nobody knows the TLD
 *	     +--> the domain's NS at the resolvers, then those of its parents	         a laboratory without a root
 *
 * NXDOMAIN on the way is remembered and the walk goes on below (servers exist that deny empty non-terminals); it decides only
 * when nothing is found below it.  NXDOMAIN from a registry means that the domain is not registered or not delegated.  From
 * any other zone it means that nothing was published yet below a zone that exists: not a broken delegation, the records are
 * missing, and that is told better by asking for them.
 */
#include <stdlib.h>
#include <string.h>

#include "zone.h"

#define FIND_STEPS_MAX   40
#define FIND_QUERIES_MAX 200

/* ---- results ---- */

struct zone *
zone_of_cut(const struct cut *c, size_t room)
{
	struct zone *z = xcalloc(1, sizeof(*z) + (c->n + room) * sizeof(z->servers[0]));

	z->servers = (struct zone_server *)(z + 1);
	z->status = ZONE_FOUND;
	z->apex = c->apex;
	z->parent = c->parent;
	z->parent_seen = c->parent_seen;
	z->more = c->more;
	z->ttl = c->ttl;
	z->n_servers = c->n;
	for (size_t i = 0; i < c->n; i++) {
		z->servers[i] = c->servers[i];
		if (z->servers[i].source != NULL)
			z->servers[i].source->refs++;
	}
	return z;
}

static struct zone *
zone_of_failure(const struct step *st, enum zone_status status, const struct cut *above)
{
	struct zone *z = xcalloc(1, sizeof(*z));

	z->status = status;
	z->asked = st->name;
	memcpy(z->where, st->where, sizeof(z->where));
	z->negative_ttl = st->negative_ttl;
	if (above != NULL) {
		z->parent = above->apex;
		z->parent_seen = true;
	}
	if (status == ZONE_UNKNOWN)
		z->reason = st->reason != REASON_NONE ? st->reason : REASON_LAME;
	return z;
}

static void
find_free(struct find *fi)
{
	TAILQ_REMOVE(&fi->f->finds, fi, all);
	step_unref(fi->step);
	step_unref(fi->denied);
	cut_unref(fi->f, fi->cut);
	free(fi);
}

static void
find_done(struct find *fi, struct zone *z)
{
	if (fi->done != NULL)
		fi->done(fi->ctx, fi->tag, z);
	else
		zone_free(fi->f, z);
	find_free(fi);
}

/*
 * Does this zone register names for others?  TLDs do, and the usual second levels below country codes (co.uk, com.au).  Only
 * how NXDOMAIN is told hangs on it, so a name that is not in the list does little harm.
 */
static bool
is_registry(const struct dns_name *apex)
{
	static const char *const second[] = {
		"ac", "co", "com", "edu", "gob", "gouv", "gov", "go", "govt", "ltd", "me", "mil", "ne", "net", "nom", "or",
		"org", "plc", "sch",
	};
	struct dns_name name, under;

	if (dns_name_labels(apex) < 2)
		return true;
	dns_name_suffix(&name, apex, 1);
	if (dns_name_labels(apex) > 2 || name.wire[0] != 2)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(second); i++) {
		if (dns_name_relative(&under, second[i], &name) && dns_name_equal(&under, apex))
			return true;
	}
	return false;
}

/* ---- the walk, at the authorities ---- */

static void
find_went_down(struct find *fi, struct cut *cut)
{
	cut_unref(fi->f, fi->cut);
	fi->cut = cut_ref(cut);
	fi->depth = dns_name_labels(&cut->apex);
	step_unref(fi->denied);
	fi->denied = NULL;
}

static void
find_was_denied(struct find *fi, struct step *st)
{
	if (fi->denied != NULL)
		return;
	fi->denied = st;
	st->refs++;
}

/* At the domain itself. */
static struct zone *
find_end(const struct find *fi)
{
	if (fi->denied != NULL && is_registry(&fi->cut->apex))
		return zone_of_failure(fi->denied, ZONE_MISSING, fi->cut);
	return zone_of_cut(fi->cut, 0);
}

/*
 * The zone above cannot say whether there is a cut.  When all its servers answer and none serves it, it is broken, and asking
 * them for the records shows it server by server.
 */
static struct zone *
find_failed(const struct find *fi, const struct step *st)
{
	if (st->all_answered && cut_is_served(fi->cut) && !is_registry(&fi->cut->apex))
		return zone_of_cut(fi->cut, 0);
	return zone_of_failure(st, ZONE_UNKNOWN, fi->cut);
}

/* What the step found; the zone when that was the last one. */
static struct zone *
find_take(struct find *fi, struct step *st)
{
	if (fi->cut == NULL && (st->state != STEP_CUT || !cut_is_served(st->cut))) {	/* no TLD */
		fi->by_resolver = true;
		fi->depth = fi->labels;
		return NULL;
	}
	switch (st->state) {
	case STEP_CUT:
		find_went_down(fi, st->cut);
		break;
	case STEP_NXDOMAIN:
		find_was_denied(fi, st);
		break;
	case STEP_NO_CUT:
		break;
	case STEP_BUSY:
	case STEP_FAILED:
		return find_failed(fi, st);
	}
	if (fi->depth == fi->labels)
		return find_end(fi);
	fi->depth++;
	return NULL;
}

/* ---- without a TLD, at the resolvers ---- */

static struct zone *
find_take_looked_up(struct find *fi, struct step *st)
{
	switch (st->state) {
	case STEP_CUT:
		if (fi->denied != NULL && is_registry(&st->cut->apex))
			return zone_of_failure(fi->denied, ZONE_MISSING, NULL);
		return zone_of_cut(st->cut, 0);
	case STEP_NXDOMAIN:
		find_was_denied(fi, st);
		break;
	case STEP_NO_CUT:
		break;
	case STEP_BUSY:
	case STEP_FAILED:
		return zone_of_failure(st, ZONE_UNKNOWN, NULL);
	}
	if (fi->depth > 2) {	/* the TLD was asked for in the beginning */
		fi->depth--;
		return NULL;
	}
	return fi->denied != NULL ? zone_of_failure(fi->denied, ZONE_MISSING, NULL) : zone_of_failure(st, ZONE_UNKNOWN, NULL);
}

/* ---- the course of it ---- */

static struct step *
find_next_step(struct find *fi)
{
	struct dns_name name;

	dns_name_suffix(&name, &fi->domain, fi->labels - fi->depth);
	if (fi->by_resolver)
		return step_new(fi->f, &name, NULL, false);
	if (fi->depth < fi->labels)
		return cuts_step(fi->f, &name, fi->cut);
	return step_new(fi->f, &name, fi->cut, true);
}

static void
find_go_on(struct find *fi)
{
	struct zone *z = NULL;

	for (;;) {
		struct step *st = fi->step;

		if (st != NULL) {
			fi->queries += st->queries;
			z = fi->by_resolver ? find_take_looked_up(fi, st) : find_take(fi, st);
			if (z == NULL && (++fi->steps > FIND_STEPS_MAX || fi->queries > FIND_QUERIES_MAX))
				z = zone_of_failure(st, ZONE_UNKNOWN, fi->cut);
			if (z != NULL) {
				find_done(fi, z);
				return;
			}
			fi->step = NULL;
			step_unref(st);
		}
		fi->step = find_next_step(fi);
		if (fi->step->state == STEP_BUSY) {
			TAILQ_INSERT_TAIL(&fi->step->waiters, fi, link);
			return;
		}
	}
}

static void
advance(void *ctx)
{
	struct zone_finder *f = ctx;
	struct find *fi;

	for (size_t n = f->n_ready; n > 0 && (fi = TAILQ_FIRST(&f->ready)) != NULL; n--) {
		TAILQ_REMOVE(&f->ready, fi, link);
		f->n_ready--;
		find_go_on(fi);
	}
}

void
find_ready(struct find *fi)
{
	TAILQ_INSERT_TAIL(&fi->f->ready, fi, link);
	fi->f->n_ready++;
	prober_call(fi->f->p, &fi->f->advance);
}

/* ---- the face ---- */

void
zone_find(struct zone_finder *f, const struct dns_name *domain, zone_done *done, void *ctx, uint64_t tag)
{
	struct find *fi = xcalloc(1, sizeof(*fi));

	fi->f = f;
	fi->domain = *domain;
	dns_name_lower(&fi->domain);
	fi->labels = dns_name_labels(domain);
	fi->done = done;
	fi->ctx = ctx;
	fi->tag = tag;
	TAILQ_INSERT_TAIL(&f->finds, fi, all);
	fi->cut = cuts_deepest(f, &fi->domain);
	fi->depth = fi->cut != NULL ? dns_name_labels(&fi->cut->apex) + 1 : 1;
	fi->by_resolver = fi->labels < 2;
	if (fi->by_resolver)
		fi->depth = fi->labels;
	find_ready(fi);
}

/* What was begun goes on to its end, which others may share; nobody is told. */
void
zone_finder_forget(struct zone_finder *f, const void *ctx)
{
	struct find *fi;

	TAILQ_FOREACH(fi, &f->finds, all) {
		if (fi->ctx == ctx)
			fi->done = NULL;
	}
	child_forget(f, ctx);
}

void
zone_free(struct zone_finder *f, struct zone *z)
{
	if (z == NULL)
		return;
	for (size_t i = 0; i < z->n_servers; i++) {
		if (z->servers[i].source != NULL)
			source_unref(f->s, z->servers[i].source);
	}
	free(z);
}

struct zone_finder *
zone_finder_new(struct prober *p, struct lookup *l, struct sources *s, const struct clock *clock)
{
	struct zone_finder *f = xcalloc(1, sizeof(*f));

	f->p = p;
	f->l = l;
	f->s = s;
	f->clock = clock;
	cuts_init(&f->cuts);
	TAILQ_INIT(&f->queries);
	TAILQ_INIT(&f->steps);
	TAILQ_INIT(&f->hosts);
	TAILQ_INIT(&f->children);
	TAILQ_INIT(&f->finds);
	TAILQ_INIT(&f->ready);
	f->advance.f = advance;
	f->advance.ctx = f;
	return f;
}

void
zone_finder_free(struct zone_finder *f)
{
	struct find *fi;
	struct hosts *h;
	struct step *st;

	if (f == NULL)
		return;
	prober_uncall(f->p, &f->advance);
	query_free_all(f);
	while ((h = TAILQ_FIRST(&f->hosts)) != NULL)
		hosts_free(h);
	child_free_all(f);
	while ((fi = TAILQ_FIRST(&f->finds)) != NULL)
		find_free(fi);
	cuts_done(&f->cuts);
	while ((st = TAILQ_FIRST(&f->steps)) != NULL)	/* were held by the map, and by questions that are gone */
		step_free(st);
	free(f);
}
