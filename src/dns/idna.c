/* SPDX-License-Identifier: ISC */
/*
 * idna: names as people type them.  The only file that knows libidn2.
 *
 * IDNA 2008, non-transitional (ß stays ß), with the mapping of UTS 46, so that case, full-width dots and composed characters
 * may come as a keyboard makes them.  STD3 rules stay off: labels like _dmarc and _sip are what this program is about.
 */
#include "wire.h"

#include <idn2.h>

static bool
is_ascii(const char *text)
{
	for (; *text; text++)
		if ((uint8_t)*text >= 0x80)
			return false;
	return true;
}

/* Letters, digits, hyphens and underscores; "*" may stand for the first label.  Everything else is a slip of the hand. */
static bool
is_typed_name(const struct dns_name *n)
{
	static const char others[] = "-_";

	for (unsigned pos = 0; pos + 1U < n->len; pos += 1U + n->wire[pos]) {
		const uint8_t *label = n->wire + pos;

		if (pos == 0 && label[0] == 1 && label[1] == '*')
			continue;
		for (unsigned i = 1; i <= label[0]; i++) {
			uint8_t c = fold(label[i]);

			if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && (c == 0 || !strchr(others, c)))
				return false;
		}
	}
	return true;
}

static int
ascii_from_user(struct dns_name *ret, const char *ascii, const char *typed, struct err *err)
{
	struct dns_name n;

	if (dns_name_parse(&n, ascii, err) == -1)
		return -1;
	if (!is_typed_name(&n))
		return name_error(err, typed, "a name is made of letters, digits, hyphens, underscores and dots");
	dns_name_lower(&n);
	*ret = n;
	return 0;
}

int
dns_name_from_user(struct dns_name *ret, const char *text, struct err *err)
{
	char *ascii = NULL;
	int rc;

	if (is_ascii(text))
		return ascii_from_user(ret, text, text, err);
	rc = idn2_to_ascii_8z(text, &ascii, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
	if (rc != IDN2_OK)
		return name_error(err, text, idn2_strerror(rc));
	rc = ascii_from_user(ret, ascii, text, err);
	idn2_free(ascii);
	return rc;
}

/* Does any label begin with the ACE prefix? */
static bool
has_ace(const struct dns_name *n)
{
	for (size_t pos = 0; pos < n->len; pos += 1U + n->wire[pos])
		if (n->wire[pos] >= 4 && fold_equal(n->wire + pos + 1, (const uint8_t *)"xn--", 4))
			return true;
	return false;
}

bool
dns_name_to_unicode(const struct dns_name *n, struct str *ret)
{
	char text[DNS_NAME_TEXT_MAX], *unicode = NULL;
	struct dns_name back;
	bool ok = false;

	if (!has_ace(n))
		return false;
	dns_name_text_lower(n, text);
	if (idn2_to_unicode_8z8z(text, &unicode, IDN2_NONTRANSITIONAL) != IDN2_OK)
		return false;
	/* A U-label counts only when it leads back: nobody shall be shown a name that means another one. */
	if (!is_ascii(unicode) && dns_name_from_user(&back, unicode, NULL) == 0 && dns_name_equal(&back, n)) {
		str_add(ret, unicode);
		ok = true;
	}
	idn2_free(unicode);
	return ok;
}

const char *
dns_idna_version(void)
{
	return idn2_check_version(NULL);
}
