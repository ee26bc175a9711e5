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
 * One server proves nothing about the way there, so a verdict on this machine takes two addresses (on TCP: all resolvers that
 * answer by UDP, four at most), and falls with the first answer that contradicts it.  Loopback and inside addresses do not lie
 * behind the way out and say nothing about it, but in a laboratory (authority_private) there is no other.
 *
 * Who answers in place of others: own_intercept.c.
 */
#include <stdio.h>
#include <string.h>

#include "prober_int.h"

#define PROOFS_MAX     4	/* ... on TCP */
#define SILENT_SOURCES 3	/* offline: that many, or all resolvers and one more */
#define SILENT_MS      5000	/* and nobody answered for so long */
#define KNOCKS_MAX     8	/* at a time */
#define KNOCK_MS       60000	/* the first pause between two at one source; doubles */
#define KNOCK_DOUBLES  6

static const struct name_row way_rows[] = {
	{ OWN_UNKNOWN, "unknown" },
	{ OWN_WORKS, "works" },
	{ OWN_BLOCKED, "blocked" },
	{ OWN_MISSING, "missing" },
};
NAME_TABLE(own_way_names, way_rows);

void
own_init(struct own *o)
{
	for (size_t i = 0; i < ARRAY_LEN(o->families); i++)
		o->families[i].udp_epoch = o->families[i].tcp_epoch = 1;
	o->silent_epoch = o->cache_epoch = 1;
}

/* ---- what is known, and telling it ---- */

struct own_state *
own_state_of(const struct source *src)
{
	return sources_own_state(src->home);
}

void
own_tell(struct prober *p)
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
		own_tell(p);
}

bool
own_is_outside(const struct prober *p, const struct source *src)
{
	return p->cfg.authority_private || addr_is_global(&src->addr);
}

bool
own_count_once(uint32_t *mark, uint32_t epoch)
{
	bool is_new = *mark != epoch;

	*mark = epoch;
	return is_new;
}

/* ---- questions of our own ---- */

static ask_done errand_done;

void
own_errand(struct prober *p, struct source *src, const struct question *q, unsigned flags, bool tcp, enum errand tag)
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
	own_errand(p, q->source, &pr->q, pr->flags & (DNS_QUERY_CD | DNS_QUERY_DO), true, ERRAND_KNOCK);
}

static void
try_tcp(struct prober *p, struct source_queue *q, struct own_family *f, int64_t now)
{
	static const struct question root_ns = { .name = { .len = 1 }, .type = DNS_TYPE_NS };

	if (own_state_of(q->source)->tcp[q->source->addr.family == 6] == OWN_WORKS && !f->tcp_doubt)
		return;
	if (!p->cfg.own || f->tcp_asked || now < f->tcp_ms || q->own.no_tcp == f->tcp_epoch)
		return;
	f->tcp_asked = true;
	own_errand(p, q->source, &root_ns, 0, true, ERRAND_TCP);
}

/* ---- TCP ---- */

static void
tcp_epoch_ends(struct own_family *f, bool doubt)
{
	f->tcp_epoch++;
	f->n_no_tcp = 0;
	f->tcp_refused = false;
	f->tcp_doubt = doubt;
}

static void
tcp_works(struct prober *p, struct source *src, struct own_family *f)
{
	tcp_epoch_ends(f, false);
	set_way(p, &own_state_of(src)->tcp[src->addr.family == 6], OWN_WORKS);
}

/* Resolvers of that family that can be asked whether TCP works. */
static unsigned
tcp_witnesses(const struct prober *p, const struct source *like)
{
	unsigned n = 0;

	for (size_t i = 0; i < sources_n_resolvers(like->home); i++) {
		const struct source *src = sources_resolver(like->home, i);

		n += src->addr.family == like->addr.family && own_is_outside(p, src) && !src->set_aside;
	}
	return n;
}

/*
 * It answers by UDP and not by TCP.  A long answer that a server cannot give by TCP raises a doubt; errands to the resolvers
 * settle it, and only where there is but one does the server count beside it.
 */
static void
tcp_fails(struct prober *p, struct source_queue *q, struct own_family *f, bool is_errand, int64_t now)
{
	unsigned n = tcp_witnesses(p, q->source), proofs = n < OWN_PROOFS ? OWN_PROOFS : n > PROOFS_MAX ? PROOFS_MAX : n;

	f->tcp_doubt = true;
	f->tcp_refused = f->tcp_refused || is_errand;
	if ((is_errand || n < OWN_PROOFS) && own_count_once(&q->own.no_tcp, f->tcp_epoch))
		f->n_no_tcp++;
	if (!f->tcp_refused || f->n_no_tcp < proofs)
		return;
	tcp_epoch_ends(f, true);
	f->tcp_ms = now + OWN_AGAIN_MS;
	set_way(p, &own_state_of(q->source)->tcp[q->source->addr.family == 6], OWN_BLOCKED);
}

static void
udp_judge(struct prober *p, const struct source *src, const struct own_family *f, int64_t now)
{
	if (f->n_tcp_only >= OWN_PROOFS && (f->udp_ms == 0 || now - f->udp_ms >= SILENT_MS))
		set_way(p, &own_state_of(src)->udp[src->addr.family == 6], OWN_BLOCKED);
}

/* It answers by TCP and not by UDP. */
static void
udp_fails(struct prober *p, struct source_queue *q, struct own_family *f, int64_t now)
{
	q->source->by_tcp = true;
	q->own.udp_ms = now + OWN_AGAIN_MS;
	if (own_is_outside(p, q->source) && own_count_once(&q->own.tcp_only, f->udp_epoch))
		f->n_tcp_only++;
	udp_judge(p, q->source, f, now);
}

bool
own_by_tcp(struct prober *p, struct source_queue *q, const struct probe *pr, int64_t now)
{
	(void)p;
	if (pr->knock || !q->source->by_tcp)
		return pr->knock;
	if (now < q->own.udp_ms)
		return true;
	q->own.udp_ms = now + OWN_AGAIN_MS;
	return false;
}

/* Another resolver that is known to answer. */
static void
try_next(struct prober *p, const struct source *like, struct own_family *f, int64_t now)
{
	for (size_t i = 0; i < sources_n_resolvers(like->home); i++) {
		struct source *src = sources_resolver(like->home, i);

		if (src->addr.family == like->addr.family && src->queue != NULL && src->last_answer_ms != 0 && !src->set_aside &&
		    !src->by_tcp && own_is_outside(p, src))
			try_tcp(p, src->queue, f, now);
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
		if (!answered && silent) {
			tcp_fails(p, q, f, true, prober_now(p));
			try_next(p, src, f, prober_now(p));
		}
		break;
	case ERRAND_WITNESS:
		own_witness_says(p, src, answered);
		break;
	}
}

/* Somebody is there. */
static void
saw_life(struct prober *p, struct source_queue *q, struct own_family *f, bool tcp, int64_t now)
{
	struct own_state *st = own_state_of(q->source);
	struct own *o = &p->own;
	unsigned i;

	o->answered_ms = now;
	o->silent_epoch++;
	o->n_silent = 0;
	if (st->offline) {
		st->offline = false;
		own_tell(p);
	}
	if (!tcp) {
		q->source->by_tcp = false;
		q->own.knocks = 0;
	}
	if (!q->outside)
		return;
	f->answered = true;
	if (tcp) {
		tcp_works(p, q->source, f);
		udp_judge(p, q->source, f, now);
		return;
	}
	f->udp_epoch++;
	f->udp_ms = now;
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
		src->as_cache = own_is_of_a_cache(h);
	if (tcp || !q->outside)
		return;
	if (src->kind == SOURCE_RESOLVER)
		try_tcp(p, q, f, now);
	else
		own_judge_authority(p, q, h, &pr->q, now);
}

/* Not one address of the family has ever answered, while the other family works: its way ends somewhere. */
static void
family_silent(struct prober *p, struct source_queue *q, struct own_family *f)
{
	struct own_state *st = own_state_of(q->source);
	unsigned i = q->source->addr.family == 6;

	if (p->families[i].missing) {
		set_way(p, &st->udp[i], OWN_MISSING);
		set_way(p, &st->tcp[i], OWN_MISSING);
		return;
	}
	if (!own_is_outside(p, q->source) || f->answered || !q->source->set_aside)
		return;
	if (own_count_once(&q->own.family_silent, f->udp_epoch))
		f->n_silent++;
	if (f->n_silent >= OWN_PROOFS && st->udp[!i] == OWN_WORKS)
		set_way(p, &st->udp[i], OWN_BLOCKED);
}

static void
all_silent(struct prober *p, struct source_queue *q, int64_t now)
{
	size_t n = sources_n_resolvers(q->source->home) + 1;
	struct own_state *st = own_state_of(q->source);
	struct own *o = &p->own;

	if (own_count_once(&q->own.silent, o->silent_epoch))
		o->n_silent++;
	if (o->n_silent < (n < SILENT_SOURCES ? n : SILENT_SOURCES) || now - o->answered_ms < SILENT_MS || st->offline)
		return;
	st->offline = true;
	own_tell(p);
}

void
own_saw_nothing(struct prober *p, struct source_queue *q, struct probe *pr, enum transport_status status)
{
	struct own_family *f = &p->own.families[q->source->addr.family == 6];
	int64_t now = prober_now(p);

	if (status == TRANSPORT_TRUNCATED) {	/* the datagram came */
		saw_life(p, q, f, false, now);
		if (own_is_outside(p, q->source))
			tcp_fails(p, q, f, false, now);
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
