/* Prints what the report found: sources, notes, checks, violations, the distribution and the verdict. */
#ifndef BOX_OFFICE_TABLE_H
#define BOX_OFFICE_TABLE_H

#include <stdbool.h>
#include <stdio.h>

#include "tools/report/ledger.h"

/* `routers`, `crashes` and `gaps` are those of all logs; `colour`: the output is a terminal. */
struct table {
    FILE *out;
    bool colour;
    uint64_t routers, crashes, gaps;
};

void table_print(const struct table *table, struct ledger *ledger);

#endif
