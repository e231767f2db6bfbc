#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"
#include "common/options.h"
#include "common/socket.h"
#include "common/store_option.h"
#include "db/store.h"
#include "ticket_server/membership.h"
#include "ticket_server/server.h"

enum {
    DESCRIPTOR_MAX = 1 << 20,
};

struct command_line {
    const char *id, *listen, *store, *log_dir;
    const char *join, *token_file, *advertise;
    bool init, reset;
    int64_t demo;
    int64_t supervisor;
};

static void read_command_line(struct command_line *given, int argc, char **argv)
{
    const struct option_entry table[] = {
        {.name = "id",
         .argument = "ID",
         .kind = OPTION_TEXT,
         .fallback = "server-1",
         .help = "this server's id: 1 to 32 of a-z 0-9 -",
         .value = &given->id},
        {.name = "listen",
         .argument = "ADDR:PORT",
         .kind = OPTION_TEXT,
         .fallback = "127.0.0.1:8090",
         .help = "where to listen; port 0 picks a free one",
         .value = &given->listen},
        {.name = "store",
         .argument = "URL",
         .kind = OPTION_STORE,
         .fallback = STORE_OPTION_DEFAULT,
         .help = "the store to sell from: " STORE_OPTION_FORMS,
         .value = &given->store},
        {.name = "log-dir",
         .argument = "DIR",
         .kind = OPTION_TEXT,
         .fallback = "logs",
         .help = "where the decision log is written",
         .value = &given->log_dir},
        {"join", "URL[,URL...]", OPTION_TEXT, NULL, 0, 0,
         "join balancers at their admin addresses, and leave them at SIGTERM", &given->join},
        {"token-file", "FILE", OPTION_TEXT, "db/admin.token", 0, 0,
         "the balancer's admin token, which may do everything here; with --join: is sent to it",
         &given->token_file},
        {"advertise", "ADDR:PORT", OPTION_TEXT, NULL, 0, 0,
         "with --join: where they reach this server, if not where it listens", &given->advertise},
        {.name = "init",
         .kind = OPTION_FLAG,
         .help = "make the store or bring it up to date, say how it stands, and exit",
         .value = &given->init},
        {.name = "demo",
         .argument = "CAPACITY",
         .kind = OPTION_NUMBER,
         .fallback = "0",
         .min = 0,
         .max = CAPACITY_MAX,
         .help = "with --init: make the event demo with so many tickets where there is no event",
         .value = &given->demo},
        {.name = "reset",
         .kind = OPTION_FLAG,
         .help = "move the store aside, say where it is now, and exit",
         .value = &given->reset},
        {.name = "supervisor",
         .argument = "FD",
         .kind = OPTION_NUMBER,
         .fallback = "-1",
         .min = -1,
         .max = DESCRIPTOR_MAX,
         .value = &given->supervisor},
    };
    options_read(
        table, sizeof table / sizeof *table,
        "ticket_server [--id ID] [--listen ADDR:PORT] [--store URL] [--log-dir DIR]\n"
        "                     [--join URL[,URL...] [--token-file FILE] [--advertise "
        "ADDR:PORT]]\n"
        "       ticket_server --init [--demo CAPACITY] [--store URL]\n"
        "       ticket_server --reset [--store URL]",
        "Sells tickets from a store, by HTTP: purchases, holds, events, tickets, check-ins, "
        "tokens and keys\n(GET /openapi.json describes them all); flights of balancers, and "
        "GET /healthz.",
        argc, argv);
}

static int init(const struct command_line *given)
{
    struct store_made made;
    char error[STORE_ERROR_SIZE];
    if (!store_init(given->store, given->demo, &made, error))
        die(EXIT_TROUBLE, "%s", error);
    if (made.demo_created)
        printf("%s: event demo with %lld tickets\n",
               made.created ? "store created" : "store kept, it held no event",
               (long long)given->demo);
    else if (made.created)
        printf("store created: no event yet\n");
    else
        printf("store kept: %lld tickets sold; %s`make reset` starts anew\n",
               (long long)made.tickets, given->demo ? "CAPACITY is for a new store: " : "");
    return fflush(stdout) == 0 ? EXIT_FINE : EXIT_TROUBLE;
}

/* A file store's journal may have been all there was; what is at a server is there. */
static bool journal_only(const char *aside)
{
    return strstr(aside, "://") == NULL && access(aside, F_OK) != 0;
}

static int reset(const struct command_line *given)
{
    char aside[STORE_PLACE_SIZE];
    char error[STORE_ERROR_SIZE];
    if (!store_reset(given->store, aside, error))
        die(EXIT_TROUBLE, "%s", error);
    if (aside[0] == '\0')
        printf("There was no store.\n");
    else if (journal_only(aside))
        printf("There was no store, but its journal: it is %s-* now.\n", aside);
    else
        printf("The store is in %s.\n", aside);
    return fflush(stdout) == 0 ? EXIT_FINE : EXIT_TROUBLE;
}

static void judge_join(const struct command_line *given)
{
    if (given->join != NULL && !membership_check(given->join))
        die(EXIT_USAGE,
            "--join takes up to %d URLs like http://127.0.0.1:8081 with commas between, not '%s'",
            MEMBERSHIP_BALANCERS_MAX, given->join);
    if (given->advertise != NULL && given->join == NULL)
        die(EXIT_USAGE, "--advertise goes with --join");
    if (given->advertise != NULL && !socket_reachable(given->advertise))
        die(EXIT_USAGE, "--advertise takes a numeric address and a port, not '%s'",
            given->advertise);
}

int main(int argc, char **argv)
{
    struct command_line given;
    log_name("ticket_server");
    read_command_line(&given, argc, argv);
    if (given.demo > 0 && !given.init)
        die(EXIT_USAGE, "--demo goes with --init");
    if (given.init && given.reset)
        die(EXIT_USAGE, "--init and --reset do not go together");
    if (given.init || given.reset)
        return given.init ? init(&given) : reset(&given);
    judge_join(&given);
    if (!server_id_valid(given.id))
        die(EXIT_USAGE, "--id takes 1 to 32 of a-z 0-9 -, not '%s'", given.id);
    char name[SERVER_SIZE + 16];
    snprintf(name, sizeof name, "ticket_server %s", given.id);
    log_name(name);
    const struct server_settings settings = {.id = given.id,
                                             .listen = given.listen,
                                             .store = given.store,
                                             .log_dir = given.log_dir,
                                             .supervisor = (int)given.supervisor,
                                             .join = given.join,
                                             .token_file = given.token_file,
                                             .advertise = given.advertise};
    server_run(&settings);
    return EXIT_FINE;
}
