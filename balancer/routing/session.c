#include "balancer/routing/session.h"

#include <assert.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"

enum {
    HASH_SIZE = 32, /* of SHA-256 */
    NAME_MAX_LENGTH = 255,
    LABEL_MAX_LENGTH = 16,
    EXPIRES_SIZE = 8,
    SIGNED_SIZE = SESSION_ID_SIZE + EXPIRES_SIZE + SESSION_TAG_SIZE,
    COOKIE_BYTES = SIGNED_SIZE + SESSION_MAC_SIZE,
};
_Static_assert(BASE64URL_LENGTH(COOKIE_BYTES) == SESSION_COOKIE_LENGTH, "no byte is left out");
_Static_assert(COOKIE_BYTES % 3 == 0, "every bit of the text counts");

static const struct secret_file key_file = {.what = "session key", .option = "--session-key-file"};

/* What is signed, under a label of its own for each purpose. Texts end with a NUL, which no name has, so
 * that no two messages are the same bytes. */
struct message {
    unsigned char bytes[LABEL_MAX_LENGTH + 2 * NAME_MAX_LENGTH + 3 + SIGNED_SIZE];
    size_t length;
};

static void add_bytes(struct message *message, const void *bytes, size_t length)
{
    assert(length <= sizeof message->bytes - message->length);
    memcpy(message->bytes + message->length, bytes, length);
    message->length += length;
}

static void add_text(struct message *message, const char *text)
{
    add_bytes(message, text, strnlen(text, NAME_MAX_LENGTH));
    add_bytes(message, "", 1);
}

static void sign(const unsigned char *key, const struct message *message, unsigned char *out,
                 size_t length)
{
    unsigned char hash[HASH_SIZE];
    if (gnutls_hmac_fast(GNUTLS_MAC_SHA256, key, SESSION_KEY_SIZE, message->bytes, message->length,
                         hash) != 0)
        die(EXIT_TROUBLE, "HMAC-SHA256 cannot be computed");
    memcpy(out, hash, length);
}

static void make_tag(const unsigned char *key, const char *pool, const unsigned char *id,
                     const char *server, unsigned char tag[SESSION_TAG_SIZE])
{
    struct message message = {.length = 0};
    add_text(&message, "server");
    add_text(&message, pool);
    add_text(&message, server);
    add_bytes(&message, id, SESSION_ID_SIZE);
    sign(key, &message, tag, SESSION_TAG_SIZE);
}

static void make_mac(const unsigned char *key, const char *pool, const unsigned char *content,
                     unsigned char mac[SESSION_MAC_SIZE])
{
    struct message message = {.length = 0};
    add_text(&message, "cookie");
    add_text(&message, pool);
    add_bytes(&message, content, SIGNED_SIZE);
    sign(key, &message, mac, SESSION_MAC_SIZE);
}

void session_new(struct session *session, int64_t expires)
{
    *session = (struct session){.expires = expires};
    if (gnutls_rnd(GNUTLS_RND_NONCE, session->id, sizeof session->id) != 0)
        die(EXIT_TROUBLE, "there are no random numbers");
}

static void pack(const struct session *session, unsigned char content[SIGNED_SIZE])
{
    memcpy(content, session->id, SESSION_ID_SIZE);
    for (int i = 0; i < EXPIRES_SIZE; i++)
        content[SESSION_ID_SIZE + i] = (unsigned char)((uint64_t)session->expires >> (56 - 8 * i));
    memcpy(content + SESSION_ID_SIZE + EXPIRES_SIZE, session->server_tag, SESSION_TAG_SIZE);
}

static void unpack(const unsigned char content[SIGNED_SIZE], struct session *session)
{
    uint64_t expires = 0;
    memcpy(session->id, content, SESSION_ID_SIZE);
    for (int i = 0; i < EXPIRES_SIZE; i++)
        expires = expires << 8 | content[SESSION_ID_SIZE + i];
    session->expires = (int64_t)expires;
    memcpy(session->server_tag, content + SESSION_ID_SIZE + EXPIRES_SIZE, SESSION_TAG_SIZE);
}

bool session_read(const unsigned char key[SESSION_KEY_SIZE], const char *pool, const char *cookie,
                  size_t length, int64_t now_seconds, struct session *session)
{
    unsigned char content[COOKIE_BYTES], mac[SESSION_MAC_SIZE];
    size_t decoded;
    if (length != SESSION_COOKIE_LENGTH || !base64url_decode(cookie, length, content, &decoded))
        return false;
    make_mac(key, pool, content, mac);
    if (gnutls_memcmp(mac, content + SIGNED_SIZE, sizeof mac) != 0)
        return false;
    unpack(content, session);
    return session->expires > now_seconds;
}

bool session_is_at(const unsigned char key[SESSION_KEY_SIZE], const char *pool,
                   const struct session *session, const char *server)
{
    unsigned char tag[SESSION_TAG_SIZE];
    make_tag(key, pool, session->id, server, tag);
    return memcmp(tag, session->server_tag, sizeof tag) == 0;
}

void session_write(const unsigned char key[SESSION_KEY_SIZE], const char *pool,
                   struct session *session, const char *server, char cookie[SESSION_COOKIE_SIZE])
{
    unsigned char content[COOKIE_BYTES];
    make_tag(key, pool, session->id, server, session->server_tag);
    pack(session, content);
    make_mac(key, pool, content, content + SIGNED_SIZE);
    base64url_encode(content, sizeof content, cookie);
}

void session_set_cookie(const char *pool, const char cookie[SESSION_COOKIE_SIZE],
                        char out[SESSION_SET_COOKIE_SIZE])
{
    snprintf(out, SESSION_SET_COOKIE_SIZE,
             SESSION_COOKIE_PREFIX "%s=%s; Path=/; HttpOnly; SameSite=Lax", pool, cookie);
}

void session_id_text(const struct session *session, char text[SESSION_ID_TEXT_SIZE])
{
    for (size_t i = 0; i < SESSION_ID_SIZE; i++)
        snprintf(text + 2 * i, 3, "%02x", session->id[i]);
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t';
}

static void trim(const char **begin, const char **end)
{
    while (*begin < *end && is_space(**begin))
        (*begin)++;
    while (*begin < *end && is_space((*end)[-1]))
        (*end)--;
}

static void look_for_ours(struct session_pair *pair)
{
    static const char prefix[] = SESSION_COOKIE_PREFIX;
    const size_t prefix_length = sizeof prefix - 1;
    const char *name_begin = pair->begin, *value_end = pair->end;
    const char *equals = memchr(pair->begin, '=', (size_t)(pair->end - pair->begin));
    if (equals == NULL)
        return;
    const char *name_end = equals, *value = equals + 1;
    trim(&name_begin, &name_end);
    trim(&value, &value_end);
    size_t name_length = (size_t)(name_end - name_begin);
    pair->ours = name_length >= prefix_length && memcmp(name_begin, prefix, prefix_length) == 0;
    if (!pair->ours)
        return;
    pair->pool = name_begin + prefix_length;
    pair->pool_length = name_length - prefix_length;
    pair->value = value;
    pair->length = (size_t)(value_end - value);
}

bool session_pair_next(const char **at, const char *end, struct session_pair *pair)
{
    if (*at == NULL)
        return false;
    const char *stop = memchr(*at, ';', (size_t)(end - *at));
    *pair = (struct session_pair){.begin = *at, .end = stop != NULL ? stop : end};
    *at = stop != NULL ? stop + 1 : NULL;
    look_for_ours(pair);
    return true;
}

bool session_find(const char *cookie_header, const char *pool, const char **value, size_t *length)
{
    struct session_pair pair;
    size_t pool_length = strlen(pool);
    const char *end = cookie_header != NULL ? cookie_header + strlen(cookie_header) : NULL;
    while (session_pair_next(&cookie_header, end, &pair))
        if (pair.ours && pair.pool_length == pool_length &&
            memcmp(pair.pool, pool, pool_length) == 0) {
            *value = pair.value;
            *length = pair.length;
            return true;
        }
    return false;
}

bool session_key_make(const char *path)
{
    return secret_file_make(&key_file, path);
}

bool session_key_read(const char *path, unsigned char key[SESSION_KEY_SIZE])
{
    char text[SECRET_TEXT_SIZE];
    if (!secret_file_read(&key_file, path, text))
        return false;
    secret_bytes(text, key);
    return true;
}
