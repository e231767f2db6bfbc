#include "common/network.h"

#include <stdio.h>
#include <string.h>

#include "tests/lib/suite.h"

static bool parse(const char *text, struct network *network)
{
    return network_parse(text, strlen(text), network);
}

static void networks_are_spelled_in_one_way(void)
{
    static const char *const rows[][2] = {
        {"10.0.0.0/8", "10.0.0.0/8"},
        {"0.0.0.0/0", "0.0.0.0/0"},
        {"10.1.2.3", "10.1.2.3/32"},
        {"10.1.2.2/31", "10.1.2.2/31"},
        {"::1", "::1/128"},
        {"::/0", "::/0"},
        {"2001:DB8:0::/32", "2001:db8::/32"},
        {"::ffff:10.0.0.0/104", "10.0.0.0/8"},
        {"ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.254/127",
         "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe/127"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct network network, again;
        char text[NETWORK_SIZE] = "";
        bool read = parse(rows[i][0], &network);
        CU_ASSERT(read);
        if (read)
            network_spell(&network, text);
        CU_ASSERT_STRING_EQUAL(text, rows[i][1]);
        CU_ASSERT(parse(text, &again) && memcmp(&network, &again, sizeof again) == 0);
    }
}

static void what_is_no_network_is_refused(void)
{
    static const char *const bad[] = {"",
                                      "10",
                                      "10.0.0.0/",
                                      "10.0.0.0/33",
                                      "10.0.0.0/08",
                                      "10.0.0.0/-1",
                                      "10.0.0/8",
                                      "10.0.0.1/8",
                                      "10.0.0.0/8 ",
                                      " 10.0.0.0/8",
                                      "/8",
                                      "::1/129",
                                      "::1/127",
                                      "[::1]/128",
                                      "shop/8",
                                      "::/0/0",
                                      "fe80::1%lo",
                                      "010.0.0.0/8",
                                      "1.2.3.4:5",
                                      "10.0.0.0/256",
                                      "10.0.0.0/0000000000000000000000000000000000000000000000008"};
    struct network network;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        CU_ASSERT_FALSE(parse(bad[i], &network));
        if (parse(bad[i], &network))
            printf("  taken: %s\n", bad[i]);
    }
    CU_ASSERT_FALSE(network_parse("10.0.0.0\0/8", 11, &network));
    CU_ASSERT(network_parse("10.0.0.0/8, 11.0.0.0/8", 10, &network));
}

static void addresses_are_held_by_their_prefix(void)
{
    static const struct {
        const char *network, *address;
        bool held;
    } rows[] = {
        {"10.0.0.0/8", "10.255.0.1", true},
        {"10.0.0.0/8", "11.0.0.0", false},
        {"10.0.0.0/8", "::ffff:10.0.0.1", true},
        {"10.0.0.0/8", "::10.0.0.1", false},
        {"10.0.0.0/8", "10.0.0.1:80", false},
        {"10.0.0.0/8", "10.0.0", false},
        {"10.0.0.0/8", "", false},
        {"192.168.4.0/22", "192.168.7.255", true},
        {"192.168.4.0/22", "192.168.8.0", false},
        {"192.168.4.0/22", "192.168.3.255", false},
        {"10.1.2.3", "10.1.2.3", true},
        {"10.1.2.3", "10.1.2.2", false},
        {"0.0.0.0/0", "255.1.1.1", true},
        {"0.0.0.0/0", "::1", false},
        {"::/0", "::1", true},
        {"::/0", "10.0.0.1", false},
        {"::/0", "::ffff:10.0.0.1", false},
        {"2001:db8::/33", "2001:db8:7fff::1", true},
        {"2001:db8::/33", "2001:db8:8000::1", false},
        {"::1/128", "::1", true},
        {"::1/128", "::2", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct network network;
        CU_ASSERT_FATAL(parse(rows[i].network, &network));
        CU_ASSERT_EQUAL(network_holds(&network, rows[i].address), rows[i].held);
        if (network_holds(&network, rows[i].address) != rows[i].held)
            printf("  %s, %s\n", rows[i].network, rows[i].address);
    }
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("network", "networks are spelled in one way", networks_are_spelled_in_one_way);
    suite_add("network", "what is no network is refused", what_is_no_network_is_refused);
    suite_add("network", "addresses are held by their prefix", addresses_are_held_by_their_prefix);
}
