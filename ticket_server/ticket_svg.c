#include "ticket_server/ticket_svg.h"

#include <qrencode.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/utf8.h"
#include "ticket_server/markup.h"

enum {
    WIDTH = 360,
    CODE_SIZE = 320, /* of the QR code with its margin */
    CODE_LEFT = (WIDTH - CODE_SIZE) / 2,
    QUIET_ZONE = 4, /* modules of margin; section 6.3.8 */
    MODULE_DARK = 1,
    TITLE_LINES = 3, /* a longer title ends with an ellipsis; the whole is in <title> */
    TITLE_COLUMNS = 30,
    LINE_HEIGHT = 24,
    TEXT_TOP = CODE_LEFT + CODE_SIZE + LINE_HEIGHT,
    MARGIN = 20,
};

/* --- the QR code ------------------------------------------------------------------------------- */

/* A run of dark modules is a rectangle; all of them are one path, which no renderer draws hair lines
 * into. */
static void append_path(struct buffer *out, const QRcode *code)
{
    buffer_add(out, "<path fill=\"#000\" shape-rendering=\"crispEdges\" d=\"");
    for (int y = 0; y < code->width; y++) {
        const unsigned char *row = code->data + (size_t)y * (size_t)code->width;
        for (int x = 0; x < code->width;) {
            int begin = x;
            while (x < code->width && (row[x] & MODULE_DARK) != 0)
                x++;
            if (x > begin)
                buffer_printf(out, "M%d %dh%dv1h-%dz", begin + QUIET_ZONE, y + QUIET_ZONE,
                              x - begin, x - begin);
            else
                x++;
        }
    }
    buffer_add(out, "\"/>");
}

/* Medium correction: a folded or dirty paper loses up to 15 % of it. */
static QRcode *encode(const char *code)
{
    QRcode *qr = QRcode_encodeString8bit(code, 0, QR_ECLEVEL_M);
    if (qr == NULL)
        die(EXIT_TROUBLE, "libqrencode makes no QR code");
    return qr;
}

static void append_code(struct buffer *out, const char *code, const char *attributes)
{
    QRcode *qr = encode(code);
    int size = qr->width + 2 * QUIET_ZONE;
    buffer_printf(out, "<svg %s viewBox=\"0 0 %d %d\">", attributes, size, size);
    buffer_printf(out, "<rect width=\"%d\" height=\"%d\" fill=\"#fff\"/>", size, size);
    append_path(out, qr);
    buffer_add(out, "</svg>");
    QRcode_free(qr);
}

/* --- a title in lines -------------------------------------------------------------------------- */

/* About how many columns a character takes: what is written in squares takes two. */
static unsigned columns_of(uint32_t character)
{
    bool wide = (character >= 0x1100 && character <= 0x115f) ||
                (character >= 0x2e80 && character <= 0xa4cf) ||
                (character >= 0xac00 && character <= 0xd7a3) ||
                (character >= 0xf900 && character <= 0xfaff) ||
                (character >= 0xfe30 && character <= 0xfe6f) ||
                (character >= 0xff00 && character <= 0xff60) ||
                (character >= 0x1f300 && character <= 0x3fffd);
    return wide ? 2 : 1;
}

/* The bytes of the text that fit into a line: up to the last space, or, where there is none, as many
 * characters as fit. */
static size_t line_length(const char *text)
{
    const char *at = text, *end = text + strlen(text), *space = NULL;
    unsigned columns = 0;
    while (at < end) {
        const char *begin = at;
        uint32_t character = utf8_decode(&at, end);
        if (at == begin)
            at++;
        columns += columns_of(character);
        if (columns > TITLE_COLUMNS)
            return (size_t)((space != NULL ? space : begin) - text);
        if (character == ' ')
            space = begin;
    }
    return (size_t)(end - text);
}

/* Centred, so that the direction of its script does not move it. */
static void begin_text(struct buffer *out, int y, int size, const char *weight)
{
    buffer_printf(out,
                  "<text x=\"%d\" y=\"%d\" font-size=\"%d\" font-weight=\"%s\" "
                  "text-anchor=\"middle\" unicode-bidi=\"plaintext\">",
                  WIDTH / 2, y, size, weight);
}

/* Where the next line goes. */
static int append_title(struct buffer *out, const char *title, int y)
{
    for (int line = 0; line < TITLE_LINES && *title != '\0'; line++) {
        size_t length = line_length(title);
        const char *rest = title + length + (title[length] == ' ');
        begin_text(out, y, 20, "bold");
        markup_part(out, title, length);
        if (line == TITLE_LINES - 1 && *rest != '\0')
            buffer_add(out, "\xe2\x80\xa6");
        buffer_add(out, "</text>\n");
        title = rest;
        y += LINE_HEIGHT;
    }
    return y;
}

/* --- the whole --------------------------------------------------------------------------------- */

static void append_name(struct buffer *out, const struct ticket *ticket)
{
    markup_text(out, ticket->tier);
    buffer_printf(out, " \xc2\xb7 No. %lld", (long long)ticket->number);
}

/* The largest size, up to `most`, in which so many characters fit. */
static int size_of_text(size_t characters, int most)
{
    int size = 2 * (WIDTH - 2 * MARGIN) / (int)(characters + 1) * 9 / 10;
    return size < most ? size : most;
}

static int append_line(struct buffer *out, const char *text, size_t length, int most, int y)
{
    begin_text(out, y, size_of_text(length, most), "normal");
    markup_part(out, text, length);
    buffer_add(out, "</text>\n");
    return y + LINE_HEIGHT;
}

static void append_lines(struct buffer *out, const struct ticket_face *face, const char *when)
{
    int y = append_title(out, ticket_title(face->event), TEXT_TOP);
    const char *zone = strchr(when, '(');
    if (zone != NULL) {
        y = append_line(out, when, (size_t)(zone - when) - 1, 16, y);
        y = append_line(out, zone + 1, strlen(zone) - 2, 12, y);
    }
    struct buffer name = {0};
    append_name(&name, face->ticket);
    append_line(out, name.data, name.length, 16, y);
    buffer_free(&name);
}

/* What a screen reader says. */
static void append_description(struct buffer *out, const struct ticket_face *face, const char *when)
{
    buffer_add(out, "<title>Ticket: ");
    markup_text(out, ticket_title(face->event));
    buffer_add(out, when[0] != '\0' ? ", " : "");
    markup_text(out, when);
    buffer_add(out, ", ");
    append_name(out, face->ticket);
    buffer_add(out, "</title>\n");
}

void ticket_svg_append(struct buffer *out, const struct ticket_face *face)
{
    static const int height = TEXT_TOP + (TITLE_LINES + 2) * LINE_HEIGHT + MARGIN;
    const struct event_terms *event = face->event;
    char when[TICKET_WHEN_SIZE] = "";
    if (event->starts_at != 0)
        ticket_when(event->zone, event->starts_at, when);
    buffer_add(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    buffer_printf(out,
                  "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" "
                  "viewBox=\"0 0 %d %d\" role=\"img\" font-family=\"sans-serif\">\n",
                  WIDTH, height, WIDTH, height);
    append_description(out, face, when);
    buffer_printf(out, "<rect width=\"%d\" height=\"%d\" fill=\"#fff\"/>\n", WIDTH, height);
    buffer_printf(out, "<g transform=\"translate(%d %d)\">", CODE_LEFT, CODE_LEFT);
    append_code(out, face->code, "width=\"320\" height=\"320\"");
    buffer_add(out, "</g>\n");
    append_lines(out, face, when);
    buffer_add(out, "</svg>\n");
}

void ticket_svg_append_code(struct buffer *out, const struct ticket_face *face)
{
    append_code(out, face->code, "class=\"code\" role=\"img\" aria-label=\"QR code\"");
}
