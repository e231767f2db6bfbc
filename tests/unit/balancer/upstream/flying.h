/* Flights between choices and fake ticket servers, on a held loop; and passengers that remember what
 * became of them. Main thread. */
#ifndef BOX_OFFICE_TEST_FLYING_H
#define BOX_OFFICE_TEST_FLYING_H

#include "balancer/pool/servers.h"
#include "balancer/upstream/budget.h"
#include "balancer/upstream/flight.h"
#include "balancer/upstream/upstream.h"
#include "tests/unit/balancer/upstream/fake_server.h"
#include "tests/unit/common/held_loop.h"

enum {
    FLYING_SERVERS = 3,
    TRAVELLERS_MAX = 2 * FLIGHT_ITEMS_MAX,
};

struct traveller {
    struct passenger passenger;
    unsigned decided, returned; /* how often */
    struct outcome outcome;
};

struct flying {
    struct held_loop held;
    struct servers servers;
    struct fake_server fakes[FLYING_SERVERS];
    struct upstream *upstream;
    struct budget budget; /* that goes without saying */
    struct flights *flights;
    struct traveller travellers[TRAVELLERS_MAX];
    size_t count;
    size_t decided, returned; /* of all */
};

/* The present one. What a test leaves behind that failed half-way disturbs no other. */
extern struct flying *flying;

/* `servers` of them are up, with nothing told; the history is taken. */
void flying_open(size_t servers);
void flying_close(void);

/* Chooses a server for a new purchase, and boards. */
struct traveller *flying_board(int quantity);

/* The same for a traveller that came back. */
void flying_board_again(struct traveller *traveller);

/* Boards as many, of one ticket each. */
void flying_board_all(size_t count);

/* Lets flights depart, turn after turn, until the condition holds or until as many travellers have been
 * decided and returned; the assertion fails where that takes too long. */
void flying_until(bool (*condition)(void *context), void *context);
void flying_until_back(size_t decided, size_t returned);

/* Until that server has had as many requests. */
void flying_until_asked(size_t server, unsigned requests);

/* A probe says that the server is up. */
void flying_probe(size_t server);

enum server_state flying_state(size_t server);

/* Takes the history and expects this line to be in it. */
void flying_expect(const char *line);

#endif
