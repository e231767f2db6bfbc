#include "ticket_server/page.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base64url.h"
#include "common/form.h"
#include "db/store.h"

enum {
    QUERY_MAX = 1024,
    LIMIT_DIGITS_MAX = 9,
    NUMBER_DIGITS_MAX = 15,
    PLACE_BYTES = 8, /* big-endian */
    CURSOR_SIZE = BASE64URL_LENGTH(NAME_SIZE) + 1,
};

typedef bool take_cursor(const char *text, struct page *page);

/* What a list's query may say. */
struct rule {
    take_cursor *take;
    size_t limit_default, limit_max;
};

/* Decodes a cursor into `bytes`, of which there are at most `max`; how many, 0: it is none. */
static size_t decode(const char *text, unsigned char *bytes, size_t max)
{
    unsigned char all[CURSOR_SIZE];
    size_t length = strlen(text), decoded = 0;
    if (length >= CURSOR_SIZE || !base64url_decode(text, length, all, &decoded) || decoded > max)
        return 0;
    memcpy(bytes, all, decoded);
    return decoded;
}

static bool take_name(const char *text, struct page *page)
{
    char name[NAME_SIZE] = "";
    size_t length = decode(text, (unsigned char *)name, NAME_SIZE - 1);
    if (length == 0 || strlen(name) != length || !purchase_name_valid(name))
        return false;
    memcpy(page->name, name, sizeof name);
    return true;
}

static bool take_place(const char *text, struct page *page)
{
    unsigned char bytes[PLACE_BYTES];
    uint64_t place = 0;
    if (decode(text, bytes, sizeof bytes) != sizeof bytes || bytes[0] > INT8_MAX)
        return false;
    for (size_t i = 0; i < sizeof bytes; i++)
        place = place << 8 | bytes[i];
    page->place = (int64_t)place;
    return true;
}

int64_t page_number(const char *text)
{
    size_t length = strspn(text, "0123456789");
    if (length == 0 || length > NUMBER_DIGITS_MAX || text[length] != '\0' || text[0] == '0')
        return 0;
    return strtoll(text, NULL, 10);
}

static bool take_number(const char *text, struct page *page)
{
    page->place = page_number(text);
    return page->place != 0;
}

static enum problem malformed(char detail[PROBLEM_DETAIL_SIZE], const char *why)
{
    snprintf(detail, PROBLEM_DETAIL_SIZE, "The query cannot be read: %s.", why);
    return PROBLEM_MALFORMED;
}

static enum problem take_limit(const char *text, size_t most, struct page *page,
                               char detail[PROBLEM_DETAIL_SIZE])
{
    size_t length = strlen(text);
    if (length == 0 || strspn(text, "0123456789") != length)
        return malformed(detail, "limit must be a number");
    long limit = length <= LIMIT_DIGITS_MAX ? strtol(text, NULL, 10) : 0;
    if (limit >= 1 && (size_t)limit <= most) {
        page->limit = (size_t)limit;
        return PROBLEM_NONE;
    }
    snprintf(detail, PROBLEM_DETAIL_SIZE, "limit must be 1 to %zu.", most);
    return PROBLEM_INVALID;
}

static enum problem take_fields(struct form *form, struct page *page, const struct rule *rule,
                                char detail[PROBLEM_DETAIL_SIZE])
{
    enum problem problem = PROBLEM_NONE;
    bool limited = false, begun = false;
    for (;;) {
        enum form_step step = form_next(form);
        if (step == FORM_END)
            return problem;
        if (step == FORM_BAD)
            return malformed(detail, form->why);
        bool *seen = strcmp(form->name, "limit") == 0   ? &limited
                     : strcmp(form->name, "after") == 0 ? &begun
                                                        : NULL;
        if (seen == NULL || *seen)
            return malformed(detail, seen == NULL ? "a list takes limit and after"
                                                  : "limit or after comes twice");
        *seen = true;
        if (seen == &begun && !rule->take(form->value, page))
            return malformed(detail, "after must be as a Link header gave it");
        enum problem broken = seen == &limited
                                  ? take_limit(form->value, rule->limit_max, page, detail)
                                  : PROBLEM_NONE;
        if (broken == PROBLEM_MALFORMED)
            return broken;
        problem = broken != PROBLEM_NONE ? broken : problem;
    }
}

static enum problem read_query(const char *query, struct page *page, const struct rule *rule,
                               char detail[PROBLEM_DETAIL_SIZE])
{
    char copy[QUERY_MAX];
    struct form form;
    *page = (struct page){.limit = rule->limit_default};
    const char *fields = query[0] == '?' ? query + 1 : query;
    size_t length = strlen(fields);
    if (length == 0)
        return PROBLEM_NONE;
    if (length >= sizeof copy)
        return malformed(detail, "it is too long");
    memcpy(copy, fields, length + 1);
    form_open(&form, copy, length);
    return take_fields(&form, page, rule, detail);
}

enum problem page_read_names(const char *query, struct page *page, char detail[PROBLEM_DETAIL_SIZE])
{
    const struct rule rule = {take_name, PAGE_LIMIT_DEFAULT, STORE_PAGE_MAX};
    return read_query(query, page, &rule, detail);
}

enum problem page_read_places(const char *query, struct page *page,
                              char detail[PROBLEM_DETAIL_SIZE])
{
    const struct rule rule = {take_place, PAGE_LIMIT_DEFAULT, STORE_PAGE_MAX};
    return read_query(query, page, &rule, detail);
}

enum problem page_read_numbers(const char *query, size_t most, struct page *page,
                               char detail[PROBLEM_DETAIL_SIZE])
{
    const struct rule rule = {take_number, most, most};
    return read_query(query, page, &rule, detail);
}

static void write_link(char value[HTTP_FIELD_SIZE], const char *path, size_t limit,
                       const unsigned char *bytes, size_t length)
{
    char cursor[CURSOR_SIZE];
    base64url_encode(bytes, length, cursor);
    snprintf(value, HTTP_FIELD_SIZE, "<%s?limit=%zu&after=%s>; rel=\"next\"", path, limit, cursor);
}

void page_link_name(char value[HTTP_FIELD_SIZE], const char *path, size_t limit, const char *name)
{
    write_link(value, path, limit, (const unsigned char *)name, strlen(name));
}

void page_link_place(char value[HTTP_FIELD_SIZE], const char *path, size_t limit, int64_t place)
{
    unsigned char bytes[PLACE_BYTES];
    uint64_t rest = (uint64_t)place;
    for (size_t i = sizeof bytes; i-- > 0; rest >>= 8)
        bytes[i] = (unsigned char)rest;
    write_link(value, path, limit, bytes, sizeof bytes);
}

void page_link_number(char value[HTTP_FIELD_SIZE], const char *path, size_t limit, int64_t number)
{
    snprintf(value, HTTP_FIELD_SIZE, "<%s?limit=%zu&after=%lld>; rel=\"next\"", path, limit,
             (long long)number);
}
