/* A ticket server's life: open what it needs, say that it is ready, serve, drain, leave. */
#ifndef BOX_OFFICE_TICKET_SERVER_SERVER_H
#define BOX_OFFICE_TICKET_SERVER_SERVER_H

struct server_settings {
    const char *id;
    const char *listen; /* "ADDR:PORT" */
    const char *store;  /* URL */
    const char *log_dir;
    int supervisor; /* the socket to the master; -1: none, so that SIGINT and SIGTERM are heeded */
    const char *join;       /* balancers to join, as membership_check accepts them; NULL: none */
    const char *token_file; /* the balancers' admin token: with it all may be asked here, too */
    const char *advertise;  /* "ADDR:PORT" where they reach this server; NULL: where it listens */
};

/* Serves until it is told to stop, and has drained. What cannot be opened ends the process with one
 * clear line. Main thread, before any other is started. */
void server_run(const struct server_settings *settings);

#endif
