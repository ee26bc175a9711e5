/* SPDX-License-Identifier: ISC */
/* Zone text: behind a first record, so that nothing else is taken for it. */
#include "fuzz_import.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = STR_INIT;

	str_add(&text, "@ TXT MS=ms12345678\n");
	str_addn(&text, data, size);
	check_import(str_c(&text), text.len);
	str_done(&text);
	return 0;
}
