/* SPDX-License-Identifier: ISC */
/*
 * Interception: somebody redirects port 53, and a cache answers for everybody.  The mark is what an authority never does:
 * answering a question without RD with data, RA set and AA clear.  A name server may be such a cache by mistake (it is lame
 * then, and the finding says why); that all of them are, those of the top-level domain included, is the network's doing.  So it
 * is told when two addresses answered as caches and none as an authority; when one did before, it is asked once more first.
 *
 * Not used, because they raise false alarms:  TTLs that count down under AA (a load balancer with a packet cache in front of
 * an authority does that);  the same rest of a TTL at all resolvers (our own last round leaves that behind, as every checker
 * does that asks them all at once);  equal id.server or version.bind (one host name, one software);  names that must not exist
 * (none may be asked of strangers, and laboratories answer them);  an answer faster than light.
 */
#include <stdio.h>
#include <string.h>

#include "prober_int.h"

/* The witness goes. */
void
own_done(struct prober *p)
{
	struct source *witness = p->own.witness;

	p->own.witness = NULL;
	if (witness != NULL)
		source_unref(witness->home, witness);
}

static void
mark_intercepted(void *ctx, struct source *src)
{
	const struct prober *p = ctx;

	src->intercepted = src->kind == SOURCE_AUTHORITY ? src->as_cache : src->view == VIEW_PUBLIC && own_is_outside(p, src);
}

static void
mark_free(void *ctx, struct source *src)
{
	(void)ctx;
	src->intercepted = false;
}

static void
intercepted(struct prober *p, struct source *src, bool is)
{
	struct own_state *st = own_state_of(src);

	if (is && p->own.witness != NULL)
		own_done(p);
	if (st->intercepted == is)
		return;
	st->intercepted = is;
	sources_each(src->home, is ? mark_intercepted : mark_free, p);
	own_tell(p);
}

static bool
has_content(const struct reply_head *h)
{
	return h->rcode == DNS_RCODE_NOERROR || h->rcode == DNS_RCODE_NXDOMAIN;
}

bool
own_is_of_a_cache(const struct reply_head *h)
{
	return has_content(h) && h->ra && !h->aa && (h->n_answer > 0 || h->soa_authority);
}

static bool
is_of_an_authority(const struct reply_head *h)
{
	return h->aa || (!h->ra && (has_content(h) || h->rcode == DNS_RCODE_REFUSED));
}

static void
authority_was_one(struct prober *p, struct source *src, const struct question *q)
{
	struct own *o = &p->own;

	o->cache_epoch++;
	o->n_cache = 0;
	intercepted(p, src, false);
	if (o->witness != NULL && !o->witness->set_aside)
		return;
	own_done(p);
	o->witness = src;
	o->witness->refs++;
	o->witness_q = *q;
}

static void
authority_was_a_cache(struct prober *p, struct source_queue *q, const struct question *asked, int64_t now)
{
	struct own_state *st = own_state_of(q->source);
	struct own *o = &p->own;
	char name[DNS_NAME_TEXT_MAX], addr[ADDR_TEXT_MAX], type[16];

	q->source->intercepted = st->intercepted;
	if (!own_count_once(&q->own.cache, o->cache_epoch) || st->intercepted ||
	    (o->n_cache > 0 && addr_equal(&o->cache, &q->source->addr)))
		return;
	o->cache = q->source->addr;
	if (o->n_cache < ARRAY_LEN(st->evidence))
		snprintf(st->evidence[o->n_cache], sizeof(st->evidence[0]), "%.80s. IN %s: RA without AA, and RD was not set (%s)",
		    dns_name_text_lower(&asked->name, name), dns_type_text(asked->type, type),
		    addr_text(&q->source->addr, 53, addr));
	if (++o->n_cache < OWN_PROOFS)
		return;
	if (o->witness == NULL) {
		intercepted(p, q->source, true);
	} else if (!o->witness_asked && now >= o->witness_ms && p->cfg.own) {
		o->witness_asked = true;
		o->witness_ms = now + OWN_AGAIN_MS;
		own_errand(p, o->witness, &o->witness_q, 0, false, ERRAND_WITNESS);
	}
}

void
own_judge_authority(struct prober *p, struct source_queue *q, const struct reply_head *h, const struct question *asked,
    int64_t now)
{
	if (is_of_an_authority(h))
		authority_was_one(p, q->source, asked);
	else if (own_is_of_a_cache(h))
		authority_was_a_cache(p, q, asked, now);
}

void
own_witness_says(struct prober *p, struct source *src, bool answered)
{
	p->own.witness_asked = false;
	if (answered && src->as_cache && p->own.n_cache >= OWN_PROOFS)
		intercepted(p, src, true);
}
