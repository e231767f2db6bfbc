/* boxctl ticket list, ticket verify and check-in: what a gate does with codes, offline and with the shop. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/id.h"
#include "common/json.h"
#include "common/log.h"
#include "tools/boxctl/gate_list.h"
#include "tools/boxctl/gate_seen.h"
#include "tools/boxctl/listing.h"
#include "tools/boxctl/shop.h"
#include "tools/boxctl/terms.h"

enum {
    PATH_SIZE = 256,
    SENTENCE_SIZE = 2 * NAME_SIZE + 128,
    LINE_MAX_LENGTH = 4096, /* of a code that is read; a longer line is none */
    TRIES_MAX = 5,          /* of one check-in, while the shop cannot say */
    PAUSE_NANOSECONDS = 200000000,
};

static const char green[] = "\033[32m", red[] = "\033[31m", plain[] = "\033[0m";

/* --- codes, one after the other ---------------------------------------------------------------- */

typedef bool each_code(void *context, const char *code);

/* Codes from stdin, a line each, as hand scanners type them. Longer lines are cut to what is no code. */
static bool read_codes(each_code *each, void *context)
{
    char line[LINE_MAX_LENGTH];
    bool fine = true;
    while (fgets(line, sizeof line, stdin) != NULL) {
        size_t length = strcspn(line, "\r\n");
        bool whole = line[length] != '\0';
        line[length] = '\0';
        for (int c = '\0'; !whole && c != EOF && c != '\n';)
            c = getchar();
        if (length > 0)
            fine = each(context, line) && fine;
    }
    return fine;
}

/* Those of the command line; "-" stands for stdin. False where one of them was refused. */
static bool each_word(const struct shop *shop, each_code *each, void *context)
{
    bool fine = true;
    for (size_t i = 0; i < shop->count; i++) {
        bool taken = strcmp(shop->words[i], "-") == 0 ? read_codes(each, context)
                                                      : each(context, shop->words[i]);
        fine = taken && fine;
    }
    return fine;
}

/* One line, at once: whoever stands at the gate waits for it. Coloured on a terminal. */
static void tell(bool good, const char *sentence)
{
    struct buffer text = {0};
    bool coloured = isatty(STDOUT_FILENO) == 1;
    listing_plain(&text, sentence);
    printf("%s%s%s%s\n", coloured ? (good ? green : red) : "", good ? "OK  " : "NO  ",
           buffer_text(&text), coloured ? plain : "");
    fflush(stdout);
    buffer_free(&text);
}

/* --- offline ----------------------------------------------------------------------------------- */

struct verifying {
    struct gate_keys *keys;
    struct gate_list *list; /* NULL: none was given */
    struct gate_seen *seen;
};

/* Lets in whom nothing speaks against, which is remembered before it is told. */
static bool let_in(const struct verifying *verifying, const struct ticket_name *ticket)
{
    char sentence[SENTENCE_SIZE], time[CLOCK_TEXT_SIZE], shown[TERMS_TIME_SIZE];
    int64_t before;
    bool first = gate_seen_first(verifying->seen, ticket, &before);
    int named = snprintf(sentence, sizeof sentence, "%s %s %lld", ticket->event, ticket->tier,
                         (long long)ticket->number);
    if (!first) {
        clock_format(before, time);
        terms_show_time(time, "", shown);
        snprintf(sentence + named, sizeof sentence - (size_t)named, ": used before, at %s, here",
                 shown);
    }
    tell(first, sentence);
    return first;
}

static bool verify(void *context, const char *code)
{
    const struct verifying *verifying = context;
    struct ticket_name ticket;
    char sentence[SENTENCE_SIZE];
    if (!ticket_code_check(code, strlen(code), gate_keys_find, verifying->keys, &ticket)) {
        tell(false, "not a ticket");
        return false;
    }
    const char *state =
        verifying->list != NULL ? gate_list_state(verifying->list, &ticket) : "valid";
    if (state == NULL)
        state = "not in the list: sold after it was made, or another event's";
    if (strcmp(state, "valid") == 0)
        return let_in(verifying, &ticket);
    snprintf(sentence, sizeof sentence, "%s %s %lld: %s", ticket.event, ticket.tier,
             (long long)ticket.number, state);
    tell(false, sentence);
    return false;
}

static bool verify_tickets(struct shop *shop, int argc, char **argv)
{
    const char *keys, *list, *seen;
    const struct option_entry table[] = {
        {"keys", "FILE", OPTION_TEXT, NULL, 0, 0, "the keys, as GET /keys gave them", &keys},
        {"list", "FILE", OPTION_TEXT, NULL, 0, 0,
         "the tickets, as `boxctl ticket list EVENT` gave them", &list},
        {"seen", "FILE", OPTION_TEXT, NULL, 0, 0,
         "remember there whom this gate let in, from run to run", &seen},
    };
    shop_read(shop, table, sizeof table / sizeof *table, argc, argv, 1, SHOP_WORDS_MAX);
    if (keys == NULL)
        die(EXIT_USAGE, "by which keys? --keys FILE, with what GET /keys answers");
    struct verifying verifying = {gate_keys_read(keys), list != NULL ? gate_list_read(list) : NULL,
                                  gate_seen_open(seen)};
    bool fine = each_word(shop, verify, &verifying);
    gate_seen_close(verifying.seen);
    gate_keys_free(verifying.keys);
    if (verifying.list != NULL)
        gate_list_free(verifying.list);
    return fine;
}

static bool list_tickets(struct shop *shop, int argc, char **argv)
{
    const struct option_entry table[] = {SHOP_OPTIONS(shop)};
    char path[PATH_SIZE];
    shop_read(shop, table, sizeof table / sizeof *table, argc, argv, 1, 1);
    snprintf(path, sizeof path, "/events/%s/tickets.csv",
             shop_name("name of an event", shop->words[0]));
    return shop_download(shop, path);
}

/* --- with the shop ----------------------------------------------------------------------------- */

struct gate {
    struct shop *shop;
    const char *name, *event; /* NULL: tickets of any event */
};

static void append_body(struct buffer *out, const struct gate *gate, const char *code)
{
    buffer_add(out, "{\"code\":");
    json_append(out, code);
    buffer_add(out, ",\"gate\":");
    json_append(out, gate->name);
    if (gate->event != NULL)
        buffer_printf(out, ",\"event\":\"%s\"", gate->event);
    buffer_add_char(out, '}');
}

/* Under one key, so that a repeated one, of which the first answer was lost, lets in as well. */
static bool ask(struct gate *gate, const char *body)
{
    static const int64_t patience = 5 * CLOCK_SECOND;
    struct shop *shop = gate->shop;
    char key[ID_TEXT_SIZE];
    struct id id = id_make();
    id_format(&id, key);
    api_set_key(shop->api, key);
    for (int tries = 1;; tries++) {
        bool fine = api_ask(shop->api, "POST", "/check-ins", body, patience, &shop->answer);
        bool unsaid = shop->answer.status == 0 || shop->answer.status >= 500;
        if (fine || !unsaid || tries == TRIES_MAX)
            return fine;
        nanosleep(&(struct timespec){.tv_nsec = PAUSE_NANOSECONDS}, NULL);
    }
}

static void tell_answer(const struct shop *shop, bool good)
{
    const cJSON *answer = shop->answer.json;
    bool used = strcmp(api_text(answer, "code"), "already_checked_in") == 0;
    struct buffer text = {0};
    char time[TERMS_TIME_SIZE];
    /* An older shop does not say which ticket was used before. */
    bool named = (good || used) && api_text(answer, "event")[0] != '\0';
    if (named)
        buffer_printf(&text, "%s %s %lld", api_text(answer, "event"), api_text(answer, "tier"),
                      (long long)api_number(answer, "number"));
    else if (!used)
        buffer_add(&text, shop->answer.failure);
    if (used) {
        terms_show_time(api_text(answer, "checked_in_at"), "", time);
        buffer_printf(&text, "%sused before, at %s, %s", named ? ": " : "", time,
                      api_text(answer, "gate"));
    }
    tell(good, buffer_text(&text));
    buffer_free(&text);
}

static bool check_in(void *context, const char *code)
{
    struct gate *gate = context;
    struct buffer body = {0};
    if (!json_utf8(code, strlen(code))) {
        tell(false, "not a ticket");
        return false;
    }
    append_body(&body, gate, code);
    bool good = ask(gate, buffer_text(&body));
    if (gate->shop->json)
        shop_print(gate->shop, &body);
    else
        tell_answer(gate->shop, good);
    buffer_free(&body);
    return good;
}

static bool check_in_tickets(struct shop *shop, int argc, char **argv)
{
    struct gate gate = {.shop = shop};
    const struct option_entry table[] = {
        SHOP_OPTIONS(shop),
        {"gate", "NAME", OPTION_TEXT, NULL, 0, 0, "where they are let in", &gate.name},
        {"event", "EVENT", OPTION_TEXT, NULL, 0, 0, "let in to this one only", &gate.event},
    };
    shop_read(shop, table, sizeof table / sizeof *table, argc, argv, 1, SHOP_WORDS_MAX);
    if (gate.name == NULL || !json_utf8(gate.name, strlen(gate.name)))
        die(EXIT_USAGE, "where? --gate NAME");
    if (gate.event != NULL)
        shop_name("name of an event", gate.event);
    shop_open(shop, true);
    return each_word(shop, check_in, &gate);
}

const struct shop_command ticket_commands[] = {
    {"ticket", "list", "EVENT > LIST.csv", "get the tickets and how they stand, for a gate",
     list_tickets},
    {"ticket", "verify", "--keys FILE [--list FILE] [--seen FILE] CODE|-...",
     "verify codes without the shop", verify_tickets},
    {"check-in", NULL, "--gate NAME [--event EVENT] CODE|-...",
     "let in by codes; - reads them, a line each", check_in_tickets},
    {0},
};
