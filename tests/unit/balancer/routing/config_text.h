/* Configurations given as text, for the tests of their reader. */
#ifndef BOX_OFFICE_CONFIG_TEXT_H
#define BOX_OFFICE_CONFIG_TEXT_H

#include "balancer/routing/config.h"

#define ROUTES          "\"routes\":[{\"name\":\"a\",\"pool\":\"tickets\"}]"
#define GOOD_SERVERS    "\"servers\":[{\"id\":\"f\",\"address\":\"127.0.0.1:1\"}]"
#define POOL(fields)    "{\"pools\":{\n\"files\":{\n" fields "}},\n" ROUTES "}"
#define FILES(fields)   POOL(GOOD_SERVERS ",\n" fields)
#define TICKETS(fields) "{\"pools\":{\n\"tickets\":{\n" fields "}},\n" ROUTES "}"

/* Reads it as x.json, in memory of just its size: a sanitizer sees any byte too far. */
bool config_text_read(const char *text, size_t length, struct config *config,
                      char error[CONFIG_ERROR_SIZE]);

/* A wrong file, and how its refusal begins. */
struct config_refusal {
    const char *text;
    const char *error;
};

void config_text_refused(const struct config_refusal *rows, size_t count);

/* Prints the configuration, reads that, and prints it again: both must be the same, and hold as much. */
void config_text_same_again(const struct config *config);

#endif
