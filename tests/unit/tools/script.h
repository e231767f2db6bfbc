/* Logs written by hand, line by line, for tests of what the report says of them. */
#ifndef BOX_OFFICE_SCRIPT_H
#define BOX_OFFICE_SCRIPT_H

#include "tests/unit/tools/judge.h"

#define SCRIPT_ROUTER "0193b0aa-0000-7000-8000-00000000beef"

/* Forgets all lines. */
void script_clear(void);

/* Adds a line, with the next number. */
void script_add(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The next line has the number after this one. */
void script_skip_to(uint64_t n);

/* `started`, with number 1; `stopped`. */
void script_start(void);
void script_stop(void);

/* A server moves; of a limit of 9, and a weight of 1, with nothing told. */
void script_move(const char *id, const char *pool, const char *move);

/* A server joins, and is up. */
void script_up(const char *id, const char *pool);

/* Judges what was added; this check is broken so often, in these words, and no other. */
void script_expect(enum check check, uint64_t times, const char *words);
const struct verdict *script_verdict(void);

#endif
