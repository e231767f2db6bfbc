#include "balancer/settings.h"

#include <stdio.h>
#include <string.h>

#include "balancer/config_file.h"
#include "balancer/pool/own_servers.h"
#include "balancer/routing/jwt.h"
#include "common/log.h"
#include "common/options.h"
#include "common/store_option.h"

static void read_options(struct settings *settings, const char **servers, int argc, char **argv)
{
    const struct option_entry table[] = {
        {"listen", "ADDR:PORT", OPTION_TEXT, "127.0.0.1:8080", 0, 0,
         "where buyers connect; port 0 picks a free one", &settings->listen},
        {"admin", "ADDR:PORT", OPTION_TEXT, "127.0.0.1:8081", 0, 0, "where the admin API listens",
         &settings->admin},
        {"servers", "N|MIN..MAX", OPTION_TEXT, "3", 0, 0,
         "ticket servers to keep running, up to 64; a range: as many as the load asks for",
         servers},
        {"scale-quiet", "SECONDS", OPTION_NUMBER, "10", 1, 3600,
         "how long it must be quiet before a ticket server fewer is kept, of a range",
         &settings->scale_quiet},
        {"store", "URL", OPTION_STORE, STORE_OPTION_DEFAULT, 0, 0,
         "the store they sell from, made by `ticket_server --init`: " STORE_OPTION_FORMS,
         &settings->store},
        {"config", "FILE", OPTION_TEXT, NULL, 0, 0,
         "pools and routes, as JSON; without it, what --print-config shows",
         &settings->config_file},
        {"policy", "NAME", OPTION_TEXT, NULL, 0, 0,
         "of purchases, without --config: " POLICY_NAMES " [fewest-sold]", &settings->policy_name},
        {"trusted-proxy", "CIDR[,CIDR...]", OPTION_TEXT, NULL, 0, 0,
         "networks whose X-Forwarded headers are believed", &settings->trusted_proxies},
        {"print-config", NULL, OPTION_FLAG, NULL, 0, 0,
         "print the configuration in force as JSON, and exit", &settings->print_config},
        {"check-config", NULL, OPTION_FLAG, NULL, 0, 0,
         "say whether the file of --config is fine, and exit", &settings->check_config},
        {"workers", "N", OPTION_NUMBER, "1", 1, 16, "threads that serve buyers",
         &settings->workers},
        {"log-dir", "DIR", OPTION_TEXT, "logs", 0, 0, "where the logs are written",
         &settings->log_dir},
        {"log-size", "BYTES", OPTION_NUMBER, "268435456", 4096, INT64_C(1) << 40,
         "size at which a log file is rotated; older ones are kept up to 4 times that",
         &settings->log_size},
        {"token-file", "FILE", OPTION_TEXT, "db/admin.token", 0, 0,
         "the admin API's bearer token, made at first start", &settings->token_file},
        {"session-key-file", "FILE", OPTION_TEXT, "db/session.key", 0, 0,
         "the key that signs session cookies, made when a route first needs it",
         &settings->session_file},
        {"members", "FILE", OPTION_TEXT, "db/members.json", 0, 0,
         "servers that were added or drained at run time, kept for the next start",
         &settings->members_file},
        {"allow-remote", NULL, OPTION_FLAG, NULL, 0, 0,
         "servers may be added whose address is not a loopback one", &settings->allow_remote},
        {"connections", "N", OPTION_NUMBER, "4096", 16, 60000,
         "buyers connected at once; more wait in the listen queue", &settings->connections},
        {"waiting", "N", OPTION_NUMBER, "0", 0, CONFIG_WAITING_MAX,
         "purchases that may wait for room at a ticket server; 0: as the configuration says",
         &settings->waiting},
        {"router", "FDS", OPTION_TEXT, NULL, 0, 0, NULL, &settings->router},
        {"try", "FDS", OPTION_TEXT, NULL, 0, 0, NULL, &settings->try},
        {"takeover", "FD", OPTION_TEXT, NULL, 0, 0, NULL, &settings->takeover},
    };
    options_read(
        table, sizeof table / sizeof table[0], "balancer [options]",
        "Starts ticket servers and sends each purchase to the one that has sold the fewest "
        "tickets, or\nby the policy of its route. SIGTERM or SIGINT stops it when all is answered, "
        "SIGHUP "
        "reads\nthe configuration again, SIGUSR2 goes on with the program that is on disk now.",
        argc, argv);
}

/* Takes a number of 0 to OWN_SERVERS_MAX: digits and nothing else. */
static bool take_count(const char **at, int64_t *count)
{
    size_t digits = strspn(*at, "0123456789");
    *count = 0;
    for (size_t i = 0; i < digits && *count <= OWN_SERVERS_MAX; i++)
        *count = *count * 10 + ((*at)[i] - '0');
    *at += digits;
    return digits > 0 && *count <= OWN_SERVERS_MAX;
}

static void read_servers(struct settings *settings, const char *text)
{
    const char *at = text;
    bool good = take_count(&at, &settings->servers_min);
    settings->servers_max = settings->servers_min;
    if (good && strncmp(at, "..", 2) == 0) {
        at += 2;
        good = take_count(&at, &settings->servers_max);
    }
    if (!good || *at != '\0' || settings->servers_min > settings->servers_max)
        die(EXIT_USAGE,
            "--servers takes a number from 0 to %d, or a range of them as 2..8, not '%s'",
            OWN_SERVERS_MAX, text);
}

/* What each option takes has been seen to; here is what goes together. */
static void judge_options(struct settings *settings)
{
    const char *name = settings->policy_name;
    if (name != NULL && settings->config_file != NULL)
        die(EXIT_USAGE, "--policy is for the built-in configuration; with --config, name policies "
                        "in the file's routes");
    if (name != NULL && !policy_parse(name, strlen(name), &settings->purchases))
        die(EXIT_USAGE, "--policy takes one of " POLICY_NAMES ", not '%s'", name);
    if (settings->check_config && settings->config_file == NULL)
        die(EXIT_USAGE, "--check-config needs --config FILE");
}

static void judge_trusted_proxies(const struct settings *settings)
{
    char error[CONFIG_ERROR_SIZE];
    struct config config = {0};
    if (settings->trusted_proxies != NULL &&
        !config_trust(&config, settings->trusted_proxies, error))
        die(EXIT_USAGE, "--trusted-proxy: %s", error);
}

static void read_config(struct settings *settings)
{
    char error[CONFIG_ERROR_SIZE];
    const char *file = settings->config_file;
    if ((file == NULL || config_file_read(file, &settings->config_text, error)) &&
        settings_config(settings, &settings->config_text, &settings->config, error))
        return;
    buffer_free(&settings->config_text);
    die(EXIT_TROUBLE, "%s", error);
}

void settings_read(struct settings *settings, int argc, char **argv)
{
    const char *servers = NULL;
    memset(settings, 0, sizeof *settings);
    settings->purchases = POLICY_FEWEST_SOLD;
    read_options(settings, &servers, argc, argv);
    read_servers(settings, servers);
    judge_options(settings);
    judge_trusted_proxies(settings);
    if (settings->router == NULL && settings->try == NULL && settings->takeover == NULL)
        read_config(settings);
}

void settings_free(struct settings *settings)
{
    config_free(&settings->config);
    buffer_free(&settings->config_text);
}

bool settings_config(const struct settings *settings, struct buffer *text, struct config *config,
                     char error[CONFIG_ERROR_SIZE])
{
    if (settings->config_file == NULL)
        config_builtin(config, settings->purchases);
    else if (!config_read(settings->config_file, buffer_text(text), text->length, config, error))
        return false;
    if (settings->waiting > 0)
        config->pools[CONFIG_TICKETS].rules.waiting = settings->waiting;
    if (settings->trusted_proxies == NULL || config_trust(config, settings->trusted_proxies, error))
        return true;
    config_free(config);
    return false;
}

bool settings_keys_good(const struct settings *settings, const struct config *config,
                        char error[CONFIG_ERROR_SIZE])
{
    const struct jwt_config *jwt = &config->jwt;
    struct jwt_rules rules = {0};
    char reason[JWT_ERROR_SIZE];
    bool good =
        !config->has_jwt || jwt_rules_read(jwt_algorithm_name(jwt->algorithm), jwt->key_file,
                                           jwt->issuer, jwt->audience, &rules, reason);
    jwt_rules_free(&rules);
    if (!good)
        snprintf(error, CONFIG_ERROR_SIZE, "%.250s:%zu: %s", settings->config_file, jwt->key_line,
                 reason);
    return good;
}
