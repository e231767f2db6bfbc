/* What a copy that is put back takes from the store whose place it takes. Who may do what, and which keys sign, is of
 * now, not of the copy: else a token that was revoked since, or a key that leaked, would be good again. */
#ifndef BOX_OFFICE_SQLITE_INHERIT_H
#define BOX_OFFICE_SQLITE_INHERIT_H

#include "db/sqlite/connection.h"

/* Gives the heir the tokens and signing keys of the store at this path in place of its own, and tells it how far the
 * numbers of tickets have got there. Nobody else may use either. False where that store is another one, of another
 * version, or cannot be read as a whole: then the heir stays as it is. */
bool inherit_from(struct connection *heir, const char *path);

#endif
