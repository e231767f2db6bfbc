#include "db/postgres/transaction.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "common/clock.h"
#include "db/postgres/handle.h"
#include "db/postgres/session.h"

enum {
    RUNS_MAX = 20, /* of one transaction, that the server gives up */
};

/* A commit may wait for a disk or a standby longer than its buyers do: to give it up means not to know. After that,
 * finding out may take as long again. */
static const int64_t commit_wait = 5 * CLOCK_SECOND;

static const int64_t rest_first = CLOCK_MILLISECOND;
static const int64_t rest_most = 64 * CLOCK_MILLISECOND;

/* How one run has ended. */
enum run {
    RUN_DONE,
    RUN_GIVEN_UP, /* by the server, with nothing done: another one may go better */
    RUN_LOST,     /* with nothing done */
    RUN_IN_DOUBT, /* it may be committed or not */
    RUN_REFUSED,  /* with nothing done */
    RUN_FENCED,
};

int64_t transaction_rest(int attempt)
{
    int64_t rest = rest_first;
    for (int i = 1; i < attempt && rest < rest_most; i++)
        rest *= 2;
    return rest;
}

static void rest(int attempt)
{
    uint16_t random = 0;
    if (getrandom(&random, sizeof random, GRND_NONBLOCK) < 0)
        random = UINT16_MAX;
    int64_t part = transaction_rest(attempt) * random / UINT16_MAX;
    poll(NULL, 0, (int)(part / CLOCK_MILLISECOND) + 1);
}

/* Sent with what follows. The fence keeps the row of this server locked: whoever raises its boot waits for this
 * transaction, and so does the next one of this handle (see run_again). A lock is a change to PostgreSQL: a commit
 * writes it, and so waits for the disk and the standbys also where nothing else was written. All that such a
 * transaction has seen was written before that. */
static enum sql_result begin(struct postgres *postgres)
{
    const struct figures *figures =
        &((struct postgres_handle *)postgres->owner)->common.base.figures;
    enum sql_result rc = sql_run_named(&postgres->sql, QUERY_BEGIN_WRITING);
    if (rc != SQL_OK)
        return rc;
    struct sql_query *query = postgres_core(postgres, CORE_FENCE);
    if (query == NULL)
        return SQL_FAILED;
    sql_bind_text(query, 1, figures->server);
    sql_bind_number(query, 2, figures->boot);
    sql_bind_text(query, 3, postgres->store);
    return postgres_run_fence(query);
}

bool postgres_again(struct sql *sql)
{
    struct postgres *postgres = (struct postgres *)sql;
    postgres_leave(postgres);
    if (postgres->link == NULL)
        return false;
    postgres_forget(postgres);
    return begin(postgres) == SQL_OK;
}

/* All that was done before has been settled. Once this is sent, only the answer tells. A server that stopped waiting for
 * its standby answers with a warning: what it committed may be lost with it. */
static enum run commit(struct postgres *postgres)
{
    int64_t patience = clock_monotonic() + commit_wait;
    if (postgres->until < patience)
        postgres->until = patience;
    postgres->doubted = false;
    bool sent = sql_run_named(&postgres->sql, QUERY_COMMIT) == SQL_OK;
    enum sql_result rc = postgres_settle(&postgres->sql);
    if (postgres->lost || postgres->doubted)
        return RUN_IN_DOUBT;
    if (sent && rc == SQL_OK)
        return RUN_DONE;
    return postgres->again ? RUN_GIVEN_UP : RUN_REFUSED;
}

static enum run fail(struct postgres *postgres)
{
    if (postgres->lost)
        return RUN_LOST;
    postgres_leave(postgres);
    if (postgres->fenced || postgres->gone)
        return RUN_FENCED;
    return postgres->again ? RUN_GIVEN_UP : RUN_REFUSED;
}

/* What was committed in doubt is in the store, or not: this server's figure is read anew. */
static bool read_sold(struct postgres *postgres, struct figures *figures)
{
    struct sql_query *query = sql_query(&postgres->sql, QUERY_SERVER_SOLD);
    if (query == NULL)
        return false;
    sql_bind_text(query, 1, figures->server);
    if (sql_next(query))
        figures->sold = sql_number(query, 0);
    return sql_end(query) == SQL_OK;
}

/* One transaction from its beginning to its end; `again`: an earlier one of the same work may have been committed. */
static enum run run(struct postgres *postgres, bool again, sql_work *work, void *context)
{
    struct sql_handle *handle = &((struct postgres_handle *)postgres->owner)->common;
    struct sql_did did = {.in_doubt = again};
    postgres_forget(postgres);
    if (begin(postgres) != SQL_OK ||
        (postgres->in_doubt && !read_sold(postgres, &handle->base.figures)) ||
        !work(handle, context, &did) || postgres_settle(&postgres->sql) != SQL_OK)
        return fail(postgres);
    if (!did.wrote && !did.relied) {
        postgres_leave(postgres);
        return RUN_DONE;
    }
    enum run end = commit(postgres);
    return end == RUN_REFUSED || end == RUN_GIVEN_UP ? fail(postgres) : end;
}

static enum store_result fenced(struct postgres *postgres)
{
    const struct figures *figures =
        &((struct postgres_handle *)postgres->owner)->common.base.figures;
    if (!postgres->gone)
        snprintf(postgres->sql.error, STORE_ERROR_SIZE,
                 "%s was started again elsewhere: this process is boot %lld no more",
                 figures->server, (long long)figures->boot);
    return STORE_FENCED;
}

/* Until it is known how it ended. The second run of one whose end is in doubt begins with the fence, and so waits while
 * the first one's session still lives, and holds that lock; also where no tier was locked. What it sees then is what
 * became of the first one: the keys tell, and its own result counts. At another server, which has taken over, no
 * session of ours has ever begun: what that server has is what counts. */
static enum store_result run_again(struct postgres *postgres, int64_t until, sql_work *work,
                                   void *context)
{
    bool in_doubt = false;
    for (int attempt = 1; session_reach(postgres, until); attempt++) {
        postgres->until = until;
        enum run end = run(postgres, in_doubt, work, context);
        if (end == RUN_DONE) {
            postgres->in_doubt = false;
            return STORE_DURABLE;
        }
        if (end == RUN_FENCED)
            return in_doubt ? STORE_IN_DOUBT : fenced(postgres);
        if (end == RUN_REFUSED || attempt == RUNS_MAX)
            break;
        if (end == RUN_IN_DOUBT && !in_doubt) {
            in_doubt = postgres->in_doubt = true;
            int64_t patience = clock_monotonic() + commit_wait;
            until = until < patience ? patience : until;
        }
        if (clock_monotonic() >= until)
            break;
        if (end == RUN_GIVEN_UP)
            rest(attempt);
    }
    if (postgres->gone && !in_doubt)
        return fenced(postgres);
    return in_doubt ? STORE_IN_DOUBT : STORE_REFUSED;
}

enum store_result postgres_transact(struct sql_handle *handle, int64_t until, sql_work *work,
                                    void *context)
{
    struct postgres *postgres = (struct postgres *)handle->sql;
    postgres->inside = true;
    enum store_result result = run_again(postgres, until, work, context);
    postgres->inside = false;
    return result;
}
