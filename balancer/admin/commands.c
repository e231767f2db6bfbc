#include <stdio.h>

#include "balancer/admin/admin_parts.h"
#include "common/clock.h"

static void answer_done(struct http_request *request, unsigned status, const char *text,
                        const char *location)
{
    struct buffer body = {0};
    buffer_printf(&body, "{\"status\":\"%s\"}", text);
    admin_answer(request, status, &body, location);
}

/* One at a time of those that bring another router: the master's answer does not say which it refuses. */
static bool under_way(const struct admin *admin, enum admin_command command)
{
    return command != ADMIN_ROLLING_RESTART && (admin->waiting[ADMIN_RELOAD].request != NULL ||
                                                admin->waiting[ADMIN_UPGRADE].request != NULL);
}

void admin_command(struct admin *admin, struct http_request *request, enum admin_command command)
{
    const struct admin_calls *calls = &admin->settings.calls;
    struct admin_waiting *waiting = &admin->waiting[command];
    char why[ADMIN_WHY_SIZE] = "This balancer cannot do that.";
    size_t length;
    http_body(request, &length);
    if (length > 0)
        http_refuse(request, PROBLEM_MALFORMED, "A command has no body.", NULL);
    else if (under_way(admin, command))
        http_refuse(request, PROBLEM_COMMAND_REFUSED,
                    "A reload or an upgrade is under way already.", NULL);
    else if (calls->command == NULL || !calls->command(calls->context, command, why))
        http_refuse(request, PROBLEM_COMMAND_REFUSED, why, NULL);
    else if (command == ADMIN_ROLLING_RESTART)
        answer_done(request, 202, "begun", "/rolling-restart");
    else
        *waiting = (struct admin_waiting){
            .request = request,
            .deadline = clock_monotonic() + ADMIN_COMMAND_SECONDS * CLOCK_SECOND,
        };
}

void admin_done(struct admin *admin, enum admin_command command, const char *why)
{
    struct http_request *request = admin->waiting[command].request;
    if (request == NULL)
        return;
    admin->waiting[command].request = NULL;
    if (why != NULL)
        http_refuse(request, PROBLEM_COMMAND_REFUSED, why, NULL);
    else
        answer_done(request, 200, "done", NULL);
}

void admin_give_up(struct admin *admin, int64_t now)
{
    char why[ADMIN_WHY_SIZE];
    snprintf(why, sizeof why,
             "It was not done within %d s; what the balancer writes on stderr may tell why.",
             ADMIN_COMMAND_SECONDS);
    for (int i = 0; i < ADMIN_COMMANDS; i++)
        if (admin->waiting[i].request != NULL && now >= admin->waiting[i].deadline)
            admin_done(admin, (enum admin_command)i, why);
}
