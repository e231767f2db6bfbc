#include "common/purchase.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/buffer.h"
#include "tests/lib/suite.h"

#define BODY(literal) (literal), sizeof(literal) - 1
#define JSON          "application/json"
#define FORM          "application/x-www-form-urlencoded"

/* A body that is refused, how, and a fragment of the sentence; or with PROBLEM_NONE, what was read,
 * as event/tier/quantity/buyer. */
struct row {
    const char *type;
    const char *body;
    size_t length;
    enum problem problem;
    const char *says;
};

static const struct row json_rows[] = {
    {JSON, BODY("{\"event\":\"demo\"}"), PROBLEM_NONE, "demo//0/"},
    {JSON, BODY("{\"event\":\"demo\",\"tier\":\"vip\",\"quantity\":2,\"buyer\":\"Zo\\u00eb\"}"),
     PROBLEM_NONE, "demo/vip/2/Zo\xc3\xab"},
    {JSON, BODY(" { \"buyer\" : \"a b\" , \"event\" : \"a.b_c-9\" } "), PROBLEM_NONE,
     "a.b_c-9//0/a b"},
    {JSON, BODY("{\"event\":\"d\",\"quantity\":1000}"), PROBLEM_NONE, "d//1000/"},
    {JSON, BODY("{\"event\":\"d\",\"quantity\":1.0}"), PROBLEM_NONE, "d//1/"},
    {JSON, BODY(""), PROBLEM_MALFORMED, "ends where an object is expected"},
    {JSON, BODY("{\"event\":\"demo\""), PROBLEM_MALFORMED, "ends where ',' or '}' is expected"},
    {JSON, BODY("{\"event\":\"demo\",}"), PROBLEM_MALFORMED, "field name"},
    {JSON, BODY("{\"event\":\"demo\"}}"), PROBLEM_MALFORMED, "something follows"},
    {JSON, BODY("[]"), PROBLEM_MALFORMED, "'[' where an object is expected"},
    {JSON, BODY("\"demo\""), PROBLEM_MALFORMED, "where an object is expected"},
    {JSON, BODY("null"), PROBLEM_MALFORMED, "where an object is expected"},
    {JSON, BODY("event=demo"), PROBLEM_MALFORMED, "where an object is expected"},
    {JSON, BODY("{}"), PROBLEM_MALFORMED, "event is missing"},
    {JSON, BODY("{\"quantity\":1}"), PROBLEM_MALFORMED, "event is missing"},
    {JSON, BODY("{\"quantity\":0}"), PROBLEM_MALFORMED, "event is missing"},
    {JSON, BODY("{\"event\":\"demo\",\"qty\":1}"), PROBLEM_MALFORMED, "unknown field \"qty\""},
    {JSON, BODY("{\"event\":\"demo\",\"Quantity\":1}"), PROBLEM_MALFORMED,
     "unknown field \"Quantity\""},
    {JSON, BODY("{\"event\":\"demo\",\"a\\u0001\\u00e9\":1}"), PROBLEM_MALFORMED,
     "unknown field \"a???\""},
    {JSON, BODY("{\"event\":\"demo\",\"event\":\"demo\"}"), PROBLEM_MALFORMED,
     "\"event\" comes twice"},
    {JSON, BODY("{\"event\":\"demo\",\"quantity\":1,\"quantity\":2}"), PROBLEM_MALFORMED,
     "\"quantity\" comes twice"},
    {JSON, BODY("{\"event\":1}"), PROBLEM_MALFORMED, "event must be a string, not a number"},
    {JSON, BODY("{\"event\":null}"), PROBLEM_MALFORMED, "event must be a string, not null"},
    {JSON, BODY("{\"event\":[\"demo\"]}"), PROBLEM_MALFORMED,
     "event must be a string, not an array"},
    {JSON, BODY("{\"event\":\"demo\",\"tier\":{}}"), PROBLEM_MALFORMED,
     "tier must be a string, not an object"},
    {JSON, BODY("{\"event\":\"demo\",\"buyer\":true}"), PROBLEM_MALFORMED,
     "buyer must be a string, not a boolean"},
    {JSON, BODY("{\"event\":\"demo\",\"quantity\":\"5\"}"), PROBLEM_MALFORMED,
     "quantity must be a number, not a string"},
    {JSON, BODY("{\"event\":\"demo\",\"quantity\":null}"), PROBLEM_MALFORMED,
     "quantity must be a number, not null"},
    {JSON, BODY("{\"event\":\"demo\",\"quantity\":01}"), PROBLEM_MALFORMED, "not spelled"},
    {JSON, BODY("{\"event\":\"demo\",\"quantity\":+1}"), PROBLEM_MALFORMED, "'+' where"},
    {JSON, BODY("{\"event\":\"demo\",\"quantity\":0}"), PROBLEM_INVALID, "from 1 to 1000"},
    {JSON, BODY("{\"event\":\"demo\",\"quantity\":-1}"), PROBLEM_INVALID, "from 1 to 1000"},
    {JSON, BODY("{\"event\":\"demo\",\"quantity\":1.5}"), PROBLEM_INVALID, "whole number"},
    {JSON, BODY("{\"event\":\"demo\",\"quantity\":1e9}"), PROBLEM_INVALID, "from 1 to 1000"},
    {JSON, BODY("{\"event\":\"demo\",\"quantity\":1001}"), PROBLEM_INVALID, "from 1 to 1000"},
    {JSON, BODY("{\"event\":\"demo\",\"quantity\":2147483648}"), PROBLEM_INVALID, "1 to 1000"},
    {JSON, BODY("{\"event\":\"demo\",\"quantity\":4294967297}"), PROBLEM_INVALID, "1 to 1000"},
    {JSON, BODY("{\"event\":\"demo\",\"quantity\":18446744073709551617}"), PROBLEM_INVALID,
     "1 to 1000"},
    {JSON, BODY("{\"event\":\"demo\",\"quantity\":1e400}"), PROBLEM_INVALID, "1 to 1000"},
    {JSON, BODY("{\"event\":\"demo\",\"quantity\":0,\"x\":1}"), PROBLEM_MALFORMED, "unknown field"},
    {JSON, BODY("{\"event\":\"\"}"), PROBLEM_INVALID, "event must be 1 to 64 characters"},
    {JSON, BODY("{\"event\":\"-demo\"}"), PROBLEM_INVALID, "begin with a letter or digit"},
    {JSON, BODY("{\"event\":\"de mo\"}"), PROBLEM_INVALID, "event must be"},
    {JSON, BODY("{\"event\":\"d\\u00e9mo\"}"), PROBLEM_INVALID, "event must be"},
    {JSON, BODY("{\"event\":\"../etc\"}"), PROBLEM_INVALID, "event must be"},
    {JSON, BODY("{\"event\":\"demo\",\"tier\":\"\"}"), PROBLEM_INVALID, "tier must be"},
    {JSON, BODY("{\"event\":\"demo\",\"buyer\":\"\"}"), PROBLEM_INVALID, "buyer must be 1 to 254"},
    {JSON, BODY("{\"event\":\"demo\",\"buyer\":\"a\\nb\"}"), PROBLEM_INVALID, "without control"},
    {JSON, BODY("{\"event\":\"demo\",\"buyer\":\"\\u0085\"}"), PROBLEM_INVALID, "control"},
    {JSON, BODY("{\"event\":\"demo\",\"buyer\":\"ada \"}"), PROBLEM_INVALID, "without a space"},
    {JSON, BODY("{\"event\":\"demo\",\"buyer\":\" ada\"}"), PROBLEM_INVALID, "begin or end"},
    {JSON, BODY("{\"event\":\"demo\",\"buyer\":\"a\\u200bb\"}"), PROBLEM_INVALID, "invisible"},
    {JSON, BODY("{\"event\":\"demo\",\"buyer\":\"a\\u202eb\"}"), PROBLEM_INVALID, "direction"},
    {JSON, BODY("{\"event\":\"demo\",\"buyer\":\"a\\u2028b\"}"), PROBLEM_INVALID, "control"},
    {JSON, BODY("{\"event\":\"demo\",\"buyer\":\"\xff\"}"), PROBLEM_MALFORMED, "not UTF-8"},
    {JSON, BODY("{\"event\":\"demo\",\"buyer\":\"\\u0000\"}"), PROBLEM_MALFORMED, "NUL"},
    {JSON, BODY("{\"event\":\"de\0mo\"}"), PROBLEM_MALFORMED, "control character 0x00"},
    {JSON, BODY("{\"event\":\"demo\",\"buyer\":\"\\ud800\"}"), PROBLEM_MALFORMED, "surrogate"},
    {JSON, BODY("{\"event\":[[[[[[[[[[[[1]]]]]]]]]]]]}"), PROBLEM_MALFORMED, "not an array"},
};

static const struct row form_rows[] = {
    {FORM, BODY("event=demo"), PROBLEM_NONE, "demo//0/"},
    {FORM, BODY("event=demo&quantity=2"), PROBLEM_NONE, "demo//2/"},
    {FORM, BODY("buyer=Zo%C3%ab+%26+Co%2e&e%76ent=demo&tier=vip&quantity=10"), PROBLEM_NONE,
     "demo/vip/10/Zo\xc3\xab & Co."},
    {FORM, BODY("event=demo&buyer=a=b"), PROBLEM_NONE, "demo//0/a=b"},
    {FORM, BODY(""), PROBLEM_MALFORMED, "event is missing"},
    {FORM, BODY("quantity=1"), PROBLEM_MALFORMED, "event is missing"},
    {FORM, BODY("event"), PROBLEM_MALFORMED, "without '=' at byte 0"},
    {FORM, BODY("event=demo&"), PROBLEM_MALFORMED, "'&' that no field follows at byte 10"},
    {FORM, BODY("event=demo&&quantity=1"), PROBLEM_MALFORMED, "without '=' at byte 11"},
    {FORM, BODY("=demo"), PROBLEM_MALFORMED, "unknown field \"\""},
    {FORM, BODY("event=demo&event=demo"), PROBLEM_MALFORMED, "twice: \"event\""},
    {FORM, BODY("event=demo&price=0"), PROBLEM_MALFORMED, "unknown field \"price\""},
    {FORM, BODY("event=demo\n"), PROBLEM_MALFORMED, "not percent-encoded at byte 10"},
    {FORM, BODY("event=de mo"), PROBLEM_MALFORMED, "not percent-encoded"},
    {FORM, BODY("event=%"), PROBLEM_MALFORMED, "'%' without two hexadecimal digits at byte 6"},
    {FORM, BODY("event=%4"), PROBLEM_MALFORMED, "two hexadecimal digits"},
    {FORM, BODY("event=%zz"), PROBLEM_MALFORMED, "two hexadecimal digits"},
    {FORM, BODY("event=%4&tier=1"), PROBLEM_MALFORMED, "two hexadecimal digits"},
    {FORM, BODY("event=demo%00"), PROBLEM_MALFORMED, "NUL"},
    {FORM, BODY("event=de\0mo"), PROBLEM_MALFORMED, "control character"},
    {FORM, BODY("event=demo&buyer=%ff"), PROBLEM_MALFORMED, "not UTF-8"},
    {FORM, BODY("event=demo&buyer=%ed%a0%80"), PROBLEM_MALFORMED, "not UTF-8"},
    {FORM, BODY("event=demo&quantity=01"), PROBLEM_MALFORMED, "plain digits"},
    {FORM, BODY("event=demo&quantity="), PROBLEM_MALFORMED, "plain digits"},
    {FORM, BODY("event=demo&quantity=two"), PROBLEM_MALFORMED, "plain digits"},
    {FORM, BODY("event=demo&quantity=+1"), PROBLEM_MALFORMED, "plain digits"},
    {FORM, BODY("event=demo&quantity=%2B1"), PROBLEM_MALFORMED, "plain digits"},
    {FORM, BODY("event=demo&quantity=\"5\""), PROBLEM_MALFORMED, "plain digits"},
    {FORM, BODY("event=demo&quantity=0x2"), PROBLEM_MALFORMED, "plain digits"},
    {FORM, BODY("event=demo&quantity=0"), PROBLEM_INVALID, "from 1 to 1000"},
    {FORM, BODY("event=demo&quantity=-1"), PROBLEM_INVALID, "from 1 to 1000"},
    {FORM, BODY("event=demo&quantity=1.5"), PROBLEM_INVALID, "whole number"},
    {FORM, BODY("event=demo&quantity=1e9"), PROBLEM_INVALID, "1 to 1000"},
    {FORM, BODY("event=demo&quantity=1001"), PROBLEM_INVALID, "1 to 1000"},
    {FORM, BODY("event=demo&quantity=2147483648"), PROBLEM_INVALID, "1 to 1000"},
    {FORM, BODY("event=demo&quantity=4294967297"), PROBLEM_INVALID, "1 to 1000"},
    {FORM, BODY("event=demo&quantity=18446744073709551617"), PROBLEM_INVALID, "1 to 1000"},
    {FORM, BODY("event=&quantity=1"), PROBLEM_INVALID, "event must be"},
    {FORM, BODY("event=demo&tier="), PROBLEM_INVALID, "tier must be"},
    {FORM, BODY("event=demo&buyer=%0a"), PROBLEM_INVALID, "without control"},
    {FORM, BODY("event=demo&buyer=ada+"), PROBLEM_INVALID, "without a space"},
    {FORM, BODY("{\"event\":\"demo\"}"), PROBLEM_MALFORMED, "without '='"},
};

static const struct row type_rows[] = {
    {"Application/JSON", BODY("{\"event\":\"demo\"}"), PROBLEM_NONE, "demo//0/"},
    {JSON "; charset=UTF-8", BODY("{\"event\":\"demo\"}"), PROBLEM_NONE, "demo//0/"},
    {JSON " ;x=y;\tCHARSET=\"utf-8\" ", BODY("{\"event\":\"demo\"}"), PROBLEM_NONE, "demo//0/"},
    {FORM ";charset=utf-8", BODY("event=demo"), PROBLEM_NONE, "demo//0/"},
    {JSON "; charset=latin1", BODY("{\"event\":\"demo\"}"), PROBLEM_UNSUPPORTED_MEDIA_TYPE,
     "in UTF-8"},
    {JSON "; x=y; charset=utf-16", BODY("{\"event\":\"demo\"}"), PROBLEM_UNSUPPORTED_MEDIA_TYPE,
     "in UTF-8"},
    {"application/jsonp", BODY("{\"event\":\"demo\"}"), PROBLEM_UNSUPPORTED_MEDIA_TYPE, "must be"},
    {"text/plain", BODY("{\"event\":\"demo\"}"), PROBLEM_UNSUPPORTED_MEDIA_TYPE, "must be"},
    {"multipart/form-data; boundary=x", BODY("--x"), PROBLEM_UNSUPPORTED_MEDIA_TYPE, "must be"},
    {"", BODY("{\"event\":\"demo\"}"), PROBLEM_UNSUPPORTED_MEDIA_TYPE, "must be"},
    {NULL, BODY("{\"event\":\"demo\"}"), PROBLEM_UNSUPPORTED_MEDIA_TYPE, "must be"},
    {NULL, BODY(""), PROBLEM_MALFORMED, "it is empty"},
    {"text/plain", BODY(""), PROBLEM_UNSUPPORTED_MEDIA_TYPE, "must be"},
};

static void check_row(const struct row *row)
{
    struct purchase purchase;
    char says[PROBLEM_DETAIL_SIZE + 512] = "";
    char *exact = memory_new(row->length); /* so that a sanitizer sees any byte too far */
    memcpy(exact, row->body, row->length);
    enum problem problem = purchase_parse(row->type, exact, row->length, &purchase, says);
    bool read = problem == PROBLEM_NONE;
    if (read)
        snprintf(says, sizeof says, "%s/%s/%d/%s", purchase.event, purchase.tier, purchase.quantity,
                 purchase.buyer);
    if (problem != row->problem ||
        (read ? strcmp(says, row->says) != 0 : !strstr(says, row->says))) {
        printf("\n  %s: problem %d, \"%s\"\n", row->body, problem, says);
        CU_FAIL("a row of the table is read wrongly");
    }
    free(exact);
}

static void reads_json(void)
{
    for (size_t i = 0; i < sizeof json_rows / sizeof *json_rows; i++)
        check_row(&json_rows[i]);
}

static void reads_forms(void)
{
    for (size_t i = 0; i < sizeof form_rows / sizeof *form_rows; i++)
        check_row(&form_rows[i]);
}

static void heeds_the_content_type(void)
{
    for (size_t i = 0; i < sizeof type_rows / sizeof *type_rows; i++)
        check_row(&type_rows[i]);
}

/* The problem of a field of so many bytes, the same in both encodings. */
static enum problem of_length(const char *field, size_t length, bool json)
{
    struct purchase purchase;
    char detail[PROBLEM_DETAIL_SIZE];
    struct buffer body = {0};
    bool event = strcmp(field, "event") == 0;
    buffer_printf(&body, json ? "{%s\"%s\":\"" : "%s%s=",
                  event  ? ""
                  : json ? "\"event\":\"demo\","
                         : "event=demo&",
                  field);
    for (size_t i = 0; i < length; i++)
        buffer_add_char(&body, 'a');
    buffer_add(&body, json ? "\"}" : "");
    enum problem problem =
        purchase_parse(json ? JSON : FORM, body.data, body.length, &purchase, detail);
    buffer_free(&body);
    return problem;
}

static void texts_have_a_longest(void)
{
    for (int json = 0; json < 2; json++) {
        CU_ASSERT_EQUAL(of_length("event", 64, json), PROBLEM_NONE);
        CU_ASSERT_EQUAL(of_length("event", 65, json), PROBLEM_INVALID);
        CU_ASSERT_EQUAL(of_length("tier", 64, json), PROBLEM_NONE);
        CU_ASSERT_EQUAL(of_length("tier", 65, json), PROBLEM_INVALID);
        CU_ASSERT_EQUAL(of_length("buyer", 254, json), PROBLEM_NONE);
        CU_ASSERT_EQUAL(of_length("buyer", 255, json), PROBLEM_INVALID);
        CU_ASSERT_EQUAL(of_length("buyer", 16000, json), PROBLEM_INVALID);
        CU_ASSERT_EQUAL(of_length("event", 16000, json), PROBLEM_INVALID);
    }
}

static void keys_are_visible_ascii_of_some_length(void)
{
    char key[258];
    memset(key, 'k', sizeof key);
    key[256] = '\0';
    CU_ASSERT_FALSE(purchase_key_valid(key));
    key[255] = '\0';
    CU_ASSERT(purchase_key_valid(key));
    key[16] = '\0';
    CU_ASSERT(purchase_key_valid(key));
    key[15] = '\0';
    CU_ASSERT_FALSE(purchase_key_valid(key));
    CU_ASSERT(purchase_key_valid("!\"#\\~0123456789abcdef"));
    CU_ASSERT_FALSE(purchase_key_valid("0123456789 abcdef"));
    CU_ASSERT_FALSE(purchase_key_valid("0123456789abcdef\x7f"));
    CU_ASSERT_FALSE(purchase_key_valid("0123456789abcdef\xc3\xa9"));
}

struct hold_row {
    const char *type, *body;
    enum problem problem;
    int seconds;
    bool wait;
};

static const struct hold_row hold_rows[] = {
    {FORM, "event=demo", PROBLEM_NONE, 0, false},
    {FORM, "seconds=1&event=demo&wait=true", PROBLEM_NONE, 1, true},
    {FORM, "event=demo&wait=false&seconds=86400", PROBLEM_NONE, 86400, false},
    {FORM, "event=demo&seconds=86401", PROBLEM_INVALID, 0, false},
    {FORM, "event=demo&seconds=0", PROBLEM_INVALID, 0, false},
    {FORM, "event=demo&seconds=-1", PROBLEM_INVALID, 0, false},
    {FORM, "event=demo&seconds=one", PROBLEM_MALFORMED, 0, false},
    {FORM, "event=demo&seconds=1&seconds=1", PROBLEM_MALFORMED, 0, false},
    {FORM, "event=demo&wait=", PROBLEM_MALFORMED, 0, false},
    {FORM, "event=demo&wait=1", PROBLEM_MALFORMED, 0, false},
    {FORM, "event=demo&wait=TRUE", PROBLEM_MALFORMED, 0, false},
    {FORM, "event=demo&payment=p", PROBLEM_MALFORMED, 0, false},
    {FORM, "seconds=1", PROBLEM_MALFORMED, 0, false},
    {JSON, "{\"event\":\"demo\",\"seconds\":300,\"wait\":true}", PROBLEM_NONE, 300, true},
    {JSON, "{\"event\":\"demo\",\"wait\":false}", PROBLEM_NONE, 0, false},
    {JSON, "{\"event\":\"demo\",\"seconds\":0}", PROBLEM_INVALID, 0, false},
    {JSON, "{\"event\":\"demo\",\"seconds\":1.5}", PROBLEM_INVALID, 0, false},
    {JSON, "{\"event\":\"demo\",\"seconds\":\"300\"}", PROBLEM_MALFORMED, 0, false},
    {JSON, "{\"event\":\"demo\",\"wait\":1}", PROBLEM_MALFORMED, 0, false},
    {JSON, "{\"event\":\"demo\",\"wait\":null}", PROBLEM_MALFORMED, 0, false},
    {JSON, "{\"event\":\"demo\",\"payment\":\"p\"}", PROBLEM_MALFORMED, 0, false},
};

static void reads_holds(void)
{
    for (size_t i = 0; i < sizeof hold_rows / sizeof *hold_rows; i++) {
        const struct hold_row *row = &hold_rows[i];
        struct purchase purchase;
        char detail[PROBLEM_DETAIL_SIZE] = "";
        int seconds = -1;
        bool wait = true;
        enum problem problem =
            hold_parse(row->type, row->body, strlen(row->body), &purchase, &seconds, &wait, detail);
        if (problem != row->problem)
            printf("\n  %s: %d, \"%s\"\n", row->body, problem, detail);
        CU_ASSERT_EQUAL(problem, row->problem);
        CU_ASSERT(problem != PROBLEM_NONE || (seconds == row->seconds && wait == row->wait));
        CU_ASSERT_EQUAL(detail[0] == '\0', problem == PROBLEM_NONE);
    }
}

/* A purchase is not held, whatever it says. */
static void a_purchase_has_no_field_of_a_hold(void)
{
    struct purchase purchase;
    char detail[PROBLEM_DETAIL_SIZE];
    CU_ASSERT_EQUAL(purchase_parse(FORM, BODY("event=demo&seconds=1"), &purchase, detail),
                    PROBLEM_MALFORMED);
    CU_ASSERT_PTR_NOT_NULL(strstr(detail, "unknown field \"seconds\""));
    CU_ASSERT_EQUAL(
        purchase_parse(JSON, BODY("{\"event\":\"demo\",\"wait\":true}"), &purchase, detail),
        PROBLEM_MALFORMED);
}

static enum problem pay(const char *type, const char *body, char reference[KEY_SIZE])
{
    char detail[PROBLEM_DETAIL_SIZE];
    return payment_parse(type, body, strlen(body), reference, detail);
}

static void reads_payments(void)
{
    char reference[KEY_SIZE] = "", long_one[300] = "payment=";
    CU_ASSERT_EQUAL(pay(FORM, "payment=pi_1", reference), PROBLEM_NONE);
    CU_ASSERT_STRING_EQUAL(reference, "pi_1");
    CU_ASSERT_EQUAL(pay(JSON, "{\"payment\":\"x\"}", reference), PROBLEM_NONE);
    CU_ASSERT_STRING_EQUAL(reference, "x");
    CU_ASSERT_EQUAL(pay(FORM, "payment=", reference), PROBLEM_INVALID);
    CU_ASSERT_EQUAL(pay(FORM, "payment=a+b", reference), PROBLEM_INVALID);
    CU_ASSERT_EQUAL(pay(JSON, "{\"payment\":\"\\u00e9\"}", reference), PROBLEM_INVALID);
    CU_ASSERT_EQUAL(pay(JSON, "{\"payment\":1}", reference), PROBLEM_MALFORMED);
    CU_ASSERT_EQUAL(pay(JSON, "{}", reference), PROBLEM_MALFORMED);
    CU_ASSERT_EQUAL(pay(FORM, "payment=a&payment=b", reference), PROBLEM_MALFORMED);
    CU_ASSERT_EQUAL(pay(FORM, "payment=a&event=demo", reference), PROBLEM_MALFORMED);
    CU_ASSERT_EQUAL(pay("text/plain", "payment=a", reference), PROBLEM_UNSUPPORTED_MEDIA_TYPE);
    memset(long_one + strlen(long_one), 'p', KEY_SIZE);
    CU_ASSERT_EQUAL(pay(FORM, long_one, reference), PROBLEM_INVALID);
    long_one[strlen(long_one) - 1] = '\0';
    CU_ASSERT_EQUAL(pay(FORM, long_one, reference), PROBLEM_NONE);
    CU_ASSERT_EQUAL(strlen(reference), KEY_SIZE - 1);
}

static bool same_fingerprint(const struct purchase *a, const struct purchase *b)
{
    uint8_t first[FINGERPRINT_SIZE], second[FINGERPRINT_SIZE];
    purchase_fingerprint(a, first);
    purchase_fingerprint(b, second);
    return memcmp(first, second, FINGERPRINT_SIZE) == 0;
}

static void fingerprints_tell_purchases_apart(void)
{
    const struct purchase purchases[] = {
        {.event = "demo"},
        {.event = "demo", .quantity = 1},
        {.event = "demo", .quantity = 256},
        {.event = "demo", .tier = "a"},
        {.event = "demo", .buyer = "a"},
        {.event = "demo", .tier = "a", .buyer = "b"},
        {.event = "demo", .tier = "ab"},
        {.event = "demoa"},
        {.event = "demoa", .tier = "b"},
    };
    size_t count = sizeof purchases / sizeof *purchases;
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < count; j++)
            CU_ASSERT_EQUAL(same_fingerprint(&purchases[i], &purchases[j]), i == j);
}

static void fingerprints_do_not_depend_on_the_encoding(void)
{
    struct purchase a, b;
    char detail[PROBLEM_DETAIL_SIZE];
    CU_ASSERT_EQUAL(purchase_parse(JSON, BODY("{\"quantity\":2,\"event\":\"demo\"}"), &a, detail),
                    PROBLEM_NONE);
    CU_ASSERT_EQUAL(purchase_parse(FORM, BODY("event=d%65mo&quantity=2"), &b, detail),
                    PROBLEM_NONE);
    CU_ASSERT(same_fingerprint(&a, &b));
}

/* Stores keep fingerprints, so they must never change. */
static void fingerprints_stay_what_they_are(void)
{
    static const uint8_t wanted[FINGERPRINT_SIZE] = {0x6c, 0x81, 0x44, 0xa9, 0x7d, 0xf6,
                                                     0xc7, 0x16, 0x0f, 0x2b, 0x1e, 0x76,
                                                     0x7e, 0xfd, 0x35, 0x59};
    const struct purchase purchase = {
        .event = "demo", .tier = "standard", .quantity = 2, .buyer = "Zo\xc3\xab"};
    uint8_t fingerprint[FINGERPRINT_SIZE];
    purchase_fingerprint(&purchase, fingerprint);
    CU_ASSERT(memcmp(fingerprint, wanted, FINGERPRINT_SIZE) == 0);
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("purchase", "reads JSON", reads_json);
    suite_add("purchase", "reads forms", reads_forms);
    suite_add("purchase", "heeds the Content-Type", heeds_the_content_type);
    suite_add("purchase", "texts have a longest", texts_have_a_longest);
    suite_add("purchase", "keys are visible ASCII of some length",
              keys_are_visible_ascii_of_some_length);
    suite_add("purchase", "reads holds", reads_holds);
    suite_add("purchase", "a purchase has no field of a hold", a_purchase_has_no_field_of_a_hold);
    suite_add("purchase", "reads payments", reads_payments);
    suite_add("purchase", "fingerprints tell purchases apart", fingerprints_tell_purchases_apart);
    suite_add("purchase", "fingerprints do not depend on the encoding",
              fingerprints_do_not_depend_on_the_encoding);
    suite_add("purchase", "fingerprints stay what they are", fingerprints_stay_what_they_are);
}
