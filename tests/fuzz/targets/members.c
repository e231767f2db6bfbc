/* The members file: what is read is within bounds, and the same when it is printed and read again. The input: its
 * text. */
#include "balancer/pool/members.h"

#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"

static void check_member(struct members *members, const struct member *member)
{
    must(member_id_valid(member->id), "an id is one that a server can be added under");
    must(server_id_valid(member->pool), "a pool has a name");
    must(socket_reachable(member->address), "an address can be connected to");
    must(member->weight >= 1 && member->weight <= MEMBER_WEIGHT_MAX, "a weight is within bounds");
    must(member->source == SOURCE_ADDED || member->source == SOURCE_JOINED, "it came by the API");
    must(members_find(members, member->id) == member, "an id comes once");
}

static bool same(const struct members *a, const struct members *b)
{
    bool equal = a->count == b->count && a->drained_count == b->drained_count;
    for (size_t i = 0; equal && i < a->count; i++)
        equal = strcmp(a->servers[i].id, b->servers[i].id) == 0 &&
                strcmp(a->servers[i].pool, b->servers[i].pool) == 0 &&
                strcmp(a->servers[i].address, b->servers[i].address) == 0 &&
                a->servers[i].weight == b->servers[i].weight &&
                a->servers[i].source == b->servers[i].source;
    for (size_t i = 0; equal && i < a->drained_count; i++)
        equal = strcmp(a->drained[i], b->drained[i]) == 0;
    return equal;
}

static void check(struct members *members, struct members *again)
{
    struct buffer text = {0};
    char error[JSON_ERROR_SIZE];
    for (size_t i = 0; i < members->count; i++)
        check_member(members, &members->servers[i]);
    for (size_t i = 0; i < members->drained_count; i++)
        must(server_id_valid(members->drained[i]), "a server that is drained has an id");
    members_print(members, &text);
    must(members_parse(text.data, text.length, again, error), "what is printed can be read");
    must(same(members, again), "and is the same");
    buffer_free(&text);
}

void fuzz_members(const uint8_t *data, size_t size)
{
    static struct members members, again;
    char error[JSON_ERROR_SIZE] = "";
    if (members_parse((const char *)data, size, &members, error))
        check(&members, &again);
    else
        must(error[0] != '\0' && members.count + members.drained_count == 0,
             "who is refused is told why, and is nobody");
}
