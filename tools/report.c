/* report: proves every choice of the routing log, and holds the log against the store. */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/options.h"
#include "common/store_option.h"
#include "db/store.h"
#include "tools/report/source.h"
#include "tools/report/table.h"
#include "tools/report/verdict.h"

enum {
    SOURCES_MAX = 16,
    POLL_NANOSECONDS = 20000000,
};

/* The longest a flight may be under way, and a little. */
static const int64_t settle_time = 11 * CLOCK_SECOND;

struct report {
    struct findings findings;
    struct ledger ledger;
    struct source *sources[SOURCES_MAX]; /* owned */
    size_t count;
    bool progress; /* stderr is a terminal */
    int64_t began;
    int64_t shown; /* when progress was last shown; 0: never */
    uint64_t bytes;
};

/* --- reading the logs -------------------------------------------------------------------------- */

static void open_sources(struct report *report, const char *dirs)
{
    char *list = memory_copy(dirs), *rest = list;
    for (char *dir; (dir = strsep(&rest, ",")) != NULL;) {
        if (report->count == SOURCES_MAX)
            die(EXIT_USAGE, "--log-dir names more than %d directories", SOURCES_MAX);
        struct source *source = source_open(dir, &report->ledger);
        report->sources[report->count++] = source;
        if (source_files(source) == 0)
            die(EXIT_TROUBLE,
                "there is no routing.log to read in %s: give the directory that the "
                "balancer writes its logs to (--log-dir)%s%s",
                dir, source_trouble(source)[0] ? "; " : "", source_trouble(source));
    }
    free(list);
}

static void show_progress(struct report *report)
{
    int64_t now = clock_monotonic();
    if (!report->progress || now - report->began < CLOCK_SECOND ||
        now - report->shown < CLOCK_SECOND / 5)
        return;
    report->shown = now;
    fprintf(stderr, "\r%u lines, %llu MiB read ", report->findings.lines,
            (unsigned long long)(report->bytes >> 20));
}

static void hide_progress(struct report *report)
{
    if (report->shown)
        fprintf(stderr, "\r\033[K");
    report->shown = 0;
}

/* Reads all logs to their present end. */
static void drain_all(struct report *report)
{
    for (size_t i = 0; i < report->count; i++)
        while (source_next(report->sources[i], &report->bytes))
            if (report->findings.lines % 16384 == 0)
                show_progress(report);
}

static bool settling(const struct report *report, uint32_t before)
{
    for (size_t i = 0; i < report->count; i++)
        if (source_settling(report->sources[i], before))
            return true;
    return false;
}

static void follow_to_the_end(struct report *report)
{
    int64_t until = clock_monotonic() + settle_time;
    drain_all(report);
    uint32_t before = report->findings.lines;
    while (settling(report, before) && clock_monotonic() < until) {
        nanosleep(&(struct timespec){.tv_nsec = POLL_NANOSECONDS}, NULL);
        drain_all(report);
    }
    for (size_t i = 0; i < report->count; i++)
        source_end(report->sources[i], before);
}

/* --- reading the store ------------------------------------------------------------------------- */

static void take_sale(void *context, const struct store_sale_row *row)
{
    struct report *report = context;
    ledger_sale(&report->ledger, &row->sale, row->router);
}

static void take_hold(void *context, const struct store_hold_row *row)
{
    struct report *report = context;
    ledger_hold(&report->ledger, &row->order, row->router);
}

static void take_total(void *context, const struct server_total *total)
{
    struct report *report = context;
    ledger_total(&report->ledger, total->server, total->sold);
}

static struct store *open_store(struct report *report, const char *url)
{
    char error[STORE_ERROR_SIZE];
    struct store *store = store_open_reader(url, error);
    if (!store)
        die(EXIT_TROUBLE, "%s", error);
    snprintf(report->ledger.store, sizeof report->ledger.store, "%s", store_id(store));
    return store;
}

static void read_store(struct report *report, struct store *store)
{
    ledger_snapshot(&report->ledger);
    if (store_each_sale(store, take_sale, report) == STORE_UNREADABLE ||
        store_each_hold(store, take_hold, report) == STORE_UNREADABLE ||
        store_each_server(store, take_total, report) == STORE_UNREADABLE)
        die(EXIT_TROUBLE, "cannot read the store: %s", store_error(store));
    store_close(store);
}

/* --- all --------------------------------------------------------------------------------------- */

static void print(struct report *report)
{
    struct table table = {.out = stdout, .colour = isatty(STDOUT_FILENO) == 1};
    for (size_t i = 0; i < report->count; i++) {
        struct source_totals totals = source_totals(report->sources[i]);
        table.routers += totals.routers;
        table.crashes += totals.crashes;
        table.gaps += totals.gaps;
    }
    table_print(&table, &report->ledger);
}

static int verdict(const struct report *report)
{
    if (report->findings.violations > 0 || fflush(stdout) != 0)
        return EXIT_TROUBLE;
    bool complete = report->ledger.sales_beyond + report->ledger.holds_beyond == 0;
    return complete ? EXIT_FINE : REPORT_INCOMPLETE;
}

static void free_all(struct report *report)
{
    for (size_t i = 0; i < report->count; i++)
        source_close(report->sources[i]);
    ledger_free(&report->ledger);
    findings_free(&report->findings);
}

/* The order matters. What a flight sold stood in the store before its settlement was logged: so the log
 * is read first, and the store must hold it all. A choice is logged before its flight leaves: so the log
 * is read on after the store, and must have a choice for every sale. */
int main(int argc, char **argv)
{
    const char *dirs, *url;
    const struct option_entry table[] = {
        {"log-dir", "DIR[,DIR…]", OPTION_TEXT, "logs", 0, 0,
         "where the balancer writes its logs; several balancers, several directories", &dirs},
        {"store", "URL", OPTION_STORE, STORE_OPTION_DEFAULT, 0, 0,
         "the store that the log is held against: " STORE_OPTION_FORMS, &url},
    };
    log_name("report");
    options_read(table, sizeof table / sizeof *table, "report [--log-dir DIR] [--store URL]",
                 "Replays the routing log, proves every choice, and holds the counts against the "
                 "store.\nExits 0 if all is well, 1 if anything is broken or cannot be read, 3 if "
                 "nothing is broken but sales lie beyond the end of a crashed router's log.",
                 argc, argv);
    static struct report report;
    report.progress = isatty(STDERR_FILENO) == 1;
    report.began = clock_monotonic();
    ledger_init(&report.ledger, &report.findings);
    struct store *store = open_store(&report, url);
    open_sources(&report, dirs);
    drain_all(&report);
    read_store(&report, store);
    follow_to_the_end(&report);
    ledger_finish(&report.ledger);
    hide_progress(&report);
    print(&report);
    int status = verdict(&report);
    free_all(&report);
    return status;
}
