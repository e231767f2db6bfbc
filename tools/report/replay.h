/* The replay: one router's log, or that of several who came one after the other, read line by line, with every
 * number, choice, settlement, figure and state proved on the way, independently of the balancer's code.
 *
 * After a violation the replay goes on with what the log says, so that one edit is not reported for
 * ever. One thread. */
#ifndef BOX_OFFICE_REPLAY_H
#define BOX_OFFICE_REPLAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/routing_line.h"
#include "tools/report/ledger.h"
#include "tools/report/map.h"

/* A place in the list of servers, as the log's lines so far leave it. */
struct replay_server {
    char id[SERVER_SIZE]; /* "" where the one who was there has left */
    char pool[ROUTING_NAME_SIZE];
    uint64_t identity; /* policy_hash(id) */
    uint32_t number;   /* in the ledger */
    enum server_state state;
    int64_t told, pending, boot, commit, limit;
    int64_t busy, weight;
    struct routing_turn turns[ROUTING_TURNS];
    int64_t workload, workload_at; /* as in struct routing_snapshot_server */
    int64_t unseen;                /* of busy: requests whose choices may be missing, legally */
    uint32_t joined_at;            /* place that put it into the list */
    uint32_t state_at;             /* … that last changed state or limit */
    uint32_t told_at;     /* place that last changed told, boot or commit; LEDGER_NONE: none has */
    uint32_t raised_at;   /* … that last raised pending */
    uint32_t released_at; /* … that last lowered it */
    uint32_t busy_at;     /* … that last changed busy */
    uint32_t credit_at;   /* … that last changed credit */
    uint32_t workload_at_place; /* … that last changed workload */
};

/* What a route is for, as its first choice since `started` showed. */
struct replay_route {
    char name[ROUTING_NAME_SIZE], pool[ROUTING_NAME_SIZE];
    enum policy policy;
    enum affinity affinity;
    uint32_t place; /* of that choice */
};

enum {
    REPLAY_ROUTES_MAX = 64, /* that a router can have */
};

struct replay {
    struct ledger *ledger; /* not owned */
    bool begun;            /* a started or state line has been read */
    bool stopped;          /* the last line was `stopped` */
    bool headless;         /* the log opens with another line: said once */
    uint32_t torn;         /* the latest torn line, until the next line; else LEDGER_NONE */

    uint32_t router;
    int64_t version;        /* of the lines' spelling, by its started line; 0: not known */
    uint64_t expected;      /* n of the next line */
    uint64_t alternative;   /* … if the last n was wrong in itself; 0: none */
    uint32_t previous;      /* place of the line before; LEDGER_NONE: none */
    int64_t time;           /* of the line before */
    uint64_t flight_next;   /* number of the next flight */
    uint64_t partial_below; /* flights of lower numbers may have choices that are not in the log */
    int64_t sold;           /* purchases, since started */
    struct replay_server servers[ROUTING_SERVERS_MAX]; /* places, in the order of the list */
    size_t count;       /* of places: those that one has left count */
    uint32_t listed_at; /* place where somebody last joined or left */
    int64_t wanted;     /* ticket servers, by the last scale line; below 0: there was none */
    uint32_t wanted_at; /* its place */
    struct replay_route routes[REPLAY_ROUTES_MAX];
    size_t route_count;
    struct buffer open;  /* uint32_t: flights that are not settled */
    struct map requests; /* forwarded requests that are not done: id's hash → server, place */
    struct map asked[2]; /* … that were done in vain: id's hash → servers; the younger, the older */
    int64_t asked_from;   /* admitted to the younger since then */
    int64_t asked_unseen; /* what requests admitted by then have asked is not all known */
    struct map
        pinned; /* by cookie: session's hash → a bit for each server it has been given by this
                          * router */
    uint64_t departed; /* such bits of all servers that have left since started */

    uint64_t sessions, crashes, gaps;
    struct routing_line line; /* being read */
};

void replay_init(struct replay *replay, struct ledger *ledger);
void replay_free(struct replay *replay);

/* The next line, without its newline; its place comes from findings_line. `torn`: it is known to be the
 * end of a file without a newline. */
void replay_line(struct replay *replay, const char *text, size_t length, bool torn);

/* Whether a line is marked as torn, by who opened the log next (common/log_file.h). */
bool replay_is_torn(const char *text, size_t length);

/* The torn lines at the end of `from`, which had no others, belong to this log. */
void replay_take_torn(struct replay *replay, const struct replay *from);

/* How many flights opened before this place are not settled. */
size_t replay_open_flights(const struct replay *replay, uint32_t before);

/* The end of the log. `alive`: a router is writing to it; then only flights opened before `before` must
 * be settled. `rest`: bytes of a last line without a newline. */
void replay_end(struct replay *replay, bool alive, uint32_t before, size_t rest);

#endif
