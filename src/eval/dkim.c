/* SPDX-License-Identifier: ISC */
/*
 * dkim: see dkim.h.  A key is base64 of what its algorithm says: for RSA a SubjectPublicKeyInfo, or the bare RSAPublicKey
 * inside it (RFC 6376 and its erratum allow both); for Ed25519 the 32 octets.  Of DER only tags and lengths are looked at, as
 * far as to the modulus.
 */
#include <string.h>

#include "dkim.h"
#include "tags.h"

#define ED25519_LEN 32
#define RSA_BITS_MAX 16384

bool
dkim_is_key(struct text t)
{
	const struct text *v, *p;
	struct tags tags;

	tags_parse(t, &tags);
	v = tags_find(&tags, "v");
	p = tags_find(&tags, "p");
	return v != NULL ? text_is(*v, "DKIM1") : p != NULL;
}

/* ---- base64 ---- */

static int
base64_value(char c)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *at = c != '\0' ? strchr(digits, c) : NULL;

	return at != NULL ? (int)(at - digits) : -1;
}

/* Blanks may stand everywhere, "=" at the end only.  False when something else stands there. */
static bool
base64_decode(struct arena *a, struct text t, const uint8_t **ret, size_t *ret_n)
{
	uint8_t *out = arena_alloc(a, t.n + 1);
	size_t n = 0, digits = 0, padding = 0;
	uint32_t bits = 0;

	for (size_t i = 0; i < t.n; i++) {
		int value = base64_value(t.p[i]);

		if (t.p[i] == ' ' || t.p[i] == '\t' || t.p[i] == '\r' || t.p[i] == '\n')
			continue;
		if (t.p[i] == '=') {
			padding++;
			continue;
		}
		if (value < 0 || padding > 0)
			return false;
		bits = bits << 6 | (uint32_t)value;
		if (++digits % 4 != 1)
			out[n++] = (uint8_t)(bits >> (6 - 2 * ((digits - 1) % 4)));
	}
	*ret = out;
	*ret_n = n;
	return digits % 4 != 1 && padding <= 2;
}

/* ---- DER ---- */

struct der {
	const uint8_t *p;
	size_t n;
};
enum { DER_INTEGER = 0x02, DER_BIT_STRING = 0x03, DER_SEQUENCE = 0x30 };

/* Take the next element off d when it has that tag; its contents go to ret. */
static bool
der_take(struct der *d, uint8_t tag, struct der *ret)
{
	size_t head = 2, len;

	if (d->n < 2 || d->p[0] != tag)
		return false;
	len = d->p[1];
	if (len >= 0x80) {
		size_t octets = len & 0x7f;

		if (octets == 0 || octets > 3 || d->n < 2 + octets)
			return false;
		len = 0;
		for (size_t i = 0; i < octets; i++)
			len = len << 8 | d->p[2 + i];
		head += octets;
	}
	if (d->n - head < len)
		return false;
	*ret = (struct der){ d->p + head, len };
	d->p += head + len;
	d->n -= head + len;
	return true;
}

/* SEQUENCE { modulus INTEGER, exponent INTEGER }: the bits of the modulus, 0 when it is none. */
static unsigned
rsa_bits(struct der d)
{
	struct der inside, modulus, exponent;
	unsigned bits;

	if (!der_take(&d, DER_SEQUENCE, &inside) || !der_take(&inside, DER_INTEGER, &modulus) ||
	    !der_take(&inside, DER_INTEGER, &exponent))
		return 0;
	while (modulus.n > 0 && modulus.p[0] == 0) {
		modulus.p++;
		modulus.n--;
	}
	if (modulus.n == 0 || modulus.n > RSA_BITS_MAX / 8)
		return 0;
	bits = (unsigned)(8 * modulus.n);
	for (uint8_t top = modulus.p[0]; (top & 0x80) == 0; top = (uint8_t)(top << 1))
		bits--;
	return bits;
}

/* SEQUENCE { SEQUENCE { algorithm }, BIT STRING { 0, RSAPublicKey } }, or the RSAPublicKey alone. */
static unsigned
key_bits(struct der d)
{
	struct der whole = d, inside, algorithm, bits;

	if (!der_take(&d, DER_SEQUENCE, &inside))
		return 0;
	if (!der_take(&inside, DER_SEQUENCE, &algorithm))
		return rsa_bits(whole);
	if (!der_take(&inside, DER_BIT_STRING, &bits) || bits.n < 1 || bits.p[0] != 0)
		return 0;
	return rsa_bits((struct der){ bits.p + 1, bits.n - 1 });
}

/* ---- the record ---- */

static bool
list_has(const struct text *value, const char *word)
{
	struct text list = *value, one;

	while (text_next(&list, ':', &one))
		if (text_is(one, word))
			return true;
	return false;
}

/* "" or "*" for everything, else the services that the key is for (RFC 6376 3.6.1, s=). */
static bool
is_for_mail(const struct text *s)
{
	return s == NULL || s->n == 0 || list_has(s, "*") || list_has(s, "email");
}

static int
key_read(struct arena *a, struct text p, struct dkim_key *ret, struct err *err)
{
	const uint8_t *bytes;
	size_t n;

	if (!base64_decode(a, p, &bytes, &n)) {
		err_set(err, "the key is not base64");
		return -1;
	}
	if (ret->algorithm == DKIM_ED25519 && n != ED25519_LEN) {
		err_set(err, "an Ed25519 key has 32 octets, this one %zu", n);
		return -1;
	}
	if (ret->algorithm != DKIM_RSA)
		return 0;
	ret->bits = key_bits((struct der){ bytes, n });
	if (ret->bits == 0) {
		err_set(err, "the key is no RSA key, or not the whole of one");
		return -1;
	}
	return 0;
}

int
dkim_key_parse(struct arena *a, struct text t, struct dkim_key *ret, struct err *err)
{
	const struct text *p, *k, *flags;
	struct tags tags;

	memset(ret, 0, sizeof(*ret));
	tags_parse(t, &tags);
	p = tags_find(&tags, "p");
	k = tags_find(&tags, "k");
	flags = tags_find(&tags, "t");
	ret->algorithm = k == NULL || text_is(*k, "rsa") ? DKIM_RSA : text_is(*k, "ed25519") ? DKIM_ED25519 : DKIM_UNKNOWN;
	ret->testing = flags != NULL && list_has(flags, "y");
	ret->revoked = p != NULL && p->n == 0;
	if (tags.broken || p == NULL || tags_double(&tags) != NULL) {
		err_set(err, "%s", p == NULL ? "it has no p=" : tags.broken ? "it is not of the form tag=value" :
		    "a tag stands there twice");
		return -1;
	}
	/* a version must come first (RFC 6376 3.6.1) */
	if (tags_find(&tags, "v") != NULL && !text_is(tags.list[0].name, "v")) {
		err_set(err, "v= is not its first tag");
		return -1;
	}
	if (!is_for_mail(tags_find(&tags, "s"))) {
		err_set(err, "it is not for mail (s=)");
		return -1;
	}
	return ret->revoked ? 0 : key_read(a, *p, ret, err);
}
