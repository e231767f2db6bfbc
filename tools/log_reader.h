/* Reads a log that is evidence (common/log_file.h) as a whole: DIR/NAME.<n> … DIR/NAME.1, DIR/NAME,
 * oldest first, and goes on following it while it is written to and rotated.
 *
 * Usually only the newest file grows. But a writer that drains while another has taken its place goes on in
 * its own file, which was put aside: so does the reader, until that writer has closed it. Then lines of
 * several files come in turns.
 *
 * One thread. The lines of a file come in order and once each; a line that is still being written is not
 * given. */
#ifndef BOX_OFFICE_LOG_READER_H
#define BOX_OFFICE_LOG_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct log_reader;

enum {
    LOG_READER_TROUBLE_SIZE = 512,
    LOG_READER_LINE_MAX = 1 << 20, /* a longer line is given in pieces */
};

struct log_reader_line {
    const char *text; /* without its newline and without a NUL; valid until the next call */
    size_t length;
    const char *file; /* DIR/NAME… as it was called when it was found; valid until the next call */
    size_t part;      /* which file: they are counted from 0, the oldest first */
    uint64_t number;  /* in that file, from 1 */
    bool torn;        /* the end of an older file that nobody writes to, without a newline */
};

/* Opens all files that are there, of one and the same moment. Never NULL: what is missing or cannot be
 * read is told by log_reader_trouble. */
struct log_reader *log_reader_open(const char *dir, const char *name);
void log_reader_close(struct log_reader *reader);

/* The next whole line; false at the present end of all files. May be called again later, to follow the
 * log. */
bool log_reader_next(struct log_reader *reader, struct log_reader_line *line);

/* Skips to the present end. */
void log_reader_to_end(struct log_reader *reader);

/* How many files were found so far. */
size_t log_reader_files(const struct log_reader *reader);

/* Whether more may come of a file: it is the newest, or is not read to its end, or is still written to. */
bool log_reader_reads(const struct log_reader *reader, size_t part);

/* True while a writer has the file open; false once the reader is done with it. */
bool log_reader_written(const struct log_reader *reader, size_t part);

/* After log_reader_next was false: the bytes of the file's last line without its newline. */
size_t log_reader_rest(const struct log_reader *reader, size_t part);

/* What could not be read, in words; "" where all is well. */
const char *log_reader_trouble(const struct log_reader *reader);

#endif
