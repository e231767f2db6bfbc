#include "ticket_server/member.h"

#include "common/clock.h"
#include "common/json.h"

void member_text(struct buffer *out, const char *lead, const char *text)
{
    if (text[0] == '\0')
        return;
    buffer_add(out, lead);
    json_append(out, text);
}

void member_time(struct buffer *out, const char *lead, int64_t time)
{
    char text[CLOCK_TEXT_SIZE];
    if (time == 0)
        return;
    clock_format(time, text);
    member_text(out, lead, text);
}
