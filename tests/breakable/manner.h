/* How a breakable server behaves for the time being, and how that is spelled.
 *
 *     WORD[-flights] [MILLISECONDS]      e.g. "pass", "slow 300", "error-flights"
 *
 * With "-flights", only POST /flights is treated so, and all else passes: such a server looks well to who
 * checks it. Not so with reset and closed, which strike connections. Any thread. */
#ifndef BOX_OFFICE_TEST_MANNER_H
#define BOX_OFFICE_TEST_MANNER_H

#include <stdbool.h>
#include <stdint.h>

enum manner_kind {
    MANNER_PASS,  /* requests and answers go through as they are */
    MANNER_NEVER, /* requests are taken, and never answered */
    MANNER_GARBAGE, /* answered with bytes that are no HTTP, or with 200 and a body that makes no sense, in turn */
    MANNER_ERROR,  /* answered with 500, at once */
    MANNER_RESET,  /* every connection is reset */
    MANNER_SLOW,   /* each answer comes later */
    MANNER_CLOSED, /* nobody listens, and the connections there were are closed */
    MANNER_HALF,   /* the connection ends in the middle of an answer */
    MANNERS,
};

enum {
    MANNER_TEXT_SIZE = 64,
    MANNER_DELAY_MAX = 60000, /* milliseconds */
};

struct manner {
    enum manner_kind kind;
    bool flights;
    int64_t delay; /* milliseconds; of MANNER_SLOW */
};

/* Reads it; false where it is spelled otherwise, and *manner is left alone. */
bool manner_parse(const char *text, struct manner *manner);

#endif
