/* The organisers' commands of boxctl: what they do, what they print, how they exit. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/cluster/organiser.h"
#include "tests/lib/suite.h"

enum {
    WORDS_MAX = 20,
};

static struct organiser box;
static struct process process;
static struct buffer text;
static const char *token_file;

static void run(int status, const char *const words[WORDS_MAX])
{
    const char *argv[5 + WORDS_MAX + 1] = {"boxctl", "--shop", box.cluster.url, "--token-file",
                                           token_file};
    for (int i = 0; i < WORDS_MAX && words[i] != NULL; i++)
        argv[5 + i] = words[i];
    process_run(&process, box.cluster.dir, argv, status);
}

#define RUN(status, ...) run(status, (const char *const[WORDS_MAX]){__VA_ARGS__})

static void expect_in(const char *file, const char *due)
{
    files_read(file, &text);
    bool fine = strstr(buffer_text(&text), due) != NULL;
    CU_ASSERT(fine);
    if (!fine)
        printf("  %s lacks: %s\n", buffer_text(&text), due);
}

#define PRINTED(due)    expect_in(process.out, due)
#define COMPLAINED(due) expect_in(process.err, due)

static void open_box(void)
{
    organiser_open(&box, 10);
    token_file = box.cluster.token_file;
}

static void close_box(void)
{
    buffer_free(&text);
    organiser_close(&box);
}

static void events_are_made_and_changed(void)
{
    open_box();
    RUN(0, "event", "create", "gala", "--tier", "standard:50:25.00EUR", "--tier",
        "vip:10:99.00EUR:2", "--title", "春のガラ", "--zone", "UTC", "--starts",
        "2031-03-20T20:00:00+01:00", "--buyer-limit", "4", "--hold", "2m", "--waiting-list");
    PRINTED("gala: 春のガラ\n");
    PRINTED("2031-03-20 19:00 UTC\n");
    PRINTED("120 s\n");
    PRINTED("\nvip       99.00 EUR      2        10     0     0     0    10  ····");
    RUN(1, "event", "create", "gala", "--tier", "a:1:1EUR");
    COMPLAINED("409 event_exists");
    RUN(0, "event", "list");
    PRINTED("\ngala   2031-03-20 19:00 UTC        60     0     0    60  open  春のガラ\n");
    RUN(0, "event", "change", "gala", "--title", "Η γιορτή", "--buyer-limit", "none");
    PRINTED("gala: Η γιορτή\n");
    PRINTED("buyer limit  none\n");
    RUN(0, "event", "close", "gala");
    PRINTED("  sale         closed\n");
    RUN(0, "event", "list");
    PRINTED("  closed  Η γιορτή\n");
    RUN(0, "event", "open", "gala");
    PRINTED("  sale         open\n");
    RUN(0, "event", "change", "gala", "--sale-from", "2031-01-01T00:00:00Z");
    PRINTED("  sale         not yet\n");
    RUN(0, "tier", "add", "gala", "child:5:5.00EUR");
    PRINTED("child of gala: 5.00 EUR, 5 tickets, at most 10 in one order\n");
    RUN(0, "tier", "change", "gala", "child", "--price", "6.50EUR", "--capacity", "7");
    PRINTED("child of gala: 6.50 EUR, 7 tickets");
    RUN(1, "tier", "change", "gala", "child", "--price", "650JPY");
    COMPLAINED("gala sells in EUR");
    RUN(0, "--json", "event", "show", "gala");
    PRINTED("{\"event\":\"gala\",\"title\":\"Η γιορτή\"");
    close_box();
}

static void a_file_says_all_of_an_event(void)
{
    static const char json[] = "{\"name\":\"filed\",\"tiers\":[{\"name\":\"a\",\"price\":100,"
                               "\"currency\":\"EUR\",\"capacity\":5}]}";
    char path[FILES_PATH_SIZE];
    open_box();
    files_path(path, box.cluster.dir, "event.json");
    files_write(path, json, strlen(json));
    RUN(0, "event", "create", "--file", path);
    PRINTED("filed: filed\n");
    files_write(path, "{}", 2);
    RUN(1, "event", "create", "--file", path);
    COMPLAINED("400 malformed");
    RUN(1, "event", "create", "--file", "/nowhere/event.json");
    COMPLAINED("cannot be read");
    close_box();
}

static void sales_are_listed_exported_and_refunded(void)
{
    char id[ID_TEXT_SIZE];
    open_box();
    organiser_buy(&box, "event=demo&quantity=2&buyer=%3D1%2B2", 201, "");
    organiser_take(&box, "id", id, sizeof id);
    RUN(0, "orders", "demo");
    PRINTED(id);
    PRINTED("sold   50.00 EUR  =1+2\n");
    RUN(0, "export", "demo");
    PRINTED("order,event,tier,quantity,state");
    PRINTED(",2,sold,1,2,5000,EUR,'=1+2,");
    RUN(0, "refund", "demo", id);
    PRINTED("is refunded: 2 tickets (50.00 EUR in all) are free again; a payment");
    PRINTED("`boxctl owed demo`\n");
    RUN(0, "orders", "demo");
    PRINTED("refunded");
    PRINTED("Z  standard  ");
    organiser_buy(&box, "event=demo", 201, "");
    organiser_take(&box, "id", id, sizeof id);
    RUN(0, "refund", "demo", id);
    PRINTED("is refunded: 1 ticket (25.00 EUR) is free again; ");
    RUN(0, "owed", "demo");
    PRINTED("ORDER  SINCE  AMOUNT");
    RUN(1, "settle", "demo", id, "pay-1");
    COMPLAINED("No payment of this order");
    RUN(1, "export", "nope");
    COMPLAINED("404 no_such_event");
    RUN(2, "refund", "demo", "nonsense");
    close_box();
}

static void tokens_do_what_they_are_for(void)
{
    char id[ID_TEXT_SIZE], path[FILES_PATH_SIZE];
    open_box();
    RUN(0, "token", "create", "--scope", "sales,check-in", "--name", "Gate 5");
    COMPLAINED("it is told only now");
    files_path(path, box.cluster.dir, "gate.token");
    files_read(process.out, &text);
    CU_ASSERT_EQUAL(strncmp(buffer_text(&text), "bo_", 3), 0);
    files_write(path, text.data, text.length);
    RUN(0, "token", "list");
    PRINTED("Z  no       sales,check-in  Gate 5\n");
    snprintf(id, sizeof id, "%.36s", strstr(buffer_text(&text), "\n") + 1);
    token_file = path;
    RUN(1, "orders", "demo");
    COMPLAINED("chmod 600");
    CU_ASSERT_EQUAL(chmod(path, 0600), 0);
    RUN(0, "orders", "demo");
    RUN(1, "event", "close", "demo");
    COMPLAINED("403 forbidden");
    token_file = box.cluster.token_file;
    RUN(0, "token", "revoke", id);
    PRINTED("is revoked\n");
    token_file = path;
    RUN(1, "orders", "demo");
    COMPLAINED("does not take the token");
    close_box();
}

static void wrong_usage_says_what_is_right(void)
{
    static const char *const wrong[][WORDS_MAX] = {{"event"},
                                                   {"event", "nope"},
                                                   {"event", "create"},
                                                   {"event", "create", "a"},
                                                   {"event", "create", "a", "--file", "b"},
                                                   {"event", "create", "a", "--tier", "b"},
                                                   {"event", "create", "a/b", "--tier", "b:1:1EUR"},
                                                   {"event", "show"},
                                                   {"event", "show", "../tokens"},
                                                   {"event", "list", "more"},
                                                   {"event", "change", "a", "--hold", "1"},
                                                   {"tier", "add", "demo"},
                                                   {"tier", "change", "demo", "a", "--limit", "x"},
                                                   {"orders"},
                                                   {"token", "create"},
                                                   {"token", "revoke", "x"},
                                                   {"event", "list", "--shop", "ftp://a"}};
    open_box();
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        run(2, wrong[i]);
    RUN(0, "event", "create", "--help");
    PRINTED("usage: boxctl event create NAME --tier TIER ...");
    RUN(0, "event", "--help");
    PRINTED("usage: boxctl event COMMAND\n\n  event create NAME --tier TIER ... ");
    PRINTED("`none` as a value removes a bound\n");
    RUN(0, "event", "--json", "--shop", "http://127.0.0.1:1", "--help");
    PRINTED("usage: boxctl event COMMAND\n\n  event create NAME --tier TIER ... ");
    RUN(0, "event", "--json", "list");
    PRINTED("{\"events\":[");
    RUN(0, "key", "--help");
    PRINTED("buyers load theirs anew\n");
    token_file = "/nowhere/token";
    RUN(1, "orders", "demo");
    COMPLAINED("name yours with --token-file");
    RUN(0, "event", "list"); /* which anybody may read */
    snprintf(box.cluster.url, sizeof box.cluster.url, "http://127.0.0.1:1");
    RUN(1, "event", "list");
    COMPLAINED("is this its --shop address?");
    close_box();
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("organiser_boxctl", "events_are_made_and_changed", events_are_made_and_changed);
    suite_add("organiser_boxctl", "a_file_says_all_of_an_event", a_file_says_all_of_an_event);
    suite_add("organiser_boxctl", "sales_are_listed_exported_and_refunded",
              sales_are_listed_exported_and_refunded);
    suite_add("organiser_boxctl", "tokens_do_what_they_are_for", tokens_do_what_they_are_for);
    suite_add("organiser_boxctl", "wrong_usage_says_what_is_right", wrong_usage_says_what_is_right);
}
