#include "tests/store/child.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/lib/wait.h"

static int gate[2] = {-1, -1};

void child_start(struct child *child, child_body *body, struct fixture *fixture, int number)
{
    int ends[2];
    char byte;
    if (gate[0] < 0)
        CU_ASSERT_EQUAL_FATAL(pipe(gate), 0);
    CU_ASSERT_EQUAL_FATAL(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    child->pid = fork();
    CU_ASSERT_FATAL(child->pid >= 0);
    if (child->pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        close(ends[0]);
        close(gate[1]);
        while (read(gate[0], &byte, 1) < 0 && errno == EINTR)
            continue;
        _exit(body(fixture, number, ends[1]));
    }
    close(ends[1]);
    child->socket = ends[0];
    child->fixture = fixture;
}

void child_open_gate(void)
{
    close(gate[0]);
    close(gate[1]);
    gate[0] = gate[1] = -1;
}

void child_renew_ids(struct basket *basket, int mark)
{
    for (size_t i = 0; i < basket->count; i++) {
        struct item *item = &basket->items[i];
        item->request.bytes[9] = (uint8_t)mark;
        item->request.bytes[10] ^= 0xff;
        if (item->key_made && item->verb != VERB_CONFIRM)
            id_format(&item->request, item->key);
    }
}

struct ending {
    pid_t pid;
    int status;
};

static bool has_ended(void *context)
{
    struct ending *ending = context;
    return waitpid(ending->pid, &ending->status, WNOHANG) == ending->pid;
}

int child_wait(struct child *child)
{
    struct ending ending = {child->pid, 0};
    bool ended = wait_until(has_ended, &ending, FIXTURE_SECONDS);
    close(child->socket);
    if (!ended) {
        kill(child->pid, SIGKILL);
        waitpid(child->pid, NULL, 0);
    }
    fixture_settle(child->fixture);
    return ended && WIFEXITED(ending.status) ? WEXITSTATUS(ending.status) : -1;
}

void child_kill(struct child *child)
{
    kill(child->pid, SIGKILL);
    waitpid(child->pid, NULL, 0);
    close(child->socket);
    fixture_settle(child->fixture);
}

void child_ask(struct child *child)
{
    CU_ASSERT_EQUAL(send(child->socket, "?", 1, MSG_NOSIGNAL), 1);
}

bool child_read(struct child *child, void *bytes, size_t length)
{
    for (size_t got = 0; got < length;) {
        struct pollfd ready = {.fd = child->socket, .events = POLLIN};
        if (poll(&ready, 1, FIXTURE_SECONDS * 1000) <= 0)
            return false;
        ssize_t n = read(child->socket, (char *)bytes + got, length - got);
        if (n <= 0)
            return false;
        got += (size_t)n;
    }
    return true;
}
