/* A ticket server with bad manners: it takes requests, and answers them wrongly or never. What it keeps
 * unanswered it keeps to its end, which has to be a violent one. */
#include <string.h>

#include "common/http.h"
#include "common/outcome.h"
#include "tests/soak/faults/fault.h"

http_handler __real_accept_request, __wrap_accept_request;

static void answer_wrongly(struct http_request *request, const char *manner)
{
    static const char garbage[] = "\x01\xff{\"server\":\"server-1\",\"outcomes\":[[[\0]";
    struct http_reply reply = {.status = 200, .body = garbage, .length = sizeof garbage};
    if (strcmp(manner, FAULT_500) == 0)
        reply = (struct http_reply){.status = 500, .body = "", .length = 0};
    http_answer(request, &reply);
}

void __wrap_accept_request(void *context, struct http_request *request)
{
    char id[SERVER_SIZE], manner[FAULT_WORD_SIZE] = "";
    bool bad = fault_on(fault_option("--id", id, sizeof id), manner);
    bool deaf = bad && strcmp(manner, FAULT_DEAF) == 0;
    bool flight = strcmp(http_path(request), "/flights") == 0;
    if (!bad || (!flight && !deaf))
        __real_accept_request(context, request);
    else if (!deaf && strcmp(manner, FAULT_SILENT) != 0)
        answer_wrongly(request, manner);
}
