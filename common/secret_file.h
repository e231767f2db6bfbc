/* A secret of 32 random bytes in a file of mode 0600, written as hexadecimal digits: the admin token,
 * the key of the affinity cookies. At start only; one thread. */
#ifndef BOX_OFFICE_SECRET_FILE_H
#define BOX_OFFICE_SECRET_FILE_H

#include <stdbool.h>

enum {
    SECRET_SIZE = 32,                       /* bytes */
    SECRET_TEXT_SIZE = 2 * SECRET_SIZE + 1, /* as lower-case digits, and the NUL */
};

/* For the lines on stderr. All are literals. */
struct secret_file {
    const char *what;   /* "admin token" */
    const char *option; /* that names the file: "--token-file" */
};

/* Makes the file with a new secret where there is none; it survives a power cut. False with a line on stderr where that cannot
 * be done. */
bool secret_file_make(const struct secret_file *file, const char *path);

/* Reads it, as text; false with a line on stderr where it is missing, malformed, or open to others. */
bool secret_file_read(const struct secret_file *file, const char *path,
                      char text[SECRET_TEXT_SIZE]);

/* The bytes that the digits stand for. */
void secret_bytes(const char text[SECRET_TEXT_SIZE], unsigned char bytes[SECRET_SIZE]);

#endif
