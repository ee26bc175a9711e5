/* SPDX-License-Identifier: ISC */
/*
 * check_eval_place: the wrong-place search.  Each row is a zone; a small authority that knows wildcards, empty non-terminals and
 * aliases (RFC 1034, 4592) answers both the plan's questions and those that are asked aside.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tests/lib/matrix.h>
#include <tests/lib/suite.h>

#define CONF(domain, rest) "domain \"" domain "\" { tenant = \"contoso\" " rest " }"
#define MAIL CONF("contoso.test", "verification = \"MS=ms12345678\" services = {\"exchange\"}")
#define ALL  CONF("contoso.test", "services = {\"exchange\", \"skype\", \"dkim\", \"dmarc\", \"mta-sts\", \"tls-rpt\"}")
#define SUB  CONF("sub.contoso.test", "verification = \"MS=ms12345678\" services = {\"exchange\"}")
#define OWN  CONF("contoso.test", "services = {} record \"crm\" { name = \"crm\" type = CNAME value = \"crm.example\" }")

#define APEX "@ SOA ns1.contoso.test hostmaster.contoso.test 1 3600 600 86400 300\n@ NS ns1.contoso.test\n"
#define MS   "@ TXT MS=ms12345678\n"
#define MX   "@ MX 0 contoso-test.mail.protection.outlook.com\n"
#define SPF  "@ TXT v=spf1 include:spf.protection.outlook.com -all\n"
#define AUTO "autodiscover CNAME autodiscover.outlook.com\n"
#define FED  "_sipfederationtls._tcp SRV 100 1 5061 sipfed.online.lync.com\n"
#define SIPT "_sip._tls SRV 100 1 443 sipdir.online.lync.com\n"
#define OPTIONAL_CNAMES "enterpriseregistration,enterpriseenrollment"
#define SIP  "sip CNAME sipdir.online.lync.com\n"
#define LYNC "lyncdiscover CNAME webdir.online.lync.com\n"
#define KEY(n, owner) owner " CNAME selector" n "-contoso-test._domainkey.contoso.onmicrosoft.com\n"
#define K1   KEY("1", "selector1._domainkey")
#define K2   KEY("2", "selector2._domainkey")
#define DMARC "_dmarc TXT v=DMARC1; p=reject\n"
#define STS  "_mta-sts TXT v=STSv1; id=1;\nmta-sts A 192.0.2.80\n"
#define RPT  "_smtp._tls TXT v=TLSRPTv1; rua=mailto:a@contoso.test\n"
#define REST FED SIPT SIP LYNC K1 K2 DMARC STS RPT	/* of ALL, without what MAIL has */

struct place_case {
	const char *name, *conf, *zone, *findings;
	const char *words;	/* that detail, advice or evidence of the first finding hold; NULL = any */
	unsigned questions;	/* asked aside, at most */
};

static const struct place_case cases[] = {
	{ "all is right", MAIL, APEX MS MX SPF AUTO, "", NULL, 3 },
	{ "all of everything is right", ALL, APEX MX SPF AUTO REST, "", NULL, 16 },
	{ "an empty zone", MAIL, APEX,
	    "record-missing:error(verification) record-missing:error(mx) record-missing:error(spf) record-missing:error(autodiscover)",
	    "Add: contoso.test TXT MS=ms12345678", 8 },
	{ "an empty zone, and everything wanted", ALL, APEX,
	    "record-missing:error(mx) record-missing:error(spf) record-missing:error(autodiscover) "
	    "record-missing:error(sipfederationtls) record-missing:error(sip-tls) record-missing:error(sip) "
	    "record-missing:error(lyncdiscover) record-missing:error(dkim-selector1) record-missing:error(dkim-selector2) "
	    "record-missing:error(dmarc) record-missing:error(mta-sts) record-missing:error(mta-sts-host) "
	    "record-missing:error(tls-rpt)", NULL, 24 },

	/* ---- the name typed wrong ---- */
	{ "doubled", MAIL, APEX MS MX SPF "autodiscover.contoso.test CNAME autodiscover.outlook.com\n",
	    "owner-doubled:error(autodiscover)",
	    "Enter autodiscover as its name, because the provider adds the rest, so that it becomes: autodiscover.contoso.test CNAME "
	    "autodiscover.outlook.com", 3 },
	{ "doubled, with the zone behind the target too", MAIL, APEX MS MX SPF
	    "autodiscover.contoso.test CNAME autodiscover.outlook.com.contoso.test\n", "owner-doubled:error(autodiscover)",
	    "autodiscover.contoso.test.contoso.test. IN CNAME autodiscover.outlook.com.contoso.test. (ns1", 3 },
	{ "doubled, but another value", MAIL, APEX MS MX SPF "autodiscover.contoso.test CNAME www.example\n",
	    "record-missing:error(autodiscover)", NULL, 3 },
	{ "doubled at the apex", MAIL, APEX MS SPF AUTO "contoso.test MX 0 contoso-test.mail.protection.outlook.com\n",
	    "owner-doubled:error(mx)", "Enter nothing (or @) as its name", 6 },
	{ "doubled selectors", ALL, APEX MX SPF AUTO FED SIPT SIP LYNC DMARC STS RPT KEY("1", "selector1._domainkey.contoso.test")
	    KEY("2", "selector2._domainkey.contoso.test"), "owner-doubled:error(dkim-selector1) owner-doubled:error(dkim-selector2)",
	    "Enter selector1._domainkey as its name", 20 },
	{ "doubled, second selector only", ALL, APEX MX SPF AUTO FED SIPT SIP LYNC DMARC STS RPT K1
	    KEY("2", "selector2._domainkey.contoso.test"), "owner-doubled:error(dkim-selector2)", NULL, 20 },
	{ "a literal @", MAIL, APEX MS MX AUTO "\\@ TXT v=spf1 include:spf.protection.outlook.com -all\n",
	    "owner-literal-at:error(spf)", "contoso.test TXT v=spf1 include:spf.protection.outlook.com -all", 6 },
	{ "proof and SPF at www", MAIL, APEX MX AUTO "www TXT MS=ms12345678\n"
	    "www TXT v=spf1 ip4:192.0.2.7 include:spf.protection.outlook.com ~all\nwww TXT another=text\n",
	    "owner-wrong-place:error(verification) owner-wrong-place:error(spf)", "www.contoso.test has it: MS=ms12345678", 8 },
	{ "the SPF of www itself is not meant for the domain", MAIL, APEX MS MX AUTO "www TXT v=spf1 -all\n",
	    "record-missing:error(spf)", NULL, 8 },
	{ "SPF at mail", MAIL, APEX MS MX AUTO "mail TXT v=spf1 include:spf.protection.outlook.com -all\n",
	    "owner-wrong-place:error(spf)", NULL, 8 },
	{ "selector without _domainkey", ALL, APEX MX SPF AUTO FED SIPT SIP LYNC DMARC STS RPT K2 KEY("1", "selector1"),
	    "owner-wrong-place:error(dkim-selector1)", "The record stands at selector1.contoso.test.", 20 },
	{ "selector without the underscore", ALL, APEX MX SPF AUTO FED SIPT SIP LYNC DMARC STS RPT K1 KEY("2", "selector2.domainkey"),
	    "owner-wrong-place:error(dkim-selector2)", "selector2.domainkey.contoso.test", 20 },
	{ "DMARC without the underscore", ALL, APEX MX SPF AUTO FED SIPT SIP LYNC STS RPT K1 K2 "dmarc TXT v=DMARC1; p=none\n",
	    "owner-wrong-place:error(dmarc)", "_dmarc.contoso.test TXT v=DMARC1; p=none", 20 },
	{ "DMARC at the domain itself", ALL, APEX MX SPF AUTO FED SIPT SIP LYNC STS RPT K1 K2 "@ TXT v=DMARC1; p=none\n",
	    "owner-wrong-place:error(dmarc)", "contoso.test. 300 IN TXT \"v=DMARC1; p=none\"", 20 },
	{ "MTA-STS without the underscore", ALL, APEX MX SPF AUTO FED SIPT SIP LYNC DMARC RPT K1 K2
	    "mta-sts A 192.0.2.80\nmta-sts TXT v=STSv1; id=1;\n", "owner-wrong-place:error(mta-sts)", NULL, 20 },
	{ "TLS-RPT without underscores", ALL, APEX MX SPF AUTO FED SIPT SIP LYNC DMARC STS K1 K2
	    "smtp.tls TXT v=TLSRPTv1; rua=mailto:a@contoso.test\n", "owner-wrong-place:error(tls-rpt)", NULL, 22 },
	{ "SRV without underscores", ALL, APEX MX SPF AUTO FED SIP LYNC K1 K2 DMARC STS RPT
	    "sip.tls SRV 100 1 443 sipdir.online.lync.com\n", "srv-owner-wrong:error(sip-tls)",
	    "Rename sip.tls.contoso.test, so that it becomes: _sip._tls.contoso.test SRV 100 1 443 sipdir.online.lync.com", 22 },
	{ "SRV without the first underscore", ALL, APEX MX SPF AUTO SIPT SIP LYNC K1 K2 DMARC STS RPT
	    "sipfederationtls._tcp SRV 100 1 5061 sipfed.online.lync.com\n", "srv-owner-wrong:error(sipfederationtls)", NULL, 22 },
	{ "SRV without the second underscore", ALL, APEX MX SPF AUTO SIPT SIP LYNC K1 K2 DMARC STS RPT
	    "_sipfederationtls.tcp SRV 100 1 5061 sipfed.online.lync.com\n", "srv-owner-wrong:error(sipfederationtls)", NULL, 22 },
	{ "SRV of the other protocol", ALL, APEX MX SPF AUTO FED SIP LYNC K1 K2 DMARC STS RPT
	    "_sip._tcp SRV 100 1 443 sipdir.online.lync.com\n", "srv-owner-wrong:error(sip-tls)", NULL, 22 },
	{ "SRV with its labels swapped", ALL, APEX MX SPF AUTO FED SIP LYNC K1 K2 DMARC STS RPT
	    "_tls._sip SRV 100 1 443 sipdir.online.lync.com\n", "srv-owner-wrong:error(sip-tls)", NULL, 24 },
	{ "SRV without the service", ALL, APEX MX SPF AUTO SIPT SIP LYNC K1 K2 DMARC STS RPT
	    "_tcp SRV 100 1 5061 sipfed.online.lync.com\n", "srv-owner-wrong:error(sipfederationtls)", NULL, 24 },
	{ "SRV without the protocol, fields shifted", ALL, APEX MX SPF AUTO SIPT SIP LYNC K1 K2 DMARC STS RPT
	    "_sipfederationtls SRV 1 5061 100 sipfed.online.lync.com\n", "srv-owner-wrong:error(sipfederationtls)",
	    "_sipfederationtls._tcp.contoso.test SRV 100 1 5061 sipfed.online.lync.com", 24 },
	{ "an SRV of another service is no place", ALL, APEX MX SPF AUTO SIPT SIP LYNC K1 K2 DMARC STS RPT
	    "_sipfederationtls._tls SRV 1 1 5061 sip.example\n", "record-missing:error(sipfederationtls)", NULL, 26 },
	{ "the administrator's own record, doubled", OWN, APEX "crm.contoso.test CNAME crm.example\n", "owner-doubled:error(crm)",
	    "crm.contoso.test CNAME crm.example", 4 },

	/* ---- a domain in its parent's zone ---- */
	{ "right in the parent's zone", SUB, APEX "sub TXT MS=ms12345678\nsub MX 0 sub-contoso-test.mail.protection.outlook.com\n"
	    "sub TXT v=spf1 include:spf.protection.outlook.com -all\nautodiscover.sub CNAME autodiscover.outlook.com\n", "", NULL, 6 },
	{ "left at the parent", SUB, APEX "@ TXT MS=ms12345678\nsub MX 0 sub-contoso-test.mail.protection.outlook.com\n"
	    "sub TXT v=spf1 include:spf.protection.outlook.com -all\n" AUTO,
	    "owner-wrong-place:error(verification) owner-wrong-place:error(autodiscover)",
	    "The record stands at contoso.test.", 20 },
	{ "the parent has its own", SUB, APEX "sub TXT MS=ms12345678\nsub MX 0 sub-contoso-test.mail.protection.outlook.com\n"
	    MX SPF AUTO, "record-missing:error(spf) record-missing:error(autodiscover)", NULL, 20 },
	{ "doubled in the parent's zone", SUB, APEX "sub TXT MS=ms12345678\nsub MX 0 sub-contoso-test.mail.protection.outlook.com\n"
	    "sub TXT v=spf1 include:spf.protection.outlook.com -all\n"
	    "autodiscover.sub.contoso.test CNAME autodiscover.outlook.com\n", "owner-doubled:error(autodiscover)",
	    "Enter autodiscover.sub as its name", 8 },

	/* ---- another type ---- */
	{ "an address instead of the CNAME", MAIL, APEX MS MX SPF "autodiscover A 192.0.2.77\n", "cname-flattened:error(autodiscover)",
	    "replace A 192.0.2.77 there by CNAME autodiscover.outlook.com", 2 },
	{ "an address that is not Microsoft's", MAIL, APEX MS MX SPF "autodiscover A 192.0.2.77\n", "cname-flattened:error(autodiscover)",
	    "A 192.0.2.77, which is no address of autodiscover.outlook.com", 2 },
	{ "an address of Microsoft's instead of the CNAME", MAIL, APEX MS MX SPF "autodiscover A 40.99.1.2\n",
	    "cname-flattened:error(autodiscover)", "Switch off CNAME flattening (also called ALIAS or ANAME) for autodiscover.contoso.test", 2 },
	{ "the same, told", MAIL, APEX MS MX SPF "autodiscover A 40.99.1.2\n",
	    "cname-flattened:error(autodiscover)", "A 40.99.1.2, which is an address of autodiscover.outlook.com", 2 },
	{ "an IPv6 address instead of the CNAME", MAIL, APEX MS MX SPF "autodiscover AAAA 2001:db8::1\n",
	    "cname-flattened:error(autodiscover)", NULL, 3 },
	{ "TXT instead of the CNAME", MAIL, APEX MS MX SPF "autodiscover TXT autodiscover.outlook.com\n",
	    "type-wrong:error(autodiscover)", "Replace TXT autodiscover.outlook.com at autodiscover.contoso.test by CNAME "
	    "autodiscover.outlook.com", 4 },
	{ "MX instead of the CNAME", MAIL, APEX MS MX SPF "autodiscover MX 0 autodiscover.outlook.com\n",
	    "type-wrong:error(autodiscover)", NULL, 5 },
	{ "DKIM as TXT", ALL, APEX MX SPF AUTO FED SIPT SIP LYNC DMARC STS RPT K2
	    "selector1._domainkey TXT v=DKIM1; k=rsa; p=MIIB\n", "dkim-txt-instead-of-cname:error(dkim-selector1)",
	    "Replace the TXT at selector1._domainkey.contoso.test by CNAME", 20 },
	{ "DKIM as an address", ALL, APEX MX SPF AUTO FED SIPT SIP LYNC DMARC STS RPT K2 "selector1._domainkey A 192.0.2.1\n",
	    "cname-flattened:error(dkim-selector1)", NULL, 20 },
	{ "CNAME instead of the SRV", ALL, APEX MX SPF AUTO SIPT SIP LYNC K1 K2 DMARC STS RPT
	    "_sipfederationtls._tcp CNAME sipfed.online.lync.com\n", "type-wrong:error(sipfederationtls)",
	    "Replace CNAME sipfed.online.lync.com at _sipfederationtls._tcp.contoso.test by SRV 100 1 5061 sipfed.online.lync.com", 20 },
	{ "TXT instead of the SRV", ALL, APEX MX SPF AUTO SIPT SIP LYNC K1 K2 DMARC STS RPT
	    "_sipfederationtls._tcp TXT 100 1 5061 sipfed.online.lync.com\n", "type-wrong:error(sipfederationtls)", NULL, 20 },
	{ "TXT instead of the MX", MAIL, APEX MS SPF AUTO "@ TXT 0 contoso-test.mail.protection.outlook.com\n",
	    "type-wrong:error(mx)", "by MX 0 contoso-test.mail.protection.outlook.com", 4 },
	{ "SPF as type SPF only", MAIL, APEX MS MX AUTO "@ SPF v=spf1 ip4:192.0.2.7 include:spf.protection.outlook.com -all\n",
	    "spf-type99:error(spf)", "Add: contoso.test TXT v=spf1 ip4:192.0.2.7 include:spf.protection.outlook.com -all", 4 },
	{ "SPF as type SPF only, and wrong", MAIL, APEX MS MX AUTO "@ SPF v=spf1 mx -all\n",
	    "spf-type99:error(spf)", "Add: contoso.test TXT v=spf1 include:spf.protection.outlook.com -all", 4 },
	{ "addresses beside the CNAME", MAIL, APEX MS MX SPF AUTO "autodiscover A 192.0.2.77\n",
	    "cname-and-other-data:error(autodiscover)", "Delete the other records at autodiscover.contoso.test: A 192.0.2.77", 3 },
	{ "a text beside the CNAME", MAIL, APEX MS MX SPF AUTO "autodiscover TXT x\nautodiscover A 192.0.2.77\n",
	    "cname-and-other-data:error(autodiscover)", "A 192.0.2.77, TXT x", 3 },
	{ "a key beside the CNAME", ALL, APEX MX SPF AUTO REST "selector2._domainkey TXT v=DKIM1; p=\n",
	    "cname-and-other-data:error(dkim-selector2)", NULL, 20 },

	/* ---- wildcards ---- */
	{ "a wildcard instead of the CNAME", MAIL, APEX MS MX SPF "* CNAME www.example\n",
	    "wildcard-answer:error(autodiscover,sip,lyncdiscover," OPTIONAL_CNAMES ",msoid,dkim-selector1,dkim-selector2) target-accepted:info(autodiscover-service)",
	    "Add: autodiscover.contoso.test CNAME autodiscover.outlook.com; sip.contoso.test CNAME sipdir.online.lync.com; "
	    "lyncdiscover.contoso.test CNAME webdir.online.lync.com (a wildcard does not answer for a name that exists). At "
	    "msoid.contoso.test nothing may answer: delete the wildcard *.contoso.test CNAME www.example, or keep it away", 6 },
	{ "a wildcard with an address", MAIL, APEX MS MX SPF "* A 192.0.2.99\n",
	    "wildcard-answer:error(autodiscover,msoid)",
	    "*.contoso.test A 192.0.2.99 answers in place of autodiscover.contoso.test CNAME", 5 },
	{ "a wildcard for msoid only", MAIL, APEX MS MX SPF AUTO "* A 192.0.2.99\n", "wildcard-answer:error(msoid)",
	    "Delete the wildcard *.contoso.test A 192.0.2.99", 5 },
	{ "an alias as wildcard, whatever is asked of it", MAIL, APEX MS MX SPF AUTO SIP LYNC "* CNAME www.example\n",
	    "wildcard-answer:error(msoid," OPTIONAL_CNAMES ",dkim-selector1,dkim-selector2) target-accepted:info(autodiscover-service)",
	    "Delete the wildcard *.contoso.test CNAME www.example", 5 },
	{ "a wildcard that is right", MAIL, APEX MS MX SPF "* CNAME autodiscover.outlook.com\nmsoid TXT away\n",
	    "wildcard-answer:error(sip,lyncdiscover," OPTIONAL_CNAMES ",dkim-selector1,dkim-selector2) wildcard-answer:warning(autodiscover)",
	    "*.contoso.test CNAME autodiscover.outlook.com answers in place of sip.contoso.test CNAME, and of lyncdiscover", 8 },
	{ "a wildcard whose text hides DMARC", ALL, APEX MX SPF AUTO FED SIPT SIP LYNC STS RPT K1 K2 "* TXT v=spf1 -all\n",
	    "wildcard-answer:error(dmarc)", "*.contoso.test TXT v=spf1 -all", 20 },
	{ "a wildcard deep in the zone", ALL, APEX MX SPF AUTO SIPT SIP LYNC K1 K2 DMARC STS RPT
	    "*._tcp SRV 0 0 1 x.example\n", "wildcard-answer:error(sipfederationtls)", "delete the wildcard *._tcp.contoso.test SRV", 22 },
	{ "SPF in a wildcard, which is not the domain", MAIL, APEX MS MX AUTO
	    "* TXT v=spf1 include:spf.protection.outlook.com -all\n", "wildcard-answer:error(spf)",
	    "a wildcard does not stand for contoso.test", 20 },
	{ "a doubled name that a wildcard makes", MAIL, APEX MS MX SPF "autodiscover TXT x\n* CNAME autodiscover.outlook.com\nmsoid TXT x\n",
	    "type-wrong:error(autodiscover) wildcard-answer:error(sip,lyncdiscover," OPTIONAL_CNAMES ",dkim-selector1,dkim-selector2)", NULL, 8 },
	{ "doubled, beside a wildcard", MAIL, APEX MS MX SPF "msoid TXT x\n* A 192.0.2.99\n"
	    "autodiscover.contoso.test CNAME autodiscover.outlook.com\n", "wildcard-answer:error(autodiscover)", NULL, 8 },
};

/* ---- a small authority ---- */

struct node {
	struct dns_name owner;
	char type[8], value[512];
};
struct authority {
	struct node nodes[64];
	size_t n;
	struct arena *a;
};

static void
authority_load(struct authority *s, struct arena *a, const char *zone)
{
	struct dns_name origin;
	char *copy = arena_strdup(a, zone), *line;

	s->a = a;
	s->n = 0;
	ck_assert_int_eq(dns_name_parse(&origin, "contoso.test", NULL), 0);
	while ((line = strsep(&copy, "\n")) != NULL) {
		struct node *node = &s->nodes[s->n];
		char owner[256];

		if (*line == '\0')
			continue;
		ck_assert_uint_lt(s->n, ARRAY_LEN(s->nodes));
		ck_assert_msg(sscanf(line, "%255s %7s %511[^\n]", owner, node->type, node->value) == 3, "%s", line);
		ck_assert_msg(dns_name_relative(&node->owner, owner, &origin), "%s", line);
		s->n++;
	}
}

static bool
name_is_there(const struct authority *s, const struct dns_name *name)
{
	for (size_t i = 0; i < s->n; i++)
		if (dns_name_is_below(&s->nodes[i].owner, name))
			return true;
	return false;
}

/* The node set that answers for a name: its own, or the wildcard at the closest encloser; false = NXDOMAIN. */
static bool
source_of(const struct authority *s, const struct dns_name *name, struct dns_name *ret)
{
	struct dns_name star, encloser = *name;

	*ret = *name;
	if (name_is_there(s, name))
		return true;
	ck_assert_int_eq(dns_name_parse(&star, "*", NULL), 0);
	while (encloser.len > 1 && !name_is_there(s, &encloser))
		dns_name_suffix(&encloser, &encloser, 1);
	return dns_name_concat(ret, &star, &encloser) && name_is_there(s, ret);
}

static const char *
values_of(const struct authority *s, const struct dns_name *source, const char *type)
{
	const char *text = "";

	for (size_t i = 0; i < s->n; i++) {
		const struct node *node = &s->nodes[i];

		if (!dns_name_equal(&node->owner, source) || strcmp(node->type, type) != 0)
			continue;
		text = arena_printf(s->a, "%s%s%s ", text, *text != '\0' ? "; " : "", type);
		for (const char *p = node->value; *p != '\0'; p++)
			text = arena_printf(s->a, "%s%c%s", text, *p, *p == ';' && strcmp(type, "TXT") == 0 ? ";" : "");
	}
	return text;
}

/* In the words of answer_of.  A type that is there wins over a CNAME beside it, as with the servers that allow that. */
static const char *
authority_ask(const struct authority *s, const struct dns_name *name, uint16_t qtype)
{
	const char *text, *target;
	struct dns_name source, next;
	char type[16];

	if (!source_of(s, name, &source))
		return "NXDOMAIN";
	text = values_of(s, &source, dns_type_text(qtype, type));
	if (*text != '\0')
		return text;
	target = values_of(s, &source, "CNAME");
	if (*target == '\0')
		return "NODATA";
	target += strlen("CNAME ");
	ck_assert_int_eq(dns_name_parse(&next, target, NULL), 0);
	text = name_is_there(s, &next) ? authority_ask(s, &next, qtype) : "NODATA";
	return arena_printf(s->a, "-> %s; %s", target, text);
}

static struct matrix *
matrix_for(const struct authority *s, struct plan *plan)
{
	struct str cells = STR_INIT;
	struct matrix *m;

	for (size_t i = 0; i < plan_n_expectations(plan); i++) {
		struct question q;
		const char *text;

		plan_question(plan, plan_expectation(plan, i)->question, &q);
		text = authority_ask(s, &q.name, q.type);
		str_addf(&cells, "%s = {%s} {%s} -\n", plan_expectation(plan, i)->id, text, text);
	}
	str_add(&cells, "soa = 1 1 -\nns = ok ok -");
	m = matrix_of(s->a, plan, "found", "ns1@192.0.2.1 ns2@192.0.2.2 google@8.8.8.8/q", str_c(&cells));
	str_done(&cells);
	if (strncmp(plan_domain(plan), "sub.", 4) == 0)
		dns_name_suffix((struct dns_name *)(uintptr_t)&m->zone.zone->apex, &m->zone.zone->asked, 1);
	return m;
}

/* Roll up and answer what is asked aside until nothing is wanted any more; returns how much was asked. */
static unsigned
settle(const struct authority *s, struct matrix *m, struct domain_result *ret)
{
	struct side_want want;
	unsigned n = 0, n_here = 0, asked;

	m->sides = sides_new();
	do {
		asked = n;
		eval_domain(m, NULL, s->a, ret);
		while (sides_next(m->sides, &want)) {
			/* what other diagnoses ask elsewhere fails, but for what SPF includes */
			bool here = want.at == SIDE_AUTHORITY, spf = want.at == SIDE_LOOKUP && memcmp(want.q.name.wire, "\3spf", 4) == 0;
			bool host = want.at == SIDE_LOOKUP && memcmp(want.q.name.wire, "\14autodiscover\7outlook", 21) == 0;
			const char *text = spf ? "TXT v=spf1 -all" : !host ? authority_ask(s, &want.q.name, want.q.type) :
			    want.q.type == DNS_TYPE_A ? "-> geo.outlook.com; A 40.99.1.1; A 40.99.1.2" : "NODATA";
			bool known = here || spf || host;

			sides_answer(m->sides, want.id, known ? REASON_NONE : REASON_STOPPED,
			    known ? answer_of(s->a, want.q.type, text) : NULL, "ns1.contoso.test 192.0.2.1",
			    MATRIX_NOW_MS + 1000000);
			n++;
			n_here += here;
		}
		sides_round(m->sides, MATRIX_NOW_MS, false);
		ck_assert_uint_le(n, 256);
	} while (n > asked);
	return n_here;
}

/* Leave out what other diagnoses say of the world outside, which does not answer here. */
static void
forget_others(struct domain_result *r)
{
	struct finding *list = (struct finding *)(uintptr_t)r->findings;
	size_t n = 0;

	for (size_t i = 0; i < r->n_findings; i++)
		if (list[i].severity != SEVERITY_WARNING || strcmp(finding_rows[list[i].code].test, "check_eval_place") == 0)
			list[n++] = list[i];
	r->n_findings = n;
}

static bool
finding_says(const struct finding *f, const char *words)
{
	for (size_t i = 0; i < f->n_evidence; i++)
		if (strstr(f->evidence[i], words) != NULL)
			return true;
	return strstr(f->detail, words) != NULL || strstr(f->advice, words) != NULL;
}

static void
finding_show(const struct finding *f, struct str *s)
{
	str_addf(s, "\n    %s\n    %s", f->detail, f->advice);
	for (size_t i = 0; i < f->n_evidence; i++)
		str_addf(s, "\n      %s", f->evidence[i]);
}

static void
check_case(const struct place_case *c, struct str *wrong)
{
	struct arena *a = arena_new();
	struct authority *s = arena_alloc(a, sizeof(*s));
	struct plan *plan = plan_of(c->conf);
	struct domain_result r;
	struct matrix *m;
	const char *findings;
	unsigned n;

	authority_load(s, a, c->zone);
	m = matrix_for(s, plan);
	n = settle(s, m, &r);
	forget_others(&r);
	findings = findings_text(a, plan, &r);
	if (strcmp(findings, c->findings) != 0)
		str_addf(wrong, "\n%s: %s", c->name, findings);
	else if (c->words != NULL && (r.n_findings == 0 || !finding_says(&r.findings[0], c->words)))
		finding_show(&r.findings[0], (str_addf(wrong, "\n%s: not said: %s", c->name, c->words), wrong));
	if (n > c->questions)
		str_addf(wrong, "\n%s: %u questions", c->name, n);
	for (size_t i = 0; i < r.n_findings; i++)
		ck_assert_msg(strchr(r.findings[i].advice, '{') == NULL && r.findings[i].n_evidence > 0, "%s", c->name);
	sides_free(m->sides);
	arena_free(a);
}

START_TEST(records_are_found_where_they_are)
{
	struct str wrong = STR_INIT;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		check_case(&cases[i], &wrong);
	ck_assert_msg(wrong.len == 0, "%s", str_c(&wrong));
	str_done(&wrong);
}
END_TEST

/* ---- when nothing is searched ---- */

static const struct {
	const char *name, *cells;
	enum authorities_policy policy;
} quiet_cases[] = {
	{ "one authority has it", "autodiscover = none ok -\n* = ok ok -", AUTHORITIES_ALL_BUT_DEAD },
	{ "one authority has it, and the majority decides", "autodiscover = none ok -\n* = ok ok -", AUTHORITIES_MAJORITY },
	{ "one authority was not asked yet", "autodiscover = none - -\n* = ok ok -", AUTHORITIES_ALL_BUT_DEAD },
	{ "nobody was asked yet", "* = - - -", AUTHORITIES_ALL_BUT_DEAD },
	{ "it could not be asked", "autodiscover = timeout servfail -\n* = ok ok -", AUTHORITIES_ALL_BUT_DEAD },
	{ "nobody serves the zone", "* = none! none! -", AUTHORITIES_ALL_BUT_DEAD },
	{ "nobody answers", "* = timeout timeout -", AUTHORITIES_ALL_BUT_DEAD },
	{ "no authority is to be asked", "* = - - none", AUTHORITIES_NONE },
};

START_TEST(nothing_is_searched_too_early)
{
	for (size_t i = 0; i < ARRAY_LEN(quiet_cases); i++) {
		struct arena *a = arena_new();
		struct matrix *m = matrix_of(a, plan_of(MAIL), "found", "ns1@192.0.2.1 ns2@192.0.2.2 google@8.8.8.8/q",
		    quiet_cases[i].cells);
		struct domain_result r;
		struct side_want want;

		m->sides = sides_new();
		m->policy.authorities = quiet_cases[i].policy;
		eval_domain(m, NULL, a, &r);
		while (sides_next(m->sides, &want))
			ck_assert_msg(want.at != SIDE_AUTHORITY, "%s", quiet_cases[i].name);
		sides_free(m->sides);
		arena_free(a);
	}
}
END_TEST

/* What could not be asked aside is never "not there", nor "there". */
START_TEST(failures_explain_nothing)
{
	struct arena *a = arena_new();
	struct authority *s = arena_alloc(a, sizeof(*s));
	struct plan *plan = plan_of(MAIL);
	struct matrix *m;
	struct domain_result r;
	struct side_want want;
	unsigned n;

	authority_load(s, a, APEX MS MX SPF "autodiscover A 192.0.2.77\n");
	m = matrix_for(s, plan);
	m->sides = sides_new();
	do {
		eval_domain(m, NULL, a, &r);
		for (n = 0; sides_next(m->sides, &want); n++)
			sides_answer(m->sides, want.id, REASON_TIMEOUT, NULL, "ns1.contoso.test 192.0.2.1", MATRIX_NOW_MS + 1000000);
	} while (n > 0);
	forget_others(&r);
	ck_assert_str_eq(findings_text(a, plan, &r), "record-missing:error(autodiscover)");
	sides_free(m->sides);
	arena_free(a);
}
END_TEST

/* What a wildcard answers is no record of the name: there is nothing to delete. */
START_TEST(fixes_delete_no_answer_of_a_wildcard)
{
	struct arena *a = arena_new();
	struct authority *s = arena_alloc(a, sizeof(*s));
	struct domain_result r;
	struct matrix *m;
	struct fix fix;

	authority_load(s, a, APEX MS MX SPF "* A 192.0.2.99\n");
	m = matrix_for(s, plan_of(MAIL));
	settle(s, m, &r);
	eval_fix(m, &r, false, a, &fix);
	ck_assert_uint_ge(fix.n_changes, 1);
	for (size_t i = 0; i < fix.n_changes; i++)
		ck_assert_int_eq(fix.changes[i].action, FIX_ADD);
	sides_free(m->sides);
	arena_free(a);
}
END_TEST

/* The name that tells a wildcard from a record stays the same, and another domain's is another. */
START_TEST(nobody_can_guess_the_name_that_finds_wildcards)
{
	char first[2][DNS_NAME_TEXT_MAX] = { "", "" };

	for (int round = 0; round < 4; round++) {
		struct arena *a = arena_new();
		struct authority *s = arena_alloc(a, sizeof(*s));
		struct domain_result r;
		struct side_want want;
		struct dns_name parent, domain;
		struct matrix *m;
		char buf[DNS_NAME_TEXT_MAX];

		authority_load(s, a, APEX MS MX SPF AUTO "sub TXT x\nautodiscover.sub CNAME autodiscover.outlook.com\n");
		m = matrix_for(s, plan_of(round % 2 == 0 ? MAIL : SUB));
		m->sides = sides_new();
		eval_domain(m, NULL, a, &r);
		while (sides_next(m->sides, &want)) {
			dns_name_text(&want.q.name, buf);
			dns_name_suffix(&parent, &want.q.name, 1);
			plan_domain_name(m->plan, &domain);
			if (want.at != SIDE_AUTHORITY || want.q.type != DNS_TYPE_CNAME || !dns_name_equal(&parent, &domain))
				continue;
			buf[strcspn(buf, ".")] = '\0';
			ck_assert_uint_ge(strlen(buf), 17);
			ck_assert_msg(round < 2 || strcmp(first[round % 2], buf) == 0, "%s", buf);
			snprintf(first[round % 2], sizeof(first[0]), "%s", buf);
		}
		sides_free(m->sides);
		arena_free(a);
	}
	ck_assert_str_ne(first[0], first[1]);
	ck_assert_str_ne(first[0], "");
}
END_TEST

START_TEST(codes_of_this_test_are_provoked)
{
	struct str all = STR_INIT;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		str_addf(&all, "%s ", cases[i].findings);
	ck_assert_str_eq(findings_of_test_not_in("check_eval_place", str_c(&all)), "");
	str_done(&all);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("eval_place");
	TCase *t = tcase_create("place");
	int failed;

	tcase_add_test(t, records_are_found_where_they_are);
	tcase_add_test(t, nothing_is_searched_too_early);
	tcase_add_test(t, failures_explain_nothing);
	tcase_add_test(t, fixes_delete_no_answer_of_a_wildcard);
	tcase_add_test(t, nobody_can_guess_the_name_that_finds_wildcards);
	tcase_add_test(t, codes_of_this_test_are_provoked);
	suite_add_tcase(s, t);
	failed = suite_run(s);
	plans_done();
	return failed;
}
