/* What holds cost, asked of the shop (GET /holds/{id}) before anything is charged: a provider does not take the price
 * from whoever pays. The loop's thread. */
#ifndef BOX_OFFICE_PAYMENTS_PRICES_H
#define BOX_OFFICE_PAYMENTS_PRICES_H

#include "common/id.h"
#include "common/loop.h"
#include "common/outcome.h"
#include "common/problem.h"
#include "tools/rush/caller.h"

struct prices;

struct price {
    int64_t amount; /* minor units, 0 to AMOUNT_MAX (tools/payments/book.h) */
    char currency[CURRENCY_SIZE];
};

/* PROBLEM_NONE and the price; NO_SUCH_HOLD; NO_SERVER: the shop does not tell now. */
typedef void prices_told(void *context, enum problem problem, const struct price *price);

/* `shop` outlives it. */
struct prices *prices_open(struct loop *loop, const struct destination *shop);

/* Whoever still waits is told NO_SERVER. */
void prices_close(struct prices *prices);

/* `told` is called once, perhaps from inside. False where too many are being asked for; then it is not. */
bool prices_ask(struct prices *prices, const char *hold, prices_told *told, void *context);

/* Reads a shop's answer. */
enum problem prices_read(unsigned status, const char *body, size_t length, struct price *price);

#endif
