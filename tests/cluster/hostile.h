/* Hostile bytes, each row with what must become of it. Fixed data.
 *
 * A row is sent on a connection of its own, followed at once by a harmless request. `expect` lists the
 * answers that may come, in order, until the connection ends:
 *
 *   201, 404, …   a request was read as what it says, and answered
 *   400! …        refused by us: problem+json, and Connection: close
 *   4xx           refused by libmicrohttpd with a 4xx or 5xx of its own, and Connection: close
 *   cut           the same, or closed without a word
 *   +             the harmless request was answered: where the row ends is beyond doubt
 *
 * Whatever else a row holds that looks like a request is a purchase under HOSTILE_KEY: if one is ever
 * read, the store shows it. */
#ifndef BOX_OFFICE_TEST_HOSTILE_H
#define BOX_OFFICE_TEST_HOSTILE_H

#include <stddef.h>

struct hostile_row {
    const char *name;
    const char *rule; /* the section of an RFC, or what the attack is known as */
    const char *bytes;
    size_t length;
    const char *expect;
};

extern const struct hostile_row hostile_lengths[], hostile_chunks[], hostile_lines[],
    hostile_headers[];
extern const size_t hostile_lengths_count, hostile_chunks_count, hostile_lines_count,
    hostile_headers_count;

#define HOSTILE_KEY "smuggled-purchase-1"

#define HOSTILE_FORM "Content-Type: application/x-www-form-urlencoded\r\n"

/* A purchase's head without the lines that tell its length and end it; and a whole one. */
#define HOSTILE_POST "POST /purchases HTTP/1.1\r\nHost: x\r\n" HOSTILE_FORM
#define HOSTILE_BUY  HOSTILE_POST "Content-Length: 10\r\n\r\nevent=demo"

/* What must not be read as a request, and its length. */
#define HOSTILE_SMUGGLED                                                                           \
    HOSTILE_POST "Idempotency-Key: " HOSTILE_KEY "\r\nContent-Length: 10\r\n\r\nevent=demo"

#define HOSTILE_ROW(name, rule, bytes, expect)                                                     \
    {                                                                                              \
        name, rule, bytes, sizeof(bytes) - 1, expect                                               \
    }

#endif
