#include "ticket_server/page.h"

#include <stdio.h>
#include <string.h>

#include "tests/lib/suite.h"

static struct page page;
static char detail[PROBLEM_DETAIL_SIZE];

/* The query of a Link's target. */
static const char *query_of(const char *link)
{
    static char query[HTTP_FIELD_SIZE];
    const char *begin = strchr(link, '?');
    CU_ASSERT_PTR_NOT_NULL_FATAL(begin);
    snprintf(query, sizeof query, "%.*s", (int)strcspn(begin, ">"), begin);
    return query;
}

static void a_link_leads_on(void)
{
    char link[HTTP_FIELD_SIZE], name[NAME_SIZE] = "";
    static const int64_t places[] = {1, 255, 256, INT64_MAX};
    memset(name, 'z', NAME_SIZE - 1);
    page_link_name(link, "/events", 7, name);
    CU_ASSERT_EQUAL(strncmp(link, "</events?limit=7&after=", 23), 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(link, ">; rel=\"next\""));
    CU_ASSERT_EQUAL(page_read_names(query_of(link), &page, detail), PROBLEM_NONE);
    CU_ASSERT_EQUAL(page.limit, 7);
    CU_ASSERT_STRING_EQUAL(page.name, name);
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        page_link_place(link, "/events/demo/orders", 1000, places[i]);
        CU_ASSERT_EQUAL(page_read_places(query_of(link), &page, detail), PROBLEM_NONE);
        CU_ASSERT_EQUAL(page.place, places[i]);
    }
}

static void a_list_begins_without_a_query(void)
{
    CU_ASSERT_EQUAL(page_read_names("", &page, detail), PROBLEM_NONE);
    CU_ASSERT_EQUAL(page.limit, PAGE_LIMIT_DEFAULT);
    CU_ASSERT_STRING_EQUAL(page.name, "");
    CU_ASSERT_EQUAL(page_read_places("?limit=1000", &page, detail), PROBLEM_NONE);
    CU_ASSERT_EQUAL(page.limit, 1000);
    CU_ASSERT_EQUAL(page.place, 0);
}

static void nonsense_is_refused(void)
{
    static const char *const malformed[] = {
        "?limit=",
        "?limit=x",
        "?limit=-1",
        "?limit=1.5",
        "?limit=+1",
        "?limit=1&limit=1",
        "?after=",
        "?after=!",
        "?after=AA",
        "?after=AAAAAAAAAAA%3d",
        "?after=__________8",
        "?offset=1",
        "?limit",
        "?limit=1&",
        "?limit=%zz",
        "?after=AAAAAAAAAAE&after=AAAAAAAAAAE",
    };
    for (size_t i = 0; i < sizeof malformed / sizeof *malformed; i++) {
        enum problem problem = page_read_places(malformed[i], &page, detail);
        CU_ASSERT_EQUAL(problem, PROBLEM_MALFORMED);
        if (problem != PROBLEM_MALFORMED)
            printf("  %s: %d\n", malformed[i], problem);
    }
    CU_ASSERT_EQUAL(page_read_places("?limit=0", &page, detail), PROBLEM_INVALID);
    CU_ASSERT_EQUAL(page_read_places("?limit=1001", &page, detail), PROBLEM_INVALID);
    CU_ASSERT_EQUAL(page_read_places("?limit=99999999999999999999", &page, detail),
                    PROBLEM_INVALID);
    CU_ASSERT_EQUAL(page_read_names("?after=Li4", &page, detail), PROBLEM_MALFORMED);  /* ".." */
    CU_ASSERT_EQUAL(page_read_names("?after=YQBi", &page, detail), PROBLEM_MALFORMED); /* a\0b */
}

static void a_list_by_numbers_shows_them(void)
{
    char link[HTTP_FIELD_SIZE];
    CU_ASSERT_EQUAL(page_read_numbers("", 50, &page, detail), PROBLEM_NONE);
    CU_ASSERT_EQUAL(page.limit, 50);
    CU_ASSERT_EQUAL(page.place, 0);
    page_link_number(link, "/list", 7, 123456789012345);
    CU_ASSERT_STRING_EQUAL(link, "</list?limit=7&after=123456789012345>; rel=\"next\"");
    CU_ASSERT_EQUAL(page_read_numbers(query_of(link), 50, &page, detail), PROBLEM_NONE);
    CU_ASSERT_EQUAL(page.limit, 7);
    CU_ASSERT_EQUAL(page.place, 123456789012345);
    CU_ASSERT_EQUAL(page_read_numbers("?limit=51", 50, &page, detail), PROBLEM_INVALID);
    CU_ASSERT_STRING_EQUAL(detail, "limit must be 1 to 50.");
    CU_ASSERT_EQUAL(page_read_numbers("?limit=50", 50, &page, detail), PROBLEM_NONE);
    static const char *const bad[] = {"?after=",    "?after=0",       "?after=01",
                                      "?after=-1",  "?after=1.5",     "?after=1&after=2",
                                      "?x=1",       "?after=YQ",      "?after=1234567890123456",
                                      "?limit=1&x", "?limit=fifteen", "?after=%201"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        CU_ASSERT_EQUAL(page_read_numbers(bad[i], 50, &page, detail), PROBLEM_MALFORMED);
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("page", "a link leads on", a_link_leads_on);
    suite_add("page", "a list begins without a query", a_list_begins_without_a_query);
    suite_add("page", "nonsense is refused", nonsense_is_refused);
    suite_add("page", "a list by numbers shows them", a_list_by_numbers_shows_them);
}
