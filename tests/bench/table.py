"""The tables of a bench, as text."""
import holding
import proxying
from contest import CLUSTER, DIRECT, HAPROXY, IDLE_1, IDLE_3, NGINX, NOTHING

NOTE = """\
Every sale is durable (synchronous=FULL) and was counted in the store afterwards; both logs were on; report
and audit were clean, or there would be no table. All ran on one machine at the same time of day, the load
too: read ratios, not figures. A figure is the median of its rounds; "cluster/it", how many times as
many the cluster answers, is the median of the rounds' own ratios. Each proxy at the best setting that was
found, see "The search". Configurations: tests/bench/haproxy.cfg.in and nginx.conf.in, nothing logged there.
The cluster wins by batching sales: one request, one lock and one fsync for many. As a plain proxy, one
request upstream for each, it does not: see "Reads" and "As a proxy", where nothing is batched. There the
routing log is on too, with two lines for each request.
CPU is µs per purchase or request: of the balancer (router, HAProxy or nginx), and of all servers behind it.
"""
OPEN_NOTE = """\
Buyers come evenly spaced, answered or not, and their latency counts from when they came: build/rush --rate.
(wrk only sends when it was answered. h2load --rps counts from when a request was sent, which is later than
when it was due if the connection is busy: that hides the waiting.) Late: sent more than 1 ms after that.
100 % is what rush reaches without a rate; it takes more of the machine than wrk does.
"""

BAR = 44


def number(value, form="{:.2f}"):
    return "–" if value is None else form.format(value)


def print_table(titles, lines, out):
    print(f"{'':<{BAR}}" + "".join(f"{title:>12}" for title in titles), file=out)
    for name, cells in lines:
        print(f"{name:<{BAR}}" + "".join(f"{cell:>12}" for cell in cells), file=out)


def heading(text, out):
    print(f"\n{text}\n{'-' * len(text)}", file=out)


def spread(results, row):
    rates = [rate / 1000 for rate in results.each(row, "rate")]
    return f"{min(rates):.1f}–{max(rates):.1f}k"


def speed_cells(results, row, first):
    """`first`: the row whose ratio to this one is shown."""
    figures = {name: results.median(row, name) for name in
               ("rate", "p50", "p99", "flight", "commit", "balancer", "servers")}
    return [number(figures["rate"], "{:,.0f}"), spread(results, row), number(figures["p50"]),
            number(figures["p99"]), number(results.ratio(first, row), "{:.2f}x"),
            *(number(figures[name], "{:.1f}") for name in ("flight", "commit", "balancer", "servers"))]


SPEED = ["per second", "from–to", "p50 ms", "p99 ms", "cluster/it", "per flight", "per commit",
         "CPU bal.", "CPU serv."]


def speeds(results, section, connections, title, out, ratio=None):
    rows = results.rows(section, connections)
    if not rows:
        return
    heading(title, out)
    titles = SPEED[:4] + [ratio or SPEED[4]] + SPEED[5:]
    print_table(titles, [(f"{row.contender}{', ' if row.setting else ''}{row.setting}",
                          speed_cells(results, row, rows[0])) for row in rows], out)


def print_searches(results, out):
    heading("The search: each proxy at each setting (per second)", out)
    rows = results.rows("search")
    for level in sorted({row.connections for row in rows}):
        for name in (HAPROXY, NGINX, IDLE_3, IDLE_1):
            found = [f"{row.setting} {results.median(row, 'rate'):,.0f}"
                     for row in rows if row.connections == level and row.contender == name]
            if found:
                print(f"{level:>5} connections, {name}: {'; '.join(found)}", file=out)
    print("What is not listed (a limit that so few connections do not reach) is the same as none.", file=out)


def print_calls(results, out):
    rows = results.rows("calls")
    heading("System calls per purchase (perf stat, a run of its own)", out)
    if not rows:
        print("not counted: perf is missing or may not (it needs root)", file=out)
    print_table(["balancer", "servers"],
                [(row.contender, [number(results.median(row, "balancer_calls")),
                                  number(results.median(row, "servers_calls"))]) for row in rows], out)


def print_open(results, out):
    rows = results.rows("capacity") + results.rows("open")
    heading("Open loop: latency at a share of the cluster's capacity", out)
    print(OPEN_NOTE, file=out)
    lines = [(f"{row.setting or 'closed'}: {row.contender}",
              [number(results.median(row, "rate"), "{:,.0f}"), number(results.median(row, "p50")),
               number(results.median(row, "p99")), number(late(results, row), "{:.1f} %")]) for row in rows]
    print_table(["sales/s", "p50 ms", "p99 ms", "late"], lines, out)


def print_proxying(bench, out):
    results, plan = bench.results, bench.plan
    for level in plan.proxying_at:
        speeds(results, "small", level, f"As a proxy: 1 KiB from one nginx, {level} connections", out)
    rows = results.rows("long")
    if rows:
        heading(f"As a proxy: {plan.long_bytes >> 20:,} MiB from one nginx, {plan.downloads} at once; CPU: µs per MiB",
                out)
        print_table(["MiB/s", "from–to", SPEED[4], *SPEED[-2:]],
                    [(row.contender, download_cells(results, row, rows[0])) for row in rows], out)


def download_cells(results, row, first):
    rates = results.each(row, "rate")
    return [number(results.median(row, "rate"), "{:,.0f}"), f"{min(rates):,.0f}–{max(rates):,.0f}",
            number(results.ratio(first, row), "{:.2f}x"),
            *(number(results.median(row, name), "{:.0f}") for name in ("balancer", "servers"))]


def print_choice(bench, out):
    heading("What one choice of a server takes", out)
    print(bench.choice.rstrip(), file=out)


def late(results, row):
    share = results.median(row, "late")
    return None if share is None else share * 100


def floors(results, plan):
    """What is asked for: sentence, floor, measured, whether more is better."""
    def row(level, name, section="contest"):
        return results.row(section, level, name)

    def against(level, *names):
        """The best of those named."""
        ratios = [results.ratio(row(level, CLUSTER), row(level, name)) for name in names]
        return min((ratio for ratio in ratios if ratio is not None), default=None)

    def proxied(section, level):
        ratios = [results.ratio(row(level, CLUSTER, section), row(level, name, section))
                  for name in (proxying.HAPROXY, proxying.SPLICED)]
        return min((ratio for ratio in ratios if ratio is not None), default=None)

    stores = results.rows("store")
    filled = next((r for r in stores if r.contender.startswith("1,000,000 ")), None)
    return [
        ("sales/s at 64, against HAProxy, same servers", 1.25, against(64, HAPROXY), True),
        ("sales/s at 256, against HAProxy, same servers", 1.7, against(256, HAPROXY), True),
        ("sales/s at 1024, against HAProxy, same servers", 2.5, against(1024, HAPROXY), True),
        ("sales/s at 256, against HAProxy, do-nothing", 1.0, against(256, IDLE_3, IDLE_1), True),
        ("p50 of one client, against a server directly", 1.5,
         results.ratio(row(1, CLUSTER, "lone"), row(1, DIRECT, "lone"), "p50"), False),
        *((f"1 KiB from nginx at {level}, against HAProxy", 0.6, proxied("small", level), True)
          for level in plan.proxying_at),
        (f"{plan.long_bytes >> 20:,} MiB from nginx, against HAProxy", 0.6, proxied("long", plan.downloads), True),
        ("sales/s with 10^6 sales before, against none", 0.8,
         results.ratio(filled, stores[0]) if filled else None, True),
        (f"hold and confirm at {plan.axes_at}, against a purchase", 0.4,
         results.ratio(row(plan.axes_at, holding.PAIR, holding.SECTION),
                       row(plan.axes_at, holding.PURCHASE, holding.SECTION)), True),
    ]


def print_floors(results, plan, out):
    heading("What is asked for", out)
    lines = []
    for sentence, floor, measured, more in floors(results, plan):
        met = measured is not None and (measured >= floor if more else measured <= floor)
        verdict = "–" if measured is None else "met" if met else "MISSED"
        lines.append((sentence, [f"{'≥' if more else '≤'} {floor:.2f}x", number(measured, "{:.2f}x"), verdict]))
    print_table(["floor", "measured", ""], lines, out)


def print_all(bench, about, out):
    results, plan = bench.results, bench.plan
    print(about, file=out)
    print(NOTE, file=out)
    for level in plan.levels:
        speeds(results, "contest", level, f"{level} connection{'s' if level > 1 else ''}", out)
    speeds(results, "lone", 1, f"One client alone, in short turns: {plan.lone_rounds} of {plan.lone_seconds} s", out)
    for level in plan.reads_at:
        speeds(results, "reads", level,
               f"Reads: as a plain proxy, GET /events/demo, {level} connections, the same servers", out)
    print_proxying(bench, out)
    print_choice(bench, out)
    print_calls(results, out)
    print_searches(results, out)
    at = f", {plan.axes_at} connections"
    speeds(results, "keys", plan.axes_at, "Keys" + at, out, "first/it")
    speeds(results, "servers", plan.axes_at, "Ticket servers" + at, out, "first/it")
    speeds(results, "workers", plan.axes_at, "Workers of the router" + at, out, "first/it")
    speeds(results, "store", plan.axes_at, "Sales already in the store" + at, out, "first/it")
    speeds(results, holding.SECTION, plan.axes_at, "Holds, and their confirms" + at, out, "first/it")
    print_open(results, out)
    print_floors(results, plan, out)
    heading("Proved", out)
    print("\n".join(bench.proofs), file=out)


CONTENDERS = [CLUSTER, HAPROXY, NGINX, IDLE_3, IDLE_1, NOTHING]
