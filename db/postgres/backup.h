/* Keeping a copy of a PostgreSQL store, and putting one back. The contracts are those of store_backup and
 * store_restore. */
#ifndef BOX_OFFICE_POSTGRES_BACKUP_H
#define BOX_OFFICE_POSTGRES_BACKUP_H

#include "db/store.h"

bool postgres_backup(const char *rest, const char *to, store_progress *progress, void *context,
                     char error[STORE_ERROR_SIZE]);
bool postgres_restore(const char *rest, const char *from, store_progress *progress, void *context,
                      struct store_restored *restored, char error[STORE_ERROR_SIZE]);

#endif
