"""Load, and what it cost: one run of wrk against one contender."""
import os
import statistics
from dataclasses import dataclass, field

from processes import cpu_seconds, fail

HERE = os.path.dirname(os.path.abspath(__file__))


@dataclass
class Run:
    """What one run showed."""
    rate: float  # answers 201 a second
    p50: float  # ms
    p99: float
    answered: int
    cpu: dict = field(default_factory=dict)  # kind of process: µs per purchase
    flight: float = None  # purchases per flight
    commit: float = None


def wrk(stage, url, connections, seconds, keys=None):
    """A closed loop of purchases: each connection sends its next one when it has its answer."""
    printed = stage.run("wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s",
                        "-s", HERE + "/buy.lua", url + "/purchases", "--", *([keys] if keys else []))
    numbers = printed.split("result ")[1].split()
    duration, p50, p99 = float(numbers[0]), float(numbers[4]), float(numbers[5])
    answers, refused, broken = map(int, numbers[1:4])
    if refused or broken or not answers:
        fail(f"{url}: {answers} answers, {refused} of them 4xx or 5xx, {broken} broken connections")
    return Run(answers / duration, p50, p99, answers)


def measured(load, processes):
    """Runs `load`, and adds what each kind of process took per purchase."""
    before = {kind: cpu_seconds(pids) for kind, pids in processes.items()}
    run = load()
    for kind, pids in processes.items():
        run.cpu[kind] = (cpu_seconds(pids) - before[kind]) * 1e6 / run.answered
    return run


def buy_from(cluster, connections, seconds, keys=None):
    """A run against a cluster, with what its log says of flights and commits."""
    since = cluster.log_length()
    run = measured(lambda: wrk(cluster.stage, cluster.url, connections, seconds, keys), cluster.processes())
    cluster.settle()
    cluster.count(run.answered, connections)
    flights, commits = cluster.batches(since)
    run.flight, run.commit = run.answered / flights, run.answered / commits
    return run


def median(values):
    present = [value for value in values if value is not None]
    return statistics.median(present) if present else None
