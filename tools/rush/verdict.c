#include "tools/rush/verdict.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "common/clock.h"
#include "tools/rush/progress.h"

enum {
    BAR = 40,
};

static void print_codes(const struct tally_codes *codes)
{
    for (size_t i = 0; i < codes->count; i++)
        printf("    %-22s %8" PRId64 "\n", codes->list[i].code, codes->list[i].count);
}

static void print_outcomes(const struct verdict_case *rush)
{
    const struct tally *tally = rush->tally;
    printf("outcomes of %" PRId64 " buyers\n", rush->buyers);
    printf("  %-24s %8" PRId64 "   %" PRId64 " tickets\n", "sold", tally->sold, tally->tickets);
    printf("  %-24s %8" PRId64 "\n", "sold out", tally->sold_out);
    printf("  %-24s %8" PRId64 "\n", "errors", tally->failed + tally->wrong);
    print_codes(&tally->errors);
    if (tally->wrong > 0)
        printf("    %-22s %8" PRId64 "\n", "not understood", tally->wrong);
    printf("  %-24s %8" PRId64 "   sent again with the same key\n", "repeats", tally->repeats);
    print_codes(&tally->reasons);
}

static void print_servers(const struct tally *tally)
{
    int64_t most = 0;
    for (size_t i = 0; i < tally->server_count; i++)
        most = tally->servers[i].tickets > most ? tally->servers[i].tickets : most;
    if (most > 0)
        printf("tickets sold by each server\n");
    for (size_t i = 0; i < tally->server_count; i++) {
        printf("  %-24s %8" PRId64 "   ", tally->servers[i].id, tally->servers[i].tickets);
        progress_bar(tally->servers[i].tickets, most, BAR);
        printf("\n");
    }
}

static double milliseconds(int64_t time)
{
    return (double)time / (double)CLOCK_MILLISECOND;
}

static double per_second(int64_t count, int64_t time)
{
    return time > 0 ? (double)count * (double)CLOCK_SECOND / (double)time : 0;
}

static void print_speed(const struct verdict_case *rush)
{
    const struct tally *tally = rush->tally;
    printf("latency  p50 %.2f ms   p90 %.2f ms   p99 %.2f ms   max %.2f ms%s\n",
           milliseconds(tally_percentile(tally, 50)), milliseconds(tally_percentile(tally, 90)),
           milliseconds(tally_percentile(tally, 99)), milliseconds(tally_percentile(tally, 100)),
           rush->rate > 0 ? ", from when they came" : "");
    if (tally->sold > 0)
        printf("speed    %.0f sales/s, until the last was sold; ",
               per_second(tally->sold, tally->last_sale - rush->began));
    else
        printf("speed    ");
    printf("%.0f answers/s, in %.2f s\n", per_second(rush->buyers, rush->took),
           milliseconds(rush->took) / 1000);
    if (rush->rate > 0)
        printf("rate     %" PRId64 " buyers/s were to come; %" PRId64
               " of them were sent more than 1 ms late\n",
               rush->rate, tally->late);
}

void verdict_print(const struct verdict_case *rush)
{
    print_outcomes(rush);
    print_servers(rush->tally);
    print_speed(rush);
}

static bool wrong(const char *format, ...) __attribute__((format(printf, 1, 2)));
static bool wrong(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    printf("WRONG: ");
    vprintf(format, arguments);
    printf("\n");
    va_end(arguments);
    return false;
}

static bool judge_numbers(const struct tally *tally)
{
    int64_t example = 0, duplicates = tally_duplicates(tally, &example);
    if (duplicates > 0)
        return wrong("%" PRId64 " ticket numbers were given to two buyers, e.g. %" PRId64,
                     duplicates, example);
    return true;
}

/* Of all errors, the commonest tells why. */
static bool nothing_bought(const struct verdict_case *rush)
{
    const struct tally_codes *errors = &rush->tally->errors;
    size_t most = 0;
    for (size_t i = 1; i < errors->count; i++)
        if (errors->list[i].count > errors->list[most].count)
            most = i;
    return wrong("nothing could be bought: %s (%" PRId64 " of %" PRId64 " buyers)",
                 errors->list[most].code, errors->list[most].count, rush->buyers);
}

static bool judge_answers(const struct verdict_case *rush)
{
    const struct tally *tally = rush->tally;
    if (tally->wrong > 0)
        return wrong("%" PRId64 " answers could not be understood", tally->wrong);
    if (tally->sold + tally->sold_out == 0 && tally->unclear == tally->failed)
        return wrong("no buyer got an answer that decides");
    if (tally->sold + tally->sold_out == 0)
        return nothing_bought(rush);
    return true;
}

/* Acknowledged tickets, held against the counts before and after. */
static bool judge_counts(const struct verdict_case *rush)
{
    const struct tally *tally = rush->tally;
    int64_t counted = rush->after.sold - rush->before.sold;
    int64_t further = counted - tally->tickets;
    if (further < 0)
        return wrong("%" PRId64 " tickets were acknowledged, but only %" PRId64
                     " more are counted as sold",
                     tally->tickets, counted);
    if (further == 0 && tally->tickets == 0)
        return true;
    if (further == 0)
        printf("all %" PRId64 " acknowledged tickets are counted as sold, and no others\n",
               tally->tickets);
    else if (further <= tally->unclear * rush->quantity)
        printf("%" PRId64
               " more tickets were sold than acknowledged: buyers whose answer was lost\n",
               further);
    else
        printf("%" PRId64
               " more tickets were sold than acknowledged: others buy at the same time\n",
               further);
    return true;
}

static bool judge_sold_out(const struct verdict_case *rush)
{
    const struct stock *after = &rush->after;
    bool steady = rush->before.capacity == after->capacity && rush->before.held == 0;
    if (after->sold + after->held > after->capacity)
        return wrong("oversold: %" PRId64 " of %" PRId64, after->sold, after->capacity);
    if (steady && after->held == 0 && rush->tally->sold_out > 0 &&
        after->remaining >= rush->quantity)
        return wrong("buyers were told it is sold out, but %" PRId64 " tickets are left",
                     after->remaining);
    if (after->sold == after->capacity)
        printf("sold exactly the capacity: %" PRId64 " of %" PRId64 "\n", after->sold,
               after->capacity);
    else
        printf("sold %" PRId64 " of %" PRId64 ": %" PRId64 " left\n", after->sold, after->capacity,
               after->remaining);
    return true;
}

bool verdict_judge(const struct verdict_case *rush)
{
    bool fine = judge_answers(rush);
    fine &= judge_numbers(rush->tally);
    fine &= judge_counts(rush);
    fine &= judge_sold_out(rush);
    return fine;
}
