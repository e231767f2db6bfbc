/* Affinity by cookie: which server a client was at, told by the client and signed by us.
 *
 * The cookie (RFC 6265) is 64 characters of base64url: 16 random bytes that are the session, 8 of when it
 * expires, 8 that only who has the key can relate to a server, and 16 of a MAC over all of it and the
 * pool's name (HMAC-SHA256, cut). So a client learns nothing of our servers from it, and can choose none:
 * whatever is forged, stale, cut or of another pool is no session, and the client gets a new one.
 *
 * What takes a key, a pool and a session is pure; any thread. The key's file: at start, one thread. */
#ifndef BOX_OFFICE_SESSION_H
#define BOX_OFFICE_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base64url.h"
#include "common/secret_file.h"

#define SESSION_COOKIE_PREFIX "box_office_session_" /* then the pool's name */

enum {
    SESSION_KEY_SIZE = SECRET_SIZE,
    SESSION_POOL_SIZE =
        33, /* of a pool's name in a cookie's: 1 to 32 bytes of a token, and the NUL */
    SESSION_ID_SIZE = 16,
    SESSION_ID_TEXT_SIZE = 2 * SESSION_ID_SIZE + 1,
    SESSION_TAG_SIZE = 8,
    SESSION_MAC_SIZE = 16,
    SESSION_COOKIE_LENGTH =
        BASE64URL_LENGTH(SESSION_ID_SIZE + 8 + SESSION_TAG_SIZE + SESSION_MAC_SIZE),
    SESSION_COOKIE_SIZE = SESSION_COOKIE_LENGTH + 1,
    SESSION_SET_COOKIE_SIZE = SESSION_COOKIE_SIZE + 80 + SESSION_POOL_SIZE,
};

struct session {
    unsigned char id[SESSION_ID_SIZE];
    int64_t expires; /* seconds of the wall clock since 1970; at that second it is stale */
    unsigned char server_tag[SESSION_TAG_SIZE];
};

/* A new session that is at no server yet. */
void session_new(struct session *session, int64_t expires);

/* Reads a cookie's value, `length` bytes that anybody may have written. False where it is no session of
 * this pool that we signed and that is not stale. */
bool session_read(const unsigned char key[SESSION_KEY_SIZE], const char *pool, const char *cookie,
                  size_t length, int64_t now_seconds, struct session *session);

/* Whether the session is at this server of the pool: ask for each candidate; 0.6 µs. (By chance, one in
 * 2^64 is found at another.) */
bool session_is_at(const unsigned char key[SESSION_KEY_SIZE], const char *pool,
                   const struct session *session, const char *server);

/* Puts the session at a server, and writes its cookie. Pool and server are names of at most 255 bytes. */
void session_write(const unsigned char key[SESSION_KEY_SIZE], const char *pool,
                   struct session *session, const char *server, char cookie[SESSION_COOKIE_SIZE]);

/* The value of a Set-Cookie header (RFC 6265, 4.1) for what session_write wrote: out of reach of scripts,
 * not sent along with other sites' requests, and forgotten when the browser is closed. */
void session_set_cookie(const char *pool, const char cookie[SESSION_COOKIE_SIZE],
                        char out[SESSION_SET_COOKIE_SIZE]);

/* The id as 32 hexadecimal digits: for the log. It is no secret, but no session without the MAC. */
void session_id_text(const struct session *session, char text[SESSION_ID_TEXT_SIZE]);

/* One pair of a Cookie header's value: all between two ';', and the value in it. */
struct session_pair {
    const char *begin, *end;
    bool ours;        /* its name begins with SESSION_COOKIE_PREFIX; then the next four are set */
    const char *pool; /* the rest of the name */
    size_t pool_length;
    const char *value; /* where it is ours: without white space around it */
    size_t length;
};

/* Takes the pair at *at and moves on; false where none is left (*at is NULL then, as it may be at the
 * beginning). Whatever is not a pair is none of ours. */
bool session_pair_next(const char **at, const char *end, struct session_pair *pair);

/* Finds the pool's cookie in a Cookie header's value, which may be NULL; of several the first. */
bool session_find(const char *cookie_header, const char *pool, const char **value, size_t *length);

/* Makes the key's file where there is none, and reads it; false with a line on stderr where that cannot
 * be done, or where the file is malformed or open to others. */
bool session_key_make(const char *path);
bool session_key_read(const char *path, unsigned char key[SESSION_KEY_SIZE]);

#endif
