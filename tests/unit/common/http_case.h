/* An HTTP server under test on a held loop, and raw clients of it.
 *
 *   /hold      is kept until http_case_answer
 *   /problem   is refused with `problem`
 *   /typed     is answered with a Content-Type of its own
 *   /long      is answered with `long_length` bytes, or else HTTP_CASE_LONG
 *   all else   is answered with what the server saw: METHOD PATH CLIENT BODY-LENGTH */
#ifndef BOX_OFFICE_TEST_HTTP_CASE_H
#define BOX_OFFICE_TEST_HTTP_CASE_H

#include "common/http.h"
#include "tests/lib/raw.h"
#include "tests/unit/common/held_loop.h"

enum {
    HTTP_CASE_BODY_MAX = 1000,
    HTTP_CASE_KEPT_MAX = 16,
    HTTP_CASE_LONG = 24 << 20, /* more than kernels hold for a client that does not read */
    HTTP_CASE_SECONDS = 10,    /* for an answer that is due at once */
};

struct http_case {
    struct held_loop held;
    struct http_server *server;
    char url[64];
    enum problem problem;    /* fixed before the loop is freed */
    const char *allow;       /* goes with it */
    size_t long_length;      /* goes with them */
    bool answers_by_timer;   /* /hold is answered by a timer, 20 ms later */
    struct loop_timer timer; /* the loop's */
    struct http_request *kept[HTTP_CASE_KEPT_MAX];
    size_t kept_count;
    unsigned handled;
    struct buffer seen; /* a copy of the last body */
};

/* Opens it and lets the loop run. `connections`: how many at once. */
void http_case_open(struct http_case *test, unsigned connections);

/* The same with bounds of the test's own: what is set of connections_max, body_limit, bodies_max and
 * patience. */
void http_case_open_with(struct http_case *test, const struct http_settings *bounds);
void http_case_close(struct http_case *test);

/* With the loop held: answers all that is kept. */
void http_case_answer(struct http_case *test);

/* With the loop free: waits until as many are kept. */
void http_case_until_kept(struct http_case *test, size_t count);

/* One exchange on a connection of its own; the status, 0 for none. */
unsigned http_case_ask(struct http_case *test, const char *request, struct raw_answer *answer);

#endif
