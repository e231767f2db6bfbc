#include "balancer/pool/own_servers.h"

#include "tests/lib/suite.h"

static void a_number_and_back(void)
{
    char id[SERVER_SIZE];
    own_server_name(OWN_SERVERS_MAX, id);
    CU_ASSERT_STRING_EQUAL(id, "server-64");
    CU_ASSERT_EQUAL(own_server_number(id), OWN_SERVERS_MAX);
    CU_ASSERT_EQUAL(own_server_number("server-1"), 1);
}

/* Such a name is kept for us, but nobody of ours has it. */
static void a_number_that_cannot_be(void)
{
    static const char *const ids[] = {"server-0", "server-65", "server-99999999999999999999"};
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
        CU_ASSERT_TRUE(own_server_named(ids[i]));
        CU_ASSERT_EQUAL(own_server_number(ids[i]), 0);
    }
}

static void names_of_others(void)
{
    static const char *const ids[] = {"", "server", "server-", "server-1x", "server--1", "box-1"};
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
        CU_ASSERT_FALSE(own_server_named(ids[i]));
        CU_ASSERT_EQUAL(own_server_number(ids[i]), 0);
    }
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("own servers", "a number and back", a_number_and_back);
    suite_add("own servers", "a number that cannot be", a_number_that_cannot_be);
    suite_add("own servers", "names of others", names_of_others);
}
