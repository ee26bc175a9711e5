/* SPDX-License-Identifier: ISC */
/*
 * load: the state of reading a configuration, shared by the files of src/conf.  One loader reads all files; each block
 * is built in place and judged when it ends.
 */
#ifndef M365DNSD_CONF_LOAD_H
#define M365DNSD_CONF_LOAD_H

#include "syntax.h"

/* Not given: replaced by the global value when everything has been read. */
#define RATE_UNSET UINT32_MAX

/* A name in `resolvers`, looked up when all blocks are known. */
struct pending_name {
	char *name;
	const char *file;
	int line;
};
struct block_place {
	const char *file;
	int line;
};
struct loader {
	struct conf *conf;
	struct conf_problems *problems;
	const char *file;		/* of conf->files */
	int line;			/* of the value or block that is being read */
	/* the blocks that are open */
	struct conf_resolver resolver;
	struct conf_domain domain;
	struct dns_name domain_name;
	struct conf_record record;
	struct conf_overrides overrides;
	struct conf_notify notify;
	int view;			/* of the view block; -1 = its title was no view */
	struct block_place resolver_place, notify_place;
	bool address_bad;		/* of the resolver block: complained about already */
	/* what has been read */
	struct pending_name *names;
	size_t n_names;
	bool names_given;
	struct conf_resolver *blocks;
	struct block_place *block_places;
	size_t n_blocks;
	size_t domains_cap;
	struct map *domains;		/* name -> index + 1, as a pointer */
};

/* A problem at the line that is being read. */
void loader_problem(struct loader *l, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* values.c: how a kind of key reads one value into the member at k->offset of obj. */
struct conf_kind {
	void (*set)(struct loader *l, const struct conf_key *k, void *obj, const struct syntax_value *v);
};
extern const struct conf_kind kind_bool, kind_uint, kind_seconds, kind_word, kind_text, kind_path, kind_list, kind_listen,
    kind_resolvers, kind_quorum, kind_address, kind_services, kind_verification, kind_tenant, kind_host, kind_hosts, kind_mx,
    kind_bits, kind_date, kind_spf_ip, kind_spf_all, kind_record_type, kind_events, kind_url, kind_command;

/* A list of strings in a struct of conf.h is char **list with size_t n right after it. */
void text_list_add(char ***list, size_t *n, const char *text);
void text_list_free(char ***list, size_t *n);

/* domain.c */
void domain_begin(struct loader *l, const char *title);
void domain_end(struct loader *l);
void record_begin(struct loader *l, const char *title);
void record_end(struct loader *l);
void view_begin(struct loader *l, const char *title);
void view_end(struct loader *l);
void spf_begin(struct loader *l, const char *title);
void conf_domain_done(struct conf_domain *d);
void conf_overrides_done(struct conf_overrides *o);
void conf_record_done(struct conf_record *r);

/* resolver.c */
void resolver_begin(struct loader *l, const char *title);
void resolver_end(struct loader *l);
void resolvers_finish(struct loader *l);
void conf_resolver_done(struct conf_resolver *r);
void conf_default_resolvers(struct conf *c);

/* notify.c */
void notify_begin(struct loader *l, const char *title);
void notify_end(struct loader *l);
void conf_notify_done(struct conf_notify *n);

/* A type that was complained about: there is one, but no value can be checked. */
#define RECORD_TYPE_BAD UINT16_MAX

/* domain.c: what dns_name_from_user() found wrong, without the name in front. */
const char *conf_name_reason(const struct err *err);

/* problems.c: by file and line, from the from'th on. */
void problems_sort(struct conf_problems *p, size_t from, char *const *files, size_t n_files);

/* load.c: a whole file; false after a problem. */
bool conf_read_file(const char *path, struct str *ret, struct conf_problems *problems);

/* check.c: what can be said when all is read and does not depend on the command line. */
void check_loaded(struct loader *l);
/* Where a global key was given. */
struct conf_place conf_place_of(const struct conf *c, const char *name);

#endif
