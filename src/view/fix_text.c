/* SPDX-License-Identifier: ISC */
/* For people in front of a provider's form: which field gets what. */
#include "fix.h"

#include <string.h>

#define LABEL_WIDTH 12

static void
label(struct str *ret, const char *name)
{
	str_addf(ret, "     %-*s", LABEL_WIDTH, name);
}

static void
field(struct str *ret, const char *name, const char *value)
{
	label(ret, name);
	str_addf(ret, "%s\n", value);
}

static void
field_number(struct str *ret, const char *name, unsigned value)
{
	label(ret, name);
	str_addf(ret, "%u\n", value);
}

static void
field_host(struct str *ret, const char *name, const struct dns_name *host)
{
	label(ret, name);
	fix_name(host, FIX_DECIMAL, ret);
	str_add(ret, "\n");
}

static void
field_text(struct str *ret, const char *name, const struct rdata *r)
{
	size_t n;

	label(ret, name);
	n = fix_typed(r, ret);
	str_addc(ret, '\n');
	if (n > 255)
		str_addf(ret, "     %-*s(%zu characters: where a field takes 255 at most, cut it into pieces and put each in "
		    "quotation marks)\n", LABEL_WIDTH, "", n);
}

static void
value(struct str *ret, const char *verb, const struct rdata *r)
{
	struct str s = STR_INIT;
	struct dns_name name;
	uint16_t a, b, c;

	if (verb != NULL)
		str_addf(ret, "   %s\n", verb);
	if (r->type == DNS_TYPE_TXT || r->type == DNS_TYPE_SPF) {
		field_text(ret, "Value", r);
	} else if (rdata_mx(r, &a, &name)) {
		field_number(ret, "Priority", a);
		field_host(ret, "Points to", &name);
	} else if (rdata_srv(r, &a, &b, &c, &name)) {
		field_number(ret, "Priority", a);
		field_number(ret, "Weight", b);
		field_number(ret, "Port", c);
		field_host(ret, "Target", &name);
	} else if (rdata_name(r, &name)) {
		field_host(ret, "Points to", &name);
	} else {
		rdata_text(r, &s);
		field(ret, "Address", str_c(&s));
	}
	str_done(&s);
}

/* "_sip._tls" in one field, or service and protocol in their own: providers have both. */
static void
name_fields(struct str *ret, const struct fix *f, const struct fix_change *c)
{
	char type[16], complete[DNS_NAME_TEXT_MAX];
	struct str name = STR_INIT;
	const char *dot;

	fix_relative(f, &c->owner, &name);
	dot = strchr(str_c(&name), '.');
	field(ret, "Type", dns_type_text(c->type, type));
	label(ret, "Name");
	str_addf(ret, "%s   (complete: %s%s)\n", str_c(&name), dns_name_text(&c->owner, complete),
	    strcmp(str_c(&name), "@") == 0 ? "; leave the field empty where @ is not taken" : "");
	if (c->type == DNS_TYPE_SRV && dot != NULL) {
		label(ret, "");
		str_addf(ret, "where a form asks for them: service %.*s, protocol %.*s\n", (int)(dot - str_c(&name)), str_c(&name),
		    (int)strcspn(dot + 1, "."), dot + 1);
	}
	str_done(&name);
}

static void
values(struct str *ret, const struct fix_change *c)
{
	size_t kept = 0, come = 0;

	for (size_t i = 0; i < c->n_old; i++) {
		if (c->old_stays[i])
			kept++;
		else
			value(ret, c->action == FIX_DELETE ? NULL : "delete this value:", &c->old[i]);
	}
	for (size_t i = 0; i < c->n_new; i++)
		if (!c->new_stays[i] && ++come > 0)
			value(ret, c->action == FIX_ADD && c->n_new == 1 ? NULL : "add this value:", &c->new[i]);
	if (come > 0)
		field_number(ret, "TTL", c->ttl);
	if (kept > 0)
		str_addf(ret, "   %zu other value%s of this name and type stay%s as %s.\n", kept, kept == 1 ? "" : "s",
		    kept == 1 ? "s" : "", kept == 1 ? "it is" : "they are");
}

void
fix_text(const struct fix *f, struct str *ret)
{
	struct str line = STR_INIT;

	fix_summary(f, &line);
	str_addf(ret, "%s\n", str_c(&line));
	for (size_t i = 0; i < f->n_changes; i++) {
		const struct fix_change *c = &f->changes[i];

		str_clear(&line);
		str_addf(&line, "\n%zu.", i + 1);
		fix_comment_change(ret, str_c(&line), &(struct fix_change){ .action = c->action, .records = c->records, .why = c->why });
		name_fields(ret, f, c);
		values(ret, c);
		for (size_t k = 0; k < c->n_notes; k++)
			fix_comment(ret, "   !", c->notes[k]);
	}
	if (fix_count(f, FIX_ADD) + fix_count(f, FIX_CHANGE) > 0)
		str_add(ret, "\nThe dot at the end of a host says that its name is complete; leave it out where a form refuses it.\n");
	if (f->n_notes > 0)
		str_add(ret, "\nNot mended by changing records:\n");
	for (size_t i = 0; i < f->n_notes; i++)
		fix_comment(ret, "   -", f->notes[i]);
	str_done(&line);
}
