/* What a copy that is put back takes from the store whose place it takes: else a token that was revoked since, or a key
 * that leaked, would be good again, and numbers would be given twice. The copy may be the newer of both. */
#ifndef BOX_OFFICE_SQLITE_INHERIT_H
#define BOX_OFFICE_SQLITE_INHERIT_H

#include "db/sqlite/connection.h"

/* Adds the tokens and signing keys of the store at this path to the heir's: what is revoked or retired in either is so
 * in the heir, and the key that was made last of those not retired signs. Tells the heir how far the numbers of tickets
 * have got there, where that can be read. Nobody else may use either store. False where that one is another store, or
 * its tokens and keys cannot be read as a whole: then the heir keeps its own alone. */
bool inherit_from(struct connection *heir, const char *path);

#endif
