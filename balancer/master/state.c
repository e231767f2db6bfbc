/* What one program of the master leaves to the next: a line for each thing, numbers in a fixed order.
 *
 *   box-office-master VERSION
 *   self PATH
 *   master PUBLIC ADMIN CONFIG BEGUN GREETED ASKED
 *   router ROLE PID CHANNEL CONFIG UP SERVING LEADS READY READY-AT PAUSE FAILURES RESTART-AT LIMIT-AT
 *   server NUMBER PID CHANNEL WANTED ORDER RESTARTS READY DOOMED WAS-READY READY-AT PAUSE FAILURES
 *          RESTART-AT ADDRESS
 *   end
 *
 * Another meaning, another version. Times are of clock_monotonic(), which both programs share. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "balancer/master/parts.h"

enum {
    VERSION = 1,
    NUMBERS_MAX = 16,
    DESCRIPTOR_MAX = LOOP_WATCHES_MAX - 1,
    PID_TOP = 1 << 30,
};

static const char no_address[] = "-";

/* --- writing -------------------------------------------------------------------------------------- */

static void write_router(const struct router_process *router, struct buffer *out)
{
    const struct child *child = &router->child;
    const int64_t numbers[] = {
        router->role,    child->pid,        child->channel,  router->config_fd, (int64_t)router->up,
        router->serving, router->leads,     child->ready,    child->ready_at,   child->pause,
        child->failures, child->restart.at, router->limit.at};
    buffer_add(out, "router");
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        buffer_printf(out, " %" PRId64, numbers[i]);
    buffer_add(out, "\n");
}

static void write_slot(const struct slot *slot, size_t number, struct buffer *out)
{
    const struct child *child = &slot->child;
    const int64_t numbers[] = {(int64_t)number,  child->pid,      child->channel, slot->wanted,
                               slot->order,      slot->restarts,  child->ready,   child->doomed,
                               child->was_ready, child->ready_at, child->pause,   child->failures,
                               child->restart.at};
    buffer_add(out, "server");
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        buffer_printf(out, " %" PRId64, numbers[i]);
    buffer_printf(out, " %s\n", child->address[0] != '\0' ? child->address : no_address);
}

void state_write(const struct master *master, int config_fd, struct buffer *out)
{
    buffer_printf(out, "box-office-master %d\nself %s\n", VERSION, master->self);
    buffer_printf(out, "master %d %d %d %" PRId64 " %d %d\n", master->public_fd, master->admin_fd,
                  config_fd, master->begun, master->greeted, master->asked);
    for (size_t i = 0; i < ROUTERS_MAX; i++)
        if (master->routers[i].role != ROUTER_NONE)
            write_router(&master->routers[i], out);
    for (size_t i = 0; i < OWN_SERVERS_MAX; i++)
        write_slot(&master->slots[i], i + 1, out);
    buffer_add(out, "end\n");
}

/* --- reading -------------------------------------------------------------------------------------- */

/* The numbers of one line, each of which may be taken once, in order, and within bounds. */
struct fields {
    int64_t list[NUMBERS_MAX];
    size_t count, taken;
    bool bad;
};

static bool read_numbers(const char **at, size_t count, struct fields *fields)
{
    *fields = (struct fields){.count = count};
    for (size_t i = 0; i < count; i++) {
        char *end;
        errno = 0;
        if ((*at)[0] != ' ' || ((*at)[1] != '-' && ((*at)[1] < '0' || (*at)[1] > '9')))
            return false;
        fields->list[i] = strtoll(*at + 1, &end, 10);
        if (errno != 0)
            return false;
        *at = end;
    }
    return true;
}

static int64_t take(struct fields *fields, int64_t min, int64_t max)
{
    int64_t number = fields->list[fields->taken++];
    fields->bad = fields->bad || number < min || number > max;
    return number;
}

static bool take_flag(struct fields *fields)
{
    return take(fields, 0, 1) == 1;
}

static int take_descriptor(struct fields *fields)
{
    return (int)take(fields, -1, DESCRIPTOR_MAX);
}

static bool read_master(struct master *master, int *config_fd, const char *at)
{
    struct fields fields;
    if (!read_numbers(&at, 6, &fields) || *at != '\0')
        return false;
    master->public_fd = take_descriptor(&fields);
    master->admin_fd = take_descriptor(&fields);
    *config_fd = take_descriptor(&fields);
    master->begun = take(&fields, 0, OWN_SERVERS_MAX);
    master->greeted = take_flag(&fields);
    master->asked = take_flag(&fields);
    return !fields.bad && master->public_fd >= 0 && master->admin_fd >= 0;
}

static bool read_router(struct master *master, const char *at)
{
    struct router_process *router = routers_in(master, ROUTER_NONE);
    struct fields fields;
    if (router == NULL || !read_numbers(&at, 13, &fields) || *at != '\0')
        return false;
    struct child *child = &router->child;
    router->role = (enum router_role)take(&fields, ROUTER_CURRENT, ROUTER_DRAINING);
    child->pid = (pid_t)take(&fields, 0, PID_TOP);
    child->channel = take_descriptor(&fields);
    router->config_fd = take_descriptor(&fields);
    router->up = (size_t)take(&fields, 0, INT64_MAX);
    router->serving = take_flag(&fields);
    router->leads = take_flag(&fields);
    child->ready = take_flag(&fields);
    child->ready_at = take(&fields, 0, INT64_MAX);
    child->pause = take(&fields, 0, INT64_MAX);
    child->failures = (int)take(&fields, 0, INT32_MAX);
    child->restart.at = take(&fields, 0, INT64_MAX);
    router->limit.at = take(&fields, 0, INT64_MAX);
    return !fields.bad && router->role != ROUTER_NEXT;
}

static bool read_slot(struct master *master, const char *at)
{
    struct fields fields;
    if (!read_numbers(&at, 13, &fields) || *at++ != ' ')
        return false;
    int64_t number = take(&fields, 1, OWN_SERVERS_MAX);
    if (fields.bad || strlen(at) >= ADDRESS_SIZE)
        return false;
    struct slot *slot = &master->slots[number - 1];
    struct child *child = &slot->child;
    child->pid = (pid_t)take(&fields, 0, PID_TOP);
    child->channel = take_descriptor(&fields);
    slot->wanted = take_flag(&fields);
    slot->order = (enum slot_order)take(&fields, ORDER_NONE, ORDER_RENEW);
    slot->restarts = take(&fields, 0, INT64_MAX);
    child->ready = take_flag(&fields);
    child->doomed = take_flag(&fields);
    child->was_ready = take_flag(&fields);
    child->ready_at = take(&fields, 0, INT64_MAX);
    child->pause = take(&fields, 0, INT64_MAX);
    child->failures = (int)take(&fields, 0, INT32_MAX);
    child->restart.at = take(&fields, 0, INT64_MAX);
    strcpy(child->address, strcmp(at, no_address) == 0 ? "" : at);
    return !fields.bad;
}

/* What stands behind the word and before the line's end; NULL where the line begins otherwise. */
static const char *behind(const char *line, const char *word)
{
    size_t length = strlen(word);
    return strncmp(line, word, length) == 0 && (line[length] == ' ') ? line + length : NULL;
}

static bool read_line(struct master *master, int *config_fd, const char *line)
{
    const char *rest;
    if ((rest = behind(line, "self")) != NULL)
        return snprintf(master->self, sizeof master->self, "%s", rest + 1) <
               (int)sizeof master->self;
    if ((rest = behind(line, "master")) != NULL)
        return read_master(master, config_fd, rest);
    if ((rest = behind(line, "router")) != NULL)
        return read_router(master, rest);
    rest = behind(line, "server");
    return rest != NULL && read_slot(master, rest);
}

static bool read_lines(struct master *master, int *config_fd, char *text)
{
    char first[64];
    char *line = strsep(&text, "\n");
    snprintf(first, sizeof first, "box-office-master %d", VERSION);
    if (strcmp(line, first) != 0)
        return false;
    while ((line = strsep(&text, "\n")) != NULL && strcmp(line, "end") != 0)
        if (!read_line(master, config_fd, line))
            return false;
    return line != NULL && text != NULL && *text == '\0' && master->self[0] != '\0' &&
           master->public_fd >= 0 && routers_in(master, ROUTER_CURRENT) != NULL;
}

bool state_read(struct master *master, int *config_fd, const char *text)
{
    char *copy = memory_copy(text);
    master->public_fd = -1;
    bool good = read_lines(master, config_fd, copy);
    free(copy);
    return good;
}
