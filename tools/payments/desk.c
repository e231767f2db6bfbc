#include "tools/payments/desk.h"

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

struct wish {
    const char *hold;
    const char *currency;
    int64_t amount;
};

static bool is_currency(const char *text)
{
    return strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == 3 && text[3] == '\0';
}

/* The three members, and no others. */
static bool read_wish(const cJSON *json, struct wish *wish)
{
    struct id id;
    wish->hold = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, "hold"));
    wish->currency = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, "currency"));
    return cJSON_GetArraySize(json) == 3 && wish->hold != NULL && wish->currency != NULL &&
           id_parse(wish->hold, &id) && is_currency(wish->currency) &&
           json_integer(cJSON_GetObjectItemCaseSensitive(json, "amount"), 0, AMOUNT_MAX,
                        &wish->amount);
}

static void charge(struct desk *desk, struct http_request *request, const struct wish *wish)
{
    struct book *book = desk->book;
    if (book->count > 0 && strcmp(wish->currency, book->charges[0].currency) != 0) {
        refuse(request, PROBLEM_INVALID,
               "This sample takes one currency: that of the first payment.");
        return;
    }
    struct charge *charge = book_add(book, wish->hold, wish->amount, wish->currency);
    if (charge == NULL) {
        refuse(request, PROBLEM_OVERLOADED, "This sample has no room for more payments.");
        return;
    }
    courier_take(desk->courier, charge);
    show_charge(request, 202, charge);
}

static void take_payment(struct desk *desk, struct http_request *request)
{
    char error[JSON_ERROR_SIZE];
    size_t length;
    struct wish wish;
    const char *type = http_header(request, "Content-Type"), *body = http_body(request, &length);
    if (type == NULL || strcasecmp(type, "application/json") != 0) {
        refuse(request, PROBLEM_UNSUPPORTED_MEDIA_TYPE, "A payment is application/json.");
        return;
    }
    cJSON *json = json_parse(body, length, error);
    if (json == NULL)
        refuse(request, PROBLEM_MALFORMED, error);
    else if (!read_wish(json, &wish))
        refuse(
            request, PROBLEM_INVALID,
            "A payment has a hold (its id), an amount in minor units, and a currency (ISO 4217).");
    else
        charge(desk, request, &wish);
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
