/* SPDX-License-Identifier: ISC */
/*
 * serve_reload: another configuration while the daemon runs.
 *
 * Files are read on a thread of their own: a slow disk and a hundred thousand domains hold nobody up.  The loop then swaps in
 * one turn.  A configuration with mistakes changes nothing.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "serve_internal.h"
#include "setup.h"

struct waiter {
	reload_done *done;
	void *ctx;
};

struct reading {
	struct serve *s;
	pthread_t thread;
	bool threaded;			/* else it was read in place */
	int fd;				/* the thread is done */
	struct loop_fd *watch;
	bool again;			/* asked for once more meanwhile: the files may have changed since they were read */
	struct waiter *waiters;
	size_t n_waiters, n_next;	/* of this reading, and of the one after it */
	struct conf *conf;
	struct catalog *catalog;	/* NULL: the one that runs stays */
	bool catalog_kept;
	char *token;
	struct conf_problems problems;
};

static void *
reading_run(void *arg)
{
	struct reading *r = arg;
	const struct conf *now = r->s->conf;
	struct err err = { "" };

	r->conf = setup_conf(r->s->o, &r->problems);
	if (r->conf != NULL && r->conf->catalog_file == NULL && now->catalog_file == NULL)
		r->catalog_kept = true;
	else if (r->conf != NULL)
		r->catalog = catalog_load(r->conf->catalog_file, &r->problems);
	if (r->catalog != NULL && r->catalog->digest == r->s->catalog->digest) {	/* plans of one catalog are compared at a glance */
		catalog_free(r->catalog);
		r->catalog = NULL;
		r->catalog_kept = true;
	}
	if (r->conf != NULL && serve_listen_token(r->conf, &r->token, &err) == -1)
		conf_problem_add(&r->problems, "token", 0, "%s", err.msg);
	if (eventfd_write(r->fd, 1) == -1)
		give_up("a reload cannot be told of");	/* only a program that is broken gets here */
	return NULL;
}

/* The database is opened once: who moves it is told so. */
static void
warn_of_start_keys(const struct conf *a, const struct conf *b)
{
	if (strcmp(a->database != NULL ? a->database : "", b->database != NULL ? b->database : "") != 0)
		log_warn("database has changed; that takes effect at the next start");
}

/* Swap, or keep everything; the words say how it went. */
static bool
reading_apply(struct reading *r, struct str *words)
{
	struct serve *s = r->s;
	struct conf *old_conf = s->conf;
	struct catalog *old_catalog = s->catalog;
	struct pipeline_spec *specs;
	struct serve_listen listen;
	struct err err;
	size_t n;
	int rc;

	if (r->conf == NULL || r->problems.n > 0 || (!r->catalog_kept && r->catalog == NULL)) {
		serve_problems_line(&r->problems, words);
		return false;
	}
	rc = serve_listen_prepare(s, r->conf, r->token, &listen, &err);
	r->token = NULL;
	if (rc == -1) {
		str_add(words, err.msg);
		return false;
	}
	s->conf = r->conf;
	s->catalog = r->catalog_kept ? old_catalog : r->catalog;
	specs = serve_specs(s, &n);
	rc = pipeline_reload(s->pipeline, s->conf, s->catalog, specs, n, &err);
	free(specs);
	if (rc == -1) {
		s->conf = old_conf;
		s->catalog = old_catalog;
		serve_listen_undo(&listen);
		str_add(words, err.msg);
		return false;
	}
	r->conf = NULL;
	r->catalog = NULL;
	serve_listen_apply(s, s->conf, &listen);
	if (s->store != NULL)
		store_set_history_days(s->store, s->conf->history_days);
	warn_of_start_keys(old_conf, s->conf);
	conf_free(old_conf);
	if (s->catalog != old_catalog)
		catalog_free(old_catalog);
	notify_set_receivers(s->notify, s->conf->notify, s->conf->n_notify);
	policies_configure(s->policies, s->conf);
	str_addf(words, "%zu domain%s", n, n == 1 ? "" : "s");
	return true;
}

static void
reading_reset(struct reading *r)
{
	conf_free(r->conf);
	catalog_free(r->catalog);
	conf_problems_done(&r->problems);
	secret_free(r->token);
	r->token = NULL;
	r->conf = NULL;
	r->catalog = NULL;
	r->catalog_kept = false;
	r->problems = (struct conf_problems){ NULL, 0 };
}

static void
reading_start(struct reading *r)
{
	reading_reset(r);
	r->again = false;
	r->n_waiters += r->n_next;
	r->n_next = 0;
	systemd_reloading(r->s->sd);
	r->threaded = pthread_create(&r->thread, NULL, reading_run, r) == 0;
	if (!r->threaded) {
		log_warn("no thread is to be had: the configuration is read in place");
		reading_run(r);
	}
}

static void
reading_join(struct reading *r)
{
	if (r->threaded)
		pthread_join(r->thread, NULL);
}

static void
reading_tell(struct reading *r, bool ok, const char *words)
{
	struct serve *s = r->s;
	struct waiter *waiters = r->waiters;
	size_t n = r->n_waiters;

	serve_api_reloaded(s, ok, words);
	if (ok) {
		log_notice("configuration reloaded: %s", words);
	} else {
		log_err("configuration not reloaded, the old one stays: %s", words);
	}
	systemd_status(s->sd, ok ? "configuration reloaded" : "reload failed: the old configuration stays");
	systemd_ready(s->sd);
	r->waiters = NULL;
	r->n_waiters = 0;
	if (r->n_next > 0) {	/* those who came too late for this reading wait for the next */
		r->waiters = xcalloc(r->n_next, sizeof(*waiters));
		memcpy(r->waiters, waiters + n, r->n_next * sizeof(*waiters));
	}
	for (size_t i = 0; i < n; i++)
		waiters[i].done(waiters[i].ctx, ok, words);
	free(waiters);
}

static void
reading_done(void *ctx, int fd, unsigned events)
{
	struct reading *r = ctx;
	struct serve *s = r->s;
	struct str words = STR_INIT;
	eventfd_t count;
	bool ok;

	(void)events;
	if (eventfd_read(fd, &count) == -1)
		return;
	reading_join(r);
	ok = reading_apply(r, &words);
	reading_tell(r, ok, str_c(&words));
	str_done(&words);
	if (r->again)
		reading_start(r);
	else
		serve_reading_free(s);
	serve_wake(s);
}

void
serve_reload(struct serve *s, reload_done *done, void *ctx)
{
	struct reading *r = s->reading;
	bool running = r != NULL;
	int fd = running ? r->fd : eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

	if (fd == -1) {
		log_err("configuration not reloaded, the old one stays: %s", strerror(errno));
		if (done != NULL)
			done(ctx, false, "no descriptor is to be had");
		return;
	}
	if (!running) {
		r = s->reading = xcalloc(1, sizeof(*r));
		r->s = s;
		r->fd = fd;
		r->watch = loop_fd_new(s->loop, r->fd, reading_done, r);
		loop_fd_set(r->watch, LOOP_READ);
	}
	if (done != NULL) {
		r->waiters = xreallocarray(r->waiters, r->n_waiters + r->n_next + 1, sizeof(*r->waiters));
		r->waiters[r->n_waiters + r->n_next++] = (struct waiter){ done, ctx };
	}
	if (running)
		r->again = true;
	else
		reading_start(r);
}

void
serve_reading_join(struct serve *s)
{
	struct reading *r = s->reading;

	reading_join(r);
	for (size_t i = 0; i < r->n_waiters + r->n_next; i++)
		r->waiters[i].done(r->waiters[i].ctx, false, "the daemon is ending");
	serve_reading_free(s);
}

/* Only when the thread is not running. */
void
serve_reading_free(struct serve *s)
{
	struct reading *r = s->reading;

	if (r == NULL)
		return;
	s->reading = NULL;
	reading_reset(r);
	loop_fd_set(r->watch, 0);
	loop_fd_free(r->watch);
	close(r->fd);
	free(r->waiters);
	free(r);
}
