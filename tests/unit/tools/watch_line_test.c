#include "tools/watch/line.h"

#include <stdio.h>
#include <string.h>

#include "tests/lib/suite.h"

#define HEAD "n=9 time=2026-11-21T10:00:00.123456Z "

static struct routing_line parsed;
static struct buffer out;

/* A line as it is shown, without the time of the day, which depends on where one is. */
static const char *shown(const char *line, bool colour)
{
    buffer_clear(&out);
    watch_line(&out, line, strlen(line), &parsed, colour);
    CU_ASSERT_FATAL(out.length > 0 && out.data[out.length - 1] == '\n');
    out.length--;
    const char *text = buffer_text(&out), *after = strstr(text, ".123  ");
    return after != NULL ? after + strlen(".123  ") : text;
}

static const struct {
    const char *line, *shown;
} cases[] = {
    {HEAD "limit server=server-3 limit=62 why=slow-start", "server-3 may have 62 (slow-start)"},
    {HEAD "scale from=2 to=3 up=1 pending=8 waiting=4 commit=81000 cpu=910 why=\"81 ms for 2 s\"",
     "scale: 2 → 3 ticket servers (81 ms for 2 s)"},
    {HEAD "server server=server-1 pool=tickets weight=1 state=up→ejected boot=3 commit=0 told=5 "
          "limit=512 store=s why=\"5 failures\\u001b[31m\"",
     "server-1 up → ejected (5 failures?[31m); 5 tickets, boot 3"},
    {HEAD "server server=server-1 pool=tickets weight=1 state=draining→left boot=3 commit=0 told=5 "
          "limit=512 store=s why=removed",
     "server-1 draining → left (removed); 5 tickets, boot 3"},
    {HEAD "state router=r store=s flight=1 sales=7 servers=-,"
          "server-1|tickets|overloaded|5+2|3.17|512|1/1|5/0|4/-1|0@0,-,"
          "server-3|tickets|up|4+0|1.1|512|0/1|0/0|0/0|0@0",
     "7 sold since the start; server-1 overloaded 5+2, server-3 up 4+0"},
    {HEAD "choice request=r client=::1 route=purchase policy=fewest-sold event=demo quantity=1 "
          "to=server-1 flight=1 why=fewest sold=server-1:5+0,server-2:4+0!draining,"
          "server-3:4+0!overloaded,server-4:4+0!ejected",
     "server-1 ← 1 ticket of demo (fewest: 5+0; server-2 4+0!draining, server-3 4+0!overloaded, "
     "server-4 4+0!ejected)"},
    {HEAD "choice request=r client=::1 route=hold policy=random verb=hold event=demo quantity=2 "
          "to=server-1 flight=1 why=drawn from=server-1",
     "server-1 ← hold of 2 tickets of demo (drawn: )"},
    {HEAD "choice request=r client=::1 route=hold policy=random verb=confirm order=o-1 quantity=1 "
          "to=server-1 flight=1 why=drawn from=server-1",
     "server-1 ← confirm of o-1 (drawn: )"},
    {HEAD "settled server=server-1 flight=7 boot=3 commit=17 told=6 released=2 sold=1 replayed=0 "
          "refused=0 lost=0 unsent=0 held=2 freed=3",
     "server-1 → flight 7: 1 sold, 2 held, 3 released; 6 tickets in all"},
    {HEAD "settled server=server-1 flight=1 boot=3 commit=17 told=1 released=1 sold=1 replayed=0 "
          "refused=0 lost=0 unsent=0",
     "server-1 → flight 1: 1 sold; 1 ticket in all"},
    {"n=9 limit\033[2J", "(does not read) n=9 limit?[2J"},
};

static void shows_each_line(void)
{
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        CU_ASSERT_STRING_EQUAL(shown(cases[i].line, false), cases[i].shown);
}

/* The same server has the same colour, whatever the line. */
static void servers_have_colours(void)
{
    char expected[64], colour[16];
    const char *first = shown(cases[0].line, true), *end = strchr(first, 'm');
    CU_ASSERT_FATAL(strncmp(first, "\033[3", 3) == 0 && end != NULL && end - first < 10);
    snprintf(colour, sizeof colour, "%.*s", (int)(end - first + 1), first);
    snprintf(expected, sizeof expected, "%sserver-3\033[0m may have 62", colour);
    CU_ASSERT_PTR_NOT_NULL(strstr(first, expected));
    snprintf(expected, sizeof expected, "%sserver-3\033[0m up 4+0", colour);
    CU_ASSERT_PTR_NOT_NULL(strstr(shown(cases[4].line, true), expected));
    routing_line_free(&parsed);
    buffer_free(&out);
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("watch_line", "shows each line", shows_each_line);
    suite_add("watch_line", "servers have colours", servers_have_colours);
}
