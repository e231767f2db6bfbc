#include "tests/unit/balancer/upstream/exchange_scene.h"

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"
#include "tests/lib/suite.h"

enum {
    SECONDS_MAX = 20,
    PIECE = 16384,
    GUEST_HOLDS_MAX = 12 << 20,
};

struct scene scene;

char scene_pattern(size_t at)
{
    return (char)('a' + (at * 7 + at / 4096) % 26);
}

static size_t count_descriptors(void)
{
    size_t count = 0;
    DIR *directory = opendir("/proc/self/fd");
    CU_ASSERT_FATAL(directory != NULL);
    while (readdir(directory) != NULL)
        count++;
    closedir(directory);
    return count;
}

/* For hundreds of connections, both ends of which are in this process. */
static void allow_descriptors(void)
{
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_cur < 4096)
        limit.rlim_cur = limit.rlim_max < 4096 ? limit.rlim_max : 4096;
    setrlimit(RLIMIT_NOFILE, &limit);
}

void scene_open(void)
{
    memset(&scene, 0, sizeof scene);
    for (size_t i = 0; i < SCENE_VISITS_MAX; i++)
        scene.guests[i].fd = -1;
    allow_descriptors();
    scene.descriptors = count_descriptors();
    held_loop_open(&scene.held);
    scene.exchanges = exchanges_open(scene.held.loop);
    scene.listener = socket_listen("127.0.0.1:0");
    CU_ASSERT_FATAL(scene.listener >= 0);
    socket_address(scene.listener, scene.address);
}

void scene_close(void)
{
    exchanges_close(scene.exchanges);
    held_loop_close(&scene.held);
    for (size_t i = 0; i < scene.guest_count; i++) {
        if (scene.guests[i].fd >= 0)
            close(scene.guests[i].fd);
        buffer_free(&scene.guests[i].in);
    }
    for (size_t i = 0; i < scene.visit_count; i++) {
        CU_ASSERT_PTR_NULL(scene.visits[i].exchange);
        buffer_free(&scene.visits[i].body);
    }
    close(scene.listener);
    CU_ASSERT_EQUAL(count_descriptors(), scene.descriptors);
}

void visit_close(struct visit *visit)
{
    CU_ASSERT_PTR_NOT_NULL_FATAL(visit->exchange);
    exchange_close(visit->exchange);
    visit->exchange = NULL;
}

static void close_and_go_on(struct visit *visit)
{
    visit_close(visit);
    if (visit->next != NULL)
        visit_start(visit->next);
}

void visit_read(struct visit *visit)
{
    char bytes[PIECE];
    while ((visit->result = exchange_read(visit->exchange, bytes, sizeof bytes)) > 0)
        buffer_append(&visit->body, bytes, (size_t)visit->result);
}

void visit_write(struct visit *visit)
{
    char bytes[PIECE];
    while (visit->to_upload > 0) {
        size_t length = visit->to_upload < PIECE ? visit->to_upload : PIECE;
        for (size_t i = 0; i < length; i++)
            bytes[i] = scene_pattern(visit->uploaded + i);
        size_t taken = exchange_write(visit->exchange, bytes, length);
        visit->uploaded += taken;
        visit->to_upload -= taken;
        if (taken < length)
            return;
    }
    exchange_write_end(visit->exchange);
}

static void on_head(void *context, const struct response *response)
{
    struct visit *visit = context;
    visit->heads++;
    visit->status = response->status;
    if (visit->close_in_head)
        close_and_go_on(visit);
    else if (!visit->lazy)
        visit_read(visit);
}

static void on_readable(void *context)
{
    struct visit *visit = context;
    visit->readables++;
    if (visit->close_in_readable)
        close_and_go_on(visit);
    else if (!visit->lazy)
        visit_read(visit);
}

static void on_room(void *context)
{
    struct visit *visit = context;
    visit->rooms++;
    if (visit->close_in_room)
        close_and_go_on(visit);
    else
        visit_write(visit);
}

static void on_failed(void *context, enum exchange_failure failure, bool sent, const char *why)
{
    struct visit *visit = context;
    visit->failures++;
    visit->failure = failure;
    visit->sent = sent;
    snprintf(visit->why, sizeof visit->why, "%s", why);
    visit->exchange = NULL;
    if (visit->next != NULL)
        visit_start(visit->next);
}

struct visit *visit_new(void)
{
    static const char fields[] = "Host: h\r\n";
    CU_ASSERT_FATAL(scene.visit_count < SCENE_VISITS_MAX);
    struct visit *visit = &scene.visits[scene.visit_count++];
    visit->result = SCENE_NEVER;
    visit->request = (struct exchange_request){
        .address = scene.address,
        .method = "GET",
        .target = "/a?b",
        .fields = fields,
        .fields_length = sizeof fields - 1,
        .repeatable = true,
        .timeout = SECONDS_MAX * CLOCK_SECOND,
        .calls = {on_head, on_readable, on_room, on_failed},
        .context = visit,
    };
    return visit;
}

void visit_start(struct visit *visit)
{
    visit->exchange = exchange_start(scene.exchanges, &visit->request);
    CU_ASSERT_EQUAL(visit->heads + visit->failures, 0); /* never from within */
}

struct visit *visit_get(void)
{
    struct visit *visit = visit_new();
    visit_start(visit);
    return visit;
}

static void look_at(struct guest *guest)
{
    ssize_t length = 1;
    while (guest->fd >= 0 && length > 0 && !guest->closed && guest->in.length < GUEST_HOLDS_MAX) {
        length = recv(guest->fd, buffer_reserve(&guest->in, PIECE), PIECE, MSG_DONTWAIT);
        guest->in.length += length > 0 ? (size_t)length : 0;
        guest->closed = length == 0 || (length < 0 && errno != EAGAIN);
    }
}

static void look_at_server(void)
{
    int fd;
    while ((fd = accept4(scene.listener, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
        CU_ASSERT_FATAL(scene.guest_count < SCENE_VISITS_MAX);
        scene.guests[scene.guest_count++].fd = fd;
    }
    for (size_t i = 0; i < scene.guest_count && !scene.no_reading; i++)
        look_at(&scene.guests[i]);
}

void scene_turns(unsigned turns)
{
    for (unsigned i = 0; i < turns; i++) {
        held_loop_turns(&scene.held, 1);
        look_at_server();
    }
}

void scene_until(bool (*condition)(void *context), void *context)
{
    int64_t deadline = clock_monotonic() + SECONDS_MAX * CLOCK_SECOND;
    while (!condition(context) && clock_monotonic() < deadline)
        scene_turns(1);
    CU_ASSERT(condition(context));
}

static bool are_guests(void *context)
{
    return scene.guest_count >= *(const size_t *)context;
}

void scene_until_guests(size_t count)
{
    scene_until(are_guests, &count);
    CU_ASSERT_EQUAL(scene.guest_count, count);
}

static bool is_over(void *context)
{
    const struct visit *visit = context;
    return visit->failures > 0 || visit->result == EXCHANGE_ENDED ||
           visit->result == EXCHANGE_BROKE;
}

void scene_until_over(struct visit *visit)
{
    scene_until(is_over, visit);
}

struct heard {
    size_t guest, bytes;
};

static bool has_heard(void *context)
{
    const struct heard *heard = context;
    return scene.guest_count > heard->guest && scene.guests[heard->guest].in.length >= heard->bytes;
}

void scene_until_heard(size_t guest, size_t bytes)
{
    struct heard heard = {guest, bytes};
    scene_until(has_heard, &heard);
}

static bool has_left(void *context)
{
    const size_t *guest = context;
    return scene.guests[*guest].closed;
}

void scene_until_left(size_t guest)
{
    scene_until(has_left, &guest);
}

void guest_says_bytes(size_t guest, const char *bytes, size_t length)
{
    int64_t deadline = clock_monotonic() + SECONDS_MAX * CLOCK_SECOND;
    while (length > 0 && clock_monotonic() < deadline) {
        ssize_t sent = send(scene.guests[guest].fd, bytes, length, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent > 0) {
            bytes += sent;
            length -= (size_t)sent;
        }
        if (length > 0)
            scene_turns(1);
    }
    CU_ASSERT_EQUAL(length, 0);
}

void guest_says(size_t guest, const char *text)
{
    guest_says_bytes(guest, text, strlen(text));
}

void guest_leaves(size_t guest)
{
    close(scene.guests[guest].fd);
    scene.guests[guest].fd = -1;
}

void guest_resets(size_t guest)
{
    struct linger linger = {.l_onoff = 1};
    setsockopt(scene.guests[guest].fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
    guest_leaves(guest);
}

const char *guest_heard(size_t guest)
{
    const char *text = buffer_text(&scene.guests[guest].in);
    buffer_clear(&scene.guests[guest].in);
    return text;
}

struct served {
    size_t guest;
    const char *end;
};

static bool has_asked(void *context)
{
    const struct served *served = context;
    return scene.guest_count > served->guest &&
           strstr(buffer_text(&scene.guests[served->guest].in), served->end) != NULL;
}

void guest_serves(size_t guest, const char *request_end, const char *answer)
{
    struct served served = {guest, request_end};
    scene_until(has_asked, &served);
    buffer_clear(&scene.guests[guest].in);
    guest_says(guest, answer);
}
