"""Subgroups by pysubgroup: what bench/rules.sh compares icp_discover() with.

    rules.py CSV TARGET DEPTH ALGORITHM RULES OUT
ALGORITHM: all, or beam:WIDTH. Reads rows, searches them with the square-root measure over the conditions that icp has (categories and pairs of up to
eight of them, ranges between tenths, booleans), writes the best RULES that differ in rows as SQL and prints the seconds.
"""
import csv
import itertools
import sys
import time

import numpy
import pandas
import pysubgroup as ps

file, target, depth, algorithm, wanted, out = sys.argv[1:]
algorithm, _, width = algorithm.partition(":")
depth, wanted = int(depth), int(wanted)
data = pandas.read_csv(file, keep_default_na=False)
y = data[target] == "t"
selectors, sql, columns = [], {}, {"target of the search": y}


def add(column, rows, condition):
    name = f"{column} {len(columns)}"
    columns[name] = rows
    selectors.append(ps.EqualitySelector(name, True))
    sql[selectors[-1]] = condition


quote = lambda text: "'" + text.replace("'", "''") + "'"
for column in data.columns.drop(target):
    values = data[column]
    if pandas.api.types.is_numeric_dtype(values):
        known, cuts = numpy.sort(values.to_numpy()), []
        for tenth in range(1, 10):
            k = len(known) * tenth // 10
            below, above = numpy.searchsorted(known, known[k]), numpy.searchsorted(known, known[k], "right")
            at = above if below == 0 or (above < len(known) and above - k < k - below) else below
            if 0 < at < len(known):
                cuts.append((known[at - 1] + known[at]) / 2)
        cuts = [-numpy.inf, *sorted(set(cuts)), numpy.inf]
        for i, low in enumerate(cuts[:-1]):
            for high in cuts[i + 1 :]:
                if low == -numpy.inf and high == numpy.inf:
                    continue
                text = ([f"{column} >= {low!r}"] if low != -numpy.inf else []) + ([f"{column} < {high!r}"] if high != numpy.inf else [])
                add(column, (values >= low) & (values < high), " AND ".join(text))
    elif set(values) <= {"t", "f"}:
        add(column, values == "t", f"{column} = true")
        add(column, values == "f", f"{column} = false")
    else:
        words = sorted(word for word, n in values.value_counts().items() if n >= 5 and word != "")
        for word in words:
            add(column, values == word, f"{column} = {quote(word)}")
        if 2 < len(words) <= 8:
            for a, b in itertools.combinations(words, 2):
                add(column, (values == a) | (values == b), f"{column} IN ({quote(a)}, {quote(b)})")
frame = pandas.DataFrame(columns)
started = time.perf_counter()
task = ps.SubgroupDiscoveryTask(
    frame, ps.BinaryTarget("target of the search", True), selectors, ps.StandardQF(0.5), depth=depth, constraints=[ps.MinSupportConstraint(10)],
    result_set_size=int(width) if algorithm == "beam" else 20 * wanted)
if algorithm == "beam":
    with ps.BitSetRepresentation(frame, selectors):
        found = ps.BeamSearch(beam_width=int(width)).execute(task)
else:
    found = ps.Apriori(use_numba=False).execute(task)
seconds = time.perf_counter() - started
seen = []
with open(out, "w", newline="") as to:
    writer = csv.writer(to)
    for quality, rule, _ in found.results:
        rows = numpy.ones(len(frame), bool)
        for one in rule.selectors:
            rows &= frame[one.attribute_name].to_numpy()
        if len(seen) == wanted or any((rows == other).all() for other in seen):
            continue
        seen.append(rows)
        writer.writerow([len(seen), " AND ".join(f"({sql[one]})" for one in rule.selectors), int(rows.sum()), float(y[rows].mean()), quality])
print(len(selectors), f"{seconds:.3f}")
