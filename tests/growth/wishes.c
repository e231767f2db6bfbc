#include "tests/growth/wishes.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static void post(struct buffer *out, const struct wishes *wishes, const char *key, const char *form)
{
    buffer_printf(out, "POST /purchases HTTP/1.1\r\nHost: %s\r\n", wishes->host);
    if (key != NULL)
        buffer_printf(out, "Idempotency-Key: %s\r\n", key);
    buffer_printf(
        out, "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: %zu\r\n\r\n%s",
        strlen(form), form);
}

static void get(struct buffer *out, const struct wishes *wishes, const char *path)
{
    buffer_printf(out, "GET %s HTTP/1.1\r\nHost: %s\r\n\r\n", path, wishes->host);
}

static void plain(struct buffer *out, struct wishes *wishes)
{
    post(out, wishes, NULL, "event=demo&quantity=1");
}

static void keyed(struct buffer *out, struct wishes *wishes)
{
    snprintf(wishes->key, sizeof wishes->key, "%s-%08x-%" PRId64, wishes->run,
             dice_roll(wishes->dice, UINT32_MAX), ++wishes->number);
    post(out, wishes, wishes->key, "event=demo&quantity=2");
}

static const char *known_key(struct wishes *wishes)
{
    return wishes->keys[dice_roll(wishes->dice, (uint32_t)wishes->known)];
}

static void repeat(struct buffer *out, struct wishes *wishes)
{
    if (wishes->known == 0)
        keyed(out, wishes);
    else
        post(out, wishes, known_key(wishes), "event=demo&quantity=2");
}

/* A key is known once it has been used. */
static void other_content(struct buffer *out, struct wishes *wishes)
{
    if (wishes->known == 0)
        post(out, wishes, NULL, "event=demo&quantity=1001");
    else
        post(out, wishes, known_key(wishes), "event=demo&quantity=3");
}

static void too_many(struct buffer *out, struct wishes *wishes)
{
    post(out, wishes, NULL, "event=demo&quantity=11");
}

static void no_such_event(struct buffer *out, struct wishes *wishes)
{
    char form[64];
    snprintf(form, sizeof form, "event=none-%u", dice_roll(wishes->dice, 1000000));
    post(out, wishes, NULL, form);
}

static void malformed(struct buffer *out, struct wishes *wishes)
{
    post(out, wishes, NULL, "event=demo&event=demo&%");
}

static void wrong_type(struct buffer *out, struct wishes *wishes)
{
    buffer_printf(out,
                  "POST /purchases HTTP/1.1\r\nHost: %s\r\nContent-Type: text/html\r\n"
                  "Content-Length: 4\r\n\r\n<p/>",
                  wishes->host);
}

static void wrong_method(struct buffer *out, struct wishes *wishes)
{
    buffer_printf(out, "DELETE /events/demo HTTP/1.1\r\nHost: %s\r\n\r\n", wishes->host);
}

static void ambiguous(struct buffer *out, struct wishes *wishes)
{
    buffer_printf(out,
                  "POST /purchases HTTP/1.1\r\nHost: %s\r\nContent-Length: 4\r\n"
                  "Content-Length: 5\r\n\r\nabcd",
                  wishes->host);
}

static void long_headers(struct buffer *out, struct wishes *wishes)
{
    buffer_printf(out, "GET /events HTTP/1.1\r\nHost: %s\r\nCookie: %07000d\r\n\r\n", wishes->host,
                  1);
}

static void long_body(struct buffer *out, struct wishes *wishes)
{
    buffer_printf(out,
                  "POST /purchases HTTP/1.1\r\nHost: %s\r\nContent-Length: 20000\r\n\r\n%020000d",
                  wishes->host, 1);
}

static void read_event(struct buffer *out, struct wishes *wishes)
{
    get(out, wishes, dice_roll(wishes->dice, 2) == 0 ? "/events" : "/events/demo");
}

static void read_purchase(struct buffer *out, struct wishes *wishes)
{
    char path[96];
    snprintf(path, sizeof path, "/events/demo/purchases/%s", wishes->id);
    get(out, wishes, wishes->id[0] != '\0' ? path : "/events/demo");
}

static void leave(struct buffer *out, struct wishes *wishes)
{
    keyed(out, wishes);
    wishes->key[0] = '\0'; /* nobody will know what became of it */
}

static void leave_half_way(struct buffer *out, struct wishes *wishes)
{
    leave(out, wishes);
    out->length -= 1 + dice_roll(wishes->dice, (uint32_t)out->length - 1);
}

/* clang-format off */
static const struct wish kinds[] = {
    {"a purchase",            40, WISH_SOLD,    201, plain},
    {"a purchase with a key", 15, WISH_SOLD,    201, keyed},
    {"a repeat",              10, WISH_SOLD,    201, repeat},
    {"a key reused",           3, WISH_REFUSED, 422, other_content},
    {"too many tickets",       3, WISH_REFUSED, 422, too_many},
    {"no such event",          3, WISH_REFUSED, 404, no_such_event},
    {"malformed",              2, WISH_REFUSED, 400, malformed},
    {"a wrong type",           2, WISH_REFUSED, 415, wrong_type},
    {"a wrong method",         2, WISH_REFUSED, 405, wrong_method},
    {"two lengths",            1, WISH_CUT_OFF, 400, ambiguous},
    {"long headers",           1, WISH_CUT_OFF, 431, long_headers},
    {"a long body",            1, WISH_CUT_OFF, 413, long_body},
    {"a read",                 6, WISH_READ,    200, read_event},
    {"a read of a purchase",   4, WISH_READ,    200, read_purchase},
    {"a purchase, and leave",  4, WISH_LEFT,      0, leave},
    {"half, and leave",        3, WISH_LEFT,      0, leave_half_way},
};
/* clang-format on */

static const struct wish *choose(struct dice *dice)
{
    unsigned sum = 0;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        sum += kinds[i].weight;
    uint32_t roll = dice_roll(dice, sum);
    const struct wish *kind = kinds;
    while (roll >= kind->weight)
        roll -= kind++->weight;
    return kind;
}

void wishes_init(struct wishes *wishes, struct dice *dice, const char *host)
{
    *wishes = (struct wishes){.dice = dice, .host = host};
    snprintf(wishes->run, sizeof wishes->run, "growth-%08x", dice_roll(dice, UINT32_MAX));
}

const struct wish *wishes_make(struct wishes *wishes, struct buffer *out, bool any)
{
    const struct wish *wish = any ? choose(wishes->dice) : kinds;
    buffer_clear(out);
    wishes->key[0] = '\0';
    wish->write(out, wishes);
    return wish;
}

void wishes_sold(struct wishes *wishes, const char *key, const char *body, size_t length)
{
    static const char lead[] = "{\"id\":\"";
    size_t place =
        wishes->known < WISHES_KEYS ? wishes->known++ : dice_roll(wishes->dice, WISHES_KEYS);
    snprintf(wishes->keys[place], WISHES_KEY_SIZE, "%s", key);
    if (length > sizeof lead + ID_TEXT_SIZE)
        memcpy(wishes->id, body + sizeof lead - 1, ID_TEXT_SIZE - 1);
}
