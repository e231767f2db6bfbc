/* Holds through a whole cluster: held, confirmed, released, expired, in line. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "tests/cluster/holder.h"
#include "tests/lib/audit.h"
#include "tests/lib/cluster.h"
#include "tests/lib/suite.h"

static struct cluster cluster;
static struct client *client;

static void begin_case(int64_t capacity, int servers)
{
    client = client_open();
    cluster_open(&cluster, capacity, servers);
}

static void end_case(void)
{
    client_close(client);
    audit_clean(&cluster, NULL);
    cluster_close(&cluster);
}

/* Holds so many, as the form says, through the balancer. */
static struct held hold(const char *form)
{
    struct held held;
    holder_hold(client, cluster.url, form, NULL, &held);
    CU_ASSERT_EQUAL(held.status, 201);
    CU_ASSERT_STRING_EQUAL(held.state, "held");
    return held;
}

static struct held confirm(const struct held *hold, const char *payment)
{
    struct held sold;
    holder_confirm(client, cluster.url, hold->id, payment, &sold);
    return sold;
}

static void expect_problem(const struct held *held, long status, const char *code)
{
    CU_ASSERT_EQUAL(held->status, status);
    CU_ASSERT_STRING_EQUAL(held->code, code);
}

static void expect_owed(const struct held *held, long status, const char *code, const char *payment)
{
    expect_problem(held, status, code);
    CU_ASSERT(held->owed);
    CU_ASSERT_STRING_EQUAL(held->reference, payment);
}

static void expect_sold_at(const struct held *sold)
{
    char location[128];
    snprintf(location, sizeof location, "/events/demo/purchases/%s", sold->id);
    CU_ASSERT_STRING_EQUAL(sold->location, location);
    struct query query = {.url = cluster.url, .path = location};
    struct response response = {0};
    CU_ASSERT(client_ask(client, &query, &response));
    CU_ASSERT_EQUAL(response.status, 200);
    response_free(&response);
}

static void held_then_paid(void)
{
    struct held again, other;
    char location[128];
    begin_case(10, 3);
    struct held held = hold("event=demo&quantity=2&buyer=ada");
    snprintf(location, sizeof location, "/holds/%s", held.id);
    CU_ASSERT_STRING_EQUAL(held.location, location);
    CU_ASSERT_EQUAL(held.expires_at - held.created_at, HOLD_SECONDS * CLOCK_SECOND);
    CU_ASSERT_EQUAL(holder_count(client, cluster.url, "held"), 2);
    struct held sold = confirm(&held, "pi_1");
    CU_ASSERT(sold.status == 201 && sold.tickets == 2 && !sold.late);
    CU_ASSERT_STRING_EQUAL(sold.id, held.id);
    expect_sold_at(&sold);
    again = confirm(&held, "pi_1");
    CU_ASSERT(again.status == 201 && again.tickets == 2);
    CU_ASSERT_STRING_EQUAL(again.id, held.id);
    other = confirm(&held, "pi_2");
    expect_owed(&other, 409, "already_paid", "pi_2");
    holder_look(client, cluster.url, held.id, &again);
    CU_ASSERT_STRING_EQUAL(again.state, "sold");
    CU_ASSERT_EQUAL(again.tickets, 2);
    holder_release(client, cluster.url, held.id, &again);
    expect_problem(&again, 409, "already_sold");
    CU_ASSERT_EQUAL(holder_count(client, cluster.url, "sold"), 2);
    CU_ASSERT_EQUAL(holder_count(client, cluster.url, "held"), 0);
    end_case();
}

static void the_same_key_is_the_same_hold(void)
{
    static const char key[] = "a-hold-of-sixteen", form[] = "event=demo&quantity=2";
    struct held first, again;
    begin_case(10, 2);
    holder_hold(client, cluster.url, form, key, &first);
    holder_hold(client, cluster.server[1].url, form, key, &again);
    CU_ASSERT_EQUAL(again.status, 201);
    CU_ASSERT_STRING_EQUAL(first.id, again.id);
    holder_hold(client, cluster.url, "event=demo&quantity=2&seconds=5", key, &again);
    expect_problem(&again, 422, "key_reused");
    holder_confirm(client, cluster.server[0].url, first.id, "p", &again);
    CU_ASSERT_EQUAL(again.status, 201);
    holder_hold(client, cluster.url, form, key, &again);
    CU_ASSERT_EQUAL(again.status, 201);
    CU_ASSERT_STRING_EQUAL(again.state, "sold");
    CU_ASSERT_EQUAL(holder_count(client, cluster.url, "sold"), 2);
    end_case();
}

static void given_up(void)
{
    struct held again;
    begin_case(2, 2);
    struct held held = hold("event=demo&quantity=2");
    holder_hold(client, cluster.url, "event=demo", NULL, &again);
    expect_problem(&again, 409, "sold_out");
    for (int i = 0; i < 2; i++) {
        holder_release(client, cluster.url, held.id, &again);
        CU_ASSERT_EQUAL(again.status, 200);
        CU_ASSERT_STRING_EQUAL(again.state, "released");
    }
    for (int i = 0; i < 2; i++) {
        again = confirm(&held, "pi_3");
        expect_owed(&again, 410, "hold_released", "pi_3");
    }
    again = hold("event=demo&quantity=2");
    end_case();
}

/* Nobody asks for anything meanwhile. */
static void expires_with_nobody_asking(void)
{
    struct held again;
    begin_case(2, 3);
    struct held held = hold("event=demo&quantity=2&seconds=1");
    CU_ASSERT(holder_reaches(client, cluster.url, held.id, "expired"));
    CU_ASSERT(clock_now() >= held.expires_at);
    CU_ASSERT_EQUAL(holder_count(client, cluster.url, "held"), 0);
    CU_ASSERT_EQUAL(holder_count(client, cluster.url, "remaining"), 2);
    struct bought bought;
    CU_ASSERT(client_buy(client, cluster.url, "event=demo&quantity=2", NULL, &bought));
    CU_ASSERT_EQUAL(bought.status, 201);
    for (int i = 0; i < 2; i++) {
        again = confirm(&held, "pi_4");
        expect_owed(&again, 410, "hold_expired", "pi_4");
    }
    holder_release(client, cluster.url, held.id, &again);
    expect_problem(&again, 410, "hold_expired");
    CU_ASSERT_FALSE(again.owed);
    end_case();
}

static void paid_late(void)
{
    begin_case(5, 2);
    struct held held = hold("event=demo&quantity=2&seconds=1");
    CU_ASSERT(holder_reaches(client, cluster.url, held.id, "expired"));
    for (int i = 0; i < 2; i++) {
        struct held sold = confirm(&held, "pi_5");
        CU_ASSERT(sold.status == 201 && sold.late && sold.tickets == 2);
    }
    CU_ASSERT_EQUAL(holder_count(client, cluster.url, "sold"), 2);
    end_case();
}

static void let_people_wait(void)
{
    struct query query = {.method = "PATCH",
                          .url = cluster.url,
                          .path = "/events/demo",
                          .type = "application/json",
                          .body = "{\"waiting_list\":true}",
                          .token = cluster.token};
    struct response response = {0};
    CU_ASSERT(client_ask(client, &query, &response));
    CU_ASSERT_EQUAL(response.status, 200);
    response_free(&response);
}

static void in_line(void)
{
    struct held second, third;
    begin_case(2, 2);
    holder_hold(client, cluster.url, "event=demo&wait=true", NULL, &second);
    expect_problem(&second, 422, "no_waiting_list");
    let_people_wait();
    struct held first = hold("event=demo&quantity=2");
    holder_hold(client, cluster.url, "event=demo&quantity=2&wait=true", NULL, &second);
    CU_ASSERT(second.status == 202 && second.place == 1 && second.expires_at == 0);
    CU_ASSERT_STRING_EQUAL(second.state, "waiting");
    holder_hold(client, cluster.url, "event=demo&wait=true", NULL, &third);
    CU_ASSERT(third.status == 202 && third.place == 2);
    struct held early = confirm(&second, "pi_6");
    expect_owed(&early, 409, "not_offered", "pi_6");
    holder_release(client, cluster.url, first.id, &first);
    CU_ASSERT_EQUAL(first.status, 200);
    CU_ASSERT(holder_reaches(client, cluster.url, second.id, "held"));
    early = confirm(&second, "pi_7");
    CU_ASSERT(early.status == 201 && early.tickets == 2);
    holder_look(client, cluster.url, third.id, &third);
    CU_ASSERT(third.place == 1);
    holder_release(client, cluster.url, third.id, &third);
    CU_ASSERT_STRING_EQUAL(third.state, "released");
    end_case();
}

static void nonsense(void)
{
    static const char none[] = "0193b0aa-0000-7abc-8def-0123456789ab";
    struct held answer;
    begin_case(5, 1);
    holder_look(client, cluster.url, none, &answer);
    expect_problem(&answer, 404, "no_such_hold");
    holder_release(client, cluster.url, none, &answer);
    expect_problem(&answer, 404, "no_such_hold");
    holder_confirm(client, cluster.url, none, "p", &answer);
    expect_problem(&answer, 404, "no_such_hold");
    holder_confirm(client, cluster.url, "demo", "p", &answer);
    expect_problem(&answer, 404, "no_such_hold");
    holder_confirm(client, cluster.url, none, "", &answer);
    expect_problem(&answer, 422, "invalid");
    holder_hold(client, cluster.url, "event=demo&seconds=0", NULL, &answer);
    expect_problem(&answer, 422, "invalid");
    holder_hold(client, cluster.url, "event=demo&wait=yes", NULL, &answer);
    expect_problem(&answer, 400, "malformed");
    holder_hold(client, cluster.url, "event=demo&payment=p", NULL, &answer);
    expect_problem(&answer, 400, "malformed");
    holder_hold(client, cluster.url, "event=nothing", NULL, &answer);
    expect_problem(&answer, 404, "no_such_event");
    struct bought bought;
    CU_ASSERT(client_buy(client, cluster.url, "event=demo", NULL, &bought));
    holder_confirm(client, cluster.url, bought.id, "p", &answer);
    expect_problem(&answer, 404, "no_such_hold");
    end_case();
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("holds", "held, then paid", held_then_paid);
    suite_add("holds", "the same key is the same hold", the_same_key_is_the_same_hold);
    suite_add("holds", "given up", given_up);
    suite_add("holds", "expires with nobody asking", expires_with_nobody_asking);
    suite_add("holds", "paid late", paid_late);
    suite_add("holds", "in line", in_line);
    suite_add("holds", "nonsense", nonsense);
}
