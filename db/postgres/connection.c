#include "db/postgres/connection.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/buffer.h"
#include "common/clock.h"
#include "db/postgres/bulk_query.h"
#include "db/postgres/session.h"
#include "db/postgres/wire.h"

/* Outside a transaction. Lists are read in an event loop; what streams is read by tools, and its first row may come
 * only once millions are sorted. */
static const int64_t read_wait = CLOCK_SECOND;
static const int64_t stream_wait = 600 * CLOCK_SECOND;

/* For the first row, inside as well: audits and copies go through all that there is. */
static const int64_t asked_wait = 3600 * CLOCK_SECOND;

static struct postgres *postgres_of(struct sql_query *query)
{
    return (struct postgres *)query->sql;
}

/* --- queries ----------------------------------------------------------------------------------- */

static const char *text_of(struct postgres *postgres, int number)
{
    if (number == POSTGRES_ASKED)
        return buffer_text(&postgres->asked);
    if (number < QUERY_COUNT)
        return postgres_text((enum named_query)number);
    number -= QUERY_COUNT;
    return number < OWN_COUNT ? bulk_own_text((enum own_query)number)
                              : core_text((enum core_query)(number - OWN_COUNT));
}

/* How many its text has. */
static int values_of(const char *text)
{
    int most = 0;
    for (const char *at = text; (at = strchr(at, '?')) != NULL; at++)
        most = atoi(at + 1) > most ? atoi(at + 1) : most;
    return most;
}

/* With $1 for ?1; returns the highest of them. */
static int translate(const char *text, struct buffer *out)
{
    int most = 0;
    for (; *text != '\0'; text++) {
        if (*text != '?') {
            buffer_add_char(out, *text);
            continue;
        }
        int value = 0;
        for (; text[1] >= '0' && text[1] <= '9'; text++)
            value = value * 10 + (text[1] - '0');
        buffer_printf(out, "$%d", value);
        if (value > most)
            most = value;
    }
    return most;
}

static struct postgres_sent *note(struct postgres *postgres)
{
    struct postgres_sent *sent = &postgres->sent[postgres->sent_count++];
    sent->prepares = NULL;
    sent->ends = false;
    sent->fence = false;
    sent->locks = false;
    sent->commits = false;
    sent->what = NULL;
    sent->keeps = NULL;
    return sent;
}

/* What may be prepared again and again has no name; a commit has its own, by which it is known to who looks on. */
static void name_of(const struct postgres_query *query, char name[16])
{
    if (query->number == QUERY_COMMIT)
        strcpy(name, "COMMIT");
    else if (query->number == POSTGRES_ASKED)
        name[0] = '\0';
    else
        snprintf(name, 16, "q%d", query->number);
}

/* Taken for prepared until it turns out not to be. */
static bool prepare(struct postgres *postgres, struct postgres_query *query)
{
    char name[16];
    struct buffer text = {0};
    name_of(query, name);
    query->values = translate(text_of(postgres, query->number), &text);
    bool done = PQsendPrepare(postgres->link, name, buffer_text(&text), 0, NULL) != 0;
    buffer_free(&text);
    if (done) {
        query->prepared = true;
        note(postgres)->prepares = query;
    }
    return done;
}

/* Sends it to be run, after having it prepared where it is not yet. */
static enum sql_result send_query(struct postgres *postgres, struct postgres_query *query)
{
    const char *values[POSTGRES_VALUES];
    int lengths[POSTGRES_VALUES];
    int formats[POSTGRES_VALUES];
    char name[16];
    enum sql_result rc =
        postgres->sent_count + 2 > POSTGRES_SENT ? postgres_settle(&postgres->sql) : SQL_OK;
    if (rc != SQL_OK || postgres->link == NULL)
        return rc == SQL_OK ? SQL_FAILED : rc;
    bool sent = query->prepared || prepare(postgres, query);
    for (int i = 0; i < query->values; i++) {
        values[i] = query->value[i].data;
        lengths[i] = query->value[i].size;
        formats[i] = query->value[i].binary;
    }
    name_of(query, name);
    if (sent &&
        PQsendQueryPrepared(postgres->link, name, query->values, values, lengths, formats, 1) != 0)
        return SQL_OK;
    wire_lose(postgres, PQerrorMessage(postgres->link));
    return SQL_FAILED;
}

/* A query's rows have been read, or nobody wants the rest. */
static void finish(struct postgres *postgres, struct postgres_query *query)
{
    PQclear(query->rows);
    query->rows = NULL;
    query->asked = false;
    if (postgres->streaming != query)
        return;
    wire_skip(postgres);
    wire_take_sync(postgres);
    postgres->streaming = NULL;
}

/* Whether it can be asked something: it may have to be connected to first. What is asked in one reading has one time
 * for all of it. */
static bool ready(struct postgres *postgres, bool streams)
{
    if (postgres->streaming != NULL) {
        snprintf(postgres->sql.error, STORE_ERROR_SIZE,
                 "the store cannot be asked while a list of it is being read");
        return false;
    }
    if (postgres->inside)
        return postgres->link != NULL;
    if (streams || !postgres->reading)
        postgres->until = clock_monotonic() + (streams ? stream_wait : read_wait);
    if (postgres->link != NULL || postgres->reading)
        return postgres->link != NULL;
    return session_resume(postgres);
}

static bool streams(int number)
{
    return number == QUERY_EACH_SALE || number == QUERY_EACH_HOLD || number == POSTGRES_ASKED;
}

static struct sql_query *begin(struct postgres *postgres, int number)
{
    struct postgres_query *query = &postgres->queries[number];
    finish(postgres, query);
    if (!ready(postgres, streams(number)))
        return NULL;
    query->base.sql = &postgres->sql;
    query->number = number;
    query->result = SQL_OK;
    if (query->values == 0 && number != POSTGRES_ASKED)
        query->values = values_of(text_of(postgres, number));
    return &query->base;
}

struct sql_query *postgres_query(struct sql *sql, enum named_query which)
{
    return begin((struct postgres *)sql, (int)which);
}

struct sql_query *postgres_own(struct sql *sql, enum own_query which)
{
    return begin((struct postgres *)sql, QUERY_COUNT + (int)which);
}

struct sql_query *postgres_ask(struct sql *sql, const char *text)
{
    struct postgres *postgres = (struct postgres *)sql;
    struct postgres_query *query = &postgres->queries[POSTGRES_ASKED];
    struct sql_query *asked = begin(postgres, POSTGRES_ASKED);
    if (postgres->until < clock_monotonic() + asked_wait)
        postgres->until = clock_monotonic() + asked_wait;
    if (strcmp(buffer_text(&postgres->asked), text) == 0)
        return asked;
    buffer_clear(&postgres->asked);
    buffer_add(&postgres->asked, text);
    query->prepared = false;
    memset(query->value, 0, sizeof query->value);
    return asked;
}

struct sql_query *postgres_core(struct postgres *postgres, enum core_query which)
{
    return begin(postgres, QUERY_COUNT + OWN_COUNT + (int)which);
}

/* --- rows -------------------------------------------------------------------------------------- */

/* The next rows that have come; none left: false. */
static bool take_rows(struct postgres *postgres, struct postgres_query *query)
{
    PQclear(query->rows);
    query->rows = wire_take(postgres);
    query->row = 0;
    switch (PQresultStatus(query->rows)) {
    case PGRES_TUPLES_OK:
    case PGRES_SINGLE_TUPLE:
        return PQntuples(query->rows) > 0;
    case PGRES_COMMAND_OK:
        return false;
    default:
        break;
    }
    if (query->result == SQL_OK)
        query->result = postgres->link == NULL ? SQL_FAILED : wire_told(postgres, query->rows);
    return false;
}

static bool key_of(const struct postgres_query *query, struct ahead_key *key)
{
    bool fits = true;
    key->number = query->number;
    key->size = 0;
    for (int i = 0; fits && i < query->values; i++)
        fits = ahead_key_add(key, query->value[i].data, (size_t)query->value[i].size);
    return fits;
}

/* Its rows, where it was asked ahead; what was sent may still have to be waited for. */
static bool asked_ahead(struct postgres *postgres, struct postgres_query *query)
{
    struct ahead_key key;
    if (postgres->ahead.count == 0 || !key_of(query, &key))
        return false;
    struct ahead_rows *found = ahead_find(&postgres->ahead, &key);
    if (found != NULL && found->rows == NULL)
        query->result = postgres_settle(&postgres->sql);
    if (found == NULL || query->result != SQL_OK)
        return found != NULL;
    query->rows = found->rows;
    query->row = 0;
    found->rows = NULL;
    found->key.number = -1;
    return query->rows != NULL;
}

bool postgres_plan_freely(struct postgres *postgres)
{
    int64_t until = postgres->until;
    bool sent = sql_run(postgres_core(postgres, CORE_PLAN_FREELY)) == SQL_OK;
    postgres->until = until;
    return sent;
}

/* Sends it, and waits for its first rows. */
static bool ask(struct postgres *postgres, struct postgres_query *query)
{
    query->asked = true;
    if (asked_ahead(postgres, query))
        return query->result == SQL_OK && PQntuples(query->rows) > 0;
    if (streams(query->number) && query->number != POSTGRES_ASKED)
        postgres_plan_freely(postgres);
    query->result = send_query(postgres, query);
    if (query->result != SQL_OK)
        return false;
    if (PQpipelineSync(postgres->link) == 0) {
        wire_lose(postgres, PQerrorMessage(postgres->link));
        query->result = SQL_FAILED;
        return false;
    }
    query->result = wire_take_sent(postgres);
    bool one_by_one =
        streams(query->number) && postgres->link != NULL && PQsetSingleRowMode(postgres->link) != 0;
    bool any = take_rows(postgres, query);
    if (one_by_one && any && query->result == SQL_OK) {
        postgres->streaming = query;
        return true;
    }
    wire_skip(postgres);
    wire_take_sync(postgres);
    return any && query->result == SQL_OK;
}

/* A row that has come is progress: the next one has its own time, however long all of them take together. */
static void wait_on(struct postgres *postgres)
{
    int64_t until = clock_monotonic() + stream_wait;
    if (postgres->until < until)
        postgres->until = until;
}

bool postgres_next(struct sql_query *base)
{
    struct postgres_query *query = (struct postgres_query *)base;
    struct postgres *postgres = postgres_of(base);
    if (!query->asked)
        return ask(postgres, query);
    if (query->rows == NULL || query->result != SQL_OK)
        return false;
    if (++query->row < PQntuples(query->rows))
        return true;
    if (postgres->streaming != query)
        return false;
    wait_on(postgres);
    return take_rows(postgres, query);
}

enum sql_result postgres_end(struct sql_query *base)
{
    struct postgres_query *query = (struct postgres_query *)base;
    finish(postgres_of(base), query);
    return query->result;
}

/* --- writing ----------------------------------------------------------------------------------- */

/* Sends it, and notes that in `sent`. */
static enum sql_result run(struct sql_query *query, struct postgres_sent **sent)
{
    struct postgres *postgres = postgres_of(query);
    enum sql_result rc = send_query(postgres, (struct postgres_query *)query);
    if (rc == SQL_OK) {
        *sent = note(postgres);
        (*sent)->commits = ((struct postgres_query *)query)->number == QUERY_COMMIT;
    }
    return rc;
}

/* Nor is any result kept that is still to come. */
static void drop_ahead(struct postgres *postgres)
{
    ahead_drop(&postgres->ahead);
    for (size_t i = 0; i < postgres->sent_count; i++)
        postgres->sent[i].keeps = NULL;
}

enum sql_result postgres_run(struct sql_query *query, int64_t *changed)
{
    struct postgres_sent *sent;
    if (((struct postgres_query *)query)->number != QUERY_REMOVE_REFUSALS) /* nobody reads those */
        drop_ahead(postgres_of(query));
    enum sql_result rc = run(query, &sent);
    if (changed == NULL)
        return rc;
    if (rc == SQL_OK)
        rc = postgres_settle(query->sql);
    *changed = rc == SQL_OK ? postgres_of(query)->changed_last : 0;
    return rc;
}

enum sql_result postgres_run_one(struct sql_query *query, const char *what, const char *name)
{
    struct postgres_sent *sent;
    drop_ahead(postgres_of(query));
    enum sql_result rc = run(query, &sent);
    if (rc != SQL_OK)
        return rc;
    sent->what = what;
    snprintf(sent->name, sizeof sent->name, "%s", name);
    return SQL_OK;
}

static struct ahead_rows *run_ahead(struct sql_query *query)
{
    struct postgres *postgres = postgres_of(query);
    struct ahead_key key;
    struct postgres_sent *sent;
    if (!key_of((struct postgres_query *)query, &key) || ahead_find(&postgres->ahead, &key) != NULL)
        return NULL;
    struct ahead_rows *rows = ahead_add(&postgres->ahead, &key);
    if (rows == NULL || run(query, &sent) != SQL_OK)
        return NULL;
    sent->keeps = rows;
    return rows;
}

void postgres_ahead(struct sql_query *query)
{
    run_ahead(query);
}

struct ahead_rows *postgres_ahead_one(struct sql_query *query, const char *value)
{
    if (query == NULL)
        return NULL;
    sql_bind_text(query, 1, value);
    return run_ahead(query);
}

enum sql_result postgres_run_lock(struct sql_query *query)
{
    struct postgres *postgres = postgres_of(query);
    struct postgres_sent *sent;
    drop_ahead(postgres);
    PQclear(postgres->locked);
    postgres->locked = NULL;
    enum sql_result rc = run(query, &sent);
    if (rc == SQL_OK)
        sent->locks = true;
    return rc;
}

enum sql_result postgres_run_fence(struct sql_query *query)
{
    struct postgres_sent *sent;
    enum sql_result rc = run(query, &sent);
    if (rc == SQL_OK)
        sent->fence = true;
    return rc;
}

/* --- ending, and reading ----------------------------------------------------------------------- */

static void give_up(struct postgres *postgres)
{
    if (postgres->link != NULL)
        wire_lose(postgres, PQerrorMessage(postgres->link));
}

static bool end_sent(struct postgres *postgres)
{
    if (postgres->link == NULL)
        return false;
    if (postgres->sent_count == POSTGRES_SENT)
        postgres_settle(&postgres->sql);
    if (postgres->link != NULL && PQpipelineSync(postgres->link) != 0) {
        note(postgres)->ends = true;
        return true;
    }
    give_up(postgres);
    return false;
}

void postgres_leave(struct postgres *postgres)
{
    struct postgres_sent *sent;
    struct postgres_query *rollback = &postgres->queries[QUERY_ROLLBACK];
    rollback->base.sql = &postgres->sql;
    rollback->number = QUERY_ROLLBACK;
    /* A failure keeps all that was sent together with it from being done. */
    if (postgres->link == NULL || (postgres->sent_count > 0 && !end_sent(postgres)))
        return;
    if (run(&rollback->base, &sent) == SQL_OK && end_sent(postgres) && PQflush(postgres->link) >= 0)
        return;
    give_up(postgres);
}

bool postgres_begin_reading(struct sql *sql)
{
    struct postgres *postgres = (struct postgres *)sql;
    postgres_forget(postgres);
    postgres->reading = sql_run(postgres_query(sql, QUERY_BEGIN_READING)) == SQL_OK;
    return postgres->reading;
}

void postgres_end_reading(struct sql *sql)
{
    struct postgres *postgres = (struct postgres *)sql;
    postgres->reading = false;
    postgres_leave(postgres);
}
