/* SPDX-License-Identifier: ISC */
#include "setup.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "build_info.h"
#include "systemd.h"

/* Where the service manager keeps it, which may be another place for each instance; else the usual one. */
static char *
default_path(void)
{
	char *dir = systemd_directory(SYSTEMD_CONFIGURATION), *path = NULL;

	if (dir != NULL)
		path = xasprintf("%s/m365dnsd.conf", dir);
	if (path == NULL || access(path, F_OK) == -1) {
		free(path);
		path = xstrdup(M365DNSD_CONF_FILE);
	}
	free(dir);
	return path;
}

char *
setup_config_path(const struct options *o)
{
	char *path;

	if (o->config != NULL)
		return xstrdup(o->config);
	path = default_path();
	if (o->mode == MODE_SERVE || o->mode == MODE_CHECK_CONFIG || o->mode == MODE_BACKUP ||
	    (o->n_domains == 0 && access(path, F_OK) == 0))
		return path;
	free(path);
	return NULL;
}

/* conf.d lies beside the file. */
static char *
conf_d_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? xasprintf("%.*s/conf.d", (int)(slash - path), path) : xstrdup("conf.d");
}

static struct conf *
read_file(const struct options *o, struct conf_problems *problems)
{
	char *path = setup_config_path(o), *conf_d = NULL;
	struct conf *c;

	if (path == NULL)
		return conf_new();
	conf_d = conf_d_of(path);
	c = conf_load(path, conf_d, problems);
	free(conf_d);
	free(path);
	return c;
}

void
setup_domain_keys(struct conf_domain *d, const struct options *o, struct conf_problems *problems)
{
	struct err err;

	for (size_t i = 0; i < o->n_domain_keys; i++)
		if (conf_set_domain(d, o->domain_keys[i].name, o->domain_keys[i].value, &err) == -1)
			conf_problem_add(problems, NULL, 0, "--%s", err.msg);
}

/* Adds the domain unless the file has it; its index, or -1 after a problem. */
static ssize_t
add_domain(struct conf *c, const struct options *o, const char *name, struct conf_problems *problems)
{
	size_t before = problems->n, index;
	struct err err;

	if (conf_add_domain(c, name, &index, &err) == -1) {
		conf_problem_add(problems, NULL, 0, "%s", err.msg);
		return -1;
	}
	setup_domain_keys(&c->domains[index], o, problems);
	return problems->n == before ? (ssize_t)index : -1;
}

static void
add_domains(struct conf *c, const struct options *o, struct conf_problems *problems)
{
	bool *keep = xcalloc(c->n_domains + o->n_domains + 1, sizeof(*keep));
	ssize_t index = 0;

	/* One bad option is one problem, however many domains it is for. */
	for (size_t i = 0; i < o->n_domains && index >= 0; i++)
		if ((index = add_domain(c, o, o->domains[i], problems)) >= 0)
			keep[index] = true;
	if (o->n_domains > 0 && index >= 0)
		conf_keep_domains(c, keep);
	free(keep);
}

static void
add_resolvers(struct conf *c, const struct options *o, struct conf_problems *problems)
{
	struct err err;

	if (o->n_resolvers > 0)
		conf_clear_resolvers(c);
	for (size_t i = 0; i < o->n_resolvers; i++)
		if (conf_add_resolver(c, o->resolvers[i], &err) == -1)
			conf_problem_add(problems, NULL, 0, "--resolver: %s", err.msg);
}

struct conf *
setup_conf(const struct options *o, struct conf_problems *problems)
{
	bool runs = options_runs(o);
	struct conf *c = read_file(o, problems);

	if (c == NULL)
		return NULL;
	add_domains(c, o, problems);
	add_resolvers(c, o, problems);
	if (o->authority_port != 0)
		c->authority_port = o->authority_port;
	if (o->authority_private)
		c->authority_private = true;
	if (problems->n == 0 && c->n_domains == 0 && runs)
		conf_problem_add(problems, NULL, 0, "no domain is named, and no configuration names one");
	if (problems->n == 0)
		conf_check(c, o->until, problems);
	if (problems->n == 0)
		return c;
	conf_free(c);
	return NULL;
}
