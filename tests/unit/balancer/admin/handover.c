/* A router that comes to lead follows what the one before it has kept. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/lib/suite.h"
#include "tests/unit/balancer/admin/office.h"

enum {
    SECONDS = 20,
};

#define BOX "{\"id\":\"box-1\",\"url\":\"http://127.0.0.1:9001\"}"

#define OTHER_FILE                                                                                 \
    "{\"version\":1,\"servers\":[{\"id\":\"box-2\",\"pool\":\"tickets\","                          \
    "\"address\":\"127.0.0.1:9002\",\"weight\":1,\"source\":\"added\"}],\"drained\":[]}"

static void lead_again(void)
{
    admin_quiesce(office.admin);
    http_close(office.admin->http);
    CU_ASSERT(admin_lead(office.admin, socket_listen("127.0.0.1:0"), 4));
}

/* A router that was there before the other changed the file follows it when it comes to lead. */
static void who_leads_follows_the_file(void)
{
    office_open(1);
    CU_ASSERT_EQUAL(office_ask("POST", "/servers", BOX), 201);
    CU_ASSERT_EQUAL(office_ask("PATCH", "/servers/server-1", "{\"state\":\"drain\"}"), 200);
    held_loop_hold(&office.held);
    files_write(office.members, OTHER_FILE, sizeof OTHER_FILE - 1);
    lead_again();
    held_loop_free(&office.held);
    CU_ASSERT_EQUAL(office_server("box-1").state, SERVER_NEW);
    CU_ASSERT_EQUAL(office_server("box-2").state, SERVER_JOINING);
    CU_ASSERT_EQUAL(office_server("server-1").state, SERVER_UP);
    office_close();
}

/* The servers it held are known, and serve. */
static void a_damaged_file_throws_nobody_out(void)
{
    office_open(1);
    CU_ASSERT_EQUAL(office_ask("POST", "/servers", BOX), 201);
    CU_ASSERT_EQUAL(office_ask("PATCH", "/servers/server-1", "{\"state\":\"drain\"}"), 200);
    held_loop_hold(&office.held);
    files_write(office.members, "{", 1);
    lead_again();
    held_loop_free(&office.held);
    CU_ASSERT_EQUAL(office_server("box-1").state, SERVER_JOINING);
    CU_ASSERT(office_server("server-1").health.drain);
    CU_ASSERT_PTR_NOT_NULL(strstr(office_file(), "box-1")); /* for whoever leads next */
    CU_ASSERT_PTR_NOT_NULL(strstr(office_file(), "server-1"));
    office_close();
}

static bool has_read(void *context)
{
    (void)context;
    return !office.admin->unread;
}

/* Not to be read for the moment: it may be as good as ever. (A folder can be opened and not read, by root
 * too.) */
static void an_unreadable_file_stays_and_is_read_later(void)
{
    char beside[FILES_PATH_SIZE];
    office_open(1);
    CU_ASSERT_EQUAL(office_ask("POST", "/servers", BOX), 201);
    held_loop_hold(&office.held);
    files_path(beside, office.dir, "beside.json");
    CU_ASSERT_EQUAL(rename(office.members, beside), 0);
    CU_ASSERT_EQUAL(mkdir(office.members, 0700), 0);
    lead_again();
    CU_ASSERT_EQUAL(office_server("box-1").state, SERVER_JOINING);
    CU_ASSERT(office.admin->unread);
    CU_ASSERT_EQUAL(access(office.members, F_OK), 0);
    CU_ASSERT_EQUAL(rmdir(office.members), 0);
    files_write(office.members, OTHER_FILE, sizeof OTHER_FILE - 1);
    CU_ASSERT(held_loop_until(&office.held, has_read, NULL, SECONDS));
    CU_ASSERT_EQUAL(office_server("box-1").state, SERVER_NEW);
    CU_ASSERT_EQUAL(office_server("box-2").state, SERVER_JOINING);
    held_loop_free(&office.held);
    office_close();
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("handover of members", "who leads follows the file", who_leads_follows_the_file);
    suite_add("handover of members", "a damaged file throws nobody out",
              a_damaged_file_throws_nobody_out);
    suite_add("handover of members", "an unreadable file stays and is read later",
              an_unreadable_file_stays_and_is_read_later);
}
