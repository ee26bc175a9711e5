/* SPDX-License-Identifier: ISC */
/*
 * check_eval_fix: what is proposed for each thing that can be wrong, written as lines "add|change|delete owner TYPE: old -> new".
 * Every proposal is put in place of the old answers and judged again: nothing may be left to complain about but what the notes
 * say.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include <tests/lib/matrix.h>
#include <tests/lib/suite.h>

#define DOMAIN(rest) "domain \"contoso.test\" { " rest " }"
#define PROOF "verification = \"MS=ms12345678\" "
#define PLAIN	DOMAIN("services = {\"exchange\"}")
#define PROVEN	DOMAIN(PROOF "services = {\"exchange\"}")
#define WITH(s)	DOMAIN("tenant = \"contoso\" services = {" s "}")
#define SENDERS	DOMAIN("spf { ip4 = {\"11.0.0.5\"} ip6 = {\"2a00::/32\"} include = {\"_spf.example.net\"} }")
#define SOFT	DOMAIN("spf { all = \"~all\" }")
#define PARKED	DOMAIN("profile = parked")
#define FILTERED DOMAIN("profile = filtered")
#define OWNMX	DOMAIN("mx = {\"10 a.contoso.test\", \"20 b.contoso.test\"}")
#define HYBRID	DOMAIN("profile = hybrid autodiscover = \"mail.contoso.test\"")
#define OWNSET	DOMAIN("record \"www\" { name = \"www\" type = A value = {\"192.0.2.1\", \"192.0.2.2\"} }")
#define OWN	DOMAIN("record \"note\" { name = \"note\" type = TXT value = \"Some Text\" }")

#define MX	"contoso-test.mail.protection.outlook.com"
#define INC	"include:spf.protection.outlook.com"
#define SPF	"v=spf1 " INC " -all"
#define APEX	"contoso.test"
#define KEY1	"selector1-contoso-test._domainkey.contoso."
#define KEY2	"selector2-contoso-test._domainkey.contoso."

static const struct {
	const char *name, *conf, *cells, *want;
} rows[] = {
	{ "all is right", PROVEN, "", "" },

	/* ---- the proof of ownership, beside what else stands at the apex ---- */
	{ "proof missing", PROVEN, "verification = {TXT " SPF "}",
	    "change " APEX " TXT: " SPF " -> " SPF " | MS=ms12345678 [record-missing]" },
	{ "others stay", PROVEN, "verification = {TXT a=b; TXT " SPF "; TXT MS=ms9}",
	    "change " APEX " TXT: a=b | MS=ms9 | " SPF " -> a=b | MS=ms9 | " SPF " | MS=ms12345678 [record-missing]" },
	{ "prefix left out", PROVEN, "verification = {TXT ms12345678; TXT " SPF "}",
	    "change " APEX " TXT: ms12345678 | " SPF " -> " SPF " | MS=ms12345678 [ms-prefix-missing]" },
	{ "quotes", PROVEN, "verification = {TXT \"MS=ms12345678\"; TXT " SPF "}",
	    "change " APEX " TXT: \"MS=ms12345678\" | " SPF " -> " SPF " | MS=ms12345678 [txt-quoted]" },
	{ "both in one string", PROVEN, "verification = {TXT MS=ms12345678 v=spf1 mx -all}",
	    "change " APEX " TXT: MS=ms12345678 v=spf1 mx -all -> MS=ms12345678 | v=spf1 mx " INC
	    " -all [txt-joined-values]" },
	{ "nothing at all", PROVEN, "verification = nodata\nspf = nodata",
	    "add " APEX " TXT:  -> MS=ms12345678 | " SPF " [record-missing]" },

	/* ---- SPF: always one record, merged ---- */
	{ "SPF missing", PLAIN, "spf = {TXT a=b}", "change " APEX " TXT: a=b -> a=b | " SPF " [record-missing]" },
	{ "include before all", PLAIN, "spf = {TXT v=spf1 a mx ip4:11.0.0.1 ~all}",
	    "change " APEX " TXT: v=spf1 a mx ip4:11.0.0.1 ~all -> v=spf1 a mx ip4:11.0.0.1 " INC " ~all [spf-include-missing]" },
	{ "two records", PLAIN, "spf = {TXT v=spf1 mx include:a.test ~all; TXT v=spf1 mx " INC " -all}",
	    "change " APEX " TXT: v=spf1 mx include:a.test ~all | v=spf1 mx " INC " -all -> v=spf1 mx include:a.test " INC " -all "
	    "[spf-multiple]" },
	{ "all is never weakened", SOFT, "spf = {TXT v=spf1 -all}",
	    "change " APEX " TXT: v=spf1 -all -> v=spf1 " INC " -all [spf-include-missing]" },
	{ "+all", PLAIN, "spf = {TXT v=spf1 " INC " +all}",
	    "change " APEX " TXT: v=spf1 " INC " +all -> " SPF " [spf-all-permissive]" },
	{ "?all with a wish", SOFT, "spf = {TXT v=spf1 " INC " ?all}",
	    "change " APEX " TXT: v=spf1 " INC " ?all -> v=spf1 " INC " ~all [spf-all-permissive]" },
	{ "no all", PLAIN, "spf = {TXT v=spf1 " INC "}", "change " APEX " TXT: v=spf1 " INC " -> " SPF " [spf-all-missing]" },
	{ "terms behind all", PLAIN, "spf = {TXT v=spf1 -all mx " INC "}",
	    "change " APEX " TXT: v=spf1 -all mx " INC " -> v=spf1 mx " INC " -all [spf-after-all]" },
	{ "redirect stays the end", PLAIN, "spf = {TXT v=spf1 redirect=_spf.a.test}",
	    "change " APEX " TXT: v=spf1 redirect=_spf.a.test -> v=spf1 " INC " redirect=_spf.a.test [spf-include-missing]" },
	{ "redirect and a record with an end", PLAIN, "spf = {TXT v=spf1 redirect=_spf.a.test; TXT v=spf1 mx -all}",
	    "change " APEX " TXT: v=spf1 mx -all | v=spf1 redirect=_spf.a.test -> v=spf1 mx " INC " include:_spf.a.test -all "
	    "[spf-multiple]" },
	{ "modifiers stay behind", PLAIN, "spf = {TXT v=spf1 mx -all exp=e.a.test}",
	    "change " APEX " TXT: v=spf1 mx -all exp=e.a.test -> v=spf1 mx " INC " -all exp=e.a.test [spf-include-missing]" },
	{ "blank behind the colon", PLAIN, "spf = {TXT v=spf1 include: spf.protection.outlook.com -all}",
	    "change " APEX " TXT: v=spf1 include: spf.protection.outlook.com -all -> " SPF " [spf-syntax]" },
	{ "a term that is none", PLAIN, "spf = {TXT v=spf1 inlcude:a.test mx -all}",
	    "change " APEX " TXT: v=spf1 inlcude:a.test mx -all -> v=spf1 mx " INC " -all [spf-syntax] "
	    "(left out of the SPF record, because no such term exists: inlcude:a.test)" },
	{ "semicolons", PLAIN, "spf = {TXT v=spf1\\x3b mx\\x3b -all\\x3b}",
	    "change " APEX " TXT: v=spf1; mx; -all; -> v=spf1 mx " INC " -all [spf-syntax]" },
	{ "quotes around it", PLAIN, "spf = {TXT \"" SPF "\"}", "change " APEX " TXT: \"" SPF "\" -> " SPF " [txt-quoted]" },
	{ "blank in the version", PLAIN, "spf = {TXT v=spf 1 mx -all}",
	    "change " APEX " TXT: v=spf 1 mx -all -> v=spf1 mx " INC " -all [txt-whitespace]" },
	{ "non-breaking space", PLAIN, "spf = {TXT v=spf1\\xc2\\xa0mx -all}",
	    "change " APEX " TXT: v=spf1\xc2\xa0mx -all -> v=spf1 mx " INC " -all [spf-syntax]" },
	{ "two terms that lost their blank", PLAIN, "spf = {TXT v=spf1 " INC "ip4:11.0.0.1 mx~all}",
	    "change " APEX " TXT: v=spf1 " INC "ip4:11.0.0.1 mx~all -> v=spf1 " INC " ip4:11.0.0.1 mx ~all [spf-syntax]" },
	{ "another cloud's include", PLAIN, "spf = {TXT v=spf1 mx include:spf.protection.office365.us ip4:11.0.0.1 -all}",
	    "change " APEX " TXT: v=spf1 mx include:spf.protection.office365.us ip4:11.0.0.1 -all -> v=spf1 mx " INC
	    " ip4:11.0.0.1 -all [cloud-mixed]" },
	{ "a refusing include", PLAIN, "spf = {TXT v=spf1 -" INC " mx -all}",
	    "change " APEX " TXT: v=spf1 -" INC " mx -all -> v=spf1 " INC " mx -all [spf-include-missing]" },
	{ "senders of one's own", SENDERS, "spf = {TXT v=spf1 " INC " a -all}",
	    "change " APEX " TXT: v=spf1 " INC " a -all -> v=spf1 ip4:11.0.0.5 ip6:2a00::/32 " INC
	    " a include:_spf.example.net -all [spf-include-missing, spf-ip-missing]" },
	{ "macros stay", PLAIN, "spf = {TXT v=spf1 exists:%{i\\x7d._spf.%{d2\\x7d -all}",
	    "change " APEX " TXT: v=spf1 exists:%{i}._spf.%{d2} -all -> v=spf1 exists:%{i}._spf.%{d2} " INC
	    " -all [spf-include-missing]" },
	{ "ten look-ups and one more", PLAIN, "spf = {TXT v=spf1 a mx ptr include:a.test include:b.test include:c.test include:d.test "
	    "include:e.test include:f.test exists:g.test -all}", "" },
	{ "parked", PARKED, "spf = {TXT v=spf1 mx -all}", "change " APEX " TXT: v=spf1 mx -all -> v=spf1 -all [record-wrong]" },

	/* ---- MX ---- */
	{ "MX missing", PLAIN, "mx = nodata", "add " APEX " MX:  -> 0 " MX
	    " [record-missing] (mx was worked out, not given by Microsoft: compare it with the admin center)" },
	{ "an old one beside it", PLAIN, "mx = {MX 0 " MX "; MX 10 mail.old.example}",
	    "change " APEX " MX: 0 " MX " | 10 mail.old.example -> 0 " MX " [mx-extra]" },
	{ "an old one preferred", PLAIN, "mx = {MX 10 " MX "; MX 5 mail.old.example}",
	    "change " APEX " MX: 5 mail.old.example | 10 " MX " -> 10 " MX " [mx-extra]" },
	{ "the proof wins", PROVEN, "mx = {MX 10 " MX "; MX 0 ms12345678.msv1.invalid}",
	    "change " APEX " MX: 0 ms12345678.msv1.invalid | 10 " MX " -> 32767 ms12345678.msv1.invalid | 10 " MX
	    " [mx-verification-wins]" },
	{ "null MX", PLAIN, "mx = {MX 0 .}", "change " APEX " MX: 0 . -> 0 " MX
	    " [mx-null] (mx was worked out, not given by Microsoft: compare it with the admin center)" },
	{ "zone appended, letter and all", PLAIN, "mx = {MX 0 contoso-test.o-v1.mx.microsoft.contoso.test}",
	    "change " APEX " MX: 0 contoso-test.o-v1.mx.microsoft.contoso.test -> 0 contoso-test.o-v1.mx.microsoft "
	    "[target-zone-appended]" },
	{ "two of Microsoft's", PLAIN, "mx = {MX 0 " MX "; MX 10 fabrikam-com.mail.protection.outlook.com}",
	    "change " APEX " MX: 0 " MX " | 10 fabrikam-com.mail.protection.outlook.com -> 0 " MX " [mx-extra, mx-wrong-key]" },
	{ "on the way to the new name", PLAIN, "mx = {MX 0 " MX "; MX 20 contoso-test.o-v1.mx.microsoft; MX 30 mail.old.example}",
	    "change " APEX " MX: 0 " MX " | 20 contoso-test.o-v1.mx.microsoft | 30 mail.old.example -> 0 " MX
	    " | 20 contoso-test.o-v1.mx.microsoft [mx-extra]" },
	{ "one's own set", OWNMX, "mx = {MX 10 a.contoso.test; MX 5 mail.old.example}",
	    "change " APEX " MX: 5 mail.old.example | 10 a.contoso.test -> 10 a.contoso.test | 20 b.contoso.test "
	    "[record-wrong]" },
	{ "Microsoft's beside the filter", FILTERED, "mx = {MX 0 " MX "; MX 10 mx.filter.example}",
	    "change " APEX " MX: 0 " MX " | 10 mx.filter.example -> 10 mx.filter.example [mx-extra]" },
	{ "a filter that nobody has named", FILTERED, "mx = nodata", "" },
	{ "null MX is not there where it is wished for", PARKED, "mx = {MX 10 mail.old.example}",
	    "change " APEX " MX: 10 mail.old.example -> 0 . [record-wrong]" },

	{ "the proof with a dot behind it", PROVEN, "spf = {TXT MS=ms12345678.; TXT v=spf1 include:spf.protection.outlook.com -all}",
	    "change " APEX " TXT: MS=ms12345678. | v=spf1 include:spf.protection.outlook.com -all -> v=spf1 "
	    "include:spf.protection.outlook.com -all | MS=ms12345678 [record-wrong]" },
	/* ---- SPF, misspelt ---- */
	{ "SPF with Microsoft's host misspelt", PLAIN, "spf = {TXT MS=ms12345678; TXT v=spf1 mx include:spf.protection.outlok.com a -all}",
	    "change " APEX " TXT: MS=ms12345678 | v=spf1 mx include:spf.protection.outlok.com a -all -> MS=ms12345678 | "
	    "v=spf1 mx include:spf.protection.outlook.com a -all [spf-include-missing]" },

	/* ---- names ---- */
	{ "CNAME missing", PLAIN, "autodiscover = none",
	    "add autodiscover." APEX " CNAME:  -> autodiscover.outlook.com [record-missing]" },
	{ "CNAME missing, but something is there", PLAIN, "autodiscover = nodata",
	    "add autodiscover." APEX " CNAME:  -> autodiscover.outlook.com [record-missing] (autodiscover." APEX " exists already: if "
	    "it has records of another type, delete them first, for a CNAME stands alone)" },
	{ "CNAME wrong", PLAIN, "autodiscover = {CNAME autodiscover.outlook.com.contoso.test}",
	    "change autodiscover." APEX " CNAME: autodiscover.outlook.com.contoso.test -> autodiscover.outlook.com "
	    "[target-zone-appended]" },
	{ "optional and absent", PLAIN, "enterpriseenrollment = none", "" },
	{ "optional and wrong", PLAIN, "enterpriseenrollment = {CNAME a.test}",
	    "change enterpriseenrollment." APEX " CNAME: a.test -> enterpriseenrollment-s.manage.microsoft.com [record-wrong]" },
	{ "old target", WITH("\"intune\""), "enterpriseenrollment = {CNAME manage.microsoft.com}",
	    "change enterpriseenrollment." APEX " CNAME: manage.microsoft.com -> enterpriseenrollment-s.manage.microsoft.com "
	    "[record-wrong]" },
	{ "legacy that blocks Teams", PLAIN, "lyncdiscover = {CNAME lync.contoso.test}",
	    "delete lyncdiscover." APEX " CNAME: lync.contoso.test ->  [legacy-skype-external] (if Skype for Business is still in "
	    "use, change it to webdir.online.lync.com instead)" },
	{ "SRV missing", WITH("\"teams\""), "sipfederationtls = none",
	    "add _sipfederationtls._tcp." APEX " SRV:  -> 100 1 5061 sipfed.online.lync.com [record-missing]" },
	{ "SRV shifted", WITH("\"teams\""), "sipfederationtls = {SRV 1 5061 100 sipfed.online.lync.com}",
	    "change _sipfederationtls._tcp." APEX " SRV: 1 5061 100 sipfed.online.lync.com -> 100 1 5061 sipfed.online.lync.com "
	    "[srv-fields-shifted]" },
	{ "msoid", PLAIN, "msoid = {-> clientconfig.microsoftonline-p.net; A 192.0.2.1}",
	    "delete msoid." APEX " CNAME: clientconfig.microsoftonline-p.net ->  [msoid-present]" },
	{ "msoid by addresses", PLAIN, "msoid = {A 192.0.2.1; A 192.0.2.2}",
	    "delete msoid." APEX " A: 192.0.2.1 | 192.0.2.2 ->  [msoid-present]" },
	{ "autodiscover on premises", HYBRID, "autodiscover = {-> autodiscover.outlook.com; A 192.0.2.1}",
	    "change autodiscover." APEX " CNAME: autodiscover.outlook.com -> mail.contoso.test [autodiscover-wrong-profile]" },
	{ "an alias where a text belongs", WITH("\"exchange\", \"dmarc\""), "dmarc = {-> a.test; NXDOMAIN}",
	    "delete _dmarc." APEX " CNAME: a.test ->  [record-missing]\nadd _dmarc." APEX " TXT:  -> v=DMARC1; p=none [record-missing]" },

	/* ---- DKIM ---- */
	{ "DKIM by tenant", WITH("\"dkim\""), "dkim-selector1 = none",
	    "add selector1._domainkey." APEX " CNAME:  -> " KEY1 "onmicrosoft.com [record-missing] (dkim-selector1 was worked out, "
	    "not given by Microsoft: compare it with Get-DkimSigningConfig)" },
	{ "DKIM as the other selector", WITH("\"dkim\""), "dkim-selector1 = {CNAME " KEY1 "n-v1.dkim.mail.microsoft}\n"
	    "dkim-selector2 = none", "add selector2._domainkey." APEX " CNAME:  -> " KEY2 "n-v1.dkim.mail.microsoft [dkim-selector2-missing] "
	    "(dkim-selector2 was worked out, not given by Microsoft: compare it with Get-DkimSigningConfig)" },
	{ "DKIM the wrong way round", WITH("\"dkim\""), "dkim-selector1 = {CNAME " KEY2 "n-v1.dkim.mail.microsoft}\n"
	    "dkim-selector2 = {CNAME " KEY1 "n-v1.dkim.mail.microsoft}", "change selector1._domainkey." APEX " CNAME: " KEY2
	    "n-v1.dkim.mail.microsoft -> " KEY1 "n-v1.dkim.mail.microsoft [dkim-target-shape]\nchange selector2._domainkey." APEX " CNAME: "
	    KEY1 "n-v1.dkim.mail.microsoft -> " KEY2 "n-v1.dkim.mail.microsoft [dkim-target-shape]" },
	{ "DKIM that nobody can know", DOMAIN("services = {\"dkim\"}"), "dkim-selector1 = none\ndkim-selector2 = none", "" },
	{ "DKIM with the zone behind it", WITH("\"dkim\""), "dkim-selector1 = {CNAME " KEY1 "n-v1.dkim.mail.microsoft.contoso.test}",
	    "change selector1._domainkey." APEX " CNAME: " KEY1 "n-v1.dkim.mail.microsoft.contoso.test -> " KEY1
	    "n-v1.dkim.mail.microsoft [target-zone-appended]" },

	/* ---- DMARC and its kin ---- */
	{ "DMARC with colons keeps its policy", WITH("\"dmarc\""), "dmarc = {TXT v=DMARC1: p=reject: rua=mailto:a@contoso.test}",
	    "change _dmarc." APEX " TXT: v=DMARC1: p=reject: rua=mailto:a@contoso.test -> v=DMARC1; p=reject; rua=mailto:a@contoso.test "
	    "[dmarc-syntax]" },
	{ "DMARC without the number of its version", WITH("\"dmarc\""), "dmarc = {TXT v=DMARC;; p=quarantine}",
	    "change _dmarc." APEX " TXT: v=DMARC; p=quarantine -> v=DMARC1; p=quarantine [dmarc-syntax]" },
	{ "DMARC beyond mending keeps its policy", WITH("\"dmarc\""), "dmarc = {TXT v=DMARC1;; p=reject;; p=none;; sp=reject}",
	    "change _dmarc." APEX " TXT: v=DMARC1; p=reject; p=none; sp=reject -> v=DMARC1; p=reject [dmarc-syntax] (the old text could "
	    "not be mended, so another takes its place)" },
	{ "DMARC missing", WITH("\"dmarc\""), "dmarc = none", "add _dmarc." APEX " TXT:  -> v=DMARC1; p=none [record-missing]" },
	{ "semicolon missing", WITH("\"dmarc\""), "dmarc = {TXT v=DMARC1\\x3b p=reject rua=mailto:a@b.test}",
	    "change _dmarc." APEX " TXT: v=DMARC1; p=reject rua=mailto:a@b.test -> v=DMARC1; p=reject; rua=mailto:a@b.test "
	    "[dmarc-syntax]" },
	{ "no policy", WITH("\"dmarc\""), "dmarc = {TXT v=DMARC1\\x3b rua=mailto:a@b.test}",
	    "change _dmarc." APEX " TXT: v=DMARC1; rua=mailto:a@b.test -> v=DMARC1; p=none; rua=mailto:a@b.test [dmarc-no-policy]" },
	{ "two of them: the stricter one", WITH("\"dmarc\""), "dmarc = {TXT v=DMARC1\\x3b p=none; TXT v=DMARC1\\x3b p=reject; TXT other}",
	    "change _dmarc." APEX " TXT: other | v=DMARC1; p=none | v=DMARC1; p=reject -> other | v=DMARC1; p=reject "
	    "[dmarc-multiple]" },
	{ "id with dashes", WITH("\"mta-sts\""), "mta-sts = {TXT v=STSv1\\x3b id=2026-11-21\\x3b}",
	    "change _mta-sts." APEX " TXT: v=STSv1; id=2026-11-21; -> v=STSv1; id=20261121; [record-wrong]" },
	{ "mailto left out", WITH("\"tls-rpt\""), "tls-rpt = {TXT v=TLSRPTv1\\x3b rua=a@b.test}",
	    "change _smtp._tls." APEX " TXT: v=TLSRPTv1; rua=a@b.test -> v=TLSRPTv1; rua=mailto:a@b.test [record-wrong]" },

	/* ---- one's own ---- */
	{ "a set of one's own", OWNSET, "www = {A 192.0.2.1; A 192.0.2.9}",
	    "change www." APEX " A: 192.0.2.1 | 192.0.2.9 -> 192.0.2.1 | 192.0.2.2 [record-wrong]" },
	{ "a text of one's own", OWN, "note = {TXT some text; TXT other}",
	    "change note." APEX " TXT: other | some text -> other | Some Text [txt-case]" },
};

static void
add_values(struct str *s, const struct rdata *list, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct str one = STR_INIT;

		str_add(s, i > 0 ? " | " : "");
		rdata_text(&list[i], &one);
		str_add_printable(s, str_c(&one), one.len);
		str_done(&one);
	}
}

static void
add_change(struct str *s, const struct fix_change *c)
{
	char name[DNS_NAME_TEXT_MAX], type[16];

	str_addf(s, "%s%s %s %s: ", s->len > 0 ? "\n" : "", name_of(&fix_action_names, (int)c->action),
	    dns_name_text(&c->owner, name), dns_type_text(c->type, type));
	add_values(s, c->old, c->n_old);
	str_add(s, " -> ");
	add_values(s, c->new, c->n_new);
	str_addf(s, " [%s]", c->why);
	for (size_t i = 0; i < c->n_notes; i++)
		str_addf(s, " (%s)", c->notes[i]);
}

static void
propose_in(struct arena *a, const char *zone, const char *conf, const char *columns, const char *cells, struct fix *ret)
{
	struct plan *plan = plan_of(conf);
	struct record_prior *records = arena_alloc(a, 64 * sizeof(*records));
	struct domain_prior prior = { 0, false, records };
	struct domain_result r;
	struct matrix *m = matrix_of(a, plan, zone, columns, cells);

	eval_domain(m, &prior, a, &r);
	eval_fix(m, &r, false, a, ret);
}

static void
propose(struct arena *a, const char *conf, const char *columns, const char *cells, struct fix *ret)
{
	propose_in(a, "found", conf, columns, cells, ret);
}

START_TEST(proposes)
{
	struct arena *a = arena_new();
	struct str cells = STR_INIT, got = STR_INIT;
	struct fix fix;

	str_addf(&cells, "%s\n* = ok", rows[_i].cells);
	propose(a, rows[_i].conf, "ns1@192.0.2.1", str_c(&cells), &fix);
	for (size_t i = 0; i < fix.n_changes; i++)
		add_change(&got, &fix.changes[i]);
	ck_assert_msg(strcmp(str_c(&got), rows[_i].want) == 0, "%s:\n got  %s\n want %s", rows[_i].name, str_c(&got), rows[_i].want);
	str_done(&cells);
	str_done(&got);
	arena_free(a);
	plans_done();
}
END_TEST

/* ---- what is said beside ---- */

static const struct {
	const char *name, *conf, *columns, *cells;
	size_t n_changes;
	const char *note;		/* NULL = there is none */
} notes[] = {
	{ "nothing", PLAIN, "ns1@192.0.2.1", "", 0, NULL },
	{ "DKIM that nobody can know", DOMAIN("services = {\"dkim\"}"), "ns1@192.0.2.1", "dkim-selector1 = none\ndkim-selector2 = none", 0, "record-missing: Add:" },
	{ "one server has it", PLAIN, "ns1@192.0.2.1 ns2@192.0.2.2", "autodiscover = ok none\n* = ok ok", 0, "authority-disagree" },
	{ "the other server has it", PLAIN, "ns1@192.0.2.1 ns2@192.0.2.2", "autodiscover = none ok\n* = ok ok", 0,
	    "authority-disagree" },
	{ "nobody could be asked", PLAIN, "ns1@192.0.2.1", "autodiscover = timeout", 0, "autodiscover: no server has answered" },
	{ "a dead server beside", PLAIN, "ns1@192.0.2.1 ns2@192.0.2.2/aside", "autodiscover = none -\n* = ok -", 1, "authority-unreachable" },
	{ "resolvers decide nothing", PLAIN, "ns1@192.0.2.1 google@8.8.8.8/q", "autodiscover = ok none\n* = ok ok", 0, NULL },
	{ "too many look-ups", PLAIN, "ns1@192.0.2.1", "spf = {TXT v=spf1 a mx ptr include:a.test include:b.test include:c.test "
	    "include:d.test include:e.test include:f.test exists:g.test -all}", 0, "spf-include-missing: Insert" },
	{ "CNAME at the apex", PLAIN, "ns1@192.0.2.1", "spf = {-> www.a.test}\nmx = {-> www.a.test}", 0, "cname-at-apex" },
};

START_TEST(says)
{
	struct arena *a = arena_new();
	struct str cells = STR_INIT, got = STR_INIT;
	struct fix fix;

	str_addf(&cells, "%s%s", notes[_i].cells, strstr(notes[_i].cells, "* =") != NULL ? "" : "\n* = ok");
	propose(a, notes[_i].conf, notes[_i].columns, str_c(&cells), &fix);
	for (size_t i = 0; i < fix.n_notes; i++)
		str_addf(&got, "%s\n", fix.notes[i]);
	ck_assert_msg(fix.n_changes == notes[_i].n_changes, "%s: %zu changes", notes[_i].name, fix.n_changes);
	if (notes[_i].note == NULL)
		ck_assert_msg(fix.n_notes == 0, "%s: %s", notes[_i].name, str_c(&got));
	else
		ck_assert_msg(strstr(str_c(&got), notes[_i].note) != NULL, "%s: %s", notes[_i].name, str_c(&got));
	str_done(&cells);
	str_done(&got);
	arena_free(a);
	plans_done();
}
END_TEST

/* Many that nobody could be asked about are one note, behind what is known; of a domain that is not delegated that is the cause. */
START_TEST(unasked)
{
	struct arena *a = arena_new();
	struct fix fix;

	propose(a, PLAIN, "ns1@192.0.2.1", "autodiscover = timeout\nmx = timeout\n* = ok", &fix);
	ck_assert_uint_eq(fix.n_unasked, 2);
	ck_assert_uint_ge(fix.n_notes, 1);
	ck_assert_str_eq(fix.notes[fix.n_notes - 1], "mx, autodiscover: no server has answered yet, so nothing is proposed");
	for (size_t i = 0; i + 1 < fix.n_notes; i++)
		ck_assert_ptr_null(strstr(fix.notes[i], "no server has answered"));

	propose_in(a, "missing", PLAIN, "", "", &fix);
	ck_assert_uint_eq(fix.n_changes, 0);
	ck_assert_uint_gt(fix.n_unasked, 1);
	ck_assert_uint_eq(fix.n_notes, 1);
	ck_assert_msg(str_iprefix(fix.notes[0], "delegation-missing: "), "%s", fix.notes[0]);
	arena_free(a);
	plans_done();
}
END_TEST

/* The TTL of a set that exists is kept unless it is absurd; a new one gets the advised one. */
START_TEST(ttls)
{
	static const struct { const char *cells; uint32_t want; } list[] = {
		{ "spf = {TXT a=b}@300", 300 }, { "spf = {TXT a=b}@604800", 3600 }, { "spf = nodata@300", 3600 },
	};
	struct arena *a = arena_new();
	struct str cells = STR_INIT;
	struct fix fix;

	str_addf(&cells, "%s\n* = ok", list[_i].cells);
	propose(a, PLAIN, "ns1@192.0.2.1", str_c(&cells), &fix);
	ck_assert_uint_eq(fix.n_changes, 1);
	ck_assert_uint_eq(fix.changes[0].ttl, list[_i].want);
	str_done(&cells);
	arena_free(a);
	plans_done();
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("fix");
	TCase *tc = tcase_create("fix");

	tcase_add_loop_test(tc, proposes, 0, (int)ARRAY_LEN(rows));
	tcase_add_loop_test(tc, says, 0, (int)ARRAY_LEN(notes));
	tcase_add_test(tc, unasked);
	tcase_add_loop_test(tc, ttls, 0, 3);
	suite_add_tcase(s, tc);
	return suite_run(s);
}
