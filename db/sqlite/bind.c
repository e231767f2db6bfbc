#include "db/sqlite/bind.h"

#include <stdio.h>
#include <string.h>

#include "db/sql/key.h"

void bind_text(sqlite3_stmt *statement, int at, const char *text)
{
    sqlite3_bind_text(statement, at, text, (int)strlen(text), SQLITE_STATIC);
}

void bind_key(sqlite3_stmt *statement, int at, const char *key)
{
    struct id id;
    if (key_is_id(key, &id))
        sqlite3_bind_blob(statement, at, id.bytes, sizeof id.bytes, SQLITE_TRANSIENT);
    else
        bind_text(statement, at, key);
}

void bind_read_key(sqlite3_stmt *row, int column, char key[KEY_SIZE])
{
    struct id id = {0};
    if (sqlite3_column_type(row, column) == SQLITE_BLOB) {
        if (sqlite3_column_bytes(row, column) == sizeof id.bytes)
            memcpy(id.bytes, sqlite3_column_blob(row, column), sizeof id.bytes);
        id_format(&id, key);
        return;
    }
    const unsigned char *text = sqlite3_column_text(row, column);
    snprintf(key, KEY_SIZE, "%s", text == NULL ? "" : (const char *)text);
}

void bind_bytes(sqlite3_stmt *statement, int at, const uint8_t bytes[16])
{
    sqlite3_bind_blob(statement, at, bytes, 16, SQLITE_STATIC);
}
