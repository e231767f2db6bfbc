/* Paths as servers read them: decoding never makes one longer and leaves a plain one as it is, and one climbs
 * where a second reader, who decodes all of it before he parts it, finds a segment of dots. */
#include "balancer/routing/path.h"

#include <stdlib.h>
#include <string.h>

#include "common/buffer.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/input.h"

static bool is_encoded(const char *text)
{
    static const char hexadecimal[] = "0123456789abcdefABCDEF";
    return text[0] == '%' && strspn(text + 1, hexadecimal) >= 2;
}

/* All that is encoded, once; what is encoded wrongly stays: false then, and where a NUL was encoded. */
static bool decode_all(const char *path, struct buffer *out)
{
    bool good = true;
    while (*path != '\0') {
        char digits[3] = {path[0], 0};
        bool encoded = is_encoded(path);
        if (encoded)
            memcpy(digits, path + 1, 2);
        char c = encoded ? (char)strtoul(digits, NULL, 16) : path[0];
        good = good && c != '\0' && (encoded || c != '%');
        buffer_add_char(out, c);
        path += encoded ? 3 : 1;
    }
    return good;
}

static bool is_dots(const char *segment, size_t length)
{
    const char *parameters = memchr(segment, ';', length);
    size_t name = parameters != NULL ? (size_t)(parameters - segment) : length;
    return (name == 1 || name == 2) && memcmp(segment, "..", name) == 0;
}

static bool has_dots(const struct buffer *decoded)
{
    size_t begin = 0;
    for (size_t i = 0; i <= decoded->length; i++) {
        if (i < decoded->length && decoded->data[i] != '/' && decoded->data[i] != '\\')
            continue;
        if (i > begin && is_dots(decoded->data + begin, i - begin))
            return true;
        begin = i + 1;
    }
    return false;
}

/* Every run of slashes is one. */
static void tidy(struct buffer *decoded)
{
    size_t length = 0;
    for (size_t i = 0; i < decoded->length; i++)
        if (decoded->data[i] != '/' || length == 0 || decoded->data[length - 1] != '/')
            decoded->data[length++] = decoded->data[i];
    decoded->length = length;
}

static void check(const char *path, char *decoded)
{
    struct buffer second = {0};
    bool good = decode_all(path, &second);
    must(path_climbs(path) == has_dots(&second), "it climbs where a segment is of dots");
    tidy(&second);
    must(path_decode(path, decoded) == good, "it decodes where all that is encoded is right");
    if (good) {
        must(strlen(decoded) <= strlen(path), "decoding makes it no longer");
        must(strcmp(decoded, buffer_text(&second)) == 0, "it is what a second reader makes of it");
        must(!path_is_plain(path) || strcmp(decoded, path) == 0, "who is plain stays as he is");
        must(strstr(decoded, "//") == NULL, "no segment within it is empty");
    }
    must(good || !path_is_plain(path), "what is plain decodes");
    buffer_free(&second);
}

void fuzz_path(const uint8_t *data, size_t size)
{
    struct input input = input_of(data, size);
    char *path = input_until(&input, '\0', NULL);
    char *decoded = memory_new(strlen(path) + 1);
    check(path, decoded);
    free(decoded);
    free(path);
}
