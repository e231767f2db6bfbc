/* An object of five known fields, read by the reader value by value, and by way of a cJSON tree: both
 * take the same texts, and find the same in them. */
#include "common/json_reader.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/buffer.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/grammar.h"
#include "tests/fuzz/input.h"

enum {
    NUMBER,
    TEXT,
    FLAG,
    LIST,
    ANY,
    FIELDS,
    NUMBER_MIN = -5,
    NUMBER_MAX = 1 << 30,
};

static const char *const names[FIELDS] = {"number", "text", "flag", "list", "any"};

struct found {
    int64_t number;
    bool inside;
    char *text; /* owned, of text_size bytes: writing past them is seen */
    size_t text_size, text_length;
    bool flag;
    size_t list; /* how long */
    double sum;  /* of what is integral in it */
    uint32_t seen;
};

/* --- by the reader ----------------------------------------------------------------------------- */

static void read_list(struct json_reader *reader, struct found *found)
{
    if (!json_enter(reader, JSON_ARRAY))
        return;
    for (; json_more(reader); found->list++) {
        int64_t number = 0;
        bool inside = false;
        if (!json_read_number(reader, -(INT64_C(1) << 53), INT64_C(1) << 53, &number, &inside))
            return;
        found->sum += inside ? (double)number : 0;
    }
}

static void read_field(struct json_reader *reader, int field, struct found *found)
{
    switch (field) {
    case NUMBER:
        json_read_number(reader, NUMBER_MIN, NUMBER_MAX, &found->number, &found->inside);
        break;
    case TEXT:
        json_read_text(reader, found->text, found->text_size, &found->text_length);
        break;
    case FLAG:
        json_read_bool(reader, &found->flag);
        break;
    case LIST:
        read_list(reader, found);
        break;
    case ANY:
        json_skip(reader);
        break;
    default:
        must(json_reader_failed(reader), "a field that is not read is a failure");
    }
}

static bool read_all(const char *text, size_t length, struct found *found)
{
    struct json_reader reader;
    json_reader_open(&reader, text, length);
    if (json_enter(&reader, JSON_OBJECT))
        while (json_more(&reader))
            read_field(&reader, json_read_field(&reader, names, FIELDS, &found->seen), found);
    bool good = json_finish(&reader);
    must(good == !json_reader_failed(&reader), "it finishes, or has failed");
    must(strlen(reader.error) < sizeof reader.error, "the reason fits");
    must(!good || reader.depth == 0, "what was entered was left");
    return good;
}

/* --- by the tree ------------------------------------------------------------------------------- */

static bool is_field(const cJSON *value, int field)
{
    if (field == LIST && cJSON_IsArray(value)) {
        for (const cJSON *child = value->child; child != NULL; child = child->next)
            if (!cJSON_IsNumber(child))
                return false;
        return true;
    }
    return field == ANY || (field == NUMBER && cJSON_IsNumber(value)) ||
           (field == TEXT && cJSON_IsString(value)) || (field == FLAG && cJSON_IsBool(value));
}

static bool fields_good(const cJSON *object)
{
    if (!cJSON_IsObject(object))
        return false;
    for (const cJSON *child = object->child; child != NULL; child = child->next) {
        int field = 0;
        while (field < FIELDS && strcmp(child->string, names[field]) != 0)
            field++;
        if (!is_field(child, field))
            return false;
    }
    return true;
}

static void check_number(const struct found *found, double due)
{
    bool inside = due >= NUMBER_MIN && due <= NUMBER_MAX && floor(due) == due;
    must(found->inside == inside, "a number is inside if it is whole and within the bounds");
    must(!inside || (double)found->number == due, "the number is what is spelled");
}

static void check_text(const struct found *found, const char *due)
{
    must(found->text_length == strlen(due), "the length is that of the whole text");
    if (found->text_size == 0)
        return;
    size_t kept = found->text_length < found->text_size ? found->text_length : found->text_size - 1;
    must(memcmp(found->text, due, kept) == 0 && found->text[kept] == '\0',
         "as much is kept as fits");
}

static double sum_of(const cJSON *list)
{
    double sum = 0;
    for (const cJSON *child = list->child; child != NULL; child = child->next)
        if (fabs(child->valuedouble) <= 0x1p53 && floor(child->valuedouble) == child->valuedouble)
            sum += child->valuedouble;
    return sum;
}

static void check(const struct found *found, const cJSON *object)
{
    for (int field = 0; field < FIELDS; field++) {
        const cJSON *value = cJSON_GetObjectItemCaseSensitive(object, names[field]);
        must((value != NULL) == (found->seen >> field & 1), "the same fields are seen");
        if (value == NULL)
            continue;
        if (field == NUMBER)
            check_number(found, value->valuedouble);
        else if (field == TEXT)
            check_text(found, value->valuestring);
        else if (field == FLAG)
            must(found->flag == cJSON_IsTrue(value), "the flag is what is spelled");
        else if (field == LIST)
            must(found->list == (size_t)cJSON_GetArraySize(value) && found->sum == sum_of(value),
                 "the list is what is spelled");
    }
}

/* The first byte is the room for the text. */
void fuzz_json_reader(const uint8_t *data, size_t size)
{
    struct input input = input_of(data, size);
    struct found found = {.text_size = input_byte(&input) % 64};
    const char *text = (const char *)input.at;
    size_t length = input_left(&input);
    found.text = malloc(found.text_size > 0 ? found.text_size : 1);
    bool good = read_all(text, length, &found);
    cJSON *due = grammar_json(text, length);
    must(good == (due != NULL && fields_good(due)), "the reader takes what the grammar has");
    if (good)
        check(&found, due);
    cJSON_Delete(due);
    free(found.text);
}
