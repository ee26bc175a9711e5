/* SPDX-License-Identifier: ISC */
/*
 * fakenet: see the header.
 *
 * A host is an address: a server of zones, or a number of caches.  A cache that misses takes its answer from the deepest zone
 * around the name at the first server of it that is well; what it keeps is one entry a question, with the lowest TTL.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fakenet.h"
#include "fakewire.h"

#define RRS_MAX     64
#define CNAMES_MAX  8
#define RTT_MS      1
#define FLAG_CD     0x10	/* in the fourth octet of the header */

struct fzone {
	struct fzone *next;
	struct dns_name name;
	struct fhost *host;
	struct fake_rr *rrs;
	size_t n_rrs;
};
struct fanswer {
	unsigned rcode;
	bool aa, referral;
	struct fake_rr answer[RRS_MAX], authority[RRS_MAX];	/* bytes borrowed from zones, or owned by an entry */
	size_t n_answer, n_authority, n_additional;
	struct fake_rr additional[RRS_MAX];
	uint32_t ttl;
};
struct fentry {
	struct fentry *next;
	struct question q;
	int64_t at_ms, expires_ms;
	struct fanswer answer;
};
struct fcache {
	struct fentry *entries;
};
enum fault {
	FAULT_OK, FAULT_SILENT, FAULT_NETWORK, FAULT_NO_FAMILY, FAULT_SERVFAIL, FAULT_REFUSED, FAULT_NOTIMP, FAULT_FORMERR,
	FAULT_LAME, FAULT_GARBAGE, FAULT_TRUNCATED, FAULT_CASE, FAULT_FOREIGN, FAULT_FILTERED, FAULT_BOGUS,
	FAULT_TCP_ONLY, FAULT_UDP_ONLY
};
static const struct name_row fault_rows[] = {
	{ FAULT_OK, "ok" }, { FAULT_SILENT, "silent" }, { FAULT_NETWORK, "network" }, { FAULT_NO_FAMILY, "no-family" },
	{ FAULT_SERVFAIL, "servfail" }, { FAULT_REFUSED, "refused" }, { FAULT_NOTIMP, "notimp" },
	{ FAULT_FORMERR, "formerr" }, { FAULT_LAME, "lame" }, { FAULT_GARBAGE, "garbage" },
	{ FAULT_TRUNCATED, "truncated" }, { FAULT_CASE, "case" }, { FAULT_FOREIGN, "foreign" },
	{ FAULT_FILTERED, "filtered" }, { FAULT_BOGUS, "bogus" },
	{ FAULT_TCP_ONLY, "tcp-only" }, { FAULT_UDP_ONLY, "udp-only" },
};
static NAME_TABLE(fault_names, fault_rows);

struct fhost {
	struct fhost *next;
	struct addr addr;
	int fault;
	int64_t delay_ms;
	struct fcache *caches;
	unsigned n_caches, turn;
};
struct fquery {
	struct addr to;
	struct question q;
};
struct flight {
	struct flight *next;
	int64_t due_ms, sent_ms;
	struct addr to;
	uint8_t wire[DNS_QUERY_MAX];
	size_t len;
	bool tcp;
	int fault;			/* the host's, or the weather's */
	int64_t timeout_ms;
	void *tag;
};
struct fakenet {
	struct transport transport;	/* first */
	struct clock *clock;
	struct fhost *hosts;
	struct fzone *zones;
	struct flight *flights;		/* by due_ms */
	struct fquery *queries;
	size_t n_queries;
	struct { unsigned percent, jitter_ms; } weather;
};

/* ---- hosts and zones ---- */

static int64_t
now_ms(const struct fakenet *n)
{
	return n->clock->mono_ms(n->clock);
}

static struct fhost *
host_find(const struct fakenet *n, const struct addr *a)
{
	for (struct fhost *h = n->hosts; h != NULL; h = h->next)
		if (h->addr.family == a->family && memcmp(h->addr.ip, a->ip, sizeof(a->ip)) == 0)
			return h;
	return NULL;
}

static struct fhost *
host_get(struct fakenet *n, const char *text)
{
	struct addr a;
	struct fhost *h;

	if (!addr_parse(&a, text, 53))
		abort();
	h = host_find(n, &a);
	if (h == NULL) {
		h = xcalloc(1, sizeof(*h));
		h->addr = a;
		h->delay_ms = RTT_MS;
		h->next = n->hosts;
		n->hosts = h;
	}
	return h;
}

static struct dns_name
name_get(const char *text)
{
	struct dns_name name;

	if (dns_name_parse(&name, text, NULL) == -1)
		abort();
	return name;
}

void
fakenet_serve(struct fakenet *n, const char *zone, const char *addr)
{
	struct fzone *z = xcalloc(1, sizeof(*z)), **end = &n->zones;

	z->name = name_get(zone);
	z->host = host_get(n, addr);
	while (*end != NULL)
		end = &(*end)->next;
	*end = z;
}

void
fakenet_cache(struct fakenet *n, const char *addr, unsigned caches)
{
	struct fhost *h = host_get(n, addr);

	free(h->caches);	/* said twice: the last word holds */
	h->caches = xcalloc(caches, sizeof(*h->caches));
	h->n_caches = caches;
}

bool
fakenet_fault(struct fakenet *n, const char *addr, const char *fault)
{
	return name_find(&fault_names, fault, &host_get(n, addr)->fault);
}

void
fakenet_delay(struct fakenet *n, const char *addr, int64_t ms)
{
	host_get(n, addr)->delay_ms = ms;
}

void
fakenet_weather(struct fakenet *n, unsigned percent, unsigned jitter_ms)
{
	n->weather.percent = percent;
	n->weather.jitter_ms = jitter_ms;
}

static bool
zone_meant(const struct fzone *z, const struct dns_name *name, const char *addr)
{
	struct addr a;

	return dns_name_equal(&z->name, name) &&
	    (addr == NULL || (addr_parse(&a, addr, 53) && memcmp(a.ip, z->host->addr.ip, sizeof(a.ip)) == 0));
}

static int
rr_parse(struct fake_rr *ret, const struct fzone *z, const char *record, struct err *err)
{
	char owner[256], type[16];
	struct arena *a;
	struct rdata data;
	unsigned ttl;
	int at = 0, number, rc;

	if (sscanf(record, "%255s %u %15s %n", owner, &ttl, type, &at) != 3 || at == 0 ||
	    !name_find(&dns_type_names, type, &number) || !dns_name_relative(&ret->owner, owner, &z->name)) {
		err_set(err, "bad record: %s", record);
		return -1;
	}
	a = arena_new();
	rc = rdata_parse(a, (uint16_t)number, record + at, &data, err);
	if (rc == 0) {
		ret->type = data.type;
		ret->len = data.len;
		ret->ttl = ttl;
		ret->bytes = xmalloc(data.len + 1u);
		memcpy(ret->bytes, data.bytes, data.len);
	}
	arena_free(a);
	return rc;
}

int
fakenet_add(struct fakenet *n, const char *zone, const char *addr, const char *record, struct err *err)
{
	struct dns_name name = name_get(zone);
	int added = 0;

	for (struct fzone *z = n->zones; z != NULL; z = z->next) {
		if (!zone_meant(z, &name, addr))
			continue;
		z->rrs = xreallocarray(z->rrs, z->n_rrs + 1, sizeof(*z->rrs));
		if (rr_parse(&z->rrs[z->n_rrs], z, record, err) == -1)
			return -1;
		z->n_rrs++;
		added++;
	}
	if (added == 0)
		err_set(err, "no server of zone %s", zone);
	return added > 0 ? 0 : -1;
}

void
fakenet_del(struct fakenet *n, const char *zone, const char *addr, const char *owner, const char *type)
{
	struct dns_name name = name_get(zone), full;
	int number = 0;

	name_find(&dns_type_names, type, &number);
	for (struct fzone *z = n->zones; z != NULL; z = z->next) {
		size_t kept = 0;

		if (!zone_meant(z, &name, addr) || !dns_name_relative(&full, owner, &z->name))
			continue;
		for (size_t i = 0; i < z->n_rrs; i++) {
			if (dns_name_equal(&z->rrs[i].owner, &full) && (number == 0 || z->rrs[i].type == number))
				free(z->rrs[i].bytes);
			else
				z->rrs[kept++] = z->rrs[i];
		}
		z->n_rrs = kept;
	}
}

/* As caches see it, which ask by UDP or TCP as they like. */
static bool
is_well(const struct fhost *h)
{
	return h->fault == FAULT_OK || h->fault == FAULT_TCP_ONLY || h->fault == FAULT_UDP_ONLY;
}

/* ---- answers of an authoritative server ---- */

static struct fzone *
zone_around(const struct fakenet *n, const struct dns_name *name, const struct fhost *host)
{
	struct fzone *best = NULL;

	for (struct fzone *z = n->zones; z != NULL; z = z->next) {
		if ((host != NULL && z->host != host) || (host == NULL && !is_well(z->host)))
			continue;
		if (dns_name_is_below(name, &z->name) && (best == NULL || z->name.len > best->name.len))
			best = z;
	}
	return best;
}

static void
take(struct fake_rr *list, size_t *count, const struct fake_rr *rr)
{
	if (*count < RRS_MAX)
		list[(*count)++] = *rr;
}

/* RFC 4592: "*.zone" answers for what does not exist otherwise. */
static bool
wildcard_for(const struct fzone *z, const struct dns_name *name, struct dns_name *ret)
{
	static const struct dns_name star = { 3, "\1*" };
	struct dns_name above;

	for (unsigned skip = 1; skip <= dns_name_labels(name) - dns_name_labels(&z->name); skip++) {
		dns_name_suffix(&above, name, skip);
		if (!dns_name_concat(ret, &star, &above))
			return false;
		for (size_t i = 0; i < z->n_rrs; i++)
			if (dns_name_equal(&z->rrs[i].owner, ret))
				return true;
	}
	return false;
}

static size_t
take_all(const struct fzone *z, const struct dns_name *owner, uint16_t type, struct fake_rr *list, size_t *count)
{
	size_t before = *count;

	for (size_t i = 0; i < z->n_rrs; i++)
		if (z->rrs[i].type == type && dns_name_equal(&z->rrs[i].owner, owner))
			take(list, count, &z->rrs[i]);
	return *count - before;
}

static bool
refer(const struct fzone *z, const struct question *q, struct fanswer *ret)
{
	for (size_t i = 0; i < z->n_rrs; i++) {
		const struct fake_rr *rr = &z->rrs[i];
		struct rdata data = { rr->type, rr->len, rr->bytes };
		struct dns_name target;

		if (rr->type != DNS_TYPE_NS || dns_name_equal(&rr->owner, &z->name) ||
		    !dns_name_is_below(&q->name, &rr->owner) || q->type == DNS_TYPE_DS)
			continue;
		take(ret->authority, &ret->n_authority, rr);
		if (rdata_name(&data, &target)) {
			take_all(z, &target, DNS_TYPE_A, ret->additional, &ret->n_additional);
			take_all(z, &target, DNS_TYPE_AAAA, ret->additional, &ret->n_additional);
		}
		ret->referral = true;
	}
	return ret->referral;
}

static bool
exists(const struct fzone *z, const struct dns_name *name)
{
	for (size_t i = 0; i < z->n_rrs; i++)
		if (dns_name_is_below(&z->rrs[i].owner, name))	/* an empty non-terminal exists too, RFC 8020 */
			return true;
	return dns_name_equal(name, &z->name);
}

/* The same records for a name that they do not stand at. */
static size_t
take_wild(const struct fzone *z, const struct dns_name *owner, uint16_t type, struct fake_rr *list, size_t *count)
{
	struct dns_name wild;
	size_t before = *count;

	if (exists(z, owner) || !wildcard_for(z, owner, &wild) || take_all(z, &wild, type, list, count) == 0)
		return 0;
	for (size_t i = before; i < *count; i++)
		list[i].owner = *owner;
	return *count - before;
}

static bool
is_wild(const struct fzone *z, const struct dns_name *name)
{
	struct dns_name wild;

	return !exists(z, name) && wildcard_for(z, name, &wild);
}

static void
negative(const struct fzone *z, const struct dns_name *name, struct fanswer *ret)
{
	ret->rcode = exists(z, name) || is_wild(z, name) ? DNS_RCODE_NOERROR : DNS_RCODE_NXDOMAIN;
	take_all(z, &z->name, DNS_TYPE_SOA, ret->authority, &ret->n_authority);
}

/* One step of the CNAME chain; true when it leads on. */
static bool
chase(const struct fzone *z, struct question *q, struct fanswer *ret)
{
	size_t before = ret->n_answer;
	struct rdata data;

	if (take_all(z, &q->name, q->type, ret->answer, &ret->n_answer) > 0 ||
	    take_wild(z, &q->name, q->type, ret->answer, &ret->n_answer) > 0)
		return false;
	if (take_all(z, &q->name, DNS_TYPE_CNAME, ret->answer, &ret->n_answer) == 0 &&
	    take_wild(z, &q->name, DNS_TYPE_CNAME, ret->answer, &ret->n_answer) == 0) {
		negative(z, &q->name, ret);
		return false;
	}
	data = (struct rdata){ DNS_TYPE_CNAME, ret->answer[before].len, ret->answer[before].bytes };
	return rdata_name(&data, &q->name);
}

static void
authority_answer(const struct fakenet *n, const struct fhost *h, const struct question *asked, struct fanswer *ret)
{
	struct question q = *asked;
	const struct fzone *z = zone_around(n, &q.name, h);

	memset(ret, 0, sizeof(*ret));
	if (z == NULL) {
		ret->rcode = DNS_RCODE_REFUSED;
		return;
	}
	if (refer(z, &q, ret))
		return;
	ret->aa = true;
	for (int i = 0; i < CNAMES_MAX && chase(z, &q, ret); i++)
		if (!dns_name_is_below(&q.name, &z->name))
			return;
}

/* ---- answers of a cache ---- */

static void
recurse(const struct fakenet *n, const struct question *asked, struct fanswer *ret)
{
	struct question q = *asked;

	memset(ret, 0, sizeof(*ret));
	for (int i = 0; i < CNAMES_MAX; i++) {
		const struct fzone *z = zone_around(n, &q.name, NULL);

		if (z == NULL) {
			ret->rcode = ret->n_answer > 0 ? DNS_RCODE_NOERROR : DNS_RCODE_SERVFAIL;
			return;
		}
		if (!chase(z, &q, ret))
			return;
	}
}

static void
own(struct fake_rr *list, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		uint8_t *copy = xmalloc(list[i].len + 1u);

		memcpy(copy, list[i].bytes, list[i].len);
		list[i].bytes = copy;
	}
}

static uint32_t
lowest_ttl(const struct fanswer *an)
{
	uint32_t ttl = UINT32_MAX;
	struct rdata_soa soa;

	for (size_t i = 0; i < an->n_answer; i++)
		ttl = an->answer[i].ttl < ttl ? an->answer[i].ttl : ttl;
	for (size_t i = 0; i < an->n_authority; i++) {
		struct rdata data = { DNS_TYPE_SOA, an->authority[i].len, an->authority[i].bytes };

		if (!rdata_soa(&data, &soa))
			continue;
		ttl = an->authority[i].ttl < ttl ? an->authority[i].ttl : ttl;
		ttl = soa.minimum < ttl ? soa.minimum : ttl;
	}
	return ttl == UINT32_MAX ? 0 : ttl;
}

static void
entry_free(struct fentry *e)
{
	for (size_t i = 0; i < e->answer.n_answer; i++)
		free(e->answer.answer[i].bytes);
	for (size_t i = 0; i < e->answer.n_authority; i++)
		free(e->answer.authority[i].bytes);
	free(e);
}

static struct fentry *
cache_get(const struct fakenet *n, struct fcache *c, const struct question *q)
{
	struct fentry **at = &c->entries, *e;
	int64_t now = now_ms(n);

	while ((e = *at) != NULL) {
		if (e->q.type == q->type && dns_name_equal(&e->q.name, &q->name)) {
			if (now < e->expires_ms)
				return e;
			*at = e->next;
			entry_free(e);
			continue;
		}
		at = &e->next;
	}
	e = xcalloc(1, sizeof(*e));
	e->q = *q;
	e->at_ms = now;
	recurse(n, q, &e->answer);
	own(e->answer.answer, e->answer.n_answer);
	own(e->answer.authority, e->answer.n_authority);
	e->answer.ttl = lowest_ttl(&e->answer);
	e->expires_ms = now + (int64_t)e->answer.ttl * 1000;
	e->next = c->entries;
	c->entries = e;
	return e;
}

int
fakenet_prime(struct fakenet *n, const char *addr, const char *name, const char *type, struct err *err)
{
	struct fhost *h = host_get(n, addr);
	struct question q = { .name = name_get(name) };
	int number;

	if (!name_find(&dns_type_names, type, &number)) {
		err_set(err, "no type %s", type);
		return -1;
	}
	q.type = (uint16_t)number;
	for (unsigned i = 0; i < h->n_caches; i++)
		cache_get(n, &h->caches[i], &q);
	return 0;
}

/* ---- the wire ---- */

static void
write_answer(struct str *w, const uint8_t *query, size_t len, const struct fanswer *an, unsigned flags, int64_t age_s)
{
	fakewire_begin(w, query, len, an->rcode, flags | (an->aa ? FAKE_AA : 0));
	for (size_t i = 0; i < an->n_answer; i++)
		fakewire_rr(w, FAKE_ANSWER, &an->answer[i], (uint32_t)(an->answer[i].ttl - age_s));
	for (size_t i = 0; i < an->n_authority; i++)
		fakewire_rr(w, FAKE_AUTHORITY, &an->authority[i], (uint32_t)(an->authority[i].ttl - age_s));
	for (size_t i = 0; i < an->n_additional; i++)
		fakewire_rr(w, FAKE_ADDITIONAL, &an->additional[i], an->additional[i].ttl);
}

static void
honest(struct fakenet *n, struct fhost *h, const struct flight *f, const struct question *q, struct str *w)
{
	struct fanswer an;

	if (h->n_caches > 0) {
		const struct fentry *e = cache_get(n, &h->caches[h->turn++ % h->n_caches], q);
		struct fanswer copy = e->answer;

		/* A cache counts the whole answer down from its lowest TTL: simpler than real ones, never longer. */
		for (size_t i = 0; i < copy.n_answer; i++)
			copy.answer[i].ttl = copy.ttl;
		for (size_t i = 0; i < copy.n_authority; i++)
			copy.authority[i].ttl = copy.ttl;
		write_answer(w, f->wire, f->len, &copy, FAKE_RA, (now_ms(n) - e->at_ms) / 1000);
		return;
	}
	authority_answer(n, h, q, &an);
	write_answer(w, f->wire, f->len, &an, 0, 0);
}

/* Faults that are a reply of their own; the rest let the honest reply through, changed or not. */
static const struct {
	int fault;
	unsigned rcode, ede;
	unsigned flags;
} fault_replies[] = {
	{ FAULT_SERVFAIL, DNS_RCODE_SERVFAIL, 0, FAKE_RA },
	{ FAULT_REFUSED, DNS_RCODE_REFUSED, 0, 0 },
	{ FAULT_NOTIMP, DNS_RCODE_NOTIMP, 0, 0 },
	{ FAULT_FORMERR, DNS_RCODE_FORMERR, 0, 0 },
	{ FAULT_FILTERED, DNS_RCODE_NXDOMAIN, 15, FAKE_RA },
	{ FAULT_BOGUS, DNS_RCODE_SERVFAIL, 6, FAKE_RA },
};

static void
reply_build(struct fakenet *n, struct fhost *h, const struct flight *f, const struct question *q, struct str *w)
{
	for (size_t i = 0; i < ARRAY_LEN(fault_replies); i++) {
		if (fault_replies[i].fault != f->fault || (f->fault == FAULT_BOGUS && (f->wire[3] & FLAG_CD) != 0))
			continue;
		fakewire_begin(w, f->wire, f->len, fault_replies[i].rcode, fault_replies[i].flags);
		if (fault_replies[i].ede != 0)
			fakewire_ede(w, (uint16_t)fault_replies[i].ede);
		return;
	}
	honest(n, h, f, q, w);
	if (f->fault == FAULT_LAME)
		w->p[2] &= ~0x04;
	if (f->fault == FAULT_CASE)
		for (size_t i = 12; i < 12u + q->name.len; i++)
			w->p[i] = ascii_lower(w->p[i]);
	if (f->fault == FAULT_FOREIGN)
		w->p[13] ^= 1;
	if (f->fault == FAULT_GARBAGE)
		w->len -= w->len > 40 ? 7 : 1;
}

static bool
is_silent(const struct flight *f)
{
	return f->fault == FAULT_SILENT || (f->fault == FAULT_TCP_ONLY && !f->tcp) || (f->fault == FAULT_UDP_ONLY && f->tcp);
}

static void
deliver(struct fakenet *n, const struct flight *f)
{
	struct fhost *h = host_find(n, &f->to);
	struct transport_answer a = { .tag = f->tag, .tcp = f->tcp, .rtt_us = (uint32_t)(now_ms(n) - f->sent_ms) * 1000 };
	struct str w = STR_INIT;
	struct question q;

	if (is_silent(f) || !fakewire_question(f->wire, f->len, &q))
		a.status = TRANSPORT_TIMEOUT;
	else if (f->fault == FAULT_NETWORK)
		a.status = TRANSPORT_NETWORK;
	else if (f->fault == FAULT_NO_FAMILY)
		a.status = TRANSPORT_NO_FAMILY;
	else if (f->fault == FAULT_TRUNCATED)
		a.status = TRANSPORT_TRUNCATED;
	else {
		reply_build(n, h, f, &q, &w);
		a.wire = (const uint8_t *)w.p;
		a.len = w.len;
	}
	n->transport.on_answer(n->transport.ctx, &a);
	str_done(&w);
}

/* ---- the transport ---- */

static void
note_query(struct fakenet *n, const struct flight *f)
{
	n->queries = xreallocarray(n->queries, n->n_queries + 1, sizeof(*n->queries));
	n->queries[n->n_queries].to = f->to;
	if (fakewire_question(f->wire, f->len, &n->queries[n->n_queries].q))
		n->n_queries++;
}

/* What befalls a query: what its host is set to; nobody is silent; and what the weather brings. */
static int
flight_fault(const struct fakenet *n, const struct fhost *h)
{
	if (h == NULL)
		return FAULT_SILENT;
	if (random_below(100) >= n->weather.percent)
		return h->fault;
	return random_below(2) == 0 ? FAULT_SILENT : (int)random_below(ARRAY_LEN(fault_rows));
}

static void
net_send(struct transport *t, const struct transport_query *q)
{
	struct fakenet *n = (struct fakenet *)t;
	struct flight *f = xcalloc(1, sizeof(*f)), **at = &n->flights;
	const struct fhost *h = host_find(n, &q->to);

	f->to = q->to;
	f->len = q->len;
	memcpy(f->wire, q->wire, q->len);
	f->tcp = q->tcp;
	f->tag = q->tag;
	f->sent_ms = now_ms(n);
	f->fault = flight_fault(n, h);
	f->due_ms = f->sent_ms + (is_silent(f) ? q->timeout_ms : h->delay_ms + random_below(n->weather.jitter_ms + 1));
	note_query(n, f);
	while (*at != NULL && (*at)->due_ms <= f->due_ms)
		at = &(*at)->next;
	f->next = *at;
	*at = f;
}

static void
net_flush(struct transport *t)
{
	(void)t;
}

static void
net_free(struct transport *t)
{
	struct fakenet *n = (struct fakenet *)t;
	struct flight *f;

	while ((f = n->flights) != NULL) {
		struct transport_answer a = { .status = TRANSPORT_STOPPED, .tag = f->tag };

		n->flights = f->next;
		t->on_answer(t->ctx, &a);
		free(f);
	}
}

static const struct transport_ops net_ops = { net_send, net_flush, net_free };

struct fakenet *
fakenet_new(struct clock *clock)
{
	struct fakenet *n = xcalloc(1, sizeof(*n));

	n->transport.ops = &net_ops;
	n->clock = clock;
	return n;
}

struct transport *
fakenet_transport(struct fakenet *n)
{
	return &n->transport;
}

int64_t
fakenet_run(struct fakenet *n)
{
	struct flight *f;

	while ((f = n->flights) != NULL && f->due_ms <= now_ms(n)) {
		n->flights = f->next;
		deliver(n, f);
		free(f);
	}
	return f == NULL ? INT64_MAX : f->due_ms;
}

void
fakenet_forget_queries(struct fakenet *n)
{
	n->n_queries = 0;
}

const char *
fakenet_last_query(const struct fakenet *n)
{
	static char text[DNS_NAME_TEXT_MAX + ADDR_TEXT_MAX + 32];
	char name[DNS_NAME_TEXT_MAX], addr[ADDR_TEXT_MAX], type[16];
	const struct fquery *q = &n->queries[n->n_queries - 1];

	if (n->n_queries == 0)
		return "none";
	snprintf(text, sizeof(text), "%s %s at %s", dns_name_text_lower(&q->q.name, name), dns_type_text(q->q.type, type),
	    addr_text(&q->to, 53, addr));
	return text;
}

unsigned
fakenet_queries(const struct fakenet *n, const char *addr, const char *name, const char *type)
{
	struct dns_name wanted = { 0 };
	struct addr a = { 0 };
	int number = 0;
	unsigned count = 0;

	if (name != NULL)
		wanted = name_get(name);
	if (addr != NULL && !addr_parse(&a, addr, 53))
		abort();
	if (type != NULL)
		name_find(&dns_type_names, type, &number);
	for (size_t i = 0; i < n->n_queries; i++) {
		const struct fquery *q = &n->queries[i];

		count += (addr == NULL || memcmp(q->to.ip, a.ip, sizeof(a.ip)) == 0) &&
		    (name == NULL || dns_name_equal(&q->q.name, &wanted)) && (type == NULL || q->q.type == number);
	}
	return count;
}

static void
host_free(struct fhost *h)
{
	for (unsigned i = 0; i < h->n_caches; i++) {
		struct fentry *e;

		while ((e = h->caches[i].entries) != NULL) {
			h->caches[i].entries = e->next;
			entry_free(e);
		}
	}
	free(h->caches);
	free(h);
}

void
fakenet_free(struct fakenet *n)
{
	struct fhost *h;
	struct fzone *z;

	while ((h = n->hosts) != NULL) {
		n->hosts = h->next;
		host_free(h);
	}
	while ((z = n->zones) != NULL) {
		n->zones = z->next;
		for (size_t i = 0; i < z->n_rrs; i++)
			free(z->rrs[i].bytes);
		free(z->rrs);
		free(z);
	}
	free(n->queries);
	free(n);
}
