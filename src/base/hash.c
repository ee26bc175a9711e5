/* SPDX-License-Identifier: ISC */
/* SipHash-1-3 after Aumasson and Bernstein, "SipHash: a fast short-input PRF" (2012), with one and three rounds. */
#include <m365dnsd/base.h>

#include <endian.h>
#include <pthread.h>
#include <string.h>

struct sip {
	uint64_t v0, v1, v2, v3;
};

struct sip_key {
	uint64_t k0, k1;
};

static struct sip_key process_key;
static pthread_once_t key_once = PTHREAD_ONCE_INIT;

static inline uint64_t
rotl(uint64_t x, unsigned b)
{
	return x << b | x >> (64 - b);
}

static inline void
sip_round(struct sip *s)
{
	s->v0 += s->v1;
	s->v1 = rotl(s->v1, 13) ^ s->v0;
	s->v0 = rotl(s->v0, 32);
	s->v2 += s->v3;
	s->v3 = rotl(s->v3, 16) ^ s->v2;
	s->v0 += s->v3;
	s->v3 = rotl(s->v3, 21) ^ s->v0;
	s->v2 += s->v1;
	s->v1 = rotl(s->v1, 17) ^ s->v2;
	s->v2 = rotl(s->v2, 32);
}

static inline void
sip_word(struct sip *s, uint64_t m)
{
	s->v3 ^= m;
	sip_round(s);
	s->v0 ^= m;
}

/* Little-endian on every machine: what is stored on disk must compare everywhere. */
static inline uint64_t
load_word(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return le64toh(v);
}

/* The last n bytes, fewer than 8: a half and a quarter of a word, and one byte. */
static inline uint64_t
load_rest(const uint8_t *p, size_t n)
{
	uint64_t v = 0;
	unsigned at = 0;

	if ((n & 4) != 0) {
		v = (uint64_t)p[0] | (uint64_t)p[1] << 8 | (uint64_t)p[2] << 16 | (uint64_t)p[3] << 24;
		at = 4;
	}
	if ((n & 2) != 0) {
		v |= ((uint64_t)p[at] | (uint64_t)p[at + 1] << 8) << 8 * at;
		at += 2;
	}
	if ((n & 1) != 0)
		v |= (uint64_t)p[at] << 8 * at;
	return v;
}

static uint64_t
siphash13(struct sip_key key, const void *data, size_t n)
{
	const uint8_t *p = data;
	struct sip s = {
		key.k0 ^ UINT64_C(0x736f6d6570736575),
		key.k1 ^ UINT64_C(0x646f72616e646f6d),
		key.k0 ^ UINT64_C(0x6c7967656e657261),
		key.k1 ^ UINT64_C(0x7465646279746573),
	};
	size_t left = n;

	for (; left >= 8; left -= 8, p += 8)
		sip_word(&s, load_word(p));
	sip_word(&s, (uint64_t)n << 56 | load_rest(p, left));
	s.v2 ^= 0xff;
	for (int i = 0; i < 3; i++)
		sip_round(&s);
	return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}

static void
key_draw(void)
{
	random_bytes(&process_key, sizeof(process_key));
}

uint64_t
hash_bytes(const void *p, size_t n)
{
	pthread_once(&key_once, key_draw);
	return siphash13(process_key, p, n);
}

uint64_t
hash_stable(const void *p, size_t n)
{
	return siphash13((struct sip_key) { 0, 0 }, p, n);
}
