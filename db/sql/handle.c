#include "db/sql/handle.h"

#include <stdlib.h>

void sql_handle_free(struct sql_handle *handle)
{
    batch_free(&handle->batch);
    free(handle->moved);
}
