/* Scopes by their names: what a token may be used for. Pure; any thread. */
#ifndef BOX_OFFICE_SCOPES_H
#define BOX_OFFICE_SCOPES_H

#include <stdint.h>

#include "common/buffer.h"
#include "db/store.h"

/* The scope of this name: "events", "sales", "refunds", "check-in", "admin"; 0: there is none. */
uint32_t scope_from_name(const char *name);

/* The name of this one scope. */
const char *scope_name(uint32_t scope);

/* Appends the names of these scopes as a JSON array. */
void scopes_append(struct buffer *out, uint32_t scopes);

#endif
