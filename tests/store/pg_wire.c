#include "tests/store/pg_wire.h"

#include <postgresql/libpq-fe.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "tests/lib/suite.h"

PostgresPollingStatusType __real_PQconnectPoll(PGconn *connection);
PostgresPollingStatusType __wrap_PQconnectPoll(PGconn *connection);
int __real_PQsendPrepare(PGconn *connection, const char *name, const char *query, int count,
                         const Oid *types);
int __wrap_PQsendPrepare(PGconn *connection, const char *name, const char *query, int count,
                         const Oid *types);
void __real_PQfinish(PGconn *connection);
void __wrap_PQfinish(PGconn *connection);

enum {
    CONNECTIONS_MAX = 64,
};

/* The product's threads each have connections of their own. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct {
    PGconn *connections[CONNECTIONS_MAX];
    size_t count;
    char bind[64]; /* what the line holds that runs the prepared COMMIT; "": none is */
    FILE *trace;   /* NULL: nobody listens */
    enum pg_wire_moment moment;
    int messages;
} wire;

/* A line per message, as PQtrace writes them: F or B (to or from the server), its length, its name, its fields. */
static bool is_fatal(const char *line)
{
    bool to = strncmp(line, "F\t", 2) == 0, from = strncmp(line, "B\t", 2) == 0;
    bool commit = strstr(line, "\"COMMIT\"") != NULL;
    bool prepared = wire.bind[0] != '\0' && strstr(line, wire.bind) != NULL;
    if (wire.moment == PG_WIRE_BEFORE_COMMIT)
        return to && (commit || prepared) && strstr(line, "\tParse\t") == NULL;
    if (wire.moment == PG_WIRE_BEHIND_COMMIT)
        return from && commit;
    wire.messages -= to || from;
    return wire.messages < 0;
}

static ssize_t note(void *context, const char *text, size_t size)
{
    static char line[256]; /* its beginning: the rest are fields */
    static size_t length;
    (void)context;
    for (size_t i = 0; i < size; i++) {
        if (text[i] != '\n') {
            if (length < sizeof line - 1)
                line[length++] = text[i];
            continue;
        }
        line[length] = '\0';
        if (is_fatal(line))
            raise(SIGKILL);
        length = 0;
    }
    return (ssize_t)size;
}

static void listen_to(PGconn *connection)
{
    PQtrace(connection, wire.trace);
    PQsetTraceFlags(connection, PQTRACE_SUPPRESS_TIMESTAMPS);
}

static void forget(const PGconn *connection)
{
    for (size_t i = 0; i < wire.count; i++)
        if (wire.connections[i] == connection)
            wire.connections[i--] = wire.connections[--wire.count];
}

PostgresPollingStatusType __wrap_PQconnectPoll(PGconn *connection)
{
    PostgresPollingStatusType status = __real_PQconnectPoll(connection);
    if (status != PGRES_POLLING_OK)
        return status;
    pthread_mutex_lock(&lock);
    forget(connection);
    if (wire.count < CONNECTIONS_MAX)
        wire.connections[wire.count++] = connection;
    if (wire.trace != NULL)
        listen_to(connection);
    pthread_mutex_unlock(&lock);
    return status;
}

/* Each connection gives it the same name. */
int __wrap_PQsendPrepare(PGconn *connection, const char *name, const char *query, int count,
                         const Oid *types)
{
    pthread_mutex_lock(&lock);
    if (strcmp(query, "COMMIT") == 0)
        snprintf(wire.bind, sizeof wire.bind, "\tBind\t \"\" \"%s\"", name);
    pthread_mutex_unlock(&lock);
    return __real_PQsendPrepare(connection, name, query, count, types);
}

void __wrap_PQfinish(PGconn *connection)
{
    pthread_mutex_lock(&lock);
    forget(connection);
    pthread_mutex_unlock(&lock);
    __real_PQfinish(connection);
}

void pg_wire_die(enum pg_wire_moment moment, int messages)
{
    wire.moment = moment;
    wire.messages = messages;
    wire.trace = fopencookie(NULL, "w", (cookie_io_functions_t){.write = note});
    CU_ASSERT_PTR_NOT_NULL_FATAL(wire.trace);
    setvbuf(wire.trace, NULL, _IOLBF, BUFSIZ);
    for (size_t i = 0; i < wire.count; i++)
        listen_to(wire.connections[i]);
}
