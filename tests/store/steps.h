/* In which order our own code (not SQLite's) makes files durable and gives them names.
 *
 * Main thread only. */
#ifndef BOX_OFFICE_TEST_STEPS_H
#define BOX_OFFICE_TEST_STEPS_H

/* Notes it from now on. The n-th fsync fails (0: none). */
void steps_begin(int failing);

/* Ends that: what was done since, e.g. "save copy.db.part; move copy.db.part; save directory; ". Valid until the next
 * steps_begin. */
const char *steps_end(void);

/* A step that another file of tests wraps: it was done. */
void steps_note(const char *step, const char *path);

#endif
