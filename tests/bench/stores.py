"""The same cluster on its two stores, beside PostgreSQL as it is used without batches; what a store decides by
itself; and what is in it already."""
from axes import buy_under_keys
from cluster import CAPACITY, Cluster
from contest import in_turns
from load import Contender, Run, buy
from postgres import NAIVE_CLIENTS, Postgres, naive_load
from processes import say

COMPARED, BATCHES, FILLED = "stores", "batches", "filled stores"
ON_POSTGRES, ON_SQLITE = "this cluster on PostgreSQL", "this cluster on SQLite"
NAIVE = f"pgbench, a transaction each, {NAIVE_CLIENTS} clients"
POSTGRES, SQLITE = "PostgreSQL", "SQLite"
RANDOM = ", random keys"


def filled_name(store, sales):
    return f"{store}, {sales:,} sales before"


def naive(postgres):
    """The naive purchase, as something that takes part in rounds."""
    postgres.script("naive.sql")
    contender = Contender(NAIVE, "", dict)
    contender.load = lambda seconds: naive_load(postgres, seconds)
    return contender


def load_of(contender, stage, connections, seconds):
    own = getattr(contender, "load", None)
    return own(seconds) if own else buy(contender, stage, connections, seconds)


def compare(bench):
    """All on these processors: the load, the balancer, its servers, the database."""
    plan, postgres = bench.plan, Postgres(bench.stage)
    clusters = {ON_POSTGRES: Cluster(bench.stage, "on-postgres", bench.build, store=postgres.url("compared")),
                ON_SQLITE: Cluster(bench.stage, "on-sqlite", bench.build)}
    contenders = [cluster.contender(name) for name, cluster in clusters.items()] + [naive(postgres)]
    in_turns(bench, COMPARED, contenders, plan.axes_at, plan.store_seconds, plan.store_rounds, load_of)
    for name, cluster in clusters.items():
        bench.prove(name, cluster)
    postgres.end()


# --- without a cluster ----------------------------------------------------------------------------

def batches(bench, url, name, batch, sellers):
    def load(seconds):
        printed = bench.stage.run(f"{bench.build}/batches", "--store", url, "--batch", str(batch),
                                  "--sellers", str(sellers), "--seconds", str(seconds))
        rate, commits, p50, p99 = map(float, printed.split("result ")[1].split())
        return Run(rate, p50, p99, int(rate * seconds), commit=rate / commits)
    contender = Contender(name, "", dict)
    contender.load = load
    return contender


def sell_batches(bench):
    """One hot event: what one seller decides, and three that take turns at its lock."""
    plan, postgres = bench.plan, Postgres(bench.stage)
    url = postgres.url("batches")
    bench.stage.run(f"{bench.build}/ticket_server", "--init", "--demo", str(CAPACITY), "--store", url)
    contenders = [batches(bench, url, f"batches of {batch}, {sellers} seller{'s' if sellers > 1 else ''}",
                          batch, sellers) for batch in plan.batches for sellers in plan.sellers]
    in_turns(bench, BATCHES, [naive(postgres), *contenders], 0, plan.store_seconds, plan.store_rounds, load_of)
    postgres.end()


# --- stores that are not empty --------------------------------------------------------------------

def fill(bench, postgres, schema, sales):
    url = postgres.url(schema)
    bench.stage.run(f"{bench.build}/ticket_server", "--init", "--demo", str(CAPACITY), "--store", url)
    if sales:
        say(f"filling a store on PostgreSQL with {sales:,} sales")
        postgres.script("fill.sql", schema=schema, sales=sales)
    return url


def fill_stores(bench):
    """Sales that were there before, with time-ordered ids as real ones have; and what is sold to these: under the
    balancer's keys, which are time-ordered, too, and under random ones of the buyers' own."""
    plan, postgres = bench.plan, Postgres(bench.stage)
    clusters = {}
    for sales in (0, plan.full):
        clusters[filled_name(POSTGRES, sales)] = Cluster(
            bench.stage, f"postgres-{sales}", bench.build, store=fill(bench, postgres, f"filled_{sales}", sales))
        if sales:
            say(f"filling a store on SQLite with {sales:,} sales")
        clusters[filled_name(SQLITE, sales)] = Cluster(bench.stage, f"sqlite-{sales}", bench.build, filled=sales)
    contenders = []
    for name, cluster in clusters.items():
        contenders += [cluster.contender(name), cluster.contender(name + RANDOM)]

    def load(contender, *how):
        return (buy_under_keys if contender.name.endswith(RANDOM) else buy)(contender, *how)
    in_turns(bench, FILLED, contenders, plan.axes_at, plan.store_seconds, plan.store_rounds, load)
    for name, cluster in clusters.items():
        bench.prove(name, cluster)
    postgres.end()
