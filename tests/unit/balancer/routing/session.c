#include "balancer/routing/session.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/lib/files.h"
#include "tests/lib/suite.h"

#define DIGITS "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

static const unsigned char key[SESSION_KEY_SIZE] = "0123456789abcdef0123456789abcdef";
static const unsigned char other_key[SESSION_KEY_SIZE] = "0123456789abcdef0123456789abcdee";

static const int64_t now = 1800000000;

/* A cookie of a new session at server-2 of the pool "pictures", which has an hour left. */
static struct session make(char cookie[SESSION_COOKIE_SIZE])
{
    struct session session;
    session_new(&session, now + 3600);
    session_write(key, "pictures", &session, "server-2", cookie);
    return session;
}

static bool reads(const unsigned char *with, const char *pool, const char *cookie, int64_t when)
{
    struct session read;
    return session_read(with, pool, cookie, strlen(cookie), when, &read);
}

static void a_session_comes_back(void)
{
    char cookie[SESSION_COOKIE_SIZE];
    struct session read, session = make(cookie);
    CU_ASSERT_EQUAL(strlen(cookie), 64);
    CU_ASSERT(session_read(key, "pictures", cookie, strlen(cookie), now, &read));
    CU_ASSERT_EQUAL(memcmp(read.id, session.id, sizeof read.id), 0);
    CU_ASSERT_EQUAL(read.expires, now + 3600);
    CU_ASSERT(session_is_at(key, "pictures", &read, "server-2"));
    CU_ASSERT_FALSE(session_is_at(key, "pictures", &read, "server-1"));
    CU_ASSERT_FALSE(session_is_at(key, "pictures", &read, "server-22"));
    CU_ASSERT_FALSE(session_is_at(key, "pictures", &read, ""));
    CU_ASSERT_FALSE(session_is_at(key, "tickets", &read, "server-2"));
    CU_ASSERT_FALSE(session_is_at(other_key, "pictures", &read, "server-2"));
}

static void a_session_moves_and_stays_itself(void)
{
    char cookie[SESSION_COOKIE_SIZE];
    struct session read, session = make(cookie);
    session_write(key, "pictures", &session, "server-3", cookie);
    CU_ASSERT(session_read(key, "pictures", cookie, strlen(cookie), now, &read));
    CU_ASSERT_EQUAL(memcmp(read.id, session.id, sizeof read.id), 0);
    CU_ASSERT(session_is_at(key, "pictures", &read, "server-3"));
    CU_ASSERT_FALSE(session_is_at(key, "pictures", &read, "server-2"));
}

static void no_two_sessions_look_alike(void)
{
    char one[SESSION_COOKIE_SIZE], two[SESSION_COOKIE_SIZE];
    struct session first = make(one), second = make(two);
    CU_ASSERT_NOT_EQUAL(memcmp(first.id, second.id, sizeof first.id), 0);
    /* the same server, and nobody can see it */
    CU_ASSERT_NOT_EQUAL(memcmp(first.server_tag, second.server_tag, sizeof first.server_tag), 0);
    CU_ASSERT_STRING_NOT_EQUAL(one, two);
}

static void what_we_did_not_sign_is_none(void)
{
    char cookie[SESSION_COOKIE_SIZE];
    make(cookie);
    CU_ASSERT(reads(key, "pictures", cookie, now));
    CU_ASSERT_FALSE(reads(other_key, "pictures", cookie, now));
    CU_ASSERT_FALSE(reads(key, "tickets", cookie, now));
    CU_ASSERT_FALSE(reads(key, "", cookie, now));
    CU_ASSERT_FALSE(reads(key, "picture", cookie, now));
    for (size_t i = 0; i < strlen(cookie); i++) { /* every character counts */
        char was = cookie[i];
        cookie[i] = was == 'A' ? 'B' : 'A';
        CU_ASSERT_FALSE(reads(key, "pictures", cookie, now));
        cookie[i] = was;
    }
}

static void a_stale_one_is_none(void)
{
    char cookie[SESSION_COOKIE_SIZE];
    make(cookie);
    CU_ASSERT(reads(key, "pictures", cookie, now + 3599));
    CU_ASSERT_FALSE(reads(key, "pictures", cookie, now + 3600));
    CU_ASSERT_FALSE(reads(key, "pictures", cookie, INT64_MAX));
}

static void another_length_is_none(void)
{
    char cookie[SESSION_COOKIE_SIZE], longer[SESSION_COOKIE_SIZE + 4];
    struct session read;
    make(cookie);
    for (size_t length = 0; length < strlen(cookie); length++)
        CU_ASSERT_FALSE(session_read(key, "pictures", cookie, length, now, &read));
    snprintf(longer, sizeof longer, "%sAAAA", cookie);
    CU_ASSERT_FALSE(reads(key, "pictures", longer, now));
}

struct header {
    const char *text, *value; /* NULL: there is none */
};

static const struct header headers[] = {
    {NULL, NULL},
    {"", NULL},
    {";", NULL},
    {"box_office_session_pool", NULL},
    {"box_office_session_pool=", ""},
    {"box_office_session_pool=one", "one"},
    {"box_office_session_pool=one; box_office_session_pool=two", "one"},
    {"a=b; box_office_session_pool=one", "one"},
    {"a=b;box_office_session_pool=one;c=d", "one"},
    {" ;;\tbox_office_session_pool = one ; c=d", "one"},
    {"box_office_session_pool=one=two", "one=two"},
    {"Box_Office_Session=one", NULL}, /* cookies' names have a case */
    {"box_office_session_pools=one", NULL},
    {"box_office_session_=one", NULL},
    {"box_office_session_loop=one", NULL},
    {"box_office_session_loop=one; box_office_session_pool=two", "two"},
    {"xbox_office_session_pool=one", NULL},
    {"a=box_office_session_pool=one", NULL},
    {"a box_office_session_pool=one", NULL},
    {"a=\"b; box_office_session_pool=one; c\"", "one"}, /* no quoting (RFC 6265, 4.1.1) */
};

static void the_cookie_is_found(void)
{
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
        const char *value = NULL;
        size_t length = 0;
        bool found = session_find(headers[i].text, "pool", &value, &length);
        const char *due = headers[i].value;
        if (found == (due != NULL) &&
            (!found || (length == strlen(due) && memcmp(value, due, length) == 0)))
            continue;
        printf("  %s\n", headers[i].text != NULL ? headers[i].text : "(none)");
        CU_FAIL("another view of what the cookie is");
    }
}

static void it_is_set_out_of_reach_of_scripts(void)
{
    char cookie[SESSION_COOKIE_SIZE], set[SESSION_SET_COOKIE_SIZE], due[256];
    make(cookie);
    session_set_cookie("pool", cookie, set);
    snprintf(due, sizeof due, "box_office_session_pool=%s; Path=/; HttpOnly; SameSite=Lax", cookie);
    CU_ASSERT_STRING_EQUAL(set, due);
}

static void its_id_is_shown_as_digits(void)
{
    char text[SESSION_ID_TEXT_SIZE];
    struct session session = {.id = {0x00, 0x01, 0xfe, [15] = 0xa5}};
    session_id_text(&session, text);
    CU_ASSERT_STRING_EQUAL(text, "0001fe000000000000000000000000a5");
}

static void the_key_has_a_file(void)
{
    unsigned char first[SESSION_KEY_SIZE], second[SESSION_KEY_SIZE];
    char directory[FILES_PATH_SIZE], path[FILES_PATH_SIZE];
    files_directory(directory);
    files_path(path, directory, "session.key");
    CU_ASSERT_FALSE(session_key_read(path, first));
    CU_ASSERT(session_key_make(path));
    CU_ASSERT(session_key_read(path, first));
    CU_ASSERT(session_key_make(path)); /* it is there: it is kept */
    CU_ASSERT(session_key_read(path, second));
    CU_ASSERT_EQUAL(memcmp(first, second, sizeof first), 0);
    CU_ASSERT_EQUAL(chmod(path, 0640), 0);
    CU_ASSERT_FALSE(session_key_read(path, first));
    CU_ASSERT_EQUAL(chmod(path, 0600), 0);
    files_write(path, DIGITS, strlen(DIGITS));
    CU_ASSERT(session_key_read(path, first));
    for (size_t i = 0; i < SESSION_KEY_SIZE; i++)
        CU_ASSERT_EQUAL(first[i], i);
    files_write(path, DIGITS, strlen(DIGITS) - 1);
    CU_ASSERT_FALSE(session_key_read(path, first));
    files_discard(directory);
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("session", "a session comes back", a_session_comes_back);
    suite_add("session", "a session moves and stays itself", a_session_moves_and_stays_itself);
    suite_add("session", "no two sessions look alike", no_two_sessions_look_alike);
    suite_add("session", "what we did not sign is none", what_we_did_not_sign_is_none);
    suite_add("session", "a stale one is none", a_stale_one_is_none);
    suite_add("session", "another length is none", another_length_is_none);
    suite_add("session", "the cookie is found", the_cookie_is_found);
    suite_add("session", "it is set out of reach of scripts", it_is_set_out_of_reach_of_scripts);
    suite_add("session", "its id is shown as digits", its_id_is_shown_as_digits);
    suite_add("session", "the key has a file", the_key_has_a_file);
}
