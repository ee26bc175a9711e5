/* SPDX-License-Identifier: ISC */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "src/daemon/options.h"
#include "src/daemon/options_words.h"

#define ARGS_MAX 10

/* The words of a command line, cut at blanks; the rows below are easier to read so. */
static int
split(char *line, char *argv[ARGS_MAX + 2])
{
	int n = 0;

	argv[n++] = (char *)(uintptr_t)"m365dnsd";
	for (char *w; (w = strsep(&line, " ")) != NULL;)
		if (*w != '\0')
			argv[n++] = w;
	argv[n] = NULL;
	return n;
}

static int
parse(const char *line, struct options *ret, struct err *err, char **ret_copy)
{
	static char *argv[ARGS_MAX + 2];

	*ret_copy = xstrdup(line);
	return options_parse(ret, split(*ret_copy, argv), argv, err);
}

/* ---- what is right ---- */

static const struct {
	const char *line;
	enum mode mode;
	size_t n_domains;
	const char *format;
	enum until until;
	int64_t wait_s;
	size_t n_resolvers, n_keys;
	unsigned port;
	bool peek, is_private, verbose, quiet;
} good[] = {
	{ "--once contoso.com", MODE_ONCE, 1, "text", UNTIL_COMPLETE, .wait_s = 0 },
	{ "contoso.com --once fabrikam.com", MODE_ONCE, 2, "text", UNTIL_COMPLETE, .wait_s = 0 },
	{ "--once -- --help", MODE_ONCE, 1, "text", UNTIL_COMPLETE, .wait_s = 0 },
	{ "--wait", MODE_WAIT, 0, "text", UNTIL_COMPLETE, .wait_s = 0 },
	{ "--wait=15m a.test", MODE_WAIT, 1, "text", UNTIL_COMPLETE, .wait_s = 900 },
	{ "--wait --wait=2 a.test", MODE_WAIT, 1, "text", UNTIL_COMPLETE, .wait_s = 2 },
	{ "--once --format json --format=csv a.test", MODE_ONCE, 1, "csv", UNTIL_COMPLETE, .wait_s = 0 },
	{ "--once --until published a.test", MODE_ONCE, 1, "text", UNTIL_PUBLISHED, .wait_s = 0 },
	{ "--once --until=VISIBLE a.test", MODE_ONCE, 1, "text", UNTIL_VISIBLE, .wait_s = 0 },
	{ "--once --resolver google --resolver 127.0.0.1:5300 a.test", MODE_ONCE, 1, "text", UNTIL_COMPLETE, .n_resolvers = 2 },
	{ "--once --tenant a --cloud gcc --services x --profile y a.test", MODE_ONCE, 1, "text", UNTIL_COMPLETE, .n_keys = 4 },
	{ "--once --authority-port 5300 --authority-private --peek a.test", MODE_ONCE, 1, "text", UNTIL_COMPLETE, .port = 5300,
	    .peek = true, .is_private = true },
	{ "--once -vq a.test", MODE_ONCE, 1, "text", UNTIL_COMPLETE, .verbose = true, .quiet = true },
	{ "--once -c x.conf", MODE_ONCE, 0, "text", UNTIL_COMPLETE, .wait_s = 0 },
	{ "--check-config -cx.conf", MODE_CHECK_CONFIG, 0, "text", UNTIL_COMPLETE, .wait_s = 0 },
	{ "--import - --domain a.test", MODE_IMPORT, 0, "text", UNTIL_COMPLETE, .wait_s = 0 },
	{ "--backup=x -c y", MODE_BACKUP, 0, "text", UNTIL_COMPLETE, .wait_s = 0 },
	{ "--domain=a.test --import=x", MODE_IMPORT, 0, "text", UNTIL_COMPLETE, .wait_s = 0 },
	{ "--fix route53 a.test", MODE_FIX, 1, "text", UNTIL_COMPLETE, .wait_s = 0 },
	{ "--spf-check 192.0.2.1 a.test", MODE_SPF_CHECK, 1, "text", UNTIL_COMPLETE, .wait_s = 0 },
	{ "--spf-check=2001:db8::1 --sender joe@a.test --helo [192.0.2.1] --format json a.test", MODE_SPF_CHECK, 1, "json",
	    UNTIL_COMPLETE, .wait_s = 0 },
	{ "--spf-check ::ffff:192.0.2.1 --helo [IPv6:2001:db8::1] --resolver 127.0.0.1:5300 a.test", MODE_SPF_CHECK, 1, "text",
	    UNTIL_COMPLETE, .n_resolvers = 1 },
	{ "--spf-check 192.0.2.1 --sender <> --helo mail.a.test a.test", MODE_SPF_CHECK, 1, "text", UNTIL_COMPLETE, .wait_s = 0 },
	{ "--list-find", MODE_LIST_FINDINGS, 0, "text", UNTIL_COMPLETE, .wait_s = 0 },
	{ "-h", MODE_HELP, 0, "text", UNTIL_COMPLETE, .wait_s = 0 },
	{ "--help --nonsense", MODE_HELP, 0, "text", UNTIL_COMPLETE, .wait_s = 0 },
	{ "-V", MODE_VERSION, 0, "text", UNTIL_COMPLETE, .wait_s = 0 },
};

START_TEST(takes)
{
	struct options o;
	struct err err = { "" };
	char *copy;
	int rc = parse(good[_i].line, &o, &err, &copy);

	ck_assert_msg(rc == 0, "%s: %s", good[_i].line, err.msg);
	ck_assert_msg(o.mode == good[_i].mode, "%s: mode %d", good[_i].line, (int)o.mode);
	ck_assert_msg(o.until == good[_i].until, "%s: until %d", good[_i].line, (int)o.until);
	ck_assert_str_eq(o.format->name, good[_i].format);
	ck_assert_int_eq(o.wait_s, good[_i].wait_s);
	ck_assert_uint_eq(o.n_resolvers, good[_i].n_resolvers);
	ck_assert_uint_eq(o.n_domain_keys, good[_i].n_keys);
	ck_assert_uint_eq(o.authority_port, good[_i].port);
	ck_assert_int_eq(o.peek, good[_i].peek);
	ck_assert_int_eq(o.authority_private, good[_i].is_private);
	ck_assert_int_eq(o.verbose, good[_i].verbose);
	ck_assert_int_eq(o.quiet, good[_i].quiet);
	if (o.mode != MODE_HELP && o.mode != MODE_VERSION)
		ck_assert_uint_eq(o.n_domains, good[_i].n_domains);
	options_done(&o);
	free(copy);
}
END_TEST

/* ---- what is wrong, and how that is said ---- */

static const struct {
	const char *line, *words, *format;
} bad[] = {
	{ "contoso.com", "say --once or --wait", "text" },
	{ "--nonsense", "--nonsense: no such option", "text" },
	{ "-x", "-x: no such option", "text" },
	{ "-qx", "-x: no such option", "text" },
	{ "--list", "--list: no such option, or an ambiguous one", "text" },
	{ "--once --format", "--format: needs an argument", "text" },
	{ "--once -c", "-c: needs an argument", "text" },
	{ "--once --config=", "--config: the file name is empty", "text" },
	{ "--once=1", "--once: takes no argument", "text" },
	{ "--once --wait a.test", "--wait excludes", "text" },
	{ "--check-config --list-records", "--list-records excludes", "text" },
	{ "--wait=soon", "--wait=soon: no duration", "text" },
	{ "--wait 15m a.test", "\"15m\" is no domain; a duration is written --wait=15m", "text" },
	{ "--wait=0", "--wait=0: no duration", "text" },
	{ "--wait=-1", "--wait=-1: no duration", "text" },
	{ "--once --format xml a.test", "\"xml\" is not text, json, ndjson, csv, nagios or prometheus", "text" },
	{ "--once --until tomorrow a.test", "--until: \"tomorrow\" is not published, visible or complete", "text" },
	{ "--once --color=pink a.test", "--color: \"pink\" is not auto, always or never", "text" },
	{ "--once --authority-port 0 a.test", "\"0\" is no port", "text" },
	{ "--once --authority-port 65536 a.test", "\"65536\" is no port", "text" },
	{ "--once --authority-port 53x a.test", "\"53x\" is no port", "text" },
	{ "--once --authority-port +53 a.test", "\"+53\" is no port", "text" },
	{ "--import x", "--import: needs --domain", "text" },
	{ "--import= --domain a.test", "--import: the file name is empty", "text" },
	{ "--once --domain a.test", "--domain: belongs to --import", "text" },
	{ "--import x --domain a.test b.test", "this mode takes no domain", "text" },
	{ "--once --import x", "--import excludes", "text" },
	{ "--fix xml a.test", "\"xml\" is not text, zone, nsupdate, route53, terraform, azure, cloudflare or json", "text" },
	{ "--backup=", "--backup: the file name is empty", "text" },
	{ "--backup -", "--backup: a database cannot go to standard output", "text" },
	{ "--backup x a.test", "this mode takes no domain", "text" },
	{ "--once --backup x", "--backup excludes", "text" },
	{ "--list-records a.test", "\"a.test\": this mode takes no domain", "text" },
	{ "--check-config a.test", "this mode takes no domain", "text" },
	{ "--once --tenant contoso", "--tenant: no domain is named", "text" },
	{ "--spf-check", "--spf-check: needs an argument", "text" },
	{ "--spf-check 192.0.2.1", "--spf-check: name the domain", "text" },
	{ "--spf-check 192.0.2.1 a.test b.test", "--spf-check: one domain at a time", "text" },
	{ "--spf-check 192.0.2 a.test", "\"192.0.2\" is no IPv4 or IPv6 address", "text" },
	{ "--spf-check 192.0.2.1:25 a.test", "is no IPv4 or IPv6 address", "text" },
	{ "--spf-check 192.0.2.0/24 a.test", "is no IPv4 or IPv6 address", "text" },
	{ "--spf-check [2001:db8::1] a.test", "is no IPv4 or IPv6 address", "text" },
	{ "--once --spf-check 192.0.2.1 a.test", "--spf-check excludes", "text" },
	{ "--spf-check 192.0.2.1 --wait a.test", "--wait excludes", "text" },
	{ "--spf-check 192.0.2.1 --sender joe a.test", "--sender: \"joe\" is no mail address", "text" },
	{ "--spf-check 192.0.2.1 --sender @a.test a.test", "is no mail address", "text" },
	{ "--spf-check 192.0.2.1 --sender joe@ a.test", "is no mail address", "text" },
	{ "--spf-check 192.0.2.1 --sender j\xf6@a.test a.test", "is no mail address", "text" },
	{ "--spf-check 192.0.2.1 --sender <> --helo [192.0.2.1] a.test", "--sender: without one the name of --helo", "text" },
	{ "--spf-check 192.0.2.1 --helo a..b a.test", "--helo: \"a..b\" is no name of a host", "text" },
	{ "--spf-check 192.0.2.1 --helo [a] a.test", "is no name of a host", "text" },
	{ "--spf-check 192.0.2.1 --format csv a.test", "prints text or json", "csv" },
	{ "--list-findings --format nagios", "--format: the lists are printed as text, json or csv", "nagios" },
	{ "--once --helo a.test a.test", "--helo: belongs to --spf-check", "text" },
	/* the first mistake is told, and the format is known wherever it stands */
	{ "--once --color=pink --until x --format nagios a.test", "--color", "nagios" },
	{ "--format=nagios --once --nonsense", "--nonsense", "nagios" },
};

START_TEST(refuses)
{
	struct options o;
	struct err err = { "" };
	char *copy;
	int rc = parse(bad[_i].line, &o, &err, &copy);

	ck_assert_msg(rc == -1, "%s: was taken", bad[_i].line);
	ck_assert_msg(strstr(err.msg, bad[_i].words) != NULL, "%s: %s", bad[_i].line, err.msg);
	ck_assert_str_eq(o.format->name, bad[_i].format);
	options_done(&o);
	free(copy);
}
END_TEST

/* ---- the table ---- */

START_TEST(help_names_all)
{
	struct str help = STR_INIT;

	options_help(&help);
	for (size_t i = 0; i < option_n_rows; i++) {
		char *name = xasprintf("--%s", option_rows[i].name);

		ck_assert_msg(strstr(str_c(&help), name) != NULL, "%s is not in --help", name);
		ck_assert_msg(option_rows[i].help[strlen(option_rows[i].help) - 1] != '.', "%s ends with a full stop", name);
		free(name);
	}
	for (const char *p = str_c(&help); *p != '\0'; p += strcspn(p, "\n") + 1)
		ck_assert_msg(strcspn(p, "\n") <= 80, "too long: %.*s", (int)strcspn(p, "\n"), p);
	str_done(&help);
}
END_TEST

START_TEST(names_are_unique)
{
	for (size_t i = 0; i < option_n_rows; i++)
		for (size_t k = 0; k < i; k++) {
			ck_assert_str_ne(option_rows[i].name, option_rows[k].name);
			ck_assert(option_rows[i].letter == 0 || option_rows[i].letter != option_rows[k].letter);
		}
}
END_TEST

/* What an option is completed with is what it takes; what cannot be listed beforehand says so by its placeholder. */
START_TEST(words_are_taken)
{
	static const char *const open_ended[] = { "DURATION", "FILE", "NAME", "IP", "USER@DOMAIN", "VALUE", "PORT" };

	for (size_t i = 0; i < option_n_rows; i++) {
		const struct option_row *row = &option_rows[i];
		struct str words = STR_INIT;
		bool is_open = row->arg == OPTION_FLAG;

		for (size_t k = 0; !is_open && k < ARRAY_LEN(open_ended); k++)
			is_open = strcmp(row->placeholder, open_ended[k]) == 0;
		ck_assert_msg(options_words(row, &words) != is_open, "--%s", row->name);
		for (char *p = words.p, *w; (w = strsep(&p, " ")) != NULL;) {
			struct options o = { .mode = MODE_SERVE };
			struct err err = { "" };

			ck_assert_msg(row->set(&o, row, w, &err) == 0, "--%s %s: %s", row->name, w, err.msg);
			options_done(&o);
		}
		str_done(&words);
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("options");
	TCase *t = tcase_create("options");
	SRunner *sr = srunner_create(s);
	int failed;

	suite_add_tcase(s, t);
	tcase_add_loop_test(t, takes, 0, (int)ARRAY_LEN(good));
	tcase_add_loop_test(t, refuses, 0, (int)ARRAY_LEN(bad));
	tcase_add_test(t, help_names_all);
	tcase_add_test(t, names_are_unique);
	tcase_add_test(t, words_are_taken);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed > 0;
}
