#include "tests/store/wound.h"

#include <stdlib.h>
#include <string.h>

static struct fixture_case cases[WOUNDS_MAX]; /* and of each, what it is: */
static const struct wound *wound_of[WOUNDS_MAX];
static void (*trade_of[WOUNDS_MAX])(struct fixture *fixture);
static size_t case_count;

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

static void run(struct fixture *fixture, const struct wound *wound)
{
    struct search search = {wound->finding, false};
    CU_ASSERT_EQUAL(fixture_broken(fixture, NULL), 0);
    fixture->damaged = true;
    fixture_unguard(fixture, NULL);
    fixture_sql(fixture, "%s", wound->sql);
    struct store *reader = fixture_reader(fixture);
    store_audit(reader, look_for, &search);
    CU_ASSERT_TRUE(search.found);
    store_close(reader);
}

static void damaged(struct fixture *fixture)
{
    for (size_t i = 0; i < case_count; i++) {
        if (cases[i].name != fixture->name)
            continue;
        trade_of[i](fixture);
        run(fixture, wound_of[i]);
    }
}

void wound_add(const char *engine, const char *suite, const struct wound *wounds, size_t count,
               int64_t capacity, void (*trade)(struct fixture *fixture))
{
    size_t first = case_count;
    if (count > WOUNDS_MAX - case_count)
        abort();
    for (size_t i = 0; i < count; i++, case_count++) {
        cases[case_count] = (struct fixture_case){wounds[i].name, capacity, damaged};
        wound_of[case_count] = &wounds[i];
        trade_of[case_count] = trade;
    }
    fixture_add_on(engine, suite, &cases[first], count);
}
