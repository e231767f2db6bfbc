#include "db/sqlite/schema.h"

#include <stdio.h>

#include "db/sql/key.h"

/* Every table's key begins with the event, so that another engine can spread events over nodes. Times
 * are microseconds since 1970, ids and fingerprints 16 bytes. */
static const char version_1[] =
    "CREATE TABLE store ("
    "  one INTEGER PRIMARY KEY CHECK (one = 1),"
    "  id TEXT NOT NULL"
    ") STRICT;"

    "CREATE TABLE servers ("
    "  server TEXT PRIMARY KEY,"
    "  boot INTEGER NOT NULL CHECK (boot > 0)" /* starts; the latest one fences the others */
    ") STRICT, WITHOUT ROWID;"

    "CREATE TABLE events ("
    "  event INTEGER PRIMARY KEY,"
    "  name TEXT NOT NULL UNIQUE,"
    "  refusals INTEGER NOT NULL DEFAULT 0 CHECK (refusals >= 0)" /* decisions that are none */
    ") STRICT;"

    /* The CHECK and the seller's conditional UPDATE are the last defence against overselling. */
    "CREATE TABLE tiers ("
    "  event INTEGER NOT NULL REFERENCES events (event),"
    "  tier INTEGER NOT NULL,"
    "  name TEXT NOT NULL,"
    "  price INTEGER NOT NULL CHECK (price BETWEEN 0 AND 1000000000000),"
    "  currency TEXT NOT NULL CHECK (length(currency) = 3),"
    "  capacity INTEGER NOT NULL CHECK (capacity >= 0),"
    "  sold INTEGER NOT NULL DEFAULT 0,"
    "  held INTEGER NOT NULL DEFAULT 0,"
    "  order_limit INTEGER NOT NULL CHECK (order_limit BETWEEN 1 AND 1000),"
    "  next_number INTEGER NOT NULL DEFAULT 1 CHECK (next_number > 0)," /* never falls */
    "  PRIMARY KEY (event, tier),"
    "  UNIQUE (event, name),"
    "  CHECK (sold >= 0 AND held >= 0 AND sold + held <= capacity)"
    ") STRICT, WITHOUT ROWID;"

    /* One row per key, and it holds the key's outcome, which is either a sale or a refusal: so a key
     * has one outcome and a sale has one key by construction. */
    "CREATE TABLE decisions ("
    "  event INTEGER NOT NULL REFERENCES events (event),"
    "  key TEXT NOT NULL,"
    "  fingerprint BLOB NOT NULL CHECK (length(fingerprint) = 16),"
    "  created_at INTEGER NOT NULL,"
    "  id BLOB CHECK (length(id) = 16)," /* of a sale, with all that follows */
    "  tier INTEGER,"
    "  quantity INTEGER CHECK (quantity BETWEEN 1 AND 1000),"
    "  first_number INTEGER CHECK (first_number > 0),"
    "  amount INTEGER CHECK (amount >= 0),"
    "  currency TEXT,"
    "  buyer TEXT," /* '' where none was given */
    "  server TEXT,"
    "  router TEXT,"  /* '' where it was sold directly */
    "  problem TEXT," /* of a refusal: its code */
    "  remaining INTEGER,"
    "  PRIMARY KEY (event, key),"
    "  UNIQUE (event, id)," /* refusals are without */
    "  FOREIGN KEY (event, tier) REFERENCES tiers (event, tier),"
    "  CHECK ((id IS NULL) <> (problem IS NULL)),"
    "  CHECK (problem IS NULL OR remaining IS NOT NULL),"
    "  CHECK ((id IS NULL) = (tier + quantity + first_number + amount IS NULL))"
    ") STRICT, WITHOUT ROWID;"
    "CREATE INDEX refusals ON decisions (event, created_at) WHERE id IS NULL;"

    "CREATE TABLE tickets ("
    "  event INTEGER NOT NULL,"
    "  tier INTEGER NOT NULL,"
    "  number INTEGER NOT NULL CHECK (number > 0),"
    "  sale BLOB NOT NULL,"
    "  PRIMARY KEY (event, tier, number),"
    "  FOREIGN KEY (event, sale) REFERENCES decisions (event, id)"
    ") STRICT, WITHOUT ROWID;"

    /* Tickets ever sold: a refund does not lower them. */
    "CREATE TABLE totals ("
    "  event INTEGER NOT NULL,"
    "  tier INTEGER NOT NULL,"
    "  server TEXT NOT NULL,"
    "  sold INTEGER NOT NULL CHECK (sold >= 0),"
    "  PRIMARY KEY (event, tier, server),"
    "  FOREIGN KEY (event, tier) REFERENCES tiers (event, tier)"
    ") STRICT, WITHOUT ROWID;";

/* Decisions are appended in their order, whatever their keys are: only thin indexes are written all
 * over, where a table ordered by its keys was. A key that is an id is kept as its 16 bytes, and a sale
 * that has its key for an id (the balancer made the key) needs no second index. */
static const char version_2[] =
    "DROP INDEX refusals;"
    "ALTER TABLE tickets RENAME TO tickets_1;"
    "ALTER TABLE decisions RENAME TO decisions_1;"

    "CREATE TABLE decisions ("
    "  decision INTEGER PRIMARY KEY," /* grows */
    "  event INTEGER NOT NULL REFERENCES events (event),"
    "  key ANY NOT NULL CHECK (typeof(key) = 'text' OR length(key) = 16)," /* bind_key */
    "  fingerprint BLOB NOT NULL CHECK (length(fingerprint) = 16),"
    "  created_at INTEGER NOT NULL,"
    "  id BLOB CHECK (length(id) = 16)," /* of a sale, with all that follows */
    "  tier INTEGER,"
    "  quantity INTEGER CHECK (quantity BETWEEN 1 AND 1000),"
    "  first_number INTEGER CHECK (first_number > 0),"
    "  amount INTEGER CHECK (amount >= 0),"
    "  currency TEXT,"
    "  buyer TEXT," /* '' where none was given */
    "  server TEXT,"
    "  router TEXT,"  /* '' where it was sold directly */
    "  problem TEXT," /* of a refusal: its code */
    "  remaining INTEGER,"
    "  UNIQUE (event, key),"
    "  FOREIGN KEY (event, tier) REFERENCES tiers (event, tier),"
    "  CHECK ((id IS NULL) <> (problem IS NULL)),"
    "  CHECK (problem IS NULL OR remaining IS NOT NULL),"
    "  CHECK ((id IS NULL) = (tier + quantity + first_number + amount IS NULL))"
    ") STRICT;"
    "CREATE UNIQUE INDEX sales ON decisions (event, id) WHERE id <> key;"
    "CREATE INDEX refusals ON decisions (event, created_at) WHERE id IS NULL;"

    "CREATE TABLE tickets ("
    "  event INTEGER NOT NULL,"
    "  tier INTEGER NOT NULL,"
    "  number INTEGER NOT NULL CHECK (number > 0),"
    "  decision INTEGER NOT NULL REFERENCES decisions (decision)," /* the sale */
    "  PRIMARY KEY (event, tier, number)"
    ") STRICT, WITHOUT ROWID;"

    "INSERT INTO decisions (event, key, fingerprint, created_at, id, tier, quantity, first_number,"
    "                       amount, currency, buyer, server, router, problem, remaining)"
    "  SELECT event, stored_key(key), fingerprint, created_at, id, tier, quantity, first_number,"
    "         amount, currency, buyer, server, router, problem, remaining"
    "  FROM decisions_1 ORDER BY created_at, first_number;"
    "INSERT INTO tickets (event, tier, number, decision)"
    "  SELECT k.event, k.tier, k.number, d.decision FROM tickets_1 k"
    "  LEFT JOIN decisions_1 o ON o.event = k.event AND o.id = k.sale"
    "  LEFT JOIN decisions d ON d.event = o.event AND d.key = stored_key(o.key);"
    "DROP TABLE tickets_1;"
    "DROP TABLE decisions_1;";

/* Orders have a state, so that a hold is an order, too, and keeps its row and id through all that becomes of it.
 * What a constraint says of it is what no decision may break. */
static const char version_3[] =
    "DROP INDEX sales;"
    "DROP INDEX refusals;"
    "ALTER TABLE decisions RENAME TO decisions_2;"
    "ALTER TABLE tickets RENAME TO tickets_2;"

    "ALTER TABLE events ADD COLUMN title TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE events ADD COLUMN zone TEXT NOT NULL DEFAULT 'UTC';"
    "ALTER TABLE events ADD COLUMN starts_at INTEGER NOT NULL DEFAULT 0;" /* 0: not told */
    "ALTER TABLE events ADD COLUMN sale_from INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE events ADD COLUMN sale_until INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE events ADD COLUMN buyer_limit INTEGER NOT NULL DEFAULT 0 CHECK (buyer_limit >= 0);"
    "ALTER TABLE events ADD COLUMN hold_seconds INTEGER NOT NULL DEFAULT 600"
    "  CHECK (hold_seconds BETWEEN 1 AND 86400);"
    "ALTER TABLE events ADD COLUMN waiting_list INTEGER NOT NULL DEFAULT 0"
    "  CHECK (waiting_list IN (0, 1));"
    "ALTER TABLE events ADD COLUMN closed INTEGER NOT NULL DEFAULT 0 CHECK (closed IN (0, 1));"
    "UPDATE events SET title = name;"
    "ALTER TABLE tiers ADD COLUMN waiting INTEGER NOT NULL DEFAULT 0 CHECK (waiting >= 0);" /* orders */
    /* What is due is looked for four times a second. A tier whose sale leaves held and waiting 0 never comes in here. */
    "CREATE INDEX busy_tiers ON tiers (event) WHERE held > 0 OR waiting > 0;"

    /* state: 0 sold, 1 held, 2 waiting, 3 released, 4 expired, 5 refunded (enum order_state). No constraint says
     * "state IN (…)": SQLite makes a table of the list for each row, which would double what a sale costs. */
    "CREATE TABLE decisions ("
    "  decision INTEGER PRIMARY KEY," /* grows */
    "  event INTEGER NOT NULL REFERENCES events (event),"
    "  key ANY NOT NULL CHECK (typeof(key) = 'text' OR length(key) = 16)," /* bind_key */
    "  fingerprint BLOB NOT NULL CHECK (length(fingerprint) = 16),"
    "  created_at INTEGER NOT NULL,"
    "  id BLOB CHECK (length(id) = 16)," /* of an order, with all that follows */
    "  state INTEGER NOT NULL DEFAULT 0,"
    "  tier INTEGER,"
    "  quantity INTEGER CHECK (quantity BETWEEN 1 AND 1000),"
    "  first_number INTEGER CHECK (first_number > 0)," /* of what was sold */
    "  amount INTEGER CHECK (amount >= 0),"
    "  currency TEXT,"
    "  buyer TEXT,"         /* '' where none was given */
    "  server TEXT,"        /* that sold it; before, that held it */
    "  router TEXT,"        /* '' where it was asked directly */
    "  expires_at INTEGER," /* of what is or was held; of what waits still, 0 */
    "  changed_at INTEGER," /* when the state changed last; NULL: never */
    "  payment TEXT,"       /* of a confirmed hold: its reference */
    "  request BLOB,"       /* of a confirmed hold: of the confirm */
    "  late INTEGER,"       /* it was confirmed after it had expired */
    "  problem TEXT,"       /* of a refusal: its code */
    "  remaining INTEGER,"
    "  UNIQUE (event, key),"
    "  FOREIGN KEY (event, tier) REFERENCES tiers (event, tier),"
    /* Of a refusal; of what was sold at once; of a hold. One constraint, as each costs every sale. */
    "  CHECK (CASE WHEN id IS NULL THEN problem IS NOT NULL AND remaining IS NOT NULL AND state = 0"
    "      AND tier IS NULL AND quantity IS NULL AND first_number IS NULL AND expires_at IS NULL"
    "    WHEN problem IS NOT NULL OR tier + quantity + amount IS NULL THEN 0"
    "    WHEN expires_at IS NULL THEN (state = 0 OR state = 5) AND first_number IS NOT NULL"
    "      AND payment IS NULL AND request IS NULL AND late IS NULL"
    "    WHEN state = 0 OR state = 5 THEN first_number IS NOT NULL AND payment IS NOT NULL"
    "      AND length(request) IS 16 AND (late IS NULL OR late = 1)"
    "    ELSE state BETWEEN 1 AND 4 AND first_number IS NULL AND payment IS NULL"
    "      AND request IS NULL AND late IS NULL END)"
    ") STRICT;"
    "CREATE UNIQUE INDEX orders ON decisions (event, id) WHERE id <> key;"
    "CREATE INDEX refusals ON decisions (event, created_at) WHERE id IS NULL;"
    /* A hold is confirmed by its id alone, so no two events may have it. */
    "CREATE UNIQUE INDEX holds ON decisions (id) WHERE expires_at IS NOT NULL;"
    "CREATE INDEX expiring ON decisions (event, expires_at) WHERE state = 1;"
    "CREATE INDEX waiting ON decisions (event, tier, decision) WHERE state = 2;"

    "CREATE TABLE tickets ("
    "  event INTEGER NOT NULL,"
    "  tier INTEGER NOT NULL,"
    "  number INTEGER NOT NULL CHECK (number > 0),"
    "  decision INTEGER NOT NULL REFERENCES decisions (decision)," /* the sale */
    "  checked_in_at INTEGER,"
    "  gate TEXT,"
    "  check_in_key TEXT,"
    "  PRIMARY KEY (event, tier, number),"
    "  CHECK (checked_in_at IS NULL OR (gate IS NOT NULL AND check_in_key IS NOT NULL))"
    ") STRICT, WITHOUT ROWID;"

    "INSERT INTO decisions (decision, event, key, fingerprint, created_at, id, tier, quantity,"
    "                       first_number, amount, currency, buyer, server, router, problem, "
    "remaining)"
    "  SELECT decision, event, key, fingerprint, created_at, id, tier, quantity,"
    "         first_number, amount, currency, buyer, server, router, problem, remaining"
    "  FROM decisions_2 ORDER BY decision;"
    "INSERT INTO tickets (event, tier, number, decision)"
    "  SELECT event, tier, number, decision FROM tickets_2 ORDER BY event, tier, number;"
    "DROP TABLE tickets_2;"
    "DROP TABLE decisions_2;"

    /* Of each 256 decisions, whose orders are among them: spans.h. */
    "CREATE TABLE order_spans ("
    "  event INTEGER NOT NULL REFERENCES events (event),"
    "  span INTEGER NOT NULL," /* decision >> 8 */
    "  PRIMARY KEY (event, span)"
    ") STRICT, WITHOUT ROWID;"
    "INSERT INTO order_spans (event, span)"
    "  SELECT DISTINCT event, decision >> 8 FROM decisions WHERE id IS NOT NULL;"

    /* Tickets of each buyer that are held, waited for and sold: of events with a limit. */
    "CREATE TABLE buyers ("
    "  event INTEGER NOT NULL REFERENCES events (event),"
    "  buyer TEXT NOT NULL CHECK (buyer <> '')," /* in ASCII lower case */
    "  tickets INTEGER NOT NULL CHECK (tickets >= 0),"
    "  PRIMARY KEY (event, buyer)"
    ") STRICT, WITHOUT ROWID;"

    /* Payments to be given back: a hold whose tickets were gone, a second payment, a refund. */
    "CREATE TABLE owed ("
    "  owed INTEGER PRIMARY KEY," /* grows */
    "  event INTEGER NOT NULL REFERENCES events (event),"
    "  decision INTEGER NOT NULL REFERENCES decisions (decision)," /* the order */
    "  reference TEXT NOT NULL CHECK (reference <> ''),"
    "  at INTEGER NOT NULL,"
    "  reason TEXT NOT NULL," /* the problem's code; '' for a refund */
    "  settled_at INTEGER,"
    "  UNIQUE (event, decision, reference)"
    ") STRICT;"
    "CREATE INDEX owed_of_event ON owed (event);"

    "CREATE TABLE tokens ("
    "  id BLOB PRIMARY KEY CHECK (length(id) = 16),"
    "  name TEXT NOT NULL,"
    "  hash BLOB NOT NULL UNIQUE CHECK (length(hash) = 32)," /* the token itself is kept nowhere */
    "  scopes INTEGER NOT NULL CHECK (scopes > 0),"
    "  created_at INTEGER NOT NULL,"
    "  revoked_at INTEGER"
    ") STRICT, WITHOUT ROWID;"

    "CREATE TABLE signing_keys ("
    "  number INTEGER PRIMARY KEY," /* grows; the last one that is not retired signs */
    "  id TEXT NOT NULL UNIQUE,"
    "  seed BLOB NOT NULL CHECK (length(seed) = 32),"
    "  public_key BLOB NOT NULL CHECK (length(public_key) = 32),"
    "  created_at INTEGER NOT NULL,"
    "  retired_at INTEGER"
    ") STRICT;";

static const char version_4[] =
    /* What is due first, and each tier's line: one index, as each is weighed at every sale. */
    "DROP INDEX expiring;"
    "DROP INDEX waiting;"
    "CREATE INDEX pending ON decisions (event, state, expires_at, tier)"
    "  WHERE +state BETWEEN 1 AND 2;" /* SCHEMA_PENDING: a test holds them together */
    /* Where a new tier's numbers begin: above all that were given before a copy was put back. Never falls. */
    "ALTER TABLE store ADD COLUMN first_number INTEGER NOT NULL DEFAULT 1 CHECK (first_number > "
    "0);";

/* step[v] leads from version v to v + 1; once released, a step is never changed. */
static const char *const step[SCHEMA_VERSION] = {version_1, version_2, version_3, version_4};

/* stored_key(key), for the steps. */
static void stored_key(sqlite3_context *call, int count, sqlite3_value **values)
{
    (void)count;
    const char *key = (const char *)sqlite3_value_text(values[0]);
    struct id id;
    if (key != NULL && key_is_id(key, &id))
        sqlite3_result_blob(call, id.bytes, sizeof id.bytes, SQLITE_TRANSIENT);
    else
        sqlite3_result_value(call, values[0]);
}

static enum schema_state refuse(struct connection *connection, const char *why)
{
    snprintf(connection->base.error, STORE_ERROR_SIZE, "%.200s %s", connection->path, why);
    return SCHEMA_REFUSED;
}

static enum schema_state unreadable(const struct connection *connection)
{
    int code = sqlite3_errcode(connection->db);
    return code == SQLITE_NOTADB || code == SQLITE_CORRUPT ? SCHEMA_REFUSED : SCHEMA_UNREADABLE;
}

enum schema_state schema_inspect(struct connection *connection)
{
    sqlite3_int64 application;
    sqlite3_int64 version;
    sqlite3_int64 tables;
    if (!connection_number(connection, "PRAGMA application_id", &application) ||
        !connection_number(connection, "PRAGMA user_version", &version) ||
        !connection_number(connection, "SELECT count(*) FROM sqlite_schema", &tables))
        return unreadable(connection);
    if (application == 0 && version == 0 && tables == 0)
        return SCHEMA_EMPTY;
    if (application != SCHEMA_APPLICATION)
        return refuse(connection, "is a database of another program: choose another path");
    if (version > SCHEMA_VERSION)
        return refuse(connection, "was made by a newer version of this program: use that version");
    return version < SCHEMA_VERSION ? SCHEMA_OLD : SCHEMA_PRESENT;
}

/* Whoever opened the store when it was older would look for keys as they were kept then. */
static bool fence_sellers(struct connection *connection)
{
    return connection_execute(connection, "UPDATE servers SET boot = boot + 1");
}

bool schema_migrate(struct connection *connection, int to)
{
    sqlite3_int64 version;
    if (!connection_number(connection, "PRAGMA user_version", &version))
        return false;
    if (sqlite3_create_function(connection->db, "stored_key", 1, SQLITE_UTF8 | SQLITE_DIRECTONLY,
                                NULL, stored_key, NULL, NULL) != SQLITE_OK)
        return connection_fail(connection, "use");
    if (version > 0 && version < to && !fence_sellers(connection))
        return false;
    for (; version < to; version++)
        if (!connection_execute(connection, step[version]))
            return false;
    char mark[96];
    snprintf(mark, sizeof mark, "PRAGMA application_id = %d; PRAGMA user_version = %d",
             SCHEMA_APPLICATION, to);
    return connection_execute(connection, mark);
}
