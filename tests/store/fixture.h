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

struct fixture_engine; /* tests/store/fixture_engine.h */

struct fixture {
    const struct fixture_engine *engine;
    const char *name; /* of the case; NULL: it is no case's */
    bool damaged;     /* on purpose: its audit at the end is left out */
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

/* Registers the cases as tests of that suite, each once per engine: "its name [engine]"; or on the one engine that they
 * are about. */
void fixture_add(const char *suite, const struct fixture_case *cases, size_t count);
void fixture_add_on(const char *engine, const char *suite, const struct fixture_case *cases,
                    size_t count);

/* How many times as long as on the first engine what a test does takes: so many times less of it is enough. */
unsigned fixture_effort(const struct fixture *fixture);

/* A fresh store on the first engine, for tests that are about its files. */
void fixture_open(struct fixture *fixture, int64_t capacity);

/* A fresh store on the other engine. */
void fixture_open_other(struct fixture *other, const struct fixture *fixture, int64_t capacity);
void fixture_close(struct fixture *fixture); /* audits first */
void fixture_discard(struct fixture *fixture);

/* Another fresh store in its place, of the same engine. */
void fixture_renew(struct fixture *fixture, int64_t capacity);

/* Runs SQL behind the store's back. The schema is alike on all engines, but what is a BLOB in SQLite, and a key, is
 * bytes in PostgreSQL: zeroblob(N), randomblob(N) and key_text(TEXT) make them on both. */
void fixture_sql(struct fixture *fixture, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Whether the database's constraints accept it; it is undone. */
bool fixture_attempt(struct fixture *fixture, const char *sql);

/* Takes the CHECKs, and what refers to other tables, out of the way of this seller (NULL: nobody
 * sells), and of fixture_sql. */
void fixture_unguard(struct fixture *fixture, struct store *seller);

/* Each row that is inserted into the table, and of which the condition (on NEW) holds, runs a statement or, where it is
 * NULL, is refused; until that is undone. */
void fixture_on_insert(struct fixture *fixture, const char *table, const char *condition,
                       const char *then);
void fixture_on_insert_no_more(struct fixture *fixture, const char *table);

/* This seller need not outlive a power cut: it does not wait for the disk. */
void fixture_hasten(struct fixture *fixture, struct store *seller);

/* This process dies at that moment of the seller's work. For children. */
void fixture_die_at(struct fixture *fixture, struct store *seller, enum fixture_moment moment,
                    int steps);

/* Waits until nothing goes on any more that a process that is dead had begun. */
void fixture_settle(struct fixture *fixture);

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
