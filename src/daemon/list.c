/* SPDX-License-Identifier: ISC */
#include "list.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <m365dnsd/loop.h>
#include <m365dnsd/transport.h>

#include "build_info.h"
#include "list_table.h"
#include "output.h"
#include "setup.h"

/* ---- --list-records ---- */

static void
add_texts(struct str *ret, char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		str_addf(ret, "%s%s", i > 0 ? " | " : "", list[i]);
}

/* "all", or the words whose bits are set. */
static void
add_bits(struct str *ret, unsigned bits, const struct name_table *t)
{
	size_t n = 0;

	for (size_t i = 0; i < t->n; i++)
		n += bits >> t->rows[i].id & 1;
	if (n == t->n) {
		str_add(ret, "all");
		return;
	}
	for (size_t i = 0, k = 0; i < t->n; i++)
		if (bits >> t->rows[i].id & 1)
			str_addf(ret, "%s%s", k++ > 0 ? "," : "", t->rows[i].name);
}

#define RECORD_FORMAT "%-22s %-6s %-34s %-11s %-9s %s\n"

static void
record_line(const struct catalog_row *row, bool verbose, struct str *ret)
{
	struct str want = STR_INIT;
	char type[16];

	if (row->n_want > 0)
		add_texts(&want, row->want, row->n_want);
	else
		add_texts(&want, row->family, row->n_family);
	str_addf(ret, RECORD_FORMAT, row->id, dns_type_text(row->type, type), row->owner,
	    name_of(&need_names, (int)row->need), row->service == SERVICE_NONE ? "-" : name_of(&service_names, (int)row->service),
	    row->rule == RULE_ABSENT ? "(absent)" : want.len > 0 ? str_c(&want) : "(as configured)");
	str_done(&want);
	if (!verbose)
		return;
	str_add(ret, "    clouds ");
	add_bits(ret, row->clouds, &cloud_names);
	str_add(ret, "; profiles ");
	add_bits(ret, row->profiles, &profile_names);
	str_addf(ret, "\n    %s\n    source: %s\n", row->text, row->source);
}

/* The rows of one cloud and profile, as --cloud and --profile say; with NULL those of all. */
static bool
record_shown(const struct catalog_row *row, const void *ctx)
{
	const struct conf_domain *d = ctx;

	return d == NULL || ((row->clouds >> d->cloud & 1) != 0 && (row->profiles >> d->profile & 1) != 0);
}

static void
add_records(const struct catalog *catalog, const struct conf_domain *d, bool verbose, struct str *ret)
{
	str_addf(ret, "# Catalog of %s", catalog->version);
	if (!verbose)
		str_addf(ret, ", cloud %s, profile %s", name_of(&cloud_names, (int)d->cloud), name_of(&profile_names, (int)d->profile));
	str_add(ret, ".  A record is required when its service is used.\n");
	str_addf(ret, RECORD_FORMAT, "ID", "TYPE", "OWNER", "NEED", "SERVICE", "VALUE");
	for (size_t i = 0; i < catalog->n_rows; i++)
		if (record_shown(&catalog->rows[i], verbose ? NULL : d))
			record_line(&catalog->rows[i], verbose, ret);
}

static bool
for_people(const struct options *o)
{
	return strcmp(o->format->name, "text") == 0;
}

int
list_records(const struct options *o)
{
	struct conf_problems problems = { NULL, 0 };
	struct conf *c = setup_conf(o, &problems);
	struct catalog *catalog = c != NULL ? catalog_load(c->catalog_file, &problems) : NULL;
	struct conf_domain d = { .cloud = CLOUD_WORLDWIDE };
	struct str out = STR_INIT;
	int code = EXIT_OK;

	setup_domain_keys(&d, o, &problems);
	if (problems.n > 0)
		code = complain_problems(o, &problems);
	else if (!for_people(o))
		list_table_records(o, catalog, record_shown, o->verbose ? NULL : &d);
	else
		add_records(catalog, &d, o->verbose, &out);
	if (out.len > 0)
		output_write(&out);
	str_done(&out);
	free(d.verification);
	free(d.tenant);
	catalog_free(catalog);
	conf_free(c);
	conf_problems_done(&problems);
	return code;
}

/* ---- --list-resolvers, --list-findings ---- */

int
list_resolvers(const struct options *o)
{
	size_t n;
	const struct conf_resolver *list = conf_shipped_resolvers(&n);
	struct str out = STR_INIT;

	if (!for_people(o)) {
		list_table_resolvers(o, list, n);
		return EXIT_OK;
	}
	for (size_t i = 0; i < n; i++) {
		const struct conf_resolver *r = &list[i];

		str_addf(&out, "%-20s %-12s", r->name, r->operator);
		for (size_t k = 0; k < r->n_addrs; k++) {
			char buf[ADDR_TEXT_MAX];

			str_addf(&out, " %s", addr_text(&r->addrs[k], 53, buf));
		}
		str_addf(&out, "\n    %s%s\n", r->text, r->filters ? " (filters: shown, never counted)" : "");
	}
	output_write(&out);
	str_done(&out);
	return EXIT_OK;
}

int
list_findings(const struct options *o)
{
	struct str out = STR_INIT;

	if (!for_people(o)) {
		list_table_findings(o);
		return EXIT_OK;
	}
	for (size_t i = 0; i < FINDING_MAX; i++) {
		const struct finding_row *f = &finding_rows[i];

		str_addf(&out, "%-28s %-8s %s\n", f->code, name_of(&severity_names, (int)f->severity), f->title);
		if (o->verbose)
			str_addf(&out, "    -> %s\n", f->advice);
	}
	output_write(&out);
	str_done(&out);
	return EXIT_OK;
}

/* ---- --help, --version ---- */

int
list_help(const struct options *o)
{
	struct str out = STR_INIT;

	(void)o;
	options_help(&out);
	output_write(&out);
	str_done(&out);
	return EXIT_OK;
}

int
list_version(const struct options *o)
{
	struct str out = STR_INIT;

	(void)o;
	str_addf(&out, "m365dnsd %s\n", M365DNSD_VERSION);
	str_addf(&out, "c-ares %s\n", transport_ares_version());
	str_addf(&out, "libevent %s\n", loop_library_version());
	str_addf(&out, "libidn2 %s\n", dns_idna_version());
	str_addf(&out, "libconfuse %s\n", conf_library_version());
	output_write(&out);
	str_done(&out);
	return EXIT_OK;
}
