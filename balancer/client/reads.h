/* Reads: GET and HEAD are forwarded to the ticket servers in turn; the next one is asked where one
 * fails. Buffered: a read's answer is small.
 *
 * Belongs to one worker; its thread only. */
#ifndef BOX_OFFICE_READS_H
#define BOX_OFFICE_READS_H

#include "balancer/pool/servers.h"
#include "balancer/upstream/upstream.h"
#include "common/http.h"

struct reads;

struct reads *reads_open(struct servers *servers, struct upstream *upstream);
void reads_close(struct reads *reads);

/* True where the path is one that is forwarded: /events and below. */
bool reads_path(const char *path);

/* Takes the request over and answers it in the end. */
void reads_accept(struct reads *reads, struct http_request *http);

#endif
