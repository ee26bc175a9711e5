/* SPDX-License-Identifier: ISC */
/*
 * SPF with a hostile DNS: check_host() and the tree of a record end, within their limits, whatever is answered.
 *
 * The first line is "IP SENDER HELO"; each other line is an answer, the k-th new question gets the k-th line, over and over:
 * T text[TAB text...] TXT, A the client's address, a another, M name[ name...] MX, P likewise PTR, 0 no data, N no such name,
 * F a failure, L an alias to itself.  What does not fit the type asked for is no data.
 */
#include <src/eval/spf_macro.h>
#include <src/eval/spf_tree.h>

#include <stdlib.h>
#include <string.h>

#define LINES_MAX  256
#define VALUES_MAX 40

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct line {
	const char *p;
	size_t n;
};
struct world {
	struct line lines[LINES_MAX];
	size_t n, at;
	struct addr client;
	struct sides *sides;
	struct arena *a;
	struct rdata values[VALUES_MAX];
	struct dns_name loop;
};

static void
must(bool ok)
{
	if (!ok)
		abort();
}

/* ---- answers ---- */

static void
value_txt(struct world *w, struct rdata *ret, const char *p, size_t n)
{
	uint8_t *bytes;
	size_t at = 0;

	n = n < 4000 ? n : 4000;
	bytes = arena_alloc(w->a, n + n / 255 + 1);
	for (size_t i = 0; i == 0 || i < n; i += 255) {
		size_t piece = n - i < 255 ? n - i : 255;

		bytes[at++] = (uint8_t)piece;
		memcpy(bytes + at, p + i, piece);
		at += piece;
	}
	*ret = (struct rdata){ .type = DNS_TYPE_TXT, .len = (uint16_t)at, .bytes = bytes };
}

static bool
value_name(struct world *w, struct rdata *ret, uint16_t type, const char *p, size_t n)
{
	char *text = arena_printf(w->a, "%s%.*s", type == DNS_TYPE_MX ? "10 " : "", (int)(n < 300 ? n : 300), p);

	return rdata_parse(w->a, type, text, ret, NULL) == 0;
}

static void
value_addr(struct world *w, struct rdata *ret, uint16_t type, bool other)
{
	unsigned n = type == DNS_TYPE_A ? 4 : 16;
	uint8_t *bytes = arena_dup(w->a, w->client.ip, n);

	bytes[n - 1] = (uint8_t)(bytes[n - 1] + other);
	*ret = (struct rdata){ .type = type, .len = (uint16_t)n, .bytes = bytes };
}

static size_t
line_values(struct world *w, const struct line *l, uint16_t type)
{
	char kind = l->n > 0 ? l->p[0] : '0', sep = kind == 'T' ? '\t' : ' ';
	size_t n = 0;

	if ((kind == 'A' || kind == 'a') && (type == DNS_TYPE_A || type == DNS_TYPE_AAAA)) {
		value_addr(w, &w->values[0], type, kind == 'a');
		return 1;
	}
	if (!(kind == 'T' && type == DNS_TYPE_TXT) && !(kind == 'M' && type == DNS_TYPE_MX) &&
	    !(kind == 'P' && type == DNS_TYPE_PTR))
		return 0;
	for (size_t i = 1; i < l->n && n < VALUES_MAX;) {
		const char *end = memchr(l->p + i, sep, l->n - i);
		size_t len = end != NULL ? (size_t)(end - l->p) - i : l->n - i;

		if (kind == 'T')
			value_txt(w, &w->values[n++], l->p + i, len);
		else
			n += value_name(w, &w->values[n], type, l->p + i, len);
		i += len + 1;
	}
	return n;
}

/* NULL: a failure. */
static const struct answer *
answer(struct world *w, const struct question *q)
{
	static const struct line empty = { "N", 1 };
	const struct line *l = w->n > 0 ? &w->lines[w->at++ % w->n] : &empty;
	struct answer *an = arena_alloc(w->a, sizeof(*an));

	if (l->n > 0 && l->p[0] == 'F')
		return NULL;
	an->qtype = q->type;
	an->values = w->values;
	an->n_values = line_values(w, l, q->type);
	an->kind = an->n_values > 0 ? ANSWER_POSITIVE : l->n > 0 && l->p[0] == 'N' ? ANSWER_NXDOMAIN : ANSWER_NODATA;
	if (l->n > 0 && l->p[0] == 'L') {
		an->kind = ANSWER_CNAME_LOOP;
		w->loop = q->name;
		an->chain = &w->loop;
		an->n_chain = 1;
	}
	an->rcode = an->kind == ANSWER_NXDOMAIN ? DNS_RCODE_NXDOMAIN : DNS_RCODE_NOERROR;
	return an;
}

/* ---- what must hold ---- */

static void
check_holds(const struct spf_check *c)
{
	bool error = c->result == SPF_NONE || c->result == SPF_TEMPERROR || c->result == SPF_PERMERROR;

	must(c->lookups <= SPF_LOOKUPS_MAX + 1 && c->voids <= SPF_VOIDS_MAX + 1 && c->questions <= SIDES_MAX);
	must(c->n_path <= SPF_LOOKUPS_MAX + 2 && error == (c->problem != NULL));
	must(c->lookups <= SPF_LOOKUPS_MAX || c->result == SPF_PERMERROR);
	must(c->explanation == NULL || c->result == SPF_FAIL);
	for (const char *p = c->explanation; p != NULL && *p != '\0'; p++)
		must(p - c->explanation < SPF_EXPLAIN_MAX);
	for (size_t i = 0; i < c->n_path; i++)
		must(c->path[i].domain != NULL);
}

static void
run_check(struct world *w, const struct dns_name *domain, const char *sender, const char *helo)
{
	struct spf_client client = { .ip = w->client, .sender = sender, .helo = helo, .unix_s = 1700000000 };
	struct spf_walk *walk = spf_walk_new(domain, &client, NULL, 0);
	struct side_want want;
	unsigned n = 0;

	while (spf_walk_next(walk, &want)) {
		const struct answer *an = answer(w, &want.q);

		must(want.q.name.len > 0 && ++n <= SIDES_MAX);
		spf_walk_answer(walk, want.id, REASON_TIMEOUT, an);
	}
	must(spf_walk_check(walk) != NULL);
	check_holds(spf_walk_check(walk));
	spf_walk_free(walk);
}

static void
tree_ask(void *ctx, const struct dns_name *name, uint16_t type, struct side_fact *ret)
{
	struct world *w = ctx;

	sides_ask(w->sides, SIDE_LOOKUP, name, type, w->a, ret);
}

static void
tree_holds(const struct spf_tree *t, struct arena *a)
{
	must(t->n <= SPF_BRANCHES_MAX && t->n_nets <= SPF_NETS_MAX && !t->pending);
	must(t->voids <= t->lookups && (t->cut || t->lookups == t->n));
	for (size_t i = 0; i < t->n; i++) {
		const struct spf_branch *b = &t->branches[i];

		must(b->parent < (int)i && b->term != NULL && b->lookups >= 1 && b->lookups <= t->lookups);
		must(b->state == SPF_BRANCH_GOOD || b->words != NULL);
		must(*spf_tree_way(t, (int)i, a) != '\0');
	}
	must(spf_tree_costliest(t) < (int)t->n);
}

static void
run_tree(struct world *w, const struct dns_name *domain)
{
	const struct line *l = &w->lines[0];
	struct spf_asker asker = { .ask = tree_ask, .ctx = w };
	struct spf_record record;
	struct spf_tree tree;
	struct side_want want;

	if (w->n == 0 || l->n < 1 || !spf_is_record(l->p + 1, l->n - 1) ||
	    spf_parse(w->a, l->p + 1, l->n - 1, &record, NULL) == -1)
		return;
	w->sides = sides_new();
	do {
		while (sides_next(w->sides, &want))
			sides_answer(w->sides, want.id, REASON_SERVFAIL, answer(w, &want.q), "there", INT64_MAX);
		spf_tree_build(&asker, domain, &record, w->a, &tree);
	} while (tree.pending);
	tree_holds(&tree, w->a);
	sides_free(w->sides);
}

/* A line as a text of macros: what comes out is a name, or none. */
static void
run_macros(const struct line *l, const char *sender, const char *helo, struct arena *a)
{
	const struct spf_values v = { .sender = sender, .local = sender, .sender_domain = helo, .domain = "example.com",
		.ip_dotted = "192.0.2.3", .ip_text = "192.0.2.3", .ip_arpa = "in-addr", .validated = "unknown", .helo = helo,
		.receiver = "unknown", .time = "1" };
	char *text = arena_alloc(a, l->n + 1), shown[DNS_NAME_TEXT_MAX];
	struct str s = STR_INIT;
	struct dns_name name;

	memcpy(text, l->p, l->n);
	if (spf_name_expand(text, &v, &name) == SPF_EXPAND_OK) {
		must(name.len > 1 && name.wire[name.len - 1] == 0);
		dns_name_text(&name, shown);
	}
	if (strlen(text) <= SPF_SPEC_MAX && spf_macro_expand(text, &v, true, &s))
		must(s.len <= strlen(text) * 3 * SPF_VALUE_MAX);
	str_done(&s);
}

/* ---- the input ---- */

static void
read_lines(struct world *w, const char *p, size_t n)
{
	for (size_t at = 0; at < n && w->n < LINES_MAX;) {
		const char *end = memchr(p + at, '\n', n - at);
		size_t len = end != NULL ? (size_t)(end - p) - at : n - at;

		w->lines[w->n++] = (struct line){ p + at, len };
		at += len + 1;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct world w = { .a = arena_new() };
	char *head = arena_alloc(w.a, 512), *word = head;
	const char *p = (const char *)data, *end = memchr(p, '\n', size), *words[3] = { "192.0.2.1", "a@example.org", "mx.example.org" };
	size_t n = end != NULL ? (size_t)(end - p) : size;
	struct dns_name domain;

	memcpy(head, p, n < 511 ? n : 511);
	for (size_t i = 0; i < ARRAY_LEN(words) && word != NULL && *word != '\0'; i++)
		words[i] = strsep(&word, " ");
	if (!addr_parse(&w.client, words[0], 0))
		addr_parse(&w.client, "2001:db8::1", 0);
	dns_name_parse(&domain, "example.com", NULL);
	if (end != NULL && size <= 65536)
		read_lines(&w, end + 1, size - n - 1);
	run_check(&w, &domain, words[1], words[2]);
	w.at = 1;
	run_tree(&w, &domain);
	for (size_t i = 0; i < w.n && i < 8; i++)
		run_macros(&w.lines[i], words[1], words[2], w.a);
	arena_free(w.a);
	return 0;
}
