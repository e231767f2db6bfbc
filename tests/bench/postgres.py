"""A PostgreSQL server of the bench's own, with the settings that it comes with: each commit is durable. And what
its own load generator makes of it, one transaction for each purchase."""
import glob
import os
import pwd
import re
import subprocess

import baselines
from load import HERE, Run
from processes import TICKS, children, fail, wait_for

PROGRAMS = sorted(glob.glob("/usr/lib/postgresql/*/bin"))
NAIVE_CLIENTS = 64


def tool(name):
    if not PROGRAMS:
        fail("PostgreSQL is missing: .ci/packages bench installs it")
    return os.path.join(PROGRAMS[-1], name)


def unprivileged():
    """Whose processes they are: the server refuses to run as root."""
    if os.getuid() != 0:
        return None
    return "postgres" if "postgres" in [user.pw_name for user in pwd.getpwall()] else "nobody"


class Postgres:
    """One server, and one database in it."""

    def __init__(self, stage):
        self.stage, self.user, self.port = stage, unprivileged(), baselines.free_port()
        self.folder = stage.path(f"postgres-{self.port}")
        os.makedirs(self.folder)
        os.chmod(stage.folder, 0o711)
        if self.user:
            os.chown(self.folder, pwd.getpwnam(self.user).pw_uid, -1)
        self.data = os.path.join(self.folder, "data")
        stage.run(tool("initdb"), "-D", self.data, "-U", "bench", "-A", "trust", "-E", "UTF8",
                  "--locale=C.UTF-8", "--no-sync", user=self.user)
        self.process = stage.start(tool("postgres"), "-D", self.data, "-p", str(self.port),
                                   "-c", "listen_addresses=127.0.0.1",
                                   "-c", f"unix_socket_directories={self.folder}", user=self.user)
        wait_for("PostgreSQL", self.answers, 30)
        self.sql("CREATE DATABASE bench", "postgres")

    def answers(self):
        return subprocess.run([tool("pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port)]).returncode == 0

    def url(self, schema):
        return f"postgresql://bench@127.0.0.1:{self.port}/bench?schema={schema}"

    def psql(self, option, text, database, values):
        """What it prints, values without anything around them."""
        given = [word for name, value in values.items() for word in ("-v", f"{name}={value}")]
        return self.stage.run(tool("psql"), "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", *given, option, text,
                              "-h", "127.0.0.1", "-p", str(self.port), "-U", "bench", database)

    def sql(self, text, database="bench"):
        return self.psql("-c", text, database, {})

    def script(self, name, **values):
        """Runs a script of this folder."""
        return self.psql("-f", os.path.join(HERE, name), "bench", values)

    def seconds(self):
        """Processor time of all its processes, ended ones too."""
        with open(f"/proc/{self.process.pid}/stat") as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
        total = sum(map(int, fields[11:15]))
        for pid in children(self.process.pid):
            try:
                with open(f"/proc/{pid}/stat") as stat:
                    total += sum(map(int, stat.read().rsplit(")", 1)[1].split()[11:13]))
            except FileNotFoundError:
                pass
        return total / TICKS

    def end(self):
        self.stage.stop(self.process)


def naive_load(postgres, seconds):
    """As a shop does it that has no batches: lock the count, write the sale, count it, commit."""
    before = int(postgres.sql("SELECT sold FROM naive.tier"))
    printed = postgres.stage.run(
        tool("pgbench"), "-n", "-M", "prepared", "-f", HERE + "/naive.pgbench", "-c", str(NAIVE_CLIENTS), "-j", "2",
        "-T", str(seconds), "-h", "127.0.0.1", "-p", str(postgres.port), "-U", "bench", "bench")
    rate = float(re.search(r"tps = ([\d.]+)", printed)[1])
    average = float(re.search(r"latency average = ([\d.]+) ms", printed)[1])
    sold = int(postgres.sql("SELECT sold FROM naive.tier")) - before
    if "number of failed transactions: 0 " not in printed:
        fail(f"pgbench:\n{printed}")
    return Run(rate, average, None, sold)
