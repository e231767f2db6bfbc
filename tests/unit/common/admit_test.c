#include "common/admit.h"

#include "tests/lib/suite.h"

#define ID "0193b0aa-0000-7abc-8def-0123456789ab"

static const struct {
    const char *method, *path;
    bool found;
} requests[] = {
    {"POST", "/purchases", true},
    {"GET", "/purchases", true}, /* refused by its method */
    {"POST", "/purchases/", false},
    {"POST", "/purchase", false},
    {"POST", "/holds", true},
    {"GET", "/holds", false},
    {"PUT", "/holds", false},
    {"POST", "/holds/", false},
    {"POST", "/holdsmen", false},
    {"POST", "/holds/" ID "/confirm", true},
    {"POST", "/holds/anything/confirm", true}, /* refused as no hold of ours */
    {"GET", "/holds/" ID "/confirm", false},
    {"POST", "/holds//confirm", false},
    {"POST", "/holds/" ID "/confirm/", false},
    {"POST", "/holds/" ID "/confirmed", false},
    {"POST", "/holds/a/b/confirm", false},
    {"POST", "/holds/" ID, false},
    {"GET", "/holds/" ID, false},
    {"HEAD", "/holds/" ID, false},
    {"DELETE", "/holds/" ID, true},
    {"DELETE", "/holds/" ID "/", false},
    {"DELETE", "/holds/" ID "/confirm", false},
    {"DELETE", "/holds", false},
    {"delete", "/holds/" ID, false},
    {"POST", "/flights", false},
    {"POST", "", false},
};

static void finds_what_is_decided(void)
{
    for (size_t i = 0; i < sizeof requests / sizeof *requests; i++)
        if (admit_finds(requests[i].method, requests[i].path) != requests[i].found)
            CU_FAIL(requests[i].path);
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("admit", "finds what is decided", finds_what_is_decided);
}
