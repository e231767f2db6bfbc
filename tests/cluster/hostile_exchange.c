#include "tests/cluster/hostile_exchange.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/buffer.h"
#include "tests/lib/raw.h"

enum {
    END_SECONDS = 8, /* who waits for more bytes would be cut only after 10 */
    ANSWERS_MAX = 128,
};

static const char host[] = "Host: x\r\n";

/* One answer within what came. */
struct answer {
    unsigned status;
    const char *head, *body; /* the head ends where the body begins */
    size_t length;           /* of the body */
};

struct answers {
    struct answer list[ANSWERS_MAX];
    size_t count;
    const char *rest; /* what came behind them */
    bool ended;       /* the connection did */
};

static void receive_all(int fd, struct buffer *bytes, bool *ended)
{
    struct timeval limit = {.tv_sec = END_SECONDS};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    for (;;) {
        ssize_t n = recv(fd, buffer_reserve(bytes, 65536), 65536, 0);
        *ended = n == 0 || (n < 0 && errno == ECONNRESET);
        if (n <= 0)
            return;
        bytes->length += (size_t)n;
    }
}

static bool head_says(const struct answer *answer, const char *line)
{
    const char *at = strcasestr(answer->head, line);
    return at != NULL && at < answer->body;
}

static size_t announced(const struct answer *answer)
{
    static const char name[] = "\r\nContent-Length:";
    const char *at = strcasestr(answer->head, name);
    return at != NULL && at < answer->body ? strtoul(at + sizeof name - 1, NULL, 10) : 0;
}

/* Reads one answer at `at`: where the next begins, or NULL where this is none. */
static const char *read_answer(const char *at, const char *end, struct answer *answer)
{
    const char *blank = strstr(at, "\r\n\r\n");
    *answer = (struct answer){.head = at};
    if (blank == NULL || sscanf(at, "HTTP/1.1 %3u", &answer->status) != 1)
        return NULL;
    answer->body = blank + 4;
    answer->length = announced(answer);
    return answer->length <= (size_t)(end - answer->body) ? answer->body + answer->length : NULL;
}

/* Without interim answers. */
static void read_answers(struct buffer *bytes, struct answers *answers)
{
    const char *at = buffer_text(bytes), *end = at + bytes->length;
    const char *next = at;
    while (next != NULL && at < end && answers->count < ANSWERS_MAX) {
        struct answer *answer = &answers->list[answers->count];
        next = read_answer(at, end, answer);
        answers->count += next != NULL && answer->status != 100;
        at = next != NULL ? next : at;
    }
    answers->rest = at;
}

static bool is_problem(const struct answer *answer)
{
    return head_says(answer, "\r\nContent-Type: application/problem+json\r\n") &&
           head_says(answer, "\r\nRequest-Id: ") && strncmp(answer->body, "{\"type\":", 8) == 0;
}

/* A row's second request, or one whose Host is another, has no token, which is a refusal as good as any; but
 * who has been refused too often is not looked at. */
static bool is_status(const struct hostile_face *face, const struct answer *answer, unsigned status)
{
    return face->sells ? answer->status == status : answer->status >= 400 && answer->status != 429;
}

/* A refusal of libmicrohttpd's, not of ours. */
static bool is_theirs(const char *word)
{
    return strcmp(word, "4xx") == 0 || strcmp(word, "cut") == 0;
}

/* Whether the answers from `next` on are what the word expects; counts those that it takes. */
static bool fits(const struct hostile_face *face, const char *word, const struct answers *answers,
                 size_t *next)
{
    bool left = *next < answers->count;
    const struct answer *answer = &answers->list[*next];
    *next += left;
    if (!left)
        return strcmp(word, "cut") == 0;
    if (is_theirs(word))
        return answer->status >= 400 && head_says(answer, "\r\nConnection: close\r\n");
    if (strcmp(word, "+") == 0)
        return is_status(face, answer, 200);
    unsigned status = (unsigned)strtoul(word, NULL, 10);
    if (strchr(word, '!') == NULL)
        return is_status(face, answer, status) && (status < 400 || is_problem(answer));
    return answer->status == status && is_problem(answer) &&
           head_says(answer, "\r\nConnection: close\r\n");
}

/* libmicrohttpd says the head of some of its own refusals twice, and counts the body once. */
static bool is_nothing(const char *rest, bool theirs)
{
    return *rest == '\0' || (theirs && strstr(rest, "HTTP/1.1") == NULL);
}

static bool as_expected(const struct hostile_face *face, const char *expect,
                        const struct answers *answers)
{
    char words[64];
    size_t next = 0;
    bool fine = answers->ended, theirs = false;
    snprintf(words, sizeof words, "%s", expect);
    for (char *rest = words, *word; (word = strsep(&rest, " ")) != NULL;) {
        fine = fits(face, word, answers, &next) && fine;
        theirs = is_theirs(word);
    }
    return fine && next == answers->count && is_nothing(answers->rest, theirs);
}

static void tell(const struct hostile_face *face, const struct hostile_row *row, size_t split,
                 const struct answers *answers)
{
    printf("  %s, %s (%s): expected %s, but", face->name, row->name, row->rule, row->expect);
    for (size_t i = 0; i < answers->count; i++)
        printf(" %u", answers->list[i].status);
    printf("%s%s", answers->count == 0 ? " no answer" : "", answers->ended ? "" : ", not ended");
    if (split > 0)
        printf(", split at %zu", split);
    printf("\n");
}

/* The row with the face's header behind its first Host, where it has one; `split` stays where it was in the
 * row. Then the harmless request. */
static void add_requests(struct buffer *bytes, const struct hostile_face *face,
                         const struct hostile_row *row, size_t *split)
{
    const char *found = memmem(row->bytes, row->length, host, sizeof host - 1);
    size_t first = found != NULL ? (size_t)(found - row->bytes) + sizeof host - 1 : row->length;
    buffer_append(bytes, row->bytes, first);
    if (found != NULL)
        buffer_add(bytes, face->header);
    if (*split > first)
        *split += bytes->length - first;
    buffer_append(bytes, row->bytes + first, row->length - first);
    buffer_printf(bytes, "GET /events HTTP/1.1\r\n%s%sConnection: close\r\n\r\n", host,
                  face->header);
}

bool hostile_exchange(struct hostile_face *face, const struct hostile_row *row, size_t split)
{
    struct buffer bytes = {0};
    struct answers answers = {0};
    int fd = raw_connect(face->url);
    add_requests(&bytes, face, row, &split);
    if (split > 0)
        raw_send(fd, bytes.data, split);
    raw_send(fd, bytes.data + split, bytes.length - split);
    buffer_clear(&bytes);
    receive_all(fd, &bytes, &answers.ended);
    close(fd);
    read_answers(&bytes, &answers);
    for (size_t i = 0; i < answers.count; i++)
        face->sold += answers.list[i].status == 201;
    bool fine = as_expected(face, row->expect, &answers);
    if (!fine)
        tell(face, row, split, &answers);
    buffer_free(&bytes);
    return fine;
}
