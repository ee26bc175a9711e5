/* SPDX-License-Identifier: ISC */
/* A message: one transition, and those that have the same cause.  100,000 may wait: one block of strings each. */
#include <stdlib.h>
#include <string.h>

#include <m365dnsd/view.h>

#include "internal.h"

static size_t
room_for(const char *s)
{
	return s != NULL ? strlen(s) + 1 : 0;
}

/* Copy s to *at and move that behind it. */
static const char *
put(char **at, const char *s)
{
	size_t n = room_for(s);
	char *copy = *at;

	if (s == NULL)
		return NULL;
	memcpy(copy, s, n);
	*at += n;
	return copy;
}

struct message *
message_new(uint64_t id, const struct transition *t)
{
	struct message *m = xcalloc(1, sizeof(*m));
	char *at = xmalloc(room_for(t->domain) + room_for(t->record) + room_for(t->source) + room_for(t->from) +
	    room_for(t->to) + room_for(t->detail) + 1);

	m->id = id;
	m->text = at;
	m->t = *t;
	m->t.domain = put(&at, t->domain);
	m->t.record = put(&at, t->record);
	m->t.source = put(&at, t->source);
	m->t.from = put(&at, t->from);
	m->t.to = put(&at, t->to);
	m->t.detail = put(&at, t->detail);
	return m;
}

void
message_free(struct message *m)
{
	struct message *r, *next;

	if (m == NULL)
		return;
	for (r = m->riders; r != NULL; r = next) {
		next = r->next;
		message_free(r);
	}
	free(m->text);
	free(m);
}

static int
direction(enum event e)
{
	static const int of[] = {
		[EVENT_PUBLISHED] = 1, [EVENT_VISIBLE] = 1, [EVENT_COMPLETE] = 1, [EVENT_RECOVERED] = 1,
		[EVENT_REGRESSED] = -1, [EVENT_UNKNOWN] = -1, [EVENT_CHANGED] = 0,
	};

	return of[e];
}

bool
message_fits(const struct message *domain, const struct message *record)
{
	const struct transition *d = &domain->t, *r = &record->t;

	return d->record == NULL && d->source == NULL && r->record != NULL && r->source == NULL && r->detail == NULL &&
	    d->revision == r->revision && d->at_unix_ms == r->at_unix_ms && direction(d->event) == direction(r->event);
}

void
message_fold(struct message *domain, struct message *record)
{
	struct message **end = &domain->riders;

	while (*end != NULL)
		end = &(*end)->next;
	*end = record;
	record->next = NULL;
	if (record->give_up_ms < domain->give_up_ms)
		domain->give_up_ms = record->give_up_ms;
}

void
message_json(const struct message *m, struct str *ret)
{
	struct json_writer j = { .out = ret };

	jsonw_open(&j, NULL, '{');
	jsonw_transition_members(&j, m->id, &m->t);
	if (m->riders != NULL)
		jsonw_open(&j, "records", '[');
	for (const struct message *r = m->riders; r != NULL; r = r->next) {
		jsonw_open(&j, NULL, '{');
		jsonw_int(&j, "id", (int64_t)r->id);
		jsonw_text(&j, "record", r->t.record);
		jsonw_text(&j, "from", r->t.from);
		jsonw_text(&j, "to", r->t.to);
		jsonw_text(&j, "event", name_of(&event_names, (int)r->t.event));
		jsonw_close(&j, '}');
	}
	if (m->riders != NULL)
		jsonw_close(&j, ']');
	jsonw_close(&j, '}');
}
