#include "balancer/master/handover.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "balancer/config_file.h"
#include "balancer/descriptors.h"
#include "balancer/master/parts.h"
#include "balancer/worker.h"
#include "common/clock.h"
#include "common/log.h"

static const int64_t serve_patience = 10 * CLOCK_SECOND; /* for a new router to open its doors */
static const int64_t quiet_patience = 10 * CLOCK_SECOND; /* for the one before to hear of it */
static const int64_t drain_patience =
    (WORKER_DRAIN_SECONDS + 60) * CLOCK_SECOND; /* for it to end, which it does by then */

bool handover_is_under_way(struct master *master)
{
    bool under_way = master->trial.child.pid != 0 || routers_in(master, ROUTER_NEXT) != NULL;
    for (size_t i = 0; i < ROUTERS_MAX; i++)
        under_way =
            under_way || (master->routers[i].role == ROUTER_DRAINING && master->routers[i].leads);
    return under_way;
}

/* Purchases wait for a server that is renewed only at the router that knows that it will be back. */
bool handover_may_begin(struct master *master, const char **reason)
{
    size_t draining = 0;
    for (size_t i = 0; i < ROUTERS_MAX; i++)
        draining += master->routers[i].role == ROUTER_DRAINING;
    *reason = master->stopping                ? "the balancer is being stopped"
              : handover_is_under_way(master) ? "a handover is under way"
              : slots_renewing(master)
                  ? "a ticket server is being started again; try again in a moment"
              : draining == ROUTERS_DRAINING_MAX ? "too many routers are draining; try again later"
                                                 : NULL;
    return *reason == NULL;
}

void handover_refuse(struct master *master, bool asked, const char *what, const char *reason)
{
    struct router_process *current = routers_in(master, ROUTER_CURRENT);
    log_line("the %s is refused: %s", what, reason);
    if (asked && current != NULL && current->child.pid != 0)
        router_tell(current, "refused %s", reason);
}

static void refuse_this(struct master *master, const char *reason)
{
    handover_refuse(master, master->asked, master->upgrading ? "upgrade" : "reload", reason);
}

/* --- the configuration ---------------------------------------------------------------------------- */

static bool descriptors_suffice(const struct settings *settings, const struct config *config,
                                char error[CONFIG_ERROR_SIZE])
{
    struct settings wanted = *settings;
    struct rlimit limit;
    wanted.config = *config;
    int64_t needed = descriptors_needed(&wanted);
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || (int64_t)limit.rlim_cur >= needed)
        return true;
    snprintf(error, CONFIG_ERROR_SIZE, "%s needs %" PRId64 " descriptors, of %" PRId64,
             settings->config_file, needed, (int64_t)limit.rlim_cur);
    return false;
}

/* Whether a router could go by this text. */
static bool is_good(const struct settings *settings, struct buffer *text,
                    char error[CONFIG_ERROR_SIZE])
{
    struct config config = {0};
    if (!settings_config(settings, text, &config, error))
        return false;
    bool good = settings_keys_good(settings, &config, error) &&
                descriptors_suffice(settings, &config, error);
    config_free(&config);
    return good;
}

/* What the file says now, as a memory file; -1 without a file. */
static bool read_again(const struct settings *settings, int *fd, char error[CONFIG_ERROR_SIZE])
{
    struct buffer text = {0};
    *fd = -1;
    if (settings->config_file == NULL)
        return true;
    bool good =
        config_file_read(settings->config_file, &text, error) && is_good(settings, &text, error);
    if (good && (*fd = config_file_seal(&text)) < 0) {
        snprintf(error, CONFIG_ERROR_SIZE, "there is no memory for a copy of %.250s (%s)",
                 settings->config_file, strerror(errno));
        good = false;
    }
    buffer_free(&text);
    return good;
}

void handover_reload(struct master *master, bool asked)
{
    char error[CONFIG_ERROR_SIZE];
    const char *reason = error;
    int config_fd;
    if (!handover_may_begin(master, &reason) || !read_again(master->settings, &config_fd, error)) {
        handover_refuse(master, asked, "reload", reason != NULL ? reason : error);
        return;
    }
    master->asked = asked;
    master->upgrading = false;
    handover_begin(master, config_fd);
}

/* --- from one router to the next ------------------------------------------------------------------ */

void handover_begin(struct master *master, int config_fd)
{
    struct router_process *next = routers_in(master, ROUTER_NONE);
    next->role = ROUTER_NEXT;
    next->config_fd = config_fd;
    if (!router_start_next(next)) {
        router_free(next);
        refuse_this(master, "the new router cannot be started");
        return;
    }
    loop_timer_set(master->loop, &next->limit, clock_monotonic() + serve_patience);
}

static void let_drain(struct router_process *before)
{
    struct master *master = before->master;
    if (before->child.pid == 0) {
        router_free(before);
        return;
    }
    before->role = ROUTER_DRAINING;
    router_tell(before, "drain");
    loop_timer_set(master->loop, &before->limit,
                   clock_monotonic() + (before->leads ? quiet_patience : drain_patience));
}

void handover_serving(struct router_process *next)
{
    struct master *master = next->master;
    struct router_process *before = routers_in(master, ROUTER_CURRENT);
    loop_timer_set(master->loop, &next->limit, 0);
    next->role = ROUTER_CURRENT;
    if (before != NULL)
        let_drain(before);
    log_line("the router (process %d) has taken over", (int)next->child.pid);
    routers_lead(master);
}

void handover_quiet(struct router_process *before)
{
    loop_timer_set(before->master->loop, &before->limit, clock_monotonic() + drain_patience);
    before->leads = false;
    routers_lead(before->master);
}

void handover_failed(struct router_process *next, const char *how)
{
    char reason[160];
    if (next->child.doomed)
        snprintf(reason, sizeof reason, "the new router did not come to serve within %d s",
                 (int)(serve_patience / CLOCK_SECOND));
    else
        snprintf(reason, sizeof reason, "the new router %s", how);
    refuse_this(next->master, reason);
}
