#include "balancer/settings.h"

#include "tests/lib/suite.h"
#include "tests/unit/common/forked.h"

static void defaults_are_those_of_the_design(void)
{
    struct settings settings;
    char *argv[] = {"balancer", NULL};
    settings_read(&settings, 1, argv);
    CU_ASSERT_STRING_EQUAL(settings.listen, "127.0.0.1:8080");
    CU_ASSERT_STRING_EQUAL(settings.admin, "127.0.0.1:8081");
    CU_ASSERT_STRING_EQUAL(settings.store, "sqlite:db/tickets.db");
    CU_ASSERT_STRING_EQUAL(settings.log_dir, "logs");
    CU_ASSERT_STRING_EQUAL(settings.token_file, "db/admin.token");
    CU_ASSERT_EQUAL(settings.servers, 3);
    CU_ASSERT_EQUAL(settings.log_size, 256 << 20);
    CU_ASSERT_EQUAL(settings.waiting, 16384);
    CU_ASSERT_PTR_NULL(settings.router);
}

static void options_are_taken(void)
{
    struct settings settings;
    char *argv[] = {"balancer", "--servers", "64", "--listen=[::1]:0", "--router", "3,4,5", NULL};
    settings_read(&settings, 6, argv);
    CU_ASSERT_EQUAL(settings.servers, 64);
    CU_ASSERT_STRING_EQUAL(settings.listen, "[::1]:0");
    CU_ASSERT_STRING_EQUAL(settings.router, "3,4,5");
}

static void read_option(void *context)
{
    struct settings settings;
    char *argv[] = {"balancer", context, NULL};
    settings_read(&settings, 2, argv);
}

static void bounds_are_kept(void)
{
    static const char *const bad[] = {"--servers=0",         "--servers=65",    "--workers=0",
                                      "--workers=17",        "--log-size=4095", "--connections=15",
                                      "--connections=60001", "--waiting=0",     "--servers"};
    struct forked forked = {0};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        forked_run(&forked, read_option, (void *)(uintptr_t)bad[i]);
        CU_ASSERT_EQUAL(forked.status, 2);
        CU_ASSERT(forked_complained(&forked, "--"));
    }
    forked_free(&forked);
}

static void help_keeps_our_own_option_to_ourselves(void)
{
    struct forked forked = {0};
    forked_run(&forked, read_option, "--help");
    CU_ASSERT_EQUAL(forked.status, 0);
    CU_ASSERT(forked_said(&forked, "usage: balancer [options]\n"));
    CU_ASSERT(forked_said(&forked, "  --token-file FILE "));
    CU_ASSERT_FALSE(forked_said(&forked, "--router"));
    forked_free(&forked);
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("settings", "defaults are those of the design", defaults_are_those_of_the_design);
    suite_add("settings", "options are taken", options_are_taken);
    suite_add("settings", "bounds are kept", bounds_are_kept);
    suite_add("settings", "help keeps our own option to ourselves",
              help_keeps_our_own_option_to_ourselves);
}
