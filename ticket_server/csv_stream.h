/* Answers in CSV, a page of rows at a time: an export of any length takes the memory of one page. The
 * client's reading sets the pace; one that stops reading is cut as any other. The loop's thread only.
 *
 * A page is of one moment, the next one of another: rows come in an order in which they never move. */
#ifndef BOX_OFFICE_CSV_STREAM_H
#define BOX_OFFICE_CSV_STREAM_H

#include <stdbool.h>

#include "common/csv.h"
#include "common/http.h"

enum {
    CSV_PAGE_ROWS = 256,  /* what one page should have: a millisecond of the loop's time */
    CSV_STREAMS_MAX = 64, /* at once; further ones are 503 */
};

/* Where the rows come from. */
struct csv_source {
    /* Writes the rows of the next page; none: that was all. A problem ends it: the first page's is the
     * answer, of a later one the connection is cut, so that nobody takes a part for the whole. */
    enum problem (*page)(struct csv_source *source, struct csv *csv);
    void (*close)(struct csv_source *source); /* once, whatever happens; may free it */
};

/* An http_streams: what is read as *.csv is streamed. */
bool csv_stream_wanted(void *context, struct http_request *request);

/* Answers with what the source gives, as a file to be kept of this name ("demo-orders.csv"; A-Z a-z
 * 0-9 . _ -). `header`: the first row, with its CRLF; a literal. The source belongs to the answer from
 * now on. */
void csv_stream_answer(struct http_request *request, const char *file_name, const char *header,
                       struct csv_source *source);

#endif
