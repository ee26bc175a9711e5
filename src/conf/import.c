/* SPDX-License-Identifier: ISC */
/*
 * Import: which form is it, and what the forms share.
 *
 *	bytes ──► UTF-8 ──► JSON, list, CSV or zone text ──► rows ──► body ──► checked block
 *
 * Nothing is dropped in silence: what has no key in the configuration becomes a note.  The block that comes out was read once
 * by the configuration's own reader.
 */
#include "import.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

void
import_note(struct import *im, int line, const char *fmt, ...)
{
	va_list ap;
	char *text;

	if (im->notes->n > IMPORT_NOTES_MAX)
		return;
	if (im->notes->n == IMPORT_NOTES_MAX) {
		conf_problem_add(im->notes, im->file, 0, "more than %d lines were not used; the others are not listed",
		    IMPORT_NOTES_MAX);
		return;
	}
	va_start(ap, fmt);
	text = xvasprintf(fmt, ap);
	va_end(ap);
	conf_problem_add(im->notes, im->file, line, "%s", text);
	free(text);
}

void
import_add(struct import *im, const struct import_row *row)
{
	if (im->n_rows == IMPORT_ROWS_MAX) {
		import_note(im, row->line, "more than %d records: the others are left out", IMPORT_ROWS_MAX);
		return;
	}
	if ((im->n_rows & (im->n_rows - 1)) == 0)	/* at every power of two */
		im->rows = xreallocarray(im->rows, im->n_rows == 0 ? 1 : im->n_rows * 2, sizeof(*im->rows));
	im->rows[im->n_rows++] = *row;
}

int
import_owner(const struct import *im, const char *text, struct dns_name *ret, struct err *err)
{
	struct dns_name name;
	size_t n = strlen(text);
	bool ascii = true;

	if (*text == '\0' || strcmp(text, "@") == 0) {
		*ret = im->domain;
		return 0;
	}
	for (const char *p = text; *p != '\0'; p++)
		ascii = ascii && (uint8_t)*p < 0x80;
	if ((ascii ? dns_name_parse(&name, text, err) : dns_name_from_user(&name, text, err)) == -1)
		return -1;
	if (text[n - 1] != '.' && !dns_name_is_below(&name, &im->domain) &&
	    !dns_name_concat(&name, &name, &im->domain)) {
		err_set(err, "\"%s\" makes too long a name", text);
		return -1;
	}
	dns_name_lower(&name);
	*ret = name;
	return 0;
}

/* Types that zones have and this program has no use for: known, so that their lines are no rubbish. */
static const char *const other_types[] = {
	"CAA", "NAPTR", "SSHFP", "DNAME", "ALIAS", "ANAME", "HINFO", "LOC", "RP", "NSEC3", "NSEC3PARAM", "CDS", "CDNSKEY", "URI",
	"HTTPS", "SVCB", "OPENPGPKEY", "SMIMEA", "AFSDB", "CERT", "DHCID",
};

/* The letters and digits that it begins with: "TXT (SPF)" is a TXT. */
static void
type_word(const char *text, char ret[16])
{
	size_t n = 0;

	text += strspn(text, " \t");
	while (n < 15 && isalnum((unsigned char)text[n])) {
		ret[n] = text[n];
		n++;
	}
	ret[n] = '\0';
}

uint16_t
import_type(const char *word)
{
	char buf[16];
	int id;

	type_word(word, buf);
	return name_find(&dns_type_names, buf, &id) ? (uint16_t)id : 0;
}

bool
import_is_type(const char *word)
{
	char buf[16];

	type_word(word, buf);
	if (import_type(buf) != 0 || (str_iprefix(buf, "TYPE") && isdigit((unsigned char)buf[4])))
		return true;
	for (size_t i = 0; i < ARRAY_LEN(other_types); i++)
		if (str_ieq(buf, other_types[i]))
			return true;
	return false;
}

const char *
import_underscored(struct import *im, const char *word)
{
	return *word == '_' ? word : arena_printf(im->a, "_%s", word);
}

void
import_add_given(struct import *im, int line, const char *owner, uint16_t type, const char *value)
{
	struct import_row row = { .type = type, .type_text = name_of(&dns_type_names, type), .line = line };

	if (!dns_name_relative(&row.owner, owner, &im->domain))
		return;
	row.value = arena_strdup(im->a, value);
	import_add(im, &row);
}

/* ---- encodings ---- */

static void
add_utf8(struct str *s, uint32_t cp)
{
	if (cp < 0x80) {
		str_addc(s, (char)cp);
	} else if (cp < 0x800) {
		str_addc(s, (char)(uint8_t)(0xc0 | cp >> 6));
		str_addc(s, (char)(uint8_t)(0x80 | (cp & 0x3f)));
	} else {
		if (cp >= 0x10000) {
			str_addc(s, (char)(uint8_t)(0xf0 | cp >> 18));
			str_addc(s, (char)(uint8_t)(0x80 | (cp >> 12 & 0x3f)));
		} else
			str_addc(s, (char)(uint8_t)(0xe0 | cp >> 12));
		str_addc(s, (char)(uint8_t)(0x80 | (cp >> 6 & 0x3f)));
		str_addc(s, (char)(uint8_t)(0x80 | (cp & 0x3f)));
	}
}

/* What ">" of Windows PowerShell 5 writes.  Lone surrogates become U+FFFD. */
static void
from_utf16(const uint8_t *p, size_t n, bool big, struct str *ret)
{
	for (size_t i = 0; i + 1 < n; i += 2) {
		uint32_t u = big ? (uint32_t)p[i] << 8 | p[i + 1] : (uint32_t)p[i + 1] << 8 | p[i], low;

		if (u < 0xd800 || u > 0xdfff) {
			add_utf8(ret, u);
			continue;
		}
		low = i + 3 < n ? (big ? (uint32_t)p[i + 2] << 8 | p[i + 3] : (uint32_t)p[i + 3] << 8 | p[i + 2]) : 0;
		if (u > 0xdbff || low < 0xdc00 || low > 0xdfff) {
			add_utf8(ret, 0xfffd);
			continue;
		}
		add_utf8(ret, 0x10000 + ((u - 0xd800) << 10) + (low - 0xdc00));
		i += 2;
	}
}

static void
to_utf8(const char *bytes, size_t n, struct str *ret)
{
	const uint8_t *p = (const uint8_t *)bytes;

	if (n >= 2 && p[0] == 0xff && p[1] == 0xfe)
		from_utf16(p + 2, n - 2, false, ret);
	else if (n >= 2 && p[0] == 0xfe && p[1] == 0xff)
		from_utf16(p + 2, n - 2, true, ret);
	else if (n >= 3 && p[0] == 0xef && p[1] == 0xbb && p[2] == 0xbf)
		str_addn(ret, bytes + 3, n - 3);
	else
		str_addn(ret, bytes, n);
}

/* ---- the way through ---- */

static int
read_rows(struct import *im, const struct str *text, struct err *err)
{
	const char *p = str_c(text);
	size_t n = text->len, blank = strspn(p, " \t\r\n");

	if (memchr(p, '\0', n) != NULL) {
		err_set(err, "it has NUL bytes, so it is no text");
		return -1;
	}
	if (blank == n) {
		err_set(err, "it is empty");
		return -1;
	}
	if (p[blank] == '{' || p[blank] == '[')
		return import_json(im, p, n, err);
	if (import_is_list(p, n))
		return import_list(im, p, n, err);
	if (import_is_csv(p, n))
		return import_csv(im, p, n, err);
	return import_zone(im, p, n, err);
}

static int
make_block(struct import *im, const struct catalog *catalog, struct str *ret, struct err *err)
{
	struct str body = STR_INIT;
	int rc;

	str_addc(&body, '\n');
	import_body(im, catalog, &body);
	body.p[--body.len] = '\0';	/* the block brings a line end of its own */
	rc = conf_domain_block(im->domain_text, str_c(&body), body.len, false, ret, err);
	str_done(&body);
	return rc;
}

int
conf_import(const struct catalog *catalog, const char *domain, const char *file, const char *bytes, size_t len, struct str *ret,
    struct conf_problems *notes, struct err *err)
{
	struct import im = { .a = arena_new(), .file = file, .notes = notes };
	struct str text = STR_INIT;
	char name[DNS_NAME_TEXT_MAX];
	struct conf *c = conf_new();
	size_t index;
	int rc = -1;

	if (conf_add_domain(c, domain, &index, err) == -1)
		goto out;
	if (dns_name_parse(&im.domain, c->domains[index].text, err) == -1)
		goto out;
	im.domain_text = dns_name_text_lower(&im.domain, name);
	if (len > IMPORT_BYTES_MAX) {
		err_set(err, "it is larger than %u MB", IMPORT_BYTES_MAX >> 20);
		goto out;
	}
	to_utf8(bytes, len, &text);
	rc = read_rows(&im, &text, err);
	if (rc == 0 && im.n_rows == 0) {
		err_set(err, "there is no record in it");
		rc = -1;
	}
	if (rc == 0)
		rc = make_block(&im, catalog, ret, err);
out:
	free(im.rows);
	str_done(&text);
	conf_free(c);
	arena_free(im.a);
	return rc;
}
