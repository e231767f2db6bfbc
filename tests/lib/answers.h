/* What the tests' client was answered by the product's public faces, kept for tests/api/check, which holds it
 * against the API's document.
 *
 * A JSON line each goes to the end of the file that API_ANSWERS names; where that is not set, nothing is kept.
 * Of answers that look alike (method, kind of path, status, type, code) 200 are kept, and whatever has a set of
 * members that was not seen before; longer ones count for more. Any thread. */
#ifndef BOX_OFFICE_TEST_ANSWERS_H
#define BOX_OFFICE_TEST_ANSWERS_H

#include "tests/lib/client.h"

/* Whoever listens there ("http://127.0.0.1:8080") speaks for the product, until answers_forget. What a
 * configuration of the test's own makes of a path is not documented: `configured`. At most 64; known ones may be
 * told again. */
void answers_from(const char *url, bool configured);
void answers_forget(void);

/* Keeps the answer, if it comes from one of those. */
void answers_keep(const struct query *query, struct response *response);

#endif
