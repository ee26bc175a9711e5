/* SPDX-License-Identifier: ISC */
/*
 * check_eval_mailauth: what stands behind the records for mail: DKIM keys, the DMARC policy of a domain above, the MTA-STS policy,
 * DANE.  How facts are written stands in tests/lib/matrix.h.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <src/eval/dkim.h>
#include <src/eval/dmarc.h>
#include <src/eval/sts.h>
#include <tests/lib/matrix.h>
#include <tests/lib/suite.h>

#define RSA512 "MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAK8jIDLt+sVC4GP7cIqPRd1SvbsUzv+AsjpyjlwxqctS1JOs40nYgepD6nuM36xEiLo0KSqDguFBP8OdV42lEg" \
	"UCAwEAAQ=="
#define RSA1024 "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQCt/jjzNZM5+bJtpq4uNqfb37vZ/kJuKSBv7M0nra9fhbl7p3KmtxkVof2ceO2MhA5XnN5rY52GJyFf" \
	"HriKLT26Y6wNwF1LLgFx5vMVTSiMfTHfgrLhB2qGdh5b1yuP1jqkaG5N0fRt1qfPmIzWxUYZSuTUzSU88o8WuZpAK6afuQIDAQAB"
#define RSA2048 "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAhXe8ntPVtVGBTYb4PM3SSp0J2XaMPgaZjLToPyubHFUKwFeAwEh+c7i0gS59QNF7fwgainmL" \
	"YSNe1q8fCaPLPPDyutaJXGseIAoU50AFMNyMCdctmHJ02e/cWlC42xl5hoc2GtpdYTwk3Ow6LqYpaqo3MxwGU816cIXeDCo+H7PQmX3sfmoFHunpKIbomc8uD0Rk" \
	"93qmYUDYmY8fnJQG5ib5GFi6BGmuqHMWtZqF4tVx0/8y3HiVOUQ7J0zHAZC3tJIfHXj9dMimHD+Qlxx5Xl26+WsLtpiw1yYVzDpwO+lXHh8CUKkLFkm8ga15i4QU" \
	"/Bf+vdJpFVsOR3ahMHsuUwIDAQAB"
#define RSA512_BARE "MEgCQQCvIyAy7frFQuBj+3CKj0XdUr27FM7/gLI6co5cManLUtSTrONJ2IHqQ+p7jN+sRIi6NCkqg4LhQT/DnVeNpRIFAgMBAAE="
#define ED25519 "XL7AL8B0u1Fq+8cNFpTUq5B+ewZoxQfyJxDRfqirmaw="

/* ---- the texts alone ---- */

static const struct {
	const char *name, *text;
	bool is_key;
	const char *mistake;	/* NULL = none; else a part of the words */
	unsigned bits;
	bool revoked;
} keys[] = {
	{ "2048 bits", "v=DKIM1; k=rsa; p=" RSA2048, true, NULL, 2048, false },
	{ "1024 bits, final semicolon", "v=DKIM1; k=rsa; p=" RSA1024 ";", true, NULL, 1024, false },
	{ "512 bits, no k", "v=DKIM1; p=" RSA512, true, NULL, 512, false },
	{ "no v", "p=" RSA512, true, NULL, 512, false },
	{ "the bare key", "v=DKIM1; p=" RSA512_BARE, true, NULL, 512, false },
	{ "blanks inside", "v=DKIM1; p=MFwwDQYJ KoZIhvcN AQEBBQADSwAwSAJBAK8jIDLt+sVC4GP7cIqPRd1SvbsUzv+AsjpyjlwxqctS1JOs40nYgepD6nuM3"
	    "6xEiLo0KSqDguFBP8OdV42lEgUCAwEAAQ==", true, NULL, 512, false },
	{ "flags and services", "v=DKIM1; k=rsa; t=y:s; s=email:tlsrpt; n=note; p=" RSA1024, true, NULL, 1024, false },
	{ "ed25519", "v=DKIM1; k=ed25519; p=" ED25519, true, NULL, 0, false },
	{ "an algorithm of the future", "v=DKIM1; k=dilithium; p=AAAA", true, NULL, 0, false },
	{ "revoked", "v=DKIM1; p=", true, NULL, 0, true },
	{ "revoked, with blanks", "v=DKIM1; k=rsa; p= ;", true, NULL, 0, true },
	{ "no p", "v=DKIM1; k=rsa", true, "no p=", 0, false },
	{ "cut off", "v=DKIM1; k=rsa; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQCt", true, "not the whole", 0, false },
	{ "not base64", "v=DKIM1; p=MIGf-MA0_", true, "base64", 0, false },
	{ "one digit too many", "v=DKIM1; p=MIGfM", true, "base64", 0, false },
	{ "ed25519 of another length", "v=DKIM1; k=ed25519; p=AAAA", true, "32 octets", 0, false },
	{ "version behind", "k=rsa; v=DKIM1; p=" RSA512, true, "first tag", 0, false },
	{ "not for mail", "v=DKIM1; s=other; p=" RSA512, true, "not for mail", 0, false },
	{ "a tag twice", "v=DKIM1; p=; p=" RSA512, true, "twice", 0, true },
	{ "no tag", "v=DKIM1; rsa; p=" RSA512, true, "tag=value", 0, false },
	{ "SPF", "v=spf1 -all", false, NULL, 0, false },
	{ "another version", "v=DKIM2; p=" RSA512, false, NULL, 0, false },
	{ "nothing", "", false, NULL, 0, false },
};

START_TEST(keys_are_read)
{
	struct arena *a = arena_new();
	struct text text = { keys[_i].text, strlen(keys[_i].text) };
	struct err err = { "" };
	struct dkim_key key;
	int rc;

	ck_assert_msg(dkim_is_key(text) == keys[_i].is_key, "%s", keys[_i].name);
	if (keys[_i].is_key) {
		rc = dkim_key_parse(a, text, &key, &err);
		ck_assert_msg((rc == -1) == (keys[_i].mistake != NULL), "%s: %s", keys[_i].name, err.msg);
		ck_assert_msg(rc == 0 || strstr(err.msg, keys[_i].mistake) != NULL, "%s: %s", keys[_i].name, err.msg);
		ck_assert_msg(key.bits == keys[_i].bits, "%s: %u bits", keys[_i].name, key.bits);
		ck_assert_msg(key.revoked == keys[_i].revoked, "%s", keys[_i].name);
	}
	arena_free(a);
}
END_TEST

#define STS(rest) "version: STSv1\nmode: enforce\n" rest "max_age: 604800\n"

static const struct {
	const char *name, *text;
	const char *mistake;	/* NULL = none */
	const char *host;	/* asked for */
	bool covered;
} policies[] = {
	{ "Microsoft's sample", STS("mx: *.mail.protection.outlook.com\n"), NULL, "contoso-test.mail.protection.outlook.com", true },
	{ "any case", STS("mx: *.Mail.Protection.Outlook.com\n"), NULL, "CONTOSO-test.mail.protection.outlook.com", true },
	{ "lines end with CR LF", "version: STSv1\r\nmode: testing\r\nmx: a.example\r\nmax_age: 1\r\n", NULL, "a.example", true },
	{ "no end of the last line", "version: STSv1\nmode: none\nmax_age: 0", NULL, "a.example", false },
	{ "no blank behind the colon", "version:STSv1\nmode:enforce\nmx:a.example\nmax_age:1\n", NULL, "a.example", true },
	{ "a star is one label", STS("mx: *.mx.microsoft\n"), NULL, "contoso-test.o-v1.mx.microsoft", false },
	{ "a star is at least one label", STS("mx: *.example\n"), NULL, "example", false },
	{ "the label's form of mx.microsoft", STS("mx: *.o-v1.mx.microsoft\n"), NULL, "contoso-test.o-v1.mx.microsoft", true },
	{ "the second line covers", STS("mx: a.example\nmx: b.example\n"), NULL, "b.example", true },
	{ "a name is itself only", STS("mx: a.example\n"), NULL, "x.a.example", false },
	{ "unknown keys", STS("mx: a.example\nx-new: y\n"), NULL, "a.example", true },
	{ "only the first of two modes counts", "version: STSv1\nmode: none\nmode: wild\nmax_age: 1\n", NULL, "a.example", false },
	{ "a year", "version: STSv1\nmode: none\nmax_age: 31557600\n", NULL, "a.example", false },
	{ "over a year", "version: STSv1\nmode: none\nmax_age: 31557601\n", "max_age", "", false },
	{ "an age of a hundred digits", "version: STSv1\nmode: none\nmax_age: 11111111111111111111111111111111111\n", "max_age", "", false },
	{ "an age that is none", "version: STSv1\nmode: none\nmax_age: 1d\n", "max_age", "", false },
	{ "no version", "mode: none\nmax_age: 1\n", "version", "", false },
	{ "another version", "version: STSv2\nmode: none\nmax_age: 1\n", "STSv2", "", false },
	{ "no mode", "version: STSv1\nmx: a.example\nmax_age: 1\n", "mode", "", false },
	{ "another mode", "version: STSv1\nmode: report\nmx: a.example\nmax_age: 1\n", "report", "", false },
	{ "no age", "version: STSv1\nmode: none\n", "max_age", "", false },
	{ "no mx", "version: STSv1\nmode: enforce\nmax_age: 1\n", "mx:", "", false },
	{ "an mx that is a star", STS("mx: *\n"), "no host", "", false },
	{ "an mx with a star inside", STS("mx: a.*.example\n"), "no host", "", false },
	{ "an mx with a final dot", STS("mx: a.example.\n"), "no host", "", false },
	{ "a web page", "<!DOCTYPE html>\n<p>404</p>\n", "key: value", "", false },
	{ "nothing", "", "version", "", false },
};

START_TEST(policies_are_read)
{
	struct arena *a = arena_new();
	struct err err = { "" };
	struct sts_policy p;
	int rc = sts_policy_parse(a, policies[_i].text, strlen(policies[_i].text), &p, &err);

	ck_assert_msg((rc == -1) == (policies[_i].mistake != NULL), "%s: %s", policies[_i].name, err.msg);
	ck_assert_msg(rc == 0 || strstr(err.msg, policies[_i].mistake) != NULL, "%s: %s", policies[_i].name, err.msg);
	if (rc == 0)
		ck_assert_msg(sts_policy_covers(&p, policies[_i].host) == policies[_i].covered, "%s", policies[_i].name);
	arena_free(a);
}
END_TEST

START_TEST(the_size_of_a_policy_is_bounded)
{
	struct arena *a = arena_new();
	struct str s = STR_INIT;
	struct sts_policy p;
	struct err err;

	str_add(&s, "version: STSv1\nmode: enforce\nmax_age: 1\n");
	for (unsigned i = 0; i <= STS_MX_MAX; i++)
		str_addf(&s, "mx: m%u.example\n", i);
	ck_assert_int_eq(sts_policy_parse(a, str_c(&s), s.len, &p, &err), -1);
	ck_assert_int_eq(sts_policy_parse(a, "a\0b", 3, &p, &err), -1);
	str_done(&s);
	arena_free(a);
}
END_TEST

START_TEST(reports_go_to_hosts)
{
	static const char list[] = "mailto:a@one.example,mailto:b@two.example!10m, mailto:c@three.example?subject=x,https://x.example/,"
	    "mailto:d@";
	static const char *const hosts[] = { "one.example", "two.example", "three.example", "", "" };
	struct text rest = { list, strlen(list) }, host;

	for (size_t i = 0; i < ARRAY_LEN(hosts); i++) {
		ck_assert(dmarc_next_host(&rest, &host));
		ck_assert_uint_eq(host.n, strlen(hosts[i]));
		ck_assert_int_eq(memcmp(host.p, hosts[i], host.n), 0);
	}
	ck_assert(!dmarc_next_host(&rest, &host));
}
END_TEST

/* ---- behind the records ---- */

#define CONF(name, rest) "domain \"" name "\" { verification = \"MS=ms12345678\" tenant = \"contoso\" " rest " }"
#define DKIM CONF("contoso.test", "services = {\"exchange\", \"dkim\"}")
#define MAIL CONF("contoso.test", "services = {\"exchange\"}")
#define DMARC CONF("contoso.test", "services = {\"exchange\", \"dmarc\"}")
#define SUB CONF("sub.contoso.test", "services = {\"exchange\"}")
#define SUB_DMARC CONF("sub.contoso.test", "services = {\"exchange\", \"dmarc\"}")
#define LONG CONF("a.b.c.d.e.f.g.h.contoso.test", "services = {\"exchange\"}")
#define STSCONF CONF("contoso.test", "services = {\"exchange\", \"mta-sts\"}")
#define GCC_HIGH CONF("contoso.test", "cloud = gcc-high services = {\"exchange\", \"dkim\"}")

#define NS "ns1@192.0.2.1 google@8.8.8.8/q"
#define REST "\n* = ok ok*2"
#define NO_WORLD "\nlookup spf.protection.outlook.com TXT = NXDOMAIN ."
#define K1 "lookup selector1-contoso-test._domainkey.contoso.onmicrosoft.com TXT = "
#define K2 "\nlookup selector2-contoso-test._domainkey.contoso.onmicrosoft.com TXT = "
#define N1 "lookup selector1-contoso-test._domainkey.contoso.n-v1.dkim.mail.microsoft TXT = "
#define N2 "\nlookup selector2-contoso-test._domainkey.contoso.n-v1.dkim.mail.microsoft TXT = "
#define GOOD "TXT v=DKIM1;; k=rsa;; p=" RSA2048
#define HOST "lookup mta-sts.contoso.test A = A 192.0.2.80\nlookup mta-sts.contoso.test AAAA = NODATA contoso.test\n"
#define POLICY HOST "policy contoso.test = version: STSv1\\x0a"
#define MXM "mx = {MX 0 contoso-test.o-v1.mx.microsoft} {MX 0 contoso-test.o-v1.mx.microsoft}*2"
#define TLSA "lookup _25._tcp.contoso-test.o-v1.mx.microsoft TLSA = "
#define DS "lookup contoso.test DS = "
/* what the rules of others ask: all is as it should be */
#define OTHERS "\nlookup spf.protection.outlook.com TXT = TXT v=spf1 -all\nlookup * A = A 192.0.2.80\nlookup * AAAA = NODATA\n" \
	"lookup contoso.test DS = NODATA test"

static const struct {
	const char *name, *conf, *cells, *facts;
	const char *findings;	/* those of the codes of this test */
} cases[] = {
	/* ---- DKIM ---- */
	{ "both keys stand", DKIM, "", K1 GOOD K2 GOOD, "" },
	{ "the newer shape", DKIM, "dkim-selector1 = {CNAME selector1-contoso-test._domainkey.contoso.n-v1.dkim.mail.microsoft} -\n"
	    "dkim-selector2 = {CNAME selector2-contoso-test._domainkey.contoso.n-v1.dkim.mail.microsoft} -", N1 GOOD N2 GOOD, "" },
	{ "the newer shape without keys", DKIM,
	    "dkim-selector1 = {CNAME selector1-contoso-test._domainkey.contoso.n-v1.dkim.mail.microsoft} -\n"
	    "dkim-selector2 = {CNAME selector2-contoso-test._domainkey.contoso.n-v1.dkim.mail.microsoft} -",
	    N1 "NXDOMAIN dkim.mail.microsoft" N2 "NXDOMAIN dkim.mail.microsoft", "dkim-no-key:error(dkim-selector1)" },
	{ "only the first selector is keyed", DKIM, "", K1 GOOD K2 "NXDOMAIN onmicrosoft.com", "dkim-no-key:warning(dkim-selector2)" },
	{ "only the second selector is keyed", DKIM, "", K1 "NODATA onmicrosoft.com" K2 GOOD, "dkim-no-key:warning(dkim-selector1)" },
	{ "neither is keyed: one cause", DKIM, "", K1 "NXDOMAIN onmicrosoft.com" K2 "NODATA onmicrosoft.com",
	    "dkim-no-key:error(dkim-selector1)" },
	{ "neither is keyed, DKIM is optional", MAIL,
	    "dkim-selector1 = {CNAME selector1-contoso-test._domainkey.contoso.onmicrosoft.com} -\n"
	    "dkim-selector2 = {CNAME selector2-contoso-test._domainkey.contoso.onmicrosoft.com} -",
	    K1 "NXDOMAIN onmicrosoft.com" K2 "NXDOMAIN onmicrosoft.com", "dkim-no-key:warning(dkim-selector1)" },
	{ "a text that is no key", DKIM, "", K1 "TXT hello" K2 GOOD, "dkim-no-key:warning(dkim-selector1)" },
	{ "a failed look-up is never no key", DKIM, "", K1 "timeout" K2 GOOD, "dkim-undetermined:warning(dkim-selector1)" },
	{ "both look-ups failed", DKIM, "", K1 "servfail" K2 "timeout",
	    "dkim-undetermined:warning(dkim-selector1) dkim-undetermined:warning(dkim-selector2)" },
	{ "one failed, one has none: not both are without", DKIM, "", K1 "timeout" K2 "NXDOMAIN onmicrosoft.com",
	    "dkim-undetermined:warning(dkim-selector1) dkim-no-key:warning(dkim-selector2)" },
	{ "a laboratory denies the world", DKIM, "", K1 "NXDOMAIN ." K2 "NXDOMAIN com" NO_WORLD, "" },
	{ "the same denials where Microsoft is known", DKIM, "", K1 "NXDOMAIN ." K2 "NXDOMAIN com",
	    "dkim-no-key:error(dkim-selector1)" },
	{ "nobody can ask aside", DKIM, "", K1 "stopped" K2 "stopped", "" },
	{ "revoked", DKIM, "", K1 "TXT v=DKIM1;; p=" K2 GOOD, "dkim-revoked:error(dkim-selector1)" },
	{ "cut off", DKIM, "", K1 "TXT v=DKIM1;; k=rsa;; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQCt" K2 GOOD,
	    "dkim-key-invalid:warning(dkim-selector1)" },
	{ "two keys at one name", DKIM, "", K1 GOOD "; TXT v=DKIM1;; p=" RSA1024 K2 GOOD, "dkim-key-invalid:warning(dkim-selector1)" },
	{ "other texts beside the key", DKIM, "", K1 GOOD "; TXT something else" K2 GOOD, "" },
	{ "1024 bits are right, but advised are more", DKIM, "", K1 "TXT v=DKIM1;; k=rsa;; p=" RSA1024 K2 GOOD,
	    "dkim-key-weak:info(dkim-selector1)" },
	{ "512 bits are not accepted", DKIM, "", K1 "TXT v=DKIM1;; k=rsa;; p=" RSA512 K2 GOOD, "dkim-key-weak:error(dkim-selector1)" },
	{ "ed25519", DKIM, "", K1 "TXT v=DKIM1;; k=ed25519;; p=" ED25519 K2 GOOD, "" },
	{ "the target is an alias", DKIM, "", K1 "-> key.example; " GOOD K2 GOOD, "" },
	{ "the other cloud's targets", GCC_HIGH, "dkim-selector1 = {CNAME selector1-contoso-test._domainkey.contoso.onmicrosoft.us} -\n"
	    "dkim-selector2 = {CNAME selector2-contoso-test._domainkey.contoso.onmicrosoft.us} -", "lookup * TXT = " GOOD, "" },
	{ "a wrong target is not followed", DKIM, "dkim-selector1 = {CNAME key.example} -", "lookup key.example TXT = NXDOMAIN" K2 GOOD, "" },
	{ "mixed formats", DKIM, "dkim-selector2 = {CNAME selector2-contoso-test._domainkey.contoso.n-v1.dkim.mail.microsoft} -",
	    K1 GOOD N2 GOOD, "dkim-mixed-formats:error(dkim-selector2)" },
	{ "the second is missing", DKIM, "dkim-selector2 = none -", K1 GOOD, "dkim-selector2-missing:error(dkim-selector2)" },
	{ "the tenant in another case", DKIM, "dkim-selector1 = {CNAME selector1-contoso-test._domainkey.Contoso.onmicrosoft.com} -",
	    K1 GOOD K2 GOOD, "" },

	/* ---- DMARC ---- */
	{ "a record of its own", DMARC, "", "", "" },
	{ "the policy of the domain above", SUB, "dmarc = none -", "lookup _dmarc.contoso.test TXT = TXT v=DMARC1;; p=reject\n"
	    "lookup _dmarc.test TXT = NXDOMAIN test", "dmarc-inherited:info(dmarc)" },
	{ "inherited where a record is demanded", SUB_DMARC, "dmarc = none -", "lookup _dmarc.contoso.test TXT = TXT v=DMARC1;; p=reject\n"
	    "lookup _dmarc.test TXT = NXDOMAIN test", "dmarc-inherited:info(dmarc)" },
	{ "no policy above either", SUB, "dmarc = none -", "lookup * TXT = NXDOMAIN test", "" },
	{ "several records above count as none", SUB, "dmarc = none -", "lookup _dmarc.contoso.test TXT = TXT v=DMARC1;; p=none; "
	    "TXT v=DMARC1;; p=reject\nlookup _dmarc.test TXT = NXDOMAIN test", "" },
	{ "a look-up above failed", SUB, "dmarc = none -", "lookup _dmarc.contoso.test TXT = timeout", "" },
	{ "its own record is asked no further", SUB, "dmarc = {TXT v=DMARC1;; p=none} -", "lookup _dmarc.contoso.test TXT = "
	    "TXT v=DMARC1;; p=reject", "" },
	{ "a registry's", SUB, "dmarc = none -", "lookup _dmarc.contoso.test TXT = NXDOMAIN test\n"
	    "lookup _dmarc.test TXT = TXT v=DMARC1;; p=reject;; psd=y", "dmarc-inherited:info(dmarc)" },
	{ "the organisation ends the walk", SUB, "dmarc = none -", "lookup _dmarc.contoso.test TXT = TXT v=DMARC1;; p=none;; psd=n",
	    "dmarc-inherited:info(dmarc)" },
	{ "nothing above an organisation", MAIL, "dmarc = none -", "lookup _dmarc.test TXT = TXT v=DMARC1;; p=reject", "" },
	{ "reports to oneself", DMARC, "dmarc = {TXT v=DMARC1;; p=none;; rua=mailto:a@contoso.test,mailto:b@mail.contoso.test} -", "", "" },
	{ "reports to somebody who agreed", DMARC, "dmarc = {TXT v=DMARC1;; p=none;; rua=mailto:a@reports.example} -",
	    "lookup contoso.test._report._dmarc.reports.example TXT = TXT v=DMARC1;;", "" },
	{ "reports to somebody who did not", DMARC, "dmarc = {TXT v=DMARC1;; p=none;; ruf=mailto:a@reports.example} -",
	    "lookup contoso.test._report._dmarc.reports.example TXT = NXDOMAIN reports.example", "dmarc-report-refused:info(dmarc)" },
	{ "whether somebody agreed is not known", DMARC, "dmarc = {TXT v=DMARC1;; p=none;; rua=mailto:a@reports.example} -",
	    "lookup contoso.test._report._dmarc.reports.example TXT = timeout", "" },

	/* ---- MTA-STS ---- */
	{ "the policy covers the MX", STSCONF, "", POLICY "mode: enforce\\x0amx: *.mail.protection.outlook.com\\x0amax_age: 604800", "" },
	{ "in force and does not", STSCONF, "", POLICY "mode: enforce\\x0amx: mail.old.example\\x0amax_age: 604800",
	    "mta-sts-mx-mismatch:error(mta-sts)" },
	{ "in test and does not", STSCONF, "", POLICY "mode: testing\\x0amx: mail.old.example\\x0amax_age: 604800",
	    "mta-sts-mx-mismatch:warning(mta-sts)" },
	{ "switched off", STSCONF, "", POLICY "mode: none\\x0amax_age: 604800", "" },
	{ "a star over two labels", STSCONF, MXM, POLICY "mode: enforce\\x0amx: *.mx.microsoft\\x0amax_age: 604800",
	    "mta-sts-mx-mismatch:error(mta-sts)" },
	{ "a star over one label", STSCONF, MXM, POLICY "mode: enforce\\x0amx: *.o-v1.mx.microsoft\\x0amax_age: 604800", "" },
	{ "the MX that is wrong anyway counts too", STSCONF, "mx = {MX 0 contoso-test.mail.protection.outlook.com; MX 9 old.example} -",
	    POLICY "mode: enforce\\x0amx: *.mail.protection.outlook.com\\x0amax_age: 604800", "mta-sts-mx-mismatch:error(mta-sts)" },
	{ "nobody delivers to the proof of ownership", STSCONF,
	    "mx = {MX 0 contoso-test.mail.protection.outlook.com; MX 32767 ms12345678.msv1.invalid} -",
	    POLICY "mode: enforce\\x0amx: *.mail.protection.outlook.com\\x0amax_age: 604800", "" },
	{ "a policy with a mistake", STSCONF, "", POLICY "mode: enforce\\x0amx: *.mail.protection.outlook.com",
	    "mta-sts-policy:warning(mta-sts)" },
	{ "the host says no", STSCONF, "", HOST "policy contoso.test = refused", "mta-sts-policy:warning(mta-sts)" },
	{ "the certificate is not the host's", STSCONF, "", HOST "policy contoso.test = bogus", "mta-sts-policy:warning(mta-sts)" },
	{ "nobody answers", STSCONF, "", HOST "policy contoso.test = timeout", "mta-sts-undetermined:warning(mta-sts)" },
	{ "nobody here can fetch", STSCONF, "", HOST "policy contoso.test = stopped", "" },
	{ "the host has no address: said elsewhere", STSCONF, "", "lookup mta-sts.contoso.test A = NXDOMAIN contoso.test\n"
	    "lookup mta-sts.contoso.test AAAA = NXDOMAIN contoso.test", "" },
	{ "not asked for: not fetched", MAIL, "mta-sts = {TXT v=STSv1;; id=1} -", POLICY "mode: enforce\\x0amx: x.example\\x0amax_age: 1", "" },
	{ "the record is not right: not fetched", STSCONF, "mta-sts = {TXT v=STSv1} -",
	    POLICY "mode: enforce\\x0amx: x.example\\x0amax_age: 1", "" },

	/* ---- DANE ---- */
	{ "signed, and switched on", MAIL, MXM, TLSA "TLSA 3 1 1 00\n" DS "DS 1 13 2 00", "" },
	{ "switched on, but not signed", MAIL, MXM, TLSA "TLSA 3 1 1 00\n" DS "NODATA test", "dane-unsigned:warning(mx)" },
	{ "neither", MAIL, MXM, TLSA "NXDOMAIN mx.microsoft\n" DS "NODATA test", "dane-unsigned:info(mx)" },
	{ "signed, not switched on", MAIL, MXM, TLSA "NXDOMAIN mx.microsoft\n" DS "DS 1 13 2 00", "dane-no-tlsa:info(mx)" },
	{ "whether it is signed is not known", MAIL, MXM, TLSA "NXDOMAIN mx.microsoft\n" DS "servfail", "" },
	{ "a laboratory without mx.microsoft", MAIL, MXM, TLSA "NXDOMAIN .\n" DS "NODATA test" NO_WORLD, "" },
	{ "the older MX cannot have it", MAIL, "", DS "NODATA test", "" },
};

/* Is it one of ours?  The diagnoses of others about the same answers are none of this test's affair. */
static bool
is_ours(enum finding_code code)
{
	return strcmp(finding_rows[code].test, "check_eval_mailauth") == 0 || code == FINDING_DKIM_MIXED_FORMATS ||
	    code == FINDING_DKIM_SELECTOR2_MISSING;
}

/* The same findings in any order? */
static bool
same_words(const char *a, const char *b)
{
	if (strlen(a) != strlen(b))
		return false;
	while (*a != '\0') {
		size_t n = strcspn(a, " ");
		char word[128];

		snprintf(word, sizeof(word), "%.*s", (int)n, a);
		if (strstr(b, word) == NULL)
			return false;
		a += n + (a[n] == ' ');
	}
	return true;
}

START_TEST(what_stands_behind_the_records)
{
	struct arena *a = arena_new();
	struct plan *plan = plan_of(cases[_i].conf);
	struct domain_result r;
	const char *cells = arena_printf(a, "%s%s", cases[_i].cells, REST), *asked, *got;

	asked = matrix_eval(matrix_of(a, plan, "found", NS, cells + (*cells == '\n')), NULL, a,
	    arena_printf(a, "%s%s", cases[_i].facts, OTHERS), &r);
	got = findings_text_of(a, plan, is_ours, &r);
	ck_assert_msg(same_words(got, cases[_i].findings), "%s: \"%s\", wanted \"%s\"; asked:\n%s", cases[_i].name, got,
	    cases[_i].findings, asked);
	for (size_t i = 0; i < r.n_findings; i++)
		if (is_ours(r.findings[i].code))
			ck_assert_msg(r.findings[i].n_evidence > 0 && *r.findings[i].advice != '\0', "%s: %s", cases[_i].name,
			    r.findings[i].detail);
	arena_free(a);
}
END_TEST

static size_t
count(const char *text, const char *what)
{
	size_t n = 0;

	for (const char *p = strstr(text, what); p != NULL; p = strstr(p + 1, what))
		n++;
	return n;
}

/* RFC 9989 4.10: a name of many labels goes on with seven, and no walk has more than eight look-ups. */
START_TEST(walks_are_bounded)
{
	struct arena *a = arena_new();
	struct plan *plan = plan_of(LONG);
	struct domain_result r;
	const char *asked = matrix_eval(matrix_of(a, plan, "found", NS, "dmarc = none -" REST), NULL, a, "lookup * TXT = NXDOMAIN" OTHERS,
	    &r);

	ck_assert_msg(strstr(asked, "lookup _dmarc.d.e.f.g.h.contoso.test TXT\n") != NULL, "%s", asked);
	ck_assert_msg(strstr(asked, "lookup _dmarc.b.c.d.e.f.g.h.contoso.test TXT\n") == NULL, "%s", asked);
	ck_assert_msg(strstr(asked, "lookup _dmarc.test TXT\n") != NULL, "%s", asked);
	ck_assert_msg(count(asked, "lookup _dmarc.") == 7, "%s", asked);
	arena_free(a);
}
END_TEST

START_TEST(findings_say_what_where_and_how)
{
	struct arena *a = arena_new();
	struct plan *plan = plan_of(SUB);
	struct domain_result r;

	matrix_eval(matrix_of(a, plan, "found", NS, "dmarc = none -" REST), NULL, a, "lookup _dmarc.contoso.test TXT = TXT v=DMARC1;; "
	    "p=reject;; sp=quarantine\nlookup _dmarc.test TXT = NXDOMAIN test" OTHERS, &r);
	for (size_t i = 0; i < r.n_findings; i++) {
		const struct finding *f = &r.findings[i];

		if (f->code != FINDING_DMARC_INHERITED)
			continue;
		ck_assert_str_eq(f->detail, "sub.contoso.test has no DMARC record of its own; that of contoso.test says quarantine for it: "
		    "v=DMARC1; p=reject; sp=quarantine");
		ck_assert_str_eq(f->evidence[0], "_dmarc.contoso.test. IN TXT \"v=DMARC1; p=reject; sp=quarantine\" (lookup)");
		arena_free(a);
		return;
	}
	ck_abort_msg("not found");
}
END_TEST

START_TEST(codes_of_this_test_are_provoked)
{
	struct str all = STR_INIT;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		str_addf(&all, "%s ", cases[i].findings);
	ck_assert_str_eq(findings_of_test_not_in("check_eval_mailauth", str_c(&all)), "");
	str_done(&all);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("eval_mailauth");
	TCase *t = tcase_create("mailauth");
	int failed;

	tcase_add_loop_test(t, keys_are_read, 0, ARRAY_LEN(keys));
	tcase_add_loop_test(t, policies_are_read, 0, ARRAY_LEN(policies));
	tcase_add_test(t, the_size_of_a_policy_is_bounded);
	tcase_add_test(t, reports_go_to_hosts);
	tcase_add_loop_test(t, what_stands_behind_the_records, 0, ARRAY_LEN(cases));
	tcase_add_test(t, walks_are_bounded);
	tcase_add_test(t, findings_say_what_where_and_how);
	tcase_add_test(t, codes_of_this_test_are_provoked);
	suite_add_tcase(s, t);
	failed = suite_run(s);
	plans_done();
	return failed;
}
