/* SPDX-License-Identifier: ISC */
/* One domain in one line, for logs. */
#include <string.h>

#include "escape.h"

#define CODES_SHOWN   3
#define RECORDS_SHOWN 3

/* The i-th finding is of that severity, and no earlier one of its code is. */
static bool
is_new(const struct status *s, size_t i, enum severity severity)
{
	if (s->findings[i].severity != severity)
		return false;
	for (size_t k = 0; k < i; k++)
		if (s->findings[k].severity == severity && strcmp(s->findings[k].code, s->findings[i].code) == 0)
			return false;
	return true;
}

/* "record-missing mx spf": where the code of the i-th finding is found, it and all like it. */
static void
add_code(const struct status *s, size_t i, struct str *ret)
{
	const struct status_finding *first = &s->findings[i];
	size_t n = 0;

	escape_text(ret, first->code, true);
	for (; i < s->n_findings; i++) {
		const struct status_finding *f = &s->findings[i];

		if (f->severity != first->severity || strcmp(f->code, first->code) != 0 || f->record == NULL)
			continue;
		if (n++ == RECORDS_SHOWN)
			str_add(ret, " ...");
		if (n > RECORDS_SHOWN)
			continue;
		str_addc(ret, ' ');
		escape_text(ret, f->record, true);
	}
}

/* How many, and the first of their codes, each once. */
static void
add_findings(const struct status *s, enum severity severity, struct str *ret)
{
	size_t n = findings_count(s, severity), shown = 0;

	if (n == 0)
		return;
	str_addf(ret, ", %zu %s%s (", n, name_of(&severity_names, (int)severity), n == 1 ? "" : "s");
	for (size_t i = 0; i < s->n_findings; i++) {
		if (!is_new(s, i, severity) || ++shown > CODES_SHOWN)
			continue;
		str_add(ret, shown > 1 ? ", " : "");
		add_code(s, i, ret);
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
	add_findings(s, SEVERITY_ERROR, ret);
	if (s->state == DOMAIN_UNKNOWN && findings_count(s, SEVERITY_ERROR) == 0)
		add_findings(s, SEVERITY_WARNING, ret);
	if (s->eta_unix_ms != 0 && !s->complete)
		str_addf(ret, ", ETA %s (in %s)", time_short(s->eta_unix_ms, s->now_unix_ms, when),
		    time_left(s->now_unix_ms, s->eta_unix_ms, in));
}
