/* build/audit: proves the store's invariants, one line each. Reads only; the cluster may be running. */
#include <stdio.h>
#include <unistd.h>

#include "common/log.h"
#include "common/options.h"
#include "common/store_option.h"
#include "db/store.h"

struct tally {
    bool colour; /* stdout is a terminal */
    unsigned ok, broken;
};

static void print_finding(void *context, bool ok, const char *sentence)
{
    struct tally *tally = context;
    const char *colour = ok ? "\033[32m" : "\033[1;31m";
    const char *word = ok ? "ok" : "BROKEN";
    if (tally->colour)
        printf("%s%-6s\033[0m %s\n", colour, word, sentence);
    else
        printf("%-6s %s\n", word, sentence);
    if (ok)
        tally->ok++;
    else
        tally->broken++;
}

static void add_tickets(void *context, const struct tier_counts *tier)
{
    int64_t *sold = context;
    *sold += tier->sold;
}

static enum exit_status audit(struct store *store)
{
    struct tally tally = {.colour = isatty(STDOUT_FILENO)};
    int64_t sold = 0;
    bool checked = store_audit(store, print_finding, &tally) == STORE_FOUND &&
                   store_read_tiers(store, NULL, add_tickets, &sold) != STORE_UNREADABLE;
    fflush(stdout);
    if (!checked)
        log_line("not all could be checked: %s", store_error(store));
    printf("%s: %u ok, %u broken; store %s, %lld tickets sold\n",
           checked && tally.broken == 0 ? "the store is sound" : "THE STORE IS NOT SOUND", tally.ok,
           tally.broken, store_id(store), (long long)sold);
    return checked && tally.broken == 0 ? EXIT_FINE : EXIT_TROUBLE;
}

int main(int argc, char **argv)
{
    const char *url = NULL;
    const struct option_entry table[] = {
        {.name = "store",
         .argument = "URL",
         .kind = OPTION_STORE,
         .fallback = STORE_OPTION_DEFAULT,
         .help = "The store to prove: " STORE_OPTION_FORMS ".",
         .value = &url},
    };
    log_name("audit");
    options_read(
        table, sizeof table / sizeof *table, "audit [--store URL]",
        "Proves that the store holds together: nothing oversold, no ticket twice, every "
        "count the sum of its sales.\nExit status: 0 all ok, 1 broken, or so damaged that it "
        "cannot be read, 2 wrong usage, or no store there.",
        argc, argv);
    char error[STORE_ERROR_SIZE];
    bool absent;
    struct store *store = store_open_reader_telling(url, &absent, error);
    if (store == NULL)
        die(absent ? EXIT_USAGE : EXIT_TROUBLE, "%s", error);
    enum exit_status status = audit(store);
    store_close(store);
    return status;
}
