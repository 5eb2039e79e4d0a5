"""Runs all benchmarks, one after the other."""

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

for benchmark in (
    reading, hiding, curves, writing, committing, readings, ingesting, importing, rebuilding, verifying, hostile,
    neighbours, costs, cliffs, postgraphile,
):  # fmt: skip
    benchmark.main()
