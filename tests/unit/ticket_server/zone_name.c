#include "ticket_server/zone_name.h"

#include <string.h>
#include <sys/stat.h>

#include "tests/lib/files.h"
#include "tests/lib/suite.h"

/* A database of our own, so that nothing hangs on what is installed here. */
static void put(const char *directory, const char *name, const char *content)
{
    char path[FILES_PATH_SIZE];
    files_path(path, directory, name);
    files_write(path, content, strlen(content));
}

static void only_zones_are_known(void)
{
    static const char *const wrong[] = {
        "",
        "Nowhere",
        "Europe",
        "Europe/",
        "/Europe/Berlin",
        "../Europe/Berlin",
        "Europe/../Europe/Berlin",
        "./UTC",
        "Europe//Berlin",
        "Europe/Berlin ",
        "tzdata.zi",
        "right/UTC",
        "localtime",
        "Europe/.hidden",
        "Europe/Berlin\n",
        "Et%63/GMT",
    };
    char directory[FILES_PATH_SIZE], europe[FILES_PATH_SIZE], right[FILES_PATH_SIZE];
    files_directory(directory);
    files_path(europe, directory, "Europe");
    files_path(right, directory, "right");
    mkdir(europe, 0700);
    mkdir(right, 0700);
    put(directory, "UTC", "TZif2");
    put(directory, "localtime", "TZif2");
    put(directory, "tzdata.zi", "# version");
    put(europe, "Berlin", "TZif2");
    put(europe, "GMT+1", "TZif2");
    put(europe, ".hidden", "TZif2");
    put(right, "UTC", "TZif2");
    CU_ASSERT(zone_name_known_below(directory, "UTC"));
    CU_ASSERT(zone_name_known_below(directory, "Europe/Berlin"));
    CU_ASSERT(zone_name_known_below(directory, "Europe/GMT+1"));
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        CU_ASSERT_FALSE(zone_name_known_below(directory, wrong[i]));
    files_remove(directory);
}

static void without_a_database_the_shape_counts(void)
{
    CU_ASSERT(zone_name_known_below("/nowhere", "America/Argentina/Buenos_Aires"));
    CU_ASSERT(zone_name_known_below("/nowhere", "Etc/GMT-14"));
    CU_ASSERT_FALSE(zone_name_known_below("/nowhere", "../etc/passwd"));
    CU_ASSERT_FALSE(zone_name_known_below("/nowhere", "right/UTC"));
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("zone_name", "only zones are known", only_zones_are_known);
    suite_add("zone_name", "without a database the shape counts",
              without_a_database_the_shape_counts);
}
