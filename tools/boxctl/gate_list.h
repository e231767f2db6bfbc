/* What a gate that is offline has been given: the keys, as GET /keys gave them, and the list of an
 * event's tickets, as GET /events/EVENT/tickets.csv gave it. One thread. */
#ifndef BOX_OFFICE_BOXCTL_GATE_LIST_H
#define BOX_OFFICE_BOXCTL_GATE_LIST_H

#include <stdbool.h>

#include "common/ticket_code.h"

struct gate_keys;
struct gate_list;

/* What cannot be read, or is none, ends the process. */
struct gate_keys *gate_keys_read(const char *path);
void gate_keys_free(struct gate_keys *keys);

/* A ticket_key_find; `context` is the keys. */
const uint8_t *gate_keys_find(void *context, const char *id);

struct gate_list *gate_list_read(const char *path);
void gate_list_free(struct gate_list *list);

/* What the list says of the ticket: "valid", "checked_in", "refunded"; NULL: it is not there. */
const char *gate_list_state(const struct gate_list *list, const struct ticket_name *ticket);

#endif
