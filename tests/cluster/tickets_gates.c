/* Many gates at once, with the same codes; and keys that change meanwhile. */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/json.h"
#include "common/thread.h"
#include "tests/cluster/gate.h"
#include "tests/lib/audit.h"
#include "tests/lib/load.h"
#include "tests/lib/suite.h"
#include "tests/lib/wait.h"

enum {
    GATES = 10,
    CODES = 1000,
    ORDER = 10, /* tickets of a purchase */
    STRIDE = 7, /* coprime to CODES: each gate begins elsewhere, and walks through all */
    ROTATIONS = 10,
    RETIRED_SECONDS = 1, /* a retired key is refused everywhere by then */
};

/* All gates share the codes; each counts for itself. */
struct rush {
    struct cluster cluster;
    char (*codes)[TICKET_CODE_SIZE];
    size_t count;
    atomic_int let_in[CODES]; /* how often each was */
    atomic_int used, other;   /* answers: 409, and neither */
};

struct gatekeeper {
    struct rush *rush;
    size_t number;
    pthread_t thread;
};

static void *keep_gate(void *context)
{
    struct gatekeeper *keeper = context;
    struct rush *rush = keeper->rush;
    struct gate gate;
    char name[16];
    snprintf(name, sizeof name, "Gate %zu", keeper->number);
    gate_open(&gate, &rush->cluster, name);
    for (size_t i = 0; i < rush->count; i++) {
        size_t at = (i * STRIDE + keeper->number * rush->count / GATES) % rush->count;
        long status = gate_check_in(&gate, rush->codes[at], "demo", NULL);
        if (status == 200)
            atomic_fetch_add(&rush->let_in[at], 1);
        else
            atomic_fetch_add(status == 409 ? &rush->used : &rush->other, 1);
    }
    gate_close(&gate);
    return NULL;
}

static void rush_open(struct rush *rush)
{
    struct gate gate;
    char path[GATE_PATH_SIZE];
    rush->count = (size_t)load_scaled(CODES) / ORDER * ORDER;
    rush->codes = calloc(rush->count, sizeof *rush->codes);
    for (size_t i = 0; i < CODES; i++)
        rush->let_in[i] = 0;
    rush->used = rush->other = 0;
    cluster_open(&rush->cluster, CODES + ROTATIONS, 3);
    gate_open(&gate, &rush->cluster, "Office");
    for (size_t i = 0; i < rush->count; i += ORDER) {
        gate_buy(&gate, ORDER, path);
        CU_ASSERT_EQUAL_FATAL(gate_codes(&gate, path, rush->codes + i, ORDER), ORDER);
    }
    gate_close(&gate);
}

static void rush_begin(struct rush *rush, struct gatekeeper keepers[GATES])
{
    for (size_t i = 0; i < GATES; i++) {
        keepers[i] = (struct gatekeeper){.rush = rush, .number = i};
        thread_start(&keepers[i].thread, "gate", keep_gate, &keepers[i]);
    }
}

static void rush_end(struct rush *rush, struct gatekeeper keepers[GATES])
{
    for (size_t i = 0; i < GATES; i++)
        pthread_join(keepers[i].thread, NULL);
    for (size_t i = 0; i < rush->count; i++)
        if (rush->let_in[i] != 1) {
            printf("  %d times\n", rush->let_in[i]);
            CU_FAIL("a ticket was not let in exactly once");
        }
    CU_ASSERT_EQUAL(rush->other, 0);
    CU_ASSERT_EQUAL(rush->used, (int)rush->count * (GATES - 1));
}

static void rush_close(struct rush *rush)
{
    audit_clean(&rush->cluster, NULL);
    cluster_close(&rush->cluster);
    free(rush->codes);
}

static void ten_gates_with_the_same_codes(void)
{
    static struct rush rush;
    struct gatekeeper keepers[GATES];
    rush_open(&rush);
    rush_begin(&rush, keepers);
    rush_end(&rush, keepers);
    rush_close(&rush);
}

/* The id of the key that signs, by GET /keys. */
static void signing_key(struct gate *gate, char id[TICKET_KEY_ID_SIZE])
{
    char error[JSON_ERROR_SIZE];
    CU_ASSERT_EQUAL_FATAL(gate_ask(gate, "GET", "/keys", NULL), 200);
    cJSON *json = json_parse(gate->response.body.data, gate->response.body.length, error);
    const cJSON *keys = cJSON_GetObjectItemCaseSensitive(json, "keys");
    const char *kid =
        cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(cJSON_GetArrayItem(keys, 0), "kid"));
    CU_ASSERT_PTR_NOT_NULL_FATAL(kid);
    snprintf(id, TICKET_KEY_ID_SIZE, "%s", kid);
    cJSON_Delete(json);
}

/* With a key just made by one server, the next one signs, and the one after that lets in. */
static void buy_and_enter(struct gate *gate, const struct cluster *cluster, size_t turn)
{
    char path[GATE_PATH_SIZE], code[1][TICKET_CODE_SIZE];
    gate->url = cluster->server[turn % cluster->count].url;
    gate_buy(gate, 1, path);
    CU_ASSERT_EQUAL(gate_codes(gate, path, code, 1), 1);
    gate->url = cluster->server[(turn + 1) % cluster->count].url;
    CU_ASSERT_EQUAL(gate_check_in(gate, code[0], NULL, NULL), 200);
    gate->url = cluster->url;
}

/* Keys change while people are let in: who has a code of an older key is let in, and so is who has
 * just got one of the newest. */
static void rotation_stops_nobody(void)
{
    static struct rush rush;
    struct gatekeeper keepers[GATES];
    struct gate gate;
    char id[TICKET_KEY_ID_SIZE], newer[TICKET_KEY_ID_SIZE];
    rush_open(&rush);
    gate_open(&gate, &rush.cluster, "Office");
    signing_key(&gate, id);
    rush_begin(&rush, keepers);
    for (size_t i = 0; i < ROTATIONS; i++) {
        CU_ASSERT_EQUAL(gate_ask(&gate, "POST", "/keys", NULL), 201);
        signing_key(&gate, newer);
        CU_ASSERT_STRING_NOT_EQUAL(newer, id);
        strcpy(id, newer);
        buy_and_enter(&gate, &rush.cluster, i);
    }
    rush_end(&rush, keepers);
    gate_close(&gate);
    rush_close(&rush);
}

struct retirement {
    struct gate gate;
    const struct cluster *cluster;
    const char *code;
};

static bool is_refused_everywhere(void *context)
{
    struct retirement *retirement = context;
    bool refused = true;
    for (size_t i = 0; i < retirement->cluster->count; i++) {
        retirement->gate.url = retirement->cluster->server[i].url;
        refused = gate_check_in(&retirement->gate, retirement->code, NULL, NULL) == 422 && refused;
    }
    retirement->gate.url = retirement->cluster->url;
    return refused;
}

static void a_retired_key_lets_nobody_in(void)
{
    struct cluster cluster;
    struct retirement retirement = {.cluster = &cluster};
    struct gate *gate = &retirement.gate;
    char path[GATE_PATH_SIZE], old[1][TICKET_CODE_SIZE], new[1][TICKET_CODE_SIZE],
        first[TICKET_KEY_ID_SIZE], below[64];
    cluster_open(&cluster, 100, 3);
    gate_open(gate, &cluster, "North");
    signing_key(gate, first);
    snprintf(below, sizeof below, "/keys/%s", first);
    CU_ASSERT_EQUAL(gate_ask(gate, "DELETE", below, NULL), 409);
    gate_buy(gate, 1, path);
    gate_codes(gate, path, old, 1);
    retirement.code = old[0];
    CU_ASSERT_FALSE(is_refused_everywhere(&retirement)); /* each server knows the key by now */
    CU_ASSERT_EQUAL(gate_ask(gate, "POST", "/keys", NULL), 201);
    CU_ASSERT_EQUAL(gate_ask(gate, "DELETE", below, NULL), 200);
    CU_ASSERT(wait_until(is_refused_everywhere, &retirement, RETIRED_SECONDS));
    gate_codes(gate, path, new, 1);
    CU_ASSERT_STRING_NOT_EQUAL(new[0], old[0]);
    CU_ASSERT_EQUAL(gate_check_in(gate, new[0], NULL, NULL), 409); /* it is the same ticket */
    gate_ask(gate, "GET", "/keys", NULL);
    CU_ASSERT_FALSE(gate_told(gate, first));
    CU_ASSERT_EQUAL(gate_ask(gate, "DELETE", below, NULL), 200);
    CU_ASSERT_EQUAL(gate_ask(gate, "DELETE", "/keys/AAAAAAAAAAA", NULL), 404);
    CU_ASSERT_EQUAL(gate_ask(gate, "DELETE", "/keys/none", NULL), 404);
    gate->token = NULL;
    CU_ASSERT_EQUAL(gate_ask(gate, "POST", "/keys", NULL), 401);
    gate_close(gate);
    audit_clean(&cluster, NULL);
    cluster_close(&cluster);
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("ticket_gates", "ten_gates_with_the_same_codes", ten_gates_with_the_same_codes);
    suite_add("ticket_gates", "rotation_stops_nobody", rotation_stops_nobody);
    suite_add("ticket_gates", "a_retired_key_lets_nobody_in", a_retired_key_lets_nobody_in);
}
