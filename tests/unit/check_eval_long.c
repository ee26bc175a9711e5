/* SPDX-License-Identifier: ISC */
/*
 * check_eval_long: answers as long as DNS lets them be.  What a stranger's zone says may be thousands of values, or one text of
 * sixty thousand blanks; judging it must cost about as much as reading it, and what is told of it must fit on a page.  The time
 * limit of libcheck is the measure: what grows with the square of an answer takes a minute here.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include <tests/lib/matrix.h>
#include <tests/lib/suite.h>

#define CONF "domain \"contoso.test\" { verification = \"MS=ms12345678\" tenant = \"contoso\" services = {\"exchange\", \"teams\", " \
	"\"dmarc\", \"mta-sts\", \"tls-rpt\"} record \"www\" { name = \"www\" type = A value = \"192.0.2.1\" } }"
#define TOLD_MAX 16384		/* of one finding: a value or two, and some lists */

static const struct {
	const char *name, *id;
	const char *head, *unit, *tail;	/* of each value: unit so many times */
	unsigned times, values;		/* NUMBER in a value is its own */
} rows[] = {
	{ "thousands of texts", "verification", "TXT a", "NUMBER", "", 1, 4000 },
	{ "thousands of SPF records", "spf", "TXT v=spf1 a:NUMBER", "", "", 1, 4000 },
	{ "thousands of slips", "spf", "TXT \"v=spf1 a:NUMBER", "", "\"", 1, 4000 },
	{ "thousands of proofs of others", "verification", "TXT MS=msNUMBER", "", "", 1, 4000 },
	{ "thousands of mail servers", "mx", "MX 10 aNUMBER.x.test", "", "", 1, 4000 },
	{ "thousands of servers", "sipfederationtls", "SRV 100 1 443 aNUMBER.x.test", "", "", 1, 2500 },
	{ "thousands of aliases", "autodiscover", "CNAME aNUMBER.x.test", "", "", 1, 4000 },
	{ "thousands of policies", "dmarc", "TXT v=DMARC1\\x3b p=none\\x3b x=NUMBER", "", "", 1, 2000 },
	{ "thousands of addresses", "www", "A 192.0.NUMBER", "", "", 1, 4000 },
	{ "blanks before an SPF record", "spf", "TXT ", " ", "v=spf1 -all", 60000, 1 },
	{ "quotes before a policy", "dmarc", "TXT ", "\"", "v=DMARC1", 60000, 1 },
	{ "the proof again and again", "verification", "TXT ", "MS=ms12345678 ", "x", 4200, 1 },
	{ "terms behind the end", "spf", "TXT v=spf1 -all", " a", "", 29000, 1 },
	{ "includes", "spf", "TXT v=spf1", " include:a.b", " -all", 5000, 1 },
	{ "tags", "dmarc", "TXT v=DMARC1", "\\x3b p=none", "", 7000, 1 },
};

/* "192.0.NUMBER" becomes an address for every number below 65536. */
static void
add_counted(struct str *s, const char *text, unsigned number)
{
	const char *at = strstr(text, "NUMBER");

	if (at == NULL) {
		str_add(s, text);
		return;
	}
	str_addn(s, text, (size_t)(at - text));
	if (strncmp(text, "A ", 2) == 0)
		str_addf(s, "%u.", number / 256);
	str_addf(s, "%u%s", strncmp(text, "A ", 2) == 0 ? number % 256 : 10000 + number, at + strlen("NUMBER"));
}

static void
add_cells(struct str *s, size_t row)
{
	str_addf(s, "%s = {", rows[row].id);
	for (unsigned i = 0; i < rows[row].values; i++) {
		str_add(s, i > 0 ? "; " : "");
		add_counted(s, rows[row].head, i);
		for (unsigned k = 0; k < rows[row].times; k++)
			add_counted(s, rows[row].unit, i);
		str_add(s, rows[row].tail);
	}
	str_add(s, "}\n* = ok");
}

static size_t
told(const struct finding *f)
{
	size_t n = strlen(f->detail) + strlen(f->advice);

	for (size_t i = 0; i < f->n_evidence; i++)
		n += strlen(f->evidence[i]);
	return n;
}

START_TEST(long_answers)
{
	struct arena *a = arena_new();
	struct record_prior *records = arena_alloc(a, 64 * sizeof(*records));
	struct domain_prior prior = { 0, false, records };
	struct str cells = STR_INIT;
	struct domain_result r;
	struct matrix *m;
	struct fix fix;

	add_cells(&cells, (size_t)_i);
	m = matrix_of(a, plan_of(CONF), "found", "ns1@192.0.2.1", str_c(&cells));
	eval_domain(m, &prior, a, &r);
	eval_fix(m, &r, false, a, &fix);
	ck_assert_msg(r.n_findings > 0 && r.n_findings < 20, "%s: %zu findings", rows[_i].name, r.n_findings);
	for (size_t k = 0; k < r.n_findings && rows[_i].values > 1; k++)
		ck_assert_msg(told(&r.findings[k]) < TOLD_MAX, "%s: %s tells %zu bytes", rows[_i].name,
		    finding_rows[r.findings[k].code].code, told(&r.findings[k]));
	str_done(&cells);
	arena_free(a);
	plans_done();
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("eval long");
	TCase *t = tcase_create("long");

	tcase_set_timeout(t, 10);
	tcase_add_loop_test(t, long_answers, 0, (int)ARRAY_LEN(rows));
	suite_add_tcase(suite, t);
	return suite_run(suite);
}
