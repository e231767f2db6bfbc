/* id_parse takes 8-4-4-4-12 hexadecimal digits and nothing else, and id_format writes what it took. */
#include "common/id.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/input.h"

static bool is_id(const char *text)
{
    static const char shape[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
    size_t i = 0;
    for (; shape[i] && text[i]; i++)
        if (shape[i] == '-' ? text[i] != '-' : !isxdigit((uint8_t)text[i]))
            return false;
    return !shape[i] && !text[i];
}

void fuzz_id(const uint8_t *data, size_t size)
{
    struct input input = input_of(data, size);
    struct id id, again, untouched = {{1, 2, 3}};
    char printed[ID_TEXT_SIZE];
    char *text = input_until(&input, '\0', NULL);
    id = untouched;
    bool good = id_parse(text, &id);
    must(good == is_id(text), "an id is spelled 8-4-4-4-12");
    must(good || id_equal(&id, &untouched), "what is no id leaves it alone");
    if (good) {
        id_format(&id, printed);
        must(strcasecmp(printed, text) == 0, "it prints as it was spelled, in lower case");
        must(id_parse(printed, &again) && id_equal(&id, &again), "and reads as the same");
    }
    free(text);
}
