/* HTTP/1.1 messages over a blocking socket, as long as they like: heads, and bodies in pieces, with a length or
 * in chunks. For both ends of a stream.
 *
 * What is read is not looked at closely: the balancer between both ends is what is strict. One thread per wire.
 * Every wait ends after WIRE_SECONDS, as if the other side had left. */
#ifndef BOX_OFFICE_TEST_WIRE_H
#define BOX_OFFICE_TEST_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define WIRE_CHUNKED INT64_C(-1)

enum {
    WIRE_SECONDS = 120,
    WIRE_HEAD_SIZE = 8 << 10,
    WIRE_PIECE = 64 << 10, /* bytes read at once */
};

struct wire {
    int fd;
    char head[WIRE_HEAD_SIZE]; /* of the last message, NUL-terminated */
    int64_t left;              /* of its body, or of the chunk that is read */
    bool chunked, ended;
    bool within;    /* a chunk has come, whose line end is not yet read */
    size_t at, end; /* what lies in `bytes` unread */
    char bytes[WIRE_PIECE];
};

/* The wire does not own the socket. */
void wire_open(struct wire *wire, int fd);

/* False where no whole head comes. What it says of its body is what wire_read reads next. */
bool wire_read_head(struct wire *wire);

/* The value of a field of the head, with room for `size` bytes; false and "" where there is none. */
bool wire_field(const struct wire *wire, const char *name, char *value, size_t size);

/* Some of the body, up to `most` bytes, valid until the next call: how many; 0: it has ended; -1: it broke off. */
ssize_t wire_read(struct wire *wire, const char **bytes, size_t most);

/* False where the other side does not take them. */
bool wire_send(const struct wire *wire, const void *bytes, size_t length);

/* A piece of a body: as it is, or as a chunk. */
bool wire_send_piece(const struct wire *wire, bool chunked, const void *bytes, size_t length);

/* What ends a body: nothing, or the last chunk. */
bool wire_send_end(const struct wire *wire, bool chunked);

#endif
