/* SPDX-License-Identifier: ISC */
/*
 * fix: from what is wrong to what to change, once for all output formats.
 *
 *	what the authorities say ──► set of records ──► mender of the rule ──► judged again ──► change
 *
 * Each rule has a mender (fix_rules.c) that knows nothing but one set; expectations that share owner and type (proof of ownership
 * and SPF) work on the same one, so what nobody complains about stays.  The match rules then judge the result: what they would
 * still object to becomes a note, so that a proposal never promises more than it holds.
 *
 * Records at a wrong place are not deleted: whose they are is not known for certain.  Their finding's advice goes along as a note.
 */
#include <string.h>

#include "fix.h"

#define TTL_MAX 86400		/* a longer one is not carried over into what changes */

static const struct name_row action_rows[] = { { FIX_ADD, "add" }, { FIX_CHANGE, "change" }, { FIX_DELETE, "delete" } };
NAME_TABLE(fix_action_names, action_rows);

/* ---- words ---- */

/* A word more in "a, b". */
static const char *
word_add(struct arena *a, const char *list, const char *word)
{
	size_t n = strlen(word);

	for (const char *p = list; (p = strstr(p, word)) != NULL; p += n)
		if ((p == list || p[-1] == ' ') && (p[n] == ',' || p[n] == '\0'))
			return list;
	return judge_join(a, list, word);
}

/* A word less. */
static const char *
word_drop(struct arena *a, const char *list, const char *word)
{
	char *copy = arena_strdup(a, list), *save;
	const char *ret = "";

	for (char *w = strtok_r(copy, ", ", &save); w != NULL; w = strtok_r(NULL, ", ", &save))
		if (strcmp(w, word) != 0)
			ret = judge_join(a, ret, w);
	return ret;
}

/* ---- what the authorities say ---- */

/* The answer that most of the servers that decide give, of equals the first one's. */
static const struct answer *
base_answer(const struct fixer *x, size_t row, uint32_t *ret_ttl)
{
	const struct matrix *m = x->m;
	size_t best = SIZE_MAX, best_votes = 0;

	for (size_t col = 0; col < m->n_columns; col++) {
		size_t votes = 0;

		if (!column_decides(m, &m->columns[col]) || matrix_answer(m, row, col) == NULL)
			continue;
		for (size_t k = 0; k < m->n_columns; k++)
			votes += column_decides(m, &m->columns[k]) && matrix_answer(m, row, k) != NULL &&
			    MATRIX_CELL(m, row, k)->variant == MATRIX_CELL(m, row, col)->variant;
		if (votes > best_votes) {
			best = col;
			best_votes = votes;
		}
	}
	if (best == SIZE_MAX)
		return NULL;
	*ret_ttl = MATRIX_CELL(m, row, best)->ttl;
	return matrix_answer(m, row, best);
}

/* Some server that decides has it right: the change is made already, and the others have to catch up. */
static bool
right_somewhere(const struct fixer *x, size_t i)
{
	for (size_t col = 0; col < x->m->n_columns; col++)
		if (column_decides(x->m, &x->m->columns[col]) && cell_says(x->m, i, col).say == SAY_OK)
			return true;
	return false;
}

/* Findings that stand in the place of record-missing and the like: where the record is, or what is there instead of it. */
static const enum place { PLACE_OF_ITS_OWN, PLACE_HERE, PLACE_ELSEWHERE } finding_places[FINDING_MAX] = {
	[FINDING_OWNER_DOUBLED] = PLACE_ELSEWHERE, [FINDING_OWNER_LITERAL_AT] = PLACE_ELSEWHERE,
	[FINDING_OWNER_WRONG_PLACE] = PLACE_ELSEWHERE, [FINDING_SRV_OWNER_WRONG] = PLACE_ELSEWHERE,
	[FINDING_ZONE_CUT_UNEXPECTED] = PLACE_ELSEWHERE, [FINDING_WILDCARD_ANSWER] = PLACE_ELSEWHERE,
	[FINDING_CNAME_FLATTENED] = PLACE_HERE, [FINDING_TYPE_WRONG] = PLACE_HERE, [FINDING_SPF_TYPE99] = PLACE_HERE,
	[FINDING_DKIM_TXT_INSTEAD_OF_CNAME] = PLACE_HERE, [FINDING_DKIM_SELECTOR2_MISSING] = PLACE_HERE,
};

static bool
has_finding(const struct fixer *x, enum finding_code code, size_t expectation)
{
	for (size_t k = 0; k < x->r->n_findings; k++)
		if (x->r->findings[k].code == code && finding_is_about(&x->r->findings[k], expectation))
			return true;
	return false;
}

/* What is told in place of the match rule's own remark: why it is not there, or who answers for it. */
static enum finding_code
told_instead(const struct fixer *x, size_t expectation, enum finding_code code)
{
	for (size_t k = 0; k < x->r->n_findings && !has_finding(x, code, expectation); k++) {
		const struct finding *f = &x->r->findings[k];

		if (finding_is_about(f, expectation) && finding_places[f->code] != PLACE_OF_ITS_OWN)
			return f->code;
	}
	return code;
}

/* ---- one expectation ---- */

/* Types that somebody may have put where a CNAME belongs. */
static const uint16_t in_the_way[] = { DNS_TYPE_A, DNS_TYPE_AAAA, DNS_TYPE_TXT, DNS_TYPE_MX, DNS_TYPE_SRV };

/* What stands beside a CNAME that shall come, as far as a diagnosis has asked for it, has to go (RFC 1034 section 3.6.2). */
static void
clear_the_way(struct mend *m)
{
	bool any = false;

	if (m->j.an->kind == ANSWER_NXDOMAIN && m->j.an->n_chain == 0)
		return;			/* there is nothing */
	for (size_t k = 0; k < ARRAY_LEN(in_the_way); k++) {
		const struct answer *an;

		if (fix_set_find(m->x, &m->j.owner, in_the_way[k]) != NULL)
			continue;
		an = fix_aside(m, in_the_way[k]);
		if (an == NULL || an->n_chain > 0 || an->n_values == 0)
			continue;
		any = true;
		fix_set_gone(m, in_the_way[k], an);
	}
	if (!any && m->j.an->kind == ANSWER_NODATA && m->j.an->n_chain == 0)
		fix_set_note(m, m->set, "%s exists already: if it has records of another type, delete them first, for a CNAME stands alone",
		    match_name_text(m->x->a, &m->j.owner));
}

/* A CNAME stands where another type is wanted: its target's records are not this name's. */
static bool
replace_alias(struct mend *m)
{
	struct dns_name domain;

	if (m->j.an->n_chain == 0 || m->j.an->qtype == DNS_TYPE_CNAME)
		return true;
	plan_domain_name(m->x->plan, &domain);
	if (dns_name_equal(&m->j.owner, &domain))
		return false;		/* cname-at-apex: the provider's ALIAS or an A record has to take its place */
	fix_alias_gone(m);
	return true;
}

static void
explain(struct mend *m, struct fix_set *s)
{
	if (!fix_set_changed(s))
		return;
	m->x->touched |= UINT64_C(1) << m->i;
	s->records = word_add(m->x->a, s->records, m->j.e->id);
	if (has_finding(m->x, FINDING_DKIM_MIXED_FORMATS, m->i))
		s->why = word_add(m->x->a, s->why, finding_rows[FINDING_DKIM_MIXED_FORMATS].code);
	for (size_t k = 0; k < m->judged->n_notes; k++)
		if (m->judged->notes[k].severity != SEVERITY_INFO)
			s->why = word_add(m->x->a, s->why,
			    finding_rows[told_instead(m->x, m->i, m->judged->notes[k].code)].code);
}

/* Is there anything to say against it that a change of records could mend? */
static bool
wants_mending(const struct fixer *x, size_t i, const struct judgement *j)
{
	const struct expectation *e = plan_expectation(x->plan, i);

	if (j->verdict == VERDICT_MISSING)
		return judge_is_demanded(e);
	if (has_finding(x, FINDING_DKIM_MIXED_FORMATS, i))
		return true;
	for (size_t k = 0; k < j->n_notes; k++)
		if (j->notes[k].severity != SEVERITY_INFO && !judge_note_is_idle(e, &j->notes[k]))
			return true;
	return j->verdict == VERDICT_WRONG;
}

/* Others need the wildcard; for a name that has a record of its own it does not answer (RFC 4592 section 2.2.1). */
static void
keep_wildcard_away(struct mend *m)
{
	struct rdata r;

	m->set = fix_set_of(m, DNS_TYPE_TXT, NULL, 0);
	if (fix_txt(m->x->a, fix_literal(m->x->a, "keeps the wildcard away from this name"), &r))
		fix_set_add(m, m->set, &r);
	explain(m, m->set);
}

static void
mend_record(struct mend *m)
{
	const struct catalog_row *row = m->j.e->row;
	const struct answer *an = m->j.an;
	bool own_type = row->type == an->qtype, wildcard = has_finding(m->x, FINDING_WILDCARD_ANSWER, m->i);
	bool has = own_type && an->n_chain == 0 && !wildcard;
	size_t before = m->x->n_sets;

	if (wildcard && m->j.e->rule == RULE_ABSENT) {
		keep_wildcard_away(m);
		return;
	}
	if (!wildcard && m->j.e->rule != RULE_ABSENT && !replace_alias(m))
		return;
	m->set = fix_set_of(m, row->type, has ? an->values : NULL, has ? an->n_values : 0);
	fix_menders[m->j.e->rule](m);
	/* a wildcard's answers are in nobody's way: they end where a name begins */
	if (!wildcard && m->set->type == DNS_TYPE_CNAME && m->set->n_now > 0 && fix_set_changed(m->set))
		clear_the_way(m);
	explain(m, m->set);
	for (size_t k = before; k < m->x->n_sets; k++)
		explain(m, &m->x->sets[k]);
}

static void
note_add(struct fixer *x, const char *text)
{
	fix_list_add(x->a, &x->notes, &x->n_notes, text);
}

static void
mend_expectation(struct fixer *x, size_t i)
{
	const struct expectation *e = plan_expectation(x->plan, i);
	struct judgement judged;
	struct mend m = { .x = x, .i = i, .judged = &judged, .j = { .plan = x->plan, .i = i, .e = e, .view = VIEW_PUBLIC, .a = x->a,
		.verification_by_mx = x->r->verification_by_mx } };

	if ((e->views & 1u << VIEW_PUBLIC) == 0)
		return;
	m.j.an = base_answer(x, e->question, &m.ttl);
	if (m.j.an == NULL) {
		if (judge_is_demanded(e)) {
			x->n_unasked++;
			x->unasked = judge_join(x->a, x->unasked, e->id);
		}
		return;
	}
	eval_judge(x->plan, i, VIEW_PUBLIC, m.j.an, x->r->verification_by_mx, x->m->sides, x->a, &judged);
	if (!wants_mending(x, i, &judged))
		return;
	if (judged.verdict != VERDICT_OK && right_somewhere(x, i))
		return;			/* authority-disagree says it */
	m.verdict = judged.verdict;
	plan_wanted(x->plan, i, VIEW_PUBLIC, x->a, &m.j.want);
	plan_owner(x->plan, i, &m.j.owner);
	mend_record(&m);
}

/* ---- judging the result ---- */

/* What it still objects to is not mended by the change. */
static void
note_rest(struct fixer *x, struct fix_set *s, const struct expectation *e, const struct judgement *j)
{
	struct mend m = { .x = x };

	for (size_t k = 0; k < j->n_notes; k++) {
		const struct note *note = &j->notes[k];
		const char *code = finding_rows[note->code].code;

		if (note->severity == SEVERITY_INFO || judge_note_is_idle(e, note))
			continue;
		fix_set_note(&m, s, "%s remains: %s", code, note->detail != NULL ? note->detail : finding_rows[note->code].title);
		s->why = word_drop(x->a, s->why, code);
	}
}

static void
judge_again(struct fixer *x, struct fix_set *s)
{
	struct answer an = { .qtype = s->type, .kind = s->n_now > 0 ? ANSWER_POSITIVE : ANSWER_NXDOMAIN, .values = s->now,
		.n_values = s->n_now };

	for (size_t i = 0; i < plan_n_expectations(x->plan); i++) {
		const struct expectation *e = plan_expectation(x->plan, i);
		struct judgement j;
		struct dns_name owner;

		plan_owner(x->plan, i, &owner);
		if ((e->views & 1u << VIEW_PUBLIC) == 0 || plan_question_type(x->plan, e->question) != s->type ||
		    !dns_name_equal(&owner, &s->owner))
			continue;
		eval_judge(x->plan, i, VIEW_PUBLIC, &an, x->r->verification_by_mx, x->ask ? x->m->sides : NULL, x->a, &j);
		note_rest(x, s, e, &j);
	}
}

/* ---- what records cannot mend ---- */

static struct fix_set *
set_of_expectation(struct fixer *x, int i)
{
	const char *id = plan_expectation(x->plan, (size_t)i)->id;

	for (size_t k = 0; k < x->n_sets; k++)
		if (fix_set_changed(&x->sets[k]) && strcmp(word_add(x->a, x->sets[k].records, id), x->sets[k].records) == 0)
			return &x->sets[k];
	return NULL;
}

/* The first of the expectations that the finding is about and a change is too; -1 = none. */
static int
touched_expectation(const struct fixer *x, const struct finding *f)
{
	for (size_t i = 0; i < plan_n_expectations(x->plan); i++)
		if (finding_is_about(f, i) && (x->touched >> i & 1) != 0)
			return (int)i;
	return -1;
}

static void
note_findings(struct fixer *x)
{
	for (size_t k = 0; k < x->r->n_findings; k++) {
		const struct finding *f = &x->r->findings[k];
		int about = touched_expectation(x, f);
		struct fix_set *s = about >= 0 ? set_of_expectation(x, about) : NULL;
		struct mend m = { .x = x };

		if (f->severity == SEVERITY_INFO)
			continue;
		/* whether the one that stands elsewhere may go is for its owner to say */
		if (s != NULL && finding_places[f->code] == PLACE_ELSEWHERE)
			fix_set_note(&m, s, "%s: %s; delete it there when the right one is in place, if it is yours",
			    finding_rows[f->code].code, f->detail);
		else if (about < 0)
			note_add(x, arena_printf(x->a, "%s: %s", finding_rows[f->code].code, f->advice));
	}
}

/* Of a domain that is not delegated nobody ever answers: that is the cause, and told. */
static void
note_unasked(struct fixer *x)
{
	const struct zone *zone = x->m->zone.zone;

	if (x->n_unasked > 0 && !(zone != NULL && zone->status == ZONE_MISSING))
		note_add(x, arena_printf(x->a, "%s: no server has answered yet, so nothing is proposed", x->unasked));
}

/* ---- the result ---- */

static void
change_make(const struct fixer *x, struct fix_set *s, struct fix_change *ret)
{
	*ret = (struct fix_change){ .owner = s->owner, .type = s->type, .old = s->old, .n_old = s->n_old, .new = s->now,
		.n_new = s->n_now, .old_ttl = s->old_ttl, .records = s->records, .why = s->why, .notes = s->notes,
		.n_notes = s->n_notes, .action = s->n_now == 0 ? FIX_DELETE : s->n_old == 0 ? FIX_ADD : FIX_CHANGE };
	dns_name_lower(&ret->owner);
	fix_change_compare(ret, x->a);
	if (s->n_now > 0)
		ret->ttl = s->old_ttl > 0 && s->old_ttl <= TTL_MAX ? s->old_ttl : s->row_ttl;
	s->done = true;
}

/* The changes at one owner together, and there what goes before what comes. */
static void
tell_changes(struct fixer *x, struct fix *ret)
{
	struct fix_change *list = arena_alloc(x->a, (x->n_sets + 1) * sizeof(*list));
	size_t n = 0;

	for (size_t i = 0; i < x->n_sets; i++)
		for (int pass = 0; pass < 2; pass++)
			for (size_t k = i; k < x->n_sets; k++) {
				struct fix_set *s = &x->sets[k];

				if (!s->done && fix_set_changed(s) && (s->n_now > 0) == pass &&
				    dns_name_equal(&s->owner, &x->sets[i].owner))
					change_make(x, s, &list[n++]);
			}
	ret->changes = list;
	ret->n_changes = n;
}

void
eval_fix(struct matrix *m, const struct domain_result *r, bool ask, struct arena *a, struct fix *ret)
{
	const struct zone *zone = m->zone.zone;
	size_t n = plan_n_expectations(m->plan);
	struct fixer x = { .m = m, .r = r, .plan = m->plan, .a = a, .ask = ask, .unasked = "" };

	/* at each name its own set, an alias, and what is in the way of one */
	x.sets = arena_alloc(a, n * (2 + ARRAY_LEN(in_the_way)) * sizeof(*x.sets) + 1);
	for (size_t i = 0; i < n; i++)
		mend_expectation(&x, i);
	for (size_t k = 0; k < x.n_sets; k++)
		if (fix_set_changed(&x.sets[k]))
			judge_again(&x, &x.sets[k]);
	note_findings(&x);
	note_unasked(&x);
	*ret = (struct fix){ .domain = plan_domain(m->plan), .notes = x.notes, .n_notes = x.n_notes,
		.n_unasked = x.n_unasked };
	dns_name_parse(&ret->domain_name, ret->domain, NULL);
	ret->zone = zone != NULL && zone->status == ZONE_FOUND ? zone->apex : ret->domain_name;
	dns_name_lower(&ret->zone);
	tell_changes(&x, ret);
}
