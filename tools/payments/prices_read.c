#include <string.h>

#include "common/json.h"
#include "tools/payments/book.h"
#include "tools/payments/prices.h"

static bool read_price(const cJSON *hold, struct price *price)
{
    const cJSON *member = cJSON_GetObjectItemCaseSensitive(hold, "price");
    const char *currency =
        cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(member, "currency"));
    if (currency == NULL || strlen(currency) != CURRENCY_SIZE - 1)
        return false;
    strcpy(price->currency, currency);
    return json_integer(cJSON_GetObjectItemCaseSensitive(member, "amount"), 0, AMOUNT_MAX,
                        &price->amount);
}

static bool is_unknown_hold(const cJSON *problem)
{
    const char *code = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(problem, "code"));
    return code != NULL && strcmp(code, problem_code(PROBLEM_NO_SUCH_HOLD)) == 0;
}

enum problem prices_read(unsigned status, const char *body, size_t length, struct price *price)
{
    char error[JSON_ERROR_SIZE];
    enum problem problem = PROBLEM_NO_SERVER;
    cJSON *json = status != 0 ? json_parse(body, length, error) : NULL;
    if (status == 200 && read_price(json, price))
        problem = PROBLEM_NONE;
    else if (status == 404 && is_unknown_hold(json))
        problem = PROBLEM_NO_SUCH_HOLD;
    cJSON_Delete(json);
    return problem;
}
