/* SPDX-License-Identifier: ISC */
/* check_view_spf: what --spf-check prints; strangers' words cannot reach the terminal. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include <m365dnsd/view.h>

static const struct spf_step way[] = {
	{ "contoso.test", "include:a.example" }, { "a.example", "ip4:192.0.2.0/24" },
};
static const struct spf_step nothing[] = { { "contoso.test", NULL } };

static const struct {
	const char *name;
	struct spf_check check;
	int exit_code;
	const char *text, *json;
} cases[] = {
	{ "pass", { .result = SPF_PASS, .path = way, .n_path = 2, .lookups = 1, .questions = 2 }, 0,
	    "pass\n"
	    "  contoso.test lets 192.0.2.1 send its mail\n"
	    "  contoso.test: include:a.example\n"
	    "    a.example: ip4:192.0.2.0/24\n"
	    "  look-ups: 1 of 10, void look-ups: 0 of 2, questions to DNS: 2\n",
	    "\"result\":\"pass\",\"reason\":null,\"mechanism\":\"ip4:192.0.2.0/24\",\"path\":[{\"domain\":\"contoso.test\","
	    "\"term\":\"include:a.example\"},{\"domain\":\"a.example\",\"term\":\"ip4:192.0.2.0/24\"}],\"lookups\":1,"
	    "\"void_lookups\":0,\"questions\":2,\"explanation\":null}" },
	{ "neutral by default", { .result = SPF_NEUTRAL, .path = nothing, .n_path = 1, .questions = 1 }, 1,
	    "neutral\n"
	    "  contoso.test leaves open whether 192.0.2.1 may send its mail\n"
	    "  contoso.test: (none of its terms)\n"
	    "  look-ups: 0 of 10, void look-ups: 0 of 2, questions to DNS: 1\n",
	    "\"mechanism\":null,\"path\":[{\"domain\":\"contoso.test\",\"term\":null}]" },
	{ "softfail", { .result = SPF_SOFTFAIL }, 1, "softfail\n  contoso.test does not expect 192.0.2.1 to send its mail\n", "\"softfail\"" },
	{ "fail, with words", { .result = SPF_FAIL, .explanation = "go away \"\x1b[31m<b>" }, 2,
	    "fail\n"
	    "  contoso.test does not let 192.0.2.1 send its mail\n"
	    "  in the domain's words: go away \"\\x1b[31m<b>\n", "\"explanation\":\"go away \\\"\\u001b[31m\\u003cb\\u003e\"" },
	{ "none", { .result = SPF_NONE, .problem = "contoso.test has no SPF record" }, 3, "none\n  contoso.test has no SPF record\n",
	    "\"reason\":\"contoso.test has no SPF record\",\"mechanism\":null,\"path\":[]" },
	{ "temperror", { .result = SPF_TEMPERROR, .problem = "a.example TXT: timeout" }, 3, "temperror\n  a.example TXT: timeout\n",
	    "\"temperror\"" },
	{ "permerror", { .result = SPF_PERMERROR, .problem = "x", .lookups = 11, .voids = 3 }, 2,
	    "permerror\n  x\n  look-ups: 11 of 10, void look-ups: 3 of 2, questions to DNS: 0\n", "\"lookups\":11,\"void_lookups\":3" },
};

START_TEST(result_is_told)
{
	struct view_options o = { .unicode = false };
	const struct view_spf v = { "contoso.test", "192.0.2.1", "joe@contoso.test", "mx.contoso.test", &cases[_i].check };
	const char *word = name_of(&spf_result_names, (int)cases[_i].check.result);
	struct str s = STR_INIT;

	view_spf_text(&v, &o, &s);
	ck_assert_msg(strncmp(str_c(&s), cases[_i].text, strlen(cases[_i].text)) == 0, "%s: %s", cases[_i].name, str_c(&s));
	str_clear(&s);
	view_spf_json(&v, &s);
	ck_assert_msg(strstr(str_c(&s), cases[_i].json) != NULL, "%s: %s", cases[_i].name, str_c(&s));
	ck_assert_ptr_nonnull(strstr(str_c(&s), "\"sender\":\"joe@contoso.test\",\"helo\":\"mx.contoso.test\""));
	str_clear(&s);
	o.quiet = true;
	view_spf_text(&v, &o, &s);
	ck_assert_uint_eq(s.len, strlen(word) + 1);
	ck_assert_int_eq(strncmp(str_c(&s), word, strlen(word)), 0);
	ck_assert_int_eq(view_spf_exit_code(cases[_i].check.result), cases[_i].exit_code);
	str_done(&s);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("view_spf");
	TCase *t = tcase_create("spf");
	SRunner *r;
	int failed;

	tcase_add_loop_test(t, result_is_told, 0, (int)ARRAY_LEN(cases));
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
