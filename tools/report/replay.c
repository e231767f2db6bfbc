#include "tools/report/replay.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/log_file.h"
#include "tools/report/replay_parts.h"

void replay_init(struct replay *replay, struct ledger *ledger)
{
    memset(replay, 0, sizeof *replay);
    replay->ledger = ledger;
    replay->torn = LEDGER_NONE;
    replay->previous = LEDGER_NONE;
    replay->listed_at = LEDGER_NONE;
    replay->wanted = -1;
}

void replay_free(struct replay *replay)
{
    buffer_free(&replay->open);
    map_clear(&replay->requests);
    map_clear(&replay->pinned);
    replay_asked_forget(replay, 0);
    routing_line_free(&replay->line);
}

struct findings *replay_findings(const struct replay *replay)
{
    return replay->ledger->findings;
}

struct where replay_where(const struct replay *replay, uint32_t place)
{
    if (place == LEDGER_NONE)
        return (struct where){"the beginning"};
    return findings_where(replay_findings(replay), place);
}

/* --- torn lines -------------------------------------------------------------------------------- */

/* A torn line was marked when the log was opened again. It is legal as the last one of a router that was
 * killed (so `started` follows, or another torn line, if that router was killed at once), or whose log
 * could not be written (so a stated gap follows). */
static void judge_torn(struct replay *replay, bool legal)
{
    if (replay->torn == LEDGER_NONE)
        return;
    if (legal)
        findings_note(replay_findings(replay), "%s: torn by a crash",
                      replay_where(replay, replay->torn).text);
    else
        findings_broken(replay_findings(replay), CHECK_LINES, replay->torn,
                        "is torn, but no started line follows: nobody crashed here");
    replay->torn = LEDGER_NONE;
}

/* It may have been a line of ours: its number is not missed. */
static void unreadable(struct replay *replay, uint32_t place, bool torn, const char *why)
{
    judge_torn(replay, torn);
    if (torn)
        replay->torn = place;
    else
        findings_broken(replay_findings(replay), CHECK_LINES, place, "does not read: %s", why);
    if (replay->begun)
        replay->alternative = replay->expected + 1;
}

void replay_take_torn(struct replay *replay, const struct replay *from)
{
    judge_torn(replay, true);
    replay->torn = from->torn;
    if (replay->begun)
        replay->alternative = replay->expected + 1;
}

/* Reads the line; false with the reason. */
static bool read_line(struct replay *replay, const char *text, size_t length,
                      char why[ROUTING_ERROR_SIZE])
{
    if (!routing_line_parse(text, length, &replay->line, why))
        return false;
    if (replay_fits(&replay->line))
        return true;
    snprintf(why, ROUTING_ERROR_SIZE, "a number in it is beyond its bounds");
    return false;
}

bool replay_is_torn(const char *text, size_t length)
{
    size_t mark = strlen(LOG_FILE_TORN);
    return length >= mark && memcmp(text + length - mark, LOG_FILE_TORN, mark) == 0;
}

/* --- lines ------------------------------------------------------------------------------------- */

static void apply(struct replay *replay, uint32_t place)
{
    switch (replay->line.kind) {
    case ROUTING_STARTED:
        replay_started(replay);
        break;
    case ROUTING_STATE:
        replay_state(replay, place);
        break;
    case ROUTING_STOPPED:
        replay_stopped(replay, place);
        break;
    case ROUTING_SERVER:
        replay_server_line(replay, place);
        break;
    case ROUTING_CHOICE:
        replay_choice(replay, place);
        break;
    case ROUTING_SETTLED:
        replay_settled(replay, place);
        break;
    case ROUTING_DONE:
        replay_done(replay, place);
        break;
    case ROUTING_LOAD:
        replay_load(replay, place);
        break;
    case ROUTING_TOLD:
        replay_told(replay, place);
        break;
    case ROUTING_LIMIT:
        replay_limit(replay, place);
        break;
    case ROUTING_SCALE:
        replay_scale(replay, place);
        break;
    }
}

/* Whether a router of the version that it told could have written the line. */
static void prove_version(const struct replay *replay, uint32_t place)
{
    const struct routing_line *line = &replay->line;
    bool holds = (line->kind == ROUTING_CHOICE && line->choice.verb != VERB_PURCHASE) ||
                 (line->kind == ROUTING_SETTLED && line->settled.held + line->settled.freed > 0);
    if (holds && replay->version == ROUTING_VERSION_READ)
        findings_broken(replay_findings(replay), CHECK_LINES, place,
                        "tells of a hold, but its router started with version=%d, which has none",
                        ROUTING_VERSION_READ);
}

/* False where nothing can be replayed yet. */
static bool begin(struct replay *replay, uint32_t place)
{
    if (replay->begun)
        return true;
    replay->begun = replay->line.kind == ROUTING_STARTED || replay->line.kind == ROUTING_STATE;
    if (!replay->begun && !replay->headless) {
        replay->headless = true;
        findings_broken(replay_findings(replay), CHECK_NUMBERS, place,
                        "n=%" PRIu64 " opens the log, where a started or state line was expected: "
                        "the lines before it, up to n=%" PRIu64 ", are missing",
                        replay->line.n, replay->line.n - 1);
    }
    return replay->begun;
}

void replay_line(struct replay *replay, const char *text, size_t length, bool torn)
{
    struct findings *findings = replay_findings(replay);
    struct routing_line *line = &replay->line;
    char why[ROUTING_ERROR_SIZE] = "";
    uint32_t place = findings_line(findings);
    findings->checked[CHECK_LINES]++;
    torn = torn || replay_is_torn(text, length);
    if (torn || !read_line(replay, text, length, why)) {
        unreadable(replay, place, torn, why);
        return;
    }
    judge_torn(replay, line->kind == ROUTING_STARTED ||
                           (line->kind == ROUTING_STATE && line->state.after_gap));
    if (!begin(replay, place))
        return;
    replay_number(replay, place);
    if (replay->stopped && line->kind != ROUTING_STARTED && !replay_starts_in_gap(replay))
        findings_broken(findings, CHECK_ENDS, place,
                        "n=%" PRIu64 " follows `stopped`, where only started was expected",
                        line->n);
    prove_version(replay, place);
    apply(replay, place);
    replay->stopped = line->kind == ROUTING_STOPPED;
    replay->previous = place;
    replay->time = line->time;
}

/* --- the end ----------------------------------------------------------------------------------- */

size_t replay_open_flights(const struct replay *replay, uint32_t before)
{
    size_t count, open = 0;
    const uint32_t *list = replay_open_list(replay, &count);
    for (size_t i = 0; i < count; i++) {
        const struct ledger_flight *flight = ledger_flight(replay->ledger, list[i]);
        open += flight->opened < before && !flight->partial;
    }
    return open;
}

static void end_alive(struct replay *replay, uint32_t before)
{
    size_t count;
    const uint32_t *list = replay_open_list(replay, &count);
    for (size_t i = 0; i < count; i++) {
        const struct ledger_flight *flight = ledger_flight(replay->ledger, list[i]);
        if (flight->opened < before && !flight->partial)
            findings_broken(replay_findings(replay), CHECK_ENDS, flight->opened,
                            "flight=%" PRIu64 " is still not settled, though its router lives",
                            flight->number);
    }
    size_t young = count - replay_open_flights(replay, before);
    findings_note(replay_findings(replay), "the log is being written to: %zu flight%s under way",
                  young, young == 1 ? "" : "s");
}

void replay_end(struct replay *replay, bool alive, uint32_t before, size_t rest)
{
    struct findings *findings = replay_findings(replay);
    judge_torn(replay, true);
    if (rest > 0)
        findings_note(findings, "%zu bytes after %s: a line %s", rest,
                      replay_where(replay, replay->previous).text,
                      alive ? "that is being written" : "torn by a crash");
    if (replay->begun && !replay->stopped && alive)
        end_alive(replay, before);
    else if (replay->begun && !replay->stopped)
        replay_crashed(replay, false);
}
