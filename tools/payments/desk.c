#include "tools/payments/desk.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/json.h"

static const char payments[] = "/payments";

static bool refuse(struct http_request *request, enum problem problem, const char *detail)
{
    http_refuse(request, problem, detail,
                problem == PROBLEM_METHOD_NOT_ALLOWED ? "GET, POST" : NULL);
    return false;
}

static void answer(struct http_request *request, unsigned status, struct buffer *body,
                   const char *reference)
{
    struct http_reply reply = {.status = status};
    char location[HTTP_FIELD_SIZE];
    buffer_add_char(body, '\n');
    reply.body = body->data;
    reply.length = body->length;
    if (reference != NULL) {
        stpcpy(stpcpy(stpcpy(location, payments), "/"), reference);
        http_reply_field(&reply, "Location", location);
    }
    http_answer(request, &reply);
    buffer_free(body);
}

static void show_charge(struct http_request *request, unsigned status, const struct charge *charge)
{
    struct buffer body = {0};
    buffer_printf(&body,
                  "{\"reference\":\"%s\",\"hold\":\"%s\",\"amount\":%lld,\"currency\":\"%s\","
                  "\"state\":\"%s\",\"told\":%d",
                  charge->reference, charge->hold, (long long)charge->amount, charge->currency,
                  charge_state_name(charge->state), charge->told);
    if (charge->reason[0] != '\0') {
        buffer_add(&body, ",\"reason\":");
        json_append(&body, charge->reason);
    }
    buffer_add_char(&body, '}');
    answer(request, status, &body, status == 202 ? charge->reference : NULL);
}

static void show_totals(const struct desk *desk, struct http_request *request)
{
    struct buffer body = {0};
    struct book_totals totals;
    book_add_up(desk->book, &totals);
    buffer_printf(&body, "{\"currency\":\"%s\"",
                  desk->book->count > 0 ? desk->book->charges[0].currency : "");
    for (int i = 0; i < CHARGE_STATES; i++)
        buffer_printf(&body, ",\"%s\":{\"count\":%zu,\"amount\":%lld}", charge_state_name(i),
                      totals.count[i], (long long)totals.amount[i]);
    buffer_printf(&body, ",\"charged\":%lld,\"under_way\":%zu,\"contradictions\":%zu}",
                  (long long)book_charged(&totals), courier_under_way(desk->courier),
                  desk->book->contradictions);
    answer(request, 200, &body, NULL);
}

/* --- a new payment ----------------------------------------------------------------------------- */

/* What is sent, and what is kept while the shop is asked. */
struct wish {
    struct desk *desk;
    struct http_request *request;
    char hold[ID_TEXT_SIZE];
    char currency[CURRENCY_SIZE]; /* "": not sent */
    int64_t amount;               /* -1: not sent */
};

/* The hold, and what the buyer thinks it costs; no others. */
static bool read_wish(const cJSON *json, struct wish *wish)
{
    struct id id;
    const cJSON *hold = cJSON_GetObjectItemCaseSensitive(json, "hold"),
                *amount = cJSON_GetObjectItemCaseSensitive(json, "amount"),
                *currency = cJSON_GetObjectItemCaseSensitive(json, "currency");
    int members = 1 + (amount != NULL) + (currency != NULL);
    if (cJSON_GetArraySize(json) != members || !cJSON_IsString(hold) ||
        !id_parse(hold->valuestring, &id) ||
        (amount != NULL && !json_integer(amount, 0, AMOUNT_MAX, &wish->amount)) ||
        (currency != NULL && (!cJSON_IsString(currency) || !currency_valid(currency->valuestring))))
        return false;
    id_format(&id, wish->hold);
    if (currency != NULL)
        strcpy(wish->currency, currency->valuestring);
    return true;
}

static bool is_price(const struct wish *wish, const struct price *price)
{
    return (wish->amount < 0 || wish->amount == price->amount) &&
           (wish->currency[0] == '\0' || strcmp(wish->currency, price->currency) == 0);
}

static void charge(struct desk *desk, struct http_request *request, const char *hold,
                   const struct price *price)
{
    struct book *book = desk->book;
    if (book->count > 0 && strcmp(price->currency, book->charges[0].currency) != 0) {
        refuse(request, PROBLEM_INVALID,
               "This sample takes one currency: that of the first payment.");
        return;
    }
    struct charge *charge = book_add(book, hold, price->amount, price->currency);
    if (charge == NULL) {
        refuse(request, PROBLEM_OVERLOADED, "This sample has no room for more payments.");
        return;
    }
    courier_take(desk->courier, charge);
    show_charge(request, 202, charge);
}

static void price_told(void *context, enum problem problem, const struct price *price)
{
    struct wish *wish = context;
    if (problem == PROBLEM_NO_SERVER)
        refuse(wish->request, problem, "The shop does not tell the hold's price now.");
    else if (problem != PROBLEM_NONE)
        refuse(wish->request, problem, problem_detail(problem));
    else if (!is_price(wish, price))
        refuse(wish->request, PROBLEM_INVALID, "This is not what the shop says the hold costs.");
    else
        charge(wish->desk, wish->request, wish->hold, price);
    free(wish);
}

static void ask_price(struct desk *desk, struct http_request *request, const struct wish *read)
{
    struct wish *wish = memory_new(sizeof *wish);
    *wish = *read;
    wish->desk = desk;
    wish->request = request;
    if (prices_ask(desk->prices, wish->hold, price_told, wish))
        return;
    free(wish);
    refuse(request, PROBLEM_OVERLOADED, "Too many payments come at once.");
}

static void take_payment(struct desk *desk, struct http_request *request)
{
    char error[JSON_ERROR_SIZE];
    size_t length;
    struct wish wish = {.amount = -1};
    const char *type = http_header(request, "Content-Type"), *body = http_body(request, &length);
    if (type == NULL || strcasecmp(type, "application/json") != 0) {
        refuse(request, PROBLEM_UNSUPPORTED_MEDIA_TYPE, "A payment is application/json.");
        return;
    }
    cJSON *json = json_parse(body, length, error);
    if (json == NULL)
        refuse(request, PROBLEM_MALFORMED, error);
    else if (!read_wish(json, &wish))
        refuse(request, PROBLEM_INVALID,
               "A payment has a hold (its id), and may have its amount in minor units and its "
               "currency (ISO 4217).");
    else
        ask_price(desk, request, &wish);
    cJSON_Delete(json);
}

/* --- which path is what ------------------------------------------------------------------------ */

static void show_one(const struct desk *desk, struct http_request *request, const char *reference)
{
    const struct charge *charge = book_find(desk->book, reference);
    if (charge != NULL)
        show_charge(request, 200, charge);
    else
        refuse(request, PROBLEM_NOT_FOUND, "There is no payment of this reference.");
}

void desk_answer(void *context, struct http_request *request)
{
    struct desk *desk = context;
    const char *path = http_path(request), *method = http_method(request);
    size_t length = strlen(payments);
    bool all = strcmp(path, payments) == 0, one = strncmp(path, "/payments/", length + 1) == 0;
    if (!all && !one)
        refuse(request, PROBLEM_NOT_FOUND, problem_detail(PROBLEM_NOT_FOUND));
    else if (all && strcmp(method, "POST") == 0)
        take_payment(desk, request);
    else if (strcmp(method, "GET") != 0)
        refuse(request, PROBLEM_METHOD_NOT_ALLOWED, problem_detail(PROBLEM_METHOD_NOT_ALLOWED));
    else if (all)
        show_totals(desk, request);
    else
        show_one(desk, request, path + length + 1);
}
