#include "tools/report/source.h"

#include <stdlib.h>
#include <string.h>

#include "tools/log_reader.h"
#include "tools/report/replay.h"

/* A router, or several that came one after the other in one file. */
struct life {
    struct life *older; /* owned */
    size_t part;        /* the file that it writes to, as far as is known */
    bool over;          /* nobody writes to that any more */
    bool torn;          /* nothing but torn lines was read of it so far */
    struct replay replay;
};

struct source {
    struct log_reader *reader; /* owned */
    struct ledger *ledger;     /* not owned */
    struct life *newest;       /* owned; those that are not over, and the newest */
    size_t part;               /* of the last line ... */
    uint64_t number;           /* ... its number there ... */
    uint32_t place;            /* ... and what follows its place */
    struct source_totals totals;
};

struct source *source_open(const char *dir, struct ledger *ledger)
{
    struct source *source = memory_new(sizeof *source);
    source->reader = log_reader_open(dir, "routing.log");
    source->ledger = ledger;
    return source;
}

static void life_free(struct life *life)
{
    replay_free(&life->replay);
    free(life);
}

void source_close(struct source *source)
{
    for (struct life *life = source->newest, *older; life != NULL; life = older) {
        older = life->older;
        life_free(life);
    }
    log_reader_close(source->reader);
    free(source);
}

size_t source_files(const struct source *source)
{
    return log_reader_files(source->reader);
}

const char *source_trouble(const struct source *source)
{
    return log_reader_trouble(source->reader);
}

struct source_totals source_totals(const struct source *source)
{
    return source->totals;
}

/* --- lives ------------------------------------------------------------------------------------- */

static void finish(struct source *source, struct life *life, uint32_t before)
{
    const struct replay *replay = &life->replay;
    replay_end(&life->replay, !life->over, before, log_reader_rest(source->reader, life->part));
    source->totals.routers += replay->sessions;
    source->totals.crashes += replay->crashes;
    source->totals.gaps += replay->gaps;
}

/* What is read to the end of a file that nobody writes to is done with. */
static void finish_older(struct source *source)
{
    for (struct life **link = &source->newest->older; *link != NULL;) {
        struct life *life = *link;
        if (log_reader_reads(source->reader, life->part)) {
            link = &life->older;
            continue;
        }
        life->over = true;
        finish(source, life, 0);
        *link = life->older;
        life_free(life);
    }
}

static struct life *begin_life(struct source *source, size_t part)
{
    struct life *life = memory_new(sizeof *life);
    replay_init(&life->replay, source->ledger);
    life->part = part;
    life->older = source->newest;
    source->newest = life;
    return life;
}

/* Lines that were torn and begin a file are of whoever goes on there: the router of the file before. */
static struct life *take_torn(struct source *source)
{
    struct life *torn = source->newest, *life = torn->older;
    life->part = torn->part;
    replay_take_torn(&life->replay, &torn->replay);
    source->newest = life;
    life_free(torn);
    return life;
}

/* Whether its kind, the third word, is `started`. */
static bool is_start(const struct log_reader_line *line)
{
    static const char kind[] = "started ";
    const char *at = line->text, *end = line->text + line->length;
    for (int words = 0; words < 2 && at != NULL; words++) {
        at = memchr(at, ' ', (size_t)(end - at));
        at = at != NULL ? at + 1 : NULL;
    }
    return at != NULL && (size_t)(end - at) >= sizeof kind - 1 &&
           memcmp(at, kind, sizeof kind - 1) == 0;
}

static struct life *find_life(const struct source *source, size_t part)
{
    struct life *life = source->newest;
    while (life != NULL && life->part != part)
        life = life->older;
    return life;
}

/* Whose line it is. Who goes on in a new file is the one who began last, unless somebody starts there; a torn
 * line does not tell. */
static struct life *life_of(struct source *source, const struct log_reader_line *line)
{
    bool torn = line->torn || replay_is_torn(line->text, line->length);
    struct life *life = find_life(source, line->part);
    if (life == NULL && (source->newest == NULL || torn || is_start(line)))
        life = begin_life(source, line->part);
    else if (life == NULL)
        life = source->newest;
    else if (life->torn && life->older != NULL && !torn && !is_start(line))
        life = take_torn(source);
    if (line->part > life->part)
        life->part = line->part;
    life->torn = torn && (life->torn || !life->replay.begun);
    return life;
}

/* --- lines ------------------------------------------------------------------------------------- */

/* Findings number the lines of all sources; where these are not in a row, they are told. */
static void tell_where(struct source *source, const struct log_reader_line *line)
{
    struct findings *findings = source->ledger->findings;
    bool follows = findings->lines > 0 && source->place == findings->lines &&
                   source->part == line->part && source->number + 1 == line->number;
    if (!follows)
        findings_file(findings, line->file, line->number);
    source->part = line->part;
    source->number = line->number;
    source->place = findings->lines + 1;
}

bool source_next(struct source *source, uint64_t *bytes)
{
    struct log_reader_line line;
    if (!log_reader_next(source->reader, &line))
        return false;
    if (bytes != NULL)
        *bytes += line.length + 1;
    tell_where(source, &line);
    struct life *life = life_of(source, &line);
    if (!source->newest->torn)
        finish_older(source);
    replay_line(&life->replay, line.text, line.length, line.torn);
    return true;
}

/* --- the end ----------------------------------------------------------------------------------- */

bool source_settling(const struct source *source, uint32_t before)
{
    for (const struct life *life = source->newest; life != NULL; life = life->older)
        if (!life->replay.stopped && replay_open_flights(&life->replay, before) > 0 &&
            log_reader_written(source->reader, life->part))
            return true;
    return false;
}

/* True where one was found to be over now: it may have written its last lines just before. */
static bool find_over(struct source *source)
{
    bool found = false;
    for (struct life *life = source->newest; life != NULL; life = life->older) {
        if (life->over || log_reader_written(source->reader, life->part))
            continue;
        life->over = found = true;
    }
    return found;
}

void source_end(struct source *source, uint32_t before)
{
    while (find_over(source))
        while (source_next(source, NULL))
            continue;
    while (source->newest != NULL) {
        struct life *life = source->newest;
        finish(source, life, before);
        source->newest = life->older;
        life_free(life);
    }
    if (source_trouble(source)[0] != '\0')
        findings_broken_store(source->ledger->findings, CHECK_LINES, "%s", source_trouble(source));
}
