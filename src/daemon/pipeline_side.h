/* SPDX-License-Identifier: ISC */
/*
 * One side question on its way, shared by
 *
 *   pipeline_side.c	the jobs of a domain: begun, ended, told to the diagnosis
 *   pipeline_side_home.c	asked at authoritative servers
 *   pipeline_side_away.c	asked at resolvers, or fetched
 *
 * A job ends with one of job_done(), job_fail() and their like, which free it.
 */
#ifndef DAEMON_PIPELINE_SIDE_H
#define DAEMON_PIPELINE_SIDE_H

#include "pipeline_internal.h"

#define SIDE_TRIES 3		/* servers asked */
#define TTL_MAX_S  3600

struct side_job {
	struct side_job *next, *next_policy;
	struct domain *d;
	struct side_want want;
	struct question q;		/* being asked: want.q, or where that led */
	enum reason reason;		/* why the first one failed */
	unsigned n_tried;
	const struct source *tried[SIDE_TRIES];
	unsigned edited;		/* SIDE_EDITED: the next name server's address to look up, two of each */
	struct dns_name *chain;		/* the way out of the zone, n_chain links; NULL = none */
	size_t n_chain;
	uint32_t chain_ttl;
	uint64_t policy;		/* SIDE_POLICY: the tag, else 0 */
};

/* The job of the domain with this id; NULL when nobody waits for it any more. */
struct side_job *job_find(const struct domain *d, uint64_t id);
/* Ask one more server. */
void job_ask(struct side_job *j, struct source *s, unsigned flags, ask_done *done);
bool job_has_tried(const struct side_job *j, const struct source *s);
/* A server said nothing usable; the first one's reason is the job's. */
void job_failed_once(struct side_job *j, enum reason reason);

/* an lives in a and may be changed; where: in whose words. */
void job_done(struct side_job *j, struct answer *an, const char *where, bool authority, struct arena *a);
void job_fail(struct side_job *j, enum reason reason);
void job_fail_said(struct side_job *j, enum reason reason, const char *where);
/* The answer has been noted already; news: it is another than before. */
void job_end(struct side_job *j, bool news);

/* What the reply says, in a; NULL with the reason when it says nothing. */
struct answer *side_answer_of(struct arena *a, const struct reply *reply, bool authority, enum reason *ret_reason);
const char *side_where(struct arena *a, const char *name, const struct source *s);
/* When what was learnt now, and holds for so many seconds, is out of date.  One pass asks nothing twice: never. */
int64_t side_expiry(const struct domain *d, int64_t seconds);

/* The next authority of the domain's zone to ask, NULL when there is none; j NULL: the first of all. */
struct source *side_authority(struct board_domain *b, const struct side_job *j);
/* Asked at the servers of its zone?  The DS of a zone stands in the one above (RFC 4035 section 2.4). */
bool job_is_asked_at_home(const struct side_job *j);

/* The next server of its kind; the job ends when there is none left. */
void job_ask_authority(struct side_job *j);
void job_ask_edited(struct side_job *j);
void job_ask_voter(struct side_job *j);
void job_look_up(struct side_job *j);
void job_ask_policy(struct side_job *j);

#endif
