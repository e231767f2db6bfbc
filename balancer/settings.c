#include "balancer/settings.h"

#include "common/options.h"

void settings_read(struct settings *settings, int argc, char **argv)
{
    const struct option_entry table[] = {
        {"listen", "ADDR:PORT", OPTION_TEXT, "127.0.0.1:8080", 0, 0,
         "where buyers connect; port 0 picks a free one", &settings->listen},
        {"admin", "ADDR:PORT", OPTION_TEXT, "127.0.0.1:8081", 0, 0, "where the admin API listens",
         &settings->admin},
        {"servers", "N", OPTION_NUMBER, "3", 1, 64, "ticket servers to start", &settings->servers},
        {"store", "URL", OPTION_TEXT, "sqlite:db/tickets.db", 0, 0,
         "the store they sell from, made by `ticket_server --init`", &settings->store},
        {"workers", "N", OPTION_NUMBER, "1", 1, 16, "threads that serve buyers",
         &settings->workers},
        {"log-dir", "DIR", OPTION_TEXT, "logs", 0, 0, "where the logs are written",
         &settings->log_dir},
        {"log-size", "BYTES", OPTION_NUMBER, "268435456", 4096, INT64_C(1) << 40,
         "size at which a log file is rotated; 4 older ones are kept", &settings->log_size},
        {"token-file", "FILE", OPTION_TEXT, "db/admin.token", 0, 0,
         "the admin API's bearer token, made at first start", &settings->token_file},
        {"connections", "N", OPTION_NUMBER, "4096", 16, 60000,
         "buyers connected at once; more wait in the listen queue", &settings->connections},
        {"waiting", "N", OPTION_NUMBER, "16384", 1, 1000000,
         "purchases that may wait for room at a ticket server; more are refused with 503",
         &settings->waiting},
        {"router", "FDS", OPTION_TEXT, NULL, 0, 0, NULL, &settings->router},
    };
    options_read(
        table, sizeof table / sizeof table[0], "balancer [options]",
        "Starts ticket servers and sends each purchase to the one that has sold the fewest "
        "tickets.",
        argc, argv);
}
