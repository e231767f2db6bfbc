#include "db/postgres/dial.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"

static const int64_t rest_first = 50 * CLOCK_MILLISECOND;
static const int64_t rest_most = CLOCK_SECOND;

enum {
    ATTEMPT_SECONDS = 3, /* unless the URL says connect_timeout, within reason */
    ATTEMPT_SECONDS_MAX = 60,
    OPTIONS_MAX = 64, /* libpq 15 has some 40 */
    OURS_OF_HOST = 3,
};

int64_t postgres_dial_rest(int64_t before)
{
    if (before == 0)
        return rest_first;
    return before * 2 < rest_most ? before * 2 : rest_most;
}

/* What the URL leaves open. A peer that is gone without a word is noticed in some seconds. */
static const struct {
    const char *keyword, *value;
} defaults[] = {
    {"target_session_attrs", "read-write"}, {"keepalives_idle", "5"},
    {"keepalives_interval", "2"},           {"keepalives_count", "3"},
    {"tcp_user_timeout", "8000"},
};

struct options {
    const char *keywords[OPTIONS_MAX + 1];
    const char *values[OPTIONS_MAX + 1];
    size_t count;
};

static void add(struct options *options, const char *keyword, const char *value)
{
    if (value == NULL || options->count == OPTIONS_MAX)
        return;
    options->keywords[options->count] = keyword;
    options->values[options->count++] = value;
}

/* The first ones are each host's own. */
static const char *const ours[] = {"host", "hostaddr", "port", "application_name",
                                   "client_encoding"};

static bool is_ours(const char *keyword)
{
    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
        if (strcmp(ours[i], keyword) == 0)
            return true;
    return false;
}

static int64_t attempt_time(const struct postgres_place *place)
{
    const char *said = postgres_place_option(place, "connect_timeout");
    long seconds = said == NULL ? 0 : strtol(said, NULL, 10);
    if (seconds <= 0)
        seconds = ATTEMPT_SECONDS;
    return (seconds < ATTEMPT_SECONDS_MAX ? seconds : ATTEMPT_SECONDS_MAX) * CLOCK_SECOND;
}

static void give_up(struct postgres_dial *dial, bool hopeless)
{
    PQfinish(dial->link);
    dial->link = NULL;
    postgres_dial_failed(dial, hopeless);
}

/* libpq would write it to our error output. */
static void ignore(void *context, const PGresult *notice)
{
    (void)context;
    (void)notice;
}

void postgres_dial_words(const char *message, char *line, size_t size)
{
    size_t length = 0;
    for (; *message != '\0' && length + 1 < size; message++) {
        bool space = *message == '\n' || *message == '\t' || *message == ' ';
        if (!space)
            line[length++] = *message;
        else if (length > 0 && line[length - 1] != ' ')
            line[length++] = ' ';
    }
    while (length > 0 && line[length - 1] == ' ')
        length--;
    line[length] = '\0';
    if (length == 0)
        snprintf(line, size, "no reason was told");
}

static void tell(const struct postgres_dial *dial, const char *why, char error[STORE_ERROR_SIZE])
{
    char words[STORE_ERROR_SIZE / 2];
    postgres_dial_words(why, words, sizeof words);
    snprintf(error, STORE_ERROR_SIZE, "cannot reach the store at %.200s: %s", dial->place->plain,
             words);
}

/* The address of the attempt under way; "" where only libpq knows. */
static const char *address(const struct postgres_dial *dial)
{
    return dial->address < dial->addresses.count ? dial->addresses.text[dial->address] : "";
}

static void note_answer(struct postgres_dial *dial)
{
    dial->answered = dial->host;
    snprintf(dial->answerer, sizeof dial->answerer, "%s", address(dial));
    dial->behind = false;
}

/* The next round does not begin with whom the last answer came from: it begins with another host, as a machine may have
 * several addresses; or, of the only one, with another address. */
static void pass_over(struct postgres_dial *dial)
{
    dial->behind = dial->place->hosts == 1;
    if (dial->behind)
        return;
    dial->answered = (dial->answered + 1) % dial->place->hosts;
    dial->answerer[0] = '\0';
}

static void note_silence(struct postgres_dial *dial)
{
    if (dial->answered == dial->host && strcmp(dial->answerer, address(dial)) == 0)
        pass_over(dial);
}

/* Once for each host of a round: what a name stands for may change. */
static bool look_up(struct postgres_dial *dial, const char *host, char error[STORE_ERROR_SIZE])
{
    char why[STORE_ERROR_SIZE];
    if (!postgres_addresses_find(&dial->addresses, host, why)) {
        tell(dial, why, error);
        postgres_dial_failed(dial, false);
        return false;
    }
    if (dial->host == dial->answered)
        postgres_addresses_turn(&dial->addresses, dial->answerer, dial->behind);
    return true;
}

/* False where there is no address to connect to. */
static bool start(struct postgres_dial *dial, char error[STORE_ERROR_SIZE])
{
    const struct postgres_place *place = dial->place;
    struct options options = {.count = 0};
    char part[OURS_OF_HOST][PLACE_OPTION_SIZE];
    for (size_t i = 0; i < OURS_OF_HOST; i++)
        postgres_place_part(place, ours[i], dial->host, part[i]);
    bool given = part[1][0] != '\0';
    if (dial->address == 0 && !look_up(dial, given ? "" : part[0], error))
        return false;
    if (!given)
        snprintf(part[1], sizeof part[1], "%s", address(dial));
    for (size_t i = 0; i < OURS_OF_HOST; i++)
        add(&options, ours[i], part[i][0] == '\0' ? NULL : part[i]);
    for (const PQconninfoOption *option = place->options; option->keyword != NULL; option++)
        if (!is_ours(option->keyword))
            add(&options, option->keyword, option->val);
    for (size_t i = 0; i < sizeof defaults / sizeof *defaults; i++)
        if (postgres_place_option(place, defaults[i].keyword) == NULL)
            add(&options, defaults[i].keyword, defaults[i].value);
    add(&options, "application_name", dial->application);
    add(&options, "client_encoding", "UTF8");
    dial->link = PQconnectStartParams(options.keywords, options.values, 0);
    PQsetNoticeReceiver(dial->link, ignore, NULL);
    PQsetErrorVerbosity(dial->link,
                        PQERRORS_VERBOSE); /* with the code, which words need not be read for */
    dial->wants = PGRES_POLLING_WRITING;
    dial->attempt_until = clock_monotonic() + attempt_time(place);
    return true;
}

/* Whether the socket is ready for what the attempt waits for. */
static bool ready(const struct postgres_dial *dial, int milliseconds)
{
    struct pollfd socket = {
        .fd = PQsocket(dial->link),
        .events = dial->wants == PGRES_POLLING_READING ? POLLIN : POLLOUT,
    };
    return socket.fd < 0 || poll(&socket, 1, milliseconds) != 0;
}

bool postgres_dial_hopeless(const char *code)
{
    return strncmp(code, "28", 2) == 0 || strcmp(code, "3D000") == 0 || strcmp(code, "42501") == 0;
}

bool postgres_dial_code(char *message, char code[6])
{
    static const char signs[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    for (char *at = message; (at = strstr(at, ":  ")) != NULL; at++) {
        char *begin = at + 3;
        if (strspn(begin, signs) != 5 || strncmp(begin + 5, ": ", 2) != 0)
            continue;
        memcpy(code, begin, 5);
        code[5] = '\0';
        begin[7 + strcspn(begin + 7, "\n")] = '\0';
        memmove(at + 2, begin + 7, strlen(begin + 7) + 1);
        return true;
    }
    return false;
}

/* The server's answer, or the lack of one, ends the attempt. */
static void refused(struct postgres_dial *dial, char error[STORE_ERROR_SIZE])
{
    char message[2 * STORE_ERROR_SIZE], code[6];
    snprintf(message, sizeof message, "%s", PQerrorMessage(dial->link));
    bool hopeless = (postgres_dial_code(message, code) && postgres_dial_hopeless(code)) ||
                    PQconnectionNeedsPassword(dial->link) == 1;
    tell(dial, message, error);
    note_answer(dial);
    give_up(dial, hopeless);
}

/* A step of the attempt under way. */
static PGconn *step(struct postgres_dial *dial, char error[STORE_ERROR_SIZE])
{
    if (PQstatus(dial->link) != CONNECTION_BAD && !ready(dial, 0)) {
        if (clock_monotonic() < dial->attempt_until)
            return NULL;
        tell(dial, "it does not answer", error);
        note_silence(dial);
        give_up(dial, false);
        return NULL;
    }
    dial->wants =
        PQstatus(dial->link) == CONNECTION_BAD ? PGRES_POLLING_FAILED : PQconnectPoll(dial->link);
    if (dial->wants == PGRES_POLLING_FAILED)
        refused(dial, error);
    if (dial->wants != PGRES_POLLING_OK)
        return NULL;
    PGconn *link = dial->link;
    dial->link = NULL;
    PQsetErrorVerbosity(link, PQERRORS_DEFAULT);
    return link;
}

PGconn *postgres_dial(struct postgres_dial *dial, char error[STORE_ERROR_SIZE])
{
    if (dial->link == NULL) {
        if (clock_monotonic() < dial->rest_until)
            return NULL;
        if (!start(dial, error))
            return NULL;
    }
    PGconn *link;
    do
        link = step(dial, error);
    while (link == NULL && dial->link != NULL && ready(dial, 0));
    return link;
}

void postgres_dial_tell(const struct postgres_dial *dial, char error[STORE_ERROR_SIZE])
{
    if (error[0] == '\0')
        tell(dial, dial->link == NULL ? "not connected yet" : "it has not answered yet", error);
}

void postgres_dial_wait(const struct postgres_dial *dial, int64_t until)
{
    int64_t end = dial->link == NULL ? dial->rest_until : dial->attempt_until;
    int64_t wait = (end < until ? end : until) - clock_monotonic();
    int milliseconds = wait <= 0 ? 0 : (int)(wait / CLOCK_MILLISECOND) + 1;
    if (dial->link != NULL)
        ready(dial, milliseconds);
    else
        poll(NULL, 0, milliseconds);
}

static void begin_round(struct postgres_dial *dial)
{
    dial->host = dial->answered;
    dial->address = 0;
    dial->tried = dial->failed = dial->refused = 0;
}

void postgres_dial_reached(struct postgres_dial *dial)
{
    note_answer(dial);
    begin_round(dial);
    dial->hopeless = false;
    dial->rest = 0;
}

void postgres_dial_silent(struct postgres_dial *dial)
{
    pass_over(dial);
    begin_round(dial);
}

void postgres_dial_failed(struct postgres_dial *dial, bool hopeless)
{
    dial->failed++;
    dial->refused += hopeless;
    if (++dial->address < dial->addresses.count)
        return;
    dial->address = 0;
    dial->host = (dial->host + 1) % dial->place->hosts;
    if (++dial->tried < dial->place->hosts)
        return;
    dial->hopeless = dial->refused == dial->failed;
    dial->rest = postgres_dial_rest(dial->rest);
    dial->rest_until = clock_monotonic() + dial->rest;
    begin_round(dial);
}

void postgres_dial_close(struct postgres_dial *dial)
{
    PQfinish(dial->link);
    dial->link = NULL;
}
