/* SPDX-License-Identifier: ISC */
/*
 * side: what one domain's diagnosis asked aside, and what came back.
 *
 *   (asked for) WANTED --sides_next--> ASKING --sides_answer--> KNOWN --out of date, asked for again--> WANTED ...
 *                                         ASKING --sides_answer, but all went out of date meanwhile--> WANTED
 *
 * Few domains have more than ten of them and none more than SIDES_MAX, so one buffer that is walked from its start will do:
 * entries of different lengths, in the order they were thought of.  A hundred thousand domains have a million entries, so they
 * are small: a name in the domain's own zone is kept without the domain, and what came back (answer, zone that denies, in whose
 * words) is a blob that all domains share, because Microsoft says the same to all of them, and a provider to all its customers.
 * What is asked for is often a stranger's choice, and so are the answers: not only their number is bounded, but their bytes too.
 */
#include <assert.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <m365dnsd/eval.h>

enum side_step { SIDE_WANTED, SIDE_ASKING, SIDE_KNOWN };
struct side {
	struct blob *said;		/* see struct said; NULL = nothing yet */
	uint64_t expires_ms : 40;	/* monotonic: 34 years */
	uint64_t type : 16;
	uint64_t at : 3;
	uint64_t reason : 5;		/* enum reason of the last asking */
	uint32_t ttl;			/* of the answer, as it came */
	uint16_t id;			/* no other entry has it now; what is being asked is never dropped */
	uint8_t failures;		/* in a row */
	uint8_t step : 2;
	uint8_t has_answer : 1, is_failed : 1;	/* neither: never answered yet */
	uint8_t asked_for : 1;		/* since the last round */
	uint8_t aa : 1;
	uint8_t is_home : 1;		/* home follows name */
	uint8_t is_late : 1;		/* what is being asked will be out of date when it comes */
	uint8_t soa_len;		/* that many octets at the end of the name are the zone that denies; 0 = see struct said */
	uint8_t name_len;
	uint8_t name[];			/* wire form */
} __attribute__((packed));		/* entries follow one another without holes */
static_assert(SIDE_AT_MAX <= 8 && REASON_MAX <= 32, "bits of struct side");
#define EXPIRES_MAX ((INT64_C(1) << 40) - 1)	/* also what never expires */

struct sides {
	struct map *blobs;		/* NULL: nothing is shared */
	struct side *first;		/* the others behind it, at side_size() */
	int64_t now_ms;
	uint32_t len;			/* octets */
	uint16_t last_id;
	uint16_t n;
	uint8_t home_len;		/* 0 = none */
	uint8_t home[];
};

/* The inside of a blob: length of soa, soa, where with its NUL, and the rest. */
struct said {
	uint8_t soa_len;
	const uint8_t *soa;		/* wire form of the zone that denies, where that is not above the name; soa_len 0 = none */
	const char *where;
	const uint8_t *bytes;		/* the answer packed, or the text of a policy */
	size_t n;
};

/* ---- the buffer ---- */

struct sides *
sides_new_shared(struct map *blobs, const struct dns_name *home)
{
	struct sides *s = xcalloc(1, offsetof(struct sides, home) + home->len);

	s->blobs = blobs;
	s->home_len = home->len;
	memcpy(s->home, home->wire, home->len);
	return s;
}

struct sides *
sides_new(void)
{
	return sides_new_shared(NULL, &(const struct dns_name){ .len = 0 });
}

static size_t
entry_size(size_t name_len)
{
	return offsetof(struct side, name) + name_len;
}

/* The entry behind e in the buffer, the first one for NULL; NULL when e was the last. */
static struct side *
side_after(const struct sides *s, struct side *e)
{
	char *begin = (char *)s->first, *at = e == NULL ? begin : (char *)e + entry_size(e->name_len);

	return s->len == 0 || at == begin + s->len ? NULL : (struct side *)(void *)at;
}

void
sides_free(struct sides *s)
{
	if (s == NULL)
		return;
	for (struct side *e = side_after(s, NULL); e != NULL; e = side_after(s, e))
		blob_put(s->blobs, e->said);
	free(s->first);
	free(s);
}

static void
side_name(const struct sides *s, const struct side *e, struct dns_name *ret)
{
	size_t home = e->is_home ? s->home_len : 0;

	memset(ret, 0, sizeof(*ret));
	ret->len = (uint8_t)(e->name_len + home);
	memcpy(ret->wire, e->name, e->name_len);
	memcpy(ret->wire + e->name_len, s->home, home);
}

static struct side *
side_find(const struct sides *s, enum side_at at, const struct dns_name *name, uint16_t type)
{
	struct dns_name have;

	for (struct side *e = side_after(s, NULL); e != NULL; e = side_after(s, e)) {
		if (e->type != type || e->at != at || e->name_len + (e->is_home ? s->home_len : 0) != name->len)
			continue;
		side_name(s, e, &have);
		if (dns_name_equal(&have, name))
			return e;
	}
	return NULL;
}

static struct side *
side_by_id(const struct sides *s, unsigned id)
{
	struct side *e = side_after(s, NULL);

	while (e != NULL && e->id != id)
		e = side_after(s, e);
	return e;
}

/* There are far more than SIDES_MAX; 0 is none. */
static uint16_t
id_free(struct sides *s)
{
	do
		s->last_id++;
	while (s->last_id == 0 || side_by_id(s, s->last_id) != NULL);
	return s->last_id;
}

static struct side *
side_add(struct sides *s, enum side_at at, const struct dns_name *name, uint16_t type)
{
	struct dns_name home = { .len = s->home_len };
	bool is_home;
	struct side *e;
	uint16_t id;
	size_t n;

	if (s->n >= SIDES_MAX || name->len == 0)
		return NULL;
	memcpy(home.wire, s->home, s->home_len);
	is_home = home.len > 0 && dns_name_is_below(name, &home);
	id = id_free(s);
	n = name->len - (is_home ? home.len : 0u);
	s->first = xreallocarray(s->first, 1, s->len + entry_size(n));
	e = (struct side *)(void *)((char *)s->first + s->len);
	s->len += (uint32_t)entry_size(n);
	s->n++;
	memset(e, 0, entry_size(n));
	e->id = id;
	e->type = type;
	e->at = at & 7;
	e->step = SIDE_WANTED;
	e->is_home = is_home;
	e->name_len = (uint8_t)n;
	memcpy(e->name, name->wire, n);
	return e;
}

/* The entry behind it, which has taken its place; NULL = it was the last. */
static struct side *
side_drop(struct sides *s, struct side *e)
{
	size_t size = entry_size(e->name_len), at = (size_t)((char *)e - (char *)s->first);

	blob_put(s->blobs, e->said);
	s->n--;
	s->len -= (uint32_t)size;
	memmove(e, (char *)e + size, s->len - at);
	return at == s->len ? NULL : e;
}

/* ---- what is known ---- */

static void
said_read(const struct side *e, struct said *ret)
{
	const uint8_t *p = e->said != NULL ? e->said->bytes : (const uint8_t *)"\0";	/* no zone, nobody */

	ret->soa_len = *p++;
	ret->soa = p;
	ret->where = (const char *)p + ret->soa_len;
	ret->bytes = (const uint8_t *)ret->where + strlen(ret->where) + 1;
	ret->n = e->said != NULL ? e->said->len - (size_t)(ret->bytes - e->said->bytes) : 0;
}

/* The zone that denies; len 0 = none. */
static void
side_soa(const struct sides *s, const struct side *e, const struct said *said, struct dns_name *ret)
{
	struct dns_name name;

	memset(ret, 0, sizeof(*ret));
	ret->len = e->soa_len > 0 ? e->soa_len : said->soa_len;
	if (e->soa_len > 0) {
		side_name(s, e, &name);
		memcpy(ret->wire, name.wire + name.len - e->soa_len, e->soa_len);
		dns_name_lower(ret);
	} else if (said->soa_len > 0) {
		memcpy(ret->wire, said->soa, said->soa_len);
	}
}

static void
side_answer_of(const struct sides *s, const struct side *e, const struct said *said, struct arena *a, struct side_fact *ret)
{
	struct answer *an = arena_alloc(a, sizeof(*an));

	if (!answer_unpack(a, said->bytes, said->n, an)) {
		ret->state = SIDE_FAILED;
		ret->reason = REASON_MALFORMED;
		return;
	}
	an->aa = e->aa;
	an->ttl = e->ttl;
	side_soa(s, e, said, &an->soa_owner);
	an->has_soa = an->soa_owner.len > 0;
	ret->answer = an;
}

static void
side_tell(const struct sides *s, const struct side *e, struct arena *a, struct side_fact *ret)
{
	struct said said;
	char *text;

	said_read(e, &said);
	memset(ret, 0, sizeof(*ret));
	ret->state = e->has_answer ? SIDE_ANSWERED : e->is_failed ? SIDE_FAILED : SIDE_PENDING;
	ret->reason = e->is_failed ? (enum reason)e->reason : REASON_NONE;
	ret->where = *said.where != '\0' ? arena_strdup(a, said.where) : "";
	if (!e->has_answer)
		return;
	if (e->at != SIDE_POLICY) {
		side_answer_of(s, e, &said, a, ret);
		return;
	}
	text = arena_alloc(a, said.n + 1);		/* zeroed: ends in a NUL */
	if (said.n > 0)
		memcpy(text, said.bytes, said.n);
	ret->text = text;
	ret->n_text = said.n;
}

void
sides_ask(struct sides *s, enum side_at at, const struct dns_name *name, uint16_t type, struct arena *a, struct side_fact *ret)
{
	struct side *e = s != NULL ? side_find(s, at, name, type) : NULL;

	if (e == NULL && s != NULL)
		e = side_add(s, at, name, type);
	if (e == NULL) {
		*ret = (struct side_fact){ .state = SIDE_FAILED, .reason = REASON_STOPPED, .where = "" };
		return;
	}
	e->asked_for = true;
	if (e->step == SIDE_KNOWN && (int64_t)e->expires_ms <= s->now_ms)
		e->step = SIDE_WANTED;
	side_tell(s, e, a, ret);
}

bool
sides_peek(struct sides *s, enum side_at at, const struct dns_name *name, uint16_t type, struct arena *a, struct side_fact *ret)
{
	const struct side *e = s != NULL ? side_find(s, at, name, type) : NULL;

	if (e == NULL || !e->has_answer)
		return false;
	side_tell(s, e, a, ret);
	return ret->state == SIDE_ANSWERED;
}

bool
sides_next(struct sides *s, struct side_want *ret)
{
	for (struct side *e = s != NULL ? side_after(s, NULL) : NULL; e != NULL; e = side_after(s, e)) {
		if (e->step != SIDE_WANTED)
			continue;
		e->step = SIDE_ASKING;
		e->is_late = false;
		ret->id = e->id;
		ret->at = (enum side_at)e->at;
		ret->failures = e->failures;
		side_name(s, e, &ret->q.name);
		ret->q.type = e->type;
		return true;
	}
	return false;
}

/* ---- what comes back ---- */

/* What is known from now on: said->bytes, denied by soa (NULL = no zone).  True when it is something else than before. */
static bool
side_put(struct sides *s, struct side *e, bool has_answer, const struct said *said, const struct dns_name *soa)
{
	struct blob *before = e->said;
	struct dns_name was_soa, name;
	struct str all = STR_INIT;
	struct said was;
	bool same;

	said_read(e, &was);
	side_soa(s, e, &was, &was_soa);
	same = e->has_answer == has_answer && e->is_failed == !has_answer && was.n == said->n &&
	    (said->n == 0 || memcmp(was.bytes, said->bytes, said->n) == 0) &&
	    (soa != NULL ? was_soa.len > 0 && dns_name_equal(&was_soa, soa) : was_soa.len == 0);
	side_name(s, e, &name);
	e->soa_len = soa != NULL && dns_name_is_below(&name, soa) ? soa->len : 0;
	if (soa != NULL && e->soa_len == 0) {
		str_addc(&all, (char)soa->len);
		str_addn(&all, soa->wire, soa->len);
	} else {
		str_addc(&all, '\0');
	}
	str_addn(&all, said->where != NULL ? said->where : "", said->where != NULL ? strlen(said->where) + 1 : 1);
	str_addn(&all, said->bytes, said->n);
	e->said = blob_get(s->blobs, all.p, all.len);
	blob_put(s->blobs, before);
	str_done(&all);
	e->step = e->is_late ? SIDE_WANTED : SIDE_KNOWN;
	e->has_answer = has_answer;
	e->is_failed = !has_answer;
	e->failures = has_answer ? 0 : e->failures < UINT8_MAX ? e->failures + 1 : UINT8_MAX;
	return !same;
}

static void
side_expires(struct side *e, int64_t at_ms)
{
	e->expires_ms = (uint64_t)(at_ms < 0 ? 0 : at_ms < EXPIRES_MAX ? at_ms : EXPIRES_MAX) & EXPIRES_MAX;
}

/* Room for an answer of n bytes, in place of what e holds now? */
static bool
has_room(const struct sides *s, const struct side *e, size_t n)
{
	size_t sum = n;

	for (struct side *o = side_after(s, NULL); o != NULL; o = side_after(s, o))
		sum += o != e && o->said != NULL ? o->said->len : 0;
	return n <= SIDE_BYTES_MAX && sum <= SIDES_BYTES_MAX;
}

bool
sides_answer(struct sides *s, unsigned id, enum reason reason, const struct answer *an, const char *where, int64_t expires_ms)
{
	struct side *e = side_by_id(s, id);
	bool failed = an == NULL || an->kind == ANSWER_FAILURE, denied = !failed && an->has_soa && an->kind != ANSWER_POSITIVE;
	struct said said = { .where = where };
	struct str packed = STR_INIT;
	enum reason was;
	bool news;

	if (e == NULL)
		return false;
	was = (enum reason)e->reason;
	if (!failed)
		answer_pack(an, &packed);
	if (!has_room(s, e, packed.len)) {
		failed = true;
		denied = false;
		reason = REASON_TRUNCATED;
		str_clear(&packed);
	}
	reason = !failed ? REASON_NONE : reason != REASON_NONE ? reason : REASON_SERVFAIL;
	e->reason = reason & 31;
	if (!failed) {
		e->aa = an->aa;
		e->ttl = an->ttl;
	}
	said.bytes = (const uint8_t *)packed.p;
	said.n = packed.len;
	news = side_put(s, e, !failed, &said, denied ? &an->soa_owner : NULL) || was != reason;
	side_expires(e, expires_ms);
	str_done(&packed);
	return news;
}

bool
sides_answer_text(struct sides *s, unsigned id, const char *text, size_t n, const char *where, int64_t expires_ms)
{
	struct said said = { .where = where, .bytes = (const uint8_t *)text, .n = n < SIDE_TEXT_MAX ? n : SIDE_TEXT_MAX };
	struct side *e = side_by_id(s, id);
	bool news;

	if (e == NULL)
		return false;
	e->reason = REASON_NONE;
	news = side_put(s, e, true, &said, NULL);
	side_expires(e, expires_ms);
	return news;
}

/* ---- rounds ---- */

void
sides_round(struct sides *s, int64_t now_ms, bool all)
{
	struct side *e = side_after(s, NULL);

	s->now_ms = now_ms;
	while (e != NULL) {
		if (!e->asked_for && e->step != SIDE_ASKING) {
			e = side_drop(s, e);
			continue;
		}
		e->asked_for = false;
		e->is_late |= all && e->step == SIDE_ASKING;
		if (all)
			side_expires(e, now_ms);
		e = side_after(s, e);
	}
}

size_t
sides_pending(const struct sides *s)
{
	size_t n = 0;

	for (struct side *e = s != NULL ? side_after(s, NULL) : NULL; e != NULL; e = side_after(s, e))
		n += e->step != SIDE_KNOWN;
	return n;
}

int64_t
sides_retry_ms(const struct sides *s)
{
	int64_t first = EXPIRES_MAX;

	for (struct side *e = s != NULL ? side_after(s, NULL) : NULL; e != NULL; e = side_after(s, e))
		if (e->step == SIDE_KNOWN && e->is_failed && e->asked_for && e->expires_ms < first)
			first = e->expires_ms;
	return first < EXPIRES_MAX ? first : INT64_MAX;
}

void
sides_put_back(struct sides *s, unsigned id)
{
	struct side *e = side_by_id(s, id);

	if (e != NULL)
		e->step = SIDE_WANTED;
}

size_t
sides_count(const struct sides *s)
{
	return s != NULL ? s->n : 0;
}
