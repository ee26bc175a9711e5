/* SPDX-License-Identifier: ISC */
/* What the files of this room tell each other: one render function a format. */
#ifndef M365DNSD_VIEW_FORMATS_H
#define M365DNSD_VIEW_FORMATS_H

#include "escape.h"

typedef void render_fn(const struct status *const *list, size_t n, const struct view_options *o, struct str *ret);

render_fn render_text, render_json, render_ndjson, render_csv, render_nagios, render_prometheus, render_html;

#endif
