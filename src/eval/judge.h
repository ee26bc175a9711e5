/* SPDX-License-Identifier: ISC */
/*
 * judge: what the match rules share.  A rule looks at one answer, leaves notes and says the verdict; judge.c does what is
 * the same for all of them: no data, severity of optional rows, record-missing and record-wrong where nothing else explains.
 */
#ifndef EVAL_JUDGE_H
#define EVAL_JUDGE_H

#include <m365dnsd/eval.h>

struct judge {			/* one judging under way */
	const struct plan *plan;
	size_t i;
	const struct expectation *e;	/* the one at i */
	enum view view;
	const struct answer *an;
	bool verification_by_mx;
	struct sides *sides;	/* NULL: nothing beyond the answer is known */
	bool pending;		/* a side question is not answered yet; what is said holds until then */
	struct arena *a;
	struct wanted want;	/* texts: by judge_want() */
	struct dns_name owner;
	struct note *notes;
	size_t n_notes, cap_notes;
};
typedef enum verdict judge_rule(struct judge *j);

judge_rule rule_txt_value, rule_mx_verification, rule_mx_set, rule_cname, rule_host, rule_srv, rule_spf, rule_dkim, rule_dmarc,
    rule_mta_sts, rule_tls_rpt, rule_absent, rule_exact, rule_contains;

/* What is wanted, with the texts, which few judgements need. */
const struct wanted *judge_want(struct judge *j);

/* ---- notes ---- */

/* A note with the table's severity; found and wanted may be NULL (wanted: the expectation's own), fmt NULL = the title. */
struct note *judge_note(struct judge *j, enum finding_code code, const char *found, const char *wanted, const char *fmt, ...)
    PRINTF_LIKE(5, 6);
/* The same with another severity. */
struct note *judge_note_as(struct judge *j, enum severity severity, enum finding_code code, const char *found,
    const char *wanted, const char *fmt, ...) PRINTF_LIKE(6, 7);
/* Required or forbidden: what is wrong with it is the administrator's affair. */
bool judge_is_demanded(const struct expectation *e);
/* Absent and not demanded: not configured, which is no finding. */
bool judge_note_is_idle(const struct expectation *e, const struct note *note);
/* "a", or "a or b": the right values for people. */
const char *judge_wanted_text(struct judge *j);
/*
 * Lists for people end with "and more" behind so many bytes: a stranger's answer may hold thousands of values, and a list is
 * written anew with each of them.
 */
#define JUDGE_LIST_MAX 4096u
/* All values of an answer for people: "10 a.example, 20 b.example"; where there are none, the links of its chain. */
const char *judge_answer_text(struct arena *a, const struct answer *an);
/* The same of the answer that is judged. */
const char *judge_found_text(struct judge *j);
/* The bytes for people and terminals, in the arena. */
const char *judge_printable(struct arena *a, const void *bytes, size_t n);
/* One value for people: texts printable, all others as zone text, which is ASCII already. */
const char *judge_rdata_text(struct arena *a, const struct rdata *r);
/* "a, b": text NULL or "" begins. */
const char *judge_join(struct arena *a, const char *text, const char *more);
const char *judge_join_by(struct arena *a, const char *text, const char *between, const char *more);

/* ---- names and targets (match.c) ---- */

/* Lower case, no final dot, in the arena. */
const char *match_name_text(struct arena *a, const struct dns_name *n);
/* Does a target equal one of the exact right values? */
bool match_exact_target(const struct wanted *w, const struct dns_name *target);
bool match_patterns(const char *const *patterns, size_t n, const char *target);
/* The suffix of Microsoft's own hosts that target lies below, NULL = a stranger. */
const struct catalog_suffix *match_suffix(const struct plan *plan, const char *target);
/*
 * Does the denial come from the zone that the name (or the end of its aliases) would lie in, and not from one above all that?
 * (aside.c)
 */
bool judge_denied_at_home(const struct plan *plan, struct arena *a, const struct dns_name *name, const struct answer *an);
/*
 * Why target is not what was wanted: leaves the note of the special code that explains it and returns true; false when there
 * is none.  found: the value as people should see it.
 */
bool match_explain_target(struct judge *j, const struct dns_name *target, const char *found);
/* The same value?  Names without case, texts joined, the rest byte for byte. */
bool match_rdata_equal(const struct rdata *a, const struct rdata *b);

/* ---- MX (rule_mx.c) ---- */

enum mx_class { MX_GOOD, MX_TOLERATED, MX_VERIFICATION, MX_NULL, MX_MICROSOFT, MX_FOREIGN };
enum mx_class mx_class_of_value(struct judge *j, const struct rdata *r);
/* Are the hosts of Microsoft's among them old name and new name, on the documented way from one to the other? */
bool mx_values_migrate(struct judge *j, const struct rdata *values, size_t n);

/* ---- texts (rule_txt.c) ---- */

struct text {
	const char *p;
	size_t n;
};
/* The TXT values of the answer, joined, in the arena; returns how many. */
size_t text_values(struct judge *j, struct text **ret);
bool text_equal(struct text a, struct text b);
bool text_iprefix(struct text t, const char *prefix);
/* Offset of needle without regard to case, -1 = not inside. */
int text_ifind(struct text t, const char *needle);
const char *text_show(struct judge *j, struct text t);
/* How value misses wanted by a hair: its finding code, or FINDING_MAX when it is something else altogether. */
enum finding_code text_near_miss(struct arena *a, struct text value, struct text wanted);
/*
 * Bytes at the beginning of t that were meant to be version ("v=DMARC1"): "v=DMARC", "DMARC1", "v:DMARC 1"; also when it is right.
 * 0 = nothing of the kind.
 */
size_t text_version_length(struct text t, const char *version);
/* The same for a record of which only the beginning is known ("v=DMARC1"). */
enum finding_code text_near_prefix(struct arena *a, struct text value, const char *prefix);

#endif
