#include "tests/lib/process.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/lib/suite.h"
#include "tests/lib/wait.h"

enum {
    RUN_SECONDS = 120,  /* for a program that ends by itself */
    SWEEP_SECONDS = 20, /* for what was killed */
    FREEZE_SECONDS = 20,
    SWEEP_MAX = 256, /* killed at once; what more there is, in the next round */
    SPARED_MAX = 64, /* of one test program; the latest count */
};

static void program_path(char path[FILES_PATH_SIZE], const char *name)
{
    char self[FILES_PATH_SIZE];
    ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    CU_ASSERT_FATAL(length > 0);
    self[length] = '\0';
    files_path(path, dirname(self), name);
}

static void redirect(const char *path, int fd)
{
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    if (file < 0 || dup2(file, fd) < 0)
        _exit(127);
    close(file);
}

static _Noreturn void become(const struct process *process, const char *path, char *const *argv,
                             pid_t parent)
{
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(127);
    redirect("/dev/null", STDIN_FILENO);
    redirect(process->out, STDOUT_FILENO);
    redirect(process->err, STDERR_FILENO);
    execv(path, argv);
    fprintf(stderr, "cannot run %s: %s\n", path, strerror(errno));
    _exit(127);
}

void process_find(char path[FILES_PATH_SIZE], const char *name)
{
    const char *places = getenv("PATH");
    char all[4096];
    snprintf(all, sizeof all, "%s:/usr/sbin:/sbin", places != NULL ? places : "/usr/bin:/bin");
    char *rest = all;
    for (char *place = strsep(&rest, ":"); place != NULL; place = strsep(&rest, ":")) {
        int length = snprintf(path, FILES_PATH_SIZE, "%s/%s", place, name);
        if (place[0] == '/' && length < FILES_PATH_SIZE && access(path, X_OK) == 0)
            return;
    }
    printf("  %s is not installed: .ci/packages test\n", name);
    CU_FAIL_FATAL("a program that the tests need");
}

void process_start(struct process *process, const char *directory, const char *const *argv)
{
    static unsigned count;
    char name[64], path[FILES_PATH_SIZE];
    const char *slash = strrchr(argv[0], '/'), *program = slash != NULL ? slash + 1 : argv[0];
    count++;
    snprintf(name, sizeof name, "%s-%u.out", program, count);
    files_path(process->out, directory, name);
    snprintf(name, sizeof name, "%s-%u.err", program, count);
    files_path(process->err, directory, name);
    if (argv[0][0] == '/')
        snprintf(path, sizeof path, "%s", argv[0]);
    else
        program_path(path, argv[0]);
    files_write(process->out, "", 0); /* so that it can be read from the first moment */
    files_write(process->err, "", 0);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    fflush(NULL);
    pid_t parent = getpid();
    process->status = PROCESS_RUNNING;
    process->pid = fork();
    CU_ASSERT_FATAL(process->pid >= 0);
    if (process->pid == 0)
        become(process, path, (char *const *)argv, parent);
    setpgid(process->pid, process->pid);
}

static int status_of(int status)
{
    return WIFSIGNALED(status) ? PROCESS_KILLED + WTERMSIG(status) : WEXITSTATUS(status);
}

static bool ended(void *context)
{
    struct process *process = context;
    int status;
    if (process->pid == 0 || waitpid(process->pid, &status, WNOHANG) != process->pid)
        return process->pid == 0;
    process->pid = 0;
    process->status = status_of(status);
    return true;
}

int process_wait(struct process *process, int seconds)
{
    return wait_until(ended, process, seconds) ? process->status : PROCESS_RUNNING;
}

static bool orphan_ended(void *context)
{
    struct process *orphan = context;
    int status;
    pid_t pid = waitpid(orphan->pid, &status, WNOHANG);
    if (pid == orphan->pid)
        orphan->status = status_of(status);
    return pid == orphan->pid || (pid < 0 && !process_alive(orphan->pid));
}

int process_wait_orphan(pid_t pid, int seconds)
{
    struct process orphan = {.pid = pid};
    return wait_until(orphan_ended, &orphan, seconds) ? orphan.status : PROCESS_RUNNING;
}

int process_run(struct process *process, const char *directory, const char *const *argv,
                int expected)
{
    process_start(process, directory, argv);
    int status = process_wait(process, RUN_SECONDS);
    CU_ASSERT_EQUAL(status, expected);
    if (status != expected) {
        printf("  %s: status %d, expected %d\n", argv[0], status, expected);
        process_show(process);
    }
    return status;
}

static void show_file(const char *path)
{
    struct buffer text = {0};
    files_read(path, &text);
    const size_t most = 4000;
    const char *from = buffer_text(&text) + (text.length > most ? text.length - most : 0);
    if (text.length > 0)
        printf("  --- %s\n%s", path, from);
    buffer_free(&text);
}

void process_show(const struct process *process)
{
    show_file(process->out);
    show_file(process->err);
}

/* State and parent of a process, from /proc; false where there is none. */
static bool process_stat(long pid, char *state, long *parent)
{
    char path[64], line[256] = "";
    snprintf(path, sizeof path, "/proc/%ld/stat", pid);
    FILE *file = fopen(path, "r");
    if (file == NULL)
        return false;
    bool read = fgets(line, sizeof line, file) != NULL;
    fclose(file);
    const char *end = strrchr(line, ')');
    return read && end != NULL && sscanf(end, ") %c %ld", state, parent) == 2;
}

bool process_alive(pid_t pid)
{
    char state;
    long parent;
    return process_stat(pid, &state, &parent) && state != 'Z';
}

size_t process_children(pid_t parent, pid_t *children, size_t max)
{
    size_t count = 0;
    DIR *proc = opendir("/proc");
    struct dirent *entry;
    while (proc != NULL && (entry = readdir(proc)) != NULL) {
        char state;
        long its_parent, pid = strtol(entry->d_name, NULL, 10);
        if (pid <= 0 || !process_stat(pid, &state, &its_parent) || its_parent != parent ||
            state == 'Z')
            continue;
        if (count < max)
            children[count] = (pid_t)pid;
        count++;
    }
    if (proc != NULL)
        closedir(proc);
    return count;
}

void process_signal(pid_t pid, int signal)
{
    CU_ASSERT_FATAL(pid > 1); /* 0 and -1 would be whole groups of processes, ours among them */
    CU_ASSERT_EQUAL(kill(pid, signal), 0);
}

bool process_stopped(pid_t pid)
{
    char path[64], state;
    long parent;
    bool stopped = true;
    snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
    DIR *threads = opendir(path);
    struct dirent *entry;
    while (threads != NULL && stopped && (entry = readdir(threads)) != NULL)
        stopped = !process_stat(strtol(entry->d_name, NULL, 10), &state, &parent) || state == 'T' ||
                  state == 'Z';
    if (threads != NULL)
        closedir(threads);
    return stopped;
}

static bool is_stopped(void *context)
{
    return process_stopped(*(const pid_t *)context);
}

void process_freeze(pid_t pid)
{
    process_signal(pid, SIGSTOP);
    CU_ASSERT(wait_until(is_stopped, &pid, FREEZE_SECONDS));
}

static pid_t spared[SPARED_MAX];
static size_t spared_count;

void process_spare(pid_t pid)
{
    spared[spared_count++ % SPARED_MAX] = pid;
}

static bool is_spared(pid_t pid)
{
    for (size_t i = 0; i < SPARED_MAX; i++)
        if (spared[i] == pid)
            return true;
    return false;
}

static bool only_spared_left(void)
{
    pid_t children[SWEEP_MAX];
    size_t count = process_children(getpid(), children, SWEEP_MAX);
    for (size_t i = 0; i < count && i < SWEEP_MAX; i++)
        if (!is_spared(children[i]))
            return false;
    return count <= SWEEP_MAX;
}

/* Who is started while the others die is killed with the next round. */
static bool group_gone(void *context)
{
    const pid_t *group = context;
    while (waitpid(-*group, NULL, WNOHANG) > 0)
        continue;
    return kill(-*group, SIGKILL) != 0 && errno == ESRCH;
}

void process_kill_group(const struct process *process)
{
    CU_ASSERT_FATAL(process->pid > 1);
    kill(-process->pid, SIGKILL);
}

void process_group_gone(struct process *process, int seconds)
{
    CU_ASSERT_FATAL(process->pid > 1);
    CU_ASSERT_FATAL(wait_until(group_gone, &process->pid, seconds));
    process->pid = 0;
    process->status = PROCESS_KILLED + SIGKILL;
}

/* Adopted children are waited for here; those of a struct process only after it was. */
static bool none_left(void *crashes)
{
    int status;
    pid_t pid;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        bool fine = WIFSIGNALED(status) ? WTERMSIG(status) == SIGKILL : WEXITSTATUS(status) == 0;
        if (!fine)
            printf("  process %d, left behind, %s %d\n", (int)pid,
                   WIFSIGNALED(status) ? "was ended by signal" : "exited with",
                   WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
        *(int *)crashes += !fine;
    }
    return pid == 0 ? spared_count > 0 && only_spared_left() : pid < 0 && errno == ECHILD;
}

bool process_none_left(int seconds)
{
    int crashes = 0;
    return wait_until(none_left, &crashes, seconds) && crashes == 0;
}

static void kill_children(void)
{
    pid_t children[SWEEP_MAX];
    size_t count = process_children(getpid(), children, SWEEP_MAX);
    for (size_t i = 0; i < count && i < SWEEP_MAX; i++)
        kill(children[i], SIGKILL);
}

static bool swept(void *crashes)
{
    kill_children();
    return none_left(crashes);
}

void process_sweep(void)
{
    int crashes = 0;
    if (!wait_until(swept, &crashes, SWEEP_SECONDS))
        printf("  processes of an earlier test cannot be killed\n");
}
