"""As a general proxy: a short answer, a long download and reads, through this balancer, HAProxy and nginx; and
what one choice of a server takes."""
import json

import baselines
from cluster import Cluster
from contest import CLUSTER, in_turns
from load import Contender, Run, measure, wrk
from processes import say

HAPROXY, SPLICED = "HAProxy", "HAProxy that splices"
NGINX, DIRECT = "nginx as a proxy", "nginx, directly"
SMALL, LONG = "/small", "/long"
KEPT = 256  # idle connections to the servers that nginx keeps; HAProxy's number has no bound here
CONFIG = {"routes": [{"name": "read", "match": {"prefix": "/events"}, "pool": "tickets"},
                     {"name": "files", "pool": "files", "policy": "round-robin"}]}


def configuration(stage, origin):
    """A pool of one server, which gets all but reads."""
    path = stage.path("files.json")
    servers = [{"id": "files-1", "address": origin.address()}]
    with open(path, "w") as out:
        json.dump({"pools": {"files": {"servers": servers}}, **CONFIG}, out)
    return path


def behind(bench, name, make, origin, *how):
    server = make(bench.stage, [origin.address()], *how)
    return Contender(name, server.url, lambda: {**server.processes(), **origin.processes()},
                     close=server.close)


def fetch_small(contender, stage, connections, seconds):
    return measure(contender, lambda: wrk(stage, contender.url + SMALL, connections, seconds, "get"), 0)


def fetch_long(contender, stage, connections, _):
    """One download by each of so many curls. Its rate is MiB a second; what it costs, µs of each MiB."""
    def load():
        curl = ["curl", "-sS", "--fail", "-w", "%{time_total} %{size_download}\n"]
        urls = [word for _ in range(connections) for word in ("-o", "/dev/null", contender.url + LONG)]
        many = ["--parallel", "--parallel-immediate"] if connections > 1 else []
        lines = [line.split() for line in stage.run(*curl, *many, *urls).splitlines()]
        mebibytes = sum(int(size) for _, size in lines) >> 20
        return Run(mebibytes / max(float(took) for took, _ in lines), None, None, mebibytes)
    return measure(contender, load, 0)


def proxy_files(bench):
    """A static file of 1 KiB, and a long one, of one nginx. The long one also through a HAProxy that splices,
    which it does not by itself."""
    plan, stage = bench.plan, bench.stage
    origin = baselines.files(stage, {SMALL: 1024, LONG: plan.long_bytes})
    cluster = Cluster(stage, "proxying", bench.build, 1, config=configuration(stage, origin))
    ours = Contender(CLUSTER, cluster.url, lambda: {"balancer": cluster.processes()["balancer"],
                                                    **origin.processes()})
    against = [behind(bench, HAPROXY, baselines.haproxy, origin, 0),
               behind(bench, NGINX, baselines.nginx, origin, KEPT)]
    contenders = [ours, *against, Contender(DIRECT, origin.url, origin.processes)]
    spliced = behind(bench, SPLICED, baselines.haproxy, origin, 0, True)
    for connections in plan.proxying_at:
        in_turns(bench, "small", contenders, connections, plan.proxying_seconds, plan.proxying_rounds, fetch_small)
    say("reading the long file once, so that it lies in memory")
    fetch_long(contenders[-1], stage, 1, 0)
    in_turns(bench, "long", contenders + [spliced], plan.downloads, 0, plan.long_rounds, fetch_long)
    for contender in against + [spliced]:
        contender.close()
    origin.close()
    bench.prove("proxying", cluster)


def choose(bench):
    """What one choice takes, by policy and number of servers."""
    say("measuring what a choice takes")
    bench.choice = bench.stage.run(bench.build + "/choice")
