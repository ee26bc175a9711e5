/* SPDX-License-Identifier: ISC */
/* scenario: see the header.  One table of commands, one of expectations. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <m365dnsd/view.h>

#include "fakenet.h"
#include "scenario.h"
#include "src/daemon/pipeline.h"

#define WORDS_MAX 12

struct scenario {
	FILE *f;
	const char *path;
	int line;
	struct clock clock;
	int64_t (*quick)(const struct clock *c);	/* the fake clock's own mono_ms */
	unsigned slow_percent, slow_ms;
	bool woken;
	int64_t next_ms;		/* when the pipeline wants to run again */
	struct fakenet *net;
	struct conf *conf;
	struct catalog *catalog;
	struct pipeline *pipeline;
	struct pipeline_config cfg;
	struct str transitions;		/* "record>state\n" since the last look */
	char **cell;			/* the words of "run cell" */
	struct str kept;		/* the snapshot of the first domain, over a restart */
	struct err *err;
};

static int
fail(struct scenario *s, const char *what)
{
	err_set(s->err, "%s:%d: %s", s->path, s->line, what);
	return -1;
}

static int
failf(struct scenario *s, char *what)
{
	int rc = fail(s, what);

	free(what);
	return rc;
}

/* ---- time ---- */

static void
advance(struct scenario *s, int64_t to_ms)
{
	int64_t now = s->clock.mono_ms(&s->clock);

	if (to_ms > now)
		clock_fake_advance(&s->clock, to_ms - now);
}

enum run { RUN_FOR, RUN_SETTLED, RUN_REACHED, RUN_CELL };

static int expect_cell(struct scenario *s, const struct status *st, char **w, size_t n);

/* Does the cell of "run cell ID SOURCE VERDICT DURATION" say so? */
static bool
cell_says_so(struct scenario *s)
{
	struct arena *a = arena_new();
	bool ret = expect_cell(s, pipeline_status(s->pipeline, 0, a), s->cell, 5) == 0;

	arena_free(a);
	return ret;
}

static bool
is_there(struct scenario *s, enum run run)
{
	switch (run) {
	case RUN_SETTLED:
		return pipeline_settled(s->pipeline);
	case RUN_REACHED:
		return pipeline_reached(s->pipeline);
	case RUN_CELL:
		return cell_says_so(s);
	case RUN_FOR:
		break;
	}
	return false;
}

/* As a real loop does it: the pipeline runs when it was woken or when it said, never without. */
static void
run_pipeline(struct scenario *s)
{
	while (s->woken || s->next_ms <= s->clock.mono_ms(&s->clock)) {
		s->woken = false;
		s->next_ms = pipeline_run(s->pipeline);
	}
}

/* Let the program live until the deadline or the condition; false when the condition did not come. */
static bool
live(struct scenario *s, enum run run, int64_t for_ms)
{
	int64_t end = s->clock.mono_ms(&s->clock) + for_ms;

	s->woken = true;		/* what the lines before have changed */
	for (;;) {
		int64_t net, next;

		run_pipeline(s);
		net = fakenet_run(s->net);
		if (s->woken || net <= s->clock.mono_ms(&s->clock))
			continue;
		if (is_there(s, run))
			return true;
		next = net < s->next_ms ? net : s->next_ms;
		if (next > end)
			break;
		advance(s, next);
	}
	advance(s, end);
	return run == RUN_FOR;
}

/* ---- commands ---- */

static char *
read_line(struct scenario *s)
{
	char *line = NULL;
	size_t cap = 0;
	ssize_t n = getline(&line, &cap, s->f);

	if (n < 0) {
		free(line);
		return NULL;
	}
	s->line++;
	line[strcspn(line, "\r\n")] = '\0';
	return line;
}

/* The lines up to "end", each given to f (NULL: gathered into ret). */
static int
block(struct scenario *s, struct str *ret, int (*f)(struct scenario *s, char *line, void *ctx), void *ctx)
{
	char *line;

	while ((line = read_line(s)) != NULL) {
		char *text = line + strspn(line, " \t");
		int rc = 0;

		if (strcmp(text, "end") == 0) {
			free(line);
			return 0;
		}
		if (ret != NULL)
			str_addf(ret, "%s\n", line);
		else if (*text != '\0' && *text != '#')
			rc = f(s, text, ctx);
		free(line);
		if (rc == -1)
			return -1;
	}
	return fail(s, "no end");
}

static struct conf *
read_conf(struct scenario *s)
{
	struct str text = STR_INIT, words = STR_INIT;
	struct conf_problems problems = { NULL, 0 };
	struct conf *conf;

	if (block(s, &text, NULL, NULL) == -1)
		return NULL;
	conf = conf_parse(s->path, str_c(&text), &problems);
	conf_problems_text(&problems, &words);
	if (conf == NULL)
		fail(s, str_c(&words));
	conf_problems_done(&problems);
	str_done(&words);
	str_done(&text);
	return conf;
}

static int
do_conf(struct scenario *s, char **w, size_t n)
{
	(void)w, (void)n;
	s->conf = read_conf(s);
	return s->conf == NULL ? -1 : 0;
}

static int
do_mode(struct scenario *s, char **w, size_t n)
{
	int until;

	if (strcmp(w[0], "once") == 0)
		s->cfg.mode = SCHED_ONCE;
	else if (strcmp(w[0], "peek") == 0)
		s->cfg.peek = true;
	else if (strcmp(w[0], "until") == 0 && n == 2 && name_find(&until_names, w[1], &until))
		s->cfg.until = (enum until)until;
	return 0;
}

static int
do_serve(struct scenario *s, char **w, size_t n)
{
	for (size_t i = 2; i < n; i++)
		fakenet_serve(s->net, w[1], w[i]);
	return n > 2 ? 0 : fail(s, "serve ZONE ADDR...");
}

static int
zone_line(struct scenario *s, char *line, void *ctx)
{
	char **w = ctx;
	struct err err;

	if (fakenet_add(s->net, w[1], w[2] != NULL ? w[3] : NULL, line, &err) == -1)
		return fail(s, err.msg);
	return 0;
}

static int
do_zone(struct scenario *s, char **w, size_t n)
{
	if (n != 2 && n != 4)
		return fail(s, "zone ZONE [at ADDR]");
	return block(s, NULL, zone_line, w);
}

static int
do_add(struct scenario *s, char **w, size_t n)
{
	(void)n;
	return zone_line(s, w[WORDS_MAX], w);
}

static int
do_del(struct scenario *s, char **w, size_t n)
{
	char owner[256], type[16];

	(void)n;
	if (sscanf(w[WORDS_MAX], "%255s %15s", owner, type) != 2)
		return fail(s, "del ZONE [at ADDR] : OWNER TYPE");
	fakenet_del(s->net, w[1], w[2] != NULL ? w[3] : NULL, owner, type);
	return 0;
}

static int
do_cache(struct scenario *s, char **w, size_t n)
{
	fakenet_cache(s->net, w[1], n > 2 ? (unsigned)atoi(w[2]) : 1);
	return 0;
}

static int
do_prime(struct scenario *s, char **w, size_t n)
{
	struct err err;

	if (n != 4 || fakenet_prime(s->net, w[1], w[2], w[3], &err) == -1)
		return fail(s, "prime ADDR NAME TYPE");
	return 0;
}

static int
do_fault(struct scenario *s, char **w, size_t n)
{
	return n == 3 && fakenet_fault(s->net, w[1], w[2]) ? 0 : fail(s, "fault ADDR WORD");
}

static int
do_delay(struct scenario *s, char **w, size_t n)
{
	if (n != 3)
		return fail(s, "delay ADDR MS");
	fakenet_delay(s->net, w[1], atoi(w[2]));
	return 0;
}

static int
do_weather(struct scenario *s, char **w, size_t n)
{
	if (n != 3)
		return fail(s, "weather PERCENT MS");
	fakenet_weather(s->net, (unsigned)atoi(w[1]), (unsigned)atoi(w[2]));
	return 0;
}

/* The system gives the processor to others now and then. */
static int64_t
slow_mono_ms(const struct clock *c)
{
	struct scenario *s = (struct scenario *)((char *)(uintptr_t)c - offsetof(struct scenario, clock));

	if (random_below(100) < s->slow_percent)
		clock_fake_advance(&s->clock, random_below(s->slow_ms) + 1);
	return s->quick(c);
}

static int
do_slow(struct scenario *s, char **w, size_t n)
{
	if (n != 3)
		return fail(s, "slow PERCENT MS");
	s->slow_percent = (unsigned)atoi(w[1]);
	s->slow_ms = (unsigned)atoi(w[2]);
	s->clock.mono_ms = slow_mono_ms;
	return 0;
}

static void
on_transition(void *ctx, const struct transition *t)
{
	struct scenario *s = ctx;

	str_addf(&s->transitions, "%s>%s\n", t->record == NULL ? "-" : t->record, t->to);
}

static void
on_wake(void *ctx)
{
	((struct scenario *)ctx)->woken = true;
}

static int
do_start(struct scenario *s, char **w, size_t n)
{
	struct err err;

	(void)w, (void)n;
	if (s->conf == NULL)
		return fail(s, "no conf");
	s->cfg.on_transition = on_transition;
	s->cfg.wake = on_wake;
	s->cfg.ctx = s;
	s->pipeline = pipeline_new(s->conf, s->catalog, NULL, 0, fakenet_transport(s->net), &s->clock, &s->cfg, &err);
	if (s->pipeline == NULL)
		return fail(s, err.msg);
	if (s->kept.len > 0)
		pipeline_restore(s->pipeline, pipeline_find(s->pipeline, s->conf->domains[0].text),
		    &(struct pipeline_memory){ s->kept.p, s->kept.len, 0 });
	return 0;
}

static int
do_restart(struct scenario *s, char **w, size_t n)
{
	struct board_domain *b;

	if (s->pipeline == NULL)
		return fail(s, "restart of what?");
	b = pipeline_find(s->pipeline, s->conf->domains[0].text);
	str_clear(&s->kept);
	board_snapshot(b, true, &s->kept);
	pipeline_free(s->pipeline);
	return do_start(s, w, n);
}

static int
do_reload(struct scenario *s, char **w, size_t n)
{
	struct conf *conf = read_conf(s);
	struct pipeline_spec *spec = xcalloc(1, sizeof(*spec));
	struct err err;

	(void)w, (void)n;
	if (conf == NULL)
		return -1;
	spec->conf = conf;
	pipeline_change_begin(s->pipeline, conf, s->catalog, spec, 1);
	if (pipeline_change_plan(s->pipeline, &err) != CHANGE_PLANNED)
		return fail(s, err.msg);
	pipeline_change_apply(s->pipeline);
	while (pipeline_is_changing(s->pipeline))
		pipeline_run(s->pipeline);
	conf_free(s->conf);
	s->conf = conf;
	return 0;
}

static int
do_suspend(struct scenario *s, char **w, size_t n)
{
	int64_t seconds;

	if (n != 2 || !duration_parse(w[1], &seconds))
		return fail(s, "suspend DURATION");
	clock_fake_advance(&s->clock, seconds * 1000);
	return 0;
}

static int
do_clock(struct scenario *s, char **w, size_t n)
{
	if (n != 2)
		return fail(s, "clock SECONDS");
	s->clock.fake_unix_ms += atoll(w[1]) * 1000;
	return 0;
}

static int
do_show(struct scenario *s, char **w, size_t n)
{
	struct arena *a = arena_new();
	struct view_options o = { .verbose = true, .width = 160 };
	const struct status *st = pipeline_status(s->pipeline, 0, a);
	struct str out = STR_INIT;

	(void)w, (void)n;
	view_format_find("text")->render(&st, 1, &o, &out);
	fputs(str_c(&out), stderr);
	str_done(&out);
	arena_free(a);
	return 0;
}

static int
do_count(struct scenario *s, char **w, size_t n)
{
	(void)w, (void)n;
	fakenet_forget_queries(s->net);
	return 0;
}

static int
do_run(struct scenario *s, char **w, size_t n)
{
	int64_t seconds = 600;

	if (n == 2 && strcmp(w[1], "settled") == 0)
		return live(s, RUN_SETTLED, seconds * 1000) ? 0 : fail(s, "never settled");
	if (n < 2 || !duration_parse(w[n - 1], &seconds))
		return fail(s, "run DURATION|settled|reached DURATION");
	s->cell = w;
	if (n == 6 && strcmp(w[1], "cell") == 0)
		return live(s, RUN_CELL, seconds * 1000) ? 0 : fail(s, "never so in time");
	if (n == 3)
		return live(s, RUN_REACHED, seconds * 1000) ? 0 : fail(s, "not reached in time");
	live(s, RUN_FOR, seconds * 1000);
	return 0;
}

/* ---- expectations ---- */

static const struct status_record *
record_of(const struct status *st, const char *id)
{
	for (size_t i = 0; i < st->n_records; i++)
		if (strcmp(st->records[i].id, id) == 0)
			return &st->records[i];
	return NULL;
}

static int
expect_domain(struct scenario *s, const struct status *st, char **w, size_t n)
{
	const char *is = name_of(&domain_state_names, st->state);

	return n == 3 && strcmp(is, w[2]) == 0 ? 0 : failf(s, xasprintf("the domain is %s", is));
}

static int
expect_record(struct scenario *s, const struct status *st, char **w, size_t n)
{
	const struct status_record *r = n == 4 ? record_of(st, w[2]) : NULL;
	const char *is = r == NULL ? "not there" : name_of(&record_state_names, r->state);

	return r != NULL && strcmp(is, w[3]) == 0 ? 0 : failf(s, xasprintf("the record is %s", is));
}

static int
expect_cell(struct scenario *s, const struct status *st, char **w, size_t n)
{
	const struct status_record *r = n >= 5 ? record_of(st, w[2]) : NULL;

	for (size_t i = 0; r != NULL && i < r->n_cells; i++) {
		const struct status_cell *c = &r->cells[i];

		if (strcmp(c->source, w[3]) != 0 && strcmp(c->address, w[3]) != 0)
			continue;
		if (strcmp(name_of(&verdict_names, c->verdict), w[4]) == 0 &&
		    (n < 6 || strcmp(name_of(&reason_names, c->reason), w[5]) == 0))
			return 0;
		return failf(s, xasprintf("the cell is %s %s", name_of(&verdict_names, c->verdict),
		    name_of(&reason_names, c->reason)));
	}
	return fail(s, "no such cell");
}

static bool
has_finding(const struct status *st, const char *code)
{
	for (size_t i = 0; i < st->n_findings; i++)
		if (strcmp(st->findings[i].code, code) == 0)
			return true;
	return false;
}

static int
expect_finding(struct scenario *s, const struct status *st, char **w, size_t n)
{
	return n == 3 && has_finding(st, w[2]) ? 0 : fail(s, "no such finding");
}

static int
expect_no(struct scenario *s, const struct status *st, char **w, size_t n)
{
	if (n == 4 && strcmp(w[2], "finding") == 0)
		return has_finding(st, w[3]) ? fail(s, "the finding is there") : 0;
	if (n == 3 && strcmp(w[2], "eta") == 0)
		return st->eta_unix_ms != 0 ? fail(s, "there is an ETA") : 0;
	if (n != 3 || strcmp(w[2], "error") != 0)
		return fail(s, "expect no finding CODE|error|eta");
	for (size_t i = 0; i < st->n_findings; i++)
		if (st->findings[i].severity == SEVERITY_ERROR)
			return failf(s, xasprintf("error %s: %s", st->findings[i].code, st->findings[i].detail));
	return 0;
}

static int
expect_eta(struct scenario *s, const struct status *st, char **w, size_t n)
{
	double is = (double)(st->eta_unix_ms - st->now_unix_ms) / 1000, want = n == 5 ? atof(w[2]) : 0,
	    slack = n == 5 ? atof(w[4]) : 0;

	if (st->eta_unix_ms % 1000 != 0)
		return fail(s, "the ETA is cut off or not rounded");
	if (n != 5 || st->eta_unix_ms == 0 || is < want - slack || is > want + slack)
		return failf(s, xasprintf("the ETA is %s %.1f s", st->eta_unix_ms == 0 ? "none," : "in", is));
	return 0;
}

static int
expect_exit(struct scenario *s, const struct status *st, char **w, size_t n)
{
	int is = view_exit_code(st, s->cfg.until);

	return n == 3 && is == atoi(w[2]) ? 0 : failf(s, xasprintf("the exit code is %d", is));
}

static const char *
any(const char *word)
{
	return strcmp(word, "*") == 0 ? NULL : word;
}

static int
expect_queries(struct scenario *s, const struct status *st, char **w, size_t n)
{
	unsigned is, want;

	(void)st;
	if (n != 7)
		return fail(s, "expect queries ADDR NAME TYPE OP N");
	is = fakenet_queries(s->net, any(w[2]), any(w[3]), any(w[4]));
	want = (unsigned)atoi(w[6]);
	if ((w[5][0] == '=' && is == want) || (w[5][0] == '<' && is <= want) || (w[5][0] == '>' && is >= want))
		return 0;
	return failf(s, xasprintf("%u queries, the last one %s", is, fakenet_last_query(s->net)));
}

static int
expect_transition(struct scenario *s, const struct status *st, char **w, size_t n)
{
	char *line = n == 4 ? xasprintf("%s>%s\n", w[2], w[3]) : xstrdup("?");
	const char *hay = str_c(&s->transitions);
	bool found = strstr(hay, line) != NULL;

	(void)st;
	free(line);
	if (!found)
		return failf(s, xasprintf("no such transition in: %s", hay));
	str_clear(&s->transitions);
	return 0;
}

static const struct {
	const char *word;
	int (*f)(struct scenario *s, const struct status *st, char **w, size_t n);
} expectations[] = {
	{ "domain", expect_domain },
	{ "record", expect_record },
	{ "cell", expect_cell },
	{ "finding", expect_finding },
	{ "no", expect_no },
	{ "eta", expect_eta },
	{ "exit", expect_exit },
	{ "queries", expect_queries },
	{ "transition", expect_transition },
};

static int
do_expect(struct scenario *s, char **w, size_t n)
{
	struct arena *a;
	int rc = -1;

	if (s->pipeline == NULL || n < 2)
		return fail(s, "expect what, and after start");
	a = arena_new();
	for (size_t i = 0; i < ARRAY_LEN(expectations); i++) {
		if (strcmp(expectations[i].word, w[1]) != 0)
			continue;
		rc = expectations[i].f(s, pipeline_status(s->pipeline, 0, a), w, n);
		arena_free(a);
		return rc;
	}
	arena_free(a);
	return fail(s, "expect what?");
}

static const struct {
	const char *word;
	size_t min_words;
	int (*f)(struct scenario *s, char **w, size_t n);
} commands[] = {
	{ "conf", 1, do_conf },
	{ "once", 1, do_mode },
	{ "watch", 1, do_mode },
	{ "peek", 1, do_mode },
	{ "until", 2, do_mode },
	{ "serve", 3, do_serve },
	{ "zone", 2, do_zone },
	{ "add", 2, do_add },
	{ "del", 2, do_del },
	{ "cache", 2, do_cache },
	{ "prime", 4, do_prime },
	{ "fault", 3, do_fault },
	{ "delay", 3, do_delay },
	{ "weather", 3, do_weather },
	{ "slow", 3, do_slow },
	{ "start", 1, do_start },
	{ "restart", 1, do_restart },
	{ "reload", 1, do_reload },
	{ "suspend", 2, do_suspend },
	{ "clock", 2, do_clock },
	{ "count", 1, do_count },
	{ "show", 1, do_show },
	{ "run", 2, do_run },
	{ "expect", 2, do_expect },
};

/* Words before " : " are cut; what is behind it stays whole in w[WORDS_MAX]. */
static int
command(struct scenario *s, char *line)
{
	char *w[WORDS_MAX + 1] = { NULL }, *save = NULL, *rest = strstr(line, " : ");
	size_t n = 0;

	if (rest != NULL) {
		*rest = '\0';
		w[WORDS_MAX] = rest + 3 + strspn(rest + 3, " ");
	}
	for (char *p = strtok_r(line, " \t", &save); p != NULL && n < WORDS_MAX; p = strtok_r(NULL, " \t", &save))
		w[n++] = p;
	if (n == 0 || w[0][0] == '#')
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
		if (strcmp(commands[i].word, w[0]) != 0)
			continue;
		if (n < commands[i].min_words || (commands[i].f == do_add && w[WORDS_MAX] == NULL) ||
		    (commands[i].f == do_del && w[WORDS_MAX] == NULL))
			return fail(s, "words are missing");
		return commands[i].f(s, w, n);
	}
	return fail(s, "no such command");
}

/* What lies outside: Microsoft's hosts and what they publish.  Names that a scenario serves itself come before these. */
static void
build_world(struct scenario *s)
{
	static const struct {
		const char *zone, *records[8];
	} world[] = {
		{ "outlook.com", { "*.mail.protection 300 A 11.1.0.1", "autodiscover 300 A 11.1.0.2",
		    "spf.protection 300 TXT v=spf1 ip4:40.92.0.0/15 -all" } },
		{ "microsoft", { "*.mx 300 A 11.1.0.3" } },
		{ "onmicrosoft.com", { "*.contoso 300 TXT v=DKIM1; k=rsa; p=MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAK" } },
	};
	struct err err;

	for (size_t i = 0; i < ARRAY_LEN(world); i++) {
		fakenet_serve(s->net, world[i].zone, "11.1.0.53");
		fakenet_add(s->net, world[i].zone, NULL, "@ 300 SOA ns.world. host.world. 1 900 300 86400 60", &err);
		for (size_t k = 0; world[i].records[k] != NULL; k++)
			fakenet_add(s->net, world[i].zone, NULL, world[i].records[k], &err);
	}
}

int
scenario_play(const char *path, struct err *err)
{
	struct scenario s = { .path = path, .err = err, .f = fopen(path, "r") };
	char *line;
	int rc = 0;

	if (s.f == NULL) {
		err_set(err, "%s: cannot open", path);
		return -1;
	}
	s.cfg.mode = SCHED_WATCH;
	s.cfg.until = UNTIL_COMPLETE;
	clock_fake_init(&s.clock, 1000000, INT64_C(1795600000000));
	s.quick = s.clock.mono_ms;
	s.net = fakenet_new(&s.clock);
	build_world(&s);
	s.catalog = catalog_load(NULL, &(struct conf_problems){ NULL, 0 });
	while (rc == 0 && (line = read_line(&s)) != NULL) {
		rc = command(&s, line);
		free(line);
	}
	fclose(s.f);
	pipeline_free(s.pipeline);
	fakenet_free(s.net);
	conf_free(s.conf);
	catalog_free(s.catalog);
	str_done(&s.transitions);
	str_done(&s.kept);
	return rc;
}
