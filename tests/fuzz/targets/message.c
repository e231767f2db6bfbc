/* What the master and its children tell each other: a message that is understood is within bounds and is
 * the one that its fields spell; and a ticket server heeds "stop" and nothing else, however its bytes
 * come. */
#include "balancer/message.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "balancer/channel.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/input.h"
#include "ticket_server/supervisor.h"

/* --- messages ---------------------------------------------------------------------------------- */

static const char *word_of(enum message_kind kind)
{
    switch (kind) {
    case MESSAGE_RETIRED:
        return "retired";
    case MESSAGE_START:
        return "start";
    case MESSAGE_RETIRE:
        return "retire";
    case MESSAGE_RENEW:
        return "renew";
    case MESSAGE_LEAD:
        return "lead";
    case MESSAGE_DRAIN:
        return "drain";
    case MESSAGE_STOP:
        return "stop";
    case MESSAGE_SERVING:
        return "serving";
    case MESSAGE_QUIET:
        return "quiet";
    case MESSAGE_RELOAD:
        return "reload";
    case MESSAGE_UPGRADE:
        return "upgrade";
    case MESSAGE_FIT:
        return "fit";
    default:
        return "";
    }
}

/* What stands behind the second word of a `gone`: a number, which may begin with zeros. */
static const char *behind(const char *text, const char *id)
{
    return text + strlen("gone ") + strlen(id) + 1;
}

static int digits_behind(const char *text, const char *id)
{
    return (int)strspn(behind(text, id), "0123456789");
}

/* What stands behind the address of a `server`: two numbers. */
static const char *numbers_behind(const char *text, const char *address)
{
    const char *at = strchr(text + strlen("server "), ' ');
    return at + 1 + strlen(address);
}

static void check_numbers(const char *at, const struct message *message)
{
    char *end;
    must(strtol(at, &end, 10) == message->pid, "a process is itself");
    must(strtoll(end, &end, 10) == message->restarts && *end == '\0', "and so is a number");
}

/* Spells it as its sender does; what it leaves open is taken from the text. */
static void spell(const struct message *message, const char *text, char due[MESSAGE_SIZE])
{
    const char *last = strrchr(text, ' ');
    switch (message->kind) {
    case MESSAGE_SERVER:
        snprintf(due, MESSAGE_SIZE, "server %s %s%s", message->id, message->address,
                 numbers_behind(text, message->address));
        break;
    case MESSAGE_GONE:
        snprintf(due, MESSAGE_SIZE, "gone %s %.*s %s", message->id,
                 digits_behind(text, message->id), behind(text, message->id), message->why);
        break;
    case MESSAGE_RETIRED:
    case MESSAGE_START:
    case MESSAGE_RETIRE:
    case MESSAGE_RENEW:
        snprintf(due, MESSAGE_SIZE, "%s %s", word_of(message->kind), message->id);
        break;
    case MESSAGE_LEAD:
    case MESSAGE_DRAIN:
    case MESSAGE_STOP:
    case MESSAGE_SERVING:
    case MESSAGE_QUIET:
    case MESSAGE_RELOAD:
    case MESSAGE_UPGRADE:
    case MESSAGE_FIT:
        snprintf(due, MESSAGE_SIZE, "%s", word_of(message->kind));
        break;
    case MESSAGE_REFUSED:
        snprintf(due, MESSAGE_SIZE, "refused %.*s", MESSAGE_SIZE - 10, message->reason);
        break;
    case MESSAGE_UP:
        snprintf(due, MESSAGE_SIZE, "up %zu", message->up);
        break;
    case MESSAGE_READY:
        snprintf(due, MESSAGE_SIZE, "ready %s%s", message->address, last);
        break;
    case MESSAGE_STALLED:
        snprintf(due, MESSAGE_SIZE, "stalled %d", message->pid);
        break;
    case MESSAGE_UNKNOWN:
        break;
    }
}

/* The number that ends a text may begin with zeros, which print as none. */
static void without_zeros(char *text)
{
    char *last = strrchr(text, ' ');
    for (; last != NULL && last[1] == '0' && last[2] != '\0';)
        memmove(last + 1, last + 2, strlen(last + 2) + 1);
}

static void check_message(char *text)
{
    struct message message;
    char due[MESSAGE_SIZE] = "";
    message_read(text, &message);
    must(memchr(message.id, '\0', sizeof message.id) != NULL &&
             memchr(message.address, '\0', sizeof message.address) != NULL &&
             memchr(message.why, '\0', sizeof message.why) != NULL,
         "texts end");
    must(message.pid >= 0, "no process has a negative number: kill(2) would take it for a group");
    if (message.kind == MESSAGE_UNKNOWN)
        return;
    must(!message.id[0] || server_id_valid(message.id), "a server is named by its id");
    must((message.pid > 0) == (message.kind == MESSAGE_SERVER || message.kind == MESSAGE_STALLED),
         "those that name a process do");
    spell(&message, text, due);
    if (message.kind == MESSAGE_GONE)
        must(strtoll(behind(text, message.id), NULL, 10) == message.restarts, "a number is itself");
    if (message.kind == MESSAGE_SERVER)
        check_numbers(numbers_behind(text, message.address), &message);
    if (message.kind == MESSAGE_UP || message.kind == MESSAGE_STALLED)
        without_zeros(text);
    bool cut = message.kind == MESSAGE_GONE && strlen(message.why) == sizeof message.why - 1;
    must(cut ? strncmp(text, due, strlen(due)) == 0 : strcmp(text, due) == 0,
         "a message is what its fields spell");
}

/* Through a channel, where there is an end to how long it can be. */
static void check_channel(const uint8_t *data, size_t size)
{
    int ends[2];
    char text[MESSAGE_SIZE];
    must(channel_open(ends), "a channel can be made");
    if (size > 0 && send(ends[0], data, size, MSG_NOSIGNAL) == (ssize_t)size) {
        must(channel_receive(ends[1], text) == CHANNEL_MESSAGE, "what was sent is received");
        must(strlen(text) < MESSAGE_SIZE && strchr(text, '\n') == NULL, "it is one line");
        must(memcmp(text, data, strlen(text)) == 0, "it is what was sent");
        check_message(text);
        must(channel_receive(ends[1], text) == CHANNEL_EMPTY, "once");
    }
    close(ends[0]);
    must(channel_receive(ends[1], text) == CHANNEL_ENDED, "the end is told");
    close(ends[1]);
}

/* --- the ticket server's end ------------------------------------------------------------------- */

struct heard {
    struct loop *loop;
    size_t stops, ends;
};

static void on_stop(void *context)
{
    struct heard *heard = context;
    heard->stops++;
}

static void on_gone(void *context)
{
    struct heard *heard = context;
    heard->ends++;
    loop_stop(heard->loop);
}

static size_t stops_in(const uint8_t *data, size_t size)
{
    struct input input = input_of(data, size);
    size_t stops = 0, length;
    while (memchr(input.at, '\n', input_left(&input)) != NULL) {
        char *line = input_until(&input, '\n', &length);
        /* a line is cut at its first NUL, as texts are */
        stops += strcmp(line, "stop") == 0;
        free(line);
        if (input_left(&input) == 0)
            break;
    }
    return stops;
}

static void check_supervisor(const uint8_t *data, size_t size)
{
    int ends[2];
    struct supervisor supervisor;
    struct heard heard = {.loop = loop_open()};
    if (size == 0 || size > 4096 || socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) {
        loop_close(heard.loop);
        return;
    }
    must(write(ends[0], data, size) == (ssize_t)size, "a pipe takes so much");
    close(ends[0]);
    supervisor_open(&supervisor, heard.loop, ends[1], on_stop, on_gone, &heard);
    loop_run(heard.loop);
    must(heard.stops == stops_in(data, size), "stop is heeded, and nothing else");
    must(heard.ends == 1, "the end is told once");
    supervisor_close(&supervisor);
    loop_close(heard.loop);
}

void fuzz_message(const uint8_t *data, size_t size)
{
    check_channel(data, size);
    check_supervisor(data, size);
}
