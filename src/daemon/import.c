/* SPDX-License-Identifier: ISC */
#include "import.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "output.h"
#include "setup.h"

#define INPUT_MAX (16u << 20)	/* twice what conf_import() takes, which says so */

static bool
read_all(FILE *f, struct str *ret)
{
	char buf[65536];
	size_t n;

	while (ret->len < INPUT_MAX && (n = fread(buf, 1, sizeof(buf), f)) > 0)
		str_addn(ret, buf, n);
	return ferror(f) == 0;
}

static int
read_input(const char *path, struct str *ret, struct err *err)
{
	bool standard = strcmp(path, "-") == 0, ok;
	FILE *f = standard ? stdin : fopen(path, "re");

	if (f == NULL) {
		err_set(err, "%s", strerror(errno));
		return -1;
	}
	errno = 0;
	ok = read_all(f, ret);
	if (!ok)
		err_set(err, "%s", strerror(errno != 0 ? errno : EIO));
	if (!standard)
		fclose(f);
	return ok ? 0 : -1;
}

/* The catalog of the configuration named, else the one compiled in: a record's place in the world does not depend on /etc. */
static struct catalog *
load_catalog(const struct options *o, struct conf_problems *problems)
{
	struct conf *c = o->config != NULL ? setup_conf(o, problems) : NULL;
	struct catalog *catalog = problems->n == 0 ? catalog_load(c != NULL ? c->catalog_file : NULL, problems) : NULL;

	conf_free(c);
	return catalog;
}

/* Notes are no mistakes: the block was printed, and these lines tell what is not in it. */
static void
print_notes(const struct conf_problems *notes)
{
	struct str s = STR_INIT;

	conf_problems_text(notes, &s);
	fwrite(str_c(&s), 1, s.len, stderr);
	str_done(&s);
}

int
import_domain(const struct options *o)
{
	const char *file = strcmp(o->import, "-") == 0 ? "standard input" : o->import;
	struct conf_problems problems = { NULL, 0 }, notes = { NULL, 0 };
	struct catalog *catalog = load_catalog(o, &problems);
	struct str in = STR_INIT, out = STR_INIT;
	struct err err;
	int code = EXIT_OK;

	if (catalog == NULL) {
		code = complain_problems(o, &problems);
	} else if (read_input(o->import, &in, &err) == -1 ||
	    conf_import(catalog, o->import_domain, file, str_c(&in), in.len, &out, &notes, &err) == -1) {
		print_notes(&notes);
		err_prefix(&err, "%s", file);
		code = complain_usage(o, err.msg);
	} else {
		print_notes(&notes);
		output_write(&out);
	}
	str_done(&in);
	str_done(&out);
	catalog_free(catalog);
	conf_problems_done(&problems);
	conf_problems_done(&notes);
	return code;
}
