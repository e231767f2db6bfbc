#include "common/item.h"

#include <gnutls/crypto.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/wire.h"

static const int64_t purchase_time = PURCHASE_SECONDS * CLOCK_SECOND;

enum item_field {
    ITEM_REQUEST,
    ITEM_ADMITTED,
    ITEM_EVENT,
    ITEM_TIER,
    ITEM_QUANTITY,
    ITEM_BUYER,
    ITEM_KEY,
    ITEM_ATTEMPT,
    ITEM_DEADLINE,
    ITEM_VERB,
    ITEM_ORDER,
    ITEM_SECONDS,
    ITEM_WAIT,
    ITEM_FIELDS,
};

static const char *const item_names[ITEM_FIELDS] = {
    "request", "admitted", "event", "tier",  "quantity", "buyer", "key",
    "attempt", "deadline", "verb",  "order", "seconds",  "wait"};

enum {
    EACH_NEEDS = 1u << ITEM_REQUEST | 1u << ITEM_ADMITTED,
    EACH_MAY = EACH_NEEDS | 1u << ITEM_VERB | 1u << ITEM_ATTEMPT | 1u << ITEM_DEADLINE,
    NEEDS_EVENT = EACH_NEEDS | 1u << ITEM_EVENT,
    NEEDS_ORDER = EACH_NEEDS | 1u << ITEM_ORDER,
    MAY_BUY = EACH_MAY | 1u << ITEM_EVENT | 1u << ITEM_TIER | 1u << ITEM_QUANTITY |
              1u << ITEM_BUYER | 1u << ITEM_KEY,
};

/* What goes with which verb on a flight. */
static const struct verb_rule {
    const char *name;
    uint32_t required, allowed; /* fields; none: it does not travel on flights */
} verbs[VERB_COUNT] = {
    [VERB_PURCHASE] = {"purchase", NEEDS_EVENT, MAY_BUY},
    [VERB_HOLD] = {"hold", NEEDS_EVENT, MAY_BUY | 1u << ITEM_SECONDS | 1u << ITEM_WAIT},
    [VERB_CONFIRM] = {"confirm", NEEDS_ORDER | 1u << ITEM_KEY,
                      EACH_MAY | 1u << ITEM_ORDER | 1u << ITEM_KEY},
    [VERB_RELEASE] = {"release", NEEDS_ORDER, EACH_MAY | 1u << ITEM_ORDER},
    [VERB_REFUND] = {.name = "refund"},
    [VERB_CHECK_IN] = {.name = "check-in"},
    [VERB_TIDY] = {.name = "tidy"},
};

const char *verb_name(enum verb verb)
{
    return verbs[verb].name;
}

bool verb_flies(enum verb verb)
{
    return verbs[verb].required != 0;
}

bool verb_has_key(enum verb verb)
{
    return verb == VERB_PURCHASE || verb == VERB_HOLD;
}

bool verb_names_order(enum verb verb)
{
    return verbs[verb].required & 1u << ITEM_ORDER;
}

void item_admit(struct item *item)
{
    item->request = id_make();
    item->attempt = 1;
    item->admitted = clock_now();
    item->deadline = item->admitted + purchase_time;
    item->key_made = item->key[0] == '\0';
    if (item->key_made)
        id_format(&item->request, item->key);
}

void item_fingerprint(const struct item *item, uint8_t fingerprint[FINGERPRINT_SIZE])
{
    memset(fingerprint, 0, FINGERPRINT_SIZE);
    if (!verb_has_key(item->verb))
        return;
    purchase_fingerprint(&item->purchase, fingerprint);
    if (item->verb == VERB_PURCHASE)
        return;
    uint8_t bytes[FINGERPRINT_SIZE + 5], digest[32];
    memcpy(bytes, fingerprint, FINGERPRINT_SIZE);
    for (int i = 0; i < 4; i++)
        bytes[FINGERPRINT_SIZE + i] = (uint8_t)((unsigned)item->seconds >> 8 * i);
    bytes[FINGERPRINT_SIZE + 4] = item->wait;
    if (gnutls_hash_fast(GNUTLS_DIG_SHA256, bytes, sizeof bytes, digest) < 0)
        die(EXIT_TROUBLE, "SHA-256 is not to be had from GnuTLS");
    memcpy(fingerprint, digest, FINGERPRINT_SIZE);
}

bool figures_newer(const struct figures *a, const struct figures *b)
{
    return a->boot != b->boot ? a->boot > b->boot : a->commit > b->commit;
}

/* --- writing a request ------------------------------------------------------------------------- */

void flight_begin(struct buffer *out, const char *router)
{
    buffer_add(out, "{\"router\":\"");
    buffer_add(out, router);
    wire_number(out, "\",\"version\":", FLIGHT_VERSION);
    buffer_add(out, ",\"items\":[");
}

static void append_order(struct buffer *out, const struct item *item)
{
    const struct purchase *purchase = &item->purchase;
    if (verb_names_order(item->verb)) {
        wire_id(out, ",\"order\":\"", &item->order);
        return;
    }
    wire_text(out, ",\"event\":\"", purchase->event);
    if (purchase->tier[0])
        wire_text(out, ",\"tier\":\"", purchase->tier);
    if (purchase->quantity)
        wire_number(out, ",\"quantity\":", purchase->quantity);
    if (purchase->buyer[0]) {
        buffer_add(out, ",\"buyer\":");
        json_append(out, purchase->buyer);
    }
}

void item_append(struct buffer *out, const struct item *item)
{
    wire_comma(out);
    wire_id(out, "{\"request\":\"", &item->request);
    if (item->verb != VERB_PURCHASE)
        wire_text(out, ",\"verb\":\"", verb_name(item->verb));
    wire_number(out, ",\"admitted\":", item->admitted);
    append_order(out, item);
    if (!item->key_made) {
        buffer_add(out, ",\"key\":");
        json_append(out, item->key);
    }
    if (item->seconds)
        wire_number(out, ",\"seconds\":", item->seconds);
    if (item->wait)
        buffer_add(out, ",\"wait\":true");
    if (item->attempt > 1)
        wire_number(out, ",\"attempt\":", item->attempt);
    if (item->deadline != item->admitted + purchase_time)
        wire_number(out, ",\"deadline\":", item->deadline);
    buffer_add_char(out, '}');
}

void flight_end(struct buffer *out)
{
    buffer_add(out, "]}");
}

/* --- reading ----------------------------------------------------------------------------------- */

static bool router_valid(const char *text)
{
    return text[0] && text[strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                        "0123456789-")] == '\0';
}

/* A purchase goes without saying. */
static void read_verb(struct json_reader *reader, const char *name, enum verb *verb)
{
    char text[16];
    if (!wire_read_text(reader, name, text, sizeof text))
        return;
    for (*verb = VERB_HOLD; verb_flies(*verb) && strcmp(text, verb_name(*verb)) != 0;)
        ++*verb;
    wire_demand(reader, verb_flies(*verb), name);
}

static void read_item_field(struct json_reader *reader, enum item_field field, struct item *item)
{
    const char *name = item_names[field];
    struct purchase *purchase = &item->purchase;
    switch (field) {
    case ITEM_REQUEST:
        wire_read_id(reader, name, &item->request);
        break;
    case ITEM_ADMITTED:
        item->admitted = wire_read_number(reader, name, 0, WIRE_TIME_MAX - purchase_time);
        break;
    case ITEM_EVENT:
        wire_read_checked(reader, name, purchase->event, sizeof purchase->event,
                          purchase_name_valid);
        break;
    case ITEM_TIER:
        wire_read_checked(reader, name, purchase->tier, sizeof purchase->tier, purchase_name_valid);
        break;
    case ITEM_QUANTITY:
        purchase->quantity = (int)wire_read_number(reader, name, 1, QUANTITY_MAX);
        break;
    case ITEM_BUYER:
        wire_read_checked(reader, name, purchase->buyer, sizeof purchase->buyer,
                          purchase_buyer_flies);
        break;
    case ITEM_KEY:
        wire_read_checked(reader, name, item->key, sizeof item->key, purchase_reference_valid);
        break;
    case ITEM_ATTEMPT:
        item->attempt = (int)wire_read_number(reader, name, 1, ATTEMPTS_MAX);
        break;
    case ITEM_DEADLINE:
        item->deadline = wire_read_number(reader, name, 0, WIRE_TIME_MAX);
        break;
    case ITEM_VERB:
        read_verb(reader, name, &item->verb);
        break;
    case ITEM_ORDER:
        wire_read_id(reader, name, &item->order);
        break;
    case ITEM_SECONDS:
        item->seconds = (int)wire_read_number(reader, name, 1, HOLD_SECONDS_MAX);
        break;
    case ITEM_WAIT:
        json_read_bool(reader, &item->wait);
        break;
    case ITEM_FIELDS:
        break;
    }
}

/* What goes without saying. */
static void complete_item(struct item *item, uint32_t seen)
{
    if (!(seen & 1u << ITEM_KEY)) {
        item->key_made = true;
        id_format(&item->request, item->key);
    }
    if (!(seen & 1u << ITEM_ATTEMPT))
        item->attempt = 1;
    if (!(seen & 1u << ITEM_DEADLINE))
        item->deadline = item->admitted + purchase_time;
}

/* No more and no less than its verb needs; the key of all but a confirm is one. */
static void demand_fitting(struct json_reader *reader, const struct item *item, uint32_t seen)
{
    if (json_reader_failed(reader))
        return;
    const struct verb_rule *rule = &verbs[item->verb];
    wire_demand_fields(reader, seen, rule->required, item_names);
    if (seen & ~rule->allowed)
        json_reader_fail(reader, "%s does not go with a %s",
                         item_names[__builtin_ctz(seen & ~rule->allowed)], rule->name);
    wire_demand(reader,
                !(seen & 1u << ITEM_KEY) || item->verb == VERB_CONFIRM ||
                    purchase_key_valid(item->key),
                item_names[ITEM_KEY]);
}

static void read_item(struct json_reader *reader, struct item *item)
{
    uint32_t seen = 0;
    memset(item, 0, sizeof *item);
    if (!json_enter(reader, JSON_OBJECT))
        return;
    while (json_more(reader)) {
        int field = json_read_field(reader, item_names, ITEM_FIELDS, &seen);
        if (field >= 0)
            read_item_field(reader, (enum item_field)field, item);
    }
    demand_fitting(reader, item, seen);
    complete_item(item, seen);
}

static size_t read_items(struct json_reader *reader, struct item *items, size_t max)
{
    size_t count = 0;
    if (!json_enter(reader, JSON_ARRAY))
        return 0;
    while (json_more(reader)) {
        if (count == max)
            json_reader_fail(reader, "more than %zu items", max);
        else
            read_item(reader, &items[count++]);
    }
    return count;
}

enum flight_field {
    FLIGHT_ROUTER,
    FLIGHT_VERSION_FIELD,
    FLIGHT_ITEMS,
    FLIGHT_FIELDS,
};

static const char *const flight_names[FLIGHT_FIELDS] = {"router", "version", "items"};

/* False where it is another one than ours. */
static bool read_version(struct json_reader *reader)
{
    int64_t version = wire_read_number(reader, "version", 0, WIRE_NUMBER_MAX);
    if (json_reader_failed(reader) || version == FLIGHT_VERSION)
        return true;
    json_reader_fail(reader, "a flight of version %lld, where %d is spoken", (long long)version,
                     FLIGHT_VERSION);
    return false;
}

int flight_parse(const char *text, size_t length, struct item *items, size_t max,
                 char router[ID_TEXT_SIZE], char error[JSON_ERROR_SIZE])
{
    struct json_reader reader;
    uint32_t seen = 0;
    size_t count = 0;
    bool ours = true;
    json_reader_open(&reader, text, length);
    if (json_enter(&reader, JSON_OBJECT))
        while (json_more(&reader)) {
            int field = json_read_field(&reader, flight_names, FLIGHT_FIELDS, &seen);
            if (field == FLIGHT_ROUTER)
                wire_read_checked(&reader, flight_names[field], router, ID_TEXT_SIZE, router_valid);
            else if (field == FLIGHT_VERSION_FIELD)
                ours = read_version(&reader);
            else if (field == FLIGHT_ITEMS)
                count = read_items(&reader, items, max);
        }
    wire_demand_fields(&reader, seen, (1u << FLIGHT_FIELDS) - 1, flight_names);
    if (wire_finish(&reader, error))
        return (int)count;
    return ours ? FLIGHT_MALFORMED : FLIGHT_FOREIGN;
}
