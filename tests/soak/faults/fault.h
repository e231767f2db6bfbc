/* Faults that are linked around the product's objects, and switched by files in its log directory.
 *
 * The programs of build/faulty are those of build with some functions wrapped by the linker
 * (-Wl,--wrap=NAME); as long as no switch is there, they do what the product does. A switch is the file
 * "fault.NAME", whose first word may say more. Any thread. */
#ifndef BOX_OFFICE_SOAK_FAULT_H
#define BOX_OFFICE_SOAK_FAULT_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    FAULT_WORD_SIZE = 32,
};

#define FAULT_PREFIX      "fault."
#define FAULT_DISK_FULL   "disk-full"   /* no log can be written */
#define FAULT_SLOW_COMMIT "slow-commit" /* each takes so many milliseconds longer */
#define FAULT_BAD_DISK                                                                             \
    "bad-disk" /* of the store's: "write-K", "full-K" or "sync-K" fails every K-th of them */
#define FAULT_WRONG_CLOCK "wrong-clock" /* is so many seconds ahead, or behind */
#define FAULT_UNSYNCED    "unsynced"    /* the store is opened with synchronous = NORMAL */

/* What a ticket server does with flights; the switch is named like the server. */
#define FAULT_SILENT  "silent"  /* takes them, and never answers */
#define FAULT_DEAF    "deaf"    /* the same with every request, probes too */
#define FAULT_GARBAGE "garbage" /* answers 200 and garbage */
#define FAULT_500     "500"     /* answers 500 at once */

/* Names of buyers: what becomes of the server that decides their purchases. */
#define FAULT_DIES_BEFORE "dies-before" /* the commit: nothing is sold */
#define FAULT_DIES_AFTER  "dies-after"  /* the commit, and before the answer */

/* Whether this switch is there; then `word` receives its first word. */
bool fault_on(const char *name, char word[FAULT_WORD_SIZE]);

/* The same as of up to 2 ms ago, for what is asked very often. One switch's, FAULT_LATELY at first. */
struct fault_lately {
    pthread_mutex_t guard; /* of what is below */
    int64_t looked_at;
    bool on;
    char word[FAULT_WORD_SIZE];
};
#define FAULT_LATELY                                                                               \
    {                                                                                              \
        .guard = PTHREAD_MUTEX_INITIALIZER                                                         \
    }
bool fault_on_lately(struct fault_lately *lately, const char *name, char word[FAULT_WORD_SIZE]);

/* The value of this process's option (as in "--id server-1"); "" where it was not given. */
const char *fault_option(const char *option, char *value, size_t size);

#endif
