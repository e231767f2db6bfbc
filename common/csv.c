#include "common/csv.h"

#include <string.h>

#include "common/clock.h"

static void begin_cell(struct csv *csv)
{
    if (csv->begun)
        buffer_add_char(csv->out, ',');
    csv->begun = true;
}

static bool is_formula(const char *text)
{
    /* U+FF1D, U+FF0B, U+FF0D, U+FF20: full-width = + - @, which some read as the narrow ones. */
    static const char *const wide[] = {"\xef\xbc\x9d", "\xef\xbc\x8b", "\xef\xbc\x8d",
                                       "\xef\xbc\xa0"};
    if (text[0] != '\0' && strchr("=+-@\t\r\n", text[0]) != NULL)
        return true;
    for (size_t i = 0; i < sizeof wide / sizeof *wide; i++)
        if (strncmp(text, wide[i], strlen(wide[i])) == 0)
            return true;
    return false;
}

void csv_text(struct csv *csv, const char *text)
{
    struct buffer *out = csv->out;
    begin_cell(csv);
    bool quoted = strpbrk(text, ",\"\r\n") != NULL;
    if (quoted)
        buffer_add_char(out, '"');
    if (is_formula(text))
        buffer_add_char(out, '\'');
    for (; *text; text++) {
        if (*text == '"')
            buffer_add_char(out, '"');
        buffer_add_char(out, *text);
    }
    if (quoted)
        buffer_add_char(out, '"');
}

void csv_number(struct csv *csv, int64_t number)
{
    begin_cell(csv);
    buffer_add_number(csv->out, number);
}

void csv_time(struct csv *csv, int64_t time)
{
    char text[CLOCK_TEXT_SIZE] = "";
    begin_cell(csv);
    if (time != 0)
        clock_format(time, text);
    buffer_add(csv->out, text);
}

void csv_end_row(struct csv *csv)
{
    buffer_add(csv->out, "\r\n");
    csv->begun = false;
}
