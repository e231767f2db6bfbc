"""The processes a bench starts. Whatever ends the bench, Ctrl-C too, ends them first."""
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

BEGUN = time.monotonic()
TICKS = os.sysconf("SC_CLK_TCK")
STOP_SECONDS = 15
ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stage:
    """A temporary folder, and the processes that live in it: both are gone after the `with`."""

    def __enter__(self):
        self.folder = tempfile.mkdtemp(prefix="box-office-bench-")
        self.running = []
        for number in ENDINGS:
            signal.signal(number, lambda number, _: sys.exit(128 + number))
        return self

    def __exit__(self, *_):
        for number in ENDINGS:
            signal.signal(number, signal.SIG_IGN)
        for process in reversed(self.running):
            end_group(process)
        shutil.rmtree(self.folder, ignore_errors=True)

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def start(self, *command, output=subprocess.DEVNULL, errors=subprocess.DEVNULL, user=None):
        """A group of its own each, so that Ctrl-C reaches the bench alone, which then ends them all. `user`: whose
        processes they are, where not ours."""
        process = subprocess.Popen(command, stdout=output, stderr=errors, stdin=subprocess.DEVNULL,
                                   text=True, start_new_session=True, user=user, cwd="/" if user else None)
        self.running.append(process)
        return process

    def stop(self, process):
        """Asks it to leave, and waits until it has."""
        process.terminate()
        try:
            status = process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            fail(f"{process.args[0]} has not left {STOP_SECONDS} s after SIGTERM")
        self.running.remove(process)
        return status

    def run(self, *command, user=None):
        """Runs a command to its end. What it printed; the bench fails where the command does."""
        process = self.start(*command, output=subprocess.PIPE, errors=subprocess.PIPE, user=user)
        printed, complaints = process.communicate()
        self.running.remove(process)
        if process.returncode != 0:
            fail(f"{' '.join(command)}: exit {process.returncode}\n{printed[-2000:]}{complaints[-2000:]}")
        return printed


def succeeds(*command):
    try:
        return subprocess.run(command, capture_output=True).returncode == 0
    except FileNotFoundError:
        return False


def end_group(process):
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()


def fail(reason):
    sys.exit(f"bench: {reason}")


def say(text):
    """Progress, after so many minutes: to stderr, so that stdout is the table alone."""
    seconds = int(time.monotonic() - BEGUN)
    print(f"{seconds // 60:2}:{seconds % 60:02} {text}", file=sys.stderr, flush=True)


def wait_for(what, condition, seconds=10):
    """What `condition` returns, once that is true."""
    deadline = time.monotonic() + seconds
    while not (result := condition()):
        if time.monotonic() > deadline:
            fail(f"waited {seconds} s in vain for {what}")
        time.sleep(0.02)
    return result


def cpu_seconds(pids):
    """Processor time that these processes, with all their threads, have taken so far."""
    total = 0
    for pid in pids:
        with open(f"/proc/{pid}/stat") as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
        total += int(fields[11]) + int(fields[12])
    return total / TICKS


def children(pid):
    """The processes that this one started."""
    with open(f"/proc/{pid}/task/{pid}/children") as pids:
        return [int(child) for child in pids.read().split()]
