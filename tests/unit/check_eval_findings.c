/* SPDX-License-Identifier: ISC */
/* check_eval_findings: the table of findings against the rules that findings.def states. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include <m365dnsd/eval.h>

#include <tests/lib/suite.h>

/* The first set of codes: none of them may ever go. */
static const char *const first_set[] = {
	"delegation-missing", "delegation-mismatch", "delegation-lame", "authority-unreachable", "authority-disagree", "domain-expired",
	"dnssec-bogus", "record-missing", "record-wrong", "record-forbidden", "target-zone-appended", "target-not-fqdn",
	"target-unresolvable", "target-is-cname", "target-is-address", "owner-doubled", "owner-literal-at", "owner-wrong-place",
	"type-wrong", "cname-at-apex", "cname-and-other-data", "cname-flattened", "cname-loop", "wildcard-answer", "txt-quoted",
	"txt-whitespace", "txt-non-ascii", "txt-case", "txt-joined-values", "ms-prefix-missing", "ms-other-value", "mx-extra",
	"mx-preference", "mx-wrong-key", "mx-verification-wins", "mx-null", "spf-multiple", "spf-include-missing",
	"spf-too-many-lookups", "spf-too-many-void-lookups", "spf-syntax", "spf-loop", "spf-all-permissive", "spf-all-missing",
	"spf-after-all", "spf-flattened", "spf-type99", "spf-ip-missing", "spf-ip-private", "srv-fields-shifted", "srv-owner-wrong",
	"dkim-txt-instead-of-cname", "dkim-selector2-missing", "dkim-target-shape", "dkim-mixed-formats", "dkim-no-key",
	"dkim-revoked", "dmarc-multiple", "dmarc-syntax", "dmarc-no-policy", "mta-sts-mx-mismatch", "autodiscover-wrong-profile",
	"cloud-mixed", "consumer-outlook", "msoid-present", "legacy-skype-external", "split-horizon", "ttl-long", "negative-cache",
	"cache-stale", "resolver-filtered", "resolver-unreachable", "resolver-intercepted", "no-ipv6-here", "answer-malformed",
	"answer-truncated", "zone-cut-unexpected", "spf-include-invalid", "spf-undetermined", "resolver-failing",
	"verification-by-mx",
};

/* Usual severities; what is in neither list is an error. */
static const char *const warnings[] = {
	"authority-unreachable", "authority-failing", "mx-wrong-key", "spf-flattened", "spf-all-missing", "spf-undetermined", "spf-ip-private",
	"dmarc-no-policy", "ttl-long", "answer-malformed", "answer-truncated", "split-horizon", "dkim-key-invalid", "dkim-undetermined",
	"dmarc-tag-removed", "mta-sts-policy", "mta-sts-undetermined", "dane-unsigned",
};
static const char *const infos[] = {
	"ms-other-value", "negative-cache", "cache-stale", "resolver-filtered", "resolver-unreachable", "resolver-intercepted",
	"resolver-failing", "no-ipv6-here", "udp-blocked-here", "tcp-blocked-here", "verification-by-mx", "target-accepted", "target-by-alias",
	"dmarc-inherited", "dmarc-report-refused", "dane-no-tlsa", "nothing-required",
};

static const char *const placeholders[] = { "name", "type", "found", "wanted", "domain", "server", "n" };

static bool
is_in(const char *word, size_t n, const char *const *list, size_t n_list)
{
	for (size_t i = 0; i < n_list; i++)
		if (strlen(list[i]) == n && strncmp(list[i], word, n) == 0)
			return true;
	return false;
}
#define IN(word, list) is_in(word, strlen(word), list, ARRAY_LEN(list))

static bool
is_kebab(const char *code)
{
	bool dash = true;

	for (const char *p = code; *p != '\0'; p++) {
		if (*p == '-' && dash)
			return false;
		if (*p != '-' && !(*p >= 'a' && *p <= 'z') && !(*p >= '0' && *p <= '9'))
			return false;
		dash = *p == '-';
	}
	return !dash;
}

START_TEST(codes_are_unique_kebab_case)
{
	for (size_t i = 0; i < FINDING_MAX; i++) {
		ck_assert_ptr_nonnull(finding_rows[i].code);
		ck_assert_msg(is_kebab(finding_rows[i].code), "%s", finding_rows[i].code);
		for (size_t k = 0; k < i; k++)
			ck_assert_str_ne(finding_rows[i].code, finding_rows[k].code);
	}
}
END_TEST

START_TEST(the_first_set_is_there)
{
	for (size_t i = 0; i < ARRAY_LEN(first_set); i++) {
		bool found = false;

		for (size_t k = 0; k < FINDING_MAX; k++)
			found = found || strcmp(finding_rows[k].code, first_set[i]) == 0;
		ck_assert_msg(found, "%s", first_set[i]);
	}
}
END_TEST

START_TEST(severities_follow_the_rule)
{
	for (size_t i = 0; i < FINDING_MAX; i++) {
		const struct finding_row *row = &finding_rows[i];
		enum severity want = IN(row->code, infos) ? SEVERITY_INFO : IN(row->code, warnings) ? SEVERITY_WARNING : SEVERITY_ERROR;

		ck_assert_msg(row->severity == want, "%s", row->code);
	}
}
END_TEST

START_TEST(words_are_for_people)
{
	for (size_t i = 0; i < FINDING_MAX; i++) {
		const struct finding_row *row = &finding_rows[i];
		size_t n = strlen(row->title);

		ck_assert_msg(n > 10 && n <= 72 && row->title[n - 1] != '.', "%s: title", row->code);
		ck_assert_msg(strlen(row->advice) > 10, "%s: advice", row->code);
		ck_assert_msg(row->test != NULL, "%s", row->code);
		for (const char *p = strchr(row->advice, '{'); p != NULL; p = strchr(p + 1, '{'))
			ck_assert_msg(strchr(p, '}') != NULL &&
			    is_in(p + 1, strcspn(p + 1, "}"), placeholders, ARRAY_LEN(placeholders)), "%s: %s", row->code, p);
	}
}
END_TEST

START_TEST(words_of_enums_are_the_closed_lists)
{
	static const char *const verdicts[] = { "ok", "wrong", "missing", "stale", "unknown" };
	static const char *const records[] = { "pending", "unknown", "unpublished", "published", "visible", "regressed",
		"not-configured" };
	static const char *const domains[] = { "pending", "unknown", "unpublished", "published", "complete", "regressed" };
	static const char *const severities[] = { "info", "warning", "error" };

	for (int i = 0; i < (int)ARRAY_LEN(verdicts); i++)
		ck_assert_str_eq(name_of(&verdict_names, i), verdicts[i]);
	for (int i = 0; i < (int)ARRAY_LEN(records); i++)
		ck_assert_str_eq(name_of(&record_state_names, i), records[i]);
	for (int i = 0; i < (int)ARRAY_LEN(domains); i++)
		ck_assert_str_eq(name_of(&domain_state_names, i), domains[i]);
	for (int i = 0; i < (int)ARRAY_LEN(severities); i++)
		ck_assert_str_eq(name_of(&severity_names, i), severities[i]);
	ck_assert_str_eq(name_of(&eta_basis_names, ETA_TTL), "ttl");
	ck_assert_str_eq(name_of(&eta_basis_names, ETA_NEGATIVE_TTL), "negative-ttl");
	ck_assert_str_eq(name_of(&eta_basis_names, ETA_DELEGATION_TTL), "delegation-ttl");
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("eval_findings");
	TCase *t = tcase_create("table");

	tcase_add_test(t, codes_are_unique_kebab_case);
	tcase_add_test(t, the_first_set_is_there);
	tcase_add_test(t, severities_follow_the_rule);
	tcase_add_test(t, words_are_for_people);
	tcase_add_test(t, words_of_enums_are_the_closed_lists);
	suite_add_tcase(s, t);
	return suite_run(s);
}
