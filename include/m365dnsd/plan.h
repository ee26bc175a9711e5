/* SPDX-License-Identifier: ISC */
/*
 * plan: catalog x configuration -> what should be true of one domain.  Immutable and reference counted.
 *
 * A plan has expectations (what is right) and questions (what has to be asked to know); several expectations share a
 * question (verification and SPF: apex TXT).  Domains with the same cloud, profile, services and no records of their own share
 * one shape, so that 100,000 domains cost little: what differs (names, keys, values) is made on demand into an arena.
 */
#ifndef M365DNSD_PLAN_H
#define M365DNSD_PLAN_H

#include <m365dnsd/conf.h>
#include <m365dnsd/dns.h>

struct plan;

struct expectation {
	const char *id;			/* stable: "mx", "spf", ... or the admin's own */
	const struct catalog_row *row;	/* of the shape; never NULL (own records get a row too) */
	enum rule rule;
	enum need need;			/* after services, verification and profile had their say */
	uint8_t question;		/* index */
	uint8_t slot;			/* 0.. among the expectations of its question */
	uint8_t views;			/* bits: views it holds in (after `skip`) */
};
#define PLAN_EXPECTATIONS_MAX 64
#define PLAN_SLOTS_MAX        4		/* expectations that may share one question */

/* What is right for one expectation in one view, concretely. */
struct wanted {
	const struct rdata *exact;	/* right values; for RULE_MX_SET, RULE_EXACT the whole set, else any one of them */
	size_t n_exact;
	bool exact_known;		/* given by the admin or Microsoft: families are not enough */
	const char *const *family;	/* patterns, see catalog_row */
	size_t n_family;
	const char *const *tolerate;	/* patterns (templates filled in) */
	size_t n_tolerate;
	bool foreign_ok;		/* the profile allows any host that is not Microsoft's */
	const char *const *text;	/* what people and JSON "expected" see: values or patterns */
	size_t n_text;
	const char *spf_include;	/* RULE_SPF: must be reached; NULL = none (parked) */
	const struct conf_spf *spf;	/* and what the admin wants in it; never NULL for RULE_SPF */
};

/*
 * Build the plan of conf->domains[index].  Keeps references into catalog and conf: both must outlive it (the daemon keeps a
 * configuration until its last plan is gone).  NULL with words, naming the file and line at fault.
 */
struct plan *plan_build(const struct catalog *catalog, const struct conf *conf, size_t index, struct err *err);
struct plan *plan_ref(struct plan *p);
void plan_unref(struct plan *p);

const char *plan_domain(const struct plan *p);			/* text, lower-case A-labels, no final dot */
void plan_domain_name(const struct plan *p, struct dns_name *ret);
const struct conf_domain *plan_conf(const struct plan *p);
const struct catalog *plan_catalog(const struct plan *p);
const char *plan_key(const struct plan *p);			/* plan_domain_key() of the domain */

size_t plan_n_expectations(const struct plan *p);
const struct expectation *plan_expectation(const struct plan *p, size_t i);
/* -1 when there is none of that id. */
int plan_find(const struct plan *p, const char *id);
/* Owner as a name; the same as its question's. */
void plan_owner(const struct plan *p, size_t i, struct dns_name *ret);
/*
 * What is right, made into a.  The texts for people, which whoever finds everything right needs not, can be made apart: text is
 * NULL before.
 */
void plan_wanted(const struct plan *p, size_t i, enum view view, struct arena *a, struct wanted *ret);
void plan_wanted_values(const struct plan *p, size_t i, enum view view, struct arena *a, struct wanted *ret);
void plan_wanted_text(const struct plan *p, size_t i, struct arena *a, struct wanted *w);

size_t plan_n_questions(const struct plan *p);
void plan_question(const struct plan *p, size_t q, struct question *ret);
uint16_t plan_question_type(const struct plan *p, size_t q);
/* Bits of the views the question is asked in. */
unsigned plan_question_views(const struct plan *p, size_t q);
/* The expectations of question q in slot order: indices into ret, at most PLAN_SLOTS_MAX; returns how many. */
size_t plan_question_expectations(const struct plan *p, size_t q, uint8_t ret[PLAN_SLOTS_MAX]);

/*
 * The domain key: what stands before .mail.protection.outlook.com.  The rule was found in the field (all of 20 samples): dots to
 * dashes, dashes taken out and their positions coded behind a "0".  false when it would not fit a label.
 */
bool plan_domain_key(const char *domain, char ret[64]);
/* Does target (text, no final dot) fit the pattern?  Label by label, "*" and "?" never cross a dot, case folded. */
bool plan_pattern_match(const char *pattern, const char *target);
/*
 * The same for people, who must not type it: "contoso-com.?-v1.mx.microsoft" -> "contoso-com.X-v1.mx.microsoft", a "*" becomes
 * <tenant> or <key>.  A preference in front is left out.  In a; text itself when it has no wildcard.
 */
const char *plan_pattern_words(struct arena *a, const char *text);
/* Same domain, same expectations, same wanted values: a reload keeps the state. */
bool plan_equal(const struct plan *a, const struct plan *b);

#endif
