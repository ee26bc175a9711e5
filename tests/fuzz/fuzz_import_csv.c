/* SPDX-License-Identifier: ISC */
/* CSV: below one of some headers, which the first byte chooses; the last one is the data's own. */
#include "fuzz_import.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const headers[] = {
		"Type,Name,Value,Priority,Weight,Port,Service,Protocol\n",
		"Host name;Points to address or value;Type;TTL\r\n",
		"Label\tRecordType\tText\tMailExchange\tCanonicalName\n",
		"Name,Selector1CNAME,Selector2CNAME\n",
		"",
	};
	struct str text = STR_INIT;

	if (size == 0)
		return 0;
	str_add(&text, headers[data[0] % ARRAY_LEN(headers)]);
	str_addn(&text, data + 1, size - 1);
	check_import(str_c(&text), text.len);
	str_done(&text);
	return 0;
}
