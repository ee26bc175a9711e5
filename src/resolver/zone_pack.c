/* SPDX-License-Identifier: ISC */
/* zone_pack: a zone found, as bytes that outlive the program, and back again with its sources. */
#include <stdlib.h>
#include <string.h>

#include "zone.h"

static void
pack_name(struct str *s, const struct dns_name *n)
{
	pack_bytes(s, n->wire, n->len);
}

/* A name in wire form is only taken when it reads and writes back the same: the bytes come from a disk. */
static void
unpack_name(struct unpack *u, struct dns_name *ret)
{
	size_t n, at = 0;
	const uint8_t *p = unpack_bytes(u, &n);

	ret->len = 0;
	if (p == NULL || n == 0)
		return;
	while (n <= DNS_NAME_MAX && at < n && p[at] != 0 && p[at] < 64)
		at += p[at] + 1u;
	if (n > DNS_NAME_MAX || at != n - 1 || p[at] != 0) {
		u->bad = true;
		return;
	}
	memcpy(ret->wire, p, n);
	ret->len = (uint8_t)n;
}

void
zone_pack(const struct zone *z, struct str *s)
{
	pack_uint(s, z->n_servers, 1);
	pack_uint(s, z->status, 1);
	pack_uint(s, z->reason, 1);
	pack_uint(s, (z->parent_seen ? 1 : 0) | (z->more ? 2 : 0), 1);
	pack_uint(s, z->ttl, 4);
	pack_uint(s, z->negative_ttl, 4);
	pack_name(s, &z->apex);
	pack_name(s, &z->parent);
	pack_name(s, &z->asked);
	pack_text(s, z->where);
	for (size_t i = 0; i < z->n_servers; i++) {
		const struct zone_server *server = &z->servers[i];

		pack_name(s, &server->name);
		pack_uint(s, server->reason, 1);
		pack_uint(s, (server->at_parent ? 1 : 0) | (server->at_child ? 2 : 0), 1);
		pack_uint(s, server->source == NULL ? 0 : server->source->addr.family, 1);
		if (server->source != NULL)
			str_addn(s, server->source->addr.ip, sizeof(server->source->addr.ip));
	}
}

static void
unpack_server(struct unpack *u, struct sources *sources, struct zone_server *ret)
{
	struct addr addr = { 0 };
	unsigned flags;

	unpack_name(u, &ret->name);
	ret->reason = (enum reason)unpack_uint(u, 1);
	flags = (unsigned)unpack_uint(u, 1);
	ret->at_parent = flags & 1;
	ret->at_child = flags & 2;
	addr.family = (uint8_t)unpack_uint(u, 1);
	if (addr.family != 0)
		for (size_t i = 0; i < sizeof(addr.ip); i++)
			addr.ip[i] = (uint8_t)unpack_uint(u, 1);
	u->bad |= (addr.family != 0 && addr.family != 4 && addr.family != 6) || ret->reason >= REASON_MAX ||
	    ret->name.len == 0;
	if (!u->bad && addr.family != 0)
		ret->source = sources_authority(sources, &addr);
}

struct zone *
zone_unpack(struct zone_finder *f, struct unpack *u)
{
	size_t n = (size_t)unpack_uint(u, 1);
	struct zone *z;
	unsigned flags;

	if (u->bad || n > ZONE_ADDRESSES_MAX) {
		u->bad = true;
		return NULL;
	}
	z = xcalloc(1, sizeof(*z) + n * sizeof(z->servers[0]));
	z->servers = (struct zone_server *)(z + 1);
	z->status = (enum zone_status)unpack_uint(u, 1);
	z->reason = (enum reason)unpack_uint(u, 1);
	flags = (unsigned)unpack_uint(u, 1);
	z->parent_seen = flags & 1;
	z->more = flags & 2;
	z->ttl = (uint32_t)unpack_uint(u, 4);
	z->negative_ttl = (uint32_t)unpack_uint(u, 4);
	unpack_name(u, &z->apex);
	unpack_name(u, &z->parent);
	unpack_name(u, &z->asked);
	unpack_text(u, z->where, sizeof(z->where));
	u->bad |= z->status > ZONE_UNKNOWN || z->reason >= REASON_MAX;
	for (size_t i = 0; i < n && !u->bad; i++)
		unpack_server(u, f->s, &z->servers[z->n_servers++]);
	if (u->bad) {
		zone_free(f, z);
		return NULL;
	}
	return z;
}
