/* SPDX-License-Identifier: ISC */
/* Key `resolvers` and blocks `resolver`: who is asked besides the authorities. */
#include <stdlib.h>
#include <string.h>

#include "load.h"

static const char *const default_names[] = { "google", "cloudflare", "quad9", "opendns" };

void
conf_resolver_done(struct conf_resolver *r)
{
	free(r->name);
	free(r->operator);
	free(r->addrs);
	free(r->text);
}

static const struct conf_resolver *
shipped_find(const char *name)
{
	size_t n;
	const struct conf_resolver *list = conf_shipped_resolvers(&n);

	for (size_t i = 0; i < n; i++) {
		if (str_ieq(list[i].name, name))
			return &list[i];
	}
	return NULL;
}

static void
copy_addrs(struct conf_resolver *to, const struct conf_resolver *from)
{
	to->addrs = xcalloc(from->n_addrs, sizeof(*to->addrs));
	memcpy(to->addrs, from->addrs, from->n_addrs * sizeof(*to->addrs));
	to->n_addrs = from->n_addrs;
}

static struct conf_resolver *
append(struct conf *c, struct conf_resolver r)
{
	c->resolvers = xreallocarray(c->resolvers, c->n_resolvers + 1, sizeof(*c->resolvers));
	c->resolvers[c->n_resolvers] = r;
	return &c->resolvers[c->n_resolvers++];
}

static struct conf_resolver *
resolver_named(const struct conf *c, const char *name)
{
	for (size_t i = 0; i < c->n_resolvers; i++) {
		if (str_ieq(c->resolvers[i].name, name))
			return &c->resolvers[i];
	}
	return NULL;
}

int
conf_add_resolver(struct conf *c, const char *name_or_addr, struct err *err)
{
	const struct conf_resolver *s = shipped_find(name_or_addr);
	struct addr addr;

	if (resolver_named(c, name_or_addr) != NULL)
		return 0;
	if (s != NULL) {
		struct conf_resolver r = *s;
		r.name = xstrdup(s->name);
		r.operator = xstrdup(s->operator);
		r.text = xstrdup(s->text);
		r.rate = c->rate;
		r.window = c->window;
		copy_addrs(&r, s);
		append(c, r);
		return 0;
	}
	if (!addr_parse(&addr, name_or_addr, 53) || addr.port == 0) {
		err_set(err, "\"%s\" is neither a shipped resolver (see --list-resolvers) nor an address", name_or_addr);
		return -1;
	}
	struct conf_resolver *r = append(c, (struct conf_resolver){
		.name = xstrdup(name_or_addr), .operator = xstrdup(name_or_addr), .n_addrs = 1, .class = CLASS_QUORUM,
		.view = VIEW_PUBLIC, .rate = c->rate, .window = c->window, .text = xstrdup("configured here"),
	});
	r->addrs = xcalloc(1, sizeof(*r->addrs));
	r->addrs[0] = addr;
	return 0;
}

void
conf_default_resolvers(struct conf *c)
{
	for (size_t i = 0; i < ARRAY_LEN(default_names); i++)
		conf_add_resolver(c, default_names[i], NULL);
}

/* ---- blocks ---- */

void
resolver_begin(struct loader *l, const char *title)
{
	const struct conf_resolver *s = shipped_find(title);

	l->resolver_place = (struct block_place){ l->file, l->line };
	l->address_bad = false;
	l->resolver = (struct conf_resolver){
		.name = xstrdup(title),
		.class = s != NULL ? s->class : CLASS_QUORUM,
		.rate = RATE_UNSET,
		.window = RATE_UNSET,
	};
	if (*title == '\0')
		loader_problem(l, "a resolver needs a name");
}

/* A block with the name of a shipped resolver changes that one: what is not given is as shipped. */
static void
take_from_shipped(struct conf_resolver *r, const struct conf_resolver *s)
{
	r->shipped = true;
	r->filters = s->filters;
	r->text = xstrdup(s->text);
	copy_addrs(r, s);
	if (r->operator == NULL)
		r->operator = xstrdup(s->operator);
}

void
resolver_end(struct loader *l)
{
	struct conf_resolver r = l->resolver;
	const struct conf_resolver *s = shipped_find(r.name);

	l->resolver = (struct conf_resolver){ 0 };
	l->line = l->resolver_place.line;
	for (size_t i = 0; i < l->n_blocks; i++) {
		if (str_ieq(l->blocks[i].name, r.name))
			loader_problem(l, "resolver \"%s\" is given twice, first at %s:%d", r.name, l->block_places[i].file,
			    l->block_places[i].line);
	}
	if (r.n_addrs == 0 && s != NULL)
		take_from_shipped(&r, s);
	else if (r.n_addrs == 0 && !l->address_bad)
		loader_problem(l, "resolver \"%s\" has no address", r.name);
	if (r.operator == NULL)
		r.operator = xstrdup(r.name);
	if (r.text == NULL)
		r.text = xstrdup("configured here");
	l->blocks = xreallocarray(l->blocks, l->n_blocks + 1, sizeof(*l->blocks));
	l->block_places = xreallocarray(l->block_places, l->n_blocks + 1, sizeof(*l->block_places));
	l->block_places[l->n_blocks] = l->resolver_place;
	l->blocks[l->n_blocks++] = r;
}

/* ---- when all is read ---- */

static bool
is_block(const struct loader *l, const char *name)
{
	for (size_t i = 0; i < l->n_blocks; i++) {
		if (str_ieq(l->blocks[i].name, name))
			return true;
	}
	return false;
}

static void
add_names(struct loader *l)
{
	struct err err;

	if (!l->names_given) {
		for (size_t i = 0; i < ARRAY_LEN(default_names); i++) {
			if (!is_block(l, default_names[i]))
				conf_add_resolver(l->conf, default_names[i], NULL);
		}
	}
	for (size_t i = 0; i < l->n_names; i++) {
		const struct pending_name *p = &l->names[i];
		/* a block is used anyway; naming it in the list too does no harm */
		if (!is_block(l, p->name) && conf_add_resolver(l->conf, p->name, &err) == -1)
			conf_problem_add(l->problems, p->file, p->line, "resolvers: %s", err.msg);
	}
}

/* One address asked under two names would have two votes. */
static void
check_addrs(struct loader *l, const struct conf_resolver *r, const struct block_place *place)
{
	char text[ADDR_TEXT_MAX];

	for (size_t i = 0; i < l->conf->n_resolvers; i++) {
		const struct conf_resolver *other = &l->conf->resolvers[i];
		for (size_t k = 0; k < r->n_addrs * other->n_addrs; k++) {
			const struct addr *a = &r->addrs[k / other->n_addrs];
			if (addr_equal(a, &other->addrs[k % other->n_addrs]))
				conf_problem_add(l->problems, place->file, place->line,
				    "resolver \"%s\": address %s is that of resolver \"%s\" already", r->name,
				    addr_text(a, 53, text), other->name);
		}
	}
}

void
resolvers_finish(struct loader *l)
{
	struct conf *c = l->conf;

	conf_clear_resolvers(c);
	add_names(l);
	for (size_t i = 0; i < l->n_blocks; i++) {
		struct conf_resolver *r = &l->blocks[i];
		if (r->rate == RATE_UNSET)
			r->rate = c->rate;
		if (r->window == RATE_UNSET)
			r->window = c->window;
		check_addrs(l, r, &l->block_places[i]);
		append(c, *r);
	}
	l->n_blocks = 0;	/* handed over */
}
