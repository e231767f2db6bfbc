/* The lines of logs/routing.log: written by the router, read by `report` and `watch`.
 *
 * The log is the history of everything a choice reads. Each line is logfmt: n= and time=, the kind as
 * a bare word, then its fields. n counts by one from `started`, without a gap, in the order of the
 * file: the router numbers and formats a line under the one lock that guards the servers. Values that
 * are empty or hold bytes outside A-Z a-z 0-9 and ._:+!,|/@[]- are quoted and escaped as in JSON; so are
 * control and direction characters of Unicode, and what is not UTF-8 becomes U+FFFD.
 * (Each is one line; here they are folded.)
 *
 *   n=1 time=T started router=UUID version=4
 *   n=2 time=T server server=server-1 pool=tickets weight=1 state=joining→up boot=3 commit=0 told=5
 *       limit=512 store=UUID why="probe: ok"
 *   n=3 time=T choice request=UUID client=127.0.0.1 route=purchase policy=fewest-sold event=demo
 *       quantity=2 to=server-2 flight=7 why=fewest sold=server-1:5+0,server-2:4+0,server-3:4+0!down
 *   n=4 time=T settled server=server-2 flight=7 boot=3 commit=17 told=6 released=2 sold=1 replayed=0
 *       refused=0 lost=0 unsent=0
 *   n=5 time=T choice request=UUID client=127.0.0.1 route=read policy=round-robin to=server-1
 *       why=turn turn=server-1:0/1,server-2:-1/1,server-3:0/1!down
 *   n=6 time=T done request=UUID server=server-1 status=200 sent=0 received=412 took=812 how=answered
 *   n=7 time=T told server=server-1 boot=3 commit=18 told=7
 *   n=8 time=T load server=server-1 cpu=310 memory=9 commit=812 workload=310
 *   n=9 time=T limit server=server-3 limit=62 why=slow-start
 *   n=10 time=T scale from=2 to=3 up=2 pending=812 waiting=40 commit=81000 cpu=910
 *       why="commits took 81 ms for 2 s"
 *   n=11 time=T state router=UUID store=UUID flight=9 sales=12
 *       servers=server-1|tickets|up|5+0|3.17|512|1/1|5/0|4/-1|310@T,…
 *   n=12 time=T stopped router=UUID
 *
 *   n=13 time=T choice request=UUID client=127.0.0.1 route=hold policy=fewest-sold verb=hold event=demo
 *       quantity=2 to=server-2 flight=10 why=fewest sold=…
 *   n=14 time=T choice request=UUID client=127.0.0.1 route=hold policy=fewest-sold verb=confirm order=UUID
 *       quantity=1 to=server-2 flight=10 why=fewest sold=…
 *   n=15 time=T settled server=server-2 flight=10 boot=3 commit=19 told=8 released=4 sold=1 replayed=0
 *       refused=0 lost=0 unsent=0 held=1 freed=1
 *
 * choice   a request was given to a server of its route's pool. Of what boards a flight, event, quantity and
 *          flight tell more. verb= says what it is, where it is no purchase: hold, confirm, release; the last
 *          two name their hold instead of an event, and count as one ticket, since only the store knows how
 *          many they move. All figures are those before the choice; they list
 *          the pool's servers in the order of the list, those out of the running with a mark (!down,
 *          !joining, !full, !overloaded, !draining, !ejected, !asked); above 16 servers the chosen one,
 *          the runner-up (the other one drawn; none of random), those !asked, and then "+N" for how many
 *          were left out. !asked: this request, which is no purchase, was given to it before, in vain (no
 *          answer, or one of 500, 502, 503 or 504), and one that was not is in the running. Where none is,
 *          nobody is marked so, and it may be asked again.
 *          What is listed is what the policy reads:
 *            fewest-sold                      sold=  tickets told+pending
 *            round-robin                      turn=  credit/weight (smooth weighted: each choice gives
 *                                                    every server in the running its weight, and takes
 *                                                    the sum of them from the one that had most)
 *            least-connections, power-of-two  busy=  requests under way/weight
 *            ip-hash                          hash=  score of this client (common/policy.h)
 *            least-workload                   load=  workload+requests under way; ? where its report
 *                                                    is older than 2 s
 *            random                           from=  nothing
 *          why= fewest, least-busy, least-loaded, turn, hash: what the policy looks for; least-recent:
 *          several had as few, and of these it was chosen longest ago; less-busy (power-of-two);
 *          drawn (random); stale (no fresh report: the least busy). retry: asked again after a failure.
 *          id= stands behind client= where that brought a Request-Id of its own.
 *          drawn=ID,ID stands before to= where power-of-two had two to draw.
 *          With affinity, affinity=cookie session=HEX pinned=ID (none: a new session) or affinity=jwt
 *          session=HEX or affinity=address stands before to=. why=session: it went where its session is;
 *          why=moved: the session's server is out of the running. Sessions by token or address belong to
 *          the server with the highest score of session= or client=, and list hash=.
 * settled  a flight is over: `released` tickets are no longer pending; of its purchases and what else it
 *          carried so many were sold (bought or confirmed), replayed, refused, lost (their outcome is
 *          unknown), unsent (the flight never left), held (or put in line) and freed (released); the last
 *          two only where there are some. boot, commit and told are what the router holds true from now on.
 * done     a request that was forwarded by itself is over: status as the server gave it (0: no answer);
 *          bytes of the bodies sent to it and received from it; microseconds since it was chosen for.
 *          how= answered; connect, lost, bad, late (what the server failed in); left (the client has, or
 *          we, who were stopped).
 * told     a probe brought later figures.
 * load     a probe brought what least-workload reads: per mille of a processor, MiB, microseconds.
 * server   a server changed state; the figures are those held from now on. Its first line is
 *          state=new→joining: from then on it is a candidate. It takes the first place in the list that
 *          one has left, or a new one at the end. joining: it has not been heard of; up; overloaded: it
 *          reports more than its pool's thresholds; draining: it gets nothing new; down: it cannot be
 *          reached; ejected: it failed in too many requests. From each of these it may come to any other,
 *          but to joining only from down (its process was started again), and from joining not to
 *          ejected. state=…→left: it is no candidate any more, nothing is under way there, and what was
 *          held of it is forgotten.
 * limit    how much may be pending (or, of other pools, under way) at a server from now on: slow start.
 * scale    how many ticket servers the balancer wants from now on, with the figures that say so: servers up,
 *          tickets pending and purchases waiting, microseconds of a commit and per mille of a processor
 *          (both of the worst server), on average over the window that was looked at.
 * state    opens every rotated file, and follows a gap (after_gap=41: lines 41 to n-1 could not be
 *          written). Servers as id|pool|state|told+pending|boot.commit|limit|requests under way/weight|turn
 *          of purchases|turn of other requests|workload@time of its report (0: none), a turn being n of
 *          the last choice/credit; "-" is a place in the list that one has left. `flight` is the next
 *          flight's number, `sales` what was sold since started. */
#ifndef BOX_OFFICE_ROUTING_LINE_H
#define BOX_OFFICE_ROUTING_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buffer.h"
#include "common/id.h"
#include "common/item.h"
#include "common/outcome.h"
#include "common/policy.h"

enum {
    ROUTING_SERVERS_MAX = 1024,  /* servers a router can know */
    ROUTING_CANDIDATES_MAX = 16, /* listed in full up to this many */
    ROUTING_WHY_SIZE = 128,
    ROUTING_NAME_SIZE = 33,   /* of pools and routes: 1 to 32 of a-z 0-9 - */
    ROUTING_VERSION = 4,      /* of the lines' spelling; what 3 says, 4 says in the same way */
    ROUTING_VERSION_READ = 3, /* the oldest that is read */
    ROUTING_TRIES_MAX = 3, /* servers that a forwarded request is given to, one after the other */
    ROUTING_TURNS = 2,     /* purchases take turns among themselves, and so do all other requests */
};

enum routing_kind {
    ROUTING_STARTED,
    ROUTING_STATE,
    ROUTING_SERVER,
    ROUTING_CHOICE,
    ROUTING_SETTLED,
    ROUTING_DONE,
    ROUTING_TOLD,
    ROUTING_LOAD,
    ROUTING_LIMIT,
    ROUTING_SCALE,
    ROUTING_STOPPED,
};

#define ROUTING_TICKETS "tickets" /* the pool of the ticket servers */

enum server_state {
    SERVER_NEW,     /* not in the list yet: only ever the state before the first */
    SERVER_JOINING, /* not heard of yet */
    SERVER_UP,
    SERVER_OVERLOADED, /* by what it reports */
    SERVER_DRAINING,   /* somebody wants it to get nothing new */
    SERVER_DOWN,       /* not to be reached */
    SERVER_EJECTED,    /* it failed in too many requests */
    SERVER_LEFT,       /* not in the list any more */
};
/* Whether it answers, as far as is known: what was given to it stays there. */
bool server_state_alive(enum server_state state);
const char *server_state_name(enum server_state state);

/* Why a candidate is out of the running. */
enum candidate_mark {
    MARK_NONE,
    MARK_DOWN,
    MARK_JOINING,
    MARK_FULL, /* no room within its limit */
    MARK_OVERLOADED,
    MARK_DRAINING,
    MARK_EJECTED,
    MARK_ASKED, /* by this very request, in vain */
};

/* As a line shows it: "" or "!down", … */
const char *candidate_mark_text(enum candidate_mark mark);

/* A server as a choice sees it. When read from a line: what that line lists. */
struct candidate {
    const char *server; /* id; not owned */
    size_t index;       /* in the list of servers */
    int64_t told;       /* tickets it said it has sold */
    int64_t pending;    /* tickets asked of it and not settled */
    int64_t busy;       /* requests under way there */
    int64_t weight;     /* 1 or more */
    int64_t credit;     /* of round-robin, for a request of its kind: a purchase or not */
    int64_t workload;   /* per mille; below 0: no fresh report */
    uint64_t score;     /* of this client or session */
    uint64_t last;      /* n of its last choice for such a request; 0: never */
    enum candidate_mark mark;
};

struct routing_choice {
    const char *request; /* UUID text: ours */
    const char *client;
    const char *id; /* the Request-Id that the client brought, or NULL */
    const char *route;
    enum policy policy;
    enum affinity affinity;
    const char *session;  /* of affinity by cookie or jwt: hexadecimal digits */
    const char *pinned;   /* of affinity by cookie: a server's id, or NULL */
    const char *drawn[2]; /* of power-of-two: which it compared; NULL: it had no two */
    enum verb verb;       /* of what boards a flight, as are the next four */
    const char *event;    /* NULL: it is about an order, or boards none */
    const char *order;    /* UUID text; NULL: it is about an event, or boards none */
    int quantity;
    uint64_t flight;
    const char *why;
    size_t to;        /* index into candidates */
    size_t runner_up; /* index, or `to` where there is none; used above ROUTING_CANDIDATES_MAX */
    const struct candidate *candidates;
    size_t count;
    size_t left_out; /* when read: the N of "+N" */
};

/* Whether it is of what boards a flight; else it is of a request that is forwarded by itself. */
bool routing_choice_boards(const struct routing_choice *choice);

/* Whose figures the line lists: its policy's; those of ip-hash with affinity by token or address. */
enum policy routing_choice_lists(const struct routing_choice *choice);
const char *routing_list_name(enum policy policy); /* " sold=", ... */

/* How a forwarded request ended. */
enum routing_end {
    END_ANSWERED, /* the server's whole answer was passed on */
    END_CONNECT,  /* no connection to the server: nothing was sent */
    END_LOST,     /* the server ended the connection */
    END_BAD,      /* the server's answer is no HTTP, or not such as can be passed on */
    END_LATE,     /* the server took too long */
    END_LEFT,     /* the client left, or we, who were stopped */
};
const char *routing_end_name(enum routing_end end);

struct routing_done {
    const char *request;
    const char *server;
    unsigned status;              /* 0: none came */
    int64_t sent, received, took; /* bytes, bytes, microseconds */
    enum routing_end how;
};

struct routing_load {
    const char *server;
    int64_t cpu, memory, commit; /* per mille, MiB, microseconds */
    int64_t workload;            /* policy_workload of these */
};

struct routing_limit {
    const char *server;
    int64_t limit;
    const char *why;
};

struct routing_scale {
    int64_t from, to;             /* ticket servers wanted */
    int64_t up, pending, waiting; /* servers, tickets, purchases */
    int64_t commit, cpu;          /* microseconds, per mille */
    const char *why;
};

struct routing_settled {
    const char *server;
    uint64_t flight;
    int64_t boot, commit, told;                    /* held from now on */
    int64_t released;                              /* tickets */
    int64_t sold, replayed, refused, lost, unsent; /* purchases; sold excludes replayed */
    int64_t held, freed;
};

/* How many a flight carried. */
int64_t routing_settled_count(const struct routing_settled *settled);

struct routing_server {
    const char *server;
    const char *pool;
    int64_t weight;
    enum server_state from, to;
    int64_t boot, commit, told, limit;
    const char *store; /* "" where not known */
    const char *why;
};

/* Purchases and other requests have turns of their own: else who buys and looks in turn would always buy
 * from the same server. */
enum {
    TURN_PURCHASE,
    TURN_REQUEST,
};

struct routing_turn {
    uint64_t last;  /* n of the last choice; 0: none */
    int64_t credit; /* of round-robin */
};

/* A place in the list. */
struct routing_snapshot_server {
    const char *server;
    const char *pool;
    enum server_state
        state; /* SERVER_LEFT: nobody's now; the rest says nothing. Never SERVER_NEW */
    int64_t told, pending, boot, commit, limit;
    int64_t busy, weight;
    struct routing_turn turns[ROUTING_TURNS]; /* TURN_PURCHASE, TURN_REQUEST */
    int64_t workload, workload_at;            /* wall clock; 0: none was reported */
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
 * its own. Server ids are valid ones, and so are names of pools and routes (ROUTING_NAME_SIZE); other
 * texts may hold anything. routing_line_choice is on the way of every purchase, so it allocates nothing
 * once the buffer has grown. */
void routing_line_started(struct buffer *out, uint64_t n, int64_t time, const char *router,
                          int64_t version);
void routing_line_stopped(struct buffer *out, uint64_t n, int64_t time, const char *router);
void routing_line_server(struct buffer *out, uint64_t n, int64_t time,
                         const struct routing_server *line);
void routing_line_choice(struct buffer *out, uint64_t n, int64_t time,
                         const struct routing_choice *line);
void routing_line_settled(struct buffer *out, uint64_t n, int64_t time,
                          const struct routing_settled *line);
void routing_line_done(struct buffer *out, uint64_t n, int64_t time,
                       const struct routing_done *line);
void routing_line_load(struct buffer *out, uint64_t n, int64_t time,
                       const struct routing_load *line);
void routing_line_limit(struct buffer *out, uint64_t n, int64_t time,
                        const struct routing_limit *line);
void routing_line_scale(struct buffer *out, uint64_t n, int64_t time,
                        const struct routing_scale *line);
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
    int64_t version;    /* of started */
    struct routing_choice choice;
    struct routing_settled settled;
    struct routing_done done;
    struct routing_load load;
    struct routing_limit limit;
    struct routing_scale scale;
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
