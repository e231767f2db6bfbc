#include "balancer/master/upgrade.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "balancer/config_file.h"
#include "balancer/descriptors.h"
#include "balancer/master/handover.h"
#include "balancer/master/parts.h"
#include "common/clock.h"
#include "common/log.h"

static const int64_t trial_patience = 10 * CLOCK_SECOND;

static void limit_rings(void *context)
{
    struct trial *trial = context;
    if (trial->child.pid == 0)
        return;
    trial->child.doomed = true;
    kill(trial->child.pid, SIGKILL);
}

void upgrade_prepare(struct master *master)
{
    struct trial *trial = &master->trial;
    *trial = (struct trial){.state_fd = -1, .config_fd = -1};
    snprintf(trial->child.name, sizeof trial->child.name, "upgrade");
    trial->child.channel = -1;
    trial->limit = (struct loop_timer){.ring = limit_rings, .context = trial};
}

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static void trial_free(struct master *master)
{
    struct trial *trial = &master->trial;
    loop_timer_set(master->loop, &trial->limit, 0);
    close_fd(&trial->state_fd);
    close_fd(&trial->config_fd);
}

static void refuse(struct master *master, const char *reason)
{
    trial_free(master);
    handover_refuse(master, master->asked, "upgrade", reason);
}

/* --- trying it ------------------------------------------------------------------------------------ */

static int seal_state(const struct master *master)
{
    struct buffer text = {0};
    state_write(master, master->trial.config_fd, &text);
    int fd = config_file_seal(&text);
    buffer_free(&text);
    return fd;
}

/* It is the new program's business to understand the file. */
static bool take_config(struct master *master, char error[CONFIG_ERROR_SIZE])
{
    const char *file = master->settings->config_file;
    struct buffer text = {0};
    if (file == NULL)
        return true;
    if (!config_file_read(file, &text, error))
        return false;
    master->trial.config_fd = config_file_seal(&text);
    buffer_free(&text);
    if (master->trial.config_fd < 0)
        snprintf(error, CONFIG_ERROR_SIZE, "there is no memory for a copy of %.250s (%s)", file,
                 strerror(errno));
    return master->trial.config_fd >= 0;
}

static bool start_trial(struct master *master)
{
    struct trial *trial = &master->trial;
    struct child *child = &trial->child;
    char prefix[24];
    int count = 0;
    child->arguments[count++] = master->self;
    for (int i = 1; i < master->argc && count < CHILD_ARGUMENTS_MAX - 3; i++)
        child->arguments[count++] = master->argv[i];
    child->arguments[count++] = "--try";
    child->arguments[count++] = child->channel_option;
    child->arguments[count] = NULL;
    child->inherited[0] = trial->state_fd;
    child->inherited[1] = trial->config_fd;
    child->inherited[2] = -1;
    trial->fit = false;
    snprintf(prefix, sizeof prefix, "%d,", trial->state_fd);
    if (!child_start(child, prefix))
        return false;
    master_watch(master, child);
    loop_timer_set(master->loop, &trial->limit, clock_monotonic() + trial_patience);
    return true;
}

void upgrade_begin(struct master *master, bool asked)
{
    char error[CONFIG_ERROR_SIZE];
    const char *reason;
    if (!handover_may_begin(master, &reason)) {
        handover_refuse(master, asked, "upgrade", reason);
        return;
    }
    master->asked = asked;
    master->upgrading = true;
    if (access(master->self, X_OK) != 0) {
        snprintf(error, sizeof error, "%.500s cannot be run: %s", master->self, strerror(errno));
        refuse(master, error);
    } else if (!take_config(master, error)) {
        refuse(master, error);
    } else if ((master->trial.state_fd = seal_state(master)) < 0 || !start_trial(master)) {
        refuse(master, "the new program cannot be tried");
    }
}

/* --- becoming it ---------------------------------------------------------------------------------- */

/* All descriptors that the next program goes on with; -1 among them are none. */
static void inherit(const struct master *master, int flags)
{
    const int single[] = {master->public_fd, master->admin_fd, master->trial.state_fd,
                          master->trial.config_fd};
    for (size_t i = 0; i < sizeof single / sizeof *single; i++)
        fcntl(single[i], F_SETFD, flags);
    for (size_t i = 0; i < ROUTERS_MAX; i++) {
        fcntl(master->routers[i].child.channel, F_SETFD, flags);
        fcntl(master->routers[i].config_fd, F_SETFD, flags);
    }
    for (size_t i = 0; i < OWN_SERVERS_MAX; i++)
        fcntl(master->slots[i].child.channel, F_SETFD, flags);
}

/* Returns only where it fails. */
static void become(struct master *master)
{
    char *arguments[CHILD_ARGUMENTS_MAX] = {master->argv[0]}, state[16];
    int count = 1;
    for (; count < master->argc && count < CHILD_ARGUMENTS_MAX - 3; count++)
        arguments[count] = master->argv[count];
    arguments[count++] = "--takeover";
    arguments[count] = state;
    close_fd(&master->trial.state_fd);
    master->trial.state_fd = seal_state(master); /* as it is by now */
    snprintf(state, sizeof state, "%d", master->trial.state_fd);
    if (master->trial.state_fd < 0)
        return;
    inherit(master, 0);
    execv(master->self, arguments);
    int reason = errno;
    inherit(master, FD_CLOEXEC);
    errno = reason;
}

void upgrade_ended(struct master *master, int status)
{
    struct trial *trial = &master->trial;
    char ending[80], reason[MASTER_PATH_SIZE + 128];
    trial->child.pid = 0;
    child_ending(status, ending, sizeof ending);
    if (master->stopping) {
        trial_free(master);
        return;
    }
    if (status == 0 && trial->fit) {
        become(master);
        snprintf(ending, sizeof ending, "cannot be run: %s", strerror(errno));
    } else if (status == 0) {
        snprintf(ending, sizeof ending, "does not say that it could take over");
    } else if (trial->child.doomed) {
        snprintf(ending, sizeof ending, "was tried for longer than %d s",
                 (int)(trial_patience / CLOCK_SECOND));
    }
    snprintf(reason, sizeof reason, "%s %s", master->self, ending);
    refuse(master, reason);
}

/* --- in the new program ---------------------------------------------------------------------------- */

static void read_state(struct master *master, int fd, int *config_fd)
{
    struct buffer text = {0};
    routers_prepare(master);
    slots_prepare(master);
    upgrade_prepare(master);
    if (!config_file_take(fd, &text) || !state_read(master, config_fd, buffer_text(&text)))
        die(EXIT_TROUBLE, "the running balancer cannot be taken over by this version; "
                          "stop it and start this one");
    buffer_free(&text);
}

static void judge_config(const struct settings *settings, int config_fd)
{
    struct settings wanted = *settings;
    char error[CONFIG_ERROR_SIZE];
    struct buffer text = {0};
    if (settings->config_file != NULL && !config_file_take(config_fd, &text))
        die(EXIT_TROUBLE, "the copy of %s cannot be read (%s)", settings->config_file,
            strerror(errno));
    if (!settings_config(settings, &text, &wanted.config, error) ||
        !settings_keys_good(settings, &wanted.config, error))
        die(EXIT_TROUBLE, "%s", error);
    descriptors_raise(&wanted);
    config_free(&wanted.config);
    buffer_free(&text);
}

int upgrade_try(const struct settings *settings)
{
    static struct master master; /* large, and there is one */
    int state_fd, channel, config_fd;
    if (sscanf(settings->try, "%d,%d", &state_fd, &channel) != 2)
        die(EXIT_USAGE, "--try is for the balancer's own use");
    master.settings = settings;
    read_state(&master, state_fd, &config_fd);
    begin_programs(&master);
    begin_places(&master);
    judge_config(settings, config_fd);
    channel_send(channel, "fit");
    return EXIT_FINE;
}

/* A timer that was set in the program before is set again. */
static void set_timer(struct master *master, struct loop_timer *timer)
{
    if (timer->at != 0)
        loop_timer_set(master->loop, timer, timer->at);
}

static void go_on(struct master *master, struct child *child)
{
    if (child->channel >= 0)
        master_watch(master, child);
    set_timer(master, &child->restart);
}

void upgrade_take_over(struct master *master)
{
    int state_fd, config_fd = -1;
    if (sscanf(master->settings->takeover, "%d", &state_fd) != 1)
        die(EXIT_USAGE, "--takeover is for the balancer's own use");
    read_state(master, state_fd, &config_fd);
    begin_programs(master);
    inherit(master, FD_CLOEXEC);
    if (config_fd >= 0)
        fcntl(config_fd, F_SETFD, FD_CLOEXEC);
    for (size_t i = 0; i < ROUTERS_MAX; i++) {
        go_on(master, &master->routers[i].child);
        set_timer(master, &master->routers[i].limit);
    }
    for (size_t i = 0; i < OWN_SERVERS_MAX; i++)
        go_on(master, &master->slots[i].child);
    log_line("upgraded in place (process %d)", (int)getpid());
    master->upgrading = true;
    master_reap(master);
    handover_begin(master, config_fd);
}
