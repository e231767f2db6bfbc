/* What the parts of the HTTP server share: http.c has connections and the daemon, http_request.c a
 * request on its way in, http_answer.c its answer on the way out, http_stream.c both where they go in
 * pieces. Nobody else includes this. */
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
    HTTP_BUFFER_KEPT = 1024, /* bytes of a buffer that a connection keeps between its requests */
    HTTP_SPARES_MAX = 32,
    HTTP_SPARE_SIZE = 4096,
};

struct http_stream; /* http_stream.c's */

/* A connection's request: one after the other, in the same memory. */
struct http_request {
    struct http_server *server;
    struct MHD_Connection *connection;
    const char *method; /* libmicrohttpd's, as is the path */
    const char *path;
    const char *version;
    uint64_t length; /* of the body, as announced; 0 where it is not */
    struct buffer body;
    size_t body_max;
    size_t discarded;
    enum problem turned_away; /* the body has no place */
    bool chunked;
    const void *note;           /* http_set_note */
    bool handed;                /* the handler has it, or had it */
    bool suspended;             /* MHD leaves the connection alone until it is resumed ... */
    bool waking;                /* ... which is at the end of this turn */
    bool streamed;              /* the handler had it before its body */
    bool headed;                /* answered, and with a head of the handler's own */
    struct http_stream *stream; /* from http_stream until it is over */
    bool answered;              /* what follows is set */
    bool last;                  /* on its connection, which is closed then */
    unsigned status;            /* of the answer */
    struct buffer answer;       /* its fields, name and value each ended by a NUL; then the body */
    size_t answer_body;         /* where that begins */
    struct http_request *next_waking;
};

/* One client's connection. */
struct http_connection {
    struct patience_record patience;
    struct farewell farewell;
    char client[HTTP_CLIENT_SIZE];
    size_t target_length; /* of the request line that came last, with its query */
    const char *target_problem;
    struct buffer query; /* with its '?' and a NUL, where there is one */
    struct http_request request;
};

struct http_server {
    struct http_settings settings;
    struct loop *loop;
    struct MHD_Daemon *daemon;
    struct patience patience;
    struct farewells farewells;
    size_t bodies;    /* bytes of all requests' */
    uint64_t traffic; /* bytes of bodies so far, both ways */
    size_t unanswered;
    size_t connections; /* when last looked at */
    struct crowd crowd;
    bool quiesced;
    struct http_request *waking; /* suspended ones that have something to do, such as an answer */
    struct http_stream *streams; /* all that are not over */
    struct buffer
        spares[HTTP_SPARES_MAX]; /* answers' memory of up to HTTP_SPARE_SIZE each, for the next */
    size_t spare_count;
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

/* Makes room for so many bytes of an answer, and takes it back when the request has ended. Blocks of this
 * size, asked for and given back with each answer, would have malloc tidy up all the small ones each time. */
void http_answer_reserve(struct http_request *request, size_t length);
void http_answer_rest(struct http_request *request);

/* Gives the answer to libmicrohttpd. */
enum MHD_Result http_send(struct http_request *request);
void http_add_fields(struct MHD_Response *response, const char *name, const char *end);

/* Lets a suspended request be resumed at the end of this turn; nothing where it is not suspended. */
void http_wake(struct http_request *request);

/* A streamed request: its head has come; libmicrohttpd calls for it again; it has ended. */
enum MHD_Result http_stream_begin(struct http_request *request);
enum MHD_Result http_stream_access(struct http_request *request, const char *data, size_t *length);
void http_stream_end(struct http_request *request, bool whole);

/* The response to a request that is `headed`. */
struct MHD_Response *http_stream_response(struct http_request *request);

/* The client may have left. */
void http_stream_left(struct http_request *request);

/* Resumes whatever is suspended of them, for the daemon to be stopped. */
void http_streams_wake(struct http_server *server);

#endif
