/* SPDX-License-Identifier: ISC */
/* diagnose: how a finding is made: its words, its evidence, its place in the list. */
#include <stdlib.h>
#include <string.h>

#include "judge.h"
#include "roll.h"

/* ---- the words of the advice ---- */

static const char *
record_type(const struct roll *r, int expectation)
{
	char buf[16];

	if (expectation < 0)
		return "";
	return arena_strdup(r->a, dns_type_text(plan_expectation(r->plan, (size_t)expectation)->row->type, buf));
}

static const char *
record_name(const struct roll *r, int expectation)
{
	struct dns_name owner;

	if (expectation < 0)
		return plan_domain(r->plan);
	plan_owner(r->plan, (size_t)expectation, &owner);
	return match_name_text(r->a, &owner);
}

static const char *
advice_word(const struct roll *r, const char *word, size_t n, int expectation, const struct advice *v)
{
	const struct {
		const char *word, *value;
	} words[] = {
		{ "name", record_name(r, expectation) }, { "type", record_type(r, expectation) },
		{ "domain", plan_domain(r->plan) }, { "found", v->found }, { "wanted", v->wanted },
		{ "server", v->server }, { "n", v->n },
	};

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (strlen(words[i].word) == n && strncmp(words[i].word, word, n) == 0)
			return words[i].value != NULL ? words[i].value : "";
	return NULL;
}

const char *
advice_expand(const struct roll *r, const char *template, int expectation, const struct advice *v)
{
	struct str s = STR_INIT;
	const char *text;

	for (const char *p = template; *p != '\0'; p++) {
		const char *close = *p == '{' ? strchr(p, '}') : NULL;
		const char *value = close != NULL ? advice_word(r, p + 1, (size_t)(close - p) - 1, expectation, v) : NULL;

		if (value == NULL) {
			str_addc(&s, *p);
			continue;
		}
		str_add(&s, value);
		p = close;
	}
	text = arena_strdup(r->a, str_c(&s));
	str_done(&s);
	return text;
}

/* ---- the list ---- */

struct finding *
diagnose_add(struct roll *r, enum finding_code code, enum severity severity, int expectation, const char *detail,
    const struct advice *advice)
{
	static const struct advice none;
	struct finding *f;

	if (r->n_findings == r->cap_findings) {
		size_t cap = r->cap_findings == 0 ? 16 : 2 * r->cap_findings;
		struct finding *more = arena_alloc(r->a, cap * sizeof(*more));

		if (r->n_findings > 0)
			memcpy(more, r->findings, r->n_findings * sizeof(*more));
		r->findings = more;
		r->cap_findings = cap;
	}
	f = &r->findings[r->n_findings++];
	/* all of it: the place may have held one that was dropped */
	*f = (struct finding){ .code = code, .severity = severity, .expectation = expectation,
		.detail = detail != NULL ? detail : finding_rows[code].title,
		.advice = advice_expand(r, finding_rows[code].advice, expectation, advice != NULL ? advice : &none),
		.evidence = arena_alloc(r->a, EVIDENCE_MAX * sizeof(*f->evidence)),
		.sources = arena_alloc(r->a, (r->m->n_columns + 1) * sizeof(*f->sources)) };
	return f;
}

struct finding *
diagnose_find(struct roll *r, enum finding_code code, int expectation)
{
	for (size_t i = 0; i < r->n_findings; i++)
		if (r->findings[i].code == code && r->findings[i].expectation == expectation)
			return &r->findings[i];
	return NULL;
}

void
diagnose_drop(struct roll *r, const struct finding *f)
{
	size_t at = (size_t)(f - r->findings);

	memmove(&r->findings[at], &r->findings[at + 1], (r->n_findings - at - 1) * sizeof(*r->findings));
	r->n_findings--;
}

/* The arrays were made by diagnose_add and are const only for readers. */
static void
list_add(const char *const *list, size_t *n, size_t max, const char *text)
{
	const char **rw = (const char **)(uintptr_t)list;

	for (size_t i = 0; i < *n; i++)
		if (strcmp(rw[i], text) == 0)
			return;
	if (*n < max)
		rw[(*n)++] = text;
}

void
diagnose_source(struct roll *r, struct finding *f, size_t col)
{
	list_add(f->sources, &f->n_sources, r->m->n_columns, column_text(&r->m->columns[col], r->a));
}

void
diagnose_evidence_text(struct roll *r, struct finding *f, const char *line)
{
	(void)r;
	list_add(f->evidence, &f->n_evidence, EVIDENCE_MAX, line);
}

/* Values as zone text: names with their final dot, texts in quotes. */
static void
evidence_value(const struct rdata *data, struct str *s)
{
	struct dns_name name;

	if (data->type == DNS_TYPE_TXT || data->type == DNS_TYPE_SPF)
		rdata_text_quoted(data, s);
	else
		rdata_text(data, s);
	if (rdata_name(data, &name) && name.len > 1)
		str_addc(s, '.');
}

static const char *
evidence_negative(const struct cell_say *s, const struct answer *an, struct arena *a)
{
	if (an == NULL)
		return name_of(&reason_names, (int)s->reason);
	if (an->kind == ANSWER_NXDOMAIN)
		return "NXDOMAIN";
	return an->kind == ANSWER_CNAME_LOOP ? "CNAME loop" : arena_strdup(a, "no such record");
}

/* "contoso.test. 300 IN MX 10 mail.old.example. (ns1.contoso.test 192.0.2.1)" */
static const char *
evidence_line(struct roll *r, const char *owner, uint32_t ttl, const char *type, const char *value, size_t col)
{
	return arena_printf(r->a, "%s. %u IN %s %s (%s)", owner, ttl, type, value, column_text(&r->m->columns[col], r->a));
}

/* Does the text look like what the record is to be? The apex of an old domain has a dozen texts of others. */
static bool
evidence_is_about(const struct rdata *data, const char *record)
{
	static const struct {
		const char *record, *mark;
		bool first;		/* only at the start of the text */
	} marks[] = {
		{ "spf", "spf1", false }, { "verification", "ms", true }, { "verification", "ms=", false },
		{ "verification", "=ms", false },
	};
	struct str s = STR_INIT;
	bool about = false;

	rdata_text(data, &s);
	for (size_t k = 0; k < ARRAY_LEN(marks); k++)
		for (const char *p = str_c(&s); strcmp(marks[k].record, record) == 0 && *p != '\0' && !about; p++) {
			about = str_iprefix(p, marks[k].mark);
			if (marks[k].first)
				break;
		}
	str_done(&s);
	return about;
}

/* Are some of the texts about the record of the finding, so that the others need not be shown? */
static bool
evidence_narrow(const struct roll *r, const struct finding *f, const struct answer *an, const char **ret_record)
{
	if (f->expectation < 0 || an->qtype != DNS_TYPE_TXT)
		return false;
	*ret_record = plan_expectation(r->plan, (size_t)f->expectation)->id;
	for (size_t i = 0; i < an->n_values && f->n_evidence < EVIDENCE_MAX; i++)
		if (evidence_is_about(&an->values[i], *ret_record))
			return true;
	return false;
}

static void
evidence_answer(struct roll *r, struct finding *f, size_t row, size_t col, const struct answer *an)
{
	const char *record = NULL;
	bool narrow = evidence_narrow(r, f, an, &record);
	uint32_t ttl = MATRIX_CELL(r->m, row, col)->ttl;
	const char *owner = match_name_text(r->a, &r->m->rows[row].name);
	struct str s = STR_INIT;
	char buf[16];
	const char *type = dns_type_text(an->qtype, buf);

	for (size_t i = 0; i < an->n_chain; i++) {
		const char *target = match_name_text(r->a, &an->chain[i]);

		diagnose_evidence_text(r, f, evidence_line(r, owner, ttl, "CNAME", arena_printf(r->a, "%s.", target), col));
		owner = target;
	}
	for (size_t i = 0; i < an->n_values && f->n_evidence < EVIDENCE_MAX; i++) {
		if (narrow && !evidence_is_about(&an->values[i], record))
			continue;
		str_clear(&s);
		evidence_value(&an->values[i], &s);
		diagnose_evidence_text(r, f, evidence_line(r, owner, ttl, type, str_c(&s), col));
	}
	str_done(&s);
}

void
diagnose_evidence(struct roll *r, struct finding *f, size_t row, size_t col)
{
	const struct answer *an = matrix_answer(r->m, row, col);
	const struct eval_cell *c = MATRIX_CELL(r->m, row, col);
	struct cell_say s = { SAY_UNKNOWN, c->reason == REASON_NONE ? REASON_LAME : (enum reason)c->reason };
	char type[16];

	if (an != NULL && (an->n_values > 0 || an->n_chain > 0)) {
		evidence_answer(r, f, row, col, an);
		return;
	}
	diagnose_evidence_text(r, f, arena_printf(r->a, "%s. IN %s: %s (%s)", match_name_text(r->a, &r->m->rows[row].name),
	    dns_type_text(r->m->rows[row].type, type), evidence_negative(&s, an, r->a),
	    column_text(&r->m->columns[col], r->a)));
}

void
diagnose_evidence_side(struct roll *r, struct finding *f, const struct dns_name *name, uint16_t type,
    const struct side_fact *fact)
{
	const char *owner = match_name_text(r->a, name);
	const struct answer *an = fact->answer;
	struct str s = STR_INIT;
	char buf[16];
	const char *words = dns_type_text(type, buf);

	for (size_t i = 0; an != NULL && i < an->n_chain; i++) {
		const char *target = match_name_text(r->a, &an->chain[i]);

		diagnose_evidence_text(r, f, arena_printf(r->a, "%s. IN CNAME %s. (%s)", owner, target, fact->where));
		owner = target;
	}
	for (size_t i = 0; an != NULL && i < an->n_values && f->n_evidence < EVIDENCE_MAX; i++) {
		str_clear(&s);
		evidence_value(&an->values[i], &s);
		diagnose_evidence_text(r, f, arena_printf(r->a, "%s. IN %s %s (%s)", owner, words, str_c(&s), fact->where));
	}
	str_done(&s);
	if (an == NULL || an->n_values == 0) {
		struct cell_say say = { SAY_UNKNOWN, fact->reason };

		diagnose_evidence_text(r, f, arena_printf(r->a, "%s. IN %s: %s (%s)", owner, words,
		    evidence_negative(&say, an, r->a), fact->where));
	}
}

/* ---- the order: root causes, then severity, then the plan ---- */

static const bool root_causes[FINDING_MAX] = {
	[FINDING_DELEGATION_MISSING] = true, [FINDING_DELEGATION_MISMATCH] = true, [FINDING_DELEGATION_LAME] = true,
	[FINDING_AUTHORITY_DISAGREE] = true, [FINDING_DOMAIN_EXPIRED] = true, [FINDING_DNSSEC_BOGUS] = true,
	[FINDING_ZONE_CUT_UNEXPECTED] = true, [FINDING_CNAME_AT_APEX] = true,
};

static int
finding_rank(const struct finding *f)
{
	return f->severity == SEVERITY_ERROR && root_causes[f->code] ? 0 : 1 + SEVERITY_ERROR - (int)f->severity;
}

static int
finding_compare(const void *pa, const void *pb)
{
	const struct finding *a = pa, *b = pb;

	if (finding_rank(a) != finding_rank(b))
		return finding_rank(a) - finding_rank(b);
	if (a->expectation != b->expectation)
		return a->expectation < b->expectation ? -1 : 1;
	if (a->code != b->code)
		return a->code < b->code ? -1 : 1;
	return strcmp(a->detail, b->detail);
}

void
diagnose_sort(struct roll *r)
{
	if (r->n_findings > 1)
		qsort(r->findings, r->n_findings, sizeof(*r->findings), finding_compare);
}
