/* The configuration's file, read once by the master: the router, which the master may start again at any
 * time, gets a copy in memory, so that all of one run goes by the same text whatever becomes of the file. */
#ifndef BOX_OFFICE_CONFIG_FILE_H
#define BOX_OFFICE_CONFIG_FILE_H

#include <stdbool.h>

#include "balancer/routing/config.h"
#include "common/buffer.h"

/* Reads a regular file of at most CONFIG_FILE_MAX bytes. False with the reason, which says what to do;
 * then the buffer is empty. */
bool config_file_read(const char *path, struct buffer *text, char error[CONFIG_ERROR_SIZE]);

/* The text in a sealed memory file (memfd_create(2)), close-on-exec; -1 and errno where there is no room
 * for it. */
int config_file_seal(const struct buffer *text);

/* Reads a memory file from its beginning, whoever has read it before, and closes it. False and errno where
 * that fails. */
bool config_file_take(int fd, struct buffer *text);

#endif
