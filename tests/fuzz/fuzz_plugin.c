/* SPDX-License-Identifier: ISC */
/*
 * What a daemon answers the monitoring plugin: whatever it is, what is printed is one of the four states, ASCII without control
 * characters, and has one bar at most, before the performance data.  The first octet says how many -v are given.
 */
#include <setjmp.h>
#include <stdlib.h>

/* The program, but for its way out and the question itself. */
#define leave   leave_for_good
#define unknown unknown_for_good
#include "contrib/check_m365dnsd/output.c"
#undef leave
#undef unknown
void leave(enum status status, const char *text) NORETURN;
void unknown(const char *fmt, ...) PRINTF_LIKE(1, 2) NORETURN;
#include "contrib/check_m365dnsd/document.c"
#define main plugin_main
int plugin_main(int argc, char **argv);
#include "contrib/check_m365dnsd/main.c"
#undef main

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static jmp_buf over;

static void
must(bool ok)
{
	if (!ok)
		abort();
}

void
leave(enum status status, const char *text)
{
	size_t bars = 0;

	must((int)status >= OK && status <= UNKNOWN);
	for (const char *p = text; *p != '\0'; p++) {
		must(*p == '\n' || ((unsigned char)*p >= ' ' && (unsigned char)*p < 0x7f));
		bars += *p == '|';
	}
	must(bars == 1);
	free((void *)(uintptr_t)text);		/* the program would have ended */
	longjmp(over, 1);
}

/* What is not reached from here. */
void
unknown(const char *fmt, ...)
{
	(void)fmt;
	abort();
}

void
parse_options(struct options *o, int argc, char **argv)
{
	(void)o;
	(void)argc;
	(void)argv;
	abort();
}

void
ask(const struct options *o, struct reply *ret)
{
	(void)o;
	(void)ret;
	abort();
}

bool
range_alerts(const struct range *r, double value)
{
	must(value >= 0 && value <= 100);
	return r->given && value < r->start;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct options o = { .domain = "contoso.test", .host = "127.0.0.1", .port = "8365", .pending = WARNING, .timeout_s = 10 };
	struct reply reply = { .now = INT64_C(1795600000) };
	struct facts facts = { 0 };

	if (size == 0)
		return 0;
	o.verbose = data[0] & 3;
	o.max_age_s = data[0] & 4 ? 60 : 0;
	o.deadline_s = data[0] & 8 ? 3600 : 0;
	o.warning = (struct range){ .given = data[0] & 16, .start = 95, .end = 100, .text = "95:" };
	reply.doc = json_loadb((const char *)data + 1, size - 1, JSON_REJECT_DUPLICATES, NULL);
	if (json_is_object(reply.doc) && setjmp(over) == 0 && read_facts(reply.doc, &facts))
		tell(&o, &facts, &reply);
	json_decref(reply.doc);
	return 0;
}
