#include "common/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/lib/suite.h"

static const char *const bad[] = {
    "",
    ":",
    "8080",
    ":8080",
    "127.0.0.1",
    "127.0.0.1:",
    "127.0.0.1:x",
    "127.0.0.1:80x",
    "127.0.0.1:-1",
    "127.0.0.1:+1",
    "127.0.0.1: 1",
    "127.0.0.1:65536",
    "127.0.0.1:0009001",
    "127.0.0.1:080",
    "127.0.0.1:00",
    "127.0.0.1:4294967376",
    "127.0.0.1:99999999999999999999",
    "127.0.0:80",
    "127.0.0.256:80",
    " 127.0.0.1:80",
    "127.0.0.1 :80",
    "localhost:80",
    "*:80",
    "::1:80",
    "[::1]",
    "[::1]80",
    "[::1:80",
    "[]:80",
    "[127.0.0.1]:80",
    "[::1]x:80",
    "127.000000000000000000000000000000000000000000000000.0.1:80",
};

static void what_is_no_address_is_refused(void)
{
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        errno = 0;
        int fd = socket_listen(bad[i]);
        if (fd == -1 && errno == EINVAL)
            continue;
        printf("  taken for an address: '%s' (errno %d)\n", bad[i], errno);
        CU_FAIL("an address that is none");
        if (fd >= 0)
            close(fd);
    }
}

static void port_0_picks_a_free_one(void)
{
    char first[ADDRESS_SIZE], second[ADDRESS_SIZE];
    int one = socket_listen("127.0.0.1:0"), two = socket_listen("127.0.0.1:0");
    CU_ASSERT_FATAL(one >= 0 && two >= 0);
    socket_address(one, first);
    socket_address(two, second);
    CU_ASSERT_EQUAL(strncmp(first, "127.0.0.1:", 10), 0);
    CU_ASSERT_STRING_NOT_EQUAL(first, "127.0.0.1:0");
    CU_ASSERT_STRING_NOT_EQUAL(first, second);
    close(one);
    close(two);
}

static void the_socket_listens_and_is_ours_alone(void)
{
    int listening = 0;
    int fd = socket_listen("127.0.0.1:0");
    CU_ASSERT_FATAL(fd >= 0);
    socklen_t size = sizeof listening;
    CU_ASSERT_EQUAL(getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size), 0);
    CU_ASSERT_EQUAL(listening, 1);
    CU_ASSERT(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    CU_ASSERT(fcntl(fd, F_GETFL) & O_NONBLOCK);
    CU_ASSERT_EQUAL(accept(fd, NULL, NULL), -1);
    CU_ASSERT_EQUAL(errno, EAGAIN);
    close(fd);
}

static void a_port_in_use_is_told(void)
{
    char address[ADDRESS_SIZE];
    int fd = socket_listen("127.0.0.1:0");
    CU_ASSERT_FATAL(fd >= 0);
    socket_address(fd, address);
    errno = 0;
    CU_ASSERT_EQUAL(socket_listen(address), -1);
    CU_ASSERT_EQUAL(errno, EADDRINUSE);
    close(fd);
    fd = socket_listen(address); /* free again at once */
    CU_ASSERT(fd >= 0);
    close(fd);
}

static void a_foreign_address_is_told(void)
{
    errno = 0;
    CU_ASSERT_EQUAL(socket_listen("192.0.2.1:0"), -1); /* of documentation only, RFC 5737 */
    CU_ASSERT_EQUAL(errno, EADDRNOTAVAIL);
}

static void version_6_stands_in_brackets(void)
{
    char address[ADDRESS_SIZE];
    int fd = socket_listen("[::1]:0");
    if (fd < 0) { /* a machine without it says so */
        CU_ASSERT(errno == EADDRNOTAVAIL || errno == EAFNOSUPPORT);
        return;
    }
    socket_address(fd, address);
    CU_ASSERT_EQUAL(strncmp(address, "[::1]:", 6), 0);
    CU_ASSERT_EQUAL(socket_listen(address), -1);
    CU_ASSERT_EQUAL(errno, EADDRINUSE);
    close(fd);
}

static void what_is_no_socket_has_no_address(void)
{
    char address[ADDRESS_SIZE] = "before";
    socket_address(-1, address);
    CU_ASSERT_STRING_EQUAL(address, "");
}

static void an_address_is_taken_apart(void)
{
    unsigned port = 7;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        CU_ASSERT_FALSE(socket_address_parse(bad[i], &port));
    CU_ASSERT_EQUAL(port, 7);
    CU_ASSERT(socket_address_parse("10.0.0.1:0", &port) && port == 0);
    CU_ASSERT(socket_address_parse("10.0.0.1:65535", &port) && port == 65535);
    CU_ASSERT(socket_address_parse("[2001:db8::1]:80", &port) && port == 80);
}

static void some_addresses_are_this_machines_own(void)
{
    static const struct {
        const char *text;
        bool loopback, reachable;
    } addresses[] = {
        {"127.0.0.1:80", true, true},
        {"127.255.255.254:1", true, true},
        {"[::1]:80", true, true},
        {"[::ffff:127.0.0.1]:80", true, true},
        {"127.0.0.1:0", true, false},
        {"128.0.0.1:80", false, true},
        {"10.0.0.1:65535", false, true},
        {"[2001:db8::1]:80", false, true},
        {"[::ffff:10.0.0.1]:80", false, true},
        {"0.0.0.0:80", false, false},
        {"0.1.2.3:80", false, false},
        {"224.0.0.1:80", false, false},
        {"255.255.255.255:80", false, false},
        {"[::]:80", false, false},
        {"[::ffff:0.0.0.0]:80", false, false},
        {"[ff02::1]:80", false, false},
        {"localhost:80", false, false},
        {"127.0.0.1", false, false},
        {"", false, false},
    };
    for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++) {
        bool fine = socket_loopback(addresses[i].text) == addresses[i].loopback &&
                    socket_reachable(addresses[i].text) == addresses[i].reachable;
        CU_ASSERT(fine);
        if (!fine)
            printf("  %s\n", addresses[i].text);
    }
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("socket", "some addresses are this machine's own",
              some_addresses_are_this_machines_own);
    suite_add("socket", "what is no address is refused", what_is_no_address_is_refused);
    suite_add("socket", "port 0 picks a free one", port_0_picks_a_free_one);
    suite_add("socket", "the socket listens and is ours alone",
              the_socket_listens_and_is_ours_alone);
    suite_add("socket", "a port in use is told", a_port_in_use_is_told);
    suite_add("socket", "a foreign address is told", a_foreign_address_is_told);
    suite_add("socket", "version 6 stands in brackets", version_6_stands_in_brackets);
    suite_add("socket", "an address is taken apart", an_address_is_taken_apart);
    suite_add("socket", "what is no socket has no address", what_is_no_socket_has_no_address);
}
