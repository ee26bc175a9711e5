/* SPDX-License-Identifier: ISC */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "golden.h"

static char *
read_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	struct str s = STR_INIT;
	char buf[4096];
	size_t n;

	if (f == NULL)
		return NULL;
	while ((n = fread(buf, 1, sizeof(buf), f)) > 0)
		str_addn(&s, buf, n);
	fclose(f);
	return str_take(&s);
}

static void
write_file(const char *path, const struct str *s)
{
	FILE *f = fopen(path, "wb");

	ck_assert_msg(f != NULL, "cannot write %s", path);
	fwrite(str_c(s), 1, s->len, f);
	ck_assert_int_eq(fclose(f), 0);
}

void
golden_check(const char *name, const struct str *out)
{
	const char *dir = getenv("GOLDEN_DIR");
	char path[256], *want;

	snprintf(path, sizeof(path), "%s/%s", dir != NULL ? dir : "tests/golden", name);
	if (getenv("UPDATE_GOLDEN") != NULL)
		write_file(path, out);
	want = read_file(path);
	ck_assert_msg(want != NULL, "%s: no such file; make update-golden", path);
	ck_assert_msg(strcmp(want, str_c(out)) == 0, "%s differs; it now is:\n%.2000s", path, str_c(out));
	free(want);
}
