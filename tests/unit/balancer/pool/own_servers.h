/* Ticket servers of our own, and a master who writes down what he is told. Main thread, one at a time. */
#ifndef BOX_OFFICE_TEST_OWN_SERVERS_H
#define BOX_OFFICE_TEST_OWN_SERVERS_H

#include "balancer/pool/departures.h"
#include "balancer/pool/servers.h"
#include "common/buffer.h"
#include "common/loop.h"

struct own_servers {
    struct servers servers;
    struct loop *loop;
    struct departures departures;
    struct buffer orders;      /* what the master was told: "start server-3 retire server-1 …" */
    int pid;                   /* of the last process */
    char drained[SERVER_SIZE]; /* whom somebody wants drained, for good; "" for nobody */
};

extern struct own_servers own;

/* Opens it with server-1 to server-COUNT up; their history is taken. */
void own_open(int count);
void own_close(void);

/* A process of this server is started, is up. */
void own_joins(const char *id);
void own_is_up(const char *id);

/* The server as it is now; one that is not in the list is SERVER_LEFT. */
struct server own_get(const char *id);

/* From now on so much is under way there; 0: all of it is given up. */
void own_pending(const char *id, int64_t pending);

/* Calls for those under test: write an order down. */
void own_start(void *context, const char *id);
void own_retire(void *context, const char *id);
void own_renew(void *context, const char *id);
bool own_drained(void *context, const char *id);

/* Expects these orders since the last time, or since the beginning. "" for none. */
void own_expect(const char *orders);

#endif
