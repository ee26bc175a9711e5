/* SPDX-License-Identifier: ISC */
/*
 * diagnose_place: why a record is not there, or another stands in its place.  One cause is one finding: what is found here takes
 * the place of record-missing or record-wrong, and what a wildcard says everywhere is said once.
 *
 *   missing   another type at the name, then other names; of what is required only
 *   wrong     is it a wildcard that answers?
 *   right     is it a wildcard (fragile), and does anything stand beside a CNAME?
 *
 * At the authorities only, and not while they disagree or some have not answered yet.
 */
#include <string.h>

#include "judge.h"
#include "place.h"

/* ---- what the authorities say ---- */

/* The answer of the first that decides and says `say`; NULL = none. */
static const struct answer *
place_answer(struct place *p, enum say say)
{
	const struct matrix *m = p->r->m;

	for (p->col = 0; p->col < m->n_columns; p->col++)
		if (column_decides(m, &m->columns[p->col]) && cell_says(m, (size_t)p->i, p->col).say == say)
			return matrix_answer(m, p->e->question, p->col);
	return NULL;
}

static struct place
place_begin(struct roll *r, size_t i, struct asked *asked)
{
	const struct expectation *e = plan_expectation(r->plan, i);
	struct place p = { .r = r, .i = (int)i, .holds = true, .e = e, .apex = r->m->zone.zone->apex,
		.ask = plan_question_type(r->plan, e->question), .asked = asked };

	plan_owner(r->plan, i, &p.owner);
	plan_domain_name(r->plan, &p.domain);
	return p;
}

/* ---- findings ---- */

/* Findings that one cause explains: not info, and not those about the servers. */
static bool
is_explained(const struct finding *f, int i)
{
	return f->expectation == i && f->severity != SEVERITY_INFO && f->code != FINDING_AUTHORITY_DISAGREE &&
	    f->code != FINDING_WILDCARD_ANSWER;
}

/* Take out what is explained of expectation i, but for the first, which is returned; NULL when there was none. */
static struct finding *
findings_fold(struct roll *r, int i)
{
	struct finding *first = NULL;
	size_t n = 0;

	for (size_t k = 0; k < r->n_findings; k++) {
		struct finding f = r->findings[k];

		if (is_explained(&f, i) && first != NULL) {
			first->severity = f.severity > first->severity ? f.severity : first->severity;
			continue;
		}
		r->findings[n] = f;
		if (is_explained(&f, i))
			first = &r->findings[n];
		n++;
	}
	r->n_findings = n;
	return first;
}

/* What to type, and what else would do, as the rule that found it missing says. */
static const char *
place_wanted(struct place *p)
{
	struct judgement j;

	eval_judge(p->r->plan, (size_t)p->i, VIEW_PUBLIC, p->an, false, NULL, p->r->a, &j);
	for (size_t k = 0; k < j.n_notes; k++)
		if (j.notes[k].severity != SEVERITY_INFO && j.notes[k].wanted != NULL)
			return j.notes[k].wanted;
	return "";
}

/* The finding f tells of the hit from now on; what it was found by stays as evidence, behind that of the hit. */
static void
finding_become(struct place *p, struct finding *f, const struct hit *hit, const struct advice *advice)
{
	const char *const *old = f->evidence;
	size_t n = f->n_evidence;

	f->code = hit->code;
	f->detail = hit->detail != NULL ? hit->detail : finding_rows[hit->code].title;
	f->advice = advice_expand(p->r, finding_rows[hit->code].advice, p->i, advice);
	f->evidence = arena_alloc(p->r->a, EVIDENCE_MAX * sizeof(*f->evidence));
	f->n_evidence = 0;
	place_evidence(p->r, f, &hit->look);
	for (size_t k = 0; k < n; k++)
		diagnose_evidence_text(p->r, f, old[k]);
}

/* What goes into the field "name" of a provider's form. */
static const char *
form_name(const struct place *p)
{
	const char *text = match_name_text(p->r->a, &p->owner);
	unsigned labels = dns_name_labels(&p->owner), apex = dns_name_labels(&p->apex);
	size_t tail = strlen(match_name_text(p->r->a, &p->apex)) + 1;

	return labels <= apex ? "nothing (or @)" : arena_printf(p->r->a, "%.*s", (int)(strlen(text) - tail), text);
}

static const char *
owner_and_type(const struct place *p, char type[16])
{
	return arena_printf(p->r->a, "%s %s", match_name_text(p->r->a, &p->owner), dns_type_text(p->e->row->type, type));
}

static void
owner_words(struct place *p, struct hit *hit, struct advice *ret)
{
	const char *at = match_name_text(p->r->a, &hit->look.name);
	char type[16];

	ret->found = at;
	ret->n = form_name(p);
	hit->detail = arena_printf(p->r->a, "%s is not there, but %s has it: %s", owner_and_type(p, type), at, hit->found);
}

static void
type_words(struct place *p, struct hit *hit, struct advice *ret)
{
	const char *owner = match_name_text(p->r->a, &p->owner);
	char type[16];

	ret->found = hit->found;
	hit->detail = arena_printf(p->r->a, "%s has no %s, but %s", owner, dns_type_text(p->e->row->type, type), hit->found);
}

/* ---- addresses where an alias belongs ---- */

static bool
addresses_meet(const struct answer *a, const struct answer *b)
{
	for (size_t i = 0; i < a->n_values; i++)
		for (size_t k = 0; k < b->n_values; k++)
			if (match_rdata_equal(&a->values[i], &b->values[k]))
				return true;
	return false;
}

/*
 * Addresses of the host that is wanted: whoever serves the zone resolves the alias and hands out where it leads to.  Others are a
 * proxy's or a web server's, or Microsoft's for another part of the world, so these only say that they were compared.
 */
static enum outcome
flattened_words(struct place *p, struct hit *hit, const struct advice *advice, const char **ret_advice)
{
	const char *owner = match_name_text(p->r->a, &p->owner);
	struct dns_name host;
	struct side_fact fact;
	struct wanted w;

	plan_wanted(p->r->plan, (size_t)p->i, VIEW_PUBLIC, p->r->a, &w);
	if (w.n_exact != 1 || !rdata_name(&w.exact[0], &host))
		return PLACE_FOUND;
	switch (side_ask(p->r, p->i, SIDE_LOOKUP, &host, hit->look.type, &fact)) {
	case SIDE_PENDING:
		return PLACE_WAIT;
	case SIDE_ANSWERED:
		break;
	default:
		return PLACE_FOUND;
	}
	if (fact.answer->n_values == 0)
		return PLACE_FOUND;
	hit->detail = arena_printf(p->r->a, "%s, which is %s %s", hit->detail,
	    addresses_meet(hit->look.an, fact.answer) ? "an address of" : "no address of", match_name_text(p->r->a, &host));
	if (addresses_meet(hit->look.an, fact.answer))
		*ret_advice = arena_printf(p->r->a, "Switch off CNAME flattening (also called ALIAS or ANAME) for %s, so that it becomes: "
		    "%s CNAME %s. The addresses there will not follow when Microsoft changes its own.", owner, owner, advice->wanted);
	return PLACE_FOUND;
}

/* ---- missing ---- */

/* The finding that would be replaced: nothing else has explained the record yet. */
static struct finding *
finding_plain(struct roll *r, int i)
{
	struct finding *f = diagnose_find(r, FINDING_RECORD_MISSING, i);

	return f != NULL ? f : diagnose_find(r, FINDING_DKIM_SELECTOR2_MISSING, i);
}

static bool
answer_has_data(const struct answer *an)
{
	return an->n_values > 0 || an->n_chain > 0;
}

/* From what stands at the name itself to what stands elsewhere. */
static enum outcome
missing_search(struct place *p, struct hit *hit)
{
	enum outcome o = PLACE_NOTHING;

	/* what cannot be known of a wildcard does not end the search */
	if (answer_has_data(p->an)) {
		hit->code = FINDING_WILDCARD_ANSWER;
		o = place_wildcard(p, &p->owner, p->ask, p->an, &hit->look);
	}
	if ((o == PLACE_NOTHING || o == PLACE_UNKNOWN) && p->an->kind != ANSWER_NXDOMAIN)
		o = place_types(p, hit);
	return o == PLACE_NOTHING ? place_owners(p, hit) : o;
}

static void
search_missing(struct place *p)
{
	struct hit hit = { .code = FINDING_MAX };
	struct advice advice = { .wanted = place_wanted(p) };
	struct finding *f = finding_plain(p->r, p->i);
	const char *better = NULL;

	if (f == NULL || missing_search(p, &hit) != PLACE_FOUND)
		return;
	if (hit.wanted != NULL)
		advice.wanted = hit.wanted;
	if (hit.code == FINDING_WILDCARD_ANSWER) {
		if (place_wildcard_words(p, &hit, &advice) != PLACE_FOUND)
			return;
	} else if (dns_name_equal(&hit.look.name, &p->owner)) {
		type_words(p, &hit, &advice);
		if (hit.code == FINDING_CNAME_FLATTENED && flattened_words(p, &hit, &advice, &better) == PLACE_WAIT)
			return;
	} else {
		owner_words(p, &hit, &advice);
	}
	finding_become(p, f, &hit, &advice);
	if (better != NULL)
		f->advice = better;
	if (hit.code == FINDING_WILDCARD_ANSWER)
		place_wildcard_tell(p, f, &hit, &advice);
}

/* ---- wrong ---- */

static void
search_wrong(struct place *p)
{
	struct hit hit = { .code = FINDING_WILDCARD_ANSWER };
	struct advice advice = { .wanted = place_wanted(p) };
	struct finding *f;

	if (place_wildcard(p, &p->owner, p->ask, p->an, &hit.look) != PLACE_FOUND ||
	    place_wildcard_words(p, &hit, &advice) != PLACE_FOUND || (f = findings_fold(p->r, p->i)) == NULL)
		return;
	finding_become(p, f, &hit, &advice);
	place_wildcard_tell(p, f, &hit, &advice);
}

/* ---- right ---- */

static void
right_wildcard(struct place *p)
{
	struct hit hit = { .code = FINDING_WILDCARD_ANSWER, .right = true };
	struct advice advice = { .wanted = judge_answer_text(p->r->a, p->an) };
	struct finding *f;

	p->holds = false;
	if (place_wildcard(p, &p->owner, p->ask, p->an, &hit.look) == PLACE_FOUND &&
	    place_wildcard_words(p, &hit, &advice) == PLACE_FOUND) {
		f = diagnose_add(p->r, hit.code, SEVERITY_WARNING, p->i, hit.detail, &advice);
		place_evidence(p->r, f, &hit.look);
		diagnose_evidence(p->r, f, p->e->question, p->col);
		diagnose_source(p->r, f, p->col);
		place_wildcard_tell(p, f, &hit, &advice);
	}
	p->holds = true;
}

/*
 * A server that keeps to the rules leads every question for the name to the CNAME (RFC 1034 section 3.6.2).  Asked is what those
 * ask who use the record.
 */
static void
right_beside(struct place *p)
{
	static const uint16_t types[] = { DNS_TYPE_A, DNS_TYPE_TXT };
	const char *found = "";
	struct look looks[ARRAY_LEN(types)];
	size_t n = 0;
	struct finding *f;

	for (size_t k = 0; p->ask == DNS_TYPE_CNAME && k < ARRAY_LEN(types); k++) {
		struct look *l = &looks[n];
		char type[16];

		if (place_look(p, &p->owner, types[k], l) != PLACE_FOUND || l->an->kind != ANSWER_POSITIVE ||
		    l->an->n_chain > 0 || l->an->n_values == 0)
			continue;
		found = judge_join(p->r->a, found, arena_printf(p->r->a, "%s %s", dns_type_text(types[k], type),
		    judge_answer_text(p->r->a, l->an)));
		n++;
	}
	if (n == 0)
		return;
	f = diagnose_add(p->r, FINDING_CNAME_AND_OTHER_DATA, SEVERITY_ERROR, p->i,
	    arena_printf(p->r->a, "%s has a CNAME, and beside it %s", match_name_text(p->r->a, &p->owner), found),
	    &(struct advice){ .found = found });
	for (size_t k = 0; k < n; k++)
		place_evidence(p->r, f, &looks[k]);
	diagnose_evidence(p->r, f, p->e->question, p->col);
	diagnose_source(p->r, f, p->col);
}

static void
search_right(struct place *p)
{
	right_wildcard(p);
	right_beside(p);
}

/* ---- which records ---- */

static void
place_search(struct roll *r, size_t i, struct asked *asked)
{
	struct place p = place_begin(r, i, asked);
	const struct tally *t = &r->tally[i];
	bool required = p.e->need == NEED_REQUIRED;

	if (t->pending > 0 || (t->ok > 0) + (t->wrong > 0) + (t->missing > 0) != 1)
		return;
	if (t->wrong > 0 && (p.an = place_answer(&p, SAY_WRONG)) != NULL)
		search_wrong(&p);
	else if (t->missing > 0 && required && (p.an = place_answer(&p, SAY_MISSING)) != NULL)
		search_missing(&p);
	else if (t->ok > 0 && required && (p.an = place_answer(&p, SAY_OK)) != NULL)
		search_right(&p);
}

void
diagnose_places(struct roll *r)
{
	static const unsigned needs[] = { 1u << NEED_REQUIRED, 1u << NEED_FORBIDDEN, ~(1u << NEED_REQUIRED | 1u << NEED_FORBIDDEN) };
	struct asked asked = { .n = 0 };

	if (r->m->policy.authorities == AUTHORITIES_NONE || r->m->zone.zone == NULL)
		return;
	/* what is required speaks first, then what is forbidden: the rest need not repeat it */
	for (size_t round = 0; round < ARRAY_LEN(needs); round++)
		for (size_t i = 0; i < r->n; i++) {
			const struct expectation *e = plan_expectation(r->plan, i);

			if ((e->views & 1u << VIEW_PUBLIC) != 0 && (needs[round] & 1u << e->need) != 0)
				place_search(r, i, &asked);
		}
}
