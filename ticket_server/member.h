/* Members of a JSON object that is written by hand, each with what leads to it: ",\"tier\":". Any thread. */
#ifndef BOX_OFFICE_MEMBER_H
#define BOX_OFFICE_MEMBER_H

#include <stdint.h>

#include "common/buffer.h"

/* Nothing where the text is empty, or the time 0. */
void member_text(struct buffer *out, const char *lead, const char *text);
void member_time(struct buffer *out, const char *lead, int64_t time);

#endif
