/* Rush finds a cluster out that lies, and leaves one alone that does not. */
#include <stdio.h>
#include <string.h>

#include "tests/lib/fake_shop.h"
#include "tests/lib/files.h"
#include "tests/lib/process.h"
#include "tests/lib/suite.h"

static void rush(enum shop_fault fault, int status, const char *sentence)
{
    char dir[FILES_PATH_SIZE];
    struct process process;
    struct buffer out = {0};
    struct fake_shop shop = {.fault = fault, .capacity = 50};
    fake_shop_open(&shop);
    files_directory(dir);
    const char *argv[] = {"rush", "--url", shop.url, "--buyers", "100", NULL};
    process_run(&process, dir, argv, status);
    files_read(process.out, &out);
    CU_ASSERT_PTR_NOT_NULL(strstr(buffer_text(&out), sentence));
    if (strstr(buffer_text(&out), sentence) == NULL)
        printf("  no \"%s\" in\n%s", sentence, buffer_text(&out));
    buffer_free(&out);
    files_remove(dir);
    fake_shop_close(&shop);
}

static void believes_the_honest(void)
{
    rush(SHOP_HONEST, 0, "sold exactly the capacity: 50 of 50");
    rush(SHOP_HAS_OTHER_BUYERS, 0, "others buy at the same time");
}

static void finds_out_the_others(void)
{
    rush(SHOP_SELLS_NUMBERS_TWICE, 1, "WRONG: 24 ticket numbers were given to two buyers");
    rush(SHOP_OVERSELLS, 1, "WRONG: oversold: 52 of 50");
    rush(SHOP_FORGETS_A_SALE, 1, "WRONG: 50 tickets were acknowledged, but only 49 more");
    rush(SHOP_REFUSES_TOO_EARLY, 1, "WRONG: buyers were told it is sold out, but 2 tickets");
    rush(SHOP_SELLS_TOO_MANY_AT_ONCE, 1, "WRONG: 50 answers could not be understood");
    rush(SHOP_TALKS_NONSENSE, 1, "WRONG: 100 answers could not be understood");
}

static void says_why_nothing_could_be_bought(void)
{
    rush(SHOP_WANTS_NAMES, 1, "WRONG: nothing could be bought: buyer_required (100 of 100 buyers)");
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("rush_verdict", "believes_the_honest", believes_the_honest);
    suite_add("rush_verdict", "finds_out_the_others", finds_out_the_others);
    suite_add("rush_verdict", "says_why_nothing_could_be_bought", says_why_nothing_could_be_bought);
}
