/* Any edit of a figure of the routing log, and any line taken out, is found, and the line named.
 *
 * What nothing else in a log knows cannot be proved: the name of a route, where no other choice goes by
 * another rule under it (a log does not hold the configuration); the policy where a session decided, or where another would have chosen the same for the
 * same reason; the client's address and Request-Id, but for what is hashed of them; the name of a new
 * session by cookie; the status, lengths and times of an answer; of what was refused, lost or replayed, whether
 * it was a purchase or a hold; which order a confirm that did not sell, or a release that did not free, was about;
 * and which of several releases of one order freed it. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/load.h"
#include "tests/lib/suite.h"
#include "tests/unit/tools/report_edits.h"

static struct sim sim;
static struct lines lines;
static struct verdict verdict;
static const struct edit_court court = {&lines, &sim};

/* Puts `new` where `length` bytes are now. */
static void replace(char *at, size_t length, const char *new)
{
    memmove(at + strlen(new), at + length, strlen(at + length) + 1);
    memcpy(at, new, strlen(new));
}

/* Changes the number that follows the `which`-th `field` by `by`; false where there is none, or it would
 * become negative. */
static bool change_number(char *text, const char *field, int which, int64_t by)
{
    char *at = text, *rest, changed[32];
    for (int i = 0; at && i <= which; i++) {
        at = strstr(at, field);
        at = at ? at + strlen(field) : NULL;
    }
    if (!at || *at < '0' || *at > '9')
        return false;
    int64_t number = strtoll(at, &rest, 10) + by;
    snprintf(changed, sizeof changed, "%" PRId64, number);
    replace(at, (size_t)(rest - at), changed);
    return number >= 0;
}

/* Gives the choice to the candidate after its own. */
static bool change_to(char *text, const struct routing_choice *choice)
{
    const char *to = choice->candidates[choice->to].server;
    if (choice->count > 1)
        replace(strstr(text, " to=") + strlen(" to="), strlen(to),
                choice->candidates[(choice->to + 1) % choice->count].server);
    return choice->count > 1;
}

static const struct number_edit {
    const char *field;
    int which;
    int64_t by;
    enum routing_kind kind; /* of lines; ROUTING_STARTED: all */
} number_edits[] = {
    {"n=", 0, 1, ROUTING_STARTED},
    {"n=", 0, -1, ROUTING_STARTED},
    {"n=", 0, 1000, ROUTING_STARTED},
    {" quantity=", 0, 1, ROUTING_CHOICE},
    {" quantity=", 0, 2, ROUTING_CHOICE},
    {" flight=", 0, 1, ROUTING_CHOICE},
    {" sold=", 0, 1, ROUTING_SETTLED},
    {" sold=", 0, -1, ROUTING_SETTLED},
    {" released=", 0, 1, ROUTING_SETTLED},
    {" lost=", 0, 1, ROUTING_SETTLED},
    {" held=", 0, 1, ROUTING_SETTLED},
    {" held=", 0, -1, ROUTING_SETTLED},
    {" freed=", 0, 1, ROUTING_SETTLED},
    {" freed=", 0, -1, ROUTING_SETTLED},
    {" flight=", 0, 1, ROUTING_SETTLED},
    {" boot=", 0, -1, ROUTING_SETTLED},
    {" told=", 0, 1, ROUTING_SETTLED},
    {" told=", 0, -1, ROUTING_SETTLED},
    {" told=", 0, 1, ROUTING_TOLD},
    {" told=", 0, -1, ROUTING_TOLD},
    {" sales=", 0, 1, ROUTING_STATE},
    {" flight=", 0, 1, ROUTING_STATE},
    {"|", 2, 1, ROUTING_STATE},
    {"|", 3, 1, ROUTING_STATE},
    {"|", 4, 1, ROUTING_STATE},
    {"|", 5, 1, ROUTING_STATE},
    {"|", 6, 1, ROUTING_STATE},
    {"|", 8, 1, ROUTING_STATE},
    {"|", 16, 1, ROUTING_STATE},
    {"/", 0, 1, ROUTING_STATE},
    {"+", 0, 1, ROUTING_STATE},
    {" weight=", 0, 1, ROUTING_SERVER},
    {" limit=", 0, 1, ROUTING_SERVER},
    {" limit=", 0, 1, ROUTING_LIMIT},
    {" limit=", 0, -1, ROUTING_LIMIT},
    {" from=", 0, 1, ROUTING_SCALE},
    {" to=", 0, 1, ROUTING_SCALE},
    {" to=", 0, 1000, ROUTING_SCALE},
    {" up=", 0, 5000, ROUTING_SCALE},
    {" workload=", 0, 1, ROUTING_LOAD},
    {" workload=", 0, -1, ROUTING_LOAD},
    {" cpu=", 0, 100000, ROUTING_LOAD},
    {" memory=", 0, 100000, ROUTING_LOAD},
    {" commit=", 0, 100000000, ROUTING_LOAD},
};

/* One text for another, where the line has it. */
static const struct text_edit text_edits[] = {
    {"!full", "!down"},
    {"!full", ""},
    {"!down", ""},
    {"!joining", "!down"},
    {"!draining", ""},
    {"!draining", "!ejected"},
    {"!overloaded", "!down"},
    {"!down", "!overloaded"},
    {"!ejected", ""},
    {"!asked", ""},
    {"!asked", "!down"},
    {"/1,", "/1!asked,"},
    {"+0,", "+0!full,"},
    {"/1,", "/1!down,"},
    {"=up→", "=joining→"},
    {"=new→joining ", "=down→joining "},
    {"=up→left ", "=draining→left "},
    {"→left ", "→down "},
    {"→overloaded ", "→draining "},
    {"→draining ", "→up "},
    {"→ejected ", "→down "},
    {" sold=server-", " sold=server-99:0+0,server-"},
    {" limit server=server-", " limit server=serverx-"},
    {"|draining|", "|up|"},
    {"|joining|", "|up|"},
    {",-,", ","},
    {",-,", ",files-99|files|up|0+0|0.0|4|0/1|0/0|0/0|0@0,"},
    {",server-2|", ",-,server-2|"},
    {" event=demo ", " event=other "},
    {" verb=hold event=", " event="},
    {" verb=confirm order=", " verb=release order="},
    {" verb=release order=", " verb=confirm order="},
    {" order=0", " order=1"},
    {" choice request=0", " choice request=1"},
    {"|up|", "|down|"},
    {"|files|", "|other|"},
    {" settled server=server-1 ", " settled server=server-2 "},
    {" pool=files ", " pool=tickets "},
    {" pool=tickets ", " pool=files "},
    {" server=files-1 status=", " server=files-2 status="},
    {" done request=0", " done request=1"},
    {" status=2", " status=1"},
    {" policy=least-connections ", " policy=power-of-two "},
    {" policy=power-of-two ", " policy=least-connections "},
    {" drawn=server-", " drawn=servex-"},
    {" drawn=files-", " drawn=filex-"},
    {" policy=ip-hash ", " policy=random "},
    {" affinity=cookie ", " affinity=jwt "},
    {" affinity=jwt ", " affinity=cookie "},
    {" affinity=jwt session=ff", " affinity=address"},
    {" affinity=jwt session=ff", " affinity=jwt session=fe"},
    {" affinity=address ", " "},
};

struct mutation {
    size_t line;
    char text[TEXT_MAX]; /* the line instead */
    const char *what;
};

static uint64_t mutations, unnamed;
static unsigned whole_logs; /* edited line by line */
static unsigned numbers_tried[sizeof number_edits / sizeof *number_edits];
static unsigned moves_tried[5]; /* of mutate_settled */
static unsigned texts_tried[sizeof text_edits / sizeof *text_edits];

/* Of a flight's choices, only the first and the last are named where their sum is wrong. */
static bool names_range(const char *said, size_t number)
{
    size_t first, last;
    const char *at = strstr(said, "(choices from log:");
    return at != NULL && sscanf(at, "(choices from log:%zu to log:%zu)", &first, &last) == 2 &&
           first <= number && number <= last;
}

/* Replays the mutated log; it must be found out, and name the line. `missing`: n of a line taken out. */
static void expect_found(const struct mutation *mutation, uint64_t missing)
{
    static struct lines changed;
    size_t at = mutation->line;
    char name[32];
    changed = lines;
    lines_remove(&changed, at);
    if (!missing)
        lines_insert(&changed, at, mutation->text);
    struct trial trial = {&changed, &sim, changed.count, false, SIM_STORE};
    judge(&trial, &verdict);
    snprintf(name, sizeof name, "n=%" PRIu64, missing);
    bool named = missing ? strstr(verdict.said, name) != NULL
                         : names_line(verdict.said, at + 1) || names_range(verdict.said, at + 1);
    mutations++;
    if (verdict.violations > 0 && named)
        return;
    unnamed++;
    printf("  line %zu, %s: %" PRIu64 " violations\n  was: %.*s\n  now: %s\n%s", at + 1,
           mutation->what, verdict.violations, (int)lines.length[at], lines.text[at],
           missing ? "" : mutation->text, verdict.said);
}

static void copy_line(size_t line, char text[TEXT_MAX])
{
    snprintf(text, TEXT_MAX, "%.*s", (int)lines.length[line], lines.text[line]);
}

static void mutate_numbers(size_t line, const struct routing_line *parsed)
{
    static struct mutation mutation;
    for (size_t i = 0; i < sizeof number_edits / sizeof *number_edits; i++) {
        const struct number_edit *edit = &number_edits[i];
        bool fits = edit->kind == ROUTING_STARTED || edit->kind == parsed->kind;
        mutation.line = line;
        mutation.what = edit->field;
        copy_line(line, mutation.text);
        if (fits && edit_shows(&court, line, parsed, edit->field) &&
            change_number(mutation.text, edit->field, edit->which, edit->by)) {
            expect_found(&mutation, 0);
            numbers_tried[i]++;
        }
    }
}

static void mutate_texts(size_t line, const struct routing_line *parsed)
{
    static struct mutation mutation;
    for (size_t i = 0; i < sizeof text_edits / sizeof *text_edits; i++) {
        const struct text_edit *edit = &text_edits[i];
        mutation.line = line;
        mutation.what = edit->to;
        copy_line(line, mutation.text);
        char *at = strstr(mutation.text, edit->from);
        if (!at || !edit_text_shows(&court, line, parsed, edit))
            continue;
        replace(at, strlen(edit->from), edit->to);
        expect_found(&mutation, 0);
        texts_tried[i]++;
    }
}

/* Counts one order as `to` that was counted as `from`. */
static void mutate_settled(struct mutation *mutation, const struct routing_line *parsed)
{
    struct routing_settled now = parsed->settled;
    const struct {
        int64_t *from, *to;
        const char *what;
    } moves[] = {
        {&now.held, &now.refused, "held, refused"}, {&now.freed, &now.refused, "freed, refused"},
        {&now.sold, &now.refused, "sold, refused"}, {&now.refused, &now.held, "refused, held"},
        {&now.refused, &now.sold, "refused, sold"},
    };
    for (size_t i = 0; i < sizeof moves / sizeof *moves; i++) {
        struct buffer text = {0};
        now = parsed->settled;
        if (--*moves[i].from < 0 || !edit_of_settled_shows(&court, mutation->line, &parsed->settled,
                                                           moves[i].from == &now.freed))
            continue;
        ++*moves[i].to;
        routing_line_settled(&text, parsed->n, parsed->time, &now);
        snprintf(mutation->text, TEXT_MAX, "%.*s", (int)text.length - 1, text.data);
        buffer_free(&text);
        mutation->what = moves[i].what;
        expect_found(mutation, 0);
        moves_tried[i]++;
    }
}

/* Takes the runner-up out of a list that is cut short; false where there is none. */
static bool hide_runner_up(char *text, const struct routing_choice *choice)
{
    char left_out[32];
    if (choice->left_out == 0 || choice->count != 2)
        return false;
    char *from = strchr(strstr(text, routing_list_name(routing_choice_lists(choice))), ',');
    snprintf(left_out, sizeof left_out, ",+%zu", choice->left_out + 1);
    replace(from, strlen(from), left_out);
    return true;
}

/* --- choices ----------------------------------------------------------------------------------- */

/* Raises the number at `at` by one; a "?" becomes a 0. */
static void raise_number(char *at)
{
    char *rest = at + 1, changed[32];
    int64_t number = *at == '?' ? -1 : strtoll(at, &rest, 10);
    snprintf(changed, sizeof changed, "%" PRId64, number + 1);
    replace(at, (size_t)(rest - at), changed);
}

/* Every figure in the list: what the line says must be what the lines before add up to. */
static void mutate_figures(struct mutation *mutation, const struct routing_choice *choice)
{
    const char *list = routing_list_name(routing_choice_lists(choice));
    mutation->what = "a figure";
    for (size_t from = 0;; from++) {
        copy_line(mutation->line, mutation->text);
        char *start = strstr(mutation->text, list) + strlen(list);
        from += strcspn(start + from, ":+/");
        char *at = start + from;
        if (*at == '\0')
            return;
        raise_number(at + 1);
        expect_found(mutation, 0);
    }
}

/* Whatever else was the reason. */
static void mutate_why(struct mutation *mutation, const struct routing_choice *choice)
{
    static const char *const words[] = {"fewest",       "turn",  "least-busy",   "less-busy",
                                        "hash",         "drawn", "least-loaded", "stale",
                                        "least-recent", "retry", "session",      "moved"};
    mutation->what = "why";
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        copy_line(mutation->line, mutation->text);
        replace(strstr(mutation->text, " why=") + 5, strlen(choice->why), words[i]);
        if (strcmp(words[i], choice->why) != 0)
            expect_found(mutation, 0);
    }
}

/* A pin taken away, made up, or set to another server. One that moved may have been at any server it had
 * been given, if that is out of the running. */
static void mutate_pin(struct mutation *mutation, const struct routing_choice *choice)
{
    static const char field[] = " pinned=";
    char made_up[64];
    mutation->what = "pinned";
    copy_line(mutation->line, mutation->text);
    char *at = strstr(mutation->text, field);
    if (choice->affinity != AFFINITY_COOKIE)
        return;
    if (at == NULL) {
        snprintf(made_up, sizeof made_up, " pinned=%s to=", choice->candidates[0].server);
        replace(strstr(mutation->text, " to="), strlen(" to="), made_up);
        expect_found(mutation, 0);
        return;
    }
    replace(at, strlen(field) + strlen(choice->pinned), "");
    expect_found(mutation, 0);
    copy_line(mutation->line, mutation->text);
    size_t next = (choice->to + 1) % choice->count;
    replace(at + strlen(field), strlen(choice->pinned), choice->candidates[next].server);
    if (choice->count > 1 && strcmp(choice->why, "session") == 0)
        expect_found(mutation, 0);
}

static void mutate_choice(struct mutation *mutation, const struct routing_choice *choice)
{
    mutation->what = "to";
    copy_line(mutation->line, mutation->text);
    if (change_to(mutation->text, choice))
        expect_found(mutation, 0);
    mutation->what = "no runner-up";
    copy_line(mutation->line, mutation->text);
    if (hide_runner_up(mutation->text, choice))
        expect_found(mutation, 0);
    mutate_figures(mutation, choice);
    mutate_why(mutation, choice);
    mutate_pin(mutation, choice);
}

/* --- lines ------------------------------------------------------------------------------------- */

static void mutate_line(size_t line)
{
    static struct routing_line parsed;
    static struct mutation mutation;
    char error[ROUTING_ERROR_SIZE];
    CU_ASSERT_FATAL(routing_line_parse(lines.text[line], lines.length[line], &parsed, error));
    mutate_numbers(line, &parsed);
    mutate_texts(line, &parsed);
    mutation.line = line;
    if (parsed.kind == ROUTING_CHOICE)
        mutate_choice(&mutation, &parsed.choice);
    if (parsed.kind == ROUTING_SETTLED)
        mutate_settled(&mutation, &parsed);
    mutation.what = "taken out";
    if (!edit_ends_a_life(&court, line))
        expect_found(&mutation, parsed.n);
    routing_line_free(&parsed);
}

static void mutate_all(void)
{
    take_apart(&sim.log, &lines);
    expect_clean(&lines, &sim, &verdict);
    size_t percent = (size_t)load_scaled(100); /* a sanitizer's build takes minutes for all lines */
    size_t step = percent < 100 ? 100 / percent : 1;
    for (size_t i = 0; i < lines.count; i += step)
        mutate_line(i);
    CU_ASSERT_EQUAL(unnamed, 0);
    CU_ASSERT(mutations > 3 * lines.count / step);
    whole_logs += step == 1;
    unnamed = mutations = 0;
    sim_free(&sim);
}

static void are_found_and_named(void)
{
    simulate(&sim, 3, 100, 44);
    mutate_all();
}

static void are_found_among_many_servers(void)
{
    simulate(&sim, 18, 60, 42);
    mutate_all();
}

/* After both of the above: an edit that fits no line proves nothing. */
static void were_all_tried(void)
{
    for (size_t i = 0; whole_logs == 2 && i < sizeof number_edits / sizeof *number_edits; i++) {
        CU_ASSERT(numbers_tried[i] > 0);
        if (numbers_tried[i] == 0)
            printf("  no line had %s\n", number_edits[i].field);
    }
    for (size_t i = 0; whole_logs == 2 && i < sizeof moves_tried / sizeof *moves_tried; i++)
        CU_ASSERT(moves_tried[i] > 0);
    for (size_t i = 0; whole_logs == 2 && i < sizeof text_edits / sizeof *text_edits; i++) {
        CU_ASSERT(texts_tried[i] > 0);
        if (texts_tried[i] == 0)
            printf("  no line had %s\n", text_edits[i].from);
    }
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("report_edits", "are found and named", are_found_and_named);
    suite_add("report_edits", "are found among many servers", are_found_among_many_servers);
    suite_add("report_edits", "were all tried", were_all_tried);
}
