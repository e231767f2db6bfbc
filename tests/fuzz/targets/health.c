/* A health answer, as the probe reads it: figures are within bounds, and what a ticket server tells of
 * them reads as the same. */
#include "ticket_server/health.h"

#include <stdlib.h>
#include <string.h>

#include "balancer/upstream/probe.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/grammar.h"

static const int64_t most = INT64_C(1) << 53;

static bool plain(const char *text)
{
    for (; *text; text++)
        if ((uint8_t)*text < 0x20 || *text == '"' || *text == '\\')
            return false;
    return true;
}

/* health_append writes what needs no escapes: the server's own id and its store's. */
static void check_again(const struct figures *figures)
{
    static struct health health;
    struct buffer out = {0};
    struct figures again = {0};
    struct server_report load;
    int64_t version;
    struct seller_status status = {.figures = *figures, .pending = 3};
    health_begin(&health);
    health_append(&health, &status, 0, &out);
    must(probe_read(out.data, out.length, &again, &load, &version), "what a server tells is read");
    must(strcmp(figures->server, again.server) == 0 && strcmp(figures->store, again.store) == 0 &&
             figures->boot == again.boot && figures->commit == again.commit &&
             figures->sold == again.sold,
         "and is the same");
    buffer_free(&out);
}

void fuzz_health(const uint8_t *data, size_t size)
{
    struct figures figures = {0};
    struct server_report load;
    int64_t version;
    if (!probe_read((const char *)data, size, &figures, &load, &version))
        return;
    must(load.cpu >= 0 && load.cpu <= most && load.memory >= 0 && load.memory <= most &&
             load.commit >= 0 && load.commit <= most,
         "a workload is within bounds");
    cJSON *tree = grammar_json((const char *)data, size);
    must(tree != NULL, "what was taken is JSON");
    cJSON_Delete(tree);
    must(figures.boot >= 0 && figures.boot <= most && figures.commit >= 0 &&
             figures.commit <= most && figures.sold >= 0 && figures.sold <= most,
         "figures are within bounds");
    must(server_id_valid(figures.server), "a server tells");
    if (plain(figures.store))
        check_again(&figures);
}
