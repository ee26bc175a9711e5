/* SPDX-License-Identifier: ISC */
/* Graph JSON and PowerShell's lists: whatever it is, as it comes. */
#include "fuzz_import.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check_import((const char *)data, size);
	return 0;
}
