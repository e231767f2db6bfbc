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
    {"postgresql://db/t?password=first&password=second", "postgresql://db/t", "second"},
    {"postgresql://a:b@db/t?password=c&schema=x&password=d&password=e&user=y",
     "postgresql://a@db/t?schema=x&user=y", "e"},
    {"postgresql://db/t?schema=x&p%61ss%77ord=secret", "postgresql://db/t?schema=x", "secret"},
    {"postgresql://db/t?passwords=x&password", "postgresql://db/t?passwords=x&password", NULL},
    {"postgresql://db/t?password=first&password=%zz", "postgresql://db/t?password=%zz", "first"},
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

static void that_of_a_key_as_well(void)
{
    char url[] = "postgresql://db/t?sslpassword=old&sslkey=k&sslpassword=k%20y&password=p";
    CU_ASSERT(store_option_hide(url));
    CU_ASSERT_STRING_EQUAL(url, "postgresql://db/t?sslkey=k");
    const char *key = getenv(STORE_OPTION_KEY_PASSWORD), *password = getenv("PGPASSWORD");
    CU_ASSERT(key != NULL && strcmp(key, "k y") == 0);
    CU_ASSERT(password != NULL && strcmp(password, "p") == 0);
    unsetenv("PGPASSWORD");
    unsetenv(STORE_OPTION_KEY_PASSWORD);
}

static const struct {
    const char *url, *left, *why; /* why NULL: it is taken */
} refused[] = {
    {"postgresql://u:se/cret@127.0.0.1:1/db", "postgresql://u", "%2F"},
    {"postgres://u:se/cret@db", "postgres://u", "%2F"},
    {"postgresql://u:12/34@db/t", "postgresql://u", "%2F"},
    {"postgresql://u:p@ss/w@db/t", "postgresql://u", "%40"},
    {"postgresql://u:p@ss@db/t", "postgresql://u", "%40"},
    {"postgresql://u:se/cr?et@db/t", "postgresql://u", "%2F"},
    {"postgresql://u:se/cret", "postgresql://u", "port"},
    {"postgresql://db/a@b?password=secret", "postgresql://db/a@b", "%40"},
    {"postgresql://db:0/t", "postgresql://db", "port"},
    {"postgresql://db:65536/t", "postgresql://db", "port"},
    {"postgresql://db:99999999999999999999/t", "postgresql://db", "port"},
    {"postgresql://a:5432,b:x/t", "postgresql://a", "port"},
    {"postgresql://[::1]:x/t", "postgresql://[", "port"},
    {"postgresql://[::1]:5432,[fe80::1],c:/t", NULL, NULL},
    {"postgresql://a:1,b:65535/t?user=a@b", NULL, NULL},
    {"postgresql://u:a?b@db?password=c@/d", NULL, NULL},
    {"postgresql://u:p%2Fw@db:1", NULL, NULL},
    {"postgresql://", NULL, NULL},
    {"sqlite:/srv/a:b@c/x@y", NULL, NULL},
};

static void what_hides_a_password_is_refused(void)
{
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        char url[128];
        snprintf(url, sizeof url, "%s", refused[i].url);
        const char *left = refused[i].left == NULL ? refused[i].url : refused[i].left;
        const char *why = store_option_refuse(url);
        bool fine = refused[i].why == NULL ? why == NULL
                                           : why != NULL && strstr(why, refused[i].why) != NULL;
        fine = fine && strcmp(url, left) == 0 &&
               empty(url + strlen(url), url + strlen(refused[i].url));
        CU_ASSERT(fine);
        if (!fine)
            printf("  %s: left %s, %s\n", refused[i].url, url, why == NULL ? "taken" : why);
    }
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
    suite_add("store_option", "that of a key as well", that_of_a_key_as_well);
    suite_add("store_option", "what hides a password is refused", what_hides_a_password_is_refused);
    suite_add("store_option", "one too long is left", one_too_long_is_left);
}
