/* Fuzz targets: each feeds one parser of ours with bytes from anywhere, and demands more of it than not
 * to crash. One file each in targets/, named like the target; all of them stand in one table.
 *
 * libFuzzer calls them by way of shim.c (`make fuzz`); replay.c feeds them what lies in
 * corpus/TARGET (`make test`). A target keeps nothing from one input to the next that could change what
 * it finds. One thread. */
#ifndef BOX_OFFICE_FUZZ_H
#define BOX_OFFICE_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* `data` is of exactly `size` bytes: reading past them is seen by AddressSanitizer. */
typedef void fuzz_run(const uint8_t *data, size_t size);

struct fuzz_target {
    const char *name;
    fuzz_run *run;
};

extern const struct fuzz_target fuzz_targets[];
extern const size_t fuzz_target_count;

/* NULL where there is none of this name. */
const struct fuzz_target *fuzz_find(const char *name);

/* A property: says which one does not hold, and aborts. */
void must(bool holds, const char *property);

fuzz_run fuzz_admin, fuzz_admit, fuzz_answer, fuzz_clock, fuzz_config, fuzz_decision_log,
    fuzz_event_body, fuzz_flight, fuzz_form, fuzz_forwarded, fuzz_health, fuzz_http, fuzz_id,
    fuzz_json, fuzz_json_reader, fuzz_jwt, fuzz_log_reader, fuzz_markup, fuzz_members, fuzz_message,
    fuzz_options, fuzz_path, fuzz_purchase, fuzz_report, fuzz_response, fuzz_rfc3339,
    fuzz_routing_line, fuzz_routing_print, fuzz_rush_caller, fuzz_rush_tally, fuzz_session,
    fuzz_socket, fuzz_store_url, fuzz_ticket_code, fuzz_ticket_server, fuzz_time_zone_rule,
    fuzz_token, fuzz_utf8, fuzz_watch;

#endif
