/* What the master and its children tell each other, read from the text of a message (channel.h has the
 * list, and who says what). Any thread. */
#ifndef BOX_OFFICE_MESSAGE_H
#define BOX_OFFICE_MESSAGE_H

#include <stddef.h>
#include <sys/types.h>

#include "balancer/channel.h"
#include "common/outcome.h"
#include "common/routing_line.h"
#include "common/socket.h"

enum message_kind {
    MESSAGE_UNKNOWN, /* none of ours, or not spelled as ours are */
    MESSAGE_SERVER,
    MESSAGE_GONE,
    MESSAGE_STOP,
    MESSAGE_UP,
    MESSAGE_READY,
    MESSAGE_STALLED,
};

struct message {
    enum message_kind kind;
    char id[SERVER_SIZE];       /* of `server`, `gone` */
    char address[ADDRESS_SIZE]; /* of `server`, `ready` */
    char why[ROUTING_WHY_SIZE]; /* of `gone`: cut to fit */
    pid_t pid;                  /* of `server`, `stalled`: above 0 */
    size_t up;                  /* of `up` */
};

/* Fields that the kind does not have are empty. */
void message_read(const char *text, struct message *message);

/* Takes one message from a channel, and reads it. */
enum channel_result message_receive(int fd, struct message *message);

#endif
