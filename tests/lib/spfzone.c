/* SPDX-License-Identifier: ISC */
#include "spfzone.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHAIN_MAX 8

struct line {
	struct dns_name owner;
	uint16_t type;			/* 0 = any */
	enum reason reason;		/* NONE: there is a value */
	char *value;
};
struct spfzone {
	struct line *lines;
	size_t n;
};

struct spfzone *
spfzone_new(void)
{
	return xcalloc(1, sizeof(struct spfzone));
}

void
spfzone_free(struct spfzone *z)
{
	if (z == NULL)
		return;
	for (size_t i = 0; i < z->n; i++)
		free(z->lines[i].value);
	free(z->lines);
	free(z);
}

static void
die(const char *line, const char *why)
{
	fprintf(stderr, "spfzone: \"%s\": %s\n", line, why);
	abort();
}

void
spfzone_add(struct spfzone *z, const char *line)
{
	struct line new = { .reason = REASON_NONE };
	char owner[512], type[16];
	struct err err;
	int at = 0, id;

	if (sscanf(line, " %511s %15s %n", owner, type, &at) < 2 || at == 0)
		die(line, "not \"owner TYPE value\"");
	if (dns_name_parse(&new.owner, owner, &err) == -1)
		die(line, err.msg);
	if (strcmp(type, "*") != 0 && !name_find(&dns_type_names, type, &id))
		die(line, "no such type");
	new.type = strcmp(type, "*") != 0 ? (uint16_t)id : 0;
	if (strcmp(line + at, "TIMEOUT") == 0)
		new.reason = REASON_TIMEOUT;
	else if (strcmp(line + at, "SERVFAIL") == 0)
		new.reason = REASON_SERVFAIL;
	new.value = xstrdup(line + at);
	z->lines = xreallocarray(z->lines, z->n + 1, sizeof(*z->lines));
	z->lines[z->n++] = new;
}

/* \xNN is a byte. */
static size_t
unescape(char *p)
{
	size_t n = 0;

	for (const char *s = p; *s != '\0'; s++) {
		unsigned byte;

		if (s[0] == '\\' && s[1] == 'x' && sscanf(s + 2, "%2x", &byte) == 1) {
			p[n++] = (char)byte;
			s += 3;
		} else {
			p[n++] = *s;
		}
	}
	return n;
}

/* A TXT value with NUL bytes too: strings of 255. */
static void
txt_data(struct arena *a, const char *p, size_t n, struct rdata *ret)
{
	uint8_t *bytes = arena_alloc(a, n + n / 255 + 1);
	size_t at = 0;

	for (size_t i = 0; i == 0 || i < n; i += 255) {
		size_t piece = n - i < 255 ? n - i : 255;

		bytes[at++] = (uint8_t)piece;
		memcpy(bytes + at, p + i, piece);
		at += piece;
	}
	*ret = (struct rdata){ .type = DNS_TYPE_TXT, .len = (uint16_t)at, .bytes = bytes };
}

static void
line_data(const struct line *l, struct arena *a, struct rdata *ret)
{
	struct err err;

	if (l->type == DNS_TYPE_TXT) {
		char *text = arena_strdup(a, l->value);

		txt_data(a, text, unescape(text), ret);
	} else if (rdata_parse(a, l->type, l->value, ret, &err) == -1) {
		die(l->value, err.msg);
	}
}

static int
compare(const void *a, const void *b)
{
	return rdata_compare(a, b);
}

static bool
set_of(const struct spfzone *z, const struct dns_name *name, uint16_t type, struct arena *a, struct rdata *ret, size_t *ret_n)
{
	bool exists = false;

	for (size_t i = 0; i < z->n; i++) {
		const struct line *l = &z->lines[i];

		exists = exists || dns_name_is_below(&l->owner, name);
		if (dns_name_equal(&l->owner, name) && l->type == type && l->reason == REASON_NONE)
			line_data(l, a, &ret[(*ret_n)++]);
	}
	if (*ret_n > 1)
		qsort(ret, *ret_n, sizeof(*ret), compare);
	return exists;
}

static enum reason
trouble(const struct spfzone *z, const struct dns_name *name, uint16_t type)
{
	for (size_t i = 0; i < z->n; i++)
		if (z->lines[i].reason != REASON_NONE && (z->lines[i].type == type || z->lines[i].type == 0) &&
		    dns_name_equal(&z->lines[i].owner, name))
			return z->lines[i].reason;
	return REASON_NONE;
}

const struct answer *
spfzone_ask(const struct spfzone *z, const struct question *q, struct arena *a, enum reason *ret)
{
	struct answer *an = arena_alloc(a, sizeof(*an));
	struct rdata *values = arena_alloc(a, (z->n + 1) * sizeof(*values));
	struct dns_name *chain = arena_alloc(a, CHAIN_MAX * sizeof(*chain)), at = q->name;

	an->qtype = q->type;
	an->chain = chain;
	an->values = values;
	for (;;) {
		bool exists;
		size_t n = 0;

		*ret = trouble(z, &at, q->type);
		if (*ret != REASON_NONE)
			return NULL;
		exists = set_of(z, &at, q->type, a, values, &an->n_values);
		if (an->n_values == 0)
			set_of(z, &at, DNS_TYPE_CNAME, a, values, &n);
		an->kind = an->n_values > 0 ? ANSWER_POSITIVE : exists ? ANSWER_NODATA : ANSWER_NXDOMAIN;
		an->rcode = an->kind == ANSWER_NXDOMAIN ? DNS_RCODE_NXDOMAIN : DNS_RCODE_NOERROR;
		if (n == 0 || !rdata_name(&values[0], &at))
			return an;
		if (an->n_chain == CHAIN_MAX) {
			an->kind = ANSWER_CNAME_LOOP;
			return an;
		}
		chain[an->n_chain++] = at;
	}
}
