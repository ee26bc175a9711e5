/* SPDX-License-Identifier: ISC */
#include <m365dnsd/base.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static enum log_level max_level = LOG_LVL_INFO;
static bool to_journal;
static void (*sink_fn)(void *ctx, enum log_level level, const char *line);
static void *sink_ctx;

/* systemd.exec(5): JOURNAL_STREAM is "device:inode" of the journal's socket; stderr may have been redirected since. */
static bool
journal_listens(void)
{
	const char *env = getenv("JOURNAL_STREAM");
	unsigned long long dev, ino;
	struct stat st;

	if (env == NULL || sscanf(env, "%llu:%llu", &dev, &ino) != 2 || fstat(STDERR_FILENO, &st) == -1)
		return false;
	return st.st_dev == dev && st.st_ino == ino;
}

void
log_init(enum log_level max)
{
	max_level = max;
	to_journal = journal_listens();
}

void
log_redirect(void (*sink)(void *ctx, enum log_level level, const char *line), void *ctx)
{
	sink_fn = sink;
	sink_ctx = ctx;
}

bool
log_wanted(enum log_level level)
{
	return level <= max_level;
}

bool
log_is_journal(void)
{
	return to_journal && sink_fn == NULL;
}

/* One write(2) a line, so that lines of two threads do not mix. */
static void
write_stderr(enum log_level level, const char *line)
{
	struct str out = STR_INIT;
	char when[32];
	ssize_t n;

	if (to_journal)
		str_addf(&out, "<%d>%s\n", (int)level, line);
	else
		str_addf(&out, "%s %s\n", time_rfc3339(clock_system.unix_ms(&clock_system), when), line);
	n = write(STDERR_FILENO, out.p, out.len);
	(void)n;		/* nobody left to tell */
	str_done(&out);
}

void
log_at(enum log_level level, const char *fmt, ...)
{
	va_list ap;
	char *line;

	if (!log_wanted(level))
		return;
	va_start(ap, fmt);
	line = xvasprintf(fmt, ap);
	va_end(ap);
	/* The last defence: whatever a caller forgot to escape cannot start a line of its own or move the cursor. */
	for (char *p = line; *p != '\0'; p++) {
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			*p = '?';
	}
	if (sink_fn != NULL)
		sink_fn(sink_ctx, level, line);
	else
		write_stderr(level, line);
	free(line);
}
