/* SPDX-License-Identifier: ISC */
/* Record data to text and back, field by field along the table of rdata.c. */
#include "wire.h"

#include <arpa/inet.h>
#include <stdio.h>

/* ---- to text ---- */

static void
hex_text(struct str *s, const uint8_t *p, size_t n)
{
	static const char digits[] = "0123456789ABCDEF";

	for (size_t i = 0; i < n; i++) {
		str_addc(s, digits[p[i] >> 4]);
		str_addc(s, digits[p[i] & 15]);
	}
}

/* RFC 3597 §5: any data of any type. */
static void
opaque_text(struct str *s, const struct rdata *r)
{
	str_addf(s, r->len > 0 ? "\\# %u " : "\\# %u", (unsigned)r->len);
	hex_text(s, r->bytes, r->len);
}

static void
name_field_text(struct str *s, const uint8_t *p, size_t n)
{
	char text[DNS_NAME_TEXT_MAX];
	struct dns_name name;

	name.len = (uint8_t)n;
	memcpy(name.wire, p, n);
	str_add(s, dns_name_text_lower(&name, text));
}

static void
address_text(struct str *s, int family, const uint8_t *p)
{
	char text[INET6_ADDRSTRLEN];

	str_add(s, inet_ntop(family, p, text, sizeof(text)));
}

static void
field_text(struct str *s, char f, const uint8_t *p, size_t n)
{
	switch (f) {
	case 'b':
		str_addf(s, "%u", (unsigned)p[0]);
		break;
	case 's':
		str_addf(s, "%u", (unsigned)get16(p));
		break;
	case 'l':
		str_addf(s, "%lu", (unsigned long)get32(p));
		break;
	case '4':
		address_text(s, AF_INET, p);
		break;
	case '6':
		address_text(s, AF_INET6, p);
		break;
	case 'n':
		name_field_text(s, p, n);
		break;
	case 'x':
		hex_text(s, p, n);
		break;
	}
}

void
rdata_text(const struct rdata *r, struct str *s)
{
	const char *f = rdata_shape(r->type)->fields;
	size_t pos = 0, len;

	if (!f || !rdata_is_sound(r)) {
		opaque_text(s, r);
		return;
	}
	if (rdata_txt(r, s))
		return;
	for (; *f; f++, pos += len) {
		len = rdata_field_len(*f, r->bytes + pos, r->len - pos);
		if (pos > 0)
			str_addc(s, ' ');
		field_text(s, *f, r->bytes + pos, len);
	}
}

static void
string_quoted(struct str *s, const uint8_t *p, size_t n)
{
	str_addc(s, '"');
	for (size_t i = 0; i < n; i++) {
		if (p[i] < ' ' || p[i] > '~')
			str_addf(s, "\\%03u", (unsigned)p[i]);
		else if (p[i] == '"' || p[i] == '\\')
			str_addf(s, "\\%c", p[i]);
		else
			str_addc(s, (char)p[i]);
	}
	str_addc(s, '"');
}

void
rdata_text_quoted(const struct rdata *r, struct str *s)
{
	if (rdata_txt_strings(r) == 0) {
		rdata_text(r, s);
		return;
	}
	for (size_t pos = 0; pos < r->len; pos += 1U + r->bytes[pos]) {
		if (pos > 0)
			str_addc(s, ' ');
		string_quoted(s, r->bytes + pos + 1, r->bytes[pos]);
	}
}

/* ---- from text ---- */

struct parse {
	const char *text;	/* what is left */
	struct str out;
};

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* The next word, cut to what fits; false when there is none or it is too long to be anything. */
static bool
word(struct parse *p, char buf[DNS_NAME_TEXT_MAX])
{
	size_t n = 0;

	while (is_blank(*p->text))
		p->text++;
	while (p->text[n] && !is_blank(p->text[n]))
		n++;
	if (n == 0 || n >= DNS_NAME_TEXT_MAX)
		return false;
	memcpy(buf, p->text, n);
	buf[n] = '\0';
	p->text += n;
	return true;
}

static bool
number_parse(struct parse *p, unsigned octets)
{
	char w[DNS_NAME_TEXT_MAX];
	uint64_t v = 0;

	if (!word(p, w) || strlen(w) > 10)
		return false;
	for (const char *c = w; *c; c++) {
		if (*c < '0' || *c > '9')
			return false;
		v = v * 10 + (uint64_t)(*c - '0');
	}
	if (v >> (8 * octets) != 0)
		return false;
	while (octets-- > 0)
		str_addc(&p->out, (char)(uint8_t)(v >> (8 * octets)));
	return true;
}

/* A name as rdata_text writes it, escapes and all; what holds other than ASCII was typed by a person. */
static bool
name_field_parse(struct parse *p)
{
	char w[DNS_NAME_TEXT_MAX];
	struct dns_name n;
	bool ascii = true;

	if (!word(p, w))
		return false;
	for (const char *c = w; *c; c++)
		ascii = ascii && (uint8_t)*c < 0x80;
	if ((ascii ? dns_name_parse(&n, w, NULL) : dns_name_from_user(&n, w, NULL)) == -1)
		return false;
	dns_name_lower(&n);
	str_addn(&p->out, n.wire, n.len);
	return true;
}

static bool
address_parse(struct parse *p, int family)
{
	char w[DNS_NAME_TEXT_MAX];
	uint8_t ip[16];

	if (!word(p, w) || inet_pton(family, w, ip) != 1)
		return false;
	str_addn(&p->out, ip, family == AF_INET ? 4 : 16);
	return true;
}

static int
hex_value(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = c ? strchr(digits, ascii_lower(c)) : NULL;

	return at ? (int)(at - digits) : -1;
}

/* Hex digits to the end; blanks may stand between octets. */
static bool
hex_parse(struct parse *p)
{
	for (; *p->text; p->text++) {
		int high, low;

		if (is_blank(*p->text))
			continue;
		high = hex_value(*p->text);
		low = high >= 0 ? hex_value(*++p->text) : -1;
		if (low < 0)
			return false;
		str_addc(&p->out, (char)(uint8_t)(high << 4 | low));
	}
	return true;
}

/* The whole text, cut into strings of 255; an empty text is one empty string. */
static bool
strings_parse(struct parse *p)
{
	size_t left = strlen(p->text);

	if (left > UINT16_MAX)
		return false;
	do {
		size_t n = left < 255 ? left : 255;

		str_addc(&p->out, (char)(uint8_t)n);
		str_addn(&p->out, p->text, n);
		p->text += n;
		left -= n;
	} while (left > 0);
	return true;
}

static bool
field_parse(struct parse *p, char f)
{
	switch (f) {
	case 'b':
		return number_parse(p, 1);
	case 's':
		return number_parse(p, 2);
	case 'l':
		return number_parse(p, 4);
	case '4':
		return address_parse(p, AF_INET);
	case '6':
		return address_parse(p, AF_INET6);
	case 'n':
		return name_field_parse(p);
	case 't':
		return strings_parse(p);
	default:
		return hex_parse(p);
	}
}

static bool
opaque_parse(struct parse *p)
{
	char w[DNS_NAME_TEXT_MAX];
	uint8_t len[2];

	if (!word(p, w) || strcmp(w, "\\#") != 0 || !number_parse(p, 2))
		return false;
	memcpy(len, p->out.p, 2);
	str_clear(&p->out);
	return hex_parse(p) && p->out.len == get16(len);
}

static bool
fields_parse(struct parse *p, const char *fields)
{
	for (; *fields; fields++)
		if (!field_parse(p, *fields))
			return false;
	while (is_blank(*p->text))
		p->text++;
	return *p->text == '\0';
}

int
rdata_parse(struct arena *a, uint16_t type, const char *text, struct rdata *ret, struct err *err)
{
	const struct rdata_shape *shape = rdata_shape(type);
	struct parse p = { text, STR_INIT };
	struct rdata r;
	char type_text[16], what[128];
	int rc = -1;

	if (!(shape->fields ? fields_parse(&p, shape->fields) : opaque_parse(&p)) || p.out.len > UINT16_MAX)
		goto wrong;
	r = (struct rdata){ type, (uint16_t)p.out.len, (const uint8_t *)str_c(&p.out) };
	if (!rdata_is_sound(&r))
		goto wrong;
	r.bytes = arena_dup(a, r.bytes, r.len);
	*ret = r;
	rc = 0;
	goto out;
wrong:
	snprintf(what, sizeof(what), "the value of %s is written %s", dns_type_text(type, type_text), shape->form);
	name_error(err, text, what);
out:
	str_done(&p.out);
	return rc;
}
