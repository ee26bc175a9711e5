/* SPDX-License-Identifier: ISC */
/* Checks across keys. */
#include <stdlib.h>
#include <string.h>

#include "load.h"

static void
check_intervals(struct loader *l)
{
	const struct conf *c = l->conf;
	struct conf_place place = conf_place_of(c, "interval_ceiling");

	if (place.file == NULL)
		place = conf_place_of(c, "interval_floor");
	if (c->interval_ceiling < c->interval_floor)
		conf_problem_add(l->problems, place.file, place.line, "interval_ceiling (%u) is below interval_floor (%u)",
		    c->interval_ceiling, c->interval_floor);
}

static bool
is_loopback(const struct addr *a)
{
	static const uint8_t one[16] = { [15] = 1 };

	return a->family == 4 ? a->ip[0] == 127 : memcmp(a->ip, one, sizeof(one)) == 0;
}

/* The token may come as a systemd credential too; then the HTTP server is the one to judge. */
static void
check_listen(struct loader *l)
{
	const struct conf *c = l->conf;
	struct conf_place place = conf_place_of(c, "listen");

	if (c->listen_public || c->token_file != NULL || getenv("CREDENTIALS_DIRECTORY") != NULL)
		return;
	for (size_t i = 0; i < c->n_listen; i++) {
		struct addr addr;
		if (addr_parse(&addr, c->listen[i], 0) && !is_loopback(&addr))
			conf_problem_add(l->problems, place.file, place.line,
			    "listen: \"%s\" is not loopback: that needs token_file, or listen_public = yes", c->listen[i]);
	}
}

void
check_loaded(struct loader *l)
{
	check_intervals(l);
	check_listen(l);
}

/* ---- with the command line ---- */

/* Operators, not addresses: a resolver of class required votes too; internal and informative ones do not. */
static size_t
count_voters(const struct conf *c)
{
	size_t n = 0;

	for (size_t i = 0; i < c->n_resolvers; i++) {
		const struct conf_resolver *r = &c->resolvers[i];
		bool votes = r->class != CLASS_INFO && r->view == VIEW_PUBLIC;
		for (size_t k = 0; k < i && votes; k++) {
			const struct conf_resolver *o = &c->resolvers[k];
			votes = o->class == CLASS_INFO || o->view != VIEW_PUBLIC || strcmp(o->operator, r->operator) != 0;
		}
		n += votes;
	}
	return n;
}

static bool
asks_no_authority(const struct conf *c)
{
	bool none = c->authorities == AUTHORITIES_NONE;

	for (size_t i = 0; i < c->n_domains; i++)
		none = none || c->domains[i].authorities == AUTHORITIES_NONE;
	return none;
}

void
conf_check(const struct conf *c, enum until until, struct conf_problems *problems)
{
	struct conf_place resolvers = conf_place_of(c, "resolvers");
	struct conf_place quorum = conf_place_of(c, "quorum");
	const char *file = resolvers.file != NULL ? resolvers.file : c->n_files > 0 ? c->files[0] : NULL;
	size_t voters = count_voters(c);

	if (voters == 0 && until != UNTIL_PUBLISHED)
		conf_problem_add(problems, file, resolvers.line,
		    "nobody votes: no public resolver of class quorum or required (enough only for --until published)");
	else if (voters == 0 && asks_no_authority(c))
		conf_problem_add(problems, file, resolvers.line,
		    "nobody can tell: authorities = none, and no public resolver of class quorum or required");
	else if (!c->quorum_percent && c->quorum > voters && until != UNTIL_PUBLISHED)
		conf_problem_add(problems, quorum.file, quorum.line, "quorum: %u are wanted, but only %zu operators vote",
		    c->quorum, voters);
}
