#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct fuzz_target fuzz_targets[] = {
    {"admin", fuzz_admin},
    {"admit", fuzz_admit},
    {"answer", fuzz_answer},
    {"clock", fuzz_clock},
    {"config", fuzz_config},
    {"decision_log", fuzz_decision_log},
    {"event_body", fuzz_event_body},
    {"flight", fuzz_flight},
    {"form", fuzz_form},
    {"forwarded", fuzz_forwarded},
    {"health", fuzz_health},
    {"http", fuzz_http},
    {"id", fuzz_id},
    {"json", fuzz_json},
    {"json_reader", fuzz_json_reader},
    {"jwt", fuzz_jwt},
    {"log_reader", fuzz_log_reader},
    {"markup", fuzz_markup},
    {"members", fuzz_members},
    {"message", fuzz_message},
    {"options", fuzz_options},
    {"path", fuzz_path},
    {"purchase", fuzz_purchase},
    {"report", fuzz_report},
    {"response", fuzz_response},
    {"rfc3339", fuzz_rfc3339},
    {"routing_line", fuzz_routing_line},
    {"routing_print", fuzz_routing_print},
    {"rush_caller", fuzz_rush_caller},
    {"rush_tally", fuzz_rush_tally},
    {"session", fuzz_session},
    {"socket", fuzz_socket},
    {"store_url", fuzz_store_url},
    {"ticket_code", fuzz_ticket_code},
    {"ticket_server", fuzz_ticket_server},
    {"time_zone_rule", fuzz_time_zone_rule},
    {"token", fuzz_token},
    {"utf8", fuzz_utf8},
    {"watch", fuzz_watch},
};
const size_t fuzz_target_count = sizeof fuzz_targets / sizeof *fuzz_targets;

const struct fuzz_target *fuzz_find(const char *name)
{
    for (size_t i = 0; i < fuzz_target_count; i++)
        if (strcmp(fuzz_targets[i].name, name) == 0)
            return &fuzz_targets[i];
    return NULL;
}

void must(bool holds, const char *property)
{
    if (holds)
        return;
    fprintf(stderr, "does not hold: %s\n", property);
    abort();
}
