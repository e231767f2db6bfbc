/* Connecting to a PostgreSQL server: the hosts of a URL one after the other, each within a bounded time, with a rest
 * that grows after each round in which none was reached.
 *
 * libpq bounds an attempt only where it may block, so each address of each host is an attempt of its own here: one
 * that is frozen does not keep us from the next. Whoever answered last is asked first, and not who was silent. Only
 * names are looked up by the system's resolver as long as that takes: hosts given as addresses do not depend on it. One
 * owner, one thread. */
#ifndef BOX_OFFICE_POSTGRES_DIAL_H
#define BOX_OFFICE_POSTGRES_DIAL_H

#include "db/postgres/address.h"
#include "db/postgres/place.h"

enum {
    APPLICATION_SIZE = 64, /* as PostgreSQL bounds it */
};

struct postgres_dial {
    const struct postgres_place *place;  /* not owned */
    char application[APPLICATION_SIZE];  /* by which the server tells whose session it is */
    PGconn *link;                        /* owned: the attempt under way; NULL: none */
    PostgresPollingStatusType wants;     /* what that waits for */
    size_t host;                         /* its host, or the next one's */
    struct postgres_addresses addresses; /* of that; none: not looked up yet */
    size_t address;                      /* of those, its, or the next one's */
    size_t answered;                     /* the host with which a round begins */
    char answerer
        [ADDRESS_SIZE]; /* of that, the address to begin with, or behind; "": its first one */
    bool behind;
    size_t tried;          /* hosts in this round */
    size_t failed;         /* attempts in this round */
    size_t refused;        /* of those, with a reason that does not pass */
    bool hopeless;         /* all of the last round were */
    int64_t attempt_until; /* clock_monotonic(), like the next */
    int64_t rest_until;
    int64_t rest; /* the last one; 0: none since we were connected */
};

/* Goes on with connecting, and waits for nothing: the connection, which is the caller's from now on, or NULL: not yet,
 * with the last failure told, if there was one. */
PGconn *postgres_dial(struct postgres_dial *dial, char error[STORE_ERROR_SIZE]);

/* Tells that nobody was reached so far, where no failure was told yet. */
void postgres_dial_tell(const struct postgres_dial *dial, char error[STORE_ERROR_SIZE]);

/* Waits until there may be something to go on with, at most until clock_monotonic() reaches `until`. */
void postgres_dial_wait(const struct postgres_dial *dial, int64_t until);

/* The connection is of use: the next round begins with its address, and without a rest. */
void postgres_dial_reached(struct postgres_dial *dial);

/* It is of no use; `hopeless`: nor will the next one to this host be, unless somebody changes something there. */
void postgres_dial_failed(struct postgres_dial *dial, bool hopeless);

/* A connection that was of use has fallen silent: the next round begins behind its address. */
void postgres_dial_silent(struct postgres_dial *dial);

void postgres_dial_close(struct postgres_dial *dial);

/* How long to rest after a round, as it was `before`: 50 ms, doubling, to 1 s. */
int64_t postgres_dial_rest(int64_t before);

/* Whether this SQLSTATE of a connection that was refused does not pass by itself: who we are, or the database, is not
 * known there. A server that is full, starts, or stops may take the next one. */
bool postgres_dial_hopeless(const char *code);

/* Takes the SQLSTATE out of a libpq message of its longest kind, with the lines behind that. False: there is none. */
bool postgres_dial_code(char *message, char code[6]);

/* A libpq message in one line; never an empty one. */
void postgres_dial_words(const char *message, char *line, size_t size);

#endif
