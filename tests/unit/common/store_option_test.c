#include "common/store_option.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/suite.h"

static const struct {
    const char *url, *left, *password; /* password NULL: nothing is moved */
} urls[] = {
    {"sqlite:db/tickets.db", "sqlite:db/tickets.db", NULL},
    {"sqlite:/srv/a:b@c/x?password=y", "sqlite:/srv/a:b@c/x?password=y", NULL},
    {"postgresql://shop@db/tickets", "postgresql://shop@db/tickets", NULL},
    {"postgresql://shop:@db/tickets", "postgresql://shop:@db/tickets", NULL},
    {"postgresql://db:5432/tickets", "postgresql://db:5432/tickets", NULL},
    {"postgresql://db:5432/a@b", "postgresql://db:5432/a@b", NULL},
    {"postgresql://a:5432,b:5433/tickets?schema=shop",
     "postgresql://a:5432,b:5433/tickets?schema=shop", NULL},
    {"postgresql://shop:secret@db/tickets", "postgresql://shop@db/tickets", "secret"},
    {"postgres://shop:s%20%3f@db:1/tickets?schema=x", "postgres://shop@db:1/tickets?schema=x",
     "s ?"},
    {"postgresql://shop:a?b&password=@db/t", "postgresql://shop@db/t", "a?b&password="},
    {"postgresql://:secret@db", "postgresql://@db", "secret"},
    {"postgresql://db/t?password=secret", "postgresql://db/t", "secret"},
    {"postgresql://db/t?password=secret&schema=x", "postgresql://db/t?schema=x", "secret"},
    {"postgresql://db/t?schema=x&password=secret", "postgresql://db/t?schema=x", "secret"},
    {"postgresql://db/t?schema=x&password=secret&user=y", "postgresql://db/t?schema=x&user=y",
     "secret"},
    {"postgresql://a:first@db/t?password=second", "postgresql://a@db/t", "second"},
    {"postgresql://a:%zz@db/t", "postgresql://a:%zz@db/t", NULL},
    {"postgresql://a:b%4@db/t", "postgresql://a:b%4@db/t", NULL},
    {"postgresql://db/t?sslpassword=x", "postgresql://db/t?sslpassword=x", NULL},
};

/* Nothing of it may stand behind the end of what is left. */
static bool empty(const char *from, const char *end)
{
    while (from < end && *from == '\0')
        from++;
    return from == end;
}

static void passwords_are_cut_out(void)
{
    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
        char url[128];
        snprintf(url, sizeof url, "%s", urls[i].url);
        unsetenv("PGPASSWORD");
        bool hidden = store_option_hide(url);
        const char *password = getenv("PGPASSWORD");
        bool fine = hidden == (urls[i].password != NULL) && strcmp(url, urls[i].left) == 0 &&
                    empty(url + strlen(url), url + strlen(urls[i].url)) &&
                    (hidden ? password != NULL && strcmp(password, urls[i].password) == 0
                            : password == NULL);
        CU_ASSERT(fine);
        if (!fine)
            printf("  %s: left %s, password %s\n", urls[i].url, url,
                   password == NULL ? "none" : password);
    }
    unsetenv("PGPASSWORD");
}

static void one_too_long_is_left(void)
{
    char url[2048] = "postgresql://a:", before[2048];
    memset(url + strlen(url), 'x', 1500);
    strcat(url, "@db/t");
    strcpy(before, url);
    CU_ASSERT_FALSE(store_option_hide(url));
    CU_ASSERT_STRING_EQUAL(url, before);
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("store_option", "passwords are cut out of URLs", passwords_are_cut_out);
    suite_add("store_option", "one too long is left", one_too_long_is_left);
}
