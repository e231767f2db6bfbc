/* The session of a PostgreSQL connection: settings, and whether the store is still the one that was opened. */
#ifndef BOX_OFFICE_POSTGRES_SESSION_H
#define BOX_OFFICE_POSTGRES_SESSION_H

#include "db/postgres/connection.h"

/* A new connection's parts, to be ended by session_end; `rest` is the URL behind its scheme. `who` is told to the
 * server, beside the schema: a ticket server's id, or a tool. False with the reason, and then nothing is to be
 * ended. */
bool session_prepare(struct postgres *postgres, const char *rest, const char *who, bool seller,
                     char error[STORE_ERROR_SIZE]);
void session_end(struct postgres *postgres);

/* Whether a server of this version (libpq's number) will do; else why not. */
bool session_version_fits(int version, const char *place, char error[STORE_ERROR_SIZE]);

/* Connects where that is lost, waiting until clock_monotonic() reaches `until`. False with the reason: not reached, or
 * the store is not there any more (`gone`). As long as no store was opened, nobody waits where that is hopeless. */
bool session_reach(struct postgres *postgres, int64_t until);

/* The same outside a transaction: a reader waits for no attempt, but each call brings it forward. */
bool session_resume(struct postgres *postgres);

#endif
