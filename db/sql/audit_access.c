#include <string.h>

#include "common/ticket_code.h"
#include "db/sql/audit_check.h"
#include "db/sql/column.h"

static const struct audit_check signs = {"there is a key that signs tickets", "stores", AUDIT_TEXT,
                                         "SELECT 'it' AS place, NOT EXISTS (SELECT 1 FROM "
                                         "signing_keys WHERE retired_at IS NULL) AS bad"};

/* Its arithmetic is no database's. */
static const struct audit_check fits = {"a signing key is its seed's, under its own id", "keys",
                                        AUDIT_TEXT,
                                        "SELECT id, seed, public_key FROM signing_keys"};

static bool key_fits(struct sql_query *row, const char *told)
{
    uint8_t public_key[TICKET_PUBLIC_SIZE];
    char id[TICKET_KEY_ID_SIZE];
    size_t seed_size;
    size_t public_size;
    const void *seed = sql_bytes(row, 1, &seed_size);
    const void *told_public = sql_bytes(row, 2, &public_size);
    if (seed_size != TICKET_SEED_SIZE || public_size != TICKET_PUBLIC_SIZE)
        return false;
    ticket_key_public(seed, public_key);
    ticket_key_id(public_key, id);
    return memcmp(told_public, public_key, sizeof public_key) == 0 && strcmp(told, id) == 0;
}

static bool check_fits(struct sql *sql, store_finding *finding, void *context)
{
    int64_t checked = 0;
    int64_t bad = 0;
    char place[KEY_SIZE] = "";
    struct sql_query *query = sql_ask(sql, fits.rows);
    for (; query != NULL && sql_next(query); checked++) {
        char id[KEY_SIZE];
        column_text(query, 0, id, sizeof id);
        if (key_fits(query, id))
            continue;
        bad++;
        memcpy(place, id, sizeof place);
    }
    if (sql_end(query) != SQL_OK)
        return false;
    audit_tell(&fits, checked, bad, place, finding, context);
    return true;
}

bool audit_access(struct sql *sql, store_finding *finding, void *context)
{
    return audit_run_check(sql, &signs, finding, context) && check_fits(sql, finding, context);
}
