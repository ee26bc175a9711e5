/* SPDX-License-Identifier: ISC */
/*
 * Bytes -> changes with hostile texts and names -> every format of a fix.  Each output is read back as its reader would (a zone
 * parser, nsupdate, JSON, HCL, a shell), and what comes out must be the bytes that went in, and nothing else.
 */
#include <jansson.h>

#include <m365dnsd/view.h>

#include "fuzz_input.h"

/* One to three strings of up to 255 bytes. */
static struct rdata
take_txt(struct input *in)
{
	struct str s = STR_INIT;
	struct rdata r = { .type = DNS_TYPE_TXT };

	for (unsigned i = 1 + take(in, 3); i > 0; i--) {
		unsigned n = take(in, 2) == 0 ? take(in, 40) : take(in, 256);

		str_addc(&s, (char)(uint8_t)n);
		str_addn(&s, take_bytes(in, n), n);
	}
	r.len = (uint16_t)s.len;
	r.bytes = arena_dup(in->a, s.p, s.len);
	str_done(&s);
	return r;
}

static struct rdata
take_mx(struct input *in)
{
	unsigned n = 1 + take(in, 20);
	uint8_t *p = arena_alloc(in->a, n + 4u);

	p[1] = (uint8_t)take(in, 256);
	p[2] = (uint8_t)n;
	memcpy(p + 3, take_bytes(in, n), n);
	return (struct rdata){ DNS_TYPE_MX, (uint16_t)(n + 4), p };
}

static const char *
take_text(struct input *in)
{
	return (const char *)take_bytes(in, take(in, 60));
}

static void
take_change(struct input *in, struct fix_change *c)
{
	struct rdata *list = arena_alloc(in->a, 8 * sizeof(*list));
	const char **notes = arena_alloc(in->a, sizeof(*notes));
	static const char *const owners[] = { "new.test", "a.new.test", "_a._b.new.test", "x.other.test", "*.new.test" };

	*c = (struct fix_change){ .type = take(in, 3) == 0 ? DNS_TYPE_MX : DNS_TYPE_TXT, .records = "x", .why = take_text(in),
		.ttl = take(in, 256), .old_ttl = take(in, 256), .notes = notes, .n_notes = take(in, 2), .old = list, .new = list + 4 };
	notes[0] = take_text(in);
	dns_name_parse(&c->owner, owners[take(in, ARRAY_LEN(owners))], NULL);
	c->n_old = take(in, 4);
	c->n_new = c->n_old == 0 ? 1 + take(in, 3) : take(in, 4);
	for (size_t i = 0; i < 8; i++)
		list[i] = c->type == DNS_TYPE_MX ? take_mx(in) : take_txt(in);
	if (c->n_old > 0 && c->n_new > 0 && take(in, 2) == 1)
		list[4] = list[0];
	c->action = c->n_old == 0 ? FIX_ADD : c->n_new == 0 ? FIX_DELETE : FIX_CHANGE;
	fix_change_compare(c, in->a);
}

/* ---- reading back ---- */

static unsigned
number(const char *p, int base)
{
	char digits[4] = { p[0], p[1], p[2], '\0' }, *end;
	unsigned n = (unsigned)strtoul(digits, &end, base);

	DEMAND(end == digits + 3 && n < 256);
	return n;
}

/* "..." "...": strings as a zone file or Route 53 has them -> the record's bytes; where it ends. */
static const char *
read_strings(const char *p, int base, struct str *ret)
{
	for (;;) {
		struct str one = STR_INIT;

		DEMAND(*p == '"');
		for (p++; *p != '"'; p++) {
			DEMAND(*p >= 0x20 && *p < 0x7f);
			if (*p != '\\') {
				str_addc(&one, *p);
			} else if (p[1] >= '0' && p[1] <= '9') {
				str_addc(&one, (char)(uint8_t)number(p + 1, base));
				p += 3;
			} else
				str_addc(&one, *++p);
		}
		DEMAND(one.len <= 255);
		str_addc(ret, (char)(uint8_t)one.len);
		str_addn(ret, str_c(&one), one.len);
		str_done(&one);
		p++;
		if (p[0] != ' ' || p[1] != '"')
			return p;
		p++;
	}
}

static bool
in_list(const struct rdata *list, size_t n, const struct str *bytes)
{
	for (size_t i = 0; i < n; i++)
		if (list[i].len == bytes->len && memcmp(list[i].bytes, bytes->p, bytes->len) == 0)
			return true;
	return false;
}

static void
check_is_one(const struct fix *f, const struct str *bytes)
{
	for (size_t i = 0; i < f->n_changes; i++)
		if (in_list(f->changes[i].old, f->changes[i].n_old, bytes) || in_list(f->changes[i].new, f->changes[i].n_new, bytes))
			return;
	abort();
}

static void
check_txt(const struct fix *f, const char *p, int base, const char *tail)
{
	struct str bytes = STR_INIT;

	p = read_strings(p, base, &bytes);
	DEMAND(strncmp(p, tail, strlen(tail)) == 0);
	check_is_one(f, &bytes);
	str_done(&bytes);
}

/* Lines of zone text or of nsupdate: whatever is no comment is one of ours, and its text is one of those that went in. */
static void
check_zone(const struct fix *f, const struct str *out)
{
	static const char *const words[] = { "zone ", "send\n", "prereq ", "update ", "new.test.", "a.new.test.", "_a._b.new.test.",
		"x.other.test.", "*.new.test." };

	for (const char *p = str_c(out), *end; *p != '\0'; p = end + 1) {
		const char *txt = strstr(p, " IN TXT \"");
		size_t i = 0;

		end = strchr(p, '\n');
		DEMAND(end != NULL);
		if (*p == ';' && strncmp(p, "; delete: ", 10) != 0)
			continue;
		while (*p != ';' && i < ARRAY_LEN(words) && strncmp(p, words[i], strlen(words[i])) != 0)
			i++;
		DEMAND(i < ARRAY_LEN(words));
		if (txt != NULL && txt < end)
			check_txt(f, txt + strlen(" IN TXT "), 10, "\n");
	}
}

static void
check_route53(const struct fix *f, const struct str *out)
{
	json_t *doc = json_loadb(str_c(out), out->len, JSON_REJECT_DUPLICATES, NULL);
	const json_t *change, *set, *value;
	size_t i, k;

	DEMAND(doc != NULL && strchr(str_c(out), '\n') == str_c(out) + out->len - 1);
	json_array_foreach(json_object_get(doc, "Changes"), i, change) {
		set = json_object_get(change, "ResourceRecordSet");
		json_array_foreach(json_object_get(set, "ResourceRecords"), k, value) {
			const char *text = json_string_value(json_object_get(value, "Value"));

			DEMAND(strlen(text) <= 4000);
			if (*text == '"')
				check_txt(f, text, 8, "");
		}
	}
	json_decref(doc);
}

static void
check_json_values(const struct fix *f, const json_t *change, const char *key)
{
	const json_t *value;
	size_t i;

	json_array_foreach(json_object_get(change, key), i, value) {
		const char *data = json_string_value(json_object_get(value, "data"));

		if (*data == '"')
			check_txt(f, data, 10, "");
	}
}

static void
check_json(const struct fix *f, const struct str *out)
{
	json_t *doc = json_loadb(str_c(out), out->len, JSON_REJECT_DUPLICATES, NULL);
	const json_t *change;
	size_t i;

	DEMAND(doc != NULL && strchr(str_c(out), '\n') == str_c(out) + out->len - 1);
	DEMAND(json_array_size(json_object_get(doc, "changes")) == f->n_changes);
	json_array_foreach(json_object_get(doc, "changes"), i, change) {
		check_json_values(f, change, "delete");
		check_json_values(f, change, "add");
		check_json_values(f, change, "keep");
	}
	json_decref(doc);
}

/* The inside of a quoted string of HCL, without its templates, which there must not be; where it ends. */
static const char *
read_hcl(const char *p, struct str *ret)
{
	for (; *p != '"'; p++) {
		DEMAND(*p >= 0x20 && *p < 0x7f);
		if (*p == '\\') {
			p++;
			DEMAND(*p == '"' || *p == '\\');
		} else if ((*p == '$' || *p == '%') && p[1] == *p && p[2] == '{') {
			p++;
		} else
			DEMAND(!((*p == '$' || *p == '%') && p[1] == '{'));
		str_addc(ret, *p);
	}
	return p + 1;
}

/* What the provider makes of it: outer quotation marks, and a blank between two strings. */
static void
between_quotes(const struct str *text, struct str *ret)
{
	str_addc(ret, '"');
	for (size_t i = 0; i < text->len; i++) {
		if (text->p[i] == '\\' && i + 1 < text->len)
			str_addc(ret, text->p[i++]);
		else if (text->p[i] == '"' && i + 1 < text->len && text->p[i + 1] == '"') {
			str_add(ret, "\" ");
			i++;
		}
		str_addc(ret, text->p[i]);
	}
	str_addc(ret, '"');
}

/* Values stand alone in their lines, four blanks in. */
static void
check_terraform(const struct fix *f, const struct str *out)
{
	for (const char *p = str_c(out), *end; *p != '\0'; p = end + 1) {
		struct str text = STR_INIT, zone = STR_INIT;

		end = strchr(p, '\n');
		DEMAND(end != NULL);
		if (strncmp(p, "    \"", 5) == 0) {
			DEMAND(strncmp(read_hcl(p + 5, &text), ",\n", 2) == 0);
			if (f->changes[0].type == DNS_TYPE_TXT && f->n_changes == 1) {
				between_quotes(&text, &zone);
				check_txt(f, str_c(&zone), 8, "");
			}
		} else
			DEMAND(*p == '#' || *p == '\n' || strchr("rv }", *p) != NULL);
		str_done(&text);
		str_done(&zone);
	}
}

/* Outside of single quotes nothing has a meaning to the shell but what is ours. */
static void
check_azure(const struct fix *f, const struct str *out)
{
	(void)f;
	for (const char *p = str_c(out), *end; *p != '\0'; p = end + 1) {
		bool quoted = false;

		end = strchr(p, '\n');
		DEMAND(end != NULL);
		if (strncmp(p, "az network dns record-set ", 26) != 0) {
			DEMAND(*p == '#' || *p == '\n' || strncmp(p, "set -eu\n", 8) == 0 || strncmp(p, ": \"${RG:?", 9) == 0);
			continue;
		}
		for (; p < end; p++) {
			if (quoted) {
				quoted = *p != '\'';
			} else if (*p == '\'') {
				quoted = true;
			} else if (strncmp(p, "\"$RG\"", 5) == 0) {
				p += 4;
			} else if (strncmp(p, "\\'", 2) == 0) {
				p++;
			} else
				DEMAND((*p >= 'a' && *p <= 'z') || (*p >= '0' && *p <= '9') || strchr(" -=", *p) != NULL);
		}
		DEMAND(!quoted);
	}
}

static void
check_any(const struct fix *f, const struct str *out)
{
	(void)f;
	(void)out;
}

static const struct {
	const char *format;
	void (*check)(const struct fix *f, const struct str *out);
} checks[] = {
	{ "text", check_any }, { "zone", check_zone }, { "nsupdate", check_zone }, { "route53", check_route53 },
	{ "terraform", check_terraform }, { "azure", check_azure }, { "cloudflare", check_any },
	{ "json", check_json },
};

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size, arena_new() };
	struct fix_change *list = arena_alloc(in.a, 4 * sizeof(*list));
	const char **notes = arena_alloc(in.a, sizeof(*notes));
	struct fix f = { .domain = "new.test", .changes = list, .notes = notes };

	dns_name_parse(&f.zone, "new.test", NULL);
	f.domain_name = f.zone;
	f.n_changes = take(&in, 4);
	notes[0] = take_text(&in);
	f.n_notes = take(&in, 2);
	for (size_t i = 0; i < f.n_changes; i++)
		take_change(&in, &list[i]);
	DEMAND(view_n_fix_formats == ARRAY_LEN(checks));
	for (size_t i = 0; i < ARRAY_LEN(checks); i++) {
		struct str out = STR_INIT;

		view_fix_format_find(checks[i].format)->render(&f, &out);
		for (size_t k = 0; k < out.len; k++)
			DEMAND(out.p[k] == '\n' || (out.p[k] >= 0x20 && out.p[k] < 0x7f));
		checks[i].check(&f, &out);
		str_done(&out);
	}
	arena_free(in.a);
	return 0;
}
