/* What the parts of the HTTP server share: http.c has connections and the daemon, http_request.c a
 * request on its way in, http_answer.c its answer on the way out. Nobody else includes this. */
#ifndef BOX_OFFICE_HTTP_PARTS_H
#define BOX_OFFICE_HTTP_PARTS_H

#include <microhttpd.h>
#include <netinet/in.h>

#include "common/crowd.h"
#include "common/farewell.h"
#include "common/http.h"
#include "common/patience.h"

enum {
    HTTP_CLIENT_SIZE = INET6_ADDRSTRLEN,
};

/* A connection's request: one after the other, in the same memory. */
struct http_request {
    struct http_server *server;
    struct MHD_Connection *connection;
    const char *method; /* libmicrohttpd's, as is the path */
    const char *path;
    struct buffer body;
    size_t body_max;
    size_t discarded;
    enum problem turned_away; /* the body has no place */
    bool chunked;
    bool handed;          /* the handler has it, or had it */
    bool suspended;       /* MHD leaves the connection alone until it is resumed */
    bool answered;        /* what follows is set */
    bool last;            /* on its connection, which is closed then */
    unsigned status;      /* of the answer */
    struct buffer answer; /* its fields, name and value each ended by a NUL; then the body */
    size_t answer_body;   /* where that begins */
    struct http_request *next_answered;
};

/* One client's connection. */
struct http_connection {
    struct patience_record patience;
    struct farewell farewell;
    char client[HTTP_CLIENT_SIZE];
    size_t target_length; /* of the request line that came last, with its query */
    const char *target_problem;
    struct http_request request;
};

struct http_server {
    struct http_settings settings;
    struct loop *loop;
    struct MHD_Daemon *daemon;
    struct patience patience;
    struct farewells farewells;
    size_t bodies; /* bytes of all requests' */
    size_t unanswered;
    size_t connections; /* when last looked at */
    struct crowd crowd;
    bool quiesced;
    struct http_request *answered; /* suspended ones whose answer is ready */
};

/* The client whose request it is, or whose connection. */
struct http_connection *http_client_of(const struct http_request *request);
struct http_connection *http_connection_of(struct MHD_Connection *connection);

/* MHD_AccessHandlerCallback and MHD_RequestCompletedCallback; the context is the server. */
enum MHD_Result http_on_access(void *context, struct MHD_Connection *connection, const char *path,
                               const char *method, const char *version, const char *data,
                               size_t *length, void **state);
void http_on_completed(void *context, struct MHD_Connection *connection, void **state,
                       enum MHD_RequestTerminationCode how);

/* Gives the answer to libmicrohttpd. */
enum MHD_Result http_send(struct http_request *request);

#endif
