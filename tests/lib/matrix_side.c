/* SPDX-License-Identifier: ISC */
/* matrix_side: a diagnosis with what is known aside; see matrix.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "matrix.h"

#define ROUNDS_MAX 32	/* answers that lead to further questions */

static const char *const places[SIDE_AT_MAX] = {
	[SIDE_AUTHORITY] = "authority", [SIDE_LOOKUP] = "lookup", [SIDE_EDITED] = "edited", [SIDE_UNCHECKED] = "unchecked",
	[SIDE_POLICY] = "policy",
};

/* "lookup mail.example A"; a policy has no type. */
static const char *
want_text(struct arena *a, const struct side_want *w)
{
	char name[DNS_NAME_TEXT_MAX], type[16];

	dns_name_text_lower(&w->q.name, name);
	if (w->at == SIDE_POLICY)
		return arena_printf(a, "policy %s", name);
	return arena_printf(a, "%s %s %s", places[w->at], name, dns_type_text(w->q.type, type));
}

/* Do the words before the "=" of a line fit?  "*" fits any word. */
static bool
words_fit(const char *line, const char *want)
{
	while (*want != '\0') {
		size_t n = strcspn(line, " "), m = strcspn(want, " ");

		if (!(n == 1 && *line == '*') && (n != m || strncmp(line, want, n) != 0))
			return false;
		line += n + strspn(line + n, " ");
		want += m + strspn(want + m, " ");
	}
	return *line == '=';
}

/* What stands behind the "=" of the first line that fits; NULL when none does. */
static const char *
fact_find(struct arena *a, const char *facts, const char *want)
{
	for (const char *line = facts; *line != '\0'; line += strcspn(line, "\n"), line += *line == '\n') {
		size_t n = strcspn(line, "\n"), blanks = strspn(line, " \t");
		const char *text = arena_printf(a, "%.*s", (int)(n - (blanks < n ? blanks : n)), line + blanks), *eq;

		if (!words_fit(text, want))
			continue;
		eq = strchr(text, '=') + 1;
		return eq + strspn(eq, " ");
	}
	return NULL;
}

/* "NXDOMAIN example": the zone that denies. */
static struct answer *
fact_answer(struct arena *a, const struct side_want *w, char *text)
{
	char *denial = strstr(text, "NXDOMAIN ") != NULL ? strstr(text, "NXDOMAIN ") : strstr(text, "NODATA "), *zone = NULL;
	const struct dns_name *end = &w->q.name;
	struct answer *an;

	if (denial != NULL) {
		zone = strchr(denial, ' ');
		*zone++ = '\0';
	}
	an = answer_of(a, w->q.type, text);
	if (an->kind != ANSWER_NXDOMAIN && an->kind != ANSWER_NODATA)
		return an;
	if (an->n_chain > 0)
		end = &an->chain[an->n_chain - 1];
	an->has_soa = zone == NULL || strcmp(zone, "-") != 0;
	if (zone == NULL)
		dns_name_suffix(&an->soa_owner, end, dns_name_labels(end) > 2 ? dns_name_labels(end) - 2 : 0);
	else if (an->has_soa && dns_name_parse(&an->soa_owner, zone, NULL) == -1)
		abort();
	return an;
}

static void
want_answer(struct sides *s, const struct side_want *w, struct arena *a, const char *fact)
{
	char *text = arena_strdup(a, fact);
	int reason;

	if (name_find(&reason_names, text, &reason))
		sides_answer(s, w->id, (enum reason)reason, NULL, "nobody answered", INT64_MAX);
	else if (w->at == SIDE_POLICY)
		sides_answer_text(s, w->id, text, matrix_unescape(text), "https", INT64_MAX);
	else
		sides_answer(s, w->id, REASON_NONE, fact_answer(a, w, text), places[w->at], INT64_MAX);
}

const char *
matrix_eval(struct matrix *m, const struct domain_prior *prior, struct arena *a, const char *facts, struct domain_result *ret)
{
	const char *asked = "", *fact, *text;
	struct side_want w;

	m->sides = sides_new();
	for (int round = 0; round == 0 || (round < ROUNDS_MAX && sides_pending(m->sides) > 0); round++) {
		while (sides_next(m->sides, &w)) {
			text = want_text(a, &w);
			asked = arena_printf(a, "%s%s\n", asked, text);
			fact = fact_find(a, facts, text);
			want_answer(m->sides, &w, a, fact != NULL ? fact : "timeout");
		}
		sides_round(m->sides, m->now_ms, false);
		eval_domain(m, prior, a, ret);
	}
	if (sides_pending(m->sides) > 0)
		abort();	/* it asks for ever */
	sides_free(m->sides);
	m->sides = NULL;
	return asked;
}
