/* SPDX-License-Identifier: ISC */
#include <m365dnsd/base.h>

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- err ---- */

START_TEST(err_words)
{
	struct err err;

	err_set(NULL, "nobody wants %s", "this");
	err_prefix(NULL, "nor %s", "this");
	err_set(&err, "bad value %d", 7);
	err_prefix(&err, "%s:%d", "a.conf", 3);
	ck_assert_str_eq(err.msg, "a.conf:3: bad value 7");
}
END_TEST

START_TEST(err_is_cut_not_overrun)
{
	struct err err;
	char text[600];

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	err_set(&err, "%s", text);
	ck_assert_uint_eq(strlen(err.msg), sizeof(err.msg) - 1);
	err_prefix(&err, "file");
	ck_assert_uint_eq(strlen(err.msg), sizeof(err.msg) - 1);
	ck_assert(strncmp(err.msg, "file: xxx", 9) == 0);
	err_prefix(&err, "%s", text);
	ck_assert_uint_eq(strlen(err.msg), sizeof(err.msg) - 1);
}
END_TEST

/* ---- arena ---- */

START_TEST(arena_zeroes_and_aligns)
{
	struct arena *a = arena_new();

	for (int round = 0; round < 3; round++) {
		for (size_t n = 0; n < 9000; n = n * 2 + 1) {
			unsigned char *p = arena_alloc(a, n);

			ck_assert_uint_eq((uintptr_t)p % 16, 0);
			for (size_t i = 0; i < n; i++)
				ck_assert_uint_eq(p[i], 0);
			memset(p, 0xaa, n);
		}
		arena_reset(a);
	}
	ck_assert_str_eq(arena_printf(a, "%s-%d", "x", 5), "x-5");
	ck_assert_str_eq(arena_strdup(a, ""), "");
	ck_assert_mem_eq(arena_dup(a, "a\0b", 3), "a\0b", 3);
	arena_free(a);
	arena_free(NULL);
}
END_TEST

/* ---- str ---- */

START_TEST(str_grows)
{
	struct str s = STR_INIT;
	char *taken;

	ck_assert_str_eq(str_c(&s), "");
	for (int i = 0; i < 1000; i++)
		str_addf(&s, "%03d%c", i, '/');
	ck_assert_uint_eq(s.len, 4000);
	ck_assert(strncmp(str_c(&s) + 3996, "999/", 5) == 0);
	str_clear(&s);
	ck_assert_str_eq(str_c(&s), "");
	str_addn(&s, "a\0b", 3);
	str_addc(&s, '!');
	ck_assert_uint_eq(s.len, 4);
	ck_assert_mem_eq(s.p, "a\0b!", 5);
	str_clear(&s);
	str_addf(&s, "%0300d", 7);	/* longer than the small buffer of str_addf() */
	ck_assert_uint_eq(s.len, 300);
	ck_assert_uint_eq(s.p[299], '7');
	taken = str_take(&s);
	ck_assert_uint_eq(strlen(taken), 300);
	ck_assert_ptr_null(s.p);
	free(taken);
	taken = str_take(&s);
	ck_assert_str_eq(taken, "");
	free(taken);
	str_done(&s);
}
END_TEST

START_TEST(str_compares_ascii_only)
{
	ck_assert(str_ieq("MS=Ms123", "ms=mS123"));
	ck_assert(!str_ieq("a", "ab"));
	ck_assert(!str_ieq("ab", "a"));
	ck_assert(!str_ieq("\xc3\x84", "\xc3\xa4"));	/* no folding beyond ASCII */
	ck_assert(!str_ieq("[", "{"));
	ck_assert(str_ieq(NULL, NULL));
	ck_assert(!str_ieq(NULL, ""));
	ck_assert(str_iprefix("V=SPF1 -all", "v=spf1"));
	ck_assert(str_iprefix("x", ""));
	ck_assert(!str_iprefix("v=sp", "v=spf1"));
}
END_TEST

static const struct {
	const char *name, *in;
	size_t n;
	const char *want;
} printable[] = {
	{ "plain", "v=spf1 -all", 11, "v=spf1 -all" },
	{ "empty", "", 0, "" },
	{ "backslash", "a\\b", 3, "a\\\\b" },
	{ "nul inside", "a\0b", 3, "a\\x00b" },
	{ "newline and tab", "\n\t", 2, "\\x0a\\x09" },
	{ "escape sequence", "\x1b[31m", 5, "\\x1b[31m" },
	{ "del", "\x7f", 1, "\\x7f" },
	{ "c1 csi as utf-8", "\xc2\x9b", 2, "\\xc2\\x9b" },
	{ "c1 as a lone byte", "\x9b", 1, "\\x9b" },
	{ "no-break space stays", "\xc2\xa0", 2, "\xc2\xa0" },
	{ "two bytes", "\xc3\xa4", 2, "\xc3\xa4" },
	{ "three bytes", "\xe2\x82\xac", 3, "\xe2\x82\xac" },
	{ "four bytes", "\xf0\x9f\x98\x80", 4, "\xf0\x9f\x98\x80" },
	{ "overlong slash", "\xc0\xaf", 2, "\\xc0\\xaf" },
	{ "overlong three", "\xe0\x80\xaf", 3, "\\xe0\\x80\\xaf" },
	{ "overlong four", "\xf0\x80\x80\xaf", 4, "\\xf0\\x80\\x80\\xaf" },
	{ "surrogate", "\xed\xa0\x80", 3, "\\xed\\xa0\\x80" },
	{ "above U+10FFFF", "\xf4\x90\x80\x80", 4, "\\xf4\\x90\\x80\\x80" },
	{ "f5", "\xf5\x80\x80\x80", 4, "\\xf5\\x80\\x80\\x80" },
	{ "cut short", "\xe2\x82", 2, "\\xe2\\x82" },
	{ "cut by text", "\xe2" "A", 2, "\\xe2" "A" },
	{ "bidi override", "\xe2\x80\xae", 3, "\\xe2\\x80\\xae" },
	{ "bidi isolate", "\xe2\x81\xa6", 3, "\\xe2\\x81\\xa6" },
	{ "arabic letter mark", "\xd8\x9c", 2, "\\xd8\\x9c" },
	{ "left-to-right mark", "\xe2\x80\x8e", 3, "\\xe2\\x80\\x8e" },
	{ "line separator", "\xe2\x80\xa8", 3, "\\xe2\\x80\\xa8" },
};

START_TEST(printable_rows)
{
	struct str s = STR_INIT;

	str_add_printable(&s, printable[_i].in, printable[_i].n);
	ck_assert_msg(strcmp(str_c(&s), printable[_i].want) == 0, "%s: %s", printable[_i].name, str_c(&s));
	str_done(&s);
}
END_TEST

static size_t
encode(uint32_t cp, uint8_t *p)
{
	static const uint8_t lead[] = { 0, 0, 0xc0, 0xe0, 0xf0 };
	size_t n = cp < 0x80 ? 1 : cp < 0x800 ? 2 : cp < 0x10000 ? 3 : 4;

	for (size_t i = n - 1; i > 0; i--, cp >>= 6)
		p[i] = (uint8_t)(0x80 | (cp & 0x3f));
	p[0] = (uint8_t)(lead[n] | cp);
	return n;
}

/* Not asserted one by one: a Check assertion costs a write, and there are 1.1 million code points. */
static bool
decodes_right(uint32_t cp)
{
	uint8_t buf[4];
	uint32_t got = 0;
	size_t n = encode(cp, buf);

	if (n > 1 && utf8_decode(buf, n - 1, NULL) != 0)
		return false;
	if (cp >= 0xd800 && cp <= 0xdfff)
		return utf8_decode(buf, n, &got) == 0;
	return utf8_decode(buf, n, &got) == n && got == cp;
}

START_TEST(utf8_every_code_point)
{
	uint32_t cp = 0;

	while (cp <= 0x10ffff && decodes_right(cp))
		cp++;
	ck_assert_msg(cp == 0x110000, "U+%04X", cp);
	ck_assert_uint_eq(utf8_decode((const uint8_t *)"", 0, NULL), 0);
}
END_TEST

/* ---- names ---- */

START_TEST(names)
{
	static const struct name_row rows[] = { { 1, "ok" }, { 5, "wrong" }, { 9, "missing" } };
	static NAME_TABLE(t, rows);
	static const struct name_table one = { rows, 1 };
	struct str buf = STR_INIT;
	int id = -1;

	ck_assert_str_eq(name_of(&t, 5), "wrong");
	ck_assert_str_eq(name_of(&t, 2), "?");
	ck_assert(name_find(&t, "Missing", &id));
	ck_assert_int_eq(id, 9);
	ck_assert(!name_find(&t, "miss", &id));
	ck_assert_int_eq(id, 9);
	ck_assert_str_eq(name_list(&t, &buf), "ok, wrong or missing");
	ck_assert_str_eq(name_list(&one, &buf), "ok");
	str_done(&buf);
}
END_TEST

/* ---- clock ---- */

START_TEST(clock_fake)
{
	struct clock c;

	clock_fake_init(&c, 1000, 5000);
	clock_fake_advance(&c, 250);
	ck_assert_int_eq(c.mono_ms(&c), 1250);
	ck_assert_int_eq(c.unix_ms(&c), 5250);
	ck_assert_int_gt(clock_system.unix_ms(&clock_system), INT64_C(1600000000000));
	ck_assert_int_ge(clock_system.mono_ms(&clock_system), 0);
}
END_TEST

static const struct {
	int64_t ms;
	const char *want;
} stamps[] = {
	{ 0, "1970-01-01T00:00:00Z" },
	{ 999, "1970-01-01T00:00:00Z" },
	{ -1, "1969-12-31T23:59:59Z" },
	{ INT64_C(1795256430000), "2026-11-21T10:20:30Z" },
	{ INT64_C(951782400000), "2000-02-29T00:00:00Z" },
};

START_TEST(rfc3339_rows)
{
	char buf[32];

	ck_assert_str_eq(time_rfc3339(stamps[_i].ms, buf), stamps[_i].want);
}
END_TEST

static const struct {
	const char *text;
	int64_t want;		/* -1 = refused */
} durations[] = {
	{ "0", 0 },
	{ "90", 90 },
	{ "90s", 90 },
	{ "15m", 900 },
	{ "2h", 7200 },
	{ "1d", 86400 },
	{ "1h30m", 5400 },
	{ "1d2h3m4s", 93784 },
	{ "1d4s", 86404 },
	{ "3650d", INT64_C(315360000) },
	{ "315360000", INT64_C(315360000) },
	{ "3651d", -1 },
	{ "3650d1s", -1 },
	{ "315360001", -1 },
	{ "99999999999999999999999", -1 },
	{ "", -1 },
	{ "s", -1 },
	{ "-5", -1 },
	{ "+5", -1 },
	{ " 5", -1 },
	{ "5 ", -1 },
	{ "5x", -1 },
	{ "5S", -1 },
	{ "1.5h", -1 },
	{ "1h30", -1 },
	{ "30m1h", -1 },
	{ "1h1h", -1 },
	{ "1hm", -1 },
};

START_TEST(duration_parse_rows)
{
	int64_t got = -1;

	ck_assert_msg(duration_parse(durations[_i].text, &got) == (durations[_i].want != -1), "'%s'", durations[_i].text);
	ck_assert_msg(got == durations[_i].want, "'%s': %lld", durations[_i].text, (long long)got);
}
END_TEST

static const struct {
	int64_t seconds;
	const char *want;
} spans[] = {
	{ -5, "0s" },
	{ 0, "0s" },
	{ 45, "45s" },
	{ 59, "59s" },
	{ 60, "1m" },
	{ 12 * 60 + 59, "12m" },
	{ 3600, "1h" },
	{ 3600 + 59, "1h" },
	{ 3 * 3600 + 5 * 60, "3h 5m" },
	{ 86399, "23h 59m" },
	{ 86400, "1d" },
	{ 86400 + 3599, "1d" },
	{ 2 * 86400 + 4 * 3600 + 59, "2d 4h" },
};

START_TEST(duration_text_rows)
{
	char buf[32];

	ck_assert_str_eq(duration_text(spans[_i].seconds, buf), spans[_i].want);
}
END_TEST

/* ---- random ---- */

START_TEST(random_is_uniform_enough)
{
	unsigned seen[7] = { 0 };
	uint8_t a[1000], b[1000];

	for (int i = 0; i < 7000; i++)
		seen[random_below(7)]++;
	for (int i = 0; i < 7; i++)	/* mean 1000, sigma 29: ten of them never happen by chance */
		ck_assert_msg(seen[i] > 700 && seen[i] < 1300, "%d came %u times", i, seen[i]);
	ck_assert_uint_eq(random_below(1), 0);
	random_bytes(a, sizeof(a));
	random_bytes(b, sizeof(b));
	ck_assert_mem_ne(a, b, sizeof(a));
}
END_TEST

START_TEST(random_seeded_repeats)
{
	uint32_t first;

	random_seed_for_tests(42);
	first = random_u32();
	ck_assert_uint_ne(random_u32(), first);
	random_seed_for_tests(42);
	ck_assert_uint_eq(random_u32(), first);
	random_seed_for_tests(43);
	ck_assert_uint_ne(random_u32(), first);
}
END_TEST

/* ---- hash and map ---- */

/* SipHash-1-3 of 00 01 02 … with the zero key, as an independent implementation (CPython's) computes it. */
static const struct {
	size_t n;
	uint64_t want;
} sips[] = {
	{ 1, UINT64_C(0x68a914128e01e473) },
	{ 2, UINT64_C(0x010bac45c41e3669) },
	{ 7, UINT64_C(0x2f098ab0c751325a) },
	{ 8, UINT64_C(0xead411e67ebe2eea) },
	{ 9, UINT64_C(0x75927f9d95124362) },
	{ 15, UINT64_C(0xf30eb725bb91c9ea) },
	{ 16, UINT64_C(0x8972188433a5c5b7) },
	{ 17, UINT64_C(0x4883c49a2c009c1d) },
	{ 63, UINT64_C(0x385d3e39e5f37359) },
};

START_TEST(hash_stable_rows)
{
	uint8_t in[64];

	for (size_t i = 0; i < sizeof(in); i++)
		in[i] = (uint8_t)i;
	ck_assert_msg(hash_stable(in, sips[_i].n) == sips[_i].want, "%zu bytes", sips[_i].n);
}
END_TEST

START_TEST(hash_keyed)
{
	ck_assert_uint_eq(hash_bytes("abc", 3), hash_bytes("abc", 3));
	ck_assert_uint_ne(hash_bytes("abc", 3), hash_bytes("abd", 3));
	ck_assert_uint_ne(hash_bytes("a\0b", 3), hash_bytes("a\0c", 3));
}
END_TEST

static void
sum_up(void *ctx, void *value)
{
	*(uint64_t *)ctx += *(int *)value;
}

START_TEST(map_grows_and_deletes)
{
	enum { N = 5000 };
	struct map *m = map_new();
	uint64_t sum = 0;

	ck_assert_ptr_null(map_get(m, "", 0));
	for (int i = 0; i < N; i++) {
		int *v = xmalloc(sizeof(*v));

		*v = i;
		ck_assert_ptr_null(map_put(m, &i, sizeof(i), v));
	}
	ck_assert_uint_eq(map_count(m), N);
	for (int i = 0; i < N; i++)
		ck_assert_int_eq(*(int *)map_get(m, &i, sizeof(i)), i);
	for (int i = 0; i < N; i += 3)
		free(map_del(m, &i, sizeof(i)));
	for (int i = 0; i < N; i++) {
		int *v = map_get(m, &i, sizeof(i));

		ck_assert_msg((v == NULL) == (i % 3 == 0), "%d", i);
		ck_assert(v == NULL || *v == i);
		if (v != NULL)
			sum -= (uint64_t)i;
	}
	map_each(m, sum_up, &sum);
	ck_assert_uint_eq(sum, 0);
	ck_assert_ptr_null(map_del(m, "nothing", 7));
	map_free(m, free);
	map_free(NULL, NULL);
}
END_TEST

static bool in_map[200];

START_TEST(map_replaces_and_takes_any_key)
{
	struct map *m = map_new();
	int a, b;

	ck_assert_ptr_null(map_put(m, "k", 1, &a));
	ck_assert_ptr_eq(map_put(m, "k", 1, &b), &a);
	ck_assert_uint_eq(map_count(m), 1);
	ck_assert_ptr_null(map_put(m, "", 0, &a));
	ck_assert_ptr_null(map_put(m, "k\0", 2, &a));
	ck_assert_ptr_eq(map_get(m, "", 0), &a);
	ck_assert_ptr_eq(map_get(m, "k", 1), &b);
	ck_assert_ptr_eq(map_del(m, "k", 1), &b);
	ck_assert_ptr_null(map_get(m, "k", 1));
	ck_assert_uint_eq(map_count(m), 2);
	map_free(m, NULL);
}
END_TEST

/* A value that is its own key. */
static const void *
bool_key(const void *value, size_t *ret_n)
{
	static uint32_t key;

	key = (uint32_t)((const bool *)value - in_map);
	*ret_n = sizeof(key);
	return &key;
}

/* Put and delete at random against a plain array: the shifting back of map_del() has many shapes. */
START_TEST(map_against_array)
{
	enum { KEYS = ARRAY_LEN(in_map) };
	bool *in = in_map;
	size_t count = 0;
	struct map *m = _i == 0 ? map_new() : map_new_keyed(bool_key);

	memset(in_map, 0, sizeof(in_map));

	random_seed_for_tests(7);
	for (int step = 0; step < 20000; step++) {
		uint32_t k = random_below(KEYS);

		if (random_below(2) != 0) {
			count += !in[k];
			ck_assert((map_put(m, &k, sizeof(k), &in[k]) != NULL) == in[k]);
			in[k] = true;
		} else {
			count -= in[k];
			ck_assert((map_del(m, &k, sizeof(k)) != NULL) == in[k]);
			in[k] = false;
		}
		k = random_below(KEYS);
		ck_assert(map_get(m, &k, sizeof(k)) == (in[k] ? (void *)&in[k] : NULL));
		ck_assert_uint_eq(map_count(m), count);
	}
	map_free(m, NULL);
}
END_TEST

/* ---- heap ---- */

static int64_t
smallest(const struct heap_item *items, size_t n)
{
	int64_t min = INT64_MAX;

	for (size_t i = 0; i < n; i++) {
		if (items[i].pos != 0 && items[i].key < min)
			min = items[i].key;
	}
	return min;
}

START_TEST(heap_against_array)
{
	enum { N = 64 };
	struct heap_item items[N] = { { 0, 0 } };
	struct heap h = { NULL, 0, 0 };

	random_seed_for_tests(11);
	ck_assert_ptr_null(heap_top(&h));
	for (int step = 0; step < 20000; step++) {
		struct heap_item *item = &items[random_below(N)];

		if (random_below(3) == 0)
			heap_remove(&h, item);
		else
			heap_set(&h, item, (int64_t)random_below(50) - 25);
		ck_assert((heap_top(&h) == NULL) == (h.n == 0));
		ck_assert(h.n == 0 || heap_top(&h)->key == smallest(items, N));
		for (size_t i = 1; i <= h.n; i++)
			ck_assert_uint_eq(h.items[i]->pos, i);
	}
	heap_done(&h);
	for (int i = 0; i < N; i++)
		ck_assert_uint_eq(items[i].pos, 0);
}
END_TEST

START_TEST(heap_sorts)
{
	enum { N = 1000 };
	struct heap_item *items = xcalloc(N, sizeof(*items));
	struct heap h = { NULL, 0, 0 };
	int64_t last = -1;

	random_seed_for_tests(13);
	for (int i = 0; i < N; i++)
		heap_set(&h, &items[i], random_u32());
	for (int i = 0; i < N; i++) {
		struct heap_item *top = heap_top(&h);

		ck_assert_int_ge(top->key, last);
		last = top->key;
		heap_remove(&h, top);
	}
	ck_assert_uint_eq(h.n, 0);
	heap_done(&h);
	free(items);
}
END_TEST

/* ---- addr ---- */

static const struct {
	const char *text;
	const char *shown;	/* with port 53 hidden; NULL = refused */
} addrs[] = {
	{ "192.0.2.1", "192.0.2.1" },
	{ "192.0.2.1:53", "192.0.2.1" },
	{ "192.0.2.1:5300", "192.0.2.1:5300" },
	{ "192.0.2.1:65535", "192.0.2.1:65535" },
	{ "2001:db8::1", "2001:db8::1" },
	{ "2001:DB8:0:0:0:0:0:1", "2001:db8::1" },
	{ "[2001:db8::1]", "2001:db8::1" },
	{ "[2001:db8::1]:53", "2001:db8::1" },
	{ "[::1]:5300", "[::1]:5300" },
	{ "::", "::" },
	{ "::ffff:192.0.2.1", "::ffff:192.0.2.1" },
	{ "[::ffff:192.0.2.1]:1", "[::ffff:192.0.2.1]:1" },
	{ "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff" },
	{ "", NULL },
	{ ":", NULL },
	{ ":53", NULL },
	{ "[]", NULL },
	{ "[]:53", NULL },
	{ "[", NULL },
	{ "[::1", NULL },
	{ "::1]", NULL },
	{ "[::1]53", NULL },
	{ "[::1]:", NULL },
	{ "[192.0.2.1]", NULL },
	{ "[192.0.2.1]:53", NULL },
	{ "192.0.2.1:", NULL },
	{ "192.0.2.1:0", NULL },
	{ "192.0.2.1:65536", NULL },
	{ "192.0.2.1:100000", NULL },
	{ "192.0.2.1:5x", NULL },
	{ "192.0.2.1:-1", NULL },
	{ "192.0.2.1: 53", NULL },
	{ "192.0.2", NULL },
	{ "192.0.2.256", NULL },
	{ "192.0.2.01", NULL },
	{ "192.0.2.1 ", NULL },
	{ "0x7f.1", NULL },
	{ "2001:db8::1::2", NULL },
	{ "fe80::1%eth0", NULL },
	{ "localhost", NULL },
	{ "1:2:3:4:5:6:7:8:9", NULL },
	{ "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.2555555555555555555555", NULL },
};

START_TEST(addr_rows)
{
	struct addr a = { .family = 99 }, b;
	char buf[ADDR_TEXT_MAX];
	struct sockaddr_storage ss;
	bool ok = addr_parse(&a, addrs[_i].text, 53);

	ck_assert_msg(ok == (addrs[_i].shown != NULL), "'%s'", addrs[_i].text);
	if (!ok) {
		ck_assert_msg(a.family == 99, "'%s': output written", addrs[_i].text);
		return;
	}
	ck_assert_str_eq(addr_text(&a, 53, buf), addrs[_i].shown);
	ck_assert(addr_parse(&b, addr_text(&a, 0, buf), 1));
	ck_assert_msg(addr_equal(&a, &b), "'%s' does not survive the round trip", buf);
	ck_assert_uint_gt(addr_to_sockaddr(&a, &ss), 0);
	ck_assert(addr_from_sockaddr(&b, &ss));
	ck_assert(addr_equal(&a, &b));
}
END_TEST

START_TEST(addr_none)
{
	struct addr none = { 0 }, a, b;
	struct sockaddr_storage ss;
	char buf[ADDR_TEXT_MAX];

	ck_assert_str_eq(addr_text(&none, 53, buf), "none");
	ck_assert_uint_eq(addr_to_sockaddr(&none, &ss), 0);
	ck_assert(!addr_from_sockaddr(&a, &ss));
	ck_assert(!addr_is_global(&none));
	ck_assert(addr_parse(&a, "192.0.2.1:53", 0) && addr_parse(&b, "192.0.2.1:54", 0));
	ck_assert(!addr_equal(&a, &b));
	ck_assert(addr_parse(&b, "192.0.2.2:53", 0));
	ck_assert(!addr_equal(&a, &b));
}
END_TEST

static const struct {
	const char *ip;
	bool global;
} globals[] = {
	/* the first and last address of each range and its neighbours */
	{ "0.0.0.0", false },
	{ "0.255.255.255", false },
	{ "1.0.0.0", true },
	{ "1.1.1.1", true },
	{ "9.255.255.255", true },
	{ "10.0.0.0", false },
	{ "10.255.255.255", false },
	{ "11.0.0.0", true },
	{ "100.63.255.255", true },
	{ "100.64.0.0", false },
	{ "100.127.255.255", false },
	{ "100.128.0.0", true },
	{ "126.255.255.255", true },
	{ "127.0.0.1", false },
	{ "127.255.255.255", false },
	{ "128.0.0.0", true },
	{ "169.253.255.255", true },
	{ "169.254.0.0", false },
	{ "169.254.169.254", false },
	{ "169.255.0.0", true },
	{ "172.15.255.255", true },
	{ "172.16.0.0", false },
	{ "172.31.255.255", false },
	{ "172.32.0.0", true },
	{ "192.0.0.1", false },
	{ "192.0.1.0", true },
	{ "192.0.2.53", false },
	{ "192.0.3.0", true },
	{ "192.167.255.255", true },
	{ "192.168.0.0", false },
	{ "192.168.255.255", false },
	{ "192.169.0.0", true },
	{ "198.17.255.255", true },
	{ "198.18.0.0", false },
	{ "198.19.255.255", false },
	{ "198.20.0.0", true },
	{ "198.51.99.255", true },
	{ "198.51.100.0", false },
	{ "198.51.101.0", true },
	{ "203.0.112.255", true },
	{ "203.0.113.255", false },
	{ "203.0.114.0", true },
	{ "223.255.255.255", true },
	{ "224.0.0.0", false },
	{ "239.255.255.255", false },
	{ "240.0.0.0", false },
	{ "255.255.255.255", false },
	{ "::", false },
	{ "::1", false },
	{ "::ffff:127.0.0.1", false },
	{ "::ffff:8.8.8.8", false },	/* mapped: never legitimate in an AAAA record */
	{ "::127.0.0.1", false },
	{ "::8.8.8.8", false },		/* v4-compatible: likewise */
	{ "64:ff9b::127.0.0.1", false },
	{ "64:ff9b::10.1.2.3", false },
	{ "64:ff9b::169.254.169.254", false },
	{ "64:ff9b::8.8.8.8", true },
	{ "64:ff9b:1::8.8.8.8", false },	/* local NAT64, RFC 8215 */
	{ "64:ff9b:0:0:0:1:808:808", false },
	{ "100::1", false },
	{ "1fff:ffff::", false },
	{ "2000::", true },
	{ "2001::1", false },		/* Teredo */
	{ "2001:1ff::1", false },
	{ "2001:4:112::1", true },	/* AS112 */
	{ "2001:200::1", true },
	{ "2001:4860:4860::8888", true },
	{ "2001:db7:ffff::", true },
	{ "2001:db8::1", false },
	{ "2001:db9::", true },
	{ "2002:7f00:1::", false },	/* 6to4 of 127.0.0.1 */
	{ "2002:c0a8:101::1", false },	/* 6to4 of 192.168.1.1 */
	{ "2002:808:808::1", true },
	{ "2606:4700:4700::1111", true },
	{ "3ffe::1", true },
	{ "3fff::1", false },
	{ "3fff:fff:ffff::", false },
	{ "3fff:1000::", true },
	{ "4000::", false },
	{ "5f00::1", false },
	{ "fc00::1", false },
	{ "fdff::1", false },
	{ "fe80::1", false },
	{ "fec0::1", false },
	{ "ff02::1", false },
};

START_TEST(addr_global_rows)
{
	struct addr a;

	ck_assert(addr_parse(&a, globals[_i].ip, 53));
	ck_assert_msg(addr_is_global(&a) == globals[_i].global, "%s", globals[_i].ip);
}
END_TEST

/* ---- log ---- */

static void
collect(void *ctx, enum log_level level, const char *line)
{
	str_addf(ctx, "%d %s|", (int)level, line);
}

START_TEST(log_levels_and_last_defence)
{
	struct str got = STR_INIT;

	log_init(LOG_LVL_INFO);
	log_redirect(collect, &got);
	log_err("a %d", 1);
	log_warn("b\nc\x1b[0m\x7f");
	log_info("d");
	log_debug("e");
	ck_assert(!log_wanted(LOG_LVL_DEBUG));
	log_init(LOG_LVL_DEBUG);
	log_debug("f");
	log_notice("caf\xc3\xa9");
	log_redirect(NULL, NULL);
	ck_assert_str_eq(str_c(&got), "3 a 1|4 b?c?[0m?|6 d|7 f|5 caf\xc3\xa9|");
	str_done(&got);
}
END_TEST

/* What one warning writes to stderr; journal: JOURNAL_STREAM names it. */
static void
captured(char *buf, size_t size, bool journal)
{
	int fds[2], saved = dup(STDERR_FILENO);
	char stream[64];
	struct stat st;
	ssize_t n;

	ck_assert(pipe(fds) == 0 && fstat(fds[1], &st) == 0);
	snprintf(stream, sizeof(stream), "%llu:%llu", (unsigned long long)st.st_dev,
	    (unsigned long long)st.st_ino + (journal ? 0 : 1));
	setenv("JOURNAL_STREAM", stream, 1);
	dup2(fds[1], STDERR_FILENO);
	log_init(LOG_LVL_INFO);
	log_warn("two\nlines");
	dup2(saved, STDERR_FILENO);
	n = read(fds[0], buf, size - 1);
	ck_assert_int_gt(n, 0);
	buf[n] = '\0';
	unsetenv("JOURNAL_STREAM");
	log_init(LOG_LVL_INFO);
	close(saved);
	close(fds[0]);
	close(fds[1]);
}

START_TEST(log_to_stderr)
{
	char line[128];

	captured(line, sizeof(line), true);
	ck_assert_str_eq(line, "<4>two?lines\n");
	captured(line, sizeof(line), false);	/* somebody else's stderr: the time instead of the priority */
	ck_assert_uint_eq(strlen(line), strlen("2026-11-21T10:20:30Z two?lines\n"));
	ck_assert_str_eq(line + 20, " two?lines\n");
}
END_TEST

#define ROWS(tc, test, rows) tcase_add_loop_test(tc, test, 0, (int)ARRAY_LEN(rows))

static void
add_text_tests(Suite *s)
{
	TCase *tc = tcase_create("text");

	tcase_add_test(tc, err_words);
	tcase_add_test(tc, err_is_cut_not_overrun);
	tcase_add_test(tc, arena_zeroes_and_aligns);
	tcase_add_test(tc, str_grows);
	tcase_add_test(tc, str_compares_ascii_only);
	ROWS(tc, printable_rows, printable);
	tcase_add_test(tc, utf8_every_code_point);
	tcase_add_test(tc, names);
	tcase_add_test(tc, log_levels_and_last_defence);
	tcase_add_test(tc, log_to_stderr);
	suite_add_tcase(s, tc);
}

static void
add_time_tests(Suite *s)
{
	TCase *tc = tcase_create("time");

	tcase_add_test(tc, clock_fake);
	ROWS(tc, rfc3339_rows, stamps);
	ROWS(tc, duration_parse_rows, durations);
	ROWS(tc, duration_text_rows, spans);
	suite_add_tcase(s, tc);
}

static void
add_structure_tests(Suite *s)
{
	TCase *tc = tcase_create("structures");

	tcase_add_test(tc, random_is_uniform_enough);
	tcase_add_test(tc, random_seeded_repeats);
	ROWS(tc, hash_stable_rows, sips);
	tcase_add_test(tc, hash_keyed);
	tcase_add_test(tc, map_grows_and_deletes);
	tcase_add_test(tc, map_replaces_and_takes_any_key);
	tcase_add_loop_test(tc, map_against_array, 0, 2);	/* keys copied, and kept by the values */
	tcase_add_test(tc, heap_against_array);
	tcase_add_test(tc, heap_sorts);
	ROWS(tc, addr_rows, addrs);
	tcase_add_test(tc, addr_none);
	ROWS(tc, addr_global_rows, globals);
	suite_add_tcase(s, tc);
}

int
main(void)
{
	Suite *s = suite_create("base");
	SRunner *sr = srunner_create(s);
	int failed;

	add_text_tests(s);
	add_time_tests(s);
	add_structure_tests(s);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
