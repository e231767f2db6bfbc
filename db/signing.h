/* Making keys that sign tickets: Ed25519 (RFC 8032). Private to db/. */
#ifndef BOX_OFFICE_SIGNING_H
#define BOX_OFFICE_SIGNING_H

#include "db/store.h"

/* A new key of the kernel's random numbers; created and retired are left 0. False where there are none to be had. */
bool signing_key_make(struct signing_key *key);

#endif
