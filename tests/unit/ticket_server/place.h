/* A store and a log directory of a test's own, with the event `demo`. Main thread only; what cannot be
 * had is a failed assertion that ends the test. */
#ifndef BOX_OFFICE_TEST_PLACE_H
#define BOX_OFFICE_TEST_PLACE_H

#include "db/store.h"
#include "tests/lib/files.h"

struct place {
    char directory[FILES_PATH_SIZE];
    char url[FILES_PATH_SIZE + 32];
    char log[FILES_PATH_SIZE]; /* the decision log of server-1 */
};

void place_open(struct place *place, int64_t capacity);
void place_close(struct place *place);

/* A fresh purchase from `demo`, with a key of ours, due in a minute. */
struct item place_item(int quantity);

#endif
