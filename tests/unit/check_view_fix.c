/* SPDX-License-Identifier: ISC */
/*
 * Fixes in every format against files of tests/golden, with what strangers write into TXT records among them; and the batch for
 * Route 53 read back value by value, as its API would.
 */
#include <check.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include <m365dnsd/view.h>

#include <tests/lib/suite.h>

#include "tests/lib/golden.h"

static struct arena *a;

static void
set_up(void)
{
	a = arena_new();
}

static void
tear_down(void)
{
	arena_free(a);
}

/* ---- cases ---- */

#define LONG_TEXT "v=spf1 ip4:11.0.0.1 ip4:11.0.0.2 ip4:11.0.0.3 ip4:11.0.0.4 ip4:11.0.0.5 ip4:11.0.0.6 ip4:11.0.0.7 ip4:11.0.0.8 " \
	"ip4:11.0.0.9 ip4:11.0.0.10 ip4:11.0.0.11 ip4:11.0.0.12 ip4:11.0.0.13 ip4:11.0.0.14 ip4:11.0.0.15 ip4:11.0.0.16 " \
	"ip4:11.0.0.17 ip4:11.0.0.18 include:spf.protection.outlook.com -all"
#define HOSTILE "\"; rm -rf /; $(id) `id` ${var.x} %{ if true } '\\ \001\n\177\200\377</script>"

/* Values that are on both sides stay. */
static const struct change_case {
	const char *owner;
	uint16_t type;
	const char *old[4], *new[4];
	const char *records, *why, *note;
} changes[] = {
	[0] = { "contoso.test", DNS_TYPE_TXT, { "other", "v=spf1 mx -all" },
	    { "other", "v=spf1 mx include:spf.protection.outlook.com -all", "MS=ms12345678" }, "verification, spf",
	    "record-missing, spf-include-missing", NULL },
	[1] = { "contoso.test", DNS_TYPE_MX, { "10 mail.old.example", "0 contoso-test.mail.protection.outlook.com" },
	    { "0 contoso-test.mail.protection.outlook.com" }, "mx", "mx-extra", NULL },
	[2] = { "autodiscover.contoso.test", DNS_TYPE_A, { "192.0.2.1" }, { NULL }, "autodiscover", "type-wrong", NULL },
	[3] = { "autodiscover.contoso.test", DNS_TYPE_CNAME, { NULL }, { "autodiscover.outlook.com" }, "autodiscover", "record-missing",
	    NULL },
	[4] = { "_sipfederationtls._tcp.contoso.test", DNS_TYPE_SRV, { NULL }, { "100 1 5061 sipfed.online.lync.com" },
	    "sipfederationtls", "record-missing", NULL },
	[5] = { "selector1._domainkey.contoso.test", DNS_TYPE_CNAME, { "wrong.example" },
	    { "selector1-contoso-test._domainkey.contoso.onmicrosoft.com" }, "dkim-selector1", "dkim-target-shape",
	    "dkim-selector1 was worked out, not given by Microsoft: compare it with Get-DkimSigningConfig" },
	[6] = { "msoid.contoso.test", DNS_TYPE_CNAME, { "clientconfig.microsoftonline-p.net" }, { NULL }, "msoid", "msoid-present",
	    NULL },
	[7] = { "contoso.test", DNS_TYPE_TXT, { HOSTILE, "@/etc/passwd", "v=@/etc/passwd", "-rf" }, { HOSTILE, "quote \" end" },
	    "spf", "spf-syntax", "the old text could not be mended: \\xff\\x0a" },
	[8] = { "contoso.test", DNS_TYPE_MX, { "10 a\\010b\\\"\\;.exa\\255mple" }, { "0 \\$\\(id\\).example" }, "mx", "record-wrong",
	    NULL },
	[9] = { "contoso.test", DNS_TYPE_TXT, { NULL }, { LONG_TEXT }, "spf", "record-missing", NULL },
	[10] = { "a_b.contoso.test", DNS_TYPE_TXT, { NULL }, { "x" }, "one", "record-missing", NULL },
	[11] = { "a.b.contoso.test", DNS_TYPE_TXT, { NULL }, { "x" }, "two", "record-missing", NULL },
};

static const struct {
	const char *name;
	size_t first, n;
	const char *note;
} cases[] = {
	{ "usual", 0, 7, "dnssec-bogus: Compare the DS record" },
	{ "hostile", 7, 2, "record-wrong: \x1b[31mred\n" },
	{ "long", 9, 1, NULL },
	{ "alike", 10, 2, NULL },
	{ "nothing", 0, 0, NULL },
};

static size_t
values_make(uint16_t type, const char *const *texts, const struct rdata **ret)
{
	struct rdata *list = arena_alloc(a, 4 * sizeof(*list));
	size_t n = 0;

	while (n < 4 && texts[n] != NULL) {
		struct err err;

		ck_assert_msg(rdata_parse(a, type, texts[n], &list[n], &err) == 0, "%s", err.msg);
		n++;
	}
	*ret = list;
	return n;
}

static struct fix *
fix_make(size_t i)
{
	struct fix *f = arena_alloc(a, sizeof(*f));
	struct fix_change *list = arena_alloc(a, (cases[i].n + 1) * sizeof(*list));
	const char **notes = arena_alloc(a, sizeof(*notes));

	notes[0] = cases[i].note;
	*f = (struct fix){ .domain = "contoso.test", .changes = list, .n_changes = cases[i].n, .notes = notes,
		.n_notes = cases[i].note != NULL };
	ck_assert(dns_name_parse(&f->zone, "contoso.test", NULL) == 0);
	f->domain_name = f->zone;
	for (size_t k = 0; k < cases[i].n; k++) {
		const struct change_case *from = &changes[cases[i].first + k];
		const char **note = arena_alloc(a, sizeof(*note));

		note[0] = from->note;
		list[k] = (struct fix_change){ .type = from->type, .ttl = 3600, .old_ttl = 300, .records = from->records,
			.why = from->why, .notes = note, .n_notes = from->note != NULL };
		ck_assert(dns_name_parse(&list[k].owner, from->owner, NULL) == 0);
		list[k].n_old = values_make(from->type, from->old, &list[k].old);
		list[k].n_new = values_make(from->type, from->new, &list[k].new);
		list[k].action = list[k].n_old == 0 ? FIX_ADD : list[k].n_new == 0 ? FIX_DELETE : FIX_CHANGE;
		fix_change_compare(&list[k], a);
	}
	return f;
}

START_TEST(golden)
{
	size_t i = (size_t)_i / view_n_fix_formats;
	const struct view_fix_format *format = &view_fix_formats[(size_t)_i % view_n_fix_formats];
	struct str out = STR_INIT;
	char name[64];

	snprintf(name, sizeof(name), "fix-%s.%s", cases[i].name, format->name);
	format->render(fix_make(i), &out);
	for (size_t k = 0; k < out.len; k++)
		ck_assert_msg(out.p[k] == '\n' || (out.p[k] >= 0x20 && out.p[k] < 0x7f), "%s: byte %d at %zu", name, out.p[k], k);
	golden_check(name, &out);
	str_done(&out);
}
END_TEST

/* ---- a set that strangers have filled ---- */

#define MANY 100000	/* with a look at all others for each of them this would take hours */

static struct rdata
number_text(unsigned n)
{
	char text[16];
	uint8_t *p = arena_alloc(a, sizeof(text));
	int len = snprintf(text, sizeof(text), "%u", n);

	p[0] = (uint8_t)len;
	memcpy(p + 1, text, (size_t)len);
	return (struct rdata){ DNS_TYPE_TXT, (uint16_t)(len + 1), p };
}

/* One of many is replaced by another: the formats say these two, and each takes about as long as the set is. */
START_TEST(one_of_many)
{
	const struct view_fix_format *format = &view_fix_formats[_i];
	struct rdata *old = arena_alloc(a, MANY * sizeof(*old)), *new = arena_alloc(a, MANY * sizeof(*new));
	struct fix_change c = { .type = DNS_TYPE_TXT, .action = FIX_CHANGE, .old = old, .new = new, .n_old = MANY, .n_new = MANY,
		.ttl = 3600, .old_ttl = 300, .records = "spf", .why = "spf-syntax" };
	struct fix f = { .domain = "contoso.test", .changes = &c, .n_changes = 1 };
	struct str out = STR_INIT;
	size_t gone = 0, come = 0;

	for (unsigned i = 0; i < MANY; i++)
		old[i] = new[MANY - 1 - i] = number_text(i);
	new[7] = number_text(MANY);
	ck_assert(dns_name_parse(&f.zone, f.domain, NULL) == 0);
	c.owner = f.domain_name = f.zone;
	fix_change_compare(&c, a);
	for (size_t i = 0; i < MANY; i++) {
		gone += !c.old_stays[i];
		come += !c.new_stays[i];
	}
	ck_assert_uint_eq(gone, 1);
	ck_assert_uint_eq(come, 1);
	ck_assert(!c.old_stays[MANY - 8] && !c.new_stays[7]);
	format->render(&f, &out);
	ck_assert_msg(out.len > 0 || strcmp(format->name, "route53") == 0, "%s", format->name);
	str_done(&out);
}
END_TEST

/* ---- Route 53, as its API reads it ---- */

/* "\"a\\042\" \"b\"" -> the bytes of the record; aborts where the API would refuse. */
static void
read_strings(const char *value, struct str *ret)
{
	while (*value != '\0') {
		struct str one = STR_INIT;

		ck_assert_int_eq(*value, '"');
		for (value++; *value != '"'; value++) {
			char c = *value;

			ck_assert(c >= 0x20 && c < 0x7f);
			if (c == '\\' && value[1] >= '0' && value[1] <= '3') {
				str_addc(&one, (char)strtol((char[]){ value[1], value[2], value[3], '\0' }, NULL, 8));
				value += 3;
				continue;
			}
			if (c == '\\')
				c = *++value;
			str_addc(&one, c);
		}
		ck_assert_uint_le(one.len, 255);
		str_addc(ret, (char)(uint8_t)one.len);
		str_addn(ret, str_c(&one), one.len);
		str_done(&one);
		value++;
		if (*value == ' ')
			value++;
	}
}

static void
check_set(const json_t *change, const struct fix_change *c)
{
	bool delete = c->action == FIX_DELETE;
	const json_t *set = json_object_get(change, "ResourceRecordSet"), *values = json_object_get(set, "ResourceRecords");

	ck_assert_str_eq(json_string_value(json_object_get(change, "Action")), delete ? "DELETE" : "UPSERT");
	ck_assert_int_eq(json_integer_value(json_object_get(set, "TTL")), delete ? 300 : 3600);
	ck_assert_uint_eq(json_array_size(values), delete ? c->n_old : c->n_new);
	for (size_t i = 0; i < json_array_size(values) && c->type == DNS_TYPE_TXT; i++) {
		const struct rdata *want = delete ? &c->old[i] : &c->new[i];
		struct str got = STR_INIT;

		read_strings(json_string_value(json_object_get(json_array_get(values, i), "Value")), &got);
		ck_assert_uint_eq(got.len, want->len);
		ck_assert(memcmp(got.p, want->bytes, got.len) == 0);
		str_done(&got);
	}
}

START_TEST(route53_reads_back)
{
	const struct fix *f = fix_make((size_t)_i);
	struct str out = STR_INIT;
	const json_t *list;
	json_t *doc;

	view_fix_format_find("route53")->render(f, &out);
	if (f->n_changes == 0) {
		ck_assert_uint_eq(out.len, 0);
		view_fix_format_find("route53")->why_none(f, &out);
		ck_assert_ptr_nonnull(strstr(str_c(&out), ": nothing "));
		str_done(&out);
		return;
	}
	doc = json_loadb(out.p, out.len, JSON_REJECT_DUPLICATES, NULL);
	ck_assert(doc != NULL);
	ck_assert_uint_le(strlen(json_string_value(json_object_get(doc, "Comment"))), 256);
	list = json_object_get(doc, "Changes");
	ck_assert_uint_eq(json_array_size(list), f->n_changes);
	for (size_t i = 0; i < f->n_changes; i++)
		check_set(json_array_get(list, i), &f->changes[i]);
	json_decref(doc);
	str_done(&out);
}
END_TEST

/* What the API would refuse is left out, and said: a value of more than 4000 characters, more than 32,000 in all. */
START_TEST(route53_limits)
{
	size_t lengths[] = { 3900, 4100, 17000 };
	size_t n_values[] = { 1, 1, 1 };
	struct str text = STR_INIT, out = STR_INIT;
	struct rdata *r = arena_alloc(a, 8 * sizeof(*r));
	struct fix_change c = { .type = DNS_TYPE_TXT, .action = FIX_ADD, .new = r, .records = "x", .why = "", .ttl = 3600 };
	struct fix f = { .domain = "contoso.test", .changes = &c, .n_changes = 1 };

	ck_assert(dns_name_parse(&c.owner, "contoso.test", NULL) == 0);
	f.zone = c.owner;
	while (text.len < lengths[_i])
		str_addc(&text, 'x');
	for (c.n_new = 0; c.n_new < n_values[_i]; c.n_new++)
		ck_assert(rdata_parse(a, DNS_TYPE_TXT, str_c(&text), &r[c.n_new], NULL) == 0);
	view_fix_format_find("route53")->render(&f, &out);
	ck_assert((out.len > 0) == (_i == 0));
	if (out.len == 0)
		view_fix_format_find("route53")->why_none(&f, &out);
	ck_assert((strstr(str_c(&out), "too large for Route 53, not in here: contoso.test. TXT") != NULL) == (_i > 0));
	str_done(&text);
	str_done(&out);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("view_fix");
	TCase *tc = tcase_create("fix");

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_loop_test(tc, golden, 0, (int)(ARRAY_LEN(cases) * view_n_fix_formats));
	tcase_add_loop_test(tc, one_of_many, 0, (int)view_n_fix_formats);
	tcase_add_loop_test(tc, route53_reads_back, 0, (int)ARRAY_LEN(cases));
	tcase_add_loop_test(tc, route53_limits, 0, 3);
	suite_add_tcase(s, tc);
	return suite_run(s);
}
