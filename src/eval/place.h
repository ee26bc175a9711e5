/* SPDX-License-Identifier: ISC */
/*
 * place: the wrong-place search.  A record that is required and not there may stand at another name, as another type, or be
 * hidden by a wildcard; who can be asked without harm is one authority.
 *
 *   diagnose_place.c        which records are looked at, and the findings that replace record-missing and record-wrong
 *   diagnose_place_table.c  the places, as two tables: other types at the name, other names of the type
 *   diagnose_place_look.c   asking, comparing with wildcards, judging what was found as if it stood at the right place
 *   diagnose_wildcard.c     one finding of what one wildcard does to several records
 */
#ifndef EVAL_PLACE_H
#define EVAL_PLACE_H

#include "roll.h"

#define PLACE_QUESTIONS_RECORD 12	/* asked aside for one record, but for those that others have asked already */
#define PLACE_QUESTIONS_DOMAIN 96	/* and for all of them */

enum outcome { PLACE_NOTHING, PLACE_WAIT, PLACE_UNKNOWN, PLACE_FOUND };
#define WILDCARDS_MAX 8			/* told of each by itself; of any more, record by record */
struct wildcard_told {			/* a finding, and what more goes into it */
	int expectation;		/* whose finding it is */
	bool right;			/* what it answers is what is wanted */
	const char *wildcard, *found;	/* "*.contoso.test", "*.contoso.test A 192.0.2.1" */
	const char *adds, *keep_off;	/* records to add; names where nothing may be; NULL = none */
	size_t n;			/* of other records in it */
};
struct asked {			/* in one roll-up */
	uint64_t hashes[PLACE_QUESTIONS_DOMAIN];
	size_t n;
	struct wildcard_told told[WILDCARDS_MAX];
	size_t n_told;
};

struct place {			/* one record under search */
	struct roll *r;
	int i;			/* the expectation */
	bool holds;		/* what is found decides whether the record is published */
	const struct expectation *e;
	struct dns_name owner, domain, apex;	/* apex: of the zone that it lies in */
	uint16_t ask;		/* the type that is asked for it */
	const struct answer *an;	/* what the authorities say */
	size_t col;		/* the one that said so */
	unsigned n_asked;
	struct asked *asked;
};

struct look {			/* what the authorities say of a name and type: in the matrix, or asked aside */
	struct dns_name name;
	uint16_t type;
	const struct answer *an;	/* NULL: could not be asked */
	bool in_matrix;
	size_t row, col;
	struct side_fact fact;
};
struct hit {			/* where the record is, or what stands in its place */
	enum finding_code code;
	struct look look;
	const char *found, *wanted;	/* values; wanted NULL = the expectation's own */
	const char *detail;		/* NULL = made of the code's title */
	const char *wildcard;		/* its name */
	bool elsewhere;			/* of a wildcard: it has the record everywhere but at its place */
	bool right;			/* of a wildcard: its answer is what is wanted */
};

/* ---- diagnose_place_look.c ---- */

/* PLACE_FOUND: an answer, be it a denial.  PLACE_UNKNOWN: it could not be asked, or too much was asked already. */
enum outcome place_look(struct place *p, const struct dns_name *name, uint16_t type, struct look *ret);
/* Does the name exist (RFC 8020)?  False while that is not known; *ret_wait then says whether it will be. */
bool place_exists(struct place *p, const struct dns_name *name, bool *ret_wait);
/*
 * Is an answer about name and type that of a wildcard: the same as for a name beside it that nobody has thought of?  FOUND:
 * yes, *ret holds the answer and its name.  NOTHING: no.
 */
enum outcome place_wildcard(struct place *p, const struct dns_name *name, uint16_t type, const struct answer *an,
    struct look *ret);
/* The wildcard's own name: "*.contoso.test"; NULL while that is not known. */
const char *place_wildcard_name(struct place *p, const struct look *w);
/* Would the answer be right, or nearly, at the right place?  *ret_value: the value meant.  *ret_right: not only nearly. */
bool place_fits(struct place *p, const struct answer *an, const char **ret_value, bool *ret_right);
void place_evidence(struct roll *r, struct finding *f, const struct look *l);

/* ---- diagnose_wildcard.c ---- */

/* The words of a finding about the wildcard of hit->look; PLACE_WAIT while its name is not known. */
enum outcome place_wildcard_words(struct place *p, struct hit *hit, struct advice *ret);
/* Finding f tells of it; told of before, it goes into the finding of the record that was first, and f is gone. */
void place_wildcard_tell(struct place *p, struct finding *f, const struct hit *hit, const struct advice *advice);

/* ---- diagnose_place_table.c ---- */

/* Another type at the right name. */
enum outcome place_types(struct place *p, struct hit *ret);
/* The right type at another name. */
enum outcome place_owners(struct place *p, struct hit *ret);

#endif
