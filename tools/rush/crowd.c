#include "tools/rush/crowd.h"

#include <curl/curl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>

#include "common/buffer.h"
#include "common/clock.h"
#include "common/id.h"
#include "common/log.h"
#include "common/loop.h"
#include "tools/rush/progress.h"

enum {
    PATIENCE_SECONDS = 10,
    REPEAT_MILLISECONDS = 100, /* before a key is sent again */
    REQUEST_SECONDS = 8,       /* longer than the cluster's own deadline */
    TEXT_SIZE = 256,
    URL_SIZE = 512,
};

/* One connection's worth of buyers, who come one after the other. */
struct place {
    struct crowd *crowd;
    CURL *curl;                 /* owned */
    struct curl_slist *headers; /* owned; with the present buyer's key */
    struct buffer body;         /* of the answer */
    struct loop_timer again;    /* sends the same key again */
    int64_t began;              /* the present buyer's first request */
};

struct crowd {
    const struct crowd_settings *settings;
    struct tally *tally;
    struct loop *loop;
    CURLM *multi;
    struct loop_timer timer; /* curl's */
    struct loop_timer draw;
    struct progress progress;
    struct place *places;
    int64_t begun, done; /* buyers */
    char url[URL_SIZE];
    char form[TEXT_SIZE];
    char run[ID_TEXT_SIZE]; /* makes this run's keys its own */
};

static void place_send(void *context)
{
    struct place *place = context;
    buffer_clear(&place->body);
    curl_multi_add_handle(place->crowd->multi, place->curl);
}

/* The next buyer takes the place, where there is one. */
static void place_next(struct place *place)
{
    struct crowd *crowd = place->crowd;
    char key[TEXT_SIZE];
    if (crowd->begun == crowd->settings->buyers)
        return;
    crowd->begun++;
    snprintf(key, sizeof key, "Idempotency-Key: rush-%s-%" PRId64, crowd->run, crowd->begun);
    curl_slist_free_all(place->headers);
    place->headers = curl_slist_append(curl_slist_append(NULL, "Expect:"), key);
    curl_easy_setopt(place->curl, CURLOPT_HTTPHEADER, place->headers);
    place->began = clock_monotonic();
    place_send(place);
}

static void place_answered(struct place *place, CURLcode code)
{
    struct crowd *crowd = place->crowd;
    long status = 0;
    int64_t now = clock_monotonic();
    if (code == CURLE_OK)
        curl_easy_getinfo(place->curl, CURLINFO_RESPONSE_CODE, &status);
    if ((status == 0 || status == 503) && now - place->began < PATIENCE_SECONDS * CLOCK_SECOND) {
        crowd->tally->repeats++;
        loop_timer_set(crowd->loop, &place->again, now + REPEAT_MILLISECONDS * CLOCK_MILLISECOND);
        return;
    }
    tally_add(crowd->tally, status, place->body.data, place->body.length, crowd->settings->quantity,
              now - place->began);
    crowd->done++;
    if (crowd->done == crowd->settings->buyers)
        loop_stop(crowd->loop);
    place_next(place);
}

static void collect(struct crowd *crowd)
{
    CURLMsg *message;
    int left;
    while ((message = curl_multi_info_read(crowd->multi, &left)) != NULL) {
        struct place *place;
        CURLcode code = message->data.result;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &place);
        curl_multi_remove_handle(crowd->multi, message->easy_handle);
        place_answered(place, code);
    }
}

static void socket_ready(void *context, int fd, uint32_t events)
{
    struct crowd *crowd = context;
    int mask = 0, running;
    mask |= events & EPOLLIN ? CURL_CSELECT_IN : 0;
    mask |= events & EPOLLOUT ? CURL_CSELECT_OUT : 0;
    mask |= events & (EPOLLERR | EPOLLHUP) ? CURL_CSELECT_ERR : 0;
    curl_multi_socket_action(crowd->multi, fd, mask, &running);
    collect(crowd);
}

static void timer_rings(void *context)
{
    struct crowd *crowd = context;
    int running;
    curl_multi_socket_action(crowd->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    collect(crowd);
}

static int curl_watches(CURL *curl, curl_socket_t fd, int what, void *context, void *unused)
{
    struct crowd *crowd = context;
    (void)curl, (void)unused;
    uint32_t events = (what & CURL_POLL_IN ? EPOLLIN : 0u) | (what & CURL_POLL_OUT ? EPOLLOUT : 0u);
    if (what == CURL_POLL_REMOVE)
        loop_unwatch(crowd->loop, fd);
    else
        loop_watch(crowd->loop, fd, events, socket_ready, crowd);
    return 0;
}

static int curl_waits(CURLM *multi, long milliseconds, void *context)
{
    struct crowd *crowd = context;
    (void)multi;
    loop_timer_set(crowd->loop, &crowd->timer,
                   milliseconds < 0 ? 0 : clock_monotonic() + milliseconds * CLOCK_MILLISECOND);
    return 0;
}

static void draw_rings(void *context)
{
    struct crowd *crowd = context;
    progress_draw(&crowd->progress, crowd->done, crowd->tally->sold);
    loop_timer_set(crowd->loop, &crowd->draw, clock_monotonic() + crowd->progress.every);
}

static size_t keep(char *bytes, size_t size, size_t count, void *context)
{
    buffer_append(context, bytes, size * count);
    return size * count;
}

static void place_open(struct place *place, struct crowd *crowd)
{
    place->crowd = crowd;
    place->again.ring = place_send;
    place->again.context = place;
    place->curl = curl_easy_init();
    if (place->curl == NULL)
        die(EXIT_TROUBLE, "no memory for so many connections");
    curl_easy_setopt(place->curl, CURLOPT_PRIVATE, place);
    curl_easy_setopt(place->curl, CURLOPT_URL, crowd->url);
    curl_easy_setopt(place->curl, CURLOPT_PROXY, "");
    curl_easy_setopt(place->curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(place->curl, CURLOPT_TIMEOUT, (long)REQUEST_SECONDS);
    curl_easy_setopt(place->curl, CURLOPT_POSTFIELDS, crowd->form);
    curl_easy_setopt(place->curl, CURLOPT_WRITEFUNCTION, keep);
    curl_easy_setopt(place->curl, CURLOPT_WRITEDATA, &place->body);
}

static void place_close(struct place *place)
{
    curl_easy_cleanup(place->curl);
    curl_slist_free_all(place->headers);
    buffer_free(&place->body);
}

static void crowd_open(struct crowd *crowd)
{
    const struct crowd_settings *settings = crowd->settings;
    struct id run = id_make();
    id_format(&run, crowd->run);
    snprintf(crowd->url, sizeof crowd->url, "%s/purchases", settings->url);
    snprintf(crowd->form, sizeof crowd->form, "event=%s&quantity=%d%s%s", settings->event,
             settings->quantity, settings->tier != NULL ? "&tier=" : "",
             settings->tier != NULL ? settings->tier : "");
    crowd->timer = (struct loop_timer){.ring = timer_rings, .context = crowd};
    crowd->draw = (struct loop_timer){.ring = draw_rings, .context = crowd};
    crowd->loop = loop_open();
    crowd->multi = curl_multi_init();
    curl_multi_setopt(crowd->multi, CURLMOPT_SOCKETFUNCTION, curl_watches);
    curl_multi_setopt(crowd->multi, CURLMOPT_SOCKETDATA, crowd);
    curl_multi_setopt(crowd->multi, CURLMOPT_TIMERFUNCTION, curl_waits);
    curl_multi_setopt(crowd->multi, CURLMOPT_TIMERDATA, crowd);
    curl_multi_setopt(crowd->multi, CURLMOPT_MAXCONNECTS, (long)settings->connections);
    crowd->places = memory_new((size_t)settings->connections * sizeof *crowd->places);
    for (int64_t i = 0; i < settings->connections; i++)
        place_open(&crowd->places[i], crowd);
}

int64_t crowd_run(const struct crowd_settings *settings, struct tally *tally)
{
    struct crowd crowd = {.settings = settings, .tally = tally};
    crowd_open(&crowd);
    progress_open(&crowd.progress, settings->buyers);
    int64_t began = clock_monotonic();
    draw_rings(&crowd);
    for (int64_t i = 0; i < settings->connections; i++)
        place_next(&crowd.places[i]);
    loop_run(crowd.loop);
    int64_t took = clock_monotonic() - began;
    progress_close(&crowd.progress, crowd.done, tally->sold);
    for (int64_t i = 0; i < settings->connections; i++)
        place_close(&crowd.places[i]);
    curl_multi_cleanup(crowd.multi);
    loop_close(crowd.loop);
    free(crowd.places);
    return took;
}
