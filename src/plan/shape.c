/* SPDX-License-Identifier: ISC */
/*
 * shape: which rows of the catalog hold for a kind of domain, how much they are needed, and which questions tell.
 *
 * Shapes are shared: with 100,000 domains there are a handful.  The table of those alive is static, as plans are made and
 * dropped by the event loop's thread only.
 */
#include <stdlib.h>
#include <string.h>

#include "plan_int.h"

static struct map *shapes;

/* ---- owners ---- */

/* The labels of text as an admin or the catalog writes it; the bytes are the caller's to free. */
static bool
owner_parse(const char *text, struct owner *ret)
{
	static const struct dns_name root = { .len = 1 };
	size_t n = strlen(text);
	struct dns_name name;

	ret->absolute = n > 1 && text[n - 1] == '.';
	if (ret->absolute ? dns_name_parse(&name, text, NULL) == -1 : !dns_name_relative(&name, text, &root))
		return false;
	dns_name_lower(&name);
	ret->len = (uint8_t)(name.len - 1);
	ret->wire = xmalloc(name.len);
	memcpy(ret->wire, name.wire, name.len);
	return true;
}

bool
owner_name(const struct owner *o, const uint8_t *domain, size_t len, struct dns_name *ret)
{
	static const uint8_t root[1] = { 0 };

	if (o->absolute) {
		domain = root;
		len = sizeof(root);
	}
	if (o->len + len > DNS_NAME_MAX)
		return false;
	memcpy(ret->wire, o->wire, o->len);
	memcpy(ret->wire + o->len, domain, len);
	ret->len = (uint8_t)(o->len + len);
	return true;
}

/* ---- what is required, optional, forbidden ---- */

static enum need
need_of(const struct catalog_row *row, const struct conf_domain *d)
{
	bool used = row->services == 0 || (row->services & d->services) != 0;

	if (row->need == NEED_FORBIDDEN)
		return NEED_FORBIDDEN;
	if (row->rule == RULE_TXT_VALUE)
		return d->verification != NULL ? NEED_REQUIRED : NEED_OPTIONAL;
	if (row->need == NEED_LEGACY)
		return row->services != 0 && used && d->profile != PROFILE_VERIFY_ONLY ? NEED_REQUIRED : NEED_LEGACY;
	if (!used || d->profile == PROFILE_VERIFY_ONLY)
		return NEED_OPTIONAL;
	return row->need;
}

static bool
skips(const struct conf_domain *d, enum view view, const char *id)
{
	const struct conf_overrides *o = d->view[view];

	for (size_t i = 0; o != NULL && i < o->n_skip; i++) {
		if (str_ieq(o->skip[i], id))
			return true;
	}
	return false;
}

/* ---- building ---- */

struct builder {
	struct shape *shape;
	const struct conf_domain *d;
	const struct dns_name *domain;
	struct dns_name names[PLAN_EXPECTATIONS_MAX];	/* of the questions */
	struct err *err;
};

/* The question of this name and type; takes owner over. */
static struct plan_question *
question_for(struct builder *b, const struct catalog_row *row, struct owner owner, const struct dns_name *name)
{
	struct shape *s = b->shape;

	for (size_t i = 0; i < s->n_questions; i++) {
		struct plan_question *q = &s->questions[i];
		if (q->type == row->ask && q->n < PLAN_SLOTS_MAX && dns_name_equal(&b->names[i], name)) {
			free(owner.wire);
			return q;
		}
	}
	b->names[s->n_questions] = *name;
	s->questions[s->n_questions] = (struct plan_question){ .owner = owner, .type = row->ask };
	return &s->questions[s->n_questions++];
}

static int
add_row(struct builder *b, const struct catalog_row *row, enum need need)
{
	struct shape *s = b->shape;
	struct owner owner = { NULL, 0, false };
	struct dns_name name;
	unsigned views = row->views;

	for (int v = 0; v < VIEW_MAX; v++) {
		if (skips(b->d, (enum view)v, row->id))
			views &= ~(1u << v);
	}
	if (views == 0)
		return 0;
	if (s->n_expectations == PLAN_EXPECTATIONS_MAX) {
		err_set(b->err, "more than %d records to check", PLAN_EXPECTATIONS_MAX);
		return -1;
	}
	if (!owner_parse(row->owner, &owner) || !owner_name(&owner, b->domain->wire, b->domain->len, &name)) {
		free(owner.wire);
		err_set(b->err, "the name of record \"%s\" would be too long", row->id);
		return -1;
	}
	struct plan_question *q = question_for(b, row, owner, &name);
	s->expectations[s->n_expectations] = (struct expectation){
		.id = row->id, .row = row, .rule = row->rule, .need = need, .question = (uint8_t)(q - s->questions),
		.slot = q->n, .views = (uint8_t)views,
	};
	q->expectations[q->n++] = (uint8_t)s->n_expectations++;
	q->views |= (uint8_t)views;
	return 0;
}

static int
add_catalog(struct builder *b, const struct catalog *c)
{
	const struct conf_domain *d = b->d;

	for (size_t i = 0; i < c->n_rows; i++) {
		const struct catalog_row *row = &c->rows[i];
		if ((row->clouds & 1u << d->cloud) == 0 || (row->profiles & 1u << d->profile) == 0)
			continue;
		if (add_row(b, row, need_of(row, d)) == -1)
			return -1;
	}
	return 0;
}

static bool
catalog_has(const struct catalog *c, const char *id)
{
	for (size_t i = 0; i < c->n_rows; i++) {
		if (strcmp(c->rows[i].id, id) == 0)
			return true;
	}
	return false;
}

/* The strings stay the configuration's. */
static struct catalog_row
own_row(const struct conf_record *r)
{
	static char source[] = "configuration", text[] = "A record of your own", open_date[] = "";

	return (struct catalog_row){
		.id = r->id,
		.owner = r->name,
		.type = r->type,
		.ask = r->type,
		.rule = r->type == DNS_TYPE_TXT ? RULE_CONTAINS : RULE_EXACT,
		.need = NEED_REQUIRED,
		.clouds = UINT32_MAX,
		.profiles = UINT32_MAX,
		.views = 1u << VIEW_PUBLIC | 1u << VIEW_INTERNAL,
		.want = r->values,
		.n_want = r->n_values,
		.wrong_breaks = true,
		.since = open_date,
		.until = open_date,
		.source = source,
		.text = text,
		.ttl = 3600,
		.line = r->line,
	};
}

static int
add_own(struct builder *b, const struct catalog *c)
{
	struct shape *s = b->shape;
	const struct conf_domain *d = b->d;

	s->n_own = d->n_records;
	s->own = xcalloc(d->n_records + 1, sizeof(*s->own));
	for (size_t i = 0; i < d->n_records; i++) {
		const struct conf_record *r = &d->records[i];
		if (catalog_has(c, r->id)) {
			err_set(b->err, "the catalog has a record \"%s\"; choose another id for your own", r->id);
			return -1;
		}
		s->own[i] = own_row(r);
		if (add_row(b, &s->own[i], NEED_REQUIRED) == -1)
			return -1;
	}
	return 0;
}

/* A name in `skip` must be that of a record, or a typing mistake would go unnoticed. */
static int
check_skip(const struct builder *b, const struct catalog *c)
{
	for (int v = 0; v < VIEW_MAX; v++) {
		const struct conf_overrides *o = b->d->view[v];
		for (size_t i = 0; o != NULL && i < o->n_skip; i++) {
			bool known = catalog_has(c, o->skip[i]);
			for (size_t k = 0; k < b->d->n_records; k++)
				known = known || strcmp(b->d->records[k].id, o->skip[i]) == 0;
			if (!known) {
				err_set(b->err, "view \"%s\": skip: there is no record \"%s\" (see --list-records)",
				    name_of(&view_names, v), o->skip[i]);
				return -1;
			}
		}
	}
	return 0;
}

static void
shape_free(struct shape *s)
{
	for (size_t i = 0; i < s->n_questions; i++)
		free(s->questions[i].owner.wire);
	free(s->own);
	free(s->expectations);
	free(s->questions);
	free(s);
}

/* Give back what the fixed-size building needed too much of. */
static void
shrink(struct shape *s)
{
	s->expectations = xreallocarray(s->expectations, s->n_expectations + 1, sizeof(*s->expectations));
	s->questions = xreallocarray(s->questions, s->n_questions + 1, sizeof(*s->questions));
}

static struct shape *
build(const struct catalog *catalog, const struct conf_domain *d, const struct dns_name *name, struct err *err)
{
	struct shape *s = xcalloc(1, sizeof(*s));
	struct builder b = { .shape = s, .d = d, .domain = name, .err = err };

	s->refs = 1;
	s->key.catalog = catalog;
	s->expectations = xcalloc(PLAN_EXPECTATIONS_MAX, sizeof(*s->expectations));
	s->questions = xcalloc(PLAN_EXPECTATIONS_MAX, sizeof(*s->questions));
	if (check_skip(&b, catalog) == -1 || add_catalog(&b, catalog) == -1 || add_own(&b, catalog) == -1) {
		shape_free(s);
		return NULL;
	}
	shrink(s);
	return s;
}

/* ---- sharing ---- */

_Static_assert(sizeof(struct shape_key) == sizeof(void *) + sizeof(unsigned) + 2 * sizeof(uint16_t) + sizeof(uint64_t),
    "padding in a key that is compared as bytes");

static bool
is_sharable(const struct conf_domain *d)
{
	for (int v = 0; v < VIEW_MAX; v++) {
		if (d->view[v] != NULL && d->view[v]->n_skip > 0)
			return false;
	}
	return d->n_records == 0;
}

static struct shape *
shape_ref(struct shape *s)
{
	s->refs++;
	return s;
}

struct shape *
shape_of(const struct catalog *catalog, const struct conf_domain *d, const struct dns_name *name, struct err *err)
{
	const struct shape_key key = {
		.catalog = catalog,
		.services = d->services,
		.cloud = (uint16_t)d->cloud,
		.profile = (uint16_t)d->profile,
		.verification = d->verification != NULL,
	};

	if (!is_sharable(d))
		return build(catalog, d, name, err);
	if (shapes == NULL)
		shapes = map_new();
	struct shape *s = map_get(shapes, &key, sizeof(key));
	if (s != NULL)
		return shape_ref(s);
	s = build(catalog, d, name, err);
	if (s == NULL)
		return NULL;
	s->shared = true;
	s->key = key;
	map_put(shapes, &key, sizeof(key), s);
	return s;
}

void
shape_unref(struct shape *s)
{
	if (s == NULL || --s->refs > 0)
		return;
	if (s->shared) {
		map_del(shapes, &s->key, sizeof(s->key));
		if (map_count(shapes) == 0) {
			map_free(shapes, NULL);
			shapes = NULL;
		}
	}
	shape_free(s);
}
