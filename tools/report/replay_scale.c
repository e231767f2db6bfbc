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
                        "scale from=%" PRId64 ", but %" PRId64 " servers are wanted since %s",
                        scale->from, replay->wanted, replay_where(replay, replay->wanted_at).text);
    if (scale->from == scale->to)
        findings_broken(findings, CHECK_STATES, place,
                        "scale from=%" PRId64 " to=%" PRId64 " is no step", scale->from, scale->to);
    replay->wanted = scale->to;
    replay->wanted_at = place;
    ledger_scale(replay->ledger, scale, replay->line.time);
}
