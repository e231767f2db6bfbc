/* boxctl at the gate: with the shop, and without it. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/cluster/gate.h"
#include "tests/lib/fake_shop.h"
#include "tests/lib/suite.h"

enum {
    TICKETS = 3,
};

/* A gate's desk: files that boxctl reads, and what it said. */
struct desk {
    struct cluster cluster;
    struct gate gate;
    char codes[TICKETS][TICKET_CODE_SIZE];
    char keys[FILES_PATH_SIZE], list[FILES_PATH_SIZE];
    struct buffer said, printed;
};

/* Keeps what is answered at this path. */
static void keep(struct desk *desk, const char *path, char *file, const char *name)
{
    CU_ASSERT_EQUAL_FATAL(gate_ask(&desk->gate, "GET", path, NULL), 200);
    files_path(file, desk->cluster.dir, name);
    files_write(file, desk->gate.response.body.data, desk->gate.response.body.length);
}

static void desk_open(struct desk *desk)
{
    char path[GATE_PATH_SIZE];
    *desk = (struct desk){0};
    cluster_open(&desk->cluster, 100, 2);
    gate_open(&desk->gate, &desk->cluster, "Office");
    gate_buy(&desk->gate, TICKETS, path);
    CU_ASSERT_EQUAL_FATAL(gate_codes(&desk->gate, path, desk->codes, TICKETS), TICKETS);
    keep(desk, "/keys", desk->keys, "keys.json");
}

static void desk_close(struct desk *desk)
{
    gate_close(&desk->gate);
    buffer_free(&desk->said);
    buffer_free(&desk->printed);
    cluster_close(&desk->cluster);
}

/* Runs boxctl, which is to end so, and say exactly this on stdout. */
static void expect(struct desk *desk, const char *const *argv, int status, const char *said)
{
    struct process process;
    CU_ASSERT_EQUAL(process_run(&process, desk->cluster.dir, argv, status), status);
    files_read(process.out, &desk->said);
    CU_ASSERT_STRING_EQUAL(buffer_text(&desk->said), said);
}

static void check_in(struct desk *desk, const char *code, int status, const char *said)
{
    const char *const argv[] = {"boxctl",       "check-in",
                                "--shop",       desk->cluster.url,
                                "--token-file", desk->cluster.token_file,
                                "--gate",       "North",
                                "--event",      "demo",
                                code,           NULL};
    expect(desk, argv, status, said);
}

static void with_the_shop(void)
{
    static struct desk desk;
    struct process process;
    desk_open(&desk);
    check_in(&desk, desk.codes[0], 0, "OK  demo standard 1\n");
    check_in(&desk, "no-code", 1, "NO  This is no valid ticket. (422 invalid_code)\n");
    const char *const again[] = {"boxctl",
                                 "check-in",
                                 "--shop",
                                 desk.cluster.url,
                                 "--token-file",
                                 desk.cluster.token_file,
                                 "--gate",
                                 "South",
                                 desk.codes[0],
                                 desk.codes[1],
                                 NULL};
    CU_ASSERT_EQUAL(process_run(&process, desk.cluster.dir, again, 1), 1);
    files_read(process.out, &desk.said);
    static const char before[] = "NO  demo standard 1: used before, at 20";
    CU_ASSERT_EQUAL(strncmp(buffer_text(&desk.said), before, sizeof before - 1), 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(desk.said.data, "Z, North\nOK  demo standard 2\n"));
    desk_close(&desk);
}

/* Which is upgraded after the gate. */
static void with_an_older_shop(void)
{
    struct fake_shop shop = {.fault = SHOP_NAMES_NO_TICKET};
    struct process process;
    struct buffer said = {0};
    char directory[FILES_PATH_SIZE], token[FILES_PATH_SIZE];
    files_directory(directory);
    files_path(token, directory, "token");
    files_write(token, "bo_1", 4);
    CU_ASSERT_EQUAL(chmod(token, 0600), 0);
    fake_shop_open(&shop);
    const char *const argv[] = {"boxctl", "check-in", "--shop", shop.url, "--token-file",
                                token,    "--gate",   "South",  "code",   NULL};
    process_run(&process, directory, argv, 1);
    files_read(process.out, &said);
    CU_ASSERT_STRING_EQUAL(buffer_text(&said), "NO  used before, at 2031-03-20T19:00:00Z, North\n");
    buffer_free(&said);
    fake_shop_close(&shop);
    files_remove(directory);
}

/* As boxctl gets it: the answer itself. */
static void keep_list(struct desk *desk)
{
    struct process process;
    const char *const argv[] = {
        "boxctl", "ticket",          "list",         "demo",
        "--shop", desk->cluster.url, "--token-file", desk->cluster.token_file,
        NULL};
    keep(desk, "/events/demo/tickets.csv", desk->list, "list.csv");
    files_read(desk->list, &desk->said);
    CU_ASSERT_EQUAL(process_run(&process, desk->cluster.dir, argv, 0), 0);
    files_read(process.out, &desk->printed);
    CU_ASSERT_STRING_EQUAL(buffer_text(&desk->printed), buffer_text(&desk->said));
}

static void without_the_shop(void)
{
    static struct desk desk;
    desk_open(&desk);
    CU_ASSERT_EQUAL(gate_check_in(&desk.gate, desk.codes[1], NULL, NULL), 200);
    keep_list(&desk);
    const char *const by_keys[] = {"boxctl",      "ticket",      "verify", "--keys", desk.keys,
                                   desk.codes[0], desk.codes[1], "bad",    NULL};
    expect(&desk, by_keys, 1, "OK  demo standard 1\nOK  demo standard 2\nNO  not a ticket\n");
    const char *const by_list[] = {"boxctl", "ticket",  "verify",      "--keys",      desk.keys,
                                   "--list", desk.list, desk.codes[0], desk.codes[1], NULL};
    expect(&desk, by_list, 1, "OK  demo standard 1\nNO  demo standard 2: checked_in\n");
    desk_close(&desk);
}

/* Let in at most once by one gate: in a run by itself, and over runs by its file. */
static void without_the_shop_once(void)
{
    static struct desk desk;
    static const char before[] = "NO  demo standard 1: used before, at 20";
    struct process process;
    struct stat status;
    char file[FILES_PATH_SIZE];
    desk_open(&desk);
    files_path(file, desk.cluster.dir, "seen.csv");
    const char *const twice[] = {"boxctl",  "ticket",      "verify",      "--keys",
                                 desk.keys, desk.codes[0], desk.codes[0], NULL};
    CU_ASSERT_EQUAL(process_run(&process, desk.cluster.dir, twice, 1), 1);
    files_read(process.out, &desk.said);
    CU_ASSERT_PTR_NOT_NULL(strstr(buffer_text(&desk.said),
                                  "OK  demo standard 1\nNO  demo standard 1: used before, at 20"));
    const char *const kept[] = {"boxctl", "ticket", "verify",      "--keys", desk.keys,
                                "--seen", file,     desk.codes[0], NULL};
    expect(&desk, kept, 0, "OK  demo standard 1\n");
    CU_ASSERT_EQUAL(process_run(&process, desk.cluster.dir, kept, 1), 1);
    files_read(process.out, &desk.said);
    CU_ASSERT_EQUAL(strncmp(buffer_text(&desk.said), before, sizeof before - 1), 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(desk.said.data, "Z, here\n"));
    CU_ASSERT_EQUAL(stat(file, &status), 0);
    CU_ASSERT_EQUAL(status.st_mode & 0777, 0600);
    desk_close(&desk);
}

static void keys_are_rotated_and_retired(void)
{
    static struct desk desk;
    struct process process;
    char first[TICKET_KEY_ID_SIZE];
    desk_open(&desk);
    files_read(desk.keys, &desk.said);
    const char *kid = strstr(buffer_text(&desk.said), "\"kid\":\"");
    CU_ASSERT_PTR_NOT_NULL_FATAL(kid);
    snprintf(first, sizeof first, "%s", kid + strlen("\"kid\":\""));
    const char *const rotate[] = {"boxctl",
                                  "key",
                                  "rotate",
                                  "--shop",
                                  desk.cluster.url,
                                  "--token-file",
                                  desk.cluster.token_file,
                                  NULL};
    const char *const retire[] = {"boxctl",
                                  "key",
                                  "retire",
                                  first,
                                  "--shop",
                                  desk.cluster.url,
                                  "--token-file",
                                  desk.cluster.token_file,
                                  NULL};
    const char *const list[] = {"boxctl", "key", "list", "--shop", desk.cluster.url, NULL};
    CU_ASSERT_EQUAL(process_run(&process, desk.cluster.dir, retire, 1), 1);
    CU_ASSERT_EQUAL(process_run(&process, desk.cluster.dir, rotate, 0), 0);
    CU_ASSERT_EQUAL(process_run(&process, desk.cluster.dir, retire, 0), 0);
    CU_ASSERT_EQUAL(process_run(&process, desk.cluster.dir, list, 0), 0);
    files_read(process.out, &desk.said);
    CU_ASSERT_PTR_NOT_NULL(strstr(buffer_text(&desk.said), "signs"));
    CU_ASSERT_PTR_NULL(strstr(desk.said.data, first));
    desk_close(&desk);
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("tickets_boxctl", "with_the_shop", with_the_shop);
    suite_add("tickets_boxctl", "with_an_older_shop", with_an_older_shop);
    suite_add("tickets_boxctl", "without_the_shop", without_the_shop);
    suite_add("tickets_boxctl", "without_the_shop_once", without_the_shop_once);
    suite_add("tickets_boxctl", "keys_are_rotated_and_retired", keys_are_rotated_and_retired);
}
