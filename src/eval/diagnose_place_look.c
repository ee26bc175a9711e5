/* SPDX-License-Identifier: ISC */
/* place_look: questions to one authority, wildcards told from records, and what was found judged as if it stood right. */
#include <string.h>

#include "judge.h"
#include "place.h"

/* ---- asking ---- */

/* The plan asks for it anyway: what the first authority that answered it says. */
static bool
look_in_matrix(struct place *p, struct look *l)
{
	struct matrix *m = p->r->m;

	for (size_t row = 0; row < m->n_rows; row++) {
		if (m->rows[row].type != l->type || !dns_name_equal(&m->rows[row].name, &l->name))
			continue;
		for (size_t col = 0; col < m->n_columns; col++)
			if (column_decides(m, &m->columns[col]) && (l->an = matrix_answer(m, row, col)) != NULL) {
				l->in_matrix = true;
				l->row = row;
				l->col = col;
				return true;
			}
	}
	return false;
}

/* What others have asked in this roll-up costs nothing more. */
static bool
look_is_allowed(struct place *p, const struct dns_name *name, uint16_t type)
{
	uint64_t hash = dns_name_hash(name) + type;

	for (size_t i = 0; i < p->asked->n; i++)
		if (p->asked->hashes[i] == hash)
			return true;
	if (p->n_asked == PLACE_QUESTIONS_RECORD || p->asked->n == PLACE_QUESTIONS_DOMAIN)
		return false;
	p->n_asked++;
	p->asked->hashes[p->asked->n++] = hash;
	return true;
}

enum outcome
place_look(struct place *p, const struct dns_name *name, uint16_t type, struct look *ret)
{
	memset(ret, 0, sizeof(*ret));
	ret->name = *name;
	ret->type = type;
	if (look_in_matrix(p, ret))
		return PLACE_FOUND;
	if (!look_is_allowed(p, name, type))
		return PLACE_UNKNOWN;
	switch (side_ask(p->r, p->holds ? p->i : -1, SIDE_AUTHORITY, name, type, &ret->fact)) {
	case SIDE_PENDING:
		return PLACE_WAIT;
	case SIDE_ANSWERED:
		ret->an = ret->fact.answer;
		/* the name lies in a zone below, of which these servers know nothing */
		return ret->an->kind == ANSWER_REFERRAL ? PLACE_UNKNOWN : PLACE_FOUND;
	default:
		return PLACE_UNKNOWN;
	}
}

bool
place_exists(struct place *p, const struct dns_name *name, bool *ret_wait)
{
	struct look l;
	enum outcome o = place_look(p, name, DNS_TYPE_A, &l);

	*ret_wait = o == PLACE_WAIT;
	return o == PLACE_FOUND && l.an->kind != ANSWER_NXDOMAIN;
}

void
place_evidence(struct roll *r, struct finding *f, const struct look *l)
{
	if (l->in_matrix)
		diagnose_evidence(r, f, l->row, l->col);
	else
		diagnose_evidence_side(r, f, &l->name, l->type, &l->fact);
}

/* ---- wildcards ---- */

/*
 * A name beside `name` that does not exist, unless by chance of 2^-64: a wildcard that answers for the one answers for the other
 * (RFC 4592 section 3.3.1).  Nobody can foresee it, and it stays the same while the program runs.
 */
static bool
sibling_of(const struct dns_name *name, struct dns_name *ret)
{
	struct dns_name parent, label;
	uint64_t hash;
	char text[24];

	dns_name_suffix(&parent, name, 1);
	hash = dns_name_hash(&parent);
	hash = hash_bytes(&hash, sizeof(hash));	/* once more: what goes out must not tell how tables here are laid out */
	text[0] = 'n';
	for (size_t i = 0; i < 16; i++)
		text[1 + i] = "0123456789abcdef"[hash >> 4 * i & 15];
	text[17] = '\0';
	return dns_name_parse(&label, text, NULL) == 0 && dns_name_concat(ret, &label, &parent);
}

/* The same in everything that two answers can agree on. */
static bool
answer_same(const struct answer *a, const struct answer *b)
{
	struct str sa = STR_INIT, sb = STR_INIT;
	bool same;

	answer_pack(a, &sa);
	answer_pack(b, &sb);
	same = sa.len == sb.len && memcmp(sa.p, sb.p, sa.len) == 0;
	str_done(&sa);
	str_done(&sb);
	return same;
}

static bool
answer_has_data(const struct answer *an)
{
	return an->n_values > 0 || an->n_chain > 0;
}

enum outcome
place_wildcard(struct place *p, const struct dns_name *name, uint16_t type, const struct answer *an, struct look *ret)
{
	struct dns_name sibling;
	enum outcome o;

	/* a wildcard never stands for the zone itself */
	if (!answer_has_data(an) || dns_name_labels(name) <= dns_name_labels(&p->apex) || !sibling_of(name, &sibling))
		return PLACE_NOTHING;
	/* one question for all types: mostly there is no wildcard */
	if ((o = place_look(p, &sibling, DNS_TYPE_CNAME, ret)) != PLACE_FOUND)
		return o;
	if (ret->an->kind == ANSWER_NXDOMAIN)
		return PLACE_NOTHING;
	if (type != DNS_TYPE_CNAME && (o = place_look(p, &sibling, type, ret)) != PLACE_FOUND)
		return o;
	return answer_has_data(ret->an) && answer_same(an, ret->an) ? PLACE_FOUND : PLACE_NOTHING;
}

/* Names deep in the zone may be covered by a wildcard further up: the highest that gives the same answer. */
const char *
place_wildcard_name(struct place *p, const struct look *w)
{
	unsigned labels = dns_name_labels(&w->name), apex = dns_name_labels(&p->apex);
	struct dns_name below, parent, sibling;
	struct look l;
	enum outcome o;

	for (unsigned skip = labels - apex - 1; skip > 0; skip--) {
		dns_name_suffix(&below, &w->name, skip);
		o = sibling_of(&below, &sibling) ? place_look(p, &sibling, w->type, &l) : PLACE_UNKNOWN;
		if (o == PLACE_WAIT)
			return NULL;
		if (o == PLACE_FOUND && answer_same(l.an, w->an)) {
			dns_name_suffix(&parent, &below, 1);
			return arena_printf(p->r->a, "*.%s", match_name_text(p->r->a, &parent));
		}
	}
	dns_name_suffix(&parent, &w->name, 1);
	return arena_printf(p->r->a, "*.%s", match_name_text(p->r->a, &parent));
}

/* ---- judging ---- */

/* Slips of the pen: the record is meant, and the value needs mending too. */
static const bool near_codes[FINDING_MAX] = {
	[FINDING_TARGET_ZONE_APPENDED] = true, [FINDING_TXT_QUOTED] = true, [FINDING_TXT_WHITESPACE] = true,
	[FINDING_TXT_NON_ASCII] = true, [FINDING_TXT_CASE] = true, [FINDING_MS_PREFIX_MISSING] = true,
	[FINDING_SRV_FIELDS_SHIFTED] = true,
};

static bool
answer_fits(struct place *p, const struct answer *an, bool *ret_right)
{
	struct judgement j;

	eval_judge(p->r->plan, (size_t)p->i, VIEW_PUBLIC, an, false, NULL, p->r->a, &j);
	*ret_right = j.verdict == VERDICT_OK;
	for (size_t k = 0; j.verdict == VERDICT_WRONG && k < j.n_notes; k++)
		if (near_codes[j.notes[k].code])
			return true;
	return *ret_right;
}

bool
place_fits(struct place *p, const struct answer *an, const char **ret_value, bool *ret_right)
{
	struct answer one = *an;

	if (an->kind != ANSWER_POSITIVE || !answer_fits(p, an, ret_right))
		return false;
	*ret_value = judge_answer_text(p->r->a, an);
	/* of texts that share a name, the one that is meant */
	for (size_t i = 0; an->n_values > 1 && an->qtype == DNS_TYPE_TXT && i < an->n_values; i++) {
		bool right;

		one.values = &an->values[i];
		one.n_values = 1;
		if (answer_fits(p, &one, &right) && right == *ret_right) {
			*ret_value = judge_answer_text(p->r->a, &one);
			return true;
		}
	}
	return true;
}
