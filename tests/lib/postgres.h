/* PostgreSQL servers of the tests' own: made, started, killed, frozen, followed by a standby.
 *
 * Each has a directory under $TMPDIR (which others must be able to enter, where the tests run as root: the
 * server then runs as the user `postgres` or `nobody`), a port on 127.0.0.1 that it keeps, and a socket in its
 * directory. Whoever reaches it is let in as any user, unless a password is asked for. It holds the database
 * `box_office`, which belongs to the role `box_office`; what sorts texts there is not the order of their bytes,
 * as on many servers out there. It dies with this process. What cannot be done ends the test with a failed
 * assertion. Main thread only. */
#ifndef BOX_OFFICE_TEST_POSTGRES_H
#define BOX_OFFICE_TEST_POSTGRES_H

#include <stdbool.h>
#include <stddef.h>

#include "tests/lib/files.h"
#include "tests/lib/process.h"

enum {
    PG_SERVER_URL_SIZE = 256,
    PG_SERVER_VALUE_SIZE = 256,
};

struct pg_server_terms {
    bool durable;         /* what it commits survives a power cut; else it is faster */
    bool password;        /* who comes by TCP needs the one in its URL (scram-sha-256) */
    const char *settings; /* further lines of postgresql.conf; NULL: none */
};

struct pg_server {
    char directory[FILES_PATH_SIZE]; /* holds `data`, its socket, and what it wrote */
    char name[32];                   /* by which a primary knows it as its standby */
    int port;
    bool durable, password;
    struct process process; /* its first one; pid 0: it does not run */
};

/* Makes a server and starts it. The first one of this process takes a second or two to make, others are copies. */
void pg_server_start(struct pg_server *server, const struct pg_server_terms *terms);

/* Starts what was stopped or killed, and waits until it answers; a clean shutdown first where it still runs. */
void pg_server_restart(struct pg_server *server);

/* Shuts it down cleanly; its data stay. */
void pg_server_stop(struct pg_server *server);

/* Ends it, if it runs, and removes all of it. */
void pg_server_discard(struct pg_server *server);

/* Kills all of its processes at once, with SIGKILL: as the machine does that goes down, but for the disk. */
void pg_server_kill(struct pg_server *server);

/* Stops all of its processes where they are (SIGSTOP): connections stay open and nothing answers; and lets them go
 * on. A connection that is made meanwhile is taken by nobody. */
void pg_server_freeze(struct pg_server *server);
void pg_server_thaw(struct pg_server *server);

/* Makes and starts a standby that has all that the primary has, and lets the primary wait for it (or any other one)
 * at each commit: synchronous_standby_names = 'ANY 1 (*)'. */
void pg_server_follow(struct pg_server *standby, struct pg_server *primary);

/* Makes who was the primary, and does not run any more, the standby of who is it now: a new copy, at its old port.
 * Whether anybody waits for it is as it was. */
void pg_server_rejoin(struct pg_server *former, struct pg_server *primary);

/* Makes a standby the primary, which waits for no other, and waits until it can be written to. */
void pg_server_promote(struct pg_server *standby);

/* The URL of the database for the role `box_office`: of one server, or of the one of several that can be written to. */
void pg_server_url(const struct pg_server *server, char url[PG_SERVER_URL_SIZE]);
void pg_servers_url(const struct pg_server *const *servers, size_t count,
                    char url[PG_SERVER_URL_SIZE]);

/* Runs statements in that database as the superuser `postgres`. */
void pg_server_sql(const struct pg_server *server, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The same; the first value of the last one's first row, as text; "" where there is none. */
void pg_server_ask(const struct pg_server *server, char value[PG_SERVER_VALUE_SIZE],
                   const char *format, ...) __attribute__((format(printf, 3, 4)));

/* A server that is not durable and that all tests of this process share: started when it is first asked for, ended with
 * the process. */
struct pg_server *pg_server_shared(void);

#endif
