/* SPDX-License-Identifier: ISC */
#include "options_spf.h"

#include <string.h>

#define LOCAL_PART_MAX 64		/* RFC 5321 section 4.5.3.1.1 */

/* An address alone: no port, no brackets, no prefix. */
static bool
bare_address(const char *text, struct addr *ret)
{
	return strpbrk(text, "[]/%") == NULL && addr_parse(ret, text, 0) && ret->port == 0 &&
	    (ret->family == 6 || strchr(text, ':') == NULL);
}

int
options_spf_ip(struct options *o, const struct option_row *row, const char *arg, struct err *err)
{
	if (!bare_address(arg, &o->spf_ip)) {
		err_set(err, "--%s: \"%s\" is no IPv4 or IPv6 address", row->name, arg);
		return -1;
	}
	if (o->mode != MODE_SERVE) {
		err_set(err, "--%s excludes the mode given before it: one mode at a time", row->name);
		return -1;
	}
	o->mode = MODE_SPF_CHECK;
	return 0;
}

/* The local part as a receiver would see it: visible ASCII. */
static bool
local_part_valid(const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p[i] < 0x21 || p[i] > 0x7e)
			return false;
	return n > 0 && n <= LOCAL_PART_MAX;
}

int
options_spf_sender(struct options *o, const struct option_row *row, const char *arg, struct err *err)
{
	const char *at = strrchr(arg, '@');
	struct dns_name name;

	if (*arg == '\0' || strcmp(arg, "<>") == 0) {
		o->spf_sender = "";		/* bounces and the like */
		return 0;
	}
	if (at == NULL || !local_part_valid(arg, (size_t)(at - arg)) || dns_name_from_user(&name, at + 1, NULL) == -1 ||
	    name.len <= 1) {
		err_set(err, "--%s: \"%s\" is no mail address (user@domain, or <> for none)", row->name, arg);
		return -1;
	}
	o->spf_sender = arg;
	return 0;
}

/* "[192.0.2.1]", "[IPv6:2001:db8::1]" (RFC 5321 section 4.1.3) */
static bool
address_literal(const char *text)
{
	size_t n = strlen(text);
	char buf[ADDR_TEXT_MAX];
	struct addr addr;

	if (n < 3 || n >= sizeof(buf) || text[0] != '[' || text[n - 1] != ']')
		return false;
	memcpy(buf, text + 1, n - 2);
	buf[n - 2] = '\0';
	return bare_address(str_iprefix(buf, "IPv6:") ? buf + 5 : buf, &addr);
}

int
options_spf_helo(struct options *o, const struct option_row *row, const char *arg, struct err *err)
{
	struct dns_name name;

	if (!address_literal(arg) && (dns_name_from_user(&name, arg, NULL) == -1 || name.len <= 1)) {
		err_set(err, "--%s: \"%s\" is no name of a host", row->name, arg);
		return -1;
	}
	o->spf_helo = arg;
	return 0;
}

int
options_spf_check(const struct options *o, struct err *err)
{
	if (o->mode != MODE_SPF_CHECK && (o->spf_sender != NULL || o->spf_helo != NULL)) {
		err_set(err, "--%s: belongs to --spf-check", o->spf_sender != NULL ? "sender" : "helo");
		return -1;
	}
	if (o->mode != MODE_SPF_CHECK)
		return 0;
	if (o->n_domains != 1) {
		err_set(err, o->n_domains == 0 ? "--spf-check: name the domain whose mail it is" :
		    "--spf-check: one domain at a time");
		return -1;
	}
	if (o->spf_sender != NULL && *o->spf_sender == '\0' && o->spf_helo != NULL && *o->spf_helo == '[') {
		err_set(err, "--sender: without one the name of --helo is looked at, and %s is none", o->spf_helo);
		return -1;
	}
	if (strcmp(o->format->name, "text") != 0 && strcmp(o->format->name, "json") != 0) {
		err_set(err, "--format: --spf-check prints text or json");
		return -1;
	}
	return 0;
}
