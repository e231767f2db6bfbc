/* A server that does nothing: it answers every request with 201 and a sale's length of JSON, through the
 * same HTTP code as ours. What a balancer does in front of it is all the balancer's own cost. */
#include <stdio.h>
#include <string.h>

#include "common/http.h"
#include "common/log.h"
#include "common/options.h"
#include "common/socket.h"

enum {
    CONNECTIONS_MAX = 4096,
    BODY_MAX = 16 * 1024,
    CONNECTION_MEMORY = 8 * 1024,
    ANSWER_LENGTH = 220, /* of a sale of one ticket */
};

static char answer_body[ANSWER_LENGTH];

static void answer(void *context, struct http_request *request)
{
    (void)context;
    struct http_reply reply = {.status = 201, .body = answer_body, .length = sizeof answer_body};
    http_answer(request, &reply);
}

int main(int argc, char **argv)
{
    const char *listen;
    const struct option_entry table[] = {
        {"listen", "ADDR:PORT", OPTION_TEXT, "127.0.0.1:8090", 0, 0, "where it listens", &listen},
    };
    log_name("nothing");
    options_read(table, 1, "nothing [options]", "Answers everything with 201.", argc, argv);
    memset(answer_body, ' ', sizeof answer_body);
    memcpy(answer_body, "{}", 2);
    struct loop *loop = loop_open();
    struct http_settings settings = {
        .listen_fd = socket_listen(listen),
        .connections_max = CONNECTIONS_MAX,
        .body_max = BODY_MAX,
        .connection_memory = CONNECTION_MEMORY,
        .handler = answer,
    };
    if (settings.listen_fd < 0)
        die(EXIT_TROUBLE, "cannot listen on %s", listen);
    if (http_open(loop, &settings) == NULL)
        return EXIT_TROUBLE;
    loop_run(loop);
    return EXIT_FINE;
}
