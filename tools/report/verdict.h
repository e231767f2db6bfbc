/* How build/report ends where it neither proved everything nor found anything broken: the exit status beside
 * those of common/log.h, for whoever checks. */
#ifndef BOX_OFFICE_VERDICT_H
#define BOX_OFFICE_VERDICT_H

enum {
    REPORT_INCOMPLETE =
        3, /* sales lie beyond the end of a crashed router's log: nothing proves them */
};

#endif
