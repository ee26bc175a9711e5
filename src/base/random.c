/* SPDX-License-Identifier: ISC */
/*
 * Query ids, 0x20 case and jitter come from here, so what is drawn must not be guessable: getrandom(2), a buffer at a
 * time, used bytes wiped.  Tests seed a small fixed generator (SplitMix64) instead.
 */
#include <m365dnsd/base.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

/* A thread has its own buffer: the store thread may draw too. */
static _Thread_local uint8_t pool[256];
static _Thread_local size_t pool_left;

static bool seeded;
static uint64_t seed_state;

static uint64_t
splitmix64(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

static void
pool_fill(void)
{
	if (seeded) {
		for (size_t i = 0; i < sizeof(pool); i++)
			pool[i] = (uint8_t)(splitmix64(&seed_state) >> 56);
	} else {
		ssize_t n;

		/* Up to 256 bytes come whole and uninterrupted once the kernel's pool is ready (getrandom(2)). */
		do
			n = getrandom(pool, sizeof(pool), 0);
		while (n == -1 && errno == EINTR);
		if (n != (ssize_t)sizeof(pool))
			give_up("getrandom failed");
	}
	pool_left = sizeof(pool);
}

void
random_bytes(void *buf, size_t n)
{
	uint8_t *out = buf;

	while (n > 0) {
		size_t take;
		uint8_t *from;

		if (pool_left == 0)
			pool_fill();
		take = n < pool_left ? n : pool_left;
		from = pool + sizeof(pool) - pool_left;
		memcpy(out, from, take);
		explicit_bzero(from, take);
		pool_left -= take;
		out += take;
		n -= take;
	}
}

uint32_t
random_u32(void)
{
	uint32_t v;
	uint8_t *from = pool + sizeof(pool) - pool_left;

	if (pool_left < sizeof(v)) {
		random_bytes(&v, sizeof(v));
		return v;
	}
	memcpy(&v, from, sizeof(v));
	memset(from, 0, sizeof(v));	/* no compiler leaves that out: the pool lives on */
	pool_left -= sizeof(v);
	return v;
}

uint32_t
random_below(uint32_t n)
{
	uint32_t reject = -n % n;	/* 2^32 mod n: below it the low values would be drawn once more often */
	uint32_t v;

	do
		v = random_u32();
	while (v < reject);
	return v % n;
}

void
random_seed_for_tests(uint64_t seed)
{
	seeded = true;
	seed_state = seed;
	pool_left = 0;
}
