#include "balancer/settings.h"

#include <stdio.h>
#include <string.h>

#include "tests/lib/files.h"
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
    CU_ASSERT_EQUAL(settings.servers_min, 3);
    CU_ASSERT_EQUAL(settings.servers_max, 3);
    CU_ASSERT_STRING_EQUAL(settings.members_file, "db/members.json");
    CU_ASSERT_FALSE(settings.allow_remote);
    CU_ASSERT_EQUAL(settings.log_size, 256 << 20);
    CU_ASSERT_EQUAL(settings.waiting, 0);
    CU_ASSERT_EQUAL(settings.config.pools[CONFIG_TICKETS].rules.waiting, 16384);
    CU_ASSERT_PTR_NULL(settings.router);
    CU_ASSERT_PTR_NULL(settings.config_file);
    CU_ASSERT_EQUAL(settings.config.route_count, 8);
    CU_ASSERT_EQUAL(settings.config.routes[0].policy, POLICY_FEWEST_SOLD);
    CU_ASSERT_EQUAL(settings.config.routes[1].policy, POLICY_FEWEST_SOLD);
    CU_ASSERT_EQUAL(settings.config.routes[2].policy, POLICY_ROUND_ROBIN);
    settings_free(&settings);
}

static void options_are_taken(void)
{
    struct settings settings;
    char *argv[] = {"balancer", "--servers", "64", "--listen=[::1]:0", "--router", "3,4,5", NULL};
    settings_read(&settings, 6, argv);
    CU_ASSERT_EQUAL(settings.servers_min, 64);
    CU_ASSERT_EQUAL(settings.servers_max, 64);
    CU_ASSERT_STRING_EQUAL(settings.listen, "[::1]:0");
    CU_ASSERT_STRING_EQUAL(settings.router, "3,4,5");
    CU_ASSERT_EQUAL(settings.config.route_count, 0); /* the master's to give */
    settings_free(&settings);
}

static void servers_are_a_number_or_a_range(void)
{
    static const struct {
        const char *option;
        int64_t min, max;
    } rows[] = {{"--servers=0", 0, 0},
                {"--servers=0..0", 0, 0},
                {"--servers=2..8", 2, 8},
                {"--servers=007", 7, 7},
                {"--servers=64..64", 64, 64}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct settings settings;
        char *argv[] = {"balancer", (char *)(uintptr_t)rows[i].option, NULL};
        settings_read(&settings, 2, argv);
        CU_ASSERT_EQUAL(settings.servers_min, rows[i].min);
        CU_ASSERT_EQUAL(settings.servers_max, rows[i].max);
        settings_free(&settings);
    }
}

static void the_built_in_configuration_takes_a_policy(void)
{
    struct settings settings;
    char *argv[] = {"balancer", "--policy", "power-of-two", "--trusted-proxy", "10.0.0.0/8", NULL};
    settings_read(&settings, 5, argv);
    CU_ASSERT_EQUAL(settings.config.routes[0].policy, POLICY_POWER_OF_TWO);
    CU_ASSERT_EQUAL(settings.config.routes[1].policy, POLICY_POWER_OF_TWO);
    CU_ASSERT_EQUAL(settings.config.routes[2].policy, POLICY_ROUND_ROBIN);
    CU_ASSERT(config_trusts(&settings.config, "10.9.9.9"));
    settings_free(&settings);
}

/* With a file too: what is given outweighs what the file says. */
static void those_who_may_wait_are_bounded_by_option_or_file(void)
{
    static char *rows[][5] = {
        {"balancer", "--waiting=7", NULL},
        {"balancer", "--config=balancer/config.sample.json", "--waiting", "7", NULL},
        {"balancer", "--config=balancer/config.sample.json", "--waiting", "0", NULL},
    };
    static const int64_t right[] = {7, 7, 16384};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct settings settings;
        int count = 0;
        while (rows[i][count] != NULL)
            count++;
        settings_read(&settings, count, rows[i]);
        CU_ASSERT_EQUAL(settings.config.pools[CONFIG_TICKETS].rules.waiting, right[i]);
        settings_free(&settings);
    }
}

/* As the router makes it: of the text that it was given, not of the file. */
static void the_file_is_read_once(void)
{
    struct settings settings;
    struct config config;
    struct buffer other = {0};
    char error[CONFIG_ERROR_SIZE] = "";
    char *argv[] = {
        "balancer",       "--config", "balancer/config.sample.json", "--trusted-proxy=10.0.0.0/8",
        "--print-config", NULL};
    settings_read(&settings, 5, argv);
    CU_ASSERT(settings.print_config && !settings.check_config);
    CU_ASSERT_EQUAL(settings.config.route_count, 11);
    CU_ASSERT(config_trusts(&settings.config, "::1"));
    CU_ASSERT(config_trusts(&settings.config, "10.9.9.9"));
    CU_ASSERT_EQUAL(strncmp(buffer_text(&settings.config_text), "{\n  \"pools\": {", 14), 0);
    buffer_add(&other, "{\"routes\":[{\"name\":\"one\",\"pool\":\"tickets\"}]}");
    CU_ASSERT(settings_config(&settings, &other, &config, error));
    CU_ASSERT_STRING_EQUAL(config.routes[0].name, "one");
    CU_ASSERT(config_trusts(&config, "10.9.9.9"));
    config_free(&config);
    buffer_clear(&other);
    CU_ASSERT_FALSE(settings_config(&settings, &other, &config, error));
    CU_ASSERT_PTR_NOT_NULL(strstr(error, "balancer/config.sample.json:1: JSON ends"));
    buffer_free(&other);
    settings_free(&settings);
}

static void read_option(void *context)
{
    struct settings settings;
    char *argv[] = {"balancer", context, NULL};
    settings_read(&settings, 2, argv);
}

static void bounds_are_kept(void)
{
    static const char *const bad[] = {"--servers=",
                                      "--servers=65",
                                      "--servers=-1",
                                      "--servers= 3",
                                      "--servers=3 ",
                                      "--servers=3..",
                                      "--servers=..3",
                                      "--servers=3..2",
                                      "--servers=2..65",
                                      "--servers=2...8",
                                      "--servers=2..8..9",
                                      "--servers=18446744073709551617",
                                      "--workers=0",
                                      "--workers=17",
                                      "--log-size=4095",
                                      "--connections=15",
                                      "--connections=60001",
                                      "--waiting=-1",
                                      "--waiting=1000001",
                                      "--servers",
                                      "--policy=fewest",
                                      "--policy=",
                                      "--check-config",
                                      "--trusted-proxy=",
                                      "--trusted-proxy=10.0.0.1/8"};
    struct forked forked = {0};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        forked_run(&forked, read_option, (void *)(uintptr_t)bad[i]);
        CU_ASSERT_EQUAL(forked.status, 2);
        CU_ASSERT(forked_complained(&forked, "--"));
    }
    forked_free(&forked);
}

struct refused {
    char *arguments[4];
    int status;
    const char *complaint;
};

static void read_refused(void *context)
{
    struct refused *refused = context;
    struct settings settings;
    char *argv[6] = {"balancer"};
    int count = 0;
    for (; refused->arguments[count] != NULL; count++)
        argv[count + 1] = refused->arguments[count];
    settings_read(&settings, count + 1, argv);
}

static void a_wrong_configuration_ends_it(void)
{
    static struct refused rows[] = {
        {{"--config", "balancer/config.sample.json", "--policy=random"}, 2, "--policy is for"},
        {{"--config", "/nonexistent/x.json"}, 1, "cannot read /nonexistent/x.json: No such file"},
        {{"--config", "/dev/zero"}, 1, "cannot read /dev/zero: it is not a regular file"},
        {{"--config", "balancer"}, 1, "cannot read balancer: Is a directory"},
        {{"--config", "Makefile"}, 1, "Makefile:1: JSON has '#'"},
        {{"--check-config", "--config", "Makefile"}, 1, "Makefile:1: JSON has '#'"},
    };
    struct forked forked = {0};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        forked_run(&forked, read_refused, &rows[i]);
        CU_ASSERT_EQUAL(forked.status, rows[i].status);
        CU_ASSERT(forked_complained(&forked, rows[i].complaint));
        CU_ASSERT_EQUAL(forked.out.length, 0);
    }
    forked_free(&forked);
}

/* Which only a master looks for: not who reads the file to print it. */
static void a_missing_key_is_named_with_its_line(void)
{
    static const char json[] =
        "{\"jwt\": {\"algorithm\": \"HS256\",\n\"key_file\": \"/nowhere/key\"},\n"
        "\"routes\": [{\"name\": \"one\", \"pool\": \"tickets\"}]}";
    char dir[FILES_PATH_SIZE], file[FILES_PATH_SIZE];
    char error[CONFIG_ERROR_SIZE] = "", due[FILES_PATH_SIZE + 32];
    struct settings settings;
    files_directory(dir);
    files_path(file, dir, "x.json");
    files_write(file, json, sizeof json - 1);
    char *argv[] = {"balancer", "--config", file, NULL};
    settings_read(&settings, 3, argv);
    CU_ASSERT_FALSE(settings_keys_good(&settings, &settings.config, error));
    snprintf(due, sizeof due, "%s:2: there is no key ", file);
    CU_ASSERT_EQUAL(strncmp(error, due, strlen(due)), 0);
    settings_free(&settings);
    files_remove(dir);
}

static void help_keeps_our_own_option_to_ourselves(void)
{
    struct forked forked = {0};
    forked_run(&forked, read_option, "--help");
    CU_ASSERT_EQUAL(forked.status, 0);
    CU_ASSERT(forked_said(&forked, "usage: balancer [options]\n"));
    CU_ASSERT(forked_said(&forked, "  --token-file FILE "));
    CU_ASSERT(forked_said(&forked, "SIGUSR2"));
    CU_ASSERT_FALSE(forked_said(&forked, "--router"));
    CU_ASSERT_FALSE(forked_said(&forked, "--try"));
    CU_ASSERT_FALSE(forked_said(&forked, "--takeover"));
    forked_free(&forked);
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("settings", "defaults are those of the design", defaults_are_those_of_the_design);
    suite_add("settings", "options are taken", options_are_taken);
    suite_add("settings", "servers are a number or a range", servers_are_a_number_or_a_range);
    suite_add("settings", "the built-in configuration takes a policy",
              the_built_in_configuration_takes_a_policy);
    suite_add("settings", "those who may wait are bounded by option or file",
              those_who_may_wait_are_bounded_by_option_or_file);
    suite_add("settings", "the file is read once", the_file_is_read_once);
    suite_add("settings", "a wrong configuration ends it", a_wrong_configuration_ends_it);
    suite_add("settings", "a missing key is named with its line",
              a_missing_key_is_named_with_its_line);
    suite_add("settings", "bounds are kept", bounds_are_kept);
    suite_add("settings", "help keeps our own option to ourselves",
              help_keeps_our_own_option_to_ourselves);
}
