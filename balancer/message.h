/* What the master and its children tell each other, read from the text of a message (channel.h has the
 * list, and who says what). Any thread. */
#ifndef BOX_OFFICE_MESSAGE_H
#define BOX_OFFICE_MESSAGE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "balancer/channel.h"
#include "common/outcome.h"
#include "common/routing_line.h"
#include "common/socket.h"

enum message_kind {
    MESSAGE_UNKNOWN, /* none of ours, or not spelled as ours are */
    MESSAGE_SERVER,
    MESSAGE_GONE,
    MESSAGE_RETIRED,
    MESSAGE_LEAD,
    MESSAGE_DRAIN,
    MESSAGE_STOP,
    MESSAGE_REFUSED,
    MESSAGE_UP,
    MESSAGE_SERVING,
    MESSAGE_QUIET,
    MESSAGE_START,
    MESSAGE_RETIRE,
    MESSAGE_RENEW,
    MESSAGE_RELOAD,
    MESSAGE_UPGRADE,
    MESSAGE_FIT,
    MESSAGE_READY,
    MESSAGE_STALLED,
};

struct message {
    enum message_kind kind;
    char id[SERVER_SIZE];       /* of `server`, `gone`, `retired`, `start`, `retire`, `renew` */
    char address[ADDRESS_SIZE]; /* of `server`, `ready` */
    char why[ROUTING_WHY_SIZE]; /* of `gone`: cut to fit */
    char reason[MESSAGE_SIZE];  /* of `refused` */
    pid_t pid;                  /* of `server`, `stalled`: above 0 */
    size_t up;                  /* of `up` */
    int64_t restarts;           /* of `server`, `gone`: of that server so far */
};

/* Fields that the kind does not have are empty. */
void message_read(const char *text, struct message *message);

/* Takes one message from a channel, and reads it. */
enum channel_result message_receive(int fd, struct message *message);

#endif
