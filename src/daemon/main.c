/* SPDX-License-Identifier: ISC */
/* m365dnsd: are the DNS records of a Microsoft 365 domain right, who sees them, and when will everybody? */
#include <locale.h>

#include "backup.h"
#include "import.h"
#include "list.h"
#include "output.h"
#include "run.h"
#include "serve.h"
#include "spf_check.h"

static int (*const modes[])(const struct options *o) = {
	[MODE_SERVE] = serve,
	[MODE_ONCE] = run_domains,
	[MODE_WAIT] = run_domains,
	[MODE_CHECK_CONFIG] = run_check_config,
	[MODE_FIX] = run_domains,
	[MODE_IMPORT] = import_domain,
	[MODE_SPF_CHECK] = spf_check,
	[MODE_BACKUP] = backup_store,
	[MODE_LIST_RECORDS] = list_records,
	[MODE_LIST_RESOLVERS] = list_resolvers,
	[MODE_LIST_FINDINGS] = list_findings,
	[MODE_HELP] = list_help,
	[MODE_VERSION] = list_version,
};

int
main(int argc, char **argv)
{
	struct options o;
	struct err err;
	int code;

	if (!output_start())
		return EXIT_WRITE;
	setlocale(LC_CTYPE, "");	/* only to know whether the terminal takes UTF-8 */
	log_init(LOG_LVL_WARNING);
	if (options_parse(&o, argc, argv, &err) == -1)
		code = complain_usage(&o, err.msg);
	else
		code = modes[o.mode](&o);
	options_done(&o);
	return output_finish(code);
}
