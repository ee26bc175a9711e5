/* SPDX-License-Identifier: ISC */
/*
 * serve_reload: another configuration while the daemon runs.
 *
 *   READING    a thread reads the files: a slow disk and a hundred thousand domains hold nobody up
 *   PLANNING   the loop plans the domains, some a turn; until here nothing has changed, and a mistake changes nothing
 *   FOLLOWING  what is global holds; domains follow, some a turn, and those that have not yet go on by the old configuration
 *   CLEARING   it holds for all, and who asked has been told; a thread frees the old one
 *
 * One at a time: whoever asks meanwhile gets another one after it, which reads the files again.  PUT and DELETE wait while domains
 * are planned and follow.
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
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
struct waiters {
	struct waiter *list;
	size_t n;
};

/* A configuration, and what belongs to it. */
struct configuration {
	struct conf *conf;
	const struct conf_domain **names;
	struct catalog *catalog;	/* NULL: that of the other one */
	char *token;
};

struct reload {
	struct serve *s;
	enum { READING, PLANNING, FOLLOWING, CLEARING } phase;
	pthread_t thread;
	bool threaded;			/* else its work was done in place */
	int fd;				/* the thread is done */
	struct loop_fd *watch;
	struct waiters now, next;	/* for this reload, and for the one after it */
	struct waiters settled;
	bool again;			/* asked for once more meanwhile: the files may have changed since they were read */
	struct configuration new, old;	/* old: until nothing refers to it */
	bool catalog_kept;
	struct conf_problems problems;
	size_t n_domains;
};

/* ---- who waits ---- */

static void
waiters_add(struct waiters *w, reload_done *done, void *ctx)
{
	if (done == NULL)
		return;
	w->list = xreallocarray(w->list, w->n + 1, sizeof(*w->list));
	w->list[w->n++] = (struct waiter){ done, ctx };
}

/* They are off the list first: who is told may wait for more. */
static void
waiters_tell(struct waiters *w, bool ok, const char *words)
{
	struct waiters all = *w;

	*w = (struct waiters){ NULL, 0 };
	for (size_t i = 0; i < all.n; i++)
		all.list[i].done(all.list[i].ctx, ok, words);
	free(all.list);
}

/* ---- the thread ---- */

static void
configuration_done(struct configuration *c)
{
	free(c->names);
	conf_free(c->conf);
	catalog_free(c->catalog);
	secret_free(c->token);
	*c = (struct configuration){ .conf = NULL };
}

static void
thread_ends(struct reload *r)
{
	if (eventfd_write(r->fd, 1) == -1)
		give_up("a reload cannot be told of");	/* only a program that is broken gets here */
}

static void *
read_all(void *arg)
{
	struct reload *r = arg;
	const struct serve *s = r->s;
	struct configuration *c = &r->new;
	struct err err = { "" };

	c->conf = setup_conf(s->o, &r->problems);
	if (c->conf != NULL) {
		c->names = serve_conf_names(c->conf);
		if (c->conf->catalog_file == NULL && s->conf->catalog_file == NULL)
			r->catalog_kept = true;
		else
			c->catalog = catalog_load(c->conf->catalog_file, &r->problems);
		if (serve_listen_token(c->conf, &c->token, &err) == -1)
			conf_problem_add(&r->problems, "token", 0, "%s", err.msg);
	}
	if (c->catalog != NULL && c->catalog->digest == s->catalog->digest) {	/* plans of one catalog are compared at a glance */
		catalog_free(c->catalog);
		c->catalog = NULL;
		r->catalog_kept = true;
	}
	thread_ends(r);
	return NULL;
}

/* What is left of either configuration: the old one, or the new one that was not to be had. */
static void *
clear_all(void *arg)
{
	struct reload *r = arg;

	configuration_done(&r->new);
	configuration_done(&r->old);
	thread_ends(r);
	return NULL;
}

static void
thread_start(struct reload *r, void *(*f)(void *))
{
	r->threaded = pthread_create(&r->thread, NULL, f, r) == 0;
	if (!r->threaded) {
		log_warn("no thread is to be had for the configuration: it is read in place");
		f(r);
	}
}

static void
thread_join(struct reload *r)
{
	if (r->threaded)
		pthread_join(r->thread, NULL);
	r->threaded = false;
}

/* ---- phase by phase ---- */

static void
reload_start(struct reload *r)
{
	r->phase = READING;
	r->again = r->catalog_kept = false;
	systemd_reloading(r->s->sd);
	thread_start(r, read_all);
}

static void
reload_end(struct reload *r, bool ok, const char *words)
{
	struct serve *s = r->s;

	r->phase = CLEARING;
	conf_problems_done(&r->problems);
	r->problems = (struct conf_problems){ NULL, 0 };
	serve_api_reloaded(s, ok, words);
	if (ok) {
		log_notice("configuration reloaded: %s", words);
		http_wake(s->http, NULL);	/* who waits for a domain that is gone learns it */
	} else {
		log_err("configuration not reloaded, the old one stays: %s", words);
	}
	systemd_status(s->sd, ok ? "configuration reloaded" : "reload failed: the old configuration stays");
	systemd_ready(s->sd);
	waiters_tell(&r->now, ok, words);
	waiters_tell(&r->settled, true, "");
	thread_start(r, clear_all);
	serve_wake(s);
}

static void
reload_has_read(struct reload *r)
{
	struct serve *s = r->s;
	struct configuration *c = &r->new;
	struct str words = STR_INIT;
	struct pipeline_spec *specs;

	if (c->conf == NULL || r->problems.n > 0 || (!r->catalog_kept && c->catalog == NULL)) {
		serve_problems_line(&r->problems, &words);
		reload_end(r, false, str_c(&words));
		str_done(&words);
		return;
	}
	r->phase = PLANNING;
	specs = serve_specs(s, c->conf, c->names, &r->n_domains);
	pipeline_change_begin(s->pipeline, c->conf, r->catalog_kept ? s->catalog : c->catalog, specs, r->n_domains);
	serve_wake(s);
}

/* The database is opened once: who moves it is told so. */
static void
warn_of_start_keys(const struct conf *a, const struct conf *b)
{
	if (strcmp(a->database != NULL ? a->database : "", b->database != NULL ? b->database : "") != 0)
		log_warn("database has changed; that takes effect at the next start");
}

/* From now on. */
static void
swap(struct reload *r)
{
	struct serve *s = r->s;

	r->old = (struct configuration){ .conf = s->conf, .names = s->conf_names };
	s->conf = r->new.conf;
	s->conf_names = r->new.names;
	if (!r->catalog_kept) {
		r->old.catalog = s->catalog;
		s->catalog = r->new.catalog;
	}
	r->new = (struct configuration){ .conf = NULL };
}

static void
reload_has_planned(struct reload *r)
{
	struct serve *s = r->s;
	struct serve_listen listen;
	struct err err = { "" };
	int rc = serve_listen_prepare(s, r->new.conf, r->new.token, &listen, &err);

	r->new.token = NULL;
	if (rc == -1) {
		pipeline_change_end(s->pipeline);
		reload_end(r, false, err.msg);
		return;
	}
	r->phase = FOLLOWING;
	swap(r);
	pipeline_change_apply(s->pipeline);
	serve_listen_apply(s, s->conf, &listen);
	if (s->store != NULL)
		store_set_history_days(s->store, s->conf->history_days);
	warn_of_start_keys(r->old.conf, s->conf);
	notify_set_receivers(s->notify, s->conf->notify, s->conf->n_notify);
	policies_configure(s->policies, s->conf);
}

static void
reload_plan(struct reload *r)
{
	struct err err = { "" };

	switch (pipeline_change_plan(r->s->pipeline, &err)) {
	case CHANGE_MORE:
		break;
	case CHANGE_PLANNED:
		reload_has_planned(r);
		break;
	case CHANGE_FAILED:
		reload_end(r, false, err.msg);
		break;
	}
	serve_wake(r->s);
}

void
serve_reload_turn(struct serve *s)
{
	struct reload *r = s->reload;
	char words[64];

	if (r == NULL)
		return;
	if (r->phase == PLANNING)
		reload_plan(r);
	else if (r->phase == FOLLOWING && !pipeline_is_changing(s->pipeline)) {
		snprintf(words, sizeof(words), "%zu domain%s", r->n_domains, r->n_domains == 1 ? "" : "s");
		reload_end(r, true, words);
	}
}

static void
reload_is_cleared(struct reload *r)
{
	if (!r->again) {
		serve_reload_free(r->s);
		return;
	}
	r->now = r->next;
	r->next = (struct waiters){ NULL, 0 };
	reload_start(r);
}

static void
on_thread(void *ctx, int fd, unsigned events)
{
	struct reload *r = ctx;
	eventfd_t count;

	(void)events;
	if (eventfd_read(fd, &count) == -1)
		return;
	thread_join(r);
	if (r->phase == READING)
		reload_has_read(r);
	else
		reload_is_cleared(r);
}

/* ---- from outside ---- */

static struct reload *
reload_new(struct serve *s)
{
	int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	struct reload *r;

	if (fd == -1)
		return NULL;
	r = xcalloc(1, sizeof(*r));
	r->s = s;
	r->fd = fd;
	r->watch = loop_fd_new(s->loop, r->fd, on_thread, r);
	loop_fd_set(r->watch, LOOP_READ);
	return r;
}

void
serve_reload(struct serve *s, reload_done *done, void *ctx)
{
	if (s->reload != NULL) {
		waiters_add(&s->reload->next, done, ctx);
		s->reload->again = true;
		return;
	}
	s->reload = reload_new(s);
	if (s->reload == NULL) {
		log_err("configuration not reloaded, the old one stays: %s", strerror(errno));
		if (done != NULL)
			done(ctx, false, "no descriptor is to be had");
		return;
	}
	waiters_add(&s->reload->now, done, ctx);
	reload_start(s->reload);
}

void
serve_when_settled(struct serve *s, reload_done *done, void *ctx)
{
	struct reload *r = s->reload;

	if (r != NULL && (r->phase == PLANNING || r->phase == FOLLOWING))
		waiters_add(&r->settled, done, ctx);
	else
		done(ctx, true, "");
}

void
serve_reload_stop(struct serve *s)
{
	static const char words[] = "the daemon is ending";
	struct reload *r = s->reload;

	if (r == NULL)
		return;
	thread_join(r);
	waiters_tell(&r->now, false, words);
	waiters_tell(&r->next, false, words);
	waiters_tell(&r->settled, false, words);
}

/* Only when no thread is running. */
void
serve_reload_free(struct serve *s)
{
	struct reload *r = s->reload;

	if (r == NULL)
		return;
	s->reload = NULL;
	configuration_done(&r->new);
	configuration_done(&r->old);
	conf_problems_done(&r->problems);
	loop_fd_set(r->watch, 0);
	loop_fd_free(r->watch);
	close(r->fd);
	free(r);
}
