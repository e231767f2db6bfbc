/* GET /openapi.json: what this API is, as OpenAPI 3.1, out of the file beside this one. */
#include "ticket_server/accept.h"

/* The bytes become part of the program, so that it needs no file beside it and they cannot disagree. */
__asm__(".section .rodata\n"
        ".balign 8\n"
        "openapi_length:\n"
        ".8byte openapi_end - openapi_document\n"
        "openapi_document:\n"
        ".incbin \"ticket_server/openapi.json\"\n"
        "openapi_end:\n"
        ".previous\n");

extern const uint64_t openapi_length;
extern const char openapi_document[];

static void show_document(struct acceptor *acceptor, struct http_request *request,
                          const char *const *parts)
{
    char text[ID_TEXT_SIZE];
    struct id id = id_make();
    struct http_reply reply = {
        .status = 200, .body = openapi_document, .length = (size_t)openapi_length};
    (void)acceptor;
    (void)parts;
    id_format(&id, text);
    http_reply_field(&reply, "Request-Id", text);
    http_answer(request, &reply);
}

const struct route document_routes[] = {
    {"GET", "/openapi.json", 0, show_document},
    {0},
};
