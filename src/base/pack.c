/* SPDX-License-Identifier: ISC */
#include <m365dnsd/base.h>

void
pack_uint(struct str *s, uint64_t v, unsigned octets)
{
	uint64_t le = htole64(v);

	str_addn(s, &le, octets);
}

void
pack_bytes(struct str *s, const void *p, size_t n)
{
	pack_uint(s, n, 4);
	str_addn(s, p, n);
}

void
pack_text(struct str *s, const char *text)
{
	pack_bytes(s, text, strlen(text));
}

static const uint8_t *
take(struct unpack *u, size_t n)
{
	const uint8_t *p = u->p;

	if (u->bad || n > u->left) {
		u->bad = true;
		return NULL;
	}
	u->p += n;
	u->left -= n;
	return p;
}

uint64_t
unpack_tail(struct unpack *u, unsigned octets)
{
	const uint8_t *p = take(u, octets);
	uint64_t v = 0;

	for (unsigned i = 0; p != NULL && i < octets; i++)
		v |= (uint64_t)p[i] << 8 * i;
	return v;
}

const void *
unpack_bytes(struct unpack *u, size_t *ret_n)
{
	size_t n = (size_t)unpack_uint(u, 4);
	const uint8_t *p = take(u, n);

	*ret_n = p == NULL ? 0 : n;
	return p;
}

void
unpack_text(struct unpack *u, char *buf, size_t cap)
{
	size_t n;
	const void *p = unpack_bytes(u, &n);

	if (p == NULL || n >= cap || memchr(p, '\0', n) != NULL) {
		u->bad = true;
		n = 0;
	} else {
		memcpy(buf, p, n);
	}
	buf[n] = '\0';
}
