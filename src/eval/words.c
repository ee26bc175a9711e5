/* SPDX-License-Identifier: ISC */
/* words: the closed lists of words that people and machines see, and the table of findings. */
#include <m365dnsd/eval.h>

static const struct name_row verdict_rows[] = {
	{ VERDICT_OK, "ok" },
	{ VERDICT_WRONG, "wrong" },
	{ VERDICT_MISSING, "missing" },
	{ VERDICT_STALE, "stale" },
	{ VERDICT_UNKNOWN, "unknown" },
};
NAME_TABLE(verdict_names, verdict_rows);

static const struct name_row severity_rows[] = {
	{ SEVERITY_INFO, "info" },
	{ SEVERITY_WARNING, "warning" },
	{ SEVERITY_ERROR, "error" },
};
NAME_TABLE(severity_names, severity_rows);

static const struct name_row record_state_rows[] = {
	{ RECORD_PENDING, "pending" },
	{ RECORD_UNKNOWN, "unknown" },
	{ RECORD_UNPUBLISHED, "unpublished" },
	{ RECORD_PUBLISHED, "published" },
	{ RECORD_VISIBLE, "visible" },
	{ RECORD_REGRESSED, "regressed" },
	{ RECORD_NOT_CONFIGURED, "not-configured" },
};
NAME_TABLE(record_state_names, record_state_rows);

static const struct name_row domain_state_rows[] = {
	{ DOMAIN_PENDING, "pending" },
	{ DOMAIN_UNKNOWN, "unknown" },
	{ DOMAIN_UNPUBLISHED, "unpublished" },
	{ DOMAIN_PUBLISHED, "published" },
	{ DOMAIN_COMPLETE, "complete" },
	{ DOMAIN_REGRESSED, "regressed" },
};
NAME_TABLE(domain_state_names, domain_state_rows);

static const struct name_row eta_basis_rows[] = {
	{ ETA_TTL, "ttl" },
	{ ETA_NEGATIVE_TTL, "negative-ttl" },
	{ ETA_DELEGATION_TTL, "delegation-ttl" },
};
NAME_TABLE(eta_basis_names, eta_basis_rows);

static const struct name_row spf_result_rows[] = {
	{ SPF_NONE, "none" },
	{ SPF_NEUTRAL, "neutral" },
	{ SPF_PASS, "pass" },
	{ SPF_FAIL, "fail" },
	{ SPF_SOFTFAIL, "softfail" },
	{ SPF_TEMPERROR, "temperror" },
	{ SPF_PERMERROR, "permerror" },
};
NAME_TABLE(spf_result_names, spf_result_rows);

const struct finding_row finding_rows[FINDING_MAX] = {
#define FINDING(id, code, severity, title, advice, test) [FINDING_##id] = { code, severity, title, advice, test },
#include <m365dnsd/findings.def>
#undef FINDING
};
