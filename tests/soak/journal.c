#include "tests/soak/journal.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
    CHUNK_SIZE = 64 * 1024,
};

static const char *const words[ENTRY_KINDS] = {"begun", "sold", "refused", "failed", "wrong"};

size_t entry_format(const struct entry *entry, char *line, size_t size)
{
    const struct bought *bought = &entry->bought;
    char tail[200] = "";
    if (entry->kind == ENTRY_SOLD)
        snprintf(tail, sizeof tail, " %s %" PRId64 " %d %s", bought->id, bought->first,
                 bought->quantity, bought->server);
    else if (entry->kind == ENTRY_REFUSED)
        snprintf(tail, sizeof tail, " %s", bought->code);
    else if (entry->kind != ENTRY_BEGUN)
        snprintf(tail, sizeof tail, " %ld %s", bought->status,
                 bought->code[0] != '\0' ? bought->code : "-");
    int length = entry->kind == ENTRY_BEGUN
                     ? snprintf(line, size, "begun %s %d\n", entry->key, bought->quantity)
                     : snprintf(line, size, "%s %s %" PRId64 " %" PRId64 "%s\n", words[entry->kind],
                                entry->key, entry->sent, entry->ended, tail);
    return (size_t)length < size ? (size_t)length : size - 1;
}

static bool parse_rest(const char *rest, struct entry *entry)
{
    struct bought *bought = &entry->bought;
    int used = 0;
    if (entry->kind == ENTRY_BEGUN)
        return sscanf(rest, "%d", &bought->quantity) == 1;
    if (sscanf(rest, "%" SCNd64 " %" SCNd64 " %n", &entry->sent, &entry->ended, &used) != 2)
        return false;
    rest += used;
    if (entry->kind == ENTRY_SOLD)
        return sscanf(rest, "%36s %" SCNd64 " %d %32s", bought->id, &bought->first,
                      &bought->quantity, bought->server) == 4;
    if (entry->kind == ENTRY_REFUSED)
        return sscanf(rest, "%31s", bought->code) == 1;
    return sscanf(rest, "%ld %31s", &bought->status, bought->code) == 2;
}

bool entry_parse(const char *line, struct entry *entry)
{
    char word[16];
    int used = 0;
    *entry = (struct entry){.kind = ENTRY_KINDS};
    if (sscanf(line, "%15s %63s %n", word, entry->key, &used) != 2)
        return false;
    for (int kind = 0; kind < ENTRY_KINDS; kind++)
        if (strcmp(word, words[kind]) == 0)
            entry->kind = (enum entry_kind)kind;
    return entry->kind != ENTRY_KINDS && parse_rest(line + used, entry);
}

/* The whole lines in `text`, which ends with a NUL: how many bytes they are, or -1. */
static int64_t read_lines(char *text, journal_entry *call, void *context)
{
    struct entry entry;
    char *line = text, *end;
    while ((end = strchr(line, '\n')) != NULL) {
        *end = '\0';
        if (!entry_parse(line, &entry)) {
            printf("  not a line of a journal: %s\n", line);
            return -1;
        }
        call(context, &entry);
        line = end + 1;
    }
    return line - text;
}

bool journal_read(struct journal *journal, journal_entry *entry, void *context)
{
    char text[CHUNK_SIZE + 1];
    int64_t taken = 0;
    int fd = open(journal->path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    do {
        ssize_t length = pread(fd, text, CHUNK_SIZE, journal->offset);
        text[length > 0 ? length : 0] = '\0';
        taken = length < 0 ? -1 : read_lines(text, entry, context);
        journal->offset += taken > 0 ? taken : 0;
    } while (taken > 0);
    close(fd);
    return taken == 0;
}
