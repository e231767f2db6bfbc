/* What the buyers of a rush were answered: counted, timed, and their ticket numbers kept.
 *
 * One thread. Memory grows with the number of answers and tickets. */
#ifndef BOX_OFFICE_RUSH_TALLY_H
#define BOX_OFFICE_RUSH_TALLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/outcome.h"

enum {
    TALLY_SERVERS_MAX = 128,
    TALLY_CODES_MAX = 16, /* different errors told apart */
    TALLY_CODE_SIZE = 40,
};

/* How often each code came; the last entry gathers what finds no room. */
struct tally_codes {
    struct tally_code {
        char code[TALLY_CODE_SIZE];
        int64_t count;
    } list[TALLY_CODES_MAX];
    size_t count;
};

struct tally {
    int64_t sold;     /* purchases */
    int64_t tickets;  /* in them */
    int64_t sold_out; /* buyers told so */
    int64_t failed;   /* buyers who got another error, or no answer, in the end */
    int64_t unclear;  /* those of them whose purchase may have been sold all the same */
    int64_t repeats;  /* requests sent again with the same key */
    int64_t late;     /* buyers, at a rate, whose request left more than 1 ms after its moment */
    int64_t wrong;    /* answers that are no sale and no problem, or a sale of another size */
    struct tally_server {
        char id[SERVER_SIZE];
        int64_t tickets;
    } servers[TALLY_SERVERS_MAX];
    size_t server_count;
    struct tally_codes errors;  /* of those who failed, in the end */
    struct tally_codes reasons; /* of repeats */
    int64_t *numbers;           /* owned; one per ticket */
    size_t number_count, number_room;
    int64_t *latencies; /* owned; µs, one per answered buyer, sorted by tally_sort */
    size_t latency_count, latency_room;
    int64_t last_sale; /* clock_monotonic() of the last one counted; 0: none */
};

/* One buyer's last answer to a purchase of `quantity` tickets; status 0 where none came, for the
 * reason in `body`. `latency` is from the first request, or the moment at which it was due, to this. */
void tally_add(struct tally *tally, unsigned status, const char *body, size_t length, int quantity,
               int64_t latency);

/* An answer (as above) that was not the last: the request is sent again with the same key. */
void tally_repeat(struct tally *tally, unsigned status, const char *body, size_t length);

/* Sorts what was kept; before the two that follow. */
void tally_sort(struct tally *tally);

/* Tickets whose number another buyer got too; the first such number goes to *example. */
int64_t tally_duplicates(const struct tally *tally, int64_t *example);

/* The latency that so many percent of the buyers did not exceed; 0 where there were none. */
int64_t tally_percentile(const struct tally *tally, int percent);

void tally_free(struct tally *tally);

#endif
