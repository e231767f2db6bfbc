/* The balancer: options → master, which starts this program again as the router. */
#include <signal.h>

#include "balancer/master.h"
#include "balancer/router.h"
#include "balancer/settings.h"
#include "common/log.h"

int main(int argc, char **argv)
{
    struct settings settings;
    log_name("balancer");
    settings_read(&settings, argc, argv);
    signal(SIGPIPE, SIG_IGN);
    return settings.router != NULL ? router_run(&settings) : master_run(&settings, argc, argv);
}
