#include <string.h>

#include "common/ticket_code.h"
#include "db/sqlite/audit.h"
#include "db/sqlite/audit_check.h"

static const struct audit_check checks[] = {
    {"there is a key that signs tickets", "stores",
     "SELECT count(*), NOT EXISTS (SELECT 1 FROM signing_keys WHERE retired_at IS NULL), max(id)"
     "  FROM store"},

    {"a signing key is its seed's, under its own id", "keys",
     AUDIT_OF("id") "(SELECT id, NOT signing_key_fits(id, seed, public_key) AS bad"
                    "  FROM signing_keys)"},
};

const struct audit_checks audit_access = {checks, sizeof checks / sizeof *checks};

/* signing_key_fits(id, seed, public_key) */
static void signing_key_fits(sqlite3_context *call, int count, sqlite3_value **values)
{
    uint8_t public_key[TICKET_PUBLIC_SIZE];
    char id[TICKET_KEY_ID_SIZE];
    (void)count;
    const char *told = (const char *)sqlite3_value_text(values[0]);
    const void *seed = sqlite3_value_blob(values[1]);
    const void *told_public = sqlite3_value_blob(values[2]);
    bool fits = told != NULL && sqlite3_value_bytes(values[1]) == TICKET_SEED_SIZE &&
                sqlite3_value_bytes(values[2]) == TICKET_PUBLIC_SIZE;
    if (fits) {
        ticket_key_public(seed, public_key);
        ticket_key_id(public_key, id);
        fits = memcmp(told_public, public_key, sizeof public_key) == 0 && strcmp(told, id) == 0;
    }
    sqlite3_result_int(call, fits);
}

bool audit_access_prepare(struct connection *connection)
{
    return sqlite3_create_function(connection->db, "signing_key_fits", 3,
                                   SQLITE_UTF8 | SQLITE_DIRECTONLY, NULL, signing_key_fits, NULL,
                                   NULL) == SQLITE_OK ||
           connection_fail(connection, "check");
}
