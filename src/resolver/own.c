/* SPDX-License-Identifier: ISC */
/*
 * own: the side of the wire that is ours.  Before a server is blamed: can this machine reach anybody, by this family, by UDP,
 * by TCP, and is it the server that answers?
 *
 * What is known comes from real traffic.  A packet of its own costs only what traffic cannot tell:
 *
 *   a server silent by UDP	the same question once more by TCP, beside the tries that go on; what answers is asked by TCP
 *				from then on (one question in ten minutes tries UDP again)
 *   TCP never used so far	the NS of the root by TCP at a resolver that has just answered by UDP
 *   suspected interception	the last server that was seen to be an authority, once more
 *
 * One server proves nothing about the way there, so a verdict on this machine takes two addresses, and falls with the first
 * answer that contradicts it.  Loopback and inside addresses do not lie behind the way out and say nothing about it, but in a
 * laboratory (authority_private) there is no other.
 *
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

#define PROOFS         2	/* addresses that a verdict on this machine takes */
#define SILENT_SOURCES 3	/* offline: that many, or all resolvers and one more */
#define OFFLINE_MS     5000	/* and nobody answered for so long */
#define KNOCKS_MAX     8	/* at a time */
#define KNOCK_MS       60000	/* the first pause between two at one source; doubles */
#define KNOCK_DOUBLES  6
#define AGAIN_MS       600000	/* what does not work is tried again */

static const struct name_row way_rows[] = {
	{ OWN_UNKNOWN, "unknown" },
	{ OWN_WORKS, "works" },
	{ OWN_BLOCKED, "blocked" },
	{ OWN_MISSING, "missing" },
};
NAME_TABLE(own_way_names, way_rows);

enum errand { ERRAND_KNOCK, ERRAND_TCP, ERRAND_WITNESS };

void
own_init(struct own *o)
{
	for (size_t i = 0; i < ARRAY_LEN(o->families); i++)
		o->families[i].udp_epoch = o->families[i].tcp_epoch = 1;
	o->silent_epoch = o->cache_epoch = 1;
}

void
own_done(struct prober *p)
{
	struct source *witness = p->own.witness;

	p->own.witness = NULL;
	if (witness != NULL)
		source_unref(witness->home, witness);
}

/* ---- what is known, and telling it ---- */

static struct own_state *
state_of(const struct source *src)
{
	return sources_own_state(src->home);
}

static void
changed(struct prober *p)
{
	if (p->cfg.own_changed != NULL)
		p->cfg.own_changed(p->cfg.ctx);
}

static void
set_way(struct prober *p, enum own_way *way, enum own_way value)
{
	bool matters = *way == OWN_BLOCKED || value == OWN_BLOCKED;	/* the others show in the cells of each domain */

	if (*way == value)
		return;
	*way = value;
	if (matters)
		changed(p);
}

/* Does an answer from there prove that this machine reaches the world? */
static bool
is_outside(const struct prober *p, const struct source *src)
{
	return p->cfg.authority_private || addr_is_global(&src->addr);
}

/* True when the source was not counted in this epoch yet. */
static bool
count_once(uint32_t *mark, uint32_t epoch)
{
	bool is_new = *mark != epoch;

	*mark = epoch;
	return is_new;
}

/* ---- questions of our own ---- */

static ask_done errand_done;

static void
errand(struct prober *p, struct source *src, const struct question *q, unsigned flags, bool tcp, enum errand tag)
{
	struct ask a = { .source = src, .q = q, .flags = flags, .tcp = tcp, .done = errand_done, .ctx = &p->own, .tag = tag };

	prober_ask(p, &a);
}

static void
knock(struct prober *p, struct source_queue *q, const struct probe *pr, int64_t now)
{
	struct own_marks *m = &q->own;

	if (!p->cfg.own || pr->done == NULL || pr->sent_tcp || q->source->by_tcp || p->own.n_knocking >= KNOCKS_MAX ||
	    now < m->knock_ms)
		return;
	m->knock_ms = now + ((int64_t)KNOCK_MS << m->knocks);
	m->knocks += m->knocks < KNOCK_DOUBLES;
	p->own.n_knocking++;
	errand(p, q->source, &pr->q, pr->flags & (DNS_QUERY_CD | DNS_QUERY_DO), true, ERRAND_KNOCK);
}

static void
try_tcp(struct prober *p, struct source_queue *q, struct own_family *f, int64_t now)
{
	static const struct question root_ns = { .name = { .len = 1 }, .type = DNS_TYPE_NS };

	if (!p->cfg.own || f->tcp_asked || now < f->tcp_ms || q->own.no_tcp == f->tcp_epoch)
		return;
	f->tcp_asked = true;
	errand(p, q->source, &root_ns, 0, true, ERRAND_TCP);
}

/* ---- TCP ---- */

static void
tcp_works(struct prober *p, struct source *src, struct own_family *f)
{
	f->tcp_epoch++;
	f->n_no_tcp = 0;
	set_way(p, &state_of(src)->tcp[src->addr.family == 6], OWN_WORKS);
}

/* It answers by UDP and not by TCP. */
static void
tcp_fails(struct prober *p, struct source_queue *q, struct own_family *f, int64_t now)
{
	if (!count_once(&q->own.no_tcp, f->tcp_epoch) || ++f->n_no_tcp < PROOFS)
		return;
	f->tcp_epoch++;
	f->n_no_tcp = 0;
	f->tcp_ms = now + AGAIN_MS;
	set_way(p, &state_of(q->source)->tcp[q->source->addr.family == 6], OWN_BLOCKED);
}

/* It answers by TCP and not by UDP. */
static void
udp_fails(struct prober *p, struct source_queue *q, struct own_family *f, int64_t now)
{
	q->source->by_tcp = true;
	q->own.udp_ms = now + AGAIN_MS;
	if (is_outside(p, q->source) && count_once(&q->own.tcp_only, f->udp_epoch) && ++f->n_tcp_only >= PROOFS)
		set_way(p, &state_of(q->source)->udp[q->source->addr.family == 6], OWN_BLOCKED);
}

bool
own_by_tcp(struct prober *p, struct source_queue *q, const struct probe *pr, int64_t now)
{
	(void)p;
	if (pr->knock || !q->source->by_tcp)
		return pr->knock;
	if (now < q->own.udp_ms)
		return true;
	q->own.udp_ms = now + AGAIN_MS;
	return false;
}

/* ---- interception ---- */

static void
mark_intercepted(void *ctx, struct source *src)
{
	const struct prober *p = ctx;

	src->intercepted = src->kind == SOURCE_AUTHORITY ? src->as_cache : src->view == VIEW_PUBLIC && is_outside(p, src);
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
	struct own_state *st = state_of(src);

	if (is && p->own.witness != NULL)
		own_done(p);
	if (st->intercepted == is)
		return;
	st->intercepted = is;
	sources_each(src->home, is ? mark_intercepted : mark_free, p);
	changed(p);
}

static bool
has_content(const struct reply_head *h)
{
	return h->rcode == DNS_RCODE_NOERROR || h->rcode == DNS_RCODE_NXDOMAIN;
}

/* The question had no RD, and yet somebody recursed for it. */
static bool
is_of_a_cache(const struct reply_head *h)
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
	struct own_state *st = state_of(q->source);
	struct own *o = &p->own;
	char name[DNS_NAME_TEXT_MAX], addr[ADDR_TEXT_MAX], type[16];

	q->source->intercepted = st->intercepted;
	if (!count_once(&q->own.cache, o->cache_epoch) || st->intercepted ||
	    (o->n_cache > 0 && addr_equal(&o->cache, &q->source->addr)))
		return;
	o->cache = q->source->addr;
	if (o->n_cache < ARRAY_LEN(st->evidence))
		snprintf(st->evidence[o->n_cache], sizeof(st->evidence[0]), "%.80s. IN %s: RA without AA, and RD was not set (%s)",
		    dns_name_text_lower(&asked->name, name), dns_type_text(asked->type, type),
		    addr_text(&q->source->addr, 53, addr));
	if (++o->n_cache < PROOFS)
		return;
	if (o->witness == NULL) {
		intercepted(p, q->source, true);
	} else if (!o->witness_asked && now >= o->witness_ms && p->cfg.own) {
		o->witness_asked = true;
		o->witness_ms = now + AGAIN_MS;
		errand(p, o->witness, &o->witness_q, 0, false, ERRAND_WITNESS);
	}
}

/* ---- what comes in ---- */

static void
errand_done(void *ctx, uint64_t tag, struct source *src, const struct reply *reply)
{
	struct source_queue *q = src->queue;
	struct prober *p = q->prober;
	struct own *o = ctx;
	struct own_family *f = &o->families[src->addr.family == 6];
	bool answered = reply->wire != NULL, silent = reply->reason == REASON_TIMEOUT || reply->reason == REASON_NETWORK;

	switch ((enum errand)tag) {
	case ERRAND_KNOCK:
		o->n_knocking--;
		if (answered)
			udp_fails(p, q, f, prober_now(p));
		break;
	case ERRAND_TCP:
		f->tcp_asked = false;
		if (!answered && silent)
			tcp_fails(p, q, f, prober_now(p));
		break;
	case ERRAND_WITNESS:
		o->witness_asked = false;
		if (answered && src->as_cache && o->n_cache >= PROOFS)
			intercepted(p, src, true);
		break;
	}
}

/* Somebody is there. */
static void
saw_life(struct prober *p, struct source_queue *q, struct own_family *f, bool tcp, int64_t now)
{
	struct own_state *st = state_of(q->source);
	struct own *o = &p->own;
	unsigned i;

	o->answered_ms = now;
	o->silent_epoch++;
	o->n_silent = 0;
	if (st->offline) {
		st->offline = false;
		changed(p);
	}
	if (!tcp) {
		q->source->by_tcp = false;
		q->own.knocks = 0;
	}
	if (!is_outside(p, q->source))
		return;
	f->answered = true;
	if (tcp) {
		tcp_works(p, q->source, f);
		return;
	}
	f->udp_epoch++;
	f->n_silent = f->n_tcp_only = 0;
	i = q->source->addr.family == 6;
	set_way(p, &st->udp[i], OWN_WORKS);
	if (st->tcp[i] == OWN_MISSING)
		set_way(p, &st->tcp[i], OWN_UNKNOWN);
}

void
own_saw_reply(struct prober *p, struct source_queue *q, struct probe *pr, const struct reply_head *h, bool tcp)
{
	struct own_family *f = &p->own.families[q->source->addr.family == 6];
	struct source *src = q->source;
	int64_t now = prober_now(p);

	saw_life(p, q, f, tcp, now);
	if (src->kind == SOURCE_AUTHORITY)
		src->as_cache = is_of_a_cache(h);
	if (tcp || !is_outside(p, src))
		return;
	if (src->kind == SOURCE_RESOLVER) {
		if (state_of(src)->tcp[src->addr.family == 6] != OWN_WORKS)
			try_tcp(p, q, f, now);
	} else if (is_of_an_authority(h)) {
		authority_was_one(p, src, &pr->q);
	} else if (src->as_cache) {
		authority_was_a_cache(p, q, &pr->q, now);
	}
}

/* Not one address of the family has ever answered, while the other family works: its way ends somewhere. */
static void
family_silent(struct prober *p, struct source_queue *q, struct own_family *f)
{
	struct own_state *st = state_of(q->source);
	unsigned i = q->source->addr.family == 6;

	if (p->families[i].missing) {
		set_way(p, &st->udp[i], OWN_MISSING);
		set_way(p, &st->tcp[i], OWN_MISSING);
		return;
	}
	if (!is_outside(p, q->source) || f->answered || !q->source->set_aside)
		return;
	if (count_once(&q->own.family_silent, f->udp_epoch))
		f->n_silent++;
	if (f->n_silent >= PROOFS && st->udp[!i] == OWN_WORKS)
		set_way(p, &st->udp[i], OWN_BLOCKED);
}

static void
all_silent(struct prober *p, struct source_queue *q, int64_t now)
{
	size_t n = sources_n_resolvers(q->source->home) + 1;
	struct own_state *st = state_of(q->source);
	struct own *o = &p->own;

	if (count_once(&q->own.silent, o->silent_epoch))
		o->n_silent++;
	if (o->n_silent < (n < SILENT_SOURCES ? n : SILENT_SOURCES) || now - o->answered_ms < OFFLINE_MS || st->offline)
		return;
	st->offline = true;
	changed(p);
}

void
own_saw_nothing(struct prober *p, struct source_queue *q, struct probe *pr, enum transport_status status)
{
	struct own_family *f = &p->own.families[q->source->addr.family == 6];
	int64_t now = prober_now(p);

	if (status == TRANSPORT_TRUNCATED) {	/* the datagram came */
		saw_life(p, q, f, false, now);
		if (is_outside(p, q->source))
			tcp_fails(p, q, f, now);
		return;
	}
	if (pr->knock)
		return;
	if (pr->sent_tcp)
		q->source->by_tcp = false;
	all_silent(p, q, now);
	family_silent(p, q, f);
	if (status != TRANSPORT_NO_FAMILY)
		knock(p, q, pr, now);
}

/* ---- words ---- */

static void
add_words(struct str *ret, const char *text, const char *family)
{
	str_addf(ret, "%s%s%s", ret->len > 0 ? "; " : "", text, family);
}

/* Of a family; NULL: nothing is wrong with it.  One that is missing while the other works is the way many machines are. */
static const char *
family_words(const struct own_state *o, unsigned i)
{
	if (o->udp[i] == OWN_MISSING)
		return o->udp[!i] == OWN_WORKS ? NULL : "this machine has no ";
	if (o->udp[i] == OWN_BLOCKED)
		return o->tcp[i] == OWN_WORKS ? "port 53 works by TCP only, not by UDP, with " : "nothing comes back by ";
	return o->tcp[i] == OWN_BLOCKED ? "port 53 works by UDP only, not by TCP, with " : NULL;
}

bool
own_words(const struct own_state *o, struct str *ret)
{
	static const char *const families[] = { "IPv4", "IPv6" };
	struct str s = STR_INIT;
	bool any;

	if (o->offline)
		add_words(&s, "nobody answers: this machine seems to be offline", "");
	if (o->intercepted)
		add_words(&s, "somebody on the way answers on port 53 in place of the servers asked", "");
	for (unsigned i = 0; i < ARRAY_LEN(families) && !o->offline; i++)
		if (family_words(o, i) != NULL)
			add_words(&s, family_words(o, i), families[i]);
	any = s.len > 0;
	str_addn(ret, str_c(&s), s.len);
	str_done(&s);
	return any;
}
