/* Buyers and readers at once, while servers and the router are killed and frozen: whatever they were
 * told must fit one box office that serves one after the other. SEED=N repeats a run, as far as the
 * machine does. */
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "tests/lib/audit.h"
#include "tests/lib/client.h"
#include "tests/lib/cluster.h"
#include "tests/lib/dice.h"
#include "tests/lib/linear.h"
#include "tests/lib/load.h"
#include "tests/lib/suite.h"
#include "tests/lib/wait.h"

enum {
    CAPACITY = 12000,
    SERVERS = 3,
    CLIENTS = 12,
    BLOWS = 12,
    RECENT = 6,     /* keys that others ask with, too */
    ANSWERS = 300,  /* while a server is frozen, and after all is sold */
    PATIENCE = 120, /* seconds */
    HASTY = 30,     /* one buyer in so many goes too early */
    HASTE = 30,     /* after so many milliseconds at most */
    QUANTITIES = 4,
};

static const char *const turned_away_codes[] = {"overloaded", "no_server", "expired",
                                                "store_unavailable"};
enum {
    TURNED_AWAY = sizeof turned_away_codes / sizeof *turned_away_codes,
};

/* What one client saw: its own thread's until it ends. */
struct witness {
    struct operation *operations; /* owned */
    struct sold *sales;           /* owned */
    size_t count, sold, room;
    int strange;
    char what[64]; /* the first strange answer */
};

struct scene {
    /* Fixed while clients run. */
    struct cluster cluster;
    int64_t capacity;
    uint64_t seed;
    struct witness witness[CLIENTS];

    atomic_size_t keys;
    atomic_size_t numbers; /* of clients, as they start */
    _Atomic int64_t sold;  /* the highest number that anybody was told */
    atomic_size_t answers;
    atomic_bool sold_out, ending;
    atomic_size_t turned_away[TURNED_AWAY]; /* purchases, by the code they were told */

    bool stuck; /* the main thread's: something did not come in time */
};

static void witness_room(struct witness *witness)
{
    if (witness->count < witness->room)
        return;
    witness->room = 2 * witness->room + 1024;
    witness->operations = realloc(witness->operations, witness->room * sizeof *witness->operations);
    witness->sales = realloc(witness->sales, witness->room * sizeof *witness->sales);
    if (witness->operations == NULL || witness->sales == NULL)
        abort();
}

static struct operation *witness_add(struct witness *witness, const struct operation *operation)
{
    witness_room(witness);
    witness->operations[witness->count] = *operation;
    return &witness->operations[witness->count++];
}

static void read_count(struct scene *scene, struct witness *witness, struct client *client)
{
    struct operation read = {.kind = OPERATION_READ, .begun = clock_monotonic()};
    read.told = client_sold(client, scene->cluster.url);
    read.ended = clock_monotonic();
    if (read.told < 0)
        return;
    witness_add(witness, &read);
    atomic_fetch_add(&scene->answers, 1);
}

/* Whether the answer says that nothing was decided, and counts it. */
static bool turned_away(struct scene *scene, const char *code)
{
    for (size_t i = 0; i < TURNED_AWAY; i++) {
        if (strcmp(code, turned_away_codes[i]) != 0)
            continue;
        atomic_fetch_add(&scene->turned_away[i], 1);
        return true;
    }
    return false;
}

static void note_sale(struct scene *scene, struct witness *witness, struct operation *operation,
                      const struct bought *bought)
{
    operation->kind = OPERATION_SOLD;
    operation->told = bought->first;
    witness_room(witness);
    struct sold *sale = &witness->sales[witness->sold++];
    sale->bought = *bought;
    snprintf(sale->key, sizeof sale->key, "%s", operation->key);
    int64_t last = bought->first + bought->quantity - 1, before = atomic_load(&scene->sold);
    while (before < last && !atomic_compare_exchange_weak(&scene->sold, &before, last))
        continue;
}

static void note_answer(struct scene *scene, struct witness *witness, struct operation *operation,
                        const struct bought *bought)
{
    if (bought->status == 201 && bought->quantity == operation->quantity) {
        note_sale(scene, witness, operation, bought);
    } else if (strcmp(bought->code, "sold_out") == 0) {
        operation->kind = OPERATION_SOLD_OUT;
        operation->told = bought->remaining;
        atomic_store(&scene->sold_out, true);
    } else if (strcmp(bought->code, "no_answer") != 0 &&
               strcmp(bought->code, "outcome_unknown") != 0) {
        if (turned_away(scene, bought->code))
            return;
        if (witness->strange++ == 0)
            snprintf(witness->what, sizeof witness->what, "%ld %.40s", bought->status,
                     bought->code);
    }
    witness_add(witness, operation);
    atomic_fetch_add(&scene->answers, 1);
}

/* patience: as of a query; one who has some goes when it is over, and never learns what came of it. */
static void buy_with(struct scene *scene, struct witness *witness, struct client *client,
                     size_t number, long patience)
{
    struct operation operation = {.kind = OPERATION_UNKNOWN};
    struct response response = {0};
    struct bought bought;
    char form[64];
    struct query query = {.url = scene->cluster.url,
                          .path = "/purchases",
                          .body = form,
                          .key = operation.key,
                          .alone = patience > 0,
                          .patience = patience};
    operation.quantity = 1 + (int)(number % QUANTITIES);
    snprintf(operation.key, sizeof operation.key, "history-key-%08zu", number);
    snprintf(form, sizeof form, "event=demo&quantity=%d", operation.quantity);
    operation.begun = clock_monotonic();
    client_ask(client, &query, &response);
    operation.ended = clock_monotonic();
    if (!bought_read(&response, &bought))
        bought = (struct bought){.code = "unreadable"};
    note_answer(scene, witness, &operation, &bought);
    response_free(&response);
}

/* A new key, or one with which others ask just now. */
static size_t choose_key(struct scene *scene, struct dice *dice)
{
    size_t keys = atomic_load(&scene->keys);
    if (keys > RECENT && dice_roll(dice, 3) == 0)
        return keys - 1 - dice_roll(dice, RECENT);
    if (keys > 0 && dice_roll(dice, 20) == 0)
        return dice_roll(dice, (unsigned)keys);
    return atomic_fetch_add(&scene->keys, 1);
}

static void *client_body(void *argument)
{
    struct scene *scene = argument;
    size_t number = atomic_fetch_add(&scene->numbers, 1);
    struct witness *witness = &scene->witness[number];
    struct dice dice = dice_new(scene->seed + number + 1);
    struct client *client = client_open();
    while (!atomic_load(&scene->ending)) {
        if (dice_roll(&dice, 3) == 0)
            read_count(scene, witness, client);
        else
            buy_with(scene, witness, client, choose_key(scene, &dice),
                     dice_roll(&dice, HASTY) == 0 ? 1 + dice_roll(&dice, HASTE) : 0);
    }
    client_close(client);
    return NULL;
}

/* --- blows --------------------------------------------------------------------------------- */

struct goal {
    struct scene *scene;
    int64_t sold;
    size_t answers;
};

static bool reached(void *context)
{
    const struct goal *goal = context;
    return (atomic_load(&goal->scene->sold) >= goal->sold || atomic_load(&goal->scene->sold_out)) &&
           atomic_load(&goal->scene->answers) >= goal->answers;
}

/* Where it does not come, says what there is to see; then the scene ends. */
static void wait_for(struct scene *scene, const struct goal *goal)
{
    struct goal wanted = *goal;
    if (scene->stuck || wait_until(reached, &wanted, PATIENCE))
        return;
    scene->stuck = true;
    CU_FAIL("the sale does not go on");
    for (size_t i = 0; i < TURNED_AWAY; i++)
        printf("  %s: %zu\n", turned_away_codes[i], atomic_load(&scene->turned_away[i]));
    process_show(&scene->cluster.master);
}

static void wait_for_sold(struct scene *scene, int64_t sold)
{
    wait_for(scene, &(struct goal){scene, sold, 0});
}

static void wait_for_answers(struct scene *scene)
{
    size_t wanted = atomic_load(&scene->answers) + (size_t)load_scaled(ANSWERS);
    wait_for(scene, &(struct goal){scene, 0, wanted});
}

/* What is just being restarted is left alone. */
static void strike(struct scene *scene, struct dice *dice)
{
    struct cluster *cluster = &scene->cluster;
    unsigned die = dice_roll(dice, 6);
    size_t server = dice_roll(dice, SERVERS);
    if (!cluster_look(cluster) || server >= cluster->count || cluster->server[server].pid <= 1)
        return;
    pid_t pid = cluster->server[server].pid;
    if (die == 0) {
        kill(cluster->router, SIGKILL);
    } else if (die <= 2) {
        kill(pid, SIGSTOP);
        wait_for_answers(scene);
        kill(pid, SIGCONT);
    } else {
        kill(pid, SIGKILL);
    }
}

/* --- the judgement ------------------------------------------------------------------------- */

static struct witness gather(struct scene *scene)
{
    struct witness all = {0};
    for (size_t i = 0; i < CLIENTS; i++) {
        struct witness *witness = &scene->witness[i];
        for (size_t k = 0; k < witness->count; k++)
            witness_add(&all, &witness->operations[k]);
        for (size_t k = 0; k < witness->sold; k++)
            all.sales[all.sold++] = witness->sales[k];
        CU_ASSERT_EQUAL(witness->strange, 0);
        if (witness->strange > 0)
            printf("  %d strange answers: %s\n", witness->strange, witness->what);
        free(witness->operations);
        free(witness->sales);
    }
    return all;
}

/* Half of those without an answer ask again; the others never learn what became of theirs. */
static size_t ask_again(struct scene *scene, struct witness *all)
{
    struct client *client = client_open();
    size_t unanswered = 0, count = all->count;
    for (size_t i = 0; i < count; i++) {
        size_t number;
        if (all->operations[i].kind != OPERATION_UNKNOWN)
            continue;
        if (unanswered++ % 2 == 0 &&
            sscanf(all->operations[i].key, "history-key-%zu", &number) == 1)
            buy_with(scene, all, client, number, 0);
    }
    read_count(scene, all, client);
    client_close(client);
    return unanswered;
}

static void judge(struct scene *scene)
{
    struct witness all = gather(scene);
    CU_ASSERT(cluster_quiet(&scene->cluster));
    size_t unanswered = ask_again(scene, &all);
    struct verdict verdict = linear_check(all.operations, all.count, scene->capacity);
    printf("  %zu operations, %zu keys, %zu without an answer\n", all.count,
           atomic_load(&scene->keys), unanswered);
    CU_ASSERT_EQUAL(verdict.result, LINEAR_YES);
    if (verdict.result != LINEAR_YES)
        printf("  not linearizable: %s\n", verdict.why);
    struct load load = {.sales = all.sales, .sold = all.sold};
    audit_clean(&scene->cluster, &load);
    free(all.operations);
    free(all.sales);
}

static void fits_one_box_office(void)
{
    struct scene scene = {.capacity = load_scaled(CAPACITY)};
    pthread_t threads[CLIENTS];
    scene.seed = dice_seed();
    struct dice dice = dice_new(scene.seed);
    cluster_open(&scene.cluster, scene.capacity, SERVERS);
    for (size_t i = 0; i < CLIENTS; i++)
        thread_start(&threads[i], "client", client_body, &scene);
    for (int i = 1; i <= BLOWS; i++) {
        wait_for_sold(&scene, i * scene.capacity / (BLOWS + 1));
        strike(&scene, &dice);
    }
    wait_for_sold(&scene, scene.capacity + 1);
    wait_for_answers(&scene);
    atomic_store(&scene.ending, true);
    for (size_t i = 0; i < CLIENTS; i++)
        thread_join(threads[i]);
    judge(&scene);
    cluster_close(&scene.cluster);
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("history", "fits one box office", fits_one_box_office);
}
