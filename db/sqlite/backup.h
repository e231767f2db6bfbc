/* Keeping a copy of a SQLite store, and putting it back. The contracts are store_backup's and store_restore's. */
#ifndef BOX_OFFICE_SQLITE_BACKUP_H
#define BOX_OFFICE_SQLITE_BACKUP_H

#include "db/store.h"

bool backup_make(const char *path, const char *to, store_progress *progress, void *context,
                 char error[STORE_ERROR_SIZE]);
bool backup_restore(const char *path, const char *from, store_progress *progress, void *context,
                    struct store_restored *restored, char error[STORE_ERROR_SIZE]);

#endif
