#include "ticket_server/scopes.h"

#include <stddef.h>
#include <string.h>

static const struct {
    uint32_t scope;
    const char *name;
} names[] = {
    {SCOPE_EVENTS, "events"},     {SCOPE_SALES, "sales"}, {SCOPE_REFUNDS, "refunds"},
    {SCOPE_CHECK_IN, "check-in"}, {SCOPE_ADMIN, "admin"},
};

uint32_t scope_from_name(const char *name)
{
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(names[i].name, name) == 0)
            return names[i].scope;
    return 0;
}

const char *scope_name(uint32_t scope)
{
    size_t i = 0;
    while (i < sizeof names / sizeof *names - 1 && names[i].scope != scope)
        i++;
    return names[i].name;
}

void scopes_append(struct buffer *out, uint32_t scopes)
{
    const char *lead = "[\"";
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if ((scopes & names[i].scope) == 0)
            continue;
        buffer_add(out, lead);
        buffer_add(out, names[i].name);
        lead = "\",\"";
    }
    buffer_add(out, "\"]");
}
