#include "tests/unit/tools/report_edits.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool line_has(const struct edit_court *court, size_t line, const char *text)
{
    const struct lines *lines = court->lines;
    return memmem(lines->text[line], lines->length[line], text, strlen(text)) != NULL;
}

bool edit_ends_a_life(const struct edit_court *court, size_t line)
{
    return line + 1 == court->lines->count || line_has(court, line + 1, " started ");
}

/* Whether a later line of this life has the text. */
static bool comes_later(const struct edit_court *court, size_t line, const char *text)
{
    for (; !edit_ends_a_life(court, line); line++)
        if (line_has(court, line + 1, text))
            return true;
    return false;
}

static bool came_before(const struct edit_court *court, size_t line, const char *text)
{
    for (; !line_has(court, line, " started "); line--)
        if (line_has(court, line - 1, text))
            return true;
    return false;
}

static bool are_few(const struct edit_court *court)
{
    return court->sim->first <= ROUTING_CANDIDATES_MAX;
}

/* --- flights and figures ----------------------------------------------------------------------- */

static bool settled_later(const struct edit_court *court, size_t line, uint64_t flight)
{
    char settled[64];
    snprintf(settled, sizeof settled, " flight=%" PRIu64 " boot=", flight);
    return comes_later(court, line, settled);
}

/* Whether a choice lists what ticket servers have sold, before another figure comes from them. */
static bool tickets_listed_next(const struct edit_court *court, size_t line)
{
    for (; !edit_ends_a_life(court, line); line++) {
        if (line_has(court, line + 1, " sold=server-"))
            return line_has(court, line + 1, " choice ");
        if (line_has(court, line + 1, " settled ") || line_has(court, line + 1, " told ") ||
            line_has(court, line + 1, " server "))
            return false;
    }
    return false;
}

/* How many tickets a flight was asked for, its settlement tells; which flight carried a choice, that and what
 * comes of the other. */
static bool choice_shows(const struct edit_court *court, size_t line,
                         const struct routing_choice *choice, const char *field)
{
    bool flight = strcmp(field, " flight=") == 0;
    if (!flight && strcmp(field, " quantity=") != 0)
        return true;
    return settled_later(court, line, choice->flight) &&
           (!flight || settled_later(court, line, choice->flight + 1));
}

/* --- servers ----------------------------------------------------------------------------------- */

/* Whether a line is about the server: it moves, is given a limit, or everything is listed. */
static bool is_about(const struct edit_court *court, size_t line, const char *kind,
                     const char *server)
{
    char text[64];
    snprintf(text, sizeof text, " %s server=%s ", kind, server);
    return line_has(court, line, text);
}

static bool lists(const struct edit_court *court, size_t line, const char *server)
{
    char first[48], other[48];
    snprintf(first, sizeof first, "=%s:", server);
    snprintf(other, sizeof other, ",%s:", server);
    return line_has(court, line, " choice ") &&
           (line_has(court, line, first) || line_has(court, line, other));
}

/* A limit shows where everything is listed, if it is held until then. */
static bool limit_shows(const struct edit_court *court, size_t line, const char *server)
{
    for (; !edit_ends_a_life(court, line); line++) {
        if (line_has(court, line + 1, " state router="))
            return true;
        if (is_about(court, line + 1, "server", server) ||
            is_about(court, line + 1, "limit", server))
            return false;
    }
    return false;
}

static bool state_shows(const struct edit_court *court, size_t line, const char *server)
{
    for (; !edit_ends_a_life(court, line); line++)
        if (line_has(court, line + 1, " state router=") ||
            is_about(court, line + 1, "server", server) || lists(court, line + 1, server))
            return true;
    return false;
}

static bool weight_shows(const struct edit_court *court, size_t line, const char *server)
{
    for (; !edit_ends_a_life(court, line); line++)
        if (line_has(court, line + 1, " state router=") ||
            is_about(court, line + 1, "server", server) ||
            (lists(court, line + 1, server) &&
             (line_has(court, line + 1, " turn=") || line_has(court, line + 1, " busy="))))
            return true;
    return false;
}

/* Who has left is listed no more, which the next choice in its pool shows where all are listed. */
static bool leaving_shows(const struct edit_court *court, size_t line, const char *server)
{
    char pool[8];
    snprintf(pool, sizeof pool, "=%.*s-", (int)strcspn(server, "-"), server);
    for (; !edit_ends_a_life(court, line); line++)
        if (line_has(court, line + 1, " state router=") ||
            is_about(court, line + 1, "server", server) ||
            (are_few(court) && line_has(court, line + 1, " choice ") &&
             line_has(court, line + 1, pool)))
            return true;
    return false;
}

/* --- all --------------------------------------------------------------------------------------- */

bool edit_shows(const struct edit_court *court, size_t line, const struct routing_line *parsed,
                const char *field)
{
    if (strcmp(field, " told=") == 0) /* only the next choice tells, if it lists that server */
        return are_few(court) && tickets_listed_next(court, line);
    if (parsed->kind == ROUTING_CHOICE)
        return choice_shows(court, line, &parsed->choice, field);
    if (parsed->kind == ROUTING_LIMIT)
        return limit_shows(court, line, parsed->limit.server);
    if (parsed->kind == ROUTING_SERVER && strcmp(field, " limit=") == 0)
        return parsed->server.to != SERVER_LEFT && limit_shows(court, line, parsed->server.server);
    if (parsed->kind == ROUTING_SERVER && strcmp(field, " weight=") == 0)
        return parsed->server.from != SERVER_NEW ||
               weight_shows(court, line, parsed->server.server);
    if (strcmp(field, " from=") == 0)
        return came_before(court, line, " scale from=");
    return strcmp(field, " to=") != 0 || comes_later(court, line, " scale from=");
}

static bool is_sold(const struct edit_court *court, const char *request)
{
    const struct sim_sale *sales;
    size_t count = sim_sales(court->sim, &sales);
    for (size_t i = 0; i < count; i++) {
        char id[ID_TEXT_SIZE];
        id_format(&sales[i].sale.id, id);
        if (strcmp(id, request) == 0)
            return true;
        id_format(&sales[i].sale.request, id);
        if (strcmp(id, request) == 0)
            return true;
    }
    return false;
}

static bool is_held(const struct edit_court *court, const char *request)
{
    const struct sim_order *orders;
    size_t count = sim_orders(court->sim, &orders);
    for (size_t i = 0; i < count; i++) {
        char id[ID_TEXT_SIZE];
        id_format(&orders[i].order.sale.id, id);
        if (strcmp(id, request) == 0)
            return true;
    }
    return false;
}

/* How many choices of the flight have the verb, in this life. */
static int64_t count_verb(const struct edit_court *court, size_t line, uint64_t flight,
                          const char *verb)
{
    char boards[32];
    int64_t count = 0;
    snprintf(boards, sizeof boards, " flight=%" PRIu64 " why=", flight);
    while (!line_has(court, line, " started "))
        line--;
    do
        count += line_has(court, line, boards) && line_has(court, line, verb);
    while (!edit_ends_a_life(court, line++));
    return count;
}

/* What its settlement says was done to so many of a flight; 0 where there is none, or it says nothing. */
static int64_t settled_as(const struct edit_court *court, size_t line, uint64_t flight,
                          const char *field)
{
    char settled[64];
    snprintf(settled, sizeof settled, " flight=%" PRIu64 " boot=", flight);
    while (!edit_ends_a_life(court, line) && !line_has(court, line, settled))
        line++;
    const struct lines *lines = court->lines;
    const char *at = line_has(court, line, settled)
                         ? memmem(lines->text[line], lines->length[line], field, strlen(field))
                         : NULL;
    return at != NULL ? strtoll(at + strlen(field), NULL, 10) : 0;
}

/* Whether its settlement says that all holds, or all releases, of the choice's flight did what they ask for. */
static bool all_were_done(const struct edit_court *court, size_t line,
                          const struct routing_choice *choice)
{
    bool hold = choice->verb == VERB_HOLD;
    return settled_as(court, line, choice->flight, hold ? " held=" : " freed=") ==
           count_verb(court, line, choice->flight, hold ? " verb=hold " : " verb=release ");
}

/* Another verb than its own shows where all of that verb did what it says, or where the store sold or held by
 * it. */
static bool verb_shows(const struct edit_court *court, size_t line,
                       const struct routing_choice *choice)
{
    if (is_sold(court, choice->request) || is_held(court, choice->request))
        return true;
    return choice->verb != VERB_CONFIRM && all_were_done(court, line, choice);
}

static bool order_shows(const struct edit_court *court, size_t line,
                        const struct routing_choice *choice)
{
    return is_sold(court, choice->request) ||
           (choice->verb == VERB_RELEASE && all_were_done(court, line, choice));
}

/* How many lines of the log have both texts. */
static size_t count_lines(const struct edit_court *court, const char *text, const char *other)
{
    size_t count = 0;
    for (size_t i = 0; i < court->lines->count; i++)
        count += line_has(court, i, text) && line_has(court, i, other);
    return count;
}

/* Whether something on the flight was also on another one. */
static bool has_repeats(const struct edit_court *court, size_t line, uint64_t flight)
{
    static const char field[] = " choice request=";
    char boards[32], request[64];
    snprintf(boards, sizeof boards, " flight=%" PRIu64 " why=", flight);
    for (; !line_has(court, line, " started "); line--) {
        const struct lines *lines = court->lines;
        const char *at = memmem(lines->text[line], lines->length[line], field, strlen(field));
        if (at == NULL || !line_has(court, line, boards))
            continue;
        snprintf(request, sizeof request, "%.*s ", (int)(strlen(field) + ID_TEXT_SIZE - 1), at);
        if (count_lines(court, request, boards) != count_lines(court, request, ""))
            return true;
    }
    return false;
}

/* Whether one release alone is on the flight, and is the only one of its order. */
static bool frees_alone(const struct edit_court *court, size_t line, uint64_t flight)
{
    char boards[32], released[64] = "";
    snprintf(boards, sizeof boards, " flight=%" PRIu64 " why=", flight);
    if (count_verb(court, line, flight, " verb=release ") != 1)
        return false;
    while (!line_has(court, line, boards) || !line_has(court, line, " verb=release "))
        line--;
    const struct lines *lines = court->lines;
    const char *at = memmem(lines->text[line], lines->length[line], " order=", strlen(" order="));
    snprintf(released, sizeof released, "%.*s ", (int)(strlen(" order=") + ID_TEXT_SIZE - 1), at);
    return count_lines(court, " verb=release ", released) == 1;
}

/* Of a flight that was neither lost nor asked again for anything, the store knows what it did; but not who
 * released what several asked to. */
bool edit_of_settled_shows(const struct edit_court *court, size_t line,
                           const struct routing_settled *settled, bool freed)
{
    return settled->replayed + settled->lost + settled->unsent == 0 &&
           !has_repeats(court, line, settled->flight) &&
           (!freed || frees_alone(court, line, settled->flight));
}

/* An event is proved by the sale or hold: without one, nothing else knows it. A session by token or address goes
 * where its hash says, by whatever policy; one by cookie stays where it is. An answer's status is only
 * proved to be that of an answer. */
bool edit_text_shows(const struct edit_court *court, size_t line, const struct routing_line *parsed,
                     const struct text_edit *edit)
{
    bool choice = parsed->kind == ROUTING_CHOICE, server = parsed->kind == ROUTING_SERVER;
    if (strstr(edit->from, " verb=") != NULL)
        return verb_shows(court, line, &parsed->choice);
    if (strstr(edit->from, " request=") != NULL && choice)
        return parsed->choice.verb == VERB_HOLD && is_held(court, parsed->choice.request) &&
               all_were_done(court, line, &parsed->choice);
    if (strstr(edit->from, " event=") != NULL)
        return is_sold(court, parsed->choice.request) || is_held(court, parsed->choice.request);
    if (strstr(edit->from, " order=") != NULL)
        return order_shows(court, line, &parsed->choice);
    if (strstr(edit->from, " policy=") != NULL)
        return !choice || (parsed->choice.affinity == AFFINITY_NONE &&
                           strcmp(parsed->choice.why, "retry") != 0);
    if (strstr(edit->from, " status=2") != NULL)
        return parsed->done.how == END_ANSWERED;
    if (server && strcmp(edit->from, "→left ") == 0)
        return leaving_shows(court, line, parsed->server.server);
    if (server && strncmp(edit->from, "→", strlen("→")) == 0)
        return state_shows(court, line, parsed->server.server);
    return true;
}
