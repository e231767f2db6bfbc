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

/* replay_servers.c: figures and states. */
struct replay_server *replay_server(struct replay *replay, const char *id);
struct replay_server *replay_server_add(struct replay *replay, const char *id);
void replay_server_line(struct replay *replay, uint32_t place);
void replay_told(struct replay *replay, uint32_t place);

struct replay_figures {
    int64_t boot, commit, told;
};
/* Proves that the figures are those held, or later ones, and holds them from now on. */
void replay_figures(struct replay *replay, struct replay_server *server,
                    const struct replay_figures *figures, uint32_t place);
void replay_store(struct replay *replay, const char *store, uint32_t place);

/* replay_choice.c */
void replay_choice(struct replay *replay, uint32_t place);

/* replay_flight.c */

/* The open flights, in no order; valid until the next choice. */
uint32_t *replay_open_list(const struct replay *replay, size_t *count);

/* Lets the purchase of a choice join its flight. */
void replay_board(struct replay *replay, const struct replay_server *server, uint32_t place);
void replay_settled(struct replay *replay, uint32_t place);

/* replay_session.c: started, state, stopped. */
void replay_started(struct replay *replay);
void replay_state(struct replay *replay, uint32_t place);
void replay_stopped(struct replay *replay, uint32_t place);

/* A session that ended without `stopped`: names what it left open. */
void replay_crashed(struct replay *replay);

#endif
