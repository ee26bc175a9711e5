/* SPDX-License-Identifier: ISC */
#include <m365dnsd/base.h>

#include <stdio.h>
#include <string.h>
#include <time.h>

#define DURATION_MAX_S (INT64_C(10) * 365 * 86400)

static int64_t
now_ms(clockid_t id)
{
	struct timespec ts;

	if (clock_gettime(id, &ts) == -1)
		clock_gettime(CLOCK_MONOTONIC, &ts);	/* no CLOCK_BOOTTIME: a very old kernel or a sandbox */
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static int64_t
system_mono_ms(const struct clock *c)
{
	(void)c;
	return now_ms(CLOCK_BOOTTIME);
}

static int64_t
system_unix_ms(const struct clock *c)
{
	(void)c;
	return now_ms(CLOCK_REALTIME);
}

const struct clock clock_system = { .mono_ms = system_mono_ms, .unix_ms = system_unix_ms };

static int64_t
fake_mono_ms(const struct clock *c)
{
	return c->fake_mono_ms;
}

static int64_t
fake_unix_ms(const struct clock *c)
{
	return c->fake_unix_ms;
}

void
clock_fake_init(struct clock *c, int64_t mono_ms, int64_t unix_ms)
{
	*c = (struct clock) {
		.mono_ms = fake_mono_ms,
		.unix_ms = fake_unix_ms,
		.fake_mono_ms = mono_ms,
		.fake_unix_ms = unix_ms,
	};
}

void
clock_fake_advance(struct clock *c, int64_t ms)
{
	c->fake_mono_ms += ms;
	c->fake_unix_ms += ms;
}

const char *
time_rfc3339(int64_t unix_ms, char *buf)
{
	time_t t = (time_t)(unix_ms / 1000 - (unix_ms % 1000 < 0));
	struct tm tm;

	if (gmtime_r(&t, &tm) == NULL || strftime(buf, 32, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		snprintf(buf, 32, "?");
	return buf;
}

/* The big units, biggest first; duration_text() shows the first that fits and the next one. */
static const struct {
	char letter;
	int64_t seconds;
} units[] = {
	{ 'd', 86400 },
	{ 'h', 3600 },
	{ 'm', 60 },
	{ 's', 1 },
};

const char *
duration_text(int64_t seconds, char *buf)
{
	size_t u = 0;
	int64_t rest;

	if (seconds < 0)
		seconds = 0;
	while (u + 1 < ARRAY_LEN(units) && seconds < units[u].seconds)
		u++;
	rest = seconds % units[u].seconds;
	/* Seconds beside minutes are noise: a wait of 12 minutes is 12m. */
	if (u + 2 < ARRAY_LEN(units) && rest >= units[u + 1].seconds)
		snprintf(buf, 32, "%lld%c %d%c", (long long)(seconds / units[u].seconds), units[u].letter,
		    (int)(rest / units[u + 1].seconds), units[u + 1].letter);
	else
		snprintf(buf, 32, "%lld%c", (long long)(seconds / units[u].seconds), units[u].letter);
	return buf;
}

/* One number; false when there is none or it is too big for any duration. */
static bool
parse_number(const char **p, int64_t *ret)
{
	int64_t v = 0;

	if (**p < '0' || **p > '9')
		return false;
	for (; **p >= '0' && **p <= '9'; (*p)++) {
		v = v * 10 + (**p - '0');
		if (v > DURATION_MAX_S)
			return false;
	}
	*ret = v;
	return true;
}

bool
duration_parse(const char *text, int64_t *ret_seconds)
{
	const char *p = text;
	int64_t total = 0, n;
	size_t u = 0;

	do {
		if (!parse_number(&p, &n))
			return false;
		if (*p == '\0' && u == 0) {	/* a bare number is seconds, but only alone: "1h30" is a guess */
			total = n;
			break;
		}
		while (u < ARRAY_LEN(units) && units[u].letter != *p)
			u++;		/* only downwards: no "30m1h", no "1h1h" */
		if (u == ARRAY_LEN(units))
			return false;
		total += n * units[u++].seconds;
		if (total > DURATION_MAX_S)
			return false;
		p++;
	} while (*p != '\0');
	*ret_seconds = total;
	return true;
}
