/* Lists of a batch that grow while it is read. */
#ifndef BOX_OFFICE_SQL_BATCH_LIST_H
#define BOX_OFFICE_SQL_BATCH_LIST_H

#include <stddef.h>

/* The list with room for `more` beyond `count`; its content is kept. Aborts where there is no memory. */
void *batch_list_grow(void *list, size_t count, size_t more, size_t *room, size_t size);

#endif
