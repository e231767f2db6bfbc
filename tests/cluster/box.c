#include "tests/cluster/box.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "common/json.h"
#include "tests/lib/suite.h"
#include "tests/lib/wait.h"

enum {
    SECONDS = 60,
    PARTS_MAX = 4,
};

void box_start(struct box *box, const struct cluster *cluster, const char *id, const char *address,
               const char *join)
{
    const char *argv[] = {"ticket_server",
                          "--id",
                          id,
                          "--listen",
                          address,
                          "--store",
                          cluster->store,
                          "--log-dir",
                          cluster->logs,
                          join != NULL ? "--join" : NULL,
                          join,
                          "--token-file",
                          cluster->token_file,
                          NULL};
    files_path(box->dir, cluster->dir, id);
    mkdir(box->dir, 0755); /* it may be there: an earlier process of the same id */
    process_start(&box->process, box->dir, argv);
}

struct saying {
    struct box *box;
    const char *text;
};

static bool said(void *context)
{
    const struct saying *saying = context;
    struct buffer text = {0};
    files_read(saying->box->process.err, &text);
    bool found = strstr(buffer_text(&text), saying->text) != NULL;
    buffer_free(&text);
    return found;
}

bool box_said(struct box *box, const char *text)
{
    struct saying saying = {box, text};
    bool found = wait_until(said, &saying, SECONDS);
    if (!found)
        process_show(&box->process);
    return found;
}

bool box_end(struct box *box)
{
    process_signal(box->process.pid, SIGTERM);
    bool fine = process_wait(&box->process, SECONDS) == 0;
    if (!fine)
        process_show(&box->process);
    return fine;
}

void box_kill(struct box *box)
{
    process_signal(box->process.pid, SIGKILL);
    CU_ASSERT_EQUAL(process_wait(&box->process, SECONDS), PROCESS_KILLED + SIGKILL);
}

long admin_ask(struct cluster *cluster, const char *method, const char *path, const char *body,
               struct response *answer)
{
    struct client *client = client_open();
    struct query query = {.method = method,
                          .url = cluster->admin,
                          .path = path,
                          .type = "application/json",
                          .body = body,
                          .token = cluster->token};
    CU_ASSERT(client_ask(client, &query, answer));
    client_close(client);
    return answer->status;
}

void admin_expect(struct cluster *cluster, const char *method, const char *path, const char *body,
                  long status, const char *code)
{
    struct response answer = {0};
    bool fine = admin_ask(cluster, method, path, body, &answer) == status &&
                (code == NULL || strcmp(answer_text(&answer, "code"), code) == 0);
    CU_ASSERT(fine);
    if (!fine)
        printf("  %s %s: %ld %s\n", method, path, answer.status, buffer_text(&answer.body));
    response_free(&answer);
}

void admin_add_server(struct cluster *cluster, const char *id, const char *address)
{
    char body[160];
    snprintf(body, sizeof body, "{\"id\":\"%s\",\"url\":\"http://%s\"}", id, address);
    admin_expect(cluster, "POST", "/servers", body, 201, NULL);
}

/* The caller deletes *json. */
static const cJSON *at(struct response *answer, const char *path, cJSON **json)
{
    char error[JSON_ERROR_SIZE], copy[96], *rest = copy;
    const cJSON *value = *json = json_parse(buffer_text(&answer->body), answer->body.length, error);
    snprintf(copy, sizeof copy, "%s", path);
    for (char *part; (part = strsep(&rest, ".")) != NULL;)
        value = cJSON_GetObjectItemCaseSensitive(value, part);
    return value;
}

double answer_number(struct response *answer, const char *path)
{
    cJSON *json;
    const cJSON *value = at(answer, path, &json);
    double number = cJSON_IsNumber(value) ? value->valuedouble : -1;
    cJSON_Delete(json);
    return number;
}

const char *answer_text(struct response *answer, const char *path)
{
    static char copy[512];
    cJSON *json;
    const char *text = cJSON_GetStringValue(at(answer, path, &json));
    snprintf(copy, sizeof copy, "%s", text != NULL ? text : "");
    cJSON_Delete(json);
    return copy;
}
