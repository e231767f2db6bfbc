#include "db/postgres/wire.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "db/postgres/failure.h"

/* --- failures ---------------------------------------------------------------------------------- */

void postgres_forget(struct postgres *postgres)
{
    postgres->code[0] = '\0';
    postgres->again = postgres->lost = postgres->fenced = postgres->doubted = false;
}

void postgres_drop(struct postgres *postgres)
{
    PQfinish(postgres->link);
    postgres->link = NULL;
    postgres->sent_count = 0;
    postgres->streaming = NULL;
    for (size_t i = 0; i < sizeof postgres->queries / sizeof *postgres->queries; i++)
        postgres->queries[i].prepared = false;
    ahead_drop(&postgres->ahead);
}

void wire_lose(struct postgres *postgres, const char *why)
{
    char words[STORE_ERROR_SIZE / 2];
    postgres_dial_words(why, words, sizeof words);
    snprintf(postgres->sql.error, STORE_ERROR_SIZE, "lost the store at %.200s: %s",
             postgres->place.plain, words);
    postgres_drop(postgres);
    postgres->lost = true;
}

static void tell(struct postgres *postgres, const char *message, const char *code)
{
    char words[STORE_ERROR_SIZE / 2];
    postgres_dial_words(message, words, sizeof words);
    snprintf(postgres->sql.error, STORE_ERROR_SIZE, "the store at %.200s: %.250s (%s)",
             postgres->place.plain, words, code);
}

/* Tells of a result that is a failure. */
enum sql_result wire_told(struct postgres *postgres, const PGresult *result)
{
    const char *code = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *severity = PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED);
    const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    bool fatal = severity != NULL && strcmp(severity, "ERROR") != 0;
    snprintf(postgres->code, sizeof postgres->code, "%s", code == NULL ? "" : code);
    tell(postgres, message == NULL ? PQresultErrorMessage(result) : message,
         code == NULL ? "-" : code);
    switch (failure_of(postgres->code, fatal)) {
    case FAILURE_CONFLICT:
        return SQL_CONFLICT;
    case FAILURE_AGAIN:
        postgres->again = true;
        return SQL_FAILED;
    case FAILURE_LOST:
        postgres_drop(postgres);
        postgres->lost = true;
        return SQL_FAILED;
    case FAILURE_GONE:
        postgres->gone = true;
        return SQL_FAILED;
    default:
        return SQL_FAILED;
    }
}

/* --- waiting for results ----------------------------------------------------------------------- */

/* For something to come, while what is to be sent goes. False: lost. */
static bool wait(struct postgres *postgres)
{
    int unsent = PQflush(postgres->link);
    int64_t left = postgres->until - clock_monotonic();
    struct pollfd socket = {
        .fd = PQsocket(postgres->link),
        .events = (short)(unsent > 0 ? POLLIN | POLLOUT : POLLIN),
    };
    int ready = unsent < 0 ? -1 : poll(&socket, 1, left <= 0 ? 0 : (int)(left / 1000) + 1);
    postgres->silent = ready == 0;
    if (ready == 0)
        wire_lose(postgres, "it did not answer in time");
    else if (unsent < 0 || PQconsumeInput(postgres->link) == 0)
        wire_lose(postgres, PQerrorMessage(postgres->link));
    return postgres->link != NULL;
}

bool wire_push(struct postgres *postgres)
{
    while (postgres->link != NULL && PQflush(postgres->link) != 0)
        wait(postgres);
    return postgres->link != NULL;
}

/* The next result; NULL: a query has no more, or it is lost. */
PGresult *wire_take(struct postgres *postgres)
{
    while (postgres->link != NULL && PQisBusy(postgres->link))
        wait(postgres);
    return postgres->link == NULL ? NULL : PQgetResult(postgres->link);
}

/* The rest of a query's results. */
void wire_skip(struct postgres *postgres)
{
    PGresult *result;
    while ((result = wire_take(postgres)) != NULL)
        PQclear(result);
}

/* What all that is sent together ends with. */
void wire_take_sync(struct postgres *postgres)
{
    PQclear(wire_take(postgres));
}

/* A transaction in which anything has failed is rolled back by its COMMIT, which then goes well all the same: only its
 * own word tells. */
static bool is_committed(struct postgres *postgres, const PGresult *result)
{
    if (strcmp(PQcmdStatus((PGresult *)result), "COMMIT") == 0)
        return true;
    snprintf(postgres->sql.error, STORE_ERROR_SIZE, "the transaction was rolled back");
    return false;
}

static enum sql_result judge_count(struct postgres *postgres, const struct postgres_sent *sent,
                                   const PGresult *result)
{
    const char *count = PQcmdTuples((PGresult *)result);
    int64_t rows = 0;
    for (; *count >= '0' && *count <= '9'; count++)
        rows = rows * 10 + (*count - '0');
    if (PQresultStatus(result) == PGRES_COMMAND_OK)
        postgres->changed += rows;
    postgres->changed_last = rows;
    if (sent->fence && rows != 1) {
        postgres->fenced = true;
        return SQL_FAILED;
    }
    if (sent->what == NULL || rows == 1)
        return SQL_OK;
    snprintf(postgres->sql.error, STORE_ERROR_SIZE,
             "%s '%s' were changed by somebody else during the transaction", sent->what,
             sent->name);
    return SQL_CONFLICT;
}

static void keep(PGresult **place, PGresult **result)
{
    PQclear(*place);
    *place = *result;
    *result = NULL;
}

/* `before`: how what was sent before has ended. What ends it is sent where nobody asks any more. */
static enum sql_result judge(struct postgres *postgres, const struct postgres_sent *sent,
                             enum sql_result before)
{
    if (sent->ends) {
        wire_take_sync(postgres);
        return postgres->link == NULL ? SQL_FAILED : SQL_OK;
    }
    PGresult *result = wire_take(postgres);
    enum sql_result rc = SQL_FAILED;
    switch (PQresultStatus(result)) {
    case PGRES_COMMAND_OK:
    case PGRES_TUPLES_OK:
        rc = sent->commits && !is_committed(postgres, result) ? SQL_FAILED
                                                              : judge_count(postgres, sent, result);
        if (sent->keeps != NULL)
            keep(&sent->keeps->rows, &result);
        else if (sent->locks)
            keep(&postgres->locked, &result);
        break;
    default: /* behind a failure, all that was sent with it fails */
        if (before == SQL_OK && postgres->link != NULL)
            rc = wire_told(postgres, result);
        break;
    }
    PQclear(result);
    wire_skip(postgres);
    if (rc != SQL_OK && sent->prepares != NULL)
        sent->prepares->prepared = false;
    return before != SQL_OK ? before : rc;
}

/* Of all that was sent, but for what ends it. */
enum sql_result wire_take_sent(struct postgres *postgres)
{
    enum sql_result rc = SQL_OK;
    size_t count = postgres->sent_count;
    for (size_t i = 0; i < count; i++)
        rc = judge(postgres, &postgres->sent[i], rc);
    postgres->sent_count = 0;
    return rc;
}

enum sql_result postgres_settle(struct sql *sql)
{
    struct postgres *postgres = (struct postgres *)sql;
    if (postgres->sent_count == 0)
        return postgres->lost ? SQL_FAILED : SQL_OK;
    if (PQpipelineSync(postgres->link) == 0) {
        wire_lose(postgres, PQerrorMessage(postgres->link));
        return SQL_FAILED;
    }
    enum sql_result rc = wire_take_sent(postgres);
    wire_take_sync(postgres);
    return rc == SQL_OK && postgres->link == NULL ? SQL_FAILED : rc;
}

enum sql_result postgres_execute(struct postgres *postgres, const char *text)
{
    enum sql_result rc = postgres_settle(&postgres->sql);
    if (rc != SQL_OK || postgres->link == NULL)
        return SQL_FAILED;
    if (PQexitPipelineMode(postgres->link) == 0 || PQsendQuery(postgres->link, text) == 0) {
        wire_lose(postgres, PQerrorMessage(postgres->link));
        return SQL_FAILED;
    }
    PGresult *result;
    while ((result = wire_take(postgres)) != NULL) {
        if (PQresultStatus(result) == PGRES_FATAL_ERROR && rc == SQL_OK)
            rc = wire_told(postgres, result);
        PQclear(result);
    }
    if (postgres->link == NULL)
        return SQL_FAILED;
    if (PQenterPipelineMode(postgres->link) == 1)
        return rc;
    wire_lose(postgres, PQerrorMessage(postgres->link));
    return SQL_FAILED;
}

/* A warning may be all that tells that a commit did not wait for a standby. */
static void heed(void *context, const PGresult *notice)
{
    struct postgres *postgres = context;
    const char *severity = PQresultErrorField(notice, PG_DIAG_SEVERITY_NONLOCALIZED);
    const char *message = PQresultErrorField(notice, PG_DIAG_MESSAGE_PRIMARY);
    if (severity == NULL || strcmp(severity, "WARNING") != 0)
        return;
    tell(postgres, message == NULL ? "" : message, "a warning");
    postgres->doubted = true;
}

bool postgres_begin(struct postgres *postgres, PGconn *link)
{
    postgres->link = link;
    PQsetNoticeReceiver(link, heed, postgres);
    if (PQsetnonblocking(link, 1) == 0 && PQenterPipelineMode(link) == 1)
        return true;
    wire_lose(postgres, PQerrorMessage(link));
    return false;
}
