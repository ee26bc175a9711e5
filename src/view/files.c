/* SPDX-License-Identifier: ISC */
/* What the pages are made of: web/, compiled in as it is there. */
#include "formats.h"

#include <string.h>

#include "app_js.h"
#include "domain_js.h"
#include "dom_js.h"
#include "feed_js.h"
#include "findings_js.h"
#include "icon_svg.h"
#include "list_js.h"
#include "matrix_js.h"
#include "past_js.h"
#include "style_css.h"
#include "time_js.h"
#include "words_js.h"

#define SCRIPT "text/javascript; charset=utf-8"

static const struct view_file files[] = {
	{ "app.js",      SCRIPT,                    app_js },
	{ "dom.js",      SCRIPT,                    dom_js },
	{ "domain.js",   SCRIPT,                    domain_js },
	{ "feed.js",     SCRIPT,                    feed_js },
	{ "findings.js", SCRIPT,                    findings_js },
	{ "icon.svg",    "image/svg+xml",           icon_svg },
	{ "list.js",     SCRIPT,                    list_js },
	{ "matrix.js",   SCRIPT,                    matrix_js },
	{ "past.js",     SCRIPT,                    past_js },
	{ "style.css",   "text/css; charset=utf-8", style_css },
	{ "time.js",     SCRIPT,                    time_js },
	{ "words.js",    SCRIPT,                    words_js },
};

const struct view_file *
view_file_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(files); i++)
		if (strcmp(files[i].name, name) == 0)
			return &files[i];
	return NULL;
}
