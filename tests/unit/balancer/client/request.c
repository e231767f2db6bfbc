#include "balancer/client/request.h"

#include <stdlib.h>
#include <string.h>

#include "common/buffer.h"
#include "common/clock.h"
#include "tests/lib/suite.h"

enum {
    REQUESTS = 8,
};

/* Requests by letter, admitted in this order. */
static struct requests all;
static struct request requests[REQUESTS];

static void admit(size_t count)
{
    memset(&all, 0, sizeof all);
    memset(requests, 0, sizeof requests);
    for (size_t i = 0; i < count; i++) {
        requests[i].deadline = 100 + (int64_t)i;
        requests_add(&all, &requests[i]);
    }
}

static void put(char *text, size_t at, const struct request *request)
{
    text[at] = (char)('a' + (request - requests));
    text[at + 1] = '\0';
}

/* The letters of both lists, each read forwards, and found the same backwards. */
static void expect(const char *admitted, const char *waiting)
{
    char forwards[REQUESTS + 1] = "";
    size_t at = 0;
    for (const struct request *r = all.oldest; r != NULL; r = r->newer)
        put(forwards, at++, r);
    CU_ASSERT_STRING_EQUAL(forwards, admitted);
    CU_ASSERT_EQUAL(all.count, at);
    for (const struct request *r = all.newest; r != NULL && at > 0; r = r->older)
        CU_ASSERT_EQUAL('a' + (r - requests), forwards[--at]);
    CU_ASSERT_EQUAL(at, 0);
    forwards[0] = '\0';
    for (const struct request *r = all.first_waiting; r != NULL; r = r->next_waiting)
        put(forwards, at++, r);
    CU_ASSERT_STRING_EQUAL(forwards, waiting);
    CU_ASSERT_EQUAL(all.waiting, at);
    for (const struct request *r = all.last_waiting; r != NULL && at > 0; r = r->previous_waiting)
        CU_ASSERT_EQUAL('a' + (r - requests), forwards[--at]);
    CU_ASSERT_EQUAL(at, 0);
}

static void wait_for(const char *letters)
{
    for (; *letters != '\0'; letters++)
        requests_wait(&all, &requests[*letters - 'a']);
}

static void wait_no_more(const char *letters)
{
    for (; *letters != '\0'; letters++)
        requests_wait_no_more(&all, &requests[*letters - 'a']);
}

static void take_out(const char *letters)
{
    for (; *letters != '\0'; letters++)
        requests_remove(&all, &requests[*letters - 'a']);
}

static void requests_are_kept_by_admission(void)
{
    admit(0);
    expect("", "");
    admit(4);
    expect("abcd", "");
    take_out("b");
    expect("acd", "");
    take_out("d");
    expect("ac", "");
    take_out("a");
    expect("c", "");
    take_out("c");
    expect("", "");
    requests_add(&all, &requests[5]);
    expect("f", "");
}

/* Who was admitted first is served first, in whatever order they come to wait. */
static void the_first_admitted_waits_in_front(void)
{
    admit(5);
    wait_for("c");
    expect("abcde", "c");
    wait_for("e");
    expect("abcde", "ce");
    wait_for("a");
    expect("abcde", "ace");
    wait_for("d");
    expect("abcde", "acde");
    wait_for("b");
    expect("abcde", "abcde");
}

static void equals_wait_in_the_order_of_admission(void)
{
    admit(3);
    for (size_t i = 0; i < 3; i++)
        requests[i].deadline = 7;
    wait_for("bca");
    expect("abc", "abc");
}

/* Six full flights for three servers come back while very many wait. Where each that comes back walks past
 * all that wait, that takes seconds; it must take no part of one. */
static void flights_come_back_to_a_long_queue(void)
{
    enum { SERVERS = 3, SEATS = 256, ABOARD = 6 * SEATS, MANY = ABOARD + 60000 };
    struct request *many = memory_new(MANY * sizeof *many);
    memset(&all, 0, sizeof all);
    for (int i = 0; i < MANY; i++) {
        many[i].deadline = i;
        requests_add(&all, &many[i]);
        if (i >= ABOARD)
            requests_wait(&all, &many[i]);
    }
    int64_t begun = clock_monotonic();
    for (int flight = 0; flight < ABOARD / SEATS; flight++)
        for (int seat = 0; seat < SEATS; seat++)
            requests_wait(&all,
                          &many[(flight / SERVERS * SEATS + seat) * SERVERS + flight % SERVERS]);
    CU_ASSERT(clock_monotonic() - begun < CLOCK_SECOND / 2);
    int in_order = 0;
    for (const struct request *r = all.first_waiting; r != NULL && r == &many[in_order];
         r = r->next_waiting)
        in_order++;
    CU_ASSERT_EQUAL(in_order, MANY);
    free(many);
}

static void who_waits_no_more_stays_admitted(void)
{
    admit(4);
    wait_for("abcd");
    wait_no_more("b");
    expect("abcd", "acd");
    CU_ASSERT_FALSE(requests[1].waiting);
    wait_no_more("d");
    expect("abcd", "ac");
    wait_no_more("a");
    expect("abcd", "c");
    wait_for("b");
    expect("abcd", "bc");
    wait_no_more("bc");
    expect("abcd", "");
}

static void who_is_taken_out_waits_no_more(void)
{
    admit(4);
    wait_for("abc");
    take_out("b");
    expect("acd", "ac");
    take_out("d");
    expect("ac", "ac");
    take_out("ca");
    expect("", "");
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("requests", "are kept by admission", requests_are_kept_by_admission);
    suite_add("requests", "the first admitted waits in front", the_first_admitted_waits_in_front);
    suite_add("requests", "equals wait in the order of admission",
              equals_wait_in_the_order_of_admission);
    suite_add("requests", "flights come back to a long queue", flights_come_back_to_a_long_queue);
    suite_add("requests", "who waits no more stays admitted", who_waits_no_more_stays_admitted);
    suite_add("requests", "who is taken out waits no more", who_is_taken_out_waits_no_more);
}
