#include "tools/boxctl/api.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/clock.h"
#include "common/json.h"
#include "common/log.h"
#include "common/problem.h"

enum {
    URL_SIZE = 256,
    ANSWER_MAX = 4 << 20, /* a list of 1024 servers has 800 KiB */
    CONNECT_MS = 3000,
    HEADER_SIZE = 320,
    STALLED_SECONDS = 30, /* a download of which nothing came for so long is over */
};

struct api {
    char url[URL_SIZE]; /* without a '/' at its end */
    const char *option, *token_file;
    struct curl_slist *headers;
    char key_header[API_KEY_SIZE + sizeof "Idempotency-Key: "]; /* "": none is sent */
    struct curl_slist keyed;                                    /* that header, before the others */
    CURL *curl;
};

static void take_url(struct api *api, const char *url)
{
    const bool admin = strcmp(api->option, "--admin") == 0;
    static const char scheme[] = "http://";
    bool bare = strstr(url, "://") == NULL;
    int length = snprintf(api->url, URL_SIZE, "%s%s", bare ? scheme : "", url);
    if (length >= URL_SIZE || strncmp(api->url, scheme, sizeof scheme - 1) != 0)
        die(EXIT_USAGE, "%s takes a URL like http://127.0.0.1:%s, not '%s'", api->option,
            admin ? "8081" : "8080", url);
    if (api->url[length - 1] == '/')
        api->url[length - 1] = '\0';
}

static void add_header(struct api *api, const char *header)
{
    struct curl_slist *headers = curl_slist_append(api->headers, header);
    if (headers == NULL)
        die(EXIT_TROUBLE, "out of memory");
    api->headers = headers;
}

struct api *api_open(const struct api_place *place)
{
    struct api *api = memory_new(sizeof *api);
    char header[HEADER_SIZE];
    api->option = place->option;
    api->token_file = place->token_file;
    take_url(api, place->url);
    curl_global_init(CURL_GLOBAL_DEFAULT);
    api->curl = curl_easy_init();
    if (api->curl == NULL)
        die(EXIT_TROUBLE, "out of memory");
    snprintf(header, sizeof header, "Authorization: Bearer %s",
             place->token != NULL ? place->token : "");
    if (place->token != NULL)
        add_header(api, header);
    add_header(api, "Content-Type: application/json");
    add_header(api, "Expect:");
    return api;
}

void api_set_key(struct api *api, const char *key)
{
    api->key_header[0] = '\0';
    if (key != NULL)
        snprintf(api->key_header, sizeof api->key_header, "Idempotency-Key: %s", key);
    api->keyed = (struct curl_slist){.data = api->key_header, .next = api->headers};
}

void api_close(struct api *api)
{
    curl_slist_free_all(api->headers);
    curl_easy_cleanup(api->curl);
    curl_global_cleanup();
    free(api);
}

static size_t keep(char *bytes, size_t size, size_t count, void *context)
{
    struct buffer *body = context;
    if (body->length + size * count > ANSWER_MAX)
        return 0;
    buffer_append(body, bytes, size * count);
    return size * count;
}

/* Link: </path>; rel="next" */
static size_t keep_link(char *line, size_t size, size_t count, void *context)
{
    static const char begin[] = "Link: <";
    struct api_answer *answer = context;
    struct buffer text = {0};
    buffer_append(&text, line, size * count);
    const char *header = buffer_text(&text);
    if (strncasecmp(header, begin, sizeof begin - 1) == 0 && strstr(header, "rel=\"next\"") != NULL)
        snprintf(answer->next, API_PATH_SIZE, "%.*s", (int)strcspn(header + sizeof begin - 1, ">"),
                 header + sizeof begin - 1);
    buffer_free(&text);
    return size * count;
}

static void prepare(struct api *api, const char *path, struct api_answer *answer)
{
    CURL *curl = api->curl;
    struct buffer url = {0};
    buffer_printf(&url, "%s%s", api->url, path);
    curl_easy_reset(curl);
    curl_easy_setopt(curl, CURLOPT_URL, buffer_text(&url)); /* copied */
    buffer_free(&url);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http");
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER,
                     api->key_header[0] != '\0' ? &api->keyed : api->headers);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, keep_link);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, answer);
    buffer_clear(&answer->body);
    cJSON_Delete(answer->json);
    answer->json = NULL;
    answer->status = 0;
    answer->failure[0] = answer->next[0] = '\0';
}

static CURLcode perform(struct api *api, const char *method, const char *path, const char *body,
                        int64_t patience, struct api_answer *answer)
{
    CURL *curl = api->curl;
    prepare(api, path, answer);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)(patience / CLOCK_MILLISECOND));
    if (body != NULL || strcmp(method, "POST") == 0)
        curl_easy_setopt(curl, CURLOPT_COPYPOSTFIELDS, body != NULL ? body : "");
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, keep);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &answer->body);
    return curl_easy_perform(curl);
}

/* Says why, for people. */
static void explain(const struct api *api, struct api_answer *answer, CURLcode result)
{
    const char *detail = api_text(answer->json, "detail");
    const char *code = api_text(answer->json, "code");
    if (answer->status == 0 && result == CURLE_OPERATION_TIMEDOUT)
        snprintf(answer->failure, API_FAILURE_SIZE, "%s does not answer in time", api->url);
    else if (answer->status == 0)
        snprintf(answer->failure, API_FAILURE_SIZE,
                 "%s does not answer (%s): is the balancer running, and is this its %s address?",
                 api->url, curl_easy_strerror(result), api->option);
    else if (answer->status == 401 || strcmp(code, problem_code(PROBLEM_TOO_MANY_ATTEMPTS)) == 0)
        snprintf(answer->failure, API_FAILURE_SIZE,
                 "%s does not take the token in %s: name its own with --token-file", api->url,
                 api->token_file);
    else if (detail[0] != '\0')
        snprintf(answer->failure, API_FAILURE_SIZE, "%s (%ld %s)", detail, answer->status, code);
    else
        snprintf(answer->failure, API_FAILURE_SIZE,
                 "%s answers %ld without a word: is this its %s address?", api->url, answer->status,
                 api->option);
}

bool api_ask(struct api *api, const char *method, const char *path, const char *body,
             int64_t patience, struct api_answer *answer)
{
    char error[JSON_ERROR_SIZE];
    CURLcode result = perform(api, method, path, body, patience, answer);
    if (result == CURLE_OK)
        curl_easy_getinfo(api->curl, CURLINFO_RESPONSE_CODE, &answer->status);
    answer->json = json_parse(buffer_text(&answer->body), answer->body.length, error);
    bool fine = answer->status >= 200 && answer->status <= 299 && answer->json != NULL;
    if (!fine)
        explain(api, answer, result);
    return fine;
}

/* The first bytes tell whether it is a refusal, which is kept. */
struct download {
    struct api *api;
    struct api_answer *answer;
    FILE *file;
};

static size_t pass_on(char *bytes, size_t size, size_t count, void *context)
{
    struct download *download = context;
    curl_easy_getinfo(download->api->curl, CURLINFO_RESPONSE_CODE, &download->answer->status);
    return download->answer->status == 200 ? fwrite(bytes, size, count, download->file) * size
                                           : keep(bytes, size, count, &download->answer->body);
}

bool api_download(struct api *api, const char *path, FILE *file, struct api_answer *answer)
{
    char error[JSON_ERROR_SIZE];
    struct download download = {api, answer, file};
    prepare(api, path, answer);
    curl_easy_setopt(api->curl, CURLOPT_WRITEFUNCTION, pass_on);
    curl_easy_setopt(api->curl, CURLOPT_WRITEDATA, &download);
    curl_easy_setopt(api->curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(api->curl, CURLOPT_LOW_SPEED_TIME, (long)STALLED_SECONDS);
    CURLcode result = curl_easy_perform(api->curl);
    bool written = fflush(file) == 0 && ferror(file) == 0;
    if (result == CURLE_OK && answer->status == 200 && written)
        return true;
    answer->json = json_parse(buffer_text(&answer->body), answer->body.length, error);
    if (!written)
        snprintf(answer->failure, API_FAILURE_SIZE, "it cannot be written: what is there is cut");
    else if (answer->status == 200)
        snprintf(answer->failure, API_FAILURE_SIZE,
                 "%s broke off (%s): what was written is not all of it", api->url,
                 curl_easy_strerror(result));
    else
        explain(api, answer, result);
    return false;
}

void api_answer_free(struct api_answer *answer)
{
    buffer_free(&answer->body);
    cJSON_Delete(answer->json);
    answer->json = NULL;
}

const char *api_text(const cJSON *object, const char *name)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
    return text != NULL ? text : "";
}

int64_t api_number(const cJSON *object, const char *name)
{
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(object, name);
    int64_t number = 0;
    json_integer(value, -(INT64_C(1) << 53), INT64_C(1) << 53, &number);
    return number;
}

void api_price(const cJSON *object, char out[TERMS_PRICE_SIZE])
{
    const cJSON *price = cJSON_GetObjectItemCaseSensitive(object, "price");
    terms_show_price(api_number(price, "amount"), api_text(price, "currency"), out);
}

bool api_true(const cJSON *object, const char *name)
{
    return cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(object, name)) != 0;
}
