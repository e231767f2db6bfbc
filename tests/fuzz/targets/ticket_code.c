/* A ticket's code: taken only where it is, byte by byte, what we would have made of what it says. The
 * input: an even first byte, then a code as it is; an odd one, then header and payload with a NUL
 * between, which are signed here with the key that is known. "@" in the header stands for its id. */
#include "common/ticket_code.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "common/buffer.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/input.h"

static struct ticket_signer make_key(void)
{
    struct ticket_signer key = {.seed = "0123456789abcdef0123456789abcde"};
    ticket_key_public(key.seed, key.public_key);
    ticket_key_id(key.public_key, key.id);
    return key;
}

static const uint8_t *find(void *context, const char *id)
{
    const struct ticket_signer *key = context;
    must(ticket_key_id_valid(id), "only what can be an id is looked for");
    return strcmp(id, key->id) == 0 ? key->public_key : NULL;
}

static void add_part(struct buffer *out, const void *bytes, size_t length)
{
    base64url_encode(bytes, length, buffer_reserve(out, BASE64URL_LENGTH(length) + 1));
    out->length += BASE64URL_LENGTH(length);
}

static void add_header(struct buffer *code, struct input *input, const struct ticket_signer *key)
{
    struct buffer header = {0};
    char *text = input_until(input, '\0', NULL);
    for (const char *at = text; *at != '\0'; at++)
        if (*at == '@')
            buffer_add(&header, key->id);
        else
            buffer_add_char(&header, *at);
    add_part(code, buffer_text(&header), header.length);
    buffer_free(&header);
    free(text);
}

static void sign(struct buffer *code, struct input *input, const struct ticket_signer *key)
{
    uint8_t public_key[TICKET_PUBLIC_SIZE], secret[crypto_sign_SECRETKEYBYTES],
        signature[TICKET_SIGNATURE_SIZE];
    size_t length;
    add_header(code, input, key);
    buffer_add_char(code, '.');
    char *payload = input_rest(input, &length);
    add_part(code, payload, length);
    free(payload);
    crypto_sign_seed_keypair(public_key, secret, key->seed);
    crypto_sign_detached(signature, NULL, (const unsigned char *)code->data, code->length, secret);
    buffer_add_char(code, '.');
    add_part(code, signature, sizeof signature);
}

static void check(const char *code, size_t length)
{
    struct ticket_signer key = make_key();
    struct ticket_name ticket;
    char again[TICKET_CODE_SIZE];
    if (!ticket_code_check(code, length, find, &key, &ticket))
        return;
    must(purchase_name_valid(ticket.event) && purchase_name_valid(ticket.tier), "names are names");
    must(ticket.number >= 1 && ticket.number <= TICKET_NUMBER_MAX, "a number is one");
    ticket_code_make(&key, &ticket, again);
    must(strlen(again) == length && memcmp(again, code, length) == 0, "a code has one spelling");
}

void fuzz_ticket_code(const uint8_t *data, size_t size)
{
    struct input input = input_of(data, size);
    struct buffer code = {0};
    if (input_byte(&input) % 2 == 1) {
        struct ticket_signer key = make_key();
        sign(&code, &input, &key);
        char *exact = memcpy(malloc(code.length), code.data, code.length);
        check(exact, code.length);
        free(exact);
    } else {
        size_t length;
        char *text = input_rest(&input, &length);
        check(text, length);
        free(text);
    }
    buffer_free(&code);
}
