"""Runs all benchmarks, or those that are named, one after the other."""

import sys
from argparse import ArgumentParser

from benchmarks import (
    cliffs,
    committing,
    costs,
    curves,
    hiding,
    hostile,
    importing,
    ingesting,
    neighbours,
    postgraphile,
    reading,
    readings,
    rebuilding,
    verifying,
    writing,
)

BENCHMARKS = {
    one.__name__.removeprefix("benchmarks."): one
    for one in (
        reading, hiding, curves, writing, committing, readings, ingesting, importing, rebuilding, verifying, hostile,
        neighbours, costs, cliffs, postgraphile,
    )
}  # fmt: skip

parser = ArgumentParser("python -m benchmarks", description=__doc__)
parser.add_argument("name", nargs="*", help=", ".join(BENCHMARKS))
names = parser.parse_args().name
if unknown := [name for name in names if name not in BENCHMARKS]:
    parser.error(f"There is no benchmark {', '.join(unknown)}.")
del sys.argv[1:]  # benchmarks have arguments of their own
for name in names or BENCHMARKS:
    BENCHMARKS[name].main()
