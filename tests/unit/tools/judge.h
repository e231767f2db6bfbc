/* A court for tests of the report: a simulated log, changed or not, and what the report finds in it. */
#ifndef BOX_OFFICE_JUDGE_H
#define BOX_OFFICE_JUDGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/unit/tools/router_sim.h"
#include "tools/report/ledger.h"

enum {
    LINES_MAX = 4096,
    TEXT_MAX = 16384, /* the longest line, and all that findings say */
};

/* A log taken apart, so that lines can be changed or left out. */
struct lines {
    const char *text[LINES_MAX]; /* not NUL-terminated */
    size_t length[LINES_MAX];
    size_t count;
};

/* The lines point into the log. */
void take_apart(const struct buffer *log, struct lines *lines);

/* Puts a line in front of line `at` (from 0), or takes that line out. */
void lines_insert(struct lines *to, size_t at, const char *text);
void lines_remove(struct lines *from, size_t at);

/* What the report would say. */
struct verdict {
    uint64_t violations, sessions, crashes, gaps, sales_before, sales_others, beyond;
    uint64_t broken[CHECK_COUNT];
    char said[TEXT_MAX];  /* violations, a line each */
    char noted[TEXT_MAX]; /* what is legal, a line each */
};

struct trial {
    const struct lines *lines;
    const struct sim *sim; /* its sales */
    size_t split;          /* the store is read after so many lines */
    bool alive;            /* the router still lives */
    const char *store;     /* id of the store */
};

void judge(const struct trial *trial, struct verdict *verdict);

/* Reads the store, as it is now: the sales of all routers that share the world. */
void feed_sales(struct ledger *ledger, const struct sim *sim);

/* Asserts that nothing is found. */
void expect_clean(const struct lines *lines, const struct sim *sim, struct verdict *verdict);

/* Two lives, the first ended by a crash, with a rotation and all that can befall a flight. */
void simulate(struct sim *sim, size_t servers, int steps, uint64_t seed);

/* Whether a violation names the line of that number, from 1. */
bool names_line(const char *said, size_t number);

#endif
