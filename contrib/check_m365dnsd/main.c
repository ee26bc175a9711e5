/* SPDX-License-Identifier: ISC */
/*
 * check_m365dnsd: asks the running daemon about one domain, for Nagios, Icinga and their kin.
 *
 * By the letter of the Monitoring Plugins guidelines: everything goes to stdout; 0, 1, 2, 3 are OK, WARNING, CRITICAL and
 * UNKNOWN, and there is nothing else; --help and --version end with 3; -v says more, once for more in the line, twice for more
 * lines.  What is said of the domain comes from GET /status/{domain}, and nobody asks DNS for it.  "I cannot tell" is UNKNOWN:
 * no daemon, no time, no document that makes sense, or one that is too old to be told.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "plugin.h"

#define INTERVAL_LEAST 300	/* seconds: what is checked every five seconds may be late by more than fifteen */
#define INTERVALS      3	/* older than so many: nobody looks any more */

/* ---- judging ---- */

/* All but everything is not everything. */
static int
percent(double ratio)
{
	return (int)(ratio * 100 + 1e-6);
}

static int64_t
age_of(const struct facts *f, int64_t now)
{
	return now > f->checked ? now - f->checked : 0;
}

static bool
too_old(const struct options *o, const struct facts *f, int64_t now)
{
	int64_t interval = f->next - f->checked > INTERVAL_LEAST ? f->next - f->checked : INTERVAL_LEAST;

	if (f->checked == 0)
		return false;		/* never checked: its state says so */
	return age_of(f, now) > (o->max_age_s > 0 ? o->max_age_s : INTERVALS * interval);
}

static enum status
judge(const struct options *o, const struct facts *f, int64_t now)
{
	enum status status = f->of_state;

	if (f->errors > 0)
		return CRITICAL;
	if (status == UNKNOWN || status == CRITICAL)
		return status;
	if (status == WARNING) {
		status = o->pending;
		if (o->deadline_s > 0 && f->published_at > 0 && now - f->published_at > o->deadline_s)
			return CRITICAL;
	}
	if (range_alerts(&o->critical, percent(f->ratio)))
		return CRITICAL;
	return range_alerts(&o->warning, percent(f->ratio)) && status == OK ? WARNING : status;
}

/* ---- telling ---- */

static void
add_finding_name(struct str *ret, const json_t *finding)
{
	const char *record = text_of(finding, "record");

	str_add(ret, ", ");
	add_plain(ret, text_of(finding, "code"));
	if (*record != '\0') {
		str_add(ret, " (");
		add_plain(ret, record);
		str_addc(ret, ')');
	}
}

/* Of one severity: the first, or with -v all. */
static void
add_finding_names(struct str *ret, const struct facts *f, const char *severity, bool all)
{
	size_t i;
	json_t *finding;

	json_array_foreach(f->findings, i, finding) {
		if (strcmp(text_of(finding, "severity"), severity) != 0)
			continue;
		add_finding_name(ret, finding);
		if (!all)
			return;
	}
}

static void
add_summary(struct str *ret, const struct options *o, const struct facts *f)
{
	char when[32];

	add_plain(ret, f->domain);
	str_addf(ret, " %s, %lld/%lld published, %d%% visible", f->state, f->published, f->required, percent(f->ratio));
	if (f->eta > 0 && f->of_state != OK)
		str_addf(ret, ", ETA %.16sZ", time_rfc3339(f->eta * 1000, when));
	add_finding_names(ret, f, "error", o->verbose > 0);
	if (f->errors > 1 && o->verbose == 0)
		str_addf(ret, " and %lld more", f->errors - 1);
	if (o->verbose > 0)
		add_finding_names(ret, f, "warning", true);
}

/* Plain labels: some parsers lose quoted ones.  No locale is set, so the decimal mark is a point. */
static void
add_perfdata(struct str *ret, const struct options *o, const struct facts *f, const struct reply *r)
{
	str_addf(ret, " | published=%lld;;;0;%lld", f->published, f->required);
	str_addf(ret, " visible=%d%%;%s;%s", percent(f->ratio), o->warning.given ? o->warning.text : "",
	    o->critical.given ? o->critical.text : "");
	str_addf(ret, " unknown=%lld;;;0 errors=%lld;;~:0;0 warnings=%lld;;;0", f->unknowns, f->errors, f->warnings);
	if (f->eta > 0)
		str_addf(ret, " eta=%llds;;;0", (long long)(f->eta > r->now ? f->eta - r->now : 0));
	if (f->checked > 0)
		str_addf(ret, " age=%llds;;;0", (long long)age_of(f, r->now));
	str_addf(ret, " time=%.3fs;;;0", r->took_s);
}

static void
add_labelled(struct str *ret, const char *label, const char *text)
{
	if (*text == '\0')
		return;
	str_add(ret, label);
	add_plain(ret, text);
}

static void
add_finding_lines(struct str *ret, const struct facts *f)
{
	size_t i;
	json_t *finding;

	json_array_foreach(f->findings, i, finding) {
		const char *detail = text_of(finding, "detail");

		str_addc(ret, '\n');
		add_plain(ret, text_of(finding, "severity"));
		add_labelled(ret, " ", text_of(finding, "code"));
		add_labelled(ret, " ", text_of(finding, "record"));
		add_labelled(ret, ": ", *detail != '\0' ? detail : text_of(finding, "title"));
		add_labelled(ret, "\n  -> ", text_of(finding, "advice"));
	}
}

static void
add_record_lines(struct str *ret, const struct facts *f)
{
	size_t i;
	json_t *record;

	json_array_foreach(f->records, i, record) {
		add_labelled(ret, "\n", text_of(record, "id"));
		add_labelled(ret, " ", text_of(record, "type"));
		add_labelled(ret, " ", text_of(record, "need"));
		add_labelled(ret, ": ", text_of(record, "state"));
	}
}

static void NORETURN
tell(const struct options *o, const struct facts *f, const struct reply *r)
{
	struct str out = STR_INIT;
	enum status status = judge(o, f, r->now);
	char age[32];

	if (too_old(o, f, r->now)) {
		status = UNKNOWN;
		str_addf(&out, "data is %s old, ", duration_text(age_of(f, r->now), age));
	}
	add_summary(&out, o, f);
	add_perfdata(&out, o, f, r);
	if (o->verbose > 1)
		add_finding_lines(&out, f);
	if (o->verbose > 2) {
		add_record_lines(&out, f);
		add_labelled(&out, "\nasked: ", str_c(&r->url));
	}
	leave(status, str_c(&out));
}

/* The last resort; libcurl's own time is a little shorter. */
static void
on_alarm(int signo)
{
	static const char words[] = "M365DNS UNKNOWN: timed out\n";

	(void)signo;
	(void)!write(STDOUT_FILENO, words, sizeof(words) - 1);
	_exit(UNKNOWN);
}

int
main(int argc, char **argv)
{
	struct options o = { .host = "127.0.0.1", .port = "8365", .pending = WARNING, .timeout_s = 10 };
	struct reply reply = { 0 };
	struct facts facts = { 0 };

	parse_options(&o, argc, argv);
	signal(SIGALRM, on_alarm);
	alarm((unsigned)o.timeout_s);
	ask(&o, &reply);
	if (!read_facts(reply.doc, &facts))
		unknown("what %s answers is no status document", o.host);
	tell(&o, &facts, &reply);
}
