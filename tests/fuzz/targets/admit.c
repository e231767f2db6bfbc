/* Raw bytes at POST /purchases and the paths of holds: what is admitted keeps all rules, and every answer is JSON. The
 * first byte: how many bytes come at a time. */
#include "common/admit.h"

#include <string.h>

#include "common/json.h"
#include "tests/fuzz/face.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/input.h"

static void check_item(const struct item *item)
{
    char id[ID_TEXT_SIZE];
    id_format(&item->request, id);
    bool by_order = verb_names_order(item->verb);
    must(verb_flies(item->verb), "it is one that flies");
    must(by_order || purchase_name_valid(item->purchase.event), "the event's name keeps the rules");
    must(item->seconds >= 0 && item->seconds <= HOLD_SECONDS_MAX, "so do the seconds");
    must(purchase_quantity(&item->purchase) >= 1 &&
             purchase_quantity(&item->purchase) <= QUANTITY_MAX,
         "the quantity is within bounds");
    must(item->verb == VERB_CONFIRM ? purchase_reference_valid(item->key)
                                    : purchase_key_valid(item->key),
         "there is a key, or a payment");
    must(!item->key_made || strcmp(item->key, id) == 0, "a key of ours is the request's id");
    must(item->attempt == 1 && item->deadline > item->admitted, "it is a first attempt, with time");
}

/* Every second one is refused. */
static void handle(void *context, struct http_request *request)
{
    static const struct sale sale = {.event = "demo",
                                     .tier = "standard",
                                     .server = "server-1",
                                     .currency = "EUR",
                                     .quantity = 2,
                                     .first_number = 7};
    size_t *admitted = context;
    struct item item;
    if (!admit_finds(http_method(request), http_path(request))) {
        http_refuse(request, PROBLEM_NOT_FOUND, "Nothing.", NULL);
        return;
    }
    if (!admit(request, &item))
        return;
    check_item(&item);
    struct outcome outcome = {.problem = PROBLEM_NONE, .stored = true, .sale = sale};
    if (++*admitted % 2 == 0)
        outcome = (struct outcome){.problem = PROBLEM_OUTCOME_UNKNOWN};
    admit_answer(request, &item, &outcome, NULL);
}

static void check_answer(const struct face_answer *answer)
{
    char error[JSON_ERROR_SIZE];
    if (!answer->ours)
        return;
    cJSON *json = json_parse(answer->body, answer->length, error);
    must(json != NULL, "an answer is JSON");
    const cJSON *told = cJSON_GetObjectItemCaseSensitive(json, "status");
    must(answer->status < 400 || (told != NULL && told->valueint == (int)answer->status),
         "a problem names its status");
    cJSON_Delete(json);
}

static size_t count_sold(struct buffer *answers)
{
    size_t sold = 0;
    struct face_answer answer;
    const char *at = buffer_text(answers), *end = at + answers->length;
    while (at < end) {
        must(face_answer(&at, end, &answer), "an answer is well formed");
        check_answer(&answer);
        sold += answer.status == 201 || answer.status == 200;
    }
    return sold;
}

void fuzz_admit(const uint8_t *data, size_t size)
{
    struct input input = input_of(data, size);
    size_t admitted = 0;
    size_t piece = input_byte(&input) % 64;
    struct face face = {.handler = handle, .context = &admitted, .piece = piece};
    face_talk(&face, input.at, input_left(&input));
    if (memmem(input.at, input_left(&input), "HEAD", 4) == NULL)
        must(count_sold(&face.answers) == (admitted + 1) / 2,
             "what was admitted is answered as it was decided");
    buffer_free(&face.answers);
}
