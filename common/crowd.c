#include "common/crowd.h"

bool crowd_has_left(struct crowd *crowd, size_t here)
{
    if (here > crowd->most)
        crowd->most = here;
    if (crowd->most < CROWD_LEAST || here > crowd->most / 4)
        return false;
    crowd->most = here;
    return true;
}
