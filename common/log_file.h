/* A log that is evidence: append-only, one write(2) per write, rotated by size.
 *
 * DIR/NAME is the newest; DIR/NAME.1 the one before, up to NAME.<LOG_FILES_MAX>. A kill may tear a write, so
 * a reader must bear a last line without its newline. Whoever opens the log next ends such a line with
 * LOG_FILE_TORN and a newline, so that it never passes for a whole one. While a log is open its file
 * carries a shared flock(2), so that a reader, and the next writer, can tell a living writer from a dead one.
 *
 * A file has one writer at a time: who opens a log that another process still writes to puts that file
 * aside, and begins one of its own; the other goes on in the one it has, under its new name. Names change
 * under an exclusive flock(2) on DIR. Not for several threads at once: the owner has a lock of its own. */
#ifndef BOX_OFFICE_LOG_FILE_H
#define BOX_OFFICE_LOG_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct log_file;

#define LOG_FILE_TORN " [torn]"

enum {
    LOG_ERROR_SIZE = 256,
    LOG_FILES_MAX = 99, /* older files, whatever their size */
};

/* Opens or creates (mode 0600, which one that others may read gets, too); NULL with the reason in `error`. `dir`
 * must exist; both names are copied. A full disk is no reason: then writing fails, until there is room. Of older
 * files, as many are kept as it takes to hold `keep` times `size_max` bytes. */
struct log_file *log_file_open(const char *dir, const char *name, int64_t size_max, int keep,
                               char error[LOG_ERROR_SIZE]);
void log_file_close(struct log_file *log);

/* Appends whole lines. False where not all could be written (errno tells): then what was written of them
 * has been cut off again (or, where even that fails, is ended as a torn line before the next write),
 * and the caller states the gap later. */
bool log_file_write(struct log_file *log, const char *lines, size_t length);

/* True once the newest file has reached its size: the owner should rotate before the next write. */
bool log_file_full(const struct log_file *log);

/* Renames .3 to .4, …, the newest to .1, and opens a new one; only the oldest are lost. False where that
 * failed (errno tells; EBUSY: another process writes to the newest): the log then goes on in the file it
 * had. */
bool log_file_rotate(struct log_file *log);

#endif
