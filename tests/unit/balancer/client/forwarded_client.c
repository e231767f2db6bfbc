#include <stdio.h>
#include <string.h>

#include "balancer/client/forwarded.h"
#include "balancer/client/forwarded_parts.h"
#include "tests/lib/suite.h"

/* Proxies are in 10.0.0.0/8 and fd00::/8, by their texts. */
static bool trusts(const void *context, const char *address)
{
    const char *const *prefix = context;
    for (; *prefix != NULL; prefix++)
        if (strncmp(address, *prefix, strlen(*prefix)) == 0)
            return true;
    return false;
}

static const char *const proxies[] = {"10.", "fd00:", NULL};

struct row {
    const char *peer, *first, *second, *forwarded; /* fields, of which each may be missing */
    const char *client;
};

static const struct row rows[] = {
    {"192.0.2.7", NULL, NULL, NULL, "192.0.2.7"},
    {"192.0.2.7", "192.0.2.9", NULL, "for=192.0.2.9", "192.0.2.7"}, /* not one of ours */
    {"10.0.0.1", NULL, NULL, NULL, "10.0.0.1"},
    {"10.0.0.1", "", NULL, NULL, "10.0.0.1"},
    {"10.0.0.1", "192.0.2.9", NULL, NULL, "192.0.2.9"},
    {"10.0.0.1", "1.1.1.1, 192.0.2.9", NULL, NULL, "192.0.2.9"}, /* the client's own word */
    {"10.0.0.1", "1.1.1.1,192.0.2.9,10.0.0.2 , 10.0.0.3", NULL, NULL, "192.0.2.9"},
    {"10.0.0.1", "10.0.0.4, 10.0.0.3", NULL, NULL, "10.0.0.4"},
    {"10.0.0.1", "1.1.1.1", "192.0.2.9", NULL, "192.0.2.9"}, /* two fields are one list */
    {"10.0.0.1", "192.0.2.9", "10.0.0.2", NULL, "192.0.2.9"},
    {"10.0.0.1", "192.0.2.9,,", NULL, NULL, "192.0.2.9"},
    {"10.0.0.1", "garbage", NULL, NULL, "10.0.0.1"},
    {"10.0.0.1", "1.1.1.1, garbage, 10.0.0.3, 10.0.0.2", NULL, NULL, "10.0.0.3"},
    {"10.0.0.1", "1.1.1.1, unknown, 192.0.2.9, 10.0.0.2", NULL, NULL, "192.0.2.9"},
    {"10.0.0.1", "192.0.2.9, unknown", NULL, NULL, "10.0.0.1"},
    {"fd00::1", "2001:DB8::1, fd00::2", NULL, NULL, "2001:db8::1"},
    {"10.0.0.1", "192.0.2.9:4711", NULL, NULL, "192.0.2.9"},
    {"10.0.0.1", "[2001:db8::1]:4711", NULL, NULL, "2001:db8::1"},
    {"10.0.0.1", "192.0.2.9", NULL, "for=1.1.1.1", "192.0.2.9"},
    {"10.0.0.1", NULL, NULL, "for=192.0.2.9", "192.0.2.9"},
    {"10.0.0.1", NULL, NULL, "for=1.1.1.1, For=192.0.2.9;proto=http;by=10.0.0.1", "192.0.2.9"},
    {"10.0.0.1", NULL, NULL, "for=192.0.2.9,for=10.0.0.2", "192.0.2.9"},
    {"10.0.0.1", NULL, NULL, "proto=http; for=\"[2001:db8::1]:80\"", "2001:db8::1"},
    {"10.0.0.1", NULL, NULL, "for=192.0.2.9;a=\",for=1.1.1.1\"", "192.0.2.9"},
    {"10.0.0.1", NULL, NULL, "for=192.0.2.9;a=\";for=1.1.1.1\"", "192.0.2.9"},
    {"10.0.0.1", NULL, NULL, "for=192.0.2.9;a=\"\\\",for=1.1.1.1\"", "192.0.2.9"},
    {"10.0.0.1", NULL, NULL, "for=192.0.2.9;for=1.1.1.1", "10.0.0.1"},
    {"10.0.0.1", NULL, NULL, "for=_hidden", "10.0.0.1"},
    {"10.0.0.1", NULL, NULL, "by=1.1.1.1", "10.0.0.1"},
    {"10.0.0.1", NULL, NULL, "for=", "10.0.0.1"},
    {"10.0.0.1", NULL, NULL, "for=\"", "10.0.0.1"},
    {"10.0.0.1", NULL, NULL, "for=\"192.0.2.9", "10.0.0.1"},
};

static void give(struct forwarded *fields, const char *name, const char *value)
{
    if (value != NULL)
        CU_ASSERT(forwarded_field(fields, name, strlen(name), value, strlen(value)));
}

static void the_client_is_found(void)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct row *row = &rows[i];
        char client[FORWARDED_ADDRESS_SIZE];
        struct forwarded fields;
        forwarded_begin(&fields);
        give(&fields, "X-Forwarded-For", row->first);
        give(&fields, "X-Forwarded-For", row->second);
        give(&fields, "Forwarded", row->forwarded);
        const char *found = forwarded_client(&fields, row->peer, trusts, proxies, client);
        CU_ASSERT_PTR_EQUAL(found, client);
        if (strcmp(client, row->client) != 0) {
            printf("  row %zu: %s instead of %s\n", i, client, row->client);
            CU_FAIL("another client");
        }
    }
}

struct spelling {
    const char *text, *address; /* NULL: it is none */
};

static const struct spelling spellings[] = {
    {"1.2.3.4", "1.2.3.4"},
    {"1.2.3.4:5", "1.2.3.4"},
    {"1.2.3.4:65535", "1.2.3.4"},
    {"0.0.0.0", "0.0.0.0"},
    {"255.249.200.199", "255.249.200.199"},
    {"::", "::"},
    {"::1", "::1"},
    {"[::1]", "::1"},
    {"[::1]:80", "::1"},
    {"2001:0DB8:0:0:0:0:0:1", "2001:db8::1"},
    {"", NULL},
    {":", NULL},
    {"[", NULL},
    {"[]", NULL},
    {"[::1", NULL},
    {"[::1]80", NULL},
    {"[::1]:", NULL},
    {"[1.2.3.4]", NULL},
    {"1.2.3.4:", NULL},
    {"1.2.3.4:a", NULL},
    {"1.2.3.4:123456", NULL},
    {"1.2.3", NULL},
    {"01.2.3.4", NULL},
    {"00.2.3.4", NULL},
    {"1.2.3.04", NULL},
    {"256.2.3.4", NULL},
    {"1.2.3.1000", NULL},
    {"1.2..4", NULL},
    {"1.2.3.", NULL},
    {"1.2.3.4.5", NULL},
    {"1.2.3.4x", NULL},
    {"1.2.3.4 ", NULL},
    {"fe80::1%eth0", NULL},
    {"localhost", NULL},
    {"1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb", NULL},
};

static void an_address_is_one_or_not(void)
{
    for (size_t i = 0; i < sizeof spellings / sizeof *spellings; i++) {
        const struct spelling *row = &spellings[i];
        char address[FORWARDED_ADDRESS_SIZE] = "";
        bool good = forwarded_address((struct slice){row->text, strlen(row->text)}, address);
        if (good == (row->address != NULL) && (!good || strcmp(address, row->address) == 0))
            continue;
        printf("  '%s': %s\n", row->text, address);
        CU_FAIL("another view of what an address is");
    }
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("forwarded", "the client is found", the_client_is_found);
    suite_add("forwarded", "an address is one or not", an_address_is_one_or_not);
}
