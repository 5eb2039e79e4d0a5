"""Runs all benchmarks, one after the other."""

from benchmarks import hiding, hostile, ingesting, reading, readings, rebuilding, verifying, writing

for benchmark in (reading, hiding, writing, readings, ingesting, rebuilding, verifying, hostile):
    benchmark.main()
