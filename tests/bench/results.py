"""All runs of a bench, and the medians and ratios that are made of them."""
from dataclasses import dataclass

from load import Run, median

FIGURES = {
    "rate": lambda run: run.rate,
    "p50": lambda run: run.p50,
    "p99": lambda run: run.p99,
    "flight": lambda run: run.flight,
    "commit": lambda run: run.commit,
    "late": lambda run: run.late,
    "balancer": lambda run: run.cpu.get("balancer"),
    "servers": lambda run: run.cpu.get("servers"),
    "balancer_calls": lambda run: run.calls.get("balancer"),
    "servers_calls": lambda run: run.calls.get("servers"),
}


@dataclass(frozen=True)
class Row:
    """Where a run belongs: runs of one row are rounds of the same thing."""
    section: str
    connections: int
    contender: str
    setting: str = ""


class Results:
    def __init__(self):
        self.runs = {}  # row → its runs, by round

    def add(self, row, run: Run):
        self.runs.setdefault(row, []).append(run)

    def rows(self, section, connections=None):
        return [row for row in self.runs
                if row.section == section and connections in (None, row.connections)]

    def row(self, section, connections, contender):
        """The one row of that contender; None where it was not measured."""
        found = [row for row in self.rows(section, connections) if row.contender == contender]
        return found[0] if found else None

    def each(self, row, figure):
        return [FIGURES[figure](run) for run in self.runs[row]]

    def median(self, row, figure):
        return median(self.each(row, figure))

    def ratio(self, row, other, figure="rate"):
        """The median of the rounds' ratios: of one round they are seconds apart. None where one is missing."""
        if row is None or other is None:
            return None
        return median(a / b for a, b in zip(self.each(row, figure), self.each(other, figure)))

    def write(self, path):
        """Every run, one line each, tabs between."""
        with open(path, "w") as out:
            print("section", "connections", "contender", "setting", "round", *FIGURES, sep="\t", file=out)
            for row, runs in self.runs.items():
                for number, run in enumerate(runs, 1):
                    figures = [read(run) for read in FIGURES.values()]
                    print(row.section, row.connections, row.contender, row.setting, number,
                          *("" if figure is None else f"{figure:.4f}" for figure in figures),
                          sep="\t", file=out)
