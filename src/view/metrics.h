/* SPDX-License-Identifier: ISC */
/*
 * metrics: a metric is a row.  Name, type, help, labels and the function that makes its samples; everything else (prefix,
 * suffixes, TYPE and HELP lines, both syntaxes) follows from the row.  Names of labels stand in the row only, so a sample
 * cannot have others.
 */
#ifndef M365DNSD_VIEW_METRICS_H
#define M365DNSD_VIEW_METRICS_H

#include "escape.h"

enum metric_type { METRIC_GAUGE, METRIC_COUNTER, METRIC_HISTOGRAM, METRIC_INFO };
#define METRIC_LABELS_MAX 8

struct metric_family;
struct metric_out {
	struct str *out;
	enum metrics_syntax syntax;
	const struct metric_family *f;	/* begun */
	struct str name;		/* of its samples, but for suffixes of histograms */
	struct str joints[METRIC_LABELS_MAX + 1];	/* what stands before each value of a label: {domain="  ,state="  */
	struct str head;		/* the name and the domain's label, which begin all of its samples in a family */
	bool has_head;
};
void metric_out_done(struct metric_out *o);

/* What the samples of a daemon's family are made of. */
struct metric_daemon {
	const struct view_daemon *d;
	const struct source_stats *operators;	/* sources_n_operators() of them */
	const struct source_stats *authorities;
	size_t n_authorities, n_set_aside, n_blocked;	/* authorities known now */
	size_t of_state[DOMAIN_REGRESSED + 1];
};
/* One domain, from the board or from a status document. */
struct metric_domain {
	struct board_summary sum;
	size_t n_records;
	void (*record)(const struct metric_domain *d, size_t i, struct board_record_summary *ret);
	struct board_domain *board;		/* or NULL */
	const struct status *status;		/* where there is none: made for the cells only */
};

struct metric_family {
	const char *name;	/* without m365dnsd_ (but with process_), without _total and _info */
	enum metric_type type;
	const char *help;
	const char *labels[METRIC_LABELS_MAX + 1];
	enum metrics_detail detail;	/* METRICS_DOMAINS: always; METRICS_RECORDS, METRICS_CELLS: only then */
	/* one of them: */
	void (*daemon)(struct metric_out *o, const struct metric_daemon *d);
	void (*domain)(struct metric_out *o, const struct metric_domain *d);
};
extern const struct metric_family metric_daemon_families[], metric_domain_families[];
extern const size_t metric_n_daemon_families, metric_n_domain_families;

bool metric_wanted(const struct metric_family *f, enum metrics_detail detail);
/* Begin a family: its metadata. */
void metric_begin(struct metric_out *o, const struct metric_family *f);
/* The samples that follow begin with this value of the first label.  NULL: no more. */
void metric_head(struct metric_out *o, const char *value);
/* One sample; the values of the labels in the order of the row, NULL = "". */
void metric_int(struct metric_out *o, const char *const *labels, int64_t value);
void metric_fixed(struct metric_out *o, const char *const *labels, double value, unsigned digits);
/* A histogram of times: n bounds in microseconds, n + 1 buckets. */
void metric_times(struct metric_out *o, const char *const *labels, const uint32_t *bounds_us, const uint64_t *buckets, size_t n,
    uint64_t sum_us);

#endif
