#include "balancer/channel.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

bool channel_open(int ends[2])
{
    return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) == 0;
}

bool channel_send(int fd, const char *format, ...)
{
    char message[MESSAGE_SIZE];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(message, sizeof message - 1, format, arguments);
    va_end(arguments);
    size_t size = (size_t)length < sizeof message - 1 ? (size_t)length : sizeof message - 2;
    message[size++] = '\n';
    return send(fd, message, size, MSG_NOSIGNAL) >= 0 || errno != EAGAIN;
}

enum channel_result channel_receive(int fd, char message[MESSAGE_SIZE])
{
    ssize_t length = recv(fd, message, MESSAGE_SIZE - 1, 0);
    if (length < 0 && (errno == EAGAIN || errno == EINTR))
        return CHANNEL_EMPTY;
    if (length <= 0)
        return CHANNEL_ENDED;
    message[length] = '\0';
    message[strcspn(message, "\n")] = '\0';
    return CHANNEL_MESSAGE;
}
