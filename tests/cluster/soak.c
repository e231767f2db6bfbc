/* The soak in short: see tests/soak. SEED=N repeats a run. */
#include "tests/soak/soak.h"

#include "tests/lib/suite.h"
#include "tests/soak/mishaps.h"

enum {
    KILLS = 20,
};

static void twenty_kills(void)
{
    const struct soak_settings settings = {.seed = dice_seed(), .kills = KILLS};
    soak_run(&settings);
}

static void befall(enum mishap first, enum mishap last)
{
    static struct counts counts; /* large, and not looked at */
    struct scene scene;
    scene_open(&scene, SCENE_PLENTY, dice_seed(), &counts);
    for (int mishap = (int)first; mishap <= (int)last; mishap++) {
        mishap_befall(&scene, (enum mishap)mishap);
        scene_audit(&scene);
    }
    scene_close(&scene);
}

static void servers_stop(void)
{
    befall(MISHAP_FROZEN, MISHAP_NAP);
}

static void poison_kills_three(void)
{
    befall(MISHAP_POISON, MISHAP_LATE_POISON);
}

static void servers_misbehave(void)
{
    befall(MISHAP_SILENT, MISHAP_500);
}

static void the_logs_have_no_room(void)
{
    befall(MISHAP_DISK_FULL, MISHAP_DISK_FULL);
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("soak", "twenty_kills", twenty_kills);
    suite_add("soak", "servers_stop", servers_stop);
    suite_add("soak", "poison_kills_three", poison_kills_three);
    suite_add("soak", "servers_misbehave", servers_misbehave);
    suite_add("soak", "the_logs_have_no_room", the_logs_have_no_room);
}
