#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "balancer/pool/members.h"
#include "common/json_reader.h"
#include "common/log.h"

enum {
    VERSION = 1,
};

static const char *const sources[] = {[SOURCE_ADDED] = "added", [SOURCE_JOINED] = "joined"};

/* --- the text ------------------------------------------------------------------------------------ */

static void add_member(struct buffer *out, const struct member *member)
{
    buffer_add(out, "\n  {\"id\":");
    json_append(out, member->id);
    buffer_add(out, ",\"pool\":");
    json_append(out, member->pool);
    buffer_add(out, ",\"address\":");
    json_append(out, member->address);
    buffer_printf(out, ",\"weight\":%d,\"source\":\"%s\"}", (int)member->weight,
                  sources[member->source]);
}

void members_print(const struct members *members, struct buffer *out)
{
    buffer_printf(out, "{\"version\":%d,\n \"servers\":[", VERSION);
    for (size_t i = 0; i < members->count; i++) {
        buffer_add(out, i > 0 ? "," : "");
        add_member(out, &members->servers[i]);
    }
    buffer_add(out, "],\n \"drained\":[");
    for (size_t i = 0; i < members->drained_count; i++) {
        buffer_add(out, i > 0 ? ",\n  " : "\n  ");
        json_append(out, members->drained[i]);
    }
    buffer_add(out, "]}\n");
}

/* Reads a text that `valid` accepts; `right` says what it takes. */
static void read_text(struct json_reader *reader, char *out, size_t size,
                      bool (*valid)(const char *text), const char *right)
{
    size_t length = 0;
    if (json_read_text(reader, out, size, &length) && (length >= size || !valid(out)))
        json_reader_fail(reader, "%s", right);
}

static bool is_source(const char *text)
{
    return strcmp(text, sources[SOURCE_ADDED]) == 0 || strcmp(text, sources[SOURCE_JOINED]) == 0;
}

static void read_member_field(struct json_reader *reader, int field, struct member *member)
{
    char source[8] = "";
    bool inside = false;
    switch (field) {
    case 0:
        read_text(reader, member->id, sizeof member->id, member_id_valid,
                  "no id that a server can be added under");
        break;
    case 1:
        read_text(reader, member->pool, sizeof member->pool, server_id_valid, "no pool's name");
        break;
    case 2:
        read_text(reader, member->address, sizeof member->address, socket_reachable,
                  "no address that can be connected to");
        break;
    case 3:
        if (json_read_number(reader, 1, MEMBER_WEIGHT_MAX, &member->weight, &inside) && !inside)
            json_reader_fail(reader, "a weight is 1 to %d", MEMBER_WEIGHT_MAX);
        break;
    case 4:
        read_text(reader, source, sizeof source, is_source, "a source is added or joined");
        member->source = strcmp(source, sources[SOURCE_ADDED]) == 0 ? SOURCE_ADDED : SOURCE_JOINED;
        break;
    }
}

static void read_member(struct json_reader *reader, struct members *members)
{
    static const char *const fields[] = {"id", "pool", "address", "weight", "source"};
    const uint32_t all = (1u << (sizeof fields / sizeof *fields)) - 1;
    struct member member = {0};
    uint32_t seen = 0;
    if (!json_enter(reader, JSON_OBJECT))
        return;
    while (json_more(reader))
        read_member_field(reader,
                          json_read_field(reader, fields, sizeof fields / sizeof *fields, &seen),
                          &member);
    if (seen != all)
        json_reader_fail(reader, "a server has an id, pool, address, weight and source");
    else if (members_find(members, member.id) != NULL)
        json_reader_fail(reader, "\"%s\" comes twice", member.id);
    else if (!members_put(members, &member))
        json_reader_fail(reader, "more than %d servers", MEMBERS_MAX);
}

static void read_drained(struct json_reader *reader, struct members *members)
{
    char id[SERVER_SIZE] = "";
    read_text(reader, id, sizeof id, server_id_valid, "no server's id");
    if (json_reader_failed(reader))
        return;
    if (members_drained(members, id))
        json_reader_fail(reader, "\"%s\" comes twice", id);
    else if (!members_set_drained(members, id, true))
        json_reader_fail(reader, "more than %d are drained", MEMBERS_MAX);
}

static void read_array(struct json_reader *reader, struct members *members,
                       void (*element)(struct json_reader *reader, struct members *members))
{
    if (!json_enter(reader, JSON_ARRAY))
        return;
    while (json_more(reader))
        element(reader, members);
}

static void read_field(struct json_reader *reader, int field, struct members *members)
{
    int64_t version;
    bool inside = false;
    if (field == 0) {
        if (json_read_number(reader, VERSION, VERSION, &version, &inside) && !inside)
            json_reader_fail(reader, "only version %d is understood", VERSION);
    } else if (field == 1) {
        read_array(reader, members, read_member);
    } else if (field == 2) {
        read_array(reader, members, read_drained);
    }
}

bool members_parse(const char *text, size_t length, struct members *members,
                   char error[JSON_ERROR_SIZE])
{
    static const char *const fields[] = {"version", "servers", "drained"};
    struct json_reader reader;
    uint32_t seen = 0;
    memset(members, 0, sizeof *members);
    json_reader_open(&reader, text, length);
    json_enter(&reader, JSON_OBJECT);
    while (json_more(&reader))
        read_field(&reader, json_read_field(&reader, fields, 3, &seen), members);
    if (seen != 7)
        json_reader_fail(&reader, "it has a version, servers and drained");
    if (json_finish(&reader))
        return true;
    memcpy(error, reader.error, JSON_ERROR_SIZE);
    memset(members, 0, sizeof *members);
    return false;
}

/* --- reading ------------------------------------------------------------------------------------- */

/* MEMBERS_READ: all of it, or more than MEMBERS_FILE_MAX bytes. */
static enum members_found read_file(const char *path, struct buffer *text)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    ssize_t got = 1;
    if (fd < 0)
        return errno == ENOENT ? MEMBERS_ABSENT : MEMBERS_UNREAD;
    while (got > 0 && text->length <= MEMBERS_FILE_MAX) {
        got = read(fd, buffer_reserve(text, 4096), 4096);
        text->length += got > 0 ? (size_t)got : 0;
    }
    int reason = errno;
    close(fd);
    errno = reason;
    return got < 0 ? MEMBERS_UNREAD : MEMBERS_READ;
}

static bool parse(struct buffer *text, struct members *members, char error[JSON_ERROR_SIZE])
{
    if (text->length <= MEMBERS_FILE_MAX)
        return members_parse(buffer_text(text), text->length, members, error);
    snprintf(error, JSON_ERROR_SIZE, "it is larger than %d bytes", MEMBERS_FILE_MAX);
    return false;
}

static void put_aside(const char *path, const char *reason)
{
    char aside[PATH_MAX];
    struct stat about;
    int length = snprintf(aside, sizeof aside, "%s.damaged", path);
    if (stat(path, &about) == 0 && !S_ISREG(about.st_mode))
        log_line("%s is no file, so it cannot be the members file; name another with --members",
                 path);
    else if (length < (int)sizeof aside && rename(path, aside) == 0)
        log_line("the members file %s cannot be used (%s): it is put aside as %s", path, reason,
                 aside);
    else
        log_errno("the members file %s cannot be used (%s), nor be put aside", path, reason);
}

enum members_found members_load(struct members *members, const char *path, bool aside)
{
    struct buffer text = {0};
    char error[JSON_ERROR_SIZE];
    memset(members, 0, sizeof *members);
    enum members_found found = read_file(path, &text);
    int reason = errno;
    if (found == MEMBERS_READ && !parse(&text, members, error))
        found = MEMBERS_DAMAGED;
    buffer_free(&text);
    if (found == MEMBERS_DAMAGED && aside)
        put_aside(path, error);
    else if (found == MEMBERS_DAMAGED)
        log_line("the members file %s cannot be used: %s", path, error);
    errno = reason;
    return found;
}

/* --- writing ------------------------------------------------------------------------------------- */

static bool write_all(int fd, const struct buffer *text)
{
    for (size_t at = 0; at < text->length;) {
        ssize_t written = write(fd, text->data + at, text->length - at);
        if (written < 0 && errno != EINTR)
            return false;
        at += written > 0 ? (size_t)written : 0;
    }
    return true;
}

/* Beside the file, and on the disk. */
static bool write_beside(const char *beside, const struct buffer *text)
{
    unlink(beside); /* of one who was killed */
    int fd = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return false;
    bool fine = write_all(fd, text) && fsync(fd) == 0;
    int reason = errno;
    fine = close(fd) == 0 && fine;
    errno = reason;
    return fine;
}

/* The folder is opened first: once the file has its name, nothing may fail. */
static bool save_text(const struct buffer *text, const char *path)
{
    char beside[PATH_MAX], folder[PATH_MAX];
    if (snprintf(beside, sizeof beside, "%s.new", path) >= (int)sizeof beside) {
        errno = ENAMETOOLONG;
        return false;
    }
    snprintf(folder, sizeof folder, "%s", path);
    int fd = open(dirname(folder), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return false;
    bool fine = write_beside(beside, text) && rename(beside, path) == 0;
    int reason = errno;
    if (!fine)
        unlink(beside);
    else if (fsync(fd) != 0) /* a rename is on the disk once its folder is */
        log_errno("the folder of %s cannot be written to the disk", path);
    close(fd);
    errno = reason;
    return fine;
}

bool members_save(const struct members *members, const char *path)
{
    struct buffer text = {0};
    members_print(members, &text);
    bool fine = save_text(&text, path);
    int reason = errno;
    buffer_free(&text);
    errno = reason;
    return fine;
}
