/* SPDX-License-Identifier: ISC */
/* What the files of the writer's thread share. */
#ifndef STORE_WRITER_H
#define STORE_WRITER_H

#include "store_int.h"

struct writer {
	struct store *s;
	bool stuck;
	bool reopen;
	bool ballast_given;		/* once, until there is room again */
	bool careful;			/* the disk was full: first what is precious, by itself */
	int wal_pages;
	int64_t next_space, next_checkpoint, next_retention;
	dev_t dev;
	ino_t ino;
};

/* ---- writer_file.c ---- */

/* This is the file from now on, and the length of its WAL is told. */
void writer_watch(struct writer *w);
/* Health: all went well, with so much room; or it failed with this SQLite code. */
void writer_well(struct writer *w, enum space space);
void writer_trouble(struct writer *w, int rc);
/* An SQLite code; busy is none. */
int writer_checkpoint(struct writer *w, int mode);
void writer_checkpoint_if_long(struct writer *w);
size_t writer_budget(struct writer *w, enum space space, int64_t room);
bool writer_ready(struct writer *w, enum space *ret_space, int64_t *ret_room);

#endif
