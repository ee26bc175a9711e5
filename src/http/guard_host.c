/* SPDX-License-Identifier: ISC */
/*
 * The Host check: a page of evil.example whose name is made to resolve to 127.0.0.1 (DNS rebinding) sends its own name in the
 * Host header, and that is how it is told from ours.  Compared are parsed names and addresses, never prefixes:
 * "127.evil.example" and "localhost.evil.example" begin as we do.
 */
#include <string.h>

#include "guard.h"

static bool
parse_port(const char *s, uint16_t *ret)
{
	unsigned port = 0;

	if (*s == '\0' || strlen(s) > 5)
		return false;
	for (; *s != '\0'; s++) {
		if (*s < '0' || *s > '9')
			return false;
		port = port * 10 + (unsigned)(*s - '0');
	}
	if (port == 0 || port > 65535)
		return false;
	*ret = (uint16_t)port;
	return true;
}

static bool
parse_name(struct guard_host *h, const char *s, size_t n)
{
	if (n > 1 && s[n - 1] == '.')
		n--;
	if (n == 0 || n >= sizeof(h->name))
		return false;
	for (size_t i = 0; i < n; i++) {
		char c = ascii_lower(s[i]);

		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.'))
			return false;
		h->name[i] = c;
	}
	h->name[n] = '\0';
	return true;
}

/* Between the brackets; no zone. */
static bool
parse_ipv6(struct guard_host *h, const char *s, size_t n)
{
	char buf[ADDR_TEXT_MAX];

	if (n >= sizeof(buf))
		return false;
	memcpy(buf, s, n);
	buf[n] = '\0';
	return addr_parse(&h->addr, buf, 0) && h->addr.family == 6;
}

bool
guard_host_parse(struct guard_host *ret, const char *text)
{
	struct guard_host h = { .port = 0 };
	const char *rest;

	if (text[0] == '[') {
		const char *end = strchr(text, ']');

		if (end == NULL || !parse_ipv6(&h, text + 1, (size_t)(end - text - 1)))
			return false;
		rest = end + 1;
	} else {
		size_t n = strcspn(text, ":");

		if (!parse_name(&h, text, n))
			return false;
		rest = text + n;
	}
	if (*rest != '\0' && (*rest != ':' || !parse_port(rest + 1, &h.port)))
		return false;
	if (h.name[0] != '\0' && addr_parse(&h.addr, h.name, 0))
		h.name[0] = '\0';
	*ret = h;
	return true;
}

static bool
same_ip(const struct addr *a, const struct addr *b)
{
	struct addr x = *a, y = *b;

	x.port = y.port = 0;
	return addr_equal(&x, &y);
}

bool
guard_is_loopback(const struct addr *a)
{
	static const uint8_t one[16] = { [15] = 1 };

	return a->family == 4 ? a->ip[0] == 127 : a->family == 6 && memcmp(a->ip, one, sizeof(one)) == 0;
}

/* A name of the configuration counts with any port: a proxy or a tunnel may stand before it. */
static bool
is_configured(const struct guard_host *host, const struct guard_site *site)
{
	struct guard_host h;

	for (size_t i = 0; i < site->n_hosts; i++)
		if (guard_host_parse(&h, site->hosts[i]) && strcmp(h.name, host->name) == 0 && same_ip(&h.addr, &host->addr))
			return true;
	return false;
}

bool
guard_host_ours(const struct guard_host *host, const struct guard_site *site)
{
	bool inside = site->local.family == 0 || guard_is_loopback(&site->local);

	if (is_configured(host, site))
		return true;
	if (host->port != 0 && site->local.family != 0 && host->port != site->local.port)
		return false;
	if (host->addr.family == 0)
		return inside && strcmp(host->name, "localhost") == 0;
	return (inside && guard_is_loopback(&host->addr)) || same_ip(&host->addr, &site->local);
}

bool
guard_origin_ours(const char *origin, const struct guard_site *site)
{
	struct guard_host host;
	const char *s;

	if (str_iprefix(origin, "http://"))
		s = origin + 7;
	else if (str_iprefix(origin, "https://"))
		s = origin + 8;
	else
		return false;
	return guard_host_parse(&host, s) && guard_host_ours(&host, site);
}
