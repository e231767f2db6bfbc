#include "common/csv.h"

#include "tests/lib/suite.h"

struct row {
    const char *text, *cell;
};

static const struct row rows[] = {
    {"", ""},
    {"plain", "plain"},
    {"two words", "two words"},
    {"a,b", "\"a,b\""},
    {"say \"so\"", "\"say \"\"so\"\"\""},
    {"two\r\nlines", "\"two\r\nlines\""},
    {"日本, 東京", "\"日本, 東京\""},
    /* what would be run */
    {"=1+1", "'=1+1"},
    {"+49 30 1", "'+49 30 1"},
    {"-1", "'-1"},
    {"@SUM(A1)", "'@SUM(A1)"},
    {"\tx", "\"'\tx\""},
    {"\rx", "\"'\rx\""},
    {"=HYPERLINK(\"a\",b)", "\"'=HYPERLINK(\"\"a\"\",b)\""},
    {"＝1", "'＝1"},
    {"＋1", "'＋1"},
    {"－1", "'－1"},
    {"＠a", "'＠a"},
    {"  =1", "'  =1"},
    /* also where the list separator is another, and quotes do not count */
    {"x;y", "\"x;y\""},
    {"x\ty", "\"x\ty\""},
    {"x;=HYPERLINK(1)", "\"x;'=HYPERLINK(1)\""},
    {"x\t+1", "\"x\t'+1\""},
    {"x\n-1", "\"x\n'-1\""},
    {"x\r\n-1", "\"x\r\n'-1\""},
    {"x;;@a;＝b", "\"x;;'@a;'＝b\""},
    {"x; =1", "\"x;' =1\""},
    {"x;\"=1\"", "\"x;'\"\"=1\"\"\""},
    {"\"=1\"", "\"'\"\"=1\"\"\""},
    {"=1;=2", "\"'=1;'=2\""},
    /* what would not */
    {"a;b=c", "\"a;b=c\""},
    {"a, =b", "\"a, =b\""},
    {"; ;", "\"; ;\""},
    {"a=b", "a=b"},
    {"1-1", "1-1"},
    {"～", "～"},
};

static void a_text_is_one_cell_that_is_never_run(void)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buffer out = {0};
        struct csv csv = {.out = &out};
        csv_text(&csv, rows[i].text);
        CU_ASSERT_STRING_EQUAL(buffer_text(&out), rows[i].cell);
        buffer_free(&out);
    }
}

static void cells_have_commas_between_and_rows_end(void)
{
    struct buffer out = {0};
    struct csv csv = {.out = &out};
    csv_text(&csv, "");
    csv_text(&csv, "a");
    csv_number(&csv, -5);
    csv_time(&csv, 0);
    csv_time(&csv, INT64_C(1000000));
    csv_end_row(&csv);
    csv_number(&csv, 7);
    csv_text(&csv, "");
    csv_end_row(&csv);
    CU_ASSERT_STRING_EQUAL(buffer_text(&out), ",a,-5,,1970-01-01T00:00:01.000000Z\r\n7,\r\n");
    buffer_free(&out);
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("csv", "a text is one cell that is never run", a_text_is_one_cell_that_is_never_run);
    suite_add("csv", "cells have commas between and rows end",
              cells_have_commas_between_and_rows_end);
}
