/* SPDX-License-Identifier: ISC */
/*
 * The two syntaxes.  Prometheus text 0.0.4 names every family as its samples are named; OpenMetrics 1.0 names counters and
 * infos without their suffix, knows units, and wants bounds as floats.
 */
#include <string.h>

#include "metrics.h"

static const struct {
	const char *suffix;		/* of samples */
	const char *type[2];		/* by syntax */
} kinds[] = {
	[METRIC_GAUGE]     = { "",       { "gauge",     "gauge" } },
	[METRIC_COUNTER]   = { "_total", { "counter",   "counter" } },
	[METRIC_HISTOGRAM] = { "",       { "histogram", "histogram" } },
	[METRIC_INFO]      = { "_info",  { "gauge",     "info" } },
};
const char *const metrics_media_types[2] = { "text/plain", "application/openmetrics-text" };
const char *const metrics_content_types[2] = {
	"text/plain; version=0.0.4; charset=utf-8", "application/openmetrics-text; version=1.0.0; charset=utf-8",
};

bool
metric_wanted(const struct metric_family *f, enum metrics_detail detail)
{
	return f->detail == METRICS_DOMAINS || f->detail == detail ||
	    (f->detail == METRICS_RECORDS && detail == METRICS_CELLS);
}

static const char *
prefix_of(const struct metric_family *f)
{
	return str_iprefix(f->name, "process_") ? "" : "m365dnsd_";
}

/* A unit is the last word of the name. */
static const char *
unit_of(const struct metric_family *f)
{
	static const char *const units[] = { "seconds", "bytes", "ratio" };
	const char *last = strrchr(f->name, '_');

	for (size_t i = 0; last != NULL && i < ARRAY_LEN(units); i++)
		if (strcmp(last + 1, units[i]) == 0)
			return units[i];
	return NULL;
}

static void
metadata(struct metric_out *o, const char *word, const char *text)
{
	const struct metric_family *f = o->f;

	str_addf(o->out, "# %s %s%s%s ", word, prefix_of(f), f->name, o->syntax == METRICS_TEXT ? kinds[f->type].suffix : "");
	str_add(o->out, text);
	str_addc(o->out, '\n');
}

void
metric_begin(struct metric_out *o, const struct metric_family *f)
{
	o->f = f;
	metric_head(o, NULL);
	str_clear(&o->name);
	str_addf(&o->name, "%s%s%s", prefix_of(f), f->name, kinds[f->type].suffix);
	for (size_t i = 0; f->labels[i] != NULL; i++) {
		str_clear(&o->joints[i]);
		str_addf(&o->joints[i], "%s%s=\"", i == 0 ? "{" : "\",", f->labels[i]);
	}
	metadata(o, "HELP", f->help);
	metadata(o, "TYPE", kinds[f->type].type[o->syntax]);
	if (o->syntax == METRICS_OPENMETRICS && unit_of(f) != NULL)
		metadata(o, "UNIT", unit_of(f));
}

static void
label(struct str *out, const struct str *joint, const char *value)
{
	str_addn(out, joint->p, joint->len);
	if (value != NULL)
		escape_label(out, value);
}

void
metric_head(struct metric_out *o, const char *value)
{
	o->has_head = value != NULL;
	if (value == NULL)
		return;
	str_clear(&o->head);
	str_addn(&o->head, o->name.p, o->name.len);
	label(&o->head, &o->joints[0], value);
}

void
metric_out_done(struct metric_out *o)
{
	str_done(&o->name);
	str_done(&o->head);
	for (size_t i = 0; i < ARRAY_LEN(o->joints); i++)
		str_done(&o->joints[i]);
}

/* Everything up to the value; le is a bucket's bound or NULL. */
static void
sample(struct metric_out *o, const char *suffix, const char *const *labels, const char *le)
{
	size_t n = 0;

	if (o->has_head) {
		str_addn(o->out, o->head.p, o->head.len);
		n++;
	} else {
		str_addn(o->out, o->name.p, o->name.len);
		str_add(o->out, suffix);
	}
	for (; o->f->labels[n] != NULL; n++)
		label(o->out, &o->joints[n], labels[n]);
	if (le != NULL) {
		str_add(o->out, n++ == 0 ? "{le=\"" : "\",le=\"");
		str_add(o->out, le);
	}
	str_add(o->out, n > 0 ? "\"} " : " ");
}

void
metric_int(struct metric_out *o, const char *const *labels, int64_t value)
{
	sample(o, "", labels, NULL);
	number_int(o->out, value);
	str_addc(o->out, '\n');
}

void
metric_fixed(struct metric_out *o, const char *const *labels, double value, unsigned digits)
{
	sample(o, "", labels, NULL);
	number_fixed(o->out, value, digits);
	str_addc(o->out, '\n');
}

/* Shortest decimal form of microseconds as seconds: "0.005"; OpenMetrics wants "1.0" for whole ones. */
static void
bound_text(struct str *ret, uint32_t us, enum metrics_syntax syntax)
{
	str_clear(ret);
	number_fixed(ret, us / 1e6, 6);
	while (ret->p[ret->len - 1] == '0')
		ret->p[--ret->len] = '\0';
	if (ret->p[ret->len - 1] != '.')
		return;
	if (syntax == METRICS_OPENMETRICS)
		str_addc(ret, '0');
	else
		ret->p[--ret->len] = '\0';
}

void
metric_times(struct metric_out *o, const char *const *labels, const uint32_t *bounds_us, const uint64_t *buckets, size_t n,
    uint64_t sum_us)
{
	struct str bound = STR_INIT;
	uint64_t count = 0;

	for (size_t i = 0; i <= n; i++) {
		count += buckets[i];
		if (i < n)
			bound_text(&bound, bounds_us[i], o->syntax);
		sample(o, "_bucket", labels, i < n ? str_c(&bound) : "+Inf");
		number_int(o->out, (int64_t)count);
		str_addc(o->out, '\n');
	}
	sample(o, "_sum", labels, NULL);
	number_fixed(o->out, (double)sum_us / 1e6, 6);
	str_addc(o->out, '\n');
	sample(o, "_count", labels, NULL);
	number_int(o->out, (int64_t)count);
	str_addc(o->out, '\n');
	str_done(&bound);
}
