#include "tests/unit/balancer/routing/forwarding.h"
#include "tests/unit/balancer/pool/checks.h"

#include <stdio.h>
#include <string.h>

#include "tests/lib/suite.h"

struct servers forwarding;

void forwarding_open(size_t files)
{
    history_servers_up(&forwarding, 2, NULL);
    struct pool_rules rules = pool_rules_default(false);
    rules.limit = FORWARDING_LIMIT;
    size_t pool = servers_pool_add(&forwarding, "files", &rules);
    forwarding.pools[pool].reports = true;
    for (size_t i = 0; i < files; i++) {
        char id[SERVER_SIZE];
        snprintf(id, sizeof id, "files-%zu", i + 1);
        struct server_about about = {id, "127.0.0.1:1", pool, 1 + (int64_t)i % 2, SOURCE_CONFIG};
        CU_ASSERT(servers_add(&forwarding, &about));
        check_answered(&forwarding, forwarding.count - 1, 0);
    }
    history_text(&forwarding);
}

void forwarding_close(void)
{
    servers_free(&forwarding);
}

size_t forwarding_index(const char *id)
{
    size_t i = 0;
    while (i < forwarding.count && strcmp(forwarding.list[i].id, id) != 0)
        i++;
    CU_ASSERT_FATAL(i < forwarding.count);
    return i;
}

void forwarding_fail(const char *id)
{
    size_t index = forwarding_index(id);
    servers_failed(&forwarding, index, forwarding.list[index].start, "a test says so");
    history_text(&forwarding);
}

struct choice forwarding_choice(const char *pool, enum policy policy)
{
    return (struct choice){.request = FORWARDED,
                           .client = "127.0.0.1",
                           .route = "pictures",
                           .pool = strcmp(pool, ROUTING_TICKETS) == 0 ? POOL_TICKETS : 1,
                           .policy = policy,
                           .pinned = SERVER_NONE};
}

size_t forwarding_to(const struct choice *choice)
{
    size_t to;
    return choose_for_request(&forwarding, choice, &to) == CHOSEN ? to : SERVER_NONE;
}

void forwarding_expect(const struct choice *choice, const char *rest)
{
    char expected[1024];
    CU_ASSERT_NOT_EQUAL(forwarding_to(choice), SERVER_NONE);
    snprintf(expected, sizeof expected, "choice request=" FORWARDED " client=%s route=%s %s\n",
             choice->client, choice->route, rest);
    history_expect(&forwarding, expected);
}

void forwarding_finish(void)
{
    for (size_t i = 0; i < forwarding.count; i++)
        while (forwarding.list[i].busy > 0)
            servers_done(&forwarding, i, &(struct routing_done){.request = FORWARDED});
    history_text(&forwarding);
}

const char *forwarding_text(void)
{
    return history_text(&forwarding);
}
