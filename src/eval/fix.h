/* SPDX-License-Identifier: ISC */
/* fix: what the files share that make changes of records out of a judgement. */
#ifndef EVAL_FIX_H
#define EVAL_FIX_H

#include "judge.h"
#include "roll.h"

/* A set of records under way from what it is to what it shall be.  Expectations of one owner and type share it. */
struct fix_set {
	struct dns_name owner;
	uint16_t type;
	uint32_t old_ttl, row_ttl;
	const struct rdata *old;
	struct rdata *now;
	size_t n_old, n_now, cap_now;
	const char *records, *why;
	const char **notes;
	size_t n_notes;
	bool done;			/* told already */
};
struct fixer {
	struct matrix *m;
	const struct domain_result *r;
	const struct plan *plan;
	struct arena *a;
	bool ask;
	struct fix_set *sets;		/* room for all there may be */
	size_t n_sets;
	const char **notes;
	size_t n_notes, n_unasked;
	const char *unasked;		/* ids of these */
	uint64_t touched;		/* bits: expectations that a change is about */
};
/* One expectation that is not as it should be. */
struct mend {
	struct fixer *x;
	size_t i;
	struct judge j;			/* for the helpers of the match rules */
	const struct judgement *judged;
	enum verdict verdict;
	uint32_t ttl;			/* of the answer */
	struct fix_set *set;		/* of the expectation's owner and type */
};

/* ---- sets ---- */

/* NULL while there is none. */
struct fix_set *fix_set_find(struct fixer *x, const struct dns_name *owner, uint16_t type);
/* The set of that type at the expectation's owner; one that exists is made with what is known of it (old, n). */
struct fix_set *fix_set_of(struct mend *m, uint16_t type, const struct rdata *old, size_t n_old);
/* One that is known aside, and has to go. */
void fix_set_gone(struct mend *m, uint16_t type, const struct answer *an);
/* What the authorities have of another type at the owner; NULL while it is not known. */
const struct answer *fix_aside(struct mend *m, uint16_t type);
/* The CNAME behind which the answer was found has to go. */
void fix_alias_gone(struct mend *m);
void fix_set_clear(struct fix_set *s);
void fix_set_remove(struct fix_set *s, size_t at);
void fix_set_add(struct mend *m, struct fix_set *s, const struct rdata *r);
/* Is it not what it was? */
bool fix_set_changed(const struct fix_set *s);
bool fix_set_has(const struct fix_set *s, const struct rdata *r);
void fix_set_note(struct mend *m, struct fix_set *s, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* A text more in a list in the arena, each once. */
void fix_list_add(struct arena *a, const char ***list, size_t *n, const char *text);

/* ---- values ---- */

/* The bytes cut into strings of 255 (RFC 1035 section 3.3.14); too long for a record: false. */
bool fix_txt(struct arena *a, struct text t, struct rdata *ret);
/* The text of a TXT value, joined, in the arena, a NUL behind it. */
struct text fix_text_of(struct arena *a, const struct rdata *r);
struct text fix_literal(struct arena *a, const char *text);
/* Printable ASCII only: quotation marks, what is not ASCII and outer blanks are dropped, other blanks become one. */
struct text fix_clean(struct arena *a, struct text t);

/* A TXT value more in the set. */
void fix_add_text(struct mend *m, struct text t);
/* The zone's name was appended to a target that is right without it: then that one was meant, also where it is not known. */
bool fix_without_zone(struct mend *m, struct rdata *ret);
/* Worked out by Microsoft's rules is not the same as given by Microsoft: a note says where the given one stands. */
void fix_note_derived(struct mend *m, const char *where);

/* ---- menders ---- */

/* Changes m->set, and makes more of them where something is in the way. */
typedef void fix_mender(struct mend *m);
extern fix_mender *const fix_menders[RULE_MAX];
fix_mender fix_txt_value, fix_contains, fix_spf, fix_tags, fix_cname, fix_srv, fix_host, fix_absent, fix_dkim, fix_mx;
/*
 * The one record (SPF, DMARC) that the answer's texts become, for expectation i; NULL when nothing better than what is there is
 * known.  *ret_note: what people have to know of it, NULL = nothing.
 */
const char *fix_record_text(struct matrix *m, size_t i, const struct answer *an, struct arena *a, const char **ret_note);

#endif
