/* What an engine is to the store suite: where a store of it lies, and what tests do to it behind its back. Private to
 * the fixture; each engine's part has a file of its own. */
#ifndef BOX_OFFICE_TEST_FIXTURE_ENGINE_H
#define BOX_OFFICE_TEST_FIXTURE_ENGINE_H

#include "tests/store/fixture.h"

/* Functions that may be NULL have nothing to do on that engine. The SQL is what both engines understand, with
 * key_text(TEXT): a key that is no id as it is stored; zeroblob(N), randomblob(N): that many bytes. */
struct fixture_engine {
    const char *name;
    unsigned effort;     /* fixture_effort */
    bool (*built)(void); /* whether the product has it */
    void (*place)(const char *directory, char url[FIXTURE_URL_SIZE]);
    void (*discard)(const char *url);
    void (*sql)(const char *url, const char *sql); /* CHECKs may be in force */
    bool (*attempt)(const char *url, const char *sql);
    void (*unguard)(const char *url, struct store *seller);
    void (*on_insert)(const char *url, const char *table, const char *condition, const char *then);
    void (*on_insert_no_more)(const char *url, const char *table);
    void (*hasten)(struct store *seller);
    void (*die_at)(struct store *seller, enum fixture_moment moment, int steps);
    void (*settle)(void);
};

extern const struct fixture_engine fixture_sqlite, fixture_postgresql;

#endif
