/* SPDX-License-Identifier: ISC */
/*
 * check_eval_judge: every match rule against right, wrong, missing and odd-but-right answers, in every cloud.
 *
 * A case names a configuration, a record and an answer (see tests/lib/matrix.h), and wants a verdict and the codes of the
 * notes: "code" is an error, "code?" a warning, "code-" info.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include <tests/lib/matrix.h>
#include <tests/lib/suite.h>

#define DOMAIN(rest) "domain \"contoso.test\" { " rest " }"
#define ALL_SERVICES "services = {\"exchange\", \"teams\", \"skype\", \"intune\", \"dkim\", \"dmarc\", \"mta-sts\", \"tls-rpt\"} "
#define PROOF "verification = \"MS=ms12345678\" "

#define WW	DOMAIN(PROOF "tenant = \"contoso\" " ALL_SERVICES)
#define BARE	DOMAIN("services = {\"exchange\"}")
#define HYPHEN	"domain \"con-toso.test\" { services = {\"exchange\", \"dkim\"} }"
#define HYBRID	DOMAIN("profile = hybrid")
#define ONPREM	DOMAIN("profile = hybrid-mx-onprem")
#define FILTERED DOMAIN("profile = filtered mx = {\"10 mx1.filter.example\", \"20 mx2.filter.example\"}")
#define PARKED	DOMAIN("profile = parked")
#define VERIFY	DOMAIN(PROOF "profile = verify-only")
#define HIGH	DOMAIN("cloud = gcc-high tenant = \"fabrikam\" " ALL_SERVICES)
#define DOD	DOMAIN("cloud = dod tenant = \"fabrikam\" " ALL_SERVICES)
#define CHINA	DOMAIN("cloud = 21vianet tenant = \"fabrikam\" " ALL_SERVICES)
#define OWN	DOMAIN("record \"crm\" { name = \"crm\" type = CNAME value = \"contoso.crm4.dynamics.com\" } " \
	"record \"hosts\" { name = \"www\" type = A value = {\"192.0.2.1\", \"192.0.2.2\"} } " \
	"record \"note\" { name = \"note\" type = TXT value = \"Some Text\" } " \
	"record \"backup\" { name = \"b\" type = MX value = {\"10 a.example\", \"20 b.example\"} }")
#define SENDERS	DOMAIN("spf { ip4 = {\"203.0.113.5\", \"198.51.100.0/24\"} include = {\"mail.example.net\"} }")
#define OWNMX	DOMAIN("mx = {\"10 a.contoso.test\", \"20 b.contoso.test\"}")
#define NEWMX	DOMAIN("mx = {\"0 contoso-test.o-v1.mx.microsoft\"}")
#define DKIMX	DOMAIN("services = {\"dkim\"} dkim_selector1 = \"selector1-contoso-test._domainkey.Contoso.n-v1.dkim.mail.microsoft\"")
#define HYBAUTO	DOMAIN("profile = hybrid autodiscover = \"mail.contoso.test\"")

#define GOOD_MX "contoso-test.mail.protection.outlook.com"
#define NEW_MX  "contoso-test.o-v1.mx.microsoft"
#define SPF     "spf.protection.outlook.com"

struct judge_case {
	const char *name, *conf, *id, *answer;
	enum verdict verdict;
	const char *codes;
};

static const struct judge_case verification[] = {
	{ "exact", WW, "verification", "TXT MS=ms12345678", VERDICT_OK, "" },
	{ "ours last of many", WW, "verification", "TXT a=b; TXT v=spf1 -all; TXT MS=ms12345678", VERDICT_OK, "" },
	{ "another tenant's beside it", WW, "verification", "TXT MS=ms11111111; TXT MS=ms12345678", VERDICT_OK, "ms-other-value-" },
	{ "two others are one remark", WW, "verification", "TXT MS=ms1; TXT MS=ms2; TXT MS=ms12345678", VERDICT_OK, "ms-other-value-" },
	{ "nothing", WW, "verification", "NXDOMAIN", VERDICT_MISSING, "record-missing" },
	{ "other type only", WW, "verification", "NODATA", VERDICT_MISSING, "record-missing" },
	{ "unrelated texts", WW, "verification", "TXT v=spf1 -all; TXT google-site-verification=x", VERDICT_MISSING, "record-missing" },
	{ "only another tenant's", WW, "verification", "TXT MS=ms87654321", VERDICT_MISSING, "ms-other-value- record-missing" },
	{ "prefix left out", WW, "verification", "TXT ms12345678", VERDICT_WRONG, "ms-prefix-missing" },
	{ "prefix left out, upper case", WW, "verification", "TXT MS12345678", VERDICT_WRONG, "ms-prefix-missing" },
	{ "lower case prefix", WW, "verification", "TXT ms=ms12345678", VERDICT_WRONG, "txt-case" },
	{ "upper case", WW, "verification", "TXT MS=MS12345678", VERDICT_WRONG, "txt-case" },
	{ "blank before", WW, "verification", "TXT \\x20MS=ms12345678", VERDICT_WRONG, "txt-whitespace" },
	{ "blank behind", WW, "verification", "TXT MS=ms12345678\\x20", VERDICT_WRONG, "txt-whitespace" },
	{ "blank inside", WW, "verification", "TXT MS= ms12345678", VERDICT_WRONG, "txt-whitespace" },
	{ "tab", WW, "verification", "TXT MS=ms12345678\\x09", VERDICT_WRONG, "txt-whitespace" },
	{ "quotes", WW, "verification", "TXT \"MS=ms12345678\"", VERDICT_WRONG, "txt-quoted" },
	{ "smart quotes", WW, "verification", "TXT \\xe2\\x80\\x9cMS=ms12345678\\xe2\\x80\\x9d", VERDICT_WRONG, "txt-non-ascii" },
	{ "no-break space", WW, "verification", "TXT MS=ms12345678\\xc2\\xa0", VERDICT_WRONG, "txt-non-ascii" },
	{ "zero width space", WW, "verification", "TXT MS=\\xe2\\x80\\x8bms12345678", VERDICT_WRONG, "txt-non-ascii" },
	{ "joined with SPF", WW, "verification", "TXT MS=ms12345678 v=spf1 -all", VERDICT_WRONG, "txt-joined-values" },
	{ "SPF joined with it", WW, "verification", "TXT v=spf1 -all MS=ms12345678", VERDICT_WRONG, "txt-joined-values" },
	{ "a dot behind", WW, "verification", "TXT MS=ms12345678.", VERDICT_WRONG, "record-wrong" },
	{ "half of the prefix", WW, "verification", "TXT MS=12345678", VERDICT_WRONG, "record-wrong" },
	{ "a colon", WW, "verification", "TXT MS: ms12345678", VERDICT_WRONG, "record-wrong" },
	{ "the number alone", WW, "verification", "TXT 12345678", VERDICT_WRONG, "record-wrong" },
	{ "a longer number", WW, "verification", "TXT MS=ms123456789", VERDICT_MISSING, "ms-other-value- record-missing" },
	{ "the line of a zone", WW, "verification", "TXT @ 3600 IN TXT MS=ms12345678", VERDICT_WRONG, "record-wrong" },
	{ "the line of a zone, quoted", WW, "verification", "TXT contoso.test. TXT \"MS=ms12345678\"", VERDICT_WRONG, "record-wrong" },
	{ "NUL inside", WW, "verification", "TXT MS=ms12345678\\x00", VERDICT_MISSING, "ms-other-value- record-missing" },
	{ "not given, absent", BARE, "verification", "NXDOMAIN", VERDICT_MISSING, "record-missing?" },
	{ "not given, any proof", BARE, "verification", "TXT MS=ms555", VERDICT_OK, "" },
	{ "mx form", WW, "verification-mx", "MX 32767 ms12345678.msv1.invalid; MX 0 " GOOD_MX, VERDICT_OK, "" },
	{ "mx form alone", WW, "verification-mx", "MX 32767 ms12345678.msv1.invalid", VERDICT_OK, "" },
	{ "mx form of another", WW, "verification-mx", "MX 32767 ms99999999.msv1.invalid", VERDICT_MISSING,
	    "ms-other-value- record-missing?" },
	{ "no mx form", WW, "verification-mx", "MX 0 " GOOD_MX, VERDICT_MISSING, "record-missing?" },
};

static const struct judge_case mx[] = {
	{ "classic", WW, "mx", "MX 0 " GOOD_MX, VERDICT_OK, "" },
	{ "any preference when alone", WW, "mx", "MX 65535 " GOOD_MX, VERDICT_OK, "" },
	{ "case is no matter", WW, "mx", "MX 0 CONTOSO-Test.mail.protection.OUTLOOK.com", VERDICT_OK, "" },
	{ "new form", WW, "mx", "MX 0 " NEW_MX, VERDICT_OK, "" },
	{ "migration: new one at 20", WW, "mx", "MX 0 " GOOD_MX "; MX 20 " NEW_MX, VERDICT_OK, "" },
	{ "migration: swapped", WW, "mx", "MX 30 " GOOD_MX "; MX 0 " NEW_MX, VERDICT_OK, "" },
	{ "migration: equal", WW, "mx", "MX 0 " GOOD_MX "; MX 0 " NEW_MX, VERDICT_OK, "mx-extra?" },
	{ "two classic", WW, "mx", "MX 0 " GOOD_MX "; MX 10 fabrikam-com.mail.protection.outlook.com", VERDICT_OK,
	    "mx-extra? mx-wrong-key?" },
	{ "very old form", WW, "mx", "MX 0 contoso-test.mail.eo.outlook.com", VERDICT_OK, "record-wrong?" },
	{ "another domain's key", WW, "mx", "MX 0 fabrikam-com.mail.protection.outlook.com", VERDICT_OK, "mx-wrong-key?" },
	{ "another domain's key, new form", WW, "mx", "MX 0 fabrikam-com.a-v1.mx.microsoft", VERDICT_OK, "mx-wrong-key?" },
	{ "key of a hyphenated domain", HYPHEN, "mx", "MX 0 contoso-test0i.mail.protection.outlook.com", VERDICT_OK, "" },
	{ "documented key of a hyphenated domain", HYPHEN, "mx", "MX 0 con-toso-test.mail.protection.outlook.com", VERDICT_OK,
	    "mx-wrong-key?" },
	{ "nothing", WW, "mx", "NODATA", VERDICT_MISSING, "record-missing" },
	{ "only the verification MX", WW, "mx", "MX 32767 ms12345678.msv1.invalid", VERDICT_MISSING, "record-missing" },
	{ "verification MX loses", WW, "mx", "MX 0 " GOOD_MX "; MX 32767 ms12345678.msv1.invalid", VERDICT_OK, "" },
	{ "verification MX wins", WW, "mx", "MX 10 " GOOD_MX "; MX 0 ms12345678.msv1.invalid", VERDICT_WRONG, "mx-verification-wins" },
	{ "verification MX equal", WW, "mx", "MX 10 " GOOD_MX "; MX 10 ms12345678.msv1.invalid", VERDICT_WRONG, "mx-verification-wins" },
	{ "old one left behind", WW, "mx", "MX 0 " GOOD_MX "; MX 10 mail.old.example", VERDICT_WRONG, "mx-extra" },
	{ "old one equal", WW, "mx", "MX 10 " GOOD_MX "; MX 10 mail.old.example", VERDICT_WRONG, "mx-extra" },
	{ "old one preferred", WW, "mx", "MX 10 " GOOD_MX "; MX 5 mail.old.example", VERDICT_WRONG, "mx-extra" },
	{ "old one only", WW, "mx", "MX 10 mail.old.example", VERDICT_WRONG, "record-wrong" },
	{ "null MX", WW, "mx", "MX 0 .", VERDICT_WRONG, "mx-null" },
	{ "null MX beside the right one", WW, "mx", "MX 0 .; MX 0 " GOOD_MX, VERDICT_WRONG, "mx-null" },
	{ "zone appended", WW, "mx", "MX 0 " GOOD_MX ".contoso.test", VERDICT_WRONG, "target-zone-appended" },
	{ "zone appended, new form", WW, "mx", "MX 0 " NEW_MX ".contoso.test", VERDICT_WRONG, "target-zone-appended" },
	{ "zone appended, a stranger beside it", WW, "mx", "MX 0 " GOOD_MX ".contoso.test; MX 10 mail.old.example", VERDICT_WRONG,
	    "target-zone-appended mx-extra" },
	{ "zone appended, the proof beside it", WW, "mx", "MX 0 " GOOD_MX ".contoso.test; MX 32767 ms12345678.msv1.invalid", VERDICT_WRONG,
	    "target-zone-appended" },
	{ "host part only", WW, "mx", "MX 0 contoso-test", VERDICT_WRONG, "target-not-fqdn" },
	{ "host part only, a stranger preferred", WW, "mx", "MX 5 mail.old.example; MX 10 contoso-test", VERDICT_WRONG,
	    "target-not-fqdn mx-extra" },
	{ "a blank in the host", WW, "mx", "MX 0 contoso-test\\032.mail.protection.outlook.com", VERDICT_WRONG, "target-blank" },
	{ "host part and zone", WW, "mx", "MX 0 contoso-test.contoso.test", VERDICT_WRONG, "target-not-fqdn" },
	{ "an address", WW, "mx", "MX 0 192.0.2.25", VERDICT_WRONG, "target-is-address" },
	{ "an address with the zone", WW, "mx", "MX 0 192.0.2.25.contoso.test", VERDICT_WRONG, "target-is-address" },
	{ "GCC High's in worldwide", WW, "mx", "MX 0 contoso.mail.protection.office365.us", VERDICT_WRONG, "cloud-mixed" },
	{ "the closed German cloud", WW, "mx", "MX 0 contoso-test.mail.protection.outlook.de", VERDICT_WRONG, "cloud-mixed" },
	{ "personal Outlook.com", WW, "mx", "MX 0 123.pamx1.hotmail.com", VERDICT_WRONG, "consumer-outlook" },
	{ "loop", WW, "mx", "LOOP", VERDICT_WRONG, "cname-loop" },
	{ "GCC High by tenant", HIGH, "mx", "MX 0 fabrikam.mail.protection.office365.us", VERDICT_OK, "" },
	{ "GCC High by key", HIGH, "mx", "MX 0 contoso-test.mail.protection.office365.us", VERDICT_OK, "" },
	{ "GCC High, worldwide's", HIGH, "mx", "MX 0 " GOOD_MX, VERDICT_WRONG, "cloud-mixed" },
	{ "DoD by tenant", DOD, "mx", "MX 0 fabrikam.mail.protection.office365.us", VERDICT_OK, "" },
	{ "21Vianet", CHINA, "mx", "MX 0 contoso-test.mail.protection.partner.outlook.cn", VERDICT_OK, "" },
	{ "21Vianet, worldwide's", CHINA, "mx", "MX 0 " GOOD_MX, VERDICT_WRONG, "cloud-mixed" },
	{ "the admin's own", OWNMX, "mx", "MX 5 a.contoso.test; MX 50 b.contoso.test", VERDICT_OK, "" },
	{ "the admin's own and the proof", OWNMX, "mx", "MX 5 a.contoso.test; MX 50 b.contoso.test; MX 99 ms1.msv1.invalid",
	    VERDICT_OK, "" },
	{ "the admin's own, order", OWNMX, "mx", "MX 50 a.contoso.test; MX 5 b.contoso.test", VERDICT_WRONG, "mx-preference" },
	{ "the admin's own, made equal", OWNMX, "mx", "MX 5 a.contoso.test; MX 5 b.contoso.test", VERDICT_WRONG, "mx-preference" },
	{ "the admin's own, one lacks", OWNMX, "mx", "MX 5 a.contoso.test", VERDICT_WRONG, "record-wrong" },
	{ "the admin's own, one more", OWNMX, "mx", "MX 5 a.contoso.test; MX 9 b.contoso.test; MX 9 c.example", VERDICT_WRONG,
	    "mx-extra" },
	{ "the admin's own, all others", OWNMX, "mx", "MX 0 " GOOD_MX, VERDICT_WRONG, "record-wrong" },
	{ "the admin's own, zone appended", OWNMX, "mx", "MX 5 a.contoso.test.contoso.test", VERDICT_WRONG, "target-zone-appended" },
	{ "the admin's own, zone appended to both", OWNMX, "mx", "MX 5 a.contoso.test.contoso.test; MX 50 b.contoso.test.contoso.test",
	    VERDICT_WRONG, "target-zone-appended" },
	{ "the admin's own, zone appended, a stranger", OWNMX, "mx", "MX 5 a.contoso.test.contoso.test; MX 9 c.example", VERDICT_WRONG,
	    "target-zone-appended mx-extra" },
	{ "given, and the classic name beside it", NEWMX, "mx", "MX 0 " NEW_MX "; MX 30 " GOOD_MX, VERDICT_OK, "" },
	{ "given, and the classic name equal", NEWMX, "mx", "MX 0 " NEW_MX "; MX 0 " GOOD_MX, VERDICT_OK, "mx-extra?" },
	{ "given, but still the classic name", NEWMX, "mx", "MX 0 " GOOD_MX, VERDICT_WRONG, "record-wrong" },
	{ "filter", FILTERED, "mx", "MX 10 mx1.filter.example; MX 20 mx2.filter.example", VERDICT_OK, "" },
	{ "filter gone round", FILTERED, "mx", "MX 10 mx1.filter.example; MX 20 mx2.filter.example; MX 30 " GOOD_MX, VERDICT_WRONG,
	    "mx-extra" },
	{ "on premises: any", ONPREM, "mx", "MX 10 mail.contoso.test", VERDICT_OK, "target-accepted-" },
	{ "on premises: two", ONPREM, "mx", "MX 10 mail.contoso.test; MX 20 mail.example.net", VERDICT_OK, "target-accepted-" },
	{ "on premises: Microsoft beside it", ONPREM, "mx", "MX 10 mail.contoso.test; MX 20 " GOOD_MX, VERDICT_WRONG, "mx-extra" },
	{ "on premises: Microsoft only", ONPREM, "mx", "MX 10 " GOOD_MX, VERDICT_WRONG, "record-wrong" },
	{ "on premises: address", ONPREM, "mx", "MX 10 192.0.2.1", VERDICT_WRONG, "target-is-address" },
	{ "on premises: address, Microsoft beside it", ONPREM, "mx", "MX 10 192.0.2.1; MX 20 " GOOD_MX, VERDICT_WRONG,
	    "target-is-address mx-extra" },
	{ "on premises: none", ONPREM, "mx", "NODATA", VERDICT_MISSING, "record-missing" },
	{ "parked: null MX", PARKED, "mx", "MX 0 .", VERDICT_OK, "" },
	{ "parked: still takes mail", PARKED, "mx", "MX 0 " GOOD_MX, VERDICT_WRONG, "record-wrong?" },
	{ "parked: none", PARKED, "mx", "NODATA", VERDICT_MISSING, "record-missing?" },
};

static const struct judge_case names[] = {
	{ "autodiscover", WW, "autodiscover", "CNAME autodiscover.outlook.com", VERDICT_OK, "" },
	{ "autodiscover, any case", WW, "autodiscover", "CNAME AutoDiscover.Outlook.COM", VERDICT_OK, "" },
	{ "autodiscover absent", WW, "autodiscover", "NXDOMAIN", VERDICT_MISSING, "record-missing" },
	{ "autodiscover elsewhere", WW, "autodiscover", "CNAME cpanel.host.example", VERDICT_WRONG, "record-wrong" },
	{ "autodiscover at home", WW, "autodiscover", "CNAME mail.contoso.test", VERDICT_WRONG, "autodiscover-wrong-profile" },
	{ "zone appended", WW, "autodiscover", "CNAME autodiscover.outlook.com.contoso.test", VERDICT_WRONG, "target-zone-appended" },
	{ "one label", WW, "autodiscover", "CNAME outlook", VERDICT_WRONG, "target-not-fqdn" },
	{ "a blank behind it", WW, "autodiscover", "CNAME autodiscover.outlook.com\\032", VERDICT_WRONG, "target-blank" },
	{ "a blank before it", WW, "autodiscover", "CNAME \\032autodiscover.outlook.com", VERDICT_WRONG, "target-blank" },
	{ "a blank and the zone", WW, "autodiscover", "CNAME autodiscover.outlook.com\\032.contoso.test", VERDICT_WRONG, "target-blank" },
	{ "to itself", WW, "autodiscover", "CNAME autodiscover.contoso.test", VERDICT_WRONG, "cname-loop" },
	{ "an address", WW, "autodiscover", "CNAME 192.0.2.1", VERDICT_WRONG, "target-is-address" },
	{ "another cloud's", WW, "autodiscover", "CNAME autodiscover.partner.outlook.cn", VERDICT_WRONG, "cloud-mixed" },
	{ "two CNAMEs", WW, "autodiscover", "CNAME autodiscover.outlook.com; CNAME b.example", VERDICT_WRONG, "record-wrong" },
	{ "loop", WW, "autodiscover", "LOOP", VERDICT_WRONG, "cname-loop" },
	{ "GCC High", HIGH, "autodiscover", "CNAME autodiscover.office365.us", VERDICT_OK, "" },
	{ "GCC High with DoD's", HIGH, "autodiscover", "CNAME autodiscover-dod.office365.us", VERDICT_WRONG, "cloud-mixed" },
	{ "DoD", DOD, "autodiscover", "CNAME autodiscover-dod.office365.us", VERDICT_OK, "" },
	{ "21Vianet", CHINA, "autodiscover", "CNAME autodiscover.partner.outlook.cn", VERDICT_OK, "" },
	{ "hybrid: addresses", HYBRID, "autodiscover", "A 192.0.2.5", VERDICT_OK, "target-accepted-" },
	{ "hybrid: alias at home", HYBRID, "autodiscover", "-> mail.contoso.test; A 192.0.2.5", VERDICT_OK, "target-accepted-" },
	{ "hybrid: alias, end not known", HYBRID, "autodiscover", "-> mail.example.net", VERDICT_OK, "target-accepted-" },
	{ "hybrid: the cloud's", HYBRID, "autodiscover", "-> autodiscover.outlook.com; A 192.0.2.5", VERDICT_WRONG,
	    "autodiscover-wrong-profile" },
	{ "hybrid: dead end", HYBRID, "autodiscover", "-> gone.contoso.test; NXDOMAIN", VERDICT_WRONG, "target-unresolvable" },
	{ "hybrid: absent", HYBRID, "autodiscover", "NXDOMAIN", VERDICT_MISSING, "record-missing" },
	{ "hybrid, host given", HYBAUTO, "autodiscover", "-> mail.contoso.test; A 192.0.2.5", VERDICT_OK, "" },
	{ "hybrid, host given, addresses of its own", HYBAUTO, "autodiscover", "A 192.0.2.5", VERDICT_OK, "target-accepted-" },
	{ "hybrid, host given, another", HYBAUTO, "autodiscover", "-> other.example.net; A 192.0.2.5", VERDICT_WRONG, "record-wrong" },
	{ "enterpriseregistration", WW, "enterpriseregistration", "CNAME enterpriseregistration.windows.net", VERDICT_OK, "" },
	{ "enterpriseregistration, first of two", HIGH, "enterpriseregistration", "CNAME enterpriseregistration.windows.net", VERDICT_OK, "" },
	{ "enterpriseregistration, second of two", HIGH, "enterpriseregistration", "CNAME enterpriseregistration.microsoftonline.us",
	    VERDICT_OK, "" },
	{ "enterpriseenrollment", WW, "enterpriseenrollment", "CNAME enterpriseenrollment-s.manage.microsoft.com", VERDICT_OK, "" },
	{ "enterpriseenrollment, old", WW, "enterpriseenrollment", "CNAME enterpriseenrollment.manage.microsoft.com", VERDICT_OK, "record-wrong?" },
	{ "enterpriseenrollment, oldest", WW, "enterpriseenrollment", "CNAME manage.microsoft.com", VERDICT_OK, "record-wrong?" },
	{ "enterpriseenrollment, 21Vianet", CHINA, "enterpriseenrollment", "CNAME enterpriseenrollment-s.manage.microsoftonline.cn",
	    VERDICT_OK, "" },
	{ "optional and wrong is a warning", BARE, "enterpriseregistration", "CNAME x.example", VERDICT_WRONG, "record-wrong?" },
	{ "optional and absent", BARE, "enterpriseregistration", "NXDOMAIN", VERDICT_MISSING, "record-missing?" },
	{ "sip", WW, "sip", "CNAME sipdir.online.lync.com", VERDICT_OK, "" },
	{ "sip at home breaks, though legacy", BARE, "sip", "CNAME edge.contoso.test", VERDICT_WRONG, "legacy-skype-external" },
	{ "lyncdiscover at home", BARE, "lyncdiscover", "CNAME edge.contoso.test", VERDICT_WRONG, "legacy-skype-external" },
	{ "lyncdiscover, DoD", DOD, "lyncdiscover", "CNAME webdir.online.dod.skypeforbusiness.us", VERDICT_OK, "" },
	{ "msoid absent", WW, "msoid", "NXDOMAIN", VERDICT_OK, "" },
	{ "msoid without data", WW, "msoid", "NODATA", VERDICT_OK, "" },
	{ "msoid left over", WW, "msoid", "-> clientconfig.microsoftonline-p.net; A 192.0.2.1", VERDICT_WRONG, "msoid-present" },
	{ "msoid left over, dead", WW, "msoid", "-> clientconfig.microsoftonline-p.net; NXDOMAIN", VERDICT_WRONG, "msoid-present" },
	{ "msoid by a wildcard", WW, "msoid", "A 192.0.2.1", VERDICT_WRONG, "msoid-present" },
	{ "msoid in a loop", WW, "msoid", "LOOP", VERDICT_WRONG, "msoid-present" },
	{ "msoid required in China", CHINA, "msoid", "CNAME clientconfig.partner.microsoftonline-p.net.cn", VERDICT_OK, "" },
	{ "msoid missing in China", CHINA, "msoid", "NXDOMAIN", VERDICT_MISSING, "record-missing" },
	{ "mta-sts host", WW, "mta-sts-host", "A 192.0.2.80", VERDICT_OK, "" },
	{ "mta-sts host alias", WW, "mta-sts-host", "-> sts.host.example; A 192.0.2.80", VERDICT_OK, "" },
	{ "mta-sts host, end not known", WW, "mta-sts-host", "-> sts.host.example", VERDICT_OK, "" },
	{ "mta-sts host missing", WW, "mta-sts-host", "NXDOMAIN", VERDICT_MISSING, "record-missing" },
	{ "mta-sts host to nowhere", WW, "mta-sts-host", "-> gone.contoso.test; NXDOMAIN", VERDICT_WRONG, "target-unresolvable" },
	{ "mta-sts host to elsewhere, which is asked aside", WW, "mta-sts-host", "-> gone.example; NXDOMAIN", VERDICT_OK, "" },
};

static const struct judge_case srv[] = {
	{ "federation", WW, "sipfederationtls", "SRV 100 1 5061 sipfed.online.lync.com", VERDICT_OK, "" },
	{ "other priority and weight", WW, "sipfederationtls", "SRV 0 0 5061 sipfed.online.lync.com", VERDICT_OK, "" },
	{ "swapped", WW, "sipfederationtls", "SRV 1 100 5061 sipfed.online.lync.com", VERDICT_OK, "srv-fields-shifted?" },
	{ "port in the weight", WW, "sipfederationtls", "SRV 100 5061 1 sipfed.online.lync.com", VERDICT_WRONG, "srv-fields-shifted" },
	{ "port in the priority", WW, "sipfederationtls", "SRV 5061 1 100 sipfed.online.lync.com", VERDICT_WRONG, "srv-fields-shifted" },
	{ "port 100", WW, "sipfederationtls", "SRV 0 1 100 sipfed.online.lync.com", VERDICT_WRONG, "srv-fields-shifted" },
	{ "another port", WW, "sipfederationtls", "SRV 100 1 443 sipfed.online.lync.com", VERDICT_WRONG, "record-wrong" },
	{ "fields in the target", WW, "sipfederationtls", "SRV 100 1 5061 5061\\032sipfed.online.lync.com", VERDICT_WRONG,
	    "srv-fields-shifted" },
	{ "fields as labels of the target", WW, "sipfederationtls", "SRV 100 1 0 5061.sipfed.online.lync.com", VERDICT_WRONG,
	    "srv-fields-shifted" },
	{ "switched off", WW, "sipfederationtls", "SRV 100 1 5061 .", VERDICT_WRONG, "record-wrong" },
	{ "at home", WW, "sipfederationtls", "SRV 0 0 5061 edge.contoso.test", VERDICT_WRONG, "legacy-skype-external" },
	{ "at home, not asked for", BARE, "sipfederationtls", "SRV 0 0 5061 edge.contoso.test", VERDICT_WRONG, "legacy-skype-external" },
	{ "zone appended", WW, "sipfederationtls", "SRV 100 1 5061 sipfed.online.lync.com.contoso.test", VERDICT_WRONG,
	    "target-zone-appended" },
	{ "host part", WW, "sipfederationtls", "SRV 100 1 5061 sipfed", VERDICT_WRONG, "target-not-fqdn" },
	{ "address", WW, "sipfederationtls", "SRV 100 1 5061 192.0.2.1", VERDICT_WRONG, "target-is-address" },
	{ "other cloud", WW, "sipfederationtls", "SRV 100 1 5061 sipfed.online.gov.skypeforbusiness.us", VERDICT_WRONG, "cloud-mixed" },
	{ "right one and a stranger", WW, "sipfederationtls", "SRV 100 1 5061 sipfed.online.lync.com; SRV 0 0 5061 x.example",
	    VERDICT_WRONG, "legacy-skype-external" },
	{ "absent", WW, "sipfederationtls", "NXDOMAIN", VERDICT_MISSING, "record-missing" },
	{ "sip-tls", WW, "sip-tls", "SRV 100 1 443 sipdir.online.lync.com", VERDICT_OK, "" },
	{ "sip-tls, wrong Microsoft host", WW, "sip-tls", "SRV 100 1 443 sipfed.online.lync.com", VERDICT_WRONG, "record-wrong" },
	{ "GCC High", HIGH, "sipfederationtls", "SRV 100 1 5061 sipfed.online.gov.skypeforbusiness.us", VERDICT_OK, "" },
	{ "DoD", DOD, "sipfederationtls", "SRV 100 1 5061 sipfed.online.dod.skypeforbusiness.us", VERDICT_OK, "" },
	{ "21Vianet", CHINA, "sipfederationtls", "SRV 100 1 5061 sipfed.online.partner.lync.cn", VERDICT_OK, "" },
	{ "autodiscover by SRV: any", BARE, "autodiscover-srv", "SRV 0 0 443 mail.contoso.test", VERDICT_OK, "" },
};

static const struct judge_case spf[] = {
	{ "Microsoft's", WW, "spf", "TXT v=spf1 include:" SPF " -all", VERDICT_OK, "" },
	{ "order and case are no matter", WW, "spf", "TXT v=SPF1 mx INCLUDE:SPF.Protection.Outlook.COM ~all", VERDICT_OK, "" },
	{ "with a final dot", WW, "spf", "TXT v=spf1 include:" SPF ". -all", VERDICT_OK, "" },
	{ "beside other texts", WW, "spf", "TXT MS=ms1; TXT v=spf1 include:" SPF " -all; TXT x", VERDICT_OK, "" },
	{ "by redirect", WW, "spf", "TXT v=spf1 redirect=" SPF, VERDICT_OK, "" },
	{ "redirect beside all counts nothing", WW, "spf", "TXT v=spf1 redirect=" SPF " -all", VERDICT_WRONG, "spf-include-missing" },
	{ "none", WW, "spf", "TXT MS=ms12345678", VERDICT_MISSING, "record-missing" },
	{ "two", WW, "spf", "TXT v=spf1 include:" SPF " -all; TXT v=spf1 mx -all", VERDICT_WRONG, "spf-multiple" },
	{ "without the include", WW, "spf", "TXT v=spf1 mx -all", VERDICT_WRONG, "spf-include-missing" },
	{ "others' include only", WW, "spf", "TXT v=spf1 include:secureserver.net -all", VERDICT_WRONG, "spf-include-missing" },
	{ "negative include", WW, "spf", "TXT v=spf1 -include:" SPF " ~all", VERDICT_WRONG, "spf-include-missing" },
	{ "include behind all", WW, "spf", "TXT v=spf1 -all include:" SPF, VERDICT_WRONG, "spf-after-all" },
	{ "other terms behind all", WW, "spf", "TXT v=spf1 include:" SPF " -all mx", VERDICT_WRONG, "spf-after-all" },
	{ "modifiers behind all are fine", WW, "spf", "TXT v=spf1 include:" SPF " -all exp=x.example", VERDICT_OK, "" },
	{ "no all", WW, "spf", "TXT v=spf1 include:" SPF, VERDICT_OK, "spf-all-missing?" },
	{ "+all", WW, "spf", "TXT v=spf1 include:" SPF " +all", VERDICT_WRONG, "spf-all-permissive" },
	{ "all", WW, "spf", "TXT v=spf1 include:" SPF " all", VERDICT_WRONG, "spf-all-permissive" },
	{ "?all", WW, "spf", "TXT v=spf1 include:" SPF " ?all", VERDICT_OK, "spf-all-permissive?" },
	{ "blank in the include", WW, "spf", "TXT v=spf1 include: " SPF " -all", VERDICT_WRONG, "spf-syntax" },
	{ "unknown mechanism", WW, "spf", "TXT v=spf1 ipv4:192.0.2.1 include:" SPF " -all", VERDICT_WRONG, "spf-syntax" },
	{ "blank in the version", WW, "spf", "TXT v=spf 1 include:" SPF " -all", VERDICT_WRONG, "txt-whitespace" },
	{ "semicolon", WW, "spf", "TXT v=spf1;; include:" SPF " -all", VERDICT_WRONG, "spf-syntax" },
	{ "spf= in front", WW, "spf", "TXT spf=v=spf1 include:" SPF " -all", VERDICT_WRONG, "spf-syntax" },
	{ "blank in front", WW, "spf", "TXT \\x20v=spf1 include:" SPF " -all", VERDICT_WRONG, "txt-whitespace" },
	{ "quotes", WW, "spf", "TXT \"v=spf1 include:" SPF " -all\"", VERDICT_WRONG, "txt-quoted" },
	{ "smart quotes", WW, "spf", "TXT \\xe2\\x80\\x9cv=spf1 include:" SPF " -all\\xe2\\x80\\x9d", VERDICT_WRONG, "txt-non-ascii" },
	{ "joined with MS=", WW, "spf", "TXT MS=ms12345678 v=spf1 include:" SPF " -all", VERDICT_WRONG, "txt-joined-values" },
	{ "eleven look-ups in the record itself", WW, "spf", "TXT v=spf1 a mx ptr a:a.test a:b.test a:c.test a:d.test a:e.test a:f.test "
	    "a:g.test include:" SPF " -all", VERDICT_WRONG, "spf-too-many-lookups" },
	{ "ten look-ups", WW, "spf", "TXT v=spf1 a mx ptr a:a.test a:b.test a:c.test a:d.test a:e.test a:f.test include:" SPF
	    " -all", VERDICT_OK, "" },
	{ "private address", WW, "spf", "TXT v=spf1 ip4:192.168.1.1 include:" SPF " -all", VERDICT_OK, "spf-ip-private?" },
	{ "other cloud's", WW, "spf", "TXT v=spf1 include:spf.protection.office365.us -all", VERDICT_WRONG, "cloud-mixed" },
	{ "GCC High", HIGH, "spf", "TXT v=spf1 include:spf.protection.office365.us -all", VERDICT_OK, "" },
	{ "DoD", DOD, "spf", "TXT v=spf1 include:spf.protection.office365.us -all", VERDICT_OK, "" },
	{ "21Vianet", CHINA, "spf", "TXT v=spf1 include:spf.protection.partner.outlook.cn -all", VERDICT_OK, "" },
	{ "21Vianet with worldwide's", CHINA, "spf", "TXT v=spf1 include:" SPF " -all", VERDICT_WRONG, "cloud-mixed" },
	{ "the admin's senders", SENDERS, "spf", "TXT v=spf1 ip4:203.0.113.0/28 ip4:198.51.100.0/24 include:mail.example.net include:" SPF
	    " -all", VERDICT_OK, "spf-ip-private? spf-ip-private?" },
	{ "one sender lacks", SENDERS, "spf", "TXT v=spf1 ip4:203.0.113.6 ip4:198.51.0.0/16 include:mail.example.net include:" SPF " -all",
	    VERDICT_WRONG, "spf-ip-missing spf-ip-private?" },
	{ "own include lacks", SENDERS, "spf", "TXT v=spf1 ip4:203.0.113.5 ip4:198.51.0.0/16 include:" SPF " -all", VERDICT_WRONG,
	    "spf-include-missing spf-ip-private?" },
	{ "parked", PARKED, "spf", "TXT v=spf1 -all", VERDICT_OK, "" },
	{ "parked, still sends", PARKED, "spf", "TXT v=spf1 include:" SPF " -all", VERDICT_WRONG, "record-wrong" },
	{ "verify only: anything", VERIFY, "spf", "TXT v=spf1 mx -all", VERDICT_OK, "" },
};

#define DKIM_OLD(n) "selector" n "-contoso-test._domainkey.contoso.onmicrosoft.com"
#define DKIM_NEW(n) "selector" n "-contoso-test._domainkey.contoso.n-v1.dkim.mail.microsoft"

static const struct judge_case mail[] = {
	{ "dkim, old form", WW, "dkim-selector1", "CNAME " DKIM_OLD("1"), VERDICT_OK, "" },
	{ "dkim, new form", WW, "dkim-selector2", "CNAME " DKIM_NEW("2"), VERDICT_OK, "" },
	{ "dkim, case of the tenant", WW, "dkim-selector1", "CNAME selector1-contoso-test._domainkey.CONTOSO.n-v1.dkim.mail.microsoft",
	    VERDICT_OK, "" },
	{ "dkim, other selector's", WW, "dkim-selector1", "CNAME " DKIM_OLD("2"), VERDICT_WRONG, "dkim-target-shape" },
	{ "dkim, dots kept", WW, "dkim-selector1", "CNAME selector1-contoso.test._domainkey.contoso.onmicrosoft.com", VERDICT_WRONG,
	    "dkim-target-shape" },
	{ "dkim, other key", WW, "dkim-selector1", "CNAME selector1-fabrikam-com._domainkey.contoso.onmicrosoft.com", VERDICT_WRONG,
	    "dkim-target-shape" },
	{ "dkim, other tenant", WW, "dkim-selector1", "CNAME selector1-contoso-test._domainkey.fabrikam.onmicrosoft.com", VERDICT_WRONG,
	    "dkim-target-shape" },
	{ "dkim, tenant not known", DOMAIN("services = {\"dkim\"}"), "dkim-selector1",
	    "CNAME selector1-contoso-test._domainkey.fabrikam.onmicrosoft.com", VERDICT_OK, "" },
	{ "dkim, key of a hyphenated domain", HYPHEN, "dkim-selector1", "CNAME selector1-anything._domainkey.x.onmicrosoft.com", VERDICT_OK,
	    "" },
	{ "dkim, zone appended", WW, "dkim-selector1", "CNAME " DKIM_OLD("1") ".contoso.test", VERDICT_WRONG, "target-zone-appended" },
	{ "dkim, elsewhere", WW, "dkim-selector1", "CNAME k1.mail.example", VERDICT_WRONG, "dkim-target-shape" },
	{ "dkim absent", WW, "dkim-selector1", "NXDOMAIN", VERDICT_MISSING, "record-missing" },
	{ "dkim given", DKIMX, "dkim-selector1", "CNAME selector1-contoso-test._domainkey.contoso.n-v1.dkim.mail.microsoft", VERDICT_OK, "" },
	{ "dkim given, other", DKIMX, "dkim-selector1", "CNAME selector1-contoso-test._domainkey.contoso.o-v1.dkim.mail.microsoft",
	    VERDICT_WRONG, "record-wrong" },
	{ "dkim in GCC High", HIGH, "dkim-selector1", "CNAME selector1-fabrikam._domainkey.fabrikam.onmicrosoft.us", VERDICT_OK, "" },
	{ "dmarc", WW, "dmarc", "TXT v=DMARC1;; p=none", VERDICT_OK, "" },
	{ "dmarc, all tags", WW, "dmarc", "TXT v=DMARC1;;p=reject;;sp=none;;rua=mailto:a@contoso.test,mailto:b@example.net!10m;;", VERDICT_OK, "" },
	{ "dmarc, blanks", WW, "dmarc", "TXT v=DMARC1 ;; p = quarantine ;;", VERDICT_OK, "" },
	{ "dmarc, blanks in the version", WW, "dmarc", "TXT v = DMARC1 ;; p=none", VERDICT_OK, "" },
	{ "dmarc, old tags", WW, "dmarc", "TXT v=DMARC1;; p=none;; ri=86400;; rf=afrf", VERDICT_OK, "dmarc-tag-removed?" },
	{ "dmarc, pct", WW, "dmarc", "TXT v=DMARC1;; p=none;; pct=100", VERDICT_OK, "dmarc-tag-removed?" },
	{ "dmarc, new tags", WW, "dmarc", "TXT v=DMARC1;; p=reject;; np=reject;; t=y;; psd=n;; adkim=s;; aspf=R;; fo=1:d:s", VERDICT_OK, "" },
	{ "dmarc, p not second", WW, "dmarc", "TXT v=DMARC1;; rua=mailto:a@contoso.test;; p=none", VERDICT_OK, "" },
	{ "dmarc, unknown tag", WW, "dmarc", "TXT v=DMARC1;; p=none;; ruo=mailto:a@contoso.test", VERDICT_OK, "dmarc-syntax?" },
	{ "dmarc, tag twice", WW, "dmarc", "TXT v=DMARC1;; p=none;; p=reject", VERDICT_WRONG, "dmarc-syntax" },
	{ "dmarc, policy for what is not there", WW, "dmarc", "TXT v=DMARC1;; p=none;; np=drop", VERDICT_WRONG, "dmarc-syntax" },
	{ "dmarc, a registry's", WW, "dmarc", "TXT v=DMARC1;; p=none;; psd=y", VERDICT_OK, "dmarc-syntax?" },
	{ "dmarc, alignment of another letter", WW, "dmarc", "TXT v=DMARC1;; p=none;; adkim=strict", VERDICT_OK, "dmarc-syntax?" },
	{ "dmarc, fo of another letter", WW, "dmarc", "TXT v=DMARC1;; p=none;; fo=1:x", VERDICT_OK, "dmarc-syntax?" },
	{ "dmarc, report to nobody", WW, "dmarc", "TXT v=DMARC1;; p=none;; rua=mailto:contoso.test", VERDICT_OK, "dmarc-syntax?" },
	{ "dmarc, one report of two without mailto", WW, "dmarc", "TXT v=DMARC1;; p=none;; rua=mailto:a@contoso.test, b@contoso.test",
	    VERDICT_OK, "dmarc-syntax?" },
	{ "dmarc, a blank before the address", WW, "dmarc", "TXT v=DMARC1;; p=none;; rua=mailto: a@contoso.test", VERDICT_OK,
	    "dmarc-syntax?" },
	{ "dmarc, many addresses, blanks", WW, "dmarc", "TXT v=DMARC1;; p=none;; rua=mailto:a@contoso.test , mailto:b@contoso.test",
	    VERDICT_OK, "" },
	{ "dmarc absent", WW, "dmarc", "NXDOMAIN", VERDICT_MISSING, "record-missing" },
	{ "dmarc twice", WW, "dmarc", "TXT v=DMARC1;; p=none; TXT v=DMARC1;; p=reject", VERDICT_WRONG, "dmarc-multiple" },
	{ "dmarc without policy", WW, "dmarc", "TXT v=DMARC1;; rua=mailto:a@contoso.test", VERDICT_OK, "dmarc-no-policy?" },
	{ "dmarc, unknown policy", WW, "dmarc", "TXT v=DMARC1;; p=block", VERDICT_WRONG, "dmarc-syntax" },
	{ "dmarc, semicolon missing", WW, "dmarc", "TXT v=DMARC1;; p=reject rua=mailto:a@contoso.test", VERDICT_WRONG, "dmarc-syntax" },
	{ "dmarc, first semicolon missing", WW, "dmarc", "TXT v=DMARC1 p=none", VERDICT_WRONG, "dmarc-syntax" },
	{ "dmarc, no tag", WW, "dmarc", "TXT v=DMARC1;; reject", VERDICT_WRONG, "dmarc-syntax" },
	{ "dmarc, colon for equals", WW, "dmarc", "TXT v=DMARC1;; p:reject", VERDICT_WRONG, "dmarc-syntax" },
	{ "dmarc, sub-domain policy", WW, "dmarc", "TXT v=DMARC1;; p=none;; sp=all", VERDICT_WRONG, "dmarc-syntax" },
	{ "dmarc, report without mailto", WW, "dmarc", "TXT v=DMARC1;; p=none;; rua=a@contoso.test", VERDICT_OK, "dmarc-syntax?" },
	{ "dmarc, lower case", WW, "dmarc", "TXT v=dmarc1;; p=none", VERDICT_WRONG, "txt-case" },
	{ "dmarc, the version without its number", WW, "dmarc", "TXT v=DMARC;; p=reject", VERDICT_WRONG, "dmarc-syntax" },
	{ "dmarc, the version without its v", WW, "dmarc", "TXT DMARC1;; p=reject", VERDICT_WRONG, "dmarc-syntax" },
	{ "dmarc, another version", WW, "dmarc", "TXT v=DMARC2;; p=reject", VERDICT_MISSING, "record-missing" },
	{ "dmarc, another word", WW, "dmarc", "TXT v=DMARCATION;; p=reject", VERDICT_MISSING, "record-missing" },
	{ "dmarc, colons", WW, "dmarc", "TXT v=DMARC1: p=reject: rua=mailto:a@contoso.test", VERDICT_WRONG, "dmarc-syntax" },
	{ "dmarc, quotes", WW, "dmarc", "TXT \"v=DMARC1;; p=none\"", VERDICT_WRONG, "txt-quoted" },
	{ "dmarc, blank in front", WW, "dmarc", "TXT \\x20v=DMARC1;; p=none", VERDICT_WRONG, "txt-whitespace" },
	{ "dmarc, by a wildcard", WW, "dmarc", "TXT v=spf1 -all", VERDICT_MISSING, "record-missing" },
	{ "dmarc optional and broken", BARE, "dmarc", "TXT v=DMARC1;; p=block", VERDICT_WRONG, "dmarc-syntax?" },
	{ "mta-sts", WW, "mta-sts", "TXT v=STSv1;; id=20261121000000Z;;", VERDICT_OK, "" },
	{ "mta-sts twice", WW, "mta-sts", "TXT v=STSv1;; id=1;;; TXT v=STSv1;; id=2;;", VERDICT_WRONG, "record-wrong" },
	{ "mta-sts, extension", WW, "mta-sts", "TXT v=STSv1;; id=1;; x=y", VERDICT_OK, "" },
	{ "mta-sts, two ids", WW, "mta-sts", "TXT v=STSv1;; id=1;; id=2", VERDICT_WRONG, "record-wrong" },
	{ "mta-sts, lower case", WW, "mta-sts", "TXT v=stsv1;; id=1", VERDICT_WRONG, "txt-case" },
	{ "mta-sts without id", WW, "mta-sts", "TXT v=STSv1;;", VERDICT_WRONG, "record-wrong" },
	{ "mta-sts, id too long", WW, "mta-sts", "TXT v=STSv1;; id=123456789012345678901234567890123;;", VERDICT_WRONG, "record-wrong" },
	{ "mta-sts, id with hyphens", WW, "mta-sts", "TXT v=STSv1;; id=2026-11-21;;", VERDICT_WRONG, "record-wrong" },
	{ "mta-sts absent", WW, "mta-sts", "NXDOMAIN", VERDICT_MISSING, "record-missing" },
	{ "tls-rpt", WW, "tls-rpt", "TXT v=TLSRPTv1;; rua=mailto:a@contoso.test,https://x.example/r", VERDICT_OK, "" },
	{ "tls-rpt, extension", WW, "tls-rpt", "TXT v=TLSRPTv1;;rua=mailto:a@contoso.test;;x=y;;", VERDICT_OK, "" },
	{ "tls-rpt twice", WW, "tls-rpt", "TXT v=TLSRPTv1;;rua=mailto:a@contoso.test; TXT v=TLSRPTv1;;rua=mailto:b@contoso.test",
	    VERDICT_WRONG, "record-wrong" },
	{ "tls-rpt by plain http", WW, "tls-rpt", "TXT v=TLSRPTv1;;rua=http://x.example/r", VERDICT_WRONG, "record-wrong" },
	{ "tls-rpt, two rua", WW, "tls-rpt", "TXT v=TLSRPTv1;;rua=mailto:a@contoso.test;;rua=mailto:b@contoso.test", VERDICT_WRONG,
	    "record-wrong" },
	{ "tls-rpt, version alone", WW, "tls-rpt", "TXT v=TLSRPTv1", VERDICT_WRONG, "record-wrong" },
	{ "tls-rpt, another version", WW, "tls-rpt", "TXT v=TLSRPTv2;; rua=mailto:a@contoso.test", VERDICT_MISSING, "record-missing" },
	{ "tls-rpt without rua", WW, "tls-rpt", "TXT v=TLSRPTv1;;", VERDICT_WRONG, "record-wrong" },
	{ "tls-rpt, address without scheme", WW, "tls-rpt", "TXT v=TLSRPTv1;; rua=a@contoso.test", VERDICT_WRONG, "record-wrong" },
};

static const struct judge_case own[] = {
	{ "cname", OWN, "crm", "CNAME contoso.crm4.dynamics.com", VERDICT_OK, "" },
	{ "cname, other", OWN, "crm", "CNAME x.example", VERDICT_WRONG, "record-wrong" },
	{ "cname, zone appended", OWN, "crm", "CNAME contoso.crm4.dynamics.com.contoso.test", VERDICT_WRONG, "target-zone-appended" },
	{ "cname absent", OWN, "crm", "NXDOMAIN", VERDICT_MISSING, "record-missing" },
	{ "addresses in any order", OWN, "hosts", "A 192.0.2.2; A 192.0.2.1", VERDICT_OK, "" },
	{ "an address lacks", OWN, "hosts", "A 192.0.2.2", VERDICT_WRONG, "record-wrong" },
	{ "an address more", OWN, "hosts", "A 192.0.2.2; A 192.0.2.1; A 192.0.2.3", VERDICT_WRONG, "record-wrong" },
	{ "text", OWN, "note", "TXT x; TXT Some Text", VERDICT_OK, "" },
	{ "text in lower case", OWN, "note", "TXT some text", VERDICT_WRONG, "txt-case" },
	{ "text absent", OWN, "note", "TXT x", VERDICT_MISSING, "record-missing" },
	{ "mail servers", OWN, "backup", "MX 10 a.example; MX 20 b.example", VERDICT_OK, "" },
	{ "mail servers, other number", OWN, "backup", "MX 10 a.example; MX 21 b.example", VERDICT_WRONG, "record-wrong" },
};

static const struct {
	const struct judge_case *list;
	size_t n;
} tables[] = {
	{ verification, ARRAY_LEN(verification) }, { mx, ARRAY_LEN(mx) }, { names, ARRAY_LEN(names) }, { srv, ARRAY_LEN(srv) },
	{ spf, ARRAY_LEN(spf) }, { mail, ARRAY_LEN(mail) }, { own, ARRAY_LEN(own) },
};

static const char *
codes_of(struct arena *a, const struct judgement *j)
{
	static const char *const marks[] = { [SEVERITY_INFO] = "-", [SEVERITY_WARNING] = "?", [SEVERITY_ERROR] = "" };
	const char *text = "";

	for (size_t i = 0; i < j->n_notes; i++)
		text = arena_printf(a, "%s%s%s%s", text, i > 0 ? " " : "", finding_rows[j->notes[i].code].code,
		    marks[j->notes[i].severity]);
	return text;
}

static void
judge_text(struct arena *a, const struct judge_case *c, enum view view, bool by_mx, struct judgement *ret)
{
	struct plan *plan = plan_of(c->conf);
	int i = plan_find(plan, c->id);
	const struct answer *an;
	size_t idle = 0;
	struct eval_brief brief;

	ck_assert_msg(i >= 0, "%s: no record %s", c->name, c->id);
	an = answer_of(a, plan_question_type(plan, plan_expectation(plan, (size_t)i)->question), c->answer);
	eval_judge(plan, (size_t)i, view, an, by_mx, NULL, a, ret);
	/* the short way comes to the same */
	ck_assert_msg(eval_verdict(plan, (size_t)i, view, an, by_mx, NULL, a, &brief) == ret->verdict, "%s", c->name);
	for (size_t k = 0; k < ret->n_notes; k++)
		idle += ret->notes[k].code == FINDING_RECORD_MISSING && ret->notes[k].severity != SEVERITY_ERROR;
	ck_assert_msg(brief.plain == (idle == ret->n_notes), "%s", c->name);
}

START_TEST(every_rule_judges_by_its_table)
{
	const struct judge_case *list = tables[_i].list;
	struct str wrong = STR_INIT;

	for (size_t i = 0; i < tables[_i].n; i++) {
		struct arena *a = arena_new();
		struct judgement j;
		const char *codes;

		judge_text(a, &list[i], VIEW_PUBLIC, false, &j);
		codes = codes_of(a, &j);
		if (j.verdict != list[i].verdict || strcmp(codes, list[i].codes) != 0)
			str_addf(&wrong, "\n%s %s: %s \"%s\"", list[i].id, list[i].name, name_of(&verdict_names, (int)j.verdict), codes);
		arena_free(a);
	}
	ck_assert_msg(wrong.len == 0, "%s", str_c(&wrong));
	str_done(&wrong);
}
END_TEST

START_TEST(the_proof_by_mx_is_enough)
{
	static const struct judge_case missing = { "by mx", WW, "verification", "TXT v=spf1 -all", VERDICT_OK, "" };
	struct arena *a = arena_new();
	struct judgement j;

	judge_text(a, &missing, VIEW_PUBLIC, true, &j);
	ck_assert_int_eq(j.verdict, VERDICT_OK);
	ck_assert_str_eq(codes_of(a, &j), "verification-by-mx-");
	arena_free(a);
}
END_TEST

START_TEST(the_internal_view_only_warns)
{
	static const struct judge_case wrong = { "inside", WW, "autodiscover", "CNAME x.example", VERDICT_WRONG, "" };
	struct arena *a = arena_new();
	struct judgement j;

	judge_text(a, &wrong, VIEW_INTERNAL, false, &j);
	ck_assert_int_eq(j.verdict, VERDICT_WRONG);
	ck_assert_str_eq(codes_of(a, &j), "record-wrong?");
	arena_free(a);
}
END_TEST

/* Wrong answers of wrong types, hostile bytes: no rule may do more than judge. */
START_TEST(no_rule_minds_odd_answers)
{
	static const char *const odd[] = {
		"A 192.0.2.1", "TXT \\x00\\xff\\x1b[31m", "TXT \\x20", "MX 0 .", "SRV 0 0 0 .", "CNAME .", "NS ns.example",
		"-> a.example; -> b.example; TXT v=spf1 -all", "TXT MS=; TXT v=spf1; TXT v=DMARC1; TXT v=STSv1; TXT v=TLSRPTv1",
	};
	struct plan *plan = plan_of(WW);

	for (size_t i = 0; i < plan_n_expectations(plan); i++)
		for (size_t k = 0; k < ARRAY_LEN(odd); k++) {
			struct arena *a = arena_new();
			struct judgement j;

			eval_judge(plan, i, VIEW_PUBLIC, answer_of(a, DNS_TYPE_A, odd[k]), false, NULL, a, &j);
			ck_assert(j.verdict <= VERDICT_MISSING);
			for (size_t n = 0; n < j.n_notes; n++)
				ck_assert(j.notes[n].wanted != NULL);
			arena_free(a);
		}
}
END_TEST

/* A forbidden row other than msoid, of a catalog of its own. */
START_TEST(forbidden_names_must_not_answer)
{
	static const char rows[] = "version = \"2026-11-21\"\n"
	    "record \"old\" { owner = \"old\" type = CNAME rule = absent need = forbidden source = \"M1\" text = \"gone\" }\n";
	struct conf_problems problems = { NULL, 0 };
	struct catalog *catalog = catalog_parse("catalog", rows, &problems);
	struct conf *conf = conf_parse("conf", BARE, &problems);
	struct arena *a = arena_new();
	struct plan *plan;
	struct judgement j;

	ck_assert_uint_eq(problems.n, 0);
	plan = plan_build(catalog, conf, 0, NULL);
	ck_assert_ptr_nonnull(plan);
	eval_judge(plan, (size_t)plan_find(plan, "old"), VIEW_PUBLIC, answer_of(a, DNS_TYPE_CNAME, "CNAME x.example"), false, NULL, a, &j);
	ck_assert_int_eq(j.verdict, VERDICT_WRONG);
	ck_assert_str_eq(codes_of(a, &j), "record-forbidden");
	plan_unref(plan);
	conf_free(conf);
	catalog_free(catalog);
	arena_free(a);
}
END_TEST

static bool
has_code(const char *codes, const char *code)
{
	size_t n = strlen(code);

	for (const char *p = strstr(codes, code); p != NULL; p = strstr(p + 1, code))
		if ((p == codes || p[-1] == ' ') && strchr(" ?-", p[n]) != NULL &&
		    (p[n] != '-' || p[n + 1] == ' ' || p[n + 1] == '\0'))
			return true;
	return false;
}

/* The table of findings names this test for a code: then one of the cases provokes it. */
START_TEST(codes_of_this_test_are_provoked)
{
	for (size_t f = 0; f < FINDING_MAX; f++) {
		bool found = f == FINDING_RECORD_FORBIDDEN || f == FINDING_VERIFICATION_BY_MX;

		if (strcmp(finding_rows[f].test, "check_eval_judge") != 0)
			continue;
		for (size_t t = 0; t < ARRAY_LEN(tables); t++)
			for (size_t i = 0; i < tables[t].n; i++)
				found = found || has_code(tables[t].list[i].codes, finding_rows[f].code);
		ck_assert_msg(found, "%s", finding_rows[f].code);
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("eval_judge");
	TCase *t = tcase_create("rules");
	int failed;

	tcase_add_loop_test(t, every_rule_judges_by_its_table, 0, (int)ARRAY_LEN(tables));
	tcase_add_test(t, the_proof_by_mx_is_enough);
	tcase_add_test(t, the_internal_view_only_warns);
	tcase_add_test(t, no_rule_minds_odd_answers);
	tcase_add_test(t, forbidden_names_must_not_answer);
	tcase_add_test(t, codes_of_this_test_are_provoked);
	suite_add_tcase(s, t);
	failed = suite_run(s);
	plans_done();
	return failed;
}
