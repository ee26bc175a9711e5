/* SPDX-License-Identifier: ISC */
/*
 * The domain key.  Microsoft documents the plain case only (dots become dashes).  For domains with dashes of
 * their own the rule was found in the field: the dashes are taken out and their positions are written behind a "0", as a
 * bitmap in groups of four (least bit first).  A group with dashes is one letter, 'a' plus its value; a run of empty groups is
 * its length as a number.
 *
 *   arak-sa.com: dash at 4 -> group 0 empty, group 1 = 1 -> araksa-com 0 1 b
 */
#include <string.h>

#include <m365dnsd/plan.h>

#define GROUP 4

/* Append the positions of the dashes of s. */
static void
encode_dashes(const char *s, size_t len, struct str *out)
{
	unsigned empty = 0;

	for (size_t i = 0; i < len; i += GROUP) {
		unsigned mask = 0;
		for (size_t bit = 0; bit < GROUP && i + bit < len; bit++) {
			if (s[i + bit] == '-')
				mask |= 1u << bit;
		}
		if (mask == 0) {
			empty++;
			continue;
		}
		if (empty > 0)
			str_addf(out, "%u", empty);
		str_addc(out, (char)('a' + mask));
		empty = 0;
	}
}

bool
plan_domain_key(const char *domain, char ret[64])
{
	size_t len = strlen(domain);
	struct str key = STR_INIT;

	if (len > 0 && domain[len - 1] == '.')
		len--;
	for (size_t i = 0; i < len; i++) {
		if (domain[i] != '-')
			str_addc(&key, domain[i] == '.' ? '-' : ascii_lower(domain[i]));
	}
	if (memchr(domain, '-', len) != NULL) {
		str_addc(&key, '0');
		encode_dashes(domain, len, &key);
	}
	bool fits = key.len > 0 && key.len <= 63;
	if (fits)
		memcpy(ret, str_c(&key), key.len + 1);
	str_done(&key);
	return fits;
}
