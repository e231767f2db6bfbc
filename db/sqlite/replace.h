/* Taking a SQLite store's place: what is there is moved aside, and another one put there. */
#ifndef BOX_OFFICE_SQLITE_REPLACE_H
#define BOX_OFFICE_SQLITE_REPLACE_H

#include "db/sqlite/lock_file.h"
#include "db/sqlite/part.h"
#include "db/sqlite/place.h"

/* Not to be copied while it lasts. */
struct replacement {
    struct place place;
    bool absent; /* there is no database; a journal may have been left behind all the same */
    struct lock_file file;        /* of what is there: seized, so that it stays as it is */
    char aside[STORE_PLACE_SIZE]; /* out, of what was moved; "": nothing */
};

/* Finds what is at this place, and keeps everybody else out until replace_end. False with the reason, and then nothing
 * is to be ended. */
bool replace_begin(struct replacement *at, const char *path, char error[STORE_ERROR_SIZE]);

/* Moves what is there aside, and puts the finished part (NULL: nothing) in its place. At any moment one of both is
 * there, but where the file system has no hard links. False with the reason, and what was there is there as before. */
bool replace_with(struct replacement *at, const struct part *part, char error[STORE_ERROR_SIZE]);

void replace_end(struct replacement *at);

/* Puts everything into the one database file, so that it can be moved file by file: of a store that nobody else uses.
 * False with the reason. */
bool replace_fold(const char *path, char error[STORE_ERROR_SIZE]);

/* The contract is store_reset's. */
bool replace_reset(const char *path, char aside[STORE_PLACE_SIZE], char error[STORE_ERROR_SIZE]);

#endif
