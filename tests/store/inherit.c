/* What is not as it was when the copy was made, where a copy is put back: who may do what, which keys sign, and from
 * where numbers go on. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/store/changes.h"

enum {
    FAR = 7000000, /* where numbers have got to */
};

/* A store whose copy knows one token, the first key, and two tickets of `demo`. */
struct scene {
    struct fixture fixture;
    char copy[FIXTURE_URL_SIZE];
    struct signing_key first_key;
    struct store_restored restored;
    char error[STORE_ERROR_SIZE];
};

static void note_key(void *context, const struct signing_key *key)
{
    *(struct signing_key *)context = *key;
}

/* From now on this copy is meant. */
static void name_copy(struct scene *scene, const char *name)
{
    snprintf(scene->copy, sizeof scene->copy, "%s/%s.db", scene->fixture.directory, name);
}

static void make_copy(struct scene *scene, const char *name)
{
    name_copy(scene, name);
    bool done = store_backup(scene->fixture.url, scene->copy, NULL, NULL, scene->error);
    if (!done)
        printf("  %s\n", scene->error);
    CU_ASSERT(done);
}

static void lose_the_store(struct scene *scene)
{
    char aside[STORE_PLACE_SIZE];
    CU_ASSERT(store_reset(scene->fixture.url, aside, scene->error));
}

static void scene_open(struct scene *scene, const struct fixture *fixture)
{
    memset(scene, 0, sizeof *scene);
    scene->fixture = *fixture;
    struct store *store = fixture_seller(&scene->fixture, "server-1");
    struct change token = token_change(1);
    CU_ASSERT_EQUAL(changed(store, &token), PROBLEM_NONE);
    CU_ASSERT_EQUAL(store_each_key(store, note_key, &scene->first_key), STORE_FOUND);
    buy(store, NULL, 2);
    store_close(store);
    make_copy(scene, "copy");
}

/* After the copy: its token is revoked and its key retired, others are made. */
static void change_who_may(struct scene *scene)
{
    struct store *store = fixture_seller(&scene->fixture, "server-1");
    struct token_terms known;
    struct change token = token_change(2), key = key_change();
    CU_ASSERT_EQUAL(changed(store, &token), PROBLEM_NONE);
    CU_ASSERT_EQUAL(changed(store, &key), PROBLEM_NONE);
    memset(token.token.hash, 1, sizeof token.token.hash);
    CU_ASSERT_EQUAL(store_find_token(store, token.token.hash, &known), STORE_FOUND);
    token = (struct change){.kind = CHANGE_TOKEN_REVOKE, .token = known};
    CU_ASSERT_EQUAL(changed(store, &token), PROBLEM_NONE);
    key = (struct change){.kind = CHANGE_KEY_RETIRE, .key = scene->first_key};
    CU_ASSERT_EQUAL(changed(store, &key), PROBLEM_NONE);
    store_close(store);
}

static void restore(struct scene *scene)
{
    bool done =
        store_restore(scene->fixture.url, scene->copy, NULL, NULL, &scene->restored, scene->error);
    if (!done)
        printf("  %s\n", scene->error);
    CU_ASSERT_FATAL(done);
}

static void count_key(void *context, const struct signing_key *key)
{
    int *good = context;
    *good += key->retired_at == 0;
}

/* Whether the token of that hash is good. */
static bool may(struct store *store, uint8_t hash)
{
    uint8_t bytes[TOKEN_HASH_SIZE];
    struct token_terms token;
    memset(bytes, hash, sizeof bytes);
    enum store_found found = store_find_token(store, bytes, &token);
    CU_ASSERT_NOT_EQUAL(found, STORE_UNREADABLE);
    return found == STORE_FOUND && token.revoked_at == 0;
}

/* Who may is as it was when the copy was made, or as it was last. */
static void expect_access(struct scene *scene, bool kept)
{
    struct store *store = fixture_reader(&scene->fixture);
    struct signing_key oldest;
    int good = 0;
    CU_ASSERT_EQUAL(scene->restored.access_kept, kept);
    CU_ASSERT_EQUAL(may(store, 1), !kept);
    CU_ASSERT_EQUAL(may(store, 2), kept);
    CU_ASSERT_EQUAL(store_each_key(store, note_key, &oldest), STORE_FOUND);
    CU_ASSERT_STRING_EQUAL(oldest.id, scene->first_key.id);
    CU_ASSERT_EQUAL(oldest.retired_at != 0, kept);
    CU_ASSERT_EQUAL(store_each_key(store, count_key, &good), STORE_FOUND);
    CU_ASSERT_EQUAL(good, 1);
    store_close(store);
}

/* Makes the event, sells three of its tickets, and tells the first one's number. */
static int64_t sell_of_new_event(struct scene *scene, const char *name)
{
    struct store *store = fixture_seller(&scene->fixture, "server-1");
    struct tier_terms tier = tier_terms("stalls", 10);
    struct change change = event_change(name, &tier, 1);
    struct basket basket = {0};
    CU_ASSERT_EQUAL(changed(store, &change), PROBLEM_NONE);
    basket_ask(&basket, NULL, name, "stalls", 3);
    basket_settle(&basket, store);
    CU_ASSERT_EQUAL(basket_outcome(&basket, 0)->problem, PROBLEM_NONE);
    int64_t number = basket_outcome(&basket, 0)->sale.first_number;
    basket_free(&basket);
    store_close(store);
    return number;
}

static int64_t sell_of_demo(struct scene *scene)
{
    struct store *store = fixture_seller(&scene->fixture, "server-1");
    int64_t number = buy(store, NULL, 1).sale.first_number;
    store_close(store);
    return number;
}

static void what_was_revoked_stays_so(struct fixture *fixture)
{
    struct scene scene;
    scene_open(&scene, fixture);
    change_who_may(&scene);
    restore(&scene);
    expect_access(&scene, true);
}

/* Version 3 had tokens and keys as well. */
static void so_it_does_of_version_3(struct fixture *fixture)
{
    struct scene scene;
    scene_open(&scene, fixture);
    change_who_may(&scene);
    fixture_sql(&scene.fixture,
                "UPDATE tiers SET next_number = %d;"
                "ALTER TABLE store DROP COLUMN first_number;"
                "PRAGMA user_version = 3",
                FAR);
    restore(&scene);
    expect_access(&scene, true);
    CU_ASSERT_EQUAL(sell_of_demo(&scene), FAR + STORE_NUMBERS_SKIPPED);
}

/* --- a copy that is newer than the store ---------------------------------------------------- */

/* The disk died, and the older of two copies was put back by mistake: the newer one brings all that it knows. */
static void the_newer_copy_keeps_what_it_knows(struct fixture *fixture)
{
    struct scene scene;
    scene_open(&scene, fixture);
    change_who_may(&scene);
    make_copy(&scene, "newer");
    lose_the_store(&scene);
    name_copy(&scene, "copy");
    restore(&scene);
    expect_access(&scene, false);
    name_copy(&scene, "newer");
    restore(&scene);
    expect_access(&scene, true);
}

static struct signing_key add_key(struct scene *scene)
{
    struct store *store = fixture_seller(&scene->fixture, "server-1");
    struct change key = key_change();
    CU_ASSERT_EQUAL(changed(store, &key), PROBLEM_NONE);
    store_close(store);
    return key.key;
}

static void note_newest(void *context, const struct signing_key *key)
{
    struct signing_key *newest = context;
    if (newest->id[0] == '\0')
        *newest = *key;
}

static void expect_signer(struct scene *scene, const struct signing_key *expected, int good)
{
    int count = 0;
    struct signing_key newest = {.id = ""};
    struct store *store = fixture_reader(&scene->fixture);
    CU_ASSERT(scene->restored.access_kept);
    CU_ASSERT_EQUAL(store_each_key(store, note_newest, &newest), STORE_FOUND);
    CU_ASSERT_EQUAL(store_each_key(store, count_key, &count), STORE_FOUND);
    CU_ASSERT_STRING_EQUAL(newest.id, expected->id);
    CU_ASSERT_EQUAL(count, good);
    store_close(store);
}

/* Two copies went ways of their own: whichever replaces the other, all of both is good, and the newest key signs. */
static void the_newest_key_of_both_signs(struct fixture *fixture)
{
    struct scene scene;
    scene_open(&scene, fixture);
    add_key(&scene);
    make_copy(&scene, "one");
    lose_the_store(&scene);
    name_copy(&scene, "copy");
    restore(&scene);
    struct signing_key newest = add_key(&scene);
    make_copy(&scene, "other");
    name_copy(&scene, "one");
    restore(&scene);
    expect_signer(&scene, &newest, 3);
    lose_the_store(&scene);
    restore(&scene);
    name_copy(&scene, "other");
    restore(&scene);
    expect_signer(&scene, &newest, 3);
    newest = add_key(&scene);
    expect_signer(&scene, &newest, 4);
}

static const char revoke_many[] =
    "INSERT INTO tokens WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < "
    "%d)"
    "  SELECT randomblob(16), 'x', randomblob(32), 1, 1, %s + i FROM n";

static void count_token(void *context, const struct token_terms *token)
{
    int *revoked = context;
    *revoked += token->revoked_at != 0;
}

/* The copy's token was revoked so long ago that the store no longer knows it. */
static void what_was_forgotten_is_not_good_again(struct fixture *fixture)
{
    struct scene scene;
    int revoked = 0;
    scene_open(&scene, fixture);
    change_who_may(&scene);
    fixture_sql(&scene.fixture, revoke_many, STORE_TOKENS_MAX, "1000000000000000000");
    fixture_sql(&scene.fixture, "DELETE FROM tokens WHERE revoked_at < 1000000000000000000");
    restore(&scene);
    expect_access(&scene, true);
    make_copy(&scene, "newer");
    fixture_sql(&scene.fixture, "DELETE FROM tokens WHERE revoked_at IS NOT NULL");
    fixture_sql(&scene.fixture, revoke_many, STORE_TOKENS_MAX, "2000000000000000000");
    restore(&scene);
    struct store *store = fixture_reader(&scene.fixture);
    CU_ASSERT(scene.restored.access_kept);
    CU_ASSERT_EQUAL(store_each_token(store, count_token, &revoked), STORE_FOUND);
    CU_ASSERT_EQUAL(revoked, STORE_TOKENS_MAX);
    CU_ASSERT(!may(store, 1) && may(store, 2));
    store_close(store);
}

/* The same of the copy's key. */
static void nor_is_a_forgotten_key(struct fixture *fixture)
{
    struct scene scene;
    struct signing_key newest = {.id = ""}, last;
    scene_open(&scene, fixture);
    change_who_may(&scene);
    struct store *store = fixture_seller(&scene.fixture, "server-1");
    CU_ASSERT_EQUAL(store_each_key(store, note_newest, &newest), STORE_FOUND);
    for (int i = 0; i <= STORE_KEYS_MAX; i++) {
        struct change next = key_change();
        CU_ASSERT_EQUAL(changed(store, &next), PROBLEM_NONE);
        struct change retire = {.kind = CHANGE_KEY_RETIRE, .key = newest};
        CU_ASSERT_EQUAL(changed(store, &retire), PROBLEM_NONE);
        newest = next.key;
    }
    CU_ASSERT_EQUAL(store_each_key(store, note_key, &last), STORE_FOUND);
    CU_ASSERT_STRING_NOT_EQUAL(last.id, scene.first_key.id);
    store_close(store);
    restore(&scene);
    expect_signer(&scene, &newest, 1);
}

/* --- damage -------------------------------------------------------------------------------- */

static const char too_many_tokens[] =
    "INSERT INTO tokens WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < "
    "50000)"
    "  SELECT randomblob(16), 'x', randomblob(32), 1, 1, NULL FROM n";

/* Of a store that is damaged, or another one, only numbers are taken over, from wherever they can be read; and nothing
 * keeps the copy from its place. */
static void replace_damaged(struct fixture *fixture, const char *const *damages, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct scene scene;
        if (i > 0)
            fixture_renew(fixture, 50);
        scene_open(&scene, fixture);
        change_who_may(&scene);
        fixture_unguard(fixture, NULL);
        fixture_sql(fixture,
                    "UPDATE tiers SET next_number = %d;"
                    "UPDATE store SET first_number = %d",
                    FAR, FAR);
        fixture_sql(fixture, "%s", damages[i]);
        restore(&scene);
        expect_access(&scene, false);
        int64_t number = sell_of_demo(&scene);
        if (scene.restored.access_kept || number != FAR + STORE_NUMBERS_SKIPPED)
            printf("  after %s\n", damages[i]);
        CU_ASSERT_EQUAL(number, FAR + STORE_NUMBERS_SKIPPED);
        CU_ASSERT_EQUAL(fixture_broken(fixture, NULL), 0);
    }
}

static void a_damaged_store_is_replaced_all_the_same(struct fixture *fixture)
{
    static const char *const damages[] = {
        "UPDATE store SET id = '0193b0aa-0000-7000-8000-000000000001'",
        "DROP TABLE tokens",
        "DROP TABLE signing_keys",
        "DROP TABLE tiers; DROP TABLE tokens",
        "DELETE FROM signing_keys",
        "UPDATE signing_keys SET retired_at = 1",
        "UPDATE signing_keys SET id = 'AAAAAAAAAAA' WHERE number = 1",
        "UPDATE tokens SET scopes = 0",
        "UPDATE tiers SET next_number = 9223372036854775807; DROP TABLE tokens",
        "UPDATE store SET first_number = 9223372036854775807; DROP TABLE tokens",
        too_many_tokens,
    };
    replace_damaged(fixture, damages, sizeof damages / sizeof *damages);
}

static void so_is_a_damaged_file(struct fixture *fixture)
{
    static const char *const damages[] = {
        "DELETE FROM store",
        "UPDATE tokens SET name = hex(zeroblob(100000))",
        "PRAGMA user_version = 5",
        "PRAGMA application_id = 5",
    };
    replace_damaged(fixture, damages, sizeof damages / sizeof *damages);
}

static void what_is_no_database_is_replaced(struct fixture *fixture)
{
    struct scene scene;
    scene_open(&scene, fixture);
    change_who_may(&scene);
    files_write(strchr(scene.fixture.url, ':') + 1, "no database at all, but some text", 33);
    restore(&scene);
    expect_access(&scene, false);
    lose_the_store(&scene);
    restore(&scene);
    expect_access(&scene, false);
}

/* Whichever page of it is spoilt, what was restored is sound. */
static void a_spoilt_page_harms_nothing(struct fixture *fixture)
{
    bool kept = false;
    size_t size = 4096;
    for (size_t page = 0; page < size / 4096; page += 2) {
        struct scene scene;
        struct buffer content = {0};
        if (page > 0)
            fixture_renew(fixture, 50);
        scene_open(&scene, fixture);
        change_who_may(&scene);
        const char *database = strchr(scene.fixture.url, ':') + 1;
        files_read(database, &content);
        size = content.length;
        memset(content.data + page * 4096, 0xff, 4096);
        files_write(database, content.data, content.length);
        restore(&scene);
        expect_access(&scene, scene.restored.access_kept);
        kept = kept || scene.restored.access_kept;
        buffer_free(&content);
        CU_ASSERT_EQUAL(fixture_broken(fixture, NULL), 0);
    }
    CU_ASSERT(kept && size > 4096);
}

/* --- numbers ------------------------------------------------------------------------------- */

/* Made again under its name, an event gives no number that was sold before it was lost. */
static void a_lost_event_begins_higher_up(struct fixture *fixture)
{
    struct scene scene;
    scene_open(&scene, fixture);
    CU_ASSERT_EQUAL(sell_of_new_event(&scene, "gala"), 1);
    restore(&scene);
    CU_ASSERT(sell_of_new_event(&scene, "gala") > STORE_NUMBERS_SKIPPED);
    lose_the_store(&scene);
    restore(&scene); /* in the place of nothing */
    CU_ASSERT(sell_of_new_event(&scene, "gala") > STORE_NUMBERS_SKIPPED);
}

/* The same of a copy from before the first event. */
static void so_does_a_lost_demo(struct fixture *fixture)
{
    struct scene scene;
    struct store_made made;
    fixture_renew(fixture, 0);
    memset(&scene, 0, sizeof scene);
    scene.fixture = *fixture;
    make_copy(&scene, "copy");
    restore(&scene);
    CU_ASSERT(store_init(scene.fixture.url, 10, &made, scene.error));
    CU_ASSERT(sell_of_demo(&scene) > STORE_NUMBERS_SKIPPED);
}

/* The copy does not know how far numbers got after it was put back the first time, nor in what was sold fast. */
static void numbers_go_on_above_those_of_the_store(struct fixture *fixture)
{
    struct scene scene;
    int64_t last = 2;
    scene_open(&scene, fixture);
    for (int i = 0; i < 3; i++) {
        restore(&scene);
        int64_t number = sell_of_demo(&scene);
        CU_ASSERT(number > last + STORE_NUMBERS_SKIPPED);
        int64_t other = sell_of_new_event(&scene, "gala");
        CU_ASSERT(other > last + STORE_NUMBERS_SKIPPED);
        last = number > other + 2 ? number : other + 2;
    }
    fixture_sql(&scene.fixture, "UPDATE tiers SET next_number = %d WHERE name = 'stalls'", FAR);
    restore(&scene);
    CU_ASSERT_EQUAL(sell_of_demo(&scene), FAR + STORE_NUMBERS_SKIPPED);
    CU_ASSERT_EQUAL(sell_of_new_event(&scene, "gala"), FAR + STORE_NUMBERS_SKIPPED);
}

static const struct fixture_case cases[] = {
    {"what was revoked stays so", 50, what_was_revoked_stays_so},
    {"the newer copy keeps what it knows", 50, the_newer_copy_keeps_what_it_knows},
    {"the newest key of both signs", 50, the_newest_key_of_both_signs},
    {"what was forgotten is not good again", 50, what_was_forgotten_is_not_good_again},
    {"nor is a forgotten key", 50, nor_is_a_forgotten_key},
    {"a damaged store is replaced all the same", 50, a_damaged_store_is_replaced_all_the_same},
    {"a lost event begins higher up", 50, a_lost_event_begins_higher_up},
    {"so does a lost demo", 50, so_does_a_lost_demo},
    {"numbers go on above those of the store", 50, numbers_go_on_above_those_of_the_store},
};

static const struct fixture_case of_files[] = {
    {"so it does of version 3", 50, so_it_does_of_version_3},
    {"what is no database is replaced", 50, what_is_no_database_is_replaced},
    {"a spoilt page harms nothing", 50, a_spoilt_page_harms_nothing},
    {"so is a damaged file", 50, so_is_a_damaged_file},
};

static __attribute__((constructor)) void add(void)
{
    fixture_add("store inherit", cases, sizeof cases / sizeof *cases);
    fixture_add_on("sqlite", "store inherit", of_files, sizeof of_files / sizeof *of_files);
}
