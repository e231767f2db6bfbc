/* A purchase that is taken keeps all rules; printed as JSON and as a form, it reads as the same purchase,
 * with the same fingerprint. The input: a Content-Type, a newline, the body. */
#include "common/purchase.h"

#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/grammar.h"
#include "tests/fuzz/input.h"

static bool same(const struct purchase *a, const struct purchase *b)
{
    uint8_t x[FINGERPRINT_SIZE], y[FINGERPRINT_SIZE];
    purchase_fingerprint(a, x);
    purchase_fingerprint(b, y);
    return strcmp(a->event, b->event) == 0 && strcmp(a->tier, b->tier) == 0 &&
           strcmp(a->buyer, b->buyer) == 0 && a->quantity == b->quantity &&
           memcmp(x, y, sizeof x) == 0;
}

static void read_again(const char *type, struct buffer *body, const struct purchase *due)
{
    struct purchase purchase;
    char detail[PROBLEM_DETAIL_SIZE];
    must(purchase_parse(type, buffer_text(body), body->length, &purchase, detail) == PROBLEM_NONE,
         "a purchase that was taken is taken when it is printed");
    must(same(&purchase, due), "and is the same");
    buffer_free(body);
}

static void check_json(const struct purchase *purchase)
{
    struct buffer body = {0};
    buffer_add(&body, "{\"event\":");
    json_append(&body, purchase->event);
    if (purchase->tier[0]) {
        buffer_add(&body, ",\"tier\":");
        json_append(&body, purchase->tier);
    }
    if (purchase->buyer[0]) {
        buffer_add(&body, ",\"buyer\":");
        json_append(&body, purchase->buyer);
    }
    if (purchase->quantity)
        buffer_printf(&body, ",\"quantity\":%d", purchase->quantity);
    buffer_add_char(&body, '}');
    read_again("application/json", &body, purchase);
}

static void add_field(struct buffer *out, const char *name, const char *value)
{
    if (!value[0])
        return;
    buffer_printf(out, "%s%s=", out->length > 0 ? "&" : "", name);
    for (; *value; value++)
        buffer_printf(out, "%%%02x", (unsigned)(uint8_t)*value);
}

static void check_form(const struct purchase *purchase)
{
    struct buffer body = {0};
    add_field(&body, "buyer", purchase->buyer);
    add_field(&body, "tier", purchase->tier);
    if (purchase->quantity)
        buffer_printf(&body, "%squantity=%d", body.length > 0 ? "&" : "", purchase->quantity);
    add_field(&body, "event", purchase->event);
    read_again("application/x-www-form-urlencoded; charset=UTF-8", &body, purchase);
}

static bool name_good(const char *name)
{
    size_t length = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                 "0123456789._-");
    return length >= 1 && length <= 64 && !name[length] && !strchr("._-", name[0]);
}

/* Some of what is not seen, or turns the direction of text. */
static bool deceives(const char *text)
{
    static const char *const unseen[] = {
        "\xc2\xad",         "\xe2\x80\x8b",     "\xe2\x80\x8e",  "\xe2\x80\xa8",  "\xe2\x80\xae",
        "\xe2\x81\xa0",     "\xe2\x81\xa6",     "\xe3\x85\xa4",  "\xef\xbb\xbf",  "\xef\xbf\xbf",
        "\xf0\x9f\xbf\xbe", "\xf3\xa0\x81\xa1", "a\xe2\x80\x8d", "a\xef\xb8\x8f", " \xe2\x80\x8c"};
    for (size_t i = 0; i < sizeof unseen / sizeof *unseen; i++)
        if (strstr(text, unseen[i]) != NULL)
            return true;
    return false;
}

static bool ends_in_space(const char *text, size_t length)
{
    return text[0] == ' ' || text[length - 1] == ' ' || strncmp(text, "\xc2\xa0", 2) == 0 ||
           (length >= 2 && strcmp(text + length - 2, "\xc2\xa0") == 0);
}

static bool buyer_good(const char *buyer)
{
    size_t length = strlen(buyer);
    bool control = false;
    for (size_t i = 0; i < length; i++)
        control = control || (uint8_t)buyer[i] < 0x20 || buyer[i] == 0x7f ||
                  ((uint8_t)buyer[i] == 0xc2 && (uint8_t)buyer[i + 1] < 0xa0);
    return length <= 254 && !control && grammar_text(buyer, length) &&
           (length == 0 || (!deceives(buyer) && !ends_in_space(buyer, length)));
}

static void check_rules(const struct purchase *purchase)
{
    must(name_good(purchase->event), "the event's name keeps the rules");
    must(!purchase->tier[0] || name_good(purchase->tier), "the tier's name keeps the rules");
    must(buyer_good(purchase->buyer), "the buyer keeps the rules");
    must(purchase->quantity >= 0 && purchase->quantity <= 1000, "the quantity is within bounds");
    must(purchase_quantity(purchase) >= 1, "at least one ticket is bought");
}

/* A JSON body, by way of a tree. */
static void check_tree(const char *body, size_t length, const struct purchase *purchase)
{
    static const char *const names[] = {"event", "tier", "buyer"};
    const char *const texts[] = {purchase->event, purchase->tier, purchase->buyer};
    cJSON *tree = grammar_json(body, length);
    must(tree != NULL, "what was taken is JSON");
    for (int i = 0; i < 3; i++) {
        const char *due = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(tree, names[i]));
        must(strcmp(due != NULL ? due : "", texts[i]) == 0, "a field is what is spelled");
    }
    const cJSON *quantity = cJSON_GetObjectItemCaseSensitive(tree, "quantity");
    must(quantity == NULL ? purchase->quantity == 0
                          : quantity->valuedouble == purchase->quantity && purchase->quantity > 0,
         "the quantity is what is spelled");
    cJSON_Delete(tree);
}

static void check_refusal(enum problem problem, const char *detail)
{
    must(problem == PROBLEM_UNSUPPORTED_MEDIA_TYPE || problem == PROBLEM_MALFORMED ||
             problem == PROBLEM_INVALID,
         "a refusal is 400, 415 or 422");
    size_t length = strlen(detail);
    must(length > 0 && length < PROBLEM_DETAIL_SIZE, "a refusal has a reason, which fits");
    for (size_t i = 0; i < length; i++)
        must(detail[i] >= 0x20 && detail[i] < 0x7f, "the reason cannot upset a terminal");
}

void fuzz_purchase(const uint8_t *data, size_t size)
{
    struct input input = input_of(data, size);
    struct purchase purchase;
    char detail[PROBLEM_DETAIL_SIZE] = "";
    char *type = input_until(&input, '\n', NULL);
    const char *body = (const char *)input.at;
    size_t length = input_left(&input);
    enum problem problem = purchase_parse(type[0] ? type : NULL, body, length, &purchase, detail);
    if (problem == PROBLEM_NONE) {
        check_rules(&purchase);
        if (strncasecmp(type + strspn(type, " \t"), "application/json", 16) == 0)
            check_tree(body, length, &purchase);
        check_json(&purchase);
        check_form(&purchase);
    } else {
        check_refusal(problem, detail);
    }
    free(type);
}
