/* Tickets as pictures and pages: what browsers and scanners make of them. */
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "tests/lib/process.h"
#include "tests/lib/suite.h"
#include "ticket_server/markup.h"
#include "ticket_server/ticket_page.h"
#include "ticket_server/ticket_svg.h"

#define STARTS_AT (INT64_C(1798743600) * CLOCK_SECOND) /* 2026-12-31T19:00:00Z */

/* Of every kind of what must not become markup. */
#define HOSTILE "</title></svg><script>alert(1)</script>&amp;\"'<!--]]>"

static struct event_terms event_of(const char *title)
{
    struct event_terms event = {.name = "gala", .zone = "Europe/Berlin", .starts_at = STARTS_AT};
    snprintf(event.title, sizeof event.title, "%s", title);
    return event;
}

static struct ticket ticket_of(const char *tier, int64_t number)
{
    struct ticket ticket = {.event = "gala", .number = number};
    snprintf(ticket.tier, sizeof ticket.tier, "%s", tier);
    return ticket;
}

/* A face with a good code. */
static struct ticket_face face_of(const struct event_terms *event, const struct ticket *ticket)
{
    struct ticket_face face = {.event = event, .ticket = ticket};
    struct ticket_signer key;
    struct ticket_name name = {.number = ticket->number};
    strcpy(name.event, ticket->event);
    strcpy(name.tier, ticket->tier);
    ticket_key_make(&key);
    ticket_code_make(&key, &name, face.code);
    return face;
}

static void markup_is_escaped(void)
{
    static const struct {
        const char *text, *escaped;
    } rows[] = {
        {"", ""},
        {"plain", "plain"},
        {"a<b>&\"'", "a&lt;b&gt;&amp;&quot;&#39;"},
        {"&amp;", "&amp;amp;"},
        {"حفل 東京 Fantasía", "حفل 東京 Fantasía"},
        {"a\tb\r\nc", "a b  c"},
        {"a\x01\x1b[1m\x7f", "a\xef\xbf\xbd\xef\xbf\xbd[1m\xef\xbf\xbd"},
        {"\xc2\x80", "\xef\xbf\xbd"},
        {"\xef\xbf\xbe", "\xef\xbf\xbd"},
        {"a\xff\xc3(", "a\xef\xbf\xbd\xef\xbf\xbd("},
        {"\xe6\x9d", "\xef\xbf\xbd\xef\xbf\xbd"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buffer out = {0};
        markup_text(&out, rows[i].text);
        CU_ASSERT_STRING_EQUAL(buffer_text(&out), rows[i].escaped);
        buffer_free(&out);
    }
}

static void times_are_those_of_the_place(void)
{
    char when[TICKET_WHEN_SIZE];
    ticket_when("Europe/Berlin", STARTS_AT, when);
    CU_ASSERT_STRING_EQUAL(when, "Thursday, 31 December 2026, 20:00 (Europe/Berlin, UTC+01:00)");
    ticket_when("Asia/Kathmandu", STARTS_AT, when);
    CU_ASSERT_STRING_EQUAL(when, "Friday, 1 January 2027, 00:45 (Asia/Kathmandu, UTC+05:45)");
    ticket_when("Nowhere/Land", STARTS_AT, when);
    CU_ASSERT_STRING_EQUAL(when, "Thursday, 31 December 2026, 19:00 (UTC)");
    ticket_when_exactly("America/St_Johns", STARTS_AT, when);
    CU_ASSERT_STRING_EQUAL(when, "2026-12-31T15:30:00-03:30");
    ticket_when_exactly("UTC", STARTS_AT, when);
    CU_ASSERT_STRING_EQUAL(when, "2026-12-31T19:00:00+00:00");
}

/* --- by other programs ------------------------------------------------------------------------- */

struct drawing {
    char directory[FILES_PATH_SIZE];
    char svg[FILES_PATH_SIZE], png[FILES_PATH_SIZE];
};

static void drawing_open(struct drawing *drawing, const struct ticket_face *face)
{
    struct buffer out = {0};
    files_directory(drawing->directory);
    files_path(drawing->svg, drawing->directory, "ticket.svg");
    files_path(drawing->png, drawing->directory, "ticket.png");
    ticket_svg_append(&out, face);
    files_write(drawing->svg, out.data, out.length);
    buffer_free(&out);
}

/* What the program wrote, without the end of its last line; the caller frees it. */
static void run(const struct drawing *drawing, const char *const *argv, struct buffer *out)
{
    struct process process;
    char program[FILES_PATH_SIZE];
    const char *words[8] = {program};
    process_find(program, argv[0]);
    for (size_t i = 1; argv[i] != NULL; i++)
        words[i] = argv[i];
    CU_ASSERT_EQUAL(process_run(&process, drawing->directory, words, 0), 0);
    files_read(process.out, out);
    while (out->length > 0 && out->data[out->length - 1] == '\n')
        out->length--;
}

/* Whether a scanner reads the code from the picture. */
static void scan(const struct ticket_face *face)
{
    struct drawing drawing;
    struct buffer out = {0};
    drawing_open(&drawing, face);
    const char *const draw[] = {"rsvg-convert", "--output", drawing.png, drawing.svg, NULL};
    const char *const read[] = {"zbarimg", "--quiet", "--nodbus", "--raw", drawing.png, NULL};
    run(&drawing, draw, &out);
    run(&drawing, read, &out);
    CU_ASSERT_STRING_EQUAL(buffer_text(&out), face->code);
    buffer_free(&out);
    files_remove(drawing.directory);
}

static void a_scanner_reads_the_code(void)
{
    struct event_terms event = event_of("Gala");
    struct ticket small = ticket_of("a", 1), large = ticket_of("", TICKET_NUMBER_MAX);
    memset(large.tier, 't', NAME_SIZE - 1);
    memset(large.event, 'e', NAME_SIZE - 1);
    struct ticket_face face = face_of(&event, &small);
    scan(&face);
    face = face_of(&event, &large);
    scan(&face);
}

/* The texts of a picture, by a parser that takes only well-formed XML. */
static void read_texts(const struct drawing *drawing, struct buffer *out)
{
    static const char program[] =
        "import sys, xml.etree.ElementTree as tree\n"
        "root = tree.parse(sys.argv[1]).getroot()\n"
        "name = lambda element: element.tag.split('}')[1]\n"
        "print(len([e for e in root.iter() if name(e) == 'path']), 'path')\n"
        "print(sorted(set(map(name, root.iter()))))\n"
        "print('|'.join(e.text for e in root.iter() if name(e) in ('title', 'text')))\n";
    const char *const argv[] = {"python3", "-X", "utf8", "-c", program, drawing->svg, NULL};
    run(drawing, argv, out);
}

static void a_picture_is_sound_whatever_it_says(void)
{
    static const char *const titles[] = {
        "",
        "Gala",
        HOSTILE,
        "حفل موسيقي كبير: ليلة الجاز",
        "東京ジャズの夜とオーケストラ東京ジャズの夜とオーケストラ東京ジャズの夜とオーケストラ東京ジ"
        "ャズの夜",
        "wwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwww",
        "🎷 🎺 👩‍👩‍👧‍👦",
    };
    struct ticket ticket = ticket_of("standard", 7);
    for (size_t i = 0; i < sizeof titles / sizeof *titles; i++) {
        struct event_terms event = event_of(titles[i]);
        struct ticket_face face = face_of(&event, &ticket);
        struct drawing drawing;
        struct buffer out = {0};
        drawing_open(&drawing, &face);
        read_texts(&drawing, &out);
        CU_ASSERT_PTR_NOT_NULL(strstr(buffer_text(&out), "1 path\n['g', 'path', 'rect', 'svg', "
                                                         "'text', 'title']\nTicket: "));
        CU_ASSERT_PTR_NOT_NULL(strstr(buffer_text(&out), titles[i]));
        CU_ASSERT_PTR_NOT_NULL(strstr(buffer_text(&out), "|standard \xc2\xb7 No. 7"));
        buffer_free(&out);
        files_remove(drawing.directory);
    }
}

static void long_titles_take_three_lines(void)
{
    struct event_terms event = event_of("one two three four five six seven eight nine ten eleven "
                                        "twelve thirteen fourteen fifteen sixteen seventeen");
    struct ticket ticket = ticket_of("standard", 7);
    struct ticket_face face = face_of(&event, &ticket);
    struct drawing drawing;
    struct buffer out = {0};
    drawing_open(&drawing, &face);
    read_texts(&drawing, &out);
    CU_ASSERT_PTR_NOT_NULL(
        strstr(buffer_text(&out),
               "No. 7|one two three four five six|seven eight nine ten eleven|twelve thirteen "
               "fourteen…|Thursday, 31 December 2026, 20:00|Europe/Berlin, UTC+01:00|standard"));
    buffer_free(&out);
    files_remove(drawing.directory);
}

/* --- the page ---------------------------------------------------------------------------------- */

static bool page_has(struct buffer *page, const char *text)
{
    return strstr(buffer_text(page), text) != NULL;
}

static void a_page_says_how_each_ticket_stands(void)
{
    struct event_terms event = event_of("Gala");
    struct ticket good = ticket_of("standard", 7), used = ticket_of("standard", 8),
                  refunded = ticket_of("standard", 9);
    struct buffer page = {0};
    used.checked_in_at = STARTS_AT - 60 * CLOCK_SECOND;
    strcpy(used.gate, "<North>");
    refunded.refunded = true;
    const struct ticket_face faces[] = {
        face_of(&event, &good), face_of(&event, &used), {.event = &event, .ticket = &refunded}};
    ticket_page_begin(&page, &event, &(struct ticket_range){10, 3, 14});
    for (size_t i = 0; i < 3; i++)
        ticket_page_add(&page, &faces[i]);
    ticket_page_end(&page, 9);
    CU_ASSERT(page_has(&page, "<article class=\"ticket\" id=\"ticket-7\">\n<svg class=\"code\""));
    CU_ASSERT(page_has(&page, "<time datetime=\"2026-12-31T20:00:00+01:00\">Thursday, 31 December "
                              "2026, 20:00 (Europe/Berlin, UTC+01:00)</time>"));
    CU_ASSERT(page_has(&page, "Used <time datetime=\"2026-12-31T19:59:00+01:00\">"));
    CU_ASSERT(page_has(&page, "<bdi>&lt;North&gt;</bdi>"));
    CU_ASSERT(page_has(&page, "id=\"ticket-9\">\n<div class=\"code refused\">Refunded</div>"));
    CU_ASSERT(page_has(&page, "Refunded: not valid."));
    CU_ASSERT(page_has(&page, "<a href=\"?after=9\">"));
    CU_ASSERT(page_has(&page, "<main>\n<p class=\"range\">Tickets 11–13 of 14</p>\n"));
    buffer_free(&page);
}

static void a_page_loads_and_runs_nothing(void)
{
    struct event_terms event = event_of(HOSTILE);
    struct ticket ticket = ticket_of("standard", 7);
    struct ticket_face face = face_of(&event, &ticket);
    struct buffer page = {0};
    ticket_page_begin(&page, &event, &(struct ticket_range){0, 1, 1});
    ticket_page_add(&page, &face);
    ticket_page_end(&page, 0);
    static const char *const never[] = {
        "<script", "http:", "https:", "src=", "href=", "url(", "@import", "<!--", " on"};
    for (size_t i = 0; i < sizeof never / sizeof *never; i++)
        CU_ASSERT_FALSE(page_has(&page, never[i]));
    CU_ASSERT_FALSE(page_has(&page, "Tickets 1–1"));
    CU_ASSERT(page_has(&page, "&lt;script&gt;alert(1)&lt;/script&gt;&amp;amp;"));
    buffer_free(&page);
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("ticket drawing", "markup is escaped", markup_is_escaped);
    suite_add("ticket drawing", "times are those of the place", times_are_those_of_the_place);
    suite_add("ticket drawing", "a scanner reads the code", a_scanner_reads_the_code);
    suite_add("ticket drawing", "a picture is sound whatever it says",
              a_picture_is_sound_whatever_it_says);
    suite_add("ticket drawing", "long titles take three lines", long_titles_take_three_lines);
    suite_add("ticket drawing", "a page says how each ticket stands",
              a_page_says_how_each_ticket_stands);
    suite_add("ticket drawing", "a page loads and runs nothing", a_page_loads_and_runs_nothing);
}
