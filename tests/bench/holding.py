"""Holds, and their confirms, beside purchases. A load cannot read what it is answered (it would cost more than
the cluster), so it holds for a while, and then confirms for half as long; what one of each takes is the pair's."""
import sqlite3

from cluster import Cluster
from load import Run, buy, measure, wrk
from processes import fail, say
from results import Row

PURCHASE, HOLD, CONFIRM, PAIR = "purchase", "hold", "confirm", "hold + confirm"
SECTION = "holds"


def held(cluster):
    """The ids of all holds, the oldest first."""
    database = sqlite3.connect(f"file:{cluster.store.removeprefix('sqlite:')}?mode=ro", uri=True)
    ids = [row[0].hex() for row in database.execute("SELECT id FROM decisions WHERE state = 1 ORDER BY decision")]
    database.close()
    return [f"{i[:8]}-{i[8:12]}-{i[12:16]}-{i[16:20]}-{i[20:]}" for i in ids]


def hold(contender, stage, connections, seconds):
    run = measure(contender, lambda: wrk(stage, contender.url, connections, 2 * seconds, "hold"), 0)
    contender.cluster.acknowledged -= run.answered  # nothing is sold yet
    return run


def confirm(contender, stage, connections, seconds):
    cluster = contender.cluster
    ids = held(cluster)
    path = stage.path("held")
    with open(path, "w") as out:
        out.write("\n".join(ids))
    run = measure(contender, lambda: wrk(stage, contender.url, connections, seconds, "confirm", words=[path]),
                  connections)
    if run.answered + connections > len(ids):
        fail(f"{run.answered} confirms of {len(ids)} holds: not enough to go on for {seconds} s")
    return run


def pair_of(first, second):
    """Each hold is confirmed once: a pair takes as long as one of either."""
    run = Run(1 / (1 / first.rate + 1 / second.rate), None, None, min(first.answered, second.answered))
    run.cpu = {kind: first.cpu[kind] + second.cpu[kind] for kind in first.cpu}
    return run


def hold_and_confirm(bench):
    plan = bench.plan
    buying, holding = (Cluster(bench.stage, name, bench.build) for name in ("purchases", "holds"))
    how = (bench.stage, plan.axes_at, plan.axis_seconds)
    for number in range(plan.axis_rounds):
        purchase = buy(buying.contender(PURCHASE), *how)
        first = hold(holding.contender(HOLD), *how)
        second = confirm(holding.contender(CONFIRM), *how)
        runs = {PURCHASE: purchase, HOLD: first, CONFIRM: second, PAIR: pair_of(first, second)}
        for name, run in runs.items():
            bench.results.add(Row(SECTION, plan.axes_at, name), run)
        say(f"{SECTION} round {number + 1}: " + ", ".join(f"{name} {run.rate:,.0f}" for name, run in runs.items()))
    for name, cluster in ("purchases", buying), ("holds", holding):
        bench.prove(f"{SECTION}: {name}", cluster)
