#include "tools/report/table.h"

#include <inttypes.h>
#include <string.h>

#include "common/clock.h"

enum {
    BAR_WIDTH = 30,
    NUMBER_SIZE = 32,
};

static const char green[] = "\033[32m", yellow[] = "\033[33m", red[] = "\033[31m",
                  plain[] = "\033[0m";

/* A number with commas between thousands. */
struct grouped {
    char text[NUMBER_SIZE];
};

static struct grouped grouped(int64_t number)
{
    struct grouped result = {0};
    char digits[NUMBER_SIZE];
    int length = snprintf(digits, sizeof digits, "%" PRId64, number < 0 ? 0 : number);
    char *to = result.text;
    for (int i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0)
            *to++ = ',';
        *to++ = digits[i];
    }
    *to = '\0';
    return result;
}

static void coloured(const struct table *table, const char *colour, const char *text)
{
    fprintf(table->out, "%s%s%s", table->colour ? colour : "", text, table->colour ? plain : "");
}

/* --- checks ------------------------------------------------------------------------------------ */

static const struct {
    const char *claim, *unit;
} checks[CHECK_COUNT] = {
    [CHECK_LINES] = {"every line reads as the router writes it", "lines"},
    [CHECK_NUMBERS] = {"n counts by one, none is missing", "lines"},
    [CHECK_CHOICES] = {"every purchase went where its route's policy says", "choices"},
    [CHECK_REQUESTS] = {"so did every other request", "choices"},
    [CHECK_FLIGHTS] = {"every flight was settled once, with all it carried", "settlements"},
    [CHECK_DONE] = {"every other request ended once, where it went", "requests"},
    [CHECK_FIGURES] = {"what servers told only moves forward", "figures"},
    [CHECK_STATES] = {"states move legally, and repeat the lines before", "lines"},
    [CHECK_ENDS] = {"nothing is left open where a router stopped", "ends"},
    [CHECK_SALES] = {"every sale through these routers has its choice", "sales"},
    [CHECK_HOLDS] = {"every hold through these routers has its choice", "holds"},
    [CHECK_SOLD] = {"what flights sold and held stands in the store", "flights"},
};

static void print_checks(const struct table *table, const struct findings *findings)
{
    for (int i = 0; i < CHECK_COUNT; i++) {
        bool ok = findings->broken[i] == 0;
        coloured(table, ok ? green : red, ok ? "ok     " : "BROKEN ");
        fprintf(table->out, "%-52s %12s %s", checks[i].claim,
                grouped((int64_t)findings->checked[i]).text, checks[i].unit);
        if (!ok)
            fprintf(table->out, ", %s broken", grouped((int64_t)findings->broken[i]).text);
        fprintf(table->out, "\n");
    }
}

static void print_list(const struct table *table, const char *title, char *const *list,
                       uint64_t count, uint64_t max)
{
    if (count == 0)
        return;
    fprintf(table->out, "\n%s\n", title);
    for (uint64_t i = 0; i < count && i < max; i++)
        fprintf(table->out, "  %s\n", list[i]);
    if (count > max)
        fprintf(table->out, "  … and %s more\n", grouped((int64_t)(count - max)).text);
}

/* --- distribution ------------------------------------------------------------------------------ */

struct totals {
    int64_t sum, most, fewest;
};

static int64_t tickets_of(const struct ledger_server *server)
{
    return server->through + server->direct + server->others;
}

static struct totals add_up(struct ledger *ledger)
{
    struct totals totals = {.fewest = INT64_MAX};
    for (uint32_t i = 0; i < ledger->servers.count; i++) {
        const struct ledger_server *server = ledger_server(ledger, i);
        int64_t tickets = tickets_of(server);
        if (server->foreign)
            continue;
        totals.sum += tickets;
        totals.most = tickets > totals.most ? tickets : totals.most;
        totals.fewest = tickets < totals.fewest ? tickets : totals.fewest;
    }
    return totals;
}

static void print_server(const struct table *table, struct ledger *ledger, uint32_t number,
                         const struct totals *totals)
{
    const struct ledger_server *server = ledger_server(ledger, number);
    int64_t tickets = tickets_of(server);
    double share = totals->sum ? 100.0 * (double)tickets / (double)totals->sum : 0;
    fprintf(table->out, "%-16s %11s %11s %11s %11s %9s %9s %6.2f%% ",
            names_text(&ledger->servers, number), grouped(server->choices).text,
            grouped(server->reads).text, grouped(server->told).text, grouped(server->through).text,
            grouped(server->direct).text, grouped(server->others).text, share);
    int64_t bar = totals->most ? tickets * BAR_WIDTH / totals->most : 0;
    for (int64_t i = 0; i < bar; i++)
        fprintf(table->out, "█");
    fprintf(table->out, "\n");
}

static void print_distribution(const struct table *table, struct ledger *ledger)
{
    struct totals totals = add_up(ledger);
    if (ledger->servers.count == 0)
        return;
    fprintf(table->out,
            "\n%-16s %11s %11s %11s   %s\n"
            "%-16s %11s %11s %11s %11s %9s %9s %7s\n",
            "", "purchases", "requests", "tickets", "tickets in the store, sold through", "server",
            "chosen", "chosen", "told", "this log", "no router", "others", "share");
    for (uint32_t i = 0; i < ledger->servers.count; i++)
        if (!ledger_server(ledger, i)->foreign)
            print_server(table, ledger, i, &totals);
    fprintf(table->out, "tickets ever sold: %s; most − fewest per server: %s\n",
            grouped(totals.sum).text, grouped(totals.most - totals.fewest).text);
}

/* --- routes ------------------------------------------------------------------------------------ */

/* A rule's text is "ROUTE POLICY SERVER". */
static size_t rule_length(const char *rule)
{
    return (size_t)(strrchr(rule, ' ') - rule);
}

static bool same_rule(const char *a, const char *b)
{
    size_t length = rule_length(a);
    return length == rule_length(b) && memcmp(a, b, length) == 0;
}

/* All choices of the rule's route and policy, whatever the server. */
static int64_t rule_total(const struct ledger *ledger, const char *rule)
{
    int64_t total = 0;
    for (uint32_t i = 0; i < ledger->rules.count; i++)
        if (same_rule(names_text(&ledger->rules, i), rule))
            total += ledger_rule_count(ledger, i);
    return total;
}

static bool is_first(const struct ledger *ledger, uint32_t rule)
{
    for (uint32_t i = 0; i < rule; i++)
        if (same_rule(names_text(&ledger->rules, i), names_text(&ledger->rules, rule)))
            return false;
    return true;
}

static void print_rule(const struct table *table, const struct ledger *ledger, const char *rule)
{
    size_t length = rule_length(rule), route = (size_t)(strchr(rule, ' ') - rule);
    int64_t total = rule_total(ledger, rule);
    for (uint32_t i = 0; i < ledger->rules.count; i++) {
        const char *text = names_text(&ledger->rules, i);
        int64_t count = ledger_rule_count(ledger, i);
        if (!same_rule(text, rule))
            continue;
        fprintf(table->out, "%-16.*s %-26.*s %-16s %11s %6.2f%%\n", (int)route, text,
                (int)(length - route - 1), text + route + 1, text + length + 1, grouped(count).text,
                100.0 * (double)count / (double)total);
    }
}

/* How each route's policy spread its choices. */
static void print_rules(const struct table *table, const struct ledger *ledger)
{
    if (ledger->rules.count == 0)
        return;
    fprintf(table->out, "\n%-16s %-26s %-16s %11s %7s\n", "route", "policy", "server", "choices",
            "share");
    for (uint32_t i = 0; i < ledger->rules.count; i++)
        if (is_first(ledger, i))
            print_rule(table, ledger, names_text(&ledger->rules, i));
}

/* --- states ------------------------------------------------------------------------------------ */

static const enum server_state out_of_the_running[] = {SERVER_OVERLOADED, SERVER_DRAINING,
                                                       SERVER_DOWN, SERVER_EJECTED, SERVER_LEFT};

enum {
    OUT_COUNT = sizeof out_of_the_running / sizeof *out_of_the_running,
};

/* Whether the server was ever out of the running, since it was up. */
static bool was_out(const struct ledger_server *server)
{
    int64_t moves = 0;
    for (size_t i = 0; i < OUT_COUNT; i++)
        moves += server->moves[out_of_the_running[i]];
    return moves > 0;
}

static void print_moves(const struct table *table, struct ledger *ledger, uint32_t number)
{
    const struct ledger_server *server = ledger_server(ledger, number);
    fprintf(table->out, "%-16s", names_text(&ledger->servers, number));
    for (size_t i = 0; i < OUT_COUNT; i++)
        fprintf(table->out, " %10s", grouped(server->moves[out_of_the_running[i]]).text);
    fprintf(table->out, "\n");
}

/* How often servers came into each state in which they get nothing. */
static void print_states(const struct table *table, struct ledger *ledger)
{
    bool any = false;
    for (uint32_t i = 0; i < ledger->servers.count; i++)
        any = any || was_out(ledger_server(ledger, i));
    if (!any)
        return;
    fprintf(table->out, "\n%-16s", "times it was");
    for (size_t i = 0; i < OUT_COUNT; i++)
        fprintf(table->out, " %10s", server_state_name(out_of_the_running[i]));
    fprintf(table->out, "\n");
    for (uint32_t i = 0; i < ledger->servers.count; i++)
        if (was_out(ledger_server(ledger, i)))
            print_moves(table, ledger, i);
}

/* --- scale ------------------------------------------------------------------------------------- */

/* Texts may come from anybody: nothing in them may move the cursor or change colours. */
static void print_plain(const struct table *table, const char *text)
{
    for (; *text != '\0'; text++)
        fputc(*text >= 0x20 && *text < 0x7f ? *text : '?', table->out);
}

static void print_step(const struct table *table, const struct ledger_scale *step)
{
    char time[CLOCK_TEXT_SIZE], servers[2 * NUMBER_SIZE];
    clock_format(step->time, time);
    snprintf(servers, sizeof servers, "%" PRId64 " → %" PRId64, step->from, step->to);
    fprintf(table->out, "%-27s %11s %5s %9s %9s %9s us %4" PRId64 ".%" PRId64 "%%  ", time, servers,
            grouped(step->up).text, grouped(step->pending).text, grouped(step->waiting).text,
            grouped(step->commit).text, step->cpu / 10, step->cpu % 10);
    print_plain(table, step->why);
    fprintf(table->out, "\n");
}

/* How many ticket servers were wanted, and why. */
static void print_scale(const struct table *table, const struct ledger *ledger)
{
    uint64_t count = ledger->scale_count;
    uint64_t kept = count < LEDGER_SCALES_KEPT ? count : LEDGER_SCALES_KEPT;
    if (count == 0)
        return;
    fprintf(table->out, "\n%-27s %9s %5s %9s %9s %12s %7s  why\n", "scaled", "servers", "up",
            "pending", "waiting", "commit", "cpu");
    if (count > kept)
        fprintf(table->out, "… and %s before\n", grouped((int64_t)(count - kept)).text);
    for (uint64_t i = 0; i < kept; i++)
        print_step(table, &ledger->scales[i]);
}

/* --- all --------------------------------------------------------------------------------------- */

static void print_sources(const struct table *table, const struct ledger *ledger)
{
    const struct findings *findings = ledger->findings;
    fprintf(table->out,
            "log    %s lines in %s files; routers: %s, ended by a crash: %s; gaps: %s\n",
            grouped(findings->lines).text, grouped((int64_t)findings_files(findings)).text,
            grouped((int64_t)table->routers).text, grouped((int64_t)table->crashes).text,
            grouped((int64_t)table->gaps).text);
    fprintf(
        table->out,
        "store  %s: %s sales\n"
        "       through these routers %s (of them chosen before the log begins: %s), directly %s,\n"
        "       through routers not in the log (another balancer's, or rotated away) %s\n\n",
        ledger->store[0] ? ledger->store : "(no id)", grouped((int64_t)ledger->sales).text,
        grouped((int64_t)ledger->sales_through).text, grouped((int64_t)ledger->sales_before).text,
        grouped((int64_t)ledger->sales_direct).text, grouped((int64_t)ledger->sales_others).text);
}

/* "40 sales", "1 sale and 2 holds". */
static void print_beyond(const struct table *table, const struct ledger *ledger)
{
    uint64_t sales = ledger->sales_beyond, holds = ledger->holds_beyond;
    if (sales > 0)
        fprintf(table->out, "%s %s", grouped((int64_t)sales).text, sales == 1 ? "sale" : "sales");
    if (holds > 0)
        fprintf(table->out, "%s%s %s", sales > 0 ? " and " : "", grouped((int64_t)holds).text,
                holds == 1 ? "hold" : "holds");
    fprintf(table->out, " %s beyond the end of a crashed router's log, up to %" PRId64 " ms\n",
            sales + holds == 1 ? "lies" : "lie", ledger->beyond_by / CLOCK_MILLISECOND);
}

static void print_verdict(const struct table *table, const struct ledger *ledger)
{
    const struct findings *findings = ledger->findings;
    uint64_t choices = findings->checked[CHECK_CHOICES] + findings->checked[CHECK_REQUESTS];
    if (findings->violations > 0) {
        coloured(table, red, "BROKEN");
        fprintf(table->out, ": %s violations; the log and the store do not tell one story\n",
                grouped((int64_t)findings->violations).text);
    } else if (ledger->sales_beyond + ledger->holds_beyond > 0) {
        coloured(table, yellow, "INCOMPLETE");
        fprintf(table->out, ": ");
        print_beyond(table, ledger);
    } else {
        coloured(table, green, "clean");
        fprintf(table->out, ": %s choices proved, %s sales accounted for\n",
                grouped((int64_t)choices).text, grouped((int64_t)ledger->sales).text);
    }
}

void table_print(const struct table *table, struct ledger *ledger)
{
    const struct findings *findings = ledger->findings;
    print_sources(table, ledger);
    print_checks(table, findings);
    print_list(table, "noted (legal)", findings->notes, findings->note_count, NOTES_SHOWN);
    print_list(table, "violations", findings->shown, findings->violations, FINDINGS_SHOWN);
    print_rules(table, ledger);
    print_distribution(table, ledger);
    print_states(table, ledger);
    print_scale(table, ledger);
    print_verdict(table, ledger);
}
