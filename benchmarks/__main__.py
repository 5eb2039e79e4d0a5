"""Runs all benchmarks, one after the other."""

from benchmarks import (
    cliffs,
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
    reading, hiding, curves, writing, readings, ingesting, importing, rebuilding, verifying, hostile, neighbours, costs,
    cliffs, postgraphile,
):  # fmt: skip
    benchmark.main()
