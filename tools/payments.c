/* A sample payment provider: takes payments for holds, and confirms them at the shop; late, twice, or never, as it is
 * told. It keeps its books in memory: for demonstrations and tests, not for money. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "common/item.h"
#include "common/log.h"
#include "common/options.h"
#include "common/purchase.h"
#include "common/socket.h"
#include "tools/payments/buyers.h"
#include "tools/payments/desk.h"
#include "tools/rush/stock.h"

enum {
    CONNECTIONS_MAX = 512,
    CONNECTION_MEMORY = 16 * 1024,
    BODY_MAX = 4096,
    LATE_MAX = 600000,
    BUYERS_MAX = 100000,
};

struct settings {
    const char *listen;
    const char *token_file; /* or NULL */
    struct courier_settings courier;
    struct buyers_settings buyers;
};

static void read_token(const char *path, char token[TOKEN_SIZE])
{
    FILE *file = fopen(path, "r");
    size_t length = file != NULL ? fread(token, 1, TOKEN_SIZE - 1, file) : 0;
    token[length] = '\0';
    token[strcspn(token, "\r\n")] = '\0';
    if (file != NULL)
        fclose(file);
    if (token[0] == '\0')
        die(EXIT_TROUBLE, "no token can be read from %s", path);
    if (strspn(token, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/=") !=
        strlen(token))
        die(EXIT_TROUBLE, "what is in %s is no bearer token", path);
}

static void read_options(int argc, char **argv, struct settings *settings)
{
    const char *shop;
    struct courier_settings *courier = &settings->courier;
    const struct option_entry table[] = {
        {"listen", "ADDR:PORT", OPTION_TEXT, "127.0.0.1:8085", 0, 0,
         "where buyers pay; port 0 picks a free one", &settings->listen},
        {"shop", "URL", OPTION_TEXT, "http://127.0.0.1:8080", 0, 0, "where payments are confirmed",
         &shop},
        {"token-file", "FILE", OPTION_TEXT, NULL, 0, 0,
         "a token to confirm with, where the shop demands one", &settings->token_file},
        {"late", "MS", OPTION_NUMBER, "0", 0, LATE_MAX,
         "milliseconds, at most, until a payment is confirmed", &courier->late},
        {"twice", "PERCENT", OPTION_NUMBER, "0", 0, 100,
         "payments that are confirmed twice at once", &courier->twice},
        {"never", "PERCENT", OPTION_NUMBER, "0", 0, 100, "payments of which nothing is ever heard",
         &courier->never},
        {"lost", "PERCENT", OPTION_NUMBER, "0", 0, 90,
         "answers of the shop that get lost, so that it is asked again", &courier->lost},
        {"seed", "N", OPTION_NUMBER, "1", 0, INT64_MAX, "which payments these are", &courier->seed},
        {"buyers", "N", OPTION_NUMBER, "0", 0, BUYERS_MAX,
         "let so many hold and pay, show the books, and end", &settings->buyers.count},
        {"event", "NAME", OPTION_TEXT, "demo", 0, 0, "what they want to attend",
         &settings->buyers.event},
        {"hold-seconds", "N", OPTION_NUMBER, "2", 1, HOLD_SECONDS_MAX,
         "how long they have tickets held", &settings->buyers.hold_seconds},
    };
    options_read(
        table, sizeof table / sizeof *table, "payments [options]",
        "A sample payment provider, late and unreliable on request. Its books are in memory only.",
        argc, argv);
    if (!destination_find(&courier->shop, shop))
        die(EXIT_USAGE, "--shop takes an address like http://127.0.0.1:8080, not '%s'", shop);
    if (!purchase_name_valid(settings->buyers.event))
        die(EXIT_USAGE, "--event %s is not a name", settings->buyers.event);
    if (settings->token_file != NULL)
        read_token(settings->token_file, courier->token);
    settings->buyers.shop = &courier->shop;
}

static int open_listener(const char *text, char address[ADDRESS_SIZE])
{
    int fd = socket_listen(text);
    if (fd < 0)
        die(errno == EINVAL ? EXIT_USAGE : EXIT_TROUBLE, "cannot listen on %s: %s", text,
            strerror(errno));
    socket_address(fd, address);
    return fd;
}

static void on_signal(void *context, int fd, uint32_t events)
{
    struct signalfd_siginfo info;
    (void)events;
    if (read(fd, &info, sizeof info) == sizeof info)
        loop_stop(context);
}

static int watch_signals(struct loop *loop)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigprocmask(SIG_BLOCK, &set, NULL);
    int fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (fd < 0)
        die(EXIT_TROUBLE, "no signalfd: %s", strerror(errno));
    loop_watch(loop, fd, EPOLLIN, on_signal, loop);
    return fd;
}

/* What is not settled is known here alone: it must not go without a word. */
static bool say_what_is_open(const struct book *book)
{
    struct book_totals totals;
    book_add_up(book, &totals);
    size_t open = totals.count[CHARGE_TAKEN] + totals.count[CHARGE_UNSETTLED];
    if (open > 0)
        log_line("%zu charge%s not settled", open, open == 1 ? " is" : "s are");
    if (totals.count[CHARGE_PENDING] > 0)
        log_line("%zu payment%s not charged yet", totals.count[CHARGE_PENDING],
                 totals.count[CHARGE_PENDING] == 1 ? " was" : "s were");
    return open == 0 && book->contradictions == 0;
}

/* The demonstration needs a shop, and something to sell: else it would wait for nothing. */
static void judge_shop(const struct settings *settings)
{
    struct stock stock;
    char error[STOCK_ERROR_SIZE];
    if (!stock_read(&settings->courier.shop, settings->buyers.event, NULL, &stock, error))
        die(EXIT_TROUBLE, "%s", error);
    if (stock.remaining <= 0 && stock.held == 0)
        die(EXIT_TROUBLE, "nobody can get a hold: " BUYERS_NO_TICKETS);
}

struct provider {
    struct loop *loop;
    struct book book;
    struct desk desk;
    struct http_server *http;
    int signals;
    char address[ADDRESS_SIZE];
};

static void open_provider(struct provider *provider, const struct settings *settings)
{
    provider->loop = loop_open();
    provider->signals = watch_signals(provider->loop);
    book_open(&provider->book);
    provider->desk.book = &provider->book;
    provider->desk.courier = courier_open(provider->loop, &settings->courier, &provider->book);
    provider->desk.prices = prices_open(provider->loop, &settings->courier.shop);
    const struct http_settings http = {.listen_fd =
                                           open_listener(settings->listen, provider->address),
                                       .connections_max = CONNECTIONS_MAX,
                                       .body_max = BODY_MAX,
                                       .connection_memory = CONNECTION_MEMORY,
                                       .handler = desk_answer,
                                       .context = &provider->desk};
    provider->http = http_open(provider->loop, &http);
    if (provider->http == NULL)
        die(EXIT_TROUBLE, "cannot serve HTTP");
    printf("payments http://%s\n", provider->address);
    fflush(stdout);
}

static void close_provider(struct provider *provider)
{
    prices_close(provider->desk.prices);
    http_close(provider->http);
    courier_close(provider->desk.courier);
    book_close(&provider->book);
    loop_close(provider->loop);
    close(provider->signals);
}

/* The demonstration: true where money and tickets agree. */
static bool let_buy(struct provider *provider, struct buyers_settings *settings)
{
    char url[ADDRESS_SIZE + 8];
    snprintf(url, sizeof url, "http://%s", provider->address);
    if (!destination_find(&settings->provider, url))
        die(EXIT_TROUBLE, "cannot reach %s", url);
    struct buyers *buyers =
        buyers_open(provider->loop, settings, &provider->book, provider->desk.courier);
    loop_run(provider->loop);
    bool balanced = buyers_judge(buyers);
    buyers_close(buyers);
    return balanced;
}

int main(int argc, char **argv)
{
    struct settings settings = {0};
    struct provider provider = {0};
    bool balanced = true;
    log_name("payments");
    read_options(argc, argv, &settings);
    signal(SIGPIPE, SIG_IGN);
    if (settings.buyers.count > 0)
        judge_shop(&settings);
    open_provider(&provider, &settings);
    if (settings.buyers.count > 0)
        balanced = let_buy(&provider, &settings.buyers);
    else
        loop_run(provider.loop);
    bool settled = say_what_is_open(&provider.book);
    close_provider(&provider);
    return balanced && settled ? EXIT_FINE : EXIT_TROUBLE;
}
