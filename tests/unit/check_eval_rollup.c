/* SPDX-License-Identifier: ISC */
/*
 * check_eval_rollup: matrices in, states, findings and ETAs out.  Each row is a situation of real life; how matrices are
 * written stands in tests/lib/matrix.h.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tests/lib/matrix.h>
#include <tests/lib/suite.h>

#define CONF(rest) "domain \"contoso.test\" { verification = \"MS=ms12345678\" tenant = \"contoso\" " rest " }"
#define MAIL CONF("services = {\"exchange\"}")
#define DKIM CONF("services = {\"exchange\", \"dkim\"}")
#define DMARC CONF("services = {\"exchange\", \"dmarc\"}")
#define NO_PROOF "domain \"contoso.test\" { services = {\"exchange\"} }"
#define ONLY_PROOF CONF("profile = verify-only")
#define NAMESERVERS CONF("nameservers = {\"ns9.other.example\"}")

#define NS1 "ns1@192.0.2.1 "
#define NS2 "ns1@192.0.2.1 ns2@192.0.2.2 "
#define NS3 "ns1@192.0.2.1 ns2@192.0.2.2 ns3@192.0.2.3 "
#define R2  "google@8.8.8.8/q cloudflare@1.1.1.1/q"
#define R4  "google@8.8.8.8/q cloudflare@1.1.1.1/q quad9@9.9.9.9/q opendns@208.67.222.222/q"

struct roll_case {
	const char *name, *conf, *zone, *columns, *cells;
	const char *options;	/* words: all majority none; 75% 2of; was (everything was published before); v6 */
	enum domain_state state;
	const char *records;	/* "mx=visible spf=published": those named */
	const char *findings;
	int eta_s;		/* from now; -1 = none */
	enum eta_basis basis;
};

static const struct roll_case cases[] = {
	/* ---- the ordinary way ---- */
	{ "nothing known yet", MAIL, "none", R2, "* = - -", "", DOMAIN_PENDING, "mx=pending", "", -1, ETA_NONE },
	{ "nobody asked yet", MAIL, "found", NS2 R2, "* = - - - -", "", DOMAIN_PENDING, "mx=pending", "", -1, ETA_NONE },
	{ "one of two has answered: not published yet", MAIL, "found", NS2 R2, "* = ok - - -", "", DOMAIN_PENDING, "mx=pending", "",
	    -1, ETA_NONE },
	{ "one of two says wrong: unpublished at once", MAIL, "found", NS2 R2, "mx = old - - -\n* = ok - - -", "", DOMAIN_UNPUBLISHED,
	    "mx=unpublished spf=pending", "record-wrong:error(mx)", -1, ETA_NONE },
	{ "one of two has nothing: news of what is required only", MAIL, "found", NS2 R2, "* = none - - -", "", DOMAIN_UNPUBLISHED,
	    "mx=unpublished sip=pending verification-mx=pending",
	    "record-missing:error(verification) record-missing:error(mx) record-missing:error(spf) record-missing:error(autodiscover)",
	    -1, ETA_NONE },
	{ "nothing published", MAIL, "found", NS2 R2, "* = none none - -\nsoa = 1 1 - -\nns = ok ok - -", "", DOMAIN_UNPUBLISHED,
	    "verification=unpublished mx=unpublished spf=unpublished autodiscover=unpublished sip=not-configured msoid=not-configured",
	    "record-missing:error(verification) record-missing:error(mx) record-missing:error(spf) record-missing:error(autodiscover)",
	    -1, ETA_NONE },
	{ "published, resolvers not asked yet", MAIL, "found", NS2 R2, "* = ok ok - -", "", DOMAIN_PUBLISHED,
	    "mx=published msoid=not-configured", "", 0, ETA_TTL },
	{ "published, one good answer each", MAIL, "found", NS2 R2, "* = ok ok ok*1 ok*1", "", DOMAIN_PUBLISHED, "mx=published", "", 0,
	    ETA_TTL },
	{ "complete", MAIL, "found", NS2 R2, "* = ok ok ok*2 ok*2", "", DOMAIN_COMPLETE,
	    "verification=visible mx=visible spf=visible autodiscover=visible", "", -1, ETA_NONE },
	{ "nothing is required: that is said", "domain \"contoso.test\" { profile = verify-only }", "found", NS2 R2, "* = none none - -", "",
	    DOMAIN_COMPLETE, "", "nothing-required:info", -1, ETA_NONE },
	{ "one record wrong", MAIL, "found", NS2 R2, "mx = old old - -\n* = ok ok ok*2 ok*2", "", DOMAIN_UNPUBLISHED,
	    "mx=unpublished spf=visible", "record-wrong:error(mx)", -1, ETA_NONE },
	{ "lost after it was published", MAIL, "found", NS2 R2, "mx = none none ok*2 ok*2\n* = ok ok ok*2 ok*2", "was", DOMAIN_REGRESSED,
	    "mx=regressed spf=visible", "record-missing:error(mx)", -1, ETA_NONE },
	{ "a new server is not asked yet: stays", MAIL, "found", NS2 R2, "* = ok - ok*2 ok*2", "was", DOMAIN_COMPLETE, "mx=visible", "",
	    -1, ETA_NONE },

	/* ---- caches ---- */
	{ "one cache holds the old value", MAIL, "found", NS1 R2, "mx = ok old@120 ok*2\n* = ok ok*2 ok*2", "", DOMAIN_PUBLISHED,
	    "mx=published spf=visible", "cache-stale:info(mx)", 120, ETA_TTL },
	{ "one cache holds the absence", MAIL, "found", NS1 R2, "mx = ok none@900 ok*2\n* = ok ok*2 ok*2", "", DOMAIN_PUBLISHED,
	    "mx=published", "negative-cache:info(mx)", 900, ETA_NEGATIVE_TTL },
	{ "the longest wait rules", MAIL, "found", NS1 R2,
	    "mx = ok none@900 old@30\nautodiscover = ok old@1200 ok*2\n* = ok ok*2 ok*2", "", DOMAIN_PUBLISHED, "mx=published",
	    "cache-stale:info negative-cache:info(mx)", 1200, ETA_TTL },
	{ "one cause, many records: one finding of the domain", MAIL, "found", NS1 R2,
	    "* = ok none@900 none@600", "", DOMAIN_PUBLISHED, "mx=published", "negative-cache:info", 900, ETA_NEGATIVE_TTL },
	{ "a denial without SOA", MAIL, "found", NS1 R2, "mx = ok none@0 ok*2\n* = ok ok*2 ok*2", "", DOMAIN_PUBLISHED, "mx=published",
	    "negative-cache:info(mx)", 0, ETA_NEGATIVE_TTL },
	{ "enough for a quorum of half", MAIL, "found", NS1 R2, "mx = ok old@120 ok*2\n* = ok ok*2 ok*2", "50%", DOMAIN_COMPLETE,
	    "mx=visible", "cache-stale:info(mx)", -1, ETA_NONE },
	{ "enough for a count of one", MAIL, "found", NS1 R2, "mx = ok old@120 ok*2\n* = ok ok*2 ok*2", "1of", DOMAIN_COMPLETE,
	    "mx=visible", "cache-stale:info(mx)", -1, ETA_NONE },
	{ "two addresses, one vote: both must agree", MAIL, "found", "ns1@192.0.2.1 google@8.8.8.8/q google@8.8.4.4/q",
	    "mx = ok ok*2 old@60\n* = ok ok*2 ok*2", "", DOMAIN_PUBLISHED, "mx=published", "cache-stale:info(mx)", 60, ETA_TTL },
	{ "info resolvers never gate", MAIL, "found", "ns1@192.0.2.1 google@8.8.8.8/q office@10.0.0.1/i",
	    "mx = ok ok*2 old@60\n* = ok ok*2 ok*2", "", DOMAIN_COMPLETE, "mx=visible", "cache-stale:info(mx)", -1, ETA_NONE },
	{ "a required resolver gates", MAIL, "found", "ns1@192.0.2.1 google@8.8.8.8/q office@192.0.2.53/r",
	    "mx = ok ok*2 old@60\n* = ok ok*2 ok*2", "50%", DOMAIN_PUBLISHED, "mx=visible", "cache-stale:info(mx)", 60, ETA_TTL },
	{ "a required resolver set aside holds", MAIL, "found", "ns1@192.0.2.1 google@8.8.8.8/q office@192.0.2.53/r",
	    "* = ok ok*2 timeout", "", DOMAIN_PUBLISHED, "mx=visible", "resolver-unreachable:info", -1, ETA_NONE },

	/* ---- resolvers in trouble ---- */
	{ "one of two operators dead", MAIL, "found", NS1 R2, "* = ok ok*2 timeout", "", DOMAIN_COMPLETE, "mx=visible",
	    "resolver-unreachable:info", -1, ETA_NONE },
	{ "three of four dead: cannot tell", MAIL, "found", NS1 R4, "* = ok ok*2 timeout timeout servfail", "", DOMAIN_UNKNOWN,
	    "mx=published", "resolver-unreachable:info resolver-unreachable:info resolver-failing:info", -1, ETA_NONE },
	{ "both addresses of one operator are one finding", MAIL, "found",
	    "ns1@192.0.2.1 google@8.8.8.8/q google@8.8.4.4/q cloudflare@1.1.1.1/q", "* = ok timeout timeout ok*2", "", DOMAIN_COMPLETE,
	    "mx=visible", "resolver-unreachable:info", -1, ETA_NONE },
	{ "one address of an operator dead: the other votes", MAIL, "found", "ns1@192.0.2.1 google@8.8.8.8/q google@8.8.4.4/q",
	    "* = ok ok*2 timeout", "", DOMAIN_COMPLETE, "mx=visible", "resolver-unreachable:info", -1, ETA_NONE },
	{ "filters: set aside for this domain", MAIL, "found", NS1 R2, "mx = ok filtered ok*2\n* = ok ok*2 ok*2", "", DOMAIN_COMPLETE,
	    "mx=visible", "resolver-filtered:info", -1, ETA_NONE },
	{ "one question fails while others are answered", MAIL, "found", NS1 R2, "mx = ok servfail ok*2\n* = ok ok*2 ok*2", "",
	    DOMAIN_PUBLISHED, "mx=published spf=visible", "resolver-failing:info", -1, ETA_NONE },
	{ "who validates rejects the zone: no fault of that resolver", MAIL, "found", NS1 R2, "* = ok ok*2 bogus", "",
	    DOMAIN_UNPUBLISHED, "mx=visible", "dnssec-bogus:error", -1, ETA_NONE },
	{ "one question is bogus", MAIL, "found", NS1 R2, "mx = ok ok*2 bogus\n* = ok ok*2 ok*2", "", DOMAIN_UNPUBLISHED,
	    "mx=published", "dnssec-bogus:error", -1, ETA_NONE },
	{ "bogus at a resolver that is only shown", MAIL, "found", "ns1@192.0.2.1 google@8.8.8.8/q other@1.1.1.1/i",
	    "* = ok ok*2 bogus", "", DOMAIN_COMPLETE, "mx=visible", "dnssec-bogus:warning", -1, ETA_NONE },
	{ "a try failed, others are left", MAIL, "found", NS1 R2, "mx = ok timeout? ok*2\n* = ok ok*2 ok*2", "", DOMAIN_PUBLISHED,
	    "mx=published", "", 0, ETA_TTL },
	{ "set aside by what it does elsewhere", MAIL, "found", "ns1@192.0.2.1 google@8.8.8.8/q quad9@9.9.9.9/q/aside",
	    "* = ok ok*2 -", "", DOMAIN_COMPLETE, "mx=visible", "resolver-unreachable:info", -1, ETA_NONE },
	{ "garbage from a resolver", MAIL, "found", NS1 R2, "mx = ok malformed ok*2\n* = ok ok*2 ok*2", "", DOMAIN_PUBLISHED,
	    "mx=published", "answer-malformed:info", -1, ETA_NONE },
	{ "no IPv6 here", MAIL, "found", "ns1@192.0.2.1 ns1@2001:db8::1 google@8.8.8.8/q google@2001:4860:4860::8888/q",
	    "* = ok network ok*2 network", "", DOMAIN_COMPLETE, "mx=visible", "no-ipv6-here:info", -1, ETA_NONE },
	{ "no IPv6 here, all authorities wanted", MAIL, "found", "ns1@192.0.2.1 ns1@2001:db8::1 google@8.8.8.8/q",
	    "* = ok network ok*2", "all", DOMAIN_COMPLETE, "mx=visible", "no-ipv6-here:info", -1, ETA_NONE },

	/* ---- authorities in trouble ---- */
	{ "a dead secondary is set aside", MAIL, "found", NS2 R2, "* = ok timeout ok*2 ok*2", "", DOMAIN_COMPLETE, "mx=visible",
	    "authority-unreachable:warning", -1, ETA_NONE },
	{ "both addresses of a dead server are one finding", MAIL, "found", "ns1@192.0.2.1 ns2@192.0.2.2 ns2@192.0.2.3 google@8.8.8.8/q",
	    "* = ok timeout timeout ok*2", "", DOMAIN_COMPLETE, "mx=visible", "authority-unreachable:warning", -1, ETA_NONE },
	{ "a dead secondary where all are wanted", MAIL, "found", NS2 R2, "* = ok timeout ok*2 ok*2", "all", DOMAIN_UNKNOWN, "mx=unknown",
	    "authority-unreachable:warning", -1, ETA_NONE },
	{ "a lame secondary", MAIL, "found", NS2 R2, "* = ok refused ok*2 ok*2", "", DOMAIN_COMPLETE, "mx=visible",
	    "delegation-lame:warning", -1, ETA_NONE },
	{ "a secondary without authority", MAIL, "found", NS2 R2, "* = ok ok! ok*2 ok*2", "", DOMAIN_COMPLETE, "mx=visible",
	    "delegation-lame:warning", -1, ETA_NONE },
	{ "all lame: the zone is broken", MAIL, "found", NS2 R2, "* = refused servfail - -", "", DOMAIN_UNPUBLISHED,
	    "mx=unknown spf=unknown", "delegation-lame:error", -1, ETA_NONE },
	{ "all lame, and it was published", MAIL, "found", NS2 R2, "* = refused lame - -", "was", DOMAIN_REGRESSED, "mx=unknown",
	    "delegation-lame:error", -1, ETA_NONE },
	{ "lame only so far: others questions are under way", MAIL, "found", NS1 R2, "mx = refused - -\n* = timeout? - -", "",
	    DOMAIN_PENDING, "mx=unknown spf=pending", "", -1, ETA_NONE },
	{ "no authority answers", MAIL, "found", NS2 R2, "* = timeout timeout ok*2 ok*2", "", DOMAIN_UNKNOWN, "mx=unknown",
	    "authority-unreachable:warning", -1, ETA_NONE },
	{ "nobody answers: one finding", MAIL, "found", NS2 R2, "* = network network network network", "", DOMAIN_UNKNOWN, "mx=unknown",
	    "authority-unreachable:warning", -1, ETA_NONE },
	{ "the delegation could not be found out", MAIL, "unknown", R2, "* = - -", "", DOMAIN_UNKNOWN, "mx=unknown",
	    "authority-unreachable:warning", -1, ETA_NONE },
	{ "not delegated", MAIL, "missing", R2, "* = - -", "", DOMAIN_UNPUBLISHED, "mx=unknown", "delegation-missing:error", -1, ETA_NONE },
	{ "not delegated any more", MAIL, "missing", R2, "* = - -", "was", DOMAIN_REGRESSED, "mx=unknown", "delegation-missing:error", -1,
	    ETA_NONE },
	{ "a single question fails at an authority", MAIL, "found", NS2 R2, "mx = ok servfail - -\n* = ok ok ok*2 ok*2", "",
	    DOMAIN_UNKNOWN, "mx=unknown spf=visible", "authority-failing:warning", -1, ETA_NONE },
	{ "a private name server is never asked", MAIL, "found", "ns1@192.0.2.1 ns2@10.0.0.1/blocked google@8.8.8.8/q", "* = ok - ok*2",
	    "", DOMAIN_COMPLETE, "mx=visible", "authority-unreachable:warning", -1, ETA_NONE },
	{ "a name server without address", MAIL, "found", "ns1@192.0.2.1 ns2@192.0.2.2/noaddr google@8.8.8.8/q", "* = ok - ok*2", "",
	    DOMAIN_COMPLETE, "mx=visible", "authority-unreachable:warning", -1, ETA_NONE },
	{ "garbage from an authority", MAIL, "found", NS2 R2, "* = ok malformed ok*2 ok*2", "", DOMAIN_COMPLETE, "mx=visible",
	    "answer-malformed:warning", -1, ETA_NONE },
	{ "long answers of one authority do not come", NO_PROOF, "found", NS2 R2, "spf = ok truncated - -\n* = ok ok ok*2 ok*2", "",
	    DOMAIN_UNKNOWN, "spf=unknown mx=visible", "answer-truncated:warning", -1, ETA_NONE },

	/* ---- agreement ---- */
	{ "a secondary lags behind", MAIL, "found", NS2 R2, "mx = ok old - -\nautodiscover = ok none - -\nsoa = 2 1 - -\n* = ok ok ok*2 ok*2",
	    "", DOMAIN_UNPUBLISHED, "mx=unpublished autodiscover=unpublished spf=visible", "authority-disagree:error", -1, ETA_NONE },
	{ "one record lags behind: it is the record's", MAIL, "found", NS2 R2, "mx = ok old - -\n* = ok ok ok*2 ok*2", "",
	    DOMAIN_UNPUBLISHED, "mx=unpublished", "authority-disagree:error(mx)", -1, ETA_NONE },
	{ "most have it: a majority is enough", MAIL, "found", NS3 R2, "mx = ok ok old - -\n* = ok ok ok ok*2 ok*2", "majority",
	    DOMAIN_PUBLISHED, "mx=published", "authority-disagree:warning(mx)", 0, ETA_TTL },
	{ "most lack it", MAIL, "found", NS3 R2, "mx = ok old old - -\n* = ok ok ok ok*2 ok*2", "majority", DOMAIN_UNPUBLISHED,
	    "mx=unpublished", "record-wrong:error(mx) authority-disagree:warning(mx)", -1, ETA_NONE },
	{ "an optional record lags behind", MAIL, "found", NS2 R2,
	    "enterpriseregistration = {CNAME enterpriseregistration.windows.net} none - -\n* = ok ok ok*2 ok*2", "", DOMAIN_COMPLETE,
	    "enterpriseregistration=unpublished", "authority-disagree:warning(enterpriseregistration)", -1, ETA_NONE },
	{ "serials drift, data is the same", MAIL, "found", NS2 R2, "soa = 7 9 - -\n* = ok ok ok*2 ok*2", "", DOMAIN_COMPLETE, "mx=visible",
	    "authority-disagree:info", -1, ETA_NONE },

	/* ---- the delegation ---- */
	{ "parent and child differ", MAIL, "found", "ns1@192.0.2.1 ns2@192.0.2.2/noparent google@8.8.8.8/q", "* = ok ok ok*2", "",
	    DOMAIN_COMPLETE, "mx=visible", "delegation-mismatch:warning", -1, ETA_NONE },
	{ "child lacks one of the parent's", MAIL, "found", "ns1@192.0.2.1 ns2@192.0.2.2/nochild google@8.8.8.8/q", "* = ok ok ok*2", "",
	    DOMAIN_COMPLETE, "mx=visible", "delegation-mismatch:warning", -1, ETA_NONE },
	{ "the admin edits another zone", NAMESERVERS, "found", NS1 R2, "* = ok ok*2 ok*2", "", DOMAIN_COMPLETE, "mx=visible",
	    "delegation-mismatch:warning", -1, ETA_NONE },

	{ "more name servers than are asked: any name may be among them", NAMESERVERS, "more",
	    "ns1@192.0.2.1 ns2@192.0.2.2/noparent google@8.8.8.8/q", "* = ok ok ok*2", "", DOMAIN_COMPLETE, "mx=visible", "", -1,
	    ETA_NONE },
	{ "the domain itself is an alias", MAIL, "found", NS1 R2,
	    "mx = {-> host.example; MX 0 contoso-test.mail.protection.outlook.com} - -\n* = ok ok*2 ok*2", "", DOMAIN_UNPUBLISHED,
	    "spf=visible", "cname-at-apex:error", -1, ETA_NONE },
	{ "the domain itself is an alias: what it hides is not told again", MAIL, "found", NS1 R2,
	    "mx = {-> host.example} - -\nspf = {-> host.example} - -\n* = ok ok*2 ok*2", "", DOMAIN_UNPUBLISHED,
	    "mx=unpublished spf=unpublished autodiscover=visible", "cname-at-apex:error", -1, ETA_NONE },
	{ "inside and outside alike is one finding", MAIL, "found", "ns1@192.0.2.1 google@8.8.8.8/q office@10.0.0.53/internal",
	    "autodiscover = old - old\n* = ok ok*2 ok", "", DOMAIN_UNPUBLISHED, "autodiscover=unpublished",
	    "record-wrong:error(autodiscover)", -1, ETA_NONE },

	/* ---- records of their own kind ---- */
	{ "optional and right", MAIL, "found", NS1 R2,
	    "enterpriseregistration = {CNAME enterpriseregistration.windows.net} {CNAME enterpriseregistration.windows.net}*2 old\n"
	    "* = ok ok*2 ok*2", "", DOMAIN_COMPLETE, "enterpriseregistration=published", "cache-stale:info(enterpriseregistration)", -1,
	    ETA_NONE },
	{ "optional and wrong", MAIL, "found", NS1 R2, "enterpriseregistration = old - -\n* = ok ok*2 ok*2", "", DOMAIN_COMPLETE,
	    "enterpriseregistration=unpublished", "record-wrong:warning(enterpriseregistration)", -1, ETA_NONE },
	{ "legacy and outside: an error", MAIL, "found", NS1 R2, "sip = {CNAME edge.contoso.test} - -\n* = ok ok*2 ok*2", "",
	    DOMAIN_UNPUBLISHED, "sip=unpublished mx=visible", "legacy-skype-external:error(sip)", -1, ETA_NONE },
	{ "forbidden and there", MAIL, "found", NS1 R2, "msoid = {-> clientconfig.microsoftonline-p.net} - -\n* = ok ok*2 ok*2", "",
	    DOMAIN_UNPUBLISHED, "msoid=unpublished", "msoid-present:error(msoid)", -1, ETA_NONE },
	{ "a warning only does no harm", MAIL, "found", NS1 R2,
	    "mx = {MX 0 fabrikam-com.mail.protection.outlook.com} {MX 0 fabrikam-com.mail.protection.outlook.com}*2 "
	    "{MX 0 fabrikam-com.mail.protection.outlook.com}*2\n* = ok ok*2 ok*2", "", DOMAIN_COMPLETE, "mx=visible",
	    "mx-wrong-key:warning(mx)", -1, ETA_NONE },
	{ "proof by MX alone", MAIL, "found", NS1 R2,
	    "verification = {TXT v=spf1 include:spf.protection.outlook.com -all} {TXT v=spf1 include:spf.protection.outlook.com -all}*2 "
	    "{TXT v=spf1 include:spf.protection.outlook.com -all}*2\n"
	    "mx = {MX 0 contoso-test.mail.protection.outlook.com; MX 99 ms12345678.msv1.invalid} "
	    "{MX 0 contoso-test.mail.protection.outlook.com; MX 99 ms12345678.msv1.invalid}*2 "
	    "{MX 0 contoso-test.mail.protection.outlook.com; MX 99 ms12345678.msv1.invalid}*2\n* = ok ok*2 ok*2", "", DOMAIN_COMPLETE,
	    "verification=visible verification-mx=visible spf=visible", "verification-by-mx:info(verification)", -1, ETA_NONE },
	{ "proof by MX, no TXT at all", ONLY_PROOF, "found", NS1 R2,
	    "verification-mx = {MX 99 ms12345678.msv1.invalid} {MX 99 ms12345678.msv1.invalid}*2 {MX 99 ms12345678.msv1.invalid}*2\n"
	    "* = none - -", "", DOMAIN_COMPLETE, "verification=visible", "verification-by-mx:info(verification)", -1, ETA_NONE },
	{ "selector2 missing", DKIM, "found", NS1 R2, "dkim-selector2 = none - -\n* = ok ok*2 ok*2", "", DOMAIN_UNPUBLISHED,
	    "dkim-selector1=visible dkim-selector2=unpublished", "dkim-selector2-missing:error(dkim-selector2)", -1, ETA_NONE },
	{ "selector2 missing, DKIM not asked for", MAIL, "found", NS1 R2,
	    "dkim-selector1 = {CNAME selector1-contoso-test._domainkey.contoso.onmicrosoft.com} - -\n* = ok ok*2 ok*2", "",
	    DOMAIN_COMPLETE, "dkim-selector1=published", "dkim-selector2-missing:warning(dkim-selector2)", -1, ETA_NONE },
	{ "selectors of two forms", DKIM, "found", NS1 R2,
	    "dkim-selector2 = {CNAME selector2-contoso-test._domainkey.contoso.n-v1.dkim.mail.microsoft} - -\n* = ok ok*2 ok*2", "",
	    DOMAIN_UNPUBLISHED, "dkim-selector2=unpublished", "dkim-mixed-formats:error(dkim-selector2)", -1, ETA_NONE },
	{ "both selectors missing", DKIM, "found", NS1 R2, "dkim-selector1 = none - -\ndkim-selector2 = none - -\n* = ok ok*2 ok*2", "",
	    DOMAIN_UNPUBLISHED, "dkim-selector1=unpublished",
	    "record-missing:error(dkim-selector1) record-missing:error(dkim-selector2)", -1, ETA_NONE },

	/* ---- without authorities, and inside ---- */
	{ "no authorities: any resolver shows it", MAIL, "none", R2, "mx = ok*2 old@60\n* = ok*2 ok*2", "none", DOMAIN_PUBLISHED,
	    "mx=published spf=visible", "cache-stale:info(mx)", 60, ETA_TTL },
	{ "no authorities: all show it", MAIL, "none", R2, "* = ok*2 ok*2", "none", DOMAIN_COMPLETE, "mx=visible", "", -1, ETA_NONE },
	{ "no authorities: none shows it", MAIL, "none", R2, "mx = none old\n* = ok*2 ok*2", "none", DOMAIN_UNPUBLISHED, "mx=unpublished",
	    "record-missing:error(mx) record-wrong:error(mx)", -1, ETA_NONE },
	{ "no authorities: one has not said yet", MAIL, "none", R2, "mx = none -\n* = ok*2 ok*2", "none", DOMAIN_UNPUBLISHED, "mx=pending",
	    "record-missing:error(mx)", -1, ETA_NONE },
	{ "inside it is wrong: a warning", MAIL, "found", "ns1@192.0.2.1 google@8.8.8.8/q office@10.0.0.53/internal",
	    "autodiscover = ok ok*2 old\n* = ok ok*2 ok", "", DOMAIN_COMPLETE, "autodiscover=visible", "split-horizon:warning(autodiscover)",
	    -1, ETA_NONE },
};

/* ---- running a row ---- */

static bool
has_word(const char *words, const char *word)
{
	const char *at = strstr(words, word);
	size_t n = strlen(word);

	return at != NULL && (at == words || at[-1] == ' ') && (at[n] == '\0' || at[n] == ' ');
}

static void
policy_of(struct eval_policy *p, const char *options)
{
	unsigned quorum;

	if (has_word(options, "all"))
		p->authorities = AUTHORITIES_ALL;
	if (has_word(options, "majority"))
		p->authorities = AUTHORITIES_MAJORITY;
	if (has_word(options, "none"))
		p->authorities = AUTHORITIES_NONE;
	if (sscanf(options, "%u%%", &quorum) == 1)
		p->quorum = quorum;
	if (strstr(options, "of") != NULL && sscanf(options, "%uof", &quorum) == 1) {
		p->quorum = quorum;
		p->quorum_percent = false;
	}
}

static void
prior_of(struct arena *a, const struct plan *plan, bool was, struct domain_prior *ret)
{
	size_t n = plan_n_expectations(plan);
	struct record_prior *records = arena_alloc(a, n * sizeof(*records));

	for (size_t i = 0; was && i < n; i++)
		if (plan_expectation(plan, i)->need == NEED_REQUIRED)
			records[i] = (struct record_prior){ RECORD_VISIBLE, true };
	*ret = (struct domain_prior){ was ? DOMAIN_COMPLETE : DOMAIN_PENDING, was, records };
}

static void
check_records(const struct plan *plan, const struct roll_case *c, const struct domain_result *r, struct str *wrong)
{
	char *copy = xstrdup(c->records), *rest = copy, *word;

	while ((word = strsep(&rest, " ")) != NULL) {
		char *eq = strchr(word, '=');
		const char *state;
		int i;

		if (eq == NULL)
			continue;
		*eq = '\0';
		i = plan_find(plan, word);
		state = i < 0 ? "no such record" : name_of(&record_state_names, (int)r->records[i].state);
		if (strcmp(state, eq + 1) != 0)
			str_addf(wrong, "\n%s: %s=%s", c->name, word, state);
	}
	free(copy);
}

static void
check_case(const struct roll_case *c, struct str *wrong)
{
	struct arena *a = arena_new();
	struct plan *plan = plan_of(c->conf);
	struct matrix *m = matrix_of(a, plan, c->zone, c->columns, c->cells);
	struct domain_prior prior;
	struct domain_result r;
	const char *findings;
	int eta;

	policy_of(&m->policy, c->options);
	prior_of(a, plan, has_word(c->options, "was"), &prior);
	eval_domain(m, &prior, a, &r);
	findings = findings_text(a, plan, &r);
	eta = r.eta_ms == 0 ? -1 : (int)((r.eta_ms - MATRIX_NOW_MS) / 1000);
	if (r.state != c->state)
		str_addf(wrong, "\n%s: state %s", c->name, name_of(&domain_state_names, (int)r.state));
	if (strcmp(findings, c->findings) != 0)
		str_addf(wrong, "\n%s: findings %s", c->name, findings);
	if (eta != c->eta_s || (eta >= 0 && r.eta_basis != c->basis))
		str_addf(wrong, "\n%s: eta %d %s", c->name, eta, name_of(&eta_basis_names, (int)r.eta_basis));
	check_records(plan, c, &r, wrong);
	/* what must hold of every result */
	ck_assert_msg(!r.complete || (r.visible && r.published), "%s", c->name);
	ck_assert_msg(r.published_ratio >= 0 && r.published_ratio <= 1 && r.visible_ratio >= 0 && r.visible_ratio <= 1, "%s", c->name);
	for (size_t i = 0; i < r.n_findings; i++)
		ck_assert_msg(r.findings[i].detail != NULL && *r.findings[i].detail != '\0' && r.findings[i].advice != NULL &&
		    strchr(r.findings[i].advice, '{') == NULL && strpbrk(r.findings[i].advice, "*?") == NULL &&
		    r.findings[i].n_evidence <= 8, "%s: %s", c->name, r.findings[i].advice);
	arena_free(a);
}

START_TEST(situations_roll_up)
{
	struct str wrong = STR_INIT;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		check_case(&cases[i], &wrong);
	ck_assert_msg(wrong.len == 0, "%s", str_c(&wrong));
	str_done(&wrong);
}
END_TEST

/* ---- single things ---- */

static struct domain_result
roll(struct arena *a, struct matrix *m)
{
	struct domain_prior prior;
	struct domain_result r;

	prior_of(a, m->plan, false, &prior);
	eval_domain(m, &prior, a, &r);
	return r;
}

START_TEST(ratios_count_operators)
{
	struct arena *a = arena_new();
	struct plan *plan = plan_of(MAIL);
	struct matrix *m = matrix_of(a, plan, "found", NS1 R4, "mx = ok ok*2 ok*2 ok*1 old\nautodiscover = none - - - -\n"
	    "* = ok ok*2 ok*2 ok*2 ok*2");
	struct domain_result r = roll(a, m);

	ck_assert_double_eq_tol(r.records[plan_find(plan, "mx")].visible_ratio, 0.5, 1e-9);
	ck_assert_double_eq_tol(r.published_ratio, 0.75, 1e-9);
	ck_assert_double_eq_tol(r.visible_ratio, (1 + 1 + 0.5) / 4, 1e-9);
	arena_free(a);
}
END_TEST

/* RFC 1982: 1 comes after 4294967295. */
START_TEST(serials_wrap)
{
	struct arena *a = arena_new();
	struct plan *plan = plan_of(MAIL);
	struct matrix *m = matrix_of(a, plan, "found", NS2 R2, "soa = 4294967295 1 - -\nmx = old ok - -\n* = ok ok ok*2 ok*2");
	struct domain_result r = roll(a, m);

	ck_assert_uint_eq(r.n_findings, 1);
	ck_assert_msg(strstr(r.findings[0].detail, "ns1.contoso.test 192.0.2.1 (serial 4294967295, the newest is 1)") != NULL, "%s",
	    r.findings[0].detail);
	arena_free(a);
}
END_TEST

START_TEST(a_family_is_said_in_words)
{
	struct arena *a = arena_new();
	struct plan *plan = plan_of(MAIL);
	struct domain_result r = roll(a, matrix_of(a, plan, "found", NS1 R2, "mx = none - -\n* = ok ok*2 ok*2"));

	ck_assert_uint_eq(r.n_findings, 1);
	ck_assert_str_eq(r.findings[0].advice, "Add: contoso.test MX 0 contoso-test.mail.protection.outlook.com "
	    "(a host of the form contoso-test.X-v1.mx.microsoft is right too)");
	arena_free(a);
}
END_TEST

/* Hosts of one's own that the configuration does not name: no advice ends where the value would begin. */
START_TEST(a_host_of_ones_own_is_said_in_words)
{
	static const struct {
		const char *conf, *line, *advice;
	} rows[] = {
		{ CONF("profile = hybrid-mx-onprem"), "mx = nodata nodata - -\n* = ok ok ok*2 ok*2",
		  "Add: contoso.test MX HOST (a host of your own; the key mx of the configuration says which)" },
		{ CONF("profile = filtered"), "mx = {MX 0 contoso-test.mail.protection.outlook.com} "
		  "{MX 0 contoso-test.mail.protection.outlook.com} - -\n* = ok ok ok*2 ok*2",
		  "Change contoso.test MX from 0 contoso-test.mail.protection.outlook.com to HOST (a host of your own; the key mx of the "
		  "configuration says which)" },
		{ CONF("profile = hybrid"), "autodiscover = none none - -\n* = ok ok ok*2 ok*2",
		  "Add: autodiscover.contoso.test CNAME HOST (a host of your own; the key autodiscover of the configuration says which)" },
		{ CONF("services = {\"mta-sts\"}"), "mta-sts-host = none none - -\n* = ok ok ok*2 ok*2",
		  "Add: mta-sts.contoso.test CNAME HOST (a host of your own)" },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct arena *a = arena_new();
		struct plan *plan = plan_of(rows[i].conf);
		struct domain_result r = roll(a, matrix_of(a, plan, "found", NS2 R2, rows[i].line));

		ck_assert_msg(r.n_findings > 0, "%s: no finding", rows[i].conf);
		ck_assert_str_eq(r.findings[0].advice, rows[i].advice);
		arena_free(a);
	}
}
END_TEST

/* Who remembers what: with "or" where not each of them remembers all of it. */
START_TEST(caches_are_told_without_false_claims)
{
	static const struct {
		const char *cells, *detail;
	} rows[] = {
		{ "mx = ok old@60 ok*2\n* = ok ok*2 ok*2", "google 8.8.8.8: remembers the old contoso.test MX" },
		{ "mx = ok old@60 old@60\n* = ok ok*2 ok*2", "google 8.8.8.8, cloudflare 1.1.1.1: remember the old contoso.test MX" },
		{ "mx = ok old@60 old@60\nautodiscover = ok old@60 old@60\n* = ok ok*2 ok*2",
		  "google 8.8.8.8, cloudflare 1.1.1.1: remember the old contoso.test MX, autodiscover.contoso.test CNAME" },
		{ "mx = ok old@60 ok*2\nautodiscover = ok ok*2 old@60\n* = ok ok*2 ok*2",
		  "google 8.8.8.8, cloudflare 1.1.1.1: remember the old contoso.test MX or autodiscover.contoso.test CNAME" },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct arena *a = arena_new();
		struct plan *plan = plan_of(MAIL);
		struct domain_result r = roll(a, matrix_of(a, plan, "found", NS1 R2, rows[i].cells));

		ck_assert_uint_eq(r.n_findings, 1);
		ck_assert_msg(strncmp(r.findings[0].detail, rows[i].detail, strlen(rows[i].detail)) == 0 &&
		    r.findings[0].detail[strlen(rows[i].detail)] == ',', "%s: %s", rows[i].cells, r.findings[0].detail);
		arena_free(a);
	}
}
END_TEST

START_TEST(a_finding_says_what_where_and_how)
{
	struct arena *a = arena_new();
	struct plan *plan = plan_of(MAIL);
	struct matrix *m = matrix_of(a, plan, "found", NS2 R2,
	    "mx = {MX 0 contoso-test.mail.protection.outlook.com; MX 10 mail.old.example} "
	    "{MX 0 contoso-test.mail.protection.outlook.com; MX 10 mail.old.example} - -\n* = ok ok ok*2 ok*2");
	struct domain_result r = roll(a, m);
	const struct finding *f = &r.findings[0];

	ck_assert_uint_eq(r.n_findings, 1);
	ck_assert_int_eq(f->code, FINDING_MX_EXTRA);
	ck_assert_str_eq(f->advice, "Delete contoso.test MX 10 mail.old.example; only 0 contoso-test.mail.protection.outlook.com may "
	    "remain.");
	ck_assert_uint_eq(f->n_sources, 2);
	ck_assert_str_eq(f->sources[0], "ns1.contoso.test 192.0.2.1");
	ck_assert_uint_eq(f->n_evidence, 4);
	ck_assert_msg(strcmp(f->evidence[0], "contoso.test. 300 IN MX 10 mail.old.example. (ns1.contoso.test 192.0.2.1)") == 0 ||
	    strcmp(f->evidence[1], "contoso.test. 300 IN MX 10 mail.old.example. (ns1.contoso.test 192.0.2.1)") == 0, "%s",
	    f->evidence[0]);
	arena_free(a);
}
END_TEST

/* An old domain has a dozen texts of others at its apex: they do not push out the one that is told of. */
START_TEST(evidence_is_of_the_record)
{
	static const struct {
		const char *name, *record, *texts;
		size_t n;
		const char *shown;
	} rows[] = {
		{ "spf among others", "spf", "TXT a=1; TXT b=2; TXT MS=ms12345678; TXT V=SPF1 mx -all", 1, "\"V=SPF1 mx -all\"" },
		{ "proof without MS=", "verification", "TXT a=1; TXT items; TXT ms12345678", 1, "\"ms12345678\"" },
		{ "proof in quotation marks", "verification", "TXT a=1; TXT \"MS=ms12345678\"", 1, "MS=ms12345678" },
		{ "nothing like it", "verification", "TXT a=1; TXT b=2", 2, "\"b=2\"" },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct arena *a = arena_new();
		struct plan *plan = plan_of(strcmp(rows[i].record, "spf") == 0 ? MAIL : ONLY_PROOF);
		struct domain_result r = roll(a, matrix_of(a, plan, "found", NS1 R2,
		    arena_printf(a, "%s = {%s} - -\n* = ok ok*2 ok*2", rows[i].record, rows[i].texts)));
		bool shown = false;

		ck_assert_uint_ge(r.n_findings, 1);
		ck_assert_uint_eq(r.findings[0].n_evidence, rows[i].n);
		for (size_t k = 0; k < r.findings[0].n_evidence; k++)
			shown = shown || strstr(r.findings[0].evidence[k], rows[i].shown) != NULL;
		ck_assert_msg(shown, "%s: %s", rows[i].name, r.findings[0].evidence[0]);
		arena_free(a);
	}
}
END_TEST

/* The advice ends in the record to paste, whole, with what stood in it before. */
START_TEST(advice_shows_the_whole_record)
{
	static const struct {
		const char *txt, *end;
	} rows[] = {
		{ "v=spf1 mx -all", "The record then reads: v=spf1 mx include:spf.protection.outlook.com -all" },
		{ "v=spf1 ip4:192.0.2.7 include:spf.protection.outlook.com",
		    "The record then reads: v=spf1 ip4:192.0.2.7 include:spf.protection.outlook.com -all" },
		{ "v=spf1 include:spf.protection.outlook.com +all",
		    "The record then reads: v=spf1 include:spf.protection.outlook.com -all" },
		{ "v=spf1 include:spf.protection.outlook.com -all; TXT v=spf1 mx ~all",
		    "The record then reads: v=spf1 mx include:spf.protection.outlook.com -all" },
		{ "v=spf1 ip4:192.0.2.7include:spf.protection.outlook.com -all",
		    "The record then reads: v=spf1 ip4:192.0.2.7 include:spf.protection.outlook.com -all" },
		{ "v=spf1 ip4:192.0.2.0/33 include:spf.protection.outlook.com -all",
		    "Left out of the SPF record, because no such term exists: ip4:192.0.2.0/33. The record then reads: "
		    "v=spf1 include:spf.protection.outlook.com -all" },
		{ "v=DMARC1\\x3b p=reject rua=mailto:a@b.test",
		    "The record then reads: v=DMARC1; p=reject; rua=mailto:a@b.test" },
		{ "v=DMARC1\\x3b p=reject\\x3b p=none", "(now \"v=DMARC1; p=reject; p=none\"). The old text could not be mended, so "
		    "another takes its place. The record then reads: v=DMARC1; p=reject" },
		{ "v=DMARC1\\x3b rua=mailto:a@b.test", "The record then reads: v=DMARC1; p=none; rua=mailto:a@b.test" },
	};
	struct plan *plan = plan_of(DMARC);

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct arena *a = arena_new();
		struct domain_result r = roll(a, matrix_of(a, plan, "found", NS1 R2,
		    strncmp(rows[i].txt, "v=spf1", 6) == 0 ?
		    arena_printf(a, "spf = {TXT MS=ms12345678; TXT %s} - -\n* = ok ok*2 ok*2", rows[i].txt) :
		    arena_printf(a, "dmarc = {TXT %s} - -\n* = ok ok*2 ok*2", rows[i].txt)));
		const char *advice = r.n_findings > 0 ? r.findings[0].advice : "";

		ck_assert_msg(strlen(advice) > strlen(rows[i].end) &&
		    strcmp(advice + strlen(advice) - strlen(rows[i].end), rows[i].end) == 0, "%s: %s", rows[i].txt, advice);
		arena_free(a);
	}
}
END_TEST

/* Bytes of TXT records never reach a terminal as they are. */
START_TEST(hostile_bytes_are_escaped)
{
	struct arena *a = arena_new();
	struct plan *plan = plan_of(MAIL);
	struct matrix *m = matrix_of(a, plan, "found", NS1 R2,
	    "spf = {TXT v=spf1 \\x1b[31m\\xff\\xe2\\x80\\xae -all} - -\n* = ok ok*2 ok*2");
	struct domain_result r = roll(a, m);

	for (size_t i = 0; i < r.n_findings; i++) {
		const struct finding *f = &r.findings[i];

		ck_assert(strchr(f->detail, 0x1b) == NULL && strchr(f->advice, 0x1b) == NULL);
		ck_assert(strchr(f->advice, '\xff') == NULL && strstr(f->advice, "\xe2\x80\xae") == NULL);
		for (size_t k = 0; k < f->n_evidence; k++)
			ck_assert(strchr(f->evidence[k], 0x1b) == NULL && strchr(f->evidence[k], '\xff') == NULL);
	}
	ck_assert_uint_gt(r.n_findings, 0);
	arena_free(a);
}
END_TEST

START_TEST(codes_of_this_test_are_provoked)
{
	struct str all = STR_INIT;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		str_addf(&all, "%s ", cases[i].findings);
	ck_assert_str_eq(findings_of_test_not_in("check_eval_rollup", str_c(&all)), "");
	str_done(&all);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("eval_rollup");
	TCase *t = tcase_create("rollup");
	int failed;

	tcase_add_test(t, situations_roll_up);
	tcase_add_test(t, ratios_count_operators);
	tcase_add_test(t, serials_wrap);
	tcase_add_test(t, a_family_is_said_in_words);
	tcase_add_test(t, a_host_of_ones_own_is_said_in_words);
	tcase_add_test(t, caches_are_told_without_false_claims);
	tcase_add_test(t, a_finding_says_what_where_and_how);
	tcase_add_test(t, evidence_is_of_the_record);
	tcase_add_test(t, advice_shows_the_whole_record);
	tcase_add_test(t, hostile_bytes_are_escaped);
	tcase_add_test(t, codes_of_this_test_are_provoked);
	suite_add_tcase(s, t);
	failed = suite_run(s);
	plans_done();
	return failed;
}
