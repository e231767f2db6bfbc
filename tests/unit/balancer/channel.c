#include "balancer/channel.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/lib/suite.h"

static int ends[2];
static char message[MESSAGE_SIZE];

static void open_channel(void)
{
    CU_ASSERT_FATAL(channel_open(ends));
}

static void close_channel(void)
{
    close(ends[0]);
    close(ends[1]);
}

static void messages_come_whole_and_in_order(void)
{
    open_channel();
    CU_ASSERT_EQUAL(channel_receive(ends[1], message), CHANNEL_EMPTY);
    channel_send(ends[0], "server %s %s %d", "server-1", "127.0.0.1:9", 41);
    channel_send(ends[0], "stop");
    channel_send(ends[0], "%s", "");
    channel_send(ends[1], "up 1"); /* and the other way */
    CU_ASSERT_EQUAL(channel_receive(ends[1], message), CHANNEL_MESSAGE);
    CU_ASSERT_STRING_EQUAL(message, "server server-1 127.0.0.1:9 41");
    CU_ASSERT_EQUAL(channel_receive(ends[1], message), CHANNEL_MESSAGE);
    CU_ASSERT_STRING_EQUAL(message, "stop");
    CU_ASSERT_EQUAL(channel_receive(ends[1], message), CHANNEL_MESSAGE);
    CU_ASSERT_STRING_EQUAL(message, "");
    CU_ASSERT_EQUAL(channel_receive(ends[1], message), CHANNEL_EMPTY);
    CU_ASSERT_EQUAL(channel_receive(ends[0], message), CHANNEL_MESSAGE);
    CU_ASSERT_STRING_EQUAL(message, "up 1");
    close_channel();
}

static void a_long_message_is_cut(void)
{
    char text[2 * MESSAGE_SIZE];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    open_channel();
    for (size_t length = MESSAGE_SIZE - 4; length < MESSAGE_SIZE + 4; length++) {
        channel_send(ends[0], "%.*s", (int)length, text);
        CU_ASSERT_EQUAL(channel_receive(ends[1], message), CHANNEL_MESSAGE);
        CU_ASSERT_EQUAL(strlen(message), length < MESSAGE_SIZE - 2 ? length : MESSAGE_SIZE - 2);
    }
    close_channel();
}

static void lines_end_with_a_newline_on_the_wire(void)
{
    char raw[32] = "";
    open_channel();
    channel_send(ends[0], "gone %s", "server-1 why");
    CU_ASSERT_EQUAL(recv(ends[1], raw, sizeof raw, 0), 18);
    CU_ASSERT_STRING_EQUAL(raw, "gone server-1 why\n");
    CU_ASSERT_EQUAL(send(ends[1], "ready\nrest", 10, 0), 10);
    CU_ASSERT_EQUAL(channel_receive(ends[0], message), CHANNEL_MESSAGE);
    CU_ASSERT_STRING_EQUAL(message, "ready");
    close_channel();
}

static void the_end_is_told_after_what_was_sent(void)
{
    open_channel();
    channel_send(ends[0], "last words");
    close(ends[0]);
    CU_ASSERT_EQUAL(channel_receive(ends[1], message), CHANNEL_MESSAGE);
    CU_ASSERT_STRING_EQUAL(message, "last words");
    CU_ASSERT_EQUAL(channel_receive(ends[1], message), CHANNEL_ENDED);
    channel_send(ends[1], "to nobody: no signal, no harm");
    CU_ASSERT_EQUAL(channel_receive(ends[1], message), CHANNEL_ENDED);
    close(ends[1]);
}

static void a_full_channel_does_not_block(void)
{
    int received = 0;
    open_channel();
    for (int i = 0; i < 100000; i++)
        channel_send(ends[0], "%d", i);
    while (channel_receive(ends[1], message) == CHANNEL_MESSAGE) {
        char expected[16];
        snprintf(expected, sizeof expected, "%d", received++);
        CU_ASSERT_STRING_EQUAL_FATAL(message, expected);
    }
    CU_ASSERT(received > 0 && received < 100000);
    channel_send(ends[0], "there is room again");
    CU_ASSERT_EQUAL(channel_receive(ends[1], message), CHANNEL_MESSAGE);
    close_channel();
}

static void its_ends_are_closed_on_exec(void)
{
    open_channel();
    for (int i = 0; i < 2; i++) {
        CU_ASSERT(fcntl(ends[i], F_GETFD) & FD_CLOEXEC);
        CU_ASSERT(fcntl(ends[i], F_GETFL) & O_NONBLOCK);
    }
    close_channel();
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("channel", "messages come whole and in order", messages_come_whole_and_in_order);
    suite_add("channel", "a long message is cut", a_long_message_is_cut);
    suite_add("channel", "lines end with a newline on the wire",
              lines_end_with_a_newline_on_the_wire);
    suite_add("channel", "the end is told after what was sent",
              the_end_is_told_after_what_was_sent);
    suite_add("channel", "a full channel does not block", a_full_channel_does_not_block);
    suite_add("channel", "its ends are closed on exec", its_ends_are_closed_on_exec);
}
