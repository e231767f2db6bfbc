/* The option by which every program takes a store: --store URL.
 *
 * What stands on a command line is to be seen by every user of the machine (ps), so a password in a PostgreSQL URL is
 * cut out of it before anything else is done: also children, and programs that replace this one, are given the rest
 * alone. libpq finds the password in the environment (PGPASSWORD), which only the same user can read. */
#ifndef BOX_OFFICE_STORE_OPTION_H
#define BOX_OFFICE_STORE_OPTION_H

#include <stdbool.h>

#define STORE_OPTION_DEFAULT "sqlite:db/tickets.db"

/* What a URL may be, for --help. */
#define STORE_OPTION_FORMS "sqlite:FILE or postgresql://USER@HOST/DATABASE"

/* Where libpq's sslpassword is kept: libpq knows no variable for it, db/postgres/place.c hands it on. */
#define STORE_OPTION_KEY_PASSWORD "BOX_OFFICE_SSLPASSWORD"

/* Why this URL cannot be taken, in words that quote nothing of it: a password stands in it where libpq would take it for
 * a host, a port or a path. Then the URL is emptied from there on. NULL, with nothing changed: it can, or has another
 * scheme. */
const char *store_option_refuse(char *url);

/* Moves the password out of the URL, which is shortened where it is, into the environment; where that says another
 * one, the URL's counts, and its last one where it has several; that of a client key (sslpassword) likewise. False, with nothing changed, where there is none to move: other schemes, none, or one that
 * cannot be understood. Before threads start. */
bool store_option_hide(char *url);

#endif
