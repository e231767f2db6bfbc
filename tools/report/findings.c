#include "tools/report/findings.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Lines that stand one after the other in a file. */
struct segment {
    char *file; /* owned */
    uint64_t line;
    uint32_t place; /* of its first line */
};

static struct segment *segments(const struct findings *findings)
{
    return (struct segment *)(void *)findings->segments.data;
}

static size_t segment_count(const struct findings *findings)
{
    return findings->segments.length / sizeof(struct segment);
}

void findings_free(struct findings *findings)
{
    for (size_t i = 0; i < segment_count(findings); i++)
        free(segments(findings)[i].file);
    for (size_t i = 0; i < FINDINGS_SHOWN; i++)
        free(findings->shown[i]);
    for (size_t i = 0; i < NOTES_SHOWN; i++)
        free(findings->notes[i]);
    buffer_free(&findings->segments);
    *findings = (struct findings){0};
}

void findings_file(struct findings *findings, const char *file, uint64_t line)
{
    struct segment segment = {memory_copy(file), line, findings->lines};
    buffer_append(&findings->segments, &segment, sizeof segment);
}

uint64_t findings_files(const struct findings *findings)
{
    uint64_t count = 0;
    for (size_t i = 0; i < segment_count(findings); i++)
        count += segments(findings)[i].line == 1;
    return count;
}

uint32_t findings_line(struct findings *findings)
{
    assert(findings->lines < UINT32_MAX - 1);
    return findings->lines++;
}

struct where findings_where(const struct findings *findings, uint32_t place)
{
    struct where where;
    const struct segment *list = segments(findings);
    size_t at = segment_count(findings);
    while (at > 0 && list[at - 1].place > place)
        at--;
    assert(at > 0);
    const struct segment *segment = &list[at - 1];
    snprintf(where.text, sizeof where.text, "%.130s:%" PRIu64, segment->file,
             segment->line + place - segment->place);
    return where;
}

/* Keeps the text where there is still room for it. */
static void keep(char **list, size_t max, uint64_t *count, struct buffer *text)
{
    if (*count < max)
        list[*count] = memory_copy(buffer_text(text));
    ++*count;
    buffer_free(text);
}

static void print(struct buffer *text, const char *format, va_list arguments)
{
    char words[1024];
    vsnprintf(words, sizeof words, format, arguments);
    buffer_add(text, words);
}

void findings_broken(struct findings *findings, enum check check, uint32_t place,
                     const char *format, ...)
{
    struct buffer text = {0};
    va_list arguments;
    findings->broken[check]++;
    buffer_printf(&text, "%s: ", findings_where(findings, place).text);
    va_start(arguments, format);
    print(&text, format, arguments);
    va_end(arguments);
    keep(findings->shown, FINDINGS_SHOWN, &findings->violations, &text);
}

void findings_broken_store(struct findings *findings, enum check check, const char *format, ...)
{
    struct buffer text = {0};
    va_list arguments;
    findings->broken[check]++;
    va_start(arguments, format);
    print(&text, format, arguments);
    va_end(arguments);
    keep(findings->shown, FINDINGS_SHOWN, &findings->violations, &text);
}

void findings_note(struct findings *findings, const char *format, ...)
{
    struct buffer text = {0};
    va_list arguments;
    va_start(arguments, format);
    print(&text, format, arguments);
    va_end(arguments);
    keep(findings->notes, NOTES_SHOWN, &findings->note_count, &text);
}
