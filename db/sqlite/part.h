/* A database in the making: a file of mode 0600 beside its target, which gets the target's name only once it is whole
 * and on the disk. What a process that was killed has left is taken over by the next one. */
#ifndef BOX_OFFICE_SQLITE_PART_H
#define BOX_OFFICE_SQLITE_PART_H

#include "db/sqlite/connection.h"
#include "db/store.h"

struct part {
    char path[STORE_PLACE_SIZE + 8]; /* the target's, with .part behind it */
    int fd;                          /* owned, holds a flock; -1: none */
};

/* Makes it, empty. False with the reason: the directory, or another process makes the same one. */
bool part_open(struct part *part, const char *target, char error[STORE_ERROR_SIZE]);

/* Copies what the connection sees at this moment, while others write to it. The copy is one file without a journal.
 * False with the reason. */
bool part_copy(const struct part *part, struct connection *source, store_progress *progress,
               void *context, char error[STORE_ERROR_SIZE]);

/* Proves it as store_audit does. False with the first thing that is wrong. */
bool part_prove(const struct part *part, char error[STORE_ERROR_SIZE]);

/* Makes its content durable. False with the reason. */
bool part_save(const struct part *part, char error[STORE_ERROR_SIZE]);

/* Whether nothing has the target's name, nor lies there that SQLite would take for its journal and write into it. Else
 * false, naming it. */
bool part_vacant(const char *target, char error[STORE_ERROR_SIZE]);

/* Gives it the target's name, durably; it must be vacant. False with the reason. */
bool part_place(const struct part *part, const char *target, char error[STORE_ERROR_SIZE]);

/* The same, in the place of whatever has that name. */
bool part_replace(const struct part *part, const char *target, char error[STORE_ERROR_SIZE]);

/* Closes it, and removes what has not got its target's name. */
void part_close(struct part *part);

#endif
