/* SPDX-License-Identifier: ISC */
/* A configuration as a thing: defaults, additions from the command line, release. */
#include <stdlib.h>
#include <string.h>

#include "load.h"

struct conf *
conf_new(void)
{
	struct conf *c = xcalloc(1, sizeof(*c));

	text_list_add(&c->listen, &c->n_listen, "127.0.0.1:8365");
	c->database = xstrdup("/var/lib/m365dnsd/m365dnsd.db");
	c->quorum = 100;
	c->quorum_percent = true;
	c->confirm = 2;
	c->interval_floor = 5;
	c->interval_ceiling = 300;
	c->guard_interval = 3600;
	c->stale_recheck = 3600;
	c->history_days = 90;
	c->rate = 50;
	c->window = 64;
	c->authorities = AUTHORITIES_ALL_BUT_DEAD;
	c->authority_port = 53;
	c->mta_sts_policy = true;
	c->policy_port = 443;
	c->metrics = METRICS_RECORDS;
	c->places = xcalloc(conf_n_keys, sizeof(*c->places));
	conf_default_resolvers(c);
	return c;
}

void
conf_free(struct conf *c)
{
	if (c == NULL)
		return;
	text_list_free(&c->listen, &c->n_listen);
	text_list_free(&c->hosts, &c->n_hosts);
	free(c->database);
	free(c->catalog_file);
	free(c->token_file);
	conf_clear_resolvers(c);
	for (size_t i = 0; i < c->n_notify; i++)
		conf_notify_done(&c->notify[i]);
	free(c->notify);
	for (size_t i = 0; i < c->n_domains; i++)
		conf_domain_done(&c->domains[i]);
	free(c->domains);
	text_list_free(&c->files, &c->n_files);
	free(c->places);
	free(c);
}

void
conf_clear_resolvers(struct conf *c)
{
	for (size_t i = 0; i < c->n_resolvers; i++)
		conf_resolver_done(&c->resolvers[i]);
	free(c->resolvers);
	c->resolvers = NULL;
	c->n_resolvers = 0;
}

struct conf_place
conf_place_of(const struct conf *c, const char *name)
{
	for (size_t i = 0; i < conf_n_keys; i++) {
		if (*conf_keys[i].section == '\0' && strcmp(conf_keys[i].name, name) == 0)
			return c->places[i];
	}
	return (struct conf_place){ NULL, 0 };
}

const char *
conf_domain_place(const struct conf_domain *d, struct str *buf)
{
	str_clear(buf);
	if (d->file == NULL)
		str_add(buf, "command line");
	else
		str_addf(buf, "%s:%d", d->file, d->line);
	return str_c(buf);
}
