#include <errno.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "balancer/admin/token.h"
#include "balancer/config_file.h"
#include "balancer/master/parts.h"
#include "common/clock.h"
#include "common/log.h"

static const int64_t port_patience = 6 * CLOCK_SECOND; /* for a port in use */

static int listen_or_die(const char *option, const char *address)
{
    int64_t give_up = clock_monotonic() + port_patience;
    int fd = socket_listen(address);
    while (fd < 0 && errno == EADDRINUSE && clock_monotonic() < give_up) {
        const struct timespec pause = {.tv_nsec = 50000000};
        nanosleep(&pause, NULL);
        fd = socket_listen(address);
    }
    if (fd >= 0)
        return fd;
    if (errno == EINVAL)
        die(EXIT_USAGE, "--%s takes a numeric address and a port, e.g. 127.0.0.1:8080, not '%s'",
            option, address);
    if (errno == EADDRINUSE)
        die(EXIT_TROUBLE,
            "%s is in use; stop who uses it, or choose another with --%s; a second cluster needs "
            "another store, too: `make run PORT=9000 ADMIN_PORT=9001 STORE=sqlite:db/second.db "
            "LOG_DIR=logs/second`",
            address, option);
    die(EXIT_TROUBLE, "cannot listen on %s (%s); choose another with --%s", address,
        strerror(errno), option);
}

void begin_listening(struct master *master)
{
    master->public_fd = listen_or_die("listen", master->settings->listen);
    master->admin_fd = listen_or_die("admin", master->settings->admin);
}

void begin_programs(struct master *master)
{
    char path[MASTER_PATH_SIZE];
    /* master is zeroed: what readlink leaves out ends the text */
    if (master->self[0] == '\0' &&
        readlink("/proc/self/exe", master->self, sizeof master->self - 1) < 0)
        die(EXIT_TROUBLE, "/proc is needed, to find the programs");
    snprintf(path, sizeof path, "%s", master->self);
    snprintf(master->ticket_server, sizeof master->ticket_server, "%.4000s/ticket_server",
             dirname(path));
}

/* What the router would find out too, but one line says it better than two processes' lines. */
void begin_places(const struct master *master)
{
    const struct settings *settings = master->settings;
    char token[TOKEN_SIZE];
    struct stat about;
    if (access(master->ticket_server, X_OK) != 0)
        die(EXIT_TROUBLE, "%s is missing; build it with `make`", master->ticket_server);
    if (stat(settings->log_dir, &about) != 0 || !S_ISDIR(about.st_mode))
        die(EXIT_TROUBLE,
            "the log directory %s does not exist; make it, or name another with "
            "--log-dir",
            settings->log_dir);
    if (access(settings->log_dir, W_OK | X_OK) != 0)
        die(EXIT_TROUBLE, "the log directory %s cannot be written to; name another with --log-dir",
            settings->log_dir);
    if (!token_make(settings->token_file) || !token_read(settings->token_file, token))
        exit(EXIT_TROUBLE);
}

int begin_config(const struct settings *settings)
{
    if (settings->config_file == NULL)
        return -1;
    int fd = config_file_seal(&settings->config_text);
    if (fd < 0)
        die(EXIT_TROUBLE, "there is no memory for a copy of %s (%s)", settings->config_file,
            strerror(errno));
    return fd;
}
