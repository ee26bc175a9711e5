/* SPDX-License-Identifier: ISC */
/*
 * Steps above the domains themselves (TLDs, co.uk, a company's main zone) are the same for many domains and are kept, found or
 * not.  The step for a domain itself is never kept: whether it is delegated is what the program is there to find out.
 */
#include "zone.h"

#define CUT_MIN_S       30
#define CUT_MAX_S       3600
#define NO_CUT_MAX_S    60	/* a delegation made meanwhile is found soon */
#define NXDOMAIN_S      30
#define FAILED_S        5	/* RFC 9520: not sooner */
#define CUTS_MAX        8192

void
cuts_init(struct cuts *c)
{
	c->map = map_new();
}

static void
drop(struct zone_finder *f, struct step *st)
{
	struct dns_name key = st->name;

	dns_name_lower(&key);
	heap_remove(&f->cuts.expiries, &st->expiry);
	map_del(f->cuts.map, key.wire, key.len);
	st->shared = false;
	step_unref(st);
}

static struct step *
step_of(struct heap_item *item)
{
	return (struct step *)((char *)item - offsetof(struct step, expiry));
}

static void
expire(struct zone_finder *f)
{
	int64_t now = f->clock->mono_ms(f->clock);
	struct heap_item *top;

	while ((top = heap_top(&f->cuts.expiries)) != NULL && (top->key <= now || map_count(f->cuts.map) > CUTS_MAX))
		drop(f, step_of(top));
}

void
cuts_done(struct cuts *c)
{
	heap_done(&c->expiries);
	map_free(c->map, NULL);
}

static struct step *
find_shared(struct zone_finder *f, const struct dns_name *name)
{
	struct dns_name key = *name;

	dns_name_lower(&key);
	return map_get(f->cuts.map, key.wire, key.len);
}

struct step *
cuts_step(struct zone_finder *f, const struct dns_name *name, struct cut *above)
{
	struct dns_name key = *name;
	struct step *st;

	expire(f);
	if ((st = find_shared(f, name)) == NULL) {
		dns_name_lower(&key);
		st = step_new(f, &key, above, false);
		st->shared = true;
		map_put(f->cuts.map, key.wire, key.len, st);
		if (st->state != STEP_BUSY)
			cuts_finished(st);
	}
	st->refs++;
	return st;
}

struct cut *
cuts_deepest(struct zone_finder *f, const struct dns_name *domain)
{
	struct dns_name name;
	struct step *st;

	expire(f);
	for (unsigned skip = 1; skip < dns_name_labels(domain); skip++) {
		dns_name_suffix(&name, domain, skip);
		if ((st = find_shared(f, &name)) != NULL && st->state == STEP_CUT && cut_is_served(st->cut))
			return cut_ref(st->cut);
	}
	return NULL;
}

void
cuts_finished(struct step *st)
{
	struct zone_finder *f = st->f;
	int64_t s = FAILED_S;

	if (st->state == STEP_CUT && !dns_name_equal(&st->cut->apex, &st->name)) {
		drop(f, st);	/* a cut above the name was new to us: true, but not about this name */
		return;
	}
	if (st->state == STEP_CUT)
		s = st->cut->ttl < CUT_MIN_S ? CUT_MIN_S : st->cut->ttl > CUT_MAX_S ? CUT_MAX_S : st->cut->ttl;
	else if (st->state == STEP_NO_CUT)
		s = st->negative_ttl < CUT_MIN_S ? CUT_MIN_S : NO_CUT_MAX_S;
	else if (st->state == STEP_NXDOMAIN)
		s = NXDOMAIN_S;
	heap_set(&f->cuts.expiries, &st->expiry, f->clock->mono_ms(f->clock) + s * 1000);
}

void
cuts_drop(struct zone_finder *f, const struct dns_name *apex)
{
	struct step *st = find_shared(f, apex);

	if (st != NULL && st->state != STEP_BUSY)
		drop(f, st);
}
