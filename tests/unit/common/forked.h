/* What may end the process is run in a child of its own. Main thread, with no other thread running. */
#ifndef BOX_OFFICE_TEST_FORKED_H
#define BOX_OFFICE_TEST_FORKED_H

#include "common/buffer.h"

/* Zeroed to begin with; freed with forked_free. */
struct forked {
    int status; /* of the exit; -1: it was killed by a signal */
    struct buffer out, err;
};

/* Runs the body in a child, which exits with 77 where the body returns. */
void forked_run(struct forked *forked, void (*body)(void *context), void *context);
void forked_free(struct forked *forked);

enum {
    FORKED_RETURNED = 77,
};

/* Whether stdout, or stderr, holds that text. */
int forked_said(struct forked *forked, const char *text);
int forked_complained(struct forked *forked, const char *text);

#endif
