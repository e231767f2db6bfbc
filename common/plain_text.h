/* Text that people read, in any script: an event's title, whose a token is, who buys. Pure; any thread. */
#ifndef BOX_OFFICE_PLAIN_TEXT_H
#define BOX_OFFICE_PLAIN_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* The rule in words, behind "1 to N bytes of ". */
#define PLAIN_TEXT_RULE                                                                            \
    "UTF-8 without control, direction and invisible characters, and without a space at its begin " \
    "or end"

/* Whether it is 1 to size - 1 bytes of UTF-8 that hold nothing that could show it as what it is not, or as another
 * text that differs: no space, of any width, at begin or end; no control characters, line or paragraph separators,
 * nothing that turns the direction of text (Unicode's Bidi_Control; letters of right-to-left scripts need none of
 * these), is not seen (Default_Ignorable_Code_Point) or is no character. Joiners and selectors of variants, which are
 * not seen either, may follow what scripts and emoji have them for, one at a time: nothing of ASCII but a digit of a
 * keycap. So may tags behind a black flag. */
bool plain_text_valid(const char *text, size_t size);

#endif
