"""The contest: the cluster and what it is held against, in rounds that take turns."""
import baselines
from cluster import Cluster
from load import Contender, buy, calls_countable, count_calls, measure, wrk
from processes import say
from results import Row

CLUSTER = "this cluster"
HAPROXY = "HAProxy, the same servers"
NGINX = "nginx, the same servers"
IDLE_3 = "HAProxy, 3 do-nothing servers"
IDLE_1 = "HAProxy, 1 do-nothing server"
NOTHING = "1 do-nothing server, directly"
DIRECT = "1 ticket server, directly"


def in_turns(bench, section, contenders, connections, seconds, rounds, load=buy):
    """Each round begins with another contender, so that none always follows the same one."""
    for number in range(rounds):
        first = number % len(contenders)
        for contender in contenders[first:] + contenders[:first]:
            run = load(contender, bench.stage, connections, seconds)
            row = Row(section, connections, contender.name, contender.setting)
            bench.results.add(row, run)
            latency = "" if run.p99 is None else f"p99 {run.p99:7.2f} ms  "
            say(f"{section}, {connections} connections, round {number + 1}: {run.rate:9,.0f}/s  "
                f"{latency}{contender.name} {contender.setting}")


def settings(plan, make, targets, connections):
    """What is searched for the best. A limit that so few connections do not reach is none."""
    if make is baselines.nginx:
        return [limit for limit in plan.keepalive if limit < 2 * connections] or plan.keepalive[:1]
    return [limit for limit in plan.maxconn if limit * len(targets) < connections]


def setting_name(make, limit):
    if make is baselines.nginx:
        return f"keepalive {limit}"
    return f"maxconn {limit}" if limit else "no maxconn"


def proxy(bench, name, make, targets, cluster, limit):
    server = make(bench.stage, targets, limit)

    def processes():
        return {**server.processes(), **({"servers": cluster.processes()["servers"]} if cluster else {})}
    return Contender(name, server.url, processes, cluster, setting=setting_name(make, limit),
                     close=server.close)


def best_proxy(bench, name, make, targets, cluster, connections):
    """The proxy at its best setting for so many connections; all that were tried are in the results."""
    tried = [proxy(bench, name, make, targets, cluster, limit)
             for limit in settings(bench.plan, make, targets, connections)]
    if len(tried) == 1:
        return tried[0]
    in_turns(bench, "search", tried, connections, bench.plan.search_seconds, bench.plan.search_rounds)
    best = max(tried, key=lambda one: bench.results.median(
        Row("search", connections, name, one.setting), "rate"))
    for one in tried:
        if one is not best:
            one.close()
    return best


def directly(name, cluster):
    return Contender(name, "http://" + cluster.addresses()[0],
                     lambda: {"servers": cluster.processes()["servers"]}, cluster)


def proxies(bench, cluster, idle, connections):
    addresses = cluster.addresses()
    return [best_proxy(bench, HAPROXY, baselines.haproxy, addresses, cluster, connections),
            best_proxy(bench, NGINX, baselines.nginx, addresses, cluster, connections),
            best_proxy(bench, IDLE_3, baselines.haproxy, idle, None, connections),
            best_proxy(bench, IDLE_1, baselines.haproxy, idle[:1], None, connections)]


def read(contender, stage, connections, seconds):
    """One run of reads: nothing is sold."""
    reader = Contender(contender.name, contender.url, contender.processes)
    return measure(reader, lambda: wrk(stage, contender.url, connections, seconds, "read"), 0)


def hold_contest(bench):
    """At each number of connections, a new store; the reads and system calls beside."""
    plan = bench.plan
    idle = [baselines.nothing(bench.stage, bench.build) for _ in range(3)]
    addresses = [server.address() for server in idle]
    for connections in plan.levels:
        cluster = Cluster(bench.stage, f"contest-{connections}", bench.build)
        against = proxies(bench, cluster, addresses, connections)
        bench.best[connections] = against[0].setting
        contenders = [cluster.contender(CLUSTER), *against,
                      Contender(NOTHING, idle[0].url, idle[0].processes)]
        in_turns(bench, "contest", contenders, connections, plan.seconds, plan.rounds)
        if connections in plan.reads_at:
            in_turns(bench, "reads", contenders[:3], connections, plan.axis_seconds, plan.axis_rounds, read)
        if connections == 1:
            in_turns(bench, "lone", [contenders[0], directly(DIRECT, cluster), against[0]], connections,
                     plan.lone_seconds, plan.lone_rounds)
        if connections == plan.axes_at and calls_countable():
            in_turns(bench, "calls", contenders[:3], connections, plan.axis_seconds, 1, count_calls)
        for contender in against:
            contender.close()
        bench.prove(f"contest at {connections}", cluster)
