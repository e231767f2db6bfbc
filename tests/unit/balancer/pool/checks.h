/* Checks that have ended, as the probe tells them. */
#ifndef BOX_OFFICE_TEST_CHECKS_H
#define BOX_OFFICE_TEST_CHECKS_H

#include "balancer/pool/servers.h"

enum {
    MAX_PENDING = 512, /* of a ticket server, as goes without saying */
};

static inline void check_told(struct servers *servers, size_t index, unsigned start,
                              const struct figures *figures)
{
    struct server_report idle = {0};
    struct server_checked check = {
        .passed = true, .reason = "answered", .took = 100, .figures = figures, .report = &idle};
    servers_checked(servers, index, start, &check);
}

static inline void check_reported(struct servers *servers, size_t index, unsigned start,
                                  const struct server_report *report)
{
    struct server_checked check = {
        .passed = true, .reason = "answered", .took = 100, .report = report};
    servers_checked(servers, index, start, &check);
}

static inline void check_answered(struct servers *servers, size_t index, unsigned start)
{
    struct server_checked check = {.passed = true, .reason = "answered", .took = 100};
    servers_checked(servers, index, start, &check);
}

static inline void check_failed(struct servers *servers, size_t index, unsigned start,
                                const char *reason)
{
    struct server_checked check = {.reason = reason, .took = 100};
    servers_checked(servers, index, start, &check);
}

#endif
