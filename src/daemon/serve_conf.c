/* SPDX-License-Identifier: ISC */
/* serve_conf: which domains are watched.  Those added by HTTP live beside those of the files, which win. */
#include <stdlib.h>
#include <string.h>

#include "serve_internal.h"

/* ---- domains of the files ---- */

static int
by_name(const void *a, const void *b)
{
	const struct conf_domain *const *x = a, *const *y = b;

	return strcmp((*x)->text, (*y)->text);
}

static int
name_to_domain(const void *name, const void *d)
{
	return strcmp(name, (*(const struct conf_domain *const *)d)->text);
}

const struct conf_domain **
serve_conf_names(const struct conf *c)
{
	const struct conf_domain **names = xcalloc(c->n_domains + 1, sizeof(*names));

	for (size_t i = 0; i < c->n_domains; i++)
		names[i] = &c->domains[i];
	qsort(names, c->n_domains, sizeof(*names), by_name);
	return names;
}

static const struct conf_domain *
domain_named(const struct conf *c, const struct conf_domain **names, const char *name)
{
	const struct conf_domain *const *d = bsearch(name, names, c->n_domains, sizeof(*names), name_to_domain);

	return d != NULL ? *d : NULL;
}

static const struct conf_domain *
file_find(const struct serve *s, const char *name)
{
	return domain_named(s->conf, s->conf_names, name);
}

/* ---- domains added by HTTP ---- */

static struct put_domain *
put_find(const struct serve *s, const char *name)
{
	for (size_t i = 0; i < s->n_puts; i++)
		if (strcmp(s->puts[i].name, name) == 0)
			return &s->puts[i];
	return NULL;
}

static void
put_done(struct put_domain *p)
{
	free(p->name);
	free(p->text);
	conf_free(p->conf);
}

void
serve_problems_line(const struct conf_problems *problems, struct str *ret)
{
	struct str lines = STR_INIT;

	conf_problems_text(problems, &lines);
	for (const char *p = str_c(&lines); *p != '\0'; p += strcspn(p, "\n") + 1) {
		str_add(ret, p == str_c(&lines) ? "" : "; ");
		str_addn(ret, p, strcspn(p, "\n"));
	}
	str_done(&lines);
}

/* A domain block -> a configuration of that one domain. */
static struct conf *
put_parse(const char *name, const char *text, struct err *err)
{
	char *what = xasprintf("domain %s", name);
	struct conf_problems problems = { NULL, 0 };
	struct conf *c = conf_parse(what, text, &problems);
	struct str words = STR_INIT;

	if (c != NULL && (c->n_domains != 1 || strcmp(c->domains[0].text, name) != 0)) {
		conf_problem_add(&problems, what, 0, "one domain block of that name is wanted");
		conf_free(c);
		c = NULL;
	}
	if (c == NULL) {
		serve_problems_line(&problems, &words);
		err_set(err, "%s", str_c(&words));
	}
	str_done(&words);
	conf_problems_done(&problems);
	free(what);
	return c;
}

static void
put_add(struct serve *s, const char *name, const char *text, struct conf *c)
{
	s->puts = xreallocarray(s->puts, s->n_puts + 1, sizeof(*s->puts));
	s->puts[s->n_puts++] = (struct put_domain){ xstrdup(name), xstrdup(text), c };
}

void
serve_put_loaded(struct serve *s, const char *name, const char *text)
{
	bool in_file = pipeline_find(s->pipeline, name) != NULL;
	struct err err;
	struct conf *c = put_parse(name, text, &err);

	if (c == NULL || (!in_file && pipeline_put(s->pipeline, s->catalog, (struct pipeline_spec){ c, 0 }, &err) == -1)) {
		log_err("the store's domain %s is not understood any more and is left out: %s", name, err.msg);
		conf_free(c);
		return;
	}
	if (in_file)
		log_err("domain %s was added by HTTP and is in a file too: the file wins", name);
	put_add(s, name, text, c);
}

/* A store that cannot write now would keep nothing of a change: better to make none. */
static bool
can_keep(const struct serve *s, struct err *err)
{
	struct store_stats st;

	if (s->store == NULL) {
		err_set(err, "no database is configured that could keep it");
		return false;
	}
	store_get_stats(s->store, &st);
	if (st.health == STORE_STUCK)
		err_set(err, "nothing was changed, for it could not be kept: %s", st.problem);
	return st.health != STORE_STUCK;
}

enum api_outcome
serve_put_domain(struct serve *s, const char *name, const char *text, struct err *err)
{
	const struct conf_domain *file = file_find(s, name);
	struct put_domain *old = put_find(s, name);
	bool existed = old != NULL;
	struct conf *c;
	struct str place = STR_INIT;

	if (file != NULL) {
		err_set(err, "%s is in %s, which wins; change it there", name, conf_domain_place(file, &place));
		str_done(&place);
		return API_CONFLICT;
	}
	c = put_parse(name, text, err);
	if (c == NULL)
		return API_INVALID;
	if (!can_keep(s, err)) {
		conf_free(c);
		return API_FAILED;
	}
	if (pipeline_put(s->pipeline, s->catalog, (struct pipeline_spec){ c, 0 }, err) == -1) {
		conf_free(c);
		return API_INVALID;
	}
	if (old != NULL) {
		put_done(old);
		*old = (struct put_domain){ xstrdup(name), xstrdup(text), c };
	} else {
		put_add(s, name, text, c);
	}
	serve_save_now(s, name, SAVE_URGENT);
	serve_wake(s);
	return existed ? API_DONE : API_CREATED;
}

enum api_outcome
serve_del_domain(struct serve *s, const char *name, struct err *err)
{
	struct put_domain *p = put_find(s, name);
	const struct conf_domain *file = file_find(s, name);
	struct board_domain *b = pipeline_find(s->pipeline, name);
	struct str place = STR_INIT;

	if (p == NULL) {
		err_set(err, file == NULL ? "%s is not watched" : "%s is in %s; take it out there", name,
		    file == NULL ? "" : conf_domain_place(file, &place));
		str_done(&place);
		return file == NULL ? API_UNKNOWN : API_CONFLICT;
	}
	if (!can_keep(s, err))
		return API_FAILED;
	if (b != NULL && file == NULL)
		pipeline_remove(s->pipeline, b);
	put_done(p);
	*p = s->puts[--s->n_puts];
	free(map_del(s->unsaved, name, strlen(name)));
	store_del_domain(s->store, name);
	return API_DONE;
}

void
serve_puts_free(struct serve *s)
{
	for (size_t i = 0; i < s->n_puts; i++)
		put_done(&s->puts[i]);
	free(s->puts);
}

struct pipeline_spec *
serve_specs(const struct serve *s, const struct conf *c, const struct conf_domain **names, size_t *ret_n)
{
	struct pipeline_spec *specs = xcalloc(c->n_domains + s->n_puts + 1, sizeof(*specs));
	size_t n = 0;

	for (size_t i = 0; i < c->n_domains; i++)
		specs[n++] = (struct pipeline_spec){ c, i };
	for (size_t i = 0; i < s->n_puts; i++) {
		if (domain_named(c, names, s->puts[i].name) == NULL)
			specs[n++] = (struct pipeline_spec){ s->puts[i].conf, 0 };
		else
			log_err("domain %s was added by HTTP and is in a file too: the file wins", s->puts[i].name);
	}
	*ret_n = n;
	return specs;
}
