/* Answers in JSON, with what else they need. The loop's thread only; the request is gone afterwards. */
#ifndef BOX_OFFICE_REPLIES_H
#define BOX_OFFICE_REPLIES_H

#include "common/http.h"

/* Answers with the reply's status and headers, a Request-Id, and the body, which gets its closing newline here and is
 * freed. */
void reply_body(struct http_request *request, struct http_reply *reply, struct buffer *body);

/* The same with this status; `name`, `value`: one more header, or NULL. */
void reply_json(struct http_request *request, unsigned status, struct buffer *body,
                const char *name, const char *value);

/* Refuses; `detail` NULL: the problem's own; `members`: "\"taken\":3", or NULL. */
void reply_problem(struct http_request *request, enum problem problem, const char *detail,
                   const char *members);

#endif
