/* Which of several addresses is asked first. Linked around getaddrinfo, so that a name stands for two of them. */
#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"
#include "db/postgres/connection.h"
#include "db/sql/handle.h"
#include "tests/lib/postgres.h"
#include "tests/store/fixture.h"

int __real_getaddrinfo(const char *host, const char *service, const struct addrinfo *wanted,
                       struct addrinfo **found);
int __wrap_getaddrinfo(const char *host, const char *service, const struct addrinfo *wanted,
                       struct addrinfo **found);

static const char silent[] = "127.0.0.2", good[] = "127.0.0.1";

int __wrap_getaddrinfo(const char *host, const char *service, const struct addrinfo *wanted,
                       struct addrinfo **found)
{
    if (host == NULL || strcmp(host, "two.test") != 0)
        return __real_getaddrinfo(host, service, wanted, found);
    int failed = __real_getaddrinfo(silent, service, wanted, found);
    return failed != 0 ? failed : __real_getaddrinfo(good, service, wanted, &(*found)->ai_next);
}

/* Who connects there is let in by the kernel, and never hears a word. */
static int fall_silent(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int on = 1;
    CU_ASSERT_FATAL(listener >= 0 && inet_pton(AF_INET, silent, &address.sin_addr) == 1);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    CU_ASSERT_EQUAL_FATAL(bind(listener, (struct sockaddr *)&address, sizeof address), 0);
    CU_ASSERT_EQUAL_FATAL(listen(listener, 16), 0);
    return listener;
}

static struct postgres *connection_of(struct store *store)
{
    return (struct postgres *)((struct sql_handle *)store)->sql;
}

/* One address of a name is silent: the next one is tried, and from then on first. */
static void each_address(void)
{
    struct pg_server server;
    struct store_made made;
    char url[FIXTURE_URL_SIZE], error[STORE_ERROR_SIZE];
    pg_server_start(&server, &(struct pg_server_terms){.durable = false});
    int listener = fall_silent(server.port);
    snprintf(url, sizeof url, "postgresql://box_office@two.test:%d/box_office?connect_timeout=1",
             server.port);
    CU_ASSERT_FATAL(store_init(url, 50, &made, error));
    struct store *store = store_open_seller(url, "server-1", error);
    CU_ASSERT_PTR_NOT_NULL_FATAL(store);
    CU_ASSERT_STRING_EQUAL(PQhost(connection_of(store)->link), "two.test"); /* for TLS to check */
    CU_ASSERT_STRING_EQUAL(connection_of(store)->dial.answerer, good);
    postgres_drop(connection_of(store));
    int64_t begin = clock_monotonic();
    buy(store, NULL, 1);
    CU_ASSERT(clock_monotonic() - begin < CLOCK_SECOND);
    store_close(store);
    close(listener);
    pg_server_discard(&server);
}

/* A server that falls silent in the middle is not the first one to be asked again, at none of its addresses. */
static void remembers_silence_of(const char *host)
{
    struct pg_server server;
    struct store_made made;
    struct basket basket = {0};
    char url[FIXTURE_URL_SIZE], error[STORE_ERROR_SIZE];
    pg_server_start(&server, &(struct pg_server_terms){.durable = false});
    snprintf(url, sizeof url, "postgresql://box_office@%s:%d,%s:%d/box_office", host, server.port,
             good, server.port);
    CU_ASSERT_FATAL(store_init(url, 50, &made, error));
    struct store *store = store_open_seller(url, "server-1", error);
    CU_ASSERT_PTR_NOT_NULL_FATAL(store);
    CU_ASSERT_EQUAL(connection_of(store)->dial.host, 0);
    pg_server_freeze(&server);
    basket_add(&basket, NULL, 1)->deadline = clock_now();
    CU_ASSERT_EQUAL(basket_decide(&basket, store), STORE_REFUSED);
    pg_server_thaw(&server);
    buy(store, NULL, 1);
    CU_ASSERT_EQUAL(connection_of(store)->dial.host, 1);
    store_close(store);
    basket_free(&basket);
    pg_server_discard(&server);
}

static void silence_is_remembered(void)
{
    remembers_silence_of(good);
    remembers_silence_of("two.test");
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("postgresql dialling", "each address of a name is tried", each_address);
    suite_add("postgresql dialling", "silence is remembered", silence_is_remembered);
}
