/* SPDX-License-Identifier: ISC */
/*
 * Rows that wait for the writer, in lists by rank.
 *
 * Rank is worth: the writer takes the most precious first, and when there are too many (the disk does not take them) the others
 * go first, the oldest of each.  A snapshot must not reach the disk before a transition that it knows of, or a crash in between
 * would lose the transition: that is why every batch holds all transitions.  Nor may a transition be there without the snapshot
 * that goes with it, or it would happen again after a restart: that is RANK_URGENT.
 *
 * One snapshot of a domain waits at a time; a newer one takes its place in the line.
 */
#include <stdlib.h>
#include <string.h>

#include "store_int.h"

struct value
value_text(const char *s)
{
	return (struct value) { s != NULL ? VALUE_TEXT : VALUE_NULL, 0, s, s != NULL ? strlen(s) : 0 };
}

struct row *
row_new(enum stmt stmt, enum rank rank, const struct value *v, size_t n)
{
	size_t size = sizeof(struct row) + n * sizeof(*v);
	struct row *r;
	char *p;

	for (size_t i = 0; i < n; i++)
		size += v[i].n + 1;
	r = xmalloc(size);
	memset(r, 0, sizeof(*r));
	r->stmt = stmt;
	r->rank = rank;
	r->queued_ms = store_now_ms();
	r->bytes = size;
	r->n = n;
	p = (char *)&r->v[n];
	for (size_t i = 0; i < n; i++) {
		r->v[i] = v[i];
		if (v[i].p == NULL)
			continue;
		memcpy(p, v[i].p, v[i].n);
		p[v[i].n] = '\0';
		r->v[i].p = p;
		p += v[i].n + 1;
	}
	return r;
}

/* ---- lists ---- */

/* Before at; at the end when that is NULL. */
static void
list_insert(struct row_list *l, struct row *r, struct row *at)
{
	r->next = at;
	r->prev = at != NULL ? at->prev : l->tail;
	*(r->prev != NULL ? &r->prev->next : &l->head) = r;
	*(at != NULL ? &at->prev : &l->tail) = r;
	l->n++;
	l->bytes += r->bytes;
}

static void
list_remove(struct row_list *l, struct row *r)
{
	*(r->prev != NULL ? &r->prev->next : &l->head) = r->next;
	*(r->next != NULL ? &r->next->prev : &l->tail) = r->prev;
	l->n--;
	l->bytes -= r->bytes;
}

void
row_list_free(struct row_list *l)
{
	for (struct row *r = l->head, *next; r != NULL; r = next) {
		next = r->next;
		free(r);
	}
	memset(l, 0, sizeof(*l));
}

/* ---- the queue ---- */

void
queue_init(struct queue *q, size_t max)
{
	memset(q, 0, sizeof(*q));
	q->domains = map_new();
	q->hot = map_new();
	q->max = max > 0 ? max : 100000;
}

void
queue_done(struct queue *q)
{
	for (size_t i = 0; i < RANK_MAX; i++)
		row_list_free(&q->lists[i]);
	map_free(q->domains, NULL);
	map_free(q->hot, NULL);
}

static bool
is_domain_row(const struct row *r)
{
	return r->rank == RANK_SNAPSHOT || r->rank == RANK_URGENT;
}

static void *
domain_get(const struct queue *q, const struct row *r)
{
	return map_get(q->domains, r->v[0].p, r->v[0].n);
}

size_t
queue_count(const struct queue *q)
{
	size_t n = q->in_flight;

	for (size_t i = 0; i < RANK_MAX; i++)
		n += q->lists[i].n;
	return n;
}

static size_t
queue_bytes(const struct queue *q)
{
	size_t n = 0;

	for (size_t i = 0; i < RANK_MAX; i++)
		n += q->lists[i].bytes;
	return n;
}

bool
queue_has(const struct queue *q, enum rank last)
{
	for (size_t i = 0; i <= (size_t)last && i < RANK_MAX; i++)
		if (q->lists[i].n > 0)
			return true;
	return false;
}

int64_t
queue_oldest(const struct queue *q)
{
	int64_t oldest = q->in_flight_since;

	for (size_t i = 0; i < RANK_MAX; i++) {
		const struct row *r = q->lists[i].head;

		if (r != NULL && (oldest == 0 || r->queued_ms < oldest))
			oldest = r->queued_ms;
	}
	return oldest;
}

static void
drop_first(struct queue *q, struct row_list *l)
{
	struct row *r = l->head;

	if (is_domain_row(r))
		map_del(q->domains, r->v[0].p, r->v[0].n);
	list_remove(l, r);
	q->dropped++;
	q->lost += r->rank <= RANK_DONE;
	free(r);
}

/* The least precious row; of a transition also what goes with it, or the outbox would point to nothing. */
static bool
drop_one(struct queue *q)
{
	for (size_t i = RANK_MAX; i-- > 0;) {
		struct row_list *l = &q->lists[i];
		uint64_t id;

		if (l->n == 0)
			continue;
		id = l->head->id;
		do {
			drop_first(q, l);
		} while (i == RANK_TRANSITION && l->n > 0 && l->head->id == id);
		return true;
	}
	return false;
}

/*
 * Rows of any size are bounded in bytes too: 4 kB each on average.  What is being written does not count: it will be on disk, or
 * come back here.
 */
void
queue_keep_bounds(struct queue *q)
{
	while (queue_count(q) - q->in_flight > q->max || queue_bytes(q) / 4096 > q->max)
		if (!drop_one(q))
			return;
}

void
queue_add(struct queue *q, struct row *r)
{
	list_insert(&q->lists[r->rank], r, NULL);
}

void
queue_add_domain(struct queue *q, struct row *r)
{
	struct row *old = domain_get(q, r), *at = NULL;

	if (map_get(q->hot, r->v[0].p, r->v[0].n) != NULL)
		r->rank = RANK_URGENT;
	if (old != NULL) {
		if (old->rank == RANK_URGENT)
			r->rank = RANK_URGENT;
		at = old->rank == r->rank ? old->next : NULL;
		r->queued_ms = old->queued_ms;
		/* The revision never falls, also not between two that wait. */
		if (old->n > 1 && r->n > 1 && old->v[1].i > r->v[1].i)
			r->v[1].i = old->v[1].i;
		list_remove(&q->lists[old->rank], old);
		map_del(q->domains, old->v[0].p, old->v[0].n);
		free(old);
	}
	map_put(q->domains, r->v[0].p, r->v[0].n, r);
	list_insert(&q->lists[r->rank], r, at);
	queue_keep_bounds(q);
}

void
queue_heat(struct queue *q, const char *domain)
{
	size_t n = strlen(domain);
	struct row *r = map_get(q->domains, domain, n);

	map_put(q->hot, domain, n, q);
	if (r == NULL || r->rank != RANK_SNAPSHOT)
		return;
	list_remove(&q->lists[r->rank], r);
	r->rank = RANK_URGENT;
	list_insert(&q->lists[r->rank], r, NULL);
}

void
queue_take(struct queue *q, enum rank last, size_t batch_bytes, struct row_list *ret)
{
	struct row *r;

	memset(ret, 0, sizeof(*ret));
	q->in_flight_since = queue_oldest(q);
	for (size_t i = 0; i <= (size_t)last && i < RANK_MAX; i++) {
		while ((r = q->lists[i].head) != NULL && (i != RANK_SNAPSHOT || ret->bytes < batch_bytes)) {
			list_remove(&q->lists[i], r);
			if (is_domain_row(r))
				map_del(q->domains, r->v[0].p, r->v[0].n);
			list_insert(ret, r, NULL);
		}
	}
	q->in_flight = ret->n;
	if (map_count(q->hot) > 0) {
		map_free(q->hot, NULL);
		q->hot = map_new();
	}
}

/* They become the oldest again, unless a newer row about the same domain has come meanwhile. */
void
queue_put_back(struct queue *q, struct row_list *l)
{
	struct row *r, *newer;

	q->in_flight = 0;
	q->in_flight_since = 0;
	while ((r = l->tail) != NULL) {
		list_remove(l, r);
		newer = is_domain_row(r) ? domain_get(q, r) : NULL;
		if (newer != NULL) {
			if (r->rank == RANK_URGENT && newer->rank == RANK_SNAPSHOT) {
				list_remove(&q->lists[RANK_SNAPSHOT], newer);
				newer->rank = RANK_URGENT;
				list_insert(&q->lists[RANK_URGENT], newer, q->lists[RANK_URGENT].head);
			}
			newer->queued_ms = r->queued_ms;
			free(r);
			continue;
		}
		if (is_domain_row(r))
			map_put(q->domains, r->v[0].p, r->v[0].n, r);
		list_insert(&q->lists[r->rank], r, q->lists[r->rank].head);
	}
	queue_keep_bounds(q);
}

void
queue_settle(struct queue *q)
{
	q->in_flight = 0;
	q->in_flight_since = 0;
}
