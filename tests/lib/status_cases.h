/* SPDX-License-Identifier: ISC */
/* Literal statuses for the tests of formats: nothing asked, nothing judged, only shown. */
#ifndef TESTS_STATUS_CASES_H
#define TESTS_STATUS_CASES_H

#include <m365dnsd/board.h>

struct status_case {
	const char *name;
	const struct status *list[4];
	size_t n;
};
extern const struct status_case status_cases[];
extern const size_t n_status_cases;

#endif
