/* SPDX-License-Identifier: ISC */
/* catalog: what Microsoft 365 asks for, read with the same means as the configuration. */
#include <stdlib.h>
#include <string.h>

#include "catalog_conf.h"
#include "load.h"

#define ALL_BITS(n) ((1u << (n)) - 1)
#define TTL_MAX     604800

#define NAME(member)      "name", NULL, NULL, .kind = &kind_text, .offset = offsetof(OF, member)
#define TEXTS(member)     "list", NULL, NULL, .kind = &kind_list, .offset = offsetof(OF, member)
#define WORD(member, t)   "word", NULL, NULL, .kind = &kind_word, .offset = offsetof(OF, member), .words = &(t)
#define BITS(member, t)   "list", NULL, NULL, .kind = &kind_bits, .offset = offsetof(OF, member), .words = &(t)
#define OTHER(member, k)  "word", NULL, NULL, .kind = &(k), .offset = offsetof(OF, member)

static const struct conf_key keys[] = {
#define OF struct catalog
	{ "", "version", OTHER(version, kind_date) },
#undef OF
#define OF struct catalog_row
	{ "record", "owner", NAME(owner) },
	{ "record", "type", OTHER(type, kind_record_type) },
	{ "record", "ask", OTHER(ask, kind_record_type) },
	{ "record", "rule", WORD(rule, rule_names) },
	{ "record", "need", WORD(need, need_names) },
	{ "record", "service", BITS(services, service_names) },
	{ "record", "cloud", BITS(clouds, cloud_names) },
	{ "record", "profile", BITS(profiles, profile_names) },
	{ "record", "view", BITS(views, view_names) },
	{ "record", "want", TEXTS(want) },
	{ "record", "family", TEXTS(family) },
	{ "record", "tolerate", TEXTS(tolerate) },
	{ "record", "foreign", OTHER(foreign, kind_bool) },
	{ "record", "wrong_breaks", OTHER(wrong_breaks, kind_bool) },
	{ "record", "since", OTHER(since, kind_date) },
	{ "record", "until", OTHER(until, kind_date) },
	{ "record", "source", NAME(source) },
	{ "record", "text", NAME(text) },
	{ "record", "ttl", "number", NULL, "0 to 604800", .kind = &kind_uint, .offset = offsetof(OF, ttl), .max = TTL_MAX },
#undef OF
#define OF struct catalog_suffix
	{ "suffix", "cloud", BITS(clouds, cloud_names) },
	{ "suffix", "what", NAME(what) },
#undef OF
};
_Static_assert(sizeof(unsigned) == sizeof(uint32_t), "kind_uint writes an unsigned into ttl");

/* The loader is there for the kinds: its problems, file and line. */
struct catalog_loader {
	struct loader loader;
	struct catalog *catalog;
	struct catalog_row row;
	struct catalog_suffix suffix;
};

static void
catalog_row_done(struct catalog_row *r)
{
	free(r->id);
	free(r->owner);
	text_list_free(&r->want, &r->n_want);
	text_list_free(&r->family, &r->n_family);
	text_list_free(&r->tolerate, &r->n_tolerate);
	free(r->since);
	free(r->until);
	free(r->source);
	free(r->text);
	*r = (struct catalog_row){ 0 };
}

static void
suffix_done(struct catalog_suffix *s)
{
	free(s->suffix);
	free(s->what);
	*s = (struct catalog_suffix){ 0 };
}

void
catalog_free(struct catalog *c)
{
	if (c == NULL)
		return;
	for (size_t i = 0; i < c->n_rows; i++)
		catalog_row_done(&c->rows[i]);
	for (size_t i = 0; i < c->n_suffixes; i++)
		suffix_done(&c->suffixes[i]);
	free(c->rows);
	free(c->suffixes);
	free(c->version);
	free(c);
}

/* ---- one row ---- */

static void
row_begin(struct catalog_loader *cl, const char *title)
{
	cl->row = (struct catalog_row){
		.id = xstrdup(title),
		.rule = RULE_MAX,
		.need = NEED_OPTIONAL,
		.clouds = ALL_BITS(CLOUD_MAX),
		.profiles = ALL_BITS(PROFILE_MAX),
		.views = ALL_BITS(VIEW_MAX),
		.ttl = 3600,
		.line = cl->loader.line,
	};
}

/* Every {word} has to be one of these. */
static bool
variables_ok(const char *text)
{
	static const char *const known[] = { "{key}", "{tenant}", "{token}", "{verification}", "{domain}" };

	for (const char *p = strchr(text, '{'); p != NULL; p = strchr(p + 1, '{')) {
		bool ok = false;
		for (size_t i = 0; i < ARRAY_LEN(known); i++)
			ok = ok || strncmp(p, known[i], strlen(known[i])) == 0;
		if (!ok)
			return false;
	}
	return true;
}

/* A pattern is a name with wildcards: with letters in their place it must be one. */
static bool
pattern_ok(const char *pattern)
{
	struct dns_name name;
	char *copy = xstrdup(pattern);

	for (char *p = copy; *p != '\0'; p++) {
		if (strchr("*?{}", *p) != NULL)
			*p = 'x';
	}
	bool ok = strchr(pattern, ' ') == NULL && dns_name_parse(&name, copy, NULL) == 0;
	free(copy);
	return ok;
}

static void
check_templates(struct catalog_loader *cl, const struct catalog_row *r)
{
	struct loader *l = &cl->loader;

	for (size_t i = 0; i < r->n_want; i++) {
		if (!variables_ok(r->want[i]))
			loader_problem(l, "record \"%s\": want \"%s\" has an unknown variable", r->id, r->want[i]);
	}
	const struct {
		char *const *list;
		size_t n;
		const char *name;
	} lists[] = { { r->family, r->n_family, "family" }, { r->tolerate, r->n_tolerate, "tolerate" } };
	for (size_t k = 0; k < ARRAY_LEN(lists); k++) {
		for (size_t i = 0; i < lists[k].n; i++) {
			if (!variables_ok(lists[k].list[i]) || !pattern_ok(lists[k].list[i]))
				loader_problem(l, "record \"%s\": %s \"%s\" is no pattern of a name", r->id, lists[k].name,
				    lists[k].list[i]);
		}
	}
}

static void
check_row(struct catalog_loader *cl, const struct catalog_row *r)
{
	struct loader *l = &cl->loader;
	const struct {
		bool missing;
		const char *key;
	} needed[] = {
		{ *r->id == '\0', "id" }, { r->owner == NULL, "owner" }, { r->type == 0, "type" }, { r->rule == RULE_MAX, "rule" },
		{ r->source == NULL, "source" }, { r->text == NULL, "text" },
	};
	struct dns_name domain, owner;

	for (size_t i = 0; i < ARRAY_LEN(needed); i++) {
		if (needed[i].missing)
			loader_problem(l, "record \"%s\" has no %s", r->id, needed[i].key);
	}
	dns_name_parse(&domain, "example.com", NULL);
	if (r->owner != NULL && !dns_name_relative(&owner, r->owner, &domain))
		loader_problem(l, "record \"%s\": owner \"%s\" is no relative name", r->id, r->owner);
	if (r->clouds == 0 || r->profiles == 0 || r->views == 0)
		loader_problem(l, "record \"%s\" holds nowhere", r->id);
	check_templates(cl, r);
	for (size_t i = 0; i < cl->catalog->n_rows; i++) {
		const struct catalog_row *o = &cl->catalog->rows[i];
		if (strcmp(o->id, r->id) == 0 && (o->clouds & r->clouds) != 0 && (o->profiles & r->profiles) != 0)
			loader_problem(l, "record \"%s\": the row in line %d holds for the same cloud and profile", r->id, o->line);
	}
}

static void
row_end(struct catalog_loader *cl)
{
	struct catalog *c = cl->catalog;
	struct catalog_row *r = &cl->row;

	cl->loader.line = r->line;
	check_row(cl, r);
	r->services &= ~(1u << SERVICE_NONE);
	for (int s = SERVICE_MAX - 1; s > SERVICE_NONE; s--) {
		if (r->services & 1u << s)
			r->service = (enum service)s;
	}
	if (r->ask == 0)
		r->ask = r->type;
	if (r->since == NULL)
		r->since = xstrdup("");
	if (r->until == NULL)
		r->until = xstrdup("");
	c->rows = xreallocarray(c->rows, c->n_rows + 1, sizeof(*c->rows));
	c->rows[c->n_rows++] = *r;
	*r = (struct catalog_row){ 0 };
}

static void
suffix_end(struct catalog_loader *cl)
{
	struct catalog *c = cl->catalog;

	if (!pattern_ok(cl->suffix.suffix))
		loader_problem(&cl->loader, "suffix \"%s\" is no name", cl->suffix.suffix);
	if (cl->suffix.what == NULL)
		loader_problem(&cl->loader, "suffix \"%s\" does not say what it is", cl->suffix.suffix);
	c->suffixes = xreallocarray(c->suffixes, c->n_suffixes + 1, sizeof(*c->suffixes));
	c->suffixes[c->n_suffixes++] = cl->suffix;
	cl->suffix = (struct catalog_suffix){ 0 };
}

/* ---- events ---- */

static void
on_begin(void *ctx, const char *path, const char *title, int line)
{
	struct catalog_loader *cl = ctx;

	cl->loader.line = line;
	if (strcmp(path, "record") == 0)
		row_begin(cl, title);
	else
		cl->suffix = (struct catalog_suffix){ .suffix = xstrdup(title) };
}

static void
on_value(void *ctx, const char *path, const char *name, const struct syntax_value *v)
{
	struct catalog_loader *cl = ctx;
	void *obj = *path == '\0' ? (void *)cl->catalog : strcmp(path, "record") == 0 ? (void *)&cl->row : &cl->suffix;

	cl->loader.line = v->line;
	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		if (strcmp(keys[i].section, path) == 0 && strcmp(keys[i].name, name) == 0)
			keys[i].kind->set(&cl->loader, &keys[i], obj, v);
	}
}

static void
on_end(void *ctx, const char *path)
{
	struct catalog_loader *cl = ctx;

	if (strcmp(path, "record") == 0)
		row_end(cl);
	else
		suffix_end(cl);
}

static struct catalog *
parse(const char *name, const char *text, size_t len, struct conf_problems *problems)
{
	static const struct syntax_ops ops = { on_begin, on_value, on_end };
	struct syntax_row rows[ARRAY_LEN(keys) + 2] = {
		{ "", "record", SYNTAX_TITLED },
		{ "", "suffix", SYNTAX_TITLED },
	};
	struct catalog *c = xcalloc(1, sizeof(*c));
	struct catalog_loader cl = { .loader = { .problems = problems, .file = name }, .catalog = c };
	size_t before = problems->n;

	c->digest = hash_bytes(text, len);
	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		rows[i + 2] = (struct syntax_row){
			keys[i].section, keys[i].name, strcmp(keys[i].type, "list") == 0 ? SYNTAX_LIST : SYNTAX_SCALAR,
		};
	syntax_read(rows, ARRAY_LEN(rows), name, text, len, &ops, &cl, problems);
	if (c->version == NULL)
		conf_problem_add(problems, name, 0, "the catalog has no version");
	if (c->n_rows == 0)
		conf_problem_add(problems, name, 0, "the catalog has no record");
	catalog_row_done(&cl.row);
	suffix_done(&cl.suffix);
	if (problems->n == before)
		return c;
	catalog_free(c);
	return NULL;
}

struct catalog *
catalog_parse(const char *name, const char *text, struct conf_problems *problems)
{
	return parse(name, text, strlen(text), problems);
}

struct catalog *
catalog_load(const char *path, struct conf_problems *problems)
{
	struct str text = STR_INIT;
	struct catalog *c = NULL;

	if (path == NULL)
		return catalog_parse("catalog", catalog_conf, problems);
	if (conf_read_file(path, &text, problems))
		c = parse(path, str_c(&text), text.len, problems);
	str_done(&text);
	return c;
}
