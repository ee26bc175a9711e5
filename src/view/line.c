/* SPDX-License-Identifier: ISC */
/* One domain in one line, for logs. */
#include <string.h>

#include "escape.h"

#define CODES_SHOWN 3

/* The i-th finding is an error whose code no earlier one has. */
static bool
is_new_error(const struct status *s, size_t i)
{
	if (s->findings[i].severity != SEVERITY_ERROR)
		return false;
	for (size_t k = 0; k < i; k++)
		if (s->findings[k].severity == SEVERITY_ERROR && strcmp(s->findings[k].code, s->findings[i].code) == 0)
			return false;
	return true;
}

/* How many, and the first of their codes, each once. */
static void
add_errors(const struct status *s, struct str *ret)
{
	size_t n = findings_count(s, SEVERITY_ERROR), shown = 0;

	if (n == 0)
		return;
	str_addf(ret, ", %zu error%s (", n, n == 1 ? "" : "s");
	for (size_t i = 0; i < s->n_findings; i++) {
		if (!is_new_error(s, i) || ++shown > CODES_SHOWN)
			continue;
		str_add(ret, shown > 1 ? ", " : "");
		escape_text(ret, s->findings[i].code, true);
	}
	str_add(ret, shown > CODES_SHOWN ? ", ...)" : ")");
}

void
view_line(const struct status *s, struct str *ret)
{
	char when[TIME_SHORT_MAX], in[32];

	escape_text(ret, s->domain, true);
	str_addf(ret, ": %s", name_of(&domain_state_names, (int)s->state));
	if (s->n_required > 0) {
		if (s->state != DOMAIN_PUBLISHED)
			str_add(ret, ", published");
		str_addf(ret, " %zu/%zu, visible %u %%", s->n_required_published, s->n_required,
		    number_percent(s->progress_visible));
	}
	add_errors(s, ret);
	if (s->eta_unix_ms != 0 && !s->complete)
		str_addf(ret, ", ETA %s (in %s)", time_short(s->eta_unix_ms, s->now_unix_ms, when),
		    time_left(s->now_unix_ms, s->eta_unix_ms, in));
}
