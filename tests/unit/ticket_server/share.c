#include "ticket_server/share.h"

#include "tests/lib/suite.h"

static const int64_t start = 7 * CLOCK_SECOND + 3;
static const int64_t piece = 9 * CLOCK_MILLISECOND;

/* Works wherever it may for so long, and otherwise waits a millisecond; how much of the time it worked. */
static int64_t work(struct share *share, int64_t lasts)
{
    int64_t worked = 0;
    for (int64_t now = start; now < start + lasts;) {
        if (!share_left(share, now)) {
            now += CLOCK_MILLISECOND;
            continue;
        }
        share_spend(share, now, now + piece);
        now += piece;
        worked += piece;
    }
    return worked;
}

static void a_quarter_and_no_more(void)
{
    struct share share = {0};
    CU_ASSERT(share_left(&share, start));
    CU_ASSERT_EQUAL(work(&share, SHARE_WINDOW), 3 * piece);
    share = (struct share){0};
    int64_t worked = work(&share, 10 * CLOCK_SECOND);
    CU_ASSERT(worked > 2 * CLOCK_SECOND);
    CU_ASSERT(worked <= 10 * (SHARE_MAX + piece) * (CLOCK_SECOND / SHARE_WINDOW));
}

static void what_is_spent_is_forgotten(void)
{
    struct share share = {0};
    share_spend(&share, start, start + SHARE_MAX - 1);
    CU_ASSERT(share_left(&share, start + SHARE_MAX));
    share_spend(&share, start, start + 1);
    CU_ASSERT_FALSE(share_left(&share, start + SHARE_MAX));
    CU_ASSERT_FALSE(share_left(&share, start + SHARE_WINDOW - SHARE_SLOT));
    CU_ASSERT(share_left(&share, start + SHARE_MAX + SHARE_WINDOW + SHARE_SLOT));
}

/* One long piece, of a slow disk say, and then a day without any. */
static void long_pieces_and_long_pauses(void)
{
    struct share share = {0};
    int64_t day = 86400 * CLOCK_SECOND;
    share_spend(&share, start, start + 3 * CLOCK_SECOND);
    CU_ASSERT_FALSE(share_left(&share, start + 3 * CLOCK_SECOND));
    CU_ASSERT(share_left(&share, start + day));
    share_spend(&share, start + day, start + day + SHARE_MAX);
    CU_ASSERT_FALSE(share_left(&share, start + day + SHARE_MAX));
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("share", "a quarter and no more", a_quarter_and_no_more);
    suite_add("share", "what is spent is forgotten", what_is_spent_is_forgotten);
    suite_add("share", "long pieces and long pauses", long_pieces_and_long_pauses);
}
