#include "tests/store/wound.h"

#include <string.h>

struct search {
    const char *words;
    bool found;
};

static void look_for(void *context, bool ok, const char *sentence)
{
    struct search *search = context;
    if (!ok && strstr(sentence, search->words) != NULL)
        search->found = true;
}

static void run(const struct wound *wound, int64_t capacity, void (*trade)(struct fixture *fixture))
{
    struct fixture fixture;
    struct search search = {wound->finding, false};
    fixture_open(&fixture, capacity);
    trade(&fixture);
    CU_ASSERT_EQUAL(fixture_broken(&fixture, NULL), 0);
    fixture_sql(&fixture, "%s", wound->sql);
    struct store *reader = fixture_reader(&fixture);
    store_audit(reader, look_for, &search);
    CU_ASSERT_TRUE(search.found);
    store_close(reader);
    fixture_discard(&fixture);
}

void wound_run(const struct wound *wounds, size_t count, int64_t capacity,
               void (*trade)(struct fixture *fixture))
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(wounds[i].name, CU_get_current_test()->pName) == 0)
            run(&wounds[i], capacity, trade);
}

void wound_add(const char *suite, const struct wound *wounds, size_t count, void (*test)(void))
{
    for (size_t i = 0; i < count; i++)
        suite_add(suite, wounds[i].name, test);
}
