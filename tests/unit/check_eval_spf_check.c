/* SPDX-License-Identifier: ISC */
/*
 * check_eval_spf_check: check_host() against the cases of tests/unit/spf_cases.txt, written from RFC 7208 section by section.
 *
 *	== title				a new zone; its lines are those of tests/lib/spfzone.h
 *	? name: IP DOMAIN [from=SENDER] [helo=NAME] [own=yes] = RESULT [l=LOOKUPS] [v=VOIDS] [q=QUESTIONS]
 *	> explanation				of the case above; without it there must be none
 *	@ domain term | domain term		the path; "-" is "no term matched"
 *	! words					in the problem
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <m365dnsd/eval.h>

#include <tests/lib/suite.h>

#include "tests/lib/spfzone.h"

#define CASES "tests/unit/spf_cases.txt"
#define CASES_MIN 120

struct spf_case {
	char head[512], explanation[512], path[1024], problem[256];
	unsigned line;
};

static unsigned n_cases;
static struct str wrong = STR_INIT;

static const struct spf_check *
play(const struct spfzone *z, struct spf_walk *w, struct arena *a)
{
	struct side_want want;

	while (spf_walk_next(w, &want)) {
		enum reason reason;
		const struct answer *an = spfzone_ask(z, &want.q, a, &reason);
		struct side_want none;

		ck_assert_int_eq(want.at, SIDE_LOOKUP);
		ck_assert_msg(!spf_walk_next(w, &none), "one question at a time");
		ck_assert_ptr_null(spf_walk_check(w));
		spf_walk_answer(w, want.id, reason, an);
	}
	return spf_walk_check(w);
}

static void
path_text(const struct spf_check *c, struct str *ret)
{
	for (size_t i = 0; i < c->n_path; i++)
		str_addf(ret, "%s%s %s", i > 0 ? " | " : "", c->path[i].domain, c->path[i].term != NULL ? c->path[i].term : "-");
}

static void
differs(const struct spf_case *s, const char *what, const char *have, const char *want)
{
	str_addf(&wrong, "\n%s:%u: %s: %s is \"%s\", wanted \"%s\"", CASES, s->line, s->head, what, have, want);
}

static void
compare_number(const struct spf_case *s, const char *what, const char *key, unsigned have)
{
	const char *at = strstr(s->head, key);
	char text[16];

	snprintf(text, sizeof(text), "%u", have);
	if (at != NULL && strtoul(at + strlen(key), NULL, 10) != have)
		differs(s, what, text, at);
}

static void
compare(const struct spf_case *s, const struct spf_check *c)
{
	const char *result = strstr(s->head, " = ");
	const char *have = name_of(&spf_result_names, (int)c->result);
	struct str path = STR_INIT;
	bool error = c->result == SPF_NONE || c->result == SPF_TEMPERROR || c->result == SPF_PERMERROR;

	result += 3;
	if (strncmp(result, have, strlen(have)) != 0 || (result[strlen(have)] != '\0' && result[strlen(have)] != ' '))
		differs(s, "result", have, result);
	compare_number(s, "look-ups", " l=", c->lookups);
	compare_number(s, "void look-ups", " v=", c->voids);
	compare_number(s, "questions", " q=", c->questions);
	if (strcmp(c->explanation != NULL ? c->explanation : "", s->explanation) != 0)
		differs(s, "explanation", c->explanation != NULL ? c->explanation : "", s->explanation);
	path_text(c, &path);
	if (s->path[0] != '\0' && strcmp(str_c(&path), s->path) != 0)
		differs(s, "path", str_c(&path), s->path);
	if (error != (c->problem != NULL) || (error && strstr(c->problem, s->problem) == NULL))
		differs(s, "problem", c->problem != NULL ? c->problem : "", s->problem);
	str_done(&path);
}

/* "key=value" of the head before the "="; in buf, NULL = not there. */
static const char *
option(const struct spf_case *s, const char *key, char buf[256])
{
	const char *at = strstr(s->head, key), *end = strstr(s->head, " = ");

	if (at == NULL || at > end)
		return NULL;
	snprintf(buf, 256, "%.*s", (int)strcspn(at + strlen(key), " "), at + strlen(key));
	return buf;
}

static void
run_case(const struct spfzone *z, const struct spf_case *s)
{
	struct arena *a = arena_new();
	char ip[64], domain[512], sender[256], helo[256];
	const char *colon = strstr(s->head, ": ");	/* the last: names have colons too */
	struct spf_client client = { .unix_s = 1700000000 };
	struct dns_name name;
	struct spf_walk *w;

	n_cases++;
	while (colon != NULL && strstr(colon + 1, ": ") != NULL)
		colon = strstr(colon + 1, ": ");
	ck_assert_msg(colon != NULL && strstr(s->head, " = ") != NULL, "%s:%u", CASES, s->line);
	ck_assert_msg(sscanf(colon + 2, "%63s %511s", ip, domain) == 2, "%s:%u", CASES, s->line);
	ck_assert_msg(addr_parse(&client.ip, ip, 0), "%s:%u: %s", CASES, s->line, ip);
	ck_assert_msg(dns_name_parse(&name, domain, NULL) == 0, "%s:%u: %s", CASES, s->line, domain);
	client.sender = option(s, " from=", sender);
	client.helo = option(s, " helo=", helo);
	w = spf_walk_new(&name, &client, NULL, 0);
	compare(s, play(z, w, a));
	spf_walk_free(w);
	arena_free(a);
}

static void
read_line(char *line, struct spfzone **z, struct spf_case *s, unsigned at)
{
	static const struct {
		const char *mark;
		size_t offset, size;
	} fields[] = {
		{ "> ", offsetof(struct spf_case, explanation), sizeof(s->explanation) },
		{ "@ ", offsetof(struct spf_case, path), sizeof(s->path) },
		{ "! ", offsetof(struct spf_case, problem), sizeof(s->problem) },
	};

	line[strcspn(line, "\n")] = '\0';
	for (size_t i = 0; i < ARRAY_LEN(fields); i++)
		if (strncmp(line, fields[i].mark, 2) == 0) {
			snprintf((char *)s + fields[i].offset, fields[i].size, "%s", line + 2);
			return;
		}
	if (s->line != 0)
		run_case(*z, s);
	memset(s, 0, sizeof(*s));
	if (strncmp(line, "? ", 2) == 0) {
		snprintf(s->head, sizeof(s->head), "%s", line + 2);
		s->line = at;
	} else if (strncmp(line, "== ", 3) == 0) {
		spfzone_free(*z);
		*z = spfzone_new();
	} else if (*line != '\0' && *line != '#') {
		spfzone_add(*z, line);
	}
}

START_TEST(check_host_gives_what_the_rfc_says)
{
	struct spfzone *z = spfzone_new();
	struct spf_case s = { .line = 0 };
	char line[70000];
	FILE *f = fopen(CASES, "r");
	unsigned at = 0;

	ck_assert_msg(f != NULL, "%s: run from the top of the tree", CASES);
	while (fgets(line, sizeof(line), f) != NULL)
		read_line(line, &z, &s, ++at);
	line[0] = '\0';
	read_line(line, &z, &s, ++at);
	fclose(f);
	spfzone_free(z);
	ck_assert_msg(wrong.len == 0, "%.4000s", str_c(&wrong));
	ck_assert_uint_ge(n_cases, CASES_MIN);
	str_done(&wrong);
}
END_TEST

START_TEST(the_own_record_is_not_asked_for)
{
	static const char record[] = "v=spf1 ip4:192.0.2.1 include:example.org ~all";
	struct spfzone *z = spfzone_new();
	struct arena *a = arena_new();
	struct spf_client client = { .unix_s = 1 };
	const struct spf_check *c;
	struct dns_name name;
	struct spf_walk *w;

	addr_parse(&client.ip, "198.51.100.1", 0);
	dns_name_parse(&name, "example.com", NULL);
	spfzone_add(z, "example.com TXT v=spf1 -all");
	spfzone_add(z, "example.org TXT v=spf1 ?all");
	w = spf_walk_new(&name, &client, record, sizeof(record) - 1);
	c = play(z, w, a);
	ck_assert_int_eq(c->result, SPF_SOFTFAIL);
	ck_assert_uint_eq(c->questions, 1);
	spf_walk_free(w);
	spfzone_free(z);
	arena_free(a);
}
END_TEST

START_TEST(when_time_is_over_it_is_a_temperror)
{
	struct spf_client client = { .unix_s = 1 };
	struct side_want want;
	struct dns_name name;
	struct spf_walk *w;

	addr_parse(&client.ip, "198.51.100.1", 0);
	dns_name_parse(&name, "example.com", NULL);
	w = spf_walk_new(&name, &client, "v=spf1 mx -all", 14);
	ck_assert(spf_walk_next(w, &want));
	spf_walk_stop(w);
	ck_assert_int_eq(spf_walk_check(w)->result, SPF_TEMPERROR);
	ck_assert_ptr_nonnull(strstr(spf_walk_check(w)->problem, "example.com MX: timeout"));
	ck_assert(!spf_walk_next(w, &want));
	spf_walk_free(w);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("eval_spf_check");
	TCase *t = tcase_create("spf_check");

	tcase_add_test(t, check_host_gives_what_the_rfc_says);
	tcase_add_test(t, the_own_record_is_not_asked_for);
	tcase_add_test(t, when_time_is_over_it_is_a_temperror);
	suite_add_tcase(s, t);
	return suite_run(s);
}
