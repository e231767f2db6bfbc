/* Raw bytes at a whole ticket server, with its seller and a store on disk: whatever comes, nothing is
 * oversold, what is answered as sold is in the store, and all else leaves it alone. The first byte: how
 * many bytes come at a time. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/json.h"
#include "db/store.h"
#include "tests/fuzz/face.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/scratch.h"
#include "ticket_server/accept.h"

enum {
    CAPACITY = 1000000,
    PRICE = 2500, /* of a ticket of the demo event */
};

static char url[SCRATCH_PATH_SIZE + 16];
static struct acceptor acceptor;
static struct store *store; /* a second handle: what others see */

static void make_store(void)
{
    struct store_made made;
    char error[STORE_ERROR_SIZE] = "";
    snprintf(url, sizeof url, "sqlite:%s/tickets.db", scratch());
    must(store_init(url, CAPACITY, &made, error), "a store can be made");
    acceptor.catalog = catalog_open(url, error);
    store = store_open_reader(url, error);
    must(acceptor.catalog != NULL && store != NULL, "it can be read");
    acceptor.keys.catalog = acceptor.catalog;
    health_begin(&acceptor.health);
}

/* The seller wakes its loop, so it lives as long as that: for one input. */
static void open_seller(struct loop *loop)
{
    char error[STORE_ERROR_SIZE], why[LOG_ERROR_SIZE];
    struct seller_settings settings = {.store = store_open_seller(url, "server-1", error),
                                       .log = decision_log_open(scratch(), "server-1", why),
                                       .loop = loop};
    must(settings.store != NULL && settings.log != NULL, "a seller can be opened");
    acceptor.seller = seller_open(&settings);
}

static void turn(void *context)
{
    const struct acceptor *accepting = context;
    seller_collect(accepting->seller);
}

static void add_sold(void *context, const struct tier_counts *tier)
{
    int64_t *sold = context;
    must(tier->sold >= 0 && tier->sold <= tier->capacity, "nothing is oversold");
    *sold += tier->sold;
}

static int64_t sold_now(void)
{
    int64_t sold = 0;
    must(store_read_tiers(store, NULL, add_sold, &sold) == STORE_FOUND, "the store can be read");
    return sold;
}

/* Tickets that the answers say were sold: to buyers, and to a balancer, which knows how many it asked for. */
static int64_t sold_in(const cJSON *body)
{
    int64_t sold = 0, amount = 0;
    const cJSON *outcome;
    const cJSON *tickets = cJSON_GetObjectItemCaseSensitive(body, "tickets");
    cJSON_ArrayForEach(outcome, cJSON_GetObjectItemCaseSensitive(body, "outcomes"))
    {
        if (!cJSON_HasObjectItem(outcome, "replayed") &&
            json_integer(cJSON_GetObjectItemCaseSensitive(outcome, "amount"), 1, 1000 * PRICE,
                         &amount))
            sold += amount / PRICE;
    }
    return sold + cJSON_GetArraySize(tickets);
}

static int64_t check_answer(const struct face_answer *answer)
{
    char error[JSON_ERROR_SIZE];
    must(answer->status != 500, "nothing is an error of ours");
    if (!answer->ours)
        return 0;
    cJSON *json = json_parse(answer->body, answer->length, error);
    must(json != NULL, "an answer is JSON");
    int64_t sold = answer->status < 300 ? sold_in(json) : 0;
    cJSON_Delete(json);
    return sold;
}

static int64_t check_answers(struct buffer *answers)
{
    struct face_answer answer;
    const char *at = buffer_text(answers), *end = at + answers->length;
    int64_t sold = 0;
    while (at < end) {
        must(face_answer(&at, end, &answer), "an answer is well formed");
        sold += check_answer(&answer);
    }
    return sold;
}

void fuzz_ticket_server(const uint8_t *data, size_t size)
{
    struct input input = input_of(data, size);
    struct face face = {.handler = accept_request,
                        .context = &acceptor,
                        .turn = turn,
                        .piece = input_byte(&input) % 64,
                        .loop = loop_open()};
    if (store == NULL)
        make_store();
    open_seller(face.loop);
    int64_t before = sold_now();
    face_talk(&face, input.at, input_left(&input));
    seller_close(acceptor.seller);
    loop_close(face.loop);
    int64_t sold = sold_now() - before;
    if (memmem(input.at, input_left(&input), "HEAD", 4) == NULL)
        must(check_answers(&face.answers) >= sold, "what is sold is answered as sold");
    must(sold >= 0, "no sale is undone");
    buffer_free(&face.answers);
}
