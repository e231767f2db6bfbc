#include "tools/boxctl/listing.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/utf8.h"
#include "tools/boxctl/api.h"

enum column {
    COLUMN_SERVER,
    COLUMN_POOL,
    COLUMN_STATE,
    COLUMN_FOR,
    COLUMN_ADDRESS,
    COLUMN_SOURCE,
    COLUMN_PENDING,
    COLUMN_BUSY,
    COLUMN_SOLD,
    COLUMN_FAILED,
    COLUMN_CHECK,
    COLUMN_WHY, /* the last: as long as it likes */
    COLUMNS,
};

static const struct {
    const char *title;
    bool right; /* a number: ends where its column ends */
} columns[COLUMNS] = {
    [COLUMN_SERVER] = {"SERVER", false},   [COLUMN_POOL] = {"POOL", false},
    [COLUMN_STATE] = {"STATE", false},     [COLUMN_FOR] = {"FOR", true},
    [COLUMN_ADDRESS] = {"ADDRESS", false}, [COLUMN_SOURCE] = {"SOURCE", false},
    [COLUMN_PENDING] = {"PENDING", true},  [COLUMN_BUSY] = {"BUSY", true},
    [COLUMN_SOLD] = {"SOLD", true},        [COLUMN_FAILED] = {"FAILED", true},
    [COLUMN_CHECK] = {"CHECK", true},      [COLUMN_WHY] = {"WHY", false},
};

enum {
    CELL_SIZE = 160,
};

struct row {
    char cell[COLUMNS][CELL_SIZE];
    const char *colour; /* of the state */
};

/* --- cells --------------------------------------------------------------------------------------- */

void listing_plain(struct buffer *out, const char *text)
{
    const char *end = text + strlen(text);
    while (text < end) {
        const char *from = text;
        uint32_t character = utf8_decode(&text, end);
        bool plain =
            character != UTF8_BAD && character >= 0x20 && !(character >= 0x7f && character < 0xa0);
        if (character == UTF8_BAD)
            text = from + 1;
        if (plain)
            buffer_append(out, from, (size_t)(text - from));
        else
            buffer_add_char(out, '?');
    }
}

static void put_text(char cell[CELL_SIZE], const char *text)
{
    struct buffer plain = {0};
    listing_plain(&plain, text);
    snprintf(cell, CELL_SIZE, "%s", buffer_text(&plain));
    buffer_free(&plain);
}

static void put_number(char cell[CELL_SIZE], int64_t number)
{
    snprintf(cell, CELL_SIZE, "%" PRId64, number);
}

static void put_share(char cell[CELL_SIZE], int64_t part, int64_t whole)
{
    snprintf(cell, CELL_SIZE, "%" PRId64 "/%" PRId64, part, whole);
}

static void put_age(char cell[CELL_SIZE], const char *since, int64_t now)
{
    static const struct {
        int64_t seconds;
        char letter;
    } units[] = {{86400, 'd'}, {3600, 'h'}, {60, 'm'}, {1, 's'}};
    int64_t time = now;
    clock_parse(since, &time);
    int64_t age = now > time ? (now - time) / CLOCK_SECOND : 0;
    size_t i = 0;
    while (i < 3 && age < units[i].seconds)
        i++;
    snprintf(cell, CELL_SIZE, "%" PRId64 "%c", age / units[i].seconds, units[i].letter);
}

static void put_state(char cell[CELL_SIZE], const cJSON *server)
{
    const char *state = api_text(server, "state");
    bool leaves = api_true(server, "leave");
    bool drained = api_true(server, "drain") && strcmp(state, "draining") != 0;
    put_text(cell, state);
    size_t length = strlen(cell);
    snprintf(cell + length, CELL_SIZE - length, "%s",
             leaves    ? ", leaves"
             : drained ? ", drained"
                       : "");
}

static void put_check(char cell[CELL_SIZE], const cJSON *check)
{
    if (!cJSON_IsObject(check))
        snprintf(cell, CELL_SIZE, "none");
    else if (!api_true(check, "passed"))
        snprintf(cell, CELL_SIZE, "failed");
    else
        snprintf(cell, CELL_SIZE, "%.1f ms", (double)api_number(check, "took_us") / 1000.0);
}

static const char *colour_of(const char *state)
{
    static const struct {
        const char *state, *colour;
    } colours[] = {{"up", "\033[32m"},         {"down", "\033[31m"},    {"ejected", "\033[31m"},
                   {"overloaded", "\033[35m"}, {"joining", "\033[33m"}, {"draining", "\033[33m"}};
    for (size_t i = 0; i < sizeof colours / sizeof *colours; i++)
        if (strcmp(state, colours[i].state) == 0)
            return colours[i].colour;
    return "";
}

static void fill(struct row *row, const cJSON *server, int64_t now)
{
    bool tickets = strcmp(api_text(server, "pool"), "tickets") == 0;
    int64_t limit = api_number(server, "limit"), busy = api_number(server, "busy");
    put_text(row->cell[COLUMN_SERVER], api_text(server, "id"));
    put_text(row->cell[COLUMN_POOL], api_text(server, "pool"));
    put_state(row->cell[COLUMN_STATE], server);
    put_age(row->cell[COLUMN_FOR], api_text(server, "since"), now);
    put_text(row->cell[COLUMN_ADDRESS], api_text(server, "address"));
    put_text(row->cell[COLUMN_SOURCE], api_text(server, "source"));
    if (tickets) {
        put_share(row->cell[COLUMN_PENDING], api_number(server, "pending"), limit);
        put_number(row->cell[COLUMN_BUSY], busy);
        put_number(row->cell[COLUMN_SOLD], api_number(server, "told"));
    } else {
        put_share(row->cell[COLUMN_BUSY], busy, limit);
    }
    put_share(row->cell[COLUMN_FAILED], api_number(server, "failures"),
              api_number(server, "requests"));
    put_check(row->cell[COLUMN_CHECK], cJSON_GetObjectItemCaseSensitive(server, "check"));
    put_text(row->cell[COLUMN_WHY], api_text(server, "why"));
    row->colour = colour_of(api_text(server, "state"));
}

/* --- the table ----------------------------------------------------------------------------------- */

static void measure(const struct row *rows, size_t count, size_t widths[COLUMNS])
{
    for (size_t i = 0; i < COLUMNS; i++) {
        widths[i] = strlen(columns[i].title);
        for (size_t j = 0; j < count; j++)
            if (strlen(rows[j].cell[i]) > widths[i])
                widths[i] = strlen(rows[j].cell[i]);
    }
}

/* How much of the text may still stand in this line; never half a character. */
static size_t fitting(const char *text, size_t used, size_t width)
{
    size_t length = strlen(text), room = width > used ? width - used : 0;
    if (width == 0 || length <= room)
        return length;
    while (room > 0 && ((unsigned char)text[room] & 0xc0) == 0x80)
        room--;
    return room;
}

static void add_line(struct buffer *out, const struct row *row, const size_t widths[COLUMNS],
                     bool colour, size_t width)
{
    size_t used = 0;
    for (size_t i = 0; i < COLUMNS; i++) {
        char cell[2 * CELL_SIZE];
        int padded = i == COLUMN_WHY ? 0 : (int)widths[i];
        snprintf(cell, sizeof cell, "%s%*s", i > 0 ? "  " : "", columns[i].right ? padded : -padded,
                 row->cell[i]);
        size_t fits = fitting(cell, used, width);
        bool painted = colour && i == COLUMN_STATE && row->colour != NULL;
        buffer_add(out, painted ? row->colour : "");
        buffer_append(out, cell, fits);
        buffer_add(out, painted ? "\033[0m" : "");
        used += fits;
    }
    while (out->length > 0 && out->data[out->length - 1] == ' ')
        out->length--;
    buffer_add_char(out, '\n');
}

void listing_table(const cJSON *answer, bool colour, size_t width, int64_t now, struct buffer *out)
{
    const cJSON *servers = cJSON_GetObjectItemCaseSensitive(answer, "servers"), *server;
    size_t count = (size_t)cJSON_GetArraySize(servers), i = 0, widths[COLUMNS];
    struct row *rows = memory_new((count + 1) * sizeof *rows);
    cJSON_ArrayForEach(server, servers)
    {
        fill(&rows[i++], server, now);
    }
    for (size_t j = 0; j < COLUMNS; j++)
        snprintf(rows[count].cell[j], CELL_SIZE, "%s", columns[j].title);
    measure(rows, count, widths);
    add_line(out, &rows[count], widths, false, width);
    for (i = 0; i < count; i++)
        add_line(out, &rows[i], widths, colour, width);
    free(rows);
}

/* --- changes ------------------------------------------------------------------------------------- */

static const cJSON *find(const cJSON *answer, const char *id)
{
    const cJSON *server;
    cJSON_ArrayForEach(server, cJSON_GetObjectItemCaseSensitive(answer, "servers"))
    {
        if (strcmp(api_text(server, "id"), id) == 0)
            return server;
    }
    return NULL;
}

static void add_change(struct buffer *out, const char *time, const char *id, const char *from,
                       const char *to, const char *why)
{
    listing_plain(out, time);
    buffer_add_char(out, ' ');
    listing_plain(out, id);
    buffer_add_char(out, ' ');
    listing_plain(out, from);
    buffer_add(out, from[0] != '\0' ? " → " : "");
    listing_plain(out, to);
    buffer_add(out, why[0] != '\0' ? ": " : "");
    listing_plain(out, why);
    buffer_add_char(out, '\n');
}

void listing_changes(const cJSON *before, const cJSON *answer, struct buffer *out)
{
    char now[CLOCK_TEXT_SIZE];
    const cJSON *server;
    clock_format(clock_now(), now);
    cJSON_ArrayForEach(server, cJSON_GetObjectItemCaseSensitive(answer, "servers"))
    {
        const cJSON *was = find(before, api_text(server, "id"));
        if (was == NULL || strcmp(api_text(was, "state"), api_text(server, "state")) != 0)
            add_change(out, api_text(server, "since"), api_text(server, "id"),
                       api_text(was, "state"), api_text(server, "state"), api_text(server, "why"));
    }
    cJSON_ArrayForEach(server, cJSON_GetObjectItemCaseSensitive(before, "servers"))
    {
        if (find(answer, api_text(server, "id")) == NULL)
            add_change(out, now, api_text(server, "id"), api_text(server, "state"), "left", "");
    }
}
