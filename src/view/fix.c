/* SPDX-License-Identifier: ISC */
/* The table of the formats of a fix, and what they share. */
#include "fix.h"

#include <string.h>

const struct view_fix_format view_fix_formats[] = {
	{ "text",	"text/plain; charset=us-ascii",		true,	false,	fix_text, NULL },
	{ "zone",	"text/dns; charset=us-ascii",		true,	false,	fix_zone, NULL },
	{ "nsupdate",	"text/plain; charset=us-ascii",		true,	false,	fix_nsupdate, NULL },
	{ "route53",	"application/json",			false,	true,	fix_route53, fix_route53_none },
	{ "terraform",	"text/plain; charset=us-ascii",		true,	false,	fix_terraform, NULL },
	{ "azure",	"text/x-shellscript; charset=us-ascii",	true,	false,	fix_azure, NULL },
	{ "cloudflare",	"text/dns; charset=us-ascii",		true,	false,	fix_cloudflare, NULL },
	{ "json",	"application/json",			true,	true,	fix_json, NULL },
};
const size_t view_n_fix_formats = ARRAY_LEN(view_fix_formats);

const struct view_fix_format *
view_fix_format_find(const char *name)
{
	for (size_t i = 0; i < view_n_fix_formats; i++)
		if (strcmp(view_fix_formats[i].name, name) == 0)
			return &view_fix_formats[i];
	return NULL;
}

const char *
view_fix_format_names(struct str *buf)
{
	str_clear(buf);
	for (size_t i = 0; i < view_n_fix_formats; i++)
		str_addf(buf, "%s%s", i == 0 ? "" : i + 1 < view_n_fix_formats ? ", " : " or ", view_fix_formats[i].name);
	return str_c(buf);
}

size_t
fix_count(const struct fix *f, enum fix_action action)
{
	size_t n = 0;

	for (size_t i = 0; i < f->n_changes; i++)
		n += f->changes[i].action == action;
	return n;
}

/* ---- words ---- */

void
fix_summary(const struct fix *f, struct str *ret)
{
	bool first = true;

	str_addf(ret, "%s: ", f->domain);
	for (int a = FIX_ADD; a <= FIX_DELETE; a++) {
		size_t n = fix_count(f, (enum fix_action)a);

		if (n == 0)
			continue;
		str_addf(ret, "%s%zu %sto %s", first ? "" : ", ", n, !first ? "" : n == 1 ? "set of records " : "sets of records ",
		    name_of(&fix_action_names, a));
		first = false;
	}
	if (first)
		str_add(ret, f->n_unasked > 0 ? "nothing can be proposed" : "nothing to change");
	if (f->n_unasked > 0)
		str_addf(ret, "; %zu record%s could not be asked about", f->n_unasked, f->n_unasked == 1 ? "" : "s");
}

/* Printable ASCII; a backslash stays one, for these texts were made printable where they come from. */
void
fix_ascii(struct str *ret, const char *text)
{
	for (; *text != '\0'; text++) {
		if ((uint8_t)*text >= 0x20 && (uint8_t)*text < 0x7f)
			str_addc(ret, *text);
		else
			str_addf(ret, "\\x%02x", (uint8_t)*text);
	}
}

void
fix_comment(struct str *ret, const char *prefix, const char *text)
{
	str_add(ret, prefix);
	if (*text != '\0')
		str_addc(ret, ' ');
	fix_ascii(ret, text);
	str_addc(ret, '\n');
}

void
fix_comment_change(struct str *ret, const char *prefix, const struct fix_change *c)
{
	struct str head = STR_INIT;

	str_addf(&head, "%s %s", name_of(&fix_action_names, (int)c->action), c->records);
	if (*c->why != '\0')
		str_addf(&head, " (%s)", c->why);
	fix_comment(ret, prefix, str_c(&head));
	for (size_t i = 0; i < c->n_notes; i++) {
		str_clear(&head);
		str_addf(&head, "note: %s", c->notes[i]);
		fix_comment(ret, prefix, str_c(&head));
	}
	str_done(&head);
}

void
fix_comment_notes(struct str *ret, const char *prefix, const struct fix *f)
{
	if (f->n_notes == 0)
		return;
	fix_comment(ret, prefix, "");
	fix_comment(ret, prefix, "Not mended by this:");
	for (size_t i = 0; i < f->n_notes; i++)
		fix_comment(ret, prefix, f->notes[i]);
}

void
fix_relative(const struct fix *f, const struct dns_name *owner, struct str *ret)
{
	struct dns_name bare;
	size_t keep = (size_t)owner->len - f->zone.len;
	char text[DNS_NAME_TEXT_MAX];

	if (dns_name_equal(owner, &f->zone)) {
		str_addc(ret, '@');
		return;
	}
	bare = *owner;
	if (owner->len > f->zone.len && dns_name_is_below(owner, &f->zone)) {
		bare.wire[keep] = 0;
		bare.len = (uint8_t)(keep + 1);
	}
	str_add(ret, dns_name_text(&bare, text));
}

/* ---- values ---- */

static void
escaped(struct str *ret, uint8_t c, enum fix_escape e)
{
	str_addf(ret, e == FIX_OCTAL ? "\\%03o" : "\\%03u", (unsigned)c);
}

static bool
is_plain(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

void
fix_name(const struct dns_name *n, enum fix_escape e, struct str *ret)
{
	if (n->len <= 1)
		str_addc(ret, '.');
	for (const uint8_t *label = n->wire; *label != 0; label += 1 + *label) {
		bool star = *label == 1 && label[1] == '*';

		for (unsigned i = 1; i <= *label; i++)
			if (is_plain(label[i]) || star)
				str_addc(ret, (char)label[i]);
			else
				escaped(ret, label[i], e);
		str_addc(ret, '.');
	}
}

bool
fix_name_is_plain(const struct dns_name *n)
{
	for (const uint8_t *label = n->wire; *label != 0; label += 1 + *label)
		for (unsigned i = 1; i <= *label; i++)
			if (!is_plain(label[i]) && !(*label == 1 && label[1] == '*'))
				return false;
	return true;
}

void
fix_string(const uint8_t *p, size_t n, enum fix_escape e, struct str *ret)
{
	for (size_t i = 0; i < n; i++) {
		if (p[i] < 0x20 || p[i] >= 0x7f) {
			escaped(ret, p[i], e);
			continue;
		}
		if (p[i] == '"' || p[i] == '\\')
			str_addc(ret, '\\');
		str_addc(ret, (char)p[i]);
	}
}

size_t
fix_typed(const struct rdata *r, struct str *ret)
{
	size_t n = 0;

	for (size_t at = 0; at < r->len; at += 1u + r->bytes[at]) {
		size_t len = r->bytes[at] < r->len - at - 1 ? r->bytes[at] : r->len - at - 1;

		for (size_t i = 1; i <= len; i++)
			if (r->bytes[at + i] >= 0x20 && r->bytes[at + i] < 0x7f)
				str_addc(ret, (char)r->bytes[at + i]);
			else
				escaped(ret, r->bytes[at + i], FIX_DECIMAL);
		n += len;
	}
	return n;
}

static void
strings(const struct rdata *r, enum fix_escape e, struct str *ret)
{
	for (size_t at = 0; at < r->len; at += 1u + r->bytes[at]) {
		size_t n = r->bytes[at] < r->len - at - 1 ? r->bytes[at] : r->len - at - 1;

		str_add(ret, at > 0 ? " \"" : "\"");
		fix_string(r->bytes + at + 1, n, e, ret);
		str_addc(ret, '"');
	}
}

void
fix_value(const struct rdata *r, enum fix_escape e, struct str *ret)
{
	uint16_t a, b, c;
	struct dns_name name;

	if (r->type == DNS_TYPE_TXT || r->type == DNS_TYPE_SPF)
		strings(r, e, ret);
	else if (rdata_mx(r, &a, &name))
		str_addf(ret, "%u ", a);
	else if (rdata_srv(r, &a, &b, &c, &name))
		str_addf(ret, "%u %u %u ", a, b, c);
	else if (!rdata_name(r, &name))
		rdata_text(r, ret);
	if (rdata_name(r, &name))
		fix_name(&name, e, ret);
}
