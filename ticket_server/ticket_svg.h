/* A ticket as a picture: SVG 1.1, a QR code (ISO/IEC 18004) of its code as one path, and what it is
 * for beside it. No script, no font, nothing from elsewhere. Pure but for the time zone's file; any
 * thread. */
#ifndef BOX_OFFICE_TICKET_SVG_H
#define BOX_OFFICE_TICKET_SVG_H

#include <stdbool.h>

#include "common/buffer.h"
#include "ticket_server/ticket_face.h"

/* Appends a document of its own. The face has a code. */
void ticket_svg_append(struct buffer *out, const struct ticket_face *face);

/* Appends the QR code alone, as an element of a page, which sets its size. */
void ticket_svg_append_code(struct buffer *out, const struct ticket_face *face);

#endif
