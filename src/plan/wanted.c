/* SPDX-License-Identifier: ISC */
/*
 * wanted: the templates of a row made concrete for one domain and view.  What the administrator says wins over the catalog: a
 * view's own keys, then the domain's.
 */
#include <string.h>

#include "plan_int.h"

struct maker {
	const struct plan *p;
	const struct expectation *e;
	const struct catalog_row *row;
	struct arena *a;
	struct wanted *ret;
	struct rdata *exact;
	const char **text;
};

/* ---- templates ---- */

/* NULL when the domain does not have it. */
static const char *
variable(const struct maker *m, const char *name, size_t n)
{
	const struct conf_domain *d = m->p->domain;
	const char *ms;

	if (n == 3 && memcmp(name, "key", n) == 0)
		return *plan_key(m->p) != '\0' ? plan_key(m->p) : NULL;
	if (n == 6 && memcmp(name, "tenant", n) == 0)
		return d->tenant;
	if (n == 6 && memcmp(name, "domain", n) == 0)
		return d->text;
	if (n == 12 && memcmp(name, "verification", n) == 0)
		return d->verification;
	if (n == 5 && memcmp(name, "token", n) == 0) {
		ms = d->verification != NULL ? strstr(d->verification, "MS=") : NULL;
		return ms != NULL ? ms + strlen("MS=") : NULL;
	}
	return NULL;
}

/*
 * What is unknown becomes unknown ("*" in a pattern); with NULL for it a template that has it makes nothing.  Most have no
 * variable and are their own expansion: the catalog outlives the plan.
 */
static const char *
expand(const struct maker *m, const char *template, const char *unknown)
{
	const char *p = template, *open = strchr(p, '{');
	struct str out = STR_INIT;
	const char *ret = NULL;

	if (open == NULL)
		return template;
	for (; open != NULL; open = strchr(p, '{')) {
		size_t n = strcspn(open, "}") - 1;
		const char *value = variable(m, open + 1, n);
		if (value == NULL)
			value = unknown;
		if (value == NULL)
			goto end;
		str_addn(&out, p, (size_t)(open - p));
		str_add(&out, value);
		p = open + 1 + n;
		if (*p == '}')
			p++;
	}
	str_add(&out, p);
	ret = arena_strdup(m->a, str_c(&out));
end:
	str_done(&out);
	return ret;
}

static const char *const *
expand_patterns(const struct maker *m, char *const *list, size_t n)
{
	const char **ret = arena_alloc(m->a, (n + 1) * sizeof(*ret));

	for (size_t i = 0; i < n; i++)
		ret[i] = expand(m, list[i], "*");
	return ret;
}

/* ---- overrides ---- */

enum override { OVERRIDE_MX, OVERRIDE_AUTODISCOVER, OVERRIDE_DKIM1, OVERRIDE_DKIM2, OVERRIDE_NONE };

static enum override
override_of(const char *id)
{
	static const struct name_row rows[] = {
		{ OVERRIDE_MX, "mx" },
		{ OVERRIDE_AUTODISCOVER, "autodiscover" },
		{ OVERRIDE_DKIM1, "dkim-selector1" },
		{ OVERRIDE_DKIM2, "dkim-selector2" },
	};
	static NAME_TABLE(ids, rows);
	int id_no;

	return name_find(&ids, id, &id_no) ? (enum override)id_no : OVERRIDE_NONE;
}

/* The values an override gives; none: 0. */
static size_t
override_values(const struct conf_overrides *o, enum override which, char *const **ret)
{
	if (o == NULL)
		return 0;
	switch (which) {
	case OVERRIDE_MX:
		*ret = o->mx;
		return o->n_mx;
	case OVERRIDE_AUTODISCOVER:
		*ret = &o->autodiscover;
		return o->autodiscover != NULL;
	case OVERRIDE_DKIM1:
		*ret = &o->dkim_selector1;
		return o->dkim_selector1 != NULL;
	case OVERRIDE_DKIM2:
		*ret = &o->dkim_selector2;
		return o->dkim_selector2 != NULL;
	default:
		return 0;
	}
}

static size_t
overridden(const struct maker *m, enum view view, char *const **ret)
{
	const struct conf_domain *d = m->p->domain;
	enum override which = override_of(m->e->id);
	size_t n = override_values(d->view[view], which, ret);

	return n > 0 ? n : override_values(d->overrides, which, ret);
}

/* ---- values ---- */

/* Rules that look into a text instead of comparing it: the catalog's value is a proposal. */
static bool
is_parsed(enum rule rule)
{
	return rule == RULE_SPF || rule == RULE_DMARC || rule == RULE_MTA_STS || rule == RULE_TLS_RPT;
}

/* "host" as an MX of the catalog means "0 host". */
static void
add_value(struct maker *m, const char *value)
{
	struct wanted *w = m->ret;
	bool bare_mx = m->row->type == DNS_TYPE_MX && strchr(value, ' ') == NULL;

	if (bare_mx)
		value = arena_printf(m->a, "0 %s", value);
	if (rdata_parse(m->a, m->row->type, value, &m->exact[w->n_exact], NULL) == 0)
		w->n_exact++;
}

/* Values of the admin's own are no templates. */
static bool
is_own(const struct maker *m)
{
	return m->row >= m->p->shape->own && m->row < m->p->shape->own + m->p->shape->n_own;
}

static void
make_exact(struct maker *m, enum view view)
{
	struct wanted *w = m->ret;
	char *const *given = NULL;
	size_t n = overridden(m, view, &given);
	bool parked = m->row->profiles == 1u << PROFILE_PARKED;	/* "nothing but this" */

	m->exact = arena_alloc(m->a, (n + m->row->n_want + 1) * sizeof(*m->exact));
	w->exact = m->exact;
	for (size_t i = 0; i < n; i++)
		add_value(m, given[i]);
	for (size_t i = 0; i < m->row->n_want && n == 0 && (parked || !is_parsed(m->e->rule)); i++) {
		const char *value = is_own(m) ? m->row->want[i] : expand(m, m->row->want[i], NULL);
		if (value != NULL)
			add_value(m, value);
	}
	w->exact_known = n > 0 || (w->n_exact > 0 && (is_own(m) || parked || m->e->rule == RULE_TXT_VALUE));
	w->foreign_ok = m->row->foreign && n == 0;
}

/* ---- SPF ---- */

static const char *
joined(const struct maker *m, const char *out, const char *prefix, char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		out = arena_printf(m->a, "%s %s%s", out, prefix, list[i]);
	return out;
}

/* The domain of the last include: of the catalog's record; NULL = it has none. */
static const char *
spf_include(const struct maker *m, const char *proposal)
{
	const char *ret = NULL;

	for (const char *term = proposal; *term != '\0'; term += strspn(term, " ")) {
		size_t n = strcspn(term, " "), prefix = strlen("include:");

		if (str_iprefix(term, "include:"))
			ret = arena_printf(m->a, "%.*s", (int)(n - prefix), term + prefix);
		term += n;
	}
	return ret;
}

/* The catalog's record with the administrator's senders merged in: addresses first, they cost no look-up. */
static const char *
spf_text(struct maker *m, const char *proposal)
{
	const struct conf_spf *spf = m->ret->spf;
	const char *out = "v=spf1", *all = "-all", *middle = "";
	char *copy = arena_strdup(m->a, proposal), *save;

	for (char *term = strtok_r(copy, " ", &save); term != NULL; term = strtok_r(NULL, " ", &save)) {
		if (str_ieq(term, "v=spf1"))
			continue;
		if (strstr(term, "all") == term + 1 && term[4] == '\0')
			all = term;
		else
			middle = arena_printf(m->a, "%s %s", middle, term);
	}
	out = joined(m, out, "ip4:", spf->ip4, spf->n_ip4);
	out = joined(m, out, "ip6:", spf->ip6, spf->n_ip6);
	out = arena_printf(m->a, "%s%s", out, middle);
	out = joined(m, out, "include:", spf->include, spf->n_include);
	return arena_printf(m->a, "%s %s", out, spf->all != NULL ? spf->all : all);
}

static void
make_spf(struct maker *m)
{
	static const struct conf_spf none;

	if (m->e->rule != RULE_SPF)
		return;
	m->ret->spf = m->p->domain->spf != NULL ? m->p->domain->spf : &none;
	if (m->row->n_want > 0)
		m->ret->spf_include = spf_include(m, m->row->want[0]);
}

/* ---- what people see ---- */

static const char *
rdata_show(const struct maker *m, const struct rdata *r)
{
	struct str s = STR_INIT;

	rdata_text(r, &s);
	const char *text = arena_strdup(m->a, str_c(&s));
	str_done(&s);
	return text;
}

/* The host of a shown value: behind the preference. */
static const char *
shown_host(const struct maker *m, const char *text)
{
	return m->row->type == DNS_TYPE_MX ? text + strcspn(text, " ") + (strchr(text, ' ') != NULL) : text;
}

/*
 * A family is shown with the domain's own key in front.  One that says no more than what is shown already ("*" where that has
 * the key) is left out.
 */
static void
show_family(struct maker *m, const char *pattern)
{
	struct wanted *w = m->ret;
	const char *show = pattern;

	if (m->row->type == DNS_TYPE_MX && strncmp(pattern, "*.", 2) == 0 && *plan_key(m->p) != '\0')
		show = arena_printf(m->a, "%s%s", plan_key(m->p), pattern + 1);
	for (size_t i = 0; i < w->n_text; i++) {
		if (plan_pattern_match(pattern, shown_host(m, w->text[i])) || str_ieq(show, shown_host(m, w->text[i])))
			return;
	}
	m->text[w->n_text++] = m->row->type == DNS_TYPE_MX ? arena_printf(m->a, "0 %s", show) : show;
}

void
plan_wanted_text(const struct plan *p, size_t i, struct arena *a, struct wanted *w)
{
	const struct expectation *e = plan_expectation(p, i);
	struct maker m = { .p = p, .e = e, .row = e->row, .a = a, .ret = w };

	m.text = arena_alloc(a, (w->n_exact + w->n_family + m.row->n_want + 1) * sizeof(*m.text));
	w->text = m.text;
	if (e->rule == RULE_SPF) {
		if (m.row->n_want > 0)
			m.text[w->n_text++] = spf_text(&m, m.row->want[0]);
		return;
	}
	for (size_t k = 0; k < w->n_exact; k++)
		m.text[w->n_text++] = rdata_show(&m, &w->exact[k]);
	for (size_t k = 0; k < w->n_family && !w->exact_known && !w->foreign_ok; k++)
		show_family(&m, w->family[k]);
	for (size_t k = 0; k < m.row->n_want && w->n_text == 0 && is_parsed(e->rule); k++)
		m.text[w->n_text++] = expand(&m, m.row->want[k], "...");
}

void
plan_wanted_values(const struct plan *p, size_t i, enum view view, struct arena *a, struct wanted *ret)
{
	const struct expectation *e = plan_expectation(p, i);
	struct maker m = { .p = p, .e = e, .row = e->row, .a = a, .ret = ret };

	*ret = (struct wanted){ 0 };
	ret->family = expand_patterns(&m, e->row->family, e->row->n_family);
	ret->n_family = e->row->n_family;
	ret->tolerate = expand_patterns(&m, e->row->tolerate, e->row->n_tolerate);
	ret->n_tolerate = e->row->n_tolerate;
	make_exact(&m, view);
	make_spf(&m);
}

void
plan_wanted(const struct plan *p, size_t i, enum view view, struct arena *a, struct wanted *ret)
{
	plan_wanted_values(p, i, view, a, ret);
	plan_wanted_text(p, i, a, ret);
}
