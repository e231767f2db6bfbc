"""Load on one contender, and what it cost: a closed loop by wrk, an open one by rush."""
import os
import re
import statistics
from contextlib import contextmanager
from dataclasses import dataclass, field

from processes import cpu_seconds, fail, succeeds

HERE = os.path.dirname(os.path.abspath(__file__))


@dataclass
class Run:
    """What one run showed."""
    rate: float  # answers a second
    p50: float  # ms
    p99: float
    answered: int
    cpu: dict = field(default_factory=dict)  # kind of process: µs per answer
    calls: dict = field(default_factory=dict)  # kind of process: system calls per answer
    flight: float = None  # purchases per flight
    commit: float = None  # purchases per commit
    late: float = None  # of an open loop: share of the buyers who were sent more than 1 ms late


@dataclass
class Contender:
    """One of those compared."""
    name: str
    url: str
    processes: object  # a function: kind of process → pids, whose time is counted
    cluster: object = None  # the one whose store the sales go to
    routed: bool = False  # through its router, that is
    setting: str = ""  # of several, which one
    close: object = None  # a function that ends it, where it may end before the bench


def wrk(stage, url, connections, seconds, what="buy", under=(), words=()):
    """A closed loop: each connection sends its next request when it has its answer. `under`: a command
    that runs the load. `words`: what more requests.lua is to know."""
    printed = stage.run(*under, "wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s",
                        "-s", HERE + "/requests.lua", url, "--", what, *words)
    numbers = printed.split("result ")[1].split()
    duration, p50, p99 = float(numbers[0]), float(numbers[4]), float(numbers[5])
    answers, refused, broken = map(int, numbers[1:4])
    if refused or broken or not answers:
        fail(f"{url}: {answers} answers, {refused} of them 4xx or 5xx, {broken} broken connections")
    return Run(answers / duration, p50, p99, answers)


def rush(stage, build, url, connections, rate, seconds):
    """An open loop: buyers come evenly spaced, answered or not, and wait from when they came. A rate of 0
    closes it: 10,000 buyers a second's worth come as fast as they are answered."""
    printed = stage.run(f"{build}/rush", "--url", url, "--buyers", str((rate or 10000) * seconds),
                        "--concurrency", str(connections), "--rate", str(rate))
    figure = {name: float(re.search(words, printed)[1]) for name, words in {
        "p50": r"p50 ([\d.]+) ms", "p99": r"p99 ([\d.]+) ms", "rate": r"speed +([\d.]+) sales/s",
        "sold": r"\n  sold +(\d+)", "errors": r"\n  errors +(\d+)"}.items()}
    if figure["errors"]:
        fail(f"{url}: some buyers of the rush got no decision\n{printed}")
    late = re.search(r"come; (\d+) of them", printed)
    return Run(figure["rate"], figure["p50"], figure["p99"], int(figure["sold"]),
               late=int(late[1]) / (rate * seconds) if late else None)


@contextmanager
def processor_time(processes, run_cpu):
    before = {kind: cpu_seconds(pids) for kind, pids in processes.items()}
    yield
    for kind, pids in processes.items():
        run_cpu[kind] = cpu_seconds(pids) - before[kind]


def measure(contender, load, unheard):
    """Runs `load`, which may leave so many answers unheard, and adds what it cost: processor time, and
    where it sells, flights and commits."""
    cluster, seconds = contender.cluster, {}
    since = cluster and (cluster.log_length(), cluster.commits())
    with processor_time(contender.processes(), seconds):
        run = load()
    run.cpu = {kind: taken * 1e6 / run.answered for kind, taken in seconds.items()}
    if cluster:
        cluster.count(run.answered, unheard)
        cluster.settle()
        run.commit = run.answered / max(1, cluster.commits() - since[1])
        if contender.routed:
            run.flight = run.answered / max(1, cluster.flights(since[0]))
    return run


def buy(contender, stage, connections, seconds, what="buy"):
    """One closed-loop run of purchases."""
    return measure(contender, lambda: wrk(stage, contender.url, connections, seconds, what), connections)


def calls_countable():
    """Whether perf is there and may count: it needs root, or a lower perf_event_paranoid."""
    return succeeds("perf", "stat", "-e", "raw_syscalls:sys_enter", "true")


def count_calls(contender, stage, connections, seconds):
    """One more run, under perf, which counts the system calls per purchase."""
    processes, under = contender.processes(), []
    for kind, pids in processes.items():
        under += ["perf", "stat", "-x,", "-o", stage.path("calls-" + kind), "-e",
                  "raw_syscalls:sys_enter", "-p", ",".join(map(str, pids))]
    run = measure(contender, lambda: wrk(stage, contender.url, connections, seconds, under=under), connections)
    for kind in processes:
        with open(stage.path("calls-" + kind)) as counted:
            calls = re.search(r"^(\d+),,raw_syscalls", counted.read(), re.MULTILINE)[1]
        run.calls[kind] = int(calls) / run.answered
    return run


def median(values):
    present = [value for value in values if value is not None]
    return statistics.median(present) if present else None
