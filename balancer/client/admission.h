/* Shedding load: whether a further purchase can still be decided in time, or is better refused at once.
 *
 * Where more comes than is decided, all wait longer and longer, and in the end each is decided too late: no more
 * may be under way than what is decided within a share of the time that a purchase has. That is a smaller share
 * where some wait for room: while flights still take on passengers, refusing them would only make the flights
 * smaller, and what is decided less. How fast it goes shows only while as much is under way as fills some flights;
 * at other times it is not known, and nobody is refused.
 *
 * Pure; one thread. Times are clock_monotonic(), of which the calls are told in order. */
#ifndef BOX_OFFICE_ADMISSION_H
#define BOX_OFFICE_ADMISSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct admission {
    size_t little;   /* nobody is refused while no more is under way */
    double rate;     /* decided in a second, of late; below 0: not known */
    int64_t since;   /* of what is counted now; 0: too little is under way to tell */
    int64_t decided; /* since then */
    int64_t calm;    /* since when too little is */
    int64_t
        shortest; /* from boarding a flight to the decision, since the last turn, microseconds; below 0:
                         there was none */
    int64_t latency;  /* the same, of late */
    uint64_t refused; /* so far */
};

/* For one of so many workers, who share the store. */
void admission_open(struct admission *admission, size_t workers);

/* A purchase was decided, so many microseconds after it had boarded a flight. */
void admission_decided(struct admission *admission, int64_t latency);

/* Once per turn of the loop: how many are under way, waiting or on board. */
void admission_turn(struct admission *admission, int64_t now, size_t under_way);

/* Whether one more is too many; it counts as refused then. `waiting`: so many of those under way wait for room. */
bool admission_refuses(struct admission *admission, size_t under_way, size_t waiting);

/* Whether one that boards now has too little time left to be decided. */
bool admission_too_late(const struct admission *admission, int64_t left);

#endif
