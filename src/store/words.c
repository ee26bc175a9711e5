/* SPDX-License-Identifier: ISC */
#include "store_int.h"

static const struct name_row healths[] = {
	{ STORE_OK, "ok" },
	{ STORE_LOW_SPACE, "low-space" },
	{ STORE_STUCK, "stuck" },
	{ STORE_QUARANTINED, "quarantined" },
};
NAME_TABLE(store_health_names, healths);

/*
 * Only CORRUPT and NOTADB speak of the file's contents.  All others are about the world around it, and pass; nothing is ever
 * moved aside because of them.
 */
static const struct store_trouble troubles[] = {
	/* code			corrupt	reopen	poison */
	{ SQLITE_CORRUPT,	true,	true,	false,	"the file is damaged; it will be moved aside at the next start" },
	{ SQLITE_NOTADB,	true,	true,	false,	"the file is no database any more; it will be moved aside at the next start" },
	{ SQLITE_FULL,		false,	false,	false,	"the disk is full" },
	{ SQLITE_IOERR,		false,	true,	false,	"the disk reports an I/O error" },
	{ SQLITE_READONLY,	false,	true,	false,	"the file or its directory is read-only" },
	{ SQLITE_CANTOPEN,	false,	true,	false,	"the file cannot be opened" },
	{ SQLITE_PERM,		false,	true,	false,	"no permission to write the file" },
	{ SQLITE_BUSY,		false,	false,	false,	"another process holds the database locked" },
	{ SQLITE_LOCKED,	false,	false,	false,	"the database is locked" },
	{ SQLITE_PROTOCOL,	false,	true,	false,	"the locks of the database cannot be had" },
	{ SQLITE_NOMEM,		false,	true,	false,	"no memory for the database" },
	{ SQLITE_SCHEMA,	false,	true,	false,	"the schema was changed by somebody else" },
	{ SQLITE_TOOBIG,	false,	false,	true,	"a row is too large" },
	{ SQLITE_CONSTRAINT,	false,	false,	true,	"a row breaks a constraint" },
	{ SQLITE_MISMATCH,	false,	false,	true,	"a row has the wrong type" },
};

const struct store_trouble *
store_trouble_find(int code)
{
	static const struct store_trouble other = { SQLITE_ERROR, false, true, false, "the database reports an error" };

	for (size_t i = 0; i < ARRAY_LEN(troubles); i++)
		if (troubles[i].code == (code & 0xff))
			return &troubles[i];
	return &other;
}
