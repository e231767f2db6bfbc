/* The balancer: options → master, which starts this program again as the router. */
#include <signal.h>
#include <stdio.h>

#include "balancer/master/master.h"
#include "balancer/master/upgrade.h"
#include "balancer/router.h"
#include "balancer/settings.h"
#include "common/log.h"

static int print_config(const struct config *config)
{
    struct buffer text = {0};
    config_print(config, &text);
    fwrite(text.data, 1, text.length, stdout);
    buffer_free(&text);
    return fflush(stdout) == 0 ? EXIT_FINE : EXIT_TROUBLE;
}

static void print_count(size_t count, const char *what, const char *end)
{
    printf("%zu %s%s%s", count, what, count == 1 ? "" : "s", end);
}

/* A file that is not fine has been refused before. */
static int print_verdict(const struct settings *settings)
{
    printf("%s: ", settings->config_file);
    print_count(settings->config.route_count, "route", ", ");
    print_count(settings->config.pool_count, "pool", ", ");
    print_count(settings->config.server_count, "server", "\n");
    return fflush(stdout) == 0 ? EXIT_FINE : EXIT_TROUBLE;
}

static int run(const struct settings *settings, int argc, char **argv)
{
    if (settings->print_config)
        return print_config(&settings->config);
    if (settings->router != NULL)
        return router_run(settings);
    if (settings->try != NULL)
        return upgrade_try(settings);
    char error[CONFIG_ERROR_SIZE];
    if (!settings_keys_good(settings, &settings->config, error))
        die(EXIT_TROUBLE, "%s", error);
    return settings->check_config ? print_verdict(settings) : master_run(settings, argc, argv);
}

int main(int argc, char **argv)
{
    struct settings settings;
    log_name("balancer");
    settings_read(&settings, argc, argv);
    signal(SIGPIPE, SIG_IGN);
    int status = run(&settings, argc, argv);
    settings_free(&settings);
    return status;
}
