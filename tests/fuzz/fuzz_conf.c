/* SPDX-License-Identifier: ISC */
/* A configuration: problems with lines, or a configuration whose every domain can be planned and gives sane values. */
#include <m365dnsd/plan.h>

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(bool ok)
{
	if (!ok)
		abort();
}

static void
check_plan(const struct plan *p)
{
	struct arena *a = arena_new();
	struct dns_name domain;
	struct wanted w;
	struct question q;

	for (size_t i = 0; i < plan_n_expectations(p); i++) {
		const struct expectation *e = plan_expectation(p, i);
		must(plan_find(p, e->id) >= 0 && e->question < plan_n_questions(p) && e->slot < PLAN_SLOTS_MAX && e->views != 0);
		for (int v = 0; v < VIEW_MAX; v++) {
			plan_wanted(p, i, (enum view)v, a, &w);
			for (size_t k = 0; k < w.n_text; k++)
				must(w.text[k] != NULL);
			for (size_t k = 0; k < w.n_family; k++)
				must(strchr(w.family[k], '{') == NULL);
		}
	}
	plan_domain_name(p, &domain);
	for (size_t i = 0; i < plan_n_questions(p); i++) {
		plan_question(p, i, &q);
		must(dns_name_is_below(&q.name, &domain));
	}
	must(plan_equal(p, p));
	arena_free(a);
}

/* Problems quote what was typed as it was; what is shown of them is printable. */
static void
check_problems(const struct conf_problems *p, const char *text)
{
	struct str shown = STR_INIT;
	int lines = 1;

	for (const char *s = text; *s != '\0'; s++)
		lines += *s == '\n';
	for (size_t i = 0; i < p->n; i++)
		must(p->list[i].line >= 0 && p->list[i].line <= lines);
	conf_problems_text(p, &shown);
	for (const char *s = str_c(&shown); *s != '\0'; s++)
		must(*s == '\n' || ((unsigned char)*s >= ' ' && *s != 127));
	str_done(&shown);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct catalog *catalog;
	struct conf_problems problems = { NULL, 0 };
	char *text = xstrndup((const char *)data, size);
	struct err err;

	if (catalog == NULL)
		catalog = catalog_load(NULL, &problems);
	struct conf *c = conf_parse("f", text, &problems);
	must((c == NULL) == (problems.n > 0));
	check_problems(&problems, text);
	conf_problems_done(&problems);
	for (size_t i = 0; c != NULL && i < c->n_domains; i++) {
		struct plan *p = plan_build(catalog, c, i, &err);
		if (p != NULL)
			check_plan(p);
		plan_unref(p);
	}
	conf_free(c);

	struct catalog *other = catalog_parse("f", text, &problems);
	must((other == NULL) == (problems.n > 0));
	check_problems(&problems, text);
	conf_problems_done(&problems);
	catalog_free(other);
	free(text);
	return 0;
}
