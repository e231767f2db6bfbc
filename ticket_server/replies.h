/* Answers in JSON, with what else they need. The loop's thread only; the request is gone afterwards. */
#ifndef BOX_OFFICE_REPLIES_H
#define BOX_OFFICE_REPLIES_H

#include "common/http.h"

/* Answers with the body, which gets its closing newline here and is freed, and a Request-Id. `name`, `value`: one
 * more header, or NULL. */
void reply_json(struct http_request *request, unsigned status, struct buffer *body,
                const char *name, const char *value);

/* Refuses; `detail` NULL: the problem's own; `members`: "\"taken\":3", or NULL. */
void reply_problem(struct http_request *request, enum problem problem, const char *detail,
                   const char *members);

#endif
