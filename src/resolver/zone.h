/* SPDX-License-Identifier: ISC */
/*
 * The insides of the zone finder, shared by its files:
 *
 *   zone_find.c	one domain: from cut to cut down to it; the face
 *   zone_child.c	servers that only the child names
 *   zone_walk.c	one step: is there a zone cut at this name?
 *   zone_judge.c	what one reply says about that (pure)
 *   zone_query.c	one question of all of these
 *   zone_hosts.c	the addresses of the name servers of a cut
 *   cuts.c		steps that many domains share, kept for their TTL
 */
#ifndef RESOLVER_ZONE_H
#define RESOLVER_ZONE_H

#include "prober.h"

/* A zone and who serves it.  Shared, never changed once made. */
struct cut {
	unsigned refs;
	struct dns_name apex, parent;	/* parent unset: not known */
	uint32_t ttl;
	bool parent_seen, more;
	size_t n;
	struct zone_server servers[];
};
struct cut *cut_ref(struct cut *c);
void cut_unref(struct zone_finder *f, struct cut *c);
/* Does any of its servers have an address? */
bool cut_is_served(const struct cut *c);

/* ---- zone_judge.c ---- */

enum judgement {
	JUDGE_CUT,		/* NS of a zone at d->owner: a referral, or the answer of one who serves parent and child */
	JUDGE_NO_CUT,		/* the name lies in the zone asked */
	JUDGE_NXDOMAIN,
	JUDGE_LAME,		/* neither authoritative nor a referral downwards */
};
struct delegation {
	struct dns_name owner;
	struct dns_name names[ZONE_NAMES_MAX];
	size_t n;
	bool more;		/* names over the cap */
	uint32_t ttl;
	uint32_t negative_ttl;	/* of NO_CUT and NXDOMAIN */
};
/* m answers (qname, NS), asked at a server of the zone apex. */
enum judgement zone_judge(const struct dns_message *m, const struct dns_name *apex, const struct dns_name *qname,
    struct delegation *ret);
/* The NS set of an answer (of a resolver, of the child). */
void delegation_from_answer(const struct answer *an, const struct dns_name *owner, struct delegation *ret);
/* Addresses that m gives for name, in answer and additional section; at most max. */
size_t message_addresses(const struct dns_message *m, const struct dns_name *name, struct addr *ret, size_t max);

/* ---- zone_query.c: one question of the finder, to an authority or to the resolvers ---- */

struct query {
	TAILQ_ENTRY(query) link;
	struct zone_finder *f;
	/* One of the two; q is freed after it. */
	void (*replied)(struct query *qy, struct source *src, const struct reply *reply);
	lookup_done *looked_up;		/* ctx is the query */
	void *owner;
	unsigned index, tries;		/* the owner's */
	uint16_t type;
};
/* tmpl says replied, owner, index, tries. */
void query_send(struct zone_finder *f, const struct query *tmpl, const struct dns_name *name, uint16_t type, struct source *src);
/* tmpl says looked_up and the like. */
void query_lookup(struct zone_finder *f, const struct query *tmpl, const struct dns_name *name, uint16_t type);
/* Decode a reply that has REASON_NONE into *a (made here, to be freed in any case); MALFORMED when it cannot be. */
enum reason query_decode(const struct reply *reply, struct arena **a, struct dns_message **m);
/* The finder goes away. */
void query_free_all(struct zone_finder *f);

/* ---- zone_hosts.c ---- */

#define HOST_ADDRESSES_MAX 8

struct hosts;
typedef void hosts_done(void *ctx, struct hosts *h);
struct hosts_config {
	const struct delegation *names;
	const struct dns_message *m;	/* may bring glue; NULL when there is none */
	const struct dns_name *bailiwick;	/* glue is taken for names at or below it only; NULL: all of it (a resolver) */
	const struct dns_name *fence;	/* no resolver is asked about names at or below it; NULL: none is inside */
	struct cut *ask;		/* whose servers are asked about those inside the fence; NULL with no fence */
	bool trust_siblings;		/* glue for names outside the fence will do; else it is the last resort */
	hosts_done *done;		/* called later, from prober_run() or the transport's delivery; the caller frees h then */
	void *ctx;
};
struct hosts *hosts_new(struct zone_finder *f, const struct hosts_config *cfg);
/* The servers as a cut without apex; names in the order given, every name once before second addresses. */
struct cut *hosts_cut(struct hosts *h);
unsigned hosts_queries(const struct hosts *h);
/* The finder goes away with it. */
void hosts_free(struct hosts *h);

/* ---- zone_walk.c ---- */

enum step_state {
	STEP_BUSY,
	STEP_CUT,		/* cut is the zone at name (or between above and name) */
	STEP_NO_CUT,
	STEP_NXDOMAIN,
	STEP_FAILED,		/* reason */
};
#define STEP_SERVERS_MAX ZONE_ADDRESSES_MAX

/*
 * "Is there a zone cut at this name?", asked at the servers of the zone above, or, where above is NULL, at the resolvers.
 *
 *   BUSY: wave 0 one server, wave 1 three more, wave 2 all others, waves 3 and 4 once more those that did not answer
 *     a usable reply --> NO_CUT, NXDOMAIN, or the addresses of the name servers --> CUT
 *     none is left   --> FAILED
 */
struct step {
	TAILQ_ENTRY(step) link;		/* in the finder's list of all */
	struct heap_item expiry;	/* shared ones */
	struct zone_finder *f;
	unsigned refs;
	bool shared;			/* in the map */
	bool strict;
	struct dns_name name;
	struct cut *above;
	enum step_state state;
	struct cut *cut;
	enum reason reason;
	bool all_answered;		/* FAILED, but every server said something: lame, not dead */
	uint32_t negative_ttl;
	char where[128];		/* the server that said so */
	unsigned queries;
	TAILQ_HEAD(, find) waiters;
	/* while BUSY */
	struct hosts *hosts;
	struct delegation *delegation;
	unsigned wave, n_out;
	uint8_t order[STEP_SERVERS_MAX];
	uint8_t n_order;
	enum { TRY_NOT_YET, TRY_OUT, TRY_SILENT, TRY_HOPELESS } tries[STEP_SERVERS_MAX];
};
/* Starts it; one reference is the caller's.  strict: it is for the domain itself, see hosts_config.trust_siblings. */
struct step *step_new(struct zone_finder *f, const struct dns_name *name, struct cut *above, bool strict);
void step_unref(struct step *st);
/* The finder goes away, whoever holds it. */
void step_free(struct step *st);

/* ---- cuts.c ---- */

struct cuts {
	struct map *map;		/* lower-case name -> shared step */
	struct heap expiries;
};
void cuts_init(struct cuts *c);
/* The finder goes away; its steps are freed after this. */
void cuts_done(struct cuts *c);
/* The shared step of a name, perhaps still BUSY; started when there is none.  The reference is the caller's. */
struct step *cuts_step(struct zone_finder *f, const struct dns_name *name, struct cut *above);
/* The deepest zone above domain (not the domain itself) that is known: a reference, or NULL. */
struct cut *cuts_deepest(struct zone_finder *f, const struct dns_name *domain);
/* How long it holds, now that it is finished. */
void cuts_finished(struct step *st);
/* None of its servers could be asked: do not believe it any longer. */
void cuts_drop(struct zone_finder *f, const struct dns_name *apex);

/* ---- zone_find.c ---- */

struct find;
/* A find's step is no longer BUSY: it goes on from prober_run(). */
void find_ready(struct find *fi);

struct find {
	TAILQ_ENTRY(find) link;		/* in a step's waiters or in the finder's ready */
	TAILQ_ENTRY(find) all;
	struct zone_finder *f;
	struct dns_name domain;
	unsigned labels;		/* of the domain */
	unsigned depth;			/* labels of the name that step is about */
	bool by_resolver;		/* no TLD: the domain's NS from the resolvers */
	struct cut *cut;		/* the deepest zone so far */
	struct step *step;		/* waited for */
	struct step *denied;		/* the first one below cut that said NXDOMAIN */
	unsigned steps, queries;
	zone_done *done;		/* NULL: forgotten */
	void *ctx;
	uint64_t tag;
};

/* ---- zone_child.c ---- */

struct child;
void child_forget(struct zone_finder *f, const void *ctx);
void child_free_all(struct zone_finder *f);

struct zone_finder {
	struct prober *p;
	struct lookup *l;
	struct sources *s;
	const struct clock *clock;
	struct cuts cuts;
	TAILQ_HEAD(, query) queries;
	TAILQ_HEAD(, step) steps;
	TAILQ_HEAD(, hosts) hosts;
	TAILQ_HEAD(, child) children;
	TAILQ_HEAD(, find) finds, ready;
	size_t n_ready;
	struct prober_call advance;
};

/* A zone with these servers and room for more; the sources are counted once more. */
struct zone *zone_of_cut(const struct cut *c, size_t room);

#endif
