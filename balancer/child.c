#include "balancer/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "balancer/channel.h"
#include "common/clock.h"
#include "common/log.h"

static const int64_t first_pause = 50 * CLOCK_MILLISECOND;
static const int64_t longest_pause = 5 * CLOCK_SECOND;
static const int64_t settled_after = CLOCK_SECOND;

static void keep_across_exec(int fd)
{
    if (fd >= 0)
        fcntl(fd, F_SETFD, 0);
}

/* In the child: nothing but exec, for the parent's memory is not ours. Ctrl-C reaches the whole group,
 * but the master says what is to be done, so its signals are ignored here, which exec preserves. */
static _Noreturn void become(struct child *child, int channel)
{
    static const int of_the_master[] = {SIGINT, SIGTERM, SIGHUP, SIGUSR2};
    sigset_t none;
    for (size_t i = 0; i < sizeof of_the_master / sizeof *of_the_master; i++)
        signal(of_the_master[i], SIG_IGN);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    keep_across_exec(channel);
    for (size_t i = 0; i < CHILD_INHERITED_MAX; i++)
        keep_across_exec(child->inherited[i]);
    execv(child->arguments[0], child->arguments);
    log_errno("cannot start %s", child->arguments[0]);
    _exit(EXIT_TROUBLE);
}

bool child_start(struct child *child, const char *prefix)
{
    int ends[2];
    if (!channel_open(ends)) {
        log_errno("cannot start %s", child->name);
        return false;
    }
    snprintf(child->channel_option, sizeof child->channel_option, "%s%d", prefix, ends[1]);
    pid_t pid = fork();
    if (pid == 0)
        become(child, ends[1]);
    close(ends[1]);
    if (pid < 0) {
        log_errno("cannot start %s", child->name);
        close(ends[0]);
        return false;
    }
    child->pid = pid;
    child->channel = ends[0];
    child->ready = child->doomed = false;
    return true;
}

int64_t child_pause(struct child *child)
{
    bool settled = child->ready && clock_monotonic() - child->ready_at >= settled_after;
    child->failures = settled ? 0 : child->failures + 1;
    if (child->pause == 0 || settled)
        child->pause = first_pause;
    else
        child->pause = child->pause < longest_pause / 2 ? child->pause * 2 : longest_pause;
    return child->pause;
}

void child_ending(int status, char *text, size_t size)
{
    if (WIFSIGNALED(status))
        snprintf(text, size, "killed by signal %d (%s)", WTERMSIG(status),
                 strsignal(WTERMSIG(status)));
    else
        snprintf(text, size, "exited with status %d", WEXITSTATUS(status));
}
