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

/* Takes a number of at most 18 digits; it ends where the text does, or before a space. */
static bool take_number(const char **at, long max, long *number)
{
    size_t digits = strspn(*at, "0123456789");
    *number = 0;
    if (digits == 0 || digits > 18)
        return false;
    for (; digits > 0; digits--)
        *number = *number * 10 + (*(*at)++ - '0');
    return *number <= max;
}

/* Takes the number that ends the text. */
static bool take_last(const char *at, long max, long *number)
{
    return take_number(&at, max, number) && *at == '\0';
}

/* The number of a process; it ends where the text does, or before a space. */
static bool take_process(const char **at, pid_t *pid)
{
    long number;
    if (!take_number(at, INT_MAX, &number) || number == 0)
        return false;
    *pid = (pid_t)number;
    return true;
}

/* The number of restarts that there have been. */
static bool take_restarts(const char **at, struct message *message)
{
    long number;
    bool good = take_number(at, LONG_MAX, &number);
    message->restarts = number;
    return good;
}

/* Steps over the space between two numbers. */
static bool take_space(const char **at)
{
    return *(*at)++ == ' ';
}

static bool take_id(const char **at, struct message *message)
{
    return take_word(at, message->id, sizeof message->id) && server_id_valid(message->id);
}

/* The id that ends the text. */
static bool take_last_id(const char *at, struct message *message)
{
    return strchr(at, ' ') == NULL && take_id(&at, message);
}

static bool take_gone(const char *at, struct message *message)
{
    if (!take_id(&at, message) || !take_restarts(&at, message) || !take_space(&at))
        return false;
    snprintf(message->why, sizeof message->why, "%s", at);
    return *at != '\0';
}

static bool take_server(const char *at, struct message *message)
{
    return take_id(&at, message) && take_word(&at, message->address, sizeof message->address) &&
           take_process(&at, &message->pid) && take_space(&at) && take_restarts(&at, message) &&
           *at == '\0';
}

static bool take_ready(const char *at, struct message *message)
{
    long boot;
    return take_word(&at, message->address, sizeof message->address) &&
           take_last(at, LONG_MAX, &boot);
}

static bool take_up(const char *at, struct message *message)
{
    long number;
    bool good = take_last(at, LONG_MAX, &number);
    message->up = (size_t)number;
    return good;
}

static bool take_refused(const char *at, struct message *message)
{
    snprintf(message->reason, sizeof message->reason, "%s", at);
    return *at != '\0';
}

static bool take_stalled(const char *at, struct message *message)
{
    return take_process(&at, &message->pid) && *at == '\0';
}

/* Every message there is: its first word, and what takes the rest; NULL: there must be none. */
static const struct form {
    const char *word;
    enum message_kind kind;
    bool (*take)(const char *at, struct message *message);
} forms[] = {
    {"server", MESSAGE_SERVER, take_server},
    {"gone", MESSAGE_GONE, take_gone},
    {"retired", MESSAGE_RETIRED, take_last_id},
    {"lead", MESSAGE_LEAD, NULL},
    {"drain", MESSAGE_DRAIN, NULL},
    {"stop", MESSAGE_STOP, NULL},
    {"refused", MESSAGE_REFUSED, take_refused},
    {"up", MESSAGE_UP, take_up},
    {"serving", MESSAGE_SERVING, NULL},
    {"quiet", MESSAGE_QUIET, NULL},
    {"start", MESSAGE_START, take_last_id},
    {"retire", MESSAGE_RETIRE, take_last_id},
    {"renew", MESSAGE_RENEW, take_last_id},
    {"reload", MESSAGE_RELOAD, NULL},
    {"upgrade", MESSAGE_UPGRADE, NULL},
    {"fit", MESSAGE_FIT, NULL},
    {"ready", MESSAGE_READY, take_ready},
    {"stalled", MESSAGE_STALLED, take_stalled},
};

static enum message_kind read_fields(const char *text, struct message *message)
{
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        const char *at = text;
        bool good = forms[i].take == NULL ? strcmp(text, forms[i].word) == 0
                                          : skip(&at, forms[i].word) && forms[i].take(at, message);
        if (good)
            return forms[i].kind;
    }
    return MESSAGE_UNKNOWN;
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
