/* SPDX-License-Identifier: ISC */
/* Every case in every format against a file of tests/golden. */
#include <check.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <m365dnsd/view.h>
#include "tests/lib/golden.h"
#include "tests/lib/status_cases.h"

static const struct variant {
	const char *format, *suffix;
	struct view_options o;
} variants[] = {
	{ "text", "txt", { .width = 100, .until = UNTIL_COMPLETE } },
	{ "text", "published.txt", { .until = UNTIL_PUBLISHED } },
	{ "text", "color.txt", { .width = 100, .color = true, .unicode = true, .until = UNTIL_COMPLETE } },
	{ "text", "narrow.txt", { .width = 60, .until = UNTIL_COMPLETE, .timed_out = true } },
	{ "text", "verbose.txt", { .width = 120, .verbose = true, .unicode = true, .until = UNTIL_COMPLETE } },
	{ "text", "quiet.txt", { .width = 100, .quiet = true, .until = UNTIL_COMPLETE } },
	{ "json", "json", { .until = UNTIL_COMPLETE } },
	{ "ndjson", "ndjson", { .until = UNTIL_COMPLETE } },
	{ "csv", "csv", { .until = UNTIL_COMPLETE } },
	{ "nagios", "nagios", { .until = UNTIL_COMPLETE } },
	{ "nagios", "timeout.nagios", { .until = UNTIL_COMPLETE, .timed_out = true, .verbose = true } },
	{ "prometheus", "prom", { .until = UNTIL_COMPLETE, .metrics = METRICS_CELLS } },
	{ "prometheus", "domains.prom", { .until = UNTIL_COMPLETE, .metrics = METRICS_DOMAINS } },
};

static void
render(const struct status_case *c, const char *format, const struct view_options *o, struct str *ret)
{
	const struct view_format *f = view_format_find(format);

	ck_assert_msg(f != NULL, "no format %s", format);
	f->render(c->list, c->n, o, ret);
}

START_TEST(golden)
{
	const struct status_case *c = &status_cases[(size_t)_i / ARRAY_LEN(variants)];
	const struct variant *v = &variants[(size_t)_i % ARRAY_LEN(variants)];
	struct str out = STR_INIT;
	char name[128];

	snprintf(name, sizeof(name), "%s.%s", c->name, v->suffix);
	render(c, v->format, &v->o, &out);
	golden_check(name, &out);
	str_done(&out);
}
END_TEST

/* Resolvers that are known by address only: what they have in common is said once, and the table stays in one piece. */
START_TEST(text_heads_of_addresses)
{
	static const char *const addresses[8] = {
		"127.49.158.11:5300", "127.49.158.12:5300", "127.49.158.13:5300", "127.49.158.14:5300",
		"127.49.158.15:5300", "127.49.158.16:5300", "127.49.158.17:5300", "127.49.158.17:5301",
	};
	struct status_cell cells[8];
	struct status_record record = { .id = "autodiscover", .name = "autodiscover.contoso.test", .type = "CNAME",
	    .need = NEED_REQUIRED, .service = "exchange", .state = RECORD_VISIBLE, .cells = cells, .n_cells = 8 };
	struct status st = { .domain = "contoso.test", .state = DOMAIN_COMPLETE, .complete = true, .confirm = 2,
	    .n_required = 1, .records = &record, .n_records = 1 };
	const struct status *list = &st;
	struct view_options o = { .width = 100 };
	struct str out = STR_INIT;

	for (size_t i = 0; i < 8; i++)
		cells[i] = (struct status_cell){ .source = addresses[i], .operator = addresses[i], .address = addresses[i],
		    .kind = SOURCE_RESOLVER, .class = CLASS_QUORUM, .verdict = VERDICT_OK, .confirmed = 2, .rcode = 0, .ttl = 60 };
	view_format_find("text")->render(&list, 1, &o, &out);
	ck_assert_msg(strstr(str_c(&out), "  ~11  ~12  ~13  ~14  ~15  ~16  ~17:5300  ~17:5301\n") != NULL, "%s", str_c(&out));
	ck_assert_msg(strstr(str_c(&out), "\n~ stands for 127.49.158.\n") != NULL, "%s", str_c(&out));
	str_done(&out);
}
END_TEST

/* Two tables of three columns, and not five and one that is left over. */
START_TEST(text_balances_tables)
{
	static const char *const names[] = { "cloudflare", "google", "quad9", "opendns", "dns4eu", "adguard" };
	struct status_cell cells[ARRAY_LEN(names)];
	struct status_record record = { .id = "autodiscover", .name = "autodiscover.contoso.test", .type = "CNAME",
	    .need = NEED_REQUIRED, .service = "exchange", .state = RECORD_VISIBLE, .cells = cells, .n_cells = ARRAY_LEN(names) };
	struct status st = { .domain = "contoso.test", .state = DOMAIN_COMPLETE, .complete = true, .confirm = 2,
	    .n_required = 1, .records = &record, .n_records = 1 };
	const struct status *list = &st;
	struct view_options o = { .width = 80 };
	struct str out = STR_INIT;

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		cells[i] = (struct status_cell){ .source = names[i], .operator = names[i], .address = "192.0.2.1",
		    .kind = SOURCE_RESOLVER, .class = CLASS_QUORUM, .verdict = VERDICT_OK, .confirmed = 2, .rcode = 0, .ttl = 60 };
	view_format_find("text")->render(&list, 1, &o, &out);
	ck_assert_msg(strstr(str_c(&out), "STATE    cloudflare  google  quad9\n") != NULL, "%s", str_c(&out));
	ck_assert_msg(strstr(str_c(&out), "STATE    opendns  dns4eu  adguard\n") != NULL, "%s", str_c(&out));
	str_done(&out);
}
END_TEST

/* ---- what holds for every case and every option ---- */

/* NULL, or what is wrong. */
static const char *
unsafe(const struct str *out, const struct view_options *o)
{
	for (size_t i = 0; i < out->len; i++) {
		uint8_t b = (uint8_t)out->p[i];

		if (b < 0x20 && b != '\n' && !(b == 033 && o->color))
			return "a control byte";
		if (b >= 0x7f && !o->unicode)
			return "a byte beyond ASCII";
		if (b == ' ' && out->p[i + 1] == '\n')
			return "a blank at the end of a line";
	}
	return NULL;
}

START_TEST(text_is_safe)
{
	const struct status_case *c = &status_cases[(size_t)_i];
	const char *why;

	for (unsigned bits = 0; bits < 16; bits++)
		for (unsigned width = 0; width < 140; width += 7) {
			struct view_options o = { .color = bits & 1, .verbose = bits & 2, .quiet = bits & 4, .unicode = bits & 8,
			    .width = width };
			struct str out = STR_INIT;

			render(c, "text", &o, &out);
			why = unsafe(&out, &o);
			ck_assert_msg(why == NULL, "%s: %s: %s", c->name, why, str_c(&out));
			str_done(&out);
		}
}
END_TEST

START_TEST(json_parses)
{
	const struct status_case *c = &status_cases[(size_t)_i];
	const struct view_options o = { .until = UNTIL_COMPLETE };
	struct str out = STR_INIT;
	json_error_t e;
	json_t *j;

	render(c, "json", &o, &out);
	j = json_loadb(str_c(&out), out.len, JSON_REJECT_DUPLICATES, &e);
	ck_assert_msg(j != NULL, "%s: %s at %d", c->name, e.text, e.position);
	ck_assert_ptr_eq(strpbrk(str_c(&out), "<>&\033\177"), NULL);
	if (c->n == 1)
		ck_assert_str_eq(json_string_value(json_object_get(j, "domain")), c->list[0]->domain);
	else
		ck_assert_uint_eq(json_array_size(json_object_get(j, "domains")), c->n);
	json_decref(j);
	str_done(&out);
}
END_TEST

START_TEST(transitions)
{
	static const struct transition list[] = {
		{ 412, INT64_C(1795256430000), "contoso.test", "mx", "google", "published", "regressed", EVENT_REGRESSED, "<b>" },
		{ 413, 0, "contoso.test", NULL, NULL, "pending", "complete", EVENT_COMPLETE, NULL },
	};
	struct str out = STR_INIT;
	struct json_writer j = { .out = &out };

	jsonw_open(&j, NULL, '[');
	jsonw_transition(&j, NULL, 17, &list[0]);
	jsonw_transition(&j, NULL, 18, &list[1]);
	jsonw_close(&j, ']');
	ck_assert_str_eq(str_c(&out),
	    "[{\"id\":17,\"revision\":412,\"at\":\"2026-11-21T10:20:30Z\",\"domain\":\"contoso.test\",\"record\":\"mx\","
	    "\"source\":\"google\",\"from\":\"published\",\"to\":\"regressed\",\"event\":\"regressed\",\"detail\":\"\\u003cb\\u003e\"},"
	    "{\"id\":18,\"revision\":413,\"at\":null,\"domain\":\"contoso.test\",\"record\":null,\"source\":null,"
	    "\"from\":\"pending\",\"to\":\"complete\",\"event\":\"complete\",\"detail\":null}]");
	str_done(&out);
}
END_TEST

START_TEST(nagios_first_line)
{
	const struct status_case *c = &status_cases[(size_t)_i];
	struct view_options o = { .until = UNTIL_COMPLETE, .verbose = true };
	struct str out = STR_INIT;
	const char *bar, *end;

	render(c, "nagios", &o, &out);
	bar = strchr(str_c(&out), '|');
	end = strchr(str_c(&out), '\n');
	ck_assert_msg(bar != NULL && end != NULL && bar < end && strchr(bar + 1, '|') == NULL, "%s: %s", c->name, str_c(&out));
	ck_assert_uint_eq(strspn(end - 1, "0123456789s"), 1);
	ck_assert_uint_le(out.len, 4096);
	str_done(&out);
}
END_TEST

/* ---- the exit code ---- */

static const struct status_finding an_error = { .code = "x", .severity = SEVERITY_ERROR };

static const struct {
	const char *name;
	struct status s;
	enum until until;
	int want;
} exits[] = {
	{ "pending", { .state = DOMAIN_PENDING }, UNTIL_COMPLETE, 3 },
	{ "unknown", { .state = DOMAIN_UNKNOWN }, UNTIL_COMPLETE, 3 },
	{ "unpublished", { .state = DOMAIN_UNPUBLISHED }, UNTIL_PUBLISHED, 2 },
	{ "published", { .state = DOMAIN_PUBLISHED, .published = true }, UNTIL_COMPLETE, 1 },
	{ "published is enough", { .state = DOMAIN_PUBLISHED, .published = true }, UNTIL_PUBLISHED, 0 },
	{ "published, not visible", { .state = DOMAIN_PUBLISHED, .published = true }, UNTIL_VISIBLE, 1 },
	{ "visible is enough", { .state = DOMAIN_PUBLISHED, .published = true, .visible = true }, UNTIL_VISIBLE, 0 },
	{ "visible is not complete", { .state = DOMAIN_PUBLISHED, .published = true, .visible = true }, UNTIL_COMPLETE, 1 },
	{ "complete", { .state = DOMAIN_COMPLETE, .published = true, .visible = true, .complete = true }, UNTIL_COMPLETE, 0 },
	{ "regressed", { .state = DOMAIN_REGRESSED }, UNTIL_COMPLETE, 2 },
	{ "unknown with an error", { .state = DOMAIN_UNKNOWN, .findings = &an_error, .n_findings = 1 }, UNTIL_COMPLETE, 2 },
	{ "published with an error", { .state = DOMAIN_PUBLISHED, .findings = &an_error, .n_findings = 1 }, UNTIL_COMPLETE, 2 },
	{ "a state from the future", { .state = (enum domain_state)99 }, UNTIL_COMPLETE, 3 },
};

START_TEST(exit_code)
{
	int got = view_exit_code(&exits[_i].s, exits[_i].until);

	ck_assert_msg(got == exits[_i].want, "%s: %d", exits[_i].name, got);
}
END_TEST

START_TEST(exit_worse)
{
	static const int order[] = { 2, 3, 1, 0 };	/* worst first */

	for (size_t i = 0; i < 4; i++)
		for (size_t k = 0; k < 4; k++)
			ck_assert_int_eq(view_exit_worse(order[i], order[k]), order[i < k ? i : k]);
}
END_TEST

START_TEST(line)
{
	static const char *const want[] = {
		"contoso.test: pending, published 0/2, visible 0 %",
		"contoso.test: unpublished, published 0/2, visible 0 %, 2 errors (mx-extra mx, record-missing autodiscover)",
		"contoso.test: published 3/3, visible 78 %, ETA 10:25:17Z (in 5m)",
		"xn--mnchen-3ya.test: complete, published 1/1, visible 100 %",
		"fabrikam.test: unknown, published 0/1, visible 0 %, 1 warning (authority-unreachable)",
		"contoso.test: regressed, published 0/1, visible 0 %, 1 error (spf-syntax spf)",
		"contoso.onmicrosoft.com: pending",
	};
	struct str out = STR_INIT;

	view_line(status_cases[_i].list[0], &out);
	ck_assert_str_eq(str_c(&out), want[_i]);
	str_done(&out);
}
END_TEST

/* One cause in many records is one word. */
START_TEST(line_names_a_code_once)
{
	static const struct {
		const char *codes[6], *want;
	} cases[] = {
		{ { "record-missing", "record-missing", "record-missing" }, "contoso.test: unpublished, 3 errors (record-missing)" },
		{ { "mx-extra", "record-missing", "mx-extra", "record-missing", "spf-syntax" },
		  "contoso.test: unpublished, 5 errors (mx-extra, record-missing, spf-syntax)" },
		{ { "mx-extra", "mx-extra", "spf-syntax", "txt-case", "txt-quoted" },
		  "contoso.test: unpublished, 5 errors (mx-extra, spf-syntax, txt-case, ...)" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct status_finding findings[6] = { { .code = NULL } };
		struct status s = { .domain = "contoso.test", .state = DOMAIN_UNPUBLISHED, .findings = findings };
		struct str out = STR_INIT;

		for (; cases[i].codes[s.n_findings] != NULL; s.n_findings++) {
			findings[s.n_findings].code = cases[i].codes[s.n_findings];
			findings[s.n_findings].severity = SEVERITY_ERROR;
		}
		view_line(&s, &out);
		ck_assert_str_eq(str_c(&out), cases[i].want);
		str_done(&out);
	}
}
END_TEST

/* The records beside it: what is to be looked at. */
START_TEST(line_names_the_records)
{
	static const char *const records[] = { "mx", "spf", "autodiscover", "dmarc" };
	struct status_finding findings[ARRAY_LEN(records)] = { { .code = NULL } };
	struct status s = { .domain = "contoso.test", .state = DOMAIN_UNPUBLISHED, .findings = findings };
	struct str out = STR_INIT;

	for (size_t i = 0; i < ARRAY_LEN(records); i++)
		findings[s.n_findings++] = (struct status_finding){ .code = "record-missing", .severity = SEVERITY_ERROR,
		    .record = records[i] };
	view_line(&s, &out);
	ck_assert_str_eq(str_c(&out), "contoso.test: unpublished, 4 errors (record-missing mx spf autodiscover ...)");
	str_done(&out);
}
END_TEST

/* ---- evidence ---- */

/* What several servers say alike is one line, but for those who want each. */
START_TEST(text_folds_evidence)
{
	static const struct {
		const char *name, *evidence[4], *want, *want_verbose;
	} cases[] = {
		{ "alike", { "a.test. IN MX: NXDOMAIN (ns1 192.0.2.1)", "a.test. IN MX: NXDOMAIN (ns2 192.0.2.2)" },
		  "\n    | a.test. IN MX: NXDOMAIN (ns1 192.0.2.1, and others)\n",
		  "\n    | a.test. IN MX: NXDOMAIN (ns1 192.0.2.1)\n    | a.test. IN MX: NXDOMAIN (ns2 192.0.2.2)\n" },
		{ "between others", { "a.test. 5 IN MX 1 b. (x)", "a.test. 5 IN MX 1 c. (x)", "a.test. 5 IN MX 1 b. (y)" },
		  "\n    | a.test. 5 IN MX 1 b. (x, and others)\n    | a.test. 5 IN MX 1 c. (x)\n", NULL },
		{ "not alike", { "a.test. 5 IN MX 1 b. (x)", "a.test. 6 IN MX 1 b. (x)" },
		  "\n    | a.test. 5 IN MX 1 b. (x)\n    | a.test. 6 IN MX 1 b. (x)\n", NULL },
		{ "nobody said it", { "a.test", "a.test", ")", "()" }, "\n    | a.test\n    | a.test\n    | )\n    | ()\n", NULL },
	};

	for (size_t i = 0; i < 2 * ARRAY_LEN(cases); i++) {
		struct status_finding f = { .code = "mx-extra", .severity = SEVERITY_ERROR, .title = "t", .detail = "d", .advice = "",
		    .evidence = cases[i / 2].evidence };
		struct status st = { .domain = "a.test", .state = DOMAIN_UNPUBLISHED, .findings = &f, .n_findings = 1 };
		const struct status *list = &st;
		struct view_options o = { .width = 100, .verbose = i % 2 != 0 };
		const char *want = o.verbose ? cases[i / 2].want_verbose : cases[i / 2].want;
		struct str out = STR_INIT;

		while (f.n_evidence < 4 && cases[i / 2].evidence[f.n_evidence] != NULL)
			f.n_evidence++;
		view_format_find("text")->render(&list, 1, &o, &out);
		ck_assert_msg(want == NULL || strstr(str_c(&out), want) != NULL, "%s: %s", cases[i / 2].name, str_c(&out));
		str_done(&out);
	}
}
END_TEST

/* ---- what remains to be done ---- */

#define STEP_CELL(value, told) \
	.cells = &(const struct status_cell){ .kind = SOURCE_AUTHORITY, .verdict = VERDICT_OK, .ttl_told = told, \
	    .values = (const char *const[]){ value }, .n_values = 1 }, .n_cells = 1
static const struct {
	const char *name;
	struct status_record r;
	const char *profile;
	bool complete;
	const char *want;	/* the words of the steps, NULL = none */
} step_cases[] = {
	{ "proof", { .id = "verification", .state = RECORD_VISIBLE }, "cloud-only", true, "verify " },
	{ "not complete yet", { .id = "verification", .state = RECORD_VISIBLE }, "cloud-only", false, "" },
	{ "optional", { .id = "dkim-selector2", .need = NEED_OPTIONAL, .state = RECORD_VISIBLE }, "cloud-only", true, "" },
	{ "DKIM", { .id = "dkim-selector2", .state = RECORD_VISIBLE }, "cloud-only", true, "enable-dkim " },
	{ "MX, TTL as usual", { .id = "mx", .state = RECORD_VISIBLE, STEP_CELL("0 mx", 3600) }, "cloud-only", true,
	  "keep-old-mail-server " },
	{ "MX, TTL low", { .id = "mx", .state = RECORD_VISIBLE, STEP_CELL("0 mx", 300) }, "cloud-only", true,
	  "keep-old-mail-server raise-ttl " },
	{ "MX of a hybrid organisation", { .id = "mx", .state = RECORD_VISIBLE, STEP_CELL("0 mx", 3600) }, "hybrid", true, "" },
	{ "MX at a filter", { .id = "mx", .state = RECORD_VISIBLE, STEP_CELL("0 mx", 3600) }, "filtered", true, "" },
	{ "DMARC that only looks", { .id = "dmarc", .state = RECORD_VISIBLE, STEP_CELL("v=DMARC1; p=none", 3600) }, "cloud-only",
	  true, "strengthen-dmarc " },
	{ "DMARC that rejects", { .id = "dmarc", .state = RECORD_VISIBLE, STEP_CELL("v=DMARC1; p=reject", 3600) }, "cloud-only",
	  true, "" },
};

START_TEST(steps)
{
	struct status s = { .domain = "contoso.test", .complete = step_cases[_i].complete, .profile = step_cases[_i].profile };
	struct str text = STR_INIT, words = STR_INIT;
	struct status_record r = step_cases[_i].r;
	const char *step;

	r.name = "name.test";
	s.records = &r;
	s.n_records = 1;
	for (size_t i = 0; view_step_next(&s, &i, &step, &text); str_addf(&words, "%s ", step)) {
		ck_assert_msg(text.len > 0 && strchr(str_c(&text), '{') == NULL, "%s: %s", step_cases[_i].name, str_c(&text));
	}
	ck_assert_msg(strcmp(str_c(&words), step_cases[_i].want) == 0, "%s: %s", step_cases[_i].name, str_c(&words));
	str_done(&words);
	str_done(&text);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("view");
	TCase *t = tcase_create("view");
	SRunner *sr = srunner_create(s);
	int failed;

	suite_add_tcase(s, t);
	tcase_add_loop_test(t, golden, 0, (int)(n_status_cases * ARRAY_LEN(variants)));
	tcase_add_test(t, text_heads_of_addresses);
	tcase_add_test(t, text_balances_tables);
	tcase_add_loop_test(t, text_is_safe, 0, (int)n_status_cases);
	tcase_add_loop_test(t, json_parses, 0, (int)n_status_cases);
	tcase_add_loop_test(t, nagios_first_line, 0, (int)n_status_cases);
	tcase_add_loop_test(t, exit_code, 0, (int)ARRAY_LEN(exits));
	tcase_add_test(t, exit_worse);
	tcase_add_loop_test(t, steps, 0, (int)ARRAY_LEN(step_cases));
	tcase_add_test(t, transitions);
	tcase_add_loop_test(t, line, 0, 7);
	tcase_add_test(t, line_names_a_code_once);
	tcase_add_test(t, line_names_the_records);
	tcase_add_test(t, text_folds_evidence);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed > 0;
}
