#include "tools/boxctl/gate_list.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "common/log.h"
#include "tools/boxctl/api.h"

enum {
    KEYS_MAX = 256,
    KEYS_BYTES_MAX = 1 << 20,
    LIST_BYTES_MAX = 1 << 30,
    READ_SIZE = 1 << 16,
};

struct gate_keys {
    size_t count;
    struct gate_key {
        char id[TICKET_KEY_ID_SIZE];
        uint8_t public_key[TICKET_PUBLIC_SIZE];
    } key[KEYS_MAX];
};

struct gate_list {
    struct buffer text;
    struct row {
        const char *line; /* "event,tier,number," and more; ends with a NUL */
    } * rows;             /* in the order of their names */
    size_t count;
};

static void read_file(const char *path, size_t most, struct buffer *out)
{
    FILE *file = fopen(path, "re");
    if (file == NULL)
        die(EXIT_TROUBLE, "%s cannot be read: %s", path, strerror(errno));
    for (size_t got = 1; got > 0 && out->length <= most; out->length += got)
        got = fread(buffer_reserve(out, READ_SIZE), 1, READ_SIZE, file);
    if (ferror(file) != 0 || out->length > most)
        die(EXIT_TROUBLE, "%s cannot be read, or is too long", path);
    fclose(file);
}

/* --- keys -------------------------------------------------------------------------------------- */

/* Those that are of another kind are no business of ours. */
static void take_key(struct gate_keys *keys, const cJSON *jwk)
{
    struct gate_key *key = &keys->key[keys->count];
    const char *id = api_text(jwk, "kid"), *x = api_text(jwk, "x");
    size_t length;
    if (strcmp(api_text(jwk, "kty"), "OKP") != 0 || strcmp(api_text(jwk, "crv"), "Ed25519") != 0 ||
        !ticket_key_id_valid(id) || strlen(x) != BASE64URL_LENGTH(TICKET_PUBLIC_SIZE) ||
        !base64url_decode(x, strlen(x), key->public_key, &length))
        return;
    strcpy(key->id, id);
    keys->count++;
}

struct gate_keys *gate_keys_read(const char *path)
{
    struct gate_keys *keys = memory_new(sizeof *keys);
    struct buffer text = {0};
    char error[JSON_ERROR_SIZE];
    const cJSON *jwk;
    read_file(path, KEYS_BYTES_MAX, &text);
    cJSON *set = json_parse(text.data, text.length, error);
    cJSON_ArrayForEach(jwk, cJSON_GetObjectItemCaseSensitive(set, "keys"))
    {
        if (keys->count < KEYS_MAX)
            take_key(keys, jwk);
    }
    if (keys->count == 0)
        die(EXIT_TROUBLE, "%s holds no key: keep what GET /keys answers", path);
    cJSON_Delete(set);
    buffer_free(&text);
    return keys;
}

void gate_keys_free(struct gate_keys *keys)
{
    free(keys);
}

const uint8_t *gate_keys_find(void *context, const char *id)
{
    const struct gate_keys *keys = context;
    for (size_t i = 0; i < keys->count; i++)
        if (strcmp(keys->key[i].id, id) == 0)
            return keys->key[i].public_key;
    return NULL;
}

/* --- the list ---------------------------------------------------------------------------------- */

/* The length of the first three cells, which name a ticket and are never quoted, with their commas; 0:
 * the line has none. */
static size_t name_length(const char *line)
{
    const char *at = line;
    for (int commas = 0; commas < 3; commas++) {
        at = strchr(at, ',');
        if (at == NULL)
            return 0;
        at++;
    }
    return (size_t)(at - line);
}

static int compare(const void *a, const void *b)
{
    const char *left = ((const struct row *)a)->line, *right = ((const struct row *)b)->line;
    size_t left_length = name_length(left), right_length = name_length(right);
    size_t shorter = left_length < right_length ? left_length : right_length;
    int order = memcmp(left, right, shorter);
    return order != 0 ? order : (left_length > right_length) - (left_length < right_length);
}

struct gate_list *gate_list_read(const char *path)
{
    static const char header[] = "event,tier,number,state,";
    struct gate_list *list = memory_new(sizeof *list);
    size_t lines = 1;
    char *rest;
    read_file(path, LIST_BYTES_MAX, &list->text);
    if (strncmp(buffer_text(&list->text), header, sizeof header - 1) != 0)
        die(EXIT_TROUBLE,
            "%s is no list of tickets: keep what GET /events/EVENT/tickets.csv answers", path);
    for (const char *at = list->text.data; *at != '\0'; at++)
        lines += *at == '\n';
    list->rows = memory_new(lines * sizeof *list->rows);
    for (char *line = strtok_r(list->text.data, "\r\n", &rest); line != NULL;
         line = strtok_r(NULL, "\r\n", &rest))
        if (name_length(line) > 0)
            list->rows[list->count++].line = line;
    qsort(list->rows, list->count, sizeof *list->rows, compare);
    return list;
}

void gate_list_free(struct gate_list *list)
{
    free(list->rows);
    buffer_free(&list->text);
    free(list);
}

const char *gate_list_state(const struct gate_list *list, const struct ticket_name *ticket)
{
    static const char *const states[] = {"valid", "checked_in", "refunded"};
    char name[2 * NAME_SIZE + 32];
    snprintf(name, sizeof name, "%s,%s,%lld,", ticket->event, ticket->tier,
             (long long)ticket->number);
    const struct row wanted = {name};
    const struct row *row = bsearch(&wanted, list->rows, list->count, sizeof *list->rows, compare);
    for (size_t i = 0; row != NULL && i < sizeof states / sizeof *states; i++) {
        const char *state = row->line + strlen(name);
        size_t length = strlen(states[i]);
        if (strncmp(state, states[i], length) == 0 && strchr(",", state[length]) != NULL)
            return states[i];
    }
    return NULL;
}
