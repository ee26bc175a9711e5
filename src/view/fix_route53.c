/* SPDX-License-Identifier: ISC */
/*
 * Amazon Route 53: a change batch for `aws route53 change-resource-record-sets`, and resources for Terraform.
 *
 * The API knows whole sets only, so an UPSERT repeats the values that stay; a DELETE repeats the set to the byte, with its TTL.
 * A TXT value is its strings in quotation marks, with octal escapes.  A batch is atomic, and one without changes is refused: where
 * there is nothing to change there is no document, and whoever runs this by a script asks whether the file is empty.
 */
#include "fix.h"

#include <string.h>

/* Limits of the API (ChangeResourceRecordSets): of a value, of all values of a batch (an UPSERT counts twice), of their number. */
#define VALUE_MAX   4000
#define VALUES_MAX  32000
#define RECORDS_MAX 1000
#define COMMENT_MAX 256

struct batch {
	size_t chars, records;
	struct str left_out;
};

/* Does the set fit into what is left of the batch?  Then it counts. */
static bool
fits(struct batch *b, const struct fix_change *c, const struct rdata *list, size_t n)
{
	struct str s = STR_INIT;
	size_t chars = 0, times = c->action == FIX_DELETE ? 1 : 2;
	bool ok = true;

	for (size_t i = 0; i < n; i++) {
		str_clear(&s);
		fix_value(&list[i], FIX_OCTAL, &s);
		ok = ok && s.len <= VALUE_MAX;
		chars += s.len;
	}
	str_done(&s);
	if (!ok || b->chars + times * chars > VALUES_MAX || b->records + times * n > RECORDS_MAX)
		return false;
	b->chars += times * chars;
	b->records += times * n;
	return true;
}

static void
batch_change(struct json_writer *j, struct batch *b, const struct fix_change *c)
{
	bool delete = c->action == FIX_DELETE;
	const struct rdata *list = delete ? c->old : c->new;
	size_t n = delete ? c->n_old : c->n_new;
	struct str s = STR_INIT;
	char buf[16];
	const char *type = dns_type_text(c->type, buf);

	fix_name(&c->owner, FIX_OCTAL, &s);
	if (!fits(b, c, list, n)) {
		str_addf(&b->left_out, "%s%s %s", b->left_out.len > 0 ? ", " : "", str_c(&s), type);
		str_done(&s);
		return;
	}
	jsonw_open(j, NULL, '{');
	jsonw_text(j, "Action", delete ? "DELETE" : "UPSERT");
	jsonw_open(j, "ResourceRecordSet", '{');
	jsonw_text(j, "Name", str_c(&s));
	jsonw_text(j, "Type", type);
	jsonw_int(j, "TTL", delete ? c->old_ttl : c->ttl);
	jsonw_open(j, "ResourceRecords", '[');
	for (size_t i = 0; i < n; i++) {
		str_clear(&s);
		fix_value(&list[i], FIX_OCTAL, &s);
		jsonw_open(j, NULL, '{');
		jsonw_text(j, "Value", str_c(&s));
		jsonw_close(j, '}');
	}
	jsonw_close(j, ']');
	jsonw_close(j, '}');
	jsonw_close(j, '}');
	str_done(&s);
}

static void
batch_make(const struct fix *f, struct str *ret_changes, struct str *ret_comment)
{
	struct batch b = { .left_out = STR_INIT };
	struct json_writer j = { .out = ret_changes };

	for (size_t i = 0; i < f->n_changes; i++)
		batch_change(&j, &b, &f->changes[i]);
	fix_summary(f, ret_comment);
	if (b.left_out.len > 0)
		str_addf(ret_comment, "; too large for Route 53, not in here: %s", str_c(&b.left_out));
	str_done(&b.left_out);
}

void
fix_route53(const struct fix *f, struct str *ret)
{
	struct str comment = STR_INIT, changes = STR_INIT;
	struct json_writer j = { .out = ret };

	batch_make(f, &changes, &comment);
	if (comment.len > COMMENT_MAX)
		comment.p[comment.len = COMMENT_MAX] = '\0';
	if (changes.len > 0) {
		jsonw_open(&j, NULL, '{');
		jsonw_text(&j, "Comment", str_c(&comment));
		jsonw_open(&j, "Changes", '[');
		str_addn(ret, str_c(&changes), changes.len);
		jsonw_close(&j, ']');
		jsonw_close(&j, '}');
		str_addc(ret, '\n');
	}
	str_done(&comment);
	str_done(&changes);
}

void
fix_route53_none(const struct fix *f, struct str *ret)
{
	struct str changes = STR_INIT;

	batch_make(f, &changes, ret);
	str_done(&changes);
}

/* ---- Terraform ---- */

/* The inside of a quoted string of HCL: "${" and "%{" would be templates. */
static void
hcl_text(struct str *ret, const struct str *text)
{
	for (size_t i = 0; i < text->len; i++) {
		char c = text->p[i];

		if (c == '"' || c == '\\')
			str_addc(ret, '\\');
		else if ((c == '$' || c == '%') && i + 1 < text->len && text->p[i + 1] == '{')
			str_addc(ret, c);
		str_addc(ret, c);
	}
}

/* The provider puts the outer quotation marks of a TXT itself; between two strings both have to be given. */
static void
hcl_value(struct str *ret, const struct rdata *r)
{
	struct str s = STR_INIT;

	if (r->type == DNS_TYPE_TXT || r->type == DNS_TYPE_SPF) {
		for (size_t at = 0; at < r->len; at += 1u + r->bytes[at]) {
			size_t n = r->bytes[at] < r->len - at - 1 ? r->bytes[at] : r->len - at - 1;

			str_add(&s, at > 0 ? "\"\"" : "");
			fix_string(r->bytes + at + 1, n, FIX_OCTAL, &s);
		}
	} else
		fix_value(r, FIX_OCTAL, &s);
	str_addc(ret, '"');
	hcl_text(ret, &s);
	str_addc(ret, '"');
	str_done(&s);
}

/* A word of letters, digits and underscores for names that have other characters. */
static void
hcl_word(struct str *ret, const struct dns_name *n)
{
	char text[DNS_NAME_TEXT_MAX];

	dns_name_text_lower(n, text);
	for (const char *p = text; *p != '\0'; p++)
		str_addc(ret, (*p >= 'a' && *p <= 'z') || (*p >= '0' && *p <= '9') || *p == '-' ? *p : '_');
}

/* Made once for each set; two names that become the same word get a number. */
static void
hcl_label(struct str *ret, const struct fix *f, size_t at)
{
	struct str mine = STR_INIT, other = STR_INIT;
	size_t n = 1;
	char type[16];

	hcl_word(&mine, &f->changes[at].owner);
	for (size_t i = 0; i < at; i++) {
		str_clear(&other);
		hcl_word(&other, &f->changes[i].owner);
		n += f->changes[i].type == f->changes[at].type && strcmp(str_c(&mine), str_c(&other)) == 0;
	}
	str_addf(ret, "m365_%s_%s", str_c(&mine), dns_type_text(f->changes[at].type, type));
	if (n > 1)
		str_addf(ret, "_%zu", n);
	str_done(&mine);
	str_done(&other);
}

static void
hcl_resource(struct str *ret, const struct fix *f, size_t at)
{
	const struct fix_change *c = &f->changes[at];
	struct str name = STR_INIT;
	char type[16];

	fix_name(&c->owner, FIX_OCTAL, &name);
	if (name.len > 1)
		name.p[--name.len] = '\0';		/* the final dot */
	str_add(ret, "resource \"aws_route53_record\" \"");
	hcl_label(ret, f, at);
	str_add(ret, "\" {\n  zone_id         = var.zone_id_");
	hcl_word(ret, &f->zone);
	str_add(ret, "\n  name            = \"");
	hcl_text(ret, &name);
	str_addf(ret, "\"\n  type            = \"%s\"\n  ttl             = %u\n  allow_overwrite = true\n  records = [\n",
	    dns_type_text(c->type, type), c->ttl);
	for (size_t i = 0; i < c->n_new; i++) {
		str_add(ret, "    ");
		hcl_value(ret, &c->new[i]);
		str_add(ret, ",\n");
	}
	str_add(ret, "  ]\n}\n");
	str_done(&name);
}

/* Terraform deletes only what it made: what has to go is named. */
static void
hcl_deletion(struct str *ret, const struct fix_change *c)
{
	struct str s = STR_INIT;
	char type[16];

	for (size_t i = 0; i < c->n_old; i++) {
		str_clear(&s);
		str_add(&s, "delete by hand: ");
		fix_name(&c->owner, FIX_OCTAL, &s);
		str_addf(&s, " %s ", dns_type_text(c->type, type));
		fix_value(&c->old[i], FIX_OCTAL, &s);
		fix_comment(ret, "#", str_c(&s));
	}
	str_done(&s);
}

void
fix_terraform(const struct fix *f, struct str *ret)
{
	struct str line = STR_INIT;

	fix_summary(f, &line);
	fix_comment(ret, "#", str_c(&line));
	if (fix_count(f, FIX_ADD) + fix_count(f, FIX_CHANGE) > 0) {
		str_add(ret, "\nvariable \"zone_id_");
		hcl_word(ret, &f->zone);
		str_add(ret, "\" {\n  type        = string\n  description = \"Route 53 hosted zone that has the domain\"\n}\n");
	}
	for (size_t i = 0; i < f->n_changes; i++) {
		str_addc(ret, '\n');
		fix_comment_change(ret, "#", &f->changes[i]);
		if (f->changes[i].action == FIX_DELETE)
			hcl_deletion(ret, &f->changes[i]);
		else
			hcl_resource(ret, f, i);
	}
	fix_comment_notes(ret, "#", f);
	str_done(&line);
}
