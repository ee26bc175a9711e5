/* SPDX-License-Identifier: ISC */
/* What the loop's thread puts: each becomes rows in the queue, under a lock that is never held during I/O. */
#include <string.h>

#include "store_int.h"

void
store_nudge(struct store *s)
{
	if (s->sleeping_until != 0 && store_due(s, store_now_ms()) < s->sleeping_until)
		pthread_cond_signal(&s->wake_writer);
}

void
store_begin(struct store *s)
{
	pthread_mutex_lock(&s->lock);
	s->queue.open++;
	pthread_mutex_unlock(&s->lock);
}

void
store_end(struct store *s)
{
	pthread_mutex_lock(&s->lock);
	s->queue.open--;
	store_nudge(s);
	pthread_mutex_unlock(&s->lock);
}

void
store_keep_marks(struct store *s)
{
	if (s->kept_mark == s->mark || s->queue.in_flight > 0 || queue_has(&s->queue, RANK_DONE))
		return;
	s->kept_mark = s->mark;
	store_notify(s);
}

uint64_t
store_mark(struct store *s)
{
	uint64_t mark;

	pthread_mutex_lock(&s->lock);
	mark = ++s->mark;
	store_keep_marks(s);
	pthread_mutex_unlock(&s->lock);
	return mark;
}

static void
put_domain_row(struct store *s, struct row *r)
{
	pthread_mutex_lock(&s->lock);
	queue_add_domain(&s->queue, r);
	store_nudge(s);
	pthread_mutex_unlock(&s->lock);
}

static void
put_row(struct store *s, struct row *r)
{
	pthread_mutex_lock(&s->lock);
	queue_add(&s->queue, r);
	queue_keep_bounds(&s->queue);
	store_nudge(s);
	pthread_mutex_unlock(&s->lock);
}

/* The order of the values is that of the parameters in schema.c; a domain's name comes first. */
void
store_put_domain(struct store *s, const struct store_domain *d)
{
	const struct value v[] = {
		V_TEXT(d->name),
		V_INT(d->revision),
		V_BLOB(d->snapshot, d->snapshot_len),
		V_TEXT(d->conf_text),
	};

	/* What a person has added is as precious as a transition's snapshot: nobody could tell it us again. */
	put_domain_row(s, row_new(STMT_PUT_DOMAIN, d->conf_text != NULL || d->urgent ? RANK_URGENT : RANK_SNAPSHOT, v,
	    ARRAY_LEN(v)));
}

void
store_del_domain(struct store *s, const char *name)
{
	const struct value v = V_TEXT(name);

	put_domain_row(s, row_new(STMT_DEL_DOMAIN, RANK_URGENT, &v, 1));
}

static void
put_in_group(struct store *s, uint64_t id, struct row *r)
{
	r->id = id;
	queue_add(&s->queue, r);
}

uint64_t
store_put_transition(struct store *s, const struct transition *t, const char *const *notify, size_t n_notify)
{
	const struct value domain[] = { V_TEXT(t->domain), V_INT(t->revision) };
	int64_t queued = clock_system.unix_ms(&clock_system);
	uint64_t id;

	pthread_mutex_lock(&s->lock);
	id = s->next_id++;
	const struct value v[] = {
		V_INT(id),
		V_INT(t->revision),
		V_INT(t->at_unix_ms),
		V_TEXT(t->domain),
		V_TEXT(t->record),
		V_TEXT(t->source),
		V_TEXT(t->from),
		V_TEXT(t->to),
		V_TEXT(name_of(&event_names, (int)t->event)),
		V_TEXT(t->detail),
	};

	put_in_group(s, id, row_new(STMT_PUT_TRANSITION, RANK_TRANSITION, v, ARRAY_LEN(v)));
	put_in_group(s, id, row_new(STMT_TOUCH_DOMAIN, RANK_TRANSITION, domain, ARRAY_LEN(domain)));
	for (size_t i = 0; i < n_notify; i++) {
		const struct value o[] = { V_INT(id), V_TEXT(notify[i]), V_INT(queued) };

		put_in_group(s, id, row_new(STMT_PUT_OUTBOX, RANK_TRANSITION, o, ARRAY_LEN(o)));
	}
	queue_heat(&s->queue, t->domain);
	queue_keep_bounds(&s->queue);
	store_nudge(s);
	pthread_mutex_unlock(&s->lock);
	return id;
}

void
store_put_prediction(struct store *s, const struct store_prediction *p)
{
	const struct value v[] = {
		V_TEXT(p->domain),
		V_TEXT(p->record),
		V_TEXT(p->source),
		V_INT(p->predicted_unix_ms),
		V_INT(p->eta_unix_ms),
		V_INT(p->actual_unix_ms),
		V_TEXT(name_of(&eta_basis_names, (int)p->basis)),
	};

	put_row(s, row_new(STMT_PUT_PREDICTION, RANK_PREDICTION, v, ARRAY_LEN(v)));
}

/* The ids of an administrator's own records are what he likes. */
static void
add_json(struct str *ret, const char *s)
{
	str_addc(ret, '"');
	for (; *s != '\0'; s++)
		if ((unsigned char)*s < ' ' || *s == '"' || *s == '\\')
			str_addf(ret, "\\u%04x", (unsigned)(unsigned char)*s);
		else
			str_addc(ret, *s);
	str_addc(ret, '"');
}

void
store_put_seen(struct store *s, const struct board_seen *seen)
{
	struct str records = STR_INIT;

	for (size_t i = 0; i < seen->n_records; i++) {
		str_addc(&records, i == 0 ? '[' : ',');
		add_json(&records, seen->records[i]);
	}
	str_addc(&records, ']');
	const struct value v[] = { V_TEXT(seen->domain), V_TEXT(seen->operator), V_INT(seen->at_unix_ms), V_TEXT(str_c(&records)) };

	put_row(s, row_new(STMT_PUT_SEEN, RANK_PREDICTION, v, ARRAY_LEN(v)));
	str_done(&records);
}

void
store_outbox_done(struct store *s, const char *notify, uint64_t transition_id)
{
	const struct value v[] = { V_INT(transition_id), V_TEXT(notify) };

	put_row(s, row_new(STMT_DEL_OUTBOX, RANK_DONE, v, ARRAY_LEN(v)));
}
