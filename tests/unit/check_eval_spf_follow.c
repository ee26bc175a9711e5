/* SPDX-License-Identifier: ISC */
/*
 * check_eval_spf_follow: an SPF record with what it leads to, from the answers to the findings.  A case has the record, what is
 * known aside (tests/lib/matrix.h), and wants the findings of the record, "code" an error, "code?" a warning; words: in their
 * details.  Without an error the record is published.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include <tests/lib/matrix.h>
#include <tests/lib/suite.h>

#define DOMAIN(rest) "domain \"contoso.test\" { " rest " }"
#define CLOUD	DOMAIN("services = {\"exchange\"}")
#define SENDERS	DOMAIN("spf { ip4 = {\"11.0.113.5\"} ip6 = {\"2a00:99:5::/48\"} }")
#define NETWORK	DOMAIN("spf { ip4 = {\"11.0.113.0/28\"} }")
#define OTHERS	DOMAIN("spf { include = {\"mail.example.net\"} }")
#define HIGH	DOMAIN("cloud = gcc-high tenant = \"fabrikam\"")
#define VERIFY	DOMAIN("verification = \"MS=ms1\" profile = verify-only")
#define PARKED	DOMAIN("profile = parked")

#define MS	"lookup spf.protection.outlook.com TXT = TXT v=spf1 ip4:40.92.0.0/15 ip4:52.100.0.0/15 ip6:2a01:111:f400::/48 -all\n"
#define INC	"include:spf.protection.outlook.com"

static const struct {
	const char *name, *conf, *record, *facts, *findings, *words;
} cases[] = {
	/* reached, directly or not */
	{ "directly", CLOUD, "v=spf1 " INC " -all", MS, "", "" },
	{ "directly, and it cannot be asked", CLOUD, "v=spf1 " INC " -all", "", "spf-undetermined?", "spf.protection.outlook.com TXT: timeout" },
	{ "the root denies Microsoft's", CLOUD, "v=spf1 " INC " -all", "lookup spf.protection.outlook.com TXT = NXDOMAIN .",
	    "spf-undetermined?", "spf.protection.outlook.com TXT: the denial does not come from Microsoft" },
	{ "another cloud's, denied from above", HIGH, "v=spf1 include:spf.protection.office365.us -all",
	    "lookup spf.protection.office365.us TXT = NODATA us", "spf-undetermined?", "does not come from Microsoft" },
	{ "Microsoft denies its own", CLOUD, "v=spf1 " INC " include:spfz.protection.outlook.com -all",
	    MS "lookup spfz.protection.outlook.com TXT = NXDOMAIN outlook.com", "spf-include-invalid", "does not exist" },
	{ "a stranger's, denied by the root", CLOUD, "v=spf1 " INC " include:a.example -all", MS "lookup a.example TXT = NXDOMAIN .",
	    "spf-include-invalid", "a.example does not exist" },
	{ "by nesting", CLOUD, "v=spf1 include:secureserver.net -all", MS "lookup secureserver.net TXT = TXT v=spf1 " INC " -all", "", "" },
	{ "by nesting twice", CLOUD, "v=spf1 include:a.example -all", MS "lookup a.example TXT = TXT v=spf1 include:b.example ~all\n"
	    "lookup b.example TXT = TXT v=spf1 ip4:192.0.2.1 " INC " ?all", "", "" },
	{ "by a redirect", CLOUD, "v=spf1 redirect=a.example", MS "lookup a.example TXT = TXT v=spf1 " INC " -all", "", "" },
	{ "by an include with the domain in it", CLOUD, "v=spf1 include:%{d}._spf.example -all",
	    MS "lookup contoso.test._spf.example TXT = TXT v=spf1 " INC " -all", "", "" },
	{ "not by nesting", CLOUD, "v=spf1 include:a.example -all", MS "lookup a.example TXT = TXT v=spf1 ip4:198.51.100.7 -all",
	    "spf-include-missing", "nor in what it includes" },
	{ "nested, but with a minus", CLOUD, "v=spf1 include:a.example -all", MS "lookup a.example TXT = TXT v=spf1 -" INC " ?all",
	    "spf-include-missing", "" },
	{ "nested below a minus", CLOUD, "v=spf1 -include:a.example ~all", MS "lookup a.example TXT = TXT v=spf1 " INC " ?all",
	    "spf-include-missing", "" },
	{ "behind the all of the other", CLOUD, "v=spf1 include:a.example -all", MS "lookup a.example TXT = TXT v=spf1 -all " INC,
	    "spf-include-missing", "" },
	{ "a redirect that all makes void", CLOUD, "v=spf1 redirect=a.example -all", MS "lookup a.example TXT = TXT v=spf1 " INC " -all",
	    "spf-include-missing", "" },
	{ "perhaps: a nested one cannot be asked", CLOUD, "v=spf1 include:a.example -all", MS, "spf-undetermined?",
	    "a.example TXT: timeout" },
	{ "another cloud's, nested", HIGH, "v=spf1 include:a.example -all", MS "lookup a.example TXT = TXT v=spf1 " INC " -all\n"
	    "lookup spf.protection.office365.us TXT = TXT v=spf1 ip4:23.103.191.0/24 -all", "spf-include-missing", "" },
	{ "another cloud's own name", HIGH, "v=spf1 " INC " -all", MS, "cloud-mixed", "" },
	{ "the administrator's own include", OTHERS, "v=spf1 " INC " include:mail.example.net -all",
	    MS "lookup mail.example.net TXT = TXT v=spf1 ip4:198.51.100.7 -all", "", "" },
	{ "the administrator's own include by nesting", OTHERS, "v=spf1 " INC " include:a.example -all",
	    MS "lookup a.example TXT = TXT v=spf1 include:mail.example.net -all\n"
	    "lookup mail.example.net TXT = TXT v=spf1 ip4:198.51.100.7 -all", "", "" },
	{ "without the administrator's own include", OTHERS, "v=spf1 " INC " -all",
	    MS "lookup mail.example.net TXT = TXT v=spf1 ip4:198.51.100.7 -all", "spf-include-missing", "include:mail.example.net is not in it" },
	{ "nothing is mandatory", PARKED, "v=spf1 -all", "", "", "" },

	/* made of macros */
	{ "macros by which Microsoft passes", CLOUD, "v=spf1 include:%{i}._ip.example ~all", MS "lookup 40.92.0.0._ip.example TXT = TXT v=spf1 +all", "",
	    "" },
	{ "macros by which Microsoft does not pass", CLOUD, "v=spf1 include:%{i}._ip.example ~all", MS "lookup * TXT = TXT v=spf1 -all",
	    "spf-undetermined?", "cannot be told from the record" },
	{ "macros beside the include", CLOUD, "v=spf1 " INC " include:%{i}._ip.example exists:%{h}.example ptr -all", MS, "", "" },

	/* look-ups */
	{ "ten look-ups in all", CLOUD, "v=spf1 " INC " include:a.example -all", MS "lookup a.example TXT = TXT v=spf1 a:h.example mx:h.example "
	    "a:h.example a:h.example a:h.example a:h.example exists:h.example ptr -all\nlookup h.example A = A 192.0.2.1\n"
	    "lookup h.example MX = MX 10 h.example", "", "" },
	{ "eleven look-ups in all", CLOUD, "v=spf1 a:h.example " INC " include:a.example -all", MS "lookup a.example TXT = TXT v=spf1 a:h.example "
	    "a:h.example a:h.example a:h.example a:h.example a:h.example a:h.example ptr -all\nlookup h.example A = A 192.0.2.1",
	    "spf-too-many-lookups", "it needs 11 look-ups, and only 10 are allowed; include:a.example alone takes 9" },
	{ "the same include twice counts twice", CLOUD, "v=spf1 " INC " include:a.example include:a.example -all",
	    MS "lookup a.example TXT = TXT v=spf1 a:h.example a:h.example a:h.example a:h.example -all\nlookup h.example A = A 192.0.2.1",
	    "spf-too-many-lookups", "11 look-ups" },
	{ "what all cuts off costs nothing", CLOUD, "v=spf1 " INC " include:a.example -all", MS "lookup a.example TXT = TXT v=spf1 -all "
	    "a:x.example a:x.example a:x.example a:x.example a:x.example a:x.example a:x.example a:x.example a:x.example a:x.example", "", "" },
	{ "far too many", CLOUD, "v=spf1 " INC " include:a.example -all", MS "lookup a.example TXT = TXT v=spf1 include:%{d1r}1.b.example include:%{d1r}2.b.example -all\n"
	    "lookup * TXT = TXT v=spf1 include:x%{d3r} include:y%{d3r} -all", "spf-too-many-lookups", "at least" },
	{ "an mx with eleven hosts", CLOUD, "v=spf1 " INC " mx:h.example -all", MS "lookup h.example MX = MX 1 a.example; MX 2 b.example; MX 3 c.example; "
	    "MX 4 d.example; MX 5 e.example; MX 6 f.example; MX 7 g.example; MX 8 h.example; MX 9 i.example; MX 10 j.example; MX 11 k.example",
	    "spf-too-many-lookups", "mx:h.example has 11 hosts" },

	/* void look-ups */
	{ "two void look-ups", CLOUD, "v=spf1 a:v1.example mx:v2.example " INC " -all", MS "lookup * * = NXDOMAIN", "", "" },
	{ "three void look-ups", CLOUD, "v=spf1 a:v1.example mx:v2.example exists:v3.example " INC " -all", MS "lookup * * = NXDOMAIN",
	    "spf-too-many-void-lookups", "3 look-ups lead nowhere, and only 2 may: v1.example does not exist, v2.example does not exist, v3.example does not exist" },
	{ "a name with AAAA only leads somewhere", CLOUD, "v=spf1 a:six.example a:six.example a:six.example " INC " -all",
	    MS "lookup six.example A = NODATA\nlookup six.example AAAA = AAAA 2001:db8::1", "", "" },
	{ "nested voids count", CLOUD, "v=spf1 a:v1.example include:a.example " INC " -all", MS "lookup a.example TXT = TXT v=spf1 a:v2.example a:v3.example ?all\n"
	    "lookup * * = NODATA", "spf-too-many-void-lookups", "v3.example has no AAAA record" },
	{ "what cannot be asked is not void", CLOUD, "v=spf1 a:v1.example a:v2.example a:v3.example " INC " -all", MS,
	    "spf-undetermined? spf-undetermined? spf-undetermined?", "v3.example A: timeout" },

	/* loops and dead ends */
	{ "itself", CLOUD, "v=spf1 " INC " include:contoso.test -all", MS, "spf-loop", "include:contoso.test leads back to contoso.test" },
	{ "itself by way of another", CLOUD, "v=spf1 " INC " include:a.example -all", MS "lookup a.example TXT = TXT v=spf1 include:Contoso.TEST. -all",
	    "spf-loop", "leads back to contoso.test" },
	{ "others in a circle", CLOUD, "v=spf1 " INC " include:a.example -all", MS "lookup a.example TXT = TXT v=spf1 include:b.example -all\n"
	    "lookup b.example TXT = TXT v=spf1 redirect=a.example", "spf-loop", "redirect=a.example leads back to a.example" },
	{ "an include of nothing", CLOUD, "v=spf1 " INC " include:a.example -all", MS "lookup a.example TXT = NXDOMAIN", "spf-include-invalid",
	    "a.example does not exist" },
	{ "an include without TXT", CLOUD, "v=spf1 " INC " include:a.example -all", MS "lookup a.example TXT = NODATA", "spf-include-invalid",
	    "a.example has no TXT record" },
	{ "an include without SPF", CLOUD, "v=spf1 " INC " include:a.example -all", MS "lookup a.example TXT = TXT hello", "spf-include-invalid",
	    "a.example has no SPF record" },
	{ "an include with two", CLOUD, "v=spf1 " INC " include:a.example -all", MS "lookup a.example TXT = TXT v=spf1 -all; TXT v=spf1 +all",
	    "spf-include-invalid", "a.example has 2 SPF records" },
	{ "an include with a mistake", CLOUD, "v=spf1 " INC " include:a.example -all", MS "lookup a.example TXT = TXT v=spf1 nonsense",
	    "spf-include-invalid", "the SPF record of a.example has a mistake" },
	{ "a redirect to nothing", CLOUD, "v=spf1 " INC " redirect=a.example", MS "lookup a.example TXT = NXDOMAIN", "spf-include-invalid", "" },
	{ "a nested include of nothing", CLOUD, "v=spf1 " INC " include:a.example -all", MS "lookup a.example TXT = TXT v=spf1 include:b.example -all\n"
	    "lookup b.example TXT = NXDOMAIN", "spf-include-invalid", "b.example does not exist" },
	{ "an include of a broken alias", CLOUD, "v=spf1 " INC " include:a.example -all", MS "lookup a.example TXT = LOOP", "spf-undetermined?",
	    "a.example TXT" },
	{ "servfail is not invalid", CLOUD, "v=spf1 " INC " include:a.example -all", MS "lookup a.example TXT = servfail", "spf-undetermined?",
	    "a.example TXT: servfail" },

	/* slips of the pen */
	{ "misspelt", CLOUD, "v=spf1 include:spf.protection.outlok.com -all", MS "lookup spf.protection.outlok.com TXT = NXDOMAIN",
	    "spf-include-missing", "include:spf.protection.outlok.com stands where " INC " belongs" },
	{ "misspelt, and somebody lives there", CLOUD, "v=spf1 include:spf.protection.outlok.com -all",
	    MS "lookup spf.protection.outlok.com TXT = TXT v=spf1 +all", "spf-include-missing", "stands where" },
	{ "misspelt, beside the right one", CLOUD, "v=spf1 " INC " include:spf.protection.outlok.com -all",
	    MS "lookup spf.protection.outlok.com TXT = NXDOMAIN", "spf-include-invalid", "" },
	{ "misspelt, and it cannot be asked", CLOUD, "v=spf1 include:spf.protection.outlok.com -all", MS, "spf-undetermined?", "" },

	/* flattened */
	{ "all of it", CLOUD, "v=spf1 ip4:40.92.0.0/15 ip4:52.100.0.0/15 ip6:2a01:111:f400::/48 -all", MS, "spf-flattened?",
	    "3 of the 3 networks of spf.protection.outlook.com are listed" },
	{ "wider than it", CLOUD, "v=spf1 ip4:40.0.0.0/8 ip4:52.0.0.0/8 ip6:2a01:111::/32 -all", MS, "spf-flattened?", "3 of the 3" },
	{ "a part of it", CLOUD, "v=spf1 ip4:40.92.0.0/15 -all", MS, "spf-include-missing spf-flattened?", "52.100.0.0/15 is not listed" },
	{ "single addresses of it", CLOUD, "v=spf1 ip4:11.0.113.5 ip4:40.92.0.1 ip4:52.101.0.0/16 -all", MS, "spf-include-missing spf-flattened?",
	    "0 of the 3 networks" },
	{ "nothing of it", CLOUD, "v=spf1 ip4:11.0.113.5 -all", MS, "spf-include-missing", "" },
	{ "in an include", CLOUD, "v=spf1 include:flat.example -all", MS "lookup flat.example TXT = TXT v=spf1 ip4:40.92.0.0/15 ip4:52.100.0.0/15 "
	    "ip6:2a01:111:f400::/48 -all", "spf-flattened?", "" },
	{ "beside the include", CLOUD, "v=spf1 ip4:40.92.0.0/15 " INC " -all", MS, "", "" },
	{ "nobody knows what Microsoft has", CLOUD, "v=spf1 ip4:40.92.0.0/15 -all", "", "spf-include-missing", "" },
	{ "Microsoft's own is nested", CLOUD, "v=spf1 ip4:40.92.0.0/15 -all", "lookup spf.protection.outlook.com TXT = TXT v=spf1 include:spfd.example -all\n"
	    "lookup spfd.example TXT = TXT v=spf1 ip4:40.92.0.0/16 ip4:40.93.0.0/16 -all", "spf-flattened?", "2 of the 2" },

	/* the administrator's senders */
	{ "named", SENDERS, "v=spf1 ip4:11.0.113.5 ip6:2a00:99:5::/48 " INC " -all", MS, "", "" },
	{ "in an include", SENDERS, "v=spf1 " INC " include:a.example -all", MS "lookup a.example TXT = TXT v=spf1 ip4:11.0.113.0/24 ip6:2a00:99::/32 ?all",
	    "", "" },
	{ "by mx and a", SENDERS, "v=spf1 mx a:six.example//48 " INC " -all", MS "lookup contoso.test MX = MX 10 mail.contoso.test\n"
	    "lookup mail.contoso.test A = A 11.0.113.5\nlookup * AAAA = AAAA 2a00:99:5::25\nlookup six.example A = NODATA", "", "" },
	{ "not allowed", SENDERS, "v=spf1 ip6:2a00:99:5::/48 " INC " ~all", MS, "spf-ip-missing", "mail from 11.0.113.5 gets softfail: contoso.test ~all" },
	{ "named behind a minus", SENDERS, "v=spf1 ip6:2a00:99:5::/48 -ip4:11.0.113.0/24 ip4:11.0.113.5 " INC " -all", MS, "spf-ip-missing",
	    "gets fail: contoso.test -ip4:11.0.113.0/24" },
	{ "half of a network", NETWORK, "v=spf1 ip4:11.0.113.0/29 " INC " -all", MS, "spf-ip-missing", "mail from 11.0.113.8/29 gets fail" },
	{ "a hole in a network", NETWORK, "v=spf1 ip4:11.0.113.0/29 ip4:11.0.113.8/31 ip4:11.0.113.11 ip4:11.0.113.12/30 " INC " -all", MS,
	    "spf-ip-missing", "mail from 11.0.113.10 gets fail" },
	{ "a hole that somebody made", NETWORK, "v=spf1 -ip4:11.0.113.6/31 ip4:11.0.113.0/24 " INC " -all", MS,
	    "spf-ip-missing", "mail from 11.0.113.6/31 gets fail: contoso.test -ip4:11.0.113.6/31" },
	{ "a network, by includes", NETWORK, "v=spf1 include:a.example include:b.example " INC " -all",
	    MS "lookup a.example TXT = TXT v=spf1 ip4:11.0.113.8/29 -all\nlookup b.example TXT = TXT v=spf1 a:h.example/29 -all\n"
	    "lookup h.example A = A 11.0.113.1", "", "" },
	{ "a network that nobody allows", NETWORK, "v=spf1 " INC " -all", MS, "spf-ip-missing", "mail from 11.0.113.0/28 gets fail" },
	{ "a record that asks with the address", NETWORK, "v=spf1 exists:%{i}.x.example " INC " -all", MS "lookup 11.0.113.0.x.example A = A 127.0.0.2\n"
	    "lookup 11.0.113.15.x.example A = NXDOMAIN", "spf-ip-missing", "mail from 11.0.113.15 gets fail" },
	{ "a network", NETWORK, "v=spf1 ip4:11.0.113.0/29 ip4:11.0.113.8/29 " INC " -all", MS, "", "" },
	{ "cannot be asked", SENDERS, "v=spf1 a:h.example " INC " -all", MS, "spf-undetermined?", "h.example A: timeout" },
	{ "the record is broken for them too", SENDERS, "v=spf1 include:a.example " INC " -all", MS "lookup a.example TXT = NXDOMAIN",
	    "spf-include-invalid", "" },

	/* where nothing is asked of the record, mistakes are warnings */
	{ "verify-only", VERIFY, "v=spf1 include:a.example -all", MS "lookup a.example TXT = NXDOMAIN", "spf-include-invalid?", "" },
	/* and what the record itself says is said as ever */
	{ "syntax", CLOUD, "v=spf1 include: spf.protection.outlook.com -all", MS, "spf-syntax", "" },
	{ "a hostile text", CLOUD, "v=spf1 " INC " include:a.example -all", MS "lookup a.example TXT = TXT v=spf1 \\x1b[31m\\xff", "spf-include-invalid",
	    "not visible ASCII" },
};

static struct status_of {
	const char *findings, *details, *asked;
	enum record_state state;
} play(struct arena *a, struct plan *plan, const char *record, const char *facts)
{
	struct matrix *m = matrix_of(a, plan, "found", "ns1@192.0.2.1", "spf = {TXT x}\n* = ok");
	int spf = plan_find(plan, "spf");
	const struct eval_cell *cell = MATRIX_CELL(m, plan_expectation(plan, (size_t)spf)->question, 0);
	struct status_of ret = { "", "", "", RECORD_PENDING };
	struct domain_result r;

	/* not as a cell's text, which macros would end */
	m->variants[cell->variant].answer = answer_of(a, DNS_TYPE_TXT, arena_printf(a, "TXT MS=ms1; TXT %s", record));
	ret.asked = matrix_eval(m, NULL, a, facts, &r);
	for (size_t i = 0; i < r.n_findings; i++) {
		const struct finding *f = &r.findings[i];

		if (f->expectation != spf)
			continue;
		ck_assert(f->n_evidence > 0 && f->n_sources > 0);
		ret.findings = arena_printf(a, "%s%s%s%s", ret.findings, *ret.findings != '\0' ? " " : "", finding_rows[f->code].code,
		    f->severity == SEVERITY_ERROR ? "" : "?");
		ret.details = arena_printf(a, "%s%s\n", ret.details, f->detail);
	}
	ret.state = r.records[spf].state;
	return ret;
}

START_TEST(records_are_followed)
{
	struct str wrong = STR_INIT;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct arena *a = arena_new();
		struct plan *plan = plan_of(cases[i].conf);
		struct status_of s = play(a, plan, cases[i].record, cases[i].facts);
		bool error = false;

		for (const char *p = s.findings; *p != '\0'; p += strcspn(p, " "), p += *p == ' ')
			error = error || p[strcspn(p, " ") - 1] != '?';
		if (strcmp(s.findings, cases[i].findings) != 0 || strstr(s.details, cases[i].words) == NULL ||
		    (s.state == RECORD_PUBLISHED) == (error || strcmp(cases[i].conf, VERIFY) == 0))
			str_addf(&wrong, "\n%s: \"%s\", state %s: %s", cases[i].name, s.findings,
			    name_of(&record_state_names, (int)s.state), s.details);
		arena_free(a);
	}
	ck_assert_msg(wrong.len == 0, "%.4000s", str_c(&wrong));
	str_done(&wrong);
	plans_done();
}
END_TEST

/* While the include is not known the record waits, its gate is shut, and nothing is said; a second look asks nothing new. */
START_TEST(nothing_is_said_before_it_is_known)
{
	struct arena *a = arena_new();
	struct plan *plan = plan_of(CLOUD);
	struct matrix *m = matrix_of(a, plan, "found", "ns1@192.0.2.1", "spf = {TXT v=spf1 include:a.example -all}\n* = ok");
	const struct expectation *e = plan_expectation(plan, (size_t)plan_find(plan, "spf"));
	struct answer *good = answer_of(a, DNS_TYPE_TXT, "TXT v=spf1 " INC " -all");
	struct answer *ms = answer_of(a, DNS_TYPE_TXT, "TXT v=spf1 ip4:40.92.0.0/15 -all");
	struct domain_result r;
	struct side_want w;

	m->sides = sides_new();
	for (unsigned round = 0; round < 2; round++) {
		eval_domain(m, NULL, a, &r);
		ck_assert_int_eq(r.records[plan_find(plan, "spf")].state, RECORD_PENDING);
		for (size_t i = 0; i < r.n_findings; i++)
			ck_assert_int_ne(r.findings[i].expectation, plan_find(plan, "spf"));
		ck_assert_uint_eq(eval_gates(m, a) >> e->question & 1, 0);
		while (sides_next(m->sides, &w))
			sides_answer(m->sides, w.id, REASON_NONE, round == 0 ? good : ms, "google", INT64_MAX);
	}
	eval_domain(m, NULL, a, &r);
	ck_assert_int_eq(r.records[plan_find(plan, "spf")].state, RECORD_PUBLISHED);
	ck_assert_uint_eq(eval_gates(m, a) >> e->question & 1, 1);
	sides_free(m->sides);
	arena_free(a);
	plans_done();
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("eval_spf_follow");
	TCase *t = tcase_create("spf_follow");

	tcase_add_test(t, records_are_followed);
	tcase_add_test(t, nothing_is_said_before_it_is_known);
	suite_add_tcase(s, t);
	return suite_run(s);
}
