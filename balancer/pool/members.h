/* The members file: what the admin API has added to the list of servers or drained, kept over restarts.
 *
 *   {"version":1,
 *    "servers":[{"id":"box-1","pool":"tickets","address":"127.0.0.1:9001","weight":1,"source":"added"}],
 *    "drained":["server-2"]}
 *
 * Written whole, by the leading router only: into a file beside it, to the disk, then renamed, so that it is
 * either what it was or what it is to be. Entries that have no place now (their pool is not configured, their
 * address not allowed) stay in the file. The router's main thread only. */
#ifndef BOX_OFFICE_MEMBERS_H
#define BOX_OFFICE_MEMBERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "balancer/pool/servers.h"
#include "common/buffer.h"
#include "common/json.h"

enum {
    MEMBERS_MAX = ROUTING_SERVERS_MAX, /* servers; as many may be drained */
    MEMBERS_FILE_MAX = 1 << 20,        /* bytes */
    MEMBER_WEIGHT_MAX = 1000,
};

struct member {
    char id[SERVER_SIZE]; /* none of the balancer's own names */
    char pool[ROUTING_NAME_SIZE];
    char address[ADDRESS_SIZE]; /* one that can be connected to */
    int64_t weight;             /* 1 to MEMBER_WEIGHT_MAX */
    enum server_source source;  /* SOURCE_ADDED or SOURCE_JOINED */
    int64_t heard; /* clock_monotonic(): of one that has joined, its last word. Not in the file */
};

/* Zeroed: nobody. Large: not for the stack. */
struct members {
    struct member servers[MEMBERS_MAX];
    size_t count;
    char drained[MEMBERS_MAX][SERVER_SIZE];
    size_t drained_count;
};

/* Whether a server may be added under this id: 1 to 32 of a-z 0-9 -, and not "server-1", "server-2" and so on,
 * which are names that the balancer gives. */
bool member_id_valid(const char *id);

/* Reads a file's text, strictly; false with the reason and its byte offset, and *members is empty. */
bool members_parse(const char *text, size_t length, struct members *members,
                   char error[JSON_ERROR_SIZE]);

/* Appends the file's text. */
void members_print(const struct members *members, struct buffer *out);

/* What became of reading the file. */
enum members_found {
    MEMBERS_READ,
    MEMBERS_ABSENT,  /* there is none */
    MEMBERS_DAMAGED, /* it was read, and makes no sense; said on stderr */
    MEMBERS_UNREAD,  /* errno says why; it may be fine, and read later */
};

/* Reads the file; *members is empty where that is anything but MEMBERS_READ. `aside`: a damaged file is put
 * aside as FILE.damaged, so that the next members_save does not bury it. */
enum members_found members_load(struct members *members, const char *path, bool aside);

/* Writes the file, to the disk, mode 0600. False where that fails: errno says why, and the file is as before. */
bool members_save(const struct members *members, const char *path);

/* The member of that id, or NULL. */
struct member *members_find(struct members *members, const char *id);

/* Takes the place of the one of that id, or a new one. False where there is no room. */
bool members_put(struct members *members, const struct member *member);

/* Forgets the member, and that it is drained. */
void members_remove(struct members *members, const char *id);

bool members_drained(const struct members *members, const char *id);

/* Notes whether a server, of whichever source, is drained. False where there is no room. */
bool members_set_drained(struct members *members, const char *id, bool drained);

/* Makes the list of servers follow: whoever is in `now` joins and is drained, whoever was in `before` (NULL:
 * nobody was) and is not any more leaves or is made ready. Says on stderr who has no place. `remote`:
 * addresses of other machines are allowed. */
void members_apply(const struct members *before, const struct members *now, struct servers *servers,
                   bool remote);

/* Adds those members that could not join before and can now, because a server of that id was still leaving, or
 * the list full: how many. Silent. */
size_t members_settle(const struct members *members, struct servers *servers, bool remote);

#endif
