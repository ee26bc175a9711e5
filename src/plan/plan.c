/* SPDX-License-Identifier: ISC */
/* plan: one domain's view of its shape. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "plan_int.h"

/* Every owner must make a name with this domain too: the shape may have been built for a shorter one. */
static int
check_names(const struct shape *s, const struct dns_name *domain, struct err *err)
{
	struct dns_name name;

	for (size_t i = 0; i < s->n_questions; i++) {
		if (!owner_name(&s->questions[i].owner, domain->wire, domain->len, &name)) {
			err_set(err, "the name of record \"%s\" would be too long",
			    s->expectations[s->questions[i].expectations[0]].id);
			return -1;
		}
	}
	return 0;
}

static struct plan *
plan_new(const struct conf_domain *d, const struct dns_name *name, struct shape *s)
{
	char key[64] = "";
	size_t key_size;
	struct plan *p;

	plan_domain_key(d->text, key);
	key_size = strlen(key) + 1;
	p = xcalloc(1, sizeof(*p) + name->len + key_size);
	p->refs = 1;
	p->domain = d;
	p->shape = s;
	p->name_len = name->len;
	memcpy(p->name, name->wire, name->len);
	memcpy(p->name + name->len, key, key_size);
	return p;
}

struct plan *
plan_build(const struct catalog *catalog, const struct conf *conf, size_t index, struct err *err)
{
	const struct conf_domain *d = &conf->domains[index];
	struct shape *s = NULL;
	struct dns_name name;

	if (dns_name_parse(&name, d->text, err) == 0)
		s = shape_of(catalog, d, &name, err);
	if (s == NULL || check_names(s, &name, err) == -1) {
		struct str place = STR_INIT;
		err_prefix(err, "%s: domain \"%s\"", conf_domain_place(d, &place), d->text);
		str_done(&place);
		shape_unref(s);
		return NULL;
	}
	return plan_new(d, &name, s);
}

struct plan *
plan_ref(struct plan *p)
{
	p->refs++;
	return p;
}

void
plan_unref(struct plan *p)
{
	if (p == NULL || --p->refs > 0)
		return;
	shape_unref(p->shape);
	free(p);
}

const char *
plan_domain(const struct plan *p)
{
	return p->domain->text;
}

void
plan_domain_name(const struct plan *p, struct dns_name *ret)
{
	ret->len = p->name_len;
	memcpy(ret->wire, p->name, p->name_len);
}

const struct conf_domain *
plan_conf(const struct plan *p)
{
	return p->domain;
}

const struct catalog *
plan_catalog(const struct plan *p)
{
	return p->shape->key.catalog;
}

const char *
plan_key(const struct plan *p)
{
	return (const char *)p->name + p->name_len;
}

size_t
plan_n_expectations(const struct plan *p)
{
	return p->shape->n_expectations;
}

const struct expectation *
plan_expectation(const struct plan *p, size_t i)
{
	assert(i < p->shape->n_expectations);
	return &p->shape->expectations[i];
}

int
plan_find(const struct plan *p, const char *id)
{
	for (size_t i = 0; i < p->shape->n_expectations; i++) {
		if (strcmp(p->shape->expectations[i].id, id) == 0)
			return (int)i;
	}
	return -1;
}

void
plan_owner(const struct plan *p, size_t i, struct dns_name *ret)
{
	struct question q;

	plan_question(p, plan_expectation(p, i)->question, &q);
	*ret = q.name;
}

size_t
plan_n_questions(const struct plan *p)
{
	return p->shape->n_questions;
}

void
plan_question(const struct plan *p, size_t q, struct question *ret)
{
	const struct plan_question *pq = &p->shape->questions[q];

	assert(q < p->shape->n_questions);
	ret->type = pq->type;
	bool fits = owner_name(&pq->owner, p->name, p->name_len, &ret->name);
	assert(fits);	/* plan_build has looked */
	(void)fits;
}

uint16_t
plan_question_type(const struct plan *p, size_t q)
{
	assert(q < p->shape->n_questions);
	return p->shape->questions[q].type;
}

unsigned
plan_question_views(const struct plan *p, size_t q)
{
	assert(q < p->shape->n_questions);
	return p->shape->questions[q].views;
}

size_t
plan_question_expectations(const struct plan *p, size_t q, uint8_t ret[PLAN_SLOTS_MAX])
{
	const struct plan_question *pq = &p->shape->questions[q];

	assert(q < p->shape->n_questions);
	memcpy(ret, pq->expectations, pq->n);
	return pq->n;
}

/* ---- equality ---- */

static bool
texts_equal(const char *const *a, size_t n_a, const char *const *b, size_t n_b)
{
	if (n_a != n_b)
		return false;
	for (size_t i = 0; i < n_a; i++) {
		if (strcmp(a[i], b[i]) != 0)
			return false;
	}
	return true;
}

static bool
rdatas_equal(const struct wanted *a, const struct wanted *b)
{
	if (a->n_exact != b->n_exact)
		return false;
	for (size_t i = 0; i < a->n_exact; i++) {
		if (rdata_compare(&a->exact[i], &b->exact[i]) != 0)
			return false;
	}
	return true;
}

static bool
wanted_equal(const struct wanted *a, const struct wanted *b)
{
	/* the SPF block is in text and spf_include as well */
	return rdatas_equal(a, b) && a->exact_known == b->exact_known && a->foreign_ok == b->foreign_ok &&
	    texts_equal(a->family, a->n_family, b->family, b->n_family) &&
	    texts_equal(a->tolerate, a->n_tolerate, b->tolerate, b->n_tolerate) &&
	    texts_equal(a->text, a->n_text, b->text, b->n_text) &&
	    (a->spf_include == NULL ? b->spf_include == NULL : b->spf_include != NULL &&
	    strcmp(a->spf_include, b->spf_include) == 0);
}

static bool
shapes_equal(const struct plan *a, const struct plan *b)
{
	const struct shape *s = a->shape, *t = b->shape;
	struct question q, r;

	if (s == t)
		return true;
	if (s->n_expectations != t->n_expectations || s->n_questions != t->n_questions)
		return false;
	for (size_t i = 0; i < s->n_expectations; i++) {
		const struct expectation *e = &s->expectations[i], *f = &t->expectations[i];
		if (strcmp(e->id, f->id) != 0 || e->rule != f->rule || e->need != f->need || e->question != f->question ||
		    e->slot != f->slot || e->views != f->views)
			return false;
	}
	for (size_t i = 0; i < s->n_questions; i++) {
		plan_question(a, i, &q);
		plan_question(b, i, &r);
		if (q.type != r.type || !dns_name_equal(&q.name, &r.name))
			return false;
	}
	return true;
}

static bool
is_plain(const struct conf_domain *d)
{
	return d->overrides == NULL && d->view[VIEW_PUBLIC] == NULL && d->view[VIEW_INTERNAL] == NULL && d->spf == NULL;
}

static bool
text_equal(const char *a, const char *b)
{
	return a == NULL ? b == NULL : b != NULL && strcmp(a, b) == 0;
}

bool
plan_equal(const struct plan *a, const struct plan *b)
{
	const struct conf_domain *d = a->domain, *e = b->domain;
	bool equal = true;

	if (strcmp(d->text, e->text) != 0 || !shapes_equal(a, b))
		return false;
	/* the usual case of a reload; nothing but proof and tenant goes into the values then */
	if (a->shape == b->shape && is_plain(d) && is_plain(e) && text_equal(d->verification, e->verification) &&
	    text_equal(d->tenant, e->tenant))
		return true;
	struct arena *arena = arena_new();
	for (size_t i = 0; i < plan_n_expectations(a) && equal; i++) {
		for (int v = 0; v < VIEW_MAX && equal; v++) {
			struct wanted w, x;
			plan_wanted(a, i, (enum view)v, arena, &w);
			plan_wanted(b, i, (enum view)v, arena, &x);
			equal = wanted_equal(&w, &x);
		}
		arena_reset(arena);
	}
	arena_free(arena);
	return equal;
}
