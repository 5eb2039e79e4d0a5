"""All figures, one after the other."""

from benchmarks import reading, readings, rebuilding, verifying, writing

for benchmark in (reading, writing, readings, rebuilding, verifying):
    benchmark.main()
