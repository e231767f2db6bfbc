/* A copy that is put back in the midst of a walk: what was decided since is undone, in the store and in the oracle. */
#include <stdio.h>

#include "tests/store/clock.h"
#include "tests/store/walk.h"

static void back_up(struct walk *walk, const struct fixture *fixture, const char *copy)
{
    char error[STORE_ERROR_SIZE] = "";
    if (!store_backup(fixture->url, copy, NULL, NULL, error))
        walk_differ(walk, "no copy was made: %.400s", error);
}

static void put_back(struct walk *walk, const struct fixture *fixture, const char *copy)
{
    char error[STORE_ERROR_SIZE] = "";
    struct store_restored restored;
    clock_run(); /* what is moved aside is named after the time */
    if (!store_restore(fixture->url, copy, NULL, NULL, &restored, error))
        walk_differ(walk, "no copy was put back: %.400s", error);
    clock_stop(walk->now);
}

static void name_copy(const struct walk *walk, char path[FIXTURE_URL_SIZE])
{
    static unsigned number;
    snprintf(path, FIXTURE_URL_SIZE, "%s/copy-%u.db", walk->fixture->directory, ++number);
}

/* By way of a fresh store of the other engine. */
static void go_there_and_back(struct walk *walk, struct walk_copy *copy)
{
    struct fixture other;
    struct store_memory fresh = {0};
    fixture_open_other(&other, walk->fixture, 0);
    put_back(walk, &other, copy->path);
    memory_put_back(&copy->memory, &fresh);
    name_copy(walk, copy->path);
    back_up(walk, &other, copy->path);
    fixture_close(&other);
    clock_stop(walk->now); /* a fixture's end lets it run */
    walk->met->events[MET_OTHER_ENGINE]++;
}

void walk_back_up(struct walk *walk, struct walk_copy *copy)
{
    name_copy(walk, copy->path);
    back_up(walk, walk->fixture, copy->path);
    memory_clone(&copy->memory, &walk->memory);
    if (dice_roll(&walk->dice, 2) == 0)
        go_there_and_back(walk, copy);
}

void walk_put_back(struct walk *walk, struct walk_copy *copy)
{
    put_back(walk, walk->fixture, copy->path);
    if (walk->faults != NULL)
        walk->faults->adopt();
    memory_put_back(&copy->memory, &walk->memory);
    memory_free(&walk->memory);
    walk->memory = copy->memory;
    walk->met->events[MET_PUT_BACK]++;
}
