#include "db/postgres/schema.h"

#include <stdio.h>
#include <string.h>

#include "db/sql/column.h"

static const char application[] = "box_office";

/* Names and rules are those of the SQLite engine's tables (db/sqlite/schema.c). Times are microseconds since 1970.
 * Every key begins with the event, so that a database of several nodes can spread events over them. What each sale
 * writes refers to others without a foreign key: the audit proves the references, and a sale costs less. Rows that are
 * counted in place have room beside them: no index is written then. */
static const char version_1[] =
    "CREATE TABLE store ("
    "  one integer PRIMARY KEY CHECK (one = 1),"
    "  id text NOT NULL,"
    "  application text NOT NULL,"
    "  version integer NOT NULL,"
    "  first_number bigint NOT NULL DEFAULT 1 CHECK (first_number > 0)"
    ");"

    "CREATE TABLE servers ("
    "  server text COLLATE \"C\" PRIMARY KEY,"
    "  boot bigint NOT NULL CHECK (boot > 0)"
    ") WITH (fillfactor = 50);"

    "CREATE TABLE events ("
    "  event bigint PRIMARY KEY,"
    "  name text COLLATE \"C\" NOT NULL UNIQUE,"
    "  refusals bigint NOT NULL DEFAULT 0 CHECK (refusals >= 0),"
    "  title text NOT NULL DEFAULT '',"
    "  zone text NOT NULL DEFAULT 'UTC',"
    "  starts_at bigint NOT NULL DEFAULT 0,"
    "  sale_from bigint NOT NULL DEFAULT 0,"
    "  sale_until bigint NOT NULL DEFAULT 0,"
    "  buyer_limit bigint NOT NULL DEFAULT 0 CHECK (buyer_limit >= 0),"
    "  hold_seconds bigint NOT NULL DEFAULT 600 CHECK (hold_seconds BETWEEN 1 AND 86400),"
    "  waiting_list integer NOT NULL DEFAULT 0 CHECK (waiting_list IN (0, 1)),"
    "  closed integer NOT NULL DEFAULT 0 CHECK (closed IN (0, 1))"
    ") WITH (fillfactor = 50);"

    /* The CHECK and the seller's conditional UPDATE are the last defence against overselling. */
    "CREATE TABLE tiers ("
    "  event bigint NOT NULL REFERENCES events (event),"
    "  tier bigint NOT NULL,"
    "  name text COLLATE \"C\" NOT NULL,"
    "  price bigint NOT NULL CHECK (price BETWEEN 0 AND 1000000000000),"
    "  currency text NOT NULL CHECK (length(currency) = 3),"
    "  capacity bigint NOT NULL CHECK (capacity >= 0),"
    "  sold bigint NOT NULL DEFAULT 0,"
    "  held bigint NOT NULL DEFAULT 0,"
    "  order_limit bigint NOT NULL CHECK (order_limit BETWEEN 1 AND 1000),"
    "  next_number bigint NOT NULL DEFAULT 1 CHECK (next_number > 0)," /* never falls */
    "  waiting bigint NOT NULL DEFAULT 0 CHECK (waiting >= 0),"
    "  PRIMARY KEY (event, tier),"
    "  UNIQUE (event, name),"
    "  CHECK (sold >= 0 AND held >= 0 AND sold + held <= capacity)"
    ") WITH (fillfactor = 50);"

    /* Decisions of a batch get numbers that follow each other, from one step of this. */
    "CREATE SEQUENCE decision_numbers INCREMENT BY 4096;"

    /* state: 0 sold, 1 held, 2 waiting, 3 released, 4 expired, 5 refunded (enum order_state). */
    "CREATE TABLE decisions ("
    "  event bigint NOT NULL,"
    "  decision bigint NOT NULL," /* grows, of each event */
    "  created_at bigint NOT NULL,"
    "  tier bigint,"
    "  first_number bigint CHECK (first_number > 0)," /* of what was sold */
    "  amount bigint CHECK (amount >= 0),"
    "  expires_at bigint," /* of what is or was held; of what waits still, 0 */
    "  changed_at bigint," /* when the state changed last; NULL: never */
    "  remaining bigint,"  /* of a refusal */
    "  state integer NOT NULL DEFAULT 0,"
    "  quantity integer CHECK (quantity BETWEEN 1 AND 1000),"
    "  late integer," /* it was confirmed after it had expired */
    "  key bytea NOT NULL CHECK (octet_length(key) BETWEEN 1 AND 255)," /* db/postgres/key.h */
    "  fingerprint bytea NOT NULL CHECK (octet_length(fingerprint) = 16),"
    "  id bytea CHECK (octet_length(id) = 16)," /* of an order */
    "  currency text,"
    "  buyer text,"    /* '' where none was given */
    "  server text,"   /* that sold it; before, that held it */
    "  router text,"   /* '' where it was asked directly */
    "  payment text,"  /* of a confirmed hold: its reference */
    "  request bytea," /* of a confirmed hold: of the confirm */
    "  problem text,"  /* of a refusal: its code */
    "  PRIMARY KEY (event, decision),"
    "  UNIQUE (event, key),"
    /* Of a refusal; of what was sold at once; of a hold. */
    "  CHECK (CASE WHEN id IS NULL THEN problem IS NOT NULL AND remaining IS NOT NULL AND state = 0"
    "      AND tier IS NULL AND quantity IS NULL AND first_number IS NULL AND expires_at IS NULL"
    "    WHEN problem IS NOT NULL OR tier + quantity + amount IS NULL THEN false"
    "    WHEN expires_at IS NULL THEN (state = 0 OR state = 5) AND first_number IS NOT NULL"
    "      AND payment IS NULL AND request IS NULL AND late IS NULL"
    "    WHEN state = 0 OR state = 5 THEN first_number IS NOT NULL AND payment IS NOT NULL"
    "      AND request IS NOT NULL AND octet_length(request) = 16 AND (late IS NULL OR late = 1)"
    "    ELSE state BETWEEN 1 AND 4 AND first_number IS NULL AND payment IS NULL"
    "      AND request IS NULL AND late IS NULL END)"
    ");"
    "CREATE UNIQUE INDEX orders ON decisions (event, id) WHERE id <> key;"
    "CREATE INDEX refusals ON decisions (event, created_at) WHERE id IS NULL;"
    /* A hold is confirmed by its id alone. No two events have the same: ids are random. */
    "CREATE INDEX holds ON decisions (id) WHERE expires_at IS NOT NULL;"
    /* What is due first, and each tier's line. */
    "CREATE INDEX pending ON decisions (event, state, expires_at, tier, decision)"
    "  WHERE state IN (1, 2);"

    "CREATE TABLE tickets ("
    "  event bigint NOT NULL,"
    "  tier bigint NOT NULL,"
    "  number bigint NOT NULL CHECK (number > 0),"
    "  decision bigint NOT NULL," /* the sale */
    "  checked_in_at bigint,"
    "  gate text,"
    "  check_in_key text,"
    "  PRIMARY KEY (event, tier, number),"
    "  CHECK (checked_in_at IS NULL OR (gate IS NOT NULL AND check_in_key IS NOT NULL))"
    ");"

    /* Tickets ever sold: a refund does not lower them. */
    "CREATE TABLE totals ("
    "  event bigint NOT NULL,"
    "  tier bigint NOT NULL,"
    "  server text COLLATE \"C\" NOT NULL,"
    "  sold bigint NOT NULL CHECK (sold >= 0),"
    "  PRIMARY KEY (event, tier, server)"
    ") WITH (fillfactor = 50);"

    /* Tickets of each buyer that are held, waited for and sold: of events with a limit. */
    "CREATE TABLE buyers ("
    "  event bigint NOT NULL,"
    "  buyer text COLLATE \"C\" NOT NULL CHECK (buyer <> '')," /* in ASCII lower case */
    "  tickets bigint NOT NULL CHECK (tickets >= 0),"
    "  PRIMARY KEY (event, buyer)"
    ") WITH (fillfactor = 50);"

    /* Payments to be given back: a hold whose tickets were gone, a second payment, a refund. */
    "CREATE TABLE owed ("
    "  event bigint NOT NULL,"
    "  owed bigint NOT NULL GENERATED BY DEFAULT AS IDENTITY," /* grows */
    "  decision bigint NOT NULL,"                              /* the order */
    "  reference text NOT NULL CHECK (reference <> ''),"
    "  at bigint NOT NULL,"
    "  reason text NOT NULL," /* the problem's code; '' for a refund */
    "  settled_at bigint,"
    "  PRIMARY KEY (event, owed),"
    "  UNIQUE (event, decision, reference)"
    ");"
    "CREATE INDEX owed_by_number ON owed (owed);"

    "CREATE TABLE tokens ("
    "  id bytea PRIMARY KEY CHECK (octet_length(id) = 16),"
    "  name text NOT NULL,"
    "  hash bytea NOT NULL UNIQUE CHECK (octet_length(hash) = 32)," /* the token itself is kept nowhere */
    "  scopes bigint NOT NULL CHECK (scopes > 0),"
    "  created_at bigint NOT NULL,"
    "  revoked_at bigint"
    ");"

    "CREATE TABLE signing_keys ("
    "  number bigint PRIMARY KEY," /* grows; the last one that is not retired signs */
    "  id text NOT NULL UNIQUE,"
    "  seed bytea NOT NULL CHECK (octet_length(seed) = 32),"
    "  public_key bytea NOT NULL CHECK (octet_length(public_key) = 32),"
    "  created_at bigint NOT NULL,"
    "  retired_at bigint"
    ");";

/* step[v] leads from version v to v + 1; once released, a step is never changed. */
static const char *const step[TABLES_VERSION] = {version_1};

static enum tables_state refuse(struct postgres *postgres, const char *why)
{
    snprintf(postgres->sql.error, STORE_ERROR_SIZE, "the schema %s at %.200s %s",
             postgres->place.schema, postgres->place.plain, why);
    return TABLES_REFUSED;
}

/* Tables that are there and cannot be seen, or not be read. */
static bool not_ours(const struct postgres *postgres)
{
    return strcmp(postgres->code, "42P01") == 0 || strcmp(postgres->code, "42501") == 0;
}

/* What the row in `store` says, and which store it is. */
static enum tables_state read_mark(struct postgres *postgres, int64_t *version)
{
    bool ours = false;
    *version = 0;
    struct sql_query *query = postgres_core(postgres, CORE_MARK);
    if (query != NULL && sql_next(query)) {
        size_t length;
        const char *mark = sql_text(query, 0, &length);
        ours = length == strlen(application) && memcmp(mark, application, length) == 0;
        *version = sql_number(query, 1);
        column_text(query, 2, postgres->store, sizeof postgres->store);
    }
    if (sql_end(query) != SQL_OK)
        return TABLES_UNREADABLE;
    if (!ours)
        return refuse(postgres, "is another program's: choose another one with schema=NAME");
    if (*version > TABLES_VERSION)
        return refuse(postgres, "was made by a newer version of this program: use that version");
    return *version < TABLES_VERSION ? TABLES_OLD : TABLES_PRESENT;
}

enum tables_state tables_inspect(struct postgres *postgres, bool *there)
{
    int64_t things = 0, marks = 0, version;
    *there = false;
    struct sql_query *query = postgres_core(postgres, CORE_SCHEMA);
    if (query == NULL)
        return TABLES_UNREADABLE;
    sql_bind_text(query, 1, postgres->place.schema);
    if (sql_next(query)) {
        *there = sql_number(query, 0) > 0;
        things = sql_number(query, 1);
        marks = sql_number(query, 2);
    }
    if (sql_end(query) != SQL_OK)
        return TABLES_UNREADABLE;
    if (things == 0)
        return TABLES_NONE;
    if (marks != 3)
        return refuse(postgres, "is another program's: choose another one with schema=NAME");
    enum tables_state state = read_mark(postgres, &version);
    return state == TABLES_UNREADABLE && not_ours(postgres)
               ? refuse(postgres, "is another user's, who alone may use it")
               : state;
}

enum tables_state tables_expect(struct postgres *postgres)
{
    bool there;
    int64_t version;
    enum tables_state state = read_mark(postgres, &version);
    if (state != TABLES_UNREADABLE || postgres->link == NULL)
        return state;
    postgres->gone = false; /* it never was there, or is not ours */
    return tables_inspect(postgres, &there);
}

static enum sql_result make_schema(struct postgres *postgres)
{
    char text[SCHEMA_NAME_SIZE + 32];
    snprintf(text, sizeof text, "CREATE SCHEMA \"%s\"", postgres->place.schema);
    return postgres_execute(postgres, text);
}

static enum sql_result make_identity(struct postgres *postgres)
{
    char text[ID_TEXT_SIZE];
    struct id id = id_make();
    struct sql_query *query = postgres_core(postgres, CORE_MAKE_IDENTITY);
    id_format(&id, text);
    if (query == NULL)
        return SQL_FAILED;
    sql_bind_text(query, 1, text);
    sql_bind_text(query, 2, application);
    return sql_run(query);
}

static enum sql_result set_version(struct postgres *postgres)
{
    struct sql_query *query = postgres_core(postgres, CORE_SET_VERSION);
    if (query == NULL)
        return SQL_FAILED;
    sql_bind_number(query, 1, TABLES_VERSION);
    return sql_run(query);
}

enum sql_result tables_migrate(struct postgres *postgres, enum tables_state state, bool there)
{
    int64_t version = 0;
    enum sql_result rc = SQL_OK;
    if (state == TABLES_OLD) /* what it was before we had the lock */
        state = read_mark(postgres, &version);
    if (state == TABLES_PRESENT)
        return SQL_OK;
    if (state == TABLES_REFUSED || state == TABLES_UNREADABLE)
        return SQL_FAILED;
    if (state == TABLES_OLD)
        rc = sql_run(postgres_core(postgres, CORE_RAISE_ALL_BOOTS));
    if (state == TABLES_NONE && !there)
        rc = make_schema(postgres);
    for (; rc == SQL_OK && version < TABLES_VERSION; version++)
        rc = postgres_execute(postgres, step[version]);
    if (rc == SQL_OK)
        rc = make_identity(postgres);
    if (rc == SQL_OK)
        rc = set_version(postgres);
    return rc == SQL_OK ? sql_settle(&postgres->sql) : rc;
}
