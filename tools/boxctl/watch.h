/* boxctl watch: the list of servers, again each second. */
#ifndef BOX_OFFICE_BOXCTL_WATCH_H
#define BOX_OFFICE_BOXCTL_WATCH_H

#include <stdbool.h>

#include "tools/boxctl/api.h"

/* Until Ctrl-C, or q on a terminal; there, in place. Elsewhere what has changed, a line each; `json`: the whole
 * list, a line each time that a state has changed. False where nobody reads on. */
bool watch_run(struct api *api, bool json);

#endif
