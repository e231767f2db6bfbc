/* Lists in pages: what a request asks for (?limit=&after=), and the Link to the next page (RFC 8288). A cursor is
 * opaque to clients: base64url of the key of the last entry; but of a list by numbers it is the number. Any thread. */
#ifndef BOX_OFFICE_PAGE_H
#define BOX_OFFICE_PAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/http.h"
#include "common/problem.h"
#include "common/purchase.h"

enum {
    PAGE_LIMIT_DEFAULT = 100,
    PAGE_BYTES_MAX = 1 << 20, /* a list whose entries have lists of their own ends a page here */
};

struct page {
    size_t limit;         /* 1 to STORE_PAGE_MAX, or to the list's own */
    char name[NAME_SIZE]; /* of a list by names: the last one; "" begins */
    int64_t place;        /* of a list by places or by numbers: the last one; 0 begins */
};

/* Reads a request's query. PROBLEM_NONE, or MALFORMED or INVALID with the reason in `detail`. */
enum problem page_read_names(const char *query, struct page *page,
                             char detail[PROBLEM_DETAIL_SIZE]);
enum problem page_read_places(const char *query, struct page *page,
                              char detail[PROBLEM_DETAIL_SIZE]);

/* Of a list whose cursor is a number that its entries show: no more than `most` of them, which is also the default. */
enum problem page_read_numbers(const char *query, size_t most, struct page *page,
                               char detail[PROBLEM_DETAIL_SIZE]);

/* The number in the spelling that we write; 0: it is none. */
int64_t page_number(const char *text);

/* Writes the value of a Link header: the page of this path behind the name, the place, or the number. */
void page_link_name(char value[HTTP_FIELD_SIZE], const char *path, size_t limit, const char *name);
void page_link_place(char value[HTTP_FIELD_SIZE], const char *path, size_t limit, int64_t place);
void page_link_number(char value[HTTP_FIELD_SIZE], const char *path, size_t limit, int64_t number);

#endif
