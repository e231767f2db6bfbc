#include "balancer/admin/token.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/lib/files.h"
#include "tests/lib/suite.h"

#define DIGITS_32 "0123456789abcdef0123456789abcdef"
#define DIGITS_64 DIGITS_32 DIGITS_32

static char directory[FILES_PATH_SIZE];
static char path[FILES_PATH_SIZE];

static void make_place(void)
{
    files_directory(directory);
    files_path(path, directory, "admin.token");
}

static mode_t mode_of_file(void)
{
    struct stat status = {.st_mode = 0};
    CU_ASSERT_EQUAL(stat(path, &status), 0);
    return status.st_mode & 07777;
}

static void a_token_is_made_once(void)
{
    char first[TOKEN_SIZE], second[TOKEN_SIZE];
    make_place();
    mode_t before = umask(0);
    CU_ASSERT(token_make(path));
    umask(before);
    CU_ASSERT_EQUAL(mode_of_file(), 0600);
    CU_ASSERT(token_read(path, first));
    CU_ASSERT_EQUAL(strlen(first), 64);
    CU_ASSERT_EQUAL(strspn(first, "0123456789abcdef"), 64);
    CU_ASSERT(token_make(path)); /* it is there: it is kept */
    CU_ASSERT(token_read(path, second));
    CU_ASSERT_STRING_EQUAL(first, second);
    CU_ASSERT_EQUAL(unlink(path), 0);
    CU_ASSERT(token_make(path));
    CU_ASSERT(token_read(path, second));
    CU_ASSERT_STRING_NOT_EQUAL(first, second);
    CU_ASSERT_EQUAL(unlink(path), 0);
    CU_ASSERT_EQUAL(rmdir(directory), 0); /* nothing is left beside it */
}

/* A power cut left it, and this process has the id of the one that wrote it. */
static void half_a_token_is_in_nobodys_way(void)
{
    char token[TOKEN_SIZE], beside[FILES_PATH_SIZE + 16];
    make_place();
    snprintf(beside, sizeof beside, "%s.%d", path, (int)getpid());
    FILE *file = fopen(beside, "w");
    CU_ASSERT_FATAL(file != NULL);
    fputs("0123", file);
    fclose(file);
    CU_ASSERT(token_make(path));
    CU_ASSERT(token_read(path, token));
    CU_ASSERT_EQUAL(mode_of_file(), 0600);
    CU_ASSERT_EQUAL(unlink(path), 0);
    CU_ASSERT_EQUAL(rmdir(directory), 0);
}

static void a_token_needs_its_place(void)
{
    char token[TOKEN_SIZE];
    make_place();
    CU_ASSERT_EQUAL(rmdir(directory), 0);
    CU_ASSERT_FALSE(token_make(path));
    CU_ASSERT_FALSE(token_read(path, token));
}

/* What a file may hold, and whether that is a token. */
struct row {
    const char *text;
    mode_t mode;
    bool good;
};

static const struct row rows[] = {
    {DIGITS_64, 0600, true},
    {DIGITS_64, 0400, true},
    {DIGITS_64 "\n", 0600, true}, /* made with an editor */
    {"", 0600, false},
    {"\n", 0600, false},
    {DIGITS_32, 0600, false},
    {DIGITS_32 "0123456789abcdef0123456789abcde", 0600, false},
    {DIGITS_32 "0123456789ABCDEF0123456789abcdef", 0600, false},
    {DIGITS_32 "0123456789abcdef 123456789abcdef", 0600, false},
    {"\n" DIGITS_64, 0600, false},
    {DIGITS_64, 0640, false},
    {DIGITS_64, 0620, false},
    {DIGITS_64, 0604, false},
    {DIGITS_64, 0601, false},
};

static void a_file_is_a_token_or_not(void)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char token[TOKEN_SIZE];
        make_place();
        files_write(path, rows[i].text, strlen(rows[i].text));
        CU_ASSERT_EQUAL(chmod(path, rows[i].mode), 0);
        bool good = token_read(path, token);
        if (good != rows[i].good || (good && strcmp(token, DIGITS_64) != 0)) {
            printf("  row %zu: '%s', mode %o\n", i, rows[i].text, (unsigned)rows[i].mode);
            CU_FAIL("another view of what a token is");
        }
        files_discard(directory);
    }
}

static void a_directory_is_no_token(void)
{
    char token[TOKEN_SIZE];
    make_place();
    CU_ASSERT_EQUAL(mkdir(path, 0700), 0);
    CU_ASSERT_FALSE(token_read(path, token));
    files_discard(directory);
}

struct authorization {
    const char *text;
    bool good;
};

static const struct authorization authorizations[] = {
    {"Bearer " DIGITS_64, true},
    {"bearer " DIGITS_64, true}, /* RFC 7235: schemes have no case */
    {"BEARER " DIGITS_64, true},
    {NULL, false},
    {"", false},
    {"Bearer", false},
    {"Bearer ", false},
    {DIGITS_64, false},
    {"Basic " DIGITS_64, false},
    {"Bearer  " DIGITS_64, false},
    {"Bearer " DIGITS_64 " ", false},
    {"Bearer " DIGITS_64 "0", false},
    {"Bearer " DIGITS_32, false},
    {"Bearer 1123456789abcdef0123456789abcdef" DIGITS_32, false},
    {"Bearer " DIGITS_32 "0123456789abcdef0123456789abcdee", false},
    {"Bearer " DIGITS_32 "0123456789ABCDEF0123456789ABCDEF", false},
};

static void only_the_token_itself_matches(void)
{
    for (size_t i = 0; i < sizeof authorizations / sizeof *authorizations; i++) {
        const struct authorization *row = &authorizations[i];
        if (token_matches(row->text, DIGITS_64) == row->good)
            continue;
        printf("  %s\n", row->text != NULL ? row->text : "(none)");
        CU_FAIL("another view of what matches");
    }
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("token", "a token is made once", a_token_is_made_once);
    suite_add("token", "half a token is in nobody's way", half_a_token_is_in_nobodys_way);
    suite_add("token", "a token needs its place", a_token_needs_its_place);
    suite_add("token", "a file is a token or not", a_file_is_a_token_or_not);
    suite_add("token", "a directory is no token", a_directory_is_no_token);
    suite_add("token", "only the token itself matches", only_the_token_itself_matches);
}
