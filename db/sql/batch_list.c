#include "db/sql/batch_list.h"

#include <stdlib.h>

void *batch_list_grow(void *list, size_t count, size_t more, size_t *room, size_t size)
{
    if (count + more <= *room)
        return list;
    size_t wanted = *room == 0 ? 16 : 2 * *room;
    if (wanted < count + more)
        wanted = count + more;
    void *grown = realloc(list, wanted * size);
    if (grown == NULL)
        abort();
    *room = wanted;
    return grown;
}
