#include "tools/boxctl/gate_seen.h"

#include <stdio.h>
#include <string.h>

#include "tests/lib/files.h"
#include "tests/lib/suite.h"
#include "tests/unit/common/forked.h"

#define HEADER "event,tier,number,let_in_at\n"

static char directory[FILES_PATH_SIZE], path[FILES_PATH_SIZE];

static void file_open(const char *text)
{
    files_directory(directory);
    files_path(path, directory, "seen");
    if (text != NULL)
        files_write(path, text, strlen(text));
}

static bool is_first(struct gate_seen *seen, const char *tier, int64_t number, int64_t *before)
{
    struct ticket_name ticket = {.event = "gala", .number = number};
    strcpy(ticket.tier, tier);
    return gate_seen_first(seen, &ticket, before);
}

static void each_ticket_is_let_in_once(void)
{
    int64_t before = 0, begin = clock_now();
    struct gate_seen *seen = gate_seen_open(NULL);
    CU_ASSERT(is_first(seen, "a", 1, &before));
    CU_ASSERT(is_first(seen, "a", 10, &before));
    CU_ASSERT(is_first(seen, "b", 1, &before));
    CU_ASSERT_FALSE(is_first(seen, "a", 1, &before));
    CU_ASSERT(before >= begin && before <= clock_now());
    gate_seen_close(seen);
}

static void a_file_remembers(void)
{
    int64_t before = 0, later = 0;
    file_open(NULL);
    struct gate_seen *seen = gate_seen_open(path);
    CU_ASSERT(is_first(seen, "a", 1, &before));
    CU_ASSERT_FALSE(is_first(seen, "a", 1, &before));
    gate_seen_close(seen);
    for (int run = 0; run < 2; run++) {
        seen = gate_seen_open(path);
        CU_ASSERT_FALSE(is_first(seen, "a", 1, &later));
        CU_ASSERT_EQUAL(later, before);
        CU_ASSERT_EQUAL(is_first(seen, "a", 2, &later), run == 0);
        gate_seen_close(seen);
    }
    files_remove(directory);
}

/* A run was killed while it wrote: who was not let in then is now, and the lines stay whole. */
static void a_torn_line_is_cut_off(void)
{
    int64_t before = 0;
    struct buffer text = {0};
    file_open(HEADER "gala,a,1,2026-11-22T03:06:32.813813Z\ngala,a,2,2026-11");
    for (int run = 0; run < 2; run++) {
        struct gate_seen *seen = gate_seen_open(path);
        CU_ASSERT_FALSE(is_first(seen, "a", 1, &before));
        CU_ASSERT_EQUAL(is_first(seen, "a", 2, &before), run == 0);
        gate_seen_close(seen);
    }
    files_read(path, &text);
    CU_ASSERT_PTR_NOT_NULL(strstr(buffer_text(&text), "813813Z\ngala,a,2,20"));
    CU_ASSERT_PTR_NULL(strstr(buffer_text(&text), "2026-11gala"));
    buffer_free(&text);
    files_remove(directory);
}

static void open_path(void *context)
{
    gate_seen_close(gate_seen_open(context));
}

static void expect_refused(const char *why)
{
    struct forked forked = {0};
    forked_run(&forked, open_path, path);
    CU_ASSERT(forked_complained(&forked, why) > 0);
    forked_free(&forked);
}

static void what_is_no_file_of_a_gates_is_left_alone(void)
{
    static const char *const texts[] = {"{\"keys\":[]}", HEADER "gala,a,1,today\n", HEADER "\n",
                                        "gala,a,1,2026-11-22T03:06:32.813813Z\n"};
    struct buffer text = {0};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        file_open(texts[i]);
        expect_refused("a gate's");
        files_read(path, &text);
        CU_ASSERT_STRING_EQUAL(buffer_text(&text), texts[i]);
        files_remove(directory);
    }
    buffer_free(&text);
}

static void one_gate_has_it_at_a_time(void)
{
    file_open(NULL);
    struct gate_seen *seen = gate_seen_open(path);
    expect_refused("another gate's just now");
    gate_seen_close(seen);
    files_remove(directory);
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("gate seen", "each ticket is let in once", each_ticket_is_let_in_once);
    suite_add("gate seen", "a file remembers", a_file_remembers);
    suite_add("gate seen", "a torn line is cut off", a_torn_line_is_cut_off);
    suite_add("gate seen", "what is no file of a gate's is left alone",
              what_is_no_file_of_a_gates_is_left_alone);
    suite_add("gate seen", "one gate has it at a time", one_gate_has_it_at_a_time);
}
