/* What the parts of the replay share: each proves one kind of line, and applies it. Private to
 * tools/report/replay*.c. `place` is that of the line in replay->line. */
#ifndef BOX_OFFICE_REPLAY_PARTS_H
#define BOX_OFFICE_REPLAY_PARTS_H

#include "tools/report/replay.h"

/* replay.c */
struct findings *replay_findings(const struct replay *replay);
struct where replay_where(const struct replay *replay, uint32_t place);

/* replay_bounds.c: whether its numbers are such as a router could have written. */
bool replay_fits(const struct routing_line *line);

/* replay_numbers.c: n. */
void replay_number(struct replay *replay, uint32_t place);

/* replay_servers.c: figures, states and limits. A server that has left is not found. */
struct replay_server *replay_server(struct replay *replay, const char *id);
void replay_server_clear(struct replay_server *server, enum server_state state);
void replay_server_name(struct replay *replay, struct replay_server *server, const char *id);
void replay_server_line(struct replay *replay, uint32_t place);
void replay_limit(struct replay *replay, uint32_t place);
void replay_told(struct replay *replay, uint32_t place);

struct replay_figures {
    int64_t boot, commit, told;
};
/* Proves that the figures are those held, or later ones, and holds them from now on. */
void replay_figures(struct replay *replay, struct replay_server *server,
                    const struct replay_figures *figures, uint32_t place);
void replay_store(struct replay *replay, const char *store, uint32_t place);

/* replay_choice.c */

/* A choice being proved. */
struct proof {
    struct replay *replay;
    const struct routing_choice *choice;
    enum policy policy; /* whose figures are listed, and decide where no session does */
    uint32_t place;
    enum check check;
    bool purchase;
    const char *pool;
    uint64_t key; /* whose scores are listed; 0: none are */
    struct id request;
    uint32_t older; /* the purchase's attempt before; LEDGER_NONE: none is known */
    uint64_t asked; /* whom it asked in vain; 0: nobody */
    bool guessed;   /* that is not all known: what the line marks is believed */
    bool spares;    /* there is one in the running that was not asked */
};
void replay_choice(struct replay *replay, uint32_t place);

/* The turn that a choice of its kind is: a purchase's or another request's. */
struct routing_turn *replay_turn_of(const struct proof *proof, struct replay_server *server);

/* Whether a server is out of the running: what the line lists with a mark, and of what it leaves out,
 * what the replay knows. A server of another pool is. */
bool replay_is_out(const struct proof *proof, const struct replay_server *server);

/* replay_rules.c: the policies, as common/routing_line.h states them. */

/* Below 0 where a goes before b by the policy's figures, 0 where they are equal. */
int replay_order(const struct proof *proof, const struct replay_server *a,
                 const struct replay_server *b);

/* The server that must be chosen if `spared` is out of the running; NULL where none can be. */
struct replay_server *replay_winner(const struct proof *proof, const struct replay_server *spared);

/* Whom random and power-of-two draw; the second is NULL where there is none. */
void replay_draw(const struct proof *proof, struct replay_server *drawn[2]);

/* What the policy looks for, as why= says it. */
const char *replay_rule_word(enum policy policy);
int64_t replay_workload(const struct proof *proof, const struct replay_server *server);
uint64_t replay_score(const struct proof *proof, const struct replay_server *server);

/* What the choice changes, where the policy made it. */
void replay_turn(const struct proof *proof, struct replay_server *to);

/* replay_requests.c: forwarded requests, from choice to done; sessions; what servers report. */
void replay_forward(const struct proof *proof, struct replay_server *to);
void replay_done(struct replay *replay, uint32_t place);
void replay_load(struct replay *replay, uint32_t place);

/* A route keeps its pool, its policy and its affinity for as long as its router runs. */
void replay_route(const struct proof *proof);

/* A session by cookie was given this server; proves that it was pinned to one it had been given. */
void replay_session(const struct proof *proof, const struct replay_server *to);

/* A server has left the list: sessions that it was given may come without a pin. */
void replay_session_left(struct replay *replay, const struct replay_server *server);

/* Lines are missing, legally: all requests under way may be done without their choices in the log, and
 * sessions may be at servers that the log did not see them given. */
void replay_requests_unseen(struct replay *replay);

/* replay_asked.c: whom a forwarded request asked in vain. */

/* Forgets all. Of requests admitted by `unseen`, and a second later, the log may not tell all. */
void replay_asked_forget(struct replay *replay, int64_t unseen);

/* The request of the `done` line, of which this is the hash, is over at the server of that number. */
void replay_asked_done(struct replay *replay, uint64_t key, uint32_t server);

/* Finds `asked` and `guessed`. */
void replay_asked_look(struct proof *proof);
bool replay_was_asked(const struct proof *proof, const struct replay_server *server);

/* replay_flight.c */

/* The open flights, in no order; valid until the next choice. */
uint32_t *replay_open_list(const struct replay *replay, size_t *count);

/* Lets the purchase of a choice join its flight. */
void replay_board(struct replay *replay, const struct replay_server *server, uint32_t place);
void replay_settled(struct replay *replay, uint32_t place);

/* replay_session.c: started, state, stopped. */
void replay_started(struct replay *replay);

/* Whether the line is the first of a router whose `started` could not be written. */
bool replay_starts_in_gap(const struct replay *replay);
void replay_state(struct replay *replay, uint32_t place);
void replay_stopped(struct replay *replay, uint32_t place);

/* A session that ended without `stopped`: names what it left open. `followed`: by the life whose first line is
 * being read, which began when this one was over. */
void replay_crashed(struct replay *replay, bool followed);

/* replay_scale.c: how many ticket servers are wanted. */
void replay_scale(struct replay *replay, uint32_t place);

#endif
