#include "tools/report/map.h"

#include <stdlib.h>

#include "common/policy.h"
#include "tests/lib/dice.h"
#include "tests/lib/suite.h"

enum {
    KEYS = 3000,
};

static void expect_value(const struct map *map, uint64_t key, uint64_t value)
{
    const uint64_t *found = map_find(map, key);
    CU_ASSERT(found != NULL && *found == value);
}

static void an_empty_map_has_nothing(void)
{
    struct map map = {0};
    CU_ASSERT_PTR_NULL(map_find(&map, 7));
    map_remove(&map, 7);
    map_clear(&map);
    CU_ASSERT_EQUAL(map.count, 0);
}

static void values_are_set_changed_and_removed(void)
{
    struct map map = {0};
    map_put(&map, 7, 70);
    map_put(&map, UINT64_MAX, 0);
    map_put(&map, 7, 71);
    CU_ASSERT_EQUAL(map.count, 2);
    expect_value(&map, 7, 71);
    expect_value(&map, UINT64_MAX, 0);
    ++*map_find(&map, 7);
    expect_value(&map, 7, 72);
    map_remove(&map, 8);
    map_remove(&map, 7);
    map_remove(&map, 7);
    CU_ASSERT_PTR_NULL(map_find(&map, 7));
    CU_ASSERT_EQUAL(map.count, 1);
    map_clear(&map);
    CU_ASSERT_PTR_NULL(map_find(&map, UINT64_MAX));
}

static void key_0_is_taken_for_1(void)
{
    struct map map = {0};
    map_put(&map, 0, 5);
    expect_value(&map, 1, 5);
    expect_value(&map, 0, 5);
    map_remove(&map, 1);
    CU_ASSERT_PTR_NULL(map_find(&map, 0));
    map_clear(&map);
}

/* Keys that all want one place, also around the end of the table. */
static void crowded_places_lose_nothing(void)
{
    struct map map = {0};
    map_put(&map, 1023, 1);
    size_t size = map.size;
    for (uint64_t i = 1; i < 100; i++)
        map_put(&map, 1023 + i * size, 1 + i);
    map_put(&map, 1024 * 1024, 500); /* wants the place after the end, which is the first */
    for (uint64_t out = 0; out < 100; out += 3) {
        map_remove(&map, 1023 + out * size);
        for (uint64_t i = 0; i < 100; i++) {
            const uint64_t *found = map_find(&map, 1023 + i * size);
            bool gone = i % 3 == 0 && i <= out;
            CU_ASSERT_FATAL((found == NULL) == gone);
            CU_ASSERT(gone || *found == 1 + i);
        }
    }
    expect_value(&map, 1024 * 1024, 500);
    map_clear(&map);
}

/* Beside an array that says what should be there. */
static void many_keys_come_and_go(void)
{
    static uint64_t due[KEYS]; /* 0: absent */
    struct map map = {0};
    struct dice dice = dice_new(1);
    size_t count = 0;
    for (int i = 0; i < 20 * KEYS; i++) {
        uint32_t key = dice_roll(&dice, KEYS);
        uint64_t hash = policy_draw(9, key), value = dice_roll(&dice, 3);
        count += value > 0 && due[key] == 0;
        count -= value == 0 && due[key] > 0;
        due[key] = value;
        if (value > 0)
            map_put(&map, hash, value);
        else
            map_remove(&map, hash);
        CU_ASSERT_EQUAL_FATAL(map.count, count);
    }
    for (uint32_t key = 0; key < KEYS; key++) {
        const uint64_t *found = map_find(&map, policy_draw(9, key));
        CU_ASSERT_FATAL((found != NULL) == (due[key] > 0));
        CU_ASSERT(found == NULL || *found == due[key]);
    }
    CU_ASSERT(map.size <= 8192); /* it grows with what it holds, not with what came and went */
    map_clear(&map);
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("map", "an empty map has nothing", an_empty_map_has_nothing);
    suite_add("map", "values are set, changed and removed", values_are_set_changed_and_removed);
    suite_add("map", "key 0 is taken for 1", key_0_is_taken_for_1);
    suite_add("map", "crowded places lose nothing", crowded_places_lose_nothing);
    suite_add("map", "many keys come and go", many_keys_come_and_go);
}
