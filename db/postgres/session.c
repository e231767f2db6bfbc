#include "db/postgres/session.h"

#include <stdio.h>
#include <string.h>

#include "common/clock.h"

static const int version_least = 130000; /* the oldest that others say they speak; tried with 15 */

/* For the first answer of a new session: an event loop does not wait longer for it than for another one. */
static const int64_t begin_wait = CLOCK_SECOND;
static const int64_t begin_wait_inside = 3 * CLOCK_SECOND;

bool session_prepare(struct postgres *postgres, const char *rest, const char *who, bool seller,
                     char error[STORE_ERROR_SIZE])
{
    if (!postgres_place_parse(&postgres->place, rest, error))
        return false;
    postgres->sql.error = error;
    postgres->seller = seller;
    postgres->dial.place = &postgres->place;
    char name[2 * APPLICATION_SIZE];
    snprintf(name, sizeof name, "box_office/%s/%.32s", postgres->place.schema, who);
    memcpy(postgres->dial.application, name, sizeof postgres->dial.application - 1);
    return true;
}

void session_end(struct postgres *postgres)
{
    for (size_t i = 0; i < sizeof postgres->queries / sizeof *postgres->queries; i++)
        PQclear(postgres->queries[i].rows);
    ahead_free(&postgres->ahead);
    PQclear(postgres->locked);
    buffer_free(&postgres->asked);
    PQfinish(postgres->link);
    postgres->link = NULL;
    postgres_dial_close(&postgres->dial);
    postgres_place_free(&postgres->place);
}

static bool set(struct postgres *postgres)
{
    char quoted[SCHEMA_NAME_SIZE + 2];
    struct sql_query *query = postgres_core(postgres, CORE_SESSION);
    if (query == NULL)
        return false;
    snprintf(quoted, sizeof quoted, "\"%s\"", postgres->place.schema);
    sql_bind_text(query, 1, quoted);
    sql_bind_text(query, 2, postgres->seller ? "15s" : "0");
    sql_bind_text(query, 3, postgres->seller ? "off" : "on");
    return sql_run(query) == SQL_OK;
}

/* A store of the same name that is another one is not ours. */
static bool check_store(struct postgres *postgres)
{
    if (postgres->store[0] == '\0')
        return true;
    struct sql_query *query = sql_query(&postgres->sql, QUERY_STORE_ID);
    bool same = false;
    if (query != NULL && sql_next(query)) {
        size_t length;
        const char *id = sql_text(query, 0, &length);
        same = length == strlen(postgres->store) && memcmp(id, postgres->store, length) == 0;
    }
    if (sql_end(query) != SQL_OK || same)
        return same;
    postgres->gone = true;
    snprintf(postgres->sql.error, STORE_ERROR_SIZE, "the store at %.200s is another one now",
             postgres->place.plain);
    return false;
}

bool session_version_fits(int version, const char *place, char error[STORE_ERROR_SIZE])
{
    if (version >= version_least)
        return true;
    snprintf(error, STORE_ERROR_SIZE,
             "the server at %.200s is PostgreSQL %d: at least %d is needed", place, version / 10000,
             version_least / 10000);
    return false;
}

/* Where nothing is known of the store yet, what is asked next may fail, and must not take the settings with it. */
static bool is_set(struct postgres *postgres)
{
    return postgres->store[0] != '\0' || postgres_settle(&postgres->sql) == SQL_OK;
}

/* Makes a session of a connection. One round trip; or none, where what is asked next tells how it went. */
static bool begin(struct postgres *postgres, PGconn *link)
{
    bool inside = postgres->inside;
    int64_t until = postgres->until;
    postgres_forget(postgres);
    postgres->inside = true;
    postgres->until = clock_monotonic() + (inside ? begin_wait_inside : begin_wait);
    bool fits =
        session_version_fits(PQserverVersion(link), postgres->place.plain, postgres->sql.error);
    bool begun = postgres_begin(postgres, link) && fits && set(postgres) && is_set(postgres) &&
                 check_store(postgres);
    postgres->inside = inside;
    postgres->until = until;
    if (begun) {
        postgres_dial_reached(&postgres->dial);
        postgres_forget(postgres);
        return true;
    }
    postgres_drop(postgres);
    postgres->silent = false;
    postgres_dial_failed(&postgres->dial, !fits);
    return false;
}

bool session_reach(struct postgres *postgres, int64_t until)
{
    if (postgres->link == NULL && postgres->silent)
        postgres_dial_silent(&postgres->dial);
    postgres->silent = false;
    while (postgres->link == NULL && !postgres->gone) {
        PGconn *link = postgres_dial(&postgres->dial, postgres->sql.error);
        if (link != NULL && begin(postgres, link))
            return true;
        bool hopeless = postgres->dial.hopeless && postgres->store[0] == '\0';
        if (hopeless || clock_monotonic() >= until) {
            postgres_dial_tell(&postgres->dial, postgres->sql.error);
            return false;
        }
        postgres_dial_wait(&postgres->dial, until);
    }
    return postgres->link != NULL;
}

bool session_resume(struct postgres *postgres)
{
    return session_reach(postgres, postgres->seller ? postgres->until : 0);
}
