/* SPDX-License-Identifier: ISC */
/* Block `notify`. */
#include <stdlib.h>
#include <string.h>

#include "load.h"

void
conf_notify_done(struct conf_notify *n)
{
	free(n->name);
	free(n->url);
	free(n->command);
	text_list_free(&n->events, &n->n_events);
}

void
notify_begin(struct loader *l, const char *title)
{
	l->notify = (struct conf_notify){ .name = xstrdup(title) };
	l->notify_place = (struct block_place){ l->file, l->line };
	text_list_add(&l->notify.events, &l->notify.n_events, "complete");
	text_list_add(&l->notify.events, &l->notify.n_events, "regressed");
}

void
notify_end(struct loader *l)
{
	struct conf *c = l->conf;
	struct conf_notify n = l->notify;

	l->notify = (struct conf_notify){ 0 };
	l->line = l->notify_place.line;
	if (n.url == NULL && n.command == NULL)
		loader_problem(l, "notify \"%s\" has neither url nor command", n.name);
	if (n.url != NULL && n.command != NULL)
		loader_problem(l, "notify \"%s\" has both url and command; make two of it", n.name);
	for (size_t i = 0; i < c->n_notify; i++) {
		if (strcmp(c->notify[i].name, n.name) == 0)
			loader_problem(l, "notify \"%s\" is given twice", n.name);
	}
	c->notify = xreallocarray(c->notify, c->n_notify + 1, sizeof(*c->notify));
	c->notify[c->n_notify++] = n;
}
