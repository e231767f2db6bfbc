#include "tests/soak/flood.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "common/clock.h"
#include "common/json.h"
#include "tests/lib/suite.h"
#include "tools/rush/caller.h"

enum {
    REQUEST_SIZE = 512,
    DESCRIPTORS_SPARE = 256,
    PATIENCE_SECONDS = 10,
    NUMBER_MAX = 1 << 30,
};

struct run;

/* One connection, and the buyer who has it. */
struct seat {
    struct run *run;
    struct caller *caller; /* owned */
    int64_t number;        /* of the buyer */
    int64_t came;          /* clock_monotonic() */
    struct seat *next_free;
};

struct run {
    const struct flood_plan *plan;
    struct flood *flood;
    struct load *load;
    struct loop *loop;
    struct loop_timer tick; /* turns the loop, so that buyers come */
    struct destination destination;
    struct seat *seats;        /* owned */
    struct seat *free, **last; /* longest free first, so that all connections take turns */
    int busy;
    int64_t begun_at, ends_at;
};

/* --- answers ----------------------------------------------------------------------------------- */

static void keep_time(int64_t **list, int64_t count, size_t *room, int64_t time)
{
    if ((size_t)count == *room) {
        *room = *room * 2 + 1024;
        *list = realloc(*list, *room * sizeof **list);
        if (*list == NULL)
            abort();
    }
    (*list)[count] = time;
}

static void write_key(const struct seat *seat, char key[LOAD_KEY_SIZE])
{
    snprintf(key, LOAD_KEY_SIZE, "%s-%010" PRId64, seat->run->plan->prefix, seat->number);
}

/* Keeps what the body of a 201 says. False where it is no sale. */
static bool keep_sale(const struct seat *seat, const char *body, size_t length)
{
    const struct run *run = seat->run;
    struct bought bought = {.status = 201, .quantity = run->plan->quantity};
    char error[JSON_ERROR_SIZE], key[LOAD_KEY_SIZE];
    cJSON *json = json_parse(body, length, error);
    const char *id = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, "id"));
    const cJSON *ticket = cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(json, "tickets"), 0);
    bool is_sale = id != NULL && json_integer(cJSON_GetObjectItemCaseSensitive(ticket, "number"), 1,
                                              NUMBER_MAX, &bought.first);
    snprintf(bought.id, sizeof bought.id, "%s", id != NULL ? id : "");
    cJSON_Delete(json);
    write_key(seat, key);
    if (is_sale && run->load != NULL)
        load_keep(run->load, key, &bought);
    return is_sale;
}

static bool is_good(const struct run *run, int64_t now, int64_t took)
{
    return now >= run->begun_at + run->plan->warm && now < run->ends_at &&
           took <= run->plan->deadline;
}

static void note(struct seat *seat, unsigned status, const char *body, size_t length)
{
    struct flood *flood = seat->run->flood;
    int64_t now = clock_monotonic(), took = now - seat->came;
    if (status == 201 && keep_sale(seat, body, length)) {
        flood->good += is_good(seat->run, now, took);
        keep_time(&flood->sold_after, flood->sold++, &flood->sold_room, took);
        return;
    }
    if (flood->refused + flood->failed == 0)
        snprintf(flood->failure, sizeof flood->failure, "%u %.*s", status,
                 (int)(length < 240 ? length : 240), body);
    if (status == 503)
        keep_time(&flood->refused_after, flood->refused++, &flood->refused_room, took);
    else
        flood->failed++;
}

static void add_free(struct run *run, struct seat *seat)
{
    seat->next_free = NULL;
    *run->last = seat;
    run->last = &seat->next_free;
}

static struct seat *take_free(struct run *run)
{
    struct seat *seat = run->free;
    run->free = seat->next_free;
    if (run->free == NULL)
        run->last = &run->free;
    return seat;
}

static void done(void *context, unsigned status, const char *body, size_t length)
{
    struct seat *seat = context;
    struct run *run = seat->run;
    note(seat, status, body, length);
    add_free(run, seat);
    run->busy--;
}

/* --- buyers ------------------------------------------------------------------------------------ */

static void ask(struct seat *seat)
{
    char request[REQUEST_SIZE], form[64], key[LOAD_KEY_SIZE];
    write_key(seat, key);
    snprintf(form, sizeof form, "event=demo&quantity=%d", seat->run->plan->quantity);
    int length = snprintf(request, sizeof request,
                          "POST /purchases HTTP/1.1\r\nHost: %s\r\nIdempotency-Key: %s\r\n"
                          "Content-Type: application/x-www-form-urlencoded\r\n"
                          "Content-Length: %zu\r\n\r\n%s",
                          seat->run->destination.host, key, strlen(form), form);
    caller_send(seat->caller, request, (size_t)length);
}

/* When the next buyer comes. */
static int64_t next_moment(const struct run *run, int64_t now)
{
    int rate = run->plan->rate;
    return rate > 0 ? run->begun_at + run->flood->asked * CLOCK_SECOND / rate : now;
}

/* Each seat once per turn: without a rate, answers that come at once would keep it here for ever. */
static void seat_buyers(struct run *run, int64_t now)
{
    int64_t moment;
    for (int i = 0; i < run->plan->connections && run->free != NULL; i++) {
        moment = next_moment(run, now);
        if (moment > now || moment >= run->ends_at)
            return;
        struct seat *seat = take_free(run);
        run->busy++;
        seat->number = ++run->flood->asked;
        seat->came = moment;
        ask(seat);
    }
}

static void turn(void *context)
{
    struct run *run = context;
    int64_t now = clock_monotonic();
    if (run->plan->ends != NULL && run->ends_at > now && atomic_load(run->plan->ends))
        run->ends_at = now;
    seat_buyers(run, now);
    bool over = run->busy == 0 && next_moment(run, now) >= run->ends_at;
    if (over || now > run->ends_at + PATIENCE_SECONDS * CLOCK_SECOND)
        loop_stop(run->loop);
}

static void ring(void *context)
{
    struct run *run = context;
    loop_timer_set(run->loop, &run->tick, clock_monotonic() + CLOCK_MILLISECOND);
}

/* --- the whole --------------------------------------------------------------------------------- */

static void open_seats(struct run *run)
{
    struct rlimit limit;
    rlim_t wanted = (rlim_t)run->plan->connections + DESCRIPTORS_SPARE;
    CU_ASSERT_EQUAL_FATAL(getrlimit(RLIMIT_NOFILE, &limit), 0);
    if (limit.rlim_cur < wanted) {
        limit.rlim_cur = wanted;
        CU_ASSERT_EQUAL_FATAL(setrlimit(RLIMIT_NOFILE, &limit), 0);
    }
    run->last = &run->free;
    CU_ASSERT_FATAL(destination_find(&run->destination, run->plan->url));
    run->seats = memory_new((size_t)run->plan->connections * sizeof *run->seats);
    for (int i = 0; i < run->plan->connections; i++) {
        struct seat *seat = &run->seats[i];
        *seat = (struct seat){.run = run};
        seat->caller = caller_open(run->loop, &run->destination, done, seat);
        add_free(run, seat);
    }
}

static int by_time(const void *a, const void *b)
{
    const int64_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static void sort(int64_t *list, int64_t count)
{
    if (count > 0)
        qsort(list, (size_t)count, sizeof *list, by_time);
}

void flood_run(struct flood *flood, const struct flood_plan *plan, struct load *load)
{
    *flood = (struct flood){0};
    struct run run = {.plan = plan, .flood = flood, .load = load, .loop = loop_open()};
    open_seats(&run);
    run.tick = (struct loop_timer){.ring = ring, .context = &run};
    run.begun_at = clock_monotonic();
    run.ends_at = plan->ends != NULL ? INT64_MAX / 2 : run.begun_at + plan->lasts;
    loop_each_turn(run.loop, turn, &run);
    ring(&run);
    loop_run(run.loop);
    for (int i = 0; i < plan->connections; i++) {
        caller_cut(run.seats[i].caller, "no answer in time");
        caller_close(run.seats[i].caller);
    }
    loop_close(run.loop);
    free(run.seats);
    sort(flood->sold_after, flood->sold);
    sort(flood->refused_after, flood->refused);
}

static int64_t percentile(const int64_t *list, int64_t count, int per_mille)
{
    return count > 0 ? list[(count - 1) * per_mille / 1000] : 0;
}

int64_t flood_sold_after(const struct flood *flood, int per_mille)
{
    return percentile(flood->sold_after, flood->sold, per_mille);
}

int64_t flood_refused_after(const struct flood *flood, int per_mille)
{
    return percentile(flood->refused_after, flood->refused, per_mille);
}

void flood_free(struct flood *flood)
{
    free(flood->sold_after);
    free(flood->refused_after);
}
