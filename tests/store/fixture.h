/* A store of a test's own, on each engine in turn, with what tests do behind its back.
 *
 * What goes wrong in here is a failed assertion. Main thread only. */
#ifndef BOX_OFFICE_TEST_FIXTURE_H
#define BOX_OFFICE_TEST_FIXTURE_H

#include <stdbool.h>

#include "db/store.h"
#include "tests/lib/files.h"
#include "tests/lib/suite.h"
#include "tests/store/basket.h"

enum {
    FIXTURE_URL_SIZE = FILES_PATH_SIZE + 64,
    FIXTURE_SECONDS = 30, /* deadline of what a test waits for */
};

/* When a process dies by a signal that nobody can catch: so many of its engine's small steps from now;
 * right before its next commit, and right behind it. */
enum fixture_moment {
    FIXTURE_STEPS,
    FIXTURE_BEFORE_COMMIT,
    FIXTURE_BEHIND_COMMIT,
    FIXTURE_MOMENTS,
};

/* An engine under test: where a store of it lies, direct SQL, and what its seller is made to do. */
struct fixture_engine {
    const char *name;
    void (*place)(const char *directory, char url[FIXTURE_URL_SIZE]);
    void (*sql)(const char *url, const char *sql);
    void (*hasten)(struct store *seller);
    void (*die_at)(struct store *seller, enum fixture_moment moment, int steps);
};

struct fixture {
    const struct fixture_engine *engine;
    char directory[FILES_PATH_SIZE];
    char url[FIXTURE_URL_SIZE];
};

/* A case of the conformance suite. It is run on a fresh store of each engine that holds the event
 * `demo` (tier `standard`, 2500 EUR, at most 10 in an order) with that capacity (0: no event), and
 * the store is audited at its end. */
struct fixture_case {
    const char *name;
    int64_t capacity;
    void (*body)(struct fixture *fixture);
};

/* Registers the cases as tests of that suite. */
void fixture_add(const char *suite, const struct fixture_case *cases, size_t count);

/* A fresh store on the first engine, for tests that are about its files. */
void fixture_open(struct fixture *fixture, int64_t capacity);
void fixture_close(struct fixture *fixture); /* audits first */
void fixture_discard(struct fixture *fixture);

/* Another fresh store in its place, of the same engine. */
void fixture_renew(struct fixture *fixture, int64_t capacity);

/* Runs SQL behind the store's back. The schema is alike on all engines. */
void fixture_sql(struct fixture *fixture, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* This seller need not outlive a power cut: it does not wait for the disk. */
void fixture_hasten(struct fixture *fixture, struct store *seller);

/* This process dies at that moment of the seller's work. For children. */
void fixture_die_at(struct fixture *fixture, struct store *seller, enum fixture_moment moment,
                    int steps);

/* Adds a tier, 1000 EUR, at most 10 in an order; and its event, where it is the tier 1. */
void fixture_tier(struct fixture *fixture, int event, const char *event_name, int tier,
                  const char *tier_name, int64_t capacity);

struct store *fixture_seller(struct fixture *fixture, const char *server);
struct store *fixture_reader(struct fixture *fixture);

/* What the store says is sold of the tier, by a reader of its own; -1: no such tier. */
int64_t fixture_sold(struct fixture *fixture, const char *event, const char *tier);

/* How many findings of the audit are broken; the last such sentence, where wanted. */
unsigned fixture_broken(struct fixture *fixture, char sentence[512]);

#endif
