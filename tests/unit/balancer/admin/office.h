/* The admin listener of a router that leads, on a held loop; and what it answered last. One at a time. */
#ifndef BOX_OFFICE_TEST_ADMIN_OFFICE_H
#define BOX_OFFICE_TEST_ADMIN_OFFICE_H

#include "balancer/admin/admin_parts.h"
#include "common/json.h"
#include "tests/lib/files.h"
#include "tests/lib/raw.h"
#include "tests/unit/common/held_loop.h"

#define OFFICE_TOKEN  "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define OFFICE_BEARER "Authorization: Bearer " OFFICE_TOKEN "\r\n"

struct office {
    struct held_loop held;
    struct servers servers;
    struct departures departures;
    struct admin_settings settings;
    struct admin *admin;
    char dir[FILES_PATH_SIZE], token[FILES_PATH_SIZE], members[FILES_PATH_SIZE];
    char url[64];
    struct raw_answer answer;
    struct buffer request;

    /* what the stub behind `command` was asked, and says */
    int commands;
    enum admin_command command;
    bool refuses;
    int changes; /* calls of `changed` */
};

extern struct office office;

/* Opens it with so many servers of the master's up, server-1 and so on, which have told 7, 8, 9. The loop runs
 * freely. */
void office_open(size_t up);
void office_close(void);

/* The router ends, and another one begins to lead, with servers of its own (none are up). */
void office_restart(void);

/* Asks with the token, and JSON where there is a body (NULL: none): the status. */
unsigned office_ask(const char *method, const char *path, const char *body);

/* The same with these further lines of the head, and no others: each ends with CR LF. */
unsigned office_ask_with(const char *method, const char *path, const char *headers,
                         const char *body);

/* Sends the request and does not wait for the answer: the connection, which office_receive closes. */
int office_send(const char *method, const char *path);
unsigned office_receive(int fd);

/* Whether the head of the last answer holds this; and its body. */
bool office_head_has(const char *text);
bool office_body_has(const char *text);

/* The last answer's body; the caller deletes it. */
cJSON *office_json(void);

/* The code of the last answer, a problem; valid until the next call. */
const char *office_code(void);

/* The members file's text; valid until the next call. */
const char *office_file(void);

/* The server of that id, as it is now; SERVER_NEW where there is none. */
struct server office_server(const char *id);

/* So many requests are under way there; and one of them is over. */
void office_busy(const char *id, int64_t busy);
void office_over(const char *id);

#endif
