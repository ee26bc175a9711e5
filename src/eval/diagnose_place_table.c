/* SPDX-License-Identifier: ISC */
/*
 * place_table: where records are found that are not where they belong.  A row is a place; the first at
 * which the record is found explains why it is missing.  Few questions: nothing exists below a name that does not exist
 * (RFC 8020), and what the plan asks for anyway is not asked again.
 */
#include <string.h>

#include "judge.h"
#include "place.h"

/* ---- another type at the name ---- */

enum fit {
	FIT_ANY,		/* any data is in the way */
	FIT_MEANT,		/* as the type wanted it would be such a record, right or wrong */
	FIT_RIGHT		/* and it would be right */
};
struct type_row {
	enum rule rule;		/* RULE_MAX: all that want the type */
	uint16_t wanted, type;
	enum finding_code code;
	enum fit fit;
};
static const struct type_row type_rows[] = {
	/* nothing may stand beside a CNAME: whatever is there is there instead of it */
	{ RULE_DKIM, DNS_TYPE_CNAME, DNS_TYPE_TXT, FINDING_DKIM_TXT_INSTEAD_OF_CNAME, FIT_ANY },
	{ RULE_MAX, DNS_TYPE_CNAME, DNS_TYPE_A, FINDING_CNAME_FLATTENED, FIT_ANY },
	{ RULE_MAX, DNS_TYPE_CNAME, DNS_TYPE_AAAA, FINDING_CNAME_FLATTENED, FIT_ANY },
	{ RULE_MAX, DNS_TYPE_CNAME, DNS_TYPE_TXT, FINDING_TYPE_WRONG, FIT_ANY },
	{ RULE_MAX, DNS_TYPE_CNAME, DNS_TYPE_MX, FINDING_TYPE_WRONG, FIT_ANY },
	{ RULE_SRV, DNS_TYPE_SRV, DNS_TYPE_CNAME, FINDING_TYPE_WRONG, FIT_ANY },
	{ RULE_SRV, DNS_TYPE_SRV, DNS_TYPE_TXT, FINDING_TYPE_WRONG, FIT_ANY },
	{ RULE_SRV, DNS_TYPE_SRV, DNS_TYPE_A, FINDING_TYPE_WRONG, FIT_ANY },
	{ RULE_SPF, DNS_TYPE_TXT, DNS_TYPE_SPF, FINDING_SPF_TYPE99, FIT_MEANT },
	{ RULE_MX_SET, DNS_TYPE_MX, DNS_TYPE_TXT, FINDING_TYPE_WRONG, FIT_RIGHT },
};

/* The values as if they had been entered as the type wanted; false when none of them can be that. */
static bool
answer_as(struct arena *a, const struct answer *an, uint16_t type, struct answer *ret)
{
	struct rdata *values = arena_alloc(a, (an->n_values + 1) * sizeof(*values));

	*ret = *an;
	ret->qtype = type;
	ret->n_chain = ret->n_values = 0;
	ret->values = values;
	for (size_t i = 0; i < an->n_values; i++) {
		struct str s = STR_INIT;

		rdata_text(&an->values[i], &s);
		/* a text with a NUL inside is none of these */
		if (strlen(str_c(&s)) == s.len && rdata_parse(a, type, str_c(&s), &values[ret->n_values], NULL) == 0)
			ret->n_values++;
		str_done(&s);
	}
	return ret->n_values > 0;
}

static bool
is_meant(struct place *p, const struct answer *an)
{
	struct judgement j;

	eval_judge(p->r->plan, (size_t)p->i, VIEW_PUBLIC, an, false, NULL, p->r->a, &j);
	return j.verdict != VERDICT_MISSING;
}

static bool
type_fits(struct place *p, const struct type_row *row, const struct answer *an, struct hit *ret)
{
	const char *value;
	struct answer as;
	char type[16];
	bool right = false;

	/* behind an alias the alias is the thing, and that has a row of its own */
	if (an->kind != ANSWER_POSITIVE || an->n_values == 0 || an->n_chain > 0)
		return false;
	ret->found = arena_printf(p->r->a, "%s %s", dns_type_text(row->type, type), judge_answer_text(p->r->a, an));
	if (row->fit == FIT_ANY)
		return true;
	if (!answer_as(p->r->a, an, row->wanted, &as))
		return false;
	if (place_fits(p, &as, &value, &right) && right)
		ret->wanted = value;
	return right || (row->fit == FIT_MEANT && is_meant(p, &as));
}

static enum outcome
type_try(struct place *p, const struct type_row *row, struct hit *ret)
{
	struct look wild;
	enum outcome o = place_look(p, &p->owner, row->type, &ret->look);

	if (o != PLACE_FOUND || !type_fits(p, row, ret->look.an, ret))
		return o == PLACE_WAIT ? o : PLACE_NOTHING;
	ret->code = row->code;
	if ((o = place_wildcard(p, &p->owner, row->type, ret->look.an, &wild)) != PLACE_FOUND)
		return o == PLACE_NOTHING ? PLACE_FOUND : o;
	ret->code = FINDING_WILDCARD_ANSWER;
	ret->look = wild;
	ret->wanted = NULL;
	return PLACE_FOUND;
}

enum outcome
place_types(struct place *p, struct hit *ret)
{
	for (size_t i = 0; i < ARRAY_LEN(type_rows); i++) {
		const struct type_row *row = &type_rows[i];
		enum outcome o;

		if ((row->rule != RULE_MAX && row->rule != p->e->rule) || row->wanted != p->ask)
			continue;
		if ((o = type_try(p, row, ret)) == PLACE_WAIT || o == PLACE_FOUND)
			return o;
	}
	return PLACE_NOTHING;
}

/* ---- another name ---- */

enum who { WHO_ALL, WHO_APEX, WHO_TEXT, WHO_DKIM, WHO_SRV };
enum base {		/* what the name is relative to */
	BASE_DOMAIN,	/* D */
	BASE_DOUBLED,	/* D, with the zone's name (which is D, mostly) behind it once more */
	BASE_PARENT	/* the parent of D, where it lies in the same zone */
};
struct owner_row {
	enum who who;
	unsigned labels;	/* of the owner before the domain; 0 = any number */
	enum base base;
	const char *name;	/* %1 %2: labels of the owner, %a %b: the same without underscore, %=: all of them */
	enum finding_code code;
};
static const struct owner_row owner_rows[] = {
	{ WHO_ALL, 0, BASE_DOUBLED, "%=", FINDING_OWNER_DOUBLED },
	{ WHO_APEX, 0, BASE_DOMAIN, "\\@", FINDING_OWNER_LITERAL_AT },
	{ WHO_APEX, 0, BASE_DOMAIN, "www", FINDING_OWNER_WRONG_PLACE },
	{ WHO_APEX, 0, BASE_DOMAIN, "mail", FINDING_OWNER_WRONG_PLACE },
	{ WHO_DKIM, 2, BASE_DOMAIN, "%1", FINDING_OWNER_WRONG_PLACE },
	{ WHO_DKIM, 2, BASE_DOMAIN, "%1.%b", FINDING_OWNER_WRONG_PLACE },
	{ WHO_TEXT, 0, BASE_DOMAIN, "@", FINDING_OWNER_WRONG_PLACE },
	{ WHO_TEXT, 1, BASE_DOMAIN, "%a", FINDING_OWNER_WRONG_PLACE },
	{ WHO_TEXT, 2, BASE_DOMAIN, "%a.%2", FINDING_OWNER_WRONG_PLACE },
	{ WHO_TEXT, 2, BASE_DOMAIN, "%1.%b", FINDING_OWNER_WRONG_PLACE },
	{ WHO_TEXT, 2, BASE_DOMAIN, "%a.%b", FINDING_OWNER_WRONG_PLACE },
	{ WHO_SRV, 2, BASE_DOMAIN, "%a.%2", FINDING_SRV_OWNER_WRONG },
	{ WHO_SRV, 2, BASE_DOMAIN, "%1.%b", FINDING_SRV_OWNER_WRONG },
	{ WHO_SRV, 2, BASE_DOMAIN, "%a.%b", FINDING_SRV_OWNER_WRONG },
	{ WHO_SRV, 2, BASE_DOMAIN, "%1._tls", FINDING_SRV_OWNER_WRONG },
	{ WHO_SRV, 2, BASE_DOMAIN, "%1._tcp", FINDING_SRV_OWNER_WRONG },
	{ WHO_SRV, 2, BASE_DOMAIN, "%2.%1", FINDING_SRV_OWNER_WRONG },
	{ WHO_SRV, 2, BASE_DOMAIN, "%1", FINDING_SRV_OWNER_WRONG },
	{ WHO_SRV, 2, BASE_DOMAIN, "%2", FINDING_SRV_OWNER_WRONG },
	{ WHO_SRV, 2, BASE_DOMAIN, "@", FINDING_SRV_OWNER_WRONG },
	{ WHO_ALL, 0, BASE_PARENT, "%=", FINDING_OWNER_WRONG_PLACE },
};

static unsigned
owner_labels(const struct place *p)
{
	return dns_name_labels(&p->owner) - dns_name_labels(&p->domain);
}

static bool
owner_applies(const struct place *p, const struct owner_row *row)
{
	unsigned labels = owner_labels(p);

	switch (row->who) {
	case WHO_APEX:
		return labels == 0;
	case WHO_TEXT:
		return p->ask == DNS_TYPE_TXT && labels > 0 && (row->labels == 0 || row->labels == labels);
	case WHO_DKIM:
		return p->e->rule == RULE_DKIM && row->labels == labels;
	case WHO_SRV:
		return p->ask == DNS_TYPE_SRV && row->labels == labels;
	default:
		return true;
	}
}

/* Label n of the owner (from 1), escaped as in a zone file. */
static void
name_add_label(const struct place *p, unsigned n, bool bare, struct str *s)
{
	struct dns_name rest, label;
	char buf[DNS_NAME_TEXT_MAX];
	const char *text;

	dns_name_suffix(&rest, &p->owner, n - 1);
	label.len = (uint8_t)(rest.wire[0] + 2);
	memcpy(label.wire, rest.wire, label.len - 1u);
	label.wire[label.len - 1] = 0;
	text = dns_name_text(&label, buf);
	str_add(s, bare && *text == '_' && text[1] != '\0' ? text + 1 : text);
}

static void
name_add_part(const struct place *p, char part, struct str *s)
{
	switch (part) {
	case '1':
	case '2':
		name_add_label(p, (unsigned)(part - '0'), false, s);
		break;
	case 'a':
	case 'b':
		name_add_label(p, (unsigned)(part - 'a') + 1, true, s);
		break;
	default:
		if (owner_labels(p) == 0)
			str_addc(s, '@');
		for (unsigned n = 1; n <= owner_labels(p); n++) {
			if (n > 1)
				str_addc(s, '.');
			name_add_label(p, n, false, s);
		}
	}
}

static bool
base_name(const struct place *p, enum base base, struct dns_name *ret)
{
	switch (base) {
	case BASE_DOUBLED:
		return dns_name_concat(ret, &p->domain, &p->apex);
	case BASE_PARENT:
		dns_name_suffix(ret, &p->domain, 1);
		return dns_name_labels(&p->domain) > dns_name_labels(&p->apex);
	default:
		*ret = p->domain;
		return true;
	}
}

static bool
owner_name(const struct place *p, const struct owner_row *row, struct dns_name *ret)
{
	struct str s = STR_INIT;
	struct dns_name base;
	bool ok;

	for (const char *t = row->name; *t != '\0'; t++)
		if (*t == '%' && t[1] != '\0')
			name_add_part(p, *++t, &s);
		else
			str_addc(&s, *t);
	ok = base_name(p, row->base, &base) && dns_name_relative(ret, str_c(&s), &base) && !dns_name_equal(ret, &p->owner);
	str_done(&s);
	return ok;
}

/*
 * The name right below the domain on the way to a place: when it does not exist, nothing below it does.  Records share it, so
 * that it is asked once for all of them.
 */
static enum outcome
owner_way(struct place *p, const struct owner_row *row, const struct dns_name *name)
{
	const struct dns_name *top = row->base == BASE_DOUBLED ? &p->apex : &p->domain;
	unsigned labels = dns_name_labels(name), from = dns_name_labels(top) + 1;
	struct dns_name way;
	bool wait;

	if (row->base == BASE_PARENT || labels < from || (labels == from && row->who != WHO_SRV))
		return PLACE_FOUND;
	dns_name_suffix(&way, name, labels - from);
	return place_exists(p, &way, &wait) ? PLACE_FOUND : wait ? PLACE_WAIT : PLACE_NOTHING;
}

/*
 * What stands at the parent may be the parent's own: unless the value is one that Microsoft gave to this domain alone, the
 * parent must not have its mail there.
 */
static enum outcome
owner_is_ours(struct place *p, const struct owner_row *row)
{
	struct dns_name parent, target;
	struct wanted w;
	struct look l;
	enum outcome o;

	if (row->base != BASE_PARENT || p->e->rule == RULE_TXT_VALUE || p->e->rule == RULE_DKIM)
		return PLACE_FOUND;
	plan_wanted(p->r->plan, (size_t)p->i, VIEW_PUBLIC, p->r->a, &w);
	base_name(p, BASE_PARENT, &parent);
	if (w.foreign_ok && !w.exact_known)
		return PLACE_NOTHING;
	o = place_look(p, &parent, DNS_TYPE_MX, &l);
	for (size_t i = 0; o == PLACE_FOUND && i < l.an->n_values; i++)
		if (rdata_name(&l.an->values[i], &target) &&
		    match_suffix(p->r->plan, match_name_text(p->r->a, &target)) != NULL)
			return PLACE_NOTHING;
	return o;
}

/* NOTHING, with the code of a wildcard: what is there is what a wildcard says everywhere. */
static enum outcome
owner_try(struct place *p, const struct owner_row *row, const struct dns_name *name, struct hit *ret)
{
	struct look wild;
	bool right;
	enum outcome o = owner_way(p, row, name);

	if (o == PLACE_FOUND)
		o = place_look(p, name, p->ask, &ret->look);
	if (o != PLACE_FOUND || !place_fits(p, ret->look.an, &ret->found, &right))
		return o == PLACE_WAIT ? o : PLACE_NOTHING;
	if ((o = owner_is_ours(p, row)) != PLACE_FOUND)
		return o;
	if ((o = place_wildcard(p, name, p->ask, ret->look.an, &wild)) == PLACE_FOUND) {
		ret->code = FINDING_WILDCARD_ANSWER;
		ret->look = wild;
		ret->elsewhere = true;
		return PLACE_NOTHING;
	}
	if (o != PLACE_NOTHING)
		return o;
	ret->code = row->code;
	ret->wanted = right ? ret->found : NULL;
	return PLACE_FOUND;
}

enum outcome
place_owners(struct place *p, struct hit *ret)
{
	struct hit wild = { .code = FINDING_MAX };

	for (size_t i = 0; i < ARRAY_LEN(owner_rows); i++) {
		struct hit hit = { .code = FINDING_MAX };
		struct dns_name name;
		enum outcome o;

		if (!owner_applies(p, &owner_rows[i]) || !owner_name(p, &owner_rows[i], &name))
			continue;
		o = owner_try(p, &owner_rows[i], &name, &hit);
		if (o == PLACE_WAIT || o == PLACE_FOUND) {
			*ret = hit;
			return o;
		}
		if (hit.code == FINDING_WILDCARD_ANSWER && wild.code == FINDING_MAX)
			wild = hit;
	}
	*ret = wild;
	return wild.code == FINDING_MAX ? PLACE_NOTHING : PLACE_FOUND;
}
