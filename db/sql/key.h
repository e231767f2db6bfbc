/* Idempotency keys, as stores keep them. */
#ifndef BOX_OFFICE_SQL_KEY_H
#define BOX_OFFICE_SQL_KEY_H

#include <stdbool.h>

#include "common/id.h"

/* Whether the key is an id as we write ids, in lower case: the store keeps its 16 bytes instead. */
bool key_is_id(const char *key, struct id *id);

#endif
