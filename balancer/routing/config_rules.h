/* How the file spells a pool's rules: one table per object, by which it is both read and printed. Of the
 * configuration's own parts alone. */
#ifndef BOX_OFFICE_CONFIG_RULES_H
#define BOX_OFFICE_CONFIG_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "balancer/pool/rules.h"

enum {
    CONFIG_FIGURES_MAX = 8, /* of one object, whatever else it has included */
};

struct config_figure {
    const char *name;
    size_t offset;    /* where struct pool_rules has it, an int64_t */
    int64_t unit;     /* one of the file's in the rules'; 0: a time, in seconds with decimals */
    int64_t min, max; /* as the rules have it */
};

/* Each ends with a figure that has no name. */
extern const struct config_figure config_check_figures[];
extern const struct config_figure config_threshold_figures[];
extern const struct config_figure config_eject_figures[];
extern const struct config_figure config_slow_start_figures[];
extern const struct config_figure config_retry_figures[];

/* These are fields of the pool itself. */
extern const struct config_figure config_out_most_figure;
extern const struct config_figure config_limit_figures[2]; /* by whether the pool is "tickets" */
extern const struct config_figure config_waiting_figure;

int64_t config_figure_value(const struct config_figure *figure, const struct pool_rules *rules);

#endif
