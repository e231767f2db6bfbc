"""One thing varied at a time: keys, servers, workers, what the store holds, and how fast buyers come."""
import baselines
from cluster import Cluster
from contest import CLUSTER, HAPROXY, in_turns, proxy
from load import buy, measure, rush
from processes import say


def best_haproxy(bench, cluster):
    """As the contest found it, in front of this cluster's servers."""
    found = bench.best[bench.plan.axes_at]
    limit = int(found.split()[1]) if found != "no maxconn" else 0
    return proxy(bench, HAPROXY, baselines.haproxy, cluster.addresses(), cluster, limit)


def vary(bench, section, variants, load=buy):
    """`variants`: what each is called → its cluster. All run, one sells."""
    contenders = [cluster.contender(name) for name, cluster in variants.items()]
    plan = bench.plan
    in_turns(bench, section, contenders, plan.axes_at, plan.axis_seconds, plan.axis_rounds, load)
    for name, cluster in variants.items():
        bench.prove(f"{section}: {name}", cluster)


def buy_under_keys(contender, stage, connections, seconds):
    return buy(contender, stage, connections, seconds, "keys")


def vary_keys(bench):
    """Random keys of the clients' own, beside those the balancer makes. Each kind has a store of its own."""
    plan = bench.plan
    made, own = (Cluster(bench.stage, name, bench.build) for name in ("keys-made", "keys-own"))
    sellers = {"keys made by the balancer": (made, buy), "random client keys": (own, buy_under_keys)}
    haproxies = {name: best_haproxy(bench, cluster) for name, (cluster, _) in sellers.items()}
    load_of = {}
    contenders = []
    for name, (cluster, load) in sellers.items():
        haproxies[name].name = f"{name}, HAProxy"
        for contender in (cluster.contender(name), haproxies[name]):
            load_of[contender.name] = load
            contenders.append(contender)
    in_turns(bench, "keys", contenders, plan.axes_at, plan.axis_seconds, plan.axis_rounds,
             lambda contender, *how: load_of[contender.name](contender, *how))
    for name, (cluster, _) in sellers.items():
        haproxies[name].close()
        bench.prove(f"keys: {name}", cluster)


def vary_servers(bench):
    vary(bench, "servers", {
        f"{count} server{'s' if count > 1 else ''}":
            Cluster(bench.stage, f"servers-{count}", bench.build, count)
        for count in bench.plan.servers})


def vary_workers(bench):
    vary(bench, "workers", {
        f"{count} worker{'s' if count > 1 else ''}":
            Cluster(bench.stage, f"workers-{count}", bench.build, workers=count)
        for count in bench.plan.workers})


def vary_store(bench):
    """Sales that were there before, with time-ordered ids as real ones have."""
    variants = {}
    for sales in bench.plan.filled:
        say(f"filling a store with {sales:,} sales")
        variants[f"{sales:,} sales before"] = Cluster(bench.stage, f"filled-{sales}", bench.build, filled=sales)
    vary(bench, "store", variants)


def open_loop(bench):
    """Buyers come at a share of the capacity that the same load reaches when it is closed. HAProxy at the
    same rates: beyond its own capacity its buyers wait in vain."""
    plan = bench.plan
    cluster = Cluster(bench.stage, "open", bench.build)
    haproxy = best_haproxy(bench, cluster)
    haproxy.setting = ""

    def at(rate):
        return lambda contender, stage, connections, seconds: measure(
            contender, lambda: rush(stage, bench.build, contender.url, connections, rate, seconds), 0)
    sellers = [cluster.contender(CLUSTER), haproxy]
    in_turns(bench, "capacity", sellers, plan.axes_at, plan.open_seconds, plan.open_rounds, at(0))
    capacity = bench.results.median(bench.results.row("capacity", plan.axes_at, CLUSTER), "rate")
    for share in plan.shares:
        for contender in sellers:
            contender.setting = f"{share} %"
        in_turns(bench, "open", sellers, plan.axes_at, plan.open_seconds, plan.open_rounds,
                 at(max(1, int(capacity * share / 100))))
    haproxy.close()
    bench.prove("open loop", cluster)
