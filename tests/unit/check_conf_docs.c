/* SPDX-License-Identifier: ISC */
/*
 * The table of keys, m365dnsd.conf(5) and the shipped example say the same.  Reads the source tree: $srcdir, or where the
 * tests are started.
 */
#include <m365dnsd/conf.h>

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *
source_file(const char *name)
{
	const char *dir = getenv("srcdir");
	char *path = xasprintf("%s/%s", dir != NULL ? dir : ".", name);
	struct str s = STR_INIT;
	char buf[4096];
	size_t n;
	FILE *f = fopen(path, "r");

	ck_assert_msg(f != NULL, "cannot open %s: start the tests in the source tree, or set srcdir", path);
	while ((n = fread(buf, 1, sizeof(buf), f)) > 0)
		str_addn(&s, buf, n);
	fclose(f);
	free(path);
	return str_take(&s);
}

/* The text between start and the next end, malloc'ed; NULL when there is none. */
static char *
between(const char *text, const char *start, const char *end)
{
	const char *from = strstr(text, start);

	if (from == NULL)
		return NULL;
	from += strlen(start);
	const char *to = strstr(from, end);
	return xstrndup(from, to != NULL ? (size_t)(to - from) : strlen(from));
}

START_TEST(manual_has_every_key)
{
	const struct conf_key *k = &conf_keys[_i];
	char *man = source_file("man/m365dnsd.conf.5");
	char *heading = *k->section == '\0' ? xstrdup(".Ss Global keys\n") : xasprintf(".Ss The %s section\n", k->section);
	char *item = xasprintf(".It Ic %s\n", k->name), *fallback = xasprintf("Default: %s.", k->deflt);
	char *section = between(man, heading, "\n.S");
	char *text;

	ck_assert_msg(section != NULL, "no section \"%s\"", k->section);
	text = between(section, item, "\n.It Ic ");
	ck_assert_msg(text != NULL, "%s %s is not described", k->section, k->name);
	bool number = k->deflt[0] >= '0' && k->deflt[0] <= '9';
	ck_assert_msg(!number || strstr(text, fallback) != NULL, "%s %s: default is not %s", k->section, k->name, k->deflt);
	free(text);
	free(section);
	free(fallback);
	free(item);
	free(heading);
	free(man);
}
END_TEST

/* Keys are commented out with a "#" right before them, or before the blanks inside a block; prose has a blank after it. */
static char *
uncomment(const char *text)
{
	struct str s = STR_INIT;

	for (const char *p = text; *p != '\0'; p++) {
		bool start = p == text || p[-1] == '\n';
		bool key = start && *p == '#' && ((p[1] >= 'a' && p[1] <= 'z') || p[1] == '}' || strncmp(p + 1, "    ", 4) == 0);
		if (!key)
			str_addc(&s, *p);
	}
	return str_take(&s);
}

/* `name = ` at the start of a line, behind the opening of a block of its section. */
static bool
has_key(const char *text, const struct conf_key *k)
{
	char *assignment = xasprintf("%s = ", k->name);
	char *opening = *k->section == '\0' ? xstrdup("") : xasprintf("\n%s ", k->section);
	char *nested = xasprintf("    %s ", k->section);
	const char *block = strstr(text, opening);
	bool found = false;

	if (block == NULL)
		block = strstr(text, nested);
	for (const char *p = block; p != NULL && !found; p = strstr(p + 1, assignment))
		found = strncmp(p, assignment, strlen(assignment)) == 0 && (p == text || p[-1] == '\n' || p[-1] == ' ');
	free(assignment);
	free(opening);
	free(nested);
	return found;
}

START_TEST(example_has_every_key)
{
	char *raw = source_file("etc/m365dnsd.conf.example"), *text = uncomment(raw);

	ck_assert_msg(has_key(text, &conf_keys[_i]), "%s %s is not in the example", conf_keys[_i].section, conf_keys[_i].name);
	free(raw);
	free(text);
}
END_TEST

/* As it is shipped it says nothing, and with everything switched on it is right. */
START_TEST(example_is_right)
{
	char *raw = source_file("etc/m365dnsd.conf.example"), *text = uncomment(raw);
	const char *const both[] = { raw, text };

	for (size_t i = 0; i < ARRAY_LEN(both); i++) {
		struct conf_problems p = { NULL, 0 };
		struct str s = STR_INIT;
		struct conf *c = conf_parse("example", both[i], &p);
		conf_problems_text(&p, &s);
		ck_assert_msg(c != NULL, "%s", str_c(&s));
		ck_assert_uint_eq(c->n_domains, i);
		conf_check(c, UNTIL_COMPLETE, &p);
		ck_assert_uint_eq(p.n, 0);
		str_done(&s);
		conf_free(c);
	}
	free(raw);
	free(text);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("conf_docs");
	TCase *tc = tcase_create("conf_docs");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_add_loop_test(tc, manual_has_every_key, 0, (int)conf_n_keys);
	tcase_add_loop_test(tc, example_has_every_key, 0, (int)conf_n_keys);
	tcase_add_test(tc, example_is_right);
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
