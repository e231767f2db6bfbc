#include "db/postgres/place.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/buffer.h"
#include "common/store_option.h"

static const char default_schema[] = "box_office";

/* --- the URL's parameters ---------------------------------------------------------------------- */

static int hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Undoes %XX. False where it is none, or does not fit. */
static bool decode(const char *from, size_t length, char *to, size_t size)
{
    size_t out = 0;
    for (size_t i = 0; i < length; i++) {
        char c = from[i];
        if (c == '%') {
            int high = i + 2 < length ? hex(from[i + 1]) : -1;
            int low = i + 2 < length ? hex(from[i + 2]) : -1;
            if (high < 0 || low < 0)
                return false;
            c = (char)(high * 16 + low);
            i += 2;
        }
        if (out + 1 >= size || c == '\0')
            return false;
        to[out++] = c;
    }
    to[out] = '\0';
    return true;
}

/* Where the parameters begin, at their '?'; as libpq finds it: a user and a password may hold one. */
static const char *find_parameters(const char *rest)
{
    const char *begin = rest + 2;
    const char *user = begin + strcspn(begin, "@/");
    return strchr(*user == '@' ? user + 1 : begin, '?');
}

static bool schema_valid(const char *name)
{
    size_t length = strlen(name);
    return length > 0 && length < SCHEMA_NAME_SIZE &&
           strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") == length &&
           strspn(name, "0123456789") == 0 && strncmp(name, "pg_", 3) != 0;
}

static bool take_schema(struct postgres_place *place, const char *value, size_t length,
                        char error[STORE_ERROR_SIZE])
{
    if (place->schema[0] == '\0' && decode(value, length, place->schema, sizeof place->schema) &&
        schema_valid(place->schema))
        return true;
    snprintf(error, STORE_ERROR_SIZE,
             "the store's URL names no schema: once, schema=NAME, of a-z, 0-9 and _, not beginning "
             "with a digit or pg_, at most %d",
             SCHEMA_NAME_SIZE - 1);
    return false;
}

/* Copies the URL without our parameter, which is taken. */
static bool cut_schema(struct postgres_place *place, const char *rest, struct buffer *url,
                       char error[STORE_ERROR_SIZE])
{
    const char *at = find_parameters(rest);
    buffer_add(url, "postgresql:");
    if (at == NULL) {
        buffer_add(url, rest);
        return true;
    }
    buffer_append(url, rest, (size_t)(at - rest));
    char before = '?';
    while (*at != '\0') {
        const char *name = ++at;
        at += strcspn(at, "&");
        size_t length = (size_t)(at - name);
        size_t key = strcspn(name, "=&");
        char keyword[16];
        if (key < length && decode(name, key, keyword, sizeof keyword) &&
            strcmp(keyword, "schema") == 0) {
            if (!take_schema(place, name + key + 1, length - key - 1, error))
                return false;
            continue;
        }
        buffer_add_char(url, before);
        buffer_append(url, name, length);
        before = '&';
    }
    return true;
}

/* --- what it says ------------------------------------------------------------------------------ */

const char *postgres_place_option(const struct postgres_place *place, const char *keyword)
{
    for (const PQconninfoOption *option = place->options; option->keyword != NULL; option++)
        if (strcmp(option->keyword, keyword) == 0)
            return option->val;
    return NULL;
}

static size_t count_parts(const char *list)
{
    size_t count = 1;
    for (; list != NULL && *list != '\0'; list++)
        count += *list == ',';
    return count;
}

/* What a list of several hosts may be said in. */
static bool lists_hosts(const char *keyword)
{
    return strcmp(keyword, "host") == 0 || strcmp(keyword, "hostaddr") == 0 ||
           strcmp(keyword, "port") == 0;
}

/* A port for each, or one for all. */
void postgres_place_part(const struct postgres_place *place, const char *keyword, size_t index,
                         char part[PLACE_OPTION_SIZE])
{
    const char *list = postgres_place_option(place, keyword);
    part[0] = '\0';
    if (list == NULL)
        return;
    if (count_parts(list) == 1)
        index = 0;
    for (; index > 0 && *list != '\0'; index--) {
        list += strcspn(list, ",");
        list += *list == ',';
    }
    snprintf(part, PLACE_OPTION_SIZE, "%.*s", (int)strcspn(list, ","), list);
}

static bool check_hosts(struct postgres_place *place, char error[STORE_ERROR_SIZE])
{
    size_t hosts = count_parts(postgres_place_option(place, "host"));
    size_t addresses = count_parts(postgres_place_option(place, "hostaddr"));
    place->hosts = hosts > addresses ? hosts : addresses;
    if (place->hosts <= PLACE_HOSTS_MAX)
        return true;
    snprintf(error, STORE_ERROR_SIZE, "the store's URL names %zu hosts: at most %d", place->hosts,
             PLACE_HOSTS_MAX);
    return false;
}

/* What a replica answers may be old. */
static bool check_target(const struct postgres_place *place, char error[STORE_ERROR_SIZE])
{
    const char *target = postgres_place_option(place, "target_session_attrs");
    if (target == NULL || strcmp(target, "read-write") == 0 || strcmp(target, "primary") == 0)
        return true;
    snprintf(
        error, STORE_ERROR_SIZE,
        "target_session_attrs=%.32s may lead to a replica, which may be behind: say read-write",
        target);
    return false;
}

static bool check_lengths(const struct postgres_place *place, char error[STORE_ERROR_SIZE])
{
    for (const PQconninfoOption *option = place->options; option->keyword != NULL; option++) {
        if (option->val == NULL || strlen(option->val) < PLACE_OPTION_SIZE)
            continue;
        snprintf(error, STORE_ERROR_SIZE, "%s of the store's URL is too long: at most %d bytes",
                 option->keyword, PLACE_OPTION_SIZE - 1);
        return false;
    }
    return true;
}

/* --- the URL as people see it ------------------------------------------------------------------ */

static void add_encoded(struct buffer *url, const char *text)
{
    static const char plain[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~,";
    for (; *text != '\0'; text++) {
        if (strchr(plain, *text) != NULL)
            buffer_add_char(url, *text);
        else
            buffer_printf(url, "%%%02X", (unsigned char)*text);
    }
}

/* Whether the hosts can stand before the path: no directories and no addresses with colons. */
static bool hosts_are_names(const struct postgres_place *place)
{
    const char *host = postgres_place_option(place, "host");
    return host != NULL && strpbrk(host, "/:@%") == NULL;
}

static void add_hosts(const struct postgres_place *place, struct buffer *url)
{
    for (size_t i = 0; i < place->hosts; i++) {
        char part[PLACE_OPTION_SIZE];
        if (i > 0)
            buffer_add_char(url, ',');
        postgres_place_part(place, "host", i, part);
        add_encoded(url, part);
        postgres_place_part(place, "port", i, part);
        if (part[0] != '\0') {
            buffer_add_char(url, ':');
            add_encoded(url, part);
        }
    }
}

/* As libpq marks what is not to be seen on a screen. */
static bool secret(const PQconninfoOption *option)
{
    return strchr(option->dispchar, '*') != NULL;
}

static bool in_authority(const char *keyword, bool hosts)
{
    if (strcmp(keyword, "user") == 0 || strcmp(keyword, "dbname") == 0)
        return true;
    return hosts && (strcmp(keyword, "host") == 0 || strcmp(keyword, "port") == 0);
}

/* Made of what was understood, not cut out of what was written: no spelling of a password can slip through. */
static void write_plain(const struct postgres_place *place, const char *schema, struct buffer *url)
{
    bool hosts = hosts_are_names(place);
    const char *user = postgres_place_option(place, "user");
    const char *database = postgres_place_option(place, "dbname");
    buffer_add(url, "postgresql://");
    if (user != NULL) {
        add_encoded(url, user);
        buffer_add_char(url, '@');
    }
    if (hosts)
        add_hosts(place, url);
    buffer_add_char(url, '/');
    if (database != NULL)
        add_encoded(url, database);
    char before = '?';
    for (const PQconninfoOption *option = place->options; option->keyword != NULL; option++) {
        if (option->val == NULL || secret(option) || in_authority(option->keyword, hosts))
            continue;
        buffer_printf(url, "%c%s=", before, option->keyword);
        add_encoded(url, option->val);
        before = '&';
    }
    if (strcmp(schema, default_schema) != 0)
        buffer_printf(url, "%cschema=%s", before, schema);
}

void postgres_place_beside(const struct postgres_place *place, const char *schema,
                           char url[STORE_PLACE_SIZE])
{
    struct buffer text = {0};
    write_plain(place, schema, &text);
    snprintf(url, STORE_PLACE_SIZE, "%s", buffer_text(&text));
    buffer_free(&text);
}

static bool finish_plain(struct postgres_place *place, char error[STORE_ERROR_SIZE])
{
    struct buffer text = {0};
    write_plain(place, place->schema, &text);
    bool fits = text.length + SCHEMA_NAME_SIZE + 16 < sizeof place->plain;
    if (fits)
        snprintf(place->plain, sizeof place->plain, "%s", buffer_text(&text));
    else
        snprintf(error, STORE_ERROR_SIZE, "the store's URL is too long");
    buffer_free(&text);
    return fits;
}

/* The password of a client key was cut out of the URL, as libpq's environment has none. The value is libpq's to free. */
static void add_key_password(struct postgres_place *place)
{
    const char *password = getenv(STORE_OPTION_KEY_PASSWORD);
    for (PQconninfoOption *option = place->options; option->keyword != NULL; option++)
        if (password != NULL && option->val == NULL && strcmp(option->keyword, "sslpassword") == 0)
            option->val = strdup(password);
}

/* As libpq would, but here each host is an attempt of its own. The values are libpq's to free. */
static void add_hosts_of_environment(struct postgres_place *place)
{
    for (PQconninfoOption *option = place->options; option->keyword != NULL; option++) {
        if (!lists_hosts(option->keyword) || option->val != NULL || option->envvar == NULL)
            continue;
        const char *said = getenv(option->envvar);
        option->val = said == NULL || said[0] == '\0' ? NULL : strdup(said);
    }
}

/* libpq's own words repeat the URL's parts, and so perhaps a password: they are not passed on. */
static bool parse(struct postgres_place *place, const char *url, char error[STORE_ERROR_SIZE])
{
    char *why = NULL;
    place->options = PQconninfoParse(url, &why);
    PQfreemem(why);
    if (place->options != NULL) {
        add_key_password(place);
        add_hosts_of_environment(place);
        return true;
    }
    snprintf(error, STORE_ERROR_SIZE,
             "the store's URL cannot be understood: postgresql://USER@HOST:PORT/DATABASE is one, "
             "with special characters as %%XX");
    return false;
}

bool postgres_place_parse(struct postgres_place *place, const char *rest,
                          char error[STORE_ERROR_SIZE])
{
    struct buffer url = {0};
    *place = (struct postgres_place){.hosts = 0};
    if (strncmp(rest, "//", 2) != 0) {
        snprintf(error, STORE_ERROR_SIZE,
                 "the store's URL has no // behind its scheme: postgresql://HOST/DATABASE is one");
        return false;
    }
    bool parsed = cut_schema(place, rest, &url, error) && parse(place, buffer_text(&url), error);
    buffer_free(&url);
    if (place->schema[0] == '\0')
        strcpy(place->schema, default_schema);
    if (parsed && check_lengths(place, error) && check_hosts(place, error) &&
        check_target(place, error) && finish_plain(place, error))
        return true;
    postgres_place_free(place);
    return false;
}

void postgres_place_free(struct postgres_place *place)
{
    PQconninfoFree(place->options);
    place->options = NULL;
}
