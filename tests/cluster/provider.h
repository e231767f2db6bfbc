/* The sample payment provider (tools/payments) beside a cluster, and paying there. What cannot be had ends the test
 * with a failed assertion. Main thread only. */
#ifndef BOX_OFFICE_TEST_PROVIDER_H
#define BOX_OFFICE_TEST_PROVIDER_H

#include "common/id.h"
#include "common/purchase.h"
#include "tests/lib/client.h"
#include "tests/lib/cluster.h"

struct provider {
    struct process process;
    char url[CLUSTER_URL_SIZE];
    struct client *client;
};

/* A payment, as of the last look. */
struct payment {
    char hold[ID_TEXT_SIZE];
    char reference[KEY_SIZE];
    char state[16];
};

/* Starts it on a free port; it confirms at the cluster. `options`: further ones, at most 12 words, then NULL. */
void provider_open(struct provider *provider, const struct cluster *cluster,
                   const char *const *options);

/* Ends it, and expects that nothing was left open. */
void provider_close(struct provider *provider);

/* Pays so much for the hold; `payment` is filled in. */
void provider_pay(struct provider *provider, const char *hold, int64_t amount,
                  struct payment *payment);

/* Waits until nothing is under way; then each charge must be settled and no answer contradict another one. What has
 * become of the payments is filled in. */
void provider_settle(struct provider *provider, struct payment *payments, size_t count);

/* Copies a member of a body; false where it is no text. */
bool provider_text(struct response *response, const char *name, char *text, size_t size);

/* Asks, and again as long as nobody answers, or with 503. */
bool provider_ask_decided(struct client *client, const struct query *query,
                          struct response *response, int seconds);

#endif
