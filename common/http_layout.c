#include "common/http_layout.h"

#include <string.h>

bool http_layout_in_place(void)
{
    return strncmp(MHD_get_version(), "0.", 2) == 0;
}

/* CR and LF, as they are left: two zeros; a bare LF leaves one. */
static bool line_ends(struct http_layout *layout, const char *at)
{
    if (layout->end - at < 2 || at[0] != '\0' || at[1] != '\0')
        return false;
    layout->next = at + 2;
    return true;
}

bool http_layout_begin(struct http_layout *layout, struct MHD_Connection *connection,
                       const struct http_line *line)
{
    *layout = (struct http_layout){0};
    if (!http_layout_in_place())
        return true;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
    if (info == NULL)
        return false;
    layout->end = line->method + info->header_size;
    return line->target == line->method + strlen(line->method) + 1 &&
           line->version == line->target + line->target_length + 1 &&
           line_ends(layout, line->version + strlen(line->version));
}

static const char *past_blanks(const char *text)
{
    while (*text == ' ' || *text == '\t')
        text++;
    return text;
}

bool http_layout_header(struct http_layout *layout, const char *name, size_t name_size,
                        const char *value, size_t value_size)
{
    if (layout->next == NULL)
        return true;
    if (name != layout->next)
        return false;
    const char *after_colon = name + name_size + 1;
    return past_blanks(after_colon) == value && line_ends(layout, value + value_size);
}

bool http_layout_end(const struct http_layout *layout)
{
    struct http_layout rest = *layout;
    return layout->next == NULL || (line_ends(&rest, rest.next) && rest.next == rest.end);
}
