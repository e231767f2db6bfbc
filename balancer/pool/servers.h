/* The servers as the balancer knows them, those of all pools: the list, what each has told, what is
 * pending, its state; and the numbered history of it all.
 *
 * Every change takes the next number n and leaves its line (common/routing_line.h) in `history`, under
 * the one lock. So choices have a total order, and the routing log, which is that history in a file,
 * says exactly what each choice saw. The lock is short: nothing under it waits, and only memory is
 * touched. It is the innermost lock: no other is taken under it. */
#ifndef BOX_OFFICE_SERVERS_H
#define BOX_OFFICE_SERVERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "balancer/pool/health.h"
#include "balancer/pool/rules.h"
#include "common/buffer.h"
#include "common/id.h"
#include "common/item.h"
#include "common/routing_line.h"
#include "common/socket.h"
#include "common/thread.h"

enum {
    LEFT_BEHIND = 4, /* flights that each other server lands while one does not: it hangs */
    POOLS_MAX = 16,
    POOL_TICKETS = 0, /* the pool of the ticket servers, which speaks flights */
};

/* No server, or no pool: an index that there cannot be. */
#define SERVER_NONE SIZE_MAX

struct pool {
    char name[ROUTING_NAME_SIZE];
    struct pool_rules rules;
    bool reports; /* a route reads its servers' workload, so each report leaves a line */
};

/* Where a server comes from. */
enum server_source {
    SOURCE_MASTER, /* a process of our master's */
    SOURCE_CONFIG, /* the configuration names it */
    SOURCE_ADDED,  /* somebody added it by the admin API */
    SOURCE_JOINED, /* a ticket server that nobody of ours started: it joined by itself */
};

/* How the last check ended. */
struct server_check {
    int64_t at; /* wall clock; 0: there was none */
    bool passed;
    char reason[ROUTING_WHY_SIZE];
    int64_t took; /* microseconds */
};

struct server {
    /* what a choice reads, side by side */
    char id[SERVER_SIZE];
    enum server_state state;
    uint64_t identity; /* policy_hash(id) */
    size_t pool;
    int64_t weight;             /* 1 or more */
    int64_t told, boot, commit; /* the latest it told, by (boot, commit) */
    int64_t pending;            /* tickets asked of it and not settled */
    int64_t limit; /* of pending; of busy where the pool is not that of the ticket servers */
    int64_t busy;  /* requests under way: purchases chosen for and not settled, forwarded ones */
    struct routing_turn turns[ROUTING_TURNS]; /* TURN_PURCHASE, TURN_REQUEST */
    int64_t workload;                         /* per mille, as last reported ... */
    int64_t workload_at;                      /* ... by then, wall clock; 0: never */

    char address[ADDRESS_SIZE];
    enum server_source source;
    pid_t pid; /* 0: none that is known */
    unsigned
        start; /* raised with each new process: tells its flights from those of the one before */
    int64_t since; /* wall clock: in this state */
    char why[ROUTING_WHY_SIZE];
    bool refusing;               /* its last flight came back undecided: its store takes nothing */
    struct server_health health; /* what the state follows from */
    struct server_check check;
    struct server_report report; /* of a ticket server: the latest */
    int64_t up_at;               /* clock_monotonic(): it was up from then on, if it is */
    int64_t ramp;                /* clock_monotonic(): its limit grows since then; 0: it does not */
    int64_t landed;              /* flights that it has answered */
    int64_t sales;               /* purchases it has sold for this router */
    int64_t requests;            /* flights and forwarded requests that are over ... */
    int64_t failures;            /* ... and of these, those that it failed in */
    int64_t checks, checks_failed;
    int64_t ejections;
    int64_t restarts; /* of its process, by the master, for it had ended */
};

/* A server that is not a process of ours. */
struct server_about {
    const char *id, *address;
    size_t pool;
    int64_t weight;
    enum server_source source;
};

/* A check that is over. Texts are copied. */
struct server_checked {
    bool passed;
    const char *reason; /* e.g. "answered", "connection refused" */
    int64_t took;       /* microseconds */
    /* of a ticket server that passed: what it told; else both are NULL */
    const struct figures *figures;
    const struct server_report *report;
};

struct servers {
    char router[ID_TEXT_SIZE]; /* fixed at start, as are the next three: no lock */
    uint64_t seed;             /* of the draws: policy_hash(router) */
    bool has_own;              /* ticket servers of our own are expected: they name the store */
    struct pool pools[POOLS_MAX];
    size_t pool_count;
    struct lock lock; /* guards all below */
    struct server list[ROUTING_SERVERS_MAX];
    size_t count; /* never falls; the place of one that has left may be another's later */
    char store[ID_TEXT_SIZE]; /* that all must sell from; "" before a server has named it */
    uint64_t n;               /* of the last line */
    uint64_t flight;          /* number of the last flight */
    int64_t sales;            /* purchases sold since the start */
    int64_t landed;           /* flights answered since then */
    struct buffer history;
    uint64_t history_first; /* n of the first line in it */
};

/* The flight that loads for one server at one worker: what a choice joins. Zeroed: none is loading.
 * Belongs to the worker's thread. */
struct loading {
    uint64_t flight; /* 0: none */
    size_t count;    /* purchases in it */
    size_t room;     /* purchases it may carry */
};

/* How a flight ended, in purchases (and tickets for `released`). */
struct settlement {
    uint64_t flight;
    int64_t released;
    int64_t sold, replayed, refused, lost, unsent;
    int64_t held, freed; /* holds made or put in line; released */
};

/* Begins the history with `started`. Any thread may call the functions below; each takes the lock. */
void servers_init(struct servers *servers);
void servers_free(struct servers *servers);

/* Adds a pool, before any other thread is there; its index. At most POOLS_MAX. The pool of the ticket
 * servers is there from the beginning, with the rules that go without saying. */
size_t servers_pool_add(struct servers *servers, const char *name, const struct pool_rules *rules);

/* The index of the pool of this name; SERVER_NONE where there is none. No lock. */
size_t servers_pool_find(const struct servers *servers, const char *name);

/* Adds a server, which joins. False where the list is full, or one of that id is in it. */
bool servers_add(struct servers *servers, const struct server_about *about);

/* A process was started, by the master (pid above 0) or by somebody else (0): it joins the list as a ticket
 * server, or takes its old place with a new address. False where the list is full. */
bool servers_joined(struct servers *servers, const char *id, const char *address, pid_t pid);

/* The process has ended, as its master says. */
void servers_gone(struct servers *servers, const char *id, const char *why);

/* What somebody wants of a server. False where there is none of that id. */
bool servers_drain(struct servers *servers, const char *id, const char *why); /* nothing new */
bool servers_ready(struct servers *servers, const char *id, const char *why); /* as before */
/* Nothing new, and off the list as soon as nothing is under way there. */
bool servers_leave(struct servers *servers, const char *id, const char *why);
/* The same, but what is under way there is given up: purchases are asked again elsewhere. */
bool servers_cut(struct servers *servers, const char *id, const char *why);

/* While its process is being replaced, purchases wait for it, should there be no other. Until it is up
 * again, or for 5 seconds. */
void servers_returning(struct servers *servers, const char *id);

/* A flight or connection to this start of the server failed: it is down until a check is passed, and
 * ejected where that comes again and again. */
void servers_failed(struct servers *servers, size_t index, unsigned start, const char *why);

/* A flight to this start of the server came back undecided: its store takes nothing. The same; but where no
 * other ticket server is up, or may be so in a moment, it stays up: a full disk is full for all of them, and
 * what needs no room (reads above all) goes on. Its `why` then says so, until a flight lands. */
void servers_refused(struct servers *servers, size_t index, unsigned start, const char *why);

/* A check of this start of the server is over. */
void servers_checked(struct servers *servers, size_t index, unsigned start,
                     const struct server_checked *check);

/* How many times the master started its process anew, because it had ended. */
void servers_restarts(struct servers *servers, const char *id, int64_t restarts);

/* A forwarded request that was chosen for is over; `done` says how, its server is filled in here. */
void servers_done(struct servers *servers, size_t index, struct routing_done *done);

/* A flight is over. `figures`: what the answer told; NULL where there was none. */
void servers_settle(struct servers *servers, size_t index, const struct settlement *settlement,
                    const struct figures *figures);

/* How many places the list has, those of servers that have left included. */
size_t servers_count(struct servers *servers);

/* A copy of one place of the list; false past its end. True also for the place of a server that has left: then
 * its state is SERVER_LEFT and it is none, as one that is SERVER_NEW is not in the list yet. */
bool servers_get(struct servers *servers, size_t index, struct server *server);

/* The index of a server that is in the list, and a copy (or NULL); SERVER_NONE where there is none. */
size_t servers_find(struct servers *servers, const char *id, struct server *server);

/* True where at least one ticket server is up, or may be so in a moment. */
bool servers_any(struct servers *servers);

/* False where no ticket server is up, or the last flight of each that is was refused for its store's sake. */
bool servers_selling(struct servers *servers);

/* The same as servers_any of the others. */
bool servers_any_but(struct servers *servers, size_t index);

/* How many flights the other servers have answered so far. */
int64_t servers_landed_elsewhere(struct servers *servers, size_t index);

/* Whether a flight that left when servers_landed_elsewhere was `then` is being left behind: its server is
 * no longer up, or the others, which share one store with it and come to write in turn, have landed
 * LEFT_BEHIND flights each on average since. Where they have not, the store itself is slow. */
bool servers_left_behind(struct servers *servers, size_t index, int64_t then);

/* Whether another server is up, and none of those has anything pending: what the store is like cannot be
 * seen by them. */
bool servers_idle_elsewhere(struct servers *servers, size_t index);

/* Moves all lines so far to `lines` (emptied first); returns the n of the first, 0 where there is
 * none. */
uint64_t servers_take_history(struct servers *servers, struct buffer *lines);

/* The same, and opens what follows with a `state` line. */
uint64_t servers_cut_history(struct servers *servers, struct buffer *lines);

/* Forgets all lines so far and puts a `state` line in their place, which says that the lines from
 * `from` on are missing. */
void servers_state_gap(struct servers *servers, uint64_t from);

/* The number of ticket servers that is wanted changes, and why. */
void servers_scaled(struct servers *servers, const struct routing_scale *scale);

/* Ends the history with `stopped`. */
void servers_stopped(struct servers *servers);

/* For routing/choose.c, which has the lock: the number and the time of the next line. */
uint64_t servers_next_line(struct servers *servers);

#endif
