/* Scale: each step goes on from where the one before led. What it decides by are averages over a window, which
 * no other line knows; they are shown. */
#include <inttypes.h>

#include "tools/report/replay_parts.h"

void replay_scale(struct replay *replay, uint32_t place)
{
    const struct routing_scale *scale = &replay->line.scale;
    struct findings *findings = replay_findings(replay);
    findings->checked[CHECK_STATES]++;
    if (replay->wanted >= 0 && scale->from != replay->wanted)
        findings_broken(findings, CHECK_STATES, place,
                        "scale from=%" PRId64 ", but %" PRId64 " servers were wanted", scale->from,
                        replay->wanted);
    if (scale->from == scale->to)
        findings_broken(findings, CHECK_STATES, place,
                        "scale from=%" PRId64 " to=%" PRId64 " is no step", scale->from, scale->to);
    replay->wanted = scale->to;
    ledger_scale(replay->ledger, scale, replay->line.time);
}
