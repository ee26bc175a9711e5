/* SPDX-License-Identifier: ISC */
/* A small encoder of replies, without name compression; see reply_text.h. */
#include "reply_text.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE_MAX_LEN 70000

struct writer {
	struct str out;
	const char *text;		/* the whole, for words */
	size_t question_len;		/* name, type, class */
	uint16_t counts[3];
	uint16_t rcode;
	int ede;			/* -1 none */
	bool aa, tc, ra, ad, noedns, lower, other, bare, cut;
};

static void
die(const struct writer *w, const char *what, const char *line)
{
	fprintf(stderr, "reply_text: %s: \"%s\" in:\n%s\n", what, line, w->text);
	abort();
}

static void
put16(struct str *s, unsigned v)
{
	str_addc(s, (char)(v >> 8));
	str_addc(s, (char)v);
}

/* The next word of *p, which moves on; false at the end. */
static bool
word(const char **p, char *buf, size_t size)
{
	size_t n = 0;

	while (isblank((unsigned char)**p))
		(*p)++;
	while (**p != '\0' && !isblank((unsigned char)**p)) {
		if (n + 1 < size)
			buf[n++] = **p;
		(*p)++;
	}
	buf[n] = '\0';
	while (isblank((unsigned char)**p))
		(*p)++;
	return n > 0;
}

static bool
flag_set(struct writer *w, const char *f)
{
	const struct {
		const char *name;
		bool *flag;
	} flags[] = {
		{ "aa", &w->aa }, { "tc", &w->tc }, { "ra", &w->ra }, { "ad", &w->ad }, { "noedns", &w->noedns },
		{ "lower", &w->lower }, { "other", &w->other }, { "bare", &w->bare }, { "short", &w->cut },
	};
	int rcode;

	for (size_t i = 0; i < ARRAY_LEN(flags); i++) {
		if (strcmp(f, flags[i].name) == 0)
			return *flags[i].flag = true;
	}
	if (strncmp(f, "ede=", 4) == 0) {
		w->ede = atoi(f + 4);
		return true;
	}
	if (strncmp(f, "rcode=", 6) == 0) {
		w->rcode = (uint16_t)atoi(f + 6);
		return true;
	}
	if (!name_find(&dns_rcode_names, f, &rcode))
		return false;
	w->rcode = (uint16_t)rcode;
	return true;
}

static void
flags_line(struct writer *w, const char *line)
{
	const char *p = line;
	char f[64];

	while (word(&p, f, sizeof(f))) {
		if (!flag_set(w, f))
			die(w, "unknown flag", f);
	}
}

static void
record_line(struct writer *w, unsigned section, const char *line, const struct dns_name *qname)
{
	struct arena *a = arena_new();
	char owner[1024], ttl[32], type[32];
	const char *p = line;
	struct dns_name name = *qname;
	struct rdata rd;
	struct err err;
	int number;

	word(&p, owner, sizeof(owner));
	word(&p, ttl, sizeof(ttl));
	word(&p, type, sizeof(type));
	if (strcmp(owner, "@") != 0 && dns_name_parse(&name, owner, &err) == -1)
		die(w, err.msg, line);
	if (!name_find(&dns_type_names, type, &number)) {
		if (strncmp(type, "TYPE", 4) != 0)
			die(w, "unknown type", line);
		number = atoi(type + 4);
	}
	if (rdata_parse(a, (uint16_t)number, p, &rd, &err) == -1)
		die(w, err.msg, line);
	str_addn(&w->out, name.wire, name.len);
	put16(&w->out, rd.type);
	put16(&w->out, 1);
	put16(&w->out, (unsigned)strtoul(ttl, NULL, 10) >> 16);
	put16(&w->out, (unsigned)strtoul(ttl, NULL, 10) & 0xffff);
	put16(&w->out, rd.len);
	str_addn(&w->out, rd.bytes, rd.len);
	w->counts[section]++;
	arena_free(a);
}

static void
text_line(struct writer *w, const char *line, const struct dns_name *qname)
{
	static const char *const sections[] = { "an ", "ns ", "ar " };

	for (unsigned s = 0; s < 3; s++) {
		if (strncmp(line, sections[s], 3) == 0) {
			if ((s < 1 && w->counts[1] > 0) || (s < 2 && w->counts[2] > 0))
				die(w, "sections come in the order an, ns, ar", line);
			record_line(w, s, line + 3, qname);
			return;
		}
	}
	flags_line(w, line);
}

static void
opt(struct writer *w)
{
	static const char head[] = { 0, 0, DNS_TYPE_OPT, DNS_EDNS_SIZE >> 8, (char)(DNS_EDNS_SIZE & 0xff) };

	str_addn(&w->out, head, sizeof(head));
	str_addc(&w->out, (char)(w->rcode >> 4));
	str_addn(&w->out, "\0\0\0", 3);
	put16(&w->out, w->ede >= 0 ? 6 : 0);
	if (w->ede >= 0) {
		put16(&w->out, 15);
		put16(&w->out, 2);
		put16(&w->out, (unsigned)w->ede);
	}
	w->counts[2]++;
}

/* Header and question, now that the flags are known. */
static void
head(struct writer *w, const uint8_t *query)
{
	char *h = w->out.p;

	h[2] = (char)(0x80 | (w->aa ? 4 : 0) | (w->tc ? 2 : 0) | (query[2] & 1));
	h[3] = (char)((w->ra ? 0x80 : 0) | (w->ad ? 0x20 : 0) | (w->rcode & 15));
	h[5] = 1;
	for (unsigned s = 0; s < 3; s++) {
		h[6 + 2 * s] = (char)(w->counts[s] >> 8);
		h[7 + 2 * s] = (char)w->counts[s];
	}
	for (size_t i = 12; w->lower && i < 12 + w->question_len - 4; i++)
		h[i] = ascii_lower(h[i]);
	if (w->other && w->question_len > 6)
		h[13] = h[13] == 'x' ? 'y' : 'x';
	if (w->bare) {
		memset(h + 4, 0, 8);
		w->out.len = 12;
	}
	if (w->cut)
		w->out.len--;
}

void
reply_from_text(struct str *ret, const char *text, const uint8_t *query, size_t query_len)
{
	struct writer w = { .text = text, .ede = -1 };
	static char line[LINE_MAX_LEN];
	struct dns_name qname;
	size_t n = 12;

	while (n < query_len && query[n] != 0)
		n += 1u + query[n];
	qname.len = (uint8_t)(n - 11);
	memcpy(qname.wire, query + 12, qname.len);
	w.question_len = qname.len + 4u;
	str_addn(&w.out, "\0\0\0\0\0\0\0\0\0\0\0\0", 12);
	str_addn(&w.out, query + 12, w.question_len);
	for (const char *p = text; *p != '\0';) {
		size_t len = strcspn(p, "\n");

		while (len > 0 && isblank((unsigned char)*p)) {
			p++;
			len--;
		}
		if (len >= sizeof(line))
			die(&w, "line too long", "");
		memcpy(line, p, len);
		line[len] = '\0';
		text_line(&w, line, &qname);
		p += len + (p[len] == '\n');
	}
	if ((query[11] > 0 && !w.noedns) || w.ede >= 0)
		opt(&w);
	head(&w, query);
	str_addn(ret, w.out.p, w.out.len);
	str_done(&w.out);
}
