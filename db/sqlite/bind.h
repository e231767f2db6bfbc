/* Binding values that outlive the step which uses them: nothing is copied. */
#ifndef BOX_OFFICE_SQLITE_BIND_H
#define BOX_OFFICE_SQLITE_BIND_H

#include <sqlite3.h>
#include <stdint.h>

void bind_text(sqlite3_stmt *statement, int at, const char *text);

/* An id or a fingerprint: 16 bytes. */
void bind_bytes(sqlite3_stmt *statement, int at, const uint8_t bytes[16]);

#endif
