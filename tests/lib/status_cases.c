/* SPDX-License-Identifier: ISC */
#include "status_cases.h"

#define NOW      INT64_C(1795256430000)	/* 2026-11-21T10:20:30Z */
#define AGO(s)   (NOW - (s) * INT64_C(1000))
#define AHEAD(s) (NOW + (s) * INT64_C(1000))

#define VALUES(...)                                                                                                    \
	.values = (const char *const[]){ __VA_ARGS__ }, .n_values = ARRAY_LEN(((const char *const[]){ __VA_ARGS__ }))
#define EXPECTED(...)                                                                                                  \
	.expected = (const char *const[]){ __VA_ARGS__ }, .n_expected = ARRAY_LEN(((const char *const[]){ __VA_ARGS__ }))
#define CELLS(...)                                                                                                     \
	.cells = (const struct status_cell[]){ __VA_ARGS__ },                                                          \
	.n_cells = ARRAY_LEN(((const struct status_cell[]){ __VA_ARGS__ }))
#define ABOUT(...)                                                                                                     \
	.findings = (const struct status_finding *const[]){ __VA_ARGS__ },                                             \
	.n_findings = ARRAY_LEN(((const struct status_finding *const[]){ __VA_ARGS__ }))
#define RECORDS(array) .records = array, .n_records = ARRAY_LEN(array)

/* Every cell names its source, its verdict, and by one of the next five what came back. */
#define AUTH(name, addr, v, ...)                                                                                       \
	{ .source = name, .address = addr, .kind = SOURCE_AUTHORITY, .verdict = v, __VA_ARGS__ }
#define RES(name, addr, v, ...)                                                                                        \
	{ .source = name, .operator = name, .address = addr, .kind = SOURCE_RESOLVER, .class = CLASS_QUORUM, .verdict = v, \
	  __VA_ARGS__ }
#define REQ(name, addr, v, ...)                                                                                        \
	{ .source = name, .operator = name, .address = addr, .kind = SOURCE_RESOLVER, .class = CLASS_REQUIRED, .verdict = v, \
	  __VA_ARGS__ }
#define NOTHING            .rcode = -1, .ttl = -1, .rtt_ms = -1
#define GATED              NOTHING, .reason = REASON_GATED
#define FAILED(why, s)     NOTHING, .reason = REASON_##why, .checked_unix_ms = (s) == 0 ? 0 : AGO(s)
#define SEEN(s, life)      .rcode = 0, .checked_unix_ms = AGO(s), .ttl = life, .ttl_told = 300, .rtt_ms = 12.44
#define DENIED(s, life)    .rcode = 3, .checked_unix_ms = AGO(s), .ttl = life, .rtt_ms = 0.96

#define MX_RIGHT "0 contoso-test.mail.protection.outlook.com"
#define SPF_RIGHT "v=spf1 include:spf.protection.outlook.com -all"

/* ---- pending: nothing came back yet ---- */

static const struct status_record pending_records[] = {
	{ .id = "mx", .name = "contoso.test", .type = "MX", .need = NEED_REQUIRED, .service = "exchange", EXPECTED(MX_RIGHT),
	  .state = RECORD_PENDING },
	{ .id = "spf", .name = "contoso.test", .type = "TXT", .need = NEED_REQUIRED, .service = "exchange",
	  EXPECTED(SPF_RIGHT), .state = RECORD_PENDING, CELLS(RES("google", "8.8.8.8", VERDICT_UNKNOWN, GATED)) },
	{ .id = "sip", .name = "sip.contoso.test", .type = "CNAME", .need = NEED_OPTIONAL, .service = "skype",
	  EXPECTED("sipdir.online.lync.com"), .state = RECORD_PENDING },
};
static const struct status pending = {
	.domain = "contoso.test", .revision = 1, .state = DOMAIN_PENDING, .since_unix_ms = AGO(1), .confirm = 2,
	.cloud = "worldwide", .profile = "cloud-only", .zone = "", .zone_parent = "", .n_required = 2,
	RECORDS(pending_records), .now_unix_ms = NOW,
};

/* ---- unpublished: mistakes of all severities, a server that does not answer, a shut gate ---- */

static const struct status_finding unpublished_findings[] = {
	{ .code = "authority-unreachable", .severity = SEVERITY_WARNING, .title = "A name server of the zone does not answer",
	  .detail = "ns2.contoso.test (192.0.2.2) answered none of 3 queries.",
	  .advice = "Repair the server ns2.contoso.test, or take it out of the delegation.",
	  .sources = (const char *const[]){ "ns2.contoso.test 192.0.2.2" }, .n_sources = 1 },
	{ .code = "mx-extra", .severity = SEVERITY_ERROR, .record = "mx", .title = "A second MX record takes part of the mail away",
	  .detail = "Besides the right one there is \"10 mail.old.example\"; mail that goes there never reaches Microsoft 365.",
	  .advice = "Delete the MX record \"10 mail.old.example\" of contoso.test.",
	  .evidence = (const char *const[]){ "contoso.test. 300 IN MX 0 contoso-test.mail.protection.outlook.com. (ns1.contoso.test 192.0.2.1)",
	      "contoso.test. 300 IN MX 10 mail.old.example. (ns1.contoso.test 192.0.2.1)" }, .n_evidence = 2,
	  .sources = (const char *const[]){ "ns1.contoso.test 192.0.2.1", "ns1.contoso.test 2001:db8::1" }, .n_sources = 2 },
	{ .code = "ms-other-value", .severity = SEVERITY_INFO, .title = "Another tenant's verification is still there",
	  .detail = "MS=ms87654321 belongs to nobody who is known here.", .advice = "" },
	{ .code = "record-missing", .severity = SEVERITY_ERROR, .record = "autodiscover", .title = "A required record is not there",
	  .detail = "autodiscover.contoso.test has no CNAME record.",
	  .advice = "Add: autodiscover CNAME autodiscover.outlook.com" },
};
static const struct status_record unpublished_records[] = {
	{ .id = "msoid", .name = "msoid.contoso.test", .type = "CNAME", .need = NEED_FORBIDDEN, .state = RECORD_PUBLISHED,
	  CELLS(AUTH("ns1.contoso.test", "192.0.2.1", VERDICT_OK, DENIED(5, 900))) },
	{ .id = "mx", .name = "contoso.test", .type = "MX", .need = NEED_REQUIRED, .service = "exchange", EXPECTED(MX_RIGHT),
	  .state = RECORD_UNPUBLISHED, .since_unix_ms = AGO(300), ABOUT(&unpublished_findings[1]),
	  CELLS(AUTH("ns1.contoso.test", "192.0.2.1", VERDICT_WRONG, SEEN(5, 300), VALUES(MX_RIGHT, "10 mail.old.example")),
	      AUTH("ns1.contoso.test", "2001:db8::1", VERDICT_WRONG, SEEN(5, 300), VALUES(MX_RIGHT, "10 mail.old.example")),
	      AUTH("ns2.contoso.test", "192.0.2.2", VERDICT_UNKNOWN, FAILED(TIMEOUT, 4)),
	      AUTH("ns3.contoso.test", "", VERDICT_UNKNOWN, FAILED(NETWORK, 0)),
	      RES("google", "8.8.8.8", VERDICT_UNKNOWN, GATED), RES("google", "8.8.4.4", VERDICT_UNKNOWN, GATED),
	      RES("quad9", "9.9.9.9", VERDICT_UNKNOWN, GATED)) },
	{ .id = "autodiscover", .name = "autodiscover.contoso.test", .type = "CNAME", .need = NEED_REQUIRED,
	  .service = "exchange", EXPECTED("autodiscover.outlook.com"), .state = RECORD_UNPUBLISHED,
	  ABOUT(&unpublished_findings[3]),
	  CELLS(AUTH("ns1.contoso.test", "192.0.2.1", VERDICT_MISSING, DENIED(5, 900)),
	      AUTH("ns1.contoso.test", "2001:db8::1", VERDICT_UNKNOWN, .reason = REASON_SERVFAIL, .rcode = 2, .checked_unix_ms = AGO(5), .ttl = -1, .rtt_ms = 3),
	      AUTH("ns2.contoso.test", "192.0.2.2", VERDICT_UNKNOWN, FAILED(SET_ASIDE, 0)),
	      AUTH("ns3.contoso.test", "", VERDICT_UNKNOWN, FAILED(NETWORK, 0)),
	      RES("google", "8.8.8.8", VERDICT_UNKNOWN, GATED), RES("google", "8.8.4.4", VERDICT_UNKNOWN, GATED),
	      RES("quad9", "9.9.9.9", VERDICT_UNKNOWN, GATED)) },
	{ .id = "sip", .name = "sip.contoso.test", .type = "CNAME", .need = NEED_LEGACY, .service = "skype",
	  EXPECTED("sipdir.online.lync.com"), .state = RECORD_NOT_CONFIGURED,
	  CELLS(AUTH("ns1.contoso.test", "192.0.2.1", VERDICT_MISSING, DENIED(5, 900))) },
	{ .id = "lyncdiscover", .name = "lyncdiscover.contoso.test", .type = "CNAME", .need = NEED_LEGACY, .service = "skype",
	  EXPECTED("webdir.online.lync.com"), .state = RECORD_NOT_CONFIGURED },
	{ .id = "dmarc", .name = "_dmarc.contoso.test", .type = "TXT", .need = NEED_RECOMMENDED, .service = "dmarc",
	  EXPECTED("v=DMARC1; p=..."), .state = RECORD_UNKNOWN },
};
static const struct status unpublished = {
	.domain = "contoso.test", .revision = 7, .state = DOMAIN_UNPUBLISHED, .since_unix_ms = AGO(300), .confirm = 2,
	.checked_unix_ms = AGO(4), .next_check_unix_ms = AHEAD(5), .cloud = "worldwide", .profile = "cloud-only",
	.zone = "contoso.test", .zone_parent = "test", .n_required = 2, RECORDS(unpublished_records),
	.findings = unpublished_findings, .n_findings = ARRAY_LEN(unpublished_findings), .now_unix_ms = NOW,
};

/* ---- published: caches hold old answers, one cell waits for its second good answer ---- */

static const struct status_finding published_findings[] = {
	{ .code = "cache-stale", .severity = SEVERITY_INFO, .record = "mx", .title = "A resolver still has the old answer",
	  .detail = "google answers \"10 mail.old.example\" until 10:25:17Z.", .advice = "Wait: nothing is to be changed.",
	  .evidence = (const char *const[]){ "contoso.test. 287 IN MX 10 mail.old.example. (google 8.8.8.8)" }, .n_evidence = 1 },
	{ .code = "spf-all-missing", .severity = SEVERITY_WARNING, .record = "spf", .title = "The SPF record has no \"all\"",
	  .detail = "It says nothing about servers that are not listed.", .advice = "End the record with -all." },
};
static const struct status_record published_records[] = {
	{ .id = "mx", .name = "contoso.test", .type = "MX", .need = NEED_REQUIRED, .service = "exchange", EXPECTED(MX_RIGHT),
	  .state = RECORD_PUBLISHED, .since_unix_ms = AGO(60), .visible = 2.0 / 3, .eta_unix_ms = AHEAD(287),
	  ABOUT(&published_findings[0]),
	  CELLS(AUTH("ns1.contoso.test", "192.0.2.1", VERDICT_OK, SEEN(30, 300), VALUES(MX_RIGHT), .confirmed = 3),
	      AUTH("ns2.contoso.test", "192.0.2.2", VERDICT_OK, SEEN(30, 300), VALUES(MX_RIGHT), .confirmed = 3),
	      RES("google", "8.8.8.8", VERDICT_STALE, SEEN(2, 287), VALUES("10 mail.old.example"), .eta_unix_ms = AHEAD(287)),
	      RES("google", "8.8.4.4", VERDICT_OK, SEEN(2, 120), VALUES(MX_RIGHT), .confirmed = 2),
	      REQ("cloudflare", "1.1.1.1", VERDICT_OK, SEEN(2, 290), VALUES(MX_RIGHT), .confirmed = 1),
	      RES("quad9", "9.9.9.9", VERDICT_OK, SEEN(2, 290), VALUES(MX_RIGHT), .confirmed = 2),
	      RES("quad9", "2620:fe::9", VERDICT_UNKNOWN, FAILED(NETWORK, 0))) },
	{ .id = "spf", .name = "contoso.test", .type = "TXT", .need = NEED_REQUIRED, .service = "exchange", EXPECTED(SPF_RIGHT),
	  .state = RECORD_VISIBLE, .since_unix_ms = AGO(50), .visible = 1, ABOUT(&published_findings[1]),
	  CELLS(AUTH("ns1.contoso.test", "192.0.2.1", VERDICT_OK, SEEN(30, 300), VALUES(SPF_RIGHT)),
	      AUTH("ns2.contoso.test", "192.0.2.2", VERDICT_OK, SEEN(30, 300), VALUES(SPF_RIGHT)),
	      RES("google", "8.8.8.8", VERDICT_OK, SEEN(2, 287), VALUES(SPF_RIGHT), .confirmed = 2),
	      RES("google", "8.8.4.4", VERDICT_OK, SEEN(2, 120), VALUES(SPF_RIGHT), .confirmed = 2),
	      REQ("cloudflare", "1.1.1.1", VERDICT_OK, SEEN(2, 290), VALUES(SPF_RIGHT), .confirmed = 2),
	      RES("quad9", "9.9.9.9", VERDICT_OK, SEEN(2, 290), VALUES(SPF_RIGHT), .confirmed = 2),
	      RES("quad9", "2620:fe::9", VERDICT_UNKNOWN, FAILED(NETWORK, 0))) },
	{ .id = "autodiscover", .name = "autodiscover.contoso.test", .type = "CNAME", .need = NEED_REQUIRED,
	  .service = "exchange", EXPECTED("autodiscover.outlook.com"),
	  .expected_internal = (const char *const[]){ "mail.contoso.test" }, .n_expected_internal = 1, .state = RECORD_VISIBLE,
	  .since_unix_ms = AGO(50), .visible = 1,
	  CELLS(AUTH("ns1.contoso.test", "192.0.2.1", VERDICT_OK, SEEN(30, 300), VALUES("autodiscover.outlook.com")),
	      { .source = "office", .operator = "office", .address = "10.0.0.53:5300", .kind = SOURCE_RESOLVER,
	        .class = CLASS_INFO, .view = VIEW_INTERNAL, .verdict = VERDICT_OK, SEEN(3, 60), VALUES("mail.contoso.test"),
	        .confirmed = 2 }) },
};
static const struct status published = {
	.domain = "contoso.test", .revision = 412, .state = DOMAIN_PUBLISHED, .since_unix_ms = AGO(60),
	.published_unix_ms = AGO(60), .progress_published = 1, .progress_visible = 0.789, .eta_unix_ms = AHEAD(287),
	.eta_basis = ETA_TTL, .checked_unix_ms = AGO(2), .next_check_unix_ms = AHEAD(288), .confirm = 2, .cloud = "worldwide",
	.profile = "hybrid", .zone = "contoso.test", .zone_parent = "test", .published = true, .n_required = 3,
	.n_required_published = 3, .n_required_visible = 2, RECORDS(published_records), .findings = published_findings,
	.n_findings = ARRAY_LEN(published_findings), .now_unix_ms = NOW,
};

/* ---- complete, under an international name ---- */

static const struct status_record complete_records[] = {
	{ .id = "mx", .name = "xn--mnchen-3ya.test", .name_unicode = "m\u00fcnchen.test", .type = "MX", .need = NEED_REQUIRED,
	  .service = "exchange", EXPECTED("0 xn--mnchen03ya-test.mail.protection.outlook.com"), .state = RECORD_VISIBLE,
	  .since_unix_ms = AGO(90000), .visible = 1,
	  CELLS(AUTH("ns1.xn--mnchen-3ya.test", "192.0.2.1", VERDICT_OK, SEEN(30, 300), .confirmed = 2),
	      RES("google", "8.8.8.8", VERDICT_OK, SEEN(2, 287), .confirmed = 2)) },
};
static const struct status complete = {
	.domain = "xn--mnchen-3ya.test", .domain_unicode = "m\u00fcnchen.test", .revision = 40, .state = DOMAIN_COMPLETE,
	.since_unix_ms = AGO(90000), .published_unix_ms = AGO(90300), .visible_unix_ms = AGO(90100),
	.complete_unix_ms = AGO(90000), .progress_published = 1, .progress_visible = 1, .checked_unix_ms = AGO(2),
	.next_check_unix_ms = AHEAD(3600), .confirm = 2, .cloud = "worldwide", .profile = "cloud-only",
	.zone = "xn--mnchen-3ya.test", .zone_parent = "test", .published = true, .visible = true, .complete = true,
	.n_required = 1, .n_required_published = 1, .n_required_visible = 1, RECORDS(complete_records), .now_unix_ms = NOW,
};

/* ---- unknown: nobody answers ---- */

static const struct status_finding unknown_findings[] = {
	{ .code = "authority-unreachable", .severity = SEVERITY_WARNING, .title = "No name server of the zone answers",
	  .detail = "None of 2 name servers answered.", .advice = "Look whether this network lets DNS out (UDP and TCP port 53); "
	  "if it does not, set authorities = none." },
};
static const struct status_record unknown_records[] = {
	{ .id = "mx", .name = "fabrikam.test", .type = "MX", .need = NEED_REQUIRED, .service = "exchange",
	  EXPECTED("0 fabrikam-test.mail.protection.outlook.com"), .state = RECORD_UNKNOWN,
	  CELLS(AUTH("ns1.fabrikam.test", "192.0.2.7", VERDICT_UNKNOWN, FAILED(TIMEOUT, 1)),
	      AUTH("ns2.fabrikam.test", "10.1.2.3", VERDICT_UNKNOWN, FAILED(NOT_GLOBAL, 0)),
	      RES("google", "8.8.8.8", VERDICT_UNKNOWN, FAILED(NETWORK, 0))) },
};
static const struct status unknown = {
	.domain = "fabrikam.test", .revision = 2, .state = DOMAIN_UNKNOWN, .since_unix_ms = AGO(9), .checked_unix_ms = AGO(1),
	.confirm = 2, .cloud = "gcc-high", .profile = "cloud-only", .zone = "fabrikam.test", .zone_parent = "test",
	.n_required = 1, RECORDS(unknown_records), .findings = unknown_findings, .n_findings = 1, .now_unix_ms = NOW,
};

/* ---- regressed, and bytes that want to do harm ---- */

#define OSC    "\033]0;owned\007"
#define BIDI   "\u202egnp.exe"
#define SCRIPT "</script><script>alert(1)</script>&"
static const struct status_finding hostile_findings[] = {
	{ .code = "spf-syntax", .severity = SEVERITY_ERROR, .record = "spf", .title = "The SPF record cannot be read",
	  .detail = "found " OSC " and | here\nM365DNS OK: all is well", .advice = "Do not trust " BIDI ".",
	  .evidence = (const char *const[]){ "contoso.test. 300 IN TXT \"\x9b" "31m\x80\xff\"" }, .n_evidence = 1,
	  .sources = (const char *const[]){ "ns1\n| x=1" }, .n_sources = 1 },
};
static const struct status_record hostile_records[] = {
	{ .id = "spf", .name = "contoso.test", .type = "TXT", .need = NEED_REQUIRED, .service = "exchange", EXPECTED(SPF_RIGHT),
	  .state = RECORD_REGRESSED, .since_unix_ms = AGO(10), ABOUT(&hostile_findings[0]),
	  CELLS(AUTH("ns1\n| x=1", "192.0.2.1", VERDICT_WRONG, SEEN(5, 300), VALUES(OSC, BIDI, SCRIPT, "\xff\xfe\\", "a\tb\nc\r\x7f")),
	      AUTH("ns2.\"quoted\",comma", "192.0.2.2", VERDICT_WRONG, SEEN(5, 300),
	          VALUES("=HYPERLINK(\"http://evil.example\")")),
	      RES("google", "8.8.8.8", VERDICT_WRONG, SEEN(5, 300), VALUES("@SUM(1+1)", "\u65e5\u672c \xf0\x9f\x98\x80 \u2028", "\\000"))) },
};
static const struct status hostile = {
	.domain = "contoso.test", .revision = UINT64_C(9007199254740991), .state = DOMAIN_REGRESSED, .since_unix_ms = AGO(10),
	.published_unix_ms = AGO(900), .checked_unix_ms = AGO(5), .confirm = 2, .cloud = "worldwide", .profile = "cloud-only",
	.zone = "contoso.test", .zone_parent = "test", .n_required = 1, RECORDS(hostile_records),
	.findings = hostile_findings, .n_findings = 1, .now_unix_ms = NOW,
};

/* ---- no record at all ---- */

static const struct status empty = {
	.domain = "contoso.onmicrosoft.com", .state = DOMAIN_PENDING, .confirm = 2, .cloud = "", .profile = "", .zone = "",
	.zone_parent = "", .now_unix_ms = NOW,
};

const struct status_case status_cases[] = {
	{ "pending", { &pending }, 1 },
	{ "unpublished", { &unpublished }, 1 },
	{ "published", { &published }, 1 },
	{ "complete-idn", { &complete }, 1 },
	{ "unknown", { &unknown }, 1 },
	{ "hostile", { &hostile }, 1 },
	{ "empty", { &empty }, 1 },
	{ "many", { &published, &complete, &unknown, &unpublished }, 4 },
};
const size_t n_status_cases = ARRAY_LEN(status_cases);
