/* Ticket servers that nobody of the balancer's has started, and its admin API. Main thread only; what cannot be
 * had ends the test with a failed assertion. */
#ifndef BOX_OFFICE_TEST_BOX_H
#define BOX_OFFICE_TEST_BOX_H

#include <cjson/cJSON.h>

#include "tests/lib/client.h"
#include "tests/lib/cluster.h"

struct box {
    char dir[FILES_PATH_SIZE]; /* holds what it writes */
    struct process process;
};

/* Starts `ticket_server --id ID --listen ADDRESS`, which sells from the cluster's store; with `join`, at that
 * admin address of a balancer (NULL: it joins nobody). */
void box_start(struct box *box, const struct cluster *cluster, const char *id, const char *address,
               const char *join);

/* Waits until it has written this on stderr. */
bool box_said(struct box *box, const char *text);

/* Ends it by SIGTERM: true where it exits 0 in time. By SIGKILL, and waits. */
bool box_end(struct box *box);
void box_kill(struct box *box);

/* Asks the admin API with the cluster's token: the status. *answer: zeroed at first, freed by the caller. */
long admin_ask(struct cluster *cluster, const char *method, const char *path, const char *body,
               struct response *answer);

/* The same where only the status counts, and that a problem has this code (NULL: any). */
void admin_expect(struct cluster *cluster, const char *method, const char *path, const char *body,
                  long status, const char *code);

/* Adds a server: 201. */
void admin_add_server(struct cluster *cluster, const char *id, const char *address);

/* A number, or a text, at "a.b" of a JSON answer; -1 and "" where there is none. The text is valid until the
 * next call. */
double answer_number(struct response *answer, const char *path);
const char *answer_text(struct response *answer, const char *path);

#endif
