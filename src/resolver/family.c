/* SPDX-License-Identifier: ISC */
/*
 * A machine without IPv6 (or IPv4) blames nobody: a family that has never worked and whose first send found no address or
 * route is missing.  Asks for it are answered at once, and one in five minutes may try.
 */
#include <string.h>

#include "prober_int.h"

#define FAMILY_RETRY_MS 300000

static bool
is_loopback(const struct addr *a)
{
	static const uint8_t one[16] = { [15] = 1 };

	return a->family == 4 ? a->ip[0] == 127 : memcmp(a->ip, one, 16) == 0;
}

struct family *
family_of(struct prober *p, const struct addr *a)
{
	return is_loopback(a) ? NULL : &p->families[a->family == 6];
}

bool
family_refuses(const struct family *f, int64_t now)
{
	return f != NULL && f->missing && now < f->retry_ms;
}

void
family_sent(struct family *f, int64_t now)
{
	if (f != NULL && f->missing)
		f->retry_ms = now + FAMILY_RETRY_MS;
}

void
family_replied(struct family *f, int64_t now)
{
	if (f == NULL)
		return;
	f->worked = true;
	f->missing = false;
	f->answered_ms = now;
}

/*
 * Once the family has worked, it is the server's fault only when others of the family answered since the query was sent;
 * otherwise the network is down.
 */
bool
family_failed(struct family *f, int64_t sent_ms, int64_t now)
{
	if (f == NULL)
		return true;
	if (!f->worked) {
		f->missing = true;
		f->retry_ms = now + FAMILY_RETRY_MS;
		return false;
	}
	return f->answered_ms >= sent_ms;
}

bool
prober_family_missing(const struct prober *p, unsigned family)
{
	return p->families[family == 6].missing;
}
