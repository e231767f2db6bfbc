"""The plots of a bench: data files that gnuplot reads, and the pictures it makes of them."""
from contest import CLUSTER, HAPROXY
from processes import succeeds
from table import CONTENDERS

HEAD = """\
set terminal pngcairo size 1000,620 font "DejaVu Sans,11"
set output "{folder}/{name}.png"
set datafile separator "\\t"
set datafile missing ""
set title "{title}"
set xlabel "{x}"
set ylabel "{y}"
set grid
set key {key}
set style data linespoints
set pointsize 1.3
{more}
plot for [i=2:{columns}] "{folder}/{name}.tsv" using 1:i title columnheader(i) linewidth 2
"""


def write_columns(path, first, names, lines):
    with open(path, "w") as out:
        print(first, *names, sep="\t", file=out)
        for x, values in lines:
            print(x, *("" if value is None else f"{value:.4f}" for value in values), sep="\t", file=out)


def draw(folder, name, names, first, lines, **how):
    write_columns(f"{folder}/{name}.tsv", first, names, lines)
    script = f"{folder}/{name}.gnuplot"
    with open(script, "w") as out:
        out.write(HEAD.format(folder=folder, name=name, columns=len(names) + 1, **how))
    return succeeds("gnuplot", script)


def by_connections(bench, figure):
    results = bench.results

    def value(level, name):
        row = results.row("contest", level, name)
        return row and results.median(row, figure)
    return [(level, [value(level, name) for name in CONTENDERS]) for level in bench.plan.levels]


def by_load(bench, figure):
    results = bench.results
    return [(share, [results.median(row, figure) for name in (CLUSTER, HAPROXY)
                     for row in results.rows("open") if (row.contender, row.setting) == (name, f"{share} %")])
            for share in bench.plan.shares]


def draw_all(bench, folder):
    """False where a picture could not be drawn."""
    logarithmic = "set logscale x 2\nset xtics (" + ", ".join(map(str, bench.plan.levels)) + ")"
    connections = "connections (each sends its next request when it has its answer)"
    drawn = [
        draw(folder, "throughput", CONTENDERS, "connections", by_connections(bench, "rate"),
             title="Purchases per second, all sales durable", x=connections, y="per second",
             key="outside bottom center horizontal maxcols 2", more=logarithmic + "\nset yrange [0:*]"),
        draw(folder, "latency", CONTENDERS, "connections", by_connections(bench, "p99"),
             title="99 of 100 were answered within", x=connections, y="ms",
             key="outside bottom center horizontal maxcols 2", more=logarithmic + "\nset logscale y"),
        draw(folder, "open", [f"{name}, {figure}" for figure in ("p50", "p99") for name in (CLUSTER, HAPROXY)],
             "load", [(share, half + tail) for (share, half), (_, tail) in
                      zip(by_load(bench, "p50"), by_load(bench, "p99"))],
             title="Latency from when the buyer came", x="buyers who come, in % of the cluster's capacity",
             y="ms", key="top left", more="set logscale y"),
    ]
    return all(drawn)
