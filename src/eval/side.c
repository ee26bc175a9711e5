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
	int64_t expires_ms;
	char *where;
	struct str bytes;		/* the answer packed, or the text of a policy */
	uint8_t soa_len;		/* wire form of the zone that denies, behind the name; 0 = none */
	uint8_t name_len;
	uint8_t names[];		/* two names in wire form: the one asked for, and room for the zone that denies */
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
	str_done(&e->bytes);
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
	memcpy(ret->wire, e->names, e->name_len);
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
	e = xcalloc(1, sizeof(*e) + name->len + DNS_NAME_MAX);
	e->hash = dns_name_hash(name);
	e->id = ++s->next_id;
	e->at = (uint8_t)at;
	e->type = type;
	e->step = SIDE_WANTED;
	e->name_len = name->len;
	memcpy(e->names, name->wire, name->len);
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

	if (!answer_unpack(a, e->bytes.p, e->bytes.len, an)) {
		ret->state = SIDE_FAILED;
		ret->reason = REASON_MALFORMED;
		return;
	}
	an->aa = e->aa;
	an->has_soa = e->soa_len > 0;
	an->soa_owner.len = e->soa_len;
	memcpy(an->soa_owner.wire, e->names + e->name_len, e->soa_len);
	ret->answer = an;
}

static void
side_tell(const struct side *e, struct arena *a, struct side_fact *ret)
{
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
	ret->n_text = e->bytes.len;
	ret->text = arena_alloc(a, e->bytes.len + 1);
	if (e->bytes.len > 0)
		memcpy((char *)(uintptr_t)ret->text, e->bytes.p, e->bytes.len);
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
sides_next(struct sides *s, struct side_want *ret)
{
	for (struct side *e = s != NULL ? s->list : NULL; e != NULL; e = e->next) {
		if (e->step != SIDE_WANTED)
			continue;
		e->step = SIDE_ASKING;
		ret->id = e->id;
		ret->at = (enum side_at)e->at;
		side_name(e, &ret->q.name);
		ret->q.type = e->type;
		return true;
	}
	return false;
}

/* Forget what was known of id; NULL when nobody waits for it any more. */
static struct side *
side_begin_answer(struct sides *s, unsigned id, enum reason reason, const char *where, int64_t expires_ms)
{
	struct side *e = s->list;

	while (e != NULL && e->id != id)
		e = e->next;
	if (e == NULL)
		return NULL;
	e->step = SIDE_KNOWN;
	e->reason = (uint8_t)reason;
	e->expires_ms = expires_ms;
	e->is_failed = e->has_answer = false;
	e->soa_len = 0;
	str_clear(&e->bytes);
	free(e->where);
	e->where = where != NULL ? xstrdup(where) : NULL;
	return e;
}

void
sides_answer(struct sides *s, unsigned id, enum reason reason, const struct answer *an, const char *where, int64_t expires_ms)
{
	struct side *e = side_begin_answer(s, id, reason, where, expires_ms);

	if (e == NULL)
		return;
	e->is_failed = an == NULL || an->kind == ANSWER_FAILURE;
	e->has_answer = !e->is_failed;
	if (e->is_failed) {
		if (reason == REASON_NONE)
			e->reason = REASON_SERVFAIL;
		return;
	}
	answer_pack(an, &e->bytes);
	e->aa = an->aa;
	if (an->has_soa && an->kind != ANSWER_POSITIVE) {
		e->soa_len = an->soa_owner.len;
		memcpy(e->names + e->name_len, an->soa_owner.wire, e->soa_len);
	}
}

void
sides_answer_text(struct sides *s, unsigned id, const char *text, size_t n, const char *where, int64_t expires_ms)
{
	struct side *e = side_begin_answer(s, id, REASON_NONE, where, expires_ms);

	if (e == NULL)
		return;
	e->has_answer = true;
	str_addn(&e->bytes, text, n < SIDE_TEXT_MAX ? n : SIDE_TEXT_MAX);
}

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

size_t
sides_count(const struct sides *s)
{
	return s != NULL ? s->n : 0;
}
