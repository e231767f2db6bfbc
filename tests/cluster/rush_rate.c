/* Rush at a rate: buyers come whether or not those before them were answered, and their latency counts
 * from when they came. */
#include <stdio.h>
#include <string.h>

#include "tests/lib/fake_shop.h"
#include "tests/lib/files.h"
#include "tests/lib/process.h"
#include "tests/lib/suite.h"

enum {
    BUYERS = 1000,
};

/* What a rush of theirs printed. */
struct figures {
    double p50;     /* ms */
    double seconds; /* from the first to the last answer */
    int late;       /* -1: not told */
};

static double number_after(const char *text, const char *words, double otherwise)
{
    const char *at = strstr(text, words);
    double number;
    return at != NULL && sscanf(at + strlen(words), "%lf", &number) == 1 ? number : otherwise;
}

static struct figures rush(const char *rate, const char *connections)
{
    char dir[FILES_PATH_SIZE];
    struct process process;
    struct buffer out = {0};
    struct fake_shop shop = {.capacity = BUYERS};
    fake_shop_open(&shop);
    files_directory(dir);
    const char *argv[] = {"rush",   "--url", shop.url,        "--buyers",  "1000",
                          "--rate", rate,    "--concurrency", connections, NULL};
    process_run(&process, dir, argv, 0);
    files_read(process.out, &out);
    const char *text = buffer_text(&out);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "sold exactly the capacity: 1000 of 1000"));
    struct figures figures = {.p50 = number_after(text, "p50 ", -1),
                              .seconds = number_after(text, "answers/s, in ", -1),
                              .late = (int)number_after(text, "were to come; ", -1)};
    buffer_free(&out);
    files_remove(dir);
    fake_shop_close(&shop);
    return figures;
}

/* The last of 1000 buyers comes 999/2000 s after the first, not before. */
static void comes_at_the_rate(void)
{
    struct figures figures = rush("2000", "8");
    CU_ASSERT(figures.seconds >= 0.49);
    CU_ASSERT(figures.late >= 0);
}

/* Between what one of them waits for an answer, a thousandth of the time, and what the median one of those that came at
 * once waits for its turn: half of it, where no moment is slower than another. In milliseconds. */
static double long_wait(const struct figures *figures)
{
    return figures->seconds * 1000 / 10;
}

/* All come within a millisecond, and share one connection, though each request is answered at once. */
static void counts_the_wait(void)
{
    struct figures figures = rush("1000000", "1");
    CU_ASSERT(figures.p50 >= long_wait(&figures));
    CU_ASSERT(figures.late > BUYERS / 2);
}

static void says_nothing_without_a_rate(void)
{
    struct figures figures = rush("0", "1");
    CU_ASSERT(figures.p50 < long_wait(&figures));
    CU_ASSERT_EQUAL(figures.late, -1);
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("rush_rate", "comes_at_the_rate", comes_at_the_rate);
    suite_add("rush_rate", "counts_the_wait", counts_the_wait);
    suite_add("rush_rate", "says_nothing_without_a_rate", says_nothing_without_a_rate);
}
