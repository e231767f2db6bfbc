#include "balancer/client/reads.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "balancer/routing/choose.h"
#include "common/clock.h"
#include "common/id.h"

enum {
    PATH_LENGTH_MAX = 256,
    ANSWER_BYTES_MAX = 1 << 20,
    TRIES_MAX = 3,       /* servers that are asked */
    UNDER_WAY_MAX = 512, /* reads of a worker; further ones are refused */
};

static const int64_t read_timeout = CLOCK_SECOND;

static const char path_characters[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-/";

struct reads {
    struct servers *servers;
    struct upstream *upstream;
    size_t under_way;
};

/* One read on its way. */
struct reading {
    struct reads *reads;
    struct http_request *http;
    char id[ID_TEXT_SIZE];
    unsigned tries;
    size_t server;
    unsigned start; /* of that server */
};

struct reads *reads_open(struct servers *servers, struct upstream *upstream)
{
    struct reads *reads = memory_new(sizeof *reads);
    reads->servers = servers;
    reads->upstream = upstream;
    return reads;
}

void reads_close(struct reads *reads)
{
    free(reads);
}

bool reads_path(const char *path)
{
    static const char root[] = "/events";
    size_t length = sizeof root - 1;
    return strncmp(path, root, length) == 0 && (path[length] == '\0' || path[length] == '/');
}

static void end(struct reading *reading)
{
    reading->reads->under_way--;
    free(reading);
}

static void answer(struct reading *reading, const struct upstream_answer *answer)
{
    struct http_reply reply = {
        .status = answer->status,
        .body = answer->body,
        .length = answer->length,
    };
    http_reply_field(&reply, "Request-Id", reading->id);
    if (answer->status == 503)
        http_reply_field(&reply, "Retry-After", "1");
    http_answer(reading->http, &reply);
    end(reading);
}

static void refuse(struct reading *reading, enum problem problem, const char *detail)
{
    http_refuse(reading->http, problem, detail, NULL);
    end(reading);
}

static void try_next(struct reading *reading);

/* A read that is merely late may have waited for its turn here: whether a server hangs is the probe's
 * business. */
static void server_failed(const struct reading *reading, const char *error)
{
    char why[ROUTING_WHY_SIZE];
    snprintf(why, sizeof why, "read: %.100s", error);
    servers_failed(reading->reads->servers, reading->server, reading->start, why);
}

static void read_done(void *context, const struct upstream_answer *upstream)
{
    struct reading *reading = context;
    struct routing_done over = {
        .request = reading->id,
        .status = upstream->status,
        .received = (int64_t)upstream->length,
        .how = upstream->answered ? END_ANSWERED
               : upstream->late   ? END_LATE
                                  : END_LOST,
    };
    servers_done(reading->reads->servers, reading->server, &over);
    if (upstream->answered) {
        answer(reading, upstream);
        return;
    }
    if (!upstream->late)
        server_failed(reading, upstream->error);
    if (reading->tries < TRIES_MAX)
        try_next(reading);
    else
        refuse(reading, PROBLEM_BAD_GATEWAY, "The ticket servers asked did not answer. Try again.");
}

static void try_next(struct reading *reading)
{
    struct reads *reads = reading->reads;
    struct server server;
    struct choice choice = {
        .request = reading->id,
        .client = http_client(reading->http),
        .route = "read",
        .pool = POOL_TICKETS,
        .policy = POLICY_ROUND_ROBIN,
        .pinned = SERVER_NONE,
    };
    if (choose_for_request(reads->servers, &choice, &reading->server) != CHOSEN) {
        refuse(reading, PROBLEM_NO_SERVER, "No ticket server is up. Try again in a moment.");
        return;
    }
    servers_get(reads->servers, reading->server, &server);
    reading->tries++;
    reading->start = server.start;
    struct upstream_request request = {
        .address = server.address,
        .path = http_path(reading->http),
        .timeout = read_timeout,
        .answer_max = ANSWER_BYTES_MAX,
        .done = read_done,
        .context = reading,
    };
    upstream_send(reads->upstream, &request);
}

void reads_accept(struct reads *reads, struct http_request *http)
{
    const char *method = http_method(http);
    const char *path = http_path(http);
    if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0) {
        http_refuse(http, PROBLEM_METHOD_NOT_ALLOWED, "This can only be read.", "GET, HEAD");
        return;
    }
    if (path[strspn(path, path_characters)] != '\0' || strlen(path) > PATH_LENGTH_MAX) {
        http_refuse(http, PROBLEM_NOT_FOUND, "There is nothing at this path.", NULL);
        return;
    }
    if (reads->under_way == UNDER_WAY_MAX) {
        http_refuse(http, PROBLEM_OVERLOADED, problem_detail(PROBLEM_OVERLOADED), NULL);
        return;
    }
    reads->under_way++;
    struct reading *reading = memory_new(sizeof *reading);
    struct id id = id_make();
    reading->reads = reads;
    reading->http = http;
    id_format(&id, reading->id);
    try_next(reading);
}
