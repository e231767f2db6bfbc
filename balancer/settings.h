/* What the command line says: the one option table of the balancer; and the configuration it names. */
#ifndef BOX_OFFICE_BALANCER_SETTINGS_H
#define BOX_OFFICE_BALANCER_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "balancer/routing/config.h"

struct settings {
    const char *listen;               /* public address */
    const char *admin;                /* admin address */
    int64_t servers_min, servers_max; /* ticket servers to keep running, at least and at most */
    int64_t scale_quiet;              /* seconds before one fewer is kept */
    const char *store;                /* their store's URL */
    int64_t workers;
    const char *log_dir;
    int64_t log_size;         /* bytes of a routing log file */
    const char *token_file;   /* the admin listener's bearer token */
    const char *session_file; /* the key of sessions */
    const char *members_file; /* what the admin API has changed of the servers */
    bool allow_remote;        /* servers that are added may be on other machines */
    int64_t connections;      /* clients at once */
    int64_t waiting;          /* purchases that wait for room; 0: as the configuration says */

    const char *config_file;     /* NULL: the built-in configuration */
    const char *policy_name;     /* of purchases, as given; NULL: the default, or the file's */
    const char *trusted_proxies; /* "CIDR,…": beside the file's; NULL: none */
    bool print_config, check_config;
    enum policy purchases; /* the policy of purchases in the built-in configuration */

    /* of a master; all zero in a process that one has started: that makes its own of what it is given */
    struct config config;
    struct buffer config_text; /* the file's; empty without one */

    /* of a router process: its descriptors "PUBLIC,ADMIN,CONFIG,MASTER", CONFIG being -1 where there is no
     * file; else NULL */
    const char *router;
    /* of a program that is tried before it takes over: descriptors "STATE,CHANNEL"; and of one that does:
     * "STATE"; else NULL (balancer/master/upgrade.h) */
    const char *try, *takeover;
};

/* Reads argv and the configuration; ends the process on --help, a wrong option or a wrong file. Texts
 * point into argv. */
void settings_read(struct settings *settings, int argc, char **argv);
void settings_free(struct settings *settings);

/* Makes the configuration that the settings ask for, `text` being the file's where they name one. False
 * with the reason in one line; then there is nothing to free. */
bool settings_config(const struct settings *settings, struct buffer *text, struct config *config,
                     char error[CONFIG_ERROR_SIZE]);

/* Whether the keys that the configuration names can be used: else a master says so, in "FILE:LINE: REASON", and not
 * the router that it starts. */
bool settings_keys_good(const struct settings *settings, const struct config *config,
                        char error[CONFIG_ERROR_SIZE]);

#endif
