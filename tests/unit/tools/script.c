#include "tests/unit/tools/script.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "tests/lib/suite.h"

#define TIME "2026-11-21T10:00:00.000000Z"

static struct buffer written;
static struct lines lines;
static struct verdict verdict;
static struct sim no_sales;
static uint64_t last;

void script_clear(void)
{
    buffer_free(&written);
    last = 0;
}

void script_add(const char *format, ...)
{
    char text[1024];
    va_list values;
    va_start(values, format);
    int length = vsnprintf(text, sizeof text, format, values);
    va_end(values);
    CU_ASSERT_FATAL(length > 0 && (size_t)length < sizeof text);
    buffer_printf(&written, "n=%" PRIu64 " time=" TIME " %s\n", ++last, text);
}

void script_skip_to(uint64_t n)
{
    last = n;
}

void script_start(void)
{
    last = 0;
    script_add("started router=" SCRIPT_ROUTER " version=3");
}

void script_stop(void)
{
    script_add("stopped router=" SCRIPT_ROUTER);
}

void script_move(const char *id, const char *pool, const char *move)
{
    script_add("server server=%s pool=%s weight=1 state=%s boot=0 commit=0 told=0 limit=9 "
               "store=\"\" why=\"so it goes\"",
               id, pool, move);
}

void script_up(const char *id, const char *pool)
{
    script_move(id, pool, "new→joining");
    script_move(id, pool, "joining→up");
}

void script_expect(enum check check, uint64_t times, const char *words)
{
    take_apart(&written, &lines);
    struct trial trial = {&lines, &no_sales, lines.count, false, SIM_STORE};
    judge(&trial, &verdict);
    CU_ASSERT_EQUAL(verdict.broken[check], times);
    CU_ASSERT_EQUAL(verdict.violations, times);
    CU_ASSERT_PTR_NOT_NULL(strstr(verdict.said, words));
    if (verdict.violations != times || strstr(verdict.said, words) == NULL)
        printf("%s", verdict.said);
    script_clear();
}

const struct verdict *script_verdict(void)
{
    return &verdict;
}
