#include "tests/lib/audit.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "db/store.h"
#include "tests/lib/suite.h"
#include "tools/report/verdict.h"

enum {
    REPEATS = 50,
    REPORT_SECONDS = 120,
};

/* A sale in the store, reduced to what a buyer was told of it. */
struct row {
    char id[ID_TEXT_SIZE];
    char key[LOAD_KEY_SIZE];
    char tier[2 * NAME_SIZE]; /* "event/tier": each has numbers of its own */
    int64_t first;
    int quantity;
};

struct rows {
    struct row *list;
    size_t count, room;
    int64_t tickets, capacity;
};

static void add_row(void *context, const struct store_sale_row *sale)
{
    struct rows *rows = context;
    if (rows->count == rows->room) {
        rows->room = rows->room * 2 + 1024;
        rows->list = realloc(rows->list, rows->room * sizeof *rows->list);
        if (rows->list == NULL)
            abort();
    }
    struct row *row = &rows->list[rows->count++];
    id_format(&sale->sale.id, row->id);
    snprintf(row->key, sizeof row->key, "%s", sale->key);
    snprintf(row->tier, sizeof row->tier, "%s/%s", sale->sale.event, sale->sale.tier);
    row->first = sale->sale.first_number;
    row->quantity = sale->sale.quantity;
    if (sale->sale.state == ORDER_SOLD)
        rows->tickets += row->quantity;
}

static void add_capacity(void *context, const struct tier_counts *tier)
{
    struct rows *rows = context;
    rows->capacity += tier->capacity;
}

/* False, with the reason on stdout, where the store cannot be read. */
static bool read_rows(const struct cluster *cluster, struct rows *rows)
{
    char error[STORE_ERROR_SIZE] = "";
    struct store *store = store_open_reader(cluster->store, error);
    if (store == NULL) {
        printf("  %s\n", error);
        return false;
    }
    bool read = store_read_tiers(store, NULL, add_capacity, rows) == STORE_FOUND &&
                store_each_sale(store, add_row, rows) == STORE_FOUND;
    if (!read)
        printf("  %s\n", store_error(store));
    store_close(store);
    return read;
}

static int by_number(const void *a, const void *b)
{
    const struct row *x = a, *y = b;
    int tiers = strcmp(x->tier, y->tier);
    if (tiers != 0)
        return tiers;
    return (x->first > y->first) - (x->first < y->first);
}

static int by_key(const void *a, const void *b)
{
    return strcmp(((const struct row *)a)->key, ((const struct row *)b)->key);
}

static int by_id(const void *a, const void *b)
{
    return strcmp(((const struct row *)a)->id, ((const struct row *)b)->id);
}

/* qsort takes no NULL, not even for nothing. */
static void sort_rows(struct rows *rows, int (*compare)(const void *a, const void *b))
{
    if (rows->count > 0)
        qsort(rows->list, rows->count, sizeof *rows->list, compare);
}

static size_t numbers_twice(struct rows *rows)
{
    size_t found = 0;
    sort_rows(rows, by_number);
    for (size_t i = 1; i < rows->count; i++) {
        const struct row *row = &rows->list[i], *before = row - 1;
        found +=
            strcmp(row->tier, before->tier) == 0 && row->first < before->first + before->quantity;
    }
    return found;
}

static size_t keys_twice(struct rows *rows)
{
    size_t found = 0;
    sort_rows(rows, by_key);
    for (size_t i = 1; i < rows->count; i++)
        found += by_key(&rows->list[i - 1], &rows->list[i]) == 0;
    return found;
}

/* Acknowledged sales that the store does not hold as they were told. */
static size_t sales_lost(struct rows *rows, const struct load *load, const struct sold **first)
{
    size_t found = 0;
    sort_rows(rows, by_id);
    for (size_t i = 0; load != NULL && i < load->sold; i++) {
        const struct sold *sale = &load->sales[i];
        struct row wanted = {0};
        snprintf(wanted.id, sizeof wanted.id, "%s", sale->bought.id);
        const struct row *row =
            bsearch(&wanted, rows->list, rows->count, sizeof *rows->list, by_id);
        bool there = row != NULL && strcmp(row->key, sale->key) == 0 &&
                     row->first == sale->bought.first && row->quantity == sale->bought.quantity;
        if (!there && found++ == 0)
            *first = sale;
    }
    return found;
}

size_t audit_lost(const struct cluster *cluster, const struct load *load)
{
    struct rows rows = {0};
    const struct sold *first;
    size_t lost = read_rows(cluster, &rows) ? sales_lost(&rows, load, &first) : load->sold;
    free(rows.list);
    return lost;
}

static void run_audit(struct cluster *cluster)
{
    struct process audit;
    const char *argv[] = {"audit", "--store", cluster->store, NULL};
    process_run(&audit, cluster->dir, argv, 0);
}

int audit_report(struct cluster *cluster, const char *logs, int expected)
{
    struct process report;
    const char *argv[] = {"report", "--log-dir", logs, "--store", cluster->store, NULL};
    return process_run(&report, cluster->dir, argv, expected);
}

/* The figures of the verdict: "INCOMPLETE: 1,040 sales and 2 holds lie beyond …, up to 1234 ms". */
static void read_beyond(const struct process *report, struct audit_beyond *beyond)
{
    struct buffer text = {0};
    files_read(report->out, &text);
    const char *at = strstr(buffer_text(&text), "\nINCOMPLETE: ");
    const char *end = at != NULL ? strstr(at, " beyond ") : NULL, *by = NULL;
    CU_ASSERT_PTR_NOT_NULL(end);
    for (int64_t number = 0; end != NULL && at < end; at++) {
        if (*at >= '0' && *at <= '9')
            number = number * 10 + *at - '0';
        else if (*at != ',') {
            beyond->sales += number;
            number = 0;
        }
    }
    by = end != NULL ? strstr(end, ", up to ") : NULL;
    CU_ASSERT(by != NULL && sscanf(by, ", up to %" SCNd64 " ms", &beyond->milliseconds) == 1);
    buffer_free(&text);
}

static void report_may_be_incomplete(struct cluster *cluster, struct audit_beyond *beyond)
{
    struct process report;
    const char *argv[] = {"report", "--log-dir", cluster->logs, "--store", cluster->store, NULL};
    process_start(&report, cluster->dir, argv);
    int status = process_wait(&report, REPORT_SECONDS);
    CU_ASSERT(status == EXIT_FINE || status == REPORT_INCOMPLETE);
    *beyond = (struct audit_beyond){0};
    if (status == REPORT_INCOMPLETE)
        read_beyond(&report, beyond);
    else if (status != EXIT_FINE)
        process_show(&report);
}

static void check(struct cluster *cluster, const struct load *load, bool exact,
                  struct audit_beyond *beyond)
{
    struct rows rows = {0};
    const struct sold *first = NULL;
    CU_ASSERT_FATAL(read_rows(cluster, &rows));
    CU_ASSERT(rows.tickets <= rows.capacity);
    CU_ASSERT_EQUAL(numbers_twice(&rows), 0);
    CU_ASSERT_EQUAL(keys_twice(&rows), 0);
    CU_ASSERT_EQUAL(sales_lost(&rows, load, &first), 0);
    if (first != NULL)
        printf("  acknowledged, but not so in the store: %s %s\n", first->bought.id, first->key);
    if (exact)
        CU_ASSERT_EQUAL(rows.count, load->sold);
    free(rows.list);
    run_audit(cluster);
    if (beyond != NULL)
        report_may_be_incomplete(cluster, beyond);
    else
        audit_report(cluster, cluster->logs, 0);
}

void audit_incomplete(struct cluster *cluster, const struct load *load, bool exact,
                      struct audit_beyond *beyond)
{
    check(cluster, load, exact, beyond);
}

void audit_clean(struct cluster *cluster, const struct load *load)
{
    check(cluster, load, false, NULL);
}

void audit_exact(struct cluster *cluster, const struct load *load)
{
    check(cluster, load, true, NULL);
}

/* A hold's key gives the order again, sold by now. */
static void repeat_hold(struct cluster *cluster, struct client *client, const struct sold *sale,
                        const char *form)
{
    struct response answer = {0};
    struct query query = {.url = cluster->url, .path = "/holds", .body = form, .key = sale->key};
    CU_ASSERT(client_ask(client, &query, &answer));
    CU_ASSERT_EQUAL(answer.status, 201);
    CU_ASSERT_PTR_NOT_NULL(strstr(buffer_text(&answer.body), sale->bought.id));
    CU_ASSERT_PTR_NOT_NULL(strstr(buffer_text(&answer.body), "\"state\":\"sold\""));
    response_free(&answer);
}

static void repeat_purchase(struct cluster *cluster, struct client *client, const struct sold *sale,
                            const char *form)
{
    struct bought again;
    CU_ASSERT(client_buy(client, cluster->url, form, sale->key, &again));
    CU_ASSERT_EQUAL(again.status, 201);
    CU_ASSERT_STRING_EQUAL(again.id, sale->bought.id);
    CU_ASSERT_EQUAL(again.first, sale->bought.first);
}

void audit_repeats(struct cluster *cluster, const struct load *load)
{
    size_t step = load->sold / REPEATS + 1;
    struct client *client = client_open();
    for (size_t i = 0; i < load->sold; i += step) {
        const struct sold *sale = &load->sales[i];
        char form[64];
        snprintf(form, sizeof form, "event=demo&quantity=%d", sale->bought.quantity);
        if (load_key_holds(sale->key))
            repeat_hold(cluster, client, sale, form);
        else
            repeat_purchase(cluster, client, sale, form);
    }
    client_close(client);
}
