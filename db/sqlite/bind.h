/* Binding values that outlive the step which uses them: nothing is copied. And keys, as the store keeps them. */
#ifndef BOX_OFFICE_SQLITE_BIND_H
#define BOX_OFFICE_SQLITE_BIND_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/id.h"
#include "common/item.h"

void bind_text(sqlite3_stmt *statement, int at, const char *text);

/* A key as the store keeps it. */
void bind_key(sqlite3_stmt *statement, int at, const char *key);

/* The column of a row that holds a key, as clients write it. */
void bind_read_key(sqlite3_stmt *row, int column, char key[KEY_SIZE]);

/* An id or a fingerprint: 16 bytes. */
void bind_bytes(sqlite3_stmt *statement, int at, const uint8_t bytes[16]);

#endif
