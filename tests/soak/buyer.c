/* A process of buyers who write down what they know, and go on from there when they were killed.
 *
 * First the keys that an earlier process of this journal left open are sent again; then new ones, until
 * SIGTERM: then what is open is brought to its end. Now and then a key is sent once more after its
 * outcome is known, which must stay the same. One key in three is a hold's, which is then confirmed. */
#include <curl/curl.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/options.h"
#include "common/thread.h"
#include "tests/lib/client.h"
#include "tests/lib/dice.h"
#include "tests/soak/journal.h"

enum {
    THREADS_MAX = 64,
    OPEN_MAX = 64,              /* keys that one killed process leaves open: one per thread */
    PAUSE_MILLISECONDS = 20,    /* before a key is tried again */
    PATIENCE_SECONDS = 60,      /* then it is given up, which is wrong */
    ONE_MORE = 20,              /* one key in so many is sent again */
    ONE_HOLD = 3,               /* one key in so many is a hold's */
    QUANTITY_MAX_BOUGHT = 3,    /* 1, 2 or 3 tickets */
    THINK_MILLISECONDS_MAX = 80 /* between two purchases */
};

struct buyers {
    const char *url, *name, *path;
    int64_t seed, threads;
    int fd;           /* of the journal */
    struct lock lock; /* guards what is below */
    struct entry open[OPEN_MAX];
    size_t open_count;
    uint64_t next; /* number of the next key */
};

struct buyer {
    struct buyers *buyers;
    struct client *client;
    struct dice dice;
    pthread_t thread;
};

static atomic_bool ending;

static void end(int signal)
{
    (void)signal;
    atomic_store(&ending, true);
}

/* --- the journal ------------------------------------------------------------------------------- */

static void note(struct buyers *buyers, const struct entry *entry)
{
    char line[400];
    size_t length = entry_format(entry, line, sizeof line);
    if (write(buyers->fd, line, length) != (ssize_t)length)
        die(EXIT_TROUBLE, "the journal %s cannot be written", buyers->path);
}

static void close_key(struct buyers *buyers, const char *key)
{
    for (size_t i = 0; i < buyers->open_count; i++)
        if (strcmp(buyers->open[i].key, key) == 0)
            buyers->open[i] = buyers->open[--buyers->open_count];
}

/* Numbers may be missing: those of keys that were never sent. */
static void remember_number(struct buyers *buyers, const char *key)
{
    uint64_t number = strtoull(strrchr(key, '-') + 1, NULL, 10);
    if (number >= buyers->next)
        buyers->next = number + 1;
}

/* What an earlier process has written. */
static void remember(void *context, const struct entry *entry)
{
    struct buyers *buyers = context;
    if (entry->kind == ENTRY_BEGUN) {
        if (buyers->open_count == OPEN_MAX)
            die(EXIT_TROUBLE, "more keys are open in %s than can be", buyers->path);
        buyers->open[buyers->open_count++] = *entry;
        remember_number(buyers, entry->key);
    } else if (entry->kind == ENTRY_SOLD || entry->kind == ENTRY_REFUSED) {
        close_key(buyers, entry->key);
    }
}

static void open_journal(struct buyers *buyers)
{
    struct journal journal = {0};
    snprintf(journal.path, sizeof journal.path, "%s", buyers->path);
    buyers->fd = open(buyers->path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
    if (buyers->fd < 0 || !journal_read(&journal, remember, buyers) ||
        ftruncate(buyers->fd, journal.offset) != 0)
        die(EXIT_TROUBLE, "the journal %s cannot be used", buyers->path);
}

/* --- buying ------------------------------------------------------------------------------------ */

/* Time is what a buyer waits for here. */
static void pause_for(struct buyers *buyers, int64_t milliseconds)
{
    lock_take(&buyers->lock);
    lock_wait_until(&buyers->lock, clock_monotonic() + milliseconds * CLOCK_MILLISECOND);
    lock_drop(&buyers->lock);
}

/* Pays under the key, too: paying twice with it is paying once. `hold`: where it is. */
static bool pay(struct buyer *buyer, const char *hold, const struct entry *entry,
                struct response *answer)
{
    char path[64 + ID_TEXT_SIZE], form[LOAD_KEY_SIZE + 16];
    snprintf(path, sizeof path, "%s/confirm", hold);
    snprintf(form, sizeof form, "payment=%s", entry->key);
    struct query query = {.url = buyer->buyers->url, .path = path, .body = form};
    return client_ask(buyer->client, &query, answer);
}

/* Holds and pays; what came of it is as of a purchase. */
static bool hold_and_pay(struct buyer *buyer, const char *form, struct entry *entry)
{
    struct response answer = {0};
    char hold[32 + ID_TEXT_SIZE];
    struct query query = {
        .url = buyer->buyers->url, .path = "/holds", .body = form, .key = entry->key};
    bool held = client_ask(buyer->client, &query, &answer) && answer.status == 201 &&
                response_header(&answer, "Location", hold, sizeof hold);
    if (held)
        pay(buyer, hold, entry, &answer);
    bool read = bought_read(&answer, &entry->bought);
    response_free(&answer);
    return read;
}

/* One attempt; what it led to is in `entry`. */
static void ask(struct buyer *buyer, struct entry *entry, int quantity)
{
    char form[64];
    snprintf(form, sizeof form, "event=demo&quantity=%d", quantity);
    entry->sent = clock_monotonic();
    bool read = load_key_holds(entry->key) ? hold_and_pay(buyer, form, entry)
                                           : client_buy(buyer->client, buyer->buyers->url, form,
                                                        entry->key, &entry->bought);
    entry->ended = clock_monotonic();
    if (!read)
        snprintf(entry->bought.code, sizeof entry->bought.code, "unreadable");
    if (!read || entry->bought.status == 0 || entry->bought.status >= 500)
        entry->kind = ENTRY_FAILED;
    else if (entry->bought.status == 201)
        entry->kind = ENTRY_SOLD;
    else
        entry->kind = strcmp(entry->bought.code, "sold_out") == 0 ? ENTRY_REFUSED : ENTRY_WRONG;
}

/* Until the key has an outcome. */
static void ask_for_outcome(struct buyer *buyer, struct entry *entry, int quantity)
{
    int64_t patience = clock_monotonic() + PATIENCE_SECONDS * CLOCK_SECOND;
    ask(buyer, entry, quantity);
    while (entry->kind == ENTRY_FAILED && clock_monotonic() < patience) {
        note(buyer->buyers, entry);
        pause_for(buyer->buyers, PAUSE_MILLISECONDS);
        ask(buyer, entry, quantity);
    }
    if (entry->kind == ENTRY_FAILED)
        entry->kind = ENTRY_WRONG;
}

static bool same(const struct entry *a, const struct entry *b)
{
    return a->kind == b->kind && strcmp(a->bought.id, b->bought.id) == 0 &&
           a->bought.first == b->bought.first && a->bought.quantity == b->bought.quantity;
}

static void ask_once_more(struct buyer *buyer, const struct entry *first, int quantity)
{
    struct entry again = *first;
    ask_for_outcome(buyer, &again, quantity);
    if (same(first, &again))
        return;
    again.kind = ENTRY_WRONG;
    note(buyer->buyers, &again);
}

/* Under the lock. */
static void name_key(struct buyers *buyers, char key[LOAD_KEY_SIZE])
{
    uint64_t number = buyers->next++;
    snprintf(key, LOAD_KEY_SIZE, "%s-%s%010" PRIu64, buyers->name,
             number % ONE_HOLD == 0 ? LOAD_HELD : "", number);
}

/* An open key, or a new one; false: the end. */
static bool next_key(struct buyer *buyer, struct entry *entry)
{
    struct buyers *buyers = buyer->buyers;
    lock_take(&buyers->lock);
    bool open = buyers->open_count > 0;
    *entry = (struct entry){.kind = ENTRY_BEGUN};
    if (open)
        *entry = buyers->open[--buyers->open_count];
    else
        name_key(buyers, entry->key);
    lock_drop(&buyers->lock);
    if (open)
        return true;
    entry->bought.quantity = (int)dice_roll(&buyer->dice, QUANTITY_MAX_BOUGHT) + 1;
    bool goes_on = !atomic_load(&ending); /* asked once: a key that is noted is sent */
    if (goes_on)
        note(buyers, entry);
    return goes_on;
}

static void *run(void *argument)
{
    struct buyer *buyer = argument;
    struct entry entry;
    buyer->client = client_open();
    while (next_key(buyer, &entry)) {
        int quantity = entry.bought.quantity;
        ask_for_outcome(buyer, &entry, quantity);
        note(buyer->buyers, &entry);
        if (entry.kind != ENTRY_WRONG && dice_roll(&buyer->dice, ONE_MORE) == 0)
            ask_once_more(buyer, &entry, quantity);
        pause_for(buyer->buyers, dice_roll(&buyer->dice, THINK_MILLISECONDS_MAX));
    }
    client_close(buyer->client);
    return NULL;
}

static void read_options(struct buyers *buyers, int argc, char **argv)
{
    const struct option_entry table[] = {
        {"url", "URL", OPTION_TEXT, NULL, 0, 0, "where to buy", &buyers->url},
        {"name", "NAME", OPTION_TEXT, "buyer-of-soak", 0, 0, "what its keys begin with",
         &buyers->name},
        {"journal", "FILE", OPTION_TEXT, NULL, 0, 0, "where it writes down what it knows",
         &buyers->path},
        {"seed", "N", OPTION_NUMBER, "1", 0, INT64_MAX, "of quantities and pauses", &buyers->seed},
        {"threads", "N", OPTION_NUMBER, "8", 1, THREADS_MAX, "buyers at once", &buyers->threads},
    };
    options_read(table, sizeof table / sizeof *table, "soak_buyer --url URL --journal FILE",
                 "Buys tickets until SIGTERM, and remembers all of it.", argc, argv);
    if (buyers->url == NULL || buyers->path == NULL)
        die(EXIT_USAGE, "--url and --journal are needed");
}

int main(int argc, char **argv)
{
    static struct buyers buyers;
    static struct buyer list[THREADS_MAX];
    log_name("soak_buyer");
    read_options(&buyers, argc, argv);
    signal(SIGTERM, end);
    signal(SIGPIPE, SIG_IGN);
    curl_global_init(CURL_GLOBAL_DEFAULT);
    lock_init(&buyers.lock);
    open_journal(&buyers);
    for (int64_t i = 0; i < buyers.threads; i++) {
        list[i] = (struct buyer){.buyers = &buyers, .dice = dice_new((uint64_t)(buyers.seed + i))};
        thread_start(&list[i].thread, "buyer", run, &list[i]);
    }
    for (int64_t i = 0; i < buyers.threads; i++)
        thread_join(list[i].thread);
    close(buyers.fd);
    lock_free(&buyers.lock);
    curl_global_cleanup();
    return EXIT_FINE;
}
