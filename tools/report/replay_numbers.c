/* Numbers: n counts by one from started, without a gap. */
#include <inttypes.h>

#include "common/clock.h"
#include "tools/report/replay_parts.h"

/* A wrong number is either wrong in itself, and the next line goes on where this one should have been,
 * or lines are missing, and the next line goes on from it. */
static void number_broken(struct replay *replay, uint32_t place)
{
    uint64_t n = replay->line.n, expected = replay->expected;
    struct findings *findings = replay_findings(replay);
    if (n > expected)
        findings_broken(findings, CHECK_NUMBERS, place,
                        "n=%" PRIu64 ", but n=%" PRIu64 " was expected: line%s n=%" PRIu64
                        " to n=%" PRIu64 " after %s missing, or this number was changed",
                        n, expected, n - expected == 1 ? "" : "s", expected, n - 1,
                        replay_where(replay, replay->previous).text);
    else
        findings_broken(findings, CHECK_NUMBERS, place,
                        "n=%" PRIu64 ", but n=%" PRIu64
                        " was expected: a line was repeated or moved, its number changed, or a "
                        "started line (n=1) is missing; the line before is %s",
                        n, expected, replay_where(replay, replay->previous).text);
    replay->alternative = expected + 1;
}

/* A gap that is stated is legal: the lines from after_gap on could not be written. */
static bool gap_stated(struct replay *replay, uint32_t place)
{
    const struct routing_line *line = &replay->line;
    uint64_t from = line->state.after_gap;
    if (line->kind != ROUTING_STATE || from == 0)
        return false;
    if (from > replay->expected || from >= line->n || line->n < replay->expected)
        return false;
    replay->gaps++;
    findings_note(replay_findings(replay),
                  "%s: lines n=%" PRIu64 " to n=%" PRIu64 " could not be written",
                  replay_where(replay, place).text, from, line->n - 1);
    return true;
}

void replay_number(struct replay *replay, uint32_t place)
{
    const struct routing_line *line = &replay->line;
    replay_findings(replay)->checked[CHECK_NUMBERS]++;
    if (line->kind == ROUTING_STARTED || replay_starts_in_gap(replay))
        replay->expected = 1;
    bool first = replay->previous == LEDGER_NONE && line->kind == ROUTING_STATE;
    bool right = line->n == replay->expected || first || gap_stated(replay, place) ||
                 (replay->alternative != 0 && line->n == replay->alternative);
    replay->alternative = 0;
    if (!right)
        number_broken(replay, place);
    replay->expected = line->n + 1;
}
