/* SPDX-License-Identifier: ISC */
/*
 * Azure DNS: a shell script of `az network dns record-set`.
 *
 * Every value stands in single quotes and is printable ASCII.  az itself reads a file where a value begins with "@", or where
 * the first "@" stands behind "=", and there is no way to escape that: such a value, and one with other bytes, is left to be
 * done by hand, and said.
 */
#include "fix.h"

#include <string.h>

struct script {
	const struct fix *f;
	struct str *out;
};

static void
quoted(struct str *ret, const char *text)
{
	str_addc(ret, '\'');
	for (; *text != '\0'; text++) {
		if (*text == '\'')
			str_add(ret, "'\\''");
		else
			str_addc(ret, *text);
	}
	str_addc(ret, '\'');
}

static bool
is_safe(const struct str *text)
{
	const char *at = memchr(str_c(text), '@', text->len);

	for (size_t i = 0; i < text->len; i++)
		if ((uint8_t)text->p[i] < 0x20 || (uint8_t)text->p[i] >= 0x7f)
			return false;
	return at == NULL || (at > text->p && at[-1] != '=');
}

static void
option(struct str *ret, const char *name, const char *value)
{
	str_addf(ret, " --%s=", name);
	quoted(ret, value);
}

static void
option_number(struct str *ret, const char *name, unsigned value)
{
	str_addf(ret, " --%s=%u", name, value);
}

/* The value as options; false when az cannot be given it. */
static bool
value_options(struct str *ret, const struct rdata *r)
{
	struct str text = STR_INIT, name_text = STR_INIT;
	struct dns_name name;
	uint16_t a, b, c;
	bool ok = true;

	if (rdata_name(r, &name)) {
		ok = fix_name_is_plain(&name);
		fix_name(&name, FIX_DECIMAL, &name_text);
	}
	if (rdata_mx(r, &a, &name)) {
		option(ret, "exchange", str_c(&name_text));
		option_number(ret, "preference", a);
	} else if (rdata_srv(r, &a, &b, &c, &name)) {
		option_number(ret, "priority", a);
		option_number(ret, "weight", b);
		option_number(ret, "port", c);
		option(ret, "target", str_c(&name_text));
	} else if (r->type == DNS_TYPE_CNAME) {
		option(ret, "cname", str_c(&name_text));
	} else if (r->type == DNS_TYPE_TXT && rdata_txt(r, &text)) {
		ok = is_safe(&text);
		if (ok)
			option(ret, "value", str_c(&text));
	} else if (r->type == DNS_TYPE_A || r->type == DNS_TYPE_AAAA) {
		rdata_text(r, &text);
		option(ret, r->type == DNS_TYPE_A ? "ipv4-address" : "ipv6-address", str_c(&text));
	} else
		ok = false;
	str_done(&text);
	str_done(&name_text);
	return ok;
}

/* "az network dns record-set txt VERB -g ... -z ... -n ..." */
static void
command(struct script *s, const struct fix_change *c, const char *verb, struct str *ret)
{
	struct str owner = STR_INIT;
	char buf[16];

	str_add(ret, "az network dns record-set ");
	for (const char *p = dns_type_text(c->type, buf); *p != '\0'; p++)
		str_addc(ret, ascii_lower(*p));
	str_addf(ret, " %s --resource-group=\"$RG\" --zone-name=", verb);
	fix_name(&s->f->zone, FIX_DECIMAL, &owner);
	if (owner.len > 1)
		owner.p[--owner.len] = '\0';
	quoted(ret, str_c(&owner));
	str_add(ret, c->type == DNS_TYPE_CNAME && strcmp(verb, "set-record") == 0 ? " --record-set-name=" :
	    strcmp(verb, "delete") == 0 ? " --name=" : " --record-set-name=");
	str_clear(&owner);
	fix_relative(s->f, &c->owner, &owner);
	quoted(ret, str_c(&owner));
	str_done(&owner);
}

/* One value, or a comment when it has to be done by hand. */
static void
value_command(struct script *s, const struct fix_change *c, const struct rdata *r, const char *verb, const char *more)
{
	struct str line = STR_INIT;

	command(s, c, verb, &line);
	if (fix_name_is_plain(&c->owner) && value_options(&line, r)) {
		str_addf(s->out, "%s%s\n", str_c(&line), more);
	} else {
		str_clear(&line);
		str_addf(&line, "by hand, az cannot be given this value: %s ", verb);
		fix_value(r, FIX_DECIMAL, &line);
		fix_comment(s->out, "#", str_c(&line));
	}
	str_done(&line);
}

static void
change(struct script *s, const struct fix_change *c)
{
	struct str ttl = STR_INIT, line = STR_INIT;

	fix_comment_change(s->out, "#", c);
	if (c->action == FIX_DELETE) {
		command(s, c, "delete", &line);
		str_addf(s->out, "%s --yes\n", str_c(&line));
	}
	for (size_t i = 0; i < c->n_old && c->action == FIX_CHANGE && c->type != DNS_TYPE_CNAME; i++)
		if (!c->old_stays[i])
			value_command(s, c, &c->old[i], "remove-record", " --keep-empty-record-set");
	str_addf(&ttl, " --ttl=%u", c->ttl);
	for (size_t i = 0; i < c->n_new; i++)
		if (!c->new_stays[i])
			value_command(s, c, &c->new[i], c->type == DNS_TYPE_CNAME ? "set-record" : "add-record", str_c(&ttl));
	str_done(&ttl);
	str_done(&line);
}

void
fix_azure(const struct fix *f, struct str *ret)
{
	struct script s = { f, ret };
	struct str line = STR_INIT;

	str_add(ret, "#!/bin/sh\n");
	fix_summary(f, &line);
	fix_comment(ret, "#", str_c(&line));
	if (f->n_changes > 0)
		str_add(ret, "set -eu\n: \"${RG:?set RG to the resource group that has the zone}\"\n");
	for (size_t i = 0; i < f->n_changes; i++) {
		str_addc(ret, '\n');
		change(&s, &f->changes[i]);
	}
	fix_comment_notes(ret, "#", f);
	str_done(&line);
}
