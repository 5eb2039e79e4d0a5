"""Runs all benchmarks, one after the other."""

from benchmarks import curves, hiding, hostile, importing, ingesting, reading, readings, rebuilding, verifying, writing

for benchmark in (reading, hiding, curves, writing, readings, ingesting, importing, rebuilding, verifying, hostile):
    benchmark.main()
