/* SPDX-License-Identifier: ISC */
/* matrix: see matrix.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "matrix.h"

static void
die(const char *what, const char *text)
{
	fprintf(stderr, "matrix: %s: %s\n", what, text);
	abort();
}

/* ---- plans ---- */

static struct catalog *catalog;
static struct {
	struct conf *conf;
	struct plan *plan;
	char *text;
} plans[64];
static size_t n_plans;

struct plan *
plan_of(const char *text)
{
	struct conf_problems problems = { NULL, 0 };
	struct str all = STR_INIT;
	struct err err;

	for (size_t i = 0; i < n_plans; i++)
		if (strcmp(plans[i].text, text) == 0)
			return plans[i].plan;
	if (n_plans == ARRAY_LEN(plans))
		die("too many plans", text);
	if (catalog == NULL)
		catalog = catalog_load(NULL, &problems);
	plans[n_plans].conf = conf_parse("test", text, &problems);
	conf_problems_text(&problems, &all);
	if (catalog == NULL || plans[n_plans].conf == NULL || problems.n > 0)
		die(text, str_c(&all));
	plans[n_plans].plan = plan_build(catalog, plans[n_plans].conf, 0, &err);
	if (plans[n_plans].plan == NULL)
		die(text, err.msg);
	plans[n_plans].text = xstrdup(text);
	conf_problems_done(&problems);
	str_done(&all);
	return plans[n_plans++].plan;
}

void
plans_done(void)
{
	for (; n_plans > 0; n_plans--) {
		plan_unref(plans[n_plans - 1].plan);
		conf_free(plans[n_plans - 1].conf);
		free(plans[n_plans - 1].text);
	}
	catalog_free(catalog);
	catalog = NULL;
}

/* ---- answers ---- */

static char *
skip_blanks(char *p)
{
	while (*p == ' ' || *p == '\n' || *p == '\t')
		p++;
	return p;
}

size_t
matrix_unescape(char *p)
{
	size_t n = 0;
	unsigned byte;

	for (size_t i = 0; p[i] != '\0'; n++) {
		if (p[i] == '\\' && p[i + 1] == 'x' && sscanf(p + i + 2, "%2x", &byte) == 1) {
			p[n] = (char)byte;
			i += 4;
		} else {
			p[n] = p[i++];
		}
	}
	p[n] = '\0';
	return n;
}

static void
txt_value(struct arena *a, char *text, struct rdata *ret)
{
	size_t n = matrix_unescape(text), at = 0;
	uint8_t *bytes = arena_alloc(a, n + n / 255 + 2);
	size_t len = 0;

	do {
		size_t part = n - at > 255 ? 255 : n - at;

		bytes[len++] = (uint8_t)part;
		memcpy(bytes + len, text + at, part);
		len += part;
		at += part;
	} while (at < n);
	*ret = (struct rdata){ DNS_TYPE_TXT, (uint16_t)len, bytes };
}

static int
rdata_order(const void *a, const void *b)
{
	return rdata_compare(a, b);
}

static void
answer_part(struct arena *a, struct answer *an, char *part)
{
	struct rdata *values = (struct rdata *)(uintptr_t)an->values;
	struct dns_name *chain = (struct dns_name *)(uintptr_t)an->chain;
	char *blank = strchr(part, ' ');
	int type;
	struct err err;

	if (strcmp(part, "NXDOMAIN") == 0) {
		an->kind = ANSWER_NXDOMAIN;
		an->rcode = DNS_RCODE_NXDOMAIN;
	} else if (strcmp(part, "NODATA") == 0) {
		an->kind = ANSWER_NODATA;
	} else if (strcmp(part, "REFERRAL") == 0) {
		an->kind = ANSWER_REFERRAL;
	} else if (strcmp(part, "LOOP") == 0) {
		an->kind = ANSWER_CNAME_LOOP;
	} else if (strncmp(part, "-> ", 3) == 0) {
		if (dns_name_parse(&chain[an->n_chain++], part + 3, &err) == -1)
			die(part, err.msg);
	} else {
		if (blank == NULL)
			die("no value", part);
		*blank = '\0';
		if (!name_find(&dns_type_names, part, &type))
			die("no type", part);
		if (type == DNS_TYPE_TXT)
			txt_value(a, blank + 1, &values[an->n_values]);
		else if (rdata_parse(a, (uint16_t)type, blank + 1, &values[an->n_values], &err) == -1)
			die(blank + 1, err.msg);
		an->n_values++;
	}
}

struct answer *
answer_of(struct arena *a, uint16_t qtype, const char *text)
{
	struct answer *an = arena_alloc(a, sizeof(*an));
	char *copy = arena_strdup(a, text), *part;
	size_t parts = 1;

	for (const char *p = text; *p != '\0'; p++)
		parts += *p == ';';
	an->qtype = qtype;
	an->kind = ANSWER_POSITIVE;
	an->aa = true;
	an->ttl = 300;
	an->values = arena_alloc(a, parts * sizeof(*an->values));
	an->chain = arena_alloc(a, parts * sizeof(*an->chain));
	while ((part = strsep(&copy, ";")) != NULL) {
		/* ";;" is a semicolon inside a TXT value */
		while (copy != NULL && *copy == ';') {
			size_t n = strlen(part);

			part[n] = ';';
			memmove(part + n + 1, copy + 1, strlen(copy + 1) + 1);
			copy = part + n + 1;
			copy = strpbrk(copy, ";");
			if (copy != NULL)
				*copy++ = '\0';
		}
		answer_part(a, an, skip_blanks(part));
	}
	if (an->n_values == 0 && an->kind == ANSWER_POSITIVE)
		an->kind = ANSWER_NODATA;
	if (an->n_values > 0)
		qsort((void *)(uintptr_t)an->values, an->n_values, sizeof(*an->values), rdata_order);
	return an;
}

/* ---- what is right for a row ---- */

static const char *
right_value(struct arena *a, const struct plan *plan, size_t i)
{
	const struct expectation *e = plan_expectation(plan, i);
	struct wanted w;
	struct str s = STR_INIT;
	char buf[16];
	const char *text;

	plan_wanted(plan, i, VIEW_PUBLIC, a, &w);
	if (e->rule == RULE_DKIM && w.n_exact == 0)
		return arena_printf(a, "CNAME %.9s-%s._domainkey.contoso.onmicrosoft.com", e->id + 5, plan_key(plan));
	if (e->rule == RULE_HOST)
		return "A 192.0.2.80";
	if (w.n_exact > 0)
		rdata_text(&w.exact[0], &s);
	else
		str_add(&s, w.n_text > 0 ? w.text[0] : "mail.example.net");
	text = arena_printf(a, "%s %s", dns_type_text(e->row->type, buf), str_c(&s));
	str_done(&s);
	return text;
}

/* All values that the row requires in one answer; TXT semicolons doubled for answer_of. */
static const char *
right_answer(struct arena *a, const struct plan *plan, size_t row)
{
	uint8_t list[PLAN_SLOTS_MAX];
	size_t n = plan_question_expectations(plan, row, list);
	struct str s = STR_INIT;
	const char *text;

	for (size_t k = 0; k < n; k++) {
		const struct expectation *e = plan_expectation(plan, list[k]);

		if (e->need != NEED_REQUIRED)
			continue;
		if (s.len > 0)
			str_add(&s, "; ");
		for (const char *p = right_value(a, plan, list[k]); *p != '\0'; p++) {
			str_addc(&s, *p);
			if (*p == ';')
				str_addc(&s, ';');
		}
	}
	text = s.len > 0 ? arena_strdup(a, str_c(&s)) : "NXDOMAIN";
	str_done(&s);
	return text;
}

static const char *
old_answer(uint16_t type)
{
	switch (type) {
	case DNS_TYPE_MX:
		return "MX 10 mail.old.example";
	case DNS_TYPE_TXT:
		return "TXT something else";
	case DNS_TYPE_SRV:
		return "SRV 0 0 5061 sip.old.example";
	case DNS_TYPE_A:
		return "-> old.example; A 192.0.2.99";
	default:
		return "CNAME host.old.example";
	}
}

/* ---- the matrix ---- */

#define VARIANTS_MAX 512

struct builder {
	struct arena *a;
	struct plan *plan;
	struct matrix *m;
	const char *texts[VARIANTS_MAX];
	size_t rows[VARIANTS_MAX];
};

static uint16_t
variant_of(struct builder *b, size_t row, const char *text)
{
	struct matrix *m = b->m;

	for (size_t i = 1; i < m->n_variants; i++)
		if (b->rows[i] == row && strcmp(b->texts[i], text) == 0)
			return (uint16_t)i;
	if (m->n_variants == VARIANTS_MAX)
		die("too many variants", text);
	b->rows[m->n_variants] = row;
	b->texts[m->n_variants] = text;
	m->variants[m->n_variants].answer = answer_of(b->a, m->rows[row].type, text);
	memset(m->variants[m->n_variants].verdict, VERDICT_UNJUDGED, sizeof(m->variants[0].verdict));
	return (uint16_t)m->n_variants++;
}

static struct zone *
zone_of(struct arena *a, struct plan *plan, const char *word)
{
	struct zone *z = arena_alloc(a, sizeof(*z) + ZONE_ADDRESSES_MAX * sizeof(z->servers[0]));

	if (strcmp(word, "none") == 0)
		return NULL;
	z->servers = (struct zone_server *)(z + 1);
	z->status = strcmp(word, "missing") == 0 ? ZONE_MISSING : strcmp(word, "unknown") == 0 ? ZONE_UNKNOWN : ZONE_FOUND;
	z->reason = z->status == ZONE_UNKNOWN ? REASON_TIMEOUT : REASON_NONE;
	plan_domain_name(plan, &z->apex);
	z->asked = z->apex;
	dns_name_suffix(&z->parent, &z->apex, 1);
	z->parent_seen = true;
	z->more = strcmp(word, "more") == 0;
	z->ttl = 3600;
	snprintf(z->where, sizeof(z->where), "a.gtld.example 192.0.2.250");
	return z;
}

static void
column_flags(struct eval_column *c, struct source *s, const char *flags)
{
	c->at_parent = c->at_child = true;
	c->votes = strstr(flags, "/q") != NULL || strstr(flags, "/r") != NULL;
	c->required = strstr(flags, "/r") != NULL;
	s->class = c->required ? CLASS_REQUIRED : c->votes ? CLASS_QUORUM : CLASS_INFO;
	s->kind = c->votes || strstr(flags, "/i") != NULL ? SOURCE_RESOLVER : SOURCE_AUTHORITY;
	if (strstr(flags, "/internal") != NULL) {
		s->kind = SOURCE_RESOLVER;
		s->view = VIEW_INTERNAL;
		c->votes = c->required = false;
	}
	c->kind = s->kind;
	s->set_aside = strstr(flags, "/aside") != NULL;
	s->blocked = strstr(flags, "/blocked") != NULL;
	s->by_tcp = strstr(flags, "/tcp") != NULL;
	s->as_cache = strstr(flags, "/cache") != NULL;
	s->intercepted = strstr(flags, "/hijacked") != NULL;
	c->family_missing = strstr(flags, "/nofamily") != NULL;
	if (strstr(flags, "/noparent") != NULL)
		c->at_parent = false;
	if (strstr(flags, "/nochild") != NULL)
		c->at_child = false;
	if (strstr(flags, "/noaddr") != NULL) {
		c->source = NULL;
		c->no_source = REASON_NETWORK;
	}
}

static uint16_t
operator_of(const struct matrix *m, size_t col, const char *name)
{
	for (size_t i = 0; i < col; i++)
		if (m->columns[i].source != NULL && m->columns[i].source->operator != NULL &&
		    strcmp(m->columns[i].source->operator, name) == 0)
			return m->columns[i].source->operator_id;
	return (uint16_t)(col + 1);
}

static void
columns_parse(struct builder *b, struct zone *z, const char *text)
{
	struct matrix *m = b->m;
	char *copy = arena_strdup(b->a, text), *word;

	m->columns = arena_alloc(b->a, 32 * sizeof(*m->columns));
	while ((word = strsep(&copy, " ")) != NULL) {
		struct eval_column *c = &m->columns[m->n_columns];
		struct source *s = arena_alloc(b->a, sizeof(*s));
		char *at = strchr(word, '@'), *flags;

		if (*word == '\0')
			continue;
		if (at == NULL)
			die("column without address", word);
		*at++ = '\0';
		flags = arena_strdup(b->a, at + strcspn(at, "/"));
		at[strcspn(at, "/")] = '\0';
		if (!addr_parse(&s->addr, at, 53))
			die("no address", at);
		c->source = s;
		column_flags(c, s, flags);
		if (c->kind == SOURCE_RESOLVER) {
			c->label = s->name = s->operator = word;
			s->operator_id = operator_of(m, m->n_columns, word);
		} else {
			struct zone_server *server = z != NULL ? &z->servers[z->n_servers++] : NULL;

			c->label = arena_printf(b->a, "%s.%s", word, plan_domain(b->plan));
			if (server != NULL && dns_name_parse(&server->name, c->label, NULL) == 0) {
				server->at_parent = c->at_parent;
				server->at_child = c->at_child;
			}
		}
		m->n_columns++;
	}
}

static void
rows_build(struct builder *b)
{
	struct matrix *m = b->m;
	size_t n = plan_n_questions(b->plan);
	struct question *rows = arena_alloc(b->a, (n + 2) * sizeof(*rows));

	for (size_t i = 0; i < n; i++)
		plan_question(b->plan, i, &rows[i]);
	plan_domain_name(b->plan, &rows[n].name);
	rows[n].type = DNS_TYPE_SOA;
	rows[n + 1] = (struct question){ rows[n].name, DNS_TYPE_NS };
	m->rows = rows;
	m->n_rows = n + 2;
	m->zone.q_soa = (int)n;
	m->zone.q_ns = (int)n + 1;
}

static const char *
ns_answer(struct builder *b)
{
	const char *text = "";

	for (size_t i = 0; i < b->m->n_columns; i++)
		if (b->m->columns[i].kind == SOURCE_AUTHORITY && b->m->columns[i].at_child)
			text = arena_printf(b->a, "%s%sNS %s", text, *text != '\0' ? "; " : "", b->m->columns[i].label);
	return *text != '\0' ? text : "NODATA";
}

/* The answer text of a word, NULL when it is a reason. */
static const char *
cell_answer(struct builder *b, size_t row, const char *word)
{
	size_t n = plan_n_questions(b->plan);

	if (row == n && (strcmp(word, "ok") == 0 || (*word >= '0' && *word <= '9')))
		return arena_printf(b->a, "SOA ns1.contoso.test hostmaster.contoso.test %s 3600 600 86400 300",
		    strcmp(word, "ok") == 0 ? "1" : word);
	if (*word == '{')
		return arena_printf(b->a, "%.*s", (int)strlen(word) - 2, word + 1);
	if (strcmp(word, "ok") == 0)
		return row == n + 1 ? ns_answer(b) : right_answer(b->a, b->plan, row);
	if (strcmp(word, "old") == 0)
		return old_answer(b->m->rows[row].type);
	if (strcmp(word, "none") == 0)
		return "NXDOMAIN";
	return strcmp(word, "nodata") == 0 ? "NODATA" : NULL;
}

static void
cell_set(struct builder *b, size_t row, size_t col, char *word)
{
	struct eval_cell *c = MATRIX_CELL(b->m, row, col);
	size_t brace = *word == '{' ? strcspn(word, "}") : 0;
	char *mods = word + brace + strcspn(word + brace, "*@!?");
	char kind = *mods;
	const char *answer;
	int reason;

	memset(c, 0, sizeof(*c));
	c->reason = REASON_GATED;
	if (strcmp(word, "-") == 0)
		return;
	c->flags = EVAL_ASKED | EVAL_FINAL;
	c->aa = b->m->columns[col].kind == SOURCE_AUTHORITY;
	c->ttl = 300;
	c->checked_ms = b->m->now_ms;
	*mods = '\0';
	for (char *p = mods; kind != '\0';) {
		char *end = p + 1;
		unsigned long n = strtoul(p + 1, &end, 10);

		if (kind == '*')
			c->confirmed = (uint8_t)n;
		else if (kind == '@')
			c->ttl = (uint32_t)n;
		else if (kind == '!')
			c->aa = 0;
		else
			c->flags = EVAL_ASKED;
		p = end;
		kind = *p;
	}
	answer = cell_answer(b, row, word);
	if (answer == NULL) {
		if (!name_find(&reason_names, word, &reason))
			die("no cell", word);
		c->reason = (uint8_t)reason;
		return;
	}
	c->reason = REASON_NONE;
	c->variant = variant_of(b, row, answer);
}

static char *
next_cell(char **p)
{
	char *start = *p, *end;

	while (*start == ' ')
		start++;
	if (*start == '\0')
		return NULL;
	end = start;
	if (*end == '{')
		end = strchr(end, '}');
	if (end == NULL)
		die("no }", start);
	end += strcspn(end, " ");
	*p = *end == '\0' ? end : end + 1;
	*end = '\0';
	return start;
}

static void
row_fill(struct builder *b, size_t row, const char *text)
{
	char *copy = arena_strdup(b->a, text), *word;

	for (size_t col = 0; col < b->m->n_columns; col++) {
		word = next_cell(&copy);
		if (word == NULL)
			die("too few cells", text);
		cell_set(b, row, col, word);
	}
}

static void
line_fill(struct builder *b, const char *id, const char *text, bool *named)
{
	int i;

	if (strcmp(id, "*") == 0) {
		for (size_t row = 0; row < b->m->n_rows; row++)
			if (!named[row])
				row_fill(b, row, text);
		return;
	}
	i = plan_find(b->plan, id);
	if (strcmp(id, "soa") == 0)
		i = b->m->zone.q_soa;
	else if (strcmp(id, "ns") == 0)
		i = b->m->zone.q_ns;
	else if (i >= 0)
		i = plan_expectation(b->plan, (size_t)i)->question;
	else
		die("no record", id);
	named[i] = true;
	row_fill(b, (size_t)i, text);
}

struct matrix *
matrix_of(struct arena *a, struct plan *plan, const char *zone, const char *columns, const char *cells)
{
	struct builder b = { .a = a, .plan = plan, .m = arena_alloc(a, sizeof(*b.m)) };
	struct zone *z = zone_of(a, plan, zone);
	char *copy = arena_strdup(a, cells), *line;
	bool named[64 + 2] = { false };

	b.m->plan = plan;
	b.m->policy = (struct eval_policy){ .authorities = AUTHORITIES_ALL_BUT_DEAD, .quorum = 100, .quorum_percent = true,
		.confirm = 2, .until = UNTIL_COMPLETE };
	b.m->now_ms = MATRIX_NOW_MS;
	b.m->variants = arena_alloc(a, VARIANTS_MAX * sizeof(*b.m->variants));
	b.m->n_variants = 1;
	columns_parse(&b, z, columns);
	rows_build(&b);
	b.m->zone.zone = z;
	b.m->zone.finding = z == NULL;
	b.m->cells = arena_alloc(a, (b.m->n_rows * b.m->n_columns + 1) * sizeof(*b.m->cells));
	for (size_t i = 0; i < b.m->n_rows * b.m->n_columns; i++)
		b.m->cells[i].reason = REASON_GATED;
	while ((line = strsep(&copy, "\n")) != NULL) {
		char *eq = strchr(line, '=');

		line = skip_blanks(line);
		if (*line == '\0')
			continue;
		if (eq == NULL)
			die("no =", line);
		*eq = '\0';
		line[strcspn(line, " ")] = '\0';
		line_fill(&b, line, eq + 1, named);
	}
	return b.m;
}

const char *
findings_text(struct arena *a, const struct plan *plan, const struct domain_result *r)
{
	return findings_text_of(a, plan, NULL, r);
}

const char *
findings_text_of(struct arena *a, const struct plan *plan, bool (*wanted)(enum finding_code code), const struct domain_result *r)
{
	const char *text = "";

	for (size_t i = 0; i < r->n_findings; i++) {
		const struct finding *f = &r->findings[i];

		if (wanted != NULL && !wanted(f->code))
			continue;
		text = arena_printf(a, "%s%s%s:%s", text, *text != '\0' ? " " : "", finding_rows[f->code].code,
		    name_of(&severity_names, (int)f->severity));
		if (f->expectation >= 0)
			text = arena_printf(a, "%s(%s", text, plan_expectation(plan, (size_t)f->expectation)->id);
		for (size_t k = 0; k < plan_n_expectations(plan); k++)
			if ((f->also >> k & 1) != 0)
				text = arena_printf(a, "%s,%s", text, plan_expectation(plan, k)->id);
		if (f->expectation >= 0)
			text = arena_printf(a, "%s)", text);
	}
	return text;
}

const char *
findings_of_test_not_in(const char *test, const char *findings)
{
	char word[64];

	for (size_t f = 0; f < FINDING_MAX; f++) {
		snprintf(word, sizeof(word), "%s:", finding_rows[f].code);
		if (strcmp(finding_rows[f].test, test) == 0 && strstr(findings, word) == NULL)
			return finding_rows[f].code;
	}
	return "";
}
