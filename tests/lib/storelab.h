/* SPDX-License-Identifier: ISC */
/* A directory for a store, and waiting for what its threads do: by its descriptor, never by sleeping for a guess. */
#ifndef STORELAB_H
#define STORELAB_H

#include <m365dnsd/store.h>

struct storelab {
	char dir[64];
	char path[96];		/* of the database */
	struct store *store;
	struct err err;
	uint64_t committed;	/* up to this id, as it was told */
	uint64_t kept;		/* up to this mark */
	bool lost;		/* something that a mark stood for */
	enum store_health health;
	char problem[256];
	unsigned n_health;	/* times it was told */
};

/* A fresh directory, and tunings that make the threads fast. */
void lab_init(struct storelab *l);
void lab_done(struct storelab *l);		/* closes and removes everything */
char *lab_path(const struct storelab *l, const char *suffix);	/* free it */
bool lab_there(const struct storelab *l, const char *suffix);

bool lab_open(struct storelab *l);		/* false: l->err */
void lab_must_open(struct storelab *l);
void lab_close(struct storelab *l);
/* Dispatch until done(l) or ten seconds have passed; false then. */
bool lab_until(struct storelab *l, bool (*done)(struct storelab *l));
void lab_committed(struct storelab *l, uint64_t id);
void lab_kept(struct storelab *l, uint64_t mark);
void lab_queue_empty(struct storelab *l);
void lab_health(struct storelab *l, enum store_health health);

uint64_t lab_transition(struct storelab *l, const char *domain, uint64_t revision);
void lab_domain(struct storelab *l, const char *name, uint64_t revision, const char *snapshot);
/* A number from the database, by another connection of SQLite's own; -1 on error. */
int64_t lab_sql(const struct storelab *l, const char *sql);
/* "ok" or what integrity_check says; static. */
const char *lab_integrity(const struct storelab *l);
void *lab_read_file(const char *path, size_t *ret_n);	/* NULL when not there */
void lab_write_file(const char *path, const void *p, size_t n);
/* Names in the directory that begin with the database's and suffix, e.g. ".corrupt-". */
unsigned lab_count(const struct storelab *l, const char *suffix, char *ret_first, size_t size);

/* Does every program run under valgrind or its like (WRAP, see tools/run-tests.sh)?  Then fewer rounds must do. */
bool lab_wrapped(void);

#endif
