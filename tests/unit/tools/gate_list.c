#include "tools/boxctl/gate_list.h"

#include <stdio.h>
#include <string.h>

#include "tests/lib/files.h"
#include "tests/lib/suite.h"

#define HEADER "event,tier,number,state,checked_in_at,gate\r\n"

static char directory[FILES_PATH_SIZE], path[FILES_PATH_SIZE];

static void write_file(const char *text)
{
    files_directory(directory);
    files_path(path, directory, "file");
    files_write(path, text, strlen(text));
}

static const char *state_of(const struct gate_list *list, const char *event, const char *tier,
                            int64_t number)
{
    struct ticket_name ticket = {.number = number};
    strcpy(ticket.event, event);
    strcpy(ticket.tier, tier);
    const char *state = gate_list_state(list, &ticket);
    return state != NULL ? state : "none";
}

static void a_list_says_how_tickets_stand(void)
{
    write_file(HEADER "gala,a,1,valid,,\r\n"
                      "gala,a,2,checked_in,2026-11-22T03:06:32.813813Z,\"North, \"\"1\"\"\"\r\n"
                      "gala,a,10,refunded,,\r\n"
                      "gala,ab,1,refunded,,\r\n"
                      "gala,b,1,stolen,,\r\n"
                      "gala,b,2,validated,,\r\n"
                      "torn,a");
    struct gate_list *list = gate_list_read(path);
    CU_ASSERT_STRING_EQUAL(state_of(list, "gala", "a", 1), "valid");
    CU_ASSERT_STRING_EQUAL(state_of(list, "gala", "a", 2), "checked_in");
    CU_ASSERT_STRING_EQUAL(state_of(list, "gala", "a", 10), "refunded");
    CU_ASSERT_STRING_EQUAL(state_of(list, "gala", "ab", 1), "refunded");
    CU_ASSERT_STRING_EQUAL(state_of(list, "gala", "a", 3), "none");
    CU_ASSERT_STRING_EQUAL(state_of(list, "gala", "a", 11), "none");
    CU_ASSERT_STRING_EQUAL(state_of(list, "gal", "a", 1), "none");
    CU_ASSERT_STRING_EQUAL(state_of(list, "gala", "b", 1), "none");
    CU_ASSERT_STRING_EQUAL(state_of(list, "gala", "b", 2), "none");
    CU_ASSERT_STRING_EQUAL(state_of(list, "torn", "a", 1), "none");
    gate_list_free(list);
    files_remove(directory);
}

static void an_empty_list_has_nobody(void)
{
    write_file(HEADER);
    struct gate_list *list = gate_list_read(path);
    CU_ASSERT_STRING_EQUAL(state_of(list, "gala", "a", 1), "none");
    gate_list_free(list);
    files_remove(directory);
}

static void keys_of_other_kinds_are_passed_over(void)
{
    static const char x[] = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
    char text[2048];
    snprintf(text, sizeof text,
             "{\"keys\":[{\"kty\":\"RSA\",\"kid\":\"AAAAAAAAAAA\",\"x\":\"%s\"},"
             "{\"kty\":\"OKP\",\"crv\":\"X25519\",\"kid\":\"AAAAAAAAAAE\",\"x\":\"%s\"},"
             "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"kid\":\"long-key-id-of-others\",\"x\":\"%s\"},"
             "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"kid\":\"AAAAAAAAAAI\",\"x\":\"short\"},7,"
             "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"kid\":\"kPrK_qmxVWY\",\"x\":\"%s\"}]}",
             x, x, x, x);
    write_file(text);
    struct gate_keys *keys = gate_keys_read(path);
    CU_ASSERT_PTR_NOT_NULL(gate_keys_find(keys, "kPrK_qmxVWY"));
    CU_ASSERT_PTR_NULL(gate_keys_find(keys, "AAAAAAAAAAA"));
    CU_ASSERT_PTR_NULL(gate_keys_find(keys, "AAAAAAAAAAE"));
    CU_ASSERT_PTR_NULL(gate_keys_find(keys, "AAAAAAAAAAI"));
    gate_keys_free(keys);
    files_remove(directory);
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("gate list", "a list says how tickets stand", a_list_says_how_tickets_stand);
    suite_add("gate list", "an empty list has nobody", an_empty_list_has_nobody);
    suite_add("gate list", "keys of other kinds are passed over",
              keys_of_other_kinds_are_passed_over);
}
