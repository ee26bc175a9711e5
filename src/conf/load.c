/* SPDX-License-Identifier: ISC */
/* load: files -> struct conf.  Blocks and keys are rows; every mistake is told with its line and the reading goes on. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "load.h"

#define FILE_SIZE_MAX (256u << 20)	/* 100,000 domains need about 30 MB */

static void *
global_object(struct loader *l, const struct conf_key *k)
{
	(void)k;
	return l->conf;
}

static void *
resolver_object(struct loader *l, const struct conf_key *k)
{
	(void)k;
	return &l->resolver;
}

/* The keys that override the catalog live in a struct of their own, which few domains have. */
static void *
domain_object(struct loader *l, const struct conf_key *k)
{
	if (k->kind != &kind_mx && k->kind != &kind_host)
		return &l->domain;
	if (l->domain.overrides == NULL)
		l->domain.overrides = xcalloc(1, sizeof(*l->domain.overrides));
	return l->domain.overrides;
}

static void *
spf_object(struct loader *l, const struct conf_key *k)
{
	(void)k;
	return l->domain.spf;
}

static void *
record_object(struct loader *l, const struct conf_key *k)
{
	(void)k;
	return &l->record;
}

static void *
view_object(struct loader *l, const struct conf_key *k)
{
	(void)k;
	return &l->overrides;
}

static void *
notify_object(struct loader *l, const struct conf_key *k)
{
	(void)k;
	return &l->notify;
}

static const struct section {
	const char *name;		/* as in conf_keys */
	const char *path, *parent;
	enum syntax_kind kind;
	void *(*object)(struct loader *l, const struct conf_key *k);
	void (*begin)(struct loader *l, const char *title);
	void (*end)(struct loader *l);
} sections[] = {
	{ "", "", NULL, SYNTAX_BLOCK, global_object, NULL, NULL },
	{ "resolver", "resolver", "", SYNTAX_TITLED, resolver_object, resolver_begin, resolver_end },
	{ "domain", "domain", "", SYNTAX_TITLED, domain_object, domain_begin, domain_end },
	{ "spf", "domain/spf", "domain", SYNTAX_BLOCK, spf_object, spf_begin, NULL },
	{ "record", "domain/record", "domain", SYNTAX_TITLED, record_object, record_begin, record_end },
	{ "view", "domain/view", "domain", SYNTAX_TITLED, view_object, view_begin, view_end },
	{ "notify", "notify", "", SYNTAX_TITLED, notify_object, notify_begin, notify_end },
};

static const struct section *
section_at(const char *path)
{
	for (size_t i = 0; i < ARRAY_LEN(sections); i++) {
		if (strcmp(sections[i].path, path) == 0)
			return &sections[i];
	}
	return NULL;
}

static const struct section *
section_named(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(sections); i++) {
		if (strcmp(sections[i].name, name) == 0)
			return &sections[i];
	}
	return NULL;
}

void
loader_problem(struct loader *l, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	char *text = xvasprintf(fmt, ap);
	va_end(ap);
	conf_problem_add(l->problems, l->file, l->line, "%s", text);
	free(text);
}

/* ---- events ---- */

static void
on_begin(void *ctx, const char *path, const char *title, int line)
{
	struct loader *l = ctx;

	l->line = line;
	section_at(path)->begin(l, title);
}

static void
on_value(void *ctx, const char *path, const char *name, const struct syntax_value *v)
{
	struct loader *l = ctx;
	const struct section *s = section_at(path);

	l->line = v->line;
	for (size_t i = 0; i < conf_n_keys; i++) {
		const struct conf_key *k = &conf_keys[i];
		if (strcmp(k->name, name) != 0 || strcmp(k->section, s->name) != 0)
			continue;
		if (*path == '\0')
			l->conf->places[i] = (struct conf_place){ l->file, v->line };
		k->kind->set(l, k, s->object(l, k), v);
		return;
	}
}

static void
on_end(void *ctx, const char *path)
{
	const struct section *s = section_at(path);

	if (s->end != NULL)
		s->end(ctx);
}

static const struct syntax_ops ops = { on_begin, on_value, on_end };

/* ---- texts and files ---- */

static bool
is_list(const struct conf_key *k)
{
	return strcmp(k->type, "list") == 0;
}

static void
load_text(struct loader *l, const char *name, const char *text, size_t len)
{
	struct syntax_row *rows = xcalloc(conf_n_keys + ARRAY_LEN(sections), sizeof(*rows));
	size_t n = 0;

	for (size_t i = 0; i < conf_n_keys; i++)
		rows[n++] = (struct syntax_row){
			section_named(conf_keys[i].section)->path, conf_keys[i].name,
			is_list(&conf_keys[i]) ? SYNTAX_LIST : SYNTAX_SCALAR,
		};
	for (size_t i = 0; i < ARRAY_LEN(sections); i++) {
		if (sections[i].parent != NULL)
			rows[n++] = (struct syntax_row){ sections[i].parent, sections[i].name, sections[i].kind };
	}

	text_list_add(&l->conf->files, &l->conf->n_files, name);
	l->file = l->conf->files[l->conf->n_files - 1];
	syntax_read(rows, n, l->file, text, len, &ops, l, l->problems);
	free(rows);

	/* a mistake of syntax may have left a block open */
	conf_resolver_done(&l->resolver);
	conf_notify_done(&l->notify);
	conf_domain_done(&l->domain);
	conf_overrides_done(&l->overrides);
	conf_record_done(&l->record);
	l->resolver = (struct conf_resolver){ 0 };
	l->notify = (struct conf_notify){ 0 };
	l->domain = (struct conf_domain){ 0 };
	l->record = (struct conf_record){ 0 };
}

bool
conf_read_file(const char *path, struct str *ret, struct conf_problems *problems)
{
	char buf[16384];
	size_t n;
	FILE *f = fopen(path, "re");

	if (f == NULL) {
		conf_problem_add(problems, path, 0, "%s", strerror(errno));
		return false;
	}
	while ((n = fread(buf, 1, sizeof(buf), f)) > 0 && ret->len < FILE_SIZE_MAX)
		str_addn(ret, buf, n);
	bool ok = !ferror(f) && ret->len < FILE_SIZE_MAX;
	if (ferror(f))
		conf_problem_add(problems, path, 0, "%s", strerror(errno));
	else if (!ok)
		conf_problem_add(problems, path, 0, "larger than %u MB", FILE_SIZE_MAX >> 20);
	fclose(f);
	return ok;
}

static void
load_file(struct loader *l, const char *path)
{
	struct str text = STR_INIT;

	if (conf_read_file(path, &text, l->problems))
		load_text(l, path, str_c(&text), text.len);
	str_done(&text);
}

static int
is_conf_name(const struct dirent *e)
{
	size_t n = strlen(e->d_name);

	return n > 5 && e->d_name[0] != '.' && strcmp(e->d_name + n - 5, ".conf") == 0;
}

/* By bytes, not by the locale: the order must not depend on who starts the daemon. */
static int
by_bytes(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static void
load_dir(struct loader *l, const char *dir)
{
	struct dirent **list;
	int n = scandir(dir, &list, is_conf_name, by_bytes);

	if (n == -1 && errno != ENOENT)
		conf_problem_add(l->problems, dir, 0, "%s", strerror(errno));
	if (n == -1)
		return;
	for (int i = 0; i < n; i++) {
		char *path = xasprintf("%s/%s", dir, list[i]->d_name);
		load_file(l, path);
		free(path);
		free(list[i]);
	}
	free(list);
}

/* ---- the whole ---- */

static struct conf *
finish(struct loader *l, size_t problems_before)
{
	struct conf *c = l->conf;

	resolvers_finish(l);
	check_loaded(l);
	problems_sort(l->problems, problems_before, c->files, c->n_files);
	if (c->n_domains > 0)
		c->domains = xreallocarray(c->domains, c->n_domains, sizeof(*c->domains));
	map_free(l->domains, NULL);
	for (size_t i = 0; i < l->n_names; i++)
		free(l->names[i].name);
	free(l->names);
	for (size_t i = 0; i < l->n_blocks; i++)
		conf_resolver_done(&l->blocks[i]);
	free(l->blocks);
	free(l->block_places);
	if (l->problems->n == problems_before)
		return c;
	conf_free(c);
	return NULL;
}

struct conf *
conf_load(const char *path, const char *conf_d, struct conf_problems *problems)
{
	struct loader l = { .conf = conf_new(), .problems = problems, .domains = map_new() };
	size_t before = problems->n;

	if (path != NULL)
		load_file(&l, path);
	if (conf_d != NULL)
		load_dir(&l, conf_d);
	return finish(&l, before);
}

struct conf *
conf_parse(const char *name, const char *text, struct conf_problems *problems)
{
	struct loader l = { .conf = conf_new(), .problems = problems, .domains = map_new() };
	size_t before = problems->n;

	load_text(&l, name, text, strlen(text));
	return finish(&l, before);
}
