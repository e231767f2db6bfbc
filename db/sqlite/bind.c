#include "db/sqlite/bind.h"

#include <string.h>

void bind_text(sqlite3_stmt *statement, int at, const char *text)
{
    sqlite3_bind_text(statement, at, text, (int)strlen(text), SQLITE_STATIC);
}

void bind_bytes(sqlite3_stmt *statement, int at, const uint8_t bytes[16])
{
    sqlite3_bind_blob(statement, at, bytes, 16, SQLITE_STATIC);
}
