#include "tools/rush/tally.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/json.h"
#include "common/log.h"

static void append(int64_t **list, size_t *count, size_t *room, int64_t number)
{
    if (*count == *room) {
        *room = *room * 2 + 1024;
        *list = realloc(*list, *room * sizeof **list);
        if (*list == NULL)
            die(EXIT_TROUBLE, "out of memory");
    }
    (*list)[(*count)++] = number;
}

static void count_server(struct tally *tally, const char *id, int64_t tickets)
{
    size_t i = 0;
    while (i < tally->server_count && strcmp(tally->servers[i].id, id) != 0)
        i++;
    if (i == TALLY_SERVERS_MAX)
        return;
    if (i == tally->server_count) {
        snprintf(tally->servers[i].id, sizeof tally->servers[i].id, "%s", id);
        tally->server_count++;
    }
    tally->servers[i].tickets += tickets;
}

static void count_code(struct tally_codes *codes, const char *code)
{
    size_t i = 0;
    while (i < codes->count && strcmp(codes->list[i].code, code) != 0)
        i++;
    if (i == codes->count && i < TALLY_CODES_MAX) {
        snprintf(codes->list[i].code, TALLY_CODE_SIZE, "%s", code);
        codes->count++;
    }
    codes->list[i < TALLY_CODES_MAX ? i : TALLY_CODES_MAX - 1].count++;
}

static const char *code_of(const cJSON *problem)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(problem, "code"));
}

/* Keeps the numbers; how many there were, or -1 where one is missing. */
static int keep_numbers(struct tally *tally, const cJSON *tickets)
{
    const cJSON *ticket;
    int count = 0;
    cJSON_ArrayForEach(ticket, tickets)
    {
        int64_t number;
        const cJSON *value = cJSON_GetObjectItemCaseSensitive(ticket, "number");
        if (!json_integer(value, 1, INT64_C(1) << 52, &number))
            return -1;
        append(&tally->numbers, &tally->number_count, &tally->number_room, number);
        count++;
    }
    return count;
}

static bool add_sale(struct tally *tally, const cJSON *sale, int quantity)
{
    const char *server = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(sale, "server"));
    const cJSON *tickets = cJSON_GetObjectItemCaseSensitive(sale, "tickets");
    if (server == NULL || !server_id_valid(server) || keep_numbers(tally, tickets) != quantity)
        return false;
    tally->sold++;
    tally->tickets += quantity;
    tally->last_sale = clock_monotonic();
    count_server(tally, server, quantity);
    return true;
}

/* A repeat of a purchase that was refunded since: its buyer has no tickets. */
static bool add_ended(struct tally *tally, const cJSON *order)
{
    const char *state = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(order, "state"));
    if (state == NULL || order_state_from_name(state) != ORDER_REFUNDED)
        return false;
    tally->failed++;
    count_code(&tally->errors, state);
    return true;
}

static bool add_problem(struct tally *tally, const cJSON *problem, unsigned status)
{
    const char *code = code_of(problem);
    if (code == NULL)
        return false;
    if (strcmp(code, problem_code(PROBLEM_SOLD_OUT)) == 0) {
        tally->sold_out++;
        return true;
    }
    tally->failed++;
    tally->unclear += status >= 500;
    count_code(&tally->errors, code);
    return true;
}

void tally_add(struct tally *tally, unsigned status, const char *body, size_t length, int quantity,
               int64_t latency)
{
    char error[JSON_ERROR_SIZE];
    if (status == 0) {
        tally->failed++;
        tally->unclear++;
        count_code(&tally->errors, body);
        return;
    }
    append(&tally->latencies, &tally->latency_count, &tally->latency_room, latency);
    cJSON *json = json_parse(body, length, error);
    if (status == 200 && add_ended(tally, json)) {
        cJSON_Delete(json);
        return;
    }
    if (!(status == 201 ? add_sale(tally, json, quantity) : add_problem(tally, json, status)))
        tally->wrong++;
    cJSON_Delete(json);
}

void tally_repeat(struct tally *tally, unsigned status, const char *body, size_t length)
{
    char error[JSON_ERROR_SIZE];
    cJSON *problem = status != 0 ? json_parse(body, length, error) : NULL;
    const char *code = status != 0 ? code_of(problem) : body;
    count_code(&tally->reasons, code != NULL ? code : "not understood");
    tally->repeats++;
    cJSON_Delete(problem);
}

static int compare_numbers(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static int compare_servers(const void *a, const void *b)
{
    const struct tally_server *x = a, *y = b;
    return strverscmp(x->id, y->id);
}

void tally_sort(struct tally *tally)
{
    if (tally->number_count > 0)
        qsort(tally->numbers, tally->number_count, sizeof *tally->numbers, compare_numbers);
    if (tally->latency_count > 0)
        qsort(tally->latencies, tally->latency_count, sizeof *tally->latencies, compare_numbers);
    qsort(tally->servers, tally->server_count, sizeof *tally->servers, compare_servers);
}

int64_t tally_duplicates(const struct tally *tally, int64_t *example)
{
    int64_t found = 0;
    for (size_t i = 1; i < tally->number_count; i++)
        if (tally->numbers[i] == tally->numbers[i - 1] && found++ == 0)
            *example = tally->numbers[i];
    return found;
}

int64_t tally_percentile(const struct tally *tally, int percent)
{
    if (tally->latency_count == 0)
        return 0;
    size_t rank = (tally->latency_count * (size_t)percent + 99) / 100;
    return tally->latencies[rank > 0 ? rank - 1 : 0];
}

void tally_free(struct tally *tally)
{
    free(tally->numbers);
    free(tally->latencies);
}
