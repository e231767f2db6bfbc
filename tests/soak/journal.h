/* What a buyer process writes down, and what is read of it.
 *
 * One line per event, written with one write(2) before the next step is taken: killing the buyer does not
 * lose what it knew. A line that the kill has torn is cut off by the next process of that buyer.
 *
 *   begun KEY QUANTITY                        before the key is sent for the first time
 *   sold KEY SENT ENDED ID FIRST QUANTITY SERVER
 *   refused KEY SENT ENDED CODE               sold out
 *   failed KEY SENT ENDED STATUS CODE         one attempt: 503, or no answer; it is sent again
 *   wrong KEY SENT ENDED STATUS CODE          what no buyer should see, or another outcome than before
 *
 * SENT and ENDED are of the last attempt, CLOCK_MONOTONIC, which all processes share. */
#ifndef BOX_OFFICE_SOAK_JOURNAL_H
#define BOX_OFFICE_SOAK_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/outcome.h"
#include "tests/lib/files.h"
#include "tests/lib/load.h"

enum entry_kind {
    ENTRY_BEGUN,
    ENTRY_SOLD,
    ENTRY_REFUSED,
    ENTRY_FAILED,
    ENTRY_WRONG,
    ENTRY_KINDS,
};

struct entry {
    enum entry_kind kind;
    char key[LOAD_KEY_SIZE];
    int64_t sent, ended;  /* all but ENTRY_BEGUN */
    struct bought bought; /* id, first, server: sold; status, code: failed, wrong; code: refused */
};

/* Appends one line, without a NUL and no longer than `size`; returns its length. */
size_t entry_format(const struct entry *entry, char *line, size_t size);

/* False where the line (without its newline) is none. */
bool entry_parse(const char *line, struct entry *entry);

/* A journal that is read while it is written. */
struct journal {
    char path[FILES_PATH_SIZE];
    int64_t offset; /* read so far */
};

/* Calls `entry` for each whole line since the last call. False where a line is none, or the journal
 * cannot be read. */
typedef void journal_entry(void *context, const struct entry *entry);
bool journal_read(struct journal *journal, journal_entry *entry, void *context);

#endif
