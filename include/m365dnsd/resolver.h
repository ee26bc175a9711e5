/* SPDX-License-Identifier: ISC */
/*
 * resolver: who is asked, how gently, and what came back.
 *
 *   struct source      one address of somebody who answers, with its health, token bucket and window
 *   struct prober      the queue in front of a transport: politeness, id and case, TC, EDNS fall-back, classification
 *   struct transport   a struct of functions; c-ares in the real program, a script in tests
 *   struct own_state   what this machine itself can do, and whether somebody on the way answers for others
 *   lookup_*           a question about names that are not the domain's own, put to the configured resolvers, cached
 *   zone_find          the delegation of a domain: parent, zone, name servers and their addresses
 *
 * Limits live here and not in sched, because they belong to the server asked: the zone finder and look-ups obey them too.
 * Everything runs on one thread; done functions are called from prober_run() or from the transport's delivery, never from
 * inside prober_ask().
 */
#ifndef M365DNSD_RESOLVER_H
#define M365DNSD_RESOLVER_H

#include <m365dnsd/base.h>
#include <m365dnsd/conf.h>
#include <m365dnsd/dns.h>

/* ---- transport: one struct of functions ---- */

enum transport_status {
	TRANSPORT_OK,		/* wire holds a datagram or TCP message from the address asked */
	TRANSPORT_TIMEOUT,
	TRANSPORT_NETWORK,	/* unreachable or refused: ICMP, RST, EHOSTUNREACH */
	TRANSPORT_NO_FAMILY,	/* this machine has no address or route for it: ENETUNREACH, EADDRNOTAVAIL, EAFNOSUPPORT at connect */
	TRANSPORT_TRUNCATED,	/* TC came by UDP and TCP then failed */
	TRANSPORT_STOPPED,	/* the transport is going away */
};
struct transport_query {
	struct addr to;
	const uint8_t *wire;	/* id 0; the transport puts its own unpredictable id.  Copied before send returns */
	size_t len;
	bool tcp;		/* by TCP at once; otherwise UDP and, on TC, TCP */
	uint32_t timeout_ms;
	void *tag;		/* given back */
};
/*
 * The answer of one query; wire is valid during the call and may be NULL unless TRANSPORT_OK.  Called from the loop, never
 * from inside send.
 */
struct transport_answer {
	enum transport_status status;
	const uint8_t *wire;	/* its id is 0 again */
	size_t len;
	bool tcp;
	uint32_t rtt_us;
	void *tag;
};
struct transport;
struct transport_ops {
	/* Take the query; every query taken is answered exactly once.  on_answer was given when the transport was made. */
	void (*send)(struct transport *t, const struct transport_query *q);
	/* End of a batch: what was queued leaves now. */
	void (*flush)(struct transport *t);
	void (*free)(struct transport *t);	/* answers everything outstanding with TRANSPORT_STOPPED */
};
struct transport {
	const struct transport_ops *ops;
	void (*on_answer)(void *ctx, const struct transport_answer *a);	/* set by prober_new */
	void *ctx;
};

/* ---- sources ---- */

enum source_kind { SOURCE_AUTHORITY, SOURCE_RESOLVER };
extern const struct name_table source_kind_names;

/* Counters for metrics and GET /resolvers; they only grow. */
struct source_stats {
	uint64_t queries, answers, tcp, failures[REASON_MAX];
	uint64_t rtt_bucket[16];	/* histogram; upper bounds in source_rtt_bounds_us */
	uint64_t rtt_sum_us;
};
extern const uint32_t source_rtt_bounds_us[15];

struct source {
	enum source_kind kind;
	struct addr addr;
	const char *name;		/* resolver: its conf name; authority: NULL (the name is the domain's affair) */
	const char *operator;		/* resolvers only */
	uint16_t operator_id;		/* small number, the same for one operator */
	enum resolver_class class;
	enum view view;
	bool filters;
	unsigned rate, window;		/* rate 0 = unlimited */
	struct bucket *bucket;		/* of the authority, or shared by all addresses of a resolver's operator */
	/* health: evidence in, state out */
	bool set_aside;			/* all its tries failed; comes back with its first good answer */
	bool blocked;			/* not global (addr_is_global): never asked */
	bool no_edns;			/* answered FORMERR to EDNS; tried again after an hour */
	bool no_0x20;			/* does not keep the case, by TCP neither; tried again after an hour */
	bool by_tcp;			/* no answer by UDP, but one by TCP: asked by TCP; UDP is tried again after ten minutes */
	bool as_cache;			/* an authority whose last answer came as a cache gives it: recursion, no authority */
	bool intercepted;		/* somebody on the way answers in its place (own_state) */
	unsigned failures_in_row;	/* rounds without any answer */
	int64_t first_failure_ms, last_answer_ms;	/* monotonic; 0 = never */
	int64_t retry_at_ms;		/* set aside: the next time one probe may try */
	unsigned backoffs;		/* probes failed since it was set aside */
	uint64_t failure_mark;		/* sends up to here belong to a round that is counted */
	uint64_t failure_question;	/* hash of the first question that failed since the last answer */
	bool failures_differ;		/* others failed too: it is the server, not the question */
	uint32_t rtt_us;		/* smoothed */
	struct source_stats stats;
	unsigned refs;
	struct source_queue *queue;	/* the prober's */
	struct sources *home;		/* the set it belongs to */
};

/*
 * All sources of the program, unique by kind and address (with the port).  A resolver lives until sources_free, also when a
 * reload takes it off the list; an authority until its last reference is given back and its last query has come home.
 */
struct sources;
struct sources *sources_new(const struct conf *conf);
/* The configured resolvers, one source an address, in configuration order. */
size_t sources_n_resolvers(const struct sources *s);
struct source *sources_resolver(const struct sources *s, size_t i);
/* The source of an authority's address (port = conf's authority_port); made when new.  Counted: give back with source_unref. */
struct source *sources_authority(struct sources *s, const struct addr *addr);
void source_unref(struct sources *s, struct source *src);
size_t sources_n_operators(const struct sources *s);
const char *sources_operator_name(const struct sources *s, uint16_t id);
/*
 * Sums that never shrink, also of what has left: of each operator (sources_n_operators() of them, by id) and of all
 * authorities.
 */
void sources_totals(const struct sources *s, struct source_stats *ret_operators, struct source_stats *ret_authorities);
void sources_each(struct sources *s, void (*f)(void *ctx, struct source *src), void *ctx);
/* A reload: new resolver list; sources that stay keep their health. */
void sources_reconfigure(struct sources *s, const struct conf *conf);
/* After prober_free. */
void sources_free(struct sources *s);

/* ---- the own side: what this machine can do (own.c) ---- */

enum own_way {
	OWN_UNKNOWN,		/* nothing was sent yet that could tell */
	OWN_WORKS,
	OWN_BLOCKED,		/* queries leave, and nothing comes back, while others do */
	OWN_MISSING,		/* no address or no route: the family is not there */
};
extern const struct name_table own_way_names;
struct own_state {
	enum own_way udp[2], tcp[2];	/* port 53 by IPv4 and by IPv6 */
	bool offline;			/* nobody at all answers any more */
	bool intercepted;		/* somebody on the way answers in place of the servers asked */
	char evidence[2][192];		/* of intercepted: lines as those of findings, empty = none */
};
/* The state of the prober that works on these sources; never NULL. */
const struct own_state *sources_own(const struct sources *s);
/* Is anything wrong that an answer or its absence could come from?  One line in words, appended; false: nothing. */
bool own_words(const struct own_state *o, struct str *ret);

/* ---- prober ---- */

struct prober_config {
	unsigned timeout_ms;		/* 2000 */
	unsigned set_aside_tries;	/* failed rounds in a row before a source is set aside: 3 */
	unsigned set_aside_ms;		/* and not before this long after the first of them: 0 for --once, 10000 in the daemon */
	bool authority_private;		/* an authority may have an address that is not global; sources knows that too */
	/* Something came in or changed: prober_run is wanted soon.  Called from the transport's delivery; may be NULL. */
	void (*wake)(void *ctx);
	/* The source was set aside and answers again.  Called like wake; whoever waits for it may plan, not ask.  May be NULL. */
	void (*recovered)(void *ctx, struct source *src);
	/* Find out about the own side: a question again by TCP where UDP brings nothing, and one by TCP at the start. */
	bool own;
	/* sources_own() says something else.  Called like wake; may be NULL. */
	void (*own_changed)(void *ctx);
	void *ctx;			/* of all of them */
};

struct reply {
	enum reason reason;		/* REASON_NONE: NOERROR or NXDOMAIN, checked */
	const uint8_t *wire;		/* NULL when nothing came; present with SERVFAIL and the like (EDE!) */
	size_t len;
	uint32_t rtt_us;
	bool tcp;
};
typedef void ask_done(void *ctx, uint64_t tag, struct source *src, const struct reply *reply);

struct ask {
	struct source *source;
	const struct question *q;	/* copied */
	unsigned flags;			/* enum dns_query_flags; DNS_QUERY_RD is added for resolvers, never for authorities */
	ask_done *done;
	void *ctx;
	uint64_t tag;
	bool tcp;			/* by TCP at once, also when it is set aside: what comes of it is no evidence against it */
};

struct prober;
/* Takes over t's on_answer; keeps t and clock until prober_free (which frees t); copies cfg. */
struct prober *prober_new(struct transport *t, const struct clock *clock, const struct prober_config *cfg);
/*
 * One try.  The answer comes by done, later, exactly once.  A source that is blocked answers REASON_NOT_GLOBAL, one that is set
 * aside REASON_SET_ASIDE (except for one probe when retry_at_ms has come), a family that this machine lacks REASON_NETWORK.
 */
void prober_ask(struct prober *p, const struct ask *a);
/* A reload: values for what is asked from now on. */
void prober_reconfigure(struct prober *p, const struct prober_config *cfg);
/* How many asks wait or fly for this source: callers hold back when it is long. */
unsigned prober_backlog(const struct prober *p, const struct source *s);
unsigned prober_in_flight(const struct prober *p);	/* all sources */
/* Send what the buckets and windows allow, deliver what needs no network.  Returns when it wants to be called again (monotonic
 * ms), INT64_MAX when only an answer can change anything. */
int64_t prober_run(struct prober *p);
/* True once a send to that family failed for want of a local address or route and none has ever worked. */
bool prober_family_missing(const struct prober *p, unsigned family);	/* 4 or 6 */
/* Drop asks of ctx: their done is never called. */
void prober_forget(struct prober *p, const void *ctx);
void prober_free(struct prober *p);

/* ---- lookup: names of others, at the configured resolvers ---- */

struct lookup;
typedef void lookup_done(void *ctx, uint64_t tag, enum reason reason, const struct answer *answer, const struct dns_message *m);

struct lookup *lookup_new(struct prober *p, struct sources *s, const struct clock *clock);
/*
 * Ask the public resolvers in turn (voting ones first, three tries) until one answers; cached for the TTL (at most an hour,
 * failures 5 s), equal questions in flight are one.  answer and m are valid during done; NULL when reason is not NONE.
 * done is called later, exactly once, or never after lookup_forget.
 */
void lookup_ask(struct lookup *l, const struct question *q, lookup_done *done, void *ctx, uint64_t tag);
/* During done: who said so; NULL when nobody answered. */
const struct source *lookup_from(const struct lookup *l);
void lookup_forget(struct lookup *l, const void *ctx);
void lookup_free(struct lookup *l);

/* ---- zone finder ---- */

#define ZONE_NAMES_MAX     13
#define ZONE_ADDRESSES_MAX 16

enum zone_status {
	ZONE_FOUND,
	ZONE_MISSING,		/* the parent says NXDOMAIN, or has no NS for it: delegation-missing */
	ZONE_UNKNOWN,		/* nobody could be asked: reason says why */
};
struct zone_server {
	struct dns_name name;		/* of the NS record */
	struct source *source;		/* NULL when the name has no address; then reason says why */
	enum reason reason;		/* NONE: it was answered, there is none.  With a source: NOT_GLOBAL when it is blocked */
	bool at_parent, at_child;	/* which side names it; at_child is set by zone_add_child */
};
struct zone {
	enum zone_status status;
	enum reason reason;		/* of ZONE_UNKNOWN */
	struct dns_name apex;		/* of the zone the domain lies in; differs from it for undelegated subdomains */
	struct dns_name parent;		/* apex of the zone above; unset when not found */
	bool parent_seen;		/* the referral was seen; false: the NS set came from a resolver */
	bool more;			/* names or addresses over the caps were left out */
	uint32_t ttl;			/* of the delegation, seconds */
	uint32_t negative_ttl;		/* ZONE_MISSING: of the parent's denial */
	struct zone_server *servers;	/* one an address, or one without source for a name without address; at most
					   ZONE_ADDRESSES_MAX, in one block with the zone */
	size_t n_servers;
	struct dns_name asked;		/* ZONE_MISSING, ZONE_UNKNOWN: the name and the server at which it ended, for evidence */
	char where[128];
};

/*
 * How the delegation is found without planting anything in a resolver's cache: the resolvers are asked only for the NS of the
 * top-level domain (and for addresses of name servers outside the domain); from there on the authoritative servers are asked
 * label by label, without recursion, down to the domain.  When no resolver knows the TLD (a laboratory without a root), the
 * domain's NS are taken from the resolver instead and parent_seen stays false.
 * TLD and zone cuts found are cached for their TTL and shared between domains.
 */
struct zone_finder;
typedef void zone_done(void *ctx, uint64_t tag, struct zone *zone);	/* zone is the receiver's: zone_free */

struct zone_finder *zone_finder_new(struct prober *p, struct lookup *l, struct sources *s, const struct clock *clock);
void zone_find(struct zone_finder *f, const struct dns_name *domain, zone_done *done, void *ctx, uint64_t tag);
/*
 * The child's own NS set (asked by the caller at the zone's servers) names servers that the parent does not: find their
 * addresses.  done gets a copy of zone with them added and at_child set.  With nothing new it answers at once (still later).
 */
void zone_add_child(struct zone_finder *f, const struct zone *zone, const struct answer *ns, zone_done *done, void *ctx,
    uint64_t tag);
void zone_finder_forget(struct zone_finder *f, const void *ctx);
void zone_finder_free(struct zone_finder *f);
void zone_free(struct zone_finder *f, struct zone *zone);	/* gives the sources back */
/* A zone found as bytes, for the store; and back again (NULL and u->bad on bytes that zone_pack did not write). */
void zone_pack(const struct zone *zone, struct str *ret);
struct zone *zone_unpack(struct zone_finder *f, struct unpack *u);

#endif
