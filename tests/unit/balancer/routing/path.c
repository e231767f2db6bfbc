#include "balancer/routing/path.h"

#include <stdio.h>
#include <string.h>

#include "tests/lib/suite.h"

enum {
    PATH_SIZE = 64,
};

struct row {
    const char *path;
    const char *decoded; /* NULL: it is wrongly encoded */
    bool plain, climbs;
};

static const struct row rows[] = {
    {"/", "/", true, false},
    {"/a/b", "/a/b", true, false},
    {"/a/", "/a/", true, false},
    {"", "", true, false},
    {"*", "*", true, false},
    /* encoded */
    {"/%67uarded", "/guarded", false, false},
    {"/a%20b", "/a b", false, false},
    {"/a%2fb", "/a/b", false, false},
    {"/%2541", "/%41", false, false}, /* decoded once, as servers do */
    {"/%e2%82%ac", "/\xe2\x82\xac", false, false},
    {"/%2Fa", "/a", false, false},
    {"/a%2", NULL, false, false},
    {"/a%", NULL, false, false},
    {"/%g0", NULL, false, false},
    {"/%0g", NULL, false, false},
    {"/%%30", NULL, false, false},
    {"/a%00b", NULL, false, false},
    /* empty segments */
    {"//a", "/a", false, false},
    {"/a//b///c", "/a/b/c", false, false},
    {"/a//", "/a/", false, false},
    /* segments that climb */
    {"/.", "/.", true, true},
    {"/..", "/..", true, true},
    {"/a/../b", "/a/../b", true, true},
    {"/a/./b", "/a/./b", true, true},
    {"..", "..", true, true},
    {"/a/..", "/a/..", true, true},
    {"/a/%2e%2E/b", "/a/../b", false, true},
    {"/a/.%2e", "/a/..", false, true},
    {"/a/..%2fb", "/a/../b", false, true},
    {"/a%2f../b", "/a/../b", false, true},
    {"/a\\..\\b", "/a\\..\\b", true, true},
    {"/a%5c..%5Cb", "/a\\..\\b", false, true},
    {"/a/..;/b", "/a/..;/b", true, true},
    {"/a/..;x=1/b", "/a/..;x=1/b", true, true},
    {"/a/..%3bx", "/a/..;x", false, true},
    {"/a;x/../b", "/a;x/../b", true, true},
    {"//../b", "/../b", false, true},
    /* dots that do not */
    {"/...", "/...", true, false},
    {"/a..b", "/a..b", true, false},
    {"/..a/b", "/..a/b", true, false},
    {"/a../b", "/a../b", true, false},
    {"/.well-known/x", "/.well-known/x", true, false},
    {"/a;../b", "/a;../b", true, false},
    {"/%2e%2ea", "/..a", false, false},
    {"/.%", NULL, false, false},
};

static void expect_row(const struct row *row)
{
    char decoded[PATH_SIZE];
    unsigned before = CU_get_number_of_failure_records();
    CU_ASSERT_EQUAL(path_is_plain(row->path), row->plain);
    CU_ASSERT_EQUAL(path_climbs(row->path), row->climbs);
    CU_ASSERT_EQUAL(path_decode(row->path, decoded), row->decoded != NULL);
    if (row->decoded != NULL)
        CU_ASSERT_STRING_EQUAL(decoded, row->decoded);
    if (CU_get_number_of_failure_records() != before)
        printf("  path: %s\n", row->path);
}

static void is_read_as_servers_read_it(void)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        expect_row(&rows[i]);
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("path", "is read as servers read it", is_read_as_servers_read_it);
}
