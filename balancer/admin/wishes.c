#include "balancer/admin/wishes.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "balancer/pool/members.h"
#include "common/clock.h"
#include "common/json_reader.h"

enum {
    URL_SIZE = 256,
};

/* A body that is being read. The first refusal stands. */
struct reading {
    struct json_reader reader;
    enum problem problem; /* of a value that breaks a rule */
    char *detail;
};

static void open_reading(struct reading *reading, const char *body, size_t length, char *detail)
{
    *reading = (struct reading){.detail = detail};
    json_reader_open(&reading->reader, body, length);
}

/* The value can be read, but is none that may stand there. */
static void refuse(struct reading *reading, const char *sentence)
{
    if (reading->problem != PROBLEM_NONE || json_reader_failed(&reading->reader))
        return;
    reading->problem = PROBLEM_INVALID_SERVER;
    snprintf(reading->detail, PROBLEM_DETAIL_SIZE, "%s", sentence);
}

static enum problem close_reading(struct reading *reading)
{
    if (json_finish(&reading->reader))
        return reading->problem;
    snprintf(reading->detail, PROBLEM_DETAIL_SIZE, "The body is not what it should be: %s.",
             reading->reader.error);
    return PROBLEM_MALFORMED;
}

static void take_text(struct reading *reading, char *out, size_t size,
                      bool (*valid)(const char *text), const char *right)
{
    size_t length = 0;
    if (json_read_text(&reading->reader, out, size, &length) && (length >= size || !valid(out)))
        refuse(reading, right);
}

/* --- a URL --------------------------------------------------------------------------------------- */

static bool say(char detail[PROBLEM_DETAIL_SIZE], const char *sentence)
{
    snprintf(detail, PROBLEM_DETAIL_SIZE, "%s", sentence);
    return false;
}

bool wish_url(const char *url, char address[ADDRESS_SIZE], char detail[PROBLEM_DETAIL_SIZE])
{
    static const char scheme[] = "http://", localhost[] = "localhost:";
    const size_t scheme_length = sizeof scheme - 1, local_length = sizeof localhost - 1;
    if (strncasecmp(url, scheme, scheme_length) != 0)
        return say(detail, "\"url\" begins with http://, as in http://127.0.0.1:9001.");
    const char *host = url + scheme_length, *end = host + strcspn(host, "/?#");
    const char *rest = *end == '/' ? end + 1 : end;
    if (memchr(host, '@', (size_t)(end - host)) != NULL)
        return say(detail, "\"url\" has no user or password in it: they would stand in files and "
                           "logs.");
    if (*rest != '\0')
        return say(detail, "\"url\" ends with the port: every path is asked of the server there.");
    bool local = strncasecmp(host, localhost, local_length) == 0;
    int length = snprintf(address, ADDRESS_SIZE, "%s%.*s", local ? "127.0.0.1:" : "",
                          (int)(end - host - (local ? (long)local_length : 0)),
                          host + (local ? local_length : 0));
    if (length >= ADDRESS_SIZE || !socket_reachable(address))
        return say(detail, "\"url\" has a numeric address that can be connected to, and a port, as "
                           "in http://127.0.0.1:9001 or http://[::1]:9001.");
    return true;
}

static bool any_text(const char *text)
{
    return *text != '\0';
}

static void take_url(struct reading *reading, char address[ADDRESS_SIZE])
{
    char url[URL_SIZE] = "", detail[PROBLEM_DETAIL_SIZE];
    take_text(reading, url, sizeof url, any_text, "\"url\" is longer than any server's.");
    if (reading->problem == PROBLEM_NONE && !json_reader_failed(&reading->reader) &&
        !wish_url(url, address, detail))
        refuse(reading, detail);
}

/* --- a server ------------------------------------------------------------------------------------ */

/* Of both bodies, which differ in the last. */
enum field {
    FIELD_URL,
    FIELD_POOL,
    FIELD_WEIGHT,
    FIELD_ID_OR_HEARTBEAT,
    FIELDS,
};

static void take_weight(struct reading *reading, int64_t *weight)
{
    bool inside = false;
    if (json_read_number(&reading->reader, 1, MEMBER_WEIGHT_MAX, weight, &inside) && !inside)
        refuse(reading, "\"weight\" is a whole number from 1 to 1000.");
}

static void take_field(struct reading *reading, int field, bool named, struct server_wish *wish)
{
    if (field == FIELD_URL)
        take_url(reading, wish->address);
    else if (field == FIELD_POOL)
        take_text(reading, wish->pool, sizeof wish->pool, server_id_valid,
                  "\"pool\" is the name of a pool: 1 to 32 of a-z 0-9 -.");
    else if (field == FIELD_WEIGHT)
        take_weight(reading, &wish->weight);
    else if (field == FIELD_ID_OR_HEARTBEAT && named)
        take_text(reading, wish->id, sizeof wish->id, member_id_valid,
                  "\"id\" is 1 to 32 of a-z 0-9 -, and not server-1, server-2 and so on: the "
                  "balancer gives these names to the servers it starts.");
    else if (field == FIELD_ID_OR_HEARTBEAT)
        json_read_bool(&reading->reader, &wish->heartbeat);
}

enum problem wish_server(const char *body, size_t length, bool named, struct server_wish *wish,
                         char detail[PROBLEM_DETAIL_SIZE])
{
    const char *const names[FIELDS] = {"url", "pool", "weight", named ? "id" : "heartbeat"};
    struct reading reading;
    uint32_t seen = 0;
    *wish = (struct server_wish){.pool = ROUTING_TICKETS, .weight = 1};
    open_reading(&reading, body, length, detail);
    json_enter(&reading.reader, JSON_OBJECT);
    while (json_more(&reading.reader))
        take_field(&reading, json_read_field(&reading.reader, names, FIELDS, &seen), named, wish);
    if ((seen & 1u << FIELD_URL) == 0 || (named && (seen & 1u << FIELD_ID_OR_HEARTBEAT) == 0))
        json_reader_fail(&reading.reader,
                         named ? "\"id\" and \"url\" are needed" : "\"url\" is needed");
    return close_reading(&reading);
}

/* --- the rest ------------------------------------------------------------------------------------ */

static bool is_state(const char *text)
{
    return strcmp(text, "drain") == 0 || strcmp(text, "ready") == 0;
}

enum problem wish_state(const char *body, size_t length, bool *drain,
                        char detail[PROBLEM_DETAIL_SIZE])
{
    static const char *const names[] = {"state"};
    struct reading reading;
    char state[8] = "";
    uint32_t seen = 0;
    open_reading(&reading, body, length, detail);
    json_enter(&reading.reader, JSON_OBJECT);
    while (json_more(&reading.reader))
        if (json_read_field(&reading.reader, names, 1, &seen) == 0)
            take_text(&reading, state, sizeof state, is_state, "\"state\" is drain or ready.");
    if (seen == 0)
        json_reader_fail(&reading.reader, "\"state\" is needed");
    *drain = strcmp(state, "drain") == 0;
    return close_reading(&reading);
}

enum problem wish_query(const char *query, int64_t *drain, char detail[PROBLEM_DETAIL_SIZE])
{
    static const char name[] = "?drain=";
    const size_t length = sizeof name - 1;
    *drain = WISH_DRAIN_SECONDS * CLOCK_SECOND;
    if (*query == '\0')
        return PROBLEM_NONE;
    if (strncmp(query, name, length) == 0 && clock_span(query + length, drain) &&
        *drain <= WISH_DRAIN_SECONDS_MAX * CLOCK_SECOND)
        return PROBLEM_NONE;
    say(detail, "The query is none, or drain= with a time of up to an hour: 30s, 500ms, or 0 for "
                "at once.");
    return PROBLEM_MALFORMED;
}
