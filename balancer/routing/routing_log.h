/* logs/routing.log: the servers' history, written to a file and rotated by size.
 *
 * Lines are written in the order of n. Where the file cannot be written, selling goes on; the gap is
 * stated by the next line that can be. Any thread; its lock is taken before the servers' lock. */
#ifndef BOX_OFFICE_ROUTING_LOG_H
#define BOX_OFFICE_ROUTING_LOG_H

#include "balancer/pool/servers.h"
#include "common/log_file.h"

struct routing_log;

/* NULL with the reason where DIR/routing.log cannot be opened. `servers` must outlive the log. Where another
 * router still writes to the file, it is put aside (common/log_file.h): so each file is one router's, or
 * that of several one after the other. */
struct routing_log *routing_log_open(struct servers *servers, const char *dir, int64_t size_max,
                                     char error[LOG_ERROR_SIZE]);
void routing_log_close(struct routing_log *log);

/* Writes every line of the history so far, with one write(2) (two where the file is full). What was in
 * the history before the call is in the file after it, or its gap is known. */
void routing_log_flush(struct routing_log *log);

/* From now on the log goes on in the file it has, whatever its size: another router has taken over, and the
 * newest file is that one's. */
void routing_log_settle(struct routing_log *log);

#endif
