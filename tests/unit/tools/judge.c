#include "tests/unit/tools/judge.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "tests/lib/suite.h"
#include "tools/report/replay.h"

void take_apart(const struct buffer *log, struct lines *lines)
{
    const char *at = log->data, *end = log->data + log->length;
    lines->count = 0;
    while (at < end) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        assert(stop != NULL && lines->count < LINES_MAX);
        lines->text[lines->count] = at;
        lines->length[lines->count++] = (size_t)(stop - at);
        at = stop + 1;
    }
}

void lines_insert(struct lines *to, size_t at, const char *text)
{
    CU_ASSERT_FATAL(to->count < LINES_MAX);
    memmove(&to->text[at + 1], &to->text[at], (to->count - at) * sizeof *to->text);
    memmove(&to->length[at + 1], &to->length[at], (to->count - at) * sizeof *to->length);
    to->text[at] = text;
    to->length[at] = strlen(text);
    to->count++;
}

void lines_remove(struct lines *from, size_t at)
{
    from->count--;
    memmove(&from->text[at], &from->text[at + 1], (from->count - at) * sizeof *from->text);
    memmove(&from->length[at], &from->length[at + 1], (from->count - at) * sizeof *from->length);
}

static void say(char text[TEXT_MAX], char *const *list, uint64_t count, uint64_t max)
{
    for (uint64_t i = 0; i < count && i < max; i++) {
        size_t used = strlen(text);
        snprintf(text + used, TEXT_MAX - used, "%s\n", list[i]);
    }
}

void feed_sales(struct ledger *ledger, const struct sim *sim)
{
    const struct sim_sale *sales;
    size_t count = sim_sales(sim, &sales);
    ledger_snapshot(ledger);
    for (size_t i = 0; i < count; i++)
        ledger_sale(ledger, &sales[i].sale, sales[i].router);
    const struct sim_order *orders;
    count = sim_orders(sim, &orders);
    for (size_t i = 0; i < count; i++)
        ledger_hold(ledger, &orders[i].order, orders[i].router);
    for (size_t i = 0; i < sim->world.machine_count; i++)
        if (sim->world.machines[i].pool == SIM_TICKETS)
            ledger_total(ledger, sim->world.machines[i].id, sim->world.machines[i].sold);
}

static void replay_all(struct replay *replay, struct ledger *ledger, const struct trial *trial)
{
    const struct lines *lines = trial->lines;
    findings_file(ledger->findings, "log", 1);
    for (size_t i = 0; i < lines->count; i++) {
        if (i == trial->split)
            feed_sales(ledger, trial->sim);
        replay_line(replay, lines->text[i], lines->length[i], false);
    }
    if (trial->split >= lines->count)
        feed_sales(ledger, trial->sim);
    replay_end(replay, trial->alive, ledger->findings->lines, 0);
    ledger_finish(ledger);
}

void judge(const struct trial *trial, struct verdict *verdict)
{
    static struct replay replay;
    struct findings findings = {0};
    struct ledger ledger;
    ledger_init(&ledger, &findings);
    snprintf(ledger.store, sizeof ledger.store, "%s", trial->store);
    replay_init(&replay, &ledger);
    replay_all(&replay, &ledger, trial);
    *verdict = (struct verdict){.violations = findings.violations,
                                .sessions = replay.sessions,
                                .crashes = replay.crashes,
                                .gaps = replay.gaps,
                                .sales_before = ledger.sales_before,
                                .sales_others = ledger.sales_others,
                                .beyond = ledger.sales_beyond + ledger.holds_beyond};
    memcpy(verdict->broken, findings.broken, sizeof verdict->broken);
    say(verdict->said, findings.shown, findings.violations, FINDINGS_SHOWN);
    say(verdict->noted, findings.notes, findings.note_count, NOTES_SHOWN);
    replay_free(&replay);
    ledger_free(&ledger);
    findings_free(&findings);
}

void expect_clean(const struct lines *lines, const struct sim *sim, struct verdict *verdict)
{
    struct trial trial = {lines, sim, lines->count, false, SIM_STORE};
    judge(&trial, verdict);
    CU_ASSERT_EQUAL(verdict->violations, 0);
    if (verdict->violations > 0)
        printf("%s", verdict->said);
}

void simulate(struct sim *sim, size_t servers, int steps, uint64_t seed)
{
    sim_init(sim, servers, seed);
    sim_start(sim);
    sim_run(sim, steps);
    sim_state(sim, false);
    sim_run(sim, steps);
    sim_crash(sim);
    sim_start(sim);
    sim_run(sim, steps);
    sim_stop(sim);
}

bool names_line(const char *said, size_t number)
{
    char name[32];
    int length = snprintf(name, sizeof name, "log:%zu", number);
    for (const char *at = said; (at = strstr(at, name)) != NULL; at++) {
        if (at[length] < '0' || at[length] > '9')
            return true;
    }
    return false;
}
