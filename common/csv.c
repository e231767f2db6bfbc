#include "common/csv.h"

#include <string.h>

#include "common/clock.h"

/* What ends a cell where the separator of lists is no comma: such a program takes a quote in the middle of what it
 * reads for a quote, and knows no quoted cell there. */
#define OTHER_ENDS ";\t\r\n"

static void begin_cell(struct csv *csv)
{
    if (csv->begun)
        buffer_add_char(csv->out, ',');
    csv->begun = true;
}

/* Whether what begins here would be run: behind blanks, and behind quotes, which may be taken off. */
static bool is_formula(const char *text)
{
    /* U+FF1D, U+FF0B, U+FF0D, U+FF20: full-width = + - @, which some read as the narrow ones. */
    static const char *const wide[] = {"\xef\xbc\x9d", "\xef\xbc\x8b", "\xef\xbc\x8d",
                                       "\xef\xbc\xa0"};
    text += strspn(text, " \"");
    if (text[0] != '\0' && strchr("=+-@", text[0]) != NULL)
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
    bool quoted = strpbrk(text, ",\"" OTHER_ENDS) != NULL;
    bool begins = true; /* a cell, for one program or another */
    bool blank = text[0] != '\0' && strchr("\t\r\n", text[0]) != NULL; /* which some take off */
    if (quoted)
        buffer_add_char(out, '"');
    if (blank)
        buffer_add_char(out, '\'');
    for (; *text; text++) {
        if (begins && is_formula(text))
            buffer_add_char(out, '\'');
        if (*text == '"')
            buffer_add_char(out, '"');
        buffer_add_char(out, *text);
        begins = strchr(OTHER_ENDS, *text) != NULL;
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
