/* SPDX-License-Identifier: ISC */
/*
 * The lists that PowerShell prints ("Selector1CNAME : selector1-contoso-com._domainkey..."): Get-DkimSigningConfig | fl, and
 * Enable-DnssecForVerifiedDomain.  A blank line ends an object; a long value goes on in the next line, which is indented.
 */
#include <ctype.h>
#include <string.h>

#include "import.h"

enum list_key { KEY_DOMAIN, KEY_SELECTOR1, KEY_SELECTOR2, KEY_DNSSEC_MX, KEY_MAX };
static const struct name_row key_rows[] = {
	{ KEY_DOMAIN, "Domain" }, { KEY_DOMAIN, "Name" }, { KEY_DOMAIN, "Identity" }, { KEY_SELECTOR1, "Selector1CNAME" },
	{ KEY_SELECTOR2, "Selector2CNAME" }, { KEY_DNSSEC_MX, "DnssecMxValue" },
};
static NAME_TABLE(list_keys, key_rows);

struct object {
	struct str values[KEY_MAX];
	int line;
};

/* "Key   : value" -> the length of the key, and where the value begins; 0 when it is not of that form. */
static size_t
split(const char *line, size_t n, size_t *ret_value)
{
	size_t key = 0, at;

	while (key < n && (isalnum((unsigned char)line[key]) || line[key] == '_' || line[key] == '.'))
		key++;
	for (at = key; at < n && line[at] == ' '; at++)
		continue;
	if (key == 0 || at == n || line[at] != ':' || (at + 1 < n && line[at + 1] != ' '))
		return 0;
	for (at++; at < n && line[at] == ' '; at++)
		continue;
	*ret_value = at;
	return key;
}

static bool
key_of(const char *line, size_t n, int *ret)
{
	char word[32];

	if (n >= sizeof(word))
		return false;
	memcpy(word, line, n);
	word[n] = '\0';
	return name_find(&list_keys, word, ret);
}

static size_t
line_length(const char *p, const char *end)
{
	const char *nl = memchr(p, '\n', (size_t)(end - p));

	return (size_t)((nl != NULL ? nl : end) - p);
}

static size_t
trimmed(const char *p, size_t n)
{
	while (n > 0 && isspace((unsigned char)p[n - 1]))
		n--;
	return n;
}

bool
import_is_list(const char *text, size_t n)
{
	const char *end = text + n;
	size_t value;
	int key;

	for (const char *p = text; p < end; p += line_length(p, end) + 1) {
		size_t key_len = split(p, trimmed(p, line_length(p, end)), &value);

		if (key_len > 0 && key_of(p, key_len, &key) && key != KEY_DOMAIN)
			return true;
	}
	return false;
}

static void
object_end(struct import *im, struct object *o)
{
	static const char *const owners[KEY_MAX] = {
		[KEY_SELECTOR1] = "selector1._domainkey", [KEY_SELECTOR2] = "selector2._domainkey", [KEY_DNSSEC_MX] = "@",
	};
	struct dns_name name;
	const char *domain = str_c(&o->values[KEY_DOMAIN]);
	bool ours = *domain == '\0' ||
	    (dns_name_parse(&name, domain, NULL) == 0 && dns_name_equal(&name, &im->domain)), any = false;

	for (int k = KEY_SELECTOR1; k < KEY_MAX; k++) {
		const char *value = str_c(&o->values[k]);

		any = any || *value != '\0';
		if (*value == '\0' || !ours)
			continue;
		import_add_given(im, o->line, owners[k], k == KEY_DNSSEC_MX ? DNS_TYPE_MX : DNS_TYPE_CNAME,
		    k == KEY_DNSSEC_MX ? arena_printf(im->a, "0 %s", value) : value);
	}
	if (any && !ours)
		import_note(im, o->line, "this is about %s: left out", domain);
	for (int k = 0; k < KEY_MAX; k++)
		str_clear(&o->values[k]);
	o->line = 0;
}

int
import_list(struct import *im, const char *text, size_t n, struct err *err)
{
	struct object o = { .line = 0 };
	const char *end = text + n;
	int line = 1, key = -1;

	(void)err;
	for (const char *p = text; p < end; p += line_length(p, end) + 1, line++) {
		size_t len = trimmed(p, line_length(p, end)), value = 0, key_len = split(p, len, &value);

		if (len == 0) {
			object_end(im, &o);
			key = -1;
		} else if (key_len > 0) {
			o.line = o.line == 0 ? line : o.line;
			if (!key_of(p, key_len, &key))
				key = -1;
			else if (o.values[key].len == 0)
				str_addn(&o.values[key], p + value, len - value);
		} else if (key >= 0 && (*p == ' ' || *p == '\t')) {
			size_t at = 0;

			while (at < len && isspace((unsigned char)p[at]))
				at++;
			str_addn(&o.values[key], p + at, len - at);
		}
	}
	object_end(im, &o);
	for (int k = 0; k < KEY_MAX; k++)
		str_done(&o.values[k]);
	return 0;
}
