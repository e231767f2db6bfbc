#include "balancer/message.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* Steps over a word and the space behind it. */
static bool skip(const char **at, const char *word)
{
    size_t length = strlen(word);
    if (strncmp(*at, word, length) != 0 || (*at)[length] != ' ')
        return false;
    *at += length + 1;
    return true;
}

/* Takes what stands before the next space, which is stepped over, or before the end. */
static bool take_word(const char **at, char *out, size_t size)
{
    size_t length = strcspn(*at, " ");
    if (length == 0 || length >= size)
        return false;
    memcpy(out, *at, length);
    out[length] = '\0';
    *at += length + ((*at)[length] == ' ');
    return true;
}

/* Takes the number that ends the text. */
static bool take_last(const char *at, long max, long *number)
{
    size_t digits = strspn(at, "0123456789");
    *number = 0;
    if (digits == 0 || digits > 18 || at[digits] != '\0')
        return false;
    for (; *at; at++)
        *number = *number * 10 + (*at - '0');
    return *number <= max;
}

static bool take_pid(const char *at, pid_t *pid)
{
    long number;
    if (!take_last(at, INT_MAX, &number) || number == 0)
        return false;
    *pid = (pid_t)number;
    return true;
}

static bool take_id(const char **at, struct message *message)
{
    return take_word(at, message->id, sizeof message->id) && server_id_valid(message->id);
}

static enum message_kind read_fields(const char *at, struct message *message)
{
    long number;
    bool good = false;
    enum message_kind kind = MESSAGE_UNKNOWN;
    if (strcmp(at, "stop") == 0)
        return MESSAGE_STOP;
    if (skip(&at, "server")) {
        kind = MESSAGE_SERVER;
        good = take_id(&at, message) && take_word(&at, message->address, sizeof message->address) &&
               take_pid(at, &message->pid);
    } else if (skip(&at, "gone")) {
        kind = MESSAGE_GONE;
        good = take_id(&at, message) && *at;
        snprintf(message->why, sizeof message->why, "%s", at);
    } else if (skip(&at, "up")) {
        kind = MESSAGE_UP;
        good = take_last(at, LONG_MAX, &number);
        message->up = (size_t)number;
    } else if (skip(&at, "ready")) {
        kind = MESSAGE_READY;
        good = take_word(&at, message->address, sizeof message->address) &&
               take_last(at, LONG_MAX, &number);
    } else if (skip(&at, "stalled")) {
        kind = MESSAGE_STALLED;
        good = take_pid(at, &message->pid);
    }
    return good ? kind : MESSAGE_UNKNOWN;
}

void message_read(const char *text, struct message *message)
{
    memset(message, 0, sizeof *message);
    message->kind = read_fields(text, message);
    if (message->kind == MESSAGE_UNKNOWN)
        memset(message, 0, sizeof *message);
}

enum channel_result message_receive(int fd, struct message *message)
{
    char text[MESSAGE_SIZE];
    enum channel_result result = channel_receive(fd, text);
    if (result == CHANNEL_MESSAGE)
        message_read(text, message);
    return result;
}
