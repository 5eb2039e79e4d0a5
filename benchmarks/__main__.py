"""All figures, one after the other."""

from benchmarks import reading, readings, rebuilding, writing

for benchmark in (reading, writing, readings, rebuilding):
    benchmark.main()
