#include "balancer/message.h"

#include <string.h>

#include "tests/lib/suite.h"

static struct message message;

static enum message_kind kind_of(const char *text)
{
    message_read(text, &message);
    return message.kind;
}

static void messages_say_what_they_spell(void)
{
    CU_ASSERT_EQUAL(kind_of("server server-1 [::1]:8090 4711 3"), MESSAGE_SERVER);
    CU_ASSERT_STRING_EQUAL(message.id, "server-1");
    CU_ASSERT_STRING_EQUAL(message.address, "[::1]:8090");
    CU_ASSERT_EQUAL(message.pid, 4711);
    CU_ASSERT_EQUAL(message.restarts, 3);
    CU_ASSERT_EQUAL(kind_of("gone server-2 12 process 7 killed by signal 9"), MESSAGE_GONE);
    CU_ASSERT_STRING_EQUAL(message.id, "server-2");
    CU_ASSERT_EQUAL(message.restarts, 12);
    CU_ASSERT_STRING_EQUAL(message.why, "process 7 killed by signal 9");
    CU_ASSERT_EQUAL(kind_of("up 3"), MESSAGE_UP);
    CU_ASSERT_EQUAL(message.up, 3);
    CU_ASSERT_EQUAL(kind_of("ready 127.0.0.1:8090 12"), MESSAGE_READY);
    CU_ASSERT_STRING_EQUAL(message.address, "127.0.0.1:8090");
    CU_ASSERT_EQUAL(kind_of("stalled 2147483647"), MESSAGE_STALLED);
    CU_ASSERT_EQUAL(message.pid, 2147483647);
    CU_ASSERT_EQUAL(kind_of("refused x.json:3: no pool is named \"files\""), MESSAGE_REFUSED);
    CU_ASSERT_STRING_EQUAL(message.reason, "x.json:3: no pool is named \"files\"");
}

static void some_are_one_word(void)
{
    CU_ASSERT_EQUAL(kind_of("lead"), MESSAGE_LEAD);
    CU_ASSERT_EQUAL(kind_of("drain"), MESSAGE_DRAIN);
    CU_ASSERT_EQUAL(kind_of("stop"), MESSAGE_STOP);
    CU_ASSERT_EQUAL(kind_of("serving"), MESSAGE_SERVING);
    CU_ASSERT_EQUAL(kind_of("quiet"), MESSAGE_QUIET);
    CU_ASSERT_EQUAL(kind_of("reload"), MESSAGE_RELOAD);
    CU_ASSERT_EQUAL(kind_of("upgrade"), MESSAGE_UPGRADE);
    CU_ASSERT_EQUAL(kind_of("fit"), MESSAGE_FIT);
}

static void some_name_a_server_and_no_more(void)
{
    static const struct {
        const char *text;
        enum message_kind kind;
    } rows[] = {{"retired server-1", MESSAGE_RETIRED},
                {"start server-1", MESSAGE_START},
                {"retire server-1", MESSAGE_RETIRE},
                {"renew server-1", MESSAGE_RENEW}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        CU_ASSERT_EQUAL(kind_of(rows[i].text), rows[i].kind);
        CU_ASSERT_STRING_EQUAL(message.id, "server-1");
    }
}

/* A process -1 would be all of them, 0 our own group. */
static bool is_empty(void)
{
    return message.id[0] == '\0' && message.address[0] == '\0' && message.why[0] == '\0' &&
           message.reason[0] == '\0' && message.pid == 0 && message.up == 0 &&
           message.restarts == 0;
}

static void what_is_spelled_otherwise_says_nothing(void)
{
    static const char *const others[] = {"",
                                         "stop ",
                                         "stopped",
                                         "stalled -1",
                                         "stalled 0",
                                         "stalled 2147483648",
                                         "stalled",
                                         "stalled 1 2",
                                         "up",
                                         "up -1",
                                         "up x",
                                         "up 99999999999999999999",
                                         "ready a",
                                         "ready  1",
                                         "ready a b",
                                         "gone",
                                         "gone server-1",
                                         "gone server-1 ",
                                         "gone server-1 why",
                                         "gone server-1 3",
                                         "gone server-1 3 ",
                                         "gone server-1 -3 why",
                                         "gone server-1 3why",
                                         "gone server-1 9999999999999999999 why",
                                         "server a",
                                         "server a b 0 1",
                                         "server a b 1",
                                         "server a b 1 ",
                                         "server a b 1 x",
                                         "server a b 1 1 1",
                                         "server A b 1 1",
                                         "retired",
                                         "retired ",
                                         "retired server-1 ",
                                         "start Server",
                                         "renew server-1 now",
                                         "retire  server-1",
                                         "lead on",
                                         "refused",
                                         "refused "};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        CU_ASSERT_EQUAL(kind_of(others[i]), MESSAGE_UNKNOWN);
        CU_ASSERT(is_empty());
    }
}

static void a_long_reason_is_cut(void)
{
    char text[400] = "gone server-1 1 ";
    memset(text + strlen(text), 'x', 300);
    CU_ASSERT_EQUAL(kind_of(text), MESSAGE_GONE);
    CU_ASSERT_EQUAL(strlen(message.why), ROUTING_WHY_SIZE - 1);
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("message", "messages say what they spell", messages_say_what_they_spell);
    suite_add("message", "some are one word", some_are_one_word);
    suite_add("message", "some name a server and no more", some_name_a_server_and_no_more);
    suite_add("message", "what is spelled otherwise says nothing",
              what_is_spelled_otherwise_says_nothing);
    suite_add("message", "a long reason is cut", a_long_reason_is_cut);
}
