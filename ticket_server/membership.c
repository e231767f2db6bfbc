#include "ticket_server/membership.h"

#include <curl/curl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/json.h"
#include "common/log.h"
#include "common/problem.h"
#include "common/thread.h"

enum {
    URL_SIZE = 128, /* of a balancer */
    ANSWER_MAX = 16 * 1024,
    CONNECT_MS = 1000,
    ANSWER_MS = 3000,
    CODE_SIZE = 32,
};

static const int64_t interval = CLOCK_SECOND;              /* between two heartbeats */
static const int64_t refused_interval = 30 * CLOCK_SECOND; /* where this server was refused */

/* A balancer. Its thread's, but for the last two. */
struct link {
    struct membership *membership;
    pthread_t thread;
    char url[URL_SIZE];
    CURL *curl;
    bool joined;    /* at least once */
    bool dismissed; /* it wants no more of this server */
    bool refused;   /* and not welcome since: what it has under this id is another server */
    bool said;      /* that something is wrong */
    bool answered;  /* under the membership's lock: it has been asked once, maybe in vain */
    bool
        unwelcome; /* the same: this server was turned away there, and ends unless others take it */
    bool left;     /* the same */
};

struct membership {
    struct loop *loop;
    char *id, *body, *heartbeat; /* owned; what is sent to join, and then */
    struct curl_slist *headers;
    struct lock lock; /* guards what is below, and what links say */
    bool leaving;
    bool joined;       /* a balancer, at least once */
    atomic_bool hurry; /* no lock: whoever waits for an answer does so no longer */
    struct link links[MEMBERSHIP_BALANCERS_MAX];
    size_t count;
};

/* What came of a request. */
struct answer {
    long status; /* 0: none came */
    char code[CODE_SIZE];
    char detail[PROBLEM_DETAIL_SIZE]; /* or why none came */
};

/* --- which balancers ----------------------------------------------------------------------------- */

/* Takes the next URL of a list, without a '/' at its end. False where it is none. */
static bool take_url(const char **at, char url[URL_SIZE])
{
    static const char scheme[] = "http://";
    size_t length = strcspn(*at, ","), size = length;
    if (length > 0 && (*at)[length - 1] == '/')
        length--;
    if (length >= URL_SIZE || length <= sizeof scheme - 1 ||
        strncmp(*at, scheme, sizeof scheme - 1) != 0)
        return false;
    memcpy(url, *at, length);
    url[length] = '\0';
    *at += size + ((*at)[size] == ',');
    return url[sizeof scheme - 1 + strcspn(url + sizeof scheme - 1, "/?#@ \t\"\\")] == '\0';
}

bool membership_check(const char *balancers)
{
    char url[URL_SIZE];
    size_t length = strlen(balancers), count = 0;
    if (length == 0 || balancers[length - 1] == ',')
        return false;
    while (*balancers != '\0')
        if (++count > MEMBERSHIP_BALANCERS_MAX || !take_url(&balancers, url))
            return false;
    return true;
}

/* --- asking -------------------------------------------------------------------------------------- */

static size_t keep(char *bytes, size_t size, size_t count, void *context)
{
    struct buffer *body = context;
    if (body->length + size * count > ANSWER_MAX)
        return 0;
    buffer_append(body, bytes, size * count);
    return size * count;
}

static int still_wanted(void *context, curl_off_t all_down, curl_off_t down, curl_off_t all_up,
                        curl_off_t up)
{
    const struct link *link = context;
    (void)all_down, (void)down, (void)all_up, (void)up;
    return atomic_load(&link->membership->hurry) ? 1 : 0;
}

static void copy_text(char *out, size_t size, const cJSON *problem, const char *name)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(problem, name));
    snprintf(out, size, "%s", text != NULL ? text : "");
}

static void read_problem(struct buffer *body, struct answer *answer)
{
    char error[JSON_ERROR_SIZE];
    cJSON *problem = json_parse(buffer_text(body), body->length, error);
    copy_text(answer->code, sizeof answer->code, problem, "code");
    copy_text(answer->detail, sizeof answer->detail, problem, "detail");
    cJSON_Delete(problem);
    if (answer->detail[0] == '\0')
        snprintf(answer->detail, sizeof answer->detail, "status %ld, and no reason",
                 answer->status);
}

static struct answer ask(struct link *link, const char *method, const char *query, const char *body,
                         long timeout)
{
    struct membership *membership = link->membership;
    struct answer answer = {0};
    struct buffer url = {0}, received = {0};
    buffer_printf(&url, "%s/servers/%s%s", link->url, membership->id, query);
    curl_easy_setopt(link->curl, CURLOPT_URL, buffer_text(&url));
    curl_easy_setopt(link->curl, CURLOPT_CUSTOMREQUEST, method);
    curl_easy_setopt(link->curl, CURLOPT_POSTFIELDS, body); /* NULL: none */
    curl_easy_setopt(link->curl, CURLOPT_POSTFIELDSIZE, (long)(body != NULL ? strlen(body) : 0));
    curl_easy_setopt(link->curl, CURLOPT_WRITEDATA, &received);
    curl_easy_setopt(link->curl, CURLOPT_TIMEOUT_MS, timeout);
    CURLcode result = curl_easy_perform(link->curl);
    if (result == CURLE_OK)
        curl_easy_getinfo(link->curl, CURLINFO_RESPONSE_CODE, &answer.status);
    if (result != CURLE_OK)
        snprintf(answer.detail, sizeof answer.detail, "%s", curl_easy_strerror(result));
    else if (answer.status != 200 && answer.status != 201)
        read_problem(&received, &answer);
    buffer_free(&url);
    buffer_free(&received);
    return answer;
}

/* A connection for each request: a balancer's admin listener has few, and people want some. */
static CURL *open_curl(struct link *link)
{
    CURL *curl = curl_easy_init();
    if (curl == NULL)
        die(EXIT_TROUBLE, "no memory to join %s", link->url);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http");
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, link->membership->headers);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
    curl_easy_setopt(curl, CURLOPT_FORBID_REUSE, 1L);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, keep);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, still_wanted);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, link);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    return curl;
}

/* --- being a member ------------------------------------------------------------------------------ */

static void say(struct link *link, const struct answer *answer)
{
    if (!link->said && !atomic_load(&link->membership->hurry))
        log_line("%s %s: %s; it is asked again %s", link->url,
                 answer->status == 0 ? "does not answer" : "does not take this server",
                 answer->detail, link->refused ? "every 30 s" : "each second");
    link->said = true;
}

/* Whether asking again may help: it does not answer, is busy, or is just letting go of this server. */
static bool passing(const struct answer *answer)
{
    return answer->status == 0 || answer->status >= 500 || answer->status == 429 ||
           strcmp(answer->code, "server_leaving") == 0;
}

static void welcomed(struct link *link)
{
    if (!link->joined || link->said)
        log_line("has joined %s", link->url);
    link->joined = true;
    link->refused = link->said = false;
    lock_take(&link->membership->lock);
    link->membership->joined = true;
    lock_announce(&link->membership->lock);
    lock_drop(&link->membership->lock);
}

/* Under the lock. */
static bool all_answered(const struct membership *membership)
{
    bool answered = true;
    for (size_t i = 0; i < membership->count; i++)
        answered = answered && membership->links[i].answered;
    return answered;
}

static void note_answer(struct link *link)
{
    lock_take(&link->membership->lock);
    link->answered = true;
    lock_announce(&link->membership->lock);
    lock_drop(&link->membership->lock);
}

static void end(const struct link *link, const char *what, const char *detail)
{
    log_line("%s %s: %s", link->url, what, detail);
    _exit(EXIT_TROUBLE);
}

/* Of two processes with one id, the one that joined last is meant. */
static void replaced(struct link *link, const struct answer *answer)
{
    struct membership *membership = link->membership;
    lock_take(&membership->lock);
    bool leaving = membership->leaving;
    lock_drop(&membership->lock);
    if (!leaving)
        end(link, "has another server under this id", answer->detail);
    link->dismissed = true; /* it must not take the other with it */
}

/* Whether this server sells for another balancer; those that have not answered yet are waited for. */
static bool wanted_elsewhere(struct link *link)
{
    struct membership *membership = link->membership;
    lock_take(&membership->lock);
    link->answered = link->unwelcome = true;
    lock_announce(&membership->lock);
    while (!membership->joined && !membership->leaving && !all_answered(membership))
        lock_wait(&membership->lock);
    bool wanted = membership->joined || membership->leaving;
    lock_drop(&membership->lock);
    return wanted;
}

static void turned_away(struct link *link, const struct answer *answer)
{
    if (!wanted_elsewhere(link))
        end(link, "does not take this server", answer->detail);
    if (!link->refused)
        link->said = false;
    link->refused = true;
    say(link, answer);
}

static void refused(struct link *link, const struct answer *answer)
{
    if (strcmp(answer->code, "server_moved") == 0) {
        replaced(link, answer);
    } else if (link->joined && answer->status == 410) {
        log_line("%s has removed this server, which serves on; started again, it joins again",
                 link->url);
        link->dismissed = true;
    } else if (link->joined || passing(answer)) {
        say(link, answer);
    } else {
        turned_away(link, answer);
    }
}

static void tell(struct link *link)
{
    const struct membership *membership = link->membership;
    struct answer answer =
        ask(link, "PUT", "", link->joined ? membership->heartbeat : membership->body, ANSWER_MS);
    if (answer.status == 200 || answer.status == 201)
        welcomed(link);
    else
        refused(link, &answer);
    note_answer(link);
}

/* Waits for the next heartbeat; false where it is time to leave. */
static bool rest(struct link *link)
{
    struct membership *membership = link->membership;
    int64_t until = clock_monotonic() + (link->refused ? refused_interval : interval);
    lock_take(&membership->lock);
    while (!membership->leaving && (link->dismissed || clock_monotonic() < until)) {
        if (link->dismissed)
            lock_wait(&membership->lock);
        else
            lock_wait_until(&membership->lock, until);
    }
    bool stays = !membership->leaving;
    lock_drop(&membership->lock);
    return stays;
}

/* Also where it never joined, as far as is known: an answer may have been lost. */
static void take_leave(struct link *link)
{
    char query[32];
    snprintf(query, sizeof query, "?drain=%ds", MEMBERSHIP_LEAVE_SECONDS);
    struct answer answer =
        ask(link, "DELETE", query, NULL, MEMBERSHIP_LEAVE_SECONDS * 1000L + ANSWER_MS);
    if (answer.status == 200)
        log_line("has left %s", link->url);
    else if (link->joined && answer.status != 404 && !atomic_load(&link->membership->hurry))
        log_line("has not left %s: %s", link->url, answer.detail);
}

static void *be_member(void *argument)
{
    struct link *link = argument;
    link->curl = open_curl(link);
    do
        tell(link);
    while (rest(link));
    if (!link->dismissed && !link->refused)
        take_leave(link);
    curl_easy_cleanup(link->curl);
    lock_take(&link->membership->lock);
    link->left = true;
    lock_drop(&link->membership->lock);
    loop_wake(link->membership->loop);
    return NULL;
}

/* --- the whole ----------------------------------------------------------------------------------- */

static char *body_of(const struct membership_settings *settings, const char *rest)
{
    struct buffer body = {0};
    buffer_printf(&body, "{\"url\":\"http://%s\",\"pool\":\"tickets\",\"weight\":1%s}",
                  settings->address, rest);
    char *copy = memory_copy(buffer_text(&body));
    buffer_free(&body);
    return copy;
}

static struct curl_slist *headers_of(const struct membership_settings *settings)
{
    struct buffer token = {0};
    buffer_printf(&token, "Authorization: Bearer %s", settings->token);
    struct curl_slist *first = curl_slist_append(NULL, buffer_text(&token));
    struct curl_slist *headers = curl_slist_append(first, "Content-Type: application/json");
    buffer_free(&token);
    if (first == NULL || headers == NULL)
        die(EXIT_TROUBLE, "no memory to join a balancer");
    return headers;
}

struct membership *membership_open(const struct membership_settings *settings)
{
    struct membership *membership = memory_new(sizeof *membership);
    const char *at = settings->balancers;
    curl_global_init(CURL_GLOBAL_DEFAULT);
    membership->loop = settings->loop;
    membership->id = memory_copy(settings->id);
    membership->body = body_of(settings, "");
    membership->heartbeat = body_of(settings, ",\"heartbeat\":true");
    membership->headers = headers_of(settings);
    lock_init(&membership->lock);
    while (membership->count < MEMBERSHIP_BALANCERS_MAX && *at != '\0' &&
           take_url(&at, membership->links[membership->count].url))
        membership->count++;
    for (size_t i = 0; i < membership->count; i++) {
        membership->links[i].membership = membership;
        thread_start(&membership->links[i].thread, "member", be_member, &membership->links[i]);
    }
    return membership;
}

/* The process is about to end: nobody has taken this server, and one has turned it away. */
static bool is_ending(const struct membership *membership)
{
    bool unwelcome = false;
    for (size_t i = 0; i < membership->count; i++)
        unwelcome = unwelcome || membership->links[i].unwelcome;
    return unwelcome && !membership->joined && !membership->leaving;
}

void membership_await(struct membership *membership)
{
    lock_take(&membership->lock);
    while (!all_answered(membership) || is_ending(membership))
        lock_wait(&membership->lock);
    lock_drop(&membership->lock);
}

void membership_leave(struct membership *membership)
{
    lock_take(&membership->lock);
    membership->leaving = true;
    lock_announce(&membership->lock);
    lock_drop(&membership->lock);
}

bool membership_left(struct membership *membership)
{
    bool left = true;
    lock_take(&membership->lock);
    for (size_t i = 0; i < membership->count; i++)
        left = left && membership->links[i].left;
    lock_drop(&membership->lock);
    return left;
}

void membership_close(struct membership *membership)
{
    atomic_store(&membership->hurry, true);
    membership_leave(membership);
    for (size_t i = 0; i < membership->count; i++)
        thread_join(membership->links[i].thread);
    curl_slist_free_all(membership->headers);
    lock_free(&membership->lock);
    free(membership->id);
    free(membership->body);
    free(membership->heartbeat);
    free(membership);
}
