#include "common/crowd.h"

#include "tests/lib/suite.h"

static void few_are_no_crowd(void)
{
    struct crowd crowd = {0};
    CU_ASSERT_FALSE(crowd_has_left(&crowd, CROWD_LEAST - 1));
    CU_ASSERT_FALSE(crowd_has_left(&crowd, 0));
}

static void a_crowd_leaves_once(void)
{
    struct crowd crowd = {0};
    CU_ASSERT_FALSE(crowd_has_left(&crowd, 400));
    CU_ASSERT_FALSE(crowd_has_left(&crowd, 101));
    CU_ASSERT(crowd_has_left(&crowd, 100));
    CU_ASSERT_FALSE(crowd_has_left(&crowd, 99));
    CU_ASSERT_FALSE(crowd_has_left(&crowd, 0));
}

/* What is left of a crowd is a crowd that may leave; and so is the next one. */
static void each_crowd_counts(void)
{
    struct crowd crowd = {0};
    crowd_has_left(&crowd, 1000);
    CU_ASSERT(crowd_has_left(&crowd, 200));
    CU_ASSERT(crowd_has_left(&crowd, 50));
    CU_ASSERT_FALSE(crowd_has_left(&crowd, CROWD_LEAST));
    CU_ASSERT(crowd_has_left(&crowd, CROWD_LEAST / 4));
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("crowd", "few are no crowd", few_are_no_crowd);
    suite_add("crowd", "a crowd leaves once", a_crowd_leaves_once);
    suite_add("crowd", "each crowd counts", each_crowd_counts);
}
