#include "tools/payments/queue.h"

#include "tests/lib/suite.h"

enum {
    MANY = 1000,
};

static void the_earliest_comes_first(void)
{
    struct queue queue;
    uint64_t dice = 1;
    int64_t last = 0;
    queue_open(&queue);
    for (int i = 0; i < MANY; i++) {
        dice = dice * UINT64_C(6364136223846793005) + 1442695040888963407;
        queue_put(&queue, &(struct errand){.due = (int64_t)(dice >> 56), .attempts = i});
        if (i % 4 == 3)
            queue_take(&queue);
    }
    CU_ASSERT_EQUAL(queue.count, MANY - MANY / 4);
    while (queue.count > 0) {
        struct errand errand = queue_take(&queue);
        CU_ASSERT(errand.due >= last);
        last = errand.due;
    }
    queue_close(&queue);
}

static void what_was_put_comes_whole(void)
{
    struct queue queue;
    struct charge charge;
    queue_open(&queue);
    queue_put(&queue, &(struct errand){.due = 7, .charge = &charge, .attempts = 3});
    struct errand errand = queue_take(&queue);
    CU_ASSERT_EQUAL(errand.due, 7);
    CU_ASSERT_PTR_EQUAL(errand.charge, &charge);
    CU_ASSERT_EQUAL(errand.attempts, 3);
    queue_close(&queue);
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("payments_queue", "the_earliest_comes_first", the_earliest_comes_first);
    suite_add("payments_queue", "what_was_put_comes_whole", what_was_put_comes_whole);
}
