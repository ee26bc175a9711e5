/* SPDX-License-Identifier: ISC */
/*
 * base: what every room stands on.  Memory, strings, errors with words, names of enums, time, randomness, addresses
 * and the log.  Knows nothing of DNS and of no third-party library.
 */
#ifndef M365DNSD_BASE_H
#define M365DNSD_BASE_H

#include <endian.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define PRINTF_LIKE(f, a) __attribute__((format(printf, f, a)))
#define ARRAY_LEN(a)      (sizeof(a) / sizeof((a)[0]))

/* ---- err.c: an error is words for a human; outcomes that are data (timeout, NXDOMAIN) are enums instead ---- */

struct err {
	char msg[512];
};

/* Set the words.  err may be NULL (the caller does not want them). */
void err_set(struct err *err, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Put "prefix: " before what err says already. */
void err_prefix(struct err *err, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* ---- mem.c: allocation aborts when memory is out; sizes from outside are capped before they come here ---- */

/* Says why on standard error, without the heap, and aborts: no end is silent. */
_Noreturn void give_up(const char *why);
void *xmalloc(size_t n);
void *xcalloc(size_t n, size_t size);
void *xreallocarray(void *p, size_t n, size_t size);
char *xstrdup(const char *s);
char *xstrndup(const char *s, size_t n);
char *xasprintf(const char *fmt, ...) PRINTF_LIKE(1, 2);
char *xvasprintf(const char *fmt, va_list ap) PRINTF_LIKE(1, 0);

/* ---- arena.c: allocate freely, free once ---- */

struct arena;

struct arena *arena_new(void);
/* Zeroed, aligned for any type; lives until arena_reset() or arena_free(). */
void *arena_alloc(struct arena *a, size_t n);
void *arena_dup(struct arena *a, const void *p, size_t n);
char *arena_strdup(struct arena *a, const char *s);
char *arena_printf(struct arena *a, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Forget everything, keep the first block for the next use. */
void arena_reset(struct arena *a);
void arena_free(struct arena *a);

/* ---- str.c: a growing byte string, always NUL-terminated; may hold NUL bytes too ---- */

struct str {
	char *p;		/* NULL until the first byte; use str_c() to read */
	size_t len, cap;
};
#define STR_INIT { NULL, 0, 0 }

void str_add(struct str *s, const char *text);
void str_addn(struct str *s, const void *bytes, size_t n);
void str_addc(struct str *s, char c);
void str_addf(struct str *s, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* The text so far ("" when empty); valid until s changes. */
const char *str_c(const struct str *s);
/* Hand the malloc'ed text over and leave s empty. */
char *str_take(struct str *s);
/* Empty, keeping the memory. */
void str_clear(struct str *s);
void str_done(struct str *s);

bool str_ieq(const char *a, const char *b);		/* ASCII case folded, NULL equals only NULL */
bool str_iprefix(const char *s, const char *prefix);
char ascii_lower(char c);

/*
 * Escape bytes for a terminal or a log line: printable UTF-8 stays; C0, DEL, C1, line separators, bidi controls and
 * invalid UTF-8 become \xNN, the backslash \\.
 */
void str_add_printable(struct str *s, const void *bytes, size_t n);
/* Length of the valid UTF-8 sequence at p (1 to 4), 0 if it is none (RFC 3629: no surrogates, no overlong); ret_cp optional. */
size_t utf8_decode(const uint8_t *p, size_t n, uint32_t *ret_cp);

/* ---- names.c: enum <-> word, one list a table ---- */

struct name_row {
	int id;
	const char *name;
};
struct name_table {
	const struct name_row *rows;
	size_t n;
};
#define NAME_TABLE(var, array) const struct name_table var = { array, ARRAY_LEN(array) }

/* The word of id, or "?" (never NULL). */
const char *name_of(const struct name_table *t, int id);
/* The id of a word (case folded); false when it is none of them. */
bool name_find(const struct name_table *t, const char *word, int *ret_id);
/* "a, b or c": for error messages. */
const char *name_list(const struct name_table *t, struct str *buf);

/* ---- clock.c: the only source of time; tests run on a fake one ---- */

struct clock {
	int64_t (*mono_ms)(const struct clock *c);	/* CLOCK_BOOTTIME: intervals, goes on during suspend */
	int64_t (*unix_ms)(const struct clock *c);	/* UTC, for people */
	int64_t fake_mono_ms, fake_unix_ms;		/* used by the fake clock only */
};

extern const struct clock clock_system;
void clock_fake_init(struct clock *c, int64_t mono_ms, int64_t unix_ms);
void clock_fake_advance(struct clock *c, int64_t ms);

/* RFC 3339 UTC, whole seconds, "2026-11-21T10:20:30Z"; buf holds at least 32 bytes. */
const char *time_rfc3339(int64_t unix_ms, char *buf);
/* "45s", "12m", "3h 5m", "2d 4h": for people; buf holds at least 32 bytes. */
const char *duration_text(int64_t seconds, char *buf);
/* "90", "90s", "15m", "2h", "1d", "1h30m" -> seconds; false when it is none, is negative or is over ten years. */
bool duration_parse(const char *text, int64_t *ret_seconds);

/* ---- random.c: getrandom(2), buffered; a test may seed it and then gets a fixed sequence ---- */

void random_bytes(void *buf, size_t n);
uint32_t random_u32(void);
/* Uniform in [0, n), n > 0. */
uint32_t random_below(uint32_t n);
void random_seed_for_tests(uint64_t seed);

/* ---- hash.c: keyed (SipHash-1-3 with a per-process key), because others choose what we hash ---- */

uint64_t hash_bytes(const void *p, size_t n);
/* The same, unkeyed and stable between processes: for what is stored on disk. */
uint64_t hash_stable(const void *p, size_t n);

/* A map from byte strings to pointers; keeps a copy of the key.  Used for domains, sources, variants. */
struct map;
struct map *map_new(void);
/* A map whose values know their keys (which must not change while they are in it): nothing is copied. */
typedef const void *map_key(const void *value, size_t *ret_n);
struct map *map_new_keyed(map_key *key_of);
/* NULL when absent. */
void *map_get(const struct map *m, const void *key, size_t n);
/* Insert or replace; returns the previous value or NULL.  value must not be NULL. */
void *map_put(struct map *m, const void *key, size_t n, void *value);
void *map_del(struct map *m, const void *key, size_t n);
size_t map_count(const struct map *m);
/* Call f on each; f may not change the map.  Order is not defined. */
void map_each(const struct map *m, void (*f)(void *ctx, void *value), void *ctx);
/* The same until f is false. */
void map_each_while(const struct map *m, bool (*f)(void *ctx, void *value), void *ctx);
/* Free the map; free_value may be NULL. */
void map_free(struct map *m, void (*free_value)(void *value));

/* ---- blob.c: octets that are kept once, however many hold them ---- */

struct blob {
	uint32_t refs, len;
	uint8_t bytes[];
};
struct map *blobs_new(void);		/* for map_free(blobs, NULL), once nobody holds any */
/* The blob of these octets, held once more.  blobs NULL: a blob of one's own. */
struct blob *blob_get(struct map *blobs, const void *bytes, size_t n);
/* Held once less; the last frees it.  NULL is fine. */
void blob_put(struct map *blobs, struct blob *blob);

/* ---- pack.c: plain values as bytes, little-endian, and back again with every length checked ---- */

void pack_uint(struct str *s, uint64_t v, unsigned octets);
void pack_bytes(struct str *s, const void *p, size_t n);	/* n as 32 bits, then the bytes */
void pack_text(struct str *s, const char *text);

/* A reader with a sticky error: after the first one all values are 0 and empty; look at bad once at the end. */
struct unpack {
	const uint8_t *p;
	size_t left;
	bool bad;
};
uint64_t unpack_tail(struct unpack *u, unsigned octets);	/* the same for the last seven octets of all */
/* 1 to 8 octets.  Eight are read where there are so many: a snapshot is a thousand small numbers. */
static inline uint64_t
unpack_uint(struct unpack *u, unsigned octets)
{
	uint64_t v;

	if (u->left < sizeof(v) || u->bad)
		return unpack_tail(u, octets);
	memcpy(&v, u->p, sizeof(v));
	u->p += octets;
	u->left -= octets;
	return le64toh(v) & UINT64_MAX >> (64 - 8 * octets);
}
/* The bytes lie in the input. */
const void *unpack_bytes(struct unpack *u, size_t *ret_n);
/* At most cap - 1 bytes, without NUL, into buf; "" on error. */
void unpack_text(struct unpack *u, char *buf, size_t cap);

/* ---- heap.c: many due times, one timer.  Items carry their own position, so moving one is O(log n) ---- */

struct heap_item {
	int64_t key;		/* ms */
	uint32_t pos;		/* 0 = not in the heap */
};
struct heap {
	struct heap_item **items;	/* items[1..n] */
	size_t n, cap;
};

void heap_set(struct heap *h, struct heap_item *item, int64_t key);	/* insert or move */
void heap_remove(struct heap *h, struct heap_item *item);		/* nothing when it is not in */
struct heap_item *heap_top(const struct heap *h);			/* NULL when empty */
void heap_done(struct heap *h);

/* ---- addr.c: numeric IPv4 and IPv6 addresses ---- */

struct addr {
	uint8_t family;		/* 4, 6, or 0 = none */
	uint16_t port;		/* host order */
	uint8_t ip[16];		/* network order; IPv4 in the first four */
};
#define ADDR_TEXT_MAX 64

/* "192.0.2.1", "192.0.2.1:5300", "2001:db8::1", "[2001:db8::1]:53"; default_port where none is given. */
bool addr_parse(struct addr *ret, const char *text, uint16_t default_port);
/* The port is shown only when it differs from hide_port. */
const char *addr_text(const struct addr *a, uint16_t hide_port, char buf[ADDR_TEXT_MAX]);
bool addr_equal(const struct addr *a, const struct addr *b);	/* address and port */
/*
 * May an address learned from DNS be asked?  False for every special-purpose range, v4-mapped and v4-compatible forms
 * included; NAT64 and 6to4 forms are judged by the IPv4 address inside.
 */
bool addr_is_global(const struct addr *a);
/* Fill a struct sockaddr_storage; returns its length. */
struct sockaddr_storage;
unsigned addr_to_sockaddr(const struct addr *a, struct sockaddr_storage *ss);
bool addr_from_sockaddr(struct addr *ret, const struct sockaddr_storage *ss);

/* ---- log.c: state changes, not samples.  The caller passes values from outside through str_add_printable ---- */

enum log_level { LOG_LVL_ERR = 3, LOG_LVL_WARNING = 4, LOG_LVL_NOTICE = 5, LOG_LVL_INFO = 6, LOG_LVL_DEBUG = 7 };

/* To stderr; with <N> prefixes when the journal listens there (JOURNAL_STREAM), with the time otherwise. */
void log_init(enum log_level max);
/* Send lines elsewhere (tests, fuzzers); NULL restores stderr. */
void log_redirect(void (*sink)(void *ctx, enum log_level level, const char *line), void *ctx);
bool log_wanted(enum log_level level);
/* Do the lines go to the journal? */
bool log_is_journal(void);
void log_at(enum log_level level, const char *fmt, ...) PRINTF_LIKE(2, 3);
#define log_err(...)    log_at(LOG_LVL_ERR, __VA_ARGS__)
#define log_warn(...)   log_at(LOG_LVL_WARNING, __VA_ARGS__)
#define log_notice(...) log_at(LOG_LVL_NOTICE, __VA_ARGS__)
#define log_info(...)   log_at(LOG_LVL_INFO, __VA_ARGS__)
#define log_debug(...)                                                                                                 \
	do {                                                                                                           \
		if (log_wanted(LOG_LVL_DEBUG))                                                                         \
			log_at(LOG_LVL_DEBUG, __VA_ARGS__);                                                            \
	} while (0)

#endif
