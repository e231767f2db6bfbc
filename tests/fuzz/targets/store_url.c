/* The URL of a store: what names nothing, or something that is no store, is refused with a reason, and
 * leaves everything as it was. Paths are within a directory of our own. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/buffer.h"
#include "db/sqlite/place.h"
#include "db/store.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/scratch.h"

static const char not_a_store[] = "this is no database\n";

static void make_files(void)
{
    static bool made;
    char path[SCRATCH_PATH_SIZE];
    if (made)
        return;
    scratch_write("empty", "", 0);
    scratch_write("text", not_a_store, sizeof not_a_store - 1);
    scratch_path(path, "link");
    must(symlink("text", path) == 0, "a link can be made");
    scratch_path(path, "loop");
    must(symlink("loop", path) == 0, "a link can be made");
    made = true;
}

static void check_place(const char *path)
{
    struct place place;
    bool absent;
    char error[STORE_ERROR_SIZE] = "";
    bool found = place_find(&place, path, false, &absent, error);
    must(found == (error[0] == '\0'), "what is not found has a reason");
    must(!found || !absent, "what is found is not absent");
    if (!found)
        return;
    must(place.database[0] == '/', "the path is absolute");
    must(strlen(place.lock) == strlen(place.database) + 5 &&
             strncmp(place.lock, place.database, strlen(place.database)) == 0,
         "the lock stands beside the database");
    must(place_unchanged(&place), "it is where it was found");
}

static void check_untouched(void)
{
    char path[SCRATCH_PATH_SIZE];
    struct stat text, empty;
    scratch_path(path, "text");
    must(stat(path, &text) == 0 && text.st_size == sizeof not_a_store - 1,
         "a text is left as it was");
    scratch_path(path, "empty");
    must(stat(path, &empty) == 0 && empty.st_size == 0, "so is an empty file");
}

static void check_url(const char *url)
{
    char error[STORE_ERROR_SIZE] = "";
    struct store *store = store_open_reader(url, error);
    must(store == NULL, "there is no store");
    must(error[0] != '\0' && strlen(error) < sizeof error, "that has a reason");
    check_untouched();
}

/* What follows the scheme is looked for in the directory; paths that leave it are none of ours to try. */
void fuzz_store_url(const uint8_t *data, size_t size)
{
    static const char scheme[] = "sqlite:";
    struct input input = input_of(data, size);
    char *url = input_until(&input, '\0', NULL);
    size_t length = sizeof scheme - 1;
    make_files();
    if (strncmp(url, scheme, length) != 0) {
        check_url(url);
    } else if (strstr(url, "..") == NULL) {
        struct buffer inside = {0};
        buffer_printf(&inside, "%s%s/%s", scheme, scratch(), url + length);
        check_url(buffer_text(&inside));
        check_place(buffer_text(&inside) + length);
        buffer_free(&inside);
    }
    free(url);
}
