/* SPDX-License-Identifier: ISC */
#include "backup.h"

#include <m365dnsd/store.h>

#include "output.h"
#include "setup.h"

int
backup_store(const struct options *o)
{
	struct conf_problems problems = { NULL, 0 };
	struct conf *c = setup_conf(o, &problems);
	struct err err = { "" };
	int code = EXIT_OK;

	if (c == NULL) {
		code = complain_problems(o, &problems);
	} else if (c->database == NULL || *c->database == '\0') {
		code = complain_usage(o, "the configuration names no database that could be copied");
	} else {
		switch (store_backup(c->database, o->backup, &err)) {
		case STORE_BACKUP_DONE:
			break;
		case STORE_BACKUP_REFUSED:
			code = complain_usage(o, err.msg);
			break;
		case STORE_BACKUP_FAILED:
			complain("%s", err.msg);
			code = EXIT_WRITE;
			break;
		}
	}
	conf_free(c);
	conf_problems_done(&problems);
	return code;
}
