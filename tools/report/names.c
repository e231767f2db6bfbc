#include "tools/report/names.h"

#include <stdlib.h>
#include <string.h>

enum {
    FIRST_SLOTS = 64,
};

void names_free(struct names *names)
{
    buffer_free(&names->texts);
    buffer_free(&names->starts);
    free(names->slots);
    *names = (struct names){0};
}

const char *names_text(const struct names *names, uint32_t number)
{
    const uint32_t *starts = (const uint32_t *)(const void *)names->starts.data;
    return names->texts.data + starts[number];
}

/* FNV-1a, 32 bits. */
static uint32_t hash(const char *text)
{
    uint32_t value = 2166136261u;
    for (; *text; text++)
        value = (value ^ (unsigned char)*text) * 16777619u;
    return value;
}

/* The slot that holds the text, or the unused one where it belongs. */
static uint32_t *find(const struct names *names, const char *text)
{
    uint32_t mask = names->slot_count - 1, at = hash(text) & mask;
    while (names->slots[at] && strcmp(names_text(names, names->slots[at] - 1), text) != 0)
        at = (at + 1) & mask;
    return &names->slots[at];
}

static void grow(struct names *names)
{
    free(names->slots);
    names->slot_count = names->slot_count ? names->slot_count * 2 : FIRST_SLOTS;
    names->slots = memory_new(names->slot_count * sizeof *names->slots);
    for (uint32_t i = 0; i < names->count; i++)
        *find(names, names_text(names, i)) = i + 1;
}

uint32_t names_number(struct names *names, const char *text)
{
    if (names->count * 2 >= names->slot_count)
        grow(names);
    uint32_t *slot = find(names, text);
    if (*slot == 0) {
        uint32_t start = (uint32_t)names->texts.length;
        buffer_append(&names->starts, &start, sizeof start);
        buffer_append(&names->texts, text, strlen(text) + 1);
        *slot = ++names->count;
    }
    return *slot - 1;
}
