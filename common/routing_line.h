/* The lines of logs/routing.log: written by the router, read by `report` and `watch`.
 *
 * The log is the history of everything a choice reads. Each line is logfmt: n= and time=, the kind as
 * a bare word, then its fields. n counts by one from `started`, without a gap, in the order of the
 * file: the router numbers and formats a line under the one lock that guards the servers. Values that
 * are empty or hold bytes outside A-Z a-z 0-9 and ._:+!,|/@[]- are quoted and escaped as in JSON; so are
 * control and direction characters of Unicode, and what is not UTF-8 becomes U+FFFD.
 * (Each is one line; here they are folded.)
 *
 *   n=1 time=T started router=UUID version=1
 *   n=2 time=T server server=server-1 state=joining→up boot=3 commit=0 told=5 limit=512 store=UUID
 *       why="probe: ok"
 *   n=3 time=T choice request=UUID client=127.0.0.1 route=purchase policy=fewest-sold event=demo
 *       quantity=2 to=server-2 flight=7 why=fewest sold=server-1:5+0,server-2:4+0,server-3:4+0!down
 *   n=4 time=T settled server=server-2 flight=7 boot=3 commit=17 told=6 released=2 sold=1 replayed=0
 *       refused=0 lost=0 unsent=0
 *   n=5 time=T told server=server-1 boot=3 commit=18 told=7
 *   n=6 time=T state router=UUID store=UUID flight=9 sales=12
 *       servers=server-1|up|5+0|3.17|512|41|40,…
 *   n=7 time=T stopped router=UUID
 *
 * choice   a purchase was given to a server; or a read was (route=read policy=round-robin, no event,
 *          quantity and flight). sold= lists the candidates as told+pending in the order of the list,
 *          those out of the running with a mark (!down, !joining, !full); above 16 servers
 *          the chosen one, the runner-up and then "+N" for how many were left out. All figures are
 *          those before the choice. why= fewest, least-recent (a tie on fewest), retry (asked again
 *          after a failure), turn (round-robin).
 * settled  a flight is over: `released` tickets are no longer pending; of its purchases so many were
 *          sold, replayed, refused, lost (their outcome is unknown) or unsent (the flight never
 *          left). boot, commit and told are what the router holds true from now on.
 * told     a probe brought later figures.
 * server   a server changed state (new, joining, up, down); the figures are those held from now on.
 *          Its first line is state=new→joining: from then on it is a candidate, and the order of
 *          these lines is the order of the list. A process started again goes down→joining.
 * state    opens every rotated file, and follows a gap (after_gap=41: lines 41 to n-1 could not be
 *          written). Servers as id|state|told+pending|boot.commit|limit|last purchase choice|last
 *          read choice; `flight` is the next flight's number, `sales` what was sold since started. */
#ifndef BOX_OFFICE_ROUTING_LINE_H
#define BOX_OFFICE_ROUTING_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buffer.h"
#include "common/id.h"
#include "common/outcome.h"

enum {
    ROUTING_SERVERS_MAX = 128,   /* servers a router can know */
    ROUTING_CANDIDATES_MAX = 16, /* listed in full up to this many */
    ROUTING_WHY_SIZE = 128,
};

enum routing_kind {
    ROUTING_STARTED,
    ROUTING_STATE,
    ROUTING_SERVER,
    ROUTING_CHOICE,
    ROUTING_SETTLED,
    ROUTING_TOLD,
    ROUTING_STOPPED,
};

enum routing_route {
    ROUTE_PURCHASE,
    ROUTE_READ,
};

enum server_state {
    SERVER_NEW,     /* not in the list yet: only ever the state before the first */
    SERVER_JOINING, /* not heard of yet */
    SERVER_UP,
    SERVER_DOWN,
};
const char *server_state_name(enum server_state state);

/* Why a candidate is out of the running. */
enum candidate_mark {
    MARK_NONE,
    MARK_DOWN,
    MARK_JOINING,
    MARK_FULL, /* no room within its limit */
};

/* As a line shows it: "" or "!down", … */
const char *candidate_mark_text(enum candidate_mark mark);

/* A server as a choice sees it. */
struct candidate {
    const char *server; /* id; not owned */
    int64_t told;       /* tickets it said it has sold */
    int64_t pending;    /* tickets asked of it and not settled */
    uint64_t last;      /* n of its last choice on this route; 0: never */
    enum candidate_mark mark;
};

struct routing_choice {
    const char *request; /* UUID text */
    const char *client;
    enum routing_route route;
    const char *event; /* of a purchase */
    int quantity;      /* of a purchase */
    uint64_t flight;   /* of a purchase */
    const char *why;
    size_t to;        /* index into candidates */
    size_t runner_up; /* index, or `to` where there is none; used above ROUTING_CANDIDATES_MAX */
    const struct candidate *candidates;
    size_t count;
    size_t left_out; /* when read: the N of "+N" */
};

struct routing_settled {
    const char *server;
    uint64_t flight;
    int64_t boot, commit, told;                    /* held from now on */
    int64_t released;                              /* tickets */
    int64_t sold, replayed, refused, lost, unsent; /* purchases; sold excludes replayed */
};

struct routing_server {
    const char *server;
    enum server_state from, to;
    int64_t boot, commit, told, limit;
    const char *store; /* "" where not known */
    const char *why;
};

struct routing_snapshot_server {
    const char *server;
    enum server_state state;
    int64_t told, pending, boot, commit, limit;
    uint64_t last, last_read;
};

struct routing_snapshot {
    const char *router;
    const char *store; /* "" where not known */
    uint64_t flight;
    int64_t sales;
    uint64_t after_gap; /* 0: no gap */
    const struct routing_snapshot_server *servers;
    size_t count;
};

/* Append one line each, newline included. `n` and `time` (wall clock) open it. Any thread, a buffer of
 * its own. Server ids are valid ones; other texts may hold anything. routing_line_choice is on the way
 * of every purchase, so it allocates nothing once the buffer has grown. */
void routing_line_started(struct buffer *out, uint64_t n, int64_t time, const char *router);
void routing_line_stopped(struct buffer *out, uint64_t n, int64_t time, const char *router);
void routing_line_server(struct buffer *out, uint64_t n, int64_t time,
                         const struct routing_server *line);
void routing_line_choice(struct buffer *out, uint64_t n, int64_t time,
                         const struct routing_choice *line);
void routing_line_settled(struct buffer *out, uint64_t n, int64_t time,
                          const struct routing_settled *line);
void routing_line_told(struct buffer *out, uint64_t n, int64_t time, const char *server,
                       int64_t boot, int64_t commit, int64_t told);
void routing_line_state(struct buffer *out, uint64_t n, int64_t time,
                        const struct routing_snapshot *line);

/* One line, read. Texts point into `text`, which holds them; zeroed memory to begin with, reused
 * from line to line, freed with routing_line_free. */
struct routing_line {
    uint64_t n;
    int64_t time; /* wall clock */
    enum routing_kind kind;
    const char *router; /* of started and stopped */
    struct routing_choice choice;
    struct routing_settled settled;
    struct routing_server server;
    struct routing_snapshot state;
    struct {
        const char *server;
        int64_t boot, commit, told;
    } told;
    struct candidate candidates[ROUTING_SERVERS_MAX];
    struct routing_snapshot_server servers[ROUTING_SERVERS_MAX];
    struct buffer text;
    struct buffer again; /* the same line as it would be written: proves the spelling */
};

enum {
    ROUTING_ERROR_SIZE = 160,
};

/* Reads one line (without its newline) and accepts nothing but what the functions above write: same
 * fields, same order, same spelling. False with the reason otherwise. */
bool routing_line_parse(const char *text, size_t length, struct routing_line *line,
                        char error[ROUTING_ERROR_SIZE]);

/* Writes a line that was read. */
void routing_line_write(struct buffer *out, const struct routing_line *line);

void routing_line_free(struct routing_line *line);

#endif
