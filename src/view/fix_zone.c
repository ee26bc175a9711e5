/* SPDX-License-Identifier: ISC */
/*
 * Zone text (RFC 1035 section 5.1), for people who paste it, for Cloudflare's import, and as commands of nsupdate(1).
 *
 * All names are complete, so the lines mean the same wherever they are put.  What has to go cannot be said in zone text: it
 * stands there as comments "; delete: ...", which say the record to the byte.
 */
#include "fix.h"

static void
record(struct str *ret, const struct fix_change *c, const struct rdata *r, uint32_t ttl)
{
	char type[16];

	fix_name(&c->owner, FIX_DECIMAL, ret);
	str_addf(ret, " %u IN %s ", ttl, dns_type_text(c->type, type));
	fix_value(r, FIX_DECIMAL, ret);
}

static void
deletions(struct str *ret, const struct fix_change *c)
{
	for (size_t i = 0; i < c->n_old; i++) {
		if (c->old_stays[i])
			continue;
		str_add(ret, "; delete: ");
		record(ret, c, &c->old[i], c->old_ttl);
		str_addc(ret, '\n');
	}
}

static void
additions(struct str *ret, const struct fix_change *c, const char *tag)
{
	bool proxied = c->type == DNS_TYPE_CNAME || c->type == DNS_TYPE_A || c->type == DNS_TYPE_AAAA;

	for (size_t i = 0; i < c->n_new; i++) {
		if (c->new_stays[i])
			continue;
		record(ret, c, &c->new[i], c->ttl);
		str_add(ret, proxied ? tag : "");
		str_addc(ret, '\n');
	}
}

static void
head(const struct fix *f, struct str *ret)
{
	struct str line = STR_INIT;

	fix_summary(f, &line);
	fix_comment(ret, ";", str_c(&line));
	str_done(&line);
}

void
fix_zone(const struct fix *f, struct str *ret)
{
	head(f, ret);
	for (size_t i = 0; i < f->n_changes; i++) {
		str_add(ret, ";\n");
		fix_comment_change(ret, ";", &f->changes[i]);
		deletions(ret, &f->changes[i]);
		additions(ret, &f->changes[i], "");
	}
	fix_comment_notes(ret, ";", f);
}

/* ---- Cloudflare: its import adds only ---- */

static bool
deletes_anything(const struct fix *f)
{
	for (size_t i = 0; i < f->n_changes; i++)
		for (size_t k = 0; k < f->changes[i].n_old; k++)
			if (!f->changes[i].old_stays[k])
				return true;
	return false;
}

/* A proxied CNAME is answered with Cloudflare's addresses: the tag says "DNS only". */
void
fix_cloudflare(const struct fix *f, struct str *ret)
{
	head(f, ret);
	fix_comment(ret, ";", "For DNS > Records > Import and Export, \"Proxy imported DNS records\" off.");
	if (deletes_anything(f)) {
		fix_comment(ret, ";", "The import only adds. Before it, delete by hand what is listed here:");
		for (size_t i = 0; i < f->n_changes; i++)
			deletions(ret, &f->changes[i]);
	}
	for (size_t i = 0; i < f->n_changes; i++) {
		str_add(ret, ";\n");
		fix_comment_change(ret, ";", &f->changes[i]);
		additions(ret, &f->changes[i], " ; cf_tags=cf-proxied:false");
	}
	fix_comment_notes(ret, ";", f);
}

/* ---- nsupdate: one message, so all or nothing (RFC 2136) ---- */

/* The server compares what this rests on: a zone that was changed meanwhile is left alone. */
static void
prerequisites(struct str *ret, const struct fix_change *c)
{
	char buf[16];
	const char *type = dns_type_text(c->type, buf);

	if (c->n_old == 0) {
		str_add(ret, "prereq nxrrset ");
		fix_name(&c->owner, FIX_DECIMAL, ret);
		str_addf(ret, " IN %s\n", type);
	}
	for (size_t i = 0; i < c->n_old; i++) {
		str_add(ret, "prereq yxrrset ");
		fix_name(&c->owner, FIX_DECIMAL, ret);
		str_addf(ret, " IN %s ", type);
		fix_value(&c->old[i], FIX_DECIMAL, ret);
		str_addc(ret, '\n');
	}
}

static void
commands(struct str *ret, const struct fix_change *c)
{
	char type[16];

	fix_comment_change(ret, ";", c);
	for (size_t i = 0; i < c->n_old; i++) {
		if (c->old_stays[i])
			continue;
		str_add(ret, "update delete ");
		fix_name(&c->owner, FIX_DECIMAL, ret);
		str_addf(ret, " IN %s ", dns_type_text(c->type, type));
		fix_value(&c->old[i], FIX_DECIMAL, ret);
		str_addc(ret, '\n');
	}
	for (size_t i = 0; i < c->n_new; i++) {
		if (c->new_stays[i])
			continue;
		str_add(ret, "update add ");
		record(ret, c, &c->new[i], c->ttl);
		str_addc(ret, '\n');
	}
}

void
fix_nsupdate(const struct fix *f, struct str *ret)
{
	head(f, ret);
	if (f->n_changes > 0) {
		str_add(ret, "zone ");
		fix_name(&f->zone, FIX_DECIMAL, ret);
		str_addc(ret, '\n');
		for (size_t i = 0; i < f->n_changes; i++)
			prerequisites(ret, &f->changes[i]);
		for (size_t i = 0; i < f->n_changes; i++)
			commands(ret, &f->changes[i]);
		str_add(ret, "send\n");
	}
	fix_comment_notes(ret, ";", f);
}
