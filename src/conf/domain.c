/* SPDX-License-Identifier: ISC */
/* Blocks `domain`, and `spf`, `record` and `view` inside it. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "load.h"

/* Catalog ids that an admin's own record may not take, and what to use instead. */
static const struct {
	const char *id, *instead;
} reserved[] = {
	{ "verification",		"use the key \"verification\"" },
	{ "verification-mx",		"use the key \"verification\"" },
	{ "mx",				"use the key \"mx\"" },
	{ "spf",			"use a block \"spf\"" },
	{ "autodiscover",		"use the key \"autodiscover\"" },
	{ "dkim-selector1",		"use the key \"dkim_selector1\"" },
	{ "dkim-selector2",		"use the key \"dkim_selector2\"" },
	{ "sipfederationtls",		"put \"teams\" among the services" },
	{ "sip-tls",			"put \"skype\" among the services" },
	{ "sip",			"put \"skype\" among the services" },
	{ "lyncdiscover",		"put \"skype\" among the services" },
	{ "enterpriseregistration",	"put \"intune\" among the services" },
	{ "enterpriseenrollment",	"put \"intune\" among the services" },
	{ "dmarc",			"put \"dmarc\" among the services" },
	{ "mta-sts",			"put \"mta-sts\" among the services" },
	{ "mta-sts-host",		"put \"mta-sts\" among the services" },
	{ "tls-rpt",			"put \"tls-rpt\" among the services" },
};

/* ---- release ---- */

void
conf_overrides_done(struct conf_overrides *o)
{
	if (o == NULL)
		return;
	text_list_free(&o->mx, &o->n_mx);
	text_list_free(&o->skip, &o->n_skip);
	free(o->autodiscover);
	free(o->dkim_selector1);
	free(o->dkim_selector2);
	*o = (struct conf_overrides){ 0 };
}

void
conf_record_done(struct conf_record *r)
{
	free(r->id);
	free(r->name);
	text_list_free(&r->values, &r->n_values);
}

static void
spf_free(struct conf_spf *s)
{
	if (s == NULL)
		return;
	text_list_free(&s->ip4, &s->n_ip4);
	text_list_free(&s->ip6, &s->n_ip6);
	text_list_free(&s->include, &s->n_include);
	free(s->all);
	free(s);
}

void
conf_domain_done(struct conf_domain *d)
{
	free(d->text);
	free(d->verification);
	free(d->tenant);
	conf_overrides_done(d->overrides);
	free(d->overrides);
	for (int v = 0; v < VIEW_MAX; v++) {
		conf_overrides_done(d->view[v]);
		free(d->view[v]);
	}
	spf_free(d->spf);
	for (size_t i = 0; i < d->n_records; i++)
		conf_record_done(&d->records[i]);
	free(d->records);
	text_list_free(&d->nameservers, &d->n_nameservers);
}

/* ---- names ---- */

bool
conf_is_initial_domain(const struct dns_name *domain)
{
	static const char *const zones[] = {
		"onmicrosoft.com", "onmicrosoft.us", "onmicrosoft.de", "partner.onmschina.cn",
	};

	for (size_t i = 0; i < ARRAY_LEN(zones); i++) {
		struct dns_name zone;
		if (dns_name_parse(&zone, zones[i], NULL) == 0 && dns_name_is_below(domain, &zone))
			return true;
	}
	return false;
}

/* No top-level domain is all digits; a wildcard is a record, not a domain. */
static bool
is_address_or_wildcard(const struct dns_name *n)
{
	const uint8_t *last = n->wire;

	if (n->wire[0] == 1 && n->wire[1] == '*')
		return true;
	for (const uint8_t *label = n->wire; *label != 0; label += 1 + *label)
		last = label;
	for (unsigned i = 1; i <= *last; i++)
		if (!isdigit(last[i]))
			return false;
	return true;
}

/* The words about a bad name begin with the name, which is in ours already. */
const char *
conf_name_reason(const struct err *err)
{
	const char *behind = strstr(err->msg, "\": ");

	return behind != NULL ? behind + 3 : err->msg;
}

/* Name and defaults of a domain; -1 with words when there is nothing to watch under that name. */
static int
domain_init(struct conf_domain *d, const char *name, struct dns_name *ret_name, struct err *err)
{
	char buf[DNS_NAME_TEXT_MAX];
	struct err why;

	*d = (struct conf_domain){
		.services = 1u << SERVICE_EXCHANGE,
		.authorities = AUTHORITIES_UNSET,
	};
	if (dns_name_from_user(ret_name, name, &why) == -1) {
		err_set(err, "\"%s\" is no domain name: %s", name, conf_name_reason(&why));
		return -1;
	}
	if (dns_name_labels(ret_name) < 2) {
		err_set(err, "\"%s\" is no domain name: it needs two labels at least", name);
		return -1;
	}
	if (is_address_or_wildcard(ret_name)) {
		err_set(err, "\"%s\" is no domain name: an address or a wildcard has no records of its own", name);
		return -1;
	}
	if (conf_is_initial_domain(ret_name)) {
		err_set(err, "\"%s\" is the tenant's initial domain: Microsoft runs its zone, there is nothing to add", name);
		return -1;
	}
	d->text = xstrdup(dns_name_text_lower(ret_name, buf));
	return 0;
}

int
conf_add_domain(struct conf *c, const char *name, size_t *ret, struct err *err)
{
	struct conf_domain d;
	struct dns_name wire;

	if (domain_init(&d, name, &wire, err) == -1)
		return -1;
	for (size_t i = 0; i < c->n_domains; i++) {
		if (strcmp(c->domains[i].text, d.text) == 0) {
			conf_domain_done(&d);
			*ret = i;
			return 0;
		}
	}
	c->domains = xreallocarray(c->domains, c->n_domains + 1, sizeof(*c->domains));
	c->domains[c->n_domains] = d;
	*ret = c->n_domains++;
	return 0;
}

/* The owner of one of the administrator's own records; -1 with words when its name lies outside the domain or repeats it. */
static int
record_owner(const struct conf_record *r, const struct dns_name *domain, struct dns_name *ret, struct err *err)
{
	char text[DNS_NAME_TEXT_MAX];
	size_t len = strlen(r->name);
	struct dns_name name;

	if (len > 1 && r->name[len - 1] == '.') {
		if (dns_name_parse(&name, r->name, err) == -1)
			return -1;
		if (!dns_name_is_below(&name, domain)) {
			err_set(err, "\"%s\" is not inside the domain", r->name);
			return -1;
		}
	} else if (!dns_name_relative(&name, r->name, domain)) {
		err_set(err, "\"%s\" makes no name inside the domain", r->name);
		return -1;
	} else {
		/* the mistake this program exists to find: the domain typed where it is added anyway */
		struct dns_name typed;
		if (dns_name_parse(&typed, r->name, NULL) == 0 && dns_name_is_below(&typed, domain)) {
			err_set(err, "\"%s\" would be %s; leave the domain out, or end the name with a dot", r->name,
			    dns_name_text_lower(&name, text));
			return -1;
		}
	}
	dns_name_lower(&name);
	*ret = name;
	return 0;
}

/* ---- domain ---- */

void
domain_begin(struct loader *l, const char *title)
{
	struct err err;

	if (domain_init(&l->domain, title, &l->domain_name, &err) == -1)
		loader_problem(l, "domain %s", err.msg);
	l->domain.file = l->file;
	l->domain.line = l->line;
}

static bool
is_duplicate(struct loader *l, const struct conf_domain *d)
{
	size_t n = strlen(d->text);
	uintptr_t before = (uintptr_t)map_put(l->domains, d->text, n, (void *)(l->conf->n_domains + 1));

	if (before == 0)
		return false;
	/* the later one is the mistake; a third one is compared with the first again */
	map_put(l->domains, d->text, n, (void *)before);
	const struct conf_domain *first = &l->conf->domains[before - 1];
	conf_problem_add(l->problems, d->file, d->line, "domain \"%s\" is given twice, first at %s:%d", d->text, first->file,
	    first->line);
	return true;
}

static void
check_record(struct loader *l, const struct conf_domain *d, const struct conf_record *r)
{
	struct dns_name owner;
	struct err err;

	if (record_owner(r, &l->domain_name, &owner, &err) == -1)
		conf_problem_add(l->problems, d->file, r->line, "record \"%s\": name %s", r->id, err.msg);
	for (const struct conf_record *other = d->records; other < r; other++) {
		if (strcmp(other->id, r->id) == 0)
			conf_problem_add(l->problems, d->file, r->line, "record \"%s\" is given twice, first in line %d", r->id,
			    other->line);
	}
}

void
domain_end(struct loader *l)
{
	struct conf_domain d = l->domain;

	l->domain = (struct conf_domain){ 0 };
	if (d.text != NULL) {
		for (size_t i = 0; i < d.n_records; i++)
			check_record(l, &d, &d.records[i]);
	}
	if (d.text == NULL || is_duplicate(l, &d)) {
		conf_domain_done(&d);
		return;
	}
	struct conf *c = l->conf;
	if (c->n_domains == l->domains_cap) {
		l->domains_cap = l->domains_cap > 0 ? 2 * l->domains_cap : 16;
		c->domains = xreallocarray(c->domains, l->domains_cap, sizeof(*c->domains));
	}
	c->domains[c->n_domains++] = d;
}

/* ---- spf ---- */

void
spf_begin(struct loader *l, const char *title)
{
	(void)title;
	if (l->domain.spf != NULL)
		loader_problem(l, "block \"spf\" is given twice");
	else
		l->domain.spf = xcalloc(1, sizeof(*l->domain.spf));
}

/* ---- record ---- */

static bool
id_ok(const char *id)
{
	size_t n = strlen(id);

	return n > 0 && n <= 63 && strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789-_.") == n;
}

void
record_begin(struct loader *l, const char *title)
{
	l->record = (struct conf_record){ .id = xstrdup(title), .line = l->line };
	if (!id_ok(title))
		loader_problem(l, "record \"%s\": an id is made of a to z, 0 to 9, \"-\", \"_\" and \".\"", title);
	for (size_t i = 0; i < ARRAY_LEN(reserved); i++) {
		if (strcmp(reserved[i].id, title) == 0)
			loader_problem(l, "record \"%s\": the catalog has a record of this id; %s", title, reserved[i].instead);
	}
}

static void
check_values(struct loader *l, const struct conf_record *r)
{
	struct arena *a = arena_new();
	struct rdata rdata;
	struct err err;
	char buf[16];

	for (size_t i = 0; i < r->n_values; i++) {
		if (rdata_parse(a, r->type, r->values[i], &rdata, &err) == -1)
			loader_problem(l, "record \"%s\": \"%s\" is no value for %s: %s", r->id, r->values[i],
			    dns_type_text(r->type, buf), err.msg);
	}
	if (r->type == DNS_TYPE_CNAME && r->n_values > 1)
		loader_problem(l, "record \"%s\": a CNAME has one value", r->id);
	arena_free(a);
}

void
record_end(struct loader *l)
{
	struct conf_domain *d = &l->domain;
	struct conf_record r = l->record;

	l->record = (struct conf_record){ 0 };
	l->line = r.line;
	if (r.type == 0)
		loader_problem(l, "record \"%s\" has no type", r.id);
	if (r.n_values == 0)
		loader_problem(l, "record \"%s\" has no value", r.id);
	if (r.type != 0 && r.type != RECORD_TYPE_BAD)
		check_values(l, &r);
	if (r.name == NULL)
		r.name = xstrdup("@");
	d->records = xreallocarray(d->records, d->n_records + 1, sizeof(*d->records));
	d->records[d->n_records++] = r;
}

/* ---- view ---- */

void
view_begin(struct loader *l, const char *title)
{
	struct str list = STR_INIT;

	if (!name_find(&view_names, title, &l->view)) {
		loader_problem(l, "view \"%s\" is not one of %s", title, name_list(&view_names, &list));
		l->view = -1;
	} else if (l->domain.view[l->view] != NULL) {
		loader_problem(l, "view \"%s\" is given twice", title);
		l->view = -1;
	}
	str_done(&list);
}

void
view_end(struct loader *l)
{
	if (l->view == -1) {
		conf_overrides_done(&l->overrides);
		return;
	}
	struct conf_overrides *o = xcalloc(1, sizeof(*o));
	*o = l->overrides;
	l->overrides = (struct conf_overrides){ 0 };
	l->domain.view[l->view] = o;
}
