/* SPDX-License-Identifier: ISC */
/* The words come from the tables that read them.  A resolver may be an address as well. */
#include <string.h>

#include <m365dnsd/conf.h>
#include <m365dnsd/view.h>

#include "options_words.h"

static const struct name_row when_rows[] = {
	{ WHEN_AUTO, "auto" }, { WHEN_ALWAYS, "always" }, { WHEN_NEVER, "never" },
};
NAME_TABLE(when_names, when_rows);

static void
add(struct str *ret, const char *word)
{
	str_addf(ret, "%s%s", ret->len > 0 ? " " : "", word);
}

static void
add_table(struct str *ret, const struct name_table *t)
{
	for (size_t i = 0; i < t->n; i++)
		add(ret, t->rows[i].name);
}

static void
add_format(struct str *ret)
{
	for (size_t i = 0; i < view_n_formats; i++)
		add(ret, view_formats[i].name);
}

static void
add_fix(struct str *ret)
{
	for (size_t i = 0; i < view_n_fix_formats; i++)
		add(ret, view_fix_formats[i].name);
}

static void
add_services(struct str *ret)
{
	for (size_t i = 0; i < service_names.n; i++)
		if (service_names.rows[i].id != SERVICE_NONE)	/* a word of the catalog */
			add(ret, service_names.rows[i].name);
}

static void
add_cloud(struct str *ret)
{
	add_table(ret, &cloud_names);
}

static void
add_profile(struct str *ret)
{
	add_table(ret, &profile_names);
}

static void
add_until(struct str *ret)
{
	add_table(ret, &until_names);
}

static void
add_when(struct str *ret)
{
	add_table(ret, &when_names);
}

static void
add_resolver(struct str *ret)
{
	size_t n;
	const struct conf_resolver *r = conf_shipped_resolvers(&n);

	for (size_t i = 0; i < n; i++)
		add(ret, r[i].name);
}

static const struct {
	const char *option;
	void (*add)(struct str *ret);
} lists[] = {
	{ "fix", add_fix }, { "services", add_services }, { "cloud", add_cloud }, { "profile", add_profile },
	{ "resolver", add_resolver }, { "until", add_until }, { "format", add_format }, { "color", add_when },
};

bool
options_words(const struct option_row *row, struct str *ret)
{
	for (size_t i = 0; i < ARRAY_LEN(lists); i++)
		if (strcmp(lists[i].option, row->name) == 0) {
			lists[i].add(ret);
			return true;
		}
	return false;
}
