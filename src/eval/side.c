/* SPDX-License-Identifier: ISC */
/*
 * side: what one domain's diagnosis asked aside, and what came back.
 *
 *   (asked for) WANTED --sides_next--> ASKING --sides_answer--> KNOWN --out of date, asked for again--> WANTED ...
 *
 * Few domains have more than ten of them and none more than SIDES_MAX, so a list with a hash in each entry will do.  Answers are
 * kept packed (answer_pack); of a denial the zone that it comes from is kept beside it, because who denies matters.
 */
#include <stdlib.h>
#include <string.h>

#include <m365dnsd/eval.h>

enum side_step { SIDE_WANTED, SIDE_ASKING, SIDE_KNOWN };
struct side {
	struct side *next;
	uint64_t hash;
	unsigned id;
	uint16_t type;
	uint8_t at, step;
	uint8_t reason;			/* enum reason of the last asking */
	bool has_answer, is_failed;	/* neither: never answered yet */
	bool asked_for;			/* since the last round */
	bool aa;
	uint32_t ttl;			/* of the answer, as it came */
	uint8_t failures;		/* in a row */
	int64_t expires_ms;
	char *where;
	void *bytes;			/* the answer packed, or the text of a policy */
	uint32_t n_bytes;
	uint8_t soa_len, name_len;
	uint8_t *soa;			/* wire form of the zone that denies; NULL = none */
	uint8_t name[];			/* wire form */
};
struct sides {
	struct side *list;
	size_t n;
	unsigned next_id;
	int64_t now_ms;
};

struct sides *
sides_new(void)
{
	return xcalloc(1, sizeof(struct sides));
}

static void
side_free(struct side *e)
{
	free(e->bytes);
	free(e->soa);
	free(e->where);
	free(e);
}

void
sides_free(struct sides *s)
{
	if (s == NULL)
		return;
	while (s->list != NULL) {
		struct side *e = s->list;

		s->list = e->next;
		side_free(e);
	}
	free(s);
}

static void
side_name(const struct side *e, struct dns_name *ret)
{
	memset(ret, 0, sizeof(*ret));
	ret->len = e->name_len;
	memcpy(ret->wire, e->name, e->name_len);
}

static struct side *
side_find(struct sides *s, enum side_at at, const struct dns_name *name, uint16_t type)
{
	uint64_t hash = dns_name_hash(name);
	struct dns_name have;

	for (struct side *e = s->list; e != NULL; e = e->next) {
		if (e->hash != hash || e->at != at || e->type != type)
			continue;
		side_name(e, &have);
		if (dns_name_equal(&have, name))
			return e;
	}
	return NULL;
}

static struct side *
side_add(struct sides *s, enum side_at at, const struct dns_name *name, uint16_t type)
{
	struct side *e, **end = &s->list;

	if (s->n >= SIDES_MAX || name->len == 0)
		return NULL;
	e = xcalloc(1, sizeof(*e) + name->len);
	e->hash = dns_name_hash(name);
	e->id = ++s->next_id;
	e->at = (uint8_t)at;
	e->type = type;
	e->step = SIDE_WANTED;
	e->name_len = name->len;
	memcpy(e->name, name->wire, name->len);
	while (*end != NULL)		/* in the order they were thought of */
		end = &(*end)->next;
	*end = e;
	s->n++;
	return e;
}

static void
side_answer_of(const struct side *e, struct arena *a, struct side_fact *ret)
{
	struct answer *an = arena_alloc(a, sizeof(*an));

	if (!answer_unpack(a, e->bytes, e->n_bytes, an)) {
		ret->state = SIDE_FAILED;
		ret->reason = REASON_MALFORMED;
		return;
	}
	an->aa = e->aa;
	an->ttl = e->ttl;
	an->has_soa = e->soa_len > 0;
	an->soa_owner.len = e->soa_len;
	if (e->soa_len > 0)
		memcpy(an->soa_owner.wire, e->soa, e->soa_len);
	ret->answer = an;
}

static void
side_tell(const struct side *e, struct arena *a, struct side_fact *ret)
{
	char *text;

	memset(ret, 0, sizeof(*ret));
	ret->state = e->has_answer ? SIDE_ANSWERED : e->is_failed ? SIDE_FAILED : SIDE_PENDING;
	ret->reason = e->is_failed ? (enum reason)e->reason : REASON_NONE;
	ret->where = e->where != NULL ? arena_strdup(a, e->where) : "";
	if (!e->has_answer)
		return;
	if (e->at != SIDE_POLICY) {
		side_answer_of(e, a, ret);
		return;
	}
	text = arena_alloc(a, e->n_bytes + 1);		/* zeroed: ends in a NUL */
	if (e->n_bytes > 0)
		memcpy(text, e->bytes, e->n_bytes);
	ret->text = text;
	ret->n_text = e->n_bytes;
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
	if (e->step == SIDE_KNOWN && e->expires_ms <= s->now_ms)
		e->step = SIDE_WANTED;
	side_tell(e, a, ret);
}

bool
sides_peek(struct sides *s, enum side_at at, const struct dns_name *name, uint16_t type, struct arena *a, struct side_fact *ret)
{
	const struct side *e = s != NULL ? side_find(s, at, name, type) : NULL;

	if (e == NULL || !e->has_answer)
		return false;
	side_tell(e, a, ret);
	return ret->state == SIDE_ANSWERED;
}

bool
sides_next(struct sides *s, struct side_want *ret)
{
	for (struct side *e = s != NULL ? s->list : NULL; e != NULL; e = e->next) {
		if (e->step != SIDE_WANTED)
			continue;
		e->step = SIDE_ASKING;
		ret->id = e->id;
		ret->at = (enum side_at)e->at;
		ret->failures = e->failures;
		side_name(e, &ret->q.name);
		ret->q.type = e->type;
		return true;
	}
	return false;
}

/* ---- what comes back ---- */

static struct side *
side_by_id(struct sides *s, unsigned id)
{
	struct side *e = s->list;

	while (e != NULL && e->id != id)
		e = e->next;
	return e;
}

/* What is known from now on.  True when it is something else than before. */
static bool
side_put(struct side *e, bool has_answer, const void *bytes, size_t n, const struct dns_name *soa)
{
	uint8_t soa_len = soa != NULL ? soa->len : 0;
	bool same = e->has_answer == has_answer && e->is_failed == !has_answer && e->n_bytes == n && e->soa_len == soa_len &&
	    (n == 0 || memcmp(e->bytes, bytes, n) == 0) && (soa_len == 0 || memcmp(e->soa, soa->wire, soa_len) == 0);

	e->step = SIDE_KNOWN;
	e->has_answer = has_answer;
	e->is_failed = !has_answer;
	e->failures = has_answer ? 0 : e->failures < UINT8_MAX ? e->failures + 1 : UINT8_MAX;
	if (same)
		return false;
	free(e->bytes);
	free(e->soa);
	e->bytes = n > 0 ? memcpy(xmalloc(n), bytes, n) : NULL;
	e->n_bytes = (uint32_t)n;
	e->soa = soa_len > 0 ? memcpy(xmalloc(soa_len), soa->wire, soa_len) : NULL;
	e->soa_len = soa_len;
	return true;
}

static void
side_from(struct side *e, const char *where, int64_t expires_ms)
{
	char *old = e->where;

	e->where = where != NULL ? xstrdup(where) : NULL;
	free(old);
	e->expires_ms = expires_ms;
}

bool
sides_answer(struct sides *s, unsigned id, enum reason reason, const struct answer *an, const char *where, int64_t expires_ms)
{
	struct side *e = side_by_id(s, id);
	bool failed = an == NULL || an->kind == ANSWER_FAILURE, denied = !failed && an->has_soa && an->kind != ANSWER_POSITIVE;
	struct str packed = STR_INIT;
	uint8_t was;
	bool news;

	if (e == NULL)
		return false;
	was = e->reason;
	e->reason = (uint8_t)(!failed ? REASON_NONE : reason != REASON_NONE ? reason : REASON_SERVFAIL);
	if (!failed) {
		answer_pack(an, &packed);
		e->aa = an->aa;
	e->ttl = an->ttl;
	}
	news = side_put(e, !failed, packed.p, packed.len, denied ? &an->soa_owner : NULL) || was != e->reason;
	side_from(e, where, expires_ms);
	str_done(&packed);
	return news;
}

bool
sides_answer_text(struct sides *s, unsigned id, const char *text, size_t n, const char *where, int64_t expires_ms)
{
	struct side *e = side_by_id(s, id);
	bool news;

	if (e == NULL)
		return false;
	e->reason = REASON_NONE;
	news = side_put(e, true, text, n < SIDE_TEXT_MAX ? n : SIDE_TEXT_MAX, NULL);
	side_from(e, where, expires_ms);
	return news;
}

/* ---- rounds ---- */

void
sides_round(struct sides *s, int64_t now_ms, bool all)
{
	struct side **at = &s->list;

	s->now_ms = now_ms;
	while (*at != NULL) {
		struct side *e = *at;

		if (!e->asked_for && e->step != SIDE_ASKING) {
			*at = e->next;
			s->n--;
			side_free(e);
			continue;
		}
		e->asked_for = false;
		if (all)
			e->expires_ms = now_ms;
		at = &e->next;
	}
}

size_t
sides_pending(const struct sides *s)
{
	size_t n = 0;

	for (const struct side *e = s != NULL ? s->list : NULL; e != NULL; e = e->next)
		n += e->step != SIDE_KNOWN;
	return n;
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
