#include "balancer/client/gate.h"

#include <string.h>

#include "tests/lib/suite.h"

/* Also those of "tickets", a pool that is there before the configuration is read. */
static void each_pool_goes_by_its_rules(void)
{
    static const char text[] =
        "{\"pools\":{\"tickets\":{\"max_pending\":7,\"check\":{\"fall\":9}},"
        "\"files\":{\"servers\":[{\"id\":\"f\",\"address\":\"127.0.0.1:1\"}],"
        "\"connections\":3,\"check\":\"/up\"}},"
        "\"routes\":[{\"name\":\"a\",\"pool\":\"tickets\"}]}";
    static struct servers servers;
    struct config config;
    struct gate gate;
    char error[CONFIG_ERROR_SIZE];
    CU_ASSERT_FATAL(config_read("x.json", text, sizeof text - 1, &config, error));
    servers_init(&servers);
    CU_ASSERT_FATAL(gate_open(&gate, &config, &servers, "unused"));
    const struct pool_rules *tickets = &servers.pools[POOL_TICKETS].rules;
    const struct pool_rules *files = &servers.pools[1].rules;
    CU_ASSERT_EQUAL(tickets->limit, 7);
    CU_ASSERT_EQUAL(tickets->fall, 9);
    CU_ASSERT_STRING_EQUAL(tickets->check, "/healthz");
    CU_ASSERT_EQUAL(files->limit, 3);
    CU_ASSERT_STRING_EQUAL(files->check, "/up");
    CU_ASSERT_EQUAL(servers.list[0].limit, 3);
    gate_close(&gate);
    servers_free(&servers);
    config_free(&config);
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("gate", "each pool goes by its rules", each_pool_goes_by_its_rules);
}
