/* SPDX-License-Identifier: ISC */
#include <m365dnsd/base.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

static size_t
ip_len(const struct addr *a)
{
	return a->family == 4 ? 4 : a->family == 6 ? 16 : 0;
}

/* 1 to 65535, digits only. */
static bool
parse_port(const char *text, uint16_t *ret)
{
	unsigned v = 0;
	size_t i;

	for (i = 0; text[i] >= '0' && text[i] <= '9' && i < 5; i++)
		v = v * 10 + (unsigned)(text[i] - '0');
	if (i == 0 || text[i] != '\0' || v == 0 || v > 65535)
		return false;
	*ret = (uint16_t)v;
	return true;
}

/* Cut text into host (written to host, without brackets) and the port's digits, NULL when none is given. */
static bool
split_port(const char *text, char *host, size_t host_size, const char **ret_port)
{
	const char *colon = strchr(text, ':'), *start = text, *end = text + strlen(text);

	*ret_port = NULL;
	if (*text == '[') {
		start++;
		end = strchr(text, ']');
		if (end == NULL || (end[1] != '\0' && end[1] != ':'))
			return false;
		if (memchr(start, ':', (size_t)(end - start)) == NULL)	/* brackets are for IPv6 */
			return false;
		if (end[1] == ':')
			*ret_port = end + 2;
	} else if (colon != NULL && strchr(colon + 1, ':') == NULL) {	/* two colons: a bare IPv6 address */
		end = colon;
		*ret_port = colon + 1;
	}
	if ((size_t)(end - start) >= host_size)
		return false;
	memcpy(host, start, (size_t)(end - start));
	host[end - start] = '\0';
	return true;
}

bool
addr_parse(struct addr *ret, const char *text, uint16_t default_port)
{
	char host[INET6_ADDRSTRLEN];
	const char *port;
	struct addr a = { .port = default_port };

	if (!split_port(text, host, sizeof(host), &port))
		return false;
	if (port != NULL && !parse_port(port, &a.port))
		return false;
	if (inet_pton(AF_INET, host, a.ip) == 1)
		a.family = 4;
	else if (inet_pton(AF_INET6, host, a.ip) == 1)
		a.family = 6;
	else
		return false;
	*ret = a;
	return true;
}

const char *
addr_text(const struct addr *a, uint16_t hide_port, char buf[ADDR_TEXT_MAX])
{
	char ip[INET6_ADDRSTRLEN];

	if (ip_len(a) == 0 || inet_ntop(a->family == 4 ? AF_INET : AF_INET6, a->ip, ip, sizeof(ip)) == NULL)
		snprintf(buf, ADDR_TEXT_MAX, "none");
	else if (a->port == hide_port)
		snprintf(buf, ADDR_TEXT_MAX, "%s", ip);
	else
		snprintf(buf, ADDR_TEXT_MAX, a->family == 6 ? "[%s]:%u" : "%s:%u", ip, a->port);
	return buf;
}

bool
addr_equal(const struct addr *a, const struct addr *b)
{
	return a->family == b->family && a->port == b->port && memcmp(a->ip, b->ip, ip_len(a)) == 0;
}

/* ---- special-purpose ranges ---- */

struct range {
	uint8_t family, bits;
	uint8_t ip[16];
	enum { DENY, ALLOW, INNER } what;
	uint8_t inner_at;	/* INNER: where the IPv4 address stands that is really reached */
};

/*
 * The first row that matches decides.  After the IANA special-purpose registries (RFC 6890 and its followers) and the
 * built-in lists of the recursive resolvers.  All of IPv6 but 2000::/3 is not global unicast (RFC 4291 section 2.4),
 * which covers ::, ::1, v4-mapped, v4-compatible, 100::/64, fc00::/7, fe80::/10 and ff00::/8 in one row; mapped and
 * compatible forms have no business in the DNS even when the inner address is public.
 */
static const struct range ranges[] = {
	{ 4,  8, { 0 }, DENY, 0 },				/* this network: reaches the local host on Linux */
	{ 4,  8, { 10 }, DENY, 0 },				/* private */
	{ 4, 10, { 100, 64 }, DENY, 0 },			/* shared, carrier NAT */
	{ 4,  8, { 127 }, DENY, 0 },				/* loopback */
	{ 4, 16, { 169, 254 }, DENY, 0 },			/* link-local, cloud metadata */
	{ 4, 12, { 172, 16 }, DENY, 0 },			/* private */
	{ 4, 24, { 192, 0, 0 }, DENY, 0 },			/* IETF protocols */
	{ 4, 24, { 192, 0, 2 }, DENY, 0 },			/* documentation */
	{ 4, 16, { 192, 168 }, DENY, 0 },			/* private */
	{ 4, 15, { 198, 18 }, DENY, 0 },			/* benchmarks */
	{ 4, 24, { 198, 51, 100 }, DENY, 0 },			/* documentation */
	{ 4, 24, { 203, 0, 113 }, DENY, 0 },			/* documentation */
	{ 4,  4, { 224 }, DENY, 0 },				/* multicast */
	{ 4,  4, { 240 }, DENY, 0 },				/* reserved, broadcast */
	{ 4,  0, { 0 }, ALLOW, 0 },
	{ 6, 96, { 0x00, 0x64, 0xff, 0x9b }, INNER, 12 },	/* NAT64, RFC 6052 */
	{ 6, 48, { 0x20, 0x01, 0, 4, 0x01, 0x12 }, ALLOW, 0 },	/* AS112, RFC 7535: real name servers */
	{ 6, 23, { 0x20, 0x01 }, DENY, 0 },			/* IETF protocols: Teredo, ORCHID, benchmarks */
	{ 6, 32, { 0x20, 0x01, 0x0d, 0xb8 }, DENY, 0 },		/* documentation */
	{ 6, 16, { 0x20, 0x02 }, INNER, 2 },			/* 6to4, RFC 3056 */
	{ 6, 20, { 0x3f, 0xff }, DENY, 0 },			/* documentation, RFC 9637 */
	{ 6,  3, { 0x20 }, ALLOW, 0 },
};

static bool
in_range(const struct addr *a, const struct range *r)
{
	size_t whole = r->bits / 8, rest = r->bits % 8;

	if (a->family != r->family || memcmp(a->ip, r->ip, whole) != 0)
		return false;
	return rest == 0 || (a->ip[whole] ^ r->ip[whole]) >> (8 - rest) == 0;
}

bool
addr_is_global(const struct addr *a)
{
	for (size_t i = 0; i < ARRAY_LEN(ranges); i++) {
		const struct range *r = &ranges[i];
		struct addr inner = { .family = 4 };

		if (!in_range(a, r))
			continue;
		if (r->what != INNER)
			return r->what == ALLOW;
		memcpy(inner.ip, a->ip + r->inner_at, 4);
		return addr_is_global(&inner);
	}
	return false;
}

/* ---- sockets ---- */

unsigned
addr_to_sockaddr(const struct addr *a, struct sockaddr_storage *ss)
{
	struct sockaddr_in sin = { .sin_family = AF_INET, .sin_port = htons(a->port) };
	struct sockaddr_in6 sin6 = { .sin6_family = AF_INET6, .sin6_port = htons(a->port) };

	memset(ss, 0, sizeof(*ss));
	if (a->family == 4) {
		memcpy(&sin.sin_addr, a->ip, 4);
		memcpy(ss, &sin, sizeof(sin));
		return sizeof(sin);
	}
	if (a->family == 6) {
		memcpy(&sin6.sin6_addr, a->ip, 16);
		memcpy(ss, &sin6, sizeof(sin6));
		return sizeof(sin6);
	}
	return 0;
}

bool
addr_from_sockaddr(struct addr *ret, const struct sockaddr_storage *ss)
{
	struct sockaddr_in sin;
	struct sockaddr_in6 sin6;

	*ret = (struct addr) { 0 };
	if (ss->ss_family == AF_INET) {
		memcpy(&sin, ss, sizeof(sin));
		ret->family = 4;
		ret->port = ntohs(sin.sin_port);
		memcpy(ret->ip, &sin.sin_addr, 4);
	} else if (ss->ss_family == AF_INET6) {
		memcpy(&sin6, ss, sizeof(sin6));
		ret->family = 6;
		ret->port = ntohs(sin6.sin6_port);
		memcpy(ret->ip, &sin6.sin6_addr, 16);
	}
	return ret->family != 0;
}
