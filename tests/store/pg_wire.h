/* What goes over the wire between this process and PostgreSQL, message by message, and a process that dies at one of
 * them. Linked around libpq's PQconnectPoll, PQsendPrepare and PQfinish, so that it knows every connection and how its
 * COMMIT is sent. A process that is to die has one thread. */
#ifndef BOX_OFFICE_TEST_PG_WIRE_H
#define BOX_OFFICE_TEST_PG_WIRE_H

enum pg_wire_moment {
    PG_WIRE_MESSAGES,      /* the n-th one from now, to or from the server */
    PG_WIRE_BEFORE_COMMIT, /* before a COMMIT leaves */
    PG_WIRE_BEHIND_COMMIT, /* a COMMIT was done, and nobody knows yet but this process */
};

/* This process kills itself with SIGKILL then, on whatever connection it is. */
void pg_wire_die(enum pg_wire_moment moment, int messages);

#endif
