/* SPDX-License-Identifier: ISC */
/*
 * eval: what the answers mean.  Match rules, findings, roll-up and ETA.  Pure: no I/O, no clock of its own, no memory but
 * the arena it is given.
 *
 * The board hands over a struct matrix (questions down, columns across); eval judges each variant once, decides which columns
 * count, collects findings and says the states.
 */
#ifndef M365DNSD_EVAL_H
#define M365DNSD_EVAL_H

#include <m365dnsd/dns.h>
#include <m365dnsd/plan.h>
#include <m365dnsd/resolver.h>

/* ---- words: closed lists; a word never changes its meaning ---- */

enum verdict { VERDICT_OK, VERDICT_WRONG, VERDICT_MISSING, VERDICT_STALE, VERDICT_UNKNOWN, VERDICT_MAX };
enum severity { SEVERITY_INFO, SEVERITY_WARNING, SEVERITY_ERROR };
enum record_state {
	RECORD_PENDING, RECORD_UNKNOWN, RECORD_UNPUBLISHED, RECORD_PUBLISHED, RECORD_VISIBLE, RECORD_REGRESSED,
	RECORD_NOT_CONFIGURED
};
enum domain_state {
	DOMAIN_PENDING, DOMAIN_UNKNOWN, DOMAIN_UNPUBLISHED, DOMAIN_PUBLISHED, DOMAIN_COMPLETE, DOMAIN_REGRESSED
};
enum eta_basis { ETA_NONE, ETA_TTL, ETA_NEGATIVE_TTL, ETA_DELEGATION_TTL };
extern const struct name_table verdict_names, severity_names, record_state_names, domain_state_names, eta_basis_names;

/* ---- findings: the one table (findings.def); codes never change meaning ---- */

enum finding_code {
#define FINDING(id, code, severity, title, advice, test) FINDING_##id,
#include <m365dnsd/findings.def>
#undef FINDING
	FINDING_MAX
};
struct finding_row {
	const char *code;
	enum severity severity;		/* the usual one; eval may lower it (optional rows, internal view) */
	const char *title;		/* one line */
	const char *advice;		/* template: {name} {type} {found} {wanted} {domain} {server} {n} ... */
	const char *test;		/* the test that provokes it */
};
extern const struct finding_row finding_rows[FINDING_MAX];

struct finding {
	enum finding_code code;
	enum severity severity;
	int expectation;		/* index in the plan, -1 = the domain as a whole */
	uint64_t also;			/* bits: other expectations that the same cause is told of with it */
	const char *detail;		/* what was found, with real names */
	const char *advice;		/* what to type */
	const char *const *evidence;	/* dig-like lines: "contoso.test. 300 IN MX 10 mail.old.example. (ns1 192.0.2.1)" */
	size_t n_evidence;
	const char *const *sources;	/* "ns1.contoso.test 192.0.2.1", "google 8.8.8.8" */
	size_t n_sources;
};
/* Is it what there is to say of expectation i? */
static inline bool
finding_is_about(const struct finding *f, size_t i)
{
	return f->expectation == (int)i || (f->also >> i & 1) != 0;
}

/* ---- judging one answer ---- */

/* A remark of a match rule; becomes a finding of the authorities' answer. */
struct note {
	enum finding_code code;
	enum severity severity;
	const char *found, *wanted;	/* for the advice template; may be NULL */
	const char *also;		/* beside wanted, in words; NULL = nothing */
	const char *detail;		/* NULL: made from the title */
};
struct judgement {
	enum verdict verdict;		/* OK, WRONG or MISSING (never STALE or UNKNOWN) */
	const struct note *notes;
	size_t n_notes;
	bool pending;			/* side questions are open: so far nothing speaks against it */
};
struct sides;
/*
 * Judge what an answer (POSITIVE, NODATA, NXDOMAIN or CNAME_LOOP) says about expectation i in a view.  A value with only
 * warnings is OK.  RULE_ABSENT: no data is OK.  Optional and absent is MISSING here; the roll-up makes not-configured of it.
 * verification_by_mx: the MX set of the domain carries the msv1.invalid proof (either form satisfies).
 * sides: what is known beyond the answer (below), which RULE_SPF and RULE_CNAME follow; NULL = judge the answer by itself.
 */
void eval_judge(const struct plan *plan, size_t i, enum view view, const struct answer *an, bool verification_by_mx,
    struct sides *sides, struct arena *a, struct judgement *ret);
/*
 * The verdict alone, which for an answer without any data costs nothing.  plain: there is nothing in the notes that a finding
 * could come from, and no side question is open.
 */
struct eval_brief {
	bool plain, pending;
};
enum verdict eval_verdict(const struct plan *plan, size_t i, enum view view, const struct answer *an, bool verification_by_mx,
    struct sides *sides, struct arena *a, struct eval_brief *ret);

/* ---- side questions: what a diagnosis wants to know beyond the plan's questions (side.c) ---- */

/*
 * A diagnosis is a function of the matrix and of what is known aside.  A rule asks as if the answer were there (side_ask in
 * roll.h); what is not known yet is noted as wanted, and the rule returns early.  The pipeline puts what is wanted to its
 * servers, and the next roll-up gets further: a rule that needs three answers in a row reads like straight code.  Until the
 * answers are in, a record that would become published holds its state.
 */
enum side_at {
	SIDE_AUTHORITY,		/* one authority that counts, without recursion: plants nothing in any cache */
	SIDE_LOOKUP,		/* names of others, at public resolvers; what lies in the domain's own zone goes to its authorities */
	SIDE_EDITED,		/* the servers that the configuration names as `nameservers` */
	SIDE_UNCHECKED,		/* a public resolver with checking disabled (CD): is it DNSSEC? */
	SIDE_POLICY,		/* https://mta-sts.NAME/.well-known/mta-sts.txt; the answer is a text */
	SIDE_AT_MAX
};
enum side_state { SIDE_PENDING, SIDE_ANSWERED, SIDE_FAILED };
struct side_fact {
	enum side_state state;
	enum reason reason;		/* FAILED: why it could not be asked.  That is never "not there" */
	const struct answer *answer;	/* ANSWERED, but of SIDE_POLICY: POSITIVE, NODATA, NXDOMAIN, REFERRAL, CNAME_LOOP */
	const char *text;		/* ANSWERED by SIDE_POLICY: the body, NUL-terminated; it may hold NUL bytes too */
	size_t n_text;
	const char *where;		/* who said so, for evidence: "ns1.contoso.test 192.0.2.1" */
};
struct side_want {
	unsigned id;			/* for sides_answer */
	enum side_at at;
	unsigned failures;		/* in a row, before */
	struct question q;
};
#define SIDES_MAX       256		/* of one domain; what would be more fails */
#define SIDE_TEXT_MAX   65536		/* of a policy */
#define SIDE_BYTES_MAX  16384		/* of an answer of DNS, packed; a longer one counts as failed (REASON_TRUNCATED) */
#define SIDES_BYTES_MAX 262144		/* of all answers of one domain: what does not fit any more counts as failed as well */

struct sides *sides_new(void);
/* What many domains know alike is kept once, in blobs (which must live longer); names at home, below the domain, are kept short. */
struct sides *sides_new_shared(struct map *blobs, const struct dns_name *home);
void sides_free(struct sides *s);
/* What is known of it; noted as wanted when nothing is, or when it is out of date (the old answer stays until then). */
void sides_ask(struct sides *s, enum side_at at, const struct dns_name *name, uint16_t type, struct arena *a,
    struct side_fact *ret);
/* Take the next that is wanted: it counts as asked from now on.  False when there is none. */
bool sides_next(struct sides *s, struct side_want *ret);
/* One that was taken cannot be asked just now: it is wanted again. */
void sides_put_back(struct sides *s, unsigned id);
/*
 * The answer of one that was taken; NULL: failed for reason.  where is copied.  Out of date from expires_ms on (monotonic).
 * True when it says something else than before.
 */
bool sides_answer(struct sides *s, unsigned id, enum reason reason, const struct answer *an, const char *where,
    int64_t expires_ms);
bool sides_answer_text(struct sides *s, unsigned id, const char *text, size_t n, const char *where, int64_t expires_ms);
/*
 * The time; all = everything is out of date (the zone has changed): what is just being asked is wanted again once it is answered.
 * What no roll-up asked for since the last call is dropped.
 */
void sides_round(struct sides *s, int64_t now_ms, bool all);
/* What is known of it by now, without wanting to know: false while there is no answer. */
bool sides_peek(struct sides *s, enum side_at at, const struct dns_name *name, uint16_t type, struct arena *a,
    struct side_fact *ret);
/* How many are wanted or being asked. */
size_t sides_pending(const struct sides *s);
/* When the first of those that failed, and were asked for since the last round, is out of date; INT64_MAX = none ever is. */
int64_t sides_retry_ms(const struct sides *s);
size_t sides_count(const struct sides *s);

/* ---- SPF: may this address send (RFC 7208)? ---- */

enum spf_result { SPF_NONE, SPF_NEUTRAL, SPF_PASS, SPF_FAIL, SPF_SOFTFAIL, SPF_TEMPERROR, SPF_PERMERROR };
extern const struct name_table spf_result_names;

#define SPF_LOOKUPS_MAX 10		/* terms that ask, RFC 7208 section 4.6.4 */
#define SPF_VOIDS_MAX   2		/* of these: terms whose answer is empty */
#define SPF_TIME_MAX_S  20		/* how long a check may take */

/* Who wants to send.  The texts must outlive the check. */
struct spf_client {
	struct addr ip;			/* port 0; an IPv4 address mapped into IPv6 counts as IPv4 */
	const char *sender;		/* "user@domain"; NULL = postmaster at the domain */
	const char *helo;		/* NULL = the domain */
	int64_t unix_s;			/* now, for the macro t */
};
struct spf_step {			/* of the way to the term that decided */
	const char *domain;		/* whose record */
	const char *term;		/* as written; NULL: none of its terms matched */
};
struct spf_check {
	enum spf_result result;
	const struct spf_step *path;	/* includes and redirects, then the term that decided; empty when no record was read */
	size_t n_path;
	unsigned lookups, voids;	/* terms that asked, as the limits count them */
	unsigned questions;		/* put to DNS */
	unsigned same_bits;		/* all addresses that share so many first bits with the client's get the same ... */
	bool by_address;		/* ... unless the record asks with the very address (macros i, c, p; ptr) */
	const char *problem;		/* why none, temperror or permerror, in words; else NULL */
	const char *explanation;	/* of exp=, with a fail only; NULL = none.  ASCII, but a stranger's words */
};
/*
 * check_host() by steps:
 *
 *	while (spf_walk_next(w, &want))		ask want.q at once or later (want.at is SIDE_LOOKUP) ...
 *		spf_walk_answer(w, want.id, reason, answer);
 *	spf_walk_check(w)
 *
 * next is false too while a question is out; after its answer the walk goes on.  It ends after SIDES_MAX questions at the latest.
 * record: the domain's own, when it is known already and must not be asked for (NULL = ask).
 */
struct spf_walk;
struct spf_walk *spf_walk_new(const struct dns_name *domain, const struct spf_client *client, const char *record, size_t n);
bool spf_walk_next(struct spf_walk *w, struct side_want *ret);
/* answer NULL: could not be asked, for that reason.  Nothing of it is kept by reference. */
void spf_walk_answer(struct spf_walk *w, unsigned id, enum reason reason, const struct answer *answer);
/* Time is over: what is not known counts as not answered. */
void spf_walk_stop(struct spf_walk *w);
/* NULL while it goes on; lives as long as the walk. */
const struct spf_check *spf_walk_check(const struct spf_walk *w);
void spf_walk_free(struct spf_walk *w);

/* ---- the matrix ---- */

struct eval_column {
	enum source_kind kind;
	const struct source *source;	/* for address, operator, class, view, filters; NULL only for a server without address */
	const char *label;		/* "ns1.contoso.test" or "google" */
	bool at_parent, at_child;	/* authorities */
	enum reason no_source;		/* why there is no source */
	bool required, votes;		/* resolvers: class and view say so */
	bool family_missing;		/* this machine lacks IPv4 or IPv6 */
	/* decided by eval_columns: */
	bool set_aside, lame, counts;	/* counts: authority that counts / operator address that takes part */
	enum reason reason;		/* of set aside: the commonest failure */
	bool bogus;			/* it validates, and rejects the domain: decided with the findings */
};

enum { EVAL_ASKED = 1, EVAL_FINAL = 2 };	/* FINAL: failed all its tries, or answered; nothing more comes soon */
struct eval_cell {			/* of one question at one column */
	uint16_t variant;		/* index into variants, 0 = none */
	uint8_t reason;			/* enum reason of the last asking; NONE = variant is its answer; GATED = not asked */
	uint8_t confirmed;		/* good answers in a row */
	uint8_t flags;
	uint8_t aa;			/* the answer was authoritative */
	uint32_t ttl;			/* as seen */
	uint32_t rtt_us;
	int64_t checked_ms;		/* monotonic; 0 = never */
};
#define VERDICT_UNJUDGED 255
struct eval_variant {
	const struct answer *answer;
	uint8_t verdict[VIEW_MAX][PLAN_SLOTS_MAX];	/* enum verdict or VERDICT_UNJUDGED; kept by the board */
	uint8_t plain[VIEW_MAX];	/* bits by slot: judged, and nothing to remark (eval_verdict) */
	uint8_t pending;		/* bits by slot, of the public view: side questions are open */
};
struct eval_policy {
	enum authorities_policy authorities;
	unsigned quorum;
	bool quorum_percent;
	unsigned confirm;
	bool peek;
	enum until until;
};
/* What the finder and the system questions said of the zone. */
struct eval_zone {
	const struct zone *zone;	/* NULL: not known yet, or authorities = none */
	bool finding;			/* still being found */
	int q_soa, q_ns;		/* matrix rows of the apex SOA and NS questions, -1 = none */
};
struct matrix {
	const struct plan *plan;
	struct eval_policy policy;
	struct eval_zone zone;
	struct eval_column *columns;
	size_t n_columns;
	/* n_rows = plan questions, then the system questions */
	size_t n_rows;
	const struct question *rows;
	struct eval_cell *cells;	/* cells[row * n_columns + column] */
	struct eval_variant *variants;	/* variants[0] unused */
	size_t n_variants;
	bool by_mx;			/* what the verdicts rest on: does the MX set carry the proof of ownership? */
	const struct cell_say *says;	/* eval's own: of all expectations and columns, once all is judged; NULL before */
	const struct own_state *own;	/* what this machine can do; NULL: nothing is known of it */
	struct sides *sides;		/* what is known aside; NULL: nothing can be asked aside, all of it counts as failed */
	int64_t now_ms;			/* monotonic */
	int64_t unix_minus_mono_ms;	/* for times that people read */
};
#define MATRIX_CELL(m, row, col) (&(m)->cells[(row) * (m)->n_columns + (col)])

/* ---- roll-up ---- */

struct record_prior {			/* what was true before: for regressed */
	uint8_t state;
	bool was_published;
};
struct domain_prior {
	uint8_t state;
	bool was_published;
	const struct record_prior *records;
};
/* Of resolvers, voting or not; beyond 31 operators two may share a bit. */
#define EVAL_OPERATOR_BIT(source) (UINT32_C(1) << ((source)->operator_id & 31))
struct record_result {
	enum record_state state;
	bool published, visible;
	bool applies;			/* required: it gates the domain */
	double visible_ratio;		/* voting operators that confirmed it */
	uint32_t seen;			/* once published: operators (EVAL_OPERATOR_BIT) whose living addresses all confirmed it */
	int64_t eta_ms;			/* monotonic, 0 = none */
	enum eta_basis eta_basis;
};
struct domain_result {
	enum domain_state state;
	struct record_result *records;	/* one an expectation */
	bool published, visible, complete;
	double published_ratio, visible_ratio;
	int64_t eta_ms;
	enum eta_basis eta_basis;
	const struct finding *findings;	/* root causes first, then by severity, then in plan order */
	size_t n_findings;
	bool verification_by_mx;
};
/*
 * All of it: decide which columns count, judge unjudged variants (filling m->variants), collect findings, roll up.  Everything
 * in ret lives in a.  When the zone is broken there is one finding and what lies below is unknown (zone-broken).
 */
void eval_domain(struct matrix *m, const struct domain_prior *prior, struct arena *a, struct domain_result *ret);
/* Only the columns: which are set aside, lame, counting.  eval_domain calls it first; the pipeline needs it for the gate. */
void eval_columns(struct matrix *m);
/* Bits of rows whose gate is open: every authority that counts gives the right answer, and an answer that exists. */
uint64_t eval_gates(struct matrix *m, struct arena *a);
/*
 * Is an answer with these verdicts (by slot) a right one for its whole row: everything required of it right, something of it
 * there, and nothing wrong where nothing is required?  The rule of the gate, and of `confirmed`.
 */
bool eval_row_good(const struct plan *plan, size_t row, enum view view, const uint8_t verdict[PLAN_SLOTS_MAX]);

/* The verdict of one cell of one expectation, after eval_domain or eval_columns. */
struct cell_result {
	enum verdict verdict;
	enum reason reason;		/* NONE unless verdict is UNKNOWN */
	int64_t eta_ms;			/* stale: checked + ttl; else 0 */
	enum eta_basis eta_basis;
};
void eval_cell(const struct matrix *m, size_t expectation, size_t column, bool published, struct cell_result *ret);

/* ---- what to do about it: the changes of records that mend a domain (fix*.c) ---- */

enum fix_action { FIX_ADD, FIX_CHANGE, FIX_DELETE };
extern const struct name_table fix_action_names;

/* One set of records (owner and type), as it is at the authorities and as it shall be, both whole. */
struct fix_change {
	struct dns_name owner;
	uint16_t type;
	enum fix_action action;
	uint32_t ttl, old_ttl;		/* new and old; of the side that is empty 0 */
	const struct rdata *old, *new;	/* ADD: no old ones, DELETE: no new ones */
	size_t n_old, n_new;
	const bool *old_stays, *new_stays;	/* each of them: the other side has the same, to the byte */
	const char *records;		/* ids, "verification, spf" */
	const char *why;		/* codes of the findings that it mends, "spf-include-missing" */
	const char *const *notes;	/* what to look at before it is applied, for people */
	size_t n_notes;
};
struct fix {
	const char *domain;		/* text, A-labels */
	struct dns_name domain_name;
	struct dns_name zone;		/* that has to be edited; the domain itself while it is not known */
	const struct fix_change *changes;	/* in the order to make them: what is in the way of a CNAME goes before it */
	size_t n_changes;
	const char *const *notes;	/* what no change of records mends, or nobody could be asked about */
	size_t n_notes;
	size_t n_unasked;		/* required records of which nothing is known: no news of them is no good news */
};
/*
 * After eval_domain, whose result r is.  Whatever the authorities hold stays unless a finding is about it; a proposal that the
 * match rules would not call right says so in its notes.  ask: what is not known yet of names to be changed is wanted aside; else
 * only what somebody has asked for already is used.
 */
void eval_fix(struct matrix *m, const struct domain_result *r, bool ask, struct arena *a, struct fix *ret);
/* Compare the two sides of a change: old_stays and new_stays, in the arena.  A stranger's set may have thousands of records. */
void fix_change_compare(struct fix_change *c, struct arena *a);

#endif
