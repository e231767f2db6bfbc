#include "db/sql/key.h"

#include <string.h>

bool key_is_id(const char *key, struct id *id)
{
    char text[ID_TEXT_SIZE];
    if (!id_parse(key, id))
        return false;
    id_format(id, text);
    return strcmp(text, key) == 0;
}
