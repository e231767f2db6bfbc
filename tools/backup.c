/* build/backup: copies the store while it is sold from, and puts such a copy back. */
#include <stdio.h>
#include <unistd.h>

#include "common/log.h"
#include "common/options.h"
#include "common/store_option.h"
#include "db/store.h"

/* One line, written over itself; only for a person who watches. */
static void show_progress(void *context, int64_t done, int64_t total)
{
    int *shown = context;
    int percent = total > 0 ? (int)(done * 100 / total) : 100;
    if (percent == *shown)
        return;
    *shown = percent;
    fprintf(stderr, percent < 100 ? "\r%3d %% copied" : "\r%3d %% copied; proving the copy ...",
            percent);
}

/* Clears that line. */
static void end_progress(int shown)
{
    if (shown >= 0)
        fputs("\r                                   \r", stderr);
}

static enum exit_status back_up(const char *url, const char *to, store_progress *progress)
{
    char error[STORE_ERROR_SIZE];
    int shown = -1;
    bool done = store_backup(url, to, progress, &shown, error);
    end_progress(shown);
    if (!done)
        die(EXIT_TROUBLE, "no copy was made: %s", error);
    printf("the store was copied to %s, and the copy is sound\n", to);
    return EXIT_FINE;
}

static enum exit_status restore(const char *url, const char *from, store_progress *progress)
{
    char error[STORE_ERROR_SIZE];
    struct store_restored restored;
    int shown = -1;
    bool done = store_restore(url, from, progress, &shown, &restored, error);
    end_progress(shown);
    if (!done)
        die(EXIT_TROUBLE, "not restored: %s", error);
    printf("%s is the store now\n", from);
    if (restored.journal_only)
        printf("a journal was left there without its store: it is %s-* now\n", restored.aside);
    else if (restored.aside[0] != '\0')
        printf("the store that was there is %s\n", restored.aside);
    if (!restored.access_kept)
        printf("tokens revoked and signing keys retired since that copy was made are good again: "
               "revoke and retire them anew (boxctl token, boxctl key)\n"
               "tokens and signing keys made since are lost: make such tokens anew; codes of such "
               "a key are refused at the gate until their buyers load them again\n");
    return EXIT_FINE;
}

int main(int argc, char **argv)
{
    const char *url = NULL;
    const char *to = NULL;
    const char *from = NULL;
    const struct option_entry table[] = {
        {.name = "store",
         .argument = "URL",
         .kind = OPTION_STORE,
         .fallback = STORE_OPTION_DEFAULT,
         .help = "The store: " STORE_OPTION_FORMS ".",
         .value = &url},
        {.name = "to",
         .argument = "FILE",
         .kind = OPTION_TEXT,
         .help = "Copy it into this new file, while it is sold from.",
         .value = &to},
        {.name = "restore",
         .argument = "FILE",
         .kind = OPTION_TEXT,
         .help = "Put this copy in its place instead; what was there is moved aside.",
         .value = &from},
    };
    log_name("backup");
    options_read(table, sizeof table / sizeof *table,
                 "backup [--store URL] (--to FILE | --restore FILE)",
                 "Copies a store as it is at one moment, or puts such a copy back while nobody "
                 "uses the store. "
                 "A copy is proved\nas build/audit proves a store before it gets its name. It is a "
                 "SQLite file, whatever engine the store is of,\nand can be put back into any: "
                 "that moves a store from one to the other.\n"
                 "Exit status: 0 done, 1 not done, 2 wrong usage.",
                 argc, argv);
    store_progress *progress = isatty(STDERR_FILENO) ? show_progress : NULL;
    bool copying = to != NULL && to[0] != '\0';
    bool restoring = from != NULL && from[0] != '\0';
    if (copying && !restoring)
        return back_up(url, to, progress);
    if (restoring && !copying)
        return restore(url, from, progress);
    if (to != NULL && from == NULL) /* as make names it where TO is not given */
        die(EXIT_USAGE, "say where: make backup TO=FILE, or --to FILE");
    die(EXIT_USAGE, "say either --to FILE or --restore FILE");
}
