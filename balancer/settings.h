/* What the command line says: the one option table of the balancer. */
#ifndef BOX_OFFICE_BALANCER_SETTINGS_H
#define BOX_OFFICE_BALANCER_SETTINGS_H

#include <stdint.h>

struct settings {
    const char *listen; /* public address */
    const char *admin;  /* admin address */
    int64_t servers;    /* ticket servers to start */
    const char *store;  /* their store's URL */
    int64_t workers;
    const char *log_dir;
    int64_t log_size;       /* bytes of a routing log file */
    const char *token_file; /* the admin listener's bearer token */
    int64_t connections;    /* clients at once */
    int64_t waiting;        /* purchases that wait for room */
    const char *router; /* of a router process: its descriptors "PUBLIC,ADMIN,MASTER"; else NULL */
};

/* Reads argv; ends the process on --help or a wrong option. Texts point into argv. */
void settings_read(struct settings *settings, int argc, char **argv);

#endif
