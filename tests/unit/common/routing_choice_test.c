/* Lines of choices by each policy and affinity, of requests done and of workload: written, read, edited. */
#include "common/routing_line.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/suite.h"

#define TIME_TEXT "2026-11-21T10:00:00.000042Z"
#define HEAD      "n=3 time=" TIME_TEXT
#define REQUEST   "0193b0aa-0000-7000-8000-000000000001"
#define ASKED     HEAD " choice request=" REQUEST " client=127.0.0.1"

/* One of each kind, of each policy and affinity; of figures the largest there can be. */
static const char *const samples[] = {
    HEAD " started router=r-1 version=4",
    HEAD " stopped router=\"r \\\"1\\\"\"",
    HEAD " server server=server-1 pool=tickets weight=3 state=new→joining boot=1 commit=2 told=3"
         " limit=512 store=\"\" why=\"started as process 7\"",
    HEAD " settled server=server-2 flight=7 boot=3 commit=17 told=6 released=2 sold=1 replayed=2"
         " refused=3 lost=4 unsent=9223372036854775807",
    HEAD " told server=server-3 boot=1 commit=2 told=3",
    HEAD " load server=server-3 cpu=310 memory=9 commit=812 workload=310",
    HEAD " done request=" REQUEST " server=files-1 status=200 sent=10 received=412 took=812"
         " how=answered",
    HEAD " done request=" REQUEST " server=files-1 status=0 sent=0 received=0 took=5 how=connect",
    HEAD " done request=" REQUEST " server=files-1 status=0 sent=9 received=0 took=5 how=lost",
    HEAD " done request=" REQUEST " server=files-1 status=999 sent=0 received=0 took=5 how=bad",
    HEAD " done request=" REQUEST " server=files-1 status=0 sent=0 received=0 took=5 how=late",
    HEAD " done request=" REQUEST " server=files-1 status=200 sent=0 received=8 took=5 how=left",
    HEAD " state router=r store=s flight=9 sales=12 after_gap=41 servers=server-1|tickets|up|5+2|"
         "3.17|512|4/1|41/-3|0/0|310@" TIME_TEXT
         ",files-1|files|joining|0+0|0.0|64|0/2|0/0|0/0|0@0",
    HEAD " state router=r store=\"\" flight=1 sales=0 servers=\"\"",
    ASKED " route=purchase policy=fewest-sold event=demo quantity=2 to=server-2 flight=7 why=fewest"
          " sold=server-1:5+1!full,server-2:4+0",
    ASKED " id=\"my own\" route=a-1 policy=fewest-sold to=s why=fewest sold=s:5+1",
    ASKED " route=read policy=round-robin to=b why=turn turn=a:-3/2!down,b:9007199254740992/1",
    ASKED " route=read policy=least-connections to=b why=least-busy busy=a:3/2!joining,b:0/1",
    ASKED " route=read policy=power-of-two to=b why=less-busy busy=b:3/2,+19",
    ASKED " route=read policy=ip-hash to=b why=hash hash=a:1,b:4294967295",
    ASKED " route=read policy=least-workload to=b why=least-loaded load=a:?+3,b:310+0",
    ASKED " route=read policy=random to=b why=drawn from=a,b,c!down",
    ASKED " route=read policy=random to=b why=drawn from=b,+16",
    ASKED " route=read policy=round-robin affinity=cookie session=00ff to=b why=turn turn=b:0/1",
    ASKED " route=read policy=random affinity=cookie session=00ff pinned=b to=b why=session"
          " from=a,b",
    ASKED " route=read policy=fewest-sold affinity=jwt session=ab to=b why=session hash=b:7",
    ASKED " route=read policy=random affinity=address to=a why=moved hash=b:7!down,a:5",
    ASKED " route=purchase policy=least-connections event=demo quantity=1 affinity=cookie"
          " session=00ff pinned=b to=b flight=2 why=session busy=b:1/1",
    HEAD " started router=r-1 version=3",
    ASKED " route=hold policy=fewest-sold verb=hold event=demo quantity=2 to=server-2 flight=7"
          " why=fewest sold=server-1:5+1!full,server-2:4+0",
    ASKED " route=hold policy=fewest-sold verb=confirm order=" REQUEST " quantity=1 to=server-2"
          " flight=7 why=fewest sold=server-2:4+0",
    ASKED " route=hold policy=random verb=release order=" REQUEST " quantity=1 to=server-2 flight=7"
          " why=drawn from=server-2",
    HEAD " settled server=server-2 flight=7 boot=3 commit=17 told=6 released=2 sold=1 replayed=2"
         " refused=3 lost=4 unsent=5 held=9223372036854775807 freed=1",
    HEAD " settled server=server-2 flight=7 boot=3 commit=17 told=6 released=2 sold=1 replayed=2"
         " refused=3 lost=4 unsent=5 freed=1",
};

enum {
    SAMPLES = sizeof samples / sizeof *samples,
};

static struct routing_line line;
static char error[ROUTING_ERROR_SIZE];

static bool parse(const char *text)
{
    return routing_line_parse(text, strlen(text), &line, error);
}

/* What is refused is fine; what is read must be exactly what is written for it. */
static bool refused_or_itself(const char *text, size_t length)
{
    if (!routing_line_parse(text, length, &line, error))
        return error[0] != '\0';
    struct buffer out = {0};
    routing_line_write(&out, &line);
    bool same = out.length == length + 1 && memcmp(out.data, text, length) == 0;
    buffer_free(&out);
    return same;
}

static void every_kind_reads_and_writes_alike(void)
{
    for (size_t i = 0; i < SAMPLES; i++) {
        bool good = parse(samples[i]) && refused_or_itself(samples[i], strlen(samples[i]));
        if (!good)
            printf("  %s: %s\n", samples[i], error);
        CU_ASSERT(good);
    }
}

static void a_changed_byte_is_refused_or_read(void)
{
    static const char others[] = "\0\n \"\\:,+!=0ax\xc3-/?|@1";
    for (size_t i = 0; i < SAMPLES; i++) {
        size_t length = strlen(samples[i]);
        char text[512];
        CU_ASSERT_FATAL(length < sizeof text);
        for (size_t cut = 0; cut < length; cut++)
            CU_ASSERT(refused_or_itself(samples[i], cut));
        for (size_t at = 0; at < length; at++) {
            for (size_t other = 0; other < sizeof others; other++) {
                memcpy(text, samples[i], length);
                text[at] = others[other];
                CU_ASSERT(refused_or_itself(text, length));
            }
        }
    }
}

/* Where a field's value ends: at a space outside of quotes. */
static const char *end_of_field(const char *at)
{
    bool quoted = false;
    for (; *at != '\0' && (quoted || *at != ' '); at++)
        quoted = quoted != (*at == '"' && at[-1] != '\\');
    return at;
}

/* A field taken out, doubled, or swapped with the next: another order is another spelling. */
static void fields_keep_their_order(void)
{
    for (size_t i = 0; i < SAMPLES; i++) {
        for (const char *at = strchr(samples[i], ' '); *at != '\0'; at = end_of_field(at + 1)) {
            const char *end = end_of_field(at + 1),
                       *next = *end != '\0' ? end_of_field(end + 1) : end;
            int before = (int)(at - samples[i]), field = (int)(end - at), other = (int)(next - end);
            bool optional = strncmp(at, " id=", 4) == 0 || strncmp(at, " pinned=", 8) == 0 ||
                            strncmp(at, " after_gap=", 11) == 0 || strncmp(at, " held=", 6) == 0 ||
                            strncmp(at, " freed=", 7) == 0 || strncmp(at, " verb=hold", 10) == 0;
            char text[1024];
            snprintf(text, sizeof text, "%.*s%s", before, samples[i], end);
            CU_ASSERT(optional || !parse(text));
            snprintf(text, sizeof text, "%.*s%.*s%s", before, samples[i], field, at, at);
            CU_ASSERT_FALSE(parse(text));
            snprintf(text, sizeof text, "%.*s%.*s%.*s%s", before, samples[i], other, end, field, at,
                     next);
            CU_ASSERT(other == 0 || !parse(text));
        }
    }
}

/* --- what is read ------------------------------------------------------------------------------ */

static const struct candidate *read_one(const char *text, size_t candidate)
{
    CU_ASSERT_FATAL(parse(text));
    CU_ASSERT_FATAL(candidate < line.choice.count);
    return &line.choice.candidates[candidate];
}

static void figures_are_read(void)
{
    const struct candidate *b = read_one(samples[16], 1);
    CU_ASSERT(b->credit == INT64_C(1) << 53 && b->weight == 1 && b->mark == MARK_NONE);
    CU_ASSERT(line.choice.candidates[0].credit == -3 &&
              line.choice.candidates[0].mark == MARK_DOWN);
    b = read_one(samples[17], 0);
    CU_ASSERT(b->busy == 3 && b->weight == 2 && b->mark == MARK_JOINING);
    b = read_one(samples[19], 1);
    CU_ASSERT(b->score == UINT32_MAX && line.choice.to == 1);
    b = read_one(samples[20], 0);
    CU_ASSERT(b->workload == -1 && b->busy == 3);
    CU_ASSERT(line.choice.candidates[1].workload == 310);
    read_one(samples[22], 0);
    CU_ASSERT(line.choice.left_out == 16 && line.choice.runner_up == line.choice.to);
    read_one(samples[24], 0);
    CU_ASSERT_EQUAL(line.choice.affinity, AFFINITY_COOKIE);
    CU_ASSERT_STRING_EQUAL(line.choice.session, "00ff");
    CU_ASSERT_STRING_EQUAL(line.choice.pinned, "b");
    CU_ASSERT_PTR_NULL(line.choice.event);
    read_one(samples[26], 0);
    CU_ASSERT(line.choice.affinity == AFFINITY_ADDRESS && line.choice.session == NULL);
    CU_ASSERT_EQUAL(routing_choice_lists(&line.choice), POLICY_IP_HASH);
    read_one(samples[15], 0);
    CU_ASSERT_STRING_EQUAL(line.choice.id, "my own");
}

static void done_and_load_are_read(void)
{
    CU_ASSERT(parse(samples[6]) && line.kind == ROUTING_DONE);
    CU_ASSERT_STRING_EQUAL(line.done.request, REQUEST);
    CU_ASSERT_STRING_EQUAL(line.done.server, "files-1");
    CU_ASSERT(line.done.status == 200 && line.done.sent == 10 && line.done.received == 412);
    CU_ASSERT(line.done.took == 812 && line.done.how == END_ANSWERED);
    CU_ASSERT(parse(samples[5]) && line.kind == ROUTING_LOAD);
    CU_ASSERT(line.load.cpu == 310 && line.load.memory == 9 && line.load.commit == 812);
    CU_ASSERT_EQUAL(line.load.workload, 310);
}

static void what_does_not_belong_is_refused(void)
{
    static const char *const others[] = {
        /* the list of another policy */
        ASKED " route=read policy=round-robin to=b why=turn busy=b:0/1",
        ASKED " route=read policy=random to=b why=drawn from=b:0",
        ASKED " route=read policy=random affinity=jwt session=ab to=b why=session from=b",
        ASKED " route=read policy=random affinity=cookie session=ab to=b why=drawn hash=b:1",
        /* figures that there cannot be */
        ASKED " route=read policy=least-connections to=b why=least-busy busy=b:-1/1",
        ASKED " route=read policy=round-robin to=b why=turn turn=b:1/-1",
        ASKED " route=read policy=round-robin to=b why=turn turn=b:-9223372036854775808/1",
        ASKED " route=read policy=least-workload to=b why=stale load=b:-1+0",
        ASKED " route=read policy=ip-hash to=b why=hash hash=b:18446744073709551615",
        /* names */
        ASKED " route= policy=random to=b why=drawn from=b",
        ASKED " route=a23456789012345678901234567890123 policy=random to=b why=drawn from=b",
        ASKED " route=\"a b\" policy=random to=b why=drawn from=b",
        ASKED " route=read policy=randomly to=b why=drawn from=b",
        ASKED " route=read policy= to=b why=drawn from=b",
        /* affinity */
        ASKED " route=read policy=random affinity=none to=b why=drawn from=b",
        ASKED " route=read policy=random affinity=cookie to=b why=drawn from=b",
        ASKED " route=read policy=random affinity=address session=ab to=b why=session hash=b:7",
        ASKED " route=read policy=random affinity=address pinned=b to=b why=session hash=b:7",
        ASKED
        " route=read policy=random affinity=jwt session=ab pinned=b to=b why=session hash=b:7",
        ASKED " route=read policy=random pinned=b to=b why=drawn from=b",
        /* a purchase has all of its fields */
        ASKED " route=read policy=random event=demo to=b why=drawn from=b",
        ASKED " route=read policy=random event=demo quantity=1 to=b why=drawn from=b",
        ASKED " route=read policy=random to=b flight=1 why=drawn from=b",
        ASKED " route=read policy=random event=demo quantity=0 to=b flight=1 why=drawn from=b",
        /* and so has what else boards a flight */
        ASKED " route=hold policy=random verb=purchase event=a quantity=1 to=b flight=1 why=drawn"
              " from=b",
        ASKED " route=hold policy=random verb=refund event=a quantity=1 to=b flight=1 why=drawn"
              " from=b",
        ASKED " route=hold policy=random verb=hold order=a quantity=1 to=b flight=1 why=drawn"
              " from=b",
        ASKED " route=hold policy=random verb=confirm event=a quantity=1 to=b flight=1 why=drawn"
              " from=b",
        ASKED " route=hold policy=random order=a quantity=1 to=b flight=1 why=drawn from=b",
        ASKED " route=hold policy=random verb=release order=a quantity=1 to=b why=drawn from=b",
        HEAD " settled server=s flight=7 boot=3 commit=1 told=6 released=2 sold=1 replayed=2"
             " refused=3 lost=4 unsent=5 held=0",
        HEAD " settled server=s flight=7 boot=3 commit=1 told=6 released=2 sold=1 replayed=2"
             " refused=3 lost=4 unsent=5 freed=1 held=1",
        HEAD " started router=r-1 version=5",
        HEAD " done request=" REQUEST " server=s status=1000 sent=0 received=0 took=0 how=answered",
        HEAD " done request=" REQUEST " server=s status=200 sent=0 received=0 took=0 how=eaten",
        HEAD " done request=" REQUEST " server=s status=200 sent=-1 received=0 took=0 how=left",
        HEAD " load server=s cpu=-1 memory=0 commit=0 workload=0",
    };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        bool refused = !parse(others[i]) && error[0] != '\0';
        if (!refused)
            printf("  %s\n", others[i]);
        CU_ASSERT(refused);
    }
}

/* The longest line there can be keeps within what is reserved for it. */
static void the_longest_choice_fits(void)
{
    struct candidate candidates[ROUTING_CANDIDATES_MAX];
    char escapes[200];
    struct buffer out = {0};
    memset(escapes, '\x01', sizeof escapes - 1);
    escapes[sizeof escapes - 1] = '\0';
    for (enum policy policy = 0; policy < POLICY_COUNT; policy++) {
        for (size_t i = 0; i < ROUTING_CANDIDATES_MAX; i++)
            candidates[i] = (struct candidate){.server = "a-server-with-a-name-of-32-bytes",
                                               .told = INT64_MAX,
                                               .pending = INT64_MAX,
                                               .busy = INT64_MAX,
                                               .weight = INT64_MAX,
                                               .credit = -INT64_MAX,
                                               .workload = INT64_MAX,
                                               .score = INT64_MAX,
                                               .mark = MARK_JOINING};
        struct routing_choice choice = {.request = escapes,
                                        .client = escapes,
                                        .id = escapes,
                                        .route = "a-route-with-a-name-of-32-letter",
                                        .policy = policy,
                                        .affinity = AFFINITY_COOKIE,
                                        .session = escapes,
                                        .pinned = "a-server-with-a-name-of-32-bytes",
                                        .event = escapes,
                                        .quantity = QUANTITY_MAX,
                                        .flight = INT64_MAX,
                                        .why = escapes,
                                        .candidates = candidates,
                                        .count = ROUTING_CANDIDATES_MAX};
        buffer_free(&out);
        routing_line_choice(&out, INT64_MAX, 0, &choice);
        CU_ASSERT(out.length <= out.capacity);
        CU_ASSERT(routing_line_parse(out.data, out.length - 1, &line, error));
    }
    buffer_free(&out);
    routing_line_free(&line);
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("routing_choice", "every kind reads and writes alike",
              every_kind_reads_and_writes_alike);
    suite_add("routing_choice", "a changed byte is refused or read",
              a_changed_byte_is_refused_or_read);
    suite_add("routing_choice", "fields keep their order", fields_keep_their_order);
    suite_add("routing_choice", "figures are read", figures_are_read);
    suite_add("routing_choice", "done and load are read", done_and_load_are_read);
    suite_add("routing_choice", "what does not belong is refused", what_does_not_belong_is_refused);
    suite_add("routing_choice", "the longest choice fits", the_longest_choice_fits);
}
