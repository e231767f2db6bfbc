"""The tables of what is compared on two stores, as text."""
import stores
from table import heading, number, print_table, spread

NOTE = """\
Every sale is durable: on PostgreSQL fsync=on and synchronous_commit=on, all settings as it comes; on SQLite
synchronous=FULL. All ran on one machine, the load and the database too: read ratios, not figures. A figure is the
median of its rounds, "times" the median of the rounds' own ratios. Sales of the clusters were counted in their stores
afterwards; report and audit were clean, or there would be no table.
pgbench (tests/bench/naive.pgbench, prepared statements) locks the one tier's row, adds a sale, counts it and commits,
once for each purchase. The cluster sells the same tier, over HTTP, with both its logs on.
"""


def lines(results, section, other):
    """Each row with its ratio to the one named; that one without."""
    rows = results.rows(section)
    base = next((row for row in rows if row.contender == other), None)
    return [(row.contender, [number(results.median(row, "rate"), "{:,.0f}"), spread(results, row),
                             number(results.median(row, "p50")), number(results.median(row, "p99")),
                             number(results.median(row, "commit"), "{:.1f}"),
                             number(results.ratio(row, base), "{:.2f}x") if row is not base else ""])
            for row in rows]


def print_section(results, section, title, other, times, out):
    if results.rows(section):
        heading(title, out)
        print_table(["per second", "from–to", "p50 ms", "p99 ms", "per commit", times],
                    lines(results, section, other), out)


def filled_pairs(plan):
    return [(f"{store}{keys}", stores.filled_name(store, plan.full) + keys, stores.filled_name(store, 0) + keys)
            for store in (stores.POSTGRES, stores.SQLITE) for keys in ("", stores.RANDOM)]


def filled_ratio(results, section, full, empty):
    rows = {row.contender: row for row in results.rows(section)}
    return results.ratio(rows.get(full), rows.get(empty))


def print_filled(results, plan, out):
    print_section(results, stores.FILLED, f"Sales already in the store, {plan.axes_at} connections",
                  stores.filled_name(stores.POSTGRES, 0), "times", out)
    if results.rows(stores.FILLED):
        print(file=out)
        print_table(["full/empty"], [(name, [number(filled_ratio(results, stores.FILLED, full, empty), "{:.2f}x")])
                                     for name, full, empty in filled_pairs(plan)], out)


def floors(results, plan):
    """What is asked for: sentence, floor, measured."""
    compared = {row.contender: row for row in results.rows(stores.COMPARED)}
    pairs = {name: (full, empty) for name, full, empty in filled_pairs(plan)}
    return [
        ("sales/s on PostgreSQL, against pgbench", 15,
         results.ratio(compared.get(stores.ON_POSTGRES), compared.get(stores.NAIVE))),
        *((f"{store}, full against empty", 0.8,
           filled_ratio(results, stores.FILLED, *pairs[store])) for store in (stores.POSTGRES, stores.SQLITE)),
    ]


def print_floors(results, plan, out):
    heading("What is asked for", out)
    print_table(["floor", "measured", ""], [
        (sentence, [f"≥ {floor:.1f}x", number(measured, "{:.2f}x"),
                    "–" if measured is None else "met" if measured >= floor else "MISSED"])
        for sentence, floor, measured in floors(results, plan)], out)


def print_all(bench, about, out):
    results, plan = bench.results, bench.plan
    print(about, file=out)
    print(NOTE, file=out)
    print_section(results, stores.COMPARED, f"Purchases, {plan.axes_at} connections", stores.NAIVE,
                  "× pgbench", out)
    print_section(results, stores.BATCHES, "Batches on PostgreSQL, without a cluster; times are a batch's",
                  stores.NAIVE, "× pgbench", out)
    print_filled(results, plan, out)
    print_floors(results, plan, out)
    heading("Proved", out)
    print("\n".join(bench.proofs), file=out)
