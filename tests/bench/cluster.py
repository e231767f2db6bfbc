"""A cluster on a store of its own, both logs on; what it has sold, and the proof at its end."""
import json
import os
import re
import shutil
import time
import urllib.request

from load import Contender
from processes import fail, wait_for

CAPACITY = 1000000000
LOG_BYTES = 1 << 36  # never rotated: the proof reads it whole


class Cluster:
    """`name` is its folder in the stage, where store and logs are. `filled`: sales that the store already
    holds when it starts. `config`: the balancer's file of pools and routes. `store`: the store's URL, where it is
    not in that folder."""

    def __init__(self, stage, name, build, servers=3, workers=None, filled=0, config=None, store=None):
        self.stage, self.build, self.folder = stage, build, stage.path(name)
        os.makedirs(self.folder + "/logs", exist_ok=True)
        self.store = store or f"sqlite:{self.folder}/tickets.db"
        stage.run(f"{build}/ticket_server", "--init", "--demo", str(CAPACITY), "--store", self.store)
        if filled:
            stage.run(f"{build}/fill", "--store", self.store, "--sales", str(filled))
        self.start(servers, workers, config)
        self.acknowledged, self.unheard = 0, 0
        self.before, self.told_before = self.sold(), self.told()[0]

    def start(self, servers, workers, config):
        options = ["--workers", str(workers)] if workers else []
        options += ["--config", config] if config else []
        with open(self.folder + "/out", "w") as out, open(self.folder + "/err", "w") as err:
            self.process = self.stage.start(
                f"{self.build}/balancer", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0",
                "--store", self.store, "--log-dir", self.folder + "/logs",
                "--token-file", self.folder + "/token", "--servers", str(servers),
                "--log-size", str(LOG_BYTES), *options, output=out, errors=err)
        self.url = wait_for("the cluster's address", lambda: self.printed("public"))
        self.admin = wait_for("its admin address", lambda: self.printed("admin"))
        self.servers = wait_for("its ticket servers", self.all_up)

    def printed(self, word):
        with open(self.folder + "/out") as out:
            found = re.search(word + r" (http://\S+)\n", out.read())
        return found and found[1]

    def ask(self, url, headers=None):
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers or {})) as answer:
            return json.load(answer)

    def status(self):
        """What GET /servers says."""
        with open(self.folder + "/token") as token:
            bearer = "Bearer " + token.read().strip()
        return self.ask(self.admin + "/servers", {"Authorization": bearer})

    def all_up(self):
        """The ticket servers, once all are up, those of other pools too. (Only ours have a process id.)"""
        servers = self.status()["servers"]
        if not all(server["state"] == "up" for server in servers):
            return None
        return [server for server in servers if server["pid"]]

    def contender(self, name="this cluster"):
        return Contender(name, self.url, self.processes, self, routed=True)

    def addresses(self):
        return [server["address"] for server in self.servers]

    def processes(self):
        """Process ids by kind."""
        return {"balancer": [self.status()["pid"]], "servers": [server["pid"] for server in self.servers]}

    def sold(self):
        """Tickets in the store: the reads are strongly consistent."""
        return sum(tier["sold"] for tier in self.ask(self.url + "/events/demo")["tiers"])

    def told(self):
        """What the servers have told the router: tickets sold, pending, commits."""
        servers = self.status()["servers"]  # those of other pools sell nothing
        return [sum(server[figure] for server in servers) for figure in ("told", "pending", "commit")]

    def quiet(self):
        """Nothing was sold for a moment, nothing is pending, and the router knows all that was sold."""
        before = self.sold()
        time.sleep(0.1)
        told, pending, _ = self.told()
        return self.sold() == before and pending == 0 and told - self.told_before == before - self.before

    def settle(self):
        """Waits until what a load left behind is decided: also what a proxy still holds."""
        wait_for("the last sales", self.quiet, 30)

    def commits(self):
        return self.told()[2]

    def log_length(self):
        return os.path.getsize(self.folder + "/logs/routing.log")

    def flights(self, since):
        """How many the routing log settles beyond its byte `since`."""
        with open(self.folder + "/logs/routing.log", "rb") as log:
            log.seek(since)
            return sum(b" settled " in line for line in log)

    def count(self, answered, unheard):
        """Notes what a load was answered: so many purchases 201, and at most so many it did not wait for."""
        self.acknowledged += answered
        self.unheard += unheard

    def prove(self):
        """Every sale answered is in the store, and no more beyond those than the loads left unheard;
        then the report and the audit. Ends the cluster, and gives a sentence on what was proved."""
        stored = self.sold() - self.before
        unheard = stored - self.acknowledged
        if not 0 <= unheard <= self.unheard:
            fail(f"{self.acknowledged} purchases were answered 201, but {stored} are in the store")
        if self.stage.stop(self.process) != 0:
            fail("the cluster did not end well")
        self.stage.run(f"{self.build}/report", "--log-dir", self.folder + "/logs", "--store", self.store)
        self.stage.run(f"{self.build}/audit", "--store", self.store)
        shutil.rmtree(self.folder)
        return (f"{self.acknowledged:,} sales answered, {stored:,} in the store ({unheard} of at most "
                f"{self.unheard} answers in flight when a load ended); report and audit clean")
