/* boxctl key ...: the keys that sign tickets. */
#include <stdio.h>
#include <string.h>

#include "common/log.h"
#include "common/ticket_code.h"
#include "tools/boxctl/shop.h"

enum {
    PATH_SIZE = 64,
};

/* The newest, which signs, comes first. */
static bool list_keys(struct shop *shop, int argc, char **argv)
{
    static const struct grid_column columns[] = {{"KEY", false}, {"PUBLIC", false}, {"", false}};
    struct grid grid;
    struct buffer out = {0};
    const cJSON *key;
    const char *use = "signs";
    shop_read_words(shop, argc, argv, 0);
    shop_open(shop, false);
    if (!shop_ask(shop, "GET", "/keys", NULL))
        return false;
    grid_open(&grid, columns, sizeof columns / sizeof *columns);
    cJSON_ArrayForEach(key, cJSON_GetObjectItemCaseSensitive(shop->answer.json, "keys"))
    {
        grid_text(&grid, api_text(key, "kid"));
        grid_text(&grid, api_text(key, "x"));
        grid_text(&grid, use);
        use = "";
    }
    grid_close(&grid, &out);
    bool fine = shop_print(shop, &out);
    buffer_free(&out);
    return fine;
}

static bool rotate_keys(struct shop *shop, int argc, char **argv)
{
    shop_read_words(shop, argc, argv, 0);
    shop_open(shop, true);
    return shop_ask(shop, "POST", "/keys", NULL) &&
           shop_say(shop, "%s signs from now on; tickets signed before are let in all the same\n",
                    api_text(shop->answer.json, "kid"));
}

static bool retire_key(struct shop *shop, int argc, char **argv)
{
    char path[PATH_SIZE];
    shop_read_words(shop, argc, argv, 1);
    if (!ticket_key_id_valid(shop->words[0]))
        die(EXIT_USAGE, "'%s' is no key's id; `boxctl key list` shows them", shop->words[0]);
    snprintf(path, sizeof path, "/keys/%s", shop->words[0]);
    shop_open(shop, true);
    return shop_ask(shop, "DELETE", path, NULL) &&
           shop_say(
               shop,
               "%s is retired: codes signed with it are refused; buyers load their tickets anew\n",
               shop->words[0]);
}

const struct shop_command key_commands[] = {
    {"key", "list", "", "list the keys whose tickets are let in", list_keys},
    {"key", "rotate", "", "sign tickets with a new key from now on", rotate_keys},
    {"key", "retire", "KEY", "refuse all tickets signed with a key: buyers load theirs anew",
     retire_key},
    {0},
};
