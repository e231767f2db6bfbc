/* boxctl token ...: who may do what. */
#include <stdio.h>
#include <string.h>

#include "common/id.h"
#include "common/json.h"
#include "common/log.h"
#include "tools/boxctl/shop.h"
#include "tools/boxctl/terms.h"

enum {
    PATH_SIZE = 128,
};

/* "a,b" as ["a","b"]; which scopes there are is known to the shop. */
static void add_scopes(struct buffer *out, const char *text)
{
    char lead = '[';
    /* cppcheck-suppress nullPointerRedundantCheck ; die does not return */
    while (*text != '\0') {
        struct buffer name = {0};
        size_t length = strcspn(text, ",");
        buffer_append(&name, text, length);
        buffer_add_char(out, lead);
        json_append(out, buffer_text(&name));
        buffer_free(&name);
        text += length + (text[length] == ',');
        lead = ',';
    }
    buffer_add(out, lead == '[' ? "[]" : "]");
}

/* The token alone on stdout, so that it can be kept: boxctl token create ... > gate.token */
static bool tell_token(struct shop *shop)
{
    if (!shop->json)
        fprintf(stderr, "token %s; it is told only now: keep it in a file of mode 0600\n",
                api_text(shop->answer.json, "id"));
    return shop_say(shop, "%s\n", api_text(shop->answer.json, "token"));
}

static bool create_token(struct shop *shop, int argc, char **argv)
{
    const char *scopes, *name;
    const struct option_entry table[] = {
        SHOP_OPTIONS(shop),
        {"scope", "A[,B...]", OPTION_TEXT, NULL, 0, 0,
         "some of events, sales, refunds, check-in, admin", &scopes},
        {"name", "NAME", OPTION_TEXT, "boxctl", 0, 0, "whose it is, for people", &name},
    };
    struct buffer body = {0};
    shop_read(shop, table, sizeof table / sizeof *table, argc, argv, 0, 0);
    if (scopes == NULL)
        die(EXIT_USAGE, "what may it be used for? --scope events,sales,refunds,check-in");
    buffer_add(&body, "{\"name\":");
    json_append(&body, name);
    buffer_add(&body, ",\"scopes\":");
    add_scopes(&body, scopes);
    buffer_add_char(&body, '}');
    shop_open(shop, true);
    bool fine = shop_ask(shop, "POST", "/tokens", buffer_text(&body)) && tell_token(shop);
    buffer_free(&body);
    return fine;
}

static void add_scope_cell(struct grid *grid, const cJSON *token)
{
    struct buffer text = {0};
    const cJSON *scope;
    cJSON_ArrayForEach(scope, cJSON_GetObjectItemCaseSensitive(token, "scopes"))
    {
        const char *name = cJSON_GetStringValue(scope);
        buffer_printf(&text, "%s%s", text.length > 0 ? "," : "", name != NULL ? name : "");
    }
    grid_text(grid, buffer_text(&text));
    buffer_free(&text);
}

static void list_page(struct shop *shop, const cJSON *page, struct buffer *out)
{
    static const struct grid_column columns[] = {
        {"TOKEN", false},  {"CREATED", false}, {"REVOKED", false},
        {"SCOPES", false}, {"NAME", false},
    };
    struct grid grid;
    const cJSON *token;
    (void)shop;
    grid_open(&grid, columns, sizeof columns / sizeof *columns);
    cJSON_ArrayForEach(token, cJSON_GetObjectItemCaseSensitive(page, "tokens"))
    {
        grid_text(&grid, api_text(token, "id"));
        grid_time(&grid, api_text(token, "created_at"));
        grid_time(&grid, api_text(token, "revoked_at"));
        add_scope_cell(&grid, token);
        grid_text(&grid, api_text(token, "name"));
    }
    grid_close(&grid, out);
}

static bool list_tokens(struct shop *shop, int argc, char **argv)
{
    shop_read_words(shop, argc, argv, 0);
    shop_open(shop, true);
    return shop_each_page(shop, "/tokens", list_page);
}

static bool revoke_token(struct shop *shop, int argc, char **argv)
{
    char path[PATH_SIZE];
    struct id id;
    shop_read_words(shop, argc, argv, 1);
    if (!id_parse(shop->words[0], &id))
        die(EXIT_USAGE, "'%s' is no token's id; `boxctl token list` shows them", shop->words[0]);
    snprintf(path, sizeof path, "/tokens/%s", shop->words[0]);
    shop_open(shop, true);
    return shop_ask(shop, "DELETE", path, NULL) &&
           shop_say(shop, "%s is revoked\n", shop->words[0]);
}

const struct shop_command token_commands[] = {
    {"token", "create", "--scope A[,B...] [--name NAME]", "make a token, and print it once",
     create_token},
    {"token", "list", "", "list tokens", list_tokens},
    {"token", "revoke", "ID", "refuse a token from now on", revoke_token},
    {0},
};
