/* SPDX-License-Identifier: ISC */
/* GET /status: a summary of each domain, and how the daemon itself does. */
#include "formats.h"

#include <string.h>

static const char *
none_if_empty(const char *text)
{
	return text != NULL && *text != '\0' ? text : NULL;
}

static void
unicode_json(struct json_writer *j, const char *domain)
{
	struct dns_name name;
	struct str text = STR_INIT;

	if (strstr(domain, "xn--") != NULL && dns_name_parse(&name, domain, NULL) == 0 && dns_name_to_unicode(&name, &text))
		jsonw_text(j, "domain_unicode", str_c(&text));
	str_done(&text);
}

static void
domain_json(struct json_writer *j, const struct board_summary *s)
{
	jsonw_open(j, NULL, '{');
	jsonw_text(j, "domain", s->domain);
	unicode_json(j, s->domain);
	jsonw_int(j, "revision", (int64_t)s->revision);
	jsonw_text(j, "state", name_of(&domain_state_names, (int)s->state));
	jsonw_time(j, "since", s->since_unix_ms);
	jsonw_bool(j, "complete", s->state == DOMAIN_COMPLETE);
	jsonw_open(j, "progress", '{');
	jsonw_fixed(j, "published", s->published, 2);
	jsonw_fixed(j, "visible", s->visible, 2);
	jsonw_close(j, '}');
	jsonw_int(j, "required", s->n_required);
	jsonw_time(j, "eta", s->eta_unix_ms);
	jsonw_text(j, "eta_basis", s->eta_basis == ETA_NONE ? NULL : name_of(&eta_basis_names, (int)s->eta_basis));
	jsonw_time(j, "checked_at", s->checked_unix_ms);
	jsonw_open(j, "findings", '{');
	jsonw_int(j, "error", s->errors);
	jsonw_int(j, "warning", s->warnings);
	jsonw_int(j, "info", s->infos);
	jsonw_close(j, '}');
	jsonw_close(j, '}');
}

static void
store_json(struct json_writer *j, const struct view_store *s)
{
	jsonw_open(j, "store", '{');
	jsonw_text(j, "health", name_of(s->healths, s->health));
	jsonw_bool(j, "writes", s->writes);
	jsonw_text(j, "problem", none_if_empty(s->problem));
	jsonw_int(j, "queued", (int64_t)s->queued);
	jsonw_int(j, "dropped", (int64_t)s->dropped);
	jsonw_close(j, '}');
}

static void
receivers_json(struct json_writer *j, const struct view_daemon *d)
{
	jsonw_open(j, "notify", '[');
	for (size_t i = 0; i < d->n_receivers; i++) {
		const struct view_receiver *r = &d->receivers[i];

		jsonw_open(j, NULL, '{');
		jsonw_text(j, "name", r->name);
		jsonw_bool(j, "failing", r->failing);
		jsonw_text(j, "problem", none_if_empty(r->problem));
		jsonw_int(j, "delivered", (int64_t)r->delivered);
		jsonw_int(j, "given_up", (int64_t)r->given_up);
		jsonw_int(j, "waiting", (int64_t)(r->waiting + r->in_flight));
		jsonw_close(j, '}');
	}
	jsonw_close(j, ']');
}

static void
daemon_json(struct json_writer *j, const struct view_daemon *d)
{
	int64_t now = d->clock->unix_ms(d->clock);

	jsonw_open(j, "daemon", '{');
	jsonw_text(j, "version", d->version);
	jsonw_time(j, "now", now);
	jsonw_time(j, "started_at", d->started_unix_ms);
	jsonw_int(j, "uptime", now > d->started_unix_ms ? (now - d->started_unix_ms) / 1000 : 0);
	jsonw_bool(j, "ready", d->ready);
	jsonw_int(j, "domains", (int64_t)board_count(d->board));
	jsonw_open(j, "config", '{');
	jsonw_bool(j, "last_reload_successful", d->reload_ok);
	jsonw_time(j, "loaded_at", d->reload_ok_unix_ms);
	jsonw_text(j, "problem", none_if_empty(d->reload_problem));
	jsonw_close(j, '}');
	if (d->store != NULL)
		store_json(j, d->store);
	else
		jsonw_null(j, "store");
	receivers_json(j, d);
	jsonw_close(j, '}');
}

void
view_list_json(const struct view_list *l, struct str *ret)
{
	struct json_writer j = { .out = ret };

	jsonw_open(&j, NULL, '{');
	jsonw_open(&j, "domains", '[');
	for (size_t i = 0; i < l->n_domains; i++)
		domain_json(&j, &l->domains[i]);
	jsonw_close(&j, ']');
	jsonw_text(&j, "next", l->next);
	jsonw_int(&j, "total", (int64_t)l->total);
	daemon_json(&j, l->daemon);
	jsonw_close(&j, '}');
	str_addc(ret, '\n');
}
