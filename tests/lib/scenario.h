/* SPDX-License-Identifier: ISC */
/*
 * scenario: the whole program minus its edges, told by a text file on virtual time.
 *
 *   conf ... end                        configuration text
 *   once | watch | until STATE | peek   how it runs (default: watch, until complete)
 *   serve ZONE ADDR...                  authoritative servers
 *   zone ZONE [at ADDR] ... end         records "owner ttl type rdata"
 *   add ZONE [at ADDR] : RECORD         del ZONE [at ADDR] : OWNER TYPE|*
 *   cache ADDR [N]                      a resolver of N caches;  prime ADDR NAME TYPE: somebody else asks it
 *   fault ADDR WORD                     delay ADDR MS
 *   weather PERCENT MS                  so many queries get lost or meet a fault; all come up to MS later
 *   slow PERCENT MS                     the machine: so many looks at the clock are up to MS apart from what was before
 *   start                               builds the pipeline
 *   run DURATION | run settled | run reached DURATION
 *   run cell ID SOURCE VERDICT DURATION  until it says so
 *   restart                             ends and starts again, with what a store would have kept
 *   reload ... end                      another configuration
 *   suspend DURATION                    time goes on, the program does not;  clock SECONDS: the wall clock is set
 *   show                                the status as text on stderr, to find out why a scenario fails
 *   count                               expect queries counts from here
 *   expect domain STATE                 expect record ID STATE
 *   expect cell ID SOURCE VERDICT [REASON]   SOURCE is a name or an address
 *   expect finding CODE | expect no finding CODE | expect no error
 *   expect eta SECONDS +- SECONDS | expect no eta
 *   expect exit N
 *   expect queries ADDR|* NAME|* TYPE|* (=|<=|>=) N
 *   expect transition ID|- TO           since the last such line; ID - is the domain itself
 */
#ifndef M365DNSD_TESTS_SCENARIO_H
#define M365DNSD_TESTS_SCENARIO_H

#include <m365dnsd/base.h>

/* Play the file; -1 with "file:line: words" when an expectation does not hold or a line makes no sense. */
int scenario_play(const char *path, struct err *err);

#endif
