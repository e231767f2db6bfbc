#include "ticket_server/ticket_face.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/time_zone.h"

enum {
    OFFSET_SIZE = 16,
};

static void print_offset(const struct local_time *local, char text[OFFSET_SIZE])
{
    int minutes = abs(local->offset) / 60;
    snprintf(text, OFFSET_SIZE, "%c%02d:%02d", local->offset < 0 ? '-' : '+', minutes / 60,
             minutes % 60);
}

const char *ticket_title(const struct event_terms *event)
{
    return event->title[0] != '\0' ? event->title : event->name;
}

const char *ticket_state(const struct ticket *ticket)
{
    if (ticket->refunded)
        return "refunded";
    return ticket->checked_in_at != 0 ? "checked_in" : "valid";
}

void ticket_when(const char *zone, int64_t time, char when[TICKET_WHEN_SIZE])
{
    static const char *const days[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                       "Thursday", "Friday", "Saturday"};
    static const char *const months[] = {"January",   "February", "March",    "April",
                                         "May",       "June",     "July",     "August",
                                         "September", "October",  "November", "December"};
    struct local_time local;
    char offset[OFFSET_SIZE];
    bool known = time_zone_local(zone, time, &local);
    print_offset(&local, offset);
    snprintf(when, TICKET_WHEN_SIZE, "%s, %d %s %d, %02d:%02d (%s%sUTC%s)", days[local.weekday],
             local.day, months[local.month - 1], local.year, local.hour, local.minute,
             known ? zone : "", known ? ", " : "", known ? offset : "");
}

void ticket_when_exactly(const char *zone, int64_t time, char when[TICKET_WHEN_SIZE])
{
    struct local_time local;
    char offset[OFFSET_SIZE];
    time_zone_local(zone, time, &local);
    print_offset(&local, offset);
    snprintf(when, TICKET_WHEN_SIZE, "%04d-%02d-%02dT%02d:%02d:%02d%s", local.year, local.month,
             local.day, local.hour, local.minute, local.second, offset);
}
