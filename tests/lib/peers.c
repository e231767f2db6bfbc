#include "tests/lib/peers.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/lib/raw.h"
#include "tests/lib/suite.h"
#include "tests/lib/wait.h"

enum {
    PORT_FIRST = 20000, /* below what the system gives out: net.ipv4.ip_local_port_range */
    PORTS = 10000,
    START_SECONDS = 30,
    STOP_SECONDS = 20,
    CHECK_MILLISECONDS = 20000,
};

/* A socket bound to this port, or -1. */
static int bind_to(unsigned port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CU_ASSERT_FATAL(fd >= 0);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
    if (bind(fd, (struct sockaddr *)&address, sizeof address) == 0)
        return fd;
    close(fd);
    return -1;
}

/* Test programs that run side by side begin in different places. */
static int bind_next(unsigned *port)
{
    static unsigned next;
    int fd = -1;
    if (next == 0)
        next = (unsigned)getpid() * 37;
    for (int tries = 0; tries < PORTS && fd < 0; tries++) {
        *port = PORT_FIRST + next++ % PORTS;
        fd = bind_to(*port);
    }
    CU_ASSERT_FATAL(fd >= 0);
    return fd;
}

static int reserve(struct peer *peer)
{
    unsigned port;
    int fd = bind_next(&port);
    *peer = (struct peer){.listener = -1};
    snprintf(peer->address, sizeof peer->address, "127.0.0.1:%u", port);
    snprintf(peer->url, sizeof peer->url, "http://%s", peer->address);
    return fd;
}

void peer_address(struct peer *peer)
{
    close(reserve(peer));
}

void peer_listen(struct peer *peer)
{
    int fd = reserve(peer);
    peer->listener = fd;
    CU_ASSERT_EQUAL_FATAL(listen(fd, 16), 0);
}

static bool readable(int fd)
{
    struct pollfd entry = {.fd = fd, .events = POLLIN};
    return poll(&entry, 1, CHECK_MILLISECONDS) == 1;
}

/* Whether the other side has nothing more to say. */
static bool is_over(int fd)
{
    char byte;
    return recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

void peer_greet(struct peer *peer)
{
    static const char answer[] =
        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    char request[4096];
    bool over = true;
    while (over) {
        CU_ASSERT_FATAL(readable(peer->listener));
        int fd = accept(peer->listener, NULL, NULL);
        CU_ASSERT_FATAL(fd >= 0 && readable(fd));
        over = recv(fd, request, sizeof request, 0) <= 0 || is_over(fd);
        raw_send(fd, answer, sizeof answer - 1);
        close(fd);
    }
}

void peer_leave(struct peer *peer)
{
    close(peer->listener);
    peer->listener = -1;
}

static bool listens(void *context)
{
    struct peer *peer = context;
    int fd = raw_connect(peer->url);
    if (fd >= 0)
        close(fd);
    return fd >= 0 || process_wait(&peer->process, 0) != PROCESS_RUNNING;
}

static void start(struct peer *peer, const char *const *argv)
{
    process_start(&peer->process, peer->dir, argv);
    bool there = wait_until(listens, peer, START_SECONDS) && peer->process.pid != 0;
    if (!there)
        process_show(&peer->process);
    CU_ASSERT_FATAL(there);
}

static void make_place(struct peer *peer, const char *dir, char www[FILES_PATH_SIZE])
{
    snprintf(peer->dir, sizeof peer->dir, "%s", dir);
    CU_ASSERT_EQUAL_FATAL(mkdir(dir, 0755), 0);
    files_path(www, dir, "www");
    CU_ASSERT_EQUAL_FATAL(mkdir(www, 0755), 0);
}

/* One process, in the foreground: it changes no user and leaves no children. */
static void write_nginx(const struct peer *peer, const char *path, const char *name,
                        const char *further)
{
    struct buffer text = {0};
    buffer_printf(&text, "daemon off; master_process off; pid %s/pid; error_log %s/errors;\n",
                  peer->dir, peer->dir);
    buffer_add(&text, "events { worker_connections 512; }\nhttp {\n access_log off;\n");
    static const char *const places[] = {"client_body", "proxy", "fastcgi", "uwsgi", "scgi"};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        buffer_printf(&text, " %s_temp_path %s/%s;\n", places[i], peer->dir, places[i]);
    buffer_printf(&text, " server {\n  listen %s;\n  root %s/www;\n", peer->address, peer->dir);
    buffer_printf(&text, "  add_header X-Served-By %s;\n  %s\n }\n}\n", name, further);
    files_write(path, text.data, text.length);
    buffer_free(&text);
}

void peer_nginx_again(struct peer *peer)
{
    char program[FILES_PATH_SIZE], config[FILES_PATH_SIZE], errors[FILES_PATH_SIZE];
    files_path(config, peer->dir, "nginx.conf");
    files_path(errors, peer->dir, "errors");
    process_find(program, "nginx");
    start(peer, (const char *const[]){program, "-p", peer->dir, "-e", errors, "-c", config, NULL});
}

void peer_nginx(struct peer *peer, const char *dir, const char *name, const char *further)
{
    char www[FILES_PATH_SIZE], config[FILES_PATH_SIZE];
    make_place(peer, dir, www);
    files_path(config, dir, "nginx.conf");
    write_nginx(peer, config, name, further);
    peer_nginx_again(peer);
}

void peer_python(struct peer *peer, const char *dir)
{
    char program[FILES_PATH_SIZE], www[FILES_PATH_SIZE];
    make_place(peer, dir, www);
    process_find(program, "python3");
    start(peer, (const char *const[]){program, "-m", "http.server", strchr(peer->address, ':') + 1,
                                      "--bind", "127.0.0.1", "--directory", www, NULL});
}

void peer_file(const struct peer *peer, const char *name, size_t length)
{
    char path[FILES_PATH_SIZE], below[FILES_PATH_SIZE];
    unsigned char *bytes = malloc(length + 1);
    uint64_t state = 88172645463325252U;
    const struct timespec same[2] = {{.tv_sec = 1700000000}, {.tv_sec = 1700000000}};
    CU_ASSERT_PTR_NOT_NULL_FATAL(bytes);
    for (size_t i = 0; i < length; i++) {
        state ^= state << 13, state ^= state >> 7, state ^= state << 17; /* xorshift64 */
        bytes[i] = (unsigned char)(state >> 32);
    }
    snprintf(below, sizeof below, "www/%s", name);
    files_path(path, peer->dir, below);
    files_write(path, bytes, length);
    CU_ASSERT_EQUAL(utimensat(AT_FDCWD, path, same, 0), 0);
    free(bytes);
}

void peer_stop(struct peer *peer)
{
    if (peer->process.pid == 0)
        return;
    process_signal(peer->process.pid, SIGKILL);
    CU_ASSERT_EQUAL(process_wait(&peer->process, STOP_SECONDS), PROCESS_KILLED + SIGKILL);
}
