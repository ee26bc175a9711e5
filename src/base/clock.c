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

static char *
put_digits(char *p, uint32_t n, unsigned width, char after)
{
	for (unsigned i = width; i-- > 0; n /= 10)
		p[i] = (char)('0' + n % 10);
	p[width] = after;
	return p + width + 1;
}

#define ERA_DAYS   146097	/* 400 years */
#define EPOCH_DAYS 719468	/* from 1 March 0000 to 1 January 1970 */

/*
 * Not gmtime(3) and strftime(3): a status document has a thousand times.  Years begin in March here, so that the leap day is
 * their last, and months are counted from there.
 */
const char *
time_rfc3339(int64_t unix_ms, char *buf)
{
	int64_t t = unix_ms / 1000 - (unix_ms % 1000 < 0), days = t / 86400 - (t % 86400 < 0);
	uint32_t s = (uint32_t)(t - days * 86400), in_era, year, in_year, month, day;
	char *p = buf;

	if (days < -EPOCH_DAYS || days >= 25 * (int64_t)ERA_DAYS - EPOCH_DAYS - 60) {
		snprintf(buf, 32, "?");		/* not of the years 0 to 9999 */
		return buf;
	}
	days += EPOCH_DAYS;
	in_era = (uint32_t)(days % ERA_DAYS);
	year = (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
	in_year = in_era - (365 * year + year / 4 - year / 100);
	month = (5 * in_year + 2) / 153;
	day = in_year - (153 * month + 2) / 5 + 1;
	year += (uint32_t)(days / ERA_DAYS) * 400 + (month >= 10);
	p = put_digits(p, year, 4, '-');
	p = put_digits(p, month < 10 ? month + 3 : month - 9, 2, '-');
	p = put_digits(p, day, 2, 'T');
	p = put_digits(p, s / 3600, 2, ':');
	p = put_digits(p, s / 60 % 60, 2, ':');
	p = put_digits(p, s % 60, 2, 'Z');
	*p = '\0';
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
