#include "ticket_server/share.h"

/* Forgets what is older than the window. */
static void move_on(struct share *share, int64_t now)
{
    int64_t slot = now / SHARE_SLOT;
    if (slot - share->slot > SHARE_SLOTS)
        share->slot = slot - SHARE_SLOTS;
    while (share->slot < slot)
        share->spent[++share->slot % SHARE_SLOTS] = 0;
}

bool share_left(struct share *share, int64_t now)
{
    int64_t spent = 0;
    move_on(share, now);
    for (int i = 0; i < SHARE_SLOTS; i++)
        spent += share->spent[i];
    return spent < SHARE_MAX;
}

void share_spend(struct share *share, int64_t began, int64_t now)
{
    move_on(share, now);
    share->spent[share->slot % SHARE_SLOTS] += now - began;
}
