#include "tests/unit/balancer/routing/config_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/suite.h"

bool config_text_read(const char *text, size_t length, struct config *config,
                      char error[CONFIG_ERROR_SIZE])
{
    char *exact = memory_new(length);
    memcpy(exact, text, length);
    bool good = config_read("x.json", exact, length, config, error);
    free(exact);
    return good;
}

void config_text_refused(const struct config_refusal *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct config config;
        char error[CONFIG_ERROR_SIZE] = "(accepted)";
        bool good = config_text_read(rows[i].text, strlen(rows[i].text), &config, error);
        bool right = !good && strncmp(error, rows[i].error, strlen(rows[i].error)) == 0 &&
                     strchr(error, '\n') == NULL;
        CU_ASSERT(right);
        if (!right)
            printf("  %s\n    expected: %s\n    got:      %s\n", rows[i].text, rows[i].error,
                   error);
        if (good)
            config_free(&config);
    }
}

void config_text_same_again(const struct config *config)
{
    struct buffer once = {0}, twice = {0};
    struct config again;
    char error[CONFIG_ERROR_SIZE] = "";
    config_print(config, &once);
    bool good = config_text_read(once.data, once.length, &again, error);
    CU_ASSERT_STRING_EQUAL(error, "");
    CU_ASSERT_FATAL(good);
    config_print(&again, &twice);
    CU_ASSERT_STRING_EQUAL(buffer_text(&once), buffer_text(&twice));
    CU_ASSERT_EQUAL(config->route_count, again.route_count);
    CU_ASSERT_EQUAL(config->server_count, again.server_count);
    CU_ASSERT_EQUAL(config->trusted_count, again.trusted_count);
    for (size_t i = 0; i < config->pool_count; i++) {
        struct pool_rules a = config->pools[i].rules, b = again.pools[i].rules;
        CU_ASSERT_EQUAL(a.check == NULL, b.check == NULL);
        if (a.check != NULL && b.check != NULL)
            CU_ASSERT_STRING_EQUAL(a.check, b.check);
        a.check = b.check = NULL;
        CU_ASSERT_EQUAL(memcmp(&a, &b, sizeof a), 0);
    }
    config_free(&again);
    buffer_free(&once);
    buffer_free(&twice);
}
