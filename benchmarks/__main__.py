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
    reading,
    readings,
    rebuilding,
    verifying,
    writing,
)

for benchmark in (
    reading, hiding, curves, writing, readings, ingesting, importing, rebuilding, verifying, hostile, neighbours, costs,
    cliffs,
):  # fmt: skip
    benchmark.main()
