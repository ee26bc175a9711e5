/* SPDX-License-Identifier: ISC */
/* plan: private to src/plan. */
#ifndef M365DNSD_PLAN_INT_H
#define M365DNSD_PLAN_INT_H

#include <m365dnsd/plan.h>

struct plan_question {
	struct owner {
		uint8_t *wire;		/* labels, lower case, without the root's octet */
		uint8_t len;
		bool absolute;		/* the whole name (a record of the admin's own), else what stands before the domain's */
	} owner;
	uint16_t type;
	uint8_t views;
	uint8_t n;
	uint8_t expectations[PLAN_SLOTS_MAX];
};

/*
 * What domains of one kind have in common.  Depends on the catalog and on cloud, profile, services and whether there is a
 * proof; a domain with records of its own or with `skip` has a shape for itself.
 */
struct shape {
	unsigned refs;
	bool shared;			/* in the table of shape.c, under key */
	struct shape_key {
		const struct catalog *catalog;
		unsigned services;
		uint16_t cloud, profile;
		uint64_t verification;	/* is there one; no padding anywhere, as the key is compared as bytes */
	} key;
	struct catalog_row *own;	/* rows of the admin's own records */
	size_t n_own;
	struct expectation *expectations;
	size_t n_expectations;
	struct plan_question *questions;
	size_t n_questions;
};

struct plan {
	unsigned refs;
	const struct conf_domain *domain;
	struct shape *shape;
	uint8_t name_len;
	uint8_t name[];			/* the domain's in wire form, then the key with its NUL ("": it would not fit a label) */
};

/* The shape of a domain, counted.  NULL with words, without file and line. */
struct shape *shape_of(const struct catalog *catalog, const struct conf_domain *d, const struct dns_name *name,
    struct err *err);
void shape_unref(struct shape *s);
/* The name of a question, lower case; false when it would be too long.  domain: in wire form, lower case. */
bool owner_name(const struct owner *o, const uint8_t *domain, size_t len, struct dns_name *ret);

#endif
