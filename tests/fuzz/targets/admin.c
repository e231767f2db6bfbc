/* Raw bytes at the admin listener: the servers are shown to nobody who has not sent the token, and whatever is
 * accepted, the list of servers and the members file tell one story. The first byte: how many bytes come at a
 * time; TOKEN in the rest stands for the token. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "balancer/admin/admin_parts.h"
#include "tests/fuzz/face.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/scratch.h"

static const char token[] = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

/* A router that leads, for one input. */
static struct {
    struct servers servers;
    struct departures departures;
    struct loop *loop;
    struct admin *admin;
    char token_file[SCRATCH_PATH_SIZE], members_file[SCRATCH_PATH_SIZE];
} router;

static bool command(void *context, enum admin_command command, char why[ADMIN_WHY_SIZE])
{
    (void)context;
    snprintf(why, ADMIN_WHY_SIZE, "no");
    return command == ADMIN_ROLLING_RESTART; /* who waits for another would wait for ever */
}

static void begin(void)
{
    static const struct server_about files = {"files-1", "127.0.0.1:8", POOL_TICKETS, 1,
                                              SOURCE_CONFIG};
    scratch_write("admin.token", token, sizeof token - 1);
    scratch_path(router.token_file, "admin.token");
    scratch_path(router.members_file, "members.json");
    unlink(router.members_file);
    servers_init(&router.servers);
    servers_joined(&router.servers, "server-1", "127.0.0.1:9", 1);
    servers_add(&router.servers, &files);
    router.loop = loop_open();
    departures_open(&router.departures, &router.servers, router.loop);
    const struct admin_settings settings = {.loop = router.loop,
                                            .servers = &router.servers,
                                            .departures = &router.departures,
                                            .token_file = router.token_file,
                                            .members_file = router.members_file,
                                            .calls = {.command = command}};
    router.admin = admin_open(&settings);
    must(router.admin != NULL, "the admin API can be opened");
}

static void end(void)
{
    departures_close(&router.departures);
    admin_close(router.admin);
    loop_close(router.loop);
    servers_free(&router.servers);
}

/* All of the list came from where it says, and what came by the API is in the file, and drained is drained. */
static void check_list(struct members *kept)
{
    struct server server;
    size_t members = 0;
    for (size_t i = 0; servers_get(&router.servers, i, &server); i++) {
        if (server.state == SERVER_LEFT)
            continue;
        bool own = strcmp(server.id, "server-1") == 0 || strcmp(server.id, "files-1") == 0;
        bool ours = server.source == SOURCE_ADDED || server.source == SOURCE_JOINED;
        must(own != ours, "only what was added is added");
        must(own || member_id_valid(server.id), "it has an id that may be added");
        must(own || socket_loopback(server.address), "and is on this machine");
        must(members_drained(kept, server.id) == server.health.drain, "who is drained is kept so");
        members += ours;
        must(!ours || members_find(kept, server.id) != NULL, "who was added is kept");
    }
    must(members == kept->count, "and nobody else is");
}

static struct buffer with_token(const struct input *input)
{
    struct buffer bytes = {0};
    const uint8_t *at = input->at, *end = input->at + input_left(input), *found;
    while ((found = memmem(at, (size_t)(end - at), "TOKEN", 5)) != NULL) {
        buffer_append(&bytes, at, (size_t)(found - at));
        buffer_add(&bytes, token);
        at = found + 5;
    }
    buffer_append(&bytes, at, (size_t)(end - at));
    return bytes;
}

void fuzz_admin(const uint8_t *data, size_t size)
{
    struct members *kept = memory_new(sizeof *kept);
    struct input input = input_of(data, size);
    size_t piece = input_byte(&input) % 64;
    struct buffer bytes = with_token(&input);
    begin();
    struct face face = {
        .handler = admin_handle, .context = router.admin, .loop = router.loop, .piece = piece};
    bool known = memmem(bytes.data, bytes.length, token, sizeof token - 1) != NULL;
    face_talk(&face, (const uint8_t *)bytes.data, bytes.length);
    if (face.answers.length > 0)
        must(known || memmem(face.answers.data, face.answers.length, "127.0.0.1:9", 11) == NULL,
             "the servers are shown to who has the token");
    if (bytes.length == 0 || memmem(bytes.data, bytes.length, "HEAD", 4) == NULL)
        face_check(&face.answers);
    members_load(kept, router.members_file, false);
    check_list(kept);
    must(known || kept->count == 0, "only who has the token changes anything");
    end();
    free(kept);
    buffer_free(&bytes);
    buffer_free(&face.answers);
}
