/* What the report found: each check with what it looked at and what was broken, the first violations
 * in words, and what is unusual but legal. Also where each line stands. One thread; zeroed memory is
 * empty. */
#ifndef BOX_OFFICE_FINDINGS_H
#define BOX_OFFICE_FINDINGS_H

#include <stdint.h>

#include "common/buffer.h"

enum check {
    CHECK_LINES,    /* every line reads */
    CHECK_NUMBERS,  /* n counts by one */
    CHECK_CHOICES,  /* each purchase went where it should have */
    CHECK_REQUESTS, /* each forwarded request did */
    CHECK_FLIGHTS,  /* each flight was settled once, as a whole */
    CHECK_DONE,     /* each forwarded request ended once, where it went */
    CHECK_FIGURES,  /* what servers told only moves forward */
    CHECK_STATES,   /* changes of state, state lines */
    CHECK_ENDS,     /* nothing is left open */
    CHECK_SALES,    /* the store's sales have their choices */
    CHECK_HOLDS,    /* so have its holds */
    CHECK_SOLD,     /* what flights sold, held and freed stands in the store */
    CHECK_COUNT,
};

enum {
    FINDINGS_SHOWN = 20, /* violations in words; the rest is counted */
    NOTES_SHOWN = 50,
};

struct findings {
    uint64_t checked[CHECK_COUNT];
    uint64_t broken[CHECK_COUNT];
    char *shown[FINDINGS_SHOWN]; /* owned */
    uint64_t violations;
    char *notes[NOTES_SHOWN]; /* owned */
    uint64_t note_count;
    struct buffer segments; /* struct segment */
    uint32_t lines;         /* places given so far */
};

/* "FILE:LINE", cut to fit. */
struct where {
    char text[160];
};

void findings_free(struct findings *findings);

/* The lines that follow are those of `file` (copied) from `line` on. */
void findings_file(struct findings *findings, const char *file, uint64_t line);

/* The place of the next line: lines are numbered over all files. */
uint32_t findings_line(struct findings *findings);
struct where findings_where(const struct findings *findings, uint32_t place);

/* Files that lines came from. */
uint64_t findings_files(const struct findings *findings);

/* A violation at a place, in words. */
void findings_broken(struct findings *findings, enum check check, uint32_t place,
                     const char *format, ...) __attribute__((format(printf, 4, 5)));

/* A violation without a line of its own. */
void findings_broken_store(struct findings *findings, enum check check, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Legal, and worth knowing. */
void findings_note(struct findings *findings, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
