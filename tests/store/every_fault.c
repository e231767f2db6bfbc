/* Every call of the disk's fails once, at each step of what a seller does: whatever was told is there, also after a
 * power cut, what was refused is not, and the store sells again once the disk works. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/buffer.h"
#include "db/sqlite/handle.h"
#include "tests/lib/dice.h"
#include "tests/store/changes.h"
#include "tests/store/faulty_vfs.h"
#include "tests/store/fixture.h"
#include "tests/store/forgetful_vfs.h"

enum {
    STEPS_MAX = 16,
    ITEMS_MAX = 4, /* of one step */
    TRIES_MAX = 4, /* a disk that fails once or is mended lets a step through by then */
    CAPACITY = 12,
    RAISED = 14,
};

/* What happens to the store after the fault. */
enum aftermath {
    GOES_ON, /* the same handle sells on; the power fails at the end */
    CUT,     /* the power fails at once */
    AFTERMATHS,
};

/* A step that was asked, with what was told. */
struct asked {
    struct basket basket; /* owned */
    struct outcome told[ITEMS_MAX];
};

struct run {
    struct fixture *fixture;
    enum faulty_call call;
    int n;
    bool dead;
    enum aftermath aftermath;
    struct store *seller; /* NULL: not open */
    struct asked asked[STEPS_MAX];
    size_t count;
    bool cut_done;
    unsigned wrong;
};

struct tally {
    unsigned runs, faults, refused, unknown, durable, not_opened;
};
static struct tally tally;

static const char *path_of(const struct fixture *fixture)
{
    return strchr(fixture->url, ':') + 1;
}

static void wrong(struct run *run, const char *what)
{
    if (run->wrong++ == 0)
        printf("  the %d. %s%s, %s, step %zu: %s (%s)\n", run->n, faulty_name(run->call),
               run->dead ? " and all later ones" : "",
               run->aftermath == CUT ? "then a power cut" : "no power cut", run->count, what,
               run->seller != NULL ? store_error(run->seller) : "");
}

/* --- opening -------------------------------------------------------------------------------- */

/* So small a journal that folding it, and beginning it anew, are among the steps. */
static void fold_often(struct store *seller)
{
    CU_ASSERT(connection_execute(&((struct handle *)seller)->connection,
                                 "PRAGMA wal_autocheckpoint = 8"));
}

static bool open_seller(struct run *run)
{
    for (int tries = 0; tries < TRIES_MAX && run->seller == NULL; tries++) {
        char error[STORE_ERROR_SIZE] = "";
        run->seller = store_open_seller(run->fixture->url, "server-1", error);
        if (run->seller != NULL)
            break;
        tally.not_opened++;
        if (faulty_met() == 0 || error[0] == '\0')
            wrong(run, error[0] == '\0' ? "not opened, without a reason" : error);
        if (tries > 0)
            faulty_mend();
    }
    if (run->seller == NULL)
        wrong(run, "the store does not open again");
    else
        fold_often(run->seller);
    return run->seller != NULL;
}

/* As the end of a process does it: nothing more is written. */
static void drop_seller(struct run *run)
{
    if (run->seller == NULL)
        return;
    faulty_away(true);
    store_close(run->seller);
    faulty_away(false);
    run->seller = NULL;
}

/* --- asking --------------------------------------------------------------------------------- */

static void expect_same(struct run *run, const struct asked *asked, size_t i)
{
    const struct outcome *told = &asked->told[i], *now = basket_outcome(&asked->basket, i);
    if (now->problem != told->problem)
        wrong(run, "another outcome than was told");
    else if (now->problem == PROBLEM_NONE && asked->basket.items[i].verb != VERB_CHECK_IN &&
             !id_equal(&now->sale.id, &told->sale.id))
        wrong(run, "another order than was told");
    else if (told->sale.first_number != 0 && now->sale.first_number != 0 &&
             now->sale.first_number != told->sale.first_number)
        wrong(run, "other tickets than were told");
    else if (!now->replayed)
        wrong(run, "what was told was forgotten");
}

/* The disk works: everybody is told again what they were told. */
static void verify(struct run *run)
{
    faulty_mend();
    if (!open_seller(run))
        return;
    for (size_t i = 0; i < run->count; i++) {
        struct asked *asked = &run->asked[i];
        if (basket_decide(&asked->basket, run->seller) != STORE_DURABLE) {
            wrong(run, "cannot be asked again");
            return;
        }
        for (size_t k = 0; k < asked->basket.count; k++)
            expect_same(run, asked, k);
    }
}

static void cut(struct run *run)
{
    drop_seller(run);
    faulty_mend();
    forgetful_cut((unsigned)run->n * 5 % 9);
    run->cut_done = true;
    verify(run);
}

/* Only a commit can end so: nobody knows whether it reached the disk. */
static bool may_be_unknown(enum faulty_call call)
{
    return call == FAULTY_WRITE || call == FAULTY_SYNC || call == FAULTY_INDEX ||
           call == FAULTY_INDEX_FULL || call == FAULTY_INDEX_LOCK;
}

/* Whether it was decided; else it is to be asked again. */
static bool judge(struct run *run, enum store_result result)
{
    switch (result) {
    case STORE_DURABLE:
        tally.durable++;
        return true;
    case STORE_REFUSED:
        tally.refused++;
        if (store_error(run->seller)[0] == '\0')
            wrong(run, "refused without a reason");
        break;
    case STORE_UNKNOWN:
        tally.unknown++;
        if (!may_be_unknown(run->call))
            wrong(run, "unknown where nothing was being committed");
        drop_seller(run); /* and the process ends */
        break;
    case STORE_IN_DOUBT:
    case STORE_FENCED:
        wrong(run, "fenced by nobody, or a store that is another process");
    }
    if (faulty_met() == 0)
        wrong(run, "not decided, without a fault");
    return false;
}

/* After a fault the power may fail. A disk that is dead is tried twice before it is mended. */
static void after(struct run *run, int tries)
{
    if (run->aftermath == CUT && !run->cut_done && faulty_met() > 0)
        cut(run);
    else if (tries > 0)
        faulty_mend();
}

static void note(struct run *run, struct asked *asked, bool untouched)
{
    for (size_t i = 0; i < asked->basket.count; i++) {
        asked->told[i] = *basket_outcome(&asked->basket, i);
        if (untouched && asked->told[i].replayed)
            wrong(run, "what was refused has changed something");
    }
    run->count++;
}

/* Asks until it is decided. */
static void ask(struct run *run)
{
    struct asked *asked = &run->asked[run->count];
    bool untouched = true;
    CU_ASSERT_FATAL(run->count < STEPS_MAX && asked->basket.count <= ITEMS_MAX);
    for (int tries = 0; tries < TRIES_MAX && run->wrong == 0; tries++) {
        if (!open_seller(run))
            return;
        enum store_result result = basket_decide(&asked->basket, run->seller);
        if (judge(run, result)) {
            note(run, asked, untouched);
            after(run, 0);
            return;
        }
        untouched &= result == STORE_REFUSED;
        after(run, tries);
    }
    wrong(run, "not decided though the disk works");
}

static struct basket *next(struct run *run)
{
    return &run->asked[run->count].basket;
}

static const struct id *order_of(const struct run *run, size_t step, size_t i)
{
    return &run->asked[step].told[i].sale.id;
}

/* A change may be made again: it says what is to be. */
static void raise_capacity(struct run *run)
{
    struct tier_terms terms = tier_terms("standard", RAISED);
    struct change change = {
        .kind = CHANGE_TIER, .set = SET_CAPACITY, .tiers = &terms, .tier_count = 1};
    strcpy(change.event.name, "demo");
    for (int tries = 0; tries < TRIES_MAX && run->wrong == 0; tries++) {
        if (!open_seller(run))
            return;
        if (judge(run, store_change(run->seller, &change))) {
            after(run, 0);
            return;
        }
        after(run, tries);
    }
    wrong(run, "not changed though the disk works");
}

/* --- the script ----------------------------------------------------------------------------- */

static void buy_some(struct run *run)
{
    basket_add(next(run), "key-of-the-first-one", 3);
    basket_add(next(run), "key-of-the-second-one", 2);
    basket_add(next(run), "key-of-who-wants-too-much", 10);
    ask(run);
}

static void hold_and_confirm(struct run *run)
{
    size_t held = run->count;
    basket_hold(next(run), "key-of-who-holds", "", 2);
    basket_hold(next(run), "key-of-who-lets-go", "", 1);
    ask(run);
    basket_confirm(next(run), order_of(run, held, 0), "payment-1");
    basket_release(next(run), order_of(run, held, 1));
    ask(run);
}

static void refund_and_check_in(struct run *run)
{
    basket_refund(next(run), order_of(run, 0, 1));
    basket_check_in(next(run), "key-of-the-gate-keeper", 1, "North");
    ask(run);
}

static void close_and_open(struct run *run)
{
    if (run->seller != NULL)
        store_close(run->seller);
    run->seller = NULL;
    after(run, 0);
    basket_add(next(run), "key-of-the-last-one", 1);
    ask(run);
}

static void script(struct run *run)
{
    static void (*const steps[])(struct run * run) = {
        buy_some, hold_and_confirm, raise_capacity, refund_and_check_in, close_and_open,
    };
    for (size_t i = 0; i < sizeof steps / sizeof *steps && run->wrong == 0; i++)
        steps[i](run);
}

static void note_counts(void *context, const struct tier_counts *counts)
{
    *(struct tier_counts *)context = *counts;
}

/* 3 + 2 + 2 + 1 sold, 2 of them refunded; nothing is held. */
static void compare(struct run *run)
{
    char sentence[512] = "";
    struct tier_counts counts = {.sold = -1};
    if (store_read_tiers(run->seller, "demo", note_counts, &counts) != STORE_FOUND ||
        counts.sold != 6 || counts.held != 0 || counts.capacity != RAISED)
        wrong(run, "other counts than were told");
    if (fixture_broken(run->fixture, sentence) > 0)
        wrong(run, sentence);
}

/* A store as it was made, folded: its file. */
struct fresh {
    struct fixture fixture;
    struct buffer content;
};

static void make_fresh(struct fresh *fresh)
{
    fixture_open(&fresh->fixture, CAPACITY);
    store_close(fixture_seller(&fresh->fixture, "server-1"));
    fresh->content = (struct buffer){0};
    files_read(path_of(&fresh->fixture), &fresh->content);
}

static void put_fresh(const struct fresh *fresh)
{
    static const char *const endings[] = {"-wal", "-shm"};
    char path[FIXTURE_URL_SIZE + 8];
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        snprintf(path, sizeof path, "%s%s", path_of(&fresh->fixture), endings[i]);
        unlink(path);
    }
    files_write(path_of(&fresh->fixture), fresh->content.data, fresh->content.length);
}

/* One run; false where it met no fault. */
static bool fault(struct fresh *fresh, enum faulty_call call, int n, bool dead,
                  enum aftermath aftermath)
{
    static struct run run;
    run = (struct run){.fixture = &fresh->fixture, .call = call, .n = n, .dead = dead};
    run.aftermath = aftermath;
    put_fresh(fresh);
    forgetful_install((uint64_t)n);
    faulty_install();
    faulty_arm(call, n, dead);
    script(&run);
    int met = faulty_met();
    if (run.wrong == 0)
        cut(&run);
    if (run.wrong == 0)
        compare(&run);
    drop_seller(&run);
    tally.runs++;
    tally.faults += (unsigned)met;
    for (size_t i = 0; i < STEPS_MAX; i++)
        basket_free(&run.asked[i].basket);
    faulty_remove();
    forgetful_remove();
    CU_ASSERT_EQUAL_FATAL(run.wrong, 0);
    return met > 0;
}

/* Of the four ways in which a call can fail one each, in turn; or all of them. */
static bool fault_in_turn(struct fresh *fresh, enum faulty_call call, int n, uint64_t seed)
{
    bool all = faulty_every(), met = false;
    if (!faulty_take_turns(&call, n + (int)(seed % 6)))
        return false;
    for (unsigned way = 0; way < 2 * AFTERMATHS; way++)
        if (all || way == ((unsigned)n + call + seed) % (2 * AFTERMATHS))
            met |= fault(fresh, call, n, way % 2 == 1, (enum aftermath)(way / 2));
    return met;
}

static void every_call_fails(void)
{
    struct fresh fresh;
    uint64_t seed = dice_seed();
    tally = (struct tally){0};
    make_fresh(&fresh);
    for (enum faulty_call call = 0; call < FAULTY_CALLS; call++)
        for (int n = 1; fault_in_turn(&fresh, call, n, seed); n++)
            continue;
    buffer_free(&fresh.content);
    fixture_discard(&fresh.fixture);
    printf("  %u runs met %u faults: %u refused, %u unknown, %u not opened, %u durable\n",
           tally.runs, tally.faults, tally.refused, tally.unknown, tally.not_opened, tally.durable);
    CU_ASSERT(tally.refused > 0 && tally.unknown > 0 && tally.not_opened > 0);
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("sqlite faults", "every call of the disk fails", every_call_fails);
}
