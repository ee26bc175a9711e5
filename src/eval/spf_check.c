/* SPDX-License-Identifier: ISC */
/*
 * check_host() of RFC 7208, top down: a level is one record, its terms are tried in order, an include or redirect is a level
 * below.  A missing answer unwinds like a temperror, which stops everything too; `pending` tells the two apart.
 *
 * Bounded: ten terms that ask, hence eleven levels; ten names an mx or ptr.  "Void look-ups" are counted as section 4.6.4 says
 * it, a term whose own answer is empty; hosts of an mx without an address of the client's family are nobody's mistake.
 */
#include <string.h>

#include "judge.h"
#include "spf_ask.h"
#include "spf_macro.h"

#define NAMES_MAX 10			/* of an mx or ptr */
#define STEPS_MAX (SPF_LOOKUPS_MAX + 2)

struct level {
	const struct level *up;
	const struct dns_name *name;
	const char *domain;		/* d: its text */
	const char *shown;
	struct spf_record record;
	bool included;			/* this one or one above is an include: its exp= says nothing */
};
struct check {
	const struct spf_asker *k;
	struct arena *a;
	struct addr ip;
	struct spf_values v;
	struct spf_check *ret;
	struct spf_step *path;
	struct dns_name reverse;	/* where the PTR records of the address lie */
	const struct spf_term *exp;	/* of the record that failed */
	struct dns_name exp_name;	/* of that record */
	const char *exp_domain;
	bool pending;
};
enum match { MATCH_NO, MATCH_YES, MATCH_TEMPERROR, MATCH_PERMERROR };

static enum spf_result host_check(struct check *c, const struct dns_name *name, const struct level *up, bool included);

/* ---- asking ---- */

static bool
ask_ok(struct check *c, const struct dns_name *name, uint16_t type, const struct answer **ret)
{
	struct side_fact fact;

	switch (spf_ask(c->k, name, type, c->a, &fact, &c->ret->problem)) {
	case SPF_ASKED_PENDING:
		c->pending = true;
		return false;
	case SPF_ASKED_FAILED:
		return false;
	case SPF_ASKED_VALUES:
	case SPF_ASKED_VOID:
		break;
	}
	*ret = fact.answer;
	return true;
}

static uint16_t
address_type(const struct check *c)
{
	return c->ip.family == 4 ? DNS_TYPE_A : DNS_TYPE_AAAA;
}

/* A term's own answer was empty.  False: one too many. */
static bool
count_void(struct check *c, const struct answer *an, const struct spf_term *t)
{
	if (an->n_values > 0 || ++c->ret->voids <= SPF_VOIDS_MAX)
		return true;
	c->ret->problem = arena_printf(c->a, "%s is the third term that leads nowhere, and only %d may", t->text, SPF_VOIDS_MAX);
	return false;
}

static bool
count_lookup(struct check *c, const struct spf_term *t)
{
	if (++c->ret->lookups <= SPF_LOOKUPS_MAX)
		return true;
	c->ret->problem = arena_printf(c->a, "%s would be look-up %u, and only %d are allowed", t->text, c->ret->lookups,
	    SPF_LOOKUPS_MAX);
	return false;
}

/* For whom else holds what this comparison says? */
static void
note_compared(struct check *c, const struct addr *net, unsigned prefix)
{
	unsigned bits = spf_network_bits(net, prefix, &c->ip);

	if (bits > c->ret->same_bits)
		c->ret->same_bits = bits;
}

static bool
answer_has_client(struct check *c, const struct answer *an, const struct spf_term *t)
{
	unsigned prefix = t == NULL ? (c->ip.family == 4 ? 32 : 128) : c->ip.family == 4 ? t->prefix4 : t->prefix6;
	struct addr addr;

	for (size_t i = 0; i < an->n_values; i++)
		if (rdata_addr(&an->values[i], &addr)) {
			note_compared(c, &addr, prefix);
			if (spf_same_network(&addr, &c->ip, prefix))
				return true;
		}
	return false;
}

/* ---- the client's own names: ptr and the macro p (section 5.5) ---- */

/* The first ten names of the address; a failure is no name. */
static const struct answer *
client_names(struct check *c)
{
	const char *problem = c->ret->problem;
	const struct answer *an = NULL;

	if (!ask_ok(c, &c->reverse, DNS_TYPE_PTR, &an))
		c->ret->problem = problem;
	return an;
}

/* Does a name lead back to the client's address? */
static bool
name_is_clients(struct check *c, const struct dns_name *name)
{
	const char *problem = c->ret->problem;
	const struct answer *an;

	if (ask_ok(c, name, address_type(c), &an))
		return answer_has_client(c, an, NULL);
	c->ret->problem = problem;
	return false;
}

/* The first name of the client that is domain or lies below it (equal: only domain itself; NULL: any). */
static bool
client_name_below(struct check *c, const struct answer *an, const struct dns_name *domain, bool equal, struct dns_name *ret)
{
	for (size_t i = 0; an != NULL && i < an->n_values && i < NAMES_MAX; i++) {
		if (!rdata_name(&an->values[i], ret) || ret->len <= 1)
			continue;
		if (domain != NULL && (equal ? !dns_name_equal(ret, domain) : !dns_name_is_below(ret, domain)))
			continue;
		if (name_is_clients(c, ret))
			return true;
		if (c->pending)
			return false;
	}
	return false;
}

/* p: the domain itself before a name below it before any other (section 7.3). */
static const char *
client_validated(struct check *c, const struct dns_name *domain)
{
	const struct answer *an = client_names(c);
	char buf[DNS_NAME_MAX + 1];
	struct dns_name name;

	if (client_name_below(c, an, domain, true, &name) || (!c->pending && client_name_below(c, an, domain, false, &name)) ||
	    (!c->pending && client_name_below(c, an, NULL, false, &name)))
		if (spf_name_text(&name, buf))
			return arena_strdup(c->a, buf);
	return "unknown";
}

/* ---- targets ---- */

/* What the letters stand for in this record.  False: p is pending. */
static bool
values_set(struct check *c, const struct dns_name *name, const char *domain, const char *text)
{
	c->v.domain = domain;
	c->ret->by_address |= spf_macro_uses(text, 'i') || spf_macro_uses(text, 'c') || spf_macro_uses(text, 'p');
	if (spf_macro_uses(text, 'p'))
		c->v.validated = client_validated(c, name);
	return !c->pending;
}

/* The name a term is about; MATCH_NO: it is none, so that nothing can match. */
static enum match
target_of(struct check *c, const struct level *l, const struct spf_term *t, struct dns_name *ret)
{
	if (t->domain == NULL) {
		*ret = *l->name;
		return MATCH_YES;
	}
	if (!values_set(c, l->name, l->domain, t->domain))
		return MATCH_TEMPERROR;
	if (spf_name_expand(t->domain, &c->v, ret) == SPF_EXPAND_OK)
		return MATCH_YES;
	c->ret->problem = arena_printf(c->a, "%s stands for no name", t->text);
	return MATCH_NO;
}

/* ---- mechanisms (section 5) ---- */

typedef enum match match_fn(struct check *c, const struct level *l, const struct spf_term *t, const struct dns_name *target);

static enum match
match_all(struct check *c, const struct level *l, const struct spf_term *t, const struct dns_name *target)
{
	(void)c;
	(void)l;
	(void)t;
	(void)target;
	return MATCH_YES;
}

static enum match
match_ip(struct check *c, const struct level *l, const struct spf_term *t, const struct dns_name *target)
{
	(void)l;
	(void)target;
	note_compared(c, &t->ip, t->kind == SPF_IP4 ? t->prefix4 : t->prefix6);
	return spf_term_covers(t, &c->ip, c->ip.family == 4 ? 32 : 128) ? MATCH_YES : MATCH_NO;
}

static enum match
match_include(struct check *c, const struct level *l, const struct spf_term *t, const struct dns_name *target)
{
	(void)t;
	switch (host_check(c, target, l, true)) {
	case SPF_PASS:
		return MATCH_YES;
	case SPF_FAIL:
	case SPF_SOFTFAIL:
	case SPF_NEUTRAL:
		return MATCH_NO;
	case SPF_TEMPERROR:
		return MATCH_TEMPERROR;
	case SPF_PERMERROR:
	case SPF_NONE:
		break;
	}
	return MATCH_PERMERROR;
}

static enum match
match_a(struct check *c, const struct level *l, const struct spf_term *t, const struct dns_name *target)
{
	const struct answer *an;

	(void)l;
	if (!ask_ok(c, target, t->kind == SPF_EXISTS ? DNS_TYPE_A : address_type(c), &an))
		return MATCH_TEMPERROR;
	if (!count_void(c, an, t))
		return MATCH_PERMERROR;
	if (t->kind == SPF_EXISTS)
		return an->n_values > 0 ? MATCH_YES : MATCH_NO;
	return answer_has_client(c, an, t) ? MATCH_YES : MATCH_NO;
}

static enum match
match_mx(struct check *c, const struct level *l, const struct spf_term *t, const struct dns_name *target)
{
	const struct answer *mx, *an;
	struct dns_name host;
	uint16_t preference;

	(void)l;
	if (!ask_ok(c, target, DNS_TYPE_MX, &mx))
		return MATCH_TEMPERROR;
	if (!count_void(c, mx, t))
		return MATCH_PERMERROR;
	if (mx->n_values > NAMES_MAX) {
		c->ret->problem = arena_printf(c->a, "%s has %zu hosts, and only %d may be asked for", t->text, mx->n_values, NAMES_MAX);
		return MATCH_PERMERROR;
	}
	for (size_t i = 0; i < mx->n_values; i++) {
		if (!rdata_mx(&mx->values[i], &preference, &host) || host.len <= 1)
			continue;
		if (!ask_ok(c, &host, address_type(c), &an))
			return MATCH_TEMPERROR;
		if (answer_has_client(c, an, t))
			return MATCH_YES;
	}
	return MATCH_NO;
}

static enum match
match_ptr(struct check *c, const struct level *l, const struct spf_term *t, const struct dns_name *target)
{
	const struct answer *an = client_names(c);
	struct dns_name name;

	(void)l;
	c->ret->by_address = true;
	if (!c->pending && an != NULL && !count_void(c, an, t))
		return MATCH_PERMERROR;
	if (!c->pending && client_name_below(c, an, target, false, &name))
		return MATCH_YES;
	return c->pending ? MATCH_TEMPERROR : MATCH_NO;
}

static match_fn *const mechanisms[] = {
	[SPF_ALL] = match_all, [SPF_INCLUDE] = match_include, [SPF_A] = match_a, [SPF_MX] = match_mx, [SPF_PTR] = match_ptr,
	[SPF_IP4] = match_ip, [SPF_IP6] = match_ip, [SPF_EXISTS] = match_a,
};

static enum match
term_match(struct check *c, const struct level *l, const struct spf_term *t)
{
	struct dns_name target;
	enum match have = MATCH_YES;

	if (!spf_term_asks(t))
		return mechanisms[t->kind](c, l, t, NULL);
	if (!count_lookup(c, t))
		return MATCH_PERMERROR;
	have = target_of(c, l, t, &target);
	if (have == MATCH_YES)
		return mechanisms[t->kind](c, l, t, &target);
	return have == MATCH_NO && t->kind == SPF_INCLUDE ? MATCH_PERMERROR : have;
}

/* ---- levels ---- */

static void
path_set(struct check *c, size_t at, const struct level *l, const char *term)
{
	c->path[at] = (struct spf_step){ .domain = l->shown, .term = term };
	c->ret->n_path = at + 1;
}

static enum spf_result
qualifier_result(char qualifier)
{
	return qualifier == '+' ? SPF_PASS : qualifier == '-' ? SPF_FAIL : qualifier == '~' ? SPF_SOFTFAIL : SPF_NEUTRAL;
}

/* The explanation of a fail is that of the record whose term matched, includes left aside (section 6.2). */
static void
note_explanation(struct check *c, const struct level *l)
{
	c->exp = NULL;
	for (size_t i = 0; i < l->record.n_terms && !l->included; i++)
		if (l->record.terms[i].kind == SPF_EXP)
			c->exp = &l->record.terms[i];
	c->exp_name = *l->name;
	c->exp_domain = l->domain;
}

/* The record of a level (sections 4.3 to 4.6); SPF_PASS: it is there. */
static enum spf_result
level_open(struct check *c, struct level *l)
{
	struct spf_fetched f;
	char buf[DNS_NAME_MAX + 1];

	l->shown = match_name_text(c->a, l->name);
	if (dns_name_labels(l->name) < 2 || !spf_name_text(l->name, buf)) {
		c->ret->problem = arena_printf(c->a, "%s is no domain that could have an SPF record", l->shown);
		return SPF_NONE;
	}
	l->domain = arena_strdup(c->a, buf);
	for (const struct level *up = l->up; up != NULL; up = up->up)
		if (dns_name_equal(up->name, l->name)) {
			c->ret->problem = arena_printf(c->a, "%s leads back to itself", l->shown);
			return SPF_PERMERROR;
		}
	switch (spf_fetch(c->k, l->name, c->a, &f)) {
	case SPF_FETCHED:
		l->record = f.record;
		return SPF_PASS;
	case SPF_FETCH_PENDING:
		c->pending = true;
		return SPF_TEMPERROR;
	case SPF_FETCH_FAILED:
		c->ret->problem = f.words;
		return SPF_TEMPERROR;
	case SPF_FETCH_VOID:
		c->ret->voids += l->up != NULL;
		/* FALLTHROUGH */
	case SPF_FETCH_NONE:
		c->ret->problem = f.words;
		return SPF_NONE;
	case SPF_FETCH_MANY:
	case SPF_FETCH_BROKEN:
		break;
	}
	c->ret->problem = f.words;
	return SPF_PERMERROR;
}

/* redirect= (section 6.1): what the other record says is what this one says. */
static enum spf_result
level_redirect(struct check *c, const struct level *l, size_t at)
{
	const struct spf_term *t = &l->record.terms[l->record.redirect];
	enum spf_result r = SPF_NONE;
	struct dns_name target;

	path_set(c, at, l, t->text);
	if (!count_lookup(c, t))
		return SPF_PERMERROR;
	switch (target_of(c, l, t, &target)) {
	case MATCH_YES:
		r = host_check(c, &target, l, l->included);
		break;
	case MATCH_TEMPERROR:
		return SPF_TEMPERROR;
	case MATCH_NO:
	case MATCH_PERMERROR:
		break;
	}
	return r == SPF_NONE ? SPF_PERMERROR : r;
}

static enum spf_result
host_check(struct check *c, const struct dns_name *name, const struct level *up, bool included)
{
	struct level l = { .up = up, .name = name, .included = included };
	enum spf_result opened = level_open(c, &l);
	size_t at = c->ret->n_path;

	if (opened != SPF_PASS)
		return opened;
	for (size_t i = 0; i < l.record.n_terms; i++) {
		const struct spf_term *t = &l.record.terms[i];

		if (t->kind >= SPF_REDIRECT)
			continue;
		path_set(c, at, &l, t->text);
		switch (term_match(c, &l, t)) {
		case MATCH_YES:
			note_explanation(c, &l);
			return qualifier_result(t->qualifier);
		case MATCH_TEMPERROR:
			return SPF_TEMPERROR;
		case MATCH_PERMERROR:
			return SPF_PERMERROR;
		case MATCH_NO:
			break;
		}
	}
	if (l.record.redirect != -1)
		return level_redirect(c, &l, at);
	path_set(c, at, &l, NULL);
	return SPF_NEUTRAL;
}

/* ---- the explanation (section 6.2): any trouble with it, and there is none ---- */

/* The only TXT record at name, if it is ASCII. */
static const char *
explanation_text(struct check *c, const struct dns_name *name)
{
	const struct answer *an;
	struct str s = STR_INIT;
	const char *text = NULL;

	if (!ask_ok(c, name, DNS_TYPE_TXT, &an) || an->n_values != 1 || !rdata_txt(&an->values[0], &s))
		return NULL;
	text = arena_strdup(c->a, str_c(&s));
	for (size_t i = 0; i < s.len; i++)
		if (str_c(&s)[i] < 0x20 || str_c(&s)[i] > 0x7e)
			text = NULL;
	str_done(&s);
	return text;
}

static const char *
explanation(struct check *c)
{
	struct str s = STR_INIT;
	struct dns_name name;
	const char *text = NULL, *ret = NULL;

	if (values_set(c, &c->exp_name, c->exp_domain, c->exp->domain) &&
	    spf_name_expand(c->exp->domain, &c->v, &name) == SPF_EXPAND_OK)
		text = explanation_text(c, &name);
	if (text != NULL && values_set(c, &c->exp_name, c->exp_domain, text) && spf_macro_expand(text, &c->v, true, &s))
		ret = arena_printf(c->a, "%.*s", SPF_EXPLAIN_MAX, str_c(&s));
	str_done(&s);
	return ret;
}

/* ---- begin ---- */

static void
client_address(struct check *c, const struct addr *ip)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	struct str dotted = STR_INIT;
	char buf[ADDR_TEXT_MAX];

	c->ip = *ip;
	c->ip.port = 0;
	if (ip->family == 6 && memcmp(ip->ip, mapped, sizeof(mapped)) == 0) {
		c->ip = (struct addr){ .family = 4 };
		memcpy(c->ip.ip, ip->ip + 12, 4);
	}
	spf_ip_dotted(&c->ip, &dotted);
	c->v.ip_dotted = arena_strdup(c->a, str_c(&dotted));
	c->v.ip_arpa = c->ip.family == 4 ? "in-addr" : "ip6";
	c->v.ip_text = arena_strdup(c->a, addr_text(&c->ip, 0, buf));
	spf_name_expand("%{ir}.%{v}.arpa", &c->v, &c->reverse);
	str_done(&dotted);
}

/* A sender without a local part is the postmaster (section 4.3). */
static void
client_sender(struct check *c, const struct spf_client *client, const char *domain)
{
	const char *at = client->sender != NULL ? strrchr(client->sender, '@') : NULL;

	c->v.sender_domain = at != NULL ? arena_strdup(c->a, at + 1) : client->sender != NULL ? client->sender : domain;
	c->v.local = at != NULL && at != client->sender ?
	    arena_printf(c->a, "%.*s", (int)(at - client->sender), client->sender) : "postmaster";
	c->v.sender = arena_printf(c->a, "%s@%s", c->v.local, c->v.sender_domain);
	c->v.helo = client->helo != NULL ? client->helo : domain;
	c->v.receiver = "unknown";
	c->v.time = arena_printf(c->a, "%lld", (long long)client->unix_s);
}

bool
spf_check_run(const struct spf_asker *k, const struct dns_name *domain, const struct spf_client *client, struct arena *a,
    struct spf_check *ret)
{
	struct check c = { .k = k, .a = a, .ret = ret };

	memset(ret, 0, sizeof(*ret));
	ret->path = c.path = arena_alloc(a, STEPS_MAX * sizeof(*c.path));
	client_address(&c, &client->ip);
	client_sender(&c, client, match_name_text(a, domain));
	ret->result = host_check(&c, domain, NULL, false);
	if (c.ip.family != client->ip.family)
		ret->same_bits += 96;		/* ::ffff:0:0/96 */
	if (!c.pending && ret->result == SPF_FAIL && c.exp != NULL)
		ret->explanation = explanation(&c);
	if (ret->result != SPF_NONE && ret->result != SPF_TEMPERROR && ret->result != SPF_PERMERROR)
		ret->problem = NULL;
	return !c.pending;
}
