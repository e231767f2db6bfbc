#include "balancer/pool/members.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/lib/files.h"
#include "tests/lib/suite.h"

#define BOX(id, more)                                                                              \
    "{\"id\":\"" id "\",\"pool\":\"tickets\",\"address\":\"127.0.0.1:1\",\"weight\":1,"            \
    "\"source\":\"added\"" more "}"
#define FILE_OF(servers, drained)                                                                  \
    "{\"version\":1,\"servers\":[" servers "],\"drained\":[" drained "]}"

static struct members *new_members(void)
{
    return memory_new(sizeof(struct members));
}

static bool parse(const char *text, struct members *members, char error[JSON_ERROR_SIZE])
{
    return members_parse(text, strlen(text), members, error);
}

static struct members *two_members(void)
{
    struct members *members = new_members();
    const struct member box = {.id = "box-1",
                               .pool = "tickets",
                               .address = "127.0.0.1:9001",
                               .weight = 1,
                               .source = SOURCE_ADDED};
    const struct member files = {.id = "files-1",
                                 .pool = "files",
                                 .address = "[::1]:9002",
                                 .weight = 1000,
                                 .source = SOURCE_JOINED};
    CU_ASSERT(members_put(members, &box));
    CU_ASSERT(members_put(members, &files));
    CU_ASSERT(members_set_drained(members, "server-2", true));
    CU_ASSERT(members_set_drained(members, "box-1", true));
    return members;
}

static void expect_two(const struct members *members)
{
    CU_ASSERT_EQUAL_FATAL(members->count, 2);
    CU_ASSERT_EQUAL_FATAL(members->drained_count, 2);
    CU_ASSERT_STRING_EQUAL(members->servers[0].id, "box-1");
    CU_ASSERT_EQUAL(members->servers[0].source, SOURCE_ADDED);
    CU_ASSERT_STRING_EQUAL(members->servers[1].pool, "files");
    CU_ASSERT_STRING_EQUAL(members->servers[1].address, "[::1]:9002");
    CU_ASSERT_EQUAL(members->servers[1].weight, 1000);
    CU_ASSERT_EQUAL(members->servers[1].source, SOURCE_JOINED);
    CU_ASSERT_STRING_EQUAL(members->drained[0], "server-2");
    CU_ASSERT_STRING_EQUAL(members->drained[1], "box-1");
}

static void what_is_printed_is_read(void)
{
    struct members *members = two_members(), *again = new_members();
    struct buffer text = {0};
    char error[JSON_ERROR_SIZE];
    members_print(members, &text);
    CU_ASSERT(members_parse(buffer_text(&text), text.length, again, error));
    expect_two(again);
    buffer_free(&text);
    free(members);
    free(again);
}

static const struct bad {
    const char *text, *fragment;
} bad[] = {
    {"", ""},
    {"[]", "object"},
    {"{}", "version"},
    {"{\"version\":2,\"servers\":[],\"drained\":[]}", "version 1"},
    {"{\"version\":1,\"servers\":[]}", "drained"},
    {"{\"version\":1,\"servers\":[],\"drained\":[],\"more\":1}", "more"},
    {"{\"version\":1,\"version\":1,\"servers\":[],\"drained\":[]}", "twice"},
    {FILE_OF("", "") "x", ""},
    {FILE_OF("{}", ""), "id"},
    {FILE_OF("1", ""), ""},
    {FILE_OF(BOX("box-1", ",\"x\":1"), ""), "x"},
    {FILE_OF(BOX("box-1", "") "," BOX("box-1", ""), ""), "twice"},
    {FILE_OF(BOX("server-1", ""), ""), "id"},
    {FILE_OF(BOX("Box", ""), ""), "id"},
    {FILE_OF("{\"id\":\"a\",\"pool\":\"p\",\"address\":\"127.0.0.1:0\",\"weight\":1,"
             "\"source\":\"added\"}",
             ""),
     "address"},
    {FILE_OF("{\"id\":\"a\",\"pool\":\"p\",\"address\":\"localhost:1\",\"weight\":1,"
             "\"source\":\"added\"}",
             ""),
     "address"},
    {FILE_OF("{\"id\":\"a\",\"pool\":\"p\",\"address\":\"127.0.0.1:1\",\"weight\":0,"
             "\"source\":\"added\"}",
             ""),
     "weight"},
    {FILE_OF("{\"id\":\"a\",\"pool\":\"p\",\"address\":\"127.0.0.1:1\",\"weight\":1,"
             "\"source\":\"master\"}",
             ""),
     "source"},
    {FILE_OF("{\"id\":\"a\",\"pool\":\"P\",\"address\":\"127.0.0.1:1\",\"weight\":1,"
             "\"source\":\"added\"}",
             ""),
     "pool"},
    {FILE_OF("", "\"a\",\"a\""), "twice"},
    {FILE_OF("", "\"A\""), "id"},
    {FILE_OF("", "1"), ""},
};

static void bad_files_are_refused(void)
{
    struct members *members = new_members();
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char error[JSON_ERROR_SIZE] = "";
        bool read = parse(bad[i].text, members, error);
        CU_ASSERT_FALSE(read);
        CU_ASSERT_PTR_NOT_NULL(strstr(error, bad[i].fragment));
        CU_ASSERT_EQUAL(members->count + members->drained_count, 0);
        if (read || strstr(error, bad[i].fragment) == NULL)
            printf("  %s: %s\n", bad[i].text, error);
    }
    free(members);
}

static void there_is_an_end_to_it(void)
{
    struct members *members = new_members();
    struct member member = {.weight = 1};
    for (int i = 0; i < MEMBERS_MAX; i++) {
        snprintf(member.id, sizeof member.id, "box-%d", i);
        CU_ASSERT(members_put(members, &member));
        CU_ASSERT(members_set_drained(members, member.id, true));
    }
    CU_ASSERT(members_put(members, &member)); /* in its own place */
    strcpy(member.id, "one-more");
    CU_ASSERT_FALSE(members_put(members, &member));
    CU_ASSERT_FALSE(members_set_drained(members, "one-more", true));
    CU_ASSERT(members_set_drained(members, "one-more", false));
    members_remove(members, "box-0");
    CU_ASSERT_FALSE(members_drained(members, "box-0"));
    CU_ASSERT_STRING_EQUAL(members->servers[0].id, "box-1"); /* in order */
    CU_ASSERT_STRING_EQUAL(members->drained[0], "box-1");
    CU_ASSERT(members_drained(members, "box-1023"));
    members_remove(members, "box-1023");
    members_remove(members, "nobody");
    CU_ASSERT_EQUAL(members->count, MEMBERS_MAX - 2);
    CU_ASSERT_EQUAL(members->drained_count, MEMBERS_MAX - 2);
    CU_ASSERT(members_put(members, &member));
    free(members);
}

/* --- the file ------------------------------------------------------------------------------------ */

struct place {
    char dir[FILES_PATH_SIZE], file[FILES_PATH_SIZE], aside[FILES_PATH_SIZE];
    struct members *members;
};

static void place_open(struct place *place)
{
    files_directory(place->dir);
    files_path(place->file, place->dir, "members.json");
    files_path(place->aside, place->dir, "members.json.damaged");
    place->members = new_members();
}

static void place_close(struct place *place)
{
    free(place->members);
    files_remove(place->dir);
}

static void a_file_is_kept_private(void)
{
    struct place place;
    struct stat about;
    place_open(&place);
    CU_ASSERT_EQUAL(members_load(place.members, place.file, true), MEMBERS_ABSENT);
    CU_ASSERT_EQUAL(place.members->count, 0);
    CU_ASSERT_NOT_EQUAL(access(place.aside, F_OK), 0);
    struct members *two = two_members();
    CU_ASSERT(members_save(two, place.file));
    CU_ASSERT(members_save(two, place.file)); /* over the one before */
    free(two);
    CU_ASSERT_EQUAL(stat(place.file, &about), 0);
    CU_ASSERT_EQUAL(about.st_mode & 0777, 0600);
    members_load(place.members, place.file, true);
    expect_two(place.members);
    place_close(&place);
}

static void what_cannot_be_written_leaves_the_file(void)
{
    struct place place;
    char beside[FILES_PATH_SIZE];
    place_open(&place);
    struct members *two = two_members();
    CU_ASSERT(members_save(two, place.file));
    files_path(beside, place.dir, "members.json.new");
    CU_ASSERT_EQUAL(mkdir(beside, 0755), 0); /* in the way */
    members_remove(two, "box-1");
    CU_ASSERT_FALSE(members_save(two, place.file));
    CU_ASSERT_EQUAL(errno, EEXIST);
    members_load(place.members, place.file, true);
    expect_two(place.members);
    files_path(beside, place.dir, "none/members.json");
    CU_ASSERT_FALSE(members_save(two, beside));
    CU_ASSERT_EQUAL(errno, ENOENT);
    free(two);
    place_close(&place);
}

static void a_damaged_file_is_put_aside(void)
{
    static const char damaged[] = "{\"version\":1,\"serv";
    struct place place;
    struct buffer text = {0};
    place_open(&place);
    files_write(place.file, damaged, sizeof damaged - 1);
    CU_ASSERT_EQUAL(members_load(place.members, place.file, false), MEMBERS_DAMAGED);
    CU_ASSERT_EQUAL(access(place.file, F_OK), 0); /* another router leads */
    CU_ASSERT_EQUAL(members_load(place.members, place.file, true), MEMBERS_DAMAGED);
    CU_ASSERT_EQUAL(place.members->count, 0);
    CU_ASSERT_NOT_EQUAL(access(place.file, F_OK), 0);
    files_read(place.aside, &text);
    CU_ASSERT_STRING_EQUAL(buffer_text(&text), damaged);
    buffer_free(&text);
    place_close(&place);
}

static void a_long_file_is_not_read(void)
{
    struct place place;
    char *spaces = memory_new(MEMBERS_FILE_MAX + 1);
    place_open(&place);
    memset(spaces, ' ', MEMBERS_FILE_MAX + 1);
    memcpy(spaces, FILE_OF("", ""), strlen(FILE_OF("", "")));
    files_write(place.file, spaces, MEMBERS_FILE_MAX);
    members_load(place.members, place.file, true);
    CU_ASSERT_EQUAL(access(place.file, F_OK), 0);
    files_write(place.file, spaces, MEMBERS_FILE_MAX + 1);
    members_load(place.members, place.file, true);
    CU_ASSERT_EQUAL(access(place.aside, F_OK), 0);
    free(spaces);
    place_close(&place);
}

static void what_is_no_file_stays_where_it_is(void)
{
    struct place place;
    place_open(&place);
    CU_ASSERT_EQUAL(mkdir(place.file, 0755), 0);
    CU_ASSERT_EQUAL(members_load(place.members, place.file, true), MEMBERS_UNREAD);
    CU_ASSERT_EQUAL(errno, EISDIR);
    CU_ASSERT_EQUAL(place.members->count, 0);
    CU_ASSERT_EQUAL(access(place.file, F_OK), 0);
    place_close(&place);
}

/* --- the list follows ---------------------------------------------------------------------------- */

static struct servers servers;

static struct server server_of(const char *id)
{
    struct server server = {.state = SERVER_NEW};
    servers_find(&servers, id, &server);
    return server;
}

static void the_list_follows(void)
{
    struct members *before = two_members(), *now = new_members();
    struct pool_rules rules = pool_rules_default(false);
    servers_init(&servers);
    servers_pool_add(&servers, "files", &rules);
    CU_ASSERT(servers_joined(&servers, "server-2", "127.0.0.1:3", 7));
    members_apply(NULL, before, &servers, false);
    CU_ASSERT_EQUAL(server_of("box-1").source, SOURCE_ADDED);
    CU_ASSERT(server_of("box-1").health.drain);
    CU_ASSERT_EQUAL(server_of("files-1").pool, 1);
    CU_ASSERT_EQUAL(server_of("files-1").weight, 1000);
    CU_ASSERT(server_of("server-2").health.drain);
    *now = *before;
    members_remove(now, "box-1");
    members_set_drained(now, "server-2", false);
    strcpy(now->servers[0].address, "127.0.0.1:9009");
    members_apply(before, now, &servers, false);
    CU_ASSERT_EQUAL(server_of("box-1").state, SERVER_NEW);
    CU_ASSERT_FALSE(server_of("server-2").health.drain);
    CU_ASSERT_STRING_EQUAL(server_of("files-1").address, "127.0.0.1:9009");
    CU_ASSERT_EQUAL(server_of("files-1").weight, 1000);
    servers_free(&servers);
    free(before);
    free(now);
}

/* With another weight it is another server: once the one before has left, for which somebody looks again. */
static void who_changes_comes_back_once_it_has_left(void)
{
    struct members *before = two_members(), *now = new_members();
    servers_init(&servers);
    members_apply(NULL, before, &servers, false);
    size_t index = servers_find(&servers, "box-1", NULL);
    CU_ASSERT_FATAL(index != SERVER_NONE);
    servers.list[index].busy = 1;
    *now = *before;
    members_find(now, "box-1")->weight = 7;
    members_apply(before, now, &servers, false);
    CU_ASSERT(server_of("box-1").health.leave);
    CU_ASSERT_EQUAL(members_settle(now, &servers, false), 0);
    struct routing_done done = {.request = "r", .status = 200, .how = END_ANSWERED};
    servers_done(&servers, index, &done);
    CU_ASSERT_EQUAL(server_of("box-1").state, SERVER_NEW);
    CU_ASSERT_EQUAL(members_settle(now, &servers, false), 1);
    CU_ASSERT_EQUAL(server_of("box-1").weight, 7);
    CU_ASSERT(server_of("box-1").health.drain);
    CU_ASSERT_EQUAL(members_settle(now, &servers, false), 0);
    servers_free(&servers);
    free(before);
    free(now);
}

/* Of a pool that is not configured any more, say; it may be again. */
static void who_has_no_place_is_left_out(void)
{
    struct members *members = two_members();
    servers_init(&servers);
    strcpy(members->servers[0].address, "192.0.2.1:1");
    members_apply(NULL, members, &servers, false);
    CU_ASSERT_EQUAL(servers_count(&servers), 0);
    members_apply(NULL, members, &servers, true);
    CU_ASSERT_EQUAL(server_of("box-1").state, SERVER_JOINING);
    CU_ASSERT_EQUAL(servers_count(&servers), 1); /* there is no pool files */
    servers_free(&servers);
    free(members);
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("members", "what is printed is read", what_is_printed_is_read);
    suite_add("members", "bad files are refused", bad_files_are_refused);
    suite_add("members", "there is an end to it", there_is_an_end_to_it);
    suite_add("members", "a file is kept private", a_file_is_kept_private);
    suite_add("members", "what cannot be written leaves the file",
              what_cannot_be_written_leaves_the_file);
    suite_add("members", "a damaged file is put aside", a_damaged_file_is_put_aside);
    suite_add("members", "a long file is not read", a_long_file_is_not_read);
    suite_add("members", "what is no file stays where it is", what_is_no_file_stays_where_it_is);
    suite_add("members", "the list follows", the_list_follows);
    suite_add("members", "who changes comes back once it has left",
              who_changes_comes_back_once_it_has_left);
    suite_add("members", "who has no place is left out", who_has_no_place_is_left_out);
}
