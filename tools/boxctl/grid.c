#include "tools/boxctl/grid.h"

#include <assert.h>
#include <inttypes.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <wchar.h>

#include "common/utf8.h"
#include "tools/boxctl/listing.h"
#include "tools/boxctl/terms.h"

void grid_open(struct grid *grid, const struct grid_column *columns, size_t count)
{
    assert(count <= GRID_COLUMNS_MAX);
    *grid = (struct grid){.columns = columns, .count = count};
}

void grid_text(struct grid *grid, const char *text)
{
    listing_plain(&grid->text, text);
    buffer_add_char(&grid->text, '\0');
    grid->cells++;
}

void grid_number(struct grid *grid, int64_t number)
{
    char text[24];
    snprintf(text, sizeof text, "%" PRId64, number);
    grid_text(grid, text);
}

void grid_time(struct grid *grid, const char *time)
{
    char text[TERMS_TIME_SIZE];
    terms_show_time(time, "no", text);
    grid_text(grid, text);
}

/* glibc knows widths of characters beyond ASCII only in a locale that has them. */
static void know_widths(void)
{
    static bool known;
    if (!known)
        setlocale(LC_CTYPE, "C.UTF-8");
    known = true;
}

size_t grid_width(const char *text)
{
    size_t width = 0;
    const char *end = text + strlen(text);
    know_widths();
    while (text < end) {
        uint32_t character = utf8_decode(&text, end);
        int cells = character == UTF8_BAD ? 1 : wcwidth((wchar_t)character);
        if (character == UTF8_BAD)
            text++;
        width += cells >= 0 ? (size_t)cells : 1;
    }
    return width;
}

static void add_spaces(struct buffer *out, size_t count)
{
    for (size_t i = 0; i < count; i++)
        buffer_add_char(out, ' ');
}

static void add_cell(const struct grid *grid, size_t column, const char *text, size_t width,
                     struct buffer *out)
{
    size_t pad = width - grid_width(text);
    bool right = grid->columns[column].right;
    add_spaces(out, (column > 0 ? 2 : 0) + (right ? pad : 0));
    buffer_add(out, text);
    add_spaces(out, right ? 0 : pad);
    if (column + 1 < grid->count)
        return;
    while (out->data[out->length - 1] == ' ')
        out->length--;
    buffer_add_char(out, '\n');
}

void grid_close(struct grid *grid, struct buffer *out)
{
    size_t widths[GRID_COLUMNS_MAX];
    const char *text = grid->text.data;
    assert(grid->cells % grid->count == 0);
    for (size_t i = 0; i < grid->count; i++)
        widths[i] = grid_width(grid->columns[i].title);
    for (size_t i = 0; i < grid->cells; i++, text += strlen(text) + 1)
        if (grid_width(text) > widths[i % grid->count])
            widths[i % grid->count] = grid_width(text);
    for (size_t i = 0; i < grid->count; i++)
        add_cell(grid, i, grid->columns[i].title, widths[i], out);
    text = grid->text.data;
    for (size_t i = 0; i < grid->cells; i++, text += strlen(text) + 1)
        add_cell(grid, i % grid->count, text, widths[i % grid->count], out);
    buffer_free(&grid->text);
}
