/* What somebody asks of the admin API about a server, read strictly. Pure; any thread. */
#ifndef BOX_OFFICE_WISHES_H
#define BOX_OFFICE_WISHES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/outcome.h"
#include "common/problem.h"
#include "common/routing_line.h"
#include "common/socket.h"

enum {
    WISH_DRAIN_SECONDS = 30,       /* unless it says otherwise */
    WISH_DRAIN_SECONDS_MAX = 3600, /* an hour */
};

/* A server to be added, or one that joins. */
struct server_wish {
    char id[SERVER_SIZE];         /* "" where the body has none */
    char pool[ROUTING_NAME_SIZE]; /* "tickets" where it has none */
    char address[ADDRESS_SIZE];   /* numeric, one that can be connected to */
    int64_t weight;               /* 1 to MEMBER_WEIGHT_MAX; 1 where it has none */
    bool heartbeat;               /* it says that it is still there */
};

/* Reads {"id","pool","url","weight"} (`named`), or {"pool","url","weight","heartbeat"}. PROBLEM_NONE, or
 * PROBLEM_MALFORMED (400: syntax, a wrong type, an unknown, repeated or missing field) or
 * PROBLEM_INVALID_SERVER (422: a value breaks a rule), with a precise sentence in `detail`. */
enum problem wish_server(const char *body, size_t length, bool named, struct server_wish *wish,
                         char detail[PROBLEM_DETAIL_SIZE]);

/* Reads {"state":"drain"} or {"state":"ready"}. */
enum problem wish_state(const char *body, size_t length, bool *drain,
                        char detail[PROBLEM_DETAIL_SIZE]);

/* Reads a raw query, with its '?' or "": "?drain=30s" (or ms; 0: at once) in microseconds. */
enum problem wish_query(const char *query, int64_t *drain, char detail[PROBLEM_DETAIL_SIZE]);

/* Reads "http://127.0.0.1:9001", with or without a '/' behind it; "localhost" is 127.0.0.1. False with what
 * is wrong with it. */
bool wish_url(const char *url, char address[ADDRESS_SIZE], char detail[PROBLEM_DETAIL_SIZE]);

#endif
