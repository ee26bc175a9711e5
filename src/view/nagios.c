/* SPDX-License-Identifier: ISC */
/*
 * Output of a monitoring plugin: "M365DNS STATUS: text | perfdata", then long text, all of it ASCII and at most 4 kB.
 * Performance labels are plain [a-z0-9_]: known parsers lose quoted ones.
 */
#include "formats.h"

#include <string.h>

#define OUTPUT_MAX 4096

static const char *const words[] = { "OK", "WARNING", "CRITICAL", "UNKNOWN" };

struct sums {
	size_t domains, of_state[DOMAIN_REGRESSED + 1];
	size_t required, published, visible, unknown, errors, warnings;
	double visible_ratio;		/* mean of the domains */
	int64_t eta_s;			/* latest; -1 = none */
};

static void
sum_one(struct sums *t, const struct status *s)
{
	int64_t eta = s->eta_unix_ms != 0 && !s->complete ? (s->eta_unix_ms - s->now_unix_ms + 999) / 1000 : -1;

	t->domains++;
	if ((size_t)s->state < ARRAY_LEN(t->of_state))
		t->of_state[s->state]++;
	t->required += s->n_required;
	t->published += s->n_required_published;
	t->visible += s->n_required_visible;
	t->errors += findings_count(s, SEVERITY_ERROR);
	t->warnings += findings_count(s, SEVERITY_WARNING);
	t->visible_ratio += s->progress_visible;
	for (size_t i = 0; i < s->n_records; i++)
		t->unknown += s->records[i].state == RECORD_UNKNOWN;
	if (s->eta_unix_ms != 0 && !s->complete && eta < 0)
		eta = 0;
	if (eta > t->eta_s)
		t->eta_s = eta;
}

static void
perfdata(const struct sums *t, struct str *ret)
{
	if (t->domains > 1)
		str_addf(ret, "domains=%zu;;;0 complete=%zu;;;0;%zu ", t->domains, t->of_state[DOMAIN_COMPLETE], t->domains);
	str_addf(ret, "published=%zu;%zu:;;0;%zu ", t->published, t->required, t->required);
	str_addf(ret, "visible=%u%%;100:;50: ", number_percent(t->domains > 0 ? t->visible_ratio / (double)t->domains : 0));
	str_addf(ret, "unknown=%zu;;;0 errors=%zu;;~:0;0 warnings=%zu;~:0;;0", t->unknown, t->errors, t->warnings);
	if (t->eta_s >= 0)
		str_addf(ret, " eta=%llds", (long long)t->eta_s);
}

void
view_nagios_text(const char *text, struct str *ret)
{
	escape_nagios(ret, text);
}

static void
summary(const struct status *s, struct str *ret)
{
	struct str line = STR_INIT;

	view_line(s, &line);
	escape_nagios(ret, str_c(&line));
	str_done(&line);
}

static void
summary_many(const struct sums *t, struct str *ret)
{
	str_addf(ret, "%zu of %zu domains complete", t->of_state[DOMAIN_COMPLETE], t->domains);
	for (size_t i = 0; i < ARRAY_LEN(t->of_state); i++)
		if (i != DOMAIN_COMPLETE && t->of_state[i] > 0)
			str_addf(ret, ", %zu %s", t->of_state[i], name_of(&domain_state_names, (int)i));
}

static void
labelled(struct str *ret, const char *label, const char *text)
{
	if (text == NULL || *text == '\0')
		return;
	str_add(ret, label);
	escape_nagios(ret, text);
	str_addc(ret, '\n');
}

static void
finding_lines(const struct status_finding *f, struct str *ret)
{
	str_addf(ret, "%s ", name_of(&severity_names, (int)f->severity));
	escape_nagios(ret, f->code);
	if (f->record != NULL) {
		str_add(ret, " (");
		escape_nagios(ret, f->record);
		for (size_t i = 0; i < f->n_also; i++) {
			str_add(ret, ", ");
			escape_nagios(ret, f->also[i]);
		}
		str_addc(ret, ')');
	}
	labelled(ret, ": ", f->detail != NULL && *f->detail != '\0' ? f->detail : f->title);
	labelled(ret, "  -> ", f->advice);
}

/* The long text; what stands further down is what matters less. */
static void
long_text(const struct status *const *list, size_t n, const struct view_options *o, struct str *ret)
{
	for (size_t d = 0; d < n; d++) {
		if (n > 1) {
			summary(list[d], ret);
			str_addc(ret, '\n');
		}
		for (int severity = SEVERITY_ERROR; severity >= (o->verbose ? SEVERITY_INFO : SEVERITY_WARNING); severity--)
			for (size_t i = 0; i < list[d]->n_findings; i++)
				if ((int)list[d]->findings[i].severity == severity)
					finding_lines(&list[d]->findings[i], ret);
	}
}

/* Whole lines of text as far as they fit. */
static void
add_capped(struct str *ret, const char *text, size_t max)
{
	static const char more[] = "(more: see the text format)\n";
	size_t n = strlen(text);

	if (ret->len + n <= max) {
		str_add(ret, text);
		return;
	}
	n = max > ret->len + sizeof(more) ? max - ret->len - sizeof(more) : 0;
	while (n > 0 && text[n - 1] != '\n')
		n--;
	str_addn(ret, text, n);
	str_add(ret, more);
}

void
render_nagios(const struct status *const *list, size_t n, const struct view_options *o, struct str *ret)
{
	struct sums sums = { .eta_s = -1 };
	struct str more = STR_INIT, out = STR_INIT;
	int code = n == 0 ? 3 : 0;

	for (size_t i = 0; i < n; i++) {
		sum_one(&sums, list[i]);
		code = view_exit_worse(code, view_exit_code(list[i], o->until));
	}
	str_addf(&out, "M365DNS %s: ", words[code]);
	if (n == 1)
		summary(list[0], &out);
	else
		summary_many(&sums, &out);
	str_add(&out, o->timed_out ? ", gave up waiting | " : " | ");
	perfdata(&sums, &out);
	str_addc(&out, '\n');
	long_text(list, n, o, &more);
	add_capped(&out, str_c(&more), OUTPUT_MAX);
	str_addn(ret, str_c(&out), out.len);
	str_done(&more);
	str_done(&out);
}
