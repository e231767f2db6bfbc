/* Raw bytes at the admin listener: the servers are shown to nobody who has not sent the token. The first
 * byte: how many bytes come at a time. */
#include "balancer/admin/api.h"

#include <stdio.h>
#include <string.h>

#include "tests/fuzz/face.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/input.h"

static const char token[] = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

static struct servers servers;
static struct admin admin = {.servers = &servers};

static void begin(void)
{
    static bool begun;
    if (begun)
        return;
    servers_init(&servers);
    servers_joined(&servers, "server-1", "127.0.0.1:9", 1);
    memcpy(admin.token, token, sizeof token);
    begun = true;
}

void fuzz_admin(const uint8_t *data, size_t size)
{
    begin();
    struct input input = input_of(data, size);
    size_t piece = input_byte(&input) % 64;
    struct face face = {.handler = admin_handle, .context = &admin, .piece = piece};
    bool known = memmem(input.at, input_left(&input), token, sizeof token - 1) != NULL;
    face_talk(&face, input.at, input_left(&input));
    if (face.answers.length > 0)
        must(known || memmem(face.answers.data, face.answers.length, "127.0.0.1:9", 11) == NULL,
             "the servers are shown to who has the token");
    if (memmem(input.at, input_left(&input), "HEAD", 4) == NULL)
        face_check(&face.answers);
    buffer_free(&face.answers);
}
